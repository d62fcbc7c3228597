//! Step 2: councils from the table, a change of final demand, and a plan that fits together.

use std::ops::ControlFlow;

use anyhow::{Context, Result, bail};
use parecon::io::nalgebra::DVector;
use parecon::io::{Id, IoTable, Sector, Technology};
use parecon::planning::calibrate::{Calibrated, Calibration};
use parecon::planning::{Config, Economy, Outcome, Recorded, RevealedNewton, Round, ThresholdClass, plan};

use crate::args::{Args, Shock};
use crate::results::{Plan, PlannedSector, RoundRow, Run, ShockedSector};

/// The value-added component that is labour compensation.
pub(crate) const LABOUR: &str = "V001";
/// Rounds for which the published rule is shown beside the one that carries the plan; its simulations needed 15 to 23.
const PUBLISHED_ROUNDS: usize = 30;

/// What the later steps need to know of an industry in the plan; money in millions of dollars at planned prices.
pub(crate) struct PlannedIndustry {
    pub(crate) code: String,
    pub(crate) name: String,
    /// Labour in the unit of the table: what a million dollars bought in the observed year.
    pub(crate) labour_observed: f64,
    pub(crate) labour: f64,
    pub(crate) labour_cost: f64,
    /// Labour and all inputs.
    pub(crate) spending: f64,
}

/// The planned economy, by industry.
pub(crate) struct Planned(Vec<PlannedIndustry>);

impl Planned {
    pub(crate) fn sector(&self, code: &str) -> Option<&PlannedIndustry> {
        self.0.iter().find(|s| s.code == code)
    }
}

/// Calibrates, shocks, and plans with both rules; the chosen one carries the plan.
pub(crate) fn run(args: &Args, table: &IoTable, technology: &Technology) -> Result<(Plan, Planned)> {
    let shocked = shocks(table, &args.shock)?;
    let observed = Calibration::new(LABOUR).calibrate(table)?;
    let benchmark = observed.economy().aggregate(&vec![1.0; table.len() + 1])?;
    let benchmark_imbalance = 100.0 * benchmark.largest_imbalance().map_or(0.0, |(_, imbalance)| imbalance);
    println!("  observed year at unit prices: largest imbalance {benchmark_imbalance:.1e} %");
    let factors: Vec<(Id<Sector>, f64)> =
        shocked.iter().map(|(sector, percent)| (*sector, 1.0 + percent / 100.0)).collect();
    let economy = observed.with_final_demand(&factors)?;

    let outcome = agree(args, &economy, table)?;
    let published = compare_rule(args, &economy)?;
    let runs =
        vec![Run::of("revealed Newton", &outcome, table), Run::of("published rule", &published, table)];
    let leontief = leontief_changes(table, technology, &factors)?;
    let (sectors, planned) = compare(table, &observed, &economy, &outcome, &leontief)?;
    let wage = outcome.prices[observed.labour().index()];
    let adjustments = observed.adjustments();
    let final_uses: f64 = table.final_demand().iter().filter(|y| **y > 0.0).sum();
    let share =
        |amount: f64| format!("${:.1} bn ({:.2} % of final uses)", amount / 1e3, 100.0 * amount / final_uses);
    let plan = Plan {
        shocks: shocked
            .iter()
            .map(|(sector, percent)| ShockedSector {
                code: table.sectors().code(*sector).to_owned(),
                name: table.sectors().name(*sector).to_owned(),
                percent: *percent,
            })
            .collect(),
        notes: vec![
            format!(
                "{} worker councils (one per industry, Cobb–Douglas with effort) and {} consumer councils (one per \
                 category of final demand).",
                economy.worker_councils(),
                economy.consumer_councils()
            ),
            format!(
                "Imports and stocks drawn down are a fixed supply of {}.",
                share(adjustments.negative_final_demand)
            ),
            format!(
                "By-products recorded as negative inputs: {}; rounding of the table: {}.",
                share(adjustments.negative_flows),
                share(adjustments.discrepancy)
            ),
            "The published rule moves a price by the size of its imbalance and knows nothing of how strongly supply \
             reacts; where an industry's surplus is small, its supply reacts so strongly that the rule overshoots."
                .to_owned(),
            "Labour is of one kind and fully employed before and after; surplus and taxes on production are the \
             return to what an industry cannot change within the year."
                .to_owned(),
        ],
        benchmark_imbalance,
        runs,
        wage_change: 100.0 * (wage - 1.0),
        sectors,
    };
    Ok((plan, planned))
}

fn shocks(table: &IoTable, shocks: &[Shock]) -> Result<Vec<(Id<Sector>, f64)>> {
    let mut found = Vec::new();
    for shock in shocks {
        for code in &shock.codes {
            let sector = table.sector(code).context("--shock")?;
            if found.iter().any(|(other, _)| *other == sector) {
                bail!("--shock: industry \"{code}\" is named twice");
            }
            found.push((sector, shock.percent));
        }
    }
    Ok(found)
}

/// Rounds of proposals until they fit together, shown as they come.
fn agree(args: &Args, economy: &Economy, table: &IoTable) -> Result<Outcome> {
    println!("  round, largest imbalance of any good, where, class, certified gap to the best plan possible");
    let mut show = |round: &Round| {
        let r = row(round, table);
        println!(
            "  {:5} {:>9} %  {:8} {:7} {:>9} M$ ({} % of consumption)",
            r.round,
            short(r.imbalance),
            r.sector,
            r.class,
            short(r.gap),
            short(r.gap_percent)
        );
        ControlFlow::Continue(())
    };
    let config = config(args).with_round_limit(args.rounds as usize);
    let outcome = plan(economy, &mut RevealedNewton::default(), &config, &mut show)?;
    println!("  {} after {} rounds", outcome.status, outcome.rounds.len());
    if !outcome.status.is_converged() {
        bail!(
            "the proposals do not fit together ({}); allow more --rounds, a larger --tolerance or a smaller --shock",
            outcome.status
        );
    }
    Ok(outcome)
}

/// The same economy under the rule of the published simulations.
fn compare_rule(args: &Args, economy: &Economy) -> Result<Outcome> {
    let config = config(args).with_round_limit(PUBLISHED_ROUNDS);
    let outcome = plan(economy, &mut Recorded::default(), &config, &mut ())?;
    println!(
        "  for comparison, the published rule: {} after {} rounds, best imbalance {} %",
        outcome.status,
        outcome.rounds.len(),
        short(100.0 * outcome.largest_imbalance)
    );
    Ok(outcome)
}

fn config(args: &Args) -> Config {
    Config::default().with_start_price(1.0).with_tolerance(args.tolerance / 100.0)
}

impl Run {
    fn of(rule: &str, outcome: &Outcome, table: &IoTable) -> Self {
        Run {
            rule: rule.to_owned(),
            status: outcome.status.to_string(),
            rounds: outcome.rounds.iter().map(|round| row(round, table)).collect(),
        }
    }
}

fn row(round: &Round, table: &IoTable) -> RoundRow {
    let sector = table.sectors().at(round.least_balanced.index());
    let (gap, gap_percent) =
        round.certificate.as_ref().map_or((f64::NAN, f64::NAN), |c| (c.gap, 100.0 * c.gap_relative));
    RoundRow {
        round: round.number,
        imbalance: 100.0 * round.largest_imbalance,
        sector: sector.map_or("labour", |s| table.sectors().code(s)).to_owned(),
        class: class(round.class).to_owned(),
        gap,
        gap_percent,
    }
}

fn class(class: ThresholdClass) -> &'static str {
    match class {
        ThresholdClass::Red => "red",
        ThresholdClass::Orange => "orange",
        ThresholdClass::Yellow => "yellow",
        ThresholdClass::Green => "green",
        ThresholdClass::Blue => "blue",
    }
}

/// Output changes that fixed coefficients and fixed prices would ask for: L Δy / x, in percent.
fn leontief_changes(
    table: &IoTable,
    technology: &Technology,
    factors: &[(Id<Sector>, f64)],
) -> Result<Vec<f64>> {
    let mut change = DVector::zeros(table.len());
    for &(sector, factor) in factors {
        let uses: f64 = table.final_demand().row(sector.index()).iter().filter(|y| **y > 0.0).sum();
        change[sector.index()] = uses * (factor - 1.0);
    }
    let output = technology.output_for(&change)?;
    Ok(output.iter().zip(table.output().iter()).map(|(d, x)| 100.0 * d / x).collect())
}

fn compare(
    table: &IoTable,
    observed: &Calibrated,
    economy: &Economy,
    outcome: &Outcome,
    leontief: &[f64],
) -> Result<(Vec<PlannedSector>, Planned)> {
    let before = observed.economy().respond(&vec![1.0; table.len() + 1])?;
    let after = economy.respond(&outcome.prices)?;
    let mut sectors = Vec::new();
    let mut planned = Vec::new();
    for (sector, &leontief) in table.sectors().iter().zip(leontief) {
        let i = sector.index();
        let (old, new) =
            before.worker(i).zip(after.worker(i)).context("every industry has a worker council")?;
        let labour_of = |w: &parecon::planning::WorkerProposal<'_>| {
            w.input_goods
                .iter()
                .zip(w.inputs)
                .find(|(g, _)| **g == observed.labour())
                .map_or(0.0, |(_, x)| *x)
        };
        let (labour_observed, labour) = (labour_of(&old), labour_of(&new));
        let spending: f64 =
            new.input_goods.iter().zip(new.inputs).map(|(g, x)| outcome.prices[g.index()] * x).sum();
        let (code, name) = (table.sectors().code(sector).to_owned(), table.sectors().name(sector).to_owned());
        sectors.push(PlannedSector {
            code: code.clone(),
            name: name.clone(),
            price_change: 100.0 * (outcome.prices[i] - 1.0),
            output_change: 100.0 * (new.output / old.output - 1.0),
            labour_change: 100.0 * (labour / labour_observed - 1.0),
            leontief_output_change: leontief,
        });
        planned.push(PlannedIndustry {
            code,
            name,
            labour_observed,
            labour,
            labour_cost: labour * outcome.prices[observed.labour().index()],
            spending,
        });
    }
    Ok((sectors, Planned(planned)))
}

/// The changes a reader of the terminal wants to see.
pub(crate) fn print(plan: &Plan) {
    for note in &plan.notes {
        println!("  {note}");
    }
    println!(
        "  the indicative price of labour changes by {:+.2} %; prices and outputs that change most:",
        plan.wage_change
    );
    let mut order: Vec<&PlannedSector> = plan.sectors.iter().collect();
    order.sort_by(|a, b| b.output_change.abs().total_cmp(&a.output_change.abs()));
    for s in order.iter().take(8) {
        println!(
            "    price {:+6.2} %, output {:+6.2} %, labour {:+6.2} %  {:7} {}",
            s.price_change, s.output_change, s.labour_change, s.code, s.name
        );
    }
}

/// A number as short as its size allows.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 || (0.01..1e6).contains(&value.abs()) {
        format!("{value:.2}")
    } else {
        format!("{value:.1e}")
    }
}
