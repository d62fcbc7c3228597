//! What cargo knows about a workspace.

use crate::highs;
use crate::shell::Cmd;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The workspace this program belongs to: its root folder, where cargo builds, and its own packages.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// A package as `cargo metadata` describes it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) rust_version: Option<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) targets: Vec<Target>,
    /// Each feature and what it switches on.
    #[serde(default)]
    pub(crate) features: BTreeMap<String, Vec<String>>,
}

/// A library, binary, example, test or benchmark of a package.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) kind: Vec<String>,
    #[serde(default, rename = "required-features")]
    pub(crate) required_features: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

impl Target {
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind.iter().any(|k| k == kind)
    }
}

impl Package {
    /// All features but the one that compiles C++ for minutes.
    fn feature_names(&self) -> Vec<&str> {
        self.features.keys().map(String::as_str).filter(|name| *name != highs::FEATURE).collect()
    }

    /// The same, separated by commas; `None` if it has none.
    pub(crate) fn checked_features(&self) -> Option<String> {
        let names = self.feature_names();
        (!names.is_empty()).then(|| names.join(","))
    }
}

impl Workspace {
    /// Finds the workspace and lists its members.
    pub(crate) fn load() -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.parent().context("xtask is not inside a workspace")?.to_owned();
        let Metadata { packages, target_directory: target } = read(&root, &["--no-deps"])?;
        Ok(Self { root, target, packages })
    }

    /// The members that users depend on: those in `crates/`, by name.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = &Package> {
        let folder = self.root.join("crates");
        self.packages.iter().filter(move |p| p.manifest_path.starts_with(&folder))
    }

    /// The libraries' [features](Package::checked_features), as `--features` of the whole workspace takes them.
    pub(crate) fn checked_features(&self) -> String {
        let of = |package: &Package| -> Vec<String> {
            package.feature_names().iter().map(|feature| format!("{}/{feature}", package.name)).collect()
        };
        self.libraries().flat_map(of).collect::<Vec<_>>().join(",")
    }
}

/// The packages that `cargo metadata` lists for the workspace in `dir`, in the order of their names.
pub(crate) fn metadata(dir: &Path, options: &[&str]) -> Result<Vec<Package>> {
    Ok(read(dir, options)?.packages)
}

fn read(dir: &Path, options: &[&str]) -> Result<Metadata> {
    let text = Cmd::cargo(dir).args(["metadata", "--format-version", "1"]).args(options).read()?;
    parse(&text)
}

fn parse(text: &str) -> Result<Metadata> {
    let mut metadata: Metadata = serde_json::from_str(text).context("could not read `cargo metadata`")?;
    metadata.packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    Ok(metadata)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_read_and_ordered() {
        let text = r#"{"packages": [
            {"name": "b", "version": "1.0.0", "rust_version": "1.80",
             "manifest_path": "/b/Cargo.toml", "targets": [], "features": {"fast": ["dep:f"]}},
            {"name": "a", "version": "0.2.0", "rust_version": null,
             "manifest_path": "/a/Cargo.toml",
             "targets": [{"name": "e", "kind": ["example"], "required-features": ["io"]}]}
        ], "workspace_root": "/", "target_directory": "/target", "version": 1}"#;
        let Metadata { packages, target_directory } = parse(text).unwrap();
        assert_eq!(target_directory, Path::new("/target"));
        assert_eq!(packages.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(packages[1].checked_features().as_deref(), Some("fast"));
        assert!(packages[0].targets[0].is("example") && packages[0].checked_features().is_none());
        assert_eq!(packages[0].targets[0].required_features, ["io"]);
    }

    #[test]
    fn the_workspace_knows_its_libraries() {
        let ws = Workspace::load().unwrap();
        let names: Vec<_> = ws.libraries().map(|p| p.name.as_str()).collect();
        assert!(names.contains(&"parecon-core") && names.contains(&"parecon"), "{names:?}");
        assert!(!names.contains(&"xtask"), "{names:?}");
    }

    #[test]
    fn every_feature_is_checked_but_the_one_that_compiles_for_minutes() {
        let ws = Workspace::load().unwrap();
        let jobs = ws.libraries().find(|p| p.name == "parecon-jobs").unwrap();
        assert!(jobs.features.contains_key(highs::FEATURE));
        assert_eq!(jobs.checked_features().unwrap().split(',').count(), jobs.features.len() - 1);
        let all = ws.checked_features();
        assert!(all.contains("parecon-jobs/report") && all.contains("parecon-io/parquet"), "{all}");
        assert!(!all.contains("highs"), "{all}");
    }
}
