//! How the parts feed each other: a plan says what each council's work is worth, that caps pay, pay is what people have to spend
//! in the next plan, and who does which work says who has how much say.
//!
//! The economy, its ratios and the hospital's duties are from the tables of the United States and from occupational profiles;
//! hospitals are paid for their part of all hours, taken as their part of all compensation; what workmates say of each other's effort, where they live, and what is put to the vote are made up.

#[macro_use]
#[path = "shared/say.rs"]
mod say;

use anyhow::{Context, Result};
use parecon::io::{Model, datasets};
use parecon::jobs::hospital::{Assumptions, Regime};
use parecon::jobs::pay::{self, Council, EffortRating, pay};
use parecon::jobs::say::{Decision, Normalisation, say};
use parecon::jobs::{self, MemberId, Minutes, TaskId};
use parecon::planning::calibrate::Calibration;
use parecon::planning::{
    Config, CouncilId, Economy, Federation, IncomeRule, Members, Outcome, RevealedNewton, plan,
};
use parecon::review::voting::{Agreement, Assembly};

/// What people are paid for their work, in the table.
const COMPENSATION: &str = "V001";
/// Hospitals, and what workmates there say of each other: a third more effort than usual.
const HOSPITALS: &str = "622";
const EFFORT: f64 = 4.0 / 3.0;
/// Hours of a week of two thousand people, and votes of a board.
const HOURS: f64 = 2000.0 * 35.0;
const VOTES: u32 = 20_000;

/// What the chain comes to.
struct Chain {
    /// Social benefit over social cost of the hospitals' council at planned prices.
    ratio: f64,
    /// By what their effort ratings were scaled to keep to it.
    scale: f64,
    /// Hours of the hospitals in those of everybody.
    share: f64,
    /// Incomes of two neighbourhoods, and what they share out.
    incomes: Vec<f64>,
    pool: f64,
    /// Largest difference between the prices of the first plan and of the plan with these incomes.
    moved: f64,
    /// How the board's power and the stakes agree, and how many are affected.
    agreement: Agreement,
    affected: usize,
}

fn main() -> Result<()> {
    let found = chain()?;
    say!(
        "hospitals, {:.1} % of all hours: social benefit over cost {:.4}; effort rated {EFFORT:.2}, scaled by {:.3}",
        100.0 * found.share,
        found.ratio,
        found.scale
    );
    say!(
        "of {:.1} bn to spend two neighbourhoods have {:.1} and {:.1}",
        found.pool / 1e3,
        found.incomes[0] / 1e3,
        found.incomes[1] / 1e3
    );
    say!("prices of the plan with these incomes differ by {:.1e} at most: tastes are the same", found.moved);
    say!(
        "{} of 2000 have a stake in the duty rota; {:.1} % of the power is misplaced",
        found.affected,
        100.0 * found.agreement.misplaced
    );
    Ok(())
}

fn chain() -> Result<Chain> {
    // A plan: the observed year, and a tenth more hospital care.
    let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    let hospitals = table.sector(HOSPITALS)?;
    let economy =
        Calibration::new(COMPENSATION).calibrate(&table)?.with_final_demand(&[(hospitals, 1.10)])?;
    let first = agree(&economy)?;

    // What each council's outputs are worth, and what they cost.
    let proposals = economy.respond(&first.prices)?;
    let effort = economy.effort_costs(&first.prices)?;
    let report = Federation::of(&economy.register()).review(&first.prices, &proposals, &effort)?;
    let ratio = report
        .members
        .iter()
        .find(|member| member.council == CouncilId::Worker(hospitals.index() as u32))
        .and_then(|member| member.benefit_cost())
        .context("hospitals have costs")?;

    // The hospital's work shared in balanced complexes; its members are paid for them, within that ratio.
    let week = Minutes::from_hours(HOURS)?;
    let workplace = jobs::datasets::hospital()?.workplace(week, &Assumptions::default(), Regime::Opened)?;
    let outcome = jobs::balance(&workplace, &jobs::Config::default(), &mut ())?;
    let complexes = &outcome.balance().context("this work can be shared")?.complexes;
    let staff = workplace.members().len();
    let says =
        |m| EffortRating { rater: MemberId::new(m), rated: MemberId::new((m + 1) % staff), rating: EFFORT };
    let hospital = Council::of_complexes(HOSPITALS, &workplace, complexes)?
        .with_ratings((0..staff).map(says).collect())
        .with_benefit_cost(ratio);
    let row = table.value_added_components().id(COMPENSATION)?.index();
    let compensation = table.value_added().row(row);
    let share = compensation[hospitals.index()] / compensation.sum();
    let rest = Minutes::from_hours(HOURS * (1.0 - share) / share)?;
    let others = Council::new("others", vec![pay::Worker::new("all", rest)]);
    let households = economy.consumer_council(0).context("households come first")?;
    let paid = pay(&[hospital, others], &pay::Config::new(households.income).with_onerousness(0.02))?;

    // The staff live in one neighbourhood and all others in another; with these incomes the economy is planned again.
    let homes: Vec<usize> = (0..=staff).map(|worker| usize::from(worker == staff)).collect();
    let incomes = paid.grouped(&homes, 2)?;
    let members = Members { people: 1.0, effort_rating: 1.0, allowance: 0.0 };
    let given = IncomeRule::Given(incomes.clone()).incomes(&[members; 2])?;
    let mut builder = Economy::builder(economy.goods().to_vec())?;
    for council in (0..).map_while(|w| economy.worker_council(w)) {
        builder.worker_council(&council)?;
    }
    for (income, name) in given.into_iter().zip(["staff", "others"]) {
        let mut part = households.clone();
        (part.income, part.name) = (income, name.to_owned());
        builder.consumer_council(&part)?;
    }
    for council in (1..).map_while(|c| economy.consumer_council(c)) {
        builder.consumer_council(&council)?;
    }
    let second = agree(&builder.build()?)?;
    let moved = first.prices.iter().zip(&second.prices).map(|(a, b)| (a / b - 1.0).abs()).fold(0.0, f64::max);

    // A board of all whom a new duty rota touches, with votes in proportion to the share of their hours that it does.
    let touched = workplace.tasks().iter().enumerate().filter(|(_, task)| task.label().contains("chedul"));
    let rota = Decision::new("a new duty rota", touched.map(|(j, _)| TaskId::new(j)));
    let weights = say(&workplace, complexes, &[rota])?[0].weights(Normalisation::Share)?;
    let people = weights.iter().zip(workplace.members()).filter(|(weight, _)| **weight > 0.0);
    let stakes: Vec<f64> = people
        .flat_map(|(weight, entry)| {
            std::iter::repeat_n(weight / f64::from(entry.count), entry.count as usize)
        })
        .collect();
    let board = Assembly::in_proportion(&stakes, VOTES, 0.5)?;
    let agreement = Agreement::new(&board.banzhaf(), &stakes)?;
    Ok(Chain {
        ratio,
        scale: paid.councils[0].scale,
        share,
        incomes,
        pool: households.income,
        moved,
        agreement,
        affected: stakes.len(),
    })
}

fn agree(economy: &Economy) -> Result<Outcome> {
    let config = Config::default().with_start_price(1.0).with_tolerance(1e-10);
    let outcome = plan(economy, &mut RevealedNewton::default(), &config, &mut ())?;
    anyhow::ensure!(outcome.status.is_converged(), "the proposals do not fit together: {}", outcome.status);
    Ok(outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_carries_what_it_should() {
        let found = chain().unwrap();
        // The rule: the average effort, scaled, is the ratio, or what it was if that is lower.
        assert!(
            (EFFORT * found.scale - found.ratio.min(EFFORT)).abs() < 1e-9,
            "{} {}",
            found.ratio,
            found.scale
        );
        assert!((found.incomes.iter().sum::<f64>() / found.pool - 1.0).abs() < 1e-12);
        // Effort rated as high as it may be: a part in proportion to hours and to it, but for the onerousness of duties.
        let part = found.incomes[0] / found.pool;
        let rated = EFFORT * found.scale * found.share;
        assert!((part / (rated / (1.0 - found.share + rated)) - 1.0).abs() < 0.04, "{part}");
        // Councils with the same tastes and as much to spend in all ask for the same: prices are those of one council.
        assert!(found.moved < 1e-8, "{}", found.moved);
        assert!(found.affected > 1 && found.agreement.misplaced < 0.05, "{:?}", found.agreement);
    }
}
