use serde::{Deserialize, Serialize};

use crate::error::{Error, check, check_open_probability};
use crate::gaussian::orthant;
use crate::normal;
use crate::root::crossing;

/// How often a judge's verdict and the truth went together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerdictTable {
    /// Positive and called so.
    pub true_positive: u64,
    /// Negative and called positive.
    pub false_positive: u64,
    /// Positive and called negative.
    pub false_negative: u64,
    /// Negative and called so.
    pub true_negative: u64,
}

/// A share with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The share.
    pub rate: f64,
    /// Its interval at the level asked for.
    pub interval: (f64, f64),
}

impl Rate {
    /// `hits` of `trials`, with the interval of Wilson (1927), which stays within 0 and 1 and is not empty at the ends.
    ///
    /// # Errors
    /// If there are no trials, more hits than trials, or `level` is not strictly between 0 and 1.
    ///
    /// # Example
    /// ```
    /// use parecon_review::calibrate::Rate;
    ///
    /// let merged = Rate::of(4037, 5000, 0.95)?;
    /// assert!(merged.interval.0 > 0.796 && merged.interval.1 < 0.819);
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn of(hits: u64, trials: u64, level: f64) -> Result<Self, Error> {
        check(trials > 0, "number of trials", 0.0, "at least 1")?;
        check(hits <= trials, "number of hits", hits as f64, &format!("at most that of trials, {trials}"))?;
        check_open_probability("confidence level", level)?;
        let (n, p) = (trials as f64, hits as f64 / trials as f64);
        let z = normal::quantile(0.5 + 0.5 * level);
        let z2 = z * z / n;
        let middle = (p + 0.5 * z2) / (1.0 + z2);
        let half = z / (1.0 + z2) * (p * (1.0 - p) / n + 0.25 * z2 / n).sqrt();
        Ok(Self { rate: p, interval: ((middle - half).max(0.0), (middle + half).min(1.0)) })
    }
}

/// The bivariate normal behind a 2×2 table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tetrachoric {
    /// Correlation of the judge's signal with the quality that makes a piece positive.
    pub correlation: f64,
    /// Its asymptotic standard error, both cuts being estimated too; 0 for a correlation of ±1.
    pub standard_error: f64,
    /// Cut of the signal above which the judge says positive.
    pub signal_cut: f64,
    /// Cut of quality above which a piece is positive.
    pub quality_cut: f64,
}

impl VerdictTable {
    /// All pieces.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.true_positive + self.false_positive + self.false_negative + self.true_negative
    }

    /// Share of pieces that are positive, with its interval.
    ///
    /// # Errors
    /// If the table is empty or `level` is not strictly between 0 and 1.
    pub fn base_rate(&self, level: f64) -> Result<Rate, Error> {
        Rate::of(self.true_positive + self.false_negative, self.total(), level)
    }

    /// The correlation in the bivariate normal distribution that, cut once each way, gives this table: the maximum
    /// likelihood estimate, and the accuracy ρ of a judge as an [`Environment`](crate::Environment) takes it.
    ///
    /// ```text
    /// Φ₂(−c₁, −c₂; ρ) = true positives/N      c₁ = Φ⁻¹(share not called positive)      c₂ = Φ⁻¹(share not positive)
    /// ```
    ///
    /// It does not depend on how strict the judge is, as rates of hits and false alarms do.
    ///
    /// # Errors
    /// If a row or a column of the table is empty: then every correlation fits.
    ///
    /// # Complexity
    /// Some twenty bivariate normal probabilities.
    ///
    /// # Reference
    /// K. Pearson, On the correlation of characters not quantitatively measurable, Philosophical Transactions A 195
    /// (1900).
    ///
    /// # Example
    /// ```
    /// use parecon_review::calibrate::VerdictTable;
    ///
    /// // Cut at both medians, ρ = sin(π/2 · (agreeing − disagreeing)/N) (Sheppard).
    /// let table = VerdictTable { true_positive: 40, false_positive: 10, false_negative: 10, true_negative: 40 };
    /// let exact = (0.6 * std::f64::consts::FRAC_PI_2).sin();
    /// assert!((table.tetrachoric()?.correlation - exact).abs() < 1e-12);
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn tetrachoric(&self) -> Result<Tetrachoric, Error> {
        let [a, b, c, d] = [self.true_positive, self.false_positive, self.false_negative, self.true_negative]
            .map(|x| x as f64);
        let n = a + b + c + d;
        for (what, sum) in [
            ("number of pieces called positive", a + b),
            ("number of pieces called negative", c + d),
            ("number of positive pieces", a + c),
            ("number of negative pieces", b + d),
        ] {
            check(sum > 0.0, what, sum, "at least 1")?;
        }
        let (signal_cut, quality_cut) = (-normal::quantile((a + b) / n), -normal::quantile((a + c) / n));
        // Exchanging positive and negative of one side changes the sign, so that only ρ ≥ 0 is solved for.
        let positive = a * d >= b * c;
        let (x, y, share) =
            if positive { (signal_cut, quality_cut, a / n) } else { (-signal_cut, quality_cut, c / n) };
        let size = if orthant(x, y, 1.0) <= share {
            1.0
        } else {
            crossing(|rho| orthant(x, y, rho) - share, 0.0, 1.0, 0.0)
        };
        let correlation = if positive { size } else { -size };
        // Delta method: ρ moves by (d(a/n) − u d(share called positive) − v d(share positive)) / density.
        let root = ((1.0 - correlation) * (1.0 + correlation)).sqrt();
        let (h, k) = (signal_cut, quality_cut);
        let exponent = (h * h - 2.0 * correlation * h * k + k * k) / (2.0 * root * root);
        let density = (-exponent).exp() / (std::f64::consts::TAU * root);
        let u = normal::cdf((correlation * h - k) / root);
        let v = normal::cdf((correlation * k - h) / root);
        let weights = [(a, 1.0 - u - v), (b, -u), (c, -v)];
        let mean: f64 = weights.iter().map(|(count, weight)| count / n * weight).sum();
        let square: f64 = weights.iter().map(|(count, weight)| count / n * weight * weight).sum();
        let standard_error =
            if root > 0.0 { ((square - mean * mean).max(0.0) / n).sqrt() / density } else { 0.0 };
        Ok(Tetrachoric { correlation, standard_error, signal_cut, quality_cut })
    }
}
