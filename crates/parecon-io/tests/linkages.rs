//! Linkages against published figures and from their definitions.

use std::error::Error;

use nalgebra::{DMatrix, DVector};
use parecon_io::technology::Role;
use parecon_io::{Allocation, ForwardModel, Technology, datasets, nalgebra};
use parecon_testbed::io::tables;
use proptest::prelude::*;

/// J. Beutel's table 15.10. His forward linkages are the row sums of the Ghosh inverse of domestic flows, imports
/// being primary inputs; the row sums of the Leontief inverse (1.0915, 2.4239, ...) are another thing.
#[test]
fn germany_1995() -> Result<(), Box<dyn Error>> {
    let table = datasets::germany_1995()?;
    let linkages = Allocation::from_table(&table)?.linkages()?;
    assert_eq!(linkages.model, ForwardModel::Ghosh);
    let rounding = 5e-5;
    for (ours, given) in linkages.backward.iter().zip([1.7048, 1.8413, 1.8136, 1.6035, 1.5951, 1.3782]) {
        assert!((ours - given).abs() < rounding, "{ours} {given}");
    }
    for (ours, given) in linkages.forward.iter().zip([2.1126, 1.6910, 1.3558, 1.5848, 2.1037, 1.2106]) {
        assert!((ours - given).abs() < rounding, "{ours} {given}");
    }
    use Role::{Backward, Forward, Key, Weak};
    assert_eq!(linkages.roles(), [Key, Key, Backward, Weak, Forward, Weak]);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn linkages_are_sums_of_the_inverses(table in tables(8)) {
        let n = table.len();
        let technology = Technology::from_table(&table)?;
        let allocation = technology.allocation(table.output())?;
        let (a, b) = (technology.coefficients().clone(), allocation.coefficients());
        let inverse = |m: &DMatrix<f64>| (DMatrix::identity(n, n) - m).try_inverse();
        let (Some(l), Some(g)) = (inverse(&a), inverse(&b)) else { return Err(TestCaseError::fail("singular")) };
        let near = |ours: &DVector<f64>, theirs: DVector<f64>| (ours - &theirs).amax() <= 1e-10 * theirs.amax().max(1.0);
        let (leontief, ghosh) = (technology.linkages()?, allocation.linkages()?);
        for linkages in [&leontief, &ghosh] {
            prop_assert!(near(&linkages.backward, l.row_sum_tr()));
            prop_assert!(near(&linkages.direct_backward, a.row_sum_tr()));
            prop_assert!((linkages.backward_index().mean() - 1.0).abs() < 1e-12);
            prop_assert!((linkages.forward_index().mean() - 1.0).abs() < 1e-12);
        }
        prop_assert!(near(&leontief.forward, l.column_sum()));
        prop_assert!(near(&leontief.direct_forward, a.column_sum()));
        prop_assert!(near(&ghosh.forward, g.column_sum()));
        prop_assert!(near(&ghosh.direct_forward, b.column_sum()));
        let variation = |cells: Vec<f64>| {
            let cells = DVector::from_vec(cells);
            // nalgebra's variance divides by n.
            let squares = cells.variance() * n as f64 / (n.max(2) - 1) as f64;
            squares.sqrt() / cells.mean()
        };
        let (by_sales, by_allocation) = (technology.spread()?, allocation.spread()?);
        for k in 0..n {
            let column = variation(l.column(k).iter().copied().collect());
            prop_assert!((by_sales.backward[k] - column).abs() < 1e-9 && (by_allocation.backward[k] - column).abs() < 1e-9);
            prop_assert!((by_sales.forward[k] - variation(l.row(k).iter().copied().collect())).abs() < 1e-9);
            prop_assert!((by_allocation.forward[k] - variation(g.row(k).iter().copied().collect())).abs() < 1e-9);
        }
        let product = technology.multiplier_product_matrix()?;
        prop_assert!(near(&product.column_sum(), l.column_sum()) && near(&product.row_sum_tr(), l.row_sum_tr()));
    }
}
