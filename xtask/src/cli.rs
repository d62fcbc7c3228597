//! The command line: every chore, one line each.

use crate::shell::Outcome;
use crate::workspace::Workspace;
use crate::{check, ci, fuzz, highs, mpi, msrv, peers, run, tidy, tools};
use anyhow::Result;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// The project's own chores
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Do everything that must pass before a change lands, and stop at the first failure
    Ci {
        /// Steps to leave out, separated by commas
        #[arg(long, value_enum, value_delimiter = ',', value_name = "STEP")]
        skip: Vec<ci::Step>,
        /// Only these steps, separated by commas
        #[arg(long, value_enum, value_delimiter = ',', value_name = "STEP", conflicts_with = "skip")]
        only: Vec<ci::Step>,
    },
    /// Run every unit, integration and documentation test
    Test,
    /// Check formatting, lints, documentation and feature combinations, without running anything
    Check,
    /// Run every example of the workspace
    Examples,
    /// Run the benchmarks
    Bench {
        /// Only run each benchmark once, to see that it works
        #[arg(long)]
        smoke: bool,
        /// One benchmark file, such as `io`
        #[arg(value_name = "BENCH")]
        bench: Option<String>,
    },
    /// Compare parecon-io with pymrio, numpy and scipy: results, time and memory
    Peers {
        /// Also tables of 4,000 and 9,800 sectors and the slow peers: half an hour and 10 GB
        #[arg(long)]
        large: bool,
        /// Only compare results, measure nothing
        #[arg(long)]
        check: bool,
        /// Only these cases, separated by commas
        #[arg(long = "case", value_delimiter = ',', value_name = "CASE", conflicts_with = "check")]
        cases: Vec<String>,
        /// Only these tables, separated by commas
        #[arg(long = "table", value_delimiter = ',', value_name = "TABLE")]
        tables: Vec<String>,
        /// Numbers of threads to measure with, separated by commas
        #[arg(long, value_delimiter = ',', value_name = "N", default_value = "1,2",
              value_parser = clap::value_parser!(u16).range(1..))]
        threads: Vec<u16>,
    },
    /// Compare the queues and the pipeline of parecon-review with simpy and ciw: results and time
    ReviewPeers {
        /// A million arrivals instead of a hundred thousand: some minutes
        #[arg(long)]
        large: bool,
    },
    /// Compare the band problems of parecon-jobs with highspy and OR-Tools: objectives and time
    JobsPeers {
        /// Also 10,000 and 100,000 members: up to half an hour
        #[arg(long)]
        large: bool,
    },
    /// Build and run the fuzz targets, on a stable toolchain
    Fuzz {
        /// Seconds to spend on each target
        #[arg(long, default_value_t = 60, value_name = "N")]
        seconds: u32,
        /// Run the target once on this file, to reproduce a finding
        #[arg(long, value_name = "FILE", requires = "target")]
        input: Option<PathBuf>,
        /// One target; all of them where none is named
        #[arg(value_name = "TARGET")]
        target: Option<String>,
    },
    /// Build and test parecon-jobs with its feature highs, which compiles C++ for minutes, if the tools are installed
    Highs,
    /// Check for Open MPI, then build and test parecon-planning-mpi
    Mpi,
    /// Build the book, if mdbook is installed
    Book,
    /// Check that the stated minimum Rust version is true
    Msrv,
    /// Check licences, duplicates and sources of dependencies, if cargo-deny is installed
    Deny,
    /// Check the house rules that a machine can check
    Tidy,
}

impl Cli {
    pub(crate) fn run(self) -> Result<()> {
        let ws = Workspace::load()?;
        let outcome = match self.command {
            Command::Ci { skip, only } => return ci::run(&ws, &skip, &only),
            Command::Test => run::test(&ws),
            Command::Check => check::all(&ws),
            Command::Examples => run::examples(&ws),
            Command::Bench { smoke, bench } => run::bench(&ws, smoke, bench.as_deref()),
            Command::Peers { large, check, cases, tables, threads } => {
                let threads = threads.into_iter().map(usize::from).collect();
                peers::run(&ws, &peers::Choice { large, check, cases, tables, threads })
            }
            Command::ReviewPeers { large } => peers::review::run(&ws, large),
            Command::JobsPeers { large } => peers::jobs::run(&ws, large),
            Command::Fuzz { seconds, input: None, target } => {
                fuzz::run(&ws, fuzz::Search::random(seconds), target.as_deref())
            }
            Command::Fuzz { input: Some(file), target, .. } => {
                fuzz::replay(&ws, target.as_deref().unwrap_or_default(), &file)
            }
            Command::Highs => highs::run(&ws),
            Command::Mpi => mpi::run(&ws),
            Command::Book => tools::book(&ws),
            Command::Msrv => msrv::run(&ws),
            Command::Deny => tools::deny(&ws),
            Command::Tidy => tidy::run(&ws),
        }?;
        if let Outcome::Skipped(reason) = outcome {
            println!("skipped: {reason}");
        }
        Ok(())
    }
}

/// The names of all commands, for the check that documents mention no other.
pub(crate) fn command_names() -> Vec<String> {
    use clap::CommandFactory;
    Cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_a_line_of_help() {
        for command in Cli::command().get_subcommands() {
            let about = command.get_about().unwrap_or_else(|| panic!("{} has no help", command.get_name()));
            assert!(!about.to_string().contains('\n'), "{}: more than one line", command.get_name());
        }
    }

    #[test]
    fn steps_are_separated_by_commas() {
        let cli = Cli::try_parse_from(["cargo xtask", "ci", "--skip", "test,fuzz"]).unwrap();
        let Command::Ci { skip, only } = cli.command else { panic!("not ci") };
        assert_eq!(skip, [ci::Step::Test, ci::Step::Fuzz]);
        assert!(only.is_empty());
    }

    #[test]
    fn fuzz_takes_seconds_and_a_target() {
        let cli = Cli::try_parse_from(["cargo xtask", "fuzz", "--seconds", "7", "table_csv"]).unwrap();
        let Command::Fuzz { seconds, target, input } = cli.command else { panic!("not fuzz") };
        assert_eq!((seconds, target.as_deref(), input), (7, Some("table_csv"), None));
    }

    #[test]
    fn peers_take_lists() {
        let args = ["cargo xtask", "peers", "--threads", "1,4", "--case", "second,requirements"];
        let Command::Peers { large, threads, cases, tables, .. } = Cli::try_parse_from(args).unwrap().command
        else {
            panic!("not peers")
        };
        assert_eq!((large, threads, tables), (false, vec![1, 4], vec![]));
        assert_eq!(cases, ["second", "requirements"]);
    }

    #[test]
    fn nonsense_is_refused() {
        for args in [
            &["ci", "--skip", "lunch"][..],
            &["ci", "--skip", "test", "--only", "fuzz"],
            &["fuzz", "--seconds", "-1"],
            &["fuzz", "--input", "file"],
            &["peers", "--threads", "0"],
            &["dance"],
            &[],
        ] {
            let args = std::iter::once("cargo xtask").chain(args.iter().copied());
            assert!(Cli::try_parse_from(args.clone()).is_err(), "{:?}", args.collect::<Vec<_>>());
        }
    }
}
