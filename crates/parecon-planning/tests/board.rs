//! The board as a machine: what it accepts, what it refuses, and that nothing but proposals shows in its prices.
#![expect(clippy::unwrap_used, reason = "a board that cannot be made fails the test")]

mod common;

use common::{EXPERIMENTS, experiment};
use parecon_planning::{
    Amount, Category, Closing, Config, CouncilId, Economy, FacilitationBoard, Good, GoodId, Message, Missing,
    Plan, PriceRule, Proposal, Recorded, Register, Reports, RevealedNewton, Round, Status, Verdict,
    experiment::small_example, plan,
};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

type Board<R = RevealedNewton> = FacilitationBoard<R>;

fn board<R: PriceRule>(rule: R) -> Board<R> {
    FacilitationBoard::new(small_example().unwrap().register(), rule, Config::new()).unwrap()
}

fn saved<R: PriceRule + Serialize>(board: &Board<R>) -> String {
    serde_json::to_string(board).unwrap()
}

fn resumed<R: PriceRule + Serialize + DeserializeOwned>(board: &Board<R>) -> Board<R> {
    serde_json::from_str(&saved(board)).unwrap()
}

/// Runs a board with councils that answer truly.
fn run<R: PriceRule>(economy: &Economy, rule: R, config: &Config) -> (Status, Vec<Round>) {
    let mut board = FacilitationBoard::new(economy.register(), rule, config.clone()).unwrap();
    loop {
        for proposal in economy.propose(board.announcement()).unwrap() {
            let answer = board.receive(&proposal);
            assert_eq!(answer.verdict, Verdict::Accepted, "{answer:?}");
        }
        assert!(matches!(board.close().unwrap(), Closing::Closed(_)));
        if let Some(status) = board.status() {
            return (status, board.rounds().to_vec());
        }
        board.revise().unwrap();
    }
}

fn bits(prices: &[f64]) -> Vec<u64> {
    prices.iter().map(|p| p.to_bits()).collect()
}

fn assert_same_prices(board: &[Round], simulated: &[Round]) {
    assert_eq!(board.len(), simulated.len());
    for (one, other) in board.iter().zip(simulated) {
        assert_eq!(bits(&one.prices), bits(&other.prices), "round {}", one.number);
    }
}

#[test]
fn the_board_announces_what_the_simulation_announces() {
    for name in EXPERIMENTS {
        let economy = experiment(name).economy;
        let config = Config::new().with_start_price(700.0).with_certificate(false);
        // With sums that are added up as by a board, rounds are the same in every bit.
        let fine = config.clone().with_tolerance(1e-9).with_exact_sums(true);
        let (status, rounds) = run(&economy, RevealedNewton::new(), &fine);
        let simulated = plan(&economy, &mut RevealedNewton::new(), &fine, &mut ()).unwrap();
        assert_eq!((status, simulated.status), (Status::Converged, Status::Converged));
        assert_same_prices(&rounds, &simulated.rounds);
        let (status, rounds) = run(&economy, Recorded::new(), &config);
        let exact = config.clone().with_exact_sums(true);
        let simulated = plan(&economy, &mut Recorded::new(), &exact, &mut ()).unwrap();
        assert_same_prices(&rounds, &simulated.rounds);
        assert_eq!((status, &rounds), (simulated.status, &simulated.rounds));
        // And otherwise to rounding, in the same number of rounds.
        let simulated = plan(&economy, &mut Recorded::new(), &config, &mut ()).unwrap();
        assert_eq!(rounds.len(), simulated.rounds.len());
        for (one, other) in rounds.iter().zip(&simulated.rounds) {
            for (p, q) in one.prices.iter().zip(&other.prices) {
                assert!((p / q - 1.0).abs() < 1e-12, "{name}: {p} and {q}");
            }
        }
    }
}

#[test]
fn a_council_alone_proposes_what_it_proposes_among_all() {
    let economy = small_example().unwrap();
    let mut board = board(RevealedNewton::new());
    for _ in 0..3 {
        let announcement = board.announcement().clone();
        let all = economy.propose(&announcement).unwrap();
        for proposal in &all {
            let alone = match proposal.council {
                CouncilId::Worker(w) => {
                    economy.worker_council(w as usize).unwrap().propose(economy.goods(), &announcement)
                }
                CouncilId::Consumer(c) => {
                    economy.consumer_council(c as usize).unwrap().propose(economy.goods(), &announcement)
                }
            };
            assert_eq!(alone.unwrap(), proposal.plan);
            assert!(!board.receive(proposal).verdict.is_refusal());
        }
        board.close().unwrap();
        board.revise().unwrap();
    }
}

fn proposal(council: CouncilId, round: usize, plan: Plan) -> Proposal {
    Proposal { council, round, plan }
}

fn work(output: f64, inputs: &[(u32, f64)]) -> Plan {
    let amounts = inputs.iter().map(|&(good, quantity)| Amount { good: GoodId(good), quantity }).collect();
    Plan::Worker { output, effort: 1.0, effort_cost: 0.0, inputs: amounts }
}

fn ask(requests: &[(u32, f64)]) -> Plan {
    Plan::Consumer {
        requests: requests.iter().map(|&(g, quantity)| Amount { good: GoodId(g), quantity }).collect(),
        permits: Vec::new(),
    }
}

#[test]
fn every_refusal_names_its_reason_and_changes_nothing() {
    use CouncilId::{Consumer, Worker};
    let mut board = board(Recorded::new());
    let verdict = board.receive(&proposal(Worker(0), 1, work(3.0, &[(2, 4.0)]))).verdict;
    assert_eq!(verdict, Verdict::Accepted);
    let before = saved(&board);
    let cases = [
        (proposal(Worker(0), 1, work(3.0, &[(2, 4.5)])), Verdict::Contradiction, "\"east bakery\""),
        (proposal(Worker(4), 1, work(3.0, &[])), Verdict::UnknownCouncil, "worker council 4"),
        (proposal(Worker(4), 7, work(3.0, &[])), Verdict::UnknownCouncil, "4 worker and 2 consumer"),
        (proposal(Consumer(2), 1, ask(&[])), Verdict::UnknownCouncil, "consumer council 2"),
        (proposal(Consumer(2), 1, work(1.0, &[])), Verdict::UnknownCouncil, "consumer council 2"),
        (proposal(Worker(1), 0, work(3.0, &[])), Verdict::Late, "round 0 is closed"),
        (proposal(Worker(1), 2, work(3.0, &[])), Verdict::NotAnnounced, "this is round 1"),
        (proposal(Worker(1), 1, ask(&[(0, 1.0)])), Verdict::WrongKind, "\"west bakery\""),
        (proposal(Consumer(1), 1, work(1.0, &[])), Verdict::WrongKind, "\"valley\""),
        (proposal(Worker(1), 1, work(1.0, &[(1, 1.0)])), Verdict::UnknownGood, "\"park\""),
        (proposal(Worker(1), 1, work(1.0, &[(9, 1.0)])), Verdict::UnknownGood, "good 9"),
        (proposal(Consumer(1), 1, ask(&[(2, 1.0)])), Verdict::UnknownGood, "\"labour\""),
        (proposal(Consumer(1), 1, ask(&[(0, 1.0), (0, 1.0)])), Verdict::RepeatedGood, "\"bread\" twice"),
        (proposal(Worker(1), 1, work(f64::NAN, &[])), Verdict::BadQuantity, "NaN"),
        (proposal(Worker(1), 1, work(-1.0, &[])), Verdict::BadQuantity, "-1"),
        (proposal(Worker(1), 1, work(1.0, &[(2, f64::INFINITY)])), Verdict::BadQuantity, "\"labour\" is inf"),
        (proposal(Worker(1), 1, work(1e180, &[])), Verdict::BadQuantity, "1e174"),
        (proposal(Consumer(0), 1, ask(&[(0, 400.1)])), Verdict::OverIncome, "income of 400"),
        // Two neighbourhoods share the park's price of 1.
        (proposal(Consumer(0), 1, ask(&[(0, 300.0), (1, 200.1)])), Verdict::OverIncome, "400.05"),
    ];
    for (proposal, verdict, words) in cases {
        let answer = board.receive(&proposal);
        assert_eq!((answer.council, answer.round), (Some(proposal.council), Some(proposal.round)));
        assert_eq!(answer.verdict, verdict, "{answer:?}");
        assert!(answer.message.contains(words), "{answer:?} without {words}");
        assert_eq!(saved(&board), before);
    }
    for line in ["", "{}", "[1]", r#"{"type":"ending","status":"Converged","prices":[]}"#, "\u{0}"] {
        let answer = board.receive_line(line);
        assert_eq!((answer.verdict, answer.council), (Verdict::Malformed, None));
        assert_eq!(saved(&board), before);
    }
    let again = board.receive(&proposal(Worker(0), 1, work(3.0, &[(2, 4.0)])));
    assert_eq!(again.verdict, Verdict::AlreadyReceived);
    assert_eq!(saved(&board), before);
    // Spending all of an income is allowed.
    assert_eq!(
        board.receive(&proposal(Consumer(0), 1, ask(&[(0, 300.0), (1, 200.0)]))).verdict,
        Verdict::Accepted
    );
}

#[test]
fn a_closed_round_is_closed() {
    let mut board = board(Recorded::new()).with_missing(Missing::Abstain);
    let first = proposal(CouncilId::Worker(0), 1, work(3.0, &[(2, 4.0)]));
    board.receive(&first);
    assert!(board.revise().is_err(), "still open");
    board.close().unwrap();
    assert!(board.close().is_err(), "already closed");
    assert_eq!(board.receive(&first).verdict, Verdict::AlreadyReceived);
    for plan in [work(2.0, &[]), work(3.0, &[])] {
        assert_eq!(board.receive(&proposal(CouncilId::Worker(0), 1, plan)).verdict, Verdict::Late);
    }
    let other = proposal(CouncilId::Worker(1), 1, work(2.0, &[]));
    assert_eq!(board.receive(&other).verdict, Verdict::Late);
    assert_eq!(board.missing().count(), 5);
    board.revise().unwrap();
    assert_eq!(board.receive(&first).verdict, Verdict::Late);
    assert_eq!(board.missing().count(), 6);
}

#[test]
fn missing_councils_are_treated_as_announced() {
    let economy = small_example().unwrap();
    let away = [CouncilId::Worker(1), CouncilId::Consumer(0)];
    let second_round = |missing| {
        let config = Config::new().with_start_price(0.1);
        let mut board = FacilitationBoard::new(economy.register(), Recorded::new(), config)
            .unwrap()
            .with_missing(missing);
        let first = economy.propose(board.announcement()).unwrap();
        first.iter().for_each(|p| assert!(!board.receive(p).verdict.is_refusal()));
        board.close().unwrap();
        board.revise().unwrap();
        let prices = board.announcement().prices.clone();
        for p in economy.propose(board.announcement()).unwrap() {
            if !away.contains(&p.council) {
                board.receive(&p);
            }
        }
        (board, prices)
    };

    let (mut board, _) = second_round(Missing::Wait);
    let before = saved(&board);
    assert_eq!(board.close().unwrap(), Closing::Waiting(away.to_vec()));
    assert_eq!(saved(&board), before);

    let (mut board, _) = second_round(Missing::Abstain);
    board.close().unwrap();
    assert_eq!(board.missing().collect::<Vec<_>>(), away);
    let all = board.proposals().unwrap();
    assert_eq!(
        (all.worker(1).unwrap().output, all.consumer(0).unwrap().quantities),
        (0.0, [0.0; 2].as_slice())
    );

    let (mut board, prices) = second_round(Missing::CarryForward);
    board.close().unwrap();
    let all = board.proposals().unwrap();
    let first = economy.respond(&[0.1; 3]).unwrap();
    assert_eq!(all.worker(1), first.worker(1));
    // At the new prices the old requests cost more than the income, so they are cut in proportion.
    let (asked, carried) = (first.consumer(0).unwrap().quantities, all.consumer(0).unwrap().quantities);
    let cost = |q: &[f64]| q[0] * prices[0] + q[1] * prices[1] / 2.0;
    assert!(cost(asked) > 400.0 && (cost(carried) / 400.0 - 1.0).abs() < 1e-14);
    assert!((carried[0] / asked[0] - carried[1] / asked[1]).abs() < 1e-14);
    // Changing one's mind about the policy does not change what is closed.
    let board = board.with_missing(Missing::Abstain);
    assert_eq!(resumed(&board).proposals(), board.proposals());
    assert_eq!(board.effort_costs().unwrap().len(), 4);
}

#[test]
fn nobody_at_all_is_a_round_too() {
    let economy = small_example().unwrap();
    let mut board = board(RevealedNewton::new()).with_missing(Missing::CarryForward);
    for _ in 0..3 {
        board.close().unwrap();
        board.revise().unwrap();
    }
    // When all have come, agreement is as quick as ever.
    for _ in 0..4 {
        for p in economy.propose(board.announcement()).unwrap() {
            assert_eq!(board.receive(&p).verdict, Verdict::Accepted);
        }
        board.close().unwrap();
        if board.status() == Some(Status::Converged) {
            return;
        }
        board.revise().unwrap();
    }
    panic!("no agreement: {:?}", board.rounds());
}

#[test]
fn councils_that_come_and_go_do_not_lead_prices_astray() {
    let economy = experiment("dep1ex01").economy;
    let config = Config::new().with_start_price(700.0);
    for missing in [Missing::Abstain, Missing::CarryForward] {
        let mut board = FacilitationBoard::new(economy.register(), RevealedNewton::new(), config.clone())
            .unwrap()
            .with_missing(missing);
        let mut worst = Vec::new();
        for round in 0..6 {
            // A tenth is missing, others each time; in the last two rounds nobody.
            for (at, p) in economy.propose(board.announcement()).unwrap().iter().enumerate() {
                if round >= 4 || at % 10 != round {
                    board.receive(p);
                }
            }
            let Closing::Closed(closed) = board.close().unwrap() else { panic!("nobody waits") };
            worst.push(closed.largest_imbalance);
            board.revise().unwrap();
        }
        assert!(worst[5] < 1e-9, "{missing:?}: {worst:?}");
    }
}

/// A user's own rule, whose memory is saved like that of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Gentle {
    pace: f64,
}

impl PriceRule for Gentle {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        let all = reports.aggregates();
        self.pace *= 0.9;
        let goods = reports.prices().iter().zip(all.demand.iter().zip(&all.supply));
        goods.map(|(p, (d, s))| p * (d / s).powf(self.pace)).collect()
    }
}

fn resume_everywhere<R: PriceRule + Serialize + DeserializeOwned + Clone>(rule: R) {
    let economy = small_example().unwrap();
    let config = Config::new().with_start_price(3.0).with_tolerance(1e-9).with_round_limit(8);
    let new = || FacilitationBoard::new(economy.register(), rule.clone(), config.clone()).unwrap();
    let (mut steady, mut moving) = (new(), new());
    for _ in 0..8 {
        for p in economy.propose(steady.announcement()).unwrap() {
            assert_eq!(steady.receive(&p), moving.receive(&p));
            moving = resumed(&moving);
            assert_eq!(saved(&steady), saved(&moving));
        }
        steady.close().unwrap();
        moving.close().unwrap();
        moving = resumed(&moving);
        assert_eq!(saved(&steady), saved(&moving));
        assert_eq!(steady.proposals(), moving.proposals());
        assert_eq!(bits(&steady.revise().unwrap().prices), bits(&moving.revise().unwrap().prices));
        moving = resumed(&moving);
        assert_eq!(saved(&steady), saved(&moving));
        assert_eq!((steady.status(), steady.ending()), (moving.status(), moving.ending()));
    }
}

#[test]
fn a_resumed_board_goes_on_with_the_same_bits() {
    resume_everywhere(Recorded::new());
    resume_everywhere(RevealedNewton::new());
    resume_everywhere(Gentle { pace: 0.5 });
}

#[test]
fn brackets_of_cut_off_plans_are_saved_too() {
    // So far off that plans are cut off, and the rule brackets them.
    let economy = experiment("dep1ex01").economy;
    let far = |g| if g % 2 == 0 { 1e-60 } else { 1e60 };
    let prices = (0..economy.goods().len()).map(far).collect();
    let config = Config::new().with_start_prices(prices).with_tolerance(1e-6).with_round_limit(4);
    let mut steady = FacilitationBoard::new(economy.register(), RevealedNewton::new(), config).unwrap();
    let mut moving = steady.clone();
    for _ in 0..3 {
        for p in economy.propose(steady.announcement()).unwrap() {
            assert_eq!(steady.receive(&p).verdict, Verdict::Accepted);
            moving.receive(&p);
        }
        steady.close().unwrap();
        moving.close().unwrap();
        assert_eq!(bits(&steady.revise().unwrap().prices), bits(&moving.revise().unwrap().prices));
        // Some councils have not been seen but cut off, which has an open side.
        assert!(steady.announcement().round > 2 || saved(&steady).contains("\"brackets\":[["));
        moving = resumed(&moving);
    }
}

const GOLDEN: &str = include_str!("data/board_v1.json");

fn golden() -> Board<Recorded> {
    let economy = small_example().unwrap();
    let mut register = economy.register();
    register.worker_councils[0].group = vec!["food".into(), "bakeries".into()];
    let config = Config::new().with_start_price(10.0);
    let mut board = FacilitationBoard::new(register, Recorded::new(), config)
        .unwrap()
        .with_missing(Missing::CarryForward);
    for p in economy.propose(board.announcement()).unwrap() {
        board.receive(&p);
    }
    board.close().unwrap();
    board.revise().unwrap();
    for p in economy.propose(board.announcement()).unwrap().iter().step_by(2) {
        board.receive(p);
    }
    board
}

#[test]
fn boards_saved_by_earlier_versions_can_be_read() {
    let board: Board<Recorded> = serde_json::from_str(GOLDEN).unwrap();
    assert_eq!(
        serde_json::to_value(&board).unwrap(),
        serde_json::from_str::<serde_json::Value>(GOLDEN).unwrap()
    );
    // Exponentials may differ in the last digit from machine to machine, so this is not compared as text.
    let mut fresh = golden();
    let mut board = board;
    assert_eq!(board.missing().collect::<Vec<_>>(), fresh.missing().collect::<Vec<_>>());
    board.close().unwrap();
    fresh.close().unwrap();
    for (p, q) in board.revise().unwrap().prices.iter().zip(&fresh.revise().unwrap().prices) {
        assert!((p / q - 1.0).abs() < 1e-12);
    }
}

#[test]
fn a_saved_board_that_contradicts_itself_is_refused() {
    let read = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value: serde_json::Value = serde_json::from_str(GOLDEN).unwrap();
        change(&mut value);
        serde_json::from_value::<Board<Recorded>>(value).map(|_| ()).unwrap_err().to_string()
    };
    assert!(read(&|v| v["version"] = 2.into()).contains("version 2, must be 1"));
    assert!(
        read(&|v| v["rounds"][0]["largest_imbalance"] = 0.1.into()).contains("round 1 contradicts itself")
    );
    assert!(read(&|v| v["rounds"][0]["number"] = 3.into()).contains("round 3 contradicts itself"));
    assert!(read(&|v| v["prices"][1] = (-1.0).into()).contains("\"park\" is -1"));
    assert!(read(&|v| v["received"][0][0] = (-1.0).into()).contains("\"east bakery\""));
    assert!(read(&|v| v["received"][4][0] = 1e9.into()).contains("income of 400"));
    assert!(read(&|v| v["earlier"][0] = serde_json::json!([1.0])).contains("1 numbers, must be 4"));
    assert!(read(&|v| v["earlier"] = serde_json::json!([])).contains("one for each of 6"));
    assert!(read(&|v| v["closed"] = "wait".into()).contains("not the last"));
    assert!(read(&|v| v["register"]["worker_councils"][0]["output"] = 8.into()).contains("refers to good 8"));
    assert!(read(&|v| v["config"]["tolerance"] = (-1.0).into()).contains("tolerance"));
    let other = serde_json::from_str::<Board<RevealedNewton>>(GOLDEN).map(|_| ()).unwrap_err();
    assert!(other.to_string().contains("unknown field `damping`"), "{other}");
}

#[test]
fn a_register_is_checked() {
    let economy = small_example().unwrap();
    let refused = |change: &dyn Fn(&mut Register)| {
        let mut register = economy.register();
        change(&mut register);
        FacilitationBoard::new(register, Recorded::new(), Config::new()).unwrap_err().to_string()
    };
    assert!(refused(&|r| r.goods.clear()).contains("at least one good"));
    assert!(refused(&|r| r.goods.push(Good::new("bread", Category::Private, 0.0))).contains("twice"));
    assert!(
        refused(&|r| r.worker_councils[2].inputs.push(GoodId(2)))
            .contains("\"gardeners\" names \"labour\" twice")
    );
    assert!(refused(&|r| r.consumer_councils[0].wants.push(GoodId(2))).contains("only private and public"));
    assert!(refused(&|r| r.consumer_councils[1].income = f64::NAN).contains("\"valley\": income is NaN"));
    let config = Config::new().with_start_prices(vec![1.0]);
    assert!(FacilitationBoard::new(economy.register(), Recorded::new(), config).is_err());
}

#[test]
fn a_rule_that_fails_leaves_the_round_closed() {
    struct Broken;
    impl PriceRule for Broken {
        fn revise(&mut self, _: &Reports<'_>) -> Vec<f64> {
            vec![f64::NAN; 3]
        }
    }
    let mut board = board(Broken).with_missing(Missing::Abstain);
    board.close().unwrap();
    let error = board.revise().unwrap_err();
    assert!(!error.is_invalid_input() && error.to_string().contains("\"bread\" to NaN"), "{error}");
    assert!(!board.is_open() && board.announcement().round == 1);
}

#[test]
fn messages_survive_the_wire() {
    let economy = small_example().unwrap();
    let mut board = board(Recorded::new());
    let announcement = Message::Announcement(board.announcement().clone());
    assert_eq!(Message::from_line(&announcement.to_line().unwrap()).unwrap(), announcement);
    for p in economy.propose(board.announcement()).unwrap() {
        let message = Message::Proposal(p);
        let line = message.to_line().unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(Message::from_line(&line).unwrap(), message);
        let answer = board.receive_line(&line);
        assert_eq!(answer.verdict, Verdict::Accepted);
        let receipt = Message::Receipt(answer);
        assert_eq!(Message::from_line(&receipt.to_line().unwrap()).unwrap(), receipt);
    }
    let nan = Message::Proposal(proposal(CouncilId::Worker(0), 1, work(f64::NAN, &[])));
    assert!(nan.to_line().is_err());
}

/// Something that may happen to a board.
#[derive(Clone, Debug)]
enum Event {
    Proposal(Proposal),
    Truth(usize),
    Line(String),
    Close,
    Revise,
    Resume,
    Missing(Missing),
}

fn any_quantity() -> impl Strategy<Value = f64> {
    prop_oneof![4 => 0.0..50.0, 1 => Just(0.0), 1 => any::<f64>(), 1 => 0.0..1e200]
}

fn any_amounts() -> impl Strategy<Value = Vec<Amount>> {
    let amount =
        (0u32..4, any_quantity()).prop_map(|(good, quantity)| Amount { good: GoodId(good), quantity });
    prop::collection::vec(amount, 0..3)
}

fn any_proposal() -> impl Strategy<Value = Proposal> {
    let council = prop_oneof![(0u32..5).prop_map(CouncilId::Worker), (0u32..3).prop_map(CouncilId::Consumer)];
    let work = (any_quantity(), any_quantity(), any_quantity(), any_amounts()).prop_map(
        |(output, effort, effort_cost, inputs)| Plan::Worker { output, effort, effort_cost, inputs },
    );
    let plan = prop_oneof![
        work,
        (any_amounts(), any_amounts()).prop_map(|(requests, permits)| Plan::Consumer { requests, permits })
    ];
    (council, 0usize..5, plan).prop_map(|(council, round, plan)| Proposal { council, round, plan })
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => any_proposal().prop_map(Event::Proposal),
        6 => (0usize..6).prop_map(Event::Truth),
        1 => ".{0,40}".prop_map(Event::Line),
        2 => Just(Event::Close),
        2 => Just(Event::Revise),
        1 => Just(Event::Resume),
        1 => prop_oneof![Just(Missing::Wait), Just(Missing::CarryForward), Just(Missing::Abstain)].prop_map(Event::Missing),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_refusals_change_nothing_and_prices_stay_prices(
        events in prop::collection::vec(any_event(), 0..60),
        recorded in any::<bool>(),
    ) {
        if recorded { live(Recorded::new(), events)? } else { live(RevealedNewton::new(), events)? }
    }

    #[test]
    fn the_order_of_arrival_does_not_show(keys in prop::collection::vec(any::<u32>(), 6)) {
        let economy = small_example().unwrap();
        let (mut straight, mut shuffled) = (board(Recorded::new()), board(Recorded::new()));
        for _ in 0..3 {
            let mut proposals = economy.propose(straight.announcement()).unwrap();
            proposals.iter().for_each(|p| { straight.receive(p); });
            proposals.sort_by_key(|p| match p.council {
                CouncilId::Worker(w) => keys[w as usize],
                CouncilId::Consumer(c) => keys[4 + c as usize],
            });
            proposals.iter().for_each(|p| { shuffled.receive(p); });
            straight.close().unwrap();
            shuffled.close().unwrap();
            prop_assert_eq!(saved(&straight), saved(&shuffled));
            straight.revise().unwrap();
            shuffled.revise().unwrap();
            prop_assert_eq!(saved(&straight), saved(&shuffled));
        }
    }
}

fn live<R>(rule: R, events: Vec<Event>) -> Result<(), TestCaseError>
where
    R: PriceRule + Serialize + DeserializeOwned,
{
    let economy = small_example().unwrap();
    let mut board = board(rule);
    for event in events {
        let before = saved(&board);
        let changed = match event {
            Event::Proposal(p) => board.receive(&p).verdict == Verdict::Accepted,
            Event::Truth(at) => {
                board.receive(&economy.propose(board.announcement()).unwrap()[at]).verdict
                    == Verdict::Accepted
            }
            Event::Line(line) => board.receive_line(&line).verdict == Verdict::Accepted,
            Event::Close => matches!(board.close(), Ok(Closing::Closed(_))),
            Event::Revise => match board.revise() {
                Ok(_) => true,
                Err(error) => {
                    prop_assert!(error.is_invalid_input(), "{}", error);
                    false
                }
            },
            Event::Resume => {
                board = resumed(&board);
                false
            }
            Event::Missing(missing) => {
                board = board.with_missing(missing);
                continue;
            }
        };
        prop_assert_eq!(saved(&board) != before, changed);
        prop_assert!(board.announcement().prices.iter().all(|p| p.is_finite() && *p > 0.0));
    }
    Ok(())
}
