//! Solver core of `parecon-jobs`: dividing work into chunks.

#![expect(clippy::unwrap_used, reason = "a bench without its fixture has nothing to measure")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use parecon_jobs::chunks::{Config, Pieces, Rules, divide};
use parecon_testbed::jobs::{Mode, chunked, synthetic};

/// Proposals per restart: the effort is fixed, so that time is what is measured.
const MOVES: u64 = 1_000_000;

fn chunks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("jobs/chunks");
    group.sample_size(10);
    for (members, tasks) in [(20, 60), (200, 400)] {
        let workplace = chunked(&synthetic(members, tasks, 40, 1, Mode::Planted).unwrap(), 1).unwrap();
        for (name, pieces) in [("at_least", Pieces::AtLeast), ("multiples", Pieces::Multiples)] {
            let rules = Rules::default().with_pieces(pieces);
            let config = Config::default().with_moves(MOVES).with_nodes(0);
            group.throughput(Throughput::Elements(MOVES * u64::from(config.restarts())));
            group.bench_with_input(BenchmarkId::new(name, members), &workplace, |bencher, workplace| {
                bencher.iter(|| {
                    let answer = divide(black_box(workplace), &rules, &config, &mut ()).unwrap();
                    // Quick for the wrong reason if there is no division.
                    assert!(answer.chunked().is_some());
                    answer
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, chunks);
criterion_main!(benches);
