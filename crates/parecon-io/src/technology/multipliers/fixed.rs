//! Some outputs or prices are given, the others follow.

use nalgebra::{DMatrix, DVector};

use crate::axis::{Id, Sector};
use crate::error::Error;
use crate::factor::{Factor, Side, System};
use crate::technology::Technology;

/// Outputs, some of them given, and the final demand that goes with them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FixedOutputs {
    /// Output of every sector; the given ones as given.
    pub output: DVector<f64>,
    /// Final demand; of the sectors whose output is given it is what remains for it, negative where imports are needed.
    pub final_demand: DVector<f64>,
}

/// Prices, some of them given, and the value added that goes with them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FixedPrices {
    /// Price of every sector's product; the given ones as given.
    pub prices: DVector<f64>,
    /// Value added per unit; of the sectors whose price is given it is what the price leaves.
    pub value_added: DVector<f64>,
}

impl Technology {
    /// Output where some sectors' output is given (capacity, quotas, supply-constrained) and their final demand
    /// follows: the mixed model.
    ///
    /// ```text
    /// x = L (y + E d)        d such that x_E is as given: L_EE d = x_E − (L y)_E
    /// ```
    ///
    /// Entries of y for the sectors E do not matter.
    ///
    /// # Errors
    /// Sectors named twice or of another axis; values that are not finite; a vector of another length; a singular I − A;
    /// outputs that cannot be fixed because the other sectors alone have no solution.
    ///
    /// # Complexity
    /// O(m n²) for m given outputs, after the first question.
    ///
    /// # Example
    /// Manufacturing is at capacity; farming has a new final demand.
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let mixed = technology.with_outputs_fixed(&dvector![450.0, 0.0], &[(table.sector("2")?, 2000.0)])?;
    /// assert!((mixed.output[0] - (0.25 * 2000.0 + 450.0) / 0.85).abs() < 1e-9);
    /// assert!((mixed.final_demand[1] - (0.95 * 2000.0 - 0.2 * mixed.output[0])).abs() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// R. E. Miller and P. D. Blair, *Input–Output Analysis: Foundations and Extensions*, 2nd ed., Cambridge 2009, section
    /// 13.2.
    pub fn with_outputs_fixed(
        &self,
        final_demand: &DVector<f64>,
        outputs: &[(Id<Sector>, f64)],
    ) -> Result<FixedOutputs, Error> {
        let start = self.output_for(final_demand)?;
        let (output, final_demand) = self.mixed(Side::Straight, "output", final_demand, start, outputs)?;
        Ok(FixedOutputs { output, final_demand })
    }

    /// Prices where some sectors' prices are given (world market, regulation) and their value added per unit follows.
    ///
    /// ```text
    /// p = L'(v + E d)        d such that p_E is as given: (L_EE)' d = p_E − (L'v)_E
    /// ```
    ///
    /// Entries of v for the sectors E do not matter.
    ///
    /// # Errors
    /// As [`Technology::with_outputs_fixed`].
    ///
    /// # Complexity
    /// O(m n²) for m given prices, after the first question.
    ///
    /// # Example
    /// The first sector's product becomes 10 % dearer.
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let pushed = technology.with_prices_fixed(&dvector![0.65, 0.70], &[(table.sector("1")?, 1.1)])?;
    /// assert!((pushed.prices[1] - (0.25 * 1.1 + 0.70) / 0.95).abs() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// As [`Technology::with_outputs_fixed`], the dual.
    pub fn with_prices_fixed(
        &self,
        value_added: &DVector<f64>,
        prices: &[(Id<Sector>, f64)],
    ) -> Result<FixedPrices, Error> {
        let start = self.prices(value_added)?;
        let (prices, value_added) = self.mixed(Side::Transposed, "price", value_added, start, prices)?;
        Ok(FixedPrices { prices, value_added })
    }

    /// Solution and right-hand side, where some entries of the solution are given instead of those of the right-hand
    /// side.
    fn mixed(
        &self,
        side: Side,
        what: &str,
        given: &DVector<f64>,
        start: DVector<f64>,
        fixed: &[(Id<Sector>, f64)],
    ) -> Result<(DVector<f64>, DVector<f64>), Error> {
        let sectors = &self.inner.sectors;
        let members = self.distinct(fixed.iter().map(|(sector, _)| *sector))?;
        if let Some((sector, value)) = fixed.iter().find(|(_, value)| !value.is_finite()) {
            let name = sectors.describe(sector.index());
            return Err(Error::invalid(format!("{what} of {name}: is {value}, must be finite")));
        }
        if members.is_empty() {
            return Ok((start, given.clone()));
        }
        let columns = self.unit_solutions(side, &members)?;
        let block = columns.select_rows(&members);
        let missing = DMatrix::from_fn(members.len(), 1, |k, _| fixed[k].1 - start[members[k]]);
        let offender = |k: usize| {
            let name = sectors.describe(members[k]);
            format!("{name}: its {what} cannot be given, the other sectors alone have no solution")
        };
        let system = System::Plain(&block);
        let added = Factor::new(system, offender)?.solve(system, Side::Straight, &missing, offender)?;
        let mut solution = start + (columns * &added).column(0);
        let mut rhs = given.clone();
        for (k, &member) in members.iter().enumerate() {
            solution[member] = fixed[k].1;
            rhs[member] += added[k];
        }
        Ok((solution, rhs))
    }

    /// Columns of L (or rows, as columns).
    pub(in crate::technology) fn unit_solutions(
        &self,
        side: Side,
        members: &[usize],
    ) -> Result<DMatrix<f64>, Error> {
        let mut units = DMatrix::zeros(self.len(), members.len());
        for (k, &member) in members.iter().enumerate() {
            units[(member, k)] = 1.0;
        }
        self.solve(side, &units)
    }

    /// Positions of sectors, none of them twice.
    pub(in crate::technology) fn distinct(
        &self,
        chosen: impl IntoIterator<Item = Id<Sector>>,
    ) -> Result<Vec<usize>, Error> {
        let sectors = &self.inner.sectors;
        let mut seen = vec![false; sectors.len()];
        let mut members = Vec::new();
        for sector in chosen {
            let member = sectors.check(sector)?;
            if seen[member] {
                return Err(Error::invalid(format!("{}: is named twice", sectors.describe(member))));
            }
            seen[member] = true;
            members.push(member);
        }
        Ok(members)
    }
}
