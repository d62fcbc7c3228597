//! Total requirements of make and use tables, as statistical offices publish them.

use nalgebra::DMatrix;

use crate::axis::{Commodity, Id};
use crate::error::Error;
use crate::make_use::{MakeUse, Model};
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
    /// [`MakeUse::total_requirements_with`] has the other models and the other convention.
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
        self.total_requirements_with(Model::IndustryTechnology, &[], requirements)
    }

    /// Total requirements under any technology model, scrap a by-product if wanted.
    ///
    /// ```text
    /// commodity by commodity (I − B W)⁻¹,    industry by commodity W (I − B W)⁻¹,    industry by industry (I − W B)⁻¹
    ///
    /// W = (I − p̂)⁻¹ D        models B and D, D = V q̂⁻¹: who makes it makes it in his way
    /// W = (I − p̂)⁻¹ C⁻¹      models A and C, C = V'(ĝ − ĥ)⁻¹: each commodity is made in its own way
    /// p = h / g               share of scrap in an industry's output
    /// ```
    ///
    /// V is without the columns of `scrap`, of which industry i makes `h_i`. Scrap then is nobody's product: it comes
    /// along with an industry's other output, and demand for it makes nobody produce (its column of W is 0). Outputs g
    /// include the scrap. This was the convention of the US Bureau of Economic Analysis up to the benchmark of 1997;
    /// since 2002 scrap is an ordinary commodity, which is `&[]`.
    ///
    /// The same commodities as [primary inputs](MakeUse::with_primary_inputs) give the same requirements, except that
    /// outputs of industries exclude the scrap (they are multiplied by 1 − p), and scrap has no row of its own.
    ///
    /// # Errors
    /// As [`MakeUse::total_requirements`]; models A and C need as many industries as commodities other than scrap and
    /// a make table that can be inverted; an id of another axis or named twice; an industry that buys but makes
    /// nothing besides scrap.
    ///
    /// # Complexity
    /// O(n³) for n commodities or industries, whichever are the rows to be inverted.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Model, Requirements, datasets};
    ///
    /// let tables = datasets::bea_2002()?;
    /// let scrap = tables.commodities().id("16")?;
    /// let required = tables.total_requirements_with(
    ///     Model::IndustryTechnology,
    ///     &[scrap],
    ///     Requirements::IndustryByCommodity,
    /// )?;
    /// // No industry produces for who wants scrap.
    /// assert_eq!(required.column(scrap.index()).amax(), 0.0);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// K. J. Horowitz and M. A. Planting, *Concepts and Methods of the U.S. Input-Output Accounts*, Bureau of
    /// Economic Analysis 2009, ch. 12.
    pub fn total_requirements_with(
        &self,
        model: Model,
        scrap: &[Id<Commodity>],
        requirements: Requirements,
    ) -> Result<DMatrix<f64>, Error> {
        let direct = self.direct_requirements()?;
        let transfer = self.output_transfer(model, scrap)?;
        match requirements {
            Requirements::IndustryByIndustry => {
                let technology = Technology::from_coefficients(self.industries.cast(), transfer * direct)?;
                technology.requirements().cloned()
            }
            Requirements::CommodityByCommodity => {
                let technology = Technology::from_coefficients(self.commodities.cast(), direct * transfer)?;
                technology.requirements().cloned()
            }
            Requirements::IndustryByCommodity => {
                let technology = Technology::from_coefficients(self.commodities.cast(), direct * &transfer)?;
                Ok(transfer * technology.requirements()?)
            }
        }
    }

    /// W, industry × commodity: output of industries, scrap included, per unit of commodity.
    fn output_transfer(&self, model: Model, scrap: &[Id<Commodity>]) -> Result<DMatrix<f64>, Error> {
        let is_scrap = self.marked(scrap)?;
        let produced = self.with_primary_inputs(scrap)?;
        let mut inner = if model.inverts_make() {
            produced.expect_square("commodity technology")?;
            produced.sales_transfer()?
        } else {
            produced.market_shares()?
        };
        for (i, mut row) in inner.row_iter_mut().enumerate() {
            let (output, without) = (self.industry_output[i], produced.industry_output[i]);
            if output == without {
                continue;
            }
            let ratio = output / without;
            if !ratio.is_finite() {
                return Err(Error::invalid(format!(
                    "{}: makes {output} of scrap and {without} besides, must make something",
                    self.industries.describe(i)
                )));
            }
            row *= ratio;
        }
        let mut columns = inner.column_iter();
        let mut transfer = DMatrix::zeros(self.industries.len(), self.commodities.len());
        for (c, mut column) in transfer.column_iter_mut().enumerate() {
            if is_scrap[c] {
                continue;
            }
            if let Some(own) = columns.next() {
                column.copy_from(&own);
            }
        }
        Ok(transfer)
    }
}
