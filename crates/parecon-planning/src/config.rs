//! Options of a planning process.

use serde::{Deserialize, Serialize};

use crate::economy::check_prices;
use crate::{Economy, Error, Good};

/// When to stop and where to start.
///
/// ```
/// use parecon_planning::Config;
/// let config = Config::new().with_tolerance(1e-9).with_start_price(700.0);
/// assert_eq!(config.tolerance(), 1e-9);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    tolerance: f64,
    round_limit: usize,
    patience: usize,
    start: Start,
    certificate: bool,
    exact_sums: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Start {
    Uniform(f64),
    Each(Vec<f64>),
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// All prices 1 at the start, agreement when no imbalance reaches 3 %, at most 1,000 rounds and no more than
    /// 100 without progress, a certificate in every round.
    #[must_use]
    pub fn new() -> Self {
        Config {
            tolerance: 0.03,
            round_limit: 1_000,
            patience: 100,
            start: Start::Uniform(1.0),
            certificate: true,
            exact_sums: false,
        }
    }

    /// Agreement is reached when the largest imbalance `|D − S| / ((D + S)/2)` is below this; 0 never stops.
    #[must_use]
    pub fn with_tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The largest number of rounds.
    #[must_use]
    pub fn with_round_limit(mut self, rounds: usize) -> Self {
        self.round_limit = rounds;
        self
    }

    /// How many rounds may pass without a new smallest imbalance before the process counts as stalled.
    #[must_use]
    pub fn with_patience(mut self, rounds: usize) -> Self {
        self.patience = rounds;
        self
    }

    /// The same first price for every good.
    #[must_use]
    pub fn with_start_price(mut self, price: f64) -> Self {
        self.start = Start::Uniform(price);
        self
    }

    /// First prices, one for each good.
    #[must_use]
    pub fn with_start_prices(mut self, prices: Vec<f64>) -> Self {
        self.start = Start::Each(prices);
        self
    }

    /// Whether every round gets a certificate, which takes several times as long as the round itself.
    #[must_use]
    pub fn with_certificate(mut self, certificate: bool) -> Self {
        self.certificate = certificate;
        self
    }

    /// Whether a simulated round forms every council's proposal and adds them up exactly, as a
    /// [`FacilitationBoard`](crate::FacilitationBoard) does, so that every rule's prices have the very bits that the
    /// board would announce.
    ///
    /// Otherwise, which is much faster, what worker councils propose is added up in values as it is computed and
    /// consumer councils' spending is not added up anew; the sums then differ from the board's by rounding.
    #[must_use]
    pub fn with_exact_sums(mut self, exact_sums: bool) -> Self {
        self.exact_sums = exact_sums;
        self
    }

    /// Imbalance below which agreement is reached.
    #[must_use]
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// Largest number of rounds.
    #[must_use]
    pub fn round_limit(&self) -> usize {
        self.round_limit
    }

    /// Rounds without progress before the process counts as stalled.
    #[must_use]
    pub fn patience(&self) -> usize {
        self.patience
    }

    /// Whether every round gets a certificate.
    #[must_use]
    pub fn certificate(&self) -> bool {
        self.certificate
    }

    /// Whether simulated rounds add up as a board does.
    #[must_use]
    pub fn exact_sums(&self) -> bool {
        self.exact_sums
    }

    /// First prices for an economy.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn start_prices(&self, economy: &Economy) -> Result<Vec<f64>, Error> {
        self.start_prices_of(economy.goods())
    }

    pub(crate) fn start_prices_of(&self, goods: &[Good]) -> Result<Vec<f64>, Error> {
        let prices = match &self.start {
            Start::Uniform(price) => vec![*price; goods.len()],
            Start::Each(prices) => prices.clone(),
        };
        check_prices(goods, &prices)?;
        Ok(prices)
    }

    /// Whether the options make sense for an economy.
    ///
    /// # Errors
    /// If the tolerance is negative or not a number, the round limit or the patience is 0, or the first prices are
    /// not one for each good, each between 1e-100 and 1e100.
    pub fn validate(&self, economy: &Economy) -> Result<(), Error> {
        self.validate_for(economy.goods())
    }

    pub(crate) fn validate_for(&self, goods: &[Good]) -> Result<(), Error> {
        if !(0.0..=2.0).contains(&self.tolerance) {
            let tolerance = self.tolerance;
            return Err(Error::invalid(format!("tolerance is {tolerance}, must be between 0 and 2")));
        }
        if self.round_limit == 0 {
            return Err(Error::invalid("round limit is 0, must be at least 1"));
        }
        if self.patience == 0 {
            return Err(Error::invalid("patience is 0, must be at least 1"));
        }
        self.start_prices_of(goods).map(|_| ())
    }
}
