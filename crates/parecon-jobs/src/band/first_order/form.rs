//! A band problem laid out for passes over members.

use std::ops::Range;

use super::super::Problem;

/// Pairs per unit of parallel work, at least.
const PAIRS: usize = 10_000;
/// Units of parallel work, at most: each has sums over tasks of its own, which are added up in their order.
const CHUNKS: usize = 16;

/// Shares instead of hours, costs of the order of 1, no members without quota, no tasks without hours.
#[derive(Clone)]
pub(super) struct Form {
    /// Position of each member.
    pub(super) member: Vec<usize>,
    /// Position of each task.
    pub(super) task: Vec<usize>,
    /// Position of each pair.
    pub(super) pair: Vec<usize>,
    pub(super) starts: Vec<usize>,
    /// Task of each pair.
    pub(super) task_of: Vec<u32>,
    /// Cost of each pair, divided by `scale`.
    pub(super) cost: Vec<f64>,
    /// Quotas, divided by their mean.
    pub(super) quota: Vec<f64>,
    /// Hours, divided by the mean quota.
    pub(super) hours: Vec<f64>,
    /// tasks × D.
    pub(super) offsets: Vec<f64>,
    /// members × D.
    pub(super) tolerance: Vec<f64>,
    /// members × D, divided by `scale`.
    pub(super) penalty: Vec<f64>,
    /// Members of each unit of parallel work.
    pub(super) chunks: Vec<Range<usize>>,
    /// The mean |cost|.
    pub(super) scale: f64,
    /// The mean quota in hours.
    pub(super) mean: f64,
}

impl Form {
    /// Only pairs that are kept take part.
    pub(super) fn new(problem: &Problem, keep: &dyn Fn(usize) -> bool) -> Self {
        let (data, dimensions) = (problem.data(), problem.dimensions());
        let member: Vec<usize> = (0..problem.members()).filter(|i| data.quotas[*i] > 0.0).collect();
        let task: Vec<usize> = (0..problem.tasks()).filter(|j| data.hours[*j] > 0.0).collect();
        let mut at = vec![u32::MAX; problem.tasks()];
        task.iter().enumerate().for_each(|(new, old)| at[*old] = new as u32);
        let mean = member.iter().map(|i| data.quotas[*i]).sum::<f64>() / member.len().max(1) as f64;
        let (mut pair, mut task_of, mut cost, mut starts) = (Vec::new(), Vec::new(), Vec::new(), vec![0]);
        let (mut costs, mut open) = (0.0, 0usize);
        for &i in &member {
            for k in problem.range(i) {
                let j = at[data.tasks[k].index()];
                if j != u32::MAX {
                    costs += data.costs[k].abs();
                    open += 1;
                    if keep(k) {
                        pair.push(k);
                        task_of.push(j);
                        cost.push(data.costs[k]);
                    }
                }
            }
            starts.push(pair.len());
        }
        let size = costs / open.max(1) as f64;
        let scale = if size > 0.0 { size } else { 1.0 };
        cost.iter_mut().for_each(|c| *c /= scale);
        let units = CHUNKS.min(pair.len().div_ceil(PAIRS)).max(1);
        let mut chunks = Vec::new();
        let mut from = 0;
        for unit in 1..=units {
            let to = if unit == units {
                member.len()
            } else {
                starts.partition_point(|start| *start < pair.len() / units * unit).min(member.len())
            };
            if to > from {
                chunks.push(from..to);
                from = to;
            }
        }
        Form {
            cost,
            quota: member.iter().map(|i| data.quotas[*i] / mean).collect(),
            hours: task.iter().map(|j| data.hours[*j] / mean).collect(),
            offsets: task
                .iter()
                .flat_map(|j| data.offsets[j * dimensions..][..dimensions].iter().copied())
                .collect(),
            tolerance: member.iter().flat_map(|i| problem.tolerances(*i).iter().copied()).collect(),
            penalty: member
                .iter()
                .flat_map(|i| (0..dimensions).map(|d| problem.penalty(*i, d) / scale))
                .collect(),
            member,
            task,
            pair,
            starts,
            task_of,
            chunks,
            scale,
            mean,
        }
    }

    /// Hours per pair of the problem from shares per pair, in the order of the chunks.
    pub(super) fn hours_of<'a>(
        &self,
        problem: &Problem,
        shares: impl Iterator<Item = &'a [f64]>,
    ) -> Vec<f64> {
        let mut x = vec![0.0; problem.pairs()];
        let mut shares = shares.flatten();
        for (row, &i) in self.member.iter().enumerate() {
            let own = self.starts[row]..self.starts[row + 1];
            let begin = own.start;
            let mut total = 0.0;
            for (k, share) in own.clone().zip(&mut shares) {
                x[self.pair[k]] = *share;
                total += *share;
            }
            // Sums of shares are 1 up to rounding; quotas are then met to the last digit.
            let factor = if total > 0.0 { problem.data().quotas[i] / total } else { 0.0 };
            (begin..own.end).for_each(|k| x[self.pair[k]] *= factor);
        }
        x
    }

    /// Task prices in the problem's units.
    pub(super) fn prices_of(&self, problem: &Problem, prices: &[f64]) -> Vec<f64> {
        let mut v = vec![0.0; problem.tasks()];
        self.task.iter().zip(prices).for_each(|(j, price)| v[*j] = price * self.scale);
        v
    }
}
