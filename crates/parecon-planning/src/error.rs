//! The crate's error.

use std::fmt;

/// Why an economy, a configuration or a set of prices was rejected.
///
/// Not finding agreement is no error but a [`Status`](crate::Status).
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    kind: Box<Kind>,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// Text that is not the expected JSON; the message carries line and column.
    Malformed(String),
    /// Well-formed, but not acceptable.
    Invalid(String),
    /// Returns to scale do not decrease, so no profit-maximising plan exists.
    IncreasingReturns(String),
    /// A good whose price would rise or fall without end.
    Unbalanced(String),
    /// A price rule answered with something that is not a price vector.
    Rule(String),
}

impl Error {
    /// Whether the caller's input was at fault (everything but a faulty [`PriceRule`](crate::PriceRule)).
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        !matches!(*self.kind, Kind::Rule(_))
    }

    /// Whether text could not be read as JSON of the expected form. The message names line and column.
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        matches!(*self.kind, Kind::Malformed(_))
    }

    /// Whether a worker council's returns to scale, counted with effort, do not decrease.
    #[must_use]
    pub fn is_increasing_returns(&self) -> bool {
        matches!(*self.kind, Kind::IncreasingReturns(_))
    }

    /// Whether some good can have no clearing price, because nobody can supply it or nobody wants it.
    #[must_use]
    pub fn is_unbalanced(&self) -> bool {
        matches!(*self.kind, Kind::Unbalanced(_))
    }

    pub(crate) fn malformed(error: &serde_json::Error) -> Self {
        Self::from(Kind::Malformed(error.to_string()))
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::from(Kind::Invalid(message.into()))
    }

    pub(crate) fn increasing_returns(message: impl Into<String>) -> Self {
        Self::from(Kind::IncreasingReturns(message.into()))
    }

    pub(crate) fn unbalanced(message: impl Into<String>) -> Self {
        Self::from(Kind::Unbalanced(message.into()))
    }

    pub(crate) fn rule(message: impl Into<String>) -> Self {
        Self::from(Kind::Rule(message.into()))
    }
}

impl Error {
    /// The same error, with where it happened in front.
    pub(crate) fn within(self, place: &str) -> Self {
        let place = |message| format!("{place}: {message}");
        Self::from(match *self.kind {
            Kind::Malformed(message) => Kind::Malformed(place(message)),
            Kind::Invalid(message) => Kind::Invalid(place(message)),
            Kind::IncreasingReturns(message) => Kind::IncreasingReturns(place(message)),
            Kind::Unbalanced(message) => Kind::Unbalanced(place(message)),
            Kind::Rule(message) => Kind::Rule(place(message)),
        })
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Error { kind: Box::new(kind) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.kind {
            Kind::Malformed(message) => write!(f, "malformed json: {message}"),
            Kind::Rule(message) => write!(f, "price rule: {message}"),
            Kind::Invalid(message) | Kind::IncreasingReturns(message) | Kind::Unbalanced(message) => {
                f.write_str(message)
            }
        }
    }
}

impl std::error::Error for Error {}
