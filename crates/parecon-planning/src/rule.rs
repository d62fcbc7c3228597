//! How prices are revised from what councils report.

mod anderson;
mod broyden;
mod newton;
mod recorded;
mod revealed_newton;
mod safeguard;
mod secants;
mod tatonnement;
mod totals_newton;

pub use anderson::Anderson;
pub use broyden::Broyden;
pub use newton::Newton;
pub use recorded::Recorded;
pub use revealed_newton::RevealedNewton;
pub use tatonnement::Tatonnement;
pub use totals_newton::TotalsNewton;

use std::fmt;

use crate::collective::Alone;
use crate::{Aggregates, Collective, Proposals, Slopes};

/// How much of the proposals a price rule asks to see; each level contains the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Disclosure {
    /// Supply of and demand for each good, added up over all councils.
    Aggregates,
    /// Every worker council's proposal: what it would make and use, and how hard it would work. What consumer councils
    /// request stays added up.
    WorkerProposals,
    /// Every council's proposal, also what each consumer council would consume.
    Proposals,
    /// How each council's proposal would react to prices: its slopes in the logarithms of prices, added up.
    Elasticities,
}

/// What a price rule is shown after a round.
#[derive(Clone, Copy)]
pub struct Reports<'a> {
    round: usize,
    prices: &'a [f64],
    aggregates: &'a Aggregates,
    proposals: Option<&'a Proposals>,
    slopes: Option<&'a Slopes>,
    group: &'a dyn Collective,
}

impl fmt::Debug for Reports<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reports")
            .field("round", &self.round)
            .field("prices", &self.prices)
            .field("aggregates", &self.aggregates)
            .field("proposals", &self.proposals)
            .field("slopes", &self.slopes)
            .finish_non_exhaustive()
    }
}

impl<'a> Reports<'a> {
    /// Reports at the lowest level of disclosure. `aggregates` must be as long as `prices`.
    #[must_use]
    pub fn new(round: usize, prices: &'a [f64], aggregates: &'a Aggregates) -> Self {
        Reports { round, prices, aggregates, proposals: None, slopes: None, group: &Alone }
    }

    /// Adds the councils' proposals.
    #[must_use]
    pub fn with_proposals(mut self, proposals: &'a Proposals) -> Self {
        self.proposals = Some(proposals);
        self
    }

    /// Adds how proposals react to prices.
    #[must_use]
    pub fn with_slopes(mut self, slopes: &'a Slopes) -> Self {
        self.slopes = Some(slopes);
        self
    }

    /// Says that `proposals` are only those of this process, whose group has the others.
    #[must_use]
    pub fn with_group(mut self, group: &'a dyn Collective) -> Self {
        self.group = group;
        self
    }

    /// Number of the round, from 1.
    #[must_use]
    pub fn round(&self) -> usize {
        self.round
    }

    /// The prices that were announced.
    #[must_use]
    pub fn prices(&self) -> &'a [f64] {
        self.prices
    }

    /// Supply and demand at those prices.
    #[must_use]
    pub fn aggregates(&self) -> &'a Aggregates {
        self.aggregates
    }

    /// The councils' proposals, if the rule's disclosure level grants them.
    #[must_use]
    pub fn proposals(&self) -> Option<&'a Proposals> {
        self.proposals
    }

    /// Adds up over all processes what a rule sums over [`proposals`](Self::proposals).
    #[must_use]
    pub fn group(&self) -> &'a dyn Collective {
        self.group
    }

    /// Whether it holds in any process.
    pub(crate) fn any(&self, here: bool) -> bool {
        let mut flag = [if here { 1.0 } else { 0.0 }];
        self.group.largest(&mut flag);
        flag[0] > 0.0
    }

    /// How proposals react to prices, if the rule's disclosure level grants it.
    #[must_use]
    pub fn slopes(&self) -> Option<&'a Slopes> {
        self.slopes
    }
}

/// A way to revise prices: the facilitation board's part.
///
/// A rule sees nothing but [`Reports`]; a better informed rule asks for more [`Disclosure`].
///
/// # Example
/// ```
/// use parecon_planning::{PriceRule, Reports};
///
/// /// Raises the price of what is short, lowers that of what is plentiful, by a tenth of the imbalance.
/// struct Gentle;
///
/// impl PriceRule for Gentle {
///     fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
///         let (supply, demand) = (&reports.aggregates().supply, &reports.aggregates().demand);
///         let change = |(s, d): (&f64, &f64)| (d / s).powf(0.1);
///         reports.prices().iter().zip(supply.iter().zip(demand).map(change)).map(|(p, f)| p * f).collect()
///     }
/// }
/// ```
pub trait PriceRule {
    /// The prices to announce next: positive, one for each good, in the order of `reports.prices()`.
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64>;

    /// Takes in a round after which other prices were announced than this rule would have, as when a process that
    /// was broken off is [gone through again](crate::Planning::replay).
    ///
    /// By default the rule revises, and what it answers is forgotten.
    fn observe(&mut self, reports: &Reports<'_>) {
        self.revise(reports);
    }

    /// What the rule needs to see; aggregates unless it says otherwise.
    fn disclosure(&self) -> Disclosure {
        Disclosure::Aggregates
    }
}

/// A rule that is borrowed, as for a [`FacilitationBoard`](crate::FacilitationBoard) that is not to own it.
impl<R: PriceRule + ?Sized> PriceRule for &mut R {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        (**self).revise(reports)
    }

    fn observe(&mut self, reports: &Reports<'_>) {
        (**self).observe(reports);
    }

    fn disclosure(&self) -> Disclosure {
        (**self).disclosure()
    }
}

/// A rule that is chosen while the program runs.
impl<R: PriceRule + ?Sized> PriceRule for Box<R> {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        (**self).revise(reports)
    }

    fn observe(&mut self, reports: &Reports<'_>) {
        (**self).observe(reports);
    }

    fn disclosure(&self) -> Disclosure {
        (**self).disclosure()
    }
}
