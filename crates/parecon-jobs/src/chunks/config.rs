//! How long to search.

use serde::{Deserialize, Serialize};

use crate::Error;

/// Proposals that each restart may examine: about a second for two hundred members.
const MOVES: u64 = 10_000_000;
/// Independent searches; two per core of a small machine.
const RESTARTS: u32 = 4;
/// A hundredth of a rating point means nothing to anybody.
const TOLERANCE: f64 = 0.01;
/// What one task less per member is worth, in points of mean deviation.
const TASK_PRICE: f64 = 0.002;

/// Nodes of branch and bound: some seconds at most.
const NODES: u64 = 2_000;

/// How [`divide`](crate::chunks::divide()) searches. Effort is counted in proposals, not seconds, so that a result can be
/// had again; an observer may stop at any round.
///
/// ```
/// use parecon_jobs::chunks::Config;
/// let config = Config::default().with_moves(1_000_000).with_restarts(2).with_seed(7).with_alternatives(3);
/// assert!(config.validate().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    moves: u64,
    restarts: u32,
    seed: u64,
    tolerance: f64,
    task_price: f64,
    alternatives: u32,
    nodes: u64,
    balance: crate::Config,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            moves: MOVES,
            restarts: RESTARTS,
            seed: 0,
            tolerance: TOLERANCE,
            task_price: TASK_PRICE,
            alternatives: 0,
            nodes: NODES,
            balance: crate::Config::default().with_levels(1).with_balanced(0.0),
        }
    }
}

impl Config {
    /// Proposals that each restart may examine (10 million).
    #[must_use]
    pub fn with_moves(mut self, moves: u64) -> Self {
        self.moves = moves;
        self
    }

    /// Independent searches, spread over the threads there are (4). The result does not depend on their number.
    #[must_use]
    pub fn with_restarts(mut self, restarts: u32) -> Self {
        self.restarts = restarts;
        self
    }

    /// From which all random numbers follow (0).
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How close the largest deviation must come to its bound, in rating points, to count as converged (0.01); and by
    /// how much the search for a small mean may exceed the largest deviation found before.
    #[must_use]
    pub fn with_tolerance(mut self, points: f64) -> Self {
        self.tolerance = points;
        self
    }

    /// What one distinct task less per member is worth, in points of mean deviation (0.002).
    #[must_use]
    pub fn with_task_price(mut self, points: f64) -> Self {
        self.task_price = points;
        self
    }

    /// How many further divisions to hand over besides the best, where restarts ended at different ones (0).
    #[must_use]
    pub fn with_alternatives(mut self, alternatives: u32) -> Self {
        self.alternatives = alternatives;
        self
    }

    /// Nodes that branch and bound may solve in workplaces of at most 200 pairs of members and tasks, if the search has not
    /// come to its bound (2,000; 0 switches it off). Without the feature `exact` there is none.
    #[must_use]
    pub fn with_nodes(mut self, nodes: u64) -> Self {
        self.nodes = nodes;
        self
    }

    /// Options of the [balance](crate::balance()) by the minute from which the search starts (the usual ones, with one
    /// level: only the largest deviation of all counts).
    #[must_use]
    pub fn with_balance(mut self, balance: crate::Config) -> Self {
        self.balance = balance;
        self
    }

    /// Proposals that each restart may examine.
    #[must_use]
    pub fn moves(&self) -> u64 {
        self.moves
    }

    /// Independent searches.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.restarts
    }

    /// From which all random numbers follow.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How close the largest deviation must come to its bound, in rating points.
    #[must_use]
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// What one distinct task less per member is worth, in points of mean deviation.
    #[must_use]
    pub fn task_price(&self) -> f64 {
        self.task_price
    }

    /// How many further divisions to hand over.
    #[must_use]
    pub fn alternatives(&self) -> u32 {
        self.alternatives
    }

    /// Nodes that branch and bound may solve.
    #[must_use]
    pub fn nodes(&self) -> u64 {
        self.nodes
    }

    /// Options of the balance by the minute.
    #[must_use]
    pub fn balance(&self) -> &crate::Config {
        &self.balance
    }

    /// Checks the options; [`divide`](crate::chunks::divide()) does so too.
    ///
    /// # Errors
    /// If moves or restarts are 0, the restarts exceed 1,000, the tolerance or the price is not a number from 0 to 19, or
    /// the options of the balance are [invalid](crate::Config::validate).
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::chunks::Config;
    /// let error = Config::default().with_restarts(0).validate().unwrap_err();
    /// assert_eq!(error.to_string(), "restarts are 0, must be from 1 to 1000");
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        const MOST_RESTARTS: u32 = 1000;
        if self.moves == 0 {
            return Err(Error::invalid("moves are 0, must be at least 1"));
        }
        if !(1..=MOST_RESTARTS).contains(&self.restarts) {
            return Err(Error::invalid(format!(
                "restarts are {}, must be from 1 to {MOST_RESTARTS}",
                self.restarts
            )));
        }
        for (what, value) in [("tolerance", self.tolerance), ("price of a task", self.task_price)] {
            if !(0.0..=19.0).contains(&value) {
                return Err(Error::invalid(format!("{what} is {value} points, must be from 0 to 19")));
            }
        }
        self.balance.validate()
    }
}
