//! How members sign up, and how values follow.

use serde::{Deserialize, Serialize};

use crate::Error;

/// How members sign up, and how values follow.
///
/// ```
/// use parecon_jobs::credits::Config;
/// assert!(Config::new(7).with_step(0.2).with_slack(0.05).validate().is_ok());
/// assert!(Config::new(7).with_slack(-0.1).validate().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    pub(super) seed: u64,
    pub(super) rounds: u32,
    pub(super) step: f64,
    pub(super) slack: f64,
    pub(super) indifference: f64,
    pub(super) tolerance: f64,
    pub(super) largest_value: f64,
}

impl Config {
    /// Variable credits: step 0.1, slack 5 %, indifference 5 %, tolerance 0.5 % of the work, values up to 10, 200 rounds.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Config {
            seed,
            rounds: 200,
            step: 0.1,
            slack: 0.05,
            indifference: 0.05,
            tolerance: 0.005,
            largest_value: 10.0,
        }
    }

    /// An hour is a credit, as at Twin Oaks today: one round with all values 1.
    #[must_use]
    pub fn flat(seed: u64) -> Self {
        Config::new(seed).with_rounds(1)
    }

    /// How often members sign up before the search for values is given up; in the first round all values are 1.
    #[must_use]
    pub fn with_rounds(mut self, rounds: u32) -> Self {
        self.rounds = rounds;
        self
    }

    /// How fast values follow, `s`.
    #[must_use]
    pub fn with_step(mut self, step: f64) -> Self {
        self.step = step;
        self
    }

    /// By what part of its need a task may be done beyond it.
    #[must_use]
    pub fn with_slack(mut self, part: f64) -> Self {
        self.slack = part;
        self
    }

    /// By what part the burden of a credit may exceed the least one before members mind.
    #[must_use]
    pub fn with_indifference(mut self, part: f64) -> Self {
        self.indifference = part;
        self
    }

    /// Which part of all work may be left undone.
    #[must_use]
    pub fn with_tolerance(mut self, part: f64) -> Self {
        self.tolerance = part;
        self
    }

    /// The largest value a task can reach; the smallest is its inverse. Where only few can do a task, no value makes more
    /// of them.
    #[must_use]
    pub fn with_largest_value(mut self, credits: f64) -> Self {
        self.largest_value = credits;
        self
    }

    /// Checks the options; [`sign_up`](super::sign_up) does so too.
    ///
    /// # Errors
    /// If there are no rounds; if the step, slack, indifference or tolerance is not from 0 to 1; if the largest value is not
    /// from 1 to 1,000.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::credits::Config;
    /// let error = Config::new(1).with_step(f64::NAN).validate().unwrap_err();
    /// assert_eq!(error.to_string(), "the step is NaN, must be from 0 to 1");
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        if self.rounds == 0 {
            return Err(Error::invalid("0 rounds: must be at least 1"));
        }
        let parts = [
            ("step", self.step),
            ("slack", self.slack),
            ("indifference", self.indifference),
            ("tolerance", self.tolerance),
        ];
        if let Some((what, value)) = parts.iter().find(|(_, value)| !(0.0..=1.0).contains(value)) {
            return Err(Error::invalid(format!("the {what} is {value}, must be from 0 to 1")));
        }
        if !(1.0..=1000.0).contains(&self.largest_value) {
            return Err(Error::invalid(format!(
                "the largest value is {}, must be from 1 to 1000",
                self.largest_value
            )));
        }
        Ok(())
    }
}
