//! Economies of other kinds of councils, made from Cobb–Douglas ones, and what their technologies can do.
#![allow(dead_code, reason = "each test uses its part")]

use parecon_planning::experiment::Generator;
use parecon_planning::{
    Activity, Bounded, Branch, Category, CobbDouglas, Config, Economy, EconomyData, Exposed, Exposure, Good,
    GoodId, Input, Leontief, Need, Nest, NestedCes, Outcome, Preferences, PriceRule, Requirement, Technology,
    plan,
};
use parecon_testbed::planning::wild_prices;

/// Numbers drawn from a seed (`SplitMix64`), the same everywhere.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        low + (high - low) * ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A published economy of some size as data.
pub(crate) fn base(seed: u64, councils: usize, goods: u32) -> EconomyData {
    let generator = Generator::new(seed).with_goods_per_category(goods).with_councils(councils, councils);
    EconomyData::from(generator.economy().unwrap())
}

pub(crate) fn cobb_douglas(technology: &Technology) -> &CobbDouglas {
    match technology {
        Technology::CobbDouglas(t) => t,
        other => panic!("{other:?}"),
    }
}

/// The nested CES technology with the same shares at equal prices, its first inputs in a nest of their own.
pub(crate) fn nested(t: &CobbDouglas, outer: f64, inner: f64) -> NestedCes {
    let returns = t.inputs.iter().map(|i| i.exponent).sum::<f64>();
    let part = |i: &Input| (i.exponent, Branch::Good(i.good));
    let (first, rest) = t.inputs.split_at(t.inputs.len() / 2);
    let mut parts: Vec<(f64, Branch)> = rest.iter().map(part).collect();
    if !first.is_empty() {
        let weight = first.iter().map(|i| i.exponent).sum();
        parts.push((weight, Nest::new(inner, first.iter().map(part)).into()));
    }
    NestedCes {
        total_factor_productivity: t.total_factor_productivity
            * t.inputs.iter().map(|i| (i.exponent / returns).powf(i.exponent)).product::<f64>(),
        nest: Nest::new(outer, parts),
        returns,
        effort_elasticity: t.effort_elasticity,
        disutility_coefficient: t.disutility_coefficient,
        disutility_exponent: t.disutility_exponent,
    }
}

/// A share of the worker councils with nested CES technologies of elasticities between two numbers.
pub(crate) fn with_ces(data: &mut EconomyData, draw: &mut Draw, share: f64, low: f64, high: f64) {
    for council in &mut data.worker_councils {
        if draw.between(0.0, 1.0) < share {
            let (outer, inner) = (draw.between(low, high), draw.between(low, high));
            let t = nested(cobb_douglas(&council.technology), outer, inner);
            council.technology = Technology::NestedCes(t);
        }
    }
}

/// The consumer councils' weights in a CES nest of private goods, inside a nest of fixed shares for public ones.
pub(crate) fn with_ces_consumers(data: &mut EconomyData, draw: &mut Draw, low: f64, high: f64) {
    for council in &mut data.consumer_councils {
        let Preferences::CobbDouglas(wants) = &council.preferences else { continue };
        let private = |good: &GoodId| data.goods[good.index()].category == Category::Private;
        let part = |p: &&parecon_planning::Preference| (p.weight, Branch::Good(p.good));
        let inner: Vec<_> = wants.iter().filter(|p| private(&p.good)).collect();
        let mut parts: Vec<_> = wants.iter().filter(|p| !private(&p.good)).map(|p| part(&p)).collect();
        let weight: f64 = inner.iter().map(|p| p.weight).sum();
        parts.push((weight, Nest::new(draw.between(low, high), inner.iter().map(part)).into()));
        council.preferences = Preferences::Ces(Nest::new(1.0, parts));
    }
}

/// A share of the worker councils with every exponent larger by a tenth.
pub(crate) fn with_toothaches(data: &mut EconomyData, draw: &mut Draw, share: f64) {
    for council in &mut data.worker_councils {
        if draw.between(0.0, 1.0) < share {
            let mut t = cobb_douglas(&council.technology).clone();
            t.inputs.iter_mut().for_each(|i| i.exponent += 0.1);
            council.technology = Technology::FirstOrder(t);
        }
    }
}

/// Two regions, each with a pollutant that its worker councils need and its consumer councils permit, with the published
/// exponents.
pub(crate) fn with_pollutants(data: &mut EconomyData, draw: &mut Draw) {
    let first = data.goods.len();
    for region in ["north", "south"] {
        data.goods.push(Good::new(format!("smoke {region}"), Category::Pollutant, 0.0));
    }
    let pollutant = |i: usize| GoodId(u32::try_from(first + i % 2).unwrap());
    for (i, council) in data.worker_councils.iter_mut().enumerate() {
        let mut t = cobb_douglas(&council.technology).clone();
        let share = 1.0 / (t.inputs.len() + 1) as f64;
        t.inputs.iter_mut().for_each(|i| i.exponent *= 1.0 - share);
        t.inputs.push(Input { good: pollutant(i), exponent: draw.between(0.75, 0.85) * share });
        council.technology = Technology::CobbDouglas(t);
    }
    for (i, council) in data.consumer_councils.iter_mut().enumerate() {
        let exposure = Exposure {
            pollutant: pollutant(i),
            scale: 5.0,
            compensation_exponent: draw.between(0.11, 0.19),
            damage_exponent: draw.between(1.11, 1.19),
        };
        let consumption = Box::new(council.preferences.clone());
        council.preferences = Preferences::Exposed(Exposed { consumption, exposures: vec![exposure] });
    }
}

/// One of every kind of council, for private and public goods; `None` of increasing returns.
pub(crate) fn all_kinds(seed: u64) -> Economy {
    let mut data = base(seed, 24, 4);
    let mut draw = Draw(seed);
    let prices = 700.0;
    for (i, council) in data.worker_councils.iter_mut().enumerate() {
        let t = cobb_douglas(&council.technology).clone();
        let required = |sum: f64, draw: &mut Draw| -> Vec<Requirement> {
            let n = t.inputs.len() as f64;
            let per_unit = |draw: &mut Draw| draw.between(0.5, 1.0) * sum / n;
            t.inputs.iter().map(|i| Requirement { good: i.good, per_unit: per_unit(draw) }).collect()
        };
        council.technology = match i % 4 {
            0 => {
                let inner = if i % 8 == 0 { 0.0 } else { draw.between(0.1, 0.9) };
                Technology::NestedCes(nested(&t, draw.between(0.3, 1.5), inner))
            }
            1 if i % 8 == 1 => Technology::Leontief(Leontief {
                total_factor_productivity: draw.between(2.0, 4.0),
                inputs: required(0.5, &mut draw),
                effort_elasticity: 1.0,
                disutility_coefficient: 30.0,
                disutility_exponent: draw.between(1.5, 3.0),
            }),
            2 if i % 8 == 2 => Technology::Activity(Activity {
                inputs: required(0.8, &mut draw),
                capacity: draw.between(2.0, 20.0),
                smoothing: 0.05 * prices,
            }),
            3 if i % 8 == 3 => Technology::Bounded(Bounded {
                technology: t,
                capacity: draw.between(5.0, 50.0),
                smoothing: 0.05 * prices,
            }),
            _ => Technology::CobbDouglas(t),
        };
    }
    for (i, council) in data.consumer_councils.iter_mut().enumerate() {
        let Preferences::CobbDouglas(wants) = council.preferences.clone() else { continue };
        council.preferences = match i % 3 {
            0 => Preferences::Ces(Nest::of_goods(
                draw.between(0.3, 1.5),
                wants.iter().map(|p| (p.good, p.weight)),
            )),
            1 => Preferences::StoneGeary(
                wants
                    .iter()
                    .map(|p| Need { good: p.good, minimum: draw.between(0.0, 0.3), weight: p.weight })
                    .collect(),
            ),
            _ => Preferences::CobbDouglas(wants),
        };
    }
    Economy::try_from(data).unwrap()
}

pub(crate) fn near(economy: &Economy, seed: u64, factor: f64) -> Vec<f64> {
    wild_prices(seed, economy.goods().len(), factor).iter().map(|p| 700.0 * p).collect()
}

pub(crate) fn run(economy: &Economy, rule: &mut dyn PriceRule, tolerance: f64) -> Outcome {
    let config = Config::new().with_start_price(700.0).with_tolerance(tolerance).with_round_limit(100);
    plan(economy, rule, &config, &mut ()).unwrap()
}

pub(crate) fn economy_of(seed: u64, change: impl FnOnce(&mut EconomyData, &mut Draw)) -> Economy {
    let mut data = base(seed, 120, 6);
    change(&mut data, &mut Draw(seed));
    Economy::try_from(data).unwrap()
}

pub(crate) fn ces(seed: u64) -> Economy {
    economy_of(seed, |data, draw| {
        with_ces(data, draw, 0.7, 0.3, 1.5);
        with_ces_consumers(data, draw, 0.3, 1.5);
    })
}

/// Quantity of a nest from quantities of its goods, straight from the formula.
pub(crate) fn quantity(nest: &Nest, of: &mut dyn FnMut(GoodId) -> f64) -> f64 {
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
pub(crate) fn possible(technology: &Technology, inputs: &[f64], effort: f64) -> f64 {
    let least = |r: &[Requirement]| {
        r.iter().zip(inputs).fold(f64::INFINITY, |least, (r, x)| least.min(x / r.per_unit))
    };
    let power = |t: &CobbDouglas| {
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

pub(crate) fn disutility(technology: &Technology, effort: f64) -> f64 {
    let (s, k) = match technology {
        Technology::CobbDouglas(t) => (t.disutility_coefficient, t.disutility_exponent),
        Technology::NestedCes(t) => (t.disutility_coefficient, t.disutility_exponent),
        Technology::Leontief(t) => (t.disutility_coefficient, t.disutility_exponent),
        Technology::Bounded(t) => (t.technology.disutility_coefficient, t.technology.disutility_exponent),
        _ => return 0.0,
    };
    s * effort.powf(k)
}
