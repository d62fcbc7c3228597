//! Sums over the worker councils at given factors on their inputs.

use std::ops::Range;

use parecon_core::chunked_reduce;

use super::excess_exp;
use crate::economy::{OtherAnswers, Others};
use crate::linear::matrix_chunk;
use crate::{Collective, Economy, GoodId};

/// Sums over the worker councils at given factors.
#[derive(Clone)]
pub(super) struct Sums {
    /// Value of supply, endowment included.
    pub(super) supply: Vec<f64>,
    /// Value of the inputs received.
    pub(super) used: Vec<f64>,
    /// Value of inputs and consumption as proposed.
    pub(super) proposed: Vec<f64>,
    /// Surplus of all worker councils as proposed.
    pub(super) surplus: f64,
    /// What inputs in the wrong proportions cost.
    pub(super) loss: f64,
    /// `∂ supply_g / ∂ρ_j`, row-major, if asked for.
    pub(super) jacobian: Vec<f64>,
}

impl Sums {
    /// Of the Cobb–Douglas councils that are here.
    pub(super) fn of_councils(
        economy: &Economy,
        prices: &[f64],
        revenues: &[f64],
        rho: &[f64],
        with_jacobian: bool,
    ) -> Self {
        let n = prices.len();
        let factors: Vec<f64> = rho.iter().map(|r| r.exp()).collect();
        let costs: Vec<f64> = rho.iter().map(|&r| excess_exp(r)).collect();
        let (layout, workers) = (economy.layout(), economy.workers());
        let zero = || Sums {
            supply: vec![0.0; n],
            used: vec![0.0; n],
            proposed: vec![0.0; n],
            surplus: 0.0,
            loss: 0.0,
            jacobian: vec![0.0; if with_jacobian { n * n } else { 0 }],
        };
        let fold = |range: Range<usize>| {
            let mut sums = zero();
            for w in range {
                let (value, g) = (revenues[w], layout.output(w).index());
                let log_factor = weighted(economy, w, |good| rho[good.index()]);
                let made = value * log_factor.exp();
                sums.supply[g] += made;
                sums.surplus += value / workers.elasticity(w);
                sums.loss +=
                    value * (weighted(economy, w, |good| costs[good.index()]) - excess_exp(log_factor));
                for (good, exponent) in layout.inputs(w).iter().zip(workers.exponents(w, layout)) {
                    let i = good.index();
                    sums.used[i] += exponent * value * factors[i];
                    sums.proposed[i] += exponent * value;
                    if with_jacobian {
                        sums.jacobian[g * n + i] += exponent * made;
                    }
                }
            }
            sums
        };
        let merge = |total: &mut Sums, part: Sums| {
            total.surplus += part.surplus;
            total.loss += part.loss;
            add(&mut total.supply, &part.supply);
            add(&mut total.used, &part.used);
            add(&mut total.proposed, &part.proposed);
            add(&mut total.jacobian, &part.jacobian);
        };
        let chunk = if with_jacobian { matrix_chunk(workers.len(), n * n) } else { economy.chunk() };
        chunked_reduce(workers.len(), chunk, fold, merge).unwrap_or_else(zero)
    }

    /// Adds endowments, and what Cobb–Douglas consumer councils spend.
    pub(super) fn add_given(&mut self, economy: &Economy, prices: &[f64]) {
        for (g, price) in prices.iter().enumerate() {
            self.supply[g] += price * economy.layout().endowments[g];
            self.proposed[g] += economy.spending()[g];
        }
    }

    /// Adds what other processes' councils sum up to.
    pub(super) fn share(&mut self, group: &dyn Collective) {
        let mut scalars = [self.surplus, self.loss];
        group.sum(&mut scalars);
        [self.surplus, self.loss] = scalars;
        for list in [&mut self.supply, &mut self.used, &mut self.proposed, &mut self.jacobian] {
            group.sum(list);
        }
    }

    /// Adds worker councils that are not Cobb–Douglas, and permissions; the logarithms of their outputs' factors.
    pub(super) fn absorb(
        &mut self,
        economy: &Economy,
        prices: &[f64],
        log_prices: &[f64],
        (others, given): (&Others, &OtherAnswers),
        rho: &[f64],
    ) -> Vec<f64> {
        let (layout, n) = (economy.layout(), prices.len());
        let mut factors = Vec::with_capacity(others.workers.len());
        for (w, (worker, plan)) in others.workers.iter().zip(&given.plans).enumerate() {
            let o = worker.council.output.index();
            let log_factors: Vec<f64> = worker.inputs.iter().map(|good| rho[good.index()]).collect();
            let mut slopes = vec![0.0; log_factors.len()];
            let log = worker.ration(log_prices, plan, &log_factors, &mut slopes);
            let value = plan.output * prices[o];
            let made = value * log.exp();
            self.supply[o] += made;
            self.surplus += plan.surplus;
            let mut attained = made - plan.disutility;
            let inputs = given.inputs[others.inputs_of(w, layout)].iter().zip(&worker.inputs);
            for ((x, good), (log_factor, slope)) in inputs.zip(log_factors.iter().zip(&slopes)) {
                let g = good.index();
                let proposed = x * prices[g];
                let used = proposed * log_factor.exp();
                self.used[g] += used;
                self.proposed[g] += proposed;
                attained -= used;
                if !self.jacobian.is_empty() && made > 0.0 {
                    self.jacobian[o * n + g] += slope * made;
                }
            }
            // Rounding of terms that cancel must not show as a gain.
            let loss = plan.surplus - attained;
            self.loss += if loss < 0.0 { 0.0 } else { loss };
            factors.push(log);
        }
        let exposures = others.consumers.iter().flat_map(|c| &c.exposures);
        for (exposure, permitted) in exposures.zip(&given.permits) {
            self.supply[exposure.pollutant.index()] += permitted * prices[exposure.pollutant.index()];
        }
        factors
    }
}

/// `Σ_i b_wi·f(i)` over a worker council's inputs.
pub(super) fn weighted(economy: &Economy, w: usize, f: impl Fn(GoodId) -> f64) -> f64 {
    let layout = economy.layout();
    let inputs = layout.inputs(w).iter().zip(economy.workers().exponents(w, layout));
    inputs.map(|(&good, exponent)| exponent * f(good)).sum()
}

pub(super) fn add(total: &mut [f64], part: &[f64]) {
    for (t, p) in total.iter_mut().zip(part) {
        *t += p;
    }
}
