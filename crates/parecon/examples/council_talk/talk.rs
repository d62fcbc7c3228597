//! The board's side: announce, listen, close, revise.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use parecon::planning::{
    Closing, Config, CouncilId, Economy, FacilitationBoard, GoodId, Message, Receipt, Verdict,
};

use crate::args::{Args, Policy, find};
use crate::council::best_plan;
use crate::person;
use crate::pipes::{Heard, Pipes};
use crate::rule::Rule;

pub(crate) fn run(args: &Args) -> Result<()> {
    let economy = args.economy()?;
    let mut talk = Talk { board: board(args, &economy)?, args, economy, pipes: Pipes::new(), human: None };
    talk.start()?;
    loop {
        if talk.board.is_open() {
            talk.hold_round()?;
            talk.save()?;
        }
        talk.show();
        if let Some(ending) = talk.board.ending() {
            say!("The process has ended: {}.", ending.status);
            talk.pipes.tell_all(&Message::Ending(ending))?;
            return Ok(());
        }
        talk.board.revise()?;
        talk.save()?;
    }
}

/// A new board, or the one that was saved.
fn board(args: &Args, economy: &Economy) -> Result<FacilitationBoard<Rule>> {
    let config = Config::new()
        .with_start_price(args.start_price)
        .with_tolerance(args.tolerance / 100.0)
        .with_round_limit(args.rounds);
    let board = match args.state.as_ref().filter(|path| path.exists()) {
        Some(path) => {
            let shown = || format!("--state {}", path.display());
            let text = fs::read_to_string(path).with_context(shown)?;
            let board: FacilitationBoard<Rule> = serde_json::from_str(&text).with_context(shown)?;
            if *board.register() != economy.register() {
                bail!("--state {}: other goods or councils than --economy", path.display());
            }
            say!("Going on with round {} from {}.", board.announcement().round, path.display());
            board
        }
        None => FacilitationBoard::new(economy.register(), args.rule.into(), config)?,
    };
    Ok(board.with_missing(args.missing.into()))
}

struct Talk<'a> {
    args: &'a Args,
    economy: Economy,
    board: FacilitationBoard<Rule>,
    pipes: Pipes,
    /// Who a person speaks for, as long as there is somebody at the terminal.
    human: Option<CouncilId>,
}

impl Talk<'_> {
    /// Starts a process for every council but the person's.
    fn start(&mut self) -> Result<()> {
        let register = self.board.register();
        self.human =
            self.args.human.as_ref().map(|name| find(register, name)).transpose().context("--human")?;
        let mut crashes = Vec::new();
        for crash in &self.args.crash {
            crashes.push((find(register, &crash.name).context("--crash")?, crash.round));
        }
        let others: Vec<_> = register.councils().filter(|c| Some(*c) != self.human).collect();
        for council in others {
            let die_in = crashes.iter().find(|(who, _)| *who == council).map(|(_, round)| *round);
            self.pipes.start(self.args, council, die_in)?;
        }
        Ok(())
    }

    /// Announces, listens, and closes the round.
    fn hold_round(&mut self) -> Result<()> {
        let announcement = self.board.announcement().clone();
        say!("");
        say!("Round {}", announcement.round);
        for (good, price) in self.board.register().goods.iter().zip(&announcement.prices) {
            say!("   {:<12} {price:12.4}", good.name);
        }
        self.pipes.tell_all(&Message::Announcement(announcement))?;
        self.ask_person()?;

        // With the policy to wait there is no hurry.
        let patience = Duration::from_secs_f64(self.args.patience);
        let deadline = (!matches!(self.args.missing, Policy::Wait)).then(|| Instant::now() + patience);
        loop {
            let open: Vec<CouncilId> = self.board.missing().filter(|c| self.pipes.is_there(*c)).collect();
            if open.is_empty() {
                break;
            }
            match self.pipes.listen(deadline) {
                Heard::Line(council, line) => self.hear(council, &line)?,
                Heard::Gone(council) => say!("   The process of {} has ended.", self.name(council)),
                Heard::Silence => break,
            }
        }
        let waiting = match self.board.close()? {
            Closing::Closed(_) => return Ok(()),
            Closing::Waiting(councils) => councils,
        };
        let names: Vec<String> = waiting.into_iter().map(|council| self.name(council)).collect();
        bail!(
            "round {} waits for {}, of whom nothing more can come; choose another policy with --missing",
            self.board.announcement().round,
            names.join(", ")
        );
    }

    fn ask_person(&mut self) -> Result<()> {
        let Some(council) = self.human.filter(|human| self.board.missing().any(|c| c == *human)) else {
            return Ok(());
        };
        let best = best_plan(&self.economy, council, self.board.announcement())?;
        if !person::ask(&mut self.board, council, &best, &mut std::io::stdin().lock())? {
            say!("");
            say!("   Nobody speaks for {} any more.", self.name(council));
            self.human = None;
        }
        Ok(())
    }

    /// Takes in a line and answers it.
    fn hear(&mut self, council: CouncilId, line: &str) -> Result<()> {
        let receipt = match Message::from_line(line) {
            // The pipe says who speaks; nobody proposes for others.
            Ok(Message::Proposal(proposal)) if proposal.council != council => Receipt {
                council: Some(proposal.council),
                round: Some(proposal.round),
                verdict: Verdict::UnknownCouncil,
                message: format!("{} does not speak for {}", self.name(council), self.name(proposal.council)),
            },
            _ => self.board.receive_line(line),
        };
        if receipt.verdict.is_refusal() {
            say!("   {}: refused: {}", self.name(council), receipt.message);
        }
        self.pipes.tell(council, &Message::Receipt(receipt))
    }

    /// What the closed round showed.
    fn show(&self) {
        let Some(round) = self.board.rounds().last() else { return };
        let absent: Vec<String> = self.board.missing().map(|council| self.name(council)).collect();
        if !absent.is_empty() {
            let policy = match self.args.missing {
                Policy::Wait => "waited for",
                Policy::CarryForward => "what they last proposed counts again",
                Policy::Abstain => "they count as doing nothing",
            };
            say!("   No proposal from {} ({policy}).", absent.join(", "));
        }
        say!("   {:<12} {:>12} {:>12} {:>9}", "", "supply", "demand", "short by");
        let all = &round.aggregates;
        for ((good, id), (supply, demand)) in
            self.board.register().goods.iter().zip(0..).zip(all.supply.iter().zip(&all.demand))
        {
            let percent = 100.0 * all.imbalance(GoodId(id));
            say!("   {:<12} {supply:12.4} {demand:12.4} {percent:+8.2} %", good.name);
        }
    }

    fn save(&self) -> Result<()> {
        let Some(path) = &self.args.state else { return Ok(()) };
        let shown = || format!("--state {}", path.display());
        // Whole or not at all, whatever happens meanwhile.
        let fresh = path.with_extension("new");
        fs::write(&fresh, serde_json::to_string(&self.board)?).with_context(shown)?;
        fs::rename(&fresh, path).with_context(shown)
    }

    fn name(&self, council: CouncilId) -> String {
        self.board.register().name(council)
    }
}
