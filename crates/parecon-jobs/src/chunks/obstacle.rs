//! What makes a division into pieces impossible; most of it is found before any search.

use serde::{Deserialize, Serialize};

use super::rules::{Pieces, Rules, Terms};
use crate::{Infeasible, MemberId, Minutes, TaskId, Workplace};

/// A reason why no division observes the rules. Each but the last is plain arithmetic on the
/// workplace and proves it alone.
///
/// There may be none and still no division: whether one exists is as hard as packing boxes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Obstacle {
    /// Not even by the minute can tasks be done and quotas be met.
    Hours(Infeasible),
    /// Nobody who can do the task may work as long as one piece of it takes.
    Piece {
        /// The task.
        task: TaskId,
        /// The piece.
        piece: Minutes,
        /// The longest that anyone who can do it may work.
        longest: Minutes,
    },
    /// Fewer can do a piece of the task than have to do it together.
    Team {
        /// The task.
        task: TaskId,
        /// How many have to.
        team: u32,
        /// Who can.
        able: Vec<MemberId>,
    },
    /// All who can do the task may do less of it than it takes.
    Reach {
        /// The task.
        task: TaskId,
        /// How long it takes.
        time: Minutes,
        /// The most they may do together.
        reach: Minutes,
    },
    /// More of a task is pinned to a member than one of its team may do.
    Pinned {
        /// The member.
        member: MemberId,
        /// The task.
        task: TaskId,
        /// How much is pinned.
        pinned: Minutes,
        /// The most one may do.
        most: Minutes,
    },
    /// As many tasks as the cap allows do not fill the member's quota, or more are pinned.
    Cap {
        /// The member.
        member: MemberId,
        /// The cap.
        most_tasks: u32,
        /// How many tasks are pinned.
        pinned: usize,
        /// The most that so many tasks fill.
        fills: Minutes,
        /// The least the member has to work.
        least: Minutes,
    },
    /// The tasks and their teams need more places than the cap leaves all members together.
    Places {
        /// Members times cap.
        places: u64,
        /// Members needed, summed over the tasks.
        needed: u64,
    },
    /// Branch and bound found none, in floating point; there is no short reason.
    Exhausted,
}

impl Obstacle {
    /// The reason in words.
    ///
    /// ```
    /// use parecon_jobs::chunks::{Config, Rules, divide};
    /// use parecon_jobs::{Eligibility, Member, Minutes, Task, Workplace};
    /// let day = Minutes::new(480);
    /// let workplace = Workplace::new(
    ///     vec![Task::new("carry the piano", day, 2.0, 4.0).with_team(3), Task::new("play it", day, 15.0, 18.0)],
    ///     vec![Member::new("ann", day), Member::new("bo", day)],
    ///     Eligibility::Everyone,
    /// )?;
    /// let answer = divide(&workplace, &Rules::default(), &Config::default(), &mut ())?;
    /// let obstacle = &answer.obstacles()[0];
    /// assert_eq!(obstacle.describe(&workplace), "carry the piano takes a team of 3, 2 can do it");
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    #[must_use]
    pub fn describe(&self, workplace: &Workplace) -> String {
        let who = |m: &MemberId| workplace.member(*m).map_or("someone unknown", |member| member.label());
        let what = |t: &TaskId| workplace.task(*t).map_or("an unknown task", |task| task.label());
        match self {
            Obstacle::Hours(reasons) => {
                let all: Vec<String> = reasons.shortages.iter().map(|s| s.describe(workplace)).collect();
                all.join("; ")
            }
            Obstacle::Piece { task, piece, longest } => format!(
                "{} comes in pieces of {piece}, nobody who can do it may work longer than {longest}",
                what(task)
            ),
            Obstacle::Team { task, team, able } => {
                format!("{} takes a team of {team}, {} can do it", what(task), able.len())
            }
            Obstacle::Reach { task, time, reach } => {
                format!("{} takes {time}, all who can do it may do {reach} together", what(task))
            }
            Obstacle::Pinned { member, task, pinned, most } => format!(
                "{pinned} of {} are pinned to {}, one of its team may do {most}",
                what(task),
                who(member)
            ),
            Obstacle::Cap { member, most_tasks, pinned, .. } if *pinned > *most_tasks as usize => {
                format!("{pinned} tasks are pinned to {}, the cap is {most_tasks}", who(member))
            }
            Obstacle::Cap { member, most_tasks, fills, least, .. } => {
                format!("{most_tasks} tasks fill {fills} of {}, who has to work {least}", who(member))
            }
            Obstacle::Exhausted => "branch and bound has ruled out every division".to_owned(),
            Obstacle::Places { places, needed } => format!(
                "the tasks need {needed} places, the cap on distinct tasks leaves {places} for all members"
            ),
        }
    }
}

/// Every obstacle that can be told without searching, hours apart.
pub(super) fn obstacles(workplace: &Workplace, rules: &Rules, terms: &Terms) -> Vec<Obstacle> {
    let mut found = Vec::new();
    let tasks = workplace.tasks();
    // Who can do at least a piece of each task, how much they may do together, and the longest any may work.
    let mut able = vec![Vec::new(); tasks.len()];
    let mut reach = vec![0u64; tasks.len()];
    let mut longest = vec![0u64; tasks.len()];
    for (m, &(least, most)) in terms.load.iter().enumerate() {
        let member = MemberId::new(m);
        let pins = workplace.pinned(member);
        for pin in pins.iter().filter(|pin| pin.time.get() > terms.most[pin.task.index()]) {
            let most = Minutes::new(terms.most[pin.task.index()]);
            found.push(Obstacle::Pinned { member, task: pin.task, pinned: pin.time, most });
        }
        let mut fills = Vec::new();
        for task in workplace.eligible(member) {
            let t = task.index();
            let smallest = match rules.pieces() {
                Pieces::AtLeast => terms.piece[t],
                // The remainder is a piece too.
                Pieces::Multiples => match tasks[t].time.get() % terms.piece[t] {
                    0 => terms.piece[t],
                    rest => rest,
                },
            };
            longest[t] = longest[t].max(most);
            if smallest <= most && tasks[t].time.get() > 0 {
                able[t].push(member);
                let fits = terms.most[t].min(most);
                reach[t] += fits;
                fills.push(fits);
            }
        }
        if let Some(cap) = rules.most_tasks() {
            fills.sort_unstable_by(|a, b| b.cmp(a));
            let fills: u64 = fills.iter().take(cap as usize).sum();
            if fills < least || pins.len() > cap as usize {
                found.push(Obstacle::Cap {
                    member,
                    most_tasks: cap,
                    pinned: pins.len(),
                    fills: Minutes::new(fills),
                    least: Minutes::new(least),
                });
            }
        }
    }
    for (t, task) in tasks.iter().enumerate().filter(|(_, task)| task.time > Minutes::ZERO) {
        let id = TaskId::new(t);
        let (piece, longest) = (Minutes::new(terms.piece[t]), Minutes::new(longest[t]));
        if (able[t].len() as u64) < terms.team[t] {
            found.push(if able[t].is_empty() {
                Obstacle::Piece { task: id, piece, longest }
            } else {
                let able = std::mem::take(&mut able[t]);
                Obstacle::Team { task: id, team: task.team.unwrap_or(1), able }
            });
        } else if reach[t] < task.time.get() {
            found.push(Obstacle::Reach { task: id, time: task.time, reach: Minutes::new(reach[t]) });
        }
    }
    if let Some(cap) = rules.most_tasks() {
        let places = workplace.members().len() as u64 * u64::from(cap);
        let needed: u64 = terms.team.iter().sum();
        if places < needed {
            found.push(Obstacle::Places { places, needed });
        }
    }
    found
}
