//! The iteration: restarted Halpern primal–dual steps with reflection, tasks against whole member blocks.

use std::ops::Range;

use parecon_core::for_each;
use pulp::Arch;

use super::form::Form;
use super::project::Projector;

/// The product of the step sizes over what convergence allows.
const STEP: f64 = 0.998;
/// Restarts (Lu & Yang 2024): when the error has fallen to the first part; when it has fallen to the second and begins to
/// grow; when this part of all iterations was spent since the last.
const SUFFICIENT: f64 = 0.2;
const NECESSARY: f64 = 0.8;
const ARTIFICIAL: f64 = 0.36;
/// How far the weight follows the ratio of the distances travelled, in logarithms.
const FOLLOW: f64 = 0.5;
/// Distances below this say nothing about the weight.
const TRAVELLED: f64 = 1e-10;
/// By how much steps of prices grow where nothing else tells how large they should be.
const LEAP: f64 = 4.0;
/// The most that shares may weigh against prices, or the other way round: beyond, steps of one of them are lost in its
/// digits.
const HEAVIEST: f64 = 1e12;

/// The members of one unit of parallel work.
struct Block<const M: usize> {
    members: Range<usize>,
    pairs: Range<usize>,
    /// The iterate before the last, where the last restart began, and the projection of the last iterate.
    y: Vec<f64>,
    anchor: Vec<f64>,
    next: Vec<f64>,
    /// (u, g) per member.
    multipliers: Vec<[f64; M]>,
    /// Σ q y per task, of the projection.
    worked: Vec<f64>,
    /// Σ q |projection − iterate|².
    moved: f64,
    objective: f64,
    projector: Projector<M>,
}

impl<const M: usize> Block<M> {
    fn new(form: &Form, members: Range<usize>) -> Self {
        let pairs = form.starts[members.start]..form.starts[members.end];
        let mut y = vec![0.0; pairs.len()];
        for i in members.clone() {
            let own = form.starts[i]..form.starts[i + 1];
            y[own.start - pairs.start..own.end - pairs.start].fill(1.0 / own.len() as f64);
        }
        Block {
            anchor: y.clone(),
            next: y.clone(),
            y,
            multipliers: vec![[0.0; M]; members.len()],
            worked: vec![0.0; form.hours.len()],
            moved: 0.0,
            objective: 0.0,
            projector: Projector::new(),
            members,
            pairs,
        }
    }

    /// Moves on to the next iterate (Halpern, reflected) and projects the gradient step from there.
    #[inline(always)]
    fn project(&mut self, form: &Form, prices: &[f64], tau: f64, weight: f64) {
        self.worked.fill(0.0);
        (self.moved, self.objective) = (0.0, 0.0);
        let projector = &mut self.projector;
        for i in self.members.clone() {
            let own = form.starts[i]..form.starts[i + 1];
            let local = own.start - self.pairs.start..own.end - self.pairs.start;
            let (task_of, cost) = (&form.task_of[own.clone()], &form.cost[own.clone()]);
            let (y, anchor) = (&mut self.y[local.clone()], &self.anchor[local.clone()]);
            let next = &mut self.next[local];
            for k in 0..y.len() {
                y[k] = weight * (2.0 * next[k] - y[k]) + (1.0 - weight) * anchor[k];
            }
            projector.reset(y.len());
            for (((z, task), y), c) in projector.z().iter_mut().zip(task_of).zip(y.iter()).zip(cost) {
                *z = y - tau * (c - prices[*task as usize]);
            }
            for d in 1..M {
                for (row, task) in projector.row(d).iter_mut().zip(task_of) {
                    *row = -form.offsets[*task as usize * (M - 1) + d - 1];
                }
                projector.tolerance[d] = form.tolerance[i * (M - 1) + d - 1];
                projector.penalty[d] = tau * form.penalty[i * (M - 1) + d - 1];
            }
            let multipliers = &mut self.multipliers[i - self.members.start];
            let mut lambda = multipliers.map(|m| m * tau);
            projector.project(&mut lambda);
            *multipliers = lambda.map(|l| l / tau);
            let q = form.quota[i];
            let (mut moved, mut spent) = (0.0, 0.0);
            for (k, share) in projector.y().iter().enumerate() {
                let step = share - y[k];
                moved += step * step;
                next[k] = *share;
                if *share > 0.0 {
                    spent += cost[k] * share;
                    self.worked[task_of[k] as usize] += q * share;
                }
            }
            for d in 1..M {
                let (penalty, tolerance) = (projector.penalty[d] / tau, projector.tolerance[d]);
                if penalty < f64::INFINITY && tolerance < f64::INFINITY {
                    let deviation: f64 =
                        projector.y().iter().enumerate().map(|(k, y)| projector.column(k)[d] * y).sum();
                    spent += penalty * (deviation.abs() - tolerance).max(0.0);
                }
            }
            self.moved += q * moved;
            self.objective += q * spent;
        }
    }

    /// Σ q |projection − anchor|².
    fn travelled(&self, form: &Form) -> f64 {
        let mut sum = 0.0;
        for i in self.members.clone() {
            let local = form.starts[i] - self.pairs.start..form.starts[i + 1] - self.pairs.start;
            let steps = self.next[local.clone()].iter().zip(&self.anchor[local]);
            sum += form.quota[i] * steps.map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        }
        sum
    }

    fn restart(&mut self) {
        self.y.copy_from_slice(&self.next);
        self.anchor.copy_from_slice(&self.next);
    }
}

/// The state of the iteration.
pub(super) struct Halpern<const M: usize> {
    arch: Arch,
    blocks: Vec<Block<M>>,
    /// Σ q over those who can do a task: K K* is this diagonal, K being the sum of hours over members.
    reach: Vec<f64>,
    /// Prices: the iterate, where the last restart began, and the step from the iterate.
    prices: Vec<f64>,
    anchor: Vec<f64>,
    pub(super) next: Vec<f64>,
    /// Hours worked at the iterate, at the anchor, and at the projection.
    work: Vec<f64>,
    work_anchor: Vec<f64>,
    work_next: Vec<f64>,
    /// Of the Halpern step that is still to be taken.
    pending: f64,
    /// What shares weigh against prices.
    pub(super) weight: f64,
    /// Iterations since the restart, and in all.
    since: u32,
    pub(super) total: u32,
    /// The errors just after the restart and before this iteration.
    first: f64,
    last: f64,
    /// Cost at the projection.
    pub(super) objective: f64,
    pub(super) restarts: u32,
}

impl<const M: usize> Halpern<M> {
    pub(super) fn new(form: &Form) -> Self {
        let tasks = form.hours.len();
        let (mut reach, mut work) = (vec![0.0; tasks], vec![0.0; tasks]);
        for (i, q) in form.quota.iter().enumerate() {
            let own = &form.task_of[form.starts[i]..form.starts[i + 1]];
            for j in own {
                reach[*j as usize] += q;
                work[*j as usize] += q / own.len() as f64;
            }
        }
        Halpern {
            arch: Arch::new(),
            blocks: form.chunks.iter().map(|members| Block::new(form, members.clone())).collect(),
            reach,
            prices: vec![0.0; tasks],
            anchor: vec![0.0; tasks],
            next: vec![0.0; tasks],
            work_anchor: work.clone(),
            work_next: work.clone(),
            work,
            pending: 1.0,
            weight: 1.0,
            since: 0,
            total: 0,
            first: 0.0,
            last: f64::INFINITY,
            objective: 0.0,
            restarts: 0,
        }
    }

    /// Goes on from where an iteration on other pairs of the same problem (of so many) has come to, as after a restart.
    pub(super) fn resume(&self, old: &Form, form: &Form, pairs: usize) -> Self {
        let mut share = vec![0.0; pairs];
        old.pair.iter().zip(self.shares().flatten()).for_each(|(k, y)| share[*k] = *y);
        let mut multipliers = self.multipliers().flatten();
        let mut resumed = Halpern::new(form);
        resumed.work.fill(0.0);
        for block in &mut resumed.blocks {
            for (y, k) in block.next.iter_mut().zip(&form.pair[block.pairs.clone()]) {
                *y = share[*k];
            }
            block.restart();
            block.multipliers.iter_mut().zip(&mut multipliers).for_each(|(new, old)| *new = *old);
            for i in block.members.clone() {
                for k in form.starts[i]..form.starts[i + 1] {
                    resumed.work[form.task_of[k] as usize] +=
                        form.quota[i] * block.next[k - block.pairs.start];
                }
            }
        }
        resumed.work_next.copy_from_slice(&resumed.work);
        resumed.work_anchor.copy_from_slice(&resumed.work);
        for prices in [&mut resumed.prices, &mut resumed.anchor, &mut resumed.next] {
            prices.copy_from_slice(&self.next);
        }
        (resumed.weight, resumed.total, resumed.restarts) = (self.weight, self.total, self.restarts);
        resumed.objective = self.objective;
        resumed
    }

    /// The step size of shares.
    pub(super) fn tau(&self) -> f64 {
        STEP / self.weight
    }

    /// Shares at the projection, chunk by chunk.
    pub(super) fn shares(&self) -> impl Iterator<Item = &[f64]> {
        self.blocks.iter().map(|block| block.next.as_slice())
    }

    /// (u, g) of the members, chunk by chunk.
    pub(super) fn multipliers(&self) -> impl Iterator<Item = &[[f64; M]]> {
        self.blocks.iter().map(|block| block.multipliers.as_slice())
    }

    /// Hours missing at the projection.
    pub(super) fn missing(&self, form: &Form) -> Vec<f64> {
        form.hours.iter().zip(&self.work_next).map(|(h, w)| h - w).collect()
    }

    /// How prices have moved since the restart: a ray of the dual, if there is no assignment.
    pub(super) fn direction(&self) -> Vec<f64> {
        self.next.iter().zip(&self.anchor).map(|(a, b)| a - b).collect()
    }

    /// One iteration. The projection of its iterate is what [`shares`](Self::shares) shows.
    pub(super) fn iterate(&mut self, form: &Form) {
        let (tau, weight, arch) = (self.tau(), self.pending, self.arch);
        let prices = &self.prices;
        for_each(self.blocks.iter_mut().collect(), |block| {
            arch.dispatch(
                #[inline(always)]
                || block.project(form, prices, tau, weight),
            );
        });
        self.work_next.fill(0.0);
        self.objective = 0.0;
        let mut moved = 0.0;
        for block in &self.blocks {
            self.work_next.iter_mut().zip(&block.worked).for_each(|(sum, part)| *sum += part);
            moved += block.moved;
            self.objective += block.objective;
        }
        let (mut dual, mut cross) = (0.0, 0.0);
        for j in 0..self.prices.len() {
            let size = STEP * self.weight / self.reach[j];
            let step = size * (form.hours[j] - 2.0 * self.work_next[j] + self.work[j]);
            self.next[j] = self.prices[j] + step;
            dual += step * step / size;
            cross += (self.work_next[j] - self.work[j]) * step;
        }
        // The distance between the iterate and what the step makes of it, in the norm in which steps never expand it.
        let error = (moved / tau + dual + 2.0 * cross).max(0.0).sqrt();
        self.total += 1;
        if self.since == 0 {
            self.first = error;
        }
        let restart = self.since > 0
            && (error <= SUFFICIENT * self.first
                || (error <= NECESSARY * self.first && error > self.last)
                || f64::from(self.since) >= ARTIFICIAL * f64::from(self.total));
        self.last = error;
        if restart {
            self.restart(form);
        } else {
            self.pending = f64::from(self.since + 1) / f64::from(self.since + 2);
            let keep = 1.0 - self.pending;
            for j in 0..self.prices.len() {
                self.prices[j] = self.pending * (2.0 * self.next[j] - self.prices[j]) + keep * self.anchor[j];
                self.work[j] =
                    self.pending * (2.0 * self.work_next[j] - self.work[j]) + keep * self.work_anchor[j];
            }
            self.since += 1;
        }
    }

    fn restart(&mut self, form: &Form) {
        let primal = self.blocks.iter().map(|block| block.travelled(form)).sum::<f64>().sqrt();
        let prices = self.next.iter().zip(&self.anchor).zip(&self.reach);
        let dual = prices.map(|((a, b), reach)| (a - b) * (a - b) * reach).sum::<f64>().sqrt();
        if primal > TRAVELLED && dual > TRAVELLED {
            self.weight *= (FOLLOW * (dual / primal / self.weight).ln()).exp();
        } else if dual > TRAVELLED && self.last > NECESSARY * self.first {
            // Shares stand still and the error does not fall: prices have far to go.
            self.weight *= LEAP;
        }
        self.weight = self.weight.clamp(1.0 / HEAVIEST, HEAVIEST);
        for_each(self.blocks.iter_mut().collect(), Block::restart);
        self.prices.copy_from_slice(&self.next);
        self.anchor.copy_from_slice(&self.next);
        self.work.copy_from_slice(&self.work_next);
        self.work_anchor.copy_from_slice(&self.work_next);
        (self.since, self.last, self.pending) = (0, f64::INFINITY, 1.0);
        self.restarts += 1;
    }
}
