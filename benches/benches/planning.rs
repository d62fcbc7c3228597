//! Solver core of `parecon-planning`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use parecon_planning::experiment::{Generator, START_PRICE};
use parecon_planning::{Config, Economy, Error, RevealedNewton, plan};

/// Goods a consumer council wants, at most.
const WANTS: u32 = 40;

/// Economies with the published distributions: worker councils (as many consumer councils), goods per category. In the
/// last one goods are so many that no matrices are used. More councils: example `scale` of `parecon-planning`.
fn economies() -> impl Iterator<Item = (usize, Economy)> {
    [(300, 10), (3_000, 10), (30_000, 10), (30_000, 120), (30_000, 1_000)]
        .into_iter()
        .filter_map(|(councils, goods)| build(councils, goods).ok())
        .map(|economy| (economy.goods().len(), economy))
}

fn build(councils: usize, goods: u32) -> Result<Economy, Error> {
    let generator = Generator::new(1).with_goods_per_category(goods).with_councils(councils, councils);
    generator.with_wants(WANTS.min(2 * goods)).economy()
}

/// One round: supply and demand at announced prices.
fn aggregate(c: &mut Criterion) {
    let mut group = c.benchmark_group("planning/aggregate");
    for (goods, economy) in economies() {
        let prices = vec![START_PRICE; goods];
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
        let prices = vec![START_PRICE; goods];
        let councils = economy.worker_councils() + economy.consumer_councils();
        group.throughput(Throughput::Elements(councils as u64));
        group.bench_function(BenchmarkId::new(format!("{goods} goods"), councils), |b| {
            b.iter(|| economy.certify(&prices));
        });
    }
}

/// The economy taken in council by council.
fn assemble(c: &mut Criterion) {
    let mut group = c.benchmark_group("planning/build");
    group.sample_size(10);
    let Ok(economy) = build(30_000, 120) else { return };
    let workers: Vec<_> = (0..).map_while(|w| economy.worker_council(w)).collect();
    let consumers: Vec<_> = (0..).map_while(|c| economy.consumer_council(c)).collect();
    let (goods, councils) = (economy.goods(), workers.len() + consumers.len());
    group.throughput(Throughput::Elements(councils as u64));
    group.bench_function(BenchmarkId::new(format!("{} goods", goods.len()), councils), |b| {
        b.iter(|| {
            let mut builder = Economy::builder(goods.to_vec())?;
            workers.iter().try_for_each(|council| builder.worker_council(council))?;
            consumers.iter().try_for_each(|council| builder.consumer_council(council))?;
            builder.build()
        });
    });
}

/// A whole plan from the start price to an imbalance of 1e-9.
fn to_agreement(c: &mut Criterion) {
    let mut group = c.benchmark_group("planning/revealed_newton");
    group.sample_size(10);
    for (goods, economy) in economies() {
        let config = Config::new().with_start_price(START_PRICE).with_tolerance(1e-9).with_certificate(false);
        let councils = economy.worker_councils() + economy.consumer_councils();
        group.throughput(Throughput::Elements(councils as u64));
        group.bench_function(BenchmarkId::new(format!("{goods} goods"), councils), |b| {
            b.iter(|| plan(&economy, &mut RevealedNewton::new(), &config, &mut ()));
        });
    }
}

/// The same to the 3 % at which the published simulations stop.
fn to_three_percent(c: &mut Criterion) {
    let mut group = c.benchmark_group("planning/revealed_newton_to_3_percent");
    let Ok(economy) = build(3_000, 10) else { return };
    let config = Config::new().with_start_price(START_PRICE).with_certificate(false);
    group.bench_function(BenchmarkId::new("50 goods", 6_000), |b| {
        b.iter(|| plan(&economy, &mut RevealedNewton::new(), &config, &mut ()));
    });
}

criterion_group!(benches, assemble, aggregate, certify, to_agreement, to_three_percent);
criterion_main!(benches);
