//! Councils of every kind: answers, reactions, bounds.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what cannot be built or read fails the test")]

#[path = "common/kinds.rs"]
mod kinds;

use kinds::{
    Draw, all_kinds, base, cobb_douglas, disutility, economy_of, near, nested, possible, run, with_ces,
    with_ces_consumers, with_pollutants, with_toothaches,
};
use parecon_planning::{
    Activity, Answer, Category, Config, ConsumerCouncil, Custom, CustomCouncil, Economy, EconomyData,
    Exposed, Exposure, Good, GoodId, Input, Leontief, Need, Nest, Newton, Preference, Preferences, PriceRule,
    Requirement, RevealedNewton, Status, Technology, WorkerCouncil, plan,
};

/// Rounding in closed forms of a few operations.
const CLOSED_FORM: f64 = 1e-12;
/// Rounding of sums of values that are large against their difference.
const ROUNDING: f64 = 1e-9;
/// Step for central differences, and what their truncation (its square, times third derivatives of elasticities up to
/// 10 and smoothed steps of a twentieth of a price) and rounding leave.
const STEP: f64 = 1e-5;
const DIFFERENCE: f64 = 1e-5;

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

#[derive(Debug)]
struct Workshop {
    inputs: [GoodId; 1],
    answer: f64,
    slope: Option<f64>,
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

    fn slopes(&self, _price: f64, _input_prices: &[f64], slopes: &mut [f64]) -> bool {
        self.slope.inspect(|slope| slopes.fill(*slope)).is_some()
    }
}

#[test]
fn custom_councils_plan_and_are_held_to_their_word() {
    let reporting = |answer, slope| {
        let mut data = EconomyData::from(parecon_planning::experiment::small_example().unwrap());
        let custom = Custom::new(Workshop { inputs: [GoodId(2)], answer, slope });
        data.worker_councils[1].technology = Technology::Custom(custom);
        Economy::try_from(data).unwrap()
    };
    let with = |answer| reporting(answer, None);
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
    let wrong = reporting(1.0, Some(f64::NAN));
    let expected = "worker council \"west bakery\" has a slope of NaN; slopes must be finite";
    assert_eq!(wrong.slopes(&[1.0; 3]).unwrap_err().to_string(), expected);
    let error = plan(&wrong, &mut Newton::new(), &Config::new(), &mut ()).unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert!(plan(&wrong, &mut RevealedNewton::new(), &Config::new(), &mut ()).is_ok());
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
        "worker council 0: elasticity of substitution is -0.5, must be 0 or between 0.001 and 1000",
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

/// Returns of 1e-12 in all: what is left of 1 is rounding, but not of the surplus.
#[test]
fn bounded_councils_with_next_to_no_returns_keep_their_surplus() {
    let (b, p, w) = (1e-12f64, 3.0f64, 7.0f64);
    let technology = parecon_planning::CobbDouglas {
        total_factor_productivity: 2.0,
        inputs: vec![Input { good: GoodId(1), exponent: b }],
        effort_elasticity: 0.0,
        disutility_coefficient: 1.0,
        disutility_exponent: 2.0,
    };
    let bounded = parecon_planning::Bounded { technology, capacity: 50.0, smoothing: 1.0 };
    let economy = Economy::new(
        vec![Good::new("bread", Category::Private, 0.0), Good::new("labour", Category::Labour, 5.0)],
        vec![WorkerCouncil {
            name: String::new(),
            output: GoodId(0),
            technology: Technology::Bounded(bounded),
        }],
        vec![ConsumerCouncil {
            name: String::new(),
            income: 6.0,
            preferences: Preferences::CobbDouglas(vec![Preference { good: GoodId(0), weight: 1.0 }]),
        }],
    )
    .unwrap();
    // Q = (A·(b·p/w)^b)^(1/(1−b)), x = b·p·Q/w, and the surplus is (1−b)·p·Q.
    let output = (2.0 * (b * p / w).powf(b)).powf(1.0 / (1.0 - b));
    let proposals = economy.respond(&[p, w]).unwrap();
    let council = proposals.worker(0).unwrap();
    assert!((council.output / output - 1.0).abs() < CLOSED_FORM);
    assert!((council.inputs[0] / (b * p * output / w) - 1.0).abs() < CLOSED_FORM);
    let potential = economy.slopes(&[p, w]).unwrap().potential.unwrap();
    let expected = (1.0 - b) * p * output + w * 5.0 - 6.0 * p.ln();
    assert!((potential / expected - 1.0).abs() < CLOSED_FORM, "{potential} {expected}");
}

/// Compensation is cut off as plans are, and so is how demand reacts to it.
#[test]
fn reactions_to_absurd_compensation_are_numbers() {
    let mut data = base(3, 40, 4);
    with_pollutants(&mut data, &mut Draw(3));
    for council in &mut data.consumer_councils {
        if let Preferences::Exposed(exposed) = &mut council.preferences {
            for exposure in &mut exposed.exposures {
                (exposure.compensation_exponent, exposure.damage_exponent) = (1.0, 1.1);
            }
        }
    }
    let economy = Economy::try_from(data).unwrap();
    let prices: Vec<f64> =
        economy.goods().iter().map(|g| if g.category == Category::Pollutant { 1e100 } else { 1.0 }).collect();
    let slopes = economy.slopes(&prices).unwrap();
    assert!(slopes.supply.iter().chain(&slopes.demand).all(|slope| slope.is_finite()));
}

/// A council that names other inputs each time it is asked gets those it named first.
#[test]
fn custom_councils_may_change_their_minds() {
    #[derive(Debug)]
    struct Fickle(std::sync::atomic::AtomicUsize, [GoodId; 2]);
    impl CustomCouncil for Fickle {
        fn inputs(&self) -> &[GoodId] {
            let asked = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            &self.1[..1 + usize::from(asked > 1)]
        }
        fn respond(&self, price: f64, input_prices: &[f64], inputs: &mut [f64]) -> Answer {
            assert_eq!((input_prices.len(), inputs.len()), (1, 1));
            inputs[0] = price;
            Answer { output: price, effort: 0.0, surplus: 0.0 }
        }
    }
    let mut data = base(3, 40, 4);
    let fickle = Fickle(0.into(), [GoodId(9), GoodId(10)]);
    data.worker_councils[0].technology = Technology::Custom(Custom::new(fickle));
    let economy = Economy::try_from(data).unwrap();
    let proposals = economy.respond(&vec![2.0; economy.goods().len()]).unwrap();
    assert_eq!(proposals.worker(0).unwrap().inputs, [2.0]);
    assert_eq!(proposals.worker(0).unwrap().input_goods, [GoodId(9)]);
}
