//! Chores for tools that not everybody has: their absence is said, and is no failure.

use crate::shell::{Cmd, Outcome};
use crate::workspace::Workspace;
use anyhow::Result;

/// Builds `docs/` into `docs/book`.
pub(crate) fn book(ws: &Workspace) -> Result<Outcome> {
    if !Cmd::new("mdbook", &ws.root).args(["--version"]).succeeds() {
        return Ok(Outcome::Skipped(
            "mdbook is not installed (`cargo install mdbook`); the chapters read well as plain Markdown \
             in docs/src, and `cargo test -p parecon-book` runs their snippets"
                .into(),
        ));
    }
    Cmd::new("mdbook", &ws.root).args(["build", "docs"]).run()?;
    Ok(Outcome::Done)
}

/// Licences, duplicate versions and sources, as `deny.toml` says. Advisories are left to whoever wants to
/// fetch the database: a change in it must not turn a past commit red.
pub(crate) fn deny(ws: &Workspace) -> Result<Outcome> {
    if !Cmd::cargo(&ws.root).args(["deny", "--version"]).succeeds() {
        return Ok(Outcome::Skipped("cargo-deny is not installed (`cargo install cargo-deny`)".into()));
    }
    Cmd::cargo(&ws.root)
        .args(["deny", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"])
        .run()?;
    Ok(Outcome::Done)
}
