//! The leximin order: those who cannot be balanced are set aside, level by level, and the rest solved tight.

use crate::aggregate::Aggregate;
use crate::balance::Run;
use crate::certificate::{NEGLIGIBLE, bound_on_largest};
use crate::model::PerDimension;
use crate::proof::{Claim, MICRO, Proof};
use crate::stages::{Goal, Point, Problem};
use crate::way::Deviations;
use crate::{Bound, Complexes, Config, Level, MemberId, Stage, Status, Workplace};

/// The levels found, by rows of the problem.
#[derive(Default)]
pub(crate) struct Leximin {
    /// What every row is allowed from now on.
    pub(crate) caps: Vec<f64>,
    pub(crate) levels: Vec<Rows>,
}

pub(crate) struct Rows {
    pub(crate) bound: f64,
    pub(crate) proof: Option<Proof>,
    pub(crate) cap: f64,
    pub(crate) rows: Vec<usize>,
}

/// The last stage may spend this part of the slack, so that it has an interior.
const VERTEX_SLACK: f64 = 0.1;
/// The least room of the last stage, in rating points, if the slack is 0.
const VERTEX_ROOM: f64 = 1e-7;

/// The levels, then the mean deviation, by the interior-point method.
pub(crate) fn points(
    workplace: &Workplace,
    problem: &Problem<'_>,
    config: &Config,
    run: &mut Run<'_>,
) -> Deviations {
    let nobody = vec![None; problem.quotas.len()];
    let Some(first) = run.stage(Stage::LargestDeviation, problem, &Goal::Largest { caps: &nobody }) else {
        return Deviations::default();
    };
    let settled = run.status.is_converged();
    let (leximin, mut minutes) = Leximin::new(workplace, problem, &first, config, run);
    let mut mean = None;
    if run.status.is_converged() {
        let emphasis = vec![1.0; problem.aggregate.dimensions];
        mean = run.stage(
            Stage::MeanDeviation,
            problem,
            &Goal::Mean { caps: &leximin.caps, emphasis: &emphasis },
        );
        if let Some(point) = mean.as_ref().filter(|_| run.status.is_converged()) {
            minutes.clone_from(&point.minutes);
        }
    }
    let room = (config.slack() * VERTEX_SLACK).max(VERTEX_ROOM);
    let allowed = |row: &PerDimension<f64>| row.iter().map(|a| a.abs() + room).collect();
    let within = problem.deviations(&minutes).iter().map(allowed).collect();
    Deviations { first: Some(first), settled, leximin, mean, minutes, within }
}

/// What a level is allowed from then on: whole millionths, so that the proof has the same cap as the programme.
pub(crate) fn cap(largest: f64, config: &Config) -> f64 {
    ((largest + config.slack()) * MICRO).ceil() / MICRO
}

impl Leximin {
    /// Goes on from the point with the least largest deviation; stays there if that was not reached.
    ///
    /// At an optimum that an interior-point method found, the rows with a multiplier are those that are at the largest
    /// deviation in every optimum (strict complementarity): to bring one of them closer would push another one out.
    /// They keep that deviation, plus slack, and the largest one among the others is minimised.
    pub(crate) fn new(
        workplace: &Workplace,
        problem: &Problem<'_>,
        first: &Point,
        config: &Config,
        run: &mut Run<'_>,
    ) -> (Self, Vec<f64>) {
        let mut caps: Vec<Option<f64>> = vec![None; problem.quotas.len()];
        let mut levels = Vec::new();
        let mut point = first.clone();
        loop {
            let open: Vec<usize> = (0..caps.len()).filter(|row| caps[*row].is_none()).collect();
            let deviations = problem.deviations(&point.minutes);
            let largest =
                open.iter().flat_map(|row| &deviations[*row]).fold(0.0, |most: f64, own| most.max(own.abs()));
            let by_member = by_member(workplace, problem.aggregate, &caps);
            let estimate = bound_on_largest(problem, &point, &caps);
            let (bound, proof) =
                proved(workplace, problem.aggregate, &point, Claim::Largest(&by_member), estimate);
            let cap = cap(largest, config);
            let enough = levels.len() + 1 >= config.levels() as usize || largest <= config.balanced();
            let last = enough || !run.status.is_converged();
            let binds = |row: &usize| point.weights[*row].iter().any(|w| w.abs() >= NEGLIGIBLE);
            let mut rows: Vec<usize> = open.iter().copied().filter(binds).collect();
            if last || rows.is_empty() || rows.len() == open.len() {
                rows = open;
            }
            let rest = caps.iter().filter(|cap| cap.is_none()).count() - rows.len();
            rows.iter().for_each(|row| caps[*row] = Some(cap));
            levels.push(Rows { bound, proof, cap, rows });
            if rest == 0 {
                break;
            }
            let next = run.stage(Stage::LargestDeviation, problem, &Goal::Largest { caps: &caps });
            match next {
                Some(next) if run.status.is_converged() => point = next,
                // The rest stays where the last level that was solved has it, without a bound.
                _ => {
                    if run.status != Status::Stopped {
                        run.status = Status::Converged;
                    }
                    let rows = (0..caps.len()).filter(|row| caps[*row].is_none()).collect();
                    levels.push(Rows { bound: 0.0, proof: None, cap, rows });
                    break;
                }
            }
        }
        let mut of_row = vec![0.0; caps.len()];
        for level in &levels {
            level.rows.iter().for_each(|row| of_row[*row] = level.cap);
        }
        (Leximin { caps: of_row, levels }, point.minutes)
    }

    /// The levels by members, with the deviations that complexes reach.
    pub(crate) fn levels(
        &self,
        workplace: &Workplace,
        complexes: &Complexes,
        aggregate: &Aggregate,
    ) -> Vec<Level> {
        let mut levels = Vec::new();
        let mut value: f64 = 0.0;
        // From the last level on, so that each has the largest deviation of its own and all later members.
        for level in self.levels.iter().rev() {
            let kinds = level.rows.iter().map(|row| &aggregate.types[*row]);
            let mut members: Vec<_> = kinds
                .flat_map(|kind| kind.members.iter().map(|(member, _)| MemberId::new(*member)))
                .collect();
            members.sort_unstable();
            for member in &members {
                for dimension in workplace.dimensions() {
                    let own = complexes.average(workplace, *member, dimension);
                    value = own.map_or(value, |own| value.max((own - workplace.average(dimension)).abs()));
                }
            }
            let (deviation, proof) = (Bound { value, bound: level.bound }, level.proof.clone());
            levels.push(Level { deviation, cap: level.cap, members, proof });
        }
        levels.reverse();
        levels
    }
}

/// What holds for rows (types), for their members.
pub(crate) fn by_member<T: Copy + Default>(
    workplace: &Workplace,
    aggregate: &Aggregate,
    of_row: &[T],
) -> Vec<T> {
    let mut of_member = vec![T::default(); workplace.members().len()];
    for (kind, value) in aggregate.types.iter().zip(of_row) {
        kind.members.iter().for_each(|(member, _)| of_member[*member] = *value);
    }
    of_member
}

/// The bound in exact arithmetic with its proof, or the estimate if sums exceed 127 bits.
pub(crate) fn proved(
    workplace: &Workplace,
    aggregate: &Aggregate,
    point: &Point,
    claim: Claim<'_>,
    estimate: f64,
) -> (f64, Option<Proof>) {
    let proof = Proof::new(workplace, aggregate, point);
    match proof.bound(workplace, claim) {
        Ok(bound) => (bound, Some(proof)),
        Err(_) => (estimate, None),
    }
}
