//! Band problems whose optimum was found by `HiGHS`, and what must not depend on order, units or threads.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod bands;

use bands::{ENGINES, load, split};
use parecon_core::Status;
use parecon_jobs::band::{Config, Data, Engine, Problem, Solution, solve, unreachable};
use parecon_testbed::jobs::{Mode, band_problem};

/// `HiGHS` meets constraints to 1e-7; objectives are of the order of 100.
const AGREEMENT: f64 = 1e-6;
/// "Hours within 1e-6".
const HOURS: f64 = 1e-6;

/// File, tolerance, optimum.
const REFERENCE: [(&str, f64, f64); 10] = [
    ("planted-20-40-1", 0.0, 142.058_790_396_871_9),
    ("planted-20-40-1", 0.5, 126.366_545_334_836_83),
    ("planted-20-40-1", 2.0, 101.174_675_318_162_7),
    ("random-20-40-3", 0.0, 183.432_949_302_010_14),
    ("random-20-40-3", 0.5, 170.964_162_592_495_6),
    ("planted-60-90-1", 0.02, 382.993_569_098_407_7),
    ("planted-60-90-1", 0.5, 339.703_228_878_677_7),
    ("planted-60-90-1", 2.0, 261.235_504_556_349_55),
    ("random-60-90-1", 0.0, 408.237_333_708_067_3),
    ("random-60-90-1", 0.5, 365.946_563_831_845_25),
];

fn solved(problem: &Problem, config: &Config) -> Solution {
    let outcome = solve(problem, config, &mut ()).unwrap();
    let solution = outcome.solution().unwrap().clone();
    assert_eq!(solution.status, Status::Converged);
    assert!(
        solution.residuals.hours < HOURS && solution.residuals.quotas < HOURS,
        "{:?}",
        solution.residuals
    );
    assert!(solution.residuals.bands < HOURS, "{:?}", solution.residuals);
    assert!(solution.gap() <= config.accuracy() && solution.gap() > -1e-8, "{}", solution.gap());
    solution
}

#[test]
fn engines_reach_the_optimum_of_highs() {
    for (name, tolerance, optimum) in REFERENCE {
        let problem = load(name, tolerance);
        for &engine in ENGINES {
            let config =
                Config::default().with_engine(engine).with_accuracy(1e-7).with_max_iterations(50_000);
            let found = solved(&problem, &config);
            let off = (found.objective - optimum).abs().max((found.bound - optimum).abs());
            assert!(off < AGREEMENT * optimum, "{name}, {tolerance}, {engine:?}: off by {off}");
        }
    }
}

/// Enough pairs for several units of parallel work.
fn large() -> Problem {
    band_problem(1200, 800, 30, 0.5, 7, Mode::Planted).unwrap()
}

#[test]
fn the_number_of_threads_does_not_show() {
    let problem = large();
    let config = Config::default().with_engine(Engine::FirstOrder).with_accuracy(1e-3);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| solved(&problem, &config))
    };
    let (one, two) = (run(1), run(2));
    let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    assert_eq!((bits(&one.x), bits(&one.prices)), (bits(&two.x), bits(&two.prices)));
    assert_eq!(one.work, two.work);
}

#[test]
fn units_of_time_and_cost_and_the_order_of_members_do_not_matter() {
    let problem = load("planted-60-90-1", 0.5);
    let accuracy = 1e-6;
    for &engine in ENGINES {
        let config =
            Config::default().with_engine(engine).with_accuracy(accuracy).with_max_iterations(50_000);
        let reference = solved(&problem, &config).objective;

        let mut data = problem.data().clone();
        data.quotas.iter_mut().chain(&mut data.hours).for_each(|time| *time *= 60.0);
        data.costs.iter_mut().for_each(|cost| *cost *= 1e-4);
        let solution = solve(&Problem::new(data).unwrap(), &config, &mut ()).unwrap();
        let scaled = solution.solution().unwrap();
        assert!(scaled.residuals.hours < 60.0 * HOURS);
        let off = (scaled.objective / 60e-4 - reference).abs();
        assert!(off < 2.0 * accuracy * reference, "{engine:?}: {off}");

        let whole = problem.data();
        let mut data = Data { tasks: vec![], costs: vec![], starts: vec![0], ..whole.clone() };
        data.quotas.reverse();
        for i in (0..problem.members()).rev() {
            let range = whole.starts[i]..whole.starts[i + 1];
            data.tasks.extend_from_slice(&whole.tasks[range.clone()]);
            data.costs.extend_from_slice(&whole.costs[range]);
            data.starts.push(data.tasks.len());
        }
        let reversed = solved(&Problem::new(data).unwrap(), &config).objective;
        assert!((reversed - reference).abs() < 2.0 * accuracy * reference, "{engine:?}: {reversed}");
    }
}

#[test]
fn identical_members_are_solved_as_one() {
    let problem = load("planted-20-40-1", 0.5);
    let twice = split(&problem, &[0.25, 0.75]);
    let config = Config::default().with_accuracy(1e-8);
    let (one, two) = (solved(&problem, &config), solved(&twice, &config));
    assert_eq!(two.work.types, problem.members());
    assert!((one.objective - two.objective).abs() < AGREEMENT && two.x.len() == 2 * one.x.len());
}

#[test]
fn whoever_cannot_be_balanced_is_named_and_can_be_set_aside() {
    let mut data = large().into_data();
    // Somebody who can do only what is far above the average.
    let (first, second) = (data.starts[0], data.starts[1]);
    let best = |k: &usize| data.offsets[2 * data.tasks[*k].index()];
    let keep = (first..second).max_by(|a, b| best(a).total_cmp(&best(b))).unwrap();
    let (task, cost) = (data.tasks[keep], data.costs[keep]);
    data.tasks.splice(first..second, [task]);
    data.costs.splice(first..second, [cost]);
    data.starts[1..].iter_mut().for_each(|start| *start -= second - first - 1);
    let problem = Problem::new(data).unwrap();
    let found = unreachable(&problem);
    assert!(found.iter().any(|one| one.member.index() == 0));
    for one in &found {
        one.verify(&problem).unwrap();
    }
    let outcome = solve(&problem, &Config::default(), &mut ()).unwrap();
    outcome.infeasible().unwrap().verify(&problem).unwrap();
    // The proof says nothing about a wider band.
    let mut data = problem.into_data();
    data.tolerances.fill(30.0);
    assert!(found[0].verify(&Problem::new(data).unwrap()).unwrap_err().is_violation());
}
