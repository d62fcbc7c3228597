//! A hospital of 2,000 people: how far burden and power can be shared, and what training buys.
//!
//! `cargo run --release -p parecon-jobs --features report --example hospital -- hospital.html`

use parecon_jobs::hospital::{Assumptions, Regime};
use parecon_jobs::report::Report;
use parecon_jobs::training::{self, Programme, programme};
use parecon_jobs::{Balance, Config, Dimension, Minutes, Outcome, Workplace, balance, datasets};

/// Mean deviations of empowerment that training is to reach, rating points.
const TARGETS: [f64; 5] = [4.5, 4.0, 3.5, 3.0, 2.5];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1);
    let week = Minutes::from_hours(2000.0 * 35.0)?;
    let source = datasets::hospital()?;
    let assumptions = Assumptions::default();
    let today = source.workplace(week, &assumptions, Regime::Today)?;
    let opened = source.workplace(week, &assumptions, Regime::Opened)?;
    let before = solved(&today)?;
    let after = solved(&opened)?;
    after.complexes.verify(&opened)?;
    after.certificate.verify(&opened)?;
    for (label, balance) in [("today", &before), ("non-licensed duties opened", &after)] {
        print(label, balance);
    }
    println!("what keeps the largest deviation at {:.2}:", after.certificate.largest.value);
    for task in after.certificate.binding_tasks.iter().take(3) {
        println!("  {} (pull {:.2})", opened.task(task.task).map_or("", |t| t.label()), task.pull);
    }

    let mut programmes: Vec<(f64, Programme)> = Vec::new();
    for target in TARGETS {
        match programme(&opened, Dimension::Empowerment, target, &Config::default(), &mut ())? {
            training::Outcome::Programme(found) => {
                println!(
                    "mean deviation of empowerment {target}: {} people learn a licence in {:.0} years of study \
                     (no programme takes less than {:.0})",
                    found.trained.iter().map(|t| t.people).sum::<u32>(),
                    found.cost.value,
                    found.cost.bound
                );
                programmes.push((target, *found));
            }
            training::Outcome::OutOfReach(least) => {
                println!("mean deviation of empowerment {target}: out of reach, at least {:.2}", least.bound);
            }
            other => println!("mean deviation of empowerment {target}: {other:?}"),
        }
    }
    if let Some(path) = path {
        let report = Report::new("A hospital's work, shared", &opened, &after)
            .with_before(&before.complexes)
            .with_programmes(Dimension::Empowerment, &programmes);
        std::fs::write(&path, report.to_html()?)?;
        println!("report written to {path}");
    }
    Ok(())
}

fn solved(workplace: &Workplace) -> Result<Balance, Box<dyn std::error::Error>> {
    match balance(workplace, &Config::default(), &mut ())? {
        Outcome::Balanced(balance) => Ok(*balance),
        Outcome::Infeasible(reasons) => {
            let words: Vec<String> = reasons.shortages.iter().map(|s| s.describe(workplace)).collect();
            Err(words.join("; ").into())
        }
        _ => Err("an answer this example does not know".into()),
    }
}

fn print(label: &str, balance: &Balance) {
    let of = |dimension| balance.spread.of(dimension).map_or(f64::NAN, |s| s.mean_abs);
    println!(
        "{label}: mean deviation {:.2} in empowerment, {:.2} in desirability",
        of(Dimension::Empowerment),
        of(Dimension::Desirability)
    );
}
