//! What the model of the councils leaves unexplained, and what follows from it.

use serde::{Deserialize, Serialize};

use super::model::Model;
use crate::Aggregates;
use crate::linear::solve;

/// A round that leaves less than this share of the distance needs no correction.
const GOOD: f64 = 0.1;
/// A round that leaves more than this share of the distance calls for shorter steps.
const POOR: f64 = 0.7;
/// A model that misses less than this share of an earlier round's change explains it.
const EXPLAINED: f64 = 0.03;
/// Earlier rounds compared at most.
const MEMORY: usize = 6;
/// Prices further apart, as an exponent of e, say nothing of the slopes here.
const NEIGHBOURHOOD: f64 = 3.0;
/// Distance, as |log(D/S)|, beyond which the model's own answer reaches further than a linear one.
const FAR: f64 = 1.5;
/// |log(D/S)| of a good of which nothing is made or wanted.
const NOTHING: f64 = 30.0;
/// Keeps the least-squares problem of the secants regular.
const RIDGE: f64 = 1e-10;

/// Rounds so far and the longest step now permitted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Correction {
    /// Logarithms of prices, and log(D/S) there.
    rounds: Vec<(Vec<f64>, Vec<f64>)>,
    /// Longest change of the logarithm of a price; none is infinite.
    radius: Option<f64>,
    last_step: f64,
}

impl Correction {
    /// The prices to announce, given those that would clear the model.
    ///
    /// Where the last round left a good part of the distance and the model does not explain earlier rounds, the errors
    /// `e_j` that it makes there are taken as linear in `s_j = u_j − u`: with `C = E·S⁺`, the step solves
    /// `(J − C)·δ = log(D/S)`.
    pub(super) fn apply(
        &mut self,
        model: &Model<'_>,
        u: &[f64],
        all: &Aggregates,
        clearing: Vec<f64>,
        trusted: bool,
    ) -> Vec<f64> {
        let ratio = |(d, s): (&f64, &f64)| {
            let log = d.ln() - s.ln();
            if log.is_infinite() { log.clamp(-NOTHING, NOTHING) } else { log }
        };
        let residual: Vec<f64> = all.demand.iter().zip(&all.supply).map(ratio).collect();
        let distance = size(&residual);
        self.rounds.retain(|(at, seen)| [at.len(), seen.len()] == [u.len(); 2]);
        let before = self.rounds.last().map(|(_, r)| r);
        let last = before.map(|r| size(r));
        // Whether what is furthest from balance has been stepped over.
        let overshot = before.is_some_and(|before| {
            before.iter().zip(&residual).any(|(b, r)| b * r < 0.0 && r.abs() >= POOR * distance)
        });
        let mut next = clearing;
        let usable = trusted && distance.is_finite();
        if let Some(last) = last.filter(|last| usable && distance > GOOD * last) {
            let step = self.step(model, u, &residual);
            if step.is_some() && overshot && distance > POOR * last {
                self.radius = Some(0.5 * self.radius.unwrap_or(f64::INFINITY).min(self.last_step));
            } else {
                self.radius = self.radius.map(|r| 2.0 * r);
            }
            if let Some(step) = step.filter(|_| distance <= FAR) {
                next = u.iter().zip(&step).map(|(u, d)| u + d).collect();
            }
        } else {
            self.radius = self.radius.map(|r| 4.0 * r);
        }
        let change: Vec<f64> = next.iter().zip(u).map(|(next, u)| next - u).collect();
        let longest = size(&change);
        if let Some(radius) = self.radius.filter(|r| longest > *r) {
            next = u.iter().zip(&change).map(|(u, d)| u + d * (radius / longest)).collect();
        }
        self.last_step = longest.min(self.radius.unwrap_or(f64::MAX));
        if last.is_none() {
            self.rounds.clear();
        }
        if usable {
            self.rounds.push((u.to_vec(), residual));
        }
        if self.rounds.len() > MEMORY {
            self.rounds.remove(0);
        }
        next
    }

    /// The corrected step; `None` if the model needs no correction.
    fn step(&self, model: &Model<'_>, u: &[f64], residual: &[f64]) -> Option<Vec<f64>> {
        let (mut moves, mut errors) = (Vec::new(), Vec::new());
        let mut unexplained: f64 = 0.0;
        for (at, seen) in self.rounds.iter().rev() {
            let moved: Vec<f64> = at.iter().zip(u).map(|(a, u)| a - u).collect();
            let length = size(&moved);
            if !(length > 0.0 && length < NEIGHBOURHOOD) {
                continue;
            }
            let error: Vec<f64> = seen.iter().zip(model.residual(at)).map(|(r, m)| r - m).collect();
            let change: Vec<f64> = seen.iter().zip(residual).map(|(r, now)| r - now).collect();
            unexplained = unexplained.max(size(&error) / size(&change));
            moves.push(moved);
            errors.push(error);
        }
        if !(unexplained > EXPLAINED && unexplained.is_finite()) {
            return None;
        }
        // Weighted by 1/|s|², so that a near round counts as much as a far one.
        let m = moves.len();
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        for (moved, error) in moves.iter_mut().zip(&mut errors) {
            let scale = dot(moved, moved).sqrt().recip();
            moved.iter_mut().chain(error).for_each(|v| *v *= scale);
        }
        let mut gram = vec![0.0; m * m];
        for i in 0..m {
            for j in 0..m {
                gram[i * m + j] = dot(&moves[i], &moves[j]) + if i == j { RIDGE } else { 0.0 };
            }
        }
        // `(J − E·S⁺)·δ = r` by Woodbury's formula: with Y = J⁻¹·r and Z = J⁻¹·E, and S⁺ = (SᵀS)⁻¹·Sᵀ, the weights
        // y = S⁺·δ solve `(SᵀS − SᵀZ)·y = Sᵀ·Y`, and δ = Y + Z·y.
        let rights: Vec<&[f64]> = std::iter::once(residual).chain(errors.iter().map(Vec::as_slice)).collect();
        let solved = model.solve_at(u, &rights)?;
        let (y, z) = solved.split_first()?;
        for i in 0..m {
            for j in 0..m {
                gram[i * m + j] -= dot(&moves[i], &z[j]);
            }
        }
        let right: Vec<f64> = moves.iter().map(|moved| dot(moved, y)).collect();
        let weights = solve(&gram, &right)?;
        let step = |g: usize| y[g] + weights.iter().zip(z).map(|(w, z)| w * z[g]).sum::<f64>();
        Some((0..u.len()).map(step).collect())
    }
}

/// Largest absolute value; infinite if one is not a number.
fn size(v: &[f64]) -> f64 {
    v.iter().fold(0.0, |most, x| if x.is_nan() { f64::INFINITY } else { x.abs().max(most) })
}
