//! Bottlenecks: least cuts of flows and of sectors.

use petgraph::algo::dinics;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use serde::Serialize;

use crate::axis::{Id, Sector};
use crate::error::Error;
use crate::graph::IoGraph;

/// Sums of capacities stay below this power of two, so that those in floating point are integers exactly.
const BITS: f64 = 52.0;

/// The least that separates suppliers from customers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Cut {
    /// What can flow at most, which is the sum of the cut flows.
    pub flow: f64,
    /// The cut flows: supplier, customer, amount, the greatest first.
    pub flows: Vec<(Id<Sector>, Id<Sector>, f64)>,
    /// The sectors on the side of the suppliers, in axis order. Of several least cuts this is the one nearest to them.
    pub upstream: Vec<Id<Sector>>,
}

impl IoGraph {
    /// The narrowest place between some suppliers and some customers: the flows of least sum without which no chain
    /// leads from the ones to the others, equal to the most that could be passed along (max-flow, min-cut).
    ///
    /// Every flow is a capacity of its present size. Exact up to rounding of the flows at 2⁻⁵² of their total.
    ///
    /// # Errors
    /// No suppliers or no customers, an id of another axis, a sector that is both.
    ///
    /// # Complexity
    /// O(sectors² · flows) at worst (Dinic's algorithm), far less in practice.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, IoGraph, Technology};
    ///
    /// // Two mines, one port, two works.
    /// let sectors = Axis::from_codes(["mine 1", "mine 2", "port", "works 1", "works 2"])?;
    /// let mut flows = nalgebra::DMatrix::zeros(5, 5);
    /// for (from, to, flow) in [(0, 2, 0.5), (1, 2, 0.4), (2, 3, 0.3), (2, 4, 0.35), (0, 3, 0.05)] {
    ///     flows[(from, to)] = flow;
    /// }
    /// let graph = IoGraph::from_technology(&Technology::from_coefficients(sectors.clone(), flows)?, 0.0)?;
    /// let id = |code| sectors.id(code);
    /// let cut = graph.min_cut(&[id("mine 1")?, id("mine 2")?], &[id("works 1")?, id("works 2")?])?;
    /// assert!((cut.flow - 0.7).abs() < 1e-12);
    /// assert_eq!(cut.flows[0], (id("port")?, id("works 2")?, 0.35));
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// L. R. Ford and D. R. Fulkerson, "Maximal flow through a network", Canadian Journal of Mathematics 8, 1956.
    pub fn min_cut(&self, suppliers: &[Id<Sector>], customers: &[Id<Sector>]) -> Result<Cut, Error> {
        let ends = self.ends(suppliers, customers)?;
        let total: f64 = self.flows().map(|(.., flow)| flow).sum();
        // Neither 0 nor infinite, however large or small the flows are.
        let scale =
            if total > 0.0 { (BITS - total.log2().ceil()).clamp(-1022.0, 1023.0).exp2() } else { 1.0 };
        // Flows too small for the scale still connect.
        let capacity = |flow: f64| ((flow * scale).round() as u64).max(1);
        let mut network = DiGraph::new();
        let nodes: Vec<NodeIndex> = self.sectors.iter().map(|_| network.add_node(())).collect();
        for (from, to, flow) in self.flows().filter(|(from, to, _)| from != to) {
            network.add_edge(nodes[from.index()], nodes[to.index()], capacity(flow));
        }
        let (source, sink) = (network.add_node(()), network.add_node(()));
        for (i, end) in ends.iter().enumerate() {
            match end {
                Some(End::Supplier) => network.add_edge(source, nodes[i], UNLIMITED),
                Some(End::Customer) => network.add_edge(nodes[i], sink, UNLIMITED),
                None => continue,
            };
        }
        let reached = reachable_after_flow(&network, source, sink);
        let upstream: Vec<Id<Sector>> =
            self.sectors.iter().filter(|sector| reached[nodes[sector.index()].index()]).collect();
        let mut flows: Vec<_> = self
            .flows()
            .filter(|(from, to, _)| {
                reached[nodes[from.index()].index()] && !reached[nodes[to.index()].index()]
            })
            .collect();
        flows.sort_by(|a, b| b.2.total_cmp(&a.2).then((a.0, a.1).cmp(&(b.0, b.1))));
        Ok(Cut { flow: flows.iter().map(|(.., flow)| flow).sum(), flows, upstream })
    }

    /// The fewest sectors through which every chain from some suppliers to some customers passes, none of the two
    /// themselves, in axis order; `None` if one of the suppliers supplies one of the customers directly, so that
    /// nobody is in between. Empty if no chain leads from the ones to the others.
    ///
    /// # Errors
    /// As [`IoGraph::min_cut`].
    ///
    /// # Complexity
    /// O(√sectors · flows).
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, IoGraph, Technology};
    ///
    /// let sectors = Axis::from_codes(["ore", "steel", "cars"])?;
    /// let inputs = dmatrix![0.0, 0.3, 0.0; 0.0, 0.0, 0.4; 0.0, 0.0, 0.0];
    /// let graph = IoGraph::from_technology(&Technology::from_coefficients(sectors.clone(), inputs)?, 0.0)?;
    /// let between = graph.separators(&[sectors.id("ore")?], &[sectors.id("cars")?])?;
    /// assert_eq!(between, Some(vec![sectors.id("steel")?]));
    /// assert_eq!(graph.separators(&[sectors.id("ore")?], &[sectors.id("steel")?])?, None);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// K. Menger, "Zur allgemeinen Kurventheorie", Fundamenta Mathematicae 10, 1927.
    pub fn separators(
        &self,
        suppliers: &[Id<Sector>],
        customers: &[Id<Sector>],
    ) -> Result<Option<Vec<Id<Sector>>>, Error> {
        let ends = self.ends(suppliers, customers)?;
        let kind = |sector: Id<Sector>| ends[sector.index()];
        if self
            .flows()
            .any(|(from, to, _)| kind(from) == Some(End::Supplier) && kind(to) == Some(End::Customer))
        {
            return Ok(None);
        }
        // Every sector is a way in, a way out and a passage that counts 1.
        let mut network = DiGraph::new();
        let halves: Vec<(NodeIndex, NodeIndex)> = ends
            .iter()
            .map(|end| {
                let (entry, exit) = (network.add_node(()), network.add_node(()));
                network.add_edge(entry, exit, if end.is_some() { UNLIMITED } else { 1 });
                (entry, exit)
            })
            .collect();
        for (from, to, _) in self.flows().filter(|(from, to, _)| from != to) {
            network.add_edge(halves[from.index()].1, halves[to.index()].0, UNLIMITED);
        }
        let (source, sink) = (network.add_node(()), network.add_node(()));
        for (&(entry, exit), end) in halves.iter().zip(&ends) {
            match end {
                Some(End::Supplier) => network.add_edge(source, entry, UNLIMITED),
                Some(End::Customer) => network.add_edge(exit, sink, UNLIMITED),
                None => continue,
            };
        }
        let reached = reachable_after_flow(&network, source, sink);
        let cut = |sector: &Id<Sector>| {
            let (entry, exit) = halves[sector.index()];
            reached[entry.index()] && !reached[exit.index()]
        };
        Ok(Some(self.sectors.iter().filter(cut).collect()))
    }

    /// Which sectors are suppliers and which customers.
    fn ends(&self, suppliers: &[Id<Sector>], customers: &[Id<Sector>]) -> Result<Vec<Option<End>>, Error> {
        let mut ends = vec![None; self.sectors.len()];
        for (what, ids, end) in
            [("suppliers", suppliers, End::Supplier), ("customers", customers, End::Customer)]
        {
            if ids.is_empty() {
                return Err(Error::invalid(format!("{what}: are none, must be at least one")));
            }
            for &id in ids {
                let i = self.sectors.check(id)?;
                if ends[i].is_some_and(|other| other != end) {
                    return Err(Error::invalid(format!(
                        "{}: is among the suppliers and among the customers",
                        self.sectors.describe(i)
                    )));
                }
                ends[i] = Some(end);
            }
        }
        Ok(ends)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Supplier,
    Customer,
}

/// More than all flows together, and sums of it do not overflow.
const UNLIMITED: u64 = 1 << 54;

/// What is reached from the source where a greatest flow leaves room.
fn reachable_after_flow(network: &DiGraph<(), u64>, source: NodeIndex, sink: NodeIndex) -> Vec<bool> {
    let (_, used) = dinics(network, source, sink);
    let mut reached = vec![false; network.node_count()];
    reached[source.index()] = true;
    let mut open = vec![source];
    while let Some(node) = open.pop() {
        let onward = network
            .edges_directed(node, petgraph::Direction::Outgoing)
            .filter(|edge| used[edge.id().index()] < *edge.weight())
            .map(|edge| edge.target());
        let back = network
            .edges_directed(node, petgraph::Direction::Incoming)
            .filter(|edge| used[edge.id().index()] > 0)
            .map(|edge| edge.source());
        for next in onward.chain(back) {
            if !reached[next.index()] {
                reached[next.index()] = true;
                open.push(next);
            }
        }
    }
    reached
}
