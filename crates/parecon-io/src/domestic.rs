//! An economy without trade between its regions: solved region by region, and close to the whole one.

use nalgebra::DMatrix;

use crate::factor::{Factor, Side, System};
use crate::inputs::Inputs;
use crate::product::{self, Block};

/// Cells of all regions' own blocks at most, as a share of all cells: beyond, they cost more than they save.
const LARGEST_SHARE: f64 = 0.25;

/// The inverse of I − A for every region, what it buys from the others left out.
///
/// Most purchases are domestic, so that these inverses together are near (I − A)⁻¹: what is left to the iteration is
/// trade.
#[derive(Debug)]
pub(crate) struct Domestic {
    /// Each region's sectors and inverse.
    regions: Vec<(Vec<usize>, DMatrix<f64>)>,
}

impl Domestic {
    /// Inverts every region's own block; `None` where regions are too few for that to be cheap, or where a region
    /// cannot be solved by itself.
    pub(crate) fn new(inputs: &Inputs, members: &[Vec<usize>]) -> Option<Self> {
        let all: usize = members.iter().map(Vec::len).sum();
        let own: usize = members.iter().map(|sectors| sectors.len() * sectors.len()).sum();
        if all == 0 || own as f64 > LARGEST_SHARE * (all * all) as f64 {
            return None;
        }
        let invert = |sectors: &&Vec<usize>| {
            let mut block = DMatrix::identity(sectors.len(), sectors.len());
            for (c, &j) in sectors.iter().enumerate() {
                let (cells, divisor) = inputs.column(j);
                for (r, &i) in sectors.iter().enumerate() {
                    block[(r, c)] -= cells[i] / divisor;
                }
            }
            let system = System::Plain(&block);
            let inverse = Factor::new(system, |_| String::new())
                .and_then(|f| f.into_inverse(system, |_| String::new()));
            Some((sectors.to_vec(), inverse.ok()?))
        };
        let members: Vec<&Vec<usize>> = members.iter().filter(|sectors| !sectors.is_empty()).collect();
        Some(Self { regions: each(&members, invert)? })
    }

    /// The solutions of (I − A) X = B, or of the transposed system, without trade.
    pub(crate) fn solve(&self, side: Side, rhs: &DMatrix<f64>) -> DMatrix<f64> {
        let mut solutions = DMatrix::zeros(rhs.nrows(), rhs.ncols());
        for (sectors, inverse) in &self.regions {
            let right = rhs.select_rows(sectors);
            let mut solution = DMatrix::zeros(sectors.len(), rhs.ncols());
            let block = Block::new(inverse.as_slice(), sectors.len(), 0..sectors.len(), 0..sectors.len());
            match side {
                Side::Straight => product::add_straight(block, right.as_slice(), solution.as_mut_slice()),
                Side::Transposed => product::transposed(block, right.as_slice(), solution.as_mut_slice()),
            }
            for (r, &i) in sectors.iter().enumerate() {
                solutions.set_row(i, &solution.row(r));
            }
        }
        solutions
    }
}

#[cfg(feature = "parallel")]
fn each<T: Sync, U: Send>(all: &[T], one: impl Fn(&T) -> Option<U> + Send + Sync) -> Option<Vec<U>> {
    use rayon::prelude::*;

    all.par_iter().map(one).collect()
}

#[cfg(not(feature = "parallel"))]
fn each<T, U>(all: &[T], one: impl Fn(&T) -> Option<U>) -> Option<Vec<U>> {
    all.iter().map(one).collect()
}
