//! Technologies most of whose coefficients are zero.

use std::sync::{Arc, OnceLock};

use faer::MatMut;
use faer::prelude::Solve;
use faer::sparse::linalg::solvers::Lu;
use faer::sparse::{SparseColMat, Triplet};
use nalgebra::{DMatrix, DVector};
use nalgebra_sparse::CsrMatrix;

use crate::axis::{Axis, Sector};
use crate::error::Error;
use crate::factor::Side;
use crate::krylov::{self, Coefficients, EXACT};
use crate::once;
use crate::technology::Solver;

mod strips;

use strips::Strips;

/// Corrections of a direct solution by its residual: the second is hardly ever needed.
const REFINEMENTS: usize = 3;

/// A direct solution whose residual stays above this is refused: the matrix is singular in all but rounding.
const WORST_RESIDUAL: f64 = 1e-10;

/// Right-hand sides above this, solutions or their test may overflow.
const LARGE: f64 = 1e290;

/// A technology whose coefficients are mostly zero, for tens of thousands of sectors or products.
///
/// ```text
/// x = A x + y        L = (I − A)⁻¹ is never formed
/// ```
///
/// It answers the questions of [`Technology`](crate::Technology) that need no more than solutions. By default each is found
/// by GMRES, one pass over the coefficients per iteration; where that does not reach rounding level, which the true
/// residual of every component decides, by a sparse LU factorisation, kept for later questions. Cheap to clone.
///
/// # Example
/// A chain of three, the first selling to the second, the second to the third:
/// ```
/// use nalgebra::dvector;
/// use parecon_io::nalgebra_sparse::{CooMatrix, CsrMatrix};
/// use parecon_io::{Axis, SparseTechnology};
///
/// let mut inputs = CooMatrix::new(3, 3);
/// inputs.push(0, 1, 0.5);
/// inputs.push(1, 2, 0.5);
/// let sectors = Axis::from_codes(["ore", "steel", "cars"])?;
/// let technology = SparseTechnology::from_coefficients(sectors, CsrMatrix::from(&inputs))?;
/// assert_eq!(technology.output_for(&dvector![0.0, 0.0, 100.0])?, dvector![25.0, 50.0, 100.0]);
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SparseTechnology {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    sectors: Axis<Sector>,
    inputs: Arc<SparseInputs>,
    solver: Solver,
    factor: OnceLock<Result<Lu<usize, f64>, Error>>,
}

/// A, and A and A' as they are multiplied, each made when needed and kept.
#[derive(Debug)]
struct SparseInputs {
    rows: CsrMatrix<f64>,
    straight: OnceLock<Strips>,
    transposed: OnceLock<Strips>,
}

impl SparseInputs {
    fn new(rows: CsrMatrix<f64>) -> Self {
        Self { rows, straight: OnceLock::new(), transposed: OnceLock::new() }
    }
}

impl SparseTechnology {
    /// A technology given by its coefficients: input of the row's product per unit of the column's output.
    ///
    /// # Errors
    /// A matrix that is not square over the sectors and coefficients that are not finite are refused.
    ///
    /// # Complexity
    /// O(n + z) for z coefficients: nothing is factorised yet. Questions make and keep one copy of the coefficients for
    /// outputs and one for prices.
    ///
    /// # Example
    /// See [`SparseTechnology`].
    pub fn from_coefficients(sectors: Axis<Sector>, coefficients: CsrMatrix<f64>) -> Result<Self, Error> {
        let (n, found) = (sectors.len(), (coefficients.nrows(), coefficients.ncols()));
        if found != (n, n) {
            return Err(Error::shape("coefficients", found, (n, n)));
        }
        if let Some((i, j, value)) = coefficients.triplet_iter().find(|(_, _, value)| !value.is_finite()) {
            return Err(Error::invalid(format!(
                "coefficients, {} to {}: is {value}, must be finite",
                sectors.describe(i),
                sectors.describe(j)
            )));
        }
        Ok(Self::new(sectors, Arc::new(SparseInputs::new(coefficients)), Solver::Auto))
    }

    fn new(sectors: Axis<Sector>, inputs: Arc<SparseInputs>, solver: Solver) -> Self {
        Self { inner: Arc::new(Inner { sectors, inputs, solver, factor: OnceLock::new() }) }
    }

    /// The same technology with another way to solve its equations: [`Solver::Direct`] factorises at the first
    /// question, all others iterate first; L is never formed. Nothing is copied.
    #[must_use]
    pub fn with_solver(&self, solver: Solver) -> Self {
        Self::new(self.inner.sectors.clone(), Arc::clone(&self.inner.inputs), solver)
    }

    /// The sectors.
    #[must_use]
    pub fn sectors(&self) -> &Axis<Sector> {
        &self.inner.sectors
    }

    /// The number of sectors.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a technology is never empty")]
    pub fn len(&self) -> usize {
        self.inner.sectors.len()
    }

    /// Direct input coefficients A.
    #[must_use]
    pub fn coefficients(&self) -> &CsrMatrix<f64> {
        &self.inner.inputs.rows
    }

    /// Output that final demand y requires in all sectors, x = L y.
    ///
    /// # Errors
    /// A vector of another length or with values that are not finite; a singular I − A, by iteration only as far as
    /// the demand shows it; numbers so large that solutions or their test overflow.
    ///
    /// # Complexity
    /// O(z) per iteration for z coefficients; some twenty iterations in an economy that keeps half of what it makes.
    ///
    /// # Example
    /// See [`SparseTechnology`].
    pub fn output_for(&self, final_demand: &DVector<f64>) -> Result<DVector<f64>, Error> {
        self.solve_vector("final demand", Side::Straight, final_demand)
    }

    /// Outputs for several final demands at once, X = L Y, one column each.
    ///
    /// # Errors
    /// As [`SparseTechnology::output_for`].
    ///
    /// # Complexity
    /// O(k z) per iteration for k demands.
    ///
    /// # Example
    /// ```
    /// use nalgebra::DMatrix;
    /// use parecon_io::nalgebra_sparse::{CooMatrix, CsrMatrix};
    /// use parecon_io::{Axis, SparseTechnology};
    ///
    /// let mut inputs = CooMatrix::new(2, 2);
    /// inputs.push(0, 1, 0.5);
    /// let sectors = Axis::from_codes(["flour", "bread"])?;
    /// let technology = SparseTechnology::from_coefficients(sectors, CsrMatrix::from(&inputs))?;
    /// let requirements = technology.outputs_for(&DMatrix::identity(2, 2))?;
    /// assert_eq!(requirements[(0, 1)], 0.5);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn outputs_for(&self, final_demands: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        self.inner.sectors.check_demands(final_demands)?;
        self.solve(Side::Straight, final_demands)
    }

    /// Prices at which every sector recovers its inputs and the value added v per unit of output, p = L'v.
    ///
    /// # Errors
    /// As [`SparseTechnology::output_for`].
    ///
    /// # Complexity
    /// As [`SparseTechnology::output_for`].
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::nalgebra_sparse::{CooMatrix, CsrMatrix};
    /// use parecon_io::{Axis, SparseTechnology};
    ///
    /// let mut inputs = CooMatrix::new(2, 2);
    /// inputs.push(0, 1, 0.5);
    /// let sectors = Axis::from_codes(["flour", "bread"])?;
    /// let technology = SparseTechnology::from_coefficients(sectors, CsrMatrix::from(&inputs))?;
    /// assert_eq!(technology.prices(&dvector![1.0, 0.5])?, dvector![1.0, 1.0]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn prices(&self, value_added: &DVector<f64>) -> Result<DVector<f64>, Error> {
        self.solve_vector("value added per unit", Side::Transposed, value_added)
    }

    /// Output of all sectors per unit of final demand for each, m = L'1.
    ///
    /// # Errors
    /// A singular I − A.
    ///
    /// # Complexity
    /// As [`SparseTechnology::output_for`].
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::nalgebra_sparse::{CooMatrix, CsrMatrix};
    /// use parecon_io::{Axis, SparseTechnology};
    ///
    /// let mut inputs = CooMatrix::new(2, 2);
    /// inputs.push(0, 1, 0.5);
    /// let sectors = Axis::from_codes(["flour", "bread"])?;
    /// let technology = SparseTechnology::from_coefficients(sectors, CsrMatrix::from(&inputs))?;
    /// assert_eq!(technology.output_multipliers()?, dvector![1.0, 1.5]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn output_multipliers(&self) -> Result<DVector<f64>, Error> {
        self.prices(&DVector::from_element(self.len(), 1.0))
    }

    /// Footprints M = S L of k stressors, stressor × sector, as
    /// [`Technology::footprint`](crate::Technology::footprint).
    ///
    /// # Errors
    /// A matrix with another number of columns or values that are not finite; a singular I − A.
    ///
    /// # Complexity
    /// O(k z) per iteration.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::nalgebra_sparse::{CooMatrix, CsrMatrix};
    /// use parecon_io::{Axis, SparseTechnology};
    ///
    /// let mut inputs = CooMatrix::new(2, 2);
    /// inputs.push(0, 1, 0.5);
    /// let sectors = Axis::from_codes(["flour", "bread"])?;
    /// let technology = SparseTechnology::from_coefficients(sectors, CsrMatrix::from(&inputs))?;
    /// assert_eq!(technology.footprint(&dmatrix![4.0, 1.0])?, dmatrix![4.0, 3.0]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn footprint(&self, intensities: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        self.inner.sectors.check_intensities(intensities)?;
        Ok(self.solve(Side::Transposed, &intensities.transpose())?.transpose())
    }

    fn solve_vector(&self, what: &str, side: Side, rhs: &DVector<f64>) -> Result<DVector<f64>, Error> {
        self.inner.sectors.check_vector(what, rhs)?;
        let rhs = DMatrix::from_column_slice(self.len(), 1, rhs.as_slice());
        Ok(self.solve(side, &rhs)?.column(0).into_owned())
    }

    fn solve(&self, side: Side, rhs: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        if self.inner.solver != Solver::Direct
            && let Some(solution) = krylov::solve(&*self.inner.inputs, side, rhs, None)
        {
            return Ok(solution);
        }
        let factor = once::made(&self.inner.factor, || self.factorise()).as_ref().map_err(Clone::clone)?;
        let mut solution = solved(factor, side, rhs);
        let mut worst = f64::INFINITY;
        for done in 0..=REFINEMENTS {
            let product = self.inner.inputs.apply(side, &solution);
            let residual = rhs - &solution + &product;
            let errors = krylov::errors(&residual, &solution, &product, rhs);
            worst = errors.into_iter().fold(0.0, f64::max);
            // Nothing is added that would not be verified.
            if worst <= EXACT || worst.is_infinite() || done == REFINEMENTS {
                break;
            }
            solution += solved(factor, side, &residual);
        }
        match worst {
            worst if worst <= WORST_RESIDUAL => Ok(solution),
            f64::INFINITY if rhs.amax() > LARGE => {
                let message = format!("right-hand side: is up to {:e}, too large to solve for", rhs.amax());
                Err(Error::invalid(message))
            }
            _ => Err(self.singular()),
        }
    }

    fn factorise(&self) -> Result<Lu<usize, f64>, Error> {
        let n = self.len();
        let identity = (0..n).map(|i| Triplet::new(i, i, 1.0));
        let rows = &self.inner.inputs.rows;
        let triplets: Vec<Triplet<usize, usize, f64>> =
            identity.chain(rows.triplet_iter().map(|(i, j, value)| Triplet::new(i, j, -value))).collect();
        let matrix = SparseColMat::try_new_from_triplets(n, n, &triplets)
            .map_err(|error| Error::invalid(format!("coefficients: {error:?}")))?;
        matrix.sp_lu().map_err(|_| self.singular())
    }

    fn singular(&self) -> Error {
        Error::singular("I − A is singular: some sectors together use up exactly what they make")
    }
}

fn solved(factor: &Lu<usize, f64>, side: Side, rhs: &DMatrix<f64>) -> DMatrix<f64> {
    let (n, k) = rhs.shape();
    let mut solution = rhs.clone();
    let view = MatMut::from_column_major_slice_mut(solution.as_mut_slice(), n, k);
    match side {
        Side::Straight => factor.solve_in_place(view),
        Side::Transposed => factor.solve_transpose_in_place(view),
    }
    solution
}

impl Coefficients for SparseInputs {
    fn apply(&self, side: Side, x: &DMatrix<f64>) -> DMatrix<f64> {
        let strips = match side {
            Side::Straight => self.straight.get_or_init(|| Strips::new(&self.rows)),
            Side::Transposed => self.transposed.get_or_init(|| Strips::new(&self.rows.transpose())),
        };
        strips.multiply(x)
    }
}
