//! A facilitation board and councils, each a process of its own, that talk in lines of JSON. Run with `--help` for the
//! options.

#[macro_use]
#[path = "../shared/say.rs"]
mod say;

mod args;
mod council;
mod person;
mod pipes;
mod rule;
mod talk;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match args.serve {
        Some(council) => council::serve(&args, council),
        None => talk::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
