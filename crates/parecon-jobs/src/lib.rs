#![doc = include_str!("../README.md")]
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod across;
mod aggregate;
pub mod audit;
mod balance;
pub mod band;
mod certificate;
mod choice;
pub mod chunks;
mod complexes;
mod config;
pub mod credits;
#[cfg(feature = "datasets")]
pub mod datasets;
mod error;
mod feasible;
mod flow;
pub mod hospital;
mod large;
mod leximin;
mod lp;
mod minutes;
mod mix;
mod model;
mod outcome;
pub mod pay;
mod progress;
mod proof;
mod quota;
pub mod ratings;
mod read;
mod repair;
#[cfg(feature = "report")]
pub mod report;
pub mod rotation;
pub mod say;
mod stages;
mod table;
mod team;
pub mod training;
mod transition;
mod way;
mod workplace;

pub use balance::balance;
pub use choice::Choice;
pub use complexes::{Complexes, DimensionSpread, Share, Spread};
pub use config::Config;
pub use error::Error;
pub use minutes::Minutes;
pub use model::{Dimension, HIGHEST_RATING, LOWEST_RATING, Member, MemberId, Task, TaskId, Training};
pub use outcome::{
    Balance, BindingMember, BindingTask, Bound, Certificate, Infeasible, Info, Level, Outcome, Shortage,
};
pub use parecon_core::{Observer, Status};
pub use progress::{Progress, Stage};
pub use proof::Proof;
pub use transition::transition;
pub use workplace::{Eligibility, EligibilityData, Workplace, WorkplaceData};
