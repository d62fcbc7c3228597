//! Where policies change places: closed forms, and no lead above the bound that is stated.

#![allow(clippy::unwrap_used, clippy::panic)]

use parecon_review::{
    At, Axis, Boundaries, BreakEven, Environment, Policy, Rule, Stage, Threshold, boundaries,
    break_even_production_cost, evaluate,
};
use parecon_testbed::review::{environments, textbook, three_regimes};
use proptest::prelude::*;

/// Rounding of payoffs, relative to value, harm and costs.
const ROUNDING: f64 = 1e-11;

fn net(environment: &Environment, axis: Axis, policy: &Policy, x: f64) -> f64 {
    axis.set(environment, x).map_or(f64::NAN, |world| evaluate(&world, policy).net_benefit())
}

#[test]
fn break_even_is_a_boundary() {
    let environment = textbook().unwrap();
    for threshold in [Threshold::Fixed(0.0), Threshold::Optimal] {
        let BreakEven::At(k) = break_even_production_cost(&environment, threshold).unwrap() else { panic!() };
        let (post, prior) = (Policy::post(threshold).unwrap(), Policy::prior(threshold).unwrap());
        let found = boundaries(&environment, &post, &prior, Axis::ProductionCost, 0.0..=6.0, 1e-9).unwrap();
        let [change] = found.changes[..] else { panic!("{found:?}") };
        assert!(change.before == 0 && change.high - change.low <= 1e-9, "{found:?}");
        assert!(change.low - 1e-9 <= k && k <= change.high + 1e-9, "{found:?}");
        assert!(found.hidden.is_some_and(|lead| lead <= 1e-6 * 15.0), "{found:?}");
    }
}

/// Two readers with a habit against one who reacts: the mean of two scores is better by little, only where the habit is
/// nearly right, if their cost is such.
#[test]
fn a_narrow_lead_between_two_scanned_values_is_found() {
    let mean = Rule::MeanScore { n: 2, threshold: Threshold::Fixed(0.37) };
    let two = Policy::staged([Stage::new(At::Proposal, mean)]).unwrap();
    let one = Policy::prior(Threshold::Optimal).unwrap();
    let lead = |environment: &Environment, k: f64| {
        net(environment, Axis::ProductionCost, &two, k) - net(environment, Axis::ProductionCost, &one, k)
    };
    let free = textbook().unwrap();
    let best = (0..=6000).map(|i| f64::from(i) / 1000.0).fold((0.0, f64::NEG_INFINITY), |best, k| {
        let lead = lead(&free, k);
        if lead > best.1 { (k, lead) } else { best }
    });
    // The second reader costs all of the gain but this: more than is let pass, 1.5e-5.
    let left = 2e-5;
    let dear = Axis::ProposalReviewCost.set(&free, best.1 - left).unwrap();
    let found = boundaries(&dear, &one, &two, Axis::ProductionCost, 0.0..=6.0, 1e-9).unwrap();
    let [up, down] = found.changes[..] else { panic!("{best:?} {found:?}") };
    assert!(up.high < best.0 && best.0 < down.low && down.high - up.low < 0.5 * 6.0 / 64.0, "{found:?}");
    assert_eq!((up.before, down.before), (0, 1));
    for change in found.changes {
        assert!(lead(&dear, change.low).abs() < 1e-9, "{change:?}");
    }
}

#[test]
fn ties_are_no_changes() {
    // With free reviews two gates are filter-after where the first passes all.
    let environment = textbook().unwrap();
    let best = Threshold::Optimal;
    let (post, both) = (Policy::post(best).unwrap(), Policy::two_gate(best, best).unwrap());
    let found = boundaries(&environment, &post, &both, Axis::Harm, 0.0..=20.0, 1e-6).unwrap();
    assert_eq!(found.changes, [], "{found:?}");
    let same = boundaries(&environment, &post, &post, Axis::BaseRate, 0.1..=0.9, 1e-6).unwrap();
    assert_eq!(same.changes, []);
    // Nothing is known but how fast payoffs change, and 512 values do not make that negligible.
    assert!(same.hidden.is_some_and(|lead| lead > 0.0 && lead < 0.05), "{same:?}");
}

#[test]
fn no_proof_is_claimed_where_there_is_none() {
    let environment = three_regimes().unwrap();
    let (board, open) = (Policy::board(2, 3, Threshold::Fixed(0.0)).unwrap(), Policy::open());
    let hidden = |axis, range| boundaries(&environment, &board, &open, axis, range, 1e-4).unwrap().hidden;
    assert_eq!(hidden(Axis::ProposalAccuracy, 0.1..=0.9), None);
    assert!(hidden(Axis::ProductionCost, 0.0..=3.0).is_some());
    let refusal = boundaries(&environment, &board, &open, Axis::Harm, 0.0..=1.0, 0.0).unwrap_err();
    assert_eq!(refusal.to_string(), "tolerance is 0, must be finite and positive");
}

fn plain() -> impl Strategy<Value = Policy> {
    let threshold = || prop_oneof![Just(Threshold::Optimal), (-2.0..2.0f64).prop_map(Threshold::Fixed)];
    (threshold(), threshold(), 0usize..5).prop_filter_map("valid", |(first, second, which)| match which {
        0 => Policy::prior(first).ok(),
        1 => Policy::post(second).ok(),
        2 => Some(Policy::open()),
        _ => Policy::two_gate(first, second).ok(),
    })
}

/// The most by which the policy said to be behind leads at 400 values outside the changes found.
fn largest_hidden_lead(
    environment: &Environment,
    axis: Axis,
    policies: [&Policy; 2],
    (from, to): (f64, f64),
    found: &Boundaries,
) -> f64 {
    let mut most = f64::NEG_INFINITY;
    let lead = |x: f64| net(environment, axis, policies[0], x) - net(environment, axis, policies[1], x);
    for i in 0..=400 {
        let x = from + (to - from) * f64::from(i) / 400.0;
        if found.changes.iter().any(|change| change.low <= x && x <= change.high) {
            continue;
        }
        let behind = match (found.changes.iter().rfind(|c| c.high < x), found.changes.first()) {
            (Some(change), _) => change.before,
            (None, Some(first)) => 1 - first.before,
            // Nobody ever leads by more than what may be hidden, or one of them everywhere.
            (None, None) => usize::from(lead(from) > 0.0 || lead(to) > 0.0),
        };
        most = most.max(if behind == 0 { lead(x) } else { -lead(x) });
    }
    most
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn nobody_leads_by_more_than_is_stated(
        environment in environments(), first in plain(), second in plain(), which in 0usize..9,
    ) {
        let data = environment.data();
        let (axis, range) = [
            (Axis::ProductionCost, (0.0, data.value)),
            (Axis::ProposalReviewCost, (0.0, 0.2 * data.value)),
            (Axis::WorkReviewCost, (0.0, 0.2 * data.value)),
            (Axis::ReviewCost, (0.0, 0.2 * data.value)),
            (Axis::Value, (0.1, 2.0 * data.value)),
            (Axis::Harm, (0.0, 3.0 * data.value)),
            (Axis::BaseRate, (0.02, 0.98)),
            (Axis::ProposalAccuracy, (0.0, 1.0)),
            (Axis::WorkAccuracy, (0.0, 1.0)),
        ][which];
        let found = boundaries(&environment, &first, &second, axis, range.0..=range.1, 1e-7).unwrap();
        let stated = found.hidden.unwrap();
        let most = largest_hidden_lead(&environment, axis, [&first, &second], range, &found);
        let stakes = 10.0 * (data.value + data.harm);
        prop_assert!(most <= stated + ROUNDING * stakes, "{most:e} above {stated:e}, {axis:?} {found:?}");
    }
}
