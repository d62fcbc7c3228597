//! Who works where, and what they say of each other.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{check_positive, check_scale};
use crate::{Complexes, Dimension, Error, MemberId, Minutes, Workplace};

/// Someone who is paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Worker {
    /// The key; unique in the council.
    pub id: String,
    /// Duration of socially valued work in the period.
    pub time: Minutes,
    /// Average desirability of the complex, 1–20; without it onerousness is taken as average.
    #[serde(default)]
    pub desirability: Option<f64>,
    /// Allowance for need, in units of account.
    #[serde(default)]
    pub allowance: f64,
}

impl Worker {
    /// A worker of average onerousness, without an allowance.
    #[must_use]
    pub fn new(id: impl Into<String>, time: Minutes) -> Self {
        Worker { id: id.into(), time, desirability: None, allowance: 0.0 }
    }

    /// Sets the average desirability of the complex.
    #[must_use]
    pub fn with_desirability(mut self, rating: f64) -> Self {
        self.desirability = Some(rating);
        self
    }

    /// Sets the allowance for need.
    #[must_use]
    pub fn with_allowance(mut self, amount: f64) -> Self {
        self.allowance = amount;
        self
    }
}

/// What a member says of a workmate's effort.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EffortRating {
    /// Who rates, by position in the council.
    pub rater: MemberId,
    /// Who is rated, by position in the council.
    pub rated: MemberId,
    /// The rating, positive, on the council's scale.
    pub rating: f64,
}

/// A workers' council: who works there, and how they rate each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Council {
    /// The key; unique among the councils.
    pub id: String,
    /// Its members.
    pub workers: Vec<Worker>,
    /// Effort ratings, at most one per rater and rated; those of oneself are left out.
    #[serde(default)]
    pub ratings: Vec<EffortRating>,
    /// Social benefits of the outputs over social costs of the inputs, from planning, if the council is held to it.
    #[serde(default)]
    pub benefit_cost: Option<f64>,
}

impl Council {
    /// A council whose members have not been rated.
    #[must_use]
    pub fn new(id: impl Into<String>, workers: Vec<Worker>) -> Self {
        Council { id: id.into(), workers, ratings: Vec::new(), benefit_cost: None }
    }

    /// The council of a workplace: hours and average desirability of every entry are those of `complexes`.
    ///
    /// # Errors
    /// If the complexes are for another number of members, or name a task the workplace does not have.
    ///
    /// # Complexity
    /// O(shares).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::pay::Council;
    /// use parecon_jobs::{Complexes, Eligibility, Member, Minutes, Share, Task, TaskId, Workplace};
    /// let hour = Minutes::new(60);
    /// let workplace = Workplace::new(
    ///     vec![Task::new("clean", hour, 2.0, 4.0)],
    ///     vec![Member::new("ann", hour)],
    ///     Eligibility::Everyone,
    /// )?;
    /// let all = Complexes::new(vec![vec![Share { task: TaskId::new(0), time: hour }]])?;
    /// let council = Council::of_complexes("hill", &workplace, &all)?;
    /// assert_eq!(council.workers[0].desirability, Some(4.0));
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn of_complexes(
        id: impl Into<String>,
        workplace: &Workplace,
        complexes: &Complexes,
    ) -> Result<Self, Error> {
        if complexes.len() != workplace.members().len() {
            return Err(Error::invalid(format!(
                "complexes for {} members, the workplace has {}",
                complexes.len(),
                workplace.members().len()
            )));
        }
        workplace.spread(complexes)?;
        let worker = |(m, member): (usize, &crate::Member)| {
            let m = MemberId::new(m);
            let desirability = complexes.average(workplace, m, Dimension::Desirability);
            Worker { desirability, ..Worker::new(member.id.clone(), complexes.time_of(m)) }
        };
        Ok(Council::new(id, workplace.members().iter().enumerate().map(worker).collect()))
    }

    /// Sets the effort ratings.
    #[must_use]
    pub fn with_ratings(mut self, ratings: Vec<EffortRating>) -> Self {
        self.ratings = ratings;
        self
    }

    /// Holds the average rating to the ratio of social benefits to social costs.
    #[must_use]
    pub fn with_benefit_cost(mut self, ratio: f64) -> Self {
        self.benefit_cost = Some(ratio);
        self
    }
}

/// Checks councils on their own and together.
pub(super) fn check(councils: &[Council]) -> Result<(), Error> {
    if councils.is_empty() {
        return Err(Error::invalid("no councils: need at least one"));
    }
    let mut ids = BTreeSet::new();
    for council in councils {
        let name = &council.id;
        if name.is_empty() || !ids.insert(name) {
            return Err(Error::invalid(format!("council \"{name}\": ids must be unique and not empty")));
        }
        if let Some(ratio) = council.benefit_cost {
            check_positive(&format!("council \"{name}\": the benefit/cost ratio"), ratio)?;
        }
        let mut workers = BTreeSet::new();
        for worker in &council.workers {
            let subject = format!("council \"{name}\", worker \"{}\"", worker.id);
            if worker.id.is_empty() || !workers.insert(&worker.id) {
                return Err(Error::invalid(format!("{subject}: ids must be unique and not empty")));
            }
            if worker.time > Minutes::MAX {
                return Err(Error::invalid(format!(
                    "{subject}: works {}, at most {}",
                    worker.time,
                    Minutes::MAX
                )));
            }
            if !(worker.allowance.is_finite() && worker.allowance >= 0.0) {
                return Err(Error::invalid(format!(
                    "{subject}: the allowance is {}, must be finite and not negative",
                    worker.allowance
                )));
            }
            if let Some(rating) = worker.desirability {
                check_scale(&format!("{subject}: desirability"), rating)?;
            }
        }
        let mut given = BTreeSet::new();
        for EffortRating { rater, rated, rating } in &council.ratings {
            let (rater, rated) = (rater.index(), rated.index());
            let subject = format!("council \"{name}\": the rating of member {rated} by member {rater}");
            if rater.max(rated) >= council.workers.len() {
                let count = council.workers.len();
                return Err(Error::invalid(format!("{subject}: there are {count} members, counted from 0")));
            }
            check_positive(&subject, *rating)?;
            if !given.insert((rater, rated)) {
                return Err(Error::invalid(format!("{subject} is given twice")));
            }
        }
    }
    Ok(())
}
