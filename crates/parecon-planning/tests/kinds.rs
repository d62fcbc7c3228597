//! Councils of every kind: answers, reactions, bounds.

#[path = "common/conic.rs"]
mod conic;
#[path = "common/kinds.rs"]
mod kinds;

use clarabel::solver::SolverStatus;
use conic::best_welfare;
use kinds::{
    Draw, all_kinds, base, cobb_douglas, nested, with_ces, with_ces_consumers, with_pollutants,
    with_toothaches,
};
use parecon_planning::{
    Activity, Answer, Branch, Category, Config, ConsumerCouncil, Custom, CustomCouncil, Economy, EconomyData,
    Exposed, Exposure, Good, GoodId, Input, Leontief, Need, Nest, Newton, Preference, Preferences, PriceRule,
    Proposals, Requirement, RevealedNewton, Status, Technology, WorkerCouncil, plan,
};
use parecon_testbed::planning::wild_prices;

/// Rounding in closed forms of a few operations.
const CLOSED_FORM: f64 = 1e-12;
/// Rounding of sums of values that are large against their difference.
const ROUNDING: f64 = 1e-9;
/// Step for central differences, and what their truncation (its square, times third derivatives of elasticities up to
/// 10 and smoothed steps of a twentieth of a price) and rounding leave.
const STEP: f64 = 1e-5;
const DIFFERENCE: f64 = 1e-5;
/// What the interior-point solver is asked for, with room for its own scaling.
const SOLVER: f64 = 1e-6;

fn near(economy: &Economy, seed: u64, factor: f64) -> Vec<f64> {
    wild_prices(seed, economy.goods().len(), factor).iter().map(|p| 700.0 * p).collect()
}

fn run(economy: &Economy, rule: &mut dyn PriceRule, tolerance: f64) -> parecon_planning::Outcome {
    let config = Config::new().with_start_price(700.0).with_tolerance(tolerance).with_round_limit(100);
    plan(economy, rule, &config, &mut ()).unwrap()
}

fn economy_of(seed: u64, change: impl FnOnce(&mut EconomyData, &mut Draw)) -> Economy {
    let mut data = base(seed, 120, 6);
    change(&mut data, &mut Draw(seed));
    Economy::try_from(data).unwrap()
}

fn ces(seed: u64) -> Economy {
    economy_of(seed, |data, draw| {
        with_ces(data, draw, 0.7, 0.3, 1.5);
        with_ces_consumers(data, draw, 0.3, 1.5);
    })
}

/// Quantity of a nest from quantities of its goods, straight from the formula.
fn quantity(nest: &Nest, of: &mut dyn FnMut(GoodId) -> f64) -> f64 {
    let total: f64 = nest.parts.iter().map(|p| p.weight).sum();
    let parts: Vec<(f64, f64)> = nest
        .parts
        .iter()
        .map(|part| {
            let x = match &part.of {
                Branch::Good(good) => of(*good),
                Branch::Nest(inner) => quantity(inner, of),
            };
            (part.weight / total, x)
        })
        .collect();
    let s = nest.elasticity;
    if s == 0.0 {
        parts.iter().fold(f64::INFINITY, |least, (theta, x)| least.min(x / theta))
    } else if s == 1.0 {
        parts.iter().map(|(theta, x)| (x / theta).powf(*theta)).product()
    } else {
        let sum: f64 = parts.iter().map(|(theta, x)| theta.powf(1.0 / s) * x.powf((s - 1.0) / s)).sum();
        sum.powf(s / (s - 1.0))
    }
}

/// What a technology can make of inputs and effort.
fn possible(technology: &Technology, inputs: &[f64], effort: f64) -> f64 {
    let least = |r: &[Requirement]| {
        r.iter().zip(inputs).fold(f64::INFINITY, |least, (r, x)| least.min(x / r.per_unit))
    };
    let power = |t: &parecon_planning::CobbDouglas| {
        t.total_factor_productivity
            * effort.powf(t.effort_elasticity)
            * t.inputs.iter().zip(inputs).map(|(i, x)| x.powf(i.exponent)).product::<f64>()
    };
    match technology {
        Technology::CobbDouglas(t) => power(t),
        Technology::NestedCes(t) => {
            let goods = t.nest.goods();
            let at = |good| goods.iter().position(|g| *g == good).unwrap();
            t.total_factor_productivity
                * effort.powf(t.effort_elasticity)
                * quantity(&t.nest, &mut |good| inputs[at(good)]).powf(t.returns)
        }
        Technology::Leontief(t) => {
            least(&t.inputs).min(t.total_factor_productivity * effort.powf(t.effort_elasticity))
        }
        Technology::Activity(t) => least(&t.inputs).min(t.capacity),
        Technology::Bounded(t) => power(&t.technology).min(t.capacity),
        other => panic!("{other:?}"),
    }
}

fn disutility(technology: &Technology, effort: f64) -> f64 {
    let (s, k) = match technology {
        Technology::CobbDouglas(t) => (t.disutility_coefficient, t.disutility_exponent),
        Technology::NestedCes(t) => (t.disutility_coefficient, t.disutility_exponent),
        Technology::Leontief(t) => (t.disutility_coefficient, t.disutility_exponent),
        Technology::Bounded(t) => (t.technology.disutility_coefficient, t.technology.disutility_exponent),
        _ => return 0.0,
    };
    s * effort.powf(k)
}

#[test]
fn a_nest_with_all_elasticities_one_is_cobb_douglas() {
    let data = base(5, 40, 4);
    let mut other = data.clone();
    for council in &mut other.worker_councils {
        let t = nested(cobb_douglas(&council.technology), 1.0, 1.0);
        council.technology = Technology::NestedCes(t);
    }
    for council in &mut other.consumer_councils {
        let Preferences::CobbDouglas(wants) = &council.preferences else { panic!("{council:?}") };
        let goods = wants.iter().map(|p| (p.good, p.weight));
        council.preferences = Preferences::Ces(Nest::of_goods(1.0, goods));
    }
    let (fast, slow) = (Economy::try_from(data).unwrap(), Economy::try_from(other).unwrap());
    let prices = near(&fast, 3, 2.0);
    let (a, b) = (fast.aggregate(&prices).unwrap(), slow.aggregate(&prices).unwrap());
    for (x, y) in a.supply.iter().chain(&a.demand).zip(b.supply.iter().chain(&b.demand)) {
        assert!((x / y - 1.0).abs() < CLOSED_FORM, "{x} {y}");
    }
    let (a, b) = (fast.slopes(&prices).unwrap(), slow.slopes(&prices).unwrap());
    for (x, y) in a.supply.iter().chain(&a.demand).zip(b.supply.iter().chain(&b.demand)) {
        assert!((x - y).abs() < CLOSED_FORM * a.magnitude, "{x} {y}");
    }
    let (a, b) = (fast.certify(&prices).unwrap().unwrap(), slow.certify(&prices).unwrap().unwrap());
    // The fast path stops clearing where what is left no longer shows in a gap that is of second order.
    assert!((a.gap_relative / b.gap_relative - 1.0).abs() < 1e-5, "{a:?} {b:?}");
    // A nest measures x/θ, so utilities differ by Σ m·Σ θ·log θ.
    let mut constant = 0.0;
    for c in (0..fast.consumer_councils()).filter_map(|c| fast.consumer_council(c)) {
        let Preferences::CobbDouglas(wants) = &c.preferences else { panic!("{c:?}") };
        let total: f64 = wants.iter().map(|p| p.weight).sum();
        constant += wants.iter().map(|p| c.income * p.weight / total * (p.weight / total).ln()).sum::<f64>();
    }
    assert!((a.upper_bound - b.upper_bound - constant).abs() < ROUNDING * b.upper_bound.abs());
}

#[test]
fn no_plan_is_better_and_every_plan_is_possible() {
    let mut draw = Draw(1);
    for seed in 0..20 {
        let economy = all_kinds(seed);
        let prices = near(&economy, seed, 2.0);
        let proposals = economy.respond(&prices).unwrap();
        for (w, made) in proposals.workers().enumerate() {
            let council = economy.worker_council(w).unwrap();
            let price = prices[council.output.index()];
            let value = |output: f64, inputs: &[f64], effort: f64| {
                let cost: f64 = made.input_goods.iter().zip(inputs).map(|(g, x)| prices[g.index()] * x).sum();
                price * output - cost - disutility(&council.technology, effort)
            };
            let can = possible(&council.technology, made.inputs, made.effort);
            assert!(made.output <= can * (1.0 + ROUNDING), "{council:?}: {} of {can}", made.output);
            let kept = value(made.output, made.inputs, made.effort);
            let allowed = match &council.technology {
                // What smoothing may cost.
                Technology::Activity(t) => 0.2785 * t.smoothing * t.capacity,
                _ => ROUNDING * price * made.output,
            };
            for _ in 0..20 {
                let inputs: Vec<f64> = made.inputs.iter().map(|x| x * draw.between(0.8, 1.25)).collect();
                let effort = made.effort * draw.between(0.8, 1.25);
                let other = value(possible(&council.technology, &inputs, effort), &inputs, effort);
                assert!(other <= kept + allowed, "{council:?}: {other} above {kept}");
            }
        }
    }
}

#[test]
fn reported_slopes_are_those_of_differences() {
    for (seed, economy) in (0..6)
        .map(|s| (s, all_kinds(s)))
        .chain([(7, economy_of(7, with_pollutants))])
        .chain([(8, economy_of(8, |data, draw| with_toothaches(data, draw, 0.3)))])
    {
        let prices = near(&economy, seed, 1.5);
        let n = prices.len();
        let slopes = economy.slopes(&prices).unwrap();
        for j in 0..n {
            let at = |by: f64| {
                let mut moved = prices.clone();
                moved[j] *= by.exp();
                economy.aggregate(&moved).unwrap()
            };
            let (up, down, here) = (at(STEP), at(-STEP), economy.aggregate(&prices).unwrap());
            for g in 0..n {
                let size = prices[g] * (here.supply[g] + here.demand[g]);
                let supply = prices[g] * (up.supply[g] - down.supply[g]) / (2.0 * STEP);
                let demand = prices[g] * (up.demand[g] - down.demand[g]) / (2.0 * STEP);
                let (s, d) = (slopes.supply[g * n + j], slopes.demand[g * n + j]);
                assert!((supply - s).abs() < DIFFERENCE * size, "seed {seed}, {g} by {j}: {supply} {s}");
                assert!((demand - d).abs() < DIFFERENCE * size, "seed {seed}, {g} by {j}: {demand} {d}");
            }
        }
    }
}

/// Hotelling's and Roy's lemmas together: the slope of Φ is excess supply.
#[test]
fn excess_supply_is_the_slope_of_the_potential() {
    let all_smooth = |data: &mut EconomyData| {
        for (i, council) in data.worker_councils.iter_mut().enumerate().filter(|(i, _)| i % 5 == 0) {
            let t = cobb_douglas(&council.technology);
            let inputs: Vec<Requirement> =
                t.inputs.iter().map(|i| Requirement { good: i.good, per_unit: 0.2 }).collect();
            council.technology = if i % 2 == 0 {
                Technology::Activity(Activity { inputs, capacity: 9.0, smoothing: 50.0 })
            } else {
                Technology::Leontief(Leontief {
                    total_factor_productivity: 2.0,
                    inputs,
                    effort_elasticity: 1.0,
                    disutility_coefficient: 20.0,
                    disutility_exponent: 2.2,
                })
            };
        }
    };
    for seed in 0..4 {
        let economy = economy_of(seed, |data, draw| {
            with_ces(data, draw, 0.5, 0.3, 1.5);
            with_ces_consumers(data, draw, 0.3, 1.5);
            for council in &mut data.worker_councils {
                if let Technology::NestedCes(t) = &council.technology {
                    assert!(t.returns < 1.0);
                }
            }
            let mut plain = base(seed, 120, 6);
            all_smooth(&mut plain);
            for (council, other) in data.worker_councils.iter_mut().zip(plain.worker_councils).step_by(5) {
                *council = other;
            }
        });
        let prices = near(&economy, seed, 1.5);
        let here = economy.aggregate(&prices).unwrap();
        let n = prices.len();
        for g in 0..n {
            let at = |by: f64| {
                let mut moved = prices.clone();
                moved[g] *= by.exp();
                economy.slopes(&moved).unwrap().potential.unwrap()
            };
            let slope = (at(1e-4) - at(-1e-4)) / 2e-4;
            let excess = prices[g] * (here.supply[g] - here.demand[g]);
            let size = prices[g] * (here.supply[g] + here.demand[g]);
            assert!((slope - excess).abs() < 1e-5 * size, "seed {seed}, good {g}: {slope} {excess}");
        }
        // And its curvature in prices is symmetric.
        let slopes = economy.slopes(&prices).unwrap();
        for g in 0..n {
            for j in 0..g {
                let of = |g: usize, j: usize| slopes.supply[g * n + j] - slopes.demand[g * n + j];
                assert!((of(g, j) - of(j, g)).abs() < CLOSED_FORM * slopes.magnitude);
            }
        }
    }
}

#[test]
fn a_smoothed_activity_forgoes_what_it_says() {
    let (t, price) = (Activity { inputs: vec![], capacity: 3.0, smoothing: 0.5 }, |margin: f64| margin);
    let mut worst: f64 = 0.0;
    for i in 1..400 {
        let margin = f64::from(i) * 0.01;
        let technology = Technology::Activity(t.clone());
        let council = WorkerCouncil { name: String::new(), output: GoodId(0), technology };
        let consumer = ConsumerCouncil {
            name: String::new(),
            income: 1.0,
            preferences: Preferences::Ces(Nest::of_goods(0.5, [(GoodId(0), 1.0)])),
        };
        let goods = vec![Good::new("bread", Category::Private, 0.0)];
        let economy = Economy::new(goods, vec![council], vec![consumer]).unwrap();
        let made = economy.aggregate(&[price(margin)]).unwrap().supply[0];
        worst = worst.max(margin * (t.capacity - made));
    }
    let (unit, bound) = (t.smoothing * t.capacity, 2f64.ln());
    // max t/(1+e^t), at t = 1.278.
    assert!((worst / unit - 0.278_464_5).abs() < 1e-4 && worst < bound * unit, "{}", worst / unit);
}

#[test]
fn permissions_are_the_published_form_and_maximise_what_they_should() {
    let exposure =
        Exposure { pollutant: GoodId(1), scale: 5.0, compensation_exponent: 0.15, damage_exponent: 1.13 };
    let wants = vec![Preference { good: GoodId(0), weight: 1.0 }];
    let consumer = ConsumerCouncil {
        name: "downwind".into(),
        income: 10.0,
        preferences: Preferences::Exposed(Exposed {
            consumption: Box::new(Preferences::CobbDouglas(wants)),
            exposures: vec![exposure],
        }),
    };
    let goods =
        vec![Good::new("bread", Category::Private, 0.0), Good::new("smoke", Category::Pollutant, 0.0)];
    let technology = Technology::CobbDouglas(parecon_planning::CobbDouglas {
        total_factor_productivity: 1.0,
        inputs: vec![Input { good: GoodId(1), exponent: 0.5 }],
        effort_elasticity: 0.0,
        disutility_coefficient: 1.0,
        disutility_exponent: 2.0,
    });
    let bakery = WorkerCouncil { name: String::new(), output: GoodId(0), technology };
    let economy = Economy::new(goods, vec![bakery], vec![consumer]).unwrap();
    let (j, k) = (exposure.compensation_exponent, exposure.damage_exponent);
    for p in [0.3f64, 4.0, 900.0] {
        let proposals = economy.respond(&[2.0, p]).unwrap();
        let council = proposals.consumer(0).unwrap();
        let x = council.permits[0];
        // As the published program computes it: 5^(1/(k−j)) · (j·p^j/k)^(1/(k−j)).
        let published = 5f64.powf(1.0 / (k - j)) * (j * p.powf(j) / k).powf(1.0 / (k - j));
        assert!((x / published - 1.0).abs() < CLOSED_FORM);
        let value = |x: f64| 5.0 * (p * x).powf(j) - x.powf(k);
        assert!(value(x) > value(1.01 * x) && value(x) > value(0.99 * x));
        // The compensation is spent.
        assert!((council.quantities[0] * 2.0 - (10.0 + p * x)).abs() < CLOSED_FORM * (10.0 + p * x));
        assert!((economy.aggregate(&[2.0, p]).unwrap().supply[1] / x - 1.0).abs() < CLOSED_FORM);
    }
    let outcome = run(&economy, &mut Newton::new(), 1e-10);
    assert_eq!(outcome.status, Status::Converged);
    assert!(outcome.certificate.unwrap().gap_relative < 1e-9);
}

fn violation(economy: &Economy, plan: &Proposals) -> f64 {
    let mut worst: f64 = 0.0;
    let mut available: Vec<f64> = economy.goods().iter().map(|g| g.endowment).collect();
    let mut used = vec![0.0; available.len()];
    let mut shared = vec![0.0f64; available.len()];
    for (w, made) in plan.workers().enumerate() {
        let council = economy.worker_council(w).unwrap();
        let possible = possible(&council.technology, made.inputs, made.effort);
        worst = worst.max(made.output / possible - 1.0);
        available[made.good.index()] += made.output;
        made.input_goods.iter().zip(made.inputs).for_each(|(g, x)| used[g.index()] += x);
    }
    for consumed in plan.consumers() {
        for (good, x) in consumed.goods.iter().zip(consumed.quantities) {
            let g = good.index();
            let public = economy.goods()[g].category == Category::Public;
            if public { shared[g] = shared[g].max(*x) } else { used[g] += x }
        }
        consumed.permit_goods.iter().zip(consumed.permits).for_each(|(g, x)| available[g.index()] += x);
    }
    for g in 0..used.len() {
        worst = worst.max((used[g] + shared[g]) / available[g] - 1.0);
    }
    worst
}

/// Welfare from quantities alone, for preferences with weights that do not depend on prices.
fn welfare(economy: &Economy, plan: &Proposals) -> f64 {
    let mut total = 0.0;
    for (c, consumed) in plan.consumers().enumerate() {
        let council = economy.consumer_council(c).unwrap();
        let of = |good| consumed.quantities[consumed.goods.iter().position(|g| *g == good).unwrap()];
        total += match &council.preferences {
            Preferences::Ces(nest) => council.income * quantity(nest, &mut { of }).ln(),
            Preferences::CobbDouglas(wants) => {
                let weights: f64 = wants.iter().map(|p| p.weight).sum();
                wants.iter().map(|p| council.income * p.weight / weights * of(p.good).ln()).sum()
            }
            other => panic!("{other:?}"),
        };
    }
    for (w, made) in plan.workers().enumerate() {
        total -= disutility(&economy.worker_council(w).unwrap().technology, made.effort);
    }
    total
}

#[test]
fn feasible_plans_are_and_gaps_are_what_they_say() {
    let mut plans = 0;
    for seed in 0..30 {
        let mixed = economy_of(seed, |data, draw| {
            with_ces(data, draw, 0.5, 0.05, 1.5);
            if seed % 2 == 0 {
                with_ces_consumers(data, draw, 0.3, 1.5);
            }
        });
        for (economy, exact) in [(mixed, true), (all_kinds(seed), false)] {
            let shake = wild_prices(seed, economy.goods().len(), 1.0 + 0.1 * seed as f64);
            let agreed = run(&economy, &mut Newton::new(), 1e-3).prices;
            let prices: Vec<f64> = agreed.iter().zip(shake).map(|(p, s)| p * s).collect();
            let Some(feasible) = economy.make_feasible(&prices).unwrap() else { continue };
            plans += 1;
            let certificate = feasible.certificate;
            let broken = violation(&economy, &feasible.plan);
            assert!(broken < ROUNDING, "seed {seed}: {broken}");
            assert!(certificate.gap >= 0.0, "{certificate:?}");
            if exact {
                let reached = welfare(&economy, &feasible.plan);
                let scale = economy.total_income() + certificate.upper_bound.abs();
                assert!(
                    (reached - certificate.welfare).abs() < ROUNDING * scale,
                    "{reached} {certificate:?}"
                );
            }
        }
    }
    assert!(plans > 40, "{plans}");
}

#[test]
fn gaps_vanish_where_prices_clear_and_are_of_second_order_beside() {
    for seed in 0..4 {
        for economy in [ces(seed), economy_of(seed, with_pollutants)] {
            let outcome = run(&economy, &mut Newton::new(), 1e-11);
            assert_eq!(outcome.status, Status::Converged);
            let gap = |size: f64| {
                let shake = wild_prices(seed, outcome.prices.len(), size.exp());
                let prices: Vec<f64> = outcome.prices.iter().zip(shake).map(|(p, s)| p * s).collect();
                economy.certify(&prices).unwrap().unwrap().gap_relative
            };
            let (agreed, near, nearer) = (gap(0.0), gap(1e-3), gap(1e-4));
            assert!(agreed < 1e-12 && nearer < near / 90.0 + 1e-12, "{agreed:e} {near:e} {nearer:e}");
        }
    }
}

/// Bread from flour and labour in fixed or nearly fixed proportions, a park, cloth from wool and labour.
fn workshop(outer: f64, inner: f64, consumer: f64) -> Economy {
    let (bread, park, cloth, flour, labour) = (GoodId(0), GoodId(1), GoodId(2), GoodId(3), GoodId(4));
    let goods = vec![
        Good::new("bread", Category::Private, 0.0),
        Good::new("park", Category::Public, 0.5),
        Good::new("cloth", Category::Private, 0.0),
        Good::new("flour", Category::Intermediate, 0.0),
        Good::new("labour", Category::Labour, 30.0),
    ];
    let cobb_douglas = |a: f64, inputs: &[(GoodId, f64)], c: f64| parecon_planning::CobbDouglas {
        total_factor_productivity: a,
        inputs: inputs.iter().map(|&(good, exponent)| Input { good, exponent }).collect(),
        effort_elasticity: c,
        disutility_coefficient: 1.5,
        disutility_exponent: 2.5,
    };
    let maker = |output, technology| WorkerCouncil { name: String::new(), output, technology };
    let bakery = nested(&cobb_douglas(2.0, &[(flour, 0.3), (labour, 0.3), (cloth, 0.2)], 0.2), outer, inner);
    let mill = Leontief {
        total_factor_productivity: 3.0,
        inputs: vec![Requirement { good: labour, per_unit: 0.7 }],
        effort_elasticity: 0.8,
        disutility_coefficient: 0.6,
        disutility_exponent: 2.0,
    };
    let wants = |bread_weight: f64, elasticity: f64| {
        let inner = Nest::of_goods(elasticity, [(bread, bread_weight), (cloth, 1.0)]);
        Preferences::Ces(Nest::new(1.0, [(3.0, inner.into()), (bread_weight, Branch::Good(park))]))
    };
    let consumer_of = |income, preferences| ConsumerCouncil { name: String::new(), income, preferences };
    let plain = vec![
        Preference { good: bread, weight: 1.0 },
        Preference { good: park, weight: 1.0 },
        Preference { good: cloth, weight: 0.3 },
    ];
    Economy::new(
        goods,
        vec![
            maker(bread, Technology::NestedCes(bakery)),
            maker(flour, Technology::Leontief(mill)),
            maker(cloth, Technology::CobbDouglas(cobb_douglas(1.0, &[(labour, 0.6)], 0.0))),
            maker(park, Technology::CobbDouglas(cobb_douglas(1.0, &[(labour, 0.5)], 0.3))),
        ],
        vec![
            consumer_of(20.0, wants(2.0, consumer)),
            consumer_of(30.0, wants(0.5, 0.7)),
            consumer_of(10.0, Preferences::CobbDouglas(plain)),
        ],
    )
    .unwrap()
}

#[test]
fn bounds_enclose_the_optimum_of_a_conic_solver() {
    for (case, (outer, inner, consumer)) in
        [(0.5, 1.0, 1.4), (1.0, 0.3, 0.0), (1.7, 0.4, 0.5), (0.0, 1.5, 1.0), (0.2, 0.0, 3.0)]
            .into_iter()
            .enumerate()
    {
        let economy = workshop(outer, inner, consumer);
        let (status, best) = best_welfare(&economy).unwrap();
        assert_eq!(status, SolverStatus::Solved, "case {case}");
        let income = economy.total_income();
        let config = Config::new().with_tolerance(1e-9).with_round_limit(100);
        let clearing = plan(&economy, &mut Newton::new(), &config, &mut ()).unwrap().prices;
        let shake = wild_prices(case as u64, 5, 1.3);
        let prices: Vec<f64> = clearing.iter().zip(shake).map(|(p, s)| p * s).collect();
        let far = economy.certify(&prices).unwrap().unwrap();
        let slack = SOLVER * income;
        assert!(far.welfare < best + slack && best < far.upper_bound + slack, "case {case}: {far:?} {best}");
        assert!(far.gap > 1e-3 * income, "case {case}: these prices were meant to be wrong");
        for rule in [&mut Newton::new() as &mut dyn PriceRule, &mut RevealedNewton::new()] {
            let outcome = plan(&economy, rule, &config, &mut ()).unwrap();
            assert_eq!(outcome.status, Status::Converged, "case {case}");
            let agreed = outcome.certificate.unwrap();
            assert!((agreed.welfare - best).abs() < slack, "case {case}: {agreed:?} {best}");
            assert!((agreed.upper_bound - best).abs() < slack, "case {case}: {agreed:?} {best}");
        }
    }
}

/// Work counters: a change here is a change of an algorithm.
#[test]
fn rounds_to_three_percent() {
    let most = |name: &str, economies: &dyn Fn(u64) -> Economy, newton: usize, revealed: usize| {
        for seed in 0..5 {
            let economy = economies(seed);
            for (rule, most) in
                [(&mut Newton::new() as &mut dyn PriceRule, newton), (&mut RevealedNewton::new(), revealed)]
            {
                let outcome = run(&economy, rule, 0.03);
                let rounds = outcome.rounds.len();
                assert_eq!(outcome.status, Status::Converged, "{name}, seed {seed}");
                assert!(rounds <= most, "{name}, seed {seed}: {rounds} rounds, not {most}");
            }
        }
    };
    most("Cobb–Douglas", &|seed| economy_of(seed, |_, _| ()), 3, 3);
    most("CES", &ces, 4, 4);
    most("pollutants", &|seed| economy_of(seed, with_pollutants), 3, 3);
    // Where councils with fixed proportions make nothing below a margin, proposals jump.
    most("every kind", &all_kinds, 14, 34);
}

#[test]
fn both_rules_agree_from_wild_prices() {
    for seed in 0..8 {
        let economy = ces(seed);
        let start = Config::new().with_tolerance(1e-9).with_round_limit(100);
        let config = start.with_start_prices(near(&economy, seed, 1e4));
        let a = plan(&economy, &mut Newton::new(), &config, &mut ()).unwrap();
        let b = plan(&economy, &mut RevealedNewton::new(), &config, &mut ()).unwrap();
        assert_eq!((a.status, b.status), (Status::Converged, Status::Converged), "seed {seed}");
        assert!(a.rounds.len() <= 25 && b.rounds.len() <= 25, "{} {}", a.rounds.len(), b.rounds.len());
        for (p, q) in a.prices.iter().zip(&b.prices) {
            assert!((p / q - 1.0).abs() < 1e-7, "seed {seed}: {p} {q}");
        }
    }
}

#[test]
fn increasing_returns_by_first_order_conditions_are_planned_without_a_certificate() {
    for seed in 0..4 {
        let economy = economy_of(seed, |data, draw| with_toothaches(data, draw, 0.2));
        for rule in [&mut Newton::new() as &mut dyn PriceRule, &mut RevealedNewton::new()] {
            let outcome = run(&economy, rule, 1e-9);
            assert_eq!(outcome.status, Status::Converged, "seed {seed}");
            assert_eq!(outcome.certificate, None);
        }
    }
    // The formula, on one council: 1 = h·(1 − B) for no effort.
    let t = parecon_planning::CobbDouglas {
        total_factor_productivity: 2.0,
        inputs: vec![Input { good: GoodId(1), exponent: 1.5 }],
        effort_elasticity: 0.0,
        disutility_coefficient: 1.0,
        disutility_exponent: 1.0,
    };
    let council = |technology| vec![WorkerCouncil { name: "mint".into(), output: GoodId(0), technology }];
    let goods = vec![Good::new("coin", Category::Private, 0.0), Good::new("ore", Category::Nature, 1.0)];
    let buyer = vec![ConsumerCouncil {
        name: String::new(),
        income: 1.0,
        preferences: Preferences::CobbDouglas(vec![Preference { good: GoodId(0), weight: 1.0 }]),
    }];
    let economy =
        Economy::new(goods.clone(), council(Technology::FirstOrder(t.clone())), buyer.clone()).unwrap();
    let made = economy.respond(&[3.0, 5.0]).unwrap();
    let made = made.worker(0).unwrap();
    // Marginal product 2·1.5·√x at a price of 3 is the price 5 of ore.
    let ore = (5.0f64 / 9.0).powi(2);
    assert!((made.inputs[0] / ore - 1.0).abs() < CLOSED_FORM);
    assert!((made.output / (2.0 * ore.powf(1.5)) - 1.0).abs() < CLOSED_FORM);
    let error = Economy::new(goods, council(Technology::CobbDouglas(t)), buyer).unwrap_err();
    assert!(error.is_increasing_returns() && error.to_string().contains("\"mint\""), "{error}");
}

#[test]
fn every_kind_is_written_and_read_again() {
    let mut data = EconomyData::from(all_kinds(3));
    data.worker_councils.reverse();
    data.consumer_councils.reverse();
    let economy = Economy::try_from(data).unwrap();
    let text = serde_json::to_string(&economy).unwrap();
    let again = Economy::from_json(text.as_bytes()).unwrap();
    assert_eq!(again, economy);
    let prices = near(&economy, 1, 2.0);
    assert_eq!(again.aggregate(&prices).unwrap(), economy.aggregate(&prices).unwrap());
    // Councils keep the positions at which they were given.
    let proposals = economy.respond(&prices).unwrap();
    for (w, made) in proposals.workers().enumerate() {
        let council = economy.worker_council(w).unwrap();
        assert_eq!(made.good, council.output);
        assert_eq!(made.input_goods, council.technology.input_goods());
        assert_eq!(Some(made), proposals.worker(w));
    }
    for (c, asked) in proposals.consumers().enumerate() {
        assert_eq!(asked.goods, economy.consumer_council(c).unwrap().preferences.goods());
    }
    let (slow, fast) = (proposals.aggregate(), economy.aggregate(&prices).unwrap());
    for (x, y) in slow.supply.iter().chain(&slow.demand).zip(fast.supply.iter().chain(&fast.demand)) {
        assert!((x / y - 1.0).abs() < CLOSED_FORM, "{x} {y}");
    }
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let economy = economy_of(4, |data, draw| with_ces(data, draw, 0.5, 0.3, 1.5));
    let answers = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            (run(&economy, &mut Newton::new(), 1e-9), run(&economy, &mut RevealedNewton::new(), 1e-9))
        })
    };
    assert!(answers(1) == answers(2) && answers(1) == answers(4));
}

#[derive(Debug)]
struct Workshop {
    inputs: [GoodId; 1],
    answer: f64,
}

impl CustomCouncil for Workshop {
    fn inputs(&self) -> &[GoodId] {
        &self.inputs
    }

    fn respond(&self, price: f64, input_prices: &[f64], inputs: &mut [f64]) -> Answer {
        let output = (price - 0.5 * input_prices[0]).max(0.0) * self.answer;
        inputs[0] = 0.5 * output;
        Answer { output, effort: output, surplus: 0.5 * output * output }
    }
}

#[test]
fn custom_councils_plan_and_are_held_to_their_word() {
    let with = |answer| {
        let mut data = EconomyData::from(parecon_planning::experiment::small_example().unwrap());
        let custom = Custom::new(Workshop { inputs: [GoodId(2)], answer });
        data.worker_councils[1].technology = Technology::Custom(custom);
        Economy::try_from(data).unwrap()
    };
    let economy = with(1.0);
    for rule in [&mut Newton::new() as &mut dyn PriceRule, &mut RevealedNewton::new()] {
        let outcome = plan(&economy, rule, &Config::new().with_tolerance(1e-9), &mut ()).unwrap();
        assert_eq!(outcome.status, Status::Converged);
        // As an activity of its own it would be the same quadratic cost.
        assert!(outcome.certificate.unwrap().gap_relative < 1e-9);
    }
    assert!(serde_json::to_string(&economy).is_err());
    let error = with(f64::NAN).aggregate(&[1.0; 3]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "worker council \"west bakery\" answered with NaN; quantities and surplus must be finite and not negative"
    );
    assert!(plan(&with(f64::INFINITY), &mut Newton::new(), &Config::new(), &mut ()).is_err());
}

#[test]
fn subsistence_comes_first() {
    let needs = vec![
        Need { good: GoodId(0), minimum: 4.0, weight: 1.0 },
        Need { good: GoodId(1), minimum: 1.0, weight: 3.0 },
    ];
    let consumer = |income| ConsumerCouncil {
        name: String::new(),
        income,
        preferences: Preferences::StoneGeary(needs.clone()),
    };
    let goods = vec![Good::new("grain", Category::Private, 9.0), Good::new("cloth", Category::Private, 5.0)];
    let economy = Economy::new(goods, vec![], vec![consumer(20.0)]).unwrap();
    // 4·2 + 1·4 = 12 first, then a quarter and three quarters of 8.
    assert_eq!(economy.aggregate(&[2.0, 4.0]).unwrap().demand, [5.0, 2.5]);
    // Who cannot afford 24 buys five sixths of the minimum.
    let poor = economy.aggregate(&[4.0, 8.0]).unwrap().demand;
    assert!((poor[0] - 20.0 / 6.0).abs() < CLOSED_FORM && (poor[1] - 5.0 / 6.0).abs() < CLOSED_FORM);
    assert_eq!(economy.certify(&[4.0, 8.0]).unwrap(), None);
    let outcome = plan(&economy, &mut Newton::new(), &Config::new().with_tolerance(1e-12), &mut ()).unwrap();
    assert_eq!(outcome.status, Status::Converged);
    assert!(outcome.certificate.unwrap().gap_relative < 1e-12);
}

#[test]
fn messages_name_the_offender() {
    let says = |change: &dyn Fn(&mut EconomyData), message: &str| {
        let mut data = EconomyData::from(all_kinds(0));
        change(&mut data);
        assert_eq!(Economy::try_from(data).unwrap_err().to_string(), message);
    };
    fn nest(d: &mut EconomyData) -> &mut parecon_planning::NestedCes {
        match &mut d.worker_councils[0].technology {
            Technology::NestedCes(t) => t,
            other => panic!("{other:?}"),
        }
    }
    says(
        &|d| nest(d).nest.elasticity = -0.5,
        "worker council 0: elasticity of substitution is -0.5, must be between 0 and 1000",
    );
    says(&|d| nest(d).nest.parts.clear(), "worker council 0 has a nest without parts");
    says(
        &|d| nest(d).returns = 1.5,
        &format!(
            "worker council 0: exponents and effort's c/k add up to {}, must be below 1 (decreasing returns)",
            1.5 + {
                let data = EconomyData::from(all_kinds(0));
                let Technology::NestedCes(t) = &data.worker_councils[0].technology else { panic!() };
                t.effort_elasticity / t.disutility_exponent
            }
        ),
    );
    says(
        &|d| {
            let Technology::Leontief(t) = &mut d.worker_councils[1].technology else { panic!() };
            t.disutility_exponent = 1.0;
        },
        "worker council 1: effort's c/k is 1, must be below 1 (convex disutility)",
    );
    says(
        &|d| {
            let Technology::Activity(t) = &mut d.worker_councils[2].technology else { panic!() };
            t.smoothing = 0.0;
        },
        "worker council 2: smoothing is 0, must be between 1e-100 and 1e100",
    );
    let exposed = |pollutant: u32, j: f64| {
        move |d: &mut EconomyData| {
            let exposure = Exposure {
                pollutant: GoodId(pollutant),
                scale: 1.0,
                compensation_exponent: j,
                damage_exponent: 1.0,
            };
            let consumption = Box::new(d.consumer_councils[2].preferences.clone());
            d.goods.push(Good::new("smoke", Category::Pollutant, 0.0));
            d.consumer_councils[2].preferences =
                Preferences::Exposed(Exposed { consumption, exposures: vec![exposure] });
        }
    };
    says(
        &|d| exposed(8, 0.5)(d),
        "consumer council 2 permits \"nature 1\", a good of category nature; only pollutants are permitted",
    );
    says(
        &|d| exposed(20, 1.0)(d),
        "consumer council 2: compensation exponent of \"smoke\" is 1, must be below the damage exponent, 1",
    );
    says(
        &|d| {
            let Preferences::StoneGeary(needs) = &mut d.consumer_councils[1].preferences else { panic!() };
            needs[0].minimum = f64::NAN;
        },
        "consumer council 1: minimum of \"private 1\" is NaN, must be between 0 and 1e100",
    );
}
