//! Running other programs: what is run is shown, and a failure says what failed.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// How a chore ended, when it did not fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    /// Something that is nice to have is not installed.
    Skipped(String),
}

/// True on the server, where what may be left out on a desk must be done.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|v| !v.is_empty() && v != "false")
}

/// Enough of a failed command's output for a panic message with its backtrace.
const LAST_LINES: usize = 80;

/// A command that can be shown, run or read.
pub(crate) struct Cmd {
    inner: Command,
}

impl Cmd {
    /// Runs in `dir`, without standard input.
    pub(crate) fn new(program: impl AsRef<OsStr>, dir: &Path) -> Self {
        let mut inner = Command::new(program);
        inner.current_dir(dir).stdin(Stdio::null());
        Self { inner }
    }

    /// The cargo that runs this very program, so that a chosen toolchain stays chosen.
    pub(crate) fn cargo(dir: &Path) -> Self {
        Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), dir)
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.inner.args(args);
        self
    }

    pub(crate) fn env(mut self, key: &str, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(key, value);
        self
    }

    pub(crate) fn without_env(mut self, key: &str) -> Self {
        self.inner.env_remove(key);
        self
    }

    /// Shows the command, runs it with its output passed through, and fails if it fails.
    pub(crate) fn run(mut self) -> Result<()> {
        let shown = self.show();
        println!("$ {shown}");
        let status = self.inner.status().with_context(|| format!("could not start `{shown}`"))?;
        if !status.success() {
            bail!("`{shown}` failed ({status})");
        }
        Ok(())
    }

    /// Shows the command and runs it; what it says on standard error is returned, or its end shown if it fails.
    pub(crate) fn run_quietly(mut self) -> Result<String> {
        let shown = self.show();
        println!("$ {shown}");
        let output = self.inner.output().with_context(|| format!("could not start `{shown}`"))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            let lines: Vec<_> = said.lines().collect();
            eprintln!("{}", lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"));
            bail!("`{shown}` failed ({})", output.status);
        }
        Ok(said)
    }

    /// Runs silently and returns what it wrote to standard output.
    pub(crate) fn read(mut self) -> Result<String> {
        let shown = self.show();
        let output = self.inner.output().with_context(|| format!("could not start `{shown}`"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("`{shown}` failed ({}): {}", output.status, said.trim());
        }
        String::from_utf8(output.stdout).with_context(|| format!("`{shown}` did not write UTF-8"))
    }

    /// True if the program exists and succeeds; for finding out what is installed.
    pub(crate) fn succeeds(mut self) -> bool {
        self.inner.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
    }

    /// The command as a person would type it: the program without its folder, arguments quoted where they must be.
    fn show(&self) -> String {
        let program = Path::new(self.inner.get_program());
        let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
        let mut shown = name;
        for arg in self.inner.get_args() {
            let arg = arg.to_string_lossy();
            shown.push(' ');
            if arg.is_empty() || arg.contains(char::is_whitespace) {
                shown.push_str(&format!("'{arg}'"));
            } else {
                shown.push_str(&arg);
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_typed() {
        let cmd = Cmd::new("bin/cargo", Path::new(".")).args(["test", "--", "a b", ""]);
        assert_eq!(cmd.show(), "cargo test -- 'a b' ''");
    }

    #[test]
    fn a_missing_program_does_not_succeed() {
        assert!(!Cmd::new("no-such-program-anywhere", Path::new(".")).succeeds());
        let error = Cmd::new("no-such-program-anywhere", Path::new(".")).read().unwrap_err();
        assert_eq!(error.to_string(), "could not start `no-such-program-anywhere`");
    }
}
