//! What prices prove: a bound on every plan, by weak duality.

use nalgebra::DVector;

use crate::optimise::{Objective, Planner};

/// A profit below this, relative to the process's revenue and cost, is rounding, and no price of a capacity.
const NOISE: f64 = 1e-12;

/// A quotient times this, times its divisor, is no less than its dividend.
const ROUNDED_UP: f64 = 1.0 + 2.0 * f64::EPSILON;

/// Prices that leave no process a profit beyond the rent of its capacity, and what they prove.
pub(super) struct Proof {
    pub(super) bound: f64,
    pub(super) products: DVector<f64>,
    pub(super) capacities: DVector<f64>,
    pub(super) resources: DVector<f64>,
}

impl Planner {
    /// The bound from prices of products and resources, which are made fit for the objective first.
    ///
    /// For all p, ρ ≥ 0 and every plan
    ///
    /// ```text
    /// f(y) ≤ max over y of (f(y) − p'y)  +  p's + ρ'r + Σ_j max(0, N'p − R'ρ)_j x̄_j
    /// ```
    ///
    /// where `x̄_j` is a level above which process j cannot run.
    pub(super) fn proof(
        &self,
        objective: &Objective,
        mut products: DVector<f64>,
        mut resources: DVector<f64>,
    ) -> Proof {
        let factor = match objective {
            // The target costs 1.
            Objective::Proportional(target) => 1.0 / products.dot(target),
            // No product costs less than it is worth, when rounded either.
            Objective::Weighted(weights) => weights
                .iter()
                .zip(&products)
                .filter(|(weight, price)| weight > price)
                .map(|(weight, price)| weight / price * ROUNDED_UP)
                .fold(1.0, f64::max),
            Objective::Harmony { .. } => 1.0,
        };
        let usable = factor.is_finite();
        if usable {
            products *= factor;
            resources *= factor;
        }
        let mut capacities = DVector::zeros(self.processes.len());
        let mut bound = products.dot(&self.stocks);
        for (resource, price) in self.resources.iter().zip(&resources) {
            bound += price * resource.available;
        }
        let highest = self.highest_levels();
        for (j, column) in self.net.column_iter().enumerate() {
            let (mut profit, mut size) = (0.0, 0.0);
            for (net, price) in column.iter().zip(&products) {
                profit += net * price;
                size += (net * price).abs();
            }
            for (resource, price) in self.resources.iter().zip(&resources) {
                profit -= resource.per_unit[j] * price;
                size += (resource.per_unit[j] * price).abs();
            }
            let (level, noise) = (highest[j], profit <= NOISE * size);
            // Over many units rounding counts as well; of an unlimited process it cannot be told from nothing.
            if level.is_finite() || !noise {
                bound += profit.max(0.0) * level;
            }
            if !noise && self.capacity[j].is_finite() {
                capacities[j] = profit;
            }
        }
        for (i, (&price, &least)) in products.iter().zip(&self.minimum).enumerate() {
            bound += objective.surplus(i, price, least);
        }
        let bound = if usable && !bound.is_nan() { bound } else { f64::INFINITY };
        Proof { bound, products, capacities, resources }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{DMatrix, dvector};

    use super::*;
    use crate::{Axis, Technology};

    /// A profit that is hardly more than rounding, made a million billion times.
    #[test]
    fn little_profits_of_many_units_count() -> Result<(), crate::Error> {
        let products = Axis::from_codes(["a", "b"])?;
        let processes = Axis::from_codes(["there", "back"])?;
        let more = 1.0 + 1e-13;
        let outputs = DMatrix::from_row_slice(2, 2, &[0.0, 1.0, more, 0.0]);
        let inputs = DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, 1.0]);
        let planner = Planner::from_processes(&products, &processes, &outputs, &inputs)?
            .with_capacity(&dvector![1e15, 1e15])?;
        // Both at capacity leave so much of b.
        let possible = (more - 1.0) * 1e15;
        let proof = planner.proof(&Objective::Weighted(dvector![1.0, 1.0]), dvector![1.0, 1.0], dvector![]);
        assert!(proof.bound >= possible && proof.bound <= 1.001 * possible, "{} {possible}", proof.bound);
        Ok(())
    }

    /// Prices a little below what products are worth, raised to it, must not fall short by their rounding: the bound
    /// would be infinite.
    #[test]
    fn rounded_prices_prove_a_finite_bound() -> Result<(), crate::Error> {
        let sectors = Axis::from_codes(["a"])?;
        let technology = Technology::from_coefficients(sectors, DMatrix::zeros(1, 1))?;
        let planner = Planner::new(&technology).with_capacity(&dvector![1.0])?;
        for k in 1..2000 {
            let worth = f64::from(k) / 7.0;
            let objective = Objective::Weighted(dvector![worth]);
            let proof = planner.proof(&objective, dvector![worth * (1.0 - 1e-9 / f64::from(k))], dvector![]);
            assert!((proof.bound / worth - 1.0).abs() < 1e-15, "{k}: {}", proof.bound);
        }
        Ok(())
    }
}
