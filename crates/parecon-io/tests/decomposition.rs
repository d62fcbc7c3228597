//! Structural decomposition against enumeration of all orders, and its identities.

use nalgebra::{DMatrix, dmatrix, dvector};
use parecon_io::decomposition::{
    Factor, Method, Situation, decompose, final_demand_factors, footprint_change, ranges, technology_effects,
};
use parecon_io::{Axis, Error, Technology, nalgebra};
use parecon_testbed::io::random_table;
use proptest::prelude::*;

/// Sums of effects agree with the change to this, relative to the largest entry: the documented rounding.
const SUMMED: f64 = 1e-12;

/// Products with L formed against products with solves, relative.
const SOLVED: f64 = 1e-10;

fn close(a: &DMatrix<f64>, b: &DMatrix<f64>, scale: f64, tolerance: f64) -> bool {
    a.shape() == b.shape() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= tolerance * scale)
}

/// Explicit matrices of a product before and after.
type Ends = [Vec<DMatrix<f64>>; 2];

/// The product with factor j taken from end `at[j]`.
fn product(ends: &Ends, at: &[usize]) -> DMatrix<f64> {
    let chosen: Vec<&DMatrix<f64>> = at.iter().enumerate().map(|(j, &end)| &ends[end][j]).collect();
    chosen[1..].iter().fold(chosen[0].clone(), |left, right| left * *right)
}

/// Every order of `k` factors.
fn orders(k: usize) -> Vec<Vec<usize>> {
    if k == 0 {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for shorter in orders(k - 1) {
        for at in 0..k {
            let mut order = shorter.clone();
            order.insert(at, k - 1);
            all.push(order);
        }
    }
    all
}

/// The effects of all factors when they change in this order, as differences of products.
fn in_order(ends: &Ends, order: &[usize]) -> Vec<DMatrix<f64>> {
    let mut at = vec![0; order.len()];
    let mut effects = vec![DMatrix::zeros(0, 0); order.len()];
    for &i in order {
        let before = product(ends, &at);
        at[i] = 1;
        effects[i] = product(ends, &at) - before;
    }
    effects
}

/// Two technologies, intensities of 2 stressors, and a final demand of 3 categories as mix, shares and level.
fn example(n: usize, seed: u64) -> Result<(Vec<Factor>, Ends), Error> {
    let (then, now) = (random_table(n, seed)?, random_table(n, seed + 1)?);
    let (before, after) = (Technology::from_table(&then)?, Technology::from_table(&now)?);
    let demands = [&then, &now].map(|table| {
        let other = table.output() * 0.1;
        DMatrix::from_columns(&[
            table.final_demand().column(0),
            table.final_demand().column(1),
            other.column(0),
        ])
    });
    let intensities = [then.value_added_intensities()?, now.value_added_intensities()?];
    let [mix, shares, level] = final_demand_factors(&demands[0], &demands[1])?;
    let factors = vec![
        Factor::matrix("intensities", intensities[0].clone(), intensities[1].clone())?,
        Factor::requirements("technology", &before, &after)?,
        mix,
        shares,
        level,
    ];
    let end = |technology: &Technology, e: usize| -> Result<Vec<DMatrix<f64>>, Error> {
        let (sums, total) = (demands[e].row_sum_tr(), demands[e].sum());
        Ok(vec![
            intensities[e].clone(),
            technology.requirements()?.clone(),
            &demands[e] * DMatrix::from_diagonal(&sums.map(|sum| 1.0 / sum)),
            DMatrix::from_diagonal(&(sums / total)),
            DMatrix::from_diagonal_element(3, 3, total),
        ])
    };
    let ends = [end(&before, 0)?, end(&after, 1)?];
    Ok((factors, ends))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn quadrature_is_the_mean_over_all_orders(n in 1usize..6, seed in 0u64..1000) {
        let (factors, ends) = example(n, seed)?;
        let scale = product(&ends, &[0; 5]).amax().max(product(&ends, &[1; 5]).amax());
        let orders = orders(5);
        prop_assert_eq!(orders.len(), 120);
        let all: Vec<Vec<DMatrix<f64>>> = orders.iter().map(|order| in_order(&ends, order)).collect();
        let shapley = decompose(&factors, Method::Shapley)?;
        let average = decompose(&factors, Method::PolarAverage)?;
        let ranges = ranges(&factors)?;
        let (first, second) = (in_order(&ends, &[0, 1, 2, 3, 4]), in_order(&ends, &[4, 3, 2, 1, 0]));
        for i in 0..5 {
            let sum = all.iter().fold(DMatrix::zeros(2, 3), |sum, effects| sum + &effects[i]);
            prop_assert!(close(&shapley.effects[i].change, &(sum / 120.0), scale, SOLVED));
            let polar = (&first[i] + &second[i]) / 2.0;
            prop_assert!(close(&average.effects[i].change, &polar, scale, SOLVED));
            let least = all.iter().fold(all[0][i].clone(), |least, effects| least.inf(&effects[i]));
            let greatest = all.iter().fold(all[0][i].clone(), |greatest, effects| greatest.sup(&effects[i]));
            prop_assert!(close(&ranges[i].least, &least, scale, SOLVED));
            prop_assert!(close(&ranges[i].greatest, &greatest, scale, SOLVED));
        }
        for (method, effects) in [(Method::FirstPolar, first), (Method::SecondPolar, second)] {
            let found = decompose(&factors, method)?;
            for (ours, theirs) in found.effects.iter().zip(&effects) {
                prop_assert!(close(&ours.change, theirs, scale, SOLVED), "{method:?} {}", ours.factor);
            }
        }
    }

    #[test]
    fn effects_sum_to_the_change(n in 1usize..9, seed in 0u64..1000) {
        let (factors, _) = example(n, seed)?;
        for method in [Method::FirstPolar, Method::SecondPolar, Method::PolarAverage, Method::Shapley] {
            let found = decompose(&factors, method)?;
            let sum = found.effects.iter().fold(DMatrix::zeros(2, 3), |sum, effect| sum + &effect.change);
            let scale = found.before.amax().max(found.after.amax());
            prop_assert!(close(&sum, &found.change(), scale, SUMMED), "{method:?}: {sum}{}", found.change());
            let parts = technology_effects(&factors, 1, method)?;
            for parts in [&parts.by_user, &parts.by_input] {
                prop_assert_eq!(parts.len(), n);
                let sum = parts.iter().fold(DMatrix::zeros(2, 3), |sum, part| sum + part);
                prop_assert!(close(&sum, &found.effects[1].change, scale, SUMMED), "{method:?}");
            }
        }
    }

    #[test]
    fn a_diagonal_of_intensities_gives_the_effects_by_sector(n in 2usize..7, seed in 0u64..1000) {
        let (then, now) = (random_table(n, seed)?, random_table(n, seed + 1)?);
        let situation = |table: &parecon_io::IoTable, by_sector: bool| -> Result<Situation, Error> {
            let row = table.value_added_intensities()?.row(0).into_owned();
            let diagonal = DMatrix::from_diagonal(&row.transpose());
            Ok(Situation {
                intensities: if by_sector { diagonal } else { DMatrix::from_rows(&[row]) },
                technology: Technology::from_table(table)?,
                final_demand: DMatrix::from_columns(&[table.total_final_demand()]),
            })
        };
        // One from the right, column by column, the other from the left: the two must agree.
        let by_sector = footprint_change(&situation(&then, true)?, &situation(&now, true)?, Method::Shapley)?;
        let whole = footprint_change(&situation(&then, false)?, &situation(&now, false)?, Method::Shapley)?;
        for (sectors, whole_effect) in by_sector.effects.iter().zip(&whole.effects) {
            let sum = sectors.change.sum();
            prop_assert!((sum - whole_effect.change[0]).abs() <= SOLVED * whole.after[0].max(whole.before[0]));
        }
    }
}

#[test]
fn what_did_not_change_has_no_effect() -> Result<(), Error> {
    let (factors, _) = example(5, 3)?;
    let technology = Technology::from_table(&random_table(5, 3)?)?;
    let same = Factor::requirements("technology", &technology, &technology.clone())?;
    let factors = [factors[0].clone(), same, factors[2].clone()];
    let found = decompose(&factors, Method::Shapley)?;
    assert!(found.effects[1].change.iter().all(|effect| *effect == 0.0));
    assert!(found.effects[0].change.amax() > 0.0);
    Ok(())
}

#[test]
fn a_tiny_change_of_technology_keeps_its_digits() -> Result<(), Error> {
    let table = random_table(6, 9)?;
    let then = Technology::from_table(&table)?;
    let mut coefficients = then.coefficients().clone();
    let before = coefficients[(2, 4)];
    coefficients[(2, 4)] += 1e-13;
    let step = coefficients[(2, 4)] - before;
    let now = Technology::from_coefficients(then.sectors().clone(), coefficients)?;
    let demand = DMatrix::from_columns(&[table.total_final_demand()]);
    let ones = DMatrix::from_element(1, 6, 1.0);
    let factors = [
        Factor::matrix("one", ones.clone(), ones)?,
        Factor::requirements("technology", &then, &now)?,
        Factor::matrix("demand", demand.clone(), demand)?,
    ];
    let effect = decompose(&factors, Method::Shapley)?.effects[1].change[0];
    // First order in a step of 1e-13 is exact to rounding; a difference of two outputs would have two digits at best.
    let exact = then.output_multipliers()?[2] * step * table.output()[4];
    assert!((effect / exact - 1.0).abs() < 1e-10, "{effect} {exact}");
    Ok(())
}

#[test]
fn kaya_identity_by_hand() -> Result<(), Error> {
    // Shapley value of three factors: Δa (b₀c₀/3 + (b₁c₀ + b₀c₁)/6 + b₁c₁/3).
    let (a, b, c) = ([10.0, 11.0], [5.0, 6.0], [2.0, 1.5]);
    let scalar = |name: &str, ends: [f64; 2]| Factor::matrix(name, dmatrix![ends[0]], dmatrix![ends[1]]);
    let found = decompose(&[scalar("a", a)?, scalar("b", b)?, scalar("c", c)?], Method::Shapley)?;
    let weight =
        |x: [f64; 2], y: [f64; 2]| x[0] * y[0] / 3.0 + (x[1] * y[0] + x[0] * y[1]) / 6.0 + x[1] * y[1] / 3.0;
    let expected = [(a[1] - a[0]) * weight(b, c), (b[1] - b[0]) * weight(a, c), (c[1] - c[0]) * weight(a, b)];
    for (effect, expected) in found.effects.iter().zip(expected) {
        assert!((effect.change[0] - expected).abs() < 1e-13);
    }
    Ok(())
}

#[test]
fn forty_factors_are_no_trouble() -> Result<(), Error> {
    // By symmetry forty equal factors have equal Shapley effects.
    let factors: Result<Vec<Factor>, Error> =
        (0..40).map(|i| Factor::matrix(&i.to_string(), dmatrix![1.0], dmatrix![1.1])).collect();
    let found = decompose(&factors?, Method::Shapley)?;
    let each = (1.1f64.powi(40) - 1.0) / 40.0;
    assert!(found.effects.iter().all(|effect| (effect.change[0] / each - 1.0).abs() < 1e-12));
    Ok(())
}

#[test]
fn refusals_name_the_factor() -> Result<(), Error> {
    let message = |result: Result<Factor, Error>| result.err().map(|error| error.to_string());
    assert_eq!(
        message(Factor::matrix("f", dmatrix![1.0, f64::NAN], dmatrix![1.0, 2.0])).as_deref(),
        Some(r#"factor "f" before, row 1, column 2: is NaN, must be finite"#)
    );
    assert_eq!(
        message(Factor::diagonal("d", dvector![1.0], dvector![1.0, 2.0])).as_deref(),
        Some(r#"factor "d" after: has 2 entries, must have 1"#)
    );
    let technology = |codes: &[&str]| {
        let n = codes.len();
        Technology::from_coefficients(Axis::from_codes(codes.to_vec())?, DMatrix::zeros(n, n))
    };
    assert_eq!(
        message(Factor::requirements("L", &technology(&["a", "b"])?, &technology(&["a", "c"])?)).as_deref(),
        Some(r#"factor "L": sector "b" before is "c" after"#)
    );
    assert_eq!(
        message(Factor::requirements("L", &technology(&["a"])?, &technology(&["a", "c"])?)).as_deref(),
        Some(r#"factor "L": has 1 sectors before and 2 after"#)
    );
    let row = Factor::matrix("f", dmatrix![1.0, 2.0], dmatrix![1.0, 2.0])?;
    let refused = decompose(&[row.clone(), row.clone()], Method::Shapley).map(|_| ());
    assert_eq!(
        refused.map_err(|error| error.to_string()),
        Err(r#"factor "f": has 2 columns, "f" behind it has 1 rows"#.to_owned())
    );
    assert!(decompose(&[], Method::Shapley).is_err());
    assert!(technology_effects(&[row], 0, Method::Shapley).is_err());
    let refused = final_demand_factors(&dmatrix![1.0, 1.0; 1.0, -1.0], &dmatrix![1.0, 1.0; 1.0, 1.0]);
    assert_eq!(
        refused.map(|_| ()).map_err(|error| error.to_string()),
        Err("final demand before, category number 2: sums to 0, it has no mix".to_owned())
    );
    let huge = Factor::matrix("h", dmatrix![1e300], dmatrix![1.1e300])?;
    assert!(decompose(&[huge.clone(), huge], Method::FirstPolar).is_err());
    Ok(())
}
