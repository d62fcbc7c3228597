//! Which of two tasks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::likelihood::Choice;
use super::strengths::{Judgement, fit};
use super::{Fit, check_task};
use crate::{Error, MemberId, TaskId};

/// What a comparison has to do with strengths θ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PairModel {
    /// `P(i over j) = 1 / (1 + e^(θ_j − θ_i))` (Zermelo 1929; Bradley & Terry 1952).
    #[default]
    BradleyTerry,
    /// `P(i over j) = Φ(θ_i − θ_j)`: both are seen with independent normal errors of variance ½ (Thurstone 1927, case V).
    Thurstone,
}

/// A member's judgement between two tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Comparison {
    /// Who judges.
    pub rater: MemberId,
    /// The task that is more empowering, or more desirable: whatever was asked.
    pub over: TaskId,
    /// The other.
    pub under: TaskId,
}

/// Comparisons of the tasks of a workplace in one dimension, at most one per member and pair of tasks.
///
/// # Example
/// ```
/// use parecon_jobs::ratings::{Comparison, Comparisons, PairModel};
/// use parecon_jobs::{MemberId, TaskId};
/// let says = |rater, over, under| Comparison {
///     rater: MemberId::new(rater),
///     over: TaskId::new(over),
///     under: TaskId::new(under),
/// };
/// let comparisons = Comparisons::new(3, vec![says(0, 0, 1), says(1, 1, 0), says(0, 1, 2)])?;
/// // Nobody prefers the third task to any: how much worse it is cannot be told.
/// let fit = comparisons.fit(PairModel::BradleyTerry)?;
/// let groups = &fit.separation().unwrap().groups;
/// assert_eq!(groups[1], [TaskId::new(2)]);
/// assert!(comparisons.with_prior(0.5)?.fit(PairModel::BradleyTerry)?.strengths().is_some());
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ComparisonsData", into = "ComparisonsData")]
pub struct Comparisons {
    tasks: usize,
    comparisons: Vec<Comparison>,
    prior: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ComparisonsData {
    tasks: usize,
    comparisons: Vec<Comparison>,
    #[serde(default)]
    prior: f64,
}

impl TryFrom<ComparisonsData> for Comparisons {
    type Error = Error;

    fn try_from(data: ComparisonsData) -> Result<Self, Error> {
        Comparisons::new(data.tasks, data.comparisons)?.with_prior(data.prior)
    }
}

impl From<Comparisons> for ComparisonsData {
    fn from(c: Comparisons) -> Self {
        ComparisonsData { tasks: c.tasks, comparisons: c.comparisons, prior: c.prior }
    }
}

pub(super) fn check_prior(prior: f64) -> Result<f64, Error> {
    if prior.is_finite() && prior >= 0.0 {
        Ok(prior)
    } else {
        Err(Error::invalid(format!("the prior is {prior} judgements, must be finite and not negative")))
    }
}

pub(super) fn check_number(tasks: usize) -> Result<usize, Error> {
    if tasks >= 2 {
        Ok(tasks)
    } else {
        Err(Error::invalid(format!("{tasks} tasks to compare: must be at least 2")))
    }
}

impl Comparisons {
    /// Comparisons of `tasks` tasks.
    ///
    /// # Errors
    /// If there are fewer than two tasks, a comparison names a task beyond them or the same task twice, or a member
    /// compares the same two tasks twice.
    ///
    /// # Complexity
    /// O(n log n).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::{Comparison, Comparisons};
    /// use parecon_jobs::{MemberId, TaskId};
    /// let same = Comparison { rater: MemberId::new(4), over: TaskId::new(1), under: TaskId::new(1) };
    /// let error = Comparisons::new(2, vec![same]).unwrap_err();
    /// assert_eq!(error.to_string(), "member 4 compares task 1 with itself");
    /// ```
    pub fn new(tasks: usize, comparisons: Vec<Comparison>) -> Result<Self, Error> {
        check_number(tasks)?;
        let mut seen = BTreeSet::new();
        for Comparison { rater, over, under } in &comparisons {
            check_task("a comparison", *over, tasks)?;
            check_task("a comparison", *under, tasks)?;
            let rater = rater.index();
            let (a, b) = (over.index().min(under.index()), over.index().max(under.index()));
            if a == b {
                return Err(Error::invalid(format!("member {rater} compares task {a} with itself")));
            }
            if !seen.insert((rater, a, b)) {
                return Err(Error::invalid(format!(
                    "member {rater} compares tasks {a} and {b} twice, must be once"
                )));
            }
        }
        Ok(Comparisons { tasks, comparisons, prior: 0.0 })
    }

    /// Adds pseudo-judgements: every task is preferred `judgements` times to an imagined average task, and as often not.
    ///
    /// Then every task is comparable with every other, and strengths are drawn together a little; 0.5 is what the R
    /// package `PlackettLuce` does (Turner, van Etten, Firth & Kosmidis 2020). 0 without this.
    ///
    /// # Errors
    /// If it is not a finite number of at least 0.
    pub fn with_prior(mut self, judgements: f64) -> Result<Self, Error> {
        self.prior = check_prior(judgements)?;
        Ok(self)
    }

    /// Maximum-likelihood strengths, or which tasks are not comparable.
    ///
    /// # Errors
    /// If the curvature of the likelihood is lost to rounding.
    ///
    /// # Complexity
    /// O(50 · n) for the MM steps, then a handful of Newton steps of O(n + tasks³); memory O(tasks²).
    ///
    /// # Reference
    /// D. R. Hunter, *Annals of Statistics* 32 (2004), for the MM steps and when a maximum exists; L. R. Ford, *American
    /// Mathematical Monthly* 64 (1957).
    pub fn fit(&self, model: PairModel) -> Result<Fit, Error> {
        let choice = |c: &Comparison| {
            let (over, under) = (c.over.index(), c.under.index());
            Choice::new(over, vec![over, under], 1.0)
        };
        let judgement = |c: &Comparison| Judgement {
            rater: c.rater.index(),
            over: c.over.index(),
            under: c.under.index(),
        };
        let judgements: Vec<Judgement> = self.comparisons.iter().map(judgement).collect();
        fit(self.tasks, self.comparisons.iter().map(choice).collect(), &judgements, self.prior, model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratings::{Scale, Strengths};
    use proptest::prelude::*;

    /// Newton's method is run to 1e-11; published figures have 3–8 digits.
    const SOLVED: f64 = 1e-8;

    /// Each win as the judgement of somebody else.
    fn of_table(wins: &[Vec<usize>]) -> Comparisons {
        let mut comparisons = Vec::new();
        for (over, row) in wins.iter().enumerate() {
            for (under, times) in row.iter().enumerate() {
                for _ in 0..*times {
                    let rater = MemberId::new(comparisons.len());
                    comparisons.push(Comparison {
                        rater,
                        over: TaskId::new(over),
                        under: TaskId::new(under),
                    });
                }
            }
        }
        Comparisons::new(wins.len(), comparisons).unwrap()
    }

    fn fitted(wins: &[Vec<usize>], model: PairModel) -> Strengths {
        of_table(wins).fit(model).unwrap().strengths().unwrap().clone()
    }

    /// Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore: games won in 1987 by the team of the row
    /// (Agresti, *Categorical Data Analysis*, 2nd edition, table 10.10).
    fn baseball() -> Vec<Vec<usize>> {
        vec![
            vec![0, 7, 9, 7, 7, 9, 11],
            vec![6, 0, 7, 5, 11, 9, 9],
            vec![4, 6, 0, 7, 7, 8, 12],
            vec![6, 8, 6, 0, 6, 7, 10],
            vec![6, 2, 6, 7, 0, 7, 12],
            vec![4, 4, 5, 6, 6, 0, 6],
            vec![2, 4, 1, 3, 1, 7, 0],
        ]
    }

    #[test]
    fn agrestis_baseball_teams() {
        let wins = baseball();
        let strengths = fitted(&wins, PairModel::BradleyTerry);
        let baltimore = TaskId::new(6);
        // Published to two digits (Agresti, table 10.11): 1.58 1.44 1.29 1.25 1.11 .68, standard errors about .3. More digits
        // recorded from statsmodels 0.14 (binomial GLM, logit).
        let recorded = [
            (1.581_355_88, 0.343_255_98),
            (1.436_408_43, 0.339_568_51),
            (1.294_485_12, 0.336_669_40),
            (1.247_617_85, 0.335_860_92),
            (1.107_697_71, 0.333_878_21),
            (0.683_852_77, 0.331_876_67),
        ];
        for (team, (ability, error)) in recorded.into_iter().enumerate() {
            assert!((strengths.theta()[team] - strengths.theta()[6] - ability).abs() < SOLVED);
            assert!(
                (strengths.difference_error(TaskId::new(team), baltimore).unwrap() - error).abs() < SOLVED
            );
        }
        let text = serde_json::to_string(&strengths).unwrap();
        assert_eq!(serde_json::from_str::<Strengths>(&text).unwrap(), strengths);
        assert!(serde_json::from_str::<Strengths>(&text.replacen("[", "[0.5,", 1)).is_err());
        // The deviance of the same run, from the saturated likelihood.
        let mut deviance = 0.0;
        for (i, row) in wins.iter().enumerate() {
            for (j, won) in row.iter().enumerate().filter(|(_, won)| **won > 0) {
                let p = strengths.probability(TaskId::new(i), TaskId::new(j)).unwrap();
                deviance += 2.0 * *won as f64 * (*won as f64 / (wins[j][i] + won) as f64 / p).ln();
            }
        }
        assert!((deviance - 15.736_500_926).abs() < SOLVED, "{deviance}");
    }

    #[test]
    fn thurstone_on_the_same_games() {
        let strengths = fitted(&baseball(), PairModel::Thurstone);
        // Recorded from statsmodels 0.14 (binomial GLM, probit).
        let recorded = [0.970_430_46, 0.876_906_36, 0.797_270_08, 0.763_584_66, 0.681_263_28, 0.415_464_98];
        for (team, ability) in recorded.into_iter().enumerate() {
            assert!((strengths.theta()[team] - strengths.theta()[6] - ability).abs() < 1e-7);
        }
    }

    #[test]
    fn guilfords_vegetables() {
        // Guilford, *Psychometric Methods* (1954), p. 160: proportions in thousandths of 148 judges who prefer the vegetable of the column, and
        // the case V scale, least squares on normal deviates. Maximum likelihood weights extreme proportions less.
        let proportions: [[u32; 9]; 9] = [
            [500, 818, 770, 811, 878, 892, 899, 892, 926],
            [182, 500, 601, 723, 743, 736, 811, 845, 858],
            [230, 399, 500, 561, 736, 676, 845, 797, 818],
            [189, 277, 439, 500, 561, 588, 676, 601, 730],
            [122, 257, 264, 439, 500, 493, 574, 709, 764],
            [108, 264, 324, 412, 507, 500, 628, 682, 628],
            [101, 189, 155, 324, 426, 372, 500, 527, 642],
            [108, 155, 203, 399, 291, 318, 473, 500, 628],
            [74, 142, 182, 270, 236, 372, 358, 372, 500],
        ];
        let scale = [0.0, 0.52, 0.65, 0.98, 1.12, 1.14, 1.40, 1.44, 1.63];
        let mut wins = vec![vec![0; 9]; 9];
        for i in 0..9 {
            for j in 0..i {
                wins[i][j] = (0.148 * f64::from(proportions[j][i])).round() as usize;
                wins[j][i] = 148 - wins[i][j];
            }
        }
        let strengths = fitted(&wins, PairModel::Thurstone);
        for (i, published) in scale.into_iter().enumerate() {
            let ours = strengths.theta()[i] - strengths.theta()[0];
            assert!((ours - published).abs() < 0.06, "vegetable {i}: {ours}, published {published}");
        }
    }

    #[test]
    fn two_tasks_in_closed_form() {
        for (a, b) in [(3, 1), (10, 7), (1, 25)] {
            let wins = vec![vec![0, a], vec![b, 0]];
            let logit = fitted(&wins, PairModel::BradleyTerry);
            let (p, n) = (a as f64 / (a + b) as f64, (a + b) as f64);
            assert!((logit.theta()[0] - logit.theta()[1] - (p / (1.0 - p)).ln()).abs() < SOLVED);
            let error = logit.difference_error(TaskId::new(0), TaskId::new(1)).unwrap();
            assert!((error - (1.0 / (n * p * (1.0 - p))).sqrt()).abs() < SOLVED);
            for model in [PairModel::BradleyTerry, PairModel::Thurstone] {
                let fit = fitted(&wins, model);
                assert!((fit.probability(TaskId::new(0), TaskId::new(1)).unwrap() - p).abs() < SOLVED);
                // The delta method on 1 + 19 p is the binomial's own error.
                let rating = fit.ratings(Scale::Preferred).unwrap()[0];
                assert!((rating.value - 1.0 - 19.0 * p).abs() < 1e-6);
                assert!((rating.standard_error.unwrap() - 19.0 * (p * (1.0 - p) / n).sqrt()).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn what_is_not_comparable_is_named() {
        let task = |ids: &[usize]| ids.iter().copied().map(TaskId::new).collect::<Vec<_>>();
        // 0 and 1 beat each other, both beat 2; 3 and 4 were compared with nobody else.
        let mut wins = vec![vec![0; 5]; 5];
        for (i, j) in [(0, 1), (1, 0), (1, 2), (3, 4), (4, 3)] {
            wins[i][j] = 1;
        }
        let fit = of_table(&wins).fit(PairModel::Thurstone).unwrap();
        let groups = &fit.separation().unwrap().groups;
        assert_eq!(groups.len(), 3);
        let at = |group: &[usize]| groups.iter().position(|g| *g == task(group)).unwrap();
        assert!(at(&[0, 1]) < at(&[2]) && groups.contains(&task(&[3, 4])));
    }

    #[test]
    fn anchors_set_the_scale() {
        let strengths = fitted(&baseball(), PairModel::BradleyTerry);
        let (first, second) = ((TaskId::new(6), 4.0), (TaskId::new(0), 16.0));
        let ratings = strengths.ratings(Scale::Anchored { first, second }).unwrap();
        assert!((ratings[6].value - 4.0).abs() < 1e-12 && (ratings[0].value - 16.0).abs() < 1e-12);
        assert!(ratings[6].standard_error.unwrap() < 1e-9);
        assert!((ratings[1].value - 4.0 - 12.0 * 1.436_408_43 / 1.581_355_88).abs() < 1e-6);
        assert!(strengths.ratings(Scale::Anchored { first, second: first }).is_err());
        assert!(
            strengths.ratings(Scale::Anchored { first: second, second: (TaskId::new(6), 17.0) }).is_err()
        );
    }

    #[test]
    fn kendalls_agreement_by_hand() {
        let says = |rater, over, under| Comparison {
            rater: MemberId::new(rater),
            over: TaskId::new(over),
            under: TaskId::new(under),
        };
        // Three judges on two tasks, two against one: one of the three pairs of judges agrees.
        let fit = Comparisons::new(2, vec![says(0, 0, 1), says(1, 0, 1), says(2, 1, 0)]).unwrap();
        let fit = fit.fit(PairModel::BradleyTerry).unwrap();
        assert!((fit.strengths().unwrap().agreement.unwrap() - (2.0 / 3.0 - 1.0)).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn likelihood_equations_hold(wins in prop::collection::vec(prop::collection::vec(1usize..6, 4), 4)) {
            let mut wins = wins;
            (0..4).for_each(|i| wins[i][i] = 0);
            let fit = fitted(&wins, PairModel::BradleyTerry);
            prop_assert!(fit.status.is_converged());
            for i in 0..4 {
                // Zermelo's equations: a task wins as often as expected.
                let won: usize = wins[i].iter().sum();
                let expected: f64 = (0..4)
                    .filter(|j| *j != i)
                    .map(|j| (wins[i][j] + wins[j][i]) as f64
                        * fit.probability(TaskId::new(i), TaskId::new(j)).unwrap())
                    .sum();
                prop_assert!((won as f64 - expected).abs() < 1e-7);
            }
            // The order of tasks does not matter.
            let turned: Vec<Vec<usize>> =
                (0..4).map(|i| (0..4).map(|j| wins[3 - i][3 - j]).collect()).collect();
            let other = fitted(&turned, PairModel::BradleyTerry);
            for i in 0..4 {
                prop_assert!((fit.theta()[i] - other.theta()[3 - i]).abs() < 1e-7);
            }
        }
    }
}
