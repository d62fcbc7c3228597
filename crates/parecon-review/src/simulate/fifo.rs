//! Queues in order of arrival, by the recursion of Kiefer and Wolfowitz.

/// Up to so many reviewers a sorted array, renewed by vector instructions, beats a heap.
const MAX_LANES: usize = 48;
/// The array is padded to whole vectors.
const LANE: usize = 4;

/// c reviewers who judge in order of arrival. No events: what a newcomer meets is when each reviewer will be free,
/// w₁ ≤ w₂ ≤ …, and all it changes is w₁.
///
/// ```text
/// wait = max(0, w₁ − arrival)      w ← sort(max(w₁, arrival) + service, w₂, …, w_c)
/// ```
///
/// Whoever would have to wait longer than its patience leaves and changes nothing.
///
/// Reference: J. Kiefer and J. Wolfowitz, On the theory of queues with many servers, Transactions of the American
/// Mathematical Society 78 (1955).
pub(crate) struct FifoDesk {
    free: Vec<f64>,
    servers: usize,
}

impl FifoDesk {
    pub(crate) fn new(servers: usize) -> Self {
        // Padding never becomes free. One lane more, which the renewal reads.
        let lanes = if servers <= MAX_LANES { servers.next_multiple_of(LANE) + 1 } else { servers };
        let mut free = vec![f64::INFINITY; lanes];
        free[..servers].fill(0.0);
        Self { free, servers }
    }

    /// When the review of the next to arrive begins; `None` if that is beyond its patience. Arrivals come in order.
    #[inline]
    pub(crate) fn serve(&mut self, arrival: f64, service: f64, patience: f64) -> Option<f64> {
        let begin = self.free[0].max(arrival);
        if begin - arrival > patience {
            return None;
        }
        let done = begin + service;
        if self.servers <= MAX_LANES {
            renew_lanes(&mut self.free, done);
        } else {
            renew_heap(&mut self.free, done);
        }
        Some(begin)
    }
}

/// Replaces the smallest of the sorted `free` by `done`. Each lane takes the median of its two old neighbours and
/// `done`, independently of the others, so that the loop is one of vector instructions without a branch.
#[inline]
fn renew_lanes(free: &mut [f64], done: f64) {
    let smaller = |a: f64, b: f64| if a < b { a } else { b };
    let larger = |a: f64, b: f64| if a > b { a } else { b };
    // The smallest goes: below the new smallest there is nothing.
    free[0] = f64::NEG_INFINITY;
    for j in 0..free.len() - 1 {
        free[j] = smaller(free[j + 1], larger(free[j], done));
    }
}

/// The same for a binary heap.
fn renew_heap(free: &mut [f64], done: f64) {
    let mut at = 0;
    loop {
        let (left, right) = (2 * at + 1, 2 * at + 2);
        if left >= free.len() {
            break;
        }
        let child = if right < free.len() && free[right] < free[left] { right } else { left };
        if free[child] >= done {
            break;
        }
        free[at] = free[child];
        at = child;
    }
    free[at] = done;
}

#[cfg(test)]
mod tests {
    use super::*;
    use parecon_core::random::{Stream, StreamKey};

    /// The recursion as it is written, sorting after each arrival.
    fn by_sorting(servers: usize, customers: &[(f64, f64, f64)]) -> Vec<Option<f64>> {
        let mut free = vec![0.0f64; servers];
        let one = |&(arrival, service, patience): &(f64, f64, f64)| {
            let begin = free[0].max(arrival);
            if begin - arrival > patience {
                return None;
            }
            free[0] = begin + service;
            free.sort_by(f64::total_cmp);
            Some(begin)
        };
        customers.iter().map(one).collect()
    }

    #[test]
    fn lanes_and_heap_are_the_recursion() {
        let mut stream = Stream::new(StreamKey::default());
        for servers in [1, 2, 3, 4, 5, 10, 47, 48, 49, 50, 200] {
            let mut clock = 0.0;
            let customers: Vec<_> = (0..3000)
                .map(|_| {
                    clock += stream.exponential() / servers as f64;
                    (clock, stream.exponential(), 2.0 * stream.exponential())
                })
                .collect();
            let mut desk = FifoDesk::new(servers);
            let ours: Vec<_> = customers.iter().map(|&(a, s, p)| desk.serve(a, s, p)).collect();
            assert_eq!(ours, by_sorting(servers, &customers), "{servers} reviewers");
            assert!(
                ours.contains(&None)
                    && ours.iter().zip(&customers).any(|(begin, c)| begin.is_some_and(|b| b > c.0))
            );
        }
    }
}
