//! Everything that must pass before a change lands, in one command. What needs tools of its own and minutes to build is left to
//! `cargo xtask highs` and `cargo xtask mpi`.

use crate::shell::Outcome;
use crate::workspace::Workspace;
use crate::{check, fuzz, msrv, run, tidy, tools};
use anyhow::{Result, bail};
use clap::ValueEnum;
use std::io::Write;
use std::time::{Duration, Instant};

/// Long enough to replay the seeds and try some thousands of mutations of them.
const FUZZ_SECONDS: u32 = 5;

/// The steps, in the order in which they are done: what is quick and fails often comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    Tidy,
    Fmt,
    Msrv,
    Deny,
    Clippy,
    Test,
    Docs,
    Features,
    Examples,
    Bench,
    Fuzz,
    Book,
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |v| v.get_name().to_owned())
    }

    fn what(self) -> &'static str {
        match self {
            Self::Tidy => "house rules that a machine can check",
            Self::Fmt => "formatting",
            Self::Msrv => "minimum Rust version",
            Self::Deny => "licences, duplicates and sources of dependencies",
            Self::Clippy => "lints, all targets and features but highs",
            Self::Test => "unit, integration and documentation tests",
            Self::Docs => "documentation without warnings",
            Self::Features => "each library alone, with no feature and with all",
            Self::Examples => "every example",
            Self::Bench => "every benchmark once",
            Self::Fuzz => "every fuzz target for a few seconds",
            Self::Book => "the book",
        }
    }

    /// What to do when the step fails.
    fn remedy(self) -> &'static str {
        match self {
            Self::Tidy => "each line above names a file and what is expected of it",
            Self::Fmt => {
                "run `cargo fmt --all` and `cargo fmt --manifest-path fuzz/Cargo.toml`, then look at the change"
            }
            Self::Msrv => {
                "choose an older version of that dependency, or raise rust-version in Cargo.toml and say so"
            }
            Self::Deny => "replace the dependency, or allow it in deny.toml with a reason",
            Self::Clippy => {
                "fix the lint; an `#[expect(..., reason = \"...\")]` is for the rare case where it is wrong"
            }
            Self::Test => "repeat one test with `cargo test -p CRATE NAME -- --nocapture`",
            Self::Docs => "repeat one crate with `RUSTDOCFLAGS='-D warnings' cargo doc --no-deps -p CRATE`",
            Self::Features => {
                "a feature is missing in that crate's own Cargo.toml, or something is not behind its `cfg`"
            }
            Self::Examples => "an example must run without arguments and end well",
            Self::Bench => "repeat one file with `cargo xtask bench --smoke NAME`",
            Self::Fuzz => "reproduce with the `--input` command above, fix it, and keep the input as a test",
            Self::Book => "repeat with `mdbook build docs`",
        }
    }

    fn run(self, ws: &Workspace) -> Result<Outcome> {
        match self {
            Self::Tidy => tidy::run(ws),
            Self::Fmt => check::fmt(ws),
            Self::Msrv => msrv::run(ws),
            Self::Deny => tools::deny(ws),
            Self::Clippy => check::clippy(ws),
            Self::Test => run::test(ws),
            Self::Docs => check::docs(ws),
            Self::Features => check::features(ws),
            Self::Examples => run::examples(ws),
            Self::Bench => run::bench(ws, true, None),
            Self::Fuzz => fuzz::run(ws, fuzz::Search::smoke(FUZZ_SECONDS), None),
            Self::Book => tools::book(ws),
        }
    }
}

/// One line of the closing table.
struct Line {
    step: Step,
    took: Duration,
    verdict: Verdict,
}

#[derive(PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    Skipped(String),
}

/// Does the steps that are asked for; stops at the first that fails.
pub(crate) fn run(ws: &Workspace, skip: &[Step], only: &[Step]) -> Result<()> {
    let steps = choose(skip, only);
    let mut lines: Vec<Line> = Vec::new();
    let mut failure = None;
    for (i, &step) in steps.iter().enumerate() {
        println!("\n=== {}/{} {}: {}", i + 1, steps.len(), step.name(), step.what());
        let start = Instant::now();
        let result = step.run(ws);
        let took = start.elapsed();
        let verdict = match result {
            Ok(Outcome::Done) => Verdict::Passed,
            Ok(Outcome::Skipped(reason)) => {
                println!("skipped: {reason}");
                Verdict::Skipped(reason)
            }
            Err(error) => {
                failure = Some((step, error));
                Verdict::Failed
            }
        };
        lines.push(Line { step, took, verdict });
        if failure.is_some() {
            break;
        }
    }
    print!("\n{}", summary(&lines));
    // The table must not be torn apart by the error that follows it on the other stream.
    std::io::stdout().flush()?;
    if let Some((step, error)) = failure {
        bail!("{}: {error:#}\nwhat to do: {}", step.name(), step.remedy());
    }
    Ok(())
}

fn choose(skip: &[Step], only: &[Step]) -> Vec<Step> {
    let wanted = |step: &Step| !skip.contains(step) && (only.is_empty() || only.contains(step));
    Step::value_variants().iter().copied().filter(wanted).collect()
}

/// A table of the steps with their times, closed by a count.
fn summary(lines: &[Line]) -> String {
    let mut text = String::from("=== summary\n");
    for line in lines {
        let verdict = match &line.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "FAILED",
            Verdict::Skipped(_) => "skipped",
        };
        text.push_str(&format!("{:<10} {:<8} {:>9}", line.step.name(), verdict, shown(line.took)));
        if let Verdict::Skipped(reason) = &line.verdict {
            text.push_str(&format!("  {reason}"));
        }
        text.push('\n');
    }
    let total: Duration = lines.iter().map(|l| l.took).sum();
    text.push_str(&format!("{:<10} {:<8} {:>9}\n", "total", "", shown(total)));
    let count = |f: fn(&Verdict) -> bool| lines.iter().filter(|l| f(&l.verdict)).count();
    text.push_str(&format!(
        "{} passed, {} failed, {} skipped\n",
        count(|v| *v == Verdict::Passed),
        count(|v| *v == Verdict::Failed),
        count(|v| matches!(v, Verdict::Skipped(_)))
    ));
    text
}

fn shown(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 99.95 {
        format!("{seconds:.1} s")
    } else {
        let whole = seconds.round() as u64;
        format!("{} m {:02} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_can_be_left_out_or_chosen_and_keep_their_order() {
        let all = choose(&[], &[]);
        assert_eq!(all.len(), Step::value_variants().len());
        assert!(!choose(&[Step::Test], &[]).contains(&Step::Test));
        assert_eq!(choose(&[], &[Step::Fuzz, Step::Fmt]), [Step::Fmt, Step::Fuzz]);
    }

    #[test]
    fn the_summary_counts_every_step() {
        let line = |step, seconds, verdict| Line { step, took: Duration::from_millis(seconds), verdict };
        let text = summary(&[
            line(Step::Fmt, 1_234, Verdict::Passed),
            line(Step::Book, 5, Verdict::Skipped("mdbook is not installed".into())),
            line(Step::Test, 125_000, Verdict::Failed),
        ]);
        assert_eq!(
            text,
            "=== summary\n\
             fmt        passed       1.2 s\n\
             book       skipped      0.0 s  mdbook is not installed\n\
             test       FAILED    2 m 05 s\n\
             total                2 m 06 s\n\
             1 passed, 1 failed, 1 skipped\n"
        );
    }
}
