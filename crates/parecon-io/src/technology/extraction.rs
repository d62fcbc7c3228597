//! Hypothetical extraction: what is lost if a sector goes.

use nalgebra::{DMatrix, DVector};
use serde::Serialize;

use crate::axis::{Id, Sector};
use crate::error::Error;
use crate::factor::Side;
use crate::technology::Technology;

/// What remains when a sector is taken out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Extraction {
    /// Output of every sector without the extracted one, whose own is 0.
    pub output: DVector<f64>,
    /// Output lost, by sector.
    pub lost: DVector<f64>,
    /// Output lost in all, the extracted sector's own included.
    pub total: f64,
}

/// What the economy loses if one sector goes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Loss {
    /// The sector taken out.
    pub sector: Id<Sector>,
    /// Its own output, which is lost with it.
    pub own: f64,
    /// The output that others lose, because they sold to it, directly or not.
    pub elsewhere: f64,
}

impl Loss {
    /// Output lost in all.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.own + self.elsewhere
    }
}

impl Technology {
    /// Takes a sector out: it neither buys nor sells nor meets final demand; others replace what it
    /// sold by nothing (or by imports).
    ///
    /// ```text
    /// x* = x − L_·j x_j / L_jj
    /// ```
    ///
    /// which equals the solution with row and column j of A and entry j of y set to zero.
    ///
    /// # Errors
    /// An id of another axis; final demand of another length or not finite; a singular I − A; a sector without which
    /// the rest of the economy has no solution.
    ///
    /// # Complexity
    /// O(n²) after the first question: one solve for x and one for the column of L.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let without = technology.extraction(table.sector("1")?, &table.total_final_demand())?;
    /// // Manufacturing still covers a final demand of 1700 and its own inputs, 0.05 per unit.
    /// assert!((without.output[1] - 1700.0 / 0.95).abs() < 1e-9);
    /// assert!((without.total - (3000.0 - 1700.0 / 0.95)).abs() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// R. E. Miller and M. L. Lahr, "A taxonomy of extractions", 2001.
    pub fn extraction(&self, sector: Id<Sector>, final_demand: &DVector<f64>) -> Result<Extraction, Error> {
        let j = self.inner.sectors.check(sector)?;
        let output = self.output_for(final_demand)?;
        let mut unit = DMatrix::zeros(self.len(), 1);
        unit[j] = 1.0;
        let column = self.solve(Side::Straight, &unit)?;
        let share = self.share_of_own(j, output[j], column[j])?;
        let mut lost = DVector::from_iterator(self.len(), column.iter().map(|cell| cell * share));
        lost[j] = output[j];
        let mut left = output - &lost;
        left[j] = 0.0;
        Ok(Extraction { output: left, total: lost.sum(), lost })
    }

    /// Every sector with what is lost if it alone goes, the greatest loss first.
    ///
    /// ```text
    /// loss of j = m_j x_j / L_jj        m = L'1
    /// ```
    ///
    /// Large sectors lose much by themselves: order by [`Loss::elsewhere`] to see on whom others depend.
    ///
    /// # Errors
    /// As [`Technology::extraction`].
    ///
    /// # Complexity
    /// O(n³) once for the diagonal of L, then O(n²).
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Model, Technology, datasets};
    ///
    /// let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    /// let technology = Technology::from_table(&table)?;
    /// let losses = technology.critical_suppliers(&table.total_final_demand())?;
    /// assert_eq!(losses.len(), 71);
    /// assert!(losses[0].total() >= losses[1].total());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn critical_suppliers(&self, final_demand: &DVector<f64>) -> Result<Vec<Loss>, Error> {
        let output = self.output_for(final_demand)?;
        let multipliers = self.output_multipliers()?;
        let requirements = self.requirements()?;
        let mut losses = Vec::with_capacity(self.len());
        for sector in self.inner.sectors.iter() {
            let j = sector.index();
            let own_requirement = requirements[(j, j)];
            let share = self.share_of_own(j, output[j], own_requirement)?;
            losses.push(Loss {
                sector,
                own: output[j],
                elsewhere: share * (multipliers[j] - own_requirement),
            });
        }
        losses.sort_by(|a, b| b.total().total_cmp(&a.total()).then(a.sector.cmp(&b.sector)));
        Ok(losses)
    }

    /// `x_j / L_jj`; the divisor is 0 only if the others alone have no solution.
    fn share_of_own(&self, j: usize, output: f64, requirement: f64) -> Result<f64, Error> {
        let share = output / requirement;
        if share.is_finite() {
            return Ok(share);
        }
        Err(Error::singular(format!(
            "{}: without it the other sectors cannot meet their demand (its own requirement is {requirement})",
            self.inner.sectors.describe(j)
        )))
    }
}
