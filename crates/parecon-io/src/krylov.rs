//! Solutions of (I − A) x = b without a factorisation: restarted GMRES for several right-hand sides in step.
//!
//! One pass over A serves all right-hand sides, so that few of them cost as many reads of A as one needs iterations. Each
//! cycle ends with the true residual, by components, and the next cycle corrects what is left.

use nalgebra::{DMatrix, DVector};

/// Which equations are to be solved, with A or with its transpose.
pub(crate) use crate::factor::Side;

/// A cycle ends here at the latest, relative to where it began: below, estimate and true residual part.
const CYCLE_GAIN: f64 = 2e-14;

/// A cycle aims this much lower than it must: it measures the residual of a whole vector, the test by components.
const MARGIN: f64 = 0.1;

/// Solutions count as exact at this residual, by components, relative to |x| + |A x| + |b|: elimination does no
/// better.
pub(crate) const EXACT: f64 = 1e-14;

/// Directions kept in a cycle: 40 passes bring any economy far from the brink to rounding level.
const DIRECTIONS: usize = 40;

/// Cycles before a direct method is better.
const CYCLES: usize = 5;

/// The least size of an unknown relative to the largest, at first: demand has not yet reached every sector.
const FIRST_FLOOR: f64 = 1e-4;

/// And when a cycle has found all sizes.
const LATER_FLOOR: f64 = 1e-100;

/// What is left below this, relative to the start of the cycle, is a direction of rounding noise only.
const BREAKDOWN: f64 = 1e-15;

/// A matrix of coefficients that can be multiplied by blocks of vectors.
pub(crate) trait Coefficients {
    /// The number of sectors.
    fn len(&self) -> usize;

    /// A X or A'X.
    fn apply(&self, side: Side, x: &DMatrix<f64>) -> DMatrix<f64>;
}

/// X in (I − A) X = B or (I − A)'X = B, to rounding level by components; `None` where the iteration does not get
/// there.
pub(crate) fn solve(a: &impl Coefficients, side: Side, rhs: &DMatrix<f64>) -> Option<DMatrix<f64>> {
    let mut x = rhs + a.apply(side, rhs);
    let mut floor = FIRST_FLOOR;
    // Infinite errors are never below it.
    let mut previous = f64::MAX;
    for _ in 0..CYCLES {
        let product = a.apply(side, &x);
        let residual = rhs - &x + &product;
        let errors = errors(&residual, &x, &product, rhs);
        let worst = errors.iter().copied().fold(0.0, f64::max);
        if worst <= EXACT {
            return Some(x);
        }
        if worst >= 0.5 * previous {
            return None;
        }
        previous = worst;
        let scale = scales(&x, &product, rhs, floor);
        floor = LATER_FLOOR;
        x += cycle(a, side, &residual, &scale, &errors);
    }
    None
}

/// The largest residual of each column, by components and relative to |x| + |A x| + |b|; infinite where a component
/// is not a number.
pub(crate) fn errors(
    residual: &DMatrix<f64>,
    x: &DMatrix<f64>,
    ax: &DMatrix<f64>,
    b: &DMatrix<f64>,
) -> Vec<f64> {
    let column_error = |c: usize| {
        let mut worst = 0.0f64;
        for i in 0..x.nrows() {
            let r = residual[(i, c)].abs();
            let error = r / (x[(i, c)].abs() + ax[(i, c)].abs() + b[(i, c)].abs());
            if r > 0.0 {
                worst = worst.max(error);
            }
            if r.is_nan() || error.is_infinite() {
                return f64::INFINITY;
            }
        }
        worst
    };
    (0..x.ncols()).map(column_error).collect()
}

/// The size of each unknown: in these units all are alike, and a small norm of the residual makes small components.
fn scales(x: &DMatrix<f64>, ax: &DMatrix<f64>, b: &DMatrix<f64>, floor: f64) -> DMatrix<f64> {
    let mut scale = x.abs() + ax.abs() + b.abs();
    for mut column in scale.column_iter_mut() {
        let floor = (column.max() * floor).max(f64::MIN_POSITIVE);
        column.iter_mut().for_each(|cell| *cell = cell.max(floor));
    }
    scale
}

/// One GMRES column: its Hessenberg matrix made triangular as it grows.
struct Column {
    /// Columns of R.
    triangle: Vec<Vec<f64>>,
    rotations: Vec<(f64, f64)>,
    /// The rotated right-hand side; its last entry is the residual.
    right: Vec<f64>,
    /// The residual to end at.
    target: f64,
    done: bool,
}

impl Column {
    /// Takes a new column of the Hessenberg matrix in.
    fn push(&mut self, mut h: Vec<f64>) {
        let j = self.triangle.len();
        for (i, (c, s)) in self.rotations.iter().enumerate() {
            let (upper, lower) = (h[i], h[i + 1]);
            h[i] = c * upper + s * lower;
            h[i + 1] = c * lower - s * upper;
        }
        let length = h[j].hypot(h[j + 1]);
        let (c, s) = if length > 0.0 { (h[j] / length, h[j + 1] / length) } else { (1.0, 0.0) };
        h.truncate(j + 1);
        h[j] = length;
        self.rotations.push((c, s));
        self.triangle.push(h);
        let last = self.right[j];
        self.right[j] = c * last;
        self.right.push(-s * last);
        self.done |= self.right[j + 1].abs() <= self.target;
    }

    /// The weights of the directions.
    fn weights(&self) -> Vec<f64> {
        let m = self.triangle.len();
        let mut weights = self.right[..m].to_vec();
        for j in (0..m).rev() {
            let pivot = self.triangle[j][j];
            weights[j] = if pivot > 0.0 { weights[j] / pivot } else { 0.0 };
            for i in 0..j {
                weights[i] -= self.triangle[j][i] * weights[j];
            }
        }
        weights
    }
}

/// The correction that one cycle finds for the residuals of the columns whose errors are not yet small enough.
fn cycle(
    a: &impl Coefficients,
    side: Side,
    residual: &DMatrix<f64>,
    scale: &DMatrix<f64>,
    errors: &[f64],
) -> DMatrix<f64> {
    let (n, k) = residual.shape();
    let mut direction = residual.component_div(scale);
    let mut columns = Vec::with_capacity(k);
    for c in 0..k {
        let start = if errors[c] > EXACT { direction.column(c).norm() } else { 0.0 };
        let done = start <= 0.0 || !start.is_finite();
        if done {
            direction.column_mut(c).fill(0.0);
        } else {
            direction.column_mut(c).unscale_mut(start);
        }
        let (triangle, rotations) = (Vec::new(), Vec::new());
        let target = start * (MARGIN * EXACT / errors[c]).max(CYCLE_GAIN);
        columns.push(Column { triangle, rotations, right: vec![start], target, done });
    }
    let mut basis = vec![direction];
    while basis.len() <= DIRECTIONS && columns.iter().any(|column| !column.done) {
        let last = &basis[basis.len() - 1];
        let mut next = a.apply(side, &last.component_mul(scale));
        for (c, column) in columns.iter_mut().enumerate() {
            let mut w = next.column_mut(c);
            if column.done {
                w.fill(0.0);
                continue;
            }
            for i in 0..n {
                w[i] = last[(i, c)] - w[i] / scale[(i, c)];
            }
            let before = w.norm();
            let mut h = Vec::with_capacity(basis.len() + 1);
            for earlier in &basis {
                let v = earlier.column(c);
                let along = v.dot(&w);
                w.axpy(-along, &v, 1.0);
                h.push(along);
            }
            let length = w.norm();
            h.push(length);
            column.push(h);
            if length > BREAKDOWN * before {
                w.unscale_mut(length);
            } else {
                column.done = true;
                w.fill(0.0);
            }
        }
        basis.push(next);
    }
    let mut correction = DMatrix::zeros(n, k);
    for (c, column) in columns.iter().enumerate() {
        let mut sum = DVector::zeros(n);
        for (weight, block) in column.weights().into_iter().zip(&basis) {
            sum.axpy(weight, &block.column(c), 1.0);
        }
        for i in 0..n {
            correction[(i, c)] = sum[i] * scale[(i, c)];
        }
    }
    correction
}
