//! Two sets of totals: scaling of rows and columns, and Newton's method where scaling is slow.
//!
//! The dual function of the problem, to be minimised over ρ = ln r and σ = ln s, is
//!
//! ```text
//! F(ρ, σ) = Σ |a_ij| exp(± (ρ_i + σ_j)) − u'ρ − v'σ
//! ```
//!
//! Fitting the rows minimises F over ρ in closed form, fitting the columns over σ: plain GRAS. The Newton step is on
//! the function of σ that remains when ρ always follows, whose second derivative is C − |X|' R⁻¹ |X| with R and C the row
//! and column sums of |X|.

use std::borrow::Cow;

use nalgebra::{DMatrix, DVector};
use parecon_core::Status;

use super::{Balanced, Balancing, conflict, conjugate};

/// Sweeps that scaling may still need, by its present rate, before Newton steps are tried.
const PATIENCE: f64 = 40.0;

/// Sweeps before their rate is judged.
const SWEEPS: usize = 3;

/// Logarithms of multipliers move at most so far in one Newton step: beyond, the quadratic model means nothing.
const FARTHEST: f64 = 4.0;

/// A Newton step is given up below this.
const SHORTEST: f64 = 1e-6;

/// So many rounds without a residual 1 % better than the best mean a standstill.
const STANDSTILL: usize = 60;

pub(super) fn balance(prior: &DMatrix<f64>, rows: &[f64], columns: &[f64], config: &Balancing) -> Balanced {
    let (m, n) = prior.shape();
    let mut flows = prior.clone();
    let start = residual(&flows, rows, columns);
    if start <= config.tolerance {
        return Balanced {
            flows,
            row_multipliers: DVector::from_element(m, 1.0),
            column_multipliers: DVector::from_element(n, 1.0),
            residual: start,
            rounds: 0,
            status: Status::Converged,
            conflicts: Vec::new(),
        };
    }
    let emptied = Emptied::new(prior, rows, columns);
    let agreed = conflict::agreed(rows, columns, config.tolerance);
    let totals_agree = agreed.is_some();
    let consistent = agreed.unwrap_or_else(|| columns.to_vec());
    let problem = Problem { cells: emptied.remaining(prior), rows, columns: &consistent };
    let inner = Balancing { tolerance: 0.5 * config.tolerance, ..*config };
    let (point, rounds, mut status) = problem.solve(&mut flows, totals_agree, &inner);
    problem.flows(&point, &mut flows);
    let residual = residual(&flows, rows, columns);
    let mut conflicts = Vec::new();
    if residual <= config.tolerance {
        status = Status::Converged;
    } else {
        conflicts = conflict::diagnose(prior, rows, columns, config.tolerance);
        if !conflicts.is_empty() {
            status = Status::Stalled;
        }
    }
    let (row_multipliers, column_multipliers) = emptied.multipliers(prior, point);
    Balanced { flows, row_multipliers, column_multipliers, residual, rounds, status, conflicts }
}

/// The largest miss of a total, relative to total and cells.
fn residual(flows: &DMatrix<f64>, rows: &[f64], columns: &[f64]) -> f64 {
    let mut worst = 0.0f64;
    let (mut sums, mut sizes) = (vec![0.0; rows.len()], vec![0.0; rows.len()]);
    for (column, total) in flows.column_iter().zip(columns) {
        let (mut sum, mut size) = (0.0, 0.0);
        for (i, cell) in column.iter().enumerate() {
            sum += cell;
            size += cell.abs();
            sums[i] += cell;
            sizes[i] += cell.abs();
        }
        worst = worse(worst, miss(sum, size, *total));
    }
    for ((sum, size), total) in sums.iter().zip(&sizes).zip(rows) {
        worst = worse(worst, miss(*sum, *size, *total));
    }
    worst
}

/// The greater of the two; NaN counts as infinite.
fn worse(a: f64, b: f64) -> f64 {
    if b.is_nan() { f64::INFINITY } else { a.max(b) }
}

/// |sum − total| relative to the total and the size of what was summed.
fn miss(sum: f64, size: f64, total: f64) -> f64 {
    let difference = (sum - total).abs();
    if difference == 0.0 { 0.0 } else { difference / (total.abs() + size) }
}

/// Rows and columns with total 0 and cells of one sign only: all their cells must become 0.
struct Emptied {
    rows: Vec<bool>,
    columns: Vec<bool>,
}

impl Emptied {
    fn new(prior: &DMatrix<f64>, rows: &[f64], columns: &[f64]) -> Self {
        let mut emptied = Self { rows: vec![false; rows.len()], columns: vec![false; columns.len()] };
        if !rows.iter().chain(columns).any(|total| *total == 0.0) {
            return emptied;
        }
        // What one emptied row leaves behind may be of one sign.
        loop {
            let (mut row_signs, mut column_signs) =
                (vec![(false, false); rows.len()], vec![(false, false); columns.len()]);
            for (j, column) in prior.column_iter().enumerate().filter(|(j, _)| !emptied.columns[*j]) {
                for (i, cell) in column.iter().enumerate().filter(|(i, _)| !emptied.rows[*i]) {
                    for signs in [&mut row_signs[i], &mut column_signs[j]] {
                        signs.0 |= *cell > 0.0;
                        signs.1 |= *cell < 0.0;
                    }
                }
            }
            let mut more = false;
            let mut mark = |flags: &mut [bool], totals: &[f64], signs: &[(bool, bool)]| {
                for ((flag, total), signs) in flags.iter_mut().zip(totals).zip(signs) {
                    if !*flag && *total == 0.0 && signs.0 != signs.1 {
                        *flag = true;
                        more = true;
                    }
                }
            };
            mark(&mut emptied.rows, rows, &row_signs);
            mark(&mut emptied.columns, columns, &column_signs);
            if !more {
                return emptied;
            }
        }
    }

    fn remaining<'a>(&self, prior: &'a DMatrix<f64>) -> Cow<'a, DMatrix<f64>> {
        let mut cells = Cow::Borrowed(prior);
        for (i, _) in self.rows.iter().enumerate().filter(|(_, emptied)| **emptied) {
            cells.to_mut().row_mut(i).fill(0.0);
        }
        for (j, _) in self.columns.iter().enumerate().filter(|(_, emptied)| **emptied) {
            cells.to_mut().column_mut(j).fill(0.0);
        }
        cells
    }

    /// The multipliers, with those of emptied rows and columns as the limits that they are.
    fn multipliers(&self, prior: &DMatrix<f64>, point: Point) -> (DVector<f64>, DVector<f64>) {
        let limit = |negative: bool| if negative { f64::INFINITY } else { 0.0 };
        let (mut r, mut s) = (DVector::from_vec(point.r), DVector::from_vec(point.s));
        for (i, _) in self.rows.iter().enumerate().filter(|(_, emptied)| **emptied) {
            r[i] = limit(prior.row(i).iter().enumerate().any(|(j, cell)| *cell < 0.0 && !self.columns[j]));
        }
        for (j, _) in self.columns.iter().enumerate().filter(|(_, emptied)| **emptied) {
            s[j] = limit(prior.column(j).iter().enumerate().any(|(i, cell)| *cell < 0.0 && !self.rows[i]));
        }
        (r, s)
    }
}

/// Multipliers of rows and columns.
#[derive(Clone)]
struct Point {
    r: Vec<f64>,
    s: Vec<f64>,
}

/// Sums of positive and of negative cells (absolute), by row or by column, the other side's multipliers applied.
struct Signed {
    positive: Vec<f64>,
    negative: Vec<f64>,
}

/// What the rows look like once they are fitted: how far off the columns are.
struct Miss {
    residual: f64,
    columns: Signed,
    /// The dual function.
    value: f64,
}

struct Problem<'a> {
    cells: Cow<'a, DMatrix<f64>>,
    rows: &'a [f64],
    columns: &'a [f64],
}

impl Problem<'_> {
    /// The multipliers reached, rounds and status. `space` is overwritten.
    fn solve(
        &self,
        space: &mut DMatrix<f64>,
        totals_agree: bool,
        config: &Balancing,
    ) -> (Point, usize, Status) {
        let mut point = Point { r: vec![1.0; self.rows.len()], s: vec![1.0; self.columns.len()] };
        let mut missed = self.fit_rows(&mut point);
        let (mut best, mut best_residual, mut since) = (point.clone(), missed.residual, 0);
        let mut slow = false;
        for round in 1..=config.max_rounds {
            if missed.residual <= config.tolerance {
                return (point, round, Status::Converged);
            }
            let before = missed.residual;
            let moved = if slow { self.newton(&point, &missed, space) } else { None };
            let by_newton = moved.is_some();
            (point, missed) = moved.unwrap_or_else(|| {
                let mut next = point.clone();
                for (j, s) in next.s.iter_mut().enumerate() {
                    *s = root(missed.columns.positive[j], missed.columns.negative[j], self.columns[j], *s);
                }
                let missed = self.fit_rows(&mut next);
                (next, missed)
            });
            if !by_newton && round >= SWEEPS && totals_agree {
                let rate = (missed.residual / before).ln();
                let needed = (config.tolerance / missed.residual).ln() / rate;
                slow = rate >= 0.0 || needed > PATIENCE;
            }
            if missed.residual < 0.99 * best_residual {
                since = 0;
            } else {
                since += 1;
            }
            if missed.residual < best_residual {
                (best, best_residual) = (point.clone(), missed.residual);
            }
            if since >= STANDSTILL || !missed.residual.is_finite() {
                return (best, round, Status::Stalled);
            }
        }
        let status = if best_residual <= config.tolerance { Status::Converged } else { Status::RoundLimit };
        (best, config.max_rounds, status)
    }

    /// Fits every row at the present column multipliers and measures the columns.
    fn fit_rows(&self, point: &mut Point) -> Miss {
        let mut rows = Signed { positive: vec![0.0; self.rows.len()], negative: vec![0.0; self.rows.len()] };
        for (column, s) in self.cells.column_iter().zip(&point.s) {
            let inverse = 1.0 / s;
            for (i, cell) in column.iter().enumerate() {
                if *cell > 0.0 {
                    rows.positive[i] += cell * s;
                } else if *cell < 0.0 {
                    rows.negative[i] -= cell * inverse;
                }
            }
        }
        let (mut worst, mut value) = (0.0f64, 0.0);
        for (i, r) in point.r.iter_mut().enumerate() {
            let (p, n) = (rows.positive[i], rows.negative[i]);
            *r = root(p, n, self.rows[i], *r);
            value -= self.rows[i] * r.ln();
            worst = worse(worst, miss(signed(p, n, *r), p * *r + n / *r, self.rows[i]));
        }
        let inverse: Vec<f64> = point.r.iter().map(|r| 1.0 / r).collect();
        let mut columns = Signed { positive: Vec::new(), negative: Vec::new() };
        for (j, column) in self.cells.column_iter().enumerate() {
            let (mut p, mut n) = (0.0, 0.0);
            for (i, cell) in column.iter().enumerate() {
                if *cell > 0.0 {
                    p += cell * point.r[i];
                } else if *cell < 0.0 {
                    n -= cell * inverse[i];
                }
            }
            let s = point.s[j];
            value += p * s + n / s - self.columns[j] * s.ln();
            worst = worse(worst, miss(signed(p, n, s), p * s + n / s, self.columns[j]));
            columns.positive.push(p);
            columns.negative.push(n);
        }
        Miss { residual: worst, columns, value }
    }

    /// A Newton step in the columns, rows following; none where that gets nowhere.
    fn newton(&self, point: &Point, missed: &Miss, weights: &mut DMatrix<f64>) -> Option<(Point, Miss)> {
        self.flows(point, weights);
        let (mut row_sizes, mut column_sizes) = (vec![0.0; self.rows.len()], Vec::new());
        for mut column in weights.column_iter_mut() {
            let mut size = 0.0;
            for (i, cell) in column.iter_mut().enumerate() {
                *cell = cell.abs();
                row_sizes[i] += *cell;
                size += *cell;
            }
            column_sizes.push(size);
        }
        // Totals that no multiplier can meet are left alone.
        let free = |total: f64, p: f64, n: f64| if total >= 0.0 { p > 0.0 } else { n > 0.0 };
        let mut g = vec![0.0; self.columns.len()];
        for (j, g) in g.iter_mut().enumerate() {
            let (p, n, s) = (missed.columns.positive[j], missed.columns.negative[j], point.s[j]);
            if free(self.columns[j], p, n) {
                *g = self.columns[j] - signed(p, n, s);
            } else {
                column_sizes[j] = 0.0;
            }
        }
        let (columns, rows) = (&column_sizes, &row_sizes);
        let weights = &*weights;
        let apply = |d: &[f64], out: &mut [f64]| {
            let mut through = vec![0.0; rows.len()];
            for ((column, d), size) in weights.column_iter().zip(d).zip(columns) {
                if *size > 0.0 && *d != 0.0 {
                    column.iter().zip(&mut through).for_each(|(w, t)| *t += w * d);
                }
            }
            for (t, size) in through.iter_mut().zip(rows) {
                *t = if *size > 0.0 { *t / size } else { 0.0 };
            }
            for (j, column) in weights.column_iter().enumerate() {
                out[j] = if columns[j] > 0.0 {
                    columns[j] * d[j] - column.iter().zip(&through).map(|(w, t)| w * t).sum::<f64>()
                } else {
                    0.0
                };
            }
        };
        let tolerance = missed.residual.sqrt().clamp(1e-10, 0.1);
        let limit = 2 * self.columns.len().min(self.rows.len()) + 20;
        let d = conjugate::solve(apply, columns, &g, tolerance, limit);
        // A common factor of all columns is taken back by the rows and is not a move.
        let (low, high) =
            d.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), d| (l.min(*d), h.max(*d)));
        let slope = conjugate::dot(&g, &d);
        let noise = 1e-13 * (columns.iter().sum::<f64>() + missed.value.abs());
        let mut step = (FARTHEST / (high - low)).min(1.0);
        while step > SHORTEST {
            let mut next = point.clone();
            for (s, d) in next.s.iter_mut().zip(&d) {
                *s *= (step * d).exp();
            }
            let result = self.fit_rows(&mut next);
            let fall = missed.value - result.value;
            // Where the fall is too small to be told from rounding, the slope must have become less.
            let slope_there: f64 = (0..d.len())
                .filter(|j| columns[*j] > 0.0)
                .map(|j| {
                    let (p, n, s) = (result.columns.positive[j], result.columns.negative[j], next.s[j]);
                    d[j] * (self.columns[j] - signed(p, n, s))
                })
                .sum();
            if fall >= 1e-4 * step * slope || (fall >= -noise && slope_there.abs() <= 0.5 * slope) {
                return Some((next, result));
            }
            step *= 0.5;
        }
        None
    }

    /// The cells at these multipliers.
    fn flows(&self, point: &Point, flows: &mut DMatrix<f64>) {
        for (j, (mut new, old)) in flows.column_iter_mut().zip(self.cells.column_iter()).enumerate() {
            for (i, (new, old)) in new.iter_mut().zip(old.iter()).enumerate() {
                let factor = point.r[i] * point.s[j];
                *new = if *old > 0.0 {
                    old * factor
                } else if *old < 0.0 {
                    old / factor
                } else {
                    0.0
                };
            }
        }
    }
}

/// The sum of positive and negative cells under a multiplier.
fn signed(positive: f64, negative: f64, multiplier: f64) -> f64 {
    positive * multiplier - negative / multiplier
}

/// The multiplier f with p f − n / f = total; the old one where there is none.
fn root(p: f64, n: f64, total: f64, old: f64) -> f64 {
    // The form without cancellation; hypot does not overflow where the squares would.
    let size = total.hypot(2.0 * p.sqrt() * n.sqrt());
    let found = if total >= 0.0 { (total + size) / (2.0 * p) } else { 2.0 * n / (size - total) };
    if found > 0.0 && found.is_finite() { found } else { old }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_multiplier_solves_its_quadratic() {
        for (p, n, total) in
            [(2.0, 3.0, 5.0), (2.0, 3.0, -5.0), (2.0, 0.0, 5.0), (0.0, 3.0, -5.0), (2.0, 3.0, 0.0)]
        {
            let f = root(p, n, total, 1.0);
            assert!((p * f - n / f - total).abs() < 1e-14, "{p} {n} {total}: {f}");
        }
        assert_eq!(root(0.0, 3.0, 5.0, 0.7), 0.7);
        assert_eq!(root(3.0, 0.0, -5.0, 0.7), 0.7);
        // Large against small: the small root must keep its digits.
        let f = root(1.0, 1.0, -1e9, 1.0);
        assert!((f * 1e9 - 1.0).abs() < 1e-14);
    }
}
