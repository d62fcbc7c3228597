//! Prices to start the model from where those at hand are far off.

use std::ops::Range;

use parecon_core::chunked_reduce;

use super::model::Model;
use crate::linear::{Lu, gmres, matrix_chunk};
use crate::total::total;

/// Changes of producer at most.
const CHOICES: usize = 100;
/// A producer that is better by less, as an exponent of e, is not worth a change.
const BETTER: f64 = 1e-11;
/// Precision of what is only a start.
const PRECISION: f64 = 1e-8;

/// The cheapest maker of each good, if it is better than the endowment, and its price.
struct Best {
    price: Vec<f64>,
    maker: Vec<Option<usize>>,
}

impl Model<'_> {
    /// Prices at which every good's best producer alone earns what is spent on the good, if producers keep
    /// their present shares of it: supply is then between demand and a multiple of it.
    ///
    /// Policy iteration on `u_o = min_w [log X_o/h_w − constant_w + Σ b_wi·u_i]`, a contraction.
    pub(super) fn fresh_start(&self, u: &[f64]) -> Option<Vec<f64>> {
        let n = u.len();
        let spent: Vec<f64> = self.all_spending(u)?.iter().map(|x| x.ln()).collect();
        let target = |w: usize| {
            let line = self.line(w);
            spent[self.output(w)] / line.elasticity - line.constant
        };
        let mut u = u.to_vec();
        let mut chosen: Vec<Option<usize>> = Vec::new();
        for _ in 0..CHOICES {
            let Best { price, maker } = self.best_makers(&spent, &u, &target);
            let mut changed = [if maker == chosen { 0.0 } else { 1.0 }];
            self.group().largest(&mut changed);
            if changed[0] == 0.0 {
                break;
            }
            chosen = maker;
            // Makers in two processes may be equally good: then their mean is as good.
            let mut sums = vec![0.0; 2 * n];
            for (g, maker) in chosen.iter().enumerate() {
                if let Some(w) = *maker {
                    sums[g] = 1.0;
                    sums[n + g] = target(w);
                }
            }
            self.group().sum(&mut sums);
            let right: Vec<f64> =
                (0..n).map(|g| if sums[g] > 0.0 { sums[n + g] / sums[g] } else { price[g] }).collect();
            let apply = |v: &[f64]| -> Vec<f64> {
                let mut inputs: Vec<f64> =
                    chosen.iter().map(|maker| maker.map_or(0.0, |w| self.input_price(w, v))).collect();
                self.group().sum(&mut inputs);
                (0..n).map(|g| v[g] - inputs[g] / sums[g].max(1.0)).collect()
            };
            u = gmres(apply, &vec![1.0; n], &right, PRECISION)?;
        }
        Some(u)
    }

    fn best_makers(&self, spent: &[f64], u: &[f64], target: &(impl Fn(usize) -> f64 + Sync)) -> Best {
        let n = u.len();
        let endowed: Vec<f64> = spent.iter().zip(self.endowments()).map(|(x, e)| x - e.ln()).collect();
        let none = || Best { price: endowed.clone(), maker: vec![None; n] };
        let fold = |range: Range<usize>| {
            let mut best = none();
            for w in range {
                let (g, price) = (self.output(w), target(w) + self.input_price(w, u));
                if price < best.price[g] - BETTER {
                    (best.price[g], best.maker[g]) = (price, Some(w));
                }
            }
            best
        };
        let merge = |total: &mut Best, part: Best| {
            for g in 0..n {
                if part.price[g] < total.price[g] - BETTER {
                    (total.price[g], total.maker[g]) = (part.price[g], part.maker[g]);
                }
            }
        };
        let mut best = chunked_reduce(self.councils(), self.chunk(), fold, merge).unwrap_or_else(none);
        let mut cheapness: Vec<f64> = best.price.iter().map(|price| -price).collect();
        self.group().largest(&mut cheapness);
        for g in 0..n {
            if -cheapness[g] < best.price[g] {
                (best.price[g], best.maker[g]) = (-cheapness[g], None); // made elsewhere, or not at all
            }
        }
        best
    }

    /// `X = M + Σ_w b_w·(share of w in its good's output)·X_o`: what is spent on each good, inputs included.
    fn all_spending(&self, u: &[f64]) -> Option<Vec<f64>> {
        let n = u.len();
        let largest_of = |total: &mut Vec<f64>, part: Vec<f64>| {
            total.iter_mut().zip(part).for_each(|(t, p)| *t = t.max(p));
        };
        let logs = self.each(|range, part| {
            range.zip(part).for_each(|(w, log)| *log = self.log_revenue(w, u));
        });
        let peak = |range: Range<usize>| {
            let mut largest = vec![f64::NEG_INFINITY; n];
            range.for_each(|w| largest[self.output(w)] = largest[self.output(w)].max(logs[w]));
            largest
        };
        let mut largest = chunked_reduce(self.councils(), self.chunk(), peak, largest_of)
            .unwrap_or_else(|| vec![f64::NEG_INFINITY; n]);
        self.group().largest(&mut largest);
        let relative = self.each(|range, part| {
            range.zip(part).for_each(|(w, made)| *made = (logs[w] - largest[self.output(w)]).exp());
        });
        let add_up = |range: Range<usize>, made: &mut [f64]| {
            range.for_each(|w| made[self.output(w)] += relative[w]);
        };
        let mut made = total(self.councils(), self.chunk(), n, add_up);
        self.group().sum(&mut made);

        if self.has_matrices() {
            let fold = |range: Range<usize>, matrix: &mut [f64]| {
                let mut memory = Vec::new();
                for w in range {
                    let o = self.output(w);
                    let (goods, shares) = self.technology_at(w, u, &mut memory);
                    for (i, share) in goods.iter().zip(shares) {
                        matrix[o * n + i.index()] += share * relative[w] / made[o];
                    }
                }
            };
            let chunk = matrix_chunk(self.councils(), n * n);
            let mut matrix = total(self.councils(), chunk, n * n, fold);
            self.group().sum(&mut matrix);
            let cell = |i: usize, o: usize| (if i == o { 1.0 } else { 0.0 }) - matrix[o * n + i];
            return Lu::of(n, cell)?.solve(self.spending());
        }
        let apply = |x: &[f64]| -> Vec<f64> {
            let fold = |range: Range<usize>, used: &mut [f64]| {
                let mut memory = Vec::new();
                for w in range {
                    let o = self.output(w);
                    let (goods, shares) = self.technology_at(w, u, &mut memory);
                    for (i, share) in goods.iter().zip(shares) {
                        used[i.index()] += share * relative[w] / made[o] * x[o];
                    }
                }
            };
            let mut used = total(self.councils(), self.chunk(), n, fold);
            self.group().sum(&mut used);
            x.iter().zip(used).map(|(x, used)| x - used).collect()
        };
        gmres(apply, &vec![1.0; n], self.spending(), PRECISION)
    }
}
