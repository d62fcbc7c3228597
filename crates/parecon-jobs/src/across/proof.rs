//! Bounds of exchanges in exact integer arithmetic.
//!
//! Multipliers are rounded to integers, which weak duality allows; from there on no rounding happens until the last division.

use serde::{Deserialize, Serialize};

use super::exchange::Pair;
use super::{Config, Exchange, Society};
use crate::Error;
use crate::proof::MICRO;

/// Binary digits of the largest multiplier, if sums then fit into 127 bits.
const DIGITS: u32 = 30;
/// The final quotient and the costs divided by the largest: each half a unit in the last place.
const QUOTIENT: f64 = 8.0 * f64::EPSILON;
/// What rounding averages to millionths may move a deviation by: half a millionth each for a place and for all.
const ROUNDED: i128 = 1;

/// The multipliers of both bounds of an [`Exchange`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Proofs {
    pub(super) largest: Proof,
    pub(super) cost: Proof,
}

/// Prices and pulls as integers, in units of 1 / scale; prices of a millionth of that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Proof {
    scale: i64,
    prices: Vec<i64>,
    /// By place, then by dimension.
    pulls: Vec<i64>,
}

impl Proof {
    /// The multipliers that prove nothing: that costs and deviations are not negative.
    pub(super) fn none(society: &Society) -> Self {
        let places = society.places.len();
        Proof { scale: 1, prices: vec![0; places], pulls: vec![0; places * society.averages.len()] }
    }

    /// Rounds multipliers, as many digits as exact sums have room for.
    pub(super) fn new(society: &Society, prices: Vec<f64>, pulls: Vec<f64>) -> Self {
        let bits = 64 - society.total().leading_zeros();
        let digits = DIGITS.min(93u32.saturating_sub(2 * bits).max(1));
        let most = prices.iter().chain(&pulls).fold(0.0, |most: f64, m| most.max(m.abs()));
        if !(most > 0.0 && most.is_finite()) {
            return Proof::none(society);
        }
        let scale = (f64::from(1u32 << digits) / most).min(9e12);
        Proof {
            scale: scale as i64,
            prices: prices.iter().map(|v| (v * scale * MICRO).round() as i64).collect(),
            pulls: pulls.iter().map(|g| (g * scale).round() as i64).collect(),
        }
    }

    /// A lower bound on the cost of exchanges within a band.
    ///
    /// With M a million, H all hours, O offsets in millionths times H, costs in millionths of the dearest, T the band in
    /// millionths, and K the scale, everything multiplied by K·M·H:
    /// ```text
    /// N = Σ_v H_v P_v H + Σ_w H_w ( min_v (C_wv K H + Σ_d G_wd O_vd − P_v H) − T H Σ_d |G_wd| )
    /// ```
    ///
    /// # Errors
    /// A violation if the multipliers are not for this society, or too large to be summed in 127 bits.
    pub(super) fn bound_on_cost(&self, society: &Society, pairs: &[Pair], band: f64) -> Result<f64, Error> {
        let dearest = pairs.iter().map(|(.., c)| *c).fold(0.0, f64::max);
        if dearest == 0.0 {
            return Ok(0.0);
        }
        let cost = |c: f64| (c / dearest * MICRO).floor() as i128;
        let room = (band * MICRO).ceil() as i128 + ROUNDED;
        let (sum, pulled) = self.sums(society, pairs, &cost).ok_or_else(unfit)?;
        let total = i128::from(society.total());
        let worth = room.checked_mul(total).and_then(|room| room.checked_mul(pulled));
        let sum = worth.and_then(|worth| sum.checked_sub(worth)).ok_or_else(unfit)?;
        // Minutes to hours.
        let unit = self.scale as f64 * MICRO * total as f64 * 60.0;
        Ok((sum as f64 / unit * dearest * (1.0 - QUOTIENT)).max(0.0))
    }

    /// A lower bound on the largest deviation, `N / Σ_w H_w Σ_d |G_wd|` without costs and band.
    ///
    /// # Errors
    /// As [`bound_on_cost`](Self::bound_on_cost).
    pub(super) fn bound_on_largest(&self, society: &Society, pairs: &[Pair]) -> Result<f64, Error> {
        let (sum, pulled) = self.sums(society, pairs, &|_| 0).ok_or_else(unfit)?;
        if pulled == 0 {
            return Ok(0.0);
        }
        let bound = sum as f64 / (pulled as f64 * MICRO * society.total() as f64);
        Ok((bound * (1.0 - QUOTIENT) - ROUNDED as f64 / MICRO).max(0.0))
    }

    /// `N` without the band, and `Σ_w H_w Σ_d |G_wd|`.
    fn sums(&self, society: &Society, pairs: &[Pair], cost: &dyn Fn(f64) -> i128) -> Option<(i128, i128)> {
        let (places, dimensions) = (society.places.len(), society.averages.len());
        if self.prices.len() != places || self.pulls.len() != places * dimensions || self.scale < 1 {
            return None;
        }
        let total = i128::from(society.total());
        let hours = |place: usize| i128::from(society.places[place].time.get());
        let ratings: Vec<Vec<i128>> = society
            .places
            .iter()
            .map(|place| place.averages.iter().map(|e| (e * MICRO).round() as i128).collect())
            .collect();
        let mut social = vec![0i128; dimensions];
        for (place, ratings) in ratings.iter().enumerate() {
            for (sum, rating) in social.iter_mut().zip(ratings) {
                *sum = sum.checked_add(rating.checked_mul(hours(place))?)?;
            }
        }
        let mut sum = 0i128;
        for (place, price) in self.prices.iter().enumerate() {
            sum = sum.checked_add(hours(place).checked_mul(i128::from(*price))?.checked_mul(total)?)?;
        }
        let mut least: Vec<Option<i128>> = vec![None; places];
        for &(w, v, c) in pairs {
            let mut net = cost(c).checked_mul(i128::from(self.scale))?.checked_mul(total)?;
            for ((pull, rating), social) in
                self.pulls[w * dimensions..][..dimensions].iter().zip(&ratings[v]).zip(&social)
            {
                let offset = rating.checked_mul(total)?.checked_sub(*social)?;
                net = net.checked_add(i128::from(*pull).checked_mul(offset)?)?;
            }
            net = net.checked_sub(i128::from(self.prices[v]).checked_mul(total)?)?;
            least[w] = Some(least[w].map_or(net, |least| least.min(net)));
        }
        let mut pulled = 0i128;
        for (w, least) in least.into_iter().enumerate() {
            sum = sum.checked_add(hours(w).checked_mul(least?)?)?;
            let pulls = self.pulls[w * dimensions..][..dimensions].iter();
            let size: i128 = pulls.map(|g| i128::from(g.unsigned_abs())).sum();
            pulled = pulled.checked_add(hours(w).checked_mul(size)?)?;
        }
        Some((sum, pulled))
    }
}

fn unfit() -> Error {
    Error::violation("the multipliers do not fit the society or exceed 127 bits")
}

impl Exchange {
    /// Checks in exact integer arithmetic, independent of how the exchange was found, that everybody works as long as before,
    /// that all work is done, and that both bounds are proved.
    ///
    /// # Errors
    /// If the options are for another society. A [violation](Error::is_violation) that names what does not hold.
    ///
    /// # Complexity
    /// O(pairs · dimensions).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::across::{Config, Place, Society};
    /// use parecon_jobs::Minutes;
    /// let place = |id: &str, rating| Place::new(id, Minutes::new(6000), 3, vec![rating]);
    /// let society = Society::new(vec![place("mine", 4.0), place("school", 16.0)])?;
    /// let mut exchange = society.exchange(&Config::new(), &mut ())?;
    /// exchange.verify(&society, &Config::new())?;
    /// exchange.cost.bound += 0.1;
    /// assert!(exchange.verify(&society, &Config::new()).unwrap_err().is_violation());
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn verify(&self, society: &Society, config: &Config) -> Result<(), Error> {
        let pairs = society.pairs(config)?;
        let mut net = vec![0i128; society.places.len()];
        for step in &self.moves {
            let known = pairs.binary_search_by_key(&(step.from, step.to), |(w, v, _)| (*w, *v));
            if known.is_err() || step.from == step.to {
                return Err(Error::violation(format!(
                    "hours move from place {} to place {}, which is not allowed",
                    step.from, step.to
                )));
            }
            net[step.from] -= i128::from(step.time.get());
            net[step.to] += i128::from(step.time.get());
        }
        if let Some(place) = net.iter().position(|net| *net != 0) {
            return Err(Error::violation(format!(
                "place \"{}\" gets {} minutes more than its members give",
                society.places[place].id, net[place]
            )));
        }
        for (what, bound, proved) in [
            ("cost", self.cost.bound, self.proofs.cost.bound_on_cost(society, &pairs, self.band)?),
            ("largest deviation", self.largest.bound, self.proofs.largest.bound_on_largest(society, &pairs)?),
        ] {
            if bound > proved {
                return Err(Error::violation(format!(
                    "the bound on the {what} is {bound}, only {proved} is proved"
                )));
            }
        }
        Ok(())
    }
}
