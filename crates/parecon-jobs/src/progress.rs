//! What iterative methods report while they run, and that each begins and ends once.

use std::ops::ControlFlow;

use parecon_core::{Observer, Status};
use serde::{Deserialize, Serialize};

use crate::Error;

/// What a method is after at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stage {
    /// The largest deviation of any member in any dimension.
    LargestDeviation,
    /// The hours-weighted mean deviation, the largest being capped.
    MeanDeviation,
    /// Whatever [decides](crate::Choice) among equally balanced complexes, the deviations being kept.
    Choice,
    /// The sum of |price| · time of the tasks that prove the largest deviation smallest.
    Certificate,
    /// The cost of a [training programme](crate::training::programme), in units of what training all of the dearest group
    /// costs; or the mean deviation that all training allows.
    Training,
    /// Rules broken by a division into [pieces](crate::chunks), in minutes of violation.
    Rules,
    /// The largest deviation of a division into pieces that observes the rules.
    LargestInPieces,
    /// The mean deviation of such a division plus what its tasks and missed quotas count, the largest deviation being kept.
    MeanInPieces,
    /// Blocks of a [rotation](crate::rotation) that are not yet in a week.
    Blocks,
    /// The cost of hours that move [between workplaces](crate::across), in units of the dearest hour for everybody.
    Exchange,
    /// The part of all work that is left undone when members [sign up](crate::credits).
    SignUp,
}

/// Reported after every iteration of an interior-point method, every round of a search, and whenever a band programme's point
/// is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Progress {
    /// What is being minimised.
    pub stage: Stage,
    /// Iterations of this stage so far; those of the first-order engine go in strides.
    pub iteration: u32,
    /// The objective, in the unit of the [stage](Stage); of a linear programme at an iterate that need not be feasible yet, of
    /// a search at the best found so far.
    pub objective: f64,
    /// `(objective − bound) / |objective|`, for linear programmes as the solver sees it. 1 where nothing is known.
    pub gap: f64,
}

/// Runs a method between the observer's `on_start` and its `on_end`, with the status of its answer. After an error there is no
/// end.
pub(crate) fn followed<P, T>(
    observer: &mut dyn Observer<P>,
    status: impl FnOnce(&T) -> Status,
    method: impl FnOnce(&mut dyn Observer<P>) -> Result<T, Error>,
) -> Result<T, Error> {
    observer.on_start();
    let answer = method(&mut Within(observer))?;
    observer.on_end(status(&answer));
    Ok(answer)
}

/// Passes on rounds, not the beginning and end of a method within another.
pub(crate) struct Within<'a, P>(pub(crate) &'a mut dyn Observer<P>);

impl<P> Observer<P> for Within<'_, P> {
    fn on_round(&mut self, progress: &P) -> ControlFlow<()> {
        self.0.on_round(progress)
    }
}
