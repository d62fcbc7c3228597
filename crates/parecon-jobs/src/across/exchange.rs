//! The least hours that have to move.

use std::collections::BTreeSet;

use parecon_core::Status;
use serde::{Deserialize, Serialize};

use super::Society;
use crate::lp::{Limits, Lp};
use crate::repair::whole_minutes;
use crate::{Error, Minutes};

/// Interior-point iterations of a stage.
const MAX_ITERATIONS: u32 = 200;
/// Relative accuracy of the linear programmes.
const TOLERANCE: f64 = 1e-8;
/// What is added to the smallest band, in points, so that what is within it has an interior; it means nothing to anybody.
const SLACK: f64 = 1e-4;
/// Between which places hours can move, at what cost, and how near the average everybody should come.
///
/// ```
/// use parecon_jobs::across::Exchanging;
/// assert!(Exchanging::new().with_band(0.5).with_pairs(vec![(0, 1, 1.0), (1, 0, 2.5)]).validate().is_ok());
/// assert!(Exchanging::new().with_band(-0.5).validate().is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Exchanging {
    band: Option<f64>,
    pairs: Option<Vec<(usize, usize, f64)>>,
}

impl Exchanging {
    /// All pairs, each hour counting the same, and the smallest band.
    #[must_use]
    pub fn new() -> Self {
        Exchanging::default()
    }

    /// How many rating points everybody may stay away from the social average.
    #[must_use]
    pub fn with_band(mut self, points: f64) -> Self {
        self.band = Some(points);
        self
    }

    /// Only these: from, to, and cost of an hour (the way there, say).
    #[must_use]
    pub fn with_pairs(mut self, pairs: Vec<(usize, usize, f64)>) -> Self {
        self.pairs = Some(pairs);
        self
    }

    /// Checks the options; [`Society::exchange`] does so too.
    ///
    /// # Errors
    /// If the band is not from 0 to 19; if a pair is of one place, listed twice, or its cost is negative or not finite.
    ///
    /// # Complexity
    /// O(pairs · log(pairs)).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::across::Exchanging;
    /// let error = Exchanging::new().with_pairs(vec![(2, 2, 1.0)]).validate().unwrap_err();
    /// assert_eq!(error.to_string(), "pair (2, 2) at cost 1: must be two places, listed once, at a finite cost of at least 0");
    /// ```
    pub fn validate(&self) -> Result<(), Error> {
        if let Some(band) = self.band.filter(|band| !(0.0..=19.0).contains(band)) {
            return Err(Error::invalid(format!("the band is {band} points, must be from 0 to 19")));
        }
        let mut seen = BTreeSet::new();
        for (from, to, cost) in self.pairs.iter().flatten() {
            if from == to || !(cost.is_finite() && *cost >= 0.0) || !seen.insert((from, to)) {
                return Err(Error::invalid(format!(
                    "pair ({from}, {to}) at cost {cost}: must be two places, listed once, at a finite cost of at least 0"
                )));
            }
        }
        Ok(())
    }
}

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
    /// Their cost.
    pub cost: f64,
    /// How long the members of each place would work outside; as long is worked there by others.
    pub outside: Vec<Minutes>,
    /// Hours outside for each person of each place.
    pub per_person: Vec<f64>,
    /// By how much the average work of each place's members would deviate from the social average, in each dimension.
    pub deviations: Vec<Vec<f64>>,
    /// The largest of |deviations|.
    pub largest: f64,
    /// Whether the least cost was found; hours hold whatever it says.
    pub status: Status,
}

impl Society {
    /// Which hours would have to move between places.
    ///
    /// First the smallest band τ for which pairs of places suffice (0 if all are allowed), unless one is given; then the
    /// least cost. The result is in whole minutes: everybody works as long as before and all work is done, exactly.
    ///
    /// If a given band cannot be met, the answer is the exchange of the smallest band, which [`Exchange::largest`] shows.
    ///
    /// # Errors
    /// If an option is [invalid](Exchanging::validate), or a pair names a place that does not exist.
    ///
    /// # Complexity
    /// Linear programmes, up to three, with a variable for each allowed pair; all pairs of 100 places take about a second.
    pub fn exchange(&self, config: &Exchanging) -> Result<Exchange, Error> {
        config.validate()?;
        let n = self.places.len();
        let mut pairs: Vec<(usize, usize, f64)> = match &config.pairs {
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
        let band = match config.band {
            // Working everywhere in proportion to the work there is balances everybody.
            band if config.pairs.is_none() => band.unwrap_or(SLACK),
            Some(band) if self.solve(&pairs, Some(band)).1.is_converged() => band,
            _ => {
                let (shares, _) = self.solve(&pairs, None);
                self.largest(&pairs, &self.times(&pairs, &shares)) + SLACK
            }
        };
        let (shares, status) = self.solve(&pairs, Some(band));
        self.rounded(&pairs, shares, status)
    }

    /// Shares of hours on each pair: the least largest deviation, or the least cost within a band.
    fn solve(&self, pairs: &[(usize, usize, f64)], band: Option<f64>) -> (Vec<f64>, Status) {
        let total: f64 = self.places.iter().map(|place| place.time.get() as f64).sum();
        let hours = |w: usize| self.places[w].time.get() as f64 / total;
        let mut cost: Vec<f64> =
            pairs.iter().map(|(w, _, c)| if band.is_some() { c * hours(*w) } else { 0.0 }).collect();
        let largest = cost.len();
        if band.is_none() {
            cost.push(1.0);
        }
        let variables = cost.len();
        let mut lp = Lp::new(cost, variables);
        for place in 0..self.places.len() {
            let out = pairs.iter().enumerate().filter(|(_, p)| p.0 == place).map(|(k, _)| (k, 1.0));
            lp.equal(out, 1.0);
            let into = pairs.iter().enumerate().filter(|(_, p)| p.1 == place);
            lp.equal(into.map(|(k, p)| (k, hours(p.0) / hours(place))), 1.0);
            for (d, social) in self.averages.iter().enumerate() {
                for sign in [1.0, -1.0] {
                    let of = pairs.iter().enumerate().filter(|(_, p)| p.0 == place);
                    let row = of.map(|(k, p)| (k, sign * (self.places[p.1].averages[d] - social)));
                    match band {
                        Some(band) => lp.at_most(row, band),
                        None => lp.at_most(row.chain([(largest, -1.0)]), 0.0),
                    }
                }
            }
        }
        let limits = Limits { max_iterations: MAX_ITERATIONS, tolerance: TOLERANCE };
        match lp.solve(limits, &mut |_| false) {
            Some(solution) => (solution.x[..pairs.len()].to_vec(), solution.status),
            None => {
                let stay = |(w, v, _): &(usize, usize, f64)| if w == v { 1.0 } else { 0.0 };
                (pairs.iter().map(stay).collect(), Status::Stalled)
            }
        }
    }

    fn times(&self, pairs: &[(usize, usize, f64)], shares: &[f64]) -> Vec<f64> {
        pairs.iter().zip(shares).map(|((w, ..), share)| share * self.places[*w].time.get() as f64).collect()
    }

    /// Deviation of each place's members from the social average.
    fn deviations(&self, pairs: &[(usize, usize, f64)], times: &[f64]) -> Vec<Vec<f64>> {
        let mut sums = vec![vec![0.0; self.averages.len()]; self.places.len()];
        for ((w, v, _), time) in pairs.iter().zip(times) {
            for (d, sum) in sums[*w].iter_mut().enumerate() {
                let part = time / self.places[*w].time.get() as f64;
                *sum += part * (self.places[*v].averages[d] - self.averages[d]);
            }
        }
        sums
    }

    fn largest(&self, pairs: &[(usize, usize, f64)], times: &[f64]) -> f64 {
        self.deviations(pairs, times).iter().flatten().fold(0.0, |most: f64, d| most.max(d.abs()))
    }

    fn rounded(
        &self,
        pairs: &[(usize, usize, f64)],
        shares: Vec<f64>,
        status: Status,
    ) -> Result<Exchange, Error> {
        let hours: Vec<u64> = self.places.iter().map(|place| place.time.get()).collect();
        let between: Vec<(usize, usize)> = pairs.iter().map(|(w, v, _)| (*w, *v)).collect();
        let offsets: Vec<Vec<f64>> = self
            .places
            .iter()
            .map(|place| place.averages.iter().zip(&self.averages).map(|(e, social)| e - social).collect())
            .collect();
        let whole = whole_minutes(&hours, &hours, &between, &self.times(pairs, &shares), &offsets)?;
        let times: Vec<f64> = whole.iter().map(|time| *time as f64).collect();
        let deviations = self.deviations(pairs, &times);
        let mut moves: Vec<Move> = pairs
            .iter()
            .zip(whole)
            .filter(|((w, v, _), time)| w != v && *time > 0)
            .map(|((from, to, cost), time)| Move {
                from: *from,
                to: *to,
                time: Minutes::new(time),
                cost: *cost,
            })
            .collect();
        moves.sort_by_key(|m| (std::cmp::Reverse(m.time), m.from, m.to));
        let mut outside = vec![0; self.places.len()];
        moves.iter().for_each(|m| outside[m.from] += m.time.get());
        Ok(Exchange {
            moved: Minutes::new(outside.iter().sum()),
            cost: moves.iter().map(|m| m.cost * m.time.as_hours()).sum(),
            largest: deviations.iter().flatten().fold(0.0, |most: f64, d| most.max(d.abs())),
            per_person: outside
                .iter()
                .zip(&self.places)
                .map(|(time, place)| *time as f64 / 60.0 / place.people as f64)
                .collect(),
            outside: outside.into_iter().map(Minutes::new).collect(),
            deviations,
            moves,
            status,
        })
    }
}
