//! Tasks in order.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::likelihood::Choice;
use super::pairs::{check_number, check_prior};
use super::strengths::{Judgement, fit};
use super::{Fit, PairModel, check_task};
use crate::{Error, MemberId, TaskId};

/// A member's ordering of some tasks, without ties.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ordering {
    /// Who orders.
    pub rater: MemberId,
    /// The tasks, the most empowering or most desirable first.
    pub ranked: Vec<TaskId>,
    /// Tasks that come after all of these, in no particular order ("my first three of ten").
    #[serde(default)]
    pub rest: Vec<TaskId>,
}

/// Orderings of the tasks of a workplace in one dimension, at most one per member.
///
/// Members may order different tasks.
///
/// # Example
/// ```
/// use parecon_jobs::ratings::{Ordering, Orderings, Scale};
/// use parecon_jobs::{MemberId, TaskId};
/// let of = |rater, tasks: &[usize]| Ordering {
///     rater: MemberId::new(rater),
///     ranked: tasks.iter().copied().map(TaskId::new).collect(),
///     rest: Vec::new(),
/// };
/// let orderings = Orderings::new(3, vec![of(0, &[0, 1, 2]), of(1, &[1, 0, 2]), of(2, &[2, 0])])?;
/// let fit = orderings.fit()?;
/// let ratings = fit.strengths().unwrap().ratings(Scale::Preferred)?;
/// assert!(ratings[1].value > ratings[0].value && ratings[0].value > ratings[2].value);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "OrderingsData", into = "OrderingsData")]
pub struct Orderings {
    tasks: usize,
    orderings: Vec<Ordering>,
    prior: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderingsData {
    tasks: usize,
    orderings: Vec<Ordering>,
    #[serde(default)]
    prior: f64,
}

impl TryFrom<OrderingsData> for Orderings {
    type Error = Error;

    fn try_from(data: OrderingsData) -> Result<Self, Error> {
        Orderings::new(data.tasks, data.orderings)?.with_prior(data.prior)
    }
}

impl From<Orderings> for OrderingsData {
    fn from(o: Orderings) -> Self {
        OrderingsData { tasks: o.tasks, orderings: o.orderings, prior: o.prior }
    }
}

impl Orderings {
    /// Orderings of `tasks` tasks.
    ///
    /// # Errors
    /// If there are fewer than two tasks, an ordering names a task beyond them, names one twice or fewer than two, ranks
    /// none, or a member has two orderings.
    ///
    /// # Complexity
    /// O(n log n) for n named tasks.
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::{Ordering, Orderings};
    /// use parecon_jobs::{MemberId, TaskId};
    /// let twice = Ordering { rater: MemberId::new(0), ranked: vec![TaskId::new(1); 2], rest: Vec::new() };
    /// let error = Orderings::new(2, vec![twice]).unwrap_err();
    /// assert_eq!(error.to_string(), "the ordering of member 0 names task 1 twice");
    /// ```
    pub fn new(tasks: usize, orderings: Vec<Ordering>) -> Result<Self, Error> {
        check_number(tasks)?;
        let mut raters = BTreeSet::new();
        for Ordering { rater, ranked, rest } in &orderings {
            let rater = rater.index();
            if !raters.insert(rater) {
                return Err(Error::invalid(format!("member {rater} has two orderings, must be one")));
            }
            let mut named = BTreeSet::new();
            for task in ranked.iter().chain(rest) {
                check_task("an ordering", *task, tasks)?;
                if !named.insert(*task) {
                    let task = task.index();
                    return Err(Error::invalid(format!(
                        "the ordering of member {rater} names task {task} twice"
                    )));
                }
            }
            if ranked.is_empty() || named.len() < 2 {
                return Err(Error::invalid(format!(
                    "the ordering of member {rater} ranks {} and names {} tasks: must rank at least 1 of at least 2",
                    ranked.len(),
                    named.len()
                )));
            }
        }
        Ok(Orderings { tasks, orderings, prior: 0.0 })
    }

    /// Adds pseudo-judgements, as [`Comparisons::with_prior`](super::Comparisons::with_prior).
    ///
    /// # Errors
    /// If it is not a finite number of at least 0.
    pub fn with_prior(mut self, judgements: f64) -> Result<Self, Error> {
        self.prior = check_prior(judgements)?;
        Ok(self)
    }

    /// Plackett–Luce strengths, or which tasks are not comparable: an ordering is made by choosing the first of all, then
    /// the first of those left, each time with probability `e^θ_i / Σ_left e^θ_j`.
    ///
    /// # Errors
    /// If the curvature of the likelihood is lost to rounding.
    ///
    /// # Complexity
    /// O(s) per MM step and O(s · tasks + tasks³) per Newton step, s being the sum over orderings of the square of the
    /// tasks they name; memory O(s + tasks²).
    ///
    /// # Reference
    /// R. L. Plackett, *Applied Statistics* 24 (1975); D. R. Hunter, *Annals of Statistics* 32 (2004), section 5.
    pub fn fit(&self) -> Result<Fit, Error> {
        let (mut choices, mut judgements) = (Vec::new(), Vec::new());
        for Ordering { rater, ranked, rest } in &self.orderings {
            let all: Vec<usize> = ranked.iter().chain(rest).map(|task| task.index()).collect();
            for at in 0..ranked.len().min(all.len() - 1) {
                choices.push(Choice { chosen: all[at], set: all[at..].to_vec(), weight: 1.0 });
                let rater = rater.index();
                judgements.extend(all[at + 1..].iter().map(|under| Judgement {
                    rater,
                    over: all[at],
                    under: *under,
                }));
            }
        }
        fit(self.tasks, choices, &judgements, self.prior, PairModel::BradleyTerry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RACES: &str = include_str!("../../tests/data/nascar2002.csv");

    fn nascar() -> Orderings {
        let orderings = RACES.lines().enumerate().map(|(race, line)| Ordering {
            rater: MemberId::new(race),
            // Drivers count from 1; 0 stands for one who took part in this race only and came last.
            ranked: line
                .split(',')
                .map(|driver| driver.parse::<usize>().unwrap())
                .filter(|driver| *driver > 0)
                .map(|driver| TaskId::new(driver - 1))
                .collect(),
            rest: Vec::new(),
        });
        Orderings::new(83, orderings.collect()).unwrap()
    }

    #[test]
    fn hunters_nascar_drivers() {
        let fit = nascar().fit().unwrap();
        let strengths = fit.strengths().unwrap();
        let sum: f64 = strengths.theta().iter().map(|t| t.exp()).sum();
        let share = |driver: usize| strengths.theta()[driver - 1].exp() / sum;
        // Published (Hunter 2004, table 4): P. J. Jones .1864, Scott Pruett .1096, Mark Martin .0235. More digits recorded
        // from choix 0.4.
        for (driver, published, recorded) in
            [(58, 0.1864, 0.186_405), (68, 0.1096, 0.109_556), (51, 0.0235, 0.023_489)]
        {
            assert!((share(driver) - published).abs() < 5e-5 + 1e-9, "{driver}: {}", share(driver));
            assert!((share(driver) - recorded).abs() < 5e-7 + 1e-9, "{driver}: {}", share(driver));
        }
        assert!((strengths.log_likelihood + 4_191.097_284_597_257).abs() < 1e-6);
        // The observed information, inverted by numpy.
        let error = strengths.covariance()[50 * 83 + 50].sqrt();
        assert!((error - 0.186_484).abs() < 1e-6, "{error}");
    }

    #[test]
    fn favourites_in_closed_form() {
        // Everybody names the best of the same four: strengths are the shares.
        let counts = [7usize, 4, 3, 1];
        let mut orderings = Vec::new();
        for (best, times) in counts.into_iter().enumerate() {
            for _ in 0..times {
                orderings.push(Ordering {
                    rater: MemberId::new(orderings.len()),
                    ranked: vec![TaskId::new(best)],
                    rest: (0..4).filter(|t| *t != best).map(TaskId::new).collect(),
                });
            }
        }
        let fit = Orderings::new(4, orderings).unwrap().fit().unwrap();
        let theta = fit.strengths().unwrap().theta();
        for (a, count) in counts.iter().enumerate() {
            let odds = (theta[a] - theta[0]).exp();
            assert!((odds - *count as f64 / 7.0).abs() < 1e-9);
        }
    }

    #[test]
    fn the_last_of_all_is_not_comparable() {
        let of = |rater, tasks: [usize; 3]| Ordering {
            rater: MemberId::new(rater),
            ranked: tasks.map(TaskId::new).to_vec(),
            rest: Vec::new(),
        };
        let orderings = Orderings::new(3, vec![of(0, [0, 1, 2]), of(1, [1, 0, 2])]).unwrap();
        let fit = orderings.fit().unwrap();
        assert_eq!(
            fit.separation().unwrap().groups,
            [[0, 1].map(TaskId::new).to_vec(), vec![TaskId::new(2)]]
        );
        let text = serde_json::to_string(&orderings).unwrap();
        assert_eq!(serde_json::from_str::<Orderings>(&text).unwrap(), orderings);
        assert!(Orderings::new(3, vec![of(0, [0, 1, 2]), of(0, [1, 0, 2])]).is_err());
        assert!(Orderings::new(1, Vec::new()).is_err());
    }

    proptest! {
        #[test]
        fn orderings_of_two_are_comparisons(wins in prop::collection::vec((0usize..4, 0usize..4), 1..40)) {
            use crate::ratings::{Comparison, Comparisons};
            let pairs: Vec<(usize, usize)> = wins.into_iter().filter(|(a, b)| a != b).collect();
            let orderings = pairs.iter().enumerate().map(|(m, (a, b))| Ordering {
                rater: MemberId::new(m),
                ranked: vec![TaskId::new(*a), TaskId::new(*b)],
                rest: Vec::new(),
            });
            let comparisons = pairs.iter().enumerate().map(|(m, (a, b))| Comparison {
                rater: MemberId::new(m),
                over: TaskId::new(*a),
                under: TaskId::new(*b),
            });
            let orderings = Orderings::new(4, orderings.collect()).unwrap().with_prior(0.5).unwrap().fit().unwrap();
            let comparisons = Comparisons::new(4, comparisons.collect()).unwrap().with_prior(0.5).unwrap();
            prop_assert_eq!(orderings, comparisons.fit(PairModel::BradleyTerry).unwrap());
        }
    }
}
