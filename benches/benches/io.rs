//! Solver core of `parecon-io`: sizes are numbers of sectors, throughput counts cells of A.

#![expect(clippy::unwrap_used, reason = "a bench without its fixture has nothing to measure")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nalgebra::DMatrix;
use parecon_io::{IoTable, Model, Requirements, Source, Technology, datasets};
use parecon_testbed::io::{random_multiregional, random_satellite, random_table};

/// Regions and branches: a national table, a small and a large multi-regional one.
const SHAPES: [(usize, usize); 3] = [(1, 71), (9, 45), (41, 35)];

/// To see that the benchmarks work, the smallest is enough.
fn shapes() -> &'static [(usize, usize)] {
    if std::env::args().any(|arg| arg == "--test") { &SHAPES[..1] } else { &SHAPES }
}

fn fixture(regions: usize, branches: usize) -> IoTable {
    let table =
        if regions == 1 { random_table(branches, 1) } else { random_multiregional(regions, branches, 1) };
    let table = table.unwrap();
    let account = random_satellite(&table, 10, 1).unwrap();
    table.with_satellite(account).unwrap()
}

/// A technology that no question was asked yet.
fn fresh(asked: &Technology) -> Technology {
    Technology::from_coefficients(asked.sectors().clone(), asked.coefficients().clone()).unwrap()
}

fn technology(c: &mut Criterion) {
    for (name, question) in [
        (
            "io/factorise",
            (|t, y| drop(black_box(fresh(t).output_for(y)))) as fn(&Technology, &nalgebra::DVector<f64>),
        ),
        ("io/requirements", |t, _| drop(black_box(fresh(t).requirements()))),
        ("io/output_for", |t, y| drop(black_box(t.output_for(y)))),
        ("io/output_multipliers", |t, _| drop(black_box(t.output_multipliers()))),
        ("io/footprint10", |t, _| drop(black_box(t.footprint(&DMatrix::from_element(10, t.len(), 1.0))))),
        ("io/critical_suppliers", |t, y| drop(black_box(t.critical_suppliers(y)))),
        ("io/productivity", |t, _| drop(black_box(t.productivity()))),
    ] {
        let mut group = c.benchmark_group(name);
        group.sample_size(10);
        for &(regions, branches) in shapes() {
            let table = fixture(regions, branches);
            let (technology, demand) = (Technology::from_table(&table).unwrap(), table.total_final_demand());
            let n = table.len();
            group.throughput(Throughput::Elements((n * n) as u64));
            group.bench_with_input(BenchmarkId::from_parameter(n), &n, |b, _| {
                b.iter(|| question(&technology, &demand));
            });
        }
        group.finish();
    }
}

/// What costs one or a few passes over the table.
fn table(c: &mut Criterion) {
    for (name, question) in [
        ("io/table/coefficients", (|t| drop(black_box(t.coefficients()))) as fn(&IoTable)),
        ("io/table/intensities10", |t| drop(black_box(t.intensities(&t.satellites()[0])))),
        ("io/table/validate", |t| drop(black_box(t.validate()))),
        ("io/table/write_csv", |t| drop(black_box(t.write_csv(std::io::sink())))),
    ] {
        let mut group = c.benchmark_group(name);
        group.sample_size(10);
        for &(regions, branches) in shapes() {
            let table = fixture(regions, branches);
            let n = table.len();
            group.throughput(Throughput::Elements((n * n) as u64));
            group.bench_with_input(BenchmarkId::from_parameter(n), &n, |b, _| b.iter(|| question(&table)));
        }
        group.finish();
    }
    let mut group = c.benchmark_group("io/table/read_csv");
    group.sample_size(10);
    for &(regions, branches) in shapes() {
        let table = fixture(regions, branches);
        let mut text = Vec::new();
        table.write_csv(&mut text).unwrap();
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_with_input(BenchmarkId::from_parameter(table.len()), &text, |b, text| {
            b.iter(|| IoTable::read_csv(Source::new("memory", text.as_slice())));
        });
    }
    group.finish();
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

criterion_group!(benches, technology, table, united_states);
criterion_main!(benches);
