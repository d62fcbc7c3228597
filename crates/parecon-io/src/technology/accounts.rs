//! Production- and consumption-based accounts of stressors and value added.

use nalgebra::{DMatrix, DVector};

use crate::axis::{Axis, Branch, Id, Region, Sector, Stressor};
use crate::error::Error;
use crate::factor::Side;
use crate::regions::Regions;
use crate::satellite::Satellite;
use crate::serial;
use crate::table::IoTable;
use crate::technology::{Solver, Technology};

mod gross;
mod trade;

pub use gross::GrossTrade;
pub use trade::EmbodiedTrade;

/// A stressor of a sector that has no output, so that no product carries it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Unallocated {
    /// The stressor.
    pub stressor: Id<Stressor>,
    /// The sector without output.
    pub sector: Id<Sector>,
    /// The amount, which is in no other account.
    pub amount: f64,
}

/// Who causes stressors and for whom: by where production is, and by who finally consumes.
///
/// ```text
/// S = F x̂⁻¹              intensities                     stressor × sector
/// M = S L                multipliers (footprint per unit of final demand)
/// production  S x̂        x = L Y 1, the output for the table's final demand
/// consumption M ∘ Y      summed over the regions that a product comes from: (consuming region, branch)
/// ```
///
/// Amounts are in the stressors' own units ([`Satellite::units`]); intensities and multipliers in those per unit of the
/// table's money ([`IoTable::unit`]): Mt per M$, say. What final users cause themselves, `F_Y`, is in
/// [`direct`](Accounts::direct), and part of regional totals only.
/// Over all regions production and consumption are the same; a region's differ by its net trade in embodied stressors.
///
/// # Example
/// ```
/// use nalgebra::dmatrix;
/// use parecon_io::{Axis, IoTable, Regions, Satellite, Technology};
///
/// let table = IoTable::new(
///     Axis::from_codes(["north.all", "south.all"])?,
///     dmatrix![10.0, 20.0; 30.0, 40.0],
///     Axis::from_codes(["north.households", "south.households"])?,
///     dmatrix![50.0, 20.0; 10.0, 20.0],
///     Axis::from_codes(["wages"])?,
///     dmatrix![60.0, 40.0],
/// )?;
/// let regions = Regions::split(table.sectors(), table.final_demand_categories(), '.')?;
/// let table = table.with_regions(regions)?;
/// let air = Satellite::new("air", Axis::from_codes(["co2"])?, ["t"], dmatrix![5.0, 20.0])?;
/// let accounts = Technology::from_table(&table)?.accounts(&table, &air)?;
/// let totals = accounts.by_region();
/// assert!((totals.production[(0, 0)] - 5.0).abs() < 1e-12);
/// // The north consumes more than it causes at home.
/// assert!(totals.consumption[(0, 0)] > 5.0);
/// assert!((totals.consumption.sum() - 25.0).abs() < 1e-12);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// K. Stadler, "Pymrio – a Python based multi-regional input-output analysis toolbox", Journal of Open Research Software
/// 9, 2021, for the names; R. E. Miller and P. D. Blair, *Input–Output Analysis: Foundations and Extensions*, 2nd ed.,
/// Cambridge 2009, ch. 10.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Accounts {
    /// The stressors, rows of all matrices.
    pub stressors: Axis<Stressor>,
    /// Where sectors and categories belong.
    pub regions: Regions,
    /// Output of every sector for the table's final demand.
    pub output: DVector<f64>,
    /// Per unit of output, stressor × sector.
    pub intensities: DMatrix<f64>,
    /// Per unit of final demand, stressor × sector.
    pub multipliers: DMatrix<f64>,
    /// Production-based, stressor × sector: where it is caused.
    pub production: DMatrix<f64>,
    /// Consumption-based, stressor × (consuming region, branch bought), region by region; find the column with
    /// [`consumer`](Accounts::consumer).
    pub consumption: DMatrix<f64>,
    /// Consumption-based, stressor × final-demand category: M Y.
    pub by_category: DMatrix<f64>,
    /// What final users cause themselves, stressor × category; 0 if the account does not say.
    pub direct: DMatrix<f64>,
    /// What sectors without output cause.
    pub unallocated: Vec<Unallocated>,
}

/// Accounts by region, stressor × region, what final users cause themselves included.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RegionalAccounts {
    /// Caused in the region.
    pub production: DMatrix<f64>,
    /// Caused for the region's final demand, anywhere.
    pub consumption: DMatrix<f64>,
}

impl RegionalAccounts {
    /// The same per head.
    ///
    /// # Errors
    /// Another number of regions; a population that is not above 0 and finite.
    ///
    /// # Complexity
    /// O(k r) for k stressors and r regions.
    ///
    /// # Example
    /// See [`Accounts::by_region`].
    pub fn per_capita(&self, population: &DVector<f64>) -> Result<Self, Error> {
        let regions = self.production.ncols();
        serial::check_vector("population", population, regions, |r| format!("region number {}", r + 1))?;
        if let Some(r) = population.iter().position(|heads| *heads <= 0.0) {
            return Err(Error::invalid(format!(
                "population, region number {}: is {}, must be above 0",
                r + 1,
                population[r]
            )));
        }
        let each = |totals: &DMatrix<f64>| {
            DMatrix::from_fn(totals.nrows(), regions, |k, r| totals[(k, r)] / population[r])
        };
        Ok(Self { production: each(&self.production), consumption: each(&self.consumption) })
    }
}

impl Accounts {
    /// The column of [`consumption`](Accounts::consumption) for a region's final demand for products of a branch,
    /// whatever region they come from.
    #[must_use]
    pub fn consumer(&self, region: Id<Region>, branch: Id<Branch>) -> usize {
        region.index() * self.regions.branches().len() + branch.index()
    }

    /// Totals of every region, what final users cause themselves included.
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, Satellite, Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let air = Satellite::new("air", Axis::from_codes(["co2"])?, ["t"], dmatrix![5.0, 7.0])?;
    /// let air = air.with_final_demand(dmatrix![8.0])?;
    /// let totals = Technology::from_table(&table)?.accounts(&table, &air)?.by_region();
    /// assert!((totals.consumption[0] - 20.0).abs() < 1e-12);
    /// assert!((totals.per_capita(&dvector![10.0])?.production[0] - 2.0).abs() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    #[must_use]
    pub fn by_region(&self) -> RegionalAccounts {
        let (mut production, mut consumption) = (self.empty(), self.empty());
        for (j, (region, _)) in self.regions.of_sectors().iter().enumerate() {
            add_column(&mut production, region.index(), &self.production, j);
        }
        for (c, (region, _)) in self.regions.of_categories().iter().enumerate() {
            add_column(&mut consumption, region.index(), &self.by_category, c);
            add_column(&mut consumption, region.index(), &self.direct, c);
            add_column(&mut production, region.index(), &self.direct, c);
        }
        RegionalAccounts { production, consumption }
    }

    /// Production by branch, stressor × branch, over all regions.
    #[must_use]
    pub fn production_by_branch(&self) -> DMatrix<f64> {
        let mut sums = DMatrix::zeros(self.stressors.len(), self.regions.branches().len());
        for (j, (_, branch)) in self.regions.of_sectors().iter().enumerate() {
            add_column(&mut sums, branch.index(), &self.production, j);
        }
        sums
    }

    /// Consumption by branch bought, stressor × branch, over all regions.
    #[must_use]
    pub fn consumption_by_branch(&self) -> DMatrix<f64> {
        let branches = self.regions.branches().len();
        let mut sums = DMatrix::zeros(self.stressors.len(), branches);
        for column in 0..self.consumption.ncols() {
            add_column(&mut sums, column % branches, &self.consumption, column);
        }
        sums
    }

    fn empty(&self) -> DMatrix<f64> {
        DMatrix::zeros(self.stressors.len(), self.regions.regions().len())
    }
}

fn add_column(sums: &mut DMatrix<f64>, to: usize, from: &DMatrix<f64>, column: usize) {
    sums.column_mut(to).zip_apply(&from.column(column), |sum, cell| *sum += cell);
}

impl Technology {
    /// Production- and consumption-based accounts of a satellite account for a table's final demand.
    ///
    /// The technology is that of the table, or of a scenario that shares its sectors. For value added as an account
    /// see [`IoTable::value_added_account`]; for trade between regions [`Technology::embodied_trade`].
    ///
    /// # Errors
    /// A table of other sectors; an account that does not fit the table; a singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(k n²) for k stressors, after the first question; L is not needed.
    ///
    /// # Example
    /// See [`Accounts`].
    ///
    /// # Reference
    /// As [`Accounts`].
    pub fn accounts(&self, table: &IoTable, account: &Satellite) -> Result<Accounts, Error> {
        let (intensities, unallocated) = self.carried(table, account)?;
        let multipliers = self.footprint(&intensities)?;
        let output = self.output_near(&table.total_final_demand(), table.output())?;
        let mut production = intensities.clone();
        for (mut column, x) in production.column_iter_mut().zip(output.iter()) {
            column *= *x;
        }
        let regions = table.regions();
        let consumption = by_consumer(multipliers.nrows(), &multipliers, &consumed(table), regions);
        let categories = table.final_demand_categories().len();
        let none = || DMatrix::zeros(intensities.nrows(), categories);
        Ok(Accounts {
            stressors: account.stressors().clone(),
            regions: regions.clone(),
            by_category: &multipliers * table.final_demand(),
            direct: account.final_demand().cloned().unwrap_or_else(none),
            output,
            intensities,
            multipliers,
            production,
            consumption,
            unallocated,
        })
    }

    /// Where the amounts are caused (row) that are contained in what is bought (column), ŝ L ŷ.
    ///
    /// With y the exports it tells the sectors whose value added is in each sector's exports; with the outputs or the
    /// final demand likewise. Its column sums are the footprints, its row sums the production-based account.
    ///
    /// # Errors
    /// Vectors of another length or not finite; a singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(m n²) for m entries of y that are not 0, after the first question; O(n²) with [`Solver::Inverse`].
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// let origins = technology.origins(&dvector![0.65, 0.70], &dvector![350.0, 1700.0])?;
    /// // All value added of farming and manufacturing is in the final demand for both.
    /// assert!((origins.column_sum() - dvector![650.0, 1400.0]).amax() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// B. Quast and V. Kummritz, "decompr: global value chain decomposition in R", CTEI working paper 2015-1.
    pub fn origins(&self, intensities: &DVector<f64>, bought: &DVector<f64>) -> Result<DMatrix<f64>, Error> {
        let sectors = &self.inner.sectors;
        let n = self.len();
        sectors.check_vector("intensities", intensities)?;
        sectors.check_vector("what is bought", bought)?;
        let members: Vec<usize> = (0..n).filter(|&j| bought[j] != 0.0).collect();
        let columns = if self.prefers_requirements(members.len()) {
            self.requirements()?.select_columns(&members)
        } else {
            self.unit_solutions(Side::Straight, &members)?
        };
        let mut origins = DMatrix::zeros(n, n);
        for (k, &j) in members.iter().enumerate() {
            let column = columns.column(k).component_mul(intensities) * bought[j];
            origins.set_column(j, &column);
        }
        Ok(origins)
    }

    /// Whether so many solves cost more than L: they take 4 n² operations each with their residuals, L takes 4/3 n³.
    fn prefers_requirements(&self, solves: usize) -> bool {
        self.inner.solver == Solver::Inverse || 3 * solves >= self.len()
    }

    /// Intensities, and what no output carries.
    fn carried(
        &self,
        table: &IoTable,
        account: &Satellite,
    ) -> Result<(DMatrix<f64>, Vec<Unallocated>), Error> {
        if table.sectors() != self.sectors() {
            return Err(Error::invalid("table: has other sectors than the technology"));
        }
        let mut unallocated = Vec::new();
        for (j, column) in account.flows().column_iter().enumerate().take(self.len()) {
            if table.output()[j] != 0.0 {
                continue;
            }
            let stressors = account.stressors().iter().zip(column.iter());
            for (stressor, &amount) in stressors.filter(|(_, amount)| **amount != 0.0) {
                unallocated.push(Unallocated { stressor, sector: Id::new(j as u32), amount });
            }
        }
        if unallocated.is_empty() {
            return Ok((table.intensities(account)?, unallocated));
        }
        let mut flows = account.flows().clone();
        for lost in &unallocated {
            flows[(lost.stressor.index(), lost.sector.index())] = 0.0;
        }
        let (stressors, units) = (account.stressors().clone(), account.units().iter().cloned());
        let mut carried = Satellite::new(account.name(), stressors, units, flows)?;
        if let Some(direct) = account.final_demand() {
            carried = carried.with_final_demand(direct.clone())?;
        }
        Ok((table.intensities(&carried)?, unallocated))
    }
}

impl IoTable {
    /// Value added as a satellite account, to ask for its production- and consumption-based accounts.
    ///
    /// # Errors
    /// None for a table that exists; kept fallible as all accounts are.
    ///
    /// # Complexity
    /// O(k n) for k components.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let accounts = Technology::from_table(&table)?.accounts(&table, &table.value_added_account()?)?;
    /// // All value added is contained in final demand.
    /// assert!((accounts.consumption.sum() - table.final_demand().sum()).abs() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn value_added_account(&self) -> Result<Satellite, Error> {
        let components = self.value_added_components();
        let units = components.iter().map(|_| self.unit());
        Satellite::new("value added", components.cast(), units, self.value_added().clone())
    }

    /// What final users cause themselves per unit of their final demand, `F_Y ŷ⁻¹`, stressor × category; 0 if the
    /// account does not say.
    ///
    /// # Errors
    /// An account that does not fit the table; a category that has a stressor but no final demand.
    ///
    /// # Complexity
    /// O(n m) for m categories.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, Satellite, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let air = Satellite::new("air", Axis::from_codes(["co2"])?, ["t"], dmatrix![5.0, 7.0])?;
    /// let air = air.with_final_demand(dmatrix![4.1])?;
    /// assert!((table.final_demand_intensities(&air)?[0] - 0.002).abs() < 1e-15);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn final_demand_intensities(&self, account: &Satellite) -> Result<DMatrix<f64>, Error> {
        self.clone().with_satellite(account.clone())?;
        let categories = self.final_demand_categories();
        let shape = (account.stressors().len(), categories.len());
        let Some(direct) = account.final_demand() else { return Ok(DMatrix::zeros(shape.0, shape.1)) };
        let demand = self.final_demand().row_sum();
        let mut intensities = direct.clone();
        for (c, mut column) in intensities.column_iter_mut().enumerate() {
            if column.iter().all(|amount| *amount == 0.0) {
                continue;
            }
            column /= demand[c];
            if !column.iter().all(|ratio| ratio.is_finite()) {
                return Err(Error::invalid(format!(
                    "{}: has a stressor but no final demand to divide by",
                    categories.describe(c)
                )));
            }
        }
        Ok(intensities)
    }
}

/// Final demand by region, n × region.
fn consumed(table: &IoTable) -> DMatrix<f64> {
    let regions = table.regions();
    let mut sums = DMatrix::zeros(table.len(), regions.regions().len());
    for (c, (region, _)) in regions.of_categories().iter().enumerate() {
        add_column(&mut sums, region.index(), table.final_demand(), c);
    }
    sums
}

/// Amounts per unit of final demand for every sector, times final demand by region, by region and branch. The amounts are k
/// rows for all regions, or k rows for every region.
fn by_consumer(k: usize, per_unit: &DMatrix<f64>, demand: &DMatrix<f64>, regions: &Regions) -> DMatrix<f64> {
    let branches = regions.branches().len();
    let mut sums = DMatrix::zeros(k, demand.ncols() * branches);
    for r in 0..demand.ncols() {
        let amounts = per_unit.rows(if per_unit.nrows() == k { 0 } else { r * k }, k);
        for (j, (_, branch)) in regions.of_sectors().iter().enumerate() {
            let bought = demand[(j, r)];
            if bought != 0.0 {
                sums.column_mut(r * branches + branch.index()).axpy(bought, &amounts.column(j), 1.0);
            }
        }
    }
    sums
}
