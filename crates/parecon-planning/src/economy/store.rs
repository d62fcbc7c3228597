//! Councils as flat arrays.

use crate::{
    Category, CobbDouglas, ConsumerCouncil, Good, GoodId, Input, Preference, Preferences, Register,
    Technology, WorkerCouncil,
};

/// Plans worth more than `e^LARGEST_LOG` are cut off; see [`Economy`](crate::Economy).
pub(crate) const LARGEST_LOG: f64 = 400.0;

/// Who makes, uses and wants which goods: what proposals and economy share.
#[derive(Debug, PartialEq)]
pub(crate) struct Layout {
    pub(crate) endowments: Vec<f64>,
    pub(crate) public: Vec<bool>,
    outputs: Vec<GoodId>,
    input_start: Vec<usize>,
    inputs: Vec<GoodId>,
    want_start: Vec<usize>,
    wants: Vec<GoodId>,
}

impl Layout {
    pub(crate) fn new(goods: &[Good], workers: &[WorkerCouncil], consumers: &[ConsumerCouncil]) -> Self {
        Layout {
            endowments: goods.iter().map(|g| g.endowment).collect(),
            public: goods.iter().map(|g| g.category == Category::Public).collect(),
            outputs: workers.iter().map(|w| w.output).collect(),
            input_start: starts(workers.iter().map(|w| technology(w).inputs.len())),
            inputs: workers.iter().flat_map(|w| technology(w).inputs.iter().map(|i| i.good)).collect(),
            want_start: starts(consumers.iter().map(|c| preferences(c).len())),
            wants: consumers.iter().flat_map(|c| preferences(c).iter().map(|p| p.good)).collect(),
        }
    }

    /// The layout of registered councils, of which nothing else is known.
    pub(crate) fn of(register: &Register) -> Self {
        let Register { goods, worker_councils: workers, consumer_councils: consumers } = register;
        Layout {
            endowments: goods.iter().map(|g| g.endowment).collect(),
            public: goods.iter().map(|g| g.category == Category::Public).collect(),
            outputs: workers.iter().map(|w| w.output).collect(),
            input_start: starts(workers.iter().map(|w| w.inputs.len())),
            inputs: workers.iter().flat_map(|w| w.inputs.iter().copied()).collect(),
            want_start: starts(consumers.iter().map(|c| c.wants.len())),
            wants: consumers.iter().flat_map(|c| c.wants.iter().copied()).collect(),
        }
    }

    pub(crate) fn workers(&self) -> usize {
        self.outputs.len()
    }

    pub(crate) fn consumers(&self) -> usize {
        self.want_start.len() - 1
    }

    pub(crate) fn output(&self, w: usize) -> GoodId {
        self.outputs[w]
    }

    pub(crate) fn input_range(&self, w: usize) -> std::ops::Range<usize> {
        self.input_start[w]..self.input_start[w + 1]
    }

    pub(crate) fn inputs(&self, w: usize) -> &[GoodId] {
        &self.inputs[self.input_range(w)]
    }

    /// Inputs of all worker councils, one council after the other.
    pub(crate) fn all_inputs(&self) -> &[GoodId] {
        &self.inputs
    }

    /// Wants of all consumer councils, one council after the other.
    pub(crate) fn all_wants(&self) -> &[GoodId] {
        &self.wants
    }

    pub(crate) fn want_range(&self, c: usize) -> std::ops::Range<usize> {
        self.want_start[c]..self.want_start[c + 1]
    }

    pub(crate) fn wants(&self, c: usize) -> &[GoodId] {
        &self.wants[self.want_range(c)]
    }
}

/// Positions where each of consecutive runs of the given lengths starts, and where the last one ends.
fn starts(lengths: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut end = 0;
    std::iter::once(0)
        .chain(lengths.map(|length| {
            end += length;
            end
        }))
        .collect()
}

/// Parameters of the worker councils, and what they fold into.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Workers {
    names: Vec<Box<str>>,
    productivity: Vec<f64>,
    exponents: Vec<f64>,
    effort_elasticity: Vec<f64>,
    disutility_coefficient: Vec<f64>,
    disutility_exponent: Vec<f64>,
    /// `log A + (c/k)·log(c/(k·s)) + Σ b_i·log b_i`: logarithm of the revenue at unit prices, before scaling.
    constant: Vec<f64>,
    /// `h = 1/(1 − B − c/k)`: elasticity of revenue in the price of the output.
    elasticity: Vec<f64>,
    largest_returns: f64,
}

impl Workers {
    pub(crate) fn new(councils: Vec<WorkerCouncil>) -> Self {
        let of =
            |f: fn(&CobbDouglas) -> f64| -> Vec<f64> { councils.iter().map(technology).map(f).collect() };
        Workers {
            productivity: of(|w| w.total_factor_productivity),
            effort_elasticity: of(|w| w.effort_elasticity),
            disutility_coefficient: of(|w| w.disutility_coefficient),
            disutility_exponent: of(|w| w.disutility_exponent),
            constant: of(constant),
            elasticity: of(|w| 1.0 / (1.0 - returns_to_scale(w))),
            largest_returns: councils.iter().map(technology).map(input_returns).fold(0.0, f64::max),
            exponents: councils
                .iter()
                .flat_map(|w| technology(w).inputs.iter().map(|i| i.exponent))
                .collect(),
            names: councils.into_iter().map(|w| w.name.into_boxed_str()).collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn exponents(&self, w: usize, layout: &Layout) -> &[f64] {
        &self.exponents[layout.input_range(w)]
    }

    /// Largest `B = Σ b_i` of any council.
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

    /// `p_o·Q = exp(h·(constant + log p_o − Σ b_i·log p_i))`.
    pub(crate) fn revenue(&self, w: usize, layout: &Layout, log_prices: &[f64]) -> f64 {
        let mut log = self.constant[w] + log_prices[layout.output(w).index()];
        for (good, exponent) in layout.inputs(w).iter().zip(self.exponents(w, layout)) {
            log -= exponent * log_prices[good.index()];
        }
        (self.elasticity[w] * log).clamp(-LARGEST_LOG, LARGEST_LOG).exp()
    }

    /// `E = (c·p_o·Q / (s·k))^(1/k)`.
    pub(crate) fn effort(&self, w: usize, revenue: f64) -> f64 {
        let k = self.disutility_exponent[w];
        (self.effort_share(w) * revenue / self.disutility_coefficient[w]).powf(1.0 / k)
    }

    pub(crate) fn council(&self, w: usize, layout: &Layout) -> WorkerCouncil {
        let inputs = layout.inputs(w).iter().zip(self.exponents(w, layout));
        WorkerCouncil {
            name: self.names[w].to_string(),
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

fn technology(w: &WorkerCouncil) -> &CobbDouglas {
    let Technology::CobbDouglas(technology) = &w.technology;
    technology
}

fn preferences(c: &ConsumerCouncil) -> &[Preference] {
    let Preferences::CobbDouglas(preferences) = &c.preferences;
    preferences
}

/// `B`.
fn input_returns(w: &CobbDouglas) -> f64 {
    w.inputs.iter().map(|i| i.exponent).sum()
}

/// `B + c/k`.
pub(crate) fn returns_to_scale(w: &CobbDouglas) -> f64 {
    w.effort_elasticity / w.disutility_exponent + input_returns(w)
}

fn constant(w: &CobbDouglas) -> f64 {
    let (c, s, k) = (w.effort_elasticity, w.disutility_coefficient, w.disutility_exponent);
    let share = c / k;
    // The limit of x·log x at 0: a council without effort, or with so little that the share underflows.
    let effort = if share > 0.0 { share * (share.ln() - s.ln()) } else { 0.0 };
    w.total_factor_productivity.ln()
        + effort
        + w.inputs.iter().map(|i| i.exponent * i.exponent.ln()).sum::<f64>()
}

/// Incomes and preferences of the consumer councils.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Consumers {
    names: Vec<Box<str>>,
    incomes: Vec<f64>,
    weights: Vec<f64>,
    total_weights: Vec<f64>,
}

impl Consumers {
    pub(crate) fn new(councils: Vec<ConsumerCouncil>) -> Self {
        Consumers {
            incomes: councils.iter().map(|c| c.income).collect(),
            weights: councils.iter().flat_map(|c| preferences(c).iter().map(|p| p.weight)).collect(),
            total_weights: councils.iter().map(|c| preferences(c).iter().map(|p| p.weight).sum()).collect(),
            names: councils.into_iter().map(|c| c.name.into_boxed_str()).collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn income(&self, c: usize) -> f64 {
        self.incomes[c]
    }

    pub(crate) fn total_income(&self) -> f64 {
        self.incomes.iter().sum()
    }

    /// Shares of spending, `α`, in the order of the council's wants.
    pub(crate) fn shares<'a>(&'a self, c: usize, layout: &Layout) -> impl Iterator<Item = f64> + use<'a> {
        let total = self.total_weights[c];
        self.weights[layout.want_range(c)].iter().map(move |weight| weight / total)
    }

    pub(crate) fn council(&self, c: usize, layout: &Layout) -> ConsumerCouncil {
        let range = layout.want_range(c);
        let wants = layout.wants(c).iter().zip(&self.weights[range]);
        ConsumerCouncil {
            name: self.names[c].to_string(),
            income: self.incomes[c],
            preferences: Preferences::CobbDouglas(
                wants.map(|(&good, &weight)| Preference { good, weight }).collect(),
            ),
        }
    }
}
