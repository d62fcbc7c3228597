//! What decides among equally balanced complexes, and the way from one plan to another.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};
use parecon_jobs::{
    Balance, Choice, Complexes, Config, MemberId, Minutes, TaskId, Workplace, WorkplaceData, balance,
    transition,
};
use parecon_testbed::jobs::feasible_workplace;
use proptest::prelude::*;

fn solved(workplace: &Workplace, choice: Choice) -> Balance {
    let config = Config::default().with_choice(choice);
    let outcome = balance(workplace, &config, &mut ()).unwrap();
    let balance = outcome.balance().unwrap().clone();
    balance.complexes.verify(workplace).unwrap();
    balance
}

/// The workplace with tasks that all rate the same: everything is balanced, and only the choice decides.
fn alike(workplace: Workplace) -> Workplace {
    let mut data = WorkplaceData::from(workplace);
    data.tasks.iter_mut().for_each(|task| (task.empowerment, task.desirability) = (9.0, 9.0));
    Workplace::try_from(data).unwrap()
}

/// Own ratings without a pattern.
fn rated(workplace: Workplace, seed: usize) -> Workplace {
    let mut ratings = Vec::new();
    for m in (0..workplace.members().len()).map(MemberId::new) {
        for task in workplace.eligible(m) {
            let rating = 1 + (m.index() * 7919 + task.index() * 104_729 + seed) * 31 % 20;
            ratings.push((m, *task, rating as f64));
        }
    }
    workplace.with_own_desirability(&ratings).unwrap()
}

/// Minutes times own ratings.
fn liking(workplace: &Workplace, complexes: &Complexes) -> f64 {
    let of = |m, shares: &[parecon_jobs::Share]| -> f64 {
        shares.iter().map(|s| s.time.get() as f64 * workplace.own_desirability(m, s.task).unwrap()).sum()
    };
    complexes.iter().map(|(m, shares)| of(m, shares)).sum()
}

/// The transportation problem by a simplex method: the most of `value` per minute; `limit` of a pair's minutes count.
fn simplex(
    workplace: &Workplace,
    value: impl Fn(MemberId, TaskId) -> f64,
    limit: impl Fn(MemberId, TaskId) -> f64,
) -> f64 {
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let mut of_task: Vec<Vec<(Variable, f64)>> = vec![Vec::new(); workplace.tasks().len()];
    for (m, quota) in workplace.fair_quotas().iter().enumerate() {
        let mut all = Vec::new();
        for task in workplace.eligible(MemberId::new(m)) {
            let member = MemberId::new(m);
            let counting = problem.add_var(value(member, *task), (0.0, limit(member, *task)));
            let beyond = problem.add_var(0.0, (0.0, f64::INFINITY));
            for x in [counting, beyond] {
                all.push((x, 1.0));
                of_task[task.index()].push((x, 1.0));
            }
        }
        problem.add_constraint(&all, ComparisonOp::Eq, quota.get() as f64);
    }
    for (task, row) in workplace.tasks().iter().zip(of_task) {
        problem.add_constraint(&row, ComparisonOp::Eq, task.time.get() as f64);
    }
    problem.solve().unwrap().into_solution().unwrap().objective()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 24 } else { 256 }))]

    #[test]
    fn the_preferred_complexes_are_the_most_liked(workplace in feasible_workplace(), seed in 0usize..1000) {
        let workplace = rated(alike(workplace), seed);
        let found = solved(&workplace, Choice::Preferred);
        let best = simplex(&workplace, |m, t| workplace.own_desirability(m, t).unwrap(), |_, _| f64::INFINITY);
        // The optimum is a vertex, so in whole minutes: only the solver's accuracy is lost.
        prop_assert!((liking(&workplace, &found.complexes) - best).abs() < 1e-5 * best + 1.0);
    }

    #[test]
    fn what_is_preferred_is_as_balanced(workplace in feasible_workplace(), seed in 0usize..1000) {
        let workplace = rated(workplace, seed);
        let (any, found) = (solved(&workplace, Choice::FewTasks), solved(&workplace, Choice::Preferred));
        if found.info.choice.is_some_and(|s| s.is_converged()) && any.info.choice.is_some_and(|s| s.is_converged()) {
            let minute = workplace.fair_quotas().iter().map(|q| 20.0 / q.get().max(1) as f64).fold(0.0, f64::max);
            let near = workplace.tasks().len() as f64 * minute + 1e-3;
            prop_assert!((found.spread.max_abs - any.spread.max_abs).abs() < near);
            let minutes = workplace.tasks().len() as f64 * workplace.members().len() as f64 * 20.0;
            prop_assert!(liking(&workplace, &found.complexes) > liking(&workplace, &any.complexes) - minutes);
        }
    }

    #[test]
    fn the_nearest_complexes_keep_the_most(workplace in feasible_workplace(), seed in 0usize..1000) {
        let workplace = rated(alike(workplace), seed);
        // Somebody likes something else now; the plan for that is where one starts from, with a fifth less of it.
        let today = solved(&workplace, Choice::Preferred).complexes;
        let shares = today.iter().map(|(_, own)| own.iter().map(|s| {
            let mut share = *s;
            share.time = Minutes::new(s.time.get() * 4 / 5);
            share
        }).collect()).collect();
        let today = Complexes::new(shares).unwrap();
        let found = solved(&workplace, Choice::NearestTo(today.clone()));
        let time = |m: MemberId, t: TaskId| today.of(m).iter().find(|s| s.task == t).map_or(0.0, |s| s.time.get() as f64);
        let kept = simplex(&workplace, |_, _| 1.0, time);
        let all: u64 = today.iter().flat_map(|(_, own)| own.iter().map(|s| s.time.get())).sum();
        let moved = today.moved(&found.complexes).get() as f64;
        prop_assert!((all as f64 - moved - kept).abs() < 1e-5 * kept + today.len() as f64 * 12.0, "{moved} of {all}, {kept} can stay");
    }

    #[test]
    fn a_balance_is_nearest_to_itself(workplace in feasible_workplace()) {
        let once = solved(&workplace, Choice::FewTasks);
        let again = solved(&workplace, Choice::NearestTo(once.complexes.clone()));
        if once.status.is_converged() && again.info.choice.is_some_and(|s| s.is_converged()) {
            // Whole minutes may lie outside the room of the deviations; then a little has to move.
            let pairs: usize = once.complexes.iter().map(|(_, own)| own.len()).sum();
            let part = once.complexes.moved(&again.complexes).get() as f64 / workplace.total_time().get() as f64;
            prop_assert!(part < 0.01 + pairs as f64 / workplace.total_time().get() as f64, "{part} moved");
        }
    }

    #[test]
    fn every_step_of_a_transition_is_whole_and_between(workplace in feasible_workplace(), seed in 0usize..1000, periods in 1u32..6) {
        let target = solved(&workplace, Choice::FewTasks).complexes;
        let today = solved(&rated(alike(workplace.clone()), seed), Choice::Preferred).complexes;
        let steps = transition(&workplace, &today, &target, periods).unwrap();
        prop_assert_eq!(steps.len(), periods as usize);
        prop_assert_eq!(steps.last(), Some(&target));
        for (k, step) in steps.iter().enumerate() {
            step.verify(&workplace).unwrap();
            let part = (k + 1) as f64 / f64::from(periods);
            for (m, quota) in workplace.fair_quotas().iter().enumerate() {
                for d in workplace.dimensions() {
                    let of = |complexes: &Complexes| {
                        complexes.average(&workplace, MemberId::new(m), d).map_or(0.0, |own| own - workplace.average(d))
                    };
                    let between = (1.0 - part) * of(&today) + part * of(&target);
                    let minutes = (step.of(MemberId::new(m)).len() + today.of(MemberId::new(m)).len()) as f64 * 20.0;
                    prop_assert!((of(step) - between).abs() <= minutes / quota.get().max(1) as f64 + 1e-9);
                }
            }
        }
    }
}
