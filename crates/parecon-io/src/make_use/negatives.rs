//! Negative flows of models A and C: reported, and Almon's way to do without.

use nalgebra::{DMatrix, DVector};
use parecon_core::Status;
use serde::{Deserialize, Serialize};

use crate::axis::{Axis, Id, Sector};
use crate::error::Error;
use crate::make_use::{MakeUse, Model};
use crate::table::IoTable;

/// Flows smaller than this, relative to the largest of their row and column, are the rounding of the elimination.
const NOISE: f64 = 1e-12;

/// The redistribution of a row stops when a round moves less than this share of it.
const SETTLED: f64 = 1e-14;

/// With more than half of every product made where it is the main product, an error shrinks by its share made
/// elsewhere in every round: this many are enough for shares up to 0.49.
const ROUNDS: usize = 2000;

/// What is done about the negative flows that models A and C bring about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Negatives {
    /// They stay: the model is exact, and negative flows tell where its assumption fails.
    #[default]
    Keep,
    /// Almon's algorithm: where an industry's secondary products would need more of an input than the industry uses,
    /// they get what there is, in proportion.
    Almon,
}

/// A flow that the model makes negative.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NegativeFlow {
    /// The supplier.
    pub from: Id<Sector>,
    /// The customer.
    pub to: Id<Sector>,
    /// The flow, below zero.
    pub flow: f64,
    /// The flow per unit of the customer's output, as it enters the coefficients A.
    pub coefficient: f64,
}

/// A symmetric table and what it took to get it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Conversion {
    /// The table.
    pub table: IoTable,
    /// The negative flows of the model itself, before anything was done about them, the largest first.
    pub negatives: Vec<NegativeFlow>,
    /// By how much output exceeds the side of the account that the treatment does not preserve: purchases and value
    /// added of each column under model A, sales of each row under model C. Zeros if nothing was treated.
    /// They sum to what the make and use tables were off by, and may be closed by balancing.
    pub imbalances: DVector<f64>,
    /// Whether the redistribution settled; it does when more than half of each product is made by the industry in
    /// the same position.
    pub status: Status,
}

impl MakeUse {
    /// The symmetric table under a model, with its negative flows reported and, if wanted, treated.
    ///
    /// Models A and C take the inputs of secondary products out of the industries that make them and add them where
    /// they belong. They look for r ≥ 0 in
    ///
    /// ```text
    /// u = M r        u a row of U, M = V q̂⁻¹       (model A: each input by commodity; each component of value added)
    ///                u a column of U, M = V'ĝ⁻¹     (model C: each purchaser by industry; each final demand)
    /// ```
    ///
    /// and find r = M⁻¹u, which has negative cells where industry j does not have the inputs `u_j` that its secondary
    /// products should have. Almon's algorithm solves the same equation by the iteration
    ///
    /// ```text
    /// r_j ← u_j − s_j Σ_k≠j M_jk r_k + Σ_k≠j s_k M_kj r_j        s_j = min(1, u_j / Σ_k≠j M_jk r_k)
    /// ```
    ///
    /// which never takes more out than there is. Each sum of r is that of u, and where r = M⁻¹u has no negative cell it
    /// is the answer. Cells that are negative in the source already are redistributed apart, and stay negative.
    /// The other side of the account no longer balances exactly: [`Conversion::imbalances`].
    ///
    /// Models B and D bring about no negative flows; there the treatment has nothing to do.
    ///
    /// # Errors
    /// As [`MakeUse::to_symmetric`]; for the treatment, a negative cell of the make table.
    ///
    /// # Complexity
    /// O(n³) for the model; each treated row O(cells of the make table) per round, some dozens usually.
    ///
    /// # Example
    /// Two dairies make each other's product. Rennet belongs into cheese, chocolate into ice cream, of which the first
    /// dairy used a little less than its ice cream should have needed.
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, MakeUse, MakeUseParts, Model, Negatives};
    ///
    /// let tables = MakeUse::new(MakeUseParts {
    ///     industries: Axis::from_codes(["cheesery", "creamery", "chocolatier", "laboratory"])?,
    ///     commodities: Axis::from_codes(["cheese", "ice cream", "chocolate", "rennet"])?,
    ///     make: dmatrix![
    ///         70.0, 20.0, 0.0, 0.0; 30.0, 180.0, 0.0, 0.0; 0.0, 0.0, 100.0, 0.0; 0.0, 0.0, 0.0, 20.0
    ///     ],
    ///     use_: dmatrix![
    ///         0.0, 0.0, 0.0, 0.0; 0.0, 0.0, 0.0, 0.0; 3.0, 36.0, 0.0, 0.0; 14.0, 6.0, 0.0, 0.0
    ///     ],
    ///     final_demand_categories: Axis::from_codes(["households"])?,
    ///     final_demand: dmatrix![100.0; 200.0; 61.0; 0.0],
    ///     value_added_components: Axis::from_codes(["labour"])?,
    ///     value_added: dmatrix![73.0, 168.0, 100.0, 20.0],
    /// })?;
    /// let kept = tables.convert(Model::CommodityTechnology, Negatives::Keep)?;
    /// assert_eq!(kept.negatives.len(), 1); // chocolate into cheese
    /// let treated = tables.convert(Model::CommodityTechnology, Negatives::Almon)?;
    /// let (chocolate, rennet) = (treated.table.flows().row(2), treated.table.flows().row(3));
    /// assert!((chocolate - dmatrix![0.0, 39.0, 0.0, 0.0]).amax() < 1e-12);
    /// assert!((rennet - dmatrix![20.0, 0.0, 0.0, 0.0]).amax() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// C. Almon, "Product-to-product tables via product-technology with no negative flows", Economic Systems Research
    /// 12, 2000.
    pub fn convert(&self, model: Model, negatives: Negatives) -> Result<Conversion, Error> {
        let table = self.to_symmetric(model)?;
        let found = if model.inverts_make() { negative_flows(&table) } else { Vec::new() };
        let n = table.len();
        let untreated = || DVector::zeros(n);
        if negatives == Negatives::Keep || found.is_empty() {
            let imbalances = untreated();
            return Ok(Conversion { table, negatives: found, imbalances, status: Status::Converged });
        }
        let mut settled = true;
        let (table, imbalances) = match model {
            Model::FixedIndustrySales => {
                let output = self.industry_output.clone();
                let shares = self.shares(&self.make.transpose(), &output)?;
                let (flows, a) = shares.columns(table.flows(), &self.use_);
                let (demand, b) = shares.columns(table.final_demand(), &self.final_demand);
                settled &= a && b;
                let treated = rebuilt(&table, flows, demand, table.value_added().clone())?
                    .with_output(output.clone())?
                    .with_rounding(self.rounding)?;
                let sales = treated.flows().column_sum() + treated.total_final_demand();
                (treated, output - sales)
            }
            _ => {
                let output = self.commodity_output.clone();
                let shares = self.shares(&self.make, &output)?;
                let rows = |found: &DMatrix<f64>, given: &DMatrix<f64>| {
                    let (treated, settled) = shares.columns(&found.transpose(), &given.transpose());
                    (treated.transpose(), settled)
                };
                let (flows, a) = rows(table.flows(), &self.use_);
                let (value_added, b) = rows(table.value_added(), &self.value_added);
                settled &= a && b;
                let treated = rebuilt(&table, flows, self.final_demand.clone(), value_added)?
                    .with_rounding(self.rounding)?;
                let spent = treated.flows().row_sum_tr() + treated.value_added().row_sum_tr();
                (treated, output - spent)
            }
        };
        let status = if settled { Status::Converged } else { Status::RoundLimit };
        Ok(Conversion { table, negatives: found, imbalances, status })
    }

    /// The matrix M = `make` / `output` by columns, of a make table without negative cells.
    fn shares(&self, make: &DMatrix<f64>, output: &DVector<f64>) -> Result<Shares, Error> {
        if let Some(at) = self.make.iter().position(|cell| *cell < 0.0) {
            let (i, c) = (at % self.make.nrows(), at / self.make.nrows());
            return Err(Error::invalid(format!(
                "make table, {} of {}: is {}, Almon's algorithm needs one without negative cells",
                self.commodities.describe(c),
                self.industries.describe(i),
                self.make[(i, c)]
            )));
        }
        let n = output.len();
        let elsewhere = (0..n)
            .flat_map(|k| (0..n).map(move |j| (j, k)))
            .filter(|&(j, k)| j != k && make[(j, k)] != 0.0)
            .map(|(j, k)| (j, k, make[(j, k)] / output[k]))
            .collect();
        Ok(Shares { len: n, elsewhere })
    }
}

fn rebuilt(
    table: &IoTable,
    flows: DMatrix<f64>,
    final_demand: DMatrix<f64>,
    value_added: DMatrix<f64>,
) -> Result<IoTable, Error> {
    IoTable::new(
        table.sectors().clone(),
        flows,
        table.final_demand_categories().clone(),
        final_demand,
        table.value_added_components().clone(),
        value_added,
    )
}

/// The flows below zero by more than rounding, the largest first.
fn negative_flows(table: &IoTable) -> Vec<NegativeFlow> {
    let (flows, sectors): (_, &Axis<Sector>) = (table.flows(), table.sectors());
    let rows: Vec<f64> = flows.row_iter().map(|row| row.amax()).collect();
    let columns: Vec<f64> = flows.column_iter().map(|column| column.amax()).collect();
    let mut found = Vec::new();
    for to in sectors.iter() {
        for from in sectors.iter() {
            let (i, j) = (from.index(), to.index());
            let flow = flows[(i, j)];
            if flow < -NOISE * rows[i].min(columns[j]) {
                found.push(NegativeFlow { from, to, flow, coefficient: flow / table.output()[j] });
            }
        }
    }
    found.sort_by(|a, b| a.flow.total_cmp(&b.flow).then((a.from, a.to).cmp(&(b.from, b.to))));
    found
}

/// The off-diagonal cells of M by row, column and share.
struct Shares {
    len: usize,
    elsewhere: Vec<(usize, usize, f64)>,
}

impl Shares {
    /// Solves u = M r for every column u of `given`: as `found` has it where that is not negative, by redistribution
    /// elsewhere. Returns whether all settled.
    fn columns(&self, found: &DMatrix<f64>, given: &DMatrix<f64>) -> (DMatrix<f64>, bool) {
        let mut result = found.clone();
        let mut settled = true;
        for (j, mut column) in result.column_iter_mut().enumerate() {
            let least = column.min();
            if least >= 0.0 {
                continue;
            }
            if least >= -NOISE * column.amax() {
                column.apply(|cell| *cell = cell.max(0.0));
                continue;
            }
            let positive: Vec<f64> = given.column(j).iter().map(|cell| cell.max(0.0)).collect();
            let negative: Vec<f64> = given.column(j).iter().map(|cell| (-cell).max(0.0)).collect();
            let (more, a) = self.redistribute(&positive);
            let (less, b) = self.redistribute(&negative);
            settled &= a && b;
            column.iter_mut().zip(more.iter().zip(&less)).for_each(|(cell, (p, n))| *cell = p - n);
        }
        (result, settled)
    }

    /// Almon's iteration for u ≥ 0, and whether it settled.
    fn redistribute(&self, used: &[f64]) -> (Vec<f64>, bool) {
        let total: f64 = used.iter().sum();
        let mut r = used.to_vec();
        if total == 0.0 {
            return (r, true);
        }
        let mut claimed = vec![0.0; self.len];
        for _ in 0..ROUNDS {
            claimed.fill(0.0);
            for &(j, k, share) in &self.elsewhere {
                claimed[j] += share * r[k];
            }
            let granted: Vec<f64> = claimed
                .iter()
                .zip(used)
                .map(|(claim, has)| if claim > has { has / claim } else { 1.0 })
                .collect();
            let mut next: Vec<f64> = (0..self.len).map(|j| used[j] - granted[j] * claimed[j]).collect();
            for &(j, k, share) in &self.elsewhere {
                next[k] += granted[j] * share * r[k];
            }
            // What rounding leaves of a claim that takes all.
            next.iter_mut().for_each(|cell| *cell = cell.max(0.0));
            let moved: f64 = next.iter().zip(&r).map(|(a, b)| (a - b).abs()).sum();
            r = next;
            if moved <= SETTLED * total {
                return (r, true);
            }
        }
        (r, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redistribution_gives_what_there_is_and_keeps_sums() {
        // Product 1 is made by industry 0 to 10 %, which has no input at all to give.
        let shares = Shares { len: 2, elsewhere: vec![(0, 1, 0.1), (1, 0, 0.3)] };
        let (r, settled) = shares.redistribute(&[3.0, 36.0]);
        assert!(settled);
        assert!((r[0] + r[1] - 39.0).abs() < 1e-12);
        assert!(r[0] < 1e-12, "{r:?}");
        // A consistent input is solved exactly: M r = u.
        let (r, settled) = shares.redistribute(&[4.0, 36.0]);
        assert!(settled && r[0].abs() < 1e-10 && (r[1] - 40.0).abs() < 1e-10, "{r:?}");
    }
}
