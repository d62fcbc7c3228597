//! Least change under any linear constraints: Newton's method on the dual, constraints that contradict each other
//! moved as little as their reliabilities permit.

use parecon_core::Status;

use super::{Balancing, conjugate};

/// Cells change by at most this factor's logarithm in one Newton step: beyond, the quadratic model means nothing.
const FARTHEST: f64 = 3.0;

/// Cells with a factor below the exponential of this play no part and may move below it at will.
const NEGLIGIBLE: f64 = -20.0;

/// Cells that must vanish need not become smaller than this times the tolerance, relative to the prior cells.
const VANISHED: f64 = 1e-10;

/// So many Newton steps without a residual 1 % better than the best mean a standstill.
const STANDSTILL: usize = 100;

/// Weight of the proximal term against the constraints' own curvature: first round, and what it may sink to. The error
/// falls by about this factor per round, but multipliers of contradicted constraints grow by its inverse.
const PROXIMITY: (f64, f64) = (1e-1, 1e-5);

/// Changes that shrink more slowly than by this factor per round are those of cells on their way to zero.
const SLOWEST: f64 = 0.95;

/// Cells that grow by no more than this in one round, relative, have settled.
const AT_REST: f64 = 1e-7;

/// Curvatures count as at least this times that of cells which would make up the total.
const LEAST_CURVATURE: f64 = 1e-3;

/// Rounds of the proximal method; each cuts the error by the factor above.
const MAX_PROXIMAL: usize = 200;

/// A compromise has settled when sums change by less than this times the tolerance per round. Cells on their way to zero
/// may still be some rounds off: misses below ten times that are not called contradictions.
const SETTLED: f64 = 10.0;

/// Linear constraints Σ g x = c on cells in a fixed order.
#[derive(Clone, Debug, Default)]
pub(super) struct Constraints {
    /// Cells and coefficients of one constraint after the other.
    entries: Vec<(usize, f64)>,
    ends: Vec<usize>,
    /// The totals c.
    pub(super) totals: Vec<f64>,
    /// The standard deviations of the totals; 0 if they must hold.
    pub(super) deviations: Vec<f64>,
}

impl Constraints {
    pub(super) fn push(
        &mut self,
        entries: impl IntoIterator<Item = (usize, f64)>,
        total: f64,
        deviation: f64,
    ) {
        self.entries.extend(entries);
        self.ends.push(self.entries.len());
        self.totals.push(total);
        self.deviations.push(deviation);
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn entries(&self, constraint: usize) -> &[(usize, f64)] {
        let start = if constraint == 0 { 0 } else { self.ends[constraint - 1] };
        &self.entries[start..self.ends[constraint]]
    }

    /// G'λ, by cell.
    fn spread(&self, multipliers: &[f64], by_cell: &mut [f64]) {
        by_cell.fill(0.0);
        for (constraint, multiplier) in multipliers.iter().enumerate() {
            for (cell, coefficient) in self.entries(constraint) {
                by_cell[*cell] += coefficient * multiplier;
            }
        }
    }

    /// Sums of a term over the cells of each constraint.
    fn sums<'a>(&'a self, term: impl Fn(usize, f64) -> f64 + 'a) -> impl Iterator<Item = f64> + 'a {
        (0..self.len())
            .map(move |constraint| self.entries(constraint).iter().map(|(cell, g)| term(*cell, *g)).sum())
    }
}

/// The prior cells, how freely each may change, and the constraints.
pub(super) struct Problem<'a> {
    cells: &'a [f64],
    /// The squares of the cells' relative deviations.
    freedom: &'a [f64],
    constraints: &'a Constraints,
    /// What a sum is measured against besides its total and cells, which both may vanish.
    floors: Vec<f64>,
    /// Logarithms of the factors by which cells have changed where the multipliers are counted from.
    base: Vec<f64>,
}

pub(super) struct Solution {
    pub(super) cells: Vec<f64>,
    pub(super) multipliers: Vec<f64>,
    /// What the constraints sum to.
    pub(super) sums: Vec<f64>,
    pub(super) residual: f64,
    pub(super) rounds: usize,
    pub(super) status: Status,
    /// The constraints that are not met because others contradict them.
    pub(super) contradicted: Vec<usize>,
}

/// Cells, sums and their sizes at given multipliers.
#[derive(Clone)]
struct Point {
    multipliers: Vec<f64>,
    cells: Vec<f64>,
    /// Logarithms of the factors by which cells changed.
    exponents: Vec<f64>,
    sums: Vec<f64>,
    sizes: Vec<f64>,
    /// The dual function without its proximal term.
    value: f64,
}

impl<'a> Problem<'a> {
    pub(super) fn new(cells: &'a [f64], freedom: &'a [f64], constraints: &'a Constraints) -> Self {
        let prior = constraints.sums(|cell, g| VANISHED * (g * cells[cell]).abs());
        let floors = prior.zip(&constraints.deviations).map(|(prior, deviation)| prior + deviation).collect();
        Self { cells, freedom, constraints, floors, base: vec![0.0; cells.len()] }
    }

    pub(super) fn solve(&self, config: &Balancing) -> Solution {
        let k = self.constraints.len();
        let mut point = self.at(vec![0.0; k]);
        let mut rounds = 0;
        let mut status = Status::Converged;
        let curvature = self.diagonal(&point);
        let soft = (0..k).any(|i| self.constraints.deviations[i] > 0.0 && curvature[i] > 0.0);
        if !soft {
            // A constraint with a deviation but without cells that could move is left out.
            status = self.newton(&mut point, &self.constraints.deviations, config, 0.5, &mut rounds);
        } else if self.residual(&point, |_| true) > config.tolerance {
            status = self.proximal(&mut point, config, &mut rounds);
        }
        let hard_missed = self.residual(&point, |i| self.constraints.deviations[i] == 0.0) > config.tolerance;
        let contradicted = if hard_missed && status != Status::RoundLimit {
            status = Status::Stalled;
            self.culprits(config)
        } else if status.is_converged() {
            (0..k).filter(|i| self.miss(&point, *i) > 10.0 * SETTLED * config.tolerance).collect()
        } else {
            Vec::new()
        };
        let residual = self.residual(&point, |_| true);
        let Point { cells, multipliers, sums, .. } = point;
        Solution { cells, multipliers, sums, residual, rounds, status, contradicted }
    }

    /// A constraint's miss relative to its total and its cells.
    fn miss(&self, point: &Point, i: usize) -> f64 {
        self.relative(point, i, point.sums[i] - self.constraints.totals[i])
    }

    fn relative(&self, point: &Point, i: usize, difference: f64) -> f64 {
        let scale = self.constraints.totals[i].abs() + point.sizes[i] + self.floors[i];
        if difference == 0.0 { 0.0 } else { difference.abs() / scale }
    }

    /// The largest miss among some of the constraints.
    fn residual(&self, point: &Point, counts: impl Fn(usize) -> bool) -> f64 {
        (0..self.constraints.len()).filter(|i| counts(*i)).map(|i| self.miss(point, i)).fold(0.0, f64::max)
    }

    /// The constraints without tolerance that contradict each other: all are given the same relative tolerance, and those
    /// that use it are named.
    fn culprits(&self, config: &Balancing) -> Vec<usize> {
        let start = self.at(vec![0.0; self.constraints.len()]);
        let (mut constraints, mut which) = (Constraints::default(), Vec::new());
        for i in (0..self.constraints.len()).filter(|i| self.constraints.deviations[*i] == 0.0) {
            let total = self.constraints.totals[i];
            let scale = total.abs() + start.sizes[i];
            constraints.push(
                self.constraints.entries(i).iter().copied(),
                total,
                scale.max(f64::MIN_POSITIVE),
            );
            which.push(i);
        }
        let relaxed = Problem::new(self.cells, self.freedom, &constraints).solve(config);
        // Also where the rounds did not suffice, the largest misses tell.
        let misses: Vec<f64> = (0..which.len())
            .map(|i| (relaxed.sums[i] - constraints.totals[i]).abs() / constraints.deviations[i])
            .collect();
        let worst = misses.iter().copied().fold(0.0, f64::max);
        let threshold = (1e-3 * worst).max(10.0 * config.tolerance);
        which.into_iter().zip(misses).filter(|(_, miss)| *miss > threshold).map(|(i, _)| i).collect()
    }

    fn at(&self, multipliers: Vec<f64>) -> Point {
        let mut exponents = vec![0.0; self.cells.len()];
        self.constraints.spread(&multipliers, &mut exponents);
        let (mut value, mut cells) = (0.0, Vec::with_capacity(exponents.len()));
        for (k, exponent) in exponents.iter_mut().enumerate() {
            let (prior, freedom) = (self.cells[k], self.freedom[k]);
            let force = *exponent * prior.signum();
            let change = if freedom > 0.0 { (force * freedom).exp_m1() / freedom } else { force };
            value += (prior * self.base[k].exp()).abs() * change;
            *exponent = self.base[k] + force * freedom;
            cells.push(prior * exponent.exp());
        }
        value -= conjugate::dot(&self.constraints.totals, &multipliers);
        let sums = self.constraints.sums(|cell, g| g * cells[cell]).collect();
        let sizes = self.constraints.sums(|cell, g| (g * cells[cell]).abs()).collect();
        Point { multipliers, cells, exponents, sums, sizes, value }
    }

    /// The curvature of the dual function in each multiplier.
    fn diagonal(&self, point: &Point) -> Vec<f64> {
        self.constraints.sums(|cell, g| g * g * self.freedom[cell] * point.cells[cell].abs()).collect()
    }

    /// The curvature if one cell alone, with the largest coefficient, made up the total.
    fn scale(&self, i: usize) -> f64 {
        let largest = self.constraints.entries(i).iter().map(|(_, g)| g.abs()).fold(0.0, f64::max);
        largest * self.constraints.totals[i].abs().max(self.constraints.deviations[i])
    }

    /// The proximal point method: multipliers are found near the last ones, then nearer the truth. Where the constraints
    /// can be met it ends there; where they contradict each other the multipliers run away along the one direction in
    /// which Σ ((G x − c) / deviation)² is least, and cells and sums converge to that least.
    fn proximal(&self, point: &mut Point, config: &Balancing, rounds: &mut usize) -> Status {
        let deviations = &self.constraints.deviations;
        let (mut share, mut last_change) = (PROXIMITY.0, f64::INFINITY);
        let mut local = Problem::new(self.cells, self.freedom, self.constraints);
        let mut multipliers = point.multipliers.clone();
        for _ in 0..MAX_PROXIMAL {
            let curvature = self.diagonal(point);
            // Relative to their deviations the constraints' middle curvature sets the unit.
            let (mut logarithms, mut count) = (0.0, 0.0);
            for i in (0..curvature.len()).filter(|i| deviations[*i] > 0.0 && curvature[*i] > 0.0) {
                let at_least = LEAST_CURVATURE * self.scale(i);
                logarithms += (curvature[i].max(at_least) / (deviations[i] * deviations[i])).ln();
                count += 1.0;
            }
            if count == 0.0 {
                // All their cells have vanished: there is nothing left to reconcile with.
                return Status::Converged;
            }
            let unit = (logarithms / count).exp();
            let weights: Vec<f64> =
                deviations.iter().map(|deviation| share * unit * deviation * deviation).collect();
            let before = point.sums.clone();
            // Multipliers of contradicted constraints would grow for ever, cancelling each other: count from here.
            local.base.copy_from_slice(&point.exponents);
            *point = local.at(vec![0.0; weights.len()]);
            // Much more exactly than asked, or noise would look like progress.
            let status = local.newton(point, &weights, config, 0.02, rounds);
            for (sum, step) in multipliers.iter_mut().zip(&mut point.multipliers) {
                *sum += *step;
                *step = *sum;
            }
            if !status.is_converged() {
                return status;
            }
            if self.residual(point, |_| true) <= config.tolerance {
                return Status::Converged;
            }
            let change = (0..before.len())
                .map(|i| self.relative(point, i, point.sums[i] - before[i]))
                .fold(0.0, f64::max);
            // What is still to come if changes go on to shrink as now; cells that vanish do so more and more slowly.
            let rate = (change / last_change).min(SLOWEST);
            // A cell on its way back from next to nothing does not show in the sums yet.
            let growth =
                point.exponents.iter().zip(&local.base).map(|(now, then)| now - then).fold(0.0, f64::max);
            if change <= SETTLED * config.tolerance * (1.0 - rate) && growth <= AT_REST {
                return Status::Converged;
            }
            last_change = change;
            if rate > 0.2 {
                share = (0.3 * share).max(PROXIMITY.1);
            }
        }
        Status::RoundLimit
    }

    /// Minimises the dual function + ½ Σ w λ² from `point`, to a share of the tolerance.
    fn newton(
        &self,
        point: &mut Point,
        weights: &[f64],
        config: &Balancing,
        share: f64,
        rounds: &mut usize,
    ) -> Status {
        let k = self.constraints.len();
        let (mut best, mut since) = (f64::INFINITY, 0);
        let mut by_cell = vec![0.0; self.cells.len()];
        loop {
            let pull = |i: usize, at: &Point| weights[i] * at.multipliers[i];
            let mut ascent: Vec<f64> =
                (0..k).map(|i| self.constraints.totals[i] - point.sums[i] - pull(i, point)).collect();
            let mut diagonal = self.diagonal(point);
            let residual = (0..k)
                .filter(|i| diagonal[*i] > 0.0 || weights[*i] == 0.0)
                .map(|i| self.relative(point, i, ascent[i]))
                .fold(0.0, f64::max);
            // Large multipliers that cancel leave their rounding in the exponents.
            let largest = point.multipliers.iter().fold(0.0f64, |largest, l| largest.max(l.abs()));
            if residual <= (share * config.tolerance).max(4.0 * f64::EPSILON * largest) {
                return Status::Converged;
            }
            if residual < 0.99 * best {
                (best, since) = (residual, 0);
            } else {
                since += 1;
            }
            if since >= STANDSTILL || !residual.is_finite() {
                return Status::Stalled;
            }
            if *rounds == config.max_rounds {
                return Status::RoundLimit;
            }
            *rounds += 1;

            for (i, d) in diagonal.iter_mut().enumerate() {
                // A constraint without cells that could move has no say.
                if *d > 0.0 { *d += weights[i] } else { ascent[i] = 0.0 }
            }
            let (at, live) = (&*point, &diagonal);
            let apply = |d: &[f64], out: &mut [f64]| {
                let mut spread = vec![0.0; self.cells.len()];
                self.constraints.spread(d, &mut spread);
                for ((s, cell), freedom) in spread.iter_mut().zip(&at.cells).zip(self.freedom) {
                    *s *= cell.abs() * freedom;
                }
                for (i, sum) in self.constraints.sums(|cell, g| g * spread[cell]).enumerate() {
                    out[i] = if live[i] > 0.0 { sum + weights[i] * d[i] } else { 0.0 };
                }
            };
            let forcing = residual.sqrt().clamp(1e-10, 0.1);
            let direction = conjugate::solve(apply, live, &ascent, forcing, 4 * k + 20);
            let slope = conjugate::dot(&ascent, &direction);
            self.constraints.spread(&direction, &mut by_cell);
            let mut step = 1.0f64;
            for (k, change) in by_cell.iter().enumerate().filter(|(k, _)| self.cells[*k] != 0.0) {
                let growth = change * self.freedom[k] * self.cells[k].signum();
                let present = point.exponents[k];
                if growth > 0.0 {
                    step = step.min((present.max(NEGLIGIBLE) + FARTHEST - present) / growth);
                } else if growth < 0.0 && present > NEGLIGIBLE {
                    step = step.min(-FARTHEST / growth);
                }
            }
            let penalty = |at: &Point| (0..k).map(|i| 0.5 * pull(i, at) * at.multipliers[i]).sum::<f64>();
            let value = point.value + penalty(point);
            // The dual function is a difference of large sums: below this a change of it is rounding.
            let terms: f64 = (0..k).map(|i| (self.constraints.totals[i] * point.multipliers[i]).abs()).sum();
            let noise =
                1e-13 * (point.cells.iter().map(|cell| cell.abs()).sum::<f64>() + terms + penalty(point));
            let next = loop {
                let moved = point.multipliers.iter().zip(&direction).map(|(l, d)| l + step * d).collect();
                let candidate = self.at(moved);
                let fall = value - (candidate.value + penalty(&candidate));
                let slope_there: f64 = (0..k)
                    .map(|i| {
                        direction[i] * (self.constraints.totals[i] - candidate.sums[i] - pull(i, &candidate))
                    })
                    .sum();
                if fall >= 1e-4 * step * slope || (fall >= -noise && slope_there.abs() <= 0.5 * slope) {
                    break Some(candidate);
                }
                step *= 0.5;
                if step < 1e-12 {
                    break None;
                }
            };
            let Some(next) = next else { return Status::Stalled };
            *point = next;
        }
    }
}
