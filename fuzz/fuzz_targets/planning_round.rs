//! Arbitrary small economies: rejected, or planned for a few rounds by either rule with sound prices and certificates.
#![no_main]

#[path = "shared/number.rs"]
mod number;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use number::Number;
use parecon_planning::{
    Category, CobbDouglas, Config, ConsumerCouncil, Economy, Good, GoodId, Input, Planning, Preference,
    Preferences, PriceRule, Recorded, RevealedNewton, Round, Technology, WorkerCouncil,
};

const MAX_GOODS: usize = 6;
const MAX_WORKERS: usize = 8;
const MAX_INPUTS: usize = 4;
const MAX_CONSUMERS: usize = 4;
const MAX_ROUNDS: u8 = 12;

/// Bounds are sums of terms much larger than themselves, so this is relative to the terms.
const ROUNDING: f64 = 1e-9;

/// An economy and where to start, in few bytes: most of what the fuzzer makes up should be accepted.
#[derive(Arbitrary, Debug)]
struct Sketch {
    goods: Vec<GoodSketch>,
    workers: Vec<WorkerSketch>,
    consumers: Vec<ConsumerSketch>,
    start: Number,
    rounds: u8,
}

#[derive(Arbitrary, Debug)]
struct GoodSketch {
    category: u8,
    endowment: Number,
    start: Option<Number>,
}

#[derive(Arbitrary, Debug)]
struct WorkerSketch {
    output: Position,
    productivity: Number,
    inputs: Vec<(Position, Number)>,
    effort_elasticity: Number,
    disutility_coefficient: Number,
    disutility_exponent: Number,
}

#[derive(Arbitrary, Debug)]
struct ConsumerSketch {
    income: Number,
    preferences: Vec<(Position, Number)>,
}

/// The position of a good; the last value means one that does not exist.
#[derive(Arbitrary, Clone, Copy, Debug)]
struct Position(u8);

impl Position {
    fn get(self, goods: usize) -> GoodId {
        GoodId(if self.0 == u8::MAX { goods as u32 } else { u32::from(self.0) % goods.max(1) as u32 })
    }
}

impl Sketch {
    fn economy(&self) -> Result<Economy, parecon_planning::Error> {
        let n = self.goods.len().min(MAX_GOODS);
        let goods = self
            .goods
            .iter()
            .take(n)
            .enumerate()
            .map(|(i, g)| Good::new(format!("good {i}"), category(g.category), g.endowment.get()));
        let workers = self.workers.iter().take(MAX_WORKERS).map(|w| WorkerCouncil {
            name: String::new(),
            output: w.output.get(n),
            technology: Technology::CobbDouglas(CobbDouglas {
                total_factor_productivity: w.productivity.get(),
                // A quarter, so that several inputs have decreasing returns more often than not.
                inputs: (w.inputs.iter().take(MAX_INPUTS))
                    .map(|(good, number)| Input { good: good.get(n), exponent: number.get() / 4.0 })
                    .collect(),
                effort_elasticity: w.effort_elasticity.get(),
                disutility_coefficient: w.disutility_coefficient.get(),
                disutility_exponent: w.disutility_exponent.get(),
            }),
        });
        let consumers = self.consumers.iter().take(MAX_CONSUMERS).map(|c| ConsumerCouncil {
            name: String::new(),
            income: c.income.get(),
            preferences: Preferences::CobbDouglas(
                (c.preferences.iter().take(MAX_GOODS))
                    .map(|(good, number)| Preference { good: good.get(n), weight: number.get() })
                    .collect(),
            ),
        });
        Economy::new(goods.collect(), workers.collect(), consumers.collect())
    }

    fn config(&self) -> Config {
        let rounds = usize::from(self.rounds % MAX_ROUNDS) + 1;
        let prices = self.goods.iter().take(MAX_GOODS).map(|g| g.start.unwrap_or(self.start).get());
        Config::new()
            .with_tolerance(0.0)
            .with_round_limit(rounds)
            .with_patience(rounds)
            .with_start_prices(prices.collect())
    }
}

fn category(n: u8) -> Category {
    match n % 6 {
        0 => Category::Private,
        1 => Category::Public,
        2 => Category::Intermediate,
        3 => Category::Nature,
        4 => Category::Labour,
        _ => Category::Pollutant,
    }
}

fn rounds(economy: &Economy, config: &Config, rule: &mut dyn PriceRule) -> Vec<Round> {
    let mut planning = Planning::new(economy, rule, config.clone()).expect("the configuration was checked");
    while planning.status().is_none() {
        planning.step().expect("our own rules answer with prices");
    }
    planning.rounds().to_vec()
}

fn check(economy: &Economy, rounds: &[Round]) -> Result<(), String> {
    // No bound found at any prices lies below what was attained at any others.
    let (mut bound, mut welfare, mut terms) =
        (f64::INFINITY, f64::NEG_INFINITY, economy.total_income() * 1e3);
    for round in rounds {
        let all = &round.aggregates;
        ensure(round.prices.iter().all(|p| p.is_finite() && *p > 0.0), || format!("{round:?}"))?;
        let mut quantities = all.supply.iter().chain(&all.demand);
        ensure(quantities.all(|q| q.is_finite() && *q >= 0.0), || format!("{round:?}"))?;
        if let Some(certificate) = &round.certificate {
            let size = certificate.upper_bound.abs() + certificate.welfare.abs();
            ensure(certificate.gap >= -ROUNDING * size, || format!("{round:?}"))?;
            bound = bound.min(certificate.upper_bound);
            welfare = welfare.max(certificate.welfare);
            terms = terms.max(size);
        }
    }
    ensure(welfare <= bound + ROUNDING * terms, || {
        format!("{welfare:e} was attained above a bound of {bound:e}")
    })?;

    let Some(last) = rounds.last() else { return Ok(()) };
    if let Some(plan) = economy.make_feasible(&last.prices).map_err(|e| e.to_string())? {
        let all = plan.plan.aggregate();
        for (good, price) in last.prices.iter().enumerate() {
            // In values, because that is how the crate counts; those below the smallest normal number have few digits.
            let (demand, supply) = (all.demand[good] * price, all.supply[good] * price);
            ensure(demand <= supply * (1.0 + ROUNDING) + f64::MIN_POSITIVE, || {
                format!("{demand:e} worth of good {good} is used of {supply:e} at prices {:?}", last.prices)
            })?;
        }
    }
    Ok(())
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}

fuzz_target!(|sketch: Sketch| {
    let Ok(economy) = sketch.economy() else { return };
    let config = sketch.config();
    if config.validate(&economy).is_err() {
        return;
    }
    for rule in [&mut Recorded::new() as &mut dyn PriceRule, &mut RevealedNewton::new()] {
        if let Err(message) = check(&economy, &rounds(&economy, &config, rule)) {
            // With the economy in the message, a finding becomes a test by copying.
            panic!("{message}\n{config:?}\n{}", serde_json::to_string(&economy).unwrap_or_default());
        }
    }
});
