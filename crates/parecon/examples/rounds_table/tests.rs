//! A small table from the command line to the files, and what is refused.

use std::path::PathBuf;

use clap::Parser;

use crate::args::Args;
use crate::run;

/// A folder of this test's own, removed when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Folder(std::env::temp_dir().join(format!("rounds_table-{name}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn args(folder: &Folder, more: &[&str]) -> Result<Args, clap::Error> {
    let out = folder.0.to_string_lossy().into_owned();
    Args::try_parse_from(["rounds_table", "--out", &out].into_iter().chain(more.iter().copied()))
}

#[test]
fn a_small_table_is_complete_and_in_order() {
    let folder = Folder::new("small");
    let small = ["--experiments", "4", "--councils", "600", "--goods", "4"];
    run(&args(&folder, &small).unwrap()).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.0.join(name)).unwrap();

    let mut table = csv::Reader::from_path(folder.0.join("table.csv")).unwrap();
    type Row = (String, u32, f64, usize, usize, f64, usize, usize);
    let rows: Vec<Row> = table.deserialize().collect::<Result<_, _>>().unwrap();
    // Seven rules, two years, four thresholds.
    assert_eq!(rows.len(), 7 * 2 * 4);
    assert!(rows.iter().all(|row| row.3 == 4 && row.4 == 4), "every experiment reached every threshold");
    for row in rows.chunks(4) {
        assert!(row.windows(2).all(|pair| pair[0].5 <= pair[1].5), "stricter takes longer");
    }
    let to_three = |rule: &str| rows.iter().find(|r| (r.0.as_str(), r.1, r.2) == (rule, 1, 3.0)).unwrap().5;
    assert!(to_three("revealed_newton") < to_three("totals_newton"));
    assert!(to_three("totals_newton") < to_three("broyden"));
    assert!(to_three("broyden") < to_three("recorded"));

    assert!(read("rounds.csv").starts_with("seed,rule,year,round,imbalance,class,gap\n1,recorded,1,1,"));
    for plot in ["rounds.svg", "table.svg"] {
        let svg = read(plot);
        assert!(svg.contains("<svg") && svg.contains("revealed_newton") && !svg.contains("NaN"), "{plot}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, two) = (Folder::new("one"), Folder::new("two"));
    for folder in [&one, &two] {
        let small =
            ["--experiments", "3", "--councils", "240", "--goods", "4", "--rules", "broyden,totals_newton"];
        run(&args(folder, &small).unwrap()).unwrap();
    }
    for name in ["rounds.csv", "table.csv", "rounds.svg", "table.svg"] {
        let read = |folder: &Folder| std::fs::read(folder.0.join(name)).unwrap();
        assert!(read(&one) == read(&two), "{name}");
    }
}

#[test]
fn mistakes_are_named() {
    let folder = Folder::new("mistakes");
    for wrong in [["--experiments", "0"], ["--goods", "3"], ["--years", "9"], ["--rules", "magic"]] {
        assert!(args(&folder, &wrong).is_err(), "{wrong:?}");
    }
    let error = run(&args(&folder, &["--councils", "20"]).unwrap()).unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "generating and planning: experiment with seed 1: 20 worker councils for 30 goods to make, must be at least as many"
    );
    let error = run(&args(&folder, &["--rules", "broyden,anderson,broyden"]).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "--rules: broyden occurs twice");
    assert!(!folder.0.exists(), "nothing is written");

    std::fs::write(&folder.0, "in the way").unwrap();
    let error = run(&args(&folder, &[]).unwrap()).unwrap_err();
    std::fs::remove_file(&folder.0).unwrap();
    assert!(error.to_string().ends_with("is not a folder"), "{error}");
}
