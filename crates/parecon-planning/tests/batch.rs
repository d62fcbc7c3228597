//! Batches of experiments.

#![expect(clippy::unwrap_used, reason = "a batch that cannot run fails the test")]

use parecon_planning::experiment::{Generator, Rule, Run, batch, rows};
use parecon_planning::{Config, ThresholdClass};

fn experiments() -> Vec<Generator> {
    (0..5).map(|seed| Generator::new(seed).with_goods_per_category(4).with_councils(60, 30)).collect()
}

fn runs() -> Vec<Run> {
    batch(&experiments(), &Rule::ALL, 3, &Config::new()).unwrap()
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let on = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(runs);
    assert!(on(1) == on(2));
    assert!(on(1) == on(4));
}

#[test]
fn an_experiment_does_not_depend_on_its_company() {
    let all = runs();
    let alone = batch(&experiments()[3..4], &Rule::ALL, 3, &Config::new()).unwrap();
    assert_eq!(all.into_iter().filter(|run| run.seed == 3).collect::<Vec<_>>(), alone);
}

#[test]
fn rows_tell_every_round() {
    let runs = runs();
    let rows: Vec<_> = rows(&runs).collect();
    assert_eq!(rows.len(), runs.iter().map(|run| run.imbalances.len()).sum::<usize>());
    for row in &rows {
        let run = runs.iter().find(|r| (r.seed, r.rule, r.year) == (row.seed, row.rule, row.year)).unwrap();
        let last = row.round as usize == run.imbalances.len();
        assert_eq!(last, row.class == ThresholdClass::Blue, "{row:?}");
        assert!(row.gap.is_some_and(|gap| gap >= 0.0), "{row:?}");
    }
    for rule in Rule::ALL {
        assert_eq!(serde_json::to_value(rule).unwrap(), rule.name());
    }
}

#[test]
fn mistakes_are_named() {
    let message = |generator: Generator| {
        let message = batch(&[generator], &Rule::ALL, 1, &Config::new()).unwrap_err().to_string();
        message.strip_prefix("experiment with seed 0: ").unwrap().to_owned()
    };
    let small = || Generator::new(0).with_goods_per_category(4);
    assert_eq!(
        message(small().with_councils(11, 1)),
        "11 worker councils for 12 goods to make, must be at least as many"
    );
    assert_eq!(
        message(small().with_councils(usize::MAX, 1)),
        format!("{} worker councils, must be at most 1000000000", usize::MAX)
    );
    assert_eq!(message(small().with_councils(12, 0)), "0 consumer councils, must be at least 1");
    assert_eq!(
        message(small().with_goods_per_category(3)),
        "1 to 4 inputs of category intermediate, must be an interval within 1 to 3"
    );
    assert_eq!(
        message(small().with_councils(12, 2).with_pollutants(3)),
        "3 regions for 2 councils, must be at most as many"
    );
    assert_eq!(
        message(small().with_toothaches(1.5)),
        "1.5 of councils with toothaches, must be a share from 0 to 1"
    );
    assert_eq!(
        message(small().with_toothaches(f64::NAN)),
        "NaN of councils with toothaches, must be a share from 0 to 1"
    );
    assert_eq!(message(small().with_goods_per_category(0)), "0 goods per category, must be 1 to 1000000");
    assert_eq!(message(small().with_wants(0)), "0 goods wanted, must be 1 to 8");
    assert_eq!(message(small().with_wants(9)), "9 goods wanted, must be 1 to 8");
    assert_eq!(small().share(2, 2).unwrap_err().to_string(), "share 2 of 2, must be below 2");
}

#[cfg(feature = "csv")]
#[test]
fn csv_comes_back() {
    let runs = runs();
    let mut text = Vec::new();
    parecon_planning::experiment::write_csv(&runs, &mut text).unwrap();
    let back: Vec<parecon_planning::experiment::Row> =
        csv::Reader::from_reader(&text[..]).deserialize().collect::<Result<_, _>>().unwrap();
    assert!(rows(&runs).eq(back));
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_comes_back() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::RowAccessor;

    let runs = runs();
    let folder = std::env::temp_dir().join(format!("parecon-batch-{}.parquet", std::process::id()));
    parecon_planning::experiment::write_parquet(&runs, std::fs::File::create(&folder).unwrap()).unwrap();
    let reader = SerializedFileReader::new(std::fs::File::open(&folder).unwrap()).unwrap();
    let mut expected = rows(&runs);
    for row in reader.get_row_iter(None).unwrap() {
        let (row, expected) = (row.unwrap(), expected.next().unwrap());
        assert_eq!(row.get_ulong(0).unwrap(), expected.seed);
        assert_eq!(row.get_string(1).unwrap(), expected.rule.name());
        assert_eq!(row.get_int(2).unwrap() as u32, expected.year);
        assert_eq!(row.get_long(3).unwrap() as u64, expected.round);
        assert_eq!(row.get_double(4).unwrap(), expected.imbalance);
        assert_eq!(row.get_string(5).unwrap(), expected.class.name());
        assert_eq!(row.get_double(6).ok(), expected.gap);
    }
    assert!(expected.next().is_none());
    std::fs::remove_file(folder).unwrap();
}

/// The published distributions, counted.
#[test]
fn draws_are_distributed_as_published() {
    use parecon_planning::{Category, Preferences, Technology};
    let economy = Generator::new(11).with_pollutants(2).with_toothaches(0.2).economy().unwrap();
    let goods = economy.goods();
    assert_eq!(goods.len(), 52);
    assert!(goods.iter().all(|g| {
        g.endowment == if matches!(g.category, Category::Nature | Category::Labour) { 1_000.0 } else { 0.0 }
    }));
    let (mut ill, mut counts, mut productivity) = (0, [[0usize; 5]; 4], 0.0);
    for w in 0..3_000 {
        let worker = economy.worker_council(w).unwrap();
        let (technology, toothache) = match &worker.technology {
            Technology::CobbDouglas(t) => (t, 0.0),
            Technology::FirstOrder(t) => (t, 0.1),
            other => unreachable!("{other:?}"),
        };
        ill += usize::from(toothache > 0.0);
        let n = technology.inputs.len() as f64;
        assert!(technology.inputs.iter().all(|i| (0.75..=0.85).contains(&((i.exponent - toothache) * n))));
        let kinds = [Category::Intermediate, Category::Nature, Category::Labour, Category::Pollutant];
        for (kind, counts) in kinds.iter().zip(&mut counts) {
            counts[technology.inputs.iter().filter(|i| goods[i.good.index()].category == *kind).count()] += 1;
        }
        assert!((4.0..=6.0).contains(&technology.total_factor_productivity));
        assert!((0.05..=0.1).contains(&technology.effort_elasticity));
        assert!(
            (3.0..=4.0).contains(&technology.disutility_exponent) && technology.disutility_coefficient == 1.0
        );
        productivity += technology.total_factor_productivity / 3_000.0;
    }
    // Within four standard deviations of what is expected.
    let near = |count: usize, share: f64| {
        let expected = 3_000.0 * share;
        (count as f64 - expected).abs() < 4.0 * (expected * (1.0 - share)).sqrt()
    };
    assert!(near(ill, 0.2), "{ill}");
    assert!(counts[0][0] == 0 && counts[0][1..].iter().all(|c| near(*c, 0.25)), "{counts:?}");
    assert!(counts[1..3].iter().all(|c| c[1] + c[2] == 3_000 && near(c[1], 0.5)), "{counts:?}");
    assert_eq!(counts[3][1], 3_000);
    assert!((productivity - 5.0f64).abs() < 4.0 * 2.0 / 12f64.sqrt() / 3_000f64.sqrt(), "{productivity}");
    for c in 0..3_000 {
        let consumer = economy.consumer_council(c).unwrap();
        let Preferences::Exposed(exposed) = &consumer.preferences else { unreachable!() };
        let Preferences::CobbDouglas(wants) = &*exposed.consumption else { unreachable!() };
        assert!(consumer.income == 5_000.0 && wants.len() == 20);
        assert!(wants.iter().all(|want| (0.025..=0.05).contains(&want.weight)));
        assert_eq!(exposed.exposures[0].pollutant.index(), 50 + c % 2);
    }
}

/// Toothaches, pollutants and other numbers of inputs leave everything else as it was drawn, and can be planned.
#[test]
fn other_kinds_of_experiments() {
    let config = Config::new().with_certificate(false);
    let small = || Generator::new(4).with_goods_per_category(4).with_councils(240, 240);
    for (experiment, rules) in [
        (small().with_pollutants(3), &Rule::ALL[..]),
        (small().with_inputs(parecon_planning::Category::Labour, 1, 4), &Rule::ALL[..]),
    ] {
        for run in batch(&[experiment], rules, 2, &config).unwrap() {
            assert!(run.status.is_converged(), "{run:?}");
        }
    }
    // With increasing returns nothing is promised but an honest answer.
    for run in batch(&[small().with_toothaches(0.2)], &Rule::ALL, 1, &config).unwrap() {
        let last = run.imbalances[run.imbalances.len() - 1];
        assert_eq!(run.status.is_converged(), last < 0.03, "{run:?}");
    }
}

/// Work counters of 30 economies, a fifth of whose councils have increasing returns: a change is a change of an algorithm.
#[test]
fn rounds_with_toothaches() {
    let ill =
        |seed| Generator::new(seed).with_goods_per_category(6).with_councils(120, 120).with_toothaches(0.2);
    let experiments: Vec<_> = (0..30).map(ill).collect();
    let config = Config::new().with_tolerance(0.03).with_round_limit(50).with_certificate(false);
    let rules = [Rule::Recorded, Rule::TotalsNewton, Rule::RevealedNewton, Rule::Newton];
    let runs = batch(&experiments, &rules, 2, &config).unwrap();
    for (rule, most) in rules.into_iter().zip([[23, 10], [8, 4], [3, 2], [14, 2]]) {
        for (year, most) in (1..).zip(most) {
            let of = runs.iter().filter(|run| run.rule == rule && run.year == year);
            let rounds: Vec<usize> = of.clone().map(|run| run.imbalances.len()).collect();
            assert_eq!(rounds.len(), 30);
            assert!(of.clone().all(|run| run.status.is_converged()), "{}, year {year}", rule.name());
            let largest = rounds.iter().max().unwrap();
            assert_eq!(*largest, most, "{}, year {year}", rule.name());
        }
    }
}
