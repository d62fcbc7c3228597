//! The inverse problem: weights whose power is in proportion to given stakes.

use serde::{Deserialize, Serialize};

use super::{Agreement, Assembly, Index, MAX_VOTES, apportion, quota, shares};
use crate::error::{Error, check};

/// Rounds of correction. Small assemblies have few attainable power vectors, so more would only wander among them.
const ROUNDS: u32 = 200;
/// Share of a gap that the first round corrects; the full gap overshoots where members trade places.
const STEP: f64 = 0.5;
/// Rounds after which the step has halved: power jumps, so that steps of a constant size circle around the target.
const HALVING: f64 = 30.0;

/// Weights found for a target, and how well their power matches it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fitted {
    /// The assembly whose power is closest to the target of all that were tried.
    pub assembly: Assembly,
    /// Its power, brought to sum one.
    pub power: Vec<f64>,
    /// How far power and target are apart: what remains is often not attainable by any weights.
    pub agreement: Agreement,
}

impl Assembly {
    /// An assembly of `votes` votes whose power is as near as possible in proportion to `stakes`; a motion needs more
    /// than the share `majority`.
    ///
    /// Starts from votes in proportion to stakes and moves each weight by a share of its member's lack of power,
    /// round after round in ever smaller steps, keeping the best. A heuristic: the attainable power vectors are finitely many, and finding the
    /// nearest is hard. [`Fitted::agreement`] says what was reached. It is never worse than the start.
    ///
    /// # Errors
    /// If there are no stakes, one is negative or not finite, all are 0, `majority` is not at least 0 and below 1, or
    /// `votes` not in 1 to 2²⁴.
    ///
    /// # Complexity
    /// At most some two hundred computations of power.
    ///
    /// # Example
    /// ```
    /// use parecon_review::voting::{Agreement, Assembly, Index};
    ///
    /// let stakes = [40.0, 25.0, 15.0, 10.0, 6.0, 4.0];
    /// let naive = Assembly::in_proportion(&stakes, 100, 0.5)?;
    /// let fitted = Assembly::for_power(&stakes, 100, 0.5, Index::Banzhaf)?;
    /// let before = Agreement::new(&naive.banzhaf(), &stakes)?;
    /// assert!(fitted.agreement.misplaced < before.misplaced);
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn for_power(stakes: &[f64], votes: u32, majority: f64, index: Index) -> Result<Fitted, Error> {
        let target = shares("stake", stakes)?;
        check((0.0..1.0).contains(&majority), "majority", majority, "at least 0 and below 1")?;
        let votes_valid = (1..=MAX_VOTES).contains(&u64::from(votes));
        check(votes_valid, "number of votes", f64::from(votes), "1 to 2²⁴")?;
        let quota = quota(votes, majority);
        let fit = |real: &[f64]| -> Result<Fitted, Error> {
            let assembly = Self::new(apportion(real, votes), quota)?;
            let power = shares("power", &assembly.power(index))?;
            let agreement = Agreement::new(&power, &target)?;
            Ok(Fitted { assembly, power, agreement })
        };
        let mut real = target.clone();
        let mut here = fit(&real)?;
        let mut best = here.clone();
        for round in 0..ROUNDS {
            let step = STEP / (1.0 + f64::from(round) / HALVING);
            if best.agreement.misplaced == 0.0 {
                break;
            }
            // Also where rounding to votes swallows a step: it adds up until a vote moves.
            for ((weight, power), target) in real.iter_mut().zip(&here.power).zip(&target) {
                *weight = (*weight + step * (target - power)).max(0.0);
            }
            let sum: f64 = real.iter().sum();
            real.iter_mut().for_each(|weight| *weight /= sum);
            here = fit(&real)?;
            if here.agreement.misplaced < best.agreement.misplaced {
                best = here.clone();
            }
        }
        Ok(best)
    }
}
