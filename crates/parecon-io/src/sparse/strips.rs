//! Sparse rows side by side, for quick products with vectors.
//!
//! A processor runs ahead of its data as long as it can foresee what comes. Where a row of a dozen cells ends it cannot,
//! and each end costs as much as the row. So rows of like length are put side by side: all end at once.

use std::ops::Range;

use nalgebra::DMatrix;
use nalgebra_sparse::CsrMatrix;
use pulp::Arch;

/// Sums that are found side by side.
const ABREAST: usize = 8;

/// A row with more cells than this is read by itself, in strands: there may be none of like length.
const LONG: usize = 64;

/// Rows among which those of like length are found, and which one task multiplies.
const WINDOW: usize = 1024;

/// The rows of a matrix, in an order that is quick to read.
#[derive(Debug)]
pub(super) struct Strips {
    windows: Vec<Vec<Strip>>,
    /// Rows in the order of the strips, counted from the first of their window.
    order: Vec<usize>,
    columns: Vec<[u32; ABREAST]>,
    values: Vec<[f64; ABREAST]>,
}

/// Some rows, a cell of each in turn; or one, whose cells are dealt out to as many strands.
#[derive(Debug)]
struct Strip {
    /// Where its rows are in the order.
    rows: Range<usize>,
    cells: Range<usize>,
}

impl Strips {
    pub(super) fn new(rows: &CsrMatrix<f64>) -> Self {
        let cells = rows.nnz().div_ceil(ABREAST);
        let (columns, values) = (Vec::with_capacity(cells), Vec::with_capacity(cells));
        let mut strips =
            Self { windows: Vec::new(), order: Vec::with_capacity(rows.nrows()), columns, values };
        for from in (0..rows.nrows()).step_by(WINDOW) {
            let width = |i: &usize| rows.row_offsets()[from + i + 1] - rows.row_offsets()[from + i];
            let window = 0..WINDOW.min(rows.nrows() - from);
            let (long, mut short): (Vec<usize>, Vec<usize>) = window.partition(|i| width(i) > LONG);
            short.sort_by_key(width);
            let members = long.chunks(1).chain(short.chunks(ABREAST));
            let window = members.map(|members| strips.put(rows, from, members)).collect();
            strips.windows.push(window);
        }
        strips
    }

    /// Stores some rows of a window.
    fn put(&mut self, rows: &CsrMatrix<f64>, from: usize, members: &[usize]) -> Strip {
        let (first, start) = (self.order.len(), self.columns.len());
        self.order.extend(members);
        let lane = |at: usize| {
            // A lone row is dealt out.
            let (member, skip, step) = if members.len() == 1 { (0, at, ABREAST) } else { (at, 0, 1) };
            let row =
                members.get(member).map(|i| rows.row_offsets()[from + i]..rows.row_offsets()[from + i + 1]);
            row.unwrap_or_default().skip(skip).step_by(step)
        };
        let mut lanes: [_; ABREAST] = std::array::from_fn(lane);
        let height = lanes.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
        for _ in 0..height {
            let next: [Option<usize>; ABREAST] = std::array::from_fn(|at| lanes[at].next());
            // What fills up is 0 times a number of a row of the strip. An axis has no more sectors than these numbers.
            let filling = from + members[0];
            self.columns.push(next.map(|cell| cell.map_or(filling, |cell| rows.col_indices()[cell]) as u32));
            self.values.push(next.map(|cell| cell.map_or(0.0, |cell| rows.values()[cell])));
        }
        Strip { rows: first..self.order.len(), cells: start..self.columns.len() }
    }

    /// The product with vectors. Each number is found the same way whoever does it.
    pub(super) fn multiply(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        let mut product = DMatrix::zeros(x.nrows(), x.ncols());
        for (x, mut target) in x.column_iter().zip(product.column_iter_mut()) {
            let x = x.as_slice();
            by_windows(target.as_mut_slice(), |window, target| {
                Arch::new().dispatch(|| self.multiply_window(&self.windows[window], x, target));
            });
        }
        product
    }

    #[inline(always)]
    fn multiply_window(&self, window: &[Strip], x: &[f64], target: &mut [f64]) {
        for strip in window {
            let (columns, values) = (&self.columns[strip.cells.clone()], &self.values[strip.cells.clone()]);
            let mut sums = [0.0f64; ABREAST];
            for (columns, values) in columns.iter().zip(values) {
                for ((sum, &j), value) in sums.iter_mut().zip(columns).zip(values) {
                    *sum += value * x[j as usize];
                }
            }
            match &self.order[strip.rows.clone()] {
                [row] => target[*row] = sums.iter().sum::<f64>(),
                rows => rows.iter().zip(sums).for_each(|(&row, sum)| target[row] = sum),
            }
        }
    }
}

#[cfg(feature = "parallel")]
fn by_windows(product: &mut [f64], window: impl Fn(usize, &mut [f64]) + Sync) {
    use rayon::prelude::*;

    product.par_chunks_mut(WINDOW).enumerate().for_each(|(w, target)| window(w, target));
}

#[cfg(not(feature = "parallel"))]
fn by_windows(product: &mut [f64], window: impl Fn(usize, &mut [f64])) {
    product.chunks_mut(WINDOW).enumerate().for_each(|(w, target)| window(w, target));
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra_sparse::CooMatrix;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// Rows of all lengths, empty and long ones among them, in more than one window; integers, so that every order
        /// of summation gives the same.
        #[test]
        fn products_are_those_of_the_definition(n in 1..1200usize, k in 1..3usize, spread in 1..40usize) {
            let mut matrix = CooMatrix::new(n, n);
            for i in 0..n {
                let width = if i % 97 == 5 { 150 } else { i * i % spread };
                for c in 0..width.min(n) {
                    matrix.push(i, (i * 31 + c * 7919) % n, ((i + 3 * c) % 9) as f64 - 4.0);
                }
            }
            let matrix = CsrMatrix::from(&matrix);
            let x = DMatrix::from_fn(n, k, |i, c| ((i * 5 + c) % 13) as f64 - 6.0);
            let mut expected = DMatrix::zeros(n, k);
            for (i, j, value) in matrix.triplet_iter() {
                for c in 0..k {
                    expected[(i, c)] += value * x[(j, c)];
                }
            }
            prop_assert_eq!(Strips::new(&matrix).multiply(&x), expected);
        }
    }
}
