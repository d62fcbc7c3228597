//! Whole tables made to balance.

use nalgebra::{DMatrix, DVector};
use parecon_core::Status;

use super::entropy::{Constraints, Problem, Solution};
use super::{Balancing, scaling};
use crate::axis::{Axis, AxisKind};
use crate::error::Error;
use crate::table::IoTable;

/// The totals that are known of a new table, or of new make and use tables; what is `None` follows from the rest.
///
/// All in the unit of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableTotals {
    /// Output by sector; of make and use tables by industry.
    pub output: Option<DVector<f64>>,
    /// Output by commodity, which statistics seldom have; of make and use tables only.
    pub commodity_output: Option<DVector<f64>>,
    /// Final demand by category.
    pub final_demand: Option<DVector<f64>>,
    /// Value added by sector or industry.
    pub value_added: Option<DVector<f64>>,
    /// Value added by component.
    pub components: Option<DVector<f64>>,
}

/// A table ([`IoTable`] or [`MakeUse`](crate::MakeUse)) that meets totals and balances, or as near as was reached.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct BalancedTable<T = IoTable> {
    /// The new table.
    pub table: T,
    /// The largest miss of a total or balance, relative to what is summed.
    pub residual: f64,
    /// Rounds made.
    pub rounds: usize,
    /// How it ended. [`Status::Stalled`] if the totals cannot be met.
    pub status: Status,
    /// The totals and balances that contradict each other, in words; empty if there is such a table.
    pub contradictions: Vec<String>,
}

impl IoTable {
    /// This table changed as little as possible, all parts together, so that it balances and has the totals that are
    /// known. Zeros and signs are kept; regions, unit and satellite accounts stay as they are.
    ///
    /// ```text
    /// minimises  Σ |a| (z ln z − z + 1)  over all cells x = a z of Z, Y and V
    /// subject to   Z 1 + Y 1 = Z'1 + V'1  and the totals given
    /// ```
    ///
    /// With output, final demand and components given this is [`gras`](super::gras) on the bordered table
    /// `[Z Y; V 0]`. With no totals at all, outputs are found that need the least change: repair of a table that does
    /// not balance.
    ///
    /// # Errors
    /// Totals of other lengths or not finite, totals by commodity. Totals that cannot be met are no error, see
    /// [`BalancedTable::contradictions`].
    ///
    /// # Complexity
    /// O(n²) per sweep with output, final demand and components given; otherwise some dozens of passes over all cells
    /// per Newton step, 5 to 50 steps, and about 48 bytes of memory per cell.
    ///
    /// # Reference
    /// As [`gras`](super::gras).
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::balancing::{Balancing, TableTotals};
    /// use parecon_io::datasets;
    ///
    /// let table = datasets::miller_blair()?;
    /// let totals = TableTotals { output: Some(dvector![1100.0, 1900.0]), ..TableTotals::default() };
    /// let answer = table.balanced(&totals, &Balancing::new())?;
    /// assert!(answer.status.is_converged());
    /// assert!((answer.table.output() - dvector![1100.0, 1900.0]).amax() < 1e-6);
    /// assert!((answer.table.value_added().sum() - answer.table.final_demand().sum()).abs() < 1e-6);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn balanced(&self, totals: &TableTotals, config: &Balancing) -> Result<BalancedTable, Error> {
        let sectors = self.sectors();
        check_totals("output", &totals.output, sectors)?;
        check_totals("final demand", &totals.final_demand, self.final_demand_categories())?;
        check_totals("value added", &totals.value_added, sectors)?;
        check_totals("value-added components", &totals.components, self.value_added_components())?;
        if totals.commodity_output.is_some() {
            let message =
                "commodity output: is given, must be None: only make and use tables have commodities";
            return Err(Error::invalid(message));
        }
        match totals {
            TableTotals {
                output: Some(output),
                final_demand: Some(demand),
                components: Some(components),
                value_added: None,
                commodity_output: None,
            } => self.bordered(output, demand, components, config),
            _ => self.free(totals, config),
        }
    }

    /// All margins of the bordered table are known.
    fn bordered(
        &self,
        output: &DVector<f64>,
        demand: &DVector<f64>,
        components: &DVector<f64>,
        config: &Balancing,
    ) -> Result<BalancedTable, Error> {
        let n = self.len();
        let mut whole = DMatrix::zeros(n + components.len(), n + demand.len());
        whole.view_mut((0, 0), (n, n)).copy_from(self.flows());
        whole.view_mut((0, n), self.final_demand().shape()).copy_from(self.final_demand());
        whole.view_mut((n, 0), self.value_added().shape()).copy_from(self.value_added());
        let rows: Vec<f64> = output.iter().chain(components).copied().collect();
        let columns: Vec<f64> = output.iter().chain(demand).copied().collect();
        let answer = scaling::balance(&whole, &rows, &columns, config);
        let row = |i: usize| match i.checked_sub(n) {
            None => format!("sales of {}", self.sectors().describe(i)),
            Some(k) => self.value_added_components().describe(k),
        };
        let column = |j: usize| match j.checked_sub(n) {
            None => format!("purchases of {}", self.sectors().describe(j)),
            Some(k) => self.final_demand_categories().describe(k),
        };
        Ok(BalancedTable {
            table: self.with_parts(
                answer.flows.view((0, 0), (n, n)).into_owned(),
                answer.flows.view((0, n), (n, demand.len())).into_owned(),
                answer.flows.view((n, 0), (components.len(), n)).into_owned(),
            )?,
            residual: answer.residual,
            rounds: answer.rounds,
            status: answer.status,
            contradictions: answer.conflicts.iter().map(|conflict| conflict.describe(row, column)).collect(),
        })
    }

    /// Some margins follow from others.
    fn free(&self, totals: &TableTotals, config: &Balancing) -> Result<BalancedTable, Error> {
        let mut blocks = Blocks::default();
        let flows = blocks.add(self.flows());
        let demand = blocks.add(self.final_demand());
        let added = blocks.add(self.value_added());
        let (mut system, mut names) = (Constraints::default(), Vec::new());
        for i in 0..self.len() {
            let sales = flows.row(i, 1.0).chain(demand.row(i, 1.0));
            let name = self.sectors().describe(i);
            if let Some(output) = &totals.output {
                system.push(sales, output[i], 0.0);
                names.push(format!("sales of {name}"));
                system.push(flows.column(i, 1.0).chain(added.column(i, 1.0)), output[i], 0.0);
                names.push(format!("purchases of {name}"));
            } else {
                let purchases = flows.column(i, -1.0).chain(added.column(i, -1.0));
                // What a sector sells to itself is on both sides.
                let own = flows.at(i, i);
                system.push(sales.chain(purchases).filter(|(cell, _)| *cell != own), 0.0, 0.0);
                names.push(format!("balance of {name}"));
            }
            if let Some(total) = &totals.value_added {
                system.push(added.column(i, 1.0), total[i], 0.0);
                names.push(format!("value added of {name}"));
            }
        }
        for (k, total) in totals.final_demand.iter().flat_map(|totals| totals.iter().enumerate()) {
            system.push(demand.column(k, 1.0), *total, 0.0);
            names.push(format!("total of {}", self.final_demand_categories().describe(k)));
        }
        for (k, total) in totals.components.iter().flat_map(|totals| totals.iter().enumerate()) {
            system.push(added.row(k, 1.0), *total, 0.0);
            names.push(format!("total of {}", self.value_added_components().describe(k)));
        }
        let solution = blocks.solve(&system, config);
        Ok(BalancedTable {
            table: self.with_parts(
                flows.matrix(&solution.cells),
                demand.matrix(&solution.cells),
                added.matrix(&solution.cells),
            )?,
            residual: solution.residual,
            rounds: solution.rounds,
            status: solution.status,
            contradictions: solution.contradicted.iter().map(|i| names[*i].clone()).collect(),
        })
    }

    fn with_parts(
        &self,
        flows: DMatrix<f64>,
        final_demand: DMatrix<f64>,
        value_added: DMatrix<f64>,
    ) -> Result<IoTable, Error> {
        let output = flows.column_sum() + final_demand.column_sum();
        let table = self.clone().with_flows(flows)?.with_final_demand(final_demand)?;
        table.with_value_added(value_added)?.with_output(output)?.with_rounding(0.0)
    }
}

/// Refuses totals of another length than their axis and what is not finite.
pub(super) fn check_totals<K: AxisKind>(
    what: &str,
    totals: &Option<DVector<f64>>,
    axis: &Axis<K>,
) -> Result<(), Error> {
    totals.as_ref().map_or(Ok(()), |totals| axis.check_vector(what, totals))
}

/// Several matrices as one list of cells.
#[derive(Default)]
pub(super) struct Blocks {
    cells: Vec<f64>,
}

/// Where a matrix lies in the list.
#[derive(Clone, Copy)]
pub(super) struct Block {
    start: usize,
    rows: usize,
    columns: usize,
}

impl Blocks {
    pub(super) fn add(&mut self, matrix: &DMatrix<f64>) -> Block {
        let start = self.cells.len();
        self.cells.extend_from_slice(matrix.as_slice());
        Block { start, rows: matrix.nrows(), columns: matrix.ncols() }
    }

    pub(super) fn solve(&self, constraints: &Constraints, config: &Balancing) -> Solution {
        let freedom = vec![1.0; self.cells.len()];
        Problem::new(&self.cells, &freedom, constraints).solve(config)
    }
}

impl Block {
    fn at(self, i: usize, j: usize) -> usize {
        self.start + j * self.rows + i
    }

    pub(super) fn row(self, i: usize, coefficient: f64) -> impl Iterator<Item = (usize, f64)> {
        (0..self.columns).map(move |j| (self.at(i, j), coefficient))
    }

    pub(super) fn column(self, j: usize, coefficient: f64) -> impl Iterator<Item = (usize, f64)> {
        (0..self.rows).map(move |i| (self.at(i, j), coefficient))
    }

    pub(super) fn matrix(self, cells: &[f64]) -> DMatrix<f64> {
        let size = self.rows * self.columns;
        DMatrix::from_column_slice(self.rows, self.columns, &cells[self.start..self.start + size])
    }
}
