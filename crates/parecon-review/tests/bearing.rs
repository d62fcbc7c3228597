//! Who bears it, against closed forms and simulation.

#![allow(clippy::unwrap_used)]

use parecon_review::bearing::{
    Commons, DesignWork, PayRule, Pricing, Tradeoff, access, livelihood, pareto_front, tradeoffs, wasted,
};
use parecon_review::{
    Authors, Costs, Environment, EnvironmentData, Lognormal, Motive, Policy, StepCosts, Threshold, evaluate,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const ZERO: Threshold = Threshold::Fixed(0.0);
const INCOME: Lognormal = Lognormal { median: 30e3, spread: 0.8 };

fn authors() -> Authors {
    Authors {
        contributions: 3.0,
        ideas: 100.0,
        skill: 0.5,
        skill_needed: Some(-0.5),
        income: Some(INCOME),
        need: 20e3,
        motive: Some(Motive { mean: 1.0, spread: 2.0 }),
    }
}

fn world(change: impl FnOnce(&mut EnvironmentData)) -> Environment {
    let mut data = EnvironmentData {
        authors: authors(),
        costs: StepCosts {
            proposal: Costs::contributors(0.2),
            production: Costs::contributors(2.0),
            ..StepCosts::default()
        },
        ..EnvironmentData::default()
    };
    change(&mut data);
    Environment::new(data).unwrap()
}

/// Authors drawn one by one, each with a good idea or a bad one.
#[test]
fn causes_agree_with_drawn_authors() {
    let environment = world(|_| {});
    let post = evaluate(&environment, &Policy::post(ZERO).unwrap());
    let pay = PayRule::OnAcceptance { per_piece: 1.5 };
    let exact = access(&environment, &post, &pay).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
    let mut counts = [0.0; 4];
    let mut good = 0.0;
    for _ in 0..200_000 {
        let (income, theta, luck, motive) =
            (30e3 * (0.8 * normal()).exp(), normal(), normal(), 1.0 + 2.0 * normal());
        if 0.5f64.sqrt() * theta + 0.5f64.sqrt() * luck <= 0.0 {
            continue;
        }
        good += 1.0;
        let cause = if income < 20e3 {
            0
        } else if theta < -0.5 {
            1
        } else if motive + 1.5 * 0.5 < 2.0 {
            2
        } else {
            3
        };
        counts[cause] += 1.0;
    }
    for (exact, count) in
        [exact.income, exact.skill, exact.deterrence, exact.attempted].into_iter().zip(counts)
    {
        let error = (exact * (1.0 - exact) / good).sqrt();
        assert!((exact - count / good).abs() < 4.0 * error, "{exact} {}", count / good);
    }
    assert_eq!(exact.capacity, 0.0);
}

#[test]
fn scarce_reviewers_and_firms_turn_good_work_away() {
    let only_capacity = |data: &mut EnvironmentData| {
        data.authors = Authors { ideas: 100.0, ..Authors::default() };
    };
    let (post, prior) = (Policy::post(ZERO).unwrap(), Policy::prior(ZERO).unwrap());
    let taken = |environment: &Environment, policy: &Policy| {
        access(environment, &evaluate(environment, policy), &PayRule::None).unwrap().attempted
    };
    let firms = world(|data| {
        only_capacity(data);
        data.production_capacity = Some(25.0);
    });
    // A proposal gate halves what firms are asked to make.
    assert!((taken(&firms, &post) - 0.25).abs() < 1e-12 && (taken(&firms, &prior) - 0.5).abs() < 1e-12);
    let reviewers = world(|data| {
        only_capacity(data);
        data.reviewers.work.capacity = Some(40.0);
    });
    assert!((taken(&reviewers, &post) - 0.4).abs() < 1e-12 && taken(&reviewers, &prior) == 1.0);
}

#[test]
fn asking_first_deters_more_where_its_proposal_is_dear_and_less_where_work_is() {
    let deterred = |environment: &Environment, policy: Policy| {
        access(environment, &evaluate(environment, &policy), &PayRule::None).unwrap().deterrence
    };
    let dear_work = world(|_| {});
    let dear_proposal = world(|data| {
        data.costs.proposal = Costs::contributors(2.0);
        data.costs.production = Costs::contributors(0.5);
    });
    let (prior, post) = (|| Policy::prior(ZERO).unwrap(), || Policy::post(ZERO).unwrap());
    assert!(deterred(&dear_work, prior()) < deterred(&dear_work, post()));
    assert!(deterred(&dear_proposal, prior()) > deterred(&dear_proposal, post()));
}

#[test]
fn inequality_before_pay_is_that_of_a_lognormal() {
    let environment = world(|_| {});
    let post = evaluate(&environment, &Policy::post(ZERO).unwrap());
    let unpaid = livelihood(&environment, &post, &PayRule::None).unwrap();
    assert!((unpaid.excluded - 0.306_137).abs() < 5e-7);
    // 2Φ(σ/√2) − 1 (Aitchison and Brown 1957) at σ = .8: Φ(.565685…) = .714196…
    let exact = 0.428_392_355;
    assert!((unpaid.gini_before - exact).abs() < 1e-5, "{}", unpaid.gini_before);
    assert!((unpaid.gini_after - unpaid.gini_before).abs() < 1e-12);
    let mean: f64 = unpaid.income_by_decile.iter().sum::<f64>() / 10.0;
    assert!((mean / (30e3 * 0.32f64.exp()) - 1.0).abs() < 1e-9, "{mean}");
}

#[test]
fn incomes_agree_with_drawn_careers() {
    let environment = world(|data| data.authors.skill_needed = None);
    let post = evaluate(&environment, &Policy::post(ZERO).unwrap());
    let pay = PayRule::Effort { wage: 20.0, duration: 500.0, intensity: 1.1, onerousness: 1.2 };
    let exact = livelihood(&environment, &post, &pay).unwrap();
    let taking = {
        let access = access(&environment, &post, &pay).unwrap();
        access.attempted / (1.0 - access.income)
    };
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let n = 100_000;
    let mut all: Vec<f64> = (0..n)
        .map(|_| {
            let z: f64 = StandardNormal.sample(&mut rng);
            let income = 30e3 * (0.8 * z).exp();
            let mut paid = 0.0;
            if income >= 20e3 && rng.random::<f64>() < taking {
                loop {
                    paid += if rng.random::<f64>() < 0.5 { 13_200.0 } else { 0.0 };
                    if rng.random::<f64>() < 1.0 / 3.0 {
                        break;
                    }
                }
            }
            income + paid
        })
        .collect();
    all.sort_by(f64::total_cmp);
    for (tenth, exact) in exact.income_by_decile.iter().enumerate() {
        let slice = &all[tenth * n / 10..(tenth + 1) * n / 10];
        let drawn = slice.iter().sum::<f64>() / slice.len() as f64;
        // Sampling error of a decile's mean, generously: its spread over √slice, the top one's tail being the widest.
        let limit = if tenth == 9 { 0.03 } else { 0.01 };
        assert!((drawn / exact - 1.0).abs() < limit, "{tenth}: {drawn} {exact}");
    }
    let total: f64 = all.iter().sum();
    let gini =
        all.iter().enumerate().map(|(i, x)| (2.0 * (i as f64 + 1.0) - n as f64 - 1.0) * x).sum::<f64>()
            / (n as f64 * total);
    assert!((exact.gini_after - gini).abs() < 5e-3, "{} {gini}", exact.gini_after);
    assert!((exact.mean_pay - 0.1 * exact.pay_by_decile.iter().sum::<f64>()).abs() < 1e-9);
    // Excluded tenths are not paid.
    assert_eq!(exact.pay_by_decile[..3], [0.0; 3]);
}

#[test]
fn waste_is_what_did_not_last() {
    let environment = world(|data| data.costs.reproduction = Costs::reproduction(0.4));
    let revert = evaluate(&environment, &Policy::revert(ZERO).unwrap());
    let waste = wasted(&environment, &revert);
    assert!((waste.contributors - 1.0).abs() < 1e-12 && (waste.reproduction - 0.2).abs() < 1e-12);
    let prior = wasted(&environment, &evaluate(&environment, &Policy::prior(ZERO).unwrap()));
    assert!((prior.contributors - 0.1).abs() < 1e-12);
}

#[test]
fn no_policy_is_best_on_all_counts() {
    let environment = world(|_| {});
    let policies = [
        Policy::abstain(),
        Policy::open(),
        Policy::prior(ZERO).unwrap(),
        Policy::post(ZERO).unwrap(),
        Policy::two_gate(ZERO, ZERO).unwrap(),
    ];
    let points = tradeoffs(&environment, &policies, &PayRule::None).unwrap();
    let front = pareto_front(&points).unwrap();
    assert!(front.len() > 1, "{points:?}");
    for i in 0..points.len() {
        let beaten = points.iter().any(|other| other.dominates(&points[i]));
        assert_eq!(front.contains(&i), !beaten);
    }
    let odd = Tradeoff { welfare: f64::NAN, access: 0.0, contributors: 0.0 };
    assert!(pareto_front(&[odd]).is_err());
}

#[test]
fn bad_pay_is_refused() {
    let environment = world(|_| {});
    let post = evaluate(&environment, &Policy::post(ZERO).unwrap());
    let message =
        access(&environment, &post, &PayRule::Hourly { wage: -1.0, hours: 3.0 }).unwrap_err().to_string();
    assert_eq!(message, "wage is -1, must be finite and not negative");
    let nobody = world(|data| data.authors.income = None);
    assert!(livelihood(&nobody, &post, &PayRule::None).is_err());
}

fn commons() -> impl Strategy<Value = Commons> {
    (0.0..500.0f64, 0.0..50.0f64, 0.05..=1.0f64, 0.0..60.0f64, 5.0..3000.0f64, 5.0..100.0f64, 0.2..1.5f64)
        .prop_map(|(duration, wage, accepted_share, unit_cost, users, median, spread)| Commons {
            design: DesignWork { duration, intensity: 1.1, onerousness: 0.9, wage },
            accepted_share,
            unit_cost,
            users,
            valuation: Lognormal { median, spread },
        })
}

proptest! {
    #[test]
    fn dearer_access_serves_fewer_and_is_worth_less(commons in commons()) {
        let open = commons.distribute(Pricing::Open, 20.0).unwrap().unwrap();
        let licence = commons.distribute(Pricing::Licence, 20.0).unwrap().unwrap();
        let scale = open.surplus + open.design_pay + 1.0;
        prop_assert!((open.balance + open.design_pay).abs() <= 1e-12 * scale);
        prop_assert!(licence.price >= open.price && licence.served <= open.served);
        prop_assert!(licence.welfare <= open.welfare + 1e-9 * scale);
        // No other price brings in more.
        for step in 0..60 {
            let price = commons.unit_cost + commons.valuation.median * 0.1 * f64::from(step);
            let margin = (price - commons.unit_cost) * commons.users * (1.0 - commons.valuation.share_below(price));
            prop_assert!(margin - licence.design_pay <= licence.balance + 1e-8 * scale);
        }
        match commons.distribute(Pricing::CostRecovery, 20.0).unwrap() {
            Some(recovered) => {
                prop_assert!(recovered.balance.abs() <= 1e-9 * scale, "{}", recovered.balance);
                prop_assert!(recovered.price >= open.price && recovered.price <= licence.price * (1.0 + 1e-9));
                prop_assert!(recovered.welfare <= open.welfare + 1e-9 * scale);
            }
            None => prop_assert!(licence.balance < 0.0),
        }
    }
}

/// E[(V − p)⁺] by drawing, and what unpaid design work comes to.
#[test]
fn surplus_is_what_copies_are_worth_beyond_their_price() {
    let commons = Commons {
        design: DesignWork { duration: 100.0, intensity: 1.5, onerousness: 2.0, wage: 0.0 },
        accepted_share: 0.25,
        unit_cost: 30.0,
        users: 1.0,
        valuation: Lognormal { median: 50.0, spread: 0.6 },
    };
    let open = commons.distribute(Pricing::Open, 10.0).unwrap().unwrap();
    let n = 200_000;
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let worth: Vec<f64> = (0..n)
        .map(|_| {
            let z: f64 = StandardNormal.sample(&mut rng);
            (50.0 * (0.6 * z).exp() - 30.0).max(0.0)
        })
        .collect();
    let mean = worth.iter().sum::<f64>() / f64::from(n);
    let error =
        (worth.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n)).sqrt() / f64::from(n).sqrt();
    assert!((open.surplus - mean).abs() < 4.0 * error, "{} {mean} ± {error}", open.surplus);
    // Four attempts of 100 hours at three times the usual effort, at 10 an hour.
    assert!((open.unpaid_design - 12_000.0).abs() < 1e-9 && open.design_pay == 0.0);
}
