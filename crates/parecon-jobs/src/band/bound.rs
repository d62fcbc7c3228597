//! What a point costs and misses, and what task prices prove.

use parecon_core::chunked_reduce;

use super::member::MemberLp;
use super::{Problem, Residuals};

/// Members per unit of parallel work.
pub(super) const CHUNK: usize = 256;

/// Member multipliers that are best for given task prices.
pub(super) struct Dual {
    pub(super) quota_prices: Vec<f64>,
    pub(super) band_prices: Vec<f64>,
    pub(super) bound: f64,
}

/// Fills a member's programme at task prices, or with the costs alone; `false` if no task with hours is open to the
/// member. Nobody works on a task without hours, so such tasks take no part.
pub(super) fn fill(lp: &mut MemberLp, problem: &Problem, member: usize, prices: Option<&[f64]>) -> bool {
    let (data, range, dimensions) = (problem.data(), problem.range(member), problem.dimensions());
    let open =
        || range.clone().map(|k| (k, data.tasks[k])).filter(|(_, task)| data.hours[task.index()] > 0.0);
    let len = open().count();
    lp.resize(len, dimensions);
    for (at, (k, task)) in open().enumerate() {
        lp.costs[at] = data.costs[k] - prices.map_or(0.0, |v| v[task.index()]);
        for (d, offset) in problem.offsets(task).iter().enumerate() {
            lp.offsets[d * len + at] = *offset;
        }
    }
    for (d, tolerance) in problem.tolerances(member).iter().enumerate() {
        lp.tolerances[d] = *tolerance;
        lp.penalties[d] = problem.penalty(member, d);
    }
    len > 0
}

/// The best member multipliers and the bound they prove, from task prices alone.
///
/// # Complexity
/// O(pairs · pivots per member).
pub(super) fn dual(problem: &Problem, prices: &[f64]) -> Dual {
    let data = problem.data();
    let fold = |members: std::ops::Range<usize>| {
        let mut lp = MemberLp::default();
        let mut part = Dual { quota_prices: Vec::new(), band_prices: Vec::new(), bound: 0.0 };
        for i in members {
            if !fill(&mut lp, problem, i, Some(prices)) {
                part.quota_prices.push(0.0);
                part.band_prices.resize(part.quota_prices.len() * problem.dimensions(), 0.0);
                continue;
            }
            lp.solve();
            part.quota_prices.push(lp.least);
            part.band_prices.extend_from_slice(&lp.multipliers);
            part.bound += data.quotas[i] * lp.bound();
        }
        part
    };
    let merge = |all: &mut Dual, part: Dual| {
        all.quota_prices.extend(part.quota_prices);
        all.band_prices.extend(part.band_prices);
        all.bound += part.bound;
    };
    let none = || Dual { quota_prices: Vec::new(), band_prices: Vec::new(), bound: 0.0 };
    let mut all = chunked_reduce(problem.members(), CHUNK, fold, merge).unwrap_or_else(none);
    all.bound += data.hours.iter().zip(prices).map(|(h, v)| h * v).sum::<f64>();
    all
}

/// The objective of a point and by how much it misses its constraints.
///
/// # Complexity
/// O(pairs · D).
pub(super) fn evaluate(problem: &Problem, x: &[f64]) -> (f64, Residuals) {
    let (data, dimensions) = (problem.data(), problem.dimensions());
    let mut missing = data.hours.clone();
    let mut residuals = Residuals::default();
    let mut objective = 0.0;
    let mut sums = vec![0.0; dimensions];
    for (i, quota) in data.quotas.iter().enumerate() {
        let (mut worked, mut cost) = (0.0, 0.0);
        sums.fill(0.0);
        for k in problem.range(i) {
            let task = data.tasks[k];
            worked += x[k];
            cost += data.costs[k] * x[k];
            missing[task.index()] -= x[k];
            for (sum, offset) in sums.iter_mut().zip(problem.offsets(task)) {
                *sum += offset * x[k];
            }
        }
        residuals.quotas = residuals.quotas.max((worked - quota).abs());
        for (d, (sum, tolerance)) in sums.iter().zip(problem.tolerances(i)).enumerate() {
            if *quota == 0.0 || *tolerance == f64::INFINITY {
                continue;
            }
            let excess = (sum.abs() - tolerance * quota).max(0.0);
            match problem.penalty(i, d) {
                f64::INFINITY => residuals.bands = residuals.bands.max(excess / quota),
                penalty => cost += penalty * excess,
            }
        }
        objective += cost;
    }
    residuals.hours = missing.iter().fold(0.0, |most, miss| most.max(miss.abs()));
    (objective, residuals)
}

/// Sets the prices of tasks without hours to the largest at which nobody would gain by working on them, 0 if nobody can.
pub(super) fn price_idle_tasks(problem: &Problem, prices: &mut [f64], dual: &Dual) {
    let (data, dimensions) = (problem.data(), problem.dimensions());
    let idle = |j: usize| data.hours[j] == 0.0;
    if !(0..problem.tasks()).any(idle) {
        return;
    }
    let mut least = vec![f64::INFINITY; problem.tasks()];
    for i in 0..problem.members() {
        let g = &dual.band_prices[i * dimensions..][..dimensions];
        for k in problem.range(i).filter(|k| idle(data.tasks[*k].index())) {
            let task = data.tasks[k];
            let gain: f64 = g.iter().zip(problem.offsets(task)).map(|(g, offset)| g * offset).sum();
            let most = data.costs[k] - dual.quota_prices[i] + gain;
            least[task.index()] = least[task.index()].min(most);
        }
    }
    for (j, price) in prices.iter_mut().enumerate().filter(|(j, _)| idle(*j)) {
        *price = if least[j] < f64::INFINITY { least[j] } else { 0.0 };
    }
}
