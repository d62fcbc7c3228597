//! Solver core of `parecon-review`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use parecon_review::queue::ErlangC;
use parecon_review::screening::Architecture;
use parecon_review::simulate::{Delay, Desk, Run, Station, Timing, Traffic, simulate};
use parecon_review::voting::Assembly;
use parecon_review::{
    Axis, Environment, EnvironmentData, Error, Policy, Pool, Reviewers, Steps, Threshold, evaluate,
    evaluate_over, frontier, phase_map,
};
use parecon_testbed::review::three_regimes;

fn policies(threshold: Threshold) -> Result<[Policy; 4], Error> {
    Ok([
        Policy::abstain(),
        Policy::prior(threshold)?,
        Policy::post(threshold)?,
        Policy::two_gate(threshold, threshold)?,
    ])
}

fn evaluation(criterion: &mut Criterion, environment: &Environment) -> Result<(), Error> {
    let mut group = criterion.benchmark_group("review/evaluate");
    for (label, threshold) in [("fixed", Threshold::Fixed(0.0)), ("optimal", Threshold::Optimal)] {
        for policy in &policies(threshold)?[1..] {
            group.throughput(Throughput::Elements(1));
            group.bench_function(BenchmarkId::new(policy.name(), label), |bencher| {
                bencher.iter(|| evaluate(black_box(environment), policy));
            });
        }
    }
    group.finish();
    Ok(())
}

fn sweep(criterion: &mut Criterion, environment: &Environment) -> Result<(), Error> {
    let mut group = criterion.benchmark_group("review/evaluate_over");
    for (label, threshold) in [("fixed", Threshold::Fixed(0.0)), ("optimal", Threshold::Optimal)] {
        let policy = Policy::two_gate(threshold, threshold)?;
        for size in [100u32, 400] {
            let costs: Vec<f64> = (0..size).map(|i| 3.0 * f64::from(i) / f64::from(size)).collect();
            group.throughput(Throughput::Elements(u64::from(size)));
            group.bench_function(BenchmarkId::new(label, size), |bencher| {
                bencher.iter(|| evaluate_over(environment, &policy, black_box(&costs)));
            });
        }
    }
    group.finish();
    Ok(())
}

fn boundaries(criterion: &mut Criterion, environment: &Environment) -> Result<(), Error> {
    let mut group = criterion.benchmark_group("review/frontier");
    for (label, threshold) in [("fixed", Threshold::Fixed(0.0)), ("optimal", Threshold::Optimal)] {
        let policies = policies(threshold)?;
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new(label, policies.len()), |bencher| {
            bencher.iter(|| frontier(black_box(environment), &policies, 0.0..=3.0, 1e-6));
        });
    }
    group.finish();
    Ok(())
}

/// 200 × 200 cells, each worked out, none filled in.
fn maps(criterion: &mut Criterion, environment: &Environment) -> Result<(), Error> {
    let mut group = criterion.benchmark_group("review/phase_map");
    group.sample_size(10);
    let policies = policies(Threshold::Optimal)?;
    let steps = |axis, from, to| Steps { axis, from, to, count: 200 };
    let cost = steps(Axis::ProductionCost, 0.0, 3.0);
    for (label, other) in [
        ("cost and review cost", steps(Axis::ReviewCost, 0.0, 1.5)),
        ("cost and base rate", steps(Axis::BaseRate, 0.05, 0.95)),
        ("cost and accuracy", steps(Axis::ProposalAccuracy, 0.05, 0.95)),
    ] {
        group.throughput(Throughput::Elements(u64::from(cost.count * other.count)));
        group.bench_function(BenchmarkId::new(label, cost.count * other.count), |bencher| {
            bencher.iter(|| phase_map(black_box(environment), &policies, cost, other));
        });
    }
    group.finish();
    Ok(())
}

fn power(criterion: &mut Criterion) -> Result<(), Error> {
    let mut group = criterion.benchmark_group("review/power");
    for n in [10u32, 50] {
        let assembly = Assembly::new((1..=n).collect(), n * (n + 1) / 4 + 1)?;
        group.throughput(Throughput::Elements(u64::from(n)));
        group.bench_function(BenchmarkId::new("banzhaf", n), |bencher| {
            bencher.iter(|| black_box(&assembly).banzhaf());
        });
        group.bench_function(BenchmarkId::new("shapley-shubik", n), |bencher| {
            bencher.iter(|| black_box(&assembly).shapley_shubik());
        });
    }
    group.finish();
    Ok(())
}

fn panels(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("review/acceptance");
    for n in [5u32, 101, 10_001] {
        let majority = Architecture::KofN { k: n / 2 + 1, n };
        group.throughput(Throughput::Elements(1));
        group.bench_function(BenchmarkId::new("majority", n), |bencher| {
            bencher.iter(|| majority.acceptance(black_box(0.51)));
        });
    }
    group.finish();
}

fn queues(criterion: &mut Criterion) -> Result<(), Error> {
    let queue = ErlangC::new(990.0, 1.0, 1000)?;
    criterion.bench_function("review/erlang_c/1000", |bencher| bencher.iter(|| black_box(queue).steady()));

    // Customers per second, on as many threads as there are.
    let mut group = criterion.benchmark_group("review/station");
    let run = Run::new(1).with_replications(10).with_arrivals(100_000).with_warm_up(0);
    group.throughput(Throughput::Elements(1_000_000));
    for servers in [1u32, 10, 100] {
        let traffic = Traffic { arrival_rate: 0.9 * f64::from(servers), service: Delay::Exponential(1.0) };
        let station = Station { classes: vec![traffic], servers, patience: None };
        group.bench_function(BenchmarkId::new("recursion", servers), |bencher| {
            bencher.iter(|| black_box(&station).simulate(&run));
        });
    }
    let traffic = Traffic { arrival_rate: 4.5, service: Delay::Exponential(1.0) };
    let station = Station { classes: vec![traffic; 2], servers: 10, patience: None };
    group.bench_function(BenchmarkId::new("events", 10), |bencher| {
        bencher.iter(|| black_box(&station).simulate(&run));
    });
    group.finish();
    Ok(())
}

fn pipelines(criterion: &mut Criterion) -> Result<(), Error> {
    let pool = |capacity| Pool { capacity: Some(capacity), ..Pool::default() };
    let reviewers = Reviewers { proposal: pool(1.1), work: pool(0.6), published: Pool::default() };
    let environment = Environment::new(EnvironmentData { reviewers, ..EnvironmentData::default() })?;
    let desk = Desk { reviewers: 10, ..Desk::default() };
    let production = Delay::LogNormal { mean: 5.0, cv2: 4.0 };
    let timing = Timing { production, proposal: desk, work: desk, ..Timing::default() };
    let run = Run::new(1).with_replications(10).with_arrivals(100_000).with_warm_up(0);
    let zero = Threshold::Fixed(0.0);
    let mut group = criterion.benchmark_group("review/simulate");
    group.throughput(Throughput::Elements(1_000_000));
    group.sample_size(10);
    for policy in [Policy::two_gate(zero, Threshold::Fixed(0.5))?, Policy::trusted_auto_accept(3, zero)?] {
        group.bench_function(policy.name(), |bencher| {
            bencher.iter(|| simulate(&environment, black_box(&policy), &timing, &run));
        });
    }
    group.finish();
    Ok(())
}

fn all(criterion: &mut Criterion) {
    let result = three_regimes().and_then(|environment| {
        evaluation(criterion, &environment)?;
        sweep(criterion, &environment)?;
        boundaries(criterion, &environment)?;
        maps(criterion, &environment)?;
        power(criterion)?;
        queues(criterion)?;
        pipelines(criterion)
    });
    // A benchmark that silently measures nothing would be worse than one that stops.
    assert!(result.is_ok(), "the canonical instances are valid: {result:?}");
    panels(criterion);
}

criterion_group!(benches, all);
criterion_main!(benches);
