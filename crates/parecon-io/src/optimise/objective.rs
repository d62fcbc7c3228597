//! What a plan is to be good for.

use nalgebra::DVector;

use crate::error::Error;
use crate::optimise::Planner;

/// Shares of a target that differ by less than this, relative, have one slope up to rounding.
const SAME: f64 = 1e-6;

/// What is to be maximised over the deliveries y.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Objective {
    /// The number λ of times that a target is met, beyond what is required: y = y₀ + λ d. Kantorovich's problem.
    Proportional(DVector<f64>),
    /// The weighted sum Σ `w_i` `y_i`, weights not negative. What is not weighted is delivered as required and no more.
    Weighted(DVector<f64>),
    /// The harmony Σ `w_i` `H(y_i` / `t_i`) of deliveries with targets t:
    ///
    /// ```text
    /// H(q) = ln q                          where the target is met,      q ≥ 1
    ///        (q − 1) − (q − 1)²/2          where it is missed,           q < 1
    /// ```
    ///
    /// concave, and smooth up to the second derivative: the parabola is the logarithm's own expansion at the target.
    /// It is finite at y = 0 (−1.5), where the logarithm is not. A shortfall weighs more than an excess of the same
    /// size, and more the greater it is, so that shortfalls are spread. Products with t = 0 do not count, and
    /// are delivered as required.
    Harmony {
        /// Targets t, by product.
        target: DVector<f64>,
        /// Weights w, by product.
        weight: DVector<f64>,
    },
}

impl Objective {
    /// Harmony with targets, all of the same weight 1.
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::optimise::{Objective, Planner};
    /// use parecon_io::{Axis, Technology};
    ///
    /// // Two products of an hour each; there are 100 hours, and wanted are 80 and 40.
    /// let sectors = Axis::from_codes(["bread", "wine"])?;
    /// let technology = Technology::from_coefficients(sectors, dmatrix![0.0, 0.0; 0.0, 0.0])?;
    /// let planner = Planner::new(&technology).with_resource("labour", &dvector![1.0, 1.0], 100.0)?;
    /// let answer = planner.solve(&Objective::harmony(dvector![80.0, 40.0]))?;
    /// let made = &answer.plan().unwrap().final_demand;
    /// // A per cent of wine takes half the labour, so its target is passed: (2 − q₁)/80 = 1/(40 q₂).
    /// let missing = (0.75 + 4.5625f64.sqrt()) / 2.0;
    /// assert!((made[0] - 80.0 * (2.0 - missing)).abs() < 1e-3 && (made[1] - 80.0 / missing).abs() < 1e-3);
    /// // Weighted by the targets, both are met to the same 83 %.
    /// let weighted = Objective::Harmony { target: dvector![80.0, 40.0], weight: dvector![80.0, 40.0] };
    /// let made = planner.solve(&weighted)?.plan().unwrap().final_demand.clone();
    /// assert!((made - dvector![80.0, 40.0] * (100.0 / 120.0)).amax() < 1e-3);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// W. P. Cockshott, "Application of artificial intelligence techniques to economic planning", University of
    /// Strathclyde 1990; the form used here is that of his planning programs.
    #[must_use]
    pub fn harmony(target: DVector<f64>) -> Self {
        let weight = DVector::from_element(target.len(), 1.0);
        Objective::Harmony { target, weight }
    }

    pub(super) fn check(&self, planner: &Planner) -> Result<(), Error> {
        let (what, main) = match self {
            Objective::Proportional(target) => ("target", target),
            Objective::Weighted(weights) => ("weights", weights),
            Objective::Harmony { target, weight } => {
                planner.not_negative("weights", weight)?;
                ("target", target)
            }
        };
        planner.not_negative(what, main)?;
        if self.wanted().iter().any(|wanted| *wanted) {
            return Ok(());
        }
        Err(Error::invalid(format!("{what}: nothing is wanted, one entry at least must be positive")))
    }

    /// Which products the objective asks for.
    pub(super) fn wanted(&self) -> Vec<bool> {
        let (Objective::Proportional(main)
        | Objective::Weighted(main)
        | Objective::Harmony { target: main, .. }) = self;
        (0..main.len()).map(|i| self.wants(i)).collect()
    }

    /// The value of deliveries.
    pub(super) fn value(&self, deliveries: &DVector<f64>, minimum: &DVector<f64>) -> f64 {
        match self {
            Objective::Proportional(target) => (0..target.len())
                .filter(|&i| target[i] > 0.0)
                .map(|i| (deliveries[i] - minimum[i]) / target[i])
                .fold(f64::INFINITY, f64::min),
            Objective::Weighted(weights) => weights.dot(deliveries),
            Objective::Harmony { target, weight } => (0..target.len())
                .filter(|&i| target[i] > 0.0)
                .map(|i| weight[i] * harmony(deliveries[i] / target[i]))
                .sum(),
        }
    }

    /// Whether the objective asks for a product.
    pub(super) fn wants(&self, product: usize) -> bool {
        match self {
            Objective::Proportional(target) => target[product] > 0.0,
            Objective::Weighted(weights) => weights[product] > 0.0,
            Objective::Harmony { target, weight } => target[product] > 0.0 && weight[product] > 0.0,
        }
    }

    /// Against which a gap is small or not.
    pub(super) fn size(&self) -> f64 {
        match self {
            Objective::Harmony { weight, .. } => weight.sum(),
            _ => 0.0,
        }
    }

    /// What one more unit of a product is worth at this delivery; for a sum and harmony.
    pub(super) fn marginal(&self, product: usize, delivery: f64) -> f64 {
        match self {
            Objective::Proportional(_) => 0.0,
            Objective::Weighted(weights) => weights[product],
            Objective::Harmony { target, weight } => match target[product] {
                0.0 => 0.0,
                t => weight[product] / t * slope(delivery / t),
            },
        }
    }

    /// By how much [`Objective::marginal`] falls with one more unit.
    pub(super) fn curvature(&self, product: usize, delivery: f64) -> f64 {
        match self {
            Objective::Harmony { target, weight } if target[product] > 0.0 => {
                let t = target[product];
                weight[product] / (t * t) / (delivery / t).max(1.0).powi(2)
            }
            _ => 0.0,
        }
    }

    /// By how much [`Objective::marginal`] falls per unit, between this delivery and the one where it is `price`.
    pub(super) fn fall(&self, product: usize, delivery: f64, price: f64) -> f64 {
        match self {
            Objective::Harmony { target, weight } if target[product] > 0.0 && price > 0.0 => {
                let (t, w) = (target[product], weight[product]);
                let (ratio, relative) = (delivery / t, price * t / w);
                let change = met_at(relative) - ratio;
                if change.abs() <= SAME * ratio.max(1.0) {
                    return self.curvature(product, delivery);
                }
                w / (t * t) * (slope(ratio) - relative) / change
            }
            _ => self.curvature(product, delivery),
        }
    }

    /// The most that buying one product at this price can bring: max over y ≥ `least` of `f_i(y)` − p y.
    ///
    /// Infinite if the price is too low for there to be a maximum. Not for a proportional target.
    pub(super) fn surplus(&self, product: usize, price: f64, least: f64) -> f64 {
        match self {
            Objective::Proportional(_) => -price * least,
            Objective::Weighted(weights) => match weights[product] {
                w if w > price => f64::INFINITY,
                w => (w - price) * least,
            },
            Objective::Harmony { target, weight } => {
                let (t, w) = (target[product], weight[product]);
                if t == 0.0 || w == 0.0 {
                    return -price * least;
                }
                if price <= 0.0 {
                    return f64::INFINITY;
                }
                let relative = price * t / w;
                let ratio = met_at(relative).max(least / t);
                w * harmony(ratio) - price * t * ratio
            }
        }
    }
}

/// H of the share of a target that is met.
fn harmony(ratio: f64) -> f64 {
    let excess = ratio - 1.0;
    if excess >= 0.0 { excess.ln_1p() } else { excess - 0.5 * excess * excess }
}

/// The derivative of [`harmony`].
fn slope(ratio: f64) -> f64 {
    if ratio >= 1.0 { 1.0 / ratio } else { 2.0 - ratio }
}

/// The share at which [`slope`] is this.
fn met_at(slope: f64) -> f64 {
    if slope <= 1.0 { 1.0 / slope } else { 2.0 - slope }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmony_is_smooth_and_concave() {
        assert_eq!((harmony(0.0), harmony(1.0), harmony(1f64.exp())), (-1.5, 0.0, 1.0));
        let step = 1e-4;
        for k in 1..400 {
            let q = f64::from(k) * 0.01;
            let numeric = (harmony(q + step) - harmony(q - step)) / (2.0 * step);
            assert!((numeric - slope(q)).abs() < 1e-4, "{q}");
            assert!(slope(q + step) < slope(q));
        }
    }

    #[test]
    fn surplus_is_the_maximum_on_a_grid() {
        let objective = Objective::Harmony {
            target: DVector::from_element(1, 4.0),
            weight: DVector::from_element(1, 3.0),
        };
        for price in [0.01, 0.2, 0.74, 0.76, 1.2, 1.6, 5.0] {
            for least in [0.0, 1.0, 6.0] {
                let grid = (0..200_000).map(|k| least + f64::from(k) * 0.01);
                let best = grid.map(|y| 3.0 * harmony(y / 4.0) - price * y).fold(f64::NEG_INFINITY, f64::max);
                let ours = objective.surplus(0, price, least);
                assert!(ours >= best - 1e-12 && ours < best + 1e-4, "{price} {least}: {ours} {best}");
            }
        }
    }
}
