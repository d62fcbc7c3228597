//! Tables that differ in one part and share the others.

use std::sync::Arc;

use nalgebra::DMatrix;

use crate::axis::{Axis, FinalDemand};
use crate::error::Error;
use crate::regions::Regions;
use crate::satellite::Satellite;
use crate::table::{IoTable, check_final_demand, check_flows, check_value_added};

impl IoTable {
    /// The table with other flows between the sectors.
    ///
    /// Output stays what it was; follow with [`with_output`](IoTable::with_output) or ask
    /// [`validate`](IoTable::validate) what no longer balances.
    ///
    /// # Errors
    /// A matrix of another shape and cells that are not finite are refused.
    ///
    /// # Complexity
    /// O(n²) to check the new flows.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::datasets;
    ///
    /// let table = datasets::miller_blair()?;
    /// let scenario = table.clone().with_flows(dmatrix![150.0, 500.0; 100.0, 100.0])?;
    /// assert_eq!(scenario.final_demand(), table.final_demand());
    /// assert!(!scenario.validate().is_balanced());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_flows(mut self, flows: DMatrix<f64>) -> Result<Self, Error> {
        check_flows(&self.sectors, &flows)?;
        self.flows = Arc::new(flows);
        Ok(self)
    }

    /// The table with another final demand, in the same categories. Output stays what it was.
    ///
    /// # Errors
    /// A matrix of another shape and cells that are not finite are refused.
    ///
    /// # Complexity
    /// O(n m) for m categories.
    ///
    /// # Example
    /// The output that a final demand half as large again would take:
    /// ```
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let more = table.final_demand() * 1.5;
    /// let scenario = table.clone().with_final_demand(more)?;
    /// let output = Technology::from_table(&table)?.output_for(&scenario.total_final_demand())?;
    /// let scenario = scenario.with_output(output)?;
    /// assert!((scenario.output()[0] - 1500.0).abs() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_final_demand(mut self, final_demand: DMatrix<f64>) -> Result<Self, Error> {
        check_final_demand(&self.sectors, &self.categories, &final_demand)?;
        self.final_demand = Arc::new(final_demand);
        Ok(self)
    }

    /// The table with other value added, in the same components.
    ///
    /// # Errors
    /// A matrix of another shape and cells that are not finite are refused.
    ///
    /// # Complexity
    /// O(n k) for k components.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::datasets;
    ///
    /// let scenario = datasets::miller_blair()?.with_value_added(dmatrix![650.0, 1500.0])?;
    /// assert!(!scenario.validate().is_balanced());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_value_added(mut self, value_added: DMatrix<f64>) -> Result<Self, Error> {
        check_value_added(&self.sectors, &self.components, &value_added)?;
        self.value_added = Arc::new(value_added);
        Ok(self)
    }

    /// The table with the unit of its cells, e.g. `million dollars`.
    #[must_use]
    pub fn with_unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// The table with its sectors and categories placed in regions.
    ///
    /// # Errors
    /// Regions of another number of sectors or categories.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use nalgebra::{DMatrix, dmatrix};
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
    /// let table = table.with_regions(regions)?;
    /// assert_eq!(table.regions().regions().len(), 2);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_regions(mut self, regions: Regions) -> Result<Self, Error> {
        for (what, found, wanted) in [
            ("sectors", regions.of_sectors().len(), self.len()),
            ("final-demand categories", regions.of_categories().len(), self.categories.len()),
        ] {
            if found != wanted {
                return Err(Error::invalid(format!(
                    "regions: are for {found} {what}, the table has {wanted}"
                )));
            }
        }
        self.regions = Arc::new(regions);
        Ok(self)
    }

    /// The table with one satellite account more, or in place of the one with its name.
    ///
    /// # Errors
    /// An account of another number of sectors, or of final-demand categories.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// See [`Satellite`].
    pub fn with_satellite(mut self, account: Satellite) -> Result<Self, Error> {
        self.check_satellite(&account)?;
        match self.satellites.iter_mut().find(|known| known.name() == account.name()) {
            Some(known) => *known = account,
            None => self.satellites.push(account),
        }
        Ok(self)
    }

    /// The table without the exports, or any other categories of final demand: only those named are kept.
    ///
    /// Output stays what it was.
    ///
    /// # Errors
    /// Codes that the table does not have, or none at all.
    ///
    /// # Complexity
    /// O(n m) for m categories.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Model, datasets};
    ///
    /// let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    /// let households = table.select_final_demand(["F010"])?;
    /// assert_eq!(households.final_demand().ncols(), 1);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn select_final_demand<'c>(&self, codes: impl IntoIterator<Item = &'c str>) -> Result<Self, Error> {
        let kept = codes.into_iter().map(|code| Ok(self.categories.id(code)?.index()));
        let kept = kept.collect::<Result<Vec<usize>, Error>>()?;
        let categories: Axis<FinalDemand> = self.categories.select(&kept)?;
        let plain = self.regions.is_plain(&self.sectors, &self.categories);
        let regions = if plain {
            Regions::single(&self.sectors, &categories)
        } else {
            let of_categories = kept.iter().map(|&j| self.regions.of_categories()[j]).collect();
            Regions::new(
                self.regions.regions().clone(),
                self.regions.branches().clone(),
                self.regions.purposes().clone(),
                self.regions.of_sectors().to_vec(),
                of_categories,
            )?
        };
        let satellites = self.satellites.iter().map(|account| account.select_final_demand(&kept));
        Ok(Self {
            final_demand: Arc::new(self.final_demand.select_columns(&kept)),
            categories,
            regions: Arc::new(regions),
            satellites: satellites.collect(),
            ..self.clone()
        })
    }

    pub(super) fn check_satellite(&self, account: &Satellite) -> Result<(), Error> {
        let name = account.name();
        if account.flows().ncols() != self.len() {
            return Err(Error::invalid(format!(
                "satellite {name:?}: has {} sectors, the table has {}",
                account.flows().ncols(),
                self.len()
            )));
        }
        match account.final_demand() {
            Some(direct) if direct.ncols() != self.categories.len() => Err(Error::invalid(format!(
                "satellite {name:?}: has {} final-demand categories, the table has {}",
                direct.ncols(),
                self.categories.len()
            ))),
            _ => Ok(()),
        }
    }
}
