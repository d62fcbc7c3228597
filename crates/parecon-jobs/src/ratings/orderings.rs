//! Tasks in order.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::likelihood::Choice;
use super::pairs::{check_number, check_prior};
use super::strengths::{Judgement, fit};
use super::{Fit, PairModel, check_task};
use crate::{Error, MemberId, TaskId};

/// A member's ordering of some tasks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ordering {
    /// Who orders.
    pub rater: MemberId,
    /// The tasks, the most empowering or most desirable first; those of a group are tied.
    pub ranked: Vec<Vec<TaskId>>,
    /// Tasks that come after all of these, in no particular order ("my first three of ten").
    #[serde(default)]
    pub rest: Vec<TaskId>,
}

impl Ordering {
    /// An ordering without ties.
    ///
    /// ```
    /// use parecon_jobs::ratings::Ordering;
    /// use parecon_jobs::{MemberId, TaskId};
    /// let ordering = Ordering::new(MemberId::new(0), [2, 0].map(TaskId::new));
    /// assert_eq!(ordering.ranked, [[TaskId::new(2)], [TaskId::new(0)]]);
    /// ```
    #[must_use]
    pub fn new(rater: MemberId, ranked: impl IntoIterator<Item = TaskId>) -> Self {
        Ordering { rater, ranked: ranked.into_iter().map(|task| vec![task]).collect(), rest: Vec::new() }
    }
}

/// Orderings of the tasks of a workplace in one dimension, at most one per member.
///
/// Members may order different tasks.
///
/// # Example
/// ```
/// use parecon_jobs::ratings::{Ordering, Orderings, Scale};
/// use parecon_jobs::{MemberId, TaskId};
/// let of = |rater, tasks: &[usize]| Ordering::new(MemberId::new(rater), tasks.iter().copied().map(TaskId::new));
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
    /// none or has a group of none, or a member has two orderings.
    ///
    /// # Complexity
    /// O(n log n) for n named tasks.
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::{Ordering, Orderings};
    /// use parecon_jobs::{MemberId, TaskId};
    /// let twice = Ordering::new(MemberId::new(0), [TaskId::new(1); 2]);
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
            for task in ranked.iter().flatten().chain(rest) {
                check_task("an ordering", *task, tasks)?;
                if !named.insert(*task) {
                    let task = task.index();
                    return Err(Error::invalid(format!(
                        "the ordering of member {rater} names task {task} twice"
                    )));
                }
            }
            if ranked.is_empty() || ranked.iter().any(Vec::is_empty) || named.len() < 2 {
                return Err(Error::invalid(format!(
                    "the ordering of member {rater} has {} groups and names {} tasks: must have at least 1 group, none of \
                     them empty, and 2 tasks",
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
    /// A group of d tied tasks D among those left, R, counts as if each of them came first on average over the orders they may be
    /// in (Efron 1977, for the same likelihood in Cox's regression):
    /// ```text
    /// Π_{i ∈ D} e^θ_i / Π_{l = 0..d−1} ( Σ_{j ∈ R} e^θ_j − l/d Σ_{j ∈ D} e^θ_j )
    /// ```
    /// so that a tie draws strengths together. In agreement and disagreement it counts neither way.
    ///
    /// # Errors
    /// If the curvature of the likelihood is lost to rounding.
    ///
    /// # Complexity
    /// O(s) per MM step and O(s · tasks + tasks³) per Newton step, s being the sum over orderings of the square of the
    /// tasks they name; memory O(s + tasks²).
    ///
    /// # Reference
    /// R. L. Plackett, *Applied Statistics* 24 (1975); D. R. Hunter, *Annals of Statistics* 32 (2004), section 5; B. Efron,
    /// *Journal of the American Statistical Association* 72 (1977); P. D. Allison and N. A. Christakis, *Sociological Methodology* 24
    /// (1994), for ties in ranked items.
    pub fn fit(&self) -> Result<Fit, Error> {
        let (mut choices, mut judgements) = (Vec::new(), Vec::new());
        for Ordering { rater, ranked, rest } in &self.orderings {
            let all: Vec<usize> = ranked.iter().flatten().chain(rest).map(|task| task.index()).collect();
            let mut at = 0;
            for group in ranked {
                let (left, tied) = (&all[at..], group.len());
                at += tied;
                if left.len() == 1 {
                    break;
                }
                for (l, &chosen) in left[..tied].iter().enumerate() {
                    let part = 1.0 - l as f64 / tied as f64;
                    choices.push(Choice { chosen, set: left.to_vec(), weight: 1.0, tied: (tied, part) });
                    let rater = rater.index();
                    let below = left[tied..].iter();
                    judgements.extend(below.map(|&under| Judgement { rater, over: chosen, under }));
                }
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
        let orderings = RACES.lines().enumerate().map(|(race, line)| {
            // Drivers count from 1; 0 stands for one who took part in this race only and came last.
            let drivers = line.split(',').map(|driver| driver.parse::<usize>().unwrap());
            let known = drivers.filter(|driver| *driver > 0).map(|driver| TaskId::new(driver - 1));
            Ordering::new(MemberId::new(race), known)
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
                    ranked: vec![vec![TaskId::new(best)]],
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
        let of = |rater, tasks: [usize; 3]| Ordering::new(MemberId::new(rater), tasks.map(TaskId::new));
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

    /// Nine orderings of five tasks, seven of them with ties.
    fn tied() -> Orderings {
        let orders: [(&[&[usize]], &[usize]); 9] = [
            (&[&[0], &[1, 2], &[3]], &[4]),
            (&[&[1], &[0], &[2, 3, 4]], &[]),
            (&[&[2], &[0, 1], &[4]], &[3]),
            (&[&[0, 2], &[1], &[4], &[3]], &[]),
            (&[&[3], &[1], &[0, 2]], &[]),
            (&[&[1, 4], &[2], &[0]], &[3]),
            (&[&[4], &[3], &[2], &[1], &[0]], &[]),
            (&[&[0, 1, 2, 3]], &[4]),
            (&[&[2, 3], &[0, 4]], &[]),
        ];
        let ids = |list: &[usize]| list.iter().copied().map(TaskId::new).collect::<Vec<_>>();
        let of = |(m, (groups, rest)): (usize, &(&[&[usize]], &[usize]))| Ordering {
            rater: MemberId::new(m),
            ranked: groups.iter().map(|group| ids(group)).collect(),
            rest: ids(rest),
        };
        Orderings::new(5, orders.iter().enumerate().map(of).collect()).unwrap()
    }

    #[test]
    fn ties_are_those_of_coxs_regression() {
        let fit = tied().fit().unwrap();
        let strengths = fit.strengths().unwrap();
        // Recorded from statsmodels 0.15 (PHReg, ties="efron", each ordering a stratum): coefficients against the first task,
        // their standard errors, and the log partial likelihood.
        let recorded = [
            (0.525_119_66, 0.556_164_6),
            (0.295_982_36, 0.527_974_0),
            (-0.490_458_64, 0.601_901_07),
            (-0.551_754_38, 0.596_594_58),
        ];
        for (k, (coefficient, error)) in recorded.into_iter().enumerate() {
            let (task, first) = (TaskId::new(k + 1), TaskId::new(0));
            assert!((strengths.theta()[k + 1] - strengths.theta()[0] - coefficient).abs() < 1e-6, "{k}");
            assert!((strengths.difference_error(task, first).unwrap() - error).abs() < 1e-6, "{k}");
        }
        assert!((strengths.log_likelihood + 37.470_614_091_917).abs() < 1e-9, "{}", strengths.log_likelihood);
    }

    #[test]
    fn a_tie_of_two_is_a_win_each_way() {
        let pair = |m, groups: &[&[usize]]| Ordering {
            rater: MemberId::new(m),
            ranked: groups.iter().map(|g| g.iter().copied().map(TaskId::new).collect()).collect(),
            rest: Vec::new(),
        };
        let all = [pair(0, &[&[0, 1]]), pair(1, &[&[0], &[1]]), pair(2, &[&[1, 0]])];
        let fit = Orderings::new(2, all.to_vec()).unwrap().fit().unwrap();
        let strengths = fit.strengths().unwrap();
        // Three wins against two: the odds are 3 : 2.
        assert!((strengths.theta()[0] - strengths.theta()[1] - 1.5f64.ln()).abs() < 1e-9);
        assert_eq!(strengths.ratings(crate::ratings::Scale::Preferred).unwrap()[0].judgements, 1);
    }

    proptest! {
        #[test]
        fn orderings_of_two_are_comparisons(wins in prop::collection::vec((0usize..4, 0usize..4), 1..40)) {
            use crate::ratings::{Comparison, Comparisons};
            let pairs: Vec<(usize, usize)> = wins.into_iter().filter(|(a, b)| a != b).collect();
            let orderings = pairs
                .iter()
                .enumerate()
                .map(|(m, (a, b))| Ordering::new(MemberId::new(m), [*a, *b].map(TaskId::new)));
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
