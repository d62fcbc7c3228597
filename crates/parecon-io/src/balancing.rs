//! Balancing: flows made to meet known totals (RAS and its relatives).
//!
//! A table of an earlier year, or one that does not add up, is changed as little as possible so that known totals
//! hold. "As little as possible" is one measure throughout, the relative information of the factors z by which cells
//! change, so that zeros stay zero and signs are kept:
//!
//! ```text
//! minimise  Σ |a| (z ln z − z + 1)      over z > 0, the new cells being x = a z
//! subject to  G x = c
//! ```
//!
//! | method | constraints G x = c | solution |
//! |---|---|---|
//! | [`ras`] | row and column totals, a ≥ 0 | `r_i a_ij s_j` |
//! | [`gras`] | row and column totals, a of any sign | `r_i a_ij s_j`, and `a_ij / (r_i s_j)` where a is negative |
//! | [`kras`] | any linear ones, also contradictory | `a exp(± G'λ)` |
//! | [`MakeUse::balanced`](crate::MakeUse::balanced) (SUT-RAS) | make and use together | as `kras` |
//! | [`IoTable::balanced`](crate::IoTable::balanced) | all of a symmetric table | as `gras` or `kras` |
//!
//! All solve the same convex dual problem, exactly: by scaling where that is fast, by Newton's method where it is not.
//! Totals that no such table can have are not an error: the answer carries the status, the best point reached and the
//! [`Conflict`]s, which name rows and columns.
//!
//! # Example
//! ```
//! use nalgebra::{dmatrix, dvector};
//! use parecon_io::balancing::{Balancing, ras};
//!
//! // The third column has one cell, in a row that must sum to less.
//! let prior = dmatrix![1.0, 2.0, 0.0; 4.0, 5.0, 6.0];
//! let answer = ras(&prior, &dvector![5.0, 5.0], &dvector![1.0, 2.0, 7.0], &Balancing::new())?;
//! assert!(!answer.status.is_converged());
//! let reason = answer.conflicts[0].to_string();
//! assert_eq!(reason, "column 3 (total 7): all of its cells are in row 2 (total 5)");
//! # Ok::<(), parecon_io::Error>(())
//! ```

use nalgebra::{DMatrix, DVector};
use parecon_core::Status;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::serial;

mod conflict;
mod conjugate;
mod entropy;
mod kras;
mod make_use;
mod scaling;
mod table;

pub use conflict::Conflict;
pub use kras::{Compromise, Constraint, kras};
pub use table::{BalancedTable, TableTotals};

/// When balancing ends.
///
/// # Example
/// ```
/// use parecon_io::balancing::Balancing;
///
/// // Totals that were rounded to thousandths cannot be met more exactly.
/// let rough = Balancing::new().with_tolerance(1e-3)?;
/// assert_eq!(rough.tolerance(), 1e-3);
/// assert!(rough.with_tolerance(0.0).is_err());
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct Balancing {
    tolerance: f64,
    max_rounds: usize,
}

/// The serialised form, not yet checked.
#[derive(Deserialize)]
struct Raw {
    tolerance: f64,
    max_rounds: usize,
}

impl TryFrom<Raw> for Balancing {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self, Error> {
        Self::new().with_tolerance(raw.tolerance)?.with_max_rounds(raw.max_rounds)
    }
}

impl Balancing {
    /// Totals met to 1e-10 of their size, within 1000 rounds.
    #[must_use]
    pub fn new() -> Self {
        Self { tolerance: 1e-10, max_rounds: 1000 }
    }

    /// How far a sum may be from its total, relative to the total and the cells that are summed.
    ///
    /// # Errors
    /// A tolerance not between 1e-14 (the rounding of the sums themselves) and 1 is refused.
    pub fn with_tolerance(mut self, tolerance: f64) -> Result<Self, Error> {
        if !(1e-14..1.0).contains(&tolerance) {
            return Err(Error::invalid(format!("tolerance: is {tolerance}, must be in 1e-14..1")));
        }
        self.tolerance = tolerance;
        Ok(self)
    }

    /// How many rounds (sweeps over rows and columns, or Newton steps) may be made.
    ///
    /// # Errors
    /// 0 is refused.
    pub fn with_max_rounds(mut self, rounds: usize) -> Result<Self, Error> {
        if rounds == 0 {
            return Err(Error::invalid("rounds: is 0, must be at least 1"));
        }
        self.max_rounds = rounds;
        Ok(self)
    }

    /// How far a sum may be from its total, relative.
    #[must_use]
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// How many rounds may be made.
    #[must_use]
    pub fn max_rounds(&self) -> usize {
        self.max_rounds
    }
}

impl Default for Balancing {
    fn default() -> Self {
        Self::new()
    }
}

/// A matrix made to meet row and column totals, or as near as was reached.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Balanced {
    /// The new cells X.
    pub flows: DMatrix<f64>,
    /// Row multipliers r, determined up to a factor that columns take back. A row whose cells had to become zero has 0
    /// (infinity if they were negative).
    pub row_multipliers: DVector<f64>,
    /// Column multipliers s.
    pub column_multipliers: DVector<f64>,
    /// The largest miss of a total, |sum − total| / (|total| + Σ |cells|), over all rows and columns.
    pub residual: f64,
    /// Rounds made.
    pub rounds: usize,
    /// How it ended. [`Status::Stalled`] if the totals cannot be met: then see the conflicts.
    pub status: Status,
    /// Why the totals cannot be met; empty if they can.
    pub conflicts: Vec<Conflict>,
}

/// RAS: the matrix nearest to a prior one, without negative cells, that has these row and column totals.
///
/// ```text
/// x_ij = r_i a_ij s_j,   Σ_j x_ij = u_i,   Σ_i x_ij = v_j
/// minimises Σ x_ij ln(x_ij / a_ij)
/// ```
///
/// Rows and columns are scaled in turn; where that is slow, columns are moved by Newton's method on the dual, rows
/// following exactly. The solution is unique; the multipliers are up to one factor (per connected block). Cells of a
/// row or column with total 0 become 0. If the totals can only be met with further cells at 0 the multipliers have no
/// finite limit, but the flows have, and come within the tolerance of it.
///
/// # Errors
/// Shapes that do not fit, values that are not finite, and negative cells or totals (for which [`gras`] is).
/// Totals that cannot be met are no error, see [`Balanced::conflicts`].
///
/// # Complexity
/// O(m n) per sweep, usually 5 to 50 of them; a Newton step costs as much as some dozens.
///
/// # Reference
/// R. Stone and A. Brown, *A Computable Model of Economic Growth*, 1962; M. Bacharach, *Biproportional Matrices and
/// Input-Output Change*, 1970.
///
/// # Example
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use parecon_io::balancing::{Balancing, ras};
///
/// let prior = dmatrix![50.0, 40.0, 10.0; 20.0, 70.0, 75.0; 10.0, 70.0, 40.0];
/// let answer = ras(&prior, &dvector![245.0, 136.0, 159.0], &dvector![251.0, 107.0, 182.0], &Balancing::new())?;
/// assert!(answer.status.is_converged());
/// assert!((answer.flows.column_sum() - dvector![245.0, 136.0, 159.0]).amax() < 1e-7);
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn ras(
    prior: &DMatrix<f64>,
    row_totals: &DVector<f64>,
    column_totals: &DVector<f64>,
    config: &Balancing,
) -> Result<Balanced, Error> {
    check(prior, row_totals, column_totals)?;
    let (m, negative) = (prior.nrows(), |value: &f64| *value < 0.0);
    if let Some(at) = prior.iter().position(negative) {
        let (i, j) = (at % m, at / m);
        return Err(Error::invalid(format!(
            "prior, row {}, column {}: is {}, must not be negative (gras keeps signs)",
            i + 1,
            j + 1,
            prior[(i, j)]
        )));
    }
    for (what, totals) in [("row", row_totals), ("column", column_totals)] {
        if let Some(at) = totals.iter().position(negative) {
            return Err(Error::invalid(format!(
                "{what} totals, {what} {}: is {}, must not be negative (gras keeps signs)",
                at + 1,
                totals[at]
            )));
        }
    }
    Ok(scaling::balance(prior, row_totals.as_slice(), column_totals.as_slice(), config))
}

/// GRAS: as [`ras`] for cells and totals of any sign; every cell keeps its sign.
///
/// ```text
/// x_ij = r_i a_ij s_j         where a_ij > 0
/// x_ij = a_ij / (r_i s_j)     where a_ij < 0
/// minimises Σ |a_ij| (z ln z − z + 1),   z = x_ij / a_ij
/// ```
///
/// With p and n the sums of a row's positive and of its (absolute) negative cells at the present s, the row is fitted
/// by the positive root of p r² − u r − n = 0:
///
/// ```text
/// r = (u + √(u² + 4 p n)) / (2 p) = 2 n / (√(u² + 4 p n) − u)
/// ```
///
/// of which the second form also serves rows with negative cells only, r = −n / u. Columns likewise.
///
/// # Errors
/// Shapes that do not fit and values that are not finite. Totals that cannot be met are no error, see
/// [`Balanced::conflicts`].
///
/// # Complexity
/// As [`ras`].
///
/// # Reference
/// T. Junius and J. Oosterhaven, "The solution of updating or regionalizing a matrix with both positive and negative
/// entries", Economic Systems Research 15, 2003; the objective as corrected by M. Lenzen, R. Wood and B. Gallego,
/// ESR 19, 2007; rows of negative cells by U. Temurshoev, R. E. Miller and M. C. Bouwmeester, ESR 25, 2013.
///
/// # Example
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use parecon_io::balancing::{Balancing, gras};
///
/// let prior = dmatrix![7.0, 3.0, 5.0, -3.0; 2.0, 9.0, 8.0, 0.0; -2.0, 0.0, 2.0, 0.0];
/// let totals = (dvector![15.0, 26.0, -1.0], dvector![9.0, 16.0, 17.0, -2.0]);
/// let answer = gras(&prior, &totals.0, &totals.1, &Balancing::new())?;
/// // The last column is one negative cell.
/// assert!((answer.flows[(0, 3)] + 2.0).abs() < 1e-8);
/// assert!((answer.flows[(0, 0)] - 8.424341).abs() < 1e-5);
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn gras(
    prior: &DMatrix<f64>,
    row_totals: &DVector<f64>,
    column_totals: &DVector<f64>,
    config: &Balancing,
) -> Result<Balanced, Error> {
    check(prior, row_totals, column_totals)?;
    Ok(scaling::balance(prior, row_totals.as_slice(), column_totals.as_slice(), config))
}

/// Refuses an empty prior matrix, totals of other lengths and what is not finite.
fn check(prior: &DMatrix<f64>, rows: &DVector<f64>, columns: &DVector<f64>) -> Result<(), Error> {
    check_prior(prior)?;
    serial::check_vector("row totals", rows, prior.nrows(), |i| format!("row {}", i + 1))?;
    serial::check_vector("column totals", columns, prior.ncols(), |j| format!("column {}", j + 1))
}

fn check_prior(prior: &DMatrix<f64>) -> Result<(), Error> {
    if prior.is_empty() {
        let (m, n) = prior.shape();
        return Err(Error::invalid(format!("prior: is {m} x {n}, must have at least one cell")));
    }
    serial::check_matrix("prior", prior, prior.shape(), |i, j| format!("row {}, column {}", i + 1, j + 1))
}
