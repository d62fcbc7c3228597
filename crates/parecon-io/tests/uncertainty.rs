//! Simulation against closed forms and against first-order propagation.

use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use parecon_io::uncertainty::{Distribution, MonteCarlo, RelativeError};
use parecon_io::{Axis, Error, Technology, datasets, nalgebra};
use parecon_testbed::io::{random_table, tables};
use proptest::prelude::*;

/// Standard errors within which simulated figures must be; the seeds are fixed, so that this cannot fail by chance.
const SIGMAS: f64 = 4.0;

fn one_sector(a: f64) -> Result<Technology, Error> {
    Technology::from_coefficients(Axis::from_codes(["all"])?, dmatrix![a])
}

/// The normal distribution's 97.5 % point.
const Z975: f64 = 1.959963984540054;

#[test]
fn lognormal_figures_have_the_mean_deviation_and_quantiles_asked_for() -> Result<(), Error> {
    let (value, error) = (dvector![-3.0], 0.5f64);
    let config = MonteCarlo::new(11, 20_000)?.with_quantiles([0.025, 0.5])?;
    let found = config.run(|draw| draw.vary_vector(&value, &RelativeError::Same(error)).map(Some))?;
    assert!((found.mean[0] + 3.0).abs() < SIGMAS * found.mean_error[0]);
    assert!((found.deviation[0] - 1.5).abs() < SIGMAS * found.deviation_error[0]);
    let variance = (1.0 + error * error).ln();
    // Of a negative figure the 2.5 % point is the greatest in size.
    for (k, z) in [Z975, 0.0].into_iter().enumerate() {
        let exact = -3.0 * (variance.sqrt() * z - 0.5 * variance).exp();
        let off = (found.quantiles[(0, k)] - exact).abs();
        assert!(off < SIGMAS * found.quantile_errors[(0, k)], "{off}");
    }
    let normal = MonteCarlo::new(12, 20_000)?.with_distribution(Distribution::Normal);
    let found = normal.run(|draw| draw.vary_vector(&value, &RelativeError::Same(error)).map(Some))?;
    assert!((found.deviation[0] - 1.5).abs() < SIGMAS * found.deviation_error[0]);
    // Standard errors of a normal sample: s / √n and s / √(2n).
    assert!((found.deviation_error[0] * 40_000f64.sqrt() / 1.5 - 1.0).abs() < 0.05);
    Ok(())
}

/// With one sector x = y / (1 − a): quantiles follow exactly from those of a.
#[test]
fn one_sector_is_exact() -> Result<(), Error> {
    let (a, error, y) = (0.4, 0.2f64, dvector![6.0]);
    let config = MonteCarlo::new(3, 20_000)?.with_quantiles([0.025, 0.5, 0.975])?;
    let found =
        one_sector(a)?.simulate(&RelativeError::Same(error), &config, |drawn, _| drawn.output_for(&y))?;
    let variance = (1.0 + error * error).ln();
    for (k, z) in [-Z975, 0.0, Z975].into_iter().enumerate() {
        let exact = 6.0 / (1.0 - a * (variance.sqrt() * z - 0.5 * variance).exp());
        let off = (found.quantiles[(0, k)] - exact).abs();
        assert!(off < SIGMAS * found.quantile_errors[(0, k)], "{z}: {off}");
    }
    Ok(())
}

#[test]
fn draws_that_are_not_productive_are_counted() -> Result<(), Error> {
    let (a, error) = (0.8f64, 0.3f64);
    let config = MonteCarlo::new(5, 10_000)?;
    let found = one_sector(a)?
        .simulate(&RelativeError::Same(error), &config, |drawn, _| drawn.output_for(&dvector![1.0]))?;
    // a ξ ≥ 1 exactly where the normal variable is beyond z.
    let s = (1.0 + error * error).ln().sqrt();
    let z = ((1.0 / a).ln() + 0.5 * s * s) / s;
    let beyond = 0.5 * erfc(z / 2f64.sqrt());
    let share = found.unproductive.len() as f64 / 10_000.0;
    assert!((share - beyond).abs() < SIGMAS * (beyond / 10_000.0).sqrt(), "{share} {beyond}");
    assert_eq!(found.samples.ncols() + found.unproductive.len(), 10_000);
    assert!(found.samples.min() > 1.0);
    // Where next to nothing is productive there is nothing to report.
    let error = one_sector(50.0)?
        .simulate(&RelativeError::Same(0.01), &MonteCarlo::new(1, 10)?, |drawn, _| drawn.output_multipliers())
        .unwrap_err();
    assert_eq!(error.to_string(), "simulation: 0 of 10 draws were productive, must be at least 2");
    Ok(())
}

/// By its series, good to 1e-12 for the small arguments used here.
fn erfc(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for k in 1..60 {
        term *= -x * x / f64::from(k);
        sum += term / f64::from(2 * k + 1);
    }
    1.0 - 2.0 / std::f64::consts::PI.sqrt() * sum
}

#[test]
fn small_errors_propagate_to_first_order() -> Result<(), Error> {
    let table = random_table(6, 4)?;
    let technology = Technology::from_table(&table)?;
    let y = table.total_final_demand();
    let f = table.value_added_intensities()?.row(0).transpose();
    let cells = DMatrix::from_fn(6, 6, |i, j| 0.01 * (1 + (i + 2 * j) % 3) as f64);
    let (of_a, of_y, of_f) =
        (RelativeError::Cells(cells), RelativeError::Same(0.01), RelativeError::Same(0.02));
    let config = MonteCarlo::new(9, 4000)?;
    let simulated = technology.simulate(&of_a, &config, |drawn, draw| {
        let (y, f) = (draw.vary_vector(&y, &of_y)?, draw.vary_vector(&f, &of_f)?);
        let x = drawn.output_for(&y)?;
        let footprint = f.dot(&x);
        Ok(x.push(footprint))
    })?;
    let outputs = technology.output_uncertainty(&of_a, &y, &of_y)?;
    let footprint = technology.footprint_uncertainty(&of_a, &f, &of_f, &y, &of_y)?;
    for (k, first_order) in outputs.iter().chain([&footprint.deviation]).enumerate() {
        let off = (simulated.deviation[k] - first_order).abs();
        // Second-order terms are of the square of errors near 0.02.
        let allowed = SIGMAS * simulated.deviation_error[k] + 0.002 * first_order;
        assert!(off < allowed, "{k}: {} {first_order}", simulated.deviation[k]);
    }
    assert!(
        (simulated.mean[6] - footprint.value).abs()
            < SIGMAS * simulated.mean_error[6] + 1e-3 * footprint.value
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The closed forms are sums of squared derivatives: compared with difference quotients, cell by cell.
    #[test]
    fn variances_are_squared_derivatives(table in tables(5), stressor in proptest::collection::vec(0.0..2.0f64, 5)) {
        let n = table.len();
        let technology = Technology::from_table(&table)?;
        let y = table.total_final_demand();
        let f = DVector::from_fn(n, |i, _| stressor[i]);
        let exact = RelativeError::Same(0.0);
        let found = technology.footprint_uncertainty(&RelativeError::Same(1.0), &f, &exact, &y, &exact)?;
        let a = technology.coefficients();
        let mut outputs = DVector::<f64>::zeros(n);
        for i in 0..n {
            for j in 0..n {
                let step = 1e-6 * a[(i, j)];
                let moved = |by: f64| -> Result<DVector<f64>, Error> {
                    let mut a = a.clone();
                    a[(i, j)] += by;
                    Technology::from_coefficients(table.sectors().clone(), a)?.output_for(&y)
                };
                // Per relative change of the cell.
                let change = (moved(step)? - moved(-step)?) / 2e-6;
                let square = f.dot(&change).powi(2);
                let scale = found.deviation.powi(2) + 1e-9 * found.value.powi(2);
                prop_assert!((found.coefficients[(i, j)] - square).abs() <= 1e-5 * scale);
                outputs += change.component_mul(&change);
            }
        }
        let ours = technology.output_uncertainty(&RelativeError::Same(1.0), &y, &exact)?;
        for k in 0..n {
            prop_assert!((ours[k] - outputs[k].sqrt()).abs() <= 1e-5 * (ours[k] + table.output()[k]));
        }
    }
}

#[test]
fn the_same_bits_for_any_number_of_threads() -> Result<(), Error> {
    let table = random_table(12, 8)?;
    let technology = Technology::from_table(&table)?;
    let ask = || {
        technology.simulate(&RelativeError::Same(0.1), &MonteCarlo::new(21, 50)?, |drawn, draw| {
            drawn.output_for(&draw.vary_vector(&table.total_final_demand(), &RelativeError::Same(0.1))?)
        })
    };
    let found = ask()?;
    assert_eq!(found, ask()?);
    // A draw depends on the seed and its number alone, not on how many there are.
    let fewer =
        technology.simulate(&RelativeError::Same(0.1), &MonteCarlo::new(21, 20)?, |drawn, draw| {
            drawn.output_for(&draw.vary_vector(&table.total_final_demand(), &RelativeError::Same(0.1))?)
        })?;
    assert_eq!(fewer.samples, found.samples.columns(0, 20).into_owned());
    #[cfg(feature = "parallel")]
    for threads in [1, 2, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|_| ()).ok();
        assert_eq!(pool.map(|pool| pool.install(ask)).transpose()?, Some(found.clone()));
    }
    Ok(())
}

#[test]
fn input_is_checked() -> Result<(), Error> {
    let technology = Technology::from_table(&datasets::miller_blair()?)?;
    let said = |result: Result<_, Error>| -> String {
        result.map_or_else(|error| error.to_string(), |_: parecon_io::uncertainty::Simulation| String::new())
    };
    let config = MonteCarlo::new(1, 10)?;
    let ask =
        |error: RelativeError| technology.simulate(&error, &config, |drawn, _| drawn.output_multipliers());
    assert_eq!(
        said(ask(RelativeError::Same(-0.1))),
        "relative error of coefficients: is -0.1, must be finite and not negative"
    );
    assert_eq!(
        said(ask(RelativeError::Cells(DMatrix::zeros(2, 3)))),
        "relative errors of coefficients: is 2 x 3, must be 2 x 2"
    );
    assert_eq!(
        said(ask(RelativeError::Cells(dmatrix![0.1, f64::NAN; 0.0, 0.0]))),
        "relative error of coefficients, row 1, column 2: is NaN, must be finite and not negative"
    );
    assert!(MonteCarlo::new(1, 1).is_err());
    assert!(config.clone().with_quantiles([1.5]).is_err());
    let uneven = config.run(|draw| Ok(Some(DVector::zeros(1 + draw.index() % 2))));
    assert_eq!(said(uneven), "draw 1: the answer has 2 entries, those before have 1");
    let infinite = config.run(|_| Ok(Some(dvector![f64::INFINITY])));
    assert_eq!(said(infinite), "draw 0: entry 1 of the answer is inf, must be finite");
    Ok(())
}

#[test]
fn a_serialised_simulation_is_checked() -> Result<(), Box<dyn std::error::Error>> {
    let config = MonteCarlo::new(3, 10)?.with_quantiles([0.5])?;
    let text = serde_json::to_string(&config)?;
    assert_eq!(serde_json::from_str::<MonteCarlo>(&text)?, config);
    for (from, to) in [("[0.5]", "[1.5]"), ("\"draws\":10", "\"draws\":1")] {
        assert!(serde_json::from_str::<MonteCarlo>(&text.replace(from, to)).is_err(), "{to}");
    }
    Ok(())
}
