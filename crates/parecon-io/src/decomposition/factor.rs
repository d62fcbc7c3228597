//! The factors of a product that changes.

use nalgebra::{DMatrix, DVector};

use crate::error::Error;
use crate::serial;
use crate::technology::Technology;

/// One factor of a product, before and after: a matrix, a diagonal, or the total requirements of a technology.
///
/// # Example
/// ```
/// use nalgebra::dmatrix;
/// use parecon_io::decomposition::Factor;
///
/// let error = Factor::matrix("prices", dmatrix![1.0], dmatrix![1.0, 2.0]).unwrap_err();
/// assert_eq!(error.to_string(), r#"factor "prices" after: is 1 x 2, must be 1 x 1"#);
/// ```
#[derive(Clone, Debug)]
pub struct Factor {
    name: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Matrix { before: DMatrix<f64>, after: DMatrix<f64>, change: DMatrix<f64> },
    Diagonal { before: DVector<f64>, after: DVector<f64>, change: DVector<f64> },
    Requirements { before: Technology, after: Technology, change: DMatrix<f64> },
}

impl Factor {
    /// A matrix, which may have one row, one column or both.
    ///
    /// # Errors
    /// Matrices of different shapes, without entries, or with values that are not finite.
    ///
    /// # Complexity
    /// O(entries).
    pub fn matrix(name: &str, before: DMatrix<f64>, after: DMatrix<f64>) -> Result<Self, Error> {
        let entry = |i: usize, j: usize| format!("row {}, column {}", i + 1, j + 1);
        let shape = before.shape();
        if before.is_empty() {
            return Err(Error::invalid(format!("factor {name:?} before: has no entries")));
        }
        serial::check_matrix(&format!("factor {name:?} before"), &before, shape, entry)?;
        serial::check_matrix(&format!("factor {name:?} after"), &after, shape, entry)?;
        let change = &after - &before;
        Ok(Self { name: name.to_owned(), kind: Kind::Matrix { before, after, change } })
    }

    /// A diagonal matrix, given by its diagonal: a factor that multiplies entry by entry.
    ///
    /// # Errors
    /// As [`Factor::matrix`].
    ///
    /// # Complexity
    /// O(n).
    pub fn diagonal(name: &str, before: DVector<f64>, after: DVector<f64>) -> Result<Self, Error> {
        let entry = |i: usize| format!("entry {}", i + 1);
        if before.is_empty() {
            return Err(Error::invalid(format!("factor {name:?} before: has no entries")));
        }
        serial::check_vector(&format!("factor {name:?} before"), &before, before.len(), entry)?;
        serial::check_vector(&format!("factor {name:?} after"), &after, before.len(), entry)?;
        let change = &after - &before;
        Ok(Self { name: name.to_owned(), kind: Kind::Diagonal { before, after, change } })
    }

    /// Total requirements L = (I − A)⁻¹, which are not formed. Their change is found from that of A,
    /// L¹ − L⁰ = L¹ (A¹ − A⁰) L⁰, without cancellation.
    ///
    /// # Errors
    /// Technologies of different sectors.
    ///
    /// # Complexity
    /// O(n²).
    pub fn requirements(name: &str, before: &Technology, after: &Technology) -> Result<Self, Error> {
        if before.sectors() != after.sectors() {
            let differ = before.sectors().codes().zip(after.sectors().codes()).find(|(a, b)| a != b);
            return Err(Error::invalid(match differ {
                Some((a, b)) => format!("factor {name:?}: sector {a:?} before is {b:?} after"),
                None if before.len() != after.len() => {
                    format!("factor {name:?}: has {} sectors before and {} after", before.len(), after.len())
                }
                None => format!("factor {name:?}: sectors have other names before than after"),
            }));
        }
        let change = after.coefficients() - before.coefficients();
        let (before, after) = (before.clone(), after.clone());
        Ok(Self { name: name.to_owned(), kind: Kind::Requirements { before, after, change } })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        match &self.kind {
            Kind::Matrix { before, .. } => before.nrows(),
            Kind::Diagonal { before, .. } => before.len(),
            Kind::Requirements { before, .. } => before.len(),
        }
    }

    /// The number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        match &self.kind {
            Kind::Matrix { before, .. } => before.ncols(),
            Kind::Diagonal { .. } | Kind::Requirements { .. } => self.rows(),
        }
    }

    /// The two technologies and the change of A, if this is a factor of requirements.
    pub(super) fn technologies(&self) -> Option<(&Technology, &Technology, &DMatrix<f64>)> {
        match &self.kind {
            Kind::Requirements { before, after, change } => Some((before, after, change)),
            Kind::Matrix { .. } | Kind::Diagonal { .. } => None,
        }
    }

    /// This factor, `at` of the way from before to after, multiplied to the right of a matrix.
    pub(super) fn after(&self, left: &DMatrix<f64>, at: f64) -> Result<DMatrix<f64>, Error> {
        match &self.kind {
            Kind::Matrix { before, after, .. } => between(at, |end| Ok(left * end.pick(before, after))),
            Kind::Diagonal { before, after, .. } => {
                between(at, |end| Ok(scale_columns(left, end.pick(before, after))))
            }
            Kind::Requirements { before, after, .. } => {
                between(at, |end| end.pick(before, after).footprint(left))
            }
        }
    }

    /// This factor, `at` of the way from before to after, multiplied to the left of a matrix.
    pub(super) fn before(&self, right: &DMatrix<f64>, at: f64) -> Result<DMatrix<f64>, Error> {
        match &self.kind {
            Kind::Matrix { before, after, .. } => between(at, |end| Ok(end.pick(before, after) * right)),
            Kind::Diagonal { before, after, .. } => {
                between(at, |end| Ok(scale_rows(end.pick(before, after), right)))
            }
            Kind::Requirements { before, after, .. } => {
                between(at, |end| outputs(end.pick(before, after), right))
            }
        }
    }

    /// The change of this factor multiplied to the right of a matrix.
    pub(super) fn change_after(&self, left: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        match &self.kind {
            Kind::Matrix { change, .. } => Ok(left * change),
            Kind::Diagonal { change, .. } => Ok(scale_columns(left, change)),
            Kind::Requirements { before, after, change } => {
                before.footprint(&(after.footprint(left)? * change))
            }
        }
    }

    /// The change of this factor multiplied to the left of a matrix.
    pub(super) fn change_before(&self, right: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        match &self.kind {
            Kind::Matrix { change, .. } => Ok(change * right),
            Kind::Diagonal { change, .. } => Ok(scale_rows(change, right)),
            Kind::Requirements { before, after, change } => {
                outputs(after, &(change * outputs(before, right)?))
            }
        }
    }
}

/// Refuses factors that cannot be multiplied.
pub(super) fn check_chain(factors: &[Factor]) -> Result<(), Error> {
    if factors.is_empty() {
        return Err(Error::invalid("factors: there are none, must be at least one"));
    }
    for pair in factors.windows(2) {
        if pair[0].columns() != pair[1].rows() {
            return Err(Error::invalid(format!(
                "factor {:?}: has {} columns, {:?} behind it has {} rows",
                pair[0].name,
                pair[0].columns(),
                pair[1].name,
                pair[1].rows()
            )));
        }
    }
    Ok(())
}

/// One of the two situations.
#[derive(Clone, Copy)]
enum End {
    Before,
    After,
}

impl End {
    fn pick<T>(self, before: T, after: T) -> T {
        match self {
            End::Before => before,
            End::After => after,
        }
    }
}

/// What is found for the two ends, mixed; an end that does not count is not asked for.
fn between(at: f64, find: impl Fn(End) -> Result<DMatrix<f64>, Error>) -> Result<DMatrix<f64>, Error> {
    if at == 0.0 {
        find(End::Before)
    } else if at == 1.0 {
        find(End::After)
    } else {
        Ok(find(End::Before)? * (1.0 - at) + find(End::After)? * at)
    }
}

fn scale_columns(matrix: &DMatrix<f64>, diagonal: &DVector<f64>) -> DMatrix<f64> {
    DMatrix::from_fn(matrix.nrows(), matrix.ncols(), |i, j| matrix[(i, j)] * diagonal[j])
}

fn scale_rows(diagonal: &DVector<f64>, matrix: &DMatrix<f64>) -> DMatrix<f64> {
    DMatrix::from_fn(matrix.nrows(), matrix.ncols(), |i, j| diagonal[i] * matrix[(i, j)])
}

/// L times a matrix, column by column.
pub(super) fn outputs(technology: &Technology, right: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
    let columns: Result<Vec<DVector<f64>>, Error> =
        right.column_iter().map(|column| technology.output_for(&column.into_owned())).collect();
    Ok(DMatrix::from_columns(&columns?))
}
