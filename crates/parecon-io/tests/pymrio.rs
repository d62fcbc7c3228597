//! Every result of pymrio's `calc_all` on its own test system.

use std::error::Error;
use std::io::Read;

use flate2::read::GzDecoder;
use nalgebra::{DMatrix, DVector};
use parecon_io::{Allocation, Axis, IoTable, Regions, Satellite, Technology, nalgebra};
use serde_json::Value;

mod json;

use json::{matrix, vector};

/// Relative, of every cell. The two compute the same sums in another order.
const SAME: f64 = 1e-10;

/// The largest relative difference; infinite where shapes differ or one cell is zero and the other not.
fn difference(ours: &DMatrix<f64>, theirs: &DMatrix<f64>) -> f64 {
    if ours.shape() != theirs.shape() {
        return f64::INFINITY;
    }
    let cells = ours.iter().zip(theirs);
    let relative = |(a, b): (&f64, &f64)| if a == b { 0.0 } else { (a - b).abs() / b.abs() };
    cells.map(relative).fold(0.0, |worst, each| if each.is_nan() { f64::NAN } else { f64::max(worst, each) })
}

fn check(what: &str, ours: &DMatrix<f64>, theirs: &Value) {
    let difference = difference(ours, &matrix(theirs));
    assert!(difference <= SAME, "{what}: {difference:e}");
}

fn column(vector: &DVector<f64>) -> DMatrix<f64> {
    DMatrix::from_column_slice(vector.len(), 1, vector.as_slice())
}

fn codes(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

fn system() -> Result<(Value, IoTable), Box<dyn Error>> {
    let mut text = String::new();
    GzDecoder::new(include_bytes!("data/pymrio_test.json.gz").as_slice()).read_to_string(&mut text)?;
    let given: Value = serde_json::from_str(&text)?;
    let regions = Regions::crossed(
        Axis::from_codes(codes(&given["regions"]))?,
        Axis::from_codes(codes(&given["branches"]))?,
        Axis::from_codes(codes(&given["purposes"]))?,
    )?;
    let (flows, demand) = (matrix(&given["Z"]), matrix(&given["Y"]));
    let added = flows.column_sum() + demand.column_sum() - flows.row_sum_tr();
    let mut table = IoTable::new(
        regions.sectors()?,
        flows,
        regions.categories()?,
        demand,
        Axis::from_codes(["v"])?,
        column(&added).transpose(),
    )?
    .with_regions(regions)?;
    for (name, account) in given["extensions"].as_object().into_iter().flatten() {
        let flows = matrix(&account["F"]);
        let stressors = Axis::from_codes((0..flows.nrows()).map(|k| k.to_string()))?;
        let mut satellite = Satellite::new(name, stressors, vec![""; flows.nrows()], flows)?;
        if !account["F_Y"].is_null() {
            satellite = satellite.with_final_demand(matrix(&account["F_Y"]))?;
        }
        table = table.with_satellite(satellite)?;
    }
    Ok((given, table))
}

#[test]
fn accounts_multipliers_and_trade() -> Result<(), Box<dyn Error>> {
    let (given, table) = system()?;
    let population = vector(&given["population"]);
    // Once from solves alone and once with L at hand.
    for with_requirements in [false, true] {
        let technology = Technology::from_table(&table)?;
        if with_requirements {
            check("L", technology.requirements()?, &given["L"]);
        }
        for satellite in table.satellites() {
            let theirs = &given["extensions"][satellite.name()];
            let accounts = technology.accounts(&table, satellite)?;
            check("x", &column(&accounts.output).transpose(), &Value::Array(vec![given["x"].clone()]));
            check("S", &accounts.intensities, &theirs["S"]);
            check("M", &accounts.multipliers, &theirs["M"]);
            check("D_pba", &accounts.production, &theirs["D_pba"]);
            check("D_cba", &accounts.consumption, &theirs["D_cba"]);
            let totals = accounts.by_region();
            check("D_pba_reg", &totals.production, &theirs["D_pba_reg"]);
            check("D_cba_reg", &totals.consumption, &theirs["D_cba_reg"]);
            let each = totals.per_capita(&population)?;
            check("D_pba_cap", &each.production, &theirs["D_pba_cap"]);
            check("D_cba_cap", &each.consumption, &theirs["D_cba_cap"]);
            check("D_imp", &technology.embodied_imports(&table, satellite)?, &theirs["D_imp"]);
            let trade = technology.embodied_trade(&table, satellite)?;
            check("D_exp", &trade.exports_by_sector(), &theirs["D_exp"]);
            check("D_imp_reg", &trade.imports(), &theirs["D_imp_reg"]);
            check("D_exp_reg", &trade.exports(), &theirs["D_exp_reg"]);
            let per_head = |totals: DMatrix<f64>| {
                DMatrix::from_fn(totals.nrows(), totals.ncols(), |k, r| totals[(k, r)] / population[r])
            };
            check("D_imp_cap", &per_head(trade.imports()), &theirs["D_imp_cap"]);
            check("D_exp_cap", &per_head(trade.exports()), &theirs["D_exp_cap"]);
            if !theirs["S_Y"].is_null() {
                check("S_Y", &table.final_demand_intensities(satellite)?, &theirs["S_Y"]);
            }
        }
    }
    Ok(())
}

#[test]
fn supply_side() -> Result<(), Box<dyn Error>> {
    let (given, table) = system()?;
    let allocation = Allocation::from_table(&table)?;
    check("B", &allocation.coefficients(), &given["B"]);
    check("G", &allocation.total_allocations()?, &given["G"]);
    for satellite in table.satellites() {
        let intensities = table.intensities(satellite)?;
        let downstream = allocation.enabled(&intensities)? - &intensities;
        // The difference cancels digits of the greater, here as there.
        let theirs = matrix(&given["extensions"][satellite.name()]["M_down"]);
        assert!((&downstream - &theirs).amax() <= SAME * theirs.amax());
    }
    Ok(())
}

#[test]
fn gross_trade() -> Result<(), Box<dyn Error>> {
    let (given, table) = system()?;
    let trade = table.gross_trade();
    let theirs = &given["gross_trade"];
    check("bilateral", &trade.bilateral, &theirs["bilateral"]);
    check("exports", &column(&trade.exports).transpose(), &Value::Array(vec![theirs["exports"].clone()]));
    // Theirs is one column by region, then sector.
    let imports = DMatrix::from_row_slice(1, 48, trade.imports.transpose().as_slice());
    check("imports", &imports, &Value::Array(vec![theirs["imports"].clone()]));
    Ok(())
}
