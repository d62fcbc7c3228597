//! Several workplaces: who would have to work elsewhere, and how much, for everybody's complex to be near the social average.
//!
//! A mine cannot balance within itself: all its work is less desirable than society's average. Its members would spend a
//! share θ of their hours outside ([`outside_share`]), and others would come in for them. For places w with hours `H_w` and
//! averages `e_w` in each dimension, and hours `y_wv` that the members of w work in v (an hour there counts as the average
//! hour of v):
//!
//! ```text
//! minimise Σ_{w≠v} c_wv y_wv     Σ_v y_wv = H_w,   Σ_w y_wv = H_v,   | Σ_v y_wv (e_v − ē) | ≤ τ H_w in every dimension
//! ```
//! a transportation problem with side constraints. Where all pairs of places are allowed it can always be met, even by
//! τ = 0: everybody works everywhere in proportion to the work there is. What is sought is the least hours moved.
//!
//! **Advice only.** That an authority should balance across workplaces is disputed among the theory's own authors: this says what
//! would balance, and [`Exchange::per_person`] what it would mean for each. Nobody is assigned anything.
//!
//! A place is a sum of hours and averages, whoever works there: a million members cost as much as a hundred.
//!
//! # Reference
//! M. Albert and R. Hahnel, *Looking Forward* (1991), for balancing across workplaces by work outside; the formulation is
//! this crate's. F. L. Hitchcock, *Journal of Mathematics and Physics* 20 (1941), for the transportation problem.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Error, HIGHEST_RATING, LOWEST_RATING, Minutes, Workplace};

mod config;
mod exchange;
mod proof;

pub use config::Config;
pub use exchange::{Exchange, Move};

/// An average this near to the social one is the same.
const SAME: f64 = 1e-12;

/// A workplace as others see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Place {
    /// The key; unique in the society.
    pub id: String,
    /// All its work, which is also what its members work together.
    pub time: Minutes,
    /// How many people work there.
    pub people: u64,
    /// The average rating of its work in each dimension, 1–20.
    pub averages: Vec<f64>,
}

impl Place {
    /// A place by its figures.
    #[must_use]
    pub fn new(id: impl Into<String>, time: Minutes, people: u64, averages: Vec<f64>) -> Self {
        Place { id: id.into(), time, people, averages }
    }

    /// A place by its tasks and members; its dimensions are the workplace's, in their order.
    #[must_use]
    pub fn of_workplace(id: impl Into<String>, workplace: &Workplace) -> Self {
        Place {
            id: id.into(),
            time: workplace.total_time(),
            people: workplace.members().iter().map(|member| u64::from(member.count)).sum(),
            averages: workplace.dimensions().map(|dimension| workplace.average(dimension)).collect(),
        }
    }
}

/// Which share of hours outside brings an average to the social one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OutsideShare {
    /// None: the average is the social one.
    Balanced,
    /// This share, from 0 to 1.
    Share(f64),
    /// No share: what is outside lies on the wrong side, or not far enough. θ as the formula gives it; `None` if what is outside
    /// is as what is inside.
    Impossible(Option<f64>),
}

/// `θ = (ē_soc − ē_w) / (ē_out − ē_w)`: which share of their hours people of average `own` would spend where the average is
/// `outside`, to come to the average `social`.
///
/// # Complexity
/// O(1).
///
/// # Example
/// ```
/// use parecon_jobs::across::{OutsideShare, outside_share};
/// assert_eq!(outside_share(4.0, 7.0, 10.0), OutsideShare::Share(0.5));
/// assert_eq!(outside_share(4.0, 7.0, 6.0), OutsideShare::Impossible(Some(1.5)));
/// ```
#[must_use]
pub fn outside_share(own: f64, social: f64, outside: f64) -> OutsideShare {
    if (social - own).abs() <= SAME {
        return OutsideShare::Balanced;
    }
    let theta = (social - own) / (outside - own);
    match theta {
        theta if (0.0..=1.0).contains(&theta) => OutsideShare::Share(theta),
        theta => OutsideShare::Impossible(theta.is_finite().then_some(theta)),
    }
}

/// Workplaces that could exchange hours.
///
/// # Example
/// ```
/// use parecon_jobs::across::{Config, OutsideShare, Place, Society};
/// use parecon_jobs::Minutes;
/// let hours = |h| Minutes::from_hours(h);
/// let society = Society::new(vec![
///     Place::new("mine", hours(1000.0)?, 30, vec![5.0, 3.0]),
///     Place::new("publisher", hours(3000.0)?, 90, vec![13.0, 11.0]),
/// ])?;
/// assert_eq!(society.averages(), [11.0, 9.0]);
/// // Miners would spend three quarters of their hours at the publisher's, and as many hours would be worked in the mine instead.
/// assert_eq!(society.outside_shares(0), [OutsideShare::Share(0.75); 2]);
/// let exchange = society.exchange(&Config::new(), &mut ())?;
/// assert!((exchange.moved.as_hours() - 1500.0).abs() < 0.1);
/// assert!(exchange.largest.value < 0.01);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Place>", into = "Vec<Place>")]
pub struct Society {
    places: Vec<Place>,
    averages: Vec<f64>,
}

impl TryFrom<Vec<Place>> for Society {
    type Error = Error;

    fn try_from(places: Vec<Place>) -> Result<Self, Error> {
        Society::new(places)
    }
}

impl From<Society> for Vec<Place> {
    fn from(society: Society) -> Self {
        society.places
    }
}

impl Society {
    /// Workplaces, rated in the same dimensions.
    ///
    /// # Errors
    /// If there are none; if an id is empty or used twice, a place has no work or nobody who does it, numbers of dimensions
    /// differ or are 0, an average is not from 1 to 20, or all work together exceeds [`Minutes::MAX`].
    ///
    /// # Complexity
    /// O(places · dimensions).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::across::{Place, Society};
    /// use parecon_jobs::Minutes;
    /// let error = Society::new(vec![Place::new("mine", Minutes::ZERO, 30, vec![5.0])]).unwrap_err();
    /// assert_eq!(error.to_string(), "place \"mine\": 0 min of work for 30 people, both must be positive");
    /// ```
    pub fn new(places: Vec<Place>) -> Result<Self, Error> {
        let Some(first) = places.first() else { return Err(Error::invalid("no places: need at least one")) };
        let dimensions = first.averages.len();
        let mut ids = BTreeSet::new();
        for place in &places {
            let id = &place.id;
            if id.is_empty() || !ids.insert(id) {
                return Err(Error::invalid(format!("place \"{id}\": ids must be unique and not empty")));
            }
            if place.time == Minutes::ZERO || place.people == 0 {
                return Err(Error::invalid(format!(
                    "place \"{id}\": {} of work for {} people, both must be positive",
                    place.time, place.people
                )));
            }
            if place.averages.len() != dimensions || dimensions == 0 {
                return Err(Error::invalid(format!(
                    "place \"{id}\": {} averages, the first place has {dimensions}; must be the same and at least 1",
                    place.averages.len()
                )));
            }
            if let Some(e) = place.averages.iter().find(|e| !(LOWEST_RATING..=HIGHEST_RATING).contains(*e)) {
                return Err(Error::invalid(format!(
                    "place \"{id}\": an average is {e}, must be from {LOWEST_RATING} to {HIGHEST_RATING}"
                )));
            }
        }
        let Some(total) = Minutes::total(places.iter().map(|place| Some(place.time))) else {
            return Err(Error::invalid(format!("all work together exceeds {}", Minutes::MAX)));
        };
        let mut averages = vec![0.0; dimensions];
        for place in &places {
            let part = place.time.get() as f64 / total.get() as f64;
            averages.iter_mut().zip(&place.averages).for_each(|(sum, e)| *sum += part * e);
        }
        Ok(Society { places, averages })
    }

    /// The places, in the order given.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// All work in minutes.
    fn total(&self) -> u64 {
        self.places.iter().map(|place| place.time.get()).sum()
    }

    /// `ē`: the social average in each dimension, weighted by hours.
    #[must_use]
    pub fn averages(&self) -> &[f64] {
        &self.averages
    }

    /// For each dimension the share of hours that members of a place would spend outside if all else were one place.
    ///
    /// That is the share of all hours that are outside, the same in every dimension: the mixture everybody would have
    /// who works everywhere. [`outside_share`] says it for a certain place outside, [`exchange`](Self::exchange) for all with
    /// the least hours moved. Empty for a place that does not exist.
    ///
    /// # Complexity
    /// O(dimensions).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::across::{OutsideShare, Place, Society};
    /// use parecon_jobs::Minutes;
    /// let mine = Place::new("mine", Minutes::new(6000), 3, vec![5.0, 9.0]);
    /// let school = Place::new("school", Minutes::new(18_000), 9, vec![13.0, 9.0]);
    /// let society = Society::new(vec![mine, school])?;
    /// assert_eq!(society.outside_shares(0), [OutsideShare::Share(0.75), OutsideShare::Balanced]);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    #[must_use]
    pub fn outside_shares(&self, place: usize) -> Vec<OutsideShare> {
        let Some(own) = self.places.get(place) else { return Vec::new() };
        let outside = 1.0 - own.time.get() as f64 / self.total() as f64;
        let pairs = own.averages.iter().zip(&self.averages);
        pairs
            .map(|(e, social)| {
                if outside == 0.0 || (social - e).abs() <= SAME {
                    OutsideShare::Balanced
                } else {
                    OutsideShare::Share(outside)
                }
            })
            .collect()
    }
}
