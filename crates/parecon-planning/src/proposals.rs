//! What councils answer to announced prices.

use std::ops::Range;
use std::sync::Arc;

use parecon_core::for_each;

use crate::economy::{Consumers, Layout, OtherAnswers, Workers, logs};
use crate::flow::Flow;
use crate::{Aggregates, CouncilId, GoodId};

/// Councils to a task; what each writes is its own.
const CHUNK: usize = 2_048;

/// Every council's proposal in one round.
///
/// Those of consumer councils are left out where only [`Disclosure::WorkerProposals`](crate::Disclosure) is asked for;
/// what they add up to is always there.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposals {
    layout: Arc<Layout>,
    outputs: Vec<f64>,
    efforts: Vec<f64>,
    inputs: Vec<f64>,
    /// Of each good, what consumer councils together request; of a public good, the average request.
    requests: Vec<f64>,
    /// If consumer councils' proposals were asked for.
    consumption: Option<Vec<f64>>,
    permits: Vec<f64>,
    /// Whether each council, worker councils first, has proposed nothing itself; empty if all have proposed.
    missing: Vec<bool>,
}

/// What councils have proposed, each list in the order of a layout, and who has not.
pub(crate) struct Received {
    pub(crate) outputs: Vec<f64>,
    pub(crate) efforts: Vec<f64>,
    pub(crate) inputs: Vec<f64>,
    pub(crate) consumption: Vec<f64>,
    pub(crate) permits: Vec<f64>,
    pub(crate) missing: Vec<bool>,
}

/// A worker council's proposal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorkerProposal<'a> {
    /// The good it would make.
    pub good: GoodId,
    /// How much, in units of the good.
    pub output: f64,
    /// How hard it would work, `E`.
    pub effort: f64,
    /// The goods it would use.
    pub input_goods: &'a [GoodId],
    /// How much of each, in units of the good.
    pub inputs: &'a [f64],
}

/// A consumer council's proposal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConsumerProposal<'a> {
    /// The goods it asks for.
    pub goods: &'a [GoodId],
    /// How much of each, in units of the good. Of a public good it is the quantity it wants to exist.
    pub quantities: &'a [f64],
    /// The pollutants it permits.
    pub permit_goods: &'a [GoodId],
    /// How much of each, in units of the good.
    pub permits: &'a [f64],
}

impl Proposals {
    pub(crate) fn of(layout: &Arc<Layout>, received: Received) -> Self {
        let Received { outputs, efforts, inputs, consumption, permits, missing } = received;
        Proposals {
            layout: Arc::clone(layout),
            outputs,
            efforts,
            inputs,
            requests: vec![0.0; layout.endowments.len()],
            consumption: Some(consumption),
            permits,
            missing,
        }
        .with_exact_requests()
    }

    /// Adds up anew what consumer councils together request, exactly.
    pub(crate) fn with_exact_requests(mut self) -> Self {
        let mut flows = vec![Flow::default(); self.requests.len()];
        for council in CouncilId::all(0, self.consumer_councils()) {
            self.each(council, |good, kind, quantity| flows[good.index()].add(kind, quantity));
        }
        self.requests = (0..).zip(&flows).map(|(g, flow)| self.requested(g, flow)).collect();
        self
    }

    /// What consumer councils together request of a good; of a public good, the average request.
    pub(crate) fn requested(&self, good: usize, flow: &Flow) -> f64 {
        let requested = flow.requested.value();
        let shared = self.layout.public[good] && self.layout.sharers > 0.0;
        if shared { requested / self.layout.sharers } else { requested }
    }

    /// Hides what each consumer council proposes; what they add up to remains.
    pub(crate) fn hide_consumers(&mut self) {
        self.consumption = None;
    }

    pub(crate) fn discloses_consumers(&self) -> bool {
        self.consumption.is_some()
    }

    /// Of worker councils only; `spending` is what the consumer councils together spend on each good.
    ///
    /// The memory of `earlier` proposals serves again: fresh pages from the system take as long as the answers.
    pub(crate) fn at(
        layout: &Arc<Layout>,
        workers: &Workers,
        spending: &[f64],
        prices: &[f64],
        earlier: Option<Proposals>,
    ) -> Self {
        let log_prices = logs(prices);
        let [mut outputs, mut efforts, mut inputs] =
            earlier.map_or_else(Default::default, |e| [e.outputs, e.efforts, e.inputs]);
        outputs.resize(workers.len(), 0.0);
        efforts.resize(workers.len(), 0.0);
        inputs.resize(layout.inputs_before(workers.len()), 0.0);
        let parts = layout.split_inputs(workers.len(), CHUNK, &mut inputs);
        let parts = parts.zip(outputs.chunks_mut(CHUNK)).zip(efforts.chunks_mut(CHUNK)).collect();
        for_each(
            parts,
            |(((councils, mut inputs), outputs), efforts): (((Range<usize>, &mut [f64]), _), _)| {
                let (outputs, efforts): (&mut [f64], &mut [f64]) = (outputs, efforts);
                let first = councils.start;
                workers.plans(councils, layout, &log_prices, |w, revenue, effort| {
                    outputs[w - first] = revenue / prices[layout.output(w).index()];
                    efforts[w - first] = effort;
                    let goods = layout.inputs(w);
                    let (own, rest) = std::mem::take(&mut inputs).split_at_mut(goods.len());
                    for ((good, b), input) in goods.iter().zip(workers.exponents(w, layout)).zip(own) {
                        *input = b * revenue / prices[good.index()];
                    }
                    inputs = rest;
                });
            },
        );
        let requests = spending.iter().zip(prices).map(|(spent, price)| spent / price).collect();
        Proposals {
            layout: Arc::clone(layout),
            outputs,
            efforts,
            inputs,
            requests,
            consumption: None,
            permits: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Adds the proposals of the councils that come last in the layout; what they request together of each good, which is
    /// not yet part of the [requests](Self::requests).
    pub(crate) fn extend(&mut self, others: &OtherAnswers) -> Vec<f64> {
        self.outputs.extend(others.plans.iter().map(|p| p.output));
        self.efforts.extend(others.plans.iter().map(|p| p.effort));
        self.inputs.extend(&others.inputs);
        let wants = self.layout.all_wants();
        let first = wants.len() - others.quantities.len();
        let mut requests = vec![0.0; self.requests.len()];
        for (good, quantity) in wants[first..].iter().zip(&others.quantities) {
            let sharers = if self.layout.public[good.index()] { self.layout.sharers } else { 1.0 };
            requests[good.index()] += quantity / sharers;
        }
        if let Some(consumption) = &mut self.consumption {
            consumption.extend(&others.quantities);
        }
        self.permits.extend(&others.permits);
        requests
    }

    pub(crate) fn add_requests(&mut self, requests: &[f64]) {
        self.requests.iter_mut().zip(requests).for_each(|(all, added)| *all += added);
    }

    pub(crate) fn add_consumers(&mut self, consumers: &Consumers, prices: &[f64]) {
        let layout = &*self.layout;
        let personal: Vec<f64> = prices
            .iter()
            .zip(&layout.public)
            .map(|(price, public)| if *public { price / layout.sharers } else { *price })
            .collect();
        let mut consumption = vec![0.0; layout.wants_before(consumers.len())];
        for_each(
            layout.split_wants(consumers.len(), CHUNK, &mut consumption).collect(),
            |(councils, mut quantities)| {
                for c in councils {
                    let wants = layout.wants(c);
                    let (own, rest) = std::mem::take(&mut quantities).split_at_mut(wants.len());
                    for ((good, share), quantity) in wants.iter().zip(consumers.shares(c, layout)).zip(own) {
                        *quantity = consumers.income(c) * share / personal[good.index()];
                    }
                    quantities = rest;
                }
            },
        );
        self.consumption = Some(consumption);
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

    /// The proposal of the worker council at a position.
    #[must_use]
    pub fn worker(&self, position: usize) -> Option<WorkerProposal<'_>> {
        (position < self.layout.workers()).then(|| self.worker_at(self.layout.stored_worker(position)))
    }

    /// The proposal of the consumer council at a position, if those of consumer councils are disclosed.
    #[must_use]
    pub fn consumer(&self, position: usize) -> Option<ConsumerProposal<'_>> {
        let quantities = self.consumption.as_deref()?;
        (position < self.layout.consumers())
            .then(|| self.consumer_at(self.layout.stored_consumer(position), quantities))
    }

    /// All worker councils' proposals, in the order of the economy.
    #[must_use]
    pub fn workers(&self) -> impl ExactSizeIterator<Item = WorkerProposal<'_>> {
        (0..self.layout.workers()).map(|w| self.worker_at(self.layout.stored_worker(w)))
    }

    /// All consumer councils' proposals, in the order of the economy; none if they are not disclosed.
    #[must_use]
    pub fn consumers(&self) -> impl ExactSizeIterator<Item = ConsumerProposal<'_>> {
        let quantities = self.consumption.as_deref();
        let disclosed = if quantities.is_some() { self.layout.consumers() } else { 0 };
        (0..disclosed)
            .map(move |c| self.consumer_at(self.layout.stored_consumer(c), quantities.unwrap_or_default()))
    }

    /// What consumer councils together request of each good; of a public good, the average request.
    #[must_use]
    pub fn requests(&self) -> &[f64] {
        &self.requests
    }

    /// Whether a council has not proposed in this round, so that a board's [policy](crate::Missing) stands in for it;
    /// simulated councils never are.
    #[must_use]
    pub fn is_missing(&self, council: CouncilId) -> bool {
        let at = match council {
            CouncilId::Worker(w) => self.layout.stored_worker(w as usize),
            CouncilId::Consumer(c) => self.layout.workers() + self.layout.stored_consumer(c as usize),
        };
        self.is_missing_at(at)
    }

    /// The same by place of storage, worker councils first.
    pub(crate) fn is_missing_at(&self, at: usize) -> bool {
        self.missing.get(at).is_some_and(|missing| *missing)
    }

    pub(crate) fn any_missing(&self) -> bool {
        self.missing.contains(&true)
    }

    /// Adds the proposals up, each good's supply and demand exactly and rounded once at the end: their order and
    /// grouping do not show.
    ///
    /// [`Economy::aggregate`](crate::Economy::aggregate) gives the same, up to rounding, without forming them.
    ///
    /// # Complexity
    /// Linear in the number of quantities proposed.
    #[must_use]
    pub fn aggregate(&self) -> Aggregates {
        let mut flows = vec![Flow::default(); self.layout.endowments.len()];
        for council in CouncilId::all(self.worker_councils(), self.consumer_councils()) {
            self.each(council, |good, kind, quantity| flows[good.index()].add(kind, quantity));
        }
        self.balance(flows.iter())
    }

    /// All permissions to pollute, by good.
    pub(crate) fn permitted(&self, goods: usize) -> Vec<f64> {
        let mut sums = vec![0.0; goods];
        for (good, quantity) in self.layout.all_permits().iter().zip(&self.permits) {
            sums[good.index()] += quantity;
        }
        sums
    }

    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(crate) fn worker_at(&self, w: usize) -> WorkerProposal<'_> {
        WorkerProposal {
            good: self.layout.output(w),
            output: self.outputs[w],
            effort: self.efforts[w],
            input_goods: self.layout.inputs(w),
            inputs: &self.inputs[self.layout.input_range(w)],
        }
    }

    fn consumer_at<'a>(&'a self, c: usize, quantities: &'a [f64]) -> ConsumerProposal<'a> {
        ConsumerProposal {
            goods: self.layout.wants(c),
            quantities: &quantities[self.layout.want_range(c)],
            permit_goods: self.layout.permits(c),
            permits: self.permits.get(self.layout.permit_range(c)).unwrap_or(&[]),
        }
    }

    /// Revises the plans in place: outputs scaled by council, inputs by good, consumption mapped by good.
    pub(crate) fn rescale(
        &mut self,
        output: impl Fn(usize) -> f64,
        input: impl Fn(GoodId) -> f64,
        consumption: impl Fn(usize, GoodId, f64) -> f64,
    ) {
        for (w, quantity) in self.outputs.iter_mut().enumerate() {
            *quantity *= output(w);
        }
        for (good, quantity) in self.layout.all_inputs().iter().zip(&mut self.inputs) {
            *quantity *= input(*good);
        }
        let quantities = self.consumption.iter_mut().flatten();
        for (at, (good, quantity)) in self.layout.all_wants().iter().zip(quantities).enumerate() {
            *quantity = consumption(at, *good, *quantity);
        }
        self.requests = self.added_up();
    }

    /// Requests of all consumer councils whose proposals are here.
    fn added_up(&self) -> Vec<f64> {
        let mut requests = vec![0.0; self.requests.len()];
        let quantities = self.consumption.iter().flatten();
        for (good, quantity) in self.layout.all_wants().iter().zip(quantities) {
            let sharers = if self.layout.public[good.index()] { self.layout.sharers } else { 1.0 };
            requests[good.index()] += quantity / sharers;
        }
        requests
    }
}
