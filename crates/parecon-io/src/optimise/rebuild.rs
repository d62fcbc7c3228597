//! What is made of the deliveries and prices that a search has found: a plan that keeps its constraints, and its proof.

use nalgebra::{DMatrix, DVector};
use parecon_core::Status;

use crate::error::Error;
use crate::factor::{Factor, Side, System};
use crate::inputs::Inputs;
use crate::optimise::answer::Plan;
use crate::optimise::proof::Proof;
use crate::optimise::search::{Candidate, ROUNDING};
use crate::optimise::{Objective, Planner};

/// Of a product of which there is hardly any, a violation is measured against this share of what could be made.
const HARDLY_ANY: f64 = 1e-6;

/// Levels and deliveries with their worth and the largest relative violation.
struct Trial {
    levels: DVector<f64>,
    deliveries: DVector<f64>,
    objective: f64,
    residual: f64,
}

impl Planner {
    /// The plan that a candidate leads to, with the best proof that its prices give.
    pub(super) fn plan(&self, objective: &Objective, candidate: Candidate) -> Result<Plan, Error> {
        let conceivable = self.conceivable()?;
        let mut trials = Vec::new();
        if let Some(trial) = self.through_requirements(objective, &candidate, &conceivable)? {
            trials.push(trial);
        }
        if let Some(levels) = &candidate.levels {
            trials.push(self.as_found(objective, levels, &conceivable));
        }
        let mut proofs = Vec::new();
        if let Some(prices) = &candidate.products {
            proofs.push(self.proof(objective, prices.clone(), candidate.resources.clone()));
        }
        if let Some(technology) = &self.technology {
            let mut costs = candidate.capacities.clone();
            for (resource, price) in self.resources.iter().zip(&candidate.resources) {
                costs.axpy(*price, &resource.per_unit, 1.0);
            }
            let prices = technology.prices(&costs)?.map(|price| price.max(0.0));
            proofs.push(self.proof(objective, prices, candidate.resources.clone()));
        }
        let Some(proof) = proofs.into_iter().min_by(|a: &Proof, b: &Proof| a.bound.total_cmp(&b.bound))
        else {
            return Err(Error::singular("plan: the solver has found no prices"));
        };
        let kept = |trial: &Trial| trial.residual <= self.tolerance;
        let proved = |trial: &Trial| {
            let size = trial.objective.abs().max(proof.bound.abs()).max(objective.size());
            kept(trial)
                && proof.bound.is_finite()
                && (proof.bound - trial.objective).abs() <= self.tolerance * size
        };
        // The first that is good enough: it keeps its constraints best. Else the one that is most worth having.
        let best = trials.iter().position(proved).or_else(|| {
            (0..trials.len()).max_by(|&a, &b| {
                let (a, b) = (&trials[a], &trials[b]);
                kept(a).cmp(&kept(b)).then_with(|| {
                    if kept(a) {
                        a.objective.total_cmp(&b.objective)
                    } else {
                        b.residual.total_cmp(&a.residual)
                    }
                })
            })
        });
        let Some(trial) = best.map(|k| trials.swap_remove(k)) else {
            return Err(Error::singular("plan: the solver has found no outputs"));
        };
        let status = match candidate.status {
            _ if proved(&trial) => Status::Converged,
            Status::Converged => Status::Stalled,
            other => other,
        };
        let used = self.resources.iter().map(|resource| resource.per_unit.dot(&trial.levels));
        Ok(Plan {
            unused: &self.net * &trial.levels + &self.stocks - &trial.deliveries,
            resources_used: DVector::from_iterator(self.resources.len(), used),
            output: trial.levels,
            final_demand: trial.deliveries,
            objective: trial.objective,
            bound: proof.bound,
            residual: trial.residual,
            product_prices: proof.products,
            capacity_prices: proof.capacities,
            resource_prices: proof.resources,
            status,
            iterations: candidate.iterations,
        })
    }

    /// The candidate's deliveries at the least outputs that make them, moved along the line from the required ones to
    /// where the first limit binds.
    fn through_requirements(
        &self,
        objective: &Objective,
        candidate: &Candidate,
        conceivable: &DVector<f64>,
    ) -> Result<Option<Trial>, Error> {
        let (Some(base), Some(full)) =
            (self.least_levels(&self.minimum)?, self.least_levels(&candidate.deliveries)?)
        else {
            return Ok(None);
        };
        let mut step = f64::INFINITY;
        for limit in self.limits() {
            let more = limit.load(&full) - limit.load(&base);
            // Rounding alone of what does not need a limit that is used up must not forbid it.
            let rounding = ROUNDING * limit.available;
            let slack = if more <= rounding { limit.slack(&base).max(rounding) } else { limit.slack(&base) };
            if more > 0.0 {
                step = step.min(slack / more);
            }
        }
        // Least outputs are convex in deliveries: between the two points linear interpolation overstates them, beyond
        // them it does not, except without stocks, where they are linear.
        let linear = self.stocks.amax() == 0.0;
        let step = if linear && step.is_finite() { step } else { step.min(1.0) };
        let mut deliveries = &self.minimum + (&candidate.deliveries - &self.minimum) * step;
        let levels = if linear {
            (&base + (full - &base) * step).map(|level| level.max(0.0))
        } else {
            match self.least_levels(&deliveries)? {
                Some(levels) => levels,
                None => return Ok(None),
            }
        };
        if !linear {
            self.deliver_surplus(objective, &levels, &mut deliveries);
        }
        Ok(Some(self.trial(objective, levels, deliveries, conceivable)))
    }

    /// The solver's levels, clipped and scaled into their limits, and what they deliver.
    fn as_found(&self, objective: &Objective, levels: &DVector<f64>, conceivable: &DVector<f64>) -> Trial {
        let mut levels = levels.zip_map(&self.capacity, |level, capacity| level.clamp(0.0, capacity));
        for resource in self.resources.iter().filter(|resource| resource.per_unit.min() < 0.0) {
            // What some contribute, the others must not exceed: to run less of all would not help.
            let used: DVector<f64> = resource.per_unit.component_mul(&levels);
            let users: f64 = used.iter().filter(|used| **used > 0.0).sum();
            let room = resource.available + users - used.sum();
            if users > room {
                let scale = room / users;
                levels.zip_apply(&used, |level, used| *level *= if used > 0.0 { scale } else { 1.0 });
            }
        }
        let mut scale = 1.0f64;
        for resource in self.resources.iter().filter(|resource| resource.per_unit.min() >= 0.0) {
            let used = resource.per_unit.dot(&levels);
            if used > resource.available {
                scale = scale.min(resource.available / used);
            }
        }
        levels *= scale;
        let mut deliveries = self.minimum.clone();
        if let Objective::Proportional(target) = objective {
            let net = &self.net * &levels + &self.stocks;
            let times = objective.value(&net, &self.minimum).max(0.0);
            deliveries.axpy(times, target, 1.0);
        }
        self.deliver_surplus(objective, &levels, &mut deliveries);
        self.trial(objective, levels, deliveries, conceivable)
    }

    /// Delivers what is left of products that count one by one.
    fn deliver_surplus(&self, objective: &Objective, levels: &DVector<f64>, deliveries: &mut DVector<f64>) {
        if matches!(objective, Objective::Proportional(_)) {
            return;
        }
        let net = &self.net * levels + &self.stocks;
        for (i, wanted) in objective.wanted().into_iter().enumerate() {
            if wanted {
                deliveries[i] = net[i].max(self.minimum[i]);
            }
        }
    }

    fn trial(
        &self,
        objective: &Objective,
        levels: DVector<f64>,
        deliveries: DVector<f64>,
        conceivable: &DVector<f64>,
    ) -> Trial {
        let mut residual = 0.0f64;
        let mut note = |excess: f64, size: f64| {
            if excess > 0.0 {
                residual = residual.max(excess / size);
            }
        };
        for i in 0..self.products.len() {
            let (mut net, mut size) = (self.stocks[i] - deliveries[i], self.stocks[i] + deliveries[i]);
            for (cell, level) in self.net.row(i).iter().zip(&levels) {
                net += cell * level;
                size += (cell * level).abs();
            }
            note(-net, size.max(HARDLY_ANY * conceivable[i]));
            note(self.minimum[i] - deliveries[i], self.minimum[i]);
        }
        for limit in self.limits() {
            let load = limit.load(&levels);
            note(load - limit.available, limit.available.max(limit.size(&levels)));
        }
        let objective = objective.value(&deliveries, &self.minimum);
        Trial { levels, deliveries, objective, residual }
    }

    /// About how much there could be of every product, used and delivered: against it hardly any is hardly any.
    fn conceivable(&self) -> Result<DVector<f64>, Error> {
        let n = self.processes.len();
        let levels = match &self.technology {
            None => self.highest_levels(),
            Some(technology) => {
                let mut shares = DVector::zeros(n);
                for limit in self.limits().iter().filter(|limit| limit.available > 0.0) {
                    (0..n).for_each(|j| shares[j] += limit.per_unit(j).abs() / limit.available);
                }
                let whole = |share: f64| if share > 0.0 { 1.0 / share } else { 0.0 };
                technology.output_for(&technology.prices(&shares)?.map(whole))?
            }
        };
        Ok(self.net.abs() * levels + &self.stocks)
    }

    /// The least outputs that deliver so much out of production and stocks, if the technology is productive and (with
    /// stocks) has no negative coefficients.
    pub(super) fn least_levels(&self, deliveries: &DVector<f64>) -> Result<Option<DVector<f64>>, Error> {
        let Some(technology) = &self.technology else { return Ok(None) };
        if self.stocks.amax() == 0.0 {
            return Ok(Some(technology.output_for(deliveries)?.map(|level| level.max(0.0))));
        }
        let coefficients = technology.coefficients();
        if coefficients.min() < 0.0 {
            return Ok(None);
        }
        // Chandrasekaran's algorithm: who must produce at all; those who supply them may have to as well.
        let needed = deliveries - &self.stocks;
        let mut active: Vec<usize> = (0..needed.len()).filter(|&i| needed[i] > 0.0).collect();
        loop {
            let mut levels = DVector::zeros(needed.len());
            if !active.is_empty() {
                let block = Inputs::given(coefficients.select_rows(&active).select_columns(&active));
                let rhs = DMatrix::from_fn(active.len(), 1, |k, _| needed[active[k]]);
                let system = System::Leontief(&block);
                let offender = |k: usize| format!("{}: I − A is singular here", self.products[active[k]]);
                let solved = Factor::new(system, offender)?.solve(system, Side::Straight, &rhs, offender)?;
                active.iter().zip(solved.iter()).for_each(|(&i, level)| levels[i] = level.max(0.0));
            }
            let shortage = coefficients * &levels + &needed;
            let before = active.len();
            let size = |i: usize| deliveries[i] + self.stocks[i];
            active.extend(
                (0..needed.len())
                    .filter(|i| !active[..before].contains(i) && shortage[*i] > f64::EPSILON * size(*i))
                    .collect::<Vec<_>>(),
            );
            if active.len() == before {
                return Ok(Some(levels));
            }
        }
    }
}
