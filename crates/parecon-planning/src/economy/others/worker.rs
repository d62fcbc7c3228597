//! Worker councils of other kinds than Cobb–Douglas.

mod slopes;

use super::super::workers::{LARGEST_LOG, constant, returns_to_scale};
use crate::council::FlatNest;
use crate::{Answer, CobbDouglas, Custom, GoodId, Technology, WorkerCouncil};

/// A worker council and what it folds into.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OtherWorker {
    pub(crate) council: WorkerCouncil,
    pub(crate) inputs: Vec<GoodId>,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// `h·(constant + log p_o − B·log P)` is the logarithm of revenue.
    Ces {
        nest: FlatNest,
        constant: f64,
        elasticity: f64,
        returns: f64,
        effort: Effort,
    },
    /// The same with fixed shares, whatever the sign of `h`.
    FirstOrder {
        technology: CobbDouglas,
        constant: f64,
        elasticity: f64,
    },
    /// `Q = A·(μ·A/(s·κ))^(1/(κ−1))` with `κ = k/c`.
    Leontief {
        amounts: Vec<f64>,
        productivity: f64,
        coefficient: f64,
        power: f64,
        effort: f64,
    },
    Activity {
        amounts: Vec<f64>,
        capacity: f64,
        smoothing: f64,
    },
    Bounded {
        technology: CobbDouglas,
        constant: f64,
        returns: f64,
        capacity: f64,
        smoothing: f64,
    },
    Custom(Custom),
}

/// `c/k`, `s`, `k`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Effort {
    share: f64,
    coefficient: f64,
    exponent: f64,
}

impl Effort {
    /// `E = (c·p_o·Q / (s·k))^(1/k)`.
    fn at(self, revenue: f64) -> f64 {
        (self.share * revenue / self.coefficient).powf(1.0 / self.exponent)
    }
}

/// A proposal's numbers beside its inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Plan {
    pub(crate) output: f64,
    pub(crate) effort: f64,
    /// The largest surplus at these prices; never one that is smoothed.
    pub(crate) surplus: f64,
    /// Disutility of the effort proposed, in units of account.
    pub(crate) disutility: f64,
    /// What the council's proposals are the slope of: its surplus, smoothed if the answer is.
    pub(crate) potential: f64,
}

impl OtherWorker {
    pub(crate) fn new(council: WorkerCouncil) -> Option<Self> {
        let inputs = council.technology.input_goods();
        let amounts = |required: &[crate::Requirement]| required.iter().map(|r| r.per_unit).collect();
        let kind = match &council.technology {
            Technology::CobbDouglas(_) => return None,
            Technology::FirstOrder(t) => Kind::FirstOrder {
                technology: t.clone(),
                constant: constant(t),
                elasticity: 1.0 / (1.0 - returns_to_scale(t)),
            },
            Technology::NestedCes(t) => {
                // The Cobb–Douglas council with the nest as its one input.
                let composite = t.composite();
                Kind::Ces {
                    nest: FlatNest::new(&t.nest),
                    constant: constant(&composite),
                    elasticity: 1.0 / (1.0 - returns_to_scale(&composite)),
                    returns: t.returns,
                    effort: effort(&composite),
                }
            }
            Technology::Leontief(t) => Kind::Leontief {
                amounts: amounts(&t.inputs),
                productivity: t.total_factor_productivity,
                coefficient: t.disutility_coefficient,
                power: t.disutility_exponent / t.effort_elasticity,
                effort: t.effort_elasticity,
            },
            Technology::Activity(t) => {
                Kind::Activity { amounts: amounts(&t.inputs), capacity: t.capacity, smoothing: t.smoothing }
            }
            Technology::Bounded(t) => Kind::Bounded {
                technology: t.technology.clone(),
                constant: constant(&t.technology),
                returns: returns_to_scale(&t.technology),
                capacity: t.capacity,
                smoothing: t.smoothing,
            },
            Technology::Custom(t) => Kind::Custom(t.clone()),
        };
        Some(OtherWorker { council, inputs, kind })
    }

    pub(crate) fn is_custom(&self) -> bool {
        matches!(self.kind, Kind::Custom(_))
    }

    /// Whether its plans are those of the largest surplus in a convex set, so that a certificate closes, and the
    /// slopes of a potential.
    pub(crate) fn has_potential(&self) -> bool {
        match &self.kind {
            Kind::Ces { .. } | Kind::Leontief { .. } | Kind::Activity { .. } => true,
            Kind::Bounded { returns, .. } => *returns < 1.0,
            Kind::FirstOrder { elasticity, .. } => *elasticity > 0.0,
            Kind::Custom(_) => false,
        }
    }

    /// Whether the surplus in its plan bounds what it could attain.
    pub(crate) fn is_bounded(&self) -> bool {
        !matches!(&self.kind, Kind::FirstOrder { elasticity, .. } if *elasticity < 0.0)
    }

    fn log_inputs(&self, log_prices: &[f64]) -> Vec<f64> {
        self.inputs.iter().map(|good| log_prices[good.index()]).collect()
    }

    /// The plan at all goods' prices; writes the quantities of inputs.
    pub(crate) fn plan(&self, prices: &[f64], log_prices: &[f64], inputs: &mut [f64]) -> Plan {
        let o = self.council.output.index();
        let price = prices[o];
        let of = |i: usize| prices[self.inputs[i].index()];
        match &self.kind {
            Kind::Ces { nest, constant, elasticity, returns, effort } => {
                let shares = nest.shares(&self.log_inputs(log_prices));
                let revenue = cut((constant + log_prices[o] - returns * shares.log_cost) * elasticity);
                for (i, x) in inputs.iter_mut().enumerate() {
                    *x = returns * revenue * shares.leaves[i] / of(i);
                }
                by_shares(revenue, price, *elasticity, effort)
            }
            Kind::FirstOrder { technology, constant, elasticity } => {
                let log = input_log(technology, *constant, log_prices) + log_prices[o];
                let revenue = cut(log * elasticity);
                for (i, x) in inputs.iter_mut().enumerate() {
                    *x = technology.inputs[i].exponent * revenue / of(i);
                }
                by_shares(revenue, price, *elasticity, &effort(technology))
            }
            Kind::Leontief { amounts, productivity, coefficient, power, effort } => {
                let margin = price - amounts.iter().enumerate().map(|(i, a)| a * of(i)).sum::<f64>();
                let log_output = if margin > 0.0 {
                    productivity.ln() + (margin * productivity / (coefficient * power)).ln() / (power - 1.0)
                } else {
                    f64::NEG_INFINITY
                };
                let output = log_output.min(LARGEST_LOG - log_prices[o]).exp();
                for (x, a) in inputs.iter_mut().zip(amounts) {
                    *x = a * output;
                }
                let surplus = margin.max(0.0) * output * (1.0 - 1.0 / power);
                Plan {
                    output,
                    effort: (output / productivity).powf(1.0 / effort),
                    surplus,
                    disutility: margin.max(0.0) * output / power,
                    potential: surplus,
                }
            }
            Kind::Activity { amounts, capacity, smoothing } => {
                let margin = price - amounts.iter().enumerate().map(|(i, a)| a * of(i)).sum::<f64>();
                let output = capacity * logistic(margin / smoothing);
                for (x, a) in inputs.iter_mut().zip(amounts) {
                    *x = a * output;
                }
                Plan {
                    output,
                    effort: 0.0,
                    surplus: capacity * margin.max(0.0),
                    disutility: 0.0,
                    potential: capacity * smoothing * softplus(margin / smoothing),
                }
            }
            Kind::Bounded { technology, returns, capacity, .. } => {
                let (output, log_cost, surplus) = self.bounded(prices, log_prices);
                // `R·λ·Q` is the cost at the marginal cost λ, and each input's part of it is `b_i·λ·Q`.
                let value = log_cost.min(LARGEST_LOG).exp() / returns;
                for (i, x) in inputs.iter_mut().enumerate() {
                    *x = technology.inputs[i].exponent * value / of(i);
                }
                let effort = effort(technology);
                Plan {
                    output: output.min(*capacity),
                    effort: effort.at(value),
                    surplus,
                    disutility: effort.share * value,
                    potential: surplus,
                }
            }
            Kind::Custom(custom) => {
                let input_prices: Vec<f64> = (0..inputs.len()).map(of).collect();
                let Answer { output, effort, surplus } = custom.0.respond(price, &input_prices, inputs);
                let kept: f64 =
                    price * output - inputs.iter().zip(&input_prices).map(|(x, p)| x * p).sum::<f64>();
                Plan { output, effort, surplus, disutility: (kept - surplus).max(0.0), potential: surplus }
            }
        }
    }

    /// Output of a bounded council, the logarithm of its cost, and the largest surplus.
    fn bounded(&self, prices: &[f64], log_prices: &[f64]) -> (f64, f64, f64) {
        let Kind::Bounded { technology, constant, returns, capacity, smoothing } = &self.kind else {
            return (0.0, f64::NEG_INFINITY, 0.0);
        };
        let o = self.council.output.index();
        let price = prices[o];
        let log_cost = |log_output| bounded_cost(technology, *constant, *returns, log_prices, log_output);
        if *returns < 1.0 {
            let log = input_log(technology, *constant, log_prices);
            let free = ((log + returns * log_prices[o]) / (1.0 - returns)).max(-LARGEST_LOG);
            let log_capacity = capacity.ln();
            if free <= log_capacity {
                // The marginal cost is the price, whatever rounding makes of the cost where returns are all but none.
                let revenue = price * free.exp();
                return (free.exp(), returns.ln() + log_prices[o] + free, (1.0 - returns) * revenue);
            }
            let log_cost = log_cost(log_capacity);
            (*capacity, log_cost, price * capacity - log_cost.exp())
        } else {
            let whole = capacity * price - log_cost(capacity.ln()).min(LARGEST_LOG).exp();
            let output = capacity * logistic(whole / (capacity * smoothing));
            (output, log_cost(output.max(f64::MIN_POSITIVE).ln()), whole.max(0.0))
        }
    }

    /// Logarithm of the factor on output when the inputs of a plan are multiplied by `exp(log_factors)` while effort
    /// stays, and its derivatives in these.
    pub(crate) fn ration(
        &self,
        log_prices: &[f64],
        plan: &Plan,
        log_factors: &[f64],
        slopes: &mut [f64],
    ) -> f64 {
        match &self.kind {
            Kind::Ces { nest, returns, .. } => {
                let shares = nest.shares(&self.log_inputs(log_prices));
                let log = nest.log_factor(&shares, log_factors, slopes);
                slopes.iter_mut().for_each(|s| *s *= returns);
                returns * log
            }
            Kind::FirstOrder { technology, .. } => power(technology, log_factors, slopes),
            Kind::Bounded { technology, capacity, .. } => {
                let room = (capacity / plan.output).ln();
                let log = power(technology, log_factors, slopes);
                if log > room {
                    slopes.fill(0.0);
                    return room;
                }
                log
            }
            Kind::Leontief { .. } | Kind::Activity { .. } | Kind::Custom(_) => {
                // The whole plan in proportion to its scarcest input, which a convex technology allows.
                slopes.fill(0.0);
                let mut least = (0.0, None);
                for (i, &log) in log_factors.iter().enumerate() {
                    if log < least.0 {
                        least = (log, Some(i));
                    }
                }
                if let Some(i) = least.1 {
                    slopes[i] = 1.0;
                }
                least.0
            }
        }
    }
}

impl crate::NestedCes {
    /// The Cobb–Douglas council that uses the nest's quantity as its one input. The good is of no meaning.
    pub(crate) fn composite(&self) -> CobbDouglas {
        CobbDouglas {
            total_factor_productivity: self.total_factor_productivity,
            inputs: vec![crate::Input { good: GoodId(0), exponent: self.returns }],
            effort_elasticity: self.effort_elasticity,
            disutility_coefficient: self.disutility_coefficient,
            disutility_exponent: self.disutility_exponent,
        }
    }
}

fn effort(technology: &CobbDouglas) -> Effort {
    Effort {
        share: technology.effort_elasticity / technology.disutility_exponent,
        coefficient: technology.disutility_coefficient,
        exponent: technology.disutility_exponent,
    }
}

/// The plan of a council that spends fixed shares of its revenue on inputs together and on effort.
fn by_shares(revenue: f64, price: f64, elasticity: f64, effort: &Effort) -> Plan {
    let surplus = revenue / elasticity;
    Plan {
        output: revenue / price,
        effort: effort.at(revenue),
        surplus,
        disutility: effort.share * revenue,
        potential: surplus,
    }
}

fn cut(log: f64) -> f64 {
    log.clamp(-LARGEST_LOG, LARGEST_LOG).exp()
}

fn logistic(t: f64) -> f64 {
    1.0 / (1.0 + (-t).exp())
}

/// `log(1 + e^t)`.
fn softplus(t: f64) -> f64 {
    t.max(0.0) + (-t.abs()).exp().ln_1p()
}

/// `constant − Σ b_i·log p_i`.
fn input_log(technology: &CobbDouglas, constant: f64, log_prices: &[f64]) -> f64 {
    technology.inputs.iter().fold(constant, |log, i| log - i.exponent * log_prices[i.good.index()])
}

/// Logarithm of the least cost of an output, effort included: the first-order conditions hold at a marginal cost `λ` in
/// place of the price, and the cost is `R·λ·Q` for returns `R`.
fn bounded_cost(
    technology: &CobbDouglas,
    constant: f64,
    returns: f64,
    log_prices: &[f64],
    log_output: f64,
) -> f64 {
    let log = input_log(technology, constant, log_prices);
    ((1.0 - returns) * log_output - log) / returns + log_output + returns.ln()
}

/// `Π r_i^b_i` in logarithms.
fn power(technology: &CobbDouglas, log_factors: &[f64], slopes: &mut [f64]) -> f64 {
    let mut log = 0.0;
    for ((input, factor), slope) in technology.inputs.iter().zip(log_factors).zip(slopes) {
        log += input.exponent * factor;
        *slope = input.exponent;
    }
    log
}
