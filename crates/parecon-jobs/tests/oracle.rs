//! The optimum against an independent solver: a simplex method on the plain, unaggregated formulation.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};
use parecon_jobs::{Config, MemberId, TaskId, Workplace, balance};
use parecon_testbed::jobs::{Mode, synthetic};

/// Two solvers of relative accuracy 1e-8 or better, on optima up to 19.
const AGREEMENT: f64 = 1e-6;
/// What the others are given when one member is to be moved alone ...
const HELD: f64 = 1e-7;
/// ... and how far that can move somebody with a multiplier of 1e-4 or more: their quotient.
const STUCK: f64 = 1.1e-3;

/// What is minimised, members' deviations being capped.
#[derive(Clone, Copy)]
enum Goal<'a> {
    /// The largest deviation of the members without a cap.
    Largest(&'a [Option<f64>]),
    /// The mean deviation.
    Mean(&'a [f64]),
}

fn simplex(workplace: &Workplace, goal: Goal<'_>) -> f64 {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let free = (0.0, f64::INFINITY);
    let quotas = workplace.fair_quotas();
    let total = workplace.total_time().as_hours();
    let largest = matches!(goal, Goal::Largest(_)).then(|| problem.add_var(1.0, free));
    let mut of_task: Vec<Vec<(Variable, f64)>> = vec![Vec::new(); workplace.tasks().len()];
    for (m, quota) in quotas.iter().map(|q| q.as_hours()).enumerate() {
        let x: Vec<(TaskId, Variable)> = workplace
            .eligible(MemberId::new(m))
            .iter()
            .map(|task| (*task, problem.add_var(0.0, free)))
            .collect();
        x.iter().for_each(|(task, x)| of_task[task.index()].push((*x, 1.0)));
        let all: Vec<_> = x.iter().map(|(_, x)| (*x, 1.0)).collect();
        problem.add_constraint(&all, ComparisonOp::Eq, quota);
        for dimension in workplace.dimensions() {
            let bound = match goal {
                Goal::Largest(caps) => match caps[m] {
                    None => largest.unwrap(),
                    Some(cap) => problem.add_var(0.0, (0.0, cap)),
                },
                Goal::Mean(caps) => problem.add_var(quota / total / 2.0, (0.0, caps[m])),
            };
            for sign in [1.0, -1.0] {
                let mut row: Vec<_> = x
                    .iter()
                    .map(|(task, x)| {
                        let rating = workplace.task(*task).unwrap().rating(dimension).unwrap();
                        (*x, sign * (rating - workplace.average(dimension)))
                    })
                    .collect();
                row.push((bound, -quota));
                problem.add_constraint(&row, ComparisonOp::Le, 0.0);
            }
        }
    }
    for (task, row) in workplace.tasks().iter().zip(of_task) {
        problem.add_constraint(&row, ComparisonOp::Eq, task.time.as_hours());
    }
    problem.solve().unwrap().into_solution().unwrap().objective()
}

#[test]
fn every_level_and_the_mean_reach_the_optimum_of_a_simplex_method() {
    let mut levels = 0;
    for (members, tasks, eligible, seed) in [
        (3, 5, 3, 1),
        (8, 12, 4, 2),
        (12, 20, 6, 3),
        (20, 25, 5, 4),
        (25, 40, 10, 5),
        (15, 20, 3, 6),
        (30, 30, 3, 7),
    ] {
        let workplace = synthetic(members, tasks, eligible, seed, Mode::Planted).unwrap();
        let config = Config::default().with_balanced(1e-3);
        let outcome = balance(&workplace, &config, &mut ()).unwrap();
        let certificate = &outcome.balance().unwrap().certificate;
        certificate.verify(&workplace).unwrap();
        let mut caps = vec![None; members];
        for (k, level) in certificate.levels.iter().enumerate() {
            let largest = simplex(&workplace, Goal::Largest(&caps));
            let off = level.deviation.bound - largest;
            assert!(off.abs() < AGREEMENT, "{members}x{tasks}, level {k}: {off:e}");
            // Who is set aside is at the largest deviation in every optimum.
            if k + 1 < certificate.levels.len() {
                let member = level.members[0].index();
                let others: Vec<_> =
                    (0..members).map(|m| (m != member).then(|| caps[m].unwrap_or(largest + HELD))).collect();
                let alone = simplex(&workplace, Goal::Largest(&others));
                assert!(alone > largest - STUCK, "{members}x{tasks}, level {k}: {alone} below {largest}");
            }
            level.members.iter().for_each(|m| caps[m.index()] = Some(level.cap));
        }
        levels += certificate.levels.len();
        let caps: Vec<f64> = caps.into_iter().map(Option::unwrap).collect();
        let off = certificate.mean.bound - simplex(&workplace, Goal::Mean(&caps));
        assert!(off.abs() < AGREEMENT, "{members}x{tasks}: {off:e}");
    }
    assert!(levels > 10, "{levels} levels in 7 workplaces: hardly anybody is set aside");
}
