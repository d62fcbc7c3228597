//! How iterative methods report, and how they end.

use std::fmt;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

/// How an iterative method ended.
///
/// Whatever the status, the method hands over its best point and that point's residual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Status {
    /// The stopping criterion was met.
    Converged,
    /// The permitted number of rounds or iterations was used up.
    RoundLimit,
    /// No further progress was possible.
    Stalled,
    /// The iterates left every reasonable range.
    Diverged,
    /// The observer asked to stop.
    Stopped,
}

impl Status {
    /// Whether the stopping criterion was met.
    ///
    /// ```
    /// use parecon_core::Status;
    /// assert!(Status::Converged.is_converged());
    /// assert!(!Status::RoundLimit.is_converged());
    /// ```
    #[must_use]
    pub fn is_converged(self) -> bool {
        self == Status::Converged
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Converged => "converged",
            Status::RoundLimit => "round limit reached",
            Status::Stalled => "stalled",
            Status::Diverged => "diverged",
            Status::Stopped => "stopped by the observer",
        })
    }
}

/// Follows an iterative method that reports a `P` per round.
///
/// Every method has a default that does nothing, so that an observer implements only what it wants.
/// A closure `FnMut(&P) -> ControlFlow<()>` is an observer, and `()` is the one that watches nothing.
///
/// ```
/// use parecon_core::Observer;
/// use std::ops::ControlFlow;
///
/// // Stop as soon as the reported residual is small enough for us.
/// let mut seen = 0;
/// let mut observer = |residual: &f64| {
///     seen += 1;
///     if *residual < 0.1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
/// };
/// let observer: &mut dyn Observer<f64> = &mut observer;
/// assert!(observer.on_round(&0.5).is_continue());
/// assert!(observer.on_round(&0.05).is_break());
/// assert_eq!(seen, 2);
/// ```
pub trait Observer<P: ?Sized> {
    /// Called once before the first round.
    fn on_start(&mut self) {}

    /// Called after every round. `Break` ends the method with [`Status::Stopped`].
    fn on_round(&mut self, progress: &P) -> ControlFlow<()> {
        let _ = progress;
        ControlFlow::Continue(())
    }

    /// Called once when the method has ended.
    fn on_end(&mut self, status: Status) {
        let _ = status;
    }
}

impl<P: ?Sized> Observer<P> for () {}

impl<P: ?Sized, F: FnMut(&P) -> ControlFlow<()>> Observer<P> for F {
    fn on_round(&mut self, progress: &P) -> ControlFlow<()> {
        self(progress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_survives_serialisation() {
        for status in
            [Status::Converged, Status::RoundLimit, Status::Stalled, Status::Diverged, Status::Stopped]
        {
            let text = serde_json::to_string(&status).unwrap();
            assert_eq!(serde_json::from_str::<Status>(&text).unwrap(), status);
        }
        assert_eq!(serde_json::to_string(&Status::RoundLimit).unwrap(), "\"RoundLimit\"");
    }

    #[test]
    fn the_unit_observer_lets_everything_pass() {
        let observer: &mut dyn Observer<u32> = &mut ();
        observer.on_start();
        assert!(observer.on_round(&1).is_continue());
        observer.on_end(Status::Converged);
    }
}
