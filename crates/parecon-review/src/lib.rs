#![doc = include_str!("../README.md")]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod break_even;
mod costs;
mod environment;
mod error;
mod evaluation;
mod frontier;
mod gaussian;
mod normal;
mod policy;
mod quadrature;
pub mod queue;
mod root;
pub mod screening;
pub mod signal_detection;
pub mod simulate;
mod thresholds;

pub use break_even::{BreakEven, break_even_production_cost};
pub use costs::{Costs, StepCosts};
pub use environment::{Environment, EnvironmentData};
pub use error::Error;
pub use evaluation::{Cutoffs, Evaluation, Shares, evaluate, evaluate_over};
pub use frontier::{Frontier, Interval, Path, frontier};
pub use policy::{At, Cutoff, Policy, Rule, Stage, Threshold};
