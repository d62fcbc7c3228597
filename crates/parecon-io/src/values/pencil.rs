//! The rate r and vector p > 0 with p (I − N) = r p C, for N ≥ 0 and C ≥ 0: profit and growth rates.

use nalgebra::{DMatrix, DVector};
use parecon_core::Status;

use crate::factor::{Factor, Side, System};
use crate::graph::strong_components;
use crate::inputs::Inputs;

/// Solves with one factorisation or several; quadratic convergence needs about ten.
const ROUNDS: usize = 100;

/// A factorisation is kept as long as it narrows the bracket by this factor per solve.
const SLOW: f64 = 0.1;

/// A bracket is narrow enough at this times the width that rounding alone gives it.
const NARROW: f64 = 4.0;

/// A rate enclosed, with its vector.
pub(crate) struct Rate {
    pub(crate) rate: f64,
    pub(crate) bounds: (f64, f64),
    /// The vector, largest entry 1.
    pub(crate) vector: DVector<f64>,
    pub(crate) status: Status,
}

/// What a vector says about the rate.
struct Quotients {
    rate: f64,
    bounds: (f64, f64),
    /// The part of the bracket's width that is rounding.
    noise: f64,
}

/// The Collatz–Wielandt bounds min and max of (p (I − N))_j / (p C)_j, rounding included.
///
/// With q > 0 such that (I − N) q = r C q, the numbers `(p (I − N) − r p C)_j q_j` sum to 0, so that r lies between the
/// quotients. A column without capital has no quotient; it must balance by itself.
fn quotients(used: &DMatrix<f64>, tied: &DMatrix<f64>, p: &DVector<f64>) -> Quotients {
    let (costs, capital) = (used.tr_mul(p), tied.tr_mul(p));
    let unit = (p.len() as f64 + 4.0) * f64::EPSILON;
    let mut bounds = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut noise, mut surplus_sum, mut capital_sum) = (0.0f64, 0.0, 0.0);
    for j in 0..p.len() {
        let (surplus, error) = (p[j] - costs[j], unit * (p[j] + costs[j]));
        let (low, high) = (surplus - error, surplus + error);
        if capital[j] > 0.0 {
            let (less, more) = (capital[j] * (1.0 - unit), capital[j] * (1.0 + unit));
            bounds.0 = bounds.0.min(low / if low >= 0.0 { more } else { less });
            bounds.1 = bounds.1.max(high / if high >= 0.0 { less } else { more });
            noise = noise.max(2.0 * (error + unit * surplus.abs()) / capital[j]);
        } else if low > 0.0 {
            bounds.1 = f64::INFINITY;
        } else if high < 0.0 {
            bounds.0 = f64::NEG_INFINITY;
        }
        surplus_sum += surplus;
        capital_sum += capital[j];
    }
    Quotients { rate: surplus_sum / capital_sum, bounds, noise }
}

/// The rate of an irreducible pair, from a positive vector and a rate `floor` that is surely not above it and at
/// which N + floor C is not negative off the diagonal. `None` if the rate is so low that no such shift is known.
///
/// Inverse iteration p ← p C (I − N − s C)⁻¹ with the lower bound as shift (Noda 1971): every iterate is positive, the
/// bounds close monotonically, in the end quadratically.
pub(crate) fn rate(
    used: &DMatrix<f64>,
    tied: &DMatrix<f64>,
    start: DVector<f64>,
    floor: Option<f64>,
) -> Option<Rate> {
    let mut vector = &start / start.amax();
    let mut found = quotients(used, tied, &vector);
    let mut bounds = found.bounds;
    let mut status = Status::RoundLimit;
    let mut kept: Option<(Factor, Inputs, f64)> = None;
    let mut slow = true;
    for _ in 0..ROUNDS {
        if bounds.1 - bounds.0 <= NARROW * found.noise {
            status = Status::Converged;
            break;
        }
        if slow {
            let shift = floor.map_or(bounds.0, |floor| floor.max(bounds.0));
            if kept.as_ref().is_some_and(|(_, _, last)| shift <= *last) {
                status = Status::Stalled;
                break;
            }
            let system = used + tied * shift;
            let negative = |(at, cell): (usize, &f64)| *cell < 0.0 && at % used.nrows() != at / used.nrows();
            if !shift.is_finite() || system.iter().enumerate().any(negative) {
                return None;
            }
            let system = Inputs::given(system);
            let Ok(factor) = Factor::new(System::Leontief(&system), |_| String::new()) else {
                status = Status::Stalled;
                break;
            };
            kept = Some((factor, system, shift));
        }
        let Some((factor, system, _)) = &kept else { break };
        let rhs = DMatrix::from_column_slice(vector.len(), 1, tied.tr_mul(&vector).as_slice());
        let next = factor.solve(System::Leontief(system), Side::Transposed, &rhs, |_| String::new());
        // Beyond this the shift cannot be told from the rate.
        let Some(next) = next.ok().filter(|next| next.iter().all(|entry| *entry > 0.0)) else {
            status = Status::Stalled;
            break;
        };
        let next = next.column(0) / next.amax();
        let quotients = quotients(used, tied, &next);
        let width = bounds.1 - bounds.0;
        if quotients.bounds.1 - quotients.bounds.0 < width || !width.is_finite() {
            (vector, found) = (next, quotients);
        }
        bounds = (bounds.0.max(found.bounds.0), bounds.1.min(found.bounds.1));
        slow = (bounds.1 - bounds.0) > SLOW * width || !width.is_finite();
    }
    let rate = found.rate.clamp(bounds.0, bounds.1);
    Some(Rate { rate, bounds, vector, status })
}

/// Sectors grouped by mutual need, suppliers before customers.
pub(crate) struct Groups {
    pub(crate) groups: Vec<Vec<usize>>,
    /// Positions of the groups that contain an input of their own; the others are single sectors.
    pub(crate) circular: Vec<usize>,
    /// A group that the first circular one does not supply, directly or not: then there are no basics.
    pub(crate) apart: Option<usize>,
}

impl Groups {
    /// Groups of a matrix whose positive cells say that the row's product is needed for the column's.
    pub(crate) fn new(needs: &DMatrix<f64>) -> Self {
        let n = needs.nrows();
        let groups = strong_components(needs, 0.0);
        let circular: Vec<usize> = (0..groups.len())
            .filter(|&g| groups[g].len() > 1 || needs[(groups[g][0], groups[g][0])] > 0.0)
            .collect();
        let mut reached = vec![false; n];
        let mut stack: Vec<usize> = circular.first().map(|&g| groups[g].clone()).unwrap_or_default();
        stack.iter().for_each(|&i| reached[i] = true);
        while let Some(i) = stack.pop() {
            for j in 0..n {
                if needs[(i, j)] > 0.0 && !reached[j] {
                    reached[j] = true;
                    stack.push(j);
                }
            }
        }
        let apart = circular.iter().copied().find(|&g| !reached[groups[g][0]]);
        Self { groups, circular, apart }
    }

    /// The basics: the group that all other circular groups need, directly or not.
    pub(crate) fn basic(&self) -> Option<&[usize]> {
        match self.apart {
            None => self.circular.first().map(|&g| self.groups[g].as_slice()),
            Some(_) => None,
        }
    }
}

/// The cells of a matrix at these rows and columns.
pub(crate) fn block(matrix: &DMatrix<f64>, members: &[usize]) -> DMatrix<f64> {
    DMatrix::from_fn(members.len(), members.len(), |i, j| matrix[(members[i], members[j])])
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{dmatrix, dvector};
    use proptest::prelude::*;

    #[test]
    fn a_cyclic_pair_has_its_geometric_mean() {
        // Power iteration alone oscillates here.
        let m = dmatrix![0.0, 0.5; 0.32, 0.0];
        let found = rate(&m, &m, dvector![1.0, 1.0], Some(0.0)).unwrap();
        assert_eq!(found.status, Status::Converged);
        assert!((found.rate - 1.5).abs() < 1e-14 && found.bounds.0 <= 1.5 && 1.5 <= found.bounds.1);
    }

    #[test]
    fn nearly_equal_roots_take_no_more_rounds() {
        // Two groups joined by 1e-9: the second root is 1 − 4e-9 of the first, hopeless for power iteration.
        let m = dmatrix![
            0.2, 0.3, 1e-9, 0.0;
            0.3, 0.2, 0.0, 1e-9;
            1e-9, 0.0, 0.2, 0.3;
            0.0, 1e-9, 0.3, 0.2
        ];
        let found = rate(&m, &m, dvector![1.0, 2.0, 3.0, 4.0], Some(0.0)).unwrap();
        assert_eq!(found.status, Status::Converged);
        assert!((found.rate - (1.0 / (0.5 + 1e-9) - 1.0)).abs() < 1e-13, "{}", found.rate);
        assert!(found.vector.iter().all(|entry| (entry - 1.0).abs() < 1e-6), "{}", found.vector);
    }

    #[test]
    fn groups_say_who_is_needed_by_all() {
        let basics = Groups::new(&dmatrix![0.1, 0.2, 0.0; 0.0, 0.3, 0.0; 0.0, 0.1, 0.0]);
        assert_eq!(basics.basic(), Some([0usize].as_slice()));
        let parts = Groups::new(&dmatrix![0.1, 0.0; 0.0, 0.2]);
        assert!(parts.basic().is_none() && parts.apart.is_some());
    }

    proptest! {
        #[test]
        fn bounds_hold_and_meet(n in 1usize..7, cells in proptest::collection::vec(0.01f64..1.0, 36)) {
            let m = DMatrix::from_fn(n, n, |i, j| cells[i * 6 + j] / n as f64);
            let found = rate(&m, &m, DVector::from_element(n, 1.0), Some(-1.0)).unwrap();
            prop_assert_eq!(found.status, Status::Converged);
            prop_assert!(found.bounds.1 - found.bounds.0 <= 1e-12 * (1.0 + found.rate.abs()) * 10.0);
            let radius = m.complex_eigenvalues().iter().map(|z| z.norm()).fold(0.0, f64::max);
            prop_assert!((1.0 / (1.0 + found.rate) - radius).abs() <= 1e-10 * radius);
        }
    }
}
