//! A technology, the questions that one factorisation answers, and the answers.
//!
//! | question | answer |
//! |---|---|
//! | [`Technology::productivity`] | [`Productivity`], with a [`Verdict`] and every [`Offender`] |
//! | [`Technology::accounts`] | [`Accounts`] by sector, [`RegionalAccounts`] by region, what is [`Unallocated`] |
//! | [`Technology::embodied_trade`] | [`EmbodiedTrade`]; beside it [`GrossTrade`] |
//! | [`Technology::multipliers`], [`Technology::closed`] | [`Multipliers`], [`ClosedTechnology`] |
//! | [`Technology::with_prices_fixed`] and its like | [`FixedPrices`], [`FixedOutputs`] |
//! | [`Technology::linkages`], [`Technology::spread`] | [`Linkages`] with the [`Role`] of every sector, [`Spread`] |
//! | [`Technology::influence`], [`Technology::tolerances`] | [`Influence`], [`Tolerances`] |
//! | [`Technology::extraction`], [`Technology::critical_suppliers`] | [`Extraction`], [`Loss`] |
//! | [`Technology::what_if`] | [`WhatIf`] |
//!
//! [`Technology`], [`Allocation`] and what questions are asked with are also at the root of the crate.

use std::sync::{Arc, OnceLock};

use nalgebra::{DMatrix, DVector};

use crate::axis::{Axis, Sector};
use crate::error::Error;
use crate::factor::{self, Factor, Side, System};
use crate::inputs::Inputs;
use crate::krylov;
use crate::once;
use crate::serial;
use crate::table::IoTable;

mod accounts;
mod extraction;
mod ghosh;
mod influence;
mod linkages;
mod multipliers;
mod productivity;
mod what_if;

pub use accounts::{Accounts, EmbodiedTrade, GrossTrade, RegionalAccounts, Unallocated};
pub use extraction::{Extraction, Link, Loss, Removal};
pub use ghosh::Allocation;
pub use influence::{Cells, Influence, Tolerances};
pub use linkages::{ForwardModel, Linkages, Role, Spread};
pub use multipliers::{ClosedTechnology, FixedOutputs, FixedPrices, Households, Multipliers};
pub use productivity::{Offender, Productivity, Verdict};
pub use what_if::{Change, WhatIf};

/// Below this many sectors a factorisation is made in a fraction of a second, and serves every later question.
const LARGE: usize = 2500;

/// Iteration reads A some ten times and works on all right-hand sides at each; beyond one right-hand side in
/// so many sectors that takes longer than the factorisation.
const SECTORS_PER_QUESTION: usize = 96;

/// How a [`Technology`] solves its equations.
///
/// Every way verifies the residual of every solution, by components, and all agree to rounding level.
///
/// # Example
/// ```
/// use parecon_io::{Solver, Technology, datasets};
///
/// let table = datasets::miller_blair()?;
/// let (direct, y) = (Technology::from_table(&table)?, table.total_final_demand());
/// let iterative = direct.with_solver(Solver::Iterative);
/// assert!((direct.output_for(&y)? - iterative.output_for(&y)?).amax() < 1e-9);
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Solver {
    /// Iterative for a few right-hand sides in a large economy (2500 sectors or more, a question for every 96 of
    /// them or fewer), direct otherwise. What you should default to.
    #[default]
    Auto,
    /// One LU factorisation, kept for all questions: best for many questions one after another.
    Direct,
    /// GMRES, one pass over A per iteration for all right-hand sides of a question together. No copy of A is made; the
    /// inverses of the regions' own blocks are kept, a quarter of A at most. Where it does not reach rounding level, the
    /// direct way is taken. A singular I − A is reported only as far as the right-hand side shows it: a demand that does
    /// not reach the sectors at fault is answered.
    Iterative,
    /// L once, in the place of the factors, and every question by a product with it: best where L is wanted anyway.
    Inverse,
}

/// Direct input coefficients A and, found once and shared, the factorisation of I − A.
///
/// ```text
/// x = A x + y        output covers inputs and final demand
/// x = L y            L = (I − A)⁻¹, the total requirements
/// ```
///
/// Cheap to clone: clones share the factorisation and L. The first question costs O(n³), every further one O(n²) per
/// vector; large economies are not factorised for a few questions, see [`Solver`]. Threads that ask at once may each
/// find the factors, of which those of the first are kept; [`Technology::factorise`] finds them before. L itself is only found when asked
/// for. Every solution's residual is verified, and refined where it is not at rounding level. A technology of a table
/// holds no copy of its flows.
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
    inputs: Arc<Inputs>,
    solver: Solver,
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
        table.check_coefficients()?;
        let places = table.regions();
        let mut regions = vec![Vec::new(); places.regions().len()];
        for (j, (region, _)) in places.of_sectors().iter().enumerate() {
            regions[region.index()].push(j);
        }
        let inputs = Arc::new(Inputs::per_output(table.shared_flows(), table.output(), regions));
        Ok(Self::new(table.sectors().clone(), inputs, Solver::Auto))
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
        Ok(Self::new(sectors, Arc::new(Inputs::given(coefficients)), Solver::Auto))
    }

    fn new(sectors: Axis<Sector>, inputs: Arc<Inputs>, solver: Solver) -> Self {
        let (factor, requirements) = (OnceLock::new(), OnceLock::new());
        Self { inner: Arc::new(Inner { sectors, inputs, solver, factor, requirements }) }
    }

    /// The same technology with another way to solve its equations. Nothing is copied; what was factorised stays
    /// with this one.
    #[must_use]
    pub fn with_solver(&self, solver: Solver) -> Self {
        Self::new(self.inner.sectors.clone(), Arc::clone(&self.inner.inputs), solver)
    }

    /// The sectors.
    #[must_use]
    pub fn sectors(&self) -> &Axis<Sector> {
        &self.inner.sectors
    }

    /// Scales and factorises I − A, if that was not done yet; with [`Solver::Inverse`] finds L, by which it answers.
    ///
    /// Questions do so by themselves when the [`Solver`] has them answered directly. Call this to decide when that time is
    /// spent, or to learn early that I − A is singular.
    ///
    /// # Errors
    /// A singular I − A, naming a sector.
    ///
    /// # Complexity
    /// 2n³/3 operations, n² numbers, 2n³ for L; nothing if the factors are there.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, Solver, Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?.with_solver(Solver::Direct);
    /// technology.factorise()?;
    /// // Two sectors that use up all they make.
    /// let sectors = Axis::from_codes(["iron", "coal"])?;
    /// let closed = Technology::from_coefficients(sectors, dmatrix![0.5, 0.5; 0.5, 0.5])?;
    /// assert!(closed.factorise().unwrap_err().is_singular());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn factorise(&self) -> Result<(), Error> {
        match self.inner.solver {
            Solver::Inverse => self.requirements().map(|_| ()),
            _ => self.factor().map(|_| ()),
        }
    }

    /// Direct input coefficients A.
    ///
    /// A technology of a table holds the table's flows, not A: the matrix is found at the first call and kept.
    #[must_use]
    pub fn coefficients(&self) -> &DMatrix<f64> {
        self.inner.inputs.matrix()
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
    /// A vector of another length or with values that are not finite; a singular I − A, naming a sector (by iteration
    /// only as far as the demand shows it, see [`Solver::Iterative`]).
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

    /// Outputs for several final demands at once, X = L Y: one column each, sector × demand.
    ///
    /// # Errors
    /// As [`Technology::output_for`].
    ///
    /// # Complexity
    /// O(k n²) for k demands after the first question, in one pass over the factors.
    ///
    /// # Example
    /// The output behind each category of final demand:
    /// ```
    /// use parecon_io::{Model, Technology, datasets};
    ///
    /// let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    /// let behind = Technology::from_table(&table)?.outputs_for(table.final_demand())?;
    /// assert!((behind.column_sum() - table.output()).amax() < 1e-6 * table.output().amax());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn outputs_for(&self, final_demands: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        self.inner.sectors.check_demands(final_demands)?;
        self.solve(Side::Straight, final_demands)
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
        let found = once::made(&self.inner.requirements, || {
            let factor = match self.inner.solver {
                // They make room for L, which answers the other questions.
                Solver::Inverse => self.new_factor()?,
                _ => self.factor()?.clone(),
            };
            factor.into_inverse(System::Leontief(&self.inner.inputs), |j| self.singular(j))
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
        self.inner.sectors.check_intensities(intensities)?;
        Ok(self.solve(Side::Transposed, &intensities.transpose())?.transpose())
    }

    fn factor(&self) -> Result<&Factor, Error> {
        once::made(&self.inner.factor, || self.new_factor()).as_ref().map_err(Clone::clone)
    }

    fn new_factor(&self) -> Result<Factor, Error> {
        Factor::new(System::Leontief(&self.inner.inputs), |j| self.singular(j))
    }

    /// The output for a final demand that is likely to be the one given.
    fn output_near(&self, final_demand: &DVector<f64>, likely: &DVector<f64>) -> Result<DVector<f64>, Error> {
        let column = |v: &DVector<f64>| DMatrix::from_column_slice(v.len(), 1, v.as_slice());
        let output = self.solve_from(Side::Straight, &column(final_demand), Some(column(likely)))?;
        Ok(output.column(0).into_owned())
    }

    fn solve(&self, side: Side, rhs: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        self.solve_from(side, rhs, None)
    }

    fn solve_from(
        &self,
        side: Side,
        rhs: &DMatrix<f64>,
        start: Option<DMatrix<f64>>,
    ) -> Result<DMatrix<f64>, Error> {
        let iterative = match self.inner.solver {
            Solver::Auto => self.len() >= LARGE && rhs.ncols() * SECTORS_PER_QUESTION <= self.len(),
            Solver::Direct | Solver::Inverse => false,
            Solver::Iterative => true,
        };
        if iterative && let Some(solution) = krylov::solve(&*self.inner.inputs, side, rhs, start) {
            return Ok(solution);
        }
        if self.inner.solver == Solver::Inverse
            && let Some(solution) =
                factor::solve_by_inverse(self.requirements()?, &self.inner.inputs, side, rhs)
        {
            return Ok(solution);
        }
        let system = System::Leontief(&self.inner.inputs);
        self.factor()?.solve(system, side, rhs, |j| self.singular(j))
    }

    fn solve_vector(&self, what: &str, side: Side, rhs: &DVector<f64>) -> Result<DVector<f64>, Error> {
        self.inner.sectors.check_vector(what, rhs)?;
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

#[cfg(test)]
mod tests {
    use nalgebra::dmatrix;

    use super::*;

    #[test]
    fn what_is_made_ahead_is_what_questions_use() -> Result<(), Error> {
        let sectors = Axis::from_codes(["a", "b"])?;
        let technology = Technology::from_coefficients(sectors, dmatrix![0.1, 0.2; 0.3, 0.1])?;
        for (solver, factors, inverse) in [(Solver::Direct, true, false), (Solver::Inverse, false, true)] {
            let technology = technology.with_solver(solver);
            technology.factorise()?;
            technology.output_multipliers()?;
            let inner = &technology.inner;
            assert_eq!(
                (inner.factor.get().is_some(), inner.requirements.get().is_some()),
                (factors, inverse)
            );
        }
        Ok(())
    }
}
