//! KRAS: any linear constraints, also contradictory ones.

use nalgebra::{DMatrix, DVector};
use parecon_core::Status;
use serde::{Deserialize, Serialize};

use super::entropy::{Constraints, Problem};
use super::{Balancing, check_prior};
use crate::error::Error;

/// A linear constraint on the cells of a matrix, Σ g x = c, and how reliable c is.
///
/// # Example
/// ```
/// use parecon_io::balancing::Constraint;
///
/// // Cell (0, 1) is twice cell (1, 0), as far as is known to 0.5.
/// let ratio = Constraint::new("ratio", [((0, 1), 1.0), ((1, 0), -2.0)], 0.0).with_deviation(0.5)?;
/// assert_eq!(ratio.deviation(), 0.5);
/// assert!(ratio.with_deviation(-1.0).is_err());
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    name: String,
    cells: Vec<((usize, usize), f64)>,
    total: f64,
    deviation: f64,
}

impl Constraint {
    /// Cells (row, column, from 0) with coefficients, and what they must sum to. A cell given twice counts twice.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        cells: impl IntoIterator<Item = ((usize, usize), f64)>,
        total: f64,
    ) -> Self {
        Self { name: name.into(), cells: cells.into_iter().collect(), total, deviation: 0.0 }
    }

    /// The sum of a row of a matrix with so many columns.
    #[must_use]
    pub fn row(row: usize, columns: usize, total: f64) -> Self {
        Self::new(format!("row {}", row + 1), (0..columns).map(|j| ((row, j), 1.0)), total)
    }

    /// The sum of a column of a matrix with so many rows.
    #[must_use]
    pub fn column(column: usize, rows: usize, total: f64) -> Self {
        Self::new(format!("column {}", column + 1), (0..rows).map(|i| ((i, column), 1.0)), total)
    }

    /// The standard deviation of the total, in its own unit; 0 (the default) if it must hold.
    ///
    /// # Errors
    /// A deviation that is negative or not finite is refused.
    pub fn with_deviation(mut self, deviation: f64) -> Result<Self, Error> {
        if !(deviation >= 0.0 && deviation.is_finite()) {
            return Err(Error::invalid(format!(
                "constraint {:?}: deviation is {deviation}, must be finite and not negative",
                self.name
            )));
        }
        self.deviation = deviation;
        Ok(self)
    }

    /// The name, for messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The cells (row, column) with their coefficients.
    #[must_use]
    pub fn cells(&self) -> &[((usize, usize), f64)] {
        &self.cells
    }

    /// What the cells must sum to.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.total
    }

    /// The standard deviation of the total.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        self.deviation
    }
}

/// A matrix that meets linear constraints, or the best compromise between contradictory ones.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Compromise {
    /// The new cells X.
    pub flows: DMatrix<f64>,
    /// The multipliers λ of the constraints: x = a exp(± d² (G'λ)).
    pub multipliers: DVector<f64>,
    /// What the constraints sum to now, Σ g x.
    pub sums: DVector<f64>,
    /// The constraints (positions in the given list) that are not met because others contradict them. With status
    /// [`Status::Converged`] all of them have a deviation and [`sums`](Self::sums) is the compromise; with
    /// [`Status::Stalled`] they have none and cannot hold together.
    pub contradicted: Vec<usize>,
    /// The largest miss, |sum − total| / (|total| + Σ |g x| + deviation), contradicted constraints included.
    pub residual: f64,
    /// Newton steps made.
    pub rounds: usize,
    /// How it ended.
    pub status: Status,
}

/// KRAS: least change under linear constraints of any kind, contradictory ones reconciled by their reliability.
///
/// ```text
/// 1. c* = G x with x of the signs of a:  Σ ((c*_k − c_k) / deviation_k)²  is least; deviation 0 means c*_k = c_k
/// 2. X minimises  Σ |a| / d² (z ln z − z + 1),  x = a z,  subject to  G x = c*
/// ```
///
/// so constraints hold exactly wherever they can hold together, however small their reliability, and where they cannot
/// the least squares compromise of the totals holds instead (two figures for the same sum: their mean with weights
/// 1 / deviation²). d are relative deviations of the prior cells, all 1 if not given: a cell with half the deviation
/// changes, in logarithms, by a quarter; one with deviation 0 is fixed.
///
/// Solved as one convex problem in the multipliers of the constraints: a proximal point method of Newton steps, whose
/// linear systems are solved by conjugate gradients without ever forming a matrix. The original iterates over the
/// constraints one by one and moves a contradicted total in steps proportional to its deviation. Where nothing conflicts the
/// two agree. Where something does, it stops at one of many compromises, which depends on the order and the size of the
/// steps: of two figures for one sum it gives about the mean with weights 1 / deviation (12 ± 1 and 17 ± 2 become 13.67
/// instead of 13); this is the best one in the sense of 1.
///
/// # Errors
/// Values that are not finite, deviations that are negative, cells outside the matrix, matrices of different shapes.
/// Constraints that cannot hold are no error, see [`Compromise::contradicted`].
///
/// # Complexity
/// Linear in the cells that the constraints name, per product; some dozens of products per Newton step and 5 to 50
/// steps.
///
/// # Reference
/// M. Lenzen, B. Gallego and R. Wood, "Matrix balancing under conflicting information", Economic Systems Research 21,
/// 2009.
///
/// # Example
/// ```
/// use nalgebra::dmatrix;
/// use parecon_io::balancing::{Balancing, Constraint, kras};
///
/// let prior = dmatrix![4.0, 6.0; 3.0, -1.0];
/// // Two sources disagree on the first row; the first is twice as reliable, so weighs four times as much.
/// let constraints = [
///     Constraint::row(0, 2, 12.0).with_deviation(1.0)?,
///     Constraint::row(0, 2, 17.0).with_deviation(2.0)?,
///     Constraint::new("a cell known otherwise", [((1, 1), 1.0)], -2.0),
/// ];
/// let answer = kras(&prior, None, &constraints, &Balancing::new())?;
/// assert!(answer.status.is_converged());
/// assert_eq!(answer.contradicted, [0, 1]);
/// assert!((answer.sums[0] - 13.0).abs() < 1e-8);
/// assert!((answer.flows[(1, 1)] + 2.0).abs() < 1e-8);
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn kras(
    prior: &DMatrix<f64>,
    deviations: Option<&DMatrix<f64>>,
    constraints: &[Constraint],
    config: &Balancing,
) -> Result<Compromise, Error> {
    check_prior(prior)?;
    let (m, n) = prior.shape();
    let mut freedom = vec![1.0; m * n];
    if let Some(deviations) = deviations {
        if deviations.shape() != (m, n) {
            return Err(Error::shape("deviations", deviations.shape(), (m, n)));
        }
        for (at, deviation) in deviations.iter().enumerate() {
            if !(*deviation >= 0.0 && (deviation * deviation).is_finite()) {
                return Err(Error::invalid(format!(
                    "deviations, row {}, column {}: is {deviation}, must be finite and not negative",
                    at % m + 1,
                    at / m + 1
                )));
            }
            freedom[at] = deviation * deviation;
        }
    }
    let mut system = Constraints::default();
    for constraint in constraints {
        let Constraint { name, cells, total, deviation } = constraint;
        if !total.is_finite() || !deviation.is_finite() || *deviation < 0.0 {
            return Err(Error::invalid(format!(
                "constraint {name:?}: total is {total} ± {deviation}, must be finite and the deviation not negative"
            )));
        }
        for ((i, j), coefficient) in cells {
            if *i >= m || *j >= n {
                return Err(Error::invalid(format!(
                    "constraint {name:?}: names row {}, column {}, the matrix is {m} x {n}",
                    i + 1,
                    j + 1
                )));
            }
            if !coefficient.is_finite() {
                return Err(Error::invalid(format!(
                    "constraint {name:?}, row {}, column {}: coefficient is {coefficient}, must be finite",
                    i + 1,
                    j + 1
                )));
            }
        }
        system.push(cells.iter().map(|((i, j), g)| (j * m + i, *g)), *total, *deviation);
    }
    let solution = Problem::new(prior.as_slice(), &freedom, &system).solve(config);
    Ok(Compromise {
        flows: DMatrix::from_vec(m, n, solution.cells),
        multipliers: DVector::from_vec(solution.multipliers),
        sums: DVector::from_vec(solution.sums),
        contradicted: solution.contradicted,
        residual: solution.residual,
        rounds: solution.rounds,
        status: solution.status,
    })
}
