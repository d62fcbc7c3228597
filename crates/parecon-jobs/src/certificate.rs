//! Dual bounds recomputed from the multipliers, and who or what is binding.

use crate::aggregate::{Aggregate, Class};
use crate::lp::{Limits, Lp, Step};
use crate::model::PerDimension;
use crate::stages::{Point, Problem, dot};
use crate::{BindingMember, BindingTask, Complexes, MemberId, Status, TaskId, Workplace};

/// Multipliers below this part of the whole are the interior-point method's dust, not a reason.
pub(crate) const NEGLIGIBLE: f64 = 1e-4;
/// The part of the bound that simpler prices must carry: all of it up to the accuracy of the multipliers.
const KEPT: f64 = 1.0 - 1e-6;
/// Below this bound, in rating points, nothing is binding: the workplace balances.
const BALANCED: f64 = 1e-6;

/// A lower bound on the largest deviation, among rows without a cap, of any assignment in which the others keep theirs.
///
/// The bound is homogeneous in the multipliers, so they are scaled to use up what they may: `Σ_i q_i Σ_d |g_id| = 1` over
/// the rows without a cap; what the others' multipliers are worth at their caps is taken off.
pub(crate) fn bound_on_largest(problem: &Problem<'_>, point: &Point, caps: &[Option<f64>]) -> f64 {
    let (mut size, mut allowed) = (0.0, 0.0);
    for (weights, cap) in point.weights.iter().zip(caps) {
        let weight: f64 = weights.iter().map(|w| w.abs()).sum();
        match cap {
            None => size += weight,
            Some(cap) => allowed += weight * cap,
        }
    }
    let bound = (problem.transport_bound(&point.weights, &point.prices) - allowed) / size;
    // A deviation is never negative; and without multipliers there is nothing to divide by.
    if bound.is_finite() { bound.max(0.0) } else { 0.0 }
}

/// A lower bound on the mean deviation of any assignment whose rows keep their caps.
///
/// With weights `w_i = q_i / (Q·D)` on the deviations, multipliers beyond `w_i` must be paid for by the cap:
/// `bound = transport bound − Σ_i cap_i Σ_d max(0, q_i|g_id| − w_i)`.
pub(crate) fn bound_on_mean(problem: &Problem<'_>, point: &Point, caps: &[f64]) -> f64 {
    let whole = problem.aggregate.total as f64 * problem.aggregate.dimensions as f64;
    let excess: f64 = point
        .weights
        .iter()
        .zip(problem.quotas.iter().zip(caps))
        .flat_map(|(weights, (quota, cap))| {
            weights.iter().map(move |w| cap * (w.abs() - *quota as f64 / whole).max(0.0))
        })
        .sum();
    (problem.transport_bound(&point.weights, &point.prices) - excess).max(0.0)
}

/// Whether anything keeps the largest deviation above 0.
pub(crate) fn is_bound(bound: f64) -> bool {
    bound > BALANCED
}

/// Members whose multipliers carry the bound, greatest weight first.
pub(crate) fn binding_members(
    workplace: &Workplace,
    complexes: &Complexes,
    aggregate: &Aggregate,
    weights: &[PerDimension<f64>],
) -> Vec<BindingMember> {
    let mut binding = Vec::new();
    for (kind, weights) in aggregate.types.iter().zip(weights) {
        for (dimension, weight) in workplace.dimensions().zip(weights) {
            if weight.abs() < NEGLIGIBLE {
                continue;
            }
            for &(member, quota) in &kind.members {
                let member = MemberId::new(member);
                let Some(own) = complexes.average(workplace, member, dimension) else { continue };
                binding.push(BindingMember {
                    member,
                    dimension,
                    deviation: own - workplace.average(dimension),
                    weight: weight.abs() * quota as f64 / kind.quota as f64,
                });
            }
        }
    }
    binding.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    binding
}

/// Prices that carry the same bound on the largest deviation with the least total |price| · time.
///
/// The prices that come with the optimum are any of many; these single out the tasks that matter. With payments
/// `V_j = h_j v_j` and `U_i = q_i u_i`:
/// ```text
/// minimise Σ_j |V_j|   subject to   U_i + (q_i / h_j) V_j ≤ q_i Σ_d g_id (r_jd − r̄_d),   Σ_j V_j + Σ_i U_i ≥ bound
/// ```
pub(crate) fn sparsest_prices(
    problem: &Problem<'_>,
    point: &Point,
    limits: Limits,
    on_step: &mut dyn FnMut(Step) -> bool,
) -> Option<(Vec<f64>, Status, u32)> {
    let classes = &problem.aggregate.classes;
    let (up, down, rows) = (0, classes.len(), 2 * classes.len());
    let mut cost = vec![1.0; rows];
    cost.resize(rows + problem.quotas.len(), 0.0);
    let mut lp = Lp::new(cost, rows);
    for &(row, class) in &problem.pairs {
        let gain: f64 = dot(&point.weights[row], &classes[class].offset);
        let part = problem.quotas[row] as f64 / classes[class].time as f64;
        lp.at_most([(rows + row, 1.0), (up + class, part), (down + class, -part)], gain);
    }
    let bound = problem.transport_bound(&point.weights, &point.prices);
    let paid = (0..classes.len()).flat_map(|class| [(up + class, -1.0), (down + class, 1.0)]);
    let kept = (0..problem.quotas.len())
        .map(|row| (rows + row, -(problem.free[row] as f64) / problem.quotas[row] as f64));
    let fixed: f64 = point.weights.iter().zip(&problem.fixed).map(|(w, fixed)| dot(w, fixed)).sum();
    lp.at_most(paid.chain(kept), fixed - bound * KEPT);
    let solution = lp.solve(limits, on_step)?;
    let price = |(class, parts): (usize, &Class)| {
        (solution.x[up + class] - solution.x[down + class]) / parts.time as f64
    };
    Some((classes.iter().enumerate().map(price).collect(), solution.status, solution.iterations))
}

/// Tasks whose prices carry the bound, greatest pull first.
pub(crate) fn binding_tasks(aggregate: &Aggregate, prices: &[f64]) -> Vec<BindingTask> {
    let total = aggregate.total as f64;
    let pulls: f64 =
        aggregate.classes.iter().zip(prices).map(|(class, price)| class.time as f64 * price.abs()).sum();
    let mut binding = Vec::new();
    for (class, price) in aggregate.classes.iter().zip(prices) {
        if price.abs() * class.time as f64 <= NEGLIGIBLE * pulls.max(1.0) {
            continue;
        }
        for &(task, time) in &class.tasks {
            let pull = price.abs() * time as f64;
            binding.push(BindingTask { task: TaskId::new(task), price: price * total, pull });
        }
    }
    binding.sort_by(|a, b| b.pull.total_cmp(&a.pull));
    binding
}
