//! A copy of A in single precision for the rough part of an iteration, packed so that products with a few vectors read
//! it once and in order.
//!
//! Half the bytes, twice the multiplications at a time. The copy holds panels of some rows of the result, and in a panel
//! one column after the other: sums stay in registers, each number of a vector is spread over one, and memory is read
//! in a single stream, which it delivers at full speed. In the usual order of storage reading and multiplying take
//! turns.

use std::ops::Range;

use nalgebra::DMatrix;
use pulp::{Arch, Simd, WithSimd};

use crate::factor::Side;
use crate::product;

/// Rows of a panel.
const PANEL: usize = 32;

/// Registers whose sums are found together, for all vectors of a group.
const REGISTERS: usize = 2;

/// Columns whose cells of a panel stay in the first cache for all groups, and whose sums are single numbers:
/// longer ones would lose digits.
const TOGETHER: usize = 64;

/// Cells of a column that are packed together.
const ROWS: usize = 128;

/// Columns that are packed together.
const ABREAST: usize = 16;

/// A or A', with the unit of every sector such that a column's cells are shares of the outputs they come from.
#[derive(Debug)]
pub(crate) struct Packed {
    panels: Vec<f32>,
    side: Side,
    units: Vec<f64>,
}

impl Packed {
    /// Packs the coefficients `cells[(i, j)] / units[j]`, or their transpose.
    ///
    /// Held are `cells[(i, j)] / units[i]`. What is too large or too small for single precision makes products that are
    /// not numbers, or not right: whoever uses them checks.
    pub(crate) fn new(cells: &DMatrix<f64>, units: Vec<f64>, side: Side) -> Self {
        let n = cells.nrows();
        let inverse: Vec<f64> = units.iter().map(|unit| 1.0 / unit).collect();
        let mut panels = vec![0.0f32; n.div_ceil(PANEL) * PANEL * n];
        each_panel(&mut panels, PANEL * n.max(1), |p, panel| {
            let rows = p * PANEL..(p * PANEL + PANEL).min(n);
            let (panel, _) = panel.as_chunks_mut::<PANEL>();
            Arch::new().dispatch(|| match side {
                Side::Straight => pack_rows(cells.as_slice(), &inverse, rows, panel),
                Side::Transposed => pack_columns(cells.as_slice(), &inverse, rows, panel),
            });
        });
        Self { panels, side, units }
    }

    /// Forgets the cells between some sectors.
    pub(crate) fn clear(&mut self, sectors: &[usize]) {
        let n = self.units.len();
        for &row in sectors {
            let panel = &mut self.panels[row / PANEL * PANEL * n..];
            for &column in sectors {
                panel[column * PANEL + row % PANEL] = 0.0;
            }
        }
    }

    /// A X or A'X, to single precision.
    pub(crate) fn multiply(&self, x: &DMatrix<f64>) -> DMatrix<f64> {
        let (n, k) = x.shape();
        if x.is_empty() {
            return x.clone();
        }
        let group = group(k);
        let (sizes, vectors) = self.packed_vectors(x, group);
        let mut result = product::by_panels(n, k, |rows| {
            let cells = &self.panels[rows.start * n..rows.end.div_ceil(PANEL) * PANEL * n];
            let mut totals = vec![0.0; rows.len().div_ceil(PANEL) * PANEL * k];
            Arch::new().dispatch(Sums { cells, columns: n, vectors: &vectors, group, totals: &mut totals });
            let mut block = vec![0.0; rows.len() * k];
            for (p, totals) in totals.chunks_exact(PANEL * k).enumerate() {
                let height = PANEL.min(rows.len() - p * PANEL);
                for (c, totals) in totals.chunks_exact(PANEL).enumerate() {
                    block[c * rows.len() + p * PANEL..][..height].copy_from_slice(&totals[..height]);
                }
            }
            block
        });
        for (mut column, size) in result.column_iter_mut().zip(&sizes) {
            for (cell, unit) in column.iter_mut().zip(&self.units) {
                *cell *= match self.side {
                    Side::Straight => size * unit,
                    Side::Transposed => size / unit,
                };
            }
        }
        result
    }

    /// The size of every vector, and the vectors relative to it: group by group, and in a group the numbers that one
    /// column is multiplied by side by side.
    fn packed_vectors(&self, x: &DMatrix<f64>, group: usize) -> (Vec<f64>, Vec<f32>) {
        let (n, k) = x.shape();
        let mut scaled = x.clone();
        let mut sizes = vec![1.0; k];
        for (mut column, size) in scaled.column_iter_mut().zip(&mut sizes) {
            for (x, unit) in column.iter_mut().zip(&self.units) {
                match self.side {
                    Side::Straight => *x /= unit,
                    Side::Transposed => *x *= unit,
                }
            }
            let most = column.amax();
            if most > 0.0 {
                *size = most;
                column /= most;
            }
        }
        let mut vectors = Vec::with_capacity(n * k);
        for from in (0..k).step_by(group) {
            let members = from..(from + group).min(k);
            for i in 0..n {
                vectors.extend(members.clone().map(|c| scaled[(i, c)] as f32));
            }
        }
        (sizes, vectors)
    }
}

/// Fills a panel with rows of a matrix.
#[inline(always)]
fn pack_rows(cells: &[f64], inverse: &[f64], rows: Range<usize>, panel: &mut [[f32; PANEL]]) {
    for (column, target) in cells.chunks_exact(inverse.len()).zip(panel) {
        for ((to, cell), inverse) in target.iter_mut().zip(&column[rows.clone()]).zip(&inverse[rows.clone()])
        {
            *to = (cell * inverse) as f32;
        }
    }
}

/// Fills a panel with columns of a matrix.
#[inline(always)]
fn pack_columns(cells: &[f64], inverse: &[f64], columns: Range<usize>, panel: &mut [[f32; PANEL]]) {
    let n = inverse.len();
    for ((at, panel), inverse) in panel.chunks_mut(ROWS).enumerate().zip(inverse.chunks(ROWS)) {
        let column = |c: usize| &cells[(columns.start + c) * n + at * ROWS..][..inverse.len()];
        let (mut c, width) = (0, columns.len());
        while c + ABREAST <= width {
            let columns: [&[f64]; ABREAST] = std::array::from_fn(|b| column(c + b));
            for (i, (target, inverse)) in panel.iter_mut().zip(inverse).enumerate() {
                let row: [f32; ABREAST] = std::array::from_fn(|b| (columns[b][i] * inverse) as f32);
                target[c..c + ABREAST].copy_from_slice(&row);
            }
            c += ABREAST;
        }
        for c in c..width {
            for ((target, cell), inverse) in panel.iter_mut().zip(column(c)).zip(inverse) {
                target[c] = (cell * inverse) as f32;
            }
        }
    }
}

/// How many vectors are multiplied together: as many as there are registers for their sums, and groups of like size.
fn group(vectors: usize) -> usize {
    struct Most;

    impl WithSimd for Most {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            if S::REGISTER_COUNT >= 32 { 10 } else { 4 }
        }
    }

    let most = Arch::new().dispatch(Most);
    vectors.div_ceil(vectors.div_ceil(most).max(1)).max(1)
}

/// Totals of some panels: for every panel one vector's after the other.
struct Sums<'a> {
    cells: &'a [f32],
    columns: usize,
    vectors: &'a [f32],
    group: usize,
    totals: &'a mut [f64],
}

impl WithSimd for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { cells, columns, vectors, group, totals } = self;
        let k = vectors.len() / columns;
        for (panel, totals) in cells.chunks_exact(PANEL * columns).zip(totals.chunks_exact_mut(PANEL * k)) {
            for (b, block) in panel.chunks(PANEL * TOGETHER).enumerate() {
                for (g, totals) in totals.chunks_mut(PANEL * group).enumerate() {
                    let members = totals.len() / PANEL;
                    let x = &vectors[g * group * columns + b * TOGETHER * members..];
                    match members {
                        10 => add::<S, 10>(simd, block, x, totals),
                        9 => add::<S, 9>(simd, block, x, totals),
                        8 => add::<S, 8>(simd, block, x, totals),
                        7 => add::<S, 7>(simd, block, x, totals),
                        6 => add::<S, 6>(simd, block, x, totals),
                        5 => add::<S, 5>(simd, block, x, totals),
                        4 => add::<S, 4>(simd, block, x, totals),
                        3 => add::<S, 3>(simd, block, x, totals),
                        2 => add::<S, 2>(simd, block, x, totals),
                        _ => add::<S, 1>(simd, block, x, totals),
                    }
                }
            }
        }
    }
}

/// Adds the product of a block of a panel with `V` vectors to their totals.
#[inline(always)]
fn add<S: Simd, const V: usize>(simd: S, block: &[f32], x: &[f32], totals: &mut [f64]) {
    let columns = S::as_simd_f32s(block).0.as_chunks::<REGISTERS>().0;
    let x = x.as_chunks::<V>().0;
    let parts = PANEL / (REGISTERS * S::F32_LANES);
    for part in 0..parts {
        let mut sums = [[simd.splat_f32s(0.0); REGISTERS]; V];
        for (cells, x) in columns.chunks_exact(parts).zip(x) {
            for (sums, x) in sums.iter_mut().zip(x) {
                let x = simd.splat_f32s(*x);
                for (sum, &cells) in sums.iter_mut().zip(&cells[part]) {
                    *sum = simd.mul_add_f32s(cells, x, *sum);
                }
            }
        }
        for (totals, sums) in totals.chunks_exact_mut(PANEL).zip(&sums) {
            let mut numbers = [0.0f32; PANEL];
            let numbers = &mut numbers[..REGISTERS * S::F32_LANES];
            S::as_mut_simd_f32s(numbers).0.copy_from_slice(sums);
            let from = part * numbers.len();
            for (total, number) in totals[from..].iter_mut().zip(numbers) {
                *total += f64::from(*number);
            }
        }
    }
}

#[cfg(feature = "parallel")]
fn each_panel(panels: &mut [f32], len: usize, pack: impl Fn(usize, &mut [f32]) + Sync) {
    use rayon::prelude::*;

    panels.par_chunks_mut(len).enumerate().for_each(|(p, panel)| pack(p, panel));
}

#[cfg(not(feature = "parallel"))]
fn each_panel(panels: &mut [f32], len: usize, pack: impl Fn(usize, &mut [f32])) {
    panels.chunks_mut(len).enumerate().for_each(|(p, panel)| pack(p, panel));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A sum of n products in single precision is off by this at most, relative to the sum of sizes: each number is
    /// rounded once, and each partial sum of `TOGETHER`.
    const SINGLE: f64 = (3 + TOGETHER) as f64 * 0.5 * f32::EPSILON as f64;

    /// Spread over some orders of magnitude, of both signs, and not exact in single precision.
    fn cell(i: usize, j: usize) -> f64 {
        let k = (i * 7 + j * 13 + i * j) % 17;
        (k as f64 - 6.0) / 7.0 * 10f64.powi((k % 5) as i32 - 2)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn products_are_those_of_the_definition(n in 1..150usize, k in 1..24usize, own in 0..40usize) {
            let cells = DMatrix::from_fn(n, n, cell);
            let units: Vec<f64> = (0..n).map(|i| 10f64.powi((i % 41) as i32 - 20) * 1.3).collect();
            let a = DMatrix::from_fn(n, n, |i, j| cells[(i, j)] * units[i]);
            // Flows whose shares in the unit of their row are `cells`.
            let own: Vec<usize> = (0..own.min(n)).map(|at| (at * 3) % n).collect();
            let of = |i: usize, j: usize| {
                if own.contains(&i) && own.contains(&j) { 0.0 } else { cells[(i, j)] }
            };
            for side in [Side::Straight, Side::Transposed] {
                let mut packed = Packed::new(&a, units.clone(), side);
                packed.clear(&own);
                let x = DMatrix::from_fn(n, k, |i, c| match side {
                    Side::Straight => cell(i, c + 3) * units[i],
                    Side::Transposed => cell(i, c + 3) / units[i],
                });
                let product = packed.multiply(&x);
                for (c, x) in x.column_iter().enumerate() {
                    for i in 0..n {
                        let term = |j: usize| match side {
                            Side::Straight => units[i] * of(i, j) * (x[j] / units[j]),
                            Side::Transposed => of(j, i) * (x[j] * units[j]) / units[i],
                        };
                        let (sum, size) = (0..n).map(term).fold((0.0, 0.0), |(s, z), t| (s + t, z + t.abs()));
                        let error = (product[(i, c)] - sum).abs();
                        prop_assert!(error <= SINGLE * size, "{i}, {c}: {} is not {sum}", product[(i, c)]);
                    }
                }
            }
        }
    }
}
