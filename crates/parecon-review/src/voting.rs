//! Boards and say: weighted votes, the power they give, and whether it matches what is at stake for each.
//!
//! A member's power is the probability of being critical: that the others' votes leave the decision to that member. If
//! each of the others is in favour with probability t, independently, that is a polynomial of degree n − 1 in t,
//!
//! ```text
//! Pᵢ(t) = P( q − wᵢ ≤ Σ_{j≠i} wⱼ Xⱼ < q )      from the generating function Π_{j≠i} (1 − t + t z^{wⱼ})
//! ```
//!
//! [`Assembly::banzhaf`] is Pᵢ(½), all coalitions alike; [`Assembly::shapley_shubik`] is ∫₀¹ Pᵢ(t) dt, all orders alike
//! (Owen 1972), for which Gauss–Legendre quadrature with ⌈n/2⌉ nodes is exact. All terms are positive, so nothing
//! cancels. Say in proportion to effect asks that power, not weight, be proportional to stakes:
//! [`Assembly::for_power`] looks for such weights and [`Agreement`] says how far off one is.
//!
//! # Reference
//! L. S. Shapley and M. Shubik, American Political Science Review 48 (1954); J. F. Banzhaf, Rutgers Law Review 19
//! (1965); G. Owen, Multilinear extensions of games, Management Science 18 (1972); W. Słomczyński and K. Życzkowski,
//! Penrose voting system and optimal quota, Acta Physica Polonica B 37 (2006).

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, check, check_amount};

mod inverse;
mod power;
mod sampled;

pub use inverse::Fitted;
pub use power::Index;
pub use sampled::{Estimate, sampled_power};

/// Largest sum of weights of an [`Assembly`]: generating functions have one coefficient per vote.
const MAX_VOTES: u64 = 1 << 24;

/// Members with integer weights and the weight that carries a motion.
///
/// **Invariant.** At least one member; 1 ≤ quota ≤ sum of weights ≤ 2²⁴.
///
/// # Example
/// ```
/// use parecon_review::voting::Assembly;
///
/// // Council of the EEC, 1958: Luxembourg had one vote and no power.
/// let council = Assembly::new(vec![4, 4, 4, 2, 2, 1], 12)?;
/// let power = council.shapley_shubik();
/// assert!((power[0] - 14.0 / 60.0).abs() < 1e-15 && power[5] == 0.0);
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "AssemblyData", into = "AssemblyData")]
pub struct Assembly {
    weights: Vec<u32>,
    quota: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AssemblyData {
    weights: Vec<u32>,
    quota: u32,
}

impl Assembly {
    /// Members with `weights`, and the weight in favour that carries a motion.
    ///
    /// # Errors
    /// If there are no members, the weights sum to 0 or more than 2²⁴, or the quota is 0 or above their sum.
    pub fn new(weights: Vec<u32>, quota: u32) -> Result<Self, Error> {
        if weights.is_empty() {
            return Err(Error::new(Kind::Empty { what: "members" }));
        }
        let sum: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
        check((1..=MAX_VOTES).contains(&sum), "sum of voting weights", sum as f64, "1 to 2²⁴")?;
        let valid = format!("1 to the sum of the weights, {sum}");
        check(quota > 0 && u64::from(quota) <= sum, "quota", f64::from(quota), &valid)?;
        Ok(Self { weights, quota })
    }

    /// Votes in proportion to how much each member is affected, `votes` in all, by largest remainders; a motion needs
    /// more than the share `majority` of them.
    ///
    /// # Errors
    /// If there are no stakes, one is negative or not finite, all are 0, `majority` is not at least 0 and below 1, or
    /// `votes` not in 1 to 2²⁴.
    ///
    /// # Example
    /// ```
    /// use parecon_review::voting::Assembly;
    ///
    /// // 47, 49 and 4 of a hundred affected: three votes for weights, but equal power.
    /// let board = Assembly::in_proportion(&[47.0, 49.0, 4.0], 100, 0.5)?;
    /// assert_eq!((board.weights(), board.quota()), (&[47, 49, 4][..], 51));
    /// assert!(board.shapley_shubik().iter().all(|power| (power - 1.0 / 3.0).abs() < 1e-15));
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn in_proportion(stakes: &[f64], votes: u32, majority: f64) -> Result<Self, Error> {
        let shares = shares("stake", stakes)?;
        check((0.0..1.0).contains(&majority), "majority", majority, "at least 0 and below 1")?;
        let votes_valid = (1..=MAX_VOTES).contains(&u64::from(votes));
        check(votes_valid, "number of votes", f64::from(votes), "1 to 2²⁴")?;
        Self::new(apportion(&shares, votes), quota(votes, majority))
    }

    /// Votes of each member.
    #[must_use]
    pub fn weights(&self) -> &[u32] {
        &self.weights
    }

    /// Votes that carry a motion.
    #[must_use]
    pub fn quota(&self) -> u32 {
        self.quota
    }
}

/// The least number of votes above the share `majority` of all. A product this close to a whole number is one.
fn quota(votes: u32, majority: f64) -> u32 {
    ((f64::from(votes) * majority + 1e-7).floor() as u32 + 1).min(votes)
}

/// Whole votes in proportion to `shares`, which sum to one, by largest remainders.
fn apportion(shares: &[f64], votes: u32) -> Vec<u32> {
    let exact: Vec<f64> = shares.iter().map(|share| share * f64::from(votes)).collect();
    let mut weights: Vec<u32> = exact.iter().map(|x| x.floor() as u32).collect();
    let given: u32 = weights.iter().sum();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by(|&i, &j| exact[j].fract().total_cmp(&exact[i].fract()));
    for &i in order.iter().cycle().take(votes.saturating_sub(given) as usize) {
        weights[i] += 1;
    }
    weights
}

/// `amounts` divided by their sum.
fn shares(what: &str, amounts: &[f64]) -> Result<Vec<f64>, Error> {
    if amounts.is_empty() {
        return Err(Error::new(Kind::Empty { what: "members" }));
    }
    for (i, &amount) in amounts.iter().enumerate() {
        check_amount(&format!("{what} of member {i}"), amount)?;
    }
    let sum: f64 = amounts.iter().sum();
    check(sum.is_finite() && sum > 0.0, &format!("sum of {what}s"), sum, "finite and positive")?;
    Ok(amounts.iter().map(|amount| amount / sum).collect())
}

/// How well shares of power match shares of what is at stake.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    /// Power held by others than it is due to: ½ Σ |power share − stake share|, 0 to 1.
    pub misplaced: f64,
    /// Largest |power share − stake share|.
    pub largest_gap: f64,
    /// Whose.
    pub member: usize,
}

impl Agreement {
    /// Compares `power` with `stakes`, both brought to sum one.
    ///
    /// # Errors
    /// If the lists are empty or of different lengths, a number is negative or not finite, or all of a list are 0.
    ///
    /// # Example
    /// ```
    /// use parecon_review::voting::{Agreement, Assembly};
    ///
    /// let stakes = [47.0, 49.0, 4.0];
    /// let board = Assembly::in_proportion(&stakes, 100, 0.5)?;
    /// let agreement = Agreement::new(&board.banzhaf(), &stakes)?;
    /// // The smallest has a third of the power for a twenty-fifth of the stake.
    /// assert_eq!(agreement.member, 2);
    /// assert!((agreement.misplaced - (1.0 / 3.0 - 0.04)).abs() < 1e-15);
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn new(power: &[f64], stakes: &[f64]) -> Result<Self, Error> {
        if power.len() != stakes.len() {
            let what = "number of stakes".to_owned();
            let valid = format!("the number of members, {}", power.len());
            return Err(Error::new(Kind::Number { what, value: stakes.len() as f64, valid }));
        }
        let (power, stakes) = (shares("power", power)?, shares("stake", stakes)?);
        let mut agreement = Self { misplaced: 0.0, largest_gap: 0.0, member: 0 };
        for (i, (power, stake)) in power.iter().zip(&stakes).enumerate() {
            let gap = (power - stake).abs();
            agreement.misplaced += 0.5 * gap;
            if gap > agreement.largest_gap {
                (agreement.largest_gap, agreement.member) = (gap, i);
            }
        }
        Ok(agreement)
    }
}

impl TryFrom<AssemblyData> for Assembly {
    type Error = Error;
    fn try_from(data: AssemblyData) -> Result<Self, Error> {
        Self::new(data.weights, data.quota)
    }
}

impl From<Assembly> for AssemblyData {
    fn from(assembly: Assembly) -> Self {
        Self { weights: assembly.weights, quota: assembly.quota }
    }
}
