//! Who makes, uses and wants which goods: what proposals and economy share.

use std::ops::Range;

use crate::{Category, Good, GoodId, Register};

/// Lists of goods, one council's after the other's.
#[derive(Debug, PartialEq)]
pub(crate) struct Layout {
    pub(crate) endowments: Vec<f64>,
    pub(crate) public: Vec<bool>,
    /// Number of consumer councils that share public goods, also those in other processes.
    pub(crate) sharers: f64,
    outputs: Vec<GoodId>,
    input_start: Vec<usize>,
    inputs: Vec<GoodId>,
    want_start: Vec<usize>,
    wants: Vec<GoodId>,
    /// Pollutants permitted by the last consumer councils: in an economy those that are not Cobb–Douglas.
    permit_start: Vec<usize>,
    permits: Vec<GoodId>,
    /// Where a council given at a position is stored; empty if all are stored as given.
    worker_order: Vec<u32>,
    consumer_order: Vec<u32>,
}

/// Where each of the councils given is stored, if those at the positions `others` come last.
pub(super) fn order(councils: usize, others: &[usize]) -> Vec<u32> {
    let first = councils - others.len();
    if others.first().is_none_or(|&position| position == first) {
        return Vec::new();
    }
    let (mut fast, mut other) = (0..first as u32, first as u32..councils as u32);
    let mut rest = others.iter().peekable();
    (0..councils)
        .filter_map(
            |position| {
                if rest.next_if(|&&o| o == position).is_some() { other.next() } else { fast.next() }
            },
        )
        .collect()
}

impl Layout {
    pub(crate) fn new(goods: &[Good]) -> Self {
        Layout {
            endowments: goods.iter().map(|g| g.endowment).collect(),
            public: goods.iter().map(|g| g.category == Category::Public).collect(),
            sharers: 0.0,
            outputs: Vec::new(),
            input_start: vec![0],
            inputs: Vec::new(),
            want_start: vec![0],
            wants: Vec::new(),
            permit_start: vec![0],
            permits: Vec::new(),
            worker_order: Vec::new(),
            consumer_order: Vec::new(),
        }
    }

    /// The layout of registered councils, of which nothing else is known.
    pub(crate) fn of(register: &Register) -> Self {
        let mut layout = Layout::new(&register.goods);
        for seat in &register.worker_councils {
            layout.push_worker(seat.output, seat.inputs.iter().copied());
        }
        for seat in &register.consumer_councils {
            layout.push_consumer(seat.wants.iter().copied());
            layout.push_permits(seat.permits.iter().copied());
        }
        layout.sharers = register.consumer_councils.len() as f64;
        layout
    }

    pub(crate) fn push_worker(&mut self, output: GoodId, inputs: impl Iterator<Item = GoodId>) {
        self.outputs.push(output);
        self.inputs.extend(inputs);
        self.input_start.push(self.inputs.len());
    }

    pub(crate) fn push_consumer(&mut self, wants: impl Iterator<Item = GoodId>) {
        self.wants.extend(wants);
        self.want_start.push(self.wants.len());
    }

    /// Of a consumer council of those, the last, that may permit pollutants.
    pub(super) fn push_permits(&mut self, permits: impl Iterator<Item = GoodId>) {
        self.permits.extend(permits);
        self.permit_start.push(self.permits.len());
    }

    pub(super) fn set_orders(&mut self, workers: Vec<u32>, consumers: Vec<u32>) {
        (self.worker_order, self.consumer_order) = (workers, consumers);
    }

    /// Where the worker council given at a position is stored.
    pub(crate) fn stored_worker(&self, position: usize) -> usize {
        self.worker_order.get(position).map_or(position, |&at| at as usize)
    }

    /// The position at which a worker council was given.
    pub(crate) fn given_worker(&self, stored: usize) -> usize {
        self.worker_order.iter().position(|&at| at as usize == stored).unwrap_or(stored)
    }

    /// Where the consumer council given at a position is stored.
    pub(crate) fn stored_consumer(&self, position: usize) -> usize {
        self.consumer_order.get(position).map_or(position, |&at| at as usize)
    }

    /// Number of inputs of all worker councils before one.
    pub(crate) fn inputs_before(&self, w: usize) -> usize {
        self.input_start[w]
    }

    pub(crate) fn wants_before(&self, c: usize) -> usize {
        self.want_start[c]
    }

    /// The permits of a consumer council as stored; only the last ones have any.
    pub(crate) fn permit_range(&self, c: usize) -> Range<usize> {
        let first_other = self.consumers() + 1 - self.permit_start.len();
        match c.checked_sub(first_other) {
            Some(other) => self.permit_start[other]..self.permit_start[other + 1],
            None => 0..0,
        }
    }

    pub(crate) fn permits(&self, c: usize) -> &[GoodId] {
        &self.permits[self.permit_range(c)]
    }

    /// Permits of all consumer councils, one council after the other.
    pub(crate) fn all_permits(&self) -> &[GoodId] {
        &self.permits
    }

    pub(crate) fn workers(&self) -> usize {
        self.outputs.len()
    }

    pub(crate) fn consumers(&self) -> usize {
        self.want_start.len() - 1
    }

    pub(crate) fn output(&self, w: usize) -> GoodId {
        self.outputs[w]
    }

    /// Outputs of all worker councils.
    pub(crate) fn outputs(&self) -> &[GoodId] {
        &self.outputs
    }

    pub(crate) fn input_range(&self, w: usize) -> Range<usize> {
        self.input_start[w]..self.input_start[w + 1]
    }

    pub(crate) fn inputs(&self, w: usize) -> &[GoodId] {
        &self.inputs[self.input_range(w)]
    }

    /// Inputs of all worker councils, one council after the other.
    pub(crate) fn all_inputs(&self) -> &[GoodId] {
        &self.inputs
    }

    /// Wants of all consumer councils, one council after the other.
    pub(crate) fn all_wants(&self) -> &[GoodId] {
        &self.wants
    }

    pub(crate) fn want_range(&self, c: usize) -> Range<usize> {
        self.want_start[c]..self.want_start[c + 1]
    }

    pub(crate) fn wants(&self, c: usize) -> &[GoodId] {
        &self.wants[self.want_range(c)]
    }

    /// Splits a list that runs along the inputs of the first `councils` into those of each `chunk` of them.
    pub(crate) fn split_inputs<'a>(
        &'a self,
        councils: usize,
        chunk: usize,
        list: &'a mut [f64],
    ) -> impl Iterator<Item = (Range<usize>, &'a mut [f64])> {
        split(&self.input_start[..=councils], chunk, list)
    }

    /// Splits a list that runs along the wants of the first `councils` into those of each `chunk` of them.
    pub(crate) fn split_wants<'a>(
        &'a self,
        councils: usize,
        chunk: usize,
        list: &'a mut [f64],
    ) -> impl Iterator<Item = (Range<usize>, &'a mut [f64])> {
        split(&self.want_start[..=councils], chunk, list)
    }
}

fn split<'a>(
    start: &'a [usize],
    chunk: usize,
    mut list: &'a mut [f64],
) -> impl Iterator<Item = (Range<usize>, &'a mut [f64])> {
    let councils = start.len() - 1;
    (0..councils).step_by(chunk).map(move |first| {
        let last = (first + chunk).min(councils);
        let (own, rest) = std::mem::take(&mut list).split_at_mut(start[last] - start[first]);
        list = rest;
        (first..last, own)
    })
}
