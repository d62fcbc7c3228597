//! Solver core of `parecon-planning`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use parecon_planning::{Config, Economy, RevealedNewton, plan};
use parecon_testbed::planning::published;

/// Start price of the published experiments.
const START: f64 = 700.0;

/// Economies with the published distributions: worker councils (as many consumer councils), goods per category.
fn economies() -> impl Iterator<Item = (usize, Economy)> {
    [(300, 10), (3_000, 10), (30_000, 10), (30_000, 120)].into_iter().filter_map(|(councils, goods)| {
        published(1, councils, goods).ok().map(|economy| (goods * 5, economy))
    })
}

/// One round: supply and demand at announced prices.
fn aggregate(c: &mut Criterion) {
    let mut group = c.benchmark_group("planning/aggregate");
    for (goods, economy) in economies() {
        let prices = vec![START; goods];
        let councils = economy.worker_councils() + economy.consumer_councils();
        group.throughput(Throughput::Elements(councils as u64));
        group.bench_function(BenchmarkId::new(format!("{goods} goods"), councils), |b| {
            b.iter(|| economy.aggregate(&prices));
        });
    }
}

/// The certificate of one round: clearing plan and duality gap.
fn certify(c: &mut Criterion) {
    let mut group = c.benchmark_group("planning/certify");
    group.sample_size(10);
    for (goods, economy) in economies() {
        let prices = vec![START; goods];
        let councils = economy.worker_councils() + economy.consumer_councils();
        group.throughput(Throughput::Elements(councils as u64));
        group.bench_function(BenchmarkId::new(format!("{goods} goods"), councils), |b| {
            b.iter(|| economy.certify(&prices));
        });
    }
}

/// A whole plan from the start price to an imbalance of 1e-9.
fn to_agreement(c: &mut Criterion) {
    let mut group = c.benchmark_group("planning/revealed_newton");
    group.sample_size(10);
    for (goods, economy) in economies() {
        let config = Config::new().with_start_price(START).with_tolerance(1e-9).with_certificate(false);
        let councils = economy.worker_councils() + economy.consumer_councils();
        group.throughput(Throughput::Elements(councils as u64));
        group.bench_function(BenchmarkId::new(format!("{goods} goods"), councils), |b| {
            b.iter(|| plan(&economy, &mut RevealedNewton::new(), &config, &mut ()));
        });
    }
}

criterion_group!(benches, aggregate, certify, to_agreement);
criterion_main!(benches);
