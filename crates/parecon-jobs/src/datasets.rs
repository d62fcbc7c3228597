//! Data that comes with the crate (feature `datasets`).

use crate::Error;
use crate::hospital::Hospital;

/// The 118 occupational profiles found in hospitals and their 638 main duties.
///
/// Derived from OaSIS 2023 v1.0, Employment and Social Development Canada, Open Government Licence – Canada. Ratings are
/// weighted percentile averages of the published work-context and work-activity ratings: a proposal that each council
/// can override. Profiles of unit groups without published employment (one, physicists with 3 duties) drop out of a
/// staffed hospital.
///
/// # Errors
/// Never in a released version: the data is embedded and tested.
///
/// # Complexity
/// O(profiles + duties): the data is read anew at every call.
///
/// # Example
/// ```
/// let hospital = parecon_jobs::datasets::hospital()?;
/// assert_eq!((hospital.profiles().len(), hospital.duties().len()), (118, 638));
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn hospital() -> Result<Hospital, Error> {
    Hospital::from_csv(
        include_bytes!("../data/profiles.csv").as_slice(),
        include_bytes!("../data/duties.csv").as_slice(),
    )
}
