//! The matrix of a linear system, read where it is.

use nalgebra::{DMatrix, DVectorView, DVectorViewMut};

use super::Side;
use crate::inputs::Inputs;

/// The matrix of a linear system.
#[derive(Clone, Copy)]
pub(crate) enum System<'a> {
    /// The matrix itself.
    Plain(&'a DMatrix<f64>),
    /// I − A, which is not formed beyond its factorisation.
    Leontief(&'a Inputs),
}

impl System<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            System::Plain(matrix) => matrix.nrows(),
            System::Leontief(inputs) => inputs.len(),
        }
    }

    /// The cells of column j, what divides them, and what their negatives are added to on the diagonal.
    pub(super) fn column(&self, j: usize) -> (&[f64], f64, f64) {
        match self {
            System::Plain(matrix) => {
                let n = matrix.nrows();
                (&matrix.as_slice()[j * n..(j + 1) * n], 1.0, 0.0)
            }
            System::Leontief(inputs) => {
                let (cells, divisor) = inputs.column(j);
                (cells, divisor, 1.0)
            }
        }
    }

    /// Column j, into `column`.
    #[inline(always)]
    pub(super) fn copy_column(&self, j: usize, column: &mut [f64]) {
        match self {
            System::Plain(matrix) => column.copy_from_slice(matrix.column(j).as_slice()),
            System::Leontief(inputs) => {
                let (cells, divisor) = inputs.column(j);
                for (target, cell) in column.iter_mut().zip(cells) {
                    *target = -(cell / divisor);
                }
                column[j] += 1.0;
            }
        }
    }

    /// r = b − M x (or M'x), from r = b on entry, and |M||x| + |b|, in one pass.
    pub(super) fn residual(
        &self,
        side: Side,
        x: DVectorView<'_, f64>,
        r: &mut DVectorViewMut<'_, f64>,
    ) -> Vec<f64> {
        let n = self.len();
        let (sign, identity) = match self {
            System::Plain(_) => (1.0, 0.0),
            System::Leontief(_) => (-1.0, 1.0),
        };
        let mut size: Vec<f64> = (0..n).map(|i| r[i].abs() + identity * x[i].abs()).collect();
        for i in 0..n {
            r[i] -= identity * x[i];
        }
        for j in 0..n {
            let (column, divisor, _) = self.column(j);
            match side {
                Side::Straight => {
                    let factor = sign * x[j] / divisor;
                    if factor == 0.0 {
                        continue;
                    }
                    for (i, &cell) in column.iter().enumerate() {
                        let term = cell * factor;
                        r[i] -= term;
                        size[i] += term.abs();
                    }
                }
                Side::Transposed => {
                    let (mut sum, mut total) = (0.0, 0.0);
                    for (i, &cell) in column.iter().enumerate() {
                        let term = cell * x[i];
                        sum += term;
                        total += term.abs();
                    }
                    r[j] -= sign * sum / divisor;
                    size[j] += total / divisor.abs();
                }
            }
        }
        size
    }
}
