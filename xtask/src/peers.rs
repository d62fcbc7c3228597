//! parecon-io beside pymrio, numpy and scipy: the same tables, one run, this machine.
//!
//! First every result that both have is compared, then each case is measured. A measurement is a process of its own,
//! so that threads and peak memory are its own; rounds alternate between the programs, so that a machine that is busy
//! for a while is busy for all.

mod cases;
pub(crate) mod jobs;
mod python;
mod report;
pub(crate) mod review;

use crate::shell::{Cmd, Outcome};
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use cases::{CASES, Case, Program, Table};
use python::Python;
use report::{Limits, Machine, Measurement, Record, Report};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Shared results are equal up to this, relative to the largest number of their row.
const EQUAL: f64 = 1e-10;

/// What to compare.
#[derive(Debug)]
pub(crate) struct Choice {
    /// Also tables that take minutes and many gigabytes.
    pub(crate) large: bool,
    /// Only compare results.
    pub(crate) check: bool,
    /// Only these, if any are named.
    pub(crate) cases: Vec<String>,
    pub(crate) tables: Vec<String>,
    pub(crate) threads: Vec<usize>,
}

pub(crate) fn run(ws: &Workspace, choice: &Choice) -> Result<Outcome> {
    let tables = chosen(cases::tables(ws), &choice.tables, |table| &table.name)?;
    let tables: Vec<Table> = tables.into_iter().filter(|table| choice.large || !table.large).collect();
    let cases = chosen(CASES.iter().collect(), &choice.cases, |case| case.name)?;
    let python = match Python::prepare(ws, &python::IO)? {
        Ok(python) => python,
        Err(missing) => return Ok(Outcome::Skipped(missing)),
    };
    let both = Both::build(ws, python)?;
    for table in &tables {
        both.make(table)?;
    }
    both.compare(&tables)?;
    if choice.check {
        return Ok(Outcome::Done);
    }
    let machine = both.machine(&choice.threads)?;
    let report = Report { machine, records: both.measure(&tables, &cases, choice)? };
    for (name, text) in [("results.json", report.json()?), ("performance.md", report.markdown(&tables))] {
        let path = both.folder.join(name);
        fs::write(&path, &text).with_context(|| format!("could not write {}", path.display()))?;
        if name.ends_with(".md") {
            println!("\n{text}");
        }
    }
    println!("written to {}: results.json, performance.md", both.folder.display());
    Ok(Outcome::Done)
}

/// Those that are named, or all where none is.
fn chosen<T>(all: Vec<T>, named: &[String], name: impl Fn(&T) -> &str) -> Result<Vec<T>> {
    if let Some(unknown) = named.iter().find(|wanted| !all.iter().any(|one| name(one) == *wanted)) {
        let known: Vec<&str> = all.iter().map(&name).collect();
        bail!("there is no {unknown:?}, only {}", known.join(", "));
    }
    let is_wanted = |one: &T| named.is_empty() || named.iter().any(|wanted| name(one) == wanted);
    Ok(all.into_iter().filter(is_wanted).collect())
}

/// Both programs, and the folder through which they exchange tables and results.
struct Both {
    root: PathBuf,
    folder: PathBuf,
    ours: PathBuf,
    python: Python,
}

impl Both {
    fn build(ws: &Workspace, python: Python) -> Result<Self> {
        Cmd::cargo(&ws.root)
            .args(["build", "--release", "--package", "parecon-benches", "--bin", "parecon-peers"])
            .run()?;
        let ours = ws.target.join("release").join(format!("parecon-peers{}", std::env::consts::EXE_SUFFIX));
        Ok(Self { root: ws.root.clone(), folder: ws.target.join("peers"), ours, python })
    }

    fn make(&self, table: &Table) -> Result<()> {
        let mut cmd =
            Cmd::new(&self.ours, &self.root).args(["make", &table.made_as]).args([self.place(table)]);
        if let Some(file) = &table.file {
            cmd = cmd.args([file]);
        }
        cmd.run()
    }

    fn place(&self, table: &Table) -> PathBuf {
        self.folder.join(&table.name)
    }

    /// Every result that pymrio and parecon share, on pymrio's own test system and on all tables that are not large.
    fn compare(&self, tables: &[Table]) -> Result<()> {
        let own = self.folder.join("pymrio-test");
        self.python.run(&["test-system".as_ref(), own.as_os_str()])?;
        let mut places = vec![own];
        places.extend(tables.iter().filter(|t| !t.large && !t.is_sparse()).map(|t| self.place(t)));
        let mut failures = Vec::new();
        for place in places {
            Cmd::new(&self.ours, &self.root).args(["results".as_ref(), place.as_os_str()]).run()?;
            self.python.run(&["results".as_ref(), place.as_os_str()])?;
            let said = self.python.read(&["compare".as_ref(), place.as_os_str()], 1)?;
            let differences: BTreeMap<String, f64> =
                serde_json::from_str(&said).context("peers.py compare")?;
            let shown: Vec<String> =
                differences.iter().map(|(name, far)| format!("{name} {far:.1e}")).collect();
            println!("  {}", shown.join(", "));
            // NaN is not equal either.
            let unequal = differences.iter().filter(|(_, far)| !matches!(**far, 0.0..=EQUAL));
            failures.extend(unequal.map(|(name, far)| format!("{}: {name} {far:.1e}", place.display())));
        }
        if failures.is_empty() {
            println!("every shared result is equal to {EQUAL:e} of the largest in its row");
            return Ok(());
        }
        bail!("results differ by more than {EQUAL:e}:\n  {}", failures.join("\n  "))
    }

    fn machine(&self, threads: &[usize]) -> Result<Machine> {
        let mut limits = BTreeMap::new();
        for &count in threads {
            let flops = self.python.read(&["peak".as_ref()], count)?.trim().parse()?;
            let said = Cmd::new(&self.ours, &self.root).args(["bandwidth", &count.to_string()]).read()?;
            limits.insert(count, Limits { flops, bytes: said.trim().parse()? });
        }
        let rustc = Cmd::new("rustc", &self.root).args(["--version"]).read()?;
        let versions = serde_json::from_str(&self.python.read(&["versions".as_ref()], 1)?)?;
        Ok(Machine::this(rustc.trim().to_owned(), versions, limits))
    }

    fn measure(&self, tables: &[Table], cases: &[&'static Case], choice: &Choice) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        for table in tables {
            // Two cases may ask the same of a peer; what takes minutes is not measured twice.
            let mut known: BTreeMap<(usize, Program), Measurement> = BTreeMap::new();
            for &case in cases.iter().filter(|case| (case.fits)(table)) {
                for &threads in &choice.threads {
                    let programs: Vec<Program> =
                        case.programs.iter().copied().filter(|program| program.fits(choice.large)).collect();
                    let open: Vec<Program> =
                        programs.iter().copied().filter(|p| !known.contains_key(&(threads, *p))).collect();
                    for _ in 0..table.rounds() {
                        for &program in &open {
                            let measured = self.measure_once(table, program, threads)?;
                            known
                                .entry((threads, program))
                                .and_modify(|so_far| so_far.combine(&measured))
                                .or_insert(measured);
                        }
                    }
                    for program in programs {
                        let measurement = known[&(threads, program)].clone();
                        let record = Record::new(case.name, table, program.name, threads, measurement);
                        println!("{record}");
                        records.push(record);
                    }
                }
            }
        }
        Ok(records)
    }

    fn measure_once(&self, table: &Table, program: Program, threads: usize) -> Result<Measurement> {
        let place = self.place(table);
        let (case, place) = (program.case.as_ref(), place.as_os_str());
        let said = if program.is_ours() {
            let cmd = Cmd::new(&self.ours, &self.root).args(["measure".as_ref(), case, place]);
            cmd.env("RAYON_NUM_THREADS", threads.to_string()).read()?
        } else {
            let seconds = cases::PEER_SECONDS.to_string();
            let args = ["measure".as_ref(), program.name.as_ref(), case, place, seconds.as_ref()];
            match self.python.read(&args, threads) {
                Ok(said) => said,
                Err(error) => return Measurement::gave_up(&error).ok_or(error),
            }
        };
        serde_json::from_str(&said).with_context(|| format!("{} {case:?}", program.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_chosen() {
        let all = || vec!["a", "b", "c"];
        let named = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(chosen(all(), &[], |one| one).unwrap(), all());
        assert_eq!(chosen(all(), &named(&["c", "a"]), |one| one).unwrap(), ["a", "c"]);
        let error = chosen(all(), &named(&["d"]), |one| one).unwrap_err().to_string();
        assert_eq!(error, "there is no \"d\", only a, b, c");
    }
}
