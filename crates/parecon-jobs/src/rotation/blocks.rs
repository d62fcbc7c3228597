//! Whole blocks that follow a plan, and the sessions of teams.

use std::collections::{BTreeMap, VecDeque};

use parecon_core::{Observer, Status};
use serde::{Deserialize, Serialize};

use crate::{Complexes, Error, MemberId, Minutes, Progress, Share, Stage, Task, TaskId, Workplace};

/// Blocks of the same task and length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kind {
    pub(super) task: TaskId,
    /// How long a block takes.
    pub(super) time: Minutes,
    /// How many there are in a week.
    pub(super) count: u64,
    /// How many of them one member may do in a week: of each session of a team one.
    pub(super) most: u64,
}

impl Kind {
    /// Every task cut into as many blocks, or a team's sessions, as are not shorter than its chunk, their lengths within a
    /// minute of each other. A session is a block for each of the team.
    pub(super) fn all(workplace: &Workplace, chunk: Minutes) -> Vec<Kind> {
        let mut kinds = Vec::new();
        for (j, task) in workplace.tasks().iter().enumerate() {
            let team = team_of(task);
            let time = task.time.get() / team;
            let blocks = (time / task.chunk.unwrap_or(chunk).get().max(1)).max(1);
            let (short, longer) = (time / blocks, time % blocks);
            for (time, blocks) in [(short + 1, longer), (short, blocks - longer)] {
                if blocks > 0 && time > 0 {
                    let (task, time) = (TaskId::new(j), Minutes::new(time));
                    kinds.push(Kind { task, time, count: team * blocks, most: blocks });
                }
            }
        }
        kinds
    }
}

/// How many people do a task together.
pub(super) fn team_of(task: &Task) -> u64 {
    u64::from(task.team.unwrap_or(1).max(1))
}

/// Work of a team at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// What.
    pub task: TaskId,
    /// How long it takes each of them.
    pub time: Minutes,
    /// Who; as many as the task's [team](crate::Task::team).
    pub members: Vec<MemberId>,
}

/// The sessions of a kind in which members have so many blocks: block after block is dealt out, so that nobody who has at most
/// as many as there are sessions is in one twice.
///
/// # Reference
/// R. `McNaughton`, Scheduling with deadlines and loss functions, *Management Science* 6 (1959): the wrap-around rule.
fn sessions(kind: &Kind, blocks: &[u64]) -> Vec<Session> {
    let empty = Session { task: kind.task, time: kind.time, members: Vec::new() };
    let mut sessions = vec![empty; kind.most as usize];
    let dealt = blocks.iter().enumerate().flat_map(|(m, n)| (0..*n).map(move |_| MemberId::new(m)));
    for (at, member) in dealt.enumerate() {
        sessions[at % kind.most as usize].members.push(member);
    }
    sessions
}

/// A week in whole blocks, and who of those works together.
pub(super) type Blocks = (Complexes, Vec<Session>);

/// The weeks' complexes in whole blocks; see [the module](super) for what they keep. Once the observer has stopped it, the lengths
/// of weeks are not minded any more.
pub(super) fn in_blocks(
    workplace: &Workplace,
    kinds: &[Kind],
    planned: &[&Complexes],
    observer: &mut dyn Observer<Progress>,
) -> Result<(Vec<Blocks>, Status), Error> {
    let members = workplace.members().len();
    // How far each member's week is from its planned length, in minutes.
    let mut ahead: Vec<Vec<i64>> = planned
        .iter()
        .map(|plan| (0..members).map(|m| -(plan.time_of(MemberId::new(m)).get() as i64)).collect())
        .collect();
    let mut done: Vec<Vec<BTreeMap<TaskId, u64>>> = vec![vec![BTreeMap::new(); members]; planned.len()];
    let mut together = vec![Vec::new(); planned.len()];
    let mut order: Vec<&Kind> = kinds.iter().collect();
    // Long blocks first: short ones fit where there is room left.
    order.sort_by_key(|kind| (std::cmp::Reverse(kind.time), kind.task));
    let all: u64 = kinds.iter().map(|kind| kind.count).sum();
    let (mut left, mut status) = (all, Status::Converged);
    for (at, kind) in order.into_iter().enumerate() {
        let whole = workplace.task(kind.task).map_or(0, |task| task.time.get());
        let minutes = planned.iter().map(|plan| of_task(plan, members, kind.task)).collect::<Vec<_>>();
        let taken = weeks_of(kind, whole, &minutes, &ahead, status.is_converged())?;
        for (week, row) in taken.into_iter().enumerate() {
            if kind.most < kind.count {
                together[week].extend(sessions(kind, &row));
            }
            for (m, blocks) in row.into_iter().enumerate().filter(|(_, blocks)| *blocks > 0) {
                let time = blocks * kind.time.get();
                ahead[week][m] += time as i64;
                *done[week][m].entry(kind.task).or_insert(0) += time;
            }
        }
        left -= kind.count;
        let gap = left as f64 / all as f64;
        let progress =
            Progress { stage: Stage::Blocks, iteration: at as u32 + 1, objective: left as f64, gap };
        if observer.on_round(&progress).is_break() {
            status = Status::Stopped;
        }
    }
    let complexes = done
        .into_iter()
        .map(|week| {
            let shares = |row: BTreeMap<TaskId, u64>| {
                row.into_iter().map(|(task, time)| Share { task, time: Minutes::new(time) }).collect()
            };
            Complexes::new(week.into_iter().map(shares).collect())
        })
        .zip(together)
        .map(|(complexes, sessions)| Ok((complexes?, sessions)))
        .collect::<Result<_, _>>()?;
    Ok((complexes, status))
}

/// Minutes of a task that each member is planned for.
fn of_task(plan: &Complexes, members: usize, task: TaskId) -> Vec<u64> {
    (0..members)
        .map(|m| {
            let shares = plan.of(MemberId::new(m));
            shares.binary_search_by_key(&task, |share| share.task).map_or(0, |at| shares[at].time.get())
        })
        .collect()
}

/// How many blocks of a kind each member does in each week.
///
/// `minutes` are those planned of the whole task, which takes `whole` minutes a week. A member's planned blocks are
/// `minutes · count / whole`, kept as integers over `whole`. With `even` the lengths of weeks are kept as near the planned ones as
/// that allows.
fn weeks_of(
    kind: &Kind,
    whole: u64,
    minutes: &[Vec<u64>],
    ahead: &[Vec<i64>],
    even: bool,
) -> Result<Vec<Vec<u64>>, Error> {
    let weeks = minutes.len();
    let members = minutes.first().map_or(0, Vec::len);
    let whole = u128::from(whole);
    let mut network = MinCost::new(2 + weeks);
    let (source, sink) = (0, 1);
    (0..weeks).for_each(|week| network.add(2 + week, sink, kind.count as i64, 0));
    // Blocks that are due within the weeks come before those that are not: nothing else costs as much.
    let mut most = 0i64;
    let mut slots: Vec<(usize, usize, usize, u64)> = Vec::new();
    let mut units = Vec::new();
    for m in 0..members {
        let mut before = vec![0u128; weeks + 1];
        for week in 0..weeks {
            before[week + 1] = before[week] + u128::from(minutes[week][m]) * u128::from(kind.count);
        }
        let due = before[weeks] / whole;
        let begun = before[weeks].div_ceil(whole);
        let mut slot_of: Vec<Option<(usize, usize)>> = vec![None; weeks];
        let mut first = 0;
        for unit in 0..begun {
            // The plan is between unit and unit + 1 in these weeks.
            let (from, to) = (unit * whole, (unit + 1) * whole);
            while first < weeks && before[first + 1] <= from {
                first += 1;
            }
            let mut open = Vec::new();
            for week in (first..weeks).take_while(|week| before[*week] < to) {
                if minutes[week][m] == 0 {
                    continue;
                }
                let (at, slot) = match slot_of[week] {
                    Some(known) => known,
                    None => {
                        let slot = network.node();
                        slots.push((slot, week, m, 0));
                        slot_of[week] = Some((slots.len() - 1, slot));
                        (slots.len() - 1, slot)
                    }
                };
                slots[at].3 += 1;
                open.push(slot);
            }
            units.push((unit < due, open));
        }
    }
    // The k-th block in a week costs what it adds to the square of the distance from the planned length.
    let length = kind.time.get() as i64;
    let mut arcs = Vec::new();
    for &(slot, week, m, units) in &slots {
        for k in 0..units.min(kind.most) as i64 {
            // In blocks, to keep numbers small: (a + k + 1)² − (a + k)².
            let cost = if even { 2 * (ahead[week][m] / length + k) + 1 } else { 0 };
            most = most.max(cost.abs());
            arcs.push((week, m, network.arcs()));
            network.add(slot, 2 + week, 1, cost);
        }
    }
    let preference = (most + 1).saturating_mul(2 * (units.len() as i64 + 1));
    for (due, open) in &units {
        let node = network.node();
        network.add(source, node, 1, if *due { -preference } else { 0 });
        open.iter().for_each(|slot| network.add(node, *slot, 1, 0));
    }
    let wanted = kind.count as i64 * weeks as i64;
    if network.push(source, sink, wanted) != wanted {
        return Err(Error::violation("blocks do not follow the plan: a bug"));
    }
    let mut taken = vec![vec![0; members]; weeks];
    for (week, m, arc) in arcs {
        taken[week][m] += u64::from(network.flow(arc) > 0);
    }
    Ok(taken)
}

/// Minimum-cost flow by successive shortest paths; costs may be negative as long as no cycle is.
struct MinCost {
    arcs_of: Vec<Vec<usize>>,
    head: Vec<usize>,
    residual: Vec<i64>,
    cost: Vec<i64>,
}

impl MinCost {
    fn new(nodes: usize) -> Self {
        MinCost { arcs_of: vec![Vec::new(); nodes], head: Vec::new(), residual: Vec::new(), cost: Vec::new() }
    }

    fn node(&mut self) -> usize {
        self.arcs_of.push(Vec::new());
        self.arcs_of.len() - 1
    }

    /// The id the next arc will have.
    fn arcs(&self) -> usize {
        self.head.len()
    }

    fn add(&mut self, from: usize, to: usize, capacity: i64, cost: i64) {
        let arc = self.head.len();
        self.head.extend([to, from]);
        self.residual.extend([capacity, 0]);
        self.cost.extend([cost, -cost]);
        self.arcs_of[from].push(arc);
        self.arcs_of[to].push(arc + 1);
    }

    fn flow(&self, arc: usize) -> i64 {
        self.residual[arc + 1]
    }

    /// Pushes up to `wanted` units at least cost; returns how many.
    ///
    /// # Reference
    /// Bellman–Ford with a queue for each path; Ahuja, Magnanti & Orlin, *Network Flows* (1993), section 9.7.
    fn push(&mut self, source: usize, sink: usize, wanted: i64) -> i64 {
        let mut pushed = 0;
        while pushed < wanted {
            let mut distance = vec![i64::MAX; self.arcs_of.len()];
            let mut by = vec![usize::MAX; self.arcs_of.len()];
            let mut queued = vec![false; self.arcs_of.len()];
            let mut queue = VecDeque::from([source]);
            distance[source] = 0;
            while let Some(node) = queue.pop_front() {
                queued[node] = false;
                for &arc in &self.arcs_of[node] {
                    let to = self.head[arc];
                    let through = distance[node] + self.cost[arc];
                    if self.residual[arc] > 0 && through < distance[to] {
                        distance[to] = through;
                        by[to] = arc;
                        if !std::mem::replace(&mut queued[to], true) {
                            queue.push_back(to);
                        }
                    }
                }
            }
            if distance[sink] == i64::MAX {
                break;
            }
            let mut amount = wanted - pushed;
            let mut node = sink;
            while node != source {
                amount = amount.min(self.residual[by[node]]);
                node = self.head[by[node] ^ 1];
            }
            node = sink;
            while node != source {
                self.residual[by[node]] -= amount;
                self.residual[by[node] ^ 1] += amount;
                node = self.head[by[node] ^ 1];
            }
            pushed += amount;
        }
        pushed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_of_several_flows() {
        // Two units over a cheap arc of capacity 1 and a dear one, and a third that must reroute the first.
        let mut network = MinCost::new(4);
        for (from, to, capacity, cost) in
            [(0, 2, 2, 1), (0, 3, 1, 5), (2, 1, 1, 1), (2, 3, 1, -2), (3, 1, 2, 4), (0, 1, 1, 20)]
        {
            network.add(from, to, capacity, cost);
        }
        assert_eq!(network.push(0, 1, 9), 4);
        let cost: i64 = (0..6).map(|k| network.flow(2 * k) * network.cost[2 * k]).sum();
        // 1 + 1 over node 2; 1 − 2 + 4 through both; 5 + 4 over node 3; 20 straight.
        assert_eq!(cost, 2 + 3 + 9 + 20);
    }
}
