//! What changes if some coefficients change, without factorising again.

use std::collections::BTreeMap;

use nalgebra::{DMatrix, DVector};

use crate::axis::{Axis, Id, Sector};
use crate::error::Error;
use crate::factor::Side;
use crate::krylov::Coefficients;
use crate::serial;
use crate::technology::Technology;

mod update;

pub(super) use update::{Update, Updated};

/// A change of some coefficients of a [`Technology`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// One coefficient is set.
    Cell {
        /// Who sells.
        supplier: Id<Sector>,
        /// Who buys.
        buyer: Id<Sector>,
        /// The new input per unit of the buyer's output.
        to: f64,
    },
    /// All inputs of a sector are set: another technique, a column of A.
    Inputs {
        /// Who buys.
        buyer: Id<Sector>,
        /// The new inputs per unit of output.
        to: DVector<f64>,
    },
    /// What all sectors need of one product is set: a row of A.
    Sales {
        /// Who sells.
        supplier: Id<Sector>,
        /// The new input per unit of every sector's output.
        to: DVector<f64>,
    },
    /// What some sectors need of some products is set.
    Block {
        /// Who sells, the rows.
        suppliers: Vec<Id<Sector>>,
        /// Who buys, the columns.
        buyers: Vec<Id<Sector>>,
        /// The new coefficients, supplier × buyer.
        to: DMatrix<f64>,
    },
    /// What some sectors need of some products is multiplied: 0.9 saves a tenth.
    Scale {
        /// Who sells.
        suppliers: Vec<Id<Sector>>,
        /// Who buys.
        buyers: Vec<Id<Sector>>,
        /// The factor.
        by: f64,
    },
}

/// A technology with some coefficients changed, which answers from the factorisation of the unchanged one.
///
/// ```text
/// A* = A + U V'                   k changed rows and columns
/// L* = L + L U (I − V'L U)⁻¹ V'L  Woodbury
/// ```
///
/// The residual of every solution is verified against A* itself. Where it is not at rounding level, or where so many
/// rows and columns change that it would not pay, A* is factorised.
///
/// # Example
/// ```
/// use nalgebra::dmatrix;
/// use parecon_io::{Change, Technology, datasets};
///
/// let table = datasets::miller_blair()?;
/// let technology = Technology::from_table(&table)?;
/// let (farming, manufacturing) = (table.sector("1")?, table.sector("2")?);
/// // Manufacturing learns to do with a fifth less from farming.
/// let saving = Change::Scale { suppliers: vec![farming], buyers: vec![manufacturing], by: 0.8 };
/// let scenario = technology.what_if(&[saving])?;
/// let before = technology.output_for(&table.total_final_demand())?;
/// let after = scenario.output_for(&table.total_final_demand())?;
/// assert!(after[0] < before[0] && after[1] < before[1]);
/// // The same as the changed technology by itself.
/// let expected = scenario.technology()?.output_for(&table.total_final_demand())?;
/// assert!((after - expected).amax() < 1e-9);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// J. Sherman and W. J. Morrison, Annals of Mathematical Statistics 21, 1950; M. A. Woodbury, 1950.
#[derive(Debug)]
pub struct WhatIf {
    updated: Updated,
    /// The changed coefficients by column and row.
    cells: BTreeMap<(usize, usize), f64>,
}

impl Technology {
    /// The technology with some coefficients changed; later changes go on from earlier ones.
    ///
    /// # Errors
    /// Ids of another axis, shapes that do not fit and values that are not finite.
    ///
    /// # Complexity
    /// O(k n²) for k changed rows and columns, after the first question; then every question costs O(n²) per vector.
    ///
    /// # Example
    /// See [`WhatIf`].
    pub fn what_if(&self, changes: &[Change]) -> Result<WhatIf, Error> {
        WhatIf::new(self, BTreeMap::new(), changes)
    }

    /// A x or A'x.
    pub(super) fn times(&self, side: Side, x: &DMatrix<f64>) -> DMatrix<f64> {
        self.inner.inputs.apply(side, x)
    }

    pub(super) fn times_vector(&self, side: Side, x: &DVector<f64>) -> DVector<f64> {
        let x = DMatrix::from_column_slice(x.len(), 1, x.as_slice());
        self.times(side, &x).column(0).into_owned()
    }
}

impl WhatIf {
    fn new(
        base: &Technology,
        mut cells: BTreeMap<(usize, usize), f64>,
        changes: &[Change],
    ) -> Result<Self, Error> {
        for change in changes {
            apply(base, change, &mut cells)?;
        }
        cells.retain(|&(j, i), cell| *cell != base.inner.inputs.cell(i, j));
        let update = Update::of_cells(base, &cells);
        Ok(Self { updated: Updated::new(base.clone(), update), cells })
    }

    /// The same with further changes, which go on from those made. Answered from the factorisation of the
    /// technology that was first asked, so that no error accumulates.
    ///
    /// # Errors
    /// As [`Technology::what_if`].
    ///
    /// # Complexity
    /// As [`Technology::what_if`], for all changed rows and columns.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Change, Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let (farming, manufacturing) = (table.sector("1")?, table.sector("2")?);
    /// let half = Change::Scale { suppliers: vec![farming], buyers: vec![manufacturing], by: 0.5 };
    /// let scenario = Technology::from_table(&table)?.what_if(&[half.clone()])?.what_if(&[half])?;
    /// assert_eq!(scenario.changed().collect::<Vec<_>>(), [(farming, manufacturing, 0.0625)]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn what_if(&self, changes: &[Change]) -> Result<Self, Error> {
        Self::new(self.updated.base(), self.cells.clone(), changes)
    }

    /// The coefficients that differ: supplier, buyer and new value, buyer by buyer.
    pub fn changed(&self) -> impl ExactSizeIterator<Item = (Id<Sector>, Id<Sector>, f64)> {
        self.cells.iter().map(|(&(j, i), &cell)| (Id::new(i as u32), Id::new(j as u32), cell))
    }

    /// The sectors.
    #[must_use]
    pub fn sectors(&self) -> &Axis<Sector> {
        self.updated.base().sectors()
    }

    /// The number of rows and columns that together contain all changes: the rank of the update.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.updated.rank()
    }

    /// The changed technology by itself, for the questions that are not asked here; factorised anew when first asked.
    ///
    /// # Errors
    /// Coefficients that overflow when changed.
    ///
    /// # Complexity
    /// O(n²) at the first call.
    ///
    /// # Example
    /// See [`WhatIf`].
    pub fn technology(&self) -> Result<&Technology, Error> {
        self.updated.technology()
    }

    /// Output that final demand requires, as [`Technology::output_for`].
    ///
    /// # Errors
    /// A vector of another length or not finite; a singular I − A*, naming a sector.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// See [`WhatIf`].
    pub fn output_for(&self, final_demand: &DVector<f64>) -> Result<DVector<f64>, Error> {
        self.vector("final demand", Side::Straight, final_demand)
    }

    /// Prices at which every sector recovers inputs and value added, as [`Technology::prices`].
    ///
    /// # Errors
    /// As [`WhatIf::output_for`].
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::{Change, Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let (one, two) = (table.sector("1")?, table.sector("2")?);
    /// let scenario = Technology::from_table(&table)?.what_if(&[Change::Cell { supplier: one, buyer: two, to: 0.0 }])?;
    /// let prices = scenario.prices(&dvector![0.65, 0.70])?;
    /// assert!((prices[1] - 0.70 / 0.95).abs() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn prices(&self, value_added: &DVector<f64>) -> Result<DVector<f64>, Error> {
        self.vector("value added per unit", Side::Transposed, value_added)
    }

    /// Footprints per unit of final demand, as [`Technology::footprint`].
    ///
    /// # Errors
    /// A matrix with another number of columns or not finite; a singular I − A*, naming a sector.
    ///
    /// # Complexity
    /// O(k n²) for k stressors.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Change, Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let (one, two) = (table.sector("1")?, table.sector("2")?);
    /// let scenario = Technology::from_table(&table)?.what_if(&[Change::Cell { supplier: one, buyer: two, to: 0.0 }])?;
    /// let per_unit = scenario.footprint(&dmatrix![3.0, 0.0])?;
    /// // Manufacturing no longer needs farming, at all.
    /// assert!(per_unit[1].abs() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn footprint(&self, intensities: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        let sectors = self.sectors();
        sectors.check_intensities(intensities)?;
        Ok(self.updated.solve(Side::Transposed, &intensities.transpose())?.transpose())
    }

    /// Output of all sectors per unit of final demand for each, as [`Technology::output_multipliers`].
    ///
    /// # Errors
    /// A singular I − A*, naming a sector.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// let unchanged = technology.what_if(&[])?;
    /// assert_eq!(unchanged.output_multipliers()?, technology.output_multipliers()?);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn output_multipliers(&self) -> Result<DVector<f64>, Error> {
        self.prices(&DVector::from_element(self.sectors().len(), 1.0))
    }

    fn vector(&self, what: &str, side: Side, rhs: &DVector<f64>) -> Result<DVector<f64>, Error> {
        self.sectors().check_vector(what, rhs)?;
        self.updated.solve_vector(side, rhs)
    }
}

/// Enters a change into the changed cells, by column and row.
fn apply(base: &Technology, change: &Change, cells: &mut BTreeMap<(usize, usize), f64>) -> Result<(), Error> {
    let n = base.len();
    match change {
        Change::Cell { supplier, buyer, to } => {
            let to = DMatrix::from_element(1, 1, *to);
            set(base, &base.distinct([*supplier])?, &base.distinct([*buyer])?, &to, cells)
        }
        Change::Inputs { buyer, to } => {
            let to = DMatrix::from_column_slice(to.len(), 1, to.as_slice());
            set(base, &(0..n).collect::<Vec<_>>(), &base.distinct([*buyer])?, &to, cells)
        }
        Change::Sales { supplier, to } => {
            let to = DMatrix::from_row_slice(1, to.len(), to.as_slice());
            set(base, &base.distinct([*supplier])?, &(0..n).collect::<Vec<_>>(), &to, cells)
        }
        Change::Block { suppliers, buyers, to } => {
            let (rows, columns) =
                (base.distinct(suppliers.iter().copied())?, base.distinct(buyers.iter().copied())?);
            set(base, &rows, &columns, to, cells)
        }
        Change::Scale { suppliers, buyers, by } => {
            let (rows, columns) =
                (base.distinct(suppliers.iter().copied())?, base.distinct(buyers.iter().copied())?);
            let now = |i: usize, j: usize| {
                cells.get(&(j, i)).copied().unwrap_or_else(|| base.inner.inputs.cell(i, j))
            };
            let to = DMatrix::from_fn(rows.len(), columns.len(), |a, b| by * now(rows[a], columns[b]));
            set(base, &rows, &columns, &to, cells)
        }
    }
}

fn set(
    base: &Technology,
    rows: &[usize],
    columns: &[usize],
    to: &DMatrix<f64>,
    cells: &mut BTreeMap<(usize, usize), f64>,
) -> Result<(), Error> {
    let sectors = base.sectors();
    serial::check_matrix("changed coefficients", to, (rows.len(), columns.len()), |a, b| {
        format!("{} to {}", sectors.describe(rows[a]), sectors.describe(columns[b]))
    })?;
    for (b, &j) in columns.iter().enumerate() {
        for (a, &i) in rows.iter().enumerate() {
            cells.insert((j, i), to[(a, b)]);
        }
    }
    Ok(())
}
