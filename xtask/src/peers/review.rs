//! parecon-review beside `SimPy` and Ciw: the same queues, one run, this machine.
//!
//! Every mean that a peer finds must agree with ours within [`STANDARD_ERRORS`] of their difference. Times are processor
//! time of one thread, the peers' without loading them, ours the mean of as many repetitions as fill half a second. A peer that
//! is not through after two minutes does fewer replications, and its time is that of all in proportion.

use super::python::{Python, REVIEW};
use crate::shell::{Cmd, Outcome};
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsStr;

const CASES: [&str; 2] = ["mm10", "two-gate"];
const PEERS: [&str; 2] = ["simpy", "ciw"];
const STANDARD_ERRORS: f64 = 4.0;
/// With fewer, standard errors are themselves too uncertain.
const REPLICATIONS: usize = 10;

#[derive(Deserialize)]
struct Answer {
    /// Mean and standard error by name.
    means: BTreeMap<String, (f64, f64)>,
    /// How many a peer did.
    replications: Option<usize>,
    seconds: f64,
    /// Not known on every system.
    cpu_seconds: Option<f64>,
}

impl Answer {
    fn time(&self) -> f64 {
        self.cpu_seconds.unwrap_or(self.seconds)
    }
}

pub(crate) fn run(ws: &Workspace, large: bool) -> Result<Outcome> {
    let python = match Python::prepare(ws, &REVIEW)? {
        Ok(python) => python,
        Err(missing) => return Ok(Outcome::Skipped(missing)),
    };
    Cmd::cargo(&ws.root)
        .args(["build", "--release", "--package", "parecon-benches", "--bin", "parecon-peers"])
        .run()?;
    let ours = ws.target.join("release").join(format!("parecon-peers{}", std::env::consts::EXE_SUFFIX));
    let arrivals = if large { 100_000 } else { 10_000 };
    let size = [REPLICATIONS.to_string(), arrivals.to_string()];
    let versions = python.read(&["versions".as_ref()], 1)?;
    println!("{REPLICATIONS} × {arrivals} arrivals, one thread, processor time; {}\n", versions.trim());
    println!("| case | program | means ± standard errors | time | times ours |\n|---|---|---|---|---|");
    let mut failures = Vec::new();
    for case in CASES {
        let said = Cmd::new(&ours, &ws.root)
            .args(["review", case])
            .args(&size)
            .env("RAYON_NUM_THREADS", "1")
            .read()?;
        let reference = parse(&said)?;
        println!("{}", row(case, "parecon-review", &reference, &reference));
        for peer in PEERS {
            let args = [peer, case, &size[0], &size[1]].map(OsStr::new);
            let answer = parse(&python.read(&args, 1)?)?;
            println!("{}", row(case, peer, &answer, &reference));
            failures.extend(differences(&reference, &answer).map(|what| format!("{case}, {peer}: {what}")));
        }
    }
    if failures.is_empty() {
        println!("\nall means agree within {STANDARD_ERRORS} standard errors");
        return Ok(Outcome::Done);
    }
    bail!("means differ by more than {STANDARD_ERRORS} standard errors:\n  {}", failures.join("\n  "))
}

fn parse(text: &str) -> Result<Answer> {
    serde_json::from_str(text).with_context(|| format!("not an answer: {text}"))
}

fn row(case: &str, program: &str, answer: &Answer, reference: &Answer) -> String {
    let means: Vec<String> =
        answer.means.values().map(|(mean, error)| format!("{mean:.4} ± {error:.4}")).collect();
    let (time, times) = (answer.time(), answer.time() / reference.time());
    let fewer = match answer.replications {
        Some(done) if done < REPLICATIONS => format!(" (from {done} replications)"),
        _ => String::new(),
    };
    format!("| {case} | {program} | {} | {time:.4} s{fewer} | {times:.0} |", means.join(", "))
}

/// Means that the peer does not have or that are too far apart; NaN is too far.
fn differences(ours: &Answer, theirs: &Answer) -> impl Iterator<Item = String> {
    ours.means.iter().filter_map(|(name, &(mean, error))| {
        let Some(&(other, uncertain)) = theirs.means.get(name) else {
            return Some(format!("no {name}"));
        };
        let apart = (mean - other).abs() / error.hypot(uncertain);
        (!matches!(apart, 0.0..=STANDARD_ERRORS))
            .then(|| format!("{name} {other} against {mean}, {apart:.1} standard errors"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(means: &[(&str, f64, f64)]) -> Answer {
        let means = means.iter().map(|&(name, mean, error)| (name.to_owned(), (mean, error))).collect();
        Answer { means, replications: None, seconds: 1.0, cpu_seconds: None }
    }

    #[test]
    fn only_means_too_far_apart_are_reported() {
        let ours = answer(&[("wait", 1.0, 0.03)]);
        assert_eq!(differences(&ours, &answer(&[("wait", 1.19, 0.04)])).count(), 0);
        assert_eq!(differences(&ours, &answer(&[("wait", 1.21, 0.04)])).count(), 1);
        assert_eq!(differences(&ours, &answer(&[("wait", f64::NAN, 0.04)])).count(), 1);
        assert_eq!(differences(&ours, &answer(&[])).collect::<Vec<_>>(), ["no wait"]);
    }
}
