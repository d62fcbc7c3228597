//! Sums over councils, of many numbers at once.

use std::ops::Range;

use parecon_core::{chunked_reduce, for_each};

/// Tasks at most where each holds a few numbers per good: adding them up is then soon done.
const TASKS: usize = 256;
/// Numbers that one thread adds up at a time.
const CELLS: usize = 1 << 16;

/// Councils per task that sums over `goods`: large enough that the sums cost little beside the councils.
pub(crate) fn task(councils: usize, goods: usize) -> usize {
    councils.div_ceil(TASKS).max(4 * goods).max(512)
}

/// Adds up `cells` numbers, of which `fold` adds each council's share, `task` councils at a time; the same bits for any
/// number of threads.
pub(crate) fn total(
    councils: usize,
    task: usize,
    cells: usize,
    fold: impl Fn(Range<usize>, &mut [f64]) + Sync,
) -> Vec<f64> {
    let part = |range: Range<usize>| {
        let mut sums = vec![0.0; cells];
        fold(range, &mut sums);
        vec![sums]
    };
    let mut parts = chunked_reduce(councils, task, part, |all, part| all.extend(part)).unwrap_or_default();
    let rest = parts.split_off(parts.len().min(1));
    let Some(mut sums) = parts.pop() else { return vec![0.0; cells] };
    let pieces = sums.chunks_mut(CELLS).zip((0..).step_by(CELLS)).collect();
    for_each(pieces, |(piece, first): (&mut [f64], usize)| {
        for part in &rest {
            piece.iter_mut().zip(&part[first..]).for_each(|(sum, part)| *sum += part);
        }
    });
    sums
}
