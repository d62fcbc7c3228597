//! Asking reviewers one after the other until the evidence suffices: Wald's sequential probability ratio test.
//!
//! # Reference
//! A. Wald, Sequential tests of statistical hypotheses, Annals of Mathematical Statistics 16 (1945).

use serde::{Deserialize, Serialize};

use crate::error::{Error, check, check_open_probability, check_probability};

/// Probability of being undecided below which an untruncated test counts as over.
const NEGLIGIBLE: f64 = 1e-18;

/// A test between "each vote is in favour with probability `good`" and "… with probability `bad`".
///
/// After every vote the log-likelihood ratio moves by ln(good/bad) or ln((1 − good)/(1 − bad)). The piece is
/// accepted once it reaches A = ln((1 − β)/α), refused once it reaches −B = ln(β/(1 − α)).
///
/// # Example
/// ```
/// use parecon_review::sequential::Sprt;
///
/// let test = Sprt { bad: 0.3, good: 0.8, false_accept: 0.05, false_reject: 0.05, limit: 1000 };
/// // Wald's approximation takes the ratio to stop exactly on its boundary; it really jumps over it.
/// let wald = test.wald()?;
/// assert!((wald.evaluations_if_bad - 4.5479).abs() < 5e-5);
/// assert!((wald.evaluations_if_good - 4.9615).abs() < 5e-5);
/// let exact = test.exact(0.8)?;
/// assert!(exact.evaluations > wald.evaluations_if_good && exact.acceptance > 0.95);
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sprt {
    /// p₀: probability that a reviewer is in favour of a bad piece, strictly between 0 and `good`.
    pub bad: f64,
    /// p₁: probability that a reviewer is in favour of a good piece, strictly between `bad` and 1.
    pub good: f64,
    /// α: probability of accepting a bad piece that is aimed at.
    pub false_accept: f64,
    /// β: probability of refusing a good piece that is aimed at; α + β < 1.
    pub false_reject: f64,
    /// After this many votes the likelier side wins, a tie being a refusal. At least 1.
    pub limit: u32,
}

/// Wald's approximations for a [`Sprt`] without a limit, which neglect how far the last vote overshoots.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wald {
    /// Expected number of votes on a bad piece.
    pub evaluations_if_bad: f64,
    /// Expected number of votes on a good piece.
    pub evaluations_if_good: f64,
}

/// What a [`Sprt`] does with a piece, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequential {
    /// Probability of being accepted.
    pub acceptance: f64,
    /// Expected number of votes.
    pub evaluations: f64,
}

impl Sprt {
    /// Wald's approximate sample numbers, E N = (P(accept) A − P(refuse) B) / E z.
    ///
    /// # Errors
    /// If a field is outside its range.
    pub fn wald(&self) -> Result<Wald, Error> {
        self.validate()?;
        let (up, down) = self.moves();
        let (upper, lower) = self.boundaries();
        let number = |accepted: f64, p: f64| {
            (accepted * upper + (1.0 - accepted) * lower) / (p * up + (1.0 - p) * down)
        };
        Ok(Wald {
            evaluations_if_bad: number(self.false_accept, self.bad),
            evaluations_if_good: number(1.0 - self.false_reject, self.good),
        })
    }

    /// Acceptance and expected number of votes where each vote is in favour with probability `p`, by recursion over
    /// the number of votes so far and of those in favour.
    ///
    /// # Errors
    /// If a field is outside its range or `p` is not a probability.
    ///
    /// # Complexity
    /// O(votes · width of the undecided region).
    pub fn exact(&self, p: f64) -> Result<Sequential, Error> {
        self.validate()?;
        Ok(self.run(check_probability("probability that a reviewer is in favour", p)?))
    }

    /// [`exact`](Sprt::exact) for a test and a probability known to be valid.
    pub(crate) fn run(&self, p: f64) -> Sequential {
        let walk = self.walk();
        // undecided[i]: probability that `first + i` of `votes` were in favour and no boundary was reached.
        let (mut first, mut undecided) = (0u32, vec![1.0]);
        let mut next = Vec::new();
        let mut result = Sequential { acceptance: 0.0, evaluations: 0.0 };
        for votes in 1..=self.limit {
            let mass: f64 = undecided.iter().sum();
            if mass < NEGLIGIBLE {
                break;
            }
            result.evaluations += mass;
            next.clear();
            next.resize(undecided.len() + 1, 0.0);
            for (i, mass) in undecided.iter().enumerate() {
                next[i] += (1.0 - p) * mass;
                next[i + 1] += p * mass;
            }
            let (mut keep_from, mut keep_to) = (next.len(), 0);
            for (i, mass) in next.iter_mut().enumerate() {
                match walk.decide(first + i as u32, votes) {
                    Some(true) => result.acceptance += *mass,
                    Some(false) => {}
                    None => {
                        keep_from = keep_from.min(i);
                        keep_to = i + 1;
                    }
                }
            }
            if keep_from >= keep_to {
                break;
            }
            undecided.clear();
            undecided.extend_from_slice(&next[keep_from..keep_to]);
            first += keep_from as u32;
        }
        result
    }

    /// The test with its logarithms taken.
    pub(crate) fn walk(&self) -> Walk {
        let ((up, down), (upper, lower)) = (self.moves(), self.boundaries());
        Walk { up, down, upper, lower, limit: self.limit }
    }

    /// Change of the log-likelihood ratio by a vote in favour and by one against.
    fn moves(&self) -> (f64, f64) {
        ((self.good / self.bad).ln(), (-self.good).ln_1p() - (-self.bad).ln_1p())
    }

    /// A and −B.
    fn boundaries(&self) -> (f64, f64) {
        (
            ((1.0 - self.false_reject) / self.false_accept).ln(),
            (self.false_reject / (1.0 - self.false_accept)).ln(),
        )
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        check_open_probability("probability that a reviewer is in favour of a good piece", self.good)?;
        let valid = format!("above 0 and below that of a good piece, {}", self.good);
        let below = self.bad > 0.0 && self.bad < self.good;
        check(below, "probability that a reviewer is in favour of a bad piece", self.bad, &valid)?;
        check_open_probability("false acceptance aimed at", self.false_accept)?;
        let valid = format!("above 0 and below {}", 1.0 - self.false_accept);
        let sound = self.false_reject > 0.0 && self.false_reject + self.false_accept < 1.0;
        check(sound, "false refusal aimed at", self.false_reject, &valid)?;
        check(self.limit > 0, "limit of votes", f64::from(self.limit), "at least 1").map(|_| ())
    }
}

/// The log-likelihood ratio between its boundaries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    up: f64,
    down: f64,
    upper: f64,
    lower: f64,
    limit: u32,
}

impl Walk {
    /// The verdict after so many votes, `favour` of them in favour; none while the evidence does not suffice.
    pub(crate) fn decide(&self, favour: u32, votes: u32) -> Option<bool> {
        let ratio = f64::from(favour) * self.up + f64::from(votes - favour) * self.down;
        if ratio >= self.upper || (votes == self.limit && ratio > self.lower && ratio > 0.0) {
            Some(true)
        } else if ratio > self.lower && votes < self.limit {
            None
        } else {
            Some(false)
        }
    }
}
