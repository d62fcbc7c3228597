//! Every engine against `HiGHS`, which shares no line of code with them, on generated instances.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod bands;

use bands::{set_aside, split};
use parecon_core::Status;
use parecon_jobs::band::{Basis, Config, Data, Engine, Outcome, Problem, highs, solve};
use parecon_testbed::jobs::{Mode, band_problem};

/// Asked of the engines; objectives are then compared to 1e-6.
const ACCURACY: f64 = 5e-7;
const AGREEMENT: f64 = 1e-6;
/// Of a hundred hours at most, and a few rating points.
const MISSED: f64 = 1e-6;

fn config(engine: Engine) -> Config {
    Config::default().with_engine(engine).with_accuracy(ACCURACY).with_max_iterations(200_000)
}

/// A generated instance with 1 to 3 dimensions, the third between the others with a pattern of its own.
fn instance(size: (usize, usize, usize), dimensions: usize, tolerance: f64, seed: u64, mode: Mode) -> Data {
    let (members, tasks, eligible) = size;
    let mut data = band_problem(members, tasks, eligible, tolerance, seed, mode).unwrap().into_data();
    let mut rows: Vec<Vec<f64>> = data.offsets.chunks(2).map(<[f64]>::to_vec).collect();
    for (j, row) in rows.iter_mut().enumerate() {
        row.push(0.5 * (row[0] - row[1]) + ((j * 7) % 11) as f64 - 5.0);
        row.truncate(dimensions);
    }
    let work: f64 = data.hours.iter().sum();
    for d in 0..dimensions {
        let mean = rows.iter().zip(&data.hours).map(|(row, hours)| row[d] * hours).sum::<f64>() / work;
        rows.iter_mut().for_each(|row| row[d] -= mean);
    }
    data.dimensions = dimensions;
    data.offsets = rows.concat();
    data.tolerances = vec![tolerance; members * dimensions];
    data
}

/// Solves by all, compares objectives and proofs; the optimum, or `None` where all prove that there is no assignment.
fn compare(problem: &Problem, name: &str) -> Option<f64> {
    let reference = highs(problem, &config(Engine::Highs), &mut ()).unwrap();
    let optimum = reference.solution().map(|found| {
        assert_eq!(found.status, Status::Converged, "{name}: {found:?}");
        assert!(found.gap().abs() < 1e-8, "{name}: HiGHS leaves a gap of {}", found.gap());
        assert!(found.residuals.hours < 1e-6, "{name}: {:?}", found.residuals);
        found.objective
    });
    if let Outcome::Infeasible(reason) = &reference {
        reason.verify(problem).unwrap();
    }
    for engine in [Engine::InteriorPoint, Engine::FirstOrder] {
        match (solve(problem, &config(engine), &mut ()).unwrap(), optimum) {
            (Outcome::Solved(found), Some(optimum)) => {
                let size = optimum.abs().max(1e-3 * found.magnitude);
                let off = (found.objective - optimum).abs().max((found.bound - optimum).abs());
                assert!(off <= AGREEMENT * size, "{name}, {engine:?}: off by {off:e} from {optimum}");
                assert!(found.bound <= optimum + 1e-9 * size, "{name}, {engine:?}: {} above", found.bound);
                assert_eq!(found.status, Status::Converged, "{name}, {engine:?}");
                // A point that misses hours may cost less.
                assert!(found.gap().abs() <= ACCURACY, "{name}, {engine:?}: {}", found.gap());
                let missed = found.residuals;
                assert!(missed.hours < MISSED && missed.quotas < MISSED, "{name}, {engine:?}: {missed:?}");
                assert!(missed.bands < MISSED, "{name}, {engine:?}: {missed:?}");
            }
            (Outcome::Infeasible(reason), None) => reason.verify(problem).unwrap(),
            (found, _) => panic!("{name}, {engine:?}: {found:?} where HiGHS has {optimum:?}"),
        }
    }
    optimum
}

#[test]
fn engines_agree_with_bands_tight_and_loose_in_one_to_three_dimensions() {
    for dimensions in 1..=3 {
        for (tolerance, seed) in [(0.05, 1), (0.5, 2), (3.0, 3)] {
            for (size, mode) in
                [((30, 50, 10), Mode::Planted), ((60, 40, 12), Mode::Planted), ((25, 40, 15), Mode::Random)]
            {
                let problem = set_aside(instance(size, dimensions, tolerance, seed, mode));
                compare(&problem, &format!("{size:?}, {mode:?}, {dimensions} dimensions, {tolerance}"));
            }
        }
    }
}

/// Moves part of all work to the task that fewest can do.
fn overload(data: &mut Data, part: f64) {
    let mut able = vec![0; data.hours.len()];
    data.tasks.iter().for_each(|task| able[task.index()] += 1);
    let rare = (0..able.len()).min_by_key(|j| able[*j]).unwrap();
    let moved: f64 = data.hours.iter().map(|hours| part * hours).sum();
    data.hours.iter_mut().for_each(|hours| *hours *= 1.0 - part);
    data.hours[rare] += moved;
}

#[test]
fn without_an_assignment_highs_has_none_and_every_engine_a_proof() {
    let mut counts = (0, 0);
    for seed in 0..8 {
        // Hours alone cannot be met, bands cannot be met together, both can.
        for (part, tolerance) in [(0.4, 30.0), (0.1, 1.0), (0.03, 0.3), (0.0, 2.0)] {
            let mut data = instance((30, 40, 6), 2, tolerance, seed, Mode::Planted);
            overload(&mut data, part);
            let problem = set_aside(data);
            match compare(&problem, &format!("part {part}, seed {seed}, {tolerance}")) {
                Some(_) => counts.0 += 1,
                None => counts.1 += 1,
            }
        }
    }
    assert!(counts.0 >= 8 && counts.1 >= 8, "{counts:?}: both kinds must occur");
}

#[test]
fn degenerate_instances_agree_too() {
    let plain = || instance((30, 40, 12), 2, 1.0, 5, Mode::Planted);
    // Ties everywhere, no costs at all, whole costs, equal offsets, soft bands of no width.
    type Case = (&'static str, fn(&mut Data));
    let cases: [Case; 5] = [
        ("equal costs", |data| data.costs.fill(1.0)),
        ("no costs", |data| data.costs.fill(0.0)),
        ("costs 0 and 1", |data| data.costs.iter_mut().for_each(|cost| *cost = cost.round())),
        ("few different ratings", |data| data.offsets.iter_mut().for_each(|r| *r = (*r / 8.0).round() * 8.0)),
        ("soft bands of no width", |data| {
            data.tolerances.fill(0.0);
            data.penalties = vec![0.05; data.tolerances.len()];
        }),
    ];
    for (name, change) in cases {
        let mut data = plain();
        change(&mut data);
        compare(&set_aside(data), name);
    }
}

#[test]
fn identical_members_are_merged_to_the_same_optimum() {
    let single = set_aside(instance((15, 25, 8), 2, 0.5, 7, Mode::Planted));
    let thrice = split(&single, &[0.5, 0.3, 0.2]);
    let optimum = compare(&thrice, "thrice").unwrap();
    let merged = solve(&thrice, &config(Engine::Highs), &mut ()).unwrap();
    let merged = merged.solution().unwrap();
    assert_eq!(merged.work.types, single.members());
    assert!((merged.objective - optimum).abs() < 1e-8 * optimum);
}

#[test]
fn its_solutions_are_vertices_and_the_same_every_time() {
    // On both sides of the size from which its interior-point method and crossover are used.
    for size in [(60, 60, 20), (300, 200, 25)] {
        let problem = set_aside(instance(size, 2, 0.5, 9, Mode::Planted));
        let config = config(Engine::Highs).with_basic(true);
        let run = || solve(&problem, &config, &mut ()).unwrap().solution().unwrap().clone();
        let (one, two) = (run(), run());
        assert_eq!(one, two);
        assert_eq!(one.status, Status::Converged);
        assert!(Basis::new(&problem, &one.x).unwrap().is_independent());
        assert!(one.in_use() <= problem.tasks() + 3 * problem.members());
        assert!(one.residuals.hours < 1e-9 && one.residuals.quotas < 1e-9, "{:?}", one.residuals);
    }
}

#[test]
fn iterations_are_limited_and_the_observer_hears_of_the_end() {
    let problem = set_aside(instance((60, 60, 20), 2, 0.5, 9, Mode::Planted));
    let mut heard = 0;
    let mut observer = |progress: &parecon_jobs::band::Progress| {
        assert_eq!(progress.engine, Engine::Highs);
        heard += 1;
        std::ops::ControlFlow::Continue(())
    };
    let outcome = highs(&problem, &config(Engine::Highs).with_max_iterations(5), &mut observer).unwrap();
    let cut = outcome.solution().unwrap();
    assert_eq!((cut.status, heard), (Status::RoundLimit, 1));
}
