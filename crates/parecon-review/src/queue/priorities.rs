use serde::{Deserialize, Serialize};

use super::erlang::delay;
use super::{check_positive, check_servers};
use crate::error::{Error, check, check_amount};

/// Submissions that share a place in the order of priority.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// λ: arrivals per unit of time.
    pub arrival_rate: f64,
    /// Mean time a review takes.
    pub mean_service: f64,
    /// Its squared coefficient of variation: 1 for exponential times, 0 for equal ones.
    pub service_cv2: f64,
}

/// Non-preemptive priorities (Cobham 1954): the first class goes first, within a class in order of arrival, and a review
/// that has begun is finished.
///
/// ```text
/// W_k = W₀ / ((1 − σ_{k−1})(1 − σ_k))      σ_k = Σ_{i≤k} λ_i E S_i / c
/// W₀ = Σ λ_i E S_i² / 2   (c = 1)          W₀ = C(c, a) E S / c   (equal exponential service)
/// ```
///
/// # Reference
/// A. Cobham, Priority assignment in waiting line problems, Operations Research 2 (1954).
///
/// # Example
/// ```
/// use parecon_review::queue::{Class, Priorities};
///
/// let class = |arrival_rate| Class { arrival_rate, mean_service: 1.0, service_cv2: 1.0 };
/// let waits = Priorities::new(vec![class(0.3), class(0.5)], 1)?.mean_waits();
/// assert!((waits[0].expect("stable") - 1.142857).abs() < 1e-6);
/// assert!((waits[1].expect("stable") - 5.714286).abs() < 1e-6);
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Priorities {
    classes: Vec<Class>,
    servers: u32,
}

impl Priorities {
    /// Classes in order of priority, and the number of reviewers.
    ///
    /// # Errors
    /// If there is no class or no reviewer, a number is out of range, or there are several reviewers and the classes'
    /// service times are not exponential with one mean: for that no exact formula is known.
    pub fn new(classes: Vec<Class>, servers: u32) -> Result<Self, Error> {
        check_servers(servers)?;
        check(!classes.is_empty(), "number of classes", 0.0, "at least 1")?;
        for (k, class) in classes.iter().enumerate() {
            check_positive(&format!("arrival rate of class {k}"), class.arrival_rate)?;
            check_positive(&format!("mean service time of class {k}"), class.mean_service)?;
            check_amount(
                &format!("squared coefficient of variation of service of class {k}"),
                class.service_cv2,
            )?;
            if servers > 1 {
                let (mean, first) = (class.mean_service, classes[0].mean_service);
                let valid = format!("{first}, that of class 0, with more than one reviewer");
                check(mean == first, &format!("mean service time of class {k}"), mean, &valid)?;
                let what = format!("squared coefficient of variation of service of class {k}");
                check(class.service_cv2 == 1.0, &what, class.service_cv2, "1 with more than one reviewer")?;
            }
        }
        Ok(Self { classes, servers })
    }

    /// Mean wait of each class; `None` for those whose queue grows without bound.
    ///
    /// # Complexity
    /// O(c + classes).
    #[must_use]
    pub fn mean_waits(&self) -> Vec<Option<f64>> {
        let c = f64::from(self.servers);
        let load = |class: &Class| class.arrival_rate * class.mean_service / c;
        // A class that overflows occupies, of what more urgent ones leave, everything: less urgent ones never begin.
        let mut served = 0.0;
        let mut residual = 0.0;
        for class in &self.classes {
            let share = load(class).min(1.0 - served).max(0.0);
            served += share;
            residual += 0.5 * share * class.mean_service * (1.0 + class.service_cv2);
        }
        if self.servers > 1 {
            let offered: f64 = self.classes.iter().map(load).sum::<f64>() * c;
            let waiting = if offered < c { delay(self.servers, offered) } else { 1.0 };
            residual = waiting * self.classes[0].mean_service / c;
        }
        let mut above = 0.0;
        self.classes
            .iter()
            .map(|class| {
                let before = above;
                above += load(class);
                (above < 1.0).then(|| residual / ((1.0 - before) * (1.0 - above)))
            })
            .collect()
    }
}
