//! What factors on inputs mean for councils that are not Cobb–Douglas.

use crate::economy::{OtherAnswers, Others};
use crate::{Economy, GoodId};

/// What the factors mean for councils that are not Cobb–Douglas.
pub(super) struct Rationed {
    /// Logarithms of the factors on outputs.
    pub(super) output_factors: Vec<f64>,
    /// Their consumption as proposed, in value, for each good (of a public good, their shares of it).
    pub(super) requested: Vec<f64>,
    /// Value of the minimum quantities in it.
    least: Vec<f64>,
    /// Minimum quantity of each want, and where these wants begin among all.
    pub(super) minima: Vec<f64>,
    pub(super) first_want: usize,
}

impl Rationed {
    pub(super) fn new(economy: &Economy, prices: &[f64], others: &Others, given: &OtherAnswers) -> Self {
        let layout = economy.layout();
        let n = prices.len();
        let (mut requested, mut least, mut minima) = (vec![0.0; n], vec![0.0; n], Vec::new());
        let sharers = layout.sharers;
        for (c, consumer) in others.consumers.iter().enumerate() {
            for (i, good) in consumer.wants.iter().enumerate() {
                let g = good.index();
                let price = if layout.public[g] { prices[g] / sharers } else { prices[g] };
                requested[g] += price * given.quantities[others.wants_of(c, layout).start + i];
                if !layout.public[g] {
                    least[g] += price * consumer.minimum(i);
                }
                minima.push(consumer.minimum(i));
            }
        }
        for list in [&mut requested, &mut least] {
            economy.group().sum(list);
        }
        let first_want = layout.wants_before(others.first_consumer(layout));
        Rationed { output_factors: Vec::new(), requested, least, minima, first_want }
    }

    /// Logarithms of prices at which a council's requests are judged: of a public good, a part of the price in proportion to
    /// what it would pay of all that is asked for. Parts add up to the whole price, and where preferences are of the
    /// Cobb–Douglas kind in that good, everybody then asks for the same quantity (Lindahl's prices).
    pub(super) fn personal(
        &self,
        economy: &Economy,
        prices: &[f64],
        wants: &[GoodId],
        asked: &[f64],
    ) -> Vec<f64> {
        let layout = economy.layout();
        let of = |(good, quantity): (&GoodId, &f64)| {
            let g = good.index();
            let part = quantity * prices[g] / layout.sharers / (economy.spending()[g] + self.requested[g]);
            prices[g].ln() + if layout.public[g] { part.ln() } else { 0.0 }
        };
        wants.iter().zip(asked).map(of).collect()
    }

    /// Factor on the consumption of a private good beyond its minimum, if so much of it (in value) is left.
    pub(super) fn beyond(&self, economy: &Economy, g: usize, left: f64) -> f64 {
        (left - self.least[g]) / (economy.spending()[g] + self.requested[g] - self.least[g])
    }
}
