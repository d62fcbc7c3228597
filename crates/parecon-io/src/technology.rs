//! A technology and the questions that one factorisation answers.

use std::sync::{Arc, OnceLock};

use nalgebra::{DMatrix, DVector};

use crate::axis::{Axis, Sector};
use crate::error::Error;
use crate::factor::{Factor, Side, System};
use crate::serial;
use crate::table::IoTable;

mod extraction;
mod productivity;

pub use extraction::{Extraction, Loss};
pub use productivity::{Offender, Productivity, Verdict};

/// Direct input coefficients A and, found once and shared, the factorisation of I − A.
///
/// ```text
/// x = A x + y        output covers inputs and final demand
/// x = L y            L = (I − A)⁻¹, the total requirements
/// ```
///
/// Cheap to clone: clones share the factorisation and L. The first question costs O(n³), every further one O(n²) per
/// vector; L itself is only found when asked for. Every solution's residual is verified, and refined once where it
/// is not at rounding level.
///
/// # Example
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use parecon_io::{Axis, Technology};
///
/// let technology = Technology::from_coefficients(
///     Axis::from_codes(["farming", "manufacturing"])?,
///     dmatrix![0.15, 0.25; 0.20, 0.05],
/// )?;
/// let x = technology.output_for(&dvector![600.0, 1500.0])?;
/// assert!((x - dvector![1247.5247524752474, 1841.5841584158416]).amax() < 1e-9);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// R. E. Miller and P. D. Blair, *Input–Output Analysis: Foundations and Extensions*, 2nd ed., Cambridge 2009, ch. 2.
#[derive(Clone, Debug)]
pub struct Technology {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sectors: Axis<Sector>,
    coefficients: DMatrix<f64>,
    factor: OnceLock<Result<Factor, Error>>,
    requirements: OnceLock<Result<DMatrix<f64>, Error>>,
}

impl Technology {
    /// The technology of a table, A = Z x̂⁻¹.
    ///
    /// # Errors
    /// As [`IoTable::coefficients`].
    ///
    /// # Complexity
    /// O(n²): nothing is factorised yet.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// // 500 bought by the second sector, whose output is 2000.
    /// assert_eq!(technology.coefficients()[(0, 1)], 0.25);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn from_table(table: &IoTable) -> Result<Self, Error> {
        Self::from_coefficients(table.sectors().clone(), table.coefficients()?)
    }

    /// A technology given by its coefficients: input of the row's product per unit of the column's output.
    ///
    /// # Errors
    /// A matrix that is not square over the sectors and coefficients that are not finite are refused.
    ///
    /// # Complexity
    /// O(n²): nothing is factorised yet.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, Technology};
    ///
    /// let sectors = Axis::from_codes(["farming", "manufacturing"])?;
    /// let error = Technology::from_coefficients(sectors, dmatrix![0.15, 0.25]).unwrap_err();
    /// assert_eq!(error.to_string(), "coefficients: is 1 x 2, must be 2 x 2");
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn from_coefficients(sectors: Axis<Sector>, coefficients: DMatrix<f64>) -> Result<Self, Error> {
        let n = sectors.len();
        serial::check_matrix("coefficients", &coefficients, (n, n), |i, j| {
            format!("{} to {}", sectors.describe(i), sectors.describe(j))
        })?;
        let (factor, requirements) = (OnceLock::new(), OnceLock::new());
        Ok(Self { inner: Arc::new(Inner { sectors, coefficients, factor, requirements }) })
    }

    /// The sectors.
    #[must_use]
    pub fn sectors(&self) -> &Axis<Sector> {
        &self.inner.sectors
    }

    /// Direct input coefficients A.
    #[must_use]
    pub fn coefficients(&self) -> &DMatrix<f64> {
        &self.inner.coefficients
    }

    /// The number of sectors.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a technology is never empty")]
    pub fn len(&self) -> usize {
        self.inner.sectors.len()
    }

    /// Output that final demand y requires in all sectors, x = L y.
    ///
    /// # Errors
    /// A vector of another length or with values that are not finite; a singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(n²) after the first question.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// let x = technology.output_for(&dvector![350.0, 1700.0])?;
    /// assert!((x - dvector![1000.0, 2000.0]).amax() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn output_for(&self, final_demand: &DVector<f64>) -> Result<DVector<f64>, Error> {
        self.solve_vector("final demand", Side::Straight, final_demand)
    }

    /// Prices at which every sector recovers its inputs and the value added v per unit of output, p = L'v.
    ///
    /// # Errors
    /// As [`Technology::output_for`].
    ///
    /// # Complexity
    /// O(n²) after the first question.
    ///
    /// # Example
    /// Of value added, 0.65 and 0.70 per unit, wages are 0.30 and 0.25; they rise by 30 %. The new prices are
    /// multiples of those of the base year.
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, Technology};
    ///
    /// let sectors = Axis::from_codes(["farming", "manufacturing"])?;
    /// let technology = Technology::from_coefficients(sectors, dmatrix![0.15, 0.25; 0.20, 0.05])?;
    /// let before = technology.prices(&dvector![0.65, 0.70])?;
    /// assert!((before - dvector![1.0, 1.0]).amax() < 1e-12);
    /// let after = technology.prices(&dvector![0.65 + 0.3 * 0.30, 0.70 + 0.3 * 0.25])?;
    /// assert!((after - dvector![1.1326732673, 1.1138613861]).amax() < 1e-10);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn prices(&self, value_added: &DVector<f64>) -> Result<DVector<f64>, Error> {
        self.solve_vector("value added per unit", Side::Transposed, value_added)
    }

    /// Output of all sectors per unit of final demand for each, m = L'1: the column sums of L, without L.
    ///
    /// # Errors
    /// A singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(n²) after the first question.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Technology, datasets};
    ///
    /// let multipliers = Technology::from_table(&datasets::miller_blair()?)?.output_multipliers()?;
    /// assert_eq!(format!("{:.3} {:.3}", multipliers[0], multipliers[1]), "1.518 1.452");
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn output_multipliers(&self) -> Result<DVector<f64>, Error> {
        self.prices(&DVector::from_element(self.len(), 1.0))
    }

    /// Total requirements L = (I − A)⁻¹: output of the row's sector per unit of final demand for the column's.
    ///
    /// Found at the first call and kept. Most questions do without.
    ///
    /// # Errors
    /// A singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(n³) once.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// let requirements = technology.requirements()?;
    /// // Itself included, a unit of agriculture for final demand takes 1.254 units of agriculture.
    /// assert_eq!(format!("{:.3}", requirements[(0, 0)]), "1.254");
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn requirements(&self) -> Result<&DMatrix<f64>, Error> {
        let found = self.inner.requirements.get_or_init(|| {
            self.factor()?.inverse(System::Leontief(&self.inner.coefficients), |j| self.singular(j))
        });
        found.as_ref().map_err(Clone::clone)
    }

    /// Footprints M = S L of k stressors: the row's stressor caused per unit of final demand for each sector.
    ///
    /// S holds intensities per unit of output, stressor × sector, e.g. [`IoTable::value_added_intensities`];
    /// M has the same shape. Found from k transposed solves, never from L.
    ///
    /// # Errors
    /// A matrix with another number of columns or values that are not finite; a singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(k n²) after the first question.
    ///
    /// # Example
    /// The labour compensation contained in final demand is the labour compensation paid.
    /// ```
    /// use parecon_io::{Model, Technology, datasets};
    ///
    /// let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    /// let technology = Technology::from_table(&table)?;
    /// let per_unit = technology.footprint(&table.value_added_intensities()?)?;
    /// let contained = per_unit * table.total_final_demand();
    /// let paid = table.value_added().column_sum();
    /// let compensation = table.value_added_components().id("V001")?.index();
    /// assert!((contained[compensation] / paid[compensation] - 1.0).abs() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn footprint(&self, intensities: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        let shape = (intensities.nrows(), self.len());
        serial::check_matrix("intensities", intensities, shape, |k, j| {
            format!("row {}, {}", k + 1, self.inner.sectors.describe(j))
        })?;
        Ok(self.solve(Side::Transposed, &intensities.transpose())?.transpose())
    }

    fn factor(&self) -> Result<&Factor, Error> {
        let system = System::Leontief(&self.inner.coefficients);
        let factor = self.inner.factor.get_or_init(|| Factor::new(system, |j| self.singular(j)));
        factor.as_ref().map_err(Clone::clone)
    }

    fn solve(&self, side: Side, rhs: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        let system = System::Leontief(&self.inner.coefficients);
        self.factor()?.solve(system, side, rhs, |j| self.singular(j))
    }

    fn solve_vector(&self, what: &str, side: Side, rhs: &DVector<f64>) -> Result<DVector<f64>, Error> {
        serial::check_vector(what, rhs, self.len(), |i| self.inner.sectors.describe(i))?;
        let rhs = DMatrix::from_column_slice(self.len(), 1, rhs.as_slice());
        Ok(self.solve(side, &rhs)?.column(0).into_owned())
    }

    fn singular(&self, sector: usize) -> String {
        format!(
            "{}: I − A is singular here, its column is a combination of the columns before it",
            self.inner.sectors.describe(sector)
        )
    }
}
