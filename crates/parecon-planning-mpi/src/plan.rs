//! The planning process across processes.

use std::path::Path;

use parecon_planning::{Config, Economy, Observer, Outcome, Planning, PriceRule, Round, Status};

use crate::{Checkpoint, Error, World};

/// Plans an economy whose councils are spread over the processes of `world`, as [`parecon_planning::plan`] does for one.
///
/// Each process has [built](parecon_planning::EconomyBuilder::build_among) its share of the councils among `world`, brings a
/// new rule of the same kind and the same configuration, and gets the same outcome. With a `checkpoint`, process 0
/// writes that file after every round; if the file is there already, its rounds are gone through again first, so
/// that the run goes on where an earlier one was broken off. With the same number of processes it then has the same
/// bits as if nothing had happened; with another number the same up to rounding.
///
/// If a process dies, MPI ends the others and says which it was; start the run again with the same checkpoint.
///
/// # Errors
/// In all processes alike: as [`parecon_planning::plan`]; if the checkpoint cannot be written, cannot be read or is
/// of another economy ([`Error::is_checkpoint`]).
///
/// # Complexity
/// As [`parecon_planning::plan`] for the share of one process; and some ten sums over processes per round, each of
/// the size of the number of goods, with a Newton rule some of the size of its square.
///
/// # Example
/// See `examples/published.rs`.
pub fn plan(
    world: &World,
    economy: &Economy,
    rule: &mut dyn PriceRule,
    config: &Config,
    checkpoint: Option<&Path>,
    observer: &mut dyn Observer<Round>,
) -> Result<Outcome, Error> {
    let mut planning = Planning::new(economy, rule, config.clone())?;
    if let Some(earlier) = checkpoint.map(|path| read(world, path)).transpose()?.flatten() {
        earlier.check_goods(economy)?;
        for round in &earlier.rounds {
            round.check(planning.replay(round.prices.clone())?)?;
        }
    }
    observer.on_start();
    let status = loop {
        if let Some(status) = planning.status() {
            break status;
        }
        planning.step()?;
        if let Some(path) = checkpoint {
            let written = if world.rank() == 0 {
                Checkpoint::of(economy, planning.rounds()).write(path)
            } else {
                Ok(())
            };
            share(world, written.map_err(|e| e.to_string()))?;
        }
        // Whoever wants to stop, all stop.
        let stop = planning.rounds().last().is_some_and(|round| observer.on_round(round).is_break());
        if world.any(stop) {
            break planning.status().unwrap_or(Status::Stopped);
        }
    };
    observer.on_end(status);
    Ok(planning.into_outcome())
}

/// The file, if it is there, in all processes.
fn read(world: &World, path: &Path) -> Result<Option<Checkpoint>, Error> {
    let found = if world.rank() == 0 {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(format!("could not read {}: {error}", path.display())),
        }
    } else {
        Ok(String::new())
    };
    let text = world.tell(0, &share(world, found)?);
    if text.is_empty() { Ok(None) } else { Checkpoint::from_json(&text).map(Some) }
}

/// What process 0 did for all; a failure is known to all.
fn share<T>(world: &World, done: Result<T, String>) -> Result<T, Error> {
    world.agree(done).map_err(|error| Error::checkpoint(error.to_string()))
}
