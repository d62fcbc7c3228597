use serde::{Deserialize, Serialize};

use crate::costs::{Costs, StepCosts};
use crate::error::{Error, check, check_amount, check_open_probability, check_probability};
use crate::normal;

/// The plain data of an [`Environment`], before it is checked.
///
/// Money-like fields share one unit of account (dollars, hours); everything else has no unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentData {
    /// b: share of ideas that are good, 0 < b < 1.
    pub base_rate: f64,
    /// ρ₁: correlation of the proposal signal with quality, 0 (a coin) to 1 (perfect).
    pub proposal_accuracy: f64,
    /// ρ₂: correlation of the finished-work signal with quality, 0 to 1.
    pub work_accuracy: f64,
    /// v > 0: value of publishing a good piece.
    pub value: f64,
    /// h ≥ 0: harm of publishing a bad piece.
    pub harm: f64,
    /// What each step costs, and to whom.
    #[serde(default)]
    pub costs: StepCosts,
}

/// The world a review policy works in: ideas, what reviewers can see of them, what is at stake and what it costs.
///
/// ```text
/// quality          q  ~ N(0, 1), good iff q > t with t = Φ⁻¹(1 − b)
/// proposal signal  s₁ = ρ₁ q + √(1 − ρ₁²) ε₁
/// finished work    s₂ = ρ₂ q + √(1 − ρ₂²) ε₂      ε₁, ε₂ ~ N(0, 1), independent of q and of each other
/// ```
///
/// Signals are standard normal too, so a cut-off at 0 accepts half of what is judged. A piece that is published
/// is worth v if good and −h if bad; one that is not is worth nothing.
///
/// **Invariant.** Every number is finite and in its range; an invalid environment can neither be built nor
/// deserialised.
///
/// # Example
/// ```
/// use parecon_review::{Costs, Environment, EnvironmentData, StepCosts};
///
/// let environment = Environment::new(EnvironmentData {
///     base_rate: 0.5,
///     proposal_accuracy: 0.5,
///     work_accuracy: 0.8,
///     value: 10.0,
///     harm: 5.0,
///     costs: StepCosts { production: Costs::contributors(1.0), ..StepCosts::default() },
/// })?;
/// assert_eq!(environment.production_cost(), 1.0);
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "EnvironmentData", into = "EnvironmentData")]
pub struct Environment {
    data: EnvironmentData,
    quality_cut: f64,
}

impl Environment {
    /// Checks `data`.
    ///
    /// # Errors
    /// If a number is not finite or outside the range that [`EnvironmentData`] states, or all amounts together
    /// overflow.
    pub fn new(data: EnvironmentData) -> Result<Self, Error> {
        check_open_probability("base rate", data.base_rate)?;
        check_probability("accuracy of the proposal signal", data.proposal_accuracy)?;
        check_probability("accuracy of the finished-work signal", data.work_accuracy)?;
        check(
            data.value.is_finite() && data.value > 0.0,
            "value of a good piece",
            data.value,
            "finite and positive",
        )?;
        check_amount("harm of a bad piece", data.harm)?;
        data.costs.validate()?;
        check_stakes(&data)?;
        Ok(Self { data, quality_cut: -normal::quantile(data.base_rate) })
    }

    /// The numbers it was built from.
    #[must_use]
    pub fn data(&self) -> &EnvironmentData {
        &self.data
    }

    /// t = Φ⁻¹(1 − b): the quality above which an idea is good.
    #[must_use]
    pub fn quality_cut(&self) -> f64 {
        self.quality_cut
    }

    /// k: what one piece costs to make, over all bearers.
    #[must_use]
    pub fn production_cost(&self) -> f64 {
        self.data.costs.production.total()
    }

    /// The same world with another production cost k, divided among the bearers as before (all of it to
    /// contributors if production was free).
    ///
    /// # Errors
    /// If `k` is negative, not finite, or so large that its sum with the other amounts is not finite.
    pub fn with_production_cost(&self, k: f64) -> Result<Self, Error> {
        check_amount("production cost", k)?;
        let mut other = *self;
        let before = self.production_cost();
        other.data.costs.production = if before > 0.0 {
            // A share at a time: k / before overflows where production was almost free.
            let now = self.data.costs.production;
            Costs {
                contributors: now.contributors / before * k,
                reviewers: now.reviewers / before * k,
                inputs: now.inputs / before * k,
                reproduction: now.reproduction / before * k,
            }
        } else {
            Costs::contributors(k)
        };
        check_stakes(&other.data)?;
        Ok(other)
    }
}

/// Payoffs are sums over all amounts, so their sum must not overflow.
fn check_stakes(data: &EnvironmentData) -> Result<(), Error> {
    let sum = data.value + data.harm + data.costs.total();
    check(sum.is_finite(), "sum of value, harm and all costs", sum, "finite").map(|_| ())
}

impl TryFrom<EnvironmentData> for Environment {
    type Error = Error;
    fn try_from(data: EnvironmentData) -> Result<Self, Error> {
        Self::new(data)
    }
}

impl From<Environment> for EnvironmentData {
    fn from(environment: Environment) -> Self {
        environment.data
    }
}
