//! Strengths behind orderings and comparisons, and what they mean on the scale from 1 to 20.

use serde::{Deserialize, Serialize};

use parecon_core::Status;

use super::likelihood::{
    Choice, Estimate, Model, centre_covariance, groups, maximise, normal_cdf, normal_density,
};
use super::{PairModel, TaskRating};
use crate::{Error, HIGHEST_RATING, LOWEST_RATING, TaskId, Workplace};

/// Strengths, or which tasks cannot be compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fit {
    /// Every task is comparable with every other.
    Strengths(Box<Strengths>),
    /// Not: the likelihood has no maximum, or not a single one.
    NotComparable(Separation),
}

impl Fit {
    /// The strengths, if there are any.
    #[must_use]
    pub fn strengths(&self) -> Option<&Strengths> {
        match self {
            Fit::Strengths(strengths) => Some(strengths),
            Fit::NotComparable(_) => None,
        }
    }

    /// What is not comparable, if anything.
    #[must_use]
    pub fn separation(&self) -> Option<&Separation> {
        match self {
            Fit::Strengths(_) => None,
            Fit::NotComparable(separation) => Some(separation),
        }
    }
}

/// Why there are no strengths: groups of tasks such that no task of a later group was ever preferred to one of an earlier.
///
/// Between two groups the likelihood grows for ever as the first pulls away from the second, or does not change at all.
/// One judgement the other way joins them; so does a [prior](super::Comparisons::with_prior).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Separation {
    /// The groups, at least two; within each, strengths could be told.
    pub groups: Vec<Vec<TaskId>>,
}

impl Separation {
    /// The groups in words.
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::{Comparison, Comparisons, PairModel};
    /// use parecon_jobs::{Eligibility, Member, MemberId, Minutes, Task, TaskId, Workplace};
    /// let workplace = Workplace::new(
    ///     ["cook", "clean"].map(|id| Task::new(id, Minutes::new(60), 5.0, 5.0)).to_vec(),
    ///     vec![Member::new("ann", Minutes::new(120))],
    ///     Eligibility::Everyone,
    /// )?;
    /// let says = Comparison { rater: MemberId::new(0), over: TaskId::new(1), under: TaskId::new(0) };
    /// let fit = Comparisons::new(2, vec![says])?.fit(PairModel::BradleyTerry)?;
    /// let told = fit.separation().map(|separation| separation.describe(&workplace));
    /// assert_eq!(told.as_deref(), Some("never preferred to what stands before: clean | cook"));
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    #[must_use]
    pub fn describe(&self, workplace: &Workplace) -> String {
        let label = |task: &TaskId| workplace.task(*task).map_or("?", |task| task.label());
        let group = |tasks: &Vec<TaskId>| tasks.iter().map(label).collect::<Vec<_>>().join(", ");
        let groups: Vec<String> = self.groups.iter().map(group).collect();
        format!("never preferred to what stands before: {}", groups.join(" | "))
    }
}

/// How strengths become ratings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Scale {
    /// `1 + 19 · mean over the other tasks of the probability to be preferred to them`.
    ///
    /// Needs no further judgement; monotone; within 1–20 by itself; 10.5 on average. It says where a task stands among those
    /// that were compared, so it changes when tasks are added.
    #[default]
    Preferred,
    /// Linear in the strength, through two tasks whose ratings the council sets; cut to 1–20 beyond.
    Anchored {
        /// A task and its rating.
        first: (TaskId, f64),
        /// Another task and its rating.
        second: (TaskId, f64),
    },
}

/// Strengths `θ` of tasks on a scale where only differences count; they sum to 0.
///
/// Bradley–Terry and Plackett–Luce: e^θ is the odds of being preferred. Thurstone: θ is the mean of a normal with variance ½.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StrengthsData", into = "StrengthsData")]
#[non_exhaustive]
pub struct Strengths {
    theta: Vec<f64>,
    /// Row by row.
    covariance: Vec<f64>,
    /// The greatest log likelihood, of the judgements alone.
    pub log_likelihood: f64,
    /// How the members agree, over all pairs of members who judged the same two tasks: 1 if always, 0 if half of the time,
    /// −1 if never. For complete comparisons this is Kendall and Babington Smith's coefficient u (1940).
    pub agreement: Option<f64>,
    /// Share of a task's judgements that go against the estimated order, and their number.
    contrary: Vec<(f64, usize)>,
    model: PairModel,
    /// Newton steps.
    pub iterations: u32,
    /// How the search ended.
    pub status: Status,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StrengthsData {
    theta: Vec<f64>,
    covariance: Vec<f64>,
    log_likelihood: f64,
    agreement: Option<f64>,
    contrary: Vec<(f64, usize)>,
    model: PairModel,
    iterations: u32,
    status: Status,
}

impl TryFrom<StrengthsData> for Strengths {
    type Error = Error;

    fn try_from(data: StrengthsData) -> Result<Self, Error> {
        let StrengthsData {
            theta,
            covariance,
            log_likelihood,
            agreement,
            contrary,
            model,
            iterations,
            status,
        } = data;
        let n = theta.len();
        if n < 2 || covariance.len() != n * n || contrary.len() != n {
            return Err(Error::invalid(format!(
                "{n} strengths with {} covariances and {} shares: must be at least 2, their square, and as many",
                covariance.len(),
                contrary.len()
            )));
        }
        if let Some(value) = theta.iter().chain(&covariance).find(|value| !value.is_finite()) {
            return Err(Error::invalid(format!("a strength or covariance is {value}, must be finite")));
        }
        Ok(Strengths { theta, covariance, log_likelihood, agreement, contrary, model, iterations, status })
    }
}

impl From<Strengths> for StrengthsData {
    fn from(s: Strengths) -> Self {
        let Strengths { theta, covariance, log_likelihood, agreement, contrary, model, iterations, status } =
            s;
        StrengthsData { theta, covariance, log_likelihood, agreement, contrary, model, iterations, status }
    }
}

/// A judgement between two tasks by somebody.
pub(super) struct Judgement {
    pub(super) rater: usize,
    pub(super) over: usize,
    pub(super) under: usize,
}

/// Fits strengths to choices, or says what separates them; `prior` pseudo-judgements each way against an average task.
pub(super) fn fit(
    tasks: usize,
    mut choices: Vec<Choice>,
    judgements: &[Judgement],
    prior: f64,
    model: PairModel,
) -> Result<Fit, Error> {
    let likelihood = match model {
        PairModel::BradleyTerry => Model::Luce,
        PairModel::Thurstone => Model::Normal,
    };
    let judged = choices.len();
    let mut items = tasks;
    if prior > 0.0 {
        items += 1;
        for task in 0..tasks {
            for chosen in [task, tasks] {
                choices.push(Choice::new(chosen, vec![task, tasks], prior));
            }
        }
    }
    let found = groups(items, &choices);
    if found.len() > 1 {
        let groups = found.into_iter().map(|group| group.into_iter().map(TaskId::new).collect()).collect();
        return Ok(Fit::NotComparable(Separation { groups }));
    }
    let Some(Estimate { mut theta, covariance, iterations, status }) = maximise(items, &choices, likelihood)
    else {
        return Err(Error::invalid(
            "the judgements are so lopsided that strengths are lost to rounding: add a prior",
        ));
    };
    let mut own = covariance;
    if prior > 0.0 {
        theta.truncate(tasks);
        let mean = theta.iter().sum::<f64>() / tasks as f64;
        theta.iter_mut().for_each(|t| *t -= mean);
        own = (0..tasks).flat_map(|row| own[row * items..row * items + tasks].to_vec()).collect();
        centre_covariance(tasks, &mut own);
    }
    choices.truncate(judged);
    let log_likelihood = super::likelihood::log_likelihood(&theta, &choices, likelihood);
    let mut contrary = vec![(0.0, 0); tasks];
    for Judgement { over, under, .. } in judgements {
        for task in [*over, *under] {
            contrary[task].0 += f64::from(theta[*over] < theta[*under]);
            contrary[task].1 += 1;
        }
    }
    contrary.iter_mut().filter(|(_, count)| *count > 0).for_each(|(sum, count)| *sum /= *count as f64);
    let agreement = agreement(judgements);
    Ok(Fit::Strengths(Box::new(Strengths {
        theta,
        covariance: own,
        log_likelihood,
        agreement,
        contrary,
        model,
        iterations,
        status,
    })))
}

fn agreement(judgements: &[Judgement]) -> Option<f64> {
    let mut sorted: Vec<(usize, usize, usize, bool)> = judgements
        .iter()
        .map(|j| (j.over.min(j.under), j.over.max(j.under), j.rater, j.over < j.under))
        .collect();
    sorted.sort_unstable();
    let (mut same, mut all) = (0.0, 0.0);
    for group in sorted.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let forth = group.iter().filter(|j| j.3).count() as f64;
        let back = group.len() as f64 - forth;
        same += forth * (forth - 1.0) / 2.0 + back * (back - 1.0) / 2.0;
        all += (forth + back) * (forth + back - 1.0) / 2.0;
    }
    (all > 0.0).then(|| 2.0 * same / all - 1.0)
}

impl Strengths {
    /// θ of each task, in the order of their [`TaskId`].
    #[must_use]
    pub fn theta(&self) -> &[f64] {
        &self.theta
    }

    /// Covariance of the estimates, tasks × tasks, row by row: the pseudo-inverse of the observed information.
    #[must_use]
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// The probability that a task is preferred to another; `None` for one that does not exist.
    #[must_use]
    pub fn probability(&self, over: TaskId, under: TaskId) -> Option<f64> {
        let difference = self.theta.get(over.index())? - self.theta.get(under.index())?;
        Some(self.preferred(difference).0)
    }

    /// The standard error of the difference of two strengths.
    #[must_use]
    pub fn difference_error(&self, a: TaskId, b: TaskId) -> Option<f64> {
        let (n, a, b) = (self.theta.len(), a.index(), b.index());
        let entry = |row, column| (row < n && column < n).then(|| self.covariance[row * n + column]);
        Some((entry(a, a)? + entry(b, b)? - 2.0 * entry(a, b)?).max(0.0).sqrt())
    }

    /// Probability and density at a difference of strengths.
    fn preferred(&self, difference: f64) -> (f64, f64) {
        match self.model {
            PairModel::BradleyTerry => {
                let p = 1.0 / (1.0 + (-difference).exp());
                (p, p * (1.0 - p))
            }
            PairModel::Thurstone => (normal_cdf(difference), normal_density(difference)),
        }
    }

    /// Ratings from 1 to 20, with standard errors by the delta method.
    ///
    /// # Errors
    /// If an anchor names a task that does not exist or a rating outside 1–20, or both are the same task or equally strong.
    ///
    /// # Complexity
    /// O(tasks³) for standard errors.
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::ratings::{Comparison, Comparisons, PairModel, Scale};
    /// use parecon_jobs::{MemberId, TaskId};
    /// let says = |rater, over, under| Comparison {
    ///     rater: MemberId::new(rater),
    ///     over: TaskId::new(over),
    ///     under: TaskId::new(under),
    /// };
    /// // Three of four find the first task more pleasant.
    /// let four = Comparisons::new(2, vec![says(0, 0, 1), says(1, 0, 1), says(2, 0, 1), says(3, 1, 0)])?;
    /// let fit = four.fit(PairModel::BradleyTerry)?;
    /// let ratings = fit.strengths().unwrap().ratings(Scale::Preferred)?;
    /// assert!((ratings[0].value - (1.0 + 19.0 * 0.75)).abs() < 1e-9);
    /// assert_eq!(ratings[0].disagreement, Some(0.25));
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn ratings(&self, scale: Scale) -> Result<Vec<TaskRating>, Error> {
        let n = self.theta.len();
        let range = HIGHEST_RATING - LOWEST_RATING;
        let error = |gradient: &[f64]| {
            let mut sum = 0.0;
            for (row, g) in gradient.iter().enumerate().filter(|(_, g)| **g != 0.0) {
                sum += g * gradient.iter().zip(&self.covariance[row * n..]).map(|(h, c)| h * c).sum::<f64>();
            }
            sum.max(0.0).sqrt()
        };
        let mut ratings = Vec::with_capacity(n);
        let anchors = match scale {
            Scale::Preferred => None,
            Scale::Anchored { first, second } => Some(self.anchors(first, second)?),
        };
        for i in 0..n {
            let mut gradient = vec![0.0; n];
            let value = match anchors {
                None => {
                    let mut sum = 0.0;
                    let part = range / (n as f64 - 1.0);
                    for j in (0..n).filter(|j| *j != i) {
                        let (p, density) = self.preferred(self.theta[i] - self.theta[j]);
                        sum += p;
                        gradient[i] += part * density;
                        gradient[j] -= part * density;
                    }
                    LOWEST_RATING + part * sum
                }
                Some((a, b, low, span)) => {
                    let distance = self.theta[b] - self.theta[a];
                    let along = (self.theta[i] - self.theta[a]) / distance;
                    gradient[i] += span / distance;
                    gradient[a] += span * (along - 1.0) / distance;
                    gradient[b] -= span * along / distance;
                    low + span * along
                }
            };
            let (share, count) = self.contrary[i];
            ratings.push(TaskRating {
                task: TaskId::new(i),
                value: value.clamp(LOWEST_RATING, HIGHEST_RATING),
                standard_error: Some(error(&gradient)),
                disagreement: (count > 1).then_some(share),
                judgements: count,
            });
        }
        Ok(ratings)
    }

    /// Both positions, the first's rating, and the second's above it.
    fn anchors(
        &self,
        first: (TaskId, f64),
        second: (TaskId, f64),
    ) -> Result<(usize, usize, f64, f64), Error> {
        for (task, rating) in [first, second] {
            super::check_task("an anchor", task, self.theta.len())?;
            if !(LOWEST_RATING..=HIGHEST_RATING).contains(&rating) {
                return Err(Error::invalid(format!(
                    "the anchor task {} is rated {rating}, must be from {LOWEST_RATING} to {HIGHEST_RATING}",
                    task.index()
                )));
            }
        }
        let (a, b) = (first.0.index(), second.0.index());
        let distance = self.theta[b] - self.theta[a];
        if distance.abs() < 1e-9 || distance * (second.1 - first.1) <= 0.0 {
            return Err(Error::invalid(format!(
                "the anchor tasks {a} and {b} differ by {distance} in strength and {} in rating: must be two tasks, rated \
                 in the order of their strengths",
                second.1 - first.1
            )));
        }
        Ok((a, b, first.1, second.1 - first.1))
    }
}
