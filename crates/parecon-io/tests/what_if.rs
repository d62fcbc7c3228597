//! Changed technologies answer as if they had been factorised anew.

use std::error::Error;

use nalgebra::{DMatrix, DVector, dmatrix};
use parecon_io::{Axis, Change, Id, Sector, Technology, nalgebra};
use parecon_testbed::io::random_table;
use proptest::prelude::*;

/// Solutions agree to this, relative to the largest entry.
const SOLVED: f64 = 1e-11;

fn same(ours: &DMatrix<f64>, wanted: &DMatrix<f64>) -> bool {
    (ours - wanted).amax() <= SOLVED * wanted.amax().max(1.0)
}

fn column(vector: DVector<f64>) -> DMatrix<f64> {
    DMatrix::from_column_slice(vector.len(), 1, vector.as_slice())
}

fn ids(technology: &Technology, positions: &[usize]) -> Vec<Id<Sector>> {
    let mut chosen: Vec<_> = positions.iter().filter_map(|&p| technology.sectors().at(p)).collect();
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

#[test]
fn few_lines_cover_all_changes() -> Result<(), Box<dyn Error>> {
    let technology = Technology::from_table(&random_table(40, 3)?)?;
    let at = |p: usize| ids(&technology, &[p])[0];
    let n = technology.len();
    let row = Change::Sales { supplier: at(3), to: DVector::from_element(n, 0.001) };
    let inputs = Change::Inputs { buyer: at(7), to: DVector::from_element(n, 0.002) };
    let cell = Change::Cell { supplier: at(3), buyer: at(9), to: 0.01 };
    let scenario = technology.what_if(&[row, inputs, cell])?;
    assert_eq!(scenario.rank(), 2);
    assert_eq!(scenario.changed().len(), 2 * n - 1);
    // What is set to what it was is no change.
    let a = technology.coefficients();
    let back = Change::Block { suppliers: vec![at(1)], buyers: vec![at(2)], to: dmatrix![a[(1, 2)]] };
    assert_eq!(technology.what_if(&[back])?.rank(), 0);
    // A block is no more than its lesser side.
    let some: Vec<_> = (0..30).map(at).collect();
    let block = Change::Scale { suppliers: some, buyers: vec![at(1), at(2)], by: 0.5 };
    assert_eq!(technology.what_if(&[block])?.rank(), 2);
    Ok(())
}

#[test]
fn what_leaves_no_solution_or_does_not_fit_is_refused() -> Result<(), Box<dyn Error>> {
    let sectors = Axis::from_codes((0..8).map(|i| i.to_string()))?;
    let technology = Technology::from_coefficients(sectors.clone(), DMatrix::from_element(8, 8, 0.05))?;
    let (one, two) = (sectors.id("1")?, sectors.id("2")?);
    // Two sectors that only feed on each other.
    let cut = |s| Change::Sales { supplier: s, to: DVector::zeros(8) };
    let feed = |supplier, buyer| Change::Cell { supplier, buyer, to: 1.0 };
    let scenario = technology.what_if(&[cut(one), cut(two), feed(one, two), feed(two, one)])?;
    let error = scenario.output_for(&DVector::from_element(8, 1.0)).unwrap_err();
    assert!(error.is_singular() && error.to_string().contains("sector \""), "{error}");
    let message =
        technology.what_if(&[Change::Cell { supplier: one, buyer: two, to: f64::NAN }]).unwrap_err();
    assert_eq!(
        message.to_string(),
        r#"changed coefficients, sector "1" to sector "2": is NaN, must be finite"#
    );
    let message = technology.what_if(&[Change::Inputs { buyer: one, to: DVector::zeros(3) }]).unwrap_err();
    assert_eq!(message.to_string(), "changed coefficients: is 3 x 1, must be 8 x 1");
    Ok(())
}

/// The unchanged technology is singular, the changed one is not.
#[test]
fn a_singular_technology_can_be_repaired() -> Result<(), Box<dyn Error>> {
    let sectors = Axis::from_codes((0..8).map(|i| i.to_string()))?;
    let mut coefficients = DMatrix::zeros(8, 8);
    coefficients[(0, 0)] = 1.0;
    let technology = Technology::from_coefficients(sectors.clone(), coefficients)?;
    let first = sectors.id("0")?;
    let scenario = technology.what_if(&[Change::Cell { supplier: first, buyer: first, to: 0.5 }])?;
    assert_eq!(scenario.output_for(&DVector::from_element(8, 1.0))?[0], 2.0);
    Ok(())
}

/// An update that all but cancels is not trusted: the answer stays as exact as a direct one.
#[test]
fn an_ill_conditioned_update_loses_no_digits() -> Result<(), Box<dyn Error>> {
    let sectors = Axis::from_codes((0..8).map(|i| i.to_string()))?;
    for distance in [1e-6, 1e-10, 1e-13] {
        // Nearly singular, and the change makes it harmless.
        let mut coefficients = DMatrix::from_element(8, 8, 0.01);
        coefficients[(0, 0)] = 1.0 - distance;
        let technology = Technology::from_coefficients(sectors.clone(), coefficients.clone())?;
        let first = sectors.id("0")?;
        let scenario = technology.what_if(&[Change::Cell { supplier: first, buyer: first, to: 0.1 }])?;
        coefficients[(0, 0)] = 0.1;
        let direct = Technology::from_coefficients(sectors.clone(), coefficients)?;
        let y = DVector::from_fn(8, |i, _| 1.0 + i as f64);
        let (ours, wanted) = (scenario.output_for(&y)?, direct.output_for(&y)?);
        assert!(
            (&ours - &wanted).amax() <= 1e-13 * wanted.amax(),
            "{distance:e}: {:e}",
            (ours - wanted).amax()
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn answers_are_those_of_the_changed_technology(
        n in 1..40usize,
        seed in 0..1000u64,
        picks in prop::collection::vec(0..40usize, 8),
        factors in prop::collection::vec(0.0..1.2f64, 3),
    ) {
        let technology = Technology::from_table(&random_table(n, seed)?)?;
        let at = |positions: &[usize]| ids(&technology, &positions.iter().map(|p| p % n).collect::<Vec<_>>());
        let changes = [
            Change::Scale { suppliers: at(&picks[..3]), buyers: at(&picks[3..5]), by: factors[0] },
            Change::Cell { supplier: at(&picks[5..6])[0], buyer: at(&picks[6..7])[0], to: 0.1 * factors[1] },
            Change::Inputs { buyer: at(&picks[7..])[0], to: DVector::from_element(n, 0.5 * factors[2] / n as f64) },
        ];
        let mut coefficients = technology.coefficients().clone();
        for i in at(&picks[..3]) {
            for j in at(&picks[3..5]) {
                coefficients[(i.index(), j.index())] *= factors[0];
            }
        }
        coefficients[(picks[5] % n, picks[6] % n)] = 0.1 * factors[1];
        coefficients.column_mut(picks[7] % n).fill(0.5 * factors[2] / n as f64);
        let direct = Technology::from_coefficients(technology.sectors().clone(), coefficients.clone())?;
        // At once, and one after the other.
        let at_once = technology.what_if(&changes)?;
        let mut stepwise = technology.what_if(&[])?;
        for change in &changes {
            stepwise = stepwise.what_if(std::slice::from_ref(change))?;
        }
        prop_assert_eq!(at_once.changed().collect::<Vec<_>>(), stepwise.changed().collect::<Vec<_>>());
        // Adding a change to what was can be off in the last digit.
        prop_assert!((at_once.technology()?.coefficients() - coefficients).amax() <= 1e-15);
        let y = DVector::from_fn(n, |i, _| 1.0 + i as f64);
        let s = DMatrix::from_fn(3, n, |k, j| ((k + 1) * (j + 2)) as f64);
        for scenario in [&at_once, &stepwise] {
            prop_assert!(same(&column(scenario.output_for(&y)?), &column(direct.output_for(&y)?)));
            prop_assert!(same(&column(scenario.prices(&y)?), &column(direct.prices(&y)?)));
            prop_assert!(same(&scenario.footprint(&s)?, &direct.footprint(&s)?));
            prop_assert!(same(&column(scenario.output_multipliers()?), &column(direct.output_multipliers()?)));
        }
    }
}
