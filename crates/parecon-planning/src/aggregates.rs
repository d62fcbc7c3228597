//! What a facilitation board learns from adding up all proposals.

use serde::{Deserialize, Serialize};

use crate::GoodId;

/// Supply of and demand for every good, in units of the good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregates {
    /// Endowment and proposed output.
    pub supply: Vec<f64>,
    /// Proposed inputs and consumption; the average request for a public good.
    pub demand: Vec<f64>,
}

impl Aggregates {
    /// Excess of demand (positive) or supply (negative) relative to their mean, `(D − S) / ((D + S)/2)`, from
    /// −2 to 2.
    #[must_use]
    pub fn imbalance(&self, good: GoodId) -> f64 {
        match (self.supply.get(good.index()), self.demand.get(good.index())) {
            (Some(&supply), Some(&demand)) => imbalance(supply, demand),
            _ => 0.0,
        }
    }

    /// Whether they are of so many goods.
    pub(crate) fn is_over(&self, goods: usize) -> bool {
        self.supply.len() == goods && self.demand.len() == goods
    }

    /// The good that is furthest from agreement and its imbalance in size, `|D − S| / ((D + S)/2)`: 0.03 is 3 %.
    ///
    /// The first of equals; `None` without goods.
    #[must_use]
    pub fn largest_imbalance(&self) -> Option<(GoodId, f64)> {
        let mut largest = None;
        for (g, (&supply, &demand)) in (0u32..).zip(self.supply.iter().zip(&self.demand)) {
            let size = imbalance(supply, demand).abs();
            // What is no number is worse than any, so that it cannot pass for agreement.
            if size.is_nan() || largest.is_none_or(|(_, most)| size > most) {
                largest = Some((GoodId(g), size));
            }
        }
        largest
    }
}

pub(crate) fn imbalance(supply: f64, demand: f64) -> f64 {
    let mean = 0.5 * (demand + supply);
    // Nothing offered and nothing asked for is balance; what is no number stays none.
    if mean == 0.0 { 0.0 } else { (demand - supply) / mean }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_imbalance_is_named() {
        let a = Aggregates { supply: vec![1.0, 3.0, 0.0], demand: vec![1.0, 1.0, 0.0] };
        assert_eq!(a.largest_imbalance(), Some((GoodId(1), 1.0)));
        assert_eq!(a.imbalance(GoodId(1)), -1.0);
        assert_eq!(a.imbalance(GoodId(2)), 0.0);
    }

    #[test]
    fn what_is_no_number_is_never_balanced() {
        let a = Aggregates { supply: vec![1.0, f64::NAN, 3.0], demand: vec![2.0, 1.0, 1.0] };
        assert!(a.largest_imbalance().is_some_and(|(good, size)| good == GoodId(1) && size.is_nan()));
    }
}
