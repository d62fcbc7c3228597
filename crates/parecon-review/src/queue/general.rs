use super::erlang::{Steady, delay};
use super::{ErlangC, check_positive, check_servers};
use crate::error::{Error, check_amount};

/// M/G/1: one reviewer, any distribution of the time a review takes (Pollaczek–Khinchine).
///
/// ```text
/// W = ρ (1 + cv²) / (2 (1 − ρ)) · E S      ρ = λ E S
/// ```
///
/// # Reference
/// F. Pollaczek, Über eine Aufgabe der Wahrscheinlichkeitstheorie, Mathematische Zeitschrift 32 (1930).
///
/// # Example
/// ```
/// use parecon_review::queue::Mg1;
///
/// // The wait is half as long if all reviews take equally long, and ten times as long if they vary as lifetimes of
/// // pull requests do.
/// let wait = |cv2| Mg1::new(0.5, 1.0, cv2).map(|queue| queue.steady().expect("stable").mean_wait);
/// assert_eq!((wait(0.0)?, wait(1.0)?, wait(19.0)?), (0.5, 1.0, 10.0));
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mg1 {
    arrival_rate: f64,
    mean_service: f64,
    service_cv2: f64,
}

impl Mg1 {
    /// λ arrivals per unit of time, service times of this mean and squared coefficient of variation (variance over
    /// squared mean).
    ///
    /// # Errors
    /// If the rate or the mean is not finite and positive, or `service_cv2` negative or not finite.
    pub fn new(arrival_rate: f64, mean_service: f64, service_cv2: f64) -> Result<Self, Error> {
        check_general(arrival_rate, mean_service, service_cv2)?;
        Ok(Self { arrival_rate, mean_service, service_cv2 })
    }

    /// The long run; `None` where the queue grows without bound.
    #[must_use]
    pub fn steady(&self) -> Option<Steady> {
        let load = self.arrival_rate * self.mean_service;
        if load >= 1.0 {
            return None;
        }
        let mean_wait = load * (1.0 + self.service_cv2) / (2.0 * (1.0 - load)) * self.mean_service;
        Some(Steady {
            utilisation: load,
            wait_probability: load,
            mean_wait,
            mean_queue: self.arrival_rate * mean_wait,
        })
    }
}

/// M/G/c: c reviewers, any distribution of the time a review takes. There is no closed form; this is an
/// **approximation** from the first two moments.
///
/// ```text
/// W ≈ (1 + cv²)/2 · W(M/M/c)                                       cv² ≥ 1 (Lee and Longton 1959)
/// W ≈ cv² W(M/M/c) + (1 − cv²) W(M/D/c)                            cv² < 1 (interpolated, Björklund and Elldin 1964)
/// W(M/D/c) ≈ ½ W(M/M/c) [1 + (1 − ρ)(c − 1)(√(4 + 5c) − 2)/(16 c ρ)]        (Cosmetatos 1975)
/// ```
///
/// # Error
/// Exact for c = 1 and for exponential service. Against the simulation of this crate (`tests/queues.rs`), mean wait, c in
/// 2 to 20: for equal service times up to 3 % too low, for Erlang-2 within 2 %. For heavy-tailed times two moments
/// **cannot** determine the wait, as the other reviewers go on while one is held up by a long case. With lognormal service
/// of cv² = 4 it is too high by 3 % (c = 2) to 20 % (c = 20) at utilisation .9, by 10 to 70 % at .7; with the cv² = 18 of
/// pull requests' lifetimes, 10 reviewers and utilisation .8 by a factor of 2 (M/M/c is too low by a factor of 4 to 5).
/// Simulate such queues.
///
/// # Reference
/// A. M. Lee and P. A. Longton, Queueing processes associated with airline passenger check-in, Operational Research
/// Quarterly 10 (1959). G. P. Cosmetatos, Approximate explicit formulae for the average queueing time in the processes
/// M/D/r and D/M/r, INFOR 13 (1975). V. Gupta, M. Harchol-Balter, J. G. Dai and B. Zwart, On the inapproximability of
/// M/G/K, Queueing Systems 64 (2010).
///
/// # Example
/// ```
/// use parecon_review::queue::Mgc;
///
/// let exponential = Mgc::new(9.0, 1.0, 1.0, 10)?.steady().expect("stable");
/// assert!((exponential.mean_wait - 0.6687315).abs() < 1e-7);
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mgc {
    arrival_rate: f64,
    mean_service: f64,
    service_cv2: f64,
    servers: u32,
}

impl Mgc {
    /// λ arrivals per unit of time, service times of this mean and squared coefficient of variation.
    ///
    /// # Errors
    /// As for [`Mg1::new`], or if there is no reviewer.
    pub fn new(arrival_rate: f64, mean_service: f64, service_cv2: f64, servers: u32) -> Result<Self, Error> {
        check_general(arrival_rate, mean_service, service_cv2)?;
        check_servers(servers)?;
        Ok(Self { arrival_rate, mean_service, service_cv2, servers })
    }

    /// The long run, approximately; `None` where the queue grows without bound. The probability of waiting is that of
    /// M/M/c.
    ///
    /// # Complexity
    /// O(c).
    #[must_use]
    pub fn steady(&self) -> Option<Steady> {
        let offered = self.arrival_rate * self.mean_service;
        let c = f64::from(self.servers);
        let load = offered / c;
        let markovian =
            ErlangC::new(self.arrival_rate, self.mean_service.recip(), self.servers).ok()?.steady()?;
        let cv2 = self.service_cv2;
        let factor = if cv2 >= 1.0 {
            0.5 * (1.0 + cv2)
        } else {
            let congestion = (1.0 - load) * (c - 1.0) * ((4.0 + 5.0 * c).sqrt() - 2.0) / (16.0 * c * load);
            cv2 + (1.0 - cv2) * 0.5 * (1.0 + congestion)
        };
        let mean_wait = factor * markovian.mean_wait;
        Some(Steady {
            utilisation: load,
            wait_probability: delay(self.servers, offered),
            mean_wait,
            mean_queue: self.arrival_rate * mean_wait,
        })
    }
}

fn check_general(arrival_rate: f64, mean_service: f64, service_cv2: f64) -> Result<(), Error> {
    check_positive("arrival rate", arrival_rate)?;
    check_positive("mean service time", mean_service)?;
    check_positive("offered load", arrival_rate * mean_service)?;
    check_amount("squared coefficient of variation of service", service_cv2)?;
    Ok(())
}
