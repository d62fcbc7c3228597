//! Maps: which policy wins where, over any two quantities of the environment.

use std::ops::{Range, RangeInclusive};

use parecon_core::chunked_reduce;
use serde::{Deserialize, Serialize};

use crate::costs::Costs;
use crate::environment::Environment;
use crate::error::{Error, Kind, check};
use crate::evaluation::evaluate;
use crate::frontier::{Frontier, frontier};
use crate::policy::Policy;
use crate::thresholds::{self, Warm};

mod drawing;

/// Every so many cells along a row, two optimal gates are solved from scratch.
const ANCHOR: usize = 20;
/// So many rows are one piece of work; the first of them begins from scratch.
const ROWS: usize = 10;
/// Payoffs that differ by less than this, relative to the stakes, are the same maximum.
const SAME: f64 = 1e-8;

/// A quantity of the environment that can be varied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Axis {
    /// k.
    ProductionCost,
    /// r₁.
    ProposalReviewCost,
    /// r₂.
    WorkReviewCost,
    /// r₁ and r₂ alike.
    ReviewCost,
    /// ρ₁.
    ProposalAccuracy,
    /// ρ₂.
    WorkAccuracy,
    /// b.
    BaseRate,
    /// v.
    Value,
    /// h.
    Harm,
}

impl Axis {
    /// The environment with this quantity at `x`; costs are divided among bearers as before, and if there were none
    /// contributors bear production and reviewers reviewing.
    ///
    /// # Errors
    /// If `x` is not valid for the quantity.
    ///
    /// # Example
    /// ```
    /// use parecon_review::{Axis, Environment, EnvironmentData};
    ///
    /// let rare = Axis::BaseRate.set(&Environment::new(EnvironmentData::default())?, 0.1)?;
    /// assert_eq!(rare.data().base_rate, 0.1);
    /// assert!(Axis::BaseRate.set(&rare, 1.5).is_err());
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn set(self, environment: &Environment, x: f64) -> Result<Environment, Error> {
        let mut data = environment.data().clone();
        let reviewed = |costs: &mut Costs| *costs = costs.with_total(x, Costs::reviewers);
        match self {
            Axis::ProductionCost => return environment.with_production_cost(x),
            Axis::ProposalReviewCost => reviewed(&mut data.costs.proposal_review),
            Axis::WorkReviewCost => reviewed(&mut data.costs.work_review),
            Axis::ReviewCost => {
                reviewed(&mut data.costs.proposal_review);
                reviewed(&mut data.costs.work_review);
            }
            Axis::ProposalAccuracy => data.proposal_accuracy = x,
            Axis::WorkAccuracy => data.work_accuracy = x,
            Axis::BaseRate => data.base_rate = x,
            Axis::Value => data.value = x,
            Axis::Harm => data.harm = x,
        }
        Environment::new(data)
    }

    /// Its name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Axis::ProductionCost => "production cost",
            Axis::ProposalReviewCost => "cost of reading a proposal",
            Axis::WorkReviewCost => "cost of reading finished work",
            Axis::ReviewCost => "cost of a reading",
            Axis::ProposalAccuracy => "accuracy of the proposal signal",
            Axis::WorkAccuracy => "accuracy of the finished-work signal",
            Axis::BaseRate => "base rate",
            Axis::Value => "value",
            Axis::Harm => "harm",
        }
    }
}

/// A quantity at equal steps, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    /// What is varied.
    pub axis: Axis,
    /// Its first value.
    pub from: f64,
    /// Its last value, above the first.
    pub to: f64,
    /// How many values, at least two.
    pub count: u32,
}

impl Steps {
    /// The i-th value.
    #[must_use]
    pub fn value(&self, i: u32) -> f64 {
        let share = f64::from(i) / f64::from(self.count.max(2) - 1);
        self.from * (1.0 - share) + self.to * share
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let label = self.axis.label();
        check(self.from.is_finite(), &format!("lowest {label}"), self.from, "finite")?;
        let valid = format!("finite and above {}", self.from);
        check(self.to.is_finite() && self.to > self.from, &format!("highest {label}"), self.to, &valid)?;
        check(self.count >= 2, &format!("steps of {label}"), f64::from(self.count), "at least 2").map(|_| ())
    }
}

/// Which policy has the highest net benefit in each cell of a grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PhaseMap {
    /// Along a row.
    pub x: Steps,
    /// From row to row.
    pub y: Steps,
    /// Names of the policies compared.
    pub policies: Vec<String>,
    /// Index of the best policy, of equals the first; row by row, `y.count` rows of `x.count`.
    pub winners: Vec<usize>,
    /// Its net benefit.
    pub net_benefits: Vec<f64>,
}

impl PhaseMap {
    /// Index of the winner in column `column` of row `row`, `None` outside.
    #[must_use]
    pub fn winner(&self, column: u32, row: u32) -> Option<usize> {
        let inside = column < self.x.count && row < self.y.count;
        inside.then(|| self.winners.get(row as usize * self.x.count as usize + column as usize).copied())?
    }
}

/// Evaluates `policies` over a grid of two quantities.
///
/// Every cell is evaluated, none filled in from its neighbours. Two gates with optimal thresholds start from where the
/// neighbouring cells' cut-offs lead; the first and every twentieth cell of a row are solved from scratch, and if that
/// finds a better maximum the cells since the last such check are done again from scratch. Rows run in parallel (feature
/// `parallel`), with the same bits for any number of threads.
///
/// # Errors
/// If `policies` is empty, a range is empty or not finite, both axes are the same, or a value on an axis is not valid
/// for its quantity.
///
/// # Complexity
/// Per cell a microsecond for a single gate, some ten for two optimal ones, and an evaluation for any other
/// policy.
///
/// # Example
/// ```
/// use parecon_review::{Axis, Environment, EnvironmentData, Policy, Steps, Threshold, phase_map};
///
/// let environment = Environment::new(EnvironmentData::default())?;
/// let best = Threshold::Optimal;
/// let policies = [Policy::abstain(), Policy::prior(best)?, Policy::post(best)?, Policy::two_gate(best, best)?];
/// let cost = Steps { axis: Axis::ProductionCost, from: 0.0, to: 5.0, count: 6 };
/// let sight = Steps { axis: Axis::ProposalAccuracy, from: 0.1, to: 0.7, count: 3 };
/// let map = phase_map(&environment, &policies, cost, sight)?;
/// // Where production is free, filtering after wins, however well proposals are seen.
/// assert!((0..3).all(|row| map.winner(0, row).is_some_and(|i| map.policies[i] != "prior")));
/// assert!(map.to_svg().starts_with("<svg"));
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn phase_map(
    environment: &Environment,
    policies: &[Policy],
    x: Steps,
    y: Steps,
) -> Result<PhaseMap, Error> {
    x.validate()?;
    y.validate()?;
    if policies.is_empty() {
        return Err(Error::new(Kind::Empty { what: "policies" }));
    }
    if x.axis == y.axis {
        return Err(Error::new(Kind::SameAxis { axis: x.axis.label() }));
    }
    let fold = |rows: Range<usize>| best_in_rows(environment, policies, x, y, rows);
    let merge = |all: &mut Result<Best, Error>, more: Result<Best, Error>| match (&mut *all, more) {
        (Ok(all), Ok(more)) => {
            all.winners.extend(more.winners);
            all.net_benefits.extend(more.net_benefits);
        }
        (Ok(_), Err(error)) => *all = Err(error),
        (Err(_), _) => {}
    };
    let best = chunked_reduce(y.count as usize, ROWS, fold, merge).unwrap_or_else(|| Ok(Best::default()))?;
    let policies = policies.iter().map(|policy| policy.name().to_owned()).collect();
    Ok(PhaseMap { x, y, policies, winners: best.winners, net_benefits: best.net_benefits })
}

/// Winners and their net benefits, row by row.
#[derive(Default)]
struct Best {
    winners: Vec<usize>,
    net_benefits: Vec<f64>,
}

fn best_in_rows(
    environment: &Environment,
    policies: &[Policy],
    x: Steps,
    y: Steps,
    rows: Range<usize>,
) -> Result<Best, Error> {
    let columns = x.count as usize;
    let cells = columns * rows.len();
    let mut best = Best { winners: vec![0; cells], net_benefits: vec![f64::NEG_INFINITY; cells] };
    let mut warm = vec![Warm::default(); policies.len()];
    let mut worlds: Vec<Environment> = Vec::with_capacity(columns);
    for (i, row) in rows.enumerate() {
        let base = y.axis.set(environment, y.value(row as u32))?;
        worlds.clear();
        for column in 0..x.count {
            worlds.push(x.axis.set(&base, x.value(column))?);
        }
        let from = i * columns;
        let (winners, bests) = (&mut best.winners[from..], &mut best.net_benefits[from..]);
        for (i, policy) in policies.iter().enumerate() {
            for (column, value) in along(&worlds, policy, &mut warm[i]).into_iter().enumerate() {
                if value > bests[column] {
                    (winners[column], bests[column]) = (i, value);
                }
            }
        }
    }
    Ok(best)
}

/// Net benefits of one policy in environments that change little by little. `warm` is the first one's start, and is left
/// where the next row begins.
fn along(worlds: &[Environment], policy: &Policy, warm: &mut Warm) -> Vec<f64> {
    if !(policy.is_plain() && worlds.iter().all(Environment::is_plain)) {
        return worlds.iter().map(|world| evaluate(world, policy).net_benefit()).collect();
    }
    let mut values = Vec::with_capacity(worlds.len());
    let mut here = *warm;
    let mut checked = 0;
    for (i, world) in worlds.iter().enumerate() {
        let value = thresholds::net_benefit(world, policy, &mut here);
        values.push(value);
        if here.is_some() && (i % ANCHOR == 0 || i + 1 == worlds.len()) {
            let mut fresh = Warm::default();
            let cold = thresholds::net_benefit(world, policy, &mut fresh);
            let data = world.data();
            if cold > value + SAME * (data.value + data.harm) {
                for (value, world) in values.iter_mut().zip(worlds).skip(checked) {
                    *value = thresholds::net_benefit(world, policy, &mut Warm::default());
                }
                here = fresh;
            }
            checked = i + 1;
        }
        if i == 0 {
            *warm = here;
            here = here.standing();
        }
    }
    values
}

/// [`frontier`] over the production cost for each of several ratios of harm to value, which is where opinions differ
/// most: what of the answer survives?
///
/// # Errors
/// As for [`frontier`]; if a ratio is negative or not finite.
///
/// # Complexity
/// One frontier per ratio.
pub fn sensitivity(
    environment: &Environment,
    policies: &[Policy],
    range: RangeInclusive<f64>,
    tolerance: f64,
    harm_over_value: &[f64],
) -> Result<Vec<Frontier>, Error> {
    harm_over_value
        .iter()
        .map(|&ratio| {
            check(
                ratio.is_finite() && ratio >= 0.0,
                "ratio of harm to value",
                ratio,
                "finite and not negative",
            )?;
            let world = Axis::Harm.set(environment, ratio * environment.data().value)?;
            frontier(&world, policies, range.clone(), tolerance)
        })
        .collect()
}
