//! Several processes on one machine, started by `mpirun` as a user would.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a run that cannot be made fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use parecon_planning::experiment::{Generator, Rule, START_PRICE};
use parecon_planning::{Config, Economy, plan};
use parecon_planning_mpi::Checkpoint;

/// Sums in another order: what remains of rounding in the prices.
const SAME: f64 = 1e-12;
/// `published`'s own choice of everything that the tests leave open.
const SEED: u64 = 1;
const WANTS: u32 = 40;

/// The example, which cargo builds beside the tests.
fn program() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("examples/published")
}

fn mpirun(processes: usize, args: &[&str]) -> Output {
    let mut command = Command::new("mpirun");
    // Fewer cores than processes, and a container's root, must not matter to the tests.
    command.args(["--oversubscribe", "--allow-run-as-root", "--bind-to", "none"]);
    command.args(["-n", &processes.to_string()]).arg(program()).args(args);
    command.env("RAYON_NUM_THREADS", "2").output().expect("mpirun: is Open MPI installed?")
}

fn succeeds(processes: usize, args: &[&str]) -> String {
    let output = mpirun(processes, args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{processes} processes, {args:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A file that is removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("parecon-mpi-{}-{name}", std::process::id()));
        let _ = fs::remove_file(&path);
        Scratch(path)
    }

    fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn prices(path: &Path) -> Vec<f64> {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn whole(councils: usize, goods: u32) -> Economy {
    let (half, per) = (councils / 2, goods / 5);
    let generator = Generator::new(SEED).with_goods_per_category(per).with_councils(half, half);
    generator.with_wants(WANTS.min(2 * per)).economy().unwrap()
}

fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0, |most, (a, b)| f64::max(most, (a / b - 1.0).abs()))
}

/// Rules of every kind of disclosure, and so few councils per good that GMRES takes the place of matrices.
#[test]
fn any_number_of_processes_finds_the_same_prices() {
    for (rule, councils, goods, tolerance) in [
        ("revealed_newton", 6_000, 50, 1e-12),
        ("recorded", 2_000, 50, 0.03),
        ("totals_newton", 2_000, 50, 1e-9),
        ("newton", 2_000, 50, 1e-12),
        ("revealed_newton", 20_000, 1_500, 1e-12),
    ] {
        let economy = whole(councils, goods);
        let config =
            Config::new().with_start_price(START_PRICE).with_tolerance(tolerance).with_certificate(false);
        let named = Rule::ALL.into_iter().find(|named| named.name() == rule).unwrap();
        let alone = plan(&economy, &mut *named.for_economy(&economy), &config, &mut ()).unwrap();
        assert!(alone.status.is_converged());
        for processes in [1, 2, 4] {
            let file = Scratch::new(&format!("same-{rule}-{goods}-{processes}"));
            let (councils, goods, tolerance) =
                (councils.to_string(), goods.to_string(), tolerance.to_string());
            let args = ["--rule", rule, "--councils", &councils, "--goods", &goods];
            succeeds(processes, &[&args[..], &["--tolerance", &tolerance, "--prices", file.text()]].concat());
            let difference = largest_difference(&prices(&file.0), &alone.prices);
            assert!(difference < SAME, "{rule}, {goods} goods, {processes} processes: {difference:e}");
        }
    }
}

#[test]
fn a_run_goes_on_after_a_process_was_killed() {
    for (rule, tolerance, after) in [("recorded", "0.03", 4), ("revealed_newton", "1e-9", 2)] {
        for processes in [2, 4] {
            let name = |what: &str| Scratch::new(&format!("{what}-{rule}-{processes}"));
            let (undisturbed, resumed, checkpoint) =
                (name("undisturbed"), name("resumed"), name("checkpoint"));
            let args = ["--rule", rule, "--tolerance", tolerance, "--councils", "2000"];
            succeeds(processes, &[&args[..], &["--prices", undisturbed.text()]].concat());

            let with = [&args[..], &["--checkpoint", checkpoint.text(), "--prices", resumed.text()]].concat();
            let round = after.to_string();
            let broken = mpirun(processes, &[&with[..], &["--die-after", &round]].concat());
            let said = String::from_utf8_lossy(&broken.stderr);
            assert!(!broken.status.success() && said.contains("signal 9 (Killed)"), "{said}");
            let died = format!("process rank {}", processes - 1);
            assert!(said.contains(&died), "{said}");
            assert!(!resumed.0.exists());
            let kept = Checkpoint::from_json(&fs::read_to_string(&checkpoint.0).unwrap()).unwrap();
            assert_eq!(kept.rounds.len(), after);

            let said = succeeds(processes, &with);
            assert!(said.starts_with(&format!("round {}:", after + 1)), "{said}");
            // The same bits: `==` on numbers that are neither zero nor NaN.
            assert_eq!(prices(&resumed.0), prices(&undisturbed.0));
        }
    }
}

#[test]
fn failures_are_known_to_all_processes() {
    let file = Scratch::new("of-another-economy");
    let args = ["--councils", "2000", "--checkpoint", file.text()];
    succeeds(2, &args);
    for (args, expected) in [
        (
            &["--seed", "2", "--councils", "2000", "--checkpoint", file.text()][..],
            "the economy is another one",
        ),
        (
            &["--goods", "45", "--councils", "2000", "--checkpoint", file.text()],
            "has 50 goods, the economy 45",
        ),
        (&["--checkpoint", "/no/such/folder/file"], "could not write /no/such/folder/file"),
        (&["--dance", "1"], "no option --dance"),
        (&["--rule", "magic"], "no rule magic"),
        (&["--councils", "20"], "10 worker councils for 30 goods to make"),
        (&["--goods", "0"], "process 0: 0 goods per category, must be 1 to 1000000"),
    ] {
        let output = mpirun(2, args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(expected), "{args:?}: {said}");
    }
    // A finished plan is found finished.
    assert!(succeeds(2, &args).starts_with("Converged"));
}
