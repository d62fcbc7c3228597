//! How much of what tasks are rated comes from the tasks: intraclass correlations.

use serde::{Deserialize, Serialize};

use super::Scores;
use crate::{Error, MemberId, TaskId};

/// Intraclass correlations of n tasks that the same k raters scored.
///
/// With mean squares between tasks B, within tasks W, between raters J and of what is left E:
/// ```text
///                    one rater's score                      the mean of k
/// one way            (B − W) / (B + (k−1) W)                (B − W) / B
/// two way, random    (B − E) / (B + (k−1) E + k (J − E)/n)  (B − E) / (B + (J − E)/n)
/// two way, fixed     (B − E) / (B + (k−1) E)                (B − E) / B
/// ```
/// One way: each task had raters of its own, and what a rater adds everywhere is error. Random: raters stand for others who could have
/// been asked, and it counts as disagreement. Fixed: only these raters matter, and it does not. 1 is agreement; below 0 raters
/// differ more within a task than tasks do.
///
/// # Reference
/// P. E. Shrout and J. L. Fleiss, Intraclass correlations, *Psychological Bulletin* 86 (1979): ICC(1,1), ICC(2,1), ICC(3,1), and with k.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Intraclass {
    /// ICC(1, ·).
    pub one_way: Reliability,
    /// ICC(2, ·).
    pub random: Reliability,
    /// ICC(3, ·).
    pub fixed: Reliability,
}

/// Which part of the variance is the tasks'.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reliability {
    /// Of one rater's score.
    pub single: f64,
    /// Of the mean of all raters' scores.
    pub mean: f64,
}

/// Where tasks differ by less than this part of all squares, it is rounding.
const SAME: f64 = 1e-12;

/// The intraclass correlations of `scores`, a row for each task with the score of each rater in the same order.
///
/// `None` if there are fewer than two tasks or raters, or no task differs from another on average (by more than
/// rounding), where they mean nothing.
///
/// # Errors
/// If rows are of different lengths, or a score is not finite.
///
/// # Complexity
/// O(tasks · raters).
///
/// # Example
/// ```
/// use parecon_jobs::ratings::intraclass;
/// // Shrout and Fleiss (1979), table 2.
/// let scores = [[9.0, 2.0, 5.0, 8.0], [6.0, 1.0, 3.0, 2.0], [8.0, 4.0, 6.0, 8.0],
///               [7.0, 1.0, 2.0, 6.0], [10.0, 5.0, 6.0, 9.0], [6.0, 2.0, 4.0, 7.0]];
/// let found = intraclass(&scores.map(|row| row.to_vec()))?.unwrap();
/// assert_eq!(format!("{:.2} {:.2}", found.random.single, found.random.mean), "0.29 0.62");
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn intraclass(scores: &[Vec<f64>]) -> Result<Option<Intraclass>, Error> {
    let raters = scores.first().map_or(0, Vec::len);
    for (task, row) in scores.iter().enumerate() {
        if row.len() != raters {
            return Err(Error::invalid(format!(
                "task {task} has {} scores, the first has {raters}: must be the same",
                row.len()
            )));
        }
        if let Some(score) = row.iter().find(|score| !score.is_finite()) {
            return Err(Error::invalid(format!("task {task} has the score {score}, must be finite")));
        }
    }
    if scores.len() < 2 || raters < 2 {
        return Ok(None);
    }
    // In units of the largest score, which changes nothing, no square is out of range.
    let unit = scores.iter().flatten().fold(0.0, |most: f64, score| most.max(score.abs()));
    if unit == 0.0 {
        return Ok(None);
    }
    let scores: Vec<Vec<f64>> =
        scores.iter().map(|row| row.iter().map(|score| score / unit).collect()).collect();
    let (n, k) = (scores.len() as f64, raters as f64);
    let mean = |values: &mut dyn Iterator<Item = f64>, count: f64| values.sum::<f64>() / count;
    let of_task: Vec<f64> = scores.iter().map(|row| mean(&mut row.iter().copied(), k)).collect();
    let of_rater: Vec<f64> = (0..raters).map(|r| mean(&mut scores.iter().map(|row| row[r]), n)).collect();
    let all = mean(&mut of_task.iter().copied(), n);
    let squares = |values: &[f64]| values.iter().map(|value| (value - all).powi(2)).sum::<f64>();
    let (tasks, judges) = (k * squares(&of_task), n * squares(&of_rater));
    let left: f64 = scores
        .iter()
        .zip(&of_task)
        .flat_map(|(row, task)| {
            row.iter().zip(&of_rater).map(move |(score, rater)| (score - task - rater + all).powi(2))
        })
        .sum();
    let (b, j) = (tasks / (n - 1.0), judges / (k - 1.0));
    let (w, e) = ((judges + left) / (n * (k - 1.0)), left / ((n - 1.0) * (k - 1.0)));
    if b <= SAME * (tasks + judges + left) {
        return Ok(None);
    }
    let raters_vary = (j - e) / n;
    Ok(Some(Intraclass {
        one_way: Reliability { single: (b - w) / (b + (k - 1.0) * w), mean: (b - w) / b },
        random: Reliability {
            single: (b - e) / (b + (k - 1.0) * e + k * raters_vary),
            mean: (b - e) / (b + raters_vary),
        },
        fixed: Reliability { single: (b - e) / (b + (k - 1.0) * e), mean: (b - e) / b },
    }))
}

impl Scores {
    /// The [intraclass correlations](Intraclass) of the tasks that every rater has scored.
    ///
    /// `None` as in [`intraclass`].
    ///
    /// # Errors
    /// None for scores that are valid.
    ///
    /// # Complexity
    /// O(n log n) for n scores.
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::{Score, Scores};
    /// use parecon_jobs::{MemberId, TaskId};
    /// let score = |rater, task, score| Score { rater: MemberId::new(rater), task: TaskId::new(task), score };
    /// // The second rater scores everything two points higher: no disagreement among these two.
    /// let scores = [score(0, 0, 3.0), score(1, 0, 5.0), score(0, 1, 9.0), score(1, 1, 11.0)];
    /// let found = Scores::new(2, scores.to_vec())?.intraclass()?.unwrap();
    /// assert!((found.fixed.single - 1.0).abs() < 1e-12 && found.random.single < 1.0);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn intraclass(&self) -> Result<Option<Intraclass>, Error> {
        let mut raters: Vec<MemberId> = self.as_slice().iter().map(|score| score.rater).collect();
        raters.sort_unstable();
        raters.dedup();
        let row =
            |task| raters.iter().map(|rater| self.of(*rater, TaskId::new(task))).collect::<Option<Vec<_>>>();
        intraclass(&(0..self.tasks()).filter_map(row).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Shrout and Fleiss (1979), table 2: six targets, four judges.
    const TABLE: [[f64; 4]; 6] = [
        [9.0, 2.0, 5.0, 8.0],
        [6.0, 1.0, 3.0, 2.0],
        [8.0, 4.0, 6.0, 8.0],
        [7.0, 1.0, 2.0, 6.0],
        [10.0, 5.0, 6.0, 9.0],
        [6.0, 2.0, 4.0, 7.0],
    ];

    #[test]
    fn shrout_and_fleiss() {
        let found = intraclass(&TABLE.map(|row| row.to_vec())).unwrap().unwrap();
        // Table 4, two digits.
        for (ours, published) in
            [(found.one_way, (0.17, 0.44)), (found.random, (0.29, 0.62)), (found.fixed, (0.71, 0.91))]
        {
            assert!((ours.single - published.0).abs() < 0.005, "{ours:?}");
            assert!((ours.mean - published.1).abs() < 0.005, "{ours:?}");
        }
    }

    #[test]
    fn what_means_nothing() {
        assert_eq!(intraclass(&[]).unwrap(), None);
        assert_eq!(intraclass(&[vec![1.0, 2.0]]).unwrap(), None);
        assert_eq!(intraclass(&[vec![1.0], vec![2.0]]).unwrap(), None);
        assert_eq!(intraclass(&[vec![1.0, 2.0], vec![2.0, 1.0]]).unwrap(), None);
        assert!(intraclass(&[vec![1.0, 2.0], vec![1.0]]).unwrap_err().is_invalid_input());
        assert!(intraclass(&[vec![1.0, f64::NAN], vec![1.0, 2.0]]).unwrap_err().is_invalid_input());
    }

    #[test]
    fn equal_means_that_differ_by_rounding_mean_nothing() {
        // Both tasks have 20.6 points, summed in another order.
        assert_eq!(intraclass(&[vec![4.1, 7.3, 9.2], vec![9.2, 7.3, 4.1]]).unwrap(), None);
        assert_eq!(intraclass(&[vec![0.0; 3], vec![0.0; 3]]).unwrap(), None);
    }

    #[test]
    fn scores_of_any_size() {
        let expected = intraclass(&TABLE.map(|row| row.to_vec())).unwrap().unwrap();
        for unit in [1e-300, 1e-200, 1e200, 1e307] {
            let scores = TABLE.map(|row| row.map(|score| score * unit).to_vec());
            let found = intraclass(&scores).unwrap().unwrap();
            for (ours, expected) in [
                (found.one_way, expected.one_way),
                (found.random, expected.random),
                (found.fixed, expected.fixed),
            ] {
                assert!((ours.single - expected.single).abs() < 1e-12, "{unit}: {ours:?}");
                assert!((ours.mean - expected.mean).abs() < 1e-12, "{unit}: {ours:?}");
            }
        }
        // One task above 0, one below: its rows agree entirely.
        let far = intraclass(&[vec![1e200, 1e200], vec![-1e200, -1e200]]).unwrap().unwrap();
        assert_eq!((far.one_way.single, far.random.mean, far.fixed.mean), (1.0, 1.0, 1.0));
    }

    proptest! {
        #[test]
        fn units_do_not_matter_and_offsets_only_where_they_should(
            rows in prop::collection::vec(prop::collection::vec(1.0..20.0f64, 3), 3..8),
            factor in 0.5..3.0f64,
            offset in -5.0..5.0f64,
        ) {
            let found = intraclass(&rows).unwrap();
            let scaled: Vec<Vec<f64>> = rows.iter().map(|row| row.iter().map(|s| factor * s + 1.0).collect()).collect();
            let shifted: Vec<Vec<f64>> =
                rows.iter().map(|row| vec![row[0] + offset, row[1], row[2]]).collect();
            if let (Some(a), Some(b), Some(c)) = (found, intraclass(&scaled).unwrap(), intraclass(&shifted).unwrap()) {
                prop_assert!((a.random.single - b.random.single).abs() < 1e-9);
                prop_assert!((a.one_way.mean - b.one_way.mean).abs() < 1e-9 * (1.0 + a.one_way.mean.abs()));
                prop_assert!((a.fixed.single - c.fixed.single).abs() < 1e-9);
                prop_assert!(a.fixed.single <= 1.0 + 1e-12 && a.one_way.single <= 1.0 + 1e-12);
            }
        }
    }
}
