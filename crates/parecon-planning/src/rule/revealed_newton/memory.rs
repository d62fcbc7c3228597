//! What the board remembers of each worker council from its proposals.

use std::collections::BTreeMap;
use std::ops::Range;

use parecon_core::for_each;
use serde::{Deserialize, Serialize};

use super::model::Line;
use super::saved;
use crate::economy::{LARGEST_LOG, Layout};
use crate::{Proposals, WorkerProposal};

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
/// Councils to a task; what each learns is its own.
const CHUNK: usize = 2_048;

/// All worker councils, by position.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Memory {
    parts: Vec<Part>,
    /// Share of its revenue that each council spends on each input, one council after the other.
    shares: Vec<f64>,
    /// The same and logarithms of prices in the round before, to tell how councils change what they use.
    #[serde(skip)]
    before: Vec<f64>,
    log_before: Vec<f64>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    seen: Vec<Seen>,
    /// What last year showed of the councils that lasts.
    lasting: Vec<Lasting>,
    /// Councils of which only cut-off plans have been seen.
    #[serde(with = "saved::brackets")]
    brackets: BTreeMap<usize, Bracket>,
    /// Whether some council has another elasticity of substitution than 1.
    substitutes: bool,
}

/// What is known of a worker council: a point on the line `log(p_o·Q) = revenue + h·(z − position)`, where
/// `z = log p_o − Σ b_i·log p_i`, and the line's slope, which is 0 as long as nothing has been seen.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
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
#[derive(Clone, Copy, Debug)]
pub(super) struct Bracket {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// The proposals of the councils of one part, and where to write down their shares.
struct Task<'t> {
    part: &'t mut Part,
    councils: Range<usize>,
    shares: &'t mut [f64],
    before: Option<&'t [f64]>,
}

impl Memory {
    /// Whether it is of an economy with so many goods, and such worker councils; or else of none.
    pub(super) fn is_of(&self, goods: usize, layout: &Layout) -> bool {
        let workers = layout.workers();
        if self.log_before.is_empty() {
            return self.parts.iter().all(|part| part.seen.is_empty());
        }
        let lengths = [self.log_before.len(), self.shares.len(), self.parts.len()];
        let parts = self.parts.iter().zip((0..).step_by(CHUNK));
        lengths == [goods, layout.all_inputs().len(), workers.div_ceil(CHUNK).max(1)]
            && parts
                .into_iter()
                .all(|(part, first)| part.seen.len() == CHUNK.min(workers.saturating_sub(first)))
    }

    /// Whether of some council only cut-off plans have been seen.
    pub(super) fn has_brackets(&self) -> bool {
        self.parts.iter().any(|part| !part.brackets.is_empty())
    }

    /// Whether earlier rounds or years have shown how councils react to prices.
    pub(super) fn is_seen(&self) -> bool {
        !self.before.is_empty() || self.parts.iter().any(|part| !part.lasting.is_empty())
    }

    pub(super) fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// Forgets what does not last from year to year: plans that were made with last year's technologies.
    pub(super) fn next_year(&mut self) {
        self.parts.iter_mut().for_each(Part::next_year);
        self.shares.clear();
        self.before.clear();
        self.log_before.clear();
    }

    /// Takes in all proposals.
    pub(super) fn learn(&mut self, prices: &[f64], log_prices: &[f64], proposals: &Proposals) {
        let layout = proposals.layout();
        let known = !self.log_before.is_empty();
        let log_before = std::mem::replace(&mut self.log_before, log_prices.to_vec());
        std::mem::swap(&mut self.shares, &mut self.before);
        self.shares.resize(layout.all_inputs().len(), 0.0);
        self.parts.resize_with(layout.workers().div_ceil(CHUNK).max(1), Part::default);
        let parts = layout.split_inputs(layout.workers(), CHUNK, &mut self.shares);
        let before = &self.before;
        let tasks = self.parts.iter_mut().zip(parts).map(|(part, (councils, shares))| {
            let first = layout.inputs_before(councils.start);
            let before = known.then(|| &before[first..first + shares.len()]);
            Task { part, councils, shares, before }
        });
        for_each(tasks.collect(), |task: Task<'_>| {
            let Task { part, councils, mut shares, before } = task;
            let first = layout.inputs_before(councils.start);
            for (at, w) in councils.enumerate() {
                let plan = proposals.worker_at(w);
                let (own, rest) = std::mem::take(&mut shares).split_at_mut(plan.inputs.len());
                let range = layout.input_range(w);
                let before = before.map(|before| &before[range.start - first..range.end - first]);
                if proposals.is_missing_at(w) {
                    part.pass_over(at, own, before);
                } else {
                    let before = before.map(|b| (b, &log_before[..]));
                    part.learn_from(at, plan, own, (prices, log_prices), before);
                }
                shares = rest;
            }
        });
    }

    /// The councils' lines, and their elasticities of substitution if any differs from 1, for the model.
    ///
    /// Who is missing is left out: what stands in for it does not react to prices.
    pub(super) fn lines(&self, proposals: &Proposals) -> (Vec<Line>, Vec<f64>) {
        let nothing = Line { elasticity: 1.0, constant: f64::NEG_INFINITY };
        let mut lines = vec![nothing; proposals.worker_councils()];
        let tasks = self.parts.iter().zip((0..).step_by(CHUNK)).zip(lines.chunks_mut(CHUNK)).collect();
        for_each(tasks, |((part, first), lines): ((&Part, usize), &mut [Line])| {
            for ((w, seen), line) in (first..).zip(&part.seen).zip(lines) {
                if proposals.is_missing_at(w) {
                    continue;
                }
                let constant = seen.revenue / seen.elasticity - seen.position;
                *line = Line { elasticity: seen.elasticity, constant };
            }
        });
        let seen = || self.parts.iter().flat_map(|part| &part.seen);
        let substitute = self.parts.iter().any(|part| part.substitutes);
        (lines, if substitute { seen().map(|s| s.substitution).collect() } else { Vec::new() })
    }
}

impl Part {
    fn next_year(&mut self) {
        let lasting = |(w, seen): (usize, &Seen)| {
            let kept = 1.0 / (seen.elasticity * (1.0 - seen.spent));
            let usable =
                !seen.silent && !self.brackets.contains_key(&w) && kept > 0.0 && kept <= LARGEST_KEPT;
            Lasting { kept: if usable { kept } else { ASSUMED_KEPT }, substitution: seen.substitution }
        };
        let lasting = self.seen.iter().enumerate().map(lasting).collect();
        *self = Part { lasting, substitutes: self.substitutes, ..Part::default() };
    }

    /// Learns nothing from a council that is missing.
    fn pass_over(&mut self, w: usize, shares: &mut [f64], before: Option<&[f64]>) {
        match before {
            Some(before) => shares.copy_from_slice(before),
            None => shares.fill(0.0),
        }
        if w == self.seen.len() {
            self.seen.push(UNKNOWN);
        }
    }

    /// Takes in what is seen of a council for the first time.
    fn meet(&mut self, w: usize, seen: Seen) {
        match self.seen.get_mut(w) {
            Some(unknown) => *unknown = seen,
            None => self.seen.push(seen),
        }
    }

    /// Takes in the proposal of the council at a place in this part, made at some prices and their logarithms: its shares
    /// and what follows from them, also from the shares `before`, at prices whose logarithms come with them.
    fn learn_from(
        &mut self,
        w: usize,
        plan: WorkerProposal<'_>,
        shares: &mut [f64],
        (prices, log_prices): (&[f64], &[f64]),
        before: Option<(&[f64], &[f64])>,
    ) {
        let o = plan.good.index();
        let revenue = (prices[o] * plan.output).max(CUT_OFF.exp().recip());
        let used: f64 = plan.input_goods.iter().zip(plan.inputs).map(|(g, x)| prices[g.index()] * x).sum();
        // Who makes next to nothing of what it uses says as little about how it divides revenue as who makes nothing.
        let silent = plan.output == 0.0 || used > LARGEST_SPENT * revenue;
        let (mut spent, mut position) = (0.0, log_prices[o]);
        for (i, (good, input)) in plan.input_goods.iter().zip(plan.inputs).enumerate() {
            shares[i] = if !silent {
                prices[good.index()] * input / revenue
            } else {
                before.map_or(0.0, |(shares, _)| shares[i]) // who makes nothing shows no shares
            };
            spent += shares[i];
            position -= shares[i] * log_prices[good.index()];
        }
        if let Some((before, log_before)) = before
            && before.iter().zip(&*shares).any(|(b, s)| (s / b - 1.0).abs() > SAME_SHARE)
        {
            let changes = plan.input_goods.iter().zip(before).zip(&*shares);
            let changes = changes.map(|((good, before), now)| Change {
                price: log_prices[good.index()] - log_before[good.index()],
                before: *before,
                now: *now,
            });
            self.learn_substitution(w, position, log_prices[o] - log_before[o], changes);
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
                let (elasticity, revenue) = (ASSUMED_ELASTICITY, revenue.ln());
                let substitution = self.lasting.get(w).unwrap_or(&ASSUMED).substitution;
                self.meet(w, Seen { position, revenue, elasticity, spent, substitution, silent });
            }
            _ => self.learn(w, position, revenue.ln(), spent),
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
            self.substitutes |= seen.substitution != 1.0;
        }
        if !self.brackets.contains_key(&w) {
            // With changing shares, what input prices have done is the mean of both shares' view (Törnqvist's index).
            seen.position = z - (moved - mean_price);
        }
    }
}
