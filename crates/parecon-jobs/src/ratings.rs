//! Ratings of tasks from the members who do them: scores, orderings or comparisons, aggregated with their uncertainty.
//!
//! A [`Task`](crate::Task) has one rating per dimension, and somebody has to say which. Three ways to ask, by what members
//! find easiest:
//!
//! | asked | type | estimate | reference |
//! |---|---|---|---|
//! | a score from 1 to 20 | [`Scores`] | median (or trimmed mean, or Huber's M-estimate), with or without rater effects | Huber 1981; Tukey 1977 |
//! | an ordering of some tasks | [`Orderings`] | Plackett–Luce strengths | Plackett 1975; Hunter 2004 |
//! | which of two tasks is more … | [`Comparisons`] | Bradley–Terry or Thurstone case V strengths | Bradley & Terry 1952; Thurstone 1927 |
//!
//! Scores are ratings as they are; [`Strengths::ratings`] maps the strengths behind orderings and comparisons onto 1–20,
//! and says how ([`Scale`]). Every estimate comes with a standard error, and every way with a measure of how far members
//! agree. Averages are what the council balances by; [`Scores::own`] keeps each member's own view beside them.
//!
//! # Why the median
//! Ratings decide who must do what, so that members have reasons to exaggerate. With an odd number of scores the median is
//! strategy-proof wherever everybody wants the result as near to their own view as possible: a score beyond it does not
//! move it by being more extreme, and a score moved across it moves it away (Moulin, *Public Choice* 35, 1980). With an
//! even number one of the two middle members can move it by half the distance to the next score. It stays where it is as
//! long as fewer than half exaggerate. It costs: on normal errors its variance is π/2 times that of the mean. The mean,
//! which anybody can move, is [`Location::TrimmedMean`] with share 0.
//!
//! # Reference
//! F. Mosteller and J. W. Tukey, *Data Analysis and Regression* (1977); P. J. Huber, *Robust Statistics* (1981); D. R. Hunter,
//! MM algorithms for generalized Bradley–Terry models, *Annals of Statistics* 32 (2004); K. Krippendorff, *Content Analysis*
//! (2nd edition 2004), ch. 11.

use serde::{Deserialize, Serialize};

use crate::{Error, TaskId};

mod agreement;
mod intraclass;
mod likelihood;
mod location;
mod orderings;
mod pairs;
mod read;
mod scores;
mod strengths;

pub use agreement::{Metric, krippendorff_alpha};
pub use intraclass::{Intraclass, Reliability, intraclass};
pub use location::{Location, LocationEstimate};
pub use orderings::{Ordering, Orderings};
pub use pairs::{Comparison, Comparisons, PairModel};
pub use scores::{RaterReport, Score, Scores, ScoresSummary};
pub use strengths::{Fit, Scale, Separation, Strengths};

/// What members together say of a task in one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TaskRating {
    /// The task.
    pub task: TaskId,
    /// The rating, 1–20.
    pub value: f64,
    /// Standard error of the rating, in points; `None` if one judgement is all there is.
    pub standard_error: Option<f64>,
    /// How far members disagree. Scores: the mean difference between two members, in points. Orderings and comparisons: the
    /// share of the judgements on this task that go against the estimated order, from 0. `None` if one judgement is all
    /// there is.
    pub disagreement: Option<f64>,
    /// How many judgements involve the task.
    pub judgements: usize,
}

fn check_task(what: &str, task: TaskId, tasks: usize) -> Result<(), Error> {
    if task.index() < tasks {
        Ok(())
    } else {
        let task = task.index();
        Err(Error::invalid(format!(
            "{what} names task {task}, positions go from 0 up to, not including, {tasks}"
        )))
    }
}
