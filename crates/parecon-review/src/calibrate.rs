//! From records of real reviews to the numbers of an [`Environment`](crate::Environment).
//!
//! | you have | you get | item |
//! |---|---|---|
//! | scores of several reviewers on each of many pieces | how well one reading tells quality | [`agreement`] |
//! | a 2×2 table of verdict against truth | accuracy of the judge, base rate | [`VerdictTable`] |
//! | acceptance with the author's earlier success | what a record is worth | [`trust_curve`] |
//! | times from submission to decision | a lognormal delay | [`fit_log_normal`] |
//!
//! What no data tell is said with each: agreement among reviewers is not truth, and acceptance is not quality.

mod agreement;
mod latency;
mod trust;
mod verdicts;

pub use agreement::{Agreement, agreement};
pub use latency::{LogNormalFit, fit_log_normal};
pub use trust::{TrustBin, trust_curve};
pub use verdicts::{Rate, Tetrachoric, VerdictTable};
