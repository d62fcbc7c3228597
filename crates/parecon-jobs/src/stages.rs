//! The linear programmes of balancing, over types of members and classes of tasks.

use crate::Status;
use crate::aggregate::{Aggregate, Type};
use crate::lp::{Limits, Lp, Solution, Step};
use crate::model::PerDimension;

/// Rows (types, or single members) that share the classes: what a stage is about.
pub(crate) struct Problem<'a> {
    /// Fair quota of each row in minutes.
    pub(crate) quotas: Vec<u64>,
    /// What of that is not pinned.
    pub(crate) free: Vec<u64>,
    /// What pinned work adds to the row's deviation in each dimension, in rating points.
    pub(crate) fixed: Vec<PerDimension<f64>>,
    /// Eligible pairs (row, class), ascending.
    pub(crate) pairs: Vec<(usize, usize)>,
    pub(crate) aggregate: &'a Aggregate,
}

/// A stage's result in minutes per pair, with what the certificate needs.
#[derive(Clone)]
pub(crate) struct Point {
    /// Minutes per pair; sums are right up to the solver's accuracy.
    pub(crate) minutes: Vec<f64>,
    /// `q_i g_id` per row and dimension.
    pub(crate) weights: Vec<PerDimension<f64>>,
    /// `v_j` per class, in rating points per minute of work.
    pub(crate) prices: Vec<f64>,
    pub(crate) status: Status,
    pub(crate) iterations: u32,
}

/// What a stage minimises.
pub(crate) enum Goal<'a> {
    /// The largest |deviation| among rows without a cap, the others keeping theirs.
    Largest { caps: &'a [Option<f64>] },
    /// The quota-weighted mean |deviation| over rows and dimensions (each times its emphasis), none above its row's cap.
    Mean { caps: &'a [f64], emphasis: &'a [f64] },
    /// Any linear cost per pair and share of the row's quota, |deviation| within bounds per row and dimension: the
    /// optimum is then a vertex, with few pairs in use. And 1 for every share of the quota that a pair has less than
    /// the minutes it has today (none for any pair, or given for all).
    Vertex { cost: &'a [f64], within: &'a [PerDimension<f64>], today: &'a [f64] },
}

impl<'a> Problem<'a> {
    /// The problem with one row per type of members.
    pub(crate) fn by_type(aggregate: &'a Aggregate) -> Self {
        Problem {
            quotas: aggregate.types.iter().map(|kind| kind.quota).collect(),
            free: aggregate.types.iter().map(|kind| kind.free).collect(),
            fixed: aggregate.types.iter().map(Type::fixed_deviation).collect(),
            pairs: aggregate.pairs.clone(),
            aggregate,
        }
    }

    /// Solves one stage; `None` if the solver has no point to show.
    ///
    /// Variables are shares `y = x / q_i` of the row's quota and the deviations `a_id = Σ_j (r_jd − r̄_d) y_ij`, so that
    /// everything is of the order of 1 and the ratings appear once.
    pub(crate) fn solve(
        &self,
        goal: &Goal<'_>,
        limits: Limits,
        on_step: &mut dyn FnMut(Step) -> bool,
    ) -> Option<Point> {
        let (pairs, rows, dimensions) = (self.pairs.len(), self.quotas.len(), self.aggregate.dimensions);
        let deviation = |row: usize, dimension: usize| pairs + row * dimensions + dimension;
        let bounds = pairs + rows * dimensions;
        let share_of_work = |row: usize| self.quotas[row] as f64 / self.aggregate.total as f64;
        let mut cost = vec![0.0; bounds];
        match goal {
            Goal::Largest { .. } => cost.push(1.0),
            Goal::Mean { emphasis, .. } => {
                for row in 0..rows {
                    cost.extend(emphasis.iter().map(|e| e * share_of_work(row) / dimensions as f64));
                }
            }
            Goal::Vertex { cost: given, today, .. } => {
                for (k, &(row, _)) in self.pairs.iter().enumerate() {
                    cost[k] = given[k] * share_of_work(row);
                }
                let kept = self.pairs.iter().zip(*today).filter(|(_, minutes)| **minutes > 0.0);
                cost.extend(kept.map(|(pair, _)| share_of_work(pair.0)));
            }
        }
        let mut lp = Lp::new(cost, pairs);
        self.add_hours(&mut lp);
        let mut start = 0;
        for row in 0..rows {
            let end = start + self.pairs[start..].iter().take_while(|pair| pair.0 == row).count();
            for d in 0..dimensions {
                let ratings = (start..end).map(|k| (k, self.aggregate.classes[self.pairs[k].1].offset[d]));
                lp.equal(ratings.chain([(deviation(row, d), -1.0)]), -self.fixed[row][d]);
            }
            start = end;
        }
        for row in 0..rows {
            for d in 0..dimensions {
                let a = deviation(row, d);
                match goal {
                    Goal::Largest { caps } => {
                        for sign in [1.0, -1.0] {
                            match caps[row] {
                                None => lp.at_most([(a, sign), (bounds, -1.0)], 0.0),
                                Some(cap) => lp.at_most([(a, sign)], cap),
                            }
                        }
                    }
                    Goal::Mean { caps, .. } => {
                        let s = bounds + row * dimensions + d;
                        lp.at_most([(a, 1.0), (s, -1.0)], 0.0);
                        lp.at_most([(a, -1.0), (s, -1.0)], 0.0);
                        lp.at_most([(s, 1.0)], caps[row]);
                    }
                    Goal::Vertex { within, .. } => {
                        lp.at_most([(a, 1.0)], within[row][d]);
                        lp.at_most([(a, -1.0)], within[row][d]);
                    }
                }
            }
        }
        if let Goal::Vertex { today, .. } = goal {
            let kept = self.pairs.iter().zip(*today).enumerate().filter(|(_, (_, minutes))| **minutes > 0.0);
            for (lost, (k, (pair, minutes))) in (bounds..).zip(kept) {
                lp.at_most([(k, -1.0), (lost, -1.0)], -minutes / self.quotas[pair.0] as f64);
                lp.at_most([(lost, -1.0)], 0.0);
            }
        }
        lp.solve(limits, on_step).map(|solution| self.point(&solution))
    }

    /// Every quota met (rows first), every class done.
    fn add_hours(&self, lp: &mut Lp) {
        let mut of_row = vec![Vec::new(); self.quotas.len()];
        let mut of_class = vec![Vec::new(); self.aggregate.classes.len()];
        for (k, &(row, class)) in self.pairs.iter().enumerate() {
            of_row[row].push((k, 1.0));
            let part = self.quotas[row] as f64 / self.aggregate.classes[class].time as f64;
            of_class[class].push((k, part));
        }
        for (coefficients, (free, quota)) in of_row.into_iter().zip(self.free.iter().zip(&self.quotas)) {
            lp.equal(coefficients, *free as f64 / *quota as f64);
        }
        for coefficients in of_class {
            lp.equal(coefficients, 1.0);
        }
    }

    fn point(&self, solution: &Solution) -> Point {
        let (rows, classes) = (self.quotas.len(), self.aggregate.classes.len());
        let minutes = self
            .pairs
            .iter()
            .zip(&solution.x)
            .map(|(pair, y)| y.max(0.0) * self.quotas[pair.0] as f64)
            .collect();
        let (_, rest) = solution.multipliers.split_at(rows);
        let (of_class, of_deviation) = rest.split_at(classes);
        Point {
            minutes,
            weights: of_deviation.chunks_exact(self.aggregate.dimensions).map(<[f64]>::to_vec).collect(),
            prices: of_class
                .iter()
                .zip(&self.aggregate.classes)
                .map(|(z, class)| -z / class.time as f64)
                .collect(),
            status: solution.status,
            iterations: solution.iterations,
        }
    }

    /// The deviation of every row in every dimension.
    pub(crate) fn deviations(&self, minutes: &[f64]) -> Vec<PerDimension<f64>> {
        let mut sums = self.fixed.clone();
        for (&(row, class), time) in self.pairs.iter().zip(minutes) {
            for (sum, offset) in sums[row].iter_mut().zip(&self.aggregate.classes[class].offset) {
                *sum += time / self.quotas[row] as f64 * offset;
            }
        }
        sums
    }

    /// The bound `Σ_j h_j v_j + Σ_i q_i min_j (Σ_d g_id (r_jd − r̄_d) − v_j)` of [`crate::Certificate`] at the given
    /// multipliers, without any assumption on them.
    pub(crate) fn transport_bound(&self, weights: &[PerDimension<f64>], prices: &[f64]) -> f64 {
        let classes = &self.aggregate.classes;
        let mut least = vec![f64::INFINITY; self.quotas.len()];
        for &(row, class) in &self.pairs {
            let q = self.quotas[row] as f64;
            let gain: f64 = dot(&weights[row], &classes[class].offset);
            least[row] = least[row].min(gain - q * prices[class]);
        }
        let paid: f64 = classes.iter().zip(prices).map(|(class, price)| class.time as f64 * price).sum();
        let mut bound = paid;
        for (row, least) in least.into_iter().enumerate() {
            let part = self.free[row] as f64 / self.quotas[row] as f64;
            let fixed = dot(&weights[row], &self.fixed[row]);
            bound += fixed + if self.free[row] == 0 { 0.0 } else { least * part };
        }
        bound
    }
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
