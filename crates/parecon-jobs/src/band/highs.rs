//! The band problem through `HiGHS`, an independent solver written in C++.

use highs::{ColProblem, HighsModelStatus, Model, Row, Sense, SolvedModel};
use parecon_core::{Observer, Status};

use super::basis::{finished, vertex};
use super::interior::proof;
use super::presolve::obstacle;
use super::solution::MET;
use super::{Config, Engine, Infeasible, Outcome, Problem, Progress, Solution};
use crate::Error;
use crate::progress::followed;

/// Pairs up to which the simplex method is taken; beyond, the interior-point method and a crossover are quicker.
const SIMPLEX_PAIRS: usize = 5_000;
/// Shares of hours, bands and reduced costs are accurate to this; `HiGHS` accepts nothing below 1e-10.
const FEASIBLE: f64 = 1e-9;
/// What `HiGHS` counts with.
const MOST_ENTRIES: usize = i32::MAX as usize;

/// Solves a band problem with `HiGHS`: the simplex method for small problems, its interior-point method and crossover for
/// others. Needs the feature `highs`.
///
/// Variables are shares of the quotas and of the tasks. The solution is a vertex. Nothing rests on `HiGHS`'s word: bounds and
/// proofs are recomputed from its task prices as for every engine. It works on one thread and the observer hears of it only
/// at the end, so it cannot be stopped before. Should it refuse the model or an option, or have no finite point to show, the
/// answer is one without hours that is [`Stalled`](parecon_core::Status::Stalled).
///
/// # Errors
/// If the configuration is [invalid](Config::validate), or the problem has more entries than `HiGHS` can count (2³¹).
///
/// # Complexity
/// That of `HiGHS`: about 8 s for 2,000 members and 80,000 pairs, 100 s for 10,000 members and 300,000 pairs.
///
/// # Reference
/// Huangfu & Hall, *Parallelizing the dual revised simplex method* (2018); Schork & Gondzio, *Implementation of an interior
/// point method with basis preconditioning* (2020).
///
/// # Example
/// ```
/// use parecon_jobs::TaskId;
/// use parecon_jobs::band::{Config, Data, Problem, highs};
/// // The first would rather plan, the second does not mind; both have half of everything to do on average.
/// let problem = Problem::new(Data {
///     dimensions: 1,
///     quotas: vec![8.0, 8.0],
///     hours: vec![8.0, 8.0],
///     offsets: vec![-8.0, 8.0],
///     starts: vec![0, 2, 4],
///     tasks: [0, 1, 0, 1].map(TaskId::new).to_vec(),
///     costs: vec![1.0, 0.0, 0.0, 0.0],
///     tolerances: vec![2.0, 2.0],
///     penalties: vec![],
/// })?;
/// let outcome = highs(&problem, &Config::default(), &mut ())?;
/// assert!((outcome.solution().unwrap().objective - 3.0).abs() < 1e-9);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn highs(
    problem: &Problem,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
) -> Result<Outcome, Error> {
    config.validate()?;
    let entries = problem.pairs().saturating_mul(2 + problem.dimensions());
    if entries > MOST_ENTRIES {
        return Err(Error::invalid(format!(
            "{entries} entries are too many for HiGHS, which counts to {MOST_ENTRIES}"
        )));
    }
    if let Some(reason) = obstacle(problem) {
        return Ok(Outcome::Infeasible(reason));
    }
    followed(observer, Outcome::status, |observer| {
        let mut outcome = run(problem, config);
        if let (Outcome::Solved(solution), true) = (&mut outcome, config.basic()) {
            // It is one already, but in HiGHS's accuracy.
            let x = vertex(problem, &solution.x);
            **solution = finished(problem, x, solution, config.accuracy());
        }
        if let Some(solution) = outcome.solution() {
            let largest = problem.data().hours.iter().fold(0.0_f64, |most, hours| most.max(*hours));
            let _ = observer.on_round(&Progress {
                engine: Engine::Highs,
                iteration: solution.work.iterations,
                objective: solution.objective,
                gap: solution.gap(),
                missing: if largest > 0.0 { solution.residuals.hours / largest } else { 0.0 },
            });
        }
        Ok(outcome)
    })
}

fn run(problem: &Problem, config: &Config) -> Outcome {
    let form = Form::new(problem);
    let mut found = form.solve(problem, config, false);
    let mut feasible = true;
    if let Some(Found {
        status: HighsModelStatus::Infeasible | HighsModelStatus::UnboundedOrInfeasible,
        ..
    }) = found
    {
        // The interface hands out no ray; the prices at which hours are missed as little as possible are one.
        feasible = false;
        found = form.solve(problem, config, true);
        if let Some(proof) = found.as_ref().and_then(|found| proof(problem, &found.prices)) {
            return Outcome::Infeasible(Infeasible::Together(proof));
        }
    }
    let empty = form.pairs.is_empty();
    let (x, prices, iterations, status) = match found {
        Some(found) => (found.x, found.prices, found.iterations, found.status),
        None => (vec![0.0; problem.pairs()], vec![0.0; problem.tasks()], 0, HighsModelStatus::Unknown),
    };
    let mut solution = Solution::judge(problem, x, prices);
    solution.engine = Engine::Highs;
    solution.work.iterations = iterations;
    solution.status = match status {
        _ if empty => Status::Converged,
        HighsModelStatus::Optimal if feasible && solution.reached(problem, config.accuracy(), MET) => {
            Status::Converged
        }
        HighsModelStatus::ReachedIterationLimit => Status::RoundLimit,
        _ => Status::Stalled,
    };
    Outcome::Solved(Box::new(solution))
}

/// What `HiGHS` came to, in the problem's units.
struct Found {
    x: Vec<f64>,
    prices: Vec<f64>,
    iterations: u32,
    status: HighsModelStatus,
}

/// Members with a quota and tasks with hours, and the pairs of both.
struct Form {
    members: Vec<usize>,
    tasks: Vec<usize>,
    /// Pair, member, and the row of its task.
    pairs: Vec<(usize, usize, usize)>,
    /// By what costs are divided: the largest, per share of a quota.
    scale: f64,
}

impl Form {
    fn new(problem: &Problem) -> Self {
        let data = problem.data();
        let members: Vec<usize> = (0..problem.members()).filter(|i| data.quotas[*i] > 0.0).collect();
        let tasks: Vec<usize> = (0..problem.tasks()).filter(|j| data.hours[*j] > 0.0).collect();
        let mut row = vec![usize::MAX; problem.tasks()];
        tasks.iter().enumerate().for_each(|(r, j)| row[*j] = r);
        let mut pairs = Vec::new();
        let mut scale = 0.0_f64;
        for &i in &members {
            for k in problem.range(i).filter(|k| row[data.tasks[*k].index()] != usize::MAX) {
                pairs.push((k, i, row[data.tasks[k].index()]));
                scale = scale.max(data.costs[k].abs() * data.quotas[i]);
            }
        }
        Form { members, tasks, pairs, scale: if scale > 0.0 { scale } else { 1.0 } }
    }

    /// Solves; `missing` lets hours be missed, at a cost of 1 per share of a task, and leaves out all other costs.
    fn solve(&self, problem: &Problem, config: &Config, missing: bool) -> Option<Found> {
        if self.pairs.is_empty() {
            return None;
        }
        let data = problem.data();
        let mut lp = ColProblem::default();
        let mut quota = vec![None; problem.members()];
        for &i in &self.members {
            quota[i] = Some(lp.add_row(1.0..=1.0));
        }
        let hours: Vec<Row> = self.tasks.iter().map(|_| lp.add_row(1.0..=1.0)).collect();
        let mut bands: Vec<Vec<(usize, Row)>> = vec![Vec::new(); problem.members()];
        for &i in &self.members {
            for (d, tolerance) in
                problem.tolerances(i).iter().enumerate().filter(|(_, t)| **t < f64::INFINITY)
            {
                let row = lp.add_row(-tolerance..=*tolerance);
                bands[i].push((d, row));
                let penalty = problem.penalty(i, d);
                if penalty < f64::INFINITY {
                    let cost = if missing { 0.0 } else { penalty * data.quotas[i] / self.scale };
                    lp.add_column(cost, 0.0.., [(row, -1.0)]);
                    lp.add_column(cost, 0.0.., [(row, 1.0)]);
                }
            }
        }
        let excess = lp.num_cols();
        for &(k, i, task) in &self.pairs {
            let offsets = problem.offsets(data.tasks[k]);
            let share = data.quotas[i] / data.hours[self.tasks[task]];
            let of_member = quota[i].into_iter().map(|row| (row, 1.0));
            let rated = bands[i].iter().map(|(d, row)| (*row, offsets[*d]));
            let cost = if missing { 0.0 } else { data.costs[k] * data.quotas[i] / self.scale };
            lp.add_column(cost, 0.0.., of_member.chain([(hours[task], share)]).chain(rated));
        }
        if missing {
            for row in &hours {
                lp.add_column(1.0, 0.0.., [(*row, 1.0)]);
                lp.add_column(1.0, 0.0.., [(*row, -1.0)]);
            }
        }
        let mut model = lp.try_optimise(Sense::Minimise).ok()?;
        options(&mut model, config, self.pairs.len())?;
        let solved = model.try_solve().ok()?;
        let solution = solved.get_solution();
        let mut x = vec![0.0; problem.pairs()];
        for (share, &(k, i, _)) in solution.columns()[excess..].iter().zip(&self.pairs) {
            x[k] = share.max(0.0) * data.quotas[i];
        }
        let mut prices = vec![0.0; problem.tasks()];
        let scale = if missing { 1.0 } else { self.scale };
        for (dual, &j) in solution.dual_rows()[self.members.len()..].iter().zip(&self.tasks) {
            prices[j] = dual / data.hours[j] * scale;
        }
        let finite = x.iter().chain(&prices).all(|value| value.is_finite());
        finite.then(|| Found { x, prices, iterations: iterations(&solved), status: solved.status() })
    }
}

/// One thread, so that nothing but the problem decides, and no waiting for others.
fn options(model: &mut Model, config: &Config, pairs: usize) -> Option<()> {
    let limit = i32::try_from(config.max_iterations()).unwrap_or(i32::MAX);
    model.try_set_option("parallel", "off").ok()?;
    model.try_set_option("threads", 1).ok()?;
    model.try_set_option("solver", if pairs <= SIMPLEX_PAIRS { "simplex" } else { "ipm" }).ok()?;
    model.try_set_option("run_crossover", "on").ok()?;
    for option in ["primal_feasibility_tolerance", "dual_feasibility_tolerance"] {
        model.try_set_option(option, FEASIBLE).ok()?;
    }
    for option in ["simplex_iteration_limit", "ipm_iteration_limit"] {
        model.try_set_option(option, limit).ok()?;
    }
    Some(())
}

fn iterations(solved: &SolvedModel) -> u32 {
    let all =
        [solved.simplex_iteration_count(), solved.ipm_iteration_count(), solved.crossover_iteration_count()];
    all.into_iter().filter_map(|count| u32::try_from(count).ok()).fold(0, u32::saturating_add)
}
