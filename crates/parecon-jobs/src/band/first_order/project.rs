//! Projection onto one member's polytope.
//!
//! ```text
//! minimise ½ Σ_j (y_j − z_j)² + Σ_d w_d (|Σ_j r_jd y_j| − τ_d)₊   over   y ≥ 0, Σ_j y_j = 1
//! ```
//! through its dual in 1 + D unknowns λ = (μ, γ): with `y_j = (z_j + μ − γ·r_j)₊`,
//! `½ Σ y_j² − μ + Σ_d τ_d |γ_d|` is least over `|γ_d| ≤ w_d`. It is convex and piecewise quadratic, so that Newton's method ends
//! in the solution once it has found the right piece; from the λ of the iteration before that is one step.

/// Numbers worked on together: sums are formed in as many strands, whatever the processor.
pub(super) const LANES: usize = 8;
type Lanes = [f64; LANES];

/// Newton steps, at most; one is usual.
const MOST_STEPS: usize = 100;
/// A sum of shares, or a deviation over the largest offset, is met to this accuracy: some rounding errors.
const EXACT: f64 = 1e-14;
/// Where rounding errors may already keep the accuracy from improving.
const NEARLY: f64 = 1e-10;
/// What the argument of an absent pair is: its share is 0 whatever λ.
const ABSENT: f64 = -1e300;
/// The part of the predicted decrease that a step must bring (Armijo).
const DECREASE: f64 = 1e-4;
/// The least pivot, over the squared scale of its row: fewer active pairs than binding constraints make H singular.
const RIDGE: f64 = 1e-10;

/// `M` = 1 + D.
pub(super) struct Projector<const M: usize> {
    len: usize,
    z: Vec<Lanes>,
    /// −r, from position 1.
    rows: [Vec<Lanes>; M],
    y: Vec<Lanes>,
    /// `τ_d` and `w_d`, from position 1.
    pub(super) tolerance: [f64; M],
    pub(super) penalty: [f64; M],
    /// The largest `|r_d|`, at least 1.
    scale: [f64; M],
}

/// The dual function at a point.
#[derive(Clone, Copy)]
struct Value<const M: usize> {
    value: f64,
    /// `Σ y`, `−Σ r_d y`.
    sums: [f64; M],
    hessian: [[f64; M]; M],
}

impl<const M: usize> Projector<M> {
    pub(super) fn new() -> Self {
        Projector {
            len: 0,
            z: Vec::new(),
            rows: std::array::from_fn(|_| Vec::new()),
            y: Vec::new(),
            tolerance: [0.0; M],
            penalty: [0.0; M],
            scale: [1.0; M],
        }
    }

    /// Makes room for `len` pairs, all absent.
    #[inline(always)]
    pub(super) fn reset(&mut self, len: usize) {
        let blocks = len.div_ceil(LANES);
        self.len = len;
        self.z.clear();
        self.z.resize(blocks, [ABSENT; LANES]);
        self.y.resize(blocks, [0.0; LANES]);
        for rows in &mut self.rows[1..] {
            rows.clear();
            rows.resize(blocks, [0.0; LANES]);
        }
    }

    #[inline(always)]
    pub(super) fn z(&mut self) -> &mut [f64] {
        &mut self.z.as_flattened_mut()[..self.len]
    }

    #[inline(always)]
    pub(super) fn row(&mut self, d: usize) -> &mut [f64] {
        &mut self.rows[d].as_flattened_mut()[..self.len]
    }

    /// (1, −r) of a pair.
    #[inline(always)]
    pub(super) fn column(&self, k: usize) -> [f64; M] {
        let mut column = [1.0; M];
        for d in 1..M {
            column[d] = self.rows[d].as_flattened()[k];
        }
        column
    }

    /// The projection.
    #[inline(always)]
    pub(super) fn y(&self) -> &[f64] {
        &self.y.as_flattened()[..self.len]
    }

    #[inline(always)]
    fn evaluate(&mut self, lambda: &[f64; M]) -> Value<M> {
        let mut squares = [0.0; LANES];
        let mut sums = [[0.0; LANES]; M];
        let mut hessian = [[[0.0; LANES]; M]; M];
        for (b, (z, y)) in self.z.iter().zip(&mut self.y).enumerate() {
            let mut row = [[1.0; LANES]; M];
            let mut w = *z;
            for l in 0..LANES {
                w[l] += lambda[0];
            }
            for d in 1..M {
                row[d] = self.rows[d][b];
                for l in 0..LANES {
                    w[l] += lambda[d] * row[d][l];
                }
            }
            let mut active = [0.0; LANES];
            for l in 0..LANES {
                active[l] = if w[l] > 0.0 { 1.0 } else { 0.0 };
                y[l] = if w[l] > 0.0 { w[l] } else { 0.0 };
                squares[l] += y[l] * y[l];
            }
            for a in 0..M {
                for l in 0..LANES {
                    sums[a][l] += y[l] * row[a][l];
                }
                for c in 0..=a {
                    for l in 0..LANES {
                        hessian[a][c][l] += active[l] * row[a][l] * row[c][l];
                    }
                }
            }
        }
        let mut value = 0.5 * total(&squares) - lambda[0];
        for d in 1..M {
            if lambda[d] != 0.0 {
                value += self.tolerance[d] * lambda[d].abs();
            }
        }
        Value {
            value,
            sums: sums.map(|strands| total(&strands)),
            hessian: hessian.map(|row| row.map(|strands| total(&strands))),
        }
    }

    /// The slope of the dual function, 0 where it cannot be followed down, and what is free to move.
    #[inline(always)]
    fn slope(&self, lambda: &[f64; M], at: &Value<M>) -> ([f64; M], [bool; M]) {
        let mut slope = [0.0; M];
        let mut free = [false; M];
        slope[0] = at.sums[0] - 1.0;
        free[0] = true;
        for d in 1..M {
            let (tolerance, most) = (self.tolerance[d], self.penalty[d]);
            if tolerance == f64::INFINITY || most == 0.0 {
                continue;
            }
            // From either side of the kink at 0.
            let (up, down) = (at.sums[d] + tolerance, at.sums[d] - tolerance);
            let g = match lambda[d] {
                l if l > 0.0 => up,
                l if l < 0.0 => down,
                _ if up < 0.0 => up,
                _ if down > 0.0 => down,
                _ => continue,
            };
            let outwards = (lambda[d] >= most && g < 0.0) || (lambda[d] <= -most && g > 0.0);
            if !outwards {
                slope[d] = g;
                free[d] = true;
            }
        }
        (slope, free)
    }

    /// Projects, from a guess of λ, which becomes the solution.
    #[inline(always)]
    pub(super) fn project(&mut self, lambda: &mut [f64; M]) {
        for d in 1..M {
            let mut most = [1.0; LANES];
            for row in &self.rows[d] {
                for l in 0..LANES {
                    let size = row[l].abs();
                    most[l] = if size > most[l] { size } else { most[l] };
                }
            }
            self.scale[d] = most.iter().fold(1.0, |a, b| if *b > a { *b } else { a });
            let none = self.tolerance[d] == f64::INFINITY;
            lambda[d] = if none { 0.0 } else { lambda[d].clamp(-self.penalty[d], self.penalty[d]) };
        }
        let mut at = self.evaluate(lambda);
        let mut before = f64::INFINITY;
        for _ in 0..MOST_STEPS {
            let (slope, free) = self.slope(lambda, &at);
            let mut worst = 0.0;
            for a in 0..M {
                worst = f64::max(worst, slope[a].abs() / self.scale[a]);
            }
            if worst <= EXACT || (worst <= NEARLY && worst >= 0.5 * before) {
                return;
            }
            before = worst;
            let step = newton(&slope, &free, &at.hessian, &self.scale);
            let mut length = 1.0;
            let mut tried = 0;
            loop {
                let (next, rate) = self.along(lambda, &slope, &free, &step, length);
                let value = self.evaluate(&next);
                let rounding = 1e-15 * at.value.abs();
                tried += 1;
                if value.value <= at.value + DECREASE * rate + rounding || tried > 60 {
                    *lambda = next;
                    at = value;
                    break;
                }
                length *= if tried < 4 { 0.5 } else { 0.1 };
            }
        }
    }

    /// A point along a step, cut off at the kink at 0 and at the limits; and the slope times the way there.
    #[inline(always)]
    fn along(
        &self,
        lambda: &[f64; M],
        slope: &[f64; M],
        free: &[bool; M],
        step: &[f64; M],
        length: f64,
    ) -> ([f64; M], f64) {
        let mut next = *lambda;
        let mut rate = 0.0;
        for a in 0..M {
            if !free[a] {
                continue;
            }
            next[a] += length * step[a];
            if a > 0 {
                let side = if lambda[a] != 0.0 { lambda[a] } else { -slope[a] };
                if next[a] * side < 0.0 {
                    next[a] = 0.0;
                }
                next[a] = next[a].clamp(-self.penalty[a], self.penalty[a]);
            }
            rate += slope[a] * (next[a] - lambda[a]);
        }
        (next, rate)
    }
}

#[inline(always)]
fn total(strands: &Lanes) -> f64 {
    let [a, b, c, d, e, f, g, h] = *strands;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// −H⁻¹ slope over the free unknowns, by Cholesky.
#[inline(always)]
fn newton<const M: usize>(
    slope: &[f64; M],
    free: &[bool; M],
    hessian: &[[f64; M]; M],
    scale: &[f64; M],
) -> [f64; M] {
    let mut l = [[0.0; M]; M];
    let mut x = [0.0; M];
    for a in 0..M {
        if !free[a] {
            continue;
        }
        for b in 0..a {
            if free[b] {
                let mut sum = hessian[a][b];
                for c in 0..b {
                    sum -= l[a][c] * l[b][c];
                }
                l[a][b] = sum / l[b][b];
            }
        }
        let mut pivot = hessian[a][a];
        let mut sum = -slope[a];
        for c in 0..a {
            pivot -= l[a][c] * l[a][c];
            sum -= l[a][c] * x[c];
        }
        l[a][a] = pivot.max(RIDGE * scale[a] * scale[a]).sqrt();
        x[a] = sum / l[a][a];
    }
    for a in (0..M).rev() {
        if free[a] {
            let mut sum = x[a];
            for c in a + 1..M {
                sum -= l[c][a] * x[c];
            }
            x[a] = sum / l[a][a];
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Shares, and deviations over the largest offset.
    const MET: f64 = 1e-11;

    fn deviation(projector: &Projector<3>, y: &[f64], d: usize) -> f64 {
        y.iter().enumerate().map(|(k, y)| -projector.column(k)[d] * y).sum()
    }

    /// ½|y − z|² + Σ w (|s| − τ)₊, or infinity outside a hard band by more than rounding.
    fn objective(projector: &Projector<3>, z: &[f64], y: &[f64]) -> f64 {
        let mut value: f64 = y.iter().zip(z).map(|(y, z)| 0.5 * (y - z) * (y - z)).sum();
        for d in 1..3 {
            let excess = (deviation(projector, y, d).abs() - projector.tolerance[d]).max(0.0);
            value += match projector.penalty[d] {
                f64::INFINITY if excess > MET * projector.scale[d] => f64::INFINITY,
                f64::INFINITY => 0.0,
                penalty => penalty * excess,
            };
        }
        value
    }

    proptest! {
        #[test]
        fn no_point_of_the_polytope_is_nearer(
            cells in prop::collection::vec((-2.0..2.0f64, -9.0..9.0f64, -9.0..9.0f64, 0.0..1.0f64), 1..40),
            bands in prop::array::uniform2((prop_oneof![Just(0.0), Just(0.5), Just(3.0), Just(f64::INFINITY)], prop_oneof![Just(0.02), Just(1.0), Just(f64::INFINITY)])),
            guess in prop::array::uniform3(-1.0..1.0f64),
        ) {
            let mut projector = Projector::<3>::new();
            projector.reset(cells.len());
            let z: Vec<f64> = cells.iter().map(|cell| cell.0).collect();
            projector.z().copy_from_slice(&z);
            // The last task has no deviation, so that every band can be met.
            let last = cells.len() - 1;
            for (k, cell) in cells.iter().enumerate().take(last) {
                projector.row(1)[k] = -cell.1;
                projector.row(2)[k] = -cell.2;
            }
            for d in 0..2 {
                (projector.tolerance[d + 1], projector.penalty[d + 1]) = bands[d];
            }
            let mut lambda = guess;
            projector.project(&mut lambda);
            let y = projector.y().to_vec();
            prop_assert!((y.iter().sum::<f64>() - 1.0).abs() < MET && y.iter().all(|y| *y >= 0.0));
            let least = objective(&projector, &z, &y);
            prop_assert!(least < f64::INFINITY);
            // Convex, so a nearer point would show along the way to it: tried are mixtures of any shares with the last task
            // that meet the bands, and moves of the projection towards them.
            let total: f64 = cells.iter().map(|cell| cell.3).sum::<f64>().max(1e-9);
            for part in [1.0, 0.3, 0.1, 0.01, 0.0] {
                let mut other: Vec<f64> = cells.iter().map(|cell| part * cell.3 / total).collect();
                other[last] += 1.0 - other.iter().sum::<f64>();
                for step in [1e-6, 1e-3, 0.1, 1.0] {
                    let moved: Vec<f64> = y.iter().zip(&other).map(|(y, o)| y + step * (o - y)).collect();
                    prop_assert!(objective(&projector, &z, &moved) >= least - MET, "{part} {step}");
                }
            }
        }
    }
}
