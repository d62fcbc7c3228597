//! Who bears it: work in vain, good work never attempted and why, pay and incomes, open designs and who pays for them.

mod access;
mod commons;
mod livelihood;
mod tradeoff;

pub use access::{Access, access, wasted};
pub use commons::{Commons, DesignWork, Distribution, Pricing};
pub use livelihood::{Livelihood, PayRule, livelihood};
pub use tradeoff::{Tradeoff, pareto_front, tradeoffs};
