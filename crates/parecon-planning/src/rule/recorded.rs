//! The rule of the published simulations.

use serde::{Deserialize, Serialize};

use super::{PriceRule, Reports};
use crate::Aggregates;
use crate::aggregates::imbalance;

/// Damping before anything is known of a good, and its upper limit afterwards.
const FIRST_DAMPING: f64 = 0.25;
/// The smallest relative price change.
const SMALLEST_CHANGE: f64 = 0.001;

/// The published rule: each price moves on its own, by an imbalance-dependent percentage.
///
/// With supply `S` and demand `D` of a good, the price rises (falls, on surplus) by the fraction
///
/// ```text
/// δ = max(0.001, min(u, |u·d|)),     u = 1.05 − 2^(−|2(S−D)/(S+D)|)
/// ```
///
/// where the damping `d` is ¼ in the first round and then the previous round's `|S−D|/((S+D)/2)`, at most ¼.
/// Since no change is smaller than a thousandth, the rule circles around the clearing prices in the end.
///
/// # What a facilitation board would ask of councils
/// Quantities of each good supplied and demanded, which it adds up.
///
/// # Complexity
/// Linear in the number of goods.
///
/// # Reference
/// R. Hahnel, *Democratic Economic Planning* (Routledge 2021), chapter 9, as implemented in the simulations whose
/// records it reproduces.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    damping: Vec<f64>,
}

impl Recorded {
    /// The rule at its first round.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl PriceRule for Recorded {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        let Aggregates { supply, demand } = reports.aggregates();
        if self.damping.len() != reports.prices().len() {
            self.damping = vec![FIRST_DAMPING; reports.prices().len()];
        }
        let goods = supply.iter().zip(demand).zip(&mut self.damping);
        reports
            .prices()
            .iter()
            .zip(goods)
            .map(|(&price, ((&s, &d), damping))| {
                let size = imbalance(s, d).abs();
                let urge = 1.05 - 0.5f64.powf(size);
                let change = (urge * *damping).abs().min(urge).max(SMALLEST_CHANGE);
                *damping = size.min(FIRST_DAMPING);
                if s > d {
                    price * (1.0 - change)
                } else if s < d {
                    price * (1.0 + change)
                } else {
                    price
                }
            })
            .collect()
    }
}
