//! Feedback loops: a table as a sum of closed loops.

use nalgebra::DMatrix;
use serde::Serialize;

use super::assignment::Assignments;
use super::check_square;
use crate::error::Error;

/// A table taken apart into closed loops, the largest first.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FeedbackLoops {
    /// The loops, in descending order of flow.
    pub loops: Vec<FeedbackLoop>,
    /// The sum of all cells.
    pub total: f64,
    /// The sum of the cells that are in none of the loops; 0 when all loops were asked for.
    pub remainder: f64,
}

/// A complete feedback loop: every sector sells to one sector and buys from one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FeedbackLoop {
    /// The sum of its cells.
    pub flow: f64,
    /// The circles it consists of, in descending order of flow.
    pub cycles: Vec<Cycle>,
}

/// A closed chain of sectors.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Cycle {
    /// Positions of the sectors in the matrix: each sells to the next one, the last one to the first. One sector alone
    /// sells to itself.
    pub sectors: Vec<usize>,
    /// The sum of its cells.
    pub flow: f64,
}

/// Takes a table apart into feedback loops, hierarchically: the loop with the largest flow first, then the largest one
/// of the cells that are left.
///
/// ```text
/// max over permutations σ of Σ_i z_{i σ(i)},  each cell in one loop only
/// ```
///
/// Every loop is a permutation of the sectors, found as an assignment problem, and consists of one or more circles. All
/// n loops of an n × n table contain every cell exactly once, so their flows sum to that of the table. Flows
/// within a sector are circles of one. Negative cells are permitted.
///
/// # Errors
/// A matrix that is empty, not square or not finite.
///
/// # Complexity
/// O(n³) for the first loop and at most for each further one; `most_loops` limits their number.
///
/// # Example
/// ```
/// use nalgebra::dmatrix;
/// use parecon_io::ordering::feedback_loops;
///
/// let flows = dmatrix![1.0, 9.0, 2.0; 3.0, 1.0, 8.0; 7.0, 2.0, 1.0];
/// let found = feedback_loops(&flows, 3)?;
/// assert_eq!(found.loops[0].flow, 24.0);
/// assert_eq!(found.loops[0].cycles[0].sectors, [0, 1, 2]);
/// assert_eq!(found.loops.iter().map(|l| l.flow).sum::<f64>(), found.total);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// M. Sonis, J. Oosterhaven and G. J. D. Hewings, "Spatial economic structure and structural changes in the EC: feedback
/// loop input–output analysis", *Economic Systems Research* 5, 1993; R. Jonker and A. Volgenant, "A shortest augmenting
/// path algorithm for dense and sparse linear assignment problems", *Computing* 38, 1987.
pub fn feedback_loops(matrix: &DMatrix<f64>, most_loops: usize) -> Result<FeedbackLoops, Error> {
    let n = check_square(matrix)?;
    let mut assignments = Assignments::new(matrix);
    let mut taken = DMatrix::from_element(n, n, false);
    let mut loops = Vec::new();
    while loops.len() < most_loops.min(n) {
        let Some(columns) = assignments.next() else { break };
        columns.iter().enumerate().for_each(|(i, &j)| taken[(i, j)] = true);
        loops.push(closed(matrix, &columns));
    }
    let rest = matrix.iter().zip(&taken).filter(|(_, taken)| !**taken);
    Ok(FeedbackLoops { loops, total: matrix.sum(), remainder: rest.map(|(cell, _)| *cell).sum() })
}

/// The circles of a permutation.
fn closed(matrix: &DMatrix<f64>, columns: &[usize]) -> FeedbackLoop {
    let mut seen = vec![false; columns.len()];
    let mut cycles = Vec::new();
    for start in 0..columns.len() {
        let (mut sectors, mut flow, mut at) = (Vec::new(), 0.0, start);
        while !std::mem::replace(&mut seen[at], true) {
            sectors.push(at);
            flow += matrix[(at, columns[at])];
            at = columns[at];
        }
        if !sectors.is_empty() {
            cycles.push(Cycle { sectors, flow });
        }
    }
    cycles.sort_by(|a, b| b.flow.total_cmp(&a.flow));
    FeedbackLoop { flow: cycles.iter().map(|cycle| cycle.flow).sum(), cycles }
}
