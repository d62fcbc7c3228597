//! Where the winner changes, against brute force.

use parecon_review::{Environment, Frontier, Path, Policy, Threshold, evaluate, frontier};
use parecon_testbed::review::{environments, textbook, three_regimes};
use proptest::prelude::*;

const TOLERANCE: f64 = 1e-6;
/// What a winner may lack: the tolerance asked for and rounding.
const SLACK: f64 = 2.0 * TOLERANCE;

fn all(threshold: Threshold) -> Vec<Policy> {
    [Policy::prior(threshold), Policy::post(threshold), Policy::two_gate(threshold, threshold)]
        .into_iter()
        .filter_map(Result::ok)
        .chain([Policy::open(), Policy::abstain()])
        .collect()
}

fn names(frontier: &Frontier, policies: &[Policy]) -> Vec<&'static str> {
    frontier.intervals.iter().map(|interval| policies[interval.winner].name()).collect()
}

/// The largest lead of any policy over the declared winner on a grid of `steps` costs, and whether the intervals tile.
fn largest_miss(
    frontier: &Frontier,
    environment: &Environment,
    policies: &[Policy],
    to: f64,
    steps: u32,
) -> f64 {
    let mut miss = 0.0f64;
    for step in 0..=steps {
        let k = to * (f64::from(step) / f64::from(steps));
        let Some(interval) =
            frontier.intervals.iter().find(|interval| interval.from <= k && k <= interval.to)
        else {
            return f64::INFINITY;
        };
        let Ok(at) = environment.with_production_cost(k) else { return f64::INFINITY };
        let worth = |policy: &Policy| evaluate(&at, policy).net_benefit();
        let best = policies.iter().map(worth).fold(f64::NEG_INFINITY, f64::max);
        miss = miss.max(best - worth(&policies[interval.winner]));
    }
    let tiled =
        frontier.intervals.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].from < pair[0].to);
    if tiled { miss } else { f64::INFINITY }
}

#[test]
fn design_example_with_thresholds_of_habit_has_three_regimes() {
    let (environment, policies) = (three_regimes().unwrap(), all(Threshold::Fixed(0.0)));
    let frontier = frontier(&environment, &policies, 0.0..=3.0, TOLERANCE).unwrap();
    assert_eq!(frontier.path, Path::Envelope);
    assert_eq!(names(&frontier, &policies), ["post", "two-gate", "abstain"]);
    // Crossings of straight lines through shares of the 30-digit table (its first row).
    let bounds: Vec<f64> = frontier.boundaries().collect();
    assert!(
        (bounds[0] - 0.156_804_511).abs() < 1e-9 && (bounds[1] - 1.258_314_450).abs() < 1e-9,
        "{bounds:?}"
    );
}

#[test]
fn design_example_with_optimal_thresholds_has_a_sliver_of_permission() {
    let (environment, policies) = (three_regimes().unwrap(), all(Threshold::Optimal));
    let frontier = frontier(&environment, &policies, 0.0..=3.0, TOLERANCE).unwrap();
    assert_eq!(frontier.path, Path::Bisection);
    assert_eq!(names(&frontier, &policies), ["post", "two-gate", "prior", "abstain"]);
    // Measured with SciPy (Nelder–Mead on a grid quadrature): .456, 1.524, 1.6475.
    for (ours, theirs) in frontier.boundaries().zip([0.4562, 1.5238, 1.6475]) {
        assert!((ours - theirs).abs() < 1e-4, "{ours} against {theirs}");
    }
    assert!(largest_miss(&frontier, &environment, &policies, 3.0, 60) <= SLACK);
}

#[test]
fn boundary_between_prior_and_post_is_the_break_even() {
    let (environment, zero) = (textbook().unwrap(), Threshold::Fixed(0.0));
    let policies = [Policy::post(zero).unwrap(), Policy::prior(zero).unwrap()];
    let exact = 15.0 * (0.8f64.asin() - 0.5f64.asin()) / std::f64::consts::PI;
    let lines = frontier(&environment, &policies, 0.0..=4.0, TOLERANCE).unwrap();
    let bounds: Vec<f64> = lines.boundaries().collect();
    assert!(bounds.len() == 1 && (bounds[0] - exact).abs() < 1e-12, "{bounds:?}");
}

#[test]
fn curves_that_touch_do_not_stall() {
    // With a coin for a second gate, free of charge, two gates are as good as the first alone, at every k.
    let mut data = textbook().unwrap().data().clone();
    data.work_accuracy = 0.0;
    let (environment, optimal) = (Environment::new(data).unwrap(), Threshold::Optimal);
    let policies = [Policy::two_gate(optimal, optimal).unwrap(), Policy::prior(optimal).unwrap()];
    let frontier = frontier(&environment, &policies, 0.0..=1.0, 1e-3).unwrap();
    assert!(largest_miss(&frontier, &environment, &policies, 1.0, 20) <= 2e-3);
}

#[test]
fn a_single_cost_is_a_range() {
    let (environment, policies) = (three_regimes().unwrap(), all(Threshold::Optimal));
    let frontier = frontier(&environment, &policies, 0.5..=0.5, TOLERANCE).unwrap();
    assert_eq!(names(&frontier, &policies), ["two-gate"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nobody_beats_the_envelope(environment in environments(), cut in -2.0..2.0f64) {
        let (policies, to) = (all(Threshold::Fixed(cut)), environment.data().value);
        let frontier = frontier(&environment, &policies, 0.0..=to, TOLERANCE).unwrap();
        let miss = largest_miss(&frontier, &environment, &policies, to, 40);
        prop_assert!(miss <= 1e-12 * (to + environment.data().harm), "{miss:e}");
    }

    #[test]
    fn nobody_beats_the_bisected_frontier(environment in environments()) {
        let (policies, to) = (all(Threshold::Optimal), environment.data().value);
        let tolerance = 1e-4 * to;
        let frontier = frontier(&environment, &policies, 0.0..=to, tolerance).unwrap();
        let miss = largest_miss(&frontier, &environment, &policies, to, 25);
        prop_assert!(miss <= 1.01 * tolerance, "{miss:e}");
    }
}
