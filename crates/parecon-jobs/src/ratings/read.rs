//! Ratings in CSV.

use std::collections::BTreeSet;
use std::io::Read;

use super::{Comparison, Comparisons, Ordering, Orderings, Score, Scores};
use crate::table::Table;
use crate::workplace::Ids;
use crate::{Error, HIGHEST_RATING, LOWEST_RATING, TaskId, Workplace};

fn ids(workplace: &Workplace) -> Ids<'_> {
    Ids::new(workplace.tasks(), workplace.members())
}

impl Scores {
    /// Reads scores of a workplace's tasks in one dimension from CSV with the columns `rater`, `task` (ids) and `score` (1–20). What
    /// the workplace itself says of the tasks does not matter.
    ///
    /// # Errors
    /// If something cannot be read or is not valid, naming line and column.
    ///
    /// # Complexity
    /// O(n log n).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::{Location, Scores};
    /// use parecon_jobs::{Dimension, Eligibility, Member, Minutes, Task, Workplace};
    /// let day = Minutes::new(480);
    /// let workplace = Workplace::new(
    ///     vec![Task::new("cook", day, 10.0, 10.0), Task::new("plan", day, 10.0, 10.0)],
    ///     ["ann", "bo", "cy"].map(|id| Member::new(id, Minutes::new(320))).to_vec(),
    ///     Eligibility::Everyone,
    /// )?;
    /// let text = "rater,task,score\nann,cook,8\nbo,cook,9\ncy,cook,7\nann,plan,17\nbo,plan,18\n";
    /// let summary = Scores::from_csv(&workplace, text.as_bytes())?.summary(Location::Median, false)?;
    /// let rated = workplace.with_ratings(Dimension::Empowerment, &summary.tasks)?;
    /// assert_eq!(rated.average(Dimension::Empowerment), (8.0 + 17.5) / 2.0);
    ///
    /// let error = Scores::from_csv(&workplace, "rater,task,score\nann,cook,21\n".as_bytes()).unwrap_err();
    /// assert_eq!(error.to_string(), r#"scores.csv, line 2, column "score": 21 is not from 1 to 20"#);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn from_csv(workplace: &Workplace, source: impl Read) -> Result<Self, Error> {
        let table = Table::read("scores.csv", &["rater", "task", "score"], 3, source)?;
        let (ids, mut seen, mut scores) = (ids(workplace), BTreeSet::new(), Vec::new());
        for row in table.rows() {
            let (rater, task) = (ids.member_in(&row, "rater")?, ids.task_in(&row, "task")?);
            let score: f64 = row.number("score", "a number")?;
            if !(LOWEST_RATING..=HIGHEST_RATING).contains(&score) {
                let limits = format!("{score} is not from {LOWEST_RATING} to {HIGHEST_RATING}");
                return Err(row.error("score", limits));
            }
            if !seen.insert((rater, task)) {
                return Err(row.error("task", "scored twice by the same rater"));
            }
            scores.push(Score { rater, task, score });
        }
        Scores::new(workplace.tasks().len(), scores)
    }
}

impl Comparisons {
    /// Reads comparisons of a workplace's tasks in one dimension from CSV with the columns `rater`, `over` and `under` (ids).
    ///
    /// # Errors
    /// If something cannot be read or is not valid, naming line and column; if the workplace has fewer than two tasks.
    ///
    /// # Complexity
    /// O(n log n).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::{Comparisons, PairModel};
    /// # use parecon_jobs::{Eligibility, Member, Minutes, Task, Workplace};
    /// # let task = |id: &str| Task::new(id, Minutes::new(480), 10.0, 10.0);
    /// # let members = ["ann", "bo"].map(|id| Member::new(id, Minutes::new(480))).to_vec();
    /// # let workplace = Workplace::new(vec![task("cook"), task("plan")], members, Eligibility::Everyone)?;
    /// let text = "rater,over,under\nann,plan,cook\nbo,cook,plan\n";
    /// let fit = Comparisons::from_csv(&workplace, text.as_bytes())?.fit(PairModel::BradleyTerry)?;
    /// assert_eq!(fit.strengths().map(|s| s.theta()), Some(&[0.0, 0.0][..]));
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn from_csv(workplace: &Workplace, source: impl Read) -> Result<Self, Error> {
        let table = Table::read("comparisons.csv", &["rater", "over", "under"], 3, source)?;
        let (ids, mut seen, mut comparisons) = (ids(workplace), BTreeSet::new(), Vec::new());
        for row in table.rows() {
            let (over, under) = (ids.task_in(&row, "over")?, ids.task_in(&row, "under")?);
            let rater = ids.member_in(&row, "rater")?;
            if over == under {
                return Err(row.error("under", "the same task as over"));
            }
            if !seen.insert((rater, over.min(under), over.max(under))) {
                return Err(row.error("under", "compared twice by the same rater"));
            }
            comparisons.push(Comparison { rater, over, under });
        }
        Comparisons::new(workplace.tasks().len(), comparisons)
    }
}

impl Orderings {
    /// Reads orderings of a workplace's tasks in one dimension from CSV with the columns `rater`, `ordering` and, optionally, `rest`:
    /// ids with `>` from the most to the least and `=` for ties (`plan > cook = bake > clean`), and those that come after all of these
    /// in no particular order, separated by semicolons.
    ///
    /// # Errors
    /// If something cannot be read or is not valid, naming line and column; if the workplace has fewer than two tasks.
    ///
    /// # Complexity
    /// O(n log n) for n named tasks.
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::Orderings;
    /// # use parecon_jobs::{Eligibility, Member, Minutes, Task, Workplace};
    /// # let tasks = ["bake", "clean", "cook", "plan"].map(|id| Task::new(id, Minutes::new(480), 10.0, 10.0)).to_vec();
    /// # let members = ["ann", "bo"].map(|id| Member::new(id, Minutes::new(960))).to_vec();
    /// # let workplace = Workplace::new(tasks, members, Eligibility::Everyone)?;
    /// let text = "rater,ordering,rest\nann,plan > cook = bake > clean,\nbo,clean > plan,bake; cook\n";
    /// let fit = Orderings::from_csv(&workplace, text.as_bytes())?.fit()?;
    /// let theta = fit.strengths().expect("everything is comparable").theta();
    /// assert!(theta[3] > theta[1] && (theta[0] - theta[2]).abs() < 1e-9);
    ///
    /// let error = Orderings::from_csv(&workplace, "rater,ordering\nann,plan > cok\n".as_bytes()).unwrap_err();
    /// assert_eq!(error.to_string(), r#"orderings.csv, line 2, column "ordering": no task has the id "cok""#);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn from_csv(workplace: &Workplace, source: impl Read) -> Result<Self, Error> {
        let table = Table::read("orderings.csv", &["rater", "ordering", "rest"], 2, source)?;
        let (ids, mut raters, mut orderings) = (ids(workplace), BTreeSet::new(), Vec::new());
        for row in table.rows() {
            let rater = ids.member_in(&row, "rater")?;
            if !raters.insert(rater) {
                return Err(row.error("rater", "has two orderings, must be one"));
            }
            let mut named = BTreeSet::new();
            let mut one = |column: &str, id: &str| {
                let id = id.trim();
                if id.is_empty() {
                    return Err(row.error(column, "a task is missing beside \">\" or \"=\""));
                }
                let task = ids.task(id).map_err(|e| row.error(column, e))?;
                if named.insert(task) {
                    Ok(task)
                } else {
                    Err(row.error(column, format!("names \"{id}\" twice")))
                }
            };
            let groups = row.key("ordering")?.split('>');
            let ranked = groups
                .map(|group| group.split('=').map(|id| one("ordering", id)).collect())
                .collect::<Result<Vec<Vec<TaskId>>, Error>>()?;
            let rest = row.list("rest").map(|id| one("rest", id)).collect::<Result<Vec<_>, Error>>()?;
            if named.len() < 2 {
                return Err(row.error("ordering", "names one task, must be at least 2 with the rest"));
            }
            orderings.push(Ordering { rater, ranked, rest });
        }
        Orderings::new(workplace.tasks().len(), orderings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Eligibility, Member, Minutes, Task};

    #[test]
    fn what_is_refused_is_named() {
        let tasks = ["a", "b", "c"].map(|id| Task::new(id, Minutes::new(60), 5.0, 5.0)).to_vec();
        let workplace =
            Workplace::new(tasks, vec![Member::new("x", Minutes::new(180))], Eligibility::Everyone).unwrap();
        let scores = |text: &str| Scores::from_csv(&workplace, text.as_bytes()).map(|_| ());
        let pairs = |text: &str| Comparisons::from_csv(&workplace, text.as_bytes()).map(|_| ());
        let orders = |text: &str| Orderings::from_csv(&workplace, text.as_bytes()).map(|_| ());
        let cases = [
            (scores("rater,task\nx,a\n"), "scores.csv, line 1, column \"score\": the column is missing"),
            (
                scores("rater,task,score\ny,a,3\n"),
                "scores.csv, line 2, column \"rater\": no member has the id \"y\"",
            ),
            (
                scores("rater,task,score\nx,a,NaN\n"),
                "scores.csv, line 2, column \"score\": NaN is not from 1 to 20",
            ),
            (
                scores("rater,task,score\nx,a,3\nx,a,4\n"),
                "scores.csv, line 3, column \"task\": scored twice by the same rater",
            ),
            (
                pairs("rater,over,under\nx,a,a\n"),
                "comparisons.csv, line 2, column \"under\": the same task as over",
            ),
            (
                pairs("rater,over,under\nx,a,b\nx,b,a\n"),
                "comparisons.csv, line 3, column \"under\": compared twice by the same rater",
            ),
            (
                orders("rater,ordering\nx,a > = b\n"),
                "orderings.csv, line 2, column \"ordering\": a task is missing beside \">\" or \"=\"",
            ),
            (
                orders("rater,ordering,rest\nx,a > b,b\n"),
                "orderings.csv, line 2, column \"rest\": names \"b\" twice",
            ),
            (
                orders("rater,ordering\nx,a\n"),
                "orderings.csv, line 2, column \"ordering\": names one task, must be at least 2 with the rest",
            ),
            (
                orders("rater,ordering\nx,a>b\nx,b>a\n"),
                "orderings.csv, line 3, column \"rater\": has two orderings, must be one",
            ),
        ];
        for (result, expected) in cases {
            assert_eq!(result.unwrap_err().to_string(), expected);
        }
        // Empty tables are no ratings.
        assert!(scores("rater,task,score\n").is_ok() && orders("rater,ordering\n").is_ok());
    }
}
