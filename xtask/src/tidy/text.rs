//! What may stand in a file.

use super::{Finding, Tree};

/// Longer files hold more than one concept.
const MAX_LINES: usize = 800;

/// Top folders of absolute paths, which are true on one machine only.
const MACHINE_FOLDERS: [&str; 7] = ["home", "root", "tmp", "work", "Users", "mnt", "workspace"];

pub(super) fn check(tree: &Tree, commands: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts() {
        findings.extend(length(path, text));
        findings.extend(machine_paths(path, text));
        findings.extend(unknown_commands(path, text, commands));
    }
    findings
}

fn length(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    (path.ends_with(".rs") && lines > MAX_LINES)
        .then(|| Finding::file(path, format!("has {lines} lines, split it at {MAX_LINES}")))
}

fn machine_paths(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (i, line) in text.lines().enumerate() {
        for folder in MACHINE_FOLDERS {
            if names_folder(line, folder) {
                findings.push(Finding::line(path, i, format!("names a path of one machine, under {folder}")));
            }
        }
    }
    findings
}

/// True if `line` holds an absolute path whose first folder is `folder`. A path that goes on from a name or a dot
/// (`target/tmp/x`, `../work/x`) is relative, and one in an address (`https://host/home/`) is not of a machine.
fn names_folder(line: &str, folder: &str) -> bool {
    let pattern = format!("/{folder}/");
    line.match_indices(&pattern).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || ".-_/~}*".contains(c)))
    })
}

/// Documents and scripts name only chores that exist.
fn unknown_commands(path: &str, text: &str, commands: &[String]) -> Vec<Finding> {
    if path.ends_with(".rs") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (i, line) in text.lines().enumerate() {
        for (at, called) in line.match_indices("cargo xtask ") {
            let rest = &line[at + called.len()..];
            let name: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            if !name.is_empty() && !name.starts_with('-') && !commands.contains(&name) {
                let known = commands.join(", ");
                findings.push(Finding::line(path, i, format!("there is no chore {name:?}, only {known}")));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Put together here, or this file would break its own rule.
    fn absolute(folder: &str, rest: &str) -> String {
        format!("/{folder}/{rest}")
    }

    #[test]
    fn long_files_are_found() {
        assert_eq!(length("a.rs", &"\n".repeat(MAX_LINES)), None);
        assert!(length("a.rs", &"\n".repeat(MAX_LINES + 1)).is_some());
        assert_eq!(length("a.csv", &"\n".repeat(MAX_LINES + 1)), None);
    }

    #[test]
    fn paths_of_a_machine_are_found() {
        for folder in MACHINE_FOLDERS {
            let path = absolute(folder, "x/y.txt");
            for line in [path.clone(), format!("see \"{path}\""), format!("DIR={path}"), format!("({path})")]
            {
                let found = machine_paths("notes.md", &format!("first\n{line}\n"));
                assert_eq!(found.len(), 1, "{line}");
                assert_eq!(found[0].line, Some(2));
            }
        }
    }

    #[test]
    fn other_paths_are_left_alone() {
        for line in
            ["target/tmp/x", "../work/x", "https://example.org/home/page", "$ROOT/tmp", "`work/`", "/"]
        {
            assert!(machine_paths("notes.md", line).is_empty(), "{line}");
        }
    }

    #[test]
    fn only_chores_that_exist_are_named() {
        let commands = ["ci".to_owned(), "fuzz".to_owned()];
        let text = "run `cargo xtask ci --skip test`\nor cargo xtask --help, or `cargo xtask dance`\n";
        let found = unknown_commands("a.md", text, &commands);
        assert_eq!(found, [Finding::line("a.md", 1, "there is no chore \"dance\", only ci, fuzz")]);
        assert!(unknown_commands("a.rs", text, &commands).is_empty());
    }
}
