//! The book: the table of contents, the chapters and the crate that runs their snippets agree.

use super::{Finding, Tree};
use std::collections::BTreeSet;

const SOURCE: &str = "docs/src/";
const CONTENTS: &str = "docs/src/SUMMARY.md";
const DOCTEST: &str = "docs/doctest/src/lib.rs";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let Some(contents) = tree.text(CONTENTS) else {
        return vec![Finding::file(CONTENTS, "is missing")];
    };
    let doctest = tree.text(DOCTEST).unwrap_or_default();
    let mut findings = Vec::new();
    let mut listed = BTreeSet::new();
    for (i, line) in contents.lines().enumerate() {
        for chapter in links(line) {
            if !tree.has(&format!("{SOURCE}{chapter}")) {
                findings.push(Finding::line(CONTENTS, i, format!("lists {chapter}, which does not exist")));
            }
            listed.insert(chapter);
        }
    }
    for chapter in tree.files.iter().filter_map(|f| f.path.strip_prefix(SOURCE)) {
        if !chapter.ends_with(".md") || chapter == "SUMMARY.md" {
            continue;
        }
        let path = format!("{SOURCE}{chapter}");
        if !listed.contains(chapter) {
            findings.push(Finding::file(&path, "is not listed in SUMMARY.md"));
        }
        if !['"', '/'].iter().any(|before| doctest.contains(&format!("{before}{chapter}\""))) {
            findings.push(Finding::file(&path, format!("is not included by {DOCTEST}")));
        }
    }
    findings
}

/// The Markdown files that a line links to.
fn links(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let link = rest.split([')', '#']).next()?.trim_start_matches("./");
        link.ends_with(".md").then_some(link)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_book_in_step_passes() {
        let found = messages(&[
            (CONTENTS, "# Summary\n\n[Introduction](introduction.md)\n- [IO](./guide/io.md#top)\n"),
            ("docs/src/introduction.md", ""),
            ("docs/src/guide/io.md", ""),
            ("docs/src/picture.svg", ""),
            (DOCTEST, "include_str!(\"../../src/introduction.md\"); io: \"guide/io.md\""),
        ]);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn what_is_out_of_step_is_found() {
        let found = messages(&[
            (CONTENTS, "[Introduction](introduction.md)\n[Gone](gone.md)\n"),
            ("docs/src/introduction.md", ""),
            ("docs/src/forgotten.md", ""),
            (DOCTEST, "\"../../src/introduction.md\""),
        ]);
        assert_eq!(
            found,
            [
                "docs/src/SUMMARY.md:2: lists gone.md, which does not exist",
                "docs/src/forgotten.md: is not listed in SUMMARY.md",
                "docs/src/forgotten.md: is not included by docs/doctest/src/lib.rs"
            ]
        );
    }

    #[test]
    fn a_missing_book_is_found() {
        assert_eq!(messages(&[]), ["docs/src/SUMMARY.md: is missing"]);
    }
}
