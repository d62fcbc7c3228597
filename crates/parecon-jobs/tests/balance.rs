//! What balancing promises: exact hours, exact averages, optimality, invariance.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::ops::ControlFlow;

use parecon_jobs::{
    Balance, Choice, Config, Dimension, Eligibility, EligibilityData, Member, MemberId, Minutes, Outcome,
    Progress, Stage, Status, Task, TaskId, Workplace, WorkplaceData, balance,
};
use parecon_testbed::jobs::{
    Mode, feasible_workplace, separated_pair, synthetic, universal_workplace, workplace,
};
use proptest::prelude::*;

/// Bounds come from an interior-point method of relative accuracy 1e-8 on values up to 19.
const BOUND: f64 = 1e-6;
/// The mean deviation is minimised under a cap that carries the error of [`BOUND`], and reacts to it by a few dozen times.
const CAPPED: f64 = 1e-4;
/// Averages are sums of a few dozen floating-point numbers up to 20 · 2⁴⁰.
const SUM: f64 = 1e-9;

fn solved(workplace: &Workplace) -> Balance {
    balance(workplace, &Config::default(), &mut ()).unwrap().balance().unwrap().clone()
}

/// By how much whole minutes can move a deviation: every pair by less than a minute and 19 points, and what the
/// solver leaves inexact by as much again.
fn rounding(workplace: &Workplace) -> f64 {
    let least = workplace.fair_quotas().iter().map(|q| q.get()).filter(|q| *q > 0).min().unwrap();
    2.0 * 19.0 * workplace.tasks().len() as f64 / least as f64
}

#[test]
fn separated_members_deviate_by_half_the_gap() {
    for gap in [0.0, 4.0, 19.0] {
        let workplace = separated_pair(gap).unwrap();
        let balance = solved(&workplace);
        let spread = balance.spread.of(Dimension::Empowerment).unwrap();
        assert!((spread.max_abs - gap / 2.0).abs() < SUM && (spread.mean_abs - gap / 2.0).abs() < SUM);
        assert!((balance.certificate.largest.bound - gap / 2.0).abs() < BOUND);
        assert_eq!(balance.certificate.binding_members.is_empty(), gap == 0.0);
    }
}

#[test]
fn two_by_two_in_closed_form() {
    // Ann can do both tasks, Bo only the empowering one (rating e, 3/4 of the time is Bo's and Ann's equally). With
    // equal quotas q and task times 3q/2 (high) and q/2 (low): Bo does q of high, Ann q/2 of each. The average is
    // (3e + 1)/4, Bo deviates by e − (3e + 1)/4 = (e − 1)/4, Ann by as much the other way.
    let workplace = Workplace::new(
        vec![
            Task::new("high", Minutes::new(1440), 17.0, 10.0),
            Task::new("low", Minutes::new(480), 1.0, 10.0),
        ],
        vec![Member::new("ann", Minutes::new(960)), Member::new("bo", Minutes::new(960))],
        Eligibility::ByMember(vec![vec![TaskId::new(0), TaskId::new(1)], vec![TaskId::new(0)]]),
    )
    .unwrap();
    let balance = solved(&workplace);
    assert_eq!(workplace.average(Dimension::Empowerment), 13.0);
    let of = |m| balance.complexes.average(&workplace, MemberId::new(m), Dimension::Empowerment).unwrap();
    assert_eq!((of(0), of(1)), (9.0, 17.0));
    assert!((balance.certificate.largest.bound - 4.0).abs() < BOUND);
    assert!((balance.certificate.mean.bound - 2.0).abs() < BOUND); // nothing deviates in desirability
}

#[test]
fn a_bottleneck_does_not_hide_the_others() {
    // Cy can only clean; Ann and Bo could balance perfectly between themselves, or not, without changing the maximum.
    let quota = Minutes::new(600);
    let task = |id: &str, e| Task::new(id, Minutes::new(600), e, 10.0);
    let workplace = Workplace::new(
        vec![task("clean", 1.0), task("low", 7.0), task("high", 19.0)],
        ["ann", "bo", "cy"].map(|id| Member::new(id, quota)).to_vec(),
        Eligibility::ByMember(
            vec![vec![TaskId::new(1), TaskId::new(2)]; 2].into_iter().chain([vec![TaskId::new(0)]]).collect(),
        ),
    )
    .unwrap();
    let balance = solved(&workplace);
    let of = |m| balance.complexes.average(&workplace, MemberId::new(m), Dimension::Empowerment).unwrap();
    assert_eq!([of(0), of(1), of(2)], [13.0, 13.0, 1.0]);
    let binding = &balance.certificate.binding_members;
    assert_eq!((binding.len(), binding[0].member, binding[0].deviation), (1, MemberId::new(2), -8.0));
}

#[test]
fn the_certificate_names_the_one_task_that_matters() {
    // Only Dee may operate, and that fills her time; everyone shares the rest.
    let mut tasks = vec![Task::new("operate", Minutes::new(600), 19.0, 10.0)];
    tasks.extend((0..9).map(|j| Task::new(format!("t{j}"), Minutes::new(200), 2.0 + f64::from(j), 10.0)));
    let rest: Vec<TaskId> = (1..10).map(TaskId::new).collect();
    let mut lists = vec![rest; 4];
    lists[3].push(TaskId::new(0));
    let members = ["ann", "bo", "cy", "dee"].map(|id| Member::new(id, Minutes::new(600))).to_vec();
    let workplace = Workplace::new(tasks, members, Eligibility::ByMember(lists)).unwrap();
    let Balance { certificate, info, .. } = solved(&workplace);
    assert_eq!(info.least_pulls, Some(Status::Converged));
    assert!(certificate.largest.gap() < BOUND);
    assert_eq!(certificate.binding_tasks.iter().map(|b| b.task).collect::<Vec<_>>(), [TaskId::new(0)]);
    assert_eq!(certificate.binding_members.iter().map(|b| b.member).collect::<Vec<_>>(), [MemberId::new(3)]);
}

#[test]
fn every_stage_is_reported_and_can_be_stopped() {
    let workplace = separated_pair(4.0).unwrap();
    let mut seen = Vec::new();
    let mut observer = |p: &Progress| {
        if seen.last() != Some(&p.stage) {
            seen.push(p.stage);
        }
        ControlFlow::Continue(())
    };
    balance(&workplace, &Config::default(), &mut observer).unwrap();
    assert_eq!(seen, [Stage::LargestDeviation, Stage::MeanDeviation, Stage::Choice, Stage::Certificate]);
    for stop_at in seen {
        let mut observer = |p: &Progress| {
            if p.stage == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let outcome = balance(&workplace, &Config::default(), &mut observer).unwrap();
        let balance = outcome.balance().unwrap();
        assert_eq!(balance.status, Status::Stopped);
        let reached = |stage| (stop_at == stage).then_some(Status::Stopped);
        let earlier = (stop_at == Stage::Certificate).then_some(Status::Converged);
        assert_eq!(balance.info.choice, earlier.or(reached(Stage::Choice)));
        assert_eq!(balance.info.least_pulls, reached(Stage::Certificate));
        balance.complexes.verify(&workplace).unwrap();
    }
}

#[test]
fn running_out_of_iterations_is_an_answer() {
    let workplace = synthetic(12, 20, 6, 7, Mode::Planted).unwrap();
    let outcome = balance(&workplace, &Config::default().with_max_iterations(2), &mut ()).unwrap();
    let balance = outcome.balance().unwrap();
    assert_eq!(balance.status, Status::RoundLimit);
    balance.complexes.verify(&workplace).unwrap();
    assert!(balance.certificate.largest.gap() >= 0.0);
}

#[test]
fn few_tasks_are_fewer_and_as_balanced() {
    let workplace = synthetic(30, 60, 12, 3, Mode::Planted).unwrap();
    let count = |choice| {
        let outcome = balance(&workplace, &Config::default().with_choice(choice), &mut ()).unwrap();
        let balance = outcome.balance().unwrap().clone();
        let tasks: usize = (0..30).map(|m| balance.complexes.distinct_tasks(MemberId::new(m))).sum();
        (tasks, balance.spread.mean_abs)
    };
    let ((many, mean), (few, mean_few)) = (count(Choice::Any), count(Choice::FewTasks));
    // A vertex has at most one pair in use per equation: tasks, members, and two deviations a member.
    assert!(few <= 60 + 3 * 30 && few < many, "{few} of {many}");
    assert!((mean - mean_few).abs() < rounding(&workplace));
}

#[test]
fn a_third_stage_that_fails_is_recorded() {
    let workplace = synthetic(30, 60, 12, 3, Mode::Planted).unwrap();
    let run = |config: Config| balance(&workplace, &config, &mut ()).unwrap().balance().unwrap().clone();
    assert_eq!(run(Config::default().with_choice(Choice::Any)).info.choice, None);
    assert_eq!(run(Config::default()).info.choice, Some(Status::Converged));
    // The vertex takes more iterations than the deviations; just how many is the solver's affair.
    let failed = (1..40)
        .map(|limit| run(Config::default().with_max_iterations(limit)))
        .find(|balance| balance.info.choice == Some(Status::RoundLimit))
        .unwrap();
    assert_eq!(failed.status, Status::Converged);
    let optimum = run(Config::default());
    assert!((failed.certificate.mean.bound - optimum.certificate.mean.bound).abs() < BOUND);
    assert!((failed.spread.mean_abs - optimum.spread.mean_abs).abs() < rounding(&workplace));
}

/// The properties below say nothing of statuses; here are the same workplaces from fixed seeds.
#[test]
fn planted_workplaces_converge() {
    for seed in 0..60 {
        let workplace = synthetic(8, 11, 5, seed, Mode::Planted).unwrap();
        assert_eq!(solved(&workplace).status, Status::Converged, "seed {seed}");
    }
}

fn reordered(workplace: &Workplace) -> Workplace {
    let mut data = WorkplaceData::from(workplace.clone());
    data.tasks.reverse();
    data.members.reverse();
    Workplace::try_from(data).unwrap()
}

fn changed(workplace: &Workplace, change: impl Fn(&mut WorkplaceData)) -> Workplace {
    let mut data = WorkplaceData::from(workplace.clone());
    change(&mut data);
    Workplace::try_from(data).unwrap()
}

/// Ratings such as 10/3 are rounded for the proof; what is proved stays below what is possible.
#[test]
fn long_decimals_prove_less_and_not_more() {
    for seed in 0..20 {
        let workplace = changed(&synthetic(12, 14, 3, seed, Mode::Planted).unwrap(), |data| {
            data.tasks.iter_mut().for_each(|task| task.empowerment = 1.0 + task.empowerment / 3.0);
        });
        let balance = solved(&workplace);
        let certificate = &balance.certificate;
        certificate.verify(&workplace).unwrap();
        let rounding = rounding(&workplace);
        for level in &certificate.levels {
            assert!(level.deviation.gap() > -rounding, "seed {seed}: {:?}", level.deviation);
        }
        assert!(certificate.largest.gap() > 0.0, "seed {seed}: {:?}", certificate.largest);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn universal_eligibility_balances_exactly(workplace in universal_workplace()) {
        let balance = solved(&workplace);
        prop_assert!(balance.complexes.verify(&workplace).is_ok());
        prop_assert!(balance.certificate.largest.bound < BOUND);
        prop_assert!(balance.spread.max_abs <= rounding(&workplace) + 1e-3, "{:?}", balance.spread);
    }

    #[test]
    fn hours_and_social_averages_are_conserved(workplace in feasible_workplace()) {
        let balance = solved(&workplace);
        // Whatever the status: on about one workplace in a thousand the interior-point method runs out of digits.
        balance.complexes.verify(&workplace).unwrap();
        for dimension in workplace.dimensions() {
            let weighted: f64 = (0..workplace.members().len()).map(MemberId::new).map(|m| {
                let time = balance.complexes.time_of(m).get() as f64;
                balance.complexes.average(&workplace, m, dimension).map_or(0.0, |own| own * time)
            }).sum();
            let average = weighted / workplace.total_time().get() as f64;
            prop_assert!((average - workplace.average(dimension)).abs() < SUM);
        }
        let certificate = &balance.certificate;
        certificate.verify(&workplace).unwrap();
        prop_assert!(certificate.levels.iter().all(|level| level.proof.is_some() || level.deviation.bound == 0.0));
        let mut exaggerated = certificate.clone();
        exaggerated.mean.bound += 1e-9;
        if certificate.mean.bound > 0.0 {
            prop_assert!(exaggerated.verify(&workplace).unwrap_err().is_violation());
        }
        prop_assert!(certificate.largest.gap() > -BOUND && certificate.mean.gap() > -rounding(&workplace));
        if balance.status.is_converged() {
            let near = rounding(&workplace) + 1e-3;
            prop_assert!(certificate.largest.gap() <= near && certificate.mean.gap() <= near);
        }
        prop_assert!(certificate.binding_members.iter().map(|b| b.weight).sum::<f64>() <= 1.0 + BOUND);
    }

    #[test]
    fn order_and_units_do_not_matter(workplace in feasible_workplace()) {
        // The slack is in points and has to scale with the ratings.
        let bound = |w: &Workplace, factor: f64| {
            let config = Config::default().with_slack(factor * Config::default().slack());
            let outcome = balance(w, &config, &mut ()).unwrap();
            let balance = outcome.balance().unwrap();
            let bounds = (balance.certificate.largest.bound, balance.certificate.mean.bound);
            balance.status.is_converged().then_some(bounds)
        };
        let Some((largest, mean)) = bound(&workplace, 1.0) else { return Ok(()) };
        let longer = changed(&workplace, |data| {
            data.tasks.iter_mut().for_each(|t| t.time = t.time.checked_mul(60).unwrap());
            data.members.iter_mut().for_each(|m| m.available = m.available.checked_mul(60).unwrap());
        });
        for (other, factor) in [
            (reordered(&workplace), 1.0),
            (longer, 1.0),
            (changed(&workplace, |data| data.tasks.iter_mut().for_each(|t| { t.empowerment = 1.0 + (t.empowerment - 1.0) / 2.0; t.desirability = 1.0 + (t.desirability - 1.0) / 2.0; })), 0.5),
        ] {
            let Some((l, m)) = bound(&other, factor) else { continue };
            prop_assert!((l - factor * largest).abs() < BOUND, "{l} against {largest}");
            prop_assert!((m - factor * mean).abs() < CAPPED, "{m} against {mean}");
        }
    }

    #[test]
    fn training_never_hurts(workplace in feasible_workplace(), member in 0usize..9) {
        let trained = changed(&workplace, |data| {
            let all: Vec<String> = data.tasks.iter().map(|t| t.id.clone()).collect();
            let who = data.members[member % data.members.len()].id.clone();
            if let EligibilityData::ByMember(lists) = &mut data.eligibility { lists.insert(who, all); }
        });
        let (before, after) = (solved(&workplace), solved(&trained));
        prop_assume!(before.status.is_converged() && after.status.is_converged());
        let (before, after) = (before.certificate.largest.bound, after.certificate.largest.bound);
        prop_assert!(after <= before + BOUND, "{after} after, {before} before");
    }

    #[test]
    fn a_count_is_as_good_as_so_many_members(workplace in feasible_workplace()) {
        // Twice everyone and twice the work, as counts or as entries.
        let double = |data: &mut WorkplaceData| data.tasks.iter_mut().for_each(|t| t.time = t.time.checked_mul(2).unwrap());
        let counted = changed(&workplace, |data| { double(data); data.members.iter_mut().for_each(|m| m.count = 2); });
        let listed = changed(&workplace, |data| {
            double(data);
            let twins: Vec<Member> = data.members.iter().map(|m| { let mut twin = m.clone(); twin.id.push('b'); twin }).collect();
            if let EligibilityData::ByMember(lists) = &mut data.eligibility {
                let copies: Vec<_> = lists.iter().map(|(id, tasks)| (format!("{id}b"), tasks.clone())).collect();
                lists.extend(copies);
            }
            data.members.extend(twins);
        });
        let (a, b) = (solved(&counted), solved(&listed));
        prop_assume!(a.status.is_converged() && b.status.is_converged());
        prop_assert!((a.certificate.largest.bound - b.certificate.largest.bound).abs() < BOUND);
        prop_assert!((a.certificate.mean.bound - b.certificate.mean.bound).abs() < BOUND);
        prop_assert_eq!(a.info.pairs, b.info.pairs);
    }

    #[test]
    fn feasible_or_proved_not_to_be(workplace in workplace()) {
        // Hall by brute force: every set of tasks fits into the quotas of those who can do any of them.
        let quotas = workplace.fair_quotas();
        let tasks = workplace.tasks();
        let fits = (1u32..1 << tasks.len()).all(|set| {
            let inside = |t: &TaskId| set >> t.index() & 1 == 1;
            let work: u64 = (0..tasks.len()).map(TaskId::new).filter(inside).map(|t| tasks[t.index()].time.get()).sum();
            let able = |m: &usize| workplace.eligible(MemberId::new(*m)).iter().any(inside);
            work <= (0..quotas.len()).filter(able).map(|m| quotas[m].get()).sum()
        }) && workplace.total_time() <= workplace.total_available();
        match balance(&workplace, &Config::default(), &mut ()).unwrap() {
            Outcome::Balanced(balance) => {
                prop_assert!(fits);
                balance.complexes.verify(&workplace).unwrap();
            }
            Outcome::Infeasible(infeasible) => {
                prop_assert!(!fits && !infeasible.shortages.is_empty());
                for shortage in &infeasible.shortages {
                    shortage.verify(&workplace).unwrap();
                    prop_assert!(!shortage.describe(&workplace).is_empty());
                }
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
