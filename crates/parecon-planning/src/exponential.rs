//! Exponentials of many numbers at once.

use std::ops::Range;

use pulp::Arch;

/// Councils taken together: enough to fill registers, few enough that all about them stays in the first cache.
const BLOCK: usize = 64;

/// From the smallest to the largest of these, results are normal numbers.
const SMALLEST: f64 = -708.0;
const LARGEST: f64 = 709.0;
/// Rounds what is added to it to a whole number, in the low bits of the sum.
const ROUND: f64 = 6_755_399_441_055_744.0; // 1.5·2^52
/// `log 2` in two parts; the first has so few digits that multiples of it are exact.
const LOG_2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LOG_2_LOW: f64 = f64::from_bits(0x3DEA_39EF_3579_3C76);
/// Terms of the series of `(e^r − 1 − r)/r²`: `1/2!` to `1/13!`. The next is below 1e-17 for `|r| ≤ log 2/2`.
const TERMS: [f64; 12] = [
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
    1.0 / 479_001_600.0,
    1.0 / 6_227_020_800.0,
];

/// Calls `each` with every council of a range and the exponentials of its `logs`.
pub(crate) fn for_exponentials<const K: usize>(
    range: Range<usize>,
    logs: impl Fn(usize) -> [f64; K],
    mut each: impl FnMut(usize, [f64; K]),
) {
    let mut memory = [[0.0; K]; BLOCK];
    for first in range.clone().step_by(BLOCK) {
        let block = first..(first + BLOCK).min(range.end);
        let values = &mut memory[..block.len()];
        values.iter_mut().zip(block.clone()).for_each(|(values, w)| *values = logs(w));
        exponentials(values.as_flattened_mut());
        values.iter().zip(block).for_each(|(values, w)| each(w, *values));
    }
}

/// Replaces each number by its exponential: within 1 unit in the last place, and 0 below −708.
///
/// Without a branch or a call, so that it fills the widest registers there are, and without fused operations, so that
/// every processor finds the same bits. Numbers above 709 are taken as 709.
fn exponentials(values: &mut [f64]) {
    Arch::new().dispatch(
        #[inline(always)]
        || values.iter_mut().for_each(|x| *x = exponential(*x)),
    );
}

#[inline(always)]
fn exponential(x: f64) -> f64 {
    let bounded = if x > LARGEST { LARGEST } else { x };
    let shifted = bounded * std::f64::consts::LOG2_E + ROUND;
    let times = shifted - ROUND;
    let r = (bounded - times * LOG_2_HIGH) - times * LOG_2_LOW;
    let series = TERMS.iter().rev().fold(0.0, |sum, term| sum * r + term);
    let near = 1.0 + (r + r * r * series);
    let power = f64::from_bits(near.to_bits().wrapping_add(shifted.to_bits() << 52));
    let result = if x < SMALLEST { 0.0 } else { power };
    if x.is_nan() { x } else { result }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The library's is within half a unit of the last place, and some.
    #[test]
    fn as_the_library_has_it() {
        let given: Vec<f64> = (-70_700..70_900).map(|i| f64::from(i) * 0.01 + 1e-3 / 7.0).collect();
        let mut ours = given.clone();
        exponentials(&mut ours);
        for (x, ours) in given.iter().zip(ours) {
            let units = ours.to_bits().abs_diff(x.exp().to_bits());
            assert!(units <= 1, "{x}: {units} units in the last place");
        }
    }

    #[test]
    fn every_council_gets_its_own() {
        let mut seen = Vec::new();
        for_exponentials(3..200, |w| [w as f64, -(w as f64)], |w, powers| seen.push((w, powers)));
        assert_eq!(seen.iter().map(|(w, _)| *w).collect::<Vec<_>>(), (3..200).collect::<Vec<_>>());
        assert!(seen.iter().all(|(w, [up, down])| (up.ln() - *w as f64).abs() < 1e-13 * up.ln()
            && (up * down - 1.0).abs() < 1e-15));
    }

    #[test]
    fn ends_of_the_range() {
        let mut ends = [f64::NEG_INFINITY, -709.0, 0.0, -0.0, f64::NAN, f64::INFINITY, 1.0];
        exponentials(&mut ends);
        assert_eq!(ends[..4], [0.0, 0.0, 1.0, 1.0]);
        assert!(ends[4].is_nan() && ends[5].is_finite() && ends[5] > 8e307);
        assert!((ends[6] - std::f64::consts::E).abs() <= 2.0 * f64::EPSILON);
    }
}
