//! How supply and demand react to prices.

use std::ops::Range;

use parecon_core::chunked_reduce;
use serde::{Deserialize, Serialize};

use crate::economy::{Answers, OtherAnswers, Others, logs};
use crate::{Economy, Error};

/// How all proposals together react to prices, from each council's report on its own.
///
/// Matrices are row-major over goods `g` (rows) and prices `j` (columns), in units of account, so that they need no
/// units of goods:
///
/// ```text
/// supply[g·n + j] = p_g·∂S_g/∂log p_j
/// demand[g·n + j] = p_g·∂D_g/∂log p_j
/// ```
///
/// With given incomes and homothetic preferences, their difference is symmetric and positive semidefinite: it is the
/// curvature of [Φ](crate::Certificate) in prices. It adds up over councils, like quantities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Slopes {
    /// Reaction of supply.
    pub supply: Vec<f64>,
    /// Reaction of demand.
    pub demand: Vec<f64>,
    /// Φ at these prices, up to a constant, of which excess supply is the gradient; `None` where there is no such
    /// function, because an income depends on prices or preferences are not homothetic.
    pub potential: Option<f64>,
    /// Sum of the absolute values of the terms of Φ: its rounding is relative to this.
    pub magnitude: f64,
}

impl Economy {
    /// How supply and demand react to prices.
    ///
    /// # Errors
    /// As [`respond`](Self::respond); and if a custom council reports or implies a slope that is not a finite number.
    ///
    /// # Complexity
    /// The square of the number of its goods for each council, and of the number of all goods.
    ///
    /// # Example
    /// ```
    /// let economy = parecon_planning::experiment::small_example()?;
    /// let slopes = economy.slopes(&[1.0, 2.0, 0.5])?;
    /// // Bread, the first of three goods: a dearer one is baked more and bought less.
    /// assert!(slopes.supply[0] > 0.0 && slopes.demand[0] < 0.0);
    /// # Ok::<(), parecon_planning::Error>(())
    /// ```
    pub fn slopes(&self, prices: &[f64]) -> Result<Slopes, Error> {
        self.check_prices(prices)?;
        let answers = self.answers_at(prices)?;
        self.slopes_at(prices, &answers)
    }

    pub(crate) fn slopes_at(&self, prices: &[f64], answers: &Answers) -> Result<Slopes, Error> {
        let n = prices.len();
        let log_prices = logs(prices);
        let (layout, workers) = (self.layout(), self.workers());
        let zero = || Slopes {
            supply: vec![0.0; n * n],
            demand: vec![0.0; n * n],
            potential: Some(0.0),
            magnitude: 0.0,
        };
        let fold = |range: Range<usize>| {
            let mut part = zero();
            let mut potential = 0.0;
            for w in range {
                let value = answers.revenues[w];
                let o = layout.output(w).index();
                let (inputs, exponents) = (layout.inputs(w), workers.exponents(w, layout));
                let reaction = workers.elasticity(w) * value;
                potential += value / workers.elasticity(w);
                part.supply[o * n + o] += reaction - value;
                for (good, b) in inputs.iter().zip(exponents) {
                    let i = good.index();
                    part.supply[o * n + i] -= b * reaction;
                    part.demand[i * n + o] += b * reaction;
                    part.demand[i * n + i] -= b * value;
                    for (other, d) in inputs.iter().zip(exponents) {
                        part.demand[i * n + other.index()] -= b * d * reaction;
                    }
                }
            }
            part.potential = Some(potential);
            part.magnitude = potential;
            part
        };
        // As many councils to a task as there are cells: the sums then cost no more than the councils.
        let chunk = self.chunk().max(n * n / 4);
        let mut all = chunked_reduce(workers.len(), chunk, fold, Slopes::absorb).unwrap_or_else(zero);
        if let Some(given) = answers.others(self) {
            self.add_slopes(prices, &log_prices, given, &mut all)?;
        }
        let mut scalars = [all.potential.unwrap_or_default(), all.magnitude];
        for list in [&mut scalars[..], &mut all.supply, &mut all.demand] {
            self.group().sum(list);
        }
        let [mut potential, mut magnitude] = scalars;
        for (g, &spent) in self.spending().iter().enumerate() {
            all.demand[g * n + g] -= spent;
            for term in [prices[g] * layout.endowments[g], -spent * log_prices[g]] {
                potential += term;
                magnitude += term.abs();
            }
        }
        all.potential = self.has_potential().then_some(potential);
        all.magnitude = magnitude;
        Ok(all)
    }

    /// Adds how the councils of other kinds that are here react.
    fn add_slopes(
        &self,
        prices: &[f64],
        log_prices: &[f64],
        (others, given): (&Others, &OtherAnswers),
        all: &mut Slopes,
    ) -> Result<(), Error> {
        let (n, layout) = (prices.len(), self.layout());
        let mut potential = 0.0;
        let mut add = |term: f64| {
            potential += term;
            all.magnitude += term.abs();
        };
        for (w, (worker, plan)) in others.workers.iter().zip(&given.plans).enumerate() {
            add(plan.potential);
            let inputs = &given.inputs[others.inputs_of(w, layout)];
            let slopes = worker.slopes(prices, log_prices, plan, inputs);
            if worker.is_custom()
                && let Some(wrong) = slopes.iter().find(|slope| !slope.is_finite())
            {
                let who = others.name_of_worker(w, layout);
                return Err(Error::invalid(format!("{who} has a slope of {wrong}; slopes must be finite")));
            }
            let m = inputs.len() + 1;
            let good = |i: usize| if i == 0 { worker.council.output } else { worker.inputs[i - 1] }.index();
            for i in 0..m {
                let rows = if i == 0 { &mut all.supply } else { &mut all.demand };
                for j in 0..m {
                    rows[good(i) * n + good(j)] += slopes[i * m + j];
                }
            }
        }
        for (c, (consumer, request)) in others.consumers.iter().zip(&given.requests).enumerate() {
            add(request.utility + request.surplus);
            let personal = others.personal(c, layout, log_prices);
            let (slopes, by_permit) = consumer.slopes(&personal, log_prices, request);
            let m = consumer.wants.len();
            for (i, want) in consumer.wants.iter().enumerate() {
                let row = want.index() * n;
                for (j, other) in consumer.wants.iter().enumerate() {
                    all.demand[row + other.index()] += slopes[i * m + j];
                }
                for (e, exposure) in consumer.exposures.iter().enumerate() {
                    all.demand[row + exposure.pollutant.index()] += by_permit[e * m + i];
                }
            }
        }
        let exposures = others.consumers.iter().flat_map(|c| &c.exposures);
        for (exposure, permitted) in exposures.zip(&given.permits) {
            let g = exposure.pollutant.index();
            all.supply[g * n + g] += exposure.elasticity() * permitted * prices[g];
        }
        all.potential = all.potential.map(|sum| sum + potential);
        Ok(())
    }
}

impl Slopes {
    /// Whether both matrices are over so many goods.
    pub(crate) fn is_over(&self, goods: usize) -> bool {
        self.supply.len() == goods * goods && self.demand.len() == goods * goods
    }

    fn absorb(&mut self, part: Slopes) {
        self.potential = self.potential.zip(part.potential).map(|(a, b)| a + b);
        self.magnitude += part.magnitude;
        for (total, part) in [(&mut self.supply, part.supply), (&mut self.demand, part.demand)] {
            total.iter_mut().zip(part).for_each(|(t, p)| *t += p);
        }
    }
}
