//! The one error type of the crate.

use std::fmt;

/// Why a table, a label or a question was refused.
///
/// Opaque on purpose: the message names the offender and what would be valid; the predicates tell callers apart
/// what they may want to handle.
///
/// # Example
/// ```
/// use parecon_io::{Axis, Sector};
///
/// let sectors = Axis::<Sector>::from_codes(["farming", "mining"])?;
/// let error = sectors.id("minning").unwrap_err();
/// assert!(error.is_unknown_label());
/// assert_eq!(error.to_string(), r#"sector "minning": unknown, the closest is "mining""#);
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Kind>);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A label that is not on its axis; `closest` are codes with their names.
    Unknown { kind: &'static str, code: String, closest: Vec<(String, String)> },
    /// A value, shape or label that breaks a rule; the message is complete.
    Invalid(String),
    /// A place in a file; line and column count from 1, column by fields.
    Parse { file: String, line: u64, column: usize, message: String },
    /// The operating system refused a file.
    Unreadable { file: String, message: String },
    /// The equations have no (unique) solution.
    Singular(String),
}

impl Error {
    pub(crate) fn new(kind: Kind) -> Self {
        Self(Box::new(kind))
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid(message.into()))
    }

    pub(crate) fn singular(message: impl Into<String>) -> Self {
        Self::new(Kind::Singular(message.into()))
    }

    pub(crate) fn unreadable(file: &str, error: impl fmt::Display) -> Self {
        Self::new(Kind::Unreadable { file: file.to_owned(), message: error.to_string() })
    }

    pub(crate) fn parse(file: &str, line: u64, column: usize, message: impl Into<String>) -> Self {
        Self::new(Kind::Parse { file: file.to_owned(), line, column, message: message.into() })
    }

    pub(crate) fn shape(what: &str, found: (usize, usize), wanted: (usize, usize)) -> Self {
        Self::invalid(format!("{what}: is {} x {}, must be {} x {}", found.0, found.1, wanted.0, wanted.1))
    }

    /// Whether the caller's data were at fault: labels, shapes, values or a file's content.
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        matches!(*self.0, Kind::Unknown { .. } | Kind::Invalid(_) | Kind::Parse { .. })
    }

    /// Whether a label was looked up that its axis does not have.
    #[must_use]
    pub fn is_unknown_label(&self) -> bool {
        matches!(*self.0, Kind::Unknown { .. })
    }

    /// Whether a file's content was rejected. [`Error::location`] says where.
    #[must_use]
    pub fn is_parse(&self) -> bool {
        matches!(*self.0, Kind::Parse { .. })
    }

    /// Whether a file could not be opened or read.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(*self.0, Kind::Unreadable { .. })
    }

    /// Whether the equations have no unique solution.
    #[must_use]
    pub fn is_singular(&self) -> bool {
        matches!(*self.0, Kind::Singular(_))
    }

    /// File, line and column (by fields), both counted from 1, of rejected file content. In Parquet, lines are rows, and 0 is
    /// where the columns have their names.
    #[must_use]
    pub fn location(&self) -> Option<(&str, u64, usize)> {
        match &*self.0 {
            Kind::Parse { file, line, column, .. } => Some((file, *line, *column)),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Unknown { kind, code, closest } => {
                write!(f, "{kind} {code:?}: unknown")?;
                for (i, (code, name)) in closest.iter().enumerate() {
                    let lead = match i {
                        0 if closest.len() == 1 => ", the closest is",
                        0 => ", the closest are",
                        _ => ",",
                    };
                    write!(f, "{lead} {code:?}")?;
                    if code != name {
                        write!(f, " ({name})")?;
                    }
                }
                Ok(())
            }
            Kind::Invalid(message) | Kind::Singular(message) => f.write_str(message),
            Kind::Parse { file, line, column, message } => write!(f, "{file}:{line}:{column}: {message}"),
            Kind::Unreadable { file, message } => write!(f, "{file}: {message}"),
        }
    }
}

impl std::error::Error for Error {}
