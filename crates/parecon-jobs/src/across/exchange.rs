//! The least hours that have to move.

use parecon_core::{Observer, Status};
use serde::{Deserialize, Serialize};

use super::proof::{Proof, Proofs};
use super::{Config, Society};
use crate::lp::{Limits, Lp, Step};
use crate::progress::followed;
use crate::repair::whole_minutes;
use crate::{Bound, Error, HIGHEST_RATING, LOWEST_RATING, Minutes, Progress, Stage};

/// Interior-point iterations of a stage.
const MAX_ITERATIONS: u32 = 200;
/// Relative accuracy of the linear programmes.
const TOLERANCE: f64 = 1e-8;
/// What is added to the smallest band, in points, so that what is within it has an interior; it means nothing to anybody.
const SLACK: f64 = 1e-4;

/// No average is farther from another than this many points.
pub(super) const WIDEST: f64 = HIGHEST_RATING - LOWEST_RATING;

/// Whose members, where, and the cost of an hour; a place with itself at no cost.
pub(super) type Pair = (usize, usize, f64);

/// Hours that members of one place would work in another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Move {
    /// Whose members.
    pub from: usize,
    /// Where.
    pub to: usize,
    /// How long, all together.
    pub time: Minutes,
    /// The cost of an hour.
    pub cost: f64,
}

/// What would balance a society; advice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Exchange {
    /// Hours worked elsewhere, the largest first.
    pub moves: Vec<Move>,
    /// All of them together.
    pub moved: Minutes,
    /// Their cost, and what no exchange costs less than that keeps everybody within the [band](Self::band).
    pub cost: Bound,
    /// How many points everybody was to stay within; whole minutes may exceed it a little.
    pub band: f64,
    /// How long the members of each place would work outside; as long is worked there by others.
    pub outside: Vec<Minutes>,
    /// Hours outside for each person of each place.
    pub per_person: Vec<f64>,
    /// By how much the average work of each place's members would deviate from the social average, in each dimension.
    pub deviations: Vec<Vec<f64>>,
    /// The largest of |deviations|, and what no exchange between the allowed pairs of places goes below: 0 where the smallest
    /// band was not looked for.
    pub largest: Bound,
    /// Whether the least cost was found, and the smallest band if that was looked for; hours and bounds hold whatever it says.
    pub status: Status,
    /// The multipliers that prove the bounds; see [`verify`](Self::verify).
    pub(super) proofs: Proofs,
}

/// What a linear programme came to.
struct Found {
    /// Of each place's hours, per pair.
    shares: Vec<f64>,
    status: Status,
    proof: Proof,
}

impl Society {
    /// Which hours would have to move between places.
    ///
    /// First the smallest band τ for which pairs of places suffice (0 if all are allowed), unless one is given; then the
    /// least cost. The result is in whole minutes: everybody works as long as before and all work is done, exactly.
    ///
    /// If a given band cannot be met, the answer is the exchange of the smallest band, which [`Exchange::largest`] shows.
    ///
    /// # The bound
    /// For any prices v of an hour in each place and any pulls g, with the least taken over the places that members of w
    /// can work in,
    /// ```text
    /// cost ≥ Σ_v H_v v_v + Σ_w H_w ( min_v (c_wv − v_v + Σ_d g_wd (e_vd − ē_d)) − τ Σ_d |g_wd| )
    /// ```
    /// the dual of a transportation problem with a band, and the smallest band in the same way. [`Exchange::verify`] checks it
    /// in integers.
    ///
    /// # Errors
    /// If an option is [invalid](Config::validate), or a pair names a place that does not exist.
    ///
    /// # Complexity
    /// Linear programmes, up to three, with a variable for each allowed pair; all pairs of 100 places take about a second.
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::across::{Config, Place, Society};
    /// use parecon_jobs::Minutes;
    /// let place = |id: &str, rating| Place::new(id, Minutes::new(6000), 3, vec![rating]);
    /// let society = Society::new(vec![place("mine", 4.0), place("mill", 10.0), place("school", 16.0)])?;
    /// // Miners would spend half of their hours in the school, and as many teachers' hours would go to the mine.
    /// let exchange = society.exchange(&Config::new(), &mut ())?;
    /// assert!((exchange.moved.as_hours() - 100.0).abs() < 0.1);
    /// assert!(exchange.cost.gap() < 0.1); // nobody can do with less
    /// exchange.verify(&society, &Config::new())?;
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn exchange(
        &self,
        config: &Config,
        observer: &mut dyn Observer<Progress>,
    ) -> Result<Exchange, Error> {
        let pairs = self.pairs(config)?;
        followed(
            observer,
            |exchange: &Exchange| exchange.status,
            |observer| self.cheapest(config, &pairs, observer),
        )
    }

    fn cheapest(
        &self,
        config: &Config,
        pairs: &[Pair],
        observer: &mut dyn Observer<Progress>,
    ) -> Result<Exchange, Error> {
        if config.pairs.is_none() {
            // Working everywhere in proportion to the work there is balances everybody.
            let band = config.band.unwrap_or(SLACK);
            let found = self.solve(pairs, Some(band), observer);
            let proofs = Proofs { largest: Proof::none(self), cost: found.proof };
            return self.rounded(pairs, &found.shares, band, found.status, proofs);
        }
        let nearest = self.solve(pairs, None, observer);
        let reached = (self.largest(pairs, &self.times(pairs, &nearest.shares)) + SLACK).min(WIDEST);
        let band = config.band.map_or(reached, |band| band.max(reached));
        if nearest.status == Status::Stopped {
            let proofs = Proofs { largest: nearest.proof, cost: Proof::none(self) };
            return self.rounded(pairs, &nearest.shares, band, nearest.status, proofs);
        }
        let found = self.solve(pairs, Some(band), observer);
        // A band that was not asked for is the smallest only if the first programme says so.
        let smallest = nearest.status.is_converged() || config.band == Some(band);
        let status = if smallest { found.status } else { nearest.status };
        let proofs = Proofs { largest: nearest.proof, cost: found.proof };
        let exchange = self.rounded(pairs, &found.shares, band, status, proofs.clone())?;
        if !found.status.is_converged() {
            // Ended on the way to the least cost: the point of the smallest band may be better.
            let nearest = self.rounded(pairs, &nearest.shares, band, status, proofs)?;
            if nearest.largest.value < exchange.largest.value {
                return Ok(nearest);
            }
        }
        Ok(exchange)
    }

    /// The allowed pairs and staying where one is, ascending.
    ///
    /// # Errors
    /// As [`exchange`](Self::exchange).
    pub(super) fn pairs(&self, config: &Config) -> Result<Vec<Pair>, Error> {
        config.validate()?;
        let n = self.places.len();
        let mut pairs: Vec<Pair> = match &config.pairs {
            None => {
                (0..n).flat_map(|w| (0..n).map(move |v| (w, v, 1.0))).filter(|(w, v, _)| w != v).collect()
            }
            Some(pairs) => pairs.clone(),
        };
        if let Some((w, v, _)) = pairs.iter().find(|(w, v, _)| *w.max(v) >= n) {
            return Err(Error::invalid(format!(
                "a pair names places {w} and {v}, positions go from 0 to {}",
                n - 1
            )));
        }
        pairs.extend((0..n).map(|w| (w, w, 0.0)));
        pairs.sort_by_key(|(w, v, _)| (*w, *v));
        Ok(pairs)
    }

    /// The least largest deviation, or the least cost within a band.
    fn solve(&self, pairs: &[Pair], band: Option<f64>, observer: &mut dyn Observer<Progress>) -> Found {
        let (places, dimensions) = (self.places.len(), self.averages.len());
        let total: f64 = self.places.iter().map(|place| place.time.get() as f64).sum();
        let hours = |w: usize| self.places[w].time.get() as f64 / total;
        let dearest = pairs.iter().map(|(.., c)| *c).fold(0.0, f64::max);
        let unit = if dearest > 0.0 { dearest } else { 1.0 };
        // Shares of each pair, then the largest deviation if that is sought, then the deviations.
        let mut cost: Vec<f64> =
            pairs.iter().map(|(w, _, c)| if band.is_some() { c / unit * hours(*w) } else { 0.0 }).collect();
        let largest = cost.len();
        if band.is_none() {
            cost.push(1.0);
        }
        let nonnegative = cost.len();
        cost.resize(nonnegative + places * dimensions, 0.0);
        let mut lp = Lp::new(cost, nonnegative);
        let (mut from, mut into) = (vec![Vec::new(); places], vec![Vec::new(); places]);
        for (k, &(w, v, _)) in pairs.iter().enumerate() {
            from[w].push((k, v));
            into[v].push((k, hours(w) / hours(v)));
        }
        for row in &from {
            lp.equal(row.iter().map(|(k, _)| (*k, 1.0)), 1.0);
        }
        for row in into {
            lp.equal(row, 1.0);
        }
        for (w, row) in from.iter().enumerate() {
            for (d, social) in self.averages.iter().enumerate() {
                let deviation = nonnegative + w * dimensions + d;
                let ratings = row.iter().map(|(k, v)| (*k, self.places[*v].averages[d] - social));
                lp.equal(ratings.chain([(deviation, -1.0)]), 0.0);
                for sign in [1.0, -1.0] {
                    match band {
                        Some(band) => lp.at_most([(deviation, sign)], band),
                        None => lp.at_most([(deviation, sign), (largest, -1.0)], 0.0),
                    }
                }
            }
        }
        let stage = if band.is_some() { Stage::Exchange } else { Stage::LargestDeviation };
        let mut on_step = |(iteration, objective, gap, _): Step| {
            observer.on_round(&Progress { stage, iteration, objective, gap }).is_break()
        };
        let limits = Limits { max_iterations: MAX_ITERATIONS, tolerance: TOLERANCE };
        match lp.solve(limits, &mut on_step) {
            Some(solution) => {
                let (_, rest) = solution.multipliers.split_at(places);
                let (of_place, of_deviation) = rest.split_at(places);
                let prices: Vec<f64> = of_place.iter().enumerate().map(|(v, z)| -z / hours(v)).collect();
                let pulls = of_deviation.iter().enumerate().map(|(at, z)| z / hours(at / dimensions));
                Found {
                    shares: solution.x[..pairs.len()].to_vec(),
                    status: solution.status,
                    proof: Proof::new(self, pairs, band, &prices, &pulls.collect::<Vec<_>>()),
                }
            }
            None => {
                let stay = |(w, v, _): &Pair| if w == v { 1.0 } else { 0.0 };
                let shares = pairs.iter().map(stay).collect();
                Found { shares, status: Status::Stalled, proof: Proof::none(self) }
            }
        }
    }

    fn times(&self, pairs: &[Pair], shares: &[f64]) -> Vec<f64> {
        pairs.iter().zip(shares).map(|((w, ..), share)| share * self.places[*w].time.get() as f64).collect()
    }

    /// Deviation of each place's members from the social average.
    fn deviations(&self, pairs: &[Pair], times: &[f64]) -> Vec<Vec<f64>> {
        let mut sums = vec![vec![0.0; self.averages.len()]; self.places.len()];
        for ((w, v, _), time) in pairs.iter().zip(times) {
            for (d, sum) in sums[*w].iter_mut().enumerate() {
                let part = time / self.places[*w].time.get() as f64;
                *sum += part * (self.places[*v].averages[d] - self.averages[d]);
            }
        }
        sums
    }

    fn largest(&self, pairs: &[Pair], times: &[f64]) -> f64 {
        self.deviations(pairs, times).iter().flatten().fold(0.0, |most: f64, d| most.max(d.abs()))
    }

    /// The exchange of whole minutes nearest to shares.
    fn rounded(
        &self,
        pairs: &[Pair],
        shares: &[f64],
        band: f64,
        status: Status,
        proofs: Proofs,
    ) -> Result<Exchange, Error> {
        let hours: Vec<u64> = self.places.iter().map(|place| place.time.get()).collect();
        let between: Vec<(usize, usize)> = pairs.iter().map(|(w, v, _)| (*w, *v)).collect();
        let offsets: Vec<Vec<f64>> = self
            .places
            .iter()
            .map(|place| place.averages.iter().zip(&self.averages).map(|(e, social)| e - social).collect())
            .collect();
        let whole = whole_minutes(&hours, &hours, &between, &self.times(pairs, shares), &offsets)?;
        self.stated(pairs, &whole, band, status, proofs)
    }

    /// What whole minutes per pair come to.
    pub(super) fn stated(
        &self,
        pairs: &[Pair],
        whole: &[u64],
        band: f64,
        status: Status,
        proofs: Proofs,
    ) -> Result<Exchange, Error> {
        let times: Vec<f64> = whole.iter().map(|time| *time as f64).collect();
        let deviations = self.deviations(pairs, &times);
        let mut moves: Vec<Move> = pairs
            .iter()
            .zip(whole)
            .filter(|((w, v, _), time)| w != v && **time > 0)
            .map(|((from, to, cost), time)| Move {
                from: *from,
                to: *to,
                time: Minutes::new(*time),
                cost: *cost,
            })
            .collect();
        moves.sort_by_key(|m| (std::cmp::Reverse(m.time), m.from, m.to));
        let mut outside = vec![0; self.places.len()];
        moves.iter().for_each(|m| outside[m.from] += m.time.get());
        Ok(Exchange {
            moved: Minutes::new(outside.iter().sum()),
            cost: Bound {
                value: moves.iter().map(|m| m.cost * m.time.as_hours()).sum(),
                bound: proofs.cost.bound_on_cost(self, pairs, band)?,
            },
            band,
            largest: Bound {
                value: deviations.iter().flatten().fold(0.0, |most: f64, d| most.max(d.abs())),
                bound: proofs.largest.bound_on_largest(self, pairs)?,
            },
            per_person: outside
                .iter()
                .zip(&self.places)
                .map(|(time, place)| *time as f64 / 60.0 / place.people as f64)
                .collect(),
            outside: outside.into_iter().map(Minutes::new).collect(),
            deviations,
            moves,
            status,
            proofs,
        })
    }
}
