//! What solving a band problem comes to.

use parecon_core::Status;
use serde::{Deserialize, Serialize};

use super::bound::{Dual, dual, evaluate, price_idle_tasks};
use super::{Engine, Infeasible, Problem};

/// An assignment, or the proof that there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Outcome {
    /// The best assignment found.
    Solved(Box<Solution>),
    /// No assignment meets quotas, hours and bands.
    Infeasible(Infeasible),
}

impl Outcome {
    /// The assignment, if there is one.
    #[must_use]
    pub fn solution(&self) -> Option<&Solution> {
        match self {
            Outcome::Solved(solution) => Some(solution),
            Outcome::Infeasible(_) => None,
        }
    }

    /// How the search ended: with a proof it is over.
    pub(super) fn status(&self) -> Status {
        self.solution().map_or(Status::Converged, |solution| solution.status)
    }

    /// The proof that there is none.
    #[must_use]
    pub fn infeasible(&self) -> Option<&Infeasible> {
        match self {
            Outcome::Solved(_) => None,
            Outcome::Infeasible(reason) => Some(reason),
        }
    }
}

/// By how much an assignment misses what it must meet, at worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Residuals {
    /// `max_j |Σ_i x_ij − h_j|` in hours.
    pub hours: f64,
    /// `max_i |Σ_j x_ij − q_i|` in hours.
    pub quotas: f64,
    /// `max_id (|Σ_j (r_jd − r̄_d) x_ij| / q_i − τ_id)₊` over hard bands, in rating points.
    pub bands: f64,
}

/// What an engine did; the figures do not depend on the machine or the number of threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Work {
    /// Members left after merging those that are identical.
    pub types: usize,
    /// Iterations of the engine.
    pub iterations: u32,
    /// Restarts of the first-order engine.
    pub restarts: u32,
    /// Newton steps of its repairs.
    pub repair_steps: u32,
    /// Conjugate-gradient steps of all of them.
    pub gradients: u32,
}

impl Work {
    /// The work of one run and of another after it.
    pub(super) fn and(self, next: Work) -> Work {
        Work {
            types: next.types,
            iterations: self.iterations.saturating_add(next.iterations),
            restarts: self.restarts.saturating_add(next.restarts),
            repair_steps: self.repair_steps.saturating_add(next.repair_steps),
            gradients: self.gradients.saturating_add(next.gradients),
        }
    }
}

/// The best assignment an engine found, with its proof of quality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Solution {
    /// `x_ij ≥ 0` in hours, per eligible pair.
    pub x: Vec<f64>,
    /// `v_j`: what an hour of each task more would add to the objective.
    pub prices: Vec<f64>,
    /// `u_i`: what an hour of each member's quota more would add.
    pub quota_prices: Vec<f64>,
    /// `g_id`, members × D, `|g_id| ≤ w_id`: what a rating point of freedom is worth to each member, per hour; positive where the
    /// upper end of the band binds. The reduced cost of any pair is `c_ij − v_j − u_i + Σ_d g_id (r_jd − r̄_d)`, not negative
    /// on eligible ones; on ineligible ones it is what training member i for task j would save per hour, if negative.
    pub band_prices: Vec<f64>,
    /// `Σ c_ij x_ij + Σ w_id e_id`.
    pub objective: f64,
    /// `Σ_j h_j v_j + Σ_i q_i (u_i − Σ_d τ_id |g_id|)`, at most the optimum whatever the prices.
    pub bound: f64,
    /// The mean |cost| of the eligible pairs times all hours: what any assignment costs, about.
    pub magnitude: f64,
    /// By how much the assignment misses its constraints.
    pub residuals: Residuals,
    /// How the engine ended.
    pub status: Status,
    /// The engine that solved it.
    pub engine: Engine,
    /// What it took.
    pub work: Work,
}

impl Solution {
    /// `(objective − bound) / max(|objective|, |bound|, magnitude / 1000)`: 0 at the optimum.
    ///
    /// Negative only by as much as the [residuals](Self::residuals) allow.
    #[must_use]
    pub fn gap(&self) -> f64 {
        relative_gap(self.objective, self.bound, self.magnitude)
    }

    /// The number of pairs in use.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.x.iter().filter(|x| **x > 0.0).count()
    }

    /// Whether the gap is within the accuracy, from either side, and hours, quotas and bands are met but for a part of the
    /// largest of their kind: a point that misses them may cost less than any that does not.
    pub(super) fn reached(&self, problem: &Problem, accuracy: f64, part: f64) -> bool {
        self.gap().abs() <= accuracy && self.met(problem, part)
    }

    /// Whether hours, quotas and bands are met but for a part of the largest of their kind.
    pub(super) fn met(&self, problem: &Problem, part: f64) -> bool {
        let data = problem.data();
        let most = |values: &[f64]| values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        self.residuals.hours <= part * most(&data.hours)
            && self.residuals.quotas <= part * most(&data.quotas)
            && self.residuals.bands <= part * most(&data.offsets)
    }

    /// Judges a point and prices, whichever engine they are from.
    pub(crate) fn judge(problem: &Problem, x: Vec<f64>, mut prices: Vec<f64>) -> Self {
        let (objective, residuals) = evaluate(problem, &x);
        let magnitude = magnitude(problem);
        let mut best = dual(problem, &prices);
        if magnitude == 0.0 {
            // Where work costs nothing, prices that are only noise prove less than none, or more than the point costs by what
            // it may miss of the hours.
            let none = vec![0.0; problem.tasks()];
            let at = dual(problem, &none);
            let paid: f64 = problem.data().hours.iter().zip(&prices).map(|(h, v)| h * v.abs()).sum();
            let noise = best.bound > objective && best.bound <= objective + MET * paid;
            if at.bound >= best.bound || noise {
                (best, prices) = (at, none);
            }
        }
        price_idle_tasks(problem, &mut prices, &best);
        let Dual { quota_prices, band_prices, bound } = best;
        Solution {
            x,
            prices,
            quota_prices,
            band_prices,
            objective,
            bound,
            magnitude,
            residuals,
            status: Status::Stalled,
            engine: Engine::Auto,
            work: Work { types: problem.members(), ..Work::default() },
        }
    }
}

/// What a point that has converged may miss, over the largest of its kind: a solver may be ten times off its own tolerance of 1e-9.
pub(super) const MET: f64 = 1e-8;
/// An optimum below this part of what any assignment costs is taken as 0 when gaps are measured.
const SMALL: f64 = 1e-3;

pub(super) fn relative_gap(objective: f64, bound: f64, magnitude: f64) -> f64 {
    let size = objective.abs().max(bound.abs()).max(SMALL * magnitude);
    if size > 0.0 { (objective - bound) / size } else { 0.0 }
}

pub(super) fn magnitude(problem: &Problem) -> f64 {
    let data = problem.data();
    let costs: f64 = data.costs.iter().map(|c| c.abs()).sum();
    costs / data.costs.len().max(1) as f64 * data.hours.iter().sum::<f64>()
}
