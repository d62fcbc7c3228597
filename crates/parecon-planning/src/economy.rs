//! The economy: goods and councils, checked once and then stored as flat arrays.

mod builder;
pub(crate) mod check;
mod consumers;
mod data;
mod layout;
mod names;
mod others;
mod workers;

use std::ops::Range;
use std::sync::Arc;

use parecon_core::for_each;
use serde::{Deserialize, Serialize};

pub use builder::EconomyBuilder;
pub(crate) use consumers::Consumers;
pub use data::EconomyData;
pub(crate) use layout::Layout;
pub(crate) use others::{OtherAnswers, Others};
pub(crate) use workers::{LARGEST_LOG, Workers};

use crate::collective::Group;
use crate::proposals::Proposals;
use crate::total::{task, total};
use crate::{Aggregates, Collective, ConsumerCouncil, Error, Good, GoodId, WorkerCouncil};

/// Announced prices lie within `[1/PRICE_LIMIT, PRICE_LIMIT]`, so that no value or quantity leaves the range of `f64`.
pub(crate) const PRICE_LIMIT: f64 = 1e100;

/// Goods, worker councils and consumer councils: everything that answers to announced prices.
///
/// An economy is checked when it is built and does not change. Its councils are given, and given back, as plain
/// data; inside they are flat arrays with all constants folded, so that answering prices takes one exponential per
/// worker council and nothing at all per consumer council (whose given incomes make spending on each good a
/// constant).
///
/// At prices `p`, a worker council with [technology](crate::CobbDouglas) `(A, b, c, s, k)` proposes, with `B = Σ b_i`,
///
/// ```text
/// log Q = [log A + (c/k)·log(c·p_o/(k·s)) + Σ b_i·log(b_i·p_o/p_i)] / (1 − c/k − B)
/// x_i   = b_i·p_o·Q/p_i
/// s·k·E^k = c·p_o·Q
/// ```
///
/// What other technologies and preferences propose is documented with them.
///
/// A plan worth more than e⁴⁰⁰ units of account is proposed as one of e⁴⁰⁰ (and less than e⁻⁴⁰⁰ as e⁻⁴⁰⁰): far from
/// agreement only its direction matters, and sums stay finite.
///
/// # Example
/// ```
/// use parecon_planning::{
///     Category, CobbDouglas, ConsumerCouncil, Economy, Good, GoodId, Input, Preference, Preferences, Technology,
///     WorkerCouncil,
/// };
///
/// let (bread, labour) = (GoodId(0), GoodId(1));
/// let economy = Economy::new(
///     vec![Good::new("bread", Category::Private, 0.0), Good::new("labour", Category::Labour, 100.0)],
///     vec![WorkerCouncil {
///         name: "bakery".into(),
///         output: bread,
///         technology: Technology::CobbDouglas(CobbDouglas {
///             total_factor_productivity: 1.0,
///             inputs: vec![Input { good: labour, exponent: 0.5 }],
///             effort_elasticity: 0.0,
///             disutility_coefficient: 1.0,
///             disutility_exponent: 2.0,
///         }),
///     }],
///     vec![ConsumerCouncil {
///         name: "neighbourhood".into(),
///         income: 20.0,
///         preferences: Preferences::CobbDouglas(vec![Preference { good: bread, weight: 1.0 }]),
///     }],
/// )?;
///
/// // Bread at 2 and labour at 0.1: 100 hours make √100 loaves, which is what 20 buys.
/// let all = economy.aggregate(&[2.0, 0.1])?;
/// assert!((all.supply[0] - 10.0).abs() < 1e-12 && (all.demand[0] - 10.0).abs() < 1e-12);
/// assert!((all.demand[1] - 100.0).abs() < 1e-12);
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "EconomyData", into = "EconomyData")]
pub struct Economy {
    goods: Vec<Good>,
    layout: Arc<Layout>,
    workers: Workers,
    consumers: Consumers,
    others: Others,
    /// Whether there are other councils than Cobb–Douglas ones, here or in another process.
    mixed: bool,
    /// Whether all proposals together are the slopes of a potential.
    has_potential: bool,
    /// Spending on each good by all Cobb–Douglas consumer councils: `Σ_c m_c·α_cg`.
    spending: Vec<f64>,
    total_income: f64,
    /// `Σ_c m_c Σ_private α·log(m_c·α) + Σ_public M·log M − Σ_c m_c` over Cobb–Douglas consumer councils.
    welfare_constant: f64,
    /// Largest `B = Σ b_i` of any Cobb–Douglas worker council.
    largest_returns: f64,
    group: Group,
}

/// What all councils propose at some prices.
pub(crate) struct Answers {
    /// Value of each Cobb–Douglas worker council's output.
    pub(crate) revenues: Vec<f64>,
    others: OtherAnswers,
}

impl Answers {
    /// The councils of other kinds that are here and their answers, if there are any here or in another process.
    pub(crate) fn others<'a>(&'a self, economy: &'a Economy) -> Option<(&'a Others, &'a OtherAnswers)> {
        economy.mixed.then_some((&economy.others, &self.others))
    }
}

impl Economy {
    /// Checks the councils against the goods and folds what does not depend on prices.
    ///
    /// # Errors
    /// Names the good or council at fault:
    /// - a good without a unique name, an endowment that is negative or not finite;
    /// - a council that refers to a good that does not exist or twice to the same, or has a parameter out of range;
    /// - a worker council whose returns to scale do not decrease, `Σ b_i + c/k ≥ 1`
    ///   ([`Error::is_increasing_returns`]);
    /// - a consumer council that wants a good of a category that is not consumed, or permits one that is no pollutant;
    /// - a good that nobody can supply, or that nobody wants either for consumption or, directly or indirectly, to
    ///   make something that is consumed: its price would rise or fall without end ([`Error::is_unbalanced`]).
    ///   With Cobb–Douglas councils only, this is the only way in which clearing prices can fail to exist, and they
    ///   are unique.
    ///
    /// # Complexity
    /// Linear in the size of the data.
    pub fn new(
        goods: Vec<Good>,
        workers: Vec<WorkerCouncil>,
        consumers: Vec<ConsumerCouncil>,
    ) -> Result<Self, Error> {
        let mut builder = Economy::builder(goods)?;
        workers.iter().try_for_each(|council| builder.worker_council(council))?;
        consumers.iter().try_for_each(|council| builder.consumer_council(council))?;
        builder.build()
    }

    /// The goods, in the order of every vector over goods.
    #[must_use]
    pub fn goods(&self) -> &[Good] {
        &self.goods
    }

    /// The good of that name.
    ///
    /// # Complexity
    /// Linear in the number of goods.
    #[must_use]
    pub fn good_id(&self, name: &str) -> Option<GoodId> {
        (0u32..).zip(&self.goods).find(|(_, good)| good.name == name).map(|(id, _)| GoodId(id))
    }

    /// Number of worker councils.
    #[must_use]
    pub fn worker_councils(&self) -> usize {
        self.layout.workers()
    }

    /// Number of consumer councils.
    #[must_use]
    pub fn consumer_councils(&self) -> usize {
        self.layout.consumers()
    }

    /// A worker council as it was given.
    #[must_use]
    pub fn worker_council(&self, position: usize) -> Option<WorkerCouncil> {
        let stored = self.layout.stored_worker(position);
        match stored.checked_sub(self.workers.len()) {
            None => Some(self.workers.council(stored, &self.layout)),
            Some(other) => self.others.workers.get(other).map(|w| w.council.clone()),
        }
    }

    /// A consumer council as it was given.
    #[must_use]
    pub fn consumer_council(&self, position: usize) -> Option<ConsumerCouncil> {
        let stored = self.layout.stored_consumer(position);
        match stored.checked_sub(self.consumers.len()) {
            None => Some(self.consumers.council(stored, &self.layout)),
            Some(other) => self.others.consumers.get(other).map(|c| c.council.clone()),
        }
    }

    /// What all consumer councils with Cobb–Douglas preferences together spend on each good at any prices,
    /// `M_g = Σ_c m_c·α_cg`, in units of account.
    #[must_use]
    pub fn spending(&self) -> &[f64] {
        &self.spending
    }

    /// Sum of all given incomes, in units of account.
    #[must_use]
    pub fn total_income(&self) -> f64 {
        self.total_income
    }

    /// Every council's proposal at announced prices.
    ///
    /// # Errors
    /// If `prices` are not one for each good, each between 1e-100 and 1e100.
    ///
    /// # Complexity
    /// Two exponentials per worker council (plan and effort); memory for every quantity proposed.
    pub fn respond(&self, prices: &[f64]) -> Result<Proposals, Error> {
        self.check_prices(prices)?;
        Ok(self.proposals_at(prices, &self.answers_at(prices)?, true, None))
    }

    /// Supply and demand at announced prices, without forming the proposals.
    ///
    /// The sums have the same bits for any number of threads.
    ///
    /// # Errors
    /// As [`respond`](Self::respond).
    ///
    /// # Complexity
    /// One exponential per worker council; independent of the number of consumer councils.
    pub fn aggregate(&self, prices: &[f64]) -> Result<Aggregates, Error> {
        self.check_prices(prices)?;
        let log_prices = logs(prices);
        let mut all = self.aggregates_by(prices, |range, flows| {
            let add = |w, revenue| self.add_flows(w, revenue, flows);
            self.workers.revenues(range, &self.layout, &log_prices, add);
        });
        if self.mixed {
            let answers = self.others.answers(&self.layout, prices, &log_prices)?;
            self.add_others(&answers, &mut all);
        }
        Ok(all)
    }

    /// What all councils propose; an error if a council of the caller's own makes no sense.
    pub(crate) fn answers_at(&self, prices: &[f64]) -> Result<Answers, Error> {
        let log_prices = logs(prices);
        let others = if self.others.is_empty() {
            OtherAnswers::default()
        } else {
            self.others.answers(&self.layout, prices, &log_prices)?
        };
        Ok(Answers { revenues: self.revenues(&log_prices), others })
    }

    pub(crate) fn aggregates_of(&self, prices: &[f64], answers: &Answers) -> Aggregates {
        let mut all = self.aggregates_by(prices, |range, flows| {
            range.for_each(|w| self.add_flows(w, answers.revenues[w], flows));
        });
        if self.mixed {
            self.add_others(&answers.others, &mut all);
        }
        all
    }

    /// Adds what councils of other kinds propose, here and in other processes.
    fn add_others(&self, answers: &OtherAnswers, all: &mut Aggregates) {
        let none = || vec![0.0; self.goods.len()];
        let mut others = Aggregates { supply: none(), demand: none() };
        answers.add_to(&self.others, &self.layout, &mut others);
        for (all, own) in [(&mut all.supply, &mut others.supply), (&mut all.demand, &mut others.demand)] {
            self.group().sum(own);
            all.iter_mut().zip(own).for_each(|(all, own)| *all += *own);
        }
    }

    pub(crate) fn check_prices(&self, prices: &[f64]) -> Result<(), Error> {
        check_prices(&self.goods, prices)
    }

    /// Value of every worker council's planned output.
    pub(crate) fn revenues(&self, log_prices: &[f64]) -> Vec<f64> {
        let chunk = self.chunk();
        let mut revenues = vec![0.0; self.workers.len()];
        let tasks = (0..).step_by(chunk).zip(revenues.chunks_mut(chunk)).collect();
        for_each(tasks, |(first, part): (usize, &mut [f64])| {
            let range = first..first + part.len();
            self.workers.revenues(range, &self.layout, log_prices, |w, revenue| part[w - first] = revenue);
        });
        revenues
    }

    /// Adds up in values, with [`add_flows`](Self::add_flows), and divides by the price once per good.
    fn aggregates_by(&self, prices: &[f64], add: impl Fn(Range<usize>, &mut [f64]) + Sync) -> Aggregates {
        let n = self.goods.len();
        let mut sums = total(self.workers.len(), self.chunk(), 2 * n, add);
        self.group().sum(&mut sums);
        let supply = (0..n).map(|g| self.goods[g].endowment + sums[g] / prices[g]).collect();
        let demand = (0..n).map(|g| (self.spending[g] + sums[n + g]) / prices[g]).collect();
        Aggregates { supply, demand }
    }

    /// Adds the value of a Cobb–Douglas worker council's output to sales, and of its inputs to the purchases after them.
    fn add_flows(&self, w: usize, revenue: f64, flows: &mut [f64]) {
        let (sales, purchases) = flows.split_at_mut(self.goods.len());
        sales[self.layout.output(w).index()] += revenue;
        let inputs = self.layout.inputs(w).iter().zip(self.workers.exponents(w, &self.layout));
        inputs.for_each(|(good, exponent)| purchases[good.index()] += exponent * revenue);
    }

    /// With the consumer councils' proposals or without; in the memory of earlier ones, if there are any.
    pub(crate) fn proposals_at(
        &self,
        prices: &[f64],
        answers: &Answers,
        consumers: bool,
        earlier: Option<Proposals>,
    ) -> Proposals {
        let mut all = Proposals::at(&self.layout, &self.workers, &self.spending, prices, earlier);
        if consumers {
            all.add_consumers(&self.consumers, prices);
        }
        if self.mixed {
            let mut requests = all.extend(&answers.others);
            self.group().sum(&mut requests);
            all.add_requests(&requests);
        }
        all
    }

    pub(crate) fn group(&self) -> &dyn Collective {
        &*self.group.all
    }

    /// An error if this economy's councils may be elsewhere: `what` would be made of those that are here.
    pub(crate) fn check_whole(&self, what: &str) -> Result<(), Error> {
        if self.group.spread {
            return Err(Error::invalid(format!(
                "councils are spread over processes, {what} must be of an economy that is whole"
            )));
        }
        Ok(())
    }

    /// Whether all proposals together, also those made elsewhere, are the slopes of a potential.
    pub(crate) fn has_potential(&self) -> bool {
        self.has_potential
    }

    pub(crate) fn largest_returns(&self) -> f64 {
        self.largest_returns
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn workers(&self) -> &Workers {
        &self.workers
    }

    pub(crate) fn welfare_constant(&self) -> f64 {
        self.welfare_constant
    }

    /// What effort costs the members of the worker council given at a position.
    pub(crate) fn effort_cost(&self, position: usize, answers: &Answers) -> f64 {
        let stored = self.layout.stored_worker(position);
        match answers.revenues.get(stored) {
            // `s·E^k`, which at the best plan is `c/k` of revenue.
            Some(revenue) => self.workers.effort_share(stored) * revenue,
            None => answers.others.plans.get(stored - self.workers.len()).map_or(0.0, |plan| plan.disutility),
        }
    }

    /// Councils per task that sums over goods.
    pub(crate) fn chunk(&self) -> usize {
        task(self.workers.len(), self.goods.len())
    }
}

pub(crate) fn logs(prices: &[f64]) -> Vec<f64> {
    prices.iter().map(|p| p.ln()).collect()
}

/// Prices are one for each good, each within the permitted range.
pub(crate) fn check_prices(goods: &[Good], prices: &[f64]) -> Result<(), Error> {
    check_goods_count(prices, goods.len())?;
    for (good, &price) in goods.iter().zip(prices) {
        if !(1.0 / PRICE_LIMIT..=PRICE_LIMIT).contains(&price) {
            let name = &good.name;
            return Err(Error::invalid(format!(
                "price of {name:?} is {price}, must be between 1e-100 and 1e100"
            )));
        }
    }
    Ok(())
}

pub(crate) fn check_goods_count(prices: &[f64], goods: usize) -> Result<(), Error> {
    let given = prices.len();
    if given == goods {
        Ok(())
    } else {
        Err(Error::invalid(format!("{given} prices given for {goods} goods")))
    }
}
