//! The command line.

use std::path::PathBuf;

use clap::Parser;
use parecon::planning::experiment::Rule;

/// How many rounds of proposals do price rules need until plans fit together?
///
/// Generates planning experiments with the published distributions, plans each with every rule for some years, and
/// prints how many rounds it took until no good's supply and demand differed by 20, 10, 5 and 3 %. Writes every
/// round and the table as CSV, and two plots.
#[derive(Parser, Debug)]
#[command(name = "rounds_table", version, max_term_width = 100)]
pub(crate) struct Args {
    /// Number of experiments.
    #[arg(long, value_name = "NUMBER", default_value_t = 50,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) experiments: u32,

    /// Seed of the first experiment; the others' follow.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Worker councils, and as many consumer councils, in each experiment (at least three per good of a category).
    #[arg(long, value_name = "NUMBER", default_value_t = 3000,
          value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) councils: u32,

    /// Goods in each of five categories.
    #[arg(long, value_name = "NUMBER", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(4..=10_000))]
    pub(crate) goods: u32,

    /// Years, each beginning with last year's prices.
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=5))]
    pub(crate) years: u32,

    /// Regions whose consumer councils permit, for a compensation, what their worker councils pollute.
    #[arg(long, value_name = "REGIONS", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(crate) pollutants: u32,

    /// Percentage of worker councils with increasing returns (every exponent larger by 0.1).
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) toothaches: u32,

    /// The rules, instead of all: names as in the table.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = rule)]
    pub(crate) rules: Vec<Rule>,

    /// Folder for the CSV files and plots.
    #[arg(long, value_name = "FOLDER", default_value = "target/rounds_table")]
    pub(crate) out: PathBuf,
}

fn rule(name: &str) -> Result<Rule, String> {
    Rule::ALL.into_iter().find(|rule| rule.name() == name).ok_or_else(|| {
        let names: Vec<_> = Rule::ALL.map(Rule::name).into();
        format!("must be one of {}", names.join(", "))
    })
}
