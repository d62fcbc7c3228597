//! What lies where.

use super::{Finding, Tree};
use std::collections::BTreeSet;

/// The top level, and nothing else, so that the map in the book stays true.
const TOP_FOLDERS: [&str; 7] = [".cargo", ".ci", "benches", "crates", "docs", "fuzz", "xtask"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = top_level(tree);
    findings.extend(readmes(tree));
    findings.extend(data(tree));
    findings.extend(seeds(tree));
    findings
}

fn top_level(tree: &Tree) -> Vec<Finding> {
    let folders: BTreeSet<&str> =
        tree.files.iter().filter_map(|f| f.path.split_once('/')).map(|(top, _)| top).collect();
    folders
        .into_iter()
        .filter(|folder| !TOP_FOLDERS.contains(folder))
        .map(|folder| Finding::file(folder, format!("the top level holds only {}", TOP_FOLDERS.join(", "))))
        .collect()
}

/// Every crate has a README, which is also the front page of its documentation.
fn readmes(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in crates(tree) {
        if !tree.has(&format!("crates/{name}/README.md")) {
            findings.push(Finding::file(&format!("crates/{name}"), "has no README.md"));
        }
        let lib = format!("crates/{name}/src/lib.rs");
        if !tree.text(&lib).is_some_and(|t| t.contains("#![doc = include_str!(\"../README.md\")]")) {
            findings.push(Finding::file(&lib, "does not show README.md as the crate's documentation"));
        }
    }
    findings
}

/// Every folder of data says where the data come from and who allows us to pass them on.
fn data(tree: &Tree) -> Vec<Finding> {
    let mut folders = BTreeSet::new();
    for file in &tree.files {
        if let Some((before, _)) = file.path.split_once("/data/") {
            folders.insert(format!("{before}/data"));
        }
    }
    let mut findings = Vec::new();
    for folder in folders {
        let path = format!("{folder}/README.md");
        match tree.text(&path).map(str::to_lowercase) {
            None => findings.push(Finding::file(&folder, "has no README.md naming source and licence")),
            Some(text) if !["licence", "license", "public domain"].iter().any(|word| text.contains(word)) => {
                findings.push(Finding::file(&path, "names no licence and no public domain"));
            }
            Some(_) => {}
        }
    }
    findings
}

/// Every fuzz target has something to begin from; folders beside the targets are modules that they share.
fn seeds(tree: &Tree) -> Vec<Finding> {
    let names =
        tree.files.iter().filter_map(|f| f.path.strip_prefix("fuzz/fuzz_targets/")?.strip_suffix(".rs"));
    names
        .filter(|name| !name.contains('/'))
        .filter(|name| !tree.files.iter().any(|f| f.path.starts_with(&format!("fuzz/seeds/{name}/"))))
        .map(|name| Finding::file(&format!("fuzz/seeds/{name}"), "the fuzz target has no seed"))
        .collect()
}

/// The names of the folders in `crates/`.
fn crates(tree: &Tree) -> BTreeSet<&str> {
    tree.files.iter().filter_map(|f| Some(f.path.strip_prefix("crates/")?.split_once('/')?.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "#![doc = include_str!(\"../README.md\")]\n";

    fn messages(findings: &[Finding]) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_new_top_folder_is_found() {
        let tree =
            Tree::of(&[("Cargo.toml", ""), ("docs/book.toml", ""), ("tools/x.py", ""), ("tools/y.py", "")]);
        let found = top_level(&tree);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "tools");
    }

    #[test]
    fn a_crate_without_a_readme_is_found() {
        let tree = Tree::of(&[
            ("crates/a/README.md", ""),
            ("crates/a/src/lib.rs", LIB),
            ("crates/b/src/lib.rs", ""),
        ]);
        assert_eq!(
            messages(&readmes(&tree)),
            [
                "crates/b: has no README.md",
                "crates/b/src/lib.rs: does not show README.md as the crate's documentation"
            ]
        );
    }

    #[test]
    fn data_must_name_a_licence() {
        let tree = Tree::of(&[
            ("crates/a/data/README.md", "Public domain."),
            ("crates/a/data/x.csv", "1"),
            ("crates/b/tests/data/README.md", "Found somewhere."),
            ("crates/c/data/deep/x.csv", "1"),
        ]);
        assert_eq!(
            messages(&data(&tree)),
            [
                "crates/b/tests/data/README.md: names no licence and no public domain",
                "crates/c/data: has no README.md naming source and licence"
            ]
        );
    }

    #[test]
    fn a_fuzz_target_needs_seeds() {
        let tree = Tree::of(&[
            ("fuzz/fuzz_targets/a.rs", ""),
            ("fuzz/fuzz_targets/b.rs", ""),
            ("fuzz/fuzz_targets/shared/number.rs", ""),
            ("fuzz/seeds/a/empty", ""),
        ]);
        assert_eq!(messages(&seeds(&tree)), ["fuzz/seeds/b: the fuzz target has no seed"]);
    }
}
