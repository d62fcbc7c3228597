//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use parecon::planning::{CouncilId, Economy, Missing, Register, experiment};

/// More processes than this are no demonstration.
const MOST_COUNCILS: usize = 200;

/// Plan with councils that run as processes of their own and know nothing of each other.
///
/// A facilitation board announces prices to every council in a line of JSON, receives their proposals as lines of
/// JSON, answers each, adds up, and revises the prices, until what is offered is what is asked for. With --human,
/// one of the councils is you.
#[derive(Parser, Debug)]
#[command(name = "council_talk", version, max_term_width = 100, allow_negative_numbers = true)]
pub(crate) struct Args {
    /// Goods and councils in JSON, as `Economy` is written; without it, a village of six councils.
    #[arg(long, value_name = "FILE")]
    pub(crate) economy: Option<PathBuf>,

    /// The council that you speak for, by its name: you are asked for its proposals here.
    #[arg(long, value_name = "NAME")]
    pub(crate) human: Option<String>,

    /// How prices are revised.
    #[arg(long, value_enum, default_value_t = RuleName::RevealedNewton)]
    pub(crate) rule: RuleName,

    /// The first price of every good.
    #[arg(long, value_name = "PRICE", default_value_t = 10.0)]
    pub(crate) start_price: f64,

    /// Agree when no good's supply and demand differ by this many percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 3.0)]
    pub(crate) tolerance: f64,

    /// Give up after this many rounds.
    #[arg(long, value_name = "ROUNDS", default_value_t = 50)]
    pub(crate) rounds: usize,

    /// What counts for a council that has not proposed when a round is closed.
    #[arg(long, value_enum, default_value_t = Policy::CarryForward)]
    pub(crate) missing: Policy,

    /// How long a round stays open for councils that are slow, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0, value_parser = seconds)]
    pub(crate) patience: f64,

    /// Keep the board's state in this file after every step, and go on from it if it is there.
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    /// Let a council's process die when this round is announced, to see what the board does.
    #[arg(long, value_name = "NAME@ROUND")]
    pub(crate) crash: Vec<Crash>,

    /// Be a council: what the board starts, not you.
    #[arg(long, hide = true, value_parser = council)]
    pub(crate) serve: Option<CouncilId>,

    /// Die in this round.
    #[arg(long, hide = true)]
    pub(crate) die_in: Option<usize>,
}

/// The rules to choose from.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RuleName {
    /// The published rule, which sees supply and demand.
    Recorded,
    /// Learns how councils react from their proposals.
    RevealedNewton,
}

/// The policies to choose from.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Policy {
    /// The round stays open; if the council's process has died, the board stops.
    Wait,
    /// What it last proposed.
    CarryForward,
    /// Nothing.
    Abstain,
}

impl From<Policy> for Missing {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Wait => Missing::Wait,
            Policy::CarryForward => Missing::CarryForward,
            Policy::Abstain => Missing::Abstain,
        }
    }
}

/// Who dies when.
#[derive(Clone, Debug)]
pub(crate) struct Crash {
    pub(crate) name: String,
    pub(crate) round: usize,
}

impl FromStr for Crash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('@').and_then(|(name, round)| Some((name, round.parse().ok()?)));
        match parts {
            Some((name, round)) if round >= 1 => Ok(Crash { name: name.into(), round }),
            _ => Err("must be a council's name, @ and a round from 1".into()),
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.0..=1e6).contains(&seconds) => Ok(seconds),
        _ => Err("must be a number of seconds from 0 to 1000000".into()),
    }
}

fn council(text: &str) -> Result<CouncilId, String> {
    let (kind, position) = text.split_once(':').ok_or("must be KIND:POSITION")?;
    let position = position.parse().map_err(|_| "must be KIND:POSITION")?;
    match kind {
        "worker" => Ok(CouncilId::Worker(position)),
        "consumer" => Ok(CouncilId::Consumer(position)),
        _ => Err("kind must be worker or consumer".into()),
    }
}

impl Args {
    /// Goods and councils. The board makes use of the register only, each council of itself only.
    pub(crate) fn economy(&self) -> Result<Economy> {
        let Some(path) = &self.economy else { return Ok(experiment::small_example()?) };
        let file = std::fs::File::open(path).with_context(|| format!("--economy {}", path.display()))?;
        let economy = Economy::from_json(file).with_context(|| format!("--economy {}", path.display()))?;
        let councils = economy.worker_councils() + economy.consumer_councils();
        if councils > MOST_COUNCILS {
            bail!(
                "--economy {}: {councils} councils, each of which is a process; must be at most {MOST_COUNCILS}",
                path.display()
            );
        }
        Ok(economy)
    }
}

/// The council of that name.
pub(crate) fn find(register: &Register, name: &str) -> Result<CouncilId> {
    let mut all = register.councils().filter(|council| register.name(*council) == name);
    match (all.next(), all.next()) {
        (Some(council), None) => Ok(council),
        (Some(_), Some(_)) => bail!("two councils are called {name:?}"),
        (None, _) => {
            let names: Vec<_> = register.councils().map(|c| format!("{:?}", register.name(c))).collect();
            bail!("no council is called {name:?}; there are {}", names.join(", "))
        }
    }
}
