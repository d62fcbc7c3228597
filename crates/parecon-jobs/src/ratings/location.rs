//! Where the middle of some scores is, and how sure one can be of it.

use serde::{Deserialize, Serialize};

use crate::Error;

/// 1/Φ⁻¹(3/4): the median absolute deviation times this estimates the standard deviation of normal errors.
const MAD_TO_SD: f64 = 1.482_602_218_505_602;
/// Steps of Huber's estimate; each is a contraction and a few dozen suffice.
const HUBER_STEPS: usize = 500;
/// A step below this many rating points changes nothing anybody could see.
const HUBER_TOLERANCE: f64 = 1e-12;

/// An estimate of location; see [the module](crate::ratings) for why the median is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Location {
    /// The median; the midpoint of the two middle values if their number is even.
    ///
    /// Its standard error is that of the bootstrap, exactly: the standard deviation of the median over all `nⁿ` resamples (Efron
    /// 1979; for odd n the estimate of Maritz & Jarrett 1978).
    #[default]
    Median,
    /// The mean without the `⌊share·n⌋` lowest and as many highest; share 0 is the mean.
    ///
    /// Its standard error is `s_w / ((1 − 2 share) √n)` with the Winsorised standard deviation (Wilcox, *Introduction to Robust Estimation*, 2005, ch. 3).
    TrimmedMean {
        /// The part cut off at each end, from 0 to below 0.5.
        share: f64,
    },
    /// Huber's M-estimate: the root of `Σ ψ((x − μ)/s)`, ψ clipping at ± `tuning`, s the normalised median absolute deviation.
    ///
    /// 1.345 has 95 % of the mean's efficiency on normal errors. Its standard error is `s √(Σψ²/(n−1)) / (mean ψ' √n)`.
    /// Where more than half of the values are the same it is that value, like the median.
    Huber {
        /// Where ψ clips, positive.
        tuning: f64,
    },
}

/// A location and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LocationEstimate {
    /// The location.
    pub value: f64,
    /// Its standard error; `None` for a single value.
    pub standard_error: Option<f64>,
}

impl Location {
    /// Checks the option.
    ///
    /// # Errors
    /// If a share is not from 0 to below 0.5 or a tuning constant not a positive number.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::Location;
    /// let error = Location::TrimmedMean { share: 0.5 }.validate().unwrap_err();
    /// assert_eq!(error.to_string(), "the trimmed share is 0.5, must be from 0 to below 0.5");
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        match *self {
            Location::TrimmedMean { share } if !(0.0..0.5).contains(&share) => {
                Err(Error::invalid(format!("the trimmed share is {share}, must be from 0 to below 0.5")))
            }
            Location::Huber { tuning } if !(tuning > 0.0 && tuning.is_finite()) => Err(Error::invalid(
                format!("Huber's tuning constant is {tuning}, must be positive and finite"),
            )),
            _ => Ok(()),
        }
    }

    /// Estimates the location of some values.
    ///
    /// # Errors
    /// If the option is [invalid](Self::validate), there are no values, or one is not a finite number.
    ///
    /// # Complexity
    /// O(n log n); the median's standard error O(n · distinct values).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::Location;
    /// let honest = Location::Median.estimate(&[8.0, 9.0, 9.0, 10.0, 11.0])?;
    /// let exaggerated = Location::Median.estimate(&[8.0, 9.0, 9.0, 10.0, 20.0])?;
    /// assert_eq!((honest.value, exaggerated.value), (9.0, 9.0));
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn estimate(&self, values: &[f64]) -> Result<LocationEstimate, Error> {
        self.validate()?;
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(Error::invalid(format!("{value} among the values, must be finite numbers")));
        }
        if values.is_empty() {
            return Err(Error::invalid("no values: need at least one"));
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Ok(self.of_sorted(&sorted))
    }

    /// The location of ascending, finite values, of which there is at least one.
    pub(crate) fn of_sorted(&self, sorted: &[f64]) -> LocationEstimate {
        let several = sorted.len() > 1;
        let (value, standard_error) = match *self {
            Location::Median => (median(sorted), median_error(sorted)),
            Location::TrimmedMean { share } => trimmed_mean(sorted, share),
            Location::Huber { tuning } => huber(sorted, tuning),
        };
        LocationEstimate { value, standard_error: several.then_some(standard_error) }
    }
}

fn median(sorted: &[f64]) -> f64 {
    let (below, above) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    below + (above - below) / 2.0
}

/// The standard deviation of the median over all resamples.
///
/// A resample is n draws from n values. With `C_v` values up to v: odd n = 2m + 1, the median is at most v if at least m + 1
/// draws are; even n = 2m, the middle pair is u < v if m draws are at most u, one of them u, and m at least v, one of them v.
fn median_error(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    // Distinct values as distances from the median, so that the variance does not cancel; and how many are up to each.
    let centre = median(sorted);
    let (mut at, mut up_to): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    for (i, value) in sorted.iter().enumerate() {
        if i > 0 && sorted[i - 1] == *value {
            up_to.pop();
        } else {
            at.push(value - centre);
        }
        up_to.push((i + 1) as f64 / n as f64);
    }
    let mut moments = [0.0; 2];
    let mut add = |probability: f64, value: f64| {
        moments[0] += probability * value;
        moments[1] += probability * value * value;
    };
    let half = n / 2;
    let log_binomial = LogBinomial::new(n);
    let mut before = 0.0;
    if n % 2 == 1 {
        for (value, part) in at.iter().zip(&up_to) {
            let cumulative = log_binomial.at_least(half + 1, *part);
            add(cumulative - before, *value);
            before = cumulative;
        }
    } else {
        let power = |part: f64| if part <= 0.0 { 0.0 } else { (half as f64 * part.ln()).exp() };
        let pairs = log_binomial.log_choose(half).exp();
        let below = |v: usize| if v == 0 { 0.0 } else { up_to[v - 1] };
        // Sums over all v above u of the probability that the upper one is v, times 1, v and v².
        let mut above = [0.0; 3];
        let mut lower = vec![0.0; at.len()];
        for u in (0..at.len()).rev() {
            let from_below = power(up_to[u]) - power(below(u));
            let apart = pairs * from_below;
            moments[0] += apart * (above[0] * at[u] + above[1]) / 2.0;
            moments[1] += apart * (above[0] * at[u] * at[u] + 2.0 * above[1] * at[u] + above[2]) / 4.0;
            lower[u] = apart * above[0];
            let from_above = power(1.0 - below(u)) - power(1.0 - up_to[u]);
            for (sum, factor) in above.iter_mut().zip([1.0, at[u], at[u] * at[u]]) {
                *sum += from_above * factor;
            }
        }
        for u in 0..at.len() {
            let cumulative = log_binomial.at_least(half, up_to[u]);
            let together = cumulative - before - lower[u];
            moments[0] += together * at[u];
            moments[1] += together * at[u] * at[u];
            before = cumulative;
        }
    }
    (moments[1] - moments[0] * moments[0]).max(0.0).sqrt()
}

/// Binomial probabilities of n draws.
struct LogBinomial {
    log_factorials: Vec<f64>,
}

impl LogBinomial {
    fn new(n: usize) -> Self {
        let mut log_factorials = vec![0.0; n + 1];
        for k in 1..=n {
            log_factorials[k] = log_factorials[k - 1] + (k as f64).ln();
        }
        LogBinomial { log_factorials }
    }

    fn log_choose(&self, k: usize) -> f64 {
        let n = self.log_factorials.len() - 1;
        self.log_factorials[n] - self.log_factorials[k] - self.log_factorials[n - k]
    }

    /// The probability of at least `k` successes.
    fn at_least(&self, k: usize, success: f64) -> f64 {
        let n = self.log_factorials.len() - 1;
        if success >= 1.0 {
            return 1.0;
        }
        let (log_success, log_failure) = (success.ln(), (1.0 - success).ln());
        let term =
            |i: usize| (self.log_choose(i) + i as f64 * log_success + (n - i) as f64 * log_failure).exp();
        (k..=n).map(term).sum::<f64>().min(1.0)
    }
}

fn trimmed_mean(sorted: &[f64], share: f64) -> (f64, f64) {
    let n = sorted.len();
    let cut = (share * n as f64) as usize;
    let kept = &sorted[cut..n - cut];
    let mean = kept.iter().sum::<f64>() / kept.len() as f64;
    let (low, high) = (kept[0], kept[kept.len() - 1]);
    let winsorised = sorted.iter().map(|x| x.clamp(low, high));
    let centre = winsorised.clone().sum::<f64>() / n as f64;
    let variance = winsorised.map(|x| (x - centre).powi(2)).sum::<f64>() / (n as f64 - 1.0);
    (mean, variance.sqrt() / ((1.0 - 2.0 * share) * (n as f64).sqrt()))
}

fn huber(sorted: &[f64], tuning: f64) -> (f64, f64) {
    let n = sorted.len() as f64;
    let centre = median(sorted);
    let mut distances: Vec<f64> = sorted.iter().map(|x| (x - centre).abs()).collect();
    distances.sort_by(f64::total_cmp);
    let clip = tuning * MAD_TO_SD * median(&distances);
    if clip == 0.0 {
        return (centre, median_error(sorted));
    }
    let mut value = centre;
    for _ in 0..HUBER_STEPS {
        let next = sorted.iter().map(|x| x.clamp(value - clip, value + clip)).sum::<f64>() / n;
        let step = next - value;
        value = next;
        if step.abs() < HUBER_TOLERANCE {
            break;
        }
    }
    let pull: f64 = sorted.iter().map(|x| (x - value).clamp(-clip, clip).powi(2)).sum();
    let inside = sorted.iter().filter(|x| (**x - value).abs() < clip).count() as f64;
    (value, (pull / (n - 1.0)).sqrt() * n.sqrt() / inside.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Copper in wholemeal flour, 24 determinations (Analytical Methods Committee, *The Analyst* 114, 1989), the data `chem` of
    /// Venables & Ripley, *Modern Applied Statistics with S*.
    const CHEM: [f64; 24] = [
        2.9, 3.1, 3.4, 3.4, 3.7, 3.7, 2.8, 2.5, 2.4, 2.4, 2.7, 2.2, 5.28, 3.37, 3.03, 3.03, 28.95, 3.77, 3.4,
        2.2, 3.5, 3.6, 3.7, 3.7,
    ];

    #[test]
    fn published_locations_of_the_copper_data() {
        let of = |location: Location| location.estimate(&CHEM).unwrap();
        assert!((of(Location::Median).value - 3.385).abs() < 1e-12);
        assert!((of(Location::TrimmedMean { share: 0.1 }).value - 3.205).abs() < 1e-12);
        // Venables & Ripley, 4th edition, p. 124: huber(chem) is 3.206724 with k = 1.5.
        assert!((of(Location::Huber { tuning: 1.5 }).value - 3.206_724).abs() < 5e-7);
        // Recorded from scipy.stats.mstats.trimmed_stde 1.17.
        let error = of(Location::TrimmedMean { share: 0.1 }).standard_error.unwrap();
        assert!((error - 0.130_169_378_230_770_96).abs() < 1e-12);
        // The mean, with the standard error everybody knows.
        let mean = of(Location::TrimmedMean { share: 0.0 });
        assert!((mean.value - 4.280_416_666_666_667).abs() < 1e-12);
        assert!((mean.standard_error.unwrap() - 1.081326).abs() < 1e-6);
    }

    #[test]
    fn without_outliers_huber_is_the_mean() {
        let values = [4.0, 5.0, 6.0, 8.0, 9.0];
        let huber = Location::Huber { tuning: 50.0 }.estimate(&values).unwrap();
        let mean = Location::TrimmedMean { share: 0.0 }.estimate(&values).unwrap();
        assert!((huber.value - mean.value).abs() < 1e-12);
        assert!((huber.standard_error.unwrap() - mean.standard_error.unwrap()).abs() < 1e-12);
    }

    /// All nⁿ resamples.
    fn enumerated(values: &[f64]) -> f64 {
        let n = values.len();
        let (mut sum, mut squares) = (0.0, 0.0);
        let total = n.pow(n as u32);
        for mut code in 0..total {
            let mut draw: Vec<f64> = (0..n)
                .map(|_| {
                    let value = values[code % n];
                    code /= n;
                    value
                })
                .collect();
            draw.sort_by(f64::total_cmp);
            let middle = median(&draw);
            sum += middle;
            squares += middle * middle;
        }
        let mean = sum / total as f64;
        (squares / total as f64 - mean * mean).max(0.0).sqrt()
    }

    #[test]
    fn the_error_of_the_median_is_that_of_all_resamples() {
        for values in [
            vec![3.0, 17.0],
            vec![1.0, 2.0, 10.0],
            vec![1.0, 4.0, 4.0, 20.0],
            vec![2.0, 3.0, 5.0, 7.0, 11.0],
            vec![2.0, 2.0, 5.0, 7.0, 13.0, 13.0],
        ] {
            let error = Location::Median.estimate(&values).unwrap().standard_error.unwrap();
            let truth = enumerated(&values);
            assert!((error - truth).abs() < 1e-10, "{values:?}: {error}, all resamples {truth}");
        }
    }

    #[test]
    fn what_cannot_be_estimated_is_refused() {
        assert!(Location::Median.estimate(&[]).is_err());
        assert!(Location::Median.estimate(&[1.0, f64::NAN]).is_err());
        assert!(Location::Huber { tuning: 0.0 }.validate().is_err());
        assert_eq!(Location::Median.estimate(&[7.0]).unwrap().standard_error, None);
        let same = Location::Huber { tuning: 1.345 }.estimate(&[7.0, 7.0, 7.0, 20.0]).unwrap();
        assert_eq!(same.value, 7.0);
    }

    fn locations() -> impl Strategy<Value = Location> {
        prop_oneof![
            Just(Location::Median),
            (0.0..0.49f64).prop_map(|share| Location::TrimmedMean { share }),
            (0.5..3.0f64).prop_map(|tuning| Location::Huber { tuning }),
        ]
    }

    proptest! {
        #[test]
        fn shifts_and_units_carry_over(
            values in prop::collection::vec(1u32..=20, 1..30),
            location in locations(),
            factor in 0.1..10.0f64,
            shift in -50.0..50.0f64,
        ) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let moved: Vec<f64> = values.iter().rev().map(|x| factor * x + shift).collect();
            let (a, b) = (location.estimate(&values).unwrap(), location.estimate(&moved).unwrap());
            prop_assert!((factor * a.value + shift - b.value).abs() < 1e-7);
            if let (Some(a), Some(b)) = (a.standard_error, b.standard_error) {
                prop_assert!((factor * a - b).abs() < 1e-5, "{} {}", factor * a, b);
            }
        }

        #[test]
        fn nobody_gains_by_exaggerating(
            others in prop::collection::vec((1u32..=20, 1u32..=20), 1..6),
            own in 1u32..=20,
            said in 1u32..=20,
        ) {
            // An odd number of scores in all.
            let others: Vec<u32> = others.into_iter().flat_map(|(a, b)| [a, b]).collect();
            let result = |score: u32| {
                let all: Vec<f64> = others.iter().chain([&score]).map(|x| f64::from(*x)).collect();
                Location::Median.estimate(&all).unwrap().value
            };
            let distance = |score: u32| (result(score) - f64::from(own)).abs();
            prop_assert!(distance(own) <= distance(said));
        }
    }
}
