//! Products of a dense matrix with a few vectors, at the speed at which memory is read.
//!
//! A general matrix product packs both factors before it multiplies them; with a handful of vectors that moves the
//! matrix through memory three times. Here every cell is read once and used for all vectors.

use std::ops::Range;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use nalgebra::DMatrix;
use pulp::{Arch, Simd, WithSimd};

use crate::factor::Side;

mod ahead;

use ahead::Ahead;

/// Rows of a product that one task computes: enough work to be worth a task, and few enough to keep all cores busy.
const PANEL: usize = 512;

/// Rows where there is a single vector: long pieces of columns are read at full speed.
const LONG_PANEL: usize = 2048;

/// From so many vectors on a general product of matrices is faster.
const MANY: usize = 32;

/// Products with fewer multiplications than this are not worth spreading over threads.
#[cfg(feature = "parallel")]
const WORTH_SPREADING: usize = 1 << 20;

/// Columns that are added together.
const COLUMNS: usize = 4;

/// Columns that are added together to a single vector, which would be read and written too often otherwise.
const COLUMNS_TO_ONE: usize = 8;

/// Vectors to which columns are added together.
const VECTORS: usize = 4;

/// Columns that are multiplied by a transposed vector together.
const ACROSS: usize = 6;

/// Numbers of all vectors together that stay in the first cache while a strip of the matrix passes.
const CACHED: usize = 3072;

/// Rows of a strip at least, and a multiple of what fills a register.
const STRIP: usize = 256;

/// Rows of a strip of a transposed product.
const LONG_STRIP: usize = 1024;

/// M X or M'X for a square matrix. Panel by panel; each is computed the same way whoever does it.
pub(crate) fn multiply(matrix: &DMatrix<f64>, side: Side, x: &DMatrix<f64>) -> DMatrix<f64> {
    let (n, k) = x.shape();
    let cells = matrix.as_slice();
    by_panels(n, k, |part| {
        let mut block = vec![0.0; part.len() * k];
        match side {
            _ if k >= MANY => many(cells, side, part, x, &mut block),
            Side::Straight => add_straight(Block::new(cells, n, part, 0..n), x.as_slice(), &mut block),
            Side::Transposed => transposed(Block::new(cells, n, 0..n, part), x.as_slice(), &mut block),
        }
        block
    })
}

/// An n × k product whose rows are computed panel by panel: those of each lie apart in the product, so that each has
/// its own block, put in place afterwards.
pub(crate) fn by_panels(n: usize, k: usize, panel: impl Fn(Range<usize>) -> Vec<f64> + Sync) -> DMatrix<f64> {
    let height = if k == 1 { LONG_PANEL } else { PANEL };
    let block = |p: usize| panel(p * height..((p + 1) * height).min(n));
    let mut product = DMatrix::zeros(n, k);
    for (p, block) in blocks(n.div_ceil(height), n * n * k, block).iter().enumerate() {
        let (start, width) = (p * height, block.len() / k.max(1));
        for (c, values) in block.chunks_exact(width.max(1)).enumerate() {
            product.as_mut_slice()[c * n + start..c * n + start + width].copy_from_slice(values);
        }
    }
    product
}

/// Rows of M X or M'X by a general product, whose preparation pays for many vectors.
fn many(cells: &[f64], side: Side, part: Range<usize>, x: &DMatrix<f64>, block: &mut [f64]) {
    let (n, k) = x.shape();
    let cells = MatRef::from_column_major_slice(cells, n, n);
    let rows = match side {
        Side::Straight => cells.subrows(part.start, part.len()),
        Side::Transposed => cells.subcols(part.start, part.len()).transpose(),
    };
    let x = MatRef::from_column_major_slice(x.as_slice(), n, k);
    matmul(MatMut::from_column_major_slice_mut(block, part.len(), k), Accum::Replace, rows, x, 1.0, Par::Seq);
}

#[cfg(feature = "parallel")]
fn blocks(count: usize, work: usize, block: impl Fn(usize) -> Vec<f64> + Sync) -> Vec<Vec<f64>> {
    use rayon::prelude::*;

    if work < WORTH_SPREADING {
        return (0..count).map(block).collect();
    }
    (0..count).into_par_iter().map(&block).collect()
}

#[cfg(not(feature = "parallel"))]
fn blocks(count: usize, _: usize, block: impl Fn(usize) -> Vec<f64>) -> Vec<Vec<f64>> {
    (0..count).map(block).collect()
}

/// A part of a matrix stored by columns.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    cells: &'a [f64],
    /// Cells from one column to the next.
    stride: usize,
    rows: (usize, usize),
    columns: (usize, usize),
}

impl<'a> Block<'a> {
    /// The part of a matrix with columns of `stride` cells.
    pub(crate) fn new(cells: &'a [f64], stride: usize, rows: Range<usize>, columns: Range<usize>) -> Self {
        Self { cells, stride, rows: (rows.start, rows.end), columns: (columns.start, columns.end) }
    }

    /// Rows of a strip where there are so many vectors.
    fn strip(vectors: usize) -> usize {
        (CACHED / vectors.max(1)).max(STRIP) / STRIP * STRIP
    }

    fn height(&self) -> usize {
        self.rows.1 - self.rows.0
    }

    fn width(&self) -> usize {
        self.columns.1 - self.columns.0
    }

    /// The place of a cell of the block.
    fn at(&self, column: usize, row: usize) -> usize {
        (self.columns.0 + column) * self.stride + self.rows.0 + row
    }

    /// Cells of a column, counted from the block's first, from one row of the block to before another.
    fn column(&self, j: usize, from: usize, to: usize) -> &'a [f64] {
        &self.cells[self.at(j, from)..self.at(j, to)]
    }
}

/// Adds the product of the block with vectors to others: `sums += block · x`.
///
/// `x` holds one vector after the other, each as long as the block is wide, `sums` likewise each as long as it is high.
pub(crate) fn add_straight(block: Block<'_>, x: &[f64], sums: &mut [f64]) {
    if block.height() > 0 && block.width() > 0 && !sums.is_empty() {
        Arch::new().dispatch(Straight { block, x, sums });
    }
}

/// The product of the transposed block with vectors: `products = block' · x`.
///
/// `x` holds one vector after the other, each as long as the block is high, `products` likewise each as long as it is
/// wide.
pub(crate) fn transposed(block: Block<'_>, x: &[f64], products: &mut [f64]) {
    if block.height() == 0 {
        products.fill(0.0);
    } else if block.width() > 0 {
        Arch::new().dispatch(Transposed { block, x, products });
    }
}

struct Straight<'a> {
    block: Block<'a>,
    x: &'a [f64],
    sums: &'a mut [f64],
}

impl WithSimd for Straight<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { block, x, sums } = self;
        let (height, width) = (block.height(), block.width());
        let strip = Block::strip(sums.len() / height);
        let mut from = 0;
        while from < height {
            let to = (from + strip).min(height);
            let mut j = 0;
            while j < width {
                let most = if sums.len() == height { COLUMNS_TO_ONE } else { COLUMNS };
                let together = if width - j >= most { most } else { 1 };
                // While these columns are multiplied, memory is asked for the same rows of the next ones.
                let (column, row) = if j + together < width { (j + together, from) } else { (0, to) };
                let next = block.at(column, row);
                let share = together.div_ceil((sums.len() / height).div_ceil(VECTORS));
                for (group, target) in sums.chunks_mut(VECTORS * height).enumerate() {
                    let columns = (group * share).min(together)..((group + 1) * share).min(together);
                    let ahead = Ahead {
                        cells: block.cells,
                        first: next + columns.start * block.stride,
                        stride: block.stride,
                        columns: columns.len(),
                    };
                    let x = &x[group * VECTORS * width..];
                    let count = target.len() / height;
                    match (together, count) {
                        (COLUMNS, 4) => straight::<S, COLUMNS, 4>(simd, block, ahead, x, target, j, from..to),
                        (COLUMNS, 3) => straight::<S, COLUMNS, 3>(simd, block, ahead, x, target, j, from..to),
                        (COLUMNS, 2) => straight::<S, COLUMNS, 2>(simd, block, ahead, x, target, j, from..to),
                        (COLUMNS, _) => straight::<S, COLUMNS, 1>(simd, block, ahead, x, target, j, from..to),
                        (COLUMNS_TO_ONE, _) => {
                            straight::<S, COLUMNS_TO_ONE, 1>(simd, block, ahead, x, target, j, from..to);
                        }
                        _ => {
                            for c in 0..count {
                                let target = &mut target[c * height..(c + 1) * height];
                                straight::<S, 1, 1>(simd, block, ahead, &x[c * width..], target, j, from..to);
                            }
                        }
                    }
                }
                j += together;
            }
            from = to;
        }
    }
}

/// Some rows of `C` columns times `V` vectors.
#[inline(always)]
fn straight<S: Simd, const C: usize, const V: usize>(
    simd: S,
    block: Block<'_>,
    ahead: Ahead<'_>,
    x: &[f64],
    sums: &mut [f64],
    j: usize,
    rows: Range<usize>,
) {
    let (height, width) = (block.height(), block.width());
    let columns: [&[f64]; C] = std::array::from_fn(|c| block.column(j + c, rows.start, rows.end));
    let factors: [[f64; C]; V] = std::array::from_fn(|v| std::array::from_fn(|c| x[v * width + j + c]));
    let wide: [[S::f64s; C]; V] = factors.map(|of| of.map(|factor| simd.splat_f64s(factor)));
    let parts: [(&[S::f64s], &[f64]); C] = columns.map(|column| S::as_simd_f64s(column));
    let (heads, tails) = (parts.map(|part| part.0), parts.map(|part| part.1));
    let len = heads[0].len();
    let heads = heads.map(|head| &head[..len]);
    let mut rest = sums;
    let targets: [&mut [f64]; V] = std::array::from_fn(|_| {
        let (target, after) = std::mem::take(&mut rest).split_at_mut(height);
        rest = after;
        &mut target[rows.clone()]
    });
    let targets = targets.map(|target| S::as_mut_simd_f64s(target));
    for i in 0..len {
        ahead.ask(i * S::F64_LANES);
        let cells: [S::f64s; C] = std::array::from_fn(|c| heads[c][i]);
        for v in 0..V {
            let sum = &mut targets[v].0[i];
            let mut total = *sum;
            for c in 0..C {
                total = simd.mul_add_f64s(cells[c], wide[v][c], total);
            }
            *sum = total;
        }
    }
    for v in 0..V {
        for (i, sum) in targets[v].1.iter_mut().enumerate() {
            for c in 0..C {
                *sum = tails[c][i].mul_add(factors[v][c], *sum);
            }
        }
    }
}

struct Transposed<'a> {
    block: Block<'a>,
    x: &'a [f64],
    products: &'a mut [f64],
}

impl WithSimd for Transposed<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { block, x, products } = self;
        let (height, width) = (block.height(), block.width());
        let vectors = products.len() / width;
        // As many together as leave room for their sums in the registers, and groups of like size.
        let most = if S::REGISTER_COUNT >= 32 { 4 } else { 2 };
        let size = vectors.div_ceil(vectors.div_ceil(most).max(1)).max(1);
        let lanes = height / S::F64_LANES;
        let packed = side_by_side::<S>(x, height, size);
        let x_by_register = if vectors == 1 { S::as_simd_f64s(x).0 } else { &packed };
        let mut sums = vec![[simd.splat_f64s(0.0); ACROSS]; vectors];
        let mut j = 0;
        while j < width {
            let together = if width - j >= ACROSS { ACROSS } else { 1 };
            sums.fill([simd.splat_f64s(0.0); ACROSS]);
            for from in (0..lanes).step_by(LONG_STRIP / S::F64_LANES) {
                let to = (from + LONG_STRIP / S::F64_LANES).min(lanes);
                for (group, sums) in sums.chunks_mut(size).enumerate() {
                    let before = group * size * lanes;
                    let x = &x_by_register[before + from * sums.len()..before + to * sums.len()];
                    match (together, sums.len()) {
                        (ACROSS, 4) => transpose::<S, ACROSS, 4>(simd, block, x, sums, j, from),
                        (ACROSS, 3) => transpose::<S, ACROSS, 3>(simd, block, x, sums, j, from),
                        (ACROSS, 2) => transpose::<S, ACROSS, 2>(simd, block, x, sums, j, from),
                        (ACROSS, _) => transpose::<S, ACROSS, 1>(simd, block, x, sums, j, from),
                        (_, 4) => transpose::<S, 1, 4>(simd, block, x, sums, j, from),
                        (_, 3) => transpose::<S, 1, 3>(simd, block, x, sums, j, from),
                        (_, 2) => transpose::<S, 1, 2>(simd, block, x, sums, j, from),
                        _ => transpose::<S, 1, 1>(simd, block, x, sums, j, from),
                    }
                }
            }
            let whole = lanes * S::F64_LANES;
            for (v, sums) in sums.iter().enumerate() {
                for (c, sum) in sums.iter().take(together).enumerate() {
                    let tail = block.column(j + c, whole, height).iter().zip(&x[v * height + whole..]);
                    let rest = tail.fold(0.0f64, |sum, (cell, x)| cell.mul_add(*x, sum));
                    products[v * width + j + c] = simd.reduce_sum_f64s(*sum) + rest;
                }
            }
            j += together;
        }
    }
}

/// Groups of vectors, in each the registers of its members that are needed at the same time side by side: a single
/// stream, and aligned. Nothing for a single vector, which is one already.
#[inline(always)]
fn side_by_side<S: Simd>(x: &[f64], height: usize, size: usize) -> Vec<S::f64s> {
    let vectors: Vec<&[S::f64s]> = x.chunks_exact(height).map(|x| S::as_simd_f64s(x).0).collect();
    if vectors.len() == 1 {
        return Vec::new();
    }
    let lanes = height / S::F64_LANES;
    let mut packed = Vec::with_capacity(vectors.len() * lanes);
    for group in vectors.chunks(size) {
        for i in 0..lanes {
            packed.extend(group.iter().map(|x| x[i]));
        }
    }
    packed
}

/// Adds the registers from `from` on of `C` columns times `V` vectors, `x`.
#[inline(always)]
fn transpose<S: Simd, const C: usize, const V: usize>(
    simd: S,
    block: Block<'_>,
    x: &[S::f64s],
    sums: &mut [[S::f64s; ACROSS]],
    j: usize,
    from: usize,
) {
    let x = x.as_chunks::<V>().0;
    let (from, to) = (from * S::F64_LANES, (from + x.len()) * S::F64_LANES);
    let columns: [&[S::f64s]; C] =
        std::array::from_fn(|c| &S::as_simd_f64s(block.column(j + c, from, to)).0[..x.len()]);
    let mut totals: [[S::f64s; C]; V] = std::array::from_fn(|v| std::array::from_fn(|c| sums[v][c]));
    for (i, x) in x.iter().enumerate() {
        let cells: [S::f64s; C] = std::array::from_fn(|c| columns[c][i]);
        for (totals, &x) in totals.iter_mut().zip(x) {
            for (total, &cells) in totals.iter_mut().zip(&cells) {
                *total = simd.mul_add_f64s(cells, x, *total);
            }
        }
    }
    for (sums, totals) in sums.iter_mut().zip(&totals) {
        sums[..C].copy_from_slice(totals);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Integers, so that every order of summation gives the same.
    fn cell(i: usize, j: usize) -> f64 {
        ((i * 7 + j * 13 + i * j) % 11) as f64 - 5.0
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn products_are_those_of_the_definition(
            rows in 0..300usize, columns in 0..23usize, vectors in 1..11usize, above in 0..3usize, left in 0..3usize,
        ) {
            let stride = rows + above + 1;
            let matrix: Vec<f64> =
                (0..stride * (columns + left)).map(|at| cell(at % stride, at / stride)).collect();
            let block = Block::new(&matrix, stride, above..above + rows, left..left + columns);
            let at = |i: usize, j: usize| cell(i + above, j + left);

            let x: Vec<f64> = (0..columns * vectors).map(|at| cell(at, 3)).collect();
            let mut sums = vec![2.0; rows * vectors];
            add_straight(block, &x, &mut sums);
            for (at_sum, sum) in sums.iter().enumerate() {
                let (i, v) = (at_sum % rows, at_sum / rows);
                let expected: f64 = (0..columns).map(|j| at(i, j) * x[v * columns + j]).sum();
                prop_assert_eq!(*sum, 2.0 + expected);
            }

            let x: Vec<f64> = (0..rows * vectors).map(|at| cell(at, 5)).collect();
            let mut products = vec![f64::NAN; columns * vectors];
            transposed(block, &x, &mut products);
            for (at_product, product) in products.iter().enumerate() {
                let (j, v) = (at_product % columns, at_product / columns);
                let expected: f64 = (0..rows).map(|i| at(i, j) * x[v * rows + i]).sum();
                prop_assert_eq!(*product, expected);
            }
        }
    }
}
