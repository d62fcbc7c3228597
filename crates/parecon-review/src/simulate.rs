//! Simulation, where no formula reaches, and to check those that do.
//!
//! - [`simulate`]: any policy in any environment, with queues, patience, deadlines, trust and exposure.
//! - [`Station`]: one queue before c reviewers, any service time, patience and priorities.
//! - [`Estimate`], [`compare`]: means over replications with their standard error, control variates, and verdicts about
//!   two policies on the same chances: better, worse, negligible, or undecided.
//!
//! Every random number belongs to a seed, a replication, an entity and a purpose
//! ([`StreamKey`](parecon_core::random::StreamKey)). Hence two policies with the same seed meet the same ideas, and results
//! have the same bits for any number of threads.

mod course;
mod delay;
mod estimate;
mod events;
mod fifo;
mod ideas;
mod reading;
mod review;
mod run;
mod station;

pub use delay::Delay;
pub use estimate::{Comparison, Estimate, Finding, compare};
pub use review::{Desk, Measured, ReviewReport, Timing, simulate};
pub use run::Run;
pub use station::{Engine, Station, StationReport, Traffic};
