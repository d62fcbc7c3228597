//! One judge as a detector: where to draw the line, and how often it goes wrong.
//!
//! Bad pieces give a signal N(0, 1), good ones N(d′, 1); what is above the criterion c is accepted. This is the
//! two-point counterpart of the Gaussian model of [`Environment`](crate::Environment).
//!
//! # Reference
//! D. M. Green and J. A. Swets, Signal Detection Theory and Psychophysics, Wiley 1966.

use serde::{Deserialize, Serialize};

use crate::error::{Error, check, check_open_probability};
use crate::normal;

/// A detector and what is at stake.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    /// d′ > 0: distance of the two signals' means in standard deviations.
    pub sensitivity: f64,
    /// b: share of good pieces, strictly between 0 and 1.
    pub base_rate: f64,
    /// v > 0: value of accepting a good piece.
    pub value: f64,
    /// h > 0: harm of accepting a bad piece, in the unit of `value`.
    pub harm: f64,
}

/// How a [`Detector`] performs at a criterion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detection {
    /// c: signals above it are accepted.
    pub criterion: f64,
    /// Share of good pieces accepted, Φ(d′ − c).
    pub true_positive_rate: f64,
    /// Share of bad pieces accepted, Φ(−c).
    pub false_positive_rate: f64,
    /// Expected value per piece, b v TPR − (1 − b) h FPR, in the unit of `value`.
    pub net_value: f64,
}

impl Detector {
    /// Performance at the best criterion, c* = d′/2 + ln((1 − b) h / (b v)) / d′, where the odds just favour
    /// accepting.
    ///
    /// # Errors
    /// As for [`at`](Detector::at).
    ///
    /// # Example
    /// ```
    /// use parecon_review::signal_detection::Detector;
    ///
    /// let best = Detector { sensitivity: 1.0, base_rate: 0.3, value: 10.0, harm: 5.0 }.optimal()?;
    /// assert!((best.criterion - 0.654151).abs() < 1e-6);
    /// assert!((best.net_value - 1.008040).abs() < 1e-6);
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn optimal(&self) -> Result<Detection, Error> {
        self.validate()?;
        let odds = (-self.base_rate).ln_1p() - self.base_rate.ln() + self.harm.ln() - self.value.ln();
        self.at(0.5 * self.sensitivity + odds / self.sensitivity)
    }

    /// Performance at a given criterion.
    ///
    /// # Errors
    /// If a field is outside its range, or the criterion not finite.
    pub fn at(&self, criterion: f64) -> Result<Detection, Error> {
        self.validate()?;
        check(criterion.is_finite(), "criterion", criterion, "finite")?;
        let true_positive_rate = normal::cdf(self.sensitivity - criterion);
        let false_positive_rate = normal::cdf(-criterion);
        let net_value = self.base_rate * self.value * true_positive_rate
            - (1.0 - self.base_rate) * self.harm * false_positive_rate;
        Ok(Detection { criterion, true_positive_rate, false_positive_rate, net_value })
    }

    fn validate(&self) -> Result<(), Error> {
        let positive = |what: &str, x: f64| check(x.is_finite() && x > 0.0, what, x, "finite and positive");
        positive("sensitivity", self.sensitivity)?;
        check_open_probability("share of good pieces", self.base_rate)?;
        positive("value of a good piece", self.value)?;
        positive("harm of a bad piece", self.harm)?;
        Ok(())
    }
}
