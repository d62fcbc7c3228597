//! Between which places hours can move.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::exchange::WIDEST;
use crate::Error;

/// Between which places hours can move, at what cost, and how near the average everybody should come.
///
/// ```
/// use parecon_jobs::across::Config;
/// assert!(Config::new().with_band(0.5).with_pairs(vec![(0, 1, 1.0), (1, 0, 2.5)]).validate().is_ok());
/// assert!(Config::new().with_band(-0.5).validate().is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Config {
    pub(super) band: Option<f64>,
    pub(super) pairs: Option<Vec<(usize, usize, f64)>>,
}

impl Config {
    /// All pairs, each hour counting the same, and the smallest band.
    #[must_use]
    pub fn new() -> Self {
        Config::default()
    }

    /// How many rating points everybody may stay away from the social average.
    #[must_use]
    pub fn with_band(mut self, points: f64) -> Self {
        self.band = Some(points);
        self
    }

    /// Only these: from, to, and cost of an hour (the way there, say).
    #[must_use]
    pub fn with_pairs(mut self, pairs: Vec<(usize, usize, f64)>) -> Self {
        self.pairs = Some(pairs);
        self
    }

    /// Checks the options; [`Society::exchange`](super::Society::exchange) does so too.
    ///
    /// # Errors
    /// If the band is not from 0 to 19; if a pair is of one place, listed twice, or its cost is negative or not finite.
    ///
    /// # Complexity
    /// O(pairs · log(pairs)).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::across::Config;
    /// let error = Config::new().with_pairs(vec![(2, 2, 1.0)]).validate().unwrap_err();
    /// assert_eq!(error.to_string(), "pair (2, 2) at cost 1: must be two places, listed once, at a finite cost of at least 0");
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        if let Some(band) = self.band.filter(|band| !(0.0..=WIDEST).contains(band)) {
            return Err(Error::invalid(format!("the band is {band} points, must be from 0 to {WIDEST}")));
        }
        let mut seen = BTreeSet::new();
        for (from, to, cost) in self.pairs.iter().flatten() {
            if from == to || !(cost.is_finite() && *cost >= 0.0) || !seen.insert((from, to)) {
                return Err(Error::invalid(format!(
                    "pair ({from}, {to}) at cost {cost}: must be two places, listed once, at a finite cost of at least 0"
                )));
            }
        }
        Ok(())
    }
}
