//! Chores that run what was built: tests, examples, benchmarks.

use crate::shell::{Cmd, Outcome};
use crate::workspace::Workspace;
use anyhow::{Result, bail};

/// The same command as in the README.
pub(crate) fn test(ws: &Workspace) -> Result<Outcome> {
    Cmd::cargo(&ws.root).args(["test", "--workspace"]).run()?;
    Ok(Outcome::Done)
}

/// Every example, without arguments: one that cannot run so is no example.
pub(crate) fn examples(ws: &Workspace) -> Result<Outcome> {
    let mut found = 0;
    for package in &ws.packages {
        for example in package.targets.iter().filter(|t| t.is("example")) {
            let mut args = vec!["run", "--release", "-p", &package.name, "--example", &example.name];
            let features = example.required_features.join(",");
            if !features.is_empty() {
                args.extend(["--features", &features]);
            }
            Cmd::cargo(&ws.root).args(args).run()?;
            found += 1;
        }
    }
    if found == 0 {
        bail!("the workspace has no example");
    }
    Ok(Outcome::Done)
}

/// The criterion benchmarks; `smoke` runs each once without measuring.
pub(crate) fn bench(ws: &Workspace, smoke: bool, bench: Option<&str>) -> Result<Outcome> {
    let mut args = vec!["bench", "--package", "parecon-benches"];
    if let Some(name) = bench {
        args.extend(["--bench", name]);
    }
    if smoke {
        args.extend(["--", "--test"]);
    }
    Cmd::cargo(&ws.root).args(args).run()?;
    Ok(Outcome::Done)
}
