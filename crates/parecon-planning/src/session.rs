//! The planning process: announce, collect, compare, revise.

use serde::{Deserialize, Serialize};

use crate::economy::PRICE_LIMIT;
use crate::{
    Certificate, Config, Disclosure, Economy, Error, GoodId, Observer, PriceRule, Proposals, Reports, Round,
    Slopes, Status, ThresholdClass,
};

/// Plans an economy: rounds of announced prices and proposals until they fit together.
///
/// The observer sees every round and may end the process. Whatever the status, the outcome holds the best round's
/// prices.
///
/// # Errors
/// If the configuration does not suit the economy, or if the rule answers with something that is not a price
/// vector.
///
/// # Complexity
/// Each round, one exponential per worker council, the rule, and the certificate if asked for.
///
/// # Example
/// ```
/// use parecon_planning::{Config, RevealedNewton, Round, experiment, plan};
/// use std::ops::ControlFlow;
///
/// let economy = experiment::small_example()?;
/// let mut imbalances = Vec::new();
/// let mut watch = |round: &Round| {
///     imbalances.push(round.largest_imbalance);
///     ControlFlow::Continue(())
/// };
/// let config = Config::new().with_tolerance(1e-9);
/// let outcome = plan(&economy, &mut RevealedNewton::new(), &config, &mut watch)?;
/// assert!(outcome.status.is_converged());
/// assert!(outcome.certificate.is_some_and(|c| c.gap_relative < 1e-12));
/// assert_eq!(imbalances.len(), outcome.rounds.len());
/// # Ok::<(), parecon_planning::Error>(())
/// ```
pub fn plan(
    economy: &Economy,
    rule: &mut dyn PriceRule,
    config: &Config,
    observer: &mut dyn Observer<Round>,
) -> Result<Outcome, Error> {
    let mut planning = Planning::new(economy, rule, config.clone())?;
    observer.on_start();
    let status = loop {
        let round = planning.step()?;
        if observer.on_round(round).is_break() {
            break planning.status().unwrap_or(Status::Stopped);
        }
        if let Some(status) = planning.status() {
            break status;
        }
    };
    observer.on_end(status);
    Ok(planning.end(status))
}

/// A planning process whose loop the caller owns.
///
/// ```
/// use parecon_planning::{Config, Planning, Recorded, experiment};
///
/// let economy = experiment::small_example()?;
/// let mut rule = Recorded::new();
/// let mut planning = Planning::new(&economy, &mut rule, Config::new())?;
/// while planning.status().is_none() {
///     planning.step()?;
/// }
/// assert!(planning.rounds().last().is_some_and(|round| round.largest_imbalance < 0.03));
/// # Ok::<(), parecon_planning::Error>(())
/// ```
pub struct Planning<'a> {
    economy: &'a Economy,
    rule: &'a mut dyn PriceRule,
    config: Config,
    rounds: Vec<Round>,
    /// The last round's, if the rule wants them.
    proposals: Option<Proposals>,
    slopes: Option<Slopes>,
    /// Index of the round with the smallest imbalance.
    best: usize,
    out_of_range: bool,
}

/// How a planning process ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outcome {
    /// Why it ended.
    pub status: Status,
    /// Prices of the best round. [`Economy::respond`] has the proposals there, [`Economy::make_feasible`] a plan
    /// that fits together exactly.
    pub prices: Vec<f64>,
    /// Largest imbalance of the best round: 0.03 is 3 %.
    pub largest_imbalance: f64,
    /// Certificate of the best round, if asked for.
    pub certificate: Option<Certificate>,
    /// All rounds, from the first.
    pub rounds: Vec<Round>,
}

impl<'a> Planning<'a> {
    /// A process before its first round.
    ///
    /// # Errors
    /// If the configuration does not suit the economy.
    pub fn new(economy: &'a Economy, rule: &'a mut dyn PriceRule, config: Config) -> Result<Self, Error> {
        config.validate(economy)?;
        Ok(Planning {
            economy,
            rule,
            config,
            rounds: Vec::new(),
            proposals: None,
            slopes: None,
            best: 0,
            out_of_range: false,
        })
    }

    /// Revises the prices (but in the first round), announces them and adds up the proposals.
    ///
    /// It may be called on after [`status`](Self::status) says that the process has ended.
    ///
    /// # Errors
    /// If the rule answers with something that is not a price vector, or a custom council with something that is not a
    /// quantity.
    pub fn step(&mut self) -> Result<&Round, Error> {
        let prices = match reports(self.economy, &self.rounds, &self.proposals, &self.slopes) {
            None => self.config.start_prices(self.economy)?,
            Some(reports) => {
                let mut prices = self.rule.revise(&reports);
                self.out_of_range |= rein_in(self.economy, &mut prices)?;
                prices
            }
        };
        self.announce(prices)
    }

    /// Repeats a round of an earlier process: the rule [observes](PriceRule::observe) the last round, and the prices that
    /// were announced after it are announced again.
    ///
    /// Afterwards [`step`](Self::step) goes on as the earlier process would have, bit for bit.
    ///
    /// # Errors
    /// If `prices` are not one for each good, each between 1e-100 and 1e100.
    ///
    /// # Example
    /// ```
    /// use parecon_planning::{Config, Planning, RevealedNewton, experiment};
    ///
    /// let economy = experiment::small_example()?;
    /// let (mut rule, mut again) = (RevealedNewton::new(), RevealedNewton::new());
    /// let mut first = Planning::new(&economy, &mut rule, Config::new())?;
    /// first.step()?;
    /// first.step()?;
    ///
    /// let mut second = Planning::new(&economy, &mut again, Config::new())?;
    /// for round in first.rounds() {
    ///     second.replay(round.prices.clone())?;
    /// }
    /// assert_eq!(first.step()?.prices, second.step()?.prices);
    /// # Ok::<(), parecon_planning::Error>(())
    /// ```
    pub fn replay(&mut self, prices: Vec<f64>) -> Result<&Round, Error> {
        self.economy.check_prices(&prices)?;
        if let Some(reports) = reports(self.economy, &self.rounds, &self.proposals, &self.slopes) {
            self.rule.observe(&reports);
        }
        self.announce(prices)
    }

    fn announce(&mut self, prices: Vec<f64>) -> Result<&Round, Error> {
        let economy = self.economy;
        let answers = economy.answers_at(&prices)?;
        let aggregates = economy.aggregates_of(&prices, &answers);
        let disclosed = self.rule.disclosure();
        self.proposals = None; // its memory may serve the next ones
        self.proposals = (disclosed >= Disclosure::WorkerProposals)
            .then(|| economy.proposals_at(&prices, &answers, disclosed >= Disclosure::Proposals));
        self.slopes = (disclosed >= Disclosure::Elasticities).then(|| economy.slopes_at(&prices, &answers));
        let certificate =
            if self.config.certificate() { economy.certificate_at(&prices, &answers) } else { None };

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
        Ok(&self.rounds[self.rounds.len() - 1])
    }

    /// Whether and how the process has ended; `None` while it should go on.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
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

    /// All rounds so far.
    #[must_use]
    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// The outcome so far: [`Status::Stopped`] if the process has not ended by itself.
    #[must_use]
    pub fn into_outcome(self) -> Outcome {
        let status = self.status().unwrap_or(Status::Stopped);
        self.end(status)
    }

    fn end(self, status: Status) -> Outcome {
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

/// What a rule is shown of the last round, if there was one.
fn reports<'a>(
    economy: &'a Economy,
    rounds: &'a [Round],
    proposals: &'a Option<Proposals>,
    slopes: &'a Option<Slopes>,
) -> Option<Reports<'a>> {
    let last = rounds.last()?;
    let mut reports = Reports::new(last.number, &last.prices, &last.aggregates).with_group(economy.group());
    if let Some(proposals) = proposals {
        reports = reports.with_proposals(proposals);
    }
    if let Some(slopes) = slopes {
        reports = reports.with_slopes(slopes);
    }
    Some(reports)
}

/// Keeps revised prices within the permitted range; whether any had left it.
fn rein_in(economy: &Economy, prices: &mut [f64]) -> Result<bool, Error> {
    if prices.len() != economy.goods().len() {
        let (given, goods) = (prices.len(), economy.goods().len());
        return Err(Error::rule(format!("answered with {given} prices for {goods} goods")));
    }
    let mut left = false;
    for (good, price) in economy.goods().iter().zip(prices) {
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
