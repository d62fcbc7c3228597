//! Reduction that does not depend on the number of threads.

use std::ops::Range;

/// Folds the index range `0..len` in chunks of `chunk` and merges the chunk results in index order.
///
/// `fold` computes a chunk's result from its indices; `merge` absorbs the next chunk's result into the
/// accumulated one. The grouping depends on `len` and `chunk` alone, so floating-point sums have the same bits
/// whether one thread runs or many (feature `parallel`). Returns `None` when `len` is 0; a `chunk` of 0 is taken
/// as 1.
///
/// # Complexity
/// One call of `fold` per chunk and one of `merge` per chunk but the first; all chunk results are held at once.
///
/// # Example
/// ```
/// use parecon_core::chunked_reduce;
///
/// let values: Vec<f64> = (1..=1000).map(f64::from).collect();
/// let sum = chunked_reduce(values.len(), 64, |range| values[range].iter().sum::<f64>(), |a, b| *a += b);
/// assert_eq!(sum, Some(500_500.0));
/// ```
pub fn chunked_reduce<A: Send>(
    len: usize,
    chunk: usize,
    fold: impl Fn(Range<usize>) -> A + Sync,
    mut merge: impl FnMut(&mut A, A),
) -> Option<A> {
    let chunk = chunk.max(1);
    let chunks = len.div_ceil(chunk);
    let one = |c: usize| fold(c * chunk..((c + 1) * chunk).min(len));

    #[cfg(feature = "parallel")]
    let parts: Vec<A> = {
        use rayon::prelude::*;
        if chunks > 1 {
            (0..chunks).into_par_iter().map(one).collect()
        } else {
            (0..chunks).map(one).collect()
        }
    };
    #[cfg(not(feature = "parallel"))]
    let parts: Vec<A> = (0..chunks).map(one).collect();

    parts.into_iter().reduce(|mut total, part| {
        merge(&mut total, part);
        total
    })
}

/// Does every task, on several threads with feature `parallel`.
///
/// For tasks that each own what they change (disjoint slices, say), so that the order in which they are done
/// does not show.
///
/// # Example
/// ```
/// use parecon_core::for_each;
///
/// let mut squares: Vec<usize> = (0..1000).collect();
/// for_each(squares.chunks_mut(64).collect(), |part| part.iter_mut().for_each(|x| *x *= *x));
/// assert_eq!(squares[999], 998_001);
/// ```
pub fn for_each<T: Send>(tasks: Vec<T>, run: impl Fn(T) + Sync + Send) {
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        if tasks.len() > 1 {
            return tasks.into_par_iter().for_each(run);
        }
    }
    tasks.into_iter().for_each(run);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_index_is_folded_once_and_in_order(len in 0usize..500, chunk in 0usize..50) {
            let seen = chunked_reduce(len, chunk, |r| r.collect::<Vec<_>>(), |a, b| a.extend(b));
            prop_assert_eq!(seen.unwrap_or_default(), (0..len).collect::<Vec<_>>());
        }
    }

    #[cfg(feature = "parallel")]
    #[test]
    fn same_bits_for_any_number_of_threads() {
        let values: Vec<f64> = (0..10_000).map(|i| (f64::from(i) * 0.7).sin() * 1e3).collect();
        let bits = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                chunked_reduce(values.len(), 100, |r| values[r].iter().sum::<f64>(), |a, b| *a += b)
                    .unwrap()
                    .to_bits()
            })
        };
        assert_eq!(bits(1), bits(2));
        assert_eq!(bits(1), bits(4));
    }
}
