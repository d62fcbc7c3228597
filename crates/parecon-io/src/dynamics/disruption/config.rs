//! Parameters of a disruption.

use nalgebra::DVector;
use serde::{Deserialize, Serialize};

use crate::axis::{Axis, Sector};
use crate::error::Error;
use crate::serial;

/// Who goes short when a sector cannot deliver all that is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Rationing {
    /// Everybody by the same share.
    #[default]
    Proportional,
    /// Final demand; other sectors are served first.
    IntermediateFirst,
    /// Other sectors; final demand is served first.
    FinalFirst,
}

/// How sectors behave in a [`Disruption`](super::Disruption). The defaults are those common in the literature, in days: a year's
/// table, 90 days of stocks of which 80 % are needed to produce in full and which are refilled within 30 days, overtime up to
/// 125 % within a year.
///
/// # Example
/// ```
/// use parecon_io::dynamics::{DisruptionConfig, Rationing};
///
/// // A week of stocks, in weeks.
/// let config = DisruptionConfig::new()
///     .with_periods(52.0)?
///     .with_stocks(1.0)?
///     .with_restocking(2.0)?
///     .with_rationing(Rationing::IntermediateFirst);
/// assert_eq!(
///     config.with_stocks(0.5).unwrap_err().to_string(),
///     "stocks: is 0.5 periods, must be at least 1, because deliveries arrive at the end of a period"
/// );
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DisruptionConfig {
    pub(super) periods: f64,
    pub(super) stocks: f64,
    pub(super) stocks_by_product: Option<DVector<f64>>,
    pub(super) restocking: f64,
    pub(super) destocking: bool,
    pub(super) needed: f64,
    pub(super) overtime: (f64, f64),
    pub(super) adaptation: Option<(f64, f64)>,
    pub(super) rationing: Rationing,
    pub(super) products: Option<Vec<usize>>,
}

impl Default for DisruptionConfig {
    fn default() -> Self {
        Self {
            periods: 365.0,
            stocks: 90.0,
            stocks_by_product: None,
            restocking: 30.0,
            destocking: false,
            needed: 0.8,
            overtime: (1.25, 365.0),
            adaptation: None,
            rationing: Rationing::default(),
            products: None,
        }
    }
}

impl DisruptionConfig {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many periods the table's flows are for: 365 for a year's table and steps of a day.
    ///
    /// # Errors
    /// A number that is not positive or not finite.
    pub fn with_periods(mut self, periods: f64) -> Result<Self, Error> {
        self.periods = positive("periods", periods)?;
        Ok(self)
    }

    /// The stock of each input that a sector wants to hold, in periods of use. Infinite for what never runs out, as
    /// services that can be postponed.
    ///
    /// # Errors
    /// A number below 1: deliveries arrive at the end of a period, the use of which must be in stock.
    pub fn with_stocks(mut self, periods: f64) -> Result<Self, Error> {
        self.stocks = stock("stocks", periods)?;
        self.stocks_by_product = None;
        Ok(self)
    }

    /// As [`DisruptionConfig::with_stocks`], by product: one entry per sector, or per product of
    /// [`DisruptionConfig::with_substitutes`]. [`Disruption::new`](super::Disruption::new) checks how many.
    ///
    /// # Errors
    /// An entry below 1.
    pub fn with_stocks_by_product(mut self, periods: DVector<f64>) -> Result<Self, Error> {
        for (g, value) in periods.iter().enumerate() {
            stock(&format!("stocks, product number {}", g + 1), *value)?;
        }
        self.stocks_by_product = Some(periods);
        Ok(self)
    }

    /// The time within which a gap between wanted and actual stock is ordered, in periods.
    ///
    /// # Errors
    /// A time below 1 (more than the gap would be ordered) or not finite.
    pub fn with_restocking(mut self, periods: f64) -> Result<Self, Error> {
        self.restocking = at_least_one("restocking", periods)?;
        Ok(self)
    }

    /// Whether stocks above the wanted ones are run down by ordering less than is used, or kept (the default). Running them
    /// down faster than they are used, stocks over restocking time above 1, makes orders swing, and recovery can give
    /// way to lasting cycles.
    #[must_use]
    pub fn with_destocking(mut self, destocking: bool) -> Self {
        self.destocking = destocking;
        self
    }

    /// The share of the wanted stock below which a sector makes less, 0 to 1: buyers stretch what they have. With 0 they use
    /// up the last piece.
    ///
    /// # Errors
    /// A share outside 0 to 1.
    pub fn with_needed_share(mut self, share: f64) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&share) {
            return Err(Error::invalid(format!("needed share: is {share}, must be 0 to 1")));
        }
        self.needed = share;
        Ok(self)
    }

    /// Overtime: capacity can rise to `most` times the normal, with a time constant in periods. `most` 1 for none.
    ///
    /// # Errors
    /// A multiple or a time below 1 or not finite.
    pub fn with_overtime(mut self, most: f64, periods: f64) -> Result<Self, Error> {
        self.overtime = (at_least_one("overtime", most)?, at_least_one("overtime, time", periods)?);
        Ok(self)
    }

    /// Adaptation: buyers turn elsewhere (inputs are imported, final demand is lost) from sectors that cannot deliver, and
    /// come back, with these time constants in periods. None by default.
    ///
    /// # Errors
    /// A time below 1 or not finite.
    pub fn with_adaptation(mut self, away: f64, back: f64) -> Result<Self, Error> {
        self.adaptation =
            Some((at_least_one("adaptation, away", away)?, at_least_one("adaptation, back", back)?));
        Ok(self)
    }

    /// Who goes short.
    #[must_use]
    pub fn with_rationing(mut self, rationing: Rationing) -> Self {
        self.rationing = rationing;
        self
    }

    /// Which product each sector makes, numbered from 0: buyers of a multi-regional table do not mind from which
    /// region a product comes. By default every sector makes its own.
    #[must_use]
    pub fn with_substitutes(mut self, products: Vec<usize>) -> Self {
        self.products = Some(products);
        self
    }

    /// Products by sector, and how many.
    pub(super) fn products(&self, sectors: &Axis<Sector>) -> Result<(Vec<usize>, usize), Error> {
        let n = sectors.len();
        let Some(products) = &self.products else { return Ok(((0..n).collect(), n)) };
        if products.len() != n {
            return Err(Error::invalid(format!(
                "substitutes: has {} entries, must have {n}",
                products.len()
            )));
        }
        match products.iter().position(|product| *product >= n) {
            None => Ok((products.clone(), products.iter().max().map_or(0, |most| most + 1))),
            Some(i) => Err(Error::invalid(format!(
                "substitutes, {}: is product {}, must be below the number of sectors, {n}",
                sectors.describe(i),
                products[i]
            ))),
        }
    }

    /// Wanted stocks by product.
    pub(super) fn targets(&self, products: usize) -> Result<DVector<f64>, Error> {
        match &self.stocks_by_product {
            None => Ok(DVector::from_element(products, self.stocks)),
            Some(stocks) if stocks.len() == products => Ok(stocks.clone()),
            Some(stocks) => {
                Err(Error::invalid(format!("stocks: has {} entries, must have {products}", stocks.len())))
            }
        }
    }
}

fn positive(what: &str, value: f64) -> Result<f64, Error> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    Err(Error::invalid(format!("{what}: is {value}, must be finite and above 0")))
}

fn at_least_one(what: &str, value: f64) -> Result<f64, Error> {
    if value.is_finite() && value >= 1.0 {
        return Ok(value);
    }
    Err(Error::invalid(format!("{what}: is {value}, must be finite and at least 1")))
}

fn stock(what: &str, periods: f64) -> Result<f64, Error> {
    if periods >= 1.0 {
        return Ok(periods);
    }
    Err(Error::invalid(format!(
        "{what}: is {periods} periods, must be at least 1, because deliveries arrive at the end of a period"
    )))
}

/// Refuses a sector × period matrix of shares outside 0 to 1, or of amounts below 0 where `most` is infinite.
pub(super) fn check_course(
    what: &str,
    course: &nalgebra::DMatrix<f64>,
    sectors: &Axis<Sector>,
    most: f64,
) -> Result<(), Error> {
    let n = sectors.len();
    let cell = |i, t| format!("{} in period {}", sectors.describe(i), t + 1);
    serial::check_matrix(what, course, (n, course.ncols()), cell)?;
    match course.iter().position(|value| !(0.0..=most).contains(value)) {
        None => Ok(()),
        Some(at) => {
            let range = if most.is_finite() { format!("0 to {most}") } else { "0 or more".to_owned() };
            Err(Error::invalid(format!(
                "{what}, {}: is {}, must be {range}",
                cell(at % n, at / n),
                course[at]
            )))
        }
    }
}
