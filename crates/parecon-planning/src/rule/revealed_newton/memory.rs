//! What the board remembers of each worker council from its proposals.

use std::collections::BTreeMap;

use parecon_core::for_each;

use super::model::Line;
use crate::Proposals;
use crate::economy::LARGEST_LOG;

/// Cost of effort as a share of what a council keeps of its revenue, until two rounds have shown it.
const ASSUMED_EFFORT: f64 = 0.1;
/// Revenues that differ by less, in logarithms, say nothing about an elasticity that rounding would not drown.
const SMALLEST_CONTRAST: f64 = 1e-8;
/// No council's revenue reacts more strongly to its output's price (what an economy accepts as decreasing returns).
const LARGEST_ELASTICITY: f64 = 1e9;
/// Logarithmic revenues this close to the limit were cut off.
const CUT_OFF: f64 = LARGEST_LOG * (1.0 - 1e-9);
/// Councils to a task; what each learns is its own.
const CHUNK: usize = 2_048;

/// All worker councils, by position.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    parts: Vec<Part>,
    councils: usize,
}

#[derive(Clone, Debug, Default)]
struct Part {
    seen: Vec<Seen>,
    /// Councils of which only cut-off plans have been seen.
    brackets: BTreeMap<usize, Bracket>,
}

/// What is known of a worker council: a point on the line `log(p_o·Q) = revenue + h·(z − position)`, where
/// `z = log p_o − Σ b_i·log p_i`, and the line's slope.
#[derive(Clone, Copy, Debug)]
struct Seen {
    position: f64,
    revenue: f64,
    elasticity: f64,
}

/// Where a council's plan was cut off from below and from above.
#[derive(Clone, Copy, Debug)]
struct Bracket {
    low: f64,
    high: f64,
}

impl Memory {
    /// Number of councils known.
    pub(super) fn councils(&self) -> usize {
        self.councils
    }

    /// Takes in all proposals, and writes down which share of its revenue each council spends on each input.
    pub(super) fn learn(
        &mut self,
        prices: &[f64],
        log_prices: &[f64],
        proposals: &Proposals,
        shares: &mut Vec<f64>,
    ) {
        let layout = proposals.layout();
        self.councils = layout.workers();
        self.parts.resize_with(self.councils.div_ceil(CHUNK), Part::default);
        shares.resize(layout.all_inputs().len(), 0.0);
        let tasks = self.parts.iter_mut().zip(layout.split_inputs(CHUNK, shares)).collect();
        for_each(
            tasks,
            |(part, (councils, mut shares)): (&mut Part, (std::ops::Range<usize>, &mut [f64]))| {
                for (at, w) in councils.enumerate() {
                    let plan = proposals.worker_at(w);
                    let revenue = prices[plan.good.index()] * plan.output;
                    let (own, rest) = std::mem::take(&mut shares).split_at_mut(plan.inputs.len());
                    let (mut spent, mut position) = (0.0, log_prices[plan.good.index()]);
                    for ((good, input), share) in plan.input_goods.iter().zip(plan.inputs).zip(own) {
                        *share = prices[good.index()] * input / revenue;
                        spent += *share;
                        position -= *share * log_prices[good.index()];
                    }
                    shares = rest;
                    part.learn(at, position, revenue.ln(), spent);
                }
            },
        );
    }

    /// The councils' lines, for the model.
    pub(super) fn lines(&self) -> Vec<Line> {
        let mut lines = vec![Line { elasticity: 1.0, constant: 0.0 }; self.councils];
        for_each(
            self.parts.iter().zip(lines.chunks_mut(CHUNK)).collect(),
            |(part, lines): (&Part, &mut [Line])| {
                for (seen, line) in part.seen.iter().zip(lines) {
                    let constant = seen.revenue / seen.elasticity - seen.position;
                    *line = Line { elasticity: seen.elasticity, constant };
                }
            },
        );
        lines
    }
}

impl Part {
    /// Takes in the proposal of the council at a place in this part: its position `z`, logarithmic revenue, and share `B`
    /// of revenue spent on inputs.
    fn learn(&mut self, w: usize, z: f64, revenue: f64, spent: f64) {
        // More than all revenue can only be spent by mistake; then hardly reacting to prices is out of the question.
        let smallest =
            if spent < 1.0 { (1.0 / (1.0 - spent)).min(LARGEST_ELASTICITY) } else { LARGEST_ELASTICITY };
        let cut_off = revenue.abs() >= CUT_OFF;
        if w == self.seen.len() {
            let elasticity = (smallest / (1.0 - ASSUMED_EFFORT)).min(LARGEST_ELASTICITY);
            self.seen.push(Seen { position: z, revenue, elasticity });
            if cut_off {
                self.brackets.insert(w, Bracket { low: f64::NEG_INFINITY, high: f64::INFINITY });
            }
        }
        let seen = &mut self.seen[w];
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
}
