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
