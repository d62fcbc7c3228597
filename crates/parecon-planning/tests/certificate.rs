//! Bounds, feasible plans, and the optimum that an independent convex solver finds.
#![expect(clippy::panic, reason = "another kind of council fails the test")]

#[path = "common/conic.rs"]
mod conic;

use clarabel::solver::SolverStatus;
use conic::best_welfare;
use parecon_planning::{
    Category, CobbDouglas, Config, ConsumerCouncil, Economy, Good, GoodId, Preference, Preferences,
    Proposals, RevealedNewton, Technology, WorkerCouncil, experiment, plan,
};
use parecon_testbed::planning::{bakery, choir, small_economy, village, wild_prices};
use proptest::prelude::*;

/// Rounding of sums of values that are large against their difference.
const ROUNDING: f64 = 1e-9;
/// What the interior-point solver is asked for, with room for its own scaling.
const SOLVER: f64 = 1e-6;

/// Plans worth less than e⁻⁴⁰⁰ are rounded up to that, which no technology accounts for.
const CUT_OFF: f64 = 1e-100;

fn technology(council: &WorkerCouncil) -> &CobbDouglas {
    match &council.technology {
        Technology::CobbDouglas(technology) => technology,
        other => panic!("{other:?}"),
    }
}

fn preferences(council: &ConsumerCouncil) -> &[Preference] {
    match &council.preferences {
        Preferences::CobbDouglas(preferences) => preferences,
        other => panic!("{other:?}"),
    }
}

/// Welfare of a plan, from quantities alone.
fn welfare(economy: &Economy, plan: &Proposals) -> f64 {
    let mut total = 0.0;
    for (c, consumed) in plan.consumers().enumerate() {
        let Some(council) = economy.consumer_council(c) else { continue };
        let weights: f64 = preferences(&council).iter().map(|p| p.weight).sum();
        for (preference, quantity) in preferences(&council).iter().zip(consumed.quantities) {
            total += council.income * preference.weight / weights * quantity.ln();
        }
    }
    for (w, made) in plan.workers().enumerate() {
        let Some(council) = economy.worker_council(w) else { continue };
        total -= technology(&council).disutility_coefficient
            * made.effort.powf(technology(&council).disutility_exponent);
    }
    total
}

/// Largest violation of technologies and balances, relative, from quantities alone.
fn violation(economy: &Economy, plan: &Proposals) -> f64 {
    let mut worst: f64 = 0.0;
    let mut available: Vec<f64> = economy.goods().iter().map(|g| g.endowment).collect();
    let mut used = vec![0.0; available.len()];
    for (w, made) in plan.workers().enumerate() {
        let Some(council) = economy.worker_council(w) else { continue };
        let mut possible = technology(&council).total_factor_productivity
            * made.effort.powf(technology(&council).effort_elasticity);
        for (input, quantity) in technology(&council).inputs.iter().zip(made.inputs) {
            possible *= quantity.powf(input.exponent);
            used[input.good.index()] += quantity;
        }
        if made.output > CUT_OFF {
            worst = worst.max(made.output / possible - 1.0);
        }
        available[made.good.index()] += made.output;
    }
    let public = |g: usize| economy.goods()[g].category == Category::Public;
    let mut shared = vec![0.0f64; available.len()];
    for consumed in plan.consumers() {
        for (good, quantity) in consumed.goods.iter().zip(consumed.quantities) {
            let g = good.index();
            if public(g) { shared[g] = shared[g].max(*quantity) } else { used[g] += quantity }
        }
    }
    for g in 0..used.len() {
        worst = worst.max((used[g] + shared[g]) / available[g] - 1.0);
    }
    worst
}

#[test]
fn bounds_enclose_the_optimum_of_a_conic_solver() {
    let mut cases = vec![experiment::small_example().unwrap()];
    cases.push(bakery(2.0, 0.6, 50.0, 30.0).unwrap().economy);
    cases.push(choir(1.5, (0.2, 0.7, 3.0), 12.0).unwrap().economy);
    cases.push(village(5, 3.0, 40.0).unwrap().economy);
    for (case, economy) in cases.iter().enumerate() {
        let (status, best) = best_welfare(economy).unwrap();
        assert_eq!(status, SolverStatus::Solved, "case {case}");
        let income = economy.total_income();
        let prices = wild_prices(case as u64, economy.goods().len(), 3.0);
        let far = economy.certify(&prices).unwrap().unwrap();
        assert!(
            far.welfare < best + SOLVER * income && best < far.upper_bound + SOLVER * income,
            "case {case}"
        );
        assert!(far.gap > 1e-3 * income, "case {case}: these prices were meant to be wrong");

        let config = Config::new().with_tolerance(1e-10);
        let agreed =
            plan(economy, &mut RevealedNewton::new(), &config, &mut ()).unwrap().certificate.unwrap();
        assert!((agreed.welfare - best).abs() < SOLVER * income, "case {case}: {} {best}", agreed.welfare);
        assert!((agreed.upper_bound - best).abs() < SOLVER * income, "case {case}");
    }
}

#[test]
fn a_gap_far_below_the_rounding_of_its_bounds_keeps_its_digits() {
    // Air is endowed and consumed: at 1 + δ times the clearing price the gap is m·(δ − log(1 + δ)), about m·δ²/2.
    let air = Good::new("air", Category::Private, 2.0);
    let all = vec![Preference { good: GoodId(0), weight: 1.0 }];
    let economy = Economy::new(
        vec![air],
        vec![],
        vec![ConsumerCouncil {
            name: String::new(),
            income: 1e7,
            preferences: Preferences::CobbDouglas(all),
        }],
    )
    .unwrap();
    for delta in [1e-3f64, 1e-4, 1e-6] {
        let certificate = economy.certify(&[5e6 * (1.0 + delta)]).unwrap().unwrap();
        let series = delta * delta * (0.5 - delta * (1.0 / 3.0 - delta * (0.25 - delta * 0.2)));
        // The price itself is rounded, which changes δ by 1e-16.
        assert!((certificate.gap / (1e7 * series) - 1.0).abs() < 1e-9, "{delta}: {}", certificate.gap);
        assert!(certificate.upper_bound > 6e6);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn feasible_from_any_prices_and_the_gap_is_what_it_says(
        benchmark in small_economy(), seed in any::<u64>(), far in 0.0f64..2.0,
    ) {
        let economy = &benchmark.economy;
        let shake = wild_prices(seed, benchmark.prices.len(), 10f64.powf(far));
        let prices: Vec<f64> = benchmark.prices.iter().zip(shake).map(|(p, s)| p * s).collect();
        if let Some(feasible) = economy.make_feasible(&prices).unwrap() {
            let certificate = feasible.certificate;
            let violation = violation(economy, &feasible.plan);
            prop_assert!(violation < ROUNDING, "{violation} {:?}", feasible.input_factors);
            prop_assert!(certificate.gap >= 0.0);
            let scale = economy.total_income() + certificate.upper_bound.abs() + certificate.gap;
            let reached = welfare(economy, &feasible.plan);
            prop_assert!((reached - certificate.welfare).abs() < ROUNDING * scale, "{reached} {certificate:?}");
            // No plan, this one included, can beat the bound found at other prices.
            let bound = economy.certify(&benchmark.prices).unwrap().map(|c| c.upper_bound);
            prop_assert!(bound.is_some_and(|b| reached < b + ROUNDING * scale));
        }
    }

    #[test]
    fn the_gap_vanishes_at_clearing_prices_and_is_of_second_order_beside_them(
        benchmark in small_economy(), seed in any::<u64>(),
    ) {
        let economy = &benchmark.economy;
        let gap = |size: f64| {
            let shake = wild_prices(seed, benchmark.prices.len(), size.exp());
            let prices: Vec<f64> = benchmark.prices.iter().zip(shake).map(|(p, s)| p * s).collect();
            economy.certify(&prices).unwrap().map(|c| c.gap_relative)
        };
        let agreed = gap(0.0).unwrap();
        prop_assert!(agreed < 1e-12, "{agreed}");
        let (near, nearer) = (gap(1e-4).unwrap(), gap(1e-5).unwrap());
        // A hundredth, with room for the third order.
        prop_assert!(nearer < near / 90.0 + 1e-12, "{near} {nearer}");
    }
}
