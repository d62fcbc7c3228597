//! Multipliers type I and II, and given outputs and prices.

use std::error::Error;

use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use parecon_io::{Households, Technology, datasets, nalgebra};
use parecon_testbed::io::tables;
use proptest::prelude::*;

/// Solutions agree to this, relative to the largest entry.
const SOLVED: f64 = 1e-10;

/// R. E. Miller and P. D. Blair, *Input–Output Analysis*, 2nd ed. 2009, section 2.5 and chapter 6, recomputed in double
/// precision by inverting the 3 × 3 matrix.
#[test]
fn miller_and_blair_closed() -> Result<(), Box<dyn Error>> {
    let technology = Technology::from_table(&datasets::miller_blair()?)?;
    let near =
        |ours: DVector<f64>, given: DVector<f64>| assert!((&ours - &given).amax() < 1e-12, "{ours}{given}");
    let wages = dvector![0.3, 0.25];
    let row = DMatrix::from_row_slice(1, 2, wages.as_slice());
    let income = technology.multipliers(&row)?;
    near(income.total.transpose().column(0).into(), dvector![0.4422442244224422, 0.3795379537953795]);
    near(income.ratios().transpose().column(0).into(), dvector![1.4741474147414741, 1.518151815181518]);
    near(technology.output_multipliers()?, dvector![1.518151815181518, 1.4521452145214522]);

    let households = Households::new(wages.clone(), dvector![0.05, 0.4])?.with_own_purchases(0.05)?;
    let closed = technology.closed(&households)?;
    near(closed.output_multipliers().clone(), dvector![1.8924091005741017, 1.773336168403147]);
    let total = closed.output_multipliers() + closed.income_multipliers();
    near(total, dvector![2.462258133106528, 2.2623857112481396]);
    near(closed.income_multipliers(), dvector![0.5698490325324261, 0.48904954284499264]);
    // Households' own payments to households are income too.
    let type_two = closed.multipliers(&row, &dvector![0.05])?;
    near(type_two.ratios().transpose().column(0).into(), dvector![1.8994967751080871, 1.9561981713799705]);
    Ok(())
}

#[test]
fn households_that_earn_back_what_they_spend_are_refused() -> Result<(), Box<dyn Error>> {
    let technology = Technology::from_table(&datasets::miller_blair()?)?;
    // All value added, all of it spent: nothing is left over.
    for consumption in [dvector![0.5, 0.5], dvector![0.9, 0.9]] {
        let error = technology.closed(&Households::new(dvector![0.65, 0.70], consumption)?).unwrap_err();
        assert!(error.is_singular(), "{error}");
    }
    let error = technology.closed(&Households::new(dvector![0.1], dvector![0.1])?).unwrap_err();
    assert_eq!(error.to_string(), "households: are for 1 sectors, the technology has 2");
    let error = Households::new(dvector![0.1], dvector![0.1])?.with_own_purchases(1.0).unwrap_err();
    assert!(error.to_string().starts_with("households' purchases from households: are 1 per unit"));
    let table = datasets::miller_blair()?;
    let component = table.value_added_components().codes().next().unwrap_or_default();
    let error = Households::from_table(&table, [component, component], []).unwrap_err();
    assert!(error.to_string().contains("named twice"), "{error}");
    Ok(())
}

#[test]
fn what_is_given_twice_or_cannot_be_given_is_refused() -> Result<(), Box<dyn Error>> {
    let table = datasets::miller_blair()?;
    let technology = Technology::from_table(&table)?;
    let one = table.sector("1")?;
    let error = technology.with_outputs_fixed(&dvector![1.0, 1.0], &[(one, 1.0), (one, 2.0)]).unwrap_err();
    assert_eq!(error.to_string(), r#"sector "1": is named twice"#);
    let error = technology.with_prices_fixed(&dvector![1.0, 1.0], &[(one, f64::NAN)]).unwrap_err();
    assert_eq!(error.to_string(), r#"price of sector "1": is NaN, must be finite"#);
    // The second sector uses up all it makes: alone, it has no solution.
    let sectors = table.sectors().clone();
    let stuck = Technology::from_coefficients(sectors, dmatrix![0.0, 0.5; 0.5, 1.0])?;
    let error = stuck.with_outputs_fixed(&dvector![1.0, 1.0], &[(one, 1.0)]).unwrap_err();
    assert!(
        error.is_singular() && error.to_string().starts_with(r#"sector "1": its output cannot"#),
        "{error}"
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn closing_borders_the_inverse(table in tables(8), own in 0.0..0.1f64) {
        let n = table.len();
        let households = Households::from_table(&table, ["wages"], ["households"])?;
        let technology = Technology::from_table(&table)?;
        let income = table.value_added_intensities()?.row(0).transpose();
        let consumption = table.final_demand().column(0) / table.value_added().row(0).sum();
        // Half of final demand and of value added: with up to a tenth in services to each other, something is left.
        let closed = technology.closed(&households.with_own_purchases(own)?)?;
        let mut bordered = DMatrix::identity(n + 1, n + 1);
        bordered.view_mut((0, 0), (n, n)).zip_apply(technology.coefficients(), |cell, a| *cell -= a);
        bordered.view_mut((n, 0), (1, n)).tr_copy_from(&(-&income));
        bordered.view_mut((0, n), (n, 1)).copy_from(&(-&consumption));
        bordered[(n, n)] -= own;
        let inverse = bordered.try_inverse().ok_or(TestCaseError::fail("singular"))?;
        let scale = inverse.amax();
        let truncated = inverse.view((0, 0), (n, n)).row_sum_tr();
        prop_assert!((closed.output_multipliers() - truncated).amax() <= SOLVED * scale);
        prop_assert!((closed.income_multipliers() - inverse.view((n, 0), (1, n)).transpose()).amax() <= SOLVED * scale);
        let s = DMatrix::from_fn(1, n, |_, j| 1.0 + j as f64);
        let found = closed.multipliers(&s, &dvector![7.0])?.total;
        let whole = s.clone().insert_column(n, 7.0) * inverse.columns(0, n);
        prop_assert!((found - &whole).amax() <= SOLVED * whole.amax());
        let y = table.total_final_demand();
        let (output, earned) = closed.output_for(&y)?;
        let wanted = inverse.columns(0, n) * &y;
        prop_assert!((output - wanted.rows(0, n)).amax() <= SOLVED * wanted.amax());
        prop_assert!((earned - wanted[n]).abs() <= SOLVED * wanted.amax());
    }

    #[test]
    fn what_is_given_stays_and_the_equations_hold(table in tables(8), which in prop::collection::vec(any::<bool>(), 8)) {
        let technology = Technology::from_table(&table)?;
        let a = technology.coefficients();
        let given: Vec<_> = table.sectors().iter().filter(|s| which[s.index()]).map(|s| (s, 3.0 + s.index() as f64)).collect();
        let y = table.total_final_demand();
        let outputs = technology.with_outputs_fixed(&y, &given)?;
        let prices = technology.with_prices_fixed(&y, &given)?;
        let scale = outputs.output.amax().max(prices.prices.amax()).max(1.0);
        prop_assert!((&outputs.output - a * &outputs.output - &outputs.final_demand).amax() <= SOLVED * scale);
        prop_assert!((&prices.prices - a.tr_mul(&prices.prices) - &prices.value_added).amax() <= SOLVED * scale);
        for sector in table.sectors().iter() {
            match given.iter().find(|(fixed, _)| *fixed == sector) {
                Some((_, value)) => {
                    prop_assert_eq!(outputs.output[sector.index()], *value);
                    prop_assert_eq!(prices.prices[sector.index()], *value);
                }
                None => {
                    prop_assert_eq!(outputs.final_demand[sector.index()], y[sector.index()]);
                    prop_assert_eq!(prices.value_added[sector.index()], y[sector.index()]);
                }
            }
        }
    }
}
