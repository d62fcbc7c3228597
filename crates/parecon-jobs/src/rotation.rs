//! Rotation: what everybody does in each week, in whole blocks, so that over the weeks complexes are as planned.
//!
//! A plan divides every task to the minute; a week has blocks: a shift of cleaning, an hour of accounts. Each week is first
//! planned by [`balance`] with those who are there, which gives minutes `x_mt(w)`. The time of a task is cut into `b` blocks
//! of its [chunk](crate::Task::chunk) or longer, and over the weeks everybody gets whole blocks such that at the end of each week
//!
//! ```text
//! | Y_mt(w) − F_mt(w) | < 1        F_mt(w) = Σ_{v ≤ w} x_mt(v) · b / h_t
//! ```
//! for `Y` the blocks done so far: **nobody is ever a whole block of any task ahead of or behind the plan**. Such schedules
//! always exist: the j-th block of a member may be done in any week in which F passes between j − 1 and j; that the
//! plan itself does so, in parts, makes the choice of weeks a flow problem with whole solutions (for one resource this is
//! the chairman assignment problem, Tijdeman 1980; weeks' order and leave do not disturb the argument). Every
//! week every task is done in full.
//!
//! # The bound
//! A time that does not divide into blocks of equal minutes is cut into some of ℓ and some of ℓ + 1 minutes, each kind
//! being scheduled by itself. In a dimension of ratings r with the average r̄, what member m has accumulated by any
//! week, in points × minutes, differs from the plan by less than [`Schedule::bound`]:
//!
//! ```text
//! | Σ_t (r_t − r̄) (T_mt(w) − X_mt(w)) |  <  Σ_{kinds k of blocks m ever has} |r_k − r̄| ℓ_k
//! ```
//! which does not grow with the weeks, so that averages approach the plan's like 1/w.
//!
//! # Leave and exemptions
//! Somebody on leave has no (or less) available time in those weeks. The fair quota falls with it, and nothing is owed
//! afterwards. The work of the week stays, and is shared by the others in proportion to their available time, as always: **the
//! ratio of any two other members' quotas does not change**. Somebody exempt from a task keeps the quota and does other
//! work.
//!
//! In a single week blocks of a kind can be up to two more or fewer than planned. Among all schedules that keep the bound, those are preferred in which everybody's week is as long as planned; where
//! a week is longer than somebody is available, [`Schedule::overloads`] says so.
//!
//! # Reference
//! R. Tijdeman, The chairman assignment problem, *Discrete Mathematics* 32 (1980); S. Baruah, N. Cohen, C. Plaxton and D. Varvel,
//! Proportionate progress, *Algorithmica* 15 (1996).

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::balance::balance;
use crate::{
    Complexes, Config, Eligibility, Error, Infeasible, MemberId, Minutes, Outcome, TaskId, Workplace,
};

mod blocks;
mod calendar;
mod ical;
mod weeks;

use blocks::{Kind, schedule};
pub use calendar::{Calendar, Date, Event, Window};
pub use weeks::{Overload, Schedule, Week};

/// Weeks one rotation may have.
const MOST_WEEKS: u32 = 1_000;

/// When somebody is not there, or not for as long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leave {
    /// Who.
    pub member: MemberId,
    /// From the first week to before the last, counted from 0.
    pub weeks: Range<u32>,
    /// How long the member can work in each of these weeks, instead of usually.
    pub available: Minutes,
}

/// When somebody does not do a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// Who.
    pub member: MemberId,
    /// From what.
    pub task: TaskId,
    /// From the first week to before the last, counted from 0.
    pub weeks: Range<u32>,
}

/// How many weeks, who is away when, and how long a block is where a task does not say.
///
/// ```
/// use parecon_jobs::rotation::Rotation;
/// use parecon_jobs::{MemberId, Minutes};
/// let rotation = Rotation::new(12).with_chunk(Minutes::new(120)).with_leave(MemberId::new(0), 3..5, Minutes::ZERO);
/// assert!(rotation.validate().is_ok());
/// assert!(Rotation::new(0).validate().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rotation {
    weeks: u32,
    chunk: Minutes,
    leave: Vec<Leave>,
    exemptions: Vec<Exemption>,
    config: Config,
}

impl Rotation {
    /// So many weeks, everybody being there; blocks of an hour or longer.
    #[must_use]
    pub fn new(weeks: u32) -> Self {
        Rotation {
            weeks,
            chunk: Minutes::new(60),
            leave: Vec::new(),
            exemptions: Vec::new(),
            config: Config::default(),
        }
    }

    /// The shortest block of a task without a [chunk](crate::Task::chunk).
    #[must_use]
    pub fn with_chunk(mut self, chunk: Minutes) -> Self {
        self.chunk = chunk;
        self
    }

    /// Adds weeks in which a member has other available time than usually.
    #[must_use]
    pub fn with_leave(mut self, member: MemberId, weeks: Range<u32>, available: Minutes) -> Self {
        self.leave.push(Leave { member, weeks, available });
        self
    }

    /// Adds weeks in which a member does not do a task.
    #[must_use]
    pub fn with_exemption(mut self, member: MemberId, task: TaskId, weeks: Range<u32>) -> Self {
        self.exemptions.push(Exemption { member, task, weeks });
        self
    }

    /// How each week is balanced.
    #[must_use]
    pub fn with_config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Checks the options; [`schedule`](Self::schedule) does so too, and that members and tasks exist.
    ///
    /// # Errors
    /// If there are no weeks or more than 1,000, the chunk is of no time, leave or an exemption is for no week or one that
    /// does not exist, or a member is on leave twice in a week.
    ///
    /// # Complexity
    /// O(leave × weeks).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::rotation::Rotation;
    /// use parecon_jobs::{MemberId, Minutes};
    /// let error = Rotation::new(4).with_leave(MemberId::new(2), 3..6, Minutes::ZERO).validate().unwrap_err();
    /// assert_eq!(error.to_string(), "leave of member 2 is for weeks 3..6, must be within 0..4 and not empty");
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        self.config.validate()?;
        if !(1..=MOST_WEEKS).contains(&self.weeks) {
            return Err(Error::invalid(format!("{} weeks: must be from 1 to {MOST_WEEKS}", self.weeks)));
        }
        if self.chunk == Minutes::ZERO {
            return Err(Error::invalid("the chunk is 0 min, must be at least a minute"));
        }
        let check = |what: &str, member: MemberId, weeks: &Range<u32>| {
            if weeks.start < weeks.end && weeks.end <= self.weeks {
                return Ok(());
            }
            let (member, all) = (member.index(), self.weeks);
            Err(Error::invalid(format!(
                "{what} of member {member} is for weeks {weeks:?}, must be within 0..{all} and not empty"
            )))
        };
        let mut away = BTreeSet::new();
        for leave in &self.leave {
            check("leave", leave.member, &leave.weeks)?;
            if let Some(week) = leave.weeks.clone().find(|week| !away.insert((leave.member, *week))) {
                let member = leave.member.index();
                return Err(Error::invalid(format!("member {member} is on leave twice in week {week}")));
            }
        }
        self.exemptions.iter().try_for_each(|e| check("an exemption", e.member, &e.weeks))
    }

    /// Schedules the weeks of a workplace whose times are those of a week.
    ///
    /// [Pinned](Workplace::with_pinned) work and own ratings hold in every week; teams are not minded.
    ///
    /// # Errors
    /// If an option is [invalid](Self::validate), leave or an exemption names somebody or something that does not exist, a
    /// member's entry stands for more than one person, leave takes pinned work's time away, or as [`balance`].
    ///
    /// # Complexity
    /// One [`balance`] for each different set of absences; then per task a flow of `weeks · b` units.
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::rotation::Rotation;
    /// use parecon_jobs::{Eligibility, Member, MemberId, Minutes, Task, Workplace};
    /// let workplace = Workplace::new(
    ///     vec![
    ///         Task::new("clean", Minutes::new(180), 2.0, 4.0).with_chunk(Minutes::new(180)),
    ///         Task::new("cook", Minutes::new(360), 9.0, 8.0).with_chunk(Minutes::new(180)),
    ///     ],
    ///     ["ann", "bo", "cy"].map(|id| Member::new(id, Minutes::new(240))).to_vec(),
    ///     Eligibility::Everyone,
    /// )?;
    /// let rotated = Rotation::new(6).schedule(&workplace)?;
    /// let schedule = rotated.schedule().expect("everybody can do everything");
    /// // Everybody does one block a week, and cleans in two weeks of six.
    /// for member in (0..3).map(MemberId::new) {
    ///     let cleaning = schedule.weeks.iter().filter(|week| week.complexes.of(member)[0].task.index() == 0);
    ///     assert_eq!(cleaning.count(), 2);
    /// }
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn schedule(&self, workplace: &Workplace) -> Result<Rotated, Error> {
        self.validate()?;
        self.check(workplace)?;
        // Weeks with the same absences have the same plan.
        let mut plans: Vec<(Absence<'_>, Complexes, Vec<Minutes>)> = Vec::new();
        let mut plan_of = Vec::with_capacity(self.weeks as usize);
        for week in 0..self.weeks {
            let absent = self.absent(week);
            let known = plans.iter().position(|(other, ..)| *other == absent);
            if let Some(plan) = known {
                plan_of.push(plan);
                continue;
            }
            let present = self.present(workplace, week)?;
            match balance(&present, &self.config, &mut ())? {
                Outcome::Balanced(balance) => {
                    plan_of.push(plans.len());
                    let available = present.members().iter().map(|member| member.available).collect();
                    plans.push((absent, balance.complexes, available));
                }
                Outcome::Infeasible(reasons) => {
                    return Ok(Rotated::Infeasible(Box::new(Impossible { week, present, reasons })));
                }
            }
        }
        let kinds = Kind::all(workplace, self.chunk);
        let planned: Vec<&Complexes> = plan_of.iter().map(|plan| &plans[*plan].1).collect();
        let done = schedule(workplace, &kinds, &planned)?;
        let weeks = done
            .into_iter()
            .zip(&plan_of)
            .map(|(complexes, plan)| Week {
                complexes,
                planned: plans[*plan].1.clone(),
                available: plans[*plan].2.clone(),
            })
            .collect();
        Ok(Rotated::Schedule(Box::new(Schedule { weeks, kinds })))
    }

    fn check(&self, workplace: &Workplace) -> Result<(), Error> {
        if let Some(member) = workplace.members().iter().find(|member| member.count > 1) {
            return Err(Error::invalid(format!(
                "member \"{}\" stands for {} people: rotation needs an entry for each",
                member.id, member.count
            )));
        }
        let members = workplace.members().len();
        let named = self.leave.iter().map(|l| l.member).chain(self.exemptions.iter().map(|e| e.member));
        for member in named.map(MemberId::index) {
            if member >= members {
                return Err(Error::invalid(format!(
                    "leave or an exemption names member {member}, positions go from 0 to {}",
                    members - 1
                )));
            }
        }
        let tasks = workplace.tasks().len();
        match self.exemptions.iter().find(|e| e.task.index() >= tasks) {
            Some(exemption) => Err(Error::invalid(format!(
                "an exemption names task {}, positions go from 0 to {}",
                exemption.task.index(),
                tasks - 1
            ))),
            None => Ok(()),
        }
    }

    /// What is different in a week.
    fn absent(&self, week: u32) -> Absence<'_> {
        (
            self.leave.iter().filter(|leave| leave.weeks.contains(&week)).collect(),
            self.exemptions.iter().filter(|exemption| exemption.weeks.contains(&week)).collect(),
        )
    }

    /// The workplace as it is in a week.
    fn present(&self, workplace: &Workplace, week: u32) -> Result<Workplace, Error> {
        let (leave, exemptions) = self.absent(week);
        let mut members = workplace.members().to_vec();
        for leave in leave {
            members[leave.member.index()].available = leave.available;
        }
        let exempt: BTreeSet<(MemberId, TaskId)> = exemptions.iter().map(|e| (e.member, e.task)).collect();
        let ids = || (0..members.len()).map(MemberId::new);
        let lists = ids()
            .map(|m| {
                workplace.allowed(m).iter().copied().filter(|task| !exempt.contains(&(m, *task))).collect()
            })
            .collect();
        let (mut own, mut pins) = (Vec::new(), Vec::new());
        for m in ids() {
            for (j, task) in workplace.tasks().iter().enumerate() {
                let j = TaskId::new(j);
                if let Some(rating) = workplace.own_desirability(m, j).filter(|r| *r != task.desirability) {
                    own.push((m, j, rating));
                }
            }
            pins.extend(workplace.pinned(m).iter().map(|pin| (m, pin.task, pin.time)));
        }
        Workplace::new(workplace.tasks().to_vec(), members, Eligibility::ByMember(lists))?
            .with_own_desirability(&own)?
            .with_pinned(&pins)
    }
}

/// What is different in a week: leave, and exemptions.
type Absence<'a> = (Vec<&'a Leave>, Vec<&'a Exemption>);

/// The answer of [`Rotation::schedule`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rotated {
    /// A schedule.
    Schedule(Box<Schedule>),
    /// The work of a week cannot be done by those who are there.
    Infeasible(Box<Impossible>),
}

/// A week whose work cannot be done by those who are there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Impossible {
    /// The first such week.
    pub week: u32,
    /// The workplace as it is then; what the reasons refer to.
    pub present: Workplace,
    /// Why not.
    pub reasons: Infeasible,
}

impl Rotated {
    /// The schedule, if there is one.
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        match self {
            Rotated::Schedule(schedule) => Some(schedule),
            Rotated::Infeasible(_) => None,
        }
    }

    /// The week that cannot be done, if there is one.
    #[must_use]
    pub fn infeasible(&self) -> Option<&Impossible> {
        match self {
            Rotated::Schedule(_) => None,
            Rotated::Infeasible(impossible) => Some(impossible),
        }
    }
}
