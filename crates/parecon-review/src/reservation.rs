//! In which order to look, and when to stop: Weitzman's reservation values.
//!
//! Looking into box i (trying an approach, having a proposal worked out, reading a submission with care) costs cᵢ and
//! shows a prize; in the end one keeps the best. Look into boxes in descending order of reservation value zᵢ, where
//! E[(Xᵢ − zᵢ)⁺] = cᵢ, and stop once the best prize so far exceeds all that remain.
//!
//! # Reference
//! M. L. Weitzman, Optimal search for the best alternative, Econometrica 47 (1979); for the value of the rule, R.
//! Kleinberg, B. Waggoner and E. G. Weyl, Descending price optimally coordinates search (2016).

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, check};
use crate::normal;
use crate::quadrature::integrate;
use crate::root::crossing;

/// Normal prizes are integrated up to so many standard deviations.
const LIMIT: f64 = 10.0;

/// What may be in a box.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Prize {
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation, positive.
        deviation: f64,
    },
    /// Equally likely values, at least one.
    Values(Vec<f64>),
}

impl Prize {
    /// E[(X − z)⁺], what the option of prize X is worth to someone who has z.
    ///
    /// # Errors
    /// If the prize's numbers are not finite, the deviation not positive, the values none, or `z` not finite.
    pub fn expected_excess(&self, z: f64) -> Result<f64, Error> {
        self.validate()?;
        check(z.is_finite(), "prize in hand", z, "finite")?;
        Ok(self.excess(z))
    }

    /// The reservation value z with E[(X − z)⁺] = `cost`: look as long as the best prize in hand is below it.
    ///
    /// # Errors
    /// If the prize is invalid as above, or `cost` not finite and positive.
    ///
    /// # Example
    /// ```
    /// use parecon_review::reservation::Prize;
    ///
    /// let prize = Prize::Normal { mean: 0.0, deviation: 1.0 };
    /// assert!((prize.reservation_value(0.1)? - 0.90234635).abs() < 5e-9);
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn reservation_value(&self, cost: f64) -> Result<f64, Error> {
        self.validate()?;
        check(cost.is_finite() && cost > 0.0, "cost of looking", cost, "finite and positive")?;
        Ok(self.reserve(cost))
    }

    fn reserve(&self, cost: f64) -> f64 {
        // Excess falls with slope at most 1, and at the mean less the cost it is at least the cost.
        let low = self.mean() - cost;
        let mut reach = cost.max(self.scale());
        while self.excess(low + reach) >= cost {
            reach *= 2.0;
        }
        crossing(|z| cost - self.excess(z), low, low + reach, 0.0)
    }

    fn excess(&self, z: f64) -> f64 {
        match self {
            Prize::Normal { mean, deviation } => {
                let x = (z - mean) / deviation;
                deviation * (normal::density(x) - x * normal::cdf(-x))
            }
            Prize::Values(values) => {
                values.iter().map(|x| (x - z).max(0.0)).sum::<f64>() / values.len() as f64
            }
        }
    }

    fn mean(&self) -> f64 {
        match self {
            Prize::Normal { mean, .. } => *mean,
            Prize::Values(values) => values.iter().sum::<f64>() / values.len() as f64,
        }
    }

    fn scale(&self) -> f64 {
        match self {
            Prize::Normal { deviation, .. } => *deviation,
            Prize::Values(values) => values.iter().fold(0.0, |most: f64, x| most.max(x.abs())),
        }
    }

    /// P(X ≤ x).
    fn below(&self, x: f64) -> f64 {
        match self {
            Prize::Normal { mean, deviation } => normal::cdf((x - mean) / deviation),
            Prize::Values(values) => values.iter().filter(|&&v| v <= x).count() as f64 / values.len() as f64,
        }
    }

    fn validate(&self) -> Result<(), Error> {
        match self {
            Prize::Normal { mean, deviation } => {
                check(mean.is_finite(), "mean prize", *mean, "finite")?;
                let sound = deviation.is_finite() && *deviation > 0.0;
                check(sound, "deviation of the prize", *deviation, "finite and positive").map(|_| ())
            }
            Prize::Values(values) if values.is_empty() => {
                Err(Error::new(Kind::Empty { what: "values of a prize" }))
            }
            Prize::Values(values) => values.iter().enumerate().try_for_each(|(i, &x)| {
                check(x.is_finite(), &format!("value {i} of a prize"), x, "finite").map(|_| ())
            }),
        }
    }
}

/// A box: what may be in it and what looking costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chest {
    /// What may be in it.
    pub prize: Prize,
    /// Cost of looking, positive.
    pub cost: f64,
}

/// The best order of looking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Indices of the boxes in the order of looking; those worth less than the fallback are left out.
    pub order: Vec<usize>,
    /// Reservation values, in the order of the boxes given.
    pub reservation: Vec<f64>,
    /// Expected prize kept less costs of looking.
    pub value: f64,
}

/// The best plan for `chests` with `fallback` in hand.
///
/// Its value is E[max(fallback, maxᵢ min(Xᵢ, zᵢ))].
///
/// # Errors
/// If a prize is invalid, a cost not finite and positive, or `fallback` not finite.
///
/// # Example
/// ```
/// use parecon_review::reservation::{Chest, Prize, plan};
///
/// let safe = Chest { prize: Prize::Values(vec![55.0, 55.0, 100.0, 0.0]), cost: 15.0 };
/// let bold = Chest { prize: Prize::Values(vec![0.0, 0.0, 0.0, 0.0, 240.0]), cost: 20.0 };
/// // The bold box has the lower mean, and is tried first all the same.
/// assert_eq!(plan(&[safe, bold], 0.0)?.order, [1, 0]);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn plan(chests: &[Chest], fallback: f64) -> Result<Plan, Error> {
    check(fallback.is_finite(), "fallback", fallback, "finite")?;
    let reservation: Vec<f64> =
        chests.iter().map(|chest| chest.prize.reservation_value(chest.cost)).collect::<Result<_, _>>()?;
    let mut order: Vec<usize> = (0..chests.len()).filter(|&i| reservation[i] > fallback).collect();
    order.sort_by(|&i, &j| reservation[j].total_cmp(&reservation[i]));
    let top = order.first().map_or(fallback, |&i| reservation[i]);
    let mut borders = vec![fallback, top];
    for &i in &order {
        borders.push(reservation[i]);
        match &chests[i].prize {
            Prize::Normal { mean, deviation } => {
                borders.extend([-LIMIT, -4.0, -2.0, 0.0, 2.0, 4.0, LIMIT].map(|x| mean + deviation * x));
            }
            Prize::Values(values) => borders.extend(values),
        }
    }
    borders.retain(|&x| x >= fallback && x <= top);
    borders.sort_by(f64::total_cmp);
    let exceeded = integrate(
        |x| {
            let below: f64 =
                order.iter().filter(|&&i| reservation[i] > x).map(|&i| chests[i].prize.below(x)).product();
            [1.0 - below]
        },
        &borders,
    );
    Ok(Plan { order, reservation, value: fallback + exceeded.value[0] })
}
