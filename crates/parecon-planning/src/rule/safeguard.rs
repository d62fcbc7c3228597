//! What keeps a price rule from going astray, from aggregates alone.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::Reports;
use super::secants::{difference, dot, largest};
use crate::economy::{PRICE_LIMIT, logs};

/// Largest |log(D/S)| that is believed: beyond it nothing but the direction matters.
const LARGEST_RATIO: f64 = 1e3;
/// First and largest change of a price from round to round, as exponents of e.
const FIRST_RADIUS: f64 = 4.0;
const LARGEST_RADIUS: f64 = 10.0;
/// Growth of the radius after a step that was not too long.
const GROWTH: f64 = 2.0;
/// A step is too long when it ends where Φ rises by more than this share of how it fell at the start.
const OVERSHOT: f64 = 0.5;
/// Φ must fall along a step by this share of what it would if every price moved in its good's favour.
const STEEP: f64 = 0.01;
/// But a step is never too long if the largest |log(D/S)| becomes this much smaller than it was in any round before.
const PROGRESS: f64 = 0.9;
/// Share of a step that was too long, at least and at most, that is tried instead.
const SHORTER: (f64, f64) = (0.1, 0.6);
/// Share of log(D/S) by which a price changes when nothing better is known.
pub(super) const DAMPING: f64 = 0.2;

/// A round in logarithms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// Logarithms of prices, `u`.
    pub(super) u: Vec<f64>,
    /// `log(D/S)`.
    pub(super) f: Vec<f64>,
    /// Values of the surpluses, `p·(S − D)`: the gradient of Φ in `u`.
    surplus: Vec<f64>,
}

impl Seen {
    pub(super) fn new(reports: &Reports<'_>) -> Self {
        let all = reports.aggregates();
        let pairs = || all.supply.iter().zip(&all.demand);
        // Nothing offered and nothing asked for is balance.
        let ratio = |(s, d): (&f64, &f64)| {
            let log = (d / s).ln();
            if log.is_nan() { 0.0 } else { log.clamp(-LARGEST_RATIO, LARGEST_RATIO) }
        };
        Seen {
            u: logs(reports.prices()),
            f: pairs().map(ratio).collect(),
            surplus: pairs().zip(reports.prices()).map(|((s, d), p)| p * (s - d)).collect(),
        }
    }
}

/// Decides from round to round whether to go on or to take back a part of the last step.
///
/// The gradient of the potential Φ, which the clearing prices minimise, is the value of the surpluses, and so known
/// from aggregates, although Φ itself is not. Along a step, convexity then tells where Φ falls: at the end as well
/// (`gradient·step ≤ 0`), and the step was not too long, or else the minimum was passed. And whatever the positive
/// factors, to raise what is short and lower what is plentiful is a direction in which Φ falls: where a rule's own step
/// is none, that one is taken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Safeguard {
    /// The round from which the last step was made, and the step.
    last: Option<(Seen, Vec<f64>)>,
    #[serde(deserialize_with = "positive")]
    radius: f64,
    /// The smallest distance so far.
    least: Option<f64>,
}

impl Default for Safeguard {
    fn default() -> Self {
        Safeguard { last: None, radius: FIRST_RADIUS, least: None }
    }
}

impl Safeguard {
    /// The prices to announce next: those of the rule's own step, in logarithms, as far as it can be trusted.
    ///
    /// Where a step is taken back in part, the rule is not asked.
    pub(super) fn guard(&mut self, now: Seen, step: impl FnOnce(&Seen) -> Option<Vec<f64>>) -> Vec<f64> {
        let distance = largest(&now.f);
        let progress = self.least.is_none_or(|least| distance < PROGRESS * least);
        self.least = Some(self.least.map_or(distance, |least| least.min(distance)));
        if let Some((base, step)) = &mut self.last {
            let (before, after) = (dot(&base.surplus, step), dot(&now.surplus, step));
            if !progress && (after.is_nan() || after > -OVERSHOT * before) {
                let minimum = before / (before - after); // if the slope grew evenly
                let share = if minimum.is_nan() { SHORTER.0 } else { minimum.clamp(SHORTER.0, SHORTER.1) };
                step.iter_mut().for_each(|s| *s *= share);
                self.radius = largest(step);
                return prices(&base.u, step);
            }
            self.radius = (GROWTH * self.radius).min(LARGEST_RADIUS);
        }
        let falls = |step: &Vec<f64>| {
            let slope = dot(&now.surplus, step);
            let terms: f64 = now.surplus.iter().zip(step).map(|(surplus, s)| (surplus * s).abs()).sum();
            slope < -STEEP * terms && largest(step).is_finite()
        };
        let own = step(&now).filter(falls).map(|mut step| {
            let longest = largest(&step);
            if longest > self.radius {
                step.iter_mut().for_each(|s| *s *= self.radius / longest);
            }
            step
        });
        let step = own.unwrap_or_else(|| {
            now.f.iter().map(|f| (DAMPING * f).clamp(-self.radius, self.radius)).collect()
        });
        let next = prices(&now.u, &step);
        // What was announced, should the limits have cut something off.
        let step = difference(&logs(&next), &now.u);
        self.last = Some((now, step));
        next
    }
}

fn positive<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    let radius = f64::deserialize(from)?;
    if radius > 0.0 {
        Ok(radius)
    } else {
        Err(D::Error::custom(format!("radius is {radius}, must be positive")))
    }
}

fn prices(u: &[f64], step: &[f64]) -> Vec<f64> {
    u.iter().zip(step).map(|(u, s)| (u + s).exp().clamp(1.0 / PRICE_LIMIT, PRICE_LIMIT)).collect()
}
