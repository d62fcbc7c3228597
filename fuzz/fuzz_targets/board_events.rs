//! A board in a life of arbitrary events: what is refused changes nothing, prices stay prices, and at every moment the
//! board can be stored away and taken up again as the same.
#![no_main]

#[path = "shared/number.rs"]
mod number;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use number::Number;
use parecon_planning::{
    Amount, Anderson, Broyden, Closing, Config, CouncilId, Economy, FacilitationBoard, Federation, GoodId,
    Message, Missing, Plan, PriceRule, Proposal, Recorded, RevealedNewton, Tatonnement, TotalsNewton,
    Verdict, experiment,
};
use serde::{Serialize, de::DeserializeOwned};

const MAX_EVENTS: usize = 40;

#[derive(Arbitrary, Debug)]
struct Life {
    rule: u8,
    start: Number,
    missing: u8,
    events: Vec<Event>,
}

#[derive(Arbitrary, Debug)]
enum Event {
    /// What a council would gain most from.
    Truth(u8),
    /// The same, each number times another.
    NearlyTruth(u8, Vec<Number>),
    Proposal(ProposalSketch),
    Line(String),
    Close,
    Revise,
    Missing(u8),
}

#[derive(Arbitrary, Debug)]
struct ProposalSketch {
    worker: bool,
    council: u8,
    round: u8,
    consumes: bool,
    output: Number,
    effort: Number,
    amounts: Vec<(u8, Number)>,
    permits: Vec<(u8, Number)>,
}

impl ProposalSketch {
    fn get(&self) -> Proposal {
        let position = u32::from(self.council % 6);
        let amounts = self.amounts.iter().take(4);
        let amounts =
            amounts.map(|(g, x)| Amount { good: GoodId(u32::from(g % 4)), quantity: x.get() }).collect();
        Proposal {
            council: if self.worker { CouncilId::Worker(position) } else { CouncilId::Consumer(position) },
            round: usize::from(self.round % 5),
            plan: if self.consumes {
                let permits = self.permits.iter().take(2);
                let permit =
                    |(g, x): &(u8, Number)| Amount { good: GoodId(u32::from(g % 6)), quantity: x.get() };
                Plan::Consumer { requests: amounts, permits: permits.map(permit).collect() }
            } else {
                let (output, effort) = (self.output.get(), self.effort.get());
                Plan::Worker { output, effort, effort_cost: effort, inputs: amounts }
            },
        }
    }
}

fn missing(n: u8) -> Missing {
    match n % 3 {
        0 => Missing::Wait,
        1 => Missing::CarryForward,
        _ => Missing::Abstain,
    }
}

fn nearly(mut proposal: Proposal, factors: &[Number]) -> Proposal {
    let mut factors = factors.iter().map(|factor| factor.get());
    let mut scale = |quantity: &mut f64| *quantity *= factors.next().unwrap_or(1.0);
    match &mut proposal.plan {
        Plan::Worker { output, effort, effort_cost, inputs } => {
            [output, effort, effort_cost].into_iter().for_each(&mut scale);
            inputs.iter_mut().for_each(|amount| scale(&mut amount.quantity));
        }
        Plan::Consumer { requests, permits } => {
            requests.iter_mut().chain(permits).for_each(|amount| scale(&mut amount.quantity));
        }
    }
    proposal
}

fn saved<R: PriceRule + Serialize>(board: &FacilitationBoard<R>) -> String {
    serde_json::to_string(board).expect("a board can be written")
}

fn live<R>(economy: &Economy, rule: R, life: &Life)
where
    R: PriceRule + Serialize + DeserializeOwned,
{
    let config = Config::new().with_start_price(life.start.get());
    let Ok(board) = FacilitationBoard::new(economy.register(), rule, config) else { return };
    let mut board = board.with_missing(missing(life.missing));
    let federation = Federation::of(board.register());
    for event in life.events.iter().take(MAX_EVENTS) {
        let before = saved(&board);
        let truth = |at: u8| {
            let all = economy.propose(board.announcement()).expect("announced prices suit the economy");
            all[usize::from(at) % all.len()].clone()
        };
        let proposal = match event {
            Event::Truth(at) => Some(truth(*at)),
            Event::NearlyTruth(at, factors) => Some(nearly(truth(*at), factors)),
            Event::Proposal(sketch) => Some(sketch.get()),
            _ => None,
        };
        let changed = match event {
            Event::Line(line) => board.receive_line(line).verdict == Verdict::Accepted,
            Event::Close => matches!(board.close(), Ok(Closing::Closed(_))),
            Event::Revise => match board.revise() {
                Ok(_) => true,
                Err(error) => {
                    assert!(error.is_invalid_input(), "our own rules answer with prices: {error}");
                    false
                }
            },
            Event::Missing(n) => {
                board = board.with_missing(missing(*n));
                continue;
            }
            Event::Truth(_) | Event::NearlyTruth(..) | Event::Proposal(_) => {
                let proposal = proposal.expect("these events propose");
                let receipt = board.receive(&proposal);
                assert_eq!(receipt.message.is_empty(), !receipt.verdict.is_refusal());
                // On the wire it is the same proposal, if it can be said there at all.
                if let Ok(line) = Message::Proposal(proposal).to_line() {
                    let again = board.receive_line(&line);
                    let heard = if receipt.verdict == Verdict::Accepted {
                        Verdict::AlreadyReceived
                    } else {
                        receipt.verdict
                    };
                    assert_eq!(again.verdict, heard);
                }
                receipt.verdict == Verdict::Accepted
            }
        };
        let after = saved(&board);
        assert_eq!(after != before, changed, "{event:?}");
        board = serde_json::from_str(&after).unwrap_or_else(|e| panic!("{e}: {after}"));
        assert_eq!(saved(&board), after);

        assert!(board.announcement().prices.iter().all(|p| p.is_finite() && *p > 0.0), "{after}");
        if let (Some(proposals), Some(costs)) = (board.proposals(), board.effort_costs()) {
            let all = federation.aggregate(proposals).expect("everybody belongs to a group");
            assert_eq!(board.rounds().last().map(|round| &round.aggregates), Some(&all));
            let report = federation.review(&board.announcement().prices, proposals, &costs);
            assert!(report.is_ok_and(|report| report.benefit >= 0.0 && report.spent >= 0.0));
        }
    }
}

fuzz_target!(|life: Life| {
    let economy = experiment::small_example().expect("the example is valid");
    match life.rule % 6 {
        0 => live(&economy, RevealedNewton::new(), &life),
        1 => live(&economy, Recorded::new(), &life),
        2 => live(&economy, Tatonnement::new(), &life),
        3 => live(&economy, Anderson::new(), &life),
        4 => live(&economy, Broyden::new(), &life),
        _ => live(&economy, TotalsNewton::for_economy(&economy), &life),
    }
});
