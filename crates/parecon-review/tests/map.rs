//! Maps against cell-by-cell evaluation.

use parecon_review::{Axis, Environment, Policy, Steps, Threshold, evaluate, phase_map, sensitivity};
use parecon_testbed::review::{environments, textbook, three_regimes};
use proptest::prelude::*;

/// Payoffs that are only compared are integrated to 1e-10.
const TOLERANCE: f64 = 1e-8;

fn policies() -> Vec<Policy> {
    let best = Threshold::Optimal;
    [Policy::prior(best), Policy::post(best), Policy::two_gate(best, best)]
        .into_iter()
        .filter_map(Result::ok)
        .chain([Policy::abstain(), Policy::open()])
        .collect()
}

/// The most by which any policy, evaluated from scratch, beats the map's winner.
fn largest_miss(environment: &Environment, policies: &[Policy], x: Steps, y: Steps) -> f64 {
    let Ok(map) = phase_map(environment, policies, x, y) else { return f64::INFINITY };
    let mut miss = 0.0f64;
    for row in 0..y.count {
        for column in 0..x.count {
            let Ok(at) =
                y.axis.set(environment, y.value(row)).and_then(|at| x.axis.set(&at, x.value(column)))
            else {
                return f64::INFINITY;
            };
            let cell = (row * x.count + column) as usize;
            let best = policies
                .iter()
                .map(|policy| evaluate(&at, policy).net_benefit())
                .fold(f64::NEG_INFINITY, f64::max);
            miss = miss.max((best - map.net_benefits[cell]).abs());
        }
    }
    miss
}

#[test]
fn design_example_has_its_regimes() {
    let environment = three_regimes().unwrap();
    let x = Steps { axis: Axis::ProductionCost, from: 0.0, to: 3.0, count: 31 };
    let y = Steps { axis: Axis::BaseRate, from: 0.1, to: 0.5, count: 3 };
    let map = phase_map(&environment, &policies(), x, y).unwrap();
    let names: Vec<&str> =
        (0..31).map(|column| map.policies[map.winner(column, 1).unwrap()].as_str()).collect();
    // Boundaries at .4562, 1.5238 and 1.6475 (the frontier's tests).
    assert!(names[..5].iter().all(|&name| name == "post"), "{names:?}");
    assert!(names[5..=15].iter().all(|&name| name == "two-gate"), "{names:?}");
    assert!(names[16] == "prior" && names[17..].iter().all(|&name| name == "abstain"), "{names:?}");
    assert_eq!(map.winner(31, 0), None);
    let svg = map.to_svg();
    assert!(svg.contains("two-gate") && svg.contains("production cost") && svg.ends_with("</svg>\n"));
}

#[test]
fn stakes_move_the_frontier() {
    let environment = three_regimes().unwrap();
    let frontiers = sensitivity(&environment, &policies(), 0.0..=3.0, 1e-4, &[0.0, 0.5, 2.0]).unwrap();
    assert_eq!(frontiers.len(), 3);
    // The more harm a bad piece does, the sooner it is better to do nothing.
    let end = |i: usize| frontiers[i].intervals.last().map_or(f64::NAN, |interval| interval.from);
    assert!(end(1) > end(2), "{frontiers:?}");
    assert!(sensitivity(&environment, &policies(), 0.0..=3.0, 1e-4, &[-1.0]).is_err());
}

#[test]
fn bad_grids_are_refused() {
    let environment = textbook().unwrap();
    let x = Steps { axis: Axis::BaseRate, from: 0.1, to: 0.9, count: 3 };
    let refusal = |x, y| phase_map(&environment, &policies(), x, y).unwrap_err().to_string();
    assert_eq!(refusal(x, x), "both axes are the base rate, must differ");
    let flat = Steps { axis: Axis::Value, from: 1.0, to: 1.0, count: 3 };
    assert_eq!(refusal(x, flat), "highest value is 1, must be finite and above 1");
    let out = Steps { axis: Axis::WorkAccuracy, from: 0.5, to: 1.5, count: 3 };
    assert_eq!(refusal(x, out), "accuracy of the finished-work signal is 1.5, must be between 0 and 1");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn warm_starts_lose_nothing(environment in environments(), pair in 0usize..4) {
        let (value, harm) = (environment.data().value, environment.data().harm);
        let steps = |axis, from, to| Steps { axis, from, to, count: 13 };
        let (x, y) = [
            (steps(Axis::ProductionCost, 0.0, value), steps(Axis::ReviewCost, 0.0, 0.2 * value)),
            (steps(Axis::ProductionCost, 0.0, 0.5 * value), steps(Axis::BaseRate, 0.05, 0.9)),
            (steps(Axis::WorkAccuracy, 0.1, 0.99), steps(Axis::ProposalAccuracy, 0.05, 0.95)),
            (steps(Axis::BaseRate, 0.02, 0.98), steps(Axis::ProposalAccuracy, 0.0, 1.0)),
        ][pair];
        let miss = largest_miss(&environment, &policies(), x, y);
        prop_assert!(miss <= TOLERANCE * (value + harm), "{miss:e}");
    }
}

#[test]
fn a_map_of_any_shape_can_be_drawn() {
    let text = r#"{"x":{"axis":"harm","from":0.0,"to":1.0,"count":0},"y":{"axis":"value","from":0.0,"to":1.0,"count":0},
        "policies":["open"],"winners":[0,7,7],"net_benefits":[]}"#;
    let map: parecon_review::PhaseMap = serde_json::from_str(text).unwrap();
    assert!(map.to_svg().ends_with("</svg>\n") && map.winner(0, 0).is_none());
    assert!(map.x.value(3).is_finite());
}

#[test]
fn the_same_map_for_any_number_of_threads() {
    let x = Steps { axis: Axis::ProductionCost, from: 0.0, to: 3.0, count: 25 };
    let y = Steps { axis: Axis::ProposalAccuracy, from: 0.0, to: 1.0, count: 45 };
    let environment = three_regimes().unwrap();
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| phase_map(&environment, &policies(), x, y).unwrap())
    };
    assert_eq!(on(1), on(4));
}
