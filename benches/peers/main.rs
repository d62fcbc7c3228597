//! Our side of `cargo xtask peers`: the same tables, questions and measurements as `xtask/peers/peers.py`.
//!
//! ```text
//! parecon-peers make TABLE FOLDER [FILE]   writes a table for both sides
//! parecon-peers results FOLDER             answers every question and writes the answers, to be compared
//! parecon-peers measure CASE FOLDER        measures one question in this process and prints the measurement as JSON
//! parecon-peers bandwidth THREADS          prints the bytes per second at which memory is read
//! parecon-peers jobs make MEMBERS TASKS ELIGIBLE FILE    writes a band problem for all sides
//! parecon-peers jobs ENGINE GAP FILE       solves it to a relative gap, measures it, and prints both as JSON
//! parecon-peers plot SIZE FILE JSON        draws seconds by size, from the name and points of each line
//! parecon-peers review CASE N ARRIVALS     simulates N times so many arrivals, measures it, and prints both as JSON
//! ```

mod cases;
mod clock;
mod exchange;
mod jobs;
mod review;
mod tables;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use parecon_testbed::plot::{Series, draw};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", table, folder] => tables::make(table, Path::new(folder), None),
        ["make", table, folder, file] => tables::make(table, Path::new(folder), Some(Path::new(file))),
        ["results", folder] => cases::results(Path::new(folder)),
        ["measure", case, folder] => {
            let measurement = cases::measure(case, Path::new(folder))?;
            println!("{}", serde_json::to_string(&measurement)?);
            Ok(())
        }
        ["bandwidth", threads] => {
            println!("{}", clock::bandwidth(threads.parse()?));
            Ok(())
        }
        ["jobs", "make", members, tasks, eligible, file] => {
            jobs::make(members.parse()?, tasks.parse()?, eligible.parse()?, Path::new(file))
        }
        ["jobs", engine, gap, file] => {
            let answer = jobs::run(engine, gap.parse()?, Path::new(file))?;
            println!("{}", serde_json::to_string(&answer)?);
            Ok(())
        }
        ["plot", size, file, series] => {
            let series: Vec<Series> = serde_json::from_str(series)?;
            fs::write(file, draw(size, &series)?).with_context(|| format!("could not write {file}"))
        }
        ["review", case, replications, arrivals] => {
            let answer = review::run(case, replications.parse()?, arrivals.parse()?)?;
            println!("{}", serde_json::to_string(&answer)?);
            Ok(())
        }
        _ => bail!(
            "expected: make TABLE FOLDER [FILE], results FOLDER, measure CASE FOLDER, bandwidth THREADS, \
             jobs make MEMBERS TASKS ELIGIBLE FILE, jobs ENGINE GAP FILE, plot SIZE FILE JSON or review CASE REPLICATIONS ARRIVALS"
        ),
    }
}
