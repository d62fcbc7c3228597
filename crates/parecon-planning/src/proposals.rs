//! What councils answer to announced prices.

use std::ops::Range;
use std::sync::Arc;

use parecon_core::chunked_reduce;

use crate::economy::{Consumers, Layout, OtherAnswers, Workers};
use crate::flow::Flow;
use crate::{Aggregates, CouncilId, GoodId};

/// Every council's proposal in one round.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposals {
    layout: Arc<Layout>,
    outputs: Vec<f64>,
    efforts: Vec<f64>,
    inputs: Vec<f64>,
    consumption: Vec<f64>,
    permits: Vec<f64>,
    /// Whether each council, worker councils first, has proposed nothing itself; empty if all have proposed.
    missing: Vec<bool>,
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

#[derive(Default)]
struct WorkerPart {
    outputs: Vec<f64>,
    efforts: Vec<f64>,
    inputs: Vec<f64>,
}

impl Proposals {
    /// Proposals as given, council after council in the layout's order.
    pub(crate) fn of(
        layout: &Arc<Layout>,
        outputs: Vec<f64>,
        efforts: Vec<f64>,
        inputs: Vec<f64>,
        consumption: Vec<f64>,
        permits: Vec<f64>,
        missing: Vec<bool>,
    ) -> Self {
        Proposals { layout: Arc::clone(layout), outputs, efforts, inputs, consumption, permits, missing }
    }

    pub(crate) fn at(
        layout: &Arc<Layout>,
        workers: &Workers,
        consumers: &Consumers,
        prices: &[f64],
        revenues: &[f64],
        chunk: usize,
    ) -> Self {
        let work = |range: Range<usize>| {
            let mut part = WorkerPart::default();
            for w in range {
                part.outputs.push(revenues[w] / prices[layout.output(w).index()]);
                part.efforts.push(workers.effort(w, revenues[w]));
                let inputs = layout.inputs(w).iter().zip(workers.exponents(w, layout));
                part.inputs.extend(inputs.map(|(good, b)| b * revenues[w] / prices[good.index()]));
            }
            part
        };
        let join = |all: &mut WorkerPart, part: WorkerPart| {
            all.outputs.extend(part.outputs);
            all.efforts.extend(part.efforts);
            all.inputs.extend(part.inputs);
        };
        let WorkerPart { outputs, efforts, inputs } =
            chunked_reduce(workers.len(), chunk, work, join).unwrap_or_default();

        let sharers = layout.sharers;
        let personal = |good: GoodId| {
            let price = prices[good.index()];
            if layout.public[good.index()] { price / sharers } else { price }
        };
        let consume = |range: Range<usize>| {
            let ask = |c| {
                let wants = layout.wants(c).iter().zip(consumers.shares(c, layout));
                wants.map(move |(&good, share)| consumers.income(c) * share / personal(good))
            };
            range.flat_map(ask).collect::<Vec<f64>>()
        };
        let consumption = chunked_reduce(consumers.len(), chunk, consume, |all, part| all.extend(part));
        Proposals {
            layout: Arc::clone(layout),
            outputs,
            efforts,
            inputs,
            consumption: consumption.unwrap_or_default(),
            permits: Vec::new(),
            missing: Vec::new(),
        }
    }

    /// Adds the proposals of the councils that come last in the layout.
    pub(crate) fn extend(&mut self, others: &OtherAnswers) {
        self.outputs.extend(others.plans.iter().map(|p| p.output));
        self.efforts.extend(others.plans.iter().map(|p| p.effort));
        self.inputs.extend(&others.inputs);
        self.consumption.extend(&others.quantities);
        self.permits.extend(&others.permits);
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

    /// The proposal of the consumer council at a position.
    #[must_use]
    pub fn consumer(&self, position: usize) -> Option<ConsumerProposal<'_>> {
        (position < self.layout.consumers()).then(|| self.consumer_at(self.layout.stored_consumer(position)))
    }

    /// All worker councils' proposals, in the order of the economy.
    #[must_use]
    pub fn workers(&self) -> impl ExactSizeIterator<Item = WorkerProposal<'_>> {
        (0..self.layout.workers()).map(|w| self.worker_at(self.layout.stored_worker(w)))
    }

    /// All consumer councils' proposals, in the order of the economy.
    #[must_use]
    pub fn consumers(&self) -> impl ExactSizeIterator<Item = ConsumerProposal<'_>> {
        (0..self.layout.consumers()).map(|c| self.consumer_at(self.layout.stored_consumer(c)))
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

    /// What consumer councils together would spend on each good at the announced prices.
    pub(crate) fn spending(&self, prices: &[f64]) -> Vec<f64> {
        let sharers = self.consumer_councils() as f64;
        let n = prices.len();
        let fold = |range: Range<usize>| {
            let mut sums = vec![0.0; n];
            for consumer in range.map(|c| self.consumer_at(c)) {
                for (good, quantity) in consumer.goods.iter().zip(consumer.quantities) {
                    sums[good.index()] += quantity;
                }
            }
            sums
        };
        let add =
            |total: &mut Vec<f64>, part: Vec<f64>| total.iter_mut().zip(part).for_each(|(t, p)| *t += p);
        let mut sums = chunked_reduce(self.consumer_councils(), (4 * n).max(512), fold, add)
            .unwrap_or_else(|| vec![0.0; n]);
        for (g, sum) in sums.iter_mut().enumerate() {
            *sum *= prices[g] / if self.layout.public[g] { sharers } else { 1.0 };
        }
        sums
    }

    /// All permissions to pollute, by good.
    pub(crate) fn permitted(&self, goods: usize) -> Vec<f64> {
        let mut sums = vec![0.0; goods];
        for consumer in self.consumers() {
            for (good, quantity) in consumer.permit_goods.iter().zip(consumer.permits) {
                sums[good.index()] += quantity;
            }
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

    pub(crate) fn consumer_at(&self, c: usize) -> ConsumerProposal<'_> {
        ConsumerProposal {
            goods: self.layout.wants(c),
            quantities: &self.consumption[self.layout.want_range(c)],
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
        for (at, (good, quantity)) in self.layout.all_wants().iter().zip(&mut self.consumption).enumerate() {
            *quantity = consumption(at, *good, *quantity);
        }
    }
}
