//! Basic solutions: vertices from every engine, checked by dense ranks, and purification of any point.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod bands;

use bands::{ENGINES, load, problem, set_aside, split};
use nalgebra::DMatrix;
use parecon_core::Status;
use parecon_jobs::TaskId;
use parecon_jobs::band::{
    Basis, Config, Data, Engine, Outcome, Problem, Solution, interior_point, purify, solve,
};
use parecon_testbed::jobs::{Mode, band_problem};
use proptest::prelude::*;

/// "Hours conserved to 1e-9"; those of the tests are of the order of 10.
const HOURS: f64 = 1e-9;
/// A singular value below this, of columns of the order of 1, is 0.
const SINGULAR: f64 = 1e-8;
/// On the edge of a band, over quota and largest offset.
const EDGE: f64 = 1e-9;
/// Of a vertex found from the interior.
const OPTIMAL: f64 = 1e-7;
/// What rounding may add to an objective.
const ROUNDING: f64 = 1e-9;

/// Columns in use and their rank, from singular values of the whole matrix.
fn dense(problem: &Problem, x: &[f64]) -> (usize, usize) {
    let data = problem.data();
    let (members, tasks, dimensions) = (problem.members(), problem.tasks(), data.dimensions);
    let rows = members * (1 + dimensions) + tasks;
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let largest = |d: usize| {
        let all = data.offsets.iter().skip(d).step_by(dimensions).map(|r| r.abs());
        Some(all.fold(0.0, f64::max)).filter(|most| *most > 0.0).unwrap_or(1.0)
    };
    for i in 0..members {
        let own = data.starts[i]..data.starts[i + 1];
        let banded: Vec<usize> =
            (0..dimensions).filter(|d| data.tolerances[i * dimensions + d] < f64::INFINITY).collect();
        for k in own.clone().filter(|k| x[*k] > 0.0) {
            let j = data.tasks[k].index();
            let mut column = vec![0.0; rows];
            column[i] = 1.0;
            column[members * (1 + dimensions) + j] = 1.0;
            for d in &banded {
                column[members + i * dimensions + d] = data.offsets[j * dimensions + d] / largest(*d);
            }
            columns.push(column);
        }
        for d in banded {
            let at = i * dimensions + d;
            let sum: f64 =
                own.clone().map(|k| data.offsets[data.tasks[k].index() * dimensions + d] * x[k]).sum();
            let beyond = sum.abs() - data.tolerances[at] * data.quotas[i];
            let near = EDGE * data.quotas[i] * largest(d);
            let hard = data.penalties.get(at).is_none_or(|w| *w == f64::INFINITY);
            if data.quotas[i] > 0.0 && (beyond < -near || (beyond > near && !hard)) {
                let mut column = vec![0.0; rows];
                column[members + at] = 1.0;
                columns.push(column);
            }
        }
    }
    if columns.is_empty() {
        return (0, 0);
    }
    let matrix = DMatrix::from_fn(rows, columns.len(), |row, column| columns[column][row]);
    (columns.len(), matrix.svd(false, false).rank(SINGULAR))
}

/// A vertex, by singular values and by the crate's own elimination.
fn is_vertex(problem: &Problem, x: &[f64]) -> bool {
    let (columns, rank) = dense(problem, x);
    let basis = Basis::new(problem, x).unwrap();
    assert_eq!((basis.pairs + basis.deviations, basis.rank), (columns, rank));
    basis.is_independent()
}

fn limit(problem: &Problem) -> usize {
    problem.tasks() + (1 + problem.dimensions()) * problem.members()
}

fn with_basic(engine: Engine, accuracy: f64) -> Config {
    Config::default().with_engine(engine).with_accuracy(accuracy).with_basic(true).with_max_iterations(50_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_rank_is_that_of_singular_values(
        problem in problem(),
        hours in prop::collection::vec(prop_oneof![2 => Just(0.0), 3 => 0.1f64..3.0], 64),
    ) {
        let mut data = problem.into_data();
        let x: Vec<f64> = (0..data.tasks.len()).map(|k| hours[k % hours.len()]).collect();
        for i in 0..data.quotas.len() {
            data.quotas[i] = x[data.starts[i]..data.starts[i + 1]].iter().sum();
        }
        let problem = Problem::new(data).unwrap();
        is_vertex(&problem, &x);
    }

    #[test]
    fn every_engine_ends_at_a_vertex_if_asked_to(problem in problem()) {
        let best = solve(&problem, &Config::default().with_accuracy(1e-8), &mut ()).unwrap();
        for &engine in ENGINES {
            let outcome = solve(&problem, &with_basic(engine, 1e-6), &mut ()).unwrap();
            let Outcome::Solved(found) = outcome else {
                prop_assert!(best.solution().is_none());
                continue;
            };
            let optimum = best.solution().unwrap().objective;
            prop_assert_eq!(found.status, Status::Converged, "{:?}: {:?}", engine, found);
            prop_assert!(found.gap().abs() <= 1e-6);
            prop_assert!((found.objective - optimum).abs() <= 2e-6 * found.magnitude.max(optimum.abs()));
            prop_assert!(found.residuals.hours < HOURS && found.residuals.quotas < HOURS, "{engine:?}: {:?}", found.residuals);
            prop_assert!(found.residuals.bands < HOURS, "{engine:?}: {:?}", found.residuals);
            prop_assert!(is_vertex(&problem, &found.x), "{engine:?}");
            prop_assert!(found.in_use() <= limit(&problem));
        }
    }

    #[test]
    fn any_assignment_is_purified_and_costs_no_more(problem in problem(), parts in prop::collection::vec(0.01f64..1.0, 4)) {
        // Inside: a mixture of vertices that are best for unlike costs.
        let mut mixed: Option<Solution> = None;
        for (turn, part) in parts.iter().enumerate() {
            let mut data = problem.data().clone();
            for (k, cost) in data.costs.iter_mut().enumerate() {
                *cost = ((7 * k + 3 * turn) % 11) as f64 - 5.0;
            }
            let config = with_basic(Engine::FirstOrder, 1e-3);
            let outcome = solve(&Problem::new(data).unwrap(), &config, &mut ()).unwrap();
            let Some(vertex) = outcome.solution() else { return Ok(()) };
            let part = part / parts.iter().sum::<f64>();
            let mixed = mixed.get_or_insert_with(|| {
                let mut none = vertex.clone();
                none.x.fill(0.0);
                none
            });
            mixed.x.iter_mut().zip(&vertex.x).for_each(|(a, b)| *a += part * b);
        }
        let mixed = mixed.unwrap();
        let before = objective(&problem, &mixed);
        let vertex = purify(&problem, &mixed).unwrap();
        let size = before.abs().max(problem.data().hours.iter().sum());
        prop_assert!(vertex.objective <= before + ROUNDING * size, "{} from {before}", vertex.objective);
        prop_assert!(is_vertex(&problem, &vertex.x));
        let missed = vertex.residuals;
        prop_assert!(missed.quotas < HOURS && missed.hours < HOURS && missed.bands < HOURS, "{missed:?}");
        prop_assert!(vertex.in_use() <= limit(&problem));
    }

    #[test]
    fn the_interior_point_is_purified_to_the_optimum(problem in problem()) {
        let outcome = interior_point(&problem, &Config::default(), &mut ()).unwrap();
        let Some(inside) = outcome.solution() else { return Ok(()) };
        let vertex = purify(&problem, inside).unwrap();
        prop_assert!(is_vertex(&problem, &vertex.x));
        // Where the vertex is degenerate, the method's own digits decide about some prices.
        let size = vertex.objective.abs().max(vertex.magnitude);
        prop_assert!((vertex.objective - vertex.bound).abs() <= OPTIMAL * size, "{vertex:?}");
        let missed = vertex.residuals;
        prop_assert!(missed.quotas < HOURS && missed.hours < HOURS && missed.bands < HOURS, "{missed:?}");
        prop_assert_eq!(vertex.status, inside.status);
    }
}

/// Of hours that may have been changed.
fn objective(problem: &Problem, solution: &Solution) -> f64 {
    let data = problem.data();
    let mut sum: f64 = data.costs.iter().zip(&solution.x).map(|(cost, x)| cost * x).sum();
    for i in 0..problem.members() {
        for d in 0..data.dimensions {
            let at = i * data.dimensions + d;
            let penalty = data.penalties.get(at).copied().unwrap_or(f64::INFINITY);
            if penalty < f64::INFINITY && data.tolerances[at] < f64::INFINITY {
                let own = data.starts[i]..data.starts[i + 1];
                let offset = |k: usize| data.offsets[data.tasks[k].index() * data.dimensions + d];
                let beyond = own.map(|k| offset(k) * solution.x[k]).sum::<f64>().abs();
                sum += penalty * (beyond - data.tolerances[at] * data.quotas[i]).max(0.0);
            }
        }
    }
    sum
}

#[test]
fn recorded_problems_are_solved_to_a_vertex_tied_or_not() {
    for (name, tolerance) in [("planted-20-40-1", 0.0), ("random-20-40-3", 0.5), ("planted-60-90-1", 2.0)] {
        let problem = load(name, tolerance);
        let mut data = problem.data().clone();
        data.costs.fill(0.0);
        let tied = Problem::new(data).unwrap();
        for &engine in ENGINES {
            for (problem, accuracy) in [(&problem, 1e-5), (&tied, 1e-3)] {
                let outcome = solve(problem, &with_basic(engine, accuracy), &mut ()).unwrap();
                let found = outcome.solution().unwrap();
                assert_eq!(found.status, Status::Converged, "{name}, {engine:?}");
                assert!(found.gap().abs() <= accuracy && found.residuals.hours < HOURS, "{name}, {engine:?}");
                assert!(is_vertex(problem, &found.x), "{name}, {engine:?}");
                assert!(found.in_use() <= limit(problem), "{name}, {engine:?}: {}", found.in_use());
            }
        }
    }
}

#[test]
fn a_dimension_too_many_for_compiled_projections_is_no_obstacle() {
    let mut data = load("planted-20-40-1", 2.0).into_data();
    let (tasks, members) = (data.hours.len(), data.quotas.len());
    let old = std::mem::replace(&mut data.dimensions, 8);
    let mut offsets = Vec::new();
    for j in 0..tasks {
        offsets.extend_from_slice(&data.offsets[old * j..][..old]);
        offsets.extend((old..8).map(|d| ((j * (d + 3)) % 7) as f64 - 3.0));
    }
    data.offsets = offsets;
    data.tolerances = vec![4.0; 8 * members];
    let problem = Problem::new(data).unwrap();
    for &engine in ENGINES {
        let outcome = solve(&problem, &with_basic(engine, 1e-6), &mut ()).unwrap();
        let found = outcome.solution().unwrap();
        assert_eq!(found.status, Status::Converged);
        assert!(is_vertex(&problem, &found.x) && found.residuals.hours < HOURS);
    }
}

#[test]
fn identical_members_are_told_apart() {
    let problem = load("planted-20-40-1", 0.5);
    let twice = split(&problem, &[0.25, 0.75]);
    // Each type's point given to both of its members is no vertex, and is made one.
    let both = solve(&twice, &Config::default().with_accuracy(1e-7), &mut ()).unwrap();
    let both = both.solution().unwrap();
    assert_eq!(both.work.types, problem.members());
    assert!(!Basis::new(&twice, &both.x).unwrap().is_independent());
    let vertex = purify(&twice, both).unwrap();
    assert!(is_vertex(&twice, &vertex.x) && vertex.objective <= both.objective + ROUNDING);
    for &engine in ENGINES {
        let outcome = solve(&twice, &with_basic(engine, 1e-5), &mut ()).unwrap();
        assert!(is_vertex(&twice, &outcome.solution().unwrap().x), "{engine:?}");
    }
}

#[test]
fn a_large_point_is_purified_to_a_vertex_that_threads_do_not_change() {
    let problem = set_aside(band_problem(600, 500, 30, 0.5, 3, Mode::Planted).unwrap().into_data());
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let config = Config::default().with_engine(Engine::FirstOrder).with_accuracy(1e-3);
        pool.install(|| {
            let outcome = solve(&problem, &config, &mut ()).unwrap();
            let vertex = purify(&problem, outcome.solution().unwrap()).unwrap();
            assert!(vertex.objective <= outcome.solution().unwrap().objective * (1.0 + ROUNDING));
            vertex
        })
    };
    let (one, two) = (run(1), run(2));
    let bits = |x: &[f64]| x.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&one.x), bits(&two.x));
    assert!(Basis::new(&problem, &one.x).unwrap().is_independent());
    assert!(one.residuals.hours < HOURS && one.residuals.quotas < HOURS && one.residuals.bands < HOURS);
    assert!(one.in_use() <= limit(&problem));
}

#[test]
fn hours_that_are_none_are_refused() {
    let data = Data {
        quotas: vec![1.0],
        hours: vec![1.0],
        starts: vec![0, 1],
        tasks: vec![TaskId::new(0)],
        costs: vec![0.0],
        ..Data::default()
    };
    let problem = Problem::new(data).unwrap();
    let told = |x: &[f64]| Basis::new(&problem, x).unwrap_err().to_string();
    assert_eq!(told(&[]), "0 hours for 1 pairs: need one each");
    assert_eq!(told(&[f64::NAN]), "pair 0: NaN hours, must be 0 or more");
    assert_eq!(told(&[-1.0]), "pair 0: -1 hours, must be 0 or more");
    let outcome = solve(&problem, &Config::default(), &mut ()).unwrap();
    let mut cut = outcome.solution().unwrap().clone();
    cut.prices.clear();
    assert_eq!(purify(&problem, &cut).unwrap_err().to_string(), "0 prices for 1 tasks: need one each");
}

/// Two members who can do both of two tasks, with quotas and hours.
fn square(quotas: [f64; 2], hours: [f64; 2]) -> Problem {
    let data = Data {
        quotas: quotas.to_vec(),
        hours: hours.to_vec(),
        starts: vec![0, 2, 4],
        tasks: [0, 1, 0, 1].map(TaskId::new).to_vec(),
        costs: vec![1.0, 2.0, 2.0, 1.0],
        ..Data::default()
    };
    Problem::new(data).unwrap()
}

fn changed(solution: &Solution, change: impl FnOnce(&mut Solution)) -> Solution {
    let mut solution = solution.clone();
    change(&mut solution);
    solution
}

#[test]
fn a_vertex_of_what_has_been_changed_is_not_vouched_for() {
    let problem = square([8.0, 8.0], [8.0, 8.0]);
    let outcome = solve(&problem, &Config::default(), &mut ()).unwrap();
    let found = outcome.solution().unwrap();
    assert_eq!(purify(&problem, found).unwrap().status, Status::Converged);
    // Hours that are not met, and hours that cost twice what they need to.
    for x in [[0.0; 4], [0.0, 8.0, 8.0, 0.0]] {
        let vertex = purify(&problem, &changed(found, |found| found.x = x.to_vec())).unwrap();
        assert_eq!(vertex.status, Status::Stalled, "{vertex:?}");
    }
    let cut = changed(found, |found| found.status = Status::RoundLimit);
    assert_eq!(purify(&problem, &cut).unwrap().status, Status::RoundLimit);
}

#[test]
fn hours_that_no_task_takes_stay_numbers() {
    let found = solve(&square([1.0, 1.0], [1.0, 1.0]), &Config::default(), &mut ()).unwrap();
    let shared = changed(found.solution().unwrap(), |found| found.x = vec![0.5; 4]);
    let vertex = purify(&square([1.0, 1.0], [0.0, 0.0]), &shared).unwrap();
    assert!(vertex.x.iter().all(|x| x.is_finite() && *x >= 0.0), "{vertex:?}");
    assert!(vertex.objective.is_finite() && vertex.residuals.hours >= 1.0, "{vertex:?}");
    assert_eq!(vertex.status, Status::Stalled);
}

#[test]
fn prices_that_are_none_and_hours_without_a_quota_are_refused() {
    let problem = square([2.0, 0.0], [1.0, 1.0]);
    let outcome = solve(&problem, &Config::default(), &mut ()).unwrap();
    let found = outcome.solution().unwrap();
    let told =
        |change: &dyn Fn(&mut Solution)| purify(&problem, &changed(found, change)).unwrap_err().to_string();
    assert_eq!(told(&|found| found.prices[1] = f64::NAN), "task 1: price is NaN, must be finite");
    assert_eq!(told(&|found| found.x[3] = 0.5), "pair 3: 0.5 hours, must be 0: member 1 has no quota");
    assert!(Basis::new(&problem, &[1.0, 1.0, 0.0, 0.5]).is_err());
}
