//! Solver core of `parecon-jobs`: balancing the hospital and synthetic workplaces.

#![expect(clippy::unwrap_used, reason = "a bench without its fixture has nothing to measure")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use parecon_jobs::band::{self, Engine};
use parecon_jobs::hospital::{Assumptions, Regime};
use parecon_jobs::{Config, Minutes, Outcome, Workplace, balance, datasets};
use parecon_testbed::jobs::{Mode, band_problem, synthetic};

/// Panics on what is not a balance brought to its end: that would be quick for the wrong reason.
fn balanced(workplace: &Workplace) -> Outcome {
    let outcome = balance(workplace, &Config::default(), &mut ()).unwrap();
    assert!(outcome.balance().is_some_and(|balance| balance.status.is_converged()));
    outcome
}

fn hospital(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("jobs/hospital");
    group.sample_size(10);
    let week = Minutes::new(2000 * 35 * 60);
    for (name, regime) in [("today", Regime::Today), ("opened", Regime::Opened)] {
        let workplace =
            datasets::hospital().unwrap().workplace(week, &Assumptions::default(), regime).unwrap();
        group.throughput(Throughput::Elements(workplace.tasks().len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), &workplace, |bencher, workplace| {
            bencher.iter(|| balanced(black_box(workplace)));
        });
    }
    group.finish();
}

fn synthetic_workplaces(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("jobs/balance");
    group.sample_size(10);
    for (members, tasks, eligible) in [(20, 40, 10), (100, 200, 20), (200, 400, 20)] {
        let workplace = synthetic(members, tasks, eligible, 1, Mode::Planted).unwrap();
        group.throughput(Throughput::Elements((members * eligible) as u64));
        group.bench_with_input(BenchmarkId::from_parameter(members), &workplace, |bencher, workplace| {
            bencher.iter(|| balanced(black_box(workplace)));
        });
    }
    group.finish();
}

/// Cost against size: bands of half a point to a relative gap of 1e-4, hours repaired, every member's own costs.
fn bands(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("jobs/band");
    group.sample_size(10);
    let config = band::Config::default().with_accuracy(1e-4).with_engine(Engine::FirstOrder);
    for (members, tasks, eligible) in [(100, 200, 20), (1000, 1000, 30), (10_000, 6000, 30)] {
        let mut data = band_problem(members, tasks, eligible, 0.5, 1, Mode::Planted).unwrap().into_data();
        for one in band::unreachable(&band::Problem::new(data.clone()).unwrap()) {
            data.tolerances[2 * one.member.index()..][..2].fill(f64::INFINITY);
        }
        let problem = band::Problem::new(data).unwrap();
        group.throughput(Throughput::Elements(problem.pairs() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(members), &problem, |bencher, problem| {
            bencher.iter(|| {
                let outcome = band::solve(black_box(problem), &config, &mut ()).unwrap();
                assert!(outcome.solution().is_some_and(|found| found.status.is_converged()));
                outcome
            });
        });
    }
    group.finish();
}

criterion_group!(benches, hospital, synthetic_workplaces, bands);
criterion_main!(benches);
