//! What must hold for any economy.

use parecon_planning::experiment::Generator;
use parecon_planning::{Config, Economy, EconomyData, Recorded, RevealedNewton, Status, Technology, plan};
use parecon_testbed::planning::{
    Benchmark, Shape, bakery, choir, replica, small_economy, village, wild_prices,
};
use proptest::prelude::*;

/// Rounding in a closed form of a few operations.
const CLOSED_FORM: f64 = 1e-12;
/// Rounding, enlarged by the largest elasticity of the generated councils (100).
const STIFF_ROUNDING: f64 = 1e-10;

fn config() -> Config {
    Config::new().with_certificate(false)
}

fn largest_error(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |most, (a, b)| f64::max(most, (a / b - 1.0).abs()))
}

#[test]
fn closed_form_equilibria() {
    let cases: [Benchmark; 5] = [
        bakery(1.0, 0.5, 100.0, 20.0).unwrap(),
        bakery(3.0, 0.98, 7.0, 1e6).unwrap(),
        choir(2.0, (0.5, 1.0, 2.0), 10.0).unwrap(),
        choir(0.1, (0.9, 4.0, 1.1), 1e-3).unwrap(),
        village(7, 2.5, 81.0).unwrap(),
    ];
    for (case, Benchmark { economy, prices }) in cases.iter().enumerate() {
        let all = economy.aggregate(prices).unwrap();
        assert!(largest_error(&all.supply, &all.demand) < CLOSED_FORM, "case {case}: {all:?}");
        let outcome =
            plan(economy, &mut RevealedNewton::new(), &config().with_tolerance(1e-12), &mut ()).unwrap();
        assert_eq!(outcome.status, Status::Converged, "case {case}");
        assert!(largest_error(&outcome.prices, prices) < STIFF_ROUNDING, "case {case}: {:?}", outcome.prices);
    }
}

/// Stiff supply everywhere, `1 − B − c/k` down to 0.01, from first prices off by up to a million: the number of
/// rounds, as work counters.
#[test]
fn stiff_economies_from_wild_prices() {
    for (stiff, most) in [(0.0, 4), (0.3, 12), (1.0, 20)] {
        for seed in 0..60 {
            let goods = 2 + (seed % 30) as usize;
            let Benchmark { economy, prices } = replica(seed, Shape { goods, stiff, spread: 4.0 }).unwrap();
            let config = config().with_tolerance(1e-8).with_start_prices(wild_prices(seed, goods, 1e6));
            let outcome = plan(&economy, &mut RevealedNewton::new(), &config, &mut ()).unwrap();
            let rounds = outcome.rounds.len();
            assert_eq!(outcome.status, Status::Converged, "stiff {stiff}, seed {seed}");
            assert!(rounds <= most, "stiff {stiff}, seed {seed}: {rounds} rounds");
            assert!(largest_error(&outcome.prices, &prices) < 1e-6, "stiff {stiff}, seed {seed}");
        }
    }
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let economy = Generator::new(3).with_goods_per_category(8).with_councils(2_500, 2_500).economy().unwrap();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let config = Config::new().with_start_price(700.0).with_tolerance(1e-9);
        pool.install(|| {
            let revealed = plan(&economy, &mut RevealedNewton::new(), &config, &mut ()).unwrap();
            let recorded = plan(&economy, &mut Recorded::new(), &config.clone().with_round_limit(4), &mut ());
            (revealed, recorded.unwrap(), economy.respond(&vec![650.0; 40]).unwrap())
        })
    };
    // `==` on f64 is equality of bits here: no zeros of different signs, no NaN.
    assert!(run(1) == run(2));
    assert!(run(1) == run(4));
}

/// So many goods for so few councils that no matrix over goods is worth its while.
#[test]
fn many_goods_take_no_matrix() {
    let economy =
        Generator::new(5).with_goods_per_category(300).with_councils(6_000, 6_000).economy().unwrap();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let config = Config::new().with_start_price(700.0).with_tolerance(1e-9);
        pool.install(|| plan(&economy, &mut RevealedNewton::new(), &config, &mut ()).unwrap())
    };
    let outcome = run(2);
    assert_eq!(outcome.status, Status::Converged);
    assert_eq!(outcome.rounds.len(), 3);
    // Far from agreement the certificate has to find a feasible plan, at agreement the plan is the best one.
    let gaps: Vec<f64> =
        outcome.rounds.iter().filter_map(|r| r.certificate).map(|c| c.gap_relative).collect();
    assert!(gaps.len() == 3 && gaps[0] > 1e-2 && gaps[2] < 1e-12, "{gaps:?}");
    let feasible = economy.make_feasible(&outcome.rounds[1].prices).unwrap().unwrap();
    let all = feasible.plan.aggregate();
    assert!(all.demand.iter().zip(&all.supply).all(|(d, s)| *d <= s * (1.0 + CLOSED_FORM)));
    assert!(outcome == run(1) && outcome == run(4));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_fast_path_adds_up_the_proposals(benchmark in small_economy(), seed in any::<u64>()) {
        let economy = &benchmark.economy;
        let prices: Vec<f64> = wild_prices(seed, benchmark.prices.len(), 1.3)
            .into_iter().zip(&benchmark.prices).map(|(s, p)| s * p).collect();
        let (fast, proposals) = (economy.aggregate(&prices).unwrap(), economy.respond(&prices).unwrap());
        let slow = proposals.aggregate();
        prop_assert!(largest_error(&fast.supply, &slow.supply) < CLOSED_FORM);
        prop_assert!(largest_error(&fast.demand, &slow.demand) < CLOSED_FORM);
        prop_assert!(proposals.workers().all(|w| w.output >= 0.0 && w.effort >= 0.0 && w.inputs.iter().all(|x| *x >= 0.0)));

        // Everybody spends what they have: value of demand − inputs = incomes.
        let inputs: f64 = proposals.workers()
            .map(|w| w.input_goods.iter().zip(w.inputs).map(|(g, x)| prices[g.index()] * x).sum::<f64>()).sum();
        let demand: f64 = fast.demand.iter().zip(&prices).map(|(d, p)| d * p).sum();
        prop_assert!((demand - inputs - economy.total_income()).abs() < CLOSED_FORM * (demand + inputs));
    }

    #[test]
    fn no_council_can_do_better(benchmark in small_economy(), w in any::<prop::sample::Index>(), nudge in prop::collection::vec(0.9f64..1.1, 8)) {
        let (economy, prices) = (&benchmark.economy, &benchmark.prices);
        let w = w.index(economy.worker_councils());
        let council = economy.worker_council(w).unwrap();
        let Technology::CobbDouglas(technology) = &council.technology else { panic!("{council:?}") };
        let proposals = economy.respond(prices).unwrap();
        let made = proposals.worker(w).unwrap();
        let value = |inputs: &[f64], effort: f64| {
            let output = technology.total_factor_productivity * effort.powf(technology.effort_elasticity)
                * technology.inputs.iter().zip(inputs).map(|(i, x)| x.powf(i.exponent)).product::<f64>();
            let cost: f64 = technology.inputs.iter().zip(inputs).map(|(i, x)| prices[i.good.index()] * x).sum();
            prices[council.output.index()] * output - cost
                - technology.disutility_coefficient * effort.powf(technology.disutility_exponent)
        };
        let proposed = value(made.inputs, made.effort);
        let others: Vec<f64> = made.inputs.iter().zip(&nudge).map(|(x, f)| x * f).collect();
        let scale = prices[council.output.index()] * made.output;
        prop_assert!(proposed >= 0.0);
        prop_assert!(value(&others, made.effort * nudge[7]) <= proposed + CLOSED_FORM * scale);
    }

    #[test]
    fn revealed_newton_converges_from_anywhere(benchmark in small_economy(), seed in any::<u64>()) {
        let config = config().with_tolerance(1e-8)
            .with_start_prices(wild_prices(seed, benchmark.prices.len(), 1e6));
        let outcome = plan(&benchmark.economy, &mut RevealedNewton::new(), &config, &mut ()).unwrap();
        prop_assert_eq!(outcome.status, Status::Converged);
        prop_assert!(largest_error(&outcome.prices, &benchmark.prices) < 1e-6);
    }

    #[test]
    fn the_unit_of_account_does_not_matter(benchmark in small_economy(), factor in 0.01f64..100.0) {
        let mut data = EconomyData::from(benchmark.economy.clone());
        for council in &mut data.consumer_councils {
            council.income *= factor;
        }
        for council in &mut data.worker_councils {
            let Technology::CobbDouglas(technology) = &mut council.technology else { panic!() };
            technology.disutility_coefficient *= factor;
        }
        let scaled = Economy::try_from(data).unwrap();
        let prices: Vec<f64> = benchmark.prices.iter().map(|p| p * factor).collect();
        let all = scaled.aggregate(&prices).unwrap();
        prop_assert!(largest_error(&all.supply, &all.demand) < STIFF_ROUNDING);
        let (one, other) = (benchmark.economy.aggregate(&benchmark.prices).unwrap(), all);
        prop_assert!(largest_error(&one.supply, &other.supply) < STIFF_ROUNDING);
    }

    #[test]
    fn the_order_of_councils_does_not_matter(benchmark in small_economy(), turn in any::<prop::sample::Index>()) {
        let mut data = EconomyData::from(benchmark.economy.clone());
        let by = turn.index(data.worker_councils.len());
        data.worker_councils.rotate_left(by);
        data.consumer_councils.reverse();
        let turned = Economy::try_from(data).unwrap();
        let start = config().with_start_prices(benchmark.prices.iter().map(|p| p * 1.5).collect()).with_tolerance(1e-9);
        let one = plan(&benchmark.economy, &mut RevealedNewton::new(), &start, &mut ()).unwrap();
        let other = plan(&turned, &mut RevealedNewton::new(), &start, &mut ()).unwrap();
        prop_assert_eq!(one.status, Status::Converged);
        prop_assert!(largest_error(&one.prices, &other.prices) < 1e-7);
    }

    #[test]
    fn a_dearer_good_is_supplied_more_and_demanded_less(benchmark in small_economy(), good in any::<prop::sample::Index>(), factor in 1.01f64..1.5) {
        let good = good.index(benchmark.prices.len());
        let mut prices = benchmark.prices.clone();
        prices[good] *= factor;
        let (before, after) = (benchmark.economy.aggregate(&benchmark.prices).unwrap(), benchmark.economy.aggregate(&prices).unwrap());
        // Φ is convex in the price, so its derivative S − D rises.
        prop_assert!(after.supply[good] - after.demand[good] > before.supply[good] - before.demand[good]);
    }
}
