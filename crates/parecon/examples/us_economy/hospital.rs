//! Step 3: the planned labour of hospitals, shared out in balanced job complexes.

use anyhow::{Context, Result, bail};
use parecon::jobs::hospital::{Assumptions, Regime};
use parecon::jobs::{Balance, Config, Dimension, Minutes, Outcome, Workplace, balance, datasets};

use crate::args::Args;
use crate::plan::Planned;
use crate::results::{Group, Hospital, Spread};

/// Hospitals in the industry classification.
const HOSPITALS: &str = "622";
const WEEK_HOURS: f64 = 35.0;

/// Builds the hospital that the plan's hours staff, and balances it.
pub(crate) fn run(args: &Args, planned: &Planned) -> Result<Hospital> {
    let industry = planned.sector(HOSPITALS)?;
    // Labour is counted in what a million dollars bought in the observed year.
    let hours = |labour: f64| labour * 1e6 / args.hourly_rate;
    let growth = industry.labour / industry.labour_observed;
    let members = (f64::from(args.hospital_members) * growth).round();
    let work = Minutes::from_hours(members * WEEK_HOURS)?;
    say!("  sharing out a week of {work} …");

    let assumptions = Assumptions::default();
    let source = datasets::hospital()?;
    let today = source.workplace(work, &assumptions, Regime::Today).with_context(|| {
        format!("the plan leaves this hospital {members} people: raise --hospital-members or change the --shock less")
    })?;
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
                licensed: assumptions.is_licensed(&member.id),
                empowerment_before: of(&before, &today, Dimension::Empowerment),
                desirability_before: of(&before, &today, Dimension::Desirability),
                empowerment_after: of(&after, &opened, Dimension::Empowerment),
                desirability_after: of(&after, &opened, Dimension::Desirability),
                tasks_before: before.complexes.distinct_tasks(id),
                tasks_after: after.complexes.distinct_tasks(id),
            }
        })
        .collect();
    let mut findings = vec![movement(&groups)];
    findings.extend(bottleneck(&opened, &after));
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
             duty's rating by up to three points from its profile's."
                .to_owned(),
            format!(
                "A profile without published employment has no staff, every other at least one person. {} of {} \
                 profiles and {} of {} duties remain.",
                opened.members().len(),
                source.profiles().len(),
                opened.tasks().len(),
                source.duties().len()
            ),
            format!(
                "Before: everyone does their own occupation's duties. After: duties that need no licence are open to \
                 everyone, after training; {licensed} of {} occupations keep theirs to themselves.",
                source.profiles().len()
            ),
        ],
        empowerment_average: average(Dimension::Empowerment),
        desirability_average: average(Dimension::Desirability),
        before: spread(&before, groups.iter().map(|g| g.tasks_before)),
        after: spread(&after, groups.iter().map(|g| g.tasks_after)),
        status: after.status.to_string(),
        largest: after.certificate.largest.value,
        largest_bound: after.certificate.largest.bound,
        findings,
        groups,
    })
}

fn solve(workplace: &Workplace) -> Result<Balance> {
    match balance(workplace, &Config::default(), &mut ())? {
        Outcome::Balanced(balance) => Ok(*balance),
        Outcome::Infeasible(reasons) => {
            let reasons: Vec<String> = reasons.shortages.iter().map(|s| s.describe(workplace)).collect();
            bail!("this hospital's work cannot be shared out: {}", reasons.join("; "))
        }
        _ => bail!("balancing gave an answer this example does not know"),
    }
}

fn spread(balance: &Balance, tasks: impl ExactSizeIterator<Item = usize>) -> Spread {
    let of =
        |dimension| balance.spread.of(dimension).map_or((f64::NAN, f64::NAN), |s| (s.mean_abs, s.max_abs));
    let occupations = tasks.len() as f64;
    let (empowerment_mean, empowerment_max) = of(Dimension::Empowerment);
    let (desirability_mean, desirability_max) = of(Dimension::Desirability);
    Spread {
        empowerment_mean,
        empowerment_max,
        desirability_mean,
        desirability_max,
        tasks: tasks.sum::<usize>() as f64 / occupations,
    }
}

/// Who moved, in words.
fn movement(groups: &[Group]) -> String {
    /// Averages that differ by less have not moved.
    const SAME: f64 = 0.01;
    let moved = |g: &&Group| {
        (g.empowerment_after - g.empowerment_before).abs() > SAME
            || (g.desirability_after - g.desirability_before).abs() > SAME
    };
    let people = |groups: &[&Group]| groups.iter().map(|g| g.people).sum::<u32>();
    let (moving, staying): (Vec<&Group>, Vec<&Group>) = groups.iter().partition(moved);
    let licensed: Vec<&Group> = staying.iter().copied().filter(|g| g.licensed).collect();
    let gaining = moving.iter().filter(|g| g.empowerment_after > g.empowerment_before).count();
    format!(
        "The work of {} occupations ({} people) stays what it was; {} of them ({} people) have duties that need a \
         licence. The work of {} occupations ({} people) changes: {gaining} gain empowerment, {} give some of it up.",
        staying.len(),
        people(&staying),
        licensed.len(),
        people(&licensed),
        moving.len(),
        people(&moving),
        moving.len() - gaining
    )
}

/// What the certificate says stands in the way of a smaller largest deviation, in words.
fn bottleneck(workplace: &Workplace, balance: &Balance) -> Option<String> {
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
    (!who.is_empty()).then(|| {
        format!(
            "No assignment whatever brings the largest deviation below {:.4} points (dual bound; reached: {:.4}). In \
             the way: {}.",
            largest.bound,
            largest.value,
            who.join(", ")
        )
    })
}

/// The spread before and after, for a reader of the terminal.
pub(crate) fn print(h: &Hospital) {
    for assumption in &h.assumptions {
        say!("  {assumption}");
    }
    say!(
        "  hospitals: {:.0} million hours observed, {:.0} million planned; here {} people, {} occupations, {} duties",
        h.hours_observed,
        h.hours_planned,
        h.members,
        h.profiles,
        h.duties
    );
    say!(
        "  averages: empowerment {:.2}, desirability {:.2} of 20; deviation of members from them, in points ({}):",
        h.empowerment_average,
        h.desirability_average,
        h.status
    );
    for (name, s) in [("today", &h.before), ("balanced", &h.after)] {
        say!(
            "    {name:9} empowerment mean {:5.2} largest {:5.2}   desirability mean {:5.2} largest {:5.2}   \
             {:.1} duties an occupation",
            s.empowerment_mean,
            s.empowerment_max,
            s.desirability_mean,
            s.desirability_max,
            s.tasks
        );
    }
    for finding in &h.findings {
        say!("  {finding}");
    }
}
