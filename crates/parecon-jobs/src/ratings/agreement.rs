//! How far raters agree, whoever rated what.

use serde::{Deserialize, Serialize};

use crate::Error;

/// How much two scores differ, for [`krippendorff_alpha`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Metric {
    /// 1 unless they are the same.
    Nominal,
    /// The square of how many scores were given from one to the other, these two counting half.
    Ordinal,
    /// The square of their difference.
    #[default]
    Interval,
    /// The square of their difference over their sum.
    Ratio,
}

/// Krippendorff's alpha: 1 if raters agree, 0 if they agree as much as chance would, below 0 if less.
///
/// ```text
/// α = 1 − D_o/D_e    D_o = Σ_units Σ_{pairs of scores in u} δ² / (m_u − 1)    D_e = Σ_{pairs of all n scores} δ² / (n − 1)
/// ```
/// for units with `m_u ≥ 2` scores; others do not count. `units` holds the scores of each task, in any order; raters may
/// have rated different tasks. `None` if no unit has two scores or all scores are the same, where agreement means nothing.
///
/// # Errors
/// If a score is not a finite number, or negative with [`Metric::Ratio`].
///
/// # Complexity
/// O(n + units · d² + d²) for n scores with d distinct values among them.
///
/// # Reference
/// K. Krippendorff, *Content Analysis* (2nd edition 2004), ch. 11; A. F. Hayes and K. Krippendorff, *Communication Methods and
/// Measures* 1 (2007).
///
/// # Example
/// ```
/// use parecon_jobs::ratings::{krippendorff_alpha, Metric};
/// let same = [vec![3.0, 3.0], vec![8.0, 8.0, 8.0]];
/// assert_eq!(krippendorff_alpha(&same, Metric::Interval)?, Some(1.0));
/// let opposite = [vec![3.0, 8.0], vec![8.0, 3.0]];
/// assert!(krippendorff_alpha(&opposite, Metric::Interval)?.unwrap() < 0.0);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn krippendorff_alpha(units: &[Vec<f64>], metric: Metric) -> Result<Option<f64>, Error> {
    for score in units.iter().flatten() {
        if !score.is_finite() || (metric == Metric::Ratio && *score < 0.0) {
            return Err(Error::invalid(format!(
                "score {score}: must be finite, and not negative for a ratio"
            )));
        }
    }
    let pairable = || units.iter().filter(|unit| unit.len() > 1);
    let mut values: Vec<f64> = pairable().flatten().copied().collect();
    let n = values.len() as f64;
    values.sort_by(f64::total_cmp);
    let mut counts: Vec<f64> = Vec::new();
    let mut distinct: Vec<f64> = Vec::new();
    for value in values {
        if distinct.last() == Some(&value) {
            if let Some(count) = counts.last_mut() {
                *count += 1.0;
            }
        } else {
            distinct.push(value);
            counts.push(1.0);
        }
    }
    let cumulative: Vec<f64> = counts
        .iter()
        .scan(0.0, |sum, count| {
            *sum += count;
            Some(*sum)
        })
        .collect();
    let difference = |a: usize, b: usize| match metric {
        Metric::Nominal => f64::from(a != b),
        Metric::Ordinal => (cumulative[b] - cumulative[a] - (counts[b] - counts[a]) / 2.0).powi(2),
        Metric::Interval => (distinct[a] - distinct[b]).powi(2),
        Metric::Ratio if distinct[a] + distinct[b] == 0.0 => 0.0,
        Metric::Ratio => ((distinct[a] - distinct[b]) / (distinct[a] + distinct[b])).powi(2),
    };
    let pairs = |counts: &[(usize, f64)]| {
        let mut sum = 0.0;
        for (at, (a, count)) in counts.iter().enumerate() {
            for (b, other) in &counts[at + 1..] {
                sum += count * other * difference(*a, *b);
            }
        }
        sum
    };
    let mut observed = 0.0;
    for unit in pairable() {
        let mut at: Vec<usize> = unit.iter().map(|score| distinct.partition_point(|v| v < score)).collect();
        at.sort_unstable();
        let mut counted: Vec<(usize, f64)> = Vec::new();
        for position in at {
            match counted.last_mut() {
                Some((last, count)) if *last == position => *count += 1.0,
                _ => counted.push((position, 1.0)),
            }
        }
        observed += pairs(&counted) / (unit.len() as f64 - 1.0);
    }
    let all: Vec<(usize, f64)> = counts.iter().copied().enumerate().collect();
    let expected = pairs(&all) / (n - 1.0);
    Ok((expected > 0.0).then(|| 1.0 - observed / expected))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NONE: f64 = 0.0;
    /// Krippendorff's data "C": four observers, twelve units (*Content Analysis*, 2nd edition, p. 230).
    const OBSERVERS: [[f64; 12]; 4] = [
        [1.0, 2.0, 3.0, 3.0, 2.0, 1.0, 4.0, 1.0, 2.0, NONE, NONE, NONE],
        [1.0, 2.0, 3.0, 3.0, 2.0, 2.0, 4.0, 1.0, 2.0, 5.0, NONE, 3.0],
        [NONE, 3.0, 3.0, 3.0, 2.0, 3.0, 4.0, 2.0, 2.0, 5.0, 1.0, NONE],
        [1.0, 2.0, 3.0, 3.0, 2.0, 4.0, 4.0, 1.0, 2.0, 5.0, 1.0, NONE],
    ];

    fn units() -> Vec<Vec<f64>> {
        (0..12).map(|u| OBSERVERS.iter().map(|row| row[u]).filter(|v| *v != NONE).collect()).collect()
    }

    #[test]
    fn krippendorffs_worked_example() {
        // Published to three digits: nominal .743, ordinal .815, interval .849, ratio .797; the rest recorded from the Python
        // package krippendorff 0.8.
        for (metric, alpha) in [
            (Metric::Nominal, 0.743_421_052_631_579),
            (Metric::Ordinal, 0.815_387_503_754_881),
            (Metric::Interval, 0.849_107_142_857_143),
            (Metric::Ratio, 0.797_402_774_711_612_1),
        ] {
            let ours = krippendorff_alpha(&units(), metric).unwrap().unwrap();
            assert!((ours - alpha).abs() < 1e-12, "{metric:?}: {ours}");
        }
    }

    #[test]
    fn nothing_to_agree_on() {
        assert_eq!(krippendorff_alpha(&[], Metric::Interval).unwrap(), None);
        assert_eq!(krippendorff_alpha(&[vec![1.0], vec![2.0]], Metric::Interval).unwrap(), None);
        assert_eq!(krippendorff_alpha(&[vec![4.0, 4.0]], Metric::Ordinal).unwrap(), None);
        assert!(krippendorff_alpha(&[vec![4.0, f64::NAN]], Metric::Ordinal).is_err());
        assert!(krippendorff_alpha(&[vec![4.0, -1.0]], Metric::Ratio).is_err());
    }

    proptest! {
        #[test]
        fn order_and_units_do_not_matter(
            units in prop::collection::vec(prop::collection::vec(1u32..=20, 0..6), 1..8),
            factor in 0.5..4.0f64,
        ) {
            let units: Vec<Vec<f64>> = units.into_iter().map(|u| u.into_iter().map(f64::from).collect()).collect();
            let other: Vec<Vec<f64>> =
                units.iter().rev().map(|u| u.iter().rev().map(|x| x * factor).collect()).collect();
            for metric in [Metric::Nominal, Metric::Ordinal, Metric::Interval, Metric::Ratio] {
                let (a, b) = (krippendorff_alpha(&units, metric).unwrap(), krippendorff_alpha(&other, metric).unwrap());
                prop_assert_eq!(a.is_some(), b.is_some());
                if let (Some(a), Some(b)) = (a, b) {
                    prop_assert!((a - b).abs() < 1e-9 && a <= 1.0 + 1e-12);
                }
            }
        }
    }
}
