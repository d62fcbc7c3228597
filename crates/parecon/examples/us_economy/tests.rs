//! The main job from the command line to the files, and what it refuses.

use std::path::PathBuf;

use clap::Parser;

use crate::args::{Args, Shock};
use crate::run;

/// A folder of this test's own, removed when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Folder(std::env::temp_dir().join(format!("us_economy-{name}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn args(folder: &Folder, more: &[&str]) -> Result<Args, clap::Error> {
    let out = folder.0.to_string_lossy().into_owned();
    Args::try_parse_from(["us_economy", "--out", &out].into_iter().chain(more.iter().copied()))
}

#[test]
fn the_whole_job_writes_what_it_promises() {
    let folder = Folder::new("whole");
    run(&args(&folder, &[]).unwrap()).unwrap();
    let read = |name: &str| std::fs::read_to_string(folder.0.join(name)).unwrap();

    let json: serde_json::Value = serde_json::from_str(&read("results.json")).unwrap();
    let rounds = json["plan"]["runs"][0]["rounds"].as_array().unwrap();
    assert_eq!(rounds.len(), 3);
    // Percent; and the feasible plan is certified to be the best there is, to a ten-billionth of consumption.
    assert!(rounds[2]["imbalance_percent"].as_f64().unwrap() < 1e-6);
    assert!(rounds[2]["gap_percent"].as_f64().unwrap().abs() < 1e-8);
    // Councils with nested CES technologies, whose elasticities the board must find out, agree as well.
    let nested = &json["plan"]["runs"][2];
    assert_eq!(nested["status"], "converged");
    let last = nested["rounds"].as_array().unwrap().last().unwrap();
    assert!(last["imbalance_percent"].as_f64().unwrap() < 1e-6);
    // Labour embodied in final demand is the labour that was paid, as every dollar of it ends up there.
    let (content, paid) =
        (&json["structure"]["labour_content_musd"], &json["structure"]["labour_recorded_musd"]);
    assert!((content.as_f64().unwrap() / paid.as_f64().unwrap() - 1.0).abs() < 1e-9);

    let page = read("report.html");
    assert_eq!(page.matches("<svg").count(), 4);
    assert!(!page.contains("NaN") && !read("results.json").contains("null"), "no figure is missing");
    assert!(!page.contains("src=") && !page.contains("href="), "the page needs nothing but itself");

    for (name, rows) in [("structure.csv", 71), ("plan.csv", 71), ("complexes.csv", 117)] {
        assert_eq!(read(name).lines().count(), rows + 1, "{name}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, two) = (Folder::new("one"), Folder::new("two"));
    for folder in [&one, &two] {
        run(&args(folder, &["--shock", "23=+15%", "--shock", "324=-30%"]).unwrap()).unwrap();
    }
    for name in ["report.html", "results.json", "rounds.csv"] {
        assert!(
            std::fs::read(one.0.join(name)).unwrap() == std::fs::read(two.0.join(name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn what_is_refused_is_named() {
    let folder = Folder::new("refused");
    for (more, offender) in [
        (["--shock", "999=+1%"], "\"999\""),
        (["--shock", "622,622=+1%"], "\"622\" is named twice"),
        (["--rounds", "1"], "do not fit together"),
    ] {
        let error = run(&args(&folder, &more).unwrap()).unwrap_err();
        assert!(format!("{error:#}").contains(offender), "{error:#}");
    }
    assert!(!folder.0.exists(), "nothing is written when something is refused");
    for more in [
        ["--shock", "622"],
        ["--shock", "622=-100%"],
        ["--rounds", "0"],
        ["--value", "-1"],
        ["--tolerance", "1000"],
    ] {
        assert!(args(&folder, &more).is_err(), "{more:?}");
    }
}

#[test]
fn a_change_of_final_demand_is_read() {
    let shock = |text: &str| text.parse::<Shock>();
    let both = Shock { codes: vec!["621".into(), "622".into()], percent: -2.5 };
    assert_eq!(shock("621, 622 = -2.5 %"), Ok(both));
    for text in ["622", "=5%", "622,=5%", "622=abc", "622=NaN", "622=inf", "622=-100%"] {
        assert!(shock(text).is_err(), "{text}");
    }
}
