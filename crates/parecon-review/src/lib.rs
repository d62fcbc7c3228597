#![doc = include_str!("../README.md")]
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod bearing;
mod boundary;
mod break_even;
pub mod calibrate;
mod convex;
mod costs;
mod environment;
mod error;
mod evaluation;
mod flow;
mod frontier;
mod gaussian;
mod map;
mod normal;
mod policy;
mod quadrature;
pub mod queue;
pub mod reliability;
pub mod reservation;
mod root;
pub mod screening;
mod search;
pub mod sequential;
pub mod signal_detection;
pub mod simulate;
mod svg;
mod thresholds;
mod volunteers;
pub mod voting;

pub use boundary::{Boundaries, Boundary, boundaries};
pub use break_even::{BreakEven, break_even_production_cost};
pub use costs::{Costs, StepCosts, Weights};
pub use environment::{
    Authors, Environment, EnvironmentData, Lognormal, Motive, Pool, Quality, Reviewers, Unit,
};
pub use error::Error;
pub use evaluation::{Cutoffs, Evaluation, Method, Readings, Shares, evaluate, evaluate_over};
pub use frontier::{Frontier, Interval, Path, frontier};
pub use map::{Axis, PhaseMap, Steps, phase_map, sensitivity};
pub use policy::{Action, At, Cutoff, Policy, Rule, Stage, Threshold, Timeout, Verdict};
pub use volunteers::{Volunteering, VolunteersDilemma};
