//! The standard commodity: a composite whose net product is a fixed proportion of its means of production.

use nalgebra::DVector;
use parecon_core::Status;
use serde::Serialize;

use super::PriceSystem;
use super::pencil::{self, Groups, block};
use crate::axis::{Id, Sector};
use crate::error::Error;

/// Sraffa's standard system.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StandardCommodity {
    /// Gross outputs q of the standard system, which together employ one hour of labour; 0 outside the basics.
    pub output: DVector<f64>,
    /// Its net product (I − A − D) q, the standard commodity: the same composition where capital is circulating.
    pub net_product: DVector<f64>,
    /// The standard ratio R of net product to means of production, also the maximum profit rate of the basics.
    pub ratio: f64,
    /// Lower and upper bound of the ratio, rounding included; as
    /// [`ProductionPrices::profit_rate_bounds`](super::ProductionPrices::profit_rate_bounds).
    pub bounds: (f64, f64),
    /// The basics: the sectors that all production needs, directly or not.
    pub basics: Vec<Id<Sector>>,
    /// Whether the ratio was found to rounding.
    pub status: Status,
}

impl PriceSystem {
    /// The standard commodity.
    ///
    /// ```text
    /// (I − A − D) q = R (K + A t̂) q        l q = 1
    /// ```
    ///
    /// Measured in its net product, wages and profit are a straight line whatever the prices: r = R (1 − w) if wages
    /// are paid at the end.
    ///
    /// # Errors
    /// A technology that is not productive; parts of the economy without common inputs (two sectors are named); basics that
    /// employ no labour.
    ///
    /// # Complexity
    /// O(n³) for each of a few factorisations.
    ///
    /// # Example
    /// Sraffa's iron, coal and wheat (§25): the iron industry with three fifths of the coal and three quarters of the
    /// wheat industry make a standard system, whose net product is 20 % of its means of production.
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, Technology, values::PriceSystem};
    ///
    /// let technology = Technology::from_coefficients(
    ///     Axis::from_codes(["iron", "coal", "wheat"])?,
    ///     dmatrix![
    ///         90.0 / 180.0, 50.0 / 450.0, 40.0 / 480.0;
    ///         120.0 / 180.0, 125.0 / 450.0, 40.0 / 480.0;
    ///         60.0 / 180.0, 150.0 / 450.0, 200.0 / 480.0
    ///     ],
    /// )?;
    /// let system = PriceSystem::new(&technology, dvector![3.0 / 16.0 / 180.0, 5.0 / 16.0 / 450.0, 8.0 / 16.0 / 480.0])?;
    /// let standard = system.standard_commodity()?;
    /// assert!((standard.ratio - 0.2).abs() < 1e-14);
    /// // Outputs are as 180 t iron to 270 t coal to 360 qr wheat.
    /// let tons = &standard.output / standard.output[0] * 180.0;
    /// assert!((tons - dvector![180.0, 270.0, 360.0]).amax() < 1e-10);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// P. Sraffa, *Production of Commodities by Means of Commodities*, Cambridge 1960, ch. IV and V.
    pub fn standard_commodity(&self) -> Result<StandardCommodity, Error> {
        self.check_productive()?;
        let (used, tied) = (self.used.coefficients(), self.tied());
        let groups = Groups::new(&(used + &tied));
        let Some(basics) = groups.basic() else { return Err(self.without_basics(&groups)) };
        let start = DVector::from_element(basics.len(), 1.0);
        let (used_by_basics, tied_by_basics) =
            (block(used, basics).transpose(), block(&tied, basics).transpose());
        if tied_by_basics.iter().all(|cell| *cell == 0.0) {
            return Err(self.undefined());
        }
        let found = pencil::rate(&used_by_basics, &tied_by_basics, start, Some(0.0))
            .ok_or_else(|| self.undefined())?;
        let hours: f64 = basics.iter().zip(&found.vector).map(|(&i, q)| self.labour[i] * q).sum();
        if hours <= 0.0 {
            return Err(Error::invalid(format!(
                "labour: {} and the other basics employ none, must be positive in one of them",
                self.sectors().describe(basics[0])
            )));
        }
        let mut output = DVector::zeros(self.labour.len());
        basics.iter().zip(&found.vector).for_each(|(&i, q)| output[i] = q / hours);
        Ok(StandardCommodity {
            net_product: &output - used * &output,
            output,
            ratio: found.rate,
            bounds: found.bounds,
            basics: self.ids(basics),
            status: found.status,
        })
    }
}
