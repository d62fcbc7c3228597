//! Where a chain can go from a sector, the best way first, sorted no further than asked.

use super::Chains;

/// How a chain goes on: it ends here, or one supplier further.
#[derive(Clone, Copy)]
pub(super) struct Alternative {
    /// The supplier, [`END`] to end here.
    pub(super) to: u32,
    /// What the value of the chain is multiplied by: the coefficient, the intensity at its end.
    pub(super) factor: f64,
    /// The greatest absolute value that a unit can still have this way.
    pub(super) reach: f64,
}

/// Stands for the end of a chain instead of a supplier.
pub(super) const END: u32 = u32::MAX;

/// The number of alternatives sorted at first; doubled when more are asked for.
const FIRST: usize = 64;

/// Alternatives of every sector, and of final demand as the last one, sorted when first needed.
pub(super) struct Alternatives<'a> {
    chains: &'a Chains<'a>,
    max_tier: usize,
    /// By how many suppliers may follow, as far as it makes a difference, and by sector.
    sorted: Vec<Vec<Sorted>>,
}

#[derive(Clone, Default)]
struct Sorted {
    list: Vec<Alternative>,
    complete: bool,
}

impl<'a> Alternatives<'a> {
    pub(super) fn new(chains: &'a Chains<'a>, max_tier: usize) -> Self {
        Self { chains, max_tier, sorted: vec![Vec::new(); max_tier.min(chains.reach.len()) + 1] }
    }

    /// The number that stands for final demand.
    pub(super) fn root(&self) -> u32 {
        self.chains.intensities.len() as u32
    }

    /// The alternative of this rank in a sector of this tier, none when all have been seen.
    #[inline]
    pub(super) fn get(&mut self, sector: u32, tier: usize, rank: usize) -> Option<Alternative> {
        let following = (self.max_tier - tier).min(self.sorted.len() - 1);
        if self.sorted[following].is_empty() {
            self.sorted[following] = vec![Sorted::default(); self.chains.intensities.len() + 1];
        }
        let sorted = &self.sorted[following][sector as usize];
        if rank >= sorted.list.len() && !sorted.complete {
            self.sort(sector, following, rank);
        }
        self.sorted[following][sector as usize].list.get(rank).copied()
    }

    fn sort(&mut self, sector: u32, following: usize, rank: usize) {
        let mut all = self.unsorted(sector, following);
        let wanted = FIRST.max(2 * rank).min(all.len());
        let order = |a: &Alternative, b: &Alternative| b.reach.total_cmp(&a.reach).then(a.to.cmp(&b.to));
        let complete = wanted == all.len();
        if !complete {
            all.select_nth_unstable_by(wanted, order);
            all.truncate(wanted);
        }
        all.sort_unstable_by(order);
        self.sorted[following][sector as usize] = Sorted { list: all, complete };
    }

    fn unsorted(&self, sector: u32, following: usize) -> Vec<Alternative> {
        let Chains { coefficients, intensities, final_demand, reach, .. } = self.chains;
        let onward = |(to, (factor, reach)): (usize, (&f64, &f64))| Alternative {
            to: to as u32,
            factor: *factor,
            reach: factor.abs() * reach,
        };
        let mut all: Vec<Alternative> = if sector == self.root() {
            let reach = &reach[following.min(reach.len() - 1)];
            final_demand.iter().zip(reach).enumerate().map(onward).collect()
        } else {
            let sector = sector as usize;
            let end = Alternative { to: END, factor: intensities[sector], reach: intensities[sector].abs() };
            let mut all = vec![end];
            if let Some(behind) = following.checked_sub(1) {
                let column = coefficients.column(sector);
                all.extend(column.iter().zip(&reach[behind]).enumerate().map(onward));
            }
            all
        };
        all.retain(|alternative| alternative.reach > 0.0);
        all
    }
}
