//! Councils of other kinds than Cobb–Douglas, stored beside the flat arrays and after them in every list.

mod consumer;
mod worker;

use std::ops::Range;

use parecon_core::chunked_reduce;

pub(crate) use consumer::{OtherConsumer, Request};
pub(crate) use worker::{OtherWorker, Plan};

use super::layout::Layout;
use super::workers::LARGEST_LOG;
use crate::{Aggregates, Error};

/// Councils per task: a nest takes some hundred operations.
const CHUNK: usize = 256;

/// The councils, in the order given.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Others {
    pub(crate) workers: Vec<OtherWorker>,
    pub(crate) consumers: Vec<OtherConsumer>,
}

/// What they propose, in the order of the layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OtherAnswers {
    pub(crate) plans: Vec<Plan>,
    pub(crate) inputs: Vec<f64>,
    pub(crate) requests: Vec<Request>,
    pub(crate) quantities: Vec<f64>,
    pub(crate) permits: Vec<f64>,
}

impl Others {
    pub(crate) fn is_empty(&self) -> bool {
        self.workers.is_empty() && self.consumers.is_empty()
    }

    /// Whether all proposals together are the slopes of a potential.
    pub(crate) fn has_potential(&self) -> bool {
        self.workers.iter().all(OtherWorker::has_potential)
            && self.consumers.iter().all(OtherConsumer::has_potential)
    }

    /// Position in the layout of the first worker council of these.
    pub(crate) fn first_worker(&self, layout: &Layout) -> usize {
        layout.workers() - self.workers.len()
    }

    pub(crate) fn first_consumer(&self, layout: &Layout) -> usize {
        layout.consumers() - self.consumers.len()
    }

    /// Where the inputs of a worker council are among those of [`OtherAnswers`].
    pub(crate) fn inputs_of(&self, w: usize, layout: &Layout) -> Range<usize> {
        let first = self.first_worker(layout);
        let start = layout.input_range(first + w).start - layout.inputs_before(first);
        start..start + self.workers[w].inputs.len()
    }

    pub(crate) fn wants_of(&self, c: usize, layout: &Layout) -> Range<usize> {
        let first = self.first_consumer(layout);
        let start = layout.want_range(first + c).start - layout.wants_before(first);
        start..start + self.consumers[c].wants.len()
    }

    /// Logarithms of what a council pays for its wants: of a public good, its share of the price.
    pub(crate) fn personal(&self, c: usize, layout: &Layout, log_prices: &[f64]) -> Vec<f64> {
        let sharers = layout.sharers.ln();
        let of = |g: usize| log_prices[g] - if layout.public[g] { sharers } else { 0.0 };
        self.consumers[c].wants.iter().map(|good| of(good.index())).collect()
    }

    /// Everybody's proposals.
    ///
    /// # Errors
    /// If a custom council answers with something that is not a quantity.
    pub(crate) fn answers(
        &self,
        layout: &Layout,
        prices: &[f64],
        log_prices: &[f64],
    ) -> Result<OtherAnswers, Error> {
        let work = |range: Range<usize>| {
            let mut part = OtherAnswers::default();
            for worker in &self.workers[range] {
                let start = part.inputs.len();
                part.inputs.resize(start + worker.inputs.len(), 0.0);
                part.plans.push(worker.plan(prices, log_prices, &mut part.inputs[start..]));
            }
            part
        };
        let ask = |range: Range<usize>| {
            let mut part = OtherAnswers::default();
            for c in range {
                let consumer = &self.consumers[c];
                let personal = self.personal(c, layout, log_prices);
                let mut quantities = vec![0.0; consumer.wants.len()];
                let mut permits = vec![0.0; consumer.exposures.len()];
                part.requests.push(consumer.request(&personal, log_prices, &mut quantities, &mut permits));
                part.quantities.extend(quantities);
                part.permits.extend(permits);
            }
            part
        };
        let join = |all: &mut OtherAnswers, part: OtherAnswers| {
            all.plans.extend(part.plans);
            all.inputs.extend(part.inputs);
            all.requests.extend(part.requests);
            all.quantities.extend(part.quantities);
            all.permits.extend(part.permits);
        };
        let mut all = chunked_reduce(self.workers.len(), CHUNK, work, join).unwrap_or_default();
        if let Some(requests) = chunked_reduce(self.consumers.len(), CHUNK, ask, join) {
            join(&mut all, requests);
        }
        self.check(layout, &all)?;
        Ok(all)
    }

    /// What a message calls a worker council.
    pub(crate) fn name_of_worker(&self, w: usize, layout: &Layout) -> String {
        let position = layout.given_worker(self.first_worker(layout) + w);
        super::check::council("worker", &self.workers[w].council.name, position)
    }

    fn check(&self, layout: &Layout, all: &OtherAnswers) -> Result<(), Error> {
        for (w, plan) in all.plans.iter().enumerate() {
            let numbers = [plan.output, plan.effort, plan.surplus];
            let inputs = &all.inputs[self.inputs_of(w, layout)];
            let wrong = numbers.iter().chain(inputs).find(|q| !(q.is_finite() && **q >= 0.0));
            // Only a council of the caller's own can answer so; a surplus below 0 is that of first-order conditions.
            if let Some(wrong) = wrong.filter(|_| self.workers[w].is_custom()) {
                let who = self.name_of_worker(w, layout);
                return Err(Error::invalid(format!(
                    "{who} answered with {wrong}; quantities and surplus must be finite and not negative"
                )));
            }
        }
        Ok(())
    }
}

impl OtherAnswers {
    /// Whether some plan was cut off, so that a surplus is not what it seems.
    pub(crate) fn is_cut_off(&self, others: &Others, prices: &[f64]) -> bool {
        let largest = LARGEST_LOG.exp() * (1.0 - 1e-9);
        let value =
            |(plan, worker): (&Plan, &OtherWorker)| plan.output * prices[worker.council.output.index()];
        self.plans.iter().zip(&others.workers).map(value).any(|v| v >= largest)
            || self.requests.iter().any(|r| r.spent >= largest)
    }

    /// Adds the proposals to supply and demand.
    pub(crate) fn add_to(&self, others: &Others, layout: &Layout, all: &mut Aggregates) {
        for (w, (plan, worker)) in self.plans.iter().zip(&others.workers).enumerate() {
            all.supply[worker.council.output.index()] += plan.output;
            for (good, x) in worker.inputs.iter().zip(&self.inputs[others.inputs_of(w, layout)]) {
                all.demand[good.index()] += x;
            }
        }
        let sharers = layout.sharers;
        let wants = others.consumers.iter().flat_map(|c| &c.wants);
        for (good, x) in wants.zip(&self.quantities) {
            let g = good.index();
            all.demand[g] += if layout.public[g] { x / sharers } else { *x };
        }
        let exposures = others.consumers.iter().flat_map(|c| &c.exposures);
        for (exposure, x) in exposures.zip(&self.permits) {
            all.supply[exposure.pollutant.index()] += x;
        }
    }
}
