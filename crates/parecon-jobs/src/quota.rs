//! Splitting whole minutes in proportion, exactly.

/// Splits `total` in proportion to `weights`, by largest remainder.
///
/// Part i is `⌊total · w_i / W⌋`; the units still missing go, one each, to the parts with the largest remainders
/// (the earlier one where they tie). The parts sum to `total`, and no part is a unit or more away from its exact
/// share. All parts are 0 if all weights are.
///
/// # Complexity
/// O(n log n).
///
/// # Reference
/// Hamilton's method of apportionment; Balinski & Young, *Fair Representation* (1982).
pub(crate) fn apportion(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum: u128 = weights.iter().map(|w| u128::from(*w)).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let exact = |weight: u64| u128::from(total) * u128::from(weight);
    // A part is at most `total`, so it fits.
    let mut parts: Vec<u64> = weights.iter().map(|w| (exact(*w) / sum) as u64).collect();
    let missing = total - parts.iter().sum::<u64>();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(exact(weights[i]) % sum));
    for &i in order.iter().take(missing as usize) {
        parts[i] += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hamilton_on_a_textbook_case() {
        // Populations and 100 seats; the worked example of largest remainder with the Hare quota in any textbook.
        assert_eq!(apportion(100, &[47_000, 16_000, 15_800, 12_000, 6_100, 3_100]), [47, 16, 16, 12, 6, 3]);
        assert_eq!(apportion(10, &[47_000, 16_000, 15_800, 12_000, 6_100, 3_100]), [5, 2, 1, 1, 1, 0]);
    }

    #[test]
    fn nothing_to_split_by() {
        assert_eq!(apportion(7, &[0, 0]), [0, 0]);
        assert_eq!(apportion(7, &[]), [0u64; 0]);
    }

    proptest! {
        #[test]
        fn parts_sum_and_keep_within_a_unit(total in 0u64..1 << 46, weights in prop::collection::vec(0u64..1 << 40, 1..30)) {
            let parts = apportion(total, &weights);
            let sum: u128 = weights.iter().map(|w| u128::from(*w)).sum();
            prop_assume!(sum > 0);
            prop_assert_eq!(parts.iter().sum::<u64>(), total);
            for (part, weight) in parts.iter().zip(&weights) {
                let exact = u128::from(total) * u128::from(*weight);
                prop_assert!((u128::from(*part) * sum).abs_diff(exact) < sum);
            }
        }
    }
}
