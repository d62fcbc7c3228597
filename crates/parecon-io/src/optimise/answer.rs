//! Plans, and why there is none.

use std::fmt;

use nalgebra::DVector;
use parecon_core::Status;
use serde::Serialize;

/// What planning came to.
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub enum Answer {
    /// The required deliveries can be made; the best plan that does.
    Plan(Plan),
    /// They cannot.
    Shortage(Shortage),
}

impl Answer {
    /// The plan, if the required deliveries can be made.
    #[must_use]
    pub fn plan(&self) -> Option<&Plan> {
        match self {
            Answer::Plan(plan) => Some(plan),
            Answer::Shortage(_) => None,
        }
    }
}

/// A plan, its prices and the proof of how good it is.
///
/// The prices say what the objective would gain from one more unit: of a product in stock, of a capacity, of a
/// resource. Where several limits bind at once they are not unique, and those of one consistent set. Under a
/// proportional target, target d costs 1 at these prices.
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub struct Plan {
    /// Output x of every sector, or level of every process.
    pub output: DVector<f64>,
    /// Deliveries y of every product, the required ones included.
    pub final_demand: DVector<f64>,
    /// What is left of every product, N x + s − y.
    pub unused: DVector<f64>,
    /// The amount used of every resource, R x, in the order they were added.
    pub resources_used: DVector<f64>,
    /// What the plan is worth: λ, or the sum of values, or harmony.
    pub objective: f64,
    /// No plan is worth more. Computed from the prices by weak duality, up to rounding; infinite if they prove nothing.
    pub bound: f64,
    /// The largest amount by which a constraint is broken, relative to the amounts in it. Of a product of which there is
    /// hardly any, relative to a millionth of what could be made.
    pub residual: f64,
    /// Shadow prices p of the products.
    pub product_prices: DVector<f64>,
    /// Shadow prices μ of the capacities; 0 where there is no limit.
    pub capacity_prices: DVector<f64>,
    /// Shadow prices ρ of the resources, in the order they were added.
    pub resource_prices: DVector<f64>,
    /// Converged if the plan keeps all constraints and is worth as much as the bound, within the tolerance.
    pub status: Status,
    /// Interior-point steps; 0 where the plan follows in closed form.
    pub iterations: u32,
}

impl Plan {
    /// What a better plan could gain at most.
    #[must_use]
    pub fn gap(&self) -> f64 {
        (self.bound - self.objective).max(0.0)
    }
}

/// Why the required deliveries cannot be made.
///
/// The proof (Farkas' lemma) is in the prices of [`Shortage::plan`]: at them the required deliveries cost 1, while all
/// capacities, resources and stocks together are worth only [`Plan::bound`] < 1, and no process makes a profit.
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub struct Shortage {
    /// The largest share of all required deliveries that can be made.
    pub share: f64,
    /// What is short, the most important first.
    pub bottlenecks: Vec<Bottleneck>,
    /// The plan that makes this share of the deliveries.
    pub plan: Plan,
}

/// Something of which the required deliveries need more than there is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Bottleneck {
    /// What is short.
    pub limit: Limit,
    /// How much all required deliveries need: at the least outputs that would do, or in proportion to the best plan
    /// where there is a choice of processes. None if nothing tells, because none of it can be delivered.
    pub needed: Option<f64>,
    /// How much there is.
    pub available: f64,
    /// The Farkas multiplier: the share of the deliveries that one more unit would allow to make.
    pub multiplier: f64,
}

/// A limit of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum Limit {
    /// Of a sector or process: its position and name.
    Capacity(usize, String),
    /// Of a resource: its position in the order they were added, and name.
    Resource(usize, String),
    /// Of a product that no process makes: its position and name.
    Stock(usize, String),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Capacity(_, name) => write!(f, "capacity of {name}"),
            Limit::Resource(_, name) => write!(f, "resource {name:?}"),
            Limit::Stock(_, name) => write!(f, "stock of {name}"),
        }
    }
}

impl fmt::Display for Bottleneck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let available = significant(self.available);
        match self.needed {
            Some(needed) => {
                write!(f, "{}: {} needed, {available} available", self.limit, significant(needed))
            }
            None => write!(f, "{}: {available} available", self.limit),
        }
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        // Rounded down: "100 %" would contradict.
        let percent = (self.share * 1e4).floor() / 1e2;
        write!(f, "at most {percent:.2} % of the required deliveries can be made")?;
        for (k, bottleneck) in self.bottlenecks.iter().take(SHOWN).enumerate() {
            write!(f, "{} {bottleneck}", if k == 0 { ":" } else { ";" })?;
        }
        if self.bottlenecks.len() > SHOWN {
            write!(f, " and {} more", self.bottlenecks.len() - SHOWN)?;
        }
        Ok(())
    }
}

/// A value to six significant digits.
fn significant(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}
