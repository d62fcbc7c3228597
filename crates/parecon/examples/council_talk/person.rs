//! A person who speaks for a council at the terminal.

use std::io::{BufRead, Write};

use anyhow::Result;
use parecon::planning::{
    Amount, Announcement, Category, CouncilId, FacilitationBoard, Good, GoodId, Plan, PriceRule, Proposal,
    Register,
};

/// What somebody typed.
enum Typed {
    Number(f64),
    Skip,
    /// The terminal has been closed.
    Gone,
}

/// Asks until the board accepts a proposal, the person skips the round, or is gone (then false).
pub(crate) fn ask<R: PriceRule>(
    board: &mut FacilitationBoard<R>,
    council: CouncilId,
    best: &Plan,
    input: &mut dyn BufRead,
) -> Result<bool> {
    let announcement = board.announcement().clone();
    say!("");
    say!("   You speak for {}.", board.register().name(council));
    if let CouncilId::Consumer(c) = council {
        let seat = board.register().consumer_councils.get(c as usize);
        let income = seat.map_or(f64::NAN, |seat| seat.income);
        let more = if seat.is_some_and(|seat| !seat.permits.is_empty()) {
            ", and for the compensation for what you permit"
        } else {
            ""
        };
        say!("   Propose what you would consume. You may ask for goods worth {income:.2} in all{more}.");
    } else {
        say!("   Propose what you would make and use, so that society gains more than it gives up.");
    }
    say!("   Type a number, or only Enter for the suggestion in brackets, which suits you best; or `skip`.");
    say!("   The suggestion {}.", in_words(board.register(), &announcement, council, best));
    loop {
        let plan = match plan(&board.register().goods, best, input)? {
            Ok(plan) => plan,
            Err(Typed::Skip) => {
                say!("   You say nothing in this round.");
                return Ok(true);
            }
            Err(_) => return Ok(false),
        };
        say!("   Your proposal {}.", in_words(board.register(), &announcement, council, &plan));
        let receipt = board.receive(&Proposal { council, round: announcement.round, plan });
        if !receipt.verdict.is_refusal() {
            say!("   The board has your proposal.");
            return Ok(true);
        }
        say!("   The board cannot take that: {}. Please propose again.", receipt.message);
    }
}

/// What a plan is worth and what it costs.
fn in_words(register: &Register, announcement: &Announcement, council: CouncilId, plan: &Plan) -> String {
    let price = |good: GoodId| announcement.prices.get(good.index()).copied().unwrap_or(f64::NAN);
    match (council, plan) {
        (CouncilId::Worker(w), Plan::Worker { output, effort_cost, inputs, .. }) => {
            let made =
                register.worker_councils.get(w as usize).map_or(f64::NAN, |seat| price(seat.output) * output);
            let used: f64 = inputs.iter().map(|input| price(input.good) * input.quantity).sum();
            format!("makes {made:.2} worth from inputs worth {used:.2} and effort worth {effort_cost:.2}")
        }
        (_, Plan::Consumer { requests, permits }) => {
            let price = |good| announcement.personal_price(&register.goods, good).unwrap_or(f64::NAN);
            let value = |amounts: &[Amount]| amounts.iter().map(|a| price(a.good) * a.quantity).sum::<f64>();
            let cost = value(requests);
            if permits.is_empty() {
                format!("costs {cost:.2}")
            } else {
                format!("costs {cost:.2} and brings a compensation of {:.2}", value(permits))
            }
        }
        _ => "is of the wrong kind".into(),
    }
}

/// A plan, number by number.
fn plan(goods: &[Good], best: &Plan, input: &mut dyn BufRead) -> Result<Result<Plan, Typed>> {
    let name = |good: GoodId| goods.get(good.index()).map_or("?", |good| good.name.as_str());
    macro_rules! number {
        ($question:expr, $suggestion:expr) => {
            match number($question, $suggestion, input)? {
                Typed::Number(number) => number,
                other => return Ok(Err(other)),
            }
        };
    }
    Ok(Ok(match best {
        Plan::Worker { output, effort, effort_cost, inputs } => {
            let output = number!("How much would you make?", *output);
            let mut amounts = Vec::new();
            for amount in inputs {
                let quantity =
                    number!(&format!("How much {} would you use?", name(amount.good)), amount.quantity);
                amounts.push(Amount { quantity, ..*amount });
            }
            let cost = number!("What does the effort cost you, in units of account?", *effort_cost);
            Plan::Worker { output, effort: *effort, effort_cost: cost, inputs: amounts }
        }
        Plan::Consumer { requests, permits } => {
            let mut amounts = Vec::new();
            for amount in requests {
                let shared =
                    goods.get(amount.good.index()).is_some_and(|good| good.category == Category::Public);
                let question = if shared {
                    format!("How much {} should there be for all?", name(amount.good))
                } else {
                    format!("How much {} would you consume?", name(amount.good))
                };
                amounts.push(Amount { quantity: number!(&question, amount.quantity), ..*amount });
            }
            let mut permitted = Vec::new();
            for amount in permits {
                let question = format!("How much {} would you permit?", name(amount.good));
                permitted.push(Amount { quantity: number!(&question, amount.quantity), ..*amount });
            }
            Plan::Consumer { requests: amounts, permits: permitted }
        }
    }))
}

fn number(question: &str, suggestion: f64, input: &mut dyn BufRead) -> Result<Typed> {
    loop {
        {
            let mut output = std::io::stdout().lock();
            let _ = write!(output, "   {question} [{suggestion:.4}] ");
            let _ = output.flush();
        }
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(Typed::Gone);
        }
        match line.trim() {
            "" => return Ok(Typed::Number(suggestion)),
            "skip" => return Ok(Typed::Skip),
            text => match text.parse() {
                Ok(number) => return Ok(Typed::Number(number)),
                Err(_) => say!("   {text:?} is no number; 12.5 would be one."),
            },
        }
    }
}
