use parecon_core::chunked_reduce;
use serde::{Deserialize, Serialize};

use crate::error::{Error, check, check_open_probability};

/// How much to simulate.
///
/// Replications are independent and run in parallel (feature `parallel`); results have the same bits for any number of
/// threads. Two simulations with the same seed meet the same chances.
///
/// # Example
/// ```
/// use parecon_review::simulate::Run;
///
/// let run = Run::new(42).with_replications(40).with_arrivals(50_000).with_warm_up(5_000);
/// assert!(run.validate().is_ok());
/// assert!(run.with_replications(1).validate().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    seed: u64,
    replications: usize,
    arrivals: usize,
    warm_up: usize,
    quantiles: Vec<f64>,
}

impl Run {
    /// 20 replications of 20,000 arrivals after a warm-up of 2,000, no quantiles.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, replications: 20, arrivals: 20_000, warm_up: 2_000, quantiles: Vec::new() }
    }

    /// How often to repeat, at least twice: standard errors come from the repetitions.
    #[must_use]
    pub fn with_replications(mut self, replications: usize) -> Self {
        self.replications = replications;
        self
    }

    /// Arrivals counted in each replication, at least one.
    #[must_use]
    pub fn with_arrivals(mut self, arrivals: usize) -> Self {
        self.arrivals = arrivals;
        self
    }

    /// Arrivals before counting begins, as every replication begins with empty queues.
    #[must_use]
    pub fn with_warm_up(mut self, warm_up: usize) -> Self {
        self.warm_up = warm_up;
        self
    }

    /// Shares, strictly between 0 and 1, of which to report quantiles of delays.
    #[must_use]
    pub fn with_quantiles(mut self, quantiles: impl IntoIterator<Item = f64>) -> Self {
        self.quantiles = quantiles.into_iter().collect();
        self
    }

    /// Checks all settings; the simulations do so themselves.
    ///
    /// # Errors
    /// If there are fewer than two replications, no arrival, more arrivals than can be numbered, or a quantile is not
    /// strictly between 0 and 1.
    pub fn validate(&self) -> Result<(), Error> {
        check(self.replications >= 2, "number of replications", self.replications as f64, "at least 2")?;
        let total = self.arrivals.saturating_add(self.warm_up);
        check(self.arrivals >= 1, "number of arrivals", self.arrivals as f64, "at least 1")?;
        let numbered = total < u32::MAX as usize;
        check(numbered, "number of arrivals with warm-up", total as f64, "below 2³² − 1")?;
        for &share in &self.quantiles {
            check_open_probability("share of a quantile", share)?;
        }
        Ok(())
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn total(&self) -> usize {
        self.arrivals + self.warm_up
    }

    pub(crate) fn warm_up(&self) -> usize {
        self.warm_up
    }

    pub(crate) fn quantiles(&self) -> &[f64] {
        &self.quantiles
    }

    /// `one` for each replication, in order, on as many threads as there are.
    pub(crate) fn replicate<T: Send>(&self, one: impl Fn(u64) -> T + Sync) -> Vec<T> {
        let fold = |range: std::ops::Range<usize>| range.map(|r| one(r as u64)).collect::<Vec<T>>();
        chunked_reduce(self.replications, 1, fold, |all, more| all.extend(more)).unwrap_or_default()
    }
}

/// Empirical quantiles; the order of `values` is lost. 0 where there are none.
pub(crate) fn quantiles(values: &mut [f64], shares: &[f64]) -> Vec<f64> {
    let Some(last) = values.len().checked_sub(1) else { return vec![0.0; shares.len()] };
    let one = |share: &f64| {
        let rank = ((values.len() as f64 * share).ceil() as usize).clamp(1, last + 1) - 1;
        *values.select_nth_unstable_by(rank, f64::total_cmp).1
    };
    shares.iter().map(one).collect()
}
