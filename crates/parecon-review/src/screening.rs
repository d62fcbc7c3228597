//! Screening architectures: several judges, each seeing the same piece, and how their verdicts are combined.
//!
//! Every judge accepts with the same probability p, independently of the others unless a function says otherwise. That
//! independence is the optimistic case: judges who share a prejudice correct each other less
//! ([`Architecture::acceptance_correlated`], [`majority_limit`]).
//!
//! # Reference
//! R. K. Sah and J. E. Stiglitz, The architecture of economic systems: hierarchies and polyarchies, American
//! Economic Review 76 (1986); Committees, hierarchies and polyarchies, Economic Journal 98 (1988). E. F. Moore and
//! C. E. Shannon, Reliable circuits using less reliable relays, Journal of the Franklin Institute 262 (1956).
//!
//! # Example
//! ```
//! use parecon_review::screening::Architecture;
//!
//! // Good pieces please a judge with probability .8, bad ones with .3.
//! let hierarchy = Architecture::Hierarchy(2);
//! assert!((hierarchy.acceptance(0.8)? - 0.64).abs() < 1e-15);
//! assert!((hierarchy.acceptance(0.3)? - 0.09).abs() < 1e-15);
//! // The second judge is only asked if the first said yes.
//! assert!((hierarchy.expected_evaluations(0.3)? - 1.3).abs() < 1e-15);
//! # Ok::<(), parecon_review::Error>(())
//! ```

mod jury;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, check, check_open_probability, check_probability};

pub use jury::{Asking, Jury, Panel, majority_limit, optimal_jury, optimal_panel};

/// How the verdicts of several judges make one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Architecture {
    /// All of n must accept; the first refusal is final.
    Hierarchy(u32),
    /// One of n must accept; the first acceptance is final.
    Polyarchy(u32),
    /// At least k of n must accept.
    KofN {
        /// Acceptances needed, 1 to n.
        k: u32,
        /// Judges.
        n: u32,
    },
    /// An architecture whose judges are themselves panels.
    Nested {
        /// How the panels' verdicts are combined.
        outer: Box<Architecture>,
        /// Every panel.
        inner: Box<Architecture>,
    },
}

impl Architecture {
    /// Probability that a piece is accepted which each judge accepts with probability `p`.
    ///
    /// ```text
    /// hierarchy pⁿ      polyarchy 1 − (1 − p)ⁿ      k of n  Σ_{i≥k} C(n, i) pⁱ (1 − p)ⁿ⁻ⁱ      nested outer(inner(p))
    /// ```
    ///
    /// Relative accuracy is kept when the result is tiny; nothing overflows for any n.
    ///
    /// # Errors
    /// If `p` is not a probability, n is 0, or k is not in 1 to n.
    ///
    /// # Complexity
    /// O(√n) terms of the binomial sum.
    pub fn acceptance(&self, p: f64) -> Result<f64, Error> {
        let p = check_probability("probability that a judge accepts", p)?;
        match self {
            Architecture::Nested { outer, inner } => outer.acceptance(inner.acceptance(p)?),
            leaf => {
                let (k, n) = leaf.quorum()?;
                Ok(if k == n {
                    p.powf(f64::from(n))
                } else if k == 1 {
                    -(f64::from(n) * (-p).ln_1p()).exp_m1()
                } else {
                    binomial_tail(n, p, k)
                })
            }
        }
    }

    /// Expected number of judgements if judges are asked one after the other until the outcome is certain.
    ///
    /// With a = k acceptances or s = n − k + 1 refusals ending the procedure, and X, Y binomial (n + 1, p) and
    /// (n + 1, 1 − p),
    ///
    /// ```text
    /// E N = (k/p) P(X ≥ k + 1) + (s/(1 − p)) P(Y ≥ s + 1)
    /// ```
    ///
    /// the mean of the negative binomial waiting time that ends first. Nested: panels consulted times judges
    /// heard in each.
    ///
    /// # Errors
    /// As for [`acceptance`](Architecture::acceptance).
    ///
    /// # Complexity
    /// O(√n).
    pub fn expected_evaluations(&self, p: f64) -> Result<f64, Error> {
        let p = check_probability("probability that a judge accepts", p)?;
        match self {
            Architecture::Nested { outer, inner } => {
                Ok(outer.expected_evaluations(inner.acceptance(p)?)? * inner.expected_evaluations(p)?)
            }
            leaf => {
                let (k, n) = leaf.quorum()?;
                let refusals = n - k + 1;
                Ok(waiting(k, n, p, 1.0 - p) + waiting(refusals, n, 1.0 - p, p))
            }
        }
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        match self {
            Architecture::Nested { outer, inner } => {
                outer.validate()?;
                inner.validate()
            }
            leaf => leaf.quorum().map(|_| ()),
        }
    }

    /// Quorum and size; `Nested` has none of its own and counts as a panel of one.
    fn quorum(&self) -> Result<(u32, u32), Error> {
        let (k, n) = match *self {
            Architecture::Hierarchy(n) => (n, n),
            Architecture::Polyarchy(n) => (1, n),
            Architecture::KofN { k, n } => (k, n),
            Architecture::Nested { .. } => (1, 1),
        };
        if (1..=n).contains(&k) && n < u32::MAX { Ok((k, n)) } else { Err(Error::new(Kind::Quorum { k, n })) }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Architecture::Hierarchy(n) => write!(f, "all of {n}"),
            Architecture::Polyarchy(n) => write!(f, "any of {n}"),
            Architecture::KofN { k, n } => write!(f, "{k} of {n}"),
            Architecture::Nested { outer, inner } => write!(f, "{outer} panels of {inner}"),
        }
    }
}

/// The quorum that maximises expected gain, and when no quorum should be asked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quorum {
    /// Even unanimous refusal leaves a piece worth accepting.
    AcceptAll,
    /// Accept with at least this many of the n votes.
    AtLeast(u32),
    /// Even unanimous acceptance leaves a piece not worth accepting.
    RejectAll,
}

/// A pool of pieces before a panel of equal judges.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pool {
    /// α: share of good pieces, strictly between 0 and 1.
    pub base_rate: f64,
    /// z₁ > 0: gain from accepting a good piece, in any unit.
    pub gain: f64,
    /// z₂ > 0: loss from accepting a bad piece, in the same unit.
    pub loss: f64,
    /// p: probability that a judge accepts a good piece, strictly between `bad` and 1.
    pub good: f64,
    /// q: probability that a judge accepts a bad piece, strictly between 0 and `good`.
    pub bad: f64,
}

/// The best quorum for `n` judges, whose cost plays no part.
///
/// ```text
/// k* = ⌈ [ ln((1 − α) z₂ / (α z₁)) + n ln((1 − q)/(1 − p)) ] / ln( p (1 − q) / (q (1 − p)) ) ⌉
/// ```
///
/// the smallest number of acceptances after which the odds are in favour of accepting.
///
/// # Errors
/// If `n` is 0 or a number of the pool is outside its range.
///
/// # Reference
/// Sah and Stiglitz (1988), as for the [module](self).
///
/// # Example
/// ```
/// use parecon_review::screening::{Pool, Quorum, optimal_quorum};
///
/// let pool = Pool { base_rate: 0.5, gain: 1.0, loss: 1.0, good: 0.8, bad: 0.3 };
/// assert_eq!(optimal_quorum(5, &pool)?, Quorum::AtLeast(3));
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn optimal_quorum(n: u32, pool: &Pool) -> Result<Quorum, Error> {
    let Pool { base_rate, gain, loss, good, bad } = *pool;
    check_open_probability("share of good pieces", base_rate)?;
    check(gain.is_finite() && gain > 0.0, "gain from a good piece", gain, "finite and positive")?;
    check(loss.is_finite() && loss > 0.0, "loss from a bad piece", loss, "finite and positive")?;
    check_open_probability("probability that a judge accepts a good piece", good)?;
    let valid = format!("above 0 and below that of a good piece, {good}");
    check(bad > 0.0 && bad < good, "probability that a judge accepts a bad piece", bad, &valid)?;
    if n == 0 {
        return Err(Error::new(Kind::Quorum { k: 0, n }));
    }
    let refusal = (-bad).ln_1p() - (-good).ln_1p();
    let stakes = (-base_rate).ln_1p() - base_rate.ln() + loss.ln() - gain.ln();
    let votes = (stakes + f64::from(n) * refusal) / (good.ln() - bad.ln() + refusal);
    Ok(if votes <= 0.0 {
        Quorum::AcceptAll
    } else if votes > f64::from(n) {
        Quorum::RejectAll
    } else {
        // 0 < votes ≤ n, so the cast is exact.
        Quorum::AtLeast(votes.ceil() as u32)
    })
}

/// Probability that a majority of `n` jurors is right, each being right with probability `p` (Condorcet 1785).
///
/// # Errors
/// If `n` is even or `p` is not a probability.
///
/// # Example
/// ```
/// use parecon_review::screening::majority_correct;
///
/// assert!((majority_correct(3, 0.6)? - 0.648).abs() < 1e-15);
/// assert!((majority_correct(101, 0.6)? - 0.97910331).abs() < 1e-8);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn majority_correct(n: u32, p: f64) -> Result<f64, Error> {
    if n.is_multiple_of(2) {
        return Err(Error::new(Kind::EvenJury { n }));
    }
    Architecture::KofN { k: n / 2 + 1, n }.acceptance(p)
}

/// E[T; the k-th success comes among n trials] for success probability p = 1 − q.
fn waiting(k: u32, n: u32, p: f64, q: f64) -> f64 {
    if q == 0.0 {
        return f64::from(k);
    }
    // The tail is of order p^(k+1), so it is 0 long before k/p overflows.
    let tail = if k == n { p.powf(f64::from(n) + 1.0) } else { binomial_tail(n + 1, p, k + 1) };
    if tail > 0.0 { f64::from(k) / p * tail } else { 0.0 }
}

/// P(X ≥ k) for X binomial (n, p), 1 ≤ k ≤ n.
///
/// Terms relative to the largest, from which ratios of neighbours lead outwards, divided by their sum: no factorials
/// or logarithms of large numbers, so full accuracy at any n.
fn binomial_tail(n: u32, p: f64, k: u32) -> f64 {
    if p == 0.0 || p == 1.0 {
        return p;
    }
    let (n, k) = (f64::from(n), f64::from(k));
    let odds = p / (1.0 - p);
    let mode = ((n + 1.0) * p).floor().min(n);
    let (mut below, mut above) = (0.0, 0.0);
    let mut count = |i: f64, term: f64| if i >= k { above += term } else { below += term };
    count(mode, 1.0);
    let (mut i, mut term) = (mode, 1.0);
    while i < n && term > 0.0 {
        term *= (n - i) / (i + 1.0) * odds;
        i += 1.0;
        count(i, term);
    }
    (i, term) = (mode, 1.0);
    while i > 0.0 && term > 0.0 {
        term *= i / ((n - i + 1.0) * odds);
        i -= 1.0;
        count(i, term);
    }
    above / (above + below)
}
