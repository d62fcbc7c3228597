//! The crate's error.

use std::fmt;

/// Why a run across processes could not start or go on.
///
/// An error is known to all processes at once, so that all of them can end.
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    kind: Box<Kind>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Start(String),
    Checkpoint(String),
    Process { rank: usize, message: String },
    Planning(parecon_planning::Error),
}

impl Error {
    /// Whether MPI could not be started.
    #[must_use]
    pub fn is_start(&self) -> bool {
        matches!(*self.kind, Kind::Start(_))
    }

    /// Whether a checkpoint could not be read, does not belong to this economy, or could not be written.
    #[must_use]
    pub fn is_checkpoint(&self) -> bool {
        matches!(*self.kind, Kind::Checkpoint(_))
    }

    /// The process at fault, if it is known to be one of them.
    #[must_use]
    pub fn process(&self) -> Option<usize> {
        match *self.kind {
            Kind::Process { rank, .. } => Some(rank),
            _ => None,
        }
    }

    pub(crate) fn start(message: impl Into<String>) -> Self {
        Kind::Start(message.into()).into()
    }

    pub(crate) fn checkpoint(message: impl Into<String>) -> Self {
        Kind::Checkpoint(message.into()).into()
    }

    pub(crate) fn in_process(rank: usize, message: impl Into<String>) -> Self {
        Kind::Process { rank, message: message.into() }.into()
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Error { kind: Box::new(kind) }
    }
}

impl From<parecon_planning::Error> for Error {
    fn from(error: parecon_planning::Error) -> Self {
        Kind::Planning(error).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.kind {
            Kind::Start(message) => write!(f, "mpi: {message}"),
            Kind::Checkpoint(message) => write!(f, "checkpoint: {message}"),
            Kind::Process { rank, message } => write!(f, "process {rank}: {message}"),
            Kind::Planning(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.kind {
            Kind::Planning(error) => Some(error),
            _ => None,
        }
    }
}
