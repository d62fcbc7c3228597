//! An interior-point method for few goods or many under dense limits: its matrices are as large as the smaller of the
//! two, and are formed and factorised at the speed of matrix products. A sparse solver spends hundreds of times as long
//! where every limit concerns every good.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{LltRegularization, cholesky_in_place, cholesky_in_place_scratch};
use faer::linalg::cholesky::llt::solve::solve_in_place;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, MatMut, MatRef, Par};
use nalgebra::{DMatrix, DVector};
use parecon_core::Status;

use crate::factor::par;

/// How small residuals and gap are to become, relative; how far it got is found out from the plan itself.
const ACCURACY: f64 = 1e-11;

/// The part of the way to the nearest bound that a step may go.
const OF_THE_WAY: f64 = 0.995;

/// Steps after which curved f are approached by half steps only: whole ones go round in a circle once in a thousand
/// programmes.
const PATIENCE: u32 = 30;

/// Amounts above this, in units of what the limits allow about, show that nothing limits them.
const BOUNDLESS: f64 = 1e9;

/// Steps shorter than this lead nowhere any more.
const SHORTEST: f64 = 1e-9;

/// A pivot below this, relative to the scaled diagonal, is rounding.
const ROUNDING: f64 = 1e-15;

/// max Σ `f_j(v_j)` subject to G v ≤ h, v ≥ 0, the f concave and not decreasing.
pub(super) struct Market<'a> {
    /// Limit × good, in units that make entries of order 1.
    pub(super) limits: &'a DMatrix<f64>,
    /// How much there is; negative where so much is needed.
    pub(super) available: &'a DVector<f64>,
    /// f' of a good at an amount; of order 1.
    pub(super) slope: &'a dyn Fn(usize, f64) -> f64,
    /// By how much f' falls per unit between this amount and the one where it is `price`; not negative.
    pub(super) fall: &'a dyn Fn(usize, f64, f64) -> f64,
    /// Whether any of them falls.
    pub(super) curved: bool,
}

pub(super) struct Found {
    pub(super) amounts: DVector<f64>,
    /// One per limit.
    pub(super) prices: DVector<f64>,
    pub(super) status: Status,
    pub(super) iterations: u32,
    /// Nothing limits some amount.
    pub(super) unbounded: bool,
}

/// Amounts v with their reduced costs s, prices z of the limits with what is left of them.
struct Point {
    v: DVector<f64>,
    s: DVector<f64>,
    z: DVector<f64>,
    left: DVector<f64>,
}

impl Point {
    /// The sum of all products that are 0 at the optimum.
    fn complementarity(&self) -> f64 {
        self.z.dot(&self.left) + self.s.dot(&self.v)
    }

    fn moved(&self, step: &Point, primal: f64, dual: f64) -> Point {
        Point {
            v: &self.v + &step.v * primal,
            left: &self.left + &step.left * primal,
            s: &self.s + &step.s * dual,
            z: &self.z + &step.z * dual,
        }
    }
}

impl Market<'_> {
    /// Mehrotra's predictor and corrector, from a point inside all limits that have an inside near nothing.
    ///
    /// Of curved f the second derivative is replaced by the slope of the chord from the amount to where f' is the
    /// present price. Near the optimum that is the same, far from it the step is right where Newton's would overshoot
    /// (logarithms over many powers of ten).
    pub(super) fn solve(&self, max_iterations: u32) -> Found {
        let (m, n) = self.limits.shape();
        let count = (m + n) as f64;
        let mut point = self.start();
        let mut iterations = 0;
        let status = loop {
            let worth = self.limits.tr_mul(&point.z);
            let slopes = DVector::from_fn(n, |j, _| (self.slope)(j, point.v[j]));
            let dual = &worth - &point.s - &slopes;
            let primal = self.limits * &point.v + &point.left - self.available;
            let gap = point.complementarity();
            let size = 1.0f64.max(point.z.dot(&self.available.abs()));
            if gap <= ACCURACY * size && primal.amax() <= ACCURACY && dual.amax() <= ACCURACY * size {
                break Status::Converged;
            }
            if iterations == max_iterations {
                break Status::RoundLimit;
            }
            iterations += 1;
            let falls =
                DVector::from_fn(n, |j, _| (self.fall)(j, point.v[j], worth[j] - point.s[j]).max(0.0));
            let Some(system) = System::new(self.limits, falls, &point) else { break Status::Stalled };
            // First straight to the optimum, to see how far one can go.
            let aim = |target: f64, second: Option<&Point>| {
                let mut limits = DVector::from_fn(m, |k, _| target - point.z[k] * point.left[k]);
                let mut goods = DVector::from_fn(n, |j, _| target - point.s[j] * point.v[j]);
                if let Some(step) = second {
                    limits -= step.z.component_mul(&step.left);
                    goods -= step.s.component_mul(&step.v);
                }
                self.step(&system, &point, (&primal, &dual), (&limits, &goods))
            };
            let predicted = aim(0.0, None);
            let (a, b) = self.lengths(&point, &predicted, 1.0);
            let mean = gap / count;
            let reached = point.moved(&predicted, a, b).complementarity() / count;
            let step = aim(mean * (reached / mean).powi(3).min(1.0), Some(&predicted));
            let (mut a, mut b) = self.lengths(&point, &step, OF_THE_WAY);
            if self.curved && iterations > PATIENCE {
                (a, b) = (a.min(0.5), b.min(0.5));
            }
            let next = point.moved(&step, a, b);
            let sound = |vector: &DVector<f64>| vector.iter().all(|x| x.is_finite());
            if a.max(b) < SHORTEST || ![&next.v, &next.s, &next.z, &next.left].into_iter().all(sound) {
                break Status::Stalled;
            }
            point = next;
            if point.v.amax() > BOUNDLESS {
                break Status::Stalled;
            }
        };
        let unbounded = point.v.amax() > BOUNDLESS;
        Found { amounts: point.v, prices: point.z, status, iterations, unbounded }
    }

    /// Half of what would use up the tightest limit, at prices that make everything too dear.
    fn start(&self) -> Point {
        let (m, n) = self.limits.shape();
        let most = self.limits.row_iter().map(|row| row.iter().map(|g| g.abs()).sum()).fold(1.0, f64::max);
        let v = DVector::from_element(n, 0.5 / most);
        let slopes = DVector::from_fn(n, |j, _| (self.slope)(j, v[j]));
        let price = 2.0 * slopes.amax().max(f64::MIN_POSITIVE);
        let z = DVector::from_element(m, price);
        let s = (self.limits.tr_mul(&z) - slopes).map(|s| s.max(0.1 * price));
        let left = (self.available - self.limits * &v).map(|left| if left > 0.0 { left } else { 1.0 });
        Point { v, s, z, left }
    }

    /// The step that brings residuals to nothing and the products z · left and s · v to what is aimed at.
    fn step(
        &self,
        system: &System<'_>,
        point: &Point,
        (primal, dual): (&DVector<f64>, &DVector<f64>),
        (limits, goods): (&DVector<f64>, &DVector<f64>),
    ) -> Point {
        let worth = goods.component_div(&point.v) - dual;
        if system.by_limits {
            let rhs =
                self.limits * worth.component_div(&system.goods) + primal + limits.component_div(&point.z);
            let z = system.solve(&rhs);
            let dear = self.limits.tr_mul(&z);
            let v = (worth - &dear).component_div(&system.goods);
            let left = -primal - self.limits * &v;
            let s = dear + dual + system.falls.component_mul(&v);
            return Point { v, s, z, left };
        }
        let dear = (limits + point.z.component_mul(primal)).component_div(&point.left);
        let v = system.solve(&(worth - self.limits.tr_mul(&dear)));
        let left = -primal - self.limits * &v;
        let z = (limits - point.z.component_mul(&left)).component_div(&point.left);
        let s = (goods - point.s.component_mul(&v)).component_div(&point.v);
        Point { v, s, z, left }
    }

    /// How far amounts and prices can go without one becoming negative; together where f is curved.
    fn lengths(&self, point: &Point, step: &Point, part: f64) -> (f64, f64) {
        let most = |from: &DVector<f64>, step: &DVector<f64>| {
            let bounds = from.iter().zip(step).filter(|(_, d)| **d < 0.0).map(|(x, d)| -x / d);
            bounds.fold(f64::INFINITY, f64::min)
        };
        let amounts = (part * most(&point.v, &step.v).min(most(&point.left, &step.left))).min(1.0);
        let prices = (part * most(&point.s, &step.s).min(most(&point.z, &step.z))).min(1.0);
        if self.curved { (amounts.min(prices), amounts.min(prices)) } else { (amounts, prices) }
    }
}

/// The equations of a step, with D over goods and W over limits: for amounts (D + G'WG) or for prices (W⁻¹ + G D⁻¹ G'),
/// whichever is smaller.
struct System<'a> {
    limits: &'a DMatrix<f64>,
    by_limits: bool,
    /// D, and the part of it that is the curvature of f.
    goods: DVector<f64>,
    falls: DVector<f64>,
    weights: DVector<f64>,
    normal: Normal,
}

impl<'a> System<'a> {
    fn new(limits: &'a DMatrix<f64>, falls: DVector<f64>, point: &Point) -> Option<Self> {
        let by_limits = limits.nrows() < limits.ncols();
        let goods = &falls + point.s.component_div(&point.v);
        let weights = point.z.component_div(&point.left);
        let normal = if by_limits {
            Normal::new(limits.transpose(), &goods.map(|d| 1.0 / d), &weights.map(|w| 1.0 / w))
        } else {
            Normal::new(limits.clone(), &weights, &goods)
        }?;
        Some(Self { limits, by_limits, goods, falls, weights, normal })
    }

    /// Amounts or prices, with one step of refinement.
    fn solve(&self, rhs: &DVector<f64>) -> DVector<f64> {
        let solution = self.normal.solve(rhs.clone());
        let product = if self.by_limits {
            let amounts = self.limits.tr_mul(&solution).component_div(&self.goods);
            solution.component_div(&self.weights) + self.limits * amounts
        } else {
            let prices = (self.limits * &solution).component_mul(&self.weights);
            solution.component_mul(&self.goods) + self.limits.tr_mul(&prices)
        };
        solution + self.normal.solve(rhs - product)
    }
}

/// The Cholesky factor of B'WB + D, scaled to a diagonal of 1.
struct Normal {
    factor: Vec<f64>,
    scale: DVector<f64>,
}

impl Normal {
    fn new(mut b: DMatrix<f64>, weights: &DVector<f64>, diagonal: &DVector<f64>) -> Option<Self> {
        let (m, n) = b.shape();
        let roots = weights.map(f64::sqrt);
        let mut scale = DVector::zeros(n);
        for (j, mut column) in b.column_iter_mut().enumerate() {
            column.component_mul_assign(&roots);
            scale[j] = 1.0 / (diagonal[j] + column.norm_squared()).sqrt();
            column *= scale[j];
        }
        let mut factor = vec![0.0; n * n];
        let (b, lower) =
            (MatRef::from_column_major_slice(b.as_slice(), m, n), BlockStructure::TriangularLower);
        let whole = BlockStructure::Rectangular;
        let matrix = MatMut::from_column_major_slice_mut(&mut factor, n, n);
        triangular::matmul(matrix, lower, Accum::Replace, b.transpose(), whole, b, whole, 1.0, par());
        for j in 0..n {
            factor[j * n + j] += diagonal[j] * scale[j] * scale[j];
        }
        // Where the matrix is singular up to rounding, a large pivot leaves that direction alone.
        let regularization = LltRegularization {
            dynamic_regularization_delta: 1.0,
            dynamic_regularization_epsilon: ROUNDING * n as f64,
        };
        let mut memory = MemBuffer::new(cholesky_in_place_scratch::<f64>(n, par(), Default::default()));
        let done = cholesky_in_place(
            MatMut::from_column_major_slice_mut(&mut factor, n, n),
            regularization,
            par(),
            MemStack::new(&mut memory),
            Default::default(),
        );
        done.is_ok().then_some(Self { factor, scale })
    }

    fn solve(&self, rhs: DVector<f64>) -> DVector<f64> {
        let n = rhs.len();
        let mut x = rhs.component_mul(&self.scale);
        solve_in_place(
            MatRef::from_column_major_slice(&self.factor, n, n),
            MatMut::from_column_major_slice_mut(x.as_mut_slice(), n, 1),
            // Several threads would add up the same terms in another order.
            Par::Seq,
            MemStack::new(&mut []),
        );
        x.component_mul(&self.scale)
    }
}
