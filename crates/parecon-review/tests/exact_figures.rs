//! Panels' sizes, sequential tests, reservation values, consistency and volunteers: published figures, and brute force.

use parecon_review::reliability::{consistency, reliability, reviewers_needed};
use parecon_review::reservation::{Chest, Prize, plan};
use parecon_review::screening::{
    Architecture, Asking, Pool, Quorum, majority_correct, majority_limit, optimal_jury, optimal_panel,
};
use parecon_review::sequential::Sprt;
use parecon_review::{Lognormal, VolunteersDilemma};
use proptest::prelude::*;

const TEST: Sprt = Sprt { bad: 0.3, good: 0.8, false_accept: 0.05, false_reject: 0.05, limit: 100_000 };

#[test]
fn optimal_jury_is_largest_between_ignorance_and_certainty() {
    for (p, n) in
        [(0.51, 15), (0.55, 119), (0.6, 75), (0.7, 31), (0.8, 15), (0.9, 7), (0.5, 1), (0.3, 1), (1.0, 1)]
    {
        let jury = optimal_jury(p, 1e-3, 1.0, 1001).unwrap();
        assert_eq!(jury.n, n, "p {p}");
        // Against every other size.
        for other in (1..=301).step_by(2) {
            let cost = 1e-3 * f64::from(other) + 1.0 - majority_correct(other, p).unwrap();
            assert!(jury.cost <= cost + 1e-14, "p {p}: {other}");
        }
    }
}

#[test]
fn sequential_test_of_the_design() {
    let wald = TEST.wald().unwrap();
    assert!(
        (wald.evaluations_if_bad - 4.5479).abs() < 5e-5 && (wald.evaluations_if_good - 4.9615).abs() < 5e-5
    );
    // The promised errors are kept, which Wald's boundaries guarantee only together: α′ + β′ ≤ α + β.
    let (bad, good) = (TEST.exact(0.3).unwrap(), TEST.exact(0.8).unwrap());
    assert!(bad.acceptance + (1.0 - good.acceptance) <= 0.1);
    // Wald's identity E S = E N · E z with the exact stopping probabilities: the mean overshoot is all there is between.
    assert!(bad.evaluations > wald.evaluations_if_bad && good.evaluations > wald.evaluations_if_good);
}

/// Every sequence of votes up to the limit, one by one.
fn enumerate(test: &Sprt, p: f64, votes: u32, ratio: f64, chance: f64, sums: &mut (f64, f64)) {
    let (upper, lower) = (
        ((1.0 - test.false_reject) / test.false_accept).ln(),
        (test.false_reject / (1.0 - test.false_accept)).ln(),
    );
    if ratio >= upper || ratio <= lower || votes == test.limit {
        sums.0 += if ratio >= upper || (ratio > lower && ratio > 0.0) { chance } else { 0.0 };
        sums.1 += chance * f64::from(votes);
        return;
    }
    let (up, down) = ((test.good / test.bad).ln(), ((1.0 - test.good) / (1.0 - test.bad)).ln());
    enumerate(test, p, votes + 1, ratio + up, chance * p, sums);
    enumerate(test, p, votes + 1, ratio + down, chance * (1.0 - p), sums);
}

proptest! {
    #[test]
    fn sequential_recursion_is_enumeration(
        p in 0.0..=1.0f64,
        bad in 0.05..0.9f64,
        gap in 0.05..0.9f64,
        errors in (0.02..0.4f64, 0.02..0.4f64),
        limit in 1u32..12,
    ) {
        let good = bad + gap * (0.97 - bad);
        let test = Sprt { bad, good, false_accept: errors.0, false_reject: errors.1, limit };
        let mut sums = (0.0, 0.0);
        enumerate(&test, p, 0, 0.0, 1.0, &mut sums);
        let exact = test.exact(p).unwrap();
        prop_assert!((exact.acceptance - sums.0).abs() < 1e-12, "{} {}", exact.acceptance, sums.0);
        prop_assert!((exact.evaluations - sums.1).abs() < 1e-11);
    }

    #[test]
    fn optimal_panel_beats_every_other(
        base_rate in 0.05..0.95f64,
        loss in 0.1..10.0f64,
        bad in 0.05..0.9f64,
        gap in 0.05..0.9f64,
        cost in 0.001..0.3f64,
        in_turn in any::<bool>(),
    ) {
        let pool = Pool { base_rate, gain: 1.0, loss, good: bad + gap * (0.97 - bad), bad };
        let asking = if in_turn { Asking::InTurn } else { Asking::Together };
        let limit = 12;
        let best = optimal_panel(&pool, cost, asking, limit).unwrap();
        prop_assert!(best.net_benefit >= 0.0 && (best.n == 0) == (best.evaluations == 0.0));
        for n in 1..=limit {
            for k in 1..=n {
                let panel = Architecture::KofN { k, n };
                let evaluations = if in_turn {
                    base_rate * panel.expected_evaluations(pool.good).unwrap()
                        + (1.0 - base_rate) * panel.expected_evaluations(bad).unwrap()
                } else {
                    f64::from(n)
                };
                let worth = base_rate * panel.acceptance(pool.good).unwrap()
                    - (1.0 - base_rate) * loss * panel.acceptance(bad).unwrap()
                    - cost * evaluations;
                prop_assert!(worth <= best.net_benefit + 1e-12, "{k} of {n}: {worth} {}", best.net_benefit);
            }
        }
    }

    #[test]
    fn correlation_interpolates_between_independence_and_one_judge(
        n in 1u32..20, pick in 0u32..20, p in 0.01..0.99f64, r in 0.0..0.999f64,
    ) {
        let panel = Architecture::KofN { k: 1 + pick % n, n };
        let one = panel.acceptance_correlated(p, 0.0).unwrap();
        prop_assert_eq!(one, panel.acceptance(p).unwrap());
        let correlated = panel.acceptance_correlated(p, r).unwrap();
        prop_assert!((-1e-14..=1.0 + 1e-14).contains(&correlated));
        // Nearly one judge: what is left of independence is of order √(1 − r).
        let same = panel.acceptance_correlated(p, 1.0 - 1e-10).unwrap();
        prop_assert!((same - p).abs() < 1e-4, "{same} {p}");
    }
}

#[test]
fn correlated_votes_have_their_orthant_probabilities() {
    use std::f64::consts::{PI, TAU};
    for r in [0.1f64, 0.5, 0.9, 0.999] {
        let both = Architecture::Hierarchy(2).acceptance_correlated(0.5, r).unwrap();
        assert!((both - (0.25 + r.asin() / TAU)).abs() < 1e-13, "{r}");
        let three = Architecture::Hierarchy(3).acceptance_correlated(0.5, r).unwrap();
        assert!((three - (0.125 + 3.0 * r.asin() / (4.0 * PI))).abs() < 1e-13, "{r}");
    }
}

#[test]
fn correlated_juries_stop_improving() {
    let limit = majority_limit(0.6, 0.25).unwrap();
    let jury = |n: u32| Architecture::KofN { k: n / 2 + 1, n }.acceptance_correlated(0.6, 0.25).unwrap();
    assert!(jury(11) > jury(3) && jury(101) > jury(11) && limit > jury(101));
    // The approach is of order 1/n.
    assert!((limit - jury(10_001)).abs() < 1e-4, "{limit} {}", jury(10_001));
    assert!(majority_correct(101, 0.6).unwrap() > 0.97 && limit < 0.7);
}

#[test]
fn reviewer_consistency_of_the_published_experiments() {
    assert!((consistency(0.23, 1.28 / 2.55, 3).unwrap() - 0.6252).abs() < 5e-5);
    for (wanted, n) in [(0.6, 5), (0.7, 11), (0.8, 26), (0.9, 106)] {
        assert_eq!(reviewers_needed(0.23, 0.34, wanted).unwrap(), n);
        assert!(
            consistency(0.23, 0.34, n).unwrap() >= wanted && consistency(0.23, 0.34, n - 1).unwrap() < wanted
        );
    }
    assert!((reliability(0.34, 3).unwrap() - 1.02 / 1.68).abs() < 1e-15);
    // Two coins agree by chance, the same eye always.
    assert!((consistency(0.23, 0.0, 3).unwrap() - 0.23).abs() < 1e-15);
    assert!((consistency(0.23, 1.0, 3).unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(reviewers_needed(0.23, 0.34, 0.2).unwrap(), 1);
}

#[test]
fn reservation_values() {
    let prize = Prize::Normal { mean: 0.0, deviation: 1.0 };
    assert!((prize.reservation_value(0.1).unwrap() - 0.902_346_35).abs() < 5e-9);
    // Of a location-scale family: z(μ + σX, σc) = μ + σ z(X, c).
    let other = Prize::Normal { mean: -3.0, deviation: 2.5 };
    let z = other.reservation_value(0.25).unwrap();
    assert!((z - (-3.0 + 2.5 * 0.902_346_35)).abs() < 3e-8);
    // Win 240 with probability 1/5 at cost 20: .2 (240 − z) = 20 (Weitzman's kind of example).
    let bold = Prize::Values(vec![0.0, 0.0, 0.0, 0.0, 240.0]);
    assert!((bold.reservation_value(20.0).unwrap() - 140.0).abs() < 1e-10);
}

/// The best of all strategies, by trying every next box in every state.
fn explore(chests: &[(Vec<f64>, f64)], open: u32, best: f64) -> f64 {
    let mut value = best;
    for (i, (prizes, cost)) in chests.iter().enumerate() {
        if open & (1 << i) == 0 {
            let looked: f64 = prizes.iter().map(|&x| explore(chests, open | (1 << i), best.max(x))).sum();
            value = value.max(looked / prizes.len() as f64 - cost);
        }
    }
    value
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_plan_is_the_best_of_all_strategies(
        chests in prop::collection::vec((prop::collection::vec(-5.0..20.0f64, 1..4), 0.1..4.0f64), 1..5),
        fallback in -2.0..5.0f64,
    ) {
        let boxes: Vec<Chest> =
            chests.iter().map(|(prizes, cost)| Chest { prize: Prize::Values(prizes.clone()), cost: *cost }).collect();
        let plan = plan(&boxes, fallback).unwrap();
        let best = explore(&chests, 0, fallback);
        prop_assert!((plan.value - best).abs() < 1e-10, "{} {best}", plan.value);
    }
}

#[test]
fn volunteers_shirk_the_more_the_more_there_are() {
    // Diekmann's closed form for c/v = ½: undone ½² for two, towards ½ for many.
    let undone = |people| VolunteersDilemma { people, value: 2.0, cost: 1.0 }.equilibrium().unwrap().undone;
    assert!((undone(2) - 0.25).abs() < 1e-15 && (undone(3) - 0.5f64.powf(1.5)).abs() < 1e-15);
    assert!((undone(10_000) - 0.5).abs() < 1e-4);
    // Indifference: staying away is worth v (1 − P(none of the others)) = v − c.
    let three = VolunteersDilemma { people: 3, value: 5.0, cost: 1.5 }.equilibrium().unwrap();
    let stays = 1.0 - three.volunteers;
    assert!((5.0 * (1.0 - stays * stays) - three.payoff).abs() < 1e-14);
    let alone = VolunteersDilemma { people: 1, value: 5.0, cost: 1.5 }.equilibrium().unwrap();
    assert_eq!((alone.volunteers, alone.undone), (1.0, 0.0));
    assert!(VolunteersDilemma { people: 3, value: 1.0, cost: 1.0 }.equilibrium().is_err());
}

#[test]
fn excluded_share_of_the_design() {
    let income = Lognormal { median: 30e3, spread: 0.8 };
    assert!((income.share_below(20e3) - 0.306_137).abs() < 5e-7);
    assert!((income.quantile(income.share_below(20e3)) / 20e3 - 1.0).abs() < 1e-13);
}

#[test]
fn asking_nobody_is_a_panel() {
    let pool = Pool { base_rate: 0.9, gain: 1.0, loss: 1.0, good: 0.6, bad: 0.5 };
    let panel = optimal_panel(&pool, 0.5, Asking::Together, 10).unwrap();
    assert_eq!((panel.n, panel.quorum), (0, Quorum::AcceptAll));
    assert!((panel.net_benefit - 0.8).abs() < 1e-15);
}
