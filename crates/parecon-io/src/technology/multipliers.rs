//! Multipliers of anything that has an intensity: income, employment, value added, emissions.

use nalgebra::{DMatrix, DVector};
use serde::Serialize;

use crate::error::Error;
use crate::technology::Technology;

mod closed;
mod fixed;

pub use closed::{ClosedTechnology, Households};
pub use fixed::{FixedOutputs, FixedPrices};

/// Direct and total effects per unit of final demand for each sector, stressor × sector.
///
/// Wages per unit of output give income multipliers, jobs per unit employment multipliers, a row of ones output
/// multipliers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Multipliers {
    /// The effect in the sector itself, S: intensities per unit of output.
    pub direct: DMatrix<f64>,
    /// The effect in all sectors, S L. Of a [`ClosedTechnology`] it includes what households' spending induces.
    pub total: DMatrix<f64>,
}

impl Multipliers {
    /// Total effects per unit of direct effect: type I multipliers of a [`Technology`], type II of a
    /// [`ClosedTechnology`]. NaN or infinite where there is no direct effect.
    #[must_use]
    pub fn ratios(&self) -> DMatrix<f64> {
        self.total.component_div(&self.direct)
    }

    /// Effects elsewhere than in the sector's own first round: total less direct.
    #[must_use]
    pub fn indirect(&self) -> DMatrix<f64> {
        &self.total - &self.direct
    }

    /// Effects of final demand y by stressor: total effects times y.
    ///
    /// # Errors
    /// A vector of another length or not finite.
    ///
    /// # Complexity
    /// O(k n) for k stressors.
    ///
    /// # Example
    /// See [`Technology::multipliers`].
    pub fn effects_of(&self, final_demand: &DVector<f64>) -> Result<DVector<f64>, Error> {
        let describe = |i: usize| format!("sector number {}", i + 1);
        crate::serial::check_vector("final demand", final_demand, self.total.ncols(), describe)?;
        Ok(&self.total * final_demand)
    }
}

impl Technology {
    /// Simple and type I multipliers of k stressors. S holds intensities per unit of output, stressor × sector.
    ///
    /// ```text
    /// total M = S L        type I = M / S
    /// ```
    ///
    /// # Errors
    /// A matrix with another number of columns or not finite; a singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(k n²) after the first question.
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// let income = technology.multipliers(&dmatrix![0.3, 0.25])?;
    /// assert!((&income.total - dmatrix![0.4422442244, 0.3795379538]).amax() < 1e-9);
    /// assert!((income.ratios() - dmatrix![1.4741474147, 1.5181518152]).amax() < 1e-9);
    /// assert!((income.effects_of(&dvector![100.0, 0.0])?[0] - 44.22442244).abs() < 1e-7);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// R. E. Miller and P. D. Blair, *Input–Output Analysis: Foundations and Extensions*, 2nd ed., Cambridge 2009, ch. 6.
    pub fn multipliers(&self, intensities: &DMatrix<f64>) -> Result<Multipliers, Error> {
        Ok(Multipliers { direct: intensities.clone(), total: self.footprint(intensities)? })
    }
}
