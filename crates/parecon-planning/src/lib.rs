#![doc = include_str!("../README.md")]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod aggregates;
mod board;
#[cfg(feature = "io")]
pub mod calibrate;
mod certificate;
mod config;
mod council;
mod economy;
mod error;
mod exact;
pub mod experiment;
mod feasible;
mod federation;
mod flow;
mod good;
mod history;
mod linear;
mod proposals;
mod register;
mod round;
mod rule;
mod session;
mod simulated;

pub use aggregates::Aggregates;
pub use board::{
    Amount, Announcement, Answer, Closing, Ending, FacilitationBoard, Message, Missing, Plan, Proposal,
    Verdict,
};
pub use certificate::Certificate;
pub use config::Config;
pub use council::{CobbDouglas, ConsumerCouncil, Input, Preference, Preferences, Technology, WorkerCouncil};
pub use economy::{Economy, EconomyData};
pub use error::Error;
pub use feasible::FeasiblePlan;
pub use federation::{Federation, Flag, GoodTotals, GroupReport, Measure, MemberReport};
pub use good::{Category, Good, GoodId};
pub use parecon_core::{Observer, Status};
pub use proposals::{ConsumerProposal, Proposals, WorkerProposal};
pub use register::{ConsumerSeat, CouncilId, Register, WorkerSeat};
pub use round::{Round, ThresholdClass};
pub use rule::{Disclosure, PriceRule, Recorded, Reports, RevealedNewton};
pub use session::{Outcome, Planning, plan};
