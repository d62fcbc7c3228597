//! Pay rules and what they make of incomes.

use serde::{Deserialize, Serialize};

use super::access::access;
use crate::environment::{Authors, Environment, Lognormal};
use crate::error::{Error, Kind, check_amount};
use crate::evaluation::Evaluation;
use crate::normal;

/// Slices of the distribution of income. Within a slice everybody counts as having its mean, which hides of inequality
/// some 1/slices².
const SLICES: u32 = 1000;
/// Numbers of paid pieces whose probability is below this are lumped with the next lower one.
const RARE: f64 = 1e-9;
/// No author has more paid pieces than this counted.
const MOST: u32 = 10_000;

/// What an author is paid for a piece, in money.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PayRule {
    /// Nothing.
    None,
    /// A sum for each piece that is published and kept.
    OnAcceptance {
        /// Money per piece.
        per_piece: f64,
    },
    /// A wage for the hours spent on whatever is made, accepted or not.
    Hourly {
        /// Money per hour.
        wage: f64,
        /// Hours to make a piece.
        hours: f64,
    },
    /// A wage for effort, duration × intensity × onerousness, on pieces that turn out socially valued: published and kept.
    Effort {
        /// Money per hour of usual intensity and onerousness.
        wage: f64,
        /// Hours to make a piece.
        duration: f64,
        /// How hard one works, 1 being usual.
        intensity: f64,
        /// How unpleasant it is, 1 being usual.
        onerousness: f64,
    },
}

impl PayRule {
    /// Money for one piece that is paid for.
    #[must_use]
    pub fn per_piece(&self) -> f64 {
        match *self {
            PayRule::None => 0.0,
            PayRule::OnAcceptance { per_piece } => per_piece,
            PayRule::Hourly { wage, hours } => wage * hours,
            PayRule::Effort { wage, duration, intensity, onerousness } => {
                wage * duration * intensity * onerousness
            }
        }
    }

    /// Share of ideas that are paid for under a policy with this evaluation.
    #[must_use]
    pub fn paid_share(&self, evaluation: &Evaluation) -> f64 {
        let share = match self {
            PayRule::None => 0.0,
            PayRule::Hourly { .. } => evaluation.shares.made(),
            PayRule::OnAcceptance { .. } | PayRule::Effort { .. } => evaluation.shares.published(),
        };
        share.clamp(0.0, 1.0)
    }

    /// Expected pay per idea.
    #[must_use]
    pub fn expected(&self, evaluation: &Evaluation) -> f64 {
        self.per_piece() * self.paid_share(evaluation)
    }

    /// True if a piece is paid for that was made, or not, and published and kept, or not.
    pub(crate) fn pays(&self, made: bool, kept: bool) -> bool {
        match self {
            PayRule::None => false,
            PayRule::Hourly { .. } => made,
            PayRule::OnAcceptance { .. } | PayRule::Effort { .. } => kept,
        }
    }

    /// Pay per idea that comes whatever the verdict on the work.
    pub(crate) fn assured(&self, evaluation: &Evaluation) -> f64 {
        if matches!(self, PayRule::Hourly { .. }) { self.expected(evaluation) } else { 0.0 }
    }

    pub(crate) fn validate(&self) -> Result<(), Error> {
        let amounts: &[(&str, f64)] = match *self {
            PayRule::None => &[],
            PayRule::OnAcceptance { per_piece } => &[("pay per piece", per_piece)],
            PayRule::Hourly { wage, hours } => &[("wage", wage), ("hours per piece", hours)],
            PayRule::Effort { wage, duration, intensity, onerousness } => &[
                ("wage", wage),
                ("duration", duration),
                ("intensity", intensity),
                ("onerousness", onerousness),
            ],
        };
        for (what, amount) in amounts {
            check_amount(what, *amount)?;
        }
        check_amount("pay per piece", self.per_piece()).map(|_| ())
    }
}

/// What authors live on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Livelihood {
    /// Share of potential authors whose income does not let them take part.
    pub excluded: f64,
    /// Mean pay of all potential authors.
    pub mean_pay: f64,
    /// Mean pay of each tenth of potential authors, by income from elsewhere, the poorest first.
    pub pay_by_decile: [f64; 10],
    /// Mean of income and pay of each tenth, by their sum.
    pub income_by_decile: [f64; 10],
    /// Gini coefficient of income from elsewhere.
    pub gini_before: f64,
    /// Gini coefficient of income and pay.
    pub gini_after: f64,
}

/// Incomes of potential authors under a policy with the given evaluation and pay.
///
/// Income from elsewhere is lognormal. Those it excludes are not paid; of the others, the share that skill, motives and
/// capacity leave has a geometric number of ideas (mean [`contributions`](crate::Authors::contributions)), each paid for
/// with the rule's probability a, so that j are paid for with probability
///
/// ```text
/// (1 − g) aʲ gʲ⁻¹ / (1 − g (1 − a))ʲ⁺¹      j ≥ 1,  g = 1 − 1/contributions
/// ```
///
/// a is that of all ideas. Those who pass a bar of skill are accepted more often, which this does not follow:
/// [`simulate_authors`](crate::simulate::simulate_authors) does.
///
/// # Errors
/// If authors have no income distribution, or `pay` has a number that is negative or not finite.
///
/// # Complexity
/// 1000 slices of income times the numbers of paid pieces, sorted.
///
/// # Example
/// ```
/// use parecon_review::bearing::{PayRule, livelihood};
/// use parecon_review::{
///     Authors, Environment, EnvironmentData, Lognormal, Policy, Threshold, evaluate,
/// };
///
/// let environment = Environment::new(EnvironmentData {
///     authors: Authors {
///         income: Some(Lognormal { median: 30e3, spread: 0.8 }),
///         need: 20e3,
///         ..Authors::default()
///     },
///     ..EnvironmentData::default()
/// })?;
/// let post = evaluate(&environment, &Policy::post(Threshold::Fixed(0.0))?);
/// let prize = livelihood(&environment, &post, &PayRule::OnAcceptance { per_piece: 10e3 })?;
/// let wage = livelihood(&environment, &post, &PayRule::Hourly { wage: 100.0, hours: 200.0 })?;
/// // Pay on acceptance never reaches the poorest, and makes incomes less equal than pay by the hour does.
/// assert_eq!(prize.pay_by_decile[0], 0.0);
/// assert!(wage.pay_by_decile[0] > 0.0 && wage.gini_after < prize.gini_after);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn livelihood(
    environment: &Environment,
    evaluation: &Evaluation,
    pay: &PayRule,
) -> Result<Livelihood, Error> {
    let access = access(environment, evaluation, pay)?;
    let authors = &environment.data().authors;
    let Some(income) = authors.income else {
        return Err(Error::new(Kind::Empty { what: "distribution of authors' income" }));
    };
    // Of those who can afford it, who takes part.
    let able = 1.0 - access.income;
    let takes_part =
        if able > 0.0 { access.attempted / able * skilled(authors, access.skill / able) } else { 0.0 };
    let counts = counts(pay.paid_share(evaluation), authors.contributions);
    let mut bare: Vec<(f64, f64)> = Vec::new();
    let mut whole: Vec<(f64, f64)> = Vec::new();
    let mut pay_by_decile = [0.0; 10];
    let mean_if_part: f64 =
        counts.iter().enumerate().map(|(j, p)| j as f64 * p).sum::<f64>() * pay.per_piece();
    for (from, to) in slices(access.income) {
        let (mass, mean) = (to - from, slice_mean(&income, from, to));
        let part = if from >= access.income { takes_part } else { 0.0 };
        bare.push((mean, mass));
        pay_by_decile[((5.0 * (from + to)) as usize).min(9)] += 10.0 * mass * part * mean_if_part;
        whole.push((mean, mass * (1.0 - part)));
        if part > 0.0 {
            let paid = counts.iter().enumerate();
            whole.extend(paid.map(|(j, p)| (mean + j as f64 * pay.per_piece(), mass * part * p)));
        }
    }
    whole.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(Livelihood {
        excluded: access.income,
        mean_pay: 0.1 * pay_by_decile.iter().sum::<f64>(),
        pay_by_decile,
        income_by_decile: deciles(&whole),
        gini_before: gini(&bare),
        gini_after: gini(&whole),
    })
}

/// How many times larger the share of authors who pass the bar of skill is than that of good ideas, of which `failing` fail.
fn skilled(authors: &Authors, failing: f64) -> f64 {
    match authors.skill_needed {
        Some(bar) if failing < 1.0 => normal::cdf(-bar) / (1.0 - failing),
        _ => 1.0,
    }
}

/// Equal slices of [0, 1], none of which straddles `border`.
fn slices(border: f64) -> impl Iterator<Item = (f64, f64)> {
    (0..SLICES).flat_map(move |i| {
        let (from, to) = (f64::from(i) / f64::from(SLICES), f64::from(i + 1) / f64::from(SLICES));
        let parts = if border > from && border < to {
            [Some((from, border)), Some((border, to))]
        } else {
            [Some((from, to)), None]
        };
        parts.into_iter().flatten()
    })
}

/// Mean between two quantiles: E[X; p < P < p′] = mean · (Φ(z′ − σ) − Φ(z − σ)).
fn slice_mean(income: &Lognormal, from: f64, to: f64) -> f64 {
    let upto = |p: f64| normal::cdf(normal::quantile(p) - income.spread);
    let above = |p: f64| normal::cdf(income.spread - normal::quantile(p));
    // In the upper half from above, where nothing cancels.
    let share = if from > 0.5 { above(from) - above(to) } else { upto(to) - upto(from) };
    income.mean() * share / (to - from)
}

/// Probabilities of 0, 1, 2, … paid pieces.
fn counts(paid: f64, contributions: f64) -> Vec<f64> {
    let on = 1.0 - 1.0 / contributions;
    let rest = 1.0 - on * (1.0 - paid);
    let mut counts = vec![(1.0 - on) * (1.0 - paid) / rest];
    let mut left = 1.0 - counts[0];
    let mut next = (1.0 - on) * paid / (rest * rest);
    for _ in 1..MOST {
        if left <= RARE {
            break;
        }
        counts.push(next.min(left));
        left -= next.min(left);
        next *= on * paid / rest;
    }
    if let Some(last) = counts.last_mut() {
        *last += left;
    }
    counts
}

/// Means of tenths of a sorted weighted sample.
fn deciles(sorted: &[(f64, f64)]) -> [f64; 10] {
    let mut deciles = [0.0; 10];
    let mut have = 0.0;
    for &(x, mass) in sorted {
        let (mut from, to) = (have, have + mass);
        while from < to {
            let tenth = ((10.0 * from + 1e-12) as usize).min(9);
            let end = if tenth == 9 { to } else { to.min(0.1 * (tenth as f64 + 1.0)) };
            deciles[tenth] += 10.0 * x * (end - from);
            if end <= from {
                break;
            }
            from = end;
        }
        have = to;
    }
    deciles
}

/// 1 − 2 ∫ Lorenz curve, of a sorted weighted sample.
fn gini(sorted: &[(f64, f64)]) -> f64 {
    let (mut mass, mut sum, mut area) = (0.0, 0.0, 0.0);
    for &(x, weight) in sorted {
        area += weight * (sum + 0.5 * weight * x);
        sum += weight * x;
        mass += weight;
    }
    if sum > 0.0 { 1.0 - 2.0 * area / (mass * sum) } else { 0.0 }
}
