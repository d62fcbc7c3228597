//! A council's process: it answers what it reads with what it would gain most from.

use std::io::{BufRead, Write};

use anyhow::{Context, Result};
use parecon::planning::{Announcement, CouncilId, Economy, Message, Plan, Proposal};

use crate::args::Args;

/// Reads the board's lines from the standard input and writes proposals to the standard output, until the end.
pub(crate) fn serve(args: &Args, council: CouncilId) -> Result<()> {
    let economy = args.economy()?;
    let (input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    for line in input.lines() {
        match Message::from_line(&line?)? {
            Message::Announcement(announcement) => {
                if args.die_in == Some(announcement.round) {
                    eprintln!("{council}: dies as it was told to");
                    std::process::exit(1);
                }
                let plan = best_plan(&economy, council, &announcement)?;
                let proposal = Message::Proposal(Proposal { council, round: announcement.round, plan });
                writeln!(output, "{}", proposal.to_line()?)?;
                output.flush()?;
            }
            Message::Receipt(receipt) if receipt.verdict.is_refusal() => {
                eprintln!("{council}: refused: {}", receipt.message);
            }
            Message::Ending(_) => break,
            _ => {}
        }
    }
    Ok(())
}

/// What a council gains most from at announced prices, from its own technology or tastes alone.
pub(crate) fn best_plan(economy: &Economy, council: CouncilId, announcement: &Announcement) -> Result<Plan> {
    let goods = economy.goods();
    let unknown = || format!("{council} does not exist");
    Ok(match council {
        CouncilId::Worker(w) => {
            economy.worker_council(w as usize).with_context(unknown)?.propose(goods, announcement)?
        }
        CouncilId::Consumer(c) => {
            economy.consumer_council(c as usize).with_context(unknown)?.propose(goods, announcement)?
        }
    })
}
