//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;

/// Plan the economy of the United States (BEA 2022, 71 industries) without bosses or markets.
///
/// Four questions in a chain: who needs what from whom; at which indicative prices everyone's proposals fit
/// together after a change of final demand; how the hospitals' share of that plan can be worked in balanced job
/// complexes; and whether design work should be permitted first or filtered after. Writes a report page, JSON
/// and CSV.
#[derive(Parser, Debug)]
#[command(name = "us_economy", version, max_term_width = 100, allow_negative_numbers = true)]
pub(crate) struct Args {
    /// Change of what final demand spends on industries at observed prices; may be repeated.
    ///
    /// Codes and a percentage above -100 and at most 1000, for example --shock 621,622,623=+10% --shock 3361MV=-20%.
    /// Use --list-sectors for the codes.
    #[arg(long, value_name = "CODES=PERCENT", allow_hyphen_values = true,
          default_values = ["621,622,623=+10%", "3361MV=-20%"])]
    pub(crate) shock: Vec<Shock>,

    /// Plan until no good's supply and demand differ by more than this many percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 1e-6, value_parser = within::<-10, 2>)]
    pub(crate) tolerance: f64,

    /// Give up after this many rounds.
    #[arg(long, value_name = "ROUNDS", default_value_t = 50,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rounds: u32,

    /// Labour compensation of an hour's work in dollars, to turn compensation into hours.
    #[arg(long, value_name = "DOLLARS", default_value_t = 50.0, value_parser = within::<-2, 6>)]
    pub(crate) hourly_rate: f64,

    /// People in the hospital whose work is shared out, before the change of final demand (300 to 1,000,000).
    #[arg(long, value_name = "PEOPLE", default_value_t = 2000,
          value_parser = clap::value_parser!(u32).range(300..=1_000_000))]
    pub(crate) hospital_members: u32,

    /// Worth of a good piece of design work, in days of design labour.
    #[arg(long, value_name = "DAYS", default_value_t = 20.0, value_parser = within::<-3, 6>)]
    pub(crate) value: f64,

    /// Harm done by a bad piece of design work that is published, in days of design labour.
    #[arg(long, value_name = "DAYS", default_value_t = 10.0, value_parser = within::<-3, 6>)]
    pub(crate) harm: f64,

    /// How well a proposal foretells the quality of the finished work (correlation, above 0 and below 1).
    #[arg(long, value_name = "RHO", default_value_t = 0.5, value_parser = correlation)]
    pub(crate) proposal_accuracy: f64,

    /// How well a review of the finished work tells its quality (correlation, above 0 and below 1).
    #[arg(long, value_name = "RHO", default_value_t = 0.85, value_parser = correlation)]
    pub(crate) work_accuracy: f64,

    /// Folder for report.html, results.json and the CSV files.
    #[arg(long, value_name = "FOLDER", default_value = "target/us_economy")]
    pub(crate) out: PathBuf,

    /// List the industry codes and names, and exit.
    #[arg(long)]
    pub(crate) list_sectors: bool,
}

/// Industries whose final demand changes by `percent`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shock {
    pub(crate) codes: Vec<String>,
    pub(crate) percent: f64,
}

impl FromStr for Shock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (codes, percent) =
            text.split_once('=').ok_or("expected CODES=PERCENT, for example 3361MV=-20%".to_owned())?;
        let codes: Vec<String> = codes.split(',').map(|c| c.trim().to_owned()).collect();
        if codes.iter().any(String::is_empty) {
            return Err("an industry code is empty".to_owned());
        }
        let number = percent.trim().trim_end_matches('%').trim_end();
        let percent: f64 = number.parse().map_err(|_| format!("\"{number}\" is not a percentage"))?;
        if !(percent.is_finite() && percent > -100.0 && percent <= 1000.0) {
            return Err(format!("{number} % is out of range: above -100 and at most 1000"));
        }
        Ok(Shock { codes, percent })
    }
}

/// A number from 10^LOW to 10^HIGH.
fn within<const LOW: i32, const HIGH: i32>(text: &str) -> Result<f64, String> {
    let (low, high) = (10f64.powi(LOW), 10f64.powi(HIGH));
    match text.parse::<f64>() {
        Ok(value) if (low..=high).contains(&value) => Ok(value),
        _ => Err(format!("expected a number from {low} to {high}")),
    }
}

fn correlation(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value < 1.0 => Ok(value),
        _ => Err("expected a number above 0 and below 1".to_owned()),
    }
}
