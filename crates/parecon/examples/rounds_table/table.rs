//! Rounds to each threshold, by rule and year.

use anyhow::Result;
use parecon::planning::experiment::{Rule, Run};
use serde::Serialize;

/// The thresholds of the published experiments, in percent.
const THRESHOLDS: [f64; 4] = [20.0, 10.0, 5.0, 3.0];

/// What a rule needed in a year to reach a threshold, over all experiments.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) rule: Rule,
    pub(crate) year: u32,
    pub(crate) threshold_percent: f64,
    /// Experiments that reached it, of how many.
    pub(crate) reached: usize,
    pub(crate) experiments: usize,
    /// Over those that reached it; none, if none did.
    pub(crate) mean: Option<f64>,
    pub(crate) least: Option<usize>,
    pub(crate) most: Option<usize>,
}

pub(crate) fn lines(runs: &[Run], rules: &[Rule], years: u32) -> Vec<Line> {
    let mut lines = Vec::new();
    for year in 1..=years {
        for &rule in rules {
            for threshold_percent in THRESHOLDS {
                let all = || runs.iter().filter(|run| (run.rule, run.year) == (rule, year));
                let rounds: Vec<usize> =
                    all().filter_map(|run| run.rounds_to(threshold_percent / 100.0)).collect();
                let sum: usize = rounds.iter().sum();
                lines.push(Line {
                    rule,
                    year,
                    threshold_percent,
                    reached: rounds.len(),
                    experiments: all().count(),
                    mean: (!rounds.is_empty()).then(|| sum as f64 / rounds.len() as f64),
                    least: rounds.iter().min().copied(),
                    most: rounds.iter().max().copied(),
                });
            }
        }
    }
    lines
}

/// Mean number of rounds, with the least and the most.
pub(crate) fn print(lines: &[Line]) {
    let mut year = 0;
    for row in lines.chunks(THRESHOLDS.len()) {
        if row[0].year != year {
            year = row[0].year;
            let head: Vec<_> = THRESHOLDS.iter().map(|t| format!("{:>14}", format!("{t} %"))).collect();
            say!("\n{:18}{}", format!("rounds, year {year}"), head.concat());
        }
        let cells: Vec<_> = row.iter().map(|line| format!("{:>14}", cell(line))).collect();
        say!("{:18}{}", row[0].rule.name(), cells.concat());
    }
    say!("");
}

fn cell(line: &Line) -> String {
    let (Some(mean), Some(least), Some(most)) = (line.mean, line.least, line.most) else {
        return "not reached".to_owned();
    };
    let missing = line.experiments - line.reached;
    let never = if missing > 0 { format!(" -{missing}") } else { String::new() };
    format!("{mean:.1} ({least}-{most}){never}")
}

pub(crate) fn csv(lines: &[Line]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for line in lines {
        writer.serialize(line)?;
    }
    Ok(writer.into_inner()?)
}
