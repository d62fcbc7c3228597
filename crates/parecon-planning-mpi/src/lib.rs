#![doc = include_str!("../README.md")]
#![warn(clippy::print_stdout)]

mod checkpoint;
mod error;
mod plan;
mod world;

pub use checkpoint::{Checkpoint, CheckpointRound};
pub use error::Error;
pub use plan::plan;
pub use world::World;
