//! Whether complexes observe the rules, in integers and independent of how they were found.

use serde::{Deserialize, Serialize};

use super::rules::{Pieces, Rules, Terms, check_persons};
use crate::{Complexes, Error, MemberId, Minutes, TaskId, Workplace};

/// A rule that complexes break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Violation {
    /// There are complexes for another number of members.
    Members {
        /// For how many there are complexes.
        found: usize,
        /// How many members the workplace has.
        expected: usize,
    },
    /// A member does a task that does not exist.
    UnknownTask {
        /// Who.
        member: MemberId,
        /// Which.
        task: TaskId,
    },
    /// A member does a task without being able to.
    Ineligible {
        /// Who.
        member: MemberId,
        /// Which.
        task: TaskId,
    },
    /// A task is done for longer or less long than it takes.
    TaskTime {
        /// Which.
        task: TaskId,
        /// For how long it is done.
        done: Minutes,
        /// How long it takes.
        time: Minutes,
    },
    /// A member works less or more than the quota and its slack allow.
    Load {
        /// Who.
        member: MemberId,
        /// How long the member works.
        time: Minutes,
        /// The least allowed.
        least: Minutes,
        /// The most allowed.
        most: Minutes,
    },
    /// A share is not a piece: smaller than the chunk, or not whole chunks with or without the task's remainder.
    Piece {
        /// Whose.
        member: MemberId,
        /// Of which task.
        task: TaskId,
        /// The share.
        time: Minutes,
        /// The piece.
        piece: Minutes,
    },
    /// More than one member has a remainder of a task.
    Remainders {
        /// Of which task.
        task: TaskId,
        /// Who.
        members: Vec<MemberId>,
    },
    /// A member does too many distinct tasks.
    Tasks {
        /// Who.
        member: MemberId,
        /// How many.
        tasks: usize,
        /// The cap.
        most: u32,
    },
    /// Fewer do a task than have to do it together.
    Team {
        /// Which.
        task: TaskId,
        /// How many do it.
        members: usize,
        /// How many have to.
        team: u32,
    },
    /// A member does more of a task than there is to do while the whole team is there.
    TeamShare {
        /// Who.
        member: MemberId,
        /// Of which task.
        task: TaskId,
        /// How long.
        time: Minutes,
        /// The most allowed.
        most: Minutes,
    },
    /// A member does less of a task than is pinned.
    Pinned {
        /// Who.
        member: MemberId,
        /// Of which task.
        task: TaskId,
        /// How long.
        time: Minutes,
        /// How much is pinned.
        pinned: Minutes,
    },
}

impl Violation {
    /// The violation in words.
    ///
    /// ```
    /// use parecon_jobs::chunks::Violation;
    /// use parecon_jobs::{Eligibility, Member, MemberId, Minutes, Task, TaskId, Workplace};
    /// let workplace = Workplace::new(
    ///     vec![Task::new("cook", Minutes::new(480), 9.0, 6.0)],
    ///     vec![Member::new("ann", Minutes::new(480))],
    ///     Eligibility::Everyone,
    /// )?;
    /// let (member, task) = (MemberId::new(0), TaskId::new(0));
    /// let violation = Violation::Piece { member, task, time: Minutes::new(45), piece: Minutes::new(60) };
    /// assert_eq!(violation.describe(&workplace), "ann does 45 min of cook, which comes in pieces of 1 h");
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    #[must_use]
    pub fn describe(&self, workplace: &Workplace) -> String {
        let who = |m: &MemberId| workplace.member(*m).map_or("someone unknown", |member| member.label());
        let what = |t: &TaskId| workplace.task(*t).map_or("an unknown task", |task| task.label());
        match self {
            Violation::Members { found, expected } => {
                format!("complexes for {found} members, the workplace has {expected}")
            }
            Violation::UnknownTask { member, task } => {
                format!("{} does task {}, which does not exist", who(member), task.index())
            }
            Violation::Ineligible { member, task } => {
                format!("{} does {} without being eligible", who(member), what(task))
            }
            Violation::TaskTime { task, done, time } => {
                format!("{} is done for {done}, it takes {time}", what(task))
            }
            Violation::Load { member, time, least, most } => {
                format!("{} works {time}, must be from {least} to {most}", who(member))
            }
            Violation::Piece { member, task, time, piece } => {
                format!("{} does {time} of {}, which comes in pieces of {piece}", who(member), what(task))
            }
            Violation::Remainders { task, members } => {
                format!("{} members have a remainder of {}, must be one", members.len(), what(task))
            }
            Violation::Tasks { member, tasks, most } => {
                format!("{} does {tasks} distinct tasks, must be at most {most}", who(member))
            }
            Violation::Team { task, members, team } => {
                format!("{} is done by {members}, must be by {team} or more", what(task))
            }
            Violation::TeamShare { member, task, time, most } => {
                format!("{} does {time} of {}, must be at most {most}", who(member), what(task))
            }
            Violation::Pinned { member, task, time, pinned } => {
                format!("{} does {time} of {}, {pinned} are pinned", who(member), what(task))
            }
        }
    }
}

/// Every rule that complexes break: hours, eligibility, pins, pieces, the cap on distinct tasks, teams.
///
/// With c the piece of a task (its chunk, or less where the task is too short for as many as do it together:
/// `c = min(chunk, ⌊h / k⌋)`), h its time and k its team (1 if not given), a share x is allowed if
/// ```text
/// AtLeast:    x = 0, or x ≥ c;                                                       x ≤ ⌈h / k⌉
/// Multiples:  x = n c, or x = n c + (h mod c) for one member;                        x ≤ ⌈⌈h / c⌉ / k⌉ c
/// ```
/// k or more members must take part, and the working time of a member be within the
/// [slack](Rules::quota_slack) of the fair quota.
///
/// # Errors
/// If the rules are [invalid](Rules::validate), or an entry stands for more than one person.
///
/// # Complexity
/// O(members + tasks + shares · log(tasks)).
///
/// # Example
/// ```
/// use parecon_jobs::chunks::{Rules, Violation, violations};
/// use parecon_jobs::{Complexes, Eligibility, Member, MemberId, Minutes, Share, Task, TaskId, Workplace};
/// let day = Minutes::new(480);
/// let workplace = Workplace::new(
///     vec![Task::new("cook", day, 9.0, 6.0).with_chunk(Minutes::new(120)), Task::new("plan", day, 17.0, 14.0)],
///     vec![Member::new("ann", day), Member::new("bo", day)],
///     Eligibility::Everyone,
/// )?;
/// let share = |task, minutes| Share { task: TaskId::new(task), time: Minutes::new(minutes) };
/// let complexes = Complexes::new(vec![
///     vec![share(0, 470), share(1, 10)],
///     vec![share(0, 10), share(1, 470)],
/// ])?;
/// let broken = violations(&workplace, &Rules::default(), &complexes)?;
/// let (member, task) = (MemberId::new(1), TaskId::new(0));
/// assert_eq!(broken, [Violation::Piece { member, task, time: Minutes::new(10), piece: Minutes::new(120) }]);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn violations(
    workplace: &Workplace,
    rules: &Rules,
    complexes: &Complexes,
) -> Result<Vec<Violation>, Error> {
    rules.validate()?;
    check_persons(workplace)?;
    let terms = Terms::new(workplace, rules);
    let mut found = Vec::new();
    if complexes.len() != workplace.members().len() {
        found.push(Violation::Members { found: complexes.len(), expected: workplace.members().len() });
        return Ok(found);
    }
    let mut done = vec![0u64; workplace.tasks().len()];
    let mut hands = vec![0usize; workplace.tasks().len()];
    let mut remainders = vec![Vec::new(); workplace.tasks().len()];
    for (member, shares) in complexes.iter() {
        for share in shares {
            let (task, time) = (share.task, share.time.get());
            let t = task.index();
            let Some(whole) = workplace.task(task) else {
                found.push(Violation::UnknownTask { member, task });
                continue;
            };
            done[t] += time;
            hands[t] += 1;
            if !workplace.is_eligible(member, task) {
                found.push(Violation::Ineligible { member, task });
            }
            let (piece, rest) = (terms.piece[t], time % terms.piece[t]);
            let fits = match rules.pieces() {
                Pieces::AtLeast => time >= piece,
                Pieces::Multiples => rest == 0 || rest == whole.time.get() % piece,
            };
            if !fits {
                found.push(Violation::Piece { member, task, time: share.time, piece: Minutes::new(piece) });
            } else if rules.pieces() == Pieces::Multiples && rest > 0 {
                remainders[t].push(member);
            }
            if time > terms.most[t] {
                let most = Minutes::new(terms.most[t]);
                found.push(Violation::TeamShare { member, task, time: share.time, most });
            }
        }
        for pin in workplace.pinned(member) {
            let time =
                shares.iter().find(|share| share.task == pin.task).map_or(Minutes::ZERO, |share| share.time);
            if time < pin.time {
                found.push(Violation::Pinned { member, task: pin.task, time, pinned: pin.time });
            }
        }
        if let Some(most) = rules.most_tasks().filter(|most| shares.len() > *most as usize) {
            found.push(Violation::Tasks { member, tasks: shares.len(), most });
        }
        let (time, (least, most)) = (complexes.time_of(member), terms.load[member.index()]);
        if !(least..=most).contains(&time.get()) {
            let (least, most) = (Minutes::new(least), Minutes::new(most));
            found.push(Violation::Load { member, time, least, most });
        }
    }
    for (t, task) in workplace.tasks().iter().enumerate() {
        let id = TaskId::new(t);
        if done[t] != task.time.get() {
            found.push(Violation::TaskTime { task: id, done: Minutes::new(done[t]), time: task.time });
        }
        if remainders[t].len() > 1 {
            found.push(Violation::Remainders { task: id, members: std::mem::take(&mut remainders[t]) });
        }
        if (hands[t] as u64) < terms.team[t] {
            found.push(Violation::Team { task: id, members: hands[t], team: task.team.unwrap_or(1) });
        }
    }
    Ok(found)
}
