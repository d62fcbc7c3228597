//! The best order of few sectors, by dynamic programming over subsets.

use nalgebra::DMatrix;

/// The most sectors this is meant for: 2²⁰ subsets take 9 MB and a fraction of a second.
pub(super) const LARGEST: usize = 20;

/// The order that gives up least of the surpluses, and how much.
///
/// Held and Karp's recursion: the best order of a subset ends with some sector, and the rest before it is best for
/// itself. What that last sector gives up is what it should have sold to the rest.
pub(super) fn order(surplus: &DMatrix<f64>) -> (Vec<usize>, f64) {
    let m = surplus.nrows();
    let half = m.div_ceil(2);
    // What sector v sells in surplus to a subset, from two tables of half the sectors each.
    let sums = |v: usize, from: usize, to: usize| {
        let mut sums = vec![0.0; 1 << (to - from)];
        for set in 1..sums.len() {
            let lowest = set.trailing_zeros() as usize;
            sums[set] = sums[set & (set - 1)] + surplus[(v, from + lowest)].max(0.0);
        }
        sums
    };
    let low: Vec<Vec<f64>> = (0..m).map(|v| sums(v, 0, half)).collect();
    let high: Vec<Vec<f64>> = (0..m).map(|v| sums(v, half, m)).collect();
    let mut least = vec![0.0f64; 1 << m];
    let mut last = vec![0u8; 1 << m];
    for set in 1..1usize << m {
        let mut best = f64::INFINITY;
        let mut open = set;
        while open != 0 {
            let v = open.trailing_zeros() as usize;
            open &= open - 1;
            let rest = set & !(1 << v);
            let loss = least[rest] + low[v][rest & ((1 << half) - 1)] + high[v][rest >> half];
            if loss < best {
                best = loss;
                last[set] = v as u8;
            }
        }
        least[set] = best;
    }
    let mut order = Vec::with_capacity(m);
    let mut set = (1usize << m) - 1;
    while set != 0 {
        let v = usize::from(last[set]);
        order.push(v);
        set &= !(1 << v);
    }
    order.reverse();
    (order, least[(1 << m) - 1])
}
