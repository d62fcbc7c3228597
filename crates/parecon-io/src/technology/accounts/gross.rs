//! Trade as it crosses borders.

use nalgebra::{DMatrix, DVector};

use crate::regions::Regions;
use crate::table::IoTable;

/// What sectors sell to other regions, to sectors and final users alike.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GrossTrade {
    /// Where sectors belong.
    pub regions: Regions,
    /// Sold by every sector to every other region, sector × region; 0 at home.
    pub bilateral: DMatrix<f64>,
    /// Exports by sector, the row sums.
    pub exports: DVector<f64>,
    /// Imports by region and branch of the product, region × branch.
    pub imports: DMatrix<f64>,
}

impl IoTable {
    /// Trade between regions as it crosses borders, in the unit of the table.
    ///
    /// Products that pass several borders on their way count at each: for what regions finally cause for each other see
    /// [`Technology::embodied_trade`](crate::Technology::embodied_trade).
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, IoTable, Regions};
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
    /// let trade = table.with_regions(regions)?.gross_trade();
    /// assert_eq!(trade.bilateral, dmatrix![0.0, 40.0; 40.0, 0.0]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    #[must_use]
    pub fn gross_trade(&self) -> GrossTrade {
        let regions = self.regions();
        let (n, r) = (self.len(), regions.regions().len());
        let mut bilateral = DMatrix::<f64>::zeros(n, r);
        let buyers = regions.of_sectors().iter().map(|(region, _)| region.index());
        let users = regions.of_categories().iter().map(|(region, _)| region.index());
        let sales = self.flows().column_iter().zip(buyers);
        for (column, to) in sales.chain(self.final_demand().column_iter().zip(users)) {
            bilateral.column_mut(to).zip_apply(&column, |sum, cell| *sum += cell);
        }
        let mut imports = DMatrix::zeros(r, regions.branches().len());
        for (i, (home, branch)) in regions.of_sectors().iter().enumerate() {
            bilateral[(i, home.index())] = 0.0;
            for to in 0..r {
                imports[(to, branch.index())] += bilateral[(i, to)];
            }
        }
        GrossTrade { regions: regions.clone(), exports: bilateral.column_sum(), imports, bilateral }
    }
}
