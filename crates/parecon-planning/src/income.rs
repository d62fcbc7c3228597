//! What consumer councils have to spend.

use serde::{Deserialize, Serialize};

use crate::Error;

/// How incomes of consumer councils are set before a planning process.
///
/// Compensation for pollution depends on prices and is added during it ([`Exposed`](crate::Exposed)).
///
/// # Example
/// ```
/// use parecon_planning::{IncomeRule, Members};
///
/// let rule = IncomeRule::EffortRating { consumption: 1000.0 };
/// let hill = Members { people: 20.0, effort_rating: 1.1, allowance: 100.0 };
/// let valley = Members { people: 20.0, effort_rating: 0.9, allowance: 0.0 };
/// // 900 are left after the allowance; the average right is 900/40 for each.
/// assert_eq!(rule.incomes(&[hill, valley])?, [1.1 * 450.0 + 100.0, 0.9 * 450.0]);
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IncomeRule {
    /// Incomes as given, in units of account, one for each council.
    Given(Vec<f64>),
    /// Average effort rating of the members times the average consumption right, and allowances for need:
    ///
    /// ```text
    /// m_c = n_c·(r_c/r̄)·(C − Σ a)/Σ n + a_c,     r̄ = Σ n_c·r_c / Σ n
    /// ```
    ///
    /// for `n` people, rating `r` and allowance `a`, so that incomes add up to the value `C` of all consumption. Ratings are
    /// relative to their mean, so that rating everybody higher gives nobody more.
    EffortRating {
        /// `C`, positive, in units of account.
        consumption: f64,
    },
}

/// The members of a consumer council as an [`IncomeRule`] sees them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// How many consume, positive.
    pub people: f64,
    /// Mean effort rating, on any scale, zero or more; people who do not work count with the mean of all.
    pub effort_rating: f64,
    /// For special needs, in units of account for the whole council, zero or more.
    pub allowance: f64,
}

impl IncomeRule {
    /// The income of each council.
    ///
    /// # Errors
    /// Names the council whose numbers make no sense or whose income would not be positive.
    pub fn incomes(&self, members: &[Members]) -> Result<Vec<f64>, Error> {
        let incomes = match self {
            IncomeRule::Given(incomes) => {
                if incomes.len() != members.len() {
                    let (given, councils) = (incomes.len(), members.len());
                    return Err(Error::invalid(format!(
                        "{given} incomes given for {councils} consumer councils"
                    )));
                }
                incomes.clone()
            }
            IncomeRule::EffortRating { consumption } => {
                for (c, m) in members.iter().enumerate() {
                    let numbers = [
                        ("number of people", m.people, m.people > 0.0, "positive"),
                        ("effort rating", m.effort_rating, m.effort_rating >= 0.0, "not negative"),
                        ("allowance", m.allowance, m.allowance >= 0.0, "not negative"),
                    ];
                    if let Some((what, value, _, bound)) =
                        numbers.iter().find(|(_, v, valid, _)| !(v.is_finite() && *valid))
                    {
                        return Err(Error::invalid(format!(
                            "consumer council {c}: {what} is {value}, must be finite and {bound}"
                        )));
                    }
                }
                let sum = |f: fn(&Members) -> f64| members.iter().map(f).sum::<f64>();
                let (people, rated) = (sum(|m| m.people), sum(|m| m.people * m.effort_rating));
                let rest = consumption - sum(|m| m.allowance);
                if !(rest > 0.0 && rest.is_finite() && rated > 0.0 && people.is_finite()) {
                    return Err(Error::invalid(format!(
                        "consumption of {consumption} leaves {rest} after allowances for ratings that add up to \
                         {rated}; all must be positive"
                    )));
                }
                members.iter().map(|m| m.people * m.effort_rating / rated * rest + m.allowance).collect()
            }
        };
        match incomes.iter().position(|m| !(m.is_finite() && *m > 0.0)) {
            Some(c) => Err(Error::invalid(format!(
                "consumer council {c}: income is {}, must be finite and positive",
                incomes[c]
            ))),
            None => Ok(incomes),
        }
    }
}
