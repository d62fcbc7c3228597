//! Economies whose councils are spread, here over two threads that each hold a half.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a share that cannot be built fails the test")]

#[path = "common/kinds.rs"]
mod kinds;

use std::sync::{Arc, Barrier, Mutex};

use kinds::{all_kinds, ces, economy_of, with_pollutants};
use parecon_planning::experiment::{Generator, Rule, START_PRICE, next_year};
use parecon_planning::{
    Answer, Collective, Config, Custom, CustomCouncil, Economy, GoodId, Technology, Years, plan,
};

/// Sums in another order: what remains of rounding.
const SAME: f64 = 1e-9;

/// A gap is of second order: below this share of incomes it is rounding itself.
const ROUNDING: f64 = 1e-13;

struct Pair {
    meet: Barrier,
    table: Mutex<Vec<f64>>,
}

impl Pair {
    fn new() -> Arc<Self> {
        Arc::new(Pair { meet: Barrier::new(2), table: Mutex::new(Vec::new()) })
    }

    fn merge(&self, values: &mut [f64], with: impl Fn(f64, f64) -> f64) {
        let first = self.meet.wait().is_leader();
        if first {
            *self.table.lock().unwrap() = values.to_vec();
        }
        self.meet.wait();
        if !first {
            self.table.lock().unwrap().iter_mut().zip(&*values).for_each(|(t, v)| *t = with(*t, *v));
        }
        self.meet.wait();
        values.copy_from_slice(&self.table.lock().unwrap());
    }
}

impl Collective for Pair {
    fn sum(&self, values: &mut [f64]) {
        self.merge(values, |a, b| a + b);
    }

    fn largest(&self, values: &mut [f64]) {
        self.merge(values, f64::max);
    }
}

/// Every second council, among those who have the others.
fn share(whole: &Economy, number: usize, pair: Arc<Pair>) -> Economy {
    let mut share = Economy::builder(whole.goods().to_vec()).unwrap();
    for w in (number..whole.worker_councils()).step_by(2) {
        share.worker_council(&whole.worker_council(w).unwrap()).unwrap();
    }
    for c in (number..whole.consumer_councils()).step_by(2) {
        share.consumer_council(&whole.consumer_council(c).unwrap()).unwrap();
    }
    share.build_among(pair).unwrap()
}

/// What both halves find.
fn both<T: Send>(whole: &Economy, find: impl Fn(&Economy) -> T + Sync) -> (T, T) {
    let pair = Pair::new();
    std::thread::scope(|threads| {
        let other = threads.spawn(|| find(&share(whole, 1, pair.clone())));
        (find(&share(whole, 0, pair.clone())), other.join().unwrap())
    })
}

fn near(a: &[f64], b: &[f64]) -> bool {
    let size = b.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= SAME * size)
}

#[test]
fn every_rule_announces_the_same_prices_everywhere() {
    let whole = Generator::new(5).with_goods_per_category(4).with_councils(120, 60).economy().unwrap();
    let config = Config::new().with_start_price(START_PRICE).with_tolerance(1e-3).with_round_limit(20);
    let certified = same_prices_everywhere("Cobb–Douglas", &whole, &config, ROUNDING);
    assert!(certified > 20, "{certified} rounds certified");
}

/// Nests, fixed proportions, capacities, minimum needs, pollutants: few rounds, because proposals of all kinds jump, and a
/// jump makes of a last digit a difference that is seen.
#[test]
fn councils_of_all_kinds_can_be_spread() {
    let config = Config::new().with_start_price(START_PRICE).with_tolerance(1e-3).with_round_limit(5);
    let nests = same_prices_everywhere("nests", &ces(1), &config, 1e-9);
    let pollutants = same_prices_everywhere("pollutants", &economy_of(2, with_pollutants), &config, 1e-9);
    let all = same_prices_everywhere("every kind", &all_kinds(3), &config, 1e-9);
    assert!(nests > 5 && pollutants > 5 && all > 5, "{nests}, {pollutants}, {all} rounds certified");
}

/// Number of rounds that had a certificate.
fn same_prices_everywhere(kind: &str, whole: &Economy, config: &Config, rounding: f64) -> usize {
    let mut certified = 0;
    for rule in Rule::ALL {
        let run =
            |economy: &Economy| plan(economy, &mut *rule.for_economy(economy), config, &mut ()).unwrap();
        let name = format!("{kind}, {}", rule.name());
        let (east, west) = both(whole, run);
        assert_eq!(east, west, "{name}");
        let alone = run(whole);
        assert_eq!(east.rounds.len(), alone.rounds.len(), "{name}");
        for (spread, alone) in east.rounds.iter().zip(&alone.rounds) {
            assert!(near(&spread.prices, &alone.prices), "{name}, round {}", alone.number);
            assert_eq!(spread.certificate.is_some(), alone.certificate.is_some(), "{name}, {}", alone.number);
            let Some((spread, alone)) = spread.certificate.zip(alone.certificate) else { continue };
            let (spread, alone) = (spread.gap_relative, alone.gap_relative);
            assert!((spread - alone).abs() < rounding + 1e-6 * alone, "{name}: {spread} {alone}");
            certified += 1;
        }
    }
    certified
}

/// One that answers nonsense would leave the other processes waiting.
#[test]
fn custom_councils_cannot_be_spread() {
    #[derive(Debug)]
    struct Idle;
    impl CustomCouncil for Idle {
        fn inputs(&self) -> &[GoodId] {
            &[]
        }
        fn respond(&self, _price: f64, _input_prices: &[f64], _inputs: &mut [f64]) -> Answer {
            Answer { output: 0.0, effort: 0.0, surplus: 0.0 }
        }
    }
    let whole = Generator::new(5).with_goods_per_category(4).with_councils(120, 60).economy().unwrap();
    let mut idle = whole.worker_council(0).unwrap();
    idle.technology = Technology::Custom(Custom::new(Idle));
    let mut builder = Economy::builder(whole.goods().to_vec()).unwrap();
    builder.worker_council(&idle).unwrap();
    let error = builder.build_among(Arc::new(Alone)).unwrap_err().to_string();
    assert_eq!(error, "1 councils are custom, must be 0 where councils are spread over processes");
}

struct Alone;

impl Collective for Alone {
    fn sum(&self, _values: &mut [f64]) {}
    fn largest(&self, _values: &mut [f64]) {}
}

#[test]
fn slopes_are_those_of_all() {
    let plain = Generator::new(6).with_goods_per_category(4).with_councils(60, 30).economy().unwrap();
    for whole in [plain, ces(1), all_kinds(3)] {
        let prices = vec![START_PRICE; whole.goods().len()];
        let alone = whole.slopes(&prices).unwrap();
        let (east, west) = both(&whole, |economy| economy.slopes(&prices).unwrap());
        assert_eq!(east, west);
        assert!(near(&east.supply, &alone.supply) && near(&east.demand, &alone.demand));
        assert_eq!(east.potential.is_some(), alone.potential.is_some());
        let potentials = [east.potential.unwrap_or_default(), east.magnitude];
        assert!(near(&potentials, &[alone.potential.unwrap_or_default(), alone.magnitude]));
    }
}

/// What is made of all councils of an economy is not made of those that happen to be here.
#[test]
fn a_share_has_no_next_year() {
    let whole = Generator::new(7).with_goods_per_category(4).with_councils(60, 30).economy().unwrap();
    let (message, _) = both(&whole, |economy| {
        [
            next_year(economy, 7, 2).unwrap_err().to_string(),
            Years::new(economy.clone(), Config::new()).unwrap_err().to_string(),
        ]
    });
    let expected = |what: &str| {
        format!("councils are spread over processes, {what} must be of an economy that is whole")
    };
    assert_eq!(message, [expected("a next year"), expected("years")]);
    assert!(Years::new(whole, Config::new()).is_ok());
}
