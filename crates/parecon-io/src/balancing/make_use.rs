//! SUT-RAS: make and use tables balanced together.

use nalgebra::DVector;

use super::Balancing;
use super::entropy::Constraints;
use super::table::{BalancedTable, Block, Blocks, TableTotals, check_totals};
use crate::error::Error;
use crate::make_use::{MakeUse, MakeUseParts};

impl MakeUse {
    /// SUT-RAS: these tables changed as little as possible, make and use together, so that they balance and have the
    /// totals that are known. Zeros and signs are kept.
    ///
    /// ```text
    /// minimises  Σ |a| (z ln z − z + 1)  over all cells x = a z of V, U, Y and W
    /// subject to   V'1 = U 1 + Y 1       supply of every commodity is its use
    ///              V 1 = U'1 + W'1       output of every industry is its cost
    ///              and the totals given
    /// ```
    ///
    /// Outputs by commodity need not be known, nor those by industry: they follow. With no totals at all the
    /// tables are only made to balance.
    ///
    /// # Errors
    /// Totals of other lengths or not finite. Totals that cannot be met are no error, see
    /// [`BalancedTable::contradictions`].
    ///
    /// # Complexity
    /// Some dozens of passes over all cells per Newton step, 5 to 50 steps; about 48 bytes of memory per cell.
    ///
    /// # Reference
    /// U. Temurshoev and M. P. Timmer, "Joint estimation of supply and use tables", Papers in Regional Science 90, 2011.
    ///
    /// # Example
    /// Output and value added of every industry grow by a tenth; all else is found.
    /// ```
    /// use parecon_io::balancing::{Balancing, TableTotals};
    /// use parecon_io::datasets;
    ///
    /// let tables = datasets::bea_2002()?;
    /// let totals = TableTotals {
    ///     output: Some(tables.industry_output() * 1.1),
    ///     value_added: Some(tables.value_added().row_sum_tr() * 1.1),
    ///     ..TableTotals::default()
    /// };
    /// let answer = tables.balanced(&totals, &Balancing::new())?;
    /// assert!(answer.status.is_converged());
    /// assert!(answer.table.with_rounding(1e-3)?.validate().is_balanced());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn balanced(
        &self,
        totals: &TableTotals,
        config: &Balancing,
    ) -> Result<BalancedTable<MakeUse>, Error> {
        let (industries, commodities) = (self.industries(), self.commodities());
        let (categories, components) = (self.final_demand_categories(), self.value_added_components());
        check_totals("output", &totals.output, industries)?;
        check_totals("commodity output", &totals.commodity_output, commodities)?;
        check_totals("final demand", &totals.final_demand, categories)?;
        check_totals("value added", &totals.value_added, industries)?;
        check_totals("value-added components", &totals.components, components)?;
        let (m, n) = (industries.len(), commodities.len());
        let mut blocks = Blocks::default();
        let make = blocks.add(self.make());
        let use_ = blocks.add(self.use_());
        let demand = blocks.add(self.final_demand());
        let added = blocks.add(self.value_added());

        let (mut system, mut names) = (Constraints::default(), Vec::new());
        for c in 0..n {
            let uses = use_.row(c, -1.0).chain(demand.row(c, -1.0));
            system.push(make.column(c, 1.0).chain(uses), 0.0, 0.0);
            names.push(format!("balance of {}", commodities.describe(c)));
        }
        for i in 0..m {
            let costs = use_.column(i, -1.0).chain(added.column(i, -1.0));
            system.push(make.row(i, 1.0).chain(costs), 0.0, 0.0);
            names.push(format!("balance of {}", industries.describe(i)));
        }
        let mut given = |totals: &Option<DVector<f64>>,
                         cells: &dyn Fn(usize) -> Vec<(usize, f64)>,
                         name: &dyn Fn(usize) -> String| {
            for (i, total) in totals.iter().flat_map(|totals| totals.iter().enumerate()) {
                system.push(cells(i), *total, 0.0);
                names.push(name(i));
            }
        };
        given(&totals.output, &|i| make.row(i, 1.0).collect(), &|i| {
            format!("output of {}", industries.describe(i))
        });
        given(&totals.commodity_output, &|c| make.column(c, 1.0).collect(), &|c| {
            format!("output of {}", commodities.describe(c))
        });
        given(&totals.final_demand, &|k| demand.column(k, 1.0).collect(), &|k| {
            format!("total of {}", categories.describe(k))
        });
        given(&totals.value_added, &|i| added.column(i, 1.0).collect(), &|i| {
            format!("value added of {}", industries.describe(i))
        });
        given(&totals.components, &|k| added.row(k, 1.0).collect(), &|k| {
            format!("total of {}", components.describe(k))
        });
        let solution = blocks.solve(&system, config);
        let block = |place: Block| place.matrix(&solution.cells);
        let table = MakeUse::new(MakeUseParts {
            industries: industries.clone(),
            commodities: commodities.clone(),
            make: block(make),
            use_: block(use_),
            final_demand_categories: categories.clone(),
            final_demand: block(demand),
            value_added_components: components.clone(),
            value_added: block(added),
        })?;
        Ok(BalancedTable {
            table,
            residual: solution.residual,
            rounds: solution.rounds,
            status: solution.status,
            contradictions: solution.contradicted.iter().map(|i| names[*i].clone()).collect(),
        })
    }
}
