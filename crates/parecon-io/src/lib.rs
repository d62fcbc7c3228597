#![doc = include_str!("../README.md")]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod axis;
#[cfg(feature = "datasets")]
pub mod datasets;
mod error;
mod factor;
mod graph;
mod make_use;
mod names;
mod read;
mod report;
mod serial;
mod table;
mod technology;

pub use axis::{Axis, AxisKind, Commodity, FinalDemand, Id, Industry, Sector, ValueAdded};
pub use error::Error;
pub use graph::IoGraph;
pub use make_use::{MakeUse, MakeUseParts, Model, Requirements};
pub use names::Names;
pub use read::Source;
pub use report::{Check, Finding, Validation};
pub use table::{IoTable, Layout};
pub use technology::{Extraction, Loss, Offender, Productivity, Technology, Verdict};

/// The linear algebra of the public signatures, in the version used here.
pub use nalgebra;
