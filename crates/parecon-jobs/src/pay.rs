//! Remuneration: duration × intensity × onerousness of socially valued work, and allowances for need.
//!
//! ```text
//! income_i = (Pool − Σ_k a_k) · r_i h_i / Σ_k r_k h_k + a_i        r_i = c · e_i · o_i
//! ```
//! for hours `h`, allowances `a`, effort `e` as workmates rate it, onerousness `o`, and the council's factor `c`:
//!
//! - **Intensity.** `e_i` is the [location](crate::ratings::Location) of what the others in the council say of i; what i says
//!   of i does not count. Any scale will do, as long as a council keeps to one; somebody nobody rated counts as the council's average.
//! - **Onerousness.** Balanced job complexes need no extra pay for unpleasant work. What imbalance remains is a claim:
//!   `o_i = 1 + ρ (D̄ − D_i)` with the average desirability `D_i` of i's complex, the social average `D̄`, and `ρ`, which the
//!   councils set, per rating point. Weighted by hours the claims of a whole society sum to zero.
//! - **The only rule from outside.** A council's hours-weighted average of e must not exceed the ratio of the social benefits
//!   of what it makes to the social costs of what it uses, nor a cap common to all. If it does, all its ratings are
//!   scaled down by `c = cap / average`, and the answer says so.
//!
//! # Nobody sets their own pay
//! Excluding self-ratings is not enough: whoever rates workmates low gets a larger part of a pool that is divided by
//! ratings. [`Division::Impartial`] closes that too, at a price; [`Pay`] says what each rater moved ([`influence`]).
//!
//! # Reference
//! M. Albert and R. Hahnel, *The Political Economy of Participatory Economics* (1991); R. Hahnel, *Democratic Economic Planning*
//! (2021) for the cap; G. de Clippel, H. Moulin and N. Tideman, Impartial division of a dollar, *Journal of Economic
//! Theory* 139 (2008).

use serde::{Deserialize, Serialize};

use crate::{Error, HIGHEST_RATING, LOWEST_RATING, MemberId};

mod config;
mod council;
mod effort;
mod influence;
mod read;

pub use config::{Config, Division};
use council::check;
pub use council::{Council, EffortRating, Worker};
use effort::Effort;
pub use influence::{Influence, influence};

/// Who gets what, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pay {
    /// Each council, in the order given.
    pub councils: Vec<CouncilPay>,
    /// The social average of desirability that claims are measured from; `None` if no desirability is known.
    pub social_average: Option<f64>,
}

/// The pay of a council.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CouncilPay {
    /// The council.
    pub id: String,
    /// Hours-weighted average of the effort ratings, before any scaling.
    pub average_effort: f64,
    /// What the average must not exceed: the smaller of the benefit/cost ratio and the common cap.
    pub cap: Option<f64>,
    /// What all its ratings were multiplied by to obey the cap: 1, or below. With [`Division::Impartial`] what makes the
    /// average equal to the cap, so that it can exceed 1.
    pub scale: f64,
    /// How many ratings were of oneself and left out.
    pub self_ratings: usize,
    /// Members whom no workmate rated; they count as the council's average.
    pub unrated: Vec<MemberId>,
    /// Each member, in the order given.
    pub workers: Vec<WorkerPay>,
}

/// The pay of a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WorkerPay {
    /// The worker.
    pub id: String,
    /// Effort as workmates rate it, before any scaling.
    pub effort: f64,
    /// `D̄ − D_i`: how many points less desirable the complex is than the social average; 0 if that is not known.
    pub imbalance: f64,
    /// `o_i`: the factor for it.
    pub onerousness: f64,
    /// Everything: pay for work and allowance, in units of account.
    pub income: f64,
    /// The allowance for need in it.
    pub allowance: f64,
    /// What of the income compensates the imbalance, others' being compensated too: the difference from `ρ = 0`.
    pub compensation: f64,
}

impl Pay {
    /// All incomes, council by council, in the order given.
    #[must_use]
    pub fn incomes(&self) -> Vec<f64> {
        self.councils.iter().flat_map(|council| council.workers.iter().map(|worker| worker.income)).collect()
    }

    /// Incomes added up by consumers' council, as planning takes them: `group_of` says to which each worker belongs, in
    /// the order of [`incomes`](Self::incomes).
    ///
    /// # Errors
    /// If `group_of` is not one group for each worker, or a group is not below `groups`.
    ///
    /// # Complexity
    /// O(workers + groups).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::pay::{Council, Config, Worker, pay};
    /// use parecon_jobs::Minutes;
    /// let workers = ["ann", "bo", "cy"].map(|id| Worker::new(id, Minutes::new(60))).to_vec();
    /// let paid = pay(&[Council::new("hill", workers)], &Config::new(300.0))?;
    /// assert_eq!(paid.grouped(&[0, 1, 0], 2)?, [200.0, 100.0]);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn grouped(&self, group_of: &[usize], groups: usize) -> Result<Vec<f64>, Error> {
        let incomes = self.incomes();
        if group_of.len() != incomes.len() {
            return Err(Error::invalid(format!(
                "groups for {} workers, must be for {}",
                group_of.len(),
                incomes.len()
            )));
        }
        let mut sums = vec![0.0; groups];
        for (group, income) in group_of.iter().zip(incomes) {
            let Some(sum) = sums.get_mut(*group) else {
                return Err(Error::invalid(format!("group {group}: must be below {groups}")));
            };
            *sum += income;
        }
        Ok(sums)
    }
}

/// Divides a pool of income among the members of councils.
///
/// # Errors
/// If an option is [invalid](Config::validate); if there are no councils, or ids are empty or used twice; if a
/// rating, ratio, allowance or desirability is not what it must be, a rating names somebody who is not there, or two
/// members' ratings are given twice; if nobody works, or allowances leave nothing of the pool; if onerousness takes
/// somebody's factor to zero; or if with [`Division::Impartial`] ratings contradict each other so much that a share is negative.
///
/// # Complexity
/// O(ratings · log) proportional; impartial O(n³ d log(n d)) per council of n members who give and get d ratings each.
///
/// # Example
/// ```
/// use parecon_jobs::pay::{Council, EffortRating, Config, Worker, pay};
/// use parecon_jobs::{MemberId, Minutes};
/// let hours = |h| Minutes::from_hours(h);
/// let workers = vec![
///     Worker::new("ann", hours(30.0)?).with_desirability(8.0),
///     Worker::new("bo", hours(30.0)?).with_desirability(10.0),
///     Worker::new("cy", hours(15.0)?).with_desirability(12.0).with_allowance(50.0),
/// ];
/// let says = |rater, rated, rating| EffortRating { rater: MemberId::new(rater), rated: MemberId::new(rated), rating };
/// let ratings = vec![says(1, 0, 1.2), says(2, 0, 1.2), says(0, 1, 1.0), says(2, 1, 1.0), says(0, 2, 1.0), says(2, 2, 9.0)];
/// let hill = Council::new("hill", workers).with_ratings(ratings).with_benefit_cost(1.0);
/// let paid = pay(&[hill], &Config::new(1000.0).with_onerousness(0.05))?;
/// let hill = &paid.councils[0];
/// assert_eq!(hill.self_ratings, 1); // Cy's 9.0 for Cy
/// assert!((hill.average_effort - 1.08).abs() < 1e-12 && (hill.scale - 1.0 / 1.08).abs() < 1e-12);
/// assert!((paid.incomes().iter().sum::<f64>() - 1000.0).abs() < 1e-9);
/// assert!(hill.workers[0].compensation > 0.0 && hill.workers[2].compensation < 0.0);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn pay(councils: &[Council], config: &Config) -> Result<Pay, Error> {
    config.validate()?;
    check(councils)?;
    let social_average = config.social_average.or_else(|| average_desirability(councils));
    let mut paid = Vec::with_capacity(councils.len());
    // What each worker's part of the pool is in proportion to: with onerousness, and without.
    let (mut parts, mut plain) = (Vec::new(), Vec::new());
    for council in councils {
        let effort = Effort::new(council, config.location);
        let cap = match (council.benefit_cost, config.common_cap) {
            (Some(ratio), Some(common)) => Some(ratio.min(common)),
            (ratio, common) => ratio.or(common),
        };
        let mut workers = Vec::with_capacity(council.workers.len());
        for (worker, effort) in council.workers.iter().zip(&effort.ratings) {
            let imbalance = match (social_average, worker.desirability) {
                (Some(average), Some(own)) => average - own,
                _ => 0.0,
            };
            let onerousness = 1.0 + config.onerousness * imbalance;
            if onerousness <= 0.0 {
                return Err(Error::invalid(format!(
                    "council \"{}\", worker \"{}\": onerousness {onerousness}, must be positive: pay less per point",
                    council.id, worker.id
                )));
            }
            let (id, allowance) = (worker.id.clone(), worker.allowance);
            let (income, compensation) = (0.0, 0.0);
            workers.push(WorkerPay {
                id,
                effort: *effort,
                imbalance,
                onerousness,
                income,
                allowance,
                compensation,
            });
        }
        let hours: Vec<f64> = council.workers.iter().map(|worker| worker.time.as_hours()).collect();
        let total: f64 = hours.iter().sum();
        let scale = match config.division {
            Division::Proportional => cap.map_or(1.0, |cap| (cap / effort.average).min(1.0)),
            Division::Impartial => cap.unwrap_or(1.0) / effort.average,
        };
        for (parts, with) in [(&mut parts, true), (&mut plain, false)] {
            let onerous: Vec<f64> = (0..hours.len())
                .map(|i| hours[i] * if with { workers[i].onerousness } else { 1.0 })
                .collect();
            parts.extend(match config.division {
                Division::Proportional => {
                    onerous.iter().zip(&effort.ratings).map(|(o, e)| scale * e * o).collect::<Vec<_>>()
                }
                Division::Impartial if total == 0.0 => onerous,
                Division::Impartial => {
                    let weight = cap.unwrap_or(1.0) * onerous.iter().sum::<f64>();
                    effort.impartial(council, &onerous)?.into_iter().map(|share| weight * share).collect()
                }
            });
        }
        paid.push(CouncilPay {
            id: council.id.clone(),
            average_effort: effort.average,
            cap,
            scale,
            self_ratings: effort.self_ratings,
            unrated: effort.unrated,
            workers,
        });
    }
    let allowances: f64 = councils.iter().flat_map(|c| &c.workers).map(|worker| worker.allowance).sum();
    let rest = config.pool - allowances;
    let (sum, plain_sum) = (parts.iter().sum::<f64>(), plain.iter().sum::<f64>());
    if rest.is_nan() || rest <= 0.0 {
        return Err(Error::invalid(format!(
            "allowances of {allowances} leave {rest} of a pool of {}, must leave something",
            config.pool
        )));
    }
    if !(sum > 0.0 && sum.is_finite()) {
        return Err(Error::invalid("nobody works: the pool cannot be divided by work"));
    }
    let mut at = parts.iter().zip(&plain);
    for worker in paid.iter_mut().flat_map(|council| &mut council.workers) {
        if let Some((part, plain)) = at.next() {
            worker.income = rest * (part / sum) + worker.allowance;
            worker.compensation = rest * (part / sum - plain / plain_sum);
        }
    }
    Ok(Pay { councils: paid, social_average })
}

fn average_desirability(councils: &[Council]) -> Option<f64> {
    let (mut sum, mut hours) = (0.0, 0.0);
    for worker in councils.iter().flat_map(|council| &council.workers) {
        if let Some(own) = worker.desirability {
            sum += own * worker.time.as_hours();
            hours += worker.time.as_hours();
        }
    }
    (hours > 0.0).then(|| sum / hours)
}

fn check_positive(what: &str, value: f64) -> Result<(), Error> {
    if value.is_finite() && value > 0.0 {
        Ok(())
    } else {
        Err(Error::invalid(format!("{what} is {value}, must be positive and finite")))
    }
}

fn check_scale(what: &str, value: f64) -> Result<(), Error> {
    if (LOWEST_RATING..=HIGHEST_RATING).contains(&value) {
        Ok(())
    } else {
        Err(Error::invalid(format!("{what} is {value}, must be from {LOWEST_RATING} to {HIGHEST_RATING}")))
    }
}
