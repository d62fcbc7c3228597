//! Numbers of JSON test data.

use nalgebra::{DMatrix, DVector};
use serde_json::Value;

/// Numbers of a JSON array, NaN for anything else, which fails every comparison.
pub(crate) fn vector(value: &Value) -> DVector<f64> {
    let entries: Vec<f64> =
        value.as_array().into_iter().flatten().map(|entry| entry.as_f64().unwrap_or(f64::NAN)).collect();
    DVector::from_vec(entries)
}

/// An array of arrays, row by row.
pub(crate) fn matrix(value: &Value) -> DMatrix<f64> {
    let rows: Vec<_> = value.as_array().into_iter().flatten().map(|row| vector(row).transpose()).collect();
    DMatrix::from_rows(&rows)
}
