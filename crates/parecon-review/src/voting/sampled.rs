//! Power by sampling, for weights that are not small integers.

use parecon_core::random::{Stream, StreamKey};
use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::{Index, shares};
use crate::error::{Error, check};

/// Sums of shares this close to the majority are on it: their rounding is not a vote.
const TIE: f64 = 1e-12;

/// A member's power with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// Share of samples in which the member was critical.
    pub power: f64,
    /// √(p (1 − p)/samples), with p moved off 0 and 1 by a pseudo-count so that "never seen" is not "impossible".
    pub standard_error: f64,
}

/// Power in an assembly whose `weights` may be any amounts, where a motion needs more than the share `majority`.
///
/// Samples coalitions (Banzhaf) or orders of joining (Shapley–Shubik). The same `seed` gives the same numbers.
///
/// # Errors
/// If there are no members, a weight is negative or not finite, all are 0, `majority` is not at least 0 and below 1,
/// or `samples` is 0.
///
/// # Complexity
/// O(samples · n).
///
/// # Example
/// ```
/// use parecon_review::voting::{Assembly, Index, sampled_power};
///
/// let stakes = [4.0, 4.0, 4.0, 2.0, 2.0, 1.0];
/// let sampled = sampled_power(&stakes, 0.65, Index::ShapleyShubik, 20_000, 1)?;
/// let exact = Assembly::new(vec![4, 4, 4, 2, 2, 1], 12)?.shapley_shubik();
/// for (sampled, exact) in sampled.iter().zip(exact) {
///     assert!((sampled.power - exact).abs() < 4.0 * sampled.standard_error);
/// }
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn sampled_power(
    weights: &[f64],
    majority: f64,
    index: Index,
    samples: u32,
    seed: u64,
) -> Result<Vec<Estimate>, Error> {
    let shares = shares("weight", weights)?;
    check((0.0..1.0).contains(&majority), "majority", majority, "at least 0 and below 1")?;
    let carried = |share: f64| share > majority + TIE;
    check(samples > 0, "number of samples", f64::from(samples), "at least 1")?;
    let mut hits = vec![0u32; shares.len()];
    let mut order: Vec<usize> = (0..shares.len()).collect();
    let mut favour = vec![false; shares.len()];
    for sample in 0..samples {
        let mut stream = Stream::new(StreamKey { seed, entity: u64::from(sample), ..StreamKey::default() });
        match index {
            Index::ShapleyShubik => {
                // Each sample shuffles the same start, so that samples do not depend on one another's number.
                order.iter_mut().enumerate().for_each(|(i, member)| *member = i);
                let mut before = 0.0;
                for i in 0..order.len() {
                    let pick = stream.random_range(i..order.len());
                    order.swap(i, pick);
                    let with = before + shares[order[i]];
                    if !carried(before) && carried(with) {
                        hits[order[i]] += 1;
                        break;
                    }
                    before = with;
                }
            }
            Index::Banzhaf => {
                let mut sum = 0.0;
                for (vote, share) in favour.iter_mut().zip(&shares) {
                    *vote = stream.random();
                    sum += if *vote { *share } else { 0.0 };
                }
                for (i, share) in shares.iter().enumerate() {
                    let others = if favour[i] { sum - share } else { sum };
                    hits[i] += u32::from(!carried(others) && carried(others + share));
                }
            }
        }
    }
    let size = f64::from(samples);
    Ok(hits
        .into_iter()
        .map(|hits| {
            let p = (f64::from(hits) + 1.0) / (size + 2.0);
            Estimate { power: f64::from(hits) / size, standard_error: (p * (1.0 - p) / size).sqrt() }
        })
        .collect())
}
