//! From proposals that do not fit together to a plan that does.

mod rationed;
mod sums;

use std::ops::Range;

use crate::economy::{Answers, LARGEST_LOG, logs};
use crate::linear::{Lu, gmres, worth_matrices};
use crate::total::total;
use crate::{Certificate, Economy, Error, GoodId, Proposals};
use rationed::Rationed;
use sums::{Sums, add, weighted};

/// Newton steps at most; a handful suffices even from prices that are far off.
const STEP_LIMIT: usize = 12;
/// The same where some technologies are not Cobb–Douglas, and steps may be those of the map itself.
const MIXED_LIMIT: usize = 200;
/// A good's leftover below this share of the squared imbalance no longer shows in the gap, which is of that order.
const LEFTOVER: f64 = 1e-3;
/// Logarithm of the largest factor between what is proposed and what can be had.
const LARGEST_FACTOR: f64 = 100.0;
/// Precision of a Newton step that is found without a matrix: far below the leftover that remains anyway.
const PRECISION: f64 = 1e-10;
/// Rounding of a sum over councils.
const ROUNDING: f64 = 1e-15;
/// A plan that uses more of a good than there is by a larger share than this is none.
const LAST_DIGITS: f64 = 1e-12;

/// A plan in which nobody uses what is not made.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FeasiblePlan {
    /// What every council makes, uses and consumes. Of a public good each consumer council's quantity is all there is.
    pub plan: Proposals,
    /// For each good, what worker councils receive relative to what they proposed to use.
    pub input_factors: Vec<f64>,
    /// For each good, what is made or endowed and not used as an input: all of it is consumed, if anybody wants it.
    pub consumption: Vec<f64>,
    /// What the plan is worth, and what it lacks at most to the best plan.
    pub certificate: Certificate,
}

impl Economy {
    /// Turns the proposals made at any prices into a plan that fits together.
    ///
    /// Efforts stay as proposed. Worker councils receive the inputs they proposed times a factor `r_g` for each
    /// good, make what their technologies then allow, and consumer councils share what is left in proportion
    /// to their requests. The factors are those at which each good's supply is `r_g` times its demand:
    ///
    /// ```text
    /// log r_g = T_g(log r) = log(S_g(r)/D_g),     S_g(r) = ω_g + Σ_{w makes g} Q_w·Π_i r_i^b_wi
    /// ```
    ///
    /// `T` is increasing, convex, and a contraction in the largest component with modulus `max_w B_w < 1`, so there is
    /// one solution and Newton's method climbs to it monotonically from its first step on, each of its points being
    /// feasible. Since all goods are used up, the welfare lost is of second order in the imbalances.
    ///
    /// Technologies of other kinds have `Q_w·F_w(r)` in place of `Q_w·Π r_i^b_wi`: nested CES technologies make what
    /// their aggregate then allows, those with fixed proportions reduce the whole plan to their scarcest input. `T` is still
    /// increasing, but neither convex nor always a contraction; where Newton's steps do not help, those of `T` itself are
    /// taken. What a consumer council needs at least is left to it.
    ///
    /// Returns `None` from prices so absurd that some proposal is [cut off](Economy), or that some good's demand and
    /// what can be had of it are a factor of e¹⁰⁰ apart; where less of something is left than consumer councils need at
    /// least; where a worker council answers by [first-order conditions](crate::Technology::FirstOrder) of increasing
    /// returns; and where, with technologies of other kinds, no such factors have been found.
    ///
    /// # Errors
    /// If `prices` are not one for each good, each between 1e-100 and 1e100.
    ///
    /// # Complexity
    /// A few (typically 2) Newton steps, or up to 200 where councils are of other kinds, each one exponential per worker
    /// council and a linear solve in the number of goods.
    ///
    /// # Example
    /// ```
    /// use parecon_planning::experiment::small_example;
    ///
    /// let economy = small_example()?;
    /// let plan = economy.make_feasible(&[1.0, 1.0, 1.0])?.ok_or("plans of absurd size")?;
    /// let all = plan.plan.aggregate();
    /// for good in 0..3 {
    ///     assert!(all.demand[good] <= all.supply[good] * (1.0 + 1e-12));
    /// }
    /// // Prices are far from clearing, so something better exists, and the certificate says how much at most.
    /// assert!(plan.certificate.gap_relative > 0.01);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn make_feasible(&self, prices: &[f64]) -> Result<Option<FeasiblePlan>, Error> {
        self.check_prices(prices)?;
        let answers = self.answers_at(prices)?;
        let Some(clearing) = Clearing::of(self, prices, &answers) else { return Ok(None) };
        let Some(certificate) = clearing.certificate(self, prices, &answers) else { return Ok(None) };

        let input_factors: Vec<f64> = clearing.log_factors.iter().map(|f| f.exp()).collect();
        let consumption: Vec<f64> =
            clearing.left(self).iter().zip(prices).map(|(value, price)| value / price).collect();
        let mut plan = self.proposals_at(prices, &answers, true, None);
        let layout = self.layout();
        let others = clearing.others.as_ref();
        plan.rescale(
            |w| match w.checked_sub(self.workers().len()) {
                None => clearing.log_output_factor(self, w).exp(),
                Some(other) => others.map_or(1.0, |o| o.output_factors[other].exp()),
            },
            |good| input_factors[good.index()],
            |at, good, quantity| {
                let g = good.index();
                let all = consumption[g];
                if layout.public[g] {
                    return all;
                }
                match others {
                    None => quantity * (all * prices[g] / self.spending()[g]),
                    Some(other) => {
                        let least = other.minima.get(at.wrapping_sub(other.first_want)).map_or(0.0, |m| *m);
                        least + (quantity - least) * other.beyond(self, g, all * prices[g])
                    }
                }
            },
        );
        Ok(Some(FeasiblePlan { plan, input_factors, consumption, certificate }))
    }
}

impl Economy {
    /// `v − ∂log S/∂ρ · v` at some factors, without the matrix.
    fn rationed_slopes(&self, revenues: &[f64], rho: &[f64], v: &[f64], supply: &[f64]) -> Vec<f64> {
        let fold = |range: Range<usize>, made: &mut [f64]| {
            for w in range {
                let output = revenues[w] * weighted(self, w, |good| rho[good.index()]).exp();
                made[self.layout().output(w).index()] += output * weighted(self, w, |good| v[good.index()]);
            }
        };
        let mut made = total(self.workers().len(), self.chunk(), v.len(), fold);
        self.group().sum(&mut made);
        v.iter().zip(made.iter().zip(supply)).map(|(v, (made, supply))| v - made / supply).collect()
    }
}

/// Input factors that clear every good, and what follows from them, in values at the announced prices.
pub(crate) struct Clearing {
    /// `ρ = log r`.
    log_factors: Vec<f64>,
    sums: Sums,
    others: Option<Rationed>,
}

impl Clearing {
    pub(crate) fn of(economy: &Economy, prices: &[f64], answers: &Answers) -> Option<Self> {
        let revenues = &answers.revenues;
        let cut_off = LARGEST_LOG.exp() * (1.0 - 1e-9);
        let mut largest_revenue = [revenues.iter().copied().fold(0.0, f64::max)];
        economy.group().largest(&mut largest_revenue);
        if largest_revenue[0] >= cut_off {
            return None; // the bound would be too low
        }
        let others = answers.others(economy);
        if let Some((others, given)) = others {
            let without = given.is_cut_off(others, prices)
                || !others.workers.iter().all(|w| w.is_bounded())
                || given.requests.iter().any(|r| r.weight <= 0.0);
            let mut without = [if without { 1.0 } else { 0.0 }];
            economy.group().largest(&mut without);
            if without[0] > 0.0 {
                return None;
            }
        }
        let mut rationed = others.map(|(others, given)| Rationed::new(economy, prices, others, given));
        let n = prices.len();
        let log_prices = if others.is_some() { logs(prices) } else { Vec::new() };
        let mut at = |rho: &[f64], with_jacobian: bool| {
            let mut sums = Sums::of_councils(economy, prices, revenues, rho, with_jacobian);
            if let (Some((others, given)), Some(rationed)) = (others, &mut rationed) {
                rationed.output_factors = sums.absorb(economy, prices, &log_prices, (others, given), rho);
            }
            sums.share(economy.group());
            sums.add_given(economy, prices);
            if let Some(rationed) = &rationed {
                add(&mut sums.proposed, &rationed.requested);
            }
            sums
        };
        let slack = |sums: &Sums, rho: &[f64]| -> Vec<f64> {
            (0..n).map(|g| (sums.supply[g] / sums.proposed[g]).ln() - rho[g]).collect()
        };

        let mut rho = vec![0.0; n];
        let mut sums;
        let mut step = 0;
        let limit = if others.is_some() { MIXED_LIMIT } else { STEP_LIMIT };
        let mut inputs = [economy.layout().all_inputs().len() as f64];
        economy.group().sum(&mut inputs);
        let matrices = others.is_some() || worth_matrices(n, inputs[0]);
        let mut last_open = f64::INFINITY;
        loop {
            sums = at(&rho, matrices && step < limit);
            let residual = slack(&sums, &rho);
            let size = largest(rho.iter().map(|r| r.abs()));
            let open = largest(residual.iter().map(|r| r.abs()));
            let enough = if others.is_some() { LAST_DIGITS * 0.1 } else { LEFTOVER * size * size + ROUNDING };
            if step == limit || (step > 0 && open <= enough) {
                break;
            }
            let matrix = std::mem::take(&mut sums.jacobian);
            let cell = |g: usize, j: usize| {
                let identity = if g == j { 1.0 } else { 0.0 };
                identity - matrix[g * n + j] / sums.supply[g]
            };
            // Where proportions are fixed, Newton's steps may circle or leave the range; the map itself does not.
            let newton = if others.is_some() && open > 0.9 * last_open {
                None
            } else if matrices {
                Lu::of(n, cell).and_then(|lu| lu.solve(&residual))
            } else {
                let apply = |v: &[f64]| economy.rationed_slopes(revenues, &rho, v, &sums.supply);
                gmres(apply, &vec![1.0; n], &residual, PRECISION)
            };
            let direction = match newton {
                None if others.is_some() => residual,
                found => found?,
            };
            for (r, d) in rho.iter_mut().zip(direction) {
                *r += d;
            }
            last_open = open;
            step += 1;
        }

        // Rounding may have left a good short by a last digit. Lowering all factors alike by `shift` lowers supply by
        // at most `B·shift`, which makes room for it.
        let shortage = |sums: &Sums, rho: &[f64]| largest(slack(sums, rho).into_iter().map(|s| -s));
        for _ in 0..4 {
            let short = shortage(&sums, &rho);
            if short <= 0.0 {
                break;
            }
            let shift = (short + ROUNDING) / (1.0 - economy.largest_returns());
            rho.iter_mut().for_each(|r| *r -= shift);
            sums = at(&rho, false);
        }
        let sane = shortage(&sums, &rho) <= LAST_DIGITS
            && sums.loss.is_finite()
            && sums.surplus.is_finite()
            && rho.iter().all(|r| r.abs() <= LARGEST_FACTOR);
        sane.then_some(Clearing { log_factors: rho, sums, others: rationed })
    }

    /// Value of what is left for consumption, for each good: at least the factor's part of what was requested, also
    /// where that is lost in the rounding of enormous inputs.
    fn left(&self, economy: &Economy) -> Vec<f64> {
        let goods = self
            .sums
            .supply
            .iter()
            .zip(&self.sums.used)
            .zip(economy.spending().iter().zip(&self.log_factors));
        let requested = |g: usize| self.others.as_ref().map_or(0.0, |o| o.requested[g]);
        goods
            .enumerate()
            .map(|(g, ((supply, used), (spent, factor)))| {
                (supply - used).max(factor.exp() * (spent + requested(g)))
            })
            .collect()
    }

    fn log_output_factor(&self, economy: &Economy, w: usize) -> f64 {
        weighted(economy, w, |good| self.log_factors[good.index()])
    }

    /// With `t_g` what is consumed relative to what was requested, upper bound and welfare differ by
    ///
    /// ```text
    /// Σ_w V_w·[Σ_i b_wi·φ(ρ_i) − φ(Σ_i b_wi·ρ_i)] + Σ_{g consumed} M_g·φ(log t_g) + Σ_{g not} p_g·unused_g
    /// φ(x) = e^x − 1 − x
    /// ```
    ///
    /// in which no term is negative (for the first, because φ is convex and φ(0) = 0).
    ///
    /// Councils of other kinds add what their part of the plan falls short of their best at the announced prices.
    /// `None` if what is left of some good is less than the minimum that has to be consumed of it.
    pub(crate) fn certificate(
        &self,
        economy: &Economy,
        prices: &[f64],
        answers: &Answers,
    ) -> Option<Certificate> {
        let mut gap = self.sums.loss;
        let mut bound = self.sums.surplus + economy.welfare_constant();
        let mut incomes = economy.total_income();
        let left = self.left(economy);
        let others = answers.others(economy).zip(self.others.as_ref());
        for (g, (&left, &price)) in left.iter().zip(prices).enumerate() {
            let (good, spent) = (&economy.goods()[g], economy.spending()[g]);
            bound += price * good.endowment - spent * price.ln();
            let Some((_, rationed)) = others else {
                gap += if spent > 0.0 { spent * excess_exp((left / spent).ln()) } else { left };
                continue;
            };
            let all = spent + rationed.requested[g];
            if all <= 0.0 {
                gap += left;
            } else if spent > 0.0 && economy.layout().public[g] {
                // Its price is divided in proportion to what each would pay: see `personal`.
                bound -= spent * (spent / all).ln();
                gap += spent * excess_exp((left / all).ln());
            } else if spent > 0.0 {
                gap += spent * excess_exp(rationed.beyond(economy, g, left).ln());
            }
        }
        if let Some(((others, given), rationed)) = others {
            let layout = economy.layout();
            let log_prices = logs(prices);
            let [mut best_here, mut spent_here, mut lost_here, mut without] = [0.0; 4];
            for (c, consumer) in others.consumers.iter().enumerate() {
                let asked = &given.quantities[others.wants_of(c, layout)];
                let personal = rationed.personal(economy, prices, &consumer.wants, asked);
                let (mut best, mut permits) = (vec![0.0; asked.len()], vec![0.0; consumer.exposures.len()]);
                let request = consumer.request(&personal, &log_prices, &mut best, &mut permits);
                if request.weight <= 0.0 {
                    without = 1.0;
                    break;
                }
                let beyond = |i: usize, good: GoodId| {
                    let (g, least) = (good.index(), consumer.minimum(i));
                    let had = if layout.public[g] {
                        left[g] / prices[g] - least
                    } else {
                        (asked[i] - least) * rationed.beyond(economy, g, left[g])
                    };
                    (had / (best[i] - least)).ln()
                };
                let log_factors: Vec<f64> =
                    consumer.wants.iter().enumerate().map(|(i, good)| beyond(i, *good)).collect();
                best_here += request.utility + request.surplus;
                spent_here += request.spent - consumer.council.income;
                lost_here += consumer.loss(&personal, &request, &log_factors);
            }
            let mut sums = [best_here, spent_here, lost_here, without];
            economy.group().sum(&mut sums);
            let [best, spent, lost, without] = sums;
            if without > 0.0 {
                return None;
            }
            bound += best;
            incomes += spent;
            gap += lost;
        }
        gap.is_finite().then(|| Certificate {
            upper_bound: bound,
            welfare: bound - gap,
            gap,
            gap_relative: gap / incomes,
        })
    }
}

/// The largest value, at least 0; infinite if one is not a number, so that it cannot pass for small.
fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |most, value| if value.is_nan() { f64::INFINITY } else { most.max(value) })
}

/// `φ(x) = e^x − 1 − x` without cancellation for small `x`.
fn excess_exp(x: f64) -> f64 {
    if x.abs() < 1e-2 {
        // Terms up to x⁷/7!: relative truncation error below 1e-17.
        x * x
            * (0.5 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0 + x * (1.0 / 720.0 + x / 5040.0)))))
    } else {
        x.exp_m1() - x
    }
}
