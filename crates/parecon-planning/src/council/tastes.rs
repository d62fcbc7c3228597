//! Preferences other than Cobb–Douglas, and what pollution is worth to those who bear it.

use serde::{Deserialize, Serialize};

use super::Preferences;
use crate::GoodId;

/// One good of Stone–Geary preferences.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// What is wanted: a private or a public good.
    pub good: GoodId,
    /// `γ`, zero or more: the quantity that comes first, in units of the good.
    pub minimum: f64,
    /// Positive, on any scale: weights are divided by their sum.
    pub weight: f64,
}

/// A council that lives where goods' use pollutes.
///
/// Of each pollutant it permits the quantity at which a higher compensation would no longer be worth the damage,
/// and its income grows by what the permissions are worth. It values a compensation of `p·x` at `a·(p·x)^j` and
/// suffers `x^k` from exposure, and so permits
///
/// ```text
/// x = argmax a·(p·x)^j − x^k = (a·j·p^j/k)^(1/(k−j)),   0 < j < k
/// ```
///
/// which is the published form (there with `a` = 5, `j` around 0.15 and `k` around 1.15). The supply of
/// permissions rises with the price with the elasticity `j/(k−j)`; it is that of somebody whose damage, in units of
/// account, is `(j/k)·(k/(a·j))^(1/j)·x^(k/j)`, and this is what [certificates](crate::Certificate) count.
///
/// Permissions of all councils that are exposed to a pollutant add up, with the good's endowment; each region has
/// pollutants of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exposed {
    /// What the income, compensation included, is spent on.
    pub consumption: Box<Preferences>,
    /// The pollutants, each at most once.
    pub exposures: Vec<Exposure>,
}

/// What one pollutant means to an [`Exposed`] council.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exposure {
    /// A good of category pollutant.
    pub pollutant: GoodId,
    /// `a`, positive.
    pub scale: f64,
    /// `j`, positive: the elasticity of the utility of compensation.
    pub compensation_exponent: f64,
    /// `k`, above `j`: the elasticity of the disutility of exposure.
    pub damage_exponent: f64,
}

impl Exposure {
    /// `j/(k−j)`: elasticity of the permitted quantity in its price.
    pub(crate) fn elasticity(&self) -> f64 {
        self.compensation_exponent / (self.damage_exponent - self.compensation_exponent)
    }

    /// Logarithm of the permitted quantity at the logarithm of its price.
    pub(crate) fn log_permitted(&self, log_price: f64) -> f64 {
        let (j, k) = (self.compensation_exponent, self.damage_exponent);
        ((self.scale * j / k).ln() + j * log_price) / (k - j)
    }
}
