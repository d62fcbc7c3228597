//! Solver core of `parecon-io`: sizes are numbers of sectors, throughput counts cells of A.

#![expect(clippy::unwrap_used, reason = "a bench without its fixture has nothing to measure")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nalgebra::DMatrix;
use parecon_io::{Model, Requirements, Technology, datasets};
use parecon_testbed::io::random_table;

const SIZES: [usize; 3] = [71, 405, 1435];

/// A technology that no question was asked yet.
fn fresh(asked: &Technology) -> Technology {
    Technology::from_coefficients(asked.sectors().clone(), asked.coefficients().clone()).unwrap()
}

fn fixture(n: usize) -> (Technology, nalgebra::DVector<f64>) {
    let table = random_table(n, 1).unwrap();
    let technology = Technology::from_table(&table).unwrap();
    (technology, table.total_final_demand())
}

fn technology(c: &mut Criterion) {
    for (name, question) in [
        (
            "io/factorise",
            (|t, y| drop(black_box(fresh(t).output_for(y)))) as fn(&Technology, &nalgebra::DVector<f64>),
        ),
        ("io/requirements", |t, _| drop(black_box(fresh(t).requirements()))),
        ("io/output_for", |t, y| drop(black_box(t.output_for(y)))),
        ("io/footprint10", |t, _| drop(black_box(t.footprint(&DMatrix::from_element(10, t.len(), 1.0))))),
        ("io/critical_suppliers", |t, y| drop(black_box(t.critical_suppliers(y)))),
        ("io/productivity", |t, _| drop(black_box(t.productivity()))),
    ] {
        let mut group = c.benchmark_group(name);
        group.sample_size(10);
        for n in SIZES {
            let (technology, demand) = fixture(n);
            group.throughput(Throughput::Elements((n * n) as u64));
            group.bench_with_input(BenchmarkId::from_parameter(n), &n, |b, _| {
                b.iter(|| question(&technology, &demand));
            });
        }
        group.finish();
    }
}

fn united_states(c: &mut Criterion) {
    let mut group = c.benchmark_group("io/us_2022");
    group.throughput(Throughput::Elements(71 * 71));
    group.bench_function("read", |b| b.iter(datasets::us_2022));
    let tables = datasets::us_2022().unwrap();
    group.bench_function("to_symmetric", |b| b.iter(|| tables.to_symmetric(Model::FixedProductSales)));
    group.bench_function("total_requirements", |b| {
        b.iter(|| tables.total_requirements(Requirements::IndustryByCommodity));
    });
    group.bench_function("validate", |b| b.iter(|| tables.validate()));
    group.finish();
}

criterion_group!(benches, technology, united_states);
criterion_main!(benches);
