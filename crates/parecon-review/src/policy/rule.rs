//! How a stage comes to its verdict.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, check, check_probability};
use crate::screening::Architecture;
use crate::sequential::Sprt;

/// Largest sum of weights of a weighted vote, whose distribution is worked out anew at every quality.
const MAX_VOTES: u64 = 1 << 16;

/// Where the line is drawn on a signal: a piece passes if its signal is above.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// At this value of the signal, in its standard deviations. Zero passes half of what is judged. A rule of
    /// habit: it does not react to costs, stakes or base rate.
    Fixed(f64),
    /// At the value that maximises the policy's net benefit in the given environment, with all thresholds of the
    /// policy chosen together. It reacts: dearer production makes a proposal gate stricter, and where no cut-off
    /// on the signal earns its cost it passes all or none (see [`Cutoff`]).
    Optimal,
}

/// A threshold after it was worked out for an environment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cutoff {
    /// Everything passes; the signal is not worth acting on.
    PassAll,
    /// What has a signal above this value passes.
    Above(f64),
    /// Nothing passes.
    PassNone,
}

impl Cutoff {
    /// As a number: −∞, the value, or ∞.
    #[must_use]
    pub fn value(self) -> f64 {
        match self {
            Cutoff::PassAll => f64::NEG_INFINITY,
            Cutoff::Above(cut) => cut,
            Cutoff::PassNone => f64::INFINITY,
        }
    }

    pub(crate) fn from_value(value: f64) -> Self {
        if value == f64::NEG_INFINITY {
            Cutoff::PassAll
        } else if value == f64::INFINITY {
            Cutoff::PassNone
        } else {
            Cutoff::Above(value)
        }
    }
}

/// How the readings of one or several reviewers become a verdict.
///
/// Each reviewer reads the piece once and has a signal of it. Where reviewers vote, a vote is in favour if the
/// reviewer's signal is above the rule's threshold, which is the same for all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// One reader, whose signal must be above the threshold.
    Single(Threshold),
    /// Several voters, asked one after the other until the outcome is certain: k of n, hierarchy, polyarchy, or
    /// panels of panels.
    Panel {
        /// How the votes combine.
        architecture: Architecture,
        /// Of each voter.
        threshold: Threshold,
    },
    /// The mean of n scores, each a reading of the signal, must be above the threshold.
    MeanScore {
        /// Readers, at least one.
        n: u32,
        /// On the mean, in standard deviations of one reading.
        threshold: Threshold,
    },
    /// Voters are asked until the evidence suffices either way (Wald's sequential probability ratio test).
    Sprt {
        /// What the test expects of voters, and the errors it is willing to make.
        test: Sprt,
        /// Of each voter.
        threshold: Threshold,
    },
    /// One reader; what is clearly good passes, what is clearly bad fails, and lots are drawn over the rest.
    Lottery {
        /// Signals below fail.
        reject_below: f64,
        /// Signals above pass.
        accept_above: f64,
        /// Share of those between that is drawn, 0 to 1.
        share: f64,
    },
    /// Authors who had enough pieces accepted pass unread; the others are judged.
    Trust {
        /// Acceptances that make an author trusted, at least one.
        after: u32,
        /// The rule for everyone else, not itself a rule of trust.
        otherwise: Box<Rule>,
    },
    /// A weighted vote: passes if the weights in favour reach the quota. All votes are cast.
    Weighted {
        /// Votes of each member, at most 65,536 together.
        weights: Vec<u32>,
        /// Votes needed, 1 to the sum of the weights.
        quota: u32,
        /// Of each voter.
        threshold: Threshold,
    },
    /// Passes unless somebody objects: silence is consent. Each watcher reads with some probability and objects if
    /// the signal is not above the threshold.
    LazyConsensus {
        /// Who could object, at least one.
        watchers: u32,
        /// Probability that a watcher reads before the time is over, 0 to 1.
        attention: f64,
        /// Of each watcher.
        threshold: Threshold,
    },
}

impl Rule {
    /// At least `k` of `n` voters.
    #[must_use]
    pub fn k_of_n(k: u32, n: u32, threshold: Threshold) -> Self {
        Rule::Panel { architecture: Architecture::KofN { k, n }, threshold }
    }

    /// All of `n` voters; the first refusal is final.
    #[must_use]
    pub fn hierarchy(n: u32, threshold: Threshold) -> Self {
        Rule::Panel { architecture: Architecture::Hierarchy(n), threshold }
    }

    /// One of `n` voters; the first acceptance is final.
    #[must_use]
    pub fn polyarchy(n: u32, threshold: Threshold) -> Self {
        Rule::Panel { architecture: Architecture::Polyarchy(n), threshold }
    }

    /// The rule's threshold, that of the judged for [`Rule::Trust`]; a lottery has none.
    #[must_use]
    pub fn threshold(&self) -> Option<Threshold> {
        match self {
            Rule::Single(threshold)
            | Rule::Panel { threshold, .. }
            | Rule::MeanScore { threshold, .. }
            | Rule::Sprt { threshold, .. }
            | Rule::Weighted { threshold, .. }
            | Rule::LazyConsensus { threshold, .. } => Some(*threshold),
            Rule::Trust { otherwise, .. } => otherwise.threshold(),
            Rule::Lottery { .. } => None,
        }
    }

    /// `at` names the stage in messages.
    pub(super) fn validate(&self, at: &str) -> Result<(), Error> {
        if let Some(Threshold::Fixed(cut)) = self.threshold() {
            check(cut.is_finite(), &format!("threshold at the {at}"), cut, "finite")?;
        }
        let members = |what: &str, n: u32| {
            check(n > 0, &format!("number of {what} at the {at}"), f64::from(n), "at least 1").map(|_| ())
        };
        match self {
            Rule::Single(_) => Ok(()),
            Rule::Panel { architecture, .. } => architecture.validate(),
            Rule::MeanScore { n, .. } => members("scores", *n),
            Rule::Sprt { test, .. } => test.validate(),
            Rule::Lottery { reject_below, accept_above, share } => {
                let low = format!("lower threshold of the lottery at the {at}");
                check(reject_below.is_finite(), &low, *reject_below, "finite")?;
                let valid = format!("finite and at least {reject_below}");
                let high = format!("upper threshold of the lottery at the {at}");
                check(
                    accept_above.is_finite() && accept_above >= reject_below,
                    &high,
                    *accept_above,
                    &valid,
                )?;
                check_probability(&format!("share drawn by the lottery at the {at}"), *share).map(|_| ())
            }
            Rule::Trust { after, otherwise } => {
                members("acceptances for trust", *after)?;
                match **otherwise {
                    Rule::Trust { .. } => Err(Error::new(Kind::NestedTrust)),
                    ref inner => inner.validate(at),
                }
            }
            Rule::Weighted { weights, quota, .. } => {
                let sum: u64 = weights.iter().map(|&weight| u64::from(weight)).sum();
                check(
                    (1..=MAX_VOTES).contains(&sum),
                    &format!("sum of the voting weights at the {at}"),
                    sum as f64,
                    "1 to 65536",
                )?;
                let valid = format!("1 to the sum of the weights, {sum}");
                let reachable = *quota > 0 && u64::from(*quota) <= sum;
                check(reachable, &format!("quota at the {at}"), f64::from(*quota), &valid).map(|_| ())
            }
            Rule::LazyConsensus { watchers, attention, .. } => {
                members("watchers", *watchers)?;
                check_probability(&format!("attention of watchers at the {at}"), *attention).map(|_| ())
            }
        }
    }

    /// Writes the rule with `signal` as the name of what is read.
    pub(super) fn write(&self, signal: &str, f: &mut dyn fmt::Write) -> fmt::Result {
        match self {
            Rule::Single(threshold) => write!(f, "{signal} > {threshold}"),
            Rule::Panel { architecture, threshold } => write!(f, "{architecture} {signal} > {threshold}"),
            Rule::MeanScore { n, threshold } => write!(f, "mean of {n} {signal} > {threshold}"),
            Rule::Sprt { test, threshold } => {
                write!(
                    f,
                    "sequential {} against {} of {signal} > {threshold}, at most {}",
                    test.good, test.bad, test.limit
                )
            }
            Rule::Lottery { reject_below, accept_above, share } => {
                write!(f, "{signal} > {accept_above}, lot {share} down to {reject_below}")
            }
            Rule::Trust { after, otherwise } => {
                write!(f, "trusted after {after}, else ")?;
                otherwise.write(signal, f)
            }
            Rule::Weighted { weights, quota, threshold } => {
                write!(f, "{quota} votes of (")?;
                for (i, weight) in weights.iter().enumerate() {
                    write!(f, "{}{weight}", if i == 0 { "" } else { " " })?;
                }
                write!(f, ") {signal} > {threshold}")
            }
            Rule::LazyConsensus { watchers, attention, threshold } => {
                write!(f, "no objection of {watchers} (attention {attention}) {signal} > {threshold}")
            }
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Threshold::Fixed(cut) => write!(f, "{cut}"),
            Threshold::Optimal => write!(f, "optimal"),
        }
    }
}
