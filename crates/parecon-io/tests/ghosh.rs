//! The supply side and its mirror, the demand side.

use std::error::Error;

use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use parecon_io::{Allocation, Axis, IoTable, Technology, datasets, nalgebra};
use parecon_testbed::io::tables;
use proptest::prelude::*;

/// Solutions agree to this, relative to the largest entry.
const SOLVED: f64 = 1e-10;

/// Miller and Blair, section 12.1, the two-sector table of chapter 2: four decimals.
#[test]
fn miller_and_blair_chapter_12() -> Result<(), Box<dyn Error>> {
    let allocation = Allocation::from_table(&datasets::miller_blair()?)?;
    assert!((allocation.coefficients() - dmatrix![0.15, 0.50; 0.10, 0.05]).amax() < 1e-15);
    let given = dmatrix![1.2541, 0.6601; 0.1320, 1.1221];
    assert!((allocation.total_allocations()? - given).amax() <= 5.1e-5);
    Ok(())
}

#[test]
fn a_sector_without_output_has_an_empty_row_or_is_named() -> Result<(), Box<dyn Error>> {
    let table = |sold: f64| {
        IoTable::new(
            Axis::from_codes(["works", "idle"])?,
            dmatrix![1.0, 0.0; sold, 0.0],
            Axis::from_codes(["f"])?,
            dmatrix![3.0; -sold],
            Axis::from_codes(["v"])?,
            dmatrix![3.0 - sold, 0.0],
        )
    };
    let allocation = Allocation::from_table(&table(0.0)?)?;
    assert_eq!(allocation.coefficients(), dmatrix![0.25, 0.0; 0.0, 0.0]);
    assert_eq!(allocation.output_from(&dvector![3.0, 0.0])?, dvector![4.0, 0.0]);
    let message = Allocation::from_table(&table(1.0)?).unwrap_err().to_string();
    assert_eq!(message, r#"sector "idle": buys or sells but has no output, must have some"#);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn value_added_gives_rise_to_output(table in tables(8), more in prop::collection::vec(0..500u32, 8)) {
        let n = table.len();
        let technology = Technology::from_table(&table)?;
        let allocation = technology.allocation(table.output())?;
        let value_added = table.value_added().row_sum_tr();
        let output = allocation.output_from(&value_added)?;
        prop_assert!((&output - table.output()).amax() <= SOLVED * table.output().amax());
        // B from the flows, G by inversion.
        let shares = DMatrix::from_fn(n, n, |i, j| table.flows()[(i, j)] / table.output()[i]);
        prop_assert!((allocation.coefficients() - &shares).amax() <= 1e-14);
        let g = (DMatrix::identity(n, n) - &shares).try_inverse().ok_or(TestCaseError::fail("singular"))?;
        prop_assert!((allocation.total_allocations()? - &g).amax() <= SOLVED * g.amax());
        prop_assert!((allocation.supply_multipliers()? - g.column_sum()).amax() <= SOLVED * g.column_sum().amax());
        let s = DMatrix::from_fn(2, n, |k, j| f64::from(more[(j + k) % 8]));
        let enabled = &s * g.transpose();
        prop_assert!((allocation.enabled(&s)? - &enabled).amax() <= SOLVED * enabled.amax().max(1.0));
        // Dearer inputs: the values of output over the old ones are Leontief's prices.
        let dearer = DVector::from_fn(n, |j, _| value_added[j] + f64::from(more[j % 8]));
        let values = g.tr_mul(&dearer);
        prop_assert!((allocation.output_from(&dearer)? - &values).amax() <= SOLVED * values.amax());
        let prices = technology.prices(&dearer.component_div(table.output()))?;
        prop_assert!((allocation.cost_push(&dearer)? - &prices).amax() <= SOLVED * prices.amax());
        prop_assert!((values.component_div(table.output()) - &prices).amax() <= SOLVED * prices.amax());
    }
}
