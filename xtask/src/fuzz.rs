//! Fuzzing on a stable toolchain, without cargo-fuzz: the compiler's coverage instrumentation is a stable LLVM
//! pass, and libFuzzer comes as source with the `libfuzzer-sys` crate. `cargo fuzz run --sanitizer none TARGET`
//! does the same, and works on the same folder.

use crate::shell::{Cmd, Outcome, in_ci};
use crate::workspace::{Workspace, metadata};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// What cargo-fuzz passes to rustc for `--sanitizer none`.
const INSTRUMENTATION: [&str; 9] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Ccodegen-units=1",
    "--cfg",
    "fuzzing",
];

/// Seconds that one input may take, and MiB that it may use, before it counts as a finding.
const INPUT_SECONDS: u32 = 10;
const INPUT_MEBIBYTES: u32 = 2048;

/// How to search for inputs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search {
    seconds: u32,
    /// Fixed where two runs on the same code should try much the same inputs.
    seed: Option<u32>,
    /// Show libFuzzer's account only if it finds something.
    quiet: bool,
}

impl Search {
    /// Other inputs on every run, with libFuzzer's running account.
    pub(crate) fn random(seconds: u32) -> Self {
        Self { seconds, seed: None, quiet: false }
    }

    /// The same sequence of random numbers on every run: a smoke test should not depend on luck.
    pub(crate) fn smoke(seconds: u32) -> Self {
        Self { seconds, seed: Some(1), quiet: true }
    }

    /// libFuzzer's options.
    fn options(self, artifacts: &Path) -> Vec<String> {
        let mut options = vec![
            format!("-max_total_time={}", self.seconds),
            format!("-timeout={INPUT_SECONDS}"),
            format!("-rss_limit_mb={INPUT_MEBIBYTES}"),
            format!("-artifact_prefix={}/", artifacts.display()),
        ];
        options.extend(self.seed.map(|seed| format!("-seed={seed}")));
        options
    }
}

/// Builds the targets, then searches each in turn.
pub(crate) fn run(ws: &Workspace, search: Search, target: Option<&str>) -> Result<Outcome> {
    let project = Project::open(ws, target)?;
    if let Some(missing) = project.missing_compiler() {
        return without_compiler(missing);
    }
    project.build()?;
    for target in &project.targets {
        project.search(target, search)?;
    }
    Ok(Outcome::Done)
}

/// Runs `target` once on `input`.
pub(crate) fn replay(ws: &Workspace, target: &str, input: &Path) -> Result<Outcome> {
    let input = input.canonicalize().with_context(|| format!("could not find {}", input.display()))?;
    let project = Project::open(ws, Some(target))?;
    if let Some(missing) = project.missing_compiler() {
        return without_compiler(missing);
    }
    project.build()?;
    Cmd::new(project.binary(target), &ws.root).args([&input]).run()?;
    Ok(Outcome::Done)
}

/// On a desk fuzzing may be left out; on the server it may not.
fn without_compiler(compiler: String) -> Result<Outcome> {
    let reason = format!(
        "libFuzzer is compiled from C++ and `{compiler}` is not installed (Debian: `apt-get install g++`; \
         or name another compiler in CXX)"
    );
    if in_ci() { bail!("{reason}") } else { Ok(Outcome::Skipped(reason)) }
}

/// The fuzzing workspace: `fuzz/fuzz_targets/*.rs`, with `fuzz/seeds/TARGET/` to begin from.
struct Project {
    root: PathBuf,
    host: String,
    targets: Vec<String>,
}

impl Project {
    fn open(ws: &Workspace, target: Option<&str>) -> Result<Self> {
        let root = ws.root.join("fuzz");
        let rustc = Cmd::new("rustc", &ws.root).args(["-vV"]).read()?;
        let host = host(&rustc).context("`rustc -vV` names no host")?.to_owned();
        let packages = metadata(&root, &["--no-deps"])?;
        let all = packages.iter().flat_map(|p| &p.targets).filter(|t| t.is("bin")).map(|t| t.name.clone());
        let targets = select(all.collect(), target)?;
        Ok(Self { root, host, targets })
    }

    fn missing_compiler(&self) -> Option<String> {
        let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".into());
        let found = Cmd::new(&compiler, &self.root).args(["--version"]).succeeds();
        (!found).then_some(compiler)
    }

    /// `--target` is named although it is the host's: without it build scripts would be instrumented too.
    fn build(&self) -> Result<()> {
        Cmd::cargo(&self.root)
            .args(["build", "--release", "--bins", "--target", &self.host, "--target-dir", "target"])
            .env("CARGO_ENCODED_RUSTFLAGS", INSTRUMENTATION.join("\x1f"))
            .run()
    }

    fn binary(&self, target: &str) -> PathBuf {
        self.root.join("target").join(&self.host).join("release").join(target)
    }

    fn search(&self, target: &str, search: Search) -> Result<()> {
        let folder = |kind: &str| Path::new(kind).join(target);
        for kind in ["corpus", "artifacts"] {
            let path = self.root.join(folder(kind));
            fs::create_dir_all(&path).with_context(|| format!("could not make {}", path.display()))?;
        }
        // New inputs go to the first folder; the seeds are only read.
        let cmd = Cmd::new(self.binary(target), &self.root)
            .args(search.options(&folder("artifacts")))
            .args([folder("corpus"), folder("seeds")]);
        let result =
            if search.quiet { cmd.run_quietly().map(|said| println!("{}", done(&said))) } else { cmd.run() };
        result.with_context(|| {
            format!(
                "the finding is in fuzz/artifacts/{target}/; reproduce it with \
                 `cargo xtask fuzz {target} --input fuzz/artifacts/{target}/NAME`"
            )
        })
    }
}

/// libFuzzer's closing line, such as `Done 1171594 runs in 3 second(s)`.
fn done(said: &str) -> &str {
    said.lines().rfind(|line| line.starts_with("Done ")).unwrap_or("done")
}

fn host(rustc: &str) -> Option<&str> {
    rustc.lines().find_map(|line| line.strip_prefix("host: "))
}

fn select(all: Vec<String>, wanted: Option<&str>) -> Result<Vec<String>> {
    match wanted {
        None if all.is_empty() => bail!("fuzz/ has no target"),
        None => Ok(all),
        Some(name) if all.iter().any(|t| t == name) => Ok(vec![name.to_owned()]),
        Some(name) => bail!("no fuzz target {name:?}, there are {}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_read_from_rustc() {
        assert_eq!(host("rustc 1.0\nhost: some-triple\nrelease: 1.0"), Some("some-triple"));
        assert_eq!(host("rustc 1.0"), None);
    }

    #[test]
    fn targets_are_selected_by_name() {
        let all = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(select(all.clone(), None).unwrap(), ["a", "b"]);
        assert_eq!(select(all.clone(), Some("b")).unwrap(), ["b"]);
        let error = select(all, Some("c")).unwrap_err().to_string();
        assert_eq!(error, "no fuzz target \"c\", there are a, b");
        assert!(select(Vec::new(), None).is_err());
    }

    #[test]
    fn the_number_of_runs_is_found() {
        assert_eq!(done("INFO: x\nDone 7 runs in 1 second(s)\nstat: y"), "Done 7 runs in 1 second(s)");
        assert_eq!(done(""), "done");
    }

    #[test]
    fn a_smoke_run_is_seeded_and_bounded() {
        let smoke = Search::smoke(5).options(Path::new("artifacts/t"));
        assert!(smoke.contains(&"-seed=1".to_owned()));
        assert!(smoke.contains(&"-max_total_time=5".to_owned()));
        assert!(smoke.contains(&"-artifact_prefix=artifacts/t/".to_owned()));
        assert!(!Search::random(5).options(Path::new("a")).iter().any(|o| o.starts_with("-seed")));
    }
}
