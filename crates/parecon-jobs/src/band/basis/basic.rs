//! A basic solution from any engine.

use parecon_core::{Observer, Status};

use super::super::solution::magnitude;
use super::super::{Config, Outcome, Problem, Progress, Solution, Work};
use super::purify::{priced, vertex};
use crate::Error;
use crate::mix::{WEYL, unit};
use crate::progress::{Within, followed};

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
    followed(observer, Outcome::status, |observer| runs(problem, config, observer, engine))
}

fn runs(
    problem: &Problem,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
    engine: Run,
) -> Result<Outcome, Error> {
    let inner = config.clone().with_basic(false).with_accuracy((INNER * config.accuracy()).max(BEST));
    let mut best: Option<Solution> = None;
    let (mut work, mut before, mut stopped) = (Work::default(), None, false);
    for perturbation in PERTURBATIONS {
        let left = config.max_iterations().saturating_sub(work.iterations);
        let added = added(problem, perturbation * config.accuracy());
        if left == 0 || before.replace(added) == Some(added) {
            continue;
        }
        // A run that gets nowhere leaves something to the next.
        let most = if perturbation > 0.0 { left.div_ceil(2) } else { left };
        let perturbed = perturbed(problem, added);
        let found = match engine(&perturbed, &inner.clone().with_max_iterations(most), &mut Within(observer))?
        {
            Outcome::Solved(found) => *found,
            infeasible => return Ok(infeasible),
        };
        work = work.and(found.work);
        let x = vertex(&perturbed, &found.x);
        let solution = finished(problem, x, &found, config.accuracy());
        let reached = solution.reached(problem, config.accuracy(), MET);
        // What misses hours is not better for costing less.
        let rank = |solution: &Solution| (!solution.met(problem, MET), solution.gap().abs());
        if best.as_ref().is_none_or(|best| reached || rank(&solution) < rank(best)) {
            best = Some(solution);
        }
        stopped = found.status == Status::Stopped;
        if reached || stopped {
            break;
        }
    }
    let mut best = best
        .unwrap_or_else(|| Solution::judge(problem, vec![0.0; problem.pairs()], vec![0.0; problem.tasks()]));
    best.work = work;
    if stopped {
        best.status = Status::Stopped;
    }
    Ok(Outcome::Solved(Box::new(best)))
}

/// A vertex that a solution was pushed to, judged: converged if it is within the accuracy, meets everything but for rounding, and
/// its columns are independent. Whatever the engine thought of its own point: the vertex has its proof.
pub(in super::super) fn finished(
    problem: &Problem,
    x: Vec<f64>,
    found: &Solution,
    accuracy: f64,
) -> Solution {
    let (basis, prices) = priced(problem, &x, &found.prices);
    let judged = Solution::judge(problem, x, prices);
    let status = match found.status {
        Status::Stopped => Status::Stopped,
        _ if basis.is_independent() && judged.reached(problem, accuracy, MET) => Status::Converged,
        Status::Converged => Status::Stalled,
        status => status,
    };
    Solution { status, engine: found.engine, work: found.work, ..judged }
}

/// What is added to a pair's cost at most. Where there are none, it is all there is; where only bands cost, it is small beside
/// the least of them.
fn added(problem: &Problem, part: f64) -> f64 {
    let data = problem.data();
    let hours: f64 = data.hours.iter().sum();
    let mean = if hours > 0.0 { magnitude(problem) / hours } else { 0.0 };
    let penalties = data.penalties.iter().filter(|w| **w > 0.0 && **w < f64::INFINITY);
    match penalties.fold(f64::INFINITY, |least, w| least.min(*w)) {
        _ if mean > 0.0 => part * mean,
        f64::INFINITY if part > 0.0 => 1.0,
        f64::INFINITY => 0.0,
        least => part * least,
    }
}

/// The same problem with other costs.
fn perturbed(problem: &Problem, added: f64) -> Problem {
    let mut data = problem.data().clone();
    if added > 0.0 {
        for (k, cost) in data.costs.iter_mut().enumerate() {
            *cost += added * unit((k as u64 + 1).wrapping_mul(WEYL));
        }
    }
    // Costs of the order of 1e±60 stay as they are.
    Problem::new(data).unwrap_or_else(|_| problem.clone())
}

#[cfg(test)]
mod tests {
    use parecon_core::Status;

    use super::super::super::{Data, interior_point};
    use super::*;
    use crate::TaskId;

    const ITERATIONS: u32 = 100;

    /// Either of two members should do what costs 1 an hour, or everything costs nothing.
    fn problem(cost: f64) -> Problem {
        Problem::new(Data {
            quotas: vec![10.0, 10.0],
            hours: vec![10.0, 10.0],
            starts: vec![0, 2, 4],
            tasks: [0, 1, 0, 1].map(TaskId::new).to_vec(),
            costs: [1.0, 2.0, 2.0, 1.0].map(|c| c * cost).to_vec(),
            ..Data::default()
        })
        .unwrap()
    }

    /// Takes a tenth of all iterations to come to nothing.
    fn useless(problem: &Problem, _: &Config, _: &mut dyn Observer<Progress>) -> Result<Outcome, Error> {
        let mut none = Solution::judge(problem, vec![0.0; problem.pairs()], vec![1.0; problem.tasks()]);
        none.work.iterations = ITERATIONS / 10;
        Ok(Outcome::Solved(Box::new(none)))
    }

    /// Useless at first.
    fn second(
        problem: &Problem,
        config: &Config,
        observer: &mut dyn Observer<Progress>,
    ) -> Result<Outcome, Error> {
        let first = config.max_iterations() == ITERATIONS / 2;
        if first { useless(problem, config, observer) } else { interior_point(problem, config, observer) }
    }

    fn run(cost: f64, iterations: u32, engine: Run) -> Solution {
        let config = Config::default().with_max_iterations(iterations);
        basic(&problem(cost), &config, &mut (), engine).unwrap().solution().unwrap().clone()
    }

    #[test]
    fn a_later_run_that_gets_there_is_taken() {
        let found = run(1.0, ITERATIONS, second);
        assert_eq!(found.status, Status::Converged);
        assert!((found.objective - 20.0).abs() < 1e-9 && found.residuals.hours < 1e-9, "{found:?}");
        // What the first run took counts too.
        assert!(found.work.iterations > ITERATIONS / 10 && found.work.iterations <= ITERATIONS);
    }

    #[test]
    fn all_runs_share_the_iterations_and_none_is_made_twice() {
        let runs = |cost, iterations| run(cost, iterations, useless).work.iterations / (ITERATIONS / 10);
        assert_eq!(runs(1.0, ITERATIONS), 3);
        assert_eq!(runs(1.0, ITERATIONS / 5), 2);
        assert_eq!(runs(1.0, 1), 1);
        // Without costs a hundredth of what is added is as good as all of it.
        assert_eq!(runs(0.0, ITERATIONS), 2);
        assert_eq!(run(1.0, ITERATIONS, useless).status, Status::Stalled);
    }

    /// Stopped in its second run, with a point no better than that of the first.
    fn stopped(
        problem: &Problem,
        config: &Config,
        observer: &mut dyn Observer<Progress>,
    ) -> Result<Outcome, Error> {
        let outcome = useless(problem, config, observer)?;
        let Outcome::Solved(mut found) = outcome else { return Ok(outcome) };
        if config.max_iterations() < ITERATIONS / 2 {
            found.status = Status::Stopped;
        }
        Ok(Outcome::Solved(found))
    }

    #[test]
    fn whoever_stops_it_is_told_so() {
        let found = run(1.0, ITERATIONS, stopped);
        assert_eq!((found.status, found.work.iterations), (Status::Stopped, ITERATIONS / 5));
    }
}
