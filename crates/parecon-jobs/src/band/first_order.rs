//! The engine for large problems: first-order steps, an exact repair, and a bound that needs neither.

mod active;
mod form;
mod halpern;
mod project;
mod repair;

use parecon_core::{Observer, Status};

use self::active::Active;
use self::form::Form;
use self::halpern::Halpern;
use self::repair::{norm, repair};
use super::basis::basic;
use super::bound::{Dual, dual, evaluate};
use super::interior::{interior_point, proof};
use super::presolve::obstacle;
use super::solution::{MET, magnitude, relative_gap};
use super::{Config, Engine, Infeasible, Outcome, Problem, Progress, Solution};
use crate::Error;
use crate::progress::followed;

/// Iterations before the point is first looked at, and by how much their number grows until the next look.
const FIRST_LOOK: u32 = 30;
const NEXT_LOOK: f64 = 1.15;
/// From so many iterations on, the direction of the prices is tried as a proof that there is no assignment.
const FIRST_PROOF: u32 = 200;
/// The part of the accuracy that the unrepaired point must reach; halved whenever the repair loses the rest.
const AHEAD: f64 = 0.8;
/// What repairing costs, about, in units of what any assignment costs, per missing share of all hours (measured: 0.02 to
/// 0.05).
const REPAIR_COST: f64 = 0.05;
/// The objective, over what any assignment costs, from which on gaps are judged: far smaller ones would have the point
/// repaired too late.
const SMALL: f64 = 0.1;
/// The relative gap from which on pairs are left out, and the reduced cost, over the mean cost, up to which they stay.
const SIFTED: f64 = 1e-2;
const KEPT: f64 = 0.2;
/// Reduced costs that are 0 but for rounding, over the mean cost.
const BEST: f64 = 1e-9;
/// The share of the hours that may be missing when a repair is tried: it is a local method.
const REPAIRABLE: f64 = 1e-2;
/// The repair's step size over that of the iteration: small steps stay near the point and are quick.
const NEAR: f64 = 0.1;
/// The most dimensions for which the projection is compiled.
const DIMENSIONS: usize = 6;

/// Solves a band problem by restarted Halpern primal–dual steps whose primal half is exact for each member.
///
/// Only the tasks' hours are dualised. A step with prices v projects every member's shares, `y_i − τ (c_i − v)`, onto the
/// member's own polytope (shares sum to 1, band met), a problem in 1 + D unknowns that takes one Newton step from the
/// previous iteration's; and then moves the prices by the hours still missing. As each pair belongs to one task, the operator
/// times its transpose is diagonal, and the step sizes are perfectly scaled: `q`-weighted shares against prices weighted by
/// the hours of all who can do the task. Steps are reflected and averaged with the last restart (Halpern), restarted when
/// the fixed-point error has fallen enough, and the weight of shares against prices follows the distances travelled.
///
/// Where the point is good enough, a Newton method moves it to the nearest one that meets all hours (to about 1e-12 of their
/// total), and the gap is taken between that point and the bound recomputed from the best prices so far. If there is
/// no assignment, the prices run away along a ray that proves it.
///
/// Once prices are nearly right, pairs whose reduced cost is far from 0 are left out of the steps (most are); all pairs are priced
/// whenever the bound is recomputed, and those that might pay come back.
///
/// Shares that are projected are exactly 0 off the support, and few remain: about as many as in a vertex.
///
/// The result has the same bits for any number of threads. Beyond 6 dimensions the interior-point method takes over.
///
/// # Errors
/// If the configuration is [invalid](Config::validate).
///
/// # Complexity
/// Per iteration O(D² · pairs that take part), soon a fifth of all; memory about 100 bytes per pair; 200–700 iterations for a gap of 1e-4, some
/// thousands for 1e-6.
///
/// # Example
/// ```
/// use parecon_jobs::TaskId;
/// use parecon_jobs::band::{Config, Data, Problem, first_order};
/// // Without a band: who minds less does it.
/// let problem = Problem::new(Data {
///     quotas: vec![30.0, 30.0],
///     hours: vec![20.0, 40.0],
///     starts: vec![0, 2, 4],
///     tasks: [0, 1, 0, 1].map(TaskId::new).to_vec(),
///     costs: vec![0.1, 0.5, 0.4, 0.6],
///     ..Data::default()
/// })?;
/// let outcome = first_order(&problem, &Config::default(), &mut ())?;
/// let found = outcome.solution().unwrap();
/// assert!((found.objective - 25.0).abs() < 1e-4); // 20 h · 0.1 + 10 h · 0.5 + 30 h · 0.6
/// assert!(found.gap() <= 1e-6 && found.residuals.hours < 1e-9);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
///
/// # Reference
/// Chambolle & Pock (2011); Applegate et al., *PDLP* (2021, 2025); Lu & Yang, *Restarted Halpern PDHG for linear
/// programming* (2024), whose restarts and reflection are used; Chen, Sun, Yuan, Zhang & Zhao, *HPR-LP* (2024).
pub fn first_order(
    problem: &Problem,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
) -> Result<Outcome, Error> {
    config.validate()?;
    if problem.dimensions() > DIMENSIONS {
        return interior_point(problem, config, observer);
    }
    if config.basic() {
        return basic(problem, config, observer, first_order);
    }
    if let Some(reason) = obstacle(problem) {
        return Ok(Outcome::Infeasible(reason));
    }
    followed(observer, Outcome::status, |observer| match problem.dimensions() {
        0 => run::<1>(problem, config, observer),
        1 => run::<2>(problem, config, observer),
        2 => run::<3>(problem, config, observer),
        3 => run::<4>(problem, config, observer),
        4 => run::<5>(problem, config, observer),
        5 => run::<6>(problem, config, observer),
        _ => run::<7>(problem, config, observer),
    })
}

/// The best prices and the best point so far.
struct Best {
    bound: f64,
    prices: Vec<f64>,
    /// Shares in hours, objective, and whether the hours are met.
    point: Option<(Vec<f64>, f64, bool)>,
}

/// Which pairs take part. Most never do in the end: with prices nearly right, those whose reduced cost is far from 0 are
/// left out, and come back as soon as they are among a member's best. The bound is always that of all pairs.
struct Sift {
    all: bool,
    keep: Vec<bool>,
    /// Reduced costs at the last look.
    reduced: Vec<f64>,
}

impl Sift {
    fn new(problem: &Problem) -> Self {
        Sift { all: true, keep: vec![true; problem.pairs()], reduced: vec![0.0; problem.pairs()] }
    }

    /// Takes reduced costs; whether a pair that was left out is among a member's best.
    fn outside(&mut self, problem: &Problem, prices: &[f64], dual: &Dual, scale: f64) -> bool {
        let (data, dimensions) = (problem.data(), problem.dimensions());
        let mut found = false;
        for i in 0..problem.members() {
            let g = &dual.band_prices[i * dimensions..][..dimensions];
            for k in problem.range(i) {
                let task = data.tasks[k];
                let band: f64 = g.iter().zip(problem.offsets(task)).map(|(g, offset)| g * offset).sum();
                self.reduced[k] = data.costs[k] - prices[task.index()] - dual.quota_prices[i] + band;
                let best = self.reduced[k] <= BEST * scale;
                found |= best && !self.keep[k] && data.hours[task.index()] > 0.0;
            }
        }
        found
    }

    /// Keeps pairs that are in use or whose reduced cost is small beside the mean cost, and all pairs of a task that would
    /// have none.
    fn choose(&mut self, problem: &Problem, scale: f64, used: impl Iterator<Item = usize>) {
        let first = std::mem::replace(&mut self.all, false);
        for (keep, reduced) in self.keep.iter_mut().zip(&self.reduced) {
            *keep = (*keep && !first) || *reduced <= KEPT * scale;
        }
        used.for_each(|k| self.keep[k] = true);
        let tasks = &problem.data().tasks;
        let mut covered = vec![false; problem.tasks()];
        tasks.iter().zip(&self.keep).for_each(|(task, keep)| covered[task.index()] |= keep);
        tasks.iter().zip(&mut self.keep).for_each(|(task, keep)| *keep |= !covered[task.index()]);
    }
}

fn run<const M: usize>(
    problem: &Problem,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
) -> Result<Outcome, Error> {
    let whole = Form::new(problem, &|_| true);
    let mut form = whole.clone();
    let mut sift = Sift::new(problem);
    let mut iteration = Halpern::<M>::new(&form);
    let prices = vec![0.0; problem.tasks()];
    let mut best = Best { bound: dual(problem, &prices).bound, prices, point: None };
    // What any assignment costs; without costs, what it would at one per hour.
    let costs = form.scale * form.mean * form.hours.iter().sum::<f64>();
    let floor = Some(magnitude(problem)).filter(|size| *size > 0.0).unwrap_or(costs);
    let size = norm(&form.hours);
    let (mut look, mut ahead) = (FIRST_LOOK, AHEAD);
    let (mut repairs, mut gradients) = (0, 0);
    let mut status = Status::RoundLimit;
    if form.pair.is_empty() {
        best.point = Some((vec![0.0; problem.pairs()], 0.0, true));
        status = Status::Converged;
    }
    while !form.pair.is_empty() && iteration.total < config.max_iterations() {
        iteration.iterate(&form);
        let last = iteration.total == config.max_iterations();
        if iteration.total < look && !last {
            continue;
        }
        look = (f64::from(iteration.total) * NEXT_LOOK).ceil() as u32;
        let v = form.prices_of(problem, &iteration.next);
        let at = dual(problem, &v);
        let missing = iteration.missing(&form);
        let share = norm(&missing) / size;
        let outside = sift.outside(problem, &v, &at, form.scale);
        if at.bound > best.bound {
            (best.bound, best.prices) = (at.bound, v);
        }
        let (cost, _) = evaluate(problem, &form.hours_of(problem, iteration.shares()));
        let owed: f64 = missing.iter().zip(&iteration.next).map(|(miss, v)| miss * v).sum();
        let objective = cost + owed * form.scale * form.mean;
        let relative = |objective: f64| relative_gap(objective, best.bound, floor);
        let progress = Progress {
            engine: Engine::FirstOrder,
            iteration: iteration.total,
            objective,
            gap: relative(objective),
            missing: share,
        };
        if observer.on_round(&progress).is_break() {
            status = Status::Stopped;
        }
        let stopped = status == Status::Stopped;
        let lost = REPAIR_COST * share / (objective.abs() / costs).max(SMALL);
        let ready = relative(objective).abs() + lost <= ahead * config.accuracy() && share <= REPAIRABLE;
        if ready || last || stopped {
            // With all pairs: those left out are what hours move to.
            let spread = iteration.resume(&form, &whole, problem.pairs());
            let mut active = Active::<M>::new(&whole, spread.shares(), spread.multipliers());
            let mut at = iteration.next.clone();
            let repaired = repair(&whole, &mut active, &mut at, NEAR * iteration.tau());
            repairs += repaired.steps;
            gradients += repaired.gradients;
            let x = whole.hours_of(problem, active.shares());
            let (objective, _) = evaluate(problem, &x);
            let better = |(_, known, done): &(Vec<f64>, f64, bool)| !done || objective < *known;
            if best.point.is_none() || (repaired.done && best.point.as_ref().is_some_and(better)) {
                best.point = Some((x, objective, repaired.done));
            }
            let near = |(_, objective, done): &(Vec<f64>, f64, bool)| {
                *done && relative(*objective).abs() <= config.accuracy()
            };
            if best.point.as_ref().is_some_and(near) {
                status = if stopped { Status::Stopped } else { Status::Converged };
                break;
            }
            ahead *= 0.5;
        }
        if stopped {
            break;
        }
        if outside || (sift.all && relative(objective).abs() <= SIFTED) {
            let used = form.pair.iter().zip(iteration.shares().flatten()).filter(|(_, y)| **y > 0.0);
            sift.choose(problem, form.scale, used.map(|(k, _)| *k));
            let fewer = Form::new(problem, &|k| sift.keep[k]);
            iteration = iteration.resume(&form, &fewer, problem.pairs());
            form = fewer;
        }
        if iteration.total >= FIRST_PROOF && share > config.accuracy() {
            let v = form.prices_of(problem, &iteration.direction());
            if let Some(proof) = proof(problem, &v) {
                return Ok(Outcome::Infeasible(Infeasible::Together(proof)));
            }
        }
    }
    let x = best.point.map_or_else(|| form.hours_of(problem, iteration.shares()), |(x, ..)| x);
    let mut solution = Solution::judge(problem, x, best.prices);
    if status == Status::Converged && !solution.reached(problem, config.accuracy(), MET) {
        status = Status::Stalled;
    }
    solution.status = status;
    solution.engine = Engine::FirstOrder;
    solution.work.iterations = iteration.total;
    solution.work.restarts = iteration.restarts;
    solution.work.repair_steps = repairs;
    solution.work.gradients = gradients;
    Ok(Outcome::Solved(Box::new(solution)))
}
