//! Satellite accounts: what sectors use or emit besides money.

use std::sync::Arc;

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::axis::{Axis, Stressor};
use crate::concordance::Weights;
use crate::error::Error;
use crate::serial;

/// A satellite account: stressors (hours, emissions, hectares) by sector, each in its own unit.
///
/// | part | shape | unit |
/// |---|---|---|
/// | F [`flows`](Satellite::flows) | stressor × sector | the stressor's |
/// | `F_Y` [`final_demand`](Satellite::final_demand) | stressor × category | the stressor's |
///
/// `F_Y` is what final users cause themselves: fuel burnt in households. A table holds any number of accounts by name,
/// [`IoTable::with_satellite`](crate::IoTable::with_satellite).
///
/// # Example
/// ```
/// use nalgebra::dmatrix;
/// use parecon_io::{Axis, Satellite, datasets};
///
/// let account = Satellite::new("work", Axis::from_codes(["hours"])?, ["million hours"], dmatrix![300.0, 400.0])?;
/// let table = datasets::miller_blair()?.with_satellite(account)?;
/// let work = table.satellite("work")?;
/// assert_eq!(work.unit(work.stressors().id("hours")?), "million hours");
/// assert_eq!(table.intensities(work)?, dmatrix![0.3, 0.2]);
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Raw", try_from = "Raw")]
pub struct Satellite {
    name: String,
    stressors: Axis<Stressor>,
    units: Vec<String>,
    flows: Arc<DMatrix<f64>>,
    final_demand: Option<Arc<DMatrix<f64>>>,
}

impl Satellite {
    /// An account by name, with the unit of each stressor and F, stressor × sector.
    ///
    /// # Errors
    /// An empty name; another number of units or rows than stressors; a cell that is not finite.
    ///
    /// # Complexity
    /// O(k n) for k stressors and n sectors.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, Satellite};
    ///
    /// let stressors = Axis::new([("co2", "Carbon dioxide"), ("ch4", "Methane")])?;
    /// let error = Satellite::new("air", stressors, ["t"], dmatrix![1.0, 2.0; 3.0, 4.0]).unwrap_err();
    /// assert_eq!(error.to_string(), "satellite \"air\": has 1 units, must have 2");
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn new<U: Into<String>>(
        name: impl Into<String>,
        stressors: Axis<Stressor>,
        units: impl IntoIterator<Item = U>,
        flows: DMatrix<f64>,
    ) -> Result<Self, Error> {
        let (name, units): (String, Vec<String>) = (name.into(), units.into_iter().map(Into::into).collect());
        if name.trim().is_empty() {
            return Err(Error::invalid("satellite: the name is empty"));
        }
        if units.len() != stressors.len() {
            return Err(Error::invalid(format!(
                "satellite {name:?}: has {} units, must have {}",
                units.len(),
                stressors.len()
            )));
        }
        check(&name, &stressors, &flows, "flows")?;
        Ok(Self { name, stressors, units, flows: Arc::new(flows), final_demand: None })
    }

    /// The account with what final users cause themselves, `F_Y`, stressor × category.
    ///
    /// # Errors
    /// Another number of rows than stressors; a cell that is not finite.
    ///
    /// # Complexity
    /// O(k m) for k stressors and m categories.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, Satellite};
    ///
    /// let air = Satellite::new("air", Axis::from_codes(["co2"])?, ["t"], dmatrix![5.0, 7.0])?
    ///     .with_final_demand(dmatrix![2.0])?;
    /// assert_eq!(air.final_demand(), Some(&dmatrix![2.0]));
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_final_demand(mut self, final_demand: DMatrix<f64>) -> Result<Self, Error> {
        check(&self.name, &self.stressors, &final_demand, "final demand")?;
        self.final_demand = Some(Arc::new(final_demand));
        Ok(self)
    }

    /// The account with these categories of final demand only.
    pub(crate) fn select_final_demand(&self, kept: &[usize]) -> Self {
        let final_demand = self.final_demand.as_ref().map(|direct| Arc::new(direct.select_columns(kept)));
        Self { final_demand, ..self.clone() }
    }

    /// The account with other flows, and with final demand regrouped.
    pub(crate) fn mapped(
        &self,
        flows: impl Fn(&DMatrix<f64>) -> DMatrix<f64>,
        categories: Option<&Weights>,
    ) -> Self {
        let final_demand = match (&self.final_demand, categories) {
            (Some(direct), Some(weights)) => Some(Arc::new(weights.columns(direct))),
            (direct, _) => direct.clone(),
        };
        Self { flows: Arc::new(flows(&self.flows)), final_demand, ..self.clone() }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The stressors.
    #[must_use]
    pub fn stressors(&self) -> &Axis<Stressor> {
        &self.stressors
    }

    /// The unit of every stressor.
    #[must_use]
    pub fn units(&self) -> &[String] {
        &self.units
    }

    /// The unit of a stressor.
    ///
    /// # Panics
    /// When `stressor` comes from a longer axis than this account's.
    #[must_use]
    pub fn unit(&self, stressor: crate::Id<Stressor>) -> &str {
        &self.units[stressor.index()]
    }

    /// F, stressor × sector.
    #[must_use]
    pub fn flows(&self) -> &DMatrix<f64> {
        &self.flows
    }

    /// What final users cause themselves, `F_Y`, stressor × category; `None` if the account does not say.
    #[must_use]
    pub fn final_demand(&self) -> Option<&DMatrix<f64>> {
        self.final_demand.as_deref()
    }
}

fn check(name: &str, stressors: &Axis<Stressor>, cells: &DMatrix<f64>, what: &str) -> Result<(), Error> {
    let shape = (stressors.len(), cells.ncols());
    serial::check_matrix(&format!("satellite {name:?}, {what}"), cells, shape, |k, j| {
        format!("{}, column {}", stressors.describe(k), j + 1)
    })
}

/// The serialised form.
#[derive(Serialize, Deserialize)]
struct Raw {
    name: String,
    stressors: Axis<Stressor>,
    units: Vec<String>,
    flows: Vec<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    final_demand: Option<Vec<Vec<f64>>>,
}

impl From<Satellite> for Raw {
    fn from(account: Satellite) -> Self {
        Self {
            flows: serial::rows(&account.flows),
            final_demand: account.final_demand.as_deref().map(serial::rows),
            name: account.name,
            stressors: account.stressors,
            units: account.units,
        }
    }
}

impl TryFrom<Raw> for Satellite {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self, Error> {
        let flows = serial::matrix("satellite flows", &raw.flows)?;
        let account = Self::new(raw.name, raw.stressors, raw.units, flows)?;
        match raw.final_demand {
            None => Ok(account),
            Some(rows) => account.with_final_demand(serial::matrix("satellite final demand", &rows)?),
        }
    }
}
