//! A technology closed by households: what they earn they spend.

use nalgebra::{DMatrix, DVector};

use crate::error::Error;
use crate::factor::Side;
use crate::serial;
use crate::table::IoTable;
use crate::technology::{Multipliers, Technology};

/// What sectors pay to households and what households buy from sectors and from each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Households {
    income: DVector<f64>,
    consumption: DVector<f64>,
    own: f64,
}

impl Households {
    /// Income paid per unit of output of every sector, and purchases from every sector per unit of income.
    ///
    /// # Errors
    /// Vectors of different lengths, and values that are not finite.
    ///
    /// # Complexity
    /// O(n).
    ///
    /// # Example
    /// See [`ClosedTechnology`].
    pub fn new(income: DVector<f64>, consumption: DVector<f64>) -> Result<Self, Error> {
        let describe = |i: usize| format!("sector number {}", i + 1);
        for (what, values) in [("household income", &income), ("household consumption", &consumption)] {
            serial::check_vector(what, values, income.len(), describe)?;
        }
        Ok(Self { income, consumption, own: 0.0 })
    }

    /// Households of a table: components of value added that they receive and categories of final demand that they
    /// spend, by code. Purchases are per unit of the income that sectors pay; where households have other incomes
    /// too, use [`new`](Households::new).
    ///
    /// # Errors
    /// Codes that the table does not have, codes named twice, or no income at all; a sector that pays income but has
    /// no output.
    ///
    /// # Complexity
    /// O(n).
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Households, Model, Technology, datasets};
    ///
    /// let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    /// // Compensation of employees and personal consumption.
    /// let households = Households::from_table(&table, ["V001"], ["F010"])?;
    /// // They spend more than they earn at work: there are pensions, profits and rents.
    /// assert!(Technology::from_table(&table)?.closed(&households).is_ok());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn from_table<'c>(
        table: &IoTable,
        components: impl IntoIterator<Item = &'c str>,
        categories: impl IntoIterator<Item = &'c str>,
    ) -> Result<Self, Error> {
        let rows = table.value_added_components();
        let rows: Vec<usize> =
            components.into_iter().map(|code| Ok(rows.id(code)?.index())).collect::<Result<_, Error>>()?;
        let columns = table.final_demand_categories();
        let columns: Vec<usize> =
            categories.into_iter().map(|code| Ok(columns.id(code)?.index())).collect::<Result<_, Error>>()?;
        for (what, chosen) in [("value-added components", &rows), ("final-demand categories", &columns)] {
            if (1..chosen.len()).any(|k| chosen[..k].contains(&chosen[k])) {
                return Err(Error::invalid(format!("households: {what} are named twice, must differ")));
            }
        }
        let total = table.value_added().select_rows(&rows).sum();
        if total <= 0.0 {
            return Err(Error::invalid(format!(
                "households: sectors pay them {total} in all, must be above 0"
            )));
        }
        let income = table.value_added_intensities()?.select_rows(&rows).row_sum_tr();
        let consumption = table.final_demand().select_columns(&columns).column_sum() / total;
        Self::new(income, consumption)
    }

    /// With what households buy from households (domestic services), per unit of income; 0 by default.
    ///
    /// # Errors
    /// A value that is negative or not below 1.
    ///
    /// # Complexity
    /// O(1).
    ///
    /// # Example
    /// See [`ClosedTechnology`].
    pub fn with_own_purchases(mut self, own: f64) -> Result<Self, Error> {
        if !(0.0..1.0).contains(&own) {
            return Err(Error::invalid(format!(
                "households' purchases from households: are {own} per unit of income, must be at least 0 and below 1"
            )));
        }
        self.own = own;
        Ok(self)
    }
}

/// A technology closed by households, for effects induced by their spending (type II).
///
/// ```text
/// Ā = | A   c |        c   purchases per unit of income
///     | h'  a |        h   income per unit of output,  a   purchases from each other
///
/// L̄ = | L + α u w'   α u |        u = L c,  w = L'h
///     | α w'         α   |        α = 1 / (1 − a − h'L c)
/// ```
///
/// so that two solves with the open technology give it all; nothing is factorised again.
///
/// # Example
/// Miller and Blair's second example: of every unit earned 5 % is spent on agriculture, 40 % on manufacturing and 5 % on
/// domestic services.
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use parecon_io::{Households, Technology, datasets};
///
/// let technology = Technology::from_table(&datasets::miller_blair()?)?;
/// let wages = dvector![0.3, 0.25];
/// let households = Households::new(wages, dvector![0.05, 0.4])?.with_own_purchases(0.05)?;
/// let closed = technology.closed(&households)?;
/// // Output of the sectors per unit of final demand, that of households not counted (truncated) ...
/// let multipliers = closed.output_multipliers();
/// assert!((multipliers - dvector![1.8924091006, 1.7733361684]).amax() < 1e-9);
/// // ... and the income in all.
/// assert!((closed.income_multipliers() - dvector![0.5698490325, 0.4890495428]).amax() < 1e-9);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// R. E. Miller and P. D. Blair, *Input–Output Analysis: Foundations and Extensions*, 2nd ed., Cambridge 2009, sections
/// 2.5 and 6.2.
#[derive(Clone, Debug)]
pub struct ClosedTechnology {
    technology: Technology,
    households: Households,
    /// u = L c
    spending: DVector<f64>,
    /// w = L'h
    earning: DVector<f64>,
    /// α
    rounds: f64,
    output_multipliers: DVector<f64>,
}

impl Technology {
    /// The technology closed by households.
    ///
    /// # Errors
    /// Households of another number of sectors; a singular I − A, naming a sector; households whose spending earns them
    /// as much as they spent or more (h'Lc + a ≥ 1), so that no final demand would leave anything over.
    ///
    /// # Complexity
    /// O(n²) after the first question.
    ///
    /// # Example
    /// See [`ClosedTechnology`].
    pub fn closed(&self, households: &Households) -> Result<ClosedTechnology, Error> {
        if households.income.len() != self.len() {
            return Err(Error::invalid(format!(
                "households: are for {} sectors, the technology has {}",
                households.income.len(),
                self.len()
            )));
        }
        let spending = self.output_for(&households.consumption)?;
        let ones = DVector::from_element(self.len(), 1.0);
        let rates = DMatrix::from_columns(&[households.income.clone(), ones]);
        let solved = self.solve(Side::Transposed, &rates)?;
        let (earning, simple) = (solved.column(0).into_owned(), solved.column(1).into_owned());
        let returned = households.own + households.income.dot(&spending);
        let left = 1.0 - returned;
        // Below rounding level of the sums the sign of what is left means nothing.
        if left.is_nan() || left <= self.len() as f64 * f64::EPSILON * returned.max(1.0) {
            return Err(Error::singular(format!(
                "households: a unit spent comes back as {returned} units of income, must be below 1"
            )));
        }
        let rounds = 1.0 / left;
        let output_multipliers = simple + &earning * (rounds * spending.sum());
        let households = households.clone();
        Ok(ClosedTechnology {
            technology: self.clone(),
            households,
            spending,
            earning,
            rounds,
            output_multipliers,
        })
    }
}

impl ClosedTechnology {
    /// Output of all sectors and, as second result, income of households for final demand y of others than households.
    ///
    /// # Errors
    /// A vector of another length or not finite.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::{Households, Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// let closed = technology.closed(&Households::new(dvector![0.3, 0.25], dvector![0.05, 0.4])?)?;
    /// let (output, income) = closed.output_for(&dvector![100.0, 0.0])?;
    /// assert!((0.3 * output[0] + 0.25 * output[1] - income).abs() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn output_for(&self, final_demand: &DVector<f64>) -> Result<(DVector<f64>, f64), Error> {
        let open = self.technology.output_for(final_demand)?;
        let income = self.rounds * self.households.income.dot(&open);
        Ok((open + &self.spending * income, income))
    }

    /// Output of the sectors per unit of final demand, that of households not counted (truncated). With it, total:
    /// add [`income_multipliers`](ClosedTechnology::income_multipliers).
    #[must_use]
    pub fn output_multipliers(&self) -> &DVector<f64> {
        &self.output_multipliers
    }

    /// Income of households per unit of final demand for each sector, the last row of L̄. Over the direct income, it is
    /// the type II income multiplier.
    #[must_use]
    pub fn income_multipliers(&self) -> DVector<f64> {
        &self.earning * self.rounds
    }

    /// Type II multipliers of k stressors: S of sectors, per unit of output, stressor × sector, and s of households
    /// themselves, per unit of income (0 for most; fuel burnt at home).
    ///
    /// ```text
    /// total = S L + α (S u + s) w'
    /// ```
    ///
    /// # Errors
    /// Shapes that do not fit, values that are not finite.
    ///
    /// # Complexity
    /// O(k n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Households, Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// let households = Households::new(dvector![0.3, 0.25], dvector![0.05, 0.4])?;
    /// let jobs = technology.closed(&households)?.multipliers(&dmatrix![0.01, 0.02], &dvector![0.0])?;
    /// assert!(jobs.total[0] > technology.multipliers(&jobs.direct)?.total[0]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn multipliers(
        &self,
        intensities: &DMatrix<f64>,
        of_households: &DVector<f64>,
    ) -> Result<Multipliers, Error> {
        let mut multipliers = self.technology.multipliers(intensities)?;
        serial::check_vector("intensities of households", of_households, intensities.nrows(), |k| {
            format!("row {}", k + 1)
        })?;
        let induced = (intensities * &self.spending + of_households) * self.rounds;
        multipliers.total.ger(1.0, &induced, &self.earning, 1.0);
        Ok(multipliers)
    }
}
