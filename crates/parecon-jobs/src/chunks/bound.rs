//! A lower bound on the largest deviation where quotas have slack.

use super::rules::Terms;
use crate::{Balance, MemberId, Workplace};

/// What no division can go below whose members work between the limits of `terms`.
///
/// A certificate's multipliers `g_id` and task prices `v_j` prove, for any loads `l_i` with
/// `Σ_i l_i = Σ_j h_j` and any shift c of all prices,
/// ```text
/// t Σ_i l_i Σ_d |g_id| ≥ Σ_ij x_ij Σ_d g_id (r_jd − r̄_d) ≥ Σ_j h_j (v_j + c) + Σ_i l_i (min_j (Σ_d g_id (r_jd − r̄_d) − v_j) − c)
/// ```
/// so t is at least the right side at the worst loads, divided by the left sum at the largest. Without slack it is the
/// certificate's own bound, which is returned as it is.
pub(super) fn bound_on_largest(workplace: &Workplace, balance: &Balance, terms: &Terms) -> f64 {
    let certificate = &balance.certificate;
    if terms.load.iter().all(|(least, most)| least == most) {
        return certificate.largest.bound;
    }
    let Some(proof) = certificate.levels.first().and_then(|level| level.proof.as_ref()) else { return 0.0 };
    let dimensions = workplace.averages().len();
    let total = workplace.total_time().get() as f64;
    let weights: Vec<Vec<f64>> =
        (0..terms.load.len()).map(|member| proof.weights(member, dimensions).collect()).collect();
    let prices: Vec<f64> = (0..workplace.tasks().len()).map(|task| proof.price(task)).collect();
    let size: f64 = weights
        .iter()
        .zip(&terms.load)
        .map(|(g, load)| load.1 as f64 * g.iter().map(|w| w.abs()).sum::<f64>())
        .sum();
    let paid: f64 =
        prices.iter().zip(workplace.tasks()).map(|(price, task)| price * task.time.get() as f64).sum();
    let mut least = Vec::with_capacity(terms.load.len());
    for (m, g) in weights.iter().enumerate() {
        let worth = |task: &crate::TaskId| {
            let ratings = workplace.tasks()[task.index()].ratings().zip(workplace.averages());
            ratings.zip(g).map(|((rating, average), g)| g * (rating - average)).sum::<f64>()
                - prices[task.index()]
        };
        let low = workplace.eligible(MemberId::new(m)).iter().map(worth).fold(f64::INFINITY, f64::min);
        if low.is_finite() {
            least.push((low, terms.load[m]));
        }
    }
    // The right side is concave and piecewise linear in the shift; its kinks are where a member's rest changes sign, and
    // beyond each the most that the member may work counts instead of the least.
    least.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut slope = total - least.iter().map(|(_, load)| load.0 as f64).sum::<f64>();
    let peak = least.iter().find(|(_, load)| {
        slope -= (load.1 - load.0) as f64;
        slope <= 0.0
    });
    let shift = peak.or(least.last()).map_or(0.0, |(low, _)| *low);
    let rests = least.iter().map(|(low, (fewest, most))| {
        let rest = low - shift;
        rest * if rest < 0.0 { *most } else { *fewest } as f64
    });
    let best = paid + shift * total + rests.sum::<f64>();
    let bound = best / size;
    if bound.is_finite() { bound.max(0.0) } else { 0.0 }
}
