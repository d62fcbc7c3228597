//! Direct input coefficients, held as they came: as a matrix, or as flows and outputs.

use std::sync::{Arc, OnceLock};

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use nalgebra::{DMatrix, DVector};

use crate::factor::Side;
use crate::krylov::Coefficients;

/// Rows of a product that one task computes: enough work to be worth a task, and few enough to keep all cores busy.
const PANEL: usize = 512;

/// Products with fewer multiplications than this are not worth spreading over threads.
#[cfg(feature = "parallel")]
const WORTH_SPREADING: usize = 1 << 20;

/// A, where a cell is `cells[(i, j)] / divisors[j]`. A table's flows are shared, not copied.
#[derive(Debug)]
pub(crate) struct Inputs {
    cells: Arc<DMatrix<f64>>,
    /// Outputs; 1 where there is none and the column is empty. `None` if the cells are coefficients.
    divisors: Option<Vec<f64>>,
    matrix: OnceLock<DMatrix<f64>>,
}

impl Inputs {
    /// Coefficients as they are.
    pub(crate) fn given(coefficients: DMatrix<f64>) -> Self {
        Self { cells: Arc::new(coefficients), divisors: None, matrix: OnceLock::new() }
    }

    /// Flows per output. The caller has checked that columns without output are empty.
    pub(crate) fn per_output(flows: Arc<DMatrix<f64>>, output: &DVector<f64>) -> Self {
        let divisors = output.iter().map(|&x| if x == 0.0 { 1.0 } else { x }).collect();
        Self { cells: flows, divisors: Some(divisors), matrix: OnceLock::new() }
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

    /// The cells of a column and what divides them.
    pub(crate) fn column(&self, j: usize) -> (&[f64], f64) {
        let n = self.cells.nrows();
        let divisor = self.divisors.as_ref().map_or(1.0, |divisors| divisors[j]);
        (&self.cells.as_slice()[j * n..(j + 1) * n], divisor)
    }
}

impl Coefficients for Inputs {
    fn len(&self) -> usize {
        self.cells.nrows()
    }

    /// Panel by panel; each is computed the same way whoever does it.
    fn apply(&self, side: Side, x: &DMatrix<f64>) -> DMatrix<f64> {
        let (n, k) = x.shape();
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
        let x = scaled.as_ref().unwrap_or(x);
        let cells = MatRef::from_column_major_slice(self.cells.as_slice(), n, n);
        let x = MatRef::from_column_major_slice(x.as_slice(), n, k);
        // A panel's rows lie apart in the product, so each panel has its own block, put in place afterwards.
        let panel = |start: usize| {
            let width = PANEL.min(n - start);
            let mut block = vec![0.0; width * k];
            let target = MatMut::from_column_major_slice_mut(&mut block, width, k);
            let rows = match side {
                Side::Straight => cells.subrows(start, width),
                Side::Transposed => cells.subcols(start, width).transpose(),
            };
            matmul(target, Accum::Replace, rows, x, 1.0, Par::Seq);
            block
        };
        let blocks = panels(n, k, panel);
        let mut product = DMatrix::zeros(n, k);
        for (p, block) in blocks.iter().enumerate() {
            let (start, width) = (p * PANEL, block.len() / k.max(1));
            for (c, values) in block.chunks_exact(width.max(1)).enumerate() {
                product.as_mut_slice()[c * n + start..c * n + start + width].copy_from_slice(values);
            }
        }
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

#[cfg(feature = "parallel")]
fn panels(n: usize, k: usize, panel: impl Fn(usize) -> Vec<f64> + Sync) -> Vec<Vec<f64>> {
    use rayon::prelude::*;

    if n * n * k < WORTH_SPREADING {
        return (0..n).step_by(PANEL).map(panel).collect();
    }
    (0..n.div_ceil(PANEL)).into_par_iter().map(|p| panel(p * PANEL)).collect()
}

#[cfg(not(feature = "parallel"))]
fn panels(n: usize, _: usize, panel: impl Fn(usize) -> Vec<f64>) -> Vec<Vec<f64>> {
    (0..n).step_by(PANEL).map(panel).collect()
}
