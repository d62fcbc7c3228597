//! A basic solution from any engine.

use std::ops::ControlFlow;

use parecon_core::{Observer, Status};

use super::super::solution::magnitude;
use super::super::{Config, Outcome, Problem, Progress, Solution};
use super::purify::{priced, vertex};
use crate::Error;
use crate::mix::{WEYL, unit};

/// The accuracy that the engine is asked for, over the configured one; purifying and perturbing take the rest.
const INNER: f64 = 0.5;
/// Costs without a pattern that are added, over accuracy and mean cost. Where the optimum is so much cheaper than the mean that
/// they are felt, a hundredth is tried, and then none.
const PERTURBATIONS: [f64; 3] = [0.25, 0.0025, 0.0];
/// What a vertex may miss, over the largest of its kind.
const MET: f64 = 1e-9;
/// The accuracy that engines permit at best.
const BEST: f64 = 1e-10;

/// An engine.
type Run = fn(&Problem, &Config, &mut dyn Observer<Progress>) -> Result<Outcome, Error>;

/// Lets an engine solve the problem with ties broken, and purifies what it finds.
pub(in super::super) fn basic(
    problem: &Problem,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
    engine: Run,
) -> Result<Outcome, Error> {
    let inner = config.clone().with_basic(false).with_accuracy((INNER * config.accuracy()).max(BEST));
    observer.on_start();
    let mut best: Option<Box<Solution>> = None;
    for perturbation in PERTURBATIONS {
        let perturbed = perturbed(problem, perturbation * config.accuracy());
        let mut watch = |progress: &Progress| -> ControlFlow<()> { observer.on_round(progress) };
        let found = match engine(&perturbed, &inner, &mut watch)? {
            Outcome::Solved(found) => *found,
            infeasible => {
                observer.on_end(Status::Converged);
                return Ok(infeasible);
            }
        };
        let x = vertex(&perturbed, &found.x);
        let (basis, prices) = priced(problem, &x, &found.prices);
        let mut solution = Solution::judge(problem, x, prices);
        (solution.engine, solution.work) = (found.engine, found.work);
        let reached = solution.gap() <= config.accuracy() && met(problem, &solution);
        let stopped = found.status == Status::Stopped;
        // Whatever the engine thinks of its own point: the vertex has its proof.
        solution.status = match found.status {
            Status::Stopped => Status::Stopped,
            _ if reached && basis.is_independent() => Status::Converged,
            Status::Converged => Status::Stalled,
            status => status,
        };
        if best.as_ref().is_none_or(|best| solution.gap() < best.gap()) {
            best = Some(Box::new(solution));
        }
        if reached || stopped {
            break;
        }
    }
    let best = best.unwrap_or_else(|| {
        let nothing = (vec![0.0; problem.pairs()], vec![0.0; problem.tasks()]);
        Box::new(Solution::judge(problem, nothing.0, nothing.1))
    });
    observer.on_end(best.status);
    Ok(Outcome::Solved(best))
}

/// Whether hours, quotas and bands are met but for rounding.
fn met(problem: &Problem, solution: &Solution) -> bool {
    let data = problem.data();
    let most = |values: &[f64]| values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    solution.residuals.hours <= MET * most(&data.hours)
        && solution.residuals.quotas <= MET * most(&data.quotas)
        && solution.residuals.bands <= MET * most(&data.offsets)
}

/// Purifies a solution that is nearly a vertex.
#[cfg(feature = "highs")]
pub(in super::super) fn settle(problem: &Problem, solution: &mut Solution) {
    let x = vertex(problem, &solution.x);
    let (basis, prices) = priced(problem, &x, &solution.prices);
    let settled = Solution::judge(problem, x, prices);
    let status = match solution.status {
        Status::Converged if !(basis.is_independent() && met(problem, &settled)) => Status::Stalled,
        status => status,
    };
    *solution = Solution { status, engine: solution.engine, work: solution.work, ..settled };
}

/// The same problem with other costs. Where there are none, what is added is all there is; where only bands cost, it is small
/// beside the least of them.
fn perturbed(problem: &Problem, part: f64) -> Problem {
    let mut data = problem.data().clone();
    let hours: f64 = data.hours.iter().sum();
    let mean = if hours > 0.0 { magnitude(problem) / hours } else { 0.0 };
    let penalties = data.penalties.iter().filter(|w| **w > 0.0 && **w < f64::INFINITY);
    let added = match penalties.fold(f64::INFINITY, |least, w| least.min(*w)) {
        _ if mean > 0.0 => part * mean,
        f64::INFINITY if part > 0.0 => 1.0,
        f64::INFINITY => 0.0,
        least => part * least,
    };
    if added > 0.0 {
        for (k, cost) in data.costs.iter_mut().enumerate() {
            *cost += added * unit((k as u64 + 1).wrapping_mul(WEYL));
        }
    }
    // Costs of the order of 1e±60 stay as they are.
    Problem::new(data).unwrap_or_else(|_| problem.clone())
}
