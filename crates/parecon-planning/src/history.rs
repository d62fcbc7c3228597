//! The rounds of a process so far, and whether it has ended: what simulated and real processes share.

use crate::economy::PRICE_LIMIT;
use crate::{
    Aggregates, Certificate, Collective, Config, Disclosure, Error, Good, GoodId, Outcome, PriceRule,
    Proposals, Reports, Round, Slopes, Status, ThresholdClass,
};

/// What a round showed beyond sums, as far as a rule may see it.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) proposals: Option<&'a Proposals>,
    pub(crate) slopes: Option<&'a Slopes>,
    pub(crate) group: &'a dyn Collective,
}

#[derive(Clone, Debug)]
pub(crate) struct History {
    config: Config,
    rounds: Vec<Round>,
    /// Index of the round with the smallest imbalance.
    best: usize,
    /// Whether the rule ever asked for prices outside the permitted range.
    out_of_range: bool,
}

impl History {
    pub(crate) fn new(config: Config) -> Self {
        History { config, rounds: Vec::new(), best: 0, out_of_range: false }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    pub(crate) fn out_of_range(&self) -> bool {
        self.out_of_range
    }

    pub(crate) fn set_out_of_range(&mut self) {
        self.out_of_range = true;
    }

    /// The first prices, or what the rule makes of the last round.
    pub(crate) fn next_prices(
        &mut self,
        goods: &[Good],
        rule: &mut (impl PriceRule + ?Sized),
        shown: Shown<'_>,
    ) -> Result<Vec<f64>, Error> {
        let Some(reports) = self.reports(rule.disclosure(), shown) else {
            return self.config.start_prices_of(goods);
        };
        let mut prices = rule.revise(&reports);
        self.out_of_range |= rein_in(goods, &mut prices)?;
        Ok(prices)
    }

    /// What a rule is shown of the last round, if there was one.
    pub(crate) fn reports<'a>(&'a self, wanted: Disclosure, shown: Shown<'a>) -> Option<Reports<'a>> {
        let last = self.rounds.last()?;
        let mut reports = Reports::new(last.number, &last.prices, &last.aggregates).with_group(shown.group);
        if let Some(proposals) = shown.proposals.filter(|_| wanted >= Disclosure::WorkerProposals) {
            reports = reports.with_proposals(proposals);
        }
        if let Some(slopes) = shown.slopes.filter(|_| wanted >= Disclosure::Elasticities) {
            reports = reports.with_slopes(slopes);
        }
        Some(reports)
    }

    pub(crate) fn record(
        &mut self,
        prices: Vec<f64>,
        aggregates: Aggregates,
        certificate: Option<Certificate>,
    ) -> &Round {
        let (least_balanced, largest_imbalance) = aggregates.largest_imbalance().unwrap_or((GoodId(0), 0.0));
        if self.rounds.get(self.best).is_some_and(|best| largest_imbalance < best.largest_imbalance) {
            self.best = self.rounds.len();
        }
        self.rounds.push(Round {
            number: self.rounds.len() + 1,
            prices,
            aggregates,
            largest_imbalance,
            least_balanced,
            class: ThresholdClass::of(largest_imbalance),
            certificate,
        });
        &self.rounds[self.rounds.len() - 1]
    }

    /// Whether and how the process has ended; `None` while it should go on.
    pub(crate) fn status(&self) -> Option<Status> {
        let last = self.rounds.last()?;
        if last.largest_imbalance < self.config.tolerance() {
            Some(Status::Converged)
        } else if self.out_of_range {
            Some(Status::Diverged)
        } else if last.number - (self.best + 1) >= self.config.patience() {
            Some(Status::Stalled)
        } else if last.number >= self.config.round_limit() {
            Some(Status::RoundLimit)
        } else {
            None
        }
    }

    pub(crate) fn best(&self) -> Option<&Round> {
        self.rounds.get(self.best)
    }

    pub(crate) fn finish(self, status: Status) -> Outcome {
        let best = self.rounds.get(self.best);
        Outcome {
            status,
            prices: best.map(|r| r.prices.clone()).unwrap_or_default(),
            largest_imbalance: best.map_or(0.0, |r| r.largest_imbalance),
            certificate: best.and_then(|r| r.certificate),
            rounds: self.rounds,
        }
    }
}

/// Keeps revised prices within the permitted range; whether any had left it.
fn rein_in(goods: &[Good], prices: &mut [f64]) -> Result<bool, Error> {
    if prices.len() != goods.len() {
        let (given, goods) = (prices.len(), goods.len());
        return Err(Error::rule(format!("answered with {given} prices for {goods} goods")));
    }
    let mut left = false;
    for (good, price) in goods.iter().zip(prices) {
        if price.is_nan() || *price < 0.0 {
            let name = &good.name;
            return Err(Error::rule(format!("revised the price of {name:?} to {price}, must be positive")));
        }
        let within = price.clamp(1.0 / PRICE_LIMIT, PRICE_LIMIT);
        left |= within != *price;
        *price = within;
    }
    Ok(left)
}
