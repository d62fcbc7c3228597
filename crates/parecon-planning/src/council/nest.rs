//! Nested aggregates with constant elasticities of substitution.

use serde::{Deserialize, Serialize};

use crate::GoodId;

/// Within this distance of 0 in its exponent, a mean is computed from its deviations, so that nothing is lost where the
/// elasticity of substitution is near 1.
const NEAR_GEOMETRIC: f64 = 0.5;

/// An aggregate of goods and of other aggregates, with a constant elasticity of substitution (CES) between its parts.
///
/// With weights normalised to `θ` and the elasticity `σ`, an aggregate of quantities `x` costs at least `P` a unit:
///
/// ```text
/// P = (Σ θ_i·p_i^(1−σ))^(1/(1−σ))                  unit cost; for σ = 1, Π p_i^θ_i
/// X = (Σ θ_i^(1/σ)·x_i^((σ−1)/σ))^(σ/(σ−1))        quantity; for σ = 1, Π (x_i/θ_i)^θ_i; for σ = 0, min x_i/θ_i
/// p_i·x_i / (P·X) = θ_i·(p_i/P)^(1−σ)              share of the cost, θ_i where all prices are equal
/// ```
///
/// The limits σ = 0 (fixed proportions) and σ = 1 (fixed shares of cost) are exact. A part may be a nest itself, to any
/// depth; a good occurs only once.
///
/// # Example
/// Capital, labour, energy and materials (KLEM) are usually nested as `((K L) E) M`:
/// ```
/// use parecon_planning::{Branch, GoodId, Nest};
///
/// let (capital, labour, energy, materials) = (GoodId(1), GoodId(2), GoodId(3), GoodId(4));
/// let good = |good, weight| (weight, Branch::Good(good));
/// let value_added = Nest::new(0.8, [good(capital, 0.4), good(labour, 0.6)]);
/// let with_energy = Nest::new(0.4, [(0.9, value_added.into()), good(energy, 0.1)]);
/// let klem = Nest::new(0.2, [(0.5, with_energy.into()), good(materials, 0.5)]);
/// assert_eq!(klem.goods(), [capital, labour, energy, materials]);
/// ```
///
/// # Reference
/// K. J. Arrow, H. B. Chenery, B. S. Minhas and R. M. Solow, "Capital-labor substitution and economic efficiency",
/// *Review of Economics and Statistics* 43 (1961); K. Sato, "A two-level constant-elasticity-of-substitution production
/// function", *Review of Economic Studies* 34 (1967).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nest {
    /// `σ`, from 0 (fixed proportions); 1 is Cobb–Douglas.
    pub elasticity: f64,
    /// What is aggregated: at least one part.
    pub parts: Vec<Part>,
}

/// One part of a [`Nest`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Positive, on any scale: weights are divided by their sum.
    pub weight: f64,
    /// The good or the nest.
    pub of: Branch,
}

/// A good, or an aggregate of several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Branch {
    /// A good.
    Good(GoodId),
    /// An aggregate.
    Nest(Nest),
}

impl From<Nest> for Branch {
    fn from(nest: Nest) -> Self {
        Branch::Nest(nest)
    }
}

impl Nest {
    /// A nest of weighted parts.
    pub fn new(elasticity: f64, parts: impl IntoIterator<Item = (f64, Branch)>) -> Self {
        Nest { elasticity, parts: parts.into_iter().map(|(weight, of)| Part { weight, of }).collect() }
    }

    /// A nest of weighted goods.
    ///
    /// ```
    /// use parecon_planning::{GoodId, Nest};
    /// let both = Nest::of_goods(0.5, [(GoodId(3), 1.0), (GoodId(0), 2.0)]);
    /// assert_eq!(both.goods(), [GoodId(3), GoodId(0)]);
    /// ```
    pub fn of_goods(elasticity: f64, goods: impl IntoIterator<Item = (GoodId, f64)>) -> Self {
        Nest::new(elasticity, goods.into_iter().map(|(good, weight)| (weight, Branch::Good(good))))
    }

    /// All goods in it, depth first.
    #[must_use]
    pub fn goods(&self) -> Vec<GoodId> {
        let mut goods = Vec::new();
        self.collect(&mut goods);
        goods
    }

    fn collect(&self, goods: &mut Vec<GoodId>) {
        for part in &self.parts {
            match &part.of {
                Branch::Good(good) => goods.push(*good),
                Branch::Nest(nest) => nest.collect(goods),
            }
        }
    }
}

/// A nest as flat arrays: nodes in an order in which children come before parents.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FlatNest {
    nodes: Vec<Node>,
    leaves: usize,
}

#[derive(Clone, Debug, PartialEq)]
struct Node {
    elasticity: f64,
    /// Normalised weights.
    children: Vec<(f64, Child)>,
    /// The goods below it: consecutive, because they are counted depth first.
    leaves: std::ops::Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Child {
    Leaf(usize),
    Node(usize),
}

/// A nest at some prices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shares {
    /// `log P`.
    pub(crate) log_cost: f64,
    /// Share of each good in the cost.
    pub(crate) leaves: Vec<f64>,
    /// Share of each node.
    nodes: Vec<f64>,
}

impl FlatNest {
    pub(crate) fn new(nest: &Nest) -> Self {
        let mut flat = FlatNest { nodes: Vec::new(), leaves: 0 };
        flat.push(nest);
        flat
    }

    fn push(&mut self, nest: &Nest) -> usize {
        let first = self.leaves;
        let total: f64 = nest.parts.iter().map(|p| p.weight).sum();
        let children = nest
            .parts
            .iter()
            .map(|part| {
                let child = match &part.of {
                    Branch::Good(_) => {
                        self.leaves += 1;
                        Child::Leaf(self.leaves - 1)
                    }
                    Branch::Nest(nest) => Child::Node(self.push(nest)),
                };
                (part.weight / total, child)
            })
            .collect();
        self.nodes.push(Node { elasticity: nest.elasticity, children, leaves: first..self.leaves });
        self.nodes.len() - 1
    }

    pub(crate) fn len(&self) -> usize {
        self.leaves
    }

    /// Unit cost and shares at the logarithms of the goods' prices.
    pub(crate) fn shares(&self, log_prices: &[f64]) -> Shares {
        let mut logs = vec![0.0; self.nodes.len()];
        for (k, node) in self.nodes.iter().enumerate() {
            let of = |child: Child| match child {
                Child::Leaf(i) => log_prices[i],
                Child::Node(j) => logs[j],
            };
            logs[k] = log_mean(node.children.iter().map(|&(w, child)| (w, of(child))), 1.0 - node.elasticity);
        }
        let mut shares =
            Shares { log_cost: 0.0, leaves: vec![0.0; self.leaves], nodes: vec![1.0; self.nodes.len()] };
        for (k, node) in self.nodes.iter().enumerate().rev() {
            for &(weight, child) in &node.children {
                let above =
                    |log: f64| shares.nodes[k] * weight * ((1.0 - node.elasticity) * (log - logs[k])).exp();
                match child {
                    Child::Leaf(i) => shares.leaves[i] = above(log_prices[i]),
                    Child::Node(j) => shares.nodes[j] = above(logs[j]),
                }
            }
        }
        shares.log_cost = logs[self.nodes.len() - 1];
        shares
    }

    /// `∂ share_i / ∂ log p_j`, row-major.
    ///
    /// Every node above both goods contributes `(1 − σ)·s_i·s_j·(1/S_child − 1/S_node)`, the first term only where
    /// they lie below the same child.
    pub(crate) fn share_slopes(&self, shares: &Shares) -> Vec<f64> {
        let n = self.leaves;
        let mut slopes = vec![0.0; n * n];
        for (node, &whole) in self.nodes.iter().zip(&shares.nodes) {
            let curvature = 1.0 - node.elasticity;
            if whole <= 0.0 || curvature == 0.0 {
                continue;
            }
            for i in node.leaves.clone() {
                for j in node.leaves.clone() {
                    slopes[i * n + j] -= curvature * shares.leaves[i] * (shares.leaves[j] / whole);
                }
            }
            for &(_, child) in &node.children {
                let (range, part) = match child {
                    Child::Leaf(i) => (i..i + 1, shares.leaves[i]),
                    Child::Node(j) => (self.nodes[j].leaves.clone(), shares.nodes[j]),
                };
                if part <= 0.0 {
                    continue;
                }
                for i in range.clone() {
                    for j in range.clone() {
                        slopes[i * n + j] += curvature * shares.leaves[i] * (shares.leaves[j] / part);
                    }
                }
            }
        }
        slopes
    }

    /// Logarithm of the factor on the aggregate when the quantities chosen at `shares` are multiplied by
    /// `exp(log_factors)`; into `slopes` go its derivatives in these.
    pub(crate) fn log_factor(&self, shares: &Shares, log_factors: &[f64], slopes: &mut [f64]) -> f64 {
        let mut logs = vec![0.0; self.nodes.len()];
        let within = |k: usize, child: Child| {
            let part = match child {
                Child::Leaf(i) => shares.leaves[i],
                Child::Node(j) => shares.nodes[j],
            };
            if shares.nodes[k] > 0.0 { part / shares.nodes[k] } else { 0.0 }
        };
        for (k, node) in self.nodes.iter().enumerate() {
            let of = |child: Child| match child {
                Child::Leaf(i) => log_factors[i],
                Child::Node(j) => logs[j],
            };
            let parts = node.children.iter().map(|&(_, child)| (within(k, child), of(child)));
            logs[k] = if node.elasticity == 0.0 {
                parts.fold(f64::INFINITY, |least, (_, log)| least.min(log))
            } else {
                log_mean(parts, (node.elasticity - 1.0) / node.elasticity)
            };
        }
        let mut weights = vec![1.0; self.nodes.len()];
        for (k, node) in self.nodes.iter().enumerate().rev() {
            // In fixed proportions, the scarcest part decides; the first of equals.
            let mut decided = false;
            for &(_, child) in &node.children {
                let log = match child {
                    Child::Leaf(i) => log_factors[i],
                    Child::Node(j) => logs[j],
                };
                let weight = if node.elasticity == 0.0 {
                    let scarce = !decided && log <= logs[k];
                    decided |= scarce;
                    if scarce { 1.0 } else { 0.0 }
                } else {
                    within(k, child) * ((node.elasticity - 1.0) / node.elasticity * (log - logs[k])).exp()
                };
                match child {
                    Child::Leaf(i) => slopes[i] = weights[k] * weight,
                    Child::Node(j) => weights[j] = weights[k] * weight,
                }
            }
        }
        logs[self.nodes.len() - 1]
    }
}

/// `log (Σ w_i·e^(r·u_i))^(1/r)` for weights that add up to 1; at r = 0, `Σ w_i·u_i`.
pub(crate) fn log_mean(terms: impl Iterator<Item = (f64, f64)> + Clone, r: f64) -> f64 {
    let centre: f64 = terms.clone().map(|(w, u)| w * u).sum();
    if r == 0.0 {
        return centre;
    }
    let spread = terms.clone().fold(0.0, |most: f64, (_, u)| most.max((r * (u - centre)).abs()));
    if spread <= NEAR_GEOMETRIC {
        return centre + terms.map(|(w, u)| w * (r * (u - centre)).exp_m1()).sum::<f64>().ln_1p() / r;
    }
    let largest = terms.clone().fold(f64::NEG_INFINITY, |most, (_, u)| most.max(r * u));
    (largest + terms.map(|(w, u)| w * (r * u - largest).exp()).sum::<f64>().ln()) / r
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding of a few logarithms and exponentials.
    const ROUNDING: f64 = 1e-13;

    fn two(elasticity: f64) -> FlatNest {
        FlatNest::new(&Nest::of_goods(elasticity, [(GoodId(0), 1.0), (GoodId(1), 3.0)]))
    }

    #[test]
    fn the_unit_cost_is_the_closed_form_and_continuous_at_its_limits() {
        let (p, q) = (2.0f64, 0.7f64);
        let logs = [p.ln(), q.ln()];
        let cost = |elasticity| two(elasticity).shares(&logs).log_cost.exp();
        for sigma in [0.3, 0.5, 0.999, 1.5, 4.0, 30.0] {
            let direct = (0.25 * p.powf(1.0 - sigma) + 0.75 * q.powf(1.0 - sigma)).powf(1.0 / (1.0 - sigma));
            assert!((cost(sigma) / direct - 1.0).abs() < ROUNDING / (1.0f64 - sigma).abs(), "{sigma}");
        }
        assert!((cost(0.0) - (0.25 * p + 0.75 * q)).abs() < ROUNDING);
        let geometric = p.powf(0.25) * q.powf(0.75);
        assert!((cost(1.0) - geometric).abs() < ROUNDING);
        // ∂log P/∂σ at σ = 1 is −½ of the variance of the logarithms of prices.
        let near = 1e-7;
        let variance = 0.25 * 0.75 * (logs[0] - logs[1]).powi(2);
        assert!(((cost(1.0 + near) / geometric).ln() / near + 0.5 * variance).abs() < 1e-6);
    }

    #[test]
    fn slopes_are_those_of_differences() {
        let inner = Nest::of_goods(0.4, [(GoodId(0), 1.0), (GoodId(1), 3.0)]);
        let other = Nest::of_goods(0.0, [(GoodId(2), 1.0), (GoodId(3), 2.0)]);
        let good = Branch::Good(GoodId(4));
        let nest = FlatNest::new(&Nest::new(1.3, [(2.0, inner.into()), (1.0, other.into()), (1.0, good)]));
        let u = [0.3, -0.5, 0.2, 1.0, -0.1];
        let shares = nest.shares(&u);
        assert!((shares.leaves.iter().sum::<f64>() - 1.0).abs() < ROUNDING);
        let slopes = nest.share_slopes(&shares);
        let mut by_factor = [0.0; 5];
        let factors = [0.1, -0.2, 0.3, 0.0, 0.05];
        nest.log_factor(&shares, &factors, &mut by_factor);
        let step = 1e-5;
        for j in 0..5 {
            let moved = |by: f64, mut at: [f64; 5]| {
                at[j] += by;
                at
            };
            let (up, down) = (nest.shares(&moved(step, u)), nest.shares(&moved(-step, u)));
            // Shephard's lemma: the unit cost's slope is the share.
            let slope = (up.log_cost - down.log_cost) / (2.0 * step);
            assert!((slope - shares.leaves[j]).abs() < 1e-9);
            for i in 0..5 {
                let slope = (up.leaves[i] - down.leaves[i]) / (2.0 * step);
                assert!((slope - slopes[i * 5 + j]).abs() < 1e-9, "{i} {j}");
            }
            let mut unused = [0.0; 5];
            let mut at = |by| nest.log_factor(&shares, &moved(by, factors), &mut unused);
            assert!(((at(step) - at(-step)) / (2.0 * step) - by_factor[j]).abs() < 1e-9, "{j}");
        }
    }

    #[test]
    fn twice_of_everything_is_twice_as_much() {
        for sigma in [0.0, 0.3, 1.0, 2.0] {
            let nest = two(sigma);
            let shares = nest.shares(&[0.4, -1.0]);
            let log = nest.log_factor(&shares, &[2f64.ln(); 2], &mut [0.0; 2]);
            assert!((log - 2f64.ln()).abs() < ROUNDING);
        }
    }
}
