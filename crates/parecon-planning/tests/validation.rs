//! What is rejected, and with which words.
#![expect(clippy::unwrap_used, clippy::panic, reason = "the example is valid, and its changes are not")]

use parecon_planning::{
    Category, CobbDouglas, Config, ConsumerCouncil, Economy, EconomyData, Error, Good, GoodId, IncomeRule,
    Input, Members, Planning, Preference, Preferences, PriceRule, Recorded, Reports, Technology, experiment,
    experiment::RecordedExperiment,
};

fn data() -> EconomyData {
    EconomyData::from(experiment::small_example().unwrap())
}

fn technology(data: &mut EconomyData, council: usize) -> &mut CobbDouglas {
    match &mut data.worker_councils[council].technology {
        Technology::CobbDouglas(technology) => technology,
        other => panic!("{other:?}"),
    }
}

fn preferences(data: &mut EconomyData, council: usize) -> &mut Vec<Preference> {
    match &mut data.consumer_councils[council].preferences {
        Preferences::CobbDouglas(preferences) => preferences,
        other => panic!("{other:?}"),
    }
}

/// Why the example is rejected after a change.
fn rejected(change: impl FnOnce(&mut EconomyData)) -> Error {
    let mut data = data();
    change(&mut data);
    Economy::try_from(data).unwrap_err()
}

#[test]
fn messages_name_the_offender() {
    let says = |change: &dyn Fn(&mut EconomyData), message: &str| {
        assert_eq!(rejected(|d| change(d)).to_string(), message);
    };
    says(&|d| d.goods[0].name = String::new(), "good 0 has no name");
    says(&|d| d.goods[1].name = "bread".into(), "good \"bread\" occurs twice");
    says(&|d| d.goods[2].endowment = -1.0, "good \"labour\": endowment is -1, must be between 0 and 1e100");
    says(
        &|d| d.goods[2].endowment = f64::NAN,
        "good \"labour\": endowment is NaN, must be between 0 and 1e100",
    );
    says(&|d| d.version = 1, "economy has version 1, must be 2");
    says(
        &|d| technology(d, 0).total_factor_productivity = 0.0,
        "worker council \"east bakery\": total factor productivity is 0, must be between 1e-100 and 1e100",
    );
    says(
        &|d| technology(d, 1).inputs[0].exponent = f64::INFINITY,
        "worker council \"west bakery\": exponent of \"labour\" is inf, must be between 1e-100 and 1e100",
    );
    says(
        &|d| technology(d, 1).effort_elasticity = -0.5,
        "worker council \"west bakery\": effort elasticity is -0.5, must be between 0 and 1e100",
    );
    says(
        &|d| d.worker_councils[2].output = GoodId(3),
        "worker council \"gardeners\" refers to good 3, but there are 3 goods, counted from 0",
    );
    says(
        &|d| {
            let twice = technology(d, 2).inputs[0];
            technology(d, 2).inputs.push(twice);
        },
        "worker council \"gardeners\" names \"labour\" twice",
    );
    says(
        &|d| {
            d.consumer_councils[1].name = String::new();
            d.consumer_councils[1].income = -3.0;
        },
        "consumer council 1: income is -3, must be between 1e-100 and 1e100",
    );
    says(&|d| preferences(d, 0).clear(), "consumer council \"hill\" has no preferences");
    says(
        &|d| preferences(d, 0).push(Preference { good: GoodId(2), weight: 1.0 }),
        "consumer council \"hill\" wants \"labour\", a good of category labour; only private and public goods are \
         consumed",
    );
    says(&|d| d.goods.clear(), "an economy needs at least one good");
}

#[test]
fn increasing_returns_name_the_council() {
    let error = rejected(|d| technology(d, 3).inputs[0].exponent = 1.0);
    assert!(error.is_increasing_returns() && error.is_invalid_input());
    assert_eq!(
        error.to_string(),
        "worker council \"foresters\": exponents and effort's c/k add up to 1.0333333333333334, must be below 1 \
         (decreasing returns)"
    );
}

#[test]
fn goods_without_supply_or_demand_name_the_good() {
    let error = rejected(|d| d.goods[2].endowment = 0.0);
    assert!(error.is_unbalanced());
    assert_eq!(
        error.to_string(),
        "good \"labour\" has no endowment and no worker council makes it: its price would rise without end"
    );

    let stone = Good::new("stone", Category::Nature, 5.0);
    let error = rejected(|d| d.goods.push(stone.clone()));
    assert!(error.is_unbalanced());
    assert_eq!(
        error.to_string(),
        "good \"stone\" is wanted by no consumer council and for nothing that is: its price would fall without end"
    );

    // Two goods that are only made of each other are not wanted either.
    let error = rejected(|d| {
        d.goods.push(Good::new("cog", Category::Intermediate, 0.0));
        d.goods.push(Good::new("wheel", Category::Intermediate, 0.0));
        let mut council = d.worker_councils[0].clone();
        for (output, input) in [(3, 4), (4, 3)] {
            council.output = GoodId(output);
            let Technology::CobbDouglas(t) = &mut council.technology else {
                panic!("the example is Cobb–Douglas")
            };
            t.inputs = vec![Input { good: GoodId(input), exponent: 0.5 }];
            d.worker_councils.push(council.clone());
        }
    });
    assert!(error.is_unbalanced() && error.to_string().starts_with("good \"cog\""));

    let error = rejected(|d| d.consumer_councils.clear());
    assert!(error.is_unbalanced());
}

#[test]
fn prices_and_options_are_checked() {
    let economy = experiment::small_example().unwrap();
    let message = |prices: &[f64]| economy.respond(prices).unwrap_err().to_string();
    assert_eq!(message(&[1.0]), "1 prices given for 3 goods");
    assert_eq!(message(&[1.0, f64::NAN, 1.0]), "price of \"park\" is NaN, must be between 1e-100 and 1e100");
    assert!(economy.aggregate(&[1.0, 0.0, 1.0]).is_err());
    assert!(economy.certify(&[1.0, -1.0, 1.0]).is_err());
    assert!(economy.make_feasible(&[f64::INFINITY; 3]).is_err());
    for config in [
        Config::new().with_tolerance(-1.0),
        Config::new().with_tolerance(f64::NAN),
        Config::new().with_round_limit(0),
        Config::new().with_patience(0),
        Config::new().with_start_price(0.0),
        Config::new().with_start_prices(vec![1.0; 2]),
    ] {
        assert!(Planning::new(&economy, &mut Recorded::new(), config).is_err_and(|e| e.is_invalid_input()));
    }
}

#[test]
fn a_faulty_rule_is_told_so() {
    struct Faulty(f64);
    impl PriceRule for Faulty {
        fn revise(&mut self, reports: &Reports<'_>) -> Vec<f64> {
            vec![self.0; reports.prices().len()]
        }
    }
    let economy = experiment::small_example().unwrap();
    for (price, message) in [
        (f64::NAN, "price rule: revised the price of \"bread\" to NaN, must be positive"),
        (-2.0, "price rule: revised the price of \"bread\" to -2, must be positive"),
    ] {
        let mut rule = Faulty(price);
        let mut planning = Planning::new(&economy, &mut rule, Config::new()).unwrap();
        planning.step().unwrap();
        let error = planning.step().unwrap_err();
        assert!(!error.is_invalid_input());
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn json_names_line_and_column_and_the_offender() {
    let economy = experiment::small_example().unwrap();
    let text = serde_json::to_string_pretty(&economy).unwrap();
    assert_eq!(Economy::from_json(text.as_bytes()).unwrap(), economy);
    assert_eq!(serde_json::from_str::<Economy>(&text).unwrap(), economy);

    let wrong =
        text.replacen("\"total_factor_productivity\": 5.0", "\"total_factor_productivity\": \"5\"", 1);
    let error = Economy::from_json(wrong.as_bytes()).unwrap_err();
    assert!(error.is_malformed());
    let line = 1 + wrong[..wrong.find("\"5\"").unwrap()].matches('\n').count();
    assert!(error.to_string().contains(&format!("at line {line} column")), "{error}");

    let half = &text[..text.len() / 2];
    assert!(Economy::from_json(half.as_bytes()).unwrap_err().is_malformed());
    let unknown = text.replacen("\"version\"", "\"vresion\"", 1);
    assert!(
        Economy::from_json(unknown.as_bytes()).unwrap_err().to_string().contains("unknown field `vresion`")
    );
    let invalid = text.replacen("400.0", "-400.0", 1);
    assert!(!Economy::from_json(invalid.as_bytes()).unwrap_err().is_malformed());
    assert!(serde_json::from_str::<Economy>(&invalid).is_err());
}

#[test]
fn broken_experiments_are_rejected() {
    let text = |per: &str, category: &str, round: &str| {
        format!(
            r#"{{"experiment":"x","goods_per_category":{per},"categories":["private","labour"],"initial_price":1.0,
            "endowment_per_nature_good":0.0,"endowment_per_labour_good":9.0,
            "consumer_councils":[{{"income":1.0,"private_exponents":[0.5],"public_exponents":[]}}],
            "worker_councils":[{{"makes":"private","good":1,"total_factor_productivity":1.0,"effort_elasticity":0.1,
            "disutility_coefficient":1.0,"disutility_exponent":3.0,
            "inputs":[{{"category":"{category}","good":1,"exponent":0.5}}]}}],
            "recorded_year_one":[{{"round":{round},"colour":"red","prices_after":[1.0,1.0]}}],
            "recorded_year_two_rounds":9}}"#
        )
    };
    let read = |text: String| RecordedExperiment::from_json(text.as_bytes()).map_err(|e| e.to_string());
    assert_eq!(read(text("1", "labour", "1")).unwrap().economy.goods()[1].name, "labour 1");
    let message = |text| read(text).unwrap_err();
    assert_eq!(message(text("1", "nature", "1")), "good 1 of category nature does not exist");
    assert_eq!(
        message(text("4000000000", "labour", "1")),
        "4000000000 goods per category, must be at most 100000"
    );
    assert_eq!(message(text("1", "labour", "3")), "recorded round 1 has number 3 and 2 prices, must have 2");
    assert!(message(text("1", "steam", "1")).starts_with("malformed json: unknown variant `steam`"));
}

/// The serialised form is part of the interface.
#[test]
fn serialised_form() {
    let bread = GoodId(0);
    let economy = Economy::new(
        vec![Good::new("bread", Category::Private, 2.0)],
        vec![],
        vec![ConsumerCouncil {
            name: String::new(),
            income: 1.5,
            preferences: Preferences::CobbDouglas(vec![Preference { good: bread, weight: 1.0 }]),
        }],
    )
    .unwrap();
    assert_eq!(
        serde_json::to_string(&economy).unwrap(),
        r#"{"version":2,"goods":[{"name":"bread","category":"private","endowment":2.0}],"worker_councils":[],"consumer_councils":[{"income":1.5,"preferences":{"cobb_douglas":[{"good":0,"weight":1.0}]}}]}"#
    );
    // Without worker councils, the endowment is for sale.
    assert_eq!(economy.aggregate(&[0.75]).unwrap().demand, [2.0]);
}

/// Found by fuzzing: c/k underflowed to 0 while c did not, and 0·log 0 made every figure no number.
#[test]
fn an_effort_too_small_to_count_is_none() {
    let mut data = data();
    technology(&mut data, 0).effort_elasticity = 6.5e-319;
    technology(&mut data, 0).disutility_exponent = 8e6;
    let tiny = Economy::try_from(data.clone()).unwrap();
    technology(&mut data, 0).effort_elasticity = 0.0;
    let none = Economy::try_from(data).unwrap();
    let prices = [2.0, 3.0, 5.0];
    assert_eq!(tiny.aggregate(&prices).unwrap(), none.aggregate(&prices).unwrap());
}

#[test]
fn members_that_make_no_sense_are_named() {
    let rule = IncomeRule::EffortRating { consumption: 100.0 };
    let fine = Members { people: 2.0, effort_rating: 1.0, allowance: 10.0 };
    let message = |other: Members| rule.incomes(&[fine, other]).unwrap_err().to_string();
    assert_eq!(
        message(Members { people: 0.0, ..fine }),
        "consumer council 1: number of people is 0, must be finite and positive"
    );
    assert_eq!(
        message(Members { effort_rating: f64::NAN, ..fine }),
        "consumer council 1: effort rating is NaN, must be finite and not negative"
    );
    assert_eq!(
        message(Members { allowance: -1.0, ..fine }),
        "consumer council 1: allowance is -1, must be finite and not negative"
    );
    assert_eq!(
        message(Members { effort_rating: 0.0, allowance: 0.0, ..fine }),
        "consumer council 1: income is 0, must be finite and positive"
    );
    assert_eq!(
        message(Members { allowance: 90.0, ..fine }),
        "consumption of 100 leaves 0 after allowances for ratings that add up to 4; all must be positive"
    );
    // Incomes add up to all consumption.
    let incomes = rule.incomes(&[fine, Members { people: 3.0, effort_rating: 0.5, ..fine }]).unwrap();
    assert!((incomes.iter().sum::<f64>() - 100.0).abs() < 1e-12);
    assert_eq!(
        IncomeRule::Given(vec![1.0]).incomes(&[fine, fine]).unwrap_err().to_string(),
        "1 incomes given for 2 consumer councils"
    );
}
