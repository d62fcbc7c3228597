//! Cobb–Douglas worker councils as flat arrays.

use std::ops::Range;

use super::layout::Layout;
use super::names::Names;
use crate::exponential::for_exponentials;
use crate::{CobbDouglas, Input, Technology, WorkerCouncil};

/// Plans worth more than `e^LARGEST_LOG` are cut off; see [`Economy`](crate::Economy).
pub(crate) const LARGEST_LOG: f64 = 400.0;

/// Parameters of the worker councils, and what they fold into.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Workers {
    names: Names,
    productivity: Vec<f64>,
    exponents: Vec<f64>,
    effort_elasticity: Vec<f64>,
    disutility_coefficient: Vec<f64>,
    disutility_exponent: Vec<f64>,
    /// `log(c/(k·s))`: `k` times the logarithm of the effort at a revenue of 1.
    effort_constant: Vec<f64>,
    /// `log A + (c/k)·log(c/(k·s)) + Σ b_i·log b_i`: logarithm of the revenue at unit prices, before scaling.
    constant: Vec<f64>,
    /// `h = 1/(1 − B − c/k)`: elasticity of revenue in the price of the output.
    elasticity: Vec<f64>,
    largest_returns: f64,
}

impl Workers {
    pub(crate) fn push(&mut self, name: &str, technology: &CobbDouglas) {
        self.names.push(name);
        self.productivity.push(technology.total_factor_productivity);
        self.exponents.extend(technology.inputs.iter().map(|i| i.exponent));
        self.effort_elasticity.push(technology.effort_elasticity);
        self.disutility_coefficient.push(technology.disutility_coefficient);
        self.disutility_exponent.push(technology.disutility_exponent);
        self.effort_constant.push(effort_constant(technology));
        self.constant.push(constant(technology));
        self.elasticity.push(1.0 / (1.0 - returns_to_scale(technology)));
        self.largest_returns = self.largest_returns.max(input_returns(technology));
    }

    pub(crate) fn len(&self) -> usize {
        self.elasticity.len()
    }

    pub(crate) fn exponents(&self, w: usize, layout: &Layout) -> &[f64] {
        &self.exponents[layout.input_range(w)]
    }

    /// Largest `B = Σ b_i` of any council here.
    pub(crate) fn largest_returns(&self) -> f64 {
        self.largest_returns
    }

    pub(crate) fn elasticity(&self, w: usize) -> f64 {
        self.elasticity[w]
    }

    /// `c/k`: cost of effort as a share of revenue.
    pub(crate) fn effort_share(&self, w: usize) -> f64 {
        self.effort_elasticity[w] / self.disutility_exponent[w]
    }

    /// Calls `each` with every council of a range and the value of its output,
    /// `p_o·Q = exp(h·(constant + log p_o − Σ b_i·log p_i))`.
    pub(crate) fn revenues(
        &self,
        range: Range<usize>,
        layout: &Layout,
        log_prices: &[f64],
        mut each: impl FnMut(usize, f64),
    ) {
        let log = |w| self.log_revenue(w, layout, log_prices);
        for_exponentials(range, |w| [log(w)], |w, [revenue]| each(w, revenue));
    }

    /// The same with the effort, `E = (c·p_o·Q/(s·k))^(1/k)`.
    pub(crate) fn plans(
        &self,
        range: Range<usize>,
        layout: &Layout,
        log_prices: &[f64],
        mut each: impl FnMut(usize, f64, f64),
    ) {
        let logs = |w| {
            let log = self.log_revenue(w, layout, log_prices);
            [log, (self.effort_constant[w] + log) / self.disutility_exponent[w]]
        };
        for_exponentials(range, logs, |w, [revenue, effort]| each(w, revenue, effort));
    }

    fn log_revenue(&self, w: usize, layout: &Layout, log_prices: &[f64]) -> f64 {
        let mut log = self.constant[w] + log_prices[layout.output(w).index()];
        for (good, exponent) in layout.inputs(w).iter().zip(self.exponents(w, layout)) {
            log -= exponent * log_prices[good.index()];
        }
        (self.elasticity[w] * log).clamp(-LARGEST_LOG, LARGEST_LOG)
    }

    pub(crate) fn council(&self, w: usize, layout: &Layout) -> WorkerCouncil {
        let inputs = layout.inputs(w).iter().zip(self.exponents(w, layout));
        WorkerCouncil {
            name: self.names.get(w).to_owned(),
            output: layout.output(w),
            technology: Technology::CobbDouglas(CobbDouglas {
                total_factor_productivity: self.productivity[w],
                inputs: inputs.map(|(&good, &exponent)| Input { good, exponent }).collect(),
                effort_elasticity: self.effort_elasticity[w],
                disutility_coefficient: self.disutility_coefficient[w],
                disutility_exponent: self.disutility_exponent[w],
            }),
        }
    }
}

/// `B`.
fn input_returns(w: &CobbDouglas) -> f64 {
    w.inputs.iter().map(|i| i.exponent).sum()
}

/// `B + c/k`.
pub(super) fn returns_to_scale(w: &CobbDouglas) -> f64 {
    w.effort_elasticity / w.disutility_exponent + input_returns(w)
}

/// `log(c/(k·s))`.
fn effort_constant(w: &CobbDouglas) -> f64 {
    (w.effort_elasticity / w.disutility_exponent).ln() - w.disutility_coefficient.ln()
}

/// Logarithm of the revenue at unit prices, before scaling by `h`.
pub(super) fn constant(w: &CobbDouglas) -> f64 {
    let share = w.effort_elasticity / w.disutility_exponent;
    // The limit of x·log x at 0: a council without effort, or with so little that the share underflows.
    let effort = if share > 0.0 { share * effort_constant(w) } else { 0.0 };
    w.total_factor_productivity.ln()
        + effort
        + w.inputs.iter().map(|i| i.exponent * i.exponent.ln()).sum::<f64>()
}
