//! Lists of tasks per member, like lists shared: a million members of a few kinds cost a few lists.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::{Eligibility, Error, Member, MemberId, Task, TaskId};

/// One list of tasks per member, like lists shared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Lists {
    /// The distinct lists, each ascending.
    pub(super) sets: Vec<Vec<TaskId>>,
    /// Which of `sets` is a member's.
    pub(super) set_of: Vec<usize>,
}

impl Lists {
    pub(super) fn of(&self, member: MemberId) -> &[TaskId] {
        self.set_of.get(member.index()).and_then(|set| self.sets.get(*set)).map_or(&[], Vec::as_slice)
    }
}

/// What members can do with the skills they have.
pub(super) fn with_skills(tasks: &[Task], members: &[Member], allowed: &Arc<Lists>) -> Arc<Lists> {
    if tasks.iter().all(|task| task.skill.is_none()) {
        return Arc::clone(allowed);
    }
    let mut known: HashMap<(usize, &BTreeSet<String>), usize> = HashMap::new();
    let mut shared = Shared::default();
    let set_of = members
        .iter()
        .zip(&allowed.set_of)
        .map(|(member, &set)| {
            *known.entry((set, &member.skills)).or_insert_with(|| {
                let can = |task: &&TaskId| {
                    tasks[task.index()].skill.as_ref().is_none_or(|skill| member.skills.contains(skill))
                };
                shared.position(allowed.sets[set].iter().filter(can).copied().collect())
            })
        })
        .collect();
    Arc::new(Lists { sets: shared.sets, set_of })
}

/// Distinct lists of tasks.
#[derive(Default)]
struct Shared {
    known: HashMap<Vec<TaskId>, usize>,
    sets: Vec<Vec<TaskId>>,
}

impl Shared {
    fn position(&mut self, list: Vec<TaskId>) -> usize {
        if let Some(set) = self.known.get(&list) {
            return *set;
        }
        self.sets.push(list.clone());
        self.known.insert(list, self.sets.len() - 1);
        self.sets.len() - 1
    }
}

/// Sorts and shares the lists of eligible tasks.
pub(super) fn share_lists(tasks: usize, members: usize, eligibility: Eligibility) -> Result<Lists, Error> {
    let lists = match eligibility {
        Eligibility::Everyone => {
            return Ok(Lists { sets: vec![(0..tasks).map(TaskId::new).collect()], set_of: vec![0; members] });
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
                    return Err(no_such_member("eligibility", member, members));
                };
                list.push(task);
            }
            lists
        }
    };
    let mut shared = Shared::default();
    let mut set_of = Vec::with_capacity(members);
    for mut list in lists {
        list.sort_unstable();
        list.dedup();
        if let Some(task) = list.last().filter(|t| t.index() >= tasks) {
            return Err(no_such_task("eligibility", *task, tasks));
        }
        set_of.push(shared.position(list));
    }
    Ok(Lists { sets: shared.sets, set_of })
}

pub(crate) fn no_such_task(what: &str, task: TaskId, tasks: usize) -> Error {
    Error::invalid(format!("{what} names task {}, positions go from 0 to {}", task.index(), tasks - 1))
}

pub(crate) fn no_such_member(what: &str, member: MemberId, members: usize) -> Error {
    Error::invalid(format!("{what} names member {}, positions go from 0 to {}", member.index(), members - 1))
}
