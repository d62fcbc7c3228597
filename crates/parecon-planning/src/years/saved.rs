//! The serialised form of an economy in the middle of its years.

use serde::{Deserialize, Serialize};

use super::{Investment, Span, Years};
use crate::economy::check_prices;
use crate::{Config, Economy, Error};

/// Version of the serialised form that this crate reads and writes.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Saved {
    version: u32,
    economy: Economy,
    config: Config,
    investments: Vec<Investment>,
    interest: f64,
    credit: f64,
    number: u32,
    prices: Option<Vec<f64>>,
    accounts: Vec<f64>,
    saving: Vec<f64>,
    spans: Vec<Span>,
}

impl From<Years> for Saved {
    fn from(years: Years) -> Self {
        let Years { economy, config, investments, interest, credit, number, prices, accounts, saving, spans } =
            years;
        Saved {
            version: VERSION,
            economy,
            config,
            investments,
            interest,
            credit,
            number,
            prices,
            accounts,
            saving,
            spans,
        }
    }
}

impl TryFrom<Saved> for Years {
    type Error = Error;

    fn try_from(saved: Saved) -> Result<Self, Error> {
        if saved.version != VERSION {
            let version = saved.version;
            return Err(Error::invalid(format!("years have version {version}, must be {VERSION}")));
        }
        let mut years = Years::new(saved.economy, saved.config)?
            .with_investments(saved.investments)?
            .with_credit(saved.interest, saved.credit)?;
        if saved.number == 0 {
            return Err(Error::invalid("the year is 0, must be at least 1"));
        }
        years.number = saved.number;

        let councils = years.economy.consumer_councils();
        for (what, amounts) in [("accounts", &saved.accounts), ("saved amounts", &saved.saving)] {
            if amounts.len() != councils {
                let given = amounts.len();
                return Err(Error::invalid(format!("{given} {what} for {councils} consumer councils")));
            }
            if let Some(council) = amounts.iter().position(|amount| !amount.is_finite()) {
                return Err(Error::invalid(format!(
                    "{what}: {} of consumer council {council}, must be a finite number",
                    amounts[council]
                )));
            }
        }
        years.accounts = saved.accounts;
        // The rules for saving, as when it was decided; nothing saved needs no credit.
        for (council, &amount) in saved.saving.iter().enumerate().filter(|(_, amount)| **amount != 0.0) {
            years.save(council, amount)?;
        }

        let goods = years.economy.goods();
        let mut from = 0.0;
        for (at, span) in saved.spans.iter().enumerate() {
            let last = at + 1 == saved.spans.len();
            if span.from != from || !(span.until > from && span.until <= 1.0) || last != (span.until == 1.0) {
                return Err(Error::invalid(format!(
                    "plan {at} is from {} to {}, must be one of several that follow each other from 0 to 1",
                    span.from, span.until
                )));
            }
            from = span.until;
            check_prices(goods, &span.outcome.prices)?;
            if span.delivered.len() != goods.len() {
                let (given, goods) = (span.delivered.len(), goods.len());
                return Err(Error::invalid(format!("plan {at} delivers {given} goods of {goods}")));
            }
            if let Some(good) = span.delivered.iter().position(|d| !(d.is_finite() && *d >= 0.0)) {
                return Err(Error::invalid(format!(
                    "plan {at} delivers {} of {:?}, must be 0 or more",
                    span.delivered[good], goods[good].name
                )));
            }
        }
        if let Some(prices) = &saved.prices {
            check_prices(goods, prices)?;
        }
        let last = saved.spans.last().map(|span| &span.outcome.prices);
        if last.is_some() && last != saved.prices.as_ref() {
            return Err(Error::invalid("the prices are not those of the year's last plan"));
        }
        (years.prices, years.spans) = (saved.prices, saved.spans);
        Ok(years)
    }
}
