//! Our side of `cargo xtask peers`: the same tables, questions and measurements as `xtask/peers/peers.py`.
//!
//! ```text
//! io-peers make TABLE FOLDER [FILE]   writes a table for both sides
//! io-peers results FOLDER             answers every question and writes the answers, to be compared
//! io-peers measure CASE FOLDER        measures one question in this process and prints the measurement as JSON
//! io-peers bandwidth THREADS          prints the bytes per second at which memory is read
//! ```

mod cases;
mod clock;
mod exchange;
mod tables;

use std::path::Path;

use anyhow::{Result, bail};

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
        _ => bail!(
            "expected: make TABLE FOLDER [FILE], results FOLDER, measure CASE FOLDER or bandwidth THREADS"
        ),
    }
}
