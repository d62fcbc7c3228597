//! A person who speaks for a council at the terminal.

use std::io::{BufRead, Write};

use anyhow::Result;
use parecon::planning::{
    Amount, Announcement, Category, CouncilId, FacilitationBoard, Good, GoodId, Plan, PriceRule, Proposal,
    Register, Verdict,
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
    introduce(board.register(), council, &announcement, best);
    loop {
        let plan = match plan(&board.register().goods, best, input)? {
            Ok(plan) => plan,
            Err(Typed::Skip) => {
                say!("   You say nothing in this round.");
                return Ok(true);
            }
            Err(_) => return Ok(false),
        };
        show_balance(board.register(), &announcement, &plan);
        let answer = board.receive(&Proposal { council, round: announcement.round, plan });
        match answer.verdict {
            Verdict::Accepted | Verdict::AlreadyReceived => {
                say!("   The board has your proposal.");
                return Ok(true);
            }
            _ => say!("   The board cannot take that: {}. Please propose again.", answer.message),
        }
    }
}

fn introduce(register: &Register, council: CouncilId, announcement: &Announcement, best: &Plan) {
    say!("");
    say!("   You speak for {}.", register.name(council));
    match (council, best) {
        (CouncilId::Worker(_), _) => say!(
            "   Propose what you would make and use. Society gains the value of what you make, and gives up the \
             value of what you use."
        ),
        (CouncilId::Consumer(c), _) => {
            let income = register.consumer_councils.get(c as usize).map_or(0.0, |seat| seat.income);
            say!("   Propose what you would consume. You may ask for goods worth {income:.2} in all.");
        }
    }
    say!("   Type a number, or only Enter for the suggestion in brackets, which suits you best; or `skip`.");
    show_balance(register, announcement, best);
}

/// What a plan is worth and what it costs.
fn show_balance(register: &Register, announcement: &Announcement, plan: &Plan) {
    let value = |amounts: &[Amount]| -> f64 {
        amounts.iter().map(|a| personal_price(&register.goods, announcement, plan, a.good) * a.quantity).sum()
    };
    match plan {
        Plan::Worker { effort_cost, inputs, .. } => {
            say!("   Cost: {:.2} of inputs, {effort_cost:.2} of effort.", value(inputs));
        }
        Plan::Consumer { requests } => say!("   Cost: {:.2}.", value(requests)),
    }
}

fn personal_price(goods: &[Good], announcement: &Announcement, plan: &Plan, good: GoodId) -> f64 {
    let price = announcement.prices.get(good.index()).copied().unwrap_or(f64::NAN);
    let shared = goods.get(good.index()).is_some_and(|good| good.category == Category::Public);
    if shared && matches!(plan, Plan::Consumer { .. }) { price / announcement.sharers as f64 } else { price }
}

/// A plan, number by number.
fn plan(goods: &[Good], best: &Plan, input: &mut dyn BufRead) -> Result<Result<Plan, Typed>> {
    let name = |good: GoodId| goods.get(good.index()).map_or("?", |good| good.name.as_str());
    macro_rules! number {
        ($question:expr, $suggestion:expr) => {
            match number(&$question, $suggestion, input)? {
                Typed::Number(number) => number,
                other => return Ok(Err(other)),
            }
        };
    }
    Ok(Ok(match best {
        Plan::Worker { output, effort, effort_cost, inputs } => {
            let output = number!("How much would you make?".to_owned(), *output);
            let mut amounts = Vec::new();
            for amount in inputs {
                let quantity =
                    number!(format!("How much {} would you use?", name(amount.good)), amount.quantity);
                amounts.push(Amount { quantity, ..*amount });
            }
            let cost =
                number!("What does the effort cost you, in units of account?".to_owned(), *effort_cost);
            Plan::Worker { output, effort: *effort, effort_cost: cost, inputs: amounts }
        }
        Plan::Consumer { requests } => {
            let mut amounts = Vec::new();
            for amount in requests {
                let shared =
                    goods.get(amount.good.index()).is_some_and(|good| good.category == Category::Public);
                let question = if shared {
                    format!("How much {} should there be for all?", name(amount.good))
                } else {
                    format!("How much {} would you consume?", name(amount.good))
                };
                amounts.push(Amount { quantity: number!(question, amount.quantity), ..*amount });
            }
            Plan::Consumer { requests: amounts }
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
