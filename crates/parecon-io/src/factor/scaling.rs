//! Scales and units in which the cells of a matrix are of like size.

use super::{STRANDS, System, largest, wide};
use crate::inputs::Inputs;

/// Each round of scaling takes the square root of what is left, so this many bring 1e±300 to within [1/16, 16].
const SCALINGS: usize = 12;

/// Powers of two by which to multiply rows and columns so that the largest entry of each is near 1 (Ruiz's
/// equilibration). Scaling by them is exact.
pub(super) fn scales(system: System<'_>) -> (Vec<f64>, Vec<f64>) {
    let n = system.len();
    let units = match system {
        System::Plain(_) => vec![1.0; n],
        System::Leontief(coefficients) => units(coefficients),
    };
    let mut row_scale: Vec<f64> = units.iter().map(|unit| 1.0 / unit).collect();
    let mut column_scale = units;
    let mut sizes = vec![0.0; n];
    for _ in 0..SCALINGS {
        let (mut rows, mut columns) = (vec![0.0f64; n], vec![0.0f64; n]);
        for j in 0..n {
            let (cells, divisor, identity) = system.column(j);
            let factor = column_scale[j] / divisor.abs();
            let own = (identity - cells[j] / divisor).abs() * row_scale[j] * column_scale[j];
            wide(|| {
                for ((size, cell), scale) in sizes.iter_mut().zip(cells).zip(&row_scale) {
                    *size = cell.abs() * scale * factor;
                }
                sizes[j] = own;
                for (row, &size) in rows.iter_mut().zip(&sizes) {
                    *row = if size > *row { size } else { *row };
                }
                columns[j] = largest(&sizes);
            });
        }
        let sizes = || rows.iter().chain(&columns).filter(|size| **size > 0.0);
        if sizes().all(|size| (0.25..=4.0).contains(size)) {
            break;
        }
        for (scale, size) in row_scale.iter_mut().zip(&rows).chain(column_scale.iter_mut().zip(&columns)) {
            if *size > 0.0 && size.is_finite() {
                *scale *= (-0.5 * size.log2()).round().exp2();
            }
        }
    }
    (row_scale, column_scale)
}

/// Units of the sectors, powers of two, in which every row of D⁻¹ A D is about as heavy as its column, off the
/// diagonal (Osborne's balancing): the units of account, had the coefficients been given in money.
fn units(coefficients: &Inputs) -> Vec<f64> {
    let n = coefficients.len();
    let mut units = vec![1.0f64; n];
    let mut sizes = vec![0.0; n];
    for _ in 0..SCALINGS {
        let (mut rows, mut columns) = (vec![0.0f64; n], vec![0.0f64; n]);
        let inverse: Vec<f64> = units.iter().map(|unit| 1.0 / unit).collect();
        for j in 0..n {
            let (column, divisor) = coefficients.column(j);
            let factor = units[j] / divisor.abs();
            wide(|| {
                for ((size, cell), unit) in sizes.iter_mut().zip(column).zip(&inverse) {
                    *size = cell.abs() * factor * unit;
                }
                sizes[j] = 0.0;
                for (row, size) in rows.iter_mut().zip(&sizes) {
                    *row += size;
                }
                columns[j] = total(&sizes);
            });
        }
        let mut settled = true;
        for ((unit, row), column) in units.iter_mut().zip(&rows).zip(&columns) {
            // The identity stands for 1 in both: sectors that only sell or only buy are brought down to it.
            let ratio = (1.0 + row) / (1.0 + column);
            // All at once, so half a step each: a full one would swap the two sectors of a pair for ever.
            if ratio > 0.0 && ratio.is_finite() && !(1.0 / 16.0..=16.0).contains(&ratio) {
                *unit *= (0.25 * ratio.log2()).round().exp2();
                settled = false;
            }
        }
        if settled {
            break;
        }
    }
    units
}

/// The sum of numbers, in strands.
#[inline(always)]
fn total(numbers: &[f64]) -> f64 {
    let mut strands = [0.0f64; STRANDS];
    let (chunks, rest) = numbers.as_chunks::<STRANDS>();
    for chunk in chunks {
        for (strand, number) in strands.iter_mut().zip(chunk) {
            *strand += number;
        }
    }
    strands.iter().chain(rest).sum()
}
