use serde::{Deserialize, Serialize};

use crate::costs::{Costs, StepCosts};
use crate::error::{Error, check, check_amount, check_open_probability, check_probability};
use crate::normal;
use crate::policy::At;

mod people;
mod quality;

pub use people::{Authors, Lognormal, Motive, Pool, Reviewers};
pub(crate) use quality::Atom;
pub use quality::Quality;

/// What value, harm and costs are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unit {
    /// Of no particular kind.
    #[default]
    Points,
    /// Hours of work.
    Hours,
    /// Money.
    Money,
}

/// The plain data of an [`Environment`], before it is checked.
///
/// Value, harm and costs share one unit of account; everything else has no unit unless it says so. Its default is
/// the textbook case: b = ½, ρ .5 → .8, v = 10, h = 5, everything free.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentData {
    /// b: share of ideas that are good, 0 < b < 1.
    pub base_rate: f64,
    /// ρ₁: correlation of one reviewer's signal of a proposal with quality, 0 (a coin) to 1 (perfect).
    pub proposal_accuracy: f64,
    /// ρ₂: correlation of one reviewer's signal of finished work with quality, 0 to 1.
    pub work_accuracy: f64,
    /// v > 0: value of publishing a good piece.
    pub value: f64,
    /// h ≥ 0: harm of publishing a bad piece.
    pub harm: f64,
    /// What each step costs, and to whom.
    #[serde(default)]
    pub costs: StepCosts,
    /// The unit of value, harm and costs.
    #[serde(default)]
    pub unit: Unit,
    /// How quality is distributed.
    #[serde(default)]
    pub quality: Quality,
    /// ρ₃: correlation of one reader's signal of a published piece with quality, 0 to 1; none: as for finished work.
    #[serde(default)]
    pub published_accuracy: Option<f64>,
    /// Share of its value or harm that a piece has done by the time it is taken down, 0 to 1.
    #[serde(default)]
    pub exposure: f64,
    /// Money that a unit of account is worth, positive: an hour's wage if the unit is hours. Only pay uses it.
    #[serde(default = "one")]
    pub money_per_unit: f64,
    /// Pieces that can be made per unit of time, positive: firms' capacity; none: as many as are wanted.
    #[serde(default)]
    pub production_capacity: Option<f64>,
    /// Those who judge.
    #[serde(default)]
    pub reviewers: Reviewers,
    /// Those who have the ideas.
    #[serde(default)]
    pub authors: Authors,
}

fn one() -> f64 {
    1.0
}

impl Default for EnvironmentData {
    fn default() -> Self {
        Self {
            base_rate: 0.5,
            proposal_accuracy: 0.5,
            work_accuracy: 0.8,
            value: 10.0,
            harm: 5.0,
            costs: StepCosts::default(),
            unit: Unit::default(),
            quality: Quality::default(),
            published_accuracy: None,
            exposure: 0.0,
            money_per_unit: 1.0,
            production_capacity: None,
            reviewers: Reviewers::default(),
            authors: Authors::default(),
        }
    }
}

/// The world a review policy works in: ideas, what reviewers can see of them, what is at stake and what it costs.
///
/// ```text
/// quality          q  of mean 0 and variance 1; if Gaussian, good iff q > t with t = Φ⁻¹(1 − b)
/// proposal signal  s₁ = ρ₁ q + √(1 − ρ₁²) ε₁ + bias
/// finished work    s₂ = ρ₂ q + √(1 − ρ₂²) ε₂ + bias      ε₁, ε₂ ~ N(0, 1), independent of q and of each other
/// several readers  ε = √r η + √(1 − r) ε′                 η shared by all readers of the piece at that point
/// ```
///
/// The two signals are correlated, by ρ₁ρ₂, because both tell of the same quality. Without bias and with Gaussian
/// quality they are standard normal, so a cut-off at 0 accepts half of what is judged. A piece that is published is
/// worth v if good and −h if bad; one that is not is worth nothing.
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
///     ..EnvironmentData::default()
/// })?;
/// assert_eq!(environment.production_cost(), 1.0);
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "EnvironmentData", into = "EnvironmentData")]
pub struct Environment {
    data: EnvironmentData,
    quality_cut: f64,
    atoms: Vec<Atom>,
}

impl Environment {
    /// Checks `data`.
    ///
    /// # Errors
    /// If a number is not finite or outside the range that [`EnvironmentData`] states, or all amounts together
    /// overflow; if quality is not Gaussian and a signal perfect or skill a part of it.
    pub fn new(data: EnvironmentData) -> Result<Self, Error> {
        check_open_probability("base rate", data.base_rate)?;
        let published = data.published_accuracy.unwrap_or(data.work_accuracy);
        for (point, accuracy) in [
            ("proposal", data.proposal_accuracy),
            ("finished-work", data.work_accuracy),
            ("published-work", published),
        ] {
            let what = format!("accuracy of the {point} signal");
            check_probability(&what, accuracy)?;
            if data.quality != Quality::Gaussian {
                check(accuracy < 1.0, &what, accuracy, "below 1 unless quality is Gaussian")?;
            }
        }
        check(
            data.value.is_finite() && data.value > 0.0,
            "value of a good piece",
            data.value,
            "finite and positive",
        )?;
        check_amount("harm of a bad piece", data.harm)?;
        check_probability("exposure", data.exposure)?;
        for (what, x) in [
            ("money per unit of account", data.money_per_unit),
            ("capacity of production", data.production_capacity.unwrap_or(1.0)),
        ] {
            check(x.is_finite() && x > 0.0, what, x, "finite and positive")?;
        }
        data.costs.validate()?;
        data.reviewers.validate()?;
        data.authors.validate()?;
        if data.quality != Quality::Gaussian {
            let skill = data.authors.skill;
            check(skill == 0.0, "share of quality that is skill", skill, "0 unless quality is Gaussian")?;
        }
        check_stakes(&data)?;
        let atoms = data.quality.atoms(data.base_rate)?;
        let quality_cut = match atoms.iter().find(|atom| atom.good > 0.0) {
            None => -normal::quantile(data.base_rate),
            Some(lowest) => lowest.quality,
        };
        Ok(Self { data, quality_cut, atoms })
    }

    /// The numbers it was built from.
    #[must_use]
    pub fn data(&self) -> &EnvironmentData {
        &self.data
    }

    /// The quality above which an idea is good, t = Φ⁻¹(1 − b) if Gaussian; else the lowest quality that is good.
    #[must_use]
    pub fn quality_cut(&self) -> f64 {
        self.quality_cut
    }

    /// k: what one piece costs to make, over all bearers.
    #[must_use]
    pub fn production_cost(&self) -> f64 {
        self.data.costs.production.total()
    }

    /// Correlation of one reader's signal with quality at a point.
    #[must_use]
    pub fn accuracy(&self, at: At) -> f64 {
        match at {
            At::Proposal => self.data.proposal_accuracy,
            At::Work => self.data.work_accuracy,
            At::Published => self.data.published_accuracy.unwrap_or(self.data.work_accuracy),
        }
    }

    /// Who judges at a point.
    #[must_use]
    pub fn pool(&self, at: At) -> &Pool {
        let Reviewers { proposal, work, published } = &self.data.reviewers;
        match at {
            At::Proposal => proposal,
            At::Work => work,
            At::Published => published,
        }
    }

    /// The possible values of quality; none if it is Gaussian.
    pub(crate) fn atoms(&self) -> &[Atom] {
        &self.atoms
    }

    /// True if the Gaussian two-gate theory applies as it stands: no bias, no atoms.
    pub(crate) fn is_plain(&self) -> bool {
        self.atoms.is_empty()
            && self.data.reviewers.proposal.bias == 0.0
            && self.data.reviewers.work.bias == 0.0
    }

    /// The same world with another production cost k, divided among the bearers as before (all of it to
    /// contributors if production was free).
    ///
    /// # Errors
    /// If `k` is negative, not finite, or so large that its sum with the other amounts is not finite.
    pub fn with_production_cost(&self, k: f64) -> Result<Self, Error> {
        check_amount("production cost", k)?;
        let mut other = self.clone();
        other.data.costs.production = self.data.costs.production.with_total(k, Costs::contributors);
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
