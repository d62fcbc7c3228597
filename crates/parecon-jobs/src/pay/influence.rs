//! What each rater moved.

use serde::{Deserialize, Serialize};

use super::{Config, Council, pay};
use crate::{Error, MemberId};

/// How a rater's ratings moved the pay of the council's members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Influence {
    /// Who rates.
    pub rater: MemberId,
    /// For each member of the council: the income as it is less the income without this rater's ratings.
    pub moved: Vec<f64>,
    /// The largest of |moved|.
    pub largest: f64,
    /// What the rater's own income gained from the rater's own ratings; 0 with the
    /// [impartial](super::Division::Impartial) division.
    pub own: f64,
}

/// How much the pay of each member of a council owes to each of its raters.
///
/// Every rater is left out in turn and everything computed again. Members who rate nobody are not listed.
///
/// # Errors
/// As [`pay`], and if there is no council at position `council`.
///
/// # Complexity
/// That of [`pay`], times the raters of the council.
///
/// # Example
/// ```
/// use parecon_jobs::pay::{Council, EffortRating, Config, Worker, influence};
/// use parecon_jobs::{MemberId, Minutes};
/// let workers = ["ann", "bo", "cy"].map(|id| Worker::new(id, Minutes::new(60))).to_vec();
/// let says = |rater, rated, rating| EffortRating { rater: MemberId::new(rater), rated: MemberId::new(rated), rating };
/// // Cy rates both workmates low, and gains by it.
/// let ratings = vec![says(0, 1, 1.0), says(1, 0, 1.0), says(0, 2, 1.0), says(2, 0, 0.2), says(2, 1, 0.2)];
/// let hill = Council::new("hill", workers).with_ratings(ratings);
/// let found = influence(&[hill], &Config::new(300.0), 0)?;
/// assert!(found[2].own > 0.0);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn influence(councils: &[Council], config: &Config, council: usize) -> Result<Vec<Influence>, Error> {
    let with = pay(councils, config)?;
    let Some(all) = councils.get(council) else {
        return Err(Error::invalid(format!(
            "council {council}: there are {}, counted from 0",
            councils.len()
        )));
    };
    let mut raters: Vec<MemberId> =
        all.ratings.iter().filter(|rating| rating.rater != rating.rated).map(|rating| rating.rater).collect();
    raters.sort_unstable();
    raters.dedup();
    let mut changed = councils.to_vec();
    let mut found = Vec::with_capacity(raters.len());
    for rater in raters {
        changed[council].ratings = all.ratings.iter().filter(|r| r.rater != rater).copied().collect();
        let without = pay(&changed, config)?;
        let (now, then) = (&with.councils[council].workers, &without.councils[council].workers);
        let moved: Vec<f64> = now.iter().zip(then).map(|(now, then)| now.income - then.income).collect();
        let largest = moved.iter().fold(0.0, |most: f64, change| most.max(change.abs()));
        let own = moved.get(rater.index()).copied().unwrap_or(0.0);
        found.push(Influence { rater, moved, largest, own });
    }
    Ok(found)
}
