//! From nearly right fractions to whole minutes that are exactly right.
//!
//! 1. Fractions become multiples of 1/65,536 minute, and what rows and columns then miss (the solver's inaccuracy) is
//!    made up by a maximum flow: sums are exact from here on.
//! 2. Fractional minutes lie on cycles of the bipartite graph, because every row and column sums to whole minutes.
//!    Pushing along a cycle until a pair on it is whole changes no sum; of the two directions the one that keeps the
//!    members' averages closer is taken. Every pair moves by less than a minute.
//!
//! # Reference
//! Integrality of bipartite flows; the cycle step is that of dependent rounding (Gandhi et al., J. ACM 53, 2006),
//! with the direction chosen instead of drawn.

use crate::Error;
use crate::flow::Network;
use crate::model::PerDimension;

/// Binary digits kept of a minute. 2⁴⁶ minutes, the largest total, then still fit into 62 bits.
const DIGITS: u32 = 16;
const MINUTE: u64 = 1 << DIGITS;
/// Amounts below this many minutes are the interior-point method's dust; nobody works half a second.
const DUST: f64 = 0.01;

/// Whole minutes per pair with row sums `rows` and column sums `columns`, near `minutes`.
///
/// `pairs` are distinct (row, column) positions.
/// `offsets` are what a minute in a column adds to a row's account in each dimension; accounts are kept close.
///
/// # Errors
/// A violation if no minutes on these pairs meet the sums.
pub(crate) fn whole_minutes(
    rows: &[u64],
    columns: &[u64],
    pairs: &[(usize, usize)],
    minutes: &[f64],
    offsets: &[PerDimension<f64>],
) -> Result<Vec<u64>, Error> {
    let mut fine = meet_sums(rows, columns, pairs, minutes)?;
    Rounding::new(rows, columns.len(), pairs, offsets, &mut fine).run();
    Ok(fine.into_iter().map(|value| value >> DIGITS).collect())
}

/// Step 1: fine units with exact sums.
fn meet_sums(
    rows: &[u64],
    columns: &[u64],
    pairs: &[(usize, usize)],
    minutes: &[f64],
) -> Result<Vec<u64>, Error> {
    let mut row_missing: Vec<u64> = rows.iter().map(|sum| sum << DIGITS).collect();
    let mut column_missing: Vec<u64> = columns.iter().map(|sum| sum << DIGITS).collect();
    let mut fine = Vec::with_capacity(pairs.len());
    for (&(row, column), &time) in pairs.iter().zip(minutes) {
        // A cast of a float to an integer truncates and saturates; what is not a number becomes 0.
        let wanted = if time < DUST { 0 } else { (time * MINUTE as f64) as u64 };
        let value = wanted.min(row_missing[row]).min(column_missing[column]);
        row_missing[row] -= value;
        column_missing[column] -= value;
        fine.push(value);
    }
    let (source, sink) = (rows.len() + columns.len(), rows.len() + columns.len() + 1);
    let mut network = Network::new(rows.len() + columns.len() + 2);
    for (row, missing) in row_missing.iter().enumerate() {
        network.add(source, row, *missing, 0);
    }
    for (column, missing) in column_missing.iter().enumerate() {
        network.add(rows.len() + column, sink, *missing, 0);
    }
    let missing: u64 = row_missing.iter().sum();
    let same_total = missing == column_missing.iter().sum::<u64>();
    // First among the pairs in use, so that the repair does not scatter work; then among all.
    let mut arcs = vec![None; pairs.len()];
    let mut found = 0;
    for only_used in [true, false] {
        for (k, &(row, column)) in pairs.iter().enumerate() {
            if arcs[k].is_none() && (fine[k] > 0 || !only_used) {
                arcs[k] = Some(network.add(row, rows.len() + column, u64::MAX >> 1, fine[k]));
            }
        }
        found += network.maximise(source, sink);
        if found == missing {
            break;
        }
    }
    // Step 2 would not end on sums that are not whole, and what it made of them would be wrong.
    if found != missing || !same_total {
        return Err(Error::violation("quotas and task times cannot be met on the eligible pairs"));
    }
    for (value, arc) in fine.iter_mut().zip(arcs) {
        if let Some(arc) = arc {
            *value = network.residual(arc + 1);
        }
    }
    Ok(fine)
}

fn is_whole(fine: u64) -> bool {
    fine.is_multiple_of(MINUTE)
}

/// Step 2.
struct Rounding<'a> {
    pairs: &'a [(usize, usize)],
    offsets: &'a [PerDimension<f64>],
    rows: usize,
    fine: &'a mut [u64],
    /// 1 / quota of each row, squared: accounts are compared as averages.
    scale: Vec<f64>,
    /// How far rounding has moved each row's account so far.
    moved: Vec<PerDimension<f64>>,
    /// Pairs at each node (rows, then columns) that may still be fractional.
    open: Vec<Vec<usize>>,
}

impl<'a> Rounding<'a> {
    fn new(
        rows: &[u64],
        columns: usize,
        pairs: &'a [(usize, usize)],
        offsets: &'a [PerDimension<f64>],
        fine: &'a mut [u64],
    ) -> Self {
        let mut open = vec![Vec::new(); rows.len() + columns];
        for (k, &(row, column)) in pairs.iter().enumerate() {
            if !is_whole(fine[k]) {
                open[row].push(k);
                open[rows.len() + column].push(k);
            }
        }
        Rounding {
            pairs,
            offsets,
            rows: rows.len(),
            fine,
            scale: rows.iter().map(|quota| (*quota as f64).powi(-2)).collect(),
            moved: vec![vec![0.0; offsets.first().map_or(0, Vec::len)]; rows.len()],
            open,
        }
    }

    fn run(&mut self) {
        let mut place = vec![usize::MAX; self.open.len()];
        for start in 0..self.open.len() {
            let (mut nodes, mut path): (Vec<usize>, Vec<usize>) = (vec![start], Vec::new());
            place[start] = 0;
            while let Some(&node) = nodes.last() {
                let Some(pair) = self.next_fractional(node, path.last().copied()) else {
                    // Nothing fractional here; only the start can be left like this.
                    place[node] = usize::MAX;
                    nodes.pop();
                    path.pop();
                    continue;
                };
                let other = self.across(pair, node);
                path.push(pair);
                if place[other] == usize::MAX {
                    place[other] = nodes.len();
                    nodes.push(other);
                    continue;
                }
                let first = place[other];
                let broken = first + self.cancel(&path[first..]);
                // Keep the walk up to the first pair that became whole.
                for node in nodes.drain(broken + 1..) {
                    place[node] = usize::MAX;
                }
                path.truncate(broken);
            }
        }
    }

    fn across(&self, pair: usize, node: usize) -> usize {
        let (row, column) = self.pairs[pair];
        if node == row { self.rows + column } else { row }
    }

    /// A fractional pair at a node other than the one the walk came by.
    fn next_fractional(&mut self, node: usize, came_by: Option<usize>) -> Option<usize> {
        let mut at = self.open[node].len();
        while at > 0 {
            at -= 1;
            let pair = self.open[node][at];
            if is_whole(self.fine[pair]) {
                self.open[node].swap_remove(at);
            } else if Some(pair) != came_by {
                return Some(pair);
            }
        }
        None
    }

    /// Pushes along a cycle, alternately up and down, until a pair on it is whole; returns the first such pair's
    /// place on the cycle.
    fn cancel(&mut self, cycle: &[usize]) -> usize {
        let room = |parity: usize| {
            let step = |(k, pair): (usize, &usize)| {
                let part = self.fine[*pair] % MINUTE;
                if k % 2 == parity { MINUTE - part } else { part }
            };
            cycle.iter().enumerate().map(step).min().unwrap_or(0)
        };
        let (even_up, odd_up) = (room(0), room(1));
        let parity = usize::from(self.strain(cycle, 1, odd_up) < self.strain(cycle, 0, even_up));
        let amount = if parity == 0 { even_up } else { odd_up };
        for (k, pair) in cycle.iter().enumerate() {
            let up = k % 2 == parity;
            self.fine[*pair] = if up { self.fine[*pair] + amount } else { self.fine[*pair] - amount };
            let (row, column) = self.pairs[*pair];
            let minutes = amount as f64 / MINUTE as f64 * if up { 1.0 } else { -1.0 };
            for (moved, offset) in self.moved[row].iter_mut().zip(&self.offsets[column]) {
                *moved += minutes * offset;
            }
        }
        cycle.iter().position(|pair| is_whole(self.fine[*pair])).unwrap_or(0)
    }

    /// What pushing would add to the sum of squared moves of the members' averages.
    fn strain(&self, cycle: &[usize], parity: usize, amount: u64) -> f64 {
        let minutes = amount as f64 / MINUTE as f64;
        let mut sum = 0.0;
        // A cycle alternates between rows and columns, so the two pairs of a row are neighbours on it.
        let len = cycle.len();
        for k in 0..len {
            let ((row, column), (next_row, next_column)) =
                (self.pairs[cycle[k]], self.pairs[cycle[(k + 1) % len]]);
            if row != next_row {
                continue;
            }
            let sign = if k % 2 == parity { minutes } else { -minutes };
            for (d, moved) in self.moved[row].iter().enumerate() {
                let change = sign * (self.offsets[column][d] - self.offsets[next_column][d]);
                sum += self.scale[row] * change * (2.0 * moved + change);
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sums_that_cannot_be_met_are_refused() {
        // The second row has no pair in the second column, which takes more than the first row has.
        let pairs = [(0, 0), (0, 1), (1, 0)];
        let refused = |rows: &[u64], columns: &[u64]| {
            whole_minutes(rows, columns, &pairs, &[0.0; 3], &[vec![1.0, -1.0], vec![1.0, -1.0]])
                .unwrap_err()
                .is_violation()
        };
        assert!(refused(&[10, 10], &[5, 15]));
        assert!(refused(&[10, 10], &[10, 5]) && refused(&[10, 5], &[10, 10]));
    }

    proptest! {
        #[test]
        fn sums_are_exact_and_nothing_moves_a_minute(
            (rows, columns, parts) in (1usize..12, 1usize..12).prop_flat_map(|(rows, columns)| {
                (Just(rows), Just(columns), prop::collection::vec(prop::collection::vec(0u64..600, columns), rows))
            }),
            shift in 0.0..1.0f64,
        ) {
            // Any fractional matrix whose sums are whole: move along every other 2 × 2 cycle of a whole one.
            let pairs: Vec<(usize, usize)> = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).collect();
            let mut minutes: Vec<f64> = parts.iter().flatten().map(|x| 1.0 + *x as f64).collect();
            for i in (1..rows).step_by(2) {
                for j in (1..columns).step_by(2) {
                    for (row, column, sign) in [(i, j, 1.0), (i - 1, j - 1, 1.0), (i - 1, j, -1.0), (i, j - 1, -1.0)] {
                        minutes[row * columns + column] += sign * shift;
                    }
                }
            }
            let row_sums: Vec<u64> = parts.iter().map(|row| row.iter().map(|x| x + 1).sum()).collect();
            let column_sums: Vec<u64> = (0..columns).map(|j| parts.iter().map(|row| row[j] + 1).sum()).collect();
            let offsets: Vec<_> = (0..columns).map(|j| vec![j as f64 - 3.0, (j % 3) as f64 - 1.0]).collect();
            let whole = whole_minutes(&row_sums, &column_sums, &pairs, &minutes, &offsets).unwrap();
            for (i, sum) in row_sums.iter().enumerate() {
                prop_assert_eq!(whole[i * columns..(i + 1) * columns].iter().sum::<u64>(), *sum);
            }
            for (j, sum) in column_sums.iter().enumerate() {
                prop_assert_eq!((0..rows).map(|i| whole[i * columns + j]).sum::<u64>(), *sum);
            }
            for (value, time) in whole.iter().zip(&minutes) {
                // Below a minute by rounding, and a few 1/65,536 from the fixed point's own repair.
                prop_assert!((*value as f64 - time).abs() < 1.01, "{} from {}", value, time);
            }
        }

        #[test]
        fn sums_are_exact_whatever_the_point(
            (rows, columns, parts, minutes) in (1usize..8, 1usize..8).prop_flat_map(|(rows, columns)| {
                let cells = rows * columns;
                (
                    Just(rows),
                    Just(columns),
                    prop::collection::vec(0u64..600, cells),
                    prop::collection::vec(prop_oneof![Just(f64::NAN), Just(1e300), -10.0..1000.0f64], cells),
                )
            }),
        ) {
            let pairs: Vec<(usize, usize)> = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).collect();
            let row_sums: Vec<u64> = parts.chunks(columns).map(|row| row.iter().sum()).collect();
            let column_sums: Vec<u64> = (0..columns).map(|j| parts.iter().skip(j).step_by(columns).sum()).collect();
            let whole = whole_minutes(&row_sums, &column_sums, &pairs, &minutes, &vec![vec![1.0, -1.0]; columns]).unwrap();
            let found: Vec<u64> = whole.chunks(columns).map(|row| row.iter().sum()).collect();
            prop_assert_eq!(found, row_sums);
            let found: Vec<u64> = (0..columns).map(|j| whole.iter().skip(j).step_by(columns).sum()).collect();
            prop_assert_eq!(found, column_sums);
        }
    }
}
