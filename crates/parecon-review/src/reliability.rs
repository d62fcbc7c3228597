//! How alike two panels decide, and how many reviewers it takes.
//!
//! A score is quality plus a reviewer's own view; the intraclass correlation (ICC) is quality's share of its variance.
//! The mean of n scores then has reliability R = n ICC / (1 + (n − 1) ICC), the correlation between two such panels
//! (Spearman 1910, Brown 1910), and two panels that each accept the same share a of pieces agree as two normals with
//! correlation R do.
//!
//! # Reference
//! N. D. Lawrence and C. Cortes, The NIPS experiment (2014); C. Cortes and N. D. Lawrence, Inconsistency in conference
//! peer review: revisiting the 2014 `NeurIPS` experiment (2021).

use crate::error::{Error, check, check_open_probability, check_probability};
use crate::gaussian::orthant;
use crate::normal;
use crate::root::crossing;

/// Correlation between the mean scores of two panels of `n` reviewers, n ICC / (1 + (n − 1) ICC).
///
/// Its square root is the accuracy ρ of the mean score: the correlation with quality itself.
///
/// # Errors
/// If `icc` is not between 0 and 1 or `n` is 0.
pub fn reliability(icc: f64, n: u32) -> Result<f64, Error> {
    check_probability("intraclass correlation", icc)?;
    check(n > 0, "number of reviewers", f64::from(n), "at least 1")?;
    Ok(f64::from(n) * icc / (1.0 + (f64::from(n) - 1.0) * icc))
}

/// Probability that a piece accepted by one panel is accepted by another of the same kind, each accepting the share
/// `accepted`: P(X > c, Y > c)/a with correlation R and c = Φ⁻¹(1 − a).
///
/// # Errors
/// If `accepted` is not strictly between 0 and 1, `icc` not a probability, or `n` 0.
///
/// # Example
/// ```
/// use parecon_review::reliability::consistency;
///
/// // The NIPS experiment of 2014: 23 % accepted, three reviewers; variances of quality 1.28 and of reviewers' views 1.27. The experiment
/// // itself found about .5: reviewers share more than a model of independent views knows.
/// let closed_form = consistency(0.23, 1.28 / (1.28 + 1.27), 3)?;
/// assert!((closed_form - 0.6252).abs() < 5e-5);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn consistency(accepted: f64, icc: f64, n: u32) -> Result<f64, Error> {
    check_open_probability("share accepted", accepted)?;
    Ok(agreement(accepted, reliability(icc, n)?))
}

/// The fewest reviewers with whom two panels agree on at least the share `wanted` of what one of them accepts.
///
/// # Errors
/// If `accepted`, `icc` or `wanted` is not strictly between 0 and 1, or more than 2³² reviewers were needed.
///
/// # Example
/// ```
/// use parecon_review::reliability::reviewers_needed;
///
/// let needed = |wanted| reviewers_needed(0.23, 0.34, wanted);
/// assert_eq!([needed(0.6)?, needed(0.7)?, needed(0.8)?, needed(0.9)?], [5, 11, 26, 106]);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn reviewers_needed(accepted: f64, icc: f64, wanted: f64) -> Result<u32, Error> {
    check_open_probability("share accepted", accepted)?;
    check_open_probability("intraclass correlation", icc)?;
    check_open_probability("agreement wanted", wanted)?;
    if agreement(accepted, icc) >= wanted {
        return Ok(1);
    }
    let reliable = crossing(|r| agreement(accepted, r) - wanted, icc, 1.0, 0.0);
    let n = (reliable * (1.0 - icc) / (icc * (1.0 - reliable))).ceil();
    check(n <= f64::from(u32::MAX), "number of reviewers needed", n, "at most 2³² − 1")?;
    Ok(n as u32)
}

fn agreement(accepted: f64, reliability: f64) -> f64 {
    let cut = -normal::quantile(accepted);
    orthant(cut, cut, reliability) / accepted
}
