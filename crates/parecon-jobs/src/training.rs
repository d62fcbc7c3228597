//! What training buys: which member, trained for which skill, brings the deviations down most, and the cheapest
//! programme that brings them below a target.
//!
//! The multipliers of a [`Certificate`](crate::Certificate) price every pair of member and task, also those that are not
//! eligible. Where a skill opens a task whose reduced cost is negative, training can help, and weak duality says by how
//! much at most; [`prices`] ranks trainings by that and solves again. [`programme`] chooses people and skills together.

mod model;
mod options;
mod programme;

use serde::{Deserialize, Serialize};

use crate::{Error, MemberId, Minutes, TaskId, Workplace};

pub use options::{Advice, Measure, Price, prices};
pub use programme::{Outcome, Programme, Trained, programme};

/// The tasks that one more skill would open to a member, of those that have time which is not pinned (`times`).
fn opened(workplace: &Workplace, times: &[Minutes], member: MemberId, skill: &str) -> Vec<TaskId> {
    let needs = |task: &&TaskId| {
        let skilled = workplace.task(**task).is_some_and(|t| t.skill.as_deref() == Some(skill));
        skilled && times[task.index()] > Minutes::ZERO
    };
    workplace.allowed(member).iter().filter(needs).copied().collect()
}
