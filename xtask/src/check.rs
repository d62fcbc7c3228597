//! Checks that compile but run nothing: formatting, lints, documentation, feature combinations.

use crate::mpi;
use crate::shell::{Cmd, Outcome};
use crate::workspace::Workspace;
use anyhow::{Result, bail};

/// All of them, the quickest first.
pub(crate) fn all(ws: &Workspace) -> Result<Outcome> {
    fmt(ws)?;
    clippy(ws)?;
    docs(ws)?;
    features(ws)
}

/// Every member, the fuzz targets and the MPI crate are formatted as `rustfmt.toml` says.
pub(crate) fn fmt(ws: &Workspace) -> Result<Outcome> {
    require(ws, "fmt", "rustfmt")?;
    Cmd::cargo(&ws.root).args(["fmt", "--all", "--check"]).run()?;
    for manifest in ["fuzz/Cargo.toml", mpi::MANIFEST] {
        Cmd::cargo(&ws.root).args(["fmt", "--manifest-path", manifest, "--check"]).run()?;
    }
    Ok(Outcome::Done)
}

/// No lint is left, in any target with any feature but `highs`, which `cargo xtask highs` checks.
pub(crate) fn clippy(ws: &Workspace) -> Result<Outcome> {
    require(ws, "clippy", "clippy")?;
    Cmd::cargo(&ws.root)
        .args(["clippy", "--workspace", "--all-targets", "--features", &ws.checked_features()])
        .args(["--", "-D", "warnings"])
        .run()?;
    Ok(Outcome::Done)
}

/// The documentation builds without a warning, so every link in it leads somewhere.
pub(crate) fn docs(ws: &Workspace) -> Result<Outcome> {
    Cmd::cargo(&ws.root)
        .args(["doc", "--workspace", "--no-deps", "--features", &ws.checked_features()])
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()?;
    Ok(Outcome::Done)
}

/// Each library compiles by itself, with no feature and with all: inside the whole workspace a feature that
/// a crate forgot to ask for is often switched on by its neighbour.
pub(crate) fn features(ws: &Workspace) -> Result<Outcome> {
    for package in ws.libraries() {
        let none = Some(vec!["--no-default-features".to_owned()]);
        let all = package.checked_features().map(|features| vec!["--features".to_owned(), features]);
        for features in [none, all].into_iter().flatten() {
            // Clippy rather than `check`, because it can deny warnings without compiling the dependencies again.
            Cmd::cargo(&ws.root)
                .args(["clippy", "--package", &package.name])
                .args(features)
                .args(["--", "-D", "warnings"])
                .run()?;
        }
    }
    Ok(Outcome::Done)
}

fn require(ws: &Workspace, command: &str, component: &str) -> Result<()> {
    if !Cmd::cargo(&ws.root).args([command, "--version"]).succeeds() {
        bail!("`cargo {command}` is not installed: run `rustup component add {component}`");
    }
    Ok(())
}
