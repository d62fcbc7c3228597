//! One member's own linear programme, solved exactly by a simplex method in 1 + D rows.
//!
//! ```text
//! minimise Σ_j p_j y_j + Σ_d w_d e_d   over   y ≥ 0,  Σ_j y_j = 1,  |Σ_j r_jd y_j| ≤ τ_d + e_d
//! ```
//! with dual `max_g min_j (p_j + g·r_j) − Σ_d τ_d |g_d|` over `|g_d| ≤ w_d`. Any g gives a lower bound, so that the
//! accuracy of the pivots never matters to its validity.

/// Pivots after which the first improving column enters instead of the best (Bland's rule, which cannot cycle).
const BLAND_AFTER: usize = 60;
/// Pivots after which the current multipliers are taken as they are.
const MAX_PIVOTS: usize = 2_000;
/// Reduced costs above minus this part of the largest cost are taken as zero.
const OPTIMAL: f64 = 1e-12;
/// Pivot elements below this part of the largest in their column are not divided by.
const PIVOT: f64 = 1e-11;

/// A member's programme and the memory to solve it.
///
/// Variables are numbered: tasks 0..k, then per dimension the deviation `s_d ∈ [−τ_d, τ_d]`, the excess above, the excess
/// below; rows are `Σ y = 1` and `Σ r_d y − s_d − above_d + below_d = 0`.
#[derive(Default)]
pub(super) struct MemberLp {
    tasks: usize,
    dimensions: usize,
    /// `p_j`.
    pub(super) costs: Vec<f64>,
    /// `r_jd`, one dimension after the other.
    pub(super) offsets: Vec<f64>,
    /// `τ_d`.
    pub(super) tolerances: Vec<f64>,
    /// `w_d`.
    pub(super) penalties: Vec<f64>,
    basis: Vec<usize>,
    inverse: Vec<f64>,
    /// Values of the basic variables.
    values: Vec<f64>,
    /// Where `s_d` stands while it is not basic.
    at: Vec<f64>,
    /// Multipliers of the rows: u, then −g.
    duals: Vec<f64>,
    column: Vec<f64>,
    /// `g_d`, within `±w_d`.
    pub(super) multipliers: Vec<f64>,
    /// `min_j (p_j + g·r_j)`.
    pub(super) least: f64,
    /// Pivots so far.
    pub(super) pivots: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// Minimise the excess over hard bands.
    Reach,
    /// Minimise the cost.
    Cost,
}

impl MemberLp {
    /// Makes room for a programme of `tasks` columns; the public vectors must then be filled.
    pub(super) fn resize(&mut self, tasks: usize, dimensions: usize) {
        (self.tasks, self.dimensions) = (tasks, dimensions);
        self.costs.resize(tasks, 0.0);
        self.offsets.resize(tasks * dimensions, 0.0);
        for vector in [&mut self.tolerances, &mut self.penalties, &mut self.at, &mut self.multipliers] {
            vector.resize(dimensions, 0.0);
        }
        for vector in [&mut self.values, &mut self.duals, &mut self.column] {
            vector.resize(dimensions + 1, 0.0);
        }
        self.basis.resize(dimensions + 1, 0);
        self.inverse.resize((dimensions + 1) * (dimensions + 1), 0.0);
    }

    fn offset(&self, task: usize, dimension: usize) -> f64 {
        self.offsets[dimension * self.tasks + task]
    }

    /// Solves; returns the excess over hard bands that no choice avoids, 0 if the band can be met.
    ///
    /// With an excess the multipliers are those that prove it; otherwise those of the optimum.
    pub(super) fn solve(&mut self) -> f64 {
        self.start();
        let scale = 1.0 + self.offsets.iter().fold(0.0, |most: f64, r| most.max(r.abs()));
        if self.excess() > 0.0 {
            self.pivot_to_end(Phase::Reach, 1.0);
            if self.excess() > OPTIMAL * scale {
                self.finish(Phase::Reach);
                return self.excess();
            }
        }
        let size = self.costs.iter().fold(0.0, |most: f64, p| most.max(p.abs()));
        self.pivot_to_end(Phase::Cost, if size > 0.0 { size } else { 1.0 });
        self.finish(Phase::Cost);
        0.0
    }

    /// The optimal shares: (task, share) of the basic variables.
    #[cfg(test)]
    pub(super) fn shares(&self) -> impl Iterator<Item = (usize, f64)> {
        self.basis
            .iter()
            .zip(&self.values)
            .filter(|(v, _)| **v < self.tasks)
            .map(|(v, share)| (*v, share.max(0.0)))
    }

    /// `min_j (p_j + g·r_j) − Σ_d τ_d |g_d|`.
    pub(super) fn bound(&self) -> f64 {
        let width: f64 = self
            .multipliers
            .iter()
            .zip(&self.tolerances)
            .filter(|(g, _)| **g != 0.0)
            .map(|(g, tolerance)| tolerance * g.abs())
            .sum();
        self.least - width
    }

    /// The cheapest task alone, its deviations within the band or in excess.
    fn start(&mut self) {
        let mut best = 0;
        for j in 1..self.tasks {
            if self.costs[j] < self.costs[best] {
                best = j;
            }
        }
        let rows = self.dimensions + 1;
        self.inverse.fill(0.0);
        self.inverse[0] = 1.0;
        self.basis[0] = best;
        self.values[0] = 1.0;
        for d in 0..self.dimensions {
            let (r, tolerance) = (self.offset(best, d), self.tolerances[d]);
            let slack = self.tasks + 3 * d;
            let (variable, value, sign) = if r > tolerance {
                (slack + 1, r - tolerance, -1.0)
            } else if r < -tolerance {
                (slack + 2, -r - tolerance, 1.0)
            } else {
                (slack, r, -1.0)
            };
            self.at[d] = if r > 0.0 { tolerance } else { -tolerance };
            self.basis[d + 1] = variable;
            self.values[d + 1] = value;
            self.inverse[(d + 1) * rows] = -sign * r;
            self.inverse[(d + 1) * rows + d + 1] = sign;
        }
    }

    /// Which dimension and kind (0 deviation, 1 above, 2 below) a variable beyond the tasks is.
    fn kind(&self, variable: usize) -> (usize, usize) {
        ((variable - self.tasks) / 3, (variable - self.tasks) % 3)
    }

    fn is_hard_excess(&self, variable: usize) -> bool {
        if variable < self.tasks {
            return false;
        }
        let (d, kind) = self.kind(variable);
        kind > 0 && self.penalties[d] == f64::INFINITY
    }

    fn excess(&self) -> f64 {
        self.basis
            .iter()
            .zip(&self.values)
            .filter(|(v, _)| self.is_hard_excess(**v))
            .map(|(_, x)| x.max(0.0))
            .sum()
    }

    fn cost(&self, variable: usize, phase: Phase) -> f64 {
        if variable < self.tasks {
            return if phase == Phase::Cost { self.costs[variable] } else { 0.0 };
        }
        let (d, kind) = self.kind(variable);
        match (kind, self.penalties[d] == f64::INFINITY, phase) {
            (0, ..) | (_, true, Phase::Cost) | (_, false, Phase::Reach) => 0.0,
            (_, true, Phase::Reach) => 1.0,
            (_, false, Phase::Cost) => self.penalties[d],
        }
    }

    fn price(&mut self, phase: Phase) {
        let rows = self.dimensions + 1;
        for row in 0..rows {
            self.duals[row] =
                (0..rows).map(|k| self.cost(self.basis[k], phase) * self.inverse[k * rows + row]).sum();
        }
    }

    fn pivot_to_end(&mut self, phase: Phase, size: f64) {
        for pivot in 0..MAX_PIVOTS {
            if phase == Phase::Reach && self.excess() <= 0.0 {
                return;
            }
            self.price(phase);
            let Some((entering, forth)) = self.entering(phase, OPTIMAL * size, pivot >= BLAND_AFTER) else {
                return;
            };
            if !self.exchange(entering, forth, phase) {
                return;
            }
            self.pivots += 1;
        }
    }

    /// A variable that improves, and whether it grows.
    fn entering(&self, phase: Phase, tolerance: f64, first: bool) -> Option<(usize, bool)> {
        let mut best = (None, -tolerance);
        let mut consider = |variable: usize, rate: f64, forth: bool| {
            if rate < best.1 && !(first && best.0.is_some()) {
                best = (Some((variable, forth)), rate);
            }
        };
        for j in 0..self.tasks {
            let mut rate = self.cost(j, phase) - self.duals[0];
            for d in 0..self.dimensions {
                rate -= self.duals[d + 1] * self.offset(j, d);
            }
            consider(j, rate, true);
        }
        for d in 0..self.dimensions {
            let (dual, slack) = (self.duals[d + 1], self.tasks + 3 * d);
            // A deviation without limits stays basic from the start.
            if self.tolerances[d] < f64::INFINITY && self.tolerances[d] > 0.0 && !self.basis.contains(&slack)
            {
                let forth = self.at[d] < 0.0;
                consider(slack, if forth { dual } else { -dual }, forth);
            }
            if self.penalties[d] < f64::INFINITY || phase == Phase::Reach {
                consider(slack + 1, self.cost(slack + 1, phase) + dual, true);
                consider(slack + 2, self.cost(slack + 2, phase) - dual, true);
            }
        }
        // A basic variable's rate is 0 up to rounding, but must never enter again.
        best.0.filter(|(variable, _)| !self.basis.contains(variable))
    }

    /// Lets a variable in as far as the others allow; `false` if nothing moves sensibly.
    fn exchange(&mut self, entering: usize, forth: bool, phase: Phase) -> bool {
        let rows = self.dimensions + 1;
        for k in 0..rows {
            let row = &self.inverse[k * rows..][..rows];
            self.column[k] = if entering < self.tasks {
                row[0] + (0..self.dimensions).map(|d| row[d + 1] * self.offset(entering, d)).sum::<f64>()
            } else {
                let (d, kind) = self.kind(entering);
                if kind == 2 { row[d + 1] } else { -row[d + 1] }
            };
        }
        let largest = self.column.iter().fold(0.0, |most: f64, a| most.max(a.abs()));
        let mut step = match entering.checked_sub(self.tasks).map(|_| self.kind(entering)) {
            Some((d, 0)) => 2.0 * self.tolerances[d],
            _ => f64::INFINITY,
        };
        let mut leaving: Option<usize> = None;
        for k in 0..rows {
            let change = if forth { -self.column[k] } else { self.column[k] };
            if change.abs() <= PIVOT * largest {
                continue;
            }
            let (low, high) = self.limits(self.basis[k], phase);
            let room = if change < 0.0 { self.values[k] - low } else { high - self.values[k] };
            let allowed = room.max(0.0) / change.abs();
            let better = match leaving {
                _ if allowed < step => true,
                Some(other) => allowed == step && self.column[k].abs() > self.column[other].abs(),
                None => false,
            };
            if better {
                step = allowed;
                leaving = Some(k);
            }
        }
        if step == f64::INFINITY {
            return false;
        }
        let signed = if forth { step } else { -step };
        let begin = if entering < self.tasks {
            0.0
        } else {
            match self.kind(entering) {
                (d, 0) => self.at[d],
                _ => 0.0,
            }
        };
        for k in 0..rows {
            self.values[k] -= signed * self.column[k];
        }
        let Some(leaving) = leaving else {
            // From one end of the band to the other.
            let (d, _) = self.kind(entering);
            self.at[d] = -self.at[d];
            return true;
        };
        let out = self.basis[leaving];
        if out >= self.tasks {
            let (d, kind) = self.kind(out);
            if kind == 0 {
                let change = if forth { -self.column[leaving] } else { self.column[leaving] };
                self.at[d] = if change > 0.0 { self.tolerances[d] } else { -self.tolerances[d] };
            }
        }
        let pivot = self.column[leaving];
        for row in 0..rows {
            self.inverse[leaving * rows + row] /= pivot;
        }
        for k in (0..rows).filter(|k| *k != leaving) {
            let factor = self.column[k];
            for row in 0..rows {
                self.inverse[k * rows + row] -= factor * self.inverse[leaving * rows + row];
            }
        }
        self.basis[leaving] = entering;
        self.values[leaving] = begin + signed;
        true
    }

    fn limits(&self, variable: usize, phase: Phase) -> (f64, f64) {
        if variable < self.tasks {
            return (0.0, f64::INFINITY);
        }
        match self.kind(variable) {
            (d, 0) => (-self.tolerances[d], self.tolerances[d]),
            _ if phase == Phase::Cost && self.is_hard_excess(variable) => (0.0, 0.0),
            _ => (0.0, f64::INFINITY),
        }
    }

    fn finish(&mut self, phase: Phase) {
        self.price(phase);
        for d in 0..self.dimensions {
            let most = match (phase, self.penalties[d]) {
                (Phase::Cost, penalty) => penalty,
                (Phase::Reach, f64::INFINITY) => 1.0,
                (Phase::Reach, _) => 0.0,
            };
            let none = self.tolerances[d] == f64::INFINITY;
            self.multipliers[d] = if none { 0.0 } else { (-self.duals[d + 1]).clamp(-most, most) };
        }
        let mut least = f64::INFINITY;
        for j in 0..self.tasks {
            let mut value = if phase == Phase::Cost { self.costs[j] } else { 0.0 };
            for d in 0..self.dimensions {
                value += self.multipliers[d] * self.offset(j, d);
            }
            least = least.min(value);
        }
        self.least = least;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use microlp::{ComparisonOp, OptimizationDirection, Problem};
    use proptest::prelude::*;

    /// Ratings of the order of 10, costs of the order of 1, two simplex methods.
    const AGREEMENT: f64 = 1e-9;

    /// The optimum by an independent simplex method; `None` if the band cannot be met.
    fn reference(lp: &MemberLp) -> Option<f64> {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let y: Vec<_> = lp.costs.iter().map(|p| problem.add_var(*p, (0.0, f64::INFINITY))).collect();
        let all: Vec<_> = y.iter().map(|y| (*y, 1.0)).collect();
        problem.add_constraint(&all, ComparisonOp::Eq, 1.0);
        for d in 0..lp.dimensions {
            if lp.tolerances[d] == f64::INFINITY {
                continue;
            }
            let soft = lp.penalties[d] < f64::INFINITY;
            let excess = problem.add_var(
                if soft { lp.penalties[d] } else { 0.0 },
                (0.0, if soft { f64::INFINITY } else { 0.0 }),
            );
            for sign in [1.0, -1.0] {
                let mut row: Vec<_> =
                    y.iter().enumerate().map(|(j, y)| (*y, sign * lp.offset(j, d))).collect();
                row.push((excess, -1.0));
                problem.add_constraint(&row, ComparisonOp::Le, lp.tolerances[d]);
            }
        }
        problem.solve().ok().and_then(|s| s.into_solution().ok()).map(|s| s.objective())
    }

    proptest! {
        #[test]
        fn the_optimum_is_that_of_another_simplex_method(
            (costs, offsets, bands) in (1usize..14, 0usize..4).prop_flat_map(|(tasks, dimensions)| (
                prop::collection::vec((-20i32..20).prop_map(|c| f64::from(c) / 10.0), tasks),
                prop::collection::vec((-100i32..100).prop_map(|r| f64::from(r) / 10.0), tasks * dimensions),
                prop::collection::vec((
                    prop_oneof![Just(0.0), Just(0.5), Just(3.0), Just(f64::INFINITY)],
                    prop_oneof![2 => Just(f64::INFINITY), 1 => Just(0.0), 2 => Just(0.1), 1 => Just(2.0)],
                ), dimensions),
            )),
        ) {
            let mut lp = MemberLp::default();
            lp.resize(costs.len(), bands.len());
            lp.costs.copy_from_slice(&costs);
            lp.offsets.copy_from_slice(&offsets);
            for (d, band) in bands.iter().enumerate() {
                (lp.tolerances[d], lp.penalties[d]) = *band;
            }
            let excess = lp.solve();
            match reference(&lp) {
                Some(optimum) => {
                    prop_assert!(excess == 0.0, "excess {excess}, optimum {optimum}");
                    prop_assert!((lp.bound() - optimum).abs() < AGREEMENT, "{} and {optimum}", lp.bound());
                    let total: f64 = lp.shares().map(|(_, share)| share).sum();
                    prop_assert!((total - 1.0).abs() < AGREEMENT);
                }
                None => prop_assert!(excess > 0.0 && lp.bound() > 0.0, "excess {excess}, proof {}", lp.bound()),
            }
        }
    }
}
