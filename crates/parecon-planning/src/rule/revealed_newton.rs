//! Newton's method on what proposals reveal.

mod model;
mod saved;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Disclosure, PriceRule, Recorded, Reports};
use crate::economy::{LARGEST_LOG, PRICE_LIMIT, logs};
use crate::{Aggregates, Proposals};
use model::Model;

/// Cost of effort as a share of what a council keeps of its revenue, until two rounds have shown it.
const ASSUMED_EFFORT: f64 = 0.1;
/// Revenues that differ by less, in logarithms, say nothing about an elasticity that rounding would not drown.
const SMALLEST_CONTRAST: f64 = 1e-8;
/// No council's revenue reacts more strongly to its output's price (what an economy accepts as decreasing returns).
const LARGEST_ELASTICITY: f64 = 1e9;
/// Logarithmic revenues this close to the limit were cut off.
const CUT_OFF: f64 = LARGEST_LOG * (1.0 - 1e-9);

/// Solves for the prices that would clear if what the proposals reveal held everywhere.
///
/// A worker council's proposal shows how it divides its revenue, `b_i = p_i·x_i/(p_o·Q)`, and two proposals at
/// different prices show how strongly its revenue reacts,
///
/// ```text
/// h = Δlog(p_o·Q) / Δ(log p_o − Σ b_i·log p_i)
/// ```
///
/// For a Cobb–Douglas council with effort both are constants, `h = 1/(1 − c/k − Σ b_i)`. From these and
/// the consumer councils' spending the board models every council, finds the prices that clear the model by
/// Newton's method in the logarithms of prices (a Jacobian of log(D/S), a linear solve, and a line search on Φ, which
/// is convex), and announces them. In the first round, when no `h` has been seen, it assumes that the cost of effort
/// takes a tenth of what a council keeps after paying for its inputs.
///
/// So the second announcement errs only by that assumption, and the third is exact but for rounding
/// once every council has answered with two different proposals of representable size. Where first prices are so
/// far off that plans are [cut off](crate::Economy), some more rounds bracket the councils' reactions first.
///
/// If no proposals are shown to it, or nobody at all makes or wants some good in a round, it does what
/// [`Recorded`] does. Councils that make nothing in a round are left out of the model.
///
/// It remembers councils by position. Carried on into the same economy's next year, that is a head start; for
/// another economy, take a new rule.
///
/// # What a facilitation board would ask of councils
/// Their proposals and the memory of one earlier proposal; no technologies, no elasticities.
///
/// # Complexity
/// Per round a few (3–10) inner steps, each one exponential and the square of the number of inputs for
/// each worker council, and a dense linear solve in the number of goods.
///
/// # Example
/// ```
/// use parecon_planning::{Config, RevealedNewton, experiment, plan};
///
/// let economy = experiment::small_example()?;
/// let config = Config::new().with_start_price(1e-3).with_tolerance(1e-9);
/// let outcome = plan(&economy, &mut RevealedNewton::new(), &config, &mut ())?;
/// assert!(outcome.status.is_converged());
/// assert!(outcome.rounds.len() <= 4);
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevealedNewton {
    seen: Vec<Seen>,
    /// Councils of which only cut-off plans have been seen.
    #[serde(with = "saved::brackets")]
    brackets: BTreeMap<usize, Bracket>,
    without_proposals: Recorded,
}

/// What is known of a worker council: a point on the line `log(p_o·Q) = revenue + h·(z − position)`, where
/// `z = log p_o − Σ b_i·log p_i`, and the line's slope, which is 0 as long as nothing has been seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    position: f64,
    revenue: f64,
    elasticity: f64,
}

/// Where a council's plan was cut off from below and from above.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bracket {
    low: f64,
    high: f64,
}

impl RevealedNewton {
    /// The rule at its first round.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in a council's proposal: its position `z`, logarithmic revenue, and share `B` of revenue spent on inputs.
    fn learn(&mut self, w: usize, z: f64, revenue: f64, spent: f64) {
        // More than all revenue can only be spent by mistake; then hardly reacting to prices is out of the question.
        let smallest =
            if spent < 1.0 { (1.0 / (1.0 - spent)).min(LARGEST_ELASTICITY) } else { LARGEST_ELASTICITY };
        let cut_off = revenue.abs() >= CUT_OFF;
        let seen = &mut self.seen[w];
        if seen.elasticity <= 0.0 {
            let elasticity = (smallest / (1.0 - ASSUMED_EFFORT)).min(LARGEST_ELASTICITY);
            *seen = Seen { position: z, revenue, elasticity };
            if cut_off {
                self.brackets.insert(w, Bracket { low: f64::NEG_INFINITY, high: f64::INFINITY });
            }
        }
        let slope = (revenue - seen.revenue) / (z - seen.position);
        match self.brackets.get_mut(&w) {
            None if cut_off => {
                // The true plan is further out, so the slope is steeper than it looks.
                seen.elasticity = seen.elasticity.max(slope.min(LARGEST_ELASTICITY));
            }
            None => {
                if (revenue - seen.revenue).abs() > SMALLEST_CONTRAST && slope.is_finite() {
                    seen.elasticity = slope.clamp(smallest, LARGEST_ELASTICITY);
                }
                (seen.position, seen.revenue) = (z, revenue);
            }
            Some(bracket) if cut_off => {
                if revenue > 0.0 {
                    bracket.high = bracket.high.min(z);
                } else {
                    bracket.low = bracket.low.max(z);
                }
                let width = bracket.high - bracket.low;
                (seen.position, seen.revenue) = (z, revenue);
                if width > 0.0 && width.is_finite() {
                    seen.elasticity =
                        seen.elasticity.max((2.0 * LARGEST_LOG / width).min(LARGEST_ELASTICITY));
                    (seen.position, seen.revenue) = (bracket.low + 0.5 * width, 0.0);
                }
            }
            Some(bracket) => {
                for steeper in [
                    (LARGEST_LOG - revenue) / (bracket.high - z),
                    (revenue + LARGEST_LOG) / (z - bracket.low),
                ] {
                    seen.elasticity = seen.elasticity.max(steeper.clamp(smallest, LARGEST_ELASTICITY));
                }
                (seen.position, seen.revenue) = (z, revenue);
                self.brackets.remove(&w);
            }
        }
    }

    fn model<'a>(&mut self, prices: &[f64], log_prices: &[f64], proposals: &'a Proposals) -> Model<'a> {
        let layout = proposals.layout();
        if self.seen.len() > layout.workers() {
            *self = Self::new(); // another economy
        }
        self.seen.resize(layout.workers(), Seen::default());
        let mut shares = Vec::with_capacity(layout.all_inputs().len());
        let (mut elasticities, mut constants) = (Vec::new(), Vec::new());
        let mut spending = proposals.spending(prices);
        for (w, plan) in proposals.workers().enumerate() {
            let revenue = prices[plan.good.index()] * plan.output;
            let start = shares.len();
            shares.extend(
                plan.input_goods.iter().zip(plan.inputs).map(|(g, x)| prices[g.index()] * x / revenue),
            );
            let spent: f64 = shares[start..].iter().sum();
            if !(revenue > 0.0 && revenue.is_finite() && spent.is_finite()) {
                // A council that makes nothing reveals nothing. What it uses all the same is like consumption.
                shares[start..].fill(0.0);
                elasticities.push(1.0);
                constants.push(f64::NEG_INFINITY);
                for (good, quantity) in plan.input_goods.iter().zip(plan.inputs) {
                    spending[good.index()] += prices[good.index()] * quantity;
                }
                continue;
            }
            let position = log_prices[plan.good.index()]
                - plan
                    .input_goods
                    .iter()
                    .zip(&shares[start..])
                    .map(|(g, b)| b * log_prices[g.index()])
                    .sum::<f64>();
            self.learn(w, position, revenue.ln(), spent);
            let seen = self.seen[w];
            elasticities.push(seen.elasticity);
            constants.push(seen.revenue / seen.elasticity - seen.position);
        }
        Model::new(layout, shares, elasticities, constants, spending)
    }
}

impl PriceRule for RevealedNewton {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        let goods = reports.prices().len();
        let Some(proposals) = reports.proposals().filter(|p| p.layout().endowments.len() == goods) else {
            return self.without_proposals.revise(reports);
        };
        let log_prices = logs(reports.prices());
        let model = self.model(reports.prices(), &log_prices, proposals);
        // Where nobody offers or nobody asks, there is nothing to extrapolate from.
        let Aggregates { supply, demand } = reports.aggregates();
        if !supply.iter().chain(demand).all(|quantity| *quantity > 0.0) {
            return self.without_proposals.revise(reports);
        }
        let clearing = model.clear(log_prices);
        let limit = PRICE_LIMIT.ln();
        clearing
            .into_iter()
            .map(|u| u.clamp(-limit, limit).exp().clamp(1.0 / PRICE_LIMIT, PRICE_LIMIT))
            .collect()
    }

    fn disclosure(&self) -> Disclosure {
        Disclosure::Proposals
    }
}
