//! Standard deviations to first order, in closed form.

use nalgebra::{DMatrix, DVector};

use super::RelativeError;
use crate::error::Error;
use crate::technology::Technology;

/// The variance of a footprint by where it comes from: what to measure better.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct FootprintUncertainty {
    /// The footprint f'L y.
    pub value: f64,
    /// Its standard deviation, to first order.
    pub deviation: f64,
    /// Variance due to each coefficient, `m_i² x_j² var a_ij`.
    pub coefficients: DMatrix<f64>,
    /// Variance due to final demand for each sector, `m_i² var y_i`.
    pub final_demand: DVector<f64>,
    /// Variance due to the intensity of each sector, `x_i² var f_i`.
    pub intensities: DVector<f64>,
}

impl Technology {
    /// Standard deviations of the outputs x = L y, to first order, errors of all figures being independent.
    ///
    /// ```text
    /// var x_k = Σ_i L_ki² (var y_i + Σ_j x_j² var a_ij)
    /// ```
    ///
    /// from dL = L dA L. Good for small errors: terms of second order are left out (compare [`Technology::simulate`]).
    ///
    /// # Errors
    /// As [`Technology::output_for`]; relative errors that do not fit.
    ///
    /// # Complexity
    /// O(n²) once L is known, O(n³) for that.
    ///
    /// # Example
    /// ```
    /// use parecon_io::uncertainty::RelativeError;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let demand = table.total_final_demand();
    /// // Demand alone, all of it by 1 % independently: √(Σ (L_ki y_i / 100)²).
    /// let found = technology.output_uncertainty(&RelativeError::Same(0.0), &demand, &RelativeError::Same(0.01))?;
    /// let l = technology.requirements()?;
    /// let first = (l[(0, 0)] * 3.5).hypot(l[(0, 1)] * 17.0);
    /// assert!((found[0] - first).abs() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn output_uncertainty(
        &self,
        error: &RelativeError,
        final_demand: &DVector<f64>,
        demand_error: &RelativeError,
    ) -> Result<DVector<f64>, Error> {
        let n = self.len();
        error.check("coefficients", (n, n))?;
        let x = self.output_for(final_demand)?;
        demand_error.check("final demand", (n, 1))?;
        let a = self.coefficients();
        let mut variances = demand_error.variances(final_demand);
        for j in 0..n {
            for i in 0..n {
                variances[i] += (a[(i, j)] * error.at(i, j) * x[j]).powi(2);
            }
        }
        let l = self.requirements()?;
        let mut sums = DVector::zeros(n);
        for (i, variance) in variances.iter().enumerate() {
            for k in 0..n {
                sums[k] += l[(k, i)] * l[(k, i)] * variance;
            }
        }
        Ok(sums.map(f64::sqrt))
    }

    /// The footprint f'L y of final demand for one stressor, its standard deviation to first order, and where that
    /// comes from.
    ///
    /// ```text
    /// var = Σ_ij m_i² x_j² var a_ij + Σ_i m_i² var y_i + Σ_i x_i² var f_i       m = L'f,  x = L y
    /// ```
    ///
    /// # Errors
    /// Vectors of another length or not finite; a singular I − A; relative errors that do not fit.
    ///
    /// # Complexity
    /// O(n²) after the first question: two solves, never L.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::uncertainty::RelativeError;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let (tons_per_unit, demand) = (dvector![0.3, 0.1], table.total_final_demand());
    /// let (exact, rough) = (RelativeError::Same(0.0), RelativeError::Same(0.1));
    /// let found = technology.footprint_uncertainty(&exact, &tons_per_unit, &rough, &demand, &exact)?;
    /// assert!((found.value - 500.0).abs() < 1e-9);
    /// assert!((found.deviation - 30f64.hypot(20.0)).abs() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn footprint_uncertainty(
        &self,
        error: &RelativeError,
        intensities: &DVector<f64>,
        intensity_error: &RelativeError,
        final_demand: &DVector<f64>,
        demand_error: &RelativeError,
    ) -> Result<FootprintUncertainty, Error> {
        let n = self.len();
        let x = self.output_for(final_demand)?;
        if intensities.len() != n {
            return Err(Error::invalid(format!(
                "intensities: has {} entries, must have {n}",
                intensities.len()
            )));
        }
        let m = self.footprint(&DMatrix::from_row_slice(1, n, intensities.as_slice()))?.transpose();
        error.check("coefficients", (n, n))?;
        intensity_error.check("intensities", (n, 1))?;
        demand_error.check("final demand", (n, 1))?;
        let a = self.coefficients();
        let coefficients = DMatrix::from_fn(n, n, |i, j| (m[i] * a[(i, j)] * error.at(i, j) * x[j]).powi(2));
        let squares = |of: &DMatrix<f64>| DVector::from_fn(n, |i, _| of[i] * of[i]);
        let due_to_demand = demand_error.variances(final_demand).component_mul(&squares(&m));
        let due_to_intensities = intensity_error.variances(intensities).component_mul(&x.component_mul(&x));
        let variance = coefficients.sum() + due_to_demand.sum() + due_to_intensities.sum();
        Ok(FootprintUncertainty {
            value: intensities.dot(&x),
            deviation: variance.sqrt(),
            coefficients,
            final_demand: due_to_demand,
            intensities: due_to_intensities,
        })
    }
}
