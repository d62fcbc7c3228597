//! Working time in whole minutes, so that hours are conserved exactly.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Error;

/// An amount of working time in whole minutes.
///
/// Integers, so that "every task done, every quota met" can be checked without a tolerance.
///
/// ```
/// use parecon_jobs::Minutes;
/// let week = Minutes::from_hours(37.5)?;
/// assert_eq!(week, Minutes::new(2250));
/// assert_eq!(week.as_hours(), 37.5);
/// assert_eq!(week.to_string(), "37 h 30 min");
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minutes(u64);

impl Minutes {
    /// No time at all.
    pub const ZERO: Minutes = Minutes(0);
    /// The largest total that a workplace may hold: 2⁴⁶ minutes, about four times the hours worked in the
    /// United States in a year. Below it a 1/65,536 of a minute still fits a 64-bit integer, which the exact
    /// repair relies on.
    pub const MAX: Minutes = Minutes(1 << 46);

    /// `minutes` minutes.
    #[must_use]
    pub const fn new(minutes: u64) -> Self {
        Minutes(minutes)
    }

    /// The number of minutes.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// `hours` hours, rounded to the nearest minute (half a minute away from zero).
    ///
    /// # Errors
    /// If `hours` is not a number, negative, or more than [`Minutes::MAX`].
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::Minutes;
    /// assert_eq!(Minutes::from_hours(7.5)?, Minutes::new(450));
    /// assert!(Minutes::from_hours(-1.0).unwrap_err().is_invalid_input());
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn from_hours(hours: f64) -> Result<Self, Error> {
        let minutes = (hours * 60.0).round();
        if minutes >= 0.0 && minutes <= Self::MAX.0 as f64 {
            Ok(Minutes(minutes as u64))
        } else {
            Err(Error::invalid(format!(
                "{hours} hours: must be a number from 0 to {}",
                Self::MAX.as_hours().floor()
            )))
        }
    }

    /// The time in hours.
    #[must_use]
    pub fn as_hours(self) -> f64 {
        self.0 as f64 / 60.0
    }

    /// The sum, or `None` if it exceeds 64 bits.
    #[must_use]
    pub fn checked_add(self, other: Minutes) -> Option<Minutes> {
        self.0.checked_add(other.0).map(Minutes)
    }

    /// `times` times as long, or `None` if that exceeds 64 bits.
    #[must_use]
    pub fn checked_mul(self, times: u64) -> Option<Minutes> {
        self.0.checked_mul(times).map(Minutes)
    }

    /// The total, or `None` if it exceeds [`Minutes::MAX`].
    pub(crate) fn total(parts: impl IntoIterator<Item = Option<Minutes>>) -> Option<Minutes> {
        let mut sum = Minutes::ZERO;
        for part in parts {
            sum = sum.checked_add(part?).filter(|s| *s <= Self::MAX)?;
        }
        Some(sum)
    }
}

impl fmt::Display for Minutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 60, self.0 % 60) {
            (0, minutes) => write!(f, "{minutes} min"),
            (hours, 0) => write!(f, "{hours} h"),
            (hours, minutes) => write!(f, "{hours} h {minutes} min"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_that_cannot_be_time_are_refused() {
        for hours in [f64::NAN, f64::INFINITY, -1.0, 1e15] {
            let error = Minutes::from_hours(hours).unwrap_err();
            assert!(error.is_invalid_input());
            assert!(error.to_string().starts_with(&format!("{hours} hours")), "{error}");
        }
        assert_eq!(Minutes::from_hours(-0.0).unwrap(), Minutes::ZERO);
    }

    #[test]
    fn total_is_capped() {
        assert_eq!(Minutes::total([Some(Minutes::MAX), Some(Minutes::new(1))]), None);
        assert_eq!(Minutes::total([Some(Minutes::MAX), Some(Minutes::ZERO)]), Some(Minutes::MAX));
        assert_eq!(Minutes::total([None]), None);
    }
}
