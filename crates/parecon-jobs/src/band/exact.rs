//! Sums of products of floating-point numbers without rounding, so that the sign of a proof is certain.

/// A sum kept as an expansion: components that do not overlap, smallest first, whose exact sum is the value.
///
/// # Reference
/// Shewchuk, *Adaptive precision floating-point arithmetic* (1997), Grow-Expansion; exact as long as no product
/// underflows or overflows, which [`super::Problem`] sees to.
#[derive(Clone, Default)]
pub(super) struct ExactSum {
    parts: Vec<f64>,
}

impl ExactSum {
    pub(super) fn clear(&mut self) {
        self.parts.clear();
    }

    pub(super) fn add(&mut self, value: f64) {
        let mut carry = value;
        let mut kept = 0;
        for k in 0..self.parts.len() {
            let (sum, rest) = two_sum(carry, self.parts[k]);
            carry = sum;
            if rest != 0.0 {
                self.parts[kept] = rest;
                kept += 1;
            }
        }
        self.parts.truncate(kept);
        if carry != 0.0 {
            self.parts.push(carry);
        }
    }

    pub(super) fn add_product(&mut self, a: f64, b: f64) {
        let (product, rest) = two_product(a, b);
        self.add(rest);
        self.add(product);
    }

    pub(super) fn add_product3(&mut self, a: f64, b: f64, c: f64) {
        let (product, rest) = two_product(a, b);
        self.add_product(rest, c);
        self.add_product(product, c);
    }

    /// −1, 0 or 1. The largest component decides.
    pub(super) fn sign(&self) -> i8 {
        match self.parts.last() {
            Some(last) if *last > 0.0 => 1,
            Some(last) if *last < 0.0 => -1,
            _ => 0,
        }
    }

    /// The value, rounded.
    pub(super) fn value(&self) -> f64 {
        self.parts.iter().sum()
    }
}

/// Knuth (1969): the rounded sum and what rounding lost.
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let of_b = sum - a;
    (sum, (a - (sum - of_b)) + (b - of_b))
}

fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    (product, a.mul_add(b, -product))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sum_that_rounding_gets_wrong() {
        let mut sum = ExactSum::default();
        for value in [1e30, 1.0, -1e30, -1.0, 1e-30] {
            sum.add(value);
        }
        assert_eq!((sum.sign(), sum.value()), (1, 1e-30));
        sum.add_product3(-1e-10, 1e-10, 1e-10);
        // 1e-30 and the product are different doubles of the same decimal number, or the same: the sign says which.
        let mut check = ExactSum::default();
        check.add(1e-30);
        check.add_product3(-1e-10, 1e-10, 1e-10);
        assert_eq!(sum.sign(), check.sign());
    }

    proptest! {
        #[test]
        fn integers_are_summed_as_integers(terms in prop::collection::vec((-(1i64 << 50)..1i64 << 50, -(1i64 << 50)..1i64 << 50), 1..40)) {
            let mut sum = ExactSum::default();
            let mut whole = 0i128;
            for (a, b) in terms {
                sum.add_product(a as f64, b as f64);
                whole += i128::from(a) * i128::from(b);
            }
            prop_assert_eq!(i128::from(sum.sign()), whole.signum());
            prop_assert_eq!(sum.value(), whole as f64);
        }
    }
}
