//! What earlier rounds showed of how imbalances react to prices.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::linear::solve;

/// Part of a price change that must be new, or else it says nothing that is not known from later rounds.
const NEW: f64 = 1e-3;

/// Rounds remembered, and as many of an earlier run.
const CAPACITY: usize = 10;

/// Rounds at logarithmic prices `u` with imbalances `f`, and what they showed beyond what was assumed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// `(u, f)` of this run, the latest first.
    visited: VecDeque<(Vec<f64>, Vec<f64>)>,
    /// Differences to the latest round in `u`, and in `f` beyond what was assumed.
    shown: Vec<(Vec<f64>, Vec<f64>)>,
    /// The same from earlier runs.
    earlier: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Memory {
    /// Starts a new run, among as many goods, with what the ones before have shown.
    pub(super) fn next_run(&mut self, goods: usize) {
        self.visited.clear();
        let mut all = std::mem::take(&mut self.shown);
        all.append(&mut self.earlier);
        all.retain(|(step, _)| step.len() == goods);
        all.truncate(CAPACITY);
        self.earlier = all;
    }

    /// Takes in a round and gives the smallest correction that explains all rounds remembered, where
    /// `assumed(u)` is the change of `f` from the round taken in to `u` that would be expected without.
    pub(super) fn correction(
        &mut self,
        u: &[f64],
        f: &[f64],
        assumed: impl Fn(&[f64]) -> Vec<f64>,
    ) -> LowRank {
        let show = |(then, f_then): &(Vec<f64>, Vec<f64>)| {
            (difference(then, u), difference(&difference(f_then, f), &assumed(then)))
        };
        // Another economy's rounds say nothing of this one's.
        self.visited.retain(|(then, f_then)| then.len() == u.len() && f_then.len() == f.len());
        self.shown = self.visited.iter().map(show).collect();
        self.visited.push_front((u.to_vec(), f.to_vec()));
        self.visited.truncate(CAPACITY);
        LowRank::mapping(self.shown.iter().chain(&self.earlier).cloned())
    }
}

/// A matrix of low rank, `Σ g_k·q_kᵀ` with orthonormal `q_k`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct LowRank {
    pairs: Vec<(Vec<f64>, Vec<f64>)>,
}

impl LowRank {
    /// The smallest matrix (in the Frobenius norm) that maps each step to its response: the correction of the
    /// generalised Broyden method. Steps that are all but combinations of earlier ones in the list are passed over.
    pub(super) fn mapping(steps_and_responses: impl IntoIterator<Item = (Vec<f64>, Vec<f64>)>) -> Self {
        let mut all = LowRank::default();
        for (mut step, mut response) in steps_and_responses {
            let length = norm(&step);
            // Twice, because once leaves rounding behind where little of the step is new.
            for _ in 0..2 {
                for (g, q) in &all.pairs {
                    let along = dot(q, &step);
                    add(&mut step, -along, q);
                    add(&mut response, -along, g);
                }
            }
            let new = norm(&step);
            if new > NEW * length && response.iter().all(|r| r.is_finite()) {
                step.iter_mut().for_each(|s| *s /= new);
                response.iter_mut().for_each(|r| *r /= new);
                all.pairs.push((response, step));
            }
        }
        all
    }

    /// The matrix times a vector.
    pub(super) fn times(&self, vector: &[f64]) -> Vec<f64> {
        let mut product = vec![0.0; vector.len()];
        for (g, q) in &self.pairs {
            add(&mut product, dot(q, vector), g);
        }
        product
    }

    /// Adds `g·qᵀ`.
    pub(super) fn push(&mut self, g: Vec<f64>, q: Vec<f64>) {
        self.pairs.push((g, q));
    }

    /// Adds another matrix.
    pub(super) fn extend(&mut self, other: &LowRank) {
        self.pairs.extend(other.pairs.iter().cloned());
    }

    /// Solves `(diagonal + self)·x = right` by the Woodbury formula; `None` if the answer is not finite.
    pub(super) fn solve(&self, diagonal: &[f64], right: &[f64]) -> Option<Vec<f64>> {
        let divide = |v: &[f64]| -> Vec<f64> { v.iter().zip(diagonal).map(|(v, d)| v / d).collect() };
        let mut x = divide(right);
        let rank = self.pairs.len();
        let scaled: Vec<Vec<f64>> = self.pairs.iter().map(|(g, _)| divide(g)).collect();
        let mut small = vec![0.0; rank * rank];
        for (i, (_, q)) in self.pairs.iter().enumerate() {
            for (j, g) in scaled.iter().enumerate() {
                small[i * rank + j] = dot(q, g) + f64::from(u8::from(i == j));
            }
        }
        let along: Vec<f64> = self.pairs.iter().map(|(_, q)| dot(q, &x)).collect();
        if rank > 0 {
            for (g, y) in scaled.iter().zip(solve(&small, &along)?) {
                add(&mut x, -y, g);
            }
        }
        x.iter().all(|v| v.is_finite()).then_some(x)
    }
}

/// `x − y`.
pub(super) fn difference(x: &[f64], y: &[f64]) -> Vec<f64> {
    x.iter().zip(y).map(|(x, y)| x - y).collect()
}

pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

pub(super) fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}

/// `x += factor·y`.
pub(super) fn add(x: &mut [f64], factor: f64, y: &[f64]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += factor * y);
}

/// Largest absolute value; infinite if some entry is not a number.
pub(super) fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |most, v| if v.is_nan() { f64::INFINITY } else { v.abs().max(most) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_reproduces_what_was_seen() {
        let steps = [vec![1.0, 2.0, -1.0], vec![0.5, 0.0, 3.0]];
        let responses = [vec![2.0, 1.0, 0.0], vec![-1.0, 4.0, 1.0]];
        let matrix = LowRank::mapping(steps.iter().cloned().zip(responses.iter().cloned()));
        for (step, response) in steps.iter().zip(&responses) {
            assert!(largest(&difference(&matrix.times(step), response)) < 1e-14);
        }
        // The smallest one: nothing happens across the steps seen.
        assert!(largest(&matrix.times(&[6.0, -3.5, -1.0])) < 1e-14);
        let again = [(steps[0].clone(), responses[0].clone()), (vec![2.0, 4.0, -2.0], vec![9.0; 3])];
        assert_eq!(LowRank::mapping(again).pairs.len(), 1, "a step seen before is passed over");
    }

    #[test]
    fn solving_undoes_multiplying() {
        let mut matrix = LowRank::mapping([(vec![1.0, 1.0, 0.0], vec![0.3, -0.2, 0.5])]);
        matrix.push(vec![0.1, 0.2, 0.3], vec![1.0, 0.0, -1.0]);
        let (diagonal, right) = ([-2.0, -1.0, 4.0], [1.0, -3.0, 2.0]);
        let x = matrix.solve(&diagonal, &right).unwrap_or_default();
        let mut back = matrix.times(&x);
        back.iter_mut().zip(&x).zip(diagonal).for_each(|((b, x), d)| *b += d * x);
        assert!(largest(&difference(&back, &right)) < 1e-14, "{back:?}");
        assert_eq!(LowRank::default().solve(&[0.0], &[1.0]), None);
    }
}
