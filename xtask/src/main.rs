//! The project's own chores: `cargo xtask --help`.

mod check;
mod ci;
mod cli;
mod fuzz;
mod highs;
mod mpi;
mod msrv;
mod peers;
mod run;
mod shell;
mod tidy;
mod tools;
mod workspace;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        // Not `Debug`: whoever runs a chore wants what went wrong, not where in this program.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
