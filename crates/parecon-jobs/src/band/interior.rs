//! The band problem through clarabel's interior-point method.

use parecon_core::{Observer, Status};

use super::basis::basic;
use super::bound::fill;
use super::member::MemberLp;
use super::presolve::obstacle;
use super::solution::MET;
use super::{Config, Engine, Farkas, Infeasible, Outcome, Problem, Progress, Solution};
use crate::Error;
use crate::lp::{Limits, Lp, Step};
use crate::progress::followed;

/// Iterations the method could use at most; more never help.
const MOST_ITERATIONS: u32 = 500;
/// Hours are met within this part of a task's own, bands within this part of a rating point.
const FEASIBLE: f64 = 1e-9;

/// Solves a band problem with clarabel's interior-point method.
///
/// Variables are shares of the quotas and deviations, rows shares of the tasks, so that everything is of the order of 1
/// whatever the units. The point is accurate to about 1e-9 of each task; it is a vertex only [if asked for](Config::with_basic).
///
/// # Errors
/// If the configuration is [invalid](Config::validate).
///
/// # Complexity
/// 10–40 iterations, each a sparse factorisation whose fill grows fast with the number of tasks: about 1 s for
/// 40,000 pairs.
///
/// # Example
/// ```
/// use parecon_jobs::TaskId;
/// use parecon_jobs::band::{Config, Data, Problem, interior_point};
/// // A soft band of no width: a point beyond it costs 0.1 an hour, as much as the difference in cost.
/// let problem = Problem::new(Data {
///     dimensions: 1,
///     quotas: vec![10.0, 10.0],
///     hours: vec![10.0, 10.0],
///     offsets: vec![-1.0, 1.0],
///     starts: vec![0, 2, 4],
///     tasks: [0, 1, 0, 1].map(TaskId::new).to_vec(),
///     costs: vec![0.0, 0.3, 0.3, 0.0],
///     tolerances: vec![0.0; 2],
///     penalties: vec![0.1; 2],
/// })?;
/// let outcome = interior_point(&problem, &Config::default().with_accuracy(1e-8), &mut ())?;
/// // Each does what is easy: 2 members · 10 h · 1 point · 0.1, rather than 20 h · 0.15.
/// assert!((outcome.solution().unwrap().objective - 2.0).abs() < 1e-6);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
///
/// # Reference
/// Goulart & Chen, *Clarabel: an interior-point solver for conic programs with quadratic objectives* (2024).
pub fn interior_point(
    problem: &Problem,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
) -> Result<Outcome, Error> {
    config.validate()?;
    if config.basic() {
        return basic(problem, config, observer, interior_point);
    }
    if let Some(reason) = obstacle(problem) {
        return Ok(Outcome::Infeasible(reason));
    }
    followed(observer, Outcome::status, |observer| run(problem, config, observer))
}

fn run(problem: &Problem, config: &Config, observer: &mut dyn Observer<Progress>) -> Result<Outcome, Error> {
    let form = Form::new(problem);
    let limits = Limits {
        max_iterations: config.max_iterations().min(MOST_ITERATIONS),
        tolerance: (config.accuracy() * 0.1).min(FEASIBLE),
    };
    let mut on_step = |(iteration, objective, gap, missing): Step| {
        let progress = Progress {
            engine: Engine::InteriorPoint,
            iteration,
            objective: objective * form.scale,
            gap,
            missing,
        };
        observer.on_round(&progress).is_break()
    };
    // Without variables the solver would have no matrix; the presolve has seen that nothing is to be done then.
    let empty = form.pairs.is_empty();
    let found = if empty { None } else { form.lp.solve(limits, &mut on_step) };
    let Some(found) = found else {
        let mut solution = Solution::judge(problem, vec![0.0; problem.pairs()], vec![0.0; problem.tasks()]);
        solution.engine = Engine::InteriorPoint;
        solution.status = if empty { Status::Converged } else { Status::Stalled };
        return Ok(Outcome::Solved(Box::new(solution)));
    };
    let mut prices = vec![0.0; problem.tasks()];
    for (row, &j) in form.tasks.iter().enumerate() {
        prices[j] = -found.multipliers[form.members.len() + row] / problem.data().hours[j] * form.scale;
    }
    if let Some(proof) = found.infeasible.then(|| proof(problem, &prices)).flatten() {
        return Ok(Outcome::Infeasible(Infeasible::Together(proof)));
    }
    let mut x = vec![0.0; problem.pairs()];
    for (share, &(k, i)) in found.x.iter().zip(&form.pairs) {
        x[k] = share.max(0.0) * problem.data().quotas[i];
    }
    let mut solution = Solution::judge(problem, x, prices);
    solution.engine = Engine::InteriorPoint;
    solution.work.iterations = found.iterations;
    let reached = solution.reached(problem, config.accuracy(), MET);
    // What counts are the recomputed gap and residuals, not the solver's own.
    solution.status = match found.status {
        Status::Stalled if reached => Status::Converged,
        Status::Converged if !reached => Status::Stalled,
        status => status,
    };
    Ok(Outcome::Solved(Box::new(solution)))
}

/// The proof that prices carry if they are a ray along which the bound grows for ever: `None` if they are not.
pub(super) fn proof(problem: &Problem, prices: &[f64]) -> Option<Farkas> {
    let size = prices.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    if size.is_nan() || size <= 0.0 {
        return None;
    }
    let prices: Vec<f64> =
        prices.iter().map(|v| if v.abs() > 1e-12 * size { v / size } else { 0.0 }).collect();
    let (mut quota_prices, mut band_prices) = (Vec::new(), Vec::new());
    let mut lp = MemberLp::default();
    for i in 0..problem.members() {
        let able = fill(&mut lp, problem, i, Some(&prices));
        let open = problem
            .range(i)
            .map(|k| problem.data().tasks[k].index())
            .filter(|j| problem.data().hours[*j] > 0.0);
        lp.costs.iter_mut().zip(open).for_each(|(cost, j)| *cost = -prices[j]);
        for d in 0..problem.dimensions() {
            // A soft band constrains nothing.
            if problem.penalty(i, d) < f64::INFINITY {
                lp.tolerances[d] = f64::INFINITY;
            }
        }
        if !able {
            quota_prices.push(0.0);
            band_prices.resize(quota_prices.len() * problem.dimensions(), 0.0);
            continue;
        }
        lp.solve();
        // A hair below, so that rounding in the least does not spoil the inequality on its own pair.
        quota_prices.push(lp.least - 1e-15 * (1.0 + lp.least.abs()) * 16.0);
        band_prices.extend(lp.multipliers.iter().map(|g| if g.abs() < 1e-40 { 0.0 } else { *g }));
    }
    let proof = Farkas::new(prices, quota_prices, band_prices);
    proof.verify(problem).is_ok().then_some(proof)
}

/// The programme in shares.
struct Form {
    lp: Lp,
    /// Members with a quota, and tasks with hours: the rows.
    members: Vec<usize>,
    tasks: Vec<usize>,
    /// Position of each variable's pair, and its member.
    pairs: Vec<(usize, usize)>,
    /// By what costs were divided.
    scale: f64,
}

impl Form {
    fn new(problem: &Problem) -> Self {
        let (data, dimensions) = (problem.data(), problem.dimensions());
        let members: Vec<usize> = (0..problem.members()).filter(|i| data.quotas[*i] > 0.0).collect();
        let tasks: Vec<usize> = (0..problem.tasks()).filter(|j| data.hours[*j] > 0.0).collect();
        let mut pairs = Vec::new();
        let mut of_member = Vec::with_capacity(members.len());
        for &i in &members {
            let start = pairs.len();
            pairs.extend(
                problem.range(i).filter(|k| data.hours[data.tasks[*k].index()] > 0.0).map(|k| (k, i)),
            );
            of_member.push(start..pairs.len());
        }
        let mut of_task = vec![Vec::new(); problem.tasks()];
        for (variable, &(k, i)) in pairs.iter().enumerate() {
            let j = data.tasks[k].index();
            of_task[j].push((variable, data.quotas[i] / data.hours[j]));
        }
        // Bands that bind, with the position of their excess if they are soft.
        let (mut bands, mut excess) = (Vec::new(), Vec::new());
        for (row, &i) in members.iter().enumerate() {
            for (d, tolerance) in
                problem.tolerances(i).iter().enumerate().filter(|(_, t)| **t < f64::INFINITY)
            {
                let penalty = problem.penalty(i, d);
                let soft = (penalty < f64::INFINITY).then(|| pairs.len() + excess.len());
                if soft.is_some() {
                    excess.push(penalty * data.quotas[i]);
                }
                bands.push((row, d, *tolerance, soft));
            }
        }
        let mut cost: Vec<f64> = pairs.iter().map(|&(k, i)| data.costs[k] * data.quotas[i]).collect();
        cost.extend(excess);
        let nonnegative = cost.len();
        cost.resize(nonnegative + bands.len(), 0.0);
        let scale = cost.iter().fold(0.0, |most: f64, c| most.max(c.abs()));
        let scale = if scale > 0.0 { scale } else { 1.0 };
        cost.iter_mut().for_each(|c| *c /= scale);
        let mut lp = Lp::new(cost, nonnegative);
        for range in &of_member {
            lp.equal(range.clone().map(|variable| (variable, 1.0)), 1.0);
        }
        for &j in &tasks {
            lp.equal(std::mem::take(&mut of_task[j]), 1.0);
        }
        for (b, &(row, d, ..)) in bands.iter().enumerate() {
            let ratings = of_member[row]
                .clone()
                .map(|variable| (variable, problem.offsets(data.tasks[pairs[variable].0])[d]));
            lp.equal(ratings.chain([(nonnegative + b, -1.0)]), 0.0);
        }
        debug_assert!(dimensions > 0 || bands.is_empty());
        for (b, (_, _, tolerance, soft)) in bands.into_iter().enumerate() {
            for sign in [1.0, -1.0] {
                lp.at_most([(nonnegative + b, sign)].into_iter().chain(soft.map(|e| (e, -1.0))), tolerance);
            }
        }
        Form { lp, members, tasks, pairs, scale }
    }
}
