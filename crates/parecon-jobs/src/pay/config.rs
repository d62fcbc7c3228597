//! What is divided, and how.

use serde::{Deserialize, Serialize};

use super::{check_positive, check_scale};
use crate::Error;
use crate::ratings::Location;

/// How ratings divide the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Division {
    /// In proportion to `r_i h_i`, as in [the formula](crate::pay).
    #[default]
    Proportional,
    /// Such that no rating moves the pay of the one who gives it.
    ///
    /// Each council gets its part of the pool by `cap · Σ o_i h_i` (cap 1 where there is none), whatever its members say: a total
    /// that ratings move would move the rater's pay. Within it, for each member k in turn everybody else i gets
    /// `e_i o_i h_i / Σ_j e_j o_j h_j`, e being what all but i and k say, and k what is left; shares are the average over
    /// k, weighted by `o_k h_k`. They sum to one, depend on nobody's own ratings, and where four or more raters agree they
    /// are the proportional ones (after de Clippel, Moulin & Tideman 2008; the weights are this crate's, so that what is
    /// left is small where a share is small). Should ratings contradict each other so wildly that a share is negative, that
    /// is an error.
    Impartial,
}

/// What is divided, and how.
///
/// ```
/// use parecon_jobs::pay::Config;
/// assert!(Config::new(1e6).with_onerousness(0.02).with_common_cap(1.1).validate().is_ok());
/// assert!(Config::new(-1.0).validate().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    pub(super) pool: f64,
    pub(super) location: Location,
    pub(super) onerousness: f64,
    pub(super) social_average: Option<f64>,
    pub(super) common_cap: Option<f64>,
    pub(super) division: Division,
}

impl Config {
    /// Divides `pool` units of account by the median of effort ratings, onerousness not being paid for.
    #[must_use]
    pub fn new(pool: f64) -> Self {
        Config {
            pool,
            location: Location::Median,
            onerousness: 0.0,
            social_average: None,
            common_cap: None,
            division: Division::Proportional,
        }
    }

    /// How the ratings of a worker become one.
    #[must_use]
    pub fn with_location(mut self, location: Location) -> Self {
        self.location = location;
        self
    }

    /// `ρ`: by what part of pay a point of desirability below the social average is compensated (0).
    #[must_use]
    pub fn with_onerousness(mut self, per_point: f64) -> Self {
        self.onerousness = per_point;
        self
    }

    /// `D̄`; without it the hours-weighted average of all workers whose desirability is given.
    #[must_use]
    pub fn with_social_average(mut self, desirability: f64) -> Self {
        self.social_average = Some(desirability);
        self
    }

    /// A cap on every council's average effort rating.
    #[must_use]
    pub fn with_common_cap(mut self, cap: f64) -> Self {
        self.common_cap = Some(cap);
        self
    }

    /// How ratings divide the pool.
    #[must_use]
    pub fn with_division(mut self, division: Division) -> Self {
        self.division = division;
        self
    }

    /// Checks the options; [`pay`](super::pay()) does so too.
    ///
    /// # Errors
    /// If the pool or a cap is not positive and finite, onerousness is negative or not finite, or the social average not
    /// from 1 to 20.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::pay::Config;
    /// let error = Config::new(1e6).with_common_cap(0.0).validate().unwrap_err();
    /// assert_eq!(error.to_string(), "the common cap is 0, must be positive and finite");
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        self.location.validate()?;
        check_positive("the pool", self.pool)?;
        if let Some(cap) = self.common_cap {
            check_positive("the common cap", cap)?;
        }
        if !(self.onerousness.is_finite() && self.onerousness >= 0.0) {
            return Err(Error::invalid(format!(
                "the pay per point of onerousness is {}, must be finite and not negative",
                self.onerousness
            )));
        }
        self.social_average.map_or(Ok(()), |average| check_scale("the social average", average))
    }
}
