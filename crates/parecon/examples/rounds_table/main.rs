//! How many rounds of proposals each price rule needs: a table like that of the published experiments. Run with `--help`
//! for the options.

#[macro_use]
#[path = "../shared/say.rs"]
mod say;

mod args;
#[path = "../shared/drawing.rs"]
mod drawing;
#[path = "../shared/files.rs"]
mod files;
mod plots;
mod table;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use parecon::planning::Config;
use parecon::planning::experiment::{Generator, Rule, batch, write_csv};

use crate::args::Args;

/// Agreement in the published experiments.
const TOLERANCE: f64 = 0.03;
/// Enough for the slowest rule.
const ROUND_LIMIT: usize = 200;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    if args.out.exists() && !args.out.is_dir() {
        bail!("--out: {} is not a folder", args.out.display());
    }
    let rules = if args.rules.is_empty() { &Rule::ALL[..] } else { &args.rules };
    if let Some(at) = (1..rules.len()).find(|at| rules[..*at].contains(&rules[*at])) {
        bail!("--rules: {} occurs twice", rules[at].name());
    }
    let councils = args.councils as usize;
    let experiments: Vec<_> = (0..u64::from(args.experiments))
        .map(|number| {
            Generator::new(args.seed.wrapping_add(number))
                .with_goods_per_category(args.goods)
                .with_councils(councils, councils)
                .with_pollutants(args.pollutants)
                .with_toothaches(f64::from(args.toothaches) / 100.0)
        })
        .collect();
    say!(
        "{} experiments, {councils} worker and {councils} consumer councils, {} goods in each category",
        args.experiments,
        args.goods
    );
    let config =
        Config::new().with_tolerance(TOLERANCE).with_round_limit(ROUND_LIMIT).with_certificate(false);
    let runs = batch(&experiments, rules, args.years, &config).context("generating and planning")?;

    let lines = table::lines(&runs, rules, args.years);
    table::print(&lines);
    let mut rounds = Vec::new();
    write_csv(&runs, &mut rounds)?;
    let files = [
        ("rounds.csv", rounds),
        ("table.csv", table::csv(&lines)?),
        ("rounds.svg", plots::convergence(&runs, rules)?.into_bytes()),
        ("table.svg", plots::bars(&lines, rules, args.years)?.into_bytes()),
    ];
    let names = files::write_whole(&args.out, &files)
        .with_context(|| format!("writing results to {}", args.out.display()))?;
    say!("Wrote {} to {}", names.join(", "), args.out.display());
    Ok(())
}
