//! Exact power by generating functions.

use serde::{Deserialize, Serialize};

use super::Assembly;

/// Which index of power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Index {
    /// All coalitions of the others are equally likely.
    Banzhaf,
    /// All orders of joining are equally likely.
    ShapleyShubik,
}

impl Assembly {
    /// Banzhaf's absolute index of each member: the share of coalitions of the others in which the member is critical.
    ///
    /// Does not sum to one; divide by the sum for the normalised index.
    ///
    /// # Complexity
    /// O(n q log n) for n members and quota q.
    ///
    /// # Example
    /// ```
    /// use parecon_review::voting::Assembly;
    ///
    /// assert_eq!(Assembly::new(vec![3, 2, 2], 4)?.banzhaf(), [0.5, 0.5, 0.5]);
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    #[must_use]
    pub fn banzhaf(&self) -> Vec<f64> {
        self.critical(0.5)
    }

    /// Shapley and Shubik's index of each member: the share of orders of joining in which the member turns a losing
    /// coalition into a winning one. Sums to one.
    ///
    /// # Complexity
    /// O(n² q log n).
    ///
    /// # Example
    /// ```
    /// use parecon_review::voting::Assembly;
    ///
    /// let power = Assembly::new(vec![2, 1, 1], 3)?.shapley_shubik();
    /// assert!((power[0] - 2.0 / 3.0).abs() < 1e-15 && (power[1] - 1.0 / 6.0).abs() < 1e-15);
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    #[must_use]
    pub fn shapley_shubik(&self) -> Vec<f64> {
        let n = self.weights.len();
        let mut power = vec![0.0; n];
        // Degree n − 1; m nodes are exact up to 2m − 1.
        for (node, weight) in gauss_legendre(n.div_ceil(2)) {
            for (sum, part) in power.iter_mut().zip(self.critical(node)) {
                *sum += weight * part;
            }
        }
        power
    }

    /// The index asked for.
    #[must_use]
    pub fn power(&self, index: Index) -> Vec<f64> {
        match index {
            Index::Banzhaf => self.banzhaf(),
            Index::ShapleyShubik => self.shapley_shubik(),
        }
    }

    /// Pᵢ(t) of every member.
    pub(super) fn critical(&self, t: f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.quota as usize];
        sums[0] = 1.0;
        let mut power = vec![0.0; self.weights.len()];
        leave_one_out(&self.weights, t, &sums, &mut power);
        power
    }
}

/// Fills `power` for members `weights`, given the distribution below the quota of the sum of everyone else's votes.
///
/// Halves of a group each get the other half added: every distribution without one member, without ever dividing a
/// member out, which would cancel.
fn leave_one_out(weights: &[u32], t: f64, others: &[f64], power: &mut [f64]) {
    if let ([weight], [power]) = (weights, &mut *power) {
        let from = others.len().saturating_sub(*weight as usize);
        *power = others[from..].iter().sum();
        return;
    }
    let middle = weights.len() / 2;
    let ((left, right), (left_power, right_power)) = (weights.split_at(middle), power.split_at_mut(middle));
    for (half, rest, power) in [(left, right, left_power), (right, left, right_power)] {
        let mut sums = others.to_vec();
        rest.iter().for_each(|&weight| join(&mut sums, weight as usize, t));
        leave_one_out(half, t, &sums, power);
    }
}

/// Multiplies by 1 − t + t z^weight, below the quota.
fn join(sums: &mut [f64], weight: usize, t: f64) {
    for have in (0..sums.len()).rev() {
        let with = if have >= weight { sums[have - weight] } else { 0.0 };
        sums[have] = (1.0 - t) * sums[have] + t * with;
    }
}

/// Nodes and weights of the m-point Gauss–Legendre rule on [0, 1], by Newton's method on the Legendre polynomial.
fn gauss_legendre(m: usize) -> Vec<(f64, f64)> {
    let size = m as f64;
    (0..m)
        .map(|i| {
            let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (size + 0.5)).cos();
            let mut slope = 1.0;
            // Quadratic convergence from a start good to 1/m²: five steps suffice, one more cleans up.
            for _ in 0..6 {
                let (mut before, mut value) = (0.0, 1.0);
                for k in 0..m {
                    let k = k as f64;
                    (before, value) = (value, ((2.0 * k + 1.0) * x * value - k * before) / (k + 1.0));
                }
                slope = size * (x * value - before) / (x * x - 1.0);
                x -= value / slope;
            }
            (0.5 * (1.0 + x), 1.0 / ((1.0 - x * x) * slope * slope))
        })
        .collect()
}
