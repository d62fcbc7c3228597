//! An economy of Cobb–Douglas councils as the board sees it, and the prices that clear it.

use std::ops::Range;

use parecon_core::chunked_reduce;

use crate::Proposals;
use crate::council::log_mean;
use crate::economy::{LARGEST_LOG, Layout};
use crate::linear::solve;

/// Largest |log(D/S)| at which the model counts as cleared: a few hundred times rounding.
const CLEARED: f64 = 1e-11;
/// Below this |log(D/S)|, a Newton step that does not help has met rounding.
const NEAR: f64 = 1e-6;
/// Beyond this |log(D/S)|, a factor of e, a fresh start may be closer than the prices at hand.
const FAR: f64 = 1.0;
/// Newton steps at most; where the answer is not exact by then, the next round goes on.
const STEP_LIMIT: usize = 60;
/// Largest change of a price in one Newton step, as an exponent of e.
const LONGEST_STEP: f64 = 10.0;
/// Halvings of a step at most, where there is an alternative and where there is none.
const FEW_HALVINGS: usize = 3;
const HALVINGS: usize = 40;
/// Share of the expected decrease that a step must achieve.
const SUFFICIENT: f64 = 1e-4;
/// Rounding in Φ, relative to its terms.
const ROUNDING: f64 = 1e-12;
/// Changes of producer in the fresh start at most.
const CHOICES: usize = 100;
/// Exponents of e at most, so that sums stay finite.
const LARGEST_EXPONENT: f64 = 600.0;

/// Councils with revenue `V_w = exp(h_w·(constant_w + log p_o − Σ b_wi·log p_i))`, and shares that change with prices where
/// inputs are substituted with another elasticity than 1: then the sum is that at the base prices, and from there on
/// `B_w` times the logarithm of a CES price index.
pub(super) struct Model<'a> {
    layout: &'a Layout,
    shares: Vec<f64>,
    /// Elasticity of substitution; empty if all are 1.
    substitution: Vec<f64>,
    /// Logarithms of the prices at which the shares were observed.
    base: Vec<f64>,
    elasticities: Vec<f64>,
    constants: Vec<f64>,
    endowments: Vec<f64>,
    spending: Vec<f64>,
    /// Whether Φ is a potential: no supply falls as its price rises.
    has_potential: bool,
}

/// What proposals have revealed of each council.
pub(super) struct Technologies {
    /// `b`, one council after the other.
    pub(super) shares: Vec<f64>,
    pub(super) substitution: Vec<f64>,
    pub(super) elasticities: Vec<f64>,
    pub(super) constants: Vec<f64>,
}

/// The model at some prices, in values.
struct State {
    /// Values of supply and demand.
    supply: Vec<f64>,
    demand: Vec<f64>,
    /// Φ, convex in the logarithms of prices with gradient `supply − demand`.
    potential: f64,
    /// Sum of the absolute values of the terms of Φ.
    magnitude: f64,
    /// Derivatives of `supply` and `demand` in the logarithms of prices, row-major.
    supply_slopes: Vec<f64>,
    demand_slopes: Vec<f64>,
}

impl<'a> Model<'a> {
    pub(super) fn new(
        layout: &'a Layout,
        technologies: Technologies,
        log_prices: &[f64],
        proposals: &Proposals,
    ) -> Self {
        let Technologies { shares, mut substitution, elasticities, constants } = technologies;
        if substitution.iter().all(|s| *s == 1.0) {
            substitution.clear();
        }
        let prices: Vec<f64> = log_prices.iter().map(|u| u.exp()).collect();
        let permitted = proposals.permitted(prices.len());
        let endowments = layout.endowments.iter().zip(permitted).map(|(e, p)| e + p).collect();
        let has_potential = elasticities.iter().all(|h| *h > 0.0);
        Model {
            layout,
            shares,
            substitution,
            base: log_prices.to_vec(),
            elasticities,
            constants,
            endowments,
            spending: proposals.spending(&prices),
            has_potential,
        }
    }

    /// log(D/S) at some prices.
    pub(super) fn residual(&self, u: &[f64]) -> Vec<f64> {
        let state = self.at(u);
        state.demand.iter().zip(&state.supply).map(|(d, s)| (d / s).ln()).collect()
    }

    /// `∂log(S/D)/∂u`, row-major.
    pub(super) fn jacobian(&self, u: &[f64]) -> Vec<f64> {
        let (state, n) = (self.at(u), u.len());
        let slope = |at: usize| {
            state.supply_slopes[at] / state.supply[at / n] - state.demand_slopes[at] / state.demand[at / n]
        };
        (0..n * n).map(slope).collect()
    }

    /// Logarithms of the clearing prices, searched from given ones.
    pub(super) fn clear(&self, mut u: Vec<f64>) -> Vec<f64> {
        let mut state = self.at(&u);
        if self.has_potential
            && state.distance() > FAR
            && let Some(start) = self.fresh_start(&u)
        {
            let started = self.at(&start);
            if !state.distance().is_finite() || started.potential < state.potential {
                (u, state) = (start, started);
            }
        }
        for _ in 0..STEP_LIMIT {
            let Some((next, next_state)) = self.step(&u, &state) else { break };
            (u, state) = (next, next_state);
            if state.distance() <= CLEARED {
                break;
            }
        }
        u
    }

    /// One step down Φ: Newton's on log(D/S), which is nearly linear in the logarithms of prices and so reaches far; if
    /// that is of no use, Newton's on Φ itself, whose curvature is never negative; or else simply raising what is
    /// short and lowering what is plentiful.
    fn step(&self, u: &[f64], state: &State) -> Option<(Vec<f64>, State)> {
        let n = u.len();
        let (supply, demand) = (&state.supply, &state.demand);
        let residual: Vec<f64> = demand.iter().zip(supply).map(|(d, s)| (d / s).ln()).collect();
        let on_logarithms = || {
            let slope = |at: usize| {
                state.supply_slopes[at] / supply[at / n] - state.demand_slopes[at] / demand[at / n]
            };
            solve(&(0..n * n).map(slope).collect::<Vec<_>>(), &residual)
        };
        let on_potential = || {
            let scale: Vec<f64> = demand.iter().zip(supply).map(|(d, s)| (d + s).sqrt().recip()).collect();
            let curvature = |at: usize| {
                (state.supply_slopes[at] - state.demand_slopes[at]) * scale[at / n] * scale[at % n]
            };
            let right: Vec<f64> = (0..n).map(|g| (demand[g] - supply[g]) * scale[g]).collect();
            let mut scaled = solve(&(0..n * n).map(curvature).collect::<Vec<_>>(), &right)?;
            scaled.iter_mut().zip(&scale).for_each(|(d, s)| *d *= s);
            Some(scaled)
        };
        let step = on_logarithms().and_then(|direction| self.descend(u, state, direction, FEW_HALVINGS));
        if step.is_some() || state.distance() < NEAR {
            return step;
        }
        on_potential()
            .and_then(|direction| self.descend(u, state, direction, HALVINGS))
            .or_else(|| self.descend(u, state, residual, HALVINGS))
    }

    /// Follows a direction, at half the length until Φ decreases as much as its slope promises.
    fn descend(
        &self,
        u: &[f64],
        state: &State,
        mut direction: Vec<f64>,
        halvings: usize,
    ) -> Option<(Vec<f64>, State)> {
        let longest = direction.iter().fold(0.0, |longest: f64, d| longest.max(d.abs()));
        if longest > LONGEST_STEP {
            direction.iter_mut().for_each(|d| *d *= LONGEST_STEP / longest);
        }
        if !self.has_potential {
            return self.approach(u, state, &direction, halvings);
        }
        let surplus = state.supply.iter().zip(&state.demand).map(|(s, d)| s - d);
        let slope: f64 = direction.iter().zip(surplus).map(|(d, surplus)| d * surplus).sum();
        if slope >= 0.0 || slope.is_nan() {
            return None;
        }
        let mut length = 1.0;
        for _ in 0..=halvings {
            let next: Vec<f64> = u.iter().zip(&direction).map(|(u, d)| u + length * d).collect();
            // With slopes at once: nearly every step is taken.
            let reached = self.at(&next);
            let change = reached.potential - state.potential;
            // In the end the decrease of Φ drowns in rounding, and the distance has to tell. It must not alone: as
            // prices of goods used to make themselves go to infinity, log(D/S) does not.
            let nearer =
                || change <= ROUNDING * state.magnitude && reached.distance() < 0.5 * state.distance();
            if reached.distance().is_finite() && (change <= SUFFICIENT * length * slope || nearer()) {
                return Some((next, reached));
            }
            length *= 0.5;
        }
        None
    }

    /// Follows a direction, at half the length until the sum of squares of log(D/S) decreases.
    fn approach(
        &self,
        u: &[f64],
        state: &State,
        direction: &[f64],
        halvings: usize,
    ) -> Option<(Vec<f64>, State)> {
        let mut length = 1.0;
        for _ in 0..=halvings {
            let next: Vec<f64> = u.iter().zip(direction).map(|(u, d)| u + length * d).collect();
            let reached = self.at(&next);
            if reached.squares() < (1.0 - SUFFICIENT * length) * state.squares() {
                return Some((next, reached));
            }
            length *= 0.5;
        }
        None
    }

    /// Prices at which every good's best producer alone earns what is spent on the good, if producers keep
    /// their present shares of it: supply is then between demand and a multiple of it.
    ///
    /// Policy iteration on `u_o = min_w [log X_o/h_w − constant_w + Σ b_wi·u_i]`, a contraction.
    fn fresh_start(&self, u: &[f64]) -> Option<Vec<f64>> {
        let n = u.len();
        let spent: Vec<f64> =
            solve(&self.spending_matrix(u), &self.spending)?.iter().map(|x| x.ln()).collect();
        let target =
            |w: usize| spent[self.layout.output(w).index()] / self.elasticities[w] - self.constants[w];

        let mut u = u.to_vec();
        let mut chosen: Vec<Option<usize>> = Vec::new();
        for _ in 0..CHOICES {
            let mut best: Vec<f64> =
                spent.iter().zip(&self.endowments).map(|(x, endowment)| x - endowment.ln()).collect();
            let mut choice = vec![None; n];
            for w in 0..self.layout.workers() {
                let (g, price) = (self.layout.output(w).index(), target(w) + self.input_price(w, &u));
                if price < best[g] - CLEARED {
                    (best[g], choice[g]) = (price, Some(w));
                }
            }
            if choice == chosen {
                break;
            }
            chosen = choice;
            let mut matrix = vec![0.0; n * n];
            let mut right = best;
            for (g, choice) in chosen.iter().enumerate() {
                matrix[g * n + g] = 1.0;
                if let Some(w) = *choice {
                    for (good, share) in self.inputs(w) {
                        matrix[g * n + good] -= share;
                    }
                    right[g] = target(w);
                }
            }
            u = solve(&matrix, &right)?;
        }
        Some(u)
    }

    /// `I − Σ_w b_w ⊗ (share of w in its good's output)`: spending `X` on goods solves `matrix · X = M`.
    fn spending_matrix(&self, u: &[f64]) -> Vec<f64> {
        let n = u.len();
        let logs: Vec<f64> = (0..self.layout.workers()).map(|w| self.log_revenue(w, u)).collect();
        let mut largest = vec![f64::NEG_INFINITY; n];
        for (w, log) in logs.iter().enumerate() {
            let g = self.layout.output(w).index();
            largest[g] = largest[g].max(*log);
        }
        let relative = |w: usize| (logs[w] - largest[self.layout.output(w).index()]).exp();
        let mut total = vec![0.0; n];
        for w in 0..logs.len() {
            total[self.layout.output(w).index()] += relative(w);
        }
        let mut matrix = vec![0.0; n * n];
        for g in 0..n {
            matrix[g * n + g] = 1.0;
        }
        for w in 0..logs.len() {
            let g = self.layout.output(w).index();
            for (good, share) in self.inputs(w) {
                matrix[good * n + g] -= share * relative(w) / total[g];
            }
        }
        matrix
    }

    fn inputs(&self, w: usize) -> impl Iterator<Item = (usize, f64)> + Clone {
        let shares = &self.shares[self.layout.input_range(w)];
        self.layout.inputs(w).iter().zip(shares).map(|(good, share)| (good.index(), *share))
    }

    /// The exponent `1 − σ` of a council's price index; `None` where it is 0.
    fn exponent(&self, w: usize) -> Option<f64> {
        self.substitution.get(w).map(|s| 1.0 - s).filter(|r| *r != 0.0)
    }

    /// `Σ_i b_wi·u_i`.
    fn input_price(&self, w: usize, u: &[f64]) -> f64 {
        let Some(r) = self.exponent(w) else {
            return self.inputs(w).map(|(good, share)| share * u[good]).sum();
        };
        let (whole, mean) = self.index(w, u, r);
        self.inputs(w).map(|(good, share)| share * self.base[good]).sum::<f64>() + whole * mean
    }

    /// `B` and the logarithm of the price index since the base.
    fn index(&self, w: usize, u: &[f64], r: f64) -> (f64, f64) {
        let whole: f64 = self.inputs(w).map(|(_, share)| share).sum();
        let terms = self.inputs(w).map(|(good, share)| (share / whole, u[good] - self.base[good]));
        (whole, if whole > 0.0 { log_mean(terms, r) } else { 0.0 })
    }

    /// A council's inputs with their shares of revenue at some prices.
    fn shares_at(&self, w: usize, u: &[f64], shares: &mut Vec<(usize, f64)>) {
        shares.clear();
        shares.extend(self.inputs(w));
        if let Some(r) = self.exponent(w) {
            let (_, mean) = self.index(w, u, r);
            for (good, share) in shares {
                *share *= (r * (u[*good] - self.base[*good] - mean)).exp();
            }
        }
    }

    fn log_revenue(&self, w: usize, u: &[f64]) -> f64 {
        let position = u[self.layout.output(w).index()] - self.input_price(w, u);
        self.elasticities[w] * (self.constants[w] + position)
    }

    fn at(&self, u: &[f64]) -> State {
        let n = u.len();
        let zero = || State {
            supply: vec![0.0; n],
            demand: vec![0.0; n],
            potential: 0.0,
            magnitude: 0.0,
            supply_slopes: vec![0.0; n * n],
            demand_slopes: vec![0.0; n * n],
        };
        let fold = |range: Range<usize>| {
            let mut state = zero();
            let mut shares = Vec::new();
            for w in range {
                let o = self.layout.output(w).index();
                let value = self.log_revenue(w, u).min(LARGEST_LOG).exp();
                state.supply[o] += value;
                state.potential += value / self.elasticities[w];
                let reaction = self.elasticities[w] * value;
                self.shares_at(w, u, &mut shares);
                // Shares move by `(1 − σ)·(b_i·δ_ij − b_i·b_j/B)`.
                let change = self.exponent(w).map_or(0.0, |r| r * value);
                let whole: f64 =
                    if change == 0.0 { 1.0 } else { shares.iter().map(|(_, share)| share).sum() };
                for &(i, share) in &shares {
                    state.demand[i] += share * value;
                    state.supply_slopes[o * n + i] -= share * reaction;
                    state.demand_slopes[i * n + o] += share * reaction;
                    for &(j, other) in &shares {
                        state.demand_slopes[i * n + j] -= share * other * reaction;
                        if change != 0.0 {
                            state.demand_slopes[i * n + j] -= share * (other / whole) * change;
                        }
                    }
                    if change != 0.0 {
                        state.demand_slopes[i * n + i] += share * change;
                    }
                }
                state.supply_slopes[o * n + o] += reaction;
            }
            state
        };
        // As many councils to a task as there are cells: the sums then cost no more than the councils.
        let chunk = (4 * n).max(512).max(n * n / 4);
        let mut state =
            chunked_reduce(self.layout.workers(), chunk, fold, State::absorb).unwrap_or_else(zero);
        state.magnitude = state.potential;
        for g in 0..n {
            let endowed = self.endowments[g] * u[g].min(LARGEST_EXPONENT).exp();
            state.supply[g] += endowed;
            state.demand[g] += self.spending[g];
            let spent = self.spending[g] * u[g];
            state.potential += endowed - spent;
            state.magnitude += endowed + spent.abs();
            state.supply_slopes[g * n + g] += endowed;
        }
        state
    }
}

impl State {
    fn absorb(&mut self, part: State) {
        self.potential += part.potential;
        for (total, part) in [
            (&mut self.supply, part.supply),
            (&mut self.demand, part.demand),
            (&mut self.supply_slopes, part.supply_slopes),
            (&mut self.demand_slopes, part.demand_slopes),
        ] {
            total.iter_mut().zip(part).for_each(|(t, p)| *t += p);
        }
    }

    /// Sum of squares of log(D/S); infinite if some quantity is not a number.
    fn squares(&self) -> f64 {
        let sum: f64 = self.demand.iter().zip(&self.supply).map(|(d, s)| (d / s).ln().powi(2)).sum();
        if sum.is_nan() { f64::INFINITY } else { sum }
    }

    /// Largest |log(D/S)|; infinite if some quantity is not a number.
    fn distance(&self) -> f64 {
        self.demand.iter().zip(&self.supply).fold(0.0, |most, (d, s)| {
            let size = (d / s).ln().abs();
            if size.is_nan() { f64::INFINITY } else { size.max(most) }
        })
    }
}
