//! Who does what in which week, and how far that is from the plan.

use std::collections::BTreeSet;

use parecon_core::Status;
use serde::{Deserialize, Serialize};

use super::blocks::{Kind, Session};
use crate::{Complexes, Dimension, Error, MemberId, Minutes, Share, TaskId, Workplace};

/// Who does what in each week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Schedule {
    /// The weeks in order.
    pub weeks: Vec<Week>,
    /// How tasks are cut into blocks.
    pub(super) kinds: Vec<Kind>,
    /// How the choice of weeks for blocks ended.
    pub(super) status: Status,
}

/// Who does what in a week.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Week {
    /// In whole blocks.
    pub complexes: Complexes,
    /// Who of those works together, task by task.
    pub sessions: Vec<Session>,
    /// As planned, to the minute; what the blocks follow over the weeks.
    pub planned: Complexes,
    /// How long each member can work in this week.
    pub available: Vec<Minutes>,
    /// How the balance that planned this week ended.
    pub status: Status,
}

/// A week in which a member's blocks take longer than the member is available.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Overload {
    /// Which week, from 0.
    pub week: usize,
    /// Who.
    pub member: MemberId,
    /// By how much.
    pub over: Minutes,
}

impl Schedule {
    /// Converged if all weeks were planned to the end and their lengths minded; else how the first that was not ended.
    #[must_use]
    pub fn status(&self) -> Status {
        let all = self.weeks.iter().map(|week| week.status).chain([self.status]);
        all.into_iter().find(|status| !status.is_converged()).unwrap_or(Status::Converged)
    }

    /// What a member has accumulated by the end of each week beyond the plan: `Σ_t (r_t − r̄)(T_mt(w) − X_mt(w))`, in points
    /// × minutes.
    ///
    /// # Complexity
    /// O(shares of the member).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::rotation::{Config, schedule};
    /// use parecon_jobs::{Dimension, Eligibility, Member, MemberId, Minutes, Task, Workplace};
    /// let workplace = Workplace::new(
    ///     vec![Task::new("cook", Minutes::new(120), 14.0, 8.0), Task::new("clean", Minutes::new(120), 2.0, 4.0)],
    ///     ["ann", "bo"].map(|id| Member::new(id, Minutes::new(120))).to_vec(),
    ///     Eligibility::Everyone,
    /// )?;
    /// // An hour of each in every week, in blocks of two hours: each task every other week.
    /// let config = Config::new(4).with_chunk(Minutes::new(120));
    /// let outcome = schedule(&workplace, &config, &mut ())?;
    /// let schedule = outcome.schedule().expect("everybody can do everything");
    /// let ann = MemberId::new(0);
    /// let drift = schedule.drift(&workplace, ann, Dimension::Empowerment);
    /// // An hour more of one task, an hour less of the other, each 6 points from the average; then even again.
    /// assert_eq!(drift.iter().map(|d| d.abs()).collect::<Vec<_>>(), [720.0, 0.0, 720.0, 0.0]);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    #[must_use]
    pub fn drift(&self, workplace: &Workplace, member: MemberId, dimension: Dimension) -> Vec<f64> {
        let average = workplace.average(dimension);
        let points = |shares: &[Share]| -> f64 {
            let of = |share: &Share| {
                let rating = workplace.task(share.task).and_then(|task| task.rating(dimension));
                (rating.unwrap_or(average) - average) * share.time.get() as f64
            };
            shares.iter().map(of).sum()
        };
        let mut sum = 0.0;
        self.weeks
            .iter()
            .map(|week| {
                sum += points(week.complexes.of(member)) - points(week.planned.of(member));
                sum
            })
            .collect()
    }

    /// What [`drift`](Self::drift) stays below in size in every week: `Σ_k |r_k − r̄| ℓ_k` over the kinds of blocks of tasks that
    /// the member ever is planned for.
    ///
    /// # Complexity
    /// O(shares of the member + kinds of blocks).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::rotation::{Config, schedule};
    /// use parecon_jobs::{Dimension, Eligibility, Member, MemberId, Minutes, Task, Workplace};
    /// let workplace = Workplace::new(
    ///     vec![Task::new("cook", Minutes::new(120), 14.0, 8.0), Task::new("clean", Minutes::new(120), 2.0, 4.0)],
    ///     ["ann", "bo"].map(|id| Member::new(id, Minutes::new(120))).to_vec(),
    ///     Eligibility::Everyone,
    /// )?;
    /// // An hour of each in every week, in blocks of two hours: each task every other week.
    /// let config = Config::new(4).with_chunk(Minutes::new(120));
    /// let outcome = schedule(&workplace, &config, &mut ())?;
    /// let schedule = outcome.schedule().expect("everybody can do everything");
    /// // A block of two hours of either task, each 6 points from the average.
    /// assert_eq!(schedule.bound(&workplace, MemberId::new(0), Dimension::Empowerment), 2.0 * 6.0 * 120.0);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    #[must_use]
    pub fn bound(&self, workplace: &Workplace, member: MemberId, dimension: Dimension) -> f64 {
        let average = workplace.average(dimension);
        let tasks: BTreeSet<TaskId> =
            self.weeks.iter().flat_map(|week| week.planned.of(member)).map(|share| share.task).collect();
        let of = |kind: &Kind| {
            let rating = workplace.task(kind.task).and_then(|task| task.rating(dimension));
            (rating.unwrap_or(average) - average).abs() * kind.time.get() as f64
        };
        self.kinds.iter().filter(|kind| tasks.contains(&kind.task)).map(of).sum()
    }

    /// Weeks in which blocks take longer than somebody is available.
    ///
    /// # Complexity
    /// O(shares).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::rotation::{Config, schedule};
    /// use parecon_jobs::{Eligibility, Member, Minutes, Task, Workplace};
    /// let workplace = Workplace::new(
    ///     vec![Task::new("cook", Minutes::new(120), 14.0, 8.0)],
    ///     ["ann", "bo"].map(|id| Member::new(id, Minutes::new(60))).to_vec(),
    ///     Eligibility::Everyone,
    /// )?;
    /// // A block is twice as long as anybody is there.
    /// let outcome = schedule(&workplace, &Config::new(2).with_chunk(Minutes::new(120)), &mut ())?;
    /// let overloads = outcome.schedule().expect("two hours for two").overloads();
    /// assert_eq!(overloads.iter().map(|o| (o.week, o.over)).collect::<Vec<_>>(), [(0, Minutes::new(60)), (1, Minutes::new(60))]);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    #[must_use]
    pub fn overloads(&self) -> Vec<Overload> {
        let mut overloads = Vec::new();
        for (week, of) in self.weeks.iter().enumerate() {
            for (m, available) in of.available.iter().enumerate() {
                let member = MemberId::new(m);
                let over = of.complexes.time_of(member).get().saturating_sub(available.get());
                if over > 0 {
                    overloads.push(Overload { week, member, over: Minutes::new(over) });
                }
            }
        }
        overloads
    }

    /// The schedule as CSV: `week` (from 1), `member`, `task` (ids), `minutes`.
    ///
    /// # Complexity
    /// O(shares).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::rotation::{Config, schedule};
    /// use parecon_jobs::{Eligibility, Member, Minutes, Task, Workplace};
    /// let workplace = Workplace::new(
    ///     vec![Task::new("cook", Minutes::new(60), 9.0, 8.0)],
    ///     vec![Member::new("ann", Minutes::new(60))],
    ///     Eligibility::Everyone,
    /// )?;
    /// let outcome = schedule(&workplace, &Config::new(2), &mut ())?;
    /// let text = outcome.schedule().unwrap().to_csv(&workplace)?;
    /// assert_eq!(text, "week,member,task,minutes\n1,ann,cook,60\n2,ann,cook,60\n");
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the schedule is of another workplace.
    pub fn to_csv(&self, workplace: &Workplace) -> Result<String, Error> {
        let mut rows = vec![["week", "member", "task", "minutes"].map(str::to_owned)];
        for (week, of) in self.weeks.iter().enumerate() {
            for (member, shares) in of.complexes.iter() {
                for share in shares {
                    let (Some(who), Some(what)) = (workplace.member(member), workplace.task(share.task))
                    else {
                        return Err(another_workplace());
                    };
                    let (week, time) = ((week + 1).to_string(), share.time.get().to_string());
                    rows.push([week, who.id.clone(), what.id.clone(), time]);
                }
            }
        }
        csv_text(&rows)
    }
}

pub(super) fn another_workplace() -> Error {
    Error::invalid(
        "the schedule is of another workplace: it names a member or task that this one does not have",
    )
}

/// Rows as CSV, quoted where needed.
pub(super) fn csv_text<const N: usize>(rows: &[[String; N]]) -> Result<String, Error> {
    let failed = |e: &dyn std::fmt::Display| Error::invalid(format!("cannot write CSV: {e}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(|e| failed(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(&e))?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
}
