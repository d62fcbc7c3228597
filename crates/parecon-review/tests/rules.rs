//! Every rule of the algebra against an independent way to the same number.

#![allow(clippy::unwrap_used)]

use std::f64::consts::TAU;

use parecon_review::screening::Architecture;
use parecon_review::sequential::Sprt;
use parecon_review::{
    Action, At, Authors, Costs, Environment, EnvironmentData, Lognormal, Method, Policy, Pool, Quality,
    Reviewers, Rule, Stage, StepCosts, Threshold, Timeout, Verdict, evaluate,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Two quadratures of nested integrals, each to some 1e-15 relative to its scale.
const TOLERANCE: f64 = 1e-13;
const ZERO: Threshold = Threshold::Fixed(0.0);

fn world(change: impl FnOnce(&mut EnvironmentData)) -> Environment {
    let mut data = EnvironmentData::default();
    change(&mut data);
    Environment::new(data).unwrap()
}

fn with_correlation(correlation: f64) -> Environment {
    let pool = Pool { correlation, ..Pool::default() };
    world(|data| data.reviewers = Reviewers { proposal: pool, work: pool, published: pool })
}

fn at(at: At, rule: Rule) -> Policy {
    Policy::staged([Stage::new(at, rule)]).unwrap()
}

/// Pieces drawn in the comparison by simulation.
const DRAWS: u32 = 60_000;

/// Share of ideas made under a rule at the proposal, good and all, drawing every vote; and mean number of readings.
fn drawn(
    environment: &Environment,
    seed: u64,
    mut verdict: impl FnMut(&mut dyn FnMut() -> f64, &mut ChaCha8Rng) -> (bool, u32),
) -> [f64; 3] {
    let data = environment.data();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut sums = [0.0; 3];
    for _ in 0..DRAWS {
        let quality: f64 = StandardNormal.sample(&mut rng);
        let shared: f64 = StandardNormal.sample(&mut rng);
        let pool = data.reviewers.proposal;
        let noise = (1.0 - data.proposal_accuracy * data.proposal_accuracy).sqrt();
        let mut readings = ChaCha8Rng::seed_from_u64(rng.random());
        let mut read = || {
            let own: f64 = StandardNormal.sample(&mut readings);
            data.proposal_accuracy * quality
                + noise * (pool.correlation.sqrt() * shared + (1.0 - pool.correlation).sqrt() * own)
                + pool.bias
        };
        let (pass, heard) = verdict(&mut read, &mut rng);
        sums[0] += f64::from(u8::from(pass && quality > 0.0));
        sums[1] += f64::from(u8::from(pass));
        sums[2] += f64::from(heard);
    }
    sums.map(|sum| sum / f64::from(DRAWS))
}

/// Asserts that exact and drawn shares agree within four standard errors; readings within as many of their own,
/// whose standard deviation is at most `spread`.
fn agrees(environment: &Environment, rule: Rule, spread: f64, drawn: [f64; 3]) {
    let evaluation = evaluate(environment, &at(At::Proposal, rule));
    let (good, all) = (evaluation.shares.good_published, evaluation.shares.made());
    for (name, exact, drawn, deviation) in [
        ("good", good, drawn[0], (good * (1.0 - good)).sqrt()),
        ("all", all, drawn[1], (all * (1.0 - all)).sqrt()),
        ("readings", evaluation.readings.proposal, drawn[2], spread),
    ] {
        let limit = 4.0 * deviation / f64::from(DRAWS).sqrt() + 1e-9;
        assert!((exact - drawn).abs() <= limit, "{name}: {exact} exactly, {drawn} drawn, limit {limit}");
    }
}

#[test]
fn panels_with_shared_blind_spots_agree_with_draws() {
    let environment = with_correlation(0.3);
    let draws = drawn(&environment, 1, |read, _| {
        let (mut yes, mut no) = (0, 0);
        while yes < 3 && no < 3 {
            if read() > 0.2 { yes += 1 } else { no += 1 }
        }
        (yes == 3, yes + no)
    });
    agrees(&environment, Rule::k_of_n(3, 5, Threshold::Fixed(0.2)), 1.0, draws);
    let draws = drawn(&environment, 2, |read, _| ((0..4).map(|_| read()).sum::<f64>() / 4.0 > 0.1, 4));
    agrees(&environment, Rule::MeanScore { n: 4, threshold: Threshold::Fixed(0.1) }, 0.0, draws);
}

#[test]
fn weighted_sequential_and_silent_rules_agree_with_draws() {
    let environment = with_correlation(0.5);
    let weights = vec![4u32, 4, 4, 2, 2, 1];
    let draws = drawn(&environment, 3, |read, _| {
        let mut favour = 0;
        for weight in [4u32, 4, 4, 2, 2, 1] {
            if read() > 0.0 {
                favour += weight;
            }
        }
        (favour >= 12, 6)
    });
    agrees(&environment, Rule::Weighted { weights, quota: 12, threshold: ZERO }, 0.0, draws);

    let test = Sprt { bad: 0.3, good: 0.8, false_accept: 0.05, false_reject: 0.1, limit: 12 };
    let draws = drawn(&environment, 4, |read, _| {
        let mut ratio = 0.0f64;
        for votes in 1..=12u32 {
            ratio += if read() > 0.0 { (0.8f64 / 0.3).ln() } else { (0.2f64 / 0.7).ln() };
            if ratio >= (0.9f64 / 0.05).ln() {
                return (true, votes);
            }
            if ratio <= (0.1f64 / 0.95).ln() {
                return (false, votes);
            }
        }
        (ratio > 0.0, 12)
    });
    agrees(&environment, Rule::Sprt { test, threshold: ZERO }, 4.0, draws);

    let silent = Rule::LazyConsensus { watchers: 6, attention: 0.25, threshold: Threshold::Fixed(-0.5) };
    let draws = drawn(&environment, 5, |read, rng| {
        let mut heard = 0;
        let mut objections = 0;
        for _ in 0..6 {
            if rng.random::<f64>() < 0.25 {
                heard += 1;
                objections += u32::from(read() <= -0.5);
            }
        }
        (objections == 0, heard)
    });
    agrees(&environment, silent, 1.07, draws);

    let lottery = Rule::Lottery { reject_below: -0.5, accept_above: 0.8, share: 0.3 };
    let draws = drawn(&environment, 6, |read, rng| {
        let signal = read();
        (signal > 0.8 || (signal > -0.5 && rng.random::<f64>() < 0.3), 1)
    });
    agrees(&environment, lottery, 0.0, draws);
}

#[test]
fn trusted_authors_agree_with_simulated_careers() {
    for skill in [0.0, 0.6] {
        let environment =
            world(|data| data.authors = Authors { contributions: 8.0, skill, ..Authors::default() });
        let exact = evaluate(&environment, &Policy::trusted_auto_accept(3, ZERO).unwrap());
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let mut ends = ChaCha8Rng::seed_from_u64(8);
        let authors = 40_000;
        // Per author, because ideas of one author are not independent draws.
        let (mut ideas, mut read, mut good, mut squares) = (0.0, 0.0, 0.0, 0.0);
        for _ in 0..authors {
            let theta = normal();
            let (mut accepted, mut own, mut own_good) = (0, 0.0, 0.0);
            loop {
                let quality = f64::sqrt(skill) * theta + f64::sqrt(1.0 - skill) * normal();
                own += 1.0;
                let signal = 0.8 * quality + 0.6 * normal();
                let trusted = accepted >= 3;
                read += f64::from(u8::from(!trusted));
                if trusted || signal > 0.0 {
                    accepted += 1;
                    own_good += f64::from(u8::from(quality > 0.0));
                }
                if ends.random::<f64>() < 1.0 / 8.0 {
                    break;
                }
            }
            ideas += own;
            good += own_good;
            squares += (own_good - exact.shares.good_published * own).powi(2);
        }
        let (share, error) = (good / ideas, f64::sqrt(squares) / ideas);
        let miss = (share - exact.shares.good_published).abs();
        assert!(miss <= 4.0 * error, "skill {skill}: {share} ± {error}, {}", exact.shares.good_published);
        // Readings vary less than the number of ideas, whose standard deviation is about its mean.
        let limit = 4.0 / f64::sqrt(f64::from(authors));
        assert!(
            (read / ideas - exact.readings.work).abs() < limit,
            "{} {}",
            read / ideas,
            exact.readings.work
        );
    }
}

#[test]
fn a_record_tells_more_where_skill_matters() {
    let share = |skill: f64| {
        let environment =
            world(|data| data.authors = Authors { contributions: 20.0, skill, ..Authors::default() });
        evaluate(&environment, &Policy::trusted_auto_accept(3, ZERO).unwrap()).shares
    };
    let (luck, skill) = (share(0.0), share(0.8));
    let precision = |shares: parecon_review::Shares| shares.good_published / shares.published();
    assert!(precision(skill) > precision(luck) + 0.05, "{} {}", precision(skill), precision(luck));
}

/// Taking down instead of holding back: the same fates, value and harm for a while, one more reproduction.
#[test]
fn reverting_is_filtering_late() {
    let environment = world(|data| {
        data.exposure = 0.25;
        data.costs.published_review = Costs::reviewers(0.5);
        data.costs.work_review = Costs::reviewers(0.5);
    });
    let revert = evaluate(&environment, &Policy::revert(ZERO).unwrap());
    let post = evaluate(&environment, &Policy::post(ZERO).unwrap());
    assert!((revert.shares.bad_reverted - post.shares.bad_rejected).abs() < TOLERANCE);
    assert!((revert.shares.good_published - post.shares.good_published).abs() < TOLERANCE);
    let exposed = 5.0 * 0.25 * post.shares.bad_rejected;
    assert!((revert.harm - post.harm - exposed).abs() < TOLERANCE * 10.0);
    assert!((revert.costs.total() - post.costs.total()).abs() < TOLERANCE);
}

#[test]
fn advice_and_timeouts_mix_verdicts() {
    let latency = Lognormal { median: 10.0, spread: 1.0 };
    let environment = world(|data| data.reviewers.work.latency = Some(latency));
    let stage = || Stage::single(At::Work, ZERO);
    let strict = evaluate(&environment, &Policy::post(ZERO).unwrap()).shares.bad_published;
    let policy =
        |stage: Stage| evaluate(&environment, &Policy::staged([stage]).unwrap()).shares.bad_published;
    let advised = policy(stage().with_action(Action::Advise { heeded: 0.75 }));
    assert!((advised - (strict + 0.25 * (0.5 - strict))).abs() < TOLERANCE);
    // Half of the verdicts take longer than the median.
    let lenient = policy(stage().with_timeout(Timeout { after: 10.0, verdict: Verdict::Pass }));
    assert!((lenient - 0.5 * (strict + 0.5)).abs() < TOLERANCE);
    let severe = policy(stage().with_timeout(Timeout { after: 10.0, verdict: Verdict::Fail }));
    assert!((severe - 0.5 * strict).abs() < TOLERANCE);
}

/// Two-point quality is signal detection: acceptance of good and bad pieces are two normal tails.
#[test]
fn two_point_quality_is_signal_detection() {
    use parecon_review::signal_detection::Detector;
    let (base_rate, rho) = (0.3f64, 0.6f64);
    let environment = world(|data| {
        (data.quality, data.base_rate, data.work_accuracy) = (Quality::TwoPoint, base_rate, rho);
    });
    let post = evaluate(&environment, &Policy::post(Threshold::Optimal).unwrap());
    assert_eq!(post.method, Method::Summation);
    let sensitivity = rho / (1.0 - rho * rho).sqrt() / (base_rate * (1.0 - base_rate)).sqrt();
    let best = Detector { sensitivity, base_rate, value: 10.0, harm: 5.0 }.optimal().unwrap();
    assert!((post.net_benefit() - best.net_value).abs() < 1e-11, "{} {}", post.net_benefit(), best.net_value);
    assert!((post.shares.good_published / base_rate - best.true_positive_rate).abs() < 1e-6);
}

#[test]
fn a_fine_sample_of_a_gaussian_is_nearly_gaussian() {
    // Quantiles at the middles of equal slices, by bisection on an independent series for Φ.
    let n = 2000;
    let phi = |x: f64| {
        let (mut term, mut sum, mut i) = (x, x, 1.0);
        while f64::abs(term) > 1e-17 {
            term *= x * x / (2.0 * i + 1.0);
            sum += term;
            i += 1.0;
        }
        0.5 + sum * (-0.5 * x * x).exp() / TAU.sqrt()
    };
    let values: Vec<f64> = (0..n)
        .map(|i| {
            let p = (f64::from(i) + 0.5) / f64::from(n);
            let (mut low, mut high) = (-6.0, 6.0);
            for _ in 0..60 {
                let middle = 0.5 * (low + high);
                if phi(middle) < p { low = middle } else { high = middle }
            }
            low
        })
        .collect();
    let sample = world(|data| data.quality = Quality::Empirical(values));
    let gaussian = world(|_| ());
    for policy in [Policy::prior(ZERO), Policy::two_gate(ZERO, ZERO), Policy::board(2, 3, ZERO)] {
        let policy = policy.unwrap();
        let (a, b) = (evaluate(&sample, &policy), evaluate(&gaussian, &policy));
        assert!((a.shares.good_published - b.shares.good_published).abs() < 2e-3, "{policy}");
        assert!((a.shares.total() - 1.0).abs() < TOLERANCE);
    }
}

#[test]
fn ties_at_the_border_of_goodness_are_shared() {
    let environment = world(|data| {
        (data.quality, data.base_rate) = (Quality::Empirical(vec![1.0, 2.0, 2.0, 2.0, 5.0]), 0.4);
    });
    let open = evaluate(&environment, &Policy::open()).shares;
    assert!((open.good_published - 0.4).abs() < 1e-15 && (open.bad_published - 0.6).abs() < 1e-15);
    let flat = EnvironmentData { quality: Quality::Empirical(vec![3.0; 4]), ..EnvironmentData::default() };
    let message = Environment::new(flat).unwrap_err().to_string();
    assert_eq!(message, "variance of the 4 observed qualities is 0, must be positive and finite");
}

#[test]
fn optimal_panels_beat_a_scan() {
    let environment = world(|data| {
        data.reviewers.proposal.correlation = 0.2;
        data.base_rate = 0.2;
        data.costs.production = Costs::contributors(0.7);
        data.costs.proposal_review = Costs::reviewers(0.05);
    });
    for rule in [|threshold| Rule::k_of_n(2, 3, threshold), |threshold| Rule::MeanScore { n: 3, threshold }] {
        let worth = |threshold| evaluate(&environment, &at(At::Proposal, rule(threshold))).net_benefit();
        let best = worth(Threshold::Optimal);
        for step in -80..=80 {
            let other = worth(Threshold::Fixed(f64::from(step) / 20.0));
            assert!(best >= other - 1e-10, "{best} below {other} at {step}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Also where several peaks are possible; the scan is finer than the search's grid by five times.
    #[test]
    fn no_scanned_threshold_beats_the_one_found(
        (base_rate, harm) in (0.05..0.9f64, 0.0..30.0f64),
        (accuracy, correlation) in (0.1..0.95f64, prop_oneof![Just(0.0), Just(0.3)]),
        (k, r) in (0.0..3.0f64, 0.0..0.3f64),
        (pick, n) in (0usize..5, 2u32..6),
    ) {
        let environment = world(|data| {
            (data.base_rate, data.harm, data.proposal_accuracy) = (base_rate, harm, accuracy);
            data.reviewers.proposal.correlation = correlation;
            data.costs.production = Costs::contributors(k);
            data.costs.proposal_review = Costs::reviewers(r);
        });
        let rule = |threshold| match pick {
            0 => Rule::k_of_n(1 + n / 2, n, threshold),
            1 => Rule::hierarchy(n, threshold),
            2 => Rule::polyarchy(n, threshold),
            3 => Rule::Weighted { weights: (1..=n).collect(), quota: n, threshold },
            _ => Rule::LazyConsensus { watchers: 4 * n, attention: 0.4, threshold },
        };
        let worth = |threshold| evaluate(&environment, &at(At::Proposal, rule(threshold))).net_benefit();
        let best = worth(Threshold::Optimal);
        for step in -20..=20 {
            let other = worth(Threshold::Fixed(f64::from(step) / 5.0));
            prop_assert!(best >= other - 1e-9 * (10.0 + harm), "{best} below {other} at {step}");
        }
    }
}

/// The general machinery on a plain policy, forced by a panel of one, against the two-gate theory.
#[test]
fn search_agrees_with_first_order_conditions() {
    let environment = world(|data| {
        (data.base_rate, data.work_accuracy) = (0.3, 0.85);
        data.costs = StepCosts {
            proposal: Costs::contributors(0.1),
            proposal_review: Costs::reviewers(0.3),
            production: Costs::contributors(0.9),
            work_review: Costs::reviewers(1.0),
            ..StepCosts::default()
        };
    });
    let plain = Policy::two_gate(Threshold::Optimal, Threshold::Optimal).unwrap();
    let one = |point| Stage::new(point, Rule::k_of_n(1, 1, Threshold::Optimal));
    let general = Policy::staged([one(At::Proposal), one(At::Work)]).unwrap();
    let (a, b) = (evaluate(&environment, &plain), evaluate(&environment, &general));
    assert!((a.net_benefit() - b.net_benefit()).abs() < 1e-10, "{} {}", a.net_benefit(), b.net_benefit());
}

#[test]
fn bad_rules_are_refused_by_name() {
    let refusal = |rule| Policy::staged([Stage::new(At::Work, rule)]).unwrap_err().to_string();
    let trust = Rule::Trust { after: 1, otherwise: Box::new(Rule::Single(ZERO)) };
    for (rule, message) in [
        (
            Rule::Trust { after: 2, otherwise: Box::new(trust) },
            "a rule of trust inside a rule of trust, must be another rule",
        ),
        (
            Rule::MeanScore { n: 0, threshold: ZERO },
            "number of scores at the finished work is 0, must be at least 1",
        ),
        (
            Rule::Weighted { weights: vec![2, 3], quota: 6, threshold: ZERO },
            "quota at the finished work is 6, must be 1 to the sum of the weights, 5",
        ),
        (
            Rule::Lottery { reject_below: 1.0, accept_above: 0.0, share: 0.5 },
            "upper threshold of the lottery at the finished work is 0, must be finite and at least 1",
        ),
        (
            Rule::LazyConsensus { watchers: 3, attention: 1.5, threshold: ZERO },
            "attention of watchers at the finished work is 1.5, must be between 0 and 1",
        ),
        (Rule::k_of_n(4, 3, ZERO), "4 of 3 acceptances asked for, must be 1 to n with n at least 1"),
    ] {
        assert_eq!(refusal(rule), message);
    }
}

fn rules() -> impl Strategy<Value = Rule> {
    let threshold = || (-2.0..2.0f64).prop_map(Threshold::Fixed);
    prop_oneof![
        threshold().prop_map(Rule::Single),
        (1u32..6, 0u32..6, threshold()).prop_map(|(n, k, t)| Rule::k_of_n(1 + k % n, n, t)),
        (1u32..6, threshold()).prop_map(|(n, t)| Rule::hierarchy(n, t)),
        (1u32..6, threshold()).prop_map(|(n, threshold)| Rule::MeanScore { n, threshold }),
        (1u32..6, 0.0..1.0f64, threshold()).prop_map(|(watchers, attention, threshold)| {
            Rule::LazyConsensus { watchers, attention, threshold }
        }),
        (-2.0..0.0f64, 0.0..2.0f64, 0.0..=1.0f64).prop_map(|(reject_below, accept_above, share)| {
            Rule::Lottery { reject_below, accept_above, share }
        }),
        prop::collection::vec(1u32..5, 1..5)
            .prop_flat_map(move |weights| {
                let sum: u32 = weights.iter().sum();
                (Just(weights), 1..=sum, (-2.0..2.0f64).prop_map(Threshold::Fixed))
            })
            .prop_map(|(weights, quota, threshold)| Rule::Weighted { weights, quota, threshold }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_stages_keep_ideas_together(
        rules in (rules(), rules(), rules()),
        correlation in prop_oneof![Just(0.0), 0.05..0.95f64],
        discrete in any::<bool>(),
    ) {
        let pool = Pool { correlation, bias: 0.3, ..Pool::default() };
        let environment = world(|data| {
            data.reviewers = Reviewers { proposal: pool, work: pool, published: pool };
            if discrete {
                data.quality = Quality::TwoPoint;
            }
        });
        let policy = Policy::staged([
            Stage::new(At::Proposal, rules.0),
            Stage::new(At::Work, rules.1),
            Stage::new(At::Published, rules.2),
        ]).unwrap();
        let evaluation = evaluate(&environment, &policy);
        let shares = evaluation.shares;
        prop_assert!((shares.total() - 1.0).abs() <= 1e-12, "{} {policy}", shares.total());
        let good = shares.good_published + shares.good_reverted + shares.good_rejected + shares.good_not_made;
        prop_assert!((good - 0.5).abs() <= 1e-12);
        let text = serde_json::to_string(&policy).unwrap();
        prop_assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    }

    #[test]
    fn a_weighted_vote_of_equals_is_a_quorum(n in 1u32..7, pick in 0u32..7, cut in -2.0..2.0f64) {
        let (quota, threshold) = (1 + pick % n, Threshold::Fixed(cut));
        let environment = with_correlation(0.4);
        let weighted = Rule::Weighted { weights: vec![1; n as usize], quota, threshold };
        let panel = Rule::Panel { architecture: Architecture::KofN { k: quota, n }, threshold };
        let a = evaluate(&environment, &at(At::Work, weighted)).shares;
        let b = evaluate(&environment, &at(At::Work, panel)).shares;
        prop_assert!((a.good_published - b.good_published).abs() < 1e-12);
    }
}
