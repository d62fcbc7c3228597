#![doc = include_str!("../README.md")]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod aggregate;
mod balance;
mod certificate;
mod choice;
pub mod chunks;
mod complexes;
mod config;
#[cfg(feature = "datasets")]
pub mod datasets;
mod error;
mod feasible;
mod flow;
pub mod hospital;
mod leximin;
mod lp;
mod minutes;
mod model;
mod outcome;
mod proof;
mod quota;
mod read;
mod repair;
#[cfg(feature = "report")]
pub mod report;
mod stages;
mod team;
pub mod training;
mod transition;
mod workplace;

pub use balance::balance;
pub use choice::Choice;
pub use complexes::{Complexes, DimensionSpread, Share, Spread};
pub use config::{Config, Progress, Stage};
pub use error::Error;
pub use minutes::Minutes;
pub use model::{Dimension, HIGHEST_RATING, LOWEST_RATING, Member, MemberId, Task, TaskId, Training};
pub use outcome::{
    Balance, BindingMember, BindingTask, Bound, Certificate, Infeasible, Info, Level, Outcome, Shortage,
};
pub use parecon_core::{Observer, Status};
pub use proof::Proof;
pub use transition::transition;
pub use workplace::{Eligibility, EligibilityData, Workplace, WorkplaceData};
