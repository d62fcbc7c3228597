//! Consumer councils of other kinds than Cobb–Douglas.

use super::super::workers::LARGEST_LOG;
use crate::council::FlatNest;
use crate::{ConsumerCouncil, Exposure, GoodId, Nest, Preferences};

/// A consumer council and what it folds into.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OtherConsumer {
    pub(crate) council: ConsumerCouncil,
    pub(crate) wants: Vec<GoodId>,
    pub(crate) exposures: Vec<Exposure>,
    tastes: Tastes,
}

#[derive(Clone, Debug, PartialEq)]
enum Tastes {
    Nest(FlatNest),
    /// `γ` and `α`.
    StoneGeary(Vec<(f64, f64)>),
}

/// A request's numbers beside its quantities.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Request {
    /// Income with compensation: what is spent.
    pub(crate) spent: f64,
    /// What is spent beyond the minimum, which is the council's weight in welfare.
    pub(crate) weight: f64,
    /// Value of permissions less damage.
    pub(crate) surplus: f64,
    /// Largest of `U(x) − p·x` at these prices.
    pub(crate) utility: f64,
}

impl OtherConsumer {
    pub(crate) fn new(council: ConsumerCouncil) -> Option<Self> {
        let (preferences, exposures) = match &council.preferences {
            Preferences::CobbDouglas(_) => return None,
            Preferences::Exposed(exposed) => (&*exposed.consumption, exposed.exposures.clone()),
            other => (other, Vec::new()),
        };
        let tastes = match preferences {
            Preferences::CobbDouglas(wants) => {
                Tastes::Nest(FlatNest::new(&Nest::of_goods(1.0, wants.iter().map(|p| (p.good, p.weight)))))
            }
            Preferences::Ces(nest) => Tastes::Nest(FlatNest::new(nest)),
            Preferences::StoneGeary(needs) => {
                let total: f64 = needs.iter().map(|n| n.weight).sum();
                Tastes::StoneGeary(needs.iter().map(|n| (n.minimum, n.weight / total)).collect())
            }
            Preferences::Exposed(_) => return None, // refused by the checks
        };
        let wants = council.preferences.goods();
        Some(OtherConsumer { council, wants, exposures, tastes })
    }

    /// Whether its requests are the slopes of a potential: its income is given and its preferences are homothetic.
    pub(crate) fn has_potential(&self) -> bool {
        self.exposures.is_empty() && matches!(self.tastes, Tastes::Nest(_))
    }

    fn income(&self, log_prices: &[f64]) -> f64 {
        self.council.income + self.exposures.iter().map(|e| compensation(e, log_prices)).sum::<f64>()
    }

    /// Request and permissions at prices; `personal` has the logarithms of what the council pays for each of its wants.
    pub(crate) fn request(
        &self,
        personal: &[f64],
        log_prices: &[f64],
        quantities: &mut [f64],
        permits: &mut [f64],
    ) -> Request {
        let mut request = Request { spent: self.income(log_prices), ..Request::default() };
        for (exposure, permitted) in self.exposures.iter().zip(permits) {
            let value = compensation(exposure, log_prices);
            *permitted = value / log_prices[exposure.pollutant.index()].exp();
            request.surplus += value * (1.0 - exposure.compensation_exponent / exposure.damage_exponent);
        }
        let m = request.spent;
        match &self.tastes {
            Tastes::Nest(nest) => {
                let shares = nest.shares(personal);
                for ((x, share), log_price) in quantities.iter_mut().zip(&shares.leaves).zip(personal) {
                    *x = m * share / log_price.exp();
                }
                request.weight = m;
                request.utility = m * (m.ln() - shares.log_cost) - m;
            }
            Tastes::StoneGeary(needs) => {
                let price = |i: usize| personal[i].exp();
                let minimum: f64 = needs.iter().enumerate().map(|(i, (gamma, _))| gamma * price(i)).sum();
                request.weight = m - minimum;
                for (i, (x, (gamma, share))) in quantities.iter_mut().zip(needs).enumerate() {
                    *x = if minimum < m {
                        gamma + share * request.weight / price(i)
                    } else {
                        gamma * m / minimum
                    };
                    request.utility += request.weight * share * ((share * request.weight).ln() - personal[i]);
                }
                request.utility -= m;
            }
        }
        request
    }

    /// Minimum quantities, of which nothing can be taken away.
    pub(crate) fn minimum(&self, i: usize) -> f64 {
        match &self.tastes {
            Tastes::Nest(_) => 0.0,
            Tastes::StoneGeary(needs) => needs[i].0,
        }
    }

    /// `p_i·∂x_i/∂log p_j` for the wants, row-major, and `p_i·∂x_i/∂m·∂m/∂log p_e` for each pollutant `e` (at the personal
    /// prices).
    pub(crate) fn slopes(
        &self,
        personal: &[f64],
        log_prices: &[f64],
        request: &Request,
    ) -> (Vec<f64>, Vec<f64>) {
        let n = self.wants.len();
        let mut slopes = vec![0.0; n * n];
        let m = request.spent;
        // Value of each want per unit of income at the margin.
        let mut margins = vec![0.0; n];
        match &self.tastes {
            Tastes::Nest(nest) => {
                let shares = nest.shares(personal);
                slopes = nest.share_slopes(&shares);
                slopes.iter_mut().for_each(|s| *s *= m);
                for i in 0..n {
                    slopes[i * n + i] -= m * shares.leaves[i];
                }
                margins = shares.leaves;
            }
            Tastes::StoneGeary(needs) => {
                let least: Vec<f64> =
                    needs.iter().zip(personal).map(|((gamma, _), log)| gamma * log.exp()).collect();
                let minimum: f64 = least.iter().sum();
                for i in 0..n {
                    for j in 0..n {
                        let own = if i == j { 1.0 } else { 0.0 };
                        slopes[i * n + j] = if minimum < m {
                            -needs[i].1 * (least[j] + own * request.weight)
                        } else {
                            -least[i] * m / minimum * least[j] / minimum
                        };
                    }
                    margins[i] = if minimum < m { needs[i].1 } else { least[i] / minimum };
                }
            }
        }
        let mut by_permit = Vec::with_capacity(n * self.exposures.len());
        for exposure in &self.exposures {
            let value = compensation(exposure, log_prices);
            by_permit.extend(margins.iter().map(|margin| margin * value * (1.0 + exposure.elasticity())));
        }
        (slopes, by_permit)
    }

    /// What consuming `exp(log_factors)` times the request beyond the minimum falls short of the best at the announced
    /// prices, `max U(x) − p·x` less `U(x') − p·x'`; never negative.
    pub(crate) fn loss(&self, personal: &[f64], request: &Request, log_factors: &[f64]) -> f64 {
        let cost = |share: f64, log: f64| share * log.exp_m1();
        let loss = match &self.tastes {
            Tastes::Nest(nest) => {
                let shares = nest.shares(personal);
                let more: f64 = shares.leaves.iter().zip(log_factors).map(|(s, log)| cost(*s, *log)).sum();
                let log = nest.log_factor(&shares, log_factors, &mut vec![0.0; log_factors.len()]);
                request.weight * (more - log)
            }
            Tastes::StoneGeary(needs) => {
                request.weight
                    * needs.iter().zip(log_factors).map(|((_, s), log)| cost(*s, *log) - s * log).sum::<f64>()
            }
        };
        // Rounding of terms that cancel must not show as a gain; what is no number must show.
        if loss < 0.0 { 0.0 } else { loss }
    }
}

/// What permissions are worth.
fn compensation(e: &Exposure, log_prices: &[f64]) -> f64 {
    let log_price = log_prices[e.pollutant.index()];
    (log_price + e.log_permitted(log_price)).clamp(-LARGEST_LOG, LARGEST_LOG).exp()
}
