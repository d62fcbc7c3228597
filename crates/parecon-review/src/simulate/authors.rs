use serde::{Deserialize, Serialize};

use super::Estimate;
use super::course::Fate;
use super::ideas::{INCOME, Ideas, MOTIVE, SKILL};
use super::review::{Measured, Model, Replication, ReviewReport};
use super::run::Run;
use super::timing::Timing;
use crate::bearing::{Access, Livelihood, PayRule};
use crate::environment::{Environment, Lognormal};
use crate::error::{Error, check};
use crate::evaluation::{Evaluation, evaluate};
use crate::policy::Policy;

/// Fewer authors than this have no tenths.
const FEWEST: usize = 10;

/// What a policy and a pay rule do to authors who differ in income, skill and motive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorsReport {
    /// What the policy does, per idea that is attempted.
    pub review: ReviewReport,
    /// What becomes of good ideas before anybody judges them. `capacity`: withdrawn because the wait was too long.
    pub access: Measured<Access>,
    /// What authors live on, over the whole of their time; none if they have no income distribution.
    pub livelihood: Option<Measured<Livelihood>>,
}

/// Simulates `policy` with authors drawn one by one, who have an income from elsewhere, a skill and a motive, and attempt
/// an idea only if none of these stands in the way.
///
/// The obstacles are those of [`access`](crate::bearing::access): who has less than the need even with assured pay, who
/// lacks the skill needed, and whom the expected balance deters, in this order; expectations are those of [`evaluate`], as
/// authors know nothing of queues. Ideas of `timing.arrival_rate` are those had, attempted or not. What is attempted goes
/// through [`simulate`](super::simulate)'s desks, and each piece is paid for as it turns out. The number of firms is not
/// simulated: production takes its time, at any number of places.
///
/// Shares and incomes agree with [`access`](crate::bearing::access) and [`livelihood`](crate::bearing::livelihood) where
/// these formulas hold: without queues, and for incomes without a bar of skill, since who passes it is also accepted more
/// often. Incomes are those of the authors who had all their ideas after the warm-up and before the end.
///
/// # Errors
/// If a number of `pay`, `timing` or `run` is out of range; if fewer than ten authors had all their ideas in a replication.
///
/// # Complexity
/// As [`simulate`](super::simulate), and one sort of authors per replication.
///
/// # Example
/// ```
/// use parecon_review::bearing::PayRule;
/// use parecon_review::simulate::{Run, Timing, simulate_authors};
/// use parecon_review::{Authors, Environment, EnvironmentData, Lognormal, Policy, Threshold};
///
/// let income = Lognormal { median: 30e3, spread: 0.8 };
/// let authors = Authors { income: Some(income), need: 20e3, contributions: 3.0, ..Authors::default() };
/// let environment = Environment::new(EnvironmentData { authors, ..EnvironmentData::default() })?;
/// let post = Policy::post(Threshold::Fixed(0.0))?;
/// let unpaid = simulate_authors(&environment, &post, &PayRule::None, &Timing::default(), &Run::new(1))?;
/// let miss = (unpaid.access.mean.income - 0.306137) / unpaid.access.standard_error.income;
/// assert!(miss.abs() < 4.0, "{miss} standard errors");
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn simulate_authors(
    environment: &Environment,
    policy: &Policy,
    pay: &PayRule,
    timing: &Timing,
    run: &Run,
) -> Result<AuthorsReport, Error> {
    pay.validate()?;
    let model = Model::new(environment, policy, timing, run)?;
    let obstacles = Obstacles::new(environment, &evaluate(environment, policy), pay);
    let replications = run.replicate(|number| {
        let replication = model.replicate(number, Some(&obstacles));
        let access = accessed(&replication, &obstacles, run);
        let incomes = obstacles.income.map(|(income, need)| lived(&replication, &income, need, pay, run));
        (replication.sums, access, incomes)
    });
    let mut sums = Vec::with_capacity(replications.len());
    let (mut accesses, mut incomes) = (Vec::new(), Vec::new());
    for (sum, access, income) in replications {
        sums.push(sum);
        accesses.push(access);
        incomes.push(income.transpose()?);
    }
    // Who passes a bar of skill has more good ideas than others.
    let good = obstacles.skill.is_none().then_some(environment.data().base_rate);
    let review = model.report(&sums, good)?;
    let shares = columns(&accesses, |access| access.to_vec())?;
    let access = |f: fn(&Estimate) -> f64| Access {
        income: f(&shares[0]),
        skill: f(&shares[1]),
        deterrence: f(&shares[2]),
        capacity: f(&shares[3]),
        attempted: f(&shares[4]),
    };
    let access = Measured { mean: access(|e| e.mean), standard_error: access(|e| e.standard_error) };
    let incomes: Option<Vec<Livelihood>> = incomes.into_iter().collect();
    let livelihood = incomes.map(|incomes| measured(&incomes)).transpose()?;
    Ok(AuthorsReport { review, access, livelihood })
}

/// What stands in the way of an idea.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Income,
    Skill,
    Deterrence,
}

/// What authors must have to attempt an idea.
pub(super) struct Obstacles {
    /// Incomes, and what is needed beyond assured pay.
    income: Option<(Lognormal, f64)>,
    /// Skill needed.
    skill: Option<f64>,
    /// In standard deviations of the motive, what it must be.
    motive: Option<f64>,
}

impl Obstacles {
    fn new(environment: &Environment, evaluation: &Evaluation, pay: &PayRule) -> Self {
        let data = environment.data();
        let authors = &data.authors;
        let need = authors.need - pay.assured(evaluation) * authors.contributions;
        Self {
            income: authors.income.map(|income| (income, need)),
            skill: authors.skill_needed,
            motive: authors.motive.map(|motive| {
                let pay = pay.expected(evaluation) / data.money_per_unit;
                (evaluation.costs.contributors - pay - motive.mean) / motive.spread
            }),
        }
    }

    /// The first that an author meets.
    pub(super) fn met(&self, ideas: &Ideas, author: usize) -> Option<Cause> {
        let short = |purpose, needed: Option<f64>| {
            needed.is_some_and(|needed| ideas.trait_of(author, purpose) < needed)
        };
        if self.income.is_some_and(|(income, need)| earned(ideas, author, &income) < need) {
            Some(Cause::Income)
        } else if short(SKILL, self.skill) {
            Some(Cause::Skill)
        } else if short(MOTIVE, self.motive) {
            Some(Cause::Deterrence)
        } else {
            None
        }
    }
}

/// An author's income from elsewhere.
fn earned(ideas: &Ideas, author: usize, income: &Lognormal) -> f64 {
    income.median * (income.spread * ideas.trait_of(author, INCOME)).exp()
}

/// Shares of good ideas: the causes, withdrawn, attempted.
fn accessed(replication: &Replication, obstacles: &Obstacles, run: &Run) -> [f64; 5] {
    let Replication { ideas, lives, .. } = replication;
    let mut counts = [0.0; 5];
    for who in (run.warm_up()..run.total()).filter(|&who| ideas.idea(who).good) {
        let fate = match obstacles.met(ideas, ideas.author(who)) {
            Some(cause) => cause as usize,
            None if lives.get(who).is_some_and(|life| life.withdrawn) => 3,
            None => 4,
        };
        counts[fate] += 1.0;
    }
    let all: f64 = counts.iter().sum();
    counts.map(|count| count / all.max(1.0))
}

/// What the authors of one replication live on.
fn lived(
    replication: &Replication,
    income: &Lognormal,
    need: f64,
    pay: &PayRule,
    run: &Run,
) -> Result<Livelihood, Error> {
    let Replication { ideas, lives, .. } = replication;
    let early = (0..run.warm_up()).map(|who| ideas.author(who) + 1).max().unwrap_or(0);
    let authors = early..ideas.retired().max(early);
    let what = "number of authors who had all their ideas in a replication";
    check(authors.len() >= FEWEST, what, authors.len() as f64, "at least 10: more arrivals")?;
    let mut paid = vec![0.0; authors.len()];
    for (who, life) in lives.iter().enumerate().filter(|&(who, _)| ideas.attempts(who)) {
        if authors.contains(&ideas.author(who))
            && pay.pays(life.fate != Fate::NotMade, life.fate == Fate::Kept)
        {
            paid[ideas.author(who) - early] += pay.per_piece();
        }
    }
    let mut people: Vec<(f64, f64)> = authors.map(|author| earned(ideas, author, income)).zip(paid).collect();
    people.sort_by(|a, b| a.0.total_cmp(&b.0));
    let bare: Vec<f64> = people.iter().map(|person| person.0).collect();
    let paid: Vec<f64> = people.iter().map(|person| person.1).collect();
    let mut whole: Vec<f64> = people.iter().map(|person| person.0 + person.1).collect();
    whole.sort_by(f64::total_cmp);
    Ok(Livelihood {
        excluded: bare.partition_point(|&income| income < need) as f64 / bare.len() as f64,
        mean_pay: paid.iter().sum::<f64>() / paid.len() as f64,
        pay_by_decile: tenths(&paid),
        income_by_decile: tenths(&whole),
        gini_before: gini(&bare),
        gini_after: gini(&whole),
    })
}

/// Means of tenths of a list in order.
fn tenths(list: &[f64]) -> [f64; 10] {
    std::array::from_fn(|i| {
        let tenth = &list[i * list.len() / 10..(i + 1) * list.len() / 10];
        tenth.iter().sum::<f64>() / tenth.len() as f64
    })
}

/// Of a list in ascending order: Σ (2i − n − 1) xᵢ / (n Σ xᵢ).
fn gini(list: &[f64]) -> f64 {
    let n = list.len() as f64;
    let sum: f64 = list.iter().sum();
    let ranked: f64 = list.iter().enumerate().map(|(i, x)| (2.0 * (i as f64 + 1.0) - n - 1.0) * x).sum();
    if sum > 0.0 { ranked / (n * sum) } else { 0.0 }
}

/// An estimate of each of the numbers that `numbers` makes of a replication.
fn columns<T>(replications: &[T], numbers: impl Fn(&T) -> Vec<f64>) -> Result<Vec<Estimate>, Error> {
    let rows: Vec<Vec<f64>> = replications.iter().map(numbers).collect();
    let width = rows.first().map_or(0, Vec::len);
    (0..width).map(|i| Estimate::of(&rows.iter().map(|row| row[i]).collect::<Vec<f64>>())).collect()
}

fn measured(incomes: &[Livelihood]) -> Result<Measured<Livelihood>, Error> {
    let estimates = columns(incomes, |one| {
        let single = [one.excluded, one.mean_pay, one.gini_before, one.gini_after];
        single.into_iter().chain(one.pay_by_decile).chain(one.income_by_decile).collect()
    })?;
    let of = |f: fn(&Estimate) -> f64| Livelihood {
        excluded: f(&estimates[0]),
        mean_pay: f(&estimates[1]),
        gini_before: f(&estimates[2]),
        gini_after: f(&estimates[3]),
        pay_by_decile: std::array::from_fn(|i| f(&estimates[4 + i])),
        income_by_decile: std::array::from_fn(|i| f(&estimates[14 + i])),
    };
    Ok(Measured { mean: of(|e| e.mean), standard_error: of(|e| e.standard_error) })
}
