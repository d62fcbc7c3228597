//! Scores from 1 to 20.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Location, Metric, TaskRating, check_task, krippendorff_alpha};
use crate::{Error, HIGHEST_RATING, LOWEST_RATING, MemberId, TaskId};

/// Sweeps of the two-way fit; it settles in a handful.
const SWEEPS: usize = 100;
/// A sweep that moves nothing by more than this many points is the last.
const SWEEP_TOLERANCE: f64 = 1e-9;

/// One member's score of one task in one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Who scores.
    pub rater: MemberId,
    /// What is scored.
    pub task: TaskId,
    /// The score, 1–20.
    pub score: f64,
}

/// Scores of the tasks of a workplace in one dimension, at most one per member and task.
///
/// # Example
/// ```
/// use parecon_jobs::ratings::{Location, Score, Scores};
/// use parecon_jobs::{MemberId, TaskId};
/// let score = |rater, task, score| Score { rater: MemberId::new(rater), task: TaskId::new(task), score };
/// // Three members score two tasks; the third wants to keep the second task for others.
/// let scores = Scores::new(
///     2,
///     vec![score(0, 0, 6.0), score(1, 0, 8.0), score(2, 0, 7.0), score(0, 1, 5.0), score(1, 1, 5.0), score(2, 1, 20.0)],
/// )?;
/// let summary = scores.summary(Location::Median, false)?;
/// assert_eq!(summary.tasks[0].value, 7.0);
/// assert_eq!(summary.tasks[1].value, 5.0);
/// assert_eq!(summary.tasks[1].disagreement, Some(10.0)); // two members differ by 10 points on average
/// assert_eq!(summary.raters[2].distance, 7.5);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ScoresData", into = "ScoresData")]
pub struct Scores {
    tasks: usize,
    /// Ascending by task, then rater.
    scores: Vec<Score>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScoresData {
    tasks: usize,
    scores: Vec<Score>,
}

impl TryFrom<ScoresData> for Scores {
    type Error = Error;

    fn try_from(data: ScoresData) -> Result<Self, Error> {
        Scores::new(data.tasks, data.scores)
    }
}

impl From<Scores> for ScoresData {
    fn from(scores: Scores) -> Self {
        ScoresData { tasks: scores.tasks, scores: scores.scores }
    }
}

/// What scores come to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ScoresSummary {
    /// The rating of every task that somebody scored, ascending.
    pub tasks: Vec<TaskRating>,
    /// Tasks nobody scored.
    pub unrated: Vec<TaskId>,
    /// How each rater scores compared with all, ascending.
    pub raters: Vec<RaterReport>,
    /// [Krippendorff's alpha](krippendorff_alpha) of the scores as given, interval metric: 1 for agreement, 0 for chance.
    pub alpha: Option<f64>,
}

/// How a rater scores compared with all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RaterReport {
    /// Who.
    pub rater: MemberId,
    /// How many points higher they score than all together, by the same estimate of location.
    pub offset: f64,
    /// Mean |own score − rating|, in points: large for those who see things differently, or say so.
    pub distance: f64,
    /// How many tasks they scored.
    pub scores: usize,
}

impl Scores {
    /// Scores of `tasks` tasks.
    ///
    /// # Errors
    /// If a score is not a number from 1 to 20, names a task beyond `tasks`, or is given twice by a member for a task.
    ///
    /// # Complexity
    /// O(n log n).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::{Score, Scores};
    /// use parecon_jobs::{MemberId, TaskId};
    /// let score = Score { rater: MemberId::new(0), task: TaskId::new(0), score: 21.0 };
    /// let error = Scores::new(1, vec![score]).unwrap_err();
    /// assert_eq!(error.to_string(), "member 0 scores task 0 with 21, must be from 1 to 20");
    /// ```
    pub fn new(tasks: usize, mut scores: Vec<Score>) -> Result<Self, Error> {
        for Score { rater, task, score } in &scores {
            check_task("a score", *task, tasks)?;
            if !(LOWEST_RATING..=HIGHEST_RATING).contains(score) {
                return Err(Error::invalid(format!(
                    "member {} scores task {} with {score}, must be from {LOWEST_RATING} to {HIGHEST_RATING}",
                    rater.index(),
                    task.index()
                )));
            }
        }
        scores.sort_by_key(|score| (score.task, score.rater));
        let same = |pair: &&[Score]| (pair[0].task, pair[0].rater) == (pair[1].task, pair[1].rater);
        if let Some(pair) = scores.windows(2).find(same) {
            return Err(Error::invalid(format!(
                "member {} scores task {} twice, must be once",
                pair[0].rater.index(),
                pair[0].task.index()
            )));
        }
        Ok(Scores { tasks, scores })
    }

    /// The scores, ascending by task, then rater.
    #[must_use]
    pub fn as_slice(&self) -> &[Score] {
        &self.scores
    }

    /// How many tasks there are to score.
    pub(super) fn tasks(&self) -> usize {
        self.tasks
    }

    /// A member's own score of a task, if there is one.
    #[must_use]
    pub fn of(&self, rater: MemberId, task: TaskId) -> Option<f64> {
        let at = self.scores.binary_search_by_key(&(task, rater), |score| (score.task, score.rater)).ok()?;
        Some(self.scores[at].score)
    }

    /// Aggregates the scores.
    ///
    /// Without rater effects a rating is the location of a task's scores. With them, scores are `v_t + b_r + error`: task values
    /// v and rater offsets b are found by turns, each as the location of what the other leaves (with the median: Tukey's
    /// median polish), and offsets are centred at 0. That corrects for members who score everything high or low, which
    /// matters where different members score different tasks; but it lets a member's scores of other tasks count here,
    /// so it is not the default.
    ///
    /// Disagreement is Gini's mean difference of a task's scores (less offsets); standard errors take offsets as given.
    ///
    /// # Errors
    /// If `location` is [invalid](Location::validate).
    ///
    /// # Complexity
    /// O(sweeps · n log n) for n scores, a handful of sweeps; without rater effects one.
    ///
    /// # Reference
    /// J. W. Tukey, *Exploratory Data Analysis* (1977), ch. 11, for median polish.
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::{Location, Score, Scores};
    /// use parecon_jobs::{MemberId, TaskId};
    /// let score = |rater, task, score| Score { rater: MemberId::new(rater), task: TaskId::new(task), score };
    /// // The second member scores everything 4 points higher, and only the second has scored the third task.
    /// let scores = Scores::new(
    ///     3,
    ///     vec![score(0, 0, 6.0), score(1, 0, 10.0), score(0, 1, 8.0), score(1, 1, 12.0), score(1, 2, 14.0)],
    /// )?;
    /// let plain = scores.summary(Location::Median, false)?;
    /// let fair = scores.summary(Location::Median, true)?;
    /// assert_eq!(plain.tasks[2].value - plain.tasks[1].value, 4.0);
    /// assert_eq!(fair.tasks[2].value - fair.tasks[1].value, 2.0);
    /// assert_eq!(fair.raters[1].offset - fair.raters[0].offset, 4.0);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn summary(&self, location: Location, rater_effects: bool) -> Result<ScoresSummary, Error> {
        location.validate()?;
        let middle = |mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            (location.of_sorted(&values), values)
        };
        let mut raters: BTreeMap<MemberId, Vec<&Score>> = BTreeMap::new();
        for score in &self.scores {
            raters.entry(score.rater).or_default().push(score);
        }
        let mut offsets: BTreeMap<MemberId, f64> = raters.keys().map(|rater| (*rater, 0.0)).collect();
        let offset_of =
            |offsets: &BTreeMap<MemberId, f64>, rater| offsets.get(&rater).copied().unwrap_or(0.0);
        let mut values = vec![f64::NAN; self.tasks];
        for _ in 0..if rater_effects { SWEEPS } else { 1 } {
            let mut moved: f64 = 0.0;
            for group in self.scores.chunk_by(|a, b| a.task == b.task) {
                let left = group.iter().map(|s| s.score - offset_of(&offsets, s.rater)).collect();
                let value = middle(left).0.value;
                let slot = &mut values[group[0].task.index()];
                // The first sweep starts from nothing.
                moved = if slot.is_nan() { f64::INFINITY } else { moved.max((value - *slot).abs()) };
                *slot = value;
            }
            if !rater_effects || moved < SWEEP_TOLERANCE {
                break;
            }
            for (rater, own) in &raters {
                let left = own.iter().map(|s| s.score - values[s.task.index()]).collect();
                offsets.insert(*rater, middle(left).0.value);
            }
            let centre = middle(offsets.values().copied().collect()).0.value;
            offsets.values_mut().for_each(|offset| *offset -= centre);
        }
        let mut tasks = Vec::new();
        let mut unrated: Vec<TaskId> = (0..self.tasks).map(TaskId::new).collect();
        for group in self.scores.chunk_by(|a, b| a.task == b.task) {
            let left = group.iter().map(|s| s.score - offset_of(&offsets, s.rater)).collect();
            let (estimate, sorted) = middle(left);
            tasks.push(TaskRating {
                task: group[0].task,
                value: estimate.value.clamp(LOWEST_RATING, HIGHEST_RATING),
                standard_error: estimate.standard_error,
                disagreement: mean_difference(&sorted),
                judgements: group.len(),
            });
        }
        unrated.retain(|task| values[task.index()].is_nan());
        let raters = raters
            .into_iter()
            .map(|(rater, own)| {
                let distances = || own.iter().map(|s| s.score - values[s.task.index()]);
                RaterReport {
                    rater,
                    offset: middle(distances().collect()).0.value,
                    distance: distances().map(f64::abs).sum::<f64>() / own.len() as f64,
                    scores: own.len(),
                }
            })
            .collect();
        let units: Vec<Vec<f64>> = self
            .scores
            .chunk_by(|a, b| a.task == b.task)
            .map(|group| group.iter().map(|score| score.score).collect())
            .collect();
        let alpha = krippendorff_alpha(&units, Metric::Interval)?;
        Ok(ScoresSummary { tasks, unrated, raters, alpha })
    }

    /// A member's own ratings of all tasks, beside the council's: the own score where there is one, else the council's rating
    /// plus the member's offset, within 1–20; for a task nobody scored, `None`.
    ///
    /// # Complexity
    /// O(tasks · log(scores)).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::{Location, Score, Scores};
    /// use parecon_jobs::{MemberId, TaskId};
    /// let score = |rater, task, score| Score { rater: MemberId::new(rater), task: TaskId::new(task), score };
    /// let scores = Scores::new(2, vec![score(0, 0, 6.0), score(1, 0, 6.0), score(2, 0, 9.0), score(0, 1, 5.0)])?;
    /// let summary = scores.summary(Location::Median, false)?;
    /// assert_eq!(scores.own(MemberId::new(2), &summary), [Some(9.0), Some(8.0)]);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    #[must_use]
    pub fn own(&self, member: MemberId, summary: &ScoresSummary) -> Vec<Option<f64>> {
        let offset = summary.raters.iter().find(|report| report.rater == member).map_or(0.0, |r| r.offset);
        let mut own = vec![None; self.tasks];
        for rating in &summary.tasks {
            let guess = (rating.value + offset).clamp(LOWEST_RATING, HIGHEST_RATING);
            if let Some(slot) = own.get_mut(rating.task.index()) {
                *slot = Some(self.of(member, rating.task).unwrap_or(guess));
            }
        }
        own
    }
}

/// Gini's mean difference: the mean |a − b| over all pairs of ascending values.
fn mean_difference(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len() as f64;
    // The value at position i is the larger of i pairs and the smaller of n − 1 − i.
    let sum: f64 = sorted.iter().enumerate().map(|(i, x)| (2.0 * i as f64 - n + 1.0) * x).sum();
    (sorted.len() > 1).then(|| 2.0 * sum / (n * (n - 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(rows: &[&[f64]]) -> Scores {
        let mut scores = Vec::new();
        for (task, row) in rows.iter().enumerate() {
            for (rater, score) in row.iter().enumerate() {
                scores.push(Score { rater: MemberId::new(rater), task: TaskId::new(task), score: *score });
            }
        }
        Scores::new(rows.len(), scores).unwrap()
    }

    #[test]
    fn median_polish_of_tukeys_deaths() {
        // Tukey's table of deaths from sport parachuting (5 × 3), shifted by 1 and cut to 1–20: what R's medpolish finds as
        // overall + row effects is what the raters' offsets are relative to.
        let deaths = table(&[
            &[15.0, 16.0, 15.0],
            &[8.0, 5.0, 8.0],
            &[9.0, 3.0, 11.0],
            &[16.0, 10.0, 11.0],
            &[1.0, 3.0, 1.0],
        ]);
        let summary = deaths.summary(Location::Median, true).unwrap();
        let residuals: f64 = deaths
            .as_slice()
            .iter()
            .map(|s| {
                let row = summary.tasks[s.task.index()].value;
                (s.score - row - summary.raters[s.rater.index()].offset).abs()
            })
            .sum();
        // R: medpolish(deaths) ends at a sum of absolute residuals of 19.
        assert!((residuals - 19.0).abs() < 1e-9, "{residuals}");
    }

    #[test]
    fn gini_by_hand() {
        assert_eq!(mean_difference(&[4.0]), None);
        assert_eq!(mean_difference(&[4.0, 9.0]), Some(5.0));
        assert_eq!(mean_difference(&[1.0, 2.0, 6.0]), Some((1.0 + 5.0 + 4.0) / 3.0));
    }

    #[test]
    fn what_is_not_a_score_is_refused() {
        let score = |task, score| Score { rater: MemberId::new(0), task: TaskId::new(task), score };
        for bad in
            [vec![score(3, 5.0)], vec![score(0, f64::NAN)], vec![score(0, 0.5)], vec![score(0, 5.0); 2]]
        {
            assert!(Scores::new(2, bad).unwrap_err().is_invalid_input());
        }
        let empty = Scores::new(2, Vec::new()).unwrap().summary(Location::Median, true).unwrap();
        assert_eq!((empty.unrated.len(), empty.tasks.len(), empty.alpha), (2, 0, None));
    }

    proptest! {
        #[test]
        fn offsets_are_taken_out(
            truth in prop::collection::vec(5i32..15, 2..8),
            offsets in prop::collection::vec(-4i32..5, 1..7),
        ) {
            // Everybody scores everything, without error: values are found up to the median offset, and no disagreement is left.
            let rows: Vec<Vec<f64>> =
                truth.iter().map(|v| offsets.iter().map(|b| f64::from(v + b)).collect()).collect();
            let scores = table(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let summary = scores.summary(Location::Median, true).unwrap();
            for (a, b) in summary.tasks.iter().zip(&truth) {
                prop_assert!((a.value - summary.tasks[0].value - f64::from(b - truth[0])).abs() < 1e-9);
                prop_assert!(a.disagreement.unwrap_or(0.0) < 1e-9);
            }
            let text = serde_json::to_string(&scores).unwrap();
            prop_assert_eq!(serde_json::from_str::<Scores>(&text).unwrap(), scores);
        }
    }
}
