//! The supply side: how sales are allocated, and what supply or cost passes on downstream.

use nalgebra::{DMatrix, DVector};

use crate::error::Error;
use crate::factor::Side;
use crate::table::IoTable;
use crate::technology::Technology;

/// The supply-driven (Ghosh) twin of a [`Technology`]: allocation coefficients B, the shares of a sector's output
/// that go to each buyer.
///
/// ```text
/// B = x̂⁻¹ Z               share of the row's output sold to the column
/// x' = v' G               G = (I − B)⁻¹, output that primary inputs v give rise to
/// G = x̂⁻¹ L x̂             so the factorisation of I − A serves here too
/// ```
///
/// Its own type, because it takes primary inputs where a technology takes final demand: the transposed question does
/// not compile. Cheap to clone; it shares the technology's factorisation and L.
///
/// Read as quantities, the model lets inputs replace each other freely, which few accept. Read as values at fixed
/// quantities it is the price model: see [`cost_push`](Allocation::cost_push).
///
/// # Example
/// ```
/// use nalgebra::dvector;
/// use parecon_io::{Allocation, datasets};
///
/// let table = datasets::miller_blair()?;
/// let allocation = Allocation::from_table(&table)?;
/// // The value added of the table gives rise to the output of the table.
/// let output = allocation.output_from(&table.value_added().row_sum_tr())?;
/// assert!((output - table.output()).amax() < 1e-9);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// A. Ghosh, "Input-output approach in an allocation system", Economica 25, 1958. R. E. Miller and P. D. Blair,
/// *Input–Output Analysis: Foundations and Extensions*, 2nd ed., Cambridge 2009, ch. 12.
#[derive(Clone, Debug)]
pub struct Allocation {
    technology: Technology,
    /// Output, 1 where there is none: such a sector has empty rows and columns, which no scaling changes.
    scale: DVector<f64>,
}

impl Technology {
    /// The supply-driven twin at these outputs, B = x̂⁻¹ A x̂.
    ///
    /// # Errors
    /// A vector of another length or not finite; a sector that has no output though its row or column of A is not
    /// empty.
    ///
    /// # Complexity
    /// O(n); nothing is factorised again.
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, Technology};
    ///
    /// let sectors = Axis::from_codes(["farming", "manufacturing"])?;
    /// let technology = Technology::from_coefficients(sectors, dmatrix![0.15, 0.25; 0.20, 0.05])?;
    /// let allocation = technology.allocation(&dvector![1000.0, 2000.0])?;
    /// assert!((allocation.coefficients() - dmatrix![0.15, 0.50; 0.10, 0.05]).amax() < 1e-15);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn allocation(&self, output: &DVector<f64>) -> Result<Allocation, Error> {
        let sectors = &self.inner.sectors;
        sectors.check_vector("output", output)?;
        for (j, _) in output.iter().enumerate().filter(|(_, x)| **x == 0.0) {
            let coefficients = self.coefficients();
            let cells = coefficients.row(j).iter().chain(coefficients.column(j).iter()).any(|a| *a != 0.0);
            if cells {
                return Err(Error::invalid(format!(
                    "{}: buys or sells but has no output, must have some",
                    sectors.describe(j)
                )));
            }
        }
        let scale = output.map(|x| if x == 0.0 { 1.0 } else { x });
        Ok(Allocation { technology: self.clone(), scale })
    }
}

impl Allocation {
    /// The allocation of a table's output. Where a [`Technology`] exists, [`Technology::allocation`] shares its
    /// factorisation.
    ///
    /// # Errors
    /// As [`IoTable::coefficients`]; a sector that sells but has no output is named.
    ///
    /// # Complexity
    /// O(n²): nothing is factorised yet.
    ///
    /// # Example
    /// See [`Allocation`].
    pub fn from_table(table: &IoTable) -> Result<Self, Error> {
        Technology::from_table(table)?.allocation(table.output())
    }

    /// The demand-driven twin.
    #[must_use]
    pub fn technology(&self) -> &Technology {
        &self.technology
    }

    /// Allocation coefficients B: the share of the row's output sold to the column.
    #[must_use]
    pub fn coefficients(&self) -> DMatrix<f64> {
        self.similar(self.technology.coefficients())
    }

    /// Output that primary inputs (value added and imports, in money) give rise to in all sectors, x' = v'G.
    ///
    /// # Errors
    /// A vector of another length or not finite; a singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(n²) after the first question to the technology.
    ///
    /// # Example
    /// See [`Allocation`].
    pub fn output_from(&self, value_added: &DVector<f64>) -> Result<DVector<f64>, Error> {
        Ok(self.cost_push(value_added)?.component_mul(&self.scale))
    }

    /// Prices after primary inputs cost v, as multiples of those of the base year; quantities are fixed.
    ///
    /// ```text
    /// p = x̂⁻¹ G'v = L'(x̂⁻¹ v)
    /// ```
    ///
    /// the ratio of the new values of output to the old, which is why Ghosh's model and Leontief's price model are
    /// one. With the primary inputs of the base year all prices are 1.
    ///
    /// # Errors
    /// As [`Allocation::output_from`].
    ///
    /// # Complexity
    /// O(n²) after the first question to the technology.
    ///
    /// # Example
    /// Primary inputs of the first sector cost 30 % more.
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::{Allocation, datasets};
    ///
    /// let allocation = Allocation::from_table(&datasets::miller_blair()?)?;
    /// let prices = allocation.cost_push(&dvector![650.0 * 1.3, 1400.0])?;
    /// assert!((prices - dvector![1.2445544554, 1.0643564356]).amax() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// E. Dietzenbacher, "In vindication of the Ghosh model: a reinterpretation as a price model", Journal of Regional
    /// Science 37, 1997.
    pub fn cost_push(&self, value_added: &DVector<f64>) -> Result<DVector<f64>, Error> {
        let sectors = &self.technology.inner.sectors;
        sectors.check_vector("value added", value_added)?;
        let per_unit = value_added.component_div(&self.scale);
        self.technology.solve_vector("value added per unit", Side::Transposed, &per_unit)
    }

    /// Output of all sectors per unit of primary inputs of each, the row sums of G, without G.
    ///
    /// # Errors
    /// A singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(n²) after the first question to the technology.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Allocation, datasets};
    ///
    /// let multipliers = Allocation::from_table(&datasets::miller_blair()?)?.supply_multipliers()?;
    /// assert_eq!(format!("{:.3} {:.3}", multipliers[0], multipliers[1]), "1.914 1.254");
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn supply_multipliers(&self) -> Result<DVector<f64>, Error> {
        let ones = DMatrix::from_element(1, self.scale.len(), 1.0);
        Ok(self.enabled(&ones)?.row(0).transpose())
    }

    /// What a unit of the column's primary inputs enables in k stressors, S G', stressor × sector: its own and, by
    /// what it sells, those of all downstream. S holds intensities per unit of output.
    ///
    /// ```text
    /// S G' = S + S B' + S B'B' + …
    /// ```
    ///
    /// The downstream part alone is this less S. It does not complement the upstream [`Technology::footprint`] S L:
    /// summed over sectors, the two count everything twice.
    ///
    /// # Errors
    /// A matrix with another number of columns or not finite; a singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(k n²) after the first question to the technology.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Allocation, datasets};
    ///
    /// let allocation = Allocation::from_table(&datasets::miller_blair()?)?;
    /// let enabled = allocation.enabled(&dmatrix![0.3, 0.25])?;
    /// let by_hand = dmatrix![0.3, 0.25] * allocation.total_allocations()?.transpose();
    /// assert!((enabled - by_hand).amax() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn enabled(&self, intensities: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        let sectors = &self.technology.inner.sectors;
        sectors.check_intensities(intensities)?;
        let mut amounts = intensities.transpose();
        amounts.column_iter_mut().for_each(|mut column| column.component_mul_assign(&self.scale));
        let mut solved = self.technology.solve(Side::Straight, &amounts)?;
        solved.column_iter_mut().for_each(|mut column| column.component_div_assign(&self.scale));
        Ok(solved.transpose())
    }

    /// Total allocations G = (I − B)⁻¹ = x̂⁻¹ L x̂: output of the column's sector per unit of the row's primary inputs.
    ///
    /// # Errors
    /// A singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(n³) once, for L, which the technology keeps; then O(n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::DMatrix;
    /// use parecon_io::{Allocation, datasets};
    ///
    /// let allocation = Allocation::from_table(&datasets::miller_blair()?)?;
    /// let system = DMatrix::identity(2, 2) - allocation.coefficients();
    /// assert!((system * allocation.total_allocations()? - DMatrix::identity(2, 2)).amax() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn total_allocations(&self) -> Result<DMatrix<f64>, Error> {
        Ok(self.similar(self.technology.requirements()?))
    }

    /// x̂⁻¹ M x̂
    fn similar(&self, matrix: &DMatrix<f64>) -> DMatrix<f64> {
        let mut result = matrix.clone();
        for (mut column, scale) in result.column_iter_mut().zip(self.scale.iter()) {
            column.zip_apply(&self.scale, |cell, own| *cell *= scale / own);
        }
        result
    }

    pub(super) fn scale(&self) -> &DVector<f64> {
        &self.scale
    }
}
