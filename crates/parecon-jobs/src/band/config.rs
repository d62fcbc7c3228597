//! Options of solving band problems, and what is reported while it runs.

use serde::{Deserialize, Serialize};

use crate::Error;

/// Relative gap: far below the accuracy of any rating or preference.
const ACCURACY: f64 = 1e-6;
/// Iterations of any engine; what they need depends on the engine, none needs so many.
const MAX_ITERATIONS: u32 = 10_000;

/// Which method solves the programme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Engine {
    /// Chosen by size.
    #[default]
    Auto,
    /// clarabel's interior-point method: accurate, for small and medium problems.
    InteriorPoint,
    /// Restarted Halpern primal–dual steps with exact member blocks and a Newton repair: for large problems.
    FirstOrder,
    /// `HiGHS`, an independent solver; only with the feature `highs`.
    #[cfg(feature = "highs")]
    Highs,
}

/// Options of [`solve`](super::solve).
///
/// ```
/// use parecon_jobs::band::{Config, Engine};
/// let config = Config::default().with_engine(Engine::InteriorPoint).with_accuracy(1e-8);
/// assert!(config.validate().is_ok());
/// assert!(config.with_accuracy(0.0).validate().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    engine: Engine,
    accuracy: f64,
    max_iterations: u32,
    basic: bool,
}

impl Default for Config {
    fn default() -> Self {
        Config { engine: Engine::Auto, accuracy: ACCURACY, max_iterations: MAX_ITERATIONS, basic: false }
    }
}

impl Config {
    /// Which method solves the programme (chosen by size).
    #[must_use]
    pub fn with_engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// The [relative gap](super::Solution::gap) to reach (1e-6).
    #[must_use]
    pub fn with_accuracy(mut self, gap: f64) -> Self {
        self.accuracy = gap;
        self
    }

    /// Iterations that an engine may take (10,000). Of a [basic](Self::with_basic) solution, all runs together: each may take half of
    /// what is left, the last the rest.
    #[must_use]
    pub fn with_max_iterations(mut self, iterations: u32) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Whether to end at a basic solution (no): a vertex, whose columns in use are linearly [independent](super::Basis).
    ///
    /// It has at most tasks + (1 + D) · members pairs in use, one per equation, that is about 3–4 tasks a member with two
    /// dimensions. Where assignments tie, costs without a pattern of a quarter of the [accuracy](Self::with_accuracy) times
    /// the mean cost are added, so that one of them is best; from there the solution is [purified](super::purify).
    /// The engine is asked for half the accuracy, and runs up to three times, with less added and then with nothing, if the vertex
    /// misses the whole of it. Members who are identical are told apart. Beyond 10,000 tasks this takes much longer than
    /// solving, minutes, in which the observer is not asked whether to stop. A solution that rounding has kept from being a
    /// vertex is [`Stalled`](parecon_core::Status::Stalled).
    #[must_use]
    pub fn with_basic(mut self, yes: bool) -> Self {
        self.basic = yes;
        self
    }

    /// Which method solves the programme.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// The relative gap to reach.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.accuracy
    }

    /// Iterations that an engine may take.
    #[must_use]
    pub fn max_iterations(&self) -> u32 {
        self.max_iterations
    }

    /// Whether to end at a basic solution.
    #[must_use]
    pub fn basic(&self) -> bool {
        self.basic
    }

    /// Checks the options; [`solve`](super::solve) does so too.
    ///
    /// # Errors
    /// If the accuracy is not from 1e-10 to 0.1, or there are no iterations.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::band::Config;
    /// let error = Config::default().with_accuracy(2.0).validate().unwrap_err();
    /// assert_eq!(error.to_string(), "accuracy is 2, must be from 1e-10 to 0.1");
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        if !(1e-10..=0.1).contains(&self.accuracy) {
            return Err(Error::invalid(format!("accuracy is {}, must be from 1e-10 to 0.1", self.accuracy)));
        }
        if self.max_iterations == 0 {
            return Err(Error::invalid("max_iterations is 0, must be at least 1"));
        }
        Ok(())
    }
}

/// Reported while an engine works: after every iteration of the interior-point method, whenever the point is looked at by
/// the first-order one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Progress {
    /// The engine at work.
    pub engine: Engine,
    /// Its iterations so far.
    pub iteration: u32,
    /// The objective at the current, not yet feasible, iterate.
    pub objective: f64,
    /// The relative gap as the engine sees it.
    pub gap: f64,
    /// The share of the hours that is still missing (Euclidean norms over tasks); of the interior-point method the share of quotas and
    /// bands too, of `HiGHS` that of the task that misses most.
    pub missing: f64,
}
