//! Bounds of exchanges in exact integer arithmetic.
//!
//! Multipliers are rounded to integers, which weak duality allows; from there on no rounding happens until the last division.

use serde::{Deserialize, Serialize};

use super::exchange::{Pair, WIDEST};
use super::{Config, Exchange, Society};
use crate::Error;
use crate::proof::MICRO;

/// The largest multiplier in units of 1 / scale, if sums then fit into 127 bits.
const MOST: f64 = (1u64 << 40) as f64;
/// The largest scale; what is smaller than this part of a point or of the dearest hour is rounding.
const FINEST: f64 = 9e12;
/// The final quotient and the costs divided by the largest: each half a unit in the last place.
const QUOTIENT: f64 = 8.0 * f64::EPSILON;
/// What rounding of sums may change a figure by, relative to it and 1.
const SAME: f64 = 1e-9;
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

    /// Rounds multipliers to as many digits as exact sums have room for: of the largest deviation, or of the cost within a
    /// band. They prove nothing if there is no room for any.
    pub(super) fn new(
        society: &Society,
        pairs: &[Pair],
        band: Option<f64>,
        prices: &[f64],
        pulls: &[f64],
    ) -> Self {
        let most = prices.iter().chain(pulls).fold(0.0, |most: f64, m| most.max(m.abs()));
        let mut scale = (MOST / most).min(FINEST);
        while scale >= 1.0 {
            let proof = Proof {
                scale: scale as i64,
                prices: prices.iter().map(|v| (v * scale * MICRO).round() as i64).collect(),
                pulls: pulls.iter().map(|g| (g * scale).round() as i64).collect(),
            };
            let bound = match band {
                None => proof.bound_on_largest(society, pairs),
                Some(band) => proof.bound_on_cost(society, pairs, band),
            };
            if bound.is_ok() {
                return proof;
            }
            scale /= 2.0;
        }
        Proof::none(society)
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
    /// Checks, independent of how the exchange was found, in exact integer arithmetic that everybody works as long as before,
    /// that all work is done, and that both bounds are proved; and that all else that is stated (hours outside, cost, deviations)
    /// is what the moves come to, up to the rounding of floating-point sums. The status is not checked.
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
        if !(0.0..=WIDEST).contains(&self.band) {
            let band = self.band;
            return Err(Error::violation(format!("the band is {band} points, must be from 0 to {WIDEST}")));
        }
        let position = |w: usize, v: usize| pairs.binary_search_by_key(&(w, v), |(w, v, _)| (*w, *v));
        let mut whole = vec![0; pairs.len()];
        let mut own: Vec<u64> = society.places.iter().map(|place| place.time.get()).collect();
        let mut net = vec![0i128; society.places.len()];
        for step in &self.moves {
            let (from, to, time) = (step.from, step.to, step.time.get());
            let Some(pair) = position(from, to).ok().filter(|_| from != to) else {
                return Err(Error::violation(format!(
                    "hours move from place {from} to place {to}, which is not allowed"
                )));
            };
            let Some(left) = own[from].checked_sub(time) else {
                return Err(Error::violation(format!(
                    "members of place \"{}\" work more than {} elsewhere, which is all they work",
                    society.places[from].id, society.places[from].time
                )));
            };
            agree("cost of an hour that moves", step.cost, pairs[pair].2)?;
            own[from] = left;
            whole[pair] += time;
            net[from] -= i128::from(time);
            net[to] += i128::from(time);
        }
        if let Some(place) = net.iter().position(|net| *net != 0) {
            return Err(Error::violation(format!(
                "place \"{}\" gets {} minutes more than its members give",
                society.places[place].id, net[place]
            )));
        }
        for (place, time) in own.into_iter().enumerate() {
            if let Ok(stay) = position(place, place) {
                whole[stay] = time;
            }
        }
        let again = society.stated(&pairs, &whole, self.band, self.status, self.proofs.clone())?;
        for (what, bound, proved) in [
            ("cost", self.cost.bound, again.cost.bound),
            ("largest deviation", self.largest.bound, again.largest.bound),
        ] {
            if bound.is_nan() || bound > proved {
                return Err(Error::violation(format!(
                    "the bound on the {what} is {bound}, only {proved} is proved"
                )));
            }
        }
        if (self.moved, &self.outside) != (again.moved, &again.outside) {
            return Err(Error::violation("hours outside are not those that move"));
        }
        agree("cost", self.cost.value, again.cost.value)?;
        agree("largest deviation", self.largest.value, again.largest.value)?;
        all_agree("hours outside for each person", &self.per_person, &again.per_person)?;
        let dimensions = |deviations: &[Vec<f64>]| deviations.iter().map(Vec::len).collect::<Vec<_>>();
        if dimensions(&self.deviations) != dimensions(&again.deviations) {
            return Err(Error::violation("deviations are not of these places and dimensions"));
        }
        all_agree("deviation", &self.deviations.concat(), &again.deviations.concat())
    }
}

/// What is stated is what was recomputed, up to the rounding of sums.
fn agree(what: &str, stated: f64, found: f64) -> Result<(), Error> {
    // An infinite cost agrees with itself; what is not a number agrees with nothing.
    if stated == found || (stated - found).abs() <= SAME * (1.0 + found.abs()) {
        return Ok(());
    }
    Err(Error::violation(format!("the {what} is stated as {stated}, the moves come to {found}")))
}

fn all_agree(what: &str, stated: &[f64], found: &[f64]) -> Result<(), Error> {
    if stated.len() != found.len() {
        let (stated, found) = (stated.len(), found.len());
        return Err(Error::violation(format!("the {what} is stated {stated} times, must be {found}")));
    }
    stated.iter().zip(found).try_for_each(|(stated, found)| agree(what, *stated, *found))
}
