//! How worker councils that are not Cobb–Douglas react to prices.

use super::{Kind, OtherWorker, Plan, bounded_cost};
use crate::council::Shares;
use crate::{CobbDouglas, Custom};

/// Step in log prices for the slopes of a council that does not report them: the cube root of rounding, at which
/// rounding and curvature cost about the same.
const DIFFERENCE: f64 = 6e-6;

impl OtherWorker {
    /// `p_i·∂x_i/∂log p_j`, output first in rows and columns.
    pub(crate) fn slopes(&self, prices: &[f64], log_prices: &[f64], plan: &Plan, inputs: &[f64]) -> Vec<f64> {
        let m = self.inputs.len() + 1;
        let mut slopes = vec![0.0; m * m];
        let o = self.council.output.index();
        let revenue = plan.output * prices[o];
        let value = |i: usize| inputs[i] * prices[self.inputs[i].index()];
        match &self.kind {
            Kind::Ces { nest, elasticity, returns, .. } => {
                let shares: Shares = nest.shares(&self.log_inputs(log_prices));
                let by_share = nest.share_slopes(&shares);
                let reaction =
                    |j: usize| elasticity * if j == 0 { 1.0 } else { -returns * shares.leaves[j - 1] };
                for j in 0..m {
                    slopes[j] = revenue * reaction(j);
                    for i in 1..m {
                        let mut slope = value(i - 1) * reaction(j);
                        if j > 0 {
                            slope += returns * revenue * by_share[(i - 1) * nest.len() + j - 1];
                        }
                        slopes[i * m + j] = slope;
                    }
                }
                quantities(&mut slopes, m, |i| if i == 0 { revenue } else { value(i - 1) });
            }
            Kind::FirstOrder { technology, elasticity, .. } => {
                fixed_shares(&mut slopes, technology, *elasticity, revenue);
            }
            Kind::Leontief { power, .. } => {
                // ∂Q/∂μ is Q/((κ−1)·μ), and disutility is μ·Q/κ.
                if plan.disutility > 0.0 && plan.output > 0.0 {
                    let margin = plan.disutility * power / plan.output;
                    proportions(
                        &mut slopes,
                        prices[o],
                        value,
                        plan.output,
                        plan.output / ((power - 1.0) * margin),
                    );
                }
            }
            Kind::Activity { capacity, smoothing, .. } => {
                let used = plan.output / capacity;
                let by_margin = capacity * used * (1.0 - used) / smoothing;
                if plan.output > 0.0 {
                    proportions(&mut slopes, prices[o], value, plan.output, by_margin);
                }
            }
            Kind::Bounded { technology, returns, capacity, .. }
                if *returns < 1.0 && plan.output < *capacity * (1.0 - 1e-15) =>
            {
                fixed_shares(&mut slopes, technology, 1.0 / (1.0 - returns), revenue);
            }
            Kind::Bounded { technology, constant, returns, capacity, smoothing } => {
                let exponent = |j: usize| technology.inputs[j - 1].exponent;
                let used = plan.output / capacity;
                let cost = bounded_cost(technology, *constant, *returns, log_prices, capacity.ln()).exp();
                let by_margin = if *returns < 1.0 { 0.0 } else { capacity * used * (1.0 - used) / smoothing };
                for j in 0..m {
                    // Relative change of output, then of the marginal cost times output.
                    let by_price = if j == 0 { prices[o] } else { -cost / capacity * exponent(j) / returns };
                    let change = if plan.output > 0.0 { by_margin * by_price / plan.output } else { 0.0 };
                    slopes[j] = revenue * change;
                    let dearer = if j == 0 { 0.0 } else { exponent(j) };
                    let spending = (change + dearer) / returns;
                    for i in 1..m {
                        let own = if i == j { 1.0 } else { 0.0 };
                        slopes[i * m + j] = value(i - 1) * (spending - own);
                    }
                }
            }
            Kind::Custom(custom) => {
                let input_prices: Vec<f64> = self.inputs.iter().map(|g| prices[g.index()]).collect();
                if !custom.0.slopes(prices[o], &input_prices, &mut slopes) {
                    differences(custom, prices[o], &input_prices, &mut slopes);
                }
            }
        }
        slopes
    }
}

/// From slopes of values to those of quantities, valued: the price's own change is taken out.
fn quantities(slopes: &mut [f64], m: usize, value: impl Fn(usize) -> f64) {
    for i in 0..m {
        slopes[i * m + i] -= value(i);
    }
}

/// Slopes of a council whose spending on each input is a fixed share of revenue.
fn fixed_shares(slopes: &mut [f64], technology: &CobbDouglas, elasticity: f64, revenue: f64) {
    let m = technology.inputs.len() + 1;
    let part = |i: usize| if i == 0 { 1.0 } else { technology.inputs[i - 1].exponent };
    for i in 0..m {
        for j in 0..m {
            let reaction = if j == 0 { 1.0 } else { -part(j) };
            slopes[i * m + j] = part(i) * revenue * elasticity * reaction;
        }
    }
    quantities(slopes, m, |i| part(i) * revenue);
}

/// Slopes of a council with fixed proportions, whose output grows by `by_margin` for each unit of margin.
fn proportions(slopes: &mut [f64], price: f64, value: impl Fn(usize) -> f64, output: f64, by_margin: f64) {
    let m = (slopes.len() as f64).sqrt().round() as usize;
    let per_unit = |i: usize| if i == 0 { price } else { value(i - 1) / output };
    for i in 0..m {
        for j in 0..m {
            let sign = if j == 0 { 1.0 } else { -1.0 };
            slopes[i * m + j] = per_unit(i) * by_margin * sign * per_unit(j);
        }
    }
}

fn differences(custom: &Custom, price: f64, input_prices: &[f64], slopes: &mut [f64]) {
    let m = input_prices.len() + 1;
    let at = |j: usize, step: f64| {
        let mut moved = input_prices.to_vec();
        let mut own = price;
        if j == 0 {
            own *= step.exp();
        } else {
            moved[j - 1] *= step.exp();
        }
        let mut inputs = vec![0.0; m - 1];
        let answer = custom.0.respond(own, &moved, &mut inputs);
        (answer.output, inputs)
    };
    for j in 0..m {
        let (up, down) = (at(j, DIFFERENCE), at(j, -DIFFERENCE));
        slopes[j] = price * (up.0 - down.0) / (2.0 * DIFFERENCE);
        for i in 1..m {
            slopes[i * m + j] = input_prices[i - 1] * (up.1[i - 1] - down.1[i - 1]) / (2.0 * DIFFERENCE);
        }
    }
}
