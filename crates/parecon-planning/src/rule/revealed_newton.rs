//! Newton's method on what proposals reveal.

mod correction;
mod model;
mod saved;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Disclosure, PriceRule, Recorded, Reports};
use crate::economy::{LARGEST_LOG, PRICE_LIMIT, logs};
use crate::{Aggregates, Proposals, WorkerProposal};
use correction::Correction;
use model::{Model, Technologies};

/// What a council keeps after the cost of effort, as a share of its revenue after inputs, until two rounds have shown it.
const ASSUMED_KEPT: f64 = 0.9;
/// No more than all, but for rounding.
const LARGEST_KEPT: f64 = 1.0 + 1e-9;
/// What is assumed of a council that is not known.
const ASSUMED: Lasting = Lasting { kept: ASSUMED_KEPT, substitution: 1.0 };
/// Elasticity of revenue of a council that has made nothing yet.
const ASSUMED_ELASTICITY: f64 = 10.0;
/// Logarithm of a revenue relative to one that nothing is next to.
const NEXT_TO_NOTHING: f64 = 20.0;
/// Revenues that differ by less, in logarithms, say nothing about an elasticity that rounding would not drown.
const SMALLEST_CONTRAST: f64 = 1e-8;
/// No council's revenue reacts more strongly to its output's price (what an economy accepts as decreasing returns).
const LARGEST_ELASTICITY: f64 = 1e9;
/// No elasticity of substitution is taken to be larger.
const LARGEST_SUBSTITUTION: f64 = 50.0;
/// Shares that differ by less, relatively, differ by rounding.
const SAME_SHARE: f64 = 1e-9;
/// No council spends more on inputs, as a multiple of its revenue.
const LARGEST_SPENT: f64 = 1e6;
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
/// A council whose shares change with prices shows how easily it substitutes one input for another, by the changes of its
/// shares against those of prices, and is modelled by one constant elasticity of substitution. Where that does not
/// explain what earlier rounds have shown either (nests, capacities, consumers who substitute, increasing
/// returns), the model's Jacobian is corrected by what it left unexplained (a Broyden correction with several
/// secants), and steps that do not bring the proposals nearer to each other are followed by shorter ones.
///
/// So the second announcement errs only by that assumption, and the third is exact but for rounding
/// once every Cobb–Douglas council has answered with two different proposals of representable size. Where first prices are so
/// far off that plans are [cut off](crate::Economy), some more rounds bracket the councils' reactions first.
///
/// If no proposals are shown to it, or nobody at all makes or wants some good in a round, it does what
/// [`Recorded`] does. From councils that are [missing](Proposals::is_missing) it learns nothing.
///
/// It remembers councils by position. Carried on into the same economy's next year (whose rounds count from 1 again), what
/// their effort costs is a head start; for another economy, take a new rule.
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
    /// What last year showed of the councils that lasts.
    lasting: Vec<Lasting>,
    last: Option<Last>,
    correction: Correction,
    without_proposals: Recorded,
}

/// The last round, to tell how councils change what they use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    log_prices: Vec<f64>,
    /// Shares of revenue spent on each input, one council after the other.
    shares: Vec<f64>,
}

/// What is known of a worker council: a point on the line `log(p_o·Q) = revenue + h·(z − position)`, where
/// `z = log p_o − Σ b_i·log p_i`, and the line's slope, which is 0 as long as nothing has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    position: f64,
    revenue: f64,
    elasticity: f64,
    /// Share of the revenue spent on inputs, `B`.
    spent: f64,
    /// Elasticity of substitution between inputs.
    substitution: f64,
    /// Whether it has only been seen to make nothing.
    silent: bool,
}

/// What is known of a council that has been missing from the first.
const UNKNOWN: Seen =
    Seen { position: 0.0, revenue: 0.0, elasticity: 0.0, spent: 0.0, substitution: 1.0, silent: false };

impl Seen {
    fn is_unknown(&self) -> bool {
        self.elasticity == 0.0
    }
}

/// What stays the same from year to year, although technologies change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lasting {
    /// What the council keeps after the cost of effort, as a share of its revenue after inputs.
    kept: f64,
    substitution: f64,
}

/// A change of an input since the last round: of the logarithm of its price, and its shares of revenue.
#[derive(Clone, Copy, Debug)]
struct Change {
    price: f64,
    before: f64,
    now: f64,
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

    /// Forgets what does not last from year to year: plans that were made with last year's technologies.
    fn next_year(&mut self) {
        let lasting = |(w, seen): (usize, &Seen)| {
            let kept = 1.0 / (seen.elasticity * (1.0 - seen.spent));
            let usable =
                !seen.silent && !self.brackets.contains_key(&w) && kept > 0.0 && kept <= LARGEST_KEPT;
            Lasting { kept: if usable { kept } else { ASSUMED_KEPT }, substitution: seen.substitution }
        };
        let lasting = self.seen.iter().enumerate().map(lasting).collect();
        *self = RevealedNewton { lasting, ..Self::default() };
    }

    /// Takes in what is seen of a council for the first time.
    fn meet(&mut self, w: usize, seen: Seen) {
        match self.seen.get_mut(w) {
            Some(unknown) => *unknown = seen,
            None => self.seen.push(seen),
        }
    }

    /// Takes in a council's proposal: its position `z`, logarithmic revenue, and share `B` of revenue spent on inputs.
    fn learn(&mut self, w: usize, z: f64, revenue: f64, spent: f64) {
        let Lasting { kept, substitution } = self.lasting.get(w).copied().unwrap_or(ASSUMED);
        // Who spends more than all revenue has increasing returns and answers by first-order conditions, or no
        // Cobb–Douglas technology; then any reaction is possible.
        let (smallest, assumed) = if spent < 1.0 {
            let smallest = (1.0 / (1.0 - spent)).min(LARGEST_ELASTICITY);
            (smallest, smallest / kept)
        } else {
            (-LARGEST_ELASTICITY, 1.0 / ((1.0 - spent) * (2.0 - ASSUMED_KEPT)))
        };
        let cut_off = revenue.abs() >= CUT_OFF;
        if self.seen.get(w).is_none_or(Seen::is_unknown) {
            let elasticity = assumed.clamp(-LARGEST_ELASTICITY, LARGEST_ELASTICITY);
            self.meet(w, Seen { position: z, revenue, elasticity, spent, substitution, silent: false });
            if cut_off {
                self.brackets.insert(w, Bracket { low: f64::NEG_INFINITY, high: f64::INFINITY });
            }
        }
        let seen = &mut self.seen[w];
        seen.spent = spent;
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

    /// Takes in how a council that is not Cobb–Douglas has changed its shares since the last round: its elasticity of
    /// substitution, and how far its position has really moved.
    fn learn_substitution(
        &mut self,
        w: usize,
        z: f64,
        moved: f64,
        inputs: impl Iterator<Item = Change> + Clone,
    ) {
        let (mut whole, mut mean_price, mut mean_share) = (0.0, 0.0, 0.0);
        for c in inputs.clone() {
            let weight = 0.5 * (c.before + c.now);
            whole += weight;
            mean_price += weight * c.price;
            mean_share += weight * (c.now / c.before).ln();
        }
        let Some(seen) = self.seen.get_mut(w).filter(|seen| whole > 0.0 && !seen.is_unknown()) else {
            return;
        };
        let (mut covariance, mut variance) = (0.0, 0.0);
        for c in inputs {
            let weight = 0.5 * (c.before + c.now);
            let price = c.price - mean_price / whole;
            covariance += weight * price * ((c.now / c.before).ln() - mean_share / whole);
            variance += weight * price * price;
        }
        if variance > SMALLEST_CONTRAST * SMALLEST_CONTRAST && covariance.is_finite() {
            seen.substitution = (1.0 - covariance / variance).clamp(0.0, LARGEST_SUBSTITUTION);
        }
        if !self.brackets.contains_key(&w) {
            // With changing shares, what input prices have done is the mean of both shares' view (Törnqvist's index).
            seen.position = z - (moved - mean_price);
        }
    }

    /// Whether what is remembered is of an economy with so many goods, worker councils and inputs, or of none.
    fn is_of(&self, goods: usize, workers: usize, inputs: usize) -> bool {
        match &self.last {
            Some(Last { log_prices, shares }) => {
                [log_prices.len(), self.seen.len(), shares.len()] == [goods, workers, inputs]
            }
            None => self.seen.is_empty(),
        }
    }

    fn model<'a>(&mut self, prices: &[f64], log_prices: &[f64], proposals: &'a Proposals) -> Model<'a> {
        let layout = proposals.layout();
        let inputs = layout.all_inputs().len();
        let goods = prices.len();
        if !self.is_of(goods, layout.workers(), inputs) {
            *self = Self::new(); // another economy
        }
        let mut shares = Vec::with_capacity(layout.all_inputs().len());
        // Who is missing says nothing, and is left out if nothing stands in for it.
        let mut left_out = Vec::new();
        for w in 0..layout.workers() {
            let plan = proposals.worker_at(w);
            if proposals.is_missing_at(w) {
                let before = self.last.as_ref().and_then(|last| last.shares.get(layout.input_range(w)));
                shares.extend((0..plan.inputs.len()).map(|i| before.map_or(0.0, |b| b[i])));
                if w == self.seen.len() {
                    self.seen.push(UNKNOWN);
                }
                if plan.output == 0.0 || self.seen[w].is_unknown() {
                    left_out.push(w);
                }
                continue;
            }
            let revenue = (prices[plan.good.index()] * plan.output).max(CUT_OFF.exp().recip());
            let start = shares.len();
            let before = self.last.as_ref().and_then(|last| last.shares.get(layout.input_range(w)));
            let silent = makes_nothing(&plan, prices);
            if !silent {
                shares.extend(
                    plan.input_goods.iter().zip(plan.inputs).map(|(g, x)| prices[g.index()] * x / revenue),
                );
            } else {
                // Who makes nothing shows no shares.
                shares.extend(plan.input_goods.iter().enumerate().map(|(i, _)| before.map_or(0.0, |b| b[i])));
            }
            let spent: f64 = shares[start..].iter().sum();
            let position = log_prices[plan.good.index()]
                - plan
                    .input_goods
                    .iter()
                    .zip(&shares[start..])
                    .map(|(g, b)| b * log_prices[g.index()])
                    .sum::<f64>();
            if let Some((before, last)) = before.zip(self.last.as_ref())
                && before.iter().zip(&shares[start..]).any(|(b, s)| (s / b - 1.0).abs() > SAME_SHARE)
            {
                let log_before = &last.log_prices;
                let moved = log_prices[plan.good.index()] - log_before[plan.good.index()];
                let changes: Vec<Change> = (plan.input_goods.iter().zip(before).zip(&shares[start..]))
                    .map(|((g, before), now)| Change {
                        price: log_prices[g.index()] - log_before[g.index()],
                        before: *before,
                        now: *now,
                    })
                    .collect();
                self.learn_substitution(w, position, moved, changes.into_iter());
            }
            match self.seen.get_mut(w).filter(|seen| !seen.is_unknown()) {
                // At a margin below 0 a council makes nothing, however far below: what it last made says more, and that
                // its line leads to next to nothing here.
                Some(seen) if silent => {
                    let steeper = NEXT_TO_NOTHING / (seen.position - position);
                    if steeper > seen.elasticity && !seen.silent {
                        seen.elasticity = steeper.min(LARGEST_ELASTICITY);
                    }
                }
                Some(seen) if seen.silent => {
                    (seen.position, seen.revenue, seen.silent) = (position, revenue.ln(), false);
                }
                None if silent => {
                    let elasticity = ASSUMED_ELASTICITY;
                    let revenue = revenue.ln();
                    let substitution = self.lasting.get(w).unwrap_or(&ASSUMED).substitution;
                    self.meet(w, Seen { position, revenue, elasticity, spent, substitution, silent });
                }
                _ => self.learn(w, position, revenue.ln(), spent),
            }
        }
        self.last = Some(Last { log_prices: log_prices.to_vec(), shares: shares.clone() });
        let mut elasticities: Vec<f64> = self.seen.iter().map(|s| s.elasticity).collect();
        let mut constants: Vec<f64> =
            self.seen.iter().map(|s| s.revenue / s.elasticity - s.position).collect();
        for w in left_out {
            (elasticities[w], constants[w]) = (1.0, f64::NEG_INFINITY);
        }
        let substitution = self.seen.iter().map(|s| s.substitution).collect();
        let technologies = Technologies { shares, substitution, elasticities, constants };
        Model::new(layout, technologies, log_prices, proposals)
    }
}

/// Whether a council makes nothing, or next to nothing of what it uses, which says nothing about how it divides revenue.
fn makes_nothing(plan: &WorkerProposal<'_>, prices: &[f64]) -> bool {
    let used: f64 = plan.input_goods.iter().zip(plan.inputs).map(|(g, x)| prices[g.index()] * x).sum();
    plan.output == 0.0 || used > LARGEST_SPENT * prices[plan.good.index()] * plan.output
}

impl PriceRule for RevealedNewton {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        let goods = reports.prices().len();
        let Some(proposals) = reports.proposals().filter(|p| p.layout().endowments.len() == goods) else {
            return self.without_proposals.revise(reports);
        };
        if reports.round() == 1 {
            self.next_year();
        }
        let log_prices = logs(reports.prices());
        let model = self.model(reports.prices(), &log_prices, proposals);
        // Where nobody offers or nobody asks, there is nothing to extrapolate from.
        let Aggregates { supply, demand } = reports.aggregates();
        if !supply.iter().chain(demand).all(|quantity| *quantity > 0.0) {
            return self.without_proposals.revise(reports);
        }
        let clearing = model.clear(log_prices.clone());
        let trusted = self.brackets.is_empty() && !proposals.any_missing();
        let clearing = self.correction.apply(&model, &log_prices, reports.aggregates(), clearing, trusted);
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
