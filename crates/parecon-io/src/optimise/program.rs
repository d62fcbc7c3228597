//! Linear and log-concave programmes in the units that suit them, solved by clarabel's interior-point method.
//! Nothing of clarabel shows outside this module.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};
use parecon_core::Status;

/// Rounds of equilibration: each takes the square root of what is left.
const SCALINGS: usize = 12;

/// What clarabel is asked for; how far it got is found out from the plan itself.
const ACCURACY: f64 = 1e-10;

/// max g·v − ½ v'Q v subject to rows a·v ≤ b and v ≥ 0, except that a logarithm's value is free.
#[derive(Default)]
pub(super) struct Program {
    gain: Vec<f64>,
    quadratic: Vec<f64>,
    /// The unit in which a variable is of order 1; `None` for one that is to stay as it is.
    units: Vec<Option<f64>>,
    entries: Vec<(usize, usize, f64)>,
    rhs: Vec<f64>,
    logs: Vec<Log>,
}

/// value ≤ ln(least + argument).
struct Log {
    value: usize,
    argument: usize,
    least: f64,
}

pub(super) struct Solution {
    pub(super) values: Vec<f64>,
    /// One per row, not negative.
    pub(super) multipliers: Vec<f64>,
    pub(super) status: Status,
    pub(super) iterations: u32,
}

/// How a programme ended.
pub(super) enum Outcome {
    Solved(Solution),
    /// There is no end in this direction, by variable in their own units.
    Unbounded(Vec<f64>),
    /// The solver has no finite point to show.
    Nothing(u32),
}

impl Program {
    pub(super) fn variable(&mut self, gain: f64, unit: Option<f64>) -> usize {
        self.gain.push(gain);
        self.quadratic.push(0.0);
        self.units.push(unit);
        self.gain.len() - 1
    }

    /// Adds −½ weight v² to the objective.
    pub(super) fn add_quadratic(&mut self, variable: usize, weight: f64) {
        self.quadratic[variable] += weight;
    }

    /// A variable worth `gain` that is at most ln(least + argument).
    pub(super) fn log(&mut self, gain: f64, argument: usize, least: f64) {
        let value = self.variable(gain, None);
        self.logs.push(Log { value, argument, least });
    }

    pub(super) fn row(&mut self, coefficients: impl IntoIterator<Item = (usize, f64)>, rhs: f64) -> usize {
        let row = self.rhs.len();
        let present = coefficients.into_iter().filter(|(_, value)| *value != 0.0);
        self.entries.extend(present.map(|(variable, value)| (row, variable, value)));
        self.rhs.push(rhs);
        row
    }

    pub(super) fn solve(&self, max_iterations: u32) -> Outcome {
        let (rows, columns, whole) = self.scales();
        let worth = (self.gain.iter().zip(&columns).map(|(g, c)| (g * c / whole).abs())).fold(0.0, f64::max);
        let money = if worth > 0.0 { 1.0 / worth } else { 1.0 };

        let (n, m) = (self.gain.len(), self.rhs.len());
        let mut cells: Vec<(usize, usize, f64)> =
            self.entries.iter().map(|&(i, j, a)| (i, j, a * rows[i] * columns[j])).collect();
        let mut b: Vec<f64> = self.rhs.iter().zip(&rows).map(|(b, row)| b * row * whole).collect();
        let free: Vec<usize> = self.logs.iter().map(|log| log.value).collect();
        for j in (0..n).filter(|j| !free.contains(j)) {
            cells.push((b.len(), j, -1.0));
            b.push(0.0);
        }
        let mut cones = vec![SupportedConeT::NonnegativeConeT(b.len())];
        for log in &self.logs {
            cells.push((b.len(), log.value, -1.0));
            cells.push((b.len() + 2, log.argument, -1.0));
            b.extend([0.0, 1.0, log.least]);
            cones.push(SupportedConeT::ExponentialConeT());
        }
        let a = compressed(b.len(), n, &cells);
        let curved = (0..n).filter(|&j| self.quadratic[j] > 0.0);
        let p = compressed(
            n,
            n,
            &curved
                .map(|j| (j, j, money * self.quadratic[j] * (columns[j] / whole).powi(2)))
                .collect::<Vec<_>>(),
        );
        let q: Vec<f64> = (0..n).map(|j| -money * self.gain[j] * columns[j] / whole).collect();
        let settings = DefaultSettings::<f64> {
            verbose: false,
            max_iter: max_iterations,
            tol_gap_abs: ACCURACY,
            tol_gap_rel: ACCURACY,
            tol_feas: ACCURACY,
            max_threads: 1,
            ..DefaultSettings::default()
        };
        let Ok(mut solver) = DefaultSolver::new(&p, &q, &a, &b, &cones, settings) else {
            return Outcome::Nothing(0);
        };
        solver.solve();
        let solution = &solver.solution;
        let status = match solution.status {
            SolverStatus::DualInfeasible | SolverStatus::AlmostDualInfeasible => {
                return Outcome::Unbounded(solution.x.clone());
            }
            SolverStatus::Solved => Status::Converged,
            SolverStatus::MaxIterations | SolverStatus::MaxTime => Status::RoundLimit,
            _ => Status::Stalled,
        };
        if !solution.x.iter().chain(&solution.z).all(|value| value.is_finite()) {
            return Outcome::Nothing(solution.iterations);
        }
        Outcome::Solved(Solution {
            values: solution.x.iter().zip(&columns).map(|(x, column)| x * column / whole).collect(),
            multipliers: (0..m).map(|i| (solution.z[i] * rows[i] * whole / money).max(0.0)).collect(),
            status,
            iterations: solution.iterations,
        })
    }

    /// Powers of two for rows, for variables, and for the right-hand side as a whole, that bring the largest entry of
    /// every row and column near 1 (Ruiz's equilibration), so that answers do not depend on units.
    fn scales(&self) -> (Vec<f64>, Vec<f64>, f64) {
        let power = |x: f64| x.log2().round().exp2();
        let mut columns: Vec<f64> = self.units.iter().map(|unit| unit.map_or(1.0, power)).collect();
        let mut rows = vec![1.0; self.rhs.len()];
        let mut whole = 1.0;
        let flexible = self.units.iter().all(Option::is_some);
        for round in 0..SCALINGS {
            let mut row_size: Vec<f64> =
                self.rhs.iter().zip(&rows).map(|(b, row)| (b * row * whole).abs()).collect();
            let mut column_size = vec![0.0f64; columns.len()];
            let rhs_size = row_size.iter().copied().fold(0.0, f64::max);
            for &(i, j, a) in &self.entries {
                let size = (a * rows[i] * columns[j]).abs();
                row_size[i] = row_size[i].max(size);
                column_size[j] = column_size[j].max(size);
            }
            // First the rows alone, in the units that were suggested.
            let step = |size: f64| {
                if size > 0.0 { power(if round == 0 { 1.0 / size } else { size.powf(-0.5) }) } else { 1.0 }
            };
            rows.iter_mut().zip(&row_size).for_each(|(row, size)| *row *= step(*size));
            if round == 0 {
                continue;
            }
            for ((column, size), unit) in columns.iter_mut().zip(&column_size).zip(&self.units) {
                if unit.is_some() {
                    *column *= step(*size);
                }
            }
            if flexible {
                whole *= step(rhs_size);
            }
        }
        (rows, columns, whole)
    }
}

/// A matrix from its cells, in compressed columns.
fn compressed(rows: usize, columns: usize, cells: &[(usize, usize, f64)]) -> CscMatrix<f64> {
    let mut ordered: Vec<&(usize, usize, f64)> = cells.iter().collect();
    ordered.sort_by_key(|&&(i, j, _)| (j, i));
    let mut starts = vec![0; columns + 1];
    ordered.iter().for_each(|&&(_, j, _)| starts[j + 1] += 1);
    for j in 0..columns {
        starts[j + 1] += starts[j];
    }
    let (row, value) = ordered.iter().map(|&&(i, _, a)| (i, a)).unzip();
    CscMatrix::new(rows, columns, starts, row, value)
}
