//! The exact solution against closed forms, high-precision tables and a simulation.

use std::f64::consts::{PI, TAU};

use parecon_review::{
    BreakEven, Environment, EnvironmentData, Policy, Threshold, break_even_production_cost, evaluate,
};
use parecon_testbed::review::{simulate, textbook, three_regimes};

/// Quadrature and erfc each lose a few units in the last place.
const SHARE_TOLERANCE: f64 = 5e-15;
/// Shares times stakes of 15, divided by one half.
const COST_TOLERANCE: f64 = 30.0 * SHARE_TOLERANCE;

fn data(base_rate: f64, proposal_accuracy: f64, work_accuracy: f64) -> EnvironmentData {
    EnvironmentData { base_rate, proposal_accuracy, work_accuracy, ..EnvironmentData::default() }
}

#[test]
fn arcsine_law_at_every_accuracy() {
    for step in 0..=100 {
        let accuracy = f64::from(step) / 100.0;
        let environment = Environment::new(data(0.5, accuracy, 1.0)).unwrap();
        let prior = evaluate(&environment, &Policy::prior(Threshold::Fixed(0.0)).unwrap());
        let exact = 0.25 + accuracy.asin() / TAU;
        let miss = (prior.shares.good_published - exact).abs();
        assert!(miss < SHARE_TOLERANCE, "ρ {accuracy}: {miss:e}");
    }
}

#[test]
fn triple_orthant_at_zero_is_a_sum_of_arcsines() {
    // P(q, s₁, s₂ > 0) = 1/8 + (asin ρ₁ + asin ρ₂ + asin ρ₁ρ₂)/4π (Sheppard 1899; David 1953).
    for (first, second) in [(0.0, 0.0), (0.5, 0.8), (0.3, 0.99), (0.7, 1.0), (0.999_999, 0.999_999_9)] {
        let environment = Environment::new(data(0.5, first, second)).unwrap();
        let zero = Threshold::Fixed(0.0);
        let gates = evaluate(&environment, &Policy::two_gate(zero, zero).unwrap());
        let exact = 0.125 + (first.asin() + second.asin() + (first * second).asin()) / (2.0 * TAU);
        let miss = (gates.shares.good_published - exact).abs();
        assert!(miss < SHARE_TOLERANCE, "ρ {first}, {second}: {miss:e}");
    }
}

#[test]
fn shares_agree_with_thirty_digit_values_within_the_stated_error() {
    let mut rows = 0;
    for line in include_str!("data/gaussian_shares.csv").lines().skip(1) {
        let row: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let environment = Environment::new(data(row[0], row[1], row[2])).unwrap();
        let policy = Policy::two_gate(Threshold::Fixed(row[3]), Threshold::Fixed(row[4])).unwrap();
        let evaluation = evaluate(&environment, &policy);
        let shares = evaluation.shares;
        let ours = [
            shares.good_published,
            shares.good_rejected,
            shares.good_not_made,
            shares.bad_published,
            shares.bad_rejected,
            shares.bad_not_made,
        ];
        let miss: f64 = ours.iter().zip(&row[5..]).map(|(a, b)| (a - b).abs()).sum();
        assert!(evaluation.error < SHARE_TOLERANCE, "{line}: stated {:e}", evaluation.error);
        assert!(miss <= evaluation.error, "{line}: {miss:e} beyond the stated {:e}", evaluation.error);
        rows += 1;
    }
    assert_eq!(rows, 11);
}

#[test]
fn break_even_of_the_textbook_case_is_the_closed_form() {
    let environment = textbook().unwrap();
    let exact = 15.0 * (0.8f64.asin() - 0.5f64.asin()) / PI;
    assert!((exact - 1.927509).abs() < 5e-7);
    let cost = break_even_production_cost(&environment, Threshold::Fixed(0.0)).unwrap().cost().unwrap();
    assert!((cost - exact).abs() < COST_TOLERANCE, "{cost} against {exact}");
}

#[test]
fn break_even_is_where_the_two_policies_tie() {
    let environment = three_regimes().unwrap();
    for threshold in [Threshold::Fixed(0.0), Threshold::Fixed(0.7), Threshold::Optimal] {
        let cost = break_even_production_cost(&environment, threshold).unwrap().cost().unwrap();
        let lead = |k: f64| {
            let at = environment.with_production_cost(k).unwrap();
            evaluate(&at, &Policy::post(threshold).unwrap()).net_benefit()
                - evaluate(&at, &Policy::prior(threshold).unwrap()).net_benefit()
        };
        assert!(lead(cost).abs() < 1e-11, "{threshold}: {:e}", lead(cost));
        assert!(lead(cost - 0.01) > 0.0 && lead(cost + 0.01) < 0.0);
    }
}

#[test]
fn break_even_names_the_cases_without_one() {
    // A first gate that stops nobody saves nothing, whatever production costs.
    let idle = break_even_production_cost(&textbook().unwrap(), Threshold::Fixed(-40.0)).unwrap();
    assert_eq!(idle, BreakEven::PostNever);
    let mut dear = data(0.5, 0.5, 0.8);
    dear.costs.proposal = parecon_review::Costs::contributors(1.0);
    let dear = Environment::new(dear).unwrap();
    let always = break_even_production_cost(&dear, Threshold::Fixed(-40.0)).unwrap();
    assert_eq!(always, BreakEven::PostAlways);
    // A better view of proposals than of finished work.
    for threshold in [Threshold::Fixed(0.0), Threshold::Optimal] {
        let blind = Environment::new(data(0.5, 0.9, 0.1)).unwrap();
        assert_eq!(break_even_production_cost(&blind, threshold).unwrap(), BreakEven::PostNever);
    }
}

#[test]
fn single_optimal_cutoff_is_where_the_marginal_piece_pays_nothing() {
    let environment = three_regimes().unwrap().with_production_cost(1.0).unwrap();
    let prior = evaluate(&environment, &Policy::prior(Threshold::Optimal).unwrap());
    // Written with the inverse error function of the literature: Φ⁻¹(6/15) and Φ⁻¹(.3), 16 digits.
    let exact = (0.524_400_512_708_040_9 - 0.75f64.sqrt() * 0.253_347_103_135_799_8) / 0.5;
    let cut = prior.cutoffs.proposal.unwrap().value();
    assert!((cut - exact).abs() < 1e-14, "{cut} against {exact}");
}

/// Ideas per simulation; four standard errors are then at most .4 %.
const IDEAS: u32 = 250_000;
const STANDARD_ERRORS: f64 = 4.0;

#[test]
fn simulation_agrees_within_four_standard_errors() {
    let cases = [
        (textbook().unwrap(), Threshold::Fixed(0.0)),
        (three_regimes().unwrap().with_production_cost(0.8).unwrap(), Threshold::Optimal),
        (Environment::new(data(0.05, 0.2, 0.95)).unwrap(), Threshold::Fixed(1.2)),
    ];
    for (seed, (environment, threshold)) in (1..).zip(cases) {
        for policy in [
            Policy::open(),
            Policy::prior(threshold).unwrap(),
            Policy::post(threshold).unwrap(),
            Policy::two_gate(threshold, threshold).unwrap(),
        ] {
            let evaluation = evaluate(&environment, &policy);
            let (exact, drawn) =
                (evaluation.shares, simulate(&environment, &evaluation.cutoffs, IDEAS, seed));
            for (name, p, estimate) in [
                ("good published", exact.good_published, drawn.good_published),
                ("bad published", exact.bad_published, drawn.bad_published),
                ("good rejected", exact.good_rejected, drawn.good_rejected),
                ("bad rejected", exact.bad_rejected, drawn.bad_rejected),
                ("good not made", exact.good_not_made, drawn.good_not_made),
                ("bad not made", exact.bad_not_made, drawn.bad_not_made),
                ("published", exact.published(), drawn.published()),
                ("made in vain", exact.made_in_vain(), drawn.made_in_vain()),
            ] {
                let error = (p * (1.0 - p) / f64::from(IDEAS)).sqrt();
                assert!(
                    (estimate - p).abs() <= STANDARD_ERRORS * error + 1e-9,
                    "{policy}, {name}: {p} exactly, {estimate} drawn, standard error {error:e}"
                );
            }
        }
    }
}
