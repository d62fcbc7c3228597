//! A copy of sparse rows in single precision, with half the bytes for the iteration to read.

use nalgebra::{DMatrix, DVectorView};
use nalgebra_sparse::CsrMatrix;

/// Products added up side by side: one sum alone would wait for its additions.
const STRANDS: usize = 8;

/// In shorter rows the additions of one wait while those of the next are made.
const SHORT: usize = 32;

/// Cells whose sum is held in single precision: longer ones would lose digits.
const TOGETHER: usize = 64;

/// Rows of A or A' that are quick to read.
#[derive(Debug)]
pub(super) struct Single {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
}

impl Single {
    /// What is too large or too small for single precision makes products that are not numbers, or not right: whoever
    /// uses them checks.
    pub(super) fn new(rows: &CsrMatrix<f64>) -> Self {
        let (starts, columns, values) = rows.csr_data();
        Self {
            starts: starts.to_vec(),
            // An axis has no more sectors than these numbers.
            columns: columns.iter().map(|&j| j as u32).collect(),
            values: values.iter().map(|&value| value as f32).collect(),
        }
    }

    /// The product with vectors, to single precision.
    pub(super) fn multiply(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        let mut product = DMatrix::zeros(x.nrows(), x.ncols());
        for (x, mut target) in x.column_iter().zip(product.column_iter_mut()) {
            let (size, x) = relative(x);
            super::by_rows(target.as_mut_slice(), |i| size * self.row_sum(i, &x));
        }
        product
    }

    fn row_sum(&self, i: usize, x: &[f32]) -> f64 {
        let (from, to) = (self.starts[i], self.starts[i + 1]);
        let (columns, values) = (&self.columns[from..to], &self.values[from..to]);
        if columns.len() <= SHORT {
            let terms = columns.iter().zip(values).map(|(&j, value)| value * x[j as usize]);
            return f64::from(terms.sum::<f32>());
        }
        let mut total = 0.0;
        for (columns, values) in columns.chunks(TOGETHER).zip(values.chunks(TOGETHER)) {
            let (columns, others) = columns.as_chunks::<STRANDS>();
            let (values, rest) = values.as_chunks::<STRANDS>();
            let mut strands = [0.0f32; STRANDS];
            for (columns, values) in columns.iter().zip(values) {
                for ((strand, value), &j) in strands.iter_mut().zip(values).zip(columns) {
                    *strand += value * x[j as usize];
                }
            }
            for ((strand, value), &j) in strands.iter_mut().zip(rest).zip(others) {
                *strand += value * x[j as usize];
            }
            total += f64::from(strands.iter().sum::<f32>());
        }
        total
    }
}

/// The largest number of a vector, and the vector relative to it.
fn relative(x: DVectorView<'_, f64>) -> (f64, Vec<f32>) {
    let size = x.amax();
    let size = if size > 0.0 { size } else { 1.0 };
    (size, x.iter().map(|x| (x / size) as f32).collect())
}
