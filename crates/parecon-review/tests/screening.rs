//! Panels against published numbers, enumeration and recursion.

use parecon_review::screening::{Architecture, Pool, Quorum, majority_correct, optimal_quorum};
use parecon_review::signal_detection::Detector;
use proptest::prelude::*;

/// Some ten roundings of sums of positive terms.
const TOLERANCE: f64 = 1e-14;
/// Published with eight digits.
const EIGHT_DIGITS: f64 = 5e-9;

fn k_of_n(k: u32, n: u32) -> Architecture {
    Architecture::KofN { k, n }
}

#[test]
fn published_panels() {
    for (architecture, p, acceptance, evaluations) in [
        (Architecture::Hierarchy(2), 0.8, 0.64, 1.8),
        (Architecture::Hierarchy(2), 0.3, 0.09, 1.3),
        (Architecture::Polyarchy(2), 0.8, 0.96, 1.2),
        (Architecture::Polyarchy(2), 0.3, 0.51, 1.7),
    ] {
        assert!((architecture.acceptance(p).unwrap() - acceptance).abs() < TOLERANCE);
        assert!((architecture.expected_evaluations(p).unwrap() - evaluations).abs() < TOLERANCE);
    }
    for (k, p, acceptance) in [(3, 0.8, 0.94208), (3, 0.3, 0.16308), (4, 0.8, 0.73728), (4, 0.3, 0.03078)] {
        assert!((k_of_n(k, 5).acceptance(p).unwrap() - acceptance).abs() < TOLERANCE);
    }
}

#[test]
fn condorcet_juries() {
    for (n, exact) in [(1, 0.6), (3, 0.648), (11, 0.753_498_13), (101, 0.979_103_31)] {
        assert!((majority_correct(n, 0.6).unwrap() - exact).abs() < EIGHT_DIGITS, "{n}");
    }
    assert!((majority_correct(100_001, 0.5).unwrap() - 0.5).abs() < TOLERANCE);
    assert!(majority_correct(10, 0.6).unwrap_err().to_string().contains("a jury of 10, must be odd"));
}

/// Incomplete beta function in 30-digit arithmetic (mpmath).
#[test]
fn large_panels_keep_their_digits() {
    for (n, p, k, exact) in
        [(1001, 0.5, 520, 0.114_854_407_343_253_03), (5000, 0.3, 1600, 0.001_129_070_484_657_022_9)]
    {
        let relative = k_of_n(k, n).acceptance(p).unwrap() / exact - 1.0;
        assert!(relative.abs() < 1e-12, "{k} of {n}: {relative:e}");
    }
    let tiny = Architecture::Hierarchy(2000).acceptance(0.7).unwrap();
    assert!((tiny.ln() / (2000.0 * 0.7f64.ln()) - 1.0).abs() < 1e-13);
    assert!((Architecture::Polyarchy(3000).acceptance(1e-12).unwrap() / 3e-9 - 1.0).abs() < 1e-8);
    let evaluations = k_of_n(2501, 5001).expected_evaluations(0.5).unwrap();
    assert!(evaluations > 2501.0 && evaluations < 5001.0);
}

#[test]
fn nested_panels_multiply() {
    // Two committees of three in a hierarchy (Moore–Shannon): h(p) = (3p² − 2p³)².
    let nested =
        Architecture::Nested { outer: Box::new(Architecture::Hierarchy(2)), inner: Box::new(k_of_n(2, 3)) };
    let (p, inner) = (0.7, 3.0 * 0.49 - 2.0 * 0.343);
    assert!((nested.acceptance(p).unwrap() - inner * inner).abs() < TOLERANCE);
    let evaluations = (1.0 + inner) * (2.0 + 2.0 * p * (1.0 - p));
    assert!((nested.expected_evaluations(p).unwrap() - evaluations).abs() < TOLERANCE);
}

#[test]
fn detector_of_the_design() {
    let best = Detector { sensitivity: 1.0, base_rate: 0.3, value: 10.0, harm: 5.0 }.optimal().unwrap();
    for (ours, published) in [
        (best.criterion, 0.654151),
        (best.true_positive_rate, 0.635272),
        (best.false_positive_rate, 0.256507),
        (best.net_value, 1.008040),
    ] {
        assert!((ours - published).abs() < 5.1e-7, "{ours} against {published}");
    }
}

#[test]
fn impossible_panels_are_refused() {
    for architecture in [Architecture::Hierarchy(0), k_of_n(0, 3), k_of_n(4, 3)] {
        assert!(architecture.acceptance(0.5).unwrap_err().is_invalid_input());
        assert!(architecture.expected_evaluations(0.5).is_err());
    }
    let message = k_of_n(4, 3).acceptance(0.5).unwrap_err().to_string();
    assert_eq!(message, "4 of 3 acceptances asked for, must be 1 to n with n at least 1");
    for p in [-0.1, 1.1, f64::NAN] {
        assert!(Architecture::Polyarchy(2).acceptance(p).is_err());
    }
}

/// Mean number heard and probability of acceptance by walking through all sequences of verdicts.
fn recursion(need_yes: u32, need_no: u32, p: f64) -> (f64, f64) {
    if need_yes == 0 {
        (0.0, 1.0)
    } else if need_no == 0 {
        (0.0, 0.0)
    } else {
        let (yes, no) = (recursion(need_yes - 1, need_no, p), recursion(need_yes, need_no - 1, p));
        (1.0 + p * yes.0 + (1.0 - p) * no.0, p * yes.1 + (1.0 - p) * no.1)
    }
}

proptest! {
    #[test]
    fn sums_agree_with_recursion(n in 1u32..10, pick in 0u32..10, p in 0.0..=1.0f64) {
        let k = 1 + pick % n;
        let (evaluations, acceptance) = recursion(k, n - k + 1, p);
        prop_assert!((k_of_n(k, n).acceptance(p).unwrap() - acceptance).abs() < TOLERANCE);
        prop_assert!((k_of_n(k, n).expected_evaluations(p).unwrap() - evaluations).abs() < 10.0 * TOLERANCE);
    }

    #[test]
    fn extreme_quorums_are_hierarchy_and_polyarchy(n in 1u32..3000, p in 0.0..=1.0f64) {
        for (quorum, named) in [(n, Architecture::Hierarchy(n)), (1, Architecture::Polyarchy(n))] {
            prop_assert_eq!(k_of_n(quorum, n).acceptance(p).unwrap(), named.acceptance(p).unwrap());
        }
    }

    #[test]
    fn acceptance_rises_with_p_and_falls_with_the_quorum(n in 2u32..400, pick in 0u32..400, p in 0.0..1.0f64) {
        let k = 1 + pick % (n - 1);
        let here = k_of_n(k, n).acceptance(p).unwrap();
        prop_assert!(k_of_n(k, n).acceptance(p + 0.5 * (1.0 - p)).unwrap() >= here - TOLERANCE);
        prop_assert!(k_of_n(k + 1, n).acceptance(p).unwrap() <= here + TOLERANCE);
        prop_assert!((0.0..=1.0).contains(&here));
    }

    /// Accepting with at least k of n and refusing with at least n − k + 1 of n are the same event.
    #[test]
    fn acceptance_and_refusal_are_complements(n in 1u32..2000, pick in 0u32..2000, p in 0.0..=1.0f64) {
        let k = 1 + pick % n;
        let (yes, no) = (k_of_n(k, n).acceptance(p).unwrap(), k_of_n(n - k + 1, n).acceptance(1.0 - p).unwrap());
        // 1 − p is rounded, which n judges amplify.
        prop_assert!((yes + no - 1.0).abs() < 1e-12);
    }

    #[test]
    fn optimal_quorum_beats_every_other(
        n in 1u32..40,
        base_rate in 0.01..0.99f64,
        loss in 0.01..100.0f64,
        bad in 0.01..0.98f64,
        gap in 0.01..1.0f64,
    ) {
        let good = bad + gap * (0.99 - bad);
        let pool = Pool { base_rate, gain: 1.0, loss, good, bad };
        let worth = |k: u32| {
            base_rate * k_of_n(k, n).acceptance(good).unwrap()
                - (1.0 - base_rate) * loss * k_of_n(k, n).acceptance(bad).unwrap()
        };
        let all = base_rate - (1.0 - base_rate) * loss;
        let best = (1..=n).map(worth).fold(all.max(0.0), f64::max);
        let ours = match optimal_quorum(n, &pool).unwrap() {
            Quorum::AcceptAll => all,
            Quorum::AtLeast(k) => worth(k),
            Quorum::RejectAll => 0.0,
        };
        prop_assert!((best - ours).abs() < 1e-12 * (1.0 + loss), "{best} {ours}");
    }
}
