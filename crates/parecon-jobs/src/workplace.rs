//! A validated workplace: tasks, members, and who can do what.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::model::PerDimension;
use crate::quota::apportion;
use crate::{Dimension, Error, Member, MemberId, Minutes, Task, TaskId};

/// The version of the serialised form of a workplace.
const VERSION: u32 = 1;

/// Who can do which task, by position.
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

/// A workplace in plain data, as it is serialised.
///
/// ```
/// use parecon_jobs::{EligibilityData, Member, Minutes, Task, Workplace, WorkplaceData};
/// let json = r#"{
///   "version": 1,
///   "tasks": [{"id": "cook", "time": 600, "empowerment": 9, "desirability": 6},
///             {"id": "plan", "name": "Plan the week", "time": 600, "empowerment": 17, "desirability": 14}],
///   "members": [{"id": "ann", "available": 2100}, {"id": "bo", "available": 1050, "count": 2}],
///   "eligibility": {"by_member": {"ann": ["cook"], "bo": ["cook", "plan"]}}
/// }"#;
/// let workplace: Workplace = serde_json::from_str(json)?;
/// assert_eq!(workplace.fair_quotas(), [Minutes::new(600), Minutes::new(600)]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkplaceData {
    /// The version of this form; 1.
    pub version: u32,
    /// The tasks; their order gives them their [`TaskId`].
    pub tasks: Vec<Task>,
    /// The members; their order gives them their [`MemberId`].
    pub members: Vec<Member>,
    /// Who can do what.
    #[serde(default = "everyone")]
    pub eligibility: EligibilityData,
}

/// Who can do which task, by the ids of members and tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EligibilityData {
    /// Every member can do every task.
    Everyone,
    /// Member id → ids of the tasks that member can do; a member left out can do none.
    ByMember(BTreeMap<String, Vec<String>>),
}

fn everyone() -> EligibilityData {
    EligibilityData::Everyone
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
    /// The distinct lists of eligible tasks, each ascending.
    sets: Vec<Vec<TaskId>>,
    /// Which of `sets` is a member's.
    set_of: Vec<usize>,
    total_time: Minutes,
    total_available: Minutes,
    averages: PerDimension<f64>,
}

impl Workplace {
    /// Checks and builds a workplace.
    ///
    /// # Errors
    /// If there are no tasks or no members; if an id is empty or used twice; if a rating is not a number from 1 to
    /// 20; if a count is 0; if no task takes any time; if the total time of the tasks or of the members exceeds
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
        if let Some(member) = members.iter().find(|m| m.count == 0) {
            return Err(Error::invalid(format!("member \"{}\": count is 0, must be at least 1", member.id)));
        }
        let too_long =
            |what: &str| Error::invalid(format!("total time of the {what} exceeds {}", Minutes::MAX));
        let total_time =
            Minutes::total(tasks.iter().map(|t| Some(t.time))).ok_or_else(|| too_long("tasks"))?;
        let total_available =
            Minutes::total(members.iter().map(Member::total_available)).ok_or_else(|| too_long("members"))?;
        if total_time == Minutes::ZERO {
            return Err(Error::invalid("no task takes any time: the social average is undefined"));
        }
        let averages = Dimension::ALL.map(|dimension| {
            let weighted: f64 = tasks.iter().map(|t| t.rating(dimension) * t.time.get() as f64).sum();
            weighted / total_time.get() as f64
        });
        let (sets, set_of) = share_lists(tasks.len(), members.len(), eligibility)?;
        Ok(Workplace { tasks, members, sets, set_of, total_time, total_available, averages })
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
        self.set_of.get(member.index()).and_then(|set| self.sets.get(*set)).map_or(&[], Vec::as_slice)
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

    /// The social average of a dimension, 1–20: the rating of all work together, each task weighted by its time.
    #[must_use]
    pub fn average(&self, dimension: Dimension) -> f64 {
        let index = Dimension::ALL.iter().position(|d| *d == dimension);
        index.map_or(f64::NAN, |i| self.averages[i])
    }

    pub(crate) fn averages(&self) -> PerDimension<f64> {
        self.averages
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
        (&self.sets, &self.set_of)
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

/// Sorts and shares the lists of eligible tasks.
fn share_lists(
    tasks: usize,
    members: usize,
    eligibility: Eligibility,
) -> Result<(Vec<Vec<TaskId>>, Vec<usize>), Error> {
    let lists = match eligibility {
        Eligibility::Everyone => {
            return Ok((vec![(0..tasks).map(TaskId::new).collect()], vec![0; members]));
        }
        Eligibility::ByMember(lists) => {
            if lists.len() != members {
                return Err(Error::invalid(format!(
                    "eligibility lists tasks for {} members, must be one list for each of {members}",
                    lists.len()
                )));
            }
            lists
        }
        Eligibility::Pairs(pairs) => {
            let mut lists = vec![Vec::new(); members];
            for (member, task) in pairs {
                let Some(list) = lists.get_mut(member.index()) else {
                    return Err(Error::invalid(format!(
                        "eligibility names member {}, positions go from 0 to {}",
                        member.index(),
                        members - 1
                    )));
                };
                list.push(task);
            }
            lists
        }
    };
    let mut known: HashMap<Vec<TaskId>, usize> = HashMap::new();
    let mut sets = Vec::new();
    let mut set_of = Vec::with_capacity(members);
    for mut list in lists {
        list.sort_unstable();
        list.dedup();
        if let Some(task) = list.last().filter(|t| t.index() >= tasks) {
            return Err(Error::invalid(format!(
                "eligibility names task {}, positions go from 0 to {}",
                task.index(),
                tasks - 1
            )));
        }
        let set = match known.get(&list) {
            Some(set) => *set,
            None => {
                known.insert(list.clone(), sets.len());
                sets.push(list);
                sets.len() - 1
            }
        };
        set_of.push(set);
    }
    Ok((sets, set_of))
}

impl WorkplaceData {
    /// Plain data of the current version.
    #[must_use]
    pub fn new(tasks: Vec<Task>, members: Vec<Member>, eligibility: EligibilityData) -> Self {
        WorkplaceData { version: VERSION, tasks, members, eligibility }
    }
}

impl TryFrom<WorkplaceData> for Workplace {
    type Error = Error;

    fn try_from(data: WorkplaceData) -> Result<Self, Error> {
        if data.version != VERSION {
            return Err(Error::invalid(format!(
                "workplace has version {}, this release reads {VERSION}",
                data.version
            )));
        }
        let eligibility = match data.eligibility {
            EligibilityData::Everyone => Eligibility::Everyone,
            EligibilityData::ByMember(lists) => {
                let task_at = positions(data.tasks.iter().map(|t| t.id.as_str()));
                let member_at = positions(data.members.iter().map(|m| m.id.as_str()));
                let mut pairs = Vec::new();
                for (member, tasks) in &lists {
                    let Some(m) = member_at.get(member.as_str()) else {
                        return Err(Error::invalid(format!(
                            "eligibility: no member has the id \"{member}\""
                        )));
                    };
                    for task in tasks {
                        let Some(t) = task_at.get(task.as_str()) else {
                            return Err(Error::invalid(format!(
                                "eligibility of member \"{member}\": no task has the id \"{task}\""
                            )));
                        };
                        pairs.push((MemberId::new(*m), TaskId::new(*t)));
                    }
                }
                Eligibility::Pairs(pairs)
            }
        };
        Workplace::new(data.tasks, data.members, eligibility)
    }
}

pub(crate) fn positions<'a>(ids: impl Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    ids.enumerate().map(|(position, id)| (id, position)).collect()
}

impl From<Workplace> for WorkplaceData {
    fn from(workplace: Workplace) -> Self {
        let everyone = workplace.sets.iter().all(|set| set.len() == workplace.tasks.len());
        let eligibility = if everyone {
            EligibilityData::Everyone
        } else {
            let of = |set: &usize| workplace.sets[*set].iter().map(|t| workplace.tasks[t.index()].id.clone());
            EligibilityData::ByMember(
                workplace
                    .members
                    .iter()
                    .zip(&workplace.set_of)
                    .map(|(member, set)| (member.id.clone(), of(set).collect()))
                    .collect(),
            )
        };
        WorkplaceData::new(workplace.tasks, workplace.members, eligibility)
    }
}
