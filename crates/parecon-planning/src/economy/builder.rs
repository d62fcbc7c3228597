//! Economies taken in council by council.

use std::ops::Range;
use std::sync::Arc;

use parecon_core::chunked_reduce;

use super::check::{self, Marks};
use super::{Consumers, Economy, Layout, Workers};
use crate::collective::{Alone, Group};
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
    marks: Marks,
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
            marks: Marks::new(goods.len()),
            goods,
        })
    }
}

impl EconomyBuilder {
    /// Adds a worker council.
    ///
    /// # Errors
    /// If the council is not acceptable, as [`Economy::new`]; it is then not added.
    pub fn worker_council(&mut self, council: &WorkerCouncil) -> Result<(), Error> {
        check::worker(&self.goods, council, self.workers.len(), &mut self.marks)?;
        let Technology::CobbDouglas(technology) = &council.technology;
        self.layout.push_worker(council.output, technology.inputs.iter().map(|i| i.good));
        self.workers.push(&council.name, technology);
        Ok(())
    }

    /// Adds a consumer council.
    ///
    /// # Errors
    /// If the council is not acceptable, as [`Economy::new`]; it is then not added.
    pub fn consumer_council(&mut self, council: &ConsumerCouncil) -> Result<(), Error> {
        check::consumer(&self.goods, council, self.consumers.len(), &mut self.marks)?;
        let Preferences::CobbDouglas(preferences) = &council.preferences;
        self.layout.push_consumer(preferences.iter().map(|p| p.good));
        self.consumers.push(&council.name, council.income, preferences);
        Ok(())
    }

    /// The economy of all councils added.
    ///
    /// # Errors
    /// If some good can be supplied by nobody or is wanted by nobody ([`Error::is_unbalanced`]).
    pub fn build(self) -> Result<Economy, Error> {
        self.build_among(Arc::new(Alone))
    }

    /// The economy of the councils added here and in all other processes of a group, each of which builds the
    /// same goods. Sums over councils are then sums over all; councils, proposals and plans are those added here.
    ///
    /// # Errors
    /// As [`build`](Self::build), in all processes alike. Should `goods` differ in number, the group fails.
    pub fn build_among(self, group: Arc<dyn Collective>) -> Result<Economy, Error> {
        let EconomyBuilder { goods, mut layout, workers, consumers, .. } = self;
        check::balance(&goods, &layout, &*group)?;

        let n = goods.len();
        let fold = |range: Range<usize>| {
            let mut sums = vec![0.0; n + 3];
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
            sums
        };
        let add = |total: &mut Vec<f64>, part: Vec<f64>| {
            total.iter_mut().zip(part).for_each(|(t, p)| *t += p);
        };
        let mut spending =
            chunked_reduce(consumers.len(), (4 * n).max(512), fold, add).unwrap_or_else(|| vec![0.0; n + 3]);
        group.sum(&mut spending);
        let [private, total_income, sharers] = [spending[n], spending[n + 1], spending[n + 2]];
        spending.truncate(n);
        let of_public = |(spent, public): (&f64, &bool)| {
            if *public && *spent > 0.0 { spent * spent.ln() } else { 0.0 }
        };
        let public: f64 = spending.iter().zip(&layout.public).map(of_public).sum();
        let mut returns = [workers.largest_returns()];
        group.largest(&mut returns);
        layout.sharers = sharers;
        Ok(Economy {
            goods,
            layout: Arc::new(layout),
            workers,
            consumers,
            spending,
            total_income,
            welfare_constant: private + public - total_income,
            largest_returns: returns[0],
            group: Group(group),
        })
    }
}
