//! Direct input coefficients, held as they came: as a matrix, or as flows and outputs.

use std::sync::{Arc, OnceLock};

use nalgebra::{DMatrix, DVector};

use crate::domestic::Domestic;
use crate::factor::Side;
use crate::krylov::Coefficients;
use crate::{once, product};

/// A, where a cell is `cells[(i, j)] / divisors[j]`. A table's flows are shared, not copied.
#[derive(Debug)]
pub(crate) struct Inputs {
    cells: Arc<DMatrix<f64>>,
    /// Outputs; 1 where there is none and the column is empty. `None` if the cells are coefficients.
    divisors: Option<Vec<f64>>,
    matrix: OnceLock<DMatrix<f64>>,
    /// The sectors of each region.
    regions: Vec<Vec<usize>>,
    domestic: OnceLock<Option<Domestic>>,
}

impl Inputs {
    /// Coefficients as they are.
    pub(crate) fn given(coefficients: DMatrix<f64>) -> Self {
        Self::new(Arc::new(coefficients), None, Vec::new())
    }

    /// Flows per output of the sectors of some regions. The caller has checked that columns without output are empty.
    pub(crate) fn per_output(
        flows: Arc<DMatrix<f64>>,
        output: &DVector<f64>,
        regions: Vec<Vec<usize>>,
    ) -> Self {
        let divisors = output.iter().map(|&x| if x == 0.0 { 1.0 } else { x }).collect();
        Self::new(flows, Some(divisors), regions)
    }

    fn new(cells: Arc<DMatrix<f64>>, divisors: Option<Vec<f64>>, regions: Vec<Vec<usize>>) -> Self {
        Self { cells, divisors, matrix: OnceLock::new(), regions, domestic: OnceLock::new() }
    }

    /// The number of sectors.
    pub(crate) fn len(&self) -> usize {
        self.cells.nrows()
    }

    /// The coefficients as a matrix, found at the first call.
    pub(crate) fn matrix(&self) -> &DMatrix<f64> {
        match &self.divisors {
            None => &self.cells,
            Some(divisors) => self.matrix.get_or_init(|| {
                let mut matrix = DMatrix::clone(&self.cells);
                for (mut column, divisor) in matrix.column_iter_mut().zip(divisors) {
                    column /= *divisor;
                }
                matrix
            }),
        }
    }

    /// One coefficient, the same as in the matrix.
    pub(crate) fn cell(&self, i: usize, j: usize) -> f64 {
        self.cells[(i, j)] / self.divisors.as_ref().map_or(1.0, |divisors| divisors[j])
    }

    /// The cells of a column and what divides them.
    pub(crate) fn column(&self, j: usize) -> (&[f64], f64) {
        let n = self.cells.nrows();
        let divisor = self.divisors.as_ref().map_or(1.0, |divisors| divisors[j]);
        (&self.cells.as_slice()[j * n..(j + 1) * n], divisor)
    }

    fn domestic(&self) -> Option<&Domestic> {
        once::made(&self.domestic, || Domestic::new(self, &self.regions)).as_ref()
    }
}

impl Coefficients for Inputs {
    fn precondition(&self, side: Side, rhs: &DMatrix<f64>) -> Option<DMatrix<f64>> {
        self.domestic().map(|domestic| domestic.solve(side, rhs))
    }

    fn apply(&self, side: Side, x: &DMatrix<f64>) -> DMatrix<f64> {
        let scaled = match (&self.divisors, side) {
            (Some(divisors), Side::Straight) => {
                let mut scaled = x.clone();
                for mut column in scaled.column_iter_mut() {
                    for (cell, divisor) in column.iter_mut().zip(divisors) {
                        *cell /= divisor;
                    }
                }
                Some(scaled)
            }
            _ => None,
        };
        let mut product = product::multiply(&self.cells, side, scaled.as_ref().unwrap_or(x));
        if let (Some(divisors), Side::Transposed) = (&self.divisors, side) {
            for mut column in product.column_iter_mut() {
                for (cell, divisor) in column.iter_mut().zip(divisors) {
                    *cell /= divisor;
                }
            }
        }
        product
    }
}
