//! The data of a band problem, checked.

use serde::{Deserialize, Serialize};

use crate::{Error, MemberId, TaskId, Workplace};

/// The largest magnitude of any number, and the inverse of the smallest that is not 0: products of three then neither
/// overflow nor lose digits, so that proofs can be checked exactly.
const LARGEST: f64 = 1e60;

/// A band problem in plain data; arrays per member and dimension, or per task and dimension, have stride `dimensions`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// D, the number of dimensions; may be 0.
    pub dimensions: usize,
    /// `q_i`: the hours each member works.
    pub quotas: Vec<f64>,
    /// `h_j`: the hours each task takes.
    pub hours: Vec<f64>,
    /// `r_jd − r̄_d`: rating minus target; tasks × D.
    pub offsets: Vec<f64>,
    /// Where each member's pairs begin in `tasks` and `costs`; members + 1 positions.
    pub starts: Vec<usize>,
    /// The tasks each member can do, ascending within a member.
    pub tasks: Vec<TaskId>,
    /// `c_ij`: what an hour costs, of any sign; as long as `tasks`.
    pub costs: Vec<f64>,
    /// `τ_id ≥ 0`, in rating points; members × D; infinite for no band.
    pub tolerances: Vec<f64>,
    /// `w_id ≥ 0`: what an hour times a rating point beyond the band costs; members × D, or empty for hard bands
    /// throughout; infinite for a hard band.
    pub penalties: Vec<f64>,
}

impl Data {
    /// The band problem of a workplace: its fair quotas, task times and eligible pairs in hours, ratings against the
    /// social averages, the same hard band for everyone, and no costs (set [`costs`](Self::costs), which are in the
    /// order of [`Workplace::eligible`]).
    ///
    /// # Complexity
    /// O(eligible pairs).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::band::{Data, Problem};
    /// use parecon_jobs::{Eligibility, Member, Minutes, Task, Workplace};
    /// let hour = Minutes::new(60);
    /// let workplace = Workplace::new(
    ///     vec![Task::new("cook", hour, 9.0, 6.0), Task::new("plan", hour, 17.0, 14.0)],
    ///     vec![Member::new("ann", hour), Member::new("bo", hour)],
    ///     Eligibility::Everyone,
    /// )?;
    /// let data = Data::from_workplace(&workplace, 0.5);
    /// assert_eq!(data.offsets, [-4.0, -4.0, 4.0, 4.0]);
    /// assert_eq!(Problem::new(data)?.pairs(), 4);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    #[must_use]
    pub fn from_workplace(workplace: &Workplace, tolerance: f64) -> Self {
        let averages = workplace.averages();
        let quotas: Vec<f64> = workplace.fair_quotas().iter().map(|q| q.as_hours()).collect();
        let mut offsets = Vec::with_capacity(workplace.tasks().len() * averages.len());
        for task in workplace.tasks() {
            offsets.extend(task.ratings().zip(averages).map(|(rating, average)| rating - average));
        }
        let (mut starts, mut tasks) = (vec![0], Vec::new());
        for member in 0..quotas.len() {
            tasks.extend_from_slice(workplace.eligible(MemberId::new(member)));
            starts.push(tasks.len());
        }
        Data {
            dimensions: averages.len(),
            tolerances: vec![tolerance; quotas.len() * averages.len()],
            quotas,
            hours: workplace.tasks().iter().map(|task| task.time.as_hours()).collect(),
            offsets,
            starts,
            costs: vec![0.0; tasks.len()],
            tasks,
            penalties: Vec::new(),
        }
    }
}

/// A valid band problem; see the [module](super).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Data", into = "Data")]
pub struct Problem {
    data: Data,
}

impl Problem {
    /// Checks and keeps the data.
    ///
    /// # Errors
    /// If there are no members or no tasks; if lengths do not agree; if a quota, an amount of hours, a tolerance or a
    /// penalty is negative or not a number, or a cost or an offset not finite; if any number but 0 and ∞ is outside
    /// 1e-60–1e60 in magnitude; if a member's tasks are not ascending, repeat or do not exist.
    ///
    /// That quotas and hours differ in total, or that a member can do nothing, is not an error: it is what
    /// [`solve`](super::solve) answers.
    ///
    /// # Complexity
    /// O(pairs).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::TaskId;
    /// use parecon_jobs::band::{Data, Problem};
    /// let data = Data {
    ///     quotas: vec![1.0],
    ///     hours: vec![1.0],
    ///     starts: vec![0, 1],
    ///     tasks: vec![TaskId::new(0)],
    ///     costs: vec![f64::NAN],
    ///     ..Data::default()
    /// };
    /// let error = Problem::new(data).unwrap_err();
    /// assert_eq!(error.to_string(), "member 0, task 0: cost is NaN, must be a number from -1e60 to 1e60");
    /// ```
    pub fn new(data: Data) -> Result<Self, Error> {
        let (members, tasks, dimensions) = (data.quotas.len(), data.hours.len(), data.dimensions);
        if members == 0 || tasks == 0 {
            return Err(Error::invalid(format!(
                "{members} members and {tasks} tasks: need at least one of each"
            )));
        }
        check_length("offsets", data.offsets.len(), tasks.checked_mul(dimensions))?;
        check_length("starts", data.starts.len(), Some(members + 1))?;
        check_length("costs", data.costs.len(), Some(data.tasks.len()))?;
        check_length("tolerances", data.tolerances.len(), members.checked_mul(dimensions))?;
        if !data.penalties.is_empty() {
            check_length("penalties", data.penalties.len(), members.checked_mul(dimensions))?;
        }
        for (i, quota) in data.quotas.iter().enumerate() {
            check(*quota, 0.0, LARGEST, || format!("member {i}: quota"))?;
        }
        for (j, hours) in data.hours.iter().enumerate() {
            check(*hours, 0.0, LARGEST, || format!("task {j}: hours"))?;
        }
        for (k, offset) in data.offsets.iter().enumerate() {
            let name = || format!("task {}, dimension {}: offset", k / dimensions, k % dimensions);
            check(*offset, -LARGEST, LARGEST, name)?;
        }
        for (what, values) in [("tolerance", &data.tolerances), ("penalty", &data.penalties)] {
            for (k, value) in values.iter().enumerate().filter(|(_, value)| **value != f64::INFINITY) {
                let name = || format!("member {}, dimension {}: {what}", k / dimensions, k % dimensions);
                check(*value, 0.0, LARGEST, name)?;
            }
        }
        check_pairs(&data, tasks)?;
        Ok(Problem { data })
    }

    /// The data.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The data, to be changed and checked again.
    #[must_use]
    pub fn into_data(self) -> Data {
        self.data
    }

    /// The number of members.
    #[must_use]
    pub fn members(&self) -> usize {
        self.data.quotas.len()
    }

    /// The number of tasks.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.data.hours.len()
    }

    /// D.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.data.dimensions
    }

    /// The number of eligible pairs.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.data.tasks.len()
    }

    /// Positions of a member's pairs.
    pub(crate) fn range(&self, member: usize) -> std::ops::Range<usize> {
        self.data.starts[member]..self.data.starts[member + 1]
    }

    /// `r_jd − r̄_d` of a task, over dimensions.
    pub(crate) fn offsets(&self, task: TaskId) -> &[f64] {
        &self.data.offsets[task.index() * self.data.dimensions..][..self.data.dimensions]
    }

    /// `τ_id` of a member, over dimensions.
    pub(crate) fn tolerances(&self, member: usize) -> &[f64] {
        &self.data.tolerances[member * self.data.dimensions..][..self.data.dimensions]
    }

    /// `w_id`, infinite for a hard band.
    pub(crate) fn penalty(&self, member: usize, dimension: usize) -> f64 {
        self.data.penalties.get(member * self.data.dimensions + dimension).copied().unwrap_or(f64::INFINITY)
    }
}

impl TryFrom<Data> for Problem {
    type Error = Error;

    fn try_from(data: Data) -> Result<Self, Error> {
        Problem::new(data)
    }
}

impl From<Problem> for Data {
    fn from(problem: Problem) -> Self {
        problem.data
    }
}

fn check_length(what: &str, found: usize, wanted: Option<usize>) -> Result<(), Error> {
    match wanted {
        Some(wanted) if wanted == found => Ok(()),
        Some(wanted) => Err(Error::invalid(format!("{what} has {found} entries, must have {wanted}"))),
        None => Err(Error::invalid(format!("{what}: too many members, tasks or dimensions to count"))),
    }
}

fn check(value: f64, from: f64, to: f64, name: impl Fn() -> String) -> Result<(), Error> {
    if !(from..=to).contains(&value) {
        return Err(Error::invalid(format!(
            "{} is {value}, must be a number from {from:e} to {to:e}",
            name()
        )));
    }
    if value != 0.0 && value.abs() < 1.0 / LARGEST {
        return Err(Error::invalid(format!(
            "{} is {value:e}, must be 0 or at least {:e}",
            name(),
            1.0 / LARGEST
        )));
    }
    Ok(())
}

fn check_pairs(data: &Data, tasks: usize) -> Result<(), Error> {
    let ends = (data.starts.first().copied(), data.starts.last().copied());
    if ends != (Some(0), Some(data.tasks.len())) {
        return Err(Error::invalid(format!("starts must go from 0 to the {} pairs", data.tasks.len())));
    }
    for (i, range) in data.starts.windows(2).enumerate() {
        let (Some(own), Some(costs)) =
            (data.tasks.get(range[0]..range[1]), data.costs.get(range[0]..range[1]))
        else {
            return Err(Error::invalid(format!("member {i}: starts must be ascending")));
        };
        for (k, (task, cost)) in own.iter().zip(costs).enumerate() {
            let j = task.index();
            if j >= tasks {
                return Err(Error::invalid(format!(
                    "member {i}: task {j} does not exist, positions go to {}",
                    tasks - 1
                )));
            }
            if k > 0 && own[k - 1] >= *task {
                return Err(Error::invalid(format!(
                    "member {i}: task {j} is repeated or out of order, tasks must be ascending"
                )));
            }
            check(*cost, -LARGEST, LARGEST, || format!("member {i}, task {j}: cost"))?;
        }
    }
    Ok(())
}
