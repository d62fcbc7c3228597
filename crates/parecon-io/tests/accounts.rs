//! Production- and consumption-based accounts: identities, worked examples, refusals.

use std::error::Error;

use nalgebra::{DMatrix, DVector, dmatrix};
use parecon_io::{Axis, IoTable, Regions, Satellite, Technology, nalgebra};
use parecon_testbed::io::{random_table, tables};
use proptest::prelude::*;
use serde_json::Value;

mod json;

use json::{matrix, vector};

/// Sums of well-conditioned solutions, relative to the sum.
const SUMMED: f64 = 1e-12;

fn golden(key: &str) -> Result<Value, serde_json::Error> {
    let all: Value = serde_json::from_str(include_str!("data/golden.json"))?;
    Ok(all[key].clone())
}

/// The table with its sectors dealt out to two regions, one category of final demand each.
fn in_two_regions(table: IoTable) -> Result<IoTable, parecon_io::Error> {
    let n = table.len();
    let regions = Axis::from_codes(["a", "b"])?;
    let branches = Axis::from_codes((0..n.div_ceil(2)).map(|b| b.to_string()))?;
    let purposes = Axis::from_codes(["final"])?;
    let at = |k: usize| (regions.at(k % 2), branches.at(k / 2));
    let sectors = (0..n).filter_map(|i| Some((at(i).0?, at(i).1?))).collect();
    let categories = (0..2).filter_map(|c| Some((regions.at(c)?, purposes.at(0)?))).collect();
    let regions = Regions::new(regions.clone(), branches.clone(), purposes.clone(), sectors, categories)?;
    table.with_regions(regions)
}

fn account(n: usize, entries: &[u32]) -> Result<Satellite, parecon_io::Error> {
    let flows = DMatrix::from_fn(2, n, |k, j| f64::from(entries[(2 * j + k) % entries.len()]));
    let direct = DMatrix::from_fn(2, 2, |k, c| f64::from(entries[(k + c) % entries.len()]));
    Satellite::new("air", Axis::from_codes(["co2", "ch4"])?, ["t", "t"], flows)?.with_final_demand(direct)
}

#[test]
fn kitzes_2013_by_source_and_product() -> Result<(), Box<dyn Error>> {
    let golden = golden("kitzes2013")?;
    let (flows, output) = (matrix(&golden["T"]), vector(&golden["x"]));
    let coefficients = DMatrix::from_fn(2, 2, |i, j| flows[(i, j)] / output[j]);
    let technology = Technology::from_coefficients(Axis::from_codes(["1", "2"])?, coefficients)?;
    let intensity = vector(&golden["q"]).component_div(&output);
    let origins = technology.origins(&intensity, &vector(&golden["y"]))?;
    assert!((origins - matrix(&golden["E"])).amax() < 1e-12);
    Ok(())
}

#[test]
fn leather_by_source() -> Result<(), Box<dyn Error>> {
    let golden = golden("leather_3x3_decompr")?;
    let (flows, demand) = (matrix(&golden["Z"]), matrix(&golden["Y"]));
    let regions = Regions::crossed(
        Axis::from_codes(["Argentina", "Turkey", "Germany"])?,
        Axis::from_codes(["Agriculture", "Textile.and.Leather", "Transport.Equipment"])?,
        Axis::from_codes(["final"])?,
    )?;
    let added = vector(&golden["x"]) - flows.row_sum_tr();
    let table = IoTable::new(
        regions.sectors()?,
        flows,
        regions.categories()?,
        demand,
        Axis::from_codes(["v"])?,
        DMatrix::from_row_slice(1, 9, added.as_slice()),
    )?
    .with_regions(regions)?;
    let technology = Technology::from_table(&table)?;
    let intensities = table.value_added_intensities()?.row(0).transpose();
    let exports = table.gross_trade().exports;
    let in_exports = technology.origins(&intensities, &exports)?;
    let in_output = technology.origins(&intensities, table.output())?;
    let account = table.value_added_account()?;
    let added = account.stressors().id("v")?;
    let in_demand = technology.embodied_trade(&table, &account)?.by_source(added);
    // What is given has five, seven or eight decimals; the second is cut off, not rounded (34.7438192).
    for (key, ours, given_to) in [
        ("VL_exports_00", in_exports[(0, 0)], 5.1e-6),
        ("VL_exports_88", in_exports[(8, 8)], 1e-5),
        ("VL_output_00", in_output[(0, 0)], 5.1e-8),
        ("VL_output_88", in_output[(8, 8)], 5.1e-8),
        ("VLY_00", in_demand[(0, 0)], 5.1e-8),
    ] {
        let given = golden[key].as_f64().unwrap_or(f64::NAN);
        assert!((ours - given).abs() < given_to, "{key}: {ours} {given}");
    }
    // The other routes to the same: few columns by solves, all by L.
    let mut first = DVector::zeros(9);
    first[0] = exports[0];
    let alone = Technology::from_table(&table)?.origins(&intensities, &first)?;
    assert!((alone.column(0) - in_exports.column(0)).amax() < 1e-12);
    assert!(alone.columns(1, 8).amax() == 0.0);
    Ok(())
}

#[test]
fn what_sectors_without_output_cause_is_listed() -> Result<(), Box<dyn Error>> {
    let table = IoTable::new(
        Axis::from_codes(["works", "idle"])?,
        dmatrix![1.0, 0.0; 0.0, 0.0],
        Axis::from_codes(["f"])?,
        dmatrix![3.0; 0.0],
        Axis::from_codes(["v"])?,
        dmatrix![3.0, 0.0],
    )?;
    let air = Satellite::new("air", Axis::from_codes(["co2"])?, ["t"], dmatrix![8.0, 2.0])?;
    let accounts = Technology::from_table(&table)?.accounts(&table, &air)?;
    assert!((accounts.consumption.sum() - 8.0).abs() < 1e-14);
    let [left] = accounts.unallocated.as_slice() else { return Err("one is unallocated".into()) };
    assert_eq!((table.sectors().code(left.sector), left.amount), ("idle", 2.0));
    Ok(())
}

#[test]
fn what_does_not_fit_is_refused() -> Result<(), Box<dyn Error>> {
    let (table, other) = (random_table(3, 1)?, random_table(4, 1)?);
    let technology = Technology::from_table(&table)?;
    let air = Satellite::new("air", Axis::from_codes(["co2"])?, ["t"], DMatrix::zeros(1, 4))?;
    let message = technology.accounts(&table, &air).unwrap_err().to_string();
    assert_eq!(message, "satellite \"air\": has 4 sectors, the table has 3");
    let message = technology.embodied_trade(&other, &air).unwrap_err().to_string();
    assert_eq!(message, "table: has other sectors than the technology");
    let accounts = technology.accounts(&table, &table.value_added_account()?)?;
    let message = accounts.by_region().per_capita(&DVector::zeros(1)).unwrap_err().to_string();
    assert_eq!(message, "population, region number 1: is 0, must be above 0");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn production_is_consumption(table in tables(8), entries in prop::collection::vec(0..1000u32, 16)) {
        let table = in_two_regions(table)?;
        let satellite = account(table.len(), &entries)?;
        let technology = Technology::from_table(&table)?;
        let accounts = technology.accounts(&table, &satellite)?;
        let total = satellite.flows().sum();
        prop_assert!(accounts.unallocated.is_empty());
        let near = |sum: f64, wanted: f64| (sum - wanted).abs() <= SUMMED * total.max(1.0);
        for cells in [&accounts.production, &accounts.consumption, &accounts.by_category] {
            prop_assert!(near(cells.sum(), total), "{} {total}", cells.sum());
        }
        prop_assert!((&accounts.production - satellite.flows()).amax() <= SUMMED * total.max(1.0));
        let regions = accounts.by_region();
        prop_assert!(near(regions.production.sum(), regions.consumption.sum()));
        prop_assert!(near(accounts.production_by_branch().sum(), accounts.consumption_by_branch().sum()));
        // A region's balance differs by its net trade.
        let trade = technology.embodied_trade(&table, &satellite)?;
        let (imports, exports) = (trade.imports(), trade.exports());
        let gap = &regions.consumption - &regions.production - (&imports - &exports);
        prop_assert!(gap.amax() <= SUMMED * total.max(1.0));
        for stressor in satellite.stressors().iter() {
            let bilateral = trade.bilateral(stressor);
            let k = stressor.index();
            prop_assert!(near(bilateral[(1, 0)], imports[(k, 0)]) && near(bilateral[(0, 1)], exports[(k, 0)]));
            prop_assert!(near(bilateral.column(0).sum() + accounts.direct[(k, 0)], regions.consumption[(k, 0)]));
        }
        // By products bought, from solves and from L.
        let by_product = technology.embodied_imports(&table, &satellite)?;
        let branches = table.regions().branches().len();
        for r in 0..2 {
            let sums = by_product.columns(r * branches, branches).column_sum();
            prop_assert!((sums - imports.column(r)).amax() <= SUMMED * total.max(1.0));
        }
        technology.requirements()?;
        let again = technology.embodied_imports(&table, &satellite)?;
        prop_assert!((again - by_product).amax() <= SUMMED * total.max(1.0));
    }
}
