//! The one dense linear solve that clearing and price revision share.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::lu::partial_pivoting::{factor, solve as substitute};
use faer::{Mat, MatMut, Par};

/// Solves `A·x = b` for a square matrix in row-major order; `None` if the answer is not finite.
///
/// On one thread always, whatever features of faer the final program turns on: the bits must not depend on it.
pub(crate) fn solve(matrix: &[f64], right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    if matrix.iter().chain(right).any(|v| !v.is_finite()) {
        return None;
    }
    let mut lu = Mat::from_fn(n, n, |i, j| matrix[i * n + j]);
    let (mut forward, mut backward) = (vec![0usize; n], vec![0usize; n]);
    let scratch = factor::lu_in_place_scratch::<usize, f64>(n, n, Par::Seq, Default::default())
        .or(substitute::solve_in_place_scratch::<usize, f64>(n, 1, Par::Seq));
    let mut buffer = MemBuffer::new(scratch);
    let stack = MemStack::new(&mut buffer);
    let (_, permutation) =
        factor::lu_in_place(lu.as_mut(), &mut forward, &mut backward, Par::Seq, stack, Default::default());
    let mut x = right.to_vec();
    let view = MatMut::from_column_major_slice_mut(&mut x, n, 1);
    substitute::solve_in_place(lu.as_ref(), lu.as_ref(), permutation, view, Par::Seq, stack);
    x.iter().all(|v| v.is_finite()).then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_systems() {
        assert_eq!(solve(&[2.0, 1.0, 0.0, 4.0], &[4.0, 8.0]), Some(vec![1.0, 2.0]));
        assert_eq!(solve(&[1.0, 1.0, 1.0, 1.0], &[1.0, 2.0]), None);
        assert_eq!(solve(&[f64::NAN], &[1.0]), None);
    }
}
