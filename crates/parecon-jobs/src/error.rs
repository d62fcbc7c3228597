//! The one error type of this crate.

use std::fmt;

/// What went wrong, in words that name the offender, its value and what would be valid.
///
/// That no assignment exists, or that an iterative method did not converge, is an answer
/// ([`Outcome`](crate::Outcome), [`Status`](crate::Status)), not an error.
pub struct Error(Box<Kind>);

enum Kind {
    Invalid(String),
    Cell { file: String, line: u64, column: Option<String>, message: String },
    Io { path: String, message: String },
    Violation(String),
}

impl Error {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Error(Box::new(Kind::Invalid(message.into())))
    }

    pub(crate) fn cell(file: &str, line: u64, column: Option<&str>, message: impl Into<String>) -> Self {
        Error(Box::new(Kind::Cell {
            file: file.to_owned(),
            line,
            column: column.map(str::to_owned),
            message: message.into(),
        }))
    }

    pub(crate) fn io(path: impl fmt::Display, cause: &std::io::Error) -> Self {
        Error(Box::new(Kind::Io { path: path.to_string(), message: cause.to_string() }))
    }

    pub(crate) fn violation(message: impl Into<String>) -> Self {
        Error(Box::new(Kind::Violation(message.into())))
    }

    /// Whether the input (a value, a table, an option) was not acceptable.
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        matches!(*self.0, Kind::Invalid(_) | Kind::Cell { .. })
    }

    /// Whether a file could not be read.
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(*self.0, Kind::Io { .. })
    }

    /// Whether a check found that complexes or a certificate do not hold for a workplace.
    #[must_use]
    pub fn is_violation(&self) -> bool {
        matches!(*self.0, Kind::Violation(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Invalid(message) | Kind::Violation(message) => f.write_str(message),
            Kind::Cell { file, line, column: Some(column), message } => {
                write!(f, "{file}, line {line}, column \"{column}\": {message}")
            }
            Kind::Cell { file, line, column: None, message } => write!(f, "{file}, line {line}: {message}"),
            Kind::Io { path, message } => write!(f, "cannot read {path}: {message}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

impl std::error::Error for Error {}
