//! What can be told before any engine starts: members who cannot meet their band, and members who are identical.

use std::collections::HashMap;

use parecon_core::chunked_reduce;
use serde::{Deserialize, Serialize};

use super::bound::{CHUNK, fill};
use super::exact::ExactSum;
use super::member::MemberLp;
use super::{Data, Farkas, Infeasible, Outcome, Problem};
use crate::{Error, MemberId, TaskId};

/// A member who cannot meet the band: the box `|·| ≤ τ` does not touch the convex hull of the offsets of the tasks
/// the member can do, and `direction` separates the two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Unreachable {
    /// Who.
    pub member: MemberId,
    /// g with `Σ_d g_d (r_jd − r̄_d) > Σ_d τ_d |g_d|` for every task j with hours that the member can do; empty if there is none.
    pub direction: Vec<f64>,
    /// By how many rating points, summed over dimensions, the member's best complex is outside.
    pub excess: f64,
}

impl Unreachable {
    /// Checks without rounding that the direction separates.
    ///
    /// # Errors
    /// A [violation](Error::is_violation) if it does not.
    ///
    /// # Complexity
    /// O(the member's tasks · D).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::TaskId;
    /// use parecon_jobs::band::{Data, Problem, unreachable};
    /// // Whoever can do only the second task is 3 points above the average; the band ends at 1.
    /// let problem = Problem::new(Data {
    ///     dimensions: 1,
    ///     quotas: vec![5.0, 5.0],
    ///     hours: vec![5.0, 5.0],
    ///     offsets: vec![-3.0, 3.0],
    ///     starts: vec![0, 2, 3],
    ///     tasks: [0, 1, 1].map(TaskId::new).to_vec(),
    ///     costs: vec![0.0; 3],
    ///     tolerances: vec![1.0, 1.0],
    ///     ..Data::default()
    /// })?;
    /// let mut found = unreachable(&problem);
    /// assert_eq!(found.len(), 1);
    /// found[0].verify(&problem)?;
    /// found[0].direction[0] = 0.0;
    /// assert!(found[0].verify(&problem).unwrap_err().is_violation());
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn verify(&self, problem: &Problem) -> Result<(), Error> {
        let i = self.member.index();
        if i >= problem.members() || problem.data().quotas[i] == 0.0 {
            return Err(Error::violation(format!("member {i} does not exist or has no quota")));
        }
        // Nobody works on a task without hours.
        let worked = |task: &&TaskId| problem.data().hours[task.index()] > 0.0;
        let mut tasks = problem.data().tasks[problem.range(i)].iter().filter(worked).peekable();
        if tasks.peek().is_none() {
            return Ok(());
        }
        if self.direction.len() != problem.dimensions() {
            return Err(Error::violation(format!(
                "member {i}: the direction has the wrong number of dimensions"
            )));
        }
        if self.direction.iter().any(|g| !(*g == 0.0 || (1e-60..=1e60).contains(&g.abs()))) {
            return Err(Error::violation(format!(
                "member {i}: the direction is not 0 or from 1e-60 to 1e60 in magnitude"
            )));
        }
        let mut width = ExactSum::default();
        for (d, (g, tolerance)) in self.direction.iter().zip(problem.tolerances(i)).enumerate() {
            if *g == 0.0 {
                continue;
            }
            if *tolerance == f64::INFINITY || problem.penalty(i, d) < f64::INFINITY {
                return Err(Error::violation(format!(
                    "member {i}: the band in dimension {d} is soft or infinitely wide"
                )));
            }
            width.add_product(*tolerance, -g.abs());
        }
        for task in tasks {
            let mut sum = width.clone();
            for (g, offset) in self.direction.iter().zip(problem.offsets(*task)) {
                sum.add_product(*g, *offset);
            }
            if sum.sign() <= 0 {
                return Err(Error::violation(format!(
                    "member {i}: the direction does not separate task {}",
                    task.index()
                )));
            }
        }
        Ok(())
    }
}

/// Every member who cannot meet the hard bands alone, each with a proof that was checked without rounding.
///
/// # Complexity
/// O(pairs · D · pivots per member), a few pivots each.
///
/// # Example
/// ```
/// use parecon_jobs::TaskId;
/// use parecon_jobs::band::{Data, Problem, unreachable};
/// // The first can only clean (8 below the average): 6 points outside a band of 2.
/// let problem = Problem::new(Data {
///     dimensions: 1,
///     quotas: vec![8.0, 8.0],
///     hours: vec![8.0, 8.0],
///     offsets: vec![-8.0, 8.0],
///     starts: vec![0, 1, 3],
///     tasks: [0, 0, 1].map(TaskId::new).to_vec(),
///     costs: vec![0.0; 3],
///     tolerances: vec![2.0, 2.0],
///     penalties: vec![],
/// })?;
/// let found = unreachable(&problem);
/// assert_eq!((found.len(), found[0].member.index(), found[0].excess), (1, 0, 6.0));
/// assert_eq!(found[0].direction, [-1.0]);
/// found[0].verify(&problem)?;
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
#[must_use]
pub fn unreachable(problem: &Problem) -> Vec<Unreachable> {
    let fold = |members: std::ops::Range<usize>| {
        let mut lp = MemberLp::default();
        let mut found = Vec::new();
        for i in members.filter(|i| problem.data().quotas[*i] > 0.0) {
            let mut one = Unreachable { member: MemberId::new(i), direction: Vec::new(), excess: 0.0 };
            if fill(&mut lp, problem, i, None) {
                lp.costs.fill(0.0);
                one.excess = lp.solve();
                if one.excess == 0.0 {
                    continue;
                }
                one.direction.extend_from_slice(&lp.multipliers);
            }
            // A margin within rounding is no proof: the engines will meet such a band within their accuracy.
            if one.verify(problem).is_ok() {
                found.push(one);
            }
        }
        found
    };
    chunked_reduce(problem.members(), CHUNK, fold, |all, part| all.extend(part)).unwrap_or_default()
}

/// Totals may differ by this part of the whole: sums of rounded hours.
const SAME_TOTAL: f64 = 1e-9;

/// A reason, seen without solving, why there is no assignment.
pub(super) fn obstacle(problem: &Problem) -> Option<Infeasible> {
    let found = unreachable(problem);
    if !found.is_empty() {
        return Some(Infeasible::Members(found));
    }
    let data = problem.data();
    let (work, time): (f64, f64) = (data.hours.iter().sum(), data.quotas.iter().sum());
    let constant = |v: f64| {
        Farkas::new(
            vec![v; problem.tasks()],
            vec![-v; problem.members()],
            vec![0.0; problem.members() * problem.dimensions()],
        )
    };
    if (work - time).abs() > SAME_TOTAL * work.max(time) {
        return Some(Infeasible::Together(constant(if work > time { 1.0 } else { -1.0 })));
    }
    let mut able = vec![false; problem.tasks()];
    for i in (0..problem.members()).filter(|i| data.quotas[*i] > 0.0) {
        data.tasks[problem.range(i)].iter().for_each(|task| able[task.index()] = true);
    }
    let nobody = |j: &usize| !able[*j] && data.hours[*j] > SAME_TOTAL * work;
    let orphans: Vec<usize> = (0..problem.tasks()).filter(nobody).collect();
    (!orphans.is_empty()).then(|| {
        let mut proof = constant(0.0);
        orphans.iter().for_each(|j| proof.prices[*j] = 1.0);
        Infeasible::Together(proof)
    })
}

/// Members with the same tasks, costs and bands, merged: giving each the type's division of work loses nothing.
pub(super) struct Types {
    /// The type of each member.
    of: Vec<usize>,
    merged: Option<Problem>,
}

impl Types {
    /// # Complexity
    /// O(pairs).
    pub(super) fn new(problem: &Problem) -> Self {
        let (data, dimensions) = (problem.data(), problem.dimensions());
        let mut known: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut first = Vec::new();
        let of: Vec<usize> = (0..problem.members())
            .map(|i| {
                let range = problem.range(i);
                let mut key: Vec<u64> =
                    data.tasks[range.clone()].iter().map(|task| task.index() as u64).collect();
                key.extend(data.costs[range].iter().map(|cost| cost.to_bits()));
                key.extend(problem.tolerances(i).iter().map(|tolerance| tolerance.to_bits()));
                key.extend((0..dimensions).map(|d| problem.penalty(i, d).to_bits()));
                let next = known.len();
                let kind = *known.entry(key).or_insert(next);
                if kind == first.len() {
                    first.push(i);
                }
                kind
            })
            .collect();
        if first.len() == problem.members() {
            return Types { of, merged: None };
        }
        let mut small = Data {
            dimensions,
            hours: data.hours.clone(),
            offsets: data.offsets.clone(),
            quotas: vec![0.0; first.len()],
            starts: vec![0],
            ..Data::default()
        };
        for (i, kind) in of.iter().enumerate() {
            small.quotas[*kind] += data.quotas[i];
        }
        for &i in &first {
            small.tasks.extend_from_slice(&data.tasks[problem.range(i)]);
            small.costs.extend_from_slice(&data.costs[problem.range(i)]);
            small.starts.push(small.tasks.len());
            small.tolerances.extend_from_slice(problem.tolerances(i));
            small.penalties.extend((0..dimensions).map(|d| problem.penalty(i, d)));
        }
        // Valid because the whole was; sums of quotas alone could leave the range.
        Types { of, merged: Problem::new(small).ok() }
    }

    /// The problem with one member per type, if that is smaller.
    pub(super) fn merged(&self) -> Option<&Problem> {
        self.merged.as_ref()
    }

    /// From types back to members.
    pub(super) fn expand(&self, problem: &Problem, outcome: Outcome) -> Outcome {
        let Some(merged) = &self.merged else { return outcome };
        let dimensions = problem.dimensions();
        let spread = |of_type: &[f64], stride: usize| -> Vec<f64> {
            self.of.iter().flat_map(|kind| of_type[kind * stride..][..stride].iter().copied()).collect()
        };
        match outcome {
            Outcome::Solved(mut solution) => {
                let mut x = Vec::with_capacity(problem.pairs());
                for (quota, kind) in problem.data().quotas.iter().zip(&self.of) {
                    let whole = merged.data().quotas[*kind];
                    let part = if whole > 0.0 { quota / whole } else { 0.0 };
                    x.extend(solution.x[merged.range(*kind)].iter().map(|hours| hours * part));
                }
                (solution.objective, solution.residuals) = super::bound::evaluate(problem, &x);
                solution.x = x;
                solution.quota_prices = spread(&solution.quota_prices, 1);
                solution.band_prices = spread(&solution.band_prices, dimensions);
                Outcome::Solved(solution)
            }
            Outcome::Infeasible(Infeasible::Together(proof)) => {
                Outcome::Infeasible(Infeasible::Together(Farkas::new(
                    proof.prices,
                    spread(&proof.quota_prices, 1),
                    spread(&proof.band_prices, dimensions),
                )))
            }
            Outcome::Infeasible(Infeasible::Members(found)) => {
                let of_type = |kind: usize| found.iter().find(|one| one.member.index() == kind);
                let members = self.of.iter().enumerate().filter_map(|(i, kind)| {
                    of_type(*kind).map(|one| Unreachable { member: MemberId::new(i), ..one.clone() })
                });
                Outcome::Infeasible(Infeasible::Members(members.collect()))
            }
        }
    }
}
