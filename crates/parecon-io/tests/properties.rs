//! Identities that hold for every table.

use nalgebra::{DMatrix, DVector};
use parecon_io::{Axis, IoTable, MakeUse, Model, Requirements, Technology, nalgebra};
use parecon_testbed::io::{demands, make_use_tables, random_table, tables};
use proptest::prelude::*;

/// Solutions agree to this, relative to the largest entry: condition numbers of the test tables stay below 1e5.
const SOLVED: f64 = 1e-10;

/// Sums of a few hundred terms agree to this, relative.
const SUMMED: f64 = 1e-12;

/// Whether all entries agree; NaN agrees with nothing.
fn close(a: &DMatrix<f64>, b: &DMatrix<f64>, tolerance: f64) -> bool {
    a.shape() == b.shape() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= tolerance * b.amax().max(1.0))
}

fn near(a: &DVector<f64>, b: &DVector<f64>, tolerance: f64) -> bool {
    close(
        &DMatrix::from_column_slice(a.len(), 1, a.as_slice()),
        &DMatrix::from_column_slice(b.len(), 1, b.as_slice()),
        tolerance,
    )
}

fn tables_and_demands(largest: usize) -> impl Strategy<Value = (IoTable, DVector<f64>)> {
    tables(largest).prop_flat_map(|table| {
        let n = table.len();
        (Just(table), demands(n))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn generated_tables_are_clean(table in tables(8)) {
        prop_assert!(table.validate().is_clean(), "{}", table.validate());
        let technology = Technology::from_table(&table)?;
        prop_assert!(technology.productivity().is_productive(), "{}", technology.productivity());
    }

    #[test]
    fn output_covers_inputs_and_demand((table, y) in tables_and_demands(8)) {
        let technology = Technology::from_table(&table)?;
        let x = technology.output_for(&y)?;
        prop_assert!(near(&(technology.coefficients() * &x + &y), &x, SOLVED));
        prop_assert!(x.iter().all(|output| *output >= 0.0));
        // The observed final demand asks for the observed output.
        let observed = technology.output_for(&table.total_final_demand())?;
        prop_assert!(near(&observed, table.output(), SOLVED));
    }

    #[test]
    fn more_demand_needs_no_less_output((table, y) in tables_and_demands(8)) {
        let technology = Technology::from_table(&table)?;
        let (less, more) = (technology.output_for(&y)?, technology.output_for(&y.add_scalar(1.0))?);
        prop_assert!(less.iter().zip(&more).all(|(less, more)| more > less));
    }

    #[test]
    fn requirements_are_inputs_of_requirements(table in tables(8)) {
        let technology = Technology::from_table(&table)?;
        let l = technology.requirements()?;
        let indirect = technology.coefficients() * l;
        prop_assert!(close(&(l - DMatrix::identity(table.len(), table.len())), &indirect, SOLVED));
        prop_assert!(near(&technology.output_multipliers()?, &l.row_sum_tr(), SOLVED));
        let intensities = table.value_added_intensities()?;
        prop_assert!(close(&technology.footprint(&intensities)?, &(intensities * l), SOLVED));
    }

    #[test]
    fn value_added_is_final_demand_and_costs_one(table in tables(8)) {
        let (added, demand) = (table.value_added().sum(), table.final_demand().sum());
        prop_assert!((added - demand).abs() <= SUMMED * demand);
        let technology = Technology::from_table(&table)?;
        let unit_value_added = table.value_added_intensities()?.row_sum_tr();
        let prices = technology.prices(&unit_value_added)?;
        prop_assert!(near(&prices, &DVector::from_element(table.len(), 1.0), SOLVED));
    }

    #[test]
    fn extraction_is_the_solution_with_row_and_column_zeroed((table, y) in tables_and_demands(7)) {
        let technology = Technology::from_table(&table)?;
        let losses = technology.critical_suppliers(&y)?;
        prop_assert_eq!(losses.len(), table.len());
        prop_assert!(losses.windows(2).all(|pair| pair[0].total() >= pair[1].total()));
        for loss in losses {
            let j = loss.sector.index();
            let mut coefficients = technology.coefficients().clone();
            coefficients.row_mut(j).fill(0.0);
            coefficients.column_mut(j).fill(0.0);
            let mut demand = y.clone();
            demand[j] = 0.0;
            let without = Technology::from_coefficients(table.sectors().clone(), coefficients)?.output_for(&demand)?;
            let extraction = technology.extraction(loss.sector, &y)?;
            prop_assert!(near(&extraction.output, &without, SOLVED));
            let whole = technology.output_for(&y)?;
            prop_assert!(near(&extraction.lost, &(&whole - &without), SOLVED));
            prop_assert!((loss.total() - (whole.sum() - without.sum())).abs() <= SOLVED * whole.sum().max(1.0));
            prop_assert!((loss.total() - extraction.total).abs() <= SOLVED * whole.sum().max(1.0));
            prop_assert!((loss.own - whole[j]).abs() <= SOLVED * whole.sum().max(1.0));
        }
    }

    #[test]
    fn the_order_of_sectors_does_not_matter((table, y) in tables_and_demands(8)) {
        let n = table.len();
        let old = |i: usize| (i + 1) % n;
        let technology = Technology::from_table(&table)?;
        let a = technology.coefficients();
        let codes: Vec<&str> = table.sectors().codes().collect();
        let turned = Technology::from_coefficients(
            Axis::from_codes((0..n).map(|i| codes[old(i)]))?,
            DMatrix::from_fn(n, n, |i, j| a[(old(i), old(j))]),
        )?;
        let x = technology.output_for(&y)?;
        let turned_x = turned.output_for(&DVector::from_fn(n, |i, _| y[old(i)]))?;
        prop_assert!(near(&turned_x, &DVector::from_fn(n, |i, _| x[old(i)]), SOLVED));
        let (one, other) = (technology.productivity(), turned.productivity());
        prop_assert!((one.spectral_radius.1 - other.spectral_radius.1).abs() < 1e-9);
    }

    /// Counting sector i in other units multiplies row i and divides column i of A.
    #[test]
    fn units_do_not_matter((table, y) in tables_and_demands(8), powers in prop::collection::vec(-12..=12i32, 8)) {
        let n = table.len();
        let unit = |i: usize| 10f64.powi(powers[i]);
        let technology = Technology::from_table(&table)?;
        let a = technology.coefficients();
        let other = Technology::from_coefficients(
            table.sectors().clone(),
            DMatrix::from_fn(n, n, |i, j| a[(i, j)] * unit(i) / unit(j)),
        )?;
        let x = technology.output_for(&y)?;
        let other_x = other.output_for(&DVector::from_fn(n, |i, _| y[i] * unit(i)))?;
        for i in 0..n {
            prop_assert!((other_x[i] / unit(i) - x[i]).abs() <= SOLVED * x[i].max(1.0), "{} {}", other_x[i] / unit(i), x[i]);
        }
        // A larger unit costs more.
        let prices = technology.prices(&y)?;
        let other_prices = other.prices(&DVector::from_fn(n, |i, _| y[i] / unit(i)))?;
        for i in 0..n {
            prop_assert!((other_prices[i] * unit(i) - prices[i]).abs() <= SOLVED * prices[i].max(1.0));
        }
        prop_assert!(other.productivity().is_productive());
        let (l, other_l) = (technology.requirements()?, other.requirements()?);
        for i in 0..n {
            for j in 0..n {
                let same = other_l[(i, j)] * unit(j) / unit(i);
                prop_assert!((same - l[(i, j)]).abs() <= SOLVED * l[(i, j)].max(1.0));
            }
        }
    }

    #[test]
    fn scaling_coefficients_past_one_makes_it_unproductive(table in tables(7), factor in 1.001..3.0f64) {
        let technology = Technology::from_table(&table)?;
        let radius = technology.productivity().spectral_radius.1;
        prop_assume!(radius > 1e-6);
        let scaled = |to: f64| {
            Technology::from_coefficients(table.sectors().clone(), technology.coefficients() * (to / radius))
        };
        prop_assert!(scaled(1.0 / factor)?.productivity().is_productive());
        let beyond = scaled(factor)?.productivity();
        prop_assert!(!beyond.is_productive());
        prop_assert!(!beyond.offenders.is_empty());
        prop_assert!((beyond.spectral_radius.1 - factor).abs() < 1e-8 * factor);
    }

    #[test]
    fn made_symmetric_by_products_everything_balances(tables in make_use_tables(6)) {
        prop_assert!(tables.validate().is_balanced(), "{}", tables.validate());
        for model in [Model::IndustryTechnology, Model::FixedProductSales] {
            let table = tables.to_symmetric(model)?;
            prop_assert!(table.validate().is_clean(), "{model:?}: {}", table.validate());
            let output = if model == Model::IndustryTechnology { tables.commodity_output() } else { tables.industry_output() };
            prop_assert!(near(table.output(), output, SUMMED));
            prop_assert!((table.final_demand().sum() - tables.final_demand().sum()).abs() <= SUMMED * output.sum());
            prop_assert!((table.value_added().sum() - tables.value_added().sum()).abs() <= SUMMED * output.sum());
        }
        if tables.industries().len() == tables.commodities().len() {
            for model in [Model::CommodityTechnology, Model::FixedIndustrySales] {
                let table = tables.to_symmetric(model)?;
                prop_assert!(table.validate().is_balanced(), "{model:?}: {}", table.validate());
            }
        }
    }

    /// Without secondary products all models are the same table.
    #[test]
    fn without_secondary_products_the_models_agree(table in tables(6)) {
        let codes: Vec<&str> = table.sectors().codes().collect();
        let tables = MakeUse::new(parecon_io::MakeUseParts {
            industries: Axis::from_codes(codes.iter().copied())?,
            commodities: Axis::from_codes(codes.iter().copied())?,
            make: DMatrix::from_diagonal(table.output()),
            use_: table.flows().clone(),
            final_demand_categories: table.final_demand_categories().clone(),
            final_demand: table.final_demand().clone(),
            value_added_components: table.value_added_components().clone(),
            value_added: table.value_added().clone(),
        })?;
        for model in [Model::CommodityTechnology, Model::IndustryTechnology, Model::FixedIndustrySales, Model::FixedProductSales] {
            let made = tables.to_symmetric(model)?;
            prop_assert!(close(made.flows(), table.flows(), SUMMED), "{model:?}");
            prop_assert!(close(made.final_demand(), table.final_demand(), SUMMED));
            prop_assert!(close(made.value_added(), table.value_added(), SUMMED));
        }
        let l = Technology::from_table(&table)?;
        for kind in [Requirements::CommodityByCommodity, Requirements::IndustryByCommodity, Requirements::IndustryByIndustry] {
            prop_assert!(close(&tables.total_requirements(kind)?, l.requirements()?, SOLVED));
        }
    }

    #[test]
    fn industry_requirements_are_market_shares_of_commodity_requirements(tables in make_use_tables(6)) {
        let cxc = tables.total_requirements(Requirements::CommodityByCommodity)?;
        let ixc = tables.total_requirements(Requirements::IndustryByCommodity)?;
        let shares = DMatrix::from_fn(tables.industries().len(), tables.commodities().len(), |i, c| {
            tables.make()[(i, c)] / tables.commodity_output()[c]
        });
        prop_assert!(close(&ixc, &(&shares * cxc), SOLVED));
        // Final demand for commodities sets off the industries' outputs.
        let outputs = ixc * tables.final_demand().column_sum();
        prop_assert!(near(&outputs, tables.industry_output(), SOLVED));
    }
}

#[test]
fn clones_share_and_answers_repeat_bit_for_bit() -> Result<(), Box<dyn std::error::Error>> {
    let table = random_table(60, 7)?;
    let y = table.total_final_demand();
    let technology = Technology::from_table(&table)?;
    let clone = technology.clone();
    let first = technology.requirements()?;
    assert!(std::ptr::eq(first, clone.requirements()?));
    let again = Technology::from_table(&random_table(60, 7)?)?;
    assert_eq!(technology.output_for(&y)?, again.output_for(&y)?);
    assert_eq!(first, again.requirements()?);
    Ok(())
}
