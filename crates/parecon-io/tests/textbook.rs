//! Worked examples of others: Miller and Blair, Kitzes, pySUT, decompr.

use std::error::Error;

use nalgebra::{DMatrix, DVector};
use parecon_io::{Axis, IoTable, MakeUse, MakeUseParts, Model, Technology, datasets, nalgebra};
use serde_json::Value;

mod json;

use json::{matrix, vector};

/// Recomputed to double precision at the source.
const EXACT: f64 = 1e-12;

/// Nine decimals are given.
const NINE_DECIMALS: f64 = 5.1e-10;

fn golden(key: &str) -> Result<Value, serde_json::Error> {
    let all: Value = serde_json::from_str(include_str!("data/golden.json"))?;
    Ok(all[key].clone())
}

/// Whether two matrices agree; false where either has NaN or they differ in shape.
fn agree(a: &DMatrix<f64>, b: &DMatrix<f64>, tolerance: f64) -> bool {
    a.shape() == b.shape() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= tolerance * y.abs().max(1.0))
}

fn column(vector: &DVector<f64>) -> DMatrix<f64> {
    DMatrix::from_column_slice(vector.len(), 1, vector.as_slice())
}

/// A table of flows and output, what is missing put into one category and one component.
fn table(flows: DMatrix<f64>, output: &DVector<f64>) -> Result<IoTable, parecon_io::Error> {
    let (rest, added) = (output - flows.column_sum(), output - flows.row_sum_tr());
    IoTable::new(
        Axis::from_codes((1..=output.len()).map(|i| i.to_string()))?,
        flows,
        Axis::from_codes(["y"])?,
        column(&rest),
        Axis::from_codes(["v"])?,
        column(&added).transpose(),
    )
}

#[test]
fn miller_and_blair_chapter_2() -> Result<(), Box<dyn Error>> {
    let golden = golden("mb2009_ch2_open")?;
    let table = datasets::miller_blair()?;
    assert_eq!(table.flows(), &matrix(&golden["Z"]));
    let technology = Technology::from_table(&table)?;
    assert!(agree(technology.coefficients(), &matrix(&golden["A"]), EXACT));
    assert!(agree(technology.requirements()?, &matrix(&golden["L"]), EXACT));
    let x = technology.output_for(&vector(&golden["f_new"]))?;
    assert!(agree(&column(&x), &column(&vector(&golden["x_new"])), EXACT));
    let added = vector(&golden["va_coef"]);
    let base = technology.prices(&added)?;
    assert!(agree(&column(&base), &column(&vector(&golden["price_base"])), EXACT));
    // Wages (0.3 of 0.65 and 0.25 of 0.70 per unit) rise by 30 %.
    let wages = DVector::from_vec(vec![0.3, 0.25]);
    let prices = technology.prices(&(added + wages * 0.3))?;
    assert!(agree(&column(&prices), &column(&vector(&golden["price_wage_plus30pct"])), EXACT));
    Ok(())
}

#[test]
fn kitzes_2013_footprint() -> Result<(), Box<dyn Error>> {
    let golden = golden("kitzes2013")?;
    let output = vector(&golden["x"]);
    let technology = Technology::from_table(&table(matrix(&golden["T"]), &output)?)?;
    assert!(agree(technology.requirements()?, &matrix(&golden["L"]), EXACT));
    // E is by source and by product consumed; the footprint is its column sums.
    let intensity = DMatrix::from_fn(1, 2, |_, j| vector(&golden["q"])[j] / output[j]);
    let mut footprint = technology.footprint(&intensity)?;
    let demand = vector(&golden["y"]);
    (0..2).for_each(|j| footprint[j] *= demand[j]);
    assert!(agree(&footprint, &DMatrix::from_rows(&[matrix(&golden["E"]).row_sum()]), EXACT));
    Ok(())
}

#[test]
fn leather_value_added_in_output() -> Result<(), Box<dyn Error>> {
    let golden = golden("leather_3x3_decompr")?;
    let (flows, output) = (matrix(&golden["Z"]), vector(&golden["x"]));
    let table = table(flows, &output)?;
    let technology = Technology::from_table(&table)?;
    let intensities = table.value_added_intensities()?;
    let requirements = technology.requirements()?;
    // Value added of a sector contained in its own output, V L x on the diagonal.
    for (key, i) in [("VL_output_00", 0), ("VL_output_88", 8)] {
        let ours = intensities[i] * requirements[(i, i)] * output[i];
        let given = golden[key].as_f64().unwrap_or(f64::NAN);
        // Eight decimals are given.
        assert!((ours - given).abs() <= 5.1e-9 * 10.0, "{key}: {ours} {given}");
    }
    Ok(())
}

#[test]
fn the_four_models_of_pysut() -> Result<(), Box<dyn Error>> {
    let golden = golden("pysut_constructs")?;
    // pySUT's supply table is product by industry.
    let (make, use_) = (matrix(&golden["V"]).transpose(), matrix(&golden["U"]));
    let (g, q) = (make.column_sum(), make.row_sum_tr());
    let tables = MakeUse::new(MakeUseParts {
        industries: Axis::from_codes(["a", "b", "c", "d", "e"])?,
        commodities: Axis::from_codes(["1", "2", "3", "4", "5"])?,
        final_demand_categories: Axis::from_codes(["y"])?,
        final_demand: column(&(q - use_.column_sum())),
        value_added_components: Axis::from_codes(["v"])?,
        value_added: column(&(g - use_.row_sum_tr())).transpose(),
        make,
        use_,
    })?;
    for (model, key) in [
        (Model::CommodityTechnology, "A_CTC_cxc"),
        (Model::IndustryTechnology, "A_ITC_cxc"),
        (Model::FixedIndustrySales, "A_CTC_ixi"),
        (Model::FixedProductSales, "A_ITC_ixi"),
    ] {
        let table = tables.to_symmetric(model)?;
        assert!(table.validate().is_balanced(), "{model:?}: {}", table.validate());
        let (ours, given) = (table.coefficients()?, matrix(&golden[key]));
        assert!(agree(&ours, &given, NINE_DECIMALS), "{model:?}: {ours}{given}");
    }
    Ok(())
}
