#![doc = include_str!("../README.md")]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod axis;
pub mod balancing;
mod concordance;
#[cfg(feature = "datasets")]
pub mod datasets;
pub mod decomposition;
mod domestic;
pub mod dynamics;
mod error;
mod factor;
pub mod formats;
pub mod graph;
mod inputs;
mod krylov;
mod make_use;
mod names;
mod once;
#[cfg(feature = "optimise")]
pub mod optimise;
pub mod ordering;
pub mod paths;
mod product;
mod read;
mod regions;
mod report;
mod satellite;
mod serial;
mod sparse;
mod table;
pub mod technology;
pub mod uncertainty;
pub mod values;

pub use axis::{
    Axis, AxisKind, Branch, Commodity, FinalDemand, Id, Industry, Purpose, Region, Sector, Stressor,
    ValueAdded,
};
pub use concordance::Concordance;
pub use error::Error;
pub use graph::IoGraph;
pub use make_use::{Conversion, MakeUse, MakeUseParts, Model, NegativeFlow, Negatives, Requirements};
pub use names::Names;
pub use read::Source;
pub use regions::Regions;
pub use report::{Check, Finding, Validation};
pub use satellite::Satellite;
pub use sparse::SparseTechnology;
pub use table::{IoTable, Layout, Regroup};
pub use technology::{
    Allocation, Cells, Change, ForwardModel, Households, Link, Removal, Solver, Technology,
};

pub use parecon_core::{Observer, Status};

/// The linear algebra of the public signatures, in the version used here.
pub use nalgebra;
/// Sparse matrices of the public signatures, in the version used here.
pub use nalgebra_sparse;
