//! The rule that was chosen, as it is saved with the board: an enum of rules is a rule.

use parecon::planning::{Disclosure, PriceRule, Recorded, Reports, RevealedNewton};
use serde::{Deserialize, Serialize};

use crate::args::RuleName;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rule {
    Recorded(Recorded),
    RevealedNewton(RevealedNewton),
}

impl From<RuleName> for Rule {
    fn from(name: RuleName) -> Self {
        match name {
            RuleName::Recorded => Rule::Recorded(Recorded::new()),
            RuleName::RevealedNewton => Rule::RevealedNewton(RevealedNewton::new()),
        }
    }
}

impl PriceRule for Rule {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        match self {
            Rule::Recorded(rule) => rule.revise(reports),
            Rule::RevealedNewton(rule) => rule.revise(reports),
        }
    }

    fn disclosure(&self) -> Disclosure {
        match self {
            Rule::Recorded(rule) => rule.disclosure(),
            Rule::RevealedNewton(rule) => rule.disclosure(),
        }
    }
}
