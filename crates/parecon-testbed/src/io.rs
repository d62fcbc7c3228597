//! For `parecon-io`: seeded tables of any size, and proptest strategies of small ones.
//!
//! All are balanced and productive by construction, without solving anything: output is what is sold between sectors or
//! what is bought, whichever is more, and a surplus on top; final demand and value added are the rests.
//!
//! ```
//! use parecon_testbed::io::random_table;
//!
//! let table = random_table(20, 1)?;
//! assert!(table.validate().is_clean());
//! assert_eq!(table, random_table(20, 1)?);
//! # Ok::<(), parecon_io::Error>(())
//! ```

use parecon_io::nalgebra::{DMatrix, DVector};
use parecon_io::{Axis, Error, IoTable, MakeUse, MakeUseParts};
use proptest::collection::vec;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

mod multiregional;

pub use multiregional::{random_multiregional, random_satellite, random_sparse_coefficients};

/// A table of `n` sectors with a lognormal spread of flows, about a third of them zero, two categories of final
/// demand and two components of value added.
///
/// # Errors
/// When `n` is 0.
pub fn random_table(n: usize, seed: u64) -> Result<IoTable, Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let flows = DMatrix::from_fn(n, n, |_, _| flow(&mut rng));
    let surplus = DVector::from_fn(n, |_, _| 0.2 * n as f64 + flow(&mut rng));
    balanced(flows, &surplus, 0.25)
}

/// Make and use tables of `industries` and `commodities`, nine tenths of every industry's output its own commodity.
///
/// # Errors
/// When there are no industries, or fewer commodities than industries.
pub fn random_make_use(industries: usize, commodities: usize, seed: u64) -> Result<MakeUse, Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let use_ = DMatrix::from_fn(commodities, industries, |_, _| flow(&mut rng));
    let secondary = DMatrix::from_fn(industries, commodities, |_, _| flow(&mut rng));
    make_use(use_, secondary)
}

/// Balanced, productive tables of 1 to `largest` sectors with integer cells, so that sums are exact.
pub fn tables(largest: usize) -> impl Strategy<Value = IoTable> {
    (1..=largest.max(1)).prop_flat_map(|n| (vec(integer_flow(), n * n), vec(1..1000u32, n))).prop_filter_map(
        "a table",
        |(flows, surplus)| {
            let n = surplus.len();
            balanced(DMatrix::from_vec(n, n, flows), &DVector::from_fn(n, |i, _| f64::from(surplus[i])), 0.5)
                .ok()
        },
    )
}

/// Balanced make and use tables of 1 to `largest` industries and as many commodities or up to two more.
pub fn make_use_tables(largest: usize) -> impl Strategy<Value = MakeUse> {
    (1..=largest.max(1), 0..3usize)
        .prop_flat_map(|(m, more)| {
            let n = m + more;
            (Just((m, n)), vec(integer_flow(), m * n), vec(integer_flow(), m * n))
        })
        .prop_filter_map("make and use tables", |((m, n), use_, secondary)| {
            make_use(DMatrix::from_vec(n, m, use_), DMatrix::from_vec(m, n, secondary)).ok()
        })
}

/// Final demand for `n` sectors: whole numbers, many of them zero.
pub fn demands(n: usize) -> impl Strategy<Value = DVector<f64>> {
    vec(integer_flow(), n).prop_map(DVector::from_vec)
}

fn integer_flow() -> impl Strategy<Value = f64> {
    prop_oneof![1 => Just(0.0), 2 => (1..1000u32).prop_map(f64::from)]
}

fn flow(rng: &mut ChaCha8Rng) -> f64 {
    if rng.random_bool(1.0 / 3.0) { 0.0 } else { (4.0 * (rng.random::<f64>() - 0.5)).exp() }
}

/// Completes flows to a balanced table; `share` of final demand and of value added go to the first category and component.
fn balanced(flows: DMatrix<f64>, surplus: &DVector<f64>, share: f64) -> Result<IoTable, Error> {
    let n = flows.nrows();
    let (sales, purchases) = (flows.column_sum(), flows.row_sum_tr());
    let output = DVector::from_fn(n, |i, _| sales[i].max(purchases[i]) + surplus[i]);
    let part = |k: usize| if k == 0 { share } else { 1.0 - share };
    IoTable::new(
        Axis::from_codes((1..=n).map(|i| i.to_string()))?,
        flows,
        Axis::from_codes(["households", "investment"])?,
        DMatrix::from_fn(n, 2, |i, k| part(k) * (output[i] - sales[i])),
        Axis::from_codes(["wages", "surplus"])?,
        DMatrix::from_fn(2, n, |k, j| part(k) * (output[j] - purchases[j])),
    )
}

/// Completes uses and secondary products to balanced tables. Industry i makes most of commodity i, the last industry
/// also the commodities beyond.
fn make_use(use_: DMatrix<f64>, secondary: DMatrix<f64>) -> Result<MakeUse, Error> {
    let (n, m) = use_.shape();
    let mut make = secondary;
    let (used, spent, by_products) = (use_.column_sum(), use_.row_sum_tr(), make.column_sum());
    for c in 0..n {
        let i = c.min(m.saturating_sub(1));
        if i < m {
            make[(i, c)] += used[c] + spent[i] + 9.0 * by_products[i] + 1.0;
        }
    }
    let (industry_output, commodity_output) = (make.column_sum(), make.row_sum_tr());
    MakeUse::new(MakeUseParts {
        industries: Axis::from_codes((1..=m).map(|i| format!("i{i}")))?,
        commodities: Axis::from_codes((1..=n).map(|c| format!("c{c}")))?,
        final_demand_categories: Axis::from_codes(["final"])?,
        final_demand: DMatrix::from_fn(n, 1, |c, _| commodity_output[c] - used[c]),
        value_added_components: Axis::from_codes(["value added"])?,
        value_added: DMatrix::from_fn(1, m, |_, i| industry_output[i] - spent[i]),
        make,
        use_,
    })
}
