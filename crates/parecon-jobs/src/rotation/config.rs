//! How many weeks, and who is away when.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::blocks::team_of;
use crate::workplace::{no_such_member, no_such_task};
use crate::{Error, MemberId, Minutes, TaskId, Workplace};

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
/// use parecon_jobs::rotation::Config;
/// use parecon_jobs::{MemberId, Minutes};
/// let rotation = Config::new(12).with_chunk(Minutes::new(120)).with_leave(MemberId::new(0), 3..5, Minutes::ZERO);
/// assert!(rotation.validate().is_ok());
/// assert!(Config::new(0).validate().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    pub(super) weeks: u32,
    pub(super) chunk: Minutes,
    leave: Vec<Leave>,
    exemptions: Vec<Exemption>,
    pub(super) balance: crate::Config,
}

impl Config {
    /// So many weeks, everybody being there; blocks of an hour or longer.
    #[must_use]
    pub fn new(weeks: u32) -> Self {
        Config {
            weeks,
            chunk: Minutes::new(60),
            leave: Vec::new(),
            exemptions: Vec::new(),
            balance: crate::Config::default(),
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
    pub fn with_balance(mut self, balance: crate::Config) -> Self {
        self.balance = balance;
        self
    }

    /// Checks the options; [`schedule`](super::schedule) does so too, and that members and tasks exist.
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
    /// use parecon_jobs::rotation::Config;
    /// use parecon_jobs::{MemberId, Minutes};
    /// let error = Config::new(4).with_leave(MemberId::new(2), 3..6, Minutes::ZERO).validate().unwrap_err();
    /// assert_eq!(error.to_string(), "leave of member 2 is for weeks 3..6, must be within 0..4 and not empty");
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        self.balance.validate()?;
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

    pub(super) fn check(&self, workplace: &Workplace) -> Result<(), Error> {
        if let Some(member) = workplace.members().iter().find(|member| member.count > 1) {
            return Err(Error::invalid(format!(
                "member \"{}\" stands for {} people: rotation needs an entry for each, as with_people_apart makes",
                member.id, member.count
            )));
        }
        let members = workplace.members().len();
        let mut named = self.leave.iter().map(|l| l.member).chain(self.exemptions.iter().map(|e| e.member));
        if let Some(member) = named.find(|member| member.index() >= members) {
            return Err(no_such_member("leave or an exemption", member, members));
        }
        if let Some(task) =
            workplace.tasks().iter().find(|task| !task.time.get().is_multiple_of(team_of(task)))
        {
            return Err(Error::invalid(format!(
                "task \"{}\" takes {}, must be a multiple of its team of {} to be done in whole blocks",
                task.id,
                task.time,
                team_of(task)
            )));
        }
        let tasks = workplace.tasks().len();
        match self.exemptions.iter().find(|e| e.task.index() >= tasks) {
            Some(exemption) => Err(no_such_task("an exemption", exemption.task, tasks)),
            None => Ok(()),
        }
    }

    /// What is different in a week.
    pub(super) fn absent(&self, week: u32) -> Absence<'_> {
        (
            self.leave.iter().filter(|leave| leave.weeks.contains(&week)).collect(),
            self.exemptions.iter().filter(|exemption| exemption.weeks.contains(&week)).collect(),
        )
    }
}

/// The workplace as it is with some absent.
pub(super) fn present(workplace: &Workplace, (leave, exemptions): &Absence<'_>) -> Result<Workplace, Error> {
    let mut members = workplace.members().to_vec();
    for leave in leave {
        members[leave.member.index()].available = leave.available;
    }
    let exempt: BTreeSet<(MemberId, TaskId)> = exemptions.iter().map(|e| (e.member, e.task)).collect();
    workplace.rebuilt(workplace.tasks().to_vec(), members, |m, task| !exempt.contains(&(m, task)))
}

/// What is different in a week: leave, and exemptions.
pub(super) type Absence<'a> = (Vec<&'a Leave>, Vec<&'a Exemption>);
