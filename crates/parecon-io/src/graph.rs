//! The economy as a graph of sectors and flows: groups, bottlenecks, cascades, communities.
//!
//! All on [`IoGraph`]; this module holds what its questions return.

use std::fmt::Write;

use nalgebra::DMatrix;
use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::stable_graph::{NodeIndex, StableDiGraph};
use petgraph::visit::EdgeRef;

use crate::axis::{Axis, Id, Sector};
use crate::error::Error;
use crate::table::IoTable;
use crate::technology::Technology;

mod cascade;
mod communities;
mod cut;
mod graphml;
mod structure;

pub use cascade::{Cascade, CascadeLosses};
pub use communities::Communities;
pub use cut::Cut;
pub use graphml::Attribute;
pub use structure::{Condensation, Dominators, GroupLink};

/// Sectors and the flows between them above a threshold, from supplier to customer.
///
/// Labels are our own [`Id`]s throughout, valid for the table that the graph was made from. For algorithms
/// beyond these, [`IoGraph::as_petgraph`] shows the graph with ids as its node weights.
///
/// # Example
/// ```
/// use parecon_io::{IoGraph, Model, datasets};
///
/// let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
/// let graph = IoGraph::from_table(&table, 10_000.0)?; // flows above 10 billion dollars
/// let hospitals = table.sector("622")?;
/// let (supplier, flow) = graph.suppliers(hospitals)?[0];
/// assert_eq!(flow, table.flows()[(supplier.index(), hospitals.index())]);
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct IoGraph {
    sectors: Axis<Sector>,
    graph: StableDiGraph<Id<Sector>, f64>,
    nodes: Vec<NodeIndex>,
}

impl IoGraph {
    /// The flows of a table that are greater than `threshold`, in units of the table.
    ///
    /// # Errors
    /// A threshold that is negative or not finite.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use parecon_io::{IoGraph, datasets};
    ///
    /// // Of flows 150, 500, 200 and 100, two are greater than 150.
    /// assert_eq!(IoGraph::from_table(&datasets::miller_blair()?, 150.0)?.flow_count(), 2);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn from_table(table: &IoTable, threshold: f64) -> Result<Self, Error> {
        Self::new(table.sectors(), table.flows(), threshold)
    }

    /// The direct input coefficients that are greater than `threshold`.
    ///
    /// # Errors
    /// A threshold that is negative or not finite.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use parecon_io::{IoGraph, Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// // Of coefficients 0.15, 0.25, 0.20 and 0.05, three are greater than 0.1.
    /// assert_eq!(IoGraph::from_technology(&technology, 0.1)?.flow_count(), 3);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn from_technology(technology: &Technology, threshold: f64) -> Result<Self, Error> {
        Self::new(technology.sectors(), technology.coefficients(), threshold)
    }

    fn new(sectors: &Axis<Sector>, flows: &DMatrix<f64>, threshold: f64) -> Result<Self, Error> {
        check_threshold(threshold)?;
        let mut graph = StableDiGraph::with_capacity(sectors.len(), 0);
        let nodes: Vec<NodeIndex> = sectors.iter().map(|sector| graph.add_node(sector)).collect();
        for (i, &from) in nodes.iter().enumerate() {
            for (j, &to) in nodes.iter().enumerate() {
                if flows[(i, j)] > threshold {
                    graph.add_edge(from, to, flows[(i, j)]);
                }
            }
        }
        Ok(Self { sectors: sectors.clone(), graph, nodes })
    }

    /// The sectors.
    #[must_use]
    pub fn sectors(&self) -> &Axis<Sector> {
        &self.sectors
    }

    /// The number of flows above the threshold.
    #[must_use]
    pub fn flow_count(&self) -> usize {
        self.graph.edge_count()
    }

    /// Who supplies a sector above the threshold, with the flows, the largest first.
    ///
    /// # Errors
    /// An id of another axis.
    ///
    /// # Complexity
    /// O(d log d) for d suppliers.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{IoGraph, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let graph = IoGraph::from_table(&table, 0.0)?;
    /// let flows: Vec<f64> = graph.suppliers(table.sector("1")?)?.into_iter().map(|(_, flow)| flow).collect();
    /// assert_eq!(flows, [200.0, 150.0]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn suppliers(&self, sector: Id<Sector>) -> Result<Vec<(Id<Sector>, f64)>, Error> {
        self.neighbours(sector, Direction::Incoming)
    }

    /// Whom a sector supplies above the threshold, with the flows, the largest first.
    ///
    /// # Errors
    /// An id of another axis.
    ///
    /// # Complexity
    /// O(d log d) for d customers.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{IoGraph, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let graph = IoGraph::from_table(&table, 0.0)?;
    /// let flows: Vec<f64> = graph.customers(table.sector("1")?)?.into_iter().map(|(_, flow)| flow).collect();
    /// assert_eq!(flows, [500.0, 150.0]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn customers(&self, sector: Id<Sector>) -> Result<Vec<(Id<Sector>, f64)>, Error> {
        self.neighbours(sector, Direction::Outgoing)
    }

    fn neighbours(&self, sector: Id<Sector>, direction: Direction) -> Result<Vec<(Id<Sector>, f64)>, Error> {
        let node = self.nodes[self.sectors.check(sector)?];
        let mut found: Vec<(Id<Sector>, f64)> = self
            .graph
            .edges_directed(node, direction)
            .map(|edge| {
                let other = if direction == Direction::Incoming { edge.source() } else { edge.target() };
                (self.graph[other], *edge.weight())
            })
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Ok(found)
    }

    /// Groups of sectors that all supply each other, directly or not (strongly connected components), in the order
    /// of the condensation: a group comes after all groups that supply it. Members are in axis order.
    ///
    /// # Complexity
    /// O(sectors + flows), by Tarjan's algorithm.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, IoGraph, Technology};
    ///
    /// let sectors = Axis::from_codes(["bread", "flour", "mill"])?;
    /// // The mill grinds flour and is fed with some of it; bread feeds neither.
    /// let inputs = dmatrix![0.0, 0.0, 0.0; 0.5, 0.0, 0.1; 0.0, 0.2, 0.0];
    /// let graph = IoGraph::from_technology(&Technology::from_coefficients(sectors, inputs)?, 0.0)?;
    /// let groups: Vec<Vec<usize>> =
    ///     graph.strong_components().iter().map(|group| group.iter().map(|id| id.index()).collect()).collect();
    /// assert_eq!(groups, [vec![1, 2], vec![0]]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    #[must_use]
    pub fn strong_components(&self) -> Vec<Vec<Id<Sector>>> {
        components(&self.graph)
    }

    /// The graph in DOT, flows as edge labels, to be drawn by Graphviz.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{IoGraph, datasets};
    ///
    /// let dot = IoGraph::from_table(&datasets::miller_blair()?, 150.0)?.to_dot();
    /// assert!(dot.starts_with("digraph {"));
    /// assert!(dot.contains(r#""1" -> "2" [label="500", weight=500];"#));
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    #[must_use]
    pub fn to_dot(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let code = |sector: Id<Sector>| quoted(self.sectors.code(sector));
        let mut dot = String::from("digraph {\n");
        for sector in self.sectors.iter() {
            // Writing to a string cannot fail.
            let _ = writeln!(dot, "  {} [label={}];", code(sector), quoted(self.sectors.name(sector)));
        }
        for edge in self.graph.edge_indices() {
            if let (Some((from, to)), Some(flow)) =
                (self.graph.edge_endpoints(edge), self.graph.edge_weight(edge))
            {
                let (from, to) = (code(self.graph[from]), code(self.graph[to]));
                let _ = writeln!(dot, "  {from} -> {to} [label=\"{flow}\", weight={flow}];");
            }
        }
        dot.push_str("}\n");
        dot
    }

    /// The graph for `petgraph`'s algorithms. Nodes carry our ids; do not keep its indices.
    #[must_use]
    pub fn as_petgraph(&self) -> &StableDiGraph<Id<Sector>, f64> {
        &self.graph
    }
}

fn check_threshold(threshold: f64) -> Result<(), Error> {
    if threshold.is_finite() && threshold >= 0.0 {
        return Ok(());
    }
    Err(Error::invalid(format!("threshold: is {threshold}, must be finite and not negative")))
}

fn components<N: Copy + Ord>(graph: &StableDiGraph<N, f64>) -> Vec<Vec<N>> {
    let mut groups: Vec<Vec<N>> = kosaraju_scc(graph)
        .into_iter()
        .map(|group| {
            let mut members: Vec<N> = group.into_iter().map(|node| graph[node]).collect();
            members.sort_unstable();
            members
        })
        .collect();
    // Customers come before their suppliers. Not Tarjan's algorithm, which recurs as deep as there are sectors.
    groups.reverse();
    groups
}

/// Groups of row-and-column indices connected in both directions by entries of magnitude above `threshold`.
pub(crate) fn strong_components(matrix: &DMatrix<f64>, threshold: f64) -> Vec<Vec<usize>> {
    let mut graph = StableDiGraph::new();
    let nodes: Vec<NodeIndex> = (0..matrix.nrows()).map(|i| graph.add_node(i)).collect();
    for (i, &from) in nodes.iter().enumerate() {
        for (j, &to) in nodes.iter().enumerate() {
            if matrix[(i, j)].abs() > threshold {
                graph.add_edge(from, to, matrix[(i, j)]);
            }
        }
    }
    components(&graph)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A search that recurs would need more stack than a thread has.
    #[test]
    fn a_chain_of_any_length_has_its_groups_in_order() {
        const LENGTH: usize = 200_000;
        let mut graph = StableDiGraph::<usize, f64>::new();
        let nodes: Vec<NodeIndex> = (0..LENGTH).map(|i| graph.add_node(i)).collect();
        for pair in nodes.windows(2) {
            graph.add_edge(pair[0], pair[1], 1.0);
        }
        let groups = components(&graph);
        assert_eq!(groups, (0..LENGTH).map(|i| vec![i]).collect::<Vec<_>>());
    }
}
