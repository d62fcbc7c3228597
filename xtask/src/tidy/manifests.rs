//! Cargo.toml of the members: what is decided once, in the workspace, is not decided again.
//!
//! The files are read line by line rather than with a TOML library: the rules are about how they are written
//! (`serde.workspace = true`), which cargo's own, resolved view no longer shows.

use super::{Finding, Tree};
use crate::mpi;

/// Fields that every member takes from the workspace.
const INHERITED: [&str; 4] = ["version", "edition", "rust-version", "license"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        let Some(folder) = member(path) else { continue };
        findings.extend(dependencies(path, text));
        findings.extend(inheritance(path, text));
        if let Some(name) = folder.strip_prefix("crates/") {
            if !has(text, "package", &format!("name = \"{name}\"")) {
                findings
                    .push(Finding::file(path, format!("the package should be named as its folder, {name}")));
            }
            if !has(text, "lib", "bench = false") {
                findings.push(Finding::file(
                    path,
                    "needs `bench = false` under [lib], or criterion's flags fail",
                ));
            }
        }
    }
    findings
}

/// The folder of a member's manifest; `fuzz` and what needs MPI are workspaces of their own.
fn member(path: &str) -> Option<&str> {
    let folder = path.strip_suffix("/Cargo.toml")?;
    (!folder.starts_with("fuzz") && path != mpi::MANIFEST).then_some(folder)
}

/// Each entry of each section: section, key, value, line.
fn entries(text: &str) -> impl Iterator<Item = (&str, &str, &str, usize)> {
    let mut section = "";
    text.lines().enumerate().filter_map(move |(i, line)| {
        let line = line.trim();
        if let Some(rest) = line.strip_prefix('[') {
            section = rest.trim_start_matches('[').split(']').next().unwrap_or(rest).trim();
            return None;
        }
        if line.starts_with('#') {
            return None;
        }
        let (key, value) = line.split_once('=')?;
        Some((section, key.trim(), value.trim(), i))
    })
}

fn has(text: &str, section: &str, line: &str) -> bool {
    entries(text).any(|(s, key, value, _)| s == section && format!("{key} = {value}") == line)
}

/// Every dependency is declared in the workspace, where its version and its features are seen beside the others.
fn dependencies(path: &str, text: &str) -> Vec<Finding> {
    let of_dependencies = |section: &str| section.split('.').any(|part| part.ends_with("dependencies"));
    entries(text)
        .filter(|(section, ..)| of_dependencies(section))
        .filter(|(_, key, value, _)| {
            let inherits = key.ends_with(".workspace") || value.contains("workspace = true");
            !inherits || ["version =", "path =", "git ="].iter().any(|own| value.contains(own))
        })
        .map(|(_, key, _, i)| {
            Finding::line(path, i, format!("{key} must be inherited from [workspace.dependencies]"))
        })
        .collect()
}

fn inheritance(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !has(text, "lints", "workspace = true") {
        findings
            .push(Finding::file(path, "does not inherit the lints: add `workspace = true` under [lints]"));
    }
    for field in INHERITED {
        if !has(text, "package", &format!("{field}.workspace = true")) {
            findings.push(Finding::file(path, format!("does not inherit {field} from the workspace")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
[package]
name = \"a\"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true

[lib]
bench = false

[lints]
workspace = true

[dependencies]
serde.workspace = true
# a comment = \"1\"
parecon-io = { workspace = true, optional = true }
";

    fn messages(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)])).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_manifest_passes() {
        assert_eq!(messages("crates/a/Cargo.toml", GOOD), [""; 0]);
    }

    #[test]
    fn an_own_version_is_found() {
        for (line, name) in [
            ("rand = \"0.10\"", "rand"),
            ("rand = { version = \"0.10\" }", "rand"),
            ("b = { path = \"../b\" }", "b"),
            ("b = { workspace = true, git = \"x\" }", "b"),
        ] {
            let found = messages("crates/a/Cargo.toml", &format!("{GOOD}{line}\n"));
            assert_eq!(
                found,
                [format!("crates/a/Cargo.toml:18: {name} must be inherited from [workspace.dependencies]")]
            );
        }
        let by_target = format!("{GOOD}[target.'cfg(unix)'.dev-dependencies]\nlibc = \"1\"\n");
        assert_eq!(messages("crates/a/Cargo.toml", &by_target).len(), 1);
    }

    #[test]
    fn own_lints_and_fields_are_found() {
        let own =
            GOOD.replace("[lints]\nworkspace = true", "[lints]").replace("edition.workspace", "edition2");
        assert_eq!(
            messages("crates/a/Cargo.toml", &own),
            [
                "crates/a/Cargo.toml: does not inherit the lints: add `workspace = true` under [lints]",
                "crates/a/Cargo.toml: does not inherit edition from the workspace"
            ]
        );
    }

    #[test]
    fn folder_and_name_agree() {
        assert_eq!(
            messages("crates/b/Cargo.toml", GOOD),
            ["crates/b/Cargo.toml: the package should be named as its folder, b"]
        );
        assert_eq!(messages("xtask/Cargo.toml", GOOD), [""; 0]);
    }

    #[test]
    fn the_root_and_workspaces_of_their_own_are_left_alone() {
        assert_eq!(messages("Cargo.toml", "[workspace.dependencies]\nserde = \"1\"\n"), [""; 0]);
        for path in ["fuzz/Cargo.toml", mpi::MANIFEST] {
            assert_eq!(messages(path, "[dependencies]\nserde = \"1\"\n"), [""; 0]);
        }
    }
}
