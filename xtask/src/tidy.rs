//! The house rules that a machine can check. A rule looks at the files that git would commit, and names the
//! file, the line and what is expected; it never changes anything.

mod book;
mod layout;
mod manifests;
mod text;

use crate::cli;
use crate::shell::{Cmd, Outcome};
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use std::fmt;
use std::fs;

/// The files of the repository, with what is in those that are text.
pub(crate) struct Tree {
    files: Vec<File>,
}

/// A file by its path from the root, with forward slashes.
pub(crate) struct File {
    path: String,
    text: Option<String>,
}

/// Something that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    path: String,
    line: Option<usize>,
    message: String,
}

impl Finding {
    fn file(path: &str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line: None, message: message.into() }
    }

    /// `index` counts from 0.
    fn line(path: &str, index: usize, message: impl Into<String>) -> Self {
        Self { line: Some(index + 1), ..Self::file(path, message) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

impl Tree {
    /// All files that are tracked, or new and not ignored.
    fn read(ws: &Workspace) -> Result<Self> {
        let list = Cmd::new("git", &ws.root)
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .read()?;
        let files = list
            .split('\0')
            .filter(|path| !path.is_empty() && ws.root.join(path).is_file())
            .map(|path| File { path: path.to_owned(), text: fs::read_to_string(ws.root.join(path)).ok() })
            .collect();
        Ok(Self { files })
    }

    #[cfg(test)]
    fn of(files: &[(&str, &str)]) -> Self {
        let file = |&(path, text): &(&str, &str)| File { path: path.into(), text: Some(text.into()) };
        Self { files: files.iter().map(file).collect() }
    }

    /// Every text file with its content.
    fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|f| Some((f.path.as_str(), f.text.as_deref()?)))
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.files.iter().find(|f| f.path == path)?.text.as_deref()
    }

    fn has(&self, path: &str) -> bool {
        self.files.iter().any(|f| f.path == path)
    }
}

pub(crate) fn run(ws: &Workspace) -> Result<Outcome> {
    let tree = Tree::read(ws)?;
    let mut findings = Vec::new();
    findings.extend(layout::check(&tree));
    findings.extend(manifests::check(&tree));
    findings.extend(text::check(&tree, &cli::command_names()));
    findings.extend(book::check(&tree));
    if !findings.is_empty() {
        let list: String = findings.iter().map(|f| format!("\n  {f}")).collect();
        bail!("{} of the house rules are broken:{list}", findings.len());
    }
    println!("{} files are tidy", tree.files.len());
    Ok(Outcome::Done)
}
