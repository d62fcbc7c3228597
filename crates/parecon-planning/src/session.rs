//! The planning process: announce, collect, compare, revise.

use serde::{Deserialize, Serialize};

use crate::history::{History, Shown};
use crate::{
    Certificate, Config, Disclosure, Economy, Error, Observer, PriceRule, Proposals, Round, Slopes, Status,
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
    history: History,
    /// The last round's, if the rule wants them.
    proposals: Option<Proposals>,
    slopes: Option<Slopes>,
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
    /// If the configuration does not suit the economy: among others, [exact sums](Config::with_exact_sums) of councils
    /// that are spread over processes.
    pub fn new(economy: &'a Economy, rule: &'a mut dyn PriceRule, config: Config) -> Result<Self, Error> {
        config.validate(economy)?;
        if config.exact_sums() {
            let mut processes = [1.0];
            economy.group().sum(&mut processes);
            if processes[0] > 1.0 {
                return Err(Error::invalid(format!(
                    "exact sums need all councils in one process, but they are in {}",
                    processes[0]
                )));
            }
        }
        Ok(Planning { economy, rule, history: History::new(config), proposals: None, slopes: None })
    }

    /// Revises the prices (but in the first round), announces them and adds up the proposals.
    ///
    /// It may be called on after [`status`](Self::status) says that the process has ended.
    ///
    /// # Errors
    /// If the rule answers with something that is not a price vector, or a custom council with something that is not a
    /// quantity, or no finite slope of one.
    pub fn step(&mut self) -> Result<&Round, Error> {
        let Planning { economy, rule, history, proposals, slopes } = self;
        let shown = Shown { proposals: proposals.as_ref(), slopes: slopes.as_ref(), group: economy.group() };
        let prices = history.next_prices(economy.goods(), *rule, shown)?;
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
        let Planning { economy, rule, history, proposals, slopes } = self;
        let shown = Shown { proposals: proposals.as_ref(), slopes: slopes.as_ref(), group: economy.group() };
        if let Some(reports) = history.reports(rule.disclosure(), shown) {
            rule.observe(&reports);
        }
        self.announce(prices)
    }

    fn announce(&mut self, prices: Vec<f64>) -> Result<&Round, Error> {
        let (economy, config) = (self.economy, self.history.config());
        let answers = economy.answers_at(&prices)?;
        let wanted = self.rule.disclosure();
        let all = wanted >= Disclosure::Proposals || config.exact_sums();
        let earlier = self.proposals.take();
        self.proposals = (wanted >= Disclosure::WorkerProposals || config.exact_sums())
            .then(|| economy.proposals_at(&prices, &answers, all, earlier));
        let aggregates = match self.proposals.take() {
            Some(proposals) if config.exact_sums() => {
                let mut proposals = proposals.with_exact_requests();
                let aggregates = proposals.aggregate();
                if wanted < Disclosure::Proposals {
                    proposals.hide_consumers();
                }
                self.proposals = Some(proposals);
                aggregates
            }
            proposals => {
                self.proposals = proposals;
                economy.aggregates_of(&prices, &answers)
            }
        };
        let slopes = (wanted >= Disclosure::Elasticities).then(|| economy.slopes_at(&prices, &answers));
        self.slopes = slopes.transpose()?;
        let certificate = if config.certificate() { economy.certificate_at(&prices, &answers) } else { None };
        Ok(self.history.record(prices, aggregates, certificate))
    }

    /// Whether and how the process has ended; `None` while it should go on.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.history.status()
    }

    /// All rounds so far.
    #[must_use]
    pub fn rounds(&self) -> &[Round] {
        self.history.rounds()
    }

    /// The outcome so far: [`Status::Stopped`] if the process has not ended by itself.
    #[must_use]
    pub fn into_outcome(self) -> Outcome {
        let status = self.status().unwrap_or(Status::Stopped);
        self.end(status)
    }

    fn end(self, status: Status) -> Outcome {
        self.history.finish(status)
    }
}
