//! Why the required deliveries cannot be made.

use crate::error::Error;
use crate::optimise::Planner;
use crate::optimise::answer::{Bottleneck, Limit, Plan, Shortage};
use crate::optimise::search::Use;

/// Multipliers of less weight than this in the proof of a shortage are the solver's noise.
const NEGLIGIBLE: f64 = 1e-6;

impl Planner {
    /// What the largest share of the required deliveries runs into.
    pub(super) fn shortage(&self, plan: Plan) -> Result<Shortage, Error> {
        let least = self.least_levels(&self.minimum)?;
        let full = match (least, plan.objective > 0.0) {
            (Some(levels), _) => Some(levels),
            (None, true) => Some(&plan.output / plan.objective),
            (None, false) => None,
        };
        let mut bottlenecks = Vec::new();
        for limit in self.limits() {
            let (name, multiplier) = match limit.use_ {
                Use::Level(j) => (Limit::Capacity(j, self.processes[j].clone()), plan.capacity_prices[j]),
                Use::Resource(k, _) => {
                    (Limit::Resource(k, self.resources[k].name.clone()), plan.resource_prices[k])
                }
            };
            let needed = full.as_ref().map(|levels| limit.load(levels));
            bottlenecks.push(Bottleneck { limit: name, needed, available: limit.available, multiplier });
        }
        for i in (0..self.products.len()).filter(|&i| self.net.row(i).max() <= 0.0) {
            let needed =
                full.as_ref().map(|levels| self.minimum[i] - self.net.row(i).transpose().dot(levels));
            bottlenecks.push(Bottleneck {
                limit: Limit::Stock(i, self.products[i].clone()),
                needed,
                available: self.stocks[i],
                multiplier: plan.product_prices[i],
            });
        }
        let weight = |b: &Bottleneck| b.multiplier * b.needed.unwrap_or(1.0).max(b.available);
        let most = bottlenecks.iter().map(weight).fold(0.0, f64::max);
        bottlenecks.retain(|b| b.multiplier > 0.0 && weight(b) > NEGLIGIBLE * most);
        bottlenecks.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        Ok(Shortage { share: plan.objective, bottlenecks, plan })
    }
}
