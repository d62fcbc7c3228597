//! Band problems, as `xtask/peers/jobs.py` solves them with `HiGHS` and OR-Tools.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use parecon_jobs::TaskId;
use parecon_jobs::band::{Config, Data, Engine, Outcome, Problem, solve, unreachable};
use parecon_testbed::jobs::{Mode, band_problem};
use serde::Serialize;

use crate::clock::{Measurement, measure};

/// Rating points that every member's average may be off.
const TOLERANCE: f64 = 0.5;

/// Writes a problem: a line `members tasks pairs`, then hours and two offsets per task, quota and tolerance per member
/// (`inf` for those whom no band can hold), and member, task and cost per pair.
pub(crate) fn make(members: usize, tasks: usize, eligible: usize, file: &Path) -> Result<()> {
    let problem = band_problem(members, tasks, eligible, TOLERANCE, 1, Mode::Planted)?;
    let alone = unreachable(&problem);
    let mut data = problem.into_data();
    for one in alone {
        data.tolerances[2 * one.member.index()..][..2].fill(f64::INFINITY);
    }
    let mut text = format!("{members} {tasks} {}\n", data.tasks.len());
    for (hours, offsets) in data.hours.iter().zip(data.offsets.chunks(2)) {
        writeln!(text, "{hours} {} {}", offsets[0], offsets[1])?;
    }
    for (quota, tolerance) in data.quotas.iter().zip(data.tolerances.chunks(2)) {
        writeln!(text, "{quota} {}", tolerance[0])?;
    }
    for (i, range) in data.starts.windows(2).enumerate() {
        for k in range[0]..range[1] {
            writeln!(text, "{i} {} {}", data.tasks[k].index(), data.costs[k])?;
        }
    }
    fs::write(file, text).with_context(|| format!("could not write {}", file.display()))
}

fn read(file: &Path) -> Result<Problem> {
    let text = fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let mut numbers = text.split_ascii_whitespace().map(str::parse::<f64>);
    let mut next = || numbers.next().context("the problem is cut off")?.context("not a number");
    let (members, tasks, pairs) = (next()? as usize, next()? as usize, next()? as usize);
    let mut data = Data { dimensions: 2, starts: vec![0; members + 1], ..Data::default() };
    for _ in 0..tasks {
        data.hours.push(next()?);
        data.offsets.extend([next()?, next()?]);
    }
    for _ in 0..members {
        data.quotas.push(next()?);
        let tolerance = next()?;
        data.tolerances.extend([tolerance; 2]);
    }
    for _ in 0..pairs {
        let member = next()? as usize;
        ensure!(member < members, "there is no member {member}");
        data.tasks.push(TaskId::new(next()? as usize));
        data.costs.push(next()?);
        data.starts[member + 1] = data.tasks.len();
    }
    for i in 0..members {
        data.starts[i + 1] = data.starts[i + 1].max(data.starts[i]);
    }
    Ok(Problem::new(data)?)
}

/// What solving came to.
#[derive(Serialize)]
pub(crate) struct Answer {
    objective: f64,
    bound: f64,
    gap: f64,
    /// Hours missing at the worst task, rating points beyond the band at the worst member.
    hours: f64,
    bands: f64,
    in_use: usize,
    iterations: u32,
    #[serde(flatten)]
    measurement: Measurement,
}

/// Solves a problem to a relative gap and measures it.
pub(crate) fn run(engine: &str, accuracy: f64, file: &Path) -> Result<Answer> {
    let (engine, basic) = match engine {
        "auto" => (Engine::Auto, false),
        "first-order" => (Engine::FirstOrder, false),
        "basic" => (Engine::FirstOrder, true),
        "interior-point" => (Engine::InteriorPoint, false),
        _ => bail!("there is no engine {engine:?}, only auto, first-order, basic, interior-point"),
    };
    let problem = read(file)?;
    let config = Config::default().with_engine(engine).with_accuracy(accuracy).with_basic(basic);
    let mut outcome = None;
    let measurement = measure(
        || Ok(()),
        |()| {
            outcome = Some(solve(&problem, &config, &mut ())?);
            Ok(())
        },
    )?;
    match outcome {
        Some(Outcome::Solved(solution)) => Ok(Answer {
            objective: solution.objective,
            bound: solution.bound,
            gap: solution.gap(),
            hours: solution.residuals.hours,
            bands: solution.residuals.bands,
            in_use: solution.in_use(),
            iterations: solution.work.iterations,
            measurement,
        }),
        _ => bail!("there is no assignment"),
    }
}
