//! What a division into pieces answers.

use parecon_core::Status;
use serde::{Deserialize, Serialize};

use super::obstacle::Obstacle;
use super::verify::Violation;
use crate::{Bound, Complexes, Minutes, Spread, TaskId};

/// The answer of [`divide`](crate::chunks::divide()).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// A division that observes every rule.
    Divided(Box<Chunked>),
    /// There is none; why. At least one obstacle.
    Impossible(Vec<Obstacle>),
    /// The search found none and proves nothing: the nearest it came. More moves, a larger slack or a larger cap may
    /// help.
    NotFound(Box<Nearest>),
}

impl Outcome {
    /// The division, if there is one.
    #[must_use]
    pub fn chunked(&self) -> Option<&Chunked> {
        match self {
            Outcome::Divided(chunked) => Some(chunked),
            _ => None,
        }
    }

    /// How the search ended; converged, too, if it is proved that there is no division.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Outcome::Divided(chunked) => chunked.status,
            Outcome::Impossible(_) => Status::Converged,
            Outcome::NotFound(nearest) => nearest.status,
        }
    }

    /// Why there is none, if that is proved; else nothing.
    #[must_use]
    pub fn obstacles(&self) -> &[Obstacle] {
        match self {
            Outcome::Impossible(obstacles) => obstacles,
            _ => &[],
        }
    }
}

/// Complexes in pieces and how good they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Chunked {
    /// Who does how much of what; [`violations`](crate::chunks::violations()) finds none, whatever the status.
    pub complexes: Complexes,
    /// How far they are from the social average.
    pub spread: Spread,
    /// The largest deviation and what no division can go below: the bound of the balance by the minute, lowered by
    /// what the [slack](crate::chunks::Rules::quota_slack) of the quotas allows, or that of branch and bound if it is
    /// higher.
    pub largest: Bound,
    /// Converged if the largest deviation came within the [tolerance](crate::chunks::Config::tolerance) of its bound, round
    /// limit if the moves were used up before, stopped if the observer stopped.
    pub status: Status,
    /// By how much quotas are missed, and which tasks are too short for their chunk.
    pub slack: Slack,
    /// Further divisions that observe every rule, best first; see [`Config::with_alternatives`](crate::chunks::Config::with_alternatives).
    pub alternatives: Vec<Alternative>,
    /// How large the problem was and how much work it took.
    pub info: Info,
}

/// Another division that observes every rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Alternative {
    /// Who does how much of what.
    pub complexes: Complexes,
    /// How far they are from the social average.
    pub spread: Spread,
}

/// What a search came to that found no division observing every rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Nearest {
    /// Who does how much of what.
    pub complexes: Complexes,
    /// The rules that are broken; at least one.
    pub violations: Vec<Violation>,
    /// Round limit, or stopped by the observer.
    pub status: Status,
    /// How large the problem was and how much work it took.
    pub info: Info,
}

/// What pieces cost: quotas missed, chunks shortened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Slack {
    /// The largest |working time − fair quota| of any member.
    pub largest_miss: Minutes,
    /// The sum of |working time − fair quota| as a share of all work.
    pub missed: f64,
    /// How many members do not work exactly their fair quota.
    pub members_off: usize,
    /// Tasks too short for as many of their chunks as members do them together; their piece is `⌊time / team⌋`.
    pub shortened: Vec<TaskId>,
}

/// How large the problem was and how much work it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Info {
    /// Eligible pairs of members and lots; a task is one lot, or two if its last chunk is shorter.
    pub pairs: usize,
    /// Proposals examined by all restarts.
    pub proposed: u64,
    /// Proposals taken.
    pub taken: u64,
    /// Iterations of the balance by the minute.
    pub balance_iterations: u32,
    /// Restarts that found a division observing every rule.
    pub successful_restarts: u32,
}
