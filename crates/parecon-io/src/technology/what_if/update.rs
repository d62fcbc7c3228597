//! Solutions with A + U V' from the factorisation of I − A.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use nalgebra::{DMatrix, DVector};

use crate::error::Error;
use crate::factor::{Factor, Side, System};
use crate::once;
use crate::technology::Technology;

/// An update of more rows and columns than one in so many sectors costs as much as factorising anew.
const SECTORS_PER_LINE: usize = 4;

/// Componentwise residuals above this, relative to |y| + |A*||x| + |x|, are improved on ...
const REFINE_ABOVE: f64 = 16.0 * f64::EPSILON;

/// ... and if they stay above this, the changed matrix is factorised by itself. A direct solution has 1e-15 or so.
const REFUSE_ABOVE: f64 = 1e-13;

/// A changed technology this near to a singular one is factorised by itself: what makes the difference may be the
/// rounding of the solutions for the unchanged one.
const SMALLEST_MARGIN: f64 = 1e-10;

/// Rounds of refinement; an update that is worth keeping needs one.
const REFINEMENTS: usize = 2;

/// ΔA as whole rows and whole columns: a row's part and a column's part do not overlap.
#[derive(Debug, Default)]
pub(in crate::technology) struct Update {
    /// Rows that change, and by how much in every column.
    pub(in crate::technology) rows: Vec<(usize, DVector<f64>)>,
    /// Columns that change, and by how much in every row.
    pub(in crate::technology) columns: Vec<(usize, DVector<f64>)>,
}

impl Update {
    /// From cells by column and row, covered by few rows and columns: the one with most cells left goes first.
    pub(super) fn of_cells(base: &Technology, cells: &BTreeMap<(usize, usize), f64>) -> Self {
        let n = base.len();
        let mut left: BTreeMap<(usize, usize), f64> =
            cells.iter().map(|(&(j, i), cell)| ((j, i), cell - base.inner.inputs.cell(i, j))).collect();
        let mut update = Self::default();
        while !left.is_empty() {
            let (mut in_row, mut in_column) = (vec![0usize; n], vec![0usize; n]);
            for &(j, i) in left.keys() {
                in_row[i] += 1;
                in_column[j] += 1;
            }
            let fullest = |counts: &[usize]| {
                (0..n).max_by_key(|&k| (counts[k], std::cmp::Reverse(k))).unwrap_or_default()
            };
            let (i, j) = (fullest(&in_row), fullest(&in_column));
            let mut line = DVector::zeros(n);
            if in_row[i] > in_column[j] {
                left.retain(|&(column, row), cell| {
                    if row == i {
                        line[column] = *cell;
                    }
                    row != i
                });
                update.rows.push((i, line));
            } else {
                left.retain(|&(column, row), cell| {
                    if column == j {
                        line[row] = *cell;
                    }
                    column != j
                });
                update.columns.push((j, line));
            }
        }
        update
    }

    fn rank(&self) -> usize {
        self.rows.len() + self.columns.len()
    }

    /// `U = [E_rows, columns]`, n × k.
    fn left(&self, n: usize) -> DMatrix<f64> {
        let mut left = DMatrix::zeros(n, self.rank());
        for (k, (i, _)) in self.rows.iter().enumerate() {
            left[(*i, k)] = 1.0;
        }
        for (k, (_, column)) in self.columns.iter().enumerate() {
            left.set_column(self.rows.len() + k, column);
        }
        left
    }

    /// `V = [rows, E_columns]`, n × k.
    fn right(&self, n: usize) -> DMatrix<f64> {
        let mut right = DMatrix::zeros(n, self.rank());
        for (k, (_, row)) in self.rows.iter().enumerate() {
            right.set_column(k, row);
        }
        for (k, (j, _)) in self.columns.iter().enumerate() {
            right[(*j, self.rows.len() + k)] = 1.0;
        }
        right
    }
}

/// What serves one side: for the straight one U, V and L U, for the transposed one V, U and L'V.
#[derive(Debug)]
struct Half {
    left: DMatrix<f64>,
    right: DMatrix<f64>,
    solved: DMatrix<f64>,
    /// I − V'L U
    core: DMatrix<f64>,
    factor: Factor,
}

/// A technology with an update.
#[derive(Debug)]
pub(in crate::technology) struct Updated {
    base: Technology,
    update: Update,
    straight: OnceLock<Option<Half>>,
    transposed: OnceLock<Option<Half>>,
    changed: OnceLock<Result<Technology, Error>>,
}

impl Updated {
    pub(in crate::technology) fn new(base: Technology, update: Update) -> Self {
        let (straight, transposed, changed) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Self { base, update, straight, transposed, changed }
    }

    pub(in crate::technology) fn base(&self) -> &Technology {
        &self.base
    }

    pub(in crate::technology) fn rank(&self) -> usize {
        self.update.rank()
    }

    /// The changed technology by itself.
    pub(in crate::technology) fn technology(&self) -> Result<&Technology, Error> {
        let changed = self.changed.get_or_init(|| {
            if self.rank() == 0 {
                return Ok(self.base.clone());
            }
            let mut coefficients = self.base.coefficients().clone();
            for (i, row) in &self.update.rows {
                (0..row.len()).for_each(|j| coefficients[(*i, j)] += row[j]);
            }
            for (j, column) in &self.update.columns {
                coefficients.column_mut(*j).zip_apply(column, |cell, change| *cell += change);
            }
            Technology::from_coefficients(self.base.sectors().clone(), coefficients)
        });
        changed.as_ref().map_err(Clone::clone)
    }

    pub(in crate::technology) fn solve_vector(
        &self,
        side: Side,
        rhs: &DVector<f64>,
    ) -> Result<DVector<f64>, Error> {
        let rhs = DMatrix::from_column_slice(rhs.len(), 1, rhs.as_slice());
        Ok(self.solve(side, &rhs)?.column(0).into_owned())
    }

    /// (I − A − U V')⁻¹ B, or with the transpose.
    pub(in crate::technology) fn solve(&self, side: Side, rhs: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        if self.rank() == 0 {
            return self.base.solve(side, rhs);
        }
        match self.half(side).and_then(|half| self.by_update(half, side, rhs)) {
            Some(solution) => Ok(solution),
            None => self.technology()?.solve(side, rhs),
        }
    }

    fn half(&self, side: Side) -> Option<&Half> {
        let cell = match side {
            Side::Straight => &self.straight,
            Side::Transposed => &self.transposed,
        };
        let found = once::made(cell, || {
            let (n, k) = (self.base.len(), self.rank());
            if k * SECTORS_PER_LINE > n {
                return None;
            }
            let (left, right) = match side {
                Side::Straight => (self.update.left(n), self.update.right(n)),
                Side::Transposed => (self.update.right(n), self.update.left(n)),
            };
            let solved = self.base.solve(side, &left).ok()?;
            let core = DMatrix::identity(k, k) - right.tr_mul(&solved);
            let factor = Factor::new(System::Plain(&core), |_| String::new()).ok()?;
            if factor.margin() < SMALLEST_MARGIN {
                return None;
            }
            Some(Half { left, right, solved, core, factor })
        });
        found.as_ref()
    }

    /// `None` if the residual stays too large.
    fn by_update(&self, half: &Half, side: Side, rhs: &DMatrix<f64>) -> Option<DMatrix<f64>> {
        let correct = |x: DMatrix<f64>| -> Option<DMatrix<f64>> {
            let seen = half.right.tr_mul(&x);
            let weights = half
                .factor
                .solve(System::Plain(&half.core), Side::Straight, &seen, |_| String::new())
                .ok()?;
            Some(x + &half.solved * weights)
        };
        let mut solution = correct(self.base.solve(side, rhs).ok()?)?;
        for round in 0..=REFINEMENTS {
            let (residual, error) = self.residual(half, side, &solution, rhs);
            if error <= REFINE_ABOVE || (round >= REFINEMENTS && error <= REFUSE_ABOVE) {
                return Some(solution);
            }
            if round >= REFINEMENTS || error.is_nan() {
                return None;
            }
            solution += correct(self.base.solve(side, &residual).ok()?)?;
        }
        None
    }

    /// R = B − (I − A*) X and its largest component relative to |B| + |X| + |A X| + |U||V'X|.
    fn residual(&self, half: &Half, side: Side, x: &DMatrix<f64>, rhs: &DMatrix<f64>) -> (DMatrix<f64>, f64) {
        let inputs = self.base.times(side, x);
        let seen = half.right.tr_mul(x);
        let residual = rhs - x + &inputs + &half.left * &seen;
        let mut scale = rhs.abs() + x.abs() + inputs.abs();
        scale += half.left.abs() * seen.abs();
        let mut error = 0.0f64;
        for (r, scale) in residual.iter().zip(&scale) {
            // No leniency for components that are mere noise: the direct way judges them better.
            let ratio = if *r == 0.0 { 0.0 } else { r.abs() / scale };
            if ratio.is_nan() {
                return (residual, f64::NAN);
            }
            error = error.max(ratio);
        }
        (residual, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Axis;

    fn economy(n: usize) -> Technology {
        let sectors = Axis::from_codes((0..n).map(|i| i.to_string())).unwrap();
        let cell = |i: usize, j: usize| ((7 * i + 3 * j) % 11) as f64 / (8 * n) as f64;
        Technology::from_coefficients(sectors, DMatrix::from_fn(n, n, cell)).unwrap()
    }

    fn changes(n: usize, lines: usize) -> Update {
        let line = |k: usize| {
            DVector::from_fn(n, |i, _| if (i + k).is_multiple_of(2) { 0.3 / n as f64 } else { 0.0 })
        };
        let rows = (0..lines.div_ceil(2)).map(|k| (k, line(k))).collect();
        let columns = (0..lines / 2).map(|k| (n - 1 - k, line(k))).collect();
        Update { rows, columns }
    }

    /// The factorisation is shared where that pays, and only there.
    #[test]
    fn few_lines_are_answered_by_update() {
        for (n, lines, by_update) in
            [(40, 1, true), (40, 5, true), (40, 10, true), (40, 11, false), (4, 2, false)]
        {
            let updated = Updated::new(economy(n), changes(n, lines));
            let rhs = DMatrix::from_fn(n, 3, |i, k| 1.0 + (i * (k + 1)) as f64);
            for side in [Side::Straight, Side::Transposed] {
                let found = updated.solve(side, &rhs).unwrap();
                assert_eq!(updated.changed.get().is_none(), by_update, "{n} {lines}");
                let direct = Updated::new(economy(n), changes(n, lines));
                let wanted = direct.technology().unwrap().solve(side, &rhs).unwrap();
                assert!((found - &wanted).amax() <= 1e-12 * wanted.amax());
            }
        }
    }
}
