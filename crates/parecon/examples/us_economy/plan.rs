//! Step 2: councils from the table, a change of final demand, and a plan that fits together.

use std::ops::ControlFlow;

use anyhow::{Context, Result, bail};
use parecon::io::nalgebra::DVector;
use parecon::io::{Id, IoTable, Sector, Technology};
use parecon::planning::calibrate::{Calibrated, Calibration, Substitution};
use parecon::planning::{Config, Economy, Outcome, Recorded, RevealedNewton, Round, ThresholdClass, plan};

use crate::args::{Args, Shock};
use crate::results::{Plan, PlannedSector, RoundRow, Run, ShockedSector};

/// The value-added component that is labour compensation.
pub(crate) const LABOUR: &str = "V001";
/// Industries whose products are energy: oil and gas, utilities, petroleum and coal products.
const ENERGY: [&str; 3] = ["211", "22", "324"];
/// Elasticities of substitution of the plan beside the main one: between labour, energy and materials, between kinds of
/// energy, and between materials. Assumed, on the side of inputs that are hard to replace; the main plan has 1 for all.
const ELASTICITIES: [f64; 3] = [0.5, 0.5, 0.2];
/// Rounds for which the published rule is shown beside the one that carries the plan; its simulations needed 15 to 22.
const PUBLISHED_ROUNDS: usize = 30;
/// The threshold classes of the published simulations.
pub(crate) const CLASSES: &str = "red from 20 %, orange, yellow below 10 %, green below 5 %, blue below 3 %";

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
    pub(crate) fn sector(&self, code: &str) -> Result<&PlannedIndustry> {
        self.0
            .iter()
            .find(|s| s.code == code)
            .with_context(|| format!("the table has no industry \"{code}\""))
    }
}

/// Calibrates, changes final demand, and plans; the published rule is run beside it for comparison.
pub(crate) fn run(
    args: &Args,
    shocked: &[(Id<Sector>, f64)],
    table: &IoTable,
    technology: &Technology,
) -> Result<(Plan, Planned)> {
    let observed = Calibration::new(LABOUR).calibrate(table)?;
    let benchmark = observed.economy().aggregate(&vec![1.0; table.len() + 1])?;
    let benchmark_imbalance = 100.0 * benchmark.largest_imbalance().map_or(0.0, |(_, imbalance)| imbalance);
    say!("  observed year at unit prices: largest imbalance {benchmark_imbalance:.1e} %");
    let factors: Vec<(Id<Sector>, f64)> =
        shocked.iter().map(|(sector, percent)| (*sector, 1.0 + percent / 100.0)).collect();
    let economy = observed.with_final_demand(&factors)?;

    let outcome = agree(args, &economy, table)?;
    let published = compare_rule(args, &economy)?;
    let leontief = leontief_changes(table, technology, &factors)?;
    // Prices are homogeneous in incomes: this takes out what is only more money.
    let spending = economy.total_income() / observed.economy().total_income();
    let prices: Vec<f64> = outcome.prices.iter().map(|price| price / spending).collect();
    let (sectors, planned) = compare(table, &observed, &economy, &outcome, &prices, &leontief)?;
    let (nested, sensitivity) = compare_substitution(args, table, &factors, &leontief, &sectors)?;
    let runs = vec![
        Run::of("revealed Newton", &outcome, table),
        Run::of("published rule", &published, table),
        Run::of("revealed Newton, nested CES", &nested, table),
    ];
    let wage = prices[observed.labour().index()];
    let adjustments = observed.adjustments();
    let final_uses: f64 = table.final_demand().iter().filter(|y| **y > 0.0).sum();
    let share =
        |amount: f64| format!("{} ({:.2} % of final uses)", money(amount), 100.0 * amount / final_uses);
    let mut notes = vec![
        format!(
            "{} worker councils, one per industry (Cobb–Douglas with effort), and {} consumer councils, one per category \
             of final demand that buys anything.",
            economy.worker_councils(),
            economy.consumer_councils()
        ),
        format!(
            "Negative final demand (imports, sales of second-hand goods, stocks drawn down) is a fixed supply of {}; \
             by-products recorded as negative inputs are one of {}.",
            share(adjustments.negative_final_demand),
            share(adjustments.negative_flows)
        ),
        "Noncomparable imports are made, in the table, by federal nondefense government, whose cost structure they \
         are given."
            .to_owned(),
        format!(
            "The change of final demand changes all spending by {:+.2} %. Prices are shown as if it had not: only their \
             proportions mean anything.",
            100.0 * (spending - 1.0)
        ),
        "Labour is of one kind and fully employed before and after. Surplus and taxes on production are the return \
         to what an industry cannot change within the year."
            .to_owned(),
        sensitivity,
    ];
    if !published.status.is_converged() {
        notes.push(
            "The published rule (Hahnel 2021) moves a price by the size of its imbalance and knows nothing of how \
             strongly supply reacts. Where an industry's surplus is small, its supply reacts so strongly that the rule \
             overshoots."
                .to_owned(),
        );
    }
    let plan = Plan {
        shocks: shocked
            .iter()
            .map(|(sector, percent)| ShockedSector {
                code: table.sectors().code(*sector).to_owned(),
                name: table.sectors().name(*sector).to_owned(),
                percent: *percent,
            })
            .collect(),
        notes,
        benchmark_imbalance,
        runs,
        spending_change_percent: 100.0 * (spending - 1.0),
        wage_change: 100.0 * (wage - 1.0),
        sectors,
    };
    Ok((plan, planned))
}

/// The industries whose final demand changes, with the percentages.
pub(crate) fn shocks(table: &IoTable, shocks: &[Shock]) -> Result<Vec<(Id<Sector>, f64)>> {
    let mut found = Vec::new();
    for shock in shocks {
        for code in &shock.codes {
            let sector = table.sector(code).context("--shock (see --list-sectors)")?;
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
    say!("  each round: largest imbalance of any good and its class ({CLASSES}),");
    say!("  and the certified gap: no plan is better than the feasible one at hand by more than that");
    let mut show = |round: &Round| {
        let r = row(round, table);
        say!(
            "  round {:2} {:>9} %  {:8} {:7} gap {} ({} % of consumption)",
            r.round,
            short(r.imbalance),
            r.sector,
            r.class,
            r.gap.map_or("unknown".to_owned(), money),
            r.gap_percent.map_or("?".to_owned(), short)
        );
        ControlFlow::Continue(())
    };
    let config = config(args).with_round_limit(args.rounds as usize);
    let outcome = plan(economy, &mut RevealedNewton::default(), &config, &mut show)?;
    say!("  {} after {} rounds", outcome.status, outcome.rounds.len());
    if !outcome.status.is_converged() {
        bail!(
            "the proposals do not fit together: {}, {} % left where {} % was asked for; allow more --rounds or a larger \
             --tolerance",
            outcome.status,
            short(100.0 * outcome.largest_imbalance),
            args.tolerance
        );
    }
    Ok(outcome)
}

/// The same economy under the rule of the published simulations.
fn compare_rule(args: &Args, economy: &Economy) -> Result<Outcome> {
    let config = config(args).with_round_limit(PUBLISHED_ROUNDS);
    let outcome = plan(economy, &mut Recorded::default(), &config, &mut ())?;
    say!(
        "  for comparison, the published rule (Hahnel 2021): {} after {} rounds, best imbalance {} % in round {}",
        outcome.status,
        outcome.rounds.len(),
        short(100.0 * outcome.largest_imbalance),
        1 + outcome
            .rounds
            .iter()
            .position(|round| round.largest_imbalance == outcome.largest_imbalance)
            .unwrap_or_default()
    );
    Ok(outcome)
}

/// The same question to councils that find their inputs harder to replace: how it was answered, and by how much the answer
/// differs from that of the main plan's `sectors`.
fn compare_substitution(
    args: &Args,
    table: &IoTable,
    factors: &[(Id<Sector>, f64)],
    leontief: &[f64],
    sectors: &[PlannedSector],
) -> Result<(Outcome, String)> {
    let [top, energy, materials] = ELASTICITIES;
    let energy_sectors = ENERGY.map(String::from).to_vec();
    let substitution = Substitution { top, energy, materials, energy_sectors };
    let observed = Calibration::new(LABOUR).with_substitution(substitution)?.calibrate(table)?;
    let economy = observed.with_final_demand(factors)?;
    let config = config(args).with_round_limit(args.rounds as usize);
    let outcome = plan(&economy, &mut RevealedNewton::default(), &config, &mut ())?;
    let spending = economy.total_income() / observed.economy().total_income();
    let prices: Vec<f64> = outcome.prices.iter().map(|price| price / spending).collect();
    let (nested, _) = compare(table, &observed, &economy, &outcome, &prices, leontief)?;
    let differences = nested.iter().zip(sectors).map(|(n, s)| (s, (n.output_change - s.output_change).abs()));
    let (sector, most) =
        differences.max_by(|(_, a), (_, b)| a.total_cmp(b)).context("the table has no industry")?;
    let note = format!(
        "Cobb–Douglas councils keep their shares of spending. With nested CES technologies instead (elasticities of \
         substitution {top} between labour, energy and materials, {energy} within energy, {materials} within materials) \
         the plan {} after {} rounds, and no industry's output differs by more than {most:.2} percentage points ({} {}).",
        outcome.status,
        outcome.rounds.len(),
        sector.code,
        sector.name
    );
    Ok((outcome, note))
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
    RoundRow {
        round: round.number,
        imbalance: 100.0 * round.largest_imbalance,
        sector: sector.map_or("labour", |s| table.sectors().code(s)).to_owned(),
        class: class(round.class).to_owned(),
        gap: round.certificate.as_ref().map(|c| c.gap),
        gap_percent: round.certificate.as_ref().map(|c| 100.0 * c.gap_relative),
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

/// Output changes that fixed coefficients, prices and import shares would ask for: L Δy / x, in percent, where the
/// change of demand falls on domestic output and fixed supply in proportion.
fn leontief_changes(
    table: &IoTable,
    technology: &Technology,
    factors: &[(Id<Sector>, f64)],
) -> Result<Vec<f64>> {
    let mut change = DVector::zeros(table.len());
    for &(sector, factor) in factors {
        let row = table.final_demand().row(sector.index());
        let uses: f64 = row.iter().map(|y| y.max(0.0)).sum();
        let fixed: f64 = row.iter().map(|y| (-y).max(0.0)).sum();
        let domestic = table.output()[sector.index()] / (table.output()[sector.index()] + fixed);
        change[sector.index()] = uses * domestic * (factor - 1.0);
    }
    let output = technology.output_for(&change)?;
    Ok(output.iter().zip(table.output().iter()).map(|(d, x)| 100.0 * d / x).collect())
}

fn compare(
    table: &IoTable,
    observed: &Calibrated,
    economy: &Economy,
    outcome: &Outcome,
    prices: &[f64],
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
            price_change: 100.0 * (prices[i] - 1.0),
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
        say!("  {note}");
    }
    say!("  the indicative price of labour changes by {:+.2} %", plan.wage_change);
    let mut order: Vec<&PlannedSector> =
        plan.sectors.iter().filter(|s| s.output_change.abs() >= 0.005).collect();
    order.sort_by(|a, b| b.output_change.abs().total_cmp(&a.output_change.abs()));
    say!("  {} of {} industries change their output by 0.005 % or more:", order.len(), plan.sectors.len());
    for s in order.iter().take(8) {
        say!(
            "    price {:+6.2} %, output {:+6.2} %, labour {:+6.2} %  {:7} {}",
            s.price_change,
            s.output_change,
            s.labour_change,
            s.code,
            s.name
        );
    }
}

/// An amount of money given in millions of dollars, in words that fit its size.
pub(crate) fn money(millions: f64) -> String {
    let (sign, size) = (if millions < 0.0 { "−" } else { "" }, millions.abs());
    match size {
        1e6.. => format!("{sign}${:.2} trillion", size / 1e6),
        1e3.. => format!("{sign}${:.1} bn", size / 1e3),
        0.01.. => format!("{sign}${size:.2} M"),
        _ => format!("{sign}${:.2}", size * 1e6),
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
