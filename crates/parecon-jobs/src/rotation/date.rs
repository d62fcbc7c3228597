//! Days.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Error;

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(i32, u32, u32)", into = "(i32, u32, u32)")]
pub struct Date {
    year: i32,
    month: u32,
    day: u32,
}

impl Date {
    /// A day.
    ///
    /// # Errors
    /// If there is no such day, or the year is not from 1583 to 9998.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::rotation::Date;
    /// assert!(Date::new(2024, 2, 29).is_ok());
    /// let error = Date::new(2100, 2, 29).unwrap_err();
    /// assert_eq!(error.to_string(), "2100-02-29 is not a day from 1583 to 9998");
    /// ```
    pub fn new(year: i32, month: u32, day: u32) -> Result<Self, Error> {
        let date = Date { year, month, day };
        if date.is_valid() {
            Ok(date)
        } else {
            Err(Error::invalid(format!("{date} is not a day from 1583 to 9998")))
        }
    }

    /// Whether there is such a day, in a year that dates can have.
    pub(super) fn is_valid(self) -> bool {
        let Date { year, month, day } = self;
        let plausible = (1583..=9998).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        plausible && self.plus(0) == self
    }

    /// So many days later.
    ///
    /// # Reference
    /// H. Hinnant, `chrono`-compatible low-level date algorithms: days since 0000-03-01 and back.
    pub(super) fn plus(self, days: i64) -> Date {
        let (y, m) = (i64::from(self.year) - i64::from(self.month <= 2), i64::from(self.month));
        let in_year = (153 * ((m + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        let count = 365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + in_year + days;
        let era = count.div_euclid(146_097);
        let rest = count.rem_euclid(146_097);
        let year = (rest - rest / 1460 + rest / 36_524 - rest / 146_096) / 365;
        let in_year = rest - (365 * year + year / 4 - year / 100);
        let m = (5 * in_year + 2) / 153;
        let month = if m < 10 { m + 3 } else { m - 9 };
        Date {
            year: (year + 400 * era + i64::from(month <= 2)) as i32,
            month: month as u32,
            day: (in_year - (153 * m + 2) / 5 + 1) as u32,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl TryFrom<(i32, u32, u32)> for Date {
    type Error = Error;

    fn try_from((year, month, day): (i32, u32, u32)) -> Result<Self, Error> {
        Date::new(year, month, day)
    }
}

impl From<Date> for (i32, u32, u32) {
    fn from(date: Date) -> Self {
        (date.year, date.month, date.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_each_other_for_four_centuries() {
        let mut date = Date::new(1999, 12, 31).unwrap();
        let lengths = |year: i32| {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        };
        for _ in 0..146_097 {
            let next = date.plus(1);
            let last = lengths(date.year)[date.month as usize - 1];
            let expected = if date.day < last {
                Date { day: date.day + 1, ..date }
            } else if date.month < 12 {
                Date { month: date.month + 1, day: 1, ..date }
            } else {
                Date { year: date.year + 1, month: 1, day: 1 }
            };
            assert_eq!(next, expected);
            date = next;
        }
        assert_eq!(Date::new(2026, 11, 30).unwrap().plus(35), Date::new(2027, 1, 4).unwrap());
        assert!(
            Date::new(2026, 13, 1).is_err()
                && Date::new(2026, 4, 31).is_err()
                && Date::new(12, 1, 1).is_err()
        );
    }
}
