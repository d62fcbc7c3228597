#![doc = include_str!("../README.md")]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod aggregates;
#[cfg(feature = "io")]
pub mod calibrate;
mod certificate;
mod collective;
mod config;
mod council;
mod economy;
mod error;
pub mod experiment;
mod feasible;
mod good;
mod linear;
mod proposals;
mod round;
mod rule;
mod session;

pub use aggregates::Aggregates;
pub use certificate::Certificate;
pub use collective::Collective;
pub use config::Config;
pub use council::{CobbDouglas, ConsumerCouncil, Input, Preference, Preferences, Technology, WorkerCouncil};
pub use economy::{Economy, EconomyBuilder, EconomyData};
pub use error::Error;
pub use feasible::FeasiblePlan;
pub use good::{Category, Good, GoodId};
pub use parecon_core::{Observer, Status};
pub use proposals::{ConsumerProposal, Proposals, WorkerProposal};
pub use round::{Round, ThresholdClass};
pub use rule::{Disclosure, PriceRule, Recorded, Reports, RevealedNewton};
pub use session::{Outcome, Planning, plan};
