//! From any point to a vertex that is no worse.

use super::super::bound::{dual, evaluate};
use super::super::{Problem, Solution};
use super::basic::finished;
use super::block::{Circuits, Point};
use super::factor::Factor;
use super::{Basis, check};
use crate::Error;

/// Hours below this part of the quota are what an interior-point method has left of none: letting go of all of them at once is
/// tried first.
const DUST: f64 = 1e-6;
/// Costs of a direction that are 0 but for rounding, over the sum of their magnitudes.
const FLAT: f64 = 1e-12;
/// Entries of a direction that are 0 but for rounding, over the largest.
const NOISE: f64 = 1e-11;
/// Limits reached within this part of the step at which the first is are reached together.
const TOGETHER: f64 = 1e-9;
/// By how much the objective may differ by rounding, over the sum of its terms.
const ROUNDING: f64 = 1e-12;
/// Hours missing, over those of the largest task, that need no mending, and those that a sweep may leave.
const EXACT: f64 = 1e-15;
const SWEPT: f64 = 1e-10;
/// Hours that a direction moves are 0 but for rounding below this part of its largest; times that it is corrected.
const UNMOVED: f64 = 1e-14;
const REFINEMENTS: usize = 3;
/// Multiplications after which eliminating again is cheap, and numbers that are kept of pushes at most.
const WORK: u64 = 10_000_000;
const KEPT: usize = 1 << 25;
/// By how much the gap may grow where hours that an interior-point method misses are given back.
const MENDED: f64 = 1e-7;
/// Times that what is missing is given to the independent columns.
const MENDS: usize = 3;

/// Moves a solution to a vertex: pushes along directions in which neither quotas, hours nor edges of bands change and the
/// objective does not rise, until a pair has no hours or a deviation is on the edge of its band, as long as the columns
/// in use are not linearly independent.
///
/// The result costs no more than the solution (but for rounding), so it is as near to the optimum; its prices are the
/// solution's, or those of the vertex (at which every column in use has a reduced cost of 0) if they prove more. Hours that
/// the solution misses are given back to the last digit where the columns in use permit it, whatever they cost.
/// [`Basis::new`] says whether it is a vertex, and it is unless rounding prevents it. Bands that the solution is not within stay
/// so.
///
/// A solution that has [converged](parecon_core::Status::Converged) stays so if it has become a vertex that meets hours, quotas
/// and bands to 1e-9 of the largest, with a gap no larger (but for 1e-7) than [its own](Solution::gap); else it is
/// [`Stalled`](parecon_core::Status::Stalled). Any other status is kept.
///
/// # Errors
/// If the solution is not of this problem: not one number of hours per pair and one price per task, hours that are negative
/// or not finite or of a member without a quota, a price that is not finite.
///
/// # Complexity
/// An elimination as of [`Basis::new`], repeated as often as the work of pushing since the last is more than its own; per dependent
/// column O(entries + core²), core being a tenth to a third of the tasks. Columns that can go together do.
///
/// # Reference
/// Megiddo, *On finding primal- and dual-optimal bases* (1991); Bixby & Saltzman, *Recovering an optimal LP basis from
/// an interior point solution* (1994).
///
/// # Example
/// ```
/// use parecon_jobs::TaskId;
/// use parecon_jobs::band::{Basis, Config, Data, Engine, Problem, purify, solve};
/// // Everybody can do everything and nobody minds: the interior-point method shares all of it.
/// let problem = Problem::new(Data {
///     quotas: vec![3.0, 5.0],
///     hours: vec![2.0, 6.0],
///     starts: vec![0, 2, 4],
///     tasks: [0, 1, 0, 1].map(TaskId::new).to_vec(),
///     costs: vec![1.0; 4],
///     ..Data::default()
/// })?;
/// let config = Config::default().with_engine(Engine::InteriorPoint);
/// let outcome = solve(&problem, &config, &mut ())?;
/// let shared = outcome.solution().unwrap();
/// assert_eq!(shared.in_use(), 4);
/// let vertex = purify(&problem, shared)?;
/// assert_eq!(vertex.in_use(), 3);
/// assert!(Basis::new(&problem, &vertex.x)?.is_independent());
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn purify(problem: &Problem, solution: &Solution) -> Result<Solution, Error> {
    check(problem, &solution.x)?;
    if solution.prices.len() != problem.tasks() {
        return Err(Error::invalid(format!(
            "{} prices for {} tasks: need one each",
            solution.prices.len(),
            problem.tasks()
        )));
    }
    if let Some(j) = solution.prices.iter().position(|price| !price.is_finite()) {
        return Err(Error::invalid(format!("task {j}: price is {}, must be finite", solution.prices[j])));
    }
    let x = vertex(problem, &solution.x);
    let mut found = finished(problem, x, solution, solution.gap().abs() + MENDED);
    if !solution.status.is_converged() {
        // A vertex of what is not good enough is not good enough.
        found.status = solution.status;
    }
    Ok(found)
}

/// A vertex that costs no more.
pub(in super::super) fn vertex(problem: &Problem, x: &[f64]) -> Vec<f64> {
    let data = problem.data();
    let mut swept = x.to_vec();
    let mut dust = false;
    for (i, quota) in data.quotas.iter().enumerate() {
        for value in &mut swept[problem.range(i)] {
            if *value > 0.0 && *value <= DUST * quota {
                dust = true;
                *value = 0.0;
            }
        }
    }
    if dust {
        let (found, independent) = pushed(problem, swept);
        let ((before, old), (after, new)) = (evaluate(problem, x), evaluate(problem, &found));
        let most = data.hours.iter().fold(0.0_f64, |most, hours| most.max(*hours));
        let terms: f64 = data.costs.iter().zip(x).map(|(cost, x)| (cost * x).abs()).sum();
        let met = new.hours <= old.hours.max(SWEPT * most)
            && new.quotas <= old.quotas.max(SWEPT * most)
            && new.bands <= old.bands.max(SWEPT);
        if independent && met && after <= before + ROUNDING * terms.max(before.abs()) {
            return found;
        }
    }
    pushed(problem, x.to_vec()).0
}

/// The columns in use, and the prices at which each costs what it is worth, if they prove more than the given ones.
pub(in super::super) fn priced(problem: &Problem, x: &[f64], prices: &[f64]) -> (Basis, Vec<f64>) {
    let mut point = Point::new(problem, x.to_vec());
    let circuits = Circuits::new(&mut point, false);
    let factor = Factor::new(problem.tasks(), &circuits);
    let cost = |circuit| circuits.columns(circuit).map(|(column, value)| point.cost(column) * value).sum();
    let costs: Vec<f64> = (0..circuits.len()).map(cost).collect();
    let mut own = prices.to_vec();
    factor.price(&circuits, &costs, &mut own);
    let proves =
        own.iter().all(|price| price.is_finite()) && dual(problem, &own).bound > dual(problem, prices).bound;
    (Basis::of(&circuits, &factor), if proves { own } else { prices.to_vec() })
}

/// Pushes until no column depends on others, and whether that is so.
fn pushed(problem: &Problem, x: Vec<f64>) -> (Vec<f64>, bool) {
    let mut point = Point::new(problem, x);
    let mut before = usize::MAX;
    let independent = loop {
        let circuits = Circuits::new(&mut point, true);
        let factor = Factor::new(problem.tasks(), &circuits);
        let mut pushing = Pushing::new(&mut point, &circuits, &factor);
        pushing.mend();
        let dependent = factor.dependent.len();
        // Rounding may bring a column back, but not for ever.
        if dependent == 0 || dependent >= before {
            break dependent == 0;
        }
        before = dependent;
        pushing.push();
    };
    point.value.truncate(problem.pairs());
    (point.value, independent)
}

/// A direction: how much of each circuit, and what that makes of each column.
struct Direction {
    circuits: Vec<f64>,
    values: Vec<f64>,
    marked: Vec<bool>,
    columns: Vec<usize>,
}

impl Direction {
    fn new(circuits: usize, columns: usize) -> Self {
        Direction {
            circuits: vec![0.0; circuits],
            values: vec![0.0; columns],
            marked: vec![false; columns],
            columns: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.circuits.fill(0.0);
        for column in self.columns.drain(..) {
            self.marked[column] = false;
            self.values[column] = 0.0;
        }
    }

    /// The hours that it moves, and its largest part.
    fn image(&self, circuits: &Circuits, tasks: usize) -> (Vec<f64>, f64) {
        let (mut hours, mut most) = (vec![0.0; tasks], 0.0_f64);
        for (circuit, factor) in self.circuits.iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
            circuits.image(circuit).for_each(|(task, value)| hours[task] += factor * value);
            most = most.max(factor.abs());
        }
        (hours, most)
    }

    /// Goes from circuits to columns.
    fn spread(&mut self, circuits: &Circuits) {
        for (circuit, factor) in self.circuits.iter().enumerate().filter(|(_, factor)| **factor != 0.0) {
            for (column, value) in circuits.columns(circuit) {
                if !self.marked[column] {
                    self.marked[column] = true;
                    self.columns.push(column);
                }
                self.values[column] += factor * value;
            }
        }
    }

    fn entries(&self) -> impl Iterator<Item = (usize, f64)> {
        self.columns.iter().map(|column| (*column, self.values[*column])).filter(|(_, value)| *value != 0.0)
    }
}

/// A column that went out of use.
struct Gone {
    column: usize,
    /// The circuits it is in, and its coefficients.
    within: Vec<(usize, f64)>,
    /// The direction in which it was pushed, in circuits, over its value there.
    push: Vec<f64>,
}

/// Pushes of one elimination. The independent circuits' images stay independent whatever is pushed; where one of
/// their columns goes out of use, a multiple of the direction of that push takes it out of every later one.
struct Pushing<'a, 'b> {
    point: &'a mut Point<'b>,
    circuits: &'a Circuits,
    factor: &'a Factor,
    direction: Direction,
    gone: Vec<Gone>,
    work: u64,
}

impl<'a, 'b> Pushing<'a, 'b> {
    fn new(point: &'a mut Point<'b>, circuits: &'a Circuits, factor: &'a Factor) -> Self {
        let direction = Direction::new(circuits.len(), point.value.len());
        Pushing { point, circuits, factor, direction, gone: Vec::new(), work: 0 }
    }

    /// Gives the hours that are missing to the independent circuits, as far as they can take them.
    fn mend(&mut self) {
        let problem = self.point.problem;
        let data = problem.data();
        let most = data.hours.iter().fold(0.0_f64, |most, hours| most.max(*hours));
        for _ in 0..MENDS {
            let mut missing = data.hours.clone();
            let hours = data.tasks.iter().zip(&self.point.value);
            hours.for_each(|(task, hours)| missing[task.index()] -= hours);
            // Totals of hours and quotas differ by rounding: every task bears its part.
            let all = data.hours.iter().sum::<f64>();
            if all == 0.0 {
                return;
            }
            let part = missing.iter().sum::<f64>() / all;
            missing.iter_mut().zip(&data.hours).for_each(|(miss, hours)| *miss -= part * hours);
            if missing.iter().all(|miss| miss.abs() <= EXACT * most) {
                return;
            }
            self.direction.clear();
            let parts = &mut self.direction.circuits;
            self.factor.solve(self.circuits, missing, |circuit, factor| parts[circuit] += factor);
            self.direction.spread(self.circuits);
            let (step, _) = self.room(1.0);
            let step = step.min(1.0);
            if step == 0.0 {
                return;
            }
            for (column, value) in self.direction.entries() {
                self.point.value[column] += step * value;
            }
        }
    }

    fn push(&mut self) {
        let order = &self.factor.dependent;
        // All that can go together do; how many is learnt by trying.
        let (mut at, mut together) = (0, order.len());
        let enough = self.factor.work.max(WORK);
        while at < order.len() && self.work <= enough && self.gone.len() * self.circuits.len() <= KEPT {
            let group = &order[at..order.len().min(at + together)];
            if let [one] = group {
                let own = self.push_one(*one);
                at += 1;
                together = if own { 2 } else { 1 };
            } else if self.push_all(group) {
                at += group.len();
                together *= 2;
            } else {
                together = (group.len() / 4).max(1);
            }
        }
    }

    /// Sets the direction in which dependent circuits are followed, by so much each, and the independent ones keep all
    /// hours.
    fn follow(&mut self, group: &[(usize, f64)]) {
        let (circuits, tasks) = (self.circuits, self.point.problem.tasks());
        let direction = &mut self.direction;
        direction.clear();
        group.iter().for_each(|(circuit, factor)| direction.circuits[*circuit] = *factor);
        for _ in 0..REFINEMENTS {
            let (hours, most) = direction.image(circuits, tasks);
            if hours.iter().all(|moved| moved.abs() <= UNMOVED * most) {
                break;
            }
            self.factor.solve(circuits, hours, |circuit, factor| direction.circuits[circuit] -= factor);
            self.work += self.factor.work_of_solve();
        }
        for Gone { within, push, .. } in &self.gone {
            let value: f64 = within.iter().map(|(circuit, value)| value * direction.circuits[*circuit]).sum();
            if value != 0.0 {
                direction.circuits.iter_mut().zip(push).for_each(|(part, push)| *part -= value * push);
            }
            self.work += push.len() as u64;
        }
        direction.spread(circuits);
        let most = direction.entries().fold(0.0_f64, |most, (_, value)| most.max(value.abs()));
        for column in &direction.columns {
            if direction.values[*column].abs() <= NOISE * most {
                direction.values[*column] = 0.0;
            }
        }
        self.gone.iter().for_each(|gone| direction.values[gone.column] = 0.0);
    }

    /// What a unit of the direction costs; 0 within rounding.
    fn slope(&self) -> f64 {
        let (mut sum, mut size) = (0.0, 0.0);
        for (column, value) in self.direction.entries() {
            let cost = self.point.cost(column) * value;
            sum += cost;
            size += cost.abs();
        }
        if sum.abs() <= FLAT * size { 0.0 } else { sum }
    }

    /// How far the direction, or its opposite, can be followed, and the column that is on its limit then.
    fn room(&self, sign: f64) -> (f64, Option<usize>) {
        let ratio = |column: usize, value: f64| {
            let (low, high) = self.point.limits(column);
            let at = self.point.value[column];
            (if sign * value > 0.0 { high - at } else { at - low }).max(0.0) / value.abs()
        };
        let entries = || self.direction.entries();
        let first = entries().fold(f64::INFINITY, |least, (column, value)| least.min(ratio(column, value)));
        let reached = entries().filter(|(column, value)| ratio(*column, *value) <= first * (1.0 + TOGETHER));
        // The largest entry is the most reliable.
        let column = reached.max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()).then(b.0.cmp(&a.0)));
        (first, column.map(|(column, _)| column))
    }

    fn step(&mut self, step: f64) {
        for (column, value) in self.direction.entries() {
            let (low, high) = self.point.limits(column);
            self.point.value[column] = (self.point.value[column] + step * value).clamp(low, high);
        }
    }

    /// Brings the own columns of dependent circuits to their limits, if that costs nothing and the others permit it.
    fn push_all(&mut self, group: &[usize]) -> bool {
        let mut columns = Vec::with_capacity(group.len());
        let mut factors = Vec::with_capacity(group.len());
        for &circuit in group {
            let (column, value) = self.circuits.own[circuit];
            let (low, high) = self.point.limits(column);
            let at = self.point.value[column];
            let way = if high - at < at - low { high - at } else { low - at };
            columns.push(column);
            factors.push((circuit, way / value));
        }
        self.follow(&factors);
        columns.sort_unstable();
        if self.slope() > 0.0 || !self.permits(&columns) {
            return false;
        }
        self.step(1.0);
        columns.into_iter().for_each(|column| self.point.retire(column));
        true
    }

    /// Whether all columns but some (sorted) stay within their limits when the direction is followed.
    fn permits(&self, except: &[usize]) -> bool {
        self.direction.entries().all(|(column, value)| {
            let (low, high) = self.point.limits(column);
            (low..=high).contains(&(self.point.value[column] + value))
                || except.binary_search(&column).is_ok()
        })
    }

    /// Follows a dependent circuit downhill, or the shorter way, to the first limit; whether that is its own column's.
    fn push_one(&mut self, circuit: usize) -> bool {
        let (own, value) = self.circuits.own[circuit];
        self.follow(&[(circuit, 1.0 / value)]);
        let slope = self.slope();
        let ways = [-1.0, 1.0].into_iter().filter(|sign| slope * sign <= 0.0);
        let limits = ways.filter_map(|sign| {
            let (step, column) = self.room(sign);
            column.map(|column| (step, sign, column))
        });
        let nearest = limits.min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((step, sign, column)) = nearest else { return false };
        self.step(sign * step);
        self.point.retire(column);
        if column != own {
            let by = self.direction.values[column];
            let within = self.circuits.with(self.point.problem, column);
            let push = self.direction.circuits.iter().map(|part| part / by).collect();
            self.gone.push(Gone { column, within, push });
        }
        column == own
    }
}
