//! Goods and their categories.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A good's position in the economy's list of goods.
///
/// Every vector over goods (prices, supply, demand) is in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GoodId(pub u32);

impl GoodId {
    /// The position as an index into vectors over goods.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for GoodId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What kind of good it is: it decides who may ask for it and how requests add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Category {
    /// Consumed by the council that receives it: requests are added up and paid at the full price.
    Private,
    /// Consumed by all at once: every consumer council is asked the price divided by the number of consumer
    /// councils, and supply has to meet the average request.
    Public,
    /// Made by worker councils for worker councils.
    Intermediate,
    /// A natural resource, available as the endowment.
    Nature,
    /// A kind of labour, available as the endowment.
    Labour,
    /// Permission to pollute, used as an input; limited by the endowment and what [those affected](crate::Exposed) permit.
    Pollutant,
}

impl Category {
    /// Whether consumer councils may ask for goods of this category.
    #[must_use]
    pub fn is_consumed(self) -> bool {
        matches!(self, Category::Private | Category::Public)
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Category::Private => "private",
            Category::Public => "public",
            Category::Intermediate => "intermediate",
            Category::Nature => "nature",
            Category::Labour => "labour",
            Category::Pollutant => "pollutant",
        })
    }
}

/// A good with an indicative price.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Good {
    /// Unique name.
    pub name: String,
    /// Kind of good.
    pub category: Category,
    /// Quantity available without anyone making it, in units of the good; zero or more.
    #[serde(default)]
    pub endowment: f64,
}

impl Good {
    /// A good with a name, a category and an endowment.
    pub fn new(name: impl Into<String>, category: Category, endowment: f64) -> Self {
        Good { name: name.into(), category, endowment }
    }
}
