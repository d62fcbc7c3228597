//! Shares of ideas behind one or two gates: the integrals of the Gaussian model.

use std::f64::consts::TAU;

use crate::normal;
use crate::quadrature::{RELATIVE_TOLERANCE, integrate, integrate_to};

/// Quality is integrated over [−LIMIT, LIMIT]; what lies outside has probability 2Φ(−10) = 1.5e-23.
const LIMIT: f64 = 10.0;
/// Initial panel borders, finer where the density is.
const GRID: [f64; 7] = [-LIMIT, -5.0, -2.5, 0.0, 2.5, 5.0, LIMIT];
/// A gate passes from 0 to 1 within this many standard deviations on each side of its centre, up to 1e-17. If that
/// happens faster than the density changes, the borders of that region become panel borders.
pub(crate) const REACH: f64 = 8.5;

/// One cut-off on one signal, seen from the quality of the piece.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gate {
    accuracy: f64,
    noise: f64,
    cut: f64,
}

impl Gate {
    /// Signal ρ q + √(1 − ρ²) ε, passed above `cut`; −∞ is the absence of a gate.
    pub(crate) fn new(accuracy: f64, cut: f64) -> Self {
        Self { accuracy, noise: noise(accuracy), cut }
    }

    /// Probabilities to pass and to fail, given quality; both accurate when small.
    fn pass_and_fail(&self, quality: f64) -> (f64, f64) {
        if self.cut.is_infinite() {
            return if self.cut < 0.0 { (1.0, 0.0) } else { (0.0, 1.0) };
        }
        if self.noise == 0.0 {
            return if quality > self.cut { (1.0, 0.0) } else { (0.0, 1.0) };
        }
        let x = (self.accuracy * quality - self.cut) / self.noise;
        // One erfc suffices: the larger of the two is one minus the smaller without loss.
        if x < 0.0 {
            let pass = normal::cdf(x);
            (pass, 1.0 - pass)
        } else {
            let fail = normal::cdf(-x);
            (1.0 - fail, fail)
        }
    }

    /// Qualities where the gate's response needs a panel border.
    fn borders(&self) -> impl Iterator<Item = f64> {
        let centre = self.cut / self.accuracy;
        let reach = REACH * self.noise / self.accuracy;
        let sharp = centre.is_finite() && reach < 3.0;
        [centre - reach, centre, centre + reach].into_iter().filter(move |_| sharp)
    }
}

/// √(1 − ρ²), accurate near ρ = 1.
pub(crate) fn noise(accuracy: f64) -> f64 {
    ((1.0 - accuracy) * (1.0 + accuracy)).sqrt()
}

/// Probabilities of the three fates behind two gates: published, stopped by the second, stopped by the first.
pub(crate) struct Fates {
    pub(crate) good: [f64; 3],
    pub(crate) bad: [f64; 3],
    pub(crate) error: f64,
}

/// ∫ φ(q) · (G₁G₂, G₁(1 − G₂), 1 − G₁) dq above (good) and below (bad) the quality `cut`.
pub(crate) fn fates(cut: f64, first: &Gate, second: &Gate) -> Fates {
    let integrand = |q: f64| {
        let density = normal::density(q);
        let ((pass, fail), (pass2, fail2)) = (first.pass_and_fail(q), second.pass_and_fail(q));
        [density * pass * pass2, density * pass * fail2, density * fail]
    };
    let good = integrate(integrand, &panels(cut, LIMIT, &[first, second]));
    let bad = integrate(integrand, &panels(-LIMIT, cut, &[first, second]));
    Fates { good: good.value, bad: bad.value, error: good.error + bad.error }
}

/// Only the first of them for the good, P(good, s₁ > c₁, s₂ > c₂), to a tolerance of one's own.
pub(crate) fn good_published(cut: f64, first: &Gate, second: &Gate, tolerance: f64) -> f64 {
    let integrand = |q: f64| [normal::density(q) * first.pass_and_fail(q).0 * second.pass_and_fail(q).0];
    integrate_to(integrand, &panels(cut, LIMIT, &[first, second]), tolerance).value[0]
}

/// P(X > x, Y > y) of standard normals with correlation ρ in [0, 1].
///
/// ```text
/// Φ(−x) Φ(−y) + 1/2π ∫₀^asin ρ exp(−(x² + y² − 2xy sin θ) / (2 cos² θ)) dθ
/// ```
///
/// (Plackett 1954). All terms are positive, so small probabilities keep their relative accuracy.
pub(crate) fn orthant(x: f64, y: f64, correlation: f64) -> f64 {
    orthant_to(x, y, correlation, RELATIVE_TOLERANCE)
}

/// The same to another tolerance.
pub(crate) fn orthant_to(x: f64, y: f64, correlation: f64, tolerance: f64) -> f64 {
    if x.max(y) == f64::INFINITY {
        return 0.0;
    }
    let apart = normal::cdf(-x) * normal::cdf(-y);
    if x.min(y) == f64::NEG_INFINITY {
        return apart;
    }
    let together = integrate_to(
        |angle: f64| {
            let (sin, cos) = angle.sin_cos();
            // The quotient above, rearranged so that nothing cancels near ρ = 1.
            let apart = (x - y) / cos;
            [(-0.5 * apart * apart - x * y / (1.0 + sin)).exp()]
        },
        &[0.0, correlation.asin()],
        tolerance,
    );
    apart + together.value[0] / TAU
}

/// Panel borders on [from, to]: the grid and whatever the gates need.
pub(crate) fn panels(from: f64, to: f64, gates: &[&Gate]) -> Vec<f64> {
    let (from, to) = (from.max(-LIMIT), to.min(LIMIT));
    if from >= to {
        return Vec::new();
    }
    let mut borders = vec![from, to];
    let inner = GRID.into_iter().chain(gates.iter().flat_map(|gate| gate.borders()));
    borders.extend(inner.filter(|&q| q > from && q < to));
    borders.sort_by(f64::total_cmp);
    borders
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both are good to some 1e-15; the sum of their errors.
    const TOLERANCE: f64 = 5e-15;

    #[test]
    fn integrals_over_quality_and_over_the_angle_agree() {
        for x in [-8.0, -2.0, -0.3, 0.0, 0.5, 1.5, 4.0, 9.0] {
            for y in [-6.0, -1.0, 0.0, 0.1, 0.5000001, 2.0, 5.0] {
                for correlation in [0.0, 1e-9, 0.2, 0.7, 0.95, 0.999, 1.0 - 1e-9, 1.0] {
                    let by_angle = orthant(x, y, correlation);
                    let gate = Gate::new(correlation, y);
                    let by_quality = fates(x, &gate, &Gate::new(0.0, f64::NEG_INFINITY)).good[0];
                    assert!(
                        (by_angle - by_quality).abs() < TOLERANCE,
                        "x {x}, y {y}, ρ {correlation}: {by_angle:e} against {by_quality:e}"
                    );
                }
            }
        }
    }
}
