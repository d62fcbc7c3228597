use std::iter::Sum;
use std::ops::{Add, Mul};

use serde::{Deserialize, Serialize};

use crate::error::{Error, check_amount};

/// Who bears a cost: four accounts that are only added up when [`total`](Costs::total) is asked for.
///
/// All four are in one unit of account of your choice (hours, dollars), the same as value and harm. That they
/// share a unit makes comparing policies possible; whether an hour of a volunteer and an hour of an editor should
/// count alike is a judgement, and it is yours: weigh the amounts before you hand them over.
///
/// # Example
/// ```
/// use parecon_review::Costs;
///
/// let design = Costs { contributors: 3.0, inputs: 1.5, ..Costs::default() };
/// let both = design + Costs::reviewers(0.5);
/// assert_eq!(both.total(), 5.0);
/// assert_eq!((both * 2.0).reviewers, 1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Costs {
    /// Work of those who propose and make.
    pub contributors: f64,
    /// Work of those who judge.
    pub reviewers: f64,
    /// Materials, equipment and services used up.
    pub inputs: f64,
    /// Copying, hosting and spreading what was published.
    pub reproduction: f64,
}

impl Costs {
    /// Only contributors bear it.
    #[must_use]
    pub fn contributors(amount: f64) -> Self {
        Self { contributors: amount, ..Self::default() }
    }

    /// Only reviewers bear it.
    #[must_use]
    pub fn reviewers(amount: f64) -> Self {
        Self { reviewers: amount, ..Self::default() }
    }

    /// Only inputs are used up.
    #[must_use]
    pub fn inputs(amount: f64) -> Self {
        Self { inputs: amount, ..Self::default() }
    }

    /// Only reproduction costs.
    #[must_use]
    pub fn reproduction(amount: f64) -> Self {
        Self { reproduction: amount, ..Self::default() }
    }

    /// The sum over the accounts, each unit counting alike.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.contributors + self.reviewers + self.inputs + self.reproduction
    }

    /// The same division among bearers with another total; `bearer` gives it to one of them if there was none.
    pub(crate) fn with_total(&self, total: f64, bearer: fn(f64) -> Self) -> Self {
        let before = self.total();
        if before <= 0.0 {
            return bearer(total);
        }
        // A share at a time: total / before overflows where the step was almost free.
        Self {
            contributors: self.contributors / before * total,
            reviewers: self.reviewers / before * total,
            inputs: self.inputs / before * total,
            reproduction: self.reproduction / before * total,
        }
    }

    fn validate(&self, step: &str) -> Result<(), Error> {
        for (bearer, amount) in [
            ("contributors", self.contributors),
            ("reviewers", self.reviewers),
            ("inputs", self.inputs),
            ("reproduction", self.reproduction),
        ] {
            check_amount(&format!("cost of {step} to {bearer}"), amount)?;
        }
        check_amount(&format!("total cost of {step}"), self.total()).map(|_| ())
    }
}

impl Add for Costs {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            contributors: self.contributors + other.contributors,
            reviewers: self.reviewers + other.reviewers,
            inputs: self.inputs + other.inputs,
            reproduction: self.reproduction + other.reproduction,
        }
    }
}

impl Mul<f64> for Costs {
    type Output = Self;
    fn mul(self, factor: f64) -> Self {
        Self {
            contributors: self.contributors * factor,
            reviewers: self.reviewers * factor,
            inputs: self.inputs * factor,
            reproduction: self.reproduction * factor,
        }
    }
}

impl Sum for Costs {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), Add::add)
    }
}

/// How much a unit of each account counts when accounts are added up: a judgement, and therefore named.
///
/// # Example
/// ```
/// use parecon_review::{Costs, Weights};
///
/// let weights = Weights { name: "a volunteer's hour counts double".into(), contributors: 2.0, ..Weights::alike() };
/// let costs = Costs { contributors: 3.0, inputs: 1.5, ..Costs::default() };
/// assert_eq!(weights.total(&costs), 7.5);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// What the weights stand for.
    pub name: String,
    /// Of what contributors bear.
    pub contributors: f64,
    /// Of what reviewers bear.
    pub reviewers: f64,
    /// Of inputs.
    pub inputs: f64,
    /// Of reproduction.
    pub reproduction: f64,
}

impl Weights {
    /// Each unit counts alike, whoever bears it.
    #[must_use]
    pub fn alike() -> Self {
        let name = "each unit alike".to_owned();
        Self { name, contributors: 1.0, reviewers: 1.0, inputs: 1.0, reproduction: 1.0 }
    }

    /// The weighted sum of the accounts.
    #[must_use]
    pub fn total(&self, costs: &Costs) -> f64 {
        self.contributors * costs.contributors
            + self.reviewers * costs.reviewers
            + self.inputs * costs.inputs
            + self.reproduction * costs.reproduction
    }
}

/// What each step costs once, and to whom. In the formulas of this crate the totals are called by one letter.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StepCosts {
    /// c₀: writing one proposal.
    pub proposal: Costs,
    /// r₁: one reading of a proposal.
    pub proposal_review: Costs,
    /// k: making one piece of work.
    pub production: Costs,
    /// r₂: one reading of a finished piece.
    pub work_review: Costs,
    /// r₃: one reading of a published piece.
    pub published_review: Costs,
    /// m: reproducing and publishing one accepted piece.
    pub reproduction: Costs,
}

impl StepCosts {
    /// All steps once, all bearers.
    pub(crate) fn total(&self) -> f64 {
        let steps =
            [self.proposal, self.proposal_review, self.production, self.work_review, self.reproduction];
        (steps.into_iter().sum::<Costs>() + self.published_review).total()
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        self.proposal.validate("a proposal")?;
        self.proposal_review.validate("reviewing a proposal")?;
        self.production.validate("production")?;
        self.work_review.validate("reviewing finished work")?;
        self.published_review.validate("reviewing published work")?;
        self.reproduction.validate("reproduction")
    }
}
