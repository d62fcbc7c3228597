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
    /// Number of consumer councils that share public goods.
    pub(crate) sharers: f64,
    outputs: Vec<GoodId>,
    input_start: Vec<usize>,
    inputs: Vec<GoodId>,
    want_start: Vec<usize>,
    wants: Vec<GoodId>,
    /// Pollutants permitted by the consumer councils that are not Cobb–Douglas.
    permit_start: Vec<usize>,
    permits: Vec<GoodId>,
    /// Where a council given at a position is stored; empty if all are stored as given.
    worker_order: Vec<u32>,
    consumer_order: Vec<u32>,
}

/// Moves the councils for which `fast` holds before the others; where each of the given ones has gone, if any has moved.
pub(crate) fn partition<T>(councils: &mut Vec<T>, fast: impl Fn(&T) -> bool) -> Vec<u32> {
    let first = councils.iter().filter(|c| fast(c)).count();
    if councils[..first].iter().all(&fast) {
        return Vec::new();
    }
    let (mut next_fast, mut next_other) = (0, first as u32);
    let mut order = Vec::with_capacity(councils.len());
    let (mut front, mut back) = (Vec::with_capacity(first), Vec::new());
    for council in councils.drain(..) {
        let (next, part) =
            if fast(&council) { (&mut next_fast, &mut front) } else { (&mut next_other, &mut back) };
        order.push(*next);
        *next += 1;
        part.push(council);
    }
    front.extend(back);
    *councils = front;
    order
}

impl Layout {
    /// Of councils in the order in which they are stored.
    pub(crate) fn new(
        goods: &[Good],
        workers: &[WorkerCouncil],
        consumers: &[ConsumerCouncil],
        worker_order: Vec<u32>,
        consumer_order: Vec<u32>,
    ) -> Self {
        let mut inputs = Vec::new();
        let input_start = starts(workers.iter().map(|w| {
            let before = inputs.len();
            match &w.technology {
                Technology::CobbDouglas(t) => inputs.extend(t.inputs.iter().map(|i| i.good)),
                other => inputs.extend(other.input_goods()),
            }
            inputs.len() - before
        }));
        let mut wants = Vec::new();
        let want_start = starts(consumers.iter().map(|c| {
            let before = wants.len();
            match &c.preferences {
                Preferences::CobbDouglas(preferences) => wants.extend(preferences.iter().map(|p| p.good)),
                other => wants.extend(other.goods()),
            }
            wants.len() - before
        }));
        let others = || {
            consumers
                .iter()
                .filter(|c| !matches!(c.preferences, Preferences::CobbDouglas(_)))
                .map(|c| c.preferences.exposures())
        };
        Layout {
            endowments: goods.iter().map(|g| g.endowment).collect(),
            public: goods.iter().map(|g| g.category == Category::Public).collect(),
            sharers: consumers.len() as f64,
            outputs: workers.iter().map(|w| w.output).collect(),
            input_start,
            inputs,
            want_start,
            wants,
            permit_start: starts(others().map(<[_]>::len)),
            permits: others().flatten().map(|e| e.pollutant).collect(),
            worker_order,
            consumer_order,
        }
    }

    /// The layout of registered councils, of which nothing else is known.
    pub(crate) fn of(register: &Register) -> Self {
        let Register { goods, worker_councils: workers, consumer_councils: consumers } = register;
        Layout {
            endowments: goods.iter().map(|g| g.endowment).collect(),
            public: goods.iter().map(|g| g.category == Category::Public).collect(),
            sharers: consumers.len() as f64,
            outputs: workers.iter().map(|w| w.output).collect(),
            input_start: starts(workers.iter().map(|w| w.inputs.len())),
            inputs: workers.iter().flat_map(|w| w.inputs.iter().copied()).collect(),
            want_start: starts(consumers.iter().map(|c| c.wants.len())),
            wants: consumers.iter().flat_map(|c| c.wants.iter().copied()).collect(),
            permit_start: starts(consumers.iter().map(|c| c.permits.len())),
            permits: consumers.iter().flat_map(|c| c.permits.iter().copied()).collect(),
            worker_order: Vec::new(),
            consumer_order: Vec::new(),
        }
    }

    /// Where the worker council given at a position is stored.
    pub(crate) fn stored_worker(&self, position: usize) -> usize {
        self.worker_order.get(position).map_or(position, |&at| at as usize)
    }

    /// The position at which a worker council was given.
    pub(crate) fn given_worker(&self, stored: usize) -> usize {
        self.worker_order.iter().position(|&at| at as usize == stored).unwrap_or(stored)
    }

    /// Number of inputs of all worker councils before one.
    pub(crate) fn inputs_before(&self, w: usize) -> usize {
        self.input_start[w]
    }

    pub(crate) fn wants_before(&self, c: usize) -> usize {
        self.want_start[c]
    }

    /// Where the consumer council given at a position is stored.
    pub(crate) fn stored_consumer(&self, position: usize) -> usize {
        self.consumer_order.get(position).map_or(position, |&at| at as usize)
    }

    /// The permits of a consumer council as stored; only those that are not Cobb–Douglas have any.
    pub(crate) fn permit_range(&self, c: usize) -> std::ops::Range<usize> {
        let first_other = self.consumers() + 1 - self.permit_start.len();
        match c.checked_sub(first_other) {
            Some(other) => self.permit_start[other]..self.permit_start[other + 1],
            None => 0..0,
        }
    }

    pub(crate) fn permits(&self, c: usize) -> &[GoodId] {
        &self.permits[self.permit_range(c)]
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
    /// Of Cobb–Douglas councils.
    pub(crate) fn new(councils: Vec<WorkerCouncil>) -> Self {
        let technologies = || councils.iter().filter_map(technology);
        let of = |f: fn(&CobbDouglas) -> f64| -> Vec<f64> { technologies().map(f).collect() };
        Workers {
            productivity: of(|w| w.total_factor_productivity),
            effort_elasticity: of(|w| w.effort_elasticity),
            disutility_coefficient: of(|w| w.disutility_coefficient),
            disutility_exponent: of(|w| w.disutility_exponent),
            constant: of(constant),
            elasticity: of(|w| 1.0 / (1.0 - returns_to_scale(w))),
            largest_returns: technologies().map(input_returns).fold(0.0, f64::max),
            exponents: technologies().flat_map(|t| t.inputs.iter().map(|i| i.exponent)).collect(),
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

fn technology(w: &WorkerCouncil) -> Option<&CobbDouglas> {
    match &w.technology {
        Technology::CobbDouglas(technology) => Some(technology),
        _ => None,
    }
}

fn preferences(c: &ConsumerCouncil) -> &[Preference] {
    match &c.preferences {
        Preferences::CobbDouglas(preferences) => preferences,
        _ => &[],
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

/// Logarithm of the revenue at unit prices, before scaling by `h`.
pub(super) fn constant(w: &CobbDouglas) -> f64 {
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
