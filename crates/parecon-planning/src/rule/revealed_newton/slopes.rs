//! How supply and demand of the model react to prices, and the linear systems that follow.

use std::ops::Range;

use super::model::{Model, State};
use crate::linear::{Lu, gmres, matrix_chunk};
use crate::total::total;

/// With `r_w = h_w·V_w`, supply and demand have the derivatives in the logarithms of prices
///
/// ```text
/// S' = diag(p·ω + R) − C,   D' = Cᵀ − H,   R_o = Σ_{w makes o} r_w,   C_oi = Σ_{w makes o} r_w·b_wi,   H_ij = Σ_w r_w·b_wi·b_wj
/// ```
///
/// so that `C` and half of `H` are all there is to add up, or else to apply. A council that substitutes with elasticity `σ`
/// adds `(1 − σ)·V·(b·bᵀ/B − diag(b))` to `H`.
pub(super) enum Slopes<'m> {
    Matrices(Matrices),
    Councils { model: &'m Model<'m>, u: Vec<f64>, reactions: Vec<f64>, diagonals: Vec<f64> },
}

/// `(1 − σ)·V`, and divided by `B`, of a council with such a reaction and such shares.
fn substitution(model: &Model<'_>, w: usize, reaction: f64, shares: &[f64]) -> (f64, f64) {
    let Some(r) = model.exponent(w) else { return (0.0, 0.0) };
    let change = r * reaction / model.line(w).elasticity;
    (change, change / shares.iter().sum::<f64>().max(f64::MIN_POSITIVE))
}

/// `R`, `C` by rows and the upper half of `H` by rows, one after the other.
pub(super) struct Matrices {
    n: usize,
    sums: Vec<f64>,
}

/// What a linear system is solved with, as often as needed.
pub(super) enum System<'s> {
    Factors(Lu),
    Product { slopes: &'s Slopes<'s>, state: &'s State, logarithms: bool },
}

impl Matrices {
    /// Where row `i` of `H` would have its column 0.
    fn row(n: usize, i: usize) -> usize {
        n + n * n + i * (2 * n - i - 1) / 2
    }

    fn of(model: &Model<'_>, u: &[f64]) -> Self {
        let n = u.len();
        let rows: Vec<usize> = (0..n).map(|i| Self::row(n, i)).collect();
        let size = n + n * n + n * (n + 1) / 2;
        let fold = |range: Range<usize>, sums: &mut [f64]| {
            let mut memory = Vec::new();
            model.revenues(range, u, |w, revenue| {
                let o = model.output(w);
                let reaction = model.line(w).elasticity * revenue;
                sums[o] += reaction;
                let cross = n + o * n;
                let (goods, shares) = model.technology_at(w, u, &mut memory);
                let (change, shared) = substitution(model, w, reaction, shares);
                for (at, (i, share)) in goods.iter().zip(shares).enumerate() {
                    let (i, part) = (i.index(), share * (reaction + shared));
                    sums[cross + i] += share * reaction;
                    sums[rows[i] + i] += part * share - share * change;
                    for (j, other) in goods[..at].iter().zip(shares) {
                        let j = j.index();
                        sums[rows[i.min(j)] + i.max(j)] += part * other;
                    }
                }
            });
        };
        let mut sums = total(model.councils(), matrix_chunk(model.councils(), size), size, fold);
        model.group().sum(&mut sums);
        Matrices { n, sums }
    }

    fn own(&self, o: usize) -> f64 {
        self.sums[o]
    }

    fn cross(&self, o: usize, i: usize) -> f64 {
        self.sums[self.n + o * self.n + i]
    }

    fn inputs(&self, i: usize, j: usize) -> f64 {
        self.sums[Self::row(self.n, i.min(j)) + i.max(j)]
    }
}

impl<'m> Slopes<'m> {
    pub(super) fn at(model: &'m Model<'m>, u: &[f64]) -> Self {
        if model.has_matrices() {
            return Slopes::Matrices(Matrices::of(model, u));
        }
        let n = u.len();
        let reactions = model.each(|range, part| {
            let reaction = |w, revenue| model.line(w).elasticity * revenue;
            let first = range.start;
            model.revenues(range, u, |w, revenue| part[w - first] = reaction(w, revenue));
        });
        let fold = |range: Range<usize>, sums: &mut [f64]| {
            let mut memory = Vec::new();
            for w in range {
                let o = model.output(w);
                sums[o] += reactions[w];
                let (goods, shares) = model.technology_at(w, u, &mut memory);
                let (change, shared) = substitution(model, w, reactions[w], shares);
                for (i, share) in goods.iter().zip(shares) {
                    let i = i.index();
                    if i == o {
                        sums[n + i] += share * reactions[w];
                    }
                    sums[2 * n + i] += share * (share * (reactions[w] + shared) - change);
                }
            }
        };
        let mut diagonals = total(model.councils(), model.chunk(), 3 * n, fold);
        model.group().sum(&mut diagonals);
        Slopes::Councils { model, u: u.to_vec(), reactions, diagonals }
    }

    /// For steps in the logarithms of prices: the derivative of `log(S/D)`, or of `S − D` (Φ's curvature) scaled to
    /// like size on both sides.
    pub(super) fn system<'s>(&'s self, state: &'s State, logarithms: bool) -> Option<System<'s>> {
        let Slopes::Matrices(m) = self else {
            return Some(System::Product { slopes: self, state, logarithms });
        };
        let (supply, demand) = (&state.supply, &state.demand);
        let own = |g: usize, j: usize| if g == j { state.endowed[g] + m.own(g) } else { 0.0 };
        let lu = if logarithms {
            Lu::of(m.n, |g, j| {
                (own(g, j) - m.cross(g, j)) / supply[g] - (m.cross(j, g) - m.inputs(g, j)) / demand[g]
            })
        } else {
            let scale = state.scale();
            Lu::of(m.n, |g, j| {
                (own(g, j) - m.cross(g, j) - m.cross(j, g) + m.inputs(g, j)) * scale[g] * scale[j]
            })
        };
        lu.map(System::Factors)
    }

    /// `S'·v` and `D'·v` of all councils, one after the other, without endowments.
    fn products(&self, v: &[f64]) -> Vec<f64> {
        let Slopes::Councils { model, u, reactions, .. } = self else { return Vec::new() };
        let n = v.len();
        let fold = |range: Range<usize>, sums: &mut [f64]| {
            let mut memory = Vec::new();
            for w in range {
                let o = model.output(w);
                let (goods, shares) = model.technology_at(w, u, &mut memory);
                let (change, shared) = substitution(model, w, reactions[w], shares);
                let mean: f64 = goods.iter().zip(shares).map(|(i, share)| share * v[i.index()]).sum();
                let moved = reactions[w] * (v[o] - mean);
                sums[o] += moved;
                for (i, share) in goods.iter().zip(shares) {
                    sums[n + i.index()] += share * (moved + change * v[i.index()] - shared * mean);
                }
            }
        };
        let mut sums = total(model.councils(), model.chunk(), 2 * n, fold);
        model.group().sum(&mut sums);
        sums
    }

    fn solve_by_products(&self, state: &State, logarithms: bool, right: &[f64]) -> Option<Vec<f64>> {
        let Slopes::Councils { diagonals, .. } = self else { return None };
        let n = right.len();
        let scale = state.scale();
        let combine = |g: usize, s: f64, d: f64| {
            if logarithms { s / state.supply[g] - d / state.demand[g] } else { (s - d) * scale[g] }
        };
        let apply = |v: &[f64]| -> Vec<f64> {
            let scaled: Vec<f64>;
            let v = if logarithms {
                v
            } else {
                scaled = v.iter().zip(&scale).map(|(v, s)| v * s).collect();
                &scaled
            };
            let sums = self.products(v);
            (0..n).map(|g| combine(g, state.endowed[g] * v[g] + sums[g], sums[n + g])).collect()
        };
        let diagonal: Vec<f64> = (0..n)
            .map(|g| {
                let (own, cross, inputs) = (diagonals[g], diagonals[n + g], diagonals[2 * n + g]);
                let entry = combine(g, state.endowed[g] + own - cross, cross - inputs);
                if logarithms { entry } else { entry * scale[g] }
            })
            .collect();
        // No more digits than Newton's next point will have.
        gmres(apply, &diagonal, right, (1e-2 * state.distance()).clamp(1e-9, 1e-3))
    }
}

impl System<'_> {
    pub(super) fn solve(&self, right: &[f64]) -> Option<Vec<f64>> {
        match self {
            System::Factors(lu) => lu.solve(right),
            System::Product { slopes, state, logarithms } => {
                slopes.solve_by_products(state, *logarithms, right)
            }
        }
    }

    /// The factors, for use at later points.
    pub(super) fn into_factors(self) -> Option<Lu> {
        match self {
            System::Factors(lu) => Some(lu),
            System::Product { .. } => None,
        }
    }
}
