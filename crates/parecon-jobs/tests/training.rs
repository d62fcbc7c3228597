//! Training advice and programmes against brute force.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};
use parecon_jobs::training::{Measure, Outcome, prices, programme};
use parecon_jobs::{
    Balance, Config, Dimension, Eligibility, Member, MemberId, Minutes, Status, Task, Workplace, balance,
};
use proptest::prelude::*;

/// Accuracy of two solvers, on deviations up to 19.
const AGREEMENT: f64 = 1e-5;

/// Times are multiples of this, so that quotas of up to 8 people are whole however they are split.
const WHOLE: u64 = 840;

/// Up to 4 members and 5 tasks, two skills that some have and some could learn; the hours can be met.
fn workplace() -> impl Strategy<Value = Workplace> {
    let task = (30u64..300, 10u32..=200, 10u32..=200, 0usize..3);
    let member = (any::<[bool; 2]>(), any::<[Option<u8>; 2]>(), 1u32..3);
    (prop::collection::vec(task, 2..6), prop::collection::vec(member, 2..5)).prop_filter_map(
        "somebody can do every task, and everyone something",
        |(tasks, members)| {
            let skill = |s: usize| ["a", "b"][s];
            let rating = |tenths: u32| f64::from(tenths) / 10.0;
            let total: u64 = tasks.iter().map(|t| t.0 * WHOLE).sum();
            let tasks = tasks.iter().enumerate().map(|(j, (time, e, d, need))| {
                let task = Task::new(format!("t{j}"), Minutes::new(*time * WHOLE), rating(*e), rating(*d));
                if *need < 2 { task.with_skill(skill(*need)) } else { task }
            });
            let members = members.iter().enumerate().map(|(i, (has, could, count))| {
                let mut member = Member::new(format!("m{i}"), Minutes::new(total)).with_count(*count);
                for s in 0..2 {
                    if has[s] {
                        member = member.with_skill(skill(s));
                    } else if let Some(cost) = could[s] {
                        member = member.with_training(skill(s), f64::from(cost));
                    }
                }
                member
            });
            let workplace = Workplace::new(tasks.collect(), members.collect(), Eligibility::Everyone).ok()?;
            solved(&workplace).map(|_| workplace)
        },
    )
}

fn solved(workplace: &Workplace) -> Option<Balance> {
    let outcome = balance(workplace, &Config::default(), &mut ()).unwrap();
    outcome.balance().filter(|balance| balance.status == Status::Converged).cloned()
}

/// The least mean deviation in empowerment, by a simplex method; `None` if the hours cannot be met.
fn least_mean(workplace: &Workplace) -> Option<f64> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let total = workplace.total_time().as_hours();
    let mut of_task: Vec<Vec<(Variable, f64)>> = vec![Vec::new(); workplace.tasks().len()];
    for (m, quota) in workplace.fair_quotas().iter().map(|q| q.as_hours()).enumerate() {
        let spread = problem.add_var(1.0 / total, (0.0, f64::INFINITY));
        let (mut all, mut up, mut down) = (Vec::new(), vec![(spread, -1.0)], vec![(spread, -1.0)]);
        for task in workplace.eligible(MemberId::new(m)) {
            let x = problem.add_var(0.0, (0.0, f64::INFINITY));
            let offset =
                workplace.task(*task).unwrap().empowerment - workplace.average(Dimension::Empowerment);
            of_task[task.index()].push((x, 1.0));
            all.push((x, 1.0));
            up.push((x, offset));
            down.push((x, -offset));
        }
        problem.add_constraint(&all, ComparisonOp::Eq, quota);
        problem.add_constraint(&up, ComparisonOp::Le, 0.0);
        problem.add_constraint(&down, ComparisonOp::Le, 0.0);
    }
    for (task, row) in workplace.tasks().iter().zip(of_task) {
        problem.add_constraint(&row, ComparisonOp::Eq, task.time.as_hours());
    }
    problem.solve().ok()?.into_solution().ok().map(|solution| solution.objective())
}

/// What everybody could learn, one skill each, people one by one: every choice with its cost.
fn choices(workplace: &Workplace) -> Vec<(f64, Workplace)> {
    type Choice<'a> = (f64, Vec<(MemberId, &'a str, u32)>);
    let mut all: Vec<Choice<'_>> = vec![(0.0, Vec::new())];
    for (m, member) in workplace.members().iter().enumerate() {
        let mut next = Vec::new();
        for (cost, list) in &all {
            let most = |k: usize| if k < member.trainable.len() { member.count } else { 0 };
            for first in 0..=most(0) {
                for second in 0..=most(1).min(member.count - first) {
                    let (mut cost, mut list) = (*cost, list.clone());
                    for (training, people) in member.trainable.iter().zip([first, second]) {
                        if people > 0 {
                            cost += training.cost * f64::from(people);
                            list.push((MemberId::new(m), training.skill.as_str(), people));
                        }
                    }
                    next.push((cost, list));
                }
            }
        }
        all = next;
    }
    all.into_iter().map(|(cost, list)| (cost, workplace.with_people_trained(&list).unwrap())).collect()
}

/// A second programme goes on where the first one ended, with people of the same entry.
#[test]
fn one_programme_after_another() {
    let tasks = vec![
        Task::new("clean", Minutes::new(4500), 2.0, 4.0),
        Task::new("plan", Minutes::new(1500), 18.0, 14.0).with_skill("planning"),
    ];
    let members = vec![
        Member::new("planner", Minutes::new(300)).with_count(5).with_skill("planning"),
        Member::new("cleaner", Minutes::new(300)).with_count(15).with_training("planning", 40.0),
    ];
    let mut workplace = Workplace::new(tasks, members, Eligibility::Everyone).unwrap();
    let mut cost = 0.0;
    for target in [2.5, 1.7, 0.9] {
        let answer =
            programme(&workplace, Dimension::Empowerment, target, &Config::default(), &mut ()).unwrap();
        let Outcome::Programme(found) = answer else { panic!("{answer:?}") };
        assert!(found.spread.of(Dimension::Empowerment).unwrap().mean_abs <= target);
        cost += found.cost.value;
        workplace = found.workplace;
    }
    assert_eq!(workplace.members().iter().map(|m| m.count).sum::<u32>(), 20);
    // Two who only clean are 2 · 4 · 2/20 = 0.8 points: thirteen of fifteen have learnt.
    assert!((cost - 13.0 * 40.0).abs() < 1e-9, "{cost}");
}

/// Whoever could take part in work that is pinned to others gains nothing by that.
#[test]
fn pinned_tasks_are_no_way_out() {
    let day = Minutes::new(480);
    let workplace = Workplace::new(
        vec![
            Task::new("own", day, 1.0, 9.0),
            Task::new("theirs", day, 9.0, 9.0),
            Task::new("skilled", day, 17.0, 9.0).with_skill("s"),
        ],
        vec![
            Member::new("ann", day).with_training("s", 1.0),
            Member::new("bo", day),
            Member::new("cy", day).with_skill("s"),
        ],
        Eligibility::Everyone,
    )
    .unwrap()
    .with_pinned(&[(MemberId::new(1), parecon_jobs::TaskId::new(1), day)])
    .unwrap();
    let before = solved(&workplace).unwrap();
    let advice = prices(&workplace, &before, Measure::Largest, 1, &Config::default(), &mut ()).unwrap();
    assert!((before.spread.max_abs - 8.0).abs() < 1e-6);
    assert!((advice.prices[0].relief.unwrap() - 8.0).abs() < 1e-3 && advice.best_is_proved, "{advice:?}");
}

/// That the search was too short says nothing about hours that training makes possible.
#[test]
fn what_was_not_solved_is_not_infeasible() {
    let day = Minutes::new(480);
    let workplace = |learners: &[&str]| {
        let tasks = vec![
            Task::new("clean", day, 2.0, 4.0),
            Task::new("plan", day, 18.0, 14.0).with_skill("planning"),
        ];
        let members = ["ann", "bo"].map(|id| match learners.contains(&id) {
            true => Member::new(id, day).with_training("planning", 40.0),
            false => Member::new(id, day),
        });
        Workplace::new(tasks, members.to_vec(), Eligibility::Everyone).unwrap()
    };
    let ask = |workplace: &Workplace, config: Config| {
        programme(workplace, Dimension::Empowerment, 9.0, &config, &mut ()).unwrap()
    };
    let both = workplace(&["ann", "bo"]);
    let short = ask(&both, Config::default().with_max_iterations(1));
    assert_eq!(short, Outcome::Unsolved(Status::RoundLimit));
    // One of them has to learn it, and then cleans half of the day for the target's sake or not at all.
    let Outcome::Programme(found) = ask(&both, Config::default()) else { panic!("one learns") };
    assert_eq!(found.trained.iter().map(|t| t.people).sum::<u32>(), 1);
    assert!(found.cost.value == 40.0 && found.cost.gap() < 1e-3, "{:?}", found.cost);
    // Nobody can learn it.
    let nobody = ask(&workplace(&[]), Config::default());
    assert!(matches!(nobody, Outcome::Infeasible(_)), "{nobody:?}");
    // More work than time, whoever learns what.
    let tasks = vec![Task::new("plan", Minutes::new(500), 18.0, 14.0).with_skill("planning")];
    let ann = Member::new("ann", day).with_training("planning", 40.0);
    let long = Workplace::new(tasks, vec![ann], Eligibility::Everyone).unwrap();
    let answer = ask(&long, Config::default());
    assert!(matches!(answer, Outcome::Infeasible(_)), "{answer:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 24 } else { 256 }))]

    /// Nobody is left out, no limit is exceeded, and the best one is the best one.
    #[test]
    fn advice_is_the_best_single_training(workplace in workplace()) {
        let before = solved(&workplace).unwrap();
        for measure in [Measure::Largest, Measure::Mean] {
            let of = |b: &Balance| if measure == Measure::Largest { b.spread.max_abs } else { b.spread.mean_abs };
            let advice = prices(&workplace, &before, measure, usize::MAX, &Config::default(), &mut ()).unwrap();
            // Whole minutes move averages by a minute's part of a quota.
            let near = workplace.fair_quotas().iter().map(|q| 40.0 / q.get() as f64).fold(1e-3, f64::max);
            for (m, member) in workplace.members().iter().enumerate() {
                for training in &member.trainable {
                    let trained = workplace.with_training(&[(MemberId::new(m), &training.skill)]).unwrap();
                    let Some(after) = solved(&trained) else { continue };
                    let relief = of(&before) - of(&after);
                    let listed = advice.prices.iter()
                        .find(|p| p.member.index() == m && p.skill == training.skill);
                    let limit = listed.map_or(0.0, |p| p.at_most);
                    if measure == Measure::Largest {
                        prop_assert!(relief <= limit + near, "{relief} beyond {limit}");
                        let best = advice.prices.first().and_then(|p| p.relief).unwrap_or(0.0);
                        prop_assert!(relief <= best.max(0.0) + near, "{relief} better than {best}");
                    }
                }
            }
        }
    }

    /// No choice of people and skills that meets the target costs less than the bound, and the programme meets it.
    #[test]
    fn programmes_are_bounded_by_every_choice(workplace in workplace(), part in 0.0..1.0f64) {
        let choices: Vec<(f64, f64)> = choices(&workplace)
            .into_iter()
            .filter_map(|(cost, trained)| least_mean(&trained).map(|mean| (cost, mean)))
            .collect();
        let today = least_mean(&workplace).unwrap();
        let least = choices.iter().map(|(_, mean)| *mean).fold(f64::INFINITY, f64::min);
        let target = least + part * (today - least) + 0.05;
        match programme(&workplace, Dimension::Empowerment, target, &Config::default(), &mut ()).unwrap() {
            Outcome::Programme(found) => {
                found.complexes.verify(&found.workplace).unwrap();
                prop_assert!(found.spread.of(Dimension::Empowerment).unwrap().mean_abs <= target);
                let cheapest = choices
                    .iter()
                    .filter(|(_, mean)| *mean <= target - AGREEMENT)
                    .map(|(cost, _)| *cost)
                    .fold(f64::INFINITY, f64::min);
                prop_assert!(found.cost.bound <= cheapest + AGREEMENT, "{:?} against {cheapest}", found.cost);
                prop_assert!(found.cost.gap() > -AGREEMENT, "{:?}", found.cost);
            }
            Outcome::OutOfReach(bound) => prop_assert!(false, "{bound:?} for {target}, {least} is possible"),
            // Whole minutes may just miss a target that parts of minutes meet.
            other => prop_assert!(matches!(other, Outcome::Unsolved(_)), "{other:?}"),
        }
        // What no choice reaches is refused with a bound below all of them, unless parts of people reach it.
        let beyond = (least - 0.5).max(0.0);
        if let Outcome::OutOfReach(bound) =
            programme(&workplace, Dimension::Empowerment, beyond, &Config::default(), &mut ()).unwrap()
        {
            prop_assert!(bound.bound > beyond && bound.bound <= least + AGREEMENT);
        }
    }
}
