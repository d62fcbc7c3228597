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
    let message =
        |generator: Generator| batch(&[generator], &Rule::ALL, 1, &Config::new()).unwrap_err().to_string();
    let small = || Generator::new(0).with_goods_per_category(4);
    assert_eq!(
        message(small().with_councils(11, 1)),
        "11 worker councils for 12 goods to make, must be at least as many"
    );
    assert_eq!(message(small().with_councils(12, 0)), "0 consumer councils, must be at least 1");
    assert_eq!(
        message(small().with_goods_per_category(3)),
        "1 to 4 inputs of category intermediate, must be an interval within 1 to 3"
    );
    assert_eq!(message(small().with_goods_per_category(0)), "0 goods per category, must be 1 to 1000000");
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
