//! Plans over a productive technology as deliveries under limits.

use nalgebra::{DMatrix, DVector, DVectorView};

use crate::error::Error;
use crate::optimise::interior::Market;
use crate::optimise::search::{Candidate, Use};
use crate::optimise::{Objective, Planner};
use crate::technology::Technology;

/// Deliveries that use less than this share of what limits them are the solver's noise.
const NOISE: f64 = 1e-9;

/// What a plan over deliveries decides on.
#[derive(Clone, Copy)]
enum Good {
    /// How often a proportional target is met.
    Target,
    /// More of a product than is required.
    Wanted(usize),
    /// A product that is left over.
    Spare(usize),
}

impl Planner {
    /// A productive technology that makes net output e = y + u − s, u spare, has outputs L e: limits are on what is
    /// delivered beyond the required deliveries and on what is spare, G (y − y₀ + u) ≤ h with G the footprint of each
    /// limit. Without stocks nothing need be spare; with them outputs that would be negative must be made up for. No
    /// resource may be contributed to: of G only the rows of outputs that would be negative are.
    pub(super) fn over_deliveries(
        &self,
        technology: &Technology,
        objective: &Objective,
    ) -> Result<Candidate, Error> {
        let limits = self.limits();
        let base = technology.output_for(&(&self.minimum - &self.stocks))?;
        let stocked = self.stocks.amax() > 0.0;
        let idle: Vec<usize> = (0..base.len()).filter(|&j| stocked && base[j] < 0.0).collect();
        let mut uses = DMatrix::zeros(limits.len() + idle.len(), self.processes.len());
        for (limit, mut row) in limits.iter().zip(uses.row_iter_mut()) {
            match limit.use_ {
                Use::Level(j) => row[j] = 1.0,
                Use::Resource(_, per_unit) => row.copy_from(&per_unit.transpose()),
            }
        }
        for (k, &j) in idle.iter().enumerate() {
            uses[(limits.len() + k, j)] = -1.0;
        }
        let footprints = technology.footprint(&uses)?;
        drop(uses);
        let goods = self.goods(objective, stocked);
        let target = match objective {
            Objective::Proportional(target) => &footprints * target,
            _ => DVector::zeros(0),
        };
        let use_of = |good: Good| -> DVectorView<'_, f64> {
            match good {
                Good::Target => target.as_view(),
                Good::Wanted(i) | Good::Spare(i) => footprints.column(i),
            }
        };
        let mut slack: Vec<f64> = limits.iter().map(|limit| limit.slack(&base)).collect();
        slack.extend(idle.iter().map(|&j| base[j]));

        let (mut open, mut closed) = (Vec::new(), Vec::new());
        for good in goods {
            let use_ = use_of(good);
            // Who needs what the required deliveries have used up can have no more. The tightest such limit:
            let spent = (0..limits.len()).filter(|&k| slack[k] == 0.0 && use_[k] > 0.0);
            if let Some(k) = spent.max_by(|&a, &b| use_[a].total_cmp(&use_[b])) {
                closed.push((good, k));
                continue;
            }
            // The most there can be of each alone is its unit.
            let most = (0..limits.len()).filter(|&k| use_[k] > 0.0).map(|k| slack[k] / use_[k]);
            let unit = most.fold(f64::INFINITY, f64::min);
            match (good, unit.is_finite()) {
                (_, true) => open.push((good, unit)),
                (Good::Spare(i), false) => open.push((good, self.stocks[i].max(1.0))),
                (Good::Wanted(i), false) => return Err(self.unlimited(i)),
                (Good::Target, false) => return Err(self.unlimited(first_wanted(objective))),
            }
        }
        let rows: Vec<usize> = (0..slack.len())
            .filter(|&k| {
                slack[k] < 0.0 || slack[k] > 0.0 && open.iter().any(|&(good, _)| use_of(good)[k] > 0.0)
            })
            .collect();
        let mut market =
            DMatrix::from_fn(rows.len(), open.len(), |k, j| use_of(open[j].0)[rows[k]] * open[j].1);
        let mut available = DVector::from_fn(rows.len(), |k, _| slack[rows[k]]);
        let mut scale = available.abs();
        for (k, mut row) in market.row_iter_mut().enumerate() {
            scale[k] = scale[k].max(row.amax());
            row /= scale[k];
        }
        available.component_div_assign(&scale);

        let worth = |good: Good, amount: f64| match good {
            Good::Target => 1.0,
            Good::Wanted(i) => objective.marginal(i, self.minimum[i] + amount),
            Good::Spare(_) => 0.0,
        };
        let most = open.iter().map(|&(good, unit)| worth(good, 0.0) * unit).fold(0.0, f64::max);
        let money = match objective.size() {
            size if size > 0.0 => size,
            _ if most > 0.0 => most,
            // Nothing that is wanted can be had: all that counts is that outputs are not negative.
            _ => 1.0,
        };
        let slope = |j: usize, amount: f64| {
            let (good, unit) = open[j];
            worth(good, unit * amount) * unit / money
        };
        let fall = |j: usize, amount: f64, price: f64| match &open[j] {
            (Good::Wanted(i), unit) => {
                let at = self.minimum[*i] + unit * amount;
                objective.fall(*i, at, price * money / unit) * unit * unit / money
            }
            _ => 0.0,
        };
        let curved = matches!(objective, Objective::Harmony { .. });
        let market = Market { limits: &market, available: &available, slope: &slope, fall: &fall, curved };
        let found = market.solve(self.max_iterations);
        if found.unbounded && !stocked {
            return Err(self.unlimited(match open[found.amounts.imax()].0 {
                Good::Wanted(i) | Good::Spare(i) => i,
                Good::Target => first_wanted(objective),
            }));
        }
        let mut multipliers = vec![0.0; slack.len()];
        for ((&k, price), scale) in rows.iter().zip(&found.prices).zip(&scale) {
            multipliers[k] = price * money / scale;
        }
        // What nobody can have more of must cost what it is worth at least: the limits that are used up take it.
        for (good, k) in closed {
            let use_ = use_of(good);
            let price: f64 = multipliers.iter().zip(&use_).map(|(z, g)| z * g).sum();
            let missing = worth(good, 0.0) - price;
            if missing > 0.0 {
                multipliers[k] += missing / use_[k];
            }
        }
        let prices = footprints.tr_mul(&DVector::from_column_slice(&multipliers));
        let (capacities, resources) = self.by_limit(limits.into_iter().zip(multipliers));
        let (mut deliveries, mut spare) = (self.minimum.clone(), -&self.stocks);
        for ((good, unit), amount) in open.iter().zip(&found.amounts).filter(|(_, amount)| **amount > NOISE) {
            match (good, objective) {
                (Good::Spare(i), _) => spare[*i] += unit * amount,
                (Good::Wanted(i), _) => deliveries[*i] += unit * amount,
                (Good::Target, Objective::Proportional(target)) => {
                    deliveries.axpy(unit * amount, target, 1.0);
                }
                (Good::Target, _) => {}
            }
        }
        let levels = match stocked {
            true => Some(technology.output_for(&(&deliveries + spare))?.map(|level| level.max(0.0))),
            false => None,
        };
        Ok(Candidate {
            deliveries,
            levels,
            products: stocked.then(|| prices.map(|price| price.max(0.0))),
            capacities,
            resources,
            status: found.status,
            iterations: found.iterations,
        })
    }

    /// What there may be more of.
    fn goods(&self, objective: &Objective, stocked: bool) -> Vec<Good> {
        let products = 0..self.products.len();
        if matches!(objective, Objective::Proportional(_)) {
            let spare = products.filter(|_| stocked).map(Good::Spare);
            return std::iter::once(Good::Target).chain(spare).collect();
        }
        let good = |i: usize| if objective.wants(i) { Good::Wanted(i) } else { Good::Spare(i) };
        products.filter(|&i| stocked || objective.wants(i)).map(good).collect()
    }
}

/// A product of the target, for messages.
fn first_wanted(objective: &Objective) -> usize {
    objective.wanted().iter().position(|wanted| *wanted).unwrap_or(0)
}
