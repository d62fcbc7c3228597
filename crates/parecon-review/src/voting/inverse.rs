//! The inverse problem: weights whose power is in proportion to given stakes.

use serde::{Deserialize, Serialize};

use super::{Agreement, Assembly, Index, MAX_VOTES, apportion, quota, shares};
use crate::error::{Error, Kind, check};

/// Rounds of correction. Small assemblies have few attainable power vectors, so more would only wander among them.
const ROUNDS: u32 = 200;
/// Share of a gap that the first round corrects; the full gap overshoots where members trade places.
const STEP: f64 = 0.5;
/// Rounds after which the step has halved: power jumps, so that steps of a constant size circle around the target.
const HALVING: f64 = 30.0;

/// Assemblies that differ up to so many are all tried.
const MOST: u64 = 50_000;

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
    /// True if all assemblies of so many votes were tried, so that none misplaces less power.
    pub exact: bool,
}

impl Assembly {
    /// An assembly of `votes` votes whose power is as near as possible in proportion to `stakes`, by
    /// [`Agreement::misplaced`]; a motion needs more than the share `majority`.
    ///
    /// A small board is exact: power does not fall with weight, and two lists of numbers are closest, added up, if both
    /// stand in the same order. So only weights in the order of stakes need be tried, one for each partition of `votes`
    /// into at most as many parts as there are members; that is done if they are no more than 50,000 (3 members
    /// with up to 771 votes, 5 with 102, 9 with 50). The attainable power vectors being finitely many, and finding the nearest
    /// hard, others are found by a heuristic: from votes in proportion to stakes it moves each weight by a share of its
    /// member's lack of power, round after round in ever smaller steps, keeping the best. It is never worse than the start.
    ///
    /// # Errors
    /// If there are no stakes, one is negative or not finite, all are 0, `majority` is not at least 0 and below 1, or
    /// `votes` not in 1 to 2²⁴.
    ///
    /// # Complexity
    /// One computation of power for each partition, or at most some two hundred.
    ///
    /// # Example
    /// ```
    /// use parecon_review::voting::{Agreement, Assembly, Index};
    ///
    /// let stakes = [40.0, 25.0, 15.0, 12.0, 8.0];
    /// let naive = Assembly::in_proportion(&stakes, 50, 0.5)?;
    /// let fitted = Assembly::for_power(&stakes, 50, 0.5, Index::Banzhaf)?;
    /// let before = Agreement::new(&naive.banzhaf(), &stakes)?;
    /// assert!(fitted.exact && fitted.agreement.misplaced < before.misplaced);
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn for_power(stakes: &[f64], votes: u32, majority: f64, index: Index) -> Result<Fitted, Error> {
        let target = shares("stake", stakes)?;
        check((0.0..1.0).contains(&majority), "majority", majority, "at least 0 and below 1")?;
        let votes_valid = (1..=MAX_VOTES).contains(&u64::from(votes));
        check(votes_valid, "number of votes", f64::from(votes), "1 to 2²⁴")?;
        let quota = quota(votes, majority);
        let fit = |weights: Vec<u32>| -> Result<Fitted, Error> {
            let assembly = Self::new(weights, quota)?;
            let power = shares("power", &assembly.power(index))?;
            let agreement = Agreement::new(&power, &target)?;
            Ok(Fitted { assembly, power, agreement, exact: false })
        };
        if partitions(votes, target.len()) <= MOST {
            every(&target, votes, fit)
        } else {
            approach(&target, votes, fit)
        }
    }
}

/// The best of all weights in the order of the target; of equals the one that stands first, as if read from the largest
/// weight down.
fn every(
    target: &[f64],
    votes: u32,
    fit: impl Fn(Vec<u32>) -> Result<Fitted, Error>,
) -> Result<Fitted, Error> {
    let mut order: Vec<usize> = (0..target.len()).collect();
    order.sort_by(|&i, &j| target[j].total_cmp(&target[i]));
    let mut parts = vec![0; target.len()];
    parts[0] = votes;
    let mut best: Option<Fitted> = None;
    loop {
        let mut weights = vec![0; target.len()];
        order.iter().zip(&parts).for_each(|(&member, &part)| weights[member] = part);
        let here = fit(weights)?;
        match &best {
            Some(best) if best.agreement.misplaced <= here.agreement.misplaced => {}
            _ => best = Some(here),
        }
        if !advance(&mut parts) {
            break;
        }
    }
    best.map(|best| Fitted { exact: true, ..best }).ok_or_else(|| Error::new(Kind::Empty { what: "members" }))
}

/// The next partition into at most so many parts, in descending order of the lists; false after the last.
fn advance(parts: &mut [u32]) -> bool {
    let n = parts.len();
    // The last part that can give one and leave a rest that fits behind it.
    let mut behind = 0;
    for i in (0..n).rev() {
        let room = (n - 1 - i) as u64 * u64::from(parts[i].saturating_sub(1));
        if parts[i] > 0 && u64::from(behind) < room {
            parts[i] -= 1;
            let mut rest = behind + 1;
            let most = parts[i];
            for part in &mut parts[i + 1..] {
                *part = rest.min(most);
                rest -= *part;
            }
            return true;
        }
        behind += parts[i];
    }
    false
}

/// Partitions of `votes` into at most `n` parts, or some number above [`MOST`].
fn partitions(votes: u32, n: usize) -> u64 {
    // Partitions of a number into at most two parts are half of it: above this there are too many.
    if n > 1 && u64::from(votes) > 2 * MOST {
        return u64::MAX;
    }
    if n == 1 {
        return 1;
    }
    let mut ways = vec![0u64; votes as usize + 1];
    ways[0] = 1;
    // At most n parts are parts of at most n.
    for part in 1..=n.min(votes as usize) {
        for sum in part..ways.len() {
            ways[sum] = ways[sum].saturating_add(ways[sum - part]);
        }
        if ways[votes as usize] > MOST {
            break;
        }
    }
    ways[votes as usize]
}

fn approach(
    target: &[f64],
    votes: u32,
    fit: impl Fn(Vec<u32>) -> Result<Fitted, Error>,
) -> Result<Fitted, Error> {
    let mut real = target.to_vec();
    let mut here = fit(apportion(&real, votes))?;
    let mut best = here.clone();
    for round in 0..ROUNDS {
        let step = STEP / (1.0 + f64::from(round) / HALVING);
        if best.agreement.misplaced == 0.0 {
            break;
        }
        // Also where rounding to votes swallows a step: it adds up until a vote moves.
        for ((weight, power), target) in real.iter_mut().zip(&here.power).zip(target) {
            *weight = (*weight + step * (target - power)).max(0.0);
        }
        let sum: f64 = real.iter().sum();
        real.iter_mut().for_each(|weight| *weight /= sum);
        here = fit(apportion(&real, votes))?;
        if here.agreement.misplaced < best.agreement.misplaced {
            best = here.clone();
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts from the literature: p(30) = 5604; at most 3 parts of 10: round((10 + 3)²/12) = 14;
    /// 38,225 of 100 into exactly 5, which are those of 95 into at most 5.
    #[test]
    fn partitions_are_counted_and_enumerated() {
        for (votes, n, count) in [(5, 5, 7), (10, 3, 14), (30, 30, 5604), (95, 5, 38225), (1, 4, 1)] {
            assert_eq!(partitions(votes, n), count, "{votes} into {n}");
            let mut parts = vec![0; n];
            parts[0] = votes;
            let mut seen = 1;
            while advance(&mut parts) {
                assert!(parts.is_sorted_by(|a, b| a >= b) && parts.iter().sum::<u32>() == votes, "{parts:?}");
                seen += 1;
            }
            assert_eq!(seen, count, "{votes} into {n}");
        }
        assert!(partitions(1 << 24, 2) > MOST && partitions(1000, 10) > MOST);
    }
}
