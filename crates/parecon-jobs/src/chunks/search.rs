//! Simulated annealing on divisions that hand out every lot.
//!
//! A step moves work round a ring of two or three members, each giving of one lot and taking of another, so that every
//! task stays done; when the amounts are the same, every quota stays met. By the minute, the amount is drawn, or is the
//! one that makes the members' squared deviations least (a quadratic in closed form), or all that the giver has; in
//! pieces, it is one piece or as many as make the exchange even.
//!
//! # Reference
//! Kirkpatrick, Gelatt & Vecchi, *Optimization by simulated annealing*, Science 220 (1983).

use parecon_core::random::{Stream, StreamKey};

use super::lots::Lots;
use super::state::{Change, MOST_LEGS, State, Step};
use crate::mix::{WEYL, mix};

mod amounts;

/// Exchanges tried between two members once their common lots are known.
const PER_MEETING: usize = 12;
/// One meeting in so many is of three members.
const THREE: u32 = 4;
/// Meetings between two looks at whether a new best is reached.
const MEETINGS_PER_LOOK: usize = 40;
/// Looks between two recounts of all accounts.
const LOOKS_PER_RECOUNT: u32 = 16;
/// Entries of the table of −ln u.
const TABLE: usize = 4096;
/// Purpose of the random streams.
const PURPOSE: u64 = 0x6368_756e_6b73;

/// Random numbers for the inner loop: `SplitMix64` (Steele, Lea & Flood 2014), started from a keyed stream.
#[derive(Clone)]
struct Draws(u64);

impl Draws {
    #[inline(always)]
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(WEYL);
        mix(self.0)
    }

    /// A number below `limit`, which is at most 2³²; 0 if that is 0.
    #[inline(always)]
    fn below(&mut self, limit: usize) -> usize {
        (((self.next() >> 32) * limit as u64) >> 32) as usize
    }
}

/// What a round of the search is to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// Make violations of the rules disappear.
    Repair,
    /// Lower the goal, keeping the rules.
    Lower,
}

/// Work counters.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effort {
    pub(super) proposed: u64,
    pub(super) taken: u64,
}

/// One restart.
#[derive(Clone)]
pub(super) struct Search {
    pub(super) state: State,
    /// The best division so far that keeps the rules: its score and amounts.
    pub(super) best: Option<(f64, Vec<i64>)>,
    pub(super) effort: Effort,
    draws: Draws,
    /// Pairs of two members who meet, by common lot.
    common: Vec<(u32, u32)>,
    /// Positions in `common` of lots that the first, the second has.
    first_has: Vec<u32>,
    second_has: Vec<u32>,
    /// Members and tasks that break a rule.
    offenders: Vec<u32>,
    looks: u32,
    logs: Vec<f64>,
}

impl Search {
    pub(super) fn new(state: State, seed: u64, restart: u64) -> Self {
        let key = StreamKey { seed, replication: restart, entity: 0, purpose: PURPOSE };
        Search {
            state,
            best: None,
            effort: Effort::default(),
            draws: Draws(Stream::new(key).uniform().to_bits()),
            common: Vec::new(),
            first_has: Vec::new(),
            second_has: Vec::new(),
            offenders: Vec::new(),
            looks: 0,
            logs: (0..TABLE).map(|i| -((i as f64 + 0.5) / TABLE as f64).ln()).collect(),
        }
    }

    /// Keeps the division as the best so far.
    pub(super) fn keep(&mut self, score: f64) {
        match &mut self.best {
            Some((known, amounts)) => {
                *known = score;
                amounts.clone_from(&self.state.amounts);
            }
            None => self.best = Some((score, self.state.amounts.clone())),
        }
    }

    /// Examines about `moves` proposals while the temperature falls geometrically from `hot` to `cold`; `look` is
    /// called now and then and says whether to go on.
    pub(super) fn run(
        &mut self,
        lots: &Lots,
        task: Task,
        moves: u64,
        (hot, cold): (f64, f64),
        look: impl FnMut(&mut Self) -> bool,
    ) {
        match lots.dimensions {
            2 => self.run_in(lots, 2, task, moves, (hot, cold), look),
            3 => self.run_in(lots, 3, task, moves, (hot, cold), look),
            dimensions => self.run_in(lots, dimensions, task, moves, (hot, cold), look),
        }
    }

    #[inline(always)]
    fn run_in(
        &mut self,
        lots: &Lots,
        dimensions: usize,
        task: Task,
        moves: u64,
        (hot, cold): (f64, f64),
        mut look: impl FnMut(&mut Self) -> bool,
    ) {
        if lots.members < 2 || lots.lot.is_empty() {
            look(self);
            return;
        }
        let start = self.effort.proposed;
        loop {
            let done = self.effort.proposed - start;
            if done >= moves {
                break;
            }
            let heat = hot * (cold / hot).powf(done as f64 / moves as f64);
            if matches!(task, Task::Repair) {
                self.find_offenders(lots);
            }
            for _ in 0..MEETINGS_PER_LOOK {
                let first = self.pick(lots, task);
                if lots.members > 2 && self.draws.below(THREE as usize) == 0 {
                    self.meet_three(lots, dimensions, task, heat, first);
                } else {
                    self.meet_two(lots, dimensions, task, heat, first);
                }
                // A meeting costs time even if nothing can be proposed.
                self.effort.proposed += 1;
            }
            self.looks += 1;
            if self.looks.is_multiple_of(LOOKS_PER_RECOUNT) {
                self.state.recount(lots);
            }
            if !look(self) {
                return;
            }
        }
    }

    fn find_offenders(&mut self, lots: &Lots) {
        self.offenders.clear();
        for m in 0..lots.members {
            let off = self.state.member_off(lots, m) > 0
                || lots.row(m).any(|pair| {
                    self.state.off(lots, pair) > 0
                        || self.state.task_off(lots, lots.task[lots.lot[pair] as usize] as usize) > 0
                });
            if off {
                self.offenders.push(m as u32);
            }
        }
    }

    /// The worse off of a few members drawn.
    #[inline(always)]
    fn pick(&mut self, lots: &Lots, task: Task) -> usize {
        if matches!(task, Task::Repair) && !self.offenders.is_empty() && self.draws.next() & 3 != 0 {
            let at = self.draws.below(self.offenders.len());
            return self.offenders[at] as usize;
        }
        let (one, other) = (self.draws.below(lots.members), self.draws.below(lots.members));
        if self.state.cost[one] >= self.state.cost[other] { one } else { other }
    }

    /// Some other pair of the lot of a pair.
    #[inline(always)]
    fn across(&mut self, lots: &Lots, pair: usize) -> usize {
        let column = lots.column(lots.lot[pair] as usize);
        column[self.draws.below(column.len())] as usize
    }

    /// Finds the common lots of two members.
    #[inline(always)]
    fn introduce(&mut self, lots: &Lots, first: usize, second: usize) {
        self.common.clear();
        let (mut a, mut b) = (lots.row(first), lots.row(second));
        while a.start < a.end && b.start < b.end {
            let (one, other) = (lots.lot[a.start], lots.lot[b.start]);
            if one == other {
                self.common.push((a.start as u32, b.start as u32));
            }
            a.start += usize::from(one <= other);
            b.start += usize::from(other <= one);
        }
        self.take_stock();
    }

    #[inline(always)]
    fn take_stock(&mut self) {
        self.first_has.clear();
        self.second_has.clear();
        for (at, &(a, b)) in self.common.iter().enumerate() {
            if self.state.amounts[a as usize] > 0 {
                self.first_has.push(at as u32);
            }
            if self.state.amounts[b as usize] > 0 {
                self.second_has.push(at as u32);
            }
        }
    }

    #[inline(always)]
    fn meet_two(&mut self, lots: &Lots, dimensions: usize, task: Task, heat: f64, first: usize) {
        let row = lots.row(first);
        if row.is_empty() {
            return;
        }
        let pair = row.start + self.draws.below(row.len());
        let second = lots.member[self.across(lots, pair)] as usize;
        if second == first {
            return;
        }
        self.introduce(lots, first, second);
        for _ in 0..PER_MEETING {
            if self.first_has.is_empty() && self.second_has.is_empty() {
                return;
            }
            self.effort.proposed += 1;
            let leg = |has: &[u32], draws: &mut Draws| {
                if has.is_empty() { None } else { Some(self.common[has[draws.below(has.len())] as usize]) }
            };
            let (out, back) = (leg(&self.first_has, &mut self.draws), leg(&self.second_has, &mut self.draws));
            let mut step = Step {
                legs: 2,
                members: [first as u32, second as u32, 0],
                from: [0; MOST_LEGS],
                to: [0; MOST_LEGS],
                amount: [0; MOST_LEGS],
            };
            if let Some((a, b)) = out {
                (step.from[0], step.to[0], step.amount[0]) = (a, b, 1);
            }
            if let Some((a, b)) = back {
                (step.from[1], step.to[1], step.amount[1]) = (b, a, 1);
            }
            if out.is_some() && back.is_some() && same_task(lots, step.from[0], step.from[1]) {
                continue;
            }
            if self.fill(lots, dimensions, task, &mut step)
                && self.consider(lots, dimensions, task, heat, &step)
            {
                self.take_stock();
            }
        }
    }

    /// One exchange round three members, neighbours in which share a lot.
    #[inline(always)]
    fn meet_three(&mut self, lots: &Lots, dimensions: usize, task: Task, heat: f64, first: usize) {
        let Some(from_first) = self.something(lots, first) else { return };
        let to_second = self.across(lots, from_first);
        let second = lots.member[to_second] as usize;
        let Some(from_second) = self.something(lots, second) else { return };
        let to_third = self.across(lots, from_second);
        let third = lots.member[to_third] as usize;
        if first == second || second == third || third == first {
            return;
        }
        self.introduce(lots, first, third);
        for _ in 0..PER_MEETING / 4 {
            if self.second_has.is_empty() {
                return;
            }
            self.effort.proposed += 1;
            let (to_first, from_third) =
                self.common[self.second_has[self.draws.below(self.second_has.len())] as usize];
            let from = [from_first as u32, from_second as u32, from_third];
            let mut step = Step {
                legs: 3,
                members: [first as u32, second as u32, third as u32],
                from,
                to: [to_second as u32, to_third as u32, to_first],
                amount: [1; MOST_LEGS],
            };
            let repeats = [(0, 1), (1, 2), (2, 0)].iter().any(|&(i, j)| same_task(lots, from[i], from[j]));
            if !repeats
                && self.fill(lots, dimensions, task, &mut step)
                && self.consider(lots, dimensions, task, heat, &step)
            {
                return;
            }
        }
    }

    /// A pair in use of a member.
    #[inline(always)]
    fn something(&mut self, lots: &Lots, member: usize) -> Option<usize> {
        let row = lots.row(member);
        for _ in 0..4 {
            let pair = row.start + self.draws.below(row.len());
            if pair < row.end && self.state.amounts[pair] > 0 {
                return Some(pair);
            }
        }
        None
    }

    /// Takes a step if it is good enough at this temperature; whether it was.
    #[inline(always)]
    fn consider(&mut self, lots: &Lots, dimensions: usize, task: Task, heat: f64, step: &Step) -> bool {
        let change: Change = self.state.change(lots, dimensions, step);
        let allowance = heat * self.logs[(self.draws.next() >> 52) as usize];
        let good = match task {
            Task::Repair => change.violation as f64 + change.cost <= allowance,
            Task::Lower => change.violation <= 0 && change.cost <= allowance,
        };
        if good {
            self.state.take(lots, step, change);
            self.effort.taken += 1;
        }
        good
    }
}

#[inline(always)]
fn same_task(lots: &Lots, one: u32, other: u32) -> bool {
    lots.task[lots.lot[one as usize] as usize] == lots.task[lots.lot[other as usize] as usize]
}
