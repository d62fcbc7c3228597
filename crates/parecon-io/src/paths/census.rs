//! How many structural paths explain how much.

use nalgebra::DVector;
use parecon_core::Status;
use serde::Serialize;

use super::alternatives::{Alternatives, END};
use super::search::PathSearch;
use super::{Chains, Sum};
use crate::error::Error;
use crate::technology::Technology;

/// All paths of at least a certain value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CensusPoint {
    /// The least absolute value counted, as a share of the total (of [`PathCensus::gross`]).
    pub threshold: f64,
    /// The number of paths of at least that value.
    pub paths: usize,
    /// The sum over these paths.
    pub explained: f64,
    /// The sum over all other paths.
    pub remainder: f64,
    /// The absolute values counted as a share of the total.
    pub coverage: f64,
}

/// How many structural paths explain how much of a footprint, for falling thresholds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PathCensus {
    /// The sum over all paths there are, f'L y.
    pub total: f64,
    /// The sum of their absolute values.
    pub gross: f64,
    /// One point per threshold, each a quarter of the one before.
    pub points: Vec<CensusPoint>,
    /// [`Status::Converged`] when the coverage or the threshold of the search was met or all paths are counted,
    /// [`Status::RoundLimit`] when the next point would have more paths than permitted.
    pub status: Status,
}

impl Technology {
    /// Counts the structural paths above falling thresholds, without keeping them.
    ///
    /// The same paths as [`Technology::paths`] finds, in no order and therefore many times as fast: tens of millions a
    /// second. It answers whether a list of paths can explain a footprint at all. In the World Input–Output Table of
    /// 2011 (1,435 sectors) 90 % of the value added in German cars takes 1.1 million paths, 95.6 % takes 130 million, and
    /// 99 % is out of reach; [`Technology::production_layers`] is then the better account of the whole: nine tiers
    /// contain 99 %, and what is beyond them is exact. [`Layers::without`](super::Layers::without) takes the paths out.
    ///
    /// # Errors
    /// As [`Technology::paths`].
    ///
    /// # Complexity
    /// O(n²) after the first question, and O(1) for each path, since every chain begun ends in one counted. Memory for
    /// the visited sectors' sorted suppliers, not for paths. The last point takes most of the time. Limits count as in
    /// [`Technology::paths`]; a point that would exceed the number of paths is not given.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::paths::PathSearch;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// let search = PathSearch::new().with_coverage(0.999)?;
    /// let census = technology.path_census(&dvector![0.65, 0.70], &dvector![350.0, 1700.0], &search)?;
    /// // One path makes up a quarter of the total or more: what manufacturing adds to its own final product.
    /// assert_eq!((census.points[0].paths, census.points[0].explained.round()), (1, 1190.0));
    /// assert!(census.points.last().is_some_and(|last| last.coverage >= 0.999));
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// As [`Technology::paths`].
    pub fn path_census(
        &self,
        intensities: &DVector<f64>,
        final_demand: &DVector<f64>,
        search: &PathSearch,
    ) -> Result<PathCensus, Error> {
        let chains = Chains::new(self, intensities, final_demand, search.max_tier)?;
        let Chains { total, gross, .. } = chains;
        let mut alternatives = Alternatives::new(&chains, search.max_tier);
        let (mut points, mut status) = (Vec::new(), Status::Converged);
        if gross == 0.0 {
            return Ok(PathCensus { total, gross, points, status });
        }
        let least = search.least(gross) / gross;
        let mut threshold: f64 = 0.25;
        loop {
            threshold = threshold.max(least);
            let Some(count) = count(&mut alternatives, threshold * gross, search) else {
                status = Status::RoundLimit;
                break;
            };
            let coverage = (count.covered.value() / gross).min(1.0);
            let explained = count.explained.value();
            let remainder = total - explained;
            points.push(CensusPoint { threshold, paths: count.paths, explained, remainder, coverage });
            if coverage >= search.coverage || threshold <= least || !count.pruned {
                break;
            }
            threshold /= 4.0;
        }
        Ok(PathCensus { total, gross, points, status })
    }
}

#[derive(Default)]
struct Count {
    paths: usize,
    explained: Sum,
    covered: Sum,
    /// Whether a chain was left out because of the threshold.
    pruned: bool,
}

/// A chain on the way, and which alternative of it comes next.
struct Step {
    quantity: f64,
    sector: u32,
    rank: u32,
}

/// Walks depth first through all chains of at least this value; `None` when they are more than permitted.
fn count(alternatives: &mut Alternatives<'_>, threshold: f64, search: &PathSearch) -> Option<Count> {
    let mut count = Count::default();
    let mut steps = vec![Step { quantity: 1.0, sector: alternatives.root(), rank: 0 }];
    while let Some(depth) = steps.len().checked_sub(1) {
        let Step { quantity, sector, rank } = &mut steps[depth];
        // Final demand is the first step, its alternatives are the chains of tier 0.
        let tier = depth.saturating_sub(1);
        let (quantity, found) = (*quantity, alternatives.get(*sector, tier, *rank as usize));
        *rank += 1;
        match found {
            Some(next) if next.reach * quantity.abs() >= threshold => {
                let quantity = quantity * next.factor;
                if next.to == END {
                    count.paths += 1;
                    count.explained.add(quantity);
                    count.covered.add(quantity.abs());
                    if count.paths > search.max_paths {
                        return None;
                    }
                } else {
                    steps.push(Step { quantity, sector: next.to, rank: 0 });
                }
            }
            left_out => {
                count.pruned |= left_out.is_some();
                steps.pop();
            }
        }
    }
    Some(count)
}
