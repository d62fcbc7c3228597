//! Step 3: the planned labour of hospitals, shared out in balanced job complexes.

use std::ops::ControlFlow;

use anyhow::{Context, Result, bail};
use parecon::jobs::hospital::{Assumptions, Regime};
use parecon::jobs::{Balance, Config, Dimension, Minutes, Outcome, Progress, Workplace, balance, datasets};

use crate::args::Args;
use crate::plan::Planned;
use crate::results::{Group, Hospital, Spread};

/// Hospitals in the industry classification.
const HOSPITALS: &str = "622";
const WEEK_HOURS: f64 = 35.0;

/// Builds the hospital that the plan's hours staff, and balances it.
pub(crate) fn run(args: &Args, planned: &Planned) -> Result<Hospital> {
    let industry = planned.sector(HOSPITALS).context("the table has no hospitals")?;
    // Labour is counted in what a million dollars bought in the observed year.
    let hours = |labour: f64| labour * 1e6 / args.hourly_rate;
    let growth = industry.labour / industry.labour_observed;
    let members = (f64::from(args.hospital_members) * growth).round();
    let work = Minutes::from_hours(members * WEEK_HOURS)?;

    let assumptions = Assumptions::default();
    let source = datasets::hospital()?;
    let today = source.workplace(work, &assumptions, Regime::Today)?;
    let opened = source.workplace(work, &assumptions, Regime::Opened)?;
    let before = solve(&today)?;
    let after = solve(&opened)?;
    before.complexes.verify(&today)?;
    after.complexes.verify(&opened)?;

    let average = |dimension| opened.average(dimension);
    let groups: Vec<Group> = opened
        .members()
        .iter()
        .zip(before.complexes.iter().zip(after.complexes.iter()))
        .map(|(member, ((id, _), _))| {
            let of = |balance: &Balance, workplace: &Workplace, dimension| {
                balance.complexes.average(workplace, id, dimension).unwrap_or(f64::NAN)
            };
            Group {
                code: member.id.clone(),
                name: member.label().to_owned(),
                people: member.count,
                empowerment_before: of(&before, &today, Dimension::Empowerment),
                desirability_before: of(&before, &today, Dimension::Desirability),
                empowerment_after: of(&after, &opened, Dimension::Empowerment),
                desirability_after: of(&after, &opened, Dimension::Desirability),
                tasks_before: before.complexes.distinct_tasks(id),
                tasks_after: after.complexes.distinct_tasks(id),
            }
        })
        .collect();
    let bottleneck = bottleneck(&opened, &after);
    let licensed = source.profiles().iter().filter(|profile| assumptions.is_licensed(&profile.code)).count();
    Ok(Hospital {
        hourly_rate: args.hourly_rate,
        hours_observed: hours(industry.labour_observed) / 1e6,
        hours_planned: hours(industry.labour) / 1e6,
        members: groups.iter().map(|g| g.people).sum(),
        profiles: groups.len(),
        duties: opened.tasks().len(),
        assumptions: vec![
            format!(
                "An hour of work is ${:.2} of labour compensation. One hospital stands for all: {} people at \
                 {WEEK_HOURS} hours a week in the observed year, and as many more or fewer in the plan as hospitals \
                 work more or less.",
                args.hourly_rate, args.hospital_members
            ),
            "Occupations, duties and ratings are Canadian (OaSIS 2023); staff follows national employment, a \
             profile's hours are spread evenly over its duties, and words such as supervise, plan or clean move a \
             duty's rating away from its profile's."
                .to_owned(),
            format!(
                "Before: everyone does their own occupation's duties. After: duties that need no licence are open to \
                 everyone, after training; {licensed} of {} occupations keep theirs to themselves.",
                source.profiles().len()
            ),
        ],
        empowerment_average: average(Dimension::Empowerment),
        desirability_average: average(Dimension::Desirability),
        before: spread(&before, groups.iter().map(|g| (g.people, g.tasks_before))),
        after: spread(&after, groups.iter().map(|g| (g.people, g.tasks_after))),
        status: after.status.to_string(),
        largest: (after.certificate.largest.value, after.certificate.largest.bound),
        bottleneck,
        groups,
    })
}

fn solve(workplace: &Workplace) -> Result<Balance> {
    let mut show = |progress: &Progress| {
        if progress.iteration > 0 && progress.iteration.is_multiple_of(25) {
            println!("  … {:?}, iteration {}, gap {:.0e}", progress.stage, progress.iteration, progress.gap);
        }
        ControlFlow::Continue(())
    };
    match balance(workplace, &Config::default(), &mut show)? {
        Outcome::Balanced(balance) => Ok(*balance),
        Outcome::Infeasible(reasons) => {
            let reasons: Vec<String> = reasons.shortages.iter().map(|s| s.describe(workplace)).collect();
            bail!("this hospital's work cannot be shared out: {}", reasons.join("; "))
        }
        _ => bail!("balancing gave an answer this example does not know"),
    }
}

fn spread(balance: &Balance, tasks: impl Iterator<Item = (u32, usize)>) -> Spread {
    let of =
        |dimension| balance.spread.of(dimension).map_or((f64::NAN, f64::NAN), |s| (s.mean_abs, s.max_abs));
    let (people, total) = tasks.fold((0.0, 0.0), |(people, total), (count, tasks)| {
        (people + f64::from(count), total + f64::from(count) * tasks as f64)
    });
    let (empowerment_mean, empowerment_max) = of(Dimension::Empowerment);
    let (desirability_mean, desirability_max) = of(Dimension::Desirability);
    Spread { empowerment_mean, empowerment_max, desirability_mean, desirability_max, tasks: total / people }
}

/// What the certificate says stands in the way, in words.
fn bottleneck(workplace: &Workplace, balance: &Balance) -> String {
    let largest = &balance.certificate.largest;
    let who: Vec<String> = balance
        .certificate
        .binding_members
        .iter()
        .take(3)
        .filter_map(|b| {
            let member = workplace.member(b.member)?;
            Some(format!("{} ({} {:+.2})", member.label(), b.dimension, b.deviation))
        })
        .collect();
    let what: Vec<&str> = balance
        .certificate
        .binding_tasks
        .iter()
        .take(2)
        .filter_map(|b| workplace.task(b.task))
        .map(|task| task.label().trim_end_matches('.'))
        .collect();
    format!(
        "No assignment whatever brings the largest deviation below {:.4} points (dual bound; reached: {:.4}). In the \
         way: {}, whose work includes: {}.",
        largest.bound,
        largest.value,
        who.join(", "),
        what.join("; ")
    )
}

/// The spread before and after, for a reader of the terminal.
pub(crate) fn print(h: &Hospital) {
    for assumption in &h.assumptions {
        println!("  {assumption}");
    }
    println!(
        "  hospitals: {:.0} million hours observed, {:.0} million planned; here {} people, {} occupations, {} duties",
        h.hours_observed, h.hours_planned, h.members, h.profiles, h.duties
    );
    println!(
        "  averages: empowerment {:.2}, desirability {:.2} of 20; mean deviation of members from them, in points:",
        h.empowerment_average, h.desirability_average
    );
    for (name, s) in [("today", &h.before), ("balanced", &h.after)] {
        println!(
            "    {name:9} empowerment mean {:5.2} largest {:5.2}   desirability mean {:5.2} largest {:5.2}   \
             {:.1} tasks an occupation",
            s.empowerment_mean, s.empowerment_max, s.desirability_mean, s.desirability_max, s.tasks
        );
    }
    println!("  {}", h.bottleneck);
}
