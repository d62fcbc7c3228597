//! Projections of all members at given prices, and what prices do to them.

use std::ops::Range;

use parecon_core::for_each;
use pulp::Arch;

use super::form::Form;
use super::project::Projector;

/// A constraint whose row has less than this part of its squared length left, after those before it are taken out, adds
/// nothing to them.
const DEPENDENT: f64 = 1e-18;

/// The members of one unit of parallel work.
struct Part<const M: usize> {
    members: Range<usize>,
    pairs: Range<usize>,
    centre: Vec<f64>,
    y: Vec<f64>,
    multipliers: Vec<[f64; M]>,
    worked: Vec<f64>,
    value: f64,
    /// Members whose active pairs leave them a degree of freedom: where their pairs end, and their quota.
    loose: Vec<(usize, f64)>,
    tasks: Vec<u32>,
    /// Orthonormal rows of the binding constraints, per active pair.
    basis: Vec<[f64; M]>,
    product: Vec<f64>,
    projector: Projector<M>,
}

impl<const M: usize> Part<M> {
    #[inline(always)]
    fn project(&mut self, form: &Form, prices: &[f64], sigma: f64) {
        self.worked.fill(0.0);
        self.loose.clear();
        self.tasks.clear();
        self.basis.clear();
        self.value = 0.0;
        let projector = &mut self.projector;
        for i in self.members.clone() {
            let own = form.starts[i]..form.starts[i + 1];
            let local = own.start - self.pairs.start..own.end - self.pairs.start;
            let (task_of, cost) = (&form.task_of[own.clone()], &form.cost[own.clone()]);
            let (centre, y) = (&self.centre[local.clone()], &mut self.y[local]);
            projector.reset(own.len());
            for (((z, task), at), c) in projector.z().iter_mut().zip(task_of).zip(centre).zip(cost) {
                *z = at - sigma * (c - prices[*task as usize]);
            }
            for d in 1..M {
                for (row, task) in projector.row(d).iter_mut().zip(task_of) {
                    *row = -form.offsets[*task as usize * (M - 1) + d - 1];
                }
                projector.tolerance[d] = form.tolerance[i * (M - 1) + d - 1];
                projector.penalty[d] = sigma * form.penalty[i * (M - 1) + d - 1];
            }
            let multipliers = &mut self.multipliers[i - self.members.start];
            let mut lambda = multipliers.map(|m| m * sigma);
            projector.project(&mut lambda);
            *multipliers = lambda.map(|l| l / sigma);
            y.copy_from_slice(projector.y());

            let q = form.quota[i];
            let (mut linear, mut square, mut sums) = (0.0, 0.0, [0.0; M]);
            let begin = self.tasks.len();
            for (k, share) in y.iter().enumerate() {
                let step = share - centre[k];
                square += step * step;
                if *share > 0.0 {
                    let j = task_of[k] as usize;
                    linear += (cost[k] - prices[j]) * share;
                    self.worked[j] += q * share;
                    let column = projector.column(k);
                    for d in 1..M {
                        sums[d] += column[d] * share;
                    }
                    self.tasks.push(task_of[k]);
                    self.basis.push(column);
                }
            }
            for d in 1..M {
                let (penalty, tolerance) = (projector.penalty[d] / sigma, projector.tolerance[d]);
                if penalty < f64::INFINITY && tolerance < f64::INFINITY {
                    linear += penalty * (sums[d].abs() - tolerance).max(0.0);
                }
            }
            self.value += q * (linear + square / (2.0 * sigma));
            let mut binding = [true; M];
            for d in 1..M {
                binding[d] = lambda[d] != 0.0 && lambda[d].abs() < projector.penalty[d];
            }
            let rank = orthonormal(&mut self.basis[begin..], &binding);
            if self.tasks.len() - begin > rank {
                self.loose.push((self.tasks.len(), q));
            } else {
                self.tasks.truncate(begin);
                self.basis.truncate(begin);
            }
        }
    }

    /// Every loose member's tasks, rows and quota.
    fn each_loose(&self) -> impl Iterator<Item = (&[u32], &[[f64; M]], f64)> {
        let mut begin = 0;
        self.loose.iter().map(move |(end, q)| {
            let range = std::mem::replace(&mut begin, *end)..*end;
            (&self.tasks[range.clone()], &self.basis[range], *q)
        })
    }

    #[inline(always)]
    fn apply(&mut self, p: &[f64]) {
        let mut product = std::mem::take(&mut self.product);
        product.fill(0.0);
        for (tasks, basis, q) in self.each_loose() {
            let mut dots = [0.0; M];
            for (task, row) in tasks.iter().zip(basis) {
                let value = p[*task as usize];
                for a in 0..M {
                    dots[a] += row[a] * value;
                }
            }
            for (task, row) in tasks.iter().zip(basis) {
                let mut value = p[*task as usize];
                for a in 0..M {
                    value -= dots[a] * row[a];
                }
                product[*task as usize] += q * value;
            }
        }
        self.product = product;
    }

    fn diagonal(&mut self) {
        let mut product = std::mem::take(&mut self.product);
        product.fill(0.0);
        for (tasks, basis, q) in self.each_loose() {
            for (task, row) in tasks.iter().zip(basis) {
                let taken: f64 = row.iter().map(|a| a * a).sum();
                product[*task as usize] += q * (1.0 - taken).max(0.0);
            }
        }
        self.product = product;
    }
}

/// Makes the columns of binding constraints orthonormal over the active pairs and the others 0; returns the rank.
#[inline(always)]
fn orthonormal<const M: usize>(rows: &mut [[f64; M]], binding: &[bool; M]) -> usize {
    let mut rank = 0;
    for d in 0..M {
        let before: f64 = rows.iter().map(|row| row[d] * row[d]).sum();
        // Twice is enough (Giraud & Langou 2003).
        for e in (0..d).chain(0..d) {
            let dot: f64 = rows.iter().map(|row| row[d] * row[e]).sum();
            rows.iter_mut().for_each(|row| row[d] -= dot * row[e]);
        }
        let left: f64 = rows.iter().map(|row| row[d] * row[d]).sum();
        let keep = binding[d] && left > DEPENDENT * before;
        let factor = if keep { 1.0 / left.sqrt() } else { 0.0 };
        rows.iter_mut().for_each(|row| row[d] *= factor);
        rank += usize::from(keep);
    }
    rank
}

/// `y_i(v)`, the projection of `centre_i − σ (c_i − v)` onto member i's polytope, for all members.
pub(super) struct Active<const M: usize> {
    arch: Arch,
    parts: Vec<Part<M>>,
    /// `Σ_j h_j v_j + Σ_i q_i min_y { (c_i − v)·y + |y − centre_i|² / 2σ }`, concave in v.
    pub(super) value: f64,
    /// Its gradient: hours missing.
    pub(super) missing: Vec<f64>,
}

impl<const M: usize> Active<M> {
    /// Around the given shares, with a guess of (u, g), both in the order of the chunks.
    pub(super) fn new<'a>(
        form: &Form,
        shares: impl Iterator<Item = &'a [f64]>,
        multipliers: impl Iterator<Item = &'a [[f64; M]]>,
    ) -> Self {
        let part = |members: &Range<usize>, shares: &[f64], multipliers: &[[f64; M]]| Part {
            members: members.clone(),
            pairs: form.starts[members.start]..form.starts[members.end],
            centre: shares.to_vec(),
            y: shares.to_vec(),
            multipliers: multipliers.to_vec(),
            worked: vec![0.0; form.hours.len()],
            value: 0.0,
            loose: Vec::new(),
            tasks: Vec::new(),
            basis: Vec::new(),
            product: vec![0.0; form.hours.len()],
            projector: Projector::new(),
        };
        let guesses = shares.zip(multipliers);
        Active {
            arch: Arch::new(),
            parts: form.chunks.iter().zip(guesses).map(|(members, (y, m))| part(members, y, m)).collect(),
            value: 0.0,
            missing: vec![0.0; form.hours.len()],
        }
    }

    pub(super) fn shares(&self) -> impl Iterator<Item = &[f64]> {
        self.parts.iter().map(|part| part.y.as_slice())
    }

    /// Projects at prices v.
    pub(super) fn project(&mut self, form: &Form, prices: &[f64], sigma: f64) {
        let arch = self.arch;
        for_each(self.parts.iter_mut().collect(), |part| {
            arch.dispatch(
                #[inline(always)]
                || part.project(form, prices, sigma),
            );
        });
        self.missing.copy_from_slice(&form.hours);
        self.value = form.hours.iter().zip(prices).map(|(h, v)| h * v).sum();
        for part in &self.parts {
            self.value += part.value;
            self.missing.iter_mut().zip(&part.worked).for_each(|(miss, worked)| *miss -= worked);
        }
    }

    /// out = −∇²p / σ, where the Hessian is `−σ Σ_i q_i J_i`, J the derivative of a projection: onto the active pairs, less
    /// what the binding constraints take.
    pub(super) fn apply(&mut self, p: &[f64], out: &mut [f64]) {
        let arch = self.arch;
        for_each(self.parts.iter_mut().collect(), |part| {
            arch.dispatch(
                #[inline(always)]
                || part.apply(p),
            );
        });
        self.gather(out);
    }

    /// The diagonal of what [`apply`](Self::apply) applies.
    pub(super) fn diagonal(&mut self, out: &mut [f64]) {
        for_each(self.parts.iter_mut().collect(), Part::diagonal);
        self.gather(out);
    }

    fn gather(&self, out: &mut [f64]) {
        out.fill(0.0);
        for part in &self.parts {
            out.iter_mut().zip(&part.product).for_each(|(sum, term)| *sum += term);
        }
    }
}
