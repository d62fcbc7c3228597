//! Commodities that nobody sets out to make.

use nalgebra::DMatrix;

use crate::axis::{Axis, Commodity, Id};
use crate::error::Error;
use crate::make_use::{MakeUse, MakeUseParts};

impl MakeUse {
    /// The tables with some commodities taken out of production: they become primary inputs.
    ///
    /// For scrap, second-hand goods, non-comparable imports and other things that fall into a commodity row without
    /// anybody producing them on demand. As ordinary commodities they get the cost structure of whoever happens to
    /// make them: in the United States' tables, used goods are then made by general government. Here the net purchase
    ///
    /// ```text
    /// w_ci = U_ci − V_ic          bought less made, by industry i
    /// ```
    ///
    /// becomes one more component of value added with the commodity's code and name, negative for an industry that
    /// sells more of it than it buys (Stone's by-product as a negative input). The industry's output is then what it
    /// makes of the other commodities. Final demand for the commodity is left out. All balances stay as they were.
    ///
    /// Works before any [`Model`](crate::Model) and for [total requirements](MakeUse::total_requirements).
    /// [`MakeUse::total_requirements_with`] has the other convention for scrap, in which outputs include it.
    ///
    /// # Errors
    /// An id of another axis, a commodity named twice, none left, and a commodity with the code of a component.
    ///
    /// # Complexity
    /// O(m n) for m industries and n commodities.
    ///
    /// # Example
    /// The 73 commodities of the United States without used goods and non-comparable imports are as many as the
    /// industries, as models A and C want it.
    /// ```
    /// use parecon_io::{Model, datasets};
    ///
    /// let us = datasets::us_2022()?;
    /// let commodities = us.commodities();
    /// let produced = us.with_primary_inputs(&[commodities.id("Used")?, commodities.id("Other")?])?;
    /// assert_eq!(produced.commodities().len(), produced.industries().len());
    /// let table = produced.to_symmetric(Model::CommodityTechnology)?;
    /// let components: Vec<_> = table.value_added_components().codes().collect();
    /// assert!(components.ends_with(&["Used", "Other"]));
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// R. E. Miller and P. D. Blair, *Input–Output Analysis: Foundations and Extensions*, 2nd ed., Cambridge 2009, ch. 5,
    /// on scrap and by-products.
    pub fn with_primary_inputs(&self, commodities: &[Id<Commodity>]) -> Result<Self, Error> {
        let taken = self.marked(commodities)?;
        let of = |wanted: bool| -> Vec<usize> { (0..taken.len()).filter(|&c| taken[c] == wanted).collect() };
        let (kept, out) = (of(false), of(true));
        if kept.is_empty() {
            return Err(Error::invalid(
                "primary inputs: are all the commodities, one at least must be produced",
            ));
        }
        if out.is_empty() {
            return Ok(self.clone());
        }
        let own = self.value_added.nrows();
        let value_added = DMatrix::from_fn(own + out.len(), self.industries.len(), |k, i| {
            if k < own {
                self.value_added[(k, i)]
            } else {
                let c = out[k - own];
                self.use_[(c, i)] - self.make[(i, c)]
            }
        });
        let tables = Self::new(MakeUseParts {
            industries: self.industries.clone(),
            commodities: self.commodities.select(&kept)?,
            make: self.make.select_columns(&kept),
            use_: self.use_.select_rows(&kept),
            final_demand_categories: self.categories.clone(),
            final_demand: self.final_demand.select_rows(&kept),
            value_added_components: self.extended_components(&out)?,
            value_added,
        })?;
        Ok(Self { rounding: self.rounding, stated: self.stated.clone(), ..tables })
    }

    /// The components of value added and after them these commodities.
    pub(super) fn extended_components(
        &self,
        commodities: &[usize],
    ) -> Result<Axis<crate::axis::ValueAdded>, Error> {
        self.components.extended(&self.commodities.select(commodities)?)
    }

    /// Which commodities are among `ids`.
    pub(super) fn marked(&self, ids: &[Id<Commodity>]) -> Result<Vec<bool>, Error> {
        let mut marked = vec![false; self.commodities.len()];
        for &id in ids {
            let c = self.commodities.check(id)?;
            if marked[c] {
                return Err(Error::invalid(format!("{}: is named twice", self.commodities.describe(c))));
            }
            marked[c] = true;
        }
        Ok(marked)
    }
}
