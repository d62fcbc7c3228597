//! One stage before one idea: who reads, what they see, and what the rule makes of it.

use parecon_core::random::Stream;

use crate::environment::Environment;
use crate::gaussian::noise;
use crate::policy::{At, Rule};
use crate::screening::Architecture;
use crate::sequential::Sprt;

/// Readers of a pool at one point.
#[derive(Debug, Clone, Copy)]
pub(super) struct Readers {
    accuracy: f64,
    bias: f64,
    /// Standard deviations of the shared and of the own part of a reader's error.
    shared: f64,
    own: f64,
    cut: f64,
}

/// What a stage found out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    pub(super) pass: bool,
    pub(super) readings: u32,
    /// Precision of what was read, as an observation of quality, and precision times the quality it suggests.
    pub(super) precision: f64,
    pub(super) evidence: f64,
}

impl Readers {
    pub(super) fn new(environment: &Environment, at: At, cut: f64) -> Self {
        let (accuracy, pool) = (environment.accuracy(at), environment.pool(at));
        let noise = noise(accuracy);
        Self {
            accuracy,
            bias: pool.bias,
            shared: noise * pool.correlation.sqrt(),
            own: noise * (1.0 - pool.correlation).sqrt(),
            cut,
        }
    }

    /// Applies `rule`, which is not one of trust, to an idea of this quality. The stream is that of the idea at this
    /// point, so that another rule for the same idea meets the same readers in the same order.
    pub(super) fn apply(&self, rule: &Rule, quality: f64, stream: &mut Stream) -> Read {
        let middle = self.accuracy * quality + self.bias;
        let shared = if self.shared > 0.0 { self.shared * stream.normal() } else { 0.0 };
        let mut hearing = Hearing { middle: middle + shared, readers: self, stream, sum: 0.0, readings: 0 };
        let pass = match rule {
            Rule::Single(_) => hearing.vote(),
            Rule::Panel { architecture, .. } => hearing.panel(architecture),
            Rule::MeanScore { n, .. } => {
                let sum: f64 = (0..*n).map(|_| hearing.read()).sum();
                sum / f64::from(*n) > self.cut
            }
            Rule::Sprt { test, .. } => hearing.sequential(test),
            Rule::Lottery { reject_below, accept_above, share } => {
                let signal = hearing.read();
                // Drawn in any case, so that the draws that follow are the same.
                let lucky = hearing.stream.uniform() < *share;
                signal > *accept_above || (signal > *reject_below && lucky)
            }
            Rule::Weighted { weights, quota, .. } => {
                let favour: u64 =
                    weights.iter().map(|&weight| if hearing.vote() { u64::from(weight) } else { 0 }).sum();
                favour >= u64::from(*quota)
            }
            Rule::LazyConsensus { watchers, attention, .. } => {
                let mut consent = true;
                for _ in 0..*watchers {
                    if hearing.stream.uniform() < *attention {
                        consent &= hearing.vote();
                    }
                }
                consent
            }
            Rule::Trust { otherwise, .. } => return self.apply(otherwise, quality, hearing.stream),
        };
        let (sum, readings) = (hearing.sum, hearing.readings);
        let n = f64::from(readings);
        let variance = self.shared * self.shared + self.own * self.own / n;
        let precision = if readings == 0 { 0.0 } else { self.accuracy * self.accuracy / variance };
        let evidence = if readings == 0 { 0.0 } else { self.accuracy * (sum / n - self.bias) / variance };
        Read { pass, readings, precision, evidence }
    }
}

/// Readings under way.
struct Hearing<'a> {
    /// What the mean reader with this shared error sees.
    middle: f64,
    readers: &'a Readers,
    stream: &'a mut Stream,
    sum: f64,
    readings: u32,
}

impl Hearing<'_> {
    #[inline]
    fn read(&mut self) -> f64 {
        let signal = self.middle + self.readers.own * self.stream.normal();
        self.sum += signal;
        self.readings += 1;
        signal
    }

    #[inline]
    fn vote(&mut self) -> bool {
        self.read() > self.readers.cut
    }

    /// Votes one after the other until the outcome is certain.
    fn panel(&mut self, architecture: &Architecture) -> bool {
        match architecture {
            Architecture::Hierarchy(n) => (0..*n).all(|_| self.vote()),
            Architecture::Polyarchy(n) => (0..*n).any(|_| self.vote()),
            Architecture::KofN { k, n } => until(*k, *n, || self.vote()),
            Architecture::Nested { outer, inner } => self.nested(outer, inner),
        }
    }

    fn nested(&mut self, outer: &Architecture, inner: &Architecture) -> bool {
        match outer {
            Architecture::Hierarchy(n) => (0..*n).all(|_| self.panel(inner)),
            Architecture::Polyarchy(n) => (0..*n).any(|_| self.panel(inner)),
            Architecture::KofN { k, n } => until(*k, *n, || self.panel(inner)),
            Architecture::Nested { outer: outermost, inner: middle } => {
                let below = Architecture::Nested { outer: middle.clone(), inner: Box::new(inner.clone()) };
                self.nested(outermost, &below)
            }
        }
    }

    fn sequential(&mut self, test: &Sprt) -> bool {
        let walk = test.walk();
        let mut favour = 0;
        for votes in 1..=test.limit {
            favour += u32::from(self.vote());
            if let Some(accepted) = walk.decide(favour, votes) {
                return accepted;
            }
        }
        false
    }
}

/// At least `k` of `n`, no vote more than it takes.
fn until(k: u32, n: u32, mut vote: impl FnMut() -> bool) -> bool {
    let (mut favour, mut against) = (0, 0);
    while favour < k && against <= n - k {
        if vote() { favour += 1 } else { against += 1 }
    }
    favour == k
}
