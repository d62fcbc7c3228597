//! Councils of every kind on a board, and every rule.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a board that cannot be made fails the test")]

#[path = "common/kinds.rs"]
mod kinds;

use kinds::{all_kinds, disutility, economy_of, with_pollutants};
use parecon_planning::{
    Amount, Anderson, Broyden, Config, CouncilId, Economy, FacilitationBoard, Federation, GoodId, Missing,
    Newton, Plan, PriceRule, Proposal, Recorded, RevealedNewton, Round, Status, Tatonnement, TotalsNewton,
    Verdict, plan,
};
use serde::{Serialize, de::DeserializeOwned};

/// Sums in another order.
const ROUNDING: f64 = 1e-12;

fn polluted(seed: u64) -> Economy {
    economy_of(seed, with_pollutants)
}

/// Runs a board with councils that answer truly.
fn run<R: PriceRule>(economy: &Economy, rule: R, config: &Config) -> (Status, Vec<Round>) {
    let mut board = FacilitationBoard::new(economy.register(), rule, config.clone()).unwrap();
    loop {
        for proposal in economy.propose(board.announcement()).unwrap() {
            let receipt = board.receive(&proposal);
            assert_eq!(receipt.verdict, Verdict::Accepted, "{receipt:?}");
        }
        board.close().unwrap();
        if let Some(status) = board.status() {
            return (status, board.rounds().to_vec());
        }
        board.revise().unwrap();
    }
}

#[test]
fn every_kind_of_council_takes_part_under_the_position_it_was_given() {
    for economy in [all_kinds(1), all_kinds(5), polluted(2)] {
        let config = Config::new().with_start_price(700.0);
        let mut board = FacilitationBoard::new(economy.register(), Recorded::new(), config).unwrap();
        let federation = Federation::of(board.register());
        for _ in 0..2 {
            let announcement = board.announcement().clone();
            let all = economy.propose(&announcement).unwrap();
            assert_eq!(all.len(), economy.worker_councils() + economy.consumer_councils());
            for proposal in &all {
                let alone = match proposal.council {
                    CouncilId::Worker(w) => {
                        let council = economy.worker_council(w as usize).unwrap();
                        assert_eq!(board.register().worker_councils[w as usize].output, council.output);
                        assert_eq!(
                            board.register().worker_councils[w as usize].inputs,
                            council.technology.input_goods()
                        );
                        // What effort costs, from the technology's own formula.
                        let Plan::Worker { effort, effort_cost, .. } = proposal.plan else { panic!("{w}") };
                        let expected = disutility(&council.technology, effort);
                        assert!(
                            (effort_cost - expected).abs() <= 1e-9 * expected,
                            "{}: {effort_cost} {expected}",
                            council.name
                        );
                        council.propose(economy.goods(), &announcement)
                    }
                    CouncilId::Consumer(c) => {
                        let council = economy.consumer_council(c as usize).unwrap();
                        let seat = &board.register().consumer_councils[c as usize];
                        assert_eq!(
                            (seat.income, &seat.wants),
                            (council.income, &council.preferences.goods())
                        );
                        assert_eq!(seat.permits.len(), council.preferences.exposures().len());
                        council.propose(economy.goods(), &announcement)
                    }
                };
                assert_eq!(alone.unwrap(), proposal.plan);
                let receipt = board.receive(proposal);
                assert_eq!(receipt.verdict, Verdict::Accepted, "{receipt:?}");
            }
            board.close().unwrap();
            // What the board adds up is what the councils have answered.
            let proposals = economy.respond(&announcement.prices).unwrap();
            let counted = board.proposals().unwrap();
            assert!(proposals.workers().eq(counted.workers()));
            assert!(proposals.consumers().eq(counted.consumers()));
            let added = &board.rounds().last().unwrap().aggregates;
            assert_eq!(added, &proposals.aggregate());
            assert_eq!(added, &federation.aggregate(counted).unwrap());
            let computed = economy.aggregate(&announcement.prices).unwrap();
            let pairs = added.supply.iter().zip(&computed.supply);
            for (x, y) in pairs.chain(added.demand.iter().zip(&computed.demand)) {
                assert!((x - y).abs() <= ROUNDING * y, "{x} {y}");
            }
            let costs = economy.effort_costs(&announcement.prices).unwrap();
            assert_eq!(board.effort_costs(), Some(costs.clone()));
            let report = federation.review(&announcement.prices, counted, &costs).unwrap();
            for totals in &report.totals {
                let permits = counted.consumers().flat_map(|c| c.permit_goods.iter().zip(c.permits));
                let of_good: f64 = permits.filter(|(good, _)| **good == totals.good).map(|(_, x)| x).sum();
                assert!((totals.permitted - of_good).abs() <= ROUNDING * of_good);
            }
            board.revise().unwrap();
        }
    }
}

fn same_rounds(economy: &Economy, rule: impl PriceRule + Clone, config: &Config, bits: bool) {
    let (status, rounds) = run(economy, rule.clone(), config);
    let simulated = plan(economy, &mut rule.clone(), config, &mut ()).unwrap();
    assert_eq!((status, rounds.len()), (simulated.status, simulated.rounds.len()));
    if bits {
        return assert_eq!(rounds, simulated.rounds);
    }
    for (one, other) in rounds.iter().zip(&simulated.rounds) {
        for (p, q) in one.prices.iter().zip(&other.prices) {
            assert!((p / q - 1.0).abs() < 1e-6, "round {}: {p} and {q}", one.number);
        }
    }
}

#[test]
fn a_board_announces_what_the_simulation_announces() {
    for economy in [all_kinds(1), polluted(2)] {
        let config = Config::new()
            .with_start_price(700.0)
            .with_certificate(false)
            .with_exact_sums(true)
            .with_round_limit(12);
        same_rounds(&economy, Tatonnement::new(), &config, true);
        same_rounds(&economy, Broyden::new(), &config, true);
        same_rounds(&economy, Recorded::new(), &config, true);
        // From proposals, a model is added up over councils: in the order of storage.
        same_rounds(&economy, RevealedNewton::new(), &config.clone().with_round_limit(4), false);
    }
}

#[test]
fn permits_bring_income_and_are_checked() {
    let economy = polluted(2);
    let register = economy.register();
    let seat = register.consumer_councils[0].clone();
    let (want, smoke, income) = (seat.wants[0], seat.permits[0], seat.income);
    let shared = register.goods[want.index()].category == parecon_planning::Category::Public;
    let price = 2.0 / if shared { register.consumer_councils.len() as f64 } else { 1.0 };
    let config = Config::new().with_start_price(2.0);
    let mut board = FacilitationBoard::new(register, Recorded::new(), config)
        .unwrap()
        .with_missing(Missing::CarryForward);
    let council = CouncilId::Consumer(0);
    let amount = |good: GoodId, value: f64, price: f64| vec![Amount { good, quantity: value / price }];
    let ask = |value: f64, compensation: f64| {
        let (requests, permits) = (amount(want, value, price), amount(smoke, compensation, 2.0));
        Proposal { council, round: 1, plan: Plan::Consumer { requests, permits } }
    };
    let refused = board.receive(&ask(income + 11.0, 10.0));
    assert_eq!(refused.verdict, Verdict::OverIncome);
    assert!(refused.message.contains("income with compensation of"), "{}", refused.message);
    let mut wrong = ask(1.0, -1.0);
    assert_eq!(board.receive(&wrong).verdict, Verdict::BadQuantity);
    if let Plan::Consumer { permits, .. } = &mut wrong.plan {
        *permits = amount(want, 1.0, 1.0);
    }
    let refused = board.receive(&wrong);
    assert_eq!(refused.verdict, Verdict::UnknownGood);
    assert!(refused.message.contains("does not permit"), "{}", refused.message);

    assert_eq!(board.receive(&ask(income + 10.0, 10.0)).verdict, Verdict::Accepted);
    let saved = serde_json::to_string(&board).unwrap();
    board = serde_json::from_str(&saved).unwrap();
    board.close().unwrap();
    assert_eq!(board.rounds()[0].aggregates.supply[smoke.index()], 5.0);
    board.revise().unwrap();
    // Carried forward, requests are cut to what income and compensation at the new prices buy.
    board.close().unwrap();
    let prices = &board.announcement().prices;
    let counted = board.proposals().unwrap().consumer(0).unwrap();
    let means = income + prices[smoke.index()] * counted.permits[0];
    let spent = counted.quantities[0] * price / 2.0 * prices[want.index()];
    assert_eq!(counted.permits, [5.0]);
    assert!(spent <= means * (1.0 + ROUNDING), "{spent} {means}");

    // On the wire, and without permits as before there were any.
    let plan: Plan = serde_json::from_str(r#"{"consumer":{"requests":[]}}"#).unwrap();
    assert_eq!(plan, Plan::Consumer { requests: Vec::new(), permits: Vec::new() });
}

/// Goes on from a saved board after every round and must announce the same bits; some councils come late, one never.
fn resume<R: PriceRule + Serialize + DeserializeOwned>(economy: &Economy, rule: R) {
    let config = Config::new().with_start_price(700.0).with_tolerance(1e-9);
    let board = FacilitationBoard::new(economy.register(), rule, config).unwrap();
    let mut steady = board.with_missing(Missing::CarryForward);
    let saved = |board: &FacilitationBoard<R>| serde_json::to_string(board).unwrap();
    let again = |board: &FacilitationBoard<R>| -> FacilitationBoard<R> {
        serde_json::from_str(&saved(board)).unwrap()
    };
    let mut moving = again(&steady);
    for round in 0..7 {
        for (at, p) in economy.propose(steady.announcement()).unwrap().iter().enumerate() {
            if at != 3 && at % 10 != round {
                assert_eq!(steady.receive(p), moving.receive(p));
            }
        }
        steady.close().unwrap();
        moving.close().unwrap();
        moving = again(&moving);
        let (one, other) = (steady.revise().unwrap(), moving.revise().unwrap());
        let bits = |prices: &[f64]| prices.iter().map(|p| p.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&one.prices), bits(&other.prices), "round {round}");
        moving = again(&moving);
        assert_eq!(saved(&steady), saved(&moving));
    }
    let rounds = steady.rounds();
    assert!(rounds[6].prices != rounds[5].prices, "it goes on revising");
}

#[test]
fn every_rule_resumes_bit_for_bit() {
    for economy in [all_kinds(1), polluted(2)] {
        resume(&economy, Recorded::new());
        resume(&economy, Tatonnement::new());
        resume(&economy, Anderson::new());
        resume(&economy, Broyden::new());
        resume(&economy, TotalsNewton::for_economy(&economy));
        resume(&economy, RevealedNewton::new());
        // Nobody reports slopes to a board: it does what Recorded does.
        resume(&economy, Newton::new());
    }
}
