//! Solver core of `parecon-jobs`: balancing the hospital and synthetic workplaces.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use parecon_jobs::hospital::{Assumptions, Regime};
use parecon_jobs::{Config, Minutes, balance, datasets};
use parecon_testbed::jobs::{Mode, synthetic};

fn hospital(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("jobs/hospital");
    group.sample_size(10);
    let week = Minutes::new(2000 * 35 * 60);
    for (name, regime) in [("today", Regime::Today), ("opened", Regime::Opened)] {
        let Ok(workplace) =
            datasets::hospital().and_then(|h| h.workplace(week, &Assumptions::default(), regime))
        else {
            continue;
        };
        group.throughput(Throughput::Elements(workplace.tasks().len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(name), &workplace, |bencher, workplace| {
            bencher.iter(|| balance(black_box(workplace), &Config::default(), &mut ()));
        });
    }
    group.finish();
}

fn synthetic_workplaces(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("jobs/balance");
    group.sample_size(10);
    for (members, tasks, eligible) in [(20, 40, 10), (100, 200, 20), (200, 400, 20)] {
        let Ok(workplace) = synthetic(members, tasks, eligible, 1, Mode::Planted) else { continue };
        group.throughput(Throughput::Elements((members * eligible) as u64));
        group.bench_with_input(BenchmarkId::from_parameter(members), &workplace, |bencher, workplace| {
            bencher.iter(|| balance(black_box(workplace), &Config::default(), &mut ()));
        });
    }
    group.finish();
}

criterion_group!(benches, hospital, synthetic_workplaces);
criterion_main!(benches);
