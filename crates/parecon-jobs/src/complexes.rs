//! Job complexes: who does how much of what.

use serde::{Deserialize, Serialize};

use crate::{Dimension, Error, MemberId, Minutes, TaskId, Workplace};

/// How long a member does a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The task.
    pub task: TaskId,
    /// How long, all people of the member's entry together.
    pub time: Minutes,
}

/// A job complex for every member: `x_mj` whole minutes of member m on task j.
///
/// Any division of work can be held, also today's unbalanced one; [`verify`](Self::verify) says whether it meets a
/// workplace's hours and eligibility.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Vec<Share>>", into = "Vec<Vec<Share>>")]
pub struct Complexes(Vec<Vec<Share>>);

impl Complexes {
    /// Complexes from each member's shares, in the order of the members.
    ///
    /// Shares are put in the order of their tasks and empty ones dropped.
    ///
    /// # Errors
    /// If a member has two shares of one task, or all shares together exceed [`Minutes::MAX`].
    ///
    /// # Complexity
    /// O(shares · log(shares of a member)).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Complexes, MemberId, Minutes, Share, TaskId};
    /// let share = Share { task: TaskId::new(0), time: Minutes::new(60) };
    /// let complexes = Complexes::new(vec![vec![share], vec![]])?;
    /// assert_eq!(complexes.time_of(MemberId::new(0)), Minutes::new(60));
    /// assert!(Complexes::new(vec![vec![share, share]]).unwrap_err().is_invalid_input());
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn new(mut shares: Vec<Vec<Share>>) -> Result<Self, Error> {
        for (member, row) in shares.iter_mut().enumerate() {
            row.retain(|share| share.time > Minutes::ZERO);
            row.sort_by_key(|share| share.task);
            if let Some(pair) = row.windows(2).find(|pair| pair[0].task == pair[1].task) {
                return Err(Error::invalid(format!(
                    "member {member} has two shares of task {}, must be one",
                    pair[0].task.index()
                )));
            }
        }
        if Minutes::total(shares.iter().flatten().map(|share| Some(share.time))).is_none() {
            return Err(Error::invalid(format!("the complexes together exceed {}", Minutes::MAX)));
        }
        Ok(Complexes(shares))
    }

    /// How many members have a complex (an empty one included).
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a member does, in the order of the tasks; nothing for a position that does not exist.
    #[must_use]
    pub fn of(&self, member: MemberId) -> &[Share] {
        self.0.get(member.index()).map_or(&[], Vec::as_slice)
    }

    /// Every member with what it does.
    pub fn iter(&self) -> impl Iterator<Item = (MemberId, &[Share])> {
        self.0.iter().enumerate().map(|(m, shares)| (MemberId::new(m), shares.as_slice()))
    }

    /// How long a member works.
    #[must_use]
    pub fn time_of(&self, member: MemberId) -> Minutes {
        // The total of all members is checked, so this one fits.
        Minutes::new(self.of(member).iter().map(|share| share.time.get()).sum())
    }

    /// How many distinct tasks a member does.
    #[must_use]
    pub fn distinct_tasks(&self, member: MemberId) -> usize {
        self.of(member).len()
    }

    /// The rating of a member's complex in one dimension, `Σ_j e_j x_mj / Σ_j x_mj`; `None` for a member without work
    /// or a task that `workplace` does not have.
    #[must_use]
    pub fn average(&self, workplace: &Workplace, member: MemberId, dimension: Dimension) -> Option<f64> {
        let mut weighted = 0.0;
        for share in self.of(member) {
            weighted += workplace.task(share.task)?.rating(dimension)? * share.time.get() as f64;
        }
        let time = self.time_of(member).get();
        (time > 0).then(|| weighted / time as f64)
    }

    /// Checks in integers that every task is done, every fair quota met, nobody does what they cannot do, and
    /// pinned work stays.
    ///
    /// Independent of how the complexes were found.
    ///
    /// # Errors
    /// A [violation](Error::is_violation) naming the first member or task that is off, with what it has and what it
    /// should have.
    ///
    /// # Complexity
    /// O(members + tasks + shares · log(tasks)).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Complexes, Eligibility, Member, Minutes, Share, Task, TaskId, Workplace};
    /// let hour = Minutes::new(60);
    /// let workplace = Workplace::new(
    ///     vec![Task::new("cook", hour, 9.0, 6.0), Task::new("plan", hour, 17.0, 14.0)],
    ///     vec![Member::new("ann", hour), Member::new("bo", hour)],
    ///     Eligibility::Everyone,
    /// )?;
    /// let whole = |task| vec![Share { task: TaskId::new(task), time: hour }];
    /// Complexes::new(vec![whole(1), whole(0)])?.verify(&workplace)?;
    /// let error = Complexes::new(vec![whole(1), whole(1)])?.verify(&workplace).unwrap_err();
    /// assert_eq!(error.to_string(), r#"task "cook" is done for 0 min, it takes 1 h"#);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn verify(&self, workplace: &Workplace) -> Result<(), Error> {
        if self.len() != workplace.members().len() {
            return Err(Error::violation(format!(
                "complexes for {} members, the workplace has {}",
                self.len(),
                workplace.members().len()
            )));
        }
        let mut done = vec![0u64; workplace.tasks().len()];
        for ((id, shares), (member, quota)) in
            self.iter().zip(workplace.members().iter().zip(workplace.fair_quotas()))
        {
            for share in shares {
                let (Some(sum), Some(task)) = (done.get_mut(share.task.index()), workplace.task(share.task))
                else {
                    return Err(Error::violation(format!(
                        "member \"{}\" works on task {}, which does not exist",
                        member.id,
                        share.task.index()
                    )));
                };
                *sum += share.time.get();
                if !workplace.is_eligible(id, share.task) {
                    return Err(Error::violation(format!(
                        "member \"{}\" does {} of task \"{}\" without being eligible",
                        member.id, share.time, task.id
                    )));
                }
            }
            for pin in workplace.pinned(id) {
                let kept =
                    shares.iter().find(|share| share.task == pin.task).map_or(Minutes::ZERO, |s| s.time);
                if kept < pin.time {
                    let task = workplace.task(pin.task).map_or("", |task| task.id.as_str());
                    return Err(Error::violation(format!(
                        "member \"{}\" does {kept} of task \"{task}\", {} are pinned",
                        member.id, pin.time
                    )));
                }
            }
            let time = self.time_of(id);
            if time != quota {
                return Err(Error::violation(format!(
                    "member \"{}\" works {time}, the fair quota is {quota}",
                    member.id
                )));
            }
        }
        for (task, done) in workplace.tasks().iter().zip(done) {
            if done != task.time.get() {
                return Err(Error::violation(format!(
                    "task \"{}\" is done for {}, it takes {}",
                    task.id,
                    Minutes::new(done),
                    task.time
                )));
            }
        }
        Ok(())
    }
}

impl TryFrom<Vec<Vec<Share>>> for Complexes {
    type Error = Error;

    fn try_from(shares: Vec<Vec<Share>>) -> Result<Self, Error> {
        Complexes::new(shares)
    }
}

impl From<Complexes> for Vec<Vec<Share>> {
    fn from(complexes: Complexes) -> Self {
        complexes.0
    }
}

/// How far complexes are from the social average in one dimension, in rating points.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DimensionSpread {
    /// Which dimension.
    pub dimension: Dimension,
    /// The social average.
    pub average: f64,
    /// Mean of |average of the complex − social average|, each member weighted by its hours.
    pub mean_abs: f64,
    /// Largest |average of the complex − social average| of any member.
    pub max_abs: f64,
}

/// How unevenly complexes share empowerment and desirability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Spread {
    /// Mean of [`DimensionSpread::mean_abs`] over the dimensions.
    pub mean_abs: f64,
    /// Largest of [`DimensionSpread::max_abs`] over the dimensions.
    pub max_abs: f64,
    /// Each dimension of the workplace, by [`Dimension::index`].
    pub by_dimension: Vec<DimensionSpread>,
}

impl Spread {
    /// The spread in one dimension.
    #[must_use]
    pub fn of(&self, dimension: Dimension) -> Option<&DimensionSpread> {
        self.by_dimension.iter().find(|spread| spread.dimension == dimension)
    }
}

impl Workplace {
    /// How far complexes are from this workplace's social average.
    ///
    /// Members without work count for nothing. Weights are the hours actually worked.
    ///
    /// # Errors
    /// A [violation](Error::is_violation) if the complexes name a task this workplace does not have.
    ///
    /// # Complexity
    /// O(shares).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Complexes, Dimension, Eligibility, Member, Minutes, Share, Task, TaskId, Workplace};
    /// let hour = Minutes::new(60);
    /// let workplace = Workplace::new(
    ///     vec![Task::new("low", hour, 4.0, 10.0), Task::new("high", hour, 16.0, 10.0)],
    ///     vec![Member::new("ann", hour), Member::new("bo", hour)],
    ///     Eligibility::Everyone,
    /// )?;
    /// let whole = |task| vec![Share { task: TaskId::new(task), time: hour }];
    /// let spread = workplace.spread(&Complexes::new(vec![whole(0), whole(1)])?)?;
    /// let empowerment = spread.of(Dimension::Empowerment).map(|s| (s.average, s.mean_abs, s.max_abs));
    /// assert_eq!(empowerment, Some((10.0, 6.0, 6.0)));
    /// assert_eq!(spread.mean_abs, 3.0); // nothing is uneven in desirability
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn spread(&self, complexes: &Complexes) -> Result<Spread, Error> {
        let mut by_dimension = Vec::new();
        for dimension in self.dimensions() {
            let average = self.average(dimension);
            let (mut sum, mut hours, mut max_abs) = (0.0f64, 0.0f64, 0.0f64);
            for (member, shares) in complexes.iter() {
                if let Some(share) = shares.iter().find(|share| self.task(share.task).is_none()) {
                    return Err(Error::violation(format!(
                        "member {} works on task {}, which does not exist",
                        member.index(),
                        share.task.index()
                    )));
                }
                if let Some(own) = complexes.average(self, member, dimension) {
                    let time = complexes.time_of(member).get() as f64;
                    sum += time * (own - average).abs();
                    hours += time;
                    max_abs = max_abs.max((own - average).abs());
                }
            }
            let mean_abs = if hours > 0.0 { sum / hours } else { 0.0 };
            by_dimension.push(DimensionSpread { dimension, average, mean_abs, max_abs });
        }
        Ok(Spread {
            mean_abs: by_dimension.iter().map(|s| s.mean_abs).sum::<f64>() / by_dimension.len() as f64,
            max_abs: by_dimension.iter().map(|s| s.max_abs).fold(0.0, f64::max),
            by_dimension,
        })
    }
}
