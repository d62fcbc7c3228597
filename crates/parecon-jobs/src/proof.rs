//! Dual bounds in exact integer arithmetic.
//!
//! Multipliers are rounded to integers, which weak duality allows: any multipliers prove some bound. From there on no
//! rounding happens until the last division.

use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::stages::Point;
use crate::{Error, MemberId, Workplace};

/// Ratings and caps are whole millionths of a point; prices, too.
pub(crate) const MICRO: f64 = 1e6;
/// Binary digits of the largest weight, if sums then fit into 127 bits.
const DIGITS: u32 = 30;
/// What ratings with more than six decimals may move a deviation by: half a millionth each for task and average.
const ROUNDED: f64 = 1e-6;
/// The final quotient: two conversions, three products, a division, each half a unit in the last place.
const QUOTIENT: f64 = 4.0 * f64::EPSILON;

/// Multipliers of a [`Certificate`](crate::Certificate) as integers, one weight per member and dimension and one price
/// per task, in units of 1 / scale per minute (prices: of a millionth of that).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    scale: i64,
    /// By member, then by dimension.
    weights: Vec<i64>,
    prices: Vec<i64>,
}

/// What a proof is a bound of.
#[derive(Clone, Copy)]
pub(crate) enum Claim<'a> {
    /// The largest deviation of members without a cap, the others keeping theirs.
    Largest(&'a [Option<f64>]),
    /// The mean deviation, everyone keeping their cap.
    Mean(&'a [f64]),
}

impl Proof {
    /// Rounds a point's multipliers, as many digits as exact sums have room for.
    pub(crate) fn new(workplace: &Workplace, aggregate: &Aggregate, point: &Point) -> Self {
        let dimensions = aggregate.dimensions;
        let bits = 64 - workplace.total_time().get().leading_zeros();
        let digits = DIGITS.min(93u32.saturating_sub(2 * bits).max(1));
        let per_minute = |kind: usize, d: usize| point.weights[kind][d] / aggregate.types[kind].quota as f64;
        let all = (0..aggregate.types.len()).flat_map(|kind| (0..dimensions).map(move |d| (kind, d)));
        let most = all.map(|(kind, d)| per_minute(kind, d).abs()).fold(0.0, f64::max);
        let scale = if most > 0.0 { (f64::from(1u32 << digits) / most).min(9e18) } else { 1.0 };
        let mut weights = vec![0; workplace.members().len() * dimensions];
        for (kind, of_type) in aggregate.types.iter().enumerate() {
            for &(member, _) in &of_type.members {
                for d in 0..dimensions {
                    weights[member * dimensions + d] = (per_minute(kind, d) * scale).round() as i64;
                }
            }
        }
        let mut prices = vec![0; workplace.tasks().len()];
        for (class, price) in aggregate.classes.iter().zip(&point.prices) {
            for &(task, _) in &class.tasks {
                prices[task] = (price * scale * MICRO).round() as i64;
            }
        }
        Proof { scale: scale as i64, weights, prices }
    }

    /// A member's multipliers `g_id`, per minute.
    pub(crate) fn weights(&self, member: usize, dimensions: usize) -> impl Iterator<Item = f64> {
        self.weights[member * dimensions..][..dimensions].iter().map(|w| *w as f64 / self.scale as f64)
    }

    /// A task's price `v_j`, in points per minute.
    pub(crate) fn price(&self, task: usize) -> f64 {
        self.prices[task] as f64 / (self.scale as f64 * MICRO)
    }

    /// The bound that the multipliers prove, 0 if none.
    ///
    /// # Errors
    /// A violation if the multipliers are not for this workplace, or too large to be summed in 127 bits.
    pub(crate) fn bound(&self, workplace: &Workplace, claim: Claim<'_>) -> Result<f64, Error> {
        self.exact(workplace, claim)
            .ok_or_else(|| Error::violation("the multipliers do not fit the workplace or exceed 127 bits"))
    }

    /// With M a million, H the time of all work, R ratings in millionths, G and P the integers and K their scale, all
    /// multiplied by K·M·H:
    /// ```text
    /// O_jd = R_jd H − Σ_k R_kd h_k
    /// N = Σ_j h°_j P_j H + Σ_i q°_i min_j (Σ_d G_id O_jd − P_j H)       (h°, q°: not pinned; pinned work has its part of O)
    /// largest ≥ (N − Σ_capped C_i H q_i Σ_d |G_id|) / (M H Σ_open q_i Σ_d |G_id|)
    /// mean    ≥ (N D − Σ_i C_i q_i Σ_d max(0, |G_id| H D − K)) / (K M H D)
    /// ```
    fn exact(&self, workplace: &Workplace, claim: Claim<'_>) -> Option<f64> {
        let dimensions = workplace.averages().len();
        let (members, tasks) = (workplace.members().len(), workplace.tasks().len());
        let caps = match claim {
            Claim::Largest(caps) => caps.len(),
            Claim::Mean(caps) => caps.len(),
        };
        if self.weights.len() != members * dimensions || self.prices.len() != tasks || caps != members {
            return None;
        }
        let total = i128::from(workplace.total_time().get());
        let (offsets, all_whole) = offsets(workplace)?;
        let (times, free) = workplace.open();
        let quotas = workplace.fair_quotas();

        let mut sum: i128 = 0;
        for (time, price) in times.iter().zip(&self.prices) {
            sum =
                sum.checked_add(i128::from(time.get()).checked_mul(i128::from(*price))?.checked_mul(total)?)?;
        }
        let (mut open, mut allowed) = (0i128, 0i128);
        for member in 0..members {
            let weights = &self.weights[member * dimensions..][..dimensions];
            let worth = |task: usize| {
                weights
                    .iter()
                    .zip(&offsets[task * dimensions..][..dimensions])
                    .try_fold(0i128, |sum, (w, o)| sum.checked_add(i128::from(*w).checked_mul(*o)?))
            };
            for pin in workplace.pinned(MemberId::new(member)) {
                let pinned = i128::from(pin.time.get());
                sum = sum.checked_add(worth(pin.task.index())?.checked_mul(pinned)?)?;
            }
            if free[member].get() > 0 {
                let mut least = None;
                for task in workplace.eligible(MemberId::new(member)).iter().map(|task| task.index()) {
                    if times[task].get() > 0 {
                        let net =
                            worth(task)?.checked_sub(i128::from(self.prices[task]).checked_mul(total)?)?;
                        least = Some(least.map_or(net, |least: i128| least.min(net)));
                    }
                }
                sum = sum.checked_add(least?.checked_mul(i128::from(free[member].get()))?)?;
            }
            let quota = i128::from(quotas[member].get());
            let size = weights.iter().map(|w| i128::from(w.unsigned_abs())).sum::<i128>();
            // Rounded ratings may move any deviation by a millionth, also a capped one.
            let cap = |points: f64| {
                micro(points).unwrap_or_else(|| (points * MICRO).ceil() as i128) + i128::from(!all_whole)
            };
            match claim {
                Claim::Largest(caps) => match caps[member] {
                    None => open = open.checked_add(size.checked_mul(quota)?)?,
                    Some(points) => {
                        let worth = cap(points).checked_mul(total)?.checked_mul(size.checked_mul(quota)?)?;
                        allowed = allowed.checked_add(worth)?;
                    }
                },
                Claim::Mean(caps) => {
                    let share = i128::from(self.scale);
                    let whole = total.checked_mul(dimensions as i128)?;
                    for weight in weights {
                        let weight = i128::from(weight.unsigned_abs()).checked_mul(whole)?;
                        let excess = weight.checked_sub(share)?.max(0);
                        allowed = allowed
                            .checked_add(excess.checked_mul(quota)?.checked_mul(cap(caps[member]))?)?;
                    }
                }
            }
        }
        let (numerator, denominator) = match claim {
            Claim::Largest(_) => (sum.checked_sub(allowed)?, open as f64 * MICRO * total as f64),
            Claim::Mean(_) => {
                let whole = dimensions as i128;
                let numerator = sum.checked_mul(whole)?.checked_sub(allowed)?;
                (numerator, self.scale as f64 * MICRO * total as f64 * dimensions as f64)
            }
        };
        if denominator <= 0.0 {
            return Some(0.0);
        }
        let bound = numerator as f64 / denominator * (1.0 - QUOTIENT);
        Some((bound - if all_whole { 0.0 } else { ROUNDED }).max(0.0))
    }
}

/// Millionths, if the points are a decimal of six digits: that comes back when divided, any other does not.
fn micro(points: f64) -> Option<i128> {
    let micro = (points * MICRO).round();
    (micro / MICRO == points).then_some(micro as i128)
}

/// `R_jd H − Σ_k R_kd h_k` by task and dimension, and whether all ratings are whole millionths.
fn offsets(workplace: &Workplace) -> Option<(Vec<i128>, bool)> {
    let dimensions = workplace.averages().len();
    let total = i128::from(workplace.total_time().get());
    let mut whole = true;
    let ratings: Vec<i128> = workplace
        .tasks()
        .iter()
        .flat_map(|task| task.ratings())
        .map(|rating| {
            let exact = micro(rating);
            whole &= exact.is_some();
            exact.unwrap_or_else(|| (rating * MICRO).round() as i128)
        })
        .collect();
    let mut sums = vec![0i128; dimensions];
    for (task, ratings) in workplace.tasks().iter().zip(ratings.chunks_exact(dimensions)) {
        for (sum, rating) in sums.iter_mut().zip(ratings) {
            *sum = sum.checked_add(rating.checked_mul(i128::from(task.time.get()))?)?;
        }
    }
    let offsets = ratings
        .iter()
        .enumerate()
        .map(|(at, rating)| rating.checked_mul(total)?.checked_sub(sums[at % dimensions]));
    Some((offsets.collect::<Option<Vec<_>>>()?, whole))
}
