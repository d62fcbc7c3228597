//! How the process ends, and what it hands over.

use std::ops::ControlFlow;

use parecon_planning::{
    Aggregates, Config, Disclosure, Economy, Observer, Planning, PriceRule, Recorded, Reports,
    RevealedNewton, Round, Status, experiment, plan,
};

#[derive(Default)]
struct Log {
    started: usize,
    rounds: Vec<usize>,
    ended: Option<Status>,
    stop_after: Option<usize>,
}

impl Observer<Round> for Log {
    fn on_start(&mut self) {
        self.started += 1;
    }

    fn on_round(&mut self, round: &Round) -> ControlFlow<()> {
        self.rounds.push(round.number);
        if self.stop_after == Some(round.number) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn on_end(&mut self, status: Status) {
        self.ended = Some(status);
    }
}

/// Multiplies every price.
struct Inflate(f64);

impl PriceRule for Inflate {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        reports.prices().iter().map(|p| p * self.0).collect()
    }
}

#[test]
fn every_ending_is_told() {
    let economy = experiment::small_example().unwrap();
    let run = |rule: &mut dyn PriceRule, config: Config, stop_after| {
        let mut log = Log { stop_after, ..Log::default() };
        let outcome = plan(&economy, rule, &config, &mut log).unwrap();
        assert_eq!((log.started, log.ended), (1, Some(outcome.status)));
        assert_eq!(log.rounds, (1..=outcome.rounds.len()).collect::<Vec<_>>());
        let best = outcome.rounds.iter().map(|r| r.largest_imbalance).fold(f64::INFINITY, f64::min);
        assert_eq!(outcome.largest_imbalance, best);
        assert!(outcome.rounds.iter().any(|r| r.prices == outcome.prices && r.largest_imbalance == best));
        (outcome.status, outcome.rounds.len())
    };
    let strict = || Config::new().with_tolerance(0.0);
    assert_eq!(run(&mut Recorded::new(), Config::new(), Some(2)), (Status::Stopped, 2));
    assert_eq!(run(&mut Recorded::new(), strict().with_round_limit(3), None), (Status::RoundLimit, 3));
    assert_eq!(run(&mut Inflate(1.0), strict().with_patience(5), None), (Status::Stalled, 6));
    assert_eq!(run(&mut Inflate(1e30), strict(), None).0, Status::Diverged);
    assert_eq!(run(&mut Inflate(f64::INFINITY), strict(), None), (Status::Diverged, 2));
    assert_eq!(run(&mut RevealedNewton::new(), Config::new(), None).0, Status::Converged);
}

#[test]
fn a_rule_sees_what_it_asks_for() {
    struct Curious(Disclosure, Vec<bool>);
    impl PriceRule for Curious {
        fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
            self.1.push(reports.proposals().is_some());
            reports.prices().to_vec()
        }
        fn disclosure(&self) -> Disclosure {
            self.0
        }
    }
    let economy = experiment::small_example().unwrap();
    for (level, shown) in
        [(Disclosure::Aggregates, false), (Disclosure::WorkerProposals, true), (Disclosure::Proposals, true)]
    {
        let mut rule = Curious(level, Vec::new());
        plan(&economy, &mut rule, &Config::new().with_round_limit(3), &mut ()).unwrap();
        assert_eq!(rule.1, [shown; 2]);
    }
}

#[test]
fn certificates_can_be_left_out() {
    let economy = experiment::small_example().unwrap();
    let without = Config::new().with_certificate(false);
    let outcome = plan(&economy, &mut RevealedNewton::new(), &without, &mut ()).unwrap();
    assert!(outcome.certificate.is_none() && outcome.rounds.iter().all(|r| r.certificate.is_none()));
}

#[test]
fn without_proposals_the_better_rule_is_the_published_one() {
    let aggregates = Aggregates { supply: vec![1.0, 2.0], demand: vec![2.0, 1.0] };
    let reports = Reports::new(1, &[5.0, 5.0], &aggregates);
    assert_eq!(RevealedNewton::new().revise(&reports), Recorded::new().revise(&reports));
}

#[test]
fn a_rule_may_move_on_to_another_economy() {
    let mut rule = RevealedNewton::new();
    let config = Config::new().with_tolerance(1e-9);
    let economy = experiment::small_example().unwrap();
    let lone = r#"{"version":2,"goods":[{"name":"air","category":"private","endowment":2.0}],"worker_councils":[],
        "consumer_councils":[{"income":1.5,"preferences":{"cobb_douglas":[{"good":0,"weight":1.0}]}}]}"#;
    let other = Economy::from_json(lone.as_bytes()).unwrap();
    for economy in [&economy, &other, &economy] {
        assert!(plan(economy, &mut rule, &config, &mut ()).unwrap().status.is_converged());
    }
    // Year two, with what year one revealed: the same economy clears in two rounds from anywhere.
    let config = config.with_start_prices(vec![9.0, 0.3, 2.0]);
    assert_eq!(plan(&economy, &mut rule, &config, &mut ()).unwrap().rounds.len(), 2);
}

#[test]
fn stepping_on_is_possible_after_the_end() {
    let economy = experiment::small_example().unwrap();
    let mut rule = RevealedNewton::new();
    let mut planning = Planning::new(&economy, &mut rule, Config::new().with_round_limit(1)).unwrap();
    assert_eq!(planning.status(), None);
    planning.step().unwrap();
    assert_eq!(planning.status(), Some(Status::RoundLimit));
    assert_eq!(planning.step().unwrap().number, 2);
}
