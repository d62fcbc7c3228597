//! Make and use tables made symmetric.

use nalgebra::DMatrix;

use crate::axis::{Axis, AxisKind, Sector, ValueAdded};
use crate::error::Error;
use crate::factor::{Factor, Side, System};
use crate::make_use::MakeUse;
use crate::table::IoTable;

/// What is assumed about secondary products when make and use tables are made symmetric: the four standard models,
/// with the letters of the Eurostat manual.
///
/// V is the make table, U the use table, Y final demand, W value added, g and q outputs by industry and commodity,
/// a hat puts a vector on the diagonal.
///
/// | model | assumption | sectors are | T | Z | final demand | value added |
/// |---|---|---|---|---|---|---|
/// | A | commodity technology | commodities | V'⁻¹ q̂ | U T | Y | W T |
/// | B | industry technology | commodities | ĝ⁻¹ V | U T | Y | W T |
/// | C | fixed industry sales | industries | ĝ V'⁻¹ | T U | T Y | W |
/// | D | fixed product sales | industries | V q̂⁻¹ | T U | T Y | W |
///
/// A and C need as many industries as commodities and a make table that can be inverted, and usually give some
/// negative flows, which [`MakeUse::convert`] reports and can treat. B and D give none that were not there.
///
/// # Reference
/// Eurostat, *Manual of Supply, Use and Input–Output Tables*, 2008, ch. 11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Model {
    /// A: a commodity is made in its own way, whoever makes it.
    CommodityTechnology,
    /// B: an industry makes all its products in the same way.
    IndustryTechnology,
    /// C: an industry has its own sales structure, whatever it makes.
    FixedIndustrySales,
    /// D: a product has its own sales structure, whoever makes it.
    ///
    /// Its makers are credited with all its sales, even if most of what is sold is imported: multipliers and
    /// footprints then give the imports the cost structure of these makers.
    FixedProductSales,
}

impl Model {
    /// Whether the model inverts the make table, and so may bring about negative flows.
    pub(super) fn inverts_make(self) -> bool {
        matches!(self, Model::CommodityTechnology | Model::FixedIndustrySales)
    }
}

impl MakeUse {
    /// The symmetric table under a model, its output the sum of its rows.
    ///
    /// Rows balance exactly; columns as well as the make and use tables do.
    ///
    /// Scrap, second-hand goods and imports that compete with no domestic product are ordinary commodities here, unless
    /// [`MakeUse::with_primary_inputs`] has taken them out. A commodity that no industry makes (zero output)
    /// - is a sector with zero output under model B;
    /// - is not a product of any industry under model D: purchases of it become one more component of value added,
    ///   with the commodity's code and name (a primary input from outside), and its final demand is left out.
    ///
    /// # Errors
    /// Models A and C refuse tables that are not square and make tables that cannot be inverted, naming the
    /// offender. An industry with purchases or value added but no output is refused by B, a commodity that is made
    /// in positive and negative amounts summing to zero by D.
    ///
    /// # Complexity
    /// O(m n (m + n)) for m industries and n commodities.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Model, datasets};
    ///
    /// let table = datasets::bea_2002()?.to_symmetric(Model::FixedProductSales)?;
    /// assert_eq!(table.len(), 15);
    /// // Non-comparable imports, which no industry makes, are a primary input.
    /// assert_eq!(table.value_added_components().codes().last(), Some("17"));
    /// assert!(table.validate().is_balanced());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn to_symmetric(&self, model: Model) -> Result<IoTable, Error> {
        let table = match model {
            Model::CommodityTechnology => {
                self.expect_square("commodity technology")?;
                // T = V'⁻¹ q̂ solves V' T = q̂.
                let outputs = DMatrix::from_diagonal(&self.commodity_output);
                let transfer = self.solve_make(Side::Transposed, &outputs)?;
                self.by_commodity(&transfer)
            }
            Model::IndustryTechnology => self.by_commodity(&self.product_mix()?),
            Model::FixedIndustrySales => {
                self.expect_square("fixed industry sales")?;
                let transfer = self.sales_transfer()?;
                self.by_industry(&transfer, self.components.clone(), self.value_added.clone())
            }
            Model::FixedProductSales => {
                let transfer = self.market_shares()?;
                let (components, value_added) = self.with_unmade_inputs()?;
                self.by_industry(&transfer, components, value_added)
            }
        }?;
        table.with_rounding(self.rounding)
    }

    fn by_commodity(&self, transfer: &DMatrix<f64>) -> Result<IoTable, Error> {
        IoTable::new(
            self.commodities.cast::<Sector>(),
            &self.use_ * transfer,
            self.categories.clone(),
            self.final_demand.clone(),
            self.components.clone(),
            &self.value_added * transfer,
        )
    }

    fn by_industry(
        &self,
        transfer: &DMatrix<f64>,
        components: Axis<ValueAdded>,
        value_added: DMatrix<f64>,
    ) -> Result<IoTable, Error> {
        IoTable::new(
            self.industries.cast::<Sector>(),
            transfer * &self.use_,
            self.categories.clone(),
            transfer * &self.final_demand,
            components,
            value_added,
        )
    }

    /// Value added and, as further components, purchases of commodities that no industry makes.
    fn with_unmade_inputs(&self) -> Result<(Axis<ValueAdded>, DMatrix<f64>), Error> {
        let unmade: Vec<usize> =
            (0..self.commodities.len()).filter(|&c| self.commodity_output[c] == 0.0).collect();
        if unmade.is_empty() {
            return Ok((self.components.clone(), self.value_added.clone()));
        }
        let components = self.extended_components(&unmade)?;
        let own = self.value_added.nrows();
        let value_added = DMatrix::from_fn(own + unmade.len(), self.industries.len(), |i, j| {
            if i < own { self.value_added[(i, j)] } else { self.use_[(unmade[i - own], j)] }
        });
        Ok((components, value_added))
    }

    /// ĝ⁻¹ V, industry × commodity: what an industry's output consists of.
    fn product_mix(&self) -> Result<DMatrix<f64>, Error> {
        let mut mix = self.make.clone();
        for (i, mut row) in mix.row_iter_mut().enumerate() {
            let g = self.industry_output[i];
            if g != 0.0 {
                row /= g;
                continue;
            }
            let costs =
                self.use_.column(i).iter().chain(self.value_added.column(i).iter()).any(|cell| *cell != 0.0);
            if costs || row.iter().any(|cell| *cell != 0.0) {
                return Err(zero_output(&self.industries, i));
            }
        }
        finite(mix, |i, _| self.industries.describe(i))
    }

    /// D = V q̂⁻¹, industry × commodity: who makes how much of a commodity. A column of zeros for one that nobody makes.
    pub(crate) fn market_shares(&self) -> Result<DMatrix<f64>, Error> {
        let mut shares = self.make.clone();
        for (c, mut column) in shares.column_iter_mut().enumerate() {
            let q = self.commodity_output[c];
            if q != 0.0 {
                column /= q;
            } else if column.iter().any(|cell| *cell != 0.0) {
                return Err(zero_output(&self.commodities, c));
            }
        }
        finite(shares, |_, c| self.commodities.describe(c))
    }

    /// B = U ĝ⁻¹, commodity × industry: purchases per unit of an industry's output.
    pub(crate) fn direct_requirements(&self) -> Result<DMatrix<f64>, Error> {
        let mut direct = self.use_.clone();
        for (i, mut column) in direct.column_iter_mut().enumerate() {
            let g = self.industry_output[i];
            if g != 0.0 {
                column /= g;
            } else if column.iter().any(|cell| *cell != 0.0) {
                return Err(zero_output(&self.industries, i));
            }
        }
        finite(direct, |_, i| self.industries.describe(i))
    }

    /// ĝ V'⁻¹, industry × commodity: outputs of industries per unit of commodities, each made in its own way.
    pub(super) fn sales_transfer(&self) -> Result<DMatrix<f64>, Error> {
        // The transpose of the solution of V T' = ĝ.
        let outputs = DMatrix::from_diagonal(&self.industry_output);
        Ok(self.solve_make(Side::Straight, &outputs)?.transpose())
    }

    pub(super) fn expect_square(&self, model: &str) -> Result<(), Error> {
        let (m, n) = self.make.shape();
        if m == n {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "{model}: there are {m} industries and {n} commodities, must be as many; \
             industry technology and fixed product sales do without"
        )))
    }

    /// Solves V X = B or V'X = B.
    fn solve_make(&self, side: Side, rhs: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        let system = System::Plain(&self.make);
        let offender = |c| {
            format!(
                "make table: the column of {} is a combination of the columns before it",
                self.commodities.describe(c)
            )
        };
        Factor::new(system, offender)?.solve(system, side, rhs, offender)
    }
}

fn zero_output<K: AxisKind>(axis: &Axis<K>, index: usize) -> Error {
    Error::invalid(format!("{}: has cells that are not 0, but its output is 0", axis.describe(index)))
}

/// Refuses quotients by an output so small that they overflow.
fn finite(ratios: DMatrix<f64>, who: impl Fn(usize, usize) -> String) -> Result<DMatrix<f64>, Error> {
    match ratios.iter().position(|ratio| !ratio.is_finite()) {
        None => Ok(ratios),
        Some(at) => {
            let who = who(at % ratios.nrows(), at / ratios.nrows());
            Err(Error::invalid(format!("{who}: output is too small to divide by")))
        }
    }
}
