//! Values and prices: labour values, prices of production and the uniform profit rate.
//!
//! A [`PriceSystem`] is a technology with labour, and says what is used up, what is tied up, and when wages are paid. In
//! rows, per unit of output,
//!
//! ```text
//! p = p (A + D) + w l + r [ p (K + A t̂) + w l θ̂ ]
//! ```
//!
//! | symbol | what | unit |
//! |---|---|---|
//! | p | prices of production | money per unit |
//! | A | inputs | units per unit |
//! | D | depreciation of fixed capital, 0 by default | units per unit |
//! | K | stocks of fixed capital, 0 by default | units per unit of yearly output |
//! | t | turnover time of inputs, 1 by default | periods |
//! | l | labour | hours per unit |
//! | w | wage | money per hour |
//! | θ | t if wages are advanced (the default), 0 if they are paid at the end | periods |
//! | r | the uniform profit rate | per period |
//!
//! By default that is circulating capital with wages advanced, p = (1 + r)(p A + w l).

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::axis::{Axis, Sector};
use crate::error::Error;
use crate::serial;
use crate::technology::Technology;

pub(crate) mod pencil;
mod prices;
mod standard;

pub use prices::{Distribution, MaximumProfitRate, Numeraire, ProductionPrices};
pub use standard::StandardCommodity;

/// When wages are paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Wages {
    /// Before production, so that they are part of the capital on which profit is reckoned.
    #[default]
    Advanced,
    /// After production, out of the net product (Sraffa).
    AtEnd,
}

/// A technology with labour and capital, of which values and prices are asked. See [the module](self) for the
/// equation.
///
/// # Example
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use parecon_io::values::{Distribution, Numeraire, PriceSystem};
/// use parecon_io::{Axis, Technology};
///
/// // Sraffa's wheat and iron: 280 qr wheat and 12 t iron make 400 qr wheat, 120 qr and 8 t make 20 t iron; workers
/// // are among the inputs.
/// let technology = Technology::from_coefficients(
///     Axis::from_codes(["wheat", "iron"])?,
///     dmatrix![280.0 / 575.0, 120.0 / 20.0; 12.0 / 575.0, 8.0 / 20.0],
/// )?;
/// let system = PriceSystem::new(&technology, dvector![1.0, 1.0])?;
/// // Output of wheat is 575 qr: 25 % is the profit rate, 15 qr of wheat the price of a ton of iron.
/// let maximum = system.maximum_profit_rate()?;
/// assert!((maximum.rate - 0.25).abs() < 1e-14);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// P. Sraffa, *Production of Commodities by Means of Commodities*, Cambridge 1960; L. L. Pasinetti, *Lectures on the
/// Theory of Production*, London 1977; E. M. Ochoa, *Labor Values and Prices of Production*, dissertation, New School
/// for Social Research, New York 1984, for the form with K, D and t.
#[derive(Clone, Debug)]
pub struct PriceSystem {
    technology: Technology,
    /// A + D, the same as `technology` without depreciation.
    used: Technology,
    labour: DVector<f64>,
    capital: Option<DMatrix<f64>>,
    turnover: DVector<f64>,
    wages: Wages,
}

impl PriceSystem {
    /// Circulating capital with wages advanced, labour in hours per unit of each sector's output.
    ///
    /// # Errors
    /// Labour of another length, negative, not finite or zero everywhere; negative coefficients, which leave no prices
    /// to speak of.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, Technology, values::PriceSystem};
    ///
    /// let technology = Technology::from_coefficients(Axis::from_codes(["corn"])?, dmatrix![0.5])?;
    /// let error = PriceSystem::new(&technology, dvector![-1.0]).unwrap_err();
    /// assert_eq!(error.to_string(), r#"labour, sector "corn": is -1, must not be negative"#);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn new(technology: &Technology, labour: DVector<f64>) -> Result<Self, Error> {
        let sectors = technology.sectors();
        not_negative_matrix("coefficients", technology.coefficients(), sectors)?;
        not_negative("labour", &labour, sectors)?;
        if labour.iter().all(|hours| *hours == 0.0) {
            return Err(Error::invalid("labour: is zero in every sector, must be positive in one"));
        }
        let turnover = DVector::from_element(labour.len(), 1.0);
        let (technology, used) = (technology.clone(), technology.clone());
        Ok(Self { technology, used, labour, capital: None, turnover, wages: Wages::default() })
    }

    /// With fixed capital used up at D, input of the row's product per unit of the column's output.
    ///
    /// # Errors
    /// A matrix of another shape, negative or not finite.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, Technology, values::PriceSystem};
    ///
    /// let technology = Technology::from_coefficients(Axis::from_codes(["corn"])?, dmatrix![0.4])?;
    /// let system = PriceSystem::new(&technology, dvector![1.0])?.with_depreciation(&dmatrix![0.1])?;
    /// assert!((system.labour_values()?[0] - 2.0).abs() < 1e-15);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_depreciation(mut self, depreciation: &DMatrix<f64>) -> Result<Self, Error> {
        not_negative_matrix("depreciation", depreciation, self.sectors())?;
        let used = self.technology.coefficients() + depreciation;
        self.used = Technology::from_coefficients(self.sectors().clone(), used)?;
        Ok(self)
    }

    /// With stocks of fixed capital K, the row's product tied up per unit of the column's output.
    ///
    /// Inputs stay tied up too, for their turnover time: see [`PriceSystem::with_turnover`].
    ///
    /// # Errors
    /// A matrix of another shape, negative or not finite.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// Half the output is profit on two years' output of stocks and half a year's of inputs.
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, Technology, values::PriceSystem};
    ///
    /// let technology = Technology::from_coefficients(Axis::from_codes(["corn"])?, dmatrix![0.5])?;
    /// let system = PriceSystem::new(&technology, dvector![1.0])?.with_fixed_capital(dmatrix![2.0])?;
    /// assert!((system.maximum_profit_rate()?.rate - 0.5 / 2.5).abs() < 1e-15);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_fixed_capital(mut self, capital: DMatrix<f64>) -> Result<Self, Error> {
        not_negative_matrix("fixed capital", &capital, self.sectors())?;
        self.capital = Some(capital);
        Ok(self)
    }

    /// With turnover times t by sector, in periods: how long its inputs (and its wages, if advanced) are tied up. 1 by
    /// default; 0 if profit is reckoned on fixed capital alone.
    ///
    /// # Errors
    /// A vector of another length, negative or not finite.
    ///
    /// # Complexity
    /// O(n).
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, Technology, values::PriceSystem};
    ///
    /// let technology = Technology::from_coefficients(Axis::from_codes(["corn"])?, dmatrix![0.5])?;
    /// let system = PriceSystem::new(&technology, dvector![1.0])?
    ///     .with_fixed_capital(dmatrix![2.0])?
    ///     .with_turnover(dvector![0.0])?;
    /// assert!((system.maximum_profit_rate()?.rate - 0.25).abs() < 1e-15);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_turnover(mut self, periods: DVector<f64>) -> Result<Self, Error> {
        not_negative("turnover", &periods, self.sectors())?;
        self.turnover = periods;
        Ok(self)
    }

    /// With wages advanced (the default) or paid at the end.
    #[must_use]
    pub fn with_wages(mut self, wages: Wages) -> Self {
        self.wages = wages;
        self
    }

    /// The sectors.
    #[must_use]
    pub fn sectors(&self) -> &Axis<Sector> {
        self.technology.sectors()
    }

    /// Labour values, the hours that a unit contains directly and through everything used up.
    ///
    /// ```text
    /// v = l (I − A − D)⁻¹
    /// ```
    ///
    /// # Errors
    /// A technology that is not productive, naming the sectors that use up what they make.
    ///
    /// # Complexity
    /// O(n³) once, then O(n²).
    ///
    /// # Example
    /// As for [`PriceSystem::with_depreciation`].
    pub fn labour_values(&self) -> Result<DVector<f64>, Error> {
        self.check_productive()?;
        self.used.prices(&self.labour)
    }

    /// Direct prices: prices in proportion to labour values, on the scale of a numeraire.
    ///
    /// The usual one is gross output, so that all prices times outputs sum to what market prices sum to.
    ///
    /// # Errors
    /// As [`PriceSystem::labour_values`]; a numeraire of another length, negative, not finite or worth nothing.
    ///
    /// # Complexity
    /// O(n³) once, then O(n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, Technology, values::{Numeraire, PriceSystem}};
    ///
    /// let sectors = Axis::from_codes(["corn", "iron"])?;
    /// let technology = Technology::from_coefficients(sectors, dmatrix![0.5, 0.0; 0.0, 0.5])?;
    /// let system = PriceSystem::new(&technology, dvector![1.0, 3.0])?;
    /// // Values are 2 and 6 hours; ten of each are worth 20 in all.
    /// let outputs = Numeraire::Basket { basket: dvector![10.0, 10.0], worth: 20.0 };
    /// assert!((system.direct_prices(&outputs)? - dvector![0.5, 1.5]).amax() < 1e-15);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn direct_prices(&self, numeraire: &Numeraire) -> Result<DVector<f64>, Error> {
        let values = self.labour_values()?;
        // A wage of one hour's value is 1.
        let scale = numeraire.scale(&values, 1.0, self.sectors())?;
        Ok(values * scale)
    }

    fn check_productive(&self) -> Result<(), Error> {
        let answer = self.used.productivity();
        if answer.is_productive() {
            return Ok(());
        }
        Err(Error::singular(format!("inputs and depreciation: {answer}")))
    }

    /// C = K + A t̂, what is tied up besides wages.
    fn tied(&self) -> DMatrix<f64> {
        let mut tied = self.technology.coefficients().clone();
        for (mut column, periods) in tied.column_iter_mut().zip(&self.turnover) {
            column *= *periods;
        }
        match &self.capital {
            Some(capital) => tied + capital,
            None => tied,
        }
    }

    /// l θ̂, the wages tied up at a wage of 1.
    fn tied_labour(&self) -> DVector<f64> {
        match self.wages {
            Wages::Advanced => self.labour.component_mul(&self.turnover),
            Wages::AtEnd => DVector::zeros(self.labour.len()),
        }
    }
}

impl Technology {
    /// Labour values v = l L: the hours that a unit of each product contains, directly and through its inputs.
    ///
    /// With depreciation, and for prices of production, see [`PriceSystem`].
    ///
    /// # Errors
    /// Labour of another length, negative or not finite; a singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(n²) after the first question.
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, Technology};
    ///
    /// let technology = Technology::from_coefficients(Axis::from_codes(["corn"])?, dmatrix![0.5])?;
    /// assert_eq!(technology.labour_values(&dvector![1.0])?[0], 2.0);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// M. Morishima, *Marx's Economics*, Cambridge 1973, ch. 1.
    pub fn labour_values(&self, labour: &DVector<f64>) -> Result<DVector<f64>, Error> {
        not_negative("labour", labour, self.sectors())?;
        self.prices(labour)
    }
}

/// Refuses a vector over the sectors of another length or with entries that are negative or not finite.
pub(crate) fn not_negative(what: &str, vector: &DVector<f64>, sectors: &Axis<Sector>) -> Result<(), Error> {
    sectors.check_vector(what, vector)?;
    match vector.iter().position(|value| *value < 0.0) {
        None => Ok(()),
        Some(i) => Err(Error::invalid(format!(
            "{what}, {}: is {}, must not be negative",
            sectors.describe(i),
            vector[i]
        ))),
    }
}

/// Refuses a square matrix over the sectors of another shape or with cells that are negative or not finite.
pub(crate) fn not_negative_matrix(
    what: &str,
    matrix: &DMatrix<f64>,
    sectors: &Axis<Sector>,
) -> Result<(), Error> {
    let n = sectors.len();
    let cell = |i, j| format!("{} to {}", sectors.describe(i), sectors.describe(j));
    serial::check_matrix(what, matrix, (n, n), cell)?;
    match matrix.iter().position(|value| *value < 0.0) {
        None => Ok(()),
        Some(at) => Err(Error::invalid(format!(
            "{what}, {}: is {}, must not be negative",
            cell(at % n, at / n),
            matrix[at]
        ))),
    }
}
