//! For `parecon-review`: the canonical environments, a simulator of the Gaussian model that shares no code with the
//! exact solution, and strategies.

use parecon_review::{Costs, Cutoffs, Environment, EnvironmentData, Error, Shares, StepCosts};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Everything free, b = ½, ρ .5 → .8, v = 10, h = 5. With cut-offs at 0, filtering after wins up to a production
/// cost of (v + h)(asin ρ₂ − asin ρ₁)/π = 1.927509.
///
/// # Errors
/// None; the type is that of the constructor.
pub fn textbook() -> Result<Environment, Error> {
    Environment::new(EnvironmentData::default())
}

/// b = .3, ρ .5 → .85, v = 10, h = 5, proposals .1 to write and .3 to judge, work 1 to judge: post, two-gate and
/// abstaining each win somewhere as production gets dearer.
///
/// # Errors
/// None; the type is that of the constructor.
pub fn three_regimes() -> Result<Environment, Error> {
    Environment::new(EnvironmentData {
        base_rate: 0.3,
        proposal_accuracy: 0.5,
        work_accuracy: 0.85,
        value: 10.0,
        harm: 5.0,
        costs: StepCosts {
            proposal: Costs::contributors(0.1),
            proposal_review: Costs::reviewers(0.3),
            work_review: Costs::reviewers(1.0),
            ..StepCosts::default()
        },
        ..EnvironmentData::default()
    })
}

/// The fates of `ideas` ideas drawn one by one and judged at `cutoffs`, as shares.
///
/// A share p so estimated has the standard error √(p(1 − p)/ideas).
#[must_use]
pub fn simulate(environment: &Environment, cutoffs: &Cutoffs, ideas: u32, seed: u64) -> Shares {
    let data = environment.data();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut normal = move || -> f64 { StandardNormal.sample(&mut rng) };
    let mut shares = Shares::default();
    let one = 1.0 / f64::from(ideas);
    for _ in 0..ideas {
        let quality = normal();
        let mut passes = |accuracy: f64, cutoff: Option<parecon_review::Cutoff>| {
            let signal = accuracy * quality + (1.0 - accuracy * accuracy).sqrt() * normal();
            cutoff.is_none_or(|cutoff| signal > cutoff.value())
        };
        let made = passes(data.proposal_accuracy, cutoffs.proposal);
        let published = made && passes(data.work_accuracy, cutoffs.work);
        let good = quality > environment.quality_cut();
        *match (good, made, published) {
            (true, true, true) => &mut shares.good_published,
            (true, true, false) => &mut shares.good_rejected,
            (true, false, _) => &mut shares.good_not_made,
            (false, true, true) => &mut shares.bad_published,
            (false, true, false) => &mut shares.bad_rejected,
            (false, false, _) => &mut shares.bad_not_made,
        } += one;
    }
    shares
}

/// Environments over the ranges in which policies compete: no cost above twice the value, each cost free now and
/// then.
pub fn environments() -> impl Strategy<Value = Environment> {
    let cost = || prop_oneof![1 => Just(0.0), 3 => 0.0..1.0f64];
    (
        (0.02..0.98f64, 0.0..=1.0f64, 0.0..=1.0f64, 0.5..50.0f64, 0.0..50.0f64),
        (cost(), cost(), cost(), cost(), cost()),
    )
        .prop_filter_map(
            "in range by construction",
            |((base_rate, first, second, value, harm), (c0, r1, k, r2, m))| {
                let scale = 0.2 * value;
                Environment::new(EnvironmentData {
                    base_rate,
                    proposal_accuracy: first.min(second),
                    work_accuracy: first.max(second),
                    value,
                    harm,
                    costs: StepCosts {
                        proposal: Costs::contributors(scale * c0),
                        proposal_review: Costs::reviewers(scale * r1),
                        production: Costs {
                            contributors: 4.0 * scale * k,
                            inputs: scale * k,
                            ..Costs::default()
                        },
                        work_review: Costs::reviewers(scale * r2),
                        reproduction: Costs::reproduction(scale * m),
                        ..StepCosts::default()
                    },
                    ..EnvironmentData::default()
                })
                .ok()
            },
        )
}
