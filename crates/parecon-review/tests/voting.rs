//! Power against published tables and enumeration.

#![allow(clippy::unwrap_used)]

use parecon_review::voting::{Agreement, Assembly, Index, sampled_power};
use proptest::prelude::*;

/// Sums of positive terms.
const TOLERANCE: f64 = 1e-13;

fn assembly(weights: &[u32], quota: u32) -> Assembly {
    Assembly::new(weights.to_vec(), quota).unwrap()
}

/// Swings over coalitions, and pivots over orders by the size of the coalition joined.
fn enumerate(weights: &[u32], quota: u32) -> (Vec<f64>, Vec<f64>) {
    let n = weights.len();
    let factorial = |k: usize| (1..=k).map(|i| i as f64).product::<f64>();
    let (mut banzhaf, mut shapley) = (vec![0.0; n], vec![0.0; n]);
    for coalition in 0u32..1 << n {
        let sum: u32 = (0..n).filter(|&i| coalition & (1 << i) != 0).map(|i| weights[i]).sum();
        let size = coalition.count_ones() as usize;
        for i in (0..n).filter(|&i| coalition & (1 << i) == 0) {
            if sum < quota && sum + weights[i] >= quota {
                banzhaf[i] += 0.5f64.powi(n as i32 - 1);
                shapley[i] += factorial(size) * factorial(n - 1 - size) / factorial(n);
            }
        }
    }
    (banzhaf, shapley)
}

#[test]
fn council_of_the_eec_1958() {
    let council = assembly(&[4, 4, 4, 2, 2, 1], 12);
    let shapley = council.shapley_shubik();
    for (ours, sixtieths) in shapley.iter().zip([14.0, 14.0, 14.0, 9.0, 9.0, 0.0]) {
        assert!((ours - sixtieths / 60.0).abs() < TOLERANCE, "{shapley:?}");
    }
    // Swings 5, 5, 5, 3, 3, 0 of 16 with Luxembourg apart: 10, 10, 10, 6, 6, 0 of 32.
    let swings: Vec<f64> = council.banzhaf().iter().map(|power| power * 32.0).collect();
    assert_eq!(swings, [10.0, 10.0, 10.0, 6.0, 6.0, 0.0]);
}

#[test]
fn security_council() {
    // Five permanent members with a veto, ten others, nine votes needed: weights 7 and 1, quota 39.
    let council = assembly(&[7, 7, 7, 7, 7, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 39);
    let shapley = council.shapley_shubik();
    assert!((shapley[0] - 421.0 / 2145.0).abs() < TOLERANCE && (shapley[5] - 4.0 / 2145.0).abs() < TOLERANCE);
    let banzhaf = council.banzhaf();
    assert!((banzhaf[0] * 16384.0 - 848.0).abs() < 1e-9 && (banzhaf[5] * 16384.0 - 84.0).abs() < 1e-9);
}

#[test]
fn nassau_county_1958_leaves_three_without_power() {
    // Banzhaf's own case: 9, 9, 7, 3, 1, 1 with 16 needed.
    let swings: Vec<f64> =
        assembly(&[9, 9, 7, 3, 1, 1], 16).banzhaf().iter().map(|power| power * 32.0).collect();
    assert_eq!(swings, [16.0, 16.0, 16.0, 0.0, 0.0, 0.0]);
}

#[test]
fn hundreds_of_members_keep_their_digits() {
    // Equals have equal power: 1/n, and C(n − 1, m)/2^(n − 1) for a bare majority.
    let equals = assembly(&[1; 301], 151);
    assert!(equals.shapley_shubik().iter().all(|power| (power * 301.0 - 1.0).abs() < 1e-12));
    let exact = (1..=150).fold(1.0, |value, i| value * (150.0 + f64::from(i)) / (4.0 * f64::from(i)));
    assert!(equals.banzhaf().iter().all(|power| (power / exact - 1.0).abs() < 1e-12));
    // One big member among many small ones (Shapley and Milnor's oceanic games): with weight share w < ½ of an ocean,
    // power tends to w/(1 − w).
    let mut weights = vec![1; 400];
    weights.push(100);
    let oceanic = assembly(&weights, 251).shapley_shubik();
    assert!((oceanic[400] - 0.25).abs() < 2e-3, "{}", oceanic[400]);
}

#[test]
fn sampling_states_its_error() {
    let weights = [9.0, 9.0, 7.0, 3.0, 1.0, 1.0, 5.5];
    for index in [Index::Banzhaf, Index::ShapleyShubik] {
        let exact = assembly(&[18, 18, 14, 6, 2, 2, 11], 36).power(index);
        let sampled = sampled_power(&weights, 0.5, index, 40_000, 5).unwrap();
        let again = sampled_power(&weights, 0.5, index, 40_000, 5).unwrap();
        assert_eq!(sampled, again);
        for (sampled, exact) in sampled.iter().zip(exact) {
            assert!((sampled.power - exact).abs() < 4.0 * sampled.standard_error, "{sampled:?} {exact}");
        }
    }
}

#[test]
fn inverse_problem_finds_attainable_power() {
    // The power of a real assembly as the target.
    let council = assembly(&[29, 27, 14, 10, 7, 4, 3, 3, 2, 1], 51);
    for index in [Index::Banzhaf, Index::ShapleyShubik] {
        let target = council.power(index);
        let start = Assembly::in_proportion(&target, 1000, 0.5).unwrap();
        let before = Agreement::new(&start.power(index), &target).unwrap();
        let fitted = Assembly::for_power(&target, 1000, 0.5, index).unwrap();
        assert!(fitted.agreement.misplaced <= before.misplaced);
        assert!(fitted.agreement.misplaced < 0.01, "{index:?}: {:?} {before:?}", fitted.agreement);
    }
}

/// The best of all weights in any order, the slow way.
#[test]
fn small_boards_are_fitted_exactly() {
    for (stakes, votes, majority) in [
        ([47.0, 30.0, 19.0, 4.0], 13, 0.5),
        ([10.0, 40.0, 25.0, 25.0], 12, 0.65),
        ([1.0, 1.0, 1.0, 7.0], 11, 0.5),
    ] {
        for index in [Index::Banzhaf, Index::ShapleyShubik] {
            let fitted = Assembly::for_power(&stakes, votes, majority, index).unwrap();
            assert!(fitted.exact);
            let mut best = f64::INFINITY;
            for code in 0..(votes + 1).pow(3) {
                let (a, b, c) =
                    (code % (votes + 1), code / (votes + 1) % (votes + 1), code / (votes + 1).pow(2));
                if a + b + c <= votes {
                    let board = assembly(&[a, b, c, votes - a - b - c], fitted.assembly.quota());
                    let apart = Agreement::new(&board.power(index), &stakes).unwrap();
                    best = best.min(apart.misplaced);
                }
            }
            assert!((fitted.agreement.misplaced - best).abs() < TOLERANCE, "{fitted:?} {best}");
        }
    }
    let many = Assembly::for_power(&[5.0; 20], 1000, 0.5, Index::Banzhaf).unwrap();
    assert!(!many.exact && many.agreement.misplaced < TOLERANCE);
}

/// States that vote as blocks: 538 electors, 270 elect. Apportionments of 2000 and 2020; coalitions and orders counted in
/// whole numbers of any length (Python), as fractions rounded once.
#[test]
fn electoral_college() {
    let college = |groups: &[(u32, usize)]| {
        let weights: Vec<u32> =
            groups.iter().flat_map(|&(votes, states)| std::iter::repeat_n(votes, states)).collect();
        assert_eq!((weights.len(), weights.iter().sum::<u32>()), (51, 538));
        assembly(&weights, 270)
    };
    let now = college(&[
        (54, 1),
        (40, 1),
        (30, 1),
        (28, 1),
        (19, 2),
        (17, 1),
        (16, 2),
        (15, 1),
        (14, 1),
        (13, 1),
        (12, 1),
        (11, 4),
        (10, 5),
        (9, 2),
        (8, 3),
        (7, 2),
        (6, 6),
        (5, 2),
        (4, 7),
        (3, 7),
    ]);
    let (banzhaf, shapley) = (now.banzhaf(), now.shapley_shubik());
    for (state, exact, order) in [
        (0, 0.460_711_306_510_717_1, 0.108_036_833_651_898_7),
        (1, 0.317_538_405_379_666_6, 0.077_428_257_419_068_8),
        (50, 0.022_692_481_274_530_6, 0.005_402_278_557_615_3),
    ] {
        assert!((banzhaf[state] / exact - 1.0).abs() < TOLERANCE, "{state}: {}", banzhaf[state]);
        assert!((shapley[state] / order - 1.0).abs() < TOLERANCE, "{state}: {}", shapley[state]);
    }
    // California's 10.04 % of electors are 10.8 % of power.
    assert!(shapley[0] > 54.0 / 538.0);
    let then = college(&[
        (55, 1),
        (34, 1),
        (31, 1),
        (27, 1),
        (21, 2),
        (20, 1),
        (17, 1),
        (15, 3),
        (13, 1),
        (12, 1),
        (11, 4),
        (10, 4),
        (9, 3),
        (8, 2),
        (7, 4),
        (6, 3),
        (5, 5),
        (4, 5),
        (3, 8),
    ]);
    assert!((then.banzhaf()[0] - 0.475_035_910_560_347_2).abs() < TOLERANCE);
    assert!((then.shapley_shubik()[0] - 0.110_358_328_907_57).abs() < TOLERANCE);
}

#[test]
fn one_share_can_be_no_power_at_all() {
    let stakes = [51.0, 30.0, 19.0];
    let board = Assembly::in_proportion(&stakes, 100, 0.5).unwrap();
    assert_eq!(board.banzhaf(), [1.0, 0.0, 0.0]);
    let agreement = Agreement::new(&board.banzhaf(), &stakes).unwrap();
    assert!((agreement.misplaced - 0.49).abs() < TOLERANCE && agreement.member == 0);
    let fitted = Assembly::for_power(&stakes, 100, 0.5, Index::Banzhaf).unwrap();
    assert!(fitted.agreement.misplaced < 0.2, "{fitted:?}");
}

#[test]
fn bad_assemblies_are_refused() {
    assert_eq!(Assembly::new(vec![], 1).unwrap_err().to_string(), "no members given, must be at least one");
    assert_eq!(
        Assembly::new(vec![1, 2], 4).unwrap_err().to_string(),
        "quota is 4, must be 1 to the sum of the weights, 3"
    );
    assert_eq!(
        Assembly::in_proportion(&[1.0, f64::NAN], 10, 0.5).unwrap_err().to_string(),
        "stake of member 1 is NaN, must be finite and not negative"
    );
    assert!(serde_json::from_str::<Assembly>(r#"{"weights":[1,1],"quota":3}"#).is_err());
    assert!(Agreement::new(&[1.0], &[1.0, 2.0]).is_err());
}

proptest! {
    #[test]
    fn generating_functions_are_enumeration(
        weights in prop::collection::vec(0u32..9, 1..10),
        pick in 0u32..100,
    ) {
        let sum: u32 = weights.iter().sum();
        prop_assume!(sum > 0);
        let quota = 1 + pick % sum;
        let (banzhaf, shapley) = enumerate(&weights, quota);
        let ours = assembly(&weights, quota);
        for i in 0..weights.len() {
            prop_assert!((ours.banzhaf()[i] - banzhaf[i]).abs() < TOLERANCE);
            prop_assert!((ours.shapley_shubik()[i] - shapley[i]).abs() < TOLERANCE);
        }
        let total: f64 = ours.shapley_shubik().iter().sum();
        prop_assert!((total - 1.0).abs() < TOLERANCE);
    }

    #[test]
    fn votes_in_proportion_add_up(stakes in prop::collection::vec(0.0..9.0f64, 1..30), votes in 1u32..5000) {
        prop_assume!(stakes.iter().sum::<f64>() > 0.0);
        let board = Assembly::in_proportion(&stakes, votes, 0.5).unwrap();
        prop_assert_eq!(board.weights().iter().sum::<u32>(), votes);
        let sum: f64 = stakes.iter().sum();
        for (weight, stake) in board.weights().iter().zip(&stakes) {
            prop_assert!((f64::from(*weight) - stake / sum * f64::from(votes)).abs() < 1.0 + 1e-9);
        }
    }
}

#[test]
fn a_tie_is_not_a_majority() {
    // 29 of 100 is not more than .29, although 100 · .29 is a little less than 29 in binary.
    assert_eq!(Assembly::in_proportion(&[1.0; 4], 100, 0.29).unwrap().quota(), 30);
    // A third and a sixth are a half, not more: with 2, 1 and 3 the motion needs the big member and another.
    let sampled = sampled_power(&[2.0, 1.0, 3.0], 0.5, Index::ShapleyShubik, 20_000, 9).unwrap();
    let exact = assembly(&[2, 1, 3], 4).shapley_shubik();
    for (sampled, exact) in sampled.iter().zip(exact) {
        assert!((sampled.power - exact).abs() < 4.0 * sampled.standard_error, "{sampled:?} {exact}");
    }
}
