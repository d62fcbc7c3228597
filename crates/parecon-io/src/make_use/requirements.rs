//! Total requirements of make and use tables, as statistical offices publish them.

use nalgebra::DMatrix;

use crate::error::Error;
use crate::make_use::MakeUse;
use crate::technology::Technology;

/// Which total requirements: outputs of whom, per unit of final demand for what.
///
/// With B = U ĝ⁻¹ (purchases per unit of an industry's output) and D = V q̂⁻¹ (shares in making a commodity):
///
/// | requirements | rows | columns | equation |
/// |---|---|---|---|
/// | commodity by commodity | commodities | commodities | (I − B D)⁻¹ |
/// | industry by commodity | industries | commodities | D (I − B D)⁻¹ |
/// | industry by industry | industries | industries | (I − D B)⁻¹ |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Requirements {
    /// Output of commodities per unit of final demand for commodities.
    CommodityByCommodity,
    /// Output of industries per unit of final demand for commodities.
    IndustryByCommodity,
    /// Output of industries per unit of final demand for industries' output.
    IndustryByIndustry,
}

impl MakeUse {
    /// Total requirements under industry technology, scrap an ordinary commodity.
    ///
    /// A commodity that no industry makes has nobody in its column of D: its industry-by-commodity column is zero
    /// (statistical offices leave it out), its commodity-by-commodity column has the 1 of final demand itself.
    ///
    /// Sales of scrap and of second-hand goods enter U with a minus, so total requirements may have slightly
    /// negative cells. They are kept; the US Bureau of Economic Analysis publishes 0 in their place.
    ///
    /// # Errors
    /// An industry that buys but has no output is named, and so is a sector whose requirements are unbounded.
    ///
    /// # Complexity
    /// O(n³) for n commodities or industries, whichever are the rows to be inverted.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Requirements, datasets};
    ///
    /// let tables = datasets::bea_2002()?;
    /// let required = tables.total_requirements(Requirements::CommodityByCommodity)?;
    /// let mining = tables.commodities().id("2")?.index();
    /// // Published by the Bureau of Economic Analysis: 1.0643028.
    /// assert!((required[(mining, mining)] - 1.0643028).abs() < 5e-8);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// K. J. Horowitz and M. A. Planting, *Concepts and Methods of the U.S. Input-Output Accounts*, Bureau of
    /// Economic Analysis 2009, ch. 12.
    pub fn total_requirements(&self, requirements: Requirements) -> Result<DMatrix<f64>, Error> {
        let direct = self.direct_requirements()?;
        let shares = self.market_shares()?;
        match requirements {
            Requirements::IndustryByIndustry => {
                let technology = Technology::from_coefficients(self.industries.cast(), shares * direct)?;
                technology.requirements().cloned()
            }
            Requirements::CommodityByCommodity => {
                let technology = Technology::from_coefficients(self.commodities.cast(), direct * shares)?;
                technology.requirements().cloned()
            }
            Requirements::IndustryByCommodity => {
                let technology = Technology::from_coefficients(self.commodities.cast(), direct * &shares)?;
                Ok(shares * technology.requirements()?)
            }
        }
    }
}
