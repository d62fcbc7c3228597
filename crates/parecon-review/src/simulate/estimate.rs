use std::f64::consts::{FRAC_PI_2, PI};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, check, check_amount, check_open_probability};
use crate::normal;
use crate::root::crossing;

/// Beyond so many degrees of freedom the normal quantile, corrected by three terms of its expansion, has nine digits.
const MANY: usize = 400;

/// A mean over independent replications.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error, s/√n.
    pub standard_error: f64,
    /// n: replications.
    pub replications: usize,
    /// Degrees of freedom of the standard error: n − 1, less one for each control variate.
    pub degrees_of_freedom: usize,
}

impl Estimate {
    /// Mean and standard error of independent values.
    ///
    /// # Errors
    /// If there are fewer than two values or one is not finite.
    ///
    /// # Example
    /// ```
    /// use parecon_review::simulate::Estimate;
    ///
    /// let estimate = Estimate::of(&[1.0, 2.0, 3.0])?;
    /// assert_eq!((estimate.mean, estimate.standard_error), (2.0, (1.0f64 / 3.0).sqrt()));
    /// // Student's t with two degrees of freedom: 4.3027.
    /// let (low, high) = estimate.interval(0.95)?;
    /// assert!((high - low - 2.0 * 4.302653 * estimate.standard_error).abs() < 1e-6);
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn of(values: &[f64]) -> Result<Self, Error> {
        check_values(values, 2)?;
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        Ok(Self {
            mean,
            standard_error: (squares / (n * (n - 1.0))).sqrt(),
            replications: values.len(),
            degrees_of_freedom: values.len() - 1,
        })
    }

    /// The mean of `values` after what `controls` explain is taken off.
    ///
    /// A control is something simulated along whose expectation is known, such as the mean service time; it is given as
    /// its values, replication by replication, and its expectation. The coefficients are those of the least-squares
    /// regression, so that the variance falls by the factor 1 − R², at the price of a degree of freedom each.
    ///
    /// # Errors
    /// As for [`of`](Estimate::of), if lengths differ, there are not more values than controls plus one, or controls are
    /// collinear.
    ///
    /// # Reference
    /// S. S. Lavenberg and P. D. Welch, A perspective on the use of control variables to increase the efficiency of
    /// Monte Carlo simulations, Management Science 27 (1981).
    ///
    /// # Example
    /// ```
    /// use parecon_review::simulate::Estimate;
    ///
    /// let control = [0.9, 1.1, 1.0, 1.3];
    /// let values = control.map(|x| 5.0 + 2.0 * (x - 1.0));
    /// let estimate = Estimate::with_controls(&values, &[(&control, 1.0)])?;
    /// assert!((estimate.mean - 5.0).abs() < 1e-12 && estimate.standard_error < 1e-12);
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn with_controls(values: &[f64], controls: &[(&[f64], f64)]) -> Result<Self, Error> {
        check_values(values, controls.len() + 2)?;
        let n = values.len() as f64;
        let mean = |x: &[f64]| x.iter().sum::<f64>() / n;
        // Columns orthogonal to 1 and to each other (Gram–Schmidt), and what is left of the values.
        let centre = |x: &[f64]| {
            let mean = mean(x);
            x.iter().map(|v| v - mean).collect::<Vec<f64>>()
        };
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(a, b)| a * b).sum::<f64>();
        let mut residual = centre(values);
        let mut adjusted = mean(values);
        let mut inflation = 1.0;
        let mut basis: Vec<(Vec<f64>, f64)> = Vec::new();
        for (i, (control, expectation)) in controls.iter().enumerate() {
            let same = control.len() == values.len();
            let valid = format!("{}, that of the values", values.len());
            check(same, &format!("number of values of control {i}"), control.len() as f64, &valid)?;
            check_values(control, 2)?;
            check(expectation.is_finite(), &format!("expectation of control {i}"), *expectation, "finite")?;
            let mut column = centre(control);
            let before = dot(&column, &column);
            let mut shift = mean(control) - expectation;
            for (earlier, its_shift) in &basis {
                let share = dot(&column, earlier) / dot(earlier, earlier);
                column.iter_mut().zip(earlier).for_each(|(c, e)| *c -= share * e);
                shift -= share * its_shift;
            }
            let square = dot(&column, &column);
            let what = format!("variance of control {i} beyond the others'");
            check(square > 1e-12 * before && square > 0.0, &what, square, "positive")?;
            let slope = dot(&residual, &column) / square;
            residual.iter_mut().zip(&column).for_each(|(r, c)| *r -= slope * c);
            adjusted -= slope * shift;
            inflation += n * shift * shift / square;
            basis.push((column, shift));
        }
        let degrees_of_freedom = values.len() - 1 - controls.len();
        let variance = dot(&residual, &residual) / degrees_of_freedom as f64 / n;
        Ok(Self {
            mean: adjusted,
            standard_error: (variance * inflation).sqrt(),
            replications: values.len(),
            degrees_of_freedom,
        })
    }

    /// The confidence interval of this level, such as 0.95, from Student's t.
    ///
    /// # Errors
    /// If `level` is not strictly between 0 and 1.
    pub fn interval(&self, level: f64) -> Result<(f64, f64), Error> {
        check_open_probability("confidence level", level)?;
        let half = student_quantile(0.5 + 0.5 * level, self.degrees_of_freedom) * self.standard_error;
        Ok((self.mean - half, self.mean + half))
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6} ± {:.6}", self.mean, self.standard_error)
    }
}

/// What a comparison of two policies comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The whole interval lies above the band.
    Better,
    /// The whole interval lies below the band.
    Worse,
    /// The whole interval lies within the band: whatever difference there is does not matter.
    Negligible,
    /// The interval crosses an end of the band; more replications would decide.
    Undecided,
}

/// Two policies on the same chances.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// First less second, replication by replication.
    pub difference: Estimate,
    /// Its confidence interval.
    pub interval: (f64, f64),
    /// Confidence level of the interval.
    pub level: f64,
    /// Differences up to this size do not matter: the judgement of whoever asked.
    pub band: f64,
    /// How the interval lies to the band.
    pub finding: Finding,
    /// How many times larger the variance of the difference would have been with independent chances: the gain from
    /// common random numbers. Infinite where the difference is the same in all replications.
    pub variance_reduction: f64,
}

/// Compares `first` with `second`, the results of two policies in the same replications (larger is better).
///
/// # Errors
/// If the lengths differ or are below 2, a value is not finite, `band` is negative or `level` no open probability.
///
/// # Example
/// ```
/// use parecon_review::simulate::{Finding, compare};
///
/// let (first, second) = ([5.1, 3.2, 4.3, 6.0], [4.6, 2.7, 3.9, 5.4]);
/// let comparison = compare(&first, &second, 0.1, 0.95)?;
/// assert_eq!(comparison.finding, Finding::Better);
/// assert_eq!(comparison.to_string(), "better by 0.5000 (95 % interval 0.3701 to 0.6299, negligible up to 0.1)");
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn compare(first: &[f64], second: &[f64], band: f64, level: f64) -> Result<Comparison, Error> {
    check_amount("band of negligible differences", band)?;
    check_open_probability("confidence level", level)?;
    let valid = format!("{}, that of the first", first.len());
    check(
        first.len() == second.len(),
        "number of replications of the second policy",
        second.len() as f64,
        &valid,
    )?;
    let (a, b) = (Estimate::of(first)?, Estimate::of(second)?);
    let differences: Vec<f64> = first.iter().zip(second).map(|(x, y)| x - y).collect();
    let difference = Estimate::of(&differences)?;
    let interval = difference.interval(level)?;
    let finding = if interval.0 > band {
        Finding::Better
    } else if interval.1 < -band {
        Finding::Worse
    } else if interval.0 >= -band && interval.1 <= band {
        Finding::Negligible
    } else {
        Finding::Undecided
    };
    let apart = a.standard_error.powi(2) + b.standard_error.powi(2);
    let together = difference.standard_error.powi(2);
    let variance_reduction = if together > 0.0 { apart / together } else { f64::INFINITY };
    Ok(Comparison { difference, interval, level, band, finding, variance_reduction })
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = self.difference.mean;
        match self.finding {
            Finding::Better => write!(f, "better by {mean:.4}")?,
            Finding::Worse => write!(f, "worse by {:.4}", -mean)?,
            Finding::Negligible => write!(f, "negligible, {mean:.4}")?,
            Finding::Undecided => write!(f, "undecided, {mean:.4}")?,
        }
        let (low, high) = self.interval;
        let level = 100.0 * self.level;
        write!(f, " ({level} % interval {low:.4} to {high:.4}, negligible up to {})", self.band)
    }
}

fn check_values(values: &[f64], at_least: usize) -> Result<(), Error> {
    let valid = format!("at least {at_least}");
    check(values.len() >= at_least, "number of replications", values.len() as f64, &valid)?;
    for (i, &value) in values.iter().enumerate() {
        check(value.is_finite(), &format!("value of replication {i}"), value, "finite")?;
    }
    Ok(())
}

/// Student's t quantile for p > ½.
fn student_quantile(p: f64, degrees: usize) -> f64 {
    let z = normal::quantile(p);
    let n = degrees as f64;
    if degrees > MANY {
        let s = z * z;
        // Abramowitz and Stegun (1964), 26.7.5.
        let terms = [
            (s + 1.0) / 4.0,
            ((5.0 * s + 16.0) * s + 3.0) / 96.0,
            (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0,
        ];
        return z * (1.0 + (terms[0] + (terms[1] + terms[2] / n) / n) / n);
    }
    // t = √n tan θ, and θ lies below a right angle.
    let angle = crossing(|angle| student_cdf(angle, degrees) - p, 0.0, FRAC_PI_2, 1e-15);
    n.sqrt() * angle.tan()
}

/// P(T ≤ √n tan θ), a finite sum (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).
fn student_cdf(angle: f64, degrees: usize) -> f64 {
    let (sin, cos) = angle.sin_cos();
    let odd = degrees % 2 == 1;
    let mut term = if odd { cos } else { 1.0 };
    let mut sum = if degrees == 1 { 0.0 } else { term };
    let mut i = if odd { 2.0 } else { 1.0 };
    while i + 1.0 < degrees as f64 - 1.0 {
        term *= cos * cos * i / (i + 1.0);
        sum += term;
        i += 2.0;
    }
    let two_sided = if odd { (angle + sin * sum) * 2.0 / PI } else { sin * sum };
    0.5 + 0.5 * two_sided
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles from scipy 1.17, `t.ppf`.
    #[test]
    fn student_quantiles() {
        for (p, n, exact) in QUANTILES {
            let ours = student_quantile(p, n);
            assert!((ours / exact - 1.0).abs() < 2e-9, "t({p}, {n}) = {ours}, not {exact}");
        }
    }

    /// Intercept and its standard error of a least-squares regression on the centred controls (numpy 2.4 `lstsq`).
    #[test]
    fn controls_are_a_regression() {
        let values = [3.1, 2.4, 4.8, 3.9, 2.2, 5.0, 3.3, 4.1];
        let first = [0.2, -0.3, 1.1, 0.4, -0.6, 1.2, 0.1, 0.5];
        let second = [0.5, 0.1, 0.9, -0.2, -0.4, 0.8, 0.6, 0.0];
        let found = Estimate::with_controls(&values, &[(&first, 0.1), (&second, 0.2)]).unwrap();
        assert!((found.mean - 3.2186956826464854).abs() < 1e-13, "{found:?}");
        assert!((found.standard_error - 0.0569876125333805).abs() < 1e-13, "{found:?}");
        assert_eq!(found.degrees_of_freedom, 5);
        let collinear = Estimate::with_controls(&values, &[(&first, 0.1), (&first, 0.1)]).unwrap_err();
        assert!(
            collinear.to_string().starts_with("variance of control 1 beyond the others' is"),
            "{collinear}"
        );
    }

    #[test]
    fn findings_follow_the_interval_and_the_band() {
        // Differences of mean d, standard error .1/√3 and two degrees of freedom: ± .2484.
        let finding =
            |d: f64, band: f64| compare(&[d - 0.1, d, d + 0.1], &[0.0; 3], band, 0.95).unwrap().finding;
        assert_eq!(finding(0.4, 0.1), Finding::Better);
        assert_eq!(finding(0.3, 0.1), Finding::Undecided);
        assert_eq!(finding(-0.4, 0.1), Finding::Worse);
        assert_eq!(finding(0.0, 0.25), Finding::Negligible);
        assert_eq!(finding(0.0, 0.24), Finding::Undecided);
        assert!(compare(&[1.0, 2.0], &[1.0], 0.0, 0.95).is_err());
        assert!(compare(&[1.0, f64::NAN], &[1.0, 2.0], 0.0, 0.95).is_err());
    }

    const QUANTILES: [(f64, usize, f64); 10] = [
        (0.975, 1, 12.706204736174694),
        (0.975, 2, 4.302652729749462),
        (0.975, 3, 3.1824463052837078),
        (0.995, 4, 4.604094871349992),
        (0.975, 5, 2.5705818356363146),
        (0.9, 30, 1.3104150253913955),
        (0.975, 99, 1.9842169515864174),
        (0.9995, 400, 3.315015223397567),
        (0.9995, 401, 3.3149537443936468),
        (0.975, 1000, 1.9623390808264083),
    ];
}
