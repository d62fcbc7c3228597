//! Many experiments with many rules over some years.

use parecon_core::chunked_reduce;
use serde::{Deserialize, Serialize};

use super::{Generator, START_PRICE, next_year};
use crate::{
    Anderson, Broyden, Config, Economy, Error, Newton, PriceRule, Recorded, RevealedNewton, Status,
    Tatonnement, ThresholdClass, TotalsNewton, plan,
};

/// The price rules by name, for batches and command lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// [`Recorded`](crate::Recorded).
    Recorded,
    /// [`Tatonnement`](crate::Tatonnement).
    Tatonnement,
    /// [`Anderson`](crate::Anderson).
    Anderson,
    /// [`Broyden`](crate::Broyden).
    Broyden,
    /// [`TotalsNewton`](crate::TotalsNewton).
    TotalsNewton,
    /// [`RevealedNewton`](crate::RevealedNewton).
    RevealedNewton,
    /// [`Newton`](crate::Newton).
    Newton,
}

impl Rule {
    /// Every rule, the least informed first.
    pub const ALL: [Rule; 7] = [
        Rule::Recorded,
        Rule::Tatonnement,
        Rule::Anderson,
        Rule::Broyden,
        Rule::TotalsNewton,
        Rule::RevealedNewton,
        Rule::Newton,
    ];

    /// The name, as serialised: `"totals_newton"`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Rule::Recorded => "recorded",
            Rule::Tatonnement => "tatonnement",
            Rule::Anderson => "anderson",
            Rule::Broyden => "broyden",
            Rule::TotalsNewton => "totals_newton",
            Rule::RevealedNewton => "revealed_newton",
            Rule::Newton => "newton",
        }
    }

    /// The rule at its first round, with what a board knows of an economy.
    #[must_use]
    pub fn for_economy(self, economy: &Economy) -> Box<dyn PriceRule> {
        match self {
            Rule::Recorded => Box::new(Recorded::new()),
            Rule::Tatonnement => Box::new(Tatonnement::new()),
            Rule::Anderson => Box::new(Anderson::new()),
            Rule::Broyden => Box::new(Broyden::new()),
            Rule::TotalsNewton => Box::new(TotalsNewton::for_economy(economy)),
            Rule::RevealedNewton => Box::new(RevealedNewton::new()),
            Rule::Newton => Box::new(Newton::new()),
        }
    }
}

/// One year of one experiment, planned by one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Seed of the experiment.
    pub seed: u64,
    /// The rule.
    pub rule: Rule,
    /// Counts from 1.
    pub year: u32,
    /// How the year's process ended.
    pub status: Status,
    /// Largest imbalance of each round: 0.03 is 3 %.
    pub imbalances: Vec<f64>,
    /// Gap of each round's certificate as a share of all incomes, if asked for.
    pub gaps: Vec<Option<f64>>,
}

impl Run {
    /// The first round in which no imbalance reached the tolerance, from 1.
    #[must_use]
    pub fn rounds_to(&self, tolerance: f64) -> Option<usize> {
        self.imbalances.iter().position(|imbalance| *imbalance < tolerance).map(|at| at + 1)
    }
}

/// A round of a run as a row of a table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Seed of the experiment.
    pub seed: u64,
    /// The rule.
    pub rule: Rule,
    /// Counts from 1.
    pub year: u32,
    /// Counts from 1.
    pub round: u64,
    /// Largest imbalance: 0.03 is 3 %.
    pub imbalance: f64,
    /// Its class.
    pub class: ThresholdClass,
    /// Gap of the certificate as a share of all incomes, if asked for.
    pub gap: Option<f64>,
}

/// Every round of every run, in order.
pub fn rows(runs: &[Run]) -> impl Iterator<Item = Row> {
    runs.iter().flat_map(|run| {
        (1..).zip(run.imbalances.iter().zip(&run.gaps)).map(|(round, (&imbalance, &gap))| Row {
            seed: run.seed,
            rule: run.rule,
            year: run.year,
            round,
            imbalance,
            class: ThresholdClass::of(imbalance),
            gap,
        })
    })
}

/// Runs every rule on every experiment for some years, experiments in parallel.
///
/// Year one begins at [`START_PRICE`], whatever the configuration says; each later year with the prices and the rule of
/// the year before, on [`next_year`]'s economy. The result is the same for any number of threads.
///
/// # Errors
/// As [`Generator::economy`], [`next_year`] and [`plan`]; names the seed of the experiment.
///
/// # Complexity
/// As the runs; one experiment per thread is in memory at a time.
///
/// # Example
/// ```
/// use parecon_planning::Config;
/// use parecon_planning::experiment::{Generator, Rule, batch, rows};
///
/// let experiments: Vec<_> =
///     (0..4).map(|seed| Generator::new(seed).with_goods_per_category(4).with_councils(60, 60)).collect();
/// let config = Config::new().with_certificate(false);
/// let runs = batch(&experiments, &[Rule::Recorded, Rule::RevealedNewton], 2, &config)?;
/// assert_eq!(runs.len(), 4 * 2 * 2);
/// for pair in runs.chunks(4) {
///     // Recorded in years one and two, then RevealedNewton.
///     assert!(pair[2].rounds_to(0.03) < pair[0].rounds_to(0.03));
/// }
/// assert_eq!(rows(&runs).count(), runs.iter().map(|run| run.imbalances.len()).sum::<usize>());
/// # Ok::<(), parecon_planning::Error>(())
/// ```
pub fn batch(
    experiments: &[Generator],
    rules: &[Rule],
    years: u32,
    config: &Config,
) -> Result<Vec<Run>, Error> {
    let all = chunked_reduce(
        experiments.len(),
        1,
        |range| {
            let mut runs = Vec::new();
            for experiment in &experiments[range] {
                let named = |e: Error| e.within(&format!("experiment with seed {}", experiment.seed()));
                runs.extend(one(experiment, rules, years, config).map_err(named)?);
            }
            Ok(runs)
        },
        |all: &mut Result<Vec<Run>, Error>, part| match (all.as_mut(), part) {
            (Ok(runs), Ok(part)) => runs.extend(part),
            (Ok(_), Err(error)) => *all = Err(error),
            (Err(_), _) => {}
        },
    );
    all.unwrap_or_else(|| Ok(Vec::new()))
}

fn one(experiment: &Generator, rules: &[Rule], years: u32, config: &Config) -> Result<Vec<Run>, Error> {
    let mut economies = Vec::new();
    for year in 1..=years {
        economies.push(match economies.last() {
            None => experiment.economy()?,
            Some(last) => next_year(last, experiment.seed(), year)?,
        });
    }
    let mut runs = Vec::new();
    for &rule in rules {
        let mut state: Option<(Box<dyn PriceRule>, Vec<f64>)> = None;
        for (year, economy) in (1..).zip(&economies) {
            let (mut board, config) = match state {
                None => (rule.for_economy(economy), config.clone().with_start_price(START_PRICE)),
                Some((board, prices)) => (board, config.clone().with_start_prices(prices)),
            };
            let outcome = plan(economy, &mut *board, &config, &mut ())?;
            runs.push(Run {
                seed: experiment.seed(),
                rule,
                year,
                status: outcome.status,
                imbalances: outcome.rounds.iter().map(|r| r.largest_imbalance).collect(),
                gaps: outcome.rounds.iter().map(|r| r.certificate.map(|c| c.gap_relative)).collect(),
            });
            state = Some((board, outcome.prices));
        }
    }
    Ok(runs)
}
