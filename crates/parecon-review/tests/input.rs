//! What is refused, in which words, and that serialised forms cannot smuggle it in.

use parecon_review::{
    At, Costs, Environment, EnvironmentData, Policy, Stage, Threshold, break_even_production_cost, evaluate,
    evaluate_over, frontier,
};
use parecon_testbed::review::{textbook, three_regimes};

#[test]
fn numbers_out_of_range_are_named() {
    let good = textbook().unwrap().data().clone();
    let refusal = |change: &dyn Fn(&mut EnvironmentData)| {
        let mut data = good.clone();
        change(&mut data);
        Environment::new(data).unwrap_err().to_string()
    };
    assert_eq!(refusal(&|d| d.base_rate = 1.0), "base rate is 1, must be strictly between 0 and 1");
    assert_eq!(
        refusal(&|d| d.work_accuracy = -0.2),
        "accuracy of the finished-work signal is -0.2, must be between 0 and 1"
    );
    assert_eq!(
        refusal(&|d| d.proposal_accuracy = f64::NAN),
        "accuracy of the proposal signal is NaN, must be between 0 and 1"
    );
    assert_eq!(refusal(&|d| d.value = 0.0), "value of a good piece is 0, must be finite and positive");
    assert_eq!(
        refusal(&|d| d.harm = f64::INFINITY),
        "harm of a bad piece is inf, must be finite and not negative"
    );
    assert_eq!(
        refusal(&|d| d.costs.production = Costs::inputs(-3.0)),
        "cost of production to inputs is -3, must be finite and not negative"
    );
    assert_eq!(
        refusal(&|d| d.costs.reproduction =
            Costs { contributors: f64::MAX, inputs: f64::MAX, ..Costs::default() }),
        "total cost of reproduction is inf, must be finite and not negative"
    );
    assert_eq!(
        refusal(&|d| (d.value, d.harm) = (f64::MAX, f64::MAX)),
        "sum of value, harm and all costs is inf, must be finite"
    );
}

#[test]
fn policies_and_ranges_are_checked() {
    let environment = textbook().unwrap();
    assert_eq!(
        Policy::prior(Threshold::Fixed(f64::NAN)).unwrap_err().to_string(),
        "threshold at the proposal is NaN, must be finite"
    );
    let (first, second) =
        (Stage::single(At::Proposal, Threshold::Optimal), Stage::single(At::Work, Threshold::Optimal));
    assert_eq!(
        Policy::staged([second, first.clone()]).unwrap_err().to_string(),
        "a stage at the finished work stands before one at the proposal, must be the other way round"
    );
    assert_eq!(
        Policy::staged([first.clone(), first]).unwrap_err().to_string(),
        "two stages at the proposal, at most one is possible at each point"
    );
    assert!(break_even_production_cost(&environment, Threshold::Fixed(f64::INFINITY)).is_err());
    assert!(evaluate_over(&environment, &Policy::open(), &[0.0, -1.0]).is_err());
    let refusal = |policies: &[Policy], range, tolerance| {
        frontier(&environment, policies, range, tolerance).unwrap_err().to_string()
    };
    assert_eq!(refusal(&[], 0.0..=1.0, 0.1), "no policies given, must be at least one");
    assert_eq!(
        refusal(&[Policy::open(), Policy::abstain(), Policy::open()], 0.0..=1.0, 0.1),
        "policies 0 and 2 are both \"open: make → publish\", must differ"
    );
    assert_eq!(
        refusal(&[Policy::open()], 2.0..=1.0, 0.1),
        "highest production cost is 1, must be finite and at least 2"
    );
    assert_eq!(refusal(&[Policy::open()], 0.0..=1.0, 0.0), "tolerance is 0, must be finite and positive");
}

#[test]
fn serialised_forms_round_trip() {
    let environment = three_regimes().unwrap().with_production_cost(1.0 / 3.0).unwrap();
    let text = serde_json::to_string(&environment).unwrap();
    assert_eq!(serde_json::from_str::<Environment>(&text).unwrap(), environment);
    for policy in [
        Policy::abstain(),
        Policy::open(),
        Policy::two_gate(Threshold::Fixed(0.25), Threshold::Optimal).unwrap(),
    ] {
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
        // Also where a threshold is at infinity, which JSON has no number for.
        let evaluation = evaluate(&environment.with_production_cost(100.0).unwrap(), &policy);
        let text = serde_json::to_string(&evaluation).unwrap();
        assert_eq!(serde_json::from_str::<parecon_review::Evaluation>(&text).unwrap(), evaluation);
    }
}

#[test]
fn the_form_of_a_policy_is_kept() {
    let policy = Policy::two_gate(Threshold::Fixed(0.25), Threshold::Optimal).unwrap();
    let stages = r#"[{"at":"proposal","rule":{"single":{"fixed":0.25}},"action":"block","timeout":null},{"at":"work","rule":{"single":"optimal"},"action":"block","timeout":null}]"#;
    assert_eq!(serde_json::to_string(&policy).unwrap(), format!(r#"{{"version":1,"stages":{stages}}}"#));
    assert_eq!(serde_json::to_string(&Policy::abstain()).unwrap(), r#"{"version":1,"stages":null}"#);
}

#[test]
fn deserialising_cannot_build_what_the_constructors_refuse() {
    let sound = serde_json::to_string(&textbook().unwrap()).unwrap();
    for (from, to) in
        [("\"base_rate\":0.5", "\"base_rate\":2.0"), ("\"value\":10.0", "\"value\":-1.0"), ("harm", "harn")]
    {
        let text = sound.replace(from, to);
        assert_ne!(text, sound);
        assert!(serde_json::from_str::<Environment>(&text).is_err(), "{text}");
    }
    let stage = r#"{"at":"work","rule":{"single":"optimal"}}"#;
    assert!(serde_json::from_str::<Policy>(&format!(r#"{{"version":1,"stages":[{stage}]}}"#)).is_ok());
    assert!(
        serde_json::from_str::<Policy>(&format!(r#"{{"version":1,"stages":[{stage},{stage}]}}"#)).is_err()
    );
    let newer =
        serde_json::from_str::<Policy>(&format!(r#"{{"version":2,"stages":[{stage}]}}"#)).unwrap_err();
    assert!(newer.to_string().contains("version of the policy is 2, must be 1"), "{newer}");
}

#[test]
fn named_policies_know_their_names_and_draw_themselves() {
    use parecon_review::{Timeout, Verdict};
    let zero = Threshold::Fixed(0.0);
    let timeout = Timeout { after: 7.0, verdict: Verdict::Pass };
    for (policy, line) in [
        (Ok(Policy::abstain()), "abstain"),
        (Ok(Policy::open()), "open: make → publish"),
        (Policy::prior(zero), "prior: propose → [s1 > 0] → make → publish"),
        (Policy::post(Threshold::Optimal), "post: make → [s2 > optimal] → publish"),
        (Policy::two_gate(zero, zero), "two-gate: propose → [s1 > 0] → make → [s2 > 0] → publish"),
        (Policy::revert(zero), "revert: make → publish → [s3 > 0] → keep"),
        (
            Policy::pending_changes(zero, timeout),
            "pending-changes: make → [s2 > 0; passes after 7] → publish",
        ),
        (
            Policy::partial_lottery(-1.0, 1.0, 0.5),
            "partial-lottery: propose → [s1 > 1, lot 0.5 down to -1] → make → publish",
        ),
        (Policy::board(3, 5, zero), "board: propose → [3 of 5 s1 > 0] → make → publish"),
        (
            Policy::trusted_auto_accept(2, zero),
            "trusted-auto-accept: make → [trusted after 2, else s2 > 0] → publish",
        ),
        (
            Policy::lazy_consensus(9, 0.25, zero),
            "lazy-consensus: propose → [no objection of 9 (attention 0.25) s1 > 0] → make → publish",
        ),
    ] {
        let policy = policy.unwrap();
        assert_eq!(policy.to_string(), line);
        assert!(line.starts_with(policy.name()));
        let svg = policy.to_svg();
        assert_eq!(svg.matches("<rect").count(), line.matches('→').count() + 1, "{svg}");
        let text = serde_json::to_string(&policy).unwrap();
        assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
    }
}
