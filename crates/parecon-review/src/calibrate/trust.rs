use serde::{Deserialize, Serialize};

use super::verdicts::Rate;
use crate::error::{Error, check, check_probability};

/// Pieces whose authors had a similar record.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustBin {
    /// Lowest earlier success of the bin.
    pub from: f64,
    /// Highest; belongs to the next bin, except in the last.
    pub to: f64,
    /// Pieces in it.
    pub pieces: u64,
    /// Their mean earlier success; the middle of the bin if it is empty.
    pub earlier: f64,
    /// Share of them that was accepted, with its interval; none if the bin is empty.
    pub acceptance: Option<Rate>,
}

/// Acceptance by the author's share of earlier successes, in bins between `borders`.
///
/// Each record is the author's earlier share of successes, 0 to 1, and whether this piece was accepted. Newcomers have no
/// share: count them apart. What the curve shows is how acceptance goes with a record, whether because good
/// authors remain good or because a name helps.
///
/// # Errors
/// If a share is not between 0 and 1, there are fewer than two borders, or they do not ascend within 0 and 1; or if
/// `level` is not strictly between 0 and 1.
///
/// # Complexity
/// O(records · log bins).
///
/// # Example
/// ```
/// use parecon_review::calibrate::trust_curve;
///
/// let records = [(0.1, false), (0.2, true), (0.9, true), (1.0, true)];
/// let curve = trust_curve(&records, &[0.0, 0.5, 1.0], 0.95)?;
/// assert_eq!(curve.iter().map(|bin| bin.pieces).collect::<Vec<_>>(), [2, 2]);
/// assert_eq!(curve[0].acceptance.map(|rate| rate.rate), Some(0.5));
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn trust_curve(records: &[(f64, bool)], borders: &[f64], level: f64) -> Result<Vec<TrustBin>, Error> {
    check(borders.len() >= 2, "number of borders", borders.len() as f64, "at least 2")?;
    for (i, &border) in borders.iter().enumerate() {
        check_probability(&format!("border {i}"), border)?;
        if i > 0 {
            let valid = format!("above border {}, {}", i - 1, borders[i - 1]);
            check(border > borders[i - 1], &format!("border {i}"), border, &valid)?;
        }
    }
    let bins = borders.len() - 1;
    let (mut pieces, mut accepted, mut sums) = (vec![0u64; bins], vec![0u64; bins], vec![0.0; bins]);
    for (i, &(earlier, success)) in records.iter().enumerate() {
        check_probability(&format!("earlier success of record {i}"), earlier)?;
        if earlier < borders[0] || earlier > borders[bins] {
            continue;
        }
        let bin = borders.partition_point(|&border| border <= earlier).clamp(1, bins) - 1;
        pieces[bin] += 1;
        accepted[bin] += u64::from(success);
        sums[bin] += earlier;
    }
    (0..bins)
        .map(|bin| {
            let (from, to) = (borders[bin], borders[bin + 1]);
            let some = pieces[bin] > 0;
            Ok(TrustBin {
                from,
                to,
                pieces: pieces[bin],
                earlier: if some { sums[bin] / pieces[bin] as f64 } else { 0.5 * (from + to) },
                acceptance: some.then(|| Rate::of(accepted[bin], pieces[bin], level)).transpose()?,
            })
        })
        .collect()
}
