//! Communities: groups of sectors that trade more with each other than chance would have it.

use nalgebra::DMatrix;
use serde::Serialize;

use crate::axis::{Id, Sector};
use crate::graph::IoGraph;

/// A change of modularity below this is rounding.
const GAIN: f64 = 1e-12;

/// Every round adds to modularity, which is at most 1, so rounds end by themselves, after a few; this is for rounding.
const ROUNDS: usize = 100;

/// A partition of the sectors and how good it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Communities {
    /// The groups, by their first member; members in axis order. A sector without flows is a group of its own.
    pub groups: Vec<Vec<Id<Sector>>>,
    /// The modularity Q of the partition.
    pub modularity: f64,
}

/// Sums over the groups: flows between them, and what goes out of and into each.
struct Groups {
    of: Vec<usize>,
    size: Vec<usize>,
    out: Vec<f64>,
    into: Vec<f64>,
}

impl IoGraph {
    /// A partition of the sectors of high modularity, directions counted,
    ///
    /// ```text
    /// Q = Σ over groups of [ flow inside / m − (flow out of its members) (flow into its members) / m² ]
    /// ```
    ///
    /// with m the sum of all flows. Sectors move to the group where they add most, groups merge where that adds most,
    /// and again, until nothing adds. So no move of a single sector and no merger of two groups is an improvement;
    /// that no other partition is better is not claimed (finding the best is NP-hard). Sectors are taken in axis order:
    /// the same graph always gives the same groups.
    ///
    /// # Complexity
    /// O(flows + sectors · groups) per round of moves, O(groups³) for the mergers.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, IoGraph, Technology};
    ///
    /// let sectors = Axis::from_codes(["corn", "mill", "ore", "steel"])?;
    /// let inputs = dmatrix![
    ///     0.0, 0.5, 0.0, 0.0; 0.2, 0.0, 0.0, 0.0; 0.01, 0.0, 0.0, 0.6; 0.0, 0.02, 0.3, 0.0
    /// ];
    /// let graph = IoGraph::from_technology(&Technology::from_coefficients(sectors, inputs)?, 0.0)?;
    /// let communities = graph.communities();
    /// let groups: Vec<Vec<usize>> =
    ///     communities.groups.iter().map(|group| group.iter().map(|id| id.index()).collect()).collect();
    /// assert_eq!(groups, [vec![0, 1], vec![2, 3]]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// E. A. Leicht and M. E. J. Newman, "Community structure in directed networks", Physical Review Letters 100, 2008;
    /// V. D. Blondel et al., "Fast unfolding of communities in large networks", Journal of Statistical Mechanics 2008.
    #[must_use]
    pub fn communities(&self) -> Communities {
        let n = self.sectors.len();
        let mut neighbours: Vec<Vec<(usize, f64)>> = vec![Vec::new(); n];
        let (mut out, mut into) = (vec![0.0; n], vec![0.0; n]);
        let mut total = 0.0;
        for (from, to, flow) in self.flows() {
            let (i, j) = (from.index(), to.index());
            out[i] += flow;
            into[j] += flow;
            total += flow;
            if i != j {
                neighbours[i].push((j, flow));
                neighbours[j].push((i, flow));
            }
        }
        let mut groups =
            Groups { of: (0..n).collect(), size: vec![1; n], out: out.clone(), into: into.clone() };
        if total > 0.0 {
            for _ in 0..ROUNDS {
                let moved = groups.move_sectors(&neighbours, &out, &into, total);
                let merged = groups.merge(&neighbours, total);
                if !(moved || merged) {
                    break;
                }
            }
        }
        let mut members: Vec<Vec<Id<Sector>>> = vec![Vec::new(); n];
        let mut order: Vec<usize> = Vec::new();
        for sector in self.sectors.iter() {
            let group = groups.of[sector.index()];
            if members[group].is_empty() {
                order.push(group);
            }
            members[group].push(sector);
        }
        let mut modularity = 0.0;
        if total > 0.0 {
            let same = |from: &Id<Sector>, to: &Id<Sector>| groups.of[from.index()] == groups.of[to.index()];
            let inside: f64 =
                self.flows().filter(|(from, to, _)| same(from, to)).map(|(.., flow)| flow).sum();
            let expected: f64 = order.iter().map(|&g| groups.out[g] / total * (groups.into[g] / total)).sum();
            modularity = inside / total - expected;
        }
        let groups = order.into_iter().map(|group| std::mem::take(&mut members[group])).collect();
        Communities { groups, modularity }
    }
}

impl Groups {
    /// Moves sectors to where they add most, or apart, until none wants to move.
    fn move_sectors(
        &mut self,
        neighbours: &[Vec<(usize, f64)>],
        out: &[f64],
        into: &[f64],
        total: f64,
    ) -> bool {
        let n = self.of.len();
        let mut changed = false;
        let mut exchange = vec![0.0; n];
        for _ in 0..ROUNDS {
            let mut moved = false;
            for i in 0..n {
                let own = self.of[i];
                let mut near: Vec<usize> = Vec::new();
                for &(j, flow) in &neighbours[i] {
                    let group = self.of[j];
                    if exchange[group] == 0.0 {
                        near.push(group);
                    }
                    exchange[group] += flow;
                }
                self.size[own] -= 1;
                self.out[own] -= out[i];
                self.into[own] -= into[i];
                let worth = |group: usize, exchange: &[f64]| {
                    let expected = out[i] / total * (self.into[group] / total)
                        + into[i] / total * (self.out[group] / total);
                    exchange[group] / total - expected
                };
                near.sort_unstable();
                // To be alone is worth 0, and no group without exchange is worth more.
                let alone = if self.size[own] == 0 {
                    own
                } else {
                    self.size.iter().position(|k| *k == 0).unwrap_or(own)
                };
                let stay = worth(own, &exchange);
                let mut best = if alone == own { (own, stay) } else { (alone, 0.0) };
                for &group in &near {
                    let worth = worth(group, &exchange);
                    if worth > best.1 {
                        best = (group, worth);
                    }
                }
                let to = if best.1 > stay + GAIN { best.0 } else { own };
                near.iter().for_each(|&group| exchange[group] = 0.0);
                self.of[i] = to;
                self.size[to] += 1;
                self.out[to] += out[i];
                self.into[to] += into[i];
                moved |= to != own;
            }
            if !moved {
                break;
            }
            changed = true;
        }
        changed
    }

    /// Merges the two groups whose union adds most until no union adds.
    fn merge(&mut self, neighbours: &[Vec<(usize, f64)>], total: f64) -> bool {
        let mut alive: Vec<usize> = self.of.clone();
        alive.sort_unstable();
        alive.dedup();
        let position = |group: usize, alive: &[usize]| alive.binary_search(&group).unwrap_or(0);
        let mut between = DMatrix::<f64>::zeros(alive.len(), alive.len());
        for (i, near) in neighbours.iter().enumerate() {
            for &(j, flow) in near {
                // Every flow is listed at both ends: each fills one of the two cells.
                between[(position(self.of[i], &alive), position(self.of[j], &alive))] += flow;
            }
        }
        let mut gone = vec![false; alive.len()];
        let mut changed = false;
        loop {
            let mut best: Option<(usize, usize, f64)> = None;
            for a in (0..alive.len()).filter(|&a| !gone[a]) {
                for b in (a + 1..alive.len()).filter(|&b| !gone[b] && between[(a, b)] > 0.0) {
                    let (x, y) = (alive[a], alive[b]);
                    let expected = self.out[x] / total * (self.into[y] / total)
                        + self.out[y] / total * (self.into[x] / total);
                    let gain = between[(a, b)] / total - expected;
                    if gain > best.map_or(GAIN, |(.., gain)| gain) {
                        best = Some((a, b, gain));
                    }
                }
            }
            let Some((a, b, _)) = best else { return changed };
            changed = true;
            gone[b] = true;
            for c in 0..alive.len() {
                let more = between[(b, c)];
                between[(a, c)] += more;
                between[(c, a)] += more;
            }
            let (x, y) = (alive[a], alive[b]);
            self.of.iter_mut().filter(|group| **group == y).for_each(|group| *group = x);
            self.size[x] += std::mem::take(&mut self.size[y]);
            self.out[x] += std::mem::take(&mut self.out[y]);
            self.into[x] += std::mem::take(&mut self.into[y]);
        }
    }
}
