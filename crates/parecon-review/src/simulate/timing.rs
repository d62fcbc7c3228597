use serde::{Deserialize, Serialize};

use super::delay::Delay;
use crate::error::{Error, check, check_probability};

/// Reviewers at one point. How many readings they manage together is the `capacity` of their
/// [`Pool`](crate::Pool); without it nobody waits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// How many share the capacity, at least one: many slow ones are another queue than one fast one.
    pub reviewers: u32,
    /// Squared coefficient of variation of the time of one reading: 0 always the same, 1 exponential, above lognormal
    /// (as between 0 and 1).
    pub reading_cv2: f64,
    /// Who is read first.
    #[serde(default)]
    pub order: Order,
}

/// Whose turn it is at a desk. Whoever goes first does so in order of arrival, then the others in theirs; a reading that
/// has begun is finished.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Order {
    /// Whoever came first.
    #[default]
    Arrival,
    /// Urgent ideas first: this share of all, 0 to 1, drawn by lot; an idea urgent at one desk is so at all that give
    /// precedence to as many.
    Urgent {
        /// Share of ideas that are urgent.
        share: f64,
    },
    /// Authors of so many accepted pieces first, counted at this point.
    Known {
        /// Acceptances that give precedence, at least one.
        after: u32,
    },
    /// Authors of fewer accepted pieces first, counted at this point.
    Newcomers {
        /// Acceptances after which one is no newcomer, at least one.
        after: u32,
    },
}

impl Order {
    /// True if it depends on what became of an author's earlier ideas.
    pub(super) fn is_by_record(self) -> bool {
        matches!(self, Order::Known { .. } | Order::Newcomers { .. })
    }
}

impl Default for Desk {
    fn default() -> Self {
        Self { reviewers: 1, reading_cv2: 1.0, order: Order::Arrival }
    }
}

impl Desk {
    pub(super) fn reading(&self, mean: f64) -> Delay {
        match self.reading_cv2 {
            0.0 => Delay::Fixed(mean),
            1.0 => Delay::Exponential(mean),
            cv2 => Delay::LogNormal { mean, cv2 },
        }
    }
}

/// What the simulation must know of time, beyond the [`Environment`](crate::Environment).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Ideas per unit of time (a Poisson process), in the unit of the pools' capacities.
    pub arrival_rate: f64,
    /// From the permission, or the idea, to finished work.
    pub production: Delay,
    /// Reviewers of proposals.
    #[serde(default)]
    pub proposal: Desk,
    /// Reviewers of finished work.
    #[serde(default)]
    pub work: Desk,
    /// Reviewers of what is published.
    #[serde(default)]
    pub published: Desk,
    /// Authors who are active at a time, at least one; each idea is had by one of them at random.
    pub active_authors: u32,
    /// Mean time in which a published piece does its value or harm: of a piece taken down after t, the share
    /// 1 − exp(−t/this) is done. None: the environment's `exposure`, whenever it is taken down.
    #[serde(default)]
    pub effect_time: Option<f64>,
}

impl Default for Timing {
    /// One idea per unit of time, made at once, one reviewer at each point, 20 active authors.
    fn default() -> Self {
        let desk = Desk::default();
        Self {
            arrival_rate: 1.0,
            production: Delay::Fixed(0.0),
            proposal: desk,
            work: desk,
            published: desk,
            active_authors: 20,
            effect_time: None,
        }
    }
}

impl Timing {
    pub(super) fn desks(&self) -> [Desk; 3] {
        [self.proposal, self.work, self.published]
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        let positive = |what: &str, x: f64| check(x.is_finite() && x > 0.0, what, x, "finite and positive");
        positive("arrival rate of ideas", self.arrival_rate)?;
        self.production.validate("production time")?;
        for (name, desk) in ["proposals", "finished work", "published work"].iter().zip(self.desks()) {
            let what = format!("number of reviewers of {name}");
            check(desk.reviewers > 0, &what, f64::from(desk.reviewers), "at least 1")?;
            let cv2 = desk.reading_cv2;
            let what = format!("squared coefficient of variation of reading {name}");
            check(cv2.is_finite() && cv2 >= 0.0, &what, cv2, "finite and not negative")?;
            match desk.order {
                Order::Arrival => {}
                Order::Urgent { share } => {
                    check_probability(&format!("share of {name} that is urgent"), share)?;
                }
                Order::Known { after } | Order::Newcomers { after } => {
                    let what = format!("acceptances that matter for the order of {name}");
                    check(after > 0, &what, 0.0, "at least 1")?;
                }
            }
        }
        check(self.active_authors > 0, "number of active authors", 0.0, "at least 1")?;
        if let Some(time) = self.effect_time {
            positive("time in which a piece takes effect", time)?;
        }
        Ok(())
    }
}
