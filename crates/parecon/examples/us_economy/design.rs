//! Step 4: ask first or filter after, for the design work of the same economy.

use anyhow::Result;
use parecon::review::{
    BreakEven, Costs, Environment, EnvironmentData, Policy, StepCosts, Threshold, break_even_production_cost,
    evaluate_over, frontier,
};

use crate::args::Args;
use crate::plan::Planned;
use crate::results::{Curve, Design, Marker, Winner};

/// Hours in a day of work.
const DAY_HOURS: f64 = 8.0;
/// Where design work is counted: computer systems design; scientific, technical and other professional services.
const DESIGN: [&str; 2] = ["5415", "5412OP"];
/// From work that uses up little but time to work that uses up much else.
const MARKERS: [&str; 6] = ["5415", "711AS", "511", "23", "334", "3361MV"];
/// Production costs shown, in days of design labour.
const RANGE: f64 = 10.0;
const POINTS: u32 = 201;
/// How exactly the points are found where the winner changes, in days.
const TOLERANCE: f64 = 1e-9;

// The ideas: assumptions, in days of design labour. Values and accuracies come from the command line.
const BASE_RATE: f64 = 0.3;
const PROPOSAL: f64 = 0.1;
const PROPOSAL_REVIEW: f64 = 0.3;
const WORK_REVIEW: f64 = 1.0;

/// Compares the policies over production costs and marks what a day's work costs in some industries.
pub(crate) fn run(args: &Args, planned: &Planned) -> Result<Design> {
    let environment = Environment::new(EnvironmentData {
        base_rate: BASE_RATE,
        proposal_accuracy: args.proposal_accuracy,
        work_accuracy: args.work_accuracy,
        value: args.value,
        harm: args.harm,
        costs: StepCosts {
            proposal: Costs::contributors(PROPOSAL),
            proposal_review: Costs::reviewers(PROPOSAL_REVIEW),
            work_review: Costs::reviewers(WORK_REVIEW),
            ..StepCosts::default()
        },
        ..EnvironmentData::default()
    })?;
    let best = Threshold::Optimal;
    let policies = [
        Policy::post(best)?,
        Policy::two_gate(best, best)?,
        Policy::prior(best)?,
        Policy::open(),
        Policy::abstain(),
    ];
    let names = ["filter after", "two gates", "permission first", "no review", "do not start"];

    let frontier = frontier(&environment, &policies, 0.0..=RANGE, TOLERANCE)?;
    let intervals: Vec<Winner> = frontier
        .intervals
        .iter()
        .map(|i| Winner { from: i.from, to: i.to, policy: names[i.winner].to_owned() })
        .collect();

    let costs: Vec<f64> = (0..POINTS).map(|i| RANGE * f64::from(i) / f64::from(POINTS - 1)).collect();
    let curves = policies
        .iter()
        .zip(names)
        .map(|(policy, name)| {
            let evaluations = evaluate_over(&environment, policy, &costs)?;
            let points = costs.iter().zip(&evaluations).map(|(k, e)| (*k, e.net_benefit())).collect();
            Ok(Curve { policy: name.to_owned(), points })
        })
        .collect::<Result<Vec<_>>>()?;

    let markers = MARKERS
        .iter()
        .map(|code| {
            let sector = planned.sector(code)?;
            let cost = sector.spending / sector.labour_cost;
            let winner = names[best_at(&environment, &policies, cost)?];
            Ok(Marker {
                code: sector.code.clone(),
                name: sector.name.clone(),
                cost,
                winner: winner.to_owned(),
            })
        })
        .collect::<Result<Vec<_>>>()?;

    let mut design_labour = 0.0;
    for code in DESIGN {
        design_labour += planned.sector(code)?.labour;
    }
    let hours = design_labour * 1e6 / args.hourly_rate;
    let day = DAY_HOURS * args.hourly_rate;
    let break_even = break_even_production_cost(&environment, best)?;
    Ok(Design {
        assumptions: vec![
            format!(
                "Industries {} do design work: {:.1} billion hours in the plan, or {:.0} million days of {DAY_HOURS} \
                 hours; a day is ${:.0} of labour compensation in the observed year.",
                DESIGN.join(" and "),
                hours / 1e9,
                hours / DAY_HOURS / 1e6,
                day
            ),
            format!(
                "Assumed, in days: a good piece is worth {}, a bad one does {} of harm, {:.0} % of ideas are \
                 good; a proposal takes {PROPOSAL}, its review {PROPOSAL_REVIEW}, the review of finished work \
                 {WORK_REVIEW}.",
                args.value,
                args.harm,
                100.0 * BASE_RATE
            ),
            format!(
                "Assumed: a proposal correlates {} with the quality of the work, a review of the finished work {}. \
                 Every policy draws the line where it does best.",
                args.proposal_accuracy, args.work_accuracy
            ),
        ],
        day,
        design_hours: hours / 1e6,
        break_even_days: break_even.cost(),
        break_even: match break_even {
            BreakEven::At(k) => {
                format!("filtering after wins below k* = {k:.4} days (${:.0}), asking first above", k * day)
            }
            BreakEven::PostAlways => "filtering after wins at every production cost".to_owned(),
            BreakEven::PostNever => "asking first wins at every production cost, or they tie".to_owned(),
        },
        intervals,
        curves,
        markers,
    })
}

fn best_at(environment: &Environment, policies: &[Policy], cost: f64) -> Result<usize> {
    let mut best = (0, f64::NEG_INFINITY);
    for (i, policy) in policies.iter().enumerate() {
        for evaluation in evaluate_over(environment, policy, &[cost])? {
            if evaluation.net_benefit() > best.1 {
                best = (i, evaluation.net_benefit());
            }
        }
    }
    Ok(best.0)
}

/// Who wins where, for a reader of the terminal.
pub(crate) fn print(design: &Design) {
    for assumption in &design.assumptions {
        say!("  {assumption}");
    }
    for (i, w) in design.intervals.iter().enumerate() {
        let to = if i + 1 == design.intervals.len() {
            format!("{} days, the end of what was looked at", w.to)
        } else {
            format!("{:.4} days (${:.0})", w.to, w.to * design.day)
        };
        say!("  production cost from {:.4} days (${:.0}) to {to}: {}", w.from, w.from * design.day, w.policy);
    }
    say!("  between filtering after and asking first only: {}", design.break_even);
    say!("  a piece that takes one day's work costs, with labour and inputs:");
    for m in &design.markers {
        say!("    {:5.2} days in {} ({}): {}", m.cost, m.name, m.code, m.winner);
    }
}
