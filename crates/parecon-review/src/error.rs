use std::fmt;

/// Why an input was refused.
///
/// The message names the offender, its value and what would be valid. All errors of this crate are about
/// input; that no policy wins, or that two never tie, is an answer and has its own type.
#[derive(Debug, Clone, PartialEq)]
pub struct Error(Box<Kind>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// A number outside its range; `valid` completes "must be …".
    Number { what: String, value: f64, valid: String },
    /// Two stages that cannot follow one another.
    StageOrder { first: &'static str, second: &'static str },
    /// The same policy twice in one comparison.
    DuplicatePolicy { policy: String, first: usize, second: usize },
    /// A panel that nobody sits on, or that can never reach its quorum.
    Quorum { k: u32, n: u32 },
    /// Trust as the alternative to trust.
    NestedTrust,
    /// A serialised form of another version.
    Version { found: u32, known: u32 },
    /// A map over one quantity twice.
    SameAxis { axis: &'static str },
    /// A list that has to have members.
    Empty { what: &'static str },
    /// A majority of an even number.
    EvenJury { n: u32 },
}

impl Error {
    pub(crate) fn new(kind: Kind) -> Self {
        Self(Box::new(kind))
    }

    /// True if a caller's value was at fault, which is so for every error of this version.
    #[must_use]
    pub fn is_invalid_input(&self) -> bool {
        true
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Number { what, value, valid } => write!(f, "{what} is {value}, must be {valid}"),
            Kind::StageOrder { first, second } if first == second => {
                write!(f, "two stages at the {first}, at most one is possible at each point")
            }
            Kind::StageOrder { first, second } => {
                write!(
                    f,
                    "a stage at the {first} stands before one at the {second}, must be the other way round"
                )
            }
            Kind::DuplicatePolicy { policy, first, second } => {
                write!(f, "policies {first} and {second} are both \"{policy}\", must differ")
            }
            Kind::Quorum { k, n } => {
                write!(f, "{k} of {n} acceptances asked for, must be 1 to n with n at least 1")
            }
            Kind::NestedTrust => write!(f, "a rule of trust inside a rule of trust, must be another rule"),
            Kind::Version { found, known } => write!(f, "version of the policy is {found}, must be {known}"),
            Kind::SameAxis { axis } => write!(f, "both axes are the {axis}, must differ"),
            Kind::Empty { what } => write!(f, "no {what} given, must be at least one"),
            Kind::EvenJury { n } => write!(f, "a jury of {n}, must be odd so that there is a majority"),
        }
    }
}

impl std::error::Error for Error {}

/// `value` if `ok`, else the error that it "must be `valid`".
pub(crate) fn check(ok: bool, what: &str, value: f64, valid: &str) -> Result<f64, Error> {
    if ok {
        Ok(value)
    } else {
        Err(Error::new(Kind::Number { what: what.to_owned(), value, valid: valid.to_owned() }))
    }
}

/// A finite number that is not negative.
pub(crate) fn check_amount(what: &str, value: f64) -> Result<f64, Error> {
    check(value.is_finite() && value >= 0.0, what, value, "finite and not negative")
}

/// A probability, ends included.
pub(crate) fn check_probability(what: &str, value: f64) -> Result<f64, Error> {
    check((0.0..=1.0).contains(&value), what, value, "between 0 and 1")
}

/// A probability, ends excluded.
pub(crate) fn check_open_probability(what: &str, value: f64) -> Result<f64, Error> {
    check(value > 0.0 && value < 1.0, what, value, "strictly between 0 and 1")
}
