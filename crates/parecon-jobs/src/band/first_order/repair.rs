//! From hours that are nearly met to hours that are met.
//!
//! The nearest assignment (in the quota-weighted norm of shares, tilted by the costs so that pairs that are not worth using
//! stay unused) to a point that meets quotas and bands but not quite the tasks' hours: a projection, solved through its dual
//! in the task prices by Newton's method. The dual is piecewise quadratic, so the last step is exact.
//!
//! # Reference
//! Semismooth Newton with conjugate gradients: Zhao, Sun & Toh (2010); Li, Sun & Toh (2020) for linear programmes. The ridge
//! follows Levenberg and Marquardt; it is relative to a task's hours, so that a task nobody works on yet has a step.

use super::active::Active;
use super::form::Form;

/// Newton steps, at most.
const MOST_STEPS: usize = 80;
/// Conjugate gradients per step, at most.
const MOST_GRADIENTS: usize = 500;
/// Hours missing, over all hours (Euclidean norms), at which the repair is done; and at which it has succeeded if rounding
/// errors keep it from getting any nearer.
const EXACT: f64 = 1e-13;
const NEARLY: f64 = 1e-10;
/// The ridge at the start: one step then moves shares by about the part of the hours that is missing.
const RIDGE: f64 = 1.0;
/// Predicted gains below this part of the value are lost in its rounding errors; the gradient then decides.
const ROUNDING: f64 = 1e-11;

/// What a repair came to.
pub(super) struct Repaired {
    pub(super) steps: u32,
    pub(super) gradients: u32,
    pub(super) done: bool,
}

/// Moves `active` to shares that meet all hours, starting from `prices`.
pub(super) fn repair<const M: usize>(
    form: &Form,
    active: &mut Active<M>,
    prices: &mut [f64],
    sigma: f64,
) -> Repaired {
    let tasks = prices.len();
    let size = norm(&form.hours);
    let mut newton = Newton::new(tasks);
    let mut trial = vec![0.0; tasks];
    let mut ridge = RIDGE;
    let mut result = Repaired { steps: 0, gradients: 0, done: false };
    active.project(form, prices, sigma);
    let mut missing = norm(&active.missing) / size;
    let mut idle = 0;
    for _ in 0..MOST_STEPS {
        if missing <= EXACT || (missing <= NEARLY && idle >= 2) {
            break;
        }
        let gradient = active.missing.clone();
        let accuracy = f64::min(0.1, missing.sqrt());
        result.gradients += newton.solve(active, &gradient, &form.hours, ridge, accuracy);
        result.steps += 1;
        let slope = dot(&gradient, &newton.x) / sigma;
        let extra: f64 =
            ridge / sigma * newton.x.iter().zip(&form.hours).map(|(x, h)| x * x * h).sum::<f64>();
        for (t, (price, x)) in trial.iter_mut().zip(prices.iter().zip(&newton.x)) {
            *t = price + x / sigma;
        }
        let before = active.value;
        active.project(form, &trial, sigma);
        let next = norm(&active.missing) / size;
        let gain = (active.value - before) / (0.5 * (slope + extra));
        let rounded = slope <= ROUNDING * before.abs();
        let (good, better, worse) = if rounded {
            (next < missing, next < 0.5 * missing, next >= missing)
        } else {
            (gain > 0.05, gain > 0.7, gain < 0.3)
        };
        idle = if next < 0.5 * missing { 0 } else { idle + 1 };
        if better {
            ridge *= if rounded || gain > 0.9 { 0.1 } else { 0.3 };
        } else if worse {
            ridge *= 4.0;
        }
        if good {
            prices.copy_from_slice(&trial);
            missing = next;
        } else {
            active.project(form, prices, sigma);
        }
    }
    result.done = missing <= NEARLY;
    result
}

/// Conjugate gradients for `(A + ridge · diag(h)) x = b`, preconditioned by the diagonal.
struct Newton {
    diagonal: Vec<f64>,
    residual: Vec<f64>,
    scaled: Vec<f64>,
    p: Vec<f64>,
    product: Vec<f64>,
    x: Vec<f64>,
}

impl Newton {
    fn new(tasks: usize) -> Self {
        let zeros = || vec![0.0; tasks];
        Newton {
            diagonal: zeros(),
            residual: zeros(),
            scaled: zeros(),
            p: zeros(),
            product: zeros(),
            x: zeros(),
        }
    }

    fn solve<const M: usize>(
        &mut self,
        active: &mut Active<M>,
        b: &[f64],
        hours: &[f64],
        ridge: f64,
        accuracy: f64,
    ) -> u32 {
        active.diagonal(&mut self.diagonal);
        self.diagonal.iter_mut().zip(hours).for_each(|(d, h)| *d += ridge * h);
        self.x.fill(0.0);
        self.residual.copy_from_slice(b);
        for j in 0..b.len() {
            self.scaled[j] = self.residual[j] / self.diagonal[j];
        }
        self.p.copy_from_slice(&self.scaled);
        let mut size = dot(&self.residual, &self.scaled);
        let target = size * accuracy * accuracy;
        for k in 0..MOST_GRADIENTS {
            if size.is_nan() || size <= target {
                return k as u32;
            }
            active.apply(&self.p, &mut self.product);
            for j in 0..b.len() {
                self.product[j] += ridge * hours[j] * self.p[j];
            }
            let alpha = size / dot(&self.p, &self.product);
            for j in 0..b.len() {
                self.x[j] += alpha * self.p[j];
                self.residual[j] -= alpha * self.product[j];
                self.scaled[j] = self.residual[j] / self.diagonal[j];
            }
            let next = dot(&self.residual, &self.scaled);
            let beta = next / size;
            size = next;
            for j in 0..b.len() {
                self.p[j] = self.scaled[j] + beta * self.p[j];
            }
        }
        MOST_GRADIENTS as u32
    }
}

pub(super) fn norm(values: &[f64]) -> f64 {
    dot(values, values).sqrt()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
