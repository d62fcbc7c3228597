//! Linear programmes, solved by clarabel's interior-point method. Nothing of clarabel shows outside this module.

use std::panic::resume_unwind;
use std::sync::{Mutex, mpsc};
use std::thread::Builder;

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultInfo, DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};
use parecon_core::Status;

/// min c·x subject to equalities, upper bounds on linear forms, and the first `nonnegative` variables ≥ 0.
pub(crate) struct Lp {
    pub(crate) cost: Vec<f64>,
    pub(crate) nonnegative: usize,
    equal: Rows,
    at_most: Rows,
}

#[derive(Default)]
struct Rows {
    /// (row, variable, coefficient)
    entries: Vec<(usize, usize, f64)>,
    rhs: Vec<f64>,
}

impl Rows {
    fn add(&mut self, coefficients: impl IntoIterator<Item = (usize, f64)>, rhs: f64) -> usize {
        let row = self.rhs.len();
        self.entries.extend(coefficients.into_iter().map(|(variable, value)| (row, variable, value)));
        self.rhs.push(rhs);
        row
    }
}

pub(crate) struct Solution {
    pub(crate) x: Vec<f64>,
    /// One multiplier z per equality, such that c + Σ z·row ≥ 0 in the non-negative variables.
    pub(crate) multipliers: Vec<f64>,
    pub(crate) status: Status,
    /// Whether the solver found that there is no point; the multipliers are then a ray that proves it.
    pub(crate) infeasible: bool,
    pub(crate) iterations: u32,
}

/// A method that runs out of digits within this factor of the tolerance has converged: bounds are computed anew and hours
/// made exact in any case.
const ALMOST: f64 = 10.0;

fn accuracy(info: &DefaultInfo<f64>) -> f64 {
    info.gap_rel.min(info.gap_abs).max(info.res_primal).max(info.res_dual)
}

/// Accuracy and effort.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max_iterations: u32,
    pub(crate) tolerance: f64,
}

/// Iteration, objective, relative gap, relative primal residual.
pub(crate) type Step = (u32, f64, f64, f64);

impl Lp {
    pub(crate) fn new(cost: Vec<f64>, nonnegative: usize) -> Self {
        Lp { cost, nonnegative, equal: Rows::default(), at_most: Rows::default() }
    }

    /// Adds Σ coefficient · variable = rhs; returns its position among the multipliers.
    pub(crate) fn equal(&mut self, coefficients: impl IntoIterator<Item = (usize, f64)>, rhs: f64) -> usize {
        self.equal.add(coefficients, rhs)
    }

    /// Adds Σ coefficient · variable ≤ rhs.
    pub(crate) fn at_most(&mut self, coefficients: impl IntoIterator<Item = (usize, f64)>, rhs: f64) {
        self.at_most.add(coefficients, rhs);
    }

    /// Solves; `on_step` sees every iteration and returns whether to stop.
    ///
    /// `None` if the solver has no finite point to show, or the operating system no thread to spare. A panic in the
    /// solver is a bug and goes on in the caller.
    pub(crate) fn solve(&self, limits: Limits, on_step: &mut dyn FnMut(Step) -> bool) -> Option<Solution> {
        let (sender, steps) = mpsc::channel::<Step>();
        let (answer, verdicts) = mpsc::channel::<bool>();
        // The solver wants a callback that borrows nothing. So it works on a thread of its own, and the caller's
        // observer stays here; the two take turns, nothing runs at the same time.
        std::thread::scope(|scope| {
            // Owned in here: should the observer panic, the solver is not left waiting for its verdict.
            let answer = answer;
            let verdicts = Mutex::new(verdicts);
            let callback = move |info: &DefaultInfo<f64>| {
                let step = (info.iterations, info.cost_primal, info.gap_rel, info.res_primal);
                let asked = sender.send(step).is_ok();
                !asked || verdicts.lock().map_or(true, |v| v.recv().unwrap_or(true))
            };
            let worker = Builder::new().spawn_scoped(scope, move || self.run(limits, callback)).ok()?;
            // Ends when the solver has dropped the callback.
            for step in steps {
                if answer.send(on_step(step)).is_err() {
                    break;
                }
            }
            worker.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    fn run(
        &self,
        limits: Limits,
        callback: impl FnMut(&DefaultInfo<f64>) -> bool + Send + Sync + 'static,
    ) -> Option<Solution> {
        let equalities = self.equal.rhs.len();
        let inequalities = self.at_most.rhs.len();
        let a = self.matrix();
        let mut b = self.equal.rhs.clone();
        b.extend(&self.at_most.rhs);
        b.resize(equalities + inequalities + self.nonnegative, 0.0);
        let cones = [
            SupportedConeT::ZeroConeT(equalities),
            SupportedConeT::NonnegativeConeT(inequalities + self.nonnegative),
        ];
        let settings = DefaultSettings::<f64> {
            verbose: false,
            max_iter: limits.max_iterations,
            tol_gap_abs: limits.tolerance,
            tol_gap_rel: limits.tolerance,
            tol_feas: limits.tolerance,
            max_threads: 1,
            ..DefaultSettings::default()
        };
        let p = CscMatrix::zeros((self.cost.len(), self.cost.len()));
        let mut solver = DefaultSolver::new(&p, &self.cost, &a, &b, &cones, settings).ok()?;
        solver.set_termination_callback(callback);
        solver.solve();
        let finite = |values: &[f64]| values.iter().all(|v| v.is_finite());
        let infeasible = matches!(
            solver.solution.status,
            SolverStatus::PrimalInfeasible | SolverStatus::AlmostPrimalInfeasible
        );
        if !(finite(&solver.solution.x) || infeasible) || !finite(&solver.solution.z) {
            return None;
        }
        Some(Solution {
            x: solver.solution.x.clone(),
            multipliers: solver.solution.z[..equalities].to_vec(),
            status: match solver.solution.status {
                SolverStatus::Solved => Status::Converged,
                // Out of digits, but close enough all the same.
                SolverStatus::AlmostSolved if accuracy(&solver.info) <= ALMOST * limits.tolerance => {
                    Status::Converged
                }
                SolverStatus::MaxIterations | SolverStatus::MaxTime => Status::RoundLimit,
                SolverStatus::CallbackTerminated => Status::Stopped,
                _ => Status::Stalled,
            },
            infeasible,
            iterations: solver.solution.iterations,
        })
    }

    /// All rows in compressed columns: equalities, inequalities, then −x ≤ 0.
    fn matrix(&self) -> CscMatrix<f64> {
        let variables = self.cost.len();
        let first = self.equal.rhs.len();
        let signs = first + self.at_most.rhs.len();
        let entries = || {
            let below =
                self.at_most.entries.iter().map(move |&(row, column, value)| (row + first, column, value));
            let sign = (0..self.nonnegative).map(move |column| (signs + column, column, -1.0));
            self.equal.entries.iter().copied().chain(below).chain(sign)
        };
        let mut starts = vec![0; variables + 1];
        entries().for_each(|(_, column, _)| starts[column + 1] += 1);
        for column in 0..variables {
            starts[column + 1] += starts[column];
        }
        // Entries come in ascending rows, so each column is filled in order.
        let (mut at, mut rows, mut values) =
            (starts.clone(), vec![0; starts[variables]], vec![0.0; starts[variables]]);
        for (row, column, value) in entries() {
            rows[at[column]] = row;
            values[at[column]] = value;
            at[column] += 1;
        }
        CscMatrix::new(signs + self.nonnegative, variables, starts, rows, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "index out of bounds")]
    fn a_panic_in_the_solver_reaches_the_caller() {
        let mut lp = Lp::new(vec![1.0], 1);
        lp.equal([(7, 1.0)], 1.0); // there is no such variable
        lp.solve(Limits { max_iterations: 10, tolerance: 1e-8 }, &mut |_| false);
    }
}
