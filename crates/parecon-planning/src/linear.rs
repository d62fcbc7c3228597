//! The one dense linear solve that clearing and price revision share.

use faer::Mat;
use faer::linalg::solvers::Solve;

/// Solves `A·x = b` for a square matrix in row-major order; `None` if the answer is not finite.
pub(crate) fn solve(matrix: &[f64], right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    if matrix.iter().chain(right).any(|v| !v.is_finite()) {
        return None;
    }
    let a = Mat::from_fn(n, n, |i, j| matrix[i * n + j]);
    let b = Mat::from_fn(n, 1, |i, _| right[i]);
    let x = a.partial_piv_lu().solve(&b);
    let x: Vec<f64> = (0..n).map(|i| x[(i, 0)]).collect();
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
