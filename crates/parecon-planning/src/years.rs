//! Several years: what one year leaves to the next, and plans that are revised while they are carried out.

mod saved;

use serde::{Deserialize, Serialize};

use crate::{
    Category, Config, Economy, Error, FeasiblePlan, Good, GoodId, Observer, Outcome, PriceRule, Round, plan,
};

/// A good that is made to last: what is delivered of it to consumer councils adds to a stock.
///
/// Machines are made, and an endowment of machine-hours per year is what worker councils use. Next year's endowment is
///
/// ```text
/// K' = (1 − δ)·K + y·I
/// ```
///
/// with the share `δ` that wears out in a year, and `y` units of the stock's service a year for each of the `I` units
/// delivered. Who decides on investment is the consumer council (or federation of councils) whose preferences include
/// the good.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Investment {
    /// What is made and delivered: a private good.
    pub made: GoodId,
    /// The endowment that it adds to.
    pub stock: GoodId,
    /// `δ`, from 0 to 1.
    pub depreciation: f64,
    /// `y`, positive.
    pub yields: f64,
}

/// A span of a year with a plan of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Span {
    /// When it began, from 0.
    pub from: f64,
    /// When it ended, at most 1.
    pub until: f64,
    /// How its plan was found.
    pub outcome: Outcome,
    /// What was delivered to all consumer councils of each good, at a yearly rate: consumption in the feasible plan
    /// (of a public good, what there was for all). Nothing, if no plan could be carried out at the outcome's prices.
    pub delivered: Vec<f64>,
}

/// What a year left behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Year {
    /// Counts from 1.
    pub number: u32,
    /// Its spans: one, and one more for each revision.
    pub spans: Vec<Span>,
    /// What was delivered to all consumer councils of each good during the year.
    pub delivered: Vec<f64>,
    /// What every consumer council has saved (or, if negative, owes) after the year, in units of account.
    pub accounts: Vec<f64>,
}

/// An economy from year to year.
///
/// Each year is planned, carried out and closed; a shock meanwhile can be met by a revised plan for the rest of the
/// year. The next year begins with last year's prices, the stocks that are left and have been added to, and what
/// consumer councils have saved or borrowed. All quantities of a plan are rates per year, so that a plan in force for a
/// quarter of a year delivers a quarter of them.
///
/// A rule that is carried on from plan to plan begins with what it learnt: [`RevealedNewton`](crate::RevealedNewton)
/// then needs two rounds to 3 % on the published year-two changes (recorded: nine).
///
/// It can be serialised at any moment and goes on from there with the same bits, if the rule is kept as well.
///
/// # Example
/// ```
/// use parecon_planning::experiment::{Generator, START_PRICE, next_year};
/// use parecon_planning::{Config, RevealedNewton, Years};
///
/// let economy = Generator::new(2).with_goods_per_category(4).with_councils(240, 100).economy()?;
/// let mut years = Years::new(economy, Config::new().with_start_price(START_PRICE))?;
/// let mut rule = RevealedNewton::new();
/// for year in 2..=4 {
///     let outcome = years.plan(&mut rule, &mut ())?;
///     assert!(outcome.status.is_converged() && outcome.rounds.len() <= 3);
///     years.close(|economy| next_year(&economy, 2, year))?;
/// }
/// assert_eq!(years.number(), 4);
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "saved::Saved", into = "saved::Saved")]
pub struct Years {
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

impl Years {
    /// Before the first year, which begins with the configuration's first prices.
    ///
    /// # Errors
    /// If the configuration does not suit the economy, or its councils are
    /// [spread over processes](crate::EconomyBuilder::build_among).
    pub fn new(economy: Economy, config: Config) -> Result<Self, Error> {
        economy.check_whole("years")?;
        config.validate(&economy)?;
        let councils = economy.consumer_councils();
        Ok(Years {
            economy,
            config,
            investments: Vec::new(),
            interest: 0.0,
            credit: 0.0,
            number: 1,
            prices: None,
            accounts: vec![0.0; councils],
            saving: vec![0.0; councils],
            spans: Vec::new(),
        })
    }

    /// Goods that add to stocks.
    ///
    /// # Errors
    /// Names the good if it does not exist, if what is made is not private or what it adds to is consumed, if a stock is
    /// listed twice, or if a rate is out of range.
    pub fn with_investments(mut self, investments: Vec<Investment>) -> Result<Self, Error> {
        let goods = self.economy.goods();
        for (at, investment) in investments.iter().enumerate() {
            let good = |id: GoodId| {
                let missing = || Error::invalid(format!("investment {at}: good {id} does not exist"));
                goods.get(id.index()).ok_or_else(missing)
            };
            let (made, stock) = (good(investment.made)?, good(investment.stock)?);
            if made.category != Category::Private {
                let (name, category) = (&made.name, made.category);
                return Err(Error::invalid(format!(
                    "investment {at}: {name:?} is {category}, must be a private good to be delivered to somebody"
                )));
            }
            let name = &stock.name;
            if stock.category.is_consumed() {
                let category = stock.category;
                return Err(Error::invalid(format!("stock {name:?} is {category}, must be an input")));
            }
            if investments[..at].iter().any(|earlier| earlier.stock == investment.stock) {
                return Err(Error::invalid(format!("stock {name:?} occurs twice")));
            }
            let (rate, yields) = (investment.depreciation, investment.yields);
            if !(0.0..=1.0).contains(&rate) {
                return Err(Error::invalid(format!(
                    "stock {name:?}: depreciation is {rate}, must be from 0 to 1"
                )));
            }
            if !(yields > 0.0 && yields.is_finite()) {
                return Err(Error::invalid(format!(
                    "stock {name:?}: yields {yields}, must be a positive number"
                )));
            }
        }
        self.investments = investments;
        Ok(self)
    }

    /// Interest a year on what was saved or borrowed (0.02 is 2 %; none unless said otherwise), and how far a consumer council's
    /// account may be overdrawn, in units of account (not at all unless said otherwise).
    ///
    /// # Errors
    /// If interest is not above −1 or credit is negative.
    pub fn with_credit(mut self, interest: f64, credit: f64) -> Result<Self, Error> {
        if !(interest > -1.0 && interest.is_finite()) {
            return Err(Error::invalid(format!("interest is {interest}, must be above -1")));
        }
        if !(credit >= 0.0 && credit.is_finite()) {
            return Err(Error::invalid(format!("credit is {credit}, must be 0 or more")));
        }
        (self.interest, self.credit) = (interest, credit);
        Ok(self)
    }

    /// The year at hand, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The economy of the year at hand, with incomes before saving.
    #[must_use]
    pub fn economy(&self) -> &Economy {
        &self.economy
    }

    /// What consumer councils had saved (or owed) when the year began, with last year's interest.
    #[must_use]
    pub fn accounts(&self) -> &[f64] {
        &self.accounts
    }

    /// Has a consumer council spend less this year by `amount`, or more if it is negative: out of its savings, or on credit.
    ///
    /// If savings and loans of a year do not cancel out, all prices change with total spending: a society can only save in
    /// things, by [investment](Investment).
    ///
    /// # Errors
    /// If the year is planned already, the council does not exist, nothing of its income would be left, or its account
    /// would be overdrawn by more than its credit.
    pub fn save(&mut self, council: usize, amount: f64) -> Result<(), Error> {
        if !self.spans.is_empty() {
            return Err(Error::invalid("the year is planned already, saving must be decided before"));
        }
        let Some(consumer) = self.economy.consumer_council(council) else {
            let councils = self.economy.consumer_councils();
            return Err(Error::invalid(format!(
                "consumer council {council} does not exist, there are {councils}"
            )));
        };
        let income = consumer.income;
        if !(amount < income && amount.is_finite()) {
            return Err(Error::invalid(format!(
                "consumer council {council} saves {amount} of an income of {income}, must be less"
            )));
        }
        let left = self.accounts[council] + amount;
        if left < -self.credit {
            let credit = self.credit;
            return Err(Error::invalid(format!(
                "consumer council {council} would owe {}, must be at most {credit}",
                -left
            )));
        }
        self.saving[council] = amount;
        Ok(())
    }

    /// Plans the year, from last year's prices.
    ///
    /// # Errors
    /// If the year is planned already; otherwise as [`plan()`](crate::plan()).
    pub fn plan(
        &mut self,
        rule: &mut dyn PriceRule,
        observer: &mut dyn Observer<Round>,
    ) -> Result<&Outcome, Error> {
        if !self.spans.is_empty() {
            return Err(Error::invalid("the year is planned already, it can be revised"));
        }
        self.plan_from(0.0, rule, observer)
    }

    /// Plans the rest of the year anew, from time `at` (0.25: when a quarter of the year is over) on, for an
    /// economy that a shock has changed.
    ///
    /// # Errors
    /// If the year is not planned yet, `at` is not after the last plan and before the end of the year, or the economy does
    /// not have the same goods and number of consumer councils; otherwise as [`plan()`](crate::plan()). After an error, the year is
    /// as before.
    pub fn revise(
        &mut self,
        at: f64,
        economy: Economy,
        rule: &mut dyn PriceRule,
        observer: &mut dyn Observer<Round>,
    ) -> Result<&Outcome, Error> {
        let Some(last) = self.spans.last() else {
            return Err(Error::invalid("the year is not planned yet, there is nothing to revise"));
        };
        let from = last.from;
        if !(at > from && at < 1.0) {
            return Err(Error::invalid(format!("revised at {at}, must be after {from} and before 1")));
        }
        self.check_successor(&economy)?;
        let before = std::mem::replace(&mut self.economy, economy);
        match self.plan_from(at, rule, observer) {
            // Borrowed again, because a borrow that is returned from one arm lasts for all.
            Ok(_) => Ok(&self.spans[self.spans.len() - 1].outcome),
            Err(error) => {
                self.economy = before;
                Err(error)
            }
        }
    }

    fn plan_from(
        &mut self,
        from: f64,
        rule: &mut dyn PriceRule,
        observer: &mut dyn Observer<Round>,
    ) -> Result<&Outcome, Error> {
        let spending = self.after_saving()?;
        let economy = spending.as_ref().unwrap_or(&self.economy);
        let config = match &self.prices {
            None => self.config.clone(),
            Some(prices) => self.config.clone().with_start_prices(prices.clone()),
        };
        let outcome = plan(economy, rule, &config, observer)?;
        let delivered = match economy.make_feasible(&outcome.prices)? {
            Some(feasible) => delivered(&feasible, economy.goods()),
            None => vec![0.0; economy.goods().len()],
        };
        self.prices = Some(outcome.prices.clone());
        if let Some(last) = self.spans.last_mut() {
            last.until = from;
        }
        self.spans.push(Span { from, until: 1.0, outcome, delivered });
        Ok(&self.spans[self.spans.len() - 1].outcome)
    }

    /// The economy with incomes after saving; `None` if nobody saves or borrows.
    fn after_saving(&self) -> Result<Option<Economy>, Error> {
        if self.saving.iter().all(|saved| *saved == 0.0) {
            return Ok(None);
        }
        rebuild(&self.economy, self.economy.goods().to_vec(), &self.saving).map(Some)
    }

    /// Ends the year: stocks wear out and are added to, accounts bear interest. `change` makes next year's economy
    /// from this year's with its new stocks; `Ok` leaves it.
    ///
    /// # Errors
    /// If the year is not planned yet, or `change` fails or changes the goods or the number of consumer councils. After
    /// an error, the year is as before.
    pub fn close(&mut self, change: impl FnOnce(Economy) -> Result<Economy, Error>) -> Result<Year, Error> {
        if self.spans.is_empty() {
            return Err(Error::invalid("the year is not planned yet, it cannot be closed"));
        }
        let goods = self.economy.goods();
        let mut all = vec![0.0; goods.len()];
        for span in &self.spans {
            for (all, rate) in all.iter_mut().zip(&span.delivered) {
                *all += (span.until - span.from) * rate;
            }
        }
        let mut next = goods.to_vec();
        for investment in &self.investments {
            let stock: &mut Good = &mut next[investment.stock.index()];
            stock.endowment = (1.0 - investment.depreciation) * stock.endowment
                + investment.yields * all[investment.made.index()];
        }
        let next = if self.investments.is_empty() {
            self.economy.clone()
        } else {
            rebuild(&self.economy, next, &[])?
        };
        let next = change(next)?;
        self.check_successor(&next)?;

        self.economy = next;
        let accounts: Vec<f64> = self.accounts.iter().zip(&self.saving).map(|(a, s)| a + s).collect();
        self.accounts = accounts.iter().map(|a| a * (1.0 + self.interest)).collect();
        self.saving.iter_mut().for_each(|saved| *saved = 0.0);
        let number = self.number;
        self.number += 1;
        Ok(Year { number, spans: std::mem::take(&mut self.spans), delivered: all, accounts })
    }

    fn check_successor(&self, economy: &Economy) -> Result<(), Error> {
        economy.check_whole("years")?;
        let (old, new) = (self.economy.goods(), economy.goods());
        if old.len() != new.len() {
            let (old, new) = (old.len(), new.len());
            return Err(Error::invalid(format!("{new} goods follow {old}, must be the same")));
        }
        for (old, new) in old.iter().zip(new) {
            if (&old.name, old.category) != (&new.name, new.category) {
                let (old, new) = (&old.name, &new.name);
                return Err(Error::invalid(format!("good {new:?} follows {old:?}, must be the same")));
            }
        }
        let (old, new) = (self.economy.consumer_councils(), economy.consumer_councils());
        if old != new {
            return Err(Error::invalid(format!("{new} consumer councils follow {old}, must be as many")));
        }
        Ok(())
    }
}

/// Consumption in a plan, all councils together.
fn delivered(feasible: &FeasiblePlan, goods: &[Good]) -> Vec<f64> {
    let mut all = vec![0.0; goods.len()];
    for consumer in feasible.plan.consumers() {
        for (good, quantity) in consumer.goods.iter().zip(consumer.quantities) {
            let g = good.index();
            all[g] = if goods[g].category == Category::Public { *quantity } else { all[g] + quantity };
        }
    }
    all
}

/// The same councils with other endowments and with what is saved taken from incomes.
fn rebuild(economy: &Economy, goods: Vec<Good>, saving: &[f64]) -> Result<Economy, Error> {
    let workers = (0..economy.worker_councils()).filter_map(|w| economy.worker_council(w)).collect();
    let mut consumers: Vec<_> =
        (0..economy.consumer_councils()).filter_map(|c| economy.consumer_council(c)).collect();
    for (consumer, saved) in consumers.iter_mut().zip(saving) {
        consumer.income -= saved;
    }
    Economy::new(goods, workers, consumers)
}
