//! The linear solves that clearing and price revision share: dense, and without a matrix.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::lu::partial_pivoting::{factor, solve as substitute};
use faer::perm::Perm;
use faer::{Mat, MatMut, Par};

/// Chunks of councils with a matrix each, at most: they are held at once.
const MATRICES: usize = 16;
/// Up to so many goods, matrices are used however few the councils' inputs are.
const FEW_GOODS: usize = 1_000;
/// Cube of the number of goods per input at which GMRES takes as long as sums of matrices and their factors (measured).
const CUBE_PER_INPUT: f64 = 1_500.0;
/// Directions kept by GMRES before it starts afresh, and in all.
const RESTART: usize = 60;
const DIRECTIONS: usize = 600;

/// Whether sums of councils with so many inputs are worth a matrix over all goods.
pub(crate) fn worth_matrices(goods: usize, inputs: f64) -> bool {
    let n = goods as f64;
    goods <= FEW_GOODS || n * n * n <= CUBE_PER_INPUT * inputs
}

/// Councils per task when each task holds a matrix of `cells`.
pub(crate) fn matrix_chunk(councils: usize, cells: usize) -> usize {
    councils.div_ceil(MATRICES).max(cells / 8).max(512)
}

/// Factors of a square matrix.
///
/// On one thread always, whatever features of faer the final program turns on: the bits must not depend on it.
pub(crate) struct Lu {
    factors: Mat<f64>,
    permutation: Perm<usize>,
}

impl Lu {
    /// Of the matrix with cells `cell(row, column)`; `None` if one is not finite.
    pub(crate) fn of(n: usize, cell: impl Fn(usize, usize) -> f64) -> Option<Self> {
        let mut finite = true;
        let mut factors = Mat::from_fn(n, n, |i, j| {
            let value = cell(i, j);
            finite &= value.is_finite();
            value
        });
        if !finite {
            return None;
        }
        let (mut forward, mut backward) = (vec![0usize; n], vec![0usize; n]);
        let scratch = factor::lu_in_place_scratch::<usize, f64>(n, n, Par::Seq, Default::default());
        let mut buffer = MemBuffer::new(scratch);
        let stack = MemStack::new(&mut buffer);
        factor::lu_in_place(
            factors.as_mut(),
            &mut forward,
            &mut backward,
            Par::Seq,
            stack,
            Default::default(),
        );
        let permutation = Perm::new_checked(forward.into_boxed_slice(), backward.into_boxed_slice(), n);
        Some(Lu { factors, permutation })
    }

    /// `None` if the answer is not finite, or the right side has not as many rows.
    pub(crate) fn solve(&self, right: &[f64]) -> Option<Vec<f64>> {
        let n = right.len();
        if n != self.factors.nrows() {
            return None;
        }
        let scratch = substitute::solve_in_place_scratch::<usize, f64>(n, 1, Par::Seq);
        let mut buffer = MemBuffer::new(scratch);
        let stack = MemStack::new(&mut buffer);
        let mut x = right.to_vec();
        let view = MatMut::from_column_major_slice_mut(&mut x, n, 1);
        let factors = self.factors.as_ref();
        substitute::solve_in_place(factors, factors, self.permutation.as_ref(), view, Par::Seq, stack);
        x.iter().all(|v| v.is_finite()).then_some(x)
    }
}

/// Solves `A·x = b` for a square matrix in row-major order; `None` if the answer is not finite.
pub(crate) fn solve(matrix: &[f64], right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    Lu::of(n, |i, j| matrix[i * n + j])?.solve(right)
}

/// Solves `A·x = b` by restarted GMRES until the residual is below `tolerance` times `b`'s, both in the scale of the
/// diagonal, or it stops falling; `None` if the answer is not finite.
///
/// `apply` gives `A·x`. Memory and work are those of 60 vectors, and what `apply` needs.
///
/// Apart from `parecon-io`'s, which takes several right-hand sides of one stored matrix in step: here there is one, no
/// matrix, and no need of that crate, which is an optional dependency.
///
/// Reference: Y. Saad, M. H. Schultz, "GMRES", SIAM J. Sci. Stat. Comput. 7 (1986).
pub(crate) fn gmres(
    apply: impl Fn(&[f64]) -> Vec<f64>,
    diagonal: &[f64],
    right: &[f64],
    tolerance: f64,
) -> Option<Vec<f64>> {
    let scaled = |v: Vec<f64>| -> Vec<f64> { v.iter().zip(diagonal).map(|(v, d)| v / d).collect() };
    let mut x = vec![0.0; right.len()];
    let mut residual = scaled(right.to_vec());
    let target = tolerance * norm(&residual);
    for _ in 0..DIRECTIONS / RESTART {
        let size = norm(&residual);
        if !size.is_finite() {
            return None;
        }
        if size <= target || size == 0.0 {
            break;
        }
        let mut basis = vec![residual.iter().map(|r| r / size).collect::<Vec<f64>>()];
        // Column j of the Hessenberg matrix, rotated to a triangle as it grows.
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let mut rotations: Vec<(f64, f64)> = Vec::new();
        let mut rest = vec![size];
        for j in 0..RESTART {
            let mut next = scaled(apply(&basis[j]));
            let mut column = Vec::with_capacity(j + 2);
            for direction in &basis {
                let along = dot(direction, &next);
                next.iter_mut().zip(direction).for_each(|(v, d)| *v -= along * d);
                column.push(along);
            }
            let length = norm(&next);
            for (i, (c, s)) in rotations.iter().enumerate() {
                let (upper, lower) = (column[i], column[i + 1]);
                column[i] = c * upper + s * lower;
                column[i + 1] = c * lower - s * upper;
            }
            let radius = column[j].hypot(length);
            let (c, s) = (column[j] / radius, length / radius);
            column[j] = radius;
            rotations.push((c, s));
            columns.push(column);
            let last = rest[j];
            rest[j] = c * last;
            rest.push(-s * last);
            if (s * last).abs() <= target || length <= f64::EPSILON * radius || !radius.is_normal() {
                break;
            }
            basis.push(next.iter().map(|v| v / length).collect());
        }
        let mut weights = vec![0.0; columns.len()];
        for j in (0..columns.len()).rev() {
            let known: f64 = (j + 1..columns.len()).map(|k| columns[k][j] * weights[k]).sum();
            weights[j] = (rest[j] - known) / columns[j][j];
        }
        for (weight, direction) in weights.iter().zip(&basis) {
            x.iter_mut().zip(direction).for_each(|(x, d)| *x += weight * d);
        }
        let product = apply(&x);
        residual = scaled(right.iter().zip(product).map(|(b, p)| b - p).collect());
        if norm(&residual) > 0.5 * size {
            break; // rounding, or a matrix that is no match for it
        }
    }
    x.iter().all(|v| v.is_finite()).then_some(x)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(v: &[f64]) -> f64 {
    dot(v, v).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_systems() {
        assert_eq!(solve(&[2.0, 1.0, 0.0, 4.0], &[4.0, 8.0]), Some(vec![1.0, 2.0]));
        assert_eq!(solve(&[1.0, 1.0, 1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(solve(&[f64::NAN], &[1.0]), None);
        assert_eq!(Lu::of(2, cell).unwrap().solve(&[1.0]), None);
    }

    /// A diagonally dominant matrix that is not symmetric.
    fn cell(i: usize, j: usize) -> f64 {
        if i == j { 3.0 + i as f64 } else { ((7 * i + 3 * j) % 11) as f64 / 150.0 - 0.02 }
    }

    #[test]
    fn without_a_matrix_the_answer_is_the_same() {
        let n = 130;
        let right: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
        let apply = |x: &[f64]| -> Vec<f64> {
            (0..n).map(|i| x.iter().enumerate().map(|(j, x)| cell(i, j) * x).sum()).collect()
        };
        let diagonal: Vec<f64> = (0..n).map(|i| cell(i, i)).collect();
        let (free, dense) = (
            gmres(apply, &diagonal, &right, 1e-13).unwrap(),
            Lu::of(n, cell).unwrap().solve(&right).unwrap(),
        );
        assert!(free.iter().zip(&dense).all(|(a, b)| (a - b).abs() < 1e-12));
        assert_eq!(gmres(|x| x.to_vec(), &[1.0], &[0.0], 1e-9), Some(vec![0.0]));
        assert_eq!(gmres(|_| vec![f64::NAN], &[1.0], &[1.0], 1e-9), None);
    }
}
