//! Matrices and vectors in serialised tables: plain rows, so that any program can read them.

use nalgebra::{DMatrix, DVector};

use crate::error::Error;

/// The version written into serialised tables.
pub(crate) const VERSION: u32 = 1;

/// Refuses a serialised table of another version.
pub(crate) fn check_version(what: &str, version: u32) -> Result<(), Error> {
    if version == VERSION {
        return Ok(());
    }
    Err(Error::invalid(format!("{what}: is of version {version}, this library reads version {VERSION}")))
}

/// A matrix as a list of rows.
pub(crate) fn rows(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}

/// A matrix from a list of rows, all of the same length.
pub(crate) fn matrix(what: &str, rows: &[Vec<f64>]) -> Result<DMatrix<f64>, Error> {
    let columns = rows.first().map_or(0, Vec::len);
    if let Some((i, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != columns) {
        return Err(Error::invalid(format!(
            "{what}: row {} has {} cells, the first row has {columns}",
            i + 1,
            row.len()
        )));
    }
    Ok(DMatrix::from_fn(rows.len(), columns, |i, j| rows[i][j]))
}

/// Refuses a matrix of another shape or with a cell that is not finite.
pub(crate) fn check_matrix(
    what: &str,
    matrix: &DMatrix<f64>,
    shape: (usize, usize),
    cell: impl Fn(usize, usize) -> String,
) -> Result<(), Error> {
    if matrix.shape() != shape {
        return Err(Error::shape(what, matrix.shape(), shape));
    }
    // Column by column, as the matrix lies in memory.
    match matrix.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(position) => {
            let (i, j) = (position % shape.0, position / shape.0);
            Err(Error::invalid(format!("{what}, {}: is {}, must be finite", cell(i, j), matrix[(i, j)])))
        }
    }
}

/// Refuses a vector of another length or with an entry that is not finite.
pub(crate) fn check_vector(
    what: &str,
    vector: &DVector<f64>,
    len: usize,
    entry: impl Fn(usize) -> String,
) -> Result<(), Error> {
    if vector.len() != len {
        return Err(Error::invalid(format!("{what}: has {} entries, must have {len}", vector.len())));
    }
    match vector.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(i) => Err(Error::invalid(format!("{what}, {}: is {}, must be finite", entry(i), vector[i]))),
    }
}

/// The rounding unit, unless it is negative or not finite.
pub(crate) fn rounding(rounding: f64) -> Result<f64, Error> {
    if rounding.is_finite() && rounding >= 0.0 {
        return Ok(rounding);
    }
    Err(Error::invalid(format!("rounding unit: is {rounding}, must be finite and not negative")))
}
