//! Newton's method on what councils report of their reactions.

use serde::{Deserialize, Serialize};

use super::{Disclosure, PriceRule, Recorded, Reports};
use crate::Slopes;
use crate::economy::{PRICE_LIMIT, logs};
use crate::linear::solve;

/// Largest change of a price in one round, as an exponent of e.
const LONGEST_STEP: f64 = 10.0;
/// Share of the expected decrease that a step must achieve.
const SUFFICIENT: f64 = 1e-4;
/// Rounding in Φ, relative to its terms.
const ROUNDING: f64 = 1e-12;
/// Shortenings of a step before another direction is tried, and in all.
const FEW_CUTS: usize = 2;
const MOST_CUTS: usize = 12;
/// Where the imbalance of a good reacts to its own price by less than this elasticity, other prices do more.
const SMALLEST_SLOPE: f64 = 0.5;
/// Share of the smallest sum of squares so far that is progress by itself.
const MUCH: f64 = 0.25;
/// Bound on logarithms of D/S, so that nothing supplied or asked for is a number too.
const LARGEST_LOG_RATIO: f64 = 700.0;
/// Prices stay this far within the permitted range: a good that is plentiful at any price becomes all but free.
const ROOM: f64 = 1e10;

/// Solves for the prices that would clear if supply and demand reacted everywhere as they do here.
///
/// With `S` and `D` and their slopes in the logarithms `u` of prices, the next announcement is `u + δ`,
///
/// ```text
/// Σ_j (∂log S_g/∂u_j − ∂log D_g/∂u_j)·δ_j = log(D_g/S_g)
/// ```
///
/// Convergence is quadratic. Far from agreement the method is damped: where councils' answers have a potential
/// [Φ](crate::Certificate), which is convex in prices and smallest where they clear, a step that does not lower it enough
/// is shortened; and if that does not help, it is replaced by one in which each price clears its own good, or by one on Φ
/// itself, whose curvature is never negative. Both go down Φ, so the rule converges from any prices. Where there is no potential (incomes that depend on prices, subsistence
/// quantities, increasing returns, custom councils) the sum of squares of log(D/S) takes its place, and agreement is
/// not certain.
///
/// Some goods have no positive clearing price: with fixed proportions one input may be plentiful at any. The rule then
/// lowers its price towards 0, and its imbalance remains; the certificate shows that nothing is lost by it.
///
/// # What a facilitation board would ask of councils
/// With each proposal, by how much every quantity in it would change if one price rose by a percent. These reports add
/// up, so that nobody's need be seen. Every shortened step is a round of proposals.
///
/// # Complexity
/// A dense linear solve in the number of goods each round, besides what the reports cost.
///
/// # Example
/// ```
/// use parecon_planning::{Config, Newton, experiment, plan};
///
/// let economy = experiment::small_example()?;
/// let config = Config::new().with_start_price(10.0).with_tolerance(1e-12);
/// let outcome = plan(&economy, &mut Newton::new(), &config, &mut ())?;
/// assert!(outcome.status.is_converged() && outcome.rounds.len() <= 6);
/// # Ok::<(), parecon_planning::Error>(())
/// ```
///
/// # Reference
/// J. E. Dennis and R. B. Schnabel, *Numerical Methods for Unconstrained Optimization and Nonlinear Equations* (SIAM
/// 1996), chapters 5 and 6.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newton {
    trial: Option<Trial>,
    /// Smallest sum of squares of log(D/S) so far.
    best: Option<f64>,
    /// Rounds to go on without a test, and how many there were the last time.
    untested: usize,
    last_untested: usize,
    without_slopes: Recorded,
}

/// A step that was announced and not yet judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trial {
    from: State,
    direction: Vec<f64>,
    kind: Kind,
    length: f64,
    cuts: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// The whole system in log(D/S).
    Logarithms,
    /// Each good on its own.
    Diagonal,
    /// The curvature of Φ.
    Potential,
}

/// What a round showed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    u: Vec<f64>,
    /// Values of supply and demand.
    supply: Vec<f64>,
    demand: Vec<f64>,
    slopes: Slopes,
    /// log(D/S), within limits.
    residual: Vec<f64>,
}

impl Newton {
    /// The rule at its first round.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The step to try from a state: the first of the given kind or a later one that leads down.
    fn start(&mut self, from: State, first: Kind) -> Vec<f64> {
        for kind in [Kind::Logarithms, Kind::Diagonal, Kind::Potential] {
            if (kind as usize) < first as usize {
                continue;
            }
            if let Some(direction) = from.direction(kind) {
                let next = moved(&from.u, &direction, 1.0);
                self.trial = Some(Trial { from, direction, kind, length: 1.0, cuts: 0 });
                return next;
            }
        }
        self.trial = None;
        from.u
    }

    fn next(&mut self, now: State) -> Vec<f64> {
        let Some(mut trial) = self.trial.take().filter(|t| t.from.u.len() == now.u.len()) else {
            self.best = Some(now.squares());
            (self.untested, self.last_untested) = (0, 0);
            return self.start(now, Kind::Logarithms);
        };
        let squares = now.squares();
        // Far nearer than ever is progress whatever Φ says; that cannot go on without end.
        let much_nearer = self.best.is_none_or(|best| squares < MUCH * best);
        let accepted = much_nearer || trial.accepts(&now);
        self.best = Some(self.best.map_or(squares, |best| best.min(squares)));
        if self.untested > 0 {
            self.untested -= 1;
            return self.start(now, Kind::Diagonal);
        }
        if accepted || trial.cuts >= MOST_CUTS {
            return self.start(now, Kind::Logarithms);
        }
        if trial.cuts == FEW_CUTS && trial.kind == Kind::Logarithms {
            return self.start(trial.from, Kind::Diagonal);
        }
        if trial.cuts == FEW_CUTS && trial.kind == Kind::Diagonal {
            if now.slopes.potential.is_some() {
                return self.start(trial.from, Kind::Potential);
            }
            // Without a potential nothing says which way is down: raise what is short and lower what is plentiful for a
            // while, longer each time.
            self.last_untested = (2 * self.last_untested).max(2);
            self.untested = self.last_untested;
        }
        trial.cuts += 1;
        trial.length *= 0.4;
        let next = moved(&trial.from.u, &trial.direction, trial.length);
        self.trial = Some(trial);
        next
    }
}

impl Trial {
    /// Whether the state reached is enough of a progress.
    fn accepts(&self, now: &State) -> bool {
        let nearer = now.distance() < 0.5 * self.from.distance();
        if let (Some(before), Some(after)) = (self.from.slopes.potential, now.slopes.potential) {
            let change = after - before;
            let slope = self.from.slope(&self.direction);
            // In the end the decrease of Φ drowns in rounding, and the distance has to tell.
            return change <= SUFFICIENT * self.length * slope
                || (change.abs() <= ROUNDING * now.slopes.magnitude && nearer)
                || now.distance() < ROUNDING.sqrt();
        }
        now.squares() <= (1.0 - SUFFICIENT * self.length) * self.from.squares()
    }
}

impl State {
    fn new(reports: &Reports<'_>, slopes: &Slopes) -> Self {
        let prices = reports.prices();
        let all = reports.aggregates();
        let values = |q: &[f64]| q.iter().zip(prices).map(|(q, p)| q * p).collect::<Vec<f64>>();
        let (supply, demand) = (values(&all.supply), values(&all.demand));
        let residual = supply
            .iter()
            .zip(&demand)
            .map(|(s, d)| {
                let log = d.ln() - s.ln();
                if log.is_nan() { 0.0 } else { log.clamp(-LARGEST_LOG_RATIO, LARGEST_LOG_RATIO) }
            })
            .collect();
        State { u: logs(prices), supply, demand, slopes: slopes.clone(), residual }
    }

    fn squares(&self) -> f64 {
        self.residual.iter().map(|r| r * r).sum()
    }

    fn distance(&self) -> f64 {
        self.residual.iter().fold(0.0, |most: f64, r| most.max(r.abs()))
    }

    /// Slope of Φ in a direction.
    fn slope(&self, direction: &[f64]) -> f64 {
        let surplus = self.supply.iter().zip(&self.demand).map(|(s, d)| s - d);
        direction.iter().zip(surplus).map(|(d, surplus)| d * surplus).sum()
    }

    fn direction(&self, kind: Kind) -> Option<Vec<f64>> {
        let n = self.u.len();
        let mut direction = match kind {
            Kind::Logarithms => {
                let relative = |at: usize| {
                    self.slopes.supply[at] / self.supply[at / n]
                        - self.slopes.demand[at] / self.demand[at / n]
                };
                solve(&(0..n * n).map(relative).collect::<Vec<_>>(), &self.residual)?
            }
            Kind::Potential => {
                // What is far from balance weighs on the diagonal, so that steps stay moderate where supply or demand
                // does not react; it vanishes in balance.
                let size = |g: usize| self.supply[g] + self.demand[g];
                let scale: Vec<f64> = (0..n).map(|g| size(g).sqrt().recip()).collect();
                let curvature = |at: usize| {
                    let (g, j) = (at / n, at % n);
                    let weight = if g == j {
                        0.5 * (self.supply[g] - self.demand[g]).abs() + 1e-12 * size(g)
                    } else {
                        0.0
                    };
                    (self.slopes.supply[at] - self.slopes.demand[at] + weight) * scale[g] * scale[j]
                };
                let right: Vec<f64> = (0..n).map(|g| (self.demand[g] - self.supply[g]) * scale[g]).collect();
                let mut scaled = solve(&(0..n * n).map(curvature).collect::<Vec<_>>(), &right)?;
                scaled.iter_mut().zip(&scale).for_each(|(d, s)| *d *= s);
                scaled
            }
            Kind::Diagonal => {
                let own = |g: usize| {
                    let at = g * n + g;
                    self.slopes.supply[at] / self.supply[g] - self.slopes.demand[at] / self.demand[g]
                };
                let step = |g: usize| {
                    let slope = own(g);
                    // A supply that falls as its price rises, or does not exist, tells no length.
                    let slope = if slope.is_finite() { slope.max(SMALLEST_SLOPE) } else { 1.0 };
                    (self.residual[g] / slope).clamp(-LONGEST_STEP, LONGEST_STEP)
                };
                (0..n).map(step).collect()
            }
        };
        let longest = direction.iter().fold(0.0, |longest: f64, d| longest.max(d.abs()));
        if longest > LONGEST_STEP {
            direction.iter_mut().for_each(|d| *d *= LONGEST_STEP / longest);
        }
        let down = self.slopes.potential.is_none() || self.slope(&direction) < 0.0;
        (longest > 0.0 && down).then_some(direction)
    }
}

fn moved(u: &[f64], direction: &[f64], length: f64) -> Vec<f64> {
    u.iter().zip(direction).map(|(u, d)| u + length * d).collect()
}

impl PriceRule for Newton {
    fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
        let goods = reports.prices().len();
        let Some(slopes) =
            reports.slopes().filter(|s| s.is_over(goods) && reports.aggregates().is_over(goods))
        else {
            return self.without_slopes.revise(reports);
        };
        if reports.round() == 1 {
            // What was tried last was tried on another year's economy.
            self.trial = None;
        }
        let limit = PRICE_LIMIT / ROOM;
        self.next(State::new(reports, slopes))
            .into_iter()
            .map(|u| u.exp().clamp(1.0 / limit, limit))
            .collect()
    }

    fn disclosure(&self) -> Disclosure {
        Disclosure::Elasticities
    }
}
