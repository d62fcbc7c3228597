//! The optimum against an independent solver: a simplex method on the plain, unaggregated formulation.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};
use parecon_jobs::{Config, MemberId, TaskId, Workplace, balance};
use parecon_testbed::jobs::{Mode, synthetic};

/// Two solvers of relative accuracy 1e-8 or better, on optima up to 19.
const AGREEMENT: f64 = 1e-6;

/// The least largest deviation, and the least mean deviation among assignments with none above `cap`.
fn simplex(workplace: &Workplace, cap: Option<f64>) -> f64 {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let free = (0.0, f64::INFINITY);
    let quotas = workplace.fair_quotas();
    let total = workplace.total_time().as_hours();
    let largest = cap.is_none().then(|| problem.add_var(1.0, free));
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
            let bound = match cap {
                None => largest.unwrap(),
                Some(cap) => problem.add_var(quota / total / 2.0, (0.0, cap)),
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
fn both_stages_reach_the_optimum_of_a_simplex_method() {
    for (members, tasks, eligible, seed) in
        [(3, 5, 3, 1), (8, 12, 4, 2), (12, 20, 6, 3), (20, 25, 5, 4), (25, 40, 10, 5)]
    {
        let workplace = synthetic(members, tasks, eligible, seed, Mode::Planted).unwrap();
        let outcome = balance(&workplace, &Config::default(), &mut ()).unwrap();
        let certificate = &outcome.balance().unwrap().certificate;
        let (largest, mean) = (simplex(&workplace, None), simplex(&workplace, Some(certificate.cap)));
        let off = (certificate.largest.bound - largest, certificate.mean.bound - mean);
        assert!(off.0.abs() < AGREEMENT && off.1.abs() < AGREEMENT, "{members}x{tasks}: {off:?}");
    }
}
