//! The shape of the graph: condensation, dominators, articulation points, thresholds.

use petgraph::algo::articulation_points::articulation_points;
use petgraph::algo::dominators::simple_fast;
use petgraph::graph::UnGraph;
use petgraph::stable_graph::NodeIndex;
use petgraph::visit::{EdgeRef, IntoEdgeReferences};
use serde::Serialize;

use crate::axis::{Id, Sector};
use crate::error::Error;
use crate::graph::{IoGraph, components};

/// The groups of sectors that need each other, and the flows between the groups.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Condensation {
    /// Groups in the order of supply: each after all groups that supply it. Members in axis order.
    pub groups: Vec<Vec<Id<Sector>>>,
    /// The flows between groups, by supplier, then customer. Without loops, because of the order: suppliers come first.
    pub links: Vec<GroupLink>,
}

/// All that one group supplies to another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GroupLink {
    /// Position of the supplying group.
    pub supplier: usize,
    /// Position of the supplied group, behind the supplier's.
    pub customer: usize,
    /// The sum of the flows.
    pub flow: f64,
}

/// Who stands between a supplier and everyone it reaches.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Dominators {
    /// The supplier.
    pub root: Id<Sector>,
    /// For every sector the last one through which all chains from the root to it pass, by axis; none for the root
    /// itself and for sectors that it does not reach.
    pub immediate: Vec<Option<Id<Sector>>>,
    /// The sectors that the root reaches, itself included, in axis order.
    pub reached: Vec<Id<Sector>>,
}

impl Dominators {
    /// Through whom every chain from the root to a sector passes, in this order: the root first, the sector last.
    /// Empty if the root does not reach it.
    #[must_use]
    pub fn chain(&self, sector: Id<Sector>) -> Vec<Id<Sector>> {
        let mut chain = vec![sector];
        let mut last = sector;
        while let Some(before) = self.immediate.get(last.index()).copied().flatten() {
            chain.push(before);
            last = before;
        }
        if last != self.root {
            return Vec::new();
        }
        chain.reverse();
        chain
    }

    /// Who gets nothing from the root any more if a sector goes, itself not counted, in axis order.
    #[must_use]
    pub fn dependents(&self, sector: Id<Sector>) -> Vec<Id<Sector>> {
        let below =
            |reached: &Id<Sector>| self.chain(*reached).iter().rev().skip(1).any(|other| *other == sector);
        self.reached.iter().copied().filter(below).collect()
    }
}

impl IoGraph {
    /// The groups of [`strong_components`](IoGraph::strong_components) and what they supply to each other.
    ///
    /// # Complexity
    /// O(sectors + flows), and sorting the links.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, IoGraph, Technology};
    ///
    /// let sectors = Axis::from_codes(["bread", "flour", "mill"])?;
    /// let inputs = dmatrix![0.0, 0.0, 0.0; 0.5, 0.0, 0.1; 0.0, 0.2, 0.0];
    /// let graph = IoGraph::from_technology(&Technology::from_coefficients(sectors, inputs)?, 0.0)?;
    /// let condensation = graph.condensation();
    /// assert_eq!(condensation.groups.len(), 2);
    /// let link = condensation.links[0];
    /// assert_eq!((link.supplier, link.customer, link.flow), (0, 1, 0.5));
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    #[must_use]
    pub fn condensation(&self) -> Condensation {
        let groups = components(&self.graph);
        let mut group_of = vec![0; self.sectors.len()];
        for (position, group) in groups.iter().enumerate() {
            group.iter().for_each(|sector| group_of[sector.index()] = position);
        }
        let mut between: Vec<(usize, usize, f64)> = self
            .flows()
            .map(|(from, to, flow)| (group_of[from.index()], group_of[to.index()], flow))
            .filter(|(supplier, customer, _)| supplier != customer)
            .collect();
        // Stable: sums are taken in the same order always.
        between.sort_by_key(|&(supplier, customer, _)| (supplier, customer));
        let mut links: Vec<GroupLink> = Vec::new();
        for (supplier, customer, flow) in between {
            match links.last_mut() {
                Some(last) if (last.supplier, last.customer) == (supplier, customer) => last.flow += flow,
                _ => links.push(GroupLink { supplier, customer, flow }),
            }
        }
        Condensation { groups, links }
    }

    /// The dominators of the graph as seen from a supplier: whom nobody can go round.
    ///
    /// # Errors
    /// An id of another axis.
    ///
    /// # Complexity
    /// O(sectors²) at worst, near O(flows) in practice.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, IoGraph, Technology};
    ///
    /// // Ore goes to steel; steel to machines and cars; machines to cars.
    /// let sectors = Axis::from_codes(["ore", "steel", "machines", "cars"])?;
    /// let inputs = dmatrix![
    ///     0.0, 0.3, 0.0, 0.0; 0.0, 0.0, 0.4, 0.2; 0.0, 0.0, 0.0, 0.1; 0.0, 0.0, 0.0, 0.0
    /// ];
    /// let technology = Technology::from_coefficients(sectors.clone(), inputs)?;
    /// let from_ore = IoGraph::from_technology(&technology, 0.0)?.dominators(sectors.id("ore")?)?;
    /// let codes = |ids: Vec<_>| ids.into_iter().map(|id| sectors.code(id).to_owned()).collect::<Vec<_>>();
    /// assert_eq!(codes(from_ore.chain(sectors.id("cars")?)), ["ore", "steel", "cars"]);
    /// assert_eq!(codes(from_ore.dependents(sectors.id("steel")?)), ["machines", "cars"]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// K. D. Cooper, T. J. Harvey and K. Kennedy, "A simple, fast dominance algorithm", 2001.
    pub fn dominators(&self, root: Id<Sector>) -> Result<Dominators, Error> {
        let start = self.nodes[self.sectors.check(root)?];
        let found = simple_fast(&self.graph, start);
        let immediate: Vec<Option<Id<Sector>>> = self
            .nodes
            .iter()
            .map(|&node| found.immediate_dominator(node).map(|before| self.graph[before]))
            .collect();
        let reached = self
            .sectors
            .iter()
            .filter(|&sector| sector == root || immediate[sector.index()].is_some())
            .collect();
        Ok(Dominators { root, immediate, reached })
    }

    /// The sectors without any of which the graph, its directions ignored, would fall into more pieces: the only
    /// link between parts of the economy. In axis order.
    ///
    /// # Complexity
    /// O(sectors + flows).
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, IoGraph, Technology};
    ///
    /// let sectors = Axis::from_codes(["coal", "power", "trams"])?;
    /// let inputs = dmatrix![0.0, 0.4, 0.0; 0.1, 0.0, 0.3; 0.0, 0.0, 0.0];
    /// let graph = IoGraph::from_technology(&Technology::from_coefficients(sectors.clone(), inputs)?, 0.0)?;
    /// assert_eq!(graph.articulation_points(), [sectors.id("power")?]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    #[must_use]
    pub fn articulation_points(&self) -> Vec<Id<Sector>> {
        let mut undirected: UnGraph<Id<Sector>, ()> = UnGraph::default();
        let nodes: Vec<NodeIndex> = self.sectors.iter().map(|sector| undirected.add_node(sector)).collect();
        for (from, to, _) in self.flows().filter(|(from, to, _)| from != to) {
            undirected.update_edge(nodes[from.index()], nodes[to.index()], ());
        }
        let mut points: Vec<Id<Sector>> =
            articulation_points(&undirected).into_iter().map(|node| undirected[node]).collect();
        points.sort_unstable();
        points
    }

    /// The graph with only the flows greater than a threshold.
    ///
    /// # Errors
    /// A threshold that is negative or not finite.
    ///
    /// # Complexity
    /// O(sectors + flows).
    ///
    /// # Example
    /// ```
    /// use parecon_io::{IoGraph, datasets};
    ///
    /// let graph = IoGraph::from_table(&datasets::miller_blair()?, 0.0)?;
    /// assert_eq!((graph.flow_count(), graph.above(150.0)?.flow_count()), (4, 2));
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn above(&self, threshold: f64) -> Result<Self, Error> {
        super::check_threshold(threshold)?;
        let mut graph = self.graph.clone();
        graph.retain_edges(|graph, edge| graph.edge_weight(edge).is_some_and(|flow| *flow > threshold));
        Ok(Self { sectors: self.sectors.clone(), graph, nodes: self.nodes.clone() })
    }

    /// The graph with only its greatest flows, as many as it takes to cover a share of all: the backbone. Flows as great
    /// as the least of them stay too.
    ///
    /// # Errors
    /// A share outside [0, 1].
    ///
    /// # Complexity
    /// O(flows log flows).
    ///
    /// # Example
    /// ```
    /// use parecon_io::{IoGraph, Model, datasets};
    ///
    /// let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    /// let all = IoGraph::from_table(&table, 0.0)?;
    /// // Half of all that industries sell each other is in one flow of thirty.
    /// assert!(all.covering(0.5)?.flow_count() < all.flow_count() / 30);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn covering(&self, share: f64) -> Result<Self, Error> {
        if !(0.0..=1.0).contains(&share) {
            return Err(Error::invalid(format!("share of flows: is {share}, must be between 0 and 1")));
        }
        let mut flows: Vec<f64> = self.flows().map(|(.., flow)| flow).collect();
        flows.sort_by(|a, b| b.total_cmp(a));
        let wanted = share * flows.iter().sum::<f64>();
        let mut covered = 0.0;
        let least = flows.into_iter().find(|flow| {
            covered += flow;
            covered >= wanted
        });
        let mut graph = self.graph.clone();
        let least = if share == 0.0 { f64::INFINITY } else { least.unwrap_or(0.0) };
        graph.retain_edges(|graph, edge| graph.edge_weight(edge).is_some_and(|flow| *flow >= least));
        Ok(Self { sectors: self.sectors.clone(), graph, nodes: self.nodes.clone() })
    }

    /// All flows as supplier, customer and amount, in the order of suppliers, then customers.
    pub fn flows(&self) -> impl Iterator<Item = (Id<Sector>, Id<Sector>, f64)> + '_ {
        self.graph
            .edge_references()
            .map(|edge| (self.graph[edge.source()], self.graph[edge.target()], *edge.weight()))
    }
}
