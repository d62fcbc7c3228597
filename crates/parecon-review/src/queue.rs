//! Waiting for a review: what queueing theory says without simulation.
//!
//! Submissions arrive at random (a Poisson process), wait in order of arrival unless stated otherwise, and are judged
//! by one of c reviewers. Rates are per unit of time of your choice, times in the same unit. A queue that grows without
//! bound is an answer, `None`, not an error.
//!
//! | queue | item | exact? |
//! |---|---|---|
//! | nobody waits, who finds all busy is turned away | [`erlang_b`] | yes, for any service time |
//! | everybody waits | [`ErlangC`] | yes, exponential service |
//! | people give up waiting | [`ErlangA`] | yes, exponential service and patience |
//! | one reviewer, any service time | [`Mg1`] | yes |
//! | c reviewers, any service time | [`Mgc`] | no: approximation with a measured error |
//! | some come first | [`Priorities`] | yes |
//!
//! # Example
//! ```
//! use parecon_review::queue::ErlangC;
//!
//! // 9 submissions a day, 10 reviewers of one a day each: two in three must wait, two thirds of a day on average.
//! let steady = ErlangC::new(9.0, 1.0, 10)?.steady().expect("9 < 10");
//! assert!((steady.wait_probability - 0.6687315).abs() < 1e-7);
//! assert!((steady.mean_wait - 0.6687315).abs() < 1e-7);
//! # Ok::<(), parecon_review::Error>(())
//! ```

mod erlang;
mod erlang_a;
mod general;
mod priorities;

pub use erlang::{ErlangC, Steady, erlang_b};
pub use erlang_a::{Abandonment, ErlangA};
pub use general::{Mg1, Mgc};
pub use priorities::{Class, Priorities};

use crate::error::{Error, check};

/// A rate or a mean time.
fn check_positive(what: &str, value: f64) -> Result<f64, Error> {
    check(value.is_finite() && value > 0.0, what, value, "finite and positive")
}

fn check_servers(servers: u32) -> Result<u32, Error> {
    check(servers > 0, "number of reviewers", f64::from(servers), "at least 1").map(|_| servers)
}
