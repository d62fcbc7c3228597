#![doc = include_str!("../README.md")]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod aggregates;
mod board;
#[cfg(feature = "io")]
pub mod calibrate;
mod certificate;
mod collective;
mod config;
mod council;
mod economy;
mod error;
mod exact;
pub mod experiment;
mod exponential;
mod feasible;
mod federation;
mod flow;
mod good;
mod history;
mod income;
mod linear;
mod proposals;
mod register;
mod round;
mod rule;
mod session;
mod simulated;
mod slopes;
mod total;
mod years;

pub use aggregates::Aggregates;
pub use board::{
    Amount, Announcement, Closing, Ending, FacilitationBoard, Message, Missing, Plan, Proposal, Receipt,
    Verdict,
};
pub use certificate::Certificate;
pub use collective::Collective;
pub use config::Config;
pub use council::{
    Activity, Answer, Bounded, Branch, CobbDouglas, ConsumerCouncil, Custom, CustomCouncil, Exposed,
    Exposure, Input, Leontief, Need, Nest, NestedCes, Part, Preference, Preferences, Requirement, Technology,
    WorkerCouncil,
};
pub use economy::{Economy, EconomyBuilder, EconomyData};
pub use error::Error;
pub use feasible::FeasiblePlan;
pub use federation::{Federation, Flag, GoodTotals, GroupReport, Measure, MemberReport};
pub use good::{Category, Good, GoodId};
pub use income::{IncomeRule, Members};
pub use parecon_core::{Observer, Status};
pub use proposals::{ConsumerProposal, Proposals, WorkerProposal};
pub use register::{ConsumerSeat, CouncilId, Register, WorkerSeat};
pub use round::{Round, ThresholdClass};
pub use rule::{
    Anderson, Broyden, Disclosure, Newton, PriceRule, Recorded, Reports, RevealedNewton, Tatonnement,
    TotalsNewton,
};
pub use session::{Outcome, Planning, plan};
pub use slopes::Slopes;
pub use years::{Investment, Span, Year, Years};
