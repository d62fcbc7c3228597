//! Economies taken in council by council.

use std::ops::Range;
use std::sync::Arc;

use super::check::{self, Marks};
use super::layout::{Layout, order};
use super::others::{OtherConsumer, OtherWorker, Others};
use super::{Consumers, Economy, Workers};
use crate::collective::{Alone, Group};
use crate::total::{task, total};
use crate::{Collective, ConsumerCouncil, Error, Good, Preferences, Technology, WorkerCouncil};

/// Takes in councils one by one, so that an economy of millions never exists twice.
///
/// # Example
/// ```
/// use parecon_planning::{Economy, experiment::small_example};
///
/// let given = small_example()?;
/// let mut builder = Economy::builder(given.goods().to_vec())?;
/// for council in (0..).map_while(|w| given.worker_council(w)) {
///     builder.worker_council(&council)?;
/// }
/// for council in (0..).map_while(|c| given.consumer_council(c)) {
///     builder.consumer_council(&council)?;
/// }
/// assert!(builder.build()? == given);
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "an economy exists once it is built"]
pub struct EconomyBuilder {
    goods: Vec<Good>,
    layout: Layout,
    workers: Workers,
    consumers: Consumers,
    /// Councils that are not Cobb–Douglas, and the positions at which they were given.
    others: Others,
    other_workers: Vec<usize>,
    other_consumers: Vec<usize>,
    marks: Marks,
    /// Whether other processes have councils too.
    spread: bool,
}

impl Economy {
    /// Begins an economy with its goods.
    ///
    /// # Errors
    /// If there is no good, one has no unique name, or an endowment is negative or not finite.
    pub fn builder(goods: Vec<Good>) -> Result<EconomyBuilder, Error> {
        check::goods(&goods)?;
        Ok(EconomyBuilder {
            layout: Layout::new(&goods),
            workers: Workers::default(),
            consumers: Consumers::default(),
            others: Others::default(),
            other_workers: Vec::new(),
            other_consumers: Vec::new(),
            marks: Marks::new(goods.len()),
            goods,
            spread: false,
        })
    }
}

impl EconomyBuilder {
    /// Adds a worker council.
    ///
    /// # Errors
    /// If the council is not acceptable, as [`Economy::new`]; it is then not added.
    pub fn worker_council(&mut self, council: &WorkerCouncil) -> Result<(), Error> {
        let position = self.workers.len() + self.others.workers.len();
        check::worker(&self.goods, council, position, &mut self.marks)?;
        if let Technology::CobbDouglas(technology) = &council.technology {
            self.layout.push_worker(council.output, technology.inputs.iter().map(|i| i.good));
            self.workers.push(&council.name, technology);
        } else if let Some(other) = OtherWorker::new(council.clone()) {
            self.others.workers.push(other);
            self.other_workers.push(position);
        }
        Ok(())
    }

    /// Adds a consumer council.
    ///
    /// # Errors
    /// If the council is not acceptable, as [`Economy::new`]; it is then not added.
    pub fn consumer_council(&mut self, council: &ConsumerCouncil) -> Result<(), Error> {
        let position = self.consumers.len() + self.others.consumers.len();
        check::consumer(&self.goods, council, position, &mut self.marks)?;
        if let Preferences::CobbDouglas(preferences) = &council.preferences {
            self.layout.push_consumer(preferences.iter().map(|p| p.good));
            self.consumers.push(&council.name, council.income, preferences);
        } else if let Some(other) = OtherConsumer::new(council.clone()) {
            self.others.consumers.push(other);
            self.other_consumers.push(position);
        }
        Ok(())
    }

    /// The economy of all councils added.
    ///
    /// # Errors
    /// If some good can be supplied by nobody or is wanted by nobody ([`Error::is_unbalanced`]).
    pub fn build(self) -> Result<Economy, Error> {
        self.assemble(Arc::new(Alone), None)
    }

    /// Some councils of an economy in which so many consumer councils share the public goods; it need not be balanced.
    pub(crate) fn build_part(self, sharers: usize) -> Result<Economy, Error> {
        self.assemble(Arc::new(Alone), Some(sharers as f64))
    }

    /// The economy of the councils added here and in all other processes of a group, each of which builds the
    /// same goods. Sums over councils are then sums over all; councils, proposals and plans are those added here.
    ///
    /// # Errors
    /// As [`build`](Self::build), in all processes alike; and if any process adds a [custom](crate::CustomCouncil) council, whose
    /// mistakes the others would not notice. Should `goods` differ in number, the group fails.
    pub fn build_among(mut self, group: Arc<dyn Collective>) -> Result<Economy, Error> {
        self.spread = true;
        let mut custom = [self.others.workers.iter().filter(|worker| worker.is_custom()).count() as f64];
        group.sum(&mut custom);
        if custom[0] > 0.0 {
            return Err(Error::invalid(format!(
                "{} councils are custom, must be 0 where councils are spread over processes",
                custom[0]
            )));
        }
        self.assemble(group, None)
    }

    fn assemble(self, group: Arc<dyn Collective>, part_of: Option<f64>) -> Result<Economy, Error> {
        let EconomyBuilder { goods, mut layout, workers, consumers, others, .. } = self;
        // Cobb–Douglas councils first, as flat arrays; the others after them.
        for worker in &others.workers {
            layout.push_worker(worker.council.output, worker.inputs.iter().copied());
        }
        for consumer in &others.consumers {
            layout.push_consumer(consumer.wants.iter().copied());
            layout.push_permits(consumer.exposures.iter().map(|e| e.pollutant));
        }
        layout.set_orders(
            order(layout.workers(), &self.other_workers),
            order(layout.consumers(), &self.other_consumers),
        );
        if part_of.is_none() {
            check::balance(&goods, &layout, &*group)?;
        }

        let n = goods.len();
        let fold = |range: Range<usize>, sums: &mut [f64]| {
            for c in range {
                for (good, share) in layout.wants(c).iter().zip(consumers.shares(c, &layout)) {
                    let spent = consumers.income(c) * share;
                    sums[good.index()] += spent;
                    if !layout.public[good.index()] {
                        sums[n] += spent * spent.ln();
                    }
                }
                sums[n + 1] += consumers.income(c);
                sums[n + 2] += 1.0;
            }
        };
        let mut spending = total(consumers.len(), task(consumers.len(), n), n + 3, fold);
        group.sum(&mut spending);
        let [private, fast_income, sharers] = [spending[n], spending[n + 1], spending[n + 2]];
        spending.truncate(n);
        let of_public = |(spent, public): (&f64, &bool)| {
            if *public && *spent > 0.0 { spent * spent.ln() } else { 0.0 }
        };
        let public: f64 = spending.iter().zip(&layout.public).map(of_public).sum();
        let mut returns = [workers.largest_returns()];
        group.largest(&mut returns);
        let mut sums = [
            others.workers.len() as f64,
            others.consumers.len() as f64,
            others.consumers.iter().map(|c| c.council.income).sum(),
            if others.has_potential() { 0.0 } else { 1.0 },
        ];
        group.sum(&mut sums);
        let [other_workers, other_consumers, other_income, without_potential] = sums;
        layout.sharers = part_of.unwrap_or(sharers + other_consumers);
        Ok(Economy {
            goods,
            layout: Arc::new(layout),
            workers,
            consumers,
            others,
            mixed: other_workers + other_consumers > 0.0,
            has_potential: without_potential == 0.0,
            spending,
            total_income: fast_income + other_income,
            welfare_constant: private + public - fast_income,
            largest_returns: returns[0],
            group: Group { all: group, spread: self.spread },
        })
    }
}
