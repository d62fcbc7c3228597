//! What councils make, use, request and permit of a good, added up exactly.

use crate::exact::ExactSum;
use crate::{Aggregates, CouncilId, GoodId, Proposals};

/// What a quantity in a proposal is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Output of a worker council.
    Made,
    /// Input of a worker council.
    Used,
    /// Request of a consumer council.
    Requested,
    /// Permission of a consumer council to pollute.
    Permitted,
}

/// Exact sums of the quantities of one good in the proposals of some councils.
///
/// Since nothing is rounded before all is added up, totals of groups of councils add up to the totals of all,
/// whatever the groups and their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flow {
    pub(crate) made: ExactSum,
    pub(crate) used: ExactSum,
    /// Of a public good, the sum of requests, of which the average counts.
    pub(crate) requested: ExactSum,
    pub(crate) permitted: ExactSum,
}

impl Flow {
    pub(crate) fn add(&mut self, kind: Kind, quantity: f64) {
        match kind {
            Kind::Made => self.made.add(quantity),
            Kind::Used => self.used.add(quantity),
            Kind::Requested => self.requested.add(quantity),
            Kind::Permitted => self.permitted.add(quantity),
        }
    }

    pub(crate) fn merge(&mut self, other: &Flow) {
        self.made.merge(&other.made);
        self.used.merge(&other.used);
        self.requested.merge(&other.requested);
        self.permitted.merge(&other.permitted);
    }
}

impl Proposals {
    /// Every quantity of a council's proposal; none if there is no such council.
    pub(crate) fn each(&self, council: CouncilId, mut add: impl FnMut(GoodId, Kind, f64)) {
        match council {
            CouncilId::Worker(w) => {
                let Some(worker) = self.worker(w as usize) else { return };
                add(worker.good, Kind::Made, worker.output);
                worker.input_goods.iter().zip(worker.inputs).for_each(|(g, x)| add(*g, Kind::Used, *x));
            }
            CouncilId::Consumer(c) => {
                let Some(consumer) = self.consumer(c as usize) else { return };
                let requests = consumer.goods.iter().zip(consumer.quantities);
                requests.for_each(|(g, x)| add(*g, Kind::Requested, *x));
                let permits = consumer.permit_goods.iter().zip(consumer.permits);
                permits.for_each(|(g, x)| add(*g, Kind::Permitted, *x));
            }
        }
    }

    /// Supply and demand from the flows of all councils, one for each good.
    pub(crate) fn balance<'f>(&self, flows: impl Iterator<Item = &'f Flow>) -> Aggregates {
        let layout = self.layout();
        let mut all = Aggregates { supply: Vec::new(), demand: Vec::new() };
        for (g, flow) in flows.enumerate() {
            let mut supply = flow.made.clone();
            supply.merge(&flow.permitted);
            supply.add(layout.endowments[g]);
            all.supply.push(supply.value());
            all.demand.push(if layout.public[g] {
                flow.used.value() + self.requested(g, flow)
            } else {
                let mut demand = flow.used.clone();
                demand.merge(&flow.requested);
                demand.value()
            });
        }
        if !self.discloses_consumers() {
            let permitted = self.permitted(all.supply.len());
            all.supply.iter_mut().zip(permitted).for_each(|(supply, permitted)| *supply += permitted);
            all.demand.iter_mut().zip(self.requests()).for_each(|(demand, requested)| *demand += requested);
        }
        all
    }
}
