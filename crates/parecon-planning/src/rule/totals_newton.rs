//! Newton's method on what totals reveal.

mod model;

use serde::{Deserialize, Serialize};

use super::safeguard::{Safeguard, Seen};
use super::secants::{LowRank, Memory};
use super::{PriceRule, Reports};
use crate::{Economy, Error, Good};
use model::Model;

/// Kinds of inputs that a typical worker council uses, unless the board knows better.
const ASSUMED_INPUTS: f64 = 5.0;

/// Solves for the prices that would clear if all councils were like the average one that totals show.
///
/// What is asked of a good for production, at the announced prices, relative to the value of all that is made is the
/// share `b_i` of revenue that councils spend on it. The board imagines worker councils that divide revenue so, each
/// with about five inputs picked at random, who react to prices as Cobb–Douglas councils do: with
/// `h = 1/(0.9·(1 − Σ b_i))`, and the share of a council's revenue that it spends on an input if it uses it,
/// `β = Σ b_i/5`,
///
/// ```text
/// V_o(u) = V_o·exp(h·(Δu_o − c(Δu)))             value made of good o
/// c(Δu)  = −Σ_i b_i/(π_i·β·h)·log z_i            cost of a unit, z_i = 1 − π_i + π_i·exp(−h·β·Δu_i)
/// W_i(u) = b_i·exp(−h·β·Δu_i)/z_i · Σ_o V_o(u)   value of input i used
/// ```
///
/// where `π_i = min(1, b_i/β)` is the share of councils that use input `i`. What earlier rounds showed beyond this model
/// corrects its Jacobian, as in [`Broyden`](super::Broyden). The prices that clear the corrected model are announced
/// next.
///
/// The model is only a prior: a wrong one costs rounds, not the result. Steps that lead too far are taken back in part,
/// and steps in a wrong direction replaced by those of [`Tatonnement`](super::Tatonnement) (see there). Carried on into
/// the same economy's next year, the rule begins with last year's correction.
///
/// # What a facilitation board would ask of councils
/// Quantities of each good supplied and demanded, which it adds up and remembers for ten rounds. Endowments and
/// the sum of incomes it knows; and a board that knows how many kinds of inputs councils typically use can
/// [say so](Self::with_inputs_per_council).
///
/// # Complexity
/// Per round a few Newton steps, each linear in the number of goods and of the square of the rounds remembered.
///
/// # Example
/// ```
/// use parecon_planning::{Broyden, Config, TotalsNewton, experiment, plan};
///
/// let economy = experiment::Generator::new(1).with_councils(600, 600).economy()?;
/// let config = Config::new().with_start_price(700.0);
/// let totals = plan(&economy, &mut TotalsNewton::for_economy(&economy), &config, &mut ())?;
/// let broyden = plan(&economy, &mut Broyden::new(), &config, &mut ())?;
/// assert!(totals.status.is_converged() && totals.rounds.len() < broyden.rounds.len());
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct TotalsNewton {
    endowments: Vec<f64>,
    consumed: Vec<bool>,
    income: f64,
    inputs_per_council: f64,
    memory: Memory,
    safeguard: Safeguard,
}

/// As it is read, before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    endowments: Vec<f64>,
    consumed: Vec<bool>,
    income: f64,
    inputs_per_council: f64,
    memory: Memory,
    safeguard: Safeguard,
}

impl TryFrom<Raw> for TotalsNewton {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self, Error> {
        let Raw { endowments, consumed, income, inputs_per_council, memory, safeguard } = raw;
        if endowments.len() != consumed.len() {
            let (endowed, goods) = (endowments.len(), consumed.len());
            return Err(Error::invalid(format!("{endowed} endowments for {goods} goods, must be as many")));
        }
        check_income(income)?;
        TotalsNewton { endowments, consumed, income, inputs_per_council, memory, safeguard }
            .with_inputs_per_council(inputs_per_council)
    }
}

fn check_income(income: f64) -> Result<(), Error> {
    if income > 0.0 && income.is_finite() {
        Ok(())
    } else {
        Err(Error::invalid(format!("total income is {income}, must be a positive number")))
    }
}

impl TotalsNewton {
    /// The rule at its first round, for goods with these categories and endowments, and for the sum of all incomes.
    ///
    /// # Errors
    /// If the income is not a positive number.
    pub fn new(goods: &[Good], total_income: f64) -> Result<Self, Error> {
        check_income(total_income)?;
        Ok(Self::unchecked(goods, total_income))
    }

    /// The rule at its first round, with what a board knows of an economy: goods, endowments, the sum of incomes.
    #[must_use]
    pub fn for_economy(economy: &Economy) -> Self {
        Self::unchecked(economy.goods(), economy.total_income())
    }

    fn unchecked(goods: &[Good], income: f64) -> Self {
        TotalsNewton {
            endowments: goods.iter().map(|g| g.endowment).collect(),
            consumed: goods.iter().map(|g| g.category.is_consumed()).collect(),
            income,
            inputs_per_council: ASSUMED_INPUTS,
            memory: Memory::default(),
            safeguard: Safeguard::default(),
        }
    }

    /// How many kinds of inputs a typical worker council uses; 5 unless said otherwise. Large numbers are fine for
    /// councils that each stand for a whole industry.
    ///
    /// # Errors
    /// If it is below 1 or not a number.
    pub fn with_inputs_per_council(mut self, inputs: f64) -> Result<Self, Error> {
        if !(inputs >= 1.0 && inputs.is_finite()) {
            return Err(Error::invalid(format!("{inputs} inputs per council, must be at least 1")));
        }
        self.inputs_per_council = inputs;
        Ok(self)
    }

    fn model(&self, now: &Seen, reports: &Reports<'_>) -> Model {
        let (prices, all) = (reports.prices(), reports.aggregates());
        let value =
            |quantities: &[f64]| -> Vec<f64> { quantities.iter().zip(prices).map(|(q, p)| q * p).collect() };
        let asked = value(&all.demand);
        // Incomes are spent on consumption; what is asked for beyond them is asked for production.
        let for_consumption: f64 =
            asked.iter().zip(&self.consumed).filter(|(_, c)| **c).map(|(v, _)| v).sum();
        let spent = (self.income / for_consumption).min(1.0);
        let consumption: Vec<f64> =
            asked.iter().zip(&self.consumed).map(|(v, c)| if *c { spent * v } else { 0.0 }).collect();
        let used = asked.iter().zip(&consumption).map(|(v, c)| v - c).collect();
        let made = all.supply.iter().zip(&self.endowments).zip(prices);
        let made = made.map(|((s, endowment), p)| (s - endowment).max(0.0) * p).collect();
        Model::new(now, made, used, consumption, value(&self.endowments), self.inputs_per_council)
    }
}

impl PriceRule for TotalsNewton {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        let goods = reports.prices().len();
        if reports.round() == 1 {
            self.memory.next_run(goods);
            self.safeguard = Safeguard::default();
        }
        let now = Seen::new(reports);
        // For other goods than those it was made for, all that is left is a plain guess.
        if goods != self.endowments.len() || !reports.aggregates().is_over(goods) {
            return self.safeguard.guard(now, |_| None);
        }
        let model = self.model(&now, reports);
        let correction: LowRank = self.memory.correction(&now.u, &now.f, |u| model.change(u));
        self.safeguard.guard(now, |now| model.clear(now, &correction))
    }
}
