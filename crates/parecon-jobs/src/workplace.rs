//! A validated workplace: tasks, members, and who can do what.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{NAMED, PerDimension};
use crate::quota::apportion;
use crate::{Dimension, Error, Member, MemberId, Minutes, Share, Task, TaskId};

mod apart;
mod data;
mod lists;
mod personal;

pub(crate) use data::Ids;
pub use data::{EligibilityData, WorkplaceData};
use lists::{Lists, share_lists, with_skills};
pub(crate) use lists::{no_such_member, no_such_task};

/// Who may do which task, by position; a task's [skill](Task::skill), if it needs one, limits that further to members
/// who [have](Member::skills) it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Eligibility {
    /// Every member can do every task.
    Everyone,
    /// These pairs and no others; naming a pair twice changes nothing.
    Pairs(Vec<(MemberId, TaskId)>),
    /// The tasks each member can do, one list per member in the order of the members.
    ByMember(Vec<Vec<TaskId>>),
}

/// Tasks that must be done, the members who share them, and who can do what.
///
/// Immutable and always valid. Members with the same eligible tasks share one list, so that a million members of
/// a few kinds cost a few lists.
///
/// The social average of a dimension is `ē = Σ_j e_j h_j / Σ_j h_j` over the tasks j with times `h_j`. It does not
/// depend on who does what, which is why balancing is a linear problem.
///
/// # Example
/// ```
/// use parecon_jobs::{Dimension, Eligibility, Member, Minutes, Task, Workplace};
/// let workplace = Workplace::new(
///     vec![
///         Task::new("cook", Minutes::from_hours(30.0)?, 9.0, 6.0),
///         Task::new("plan", Minutes::from_hours(10.0)?, 17.0, 14.0),
///     ],
///     vec![Member::new("ann", Minutes::from_hours(20.0)?), Member::new("bo", Minutes::from_hours(40.0)?)],
///     Eligibility::Everyone,
/// )?;
/// assert_eq!(workplace.average(Dimension::Empowerment), 11.0);
/// assert_eq!(workplace.fair_quotas(), [Minutes::new(800), Minutes::new(1600)]);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "WorkplaceData", into = "WorkplaceData")]
pub struct Workplace {
    tasks: Vec<Task>,
    members: Vec<Member>,
    /// Names of the dimensions.
    dimensions: PerDimension<String>,
    /// What members may do, whatever their skills.
    allowed: Arc<Lists>,
    /// What they can do.
    eligible: Arc<Lists>,
    total_time: Minutes,
    total_available: Minutes,
    averages: PerDimension<f64>,
    /// Own ratings of each member, ascending by task; no lists at all if nobody has any.
    own_desirability: Vec<Vec<(TaskId, f64)>>,
    /// What stays with each member, ascending by task; no lists at all if nothing does.
    pinned: Vec<Vec<Share>>,
}

impl Workplace {
    /// Checks and builds a workplace.
    ///
    /// # Errors
    /// If there are no tasks or no members; if an id is empty or used twice; if a rating is not a number from 1 to
    /// 20; if tasks are rated in different further dimensions; if a count, chunk or team is 0; if no task takes any time; if the total time of the tasks or of the members exceeds
    /// [`Minutes::MAX`]; if eligibility names a position that does not exist or lists tasks for another number of
    /// members.
    ///
    /// That the tasks take more time than the members have, or that nobody can do a task, is not an error: it is
    /// what [`balance`](crate::balance()) answers.
    ///
    /// # Complexity
    /// O(tasks + members + eligible pairs · log(tasks)).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Eligibility, Member, Minutes, Task, Workplace};
    /// let members = vec![Member::new("ann", Minutes::new(480))];
    /// let tasks = vec![Task::new("cook", Minutes::new(480), 21.0, 6.0)];
    /// let error = Workplace::new(tasks, members, Eligibility::Everyone).unwrap_err();
    /// assert_eq!(error.to_string(), r#"task "cook": empowerment is 21, must be from 1 to 20"#);
    /// ```
    pub fn new(tasks: Vec<Task>, members: Vec<Member>, eligibility: Eligibility) -> Result<Self, Error> {
        check_ids("task", tasks.iter().map(|t| t.id.as_str()))?;
        check_ids("member", members.iter().map(|m| m.id.as_str()))?;
        for task in &tasks {
            task.check()?;
        }
        for member in &members {
            member.check()?;
        }
        let dimensions = dimensions(&tasks)?;
        let too_long =
            |what: &str| Error::invalid(format!("total time of the {what} exceeds {}", Minutes::MAX));
        let total_time =
            Minutes::total(tasks.iter().map(|t| Some(t.time))).ok_or_else(|| too_long("tasks"))?;
        let total_available =
            Minutes::total(members.iter().map(Member::total_available)).ok_or_else(|| too_long("members"))?;
        if total_time == Minutes::ZERO {
            return Err(Error::invalid("no task takes any time: the social average is undefined"));
        }
        let mut averages = vec![0.0; dimensions.len()];
        for task in &tasks {
            averages.iter_mut().zip(task.ratings()).for_each(|(sum, r)| *sum += r * task.time.get() as f64);
        }
        averages.iter_mut().for_each(|sum| *sum /= total_time.get() as f64);
        let allowed = Arc::new(share_lists(tasks.len(), members.len(), eligibility)?);
        let eligible = with_skills(&tasks, &members, &allowed);
        Ok(Workplace {
            tasks,
            members,
            dimensions,
            allowed,
            eligible,
            total_time,
            total_available,
            averages,
            own_desirability: Vec::new(),
            pinned: Vec::new(),
        })
    }

    /// The tasks, in the order of their [`TaskId`].
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The members, in the order of their [`MemberId`].
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The task at a position.
    #[must_use]
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.get(id.index())
    }

    /// The member at a position.
    #[must_use]
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(id.index())
    }

    /// The tasks a member can do, ascending; none for a position that does not exist.
    #[must_use]
    pub fn eligible(&self, member: MemberId) -> &[TaskId] {
        self.eligible.of(member)
    }

    /// The tasks a member could do with all skills there are, ascending.
    #[must_use]
    pub fn allowed(&self, member: MemberId) -> &[TaskId] {
        self.allowed.of(member)
    }

    /// Whether a member can do a task.
    #[must_use]
    pub fn is_eligible(&self, member: MemberId, task: TaskId) -> bool {
        self.eligible(member).binary_search(&task).is_ok()
    }

    /// The time all tasks take together.
    #[must_use]
    pub fn total_time(&self) -> Minutes {
        self.total_time
    }

    /// The time all members have together.
    #[must_use]
    pub fn total_available(&self) -> Minutes {
        self.total_available
    }

    /// The social average of a dimension, 1–20: the rating of all work together, each task weighted by its time. Not a
    /// number for a dimension the workplace does not have.
    #[must_use]
    pub fn average(&self, dimension: Dimension) -> f64 {
        self.averages.get(dimension.index()).copied().unwrap_or(f64::NAN)
    }

    /// The dimensions in which work is compared: empowerment, desirability, then the further ones by name.
    pub fn dimensions(&self) -> impl Iterator<Item = Dimension> + use<> {
        (0..self.dimensions.len()).map(Dimension::at)
    }

    /// What a dimension is called; empty for one the workplace does not have.
    #[must_use]
    pub fn dimension_name(&self, dimension: Dimension) -> &str {
        self.dimensions.get(dimension.index()).map_or("", String::as_str)
    }

    pub(crate) fn averages(&self) -> &[f64] {
        &self.averages
    }

    /// Each entry's fair share of the work: the time of all tasks, in proportion to available time.
    ///
    /// An entry's available time is that of one of its people times their number. The split is in whole minutes by
    /// largest remainder: quotas sum to [`total_time`](Self::total_time) exactly and none is a minute or more away
    /// from the exact share. No quota exceeds what its entry has, unless the tasks take more than all have together.
    #[must_use]
    pub fn fair_quotas(&self) -> Vec<Minutes> {
        let weights: Vec<u64> =
            self.members.iter().map(|m| m.total_available().map_or(0, Minutes::get)).collect();
        apportion(self.total_time.get(), &weights).into_iter().map(Minutes::new).collect()
    }

    /// The distinct lists of eligible tasks, and which is whose.
    pub(crate) fn eligibility_sets(&self) -> (&[Vec<TaskId>], &[usize]) {
        (&self.eligible.sets, &self.eligible.set_of)
    }
}

fn check_ids<'a>(what: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let mut seen = HashMap::new();
    for (position, id) in ids.enumerate() {
        if id.is_empty() {
            return Err(Error::invalid(format!("{what} number {}: id is empty", position + 1)));
        }
        if let Some(first) = seen.insert(id, position) {
            return Err(Error::invalid(format!(
                "{what} \"{id}\" is listed twice, as number {} and number {}",
                first + 1,
                position + 1
            )));
        }
    }
    if seen.is_empty() { Err(Error::invalid(format!("no {what}s: need at least one"))) } else { Ok(()) }
}

/// The names of the dimensions that all tasks are rated in.
fn dimensions(tasks: &[Task]) -> Result<Vec<String>, Error> {
    let Some(first) = tasks.first() else { return Ok(Vec::new()) };
    for task in tasks {
        for (more, less) in [(first, task), (task, first)] {
            if let Some(name) = more.further.keys().find(|name| !less.further.contains_key(*name)) {
                return Err(Error::invalid(format!(
                    "task \"{}\" is not rated in \"{name}\", as task \"{}\" is",
                    less.id, more.id
                )));
            }
        }
    }
    let named = (0..NAMED).map(|index| Dimension::at(index).to_string());
    Ok(named.chain(first.further.keys().cloned()).collect())
}
