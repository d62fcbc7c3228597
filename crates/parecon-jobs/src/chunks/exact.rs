//! Branch and bound for small workplaces: a better bound, a better start, or the proof that there is no division.

use microlp::{ComparisonOp, Error, OptimizationDirection, Problem, SolveOptions, Variable};

use super::lots::{Lots, NONE};
use super::rules::Pieces;
use super::state::inverse;

/// The solver's feasibility tolerance may lower its objective by about as much.
const MARGIN: f64 = 1e-6;
/// Deviations cannot exceed the range of ratings.
const LARGEST: f64 = 19.0;
/// The solver's unknowns are hours.
const HOUR: f64 = 60.0;

/// What branch and bound came to.
pub(super) struct Exact {
    /// What the largest deviation cannot go below; infinite if there is no division at all.
    pub(super) bound: f64,
    /// The best division it has, in minutes per pair, not yet whole.
    pub(super) minutes: Option<Vec<f64>>,
}

/// Minimises the largest deviation over divisions with branch and bound on which member does which task, and on how many
/// pieces of it in [`Pieces::Multiples`]. At most `nodes` nodes are solved. With `l_i` the most a member may work,
/// ```text
/// minimise t   subject to   |Σ_j (r_jd − r̄_d) x_ij| ≤ t l_i,   c_j z_ij ≤ x_ij ≤ u_j z_ij,   z binary, and hours, caps and teams
/// ```
/// which is the problem itself where quotas have no slack, and bounds it from below where they have.
///
/// `None` if the solver gave up without a bound.
pub(super) fn branch_and_bound(lots: &Lots, start: Option<&[i64]>, nodes: u64) -> Option<Exact> {
    let hours = |minutes: i64| minutes as f64 / HOUR;
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let largest = problem.add_var(1.0, (0.0, LARGEST));
    // How many units of each pair, and what a unit is.
    let mut units: Vec<(Variable, f64)> = Vec::with_capacity(lots.lot.len());
    let mut hint = Vec::new();
    for (pair, lot) in lots.lot.iter().enumerate() {
        let (unit, time) = (lots.unit[*lot as usize], lots.time[*lot as usize]);
        units.push(match lots.pieces {
            Pieces::AtLeast => (problem.add_var(0.0, (0.0, hours(time.min(lots.most[pair])))), 1.0),
            Pieces::Multiples => {
                let count = problem.add_integer_var(0.0, (0, i32::try_from(time / unit).ok()?));
                hint.extend(start.map(|amounts| (count, (amounts[pair] / unit) as f64)));
                (count, hours(unit))
            }
        });
    }
    let mut hands: Vec<Vec<(Variable, f64)>> = vec![Vec::new(); lots.team.len()];
    for m in 0..lots.members {
        let mut distinct = Vec::new();
        for pair in lots.row(m) {
            let twin = lots.twin[pair];
            if twin != NONE && (twin as usize) < pair {
                continue;
            }
            let task = lots.task[lots.lot[pair] as usize] as usize;
            let mut share = vec![units[pair]];
            let mut smallest = lots.unit[lots.lot[pair] as usize];
            if twin != NONE {
                share.push(units[twin as usize]);
                smallest = smallest.min(lots.unit[lots.lot[twin as usize] as usize]);
            }
            let does = problem.add_binary_var(0.0);
            if let Some(amounts) = start {
                let amount = amounts[pair] + if twin == NONE { 0 } else { amounts[twin as usize] };
                hint.push((does, f64::from(amount > 0)));
            }
            let with = |limit: i64| share.iter().copied().chain([(does, -hours(limit))]).collect::<Vec<_>>();
            problem.add_constraint(with(lots.most[pair]), ComparisonOp::Le, 0.0);
            problem.add_constraint(with(lots.least[pair].max(smallest)), ComparisonOp::Ge, 0.0);
            if lots.pinned[pair] {
                problem.add_constraint([(does, 1.0)], ComparisonOp::Eq, 1.0);
            }
            distinct.push((does, 1.0));
            hands[task].push((does, 1.0));
        }
        if lots.cap != i32::MAX {
            problem.add_constraint(distinct, ComparisonOp::Le, f64::from(lots.cap));
        }
        let all: Vec<_> = lots.row(m).map(|pair| units[pair]).collect();
        let (least, most) = lots.load[m];
        if least == most {
            problem.add_constraint(&all, ComparisonOp::Eq, hours(most));
        } else {
            problem.add_constraint(&all, ComparisonOp::Le, hours(most));
            problem.add_constraint(&all, ComparisonOp::Ge, hours(least));
        }
        // Averages rather than sums, so that all rows are of one size.
        let scale = inverse(most) * HOUR;
        for d in (0..lots.dimensions).filter(|_| most > 0) {
            for sign in [scale, -scale] {
                let row = lots.row(m).map(|pair| {
                    let (count, unit) = units[pair];
                    (count, sign * unit * lots.offset(lots.lot[pair] as usize)[d])
                });
                let row: Vec<_> = row.chain([(largest, -1.0)]).collect();
                problem.add_constraint(row, ComparisonOp::Le, 0.0);
            }
        }
    }
    for lot in 0..lots.unit.len() {
        let all: Vec<_> = lots.column(lot).iter().map(|pair| units[*pair as usize]).collect();
        problem.add_constraint(all, ComparisonOp::Eq, hours(lots.time[lot]));
    }
    for (hands, team) in hands.into_iter().zip(&lots.team).filter(|(_, team)| **team > 1) {
        problem.add_constraint(hands, ComparisonOp::Ge, f64::from(*team));
    }
    let mut options = SolveOptions::default();
    options.node_limit = Some(nodes);
    options.warm_start = start.map(|_| hint);
    match problem.solve_with(options) {
        Ok(outcome) => {
            let bound = outcome.stats().best_bound.unwrap_or(0.0) - MARGIN;
            let minutes = outcome.solution().map(|solution| {
                let minutes = |(count, unit): &(Variable, f64)| match lots.pieces {
                    Pieces::AtLeast => solution.var_value(*count) * HOUR,
                    Pieces::Multiples => solution.var_value(*count).round() * unit * HOUR,
                };
                units.iter().map(minutes).collect()
            });
            Some(Exact { bound: bound.max(0.0), minutes })
        }
        Err(Error::Infeasible) => Some(Exact { bound: f64::INFINITY, minutes: None }),
        Err(_) => None,
    }
}
