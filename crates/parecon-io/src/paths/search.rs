//! Structural path analysis: the chains in descending order of what they contribute.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use nalgebra::DVector;
use parecon_core::Status;
use serde::Serialize;

use super::alternatives::{Alternatives, END};
use super::{Chains, Sum};
use crate::axis::{Axis, Id, Sector};
use crate::error::Error;
use crate::technology::Technology;

/// How far to search for structural paths: whatever limit is met first ends the search.
///
/// # Example
/// ```
/// use parecon_io::paths::PathSearch;
///
/// let search = PathSearch::new().with_coverage(0.95)?.with_max_paths(1_000);
/// assert!(search.with_coverage(1.5).is_err());
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PathSearch {
    pub(super) coverage: f64,
    pub(super) threshold: f64,
    pub(super) max_paths: usize,
    pub(super) max_tier: usize,
}

impl PathSearch {
    /// Up to 10,000 paths, whatever they cover and however long they are.
    #[must_use]
    pub fn new() -> Self {
        Self { coverage: 1.0, threshold: 0.0, max_paths: 10_000, max_tier: usize::MAX }
    }

    /// Ends the search when this share of the total is explained.
    ///
    /// # Errors
    /// A share outside 0 to 1.
    pub fn with_coverage(mut self, share: f64) -> Result<Self, Error> {
        self.coverage = check_share("coverage", share)?;
        Ok(self)
    }

    /// Leaves out paths that contribute less than this share of the total.
    ///
    /// # Errors
    /// A share outside 0 to 1.
    pub fn with_threshold(mut self, share: f64) -> Result<Self, Error> {
        self.threshold = check_share("threshold", share)?;
        Ok(self)
    }

    /// Ends the search after so many paths.
    #[must_use]
    pub fn with_max_paths(mut self, paths: usize) -> Self {
        self.max_paths = paths;
        self
    }

    /// Leaves out paths that go through more tiers of suppliers; 0 leaves only the final producers.
    #[must_use]
    pub fn with_max_tier(mut self, tier: usize) -> Self {
        self.max_tier = tier;
        self
    }

    /// The least absolute value to be looked for. What is too small to have all its digits is nothing: an endless loop
    /// would be followed down to there otherwise.
    pub(super) fn least(&self, gross: f64) -> f64 {
        (self.threshold * gross).max(f64::MIN_POSITIVE)
    }
}

impl Default for PathSearch {
    fn default() -> Self {
        Self::new()
    }
}

fn check_share(what: &str, share: f64) -> Result<f64, Error> {
    if (0.0..=1.0).contains(&share) {
        return Ok(share);
    }
    Err(Error::invalid(format!("{what}: is {share}, must be a share from 0 to 1")))
}

/// One chain of deliveries and what is caused at its end.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Path {
    /// From the producer of the final product to the supplier at the end, where the stressor is caused.
    pub sectors: Vec<Id<Sector>>,
    /// What the last sector causes for this chain: `f_s a_st … a_kr y_r`.
    pub value: f64,
    /// What is caused for this chain by the last sector and all suppliers behind it: `m_s a_st … a_kr y_r`.
    pub subtree: f64,
    /// The value as a share of the total (of [`Paths::gross`]).
    pub share: f64,
}

impl Path {
    /// How many deliveries the end is away from the final product; 0 for the producer itself.
    #[must_use]
    pub fn tier(&self) -> usize {
        self.sectors.len() - 1
    }

    /// The codes along the chain, `cars ← steel ← coal`; `?` for a sector that is not on the axis given.
    #[must_use]
    pub fn describe(&self, sectors: &Axis<Sector>) -> String {
        let code = |sector: &Id<Sector>| sectors.at(sector.index()).map_or("?", |known| sectors.code(known));
        let codes: Vec<&str> = self.sectors.iter().map(code).collect();
        codes.join(" ← ")
    }
}

/// The structural paths that contribute most, and exactly what the others do.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Paths {
    /// The paths, in descending order of absolute value.
    pub paths: Vec<Path>,
    /// The sum over all paths there are, f'L y.
    pub total: f64,
    /// The sum of the absolute values of all paths; the total itself where nothing is negative.
    pub gross: f64,
    /// The sum over the paths found.
    pub explained: f64,
    /// The sum over all other paths: exactly the total less what is explained.
    pub remainder: f64,
    /// The absolute values found as a share of `gross`; 1 where there is nothing to explain.
    pub coverage: f64,
    /// No path left out has a greater absolute value; of longer paths than permitted nothing is said.
    pub bound: f64,
    /// [`Status::Converged`] when the coverage or the threshold was met or no path is left,
    /// [`Status::RoundLimit`] when the number of paths was.
    pub status: Status,
}

/// A chain that has been begun.
struct Node {
    /// What a unit of final demand takes of its last sector along this chain, times that demand.
    quantity: f64,
    sector: u32,
    parent: u32,
    tier: u32,
}

/// The next alternative of a chain that is still to be looked at.
struct Open {
    bound: f64,
    node: u32,
    rank: u32,
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = self.bound.total_cmp(&other.bound);
        order.then(other.node.cmp(&self.node)).then(other.rank.cmp(&self.rank))
    }
}
impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Open {}

impl Technology {
    /// Structural path analysis: the chains behind final demand that contribute most to a footprint, in descending
    /// order.
    ///
    /// ```text
    /// f'L y = Σ f_s a_s,t … a_k,r y_r        over all chains r ← k ← … ← t ← s
    /// ```
    ///
    /// f are intensities per unit of output (sector), y final demand (sector). The search is best-first on the exact
    /// value of the best single chain behind every sector, so that every chain begun ends in one that is
    /// reported, and it knows at any moment what is missing: the total is known from one transposed solve.
    /// Negative coefficients, intensities and demands are permitted as long as the absolute values still add up.
    ///
    /// The paths of a dense table are many: see [`Technology::path_census`] for how many explain how much, and
    /// [`Layers::without`](super::Layers::without) for the rest by tier and sector.
    ///
    /// # Errors
    /// Vectors of another length or not finite; a singular I − A; a technology whose absolute coefficients have a
    /// spectral radius of 1 or more, so that the chains do not die out.
    ///
    /// # Complexity
    /// O(n²) after the first question, and O(log p) for each of p paths. Suppliers are sorted for visited sectors
    /// and as far as needed. Memory about 150 bytes per path.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::paths::PathSearch;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// // Value added in a unit of the second sector's product: 0.7 by itself, 0.25 · 0.65 by its direct supplier.
    /// let search = PathSearch::new().with_coverage(0.9)?;
    /// let found = technology.paths(&dvector![0.65, 0.70], &dvector![0.0, 1.0], &search)?;
    /// assert_eq!(found.paths[1].describe(technology.sectors()), "2 ← 1");
    /// assert!((found.paths[1].value - 0.25 * 0.65).abs() < 1e-15);
    /// assert!(found.coverage >= 0.9 && (found.explained + found.remainder - 1.0).abs() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// J. Defourny and E. Thorbecke, "Structural path analysis and multiplier decomposition within a social
    /// accounting matrix framework", *The Economic Journal* 94, 1984; M. Lenzen, "A guide for compiling inventories
    /// in hybrid life-cycle assessments", *Journal of Cleaner Production* 10, 2002.
    pub fn paths(
        &self,
        intensities: &DVector<f64>,
        final_demand: &DVector<f64>,
        search: &PathSearch,
    ) -> Result<Paths, Error> {
        let chains = Chains::new(self, intensities, final_demand, search.max_tier)?;
        Ok(Walk::new(&chains, search.max_tier).run(self.sectors(), search))
    }
}

/// The state of a search.
struct Walk<'a> {
    chains: &'a Chains<'a>,
    alternatives: Alternatives<'a>,
    nodes: Vec<Node>,
    open: BinaryHeap<Open>,
}

impl<'a> Walk<'a> {
    fn new(chains: &'a Chains<'a>, max_tier: usize) -> Self {
        let alternatives = Alternatives::new(chains, max_tier);
        // Final demand itself is the first chain; what it takes of sectors is tier 0.
        let root = Node { quantity: 1.0, sector: alternatives.root(), parent: 0, tier: 0 };
        Self { chains, alternatives, nodes: vec![root], open: BinaryHeap::new() }
    }

    fn run(mut self, sectors: &Axis<Sector>, search: &PathSearch) -> Paths {
        let Chains { total, gross, .. } = *self.chains;
        let (mut explained, mut covered) = (Sum::default(), Sum::default());
        let mut paths = Vec::new();
        let mut status = Status::Converged;
        let threshold = search.least(gross);
        let mut next = self.alternative(0, 0);
        while let Some(Open { bound, node, rank }) = next {
            let enough = search.coverage < 1.0 && covered.value() >= search.coverage * gross;
            if enough || bound < threshold {
                break;
            }
            if paths.len() >= search.max_paths || self.nodes.len() >= u32::MAX as usize {
                status = Status::RoundLimit;
                break;
            }
            let further = match self.end(node, rank) {
                Some(value) => {
                    explained.add(value);
                    covered.add(value.abs());
                    paths.push(self.path(sectors, node, value));
                    None
                }
                None => self.extend(node, rank),
            };
            next = self.best(further, node, rank);
        }
        let explained = explained.value();
        Paths {
            total,
            gross,
            explained,
            remainder: total - explained,
            coverage: if gross > 0.0 { (covered.value() / gross).min(1.0) } else { 1.0 },
            bound: next.map_or(0.0, |open| open.bound),
            paths,
            status,
        }
    }

    /// A way to go on from a chain, if it has so many.
    fn alternative(&mut self, node: u32, rank: u32) -> Option<Open> {
        let Node { quantity, sector, tier, .. } = self.nodes[node as usize];
        let alternative = self.alternatives.get(sector, tier as usize, rank as usize)?;
        Some(Open { bound: quantity.abs() * alternative.reach, node, rank })
    }

    /// The value of a chain if this alternative is to end it.
    fn end(&mut self, node: u32, rank: u32) -> Option<f64> {
        let Node { quantity, sector, tier, .. } = self.nodes[node as usize];
        let alternative = self.alternatives.get(sector, tier as usize, rank as usize)?;
        (alternative.to == END).then_some(quantity * alternative.factor)
    }

    /// Begins the chain that is longer by one supplier, and gives the best way to go on with it.
    fn extend(&mut self, node: u32, rank: u32) -> Option<Open> {
        let Node { quantity, sector, tier, .. } = self.nodes[node as usize];
        let alternative = self.alternatives.get(sector, tier as usize, rank as usize)?;
        let child = self.nodes.len() as u32;
        self.nodes.push(Node {
            quantity: quantity * alternative.factor,
            sector: alternative.to,
            parent: node,
            tier: if node == 0 { 0 } else { tier + 1 },
        });
        self.alternative(child, 0)
    }

    /// The best of all that is open: one supplier further, the next alternative of the same chain, and the rest.
    fn best(&mut self, further: Option<Open>, node: u32, rank: u32) -> Option<Open> {
        let sibling = self.alternative(node, rank + 1);
        self.open.extend(sibling);
        let Some(mut best) = further else { return self.open.pop() };
        if let Some(mut top) = self.open.peek_mut()
            && *top > best
        {
            std::mem::swap(&mut *top, &mut best);
        }
        Some(best)
    }

    fn path(&self, sectors: &Axis<Sector>, node: u32, value: f64) -> Path {
        let Node { quantity, sector, tier, .. } = self.nodes[node as usize];
        let mut chain = Vec::with_capacity(tier as usize + 1);
        let mut at = node;
        while at != 0 {
            let Node { sector, parent, .. } = self.nodes[at as usize];
            chain.extend(sectors.at(sector as usize));
            at = parent;
        }
        chain.reverse();
        Path {
            sectors: chain,
            value,
            subtree: quantity * self.chains.content[sector as usize],
            share: value / self.chains.gross,
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{dmatrix, dvector};

    use super::*;

    #[test]
    fn a_short_search_says_what_is_left() {
        let sectors = Axis::from_codes(["a", "b"]).unwrap();
        let technology = Technology::from_coefficients(sectors, dmatrix![0.0, 0.5; 0.0, 0.0]).unwrap();
        let (f, y) = (dvector![1.0, 1.0], dvector![0.0, 8.0]);
        let search = PathSearch::new().with_max_paths(1);
        let found = technology.paths(&f, &y, &search).unwrap();
        assert_eq!((found.paths.len(), found.status), (1, Status::RoundLimit));
        assert_eq!((found.total, found.explained, found.remainder, found.bound), (12.0, 8.0, 4.0, 4.0));
        assert_eq!((found.paths[0].value, found.paths[0].subtree, found.paths[0].tier()), (8.0, 12.0, 0));
        // Both paths there are.
        let found = technology.paths(&f, &y, &PathSearch::new()).unwrap();
        assert_eq!((found.paths.len(), found.status, found.bound), (2, Status::Converged, 0.0));
        assert_eq!((found.remainder, found.coverage), (0.0, 1.0));
        // Nothing is caused within the permitted tiers.
        let found = technology.paths(&dvector![1.0, 0.0], &y, &PathSearch::new().with_max_tier(0)).unwrap();
        assert_eq!((found.paths.len(), found.remainder, found.bound), (0, 4.0, 0.0));
        // Only the producer.
        let found = technology.paths(&f, &y, &PathSearch::new().with_max_tier(0)).unwrap();
        assert_eq!((found.paths.len(), found.remainder), (1, 4.0));
    }

    #[test]
    fn what_lies_beyond_the_permitted_tiers_misleads_nobody() {
        let sectors = Axis::from_codes(["a", "b", "c"]).unwrap();
        let coefficients = dmatrix![0.0, 0.0, 0.0; 0.5, 0.0, 0.0; 0.0, 0.5, 0.0];
        let technology = Technology::from_coefficients(sectors, coefficients).unwrap();
        let (f, y) = (dvector![1.0, 1.0, 1000.0], dvector![1.0, 0.0, 0.0]);
        let search = PathSearch::new().with_max_tier(1).with_max_paths(1);
        let found = technology.paths(&f, &y, &search).unwrap();
        assert_eq!((found.paths[0].tier(), found.bound), (0, 0.5));
        let found = technology.paths(&f, &y, &search.with_max_tier(2)).unwrap();
        assert_eq!((found.paths[0].tier(), found.bound), (2, 1.0));
    }

    #[test]
    fn nothing_demanded_is_explained_by_nothing() {
        let sectors = Axis::from_codes(["a"]).unwrap();
        let technology = Technology::from_coefficients(sectors, dmatrix![0.5]).unwrap();
        let found = technology.paths(&dvector![1.0], &dvector![0.0], &PathSearch::new()).unwrap();
        assert_eq!((found.paths.len(), found.coverage, found.status), (0, 1.0, Status::Converged));
    }

    #[test]
    fn chains_that_do_not_die_out_are_refused() {
        let sectors = Axis::from_codes(["a", "b"]).unwrap();
        let technology = Technology::from_coefficients(sectors, dmatrix![0.0, 1.5; 1.0, 0.0]).unwrap();
        let error = technology.paths(&dvector![1.0, 1.0], &dvector![1.0, 1.0], &PathSearch::new());
        let message = error.unwrap_err().to_string();
        assert!(message.starts_with("sector \"a\": the chains behind it do not die out"), "{message}");
    }
}
