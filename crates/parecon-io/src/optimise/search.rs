//! The search for a plan, and what is made of what the solver found.

use nalgebra::DVector;
use parecon_core::Status;

use crate::error::Error;
use crate::optimise::answer::{Answer, Plan};
use crate::optimise::program::{Outcome, Program, Solution};
use crate::optimise::{Objective, Planner};
use crate::technology::Technology;

/// Limits that are exceeded by no more than this, relative, are kept: outputs are themselves computed.
pub(super) const ROUNDING: f64 = 1e-9;

/// Where clarabel stops short of harmony's maximum, Newton's method takes over: near it, a few steps are enough.
const NEWTON_STEPS: usize = 10;

/// Excess over a target is measured in units up to this many targets.
const LARGEST_EXCESS: f64 = 1e3;

/// What a search has found: deliveries (and levels, where they are not implied), prices.
pub(super) struct Candidate {
    pub(super) deliveries: DVector<f64>,
    pub(super) levels: Option<DVector<f64>>,
    pub(super) products: Option<DVector<f64>>,
    pub(super) capacities: DVector<f64>,
    pub(super) resources: DVector<f64>,
    pub(super) status: Status,
    pub(super) iterations: u32,
}

impl Planner {
    /// The best plan under an objective, or why the required deliveries cannot be made.
    ///
    /// A proportional target without stocks has a closed form over a technology. Everything else over a productive
    /// technology is a programme of as many goods as there are products at most under as many limits as there are,
    /// solved by an interior-point method of dense matrices: a capacity on every sector costs no more than L a few
    /// times over. Processes of your own, resources to which some sector contributes, and stocks with negative
    /// coefficients go to clarabel, followed by Newton's method for harmony if need be. The plan is then rebuilt from the deliveries with the least outputs that make
    /// them, scaled into the constraints, and proved: see [`Plan::bound`]. A solver that stops early shows in
    /// [`Plan::status`]. There is a [`Shortage`](super::Shortage) only where it is proved.
    ///
    /// # Errors
    /// Vectors of other lengths or with values out of range, an objective that wants nothing or that nothing limits, a
    /// process without any limit.
    ///
    /// # Complexity
    /// Closed form O(n²) after the technology's factorisation. For a technology of n sectors with k limits, k transposed
    /// solves and 10 to 20 steps of O(k n min(k, n)). Some dozens of steps of O((m + n + k)³) for m products and
    /// n processes otherwise.
    ///
    /// # Example
    /// See [`Planner`], and [`Planner::with_minimum`] for a shortage.
    pub fn solve(&self, objective: &Objective) -> Result<Answer, Error> {
        objective.check(self)?;
        self.check_limited(objective)?;
        if self.minimum.amax() > 0.0 && !self.minimum_is_met()? {
            let required = Objective::Proportional(self.minimum.clone());
            let nothing = DVector::zeros(self.products.len());
            let largest = Planner { minimum: nothing, ..self.clone() }.search(&required)?;
            // That none was found which makes them proves nothing; the bound does.
            if largest.bound < 1.0 - self.tolerance {
                return Ok(Answer::Shortage(self.shortage(largest)?));
            }
        }
        Ok(Answer::Plan(self.search(objective)?))
    }

    /// Whether the least outputs that make the required deliveries keep all limits; no if there are none to be found.
    fn minimum_is_met(&self) -> Result<bool, Error> {
        let levels = self.least_levels(&self.minimum)?;
        Ok(levels.is_some_and(|levels| self.keep(&levels)))
    }

    /// Whether levels keep all limits.
    fn keep(&self, levels: &DVector<f64>) -> bool {
        self.limits().iter().all(|limit| limit.load(levels) <= limit.available * (1.0 + ROUNDING))
    }

    fn search(&self, objective: &Objective) -> Result<Plan, Error> {
        let stocked = self.stocks.amax() > 0.0;
        let mut first = None;
        // Where a sector contributes to a resource it may pay to make what nobody wants, which deliveries do not tell.
        let contributions = self.resources.iter().any(|resource| resource.per_unit.min() < 0.0);
        if let Some(technology) = &self.technology {
            if let (Objective::Proportional(target), false) = (objective, stocked)
                && let Some(found) = self.closed_form(technology, target)?
            {
                return self.plan(objective, found);
            }
            // With stocks outputs must not become negative, which more of a product may only make less likely.
            let only_more = !stocked && !matches!(objective, Objective::Proportional(_));
            if !contributions && (only_more || technology.coefficients().min() >= 0.0) {
                let plan = self.plan(objective, self.over_deliveries(technology, objective)?)?;
                if !stocked || plan.status.is_converged() || plan.status == Status::RoundLimit {
                    return Ok(plan);
                }
                first = Some(plan);
            }
        }
        let mut plan = self.plan(objective, self.over_processes(objective, None)?)?;
        if matches!(objective, Objective::Harmony { .. }) {
            for _ in 0..NEWTON_STEPS {
                if plan.status.is_converged() {
                    break;
                }
                let next = self.over_processes(objective, Some(&plan.final_demand))?;
                let next = self.plan(objective, next)?;
                if next.gap() >= plan.gap() {
                    break;
                }
                plan = Plan { iterations: plan.iterations + next.iterations, ..next };
            }
        }
        Ok(match first {
            Some(first) if !plan.status.is_converged() && first.gap() < plan.gap() => first,
            _ => plan,
        })
    }

    /// All that limits levels.
    pub(super) fn limits(&self) -> Vec<Constraint<'_>> {
        let capacities = (0..self.processes.len())
            .filter(|&j| self.capacity[j].is_finite())
            .map(|j| Constraint { use_: Use::Level(j), available: self.capacity[j] });
        let resources = self.resources.iter().enumerate().map(|(k, resource)| Constraint {
            use_: Use::Resource(k, &resource.per_unit),
            available: resource.available,
        });
        capacities.chain(resources).collect()
    }

    /// λ = min over limits of what is left of them by the required deliveries, per use of the target.
    fn closed_form(
        &self,
        technology: &Technology,
        target: &DVector<f64>,
    ) -> Result<Option<Candidate>, Error> {
        let base = technology.output_for(&self.minimum)?;
        // More than the least outputs may keep them, where others contribute.
        if !self.keep(&base) {
            return Ok(None);
        }
        let direction = technology.output_for(target)?;
        let mut tightest: Option<(f64, f64, Use<'_>)> = None;
        for limit in self.limits() {
            let per_target = limit.load(&direction);
            if per_target <= 0.0 {
                continue;
            }
            let times = limit.slack(&base) / per_target;
            if tightest.as_ref().is_none_or(|(least, ..)| times < *least) {
                tightest = Some((times, per_target, limit.use_));
            }
        }
        let Some((times, per_target, use_)) = tightest else { return Ok(None) };
        let (mut capacities, mut resources) = self.no_prices();
        match use_ {
            Use::Level(j) => capacities[j] = 1.0 / per_target,
            Use::Resource(k, per_unit) => {
                // A negative use elsewhere could make a price negative, and then this is no optimum.
                if technology.prices(per_unit)?.min() < 0.0 {
                    return Ok(None);
                }
                resources[k] = 1.0 / per_target;
            }
        }
        Ok(Some(Candidate {
            deliveries: &self.minimum + target * times,
            levels: None,
            products: None,
            capacities,
            resources,
            status: Status::Converged,
            iterations: 0,
        }))
    }

    pub(super) fn no_prices(&self) -> (DVector<f64>, DVector<f64>) {
        (DVector::zeros(self.processes.len()), DVector::zeros(self.resources.len()))
    }

    /// Prices of limits, by capacity and by resource.
    pub(super) fn by_limit<'a>(
        &self,
        prices: impl Iterator<Item = (Constraint<'a>, f64)>,
    ) -> (DVector<f64>, DVector<f64>) {
        let (mut capacities, mut resources) = self.no_prices();
        for (limit, price) in prices {
            match limit.use_ {
                Use::Level(j) => capacities[j] = price,
                Use::Resource(k, _) => resources[k] = price,
            }
        }
        (capacities, resources)
    }

    /// The general form: levels and deliveries both, with a balance for every product.
    fn over_processes(
        &self,
        objective: &Objective,
        around: Option<&DVector<f64>>,
    ) -> Result<Candidate, Error> {
        let (m, n) = self.net.shape();
        let mut program = Program::default();
        let highest = self.highest_levels();
        let unit = |j: usize| if highest[j].is_finite() { highest[j] } else { 1.0 };
        let levels: Vec<Option<usize>> =
            (0..n).map(|j| (highest[j] > 0.0).then(|| program.variable(0.0, Some(unit(j))))).collect();
        let open = objective.wanted();
        let most = |i: usize| {
            let made: f64 = (0..n).map(|j| self.net[(i, j)].max(0.0) * unit(j)).sum();
            made + self.stocks[i]
        };
        let goods = self.add_goods(&mut program, objective, around, &open, &most);
        let balances: Vec<usize> = (0..m)
            .map(|i| {
                let inputs = levels.iter().enumerate().filter_map(|(j, v)| v.map(|v| (v, -self.net[(i, j)])));
                let own = |k: usize| f64::from(k == i);
                let entries: Vec<(usize, f64)> = inputs.chain(goods.entries(&own)).collect();
                program.row(entries, self.stocks[i] - self.minimum[i] - goods.offset(&own))
            })
            .collect();
        let limits: Vec<(Constraint<'_>, usize)> = self
            .limits()
            .into_iter()
            .map(|limit| {
                let entries =
                    levels.iter().enumerate().filter_map(|(j, v)| v.map(|v| (v, limit.per_unit(j))));
                let row = program.row(entries.collect::<Vec<_>>(), limit.available);
                (limit, row)
            })
            .collect();
        let found = match program.solve(self.max_iterations) {
            Outcome::Unbounded(direction) => {
                let most =
                    goods.parts.iter().max_by(|a, b| direction[a.variable].total_cmp(&direction[b.variable]));
                return Err(self.unlimited(most.map_or(0, |part| part.product)));
            }
            Outcome::Nothing(iterations) => return Ok(self.nothing(iterations)),
            Outcome::Solved(found) => found,
        };
        let (capacities, resources) =
            self.by_limit(limits.into_iter().map(|(limit, row)| (limit, found.multipliers[row])));
        let mut deliveries = goods.deliveries(&found, &self.minimum);
        let mut output = DVector::from_fn(n, |j, _| levels[j].map_or(0.0, |v| found.values[v]));
        // What the solver leaves of them would be scaled down to nothing, and all the rest with it.
        for j in self.idle() {
            (deliveries[j], output[j]) = (self.minimum[j], 0.0);
        }
        Ok(Candidate {
            deliveries,
            levels: Some(output),
            products: Some(DVector::from_fn(m, |i, _| found.multipliers[balances[i]])),
            capacities,
            resources,
            status: found.status,
            iterations: found.iterations,
        })
    }

    /// Sectors that need, themselves or through their inputs, what there is nothing of.
    fn idle(&self) -> Vec<usize> {
        let Some(technology) = self.technology.as_ref().filter(|_| self.stocks.amax() == 0.0) else {
            return Vec::new();
        };
        let (limits, n) = (self.limits(), self.processes.len());
        let spent =
            |limit: &&Constraint<'_>| limit.available == 0.0 && (0..n).all(|j| limit.per_unit(j) >= 0.0);
        let spent: Vec<&Constraint<'_>> = limits.iter().filter(spent).collect();
        let needs = |j: &usize| spent.iter().any(|limit| limit.per_unit(*j) > 0.0);
        let mut idle: Vec<usize> = (0..n).filter(needs).collect();
        if idle.is_empty() {
            return idle;
        }
        let coefficients = technology.coefficients();
        if coefficients.min() < 0.0 {
            return Vec::new();
        }
        let mut is_idle = vec![false; n];
        idle.iter().for_each(|&j| is_idle[j] = true);
        let mut next = 0;
        while let Some(&i) = idle.get(next) {
            next += 1;
            for j in (0..n).filter(|&j| coefficients[(i, j)] > 0.0) {
                if !std::mem::replace(&mut is_idle[j], true) {
                    idle.push(j);
                }
            }
        }
        idle
    }

    /// Variables for deliveries beyond the required ones; `most` is about how much there can be of each.
    fn add_goods(
        &self,
        program: &mut Program,
        objective: &Objective,
        around: Option<&DVector<f64>>,
        open: &[bool],
        most: &dyn Fn(usize) -> f64,
    ) -> Goods {
        let positive = |value: f64| if value.is_finite() && value > 0.0 { value } else { 1.0 };
        let mut goods = Goods::default();
        let products = || (0..open.len()).filter(|&i| open[i]);
        if let Some(point) = around {
            for i in products() {
                let curvature = objective.curvature(i, point[i]);
                let gain = objective.marginal(i, point[i]) + curvature * (point[i] - self.minimum[i]);
                let variable = program.variable(gain, Some(positive(most(i))));
                program.add_quadratic(variable, curvature);
                goods.parts.push(Part { product: i, variable, amount: 1.0 });
            }
            return goods;
        }
        match objective {
            Objective::Proportional(target) => {
                let times = products().map(|i| most(i) / target[i]).fold(f64::INFINITY, f64::min);
                let variable = program.variable(1.0, Some(positive(times)));
                goods.parts = products().map(|i| Part { product: i, variable, amount: target[i] }).collect();
            }
            Objective::Weighted(weights) => {
                for i in products() {
                    let variable = program.variable(weights[i], Some(positive(most(i))));
                    goods.parts.push(Part { product: i, variable, amount: 1.0 });
                }
            }
            Objective::Harmony { target, weight } => {
                // y = t (1 + m − n), H = ln(1 + m) − n − n²/2: of m and n one is 0 at the optimum.
                for i in products() {
                    let (t, w) = (target[i], weight[i]);
                    let unit = (most(i) / t).clamp(1.0, LARGEST_EXCESS);
                    let excess = program.variable(0.0, None);
                    program.log(w, excess, 1.0 / unit);
                    let missing = program.variable(-w, None);
                    program.add_quadratic(missing, w);
                    program.row([(excess, -unit), (missing, 1.0)], 1.0 - self.minimum[i] / t);
                    goods.parts.push(Part { product: i, variable: excess, amount: t * unit });
                    goods.parts.push(Part { product: i, variable: missing, amount: -t });
                    goods.fixed.push((i, t - self.minimum[i]));
                }
            }
        }
        goods
    }

    /// What is asked for has no end.
    pub(super) fn unlimited(&self, product: usize) -> Error {
        Error::invalid(format!(
            "{}: nothing limits its delivery, must need a capacity or a resource that others do not make up for",
            self.products[product]
        ))
    }

    /// To deliver what is required is the best that is known.
    fn nothing(&self, iterations: u32) -> Candidate {
        let (capacities, resources) = self.no_prices();
        Candidate {
            deliveries: self.minimum.clone(),
            levels: self.technology.is_none().then(|| DVector::zeros(self.processes.len())),
            products: None,
            capacities,
            resources,
            status: Status::Stalled,
            iterations,
        }
    }
}

/// A limit of levels: a capacity or a resource.
pub(super) struct Constraint<'a> {
    pub(super) use_: Use<'a>,
    pub(super) available: f64,
}

#[derive(Clone, Copy)]
pub(super) enum Use<'a> {
    Level(usize),
    Resource(usize, &'a DVector<f64>),
}

impl Constraint<'_> {
    pub(super) fn per_unit(&self, process: usize) -> f64 {
        match self.use_ {
            Use::Level(j) => f64::from(j == process),
            Use::Resource(_, per_unit) => per_unit[process],
        }
    }

    pub(super) fn load(&self, levels: &DVector<f64>) -> f64 {
        match self.use_ {
            Use::Level(j) => levels[j],
            Use::Resource(_, per_unit) => per_unit.dot(levels),
        }
    }

    /// All that levels use and contribute.
    pub(super) fn size(&self, levels: &DVector<f64>) -> f64 {
        match self.use_ {
            Use::Level(j) => levels[j].abs(),
            Use::Resource(_, per_unit) => {
                per_unit.iter().zip(levels).map(|(use_, level)| (use_ * level).abs()).sum()
            }
        }
    }

    /// What these levels leave; nothing if only rounding.
    pub(super) fn slack(&self, levels: &DVector<f64>) -> f64 {
        let left = self.available - self.load(levels);
        if left > ROUNDING * self.available { left } else { 0.0 }
    }
}

/// Deliveries in terms of a programme's variables: y = y₀ + fixed + Σ amount · variable.
#[derive(Default)]
struct Goods {
    parts: Vec<Part>,
    fixed: Vec<(usize, f64)>,
}

struct Part {
    product: usize,
    variable: usize,
    amount: f64,
}

impl Goods {
    /// The row `Σ_i` `weight_i` `y_i`, without what is fixed.
    fn entries(&self, weight: &dyn Fn(usize) -> f64) -> Vec<(usize, f64)> {
        let mut merged: Vec<(usize, f64)> = Vec::new();
        for part in &self.parts {
            let value = weight(part.product) * part.amount;
            match merged.last_mut() {
                Some((variable, sum)) if *variable == part.variable => *sum += value,
                _ => merged.push((part.variable, value)),
            }
        }
        merged
    }

    fn offset(&self, weight: &dyn Fn(usize) -> f64) -> f64 {
        self.fixed.iter().map(|&(i, amount)| weight(i) * amount).sum()
    }

    fn deliveries(&self, found: &Solution, minimum: &DVector<f64>) -> DVector<f64> {
        let mut deliveries = minimum.clone();
        self.fixed.iter().for_each(|&(i, amount)| deliveries[i] += amount);
        for part in &self.parts {
            deliveries[part.product] += part.amount * found.values[part.variable];
        }
        deliveries.zip_map(minimum, f64::max)
    }
}
