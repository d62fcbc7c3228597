//! Gauss–Legendre quadrature.

use std::f64::consts::PI;

/// Points and weights on 0 to 1 that integrate polynomials of degree up to 2 n − 1 exactly.
///
/// Newton's method on the Legendre polynomial from Chebyshev-like starting points (Davis and Rabinowitz 1984).
pub(super) fn gauss_legendre(n: usize) -> Vec<(f64, f64)> {
    (0..n)
        .map(|i| {
            let mut x = (PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
            let mut slope = 1.0;
            // Quadratic from a good start: a few steps reach rounding.
            for _ in 0..10 {
                let (mut value, mut before) = (1.0, 0.0);
                for k in 1..=n {
                    let k = k as f64;
                    (value, before) = (((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k, value);
                }
                slope = n as f64 * (x * value - before) / (x * x - 1.0);
                x -= value / slope;
            }
            (0.5 * (1.0 - x), 1.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_up_to_the_order_are_exact() {
        for n in 1..=40 {
            let points = gauss_legendre(n);
            for power in 0..2 * n {
                let sum: f64 = points.iter().map(|(at, weight)| weight * at.powi(power as i32)).sum();
                let exact = 1.0 / (power as f64 + 1.0);
                assert!((sum - exact).abs() < 1e-14, "{n} {power}: {sum} {exact}");
            }
        }
    }
}
