//! How many judges are worth their cost, and what correlation leaves of them.

use serde::{Deserialize, Serialize};

use super::{Architecture, Pool, Quorum, majority_correct, optimal_quorum};
use crate::error::{Error, check, check_amount, check_probability};
use crate::normal;
use crate::quadrature::integrate;

/// The best size of a jury.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jury {
    /// Jurors, odd.
    pub n: u32,
    /// Probability that the majority is wrong.
    pub error: f64,
    /// Jurors' cost plus expected cost of error, in the unit of the costs given.
    pub cost: f64,
}

/// The odd number of jurors, at most `limit`, that minimises `judge_cost` · n + `error_cost` · P(majority wrong).
///
/// Two more jurors improve the verdict by
///
/// ```text
/// P(n + 2) − P(n) = (2p − 1) C(n, (n + 1)/2) (p (1 − p))^((n + 1)/2)
/// ```
///
/// which only falls in n, so the first pair not worth its cost ends the search. Both a juror who knows nothing and one
/// who knows all need no company: the best size is largest between.
///
/// # Errors
/// If `p` is not a probability, a cost is negative or not finite, or `limit` is 0.
///
/// # Complexity
/// O(n).
///
/// # Example
/// ```
/// use parecon_review::screening::optimal_jury;
///
/// let size = |p: f64| optimal_jury(p, 1e-3, 1.0, 1001).map(|jury| jury.n);
/// assert_eq!((size(0.51)?, size(0.55)?, size(0.9)?), (15, 119, 7));
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn optimal_jury(p: f64, judge_cost: f64, error_cost: f64, limit: u32) -> Result<Jury, Error> {
    let p = check_probability("probability that a juror is right", p)?;
    check_amount("cost of a juror", judge_cost)?;
    check_amount("cost of an error", error_cost)?;
    check(limit > 0, "largest jury", f64::from(limit), "at least 1")?;
    let chance = p * (1.0 - p);
    let (mut n, mut gain) = (1u32, (2.0 * p - 1.0) * chance);
    while n + 2 <= limit && error_cost * gain > 2.0 * judge_cost {
        // C(n + 2, (n + 3)/2) / C(n, (n + 1)/2), with m = (n + 1)/2.
        let (size, m) = (f64::from(n), f64::from(n.div_ceil(2)));
        gain *= chance * (size + 2.0) * (size + 1.0) / ((m + 1.0) * (size + 1.0 - m));
        n += 2;
    }
    // The complement, so that a small error keeps its digits.
    let error = majority_correct(n, 1.0 - p)?;
    Ok(Jury { n, error, cost: judge_cost * f64::from(n) + error_cost * error })
}

/// The best panel and what it is worth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Panel {
    /// Judges; 0 if it is best to ask nobody.
    pub n: u32,
    /// Acceptances needed.
    pub quorum: Quorum,
    /// Expected gains less losses less judges' cost, per piece.
    pub net_benefit: f64,
    /// Expected number of judgements per piece.
    pub evaluations: f64,
}

/// How a panel works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asking {
    /// All judges are asked at once, and all are paid.
    Together,
    /// One after the other, until the outcome is certain.
    InTurn,
}

/// The panel of at most `limit` judges, each judgement at `judge_cost`, with the highest net benefit per piece.
///
/// ```text
/// α z₁ P(accept | good) − (1 − α) z₂ P(accept | bad) − judge cost · E N
/// ```
///
/// # Errors
/// As for [`optimal_quorum`]; if the cost is negative or not finite, or `limit` is 0.
///
/// # Complexity
/// Together: one quorum per size. In turn: all quorums of all sizes. Sizes end where even perfect sight would not
/// pay for the least that must be asked.
///
/// # Example
/// ```
/// use parecon_review::screening::{Asking, Pool, optimal_panel};
///
/// let pool = Pool { base_rate: 0.3, gain: 10.0, loss: 5.0, good: 0.8, bad: 0.3 };
/// let together = optimal_panel(&pool, 0.1, Asking::Together, 50)?;
/// let in_turn = optimal_panel(&pool, 0.1, Asking::InTurn, 50)?;
/// // Stopping early saves judgements, which then buy a better panel.
/// assert!(in_turn.net_benefit > together.net_benefit && in_turn.n >= together.n);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn optimal_panel(pool: &Pool, judge_cost: f64, asking: Asking, limit: u32) -> Result<Panel, Error> {
    check_amount("cost of a judgement", judge_cost)?;
    check(limit > 0, "largest panel", f64::from(limit), "at least 1")?;
    // Validates the pool.
    optimal_quorum(1, pool)?;
    let perfect = pool.base_rate * pool.gain;
    let all = perfect - (1.0 - pool.base_rate) * pool.loss;
    let quorum = if all > 0.0 { Quorum::AcceptAll } else { Quorum::RejectAll };
    let mut best = Panel { n: 0, quorum, net_benefit: all.max(0.0), evaluations: 0.0 };
    for n in 1..=limit {
        // In turn, the fewest judgements that decide are those of a majority's half.
        let least = if asking == Asking::Together { n } else { n.div_ceil(2) };
        if perfect - judge_cost * f64::from(least) <= best.net_benefit {
            break;
        }
        let quorums = match asking {
            Asking::Together => match optimal_quorum(n, pool)? {
                Quorum::AtLeast(k) => k..=k,
                // Asking would change nothing, and nobody asked was tried above.
                Quorum::AcceptAll | Quorum::RejectAll => continue,
            },
            Asking::InTurn => 1..=n,
        };
        for k in quorums {
            let panel = Architecture::KofN { k, n };
            let evaluations = match asking {
                Asking::Together => f64::from(n),
                Asking::InTurn => {
                    pool.base_rate * panel.expected_evaluations(pool.good)?
                        + (1.0 - pool.base_rate) * panel.expected_evaluations(pool.bad)?
                }
            };
            let net_benefit = perfect * panel.acceptance(pool.good)?
                - (1.0 - pool.base_rate) * pool.loss * panel.acceptance(pool.bad)?
                - judge_cost * evaluations;
            if net_benefit > best.net_benefit {
                best = Panel { n, quorum: Quorum::AtLeast(k), net_benefit, evaluations };
            }
        }
    }
    Ok(best)
}

impl Architecture {
    /// [`acceptance`](Architecture::acceptance) by judges who share blind spots.
    ///
    /// ```text
    /// ∫ φ(η) acceptance( Φ( (Φ⁻¹(p) + √r η) / √(1 − r) ) ) dη
    /// ```
    ///
    /// Behind each vote stands a normal impression, and `correlation` r is that of two judges' impressions (the
    /// tetrachoric correlation of their votes).
    ///
    /// # Errors
    /// As for [`acceptance`](Architecture::acceptance); if `correlation` is not at least 0 and below 1.
    ///
    /// # Complexity
    /// Some hundred acceptances.
    ///
    /// # Example
    /// ```
    /// use parecon_review::screening::Architecture;
    ///
    /// // Two judges of even odds agree to accept with probability 1/4 + asin(r)/2π.
    /// let both = Architecture::Hierarchy(2).acceptance_correlated(0.5, 0.5)?;
    /// assert!((both - 1.0 / 3.0).abs() < 1e-14);
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn acceptance_correlated(&self, p: f64, correlation: f64) -> Result<f64, Error> {
        check(
            (0.0..1.0).contains(&correlation),
            "correlation of judges",
            correlation,
            "at least 0 and below 1",
        )?;
        let alone = self.acceptance(p)?;
        if correlation == 0.0 || p == 0.0 || p == 1.0 {
            return Ok(alone);
        }
        let (centre, shared, own) = (normal::quantile(p), correlation.sqrt(), (1.0 - correlation).sqrt());
        let turn = -centre / shared;
        let mut borders = vec![-LIMIT, -3.0, 0.0, 3.0, LIMIT];
        let reach = LIMIT * own / shared;
        borders.extend([turn - reach, turn, turn + reach].into_iter().filter(|x| x.abs() < LIMIT));
        borders.sort_by(f64::total_cmp);
        let accepted =
            |eta: f64| self.acceptance(normal::cdf((centre + shared * eta) / own)).unwrap_or(alone);
        Ok(integrate(|eta| [normal::density(eta) * accepted(eta)], &borders).value[0])
    }
}

/// The shared impression is integrated over [−LIMIT, LIMIT].
const LIMIT: f64 = 9.0;

/// Where [`majority_correct`] tends as the jury grows, if jurors' impressions are correlated by `correlation`:
/// Φ(Φ⁻¹(p)/√r), not 1.
///
/// # Errors
/// If `p` is not a probability or `correlation` not above 0 and at most 1.
///
/// # Example
/// ```
/// use parecon_review::screening::majority_limit;
///
/// // However many jurors: with r = .25, p = .6 gets no further than .694.
/// assert!((majority_limit(0.6, 0.25)? - 0.6938).abs() < 1e-4);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn majority_limit(p: f64, correlation: f64) -> Result<f64, Error> {
    check_probability("probability that a juror is right", p)?;
    let sound = correlation > 0.0 && correlation <= 1.0;
    check(sound, "correlation of jurors", correlation, "above 0 and at most 1")?;
    Ok(normal::cdf(normal::quantile(p) / correlation.sqrt()))
}
