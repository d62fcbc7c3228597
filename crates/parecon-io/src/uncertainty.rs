//! Uncertainty of results from uncertainty of the table: seeded simulation and first-order propagation.
//!
//! Figures are taken as independent, each with a relative standard error ([`RelativeError`]). [`MonteCarlo`] draws them and
//! asks any question of what it drew. Two questions are also answered to first order in closed form, at the cost of a
//! few solves: [`Technology::output_uncertainty`](crate::Technology::output_uncertainty) and
//! [`Technology::footprint_uncertainty`](crate::Technology::footprint_uncertainty).
//!
//! # Reference
//! M. Lenzen, R. Wood and T. Wiedmann, "Uncertainty analysis for multi-region input–output models", Economic Systems
//! Research 22, 2010; R. Heijungs and M. Lenzen, "Error propagation methods for LCA", Int. J. Life Cycle Assess. 19, 2014.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::error::Error;

mod draw;
mod first_order;
mod simulation;

pub use draw::Draw;
pub use first_order::FootprintUncertainty;
pub use simulation::{MonteCarlo, Simulation};

/// How uncertain figures are: relative standard errors, standard deviation per unit of the figure.
#[derive(Clone, Debug, PartialEq)]
pub enum RelativeError {
    /// The same for every figure; 0 for figures that are exact.
    Same(f64),
    /// One for each cell of a matrix.
    Cells(DMatrix<f64>),
}

impl RelativeError {
    /// Refuses errors that are negative or not finite, and a matrix of another shape.
    fn check(&self, what: &str, shape: (usize, usize)) -> Result<(), Error> {
        let refuse = |place: String, error: f64| {
            Error::invalid(format!(
                "relative error of {what}{place}: is {error}, must be finite and not negative"
            ))
        };
        let good = |error: f64| error >= 0.0 && (error * error).is_finite();
        match self {
            RelativeError::Same(error) if !good(*error) => Err(refuse(String::new(), *error)),
            RelativeError::Cells(errors) if errors.shape() != shape => {
                Err(Error::shape(&format!("relative errors of {what}"), errors.shape(), shape))
            }
            RelativeError::Cells(errors) => match errors.iter().position(|error| !good(*error)) {
                Some(at) => {
                    let (i, j) = (at % shape.0, at / shape.0);
                    Err(refuse(format!(", row {}, column {}", i + 1, j + 1), errors[at]))
                }
                None => Ok(()),
            },
            RelativeError::Same(_) => Ok(()),
        }
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        match self {
            RelativeError::Same(error) => *error,
            RelativeError::Cells(errors) => errors[(i, j)],
        }
    }

    /// Variances of a vector's entries, the errors being of one column.
    fn variances(&self, values: &DVector<f64>) -> DVector<f64> {
        DVector::from_fn(values.len(), |i, _| (values[i] * self.at(i, 0)).powi(2))
    }
}

/// How figures are distributed about what is given, which is their mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Distribution {
    /// a exp(s ξ − s²/2) with s² = ln(1 + error²): mean and standard deviation exact, sign and zeros kept.
    #[default]
    Lognormal,
    /// a (1 + error ξ): figures may change sign.
    Normal,
}
