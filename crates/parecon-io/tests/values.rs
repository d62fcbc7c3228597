//! Labour values and prices of production: published examples, and what holds for every economy.

use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use parecon_io::values::{Distribution, Numeraire, PriceSystem, Wages};
use parecon_io::{Axis, Error, Model, Technology, datasets, nalgebra};
use parecon_testbed::io::tables;
use proptest::prelude::*;

/// Recomputed to double precision at the source.
const EXACT: f64 = 1e-13;

/// Prices solve their equations to this, relative to the largest.
const SOLVED: f64 = 1e-10;

fn technology(coefficients: DMatrix<f64>) -> Result<Technology, Error> {
    let codes = (1..=coefficients.nrows()).map(|i| i.to_string());
    Technology::from_coefficients(Axis::from_codes(codes)?, coefficients)
}

fn close(found: &DVector<f64>, expected: &DVector<f64>, tolerance: f64) -> bool {
    found.len() == expected.len() && (found - expected).amax() <= tolerance * expected.amax()
}

/// Labour by sector, never zero.
fn labour(n: usize) -> DVector<f64> {
    DVector::from_fn(n, |i, _| 0.2 + ((7 * i + 3) % 5) as f64)
}

/// The three-industry economy of Ochoa (1984), and its results: `SI` with the real wage, `NI` with the value of labour
/// power given; prices of production and direct prices sum to market prices (all 1) over gross output, or are
/// scaled by the money wage.
#[test]
fn ochoa_1984() -> Result<(), Error> {
    let a = dmatrix![0.265, 0.968, 0.00681; 0.0121, 0.391, 0.0169; 0.0408, 0.808, 0.165];
    let depreciation = dmatrix![0.0, 0.0, 0.0; 0.00568, 0.0267, 0.0028; 0.00265, 0.0147, 0.00246];
    let (bundle, output) = (dvector![0.0109, 0.0275, 0.296], dvector![26530.0, 18168.0, 73840.0]);
    let labour = dvector![0.193, 3.562, 0.616];
    let technology = technology(a)?;
    let system = PriceSystem::new(&technology, labour.clone())?;

    let values = dvector![0.4398416992911472, 7.739431388155928, 0.8979541466251602];
    assert!(close(&system.labour_values()?, &values, EXACT));
    assert!(close(&technology.labour_values(&labour)?, &values, EXACT));
    let with_depreciation = system.clone().with_depreciation(&depreciation)?.labour_values()?;
    let expected = dvector![0.5192079249387727, 8.30940609944636, 0.9407729431954341];
    assert!(close(&with_depreciation, &expected, EXACT));

    let numeraire = Numeraire::Basket { worth: output.sum(), basket: output.clone() };
    let direct = dvector![0.23852602887441202, 4.197091448441409, 0.48696027923453855];
    assert!(close(&system.direct_prices(&numeraire)?, &direct, EXACT));
    let standard = system.prices(&Distribution::RealWage(bundle), &numeraire)?;
    assert!((standard.profit_rate - 0.38778431125622115).abs() < EXACT);
    let (low, high) = standard.profit_rate_bounds;
    assert!(low <= standard.profit_rate && standard.profit_rate <= high && high - low < 1e-13);
    let expected = dvector![0.26065932789246077, 4.461496894159371, 0.4139522272200104];
    assert!(close(&standard.prices, &expected, EXACT));
    assert_eq!((standard.basics.len(), standard.unpriced.len()), (3, 0));
    assert!(standard.status.is_converged());

    let share = Distribution::WageShare { share: 2.0 / 3.0, output };
    let new = system.prices(&share, &Numeraire::Wage(3.765))?;
    assert!((new.profit_rate - 0.21163527064453797).abs() < EXACT);
    let expected = dvector![2.6211073881067257, 45.4679617364589, 4.702942728964153];
    assert!(close(&new.prices, &expected, EXACT));
    assert!((new.wage - 3.765).abs() < EXACT);

    let maximum = system.maximum_profit_rate()?;
    assert!((maximum.rate - 1.0249391911851644).abs() < EXACT && maximum.basic);
    assert!(maximum.bounds.0 <= maximum.rate && maximum.rate <= maximum.bounds.1);
    Ok(())
}

#[test]
fn sraffas_wheat_and_iron() -> Result<(), Error> {
    let technology = technology(dmatrix![280.0 / 575.0, 6.0; 12.0 / 575.0, 0.4])?;
    // Workers eat a part of the inputs: nearly no labour beyond them leaves the rate at 25 %, and a ton of iron is
    // worth 15 quarters of wheat.
    let system = PriceSystem::new(&technology, dvector![1.0, 1.0])?;
    let wheat = Numeraire::Basket { basket: dvector![1.0, 0.0], worth: 1.0 };
    let answer = system.prices(&Distribution::ProfitRate(0.25 - 1e-12), &wheat)?;
    assert!((answer.prices[1] - 15.0).abs() < 1e-9, "{}", answer.prices);
    Ok(())
}

#[test]
fn beans_have_no_price_and_are_named() -> Result<(), Error> {
    // Sraffa's appendix B: beans need 0.9 of themselves, and could earn 1/9 at most; corn and iron earn more. Fodder
    // needs beans.
    let sectors = Axis::from_codes(["fodder", "corn", "beans", "iron"])?;
    let a = dmatrix![
        0.0, 0.0, 0.0, 0.0;
        0.0, 0.2, 0.1, 0.1;
        0.5, 0.0, 0.9, 0.0;
        0.0, 0.3, 0.0, 0.2
    ];
    let technology = Technology::from_coefficients(sectors.clone(), a)?;
    let system = PriceSystem::new(&technology, DVector::from_element(4, 1.0))?;
    let corn = Numeraire::Basket { basket: dvector![0.0, 1.0, 0.0, 0.0], worth: 1.0 };
    let answer = system.prices(&Distribution::RealWage(dvector![0.0, 0.1, 0.0, 0.0]), &corn)?;
    let codes = |ids: &[parecon_io::Id<parecon_io::Sector>]| -> Vec<String> {
        ids.iter().map(|id| sectors.code(*id).to_owned()).collect()
    };
    assert_eq!(codes(&answer.basics), ["corn", "iron"]);
    assert_eq!(codes(&answer.unpriced), ["fodder", "beans"]);
    assert!(answer.prices[0].is_nan() && answer.prices[2].is_nan() && answer.prices[1] == 1.0);
    let m: DMatrix<f64> = dmatrix![0.3, 0.2; 0.3, 0.2];
    assert!((answer.profit_rate - (1.0 / m.trace() - 1.0)).abs() < 1e-14);
    let maximum = system.maximum_profit_rate()?;
    assert_eq!((codes(&maximum.binding), maximum.basic), (vec!["beans".to_owned()], false));
    assert!((maximum.rate - 1.0 / 9.0).abs() < 1e-14);
    // The standard commodity is made of the basics alone.
    let standard = system.standard_commodity()?;
    assert_eq!(codes(&standard.basics), ["corn", "iron"]);
    assert_eq!((standard.output[0], standard.output[2]), (0.0, 0.0));
    // Where beans are the measure there is nothing to measure by.
    let beans = Numeraire::Basket { basket: dvector![0.0, 0.0, 1.0, 0.0], worth: 1.0 };
    let error = system.prices(&Distribution::RealWage(dvector![0.0, 0.1, 0.0, 0.0]), &beans).unwrap_err();
    assert_eq!(error.to_string(), r#"numeraire, sector "beans": has no price in this system"#);
    Ok(())
}

#[test]
fn luxuries_are_priced_at_the_rate_of_the_basics() -> Result<(), Error> {
    // Corn and wages alone: p = (1 + r)(0.2 p + 0.1 p). Silk takes 0.3 corn, 0.1 silk and 2 hours.
    let technology = technology(dmatrix![0.2, 0.3; 0.0, 0.1])?;
    let corn = Numeraire::Basket { basket: dvector![1.0, 0.0], worth: 1.0 };
    let wage = Distribution::RealWage(dvector![0.1, 0.0]);
    let answer = PriceSystem::new(&technology, dvector![1.0, 2.0])?.prices(&wage, &corn)?;
    let factor = 1.0 / 0.3;
    assert!((answer.profit_rate - (factor - 1.0)).abs() < 1e-14);
    let silk = factor * (0.3 + 2.0 * 0.1) / (1.0 - factor * 0.1);
    assert!((answer.prices[1] - silk).abs() < 1e-13 && answer.unpriced.is_empty());
    assert_eq!(answer.basics.len(), 1);
    Ok(())
}

#[test]
fn what_has_no_answer_is_explained() -> Result<(), Error> {
    let two = technology(dmatrix![0.2, 0.0; 0.0, 0.5])?;
    let system = PriceSystem::new(&two, dvector![1.0, 1.0])?;
    let message = |result: Result<_, Error>| result.map(|_: f64| ()).unwrap_err().to_string();
    assert_eq!(
        message(system.standard_commodity().map(|s| s.ratio)),
        "sector \"1\": is not needed for sector \"2\", directly or not; without a product that all others need there is no \
         common profit rate"
    );
    let bundle = |amount| Distribution::RealWage(dvector![amount, 0.0]);
    let hour = Numeraire::Wage(1.0);
    assert!(message(system.prices(&bundle(0.0), &hour).map(|p| p.wage)).starts_with("real wage: is zero"));
    // An hour buys 0.9 of what takes 1.25 hours: with circulating capital the rate is defined all the same.
    let negative = system.prices(&bundle(0.9), &hour)?;
    assert!((negative.profit_rate - (1.0 / 1.1 - 1.0)).abs() < 1e-14);
    let capital = system.clone().with_fixed_capital(dmatrix![0.0, 5.0; 5.0, 0.0])?;
    let found = message(capital.prices(&bundle(0.9), &hour).map(|p| p.wage));
    assert!(
        found.starts_with("real wage: an hour's wage contains 1.125 hours of labour, must be at most 1"),
        "{found}"
    );
    let share = Distribution::WageShare { share: 1.5, output: dvector![1.0, 1.0] };
    assert_eq!(
        message(system.prices(&share, &hour).map(|p| p.wage)),
        "wage share: is 1.5, must be above 0 and at most 1"
    );
    let idle = PriceSystem::new(&technology(dmatrix![0.2, 1.5; 0.8, 0.5])?, dvector![1.0, 1.0])?;
    assert!(message(idle.maximum_profit_rate().map(|m| m.rate)).contains("not productive"));
    Ok(())
}

#[test]
fn equal_composition_of_capital_makes_prices_values() -> Result<(), Error> {
    // Every column has the same inputs: prices of production are values whatever the rate.
    let system = PriceSystem::new(
        &technology(dmatrix![0.1, 0.1, 0.1; 0.2, 0.2, 0.2; 0.05, 0.05, 0.05])?,
        dvector![2.0, 2.0, 2.0],
    )?;
    let measure = Numeraire::Basket { basket: dvector![1.0, 1.0, 1.0], worth: 3.0 };
    let answer = system.prices(&Distribution::RealWage(dvector![0.0, 0.0, 0.1]), &measure)?;
    assert!(close(&answer.prices, &system.direct_prices(&measure)?, 1e-14));
    Ok(())
}

#[test]
fn the_united_states_in_2022() -> Result<(), Error> {
    let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    // Sales out of stocks have a minus; prices of production need them out of the way.
    let coefficients = table.coefficients()?.map(|cell| cell.max(0.0));
    let technology = Technology::from_coefficients(table.sectors().clone(), coefficients)?;
    let compensation = table.value_added_components().id("V001")?.index();
    let wages = table.value_added_intensities()?.row(compensation).transpose();
    let system = PriceSystem::new(&technology, wages)?;
    let output = table.output().clone();
    let all = Numeraire::Basket { worth: output.sum(), basket: output };
    let maximum = system.maximum_profit_rate()?;
    assert!(maximum.status.is_converged() && maximum.bounds.1 - maximum.bounds.0 < 1e-12);
    let answer = system.prices(&Distribution::ProfitRate(0.5 * maximum.rate), &all)?;
    assert!(answer.unpriced.is_empty() && answer.prices.iter().all(|price| *price > 0.0));
    let dear = system.prices(&Distribution::ProfitRate(1.001 * maximum.rate), &Numeraire::Wage(1.0))?;
    assert!(maximum.binding.iter().all(|sector| dear.unpriced.contains(sector)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn prices_solve_their_equations(
        table in tables(7),
        stock in 0.0f64..3.0,
        worn in 0.0f64..0.05,
        turnover in 0.1f64..2.0,
        at_end in any::<bool>(),
        share in 0.05f64..0.95,
    ) {
        let technology = Technology::from_table(&table)?;
        let n = technology.len();
        let a = technology.coefficients();
        let k = a.map(|cell| cell * stock + 0.01);
        let d = &k * (worn * (0.5 / k.row_sum_tr().amax().max(1.0)) );
        let (l, t) = (labour(n), DVector::from_fn(n, |i, _| turnover / (1.0 + i as f64)));
        let wages = if at_end { Wages::AtEnd } else { Wages::Advanced };
        let system = PriceSystem::new(&technology, l.clone())?
            .with_fixed_capital(k.clone())?
            .with_turnover(t.clone())?
            .with_wages(wages);
        // Depreciation only where it leaves the economy productive.
        let worn_out = Technology::from_coefficients(technology.sectors().clone(), a + &d)?;
        prop_assume!(worn_out.productivity().is_productive());
        let system = system.with_depreciation(&d)?;
        // A real wage of less than an hour.
        let values = system.labour_values()?;
        let bundle = DVector::from_element(n, share / values.sum());
        let answer = system.prices(&Distribution::RealWage(bundle.clone()), &Numeraire::Wage(1.0))?;
        let (p, r) = (&answer.prices, answer.profit_rate);
        prop_assert!(answer.unpriced.is_empty() && answer.status.is_converged());
        prop_assert!(r > 0.0 && p.iter().all(|price| *price > 0.0));
        let (low, high) = answer.profit_rate_bounds;
        prop_assert!(low <= r && r <= high && high - low <= 1e-9 * (1.0 + r));
        let theta = if at_end { DVector::zeros(n) } else { t.clone() };
        let tied = k + a * DMatrix::from_diagonal(&t);
        let costs = (a + &d).tr_mul(p) + &l + (tied.tr_mul(p) + l.component_mul(&theta)) * r;
        prop_assert!(close(&costs, p, SOLVED));
        prop_assert!((p.dot(&bundle) - 1.0).abs() < SOLVED);
        // At the rate found, the wage found.
        let again = system.prices(&Distribution::ProfitRate(r), &Numeraire::Wage(1.0))?;
        prop_assert!(close(&again.prices, p, 1e-8));
        prop_assert!(r < system.maximum_profit_rate()?.rate);
    }

    #[test]
    fn wages_fall_as_profit_rises_and_on_a_straight_line_in_the_standard_commodity(table in tables(7)) {
        let technology = Technology::from_table(&table)?;
        let n = technology.len();
        // Every product is needed for every other, so that all are basics.
        let coefficients = technology.coefficients().map(|cell| 0.9 * cell + 0.05 / n as f64);
        let technology = Technology::from_coefficients(technology.sectors().clone(), coefficients)?;
        prop_assume!(technology.productivity().is_productive());
        let advanced = PriceSystem::new(&technology, labour(n))?;
        let system = advanced.clone().with_wages(Wages::AtEnd);
        let standard = system.standard_commodity()?;
        prop_assert_eq!(standard.basics.len(), n);
        let rates: Vec<f64> = (0..8).map(|i| standard.ratio * f64::from(i) / 8.0).collect();
        let line = system.wage_curve(&rates, &standard.net_product)?;
        for (rate, wage) in rates.iter().zip(&line) {
            prop_assert!((rate - standard.ratio * (1.0 - wage)).abs() < SOLVED * (1.0 + standard.ratio));
        }
        let falling = advanced.wage_curve(&rates, &DVector::from_element(n, 1.0))?;
        prop_assert!(falling.windows(2).all(|pair| pair[1] < pair[0]));
        // At no profit prices are values.
        let values = advanced.prices(&Distribution::ProfitRate(0.0), &Numeraire::Wage(1.0))?.prices;
        prop_assert!(close(&values, &advanced.labour_values()?, SOLVED));
        // All of the net product is the wage where its share is 1.
        let whole = Distribution::WageShare { share: 1.0, output: standard.output.clone() };
        prop_assert!(advanced.prices(&whole, &Numeraire::Wage(1.0))?.profit_rate.abs() < 1e-10);
    }

    #[test]
    fn units_and_order_do_not_matter(table in tables(6), power in -20i32..20) {
        let technology = Technology::from_table(&table)?;
        let n = technology.len();
        let units = DVector::from_fn(n, |i, _| 2f64.powi(power * (i as i32 % 3)));
        let changed = Technology::from_coefficients(
            technology.sectors().clone(),
            DMatrix::from_fn(n, n, |i, j| technology.coefficients()[(i, j)] * units[j] / units[i]),
        )?;
        let bundle = DVector::from_element(n, 1e-3);
        let first = PriceSystem::new(&technology, labour(n))?;
        let second = PriceSystem::new(&changed, labour(n).component_mul(&units))?;
        let wage = Numeraire::Wage(1.0);
        let one = first.prices(&Distribution::RealWage(bundle.clone()), &wage)?;
        let two = second.prices(&Distribution::RealWage(bundle.component_div(&units)), &wage)?;
        prop_assert!((one.profit_rate - two.profit_rate).abs() < 1e-10 * (1.0 + one.profit_rate.abs()));
        prop_assert!(close(&two.prices.component_div(&units), &one.prices, 1e-9));
    }
}
