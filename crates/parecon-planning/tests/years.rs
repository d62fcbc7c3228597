//! What one year leaves to the next.

#![expect(clippy::unwrap_used, reason = "a year that cannot be planned fails the test")]

use parecon_planning::experiment::{Generator, START_PRICE, next_year, small_example};
use parecon_planning::{
    Config, Economy, GoodId, Investment, RevealedNewton, Status, TotalsNewton, Years, plan,
};

/// Clearing to 1e-12, year after year.
const EXACT: f64 = 1e-9;

/// Machines made from machine-hours alone, `Q = A·K^b`, and bought for all income.
fn workshop(hours: f64) -> Economy {
    let text = format!(
        r#"{{"version":2,
            "goods":[{{"name":"machine","category":"private"}},{{"name":"hours","category":"nature","endowment":{hours}}}],
            "worker_councils":[{{"output":0,"technology":{{"cobb_douglas":{{"total_factor_productivity":1.5,
                "inputs":[{{"good":1,"exponent":0.6}}],
                "effort_elasticity":0.0,"disutility_coefficient":1.0,"disutility_exponent":2.0}}}}}}],
            "consumer_councils":[{{"income":60.0,"preferences":{{"cobb_douglas":[{{"good":0,"weight":1.0}}]}}}},
                {{"income":40.0,"preferences":{{"cobb_douglas":[{{"good":0,"weight":1.0}}]}}}}]}}"#
    );
    Economy::from_json(text.as_bytes()).unwrap()
}

fn strict() -> Config {
    Config::new().with_tolerance(1e-12).with_certificate(false)
}

fn machines(depreciation: f64) -> Investment {
    Investment { made: GoodId(0), stock: GoodId(1), depreciation, yields: 2.0 }
}

/// `K' = (1 − δ)·K + y·A·K^b` exactly, towards the closed form `K* = (y·A/δ)^(1/(1−b))`.
#[test]
fn capital_grows_towards_its_steady_state() {
    let mut years =
        Years::new(workshop(1.0), strict()).unwrap().with_investments(vec![machines(0.3)]).unwrap();
    let mut rule = RevealedNewton::new();
    let mut hours = 1.0f64;
    for number in 1..=150 {
        let outcome = years.plan(&mut rule, &mut ()).unwrap();
        assert_eq!(outcome.status, Status::Converged, "year {number}");
        let year = years.close(Ok).unwrap();
        let made = 1.5 * hours.powf(0.6);
        assert_eq!(year.number, number);
        assert!((year.delivered[0] / made - 1.0).abs() < EXACT, "year {number}");
        hours = 0.7 * hours + 2.0 * made;
        assert!((years.economy().goods()[1].endowment / hours - 1.0).abs() < EXACT, "year {number}");
    }
    assert!((hours / (2.0f64 * 1.5 / 0.3).powf(1.0 / 0.4) - 1.0).abs() < 1e-6, "{hours}");
}

#[test]
fn later_years_take_two_rounds() {
    for seed in 0..6 {
        let economy = Generator::new(seed).with_councils(600, 300).economy().unwrap();
        let config = || Config::new().with_start_price(START_PRICE).with_certificate(false);
        let rounds = |rule: &mut dyn parecon_planning::PriceRule| {
            let mut years = Years::new(economy.clone(), config()).unwrap();
            [2, 3, 4].map(|next| {
                let rounds = years.plan(rule, &mut ()).unwrap().rounds.len();
                years.close(|economy| next_year(&economy, seed, next)).unwrap();
                rounds
            })
        };
        let revealed = rounds(&mut RevealedNewton::new());
        assert!(revealed[1] <= 2 && revealed[2] <= 2, "seed {seed}: {revealed:?}");
        let totals = rounds(&mut TotalsNewton::for_economy(&economy));
        assert!(totals[1] <= 4 && totals[2] <= 4, "seed {seed}: {totals:?}");
    }
}

/// Half of the hours are lost after a quarter of the year: the rest is planned for what is left, and finds the prices that
/// planning from scratch finds.
#[test]
fn a_shock_is_met_by_a_revised_plan() {
    let mut years =
        Years::new(workshop(16.0), strict()).unwrap().with_investments(vec![machines(0.5)]).unwrap();
    let mut rule = RevealedNewton::new();
    years.plan(&mut rule, &mut ()).unwrap();
    let revised = years.revise(0.25, workshop(8.0), &mut rule, &mut ()).unwrap().clone();
    assert!(revised.rounds.len() <= 3, "{}", revised.rounds.len());
    let afresh = plan(&workshop(8.0), &mut RevealedNewton::new(), &strict(), &mut ()).unwrap();
    for (a, b) in revised.prices.iter().zip(&afresh.prices) {
        assert!((a / b - 1.0).abs() < EXACT);
    }
    let year = years.close(Ok).unwrap();
    let spans: Vec<_> = year.spans.iter().map(|span| (span.from, span.until)).collect();
    assert_eq!(spans, [(0.0, 0.25), (0.25, 1.0)]);
    let made = 0.25 * 1.5 * 16.0f64.powf(0.6) + 0.75 * 1.5 * 8.0f64.powf(0.6);
    assert!((year.delivered[0] / made - 1.0).abs() < EXACT);
    assert!((years.economy().goods()[1].endowment / (4.0 + 2.0 * made) - 1.0).abs() < EXACT);
}

/// What one council lends another moves consumption between them, and back with interest.
#[test]
fn saving_and_borrowing_cancel_out() {
    let mut years = Years::new(workshop(16.0), strict()).unwrap().with_credit(0.05, 30.0).unwrap();
    let mut rule = RevealedNewton::new();
    years.save(0, 20.0).unwrap();
    years.save(1, -20.0).unwrap();
    let prices = years.plan(&mut rule, &mut ()).unwrap().prices.clone();
    let year = years.close(Ok).unwrap();
    assert_eq!(year.accounts, [20.0, -20.0]);
    assert_eq!(years.accounts(), [21.0, -21.0]);
    // Tastes are the same, so prices do not know who spends.
    let plain = plan(&workshop(16.0), &mut RevealedNewton::new(), &strict(), &mut ()).unwrap();
    assert!(prices.iter().zip(&plain.prices).all(|(a, b)| (a / b - 1.0).abs() < EXACT));
    // Paid back, and even.
    years.save(0, -21.0).unwrap();
    years.save(1, 21.0).unwrap();
    years.plan(&mut rule, &mut ()).unwrap();
    assert_eq!(years.close(Ok).unwrap().accounts, [0.0, 0.0]);
    // Saved by all: prices fall in proportion to spending.
    years.save(0, 30.0).unwrap();
    years.save(1, 20.0).unwrap();
    let halved = &years.plan(&mut rule, &mut ()).unwrap().prices;
    assert!(halved.iter().zip(&plain.prices).all(|(a, b)| (2.0 * a / b - 1.0).abs() < EXACT));
}

#[test]
fn mistakes_are_named_and_change_nothing() {
    let years = || Years::new(workshop(16.0), strict()).unwrap();
    let refused =
        |investment: Investment| years().with_investments(vec![investment]).unwrap_err().to_string();
    assert_eq!(
        refused(Investment { made: GoodId(7), ..machines(0.1) }),
        "investment 0: good 7 does not exist"
    );
    assert_eq!(
        refused(Investment { made: GoodId(1), ..machines(0.1) }),
        "investment 0: \"hours\" is nature, must be a private good to be delivered to somebody"
    );
    assert_eq!(
        refused(Investment { stock: GoodId(0), ..machines(0.1) }),
        "stock \"machine\" is private, must be an input"
    );
    assert_eq!(refused(machines(1.5)), "stock \"hours\": depreciation is 1.5, must be from 0 to 1");
    assert_eq!(
        refused(Investment { yields: f64::NAN, ..machines(0.1) }),
        "stock \"hours\": yields NaN, must be a positive number"
    );
    let twice = years().with_investments(vec![machines(0.1), machines(0.2)]).unwrap_err().to_string();
    assert_eq!(twice, "stock \"hours\" occurs twice");
    assert!(years().with_credit(-1.0, 0.0).is_err() && years().with_credit(0.0, f64::NAN).is_err());

    let (mut years, mut rule) = (years(), RevealedNewton::new());
    let message = |result: Result<(), parecon_planning::Error>| result.unwrap_err().to_string();
    assert_eq!(message(years.save(2, 1.0)), "consumer council 2 does not exist, there are 2");
    assert_eq!(message(years.save(1, 40.0)), "consumer council 1 saves 40 of an income of 40, must be less");
    assert_eq!(
        message(years.save(1, f64::NAN)),
        "consumer council 1 saves NaN of an income of 40, must be less"
    );
    assert_eq!(message(years.save(1, -1.0)), "consumer council 1 would owe 1, must be at most 0");
    assert_eq!(message(years.close(Ok).map(drop)), "the year is not planned yet, it cannot be closed");
    assert_eq!(
        message(years.revise(0.5, workshop(1.0), &mut rule, &mut ()).map(drop)),
        "the year is not planned yet, there is nothing to revise"
    );
    years.plan(&mut rule, &mut ()).unwrap();
    assert_eq!(message(years.save(1, 1.0)), "the year is planned already, saving must be decided before");
    assert_eq!(
        message(years.plan(&mut rule, &mut ()).map(drop)),
        "the year is planned already, it can be revised"
    );
    for at in [0.0, 1.0, f64::NAN] {
        assert!(years.revise(at, workshop(1.0), &mut rule, &mut ()).is_err(), "{at}");
    }
    let other = Generator::new(1).with_goods_per_category(4).with_councils(60, 1).economy().unwrap();
    assert_eq!(
        message(years.revise(0.5, other, &mut rule, &mut ()).map(drop)),
        "20 goods follow 2, must be the same"
    );
    assert_eq!(years.economy(), &workshop(16.0));
    assert_eq!(years.close(Ok).unwrap().spans.len(), 1);
}

/// A public good is delivered to all at once.
#[test]
fn what_all_share_is_counted_once() {
    let economy = small_example().unwrap();
    let mut years = Years::new(economy.clone(), strict()).unwrap();
    let prices = years.plan(&mut RevealedNewton::new(), &mut ()).unwrap().prices.clone();
    let year = years.close(Ok).unwrap();
    let consumed = economy.make_feasible(&prices).unwrap().unwrap().consumption;
    assert!(consumed[1] > 1.0);
    for g in 0..2 {
        assert!((year.delivered[g] / consumed[g] - 1.0).abs() < EXACT, "{:?} {consumed:?}", year.delivered);
    }
}

/// Stored in the middle of a year, with savings and a plan that was revised, and taken up again beside what went on.
#[test]
fn years_are_taken_up_where_they_were_stored() {
    let mut years = Years::new(workshop(16.0), strict())
        .unwrap()
        .with_investments(vec![machines(0.5)])
        .unwrap()
        .with_credit(0.03, 50.0)
        .unwrap();
    let mut rule = RevealedNewton::new();
    years.plan(&mut rule, &mut ()).unwrap();
    years.close(Ok).unwrap();
    years.save(0, 5.0).unwrap();
    years.save(1, -5.0).unwrap();
    years.plan(&mut rule, &mut ()).unwrap();
    years.revise(0.25, workshop(8.0), &mut rule, &mut ()).unwrap();

    let text = serde_json::to_string(&(&years, &rule)).unwrap();
    let (mut again, mut rule_again): (Years, RevealedNewton) = serde_json::from_str(&text).unwrap();
    assert_eq!(again, years);
    for _ in 0..2 {
        assert_eq!(again.close(Ok).unwrap(), years.close(Ok).unwrap());
        let outcome = years.plan(&mut rule, &mut ()).unwrap();
        assert_eq!(again.plan(&mut rule_again, &mut ()).unwrap(), outcome);
    }
    assert_eq!(again, years);

    let stored: serde_json::Value = serde_json::from_str(&text).unwrap();
    let refused = |path: &str, value: serde_json::Value| {
        let mut changed = stored[0].clone();
        *changed.pointer_mut(path).unwrap() = value;
        serde_json::from_value::<Years>(changed).unwrap_err().to_string()
    };
    for (path, value, expected) in [
        ("/version", 2.into(), "years have version 2, must be 1"),
        ("/number", 0.into(), "the year is 0, must be at least 1"),
        ("/credit", (-1.0).into(), "credit is -1, must be 0 or more"),
        ("/accounts", vec![0.0].into(), "1 accounts for 2 consumer councils"),
        ("/saving/0", 60.0.into(), "consumer council 0 saves 60 of an income of 60, must be less"),
        (
            "/spans/1/from",
            0.5.into(),
            "plan 1 is from 0.5 to 1, must be one of several that follow each other from 0 to 1",
        ),
        ("/spans/0/delivered/1", (-2.0).into(), "plan 0 delivers -2 of \"hours\", must be 0 or more"),
        ("/spans/1/delivered", vec![1.0].into(), "plan 1 delivers 1 goods of 2"),
        ("/prices/0", 7.0.into(), "the prices are not those of the year's last plan"),
        ("/prices/0", 0.0.into(), "price of \"machine\" is 0, must be between 1e-100 and 1e100"),
        ("/investments/0/yields", 0.0.into(), "stock \"hours\": yields 0, must be a positive number"),
    ] {
        assert_eq!(refused(path, value), expected, "{path}");
    }
}
