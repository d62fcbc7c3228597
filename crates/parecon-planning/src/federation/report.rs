//! What a federation's review says.

use serde::{Deserialize, Serialize};

use crate::{CouncilId, GoodId};

/// A group of a federation, at announced prices. The outermost has no name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GroupReport {
    /// Name of the group.
    pub name: String,
    /// Totals of every good that its councils deal with, in the order of goods.
    pub totals: Vec<GoodTotals>,
    /// Value of what its worker councils would make.
    pub benefit: f64,
    /// Value of what they would use, and the cost of their effort.
    pub cost: f64,
    /// What its consumer councils would spend.
    pub spent: f64,
    /// Councils of the group, at any depth, that are far from what is typical of the group.
    pub flags: Vec<Flag>,
    /// Councils that belong to the group directly.
    pub members: Vec<MemberReport>,
    /// Groups within the group.
    pub groups: Vec<GroupReport>,
}

impl GroupReport {
    /// Social benefit/cost ratio of the group's worker councils together; `None` without costs.
    #[must_use]
    pub fn benefit_cost(&self) -> Option<f64> {
        ratio(self.benefit, self.cost)
    }
}

/// Totals of a good over the councils of a group, in units of the good, each rounded once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GoodTotals {
    /// The good.
    pub good: GoodId,
    /// What worker councils would make.
    pub made: f64,
    /// What worker councils would use.
    pub used: f64,
    /// What consumer councils ask for; of a public good, the sum of requests that are met all at once.
    pub requested: f64,
    /// Pollution that consumer councils permit.
    pub permitted: f64,
}

/// A council of a group.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MemberReport {
    /// Which one.
    pub council: CouncilId,
    /// Value of what it would make.
    pub benefit: f64,
    /// Value of what it would use, and the cost of its effort.
    pub cost: f64,
    /// What it would spend on consumption.
    pub spent: f64,
}

impl MemberReport {
    /// Social benefit/cost ratio; `None` without costs.
    #[must_use]
    pub fn benefit_cost(&self) -> Option<f64> {
        ratio(self.benefit, self.cost)
    }
}

fn ratio(benefit: f64, cost: f64) -> Option<f64> {
    (cost > 0.0).then(|| benefit / cost)
}

/// A figure by which councils are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Measure {
    /// A worker council's social benefit/cost ratio.
    BenefitCost,
    /// Value of an input as a share of the value of output.
    Input(GoodId),
    /// A good's share of what a consumer council spends.
    Request(GoodId),
}

/// A council that is far from what is typical of its group; see [`Federation`](crate::Federation) for how far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Flag {
    /// Which council.
    pub council: CouncilId,
    /// In what.
    pub measure: Measure,
    /// The council's figure.
    pub value: f64,
    /// The group's median.
    pub typical: f64,
}
