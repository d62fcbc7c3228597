//! Who is far from what is typical.

use super::{Figure, Flag, Measure};

/// Modified z-score beyond which a figure is far off, as Iglewicz and Hoaglin recommend.
const FAR: f64 = 3.5;
/// Median absolute deviation of a standard normal variable.
const NORMAL: f64 = 0.6745;
/// Where nearly all agree, deviations of less than 5 % are nothing to ask about.
const NOTICEABLE: f64 = 0.05;
/// Fewer do not say what is typical.
const FEWEST: usize = 5;

/// Flags figures whose logarithms are far from the median. Figures that are not positive have none and are left out.
pub(super) fn far_from_typical(measure: Measure, figures: &[Figure]) -> Vec<Flag> {
    let figures: Vec<Figure> =
        figures.iter().copied().filter(|(_, value)| *value > 0.0 && value.is_finite()).collect();
    if figures.len() < FEWEST {
        return Vec::new();
    }
    let middle = median(figures.iter().map(|(_, value)| value.ln()).collect());
    let distance = |value: f64| (value.ln() - middle).abs();
    let spread = median(figures.iter().map(|(_, value)| distance(*value)).collect());
    let mut flags: Vec<Flag> = figures
        .into_iter()
        .filter(|(_, value)| {
            let distance = distance(*value);
            distance > NOTICEABLE && NORMAL * distance > FAR * spread
        })
        .map(|(council, value)| Flag { council, measure, value, typical: middle.exp() })
        .collect();
    flags.sort_by_key(|flag| flag.council);
    flags
}

/// The middle one of at least one number, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { 0.5 * (values[half - 1] + values[half]) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CouncilId;

    fn flagged(values: &[f64]) -> Vec<u32> {
        let figures: Vec<_> = (0u32..).map(CouncilId::Worker).zip(values.iter().copied()).collect();
        let position = |flag: Flag| match flag.council {
            CouncilId::Worker(w) | CouncilId::Consumer(w) => w,
        };
        far_from_typical(Measure::BenefitCost, &figures).into_iter().map(position).collect()
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0]), 3.0);
        assert_eq!(median(vec![4.0, 1.0]), 2.5);
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
    }

    #[test]
    fn the_textbook_criterion() {
        // Logarithms −2..2 and 7: median 0.5, absolute deviations 2.5 1.5 .5 .5 1.5 6.5 with median 1.5, and
        // 0.6745·6.5/1.5 = 2.92; with 9 it is 3.82.
        let exps = |last: f64| [-2.0, -1.0, 0.0, 1.0, 2.0, last].map(f64::exp);
        assert_eq!(flagged(&exps(7.0)), [0u32; 0]);
        assert_eq!(flagged(&exps(9.0)), [5]);
    }

    #[test]
    fn several_do_not_hide_each_other_and_trifles_do_not_count() {
        assert_eq!(flagged(&[1.0, 1.0, 1.0, 1.0, 1.04, 30.0, 0.01]), [5, 6]);
        assert_eq!(flagged(&[1.0, 1.0, 1.0, 30.0]), [0u32; 0], "too few");
        assert_eq!(flagged(&[1.0, 1.0, 1.0, 1.0, 0.0, f64::NAN, f64::INFINITY]), [0u32; 0]);
    }
}
