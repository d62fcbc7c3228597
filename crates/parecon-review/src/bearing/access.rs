//! Good work never attempted, by cause.

use serde::{Deserialize, Serialize};

use super::livelihood::PayRule;
use crate::costs::Costs;
use crate::environment::Environment;
use crate::error::Error;
use crate::evaluation::Evaluation;
use crate::gaussian::orthant;
use crate::normal;

/// What becomes of good ideas before anybody judges them, as shares of good ideas that add to one.
///
/// Obstacles are met in the order of the fields, and each idea is counted at the first that stops it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// The author cannot afford to work unpaid.
    pub income: f64,
    /// The author lacks the skill that carrying it out takes.
    pub skill: f64,
    /// The author could, but what is in it for them does not make up for their own trouble.
    pub deterrence: f64,
    /// No reviewer or firm had the capacity to take it up.
    pub capacity: f64,
    /// The rest: attempted and taken up.
    pub attempted: f64,
}

/// Which good ideas are attempted under a policy with the given evaluation and pay.
///
/// ```text
/// income      P(income + assured pay < need)
/// skill       P(skill < needed | good), skill being the share s of quality:  1 − P(q > t, θ > needed; √s)/b
/// deterrence  P(motive + expected pay < own costs), motives normal
/// capacity    1 − Π min(1, capacity / load) over review of proposals, production, review of work and of what is published
/// ```
///
/// Only pay that comes whatever the verdict helps with the first; nobody can live on a chance. An author's own costs are
/// what [`Evaluation::costs`] charges to contributors, pay is what [`PayRule`] gives per idea, both expected over all
/// ideas: authors know their motive, not their quality. Income, skill and motive are independent of each other, and what
/// capacity cannot take up is chosen by lot.
///
/// # Errors
/// If `pay` has a number that is negative or not finite.
///
/// # Example
/// ```
/// use parecon_review::bearing::{PayRule, access};
/// use parecon_review::{
///     Authors, Environment, EnvironmentData, Lognormal, Policy, Threshold, evaluate,
/// };
///
/// let environment = Environment::new(EnvironmentData {
///     authors: Authors {
///         income: Some(Lognormal { median: 30e3, spread: 0.8 }),
///         need: 20e3,
///         ..Authors::default()
///     },
///     ..EnvironmentData::default()
/// })?;
/// let post = evaluate(&environment, &Policy::post(Threshold::Fixed(0.0))?);
/// let unpaid = access(&environment, &post, &PayRule::None)?;
/// assert!((unpaid.income - 0.306137).abs() < 1e-6);
/// assert!((unpaid.attempted + unpaid.income - 1.0).abs() < 1e-15);
/// // Pay on acceptance comes too late for those who have nothing to live on; pay by the hour does not.
/// let prize = PayRule::OnAcceptance { per_piece: 20e3 };
/// assert_eq!(access(&environment, &post, &prize)?.income, unpaid.income);
/// let wage = PayRule::Hourly { wage: 40.0, hours: 500.0 };
/// assert_eq!(access(&environment, &post, &wage)?.income, 0.0);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn access(environment: &Environment, evaluation: &Evaluation, pay: &PayRule) -> Result<Access, Error> {
    pay.validate()?;
    let data = environment.data();
    let authors = &data.authors;
    let assured = pay.assured(evaluation) * authors.contributions;
    let mut left = 1.0;
    let mut stop = |share: f64| {
        let stopped = left * share;
        left -= stopped;
        stopped
    };
    let income = stop(authors.income.map_or(0.0, |income| income.share_below(authors.need - assured)));
    let skill = stop(authors.skill_needed.map_or(0.0, |bar| {
        let able = if environment.atoms().is_empty() {
            orthant(environment.quality_cut(), bar, authors.skill.sqrt()) / data.base_rate
        } else {
            normal::cdf(-bar)
        };
        (1.0 - able).clamp(0.0, 1.0)
    }));
    let deterrence = stop(authors.motive.map_or(0.0, |motive| {
        let balance =
            motive.mean + pay.expected(evaluation) / data.money_per_unit - evaluation.costs.contributors;
        normal::cdf(-balance / motive.spread)
    }));
    let served = served(environment, evaluation, authors.ideas * (1.0 - income - skill - deterrence));
    let capacity = stop(1.0 - served);
    Ok(Access { income, skill, deterrence, capacity, attempted: left })
}

/// Share of `ideas` per unit of time that reviewers and firms can take up.
fn served(environment: &Environment, evaluation: &Evaluation, ideas: f64) -> f64 {
    let data = environment.data();
    let readings = &evaluation.readings;
    let pools = &data.reviewers;
    let loads = [
        (pools.proposal.capacity, readings.proposal),
        (data.production_capacity, evaluation.shares.made()),
        (pools.work.capacity, readings.work),
        (pools.published.capacity, readings.published),
    ];
    loads.into_iter().fold(1.0, |served: f64, (capacity, per_idea)| {
        let load = ideas * served * per_idea;
        capacity.map_or(served, |capacity| if load > capacity { served * capacity / load } else { served })
    })
}

/// Costs per idea of what did not last: proposals not made, work rejected or taken down with its reproduction.
///
/// # Example
/// ```
/// use parecon_review::bearing::wasted;
/// use parecon_review::{Costs, Environment, EnvironmentData, Policy, StepCosts, Threshold, evaluate};
///
/// let environment = Environment::new(EnvironmentData {
///     costs: StepCosts { production: Costs::contributors(3.0), ..StepCosts::default() },
///     ..EnvironmentData::default()
/// })?;
/// let post = evaluate(&environment, &Policy::post(Threshold::Fixed(0.0))?);
/// // Half of what is made is made in vain, and contributors bear that.
/// assert!((wasted(&environment, &post).contributors - 1.5).abs() < 1e-12);
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[must_use]
pub fn wasted(environment: &Environment, evaluation: &Evaluation) -> Costs {
    let (costs, shares) = (&environment.data().costs, &evaluation.shares);
    let refused = if evaluation.readings.proposal > 0.0 { 1.0 - shares.made() } else { 0.0 };
    costs.proposal * refused.max(0.0)
        + costs.production * shares.made_in_vain()
        + costs.reproduction * shares.reverted()
}
