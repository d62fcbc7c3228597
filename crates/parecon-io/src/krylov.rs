//! Solutions of (I − A) x = b without a factorisation: restarted GMRES for several right-hand sides in step.
//!
//! One pass over a dense A serves all right-hand sides, so that few of them cost as many reads of A as one needs iterations. Each
//! cycle ends with the true residual, by components, and the next cycle corrects what is left.

use nalgebra::DMatrix;

use crate::product::{self, Block};

/// Which equations are to be solved, with A or with its transpose.
pub(crate) use crate::factor::Side;

/// A cycle ends here at the latest, relative to where it began: below, estimate and true residual part.
const CYCLE_GAIN: f64 = 2e-15;

/// A cycle aims this much lower than it must: it measures the residual of a whole vector, the test by components.
const MARGIN: f64 = 0.1;

/// Solutions count as exact at this residual, by components, relative to |x| + |A x| + |b|: elimination does no
/// better.
pub(crate) const EXACT: f64 = 1e-14;

/// A solution so many times larger than its right-hand side is left to the direct method, which tells a singular matrix:
/// there the iteration finds about what is in equilibrium by itself, as large as rounding lets it.
const LARGEST_GROWTH: f64 = 1e10;

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

/// A direction that keeps this share of its length is orthogonal enough to the earlier ones at the first attempt.
const KEPT: f64 = 0.5;

/// A matrix of coefficients that can be multiplied by blocks of vectors.
///
/// It may know a part D of I − A = D − R with which equations are solved at once.
pub(crate) trait Coefficients {
    /// A X or A'X.
    fn apply(&self, side: Side, x: &DMatrix<f64>) -> DMatrix<f64>;

    /// Solutions of the equations with D or D' for some right-hand sides; `None` where D is the identity.
    fn precondition(&self, _side: Side, _rhs: &DMatrix<f64>) -> Option<DMatrix<f64>> {
        None
    }
}

/// X in (I − A) X = B or (I − A)'X = B, to rounding level by components; `None` where the iteration does not get
/// there. A solution that is known already, or nearly, may be given as `start`.
pub(crate) fn solve(
    a: &impl Coefficients,
    side: Side,
    rhs: &DMatrix<f64>,
    start: Option<DMatrix<f64>>,
) -> Option<DMatrix<f64>> {
    let start = start.or_else(|| a.precondition(side, rhs));
    let mut x = start.unwrap_or_else(|| rhs.clone());
    let mut floor = FIRST_FLOOR;
    // Infinite errors are never below it.
    let mut previous = f64::MAX;
    for _ in 0..CYCLES {
        let product = a.apply(side, &x);
        let residual = rhs - &x + &product;
        let errors = errors(&residual, &x, &product, rhs);
        let worst = errors.iter().copied().fold(0.0, f64::max);
        if worst <= EXACT {
            let is_large = |c: usize| x.column(c).amax() > LARGEST_GROWTH * rhs.column(c).amax();
            return (!(0..x.ncols()).any(is_large)).then_some(x);
        }
        if worst >= 0.5 * previous {
            break;
        }
        previous = worst;
        let scale = scales(&x, &product, rhs, floor);
        floor = LATER_FLOOR;
        x += cycle(a, side, &residual, &scale, &errors);
    }
    None
}

/// The largest residual of each column, by components and relative to |x| + |A x| + |b|; infinite where a component
/// is not finite, or what it is measured against.
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
            let size = x[(i, c)].abs() + ax[(i, c)].abs() + b[(i, c)].abs();
            if !r.is_finite() || !size.is_finite() {
                return f64::INFINITY;
            }
            if r > 0.0 {
                worst = worst.max(r / size);
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

/// One right-hand side in a cycle: its directions, and its Hessenberg matrix made triangular as it grows.
struct Column {
    /// Which right-hand side.
    at: usize,
    /// One direction after the other.
    basis: Vec<f64>,
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
    /// Orthogonalises `w` = R D⁻¹ v against the directions so far, of which v is the last, and takes it in as the next.
    ///
    /// (I − A) D⁻¹ v = v − w leads into the same directions, but most of it is v, and what matters would be the small
    /// difference of large numbers.
    fn extend(&mut self, mut w: Vec<f64>) {
        let n = w.len();
        let size = self.basis.len() / n;
        let mut along = vec![0.0; size];
        let before = norm(&w);
        let mut length = before;
        // Twice is enough (Daniel, Gragg, Kaufman and Stewart 1976), and once where little was taken away.
        for _ in 0..2 {
            let start = length;
            let basis = || Block::new(&self.basis, n, 0..n, 0..size);
            let mut part = vec![0.0; size];
            product::transposed(basis(), &w, &mut part);
            along.iter_mut().zip(&part).for_each(|(h, part)| *h += part);
            part.iter_mut().for_each(|part| *part = -*part);
            product::add_straight(basis(), &part, &mut w);
            length = norm(&w);
            if length > KEPT * start {
                break;
            }
        }
        along.iter_mut().for_each(|part| *part = -*part);
        along[size - 1] += 1.0;
        along.push(length);
        self.push(along);
        if length > BREAKDOWN * before {
            w.iter_mut().for_each(|cell| *cell /= -length);
            self.basis.append(&mut w);
        } else {
            self.done = true;
        }
    }

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

    /// The sum of the directions that leaves the least.
    fn combination(&self, n: usize) -> Vec<f64> {
        let m = self.triangle.len();
        let mut weights = self.right[..m].to_vec();
        for j in (0..m).rev() {
            let pivot = self.triangle[j][j];
            weights[j] = if pivot > 0.0 { weights[j] / pivot } else { 0.0 };
            for i in 0..j {
                weights[i] -= self.triangle[j][i] * weights[j];
            }
        }
        let mut sum = vec![0.0; n];
        product::add_straight(Block::new(&self.basis, n, 0..n, 0..m), &weights, &mut sum);
        sum
    }
}

/// The Euclidean length.
fn norm(w: &[f64]) -> f64 {
    let mut square = [0.0];
    product::transposed(Block::new(w, w.len(), 0..w.len(), 0..1), w, &mut square);
    square[0].sqrt()
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
    let inverse = scale.map(|unit| 1.0 / unit);
    let mut columns = Vec::with_capacity(k);
    for c in (0..k).filter(|&c| errors[c] > EXACT) {
        let mut first: Vec<f64> =
            residual.column(c).iter().zip(&inverse.column(c)).map(|(r, unit)| r * unit).collect();
        let start = norm(&first);
        if start > 0.0 && start.is_finite() {
            first.iter_mut().for_each(|cell| *cell /= start);
            let target = start * (MARGIN * EXACT / errors[c]).max(CYCLE_GAIN);
            let (triangle, rotations) = (Vec::new(), Vec::new());
            let right = vec![start];
            columns.push(Column { at: c, basis: first, triangle, rotations, right, target, done: false });
        }
    }
    for _ in 0..DIRECTIONS {
        let mut active: Vec<&mut Column> = columns.iter_mut().filter(|column| !column.done).collect();
        if active.is_empty() {
            break;
        }
        let mut v = DMatrix::zeros(n, active.len());
        for (column, mut target) in active.iter().zip(v.column_iter_mut()) {
            let last = &column.basis[column.basis.len() - n..];
            let units = scale.column(column.at);
            target.iter_mut().zip(last).zip(&units).for_each(|((cell, v), unit)| *cell = v * unit);
        }
        // R U from A U, with V = D U.
        let w = match a.precondition(side, &v) {
            None => a.apply(side, &v),
            Some(u) => a.apply(side, &u) + (v - u),
        };
        each(&mut active, |c, column| {
            let units = inverse.column(column.at);
            column.extend(w.column(c).iter().zip(&units).map(|(cell, unit)| cell * unit).collect());
        });
    }
    let mut correction = DMatrix::zeros(n, k);
    for column in &columns {
        let sum = column.combination(n);
        let mut target = correction.column_mut(column.at);
        for ((cell, sum), unit) in target.iter_mut().zip(sum).zip(&scale.column(column.at)) {
            *cell = sum * unit;
        }
    }
    a.precondition(side, &correction).unwrap_or(correction)
}

#[cfg(feature = "parallel")]
fn each(columns: &mut [&mut Column], work: impl Fn(usize, &mut Column) + Sync) {
    use rayon::prelude::*;

    columns.par_iter_mut().enumerate().for_each(|(c, column)| work(c, column));
}

#[cfg(not(feature = "parallel"))]
fn each(columns: &mut [&mut Column], work: impl Fn(usize, &mut Column)) {
    columns.iter_mut().enumerate().for_each(|(c, column)| work(c, column));
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    struct Counted {
        matrix: DMatrix<f64>,
        passes: Cell<usize>,
    }

    impl Coefficients for Counted {
        fn apply(&self, side: Side, x: &DMatrix<f64>) -> DMatrix<f64> {
            self.passes.set(self.passes.get() + 1);
            product::multiply(&self.matrix, side, x)
        }
    }

    /// An economy of 200 in which two thirds of output are used up, in irregular shares.
    fn economy() -> Counted {
        let mut matrix = DMatrix::from_fn(200, 200, |i, j| ((i * 37 + j * 101 + i * j * 17) % 103) as f64);
        for mut column in matrix.column_iter_mut() {
            column /= 1.5 * column.sum();
        }
        Counted { matrix, passes: Cell::new(0) }
    }

    /// One to begin with, one for each direction, and one to verify: GMRES finds the large eigenvalue at once, and of the
    /// others, which are below 0.1, each pass takes a digit or more.
    const PASSES: usize = 16;

    #[test]
    fn few_passes_lead_to_rounding_level() {
        for side in [Side::Straight, Side::Transposed] {
            let economy = economy();
            let rhs = DMatrix::from_fn(200, 3, |i, c| if i % 3 == c { 1.0 + i as f64 } else { 0.0 });
            let x = solve(&economy, side, &rhs, None).expect("far from the brink");
            assert!(economy.passes.get() <= PASSES, "{side:?}: {} passes", economy.passes.get());
            let product = economy.apply(side, &x);
            let left = &rhs - &x + &product;
            assert!(errors(&left, &x, &product, &rhs).iter().all(|error| *error <= EXACT));
            // A solution that is known takes the one pass that verifies it.
            economy.passes.set(0);
            assert_eq!(solve(&economy, side, &rhs, Some(x.clone())), Some(x));
            assert_eq!(economy.passes.get(), 1);
        }
    }

    #[test]
    fn a_singular_matrix_has_no_solution() {
        let mut economy = economy();
        // Column sums of 1: whatever is made is used up.
        economy.matrix *= 1.5;
        let rhs = DMatrix::from_element(200, 1, 1.0);
        assert!(solve(&economy, Side::Straight, &rhs, None).is_none());
    }
}
