//! A division under way: amounts, the members' accounts, and what a step would change.

use super::lots::{Lots, NONE};

/// The most members that one step moves work between.
pub(super) const MOST_LEGS: usize = 3;
/// What one distinct task too many, or one member too few in a team, counts for in minutes of violation.
const HEAD: i64 = 60;

/// Members in a ring, each of whom gives some of one lot to the next: `from[i]` is the giver's pair, `to[i]` the taker's,
/// and the taker of leg i is the giver of leg i + 1. A leg of amount 0 has no pairs. All tasks differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) legs: usize,
    pub(super) members: [u32; MOST_LEGS],
    pub(super) from: [u32; MOST_LEGS],
    pub(super) to: [u32; MOST_LEGS],
    pub(super) amount: [i64; MOST_LEGS],
}

/// What is minimised: Σ over members of
/// `steep · Σ_d max(0, |deviation_d| − band)² + mean · quota · Σ_d |deviation_d| + miss · |load − quota| + task · distinct tasks`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    pub(super) band: f64,
    pub(super) steep: f64,
    pub(super) mean: f64,
    pub(super) miss: f64,
    pub(super) task: f64,
}

/// What a step changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    /// Of the goal.
    pub(super) cost: f64,
    /// Of the violation of the rules, in minutes.
    pub(super) violation: i64,
}

#[derive(Clone)]
pub(super) struct State {
    /// Minutes per pair.
    pub(super) amounts: Vec<i64>,
    /// Minutes times offset by member and dimension.
    sums: Vec<f64>,
    load: Vec<i64>,
    distinct: Vec<i32>,
    /// How many members do each task.
    hands: Vec<i32>,
    /// The goal by member.
    pub(super) cost: Vec<f64>,
    pub(super) goal: Goal,
    /// By how much rules are violated, in minutes.
    pub(super) violation: i64,
}

impl State {
    pub(super) fn new(lots: &Lots, amounts: Vec<i64>, goal: Goal) -> Self {
        let tasks = lots.team.len();
        let mut state = State {
            amounts,
            sums: vec![0.0; lots.members * lots.dimensions],
            load: vec![0; lots.members],
            distinct: vec![0; lots.members],
            hands: vec![0; tasks],
            cost: vec![0.0; lots.members],
            goal,
            violation: 0,
        };
        state.recount(lots);
        state
    }

    /// Computes every account anew, so that rounding errors do not gather.
    pub(super) fn recount(&mut self, lots: &Lots) {
        self.hands.fill(0);
        self.violation = 0;
        for m in 0..lots.members {
            self.sums[m * lots.dimensions..(m + 1) * lots.dimensions].fill(0.0);
            (self.load[m], self.distinct[m]) = (0, 0);
            for pair in lots.row(m) {
                let amount = self.amounts[pair];
                let lot = lots.lot[pair] as usize;
                self.load[m] += amount;
                for (d, offset) in lots.offset(lot).iter().enumerate() {
                    self.sums[m * lots.dimensions + d] += amount as f64 * offset;
                }
                // A task of two lots is counted at the first.
                if lots.twin[pair] == NONE || lots.twin[pair] as usize > pair {
                    let all = self.of_task(lots, pair);
                    self.distinct[m] += i32::from(all > 0);
                    self.hands[lots.task[lot] as usize] += i32::from(all > 0);
                    self.violation += off(lots, pair, all);
                }
            }
            self.violation += outside(self.load[m], lots.load[m]) + beyond(self.distinct[m], lots.cap);
        }
        for (hands, team) in self.hands.iter().zip(&lots.team) {
            self.violation += beyond(*team, *hands);
        }
        for m in 0..lots.members {
            self.cost[m] = self.member_cost(lots, &self.goal, m);
        }
    }

    /// Sets what is minimised.
    pub(super) fn aim(&mut self, lots: &Lots, goal: Goal) {
        self.goal = goal;
        for m in 0..lots.members {
            self.cost[m] = self.member_cost(lots, &self.goal, m);
        }
    }

    /// The largest |deviation|.
    pub(super) fn largest(&self, lots: &Lots) -> f64 {
        let of = |m: usize| {
            let scale = inverse(self.load[m]);
            let sums = &self.sums[m * lots.dimensions..(m + 1) * lots.dimensions];
            sums.iter().fold(0.0f64, |most, sum| most.max((sum * scale).abs()))
        };
        (0..lots.members).map(of).fold(0.0, f64::max)
    }

    pub(super) fn total_cost(&self) -> f64 {
        self.cost.iter().sum()
    }

    /// What a member does of the task of a pair, both lots together.
    #[inline(always)]
    pub(super) fn of_task(&self, lots: &Lots, pair: usize) -> i64 {
        let twin = lots.twin[pair];
        self.amounts[pair] + if twin == NONE { 0 } else { self.amounts[twin as usize] }
    }

    /// By how much a pair breaks the rule of its piece.
    #[inline(always)]
    pub(super) fn off(&self, lots: &Lots, pair: usize) -> i64 {
        off(lots, pair, self.of_task(lots, pair))
    }

    /// By how much a member breaks the rules on load and distinct tasks.
    pub(super) fn member_off(&self, lots: &Lots, member: usize) -> i64 {
        outside(self.load[member], lots.load[member]) + beyond(self.distinct[member], lots.cap)
    }

    pub(super) fn task_off(&self, lots: &Lots, task: usize) -> i64 {
        beyond(lots.team[task], self.hands[task])
    }

    #[inline]
    pub(super) fn load(&self, member: usize) -> i64 {
        self.load[member]
    }

    #[inline]
    pub(super) fn sums(&self, dimensions: usize, member: usize) -> &[f64] {
        &self.sums[member * dimensions..(member + 1) * dimensions]
    }

    /// What another goal comes to.
    pub(super) fn cost_of(&self, lots: &Lots, goal: &Goal) -> f64 {
        (0..lots.members).map(|m| self.member_cost(lots, goal, m)).sum()
    }

    fn member_cost(&self, lots: &Lots, goal: &Goal, m: usize) -> f64 {
        let scale = inverse(self.load[m]);
        let mean = goal.mean * lots.quota[m] as f64;
        let mut cost =
            goal.task * f64::from(self.distinct[m]) + goal.miss * (self.load[m] - lots.quota[m]).abs() as f64;
        for sum in &self.sums[m * lots.dimensions..(m + 1) * lots.dimensions] {
            cost += price(goal, mean, sum * scale);
        }
        cost
    }

    /// What a step would change.
    ///
    /// `dimensions` is the workplace's; callers who pass a constant get code for it.
    #[inline(always)]
    pub(super) fn change(&self, lots: &Lots, dimensions: usize, step: &Step) -> Change {
        let mut change = Change { cost: 0.0, violation: 0 };
        let goal = &self.goal;
        for i in 0..step.legs {
            let before = if i == 0 { step.legs - 1 } else { i - 1 };
            let m = step.members[i] as usize;
            let (given, taken) = (step.amount[i], step.amount[before]);
            let mut distinct = 0;
            let (mut lot_out, mut lot_in) = (0, 0);
            if given > 0 {
                let pair = step.from[i] as usize;
                lot_out = lots.lot[pair] as usize;
                let now = self.of_task(lots, pair);
                distinct -= i32::from(now == given);
                change.violation += off(lots, pair, now - given) - off(lots, pair, now);
            }
            if taken > 0 {
                let pair = step.to[before] as usize;
                lot_in = lots.lot[pair] as usize;
                let now = self.of_task(lots, pair);
                distinct += i32::from(now == 0);
                change.violation += off(lots, pair, now + taken) - off(lots, pair, now);
            }
            if distinct != 0 && lots.cap != i32::MAX {
                change.violation +=
                    beyond(self.distinct[m] + distinct, lots.cap) - beyond(self.distinct[m], lots.cap);
            }
            let load = self.load[m] + taken - given;
            if taken != given {
                change.violation += outside(load, lots.load[m]) - outside(self.load[m], lots.load[m]);
            }
            let scale = inverse(load);
            let mean = goal.mean * lots.quota[m] as f64;
            let (gives, takes) = (&lots.offset[lot_out * dimensions..], &lots.offset[lot_in * dimensions..]);
            let sums = &self.sums[m * dimensions..];
            let (given, taken) = (given as f64, taken as f64);
            let mut cost = goal.task * f64::from(self.distinct[m] + distinct)
                + goal.miss * (load - lots.quota[m]).abs() as f64;
            for d in 0..dimensions {
                cost += price(goal, mean, (sums[d] + taken * takes[d] - given * gives[d]) * scale);
            }
            change.cost += cost - self.cost[m];
        }
        for i in 0..step.legs {
            if step.amount[i] > 0 {
                let (from, to) = (step.from[i] as usize, step.to[i] as usize);
                let task = lots.task[lots.lot[from] as usize] as usize;
                let team = lots.team[task];
                if team > 1 {
                    let joins = i32::from(self.of_task(lots, to) == 0);
                    let leaves = i32::from(self.of_task(lots, from) == step.amount[i]);
                    change.violation +=
                        beyond(team, self.hands[task] + joins - leaves) - beyond(team, self.hands[task]);
                }
            }
        }
        change
    }

    /// Takes a step whose change is known.
    pub(super) fn take(&mut self, lots: &Lots, step: &Step, change: Change) {
        let dimensions = lots.dimensions;
        for i in 0..step.legs {
            let amount = step.amount[i];
            if amount == 0 {
                continue;
            }
            for (pair, sign) in [(step.from[i] as usize, -1), (step.to[i] as usize, 1)] {
                let (m, lot) = (lots.member[pair] as usize, lots.lot[pair] as usize);
                let was = self.of_task(lots, pair) > 0;
                self.amounts[pair] += sign * amount;
                let is = self.of_task(lots, pair) > 0;
                let head = i32::from(is) - i32::from(was);
                self.distinct[m] += head;
                self.hands[lots.task[lot] as usize] += head;
                self.load[m] += sign * amount;
                for d in 0..dimensions {
                    self.sums[m * dimensions + d] +=
                        (sign * amount) as f64 * lots.offset[lot * dimensions + d];
                }
            }
        }
        for i in 0..step.legs {
            let m = step.members[i] as usize;
            self.cost[m] = self.member_cost(lots, &self.goal, m);
        }
        self.violation += change.violation;
    }
}

#[inline(always)]
fn price(goal: &Goal, mean: f64, deviation: f64) -> f64 {
    let size = deviation.abs();
    let excess = (size - goal.band).max(0.0);
    goal.steep * excess * excess + mean * size
}

/// Someone without work deviates from nothing.
#[inline(always)]
pub(super) fn inverse(load: i64) -> f64 {
    if load == 0 { 0.0 } else { 1.0 / load as f64 }
}

/// By how many minutes an amount of a pair's task breaks its rules.
#[inline(always)]
fn off(lots: &Lots, pair: usize, amount: i64) -> i64 {
    let (least, most) = (lots.least[pair], lots.most[pair]);
    let short = least - amount;
    if short > 0 {
        return if lots.pinned[pair] { short } else { short.min(amount) };
    }
    (amount - most).max(0)
}

fn outside(load: i64, (least, most): (i64, i64)) -> i64 {
    (least - load).max(load - most).max(0)
}

/// What a count beyond its limit weighs.
fn beyond(count: i32, limit: i32) -> i64 {
    HEAD * i64::from(count.saturating_sub(limit).max(0))
}
