//! Who makes, uses and wants which goods: what proposals and economy share.

use std::ops::Range;

use crate::{Category, Good, GoodId};

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
        }
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

    /// Splits a list that runs along all inputs into those of each `chunk` of worker councils.
    pub(crate) fn split_inputs<'a>(
        &'a self,
        chunk: usize,
        list: &'a mut [f64],
    ) -> impl Iterator<Item = (Range<usize>, &'a mut [f64])> {
        split(&self.input_start, chunk, list)
    }

    /// Splits a list that runs along all wants into those of each `chunk` of consumer councils.
    pub(crate) fn split_wants<'a>(
        &'a self,
        chunk: usize,
        list: &'a mut [f64],
    ) -> impl Iterator<Item = (Range<usize>, &'a mut [f64])> {
        split(&self.want_start, chunk, list)
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
