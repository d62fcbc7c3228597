//! An economy of average councils as totals show it, and the prices that clear it.

use crate::rule::safeguard::Seen;
use crate::rule::secants::{LowRank, add, largest, norm};

/// Cost of effort as a share of what a council keeps of its revenue.
const ASSUMED_EFFORT: f64 = 0.1;
/// No average council pays more than this share of its revenue for its inputs.
const LARGEST_SHARE: f64 = 0.98;
/// |log(D/S)| at which the model is cleared: far below what the next round of the real economy will tell.
const CLEARED: f64 = 1e-13;
/// Newton steps at most; where that is not enough, the next round goes on.
const STEPS: usize = 40;
/// Largest change of a price in one Newton step, as an exponent of e.
const LONGEST_STEP: f64 = 3.0;
/// Halvings of a Newton step at most.
const HALVINGS: usize = 12;
/// Exponents of e at most, so that sums stay finite.
const LARGEST_EXPONENT: f64 = 300.0;
/// Every price has at least this effect on its own good's imbalance, so that it can be solved for.
const SMALLEST_OWN: f64 = 1e-3;

/// All in values at the announced prices, but for `u`; see [`TotalsNewton`](super::TotalsNewton).
pub(super) struct Model {
    u: Vec<f64>,
    f: Vec<f64>,
    made: Vec<f64>,
    consumption: Vec<f64>,
    endowed: Vec<f64>,
    /// `b_i`.
    shares: Vec<f64>,
    /// `π_i`.
    users: Vec<f64>,
    /// `h`.
    elasticity: f64,
    /// `h·β`.
    own: f64,
    /// What the model misses of `f` where it was set up: its parts are rounded and kept apart from zero.
    missed: Vec<f64>,
}

/// The model at some prices.
struct State {
    made: Vec<f64>,
    all_made: f64,
    shares: Vec<f64>,
    /// Share of councils that would use each input, counted by revenue.
    users: Vec<f64>,
    supply: Vec<f64>,
    demand: Vec<f64>,
    f: Vec<f64>,
}

impl Model {
    pub(super) fn new(
        now: &Seen,
        made: Vec<f64>,
        used: Vec<f64>,
        consumption: Vec<f64>,
        endowed: Vec<f64>,
        inputs_per_council: f64,
    ) -> Self {
        let all: f64 = made.iter().sum();
        let mut shares: Vec<f64> = used.iter().map(|w| if all > 0.0 { w / all } else { 0.0 }).collect();
        let mut spent: f64 = shares.iter().sum();
        if spent > LARGEST_SHARE {
            shares.iter_mut().for_each(|b| *b *= LARGEST_SHARE / spent);
            spent = LARGEST_SHARE;
        }
        let elasticity = 1.0 / ((1.0 - spent) * (1.0 - ASSUMED_EFFORT));
        let typical = spent / inputs_per_council;
        let users = shares.iter().map(|b| if typical > 0.0 { (b / typical).min(1.0) } else { 1.0 }).collect();
        let mut model = Model {
            u: now.u.clone(),
            f: now.f.clone(),
            made,
            consumption,
            endowed,
            shares,
            users,
            elasticity,
            own: elasticity * typical,
            missed: vec![0.0; now.u.len()],
        };
        let f = model.at(&now.u).f;
        model.missed = now.f.iter().zip(f).map(|(f, model)| f - model).collect();
        model
    }

    /// Change of `log(D/S)` from the announced prices to others.
    pub(super) fn change(&self, u: &[f64]) -> Vec<f64> {
        self.at(u).f.iter().zip(&self.f).map(|(then, now)| then - now).collect()
    }

    /// The step to prices that clear the model with a correction of its Jacobian.
    pub(super) fn clear(&self, now: &Seen, correction: &LowRank) -> Option<Vec<f64>> {
        let corrected = |step: &[f64]| {
            let u: Vec<f64> = now.u.iter().zip(step).map(|(u, s)| u + s).collect();
            let mut state = self.at(&u);
            add(&mut state.f, 1.0, &correction.times(step));
            state
        };
        let mut step = vec![0.0; now.u.len()];
        let mut state = corrected(&step);
        for _ in 0..STEPS {
            if largest(&state.f) < CLEARED {
                break;
            }
            let mut newton = self.newton(&state, correction)?;
            let longest = largest(&newton);
            if longest > LONGEST_STEP {
                newton.iter_mut().for_each(|s| *s *= LONGEST_STEP / longest);
            }
            let mut length = 1.0;
            let mut next = None;
            for _ in 0..HALVINGS {
                let mut longer = step.clone();
                add(&mut longer, length, &newton);
                let reached = corrected(&longer);
                if norm(&reached.f) < norm(&state.f) {
                    next = Some((longer, reached));
                    break;
                }
                length *= 0.5;
            }
            let Some(next) = next else { break };
            (step, state) = next;
        }
        Some(step)
    }

    fn newton(&self, state: &State, correction: &LowRank) -> Option<Vec<f64>> {
        let n = self.u.len();
        let h = self.elasticity;
        let of_supply = |g: usize| state.made[g] / state.supply[g];
        let of_demand = |g: usize| 1.0 - self.consumption[g] / state.demand[g];
        let diagonal: Vec<f64> = (0..n)
            .map(|g| {
                let supply = h * of_supply(g) + (1.0 - of_supply(g));
                let demand = -self.own * (1.0 - state.users[g]) * of_demand(g);
                (demand - supply).min(-SMALLEST_OWN)
            })
            .collect();
        let mut rest = LowRank::default();
        // Dearer inputs make everything dearer to make; and what is made moves the use of all inputs.
        rest.push((0..n).map(|g| h * of_supply(g)).collect(), state.shares.clone());
        let response = (0..n).map(|g| h * (state.made[g] / state.all_made - state.shares[g])).collect();
        if state.all_made > 0.0 {
            rest.push((0..n).map(of_demand).collect(), response);
        }
        rest.extend(correction);
        let right: Vec<f64> = state.f.iter().map(|f| -f).collect();
        rest.solve(&diagonal, &right)
    }

    fn at(&self, u: &[f64]) -> State {
        let n = u.len();
        let exp = |x: f64| x.clamp(-LARGEST_EXPONENT, LARGEST_EXPONENT).exp();
        let change = |g: usize| u[g] - self.u[g];
        let (mut shares, mut users, mut cost) = (vec![0.0; n], vec![0.0; n], 0.0);
        for g in 0..n {
            if self.shares[g] > 0.0 {
                let x = exp(-self.own * change(g));
                let z = 1.0 - self.users[g] + self.users[g] * x;
                shares[g] = self.shares[g] * x / z;
                users[g] = self.users[g] * x / z;
                // Where all use it, log z is known without rounding, however small β is.
                let log = if self.users[g] < 1.0 { z.ln() } else { -self.own * change(g) };
                cost -= self.shares[g] / (self.users[g] * self.own) * log;
            }
        }
        let made: Vec<f64> =
            (0..n).map(|g| self.made[g] * exp(self.elasticity * (change(g) - cost))).collect();
        let all_made: f64 = made.iter().sum();
        let supply: Vec<f64> = (0..n).map(|g| made[g] + self.endowed[g] * exp(change(g))).collect();
        let demand: Vec<f64> = (0..n).map(|g| self.consumption[g] + shares[g] * all_made).collect();
        let f = (0..n)
            .map(|g| {
                let log = (demand[g] / supply[g]).ln();
                if log.is_finite() { log + self.missed[g] } else { self.missed[g] }
            })
            .collect();
        State { made, all_made, shares, users, supply, demand, f }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Aggregates, Category, Good, Reports, TotalsNewton};

    /// Two goods made, one of them also used, and two endowments.
    fn model() -> (Model, Seen) {
        let goods = [
            Good::new("bread", Category::Private, 0.0),
            Good::new("flour", Category::Intermediate, 1.0),
            Good::new("land", Category::Nature, 3.0),
            Good::new("labour", Category::Labour, 8.0),
        ];
        let all = Aggregates { supply: vec![2.0, 5.0, 3.0, 8.0], demand: vec![4.0, 3.0, 2.0, 9.0] };
        let prices = [30.0, 10.0, 5.0, 4.0];
        let reports = Reports::new(1, &prices, &all);
        let now = Seen::new(&reports);
        let model = TotalsNewton::unchecked(&goods, 110.0).model(&now, &reports);
        (model, now)
    }

    #[test]
    fn it_agrees_with_what_was_reported() {
        let (model, now) = model();
        assert!(largest(&model.change(&now.u)) < 1e-14);
        // Of 120 asked for as consumption, incomes pay 110.
        let shares: Vec<f64> = model.shares.iter().map(|b| b * 100.0).collect();
        for (b, expected) in shares.iter().zip([10.0, 30.0, 10.0, 36.0]) {
            assert!((b - expected).abs() < 1e-12, "{shares:?}");
        }
    }

    #[test]
    fn newton_steps_solve_the_linearised_model() {
        let (model, now) = model();
        let correction = LowRank::mapping([(vec![1.0, 0.5, 0.0, -1.0], vec![0.1, 0.2, -0.1, 0.05])]);
        let step = model.newton(&model.at(&now.u), &correction).unwrap_or_default();
        let moved = |size: f64| {
            let u: Vec<f64> = now.u.iter().zip(&step).map(|(u, s)| u + size * s).collect();
            model.at(&u).f
        };
        let (size, linear) = (1e-5, correction.times(&step));
        for ((up, down), (linear, f)) in moved(size).iter().zip(moved(-size)).zip(linear.iter().zip(&now.f)) {
            let slope = (up - down) / (2.0 * size) + linear;
            assert!((slope + f).abs() < 1e-8 * largest(&now.f), "{slope} against {}", -f);
        }
    }

    #[test]
    fn clearing_clears() {
        let (model, now) = model();
        let step = model.clear(&now, &LowRank::default()).unwrap_or_default();
        let u: Vec<f64> = now.u.iter().zip(&step).map(|(u, s)| u + s).collect();
        assert!(largest(&model.at(&u).f) < 1e-12);
    }
}
