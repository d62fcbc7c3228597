use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, check};

/// The point in a contribution's life at which a stage judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum At {
    /// Before anything is made: permission first.
    Proposal,
    /// When the work is finished, before it is published: filter after.
    Work,
}

impl At {
    fn label(self) -> &'static str {
        match self {
            At::Proposal => "proposal",
            At::Work => "finished work",
        }
    }
}

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

/// How a stage comes to its verdict.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// One reading of the signal, passed if above the threshold.
    Cutoff(Threshold),
}

/// One act of judging.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What is judged.
    pub at: At,
    /// How.
    pub rule: Rule,
}

impl Stage {
    /// A stage that passes what is above `threshold`.
    #[must_use]
    pub fn cutoff(at: At, threshold: Threshold) -> Self {
        Self { at, rule: Rule::Cutoff(threshold) }
    }
}

/// Which stages a contribution goes through; or not to undertake the work at all.
///
/// Prints as one readable line.
///
/// **Invariant.** Stages stand in the order of a contribution's life, at most one at each point, with finite
/// thresholds.
///
/// # Example
/// ```
/// use parecon_review::{At, Policy, Stage, Threshold};
///
/// let both = Policy::two_gate(Threshold::Fixed(0.0), Threshold::Optimal)?;
/// assert_eq!(both.name(), "two-gate");
/// assert_eq!(both.to_string(), "two-gate: propose → [s1 > 0] → make → [s2 > optimal] → publish");
///
/// let same = Policy::staged([
///     Stage::cutoff(At::Proposal, Threshold::Fixed(0.0)),
///     Stage::cutoff(At::Work, Threshold::Optimal),
/// ])?;
/// assert_eq!(same, both);
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PolicyData", into = "PolicyData")]
pub struct Policy {
    /// `None`: abstain.
    stages: Option<Vec<Stage>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PolicyData {
    Abstain,
    Staged(Vec<Stage>),
}

impl Policy {
    /// The work is not undertaken: no cost, no benefit.
    #[must_use]
    pub fn abstain() -> Self {
        Self { stages: None }
    }

    /// No review: everything is made and published.
    #[must_use]
    pub fn open() -> Self {
        Self { stages: Some(Vec::new()) }
    }

    /// Permission first: a proposal is judged, what passes is made and published.
    ///
    /// # Errors
    /// If a fixed threshold is not finite.
    pub fn prior(proposal: Threshold) -> Result<Self, Error> {
        Self::staged([Stage::cutoff(At::Proposal, proposal)])
    }

    /// Filter after: everything is made, then judged, and what passes is published.
    ///
    /// # Errors
    /// If a fixed threshold is not finite.
    pub fn post(work: Threshold) -> Result<Self, Error> {
        Self::staged([Stage::cutoff(At::Work, work)])
    }

    /// Both: what passes as a proposal is made and judged again.
    ///
    /// # Errors
    /// If a fixed threshold is not finite.
    pub fn two_gate(proposal: Threshold, work: Threshold) -> Result<Self, Error> {
        Self::staged([Stage::cutoff(At::Proposal, proposal), Stage::cutoff(At::Work, work)])
    }

    /// Any admissible sequence of stages; none at all is [`open`](Policy::open).
    ///
    /// # Errors
    /// If the stages are out of order, two stand at one point, or a fixed threshold is not finite.
    pub fn staged(stages: impl IntoIterator<Item = Stage>) -> Result<Self, Error> {
        let stages: Vec<Stage> = stages.into_iter().collect();
        for pair in stages.windows(2) {
            if pair[0].at >= pair[1].at {
                let (first, second) = (pair[0].at.label(), pair[1].at.label());
                return Err(Error::new(Kind::StageOrder { first, second }));
            }
        }
        for stage in &stages {
            if let Rule::Cutoff(Threshold::Fixed(cut)) = stage.rule {
                check(cut.is_finite(), &format!("threshold at the {}", stage.at.label()), cut, "finite")?;
            }
        }
        Ok(Self { stages: Some(stages) })
    }

    /// Its stages in order; none for [`abstain`](Policy::abstain) and [`open`](Policy::open).
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        self.stages.as_deref().unwrap_or_default()
    }

    /// True if the work is not undertaken.
    #[must_use]
    pub fn is_abstain(&self) -> bool {
        self.stages.is_none()
    }

    /// `abstain`, `open`, `prior`, `post` or `two-gate`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match (self.is_abstain(), self.threshold(At::Proposal), self.threshold(At::Work)) {
            (true, _, _) => "abstain",
            (_, None, None) => "open",
            (_, Some(_), None) => "prior",
            (_, None, Some(_)) => "post",
            (_, Some(_), Some(_)) => "two-gate",
        }
    }

    /// The threshold at a point, if it judges there.
    #[must_use]
    pub fn threshold(&self, at: At) -> Option<Threshold> {
        self.stages().iter().find(|stage| stage.at == at).map(|stage| {
            let Rule::Cutoff(threshold) = stage.rule;
            threshold
        })
    }

    /// True if no threshold moves with the environment.
    pub(crate) fn is_fixed(&self) -> bool {
        self.stages().iter().all(|stage| matches!(stage.rule, Rule::Cutoff(Threshold::Fixed(_))))
    }
}

impl TryFrom<PolicyData> for Policy {
    type Error = Error;
    fn try_from(data: PolicyData) -> Result<Self, Error> {
        match data {
            PolicyData::Abstain => Ok(Self::abstain()),
            PolicyData::Staged(stages) => Self::staged(stages),
        }
    }
}

impl From<Policy> for PolicyData {
    fn from(policy: Policy) -> Self {
        policy.stages.map_or(PolicyData::Abstain, PolicyData::Staged)
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

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name())?;
        if self.is_abstain() {
            return Ok(());
        }
        write!(f, ": ")?;
        if let Some(threshold) = self.threshold(At::Proposal) {
            write!(f, "propose → [s1 > {threshold}] → ")?;
        }
        write!(f, "make → ")?;
        if let Some(threshold) = self.threshold(At::Work) {
            write!(f, "[s2 > {threshold}] → ")?;
        }
        write!(f, "publish")
    }
}
