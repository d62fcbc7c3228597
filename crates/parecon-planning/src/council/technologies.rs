//! Technologies other than Cobb–Douglas.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{CobbDouglas, Nest};
use crate::GoodId;

/// A nested CES technology with effort and decreasing returns.
///
/// ```text
/// Q = A · E^c · X^B                X the quantity of the nest, at a unit cost P(p)
/// p_o·Q − Σ p_i·x_i − s·E^k        what the council maximises at prices p
/// ```
///
/// In `X` and its unit cost this is a [`CobbDouglas`] technology with one input, and so is its answer; the nest then
/// divides the spending `B·p_o·Q` among the goods. With σ = 1 throughout it is a Cobb–Douglas technology with
/// exponents `b_i = B·θ_i` and productivity `A·Π θ_i^−b_i`. The maximum exists when `B + c/k < 1`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NestedCes {
    /// `A`, positive.
    pub total_factor_productivity: f64,
    /// What is used, in which proportions.
    pub nest: Nest,
    /// `B`, positive: the share of revenue spent on inputs.
    pub returns: f64,
    /// `c`, zero (no effort) or more.
    pub effort_elasticity: f64,
    /// `s`, positive.
    pub disutility_coefficient: f64,
    /// `k`, positive.
    pub disutility_exponent: f64,
}

/// Quantity of an input per unit of output.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// What is used.
    pub good: GoodId,
    /// Units of it per unit of output, positive.
    pub per_unit: f64,
}

/// Inputs in fixed proportions, and effort whose disutility grows faster than output.
///
/// ```text
/// Q = min(A·E^c, x_i/a_i)
/// margin μ = p_o − Σ a_i·p_i;     Q = A·(μ·A·c/(s·k))^(c/(k−c)), 0 where μ ≤ 0
/// ```
///
/// The disutility `s·(Q/A)^(k/c)` is convex in output if `k > c`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leontief {
    /// `A`, positive: output of a unit of effort.
    pub total_factor_productivity: f64,
    /// `a`, each good at most once.
    pub inputs: Vec<Requirement>,
    /// `c`, positive.
    pub effort_elasticity: f64,
    /// `s`, positive.
    pub disutility_coefficient: f64,
    /// `k`, above `c`.
    pub disutility_exponent: f64,
}

/// Inputs in fixed proportions up to a capacity, without effort.
///
/// ```text
/// Q ≤ K,   x_i = a_i·Q,   margin μ = p_o − Σ a_i·p_i
/// Q = K / (1 + e^(−μ/ε))
/// ```
///
/// A plan that maximises the surplus would jump from nothing to all capacity at a margin of 0, and prices could not
/// make it stop between. The council therefore answers smoothly, which is the best plan if idle and used capacity
/// are worth the entropy `ε·K·H(Q/K)`. **Bound:** it forgoes at most `ε·K·log 2` of surplus (0.2785·ε·K in fact, at
/// `μ = ±1.28·ε`). [Certificates](crate::Certificate) count the true largest surplus `K·max(μ, 0)`, so what smoothing costs
/// is in the gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// `a`, each good at most once.
    pub inputs: Vec<Requirement>,
    /// `K`, positive: the largest output.
    pub capacity: f64,
    /// `ε`, positive, in units of account per unit of output.
    pub smoothing: f64,
}

/// A Cobb–Douglas technology of any returns to scale, with a largest output.
///
/// With decreasing returns the council proposes what [`CobbDouglas`] alone would, or its capacity at least cost
/// if that is less. With constant or increasing returns the average cost is smallest at capacity `K`, so it would
/// propose all or nothing; like an [`Activity`] with the margin `μ = p_o − C(K)/K` it answers smoothly, at the
/// least cost of what it then makes. As increasing returns are not convex, there may be no prices that clear, and a
/// certificate's gap may remain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounded {
    /// The technology.
    pub technology: CobbDouglas,
    /// `K`, positive: the largest output.
    pub capacity: f64,
    /// `ε`, positive, in units of account per unit of output; of no effect with decreasing returns.
    pub smoothing: f64,
}

/// What a [`CustomCouncil`] proposes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// `Q`, in units of the good.
    pub output: f64,
    /// `E`.
    pub effort: f64,
    /// The largest value of `p_o·Q − Σ p_i·x_i −` disutility that the council can attain at these prices. A
    /// [certificate](crate::Certificate) is as true as this number.
    pub surplus: f64,
}

/// A worker council that answers in a way of its own.
///
/// For prices to clear and certificates to close, the answer should be the plan of the largest surplus in a convex
/// set of plans that contains doing nothing. What it leaves of `p_o·Q − Σ p_i·x_i` above its surplus counts as disutility.
///
/// # Example
/// A workshop with a quadratic cost of working hard, `Q²/2`, and half a unit of labour per unit of output:
/// ```
/// use parecon_planning::{Answer, Custom, CustomCouncil, GoodId, Technology};
///
/// #[derive(Debug)]
/// struct Workshop([GoodId; 1]);
///
/// impl CustomCouncil for Workshop {
///     fn inputs(&self) -> &[GoodId] {
///         &self.0
///     }
///
///     fn respond(&self, price: f64, input_prices: &[f64], inputs: &mut [f64]) -> Answer {
///         let output = (price - 0.5 * input_prices[0]).max(0.0);
///         inputs[0] = 0.5 * output;
///         Answer { output, effort: output, surplus: 0.5 * output * output }
///     }
/// }
/// let technology = Technology::Custom(Custom::new(Workshop([GoodId(1)])));
/// assert_eq!(technology.input_goods(), [GoodId(1)]);
/// ```
pub trait CustomCouncil: fmt::Debug + Send + Sync {
    /// The goods it may use, each at most once.
    fn inputs(&self) -> &[GoodId];

    /// Its plan at the price of its output and those of its inputs, in the order of [`inputs`](Self::inputs); writes the
    /// quantities of these.
    fn respond(&self, price: f64, input_prices: &[f64], inputs: &mut [f64]) -> Answer;

    /// Writes how the plan reacts, `p_i·∂x_i/∂log p_j` row by row, the output before the inputs in rows and columns, and
    /// returns true; or returns false, and differences are taken.
    fn slopes(&self, price: f64, input_prices: &[f64], slopes: &mut [f64]) -> bool {
        let _ = (price, input_prices, slopes);
        false
    }
}

/// A shared [`CustomCouncil`]; equal to itself only. It cannot be serialised.
#[derive(Clone, Debug)]
pub struct Custom(pub(crate) Arc<dyn CustomCouncil>);

impl Custom {
    /// Takes a council in.
    pub fn new(council: impl CustomCouncil + 'static) -> Self {
        Custom(Arc::new(council))
    }
}

impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
