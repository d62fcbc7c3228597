use serde::{Deserialize, Serialize};

use crate::error::{Error, check};
use crate::simulate::Delay;

/// A lognormal fitted to times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogNormalFit {
    /// μ: mean of the logarithms; half of the times are below e^μ, in the unit of the times.
    pub mu: f64,
    /// σ: standard deviation of the logarithms.
    pub sigma: f64,
    /// Variance over squared mean of the times themselves: 1 would be exponential.
    pub sample_cv2: f64,
    /// Largest distance between the distribution of the times and the fitted one (Kolmogorov and Smirnov): how far
    /// quantiles from the fit are off, in shares.
    pub distance: f64,
    /// Times fitted.
    pub times: usize,
}

impl LogNormalFit {
    /// The fit as a duration for the simulation.
    #[must_use]
    pub fn delay(&self) -> Delay {
        Delay::log_normal(self.mu, self.sigma)
    }
}

/// Fits a lognormal to `times` by maximum likelihood, with n − 1 in the variance.
///
/// Times of 0, which a clock that counts whole minutes produces, have no logarithm and are refused: say what they stand
/// for, for example by adding half a unit to all.
///
/// # Errors
/// If a time is not finite and positive, or fewer than two different times are given.
///
/// # Complexity
/// O(n log n).
///
/// # Example
/// ```
/// use parecon_review::calibrate::fit_log_normal;
///
/// let times = [-1.0f64, 0.0, 1.0].map(|x| (2.0 + 0.5 * x).exp());
/// let fit = fit_log_normal(&times)?;
/// assert!((fit.mu - 2.0).abs() < 1e-12 && (fit.sigma - 0.5).abs() < 1e-12);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn fit_log_normal(times: &[f64]) -> Result<LogNormalFit, Error> {
    for (i, &time) in times.iter().enumerate() {
        check(time.is_finite() && time > 0.0, &format!("time {i}"), time, "finite and positive")?;
    }
    let n = times.len() as f64;
    check(times.len() >= 2, "number of times", n, "at least 2")?;
    let moments = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / n;
        (mean, values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0))
    };
    let mut logarithms: Vec<f64> = times.iter().map(|time| time.ln()).collect();
    logarithms.sort_by(f64::total_cmp);
    let (mu, variance) = moments(&logarithms);
    let (mean, spread) = moments(times);
    check(variance > 0.0, "variance of the times' logarithms", variance, "positive")?;
    let sigma = variance.sqrt();
    let mut distance: f64 = 0.0;
    for (i, x) in logarithms.iter().enumerate() {
        let fitted = crate::normal::cdf((x - mu) / sigma);
        distance = distance.max((fitted - i as f64 / n).abs()).max(((i + 1) as f64 / n - fitted).abs());
    }
    Ok(LogNormalFit { mu, sigma, sample_cv2: spread / (mean * mean), distance, times: times.len() })
}
