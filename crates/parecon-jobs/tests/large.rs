//! Large workplaces are solved by band programmes: to the same answers as small ones by the interior-point method.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use parecon_jobs::band::Engine;
use parecon_jobs::{Balance, Choice, Config, MemberId, Minutes, Workplace, balance};
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
    }
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
