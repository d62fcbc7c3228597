//! Cascades: who stops if a supplier stops.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use nalgebra::{DMatrix, DVector};
use petgraph::visit::EdgeRef;

use crate::axis::{Axis, Id, Sector};
use crate::error::Error;
use crate::graph::IoGraph;
use crate::technology::Technology;

/// How far a failure of suppliers spreads to those who depend on them.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cascade {
    /// The share of its output that remains to every sector.
    pub remaining: DVector<f64>,
    /// Whose shortfall holds a sector back, by axis; none for sectors that are not hit and for those that failed first.
    pub cause: Vec<Option<Id<Sector>>>,
    /// How many steps downstream of the first failure a sector is hit, by axis; none if it is not.
    pub step: Vec<Option<usize>>,
    sectors: Axis<Sector>,
    shocks: Vec<(usize, f64)>,
}

/// What a failure costs downstream, where inputs are missing, and upstream, where orders are.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CascadeLosses {
    /// Output lost by sector because inputs are missing: what the cascade leaves of x = L y is taken off.
    pub downstream: DVector<f64>,
    /// Output lost by sector because the failing sectors deliver less to final demand and order less:
    /// `L_·S L_SS⁻¹ (loss of S)`, which for a total failure is the [extraction](Technology::extraction).
    pub upstream: DVector<f64>,
}

/// A sector and its loss, to be looked at in the order of losses.
#[derive(PartialEq)]
struct Hit {
    loss: f64,
    step: usize,
    sector: usize,
    cause: Option<usize>,
}

impl Eq for Hit {}
impl Ord for Hit {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = (other.step, other.sector, other.cause).cmp(&(self.step, self.sector, self.cause));
        self.loss.total_cmp(&other.loss).then(order)
    }
}
impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl IoGraph {
    /// Lets the outputs of some sectors fall to a share, and with them all that depends on their products.
    ///
    /// Every flow of the graph is an input that cannot be done without (Leontief): choose the graph's threshold
    /// so that only such are in it, e.g. coefficients above 0.05. A supplier's shortfall hits all its customers in
    /// proportion, and a customer makes up for the share `substitution` of it, from stocks or from elsewhere:
    ///
    /// ```text
    /// loss_j = max(own shock, (1 − substitution) · max over suppliers i of loss_i)
    /// ```
    ///
    /// Of the sectors that hold another back, the one hit in the fewest steps is named its cause.
    ///
    /// # Errors
    /// No shocks, an id of another axis or named twice, shares or substitution outside [0, 1].
    ///
    /// # Complexity
    /// O(flows log flows).
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, IoGraph, Technology};
    ///
    /// let sectors = Axis::from_codes(["ore", "steel", "cars", "bread"])?;
    /// let inputs = dmatrix![
    ///     0.0, 0.3, 0.0, 0.0; 0.0, 0.0, 0.4, 0.01; 0.0, 0.0, 0.0, 0.0; 0.0, 0.0, 0.0, 0.0
    /// ];
    /// let technology = Technology::from_coefficients(sectors.clone(), inputs)?;
    /// // The bit of steel in bread is below the threshold.
    /// let graph = IoGraph::from_technology(&technology, 0.05)?;
    /// let cascade = graph.cascade(&[(sectors.id("ore")?, 0.2)], 0.5)?;
    /// assert_eq!(cascade.remaining.as_slice(), [0.2, 0.6, 0.8, 1.0]);
    /// assert_eq!(cascade.cause[2], Some(sectors.id("steel")?));
    /// assert_eq!(cascade.step, [Some(0), Some(1), Some(2), None]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn cascade(&self, shocks: &[(Id<Sector>, f64)], substitution: f64) -> Result<Cascade, Error> {
        if !(0.0..=1.0).contains(&substitution) {
            return Err(Error::invalid(format!("substitution: is {substitution}, must be between 0 and 1")));
        }
        if shocks.is_empty() {
            return Err(Error::invalid("shocks: are none, must be at least one"));
        }
        let n = self.sectors.len();
        let mut given: Vec<(usize, f64)> = Vec::with_capacity(shocks.len());
        let mut open = BinaryHeap::new();
        for &(id, share) in shocks {
            let sector = self.sectors.check(id)?;
            let who = || self.sectors.describe(sector);
            if !(0.0..=1.0).contains(&share) {
                return Err(Error::invalid(format!("{}: keeps {share}, must be between 0 and 1", who())));
            }
            if given.iter().any(|(other, _)| *other == sector) {
                return Err(Error::invalid(format!("{}: is named twice", who())));
            }
            given.push((sector, share));
            open.push(Hit { loss: 1.0 - share, step: 0, sector, cause: None });
        }
        let mut cascade = Cascade {
            remaining: DVector::from_element(n, 1.0),
            cause: vec![None; n],
            step: vec![None; n],
            sectors: self.sectors.clone(),
            shocks: given,
        };
        // The greatest loss first: nothing that comes later can be greater.
        while let Some(Hit { loss, step, sector, cause }) = open.pop() {
            if loss <= 0.0 || cascade.step[sector].is_some() {
                continue;
            }
            let given = cascade.shocks.iter().find(|(shocked, _)| step == 0 && *shocked == sector);
            cascade.remaining[sector] = given.map_or(1.0 - loss, |(_, share)| *share);
            cascade.step[sector] = Some(step);
            cascade.cause[sector] = cause.and_then(|index| self.sectors.at(index));
            for edge in self.graph.edges(self.nodes[sector]) {
                let customer = self.graph[edge.target()].index();
                let loss = loss * (1.0 - substitution);
                open.push(Hit { loss, step: step + 1, sector: customer, cause: Some(sector) });
            }
        }
        Ok(cascade)
    }
}

impl Cascade {
    /// The losses of output, downstream by the cascade and upstream by the matrix model, for an economy that
    /// makes final demand y with a technology.
    ///
    /// The two answer different questions and do not add up: downstream nobody can replace a missing input,
    /// upstream all that fails is that orders are not given.
    ///
    /// # Errors
    /// A technology of other sectors; final demand of another length or not finite; a singular I − A; failing sectors
    /// without which the others have no solution.
    ///
    /// # Complexity
    /// O(k n²) for k failing sectors, after the technology's first question.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{IoGraph, Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let graph = IoGraph::from_technology(&technology, 0.1)?;
    /// let (demand, first) = (table.total_final_demand(), table.sector("1")?);
    /// let losses = graph.cascade(&[(first, 0.0)], 0.0)?.losses(&technology, &demand)?;
    /// // Each needs the other: all output is lost downstream. Upstream it is what extraction says.
    /// assert!((losses.downstream.sum() - 3000.0).abs() < 1e-9);
    /// assert!((losses.upstream.sum() - technology.extraction(first, &demand)?.total).abs() < 1e-9);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn losses(
        &self,
        technology: &Technology,
        final_demand: &DVector<f64>,
    ) -> Result<CascadeLosses, Error> {
        if technology.sectors() != &self.sectors {
            return Err(Error::invalid("technology: has other sectors than the graph of the cascade"));
        }
        let n = self.sectors.len();
        self.sectors.check_vector("final demand", final_demand)?;
        let output = technology.output_for(final_demand)?;
        let downstream = output.component_mul(&self.remaining.map(|share| 1.0 - share));
        let k = self.shocks.len();
        let mut columns = DMatrix::zeros(n, k);
        for (mut column, (sector, _)) in columns.column_iter_mut().zip(&self.shocks) {
            let mut unit = DVector::zeros(n);
            unit[*sector] = 1.0;
            column.copy_from(&technology.output_for(&unit)?);
        }
        let lost = DVector::from_iterator(k, self.shocks.iter().map(|(i, share)| output[*i] * (1.0 - share)));
        let rows: Vec<usize> = self.shocks.iter().map(|(sector, _)| *sector).collect();
        let withheld =
            columns.select_rows(&rows).lu().solve(&lost).filter(|d| d.iter().all(|x| x.is_finite()));
        let Some(withheld) = withheld else {
            let failing: Vec<String> = rows.iter().map(|&i| self.sectors.describe(i)).collect();
            return Err(Error::singular(format!(
                "{}: without what fails here the others cannot meet their demand",
                failing.join(", ")
            )));
        };
        Ok(CascadeLosses { downstream, upstream: columns * withheld })
    }

    /// The sectors that are hit, in the order of steps, then of the axis.
    #[must_use]
    pub fn hit(&self) -> Vec<Id<Sector>> {
        let mut hit: Vec<(usize, Id<Sector>)> =
            self.sectors.iter().filter_map(|sector| Some((self.step[sector.index()]?, sector))).collect();
        hit.sort_unstable();
        hit.into_iter().map(|(_, sector)| sector).collect()
    }
}
