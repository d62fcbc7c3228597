//! The example `council_talk` as its user sees it: processes that come, talk, die and are missed.
#![expect(clippy::unwrap_used, reason = "a program that cannot be run fails the test")]

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The example that cargo has built beside this test.
fn program() -> PathBuf {
    let deps = std::env::current_exe().ok().and_then(|path| path.parent().map(PathBuf::from));
    let path = deps
        .unwrap_or_default()
        .join("../examples")
        .join(format!("council_talk{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "with --test alone, first run `cargo build -p parecon --example council_talk`");
    path
}

fn talk(args: &[&str], typed: &str) -> Output {
    let mut child = Command::new(program())
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever needs no answers may have ended before they come.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    child.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A file of this test's own, removed when it ends.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        File(std::env::temp_dir().join(format!("council_talk-{name}-{}.json", std::process::id())))
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn processes_come_to_an_agreement() {
    let output = talk(&["--tolerance", "1e-6"], "");
    let text = said(&output);
    assert!(output.status.success(), "{}", complained(&output));
    assert_eq!(text.matches("\nRound ").count(), 3, "{text}");
    assert!(text.ends_with("The process has ended: converged.\n"), "{text}");
    assert!(!text.contains("refused") && !text.contains("No proposal"), "{text}");
    // The published rule takes longer and says the same.
    let slow = said(&talk(&["--rule", "recorded", "--missing", "wait"], ""));
    assert!(slow.matches("\nRound ").count() > 3 && slow.contains("converged"), "{slow}");
    // And a limit is a limit.
    let short = said(&talk(&["--rule", "recorded", "--rounds", "2"], ""));
    assert!(short.contains("round limit reached"), "{short}");
}

#[test]
fn a_council_that_dies_is_treated_as_announced() {
    // After round 2, when its plan was near what will be: what it asked for at first is more labour than there is.
    let crash = ["--crash", "west bakery@3", "--tolerance", "0.1"];
    let carried = talk(&crash, "");
    let text = said(&carried);
    assert!(carried.status.success(), "{}", complained(&carried));
    assert!(text.contains("The process of west bakery has ended."), "{text}");
    assert!(text.contains("No proposal from west bakery (what they last proposed counts again)."), "{text}");
    assert!(text.ends_with("The process has ended: converged.\n"), "{text}");

    let abstained = said(&talk(&[&crash[..], &["--missing", "abstain"]].concat(), ""));
    assert!(abstained.contains("west bakery (they count as doing nothing)"), "{abstained}");
    assert!(abstained.ends_with("The process has ended: converged.\n"), "{abstained}");

    let waited = talk(&[&crash[..], &["--missing", "wait"]].concat(), "");
    assert!(!waited.status.success());
    let words = complained(&waited);
    assert!(words.contains("round 3 waits for west bakery") && words.contains("--missing"), "{words}");
}

#[test]
fn a_board_that_was_stopped_goes_on() {
    let whole = said(&talk(&["--tolerance", "1e-6"], ""));
    let file = File::new("stopped");
    let state = ["--tolerance", "1e-6", "--state", file.path()];
    // Round 2 cannot be closed, since a council that is waited for dies.
    let stopped = talk(&[&state[..], &["--missing", "wait", "--crash", "valley@2"]].concat(), "");
    assert!(!stopped.status.success());
    let resumed = said(&talk(&state, ""));
    assert!(resumed.starts_with("Going on with round 2"), "{resumed}");
    let from_two = |text: &str| text[text.find("\nRound 2").unwrap()..].to_owned();
    assert_eq!(from_two(&resumed), from_two(&whole));
    // What was planned is not planned for others.
    let economy = File::new("economy");
    let mut other = serde_json::to_value(parecon::planning::experiment::small_example().unwrap()).unwrap();
    other["goods"][2]["endowment"] = 90.0.into();
    std::fs::write(economy.path(), other.to_string()).unwrap();
    let other = talk(&["--state", file.path(), "--economy", economy.path()], "");
    assert!(complained(&other).contains("other goods or councils"), "{}", complained(&other));
}

#[test]
fn a_person_is_asked_in_words() {
    // Nonsense, too much, then the suggestions from there on.
    let typed = format!("lots\n1000\n1\n{}", "\n".repeat(40));
    let output = talk(&["--human", "hill"], &typed);
    let text = said(&output);
    assert!(output.status.success(), "{}", complained(&output));
    for words in [
        "You speak for hill.",
        "goods worth 400.00 in all",
        "Your proposal costs ",
        "How much bread would you consume?",
        "How much park should there be for all?",
        "\"lots\" is no number",
        "The board cannot take that: \"hill\" asks for",
        "must be at most its income of 400. Please propose again.",
        "The board has your proposal.",
        "The process has ended: converged.",
    ] {
        assert!(text.contains(words), "without {words:?}: {text}");
    }
    // Whoever takes every suggestion plans as if it were computed.
    let prices = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("   labour")).map(str::to_owned).collect()
    };
    let trusting = said(&talk(&["--human", "east bakery"], &"\n".repeat(40)));
    assert!(trusting.contains("How much labour would you use?"), "{trusting}");
    assert_eq!(prices(&trusting), prices(&said(&talk(&[], ""))));
}

#[test]
fn a_person_may_skip_or_leave() {
    let skipped = said(&talk(&["--human", "valley"], &format!("skip\n{}", "\n".repeat(40))));
    assert!(skipped.contains("You say nothing in this round.") && skipped.contains("converged"), "{skipped}");
    let left = said(&talk(&["--human", "valley"], "\n\n"));
    assert!(left.contains("Nobody speaks for valley any more."), "{left}");
    assert!(left.contains("No proposal from valley"), "{left}");
}

#[test]
fn what_is_refused_is_named() {
    for (args, words) in [
        (vec!["--human", "baker"], "no council is called \"baker\"; there are \"east bakery\", "),
        (vec!["--crash", "baker@1"], "--crash: no council"),
        (vec!["--crash", "hill"], "must be a council's name, @ and a round from 1"),
        (vec!["--start-price", "0"], "price of \"bread\" is 0"),
        (vec!["--tolerance", "nan"], "tolerance is NaN"),
        (vec!["--economy", "/nowhere.json"], "--economy /nowhere.json"),
        (vec!["--patience", "-1"], "must be a number of seconds from 0"),
        (vec!["--rule", "guess"], "--rule"),
    ] {
        let output = talk(&args, "");
        assert!(!output.status.success(), "{args:?}");
        assert!(complained(&output).contains(words), "{args:?}: {}", complained(&output));
    }
    let help = talk(&["--help"], "");
    assert!(
        help.status.success() && said(&help).contains("--human <NAME>") && !said(&help).contains("--serve")
    );
}
