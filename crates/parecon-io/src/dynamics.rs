//! What happens over time: growth with capital, inoperability, and disruption with inventories.
//!
//! | model | question | type |
//! |---|---|---|
//! | dynamic Leontief | which outputs, years ahead, does future demand require, investment included? | [`DynamicTechnology`] |
//! | inoperability (IIM, DIIM) | how far does a disruption spread in per cent of normal output? | [`Inoperability`] |
//! | adaptive disruption (ARIO) | how does it spread day by day with inventories, rationing and overtime? | [`Disruption`] |

mod disruption;
mod growth;
mod inoperability;

pub use disruption::{Disruption, DisruptionConfig, DisruptionPath, Period, Rationing};
pub use growth::{BalancedGrowth, DynamicTechnology, OutputPath, Terminal};
pub use inoperability::{Inoperability, InoperabilityPath, Inoperable};
