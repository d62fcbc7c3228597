//! The simulation of policies against the exact solution, and the machinery of comparison.

#![allow(clippy::unwrap_used)]

use parecon_review::queue::{ErlangA, ErlangC};
use parecon_review::screening::Architecture;
use parecon_review::sequential::Sprt;
use parecon_review::simulate::{Desk, Engine, Finding, Run, Timing, compare, simulate};
use parecon_review::{
    Action, At, Authors, Environment, EnvironmentData, Lognormal, Policy, Pool, Quality, Reviewers, Rule,
    Stage, Threshold, Timeout, Verdict, evaluate,
};
use parecon_testbed::review::{textbook, three_regimes};

const STANDARD_ERRORS: f64 = 4.0;
const ZERO: Threshold = Threshold::Fixed(0.0);

fn assert_agrees(what: &str, mean: f64, standard_error: f64, exact: f64) {
    let miss = (mean - exact).abs();
    // A standard error of nothing but rounding.
    let allowed = STANDARD_ERRORS * standard_error + 1e-12 * exact.abs();
    assert!(miss <= allowed, "{what}: {mean} ± {standard_error} against {exact}");
}

/// Net benefit by all three estimators, all shares, costs and readings.
fn assert_is_exact(environment: &Environment, policy: &Policy, timing: &Timing, run: &Run) {
    let exact = evaluate(environment, policy);
    let report = simulate(environment, policy, timing, run).unwrap();
    let name = policy.to_string();
    for (what, estimate) in [
        ("net benefit", report.net_benefit),
        ("counted", report.net_benefit_counted),
        ("conditional", report.net_benefit_conditional),
    ] {
        assert_agrees(
            &format!("{name}, {what}"),
            estimate.mean,
            estimate.standard_error,
            exact.net_benefit(),
        );
    }
    let compare = |mean: serde_json::Value, error: serde_json::Value, exact: serde_json::Value| {
        for (field, value) in mean.as_object().unwrap() {
            let number = |value: &serde_json::Value| value.as_f64().unwrap();
            assert_agrees(
                &format!("{name}, {field}"),
                number(value),
                number(&error[field]),
                number(&exact[field]),
            );
        }
    };
    fn json(x: impl serde::Serialize) -> serde_json::Value {
        serde_json::to_value(x).unwrap()
    }
    compare(json(report.shares.mean), json(report.shares.standard_error), json(exact.shares));
    compare(json(report.costs.mean), json(report.costs.standard_error), json(exact.costs));
    compare(json(report.readings.mean), json(report.readings.standard_error), json(exact.readings));
}

fn crowd() -> Environment {
    let mut data: EnvironmentData = three_regimes().unwrap().data().clone();
    data.costs.production = parecon_review::Costs::contributors(0.7);
    data.published_accuracy = Some(0.9);
    data.exposure = 0.3;
    data.reviewers = Reviewers {
        proposal: Pool { bias: 0.2, correlation: 0.25, ..Pool::default() },
        work: Pool {
            bias: -0.1,
            correlation: 0.4,
            latency: Some(Lognormal { median: 3.0, spread: 1.0 }),
            ..Pool::default()
        },
        published: Pool::default(),
    };
    Environment::new(data).unwrap()
}

#[test]
fn named_policies_agree_with_the_exact_solution() {
    let run = Run::new(11).with_replications(100).with_arrivals(1_600).with_warm_up(0);
    let environment = crowd();
    for policy in [
        Policy::abstain(),
        Policy::open(),
        Policy::prior(ZERO).unwrap(),
        Policy::post(Threshold::Fixed(0.3)).unwrap(),
        Policy::two_gate(ZERO, Threshold::Fixed(0.4)).unwrap(),
        Policy::revert(ZERO).unwrap(),
        Policy::pending_changes(ZERO, Timeout { after: 4.0, verdict: Verdict::Pass }).unwrap(),
        Policy::pending_changes(ZERO, Timeout { after: 4.0, verdict: Verdict::Fail }).unwrap(),
        Policy::partial_lottery(-0.5, 0.8, 0.4).unwrap(),
        Policy::board(3, 5, ZERO).unwrap(),
        Policy::lazy_consensus(4, 0.3, Threshold::Fixed(-0.4)).unwrap(),
    ] {
        assert_is_exact(&environment, &policy, &Timing::default(), &run);
    }
    // Optimal thresholds are those of the exact solution.
    let optimal = Policy::two_gate(Threshold::Optimal, Threshold::Optimal).unwrap();
    assert_is_exact(&three_regimes().unwrap(), &optimal, &Timing::default(), &run);
}

#[test]
fn other_rules_and_actions_agree_with_the_exact_solution() {
    let run = Run::new(12).with_replications(100).with_arrivals(1_600).with_warm_up(0);
    let test = Sprt { bad: 0.3, good: 0.8, false_accept: 0.05, false_reject: 0.05, limit: 9 };
    let panel = Architecture::Nested {
        outer: Box::new(Architecture::Polyarchy(2)),
        inner: Box::new(Architecture::Nested {
            outer: Box::new(Architecture::Hierarchy(2)),
            inner: Box::new(Architecture::KofN { k: 2, n: 3 }),
        }),
    };
    for rule in [
        Rule::hierarchy(3, ZERO),
        Rule::polyarchy(3, ZERO),
        Rule::Panel { architecture: panel, threshold: ZERO },
        Rule::MeanScore { n: 3, threshold: Threshold::Fixed(0.2) },
        Rule::Sprt { test, threshold: ZERO },
        Rule::Weighted { weights: vec![3, 2, 1, 1], quota: 4, threshold: ZERO },
    ] {
        let policy = Policy::staged([
            Stage::new(At::Proposal, rule.clone()).with_action(Action::Advise { heeded: 0.8 }),
            Stage::new(At::Work, rule),
        ])
        .unwrap();
        assert_is_exact(&crowd(), &policy, &Timing::default(), &run);
    }
}

#[test]
fn qualities_that_are_not_gaussian_agree_too() {
    let run = Run::new(13).with_replications(100).with_arrivals(1_600).with_warm_up(0);
    for quality in [Quality::TwoPoint, Quality::Empirical(vec![1.0, 3.0, 3.0, 6.0, 6.0, 8.0, 8.0, 8.0])] {
        let environment =
            Environment::new(EnvironmentData { quality, base_rate: 0.3, ..crowd().data().clone() }).unwrap();
        for policy in [Policy::two_gate(ZERO, ZERO).unwrap(), Policy::board(2, 3, ZERO).unwrap()] {
            assert_is_exact(&environment, &policy, &Timing::default(), &run);
        }
    }
}

#[test]
fn trust_agrees_with_the_exact_solution_where_verdicts_are_instant() {
    // Trust builds up while the run warms up: 20 authors of 6 ideas each turn over every 120 ideas.
    let run = Run::new(14).with_replications(60).with_arrivals(4_000).with_warm_up(2_000);
    for skill in [0.0, 0.6] {
        let authors = Authors { contributions: 6.0, skill, ..Authors::default() };
        let environment =
            Environment::new(EnvironmentData { authors, ..textbook().unwrap().data().clone() }).unwrap();
        // Defying advice is not the acceptance that earns trust.
        let rule = Rule::Trust { after: 2, otherwise: Box::new(Rule::Single(Threshold::Fixed(0.2))) };
        let advice = Stage::new(At::Work, rule).with_action(Action::Advise { heeded: 0.6 });
        assert_is_exact(&environment, &Policy::staged([advice]).unwrap(), &Timing::default(), &run);
        let policy = Policy::trusted_auto_accept(2, Threshold::Fixed(0.2)).unwrap();
        assert_eq!(simulate(&environment, &policy, &Timing::default(), &run).unwrap().engine, Engine::Events);
        assert_is_exact(&environment, &policy, &Timing::default(), &run);
    }
}

/// Replications of a queue with exponential readings are M/M/c and M/M/c+M.
#[test]
fn desks_are_the_queues_of_theory() {
    let run =
        Run::new(15).with_replications(20).with_arrivals(20_000).with_warm_up(2_000).with_quantiles([0.9]);
    let queue = |patience| {
        let proposal = Pool { capacity: Some(10.0), patience, ..Pool::default() };
        let reviewers = Reviewers { proposal, ..Reviewers::default() };
        Environment::new(EnvironmentData { reviewers, ..textbook().unwrap().data().clone() }).unwrap()
    };
    let desk = Desk { reviewers: 10, ..Desk::default() };
    let timing = |arrival_rate| Timing { arrival_rate, proposal: desk, ..Timing::default() };
    let policy = Policy::prior(ZERO).unwrap();
    let exact = ErlangC::new(9.0, 1.0, 10).unwrap().steady().unwrap();
    let report = simulate(&queue(None), &policy, &timing(9.0), &run).unwrap();
    assert_agrees(
        "M/M/10",
        report.waits.mean.proposal,
        report.waits.standard_error.proposal,
        exact.mean_wait,
    );
    assert_agrees(
        "time to publication",
        report.publication_delay.mean,
        report.publication_delay.standard_error,
        exact.mean_wait + 1.0,
    );
    assert!(report.publication_delay_quantiles[0].mean > report.publication_delay.mean);
    let exact = ErlangA::new(12.0, 1.0, 0.5, 10).unwrap().steady();
    let report = simulate(&queue(Some(2.0)), &policy, &timing(12.0), &run).unwrap();
    assert_agrees(
        "withdrawn",
        report.withdrawn.mean,
        report.withdrawn.standard_error,
        exact.abandon_probability,
    );
    let waits = report.waits;
    assert_agrees("wait", waits.mean.proposal, waits.standard_error.proposal, exact.mean_wait);
}

/// With a queue of published work, harm grows with the time that bad pieces are up: λ = 1, capacity 1/(1 − ρ) so that the
/// sojourn in M/M/1 is exponential with mean 1/(μ − λ), and the share done 1 − E e^{−T/τ} = 1/(1 + (μ − λ) τ).
#[test]
fn exposure_is_the_time_until_somebody_looks() {
    let run =
        Run::new(16).with_replications(20).with_arrivals(20_000).with_warm_up(2_000).with_quantiles([0.5]);
    let published = Pool { capacity: Some(1.5), ..Pool::default() };
    let data = EnvironmentData {
        reviewers: Reviewers { published, ..Reviewers::default() },
        ..textbook().unwrap().data().clone()
    };
    let environment = Environment::new(data.clone()).unwrap();
    let timing = Timing { effect_time: Some(4.0), ..Timing::default() };
    let policy = Policy::revert(ZERO).unwrap();
    let report = simulate(&environment, &policy, &timing, &run).unwrap();
    let time = report.exposure_time;
    assert_agrees("exposure time", time.mean, time.standard_error, 2.0);
    let median = report.exposure_time_quantiles[0];
    assert_agrees("median", median.mean, median.standard_error, 2.0 * std::f64::consts::LN_2);
    let exposed = Environment::new(EnvironmentData { exposure: 1.0 / 3.0, ..data }).unwrap();
    let exact = evaluate(&exposed, &policy);
    assert_agrees("harm", report.harm.mean, report.harm.standard_error, exact.harm);
    let meanwhile = report.harm_while_published;
    let removed = exact.harm - 5.0 * exact.shares.bad_published;
    assert_agrees("harm while published", meanwhile.mean, meanwhile.standard_error, removed);
    assert_agrees("net", report.net_benefit.mean, report.net_benefit.standard_error, exact.net_benefit());
}

#[test]
fn break_even_is_where_simulated_policies_tie() {
    let environment = textbook().unwrap();
    let cost = parecon_review::break_even_production_cost(&environment, ZERO).unwrap().cost().unwrap();
    let run = Run::new(17).with_replications(40).with_arrivals(10_000).with_warm_up(0);
    let (prior, post) = (Policy::prior(ZERO).unwrap(), Policy::post(ZERO).unwrap());
    let nets = |k: f64, policy: &Policy| {
        let at = environment.with_production_cost(k).unwrap();
        simulate(&at, policy, &Timing::default(), &run).unwrap().net_by_replication
    };
    let at = |k: f64| compare(&nets(k, &post), &nets(k, &prior), 0.03, 0.99).unwrap();
    assert_eq!(at(cost).finding, Finding::Negligible);
    assert_eq!(at(cost - 0.3).finding, Finding::Better);
    assert_eq!(at(cost + 0.3).finding, Finding::Worse);
    assert!((at(cost).difference.mean / at(cost).difference.standard_error).abs() < STANDARD_ERRORS);
}

/// Common random numbers and conditional goodness pay: measured, not assumed.
#[test]
fn variance_is_reduced() {
    let environment = three_regimes().unwrap().with_production_cost(0.6).unwrap();
    let run = Run::new(18).with_replications(200).with_arrivals(2_000).with_warm_up(0);
    let report = |policy: &Policy| simulate(&environment, policy, &Timing::default(), &run).unwrap();
    let (two_gate, near) = (
        report(&Policy::two_gate(ZERO, Threshold::Fixed(0.5)).unwrap()),
        report(&Policy::two_gate(Threshold::Fixed(0.1), Threshold::Fixed(0.5)).unwrap()),
    );
    let conditional = (two_gate.net_benefit_counted.standard_error
        / two_gate.net_benefit_conditional.standard_error)
        .powi(2);
    let common = compare(&two_gate.net_by_replication, &near.net_by_replication, 0.01, 0.95).unwrap();
    assert!(conditional > 1.3, "conditional goodness: {conditional}");
    assert!(two_gate.variance_reduction() > 5.0, "{}", two_gate.variance_reduction());
    assert!(common.variance_reduction > 30.0, "common random numbers: {}", common.variance_reduction);
}

#[cfg(feature = "parallel")]
#[test]
fn the_same_bits_for_any_number_of_threads() {
    let environment = crowd();
    let policy = Policy::two_gate(ZERO, ZERO).unwrap();
    let run = Run::new(19).with_replications(7).with_arrivals(500).with_quantiles([0.5]);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let report = pool.install(|| simulate(&environment, &policy, &Timing::default(), &run)).unwrap();
        serde_json::to_string(&report).unwrap()
    };
    assert_eq!(on(1), on(2));
    assert_eq!(on(1), on(5));
}

#[test]
fn bad_settings_are_named() {
    let environment = textbook().unwrap();
    let policy = Policy::open();
    let refusal =
        |timing: &Timing, run: &Run| simulate(&environment, &policy, timing, run).unwrap_err().to_string();
    let (timing, run) = (Timing::default(), Run::new(0));
    assert_eq!(
        refusal(&timing, &run.clone().with_replications(1)),
        "number of replications is 1, must be at least 2"
    );
    assert_eq!(
        refusal(&timing, &run.clone().with_arrivals(0)),
        "number of arrivals is 0, must be at least 1"
    );
    assert_eq!(
        refusal(&timing, &run.clone().with_quantiles([1.0])),
        "share of a quantile is 1, must be strictly between 0 and 1"
    );
    let none = Desk { reviewers: 0, ..Desk::default() };
    assert_eq!(
        refusal(&Timing { work: none, ..timing }, &run),
        "number of reviewers of finished work is 0, must be at least 1"
    );
    assert_eq!(
        refusal(&Timing { arrival_rate: f64::INFINITY, ..timing }, &run),
        "arrival rate of ideas is inf, must be finite and positive"
    );
}
