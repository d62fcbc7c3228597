//! What one round of proposals showed.

use serde::{Deserialize, Serialize};

use crate::{Aggregates, Certificate, GoodId};

/// How close a round came to agreement, by the largest imbalance of any good.
///
/// The classes and colours are those of the published experiments.
///
/// ```
/// use parecon_planning::ThresholdClass;
/// assert_eq!(ThresholdClass::of(0.04), ThresholdClass::Green);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThresholdClass {
    /// 20 % or more.
    Red,
    /// Less than 20 %.
    Orange,
    /// Less than 10 %.
    Yellow,
    /// Less than 5 %.
    Green,
    /// Less than 3 %.
    Blue,
}

impl ThresholdClass {
    /// The class of a largest imbalance (0.03 is 3 %).
    #[must_use]
    pub fn of(largest_imbalance: f64) -> Self {
        if largest_imbalance < 0.03 {
            ThresholdClass::Blue
        } else if largest_imbalance < 0.05 {
            ThresholdClass::Green
        } else if largest_imbalance < 0.10 {
            ThresholdClass::Yellow
        } else if largest_imbalance < 0.20 {
            ThresholdClass::Orange
        } else {
            ThresholdClass::Red
        }
    }

    /// The colour, as serialised: `"blue"`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ThresholdClass::Red => "red",
            ThresholdClass::Orange => "orange",
            ThresholdClass::Yellow => "yellow",
            ThresholdClass::Green => "green",
            ThresholdClass::Blue => "blue",
        }
    }
}

/// One round: the prices that were announced and what came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Round {
    /// Counts from 1.
    pub number: usize,
    /// Announced prices, in units of account per unit of the good.
    pub prices: Vec<f64>,
    /// What the councils proposed at those prices, added up.
    pub aggregates: Aggregates,
    /// The largest relative imbalance, `|D − S| / ((D + S)/2)`: 0.03 is 3 %.
    pub largest_imbalance: f64,
    /// The good that has it.
    pub least_balanced: GoodId,
    /// Class of the largest imbalance.
    pub class: ThresholdClass,
    /// How far the plan is from the best one, if asked for and if prices were not
    /// [absurd](crate::Economy::make_feasible).
    pub certificate: Option<Certificate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_borders_belong_to_the_worse_class() {
        let classes = [0.2, 0.1, 0.05, 0.03, 0.029].map(ThresholdClass::of);
        use ThresholdClass::{Blue, Green, Orange, Red, Yellow};
        assert_eq!(classes, [Red, Orange, Yellow, Green, Blue]);
        assert_eq!(ThresholdClass::of(f64::NAN), Red);
    }
}
