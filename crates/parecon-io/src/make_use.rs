//! Make and use tables.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::axis::{Axis, Commodity, FinalDemand, Industry, ValueAdded};
use crate::error::Error;
use crate::names::Names;
use crate::report::{Check, Checker, Finding, Validation};
use crate::serial;

mod bea;
mod convert;
mod negatives;
mod primary;
mod requirements;

pub use convert::Model;
pub use negatives::{Conversion, NegativeFlow, Negatives};
pub use requirements::Requirements;

/// Make and use tables: which industry makes which commodity, and who uses it.
///
/// ```text
/// g = V 1 = U'1 + W'1        output by industry: what it makes, what it pays for
/// q = V'1 = U 1 + Y 1        output by commodity: what is made, what is used
/// ```
///
/// | part | shape |
/// |---|---|
/// | V [`make`](MakeUse::make) | industry × commodity |
/// | U [`use_`](MakeUse::use_) | commodity × industry |
/// | Y [`final_demand`](MakeUse::final_demand) | commodity × category |
/// | W [`value_added`](MakeUse::value_added) | component × industry |
///
/// all in the same unit. Outputs g and q are sums of the make table. Immutable, always finite and of fitting
/// shapes; balances are a question of [`validate`](MakeUse::validate).
///
/// # Example
/// ```
/// use parecon_io::{Model, datasets};
///
/// let us = datasets::us_2022()?;
/// assert_eq!((us.industries().len(), us.commodities().len()), (71, 73));
/// let table = us.to_symmetric(Model::FixedProductSales)?;
/// assert_eq!(table.sectors().name(table.sector("622")?), "Hospitals");
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// K. J. Horowitz and M. A. Planting, *Concepts and Methods of the U.S. Input-Output Accounts*, Bureau of Economic
/// Analysis 2009, ch. 12.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Raw", try_from = "Raw")]
pub struct MakeUse {
    industries: Axis<Industry>,
    commodities: Axis<Commodity>,
    make: DMatrix<f64>,
    use_: DMatrix<f64>,
    categories: Axis<FinalDemand>,
    final_demand: DMatrix<f64>,
    components: Axis<ValueAdded>,
    value_added: DMatrix<f64>,
    industry_output: DVector<f64>,
    commodity_output: DVector<f64>,
    rounding: f64,
    /// What was odd in the source: totals that its cells do not sum to, figures that were left out.
    stated: Vec<Finding>,
}

/// The parts of a [`MakeUse`], to build one from.
#[derive(Clone, Debug, PartialEq)]
pub struct MakeUseParts {
    /// The industries.
    pub industries: Axis<Industry>,
    /// The commodities.
    pub commodities: Axis<Commodity>,
    /// Make table, industry × commodity.
    pub make: DMatrix<f64>,
    /// Use table, commodity × industry.
    pub use_: DMatrix<f64>,
    /// The categories of final demand.
    pub final_demand_categories: Axis<FinalDemand>,
    /// Final demand, commodity × category.
    pub final_demand: DMatrix<f64>,
    /// The components of value added.
    pub value_added_components: Axis<ValueAdded>,
    /// Value added, component × industry.
    pub value_added: DMatrix<f64>,
}

impl MakeUse {
    /// Tables from their parts.
    ///
    /// # Errors
    /// Shapes that do not fit the axes and values that are not finite are refused.
    ///
    /// # Complexity
    /// O(m n) for m industries and n commodities.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, MakeUse, MakeUseParts};
    ///
    /// let tables = MakeUse::new(MakeUseParts {
    ///     industries: Axis::from_codes(["farms", "mills"])?,
    ///     commodities: Axis::from_codes(["corn", "flour"])?,
    ///     make: dmatrix![90.0, 10.0; 0.0, 50.0],
    ///     use_: dmatrix![20.0, 30.0; 10.0, 5.0],
    ///     final_demand_categories: Axis::from_codes(["households"])?,
    ///     final_demand: dmatrix![40.0; 45.0],
    ///     value_added_components: Axis::from_codes(["wages"])?,
    ///     value_added: dmatrix![70.0, 15.0],
    /// })?;
    /// assert_eq!(tables.industry_output().as_slice(), [100.0, 50.0]);
    /// assert_eq!(tables.commodity_output().as_slice(), [90.0, 60.0]);
    /// assert!(tables.validate().is_clean());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn new(parts: MakeUseParts) -> Result<Self, Error> {
        let MakeUseParts {
            industries,
            commodities,
            make,
            use_,
            final_demand_categories: categories,
            final_demand,
            value_added_components: components,
            value_added,
        } = parts;
        let (m, n) = (industries.len(), commodities.len());
        serial::check_matrix("make table", &make, (m, n), |i, j| {
            format!("{} of {}", commodities.describe(j), industries.describe(i))
        })?;
        serial::check_matrix("use table", &use_, (n, m), |i, j| {
            format!("{} to {}", commodities.describe(i), industries.describe(j))
        })?;
        serial::check_matrix("final demand", &final_demand, (n, categories.len()), |i, j| {
            format!("{} to {}", commodities.describe(i), categories.describe(j))
        })?;
        serial::check_matrix("value added", &value_added, (components.len(), m), |i, j| {
            format!("{} of {}", components.describe(i), industries.describe(j))
        })?;
        let industry_output = make.column_sum();
        let commodity_output = make.row_sum_tr();
        industries.check_vector("industry output", &industry_output)?;
        commodities.check_vector("commodity output", &commodity_output)?;
        Ok(Self {
            industries,
            commodities,
            make,
            use_,
            categories,
            final_demand,
            components,
            value_added,
            industry_output,
            commodity_output,
            rounding: 0.0,
            stated: Vec::new(),
        })
    }

    /// The tables with the unit to which cells were rounded at the source; 0 (the default) if they are exact.
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
    /// assert_eq!(datasets::bea_2002()?.with_rounding(0.5)?.rounding(), 0.5);
    /// assert!(datasets::bea_2002()?.with_rounding(-1.0).unwrap_err().is_invalid_input());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_rounding(mut self, unit: f64) -> Result<Self, Error> {
        self.rounding = serial::rounding(unit)?;
        Ok(self)
    }

    /// The tables with what a reader found odd in their source.
    pub(crate) fn with_findings(mut self, stated: Vec<Finding>) -> Self {
        self.stated = stated;
        self
    }

    /// The tables with readable names where `names` has them.
    #[must_use]
    pub fn with_names(mut self, names: &Names) -> Self {
        self.industries = self.industries.renamed(names);
        self.commodities = self.commodities.renamed(names);
        self.categories = self.categories.renamed(names);
        self.components = self.components.renamed(names);
        self
    }

    /// The industries.
    #[must_use]
    pub fn industries(&self) -> &Axis<Industry> {
        &self.industries
    }

    /// The commodities.
    #[must_use]
    pub fn commodities(&self) -> &Axis<Commodity> {
        &self.commodities
    }

    /// Make table V, industry × commodity.
    #[must_use]
    pub fn make(&self) -> &DMatrix<f64> {
        &self.make
    }

    /// Use table U, commodity × industry.
    #[must_use]
    pub fn use_(&self) -> &DMatrix<f64> {
        &self.use_
    }

    /// The categories of final demand.
    #[must_use]
    pub fn final_demand_categories(&self) -> &Axis<FinalDemand> {
        &self.categories
    }

    /// Final demand Y, commodity × category.
    #[must_use]
    pub fn final_demand(&self) -> &DMatrix<f64> {
        &self.final_demand
    }

    /// The components of value added.
    #[must_use]
    pub fn value_added_components(&self) -> &Axis<ValueAdded> {
        &self.components
    }

    /// Value added W, component × industry.
    #[must_use]
    pub fn value_added(&self) -> &DMatrix<f64> {
        &self.value_added
    }

    /// Output by industry, g = V 1.
    #[must_use]
    pub fn industry_output(&self) -> &DVector<f64> {
        &self.industry_output
    }

    /// Output by commodity, q = V'1.
    #[must_use]
    pub fn commodity_output(&self) -> &DVector<f64> {
        &self.commodity_output
    }

    /// The unit to which cells were rounded at the source; 0 if they are exact.
    #[must_use]
    pub fn rounding(&self) -> f64 {
        self.rounding
    }

    /// Checks balances, the totals that the source states, signs and outputs.
    ///
    /// Tolerances follow from [`rounding`](MakeUse::rounding): a sum of k non-zero rounded cells may be off by half
    /// a unit each. Negative final demand and value added are ordinary and not reported.
    pub fn validate(&self) -> Validation {
        let mut checker = Checker::default();
        let industry = |i| self.industries.describe(i);
        let commodity = |i| self.commodities.describe(i);
        // Outputs are sums of make cells: both sides of a balance are rounded.
        for (c, &q) in self.commodity_output.iter().enumerate() {
            let (uses, categories) = (self.use_.row(c), self.final_demand.row(c));
            let cells = uses.iter().chain(categories.iter()).copied();
            checker.balance(
                Check::RowBalance,
                || commodity(c),
                cells,
                self.make.column(c).iter().copied(),
                q,
                self.rounding,
            );
        }
        for (i, &g) in self.industry_output.iter().enumerate() {
            let (purchases, components) = (self.use_.column(i), self.value_added.column(i));
            let cells = purchases.iter().chain(components.iter()).copied();
            checker.balance(
                Check::ColumnBalance,
                || industry(i),
                cells,
                self.make.row(i).iter().copied(),
                g,
                self.rounding,
            );
        }
        checker.extend(&self.stated);
        checker.cells(&self.make, |i, c| format!("{} of {}", commodity(c), industry(i)));
        checker.cells(&self.use_, |c, i| format!("{} to {}", commodity(c), industry(i)));
        checker.outputs(self.industry_output.as_slice(), industry);
        checker.outputs(self.commodity_output.as_slice(), commodity);
        for (i, column) in self.use_.column_iter().enumerate() {
            let share = column.sum() / self.industry_output[i];
            if self.industry_output[i] > 0.0 && share >= 1.0 {
                checker.push(Check::ColumnSum, industry(i), share, 1.0, 0.0);
            }
        }
        checker.finish()
    }
}

/// The serialised form.
#[derive(Serialize, Deserialize)]
struct Raw {
    version: u32,
    industries: Axis<Industry>,
    commodities: Axis<Commodity>,
    make: Vec<Vec<f64>>,
    #[serde(rename = "use")]
    use_: Vec<Vec<f64>>,
    final_demand_categories: Axis<FinalDemand>,
    final_demand: Vec<Vec<f64>>,
    value_added_components: Axis<ValueAdded>,
    value_added: Vec<Vec<f64>>,
    rounding: f64,
    stated: Vec<Finding>,
}

impl From<MakeUse> for Raw {
    fn from(tables: MakeUse) -> Self {
        Self {
            version: serial::VERSION,
            make: serial::rows(&tables.make),
            use_: serial::rows(&tables.use_),
            final_demand: serial::rows(&tables.final_demand),
            value_added: serial::rows(&tables.value_added),
            industries: tables.industries,
            commodities: tables.commodities,
            final_demand_categories: tables.categories,
            value_added_components: tables.components,
            rounding: tables.rounding,
            stated: tables.stated,
        }
    }
}

impl TryFrom<Raw> for MakeUse {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self, Error> {
        serial::check_version("make and use tables", raw.version)?;
        let tables = MakeUse::new(MakeUseParts {
            industries: raw.industries,
            commodities: raw.commodities,
            make: serial::matrix("make table", &raw.make)?,
            use_: serial::matrix("use table", &raw.use_)?,
            final_demand_categories: raw.final_demand_categories,
            final_demand: serial::matrix("final demand", &raw.final_demand)?,
            value_added_components: raw.value_added_components,
            value_added: serial::matrix("value added", &raw.value_added)?,
        })?
        .with_rounding(raw.rounding)?;
        Ok(Self { stated: raw.stated, ..tables })
    }
}
