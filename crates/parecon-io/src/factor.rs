//! LU factorisation with scaling, refinement and a verified residual.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::lu::partial_pivoting::{factor, inverse, solve};
use faer::perm::PermRef;
use faer::{Mat, MatMut, Par};
use nalgebra::{DMatrix, DVector, DVectorView, DVectorViewMut};

use crate::error::Error;

/// A pivot counts as zero below this times the dimension, relative to the largest entry of the scaled factor:
/// the rounding of the elimination itself is of this size.
const ZERO_PIVOT: f64 = f64::EPSILON;

/// Each round of scaling takes the square root of what is left, so this many bring 1e±300 to within [1/16, 16].
const SCALINGS: usize = 12;

/// One step of refinement is made above this componentwise backward error.
const REFINE_ABOVE: f64 = 8.0 * f64::EPSILON;

/// A component of |M||x| + |b| below this, relative to row and solution, is rounding noise and not a yardstick.
const NOISE: f64 = 1000.0 * f64::EPSILON;

/// Solutions with a larger componentwise backward error are refused. Elimination with one refinement step gives
/// 1e-15 or so; only a matrix that is singular in all but rounding comes near this.
const WORST_RESIDUAL: f64 = 1e-10;

/// The matrix of a linear system.
#[derive(Clone, Copy)]
pub(crate) enum System<'a> {
    /// The matrix itself.
    Plain(&'a DMatrix<f64>),
    /// I − A, which is not formed beyond its factorisation.
    Leontief(&'a DMatrix<f64>),
}

impl System<'_> {
    fn matrix(&self) -> &DMatrix<f64> {
        match self {
            System::Plain(matrix) | System::Leontief(matrix) => matrix,
        }
    }

    fn entry(&self, i: usize, j: usize) -> f64 {
        match self {
            System::Plain(m) => m[(i, j)],
            System::Leontief(a) if i == j => 1.0 - a[(i, j)],
            System::Leontief(a) => -a[(i, j)],
        }
    }

    /// r = b − M x (or M'x), from r = b on entry, and |M||x| + |b|, in one pass.
    fn residual(&self, side: Side, x: DVectorView<'_, f64>, r: &mut DVectorViewMut<'_, f64>) -> Vec<f64> {
        let matrix = self.matrix();
        let n = matrix.nrows();
        let (sign, identity) = match self {
            System::Plain(_) => (1.0, 0.0),
            System::Leontief(_) => (-1.0, 1.0),
        };
        let mut size: Vec<f64> = (0..n).map(|i| r[i].abs() + identity * x[i].abs()).collect();
        for i in 0..n {
            r[i] -= identity * x[i];
        }
        let cells = matrix.as_slice();
        for (j, column) in cells.chunks_exact(n.max(1)).enumerate() {
            match side {
                Side::Straight => {
                    let factor = sign * x[j];
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
                    r[j] -= sign * sum;
                    size[j] += total;
                }
            }
        }
        size
    }
}

/// Whether M x = b or M'x = b is to be solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Straight,
    Transposed,
}

/// The factors of R M C, with R and C diagonal matrices of powers of two.
///
/// The scaling makes answers independent of the units of rows and columns, and pivots comparable.
#[derive(Debug)]
pub(crate) struct Factor {
    lu: Mat<f64>,
    forward: Vec<usize>,
    backward: Vec<usize>,
    row_scale: Vec<f64>,
    column_scale: Vec<f64>,
    /// The column with the smallest pivot, for messages.
    weakest: usize,
}

impl Factor {
    /// Factorises a square matrix of finite entries.
    ///
    /// # Errors
    /// A singular matrix; `offender` words the message from the first column that depends on those before it.
    pub(crate) fn new(system: System<'_>, offender: impl Fn(usize) -> String) -> Result<Self, Error> {
        let n = system.matrix().nrows();
        let (row_scale, column_scale) = scales(system);
        let mut lu = Mat::from_fn(n, n, |i, j| system.entry(i, j) * row_scale[i] * column_scale[j]);
        let (mut forward, mut backward) = (vec![0usize; n], vec![0usize; n]);
        let scratch = factor::lu_in_place_scratch::<usize, f64>(n, n, Par::Seq, Default::default());
        // Sequential always: the result must not depend on the number of threads.
        factor::lu_in_place(
            lu.as_mut(),
            &mut forward,
            &mut backward,
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
            Default::default(),
        );
        let mut largest = 0.0f64;
        for j in 0..n {
            largest = (0..=j).map(|i| lu[(i, j)].abs()).fold(largest, f64::max);
        }
        let threshold = ZERO_PIVOT * n as f64 * largest;
        // NaN follows an exact zero and counts too.
        if let Some(column) = (0..n).find(|&k| !exceeds(lu[(k, k)].abs(), threshold)) {
            return Err(Error::singular(offender(column)));
        }
        let weakest = (0..n).min_by(|&a, &b| lu[(a, a)].abs().total_cmp(&lu[(b, b)].abs())).unwrap_or(0);
        Ok(Self { lu, forward, backward, row_scale, column_scale, weakest })
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
        let mut residual = rhs.clone();
        let errors: Vec<f64> = (0..rhs.ncols())
            .map(|k| {
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
        let permutation = PermRef::new_checked(&self.forward, &self.backward, n);
        let scratch = solve::solve_in_place_scratch::<usize, f64>(n, k, Par::Seq)
            .or(solve::solve_transpose_in_place_scratch::<usize, f64>(n, k, Par::Seq));
        let mut buffer = MemBuffer::new(scratch);
        let stack = MemStack::new(&mut buffer);
        let (lu, view) = (self.lu.as_ref(), MatMut::from_column_major_slice_mut(rhs.as_mut_slice(), n, k));
        match side {
            Side::Straight => solve::solve_in_place(lu, lu, permutation, view, Par::Seq, stack),
            Side::Transposed => solve::solve_transpose_in_place(lu, lu, permutation, view, Par::Seq, stack),
        }
        for mut column in rhs.column_iter_mut() {
            (0..n).for_each(|i| column[i] *= after[i]);
        }
    }

    /// M⁻¹. Its row sums and its column sums (scaled) are put back into the equations they must solve.
    ///
    /// # Errors
    /// When the inverse is not finite or its sums fail.
    pub(crate) fn inverse(
        &self,
        system: System<'_>,
        offender: impl Fn(usize) -> String,
    ) -> Result<DMatrix<f64>, Error> {
        let n = self.forward.len();
        let mut result = DMatrix::zeros(n, n);
        let permutation = PermRef::new_checked(&self.forward, &self.backward, n);
        let scratch = inverse::inverse_scratch::<usize, f64>(n, Par::Seq);
        inverse::inverse(
            MatMut::from_column_major_slice_mut(result.as_mut_slice(), n, n),
            self.lu.as_ref(),
            self.lu.as_ref(),
            permutation,
            Par::Seq,
            MemStack::new(&mut MemBuffer::new(scratch)),
        );
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

/// Whether a value is at most the bound; NaN is not.
fn within(value: f64, bound: f64) -> bool {
    value <= bound
}

/// Whether a value is greater than the bound; NaN is not.
fn exceeds(value: f64, bound: f64) -> bool {
    value > bound
}

/// Powers of two by which to multiply rows and columns so that the largest entry of each is near 1 (Ruiz's
/// equilibration). Scaling by them is exact.
fn scales(system: System<'_>) -> (Vec<f64>, Vec<f64>) {
    let n = system.matrix().nrows();
    let units = match system {
        System::Plain(_) => vec![1.0; n],
        System::Leontief(coefficients) => units(coefficients),
    };
    let mut row_scale: Vec<f64> = units.iter().map(|unit| 1.0 / unit).collect();
    let mut column_scale = units;
    for _ in 0..SCALINGS {
        let (mut rows, mut columns) = (vec![0.0f64; n], vec![0.0f64; n]);
        for j in 0..n {
            for i in 0..n {
                let size = (system.entry(i, j) * row_scale[i] * column_scale[j]).abs();
                rows[i] = rows[i].max(size);
                columns[j] = columns[j].max(size);
            }
        }
        let sizes = || rows.iter().chain(&columns).filter(|size| **size > 0.0);
        if sizes().all(|size| (0.25..=4.0).contains(size)) {
            break;
        }
        for (scale, size) in row_scale.iter_mut().zip(&rows).chain(column_scale.iter_mut().zip(&columns)) {
            if *size > 0.0 && size.is_finite() {
                *scale *= (-0.5 * size.log2()).round().exp2();
            }
        }
    }
    (row_scale, column_scale)
}

/// Units of the sectors, powers of two, in which every row of D⁻¹ A D is about as heavy as its column, off the
/// diagonal (Osborne's balancing): the units of account, had the coefficients been given in money.
fn units(coefficients: &DMatrix<f64>) -> Vec<f64> {
    let n = coefficients.nrows();
    let mut units = vec![1.0f64; n];
    for _ in 0..SCALINGS {
        let (mut rows, mut columns) = (vec![0.0f64; n], vec![0.0f64; n]);
        for (j, column) in coefficients.column_iter().enumerate() {
            for (i, cell) in column.iter().enumerate().filter(|(i, _)| *i != j) {
                let size = cell.abs() * units[j] / units[i];
                rows[i] += size;
                columns[j] += size;
            }
        }
        let mut settled = true;
        for ((unit, row), column) in units.iter_mut().zip(&rows).zip(&columns) {
            // The identity stands for 1 in both: sectors that only sell or only buy are brought down to it.
            let ratio = (1.0 + row) / (1.0 + column);
            // All at once, so half a step each: a full one would swap the two sectors of a pair for ever.
            if ratio > 0.0 && ratio.is_finite() && !(1.0 / 16.0..=16.0).contains(&ratio) {
                *unit *= (0.25 * ratio.log2()).round().exp2();
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    units
}
