use serde::{Deserialize, Serialize};

use super::erlang::loss;
use super::{check_positive, check_servers};
use crate::error::Error;

/// Terms of the sum over the number waiting are left out once they, and all that follow, are below this share.
const NEGLIGIBLE: f64 = 1e-18;

/// M/M/c+M: people give up waiting after an exponential time of mean 1/θ (Palm 1946; Erlang A).
///
/// The number present is a birth–death process with death rate min(n, c) μ + max(n − c, 0) θ. It always settles, as the
/// impatient leave when it is full.
///
/// ```text
/// P(wait) = A B / (1 + (A − 1) B)      A = Σ_{j≥0} λʲ / Π_{i≤j} (c μ + i θ)      B = B(c, λ/μ)
/// ```
///
/// # Reference
/// C. Palm, Research on telephone traffic carried by full availability groups, Tele 1 (1957; Swedish 1946). A.
/// Mandelbaum and S. Zeltyn, Service engineering in action: the Palm/Erlang-A queue, in Advances in Services
/// Innovations, Springer 2007.
///
/// # Example
/// ```
/// use parecon_review::queue::ErlangA;
///
/// let queue = ErlangA::new(12.0, 1.0, 0.5, 10)?.steady();
/// assert!((queue.wait_probability - 0.850385).abs() < 1e-6);
/// assert!((queue.abandon_probability - 0.195656).abs() < 1e-6);
/// # Ok::<(), parecon_review::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ErlangA {
    arrival_rate: f64,
    service_rate: f64,
    patience_rate: f64,
    servers: u32,
}

/// A queue that some leave, in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abandonment {
    /// Share of the time that a reviewer works.
    pub utilisation: f64,
    /// Share of submissions that find all reviewers busy.
    pub wait_probability: f64,
    /// Share of submissions that are withdrawn before anybody looked.
    pub abandon_probability: f64,
    /// Mean time spent waiting, over all submissions, whether judged or withdrawn.
    pub mean_wait: f64,
    /// Mean number waiting.
    pub mean_queue: f64,
}

impl ErlangA {
    /// λ arrivals, μ reviews per reviewer, θ withdrawals per waiting submission, each per unit of time.
    ///
    /// # Errors
    /// If a rate is not finite and positive, or there is no reviewer.
    pub fn new(
        arrival_rate: f64,
        service_rate: f64,
        patience_rate: f64,
        servers: u32,
    ) -> Result<Self, Error> {
        check_positive("arrival rate", arrival_rate)?;
        check_positive("service rate", service_rate)?;
        check_positive("patience rate", patience_rate)?;
        check_positive("offered load", arrival_rate / service_rate)?;
        check_positive("ratio of arrivals to withdrawals", arrival_rate / patience_rate)?;
        check_servers(servers)?;
        Ok(Self { arrival_rate, service_rate, patience_rate, servers })
    }

    /// The long run.
    ///
    /// # Complexity
    /// O(c) and one term per number waiting that occurs: some λ/θ of them at most.
    #[must_use]
    pub fn steady(&self) -> Abandonment {
        let (lambda, c) = (self.arrival_rate, f64::from(self.servers));
        // Relative to the largest term, whatever its size: the sum grows like exp(λ/θ).
        let (mut sum, mut queue) = (1.0, 0.0);
        let (mut term, mut scale) = (1.0, 1.0);
        let mut j = 0.0;
        loop {
            j += 1.0;
            let ratio = lambda / (c * self.service_rate + j * self.patience_rate);
            term *= ratio;
            sum += term;
            queue += j * term;
            if sum > 1e100 {
                (term, sum, queue, scale) = (term / sum, 1.0, queue / sum, scale / sum);
            }
            // Ratios fall, so that the rest is below term·r/(1 − r)² times j.
            if ratio < 1.0 && j * term * ratio <= NEGLIGIBLE * (1.0 - ratio).powi(2) * sum {
                break;
            }
        }
        let blocked = loss(self.servers, lambda / self.service_rate);
        // Probabilities of c present and fewer than c, relative to that of c present.
        let below = (1.0 - blocked) / blocked * scale;
        let wait_probability = sum / (sum + below);
        let mean_queue = queue / (sum + below);
        let abandon_probability = self.patience_rate * mean_queue / lambda;
        Abandonment {
            utilisation: (1.0 - abandon_probability) * lambda / (c * self.service_rate),
            wait_probability,
            abandon_probability,
            mean_wait: mean_queue / lambda,
            mean_queue,
        }
    }
}
