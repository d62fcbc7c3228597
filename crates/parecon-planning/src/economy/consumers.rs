//! Consumer councils as flat arrays.

use super::layout::Layout;
use super::names::Names;
use crate::{ConsumerCouncil, Preference, Preferences};

/// Incomes and preferences of the consumer councils.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Consumers {
    names: Names,
    incomes: Vec<f64>,
    weights: Vec<f64>,
    total_weights: Vec<f64>,
}

impl Consumers {
    pub(crate) fn push(&mut self, name: &str, income: f64, preferences: &[Preference]) {
        self.names.push(name);
        self.incomes.push(income);
        self.weights.extend(preferences.iter().map(|p| p.weight));
        self.total_weights.push(preferences.iter().map(|p| p.weight).sum());
    }

    pub(crate) fn len(&self) -> usize {
        self.incomes.len()
    }

    pub(crate) fn income(&self, c: usize) -> f64 {
        self.incomes[c]
    }

    /// Shares of spending, `α`, in the order of the council's wants.
    pub(crate) fn shares<'a>(&'a self, c: usize, layout: &Layout) -> impl Iterator<Item = f64> + use<'a> {
        let total = self.total_weights[c];
        self.weights[layout.want_range(c)].iter().map(move |weight| weight / total)
    }

    pub(crate) fn council(&self, c: usize, layout: &Layout) -> ConsumerCouncil {
        let range = layout.want_range(c);
        let wants = layout.wants(c).iter().zip(&self.weights[range]);
        ConsumerCouncil {
            name: self.names.get(c).to_owned(),
            income: self.incomes[c],
            preferences: Preferences::CobbDouglas(
                wants.map(|(&good, &weight)| Preference { good, weight }).collect(),
            ),
        }
    }
}
