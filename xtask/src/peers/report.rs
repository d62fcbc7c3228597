//! Measurements, and how they are shown.

use super::cases::{CASES, Case, PEER_SECONDS, Table};
use anyhow::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::{fs, thread};

/// What a process measured of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Measurement {
    /// The shortest time.
    seconds: f64,
    /// What the first answer of a process took.
    first_seconds: f64,
    /// Of all threads, on average.
    cpu_seconds: Option<f64>,
    repeats: usize,
    /// Bytes in memory when the table was loaded, and at most.
    loaded: Option<u64>,
    peak: Option<u64>,
    residual: Option<f64>,
    /// Why there is no time.
    #[serde(default)]
    gave_up: Option<String>,
}

impl Measurement {
    /// A peer that ran out of time or memory; `None` if something else went wrong.
    pub(super) fn gave_up(error: &Error) -> Option<Self> {
        let said = error.to_string();
        let why = if said.contains("SIGALRM") {
            format!("over {PEER_SECONDS} s")
        } else if said.contains("MemoryError") {
            "out of memory".to_owned()
        } else {
            return None;
        };
        let (cpu_seconds, loaded, peak, residual) = (None, None, None, None);
        let (seconds, first_seconds) = (f64::NAN, f64::NAN);
        Some(Self {
            seconds,
            first_seconds,
            cpu_seconds,
            repeats: 0,
            loaded,
            peak,
            residual,
            gave_up: Some(why),
        })
    }

    /// The best of two rounds; of first answers the slowest, and of memory the most, for what one round missed was still
    /// there.
    pub(super) fn combine(&mut self, other: &Self) {
        self.seconds = self.seconds.min(other.seconds);
        self.first_seconds = self.first_seconds.max(other.first_seconds);
        self.cpu_seconds = self.cpu_seconds.zip(other.cpu_seconds).map(|(a, b)| a.min(b));
        self.repeats += other.repeats;
        self.peak = self.peak.max(other.peak);
        self.residual = self.residual.zip(other.residual).map(|(a, b)| a.max(b));
        self.gave_up = self.gave_up.take().or_else(|| other.gave_up.clone());
    }
}

/// A measurement and of what.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Record {
    case: &'static str,
    table: String,
    sectors: usize,
    program: &'static str,
    threads: usize,
    #[serde(flatten)]
    measured: Measurement,
}

impl Record {
    pub(super) fn new(
        case: &'static str,
        table: &Table,
        program: &'static str,
        threads: usize,
        measured: Measurement,
    ) -> Self {
        Self { case, table: table.name.clone(), sectors: table.sectors, program, threads, measured }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, table, program, threads, measured, .. } = self;
        write!(f, "{case:<13} {table:<13} {threads} threads  {program:<8} {}", cell(measured))
    }
}

/// What the machine can do at most with a number of threads, as measured.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Limits {
    /// Floating-point operations per second of numpy's matrix product.
    pub(super) flops: f64,
    /// Bytes per second read from memory.
    pub(super) bytes: f64,
}

/// Where it was measured, and with what.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Machine {
    processor: String,
    cores: usize,
    /// Programs that wanted to run while this began, on average over a minute.
    load: Option<f64>,
    system: String,
    rustc: String,
    versions: BTreeMap<String, String>,
    limits: BTreeMap<usize, Limits>,
}

impl Machine {
    pub(super) fn this(
        rustc: String,
        versions: BTreeMap<String, String>,
        limits: BTreeMap<usize, Limits>,
    ) -> Self {
        let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = information.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            processor: model.map_or("unknown processor", |(_, model)| model.trim()).to_owned(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            load: fs::read_to_string("/proc/loadavg")
                .ok()
                .and_then(|text| text.split(' ').next()?.parse().ok()),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            rustc,
            versions,
            limits,
        }
    }

    fn markdown(&self) -> String {
        let versions: Vec<String> =
            self.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let mut text = format!(
            "Machine: {}, {} cores, {}; {}; {}.\n",
            self.processor,
            self.cores,
            self.system,
            self.rustc,
            versions.join(", ")
        );
        if let Some(load) = self.load.filter(|load| *load > 0.5 * self.cores as f64) {
            let _ = writeln!(
                text,
                "**The machine was busy with other programs** (load {load:.1}): compare processor times; OpenBLAS with \
                 several threads suffers most."
            );
        }
        for (threads, limits) in &self.limits {
            let plural = if *threads == 1 { "" } else { "s" };
            let _ = writeln!(
                text,
                "Limits with {threads} thread{plural}: {:.1} Gflop/s (numpy's matrix product), {:.1} GB/s read from memory.",
                limits.flops / 1e9,
                limits.bytes / 1e9
            );
        }
        text
    }
}

/// All of a run.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) machine: Machine,
    pub(super) records: Vec<Record>,
}

impl Report {
    pub(super) fn json(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// A table per case, ready for the book.
    pub(super) fn markdown(&self, tables: &[Table]) -> String {
        let mut text = self.machine.markdown();
        text.push_str(
            "\nCells are shortest time · processor time of all threads · peak memory of the whole process, loaded table \
             and interpreter included · the slowest first answer of a process, where it took a quarter longer. Ratios \
             in brackets are to parecon, and to its first answer after \"first\".\n",
        );
        for case in CASES {
            let of_case: Vec<&Record> = self.records.iter().filter(|r| r.case == case.name).collect();
            if !of_case.is_empty() {
                self.case(&mut text, case, &of_case, tables);
            }
        }
        text
    }

    fn case(&self, text: &mut String, case: &Case, records: &[&Record], tables: &[Table]) {
        // Those that were asked at all, in the order of the case.
        let programs: Vec<&str> = case
            .programs
            .iter()
            .map(|program| program.name)
            .filter(|name| records.iter().any(|r| r.program == *name))
            .collect();
        let _ = writeln!(text, "\n### {}\n\n{}\n", case.title, case.note);
        let _ = writeln!(
            text,
            "| table | threads | {} | flops at peak | bytes at full speed |",
            programs.join(" | ")
        );
        let _ = writeln!(text, "|---|---|{}---|---|", "---|".repeat(programs.len()));
        for table in tables {
            for (&threads, limits) in &self.machine.limits {
                let of = |program: &str| {
                    records
                        .iter()
                        .find(|r| r.program == program && r.table == table.name && r.threads == threads)
                        .map(|r| &r.measured)
                };
                if programs.iter().all(|program| of(program).is_none()) {
                    continue;
                }
                let ours = of("parecon");
                let cells: Vec<String> = programs
                    .iter()
                    .map(|&program| match (of(program), ours) {
                        (None, _) => String::new(),
                        (Some(peer), Some(ours)) if program != "parecon" => cell(peer) + &ratios(peer, ours),
                        (Some(measured), _) => cell(measured),
                    })
                    .collect();
                let (flops, bytes) = ((case.flops)(table), (case.bytes)(table));
                let _ = writeln!(
                    text,
                    "| {} | {threads} | {} | {}, {} | {}, {} |",
                    table.what(),
                    cells.join(" | "),
                    amount(flops, "flop"),
                    time(flops / limits.flops),
                    amount(bytes, "B"),
                    time(bytes / limits.bytes)
                );
            }
        }
    }
}

/// A first answer is shown where it took so many times the shortest time.
const SLOW_START: f64 = 1.25;

/// Time, processor time and peak; the first answer's time if it differs, and the residual if there is one.
fn cell(measured: &Measurement) -> String {
    if let Some(why) = &measured.gave_up {
        return why.clone();
    }
    let mut parts = vec![time(measured.seconds)];
    parts.extend(measured.cpu_seconds.map(time));
    parts.extend(measured.peak.map(|bytes| amount(bytes as f64, "B")));
    if measured.first_seconds > SLOW_START * measured.seconds {
        parts.push(format!("first {}", time(measured.first_seconds)));
    }
    parts.extend(measured.residual.map(|residual| format!("residual {residual:.0e}")));
    parts.join(" · ")
}

/// A peer's time and peak as multiples of ours.
fn ratios(peer: &Measurement, ours: &Measurement) -> String {
    if peer.gave_up.is_some() {
        return String::new();
    }
    let mut text = format!(" ({}", multiple(peer.seconds / ours.seconds));
    if [peer, ours].iter().any(|one| one.first_seconds > SLOW_START * one.seconds) {
        let _ = write!(text, ", first {}", multiple(peer.first_seconds / ours.first_seconds));
    }
    if let (Some(peer), Some(ours)) = (peer.peak, ours.peak) {
        let _ = write!(text, ", memory {}", multiple(peer as f64 / ours as f64));
    }
    text + ")"
}

fn multiple(ratio: f64) -> String {
    match ratio {
        10.0.. => format!("{ratio:.0}×"),
        1.0.. => format!("{ratio:.1}×"),
        _ => format!("{ratio:.2}×"),
    }
}

fn time(seconds: f64) -> String {
    match seconds {
        1.0.. => format!("{} s", three_digits(seconds)),
        1e-3.. => format!("{} ms", three_digits(1e3 * seconds)),
        _ => format!("{} µs", three_digits(1e6 * seconds)),
    }
}

fn amount(number: f64, unit: &str) -> String {
    let (scaled, prefix) = match number {
        1e12.. => (number / 1e12, "T"),
        1e9.. => (number / 1e9, "G"),
        1e6.. => (number / 1e6, "M"),
        _ => (number / 1e3, "k"),
    };
    format!("{} {prefix}{unit}", three_digits(scaled))
}

fn three_digits(number: f64) -> String {
    match number {
        100.0.. => format!("{number:.0}"),
        10.0.. => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::cases;
    use super::*;
    use crate::workspace::Workspace;
    use anyhow::anyhow;

    fn measured(seconds: f64, peak: u64) -> Measurement {
        let (cpu_seconds, loaded) = (Some(2.0 * seconds), Some(1));
        Measurement {
            seconds,
            first_seconds: seconds,
            cpu_seconds,
            repeats: 3,
            loaded,
            peak: Some(peak),
            residual: None,
            gave_up: None,
        }
    }

    #[test]
    fn numbers_are_short() {
        let times = [(123.4, "123 s"), (1.234, "1.23 s"), (0.0123, "12.3 ms"), (4.5e-6, "4.50 µs")];
        for (seconds, text) in times {
            assert_eq!(time(seconds), text);
        }
        assert_eq!(amount(2.0 / 3.0 * 9800f64.powi(3), "flop"), "627 Gflop");
        assert_eq!(amount(8.0 * 71.0 * 71.0, "B"), "40.3 kB");
        assert_eq!((multiple(9.94), multiple(61.2)), ("9.9×".into(), "61×".into()));
        assert_eq!(multiple(0.049), "0.05×");
    }

    #[test]
    fn rounds_give_the_best_time_and_the_most_memory() {
        let mut first = measured(2.0, 5_000);
        first.combine(&measured(1.0, 4_000));
        assert_eq!(
            (first.seconds, first.cpu_seconds, first.repeats, first.peak),
            (1.0, Some(2.0), 6, Some(5_000))
        );
        assert_eq!(cell(&first), "1.00 s · 2.00 s · 5.00 kB · first 2.00 s");
        assert_eq!(ratios(&measured(4.0, 20_000), &first), " (4.0×, first 2.0×, memory 4.0×)");
    }

    #[test]
    fn only_a_lack_of_time_or_memory_is_a_result() {
        let killed = anyhow!("`python` failed (signal: 14 (SIGALRM)): ");
        assert_eq!(cell(&Measurement::gave_up(&killed).unwrap()), format!("over {PEER_SECONDS} s"));
        let full = anyhow!("`python` failed (exit status: 1): numpy._core._exceptions._ArrayMemoryError: no");
        assert_eq!(cell(&Measurement::gave_up(&full).unwrap()), "out of memory");
        assert!(Measurement::gave_up(&anyhow!("SyntaxError")).is_none());
    }

    #[test]
    fn a_case_becomes_a_table() {
        let tables = cases::tables(&Workspace::load().unwrap());
        let limits = BTreeMap::from([(1, Limits { flops: 1e10, bytes: 1e10 })]);
        let machine = Machine::this("rustc 1".into(), BTreeMap::from([("numpy".into(), "2".into())]), limits);
        let records = vec![
            Record::new("second", &tables[1], "parecon", 1, measured(1e-3, 2_000_000)),
            Record::new("second", &tables[1], "scipy", 1, measured(4e-3, 90_000_000)),
        ];
        let text = Report { machine, records }.markdown(&tables);
        assert!(text.contains("10.0 Gflop/s") && text.contains("### A second question"), "{text}");
        let row = "| 405 sectors in 9 regions, synthetic | 1 | 1.00 ms · 2.00 ms · 2.00 MB \
                   | 4.00 ms · 8.00 ms · 90.0 MB (4.0×, memory 45×) | 328 kflop, 32.8 µs | 1.31 MB, 131 µs |";
        assert!(text.lines().any(|line| line == row), "{text}");
    }
}
