//! From proposals that do not fit together to a plan that does.

use std::ops::Range;

use parecon_core::chunked_reduce;

use crate::economy::{Answers, LARGEST_LOG, OtherAnswers, Others, logs};
use crate::linear::{Lu, gmres, matrix_chunk, worth_matrices};
use crate::{Certificate, Collective, Economy, Error, GoodId, Proposals};

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
    /// With `Q_w·F_w(r)` in place of `Q_w·Π r_i^b_wi` the same holds for technologies of other kinds: nested CES
    /// technologies make what their aggregate then allows, those with fixed proportions reduce the whole plan to their
    /// scarcest input. What a consumer council needs at least is left to it.
    ///
    /// Returns `None` from prices so absurd that some proposal is [cut off](Economy), or that some good's demand and
    /// what can be had of it are a factor of e¹⁰⁰ apart; where something is left of less than consumer councils need at least; and where a worker council answers by
    /// [first-order conditions](crate::Technology::FirstOrder) of increasing returns.
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
        let answers = self.answers_at(prices)?;
        let Some(clearing) = Clearing::of(self, prices, &answers) else { return Ok(None) };
        let Some(certificate) = clearing.certificate(self, prices, &answers) else { return Ok(None) };

        let input_factors: Vec<f64> = clearing.log_factors.iter().map(|f| f.exp()).collect();
        let consumption: Vec<f64> =
            clearing.left(self).iter().zip(prices).map(|(value, price)| value / price).collect();
        let mut plan = self.proposals_at(prices, &answers, true);
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
        let fold = |range: Range<usize>| {
            let mut made = vec![0.0; v.len()];
            for w in range {
                let output = revenues[w] * weighted(self, w, |good| rho[good.index()]).exp();
                made[self.layout().output(w).index()] += output * weighted(self, w, |good| v[good.index()]);
            }
            made
        };
        let merge = |total: &mut Vec<f64>, part: Vec<f64>| add(total, &part);
        let mut made = chunked_reduce(self.workers().len(), self.chunk(), fold, merge)
            .unwrap_or_else(|| vec![0.0; v.len()]);
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

/// What the factors mean for councils that are not Cobb–Douglas.
struct Rationed {
    /// Logarithms of the factors on outputs.
    output_factors: Vec<f64>,
    /// Their consumption as proposed, in value, for each good (of a public good, their shares of it).
    requested: Vec<f64>,
    /// Value of the minimum quantities in it.
    least: Vec<f64>,
    /// Minimum quantity of each want, and where these wants begin among all.
    minima: Vec<f64>,
    first_want: usize,
}

impl Rationed {
    fn new(economy: &Economy, prices: &[f64], others: &Others, given: &OtherAnswers) -> Self {
        let layout = economy.layout();
        let n = prices.len();
        let (mut requested, mut least, mut minima) = (vec![0.0; n], vec![0.0; n], Vec::new());
        let sharers = layout.sharers;
        for (c, consumer) in others.consumers.iter().enumerate() {
            for (i, good) in consumer.wants.iter().enumerate() {
                let g = good.index();
                let price = if layout.public[g] { prices[g] / sharers } else { prices[g] };
                requested[g] += price * given.quantities[others.wants_of(c, layout).start + i];
                if !layout.public[g] {
                    least[g] += price * consumer.minimum(i);
                }
                minima.push(consumer.minimum(i));
            }
        }
        let first_want = layout.wants_before(others.first_consumer(layout));
        Rationed { output_factors: Vec::new(), requested, least, minima, first_want }
    }

    /// Logarithms of prices at which a council's requests are judged: of a public good, a part of the price in proportion to
    /// what it would pay of all that is asked for. Parts add up to the whole price, and where preferences are of the
    /// Cobb–Douglas kind in that good, everybody then asks for the same quantity (Lindahl's prices).
    fn personal(&self, economy: &Economy, prices: &[f64], wants: &[GoodId], asked: &[f64]) -> Vec<f64> {
        let (layout, sharers) = (economy.layout(), economy.consumer_councils() as f64);
        let of = |(good, quantity): (&GoodId, &f64)| {
            let g = good.index();
            let part = quantity * prices[g] / sharers / (economy.spending()[g] + self.requested[g]);
            prices[g].ln() + if layout.public[g] { part.ln() } else { 0.0 }
        };
        wants.iter().zip(asked).map(of).collect()
    }

    /// Factor on the consumption of a private good beyond its minimum, if so much of it (in value) is left.
    fn beyond(&self, economy: &Economy, g: usize, left: f64) -> f64 {
        (left - self.least[g]) / (economy.spending()[g] + self.requested[g] - self.least[g])
    }
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
    pub(crate) fn of(economy: &Economy, prices: &[f64], answers: &Answers) -> Option<Self> {
        let revenues = &answers.revenues;
        let cut_off = LARGEST_LOG.exp();
        let mut largest_revenue = [revenues.iter().copied().fold(0.0, f64::max)];
        economy.group().largest(&mut largest_revenue);
        if largest_revenue[0] >= cut_off {
            return None; // the bound would be too low
        }
        let others = answers.others(economy);
        if let Some((others, given)) = others
            && (given.is_cut_off(others, prices)
                || !others.workers.iter().all(|w| w.is_bounded())
                || given.requests.iter().any(|r| r.weight <= 0.0))
        {
            return None;
        }
        let mut rationed = others.map(|(others, given)| Rationed::new(economy, prices, others, given));
        let n = prices.len();
        let log_prices = if others.is_some() { logs(prices) } else { Vec::new() };
        let mut at = |rho: &[f64], with_jacobian: bool| {
            let mut sums = Sums::at(economy, prices, revenues, rho, with_jacobian);
            if let (Some((others, given)), Some(rationed)) = (others, &mut rationed) {
                rationed.output_factors = sums.absorb(economy, prices, &log_prices, (others, given), rho);
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
            for (c, consumer) in others.consumers.iter().enumerate() {
                let asked = &given.quantities[others.wants_of(c, layout)];
                let personal = rationed.personal(economy, prices, &consumer.wants, asked);
                let (mut best, mut permits) = (vec![0.0; asked.len()], vec![0.0; consumer.exposures.len()]);
                let request = consumer.request(&personal, &log_prices, &mut best, &mut permits);
                if request.weight <= 0.0 {
                    return None;
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
                bound += request.utility + request.surplus;
                incomes += request.spent - consumer.council.income;
                gap += consumer.loss(&personal, &request, &log_factors);
            }
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
        let chunk = if with_jacobian { matrix_chunk(workers.len(), n * n) } else { economy.chunk() };
        let mut sums = chunked_reduce(workers.len(), chunk, fold, merge).unwrap_or_else(zero);
        sums.share(economy.group());
        for (g, price) in prices.iter().enumerate() {
            sums.supply[g] += price * layout.endowments[g];
            sums.proposed[g] += economy.spending()[g];
        }
        sums
    }
}

impl Sums {
    /// Adds what other processes' councils sum up to.
    fn share(&mut self, group: &dyn Collective) {
        let mut scalars = [self.surplus, self.loss];
        group.sum(&mut scalars);
        [self.surplus, self.loss] = scalars;
        for list in [&mut self.supply, &mut self.used, &mut self.proposed, &mut self.jacobian] {
            group.sum(list);
        }
    }

    /// Adds worker councils that are not Cobb–Douglas, and permissions; the logarithms of their outputs' factors.
    fn absorb(
        &mut self,
        economy: &Economy,
        prices: &[f64],
        log_prices: &[f64],
        (others, given): (&Others, &OtherAnswers),
        rho: &[f64],
    ) -> Vec<f64> {
        let (layout, n) = (economy.layout(), prices.len());
        let mut factors = Vec::with_capacity(others.workers.len());
        for (w, (worker, plan)) in others.workers.iter().zip(&given.plans).enumerate() {
            let o = worker.council.output.index();
            let log_factors: Vec<f64> = worker.inputs.iter().map(|good| rho[good.index()]).collect();
            let mut slopes = vec![0.0; log_factors.len()];
            let log = worker.ration(log_prices, plan, &log_factors, &mut slopes);
            let value = plan.output * prices[o];
            let made = value * log.exp();
            self.supply[o] += made;
            self.surplus += plan.surplus;
            let mut attained = made - plan.disutility;
            let inputs = given.inputs[others.inputs_of(w, layout)].iter().zip(&worker.inputs);
            for ((x, good), (log_factor, slope)) in inputs.zip(log_factors.iter().zip(&slopes)) {
                let g = good.index();
                let proposed = x * prices[g];
                let used = proposed * log_factor.exp();
                self.used[g] += used;
                self.proposed[g] += proposed;
                attained -= used;
                if !self.jacobian.is_empty() && made > 0.0 {
                    self.jacobian[o * n + g] += slope * made;
                }
            }
            // Rounding of terms that cancel must not show as a gain.
            let loss = plan.surplus - attained;
            self.loss += if loss < 0.0 { 0.0 } else { loss };
            factors.push(log);
        }
        let exposures = others.consumers.iter().flat_map(|c| &c.exposures);
        for (exposure, permitted) in exposures.zip(&given.permits) {
            self.supply[exposure.pollutant.index()] += permitted * prices[exposure.pollutant.index()];
        }
        factors
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
