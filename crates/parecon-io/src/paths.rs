//! Chains: structural paths, average propagation lengths, upstreamness and downstreamness.
//!
//! A final product is made by its sector, which buys from suppliers, who buy from theirs. Written out, the footprint
//! is a sum over all such chains,
//!
//! ```text
//! f'x = f'y + f'A y + f'A²y + …          tiers: f'Aᵗy
//!     = Σ f_s a_s,t … a_j,k a_k,r y_r    structural paths: one product per chain r ← k ← j ← … ← t ← s
//! ```
//!
//! | question | answer |
//! |---|---|
//! | Which single chains contribute most? | [`Technology::paths`] |
//! | How many chains explain how much? | [`Technology::path_census`] |
//! | At what distance from the final product, in which sector? | [`Technology::production_layers`] |
//! | How many steps from one sector to another? | [`Technology::average_propagation_lengths`] |
//! | How far from final use, how far from primary inputs? | [`Technology::upstreamness`], [`Technology::downstreamness`] |

use nalgebra::{DMatrix, DVector};

use crate::error::Error;
use crate::technology::Technology;

mod alternatives;
mod census;
mod distance;
mod layers;
mod search;

pub use census::{CensusPoint, PathCensus};
pub use layers::Layers;
pub use search::{Path, PathSearch, Paths};

/// A stressor per unit of output, final demand, and what they need of the technology for a walk along its chains.
struct Chains<'a> {
    coefficients: &'a DMatrix<f64>,
    intensities: &'a DVector<f64>,
    final_demand: &'a DVector<f64>,
    /// Total intensities m = L'f.
    content: DVector<f64>,
    /// The greatest absolute value that a unit of output has on any one chain from it: of no supplier more, of up to one
    /// more, and so on. The last one is for all that are longer.
    reach: Vec<DVector<f64>>,
    /// The sum of the values of all chains.
    total: f64,
    /// The sum of their absolute values.
    gross: f64,
}

impl<'a> Chains<'a> {
    fn new(
        technology: &'a Technology,
        intensities: &'a DVector<f64>,
        final_demand: &'a DVector<f64>,
        max_tier: usize,
    ) -> Result<Self, Error> {
        check_vectors(technology, intensities, final_demand)?;
        let sizes = productive_sizes(technology)?;
        let content = technology.prices(intensities)?;
        let absolute = intensities.abs();
        let total = content.dot(final_demand);
        let gross = sizes.prices(&absolute)?.dot(&final_demand.abs());
        if !gross.is_finite() {
            return Err(Error::invalid("footprint: overflows, use other units"));
        }
        let reach = reach(sizes.coefficients(), absolute, max_tier);
        let coefficients = technology.coefficients();
        Ok(Self { coefficients, intensities, final_demand, content, reach, total, gross })
    }
}

fn check_vectors(
    technology: &Technology,
    intensities: &DVector<f64>,
    final_demand: &DVector<f64>,
) -> Result<(), Error> {
    technology.sectors().check_vector("intensities", intensities)?;
    technology.sectors().check_vector("final demand", final_demand)
}

/// The technology of the absolute coefficients, for which the sum over all chains must converge.
fn productive_sizes(technology: &Technology) -> Result<Technology, Error> {
    let coefficients = technology.coefficients();
    let sizes = if coefficients.iter().all(|cell| *cell >= 0.0) {
        technology.clone()
    } else {
        Technology::from_coefficients(technology.sectors().clone(), coefficients.abs())?
    };
    // For A ≥ 0, m = 1 + A'm with m > 0 has A'm < m: a proof that the spectral radius of A is below 1.
    let multipliers = sizes.output_multipliers()?;
    match multipliers.iter().position(|multiplier| multiplier.is_nan() || *multiplier <= 0.0) {
        None => Ok(sizes),
        Some(i) => Err(Error::invalid(format!(
            "{}: the chains behind it do not die out, the spectral radius of |A| must be below 1",
            sizes.sectors().describe(i)
        ))),
    }
}

/// The best single chains per unit of output, `g₀ = f` and `gₜ = max(f, max_j a_ji gₜ₋₁,j)`, until they stay the same.
///
/// A chain that comes back to a sector is worth less than without the detour, so this ends within n steps; in most
/// tables it takes a few.
fn reach(coefficients: &DMatrix<f64>, intensities: DVector<f64>, max_tier: usize) -> Vec<DVector<f64>> {
    let n = intensities.len();
    let mut reach = vec![intensities];
    while reach.len() <= max_tier.min(n) {
        let shorter = &reach[reach.len() - 1];
        let next = DVector::from_fn(n, |i, _| {
            let column = coefficients.column(i);
            column.iter().zip(shorter).map(|(cell, reach)| cell * reach).fold(reach[0][i], f64::max)
        });
        if next == *shorter {
            break;
        }
        reach.push(next);
    }
    reach
}

/// Adds up without losing the low digits of many small terms (Neumaier 1974).
#[derive(Clone, Copy, Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        self.lost +=
            if self.sum.abs() >= term.abs() { (self.sum - sum) + term } else { (term - sum) + self.sum };
        self.sum = sum;
    }

    fn value(self) -> f64 {
        self.sum + self.lost
    }
}
