//! Simulation, where no formula reaches, and to check those that do.
//!
//! - [`simulate`]: any policy in any environment, with queues, priorities, patience, deadlines, trust and exposure.
//! - [`simulate_authors`]: the same with authors who differ in income, skill and motive, and what they live on.
//! - [`Station`]: one queue before c reviewers, any service time, patience and priorities.
//! - [`Estimate`], [`compare`]: means over replications with their standard error, control variates, and verdicts about
//!   two policies on the same chances: better, worse, negligible, or undecided.
//!
//! ```
//! use parecon_review::simulate::{Delay, Desk, Finding, Run, Timing, compare, simulate};
//! use parecon_review::{Environment, EnvironmentData, Policy, Pool, Reviewers, Threshold};
//!
//! // Four readings a day of finished work, by four reviewers; work takes ten days.
//! let work = Pool { capacity: Some(4.0), ..Pool::default() };
//! let environment = Environment::new(EnvironmentData {
//!     reviewers: Reviewers { work, ..Reviewers::default() },
//!     ..EnvironmentData::default()
//! })?;
//! let timing = Timing {
//!     arrival_rate: 3.8,
//!     production: Delay::LogNormal { mean: 10.0, cv2: 2.0 },
//!     work: Desk { reviewers: 4, ..Desk::default() },
//!     ..Timing::default()
//! };
//! let run = Run::new(1).with_quantiles([0.9]);
//! let zero = Threshold::Fixed(0.0);
//! let post = simulate(&environment, &Policy::post(zero)?, &timing, &run)?;
//! let two_gate = simulate(&environment, &Policy::two_gate(zero, zero)?, &timing, &run)?;
//!
//! // Production is free here, so that refusing proposals only loses good ideas; but half of the queue is gone.
//! let comparison = compare(&two_gate.net_by_replication, &post.net_by_replication, 0.05, 0.95)?;
//! assert_eq!(comparison.finding, Finding::Worse);
//! assert!(two_gate.waits.mean.work < 0.1 * post.waits.mean.work);
//! # Ok::<(), parecon_review::Error>(())
//! ```
//!
//! Every random number belongs to a seed, a replication, an entity and a purpose
//! ([`StreamKey`](parecon_core::random::StreamKey)). Hence two policies with the same seed meet the same ideas, and results
//! have the same bits for any number of threads.

mod authors;
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
mod timing;

pub use authors::{AuthorsReport, simulate_authors};
pub use delay::Delay;
pub use estimate::{Comparison, Estimate, Finding, compare};
pub use review::{Measured, ReviewReport, simulate};
pub use run::Run;
pub use station::{Engine, Station, StationReport, Traffic};
pub use timing::{Desk, Order, Timing};
