//! Sums without rounding, so that neither order nor grouping of the terms shows.

/// The exact sum of floating-point numbers.
///
/// It is kept as a few numbers that do not overlap and increase in size, each addition splitting what it rounds away
/// from what it keeps (J. R. Shewchuk, "Adaptive precision floating-point arithmetic and fast robust geometric
/// predicates", 1997); only [`value`](Self::value) rounds, once. Terms and sums must stay finite.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExactSum {
    parts: Vec<f64>,
}

impl ExactSum {
    pub(crate) fn add(&mut self, mut term: f64) {
        let mut kept = 0;
        for at in 0..self.parts.len() {
            let part = self.parts[at];
            let (large, small) = if term.abs() < part.abs() { (part, term) } else { (term, part) };
            let sum = large + small;
            let lost = small - (sum - large);
            if lost != 0.0 {
                self.parts[kept] = lost;
                kept += 1;
            }
            term = sum;
        }
        self.parts.truncate(kept);
        if term != 0.0 {
            self.parts.push(term);
        }
    }

    pub(crate) fn merge(&mut self, other: &ExactSum) {
        for part in &other.parts {
            self.add(*part);
        }
    }

    /// The number nearest to the exact sum; of two that are equally near, the even one.
    pub(crate) fn value(&self) -> f64 {
        let mut parts = self.parts.iter().rev().copied();
        let Some(mut sum) = parts.next() else { return 0.0 };
        for part in parts.by_ref() {
            let rounded = sum + part;
            let lost = part - (rounded - sum);
            sum = rounded;
            if lost != 0.0 {
                // Half way between two numbers, the next part tells which way to go.
                if parts.next().is_some_and(|next| (next < 0.0) == (lost < 0.0)) {
                    let twice = 2.0 * lost;
                    let away = sum + twice;
                    if away - sum == twice {
                        sum = away;
                    }
                }
                break;
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(terms: impl IntoIterator<Item = f64>) -> ExactSum {
        let mut sum = ExactSum::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }

    /// Multiples of 2^-60 up to 2^60 or so: their sum is exact in 128 bits, and the conversion rounds correctly.
    fn fixed_point() -> impl Strategy<Value = i128> {
        (any::<i64>(), 0u32..58).prop_map(|(digits, shift)| i128::from(digits >> 11) << shift)
    }

    const UNIT: f64 = 1.0 / (1u64 << 60) as f64;

    proptest! {
        #[test]
        fn agrees_with_integers(terms in prop::collection::vec(fixed_point(), 0..200)) {
            let exact = terms.iter().sum::<i128>() as f64 * UNIT;
            prop_assert_eq!(sum(terms.iter().map(|t| *t as f64 * UNIT)).value(), exact);
        }

        #[test]
        fn order_and_grouping_do_not_show(
            terms in prop::collection::vec((-1e3f64..1e3, -60i32..60), 0..60).prop_map(|terms| {
                terms.into_iter().map(|(x, e)| x * f64::from(e).exp2()).collect::<Vec<f64>>()
            }),
            cut in any::<prop::sample::Index>(),
        ) {
            let whole = sum(terms.iter().copied());
            let backwards = sum(terms.iter().rev().copied());
            let (left, right) = terms.split_at(if terms.is_empty() { 0 } else { cut.index(terms.len()) });
            let mut merged = sum(right.iter().copied());
            merged.merge(&sum(left.iter().copied()));
            prop_assert_eq!(whole.value().to_bits(), backwards.value().to_bits());
            prop_assert_eq!(whole.value().to_bits(), merged.value().to_bits());
        }
    }

    #[test]
    fn hard_cases() {
        assert_eq!(sum([]).value(), 0.0);
        assert_eq!(sum([1e100, 1.0, -1e100]).value(), 1.0);
        assert_eq!(sum([0.1; 10]).value(), 1.0);
        // Half way, with and without something beyond.
        assert_eq!(sum([1.0, f64::EPSILON / 2.0]).value(), 1.0);
        assert_eq!(sum([1.0, f64::EPSILON / 2.0, 1e-300]).value(), 1.0 + f64::EPSILON);
        assert_eq!(sum([1.0 + f64::EPSILON, f64::EPSILON / 2.0, -1e-300]).value(), 1.0 + f64::EPSILON);
        assert_eq!(sum([f64::MIN_POSITIVE, 1.0, -1.0]).value(), f64::MIN_POSITIVE);
    }
}
