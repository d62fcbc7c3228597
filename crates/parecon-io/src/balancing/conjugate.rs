//! Conjugate gradients for the Newton steps of the dual problems.

/// Solves H d = g for a positive semidefinite H, roughly: to `tolerance` of |g|, or as far as `limit` products reach.
///
/// Whatever it returns is a direction of ascent, g'd > 0, which is all that a Newton step needs; directions in which H
/// is zero are left out. Entries with a diagonal of zero stay 0.
pub(super) fn solve(
    apply: impl Fn(&[f64], &mut [f64]),
    diagonal: &[f64],
    g: &[f64],
    tolerance: f64,
    limit: usize,
) -> Vec<f64> {
    /// Curvature relative to the diagonal's below which a direction counts as flat.
    const FLAT: f64 = 1e-13;
    let precondition = |r: &[f64], z: &mut [f64]| {
        for ((z, r), d) in z.iter_mut().zip(r).zip(diagonal) {
            *z = if *d > 0.0 { r / d } else { 0.0 };
        }
    };
    let n = g.len();
    let (mut d, mut r, mut z, mut product) = (vec![0.0; n], g.to_vec(), vec![0.0; n], vec![0.0; n]);
    precondition(&r, &mut z);
    let mut p = z.clone();
    let mut size = dot(&r, &z);
    let enough = tolerance * tolerance * size;
    for _ in 0..limit {
        if !(size > enough && size.is_finite()) {
            break;
        }
        apply(&p, &mut product);
        let curvature = dot(&p, &product);
        let flat = FLAT * p.iter().zip(diagonal).map(|(p, d)| p * p * d).sum::<f64>();
        if !(curvature > flat && curvature.is_finite()) {
            break;
        }
        let step = size / curvature;
        for i in 0..n {
            d[i] += step * p[i];
            r[i] -= step * product[i];
        }
        precondition(&r, &mut z);
        let next = dot(&r, &z);
        for i in 0..n {
            p[i] = z[i] + next / size * p[i];
        }
        size = next;
    }
    d
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_and_leaves_out_what_is_flat() {
        // H = [2 1; 1 2] and a third direction without curvature.
        let apply = |p: &[f64], out: &mut [f64]| {
            out.copy_from_slice(&[2.0 * p[0] + p[1], p[0] + 2.0 * p[1], 0.0]);
        };
        let d = solve(apply, &[2.0, 2.0, 0.0], &[3.0, 3.0, 7.0], 1e-14, 10);
        assert!((d[0] - 1.0).abs() < 1e-14 && (d[1] - 1.0).abs() < 1e-14);
        assert_eq!(d[2], 0.0);
    }
}
