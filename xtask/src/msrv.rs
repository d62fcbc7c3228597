//! The stated minimum Rust version: no dependency asks for more, and that toolchain compiles us.

use crate::shell::{Cmd, Outcome};
use crate::workspace::{Package, Workspace, metadata};
use anyhow::{Context, Result, bail};

/// A Rust version; a missing patch number means any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RustVersion(u32, u32, u32);

impl RustVersion {
    /// `1.89` or `1.89.0`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|p| p.parse().ok());
        let version = Self(parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
        parts.next().is_none().then_some(version)
    }
}

pub(crate) fn run(ws: &Workspace) -> Result<Outcome> {
    let stated = stated(&ws.packages)?;
    // Here really all: nothing is built.
    let all = metadata(&ws.root, &["--all-features"])?;
    let too_new = too_new(&all, &stated)?;
    if !too_new.is_empty() {
        bail!("the workspace states rust-version {stated}, but {}", too_new.join("; "));
    }
    if !std::fs::read_to_string(ws.root.join("README.md"))?.contains(&stated) {
        bail!("README.md does not say that Rust {stated} or newer is needed");
    }
    println!("none of {} packages asks for more than Rust {stated}", all.len());

    let Some(toolchain) = installed(ws, &stated) else {
        return Ok(Outcome::Skipped(format!(
            "the declared versions agree, but nothing was compiled: Rust {stated} is not installed \
             (`rustup toolchain install {stated} --profile minimal`)"
        )));
    };
    // A folder of its own, or two toolchains would throw away each other's work.
    Cmd::new("rustup", &ws.root)
        .args(["run", &toolchain, "cargo", "check", "--features", &ws.checked_features()])
        .args(["--target-dir", "target/msrv"])
        .run()?;
    Ok(Outcome::Done)
}

/// The one version that all members state.
fn stated(members: &[Package]) -> Result<String> {
    let first = members.first().context("the workspace is empty")?;
    for member in members {
        if member.rust_version != first.rust_version {
            bail!(
                "{} and {} state different rust-versions: inherit it from the workspace",
                first.name,
                member.name
            );
        }
    }
    first.rust_version.clone().context("the workspace states no rust-version")
}

/// What each package asks for beyond `stated`.
fn too_new(packages: &[Package], stated: &str) -> Result<Vec<String>> {
    let limit = RustVersion::parse(stated).with_context(|| format!("{stated:?} is no Rust version"))?;
    let mut found = Vec::new();
    for package in packages {
        let Some(wanted) = &package.rust_version else { continue };
        let version = RustVersion::parse(wanted)
            .with_context(|| format!("{} states rust-version {wanted:?}, not a version", package.name))?;
        if version > limit {
            found.push(format!("{} {} needs {wanted}", package.name, package.version));
        }
    }
    Ok(found)
}

fn installed(ws: &Workspace, stated: &str) -> Option<String> {
    let list = Cmd::new("rustup", &ws.root).args(["toolchain", "list"]).read().ok()?;
    find_toolchain(&list, stated)
}

/// The name, in rustup's list, of a toolchain of version `stated`.
fn find_toolchain(list: &str, stated: &str) -> Option<String> {
    let wanted = RustVersion::parse(stated)?;
    list.lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|name| {
            let version = name.split('-').next().and_then(RustVersion::parse);
            version.is_some_and(|v| (v.0, v.1) == (wanted.0, wanted.1) && v >= wanted)
        })
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, rust_version: Option<&str>) -> Package {
        Package {
            name: name.into(),
            version: "1.2.3".into(),
            rust_version: rust_version.map(Into::into),
            manifest_path: "Cargo.toml".into(),
            targets: Vec::new(),
            features: Default::default(),
        }
    }

    #[test]
    fn versions_are_read_strictly() {
        assert_eq!(RustVersion::parse("1.89"), Some(RustVersion(1, 89, 0)));
        assert_eq!(RustVersion::parse("1.89.1"), Some(RustVersion(1, 89, 1)));
        for wrong in ["", "1", "1.", "1.x", "1.89.0.1", "1.89-nightly"] {
            assert_eq!(RustVersion::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let packages = [
            package("old", Some("1.9")),
            package("same", Some("1.89.0")),
            package("silent", None),
            package("new", Some("1.89.1")),
            package("newer", Some("1.100")),
        ];
        let found = too_new(&packages, "1.89").unwrap();
        assert_eq!(found, ["new 1.2.3 needs 1.89.1", "newer 1.2.3 needs 1.100"]);
    }

    #[test]
    fn members_must_agree() {
        assert_eq!(stated(&[package("a", Some("1.89")), package("b", Some("1.89"))]).unwrap(), "1.89");
        assert!(stated(&[package("a", Some("1.89")), package("b", None)]).is_err());
        assert!(stated(&[package("a", None)]).is_err());
        assert!(stated(&[]).is_err());
    }

    #[test]
    fn the_toolchain_is_found_by_its_version() {
        let list = "stable-x86_64-unknown-linux-gnu (active, default)\n1.8-x\n1.95.0-y\n1.89.0-z\n";
        assert_eq!(find_toolchain(list, "1.89").as_deref(), Some("1.89.0-z"));
        assert_eq!(find_toolchain(list, "1.90"), None);
    }
}
