//! The recorded experiments, round by round.

mod common;

use common::{EXPERIMENTS, experiment};
use parecon_planning::{
    Config, Newton, Planning, PriceRule, Recorded, RevealedNewton, Status, ThresholdClass, plan,
};

/// The records carry 15 digits, and each of up to 22 rounds adds rounding of a few units in the last place.
const RECORDED_DIGITS: f64 = 1e-12;
/// Two rules that stop at an imbalance of 1e-10 agree on prices to about as much.
const SAME_PRICES: f64 = 1e-8;
/// What is left of an intermediate good is a difference of sums over 3,000 councils: rounding, relative to incomes.
const CLOSED: f64 = 1e-13;

#[test]
fn every_recorded_price_and_colour_is_reproduced() {
    for (name, rounds) in EXPERIMENTS.into_iter().zip([19, 22, 15, 22]) {
        let recorded = experiment(name);
        assert_eq!((recorded.name.as_str(), recorded.rounds.len()), (name, rounds));
        let mut rule = Recorded::new();
        let config = Config::new().with_start_price(recorded.initial_price).with_certificate(false);
        let mut planning = Planning::new(&recorded.economy, &mut rule, config).unwrap();

        // One round more, because a round's revised prices are those announced in the next.
        for _ in 0..=rounds {
            assert_eq!(planning.status().is_some(), planning.rounds().len() == rounds, "{name}");
            planning.step().unwrap();
        }
        for (at, record) in recorded.rounds.iter().enumerate() {
            assert_eq!(planning.rounds()[at].class, record.class, "{name}, round {}", at + 1);
            assert_eq!(planning.rounds()[at].class == ThresholdClass::Blue, at + 1 == rounds);
            for (ours, theirs) in planning.rounds()[at + 1].prices.iter().zip(&record.prices_after) {
                let error = (ours / theirs - 1.0).abs();
                assert!(error < RECORDED_DIGITS, "{name}, round {}: {ours} against {theirs}", at + 1);
            }
        }
    }
}

/// Work counters: how many rounds the better rule takes. A change here is a change of the algorithm.
#[test]
fn newtons_rules_need_three_rounds() {
    for name in EXPERIMENTS {
        let recorded = experiment(name);
        let rounds_to = |rule: &mut dyn PriceRule, tolerance| {
            let config = Config::new()
                .with_start_price(recorded.initial_price)
                .with_tolerance(tolerance)
                .with_certificate(false);
            let outcome = plan(&recorded.economy, rule, &config, &mut ()).unwrap();
            assert_eq!(outcome.status, Status::Converged, "{name}");
            outcome.rounds.len()
        };
        let tolerances = [0.03, 1e-7, 1e-12];
        assert_eq!(tolerances.map(|t| rounds_to(&mut RevealedNewton::new(), t)), [2, 3, 3], "{name}");
        assert_eq!(tolerances.map(|t| rounds_to(&mut Newton::new(), t)), [3, 4, 5], "{name}");
    }
}

#[test]
fn both_rules_find_the_same_prices() {
    // The recorded rule never moves by less than a thousandth, so it is compared within what that leaves open.
    let recorded = experiment("dep1ex24");
    let start = Config::new().with_start_price(recorded.initial_price).with_certificate(false);
    let revealed =
        plan(&recorded.economy, &mut RevealedNewton::new(), &start.clone().with_tolerance(1e-10), &mut ())
            .unwrap();
    let config = start.with_tolerance(0.002).with_round_limit(300);
    let published = plan(&recorded.economy, &mut Recorded::new(), &config, &mut ()).unwrap();
    for (a, b) in revealed.prices.iter().zip(&published.prices) {
        assert!((a / b - 1.0).abs() < 10.0 * published.largest_imbalance, "{a} against {b}");
    }
    // From elsewhere to the same prices.
    let elsewhere = Config::new().with_start_price(3.0).with_tolerance(1e-10).with_certificate(false);
    let again = plan(&recorded.economy, &mut RevealedNewton::new(), &elsewhere, &mut ()).unwrap();
    for (a, b) in revealed.prices.iter().zip(&again.prices) {
        assert!((a / b - 1.0).abs() < SAME_PRICES, "{a} against {b}");
    }
}

#[test]
fn the_certificate_closes_on_recorded_data() {
    let recorded = experiment("dep1ex36");
    let config = Config::new().with_start_price(recorded.initial_price).with_tolerance(1e-9);
    let outcome = plan(&recorded.economy, &mut RevealedNewton::new(), &config, &mut ()).unwrap();
    let gaps: Vec<f64> =
        outcome.rounds.iter().filter_map(|r| r.certificate.map(|c| c.gap_relative)).collect();
    assert_eq!(gaps.len(), outcome.rounds.len());
    assert!(gaps.windows(2).all(|pair| pair[1] < pair[0]), "{gaps:?}");
    assert!(gaps[gaps.len() - 1] < CLOSED, "{gaps:?}");
}
