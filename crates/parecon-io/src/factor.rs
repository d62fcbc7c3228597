//! LU factorisation with scaling, refinement and a verified residual.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::lu::partial_pivoting::{factor, solve};
use faer::perm::PermRef;
use faer::{MatMut, MatRef, Par};
use nalgebra::{DMatrix, DVector, DVectorView, DVectorViewMut};
use pulp::Arch;

use crate::error::Error;
use crate::inputs::Inputs;
use crate::krylov::Coefficients;
use crate::product;

mod inverse;
mod scaling;
mod substitute;
mod system;

use scaling::scales;
use substitute::Factors;
pub(crate) use system::System;

/// Up to so many right-hand sides are substituted into at the speed of memory; for more, blocks of them are better.
const FEW: usize = 8;

/// A pivot counts as zero below this times the dimension, relative to the largest entry of the scaled factor:
/// the rounding of the elimination itself is of this size.
const ZERO_PIVOT: f64 = f64::EPSILON;

/// Independent sums that fill all registers.
const STRANDS: usize = 32;

/// One step of refinement is made above this componentwise backward error.
const REFINE_ABOVE: f64 = 8.0 * f64::EPSILON;

/// A component of |M||x| + |b| below this, relative to row and solution, is rounding noise and not a yardstick.
const NOISE: f64 = 1000.0 * f64::EPSILON;

/// Solutions with a larger componentwise backward error are refused. Elimination with one refinement step gives
/// 1e-15 or so; only a matrix that is singular in all but rounding comes near this.
const WORST_RESIDUAL: f64 = 1e-10;

/// Whether M x = b or M'x = b is to be solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Straight,
    Transposed,
}

/// The factors of R M C, with R and C diagonal matrices of powers of two.
///
/// The scaling makes answers independent of the units of rows and columns, and pivots comparable.
#[derive(Clone, Debug)]
pub(crate) struct Factor {
    lu: DMatrix<f64>,
    forward: Vec<usize>,
    backward: Vec<usize>,
    row_scale: Vec<f64>,
    column_scale: Vec<f64>,
    /// The column with the smallest pivot, for messages.
    weakest: usize,
    /// The largest cell of the factor U.
    largest: f64,
}

impl Factor {
    /// Factorises a square matrix of finite entries.
    ///
    /// # Errors
    /// A singular matrix; `offender` words the message from the first column that depends on those before it.
    pub(crate) fn new(system: System<'_>, offender: impl Fn(usize) -> String) -> Result<Self, Error> {
        let n = system.len();
        let (row_scale, column_scale) = scales(system);
        let mut lu = DMatrix::zeros(n, n);
        wide(|| {
            for (j, column) in lu.as_mut_slice().chunks_exact_mut(n.max(1)).enumerate() {
                system.copy_column(j, column);
                for (cell, scale) in column.iter_mut().zip(&row_scale) {
                    *cell *= scale * column_scale[j];
                }
            }
        });
        let (mut forward, mut backward) = (vec![0usize; n], vec![0usize; n]);
        let scratch = factor::lu_in_place_scratch::<usize, f64>(n, n, par(), Default::default());
        factor::lu_in_place(
            MatMut::from_column_major_slice_mut(lu.as_mut_slice(), n, n),
            &mut forward,
            &mut backward,
            par(),
            MemStack::new(&mut MemBuffer::new(scratch)),
            Default::default(),
        );
        let mut most = 0.0f64;
        let mut sizes = vec![0.0; n];
        for (j, column) in lu.as_slice().chunks_exact(n.max(1)).enumerate() {
            wide(|| {
                sizes[..=j].iter_mut().zip(column).for_each(|(size, cell)| *size = cell.abs());
                most = most.max(largest(&sizes[..=j]));
            });
        }
        let threshold = ZERO_PIVOT * n as f64 * most;
        // NaN follows an exact zero and counts too.
        if let Some(column) = (0..n).find(|&k| !exceeds(lu[(k, k)].abs(), threshold)) {
            return Err(Error::singular(offender(column)));
        }
        let weakest = (0..n).min_by(|&a, &b| lu[(a, a)].abs().total_cmp(&lu[(b, b)].abs())).unwrap_or(0);
        Ok(Self { lu, forward, backward, row_scale, column_scale, weakest, largest: most })
    }

    /// The smallest pivot relative to the largest cell: how much the matrix, scaled, must change to become singular.
    pub(crate) fn margin(&self) -> f64 {
        self.lu[(self.weakest, self.weakest)].abs() / self.largest
    }

    /// Solves M X = B or M'X = B, refines once where needed and verifies every column's residual.
    ///
    /// # Errors
    /// When the residual cannot be made small.
    pub(crate) fn solve(
        &self,
        system: System<'_>,
        side: Side,
        rhs: &DMatrix<f64>,
        offender: impl Fn(usize) -> String,
    ) -> Result<DMatrix<f64>, Error> {
        let mut solution = rhs.clone();
        self.solve_in_place(side, &mut solution);
        let settled = match system {
            System::Plain(_) => vec![false; rhs.ncols()],
            System::Leontief(inputs) => {
                let mut settled = Vec::new();
                for refined in [false, true] {
                    let (residual, exact) = quick_check(inputs, side, &solution, rhs);
                    settled = exact;
                    if settled.iter().all(|settled| *settled) {
                        return Ok(solution);
                    }
                    if !refined {
                        let mut correction = residual;
                        self.solve_in_place(side, &mut correction);
                        for (k, settled) in settled.iter().enumerate() {
                            if !settled && correction.column(k).iter().all(|x| x.is_finite()) {
                                let mut column = solution.column_mut(k);
                                column += correction.column(k);
                            }
                        }
                    }
                }
                settled
            }
        };
        let mut residual = rhs.clone();
        let errors: Vec<f64> = (0..rhs.ncols())
            .map(|k| {
                if settled[k] {
                    return 0.0;
                }
                self.backward_error(
                    system,
                    side,
                    solution.column(k).as_view(),
                    residual.column_mut(k).as_view_mut(),
                )
            })
            .collect();
        let poor: Vec<usize> = (0..rhs.ncols()).filter(|&k| !within(errors[k], REFINE_ABOVE)).collect();
        if poor.is_empty() {
            return Ok(solution);
        }
        let mut correction = residual.select_columns(&poor);
        self.solve_in_place(side, &mut correction);
        for (at, &k) in poor.iter().enumerate() {
            let refined = solution.column(k) + correction.column(at);
            let mut left = rhs.columns(k, 1).into_owned();
            let error =
                self.backward_error(system, side, refined.as_view(), left.column_mut(0).as_view_mut());
            if error < errors[k] || errors[k].is_nan() {
                solution.set_column(k, &refined);
            }
            if !within(error.min(errors[k]), WORST_RESIDUAL)
                || !solution.column(k).iter().all(|x| x.is_finite())
            {
                return Err(Error::singular(offender(self.weakest)));
            }
        }
        Ok(solution)
    }

    /// Leaves the residual in `r` (b on entry) and returns the backward error max |r| / (|M||x| + |b|), by components.
    ///
    /// Where a component of the divisor is mere noise, because the exact one is zero, the row's size times that of
    /// the whole solution (both scaled) takes its place (Arioli, Demmel and Duff 1989).
    fn backward_error(
        &self,
        system: System<'_>,
        side: Side,
        x: DVectorView<'_, f64>,
        mut r: DVectorViewMut<'_, f64>,
    ) -> f64 {
        let sizes = system.residual(side, x, &mut r);
        let (rows, unknowns) = self.scales_of(side);
        let largest = x.iter().zip(unknowns).map(|(x, scale)| (x / scale).abs()).fold(0.0, f64::max);
        let n = x.len() as f64;
        let mut error = 0.0f64;
        for ((residual, size), scale) in r.iter().zip(sizes).zip(rows) {
            let whole = n * largest / scale;
            let divisor = if size > NOISE * whole { size } else { size + whole };
            // NaN must not be lost, as it would be in a maximum.
            if *residual != 0.0 && !within(residual.abs() / divisor, error) {
                error = residual.abs() / divisor;
            }
            if error.is_nan() {
                return error;
            }
        }
        error
    }

    /// The scales of equations and of unknowns.
    fn scales_of(&self, side: Side) -> (&[f64], &[f64]) {
        match side {
            Side::Straight => (&self.row_scale, &self.column_scale),
            Side::Transposed => (&self.column_scale, &self.row_scale),
        }
    }

    fn solve_in_place(&self, side: Side, rhs: &mut DMatrix<f64>) {
        let (n, k) = rhs.shape();
        // R M C = LU, so M⁻¹ = C (LU)⁻¹ R and M'⁻¹ = R (LU)'⁻¹ C.
        let (before, after) = self.scales_of(side);
        for mut column in rhs.column_iter_mut() {
            (0..n).for_each(|i| column[i] *= before[i]);
        }
        if k <= FEW {
            self.substitute(side, rhs);
        } else {
            let permutation = PermRef::new_checked(&self.forward, &self.backward, n);
            let scratch = solve::solve_in_place_scratch::<usize, f64>(n, k, par())
                .or(solve::solve_transpose_in_place_scratch::<usize, f64>(n, k, par()));
            let mut buffer = MemBuffer::new(scratch);
            let stack = MemStack::new(&mut buffer);
            let lu = MatRef::from_column_major_slice(self.lu.as_slice(), n, n);
            let view = MatMut::from_column_major_slice_mut(rhs.as_mut_slice(), n, k);
            match side {
                Side::Straight => solve::solve_in_place(lu, lu, permutation, view, par(), stack),
                Side::Transposed => solve::solve_transpose_in_place(lu, lu, permutation, view, par(), stack),
            }
        }
        for mut column in rhs.column_iter_mut() {
            (0..n).for_each(|i| column[i] *= after[i]);
        }
    }

    /// Row i of the permuted matrix is row `forward[i]` of the matrix.
    fn substitute(&self, side: Side, rhs: &mut DMatrix<f64>) {
        let factors = Factors { cells: self.lu.as_slice(), n: rhs.nrows() };
        let mut moved = rhs.clone();
        match side {
            Side::Straight => {
                for (mut to, from) in moved.column_iter_mut().zip(rhs.column_iter()) {
                    to.iter_mut().zip(&self.forward).for_each(|(cell, &at)| *cell = from[at]);
                }
                factors.solve(moved.as_mut_slice());
                *rhs = moved;
            }
            Side::Transposed => {
                factors.solve_transposed(moved.as_mut_slice());
                for (mut to, from) in rhs.column_iter_mut().zip(moved.column_iter()) {
                    from.iter().zip(&self.forward).for_each(|(cell, &at)| to[at] = *cell);
                }
            }
        }
    }

    /// M⁻¹, in the place of the factors. Its row sums and its column sums (scaled) are put back into the equations
    /// they must solve.
    ///
    /// # Errors
    /// When the inverse is not finite or its sums fail.
    pub(crate) fn into_inverse(
        mut self,
        system: System<'_>,
        offender: impl Fn(usize) -> String,
    ) -> Result<DMatrix<f64>, Error> {
        let n = self.forward.len();
        let mut result = std::mem::replace(&mut self.lu, DMatrix::zeros(0, 0));
        let view = MatMut::from_column_major_slice_mut(result.as_mut_slice(), n, n);
        inverse::in_place(view, &self.forward, par());
        // In the scaled matrix ones weigh all rows alike: it, not the result, is multiplied by them.
        for (side, mut sums) in
            [(Side::Straight, result.column_sum()), (Side::Transposed, result.row_sum_tr())]
        {
            let (equations, unknowns) = self.scales_of(side);
            (0..n).for_each(|i| sums[i] *= unknowns[i]);
            let mut left = DVector::from_fn(n, |i, _| 1.0 / equations[i]);
            let error = self.backward_error(system, side, sums.as_view(), left.as_view_mut());
            if !within(error, WORST_RESIDUAL) || !sums.iter().all(|sum| sum.is_finite()) {
                return Err(Error::singular(offender(self.weakest)));
            }
        }
        for (j, mut column) in result.column_iter_mut().enumerate() {
            (0..n).for_each(|i| column[i] *= self.column_scale[i] * self.row_scale[j]);
        }
        Ok(result)
    }
}

/// Solves (I − A) X = B or (I − A)'X = B by L = (I − A)⁻¹, corrected once where needed; `None` where the residual of
/// some column does not come to rounding level.
pub(crate) fn solve_by_inverse(
    inverse: &DMatrix<f64>,
    inputs: &Inputs,
    side: Side,
    rhs: &DMatrix<f64>,
) -> Option<DMatrix<f64>> {
    let mut solution = product::multiply(inverse, side, rhs);
    for _ in 0..2 {
        let (residual, exact) = quick_check(inputs, side, &solution, rhs);
        if exact.iter().all(|exact| *exact) {
            return Some(solution);
        }
        solution += product::multiply(inverse, side, &residual);
    }
    quick_check(inputs, side, &solution, rhs).1.iter().all(|exact| *exact).then_some(solution)
}

/// The residual of (I − A) X = B and which columns are exact up to rounding, by a product of matrices.
///
/// The residual is measured against |X| + |A X| + |B|, which is never more than |I + A||X| + |B|: who passes here
/// passes the full test, which takes many times longer, as well.
fn quick_check(
    inputs: &Inputs,
    side: Side,
    x: &DMatrix<f64>,
    rhs: &DMatrix<f64>,
) -> (DMatrix<f64>, Vec<bool>) {
    let product = inputs.apply(side, x);
    let residual = rhs - x + &product;
    // Sums of n terms are off by the root of n roundings or so.
    let limit = REFINE_ABOVE.max(f64::EPSILON * (x.nrows() as f64).sqrt());
    let exact = |k: usize| {
        (0..x.nrows()).all(|i| {
            let size = x[(i, k)].abs() + product[(i, k)].abs() + rhs[(i, k)].abs();
            within(residual[(i, k)].abs(), limit * size)
        })
    };
    let exact = (0..x.ncols()).map(exact).collect();
    (residual, exact)
}

/// The threads of a factorisation; its bits are the same for any number (`tests/solvers.rs`).
pub(crate) fn par() -> Par {
    #[cfg(feature = "parallel")]
    return Par::rayon(0);
    #[cfg(not(feature = "parallel"))]
    return Par::Seq;
}

/// Whether a value is at most the bound; NaN is not.
fn within(value: f64, bound: f64) -> bool {
    value <= bound
}

/// Whether a value is greater than the bound; NaN is not.
fn exceeds(value: f64, bound: f64) -> bool {
    value > bound
}

/// Runs simple loops with the widest registers there are.
fn wide<R>(loops: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(loops)
}

/// The largest of numbers that are not negative, in strands: one alone would wait for its comparisons.
#[inline(always)]
fn largest(numbers: &[f64]) -> f64 {
    let mut strands = [0.0f64; STRANDS];
    let (chunks, rest) = numbers.as_chunks::<STRANDS>();
    for chunk in chunks {
        for (strand, &number) in strands.iter_mut().zip(chunk) {
            *strand = if number > *strand { number } else { *strand };
        }
    }
    strands.iter().chain(rest).copied().fold(0.0, f64::max)
}
