//! Production layers: the footprint by distance from the final product.

use nalgebra::{DMatrix, DVector};
use serde::Serialize;

use super::check_vectors;
use super::search::Paths;
use crate::error::Error;
use crate::technology::Technology;

/// A footprint by tier and by the sector that causes it, with everything beyond the last tier.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Layers {
    /// What sectors (rows) cause as suppliers of tier 0, 1, … (columns): `f_i (Aᵗ y)_i`.
    pub by_sector: DMatrix<f64>,
    /// What sectors cause in all tiers beyond the last one: `f_i (L Aᵗ⁺¹ y)_i`, exactly.
    pub beyond: DVector<f64>,
    /// The whole footprint, f'L y.
    pub total: f64,
}

impl Layers {
    /// The footprint of each tier.
    ///
    /// # Complexity
    /// O(n t).
    #[must_use]
    pub fn by_tier(&self) -> DVector<f64> {
        self.by_sector.row_sum_tr()
    }

    /// The footprint beyond the last tier.
    #[must_use]
    pub fn remainder(&self) -> f64 {
        self.beyond.sum()
    }

    /// The footprint by tier and sector that is left when these paths are taken out: together with the paths and
    /// what is [`beyond`](Layers::beyond) it makes up the total.
    ///
    /// Paths that are longer than the layers are left alone.
    ///
    /// # Errors
    /// Paths through a sector that the layers do not have, which are of another technology.
    ///
    /// # Complexity
    /// O(n t + p) for p paths.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::paths::PathSearch;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// let (f, y) = (dvector![0.65, 0.70], dvector![350.0, 1700.0]);
    /// let paths = technology.paths(&f, &y, &PathSearch::new().with_max_paths(5).with_max_tier(4))?;
    /// let layers = technology.production_layers(&f, &y, 4)?;
    /// let others = layers.without(&paths)?;
    /// let parts = paths.explained + others.sum() + layers.remainder();
    /// assert!((parts - layers.total).abs() < 1e-12 * layers.total);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn without(&self, paths: &Paths) -> Result<DMatrix<f64>, Error> {
        let mut left = self.by_sector.clone();
        for path in &paths.paths {
            let Some(source) = path.sectors.last() else { continue };
            if source.index() >= left.nrows() {
                return Err(Error::invalid(format!(
                    "path through sector number {}: is of another technology, this one has {} sectors",
                    source.index() + 1,
                    left.nrows()
                )));
            }
            if path.tier() < left.ncols() {
                left[(source.index(), path.tier())] -= path.value;
            }
        }
        Ok(left)
    }
}

impl Technology {
    /// Production layer decomposition: what final demand y causes at every distance from it, tier by tier.
    ///
    /// ```text
    /// f'L y = f'y + f'A y + f'A²y + … + f'Aᵗy + f'L Aᵗ⁺¹y
    /// ```
    ///
    /// The last term is solved for, not estimated, so the parts make up the whole even where the series
    /// does not converge. f are intensities per unit of output (sector); tier 0 are the producers of final
    /// products.
    ///
    /// # Errors
    /// Vectors of another length or not finite; a singular I − A; values that overflow.
    ///
    /// # Complexity
    /// O(t n²) for t tiers, after the first question.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// let layers = technology.production_layers(&dvector![0.65, 0.70], &dvector![0.0, 1.0], 10)?;
    /// // 0.7 by the producer, 0.25 · 0.65 + 0.05 · 0.70 by its direct suppliers.
    /// assert!((layers.by_tier()[1] - 0.1975).abs() < 1e-15);
    /// assert!((layers.by_tier().sum() + layers.remainder() - layers.total).abs() < 1e-12);
    /// assert!(layers.remainder() < 1e-4);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// M. Lenzen and R. Crawford, "The path exchange method for hybrid LCA", *Environmental Science & Technology*
    /// 43, 2009.
    pub fn production_layers(
        &self,
        intensities: &DVector<f64>,
        final_demand: &DVector<f64>,
        tiers: usize,
    ) -> Result<Layers, Error> {
        check_vectors(self, intensities, final_demand)?;
        let mut quantities = final_demand.clone();
        let mut by_sector = Vec::with_capacity(tiers.saturating_add(1).min(1 << 10));
        for _ in 0..=tiers {
            by_sector.push(intensities.component_mul(&quantities));
            quantities = self.coefficients() * quantities;
            if !quantities.iter().all(|quantity| quantity.is_finite()) {
                return Err(Error::invalid(format!(
                    "tier {}: quantities overflow, ask for fewer tiers",
                    by_sector.len()
                )));
            }
        }
        let beyond = intensities.component_mul(&self.output_for(&quantities)?);
        let total = intensities.dot(&self.output_for(final_demand)?);
        Ok(Layers { by_sector: DMatrix::from_columns(&by_sector), beyond, total })
    }
}
