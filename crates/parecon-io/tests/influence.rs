//! Fields of influence and tolerable limits, by brute force: one inversion for every coefficient.

use std::error::Error;

use nalgebra::{DMatrix, DVector, dmatrix};
use parecon_io::{Axis, Cells, Technology, nalgebra};
use parecon_testbed::io::tables;
use proptest::prelude::*;

fn inverse(a: &DMatrix<f64>) -> Result<DMatrix<f64>, TestCaseError> {
    let n = a.nrows();
    (DMatrix::identity(n, n) - a).try_inverse().ok_or(TestCaseError::fail("singular"))
}

#[test]
fn an_increment_that_leaves_no_solution_is_named() -> Result<(), Box<dyn Error>> {
    let sectors = Axis::from_codes(["corn", "iron"])?;
    let technology = Technology::from_coefficients(sectors.clone(), dmatrix![0.5, 0.0; 0.0, 0.5])?;
    let message = technology.influence(0.5).unwrap_err().to_string();
    assert_eq!(message, r#"sector "corn" to sector "corn": an increment of 0.5 makes I − A singular"#);
    let iron = sectors.id("iron")?;
    assert!(technology.field_of_influence(Cells::One(iron, iron), 0.5).unwrap_err().is_singular());
    assert!(technology.influence(f64::NAN).unwrap_err().is_invalid_input());
    assert!(technology.tolerances(&DVector::zeros(2), 0.0).unwrap_err().is_invalid_input());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn influence_is_what_inversions_find(table in tables(6), share in prop_oneof![Just(0.0), 0.001..0.5f64]) {
        let technology = Technology::from_table(&table)?;
        let (a, n) = (technology.coefficients(), table.len());
        let l = inverse(a)?;
        // Well short of the increment at which the economy stops being productive.
        let increment = share / l.amax();
        let influence = technology.influence(increment)?;
        // The difference quotient needs a step; at 0 a small one has to do.
        let step = if share == 0.0 { 1e-6 / l.amax() } else { increment };
        let tolerance = if share == 0.0 { 1e-3 } else { 1e-8 };
        let ids: Vec<_> = table.sectors().iter().collect();
        for i in 0..n {
            for j in 0..n {
                let mut changed = a.clone();
                changed[(i, j)] += step;
                let field = (inverse(&changed)? - &l) / step;
                let given = field.norm_squared();
                prop_assert!((influence.cells[(i, j)] - given).abs() <= tolerance * given.max(1e-6), "{given}");
                let ours = technology.field_of_influence(Cells::One(ids[i], ids[j]), increment)?;
                prop_assert!((&ours - &field).amax() <= tolerance * field.amax());
                prop_assert!((ours.norm_squared() - influence.cells[(i, j)]).abs() <= 1e-10 * given);
            }
        }
        let strongest = influence.strongest(n * n);
        prop_assert_eq!(strongest.len(), n * n);
        prop_assert!(strongest.windows(2).all(|pair| pair[0].2 >= pair[1].2));
        prop_assert!(strongest.iter().all(|(i, j, s)| influence.cells[(i.index(), j.index())] == *s));
        prop_assert_eq!(influence.strongest(1)[0], strongest[0]);
    }

    #[test]
    fn rows_columns_and_all_change_together(table in tables(6)) {
        let technology = Technology::from_table(&table)?;
        let a = technology.coefficients();
        let l = inverse(a)?;
        let step = 0.1 / l.sum();
        for sector in table.sectors().iter() {
            for cells in [Cells::Row(sector), Cells::Column(sector), Cells::All] {
                let mut changed = a.clone();
                match cells {
                    Cells::Row(s) => changed.row_mut(s.index()).add_scalar_mut(step),
                    Cells::Column(s) => changed.column_mut(s.index()).add_scalar_mut(step),
                    _ => changed.add_scalar_mut(step),
                }
                let field = (inverse(&changed)? - &l) / step;
                let ours = technology.field_of_influence(cells, step)?;
                prop_assert!((&ours - &field).amax() <= 1e-7 * field.amax(), "{cells:?}");
            }
        }
        // To first order, a change in all coefficients is the multiplier product matrix times the sum of L.
        let product = technology.multiplier_product_matrix()? * l.sum();
        let field = technology.field_of_influence(Cells::All, 0.0)?;
        prop_assert!((product - &field).amax() <= 1e-10 * field.amax());
    }

    #[test]
    fn at_the_tolerable_limit_output_is_off_by_just_so_much(table in tables(6), accepted in 0.001..0.05f64) {
        let technology = Technology::from_table(&table)?;
        let a = technology.coefficients();
        let y = table.total_final_demand();
        let x = technology.output_for(&y)?;
        let tolerances = technology.tolerances(&y, accepted)?;
        for i in 0..table.len() {
            for j in 0..table.len() {
                let limit = tolerances.limits[(i, j)];
                if a[(i, j)] == 0.0 {
                    prop_assert!(limit.is_infinite());
                    continue;
                }
                let worst = |factor: f64| -> Result<f64, TestCaseError> {
                    let mut changed = a.clone();
                    changed[(i, j)] *= factor;
                    Ok((inverse(&changed)? * &y - &x).component_div(&x).amax())
                };
                prop_assert!((worst(1.0 + limit)? - accepted).abs() <= 1e-7 * accepted);
                prop_assert!(worst(1.0 - limit)? <= accepted * (1.0 + 1e-9));
            }
        }
        let important = tolerances.important(1.0);
        prop_assert_eq!(important.len(), tolerances.limits.iter().filter(|limit| **limit < 1.0).count());
        prop_assert!(important.windows(2).all(|pair| pair[0].2 <= pair[1].2));
    }
}
