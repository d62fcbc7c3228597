//! One act of judging.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::rule::{Rule, Threshold};
use crate::error::{Error, check, check_probability};

/// The point in a contribution's life at which a stage judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum At {
    /// Before anything is made: permission first.
    Proposal,
    /// When the work is finished, before it is published: filter after.
    Work,
    /// When it is in use already: what fails is taken down again.
    Published,
}

impl At {
    pub(crate) fn label(self) -> &'static str {
        match self {
            At::Proposal => "proposal",
            At::Work => "finished work",
            At::Published => "published work",
        }
    }

    /// The signal read there, as the formulas call it.
    pub(super) fn signal(self) -> &'static str {
        match self {
            At::Proposal => "s1",
            At::Work => "s2",
            At::Published => "s3",
        }
    }
}

/// What a refusal does.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// It stops the piece: a proposal is not made, work not published, what is published taken down.
    #[default]
    Block,
    /// It is advice, which the author follows with this probability, 0 to 1.
    Advise {
        /// Probability that the author stops when advised to.
        heeded: f64,
    },
}

/// A verdict by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The piece goes on.
    Pass,
    /// The piece is refused.
    Fail,
}

/// What happens if no verdict comes in time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeout {
    /// Waiting time until then, positive, in the environment's unit of time.
    pub after: f64,
    /// The verdict that counts then.
    pub verdict: Verdict,
}

/// One act of judging: where, by which rule, to what effect, and how long one waits for it.
///
/// # Example
/// ```
/// use parecon_review::{Action, At, Policy, Rule, Stage, Threshold, Timeout, Verdict};
///
/// let board = Stage::new(At::Proposal, Rule::k_of_n(3, 5, Threshold::Fixed(0.0)))
///     .with_action(Action::Advise { heeded: 0.8 })
///     .with_timeout(Timeout { after: 14.0, verdict: Verdict::Pass });
/// let policy = Policy::staged([board])?;
/// assert_eq!(
///     policy.to_string(),
///     "staged: propose → [3 of 5 s1 > 0; advice heeded 0.8; passes after 14] → make → publish"
/// );
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What is judged.
    pub at: At,
    /// How.
    pub rule: Rule,
    /// What a refusal does.
    #[serde(default)]
    pub action: Action,
    /// What happens if nobody judges in time; none: the piece waits for as long as it takes.
    #[serde(default)]
    pub timeout: Option<Timeout>,
}

impl Stage {
    /// A stage whose refusal blocks, without a timeout.
    #[must_use]
    pub fn new(at: At, rule: Rule) -> Self {
        Self { at, rule, action: Action::default(), timeout: None }
    }

    /// One reader who passes what is above `threshold`.
    #[must_use]
    pub fn single(at: At, threshold: Threshold) -> Self {
        Self::new(at, Rule::Single(threshold))
    }

    /// The same with another effect of a refusal.
    #[must_use]
    pub fn with_action(mut self, action: Action) -> Self {
        self.action = action;
        self
    }

    /// The same with a verdict by default.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Timeout) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// One reader whose refusal blocks, without a timeout.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.rule, Rule::Single(_)) && self.action == Action::Block && self.timeout.is_none()
    }

    pub(super) fn validate(&self) -> Result<(), Error> {
        let at = self.at.label();
        self.rule.validate(at)?;
        if let Action::Advise { heeded } = self.action {
            check_probability(&format!("probability that advice on the {at} is heeded"), heeded)?;
        }
        if let Some(Timeout { after, .. }) = self.timeout {
            let positive = after.is_finite() && after > 0.0;
            check(positive, &format!("timeout at the {at}"), after, "finite and positive")?;
        }
        Ok(())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[")?;
        self.rule.write(self.at.signal(), f)?;
        if let Action::Advise { heeded } = self.action {
            write!(f, "; advice heeded {heeded}")?;
        }
        if let Some(Timeout { after, verdict }) = self.timeout {
            let verb = if verdict == Verdict::Pass { "passes" } else { "fails" };
            write!(f, "; {verb} after {after}")?;
        }
        write!(f, "]")
    }
}
