use serde::{Deserialize, Serialize};

use super::{check_positive, check_servers};
use crate::error::{Error, check_amount, check_open_probability};

/// Probability that a submission finds all `servers` busy and is turned away, for offered load a = λ/μ (Erlang's loss
/// formula, M/G/c/c).
///
/// ```text
/// B(0, a) = 1      B(c, a) = a B(c − 1, a) / (c + a B(c − 1, a))
/// ```
///
/// # Errors
/// If `offered` is negative or not finite.
///
/// # Complexity
/// O(c), no overflow for any c.
///
/// # Reference
/// A. K. Erlang, Solution of some problems in the theory of probabilities of significance in automatic telephone
/// exchanges, Elektroteknikeren 13 (1917).
///
/// # Example
/// ```
/// use parecon_review::queue::erlang_b;
///
/// assert!((erlang_b(3, 2.0)? - 4.0 / 19.0).abs() < 1e-15);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn erlang_b(servers: u32, offered: f64) -> Result<f64, Error> {
    check_amount("offered load", offered)?;
    Ok(loss(servers, offered))
}

pub(super) fn loss(servers: u32, offered: f64) -> f64 {
    (1..=servers).fold(1.0, |below, c| offered * below / (f64::from(c) + offered * below))
}

/// C(c, a), for a < c.
pub(super) fn delay(servers: u32, offered: f64) -> f64 {
    let (c, b) = (f64::from(servers), loss(servers, offered));
    c * b / (c - offered * (1.0 - b))
}

/// A queue in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steady {
    /// Share of the time that a reviewer works.
    pub utilisation: f64,
    /// Share of submissions that wait at all.
    pub wait_probability: f64,
    /// Mean time from arrival to the beginning of the review, those who do not wait included.
    pub mean_wait: f64,
    /// Mean number waiting, λ times the mean wait (Little's law).
    pub mean_queue: f64,
}

/// M/M/c: Poisson arrivals, exponential service, c reviewers, everybody waits (Erlang C).
///
/// ```text
/// C(c, a) = c B(c, a) / (c − a (1 − B(c, a)))      W = C / (c μ − λ)      P(wait > t) = C e^{−(c μ − λ) t}
/// ```
///
/// # Reference
/// As for [`erlang_b`].
///
/// # Example
/// ```
/// use parecon_review::queue::ErlangC;
///
/// let queue = ErlangC::new(2.0, 1.0, 3)?;
/// let steady = queue.steady().expect("2 < 3");
/// assert!((steady.wait_probability - 4.0 / 9.0).abs() < 1e-15);
/// // Nine in ten wait no longer than this.
/// let late = queue.wait_quantile(0.9)?.expect("2 < 3");
/// assert!((queue.wait_exceeds(late)? - 0.1).abs() < 1e-15);
/// // With two reviewers the queue would grow without bound.
/// assert_eq!(ErlangC::new(2.0, 1.0, 2)?.steady(), None);
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErlangC {
    arrival_rate: f64,
    service_rate: f64,
    servers: u32,
}

impl ErlangC {
    /// λ arrivals per unit of time, each reviewer finishing μ per unit of time.
    ///
    /// # Errors
    /// If a rate is not finite and positive, or there is no reviewer.
    pub fn new(arrival_rate: f64, service_rate: f64, servers: u32) -> Result<Self, Error> {
        check_positive("arrival rate", arrival_rate)?;
        check_positive("service rate", service_rate)?;
        check_positive("offered load", arrival_rate / service_rate)?;
        check_servers(servers)?;
        Ok(Self { arrival_rate, service_rate, servers })
    }

    /// The long run; `None` where λ ≥ cμ, so that the queue grows without bound.
    ///
    /// # Complexity
    /// O(c).
    #[must_use]
    pub fn steady(&self) -> Option<Steady> {
        let spare = self.spare()?;
        let wait_probability = delay(self.servers, self.offered());
        let mean_wait = wait_probability / spare;
        Some(Steady {
            utilisation: self.offered() / f64::from(self.servers),
            wait_probability,
            mean_wait,
            mean_queue: self.arrival_rate * mean_wait,
        })
    }

    /// Share of submissions that wait longer than `time`: all of them where the queue grows without bound.
    ///
    /// # Errors
    /// If `time` is negative or not finite.
    pub fn wait_exceeds(&self, time: f64) -> Result<f64, Error> {
        check_amount("time", time)?;
        Ok(self.spare().map_or(1.0, |spare| delay(self.servers, self.offered()) * (-spare * time).exp()))
    }

    /// The wait that a share `share` of submissions does not exceed; `None` where the queue grows without bound.
    ///
    /// # Errors
    /// If `share` is not strictly between 0 and 1.
    pub fn wait_quantile(&self, share: f64) -> Result<Option<f64>, Error> {
        check_open_probability("share of submissions", share)?;
        Ok(self.spare().map(|spare| {
            let waiting = delay(self.servers, self.offered());
            ((waiting.ln() - (-share).ln_1p()) / spare).max(0.0)
        }))
    }

    fn offered(&self) -> f64 {
        self.arrival_rate / self.service_rate
    }

    /// cμ − λ, if positive.
    fn spare(&self) -> Option<f64> {
        let spare = f64::from(self.servers) * self.service_rate - self.arrival_rate;
        (spare > 0.0 && self.offered() < f64::from(self.servers)).then_some(spare)
    }
}
