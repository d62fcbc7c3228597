//! Stressors embodied in what regions buy from each other, directly and through chains.

use nalgebra::DMatrix;

use crate::axis::{Axis, Id, Stressor};
use crate::error::Error;
use crate::factor::Side;
use crate::product::{self, Block};
use crate::regions::Regions;
use crate::satellite::Satellite;
use crate::table::IoTable;
use crate::technology::Technology;

use super::{add_column, by_consumer, consumed};

/// What regions cause for each other's final demand, along all chains of supply.
///
/// ```text
/// X = L Y                  output by sector for every region's final demand, sector × consuming region
/// T_k = (S_k X) by region  caused in the row's region for the column's final demand
/// ```
///
/// Not gross trade ([`IoTable::gross_trade`]): what crosses a border twice counts once, and what comes back home for
/// final use is no trade.
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
/// let trade = Technology::from_table(&table)?.embodied_trade(&table, &air)?;
/// let co2 = trade.bilateral(air.stressors().id("co2")?);
/// assert!((co2.sum() - 25.0).abs() < 1e-12);
/// // What the south causes for the north is the north's import and the south's export.
/// assert!((co2[(1, 0)] - trade.imports()[0]).abs() < 1e-12);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// As [`Accounts`](crate::technology::Accounts).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct EmbodiedTrade {
    /// The stressors.
    pub stressors: Axis<Stressor>,
    /// Where sectors and categories belong.
    pub regions: Regions,
    /// Per unit of output, stressor × sector.
    pub intensities: DMatrix<f64>,
    /// Output by sector for every region's final demand, sector × consuming region.
    pub output: DMatrix<f64>,
}

impl EmbodiedTrade {
    /// One stressor by the sector that causes it and the region for whose final demand, sector × region.
    ///
    /// # Panics
    /// When `stressor` comes from a longer axis than this account's.
    #[must_use]
    pub fn by_source(&self, stressor: Id<Stressor>) -> DMatrix<f64> {
        let mut amounts = self.output.clone();
        for mut column in amounts.column_iter_mut() {
            for (i, cell) in column.iter_mut().enumerate() {
                *cell *= self.intensities[(stressor.index(), i)];
            }
        }
        amounts
    }

    /// One stressor by the region that causes it (row) and the region for whose final demand (column).
    ///
    /// # Panics
    /// When `stressor` comes from a longer axis than this account's.
    #[must_use]
    pub fn bilateral(&self, stressor: Id<Stressor>) -> DMatrix<f64> {
        let r = self.regions.regions().len();
        let mut sums = DMatrix::zeros(r, r);
        let amounts = self.by_source(stressor);
        for (i, (region, _)) in self.regions.of_sectors().iter().enumerate() {
            for to in 0..r {
                sums[(region.index(), to)] += amounts[(i, to)];
            }
        }
        sums
    }

    /// Caused by every sector for other regions' final demand, stressor × sector.
    #[must_use]
    pub fn exports_by_sector(&self) -> DMatrix<f64> {
        let mut exports = self.intensities.clone();
        for (i, (region, _)) in self.regions.of_sectors().iter().enumerate() {
            let abroad = (0..self.output.ncols()).filter(|r| *r != region.index());
            let abroad: f64 = abroad.map(|r| self.output[(i, r)]).sum();
            exports.column_mut(i).iter_mut().for_each(|cell| *cell *= abroad);
        }
        exports
    }

    /// Caused in every region for other regions' final demand, stressor × region.
    #[must_use]
    pub fn exports(&self) -> DMatrix<f64> {
        let by_sector = self.exports_by_sector();
        let mut sums = DMatrix::zeros(self.stressors.len(), self.regions.regions().len());
        for (i, (region, _)) in self.regions.of_sectors().iter().enumerate() {
            add_column(&mut sums, region.index(), &by_sector, i);
        }
        sums
    }

    /// Caused in other regions for every region's final demand, stressor × region.
    #[must_use]
    pub fn imports(&self) -> DMatrix<f64> {
        let mut sums = DMatrix::zeros(self.stressors.len(), self.regions.regions().len());
        for (i, (region, _)) in self.regions.of_sectors().iter().enumerate() {
            let intensities = self.intensities.column(i);
            for r in (0..sums.ncols()).filter(|r| *r != region.index()) {
                sums.column_mut(r).axpy(self.output[(i, r)], &intensities, 1.0);
            }
        }
        sums
    }
}

impl Technology {
    /// Stressors that regions cause for each other's final demand.
    ///
    /// # Errors
    /// As [`Technology::accounts`].
    ///
    /// # Complexity
    /// O(r n²) for r regions, after the first question, whatever the number of stressors; L is not needed.
    ///
    /// # Example
    /// See [`EmbodiedTrade`].
    ///
    /// # Reference
    /// As [`Technology::accounts`].
    pub fn embodied_trade(&self, table: &IoTable, account: &Satellite) -> Result<EmbodiedTrade, Error> {
        let (intensities, _) = self.carried(table, account)?;
        let demand = consumed(table);
        let output = self.solve(Side::Straight, &demand)?;
        Ok(EmbodiedTrade {
            stressors: account.stressors().clone(),
            regions: table.regions().clone(),
            intensities,
            output,
        })
    }

    /// Caused in other regions for every region's final demand, by the branch of the product bought: stressor ×
    /// (consuming region, branch), region by region. The rest of
    /// [`consumption`](crate::technology::Accounts::consumption) is caused at home.
    ///
    /// ```text
    /// for every region r:   (S without r) L, times r's final demand
    /// ```
    ///
    /// # Errors
    /// As [`Technology::accounts`].
    ///
    /// # Complexity
    /// O(k r n²) for k stressors and r regions; where that is more than O(n³), or with [`Solver::Inverse`](crate::Solver::Inverse),
    /// from L.
    ///
    /// # Example
    /// The sums over branches are the imports of [`EmbodiedTrade`].
    /// ```
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let imports = technology.embodied_imports(&table, &table.value_added_account()?)?;
    /// // A table of one region has no others.
    /// assert_eq!(imports.amax(), 0.0);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// As [`Technology::accounts`].
    pub fn embodied_imports(&self, table: &IoTable, account: &Satellite) -> Result<DMatrix<f64>, Error> {
        let (intensities, _) = self.carried(table, account)?;
        let demand = consumed(table);
        let regions = table.regions();
        let (k, r, n) = (intensities.nrows(), regions.regions().len(), self.len());
        let of = |i: usize| regions.of_sectors()[i].0.index();
        let per_unit = if self.prefers_requirements(k * r) {
            abroad_from(self.requirements()?, &intensities, regions)
        } else {
            let abroad =
                DMatrix::from_fn(n, k * r, |i, c| if of(i) == c / k { 0.0 } else { intensities[(c % k, i)] });
            self.solve(Side::Transposed, &abroad)?.transpose()
        };
        Ok(by_consumer(k, &per_unit, &demand, regions))
    }
}

/// S L by region of the consumer, the stressors of its own sectors left out: k rows for every region.
fn abroad_from(requirements: &DMatrix<f64>, intensities: &DMatrix<f64>, regions: &Regions) -> DMatrix<f64> {
    let (k, r, n) = (intensities.nrows(), regions.regions().len(), requirements.ncols());
    let mut per_unit = DMatrix::zeros(k * r, n);
    // Sectors that follow each other in one region are multiplied together: n × k for every region.
    let places = regions.of_sectors();
    let mut caused = vec![DMatrix::<f64>::zeros(n, k); r];
    let mut start = 0;
    for run in places.chunk_by(|a, b| a.0 == b.0) {
        let rows = start..start + run.len();
        start = rows.end;
        let own = intensities.columns_range(rows.clone()).transpose();
        let mut part = DMatrix::zeros(n, k);
        let block = Block::new(requirements.as_slice(), n, rows, 0..n);
        product::transposed(block, own.as_slice(), part.as_mut_slice());
        caused[run[0].0.index()] += part;
    }
    for j in 0..n {
        // Sums of those before and of those after: taking the region's own from the sum of all would cancel.
        let mut target = per_unit.column_mut(j);
        for stressor in 0..k {
            let (mut before, mut after) = (0.0, 0.0);
            for region in 0..r {
                target[region * k + stressor] += before;
                before += caused[region][(j, stressor)];
            }
            for region in (0..r).rev() {
                target[region * k + stressor] += after;
                after += caused[region][(j, stressor)];
            }
        }
    }
    per_unit
}
