//! The inverse in the place of the factors, so that no second matrix is held.

use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve::{solve_unit_upper_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Accum, Mat, MatMut, Par};

/// Columns of L that are divided out together.
const COLUMNS: usize = 128;

/// Triangles up to this size are inverted cell by cell.
const SMALL: usize = 32;

/// Replaces the factors of P M = L U, where L has a unit diagonal that is not stored, by M⁻¹ = U⁻¹ L⁻¹ P. Row i of P M
/// is row `forward[i]` of M.
pub(super) fn in_place(mut lu: MatMut<'_, f64>, forward: &[usize], par: Par) {
    invert_upper(lu.as_mut(), par);
    divide_by_lower(lu.as_mut(), par);
    permute_columns(lu, forward);
}

/// Replaces U by its inverse: the corner by −U₁₁⁻¹ U₁₂ U₂₂⁻¹, then both halves.
fn invert_upper(mut upper: MatMut<'_, f64>, par: Par) {
    let n = upper.ncols();
    if n <= SMALL {
        for j in 0..n {
            let pivot = 1.0 / upper[(j, j)];
            // Column j of the inverse from the columns before it, which are inverted already.
            for i in 0..j {
                let sum = (i..j).fold(0.0, |sum, k| sum + upper[(i, k)] * upper[(k, j)]);
                upper[(i, j)] = -sum * pivot;
            }
            upper[(j, j)] = pivot;
        }
        return;
    }
    let half = n / 2;
    let (mut first, mut corner, _, mut second) = upper.split_at_mut(half, half);
    solve_upper_triangular_in_place(first.as_ref(), corner.as_mut(), par);
    // C U₂₂⁻¹ by its transpose; faer has no upper solve from the right.
    faer::linalg::triangular_solve::solve_lower_triangular_in_place(
        second.as_ref().transpose(),
        corner.as_mut().transpose_mut(),
        par,
    );
    for column in corner.as_mut().col_iter_mut() {
        column.iter_mut().for_each(|cell| *cell = -*cell);
    }
    invert_upper(first.as_mut(), par);
    invert_upper(second.as_mut(), par);
}

/// Solves X L = U⁻¹ for X, from the last columns to the first, in the place of both.
fn divide_by_lower(mut x: MatMut<'_, f64>, par: Par) {
    let n = x.ncols();
    let mut lower = Mat::<f64>::zeros(n, COLUMNS.min(n));
    let mut end = n;
    while end > 0 {
        let start = (end - 1) / COLUMNS * COLUMNS;
        let width = end - start;
        for c in 0..width {
            for i in start + c + 1..n {
                lower[(i, c)] = std::mem::take(&mut x[(i, start + c)]);
            }
        }
        let (left, right) = x.as_mut().split_at_col_mut(end);
        let mut now = left.subcols_mut(start, width);
        let below = lower.as_ref().get(end..n, 0..width);
        matmul(now.as_mut(), Accum::Add, right.as_ref(), below, -1.0, par);
        // Y L⁻¹ by its transpose.
        let own = lower.as_ref().get(start..end, 0..width);
        solve_unit_upper_triangular_in_place(own.transpose(), now.transpose_mut(), par);
        end = start;
    }
}

/// Moves column i to column `forward[i]`.
fn permute_columns(mut matrix: MatMut<'_, f64>, forward: &[usize]) {
    let mut placed = vec![false; forward.len()];
    for first in 0..forward.len() {
        // Along the cycle, what was displaced goes on to its own place.
        let mut carried = matrix.as_ref().col(first).to_owned();
        let mut at = first;
        while !placed[at] {
            placed[at] = true;
            at = forward[at];
            for (cell, other) in carried.iter_mut().zip(matrix.as_mut().col_mut(at).iter_mut()) {
                std::mem::swap(cell, other);
            }
        }
    }
}
