//! Hypothetical extraction: what is lost if a sector goes.

use nalgebra::{DMatrix, DVector};
use serde::Serialize;

use crate::axis::{Id, Sector};
use crate::error::Error;
use crate::factor::Side;
use crate::technology::Technology;

mod removal;

pub use removal::Removal;

/// What remains when sectors are taken out, or some of what they buy and sell.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Extraction {
    /// Output of every sector without what was taken out; 0 of a sector that is wholly out.
    pub output: DVector<f64>,
    /// Output lost, by sector.
    pub lost: DVector<f64>,
    /// Output lost in all, the extracted sectors' own included.
    pub total: f64,
}

/// Which links of a sector are cut, all its own use included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum Link {
    /// What it buys, a column of A: backward. It goes on selling.
    Purchases,
    /// What it sells to sectors, a row of A: forward. It goes on buying and meeting final demand.
    Sales,
}

/// What the economy loses if one sector, or one side of its links, goes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Loss {
    /// The sector taken out.
    pub sector: Id<Sector>,
    /// What is lost of its own output; all of it if the sector goes.
    pub own: f64,
    /// The output that others lose, directly or not.
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
    /// sold by nothing (or by imports). For groups, parts of a sector's links and single regions see
    /// [`extract`](Technology::extract).
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
    /// R. E. Miller and M. L. Lahr, "A taxonomy of extractions", in *Regional Science Perspectives in Economic
    /// Analysis*, Elsevier 2001.
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
        self.losses(None, final_demand)
    }

    /// Every sector with what is lost if all its purchases alone, or all its sales to sectors alone, come from or go to
    /// elsewhere; the greatest loss first.
    ///
    /// ```text
    /// purchases   x − x* = (L_·j − e_j) x_j / L_jj
    /// sales       x − x* = L_·j (x_j − y_j) / L_jj
    /// ```
    ///
    /// # Errors
    /// As [`Technology::extraction`].
    ///
    /// # Complexity
    /// O(n³) once for the diagonal of L, then O(n²).
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Link, Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let backward = technology.extraction_losses(Link::Purchases, &table.total_final_demand())?;
    /// // Manufacturing that buys nothing: farming needs 350 / 0.85 for itself and its customers, and sells 0.2 of that less.
    /// assert_eq!(table.sectors().code(backward[0].sector), "2");
    /// assert!((backward[0].elsewhere - (1000.0 - 350.0 / 0.85)).abs() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// E. Dietzenbacher and J. A. van der Linden, "Sectoral and spatial linkages in the EC production structure", Journal
    /// of Regional Science 37, 1997.
    pub fn extraction_losses(&self, cut: Link, final_demand: &DVector<f64>) -> Result<Vec<Loss>, Error> {
        self.losses(Some(cut), final_demand)
    }

    /// The losses without each sector in turn, or without one side of it.
    fn losses(&self, cut: Option<Link>, final_demand: &DVector<f64>) -> Result<Vec<Loss>, Error> {
        let output = self.output_for(final_demand)?;
        let multipliers = self.output_multipliers()?;
        let requirements = self.requirements()?;
        let mut losses = Vec::with_capacity(self.len());
        for sector in self.inner.sectors.iter() {
            let j = sector.index();
            let own_requirement = requirements[(j, j)];
            let given_up = match cut {
                None | Some(Link::Purchases) => output[j],
                Some(Link::Sales) => output[j] - final_demand[j],
            };
            let share = self.share_of_own(j, given_up, own_requirement)?;
            let own = match cut {
                None => output[j],
                Some(Link::Purchases) => share * (own_requirement - 1.0),
                Some(Link::Sales) => share * own_requirement,
            };
            losses.push(Loss { sector, own, elsewhere: share * (multipliers[j] - own_requirement) });
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
