//! The serialised form of a workplace.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::lists::Lists;
use super::{Eligibility, Workplace};
use crate::table::Row;
use crate::{Error, Member, MemberId, Minutes, Task, TaskId};

/// The version of the serialised form of a workplace. Version 1 had no own ratings and no pinned work.
const VERSION: u32 = 2;

/// A workplace in plain data, as it is serialised.
///
/// ```
/// use parecon_jobs::{EligibilityData, Member, Minutes, Task, Workplace, WorkplaceData};
/// let json = r#"{
///   "version": 2,
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
    /// The version of this form; 2. Version 1, which lacks the optional fields, is read as well.
    pub version: u32,
    /// The tasks; their order gives them their [`TaskId`].
    pub tasks: Vec<Task>,
    /// The members; their order gives them their [`MemberId`].
    pub members: Vec<Member>,
    /// Who can do what.
    #[serde(default = "everyone")]
    pub eligibility: EligibilityData,
    /// Member id → task id → how desirable the member finds the task, 1–20.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub own_desirability: BTreeMap<String, BTreeMap<String, f64>>,
    /// Member id → task id → how much of the task stays with the member.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pinned: BTreeMap<String, BTreeMap<String, Minutes>>,
}

/// Who may do which task, by the ids of members and tasks.
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

impl WorkplaceData {
    /// Plain data of the current version.
    #[must_use]
    pub fn new(tasks: Vec<Task>, members: Vec<Member>, eligibility: EligibilityData) -> Self {
        WorkplaceData {
            version: VERSION,
            tasks,
            members,
            eligibility,
            own_desirability: BTreeMap::new(),
            pinned: BTreeMap::new(),
        }
    }
}

impl TryFrom<WorkplaceData> for Workplace {
    type Error = Error;

    fn try_from(data: WorkplaceData) -> Result<Self, Error> {
        if !(1..=VERSION).contains(&data.version) {
            return Err(Error::invalid(format!(
                "workplace has version {}, this release reads 1 to {VERSION}",
                data.version
            )));
        }
        let (own, pins, eligibility) = {
            let ids = Ids::new(&data.tasks, &data.members);
            let eligibility = match &data.eligibility {
                EligibilityData::Everyone => Eligibility::Everyone,
                EligibilityData::ByMember(lists) => {
                    let lists = lists.iter().map(|(id, list)| (id, list.iter().map(|task| (task, ()))));
                    let pairs = ids.pairs("eligibility", lists)?;
                    Eligibility::Pairs(pairs.into_iter().map(|(member, task, ())| (member, task)).collect())
                }
            };
            let own = data.own_desirability.iter().map(|(id, list)| (id, list.iter().map(|(t, r)| (t, *r))));
            let pins = data.pinned.iter().map(|(id, list)| (id, list.iter().map(|(t, time)| (t, *time))));
            (ids.pairs("own desirability", own)?, ids.pairs("pinned work", pins)?, eligibility)
        };
        Workplace::new(data.tasks, data.members, eligibility)?.with_own_desirability(&own)?.with_pinned(&pins)
    }
}

/// Positions by id.
pub(crate) struct Ids<'a> {
    tasks: HashMap<&'a str, usize>,
    members: HashMap<&'a str, usize>,
}

impl<'a> Ids<'a> {
    pub(crate) fn new(tasks: &'a [Task], members: &'a [Member]) -> Self {
        Ids {
            tasks: tasks.iter().enumerate().map(|(at, task)| (task.id.as_str(), at)).collect(),
            members: members.iter().enumerate().map(|(at, member)| (member.id.as_str(), at)).collect(),
        }
    }

    pub(crate) fn task(&self, id: &str) -> Result<TaskId, String> {
        self.tasks.get(id).map(|at| TaskId::new(*at)).ok_or_else(|| format!("no task has the id \"{id}\""))
    }

    pub(crate) fn member(&self, id: &str) -> Result<MemberId, String> {
        self.members
            .get(id)
            .map(|at| MemberId::new(*at))
            .ok_or_else(|| format!("no member has the id \"{id}\""))
    }

    /// Which task a cell names.
    pub(crate) fn task_in(&self, row: &Row<'_>, column: &str) -> Result<TaskId, Error> {
        self.task(row.key(column)?).map_err(|e| row.error(column, e))
    }

    /// Whom a cell names.
    pub(crate) fn member_in(&self, row: &Row<'_>, column: &str) -> Result<MemberId, Error> {
        self.member(row.key(column)?).map_err(|e| row.error(column, e))
    }

    fn pairs<'b, T: Copy + 'b>(
        &self,
        what: &str,
        lists: impl IntoIterator<Item = (&'b String, impl IntoIterator<Item = (&'b String, T)>)>,
    ) -> Result<Vec<(MemberId, TaskId, T)>, Error> {
        let mut pairs = Vec::new();
        for (member, tasks) in lists {
            let m = self.member(member).map_err(|e| Error::invalid(format!("{what}: {e}")))?;
            for (task, value) in tasks {
                let t = self
                    .task(task)
                    .map_err(|e| Error::invalid(format!("{what} of member \"{member}\": {e}")))?;
                pairs.push((m, t, value));
            }
        }
        Ok(pairs)
    }
}

impl From<Workplace> for WorkplaceData {
    fn from(workplace: Workplace) -> Self {
        let task = |id: TaskId| workplace.tasks[id.index()].id.clone();
        let member = |at: usize| workplace.members[at].id.clone();
        let Lists { sets, set_of } = &*workplace.allowed;
        let eligibility = if sets.iter().all(|set| set.len() == workplace.tasks.len()) {
            EligibilityData::Everyone
        } else {
            let list = |set: &usize| sets[*set].iter().map(|t| task(*t)).collect();
            EligibilityData::ByMember(
                set_of.iter().enumerate().map(|(m, set)| (member(m), list(set))).collect(),
            )
        };
        let own = workplace.own_desirability.iter().enumerate().filter(|(_, list)| !list.is_empty());
        let own =
            own.map(|(m, list)| (member(m), list.iter().map(|(t, r)| (task(*t), *r)).collect())).collect();
        let pinned = workplace.pinned.iter().enumerate().filter(|(_, list)| !list.is_empty());
        let pinned = pinned
            .map(|(m, list)| (member(m), list.iter().map(|s| (task(s.task), s.time)).collect()))
            .collect();
        WorkplaceData {
            own_desirability: own,
            pinned,
            ..WorkplaceData::new(workplace.tasks, workplace.members, eligibility)
        }
    }
}
