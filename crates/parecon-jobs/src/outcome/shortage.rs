//! Why no complexes meet hours and eligibility.

use serde::{Deserialize, Serialize};

use crate::{Error, MemberId, Minutes, TaskId, Workplace};

/// Why no complexes meet hours and eligibility.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Infeasible {
    /// Independent reasons, the largest shortage first; at least one.
    pub shortages: Vec<Shortage>,
}

/// One reason why no complexes exist. Each can be [verified](Self::verify) without trusting how it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Shortage {
    /// The tasks take more time than all members have together.
    Time {
        /// What the tasks take.
        work: Minutes,
        /// What the members have.
        available: Minutes,
    },
    /// The tasks take more time than the fair quotas of all who can do any of them (Hall's condition fails). Pinned
    /// work is taken off both.
    Skill {
        /// The tasks.
        tasks: Vec<TaskId>,
        /// Everyone who can do at least one of them; nobody if this is empty.
        members: Vec<MemberId>,
        /// What the tasks take.
        work: Minutes,
        /// The fair quotas of the members together, less than `work`.
        quota: Minutes,
    },
    /// The members' fair quotas exceed all the work they can do (the same condition, from the other side).
    Idle {
        /// The members.
        members: Vec<MemberId>,
        /// All tasks any of them can do; nothing if this is empty.
        tasks: Vec<TaskId>,
        /// The fair quotas of the members together.
        quota: Minutes,
        /// What the tasks take, less than `quota`.
        work: Minutes,
    },
}

impl Shortage {
    /// By how much time the condition is missed.
    #[must_use]
    pub fn missing(&self) -> Minutes {
        let (more, less) = match self {
            Shortage::Time { work, available } => (work, available),
            Shortage::Skill { work, quota, .. } => (work, quota),
            Shortage::Idle { work, quota, .. } => (quota, work),
        };
        Minutes::new(more.get().saturating_sub(less.get()))
    }

    /// Checks in integers that this shortage holds for a workplace, which proves that no complexes exist.
    ///
    /// # Errors
    /// A [violation](Error::is_violation) if it does not: wrong figures, someone eligible left out, or no shortage.
    ///
    /// # Complexity
    /// O(eligible pairs).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Eligibility, Member, Minutes, Shortage, Task, Workplace};
    /// let (work, available) = (Minutes::new(600), Minutes::new(480));
    /// let workplace = Workplace::new(
    ///     vec![Task::new("cook", work, 9.0, 6.0)],
    ///     vec![Member::new("ann", available)],
    ///     Eligibility::Everyone,
    /// )?;
    /// Shortage::Time { work, available }.verify(&workplace)?;
    /// let exaggerated = Shortage::Time { work: Minutes::new(900), available };
    /// assert!(exaggerated.verify(&workplace).unwrap_err().is_violation());
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn verify(&self, workplace: &Workplace) -> Result<(), Error> {
        if self.missing() == Minutes::ZERO {
            return Err(Error::violation("the shortage is of 0 min"));
        }
        let (times, quotas) = workplace.open();
        let (tasks, members, work, quota) = match self {
            Shortage::Time { work, available } => {
                let same = *work == workplace.total_time() && *available == workplace.total_available();
                return if same {
                    Ok(())
                } else {
                    Err(Error::violation(format!(
                        "the workplace does not have {work} of work and {available}"
                    )))
                };
            }
            Shortage::Skill { tasks, members, work, quota } => (tasks, members, work, quota),
            Shortage::Idle { tasks, members, work, quota } => (tasks, members, work, quota),
        };
        let (mut has_task, mut has_member) =
            (vec![false; workplace.tasks().len()], vec![false; workplace.members().len()]);
        let (mut work_sum, mut quota_sum) = (0, 0);
        for task in tasks {
            let (Some(mark), Some(known)) = (has_task.get_mut(task.index()), times.get(task.index())) else {
                return Err(Error::violation(format!("task {} does not exist", task.index())));
            };
            work_sum += if std::mem::replace(mark, true) { 0 } else { known.get() };
        }
        for member in members {
            let (Some(mark), Some(known)) = (has_member.get_mut(member.index()), quotas.get(member.index()))
            else {
                return Err(Error::violation(format!("member {} does not exist", member.index())));
            };
            quota_sum += if std::mem::replace(mark, true) { 0 } else { known.get() };
        }
        if (work_sum, quota_sum) != (work.get(), quota.get()) {
            return Err(Error::violation(format!(
                "the tasks take {} and the quotas are {}, not {work} and {quota}",
                Minutes::new(work_sum),
                Minutes::new(quota_sum)
            )));
        }
        let skill = matches!(self, Shortage::Skill { .. });
        for (m, member) in workplace.members().iter().enumerate() {
            // Skill: whoever can do one of the tasks must be counted. Idle: whatever one of the members can do must be.
            let escapes = workplace.eligible(MemberId::new(m)).iter().find(|task| {
                let inside = has_task[task.index()];
                if skill { inside && !has_member[m] } else { !inside && has_member[m] }
            });
            if let Some(task) = escapes.and_then(|task| workplace.task(*task)) {
                return Err(Error::violation(format!(
                    "member \"{}\" can do task \"{}\", which the shortage leaves out",
                    member.id, task.id
                )));
            }
        }
        Ok(())
    }

    /// The reason in words, with the names of tasks and members (the first few of many).
    ///
    /// ```
    /// use parecon_jobs::{balance, Config, Eligibility, Member, MemberId, Minutes, Task, TaskId, Workplace};
    /// let workplace = Workplace::new(
    ///     vec![Task::new("surgery", Minutes::new(120), 19.0, 9.0), Task::new("cleaning", Minutes::new(120), 2.0, 8.0)],
    ///     vec![Member::new("ann", Minutes::new(120)), Member::new("bo", Minutes::new(120))],
    ///     Eligibility::ByMember(vec![vec![TaskId::new(1)], vec![TaskId::new(1)]]),
    /// )?;
    /// let outcome = balance(&workplace, &Config::default(), &mut ())?;
    /// let shortage = &outcome.infeasible().expect("nobody can do surgery").shortages[0];
    /// assert_eq!(shortage.describe(&workplace), "nobody can do surgery, which takes 2 h");
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    #[must_use]
    pub fn describe(&self, workplace: &Workplace) -> String {
        let tasks = |ids: &[TaskId]| {
            list(ids.len(), "tasks", ids.iter().filter_map(|t| workplace.task(*t)).map(|t| t.label()))
        };
        let members = |ids: &[MemberId]| {
            list(ids.len(), "members", ids.iter().filter_map(|m| workplace.member(*m)).map(|m| m.label()))
        };
        match self {
            Shortage::Time { work, available } => {
                format!("the tasks take {work}, the members have {available}: {} short", self.missing())
            }
            Shortage::Skill { tasks: t, members: m, work, .. } if m.is_empty() => {
                format!(
                    "nobody can do {}, which {} {work}",
                    tasks(t),
                    if t.len() == 1 { "takes" } else { "take" }
                )
            }
            Shortage::Skill { tasks: t, members: m, work, quota } => format!(
                "only {} can do {}: {work} of work for fair quotas of {quota}, {} too much",
                members(m),
                tasks(t),
                self.missing()
            ),
            Shortage::Idle { tasks: t, members: m, quota, .. } if t.is_empty() => {
                format!("{} can do no task, for a fair quota of {quota}", members(m))
            }
            Shortage::Idle { tasks: t, members: m, work, quota } => format!(
                "{} can do only {}: {work} of work for fair quotas of {quota}, {} too little",
                members(m),
                tasks(t),
                self.missing()
            ),
        }
    }
}

/// How many names a sentence lists before it counts the rest.
const NAMES_LISTED: usize = 5;

fn list<'a>(len: usize, what: &str, names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.take(NAMES_LISTED).collect();
    if len > NAMES_LISTED {
        return format!("{} and {} other {what}", names.join(", "), len - NAMES_LISTED);
    }
    match names.pop() {
        Some(last) if names.is_empty() => last.to_owned(),
        Some(last) => format!("{} and {last}", names.join(", ")),
        None => format!("no {what}"),
    }
}
