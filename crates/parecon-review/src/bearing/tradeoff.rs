//! Welfare, access and contributors' hours: which policies are not worse on all counts than another.

use serde::{Deserialize, Serialize};

use super::access::access;
use super::livelihood::PayRule;
use crate::environment::Environment;
use crate::error::{Error, check};
use crate::evaluation::evaluate;
use crate::policy::Policy;

/// Three things one may want of a policy, none traded for another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tradeoff {
    /// Net benefit per idea anybody has, those not attempted included.
    pub welfare: f64,
    /// Share of good ideas attempted.
    pub access: f64,
    /// What contributors bear per idea anybody has: less is better.
    pub contributors: f64,
}

impl Tradeoff {
    /// True if at least as good as `other` on every count, and better on one.
    #[must_use]
    pub fn dominates(&self, other: &Self) -> bool {
        let no_worse = self.welfare >= other.welfare
            && self.access >= other.access
            && self.contributors <= other.contributors;
        no_worse && self != other
    }
}

/// The three for each of `policies` under a pay rule.
///
/// Good and bad ideas are attempted alike; pay moves money between people and is no cost to all of them together.
///
/// # Errors
/// If `pay` has a number that is negative or not finite.
///
/// # Complexity
/// One evaluation per policy.
pub fn tradeoffs(
    environment: &Environment,
    policies: &[Policy],
    pay: &PayRule,
) -> Result<Vec<Tradeoff>, Error> {
    policies
        .iter()
        .map(|policy| {
            let evaluation = evaluate(environment, policy);
            let attempted = access(environment, &evaluation, pay)?.attempted;
            Ok(Tradeoff {
                welfare: attempted * evaluation.net_benefit(),
                access: attempted,
                contributors: attempted * evaluation.costs.contributors,
            })
        })
        .collect()
}

/// Indices of those that no other dominates, ascending.
///
/// # Errors
/// If a number is not a number.
///
/// # Complexity
/// O(n²).
///
/// # Example
/// ```
/// use parecon_review::bearing::{PayRule, Tradeoff, pareto_front};
///
/// let point = |welfare, access, contributors| Tradeoff { welfare, access, contributors };
/// let points = [point(3.0, 0.5, 2.0), point(2.0, 0.5, 2.0), point(1.0, 0.9, 2.0), point(0.0, 0.1, 0.0)];
/// assert_eq!(pareto_front(&points)?, [0, 2, 3]);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn pareto_front(points: &[Tradeoff]) -> Result<Vec<usize>, Error> {
    for (i, point) in points.iter().enumerate() {
        for (what, x) in
            [("welfare", point.welfare), ("access", point.access), ("contributors' cost", point.contributors)]
        {
            check(!x.is_nan(), &format!("{what} of point {i}"), x, "a number")?;
        }
    }
    Ok((0..points.len()).filter(|&i| !points.iter().any(|other| other.dominates(&points[i]))).collect())
}
