//! Councils as their members would describe them: plain data.

mod nest;
mod tastes;
mod technologies;

use serde::{Deserialize, Serialize};

use crate::GoodId;
pub use nest::{Branch, Nest, Part};
pub(crate) use nest::{FlatNest, Shares, log_mean};
pub use tastes::{Exposed, Exposure, Need};
pub use technologies::{Activity, Answer, Bounded, Custom, CustomCouncil, Leontief, NestedCes, Requirement};

/// One input of a worker council's technology.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What is used.
    pub good: GoodId,
    /// Exponent `b` in the production function, positive: the share of revenue spent on this input.
    pub exponent: f64,
}

/// A worker council: it makes one good, in the way its technology says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerCouncil {
    /// Name for messages; may be empty, then the council is known by its position.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The good it makes.
    pub output: GoodId,
    /// How it makes it.
    pub technology: Technology,
}

/// How a worker council turns inputs and effort into output.
///
/// At announced prices `p`, every council proposes the plan that maximises `p_o·Q − Σ p_i·x_i − s·E^k`: the social benefit
/// of its output less the social cost of its inputs and its members' disutility of effort.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Technology {
    /// Constant shares of revenue for each input.
    CobbDouglas(CobbDouglas),
    /// As the published simulations had increasing returns ("toothaches"): any `Σ b_i + c/k` but 1, and the council
    /// answers by the formula of a Cobb–Douglas council's first-order conditions. Above 1 **that is not a maximum**
    /// but, among plans at least cost, the one of the smallest surplus: every larger plan would be better, and supply
    /// falls as its price rises. Such an economy may have no clearing prices or several, and it has no certificate.
    FirstOrder(CobbDouglas),
    /// Constant elasticities of substitution, nested to any depth.
    NestedCes(NestedCes),
    /// Fixed proportions and convex disutility of effort.
    Leontief(Leontief),
    /// Fixed proportions up to a capacity.
    Activity(Activity),
    /// Cobb–Douglas of any returns to scale up to a capacity.
    Bounded(Bounded),
    /// A council of your own; it cannot be serialised.
    #[serde(skip)]
    Custom(Custom),
}

impl Technology {
    /// The goods it uses, in the order in which proposals list them.
    #[must_use]
    pub fn input_goods(&self) -> Vec<GoodId> {
        let required = |inputs: &[Requirement]| inputs.iter().map(|i| i.good).collect();
        match self {
            Technology::CobbDouglas(t)
            | Technology::FirstOrder(t)
            | Technology::Bounded(Bounded { technology: t, .. }) => t.inputs.iter().map(|i| i.good).collect(),
            Technology::NestedCes(t) => t.nest.goods(),
            Technology::Leontief(t) => required(&t.inputs),
            Technology::Activity(t) => required(&t.inputs),
            Technology::Custom(t) => t.0.inputs().to_vec(),
        }
    }
}

impl From<CobbDouglas> for Technology {
    fn from(technology: CobbDouglas) -> Self {
        Technology::CobbDouglas(technology)
    }
}

/// A Cobb–Douglas technology and an effort of the council's own choosing.
///
/// ```text
/// Q = A · E^c · Π x_i^b_i          output from inputs x and effort E
/// p_o·Q − Σ p_i·x_i − s·E^k        what the council maximises at prices p
/// ```
///
/// The maximum exists when returns to scale, counted with effort, decrease: `Σ b_i + c/k < 1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CobbDouglas {
    /// `A`, positive.
    pub total_factor_productivity: f64,
    /// What it uses, each good at most once; its own output is allowed.
    pub inputs: Vec<Input>,
    /// `c`, zero (no effort) or more.
    pub effort_elasticity: f64,
    /// `s`, positive.
    pub disutility_coefficient: f64,
    /// `k`, positive.
    pub disutility_exponent: f64,
}

/// How much a consumer council cares for one good.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preference {
    /// What is wanted: a private or a public good.
    pub good: GoodId,
    /// Positive, on any scale: weights are divided by their sum.
    pub weight: f64,
}

/// A consumer council with a given income, which it spends as its preferences say.
///
/// A private good costs it the announced price, a public good the price divided by the number of consumer councils.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumerCouncil {
    /// Name for messages; may be empty, then the council is known by its position.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// `m`, positive, in units of account.
    pub income: f64,
    /// What it wants.
    pub preferences: Preferences,
}

/// How a consumer council divides its income.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Preferences {
    /// Constant shares of income for each good, each good at most once. With weights normalised to shares `α`, the council
    /// spends `m·α_g` on good `g`:
    ///
    /// ```text
    /// x_g = m·α_g / p_g            of a private good
    /// x_g = m·α_g / (p_g / n)      of a public good, n = number of consumer councils
    /// ```
    CobbDouglas(Vec<Preference>),
    /// Constant elasticities of substitution, nested to any depth: all income is spent on the quantity `X` of the
    /// [`Nest`], at its unit cost.
    Ces(Nest),
    /// Subsistence first: with weights normalised to shares `α` of what is left after the minimum quantities `γ`,
    ///
    /// ```text
    /// x_g = γ_g + α_g·(m − Σ p_i·γ_i) / p_g
    /// ```
    ///
    /// A council that cannot afford the minimum asks for what it can afford of it, in equal proportion.
    StoneGeary(Vec<Need>),
    /// Any of these, where pollutants are permitted for a compensation.
    Exposed(Exposed),
}

impl Preferences {
    /// The goods it asks for, in the order in which proposals list them.
    #[must_use]
    pub fn goods(&self) -> Vec<GoodId> {
        match self {
            Preferences::CobbDouglas(wants) => wants.iter().map(|p| p.good).collect(),
            Preferences::Ces(nest) => nest.goods(),
            Preferences::StoneGeary(needs) => needs.iter().map(|n| n.good).collect(),
            Preferences::Exposed(exposed) => exposed.consumption.goods(),
        }
    }

    /// The pollutants it permits.
    #[must_use]
    pub fn exposures(&self) -> &[Exposure] {
        match self {
            Preferences::Exposed(exposed) => &exposed.exposures,
            _ => &[],
        }
    }
}
