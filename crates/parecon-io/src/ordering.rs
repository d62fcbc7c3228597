//! Order among sectors: triangulation and feedback loops.
//!
//! - [`triangulate`] orders sectors from those who sell to all others to those who buy from all others, so that as
//!   much as possible of the flows is above the diagonal: how far is the economy a hierarchy?
//! - [`feedback_loops`] takes a table apart into closed loops, the largest first: how far is it a circle?

use nalgebra::DMatrix;
use parecon_core::Status;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;
use serde::Serialize;

use crate::error::Error;
use crate::serial;

mod assignment;
mod bound;
mod exact;
mod local;
mod loops;

pub use loops::{Cycle, FeedbackLoop, FeedbackLoops, feedback_loops};

/// How much work to put into a triangulation.
///
/// # Example
/// ```
/// use parecon_io::ordering::TriangulationSearch;
///
/// let thorough = TriangulationSearch::new().with_rounds(20_000).with_sweeps(5_000).with_seed(7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriangulationSearch {
    rounds: usize,
    sweeps: usize,
    seed: u64,
}

impl TriangulationSearch {
    /// 1,000 rounds of search, 1,000 sweeps of the bound, seed 0.
    #[must_use]
    pub fn new() -> Self {
        Self { rounds: 1_000, sweeps: 1_000, seed: 0 }
    }

    /// How often the best order found is disturbed and improved again.
    #[must_use]
    pub fn with_rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds;
        self
    }

    /// How often the upper bound is lowered; 0 leaves the sum over pairs of the larger flow.
    #[must_use]
    pub fn with_sweeps(mut self, sweeps: usize) -> Self {
        self.sweeps = sweeps;
        self
    }

    /// Where the random disturbances start; the same seed gives the same order.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

impl Default for TriangulationSearch {
    fn default() -> Self {
        Self::new()
    }
}

/// An order of sectors with much above the diagonal, and how much there can be at most.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Triangulation {
    /// Positions of the sectors in the matrix, the one that mostly sells first.
    pub order: Vec<usize>,
    /// The sum above the diagonal in this order.
    pub above: f64,
    /// No order has more than this above the diagonal.
    pub bound: f64,
    /// The sum off the diagonal.
    pub total: f64,
    /// The degree of linearity, `above / total`: 1 for a hierarchy, near ½ for none. 1 where nothing is off the
    /// diagonal.
    pub linearity: f64,
    /// [`Status::Converged`] when no order is better, to rounding; [`Status::RoundLimit`] when one may be, by up to
    /// [`gap`](Triangulation::gap).
    pub status: Status,
}

impl Triangulation {
    /// By how much the best order may be better, at most.
    #[must_use]
    pub fn gap(&self) -> f64 {
        self.bound - self.above
    }
}

/// Sums of the larger flows and of those above the diagonal are equal to this, relative.
const ROUNDING: f64 = 1e-12;

/// Orders the rows and columns of a matrix so that the sum above the diagonal is as large as possible: the linear
/// ordering problem, triangulation of an input–output table.
///
/// ```text
/// max over orders σ of Σ_{k<l} z_{σ(k) σ(l)}
/// ```
///
/// The matrix is of flows, in the unit of the table, or of coefficients; negative cells are permitted. Only the surplus
/// of one direction over the other matters, `z_ij − z_ji`. Groups of sectors that do not exchange surpluses in a circle
/// are ordered apart, which is exact. Groups of up to 20 are solved exactly by dynamic programming over subsets. In
/// larger ones the order is found by iterated local search, moving single sectors, and the bound by
/// message passing on the circles of three sectors, a Lagrangian relaxation of the linear program over 3-dicycle
/// inequalities. Every sweep of it gives a valid bound; when order and bound meet, the order is proved best, which
/// happens for most tables of some tens of sectors: input–output tables are far from random.
///
/// # Errors
/// A matrix that is empty, not square or not finite.
///
/// # Complexity
/// O(2ᵐ m) for groups of m ≤ 20. Above, O(m²) for a pass of the search, and for the bound O(m³) per 20 sweeps to
/// collect circles and O(circles) per sweep; at most three million circles are held, in about 200 MB.
///
/// # Example
/// ```
/// use parecon_io::ordering::{TriangulationSearch, triangulate};
/// use parecon_io::{Model, datasets};
///
/// let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
/// let found = triangulate(table.flows(), &TriangulationSearch::new())?;
/// // Four fifths of all flows between sectors fit a hierarchy, and this is proved to be the best order.
/// assert_eq!(format!("{:.3}", found.linearity), "0.803");
/// assert!(found.status.is_converged());
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// H. B. Chenery and T. Watanabe, "International comparisons of the structure of production", *Econometrica* 26, 1958;
/// R. Martí and G. Reinelt, *The Linear Ordering Problem*, Springer 2011; for the bound V. Kolmogorov, "A new look at
/// reweighted message passing", *IEEE Transactions on Pattern Analysis and Machine Intelligence* 37, 2015.
pub fn triangulate(matrix: &DMatrix<f64>, search: &TriangulationSearch) -> Result<Triangulation, Error> {
    let n = check_square(matrix)?;
    let mut order = Vec::with_capacity(n);
    // What the larger flow of every pair sums to, less what the orders within groups must give up.
    let mut bound = larger_flows(matrix);
    let (tolerance, whole) = (ROUNDING * matrix.abs().sum(), matrix.iter().all(|cell| cell.fract() == 0.0));
    // Whole numbers leave no room for an order that is better by less than 1.
    let tolerance = if whole && tolerance < 0.5 { 0.5 } else { tolerance };
    let mut proved = true;
    for (g, group) in groups(matrix).into_iter().enumerate() {
        let surplus = DMatrix::from_fn(group.len(), group.len(), |i, j| {
            matrix[(group[i], group[j])] - matrix[(group[j], group[i])]
        });
        let (best, lost) = if group.len() <= exact::LARGEST {
            exact::order(&surplus)
        } else {
            let seed = search.seed.wrapping_add(g as u64);
            let best = local::order(&surplus, search.rounds, seed);
            let missed = local::missed(&surplus, &best);
            let lost = bound::least_loss(&surplus, search.sweeps, missed - tolerance);
            proved &= missed - lost <= tolerance;
            (best, lost.min(missed))
        };
        bound -= lost;
        order.extend(best.into_iter().map(|i| group[i]));
    }
    let above =
        (0..n).map(|k| order[k + 1..].iter().map(|&j| matrix[(order[k], j)]).sum::<f64>()).sum::<f64>();
    let total = matrix.sum() - matrix.trace();
    Ok(Triangulation {
        order,
        above,
        bound: if proved { above } else { bound.max(above) },
        total,
        linearity: if total == 0.0 { 1.0 } else { above / total },
        status: if proved { Status::Converged } else { Status::RoundLimit },
    })
}

fn check_square(matrix: &DMatrix<f64>) -> Result<usize, Error> {
    let n = matrix.nrows();
    if n == 0 {
        return Err(Error::invalid("matrix: is empty, must have at least one row"));
    }
    serial::check_matrix("matrix", matrix, (n, n), |i, j| format!("row {}, column {}", i + 1, j + 1))?;
    if !matrix.abs().sum().is_finite() {
        return Err(Error::invalid("matrix: its sum overflows, use other units"));
    }
    Ok(n)
}

fn larger_flows(matrix: &DMatrix<f64>) -> f64 {
    (0..matrix.ncols()).map(|j| (0..j).map(|i| matrix[(i, j)].max(matrix[(j, i)])).sum::<f64>()).sum::<f64>()
}

/// Groups of sectors that have surpluses in a circle with one another, sellers before buyers.
fn groups(matrix: &DMatrix<f64>) -> Vec<Vec<usize>> {
    let n = matrix.nrows();
    let mut graph = DiGraph::<(), ()>::with_capacity(n, 0);
    let nodes: Vec<_> = (0..n).map(|_| graph.add_node(())).collect();
    for i in 0..n {
        for j in 0..n {
            if matrix[(i, j)] > matrix[(j, i)] {
                graph.add_edge(nodes[i], nodes[j], ());
            }
        }
    }
    // A component comes after all that it leads to.
    let mut groups: Vec<Vec<usize>> = kosaraju_scc(&graph)
        .into_iter()
        .map(|group| group.into_iter().map(|node| node.index()).collect())
        .collect();
    groups.reverse();
    groups.iter_mut().for_each(|group| group.sort_unstable());
    groups
}
