//! From proposals that do not fit together to a plan that does.

use std::ops::Range;

use parecon_core::chunked_reduce;

use crate::economy::{LARGEST_LOG, logs};
use crate::linear::solve;
use crate::{Certificate, Collective, Economy, Error, GoodId, Proposals};

/// Newton steps at most; a handful suffices even from prices that are far off.
const STEP_LIMIT: usize = 12;
/// A good's leftover below this share of the squared imbalance no longer shows in the gap, which is of that order.
const LEFTOVER: f64 = 1e-3;
/// Logarithm of the largest factor between what is proposed and what can be had.
const LARGEST_FACTOR: f64 = 100.0;
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
    /// Returns `None` from prices so absurd that some proposal is [cut off](Economy), or that some good's demand and
    /// what can be had of it are a factor of e¹⁰⁰ apart.
    ///
    /// # Errors
    /// If `prices` are not one for each good, each between 1e-100 and 1e100.
    ///
    /// # Complexity
    /// A few (typically 2) Newton steps, each one exponential per worker council and a dense linear solve in the
    /// number of goods.
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
        let revenues = self.revenues(&logs(prices));
        let Some(clearing) = Clearing::of(self, prices, &revenues) else { return Ok(None) };

        let input_factors: Vec<f64> = clearing.log_factors.iter().map(|f| f.exp()).collect();
        let consumption: Vec<f64> =
            clearing.left(self).iter().zip(prices).map(|(value, price)| value / price).collect();
        let mut plan = self.proposals_at(prices, &revenues, true);
        let layout = self.layout();
        plan.rescale(
            |w| clearing.log_output_factor(self, w).exp(),
            |good| input_factors[good.index()],
            |good, quantity| {
                let (g, spent) = (good.index(), self.spending()[good.index()]);
                let all = consumption[g];
                if layout.public[g] { all } else { quantity * (all * prices[g] / spent) }
            },
        );
        let certificate = clearing.certificate(self, prices);
        Ok(Some(FeasiblePlan { plan, input_factors, consumption, certificate }))
    }
}

/// Input factors that clear every good, and what follows from them, in values at the announced prices.
pub(crate) struct Clearing {
    /// `ρ = log r`.
    log_factors: Vec<f64>,
    sums: Sums,
}

/// Sums over the worker councils at given factors.
#[derive(Clone)]
struct Sums {
    /// Value of supply, endowment included.
    supply: Vec<f64>,
    /// Value of the inputs received.
    used: Vec<f64>,
    /// Value of inputs and consumption as proposed.
    proposed: Vec<f64>,
    /// Surplus of all worker councils as proposed.
    surplus: f64,
    /// What inputs in the wrong proportions cost.
    loss: f64,
    /// `∂ supply_g / ∂ρ_j`, row-major, if asked for.
    jacobian: Vec<f64>,
}

impl Clearing {
    pub(crate) fn of(economy: &Economy, prices: &[f64], revenues: &[f64]) -> Option<Self> {
        let cut_off = LARGEST_LOG.exp();
        let mut largest_revenue = [revenues.iter().copied().fold(0.0, f64::max)];
        economy.group().largest(&mut largest_revenue);
        if largest_revenue[0] >= cut_off {
            return None; // the bound would be too low
        }
        let n = prices.len();
        let slack = |sums: &Sums, rho: &[f64]| -> Vec<f64> {
            (0..n).map(|g| (sums.supply[g] / sums.proposed[g]).ln() - rho[g]).collect()
        };

        let mut rho = vec![0.0; n];
        let mut sums;
        let mut step = 0;
        loop {
            sums = Sums::at(economy, prices, revenues, &rho, step < STEP_LIMIT);
            let residual = slack(&sums, &rho);
            let size = largest(rho.iter().map(|r| r.abs()));
            let open = largest(residual.iter().map(|r| r.abs()));
            if step == STEP_LIMIT || (step > 0 && open <= LEFTOVER * size * size + ROUNDING) {
                break;
            }
            let mut matrix = std::mem::take(&mut sums.jacobian);
            for g in 0..n {
                for j in 0..n {
                    let identity = if g == j { 1.0 } else { 0.0 };
                    matrix[g * n + j] = identity - matrix[g * n + j] / sums.supply[g];
                }
            }
            for (r, d) in rho.iter_mut().zip(solve(&matrix, &residual)?) {
                *r += d;
            }
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
            sums = Sums::at(economy, prices, revenues, &rho, false);
        }
        let sane = shortage(&sums, &rho) <= LAST_DIGITS
            && sums.loss.is_finite()
            && sums.surplus.is_finite()
            && rho.iter().all(|r| r.abs() <= LARGEST_FACTOR);
        sane.then_some(Clearing { log_factors: rho, sums })
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
        goods.map(|((supply, used), (spent, factor))| (supply - used).max(factor.exp() * spent)).collect()
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
    pub(crate) fn certificate(&self, economy: &Economy, prices: &[f64]) -> Certificate {
        let mut gap = self.sums.loss;
        let mut bound = self.sums.surplus + economy.welfare_constant();
        for ((left, &price), (good, &spent)) in
            self.left(economy).into_iter().zip(prices).zip(economy.goods().iter().zip(economy.spending()))
        {
            gap += if spent > 0.0 { spent * excess_exp((left / spent).ln()) } else { left };
            bound += price * good.endowment - spent * price.ln();
        }
        Certificate {
            upper_bound: bound,
            welfare: bound - gap,
            gap,
            gap_relative: gap / economy.total_income(),
        }
    }
}

/// The largest value, at least 0; infinite if one is not a number, so that it cannot pass for small.
fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |most, value| if value.is_nan() { f64::INFINITY } else { most.max(value) })
}

impl Sums {
    fn at(economy: &Economy, prices: &[f64], revenues: &[f64], rho: &[f64], with_jacobian: bool) -> Self {
        let n = prices.len();
        let factors: Vec<f64> = rho.iter().map(|r| r.exp()).collect();
        let costs: Vec<f64> = rho.iter().map(|&r| excess_exp(r)).collect();
        let (layout, workers) = (economy.layout(), economy.workers());
        let zero = || Sums {
            supply: vec![0.0; n],
            used: vec![0.0; n],
            proposed: vec![0.0; n],
            surplus: 0.0,
            loss: 0.0,
            jacobian: vec![0.0; if with_jacobian { n * n } else { 0 }],
        };
        let fold = |range: Range<usize>| {
            let mut sums = zero();
            for w in range {
                let (value, g) = (revenues[w], layout.output(w).index());
                let log_factor = weighted(economy, w, |good| rho[good.index()]);
                let made = value * log_factor.exp();
                sums.supply[g] += made;
                sums.surplus += value / workers.elasticity(w);
                sums.loss +=
                    value * (weighted(economy, w, |good| costs[good.index()]) - excess_exp(log_factor));
                for (good, exponent) in layout.inputs(w).iter().zip(workers.exponents(w, layout)) {
                    let i = good.index();
                    sums.used[i] += exponent * value * factors[i];
                    sums.proposed[i] += exponent * value;
                    if with_jacobian {
                        sums.jacobian[g * n + i] += exponent * made;
                    }
                }
            }
            sums
        };
        let merge = |total: &mut Sums, part: Sums| {
            total.surplus += part.surplus;
            total.loss += part.loss;
            add(&mut total.supply, &part.supply);
            add(&mut total.used, &part.used);
            add(&mut total.proposed, &part.proposed);
            add(&mut total.jacobian, &part.jacobian);
        };
        // As many councils to a task as a Jacobian has cells: the sums then cost no more than the councils.
        let chunk = if with_jacobian { economy.chunk().max(n * n / 4) } else { economy.chunk() };
        let mut sums = chunked_reduce(workers.len(), chunk, fold, merge).unwrap_or_else(zero);
        sums.share(economy.group());
        for (g, price) in prices.iter().enumerate() {
            sums.supply[g] += price * layout.endowments[g];
            sums.proposed[g] += economy.spending()[g];
        }
        sums
    }

    /// Adds what other processes' councils sum up to.
    fn share(&mut self, group: &dyn Collective) {
        let mut scalars = [self.surplus, self.loss];
        group.sum(&mut scalars);
        [self.surplus, self.loss] = scalars;
        for list in [&mut self.supply, &mut self.used, &mut self.proposed, &mut self.jacobian] {
            group.sum(list);
        }
    }
}

/// `Σ_i b_wi·f(i)` over a worker council's inputs.
fn weighted(economy: &Economy, w: usize, f: impl Fn(GoodId) -> f64) -> f64 {
    let layout = economy.layout();
    let inputs = layout.inputs(w).iter().zip(economy.workers().exponents(w, layout));
    inputs.map(|(&good, exponent)| exponent * f(good)).sum()
}

fn add(total: &mut [f64], part: &[f64]) {
    for (t, p) in total.iter_mut().zip(part) {
        *t += p;
    }
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
