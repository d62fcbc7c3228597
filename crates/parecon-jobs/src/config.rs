//! Options of balancing.

use serde::{Deserialize, Serialize};

use crate::band::Engine;
use crate::lp::Limits;
use crate::way::Way;
use crate::{Choice, Error};

/// Interior-point iterations that one stage may take. Ordinary problems need 10–40.
const MAX_ITERATIONS: u32 = 200;
/// Relative accuracy of the linear programmes: far below a rating's own accuracy, far above rounding errors.
const TOLERANCE: f64 = 1e-8;
/// What the second stage may add to the largest deviation, in rating points: without it the second stage has no
/// interior and interior-point steps stall; a ten-thousandth of a point means nothing to anybody.
const SLACK: f64 = 1e-4;

/// Bottlenecks that are set aside one after the other; few workplaces have more that matter.
const LEVELS: u32 = 8;
/// Eligible pairs of types from which on band programmes are quicker than the interior-point method.
const LARGE_PAIRS: usize = 20_000;
/// A tenth of a point of twenty is below what ratings can tell apart.
const BALANCED: f64 = 0.1;

/// Options of [`balance`](crate::balance()).
///
/// ```
/// use parecon_jobs::Config;
/// let config = Config::default().with_slack(0.05).with_max_iterations(100);
/// assert!(config.validate().is_ok());
/// assert!(Config::default().with_slack(-1.0).validate().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    max_iterations: u32,
    tolerance: f64,
    slack: f64,
    levels: u32,
    balanced: f64,
    choice: Choice,
    engine: Engine,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            max_iterations: MAX_ITERATIONS,
            tolerance: TOLERANCE,
            slack: SLACK,
            levels: LEVELS,
            balanced: BALANCED,
            choice: Choice::FewTasks,
            engine: Engine::Auto,
        }
    }
}

impl Config {
    /// Interior-point iterations that one stage may take (200).
    #[must_use]
    pub fn with_max_iterations(mut self, iterations: u32) -> Self {
        self.max_iterations = iterations;
        self
    }

    /// Relative accuracy of the linear programmes (1e-8); ten times that where the solver runs out of digits.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// By how many rating points the largest deviation may exceed its optimum where that lets the mean deviation be
    /// smaller (1e-4).
    #[must_use]
    pub fn with_slack(mut self, points: f64) -> Self {
        self.slack = points;
        self
    }

    /// How many levels of the leximin order are told apart (8): members who keep the largest deviation up are set aside
    /// and the rest balanced more tightly, until all are within [`balanced`](Self::with_balanced) or so many levels are
    /// there. 1: only the largest deviation of all counts.
    #[must_use]
    pub fn with_levels(mut self, levels: u32) -> Self {
        self.levels = levels;
        self
    }

    /// The deviation, in rating points, within which members count as balanced (0.1): no further levels are looked for. In
    /// large workplaces the largest deviation has no bound if it gets there, and what [decides](Self::with_choice) among
    /// equally balanced complexes may use all of it; 0 asks for the least there is.
    #[must_use]
    pub fn with_balanced(mut self, points: f64) -> Self {
        self.balanced = points;
        self
    }

    /// Which method solves the programmes (chosen by size): the interior-point method, to all its digits, or band programmes,
    /// solved by whichever engine of [`band`](crate::band) suits them, or by the first-order one only. Band programmes stop
    /// within a thousandth of a point of a band, or where the mean excess is a millionth; beyond 20,000 pairs of types they
    /// are quicker. Their iterations are many and cheap: fifty count as one of [`with_max_iterations`](Self::with_max_iterations).
    #[must_use]
    pub fn with_engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// What decides among equally balanced complexes ([`Choice::FewTasks`]).
    ///
    /// If the solver does not get to its end, the complexes of the stage before stay;
    /// [`Info::choice`](crate::Info::choice) says so.
    #[must_use]
    pub fn with_choice(mut self, choice: Choice) -> Self {
        self.choice = choice;
        self
    }

    /// Interior-point iterations that one stage may take.
    #[must_use]
    pub fn max_iterations(&self) -> u32 {
        self.max_iterations
    }

    /// Relative accuracy of the linear programmes.
    #[must_use]
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// What may be added to the largest deviation, in rating points.
    #[must_use]
    pub fn slack(&self) -> f64 {
        self.slack
    }

    /// How many levels of the leximin order are told apart.
    #[must_use]
    pub fn levels(&self) -> u32 {
        self.levels
    }

    /// Within how many rating points members count as balanced.
    #[must_use]
    pub fn balanced(&self) -> f64 {
        self.balanced
    }

    /// Which method solves the programmes.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// How to solve a workplace of so many pairs of types.
    pub(crate) fn way(&self, pairs: usize) -> Way {
        match self.engine {
            Engine::Auto if pairs <= LARGE_PAIRS => Way::Points,
            Engine::InteriorPoint => Way::Points,
            _ => Way::Bands,
        }
    }

    /// What decides among equally balanced complexes.
    #[must_use]
    pub fn choice(&self) -> &Choice {
        &self.choice
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits { max_iterations: self.max_iterations, tolerance: self.tolerance }
    }

    /// Checks the options; [`balance`](crate::balance()) does so too.
    ///
    /// # Errors
    /// If the iterations or levels are 0, the tolerance is not from 1e-12 to 1e-2, or the slack or the balanced deviation
    /// is not a number from 0 to 19.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::Config;
    /// let error = Config::default().with_slack(20.0).validate().unwrap_err();
    /// assert_eq!(error.to_string(), "slack is 20 points, must be from 0 to 19");
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        if self.max_iterations == 0 {
            return Err(Error::invalid("max_iterations is 0, must be at least 1"));
        }
        if self.levels == 0 {
            return Err(Error::invalid("levels is 0, must be at least 1"));
        }
        if !(1e-12..=1e-2).contains(&self.tolerance) {
            return Err(Error::invalid(format!(
                "tolerance is {}, must be from 1e-12 to 0.01",
                self.tolerance
            )));
        }
        for (name, points) in [("slack", self.slack), ("balanced", self.balanced)] {
            if !(0.0..=19.0).contains(&points) {
                return Err(Error::invalid(format!("{name} is {points} points, must be from 0 to 19")));
            }
        }
        Ok(())
    }
}
