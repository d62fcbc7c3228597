//! Symmetric input-output tables.

use std::iter::once;
use std::sync::Arc;

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::axis::{Axis, FinalDemand, Id, Sector, ValueAdded};
use crate::error::Error;
use crate::names::Names;
use crate::regions::Regions;
use crate::report::{Check, Checker, Validation};
use crate::satellite::Satellite;
use crate::serial;

mod regroup;
mod scenario;
mod text;

pub use regroup::Regroup;
pub use text::Layout;

/// A symmetric input-output table: the same sectors sell (rows) and buy (columns).
///
/// ```text
/// x = Z 1 + Y 1          sales to sectors and to final demand are the output
/// x = Z'1 + V'1          so are purchases and value added
/// ```
///
/// | part | shape | unit |
/// |---|---|---|
/// | Z [`flows`](IoTable::flows) | sector × sector | money or quantity per period |
/// | Y [`final_demand`](IoTable::final_demand) | sector × category | the same |
/// | V [`value_added`](IoTable::value_added) | component × sector | the same |
/// | x [`output`](IoTable::output) | sector | the same |
///
/// Sectors and categories may belong to several [`regions`](IoTable::regions), and
/// [`satellites`](IoTable::satellites) count what is not money. A table is immutable and always finite and of fitting
/// shapes. Whether it balances is a question of [`validate`](IoTable::validate), because published tables are rounded.
///
/// Cheap to clone. The `with_…` methods give new tables that share all that did not change: a scenario that changes
/// final demand holds no second copy of the flows.
///
/// # Example
/// ```
/// use nalgebra::{dmatrix, DMatrix};
/// use parecon_io::{Axis, IoTable};
///
/// let table = IoTable::new(
///     Axis::from_codes(["farming", "manufacturing"])?,
///     dmatrix![150.0, 500.0; 200.0, 100.0],
///     Axis::from_codes(["consumption"])?,
///     dmatrix![350.0; 1700.0],
///     Axis::from_codes(["wages"])?,
///     dmatrix![650.0, 1400.0],
/// )?;
/// assert_eq!(table.output().as_slice(), [1000.0, 2000.0]);
/// assert!(table.validate().is_clean());
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// R. E. Miller and P. D. Blair, *Input–Output Analysis: Foundations and Extensions*, 2nd ed., Cambridge 2009, ch. 2.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Raw", try_from = "Raw")]
pub struct IoTable {
    sectors: Axis<Sector>,
    flows: Arc<DMatrix<f64>>,
    categories: Axis<FinalDemand>,
    final_demand: Arc<DMatrix<f64>>,
    components: Axis<ValueAdded>,
    value_added: Arc<DMatrix<f64>>,
    output: Arc<DVector<f64>>,
    rounding: f64,
    unit: String,
    regions: Arc<Regions>,
    satellites: Vec<Satellite>,
}

impl IoTable {
    /// A table whose output is the sum of its rows.
    ///
    /// # Errors
    /// Shapes that do not fit the axes and values that are not finite are refused.
    ///
    /// # Complexity
    /// O(n²) for n sectors.
    ///
    /// # Example
    /// The two-sector table at the top of [`IoTable`]; here what is refused:
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, IoTable};
    ///
    /// let (sectors, categories) = (Axis::from_codes(["a", "b"])?, Axis::from_codes(["f"])?);
    /// let (flows, demand) = (dmatrix![1.0, f64::NAN; 2.0, 3.0], dmatrix![4.0; 5.0]);
    /// let error = IoTable::new(sectors, flows, categories, demand, Axis::from_codes(["v"])?, dmatrix![6.0, 7.0])
    ///     .unwrap_err();
    /// assert_eq!(error.to_string(), r#"flows, sector "a" to sector "b": is NaN, must be finite"#);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn new(
        sectors: Axis<Sector>,
        flows: DMatrix<f64>,
        categories: Axis<FinalDemand>,
        final_demand: DMatrix<f64>,
        components: Axis<ValueAdded>,
        value_added: DMatrix<f64>,
    ) -> Result<Self, Error> {
        check_flows(&sectors, &flows)?;
        check_final_demand(&sectors, &categories, &final_demand)?;
        check_value_added(&sectors, &components, &value_added)?;
        let output = flows.column_sum() + final_demand.column_sum();
        sectors.check_vector("output", &output)?;
        let regions = Arc::new(Regions::single(&sectors, &categories));
        Ok(Self {
            sectors,
            flows: Arc::new(flows),
            categories,
            final_demand: Arc::new(final_demand),
            components,
            value_added: Arc::new(value_added),
            output: Arc::new(output),
            rounding: 0.0,
            unit: String::new(),
            regions,
            satellites: Vec::new(),
        })
    }

    /// The table with the unit to which its cells were rounded at the source: 1 for whole millions in a table
    /// of millions, 0 (the default) for exact cells.
    ///
    /// # Errors
    /// A negative unit or one that is not finite is refused.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// ```
    /// use parecon_io::datasets;
    ///
    /// assert_eq!(datasets::miller_blair()?.with_rounding(0.5)?.rounding(), 0.5);
    /// assert!(datasets::miller_blair()?.with_rounding(-1.0).unwrap_err().is_invalid_input());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_rounding(mut self, unit: f64) -> Result<Self, Error> {
        self.rounding = serial::rounding(unit)?;
        Ok(self)
    }

    /// The table with outputs as published, which [`validate`](IoTable::validate) then compares with rows and
    /// columns.
    ///
    /// # Errors
    /// A vector of another length and values that are not finite are refused.
    ///
    /// # Complexity
    /// O(n).
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::datasets;
    ///
    /// let table = datasets::miller_blair()?.with_output(dvector![1000.0, 2100.0])?;
    /// assert!(!table.validate().is_balanced());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_output(mut self, output: DVector<f64>) -> Result<Self, Error> {
        self.sectors.check_vector("output", &output)?;
        self.output = Arc::new(output);
        Ok(self)
    }

    /// The table with readable names where `names` has them.
    #[must_use]
    pub fn with_names(mut self, names: &Names) -> Self {
        let plain = self.regions.is_plain(&self.sectors, &self.categories);
        self.sectors = self.sectors.renamed(names);
        self.categories = self.categories.renamed(names);
        self.components = self.components.renamed(names);
        let regions = if plain {
            Regions::single(&self.sectors, &self.categories)
        } else {
            self.regions.renamed(names)
        };
        self.regions = Arc::new(regions);
        self
    }

    /// The sectors.
    #[must_use]
    pub fn sectors(&self) -> &Axis<Sector> {
        &self.sectors
    }

    /// The number of sectors.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a table is never empty")]
    pub fn len(&self) -> usize {
        self.sectors.len()
    }

    /// The sector with this code, as [`Axis::id`].
    ///
    /// # Errors
    /// An unknown code is refused, and the closest labels are suggested.
    ///
    /// # Complexity
    /// O(1); O(n) for an unknown code.
    ///
    /// # Example
    /// ```
    /// let table = parecon_io::datasets::miller_blair()?;
    /// assert_eq!(table.sector("2")?.index(), 1);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn sector(&self, code: &str) -> Result<Id<Sector>, Error> {
        self.sectors.id(code)
    }

    /// Intermediate flows Z, from row to column.
    #[must_use]
    pub fn flows(&self) -> &DMatrix<f64> {
        &self.flows
    }

    /// The categories of final demand.
    #[must_use]
    pub fn final_demand_categories(&self) -> &Axis<FinalDemand> {
        &self.categories
    }

    /// Final demand Y, sector × category.
    #[must_use]
    pub fn final_demand(&self) -> &DMatrix<f64> {
        &self.final_demand
    }

    /// Final demand of all categories together, y = Y 1.
    #[must_use]
    pub fn total_final_demand(&self) -> DVector<f64> {
        self.final_demand.column_sum()
    }

    /// The components of value added.
    #[must_use]
    pub fn value_added_components(&self) -> &Axis<ValueAdded> {
        &self.components
    }

    /// Value added V, component × sector.
    #[must_use]
    pub fn value_added(&self) -> &DMatrix<f64> {
        &self.value_added
    }

    /// Output x by sector.
    #[must_use]
    pub fn output(&self) -> &DVector<f64> {
        &self.output
    }

    /// The regions, to which sectors and final-demand categories belong; one if the table is not multi-regional.
    #[must_use]
    pub fn regions(&self) -> &Regions {
        &self.regions
    }

    /// The unit of all cells, e.g. `million dollars`; empty if it is not said.
    #[must_use]
    pub fn unit(&self) -> &str {
        &self.unit
    }

    /// The satellite accounts.
    #[must_use]
    pub fn satellites(&self) -> &[Satellite] {
        &self.satellites
    }

    /// The satellite account with this name.
    ///
    /// # Errors
    /// An unknown name is refused, and those there are named.
    ///
    /// # Complexity
    /// O(1): tables have few accounts.
    ///
    /// # Example
    /// ```
    /// let error = parecon_io::datasets::miller_blair()?.satellite("air").unwrap_err();
    /// assert_eq!(error.to_string(), r#"satellite "air": unknown, the table has none"#);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn satellite(&self, name: &str) -> Result<&Satellite, Error> {
        self.satellites.iter().find(|account| account.name() == name).ok_or_else(|| {
            let known: Vec<String> = self.satellites.iter().map(|a| format!("{:?}", a.name())).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Error::invalid(format!("satellite {name:?}: unknown, the table has {known}"))
        })
    }

    /// The unit to which cells were rounded at the source; 0 if they are exact.
    #[must_use]
    pub fn rounding(&self) -> f64 {
        self.rounding
    }

    /// Direct input coefficients, A = Z x̂⁻¹: input of the row's product per unit of the column's output.
    ///
    /// # Errors
    /// A sector that buys but has no output has no coefficients, and is named. One that neither buys nor
    /// produces has a column of zeros.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    ///
    /// let table = parecon_io::datasets::miller_blair()?;
    /// assert!((table.coefficients()? - dmatrix![0.15, 0.25; 0.20, 0.05]).amax() < 1e-15);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn coefficients(&self) -> Result<DMatrix<f64>, Error> {
        self.per_output(&self.flows, "buys")
    }

    /// Value added per unit of output, V x̂⁻¹, component × sector: the intensities to ask
    /// [`Technology::footprint`](crate::Technology::footprint) with.
    ///
    /// # Errors
    /// A sector that has value added but no output is named.
    ///
    /// # Complexity
    /// O(k n) for k components.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    ///
    /// let table = parecon_io::datasets::miller_blair()?;
    /// assert!((table.value_added_intensities()? - dmatrix![0.65, 0.70]).amax() < 1e-15);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn value_added_intensities(&self) -> Result<DMatrix<f64>, Error> {
        self.per_output(&self.value_added, "has value added of")
    }

    /// Intensities of a satellite account, S = F x̂⁻¹, stressor × sector: the stressor's unit per unit of output.
    ///
    /// # Errors
    /// An account of another number of sectors. A sector that has a stressor but no output is named.
    ///
    /// # Complexity
    /// O(k n) for k stressors.
    ///
    /// # Example
    /// See [`Satellite`].
    pub fn intensities(&self, account: &Satellite) -> Result<DMatrix<f64>, Error> {
        self.check_satellite(account)?;
        self.per_output(account.flows(), "has a stressor of")
    }

    /// Refuses a table that has no coefficients.
    pub(crate) fn check_coefficients(&self) -> Result<(), Error> {
        self.check_per_output(&self.flows, "buys")
    }

    /// The flows, to be shared and not copied.
    pub(crate) fn shared_flows(&self) -> Arc<DMatrix<f64>> {
        Arc::clone(&self.flows)
    }

    fn per_output(&self, amounts: &DMatrix<f64>, verb: &str) -> Result<DMatrix<f64>, Error> {
        self.check_per_output(amounts, verb)?;
        let mut ratios = amounts.clone();
        for (mut column, output) in ratios.column_iter_mut().zip(self.output.iter()) {
            if *output != 0.0 {
                column /= *output;
            }
        }
        Ok(ratios)
    }

    fn check_per_output(&self, amounts: &DMatrix<f64>, verb: &str) -> Result<(), Error> {
        for (j, column) in amounts.column_iter().enumerate() {
            let output = self.output[j];
            // Nothing finite overflows when divided by 1 or more, so that most tables are not read.
            if output.abs() >= 1.0 {
                continue;
            }
            if output != 0.0 {
                if !(column.amax() / output).is_finite() {
                    return Err(Error::invalid(format!(
                        "{}: output is {output}, too small to divide by",
                        self.sectors.describe(j)
                    )));
                }
            } else if let Some(amount) = column.iter().find(|amount| **amount != 0.0) {
                return Err(Error::invalid(format!(
                    "{}: {verb} {amount} but has no output",
                    self.sectors.describe(j)
                )));
            }
        }
        Ok(())
    }

    /// Checks balances, signs, outputs and column sums of A.
    ///
    /// Tolerances follow from [`rounding`](IoTable::rounding): a sum of k non-zero rounded cells may be off by half
    /// a unit each. Negative final demand (imports, drawn stocks) and value added (subsidies, losses) are
    /// ordinary and not reported.
    pub fn validate(&self) -> Validation {
        let mut checker = Checker::default();
        let sector = |i| self.sectors.describe(i);
        for i in 0..self.len() {
            let x = self.output[i];
            let (sales, demand) = (self.flows.row(i), self.final_demand.row(i));
            let cells = sales.iter().chain(demand.iter()).copied();
            checker.balance(Check::RowBalance, || sector(i), cells, once(x), x, self.rounding);
            let (purchases, components) = (self.flows.column(i), self.value_added.column(i));
            let cells = purchases.iter().chain(components.iter()).copied();
            checker.balance(Check::ColumnBalance, || sector(i), cells, once(x), x, self.rounding);
        }
        checker.cells(&self.flows, |i, j| format!("{} to {}", sector(i), sector(j)));
        checker.outputs(self.output.as_slice(), sector);
        for (j, column) in self.flows.column_iter().enumerate() {
            let share = column.sum() / self.output[j];
            if self.output[j] > 0.0 && share >= 1.0 {
                checker.push(Check::ColumnSum, sector(j), share, 1.0, 0.0);
            }
        }
        checker.finish()
    }
}

fn check_flows(sectors: &Axis<Sector>, flows: &DMatrix<f64>) -> Result<(), Error> {
    serial::check_matrix("flows", flows, (sectors.len(), sectors.len()), |i, j| {
        format!("{} to {}", sectors.describe(i), sectors.describe(j))
    })
}

fn check_final_demand(
    sectors: &Axis<Sector>,
    categories: &Axis<FinalDemand>,
    final_demand: &DMatrix<f64>,
) -> Result<(), Error> {
    serial::check_matrix("final demand", final_demand, (sectors.len(), categories.len()), |i, j| {
        format!("{} to {}", sectors.describe(i), categories.describe(j))
    })
}

fn check_value_added(
    sectors: &Axis<Sector>,
    components: &Axis<ValueAdded>,
    value_added: &DMatrix<f64>,
) -> Result<(), Error> {
    serial::check_matrix("value added", value_added, (components.len(), sectors.len()), |i, j| {
        format!("{} of {}", components.describe(i), sectors.describe(j))
    })
}

/// The serialised form.
#[derive(Serialize, Deserialize)]
struct Raw {
    version: u32,
    sectors: Axis<Sector>,
    flows: Vec<Vec<f64>>,
    final_demand_categories: Axis<FinalDemand>,
    final_demand: Vec<Vec<f64>>,
    value_added_components: Axis<ValueAdded>,
    value_added: Vec<Vec<f64>>,
    output: Vec<f64>,
    rounding: f64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    unit: String,
    /// Left out for one region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    regions: Option<Regions>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    satellites: Vec<Satellite>,
}

impl From<IoTable> for Raw {
    fn from(table: IoTable) -> Self {
        let plain = table.regions.is_plain(&table.sectors, &table.categories);
        Self {
            regions: (!plain).then(|| Regions::clone(&table.regions)),
            unit: table.unit,
            satellites: table.satellites,
            version: serial::VERSION,
            flows: serial::rows(&table.flows),
            final_demand: serial::rows(&table.final_demand),
            value_added: serial::rows(&table.value_added),
            output: table.output.as_slice().to_vec(),
            rounding: table.rounding,
            sectors: table.sectors,
            final_demand_categories: table.categories,
            value_added_components: table.components,
        }
    }
}

impl TryFrom<Raw> for IoTable {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self, Error> {
        serial::check_version("table", raw.version)?;
        let table = IoTable::new(
            raw.sectors,
            serial::matrix("flows", &raw.flows)?,
            raw.final_demand_categories,
            serial::matrix("final demand", &raw.final_demand)?,
            raw.value_added_components,
            serial::matrix("value added", &raw.value_added)?,
        )?
        .with_output(DVector::from_vec(raw.output))?
        .with_rounding(raw.rounding)?
        .with_unit(raw.unit);
        let table = match raw.regions {
            None => table,
            Some(regions) => table.with_regions(regions)?,
        };
        raw.satellites.into_iter().try_fold(table, IoTable::with_satellite)
    }
}
