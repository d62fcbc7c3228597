use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::error::Error;
use crate::evaluation::{Evaluation, evaluate};
use crate::policy::{Policy, Threshold};
use crate::root::crossing;

/// Differences of net benefits below this many times the stakes are rounding, not a win.
const ROUNDING: f64 = 1e-14;
/// Error of a computed break-even cost, relative to the largest cost at which filter-after could win.
const TOLERANCE: f64 = 1e-13;

/// Up to which production cost filtering after beats asking first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BreakEven {
    /// Filter-after wins below this production cost, permission-first above.
    At(f64),
    /// Filter-after wins at every production cost: permission-first makes just as much in vain.
    PostAlways,
    /// Filter-after does not win even if production is free.
    PostNever,
}

impl BreakEven {
    /// The break-even cost, if there is one.
    #[must_use]
    pub fn cost(self) -> Option<f64> {
        match self {
            BreakEven::At(cost) => Some(cost),
            BreakEven::PostAlways | BreakEven::PostNever => None,
        }
    }
}

/// k*: the production cost at which [`Policy::post`] and [`Policy::prior`], both with `threshold`, are worth the
/// same.
///
/// With a fixed threshold, payoffs are straight lines in k and
///
/// ```text
/// k* = [ V₂ − V₁ − (r₂ − r₁) + c₀ − m (A₂ − A₁) ] / (1 − A₁)
/// ```
///
/// which for threshold 0, b = ½, c₀ = m = 0 and r₁ = r₂ is (v + h)(asin ρ₂ − asin ρ₁)/π. With optimal thresholds
/// V₁ and A₁ depend on k. The lead of filter-after still only falls as k rises (its slope is A₁ − 1), so there is
/// at most one break-even, and it is bracketed. The production cost of `environment` itself plays no part.
///
/// # Errors
/// If a fixed threshold is not finite.
///
/// # Complexity
/// Two evaluations with a fixed threshold, some ten with an optimal one.
///
/// # Example
/// ```
/// use parecon_review::{
///     BreakEven, Environment, EnvironmentData, StepCosts, Threshold, break_even_production_cost,
/// };
///
/// let environment = Environment::new(EnvironmentData {
///     base_rate: 0.5,
///     proposal_accuracy: 0.5,
///     work_accuracy: 0.8,
///     value: 10.0,
///     harm: 5.0,
///     costs: StepCosts::default(),
///     ..EnvironmentData::default()
/// })?;
/// let BreakEven::At(cost) = break_even_production_cost(&environment, Threshold::Fixed(0.0))? else {
///     unreachable!("both policies win somewhere");
/// };
/// assert!((cost - 1.927509).abs() < 1e-6);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn break_even_production_cost(
    environment: &Environment,
    threshold: Threshold,
) -> Result<BreakEven, Error> {
    let (post, prior) = (Policy::post(threshold)?, Policy::prior(threshold)?);
    let free = environment.with_production_cost(0.0)?;
    let (post_free, prior_free) = (evaluate(&free, &post), evaluate(&free, &prior));
    let lead = post_free.net_benefit() - prior_free.net_benefit();
    if lead <= ROUNDING * (stakes(&post_free) + stakes(&prior_free)) {
        return Ok(BreakEven::PostNever);
    }
    let cost = match threshold {
        Threshold::Fixed(_) => lead / (prior_free.shares.good_not_made + prior_free.shares.bad_not_made),
        Threshold::Optimal => {
            // Refusing every proposal costs r₁ + c₀, so permission-first is never worth less than that.
            let costs = &environment.data().costs;
            let latest = post_free.net_benefit() + costs.proposal_review.total() + costs.proposal.total();
            let lag = |k: f64| match environment.with_production_cost(k) {
                Ok(at) => evaluate(&at, &prior).net_benefit() - (post_free.net_benefit() - k),
                // Not reached: every k of the bracket is finite and not negative.
                Err(_) => 0.0,
            };
            crossing(lag, 0.0, latest, TOLERANCE * latest)
        }
    };
    Ok(if cost.is_finite() { BreakEven::At(cost) } else { BreakEven::PostAlways })
}

/// Everything that an evaluation adds or subtracts.
fn stakes(evaluation: &Evaluation) -> f64 {
    evaluation.benefit + evaluation.harm + evaluation.costs.total()
}
