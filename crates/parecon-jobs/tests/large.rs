//! Large workplaces are solved by band programmes: to the same answers as small ones by the interior-point method.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::ops::ControlFlow;

use parecon_jobs::band::Engine;
use parecon_jobs::{
    Balance, Choice, Config, Dimension, Eligibility, Member, MemberId, Minutes, Progress, Stage, Status,
    Task, TaskId, Workplace, balance,
};
use parecon_testbed::jobs::{Mode, feasible_workplace, synthetic};
use proptest::prelude::*;

/// Band programmes bring deviations within a thousandth of a point of the band, to a mean excess of a millionth.
const EDGE: f64 = 5e-3;

fn solved(workplace: &Workplace, config: Config) -> Balance {
    let outcome = balance(workplace, &config, &mut ()).unwrap();
    let balance = outcome.balance().unwrap().clone();
    balance.complexes.verify(workplace).unwrap();
    balance.certificate.verify(workplace).unwrap();
    balance
}

/// Whole minutes move an average by at most this.
fn rounding(workplace: &Workplace) -> f64 {
    let tasks = workplace.tasks().len() as f64;
    workplace.fair_quotas().iter().map(|q| 20.0 * tasks / q.get().max(1) as f64).fold(0.0, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 24 } else { 256 }))]

    #[test]
    fn bands_reach_what_the_interior_point_method_reaches(workplace in feasible_workplace()) {
        let exact = solved(&workplace, Config::default().with_engine(Engine::InteriorPoint));
        let banded = solved(&workplace, Config::default().with_engine(Engine::FirstOrder));
        prop_assume!(exact.status.is_converged());
        let (bound, optimum) = (banded.certificate.largest.bound, exact.certificate.largest.bound);
        prop_assert!(bound <= optimum + 1e-6, "{bound} above {optimum}");
        let least = optimum.max(Config::default().balanced());
        let near = rounding(&workplace) + EDGE;
        prop_assert!(banded.spread.max_abs <= least + near, "{} against {least}", banded.spread.max_abs);
        if optimum > Config::default().balanced() + EDGE {
            prop_assert!(bound > optimum - EDGE, "{bound} far below {optimum}");
        }
        // The mean within the levels: what the balanced deviation leaves open counts as nothing.
        let most = exact.certificate.mean.bound + Config::default().balanced() + near;
        prop_assert!(banded.spread.mean_abs <= most, "{} against {most}", banded.spread.mean_abs);
        prop_assert!(banded.certificate.mean.gap() > -near);
    }

    #[test]
    fn nothing_else_counting_the_mean_is_the_least(workplace in feasible_workplace()) {
        let config = Config::default().with_choice(Choice::Any).with_levels(1).with_balanced(0.0);
        let exact = solved(&workplace, config.clone().with_engine(Engine::InteriorPoint));
        let banded = solved(&workplace, config.with_engine(Engine::FirstOrder));
        prop_assume!(exact.status.is_converged() && banded.status.is_converged());
        let near = rounding(&workplace) + EDGE;
        // A wider cap, by what a band programme is inaccurate, may let the mean be smaller.
        prop_assert!(banded.certificate.mean.gap() < near, "{:?}", banded.certificate.mean);
        prop_assert!(banded.spread.mean_abs < exact.spread.mean_abs + near);
    }
}

/// Ann can do nothing but plan, and bo nothing but clean; cy and di share what is between, and the rest everything else.
/// Averages are 10 in both dimensions.
fn three_levels(more: usize) -> Workplace {
    let day = |d: usize| Minutes::new(480 * d as u64);
    let tasks = vec![
        Task::new("plan", day(1), 18.0, 10.0),
        Task::new("clean", day(1), 6.0, 10.0),
        Task::new("teach", day(2), 8.0, 10.0),
        Task::new("low", day(more), 5.0, 5.0),
        Task::new("high", day(more), 15.0, 15.0),
    ];
    let names = ["ann", "bo", "cy", "di"].map(str::to_owned).into_iter();
    let members = names.chain((0..2 * more).map(|m| format!("m{m}"))).map(|id| Member::new(id, day(1)));
    let list = |of: &[usize]| of.iter().copied().map(TaskId::new).collect::<Vec<_>>();
    let mut lists = vec![list(&[0]), list(&[1]), list(&[2]), list(&[2])];
    lists.resize(4 + 2 * more, list(&[3, 4]));
    Workplace::new(tasks, members.collect(), Eligibility::ByMember(lists)).unwrap()
}

#[test]
fn levels_and_who_is_binding_in_closed_form() {
    let workplace = three_levels(6);
    assert_eq!(workplace.average(Dimension::Empowerment), 10.0);
    for engine in [Engine::InteriorPoint, Engine::FirstOrder] {
        let balance = solved(&workplace, Config::default().with_engine(engine));
        assert_eq!(balance.status, Status::Converged);
        let certificate = &balance.certificate;
        let expected: [(f64, &[usize]); 3] = [(8.0, &[0]), (4.0, &[1]), (2.0, &[2, 3])];
        for (level, (deviation, who)) in certificate.levels.iter().zip(expected) {
            assert!((level.deviation.value - deviation).abs() < 1e-9, "{engine:?} {level:?}");
            assert!((level.deviation.bound - deviation).abs() < EDGE, "{engine:?} {level:?}");
            assert_eq!(level.members, who.iter().copied().map(MemberId::new).collect::<Vec<_>>());
        }
        let last = &certificate.levels[3];
        assert!(last.members.len() == 12 && last.deviation.value < 0.1 + rounding(&workplace), "{last:?}");
        let binding: Vec<_> = certificate.binding_members.iter().map(|b| (b.member, b.dimension)).collect();
        assert_eq!(binding, [(MemberId::new(0), Dimension::Empowerment)], "{engine:?}");
        assert!((certificate.binding_members[0].weight - 1.0).abs() < 1e-3);
        // (8 + 4 + 2 + 2) / 16 members, over two dimensions.
        assert!((certificate.mean.bound - 0.5).abs() < EDGE, "{engine:?} {:?}", certificate.mean);
    }
}

#[test]
fn every_stage_can_be_stopped_and_hands_over_its_best() {
    let workplace = synthetic(60, 60, 6, 3, Mode::Planted).unwrap();
    let config = Config::default().with_engine(Engine::FirstOrder);
    let whole = solved(&workplace, config.clone());
    let rounds = |stop_at: usize| {
        let (mut seen, mut stage) = (0, None);
        let mut observer = |progress: &Progress| {
            seen += 1;
            stage = Some(progress.stage);
            if seen == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let outcome = balance(&workplace, &config, &mut observer).unwrap();
        let balance = outcome.balance().unwrap().clone();
        balance.complexes.verify(&workplace).unwrap();
        balance.certificate.verify(&workplace).unwrap();
        (balance, seen, stage)
    };
    let (_, all, _) = rounds(usize::MAX);
    let mut stages = Vec::new();
    let mut reached = f64::INFINITY;
    for stop_at in (1..=all).step_by(all / 40 + 1).chain([all]) {
        let (balance, _, stage) = rounds(stop_at);
        assert_eq!(balance.status, Status::Stopped, "at {stop_at} of {all}");
        // What is handed over is never worse than what was before, and never claimed to be better than it can be.
        let near = rounding(&workplace) + EDGE;
        assert!(balance.spread.max_abs <= reached + near, "{} after {reached}", balance.spread.max_abs);
        assert!(balance.certificate.largest.bound <= whole.certificate.largest.value + near);
        reached = reached.min(balance.spread.max_abs);
        if stages.last() != stage.as_ref() {
            stages.extend(stage);
        }
    }
    assert_eq!(stages, [Stage::LargestDeviation, Stage::MeanDeviation, Stage::Choice]);
    assert!(reached < whole.spread.max_abs + EDGE + rounding(&workplace));
}

#[test]
fn own_ratings_and_pins_in_a_large_workplace() {
    let plain = synthetic(40, 60, 12, 5, Mode::Planted).unwrap();
    let mut own = Vec::new();
    for m in (0..40).map(MemberId::new) {
        for (k, task) in plain.eligible(m).iter().enumerate() {
            own.push((m, *task, 1.0 + ((7 * m.index() + 5 * k) % 20) as f64));
        }
    }
    let workplace = plain.with_own_desirability(&own).unwrap();
    let config =
        |engine, choice| Config::default().with_engine(engine).with_choice(choice).with_balanced(0.5);
    let few = solved(&workplace, config(Engine::FirstOrder, Choice::FewTasks));
    let pin = |m: usize| {
        let share = few.complexes.of(MemberId::new(m))[0];
        (MemberId::new(m), share.task, Minutes::new(share.time.get() / 2))
    };
    let pins: Vec<_> = (0..20).map(pin).collect();
    let pinned = workplace.with_pinned(&pins).unwrap();
    let liked = |balance: &Balance| {
        let (mut sum, mut time) = (0.0, 0.0);
        for (m, shares) in balance.complexes.iter() {
            for share in shares {
                sum += pinned.own_desirability(m, share.task).unwrap() * share.time.get() as f64;
                time += share.time.get() as f64;
            }
        }
        sum / time
    };
    let preferred = solved(&pinned, config(Engine::FirstOrder, Choice::Preferred));
    for (m, task, time) in pins {
        let shares = preferred.complexes.of(m);
        assert!(shares.iter().any(|share| share.task == task && share.time >= time));
    }
    assert!(preferred.info.choice.is_some_and(|status| status.is_converged()), "{:?}", preferred.info);
    // Closer bands leave less to choose: the exact method keeps everybody as near as they can be.
    let exact = solved(&pinned, config(Engine::InteriorPoint, Choice::Preferred));
    assert!(liked(&preferred) > liked(&exact) - 0.05, "{} {}", liked(&preferred), liked(&exact));
    assert!(liked(&preferred) > liked(&few) + 1.0);
}

#[test]
fn a_workplace_of_many_types_is_balanced_and_has_few_tasks() {
    // In a debug build a tenth of what a release build does.
    let (members, tasks) = if cfg!(debug_assertions) { (150, 150) } else { (1500, 1500) };
    let workplace = synthetic(members, tasks, 30, 3, Mode::Planted).unwrap();
    let balance = solved(&workplace, Config::default().with_engine(Engine::FirstOrder));
    let certificate = &balance.certificate;
    assert!(certificate.levels.len() <= 8);
    let last = certificate.levels.last().unwrap();
    assert!(
        last.deviation.value < 0.1 + rounding(&workplace) + EDGE || last.deviation.bound > 0.1,
        "{last:?}"
    );
    assert!(certificate.largest.gap() < EDGE + rounding(&workplace), "{:?}", certificate.largest);
    assert!(balance.info.choice.is_some_and(|status| status.is_converged()), "{:?}", balance.info);
    let pairs: usize = (0..members).map(|m| balance.complexes.distinct_tasks(MemberId::new(m))).sum();
    // A basic solution has one pair per equation; rounding to whole minutes adds none.
    assert!(pairs <= tasks + 3 * members, "{pairs}");
}

#[test]
fn pins_hold_and_choices_count_in_bands_too() {
    let workplace = synthetic(40, 60, 12, 5, Mode::Planted).unwrap();
    let free = solved(&workplace, Config::default().with_engine(Engine::FirstOrder));
    let pins: Vec<_> = free
        .complexes
        .iter()
        .filter_map(|(m, shares)| shares.first().map(|s| (m, s.task, Minutes::new(s.time.get() / 2))))
        .collect();
    let pinned = workplace.with_pinned(&pins).unwrap();
    for choice in [Choice::FewTasks, Choice::Preferred, Choice::NearestTo(free.complexes.clone())] {
        let config = Config::default().with_engine(Engine::FirstOrder).with_choice(choice.clone());
        let balance = solved(&pinned, config);
        assert!(
            balance.info.choice.is_some_and(|status| status.is_converged()),
            "{choice:?} {:?}",
            balance.info
        );
        if let Choice::NearestTo(today) = &choice {
            let moved = today.moved(&balance.complexes).get() as f64 / pinned.total_time().get() as f64;
            assert!(moved < 0.5, "{moved} of the work changes hands");
        }
    }
}
