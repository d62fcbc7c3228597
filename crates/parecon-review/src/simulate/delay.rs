use parecon_core::random::Stream;
use serde::{Deserialize, Serialize};

use crate::error::{Error, check, check_amount};

/// How long something takes, as a distribution given by its mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Delay {
    /// Always the same time, 0 or more.
    Fixed(f64),
    /// Exponential with this mean.
    Exponential(f64),
    /// The sum of `phases` exponential times: less variable.
    Erlang {
        /// Mean of the sum.
        mean: f64,
        /// Number of phases, at least 1.
        phases: u32,
    },
    /// Lognormal, as reviews and pull requests are: most take little, a few very long.
    LogNormal {
        /// Mean, which lies above most values.
        mean: f64,
        /// Variance over squared mean, positive.
        cv2: f64,
    },
}

impl Delay {
    /// The lognormal whose logarithm has mean `mu` and standard deviation `sigma`, as calibration finds them.
    ///
    /// # Example
    /// ```
    /// use parecon_review::simulate::Delay;
    ///
    /// let delay = Delay::log_normal(6.17, 1.5);
    /// assert!((delay.mean() / (6.17f64 + 1.125).exp() - 1.0).abs() < 1e-12);
    /// assert!((delay.cv2() - (2.25f64.exp() - 1.0)).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn log_normal(mu: f64, sigma: f64) -> Self {
        Delay::LogNormal { mean: (mu + 0.5 * sigma * sigma).exp(), cv2: (sigma * sigma).exp_m1() }
    }

    /// Expected time.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match *self {
            Delay::Fixed(mean)
            | Delay::Exponential(mean)
            | Delay::Erlang { mean, .. }
            | Delay::LogNormal { mean, .. } => mean,
        }
    }

    /// Squared coefficient of variation.
    #[must_use]
    pub fn cv2(&self) -> f64 {
        match *self {
            Delay::Fixed(_) => 0.0,
            Delay::Exponential(_) => 1.0,
            Delay::Erlang { phases, .. } => 1.0 / f64::from(phases),
            Delay::LogNormal { cv2, .. } => cv2,
        }
    }

    #[inline]
    pub(crate) fn draw(&self, stream: &mut Stream) -> f64 {
        match *self {
            Delay::Fixed(time) => time,
            Delay::Exponential(mean) => mean * stream.exponential(),
            Delay::Erlang { mean, phases } => {
                mean / f64::from(phases) * (0..phases).map(|_| stream.exponential()).sum::<f64>()
            }
            Delay::LogNormal { mean, cv2 } => {
                let variance = cv2.ln_1p();
                stream.log_normal(mean.ln() - 0.5 * variance, variance.sqrt())
            }
        }
    }

    pub(crate) fn validate(&self, what: &str) -> Result<(), Error> {
        let positive = |name: &str, x: f64| {
            check(x.is_finite() && x > 0.0, &format!("{name} of {what}"), x, "finite and positive")
        };
        match *self {
            Delay::Fixed(time) => check_amount(what, time)?,
            Delay::Exponential(mean) => positive("mean", mean)?,
            Delay::Erlang { mean, phases } => {
                check(phases > 0, &format!("number of phases of {what}"), 0.0, "at least 1")?;
                positive("mean", mean)?
            }
            Delay::LogNormal { mean, cv2 } => {
                positive("mean", mean)?;
                positive("squared coefficient of variation", cv2)?
            }
        };
        Ok(())
    }
}
