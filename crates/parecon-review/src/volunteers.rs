//! Who does the chores: work that one must do and all benefit from.

use serde::{Deserialize, Serialize};

use crate::error::{Error, check};

/// The volunteer's dilemma: each of n people can do the chore at cost c; if anybody does, everyone has the value v > c.
///
/// The symmetric equilibrium is mixed: each stays away with probability (c/v)^(1/(n − 1)), so the chore stays undone
/// with probability (c/v)^(n/(n − 1)), which *rises* with n, and everyone's payoff is v − c: all that the others' help
/// could save is lost. A rota gives each v − c/n.
///
/// # Reference
/// A. Diekmann, Volunteer's dilemma, Journal of Conflict Resolution 29 (1985).
///
/// # Example
/// ```
/// use parecon_review::VolunteersDilemma;
///
/// let two = VolunteersDilemma { people: 2, value: 10.0, cost: 1.0 }.equilibrium()?;
/// let many = VolunteersDilemma { people: 50, value: 10.0, cost: 1.0 }.equilibrium()?;
/// assert!((two.undone - 0.01).abs() < 1e-15);
/// assert!(many.undone > 9.0 * two.undone);
/// assert!(many.rota > many.payoff);
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolunteersDilemma {
    /// n ≥ 1: who could do it.
    pub people: u32,
    /// v: to each, if the chore is done.
    pub value: f64,
    /// 0 < c < v: to whoever does it, in the unit of `value`.
    pub cost: f64,
}

/// The symmetric equilibrium of a [`VolunteersDilemma`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volunteering {
    /// Probability that a given person does it.
    pub volunteers: f64,
    /// Probability that nobody does.
    pub undone: f64,
    /// Expected number of people who do it, more than one of them in vain.
    pub doing: f64,
    /// Expected payoff of each.
    pub payoff: f64,
    /// What each would have if they took turns.
    pub rota: f64,
}

impl VolunteersDilemma {
    /// Solves it.
    ///
    /// # Errors
    /// If there is nobody, the value is not finite and positive, or the cost not above 0 and below the value.
    pub fn equilibrium(&self) -> Result<Volunteering, Error> {
        let Self { people, value, cost } = *self;
        check(people > 0, "number of people", f64::from(people), "at least 1")?;
        check(value.is_finite() && value > 0.0, "value of the chore", value, "finite and positive")?;
        check(cost > 0.0 && cost < value, "cost of the chore", cost, &format!("above 0 and below {value}"))?;
        let n = f64::from(people);
        // Alone, one does it.
        let (stays, volunteers) = if people == 1 {
            (0.0, 1.0)
        } else {
            let log = (cost / value).ln() / (n - 1.0);
            (log.exp(), -log.exp_m1())
        };
        Ok(Volunteering {
            volunteers,
            undone: stays.powf(n),
            doing: n * volunteers,
            payoff: value - cost,
            rota: value - cost / n,
        })
    }
}
