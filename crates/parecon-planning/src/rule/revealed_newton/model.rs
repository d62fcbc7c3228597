//! An economy of Cobb–Douglas councils as the board sees it, and the prices that clear it.

use std::ops::Range;

use parecon_core::for_each;

use super::slopes::Slopes;
use crate::council::log_mean;
use crate::economy::{LARGEST_LOG, Layout};
use crate::exponential::for_exponentials;
use crate::linear::{Lu, worth_matrices};
use crate::rule::Reports;
use crate::total::{task, total};
use crate::{Collective, GoodId, Proposals};

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
/// After a step that leaves no more than this share of the distance, its matrix is good for the next.
const KEEP: f64 = 0.1;
/// Exponents of e at most, so that sums stay finite.
const LARGEST_EXPONENT: f64 = 600.0;

/// A council's elasticity `h` and constant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) elasticity: f64,
    pub(super) constant: f64,
}

/// Councils with revenue `V_w = exp(h_w·(constant_w + log p_o − Σ b_wi·log p_i))`, and shares that change with prices where
/// inputs are substituted with another elasticity than 1: then the sum is that at the base prices, and from there on
/// `B_w` times the logarithm of a CES price index.
pub(super) struct Model<'a> {
    layout: &'a Layout,
    group: &'a dyn Collective,
    technologies: Technologies<'a>,
    /// Logarithms of the prices at which the shares were observed.
    base: Vec<f64>,
    endowments: Vec<f64>,
    spending: Vec<f64>,
    /// Whether Φ is a potential: no supply falls as its price rises.
    has_potential: bool,
    matrices: bool,
}

/// What proposals have revealed of each council.
pub(super) struct Technologies<'a> {
    /// `b`, one council after the other.
    pub(super) shares: &'a [f64],
    pub(super) lines: &'a [Line],
    /// Elasticity of substitution; empty if all are 1.
    pub(super) substitution: Vec<f64>,
}

/// The model at some prices, in values.
pub(super) struct State {
    pub(super) supply: Vec<f64>,
    pub(super) demand: Vec<f64>,
    /// Endowments.
    pub(super) endowed: Vec<f64>,
    /// Φ, convex in the logarithms of prices with gradient `supply − demand`.
    potential: f64,
    /// Sum of the absolute values of the terms of Φ.
    magnitude: f64,
}

impl<'a> Model<'a> {
    pub(super) fn new(
        reports: &Reports<'a>,
        proposals: &'a Proposals,
        technologies: Technologies<'a>,
        log_prices: &[f64],
    ) -> Self {
        let (layout, group, n) = (proposals.layout(), reports.group(), log_prices.len());
        let mut inputs = [technologies.shares.len() as f64];
        group.sum(&mut inputs);
        let mut permitted = proposals.permitted(n);
        group.sum(&mut permitted);
        let mut endowments: Vec<f64> = layout.endowments.iter().zip(permitted).map(|(e, p)| e + p).collect();
        let mut spending: Vec<f64> =
            proposals.requests().iter().zip(reports.prices()).map(|(x, p)| x * p).collect();
        if proposals.any_missing() {
            // What stands in for those who are missing does not react: so much is made, so much is spent.
            for w in (0..layout.workers()).filter(|w| proposals.is_missing_at(*w)) {
                let plan = proposals.worker_at(w);
                endowments[plan.good.index()] += plan.output;
                for (good, x) in plan.input_goods.iter().zip(plan.inputs) {
                    spending[good.index()] += x * reports.prices()[good.index()];
                }
            }
        }
        Model {
            layout,
            group,
            base: log_prices.to_vec(),
            endowments,
            spending,
            has_potential: !reports.any(technologies.lines.iter().any(|line| line.elasticity <= 0.0)),
            matrices: worth_matrices(n, inputs[0]),
            technologies,
        }
    }

    /// log(D/S) at some prices.
    pub(super) fn residual(&self, u: &[f64]) -> Vec<f64> {
        self.at(u).residual()
    }

    /// Solves systems with the derivative of log(S/D) at some prices.
    pub(super) fn solve_at(&self, u: &[f64], rights: &[&[f64]]) -> Option<Vec<Vec<f64>>> {
        let (state, slopes) = (self.at(u), Slopes::at(self, u));
        let system = slopes.system(&state, true)?;
        rights.iter().map(|right| system.solve(right)).collect()
    }

    /// Logarithms of prices, searched from given ones, at which no |log(D/S)| exceeds `precision`.
    pub(super) fn clear(&self, mut u: Vec<f64>, precision: f64) -> Vec<f64> {
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
        let mut kept: Option<Lu> = None;
        for _ in 0..STEP_LIMIT {
            if state.distance() <= precision {
                break;
            }
            let again = kept.as_ref().and_then(|lu| self.step_with(lu, &u, &state));
            let Some((next, reached)) = again.or_else(|| self.step(&u, &state, &mut kept)) else { break };
            if reached.distance() > KEEP * state.distance() {
                kept = None;
            }
            (u, state) = (next, reached);
        }
        u
    }

    /// A step with an earlier point's matrix, if it does what it should.
    fn step_with(&self, lu: &Lu, u: &[f64], state: &State) -> Option<(Vec<f64>, State)> {
        let step = self.descend(u, state, lu.solve(&state.residual())?, 0)?;
        (step.1.distance() <= KEEP * state.distance()).then_some(step)
    }

    /// One step down Φ: Newton's on log(D/S), which is nearly linear in the logarithms of prices and so reaches far; if
    /// that is of no use, Newton's on Φ itself, whose curvature is never negative; or else simply raising what is
    /// short and lowering what is plentiful.
    fn step(&self, u: &[f64], state: &State, kept: &mut Option<Lu>) -> Option<(Vec<f64>, State)> {
        let residual = state.residual();
        let slopes = Slopes::at(self, u);
        if let Some(system) = slopes.system(state, true) {
            let direction = system.solve(&residual);
            let step = direction.and_then(|direction| self.descend(u, state, direction, FEW_HALVINGS));
            if step.is_some() || state.distance() < NEAR {
                *kept = system.into_factors();
                return step;
            }
        }
        let on_potential = || {
            let scale = state.scale();
            let gap = state.demand.iter().zip(&state.supply).map(|(d, s)| d - s);
            let right: Vec<f64> = gap.zip(&scale).map(|(gap, s)| gap * s).collect();
            let mut direction = slopes.system(state, false)?.solve(&right)?;
            direction.iter_mut().zip(&scale).for_each(|(d, s)| *d *= s);
            Some(direction)
        };
        *kept = None;
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

    pub(super) fn has_matrices(&self) -> bool {
        self.matrices
    }

    pub(super) fn group(&self) -> &dyn Collective {
        self.group
    }

    pub(super) fn spending(&self) -> &[f64] {
        &self.spending
    }

    pub(super) fn endowments(&self) -> &[f64] {
        &self.endowments
    }

    pub(super) fn councils(&self) -> usize {
        self.layout.workers()
    }

    /// Councils per task that sums over goods.
    pub(super) fn chunk(&self) -> usize {
        task(self.councils(), self.spending.len())
    }

    pub(super) fn line(&self, w: usize) -> Line {
        self.technologies.lines[w]
    }

    pub(super) fn output(&self, w: usize) -> usize {
        self.layout.output(w).index()
    }

    /// Inputs and the shares of revenue spent on them at the base prices.
    fn technology(&self, w: usize) -> (&[GoodId], &[f64]) {
        let range = self.layout.input_range(w);
        (&self.layout.all_inputs()[range.clone()], &self.technologies.shares[range])
    }

    /// Inputs and the shares of revenue spent on them at some prices; `memory` serves where they have changed.
    pub(super) fn technology_at<'m>(
        &'m self,
        w: usize,
        u: &[f64],
        memory: &'m mut Vec<f64>,
    ) -> (&'m [GoodId], &'m [f64]) {
        let (goods, shares) = self.technology(w);
        let Some(r) = self.exponent(w) else { return (goods, shares) };
        let (_, mean) = self.index(w, u, r);
        let moved = |good: &GoodId| u[good.index()] - self.base[good.index()];
        memory.clear();
        memory.extend(goods.iter().zip(shares).map(|(good, share)| share * (r * (moved(good) - mean)).exp()));
        (goods, memory)
    }

    /// The exponent `1 − σ` of a council's price index; `None` where it is 0.
    pub(super) fn exponent(&self, w: usize) -> Option<f64> {
        self.technologies.substitution.get(w).map(|s| 1.0 - s).filter(|r| *r != 0.0)
    }

    /// `B` and the logarithm of the price index since the base.
    fn index(&self, w: usize, u: &[f64], r: f64) -> (f64, f64) {
        let (goods, shares) = self.technology(w);
        let whole: f64 = shares.iter().sum();
        let terms = goods.iter().zip(shares);
        let terms = terms.map(|(good, share)| (share / whole, u[good.index()] - self.base[good.index()]));
        (whole, if whole > 0.0 { log_mean(terms, r) } else { 0.0 })
    }

    /// `Σ_i b_wi·u_i`, or what the price index makes of it.
    pub(super) fn input_price(&self, w: usize, u: &[f64]) -> f64 {
        let (goods, shares) = self.technology(w);
        let sum = |u: &[f64]| -> f64 {
            goods.iter().zip(shares).map(|(good, share)| share * u[good.index()]).sum()
        };
        let Some(r) = self.exponent(w) else { return sum(u) };
        let (whole, mean) = self.index(w, u, r);
        sum(&self.base) + whole * mean
    }

    pub(super) fn log_revenue(&self, w: usize, u: &[f64]) -> f64 {
        let line = self.line(w);
        line.elasticity * (line.constant + u[self.output(w)] - self.input_price(w, u))
    }

    /// Calls `each` with every council of a range and its revenue.
    pub(super) fn revenues(&self, range: Range<usize>, u: &[f64], mut each: impl FnMut(usize, f64)) {
        let log = |w| [self.log_revenue(w, u).min(LARGEST_LOG)];
        for_exponentials(range, log, |w, [revenue]| each(w, revenue));
    }

    /// A number for each council, which `fill` finds for those of a range.
    pub(super) fn each(&self, fill: impl Fn(Range<usize>, &mut [f64]) + Sync + Send) -> Vec<f64> {
        let mut values = vec![0.0; self.councils()];
        let chunk = self.chunk();
        let tasks = (0..).step_by(chunk).zip(values.chunks_mut(chunk)).collect();
        for_each(tasks, |(first, part): (usize, &mut [f64])| fill(first..first + part.len(), part));
        values
    }

    fn at(&self, u: &[f64]) -> State {
        let n = u.len();
        let fold = |range: Range<usize>, sums: &mut [f64]| {
            let mut memory = Vec::new();
            self.revenues(range, u, |w, value| {
                sums[self.output(w)] += value;
                sums[2 * n] += value / self.line(w).elasticity;
                let (goods, shares) = self.technology_at(w, u, &mut memory);
                for (good, share) in goods.iter().zip(shares) {
                    sums[n + good.index()] += share * value;
                }
            });
        };
        let mut sums = total(self.councils(), self.chunk(), 2 * n + 1, fold);
        self.group.sum(&mut sums);
        let mut state = State {
            demand: sums[n..2 * n].to_vec(),
            endowed: Vec::with_capacity(n),
            potential: sums[2 * n],
            magnitude: sums[2 * n],
            supply: sums,
        };
        state.supply.truncate(n);
        for g in 0..n {
            let endowed = self.endowments[g] * u[g].min(LARGEST_EXPONENT).exp();
            state.supply[g] += endowed;
            state.demand[g] += self.spending[g];
            let spent = self.spending[g] * u[g];
            state.potential += endowed - spent;
            state.magnitude += endowed + spent.abs();
            state.endowed.push(endowed);
        }
        state
    }
}

impl State {
    /// `log(D/S)`.
    fn residual(&self) -> Vec<f64> {
        self.demand.iter().zip(&self.supply).map(|(d, s)| (d / s).ln()).collect()
    }

    /// Sum of squares of log(D/S); infinite if some quantity is not a number.
    fn squares(&self) -> f64 {
        let sum: f64 = self.residual().iter().map(|r| r.powi(2)).sum();
        if sum.is_nan() { f64::INFINITY } else { sum }
    }

    /// What brings Φ's curvature to like size in all goods.
    pub(super) fn scale(&self) -> Vec<f64> {
        self.demand.iter().zip(&self.supply).map(|(d, s)| (d + s).sqrt().recip()).collect()
    }

    /// Largest |log(D/S)|; infinite if some quantity is not a number.
    pub(super) fn distance(&self) -> f64 {
        self.demand.iter().zip(&self.supply).fold(0.0, |most, (d, s)| {
            let size = (d / s).ln().abs();
            if size.is_nan() { f64::INFINITY } else { size.max(most) }
        })
    }
}
