//! parecon-jobs beside `HiGHS` and OR-Tools: the same band problems, one run, this machine, each solver in a process of
//! its own.
//!
//! Every objective must agree with our bound within what both sides were asked for. Times are the wall clock's and the
//! processor's, without reading the problem and handing it over; `target/jobs-scale.svg` draws them by members.

use super::python::{JOBS, Python};
use crate::shell::{Cmd, Outcome};
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fs;

/// Members, tasks, eligible tasks per member, and the peers that end within [`SECONDS`] on two cores of 2024.
const SIZES: [(usize, usize, usize, &[&str]); 7] = [
    (100, 200, 20, ALL),
    (200, 400, 25, ALL),
    (1000, 1000, 30, ALL),
    (2000, 2000, 40, ALL),
    (10_000, 6000, 30, &["highs-ipm", "pdlp"]),
    (30_000, 10_000, 30, &["pdlp"]),
    (100_000, 20_000, 25, &["pdlp"]),
];
const ALL: &[&str] = &["highs-ipm", "highs-simplex", "highs-pdlp", "glop", "pdlp"];
/// Sizes beyond this many are asked for with `--large`.
const SMALL: usize = 4;
/// What a peer may take.
const SECONDS: u32 = 300;
/// The relative gap that is asked for.
const GAP: f64 = 1e-4;
const OURS: [(&str, f64); 3] = [("first-order", 1e-4), ("first-order", 1e-6), ("basic", 1e-4)];
/// Vertices of problems with more tasks take minutes.
const VERTEX_TASKS: usize = 6000;
/// Peers meet constraints only to about the gap they were asked for, relative; so may their objectives be off.
const AGREEMENT: f64 = 10.0 * GAP;

#[derive(Deserialize)]
struct Answer {
    objective: Option<f64>,
    hours: Option<f64>,
    in_use: Option<usize>,
    /// Ours alone.
    bound: Option<f64>,
    seconds: f64,
    /// Not known on every system.
    cpu_seconds: Option<f64>,
    peak: Option<f64>,
}

pub(crate) fn run(ws: &Workspace, large: bool) -> Result<Outcome> {
    let python = match Python::prepare(ws, &JOBS)? {
        Ok(python) => python,
        Err(missing) => return Ok(Outcome::Skipped(missing)),
    };
    Cmd::cargo(&ws.root)
        .args(["build", "--release", "--package", "parecon-benches", "--bin", "parecon-peers"])
        .run()?;
    let ours = ws.target.join("release").join(format!("parecon-peers{}", std::env::consts::EXE_SUFFIX));
    let folder = ws.target.join("jobs-peers");
    fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let versions = python.read(&["versions".as_ref()], threads)?;
    println!("bands of .5, {threads} threads; {}\n", versions.trim());
    println!(
        "| members × tasks | solver | objective | hours missed | pairs in use | time | processor | memory |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut failures = Vec::new();
    let mut drawn = Drawn::default();
    for (members, tasks, eligible, peers) in SIZES.iter().take(if large { SIZES.len() } else { SMALL }) {
        let size = format!("{members} × {tasks}");
        let file = folder.join(format!("{members}-{tasks}.txt"));
        let numbers = [members, tasks, eligible].map(usize::to_string);
        Cmd::new(&ours, &ws.root).args(["jobs", "make"]).args(&numbers).args([&file]).run_quietly()?;
        let mut bound = f64::NAN;
        for (engine, gap) in
            OURS.into_iter().filter(|(engine, _)| *engine != "basic" || *tasks <= VERTEX_TASKS)
        {
            let gap = gap.to_string();
            let said = Cmd::new(&ours, &ws.root).args(["jobs", engine, &gap]).args([&file]).read()?;
            let answer = parse(&said)?;
            let name = format!("parecon-jobs, {engine}, {gap}");
            println!("{}", row(&size, &name, &answer));
            drawn.add(&name, *members, &answer);
            bound = answer.bound.map_or(bound, |b| b.max(bound));
        }
        for peer in *peers {
            let (gap, seconds) = (GAP.to_string(), SECONDS.to_string());
            let args = [peer.as_ref(), gap.as_ref(), seconds.as_ref(), file.as_os_str()];
            let answer = parse(&python.read(&args.map(|arg: &OsStr| arg), threads)?)?;
            println!("{}", row(&size, peer, &answer));
            drawn.add(peer, *members, &answer);
            failures.extend(difference(bound, &answer).map(|what| format!("{size}, {peer}: {what}")));
        }
    }
    let picture = ws.target.join("jobs-scale.svg");
    Cmd::new(&ours, &ws.root)
        .args(["plot".as_ref(), "members".as_ref(), picture.as_os_str(), drawn.json()?.as_ref()])
        .read()?;
    println!("\ndrawn in {}", picture.display());
    if failures.is_empty() {
        println!("\nall objectives agree with our bound within {AGREEMENT}, relative");
        return Ok(Outcome::Done);
    }
    bail!("objectives differ:\n  {}", failures.join("\n  "))
}

/// Seconds by members, in the order in which solvers were first met.
#[derive(Default)]
struct Drawn(Vec<Line>);

#[derive(Serialize)]
struct Line {
    name: String,
    points: Vec<(f64, f64)>,
}

impl Drawn {
    /// A solver that did not end is not drawn.
    fn add(&mut self, name: &str, members: usize, answer: &Answer) {
        if answer.objective.is_none() {
            return;
        }
        let at = self.0.iter().position(|line| line.name == name).unwrap_or_else(|| {
            self.0.push(Line { name: name.to_owned(), points: Vec::new() });
            self.0.len() - 1
        });
        self.0[at].points.push((members as f64, answer.seconds));
    }

    fn json(&self) -> Result<String> {
        Ok(serde_json::to_string(&self.0)?)
    }
}

fn parse(text: &str) -> Result<Answer> {
    serde_json::from_str(text).with_context(|| format!("not an answer: {text}"))
}

fn row(size: &str, solver: &str, answer: &Answer) -> String {
    let or_dash = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    let objective =
        answer.objective.map_or_else(|| format!("not in {SECONDS} s"), |value| format!("{value:.3}"));
    format!(
        "| {size} | {solver} | {objective} | {} | {} | {:.2} s | {} | {} |",
        or_dash(answer.hours.map(|hours| format!("{hours:.0e}"))),
        or_dash(answer.in_use.map(|pairs| pairs.to_string())),
        answer.seconds,
        or_dash(answer.cpu_seconds.map(|seconds| format!("{seconds:.2} s"))),
        or_dash(answer.peak.map(|bytes| format!("{:.0} MB", bytes / 1e6))),
    )
}

/// A peer that did not end says nothing; NaN is a difference.
fn difference(bound: f64, answer: &Answer) -> Option<String> {
    let objective = answer.objective?;
    let apart = (objective - bound).abs() / bound.abs().max(1e-300);
    (!matches!(apart, 0.0..=AGREEMENT)).then(|| format!("{objective} against our bound {bound}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_objectives_too_far_apart_are_reported() {
        let answer = |objective| Answer {
            objective,
            hours: None,
            in_use: None,
            bound: None,
            seconds: 1.0,
            cpu_seconds: None,
            peak: None,
        };
        assert_eq!(difference(100.0, &answer(Some(100.09))), None);
        assert!(difference(100.0, &answer(Some(100.2))).is_some());
        assert!(difference(100.0, &answer(Some(f64::NAN))).is_some());
        assert_eq!(difference(100.0, &answer(None)), None);
    }
}
