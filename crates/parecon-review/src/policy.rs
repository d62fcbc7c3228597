use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};

mod drawing;
mod rule;
mod stage;

pub use rule::{Cutoff, Rule, Threshold};
pub use stage::{Action, At, Stage, Timeout, Verdict};

/// Version of the serialised form.
const VERSION: u32 = 1;

/// Which stages a contribution goes through; or not to undertake the work at all.
///
/// Prints as one readable line and draws itself ([`to_svg`](Policy::to_svg)). Its serialised form is
/// `{"version": 1, "stages": […]}`, with `null` for the stages of [`abstain`](Policy::abstain).
///
/// **Invariant.** Stages stand in the order of a contribution's life, at most one at each point, and every number
/// in them is in its range.
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
///     Stage::single(At::Proposal, Threshold::Fixed(0.0)),
///     Stage::single(At::Work, Threshold::Optimal),
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
#[serde(deny_unknown_fields)]
struct PolicyData {
    version: u32,
    stages: Option<Vec<Stage>>,
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

    /// Permission first (review, then commit): a proposal is judged, what passes is made and published.
    ///
    /// # Errors
    /// If a fixed threshold is not finite.
    pub fn prior(proposal: Threshold) -> Result<Self, Error> {
        Self::staged([Stage::single(At::Proposal, proposal)])
    }

    /// Filter after (commit, then review): everything is made, then judged, and what passes is published.
    ///
    /// # Errors
    /// If a fixed threshold is not finite.
    pub fn post(work: Threshold) -> Result<Self, Error> {
        Self::staged([Stage::single(At::Work, work)])
    }

    /// Both: what passes as a proposal is made and judged again.
    ///
    /// # Errors
    /// If a fixed threshold is not finite.
    pub fn two_gate(proposal: Threshold, work: Threshold) -> Result<Self, Error> {
        Self::staged([Stage::single(At::Proposal, proposal), Stage::single(At::Work, work)])
    }

    /// Everything is made and published at once, then judged in use; what fails is taken down.
    ///
    /// # Errors
    /// If a fixed threshold is not finite.
    pub fn revert(published: Threshold) -> Result<Self, Error> {
        Self::staged([Stage::single(At::Published, published)])
    }

    /// Finished work is held back until somebody judges it; what nobody judged in time gets the default verdict.
    ///
    /// # Errors
    /// If a fixed threshold is not finite, or the timeout not positive.
    pub fn pending_changes(work: Threshold, timeout: Timeout) -> Result<Self, Error> {
        Self::staged([Stage::single(At::Work, work).with_timeout(timeout)])
    }

    /// Proposals that are clearly good are made, clearly bad ones not, and lots are drawn over the rest.
    ///
    /// # Errors
    /// If a threshold is not finite, they are in the wrong order, or `share` is not a probability.
    pub fn partial_lottery(reject_below: f64, accept_above: f64, share: f64) -> Result<Self, Error> {
        Self::staged([Stage::new(At::Proposal, Rule::Lottery { reject_below, accept_above, share })])
    }

    /// A board judges proposals: at least `k` of its `n` members must be in favour.
    ///
    /// # Errors
    /// If k is not in 1 to n, or a fixed threshold not finite.
    pub fn board(k: u32, n: u32, threshold: Threshold) -> Result<Self, Error> {
        Self::staged([Stage::new(At::Proposal, Rule::k_of_n(k, n, threshold))])
    }

    /// Work of authors who had `after` pieces accepted is published unread; that of others is judged.
    ///
    /// # Errors
    /// If `after` is 0, or a fixed threshold not finite.
    pub fn trusted_auto_accept(after: u32, work: Threshold) -> Result<Self, Error> {
        let otherwise = Box::new(Rule::Single(work));
        Self::staged([Stage::new(At::Work, Rule::Trust { after, otherwise })])
    }

    /// Proposals pass unless one of the watchers objects.
    ///
    /// # Errors
    /// If there are no watchers, `attention` is not a probability, or a fixed threshold not finite.
    pub fn lazy_consensus(watchers: u32, attention: f64, threshold: Threshold) -> Result<Self, Error> {
        Self::staged([Stage::new(At::Proposal, Rule::LazyConsensus { watchers, attention, threshold })])
    }

    /// Any admissible sequence of stages; none at all is [`open`](Policy::open).
    ///
    /// # Errors
    /// If the stages are out of order, two stand at one point, or a number in them is outside its range.
    pub fn staged(stages: impl IntoIterator<Item = Stage>) -> Result<Self, Error> {
        let stages: Vec<Stage> = stages.into_iter().collect();
        for pair in stages.windows(2) {
            if pair[0].at >= pair[1].at {
                let (first, second) = (pair[0].at.label(), pair[1].at.label());
                return Err(Error::new(Kind::StageOrder { first, second }));
            }
        }
        stages.iter().try_for_each(Stage::validate)?;
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

    /// The name of the constructor that makes such a policy, or `staged`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let Some(stages) = &self.stages else { return "abstain" };
        match stages.as_slice() {
            [] => "open",
            [one] if one.is_plain() => match one.at {
                At::Proposal => "prior",
                At::Work => "post",
                At::Published => "revert",
            },
            [first, second]
                if first.is_plain()
                    && second.is_plain()
                    && first.at == At::Proposal
                    && second.at == At::Work =>
            {
                "two-gate"
            }
            [Stage { at: At::Work, rule: Rule::Single(_), action: Action::Block, timeout: Some(_) }] => {
                "pending-changes"
            }
            [Stage { at, rule, action: Action::Block, timeout: None }] => match (at, rule) {
                (At::Proposal, Rule::Lottery { .. }) => "partial-lottery",
                (
                    At::Proposal,
                    Rule::Panel { architecture: crate::screening::Architecture::KofN { .. }, .. },
                ) => "board",
                (At::Proposal, Rule::LazyConsensus { .. }) => "lazy-consensus",
                (At::Work, Rule::Trust { otherwise, .. }) if matches!(**otherwise, Rule::Single(_)) => {
                    "trusted-auto-accept"
                }
                _ => "staged",
            },
            _ => "staged",
        }
    }

    /// The stage at a point, if it judges there.
    #[must_use]
    pub fn stage(&self, at: At) -> Option<&Stage> {
        self.stages().iter().find(|stage| stage.at == at)
    }

    /// The threshold at a point, if it judges there by one.
    #[must_use]
    pub fn threshold(&self, at: At) -> Option<Threshold> {
        self.stage(at).and_then(|stage| stage.rule.threshold())
    }

    /// True if no threshold moves with the environment.
    pub(crate) fn is_fixed(&self) -> bool {
        self.stages().iter().all(|stage| stage.rule.threshold() != Some(Threshold::Optimal))
    }

    /// True if at most one reader blocks at the proposal and one at the finished work, and nothing else happens.
    pub(crate) fn is_plain(&self) -> bool {
        self.stages().iter().all(|stage| stage.is_plain() && stage.at < At::Published)
    }
}

impl TryFrom<PolicyData> for Policy {
    type Error = Error;
    fn try_from(data: PolicyData) -> Result<Self, Error> {
        if data.version != VERSION {
            return Err(Error::new(Kind::Version { found: data.version, known: VERSION }));
        }
        data.stages.map_or_else(|| Ok(Self::abstain()), Self::staged)
    }
}

impl From<Policy> for PolicyData {
    fn from(policy: Policy) -> Self {
        Self { version: VERSION, stages: policy.stages }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name())?;
        if self.is_abstain() {
            return Ok(());
        }
        write!(f, ": ")?;
        if let Some(stage) = self.stage(At::Proposal) {
            write!(f, "propose → {stage} → ")?;
        }
        write!(f, "make → ")?;
        if let Some(stage) = self.stage(At::Work) {
            write!(f, "{stage} → ")?;
        }
        write!(f, "publish")?;
        if let Some(stage) = self.stage(At::Published) {
            write!(f, " → {stage} → keep")?;
        }
        Ok(())
    }
}
