//! The crate that spreads councils over processes: a workspace of its own, because it needs Open MPI.

use crate::shell::{Cmd, Outcome};
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};

/// Where its manifest is.
pub(crate) const MANIFEST: &str = "crates/parecon-planning-mpi/Cargo.toml";

const INSTALL: &str = "Debian: `apt-get install libopenmpi-dev openmpi-bin libclang-dev`";

/// Checks for Open MPI, then lints and tests the crate. Who asks for it wants it done: what is missing is a failure.
pub(crate) fn run(ws: &Workspace) -> Result<Outcome> {
    for (program, what) in
        [("mpirun", "starts the processes of a test"), ("mpicc", "knows where Open MPI's library lies")]
    {
        let said = Cmd::new(program, &ws.root).args(["--version"]).read().ok();
        if let Some(missing) = missing(program, what, said.as_deref()) {
            bail!("{missing}");
        }
    }
    Cmd::cargo(&ws.root).args(["fmt", "--manifest-path", MANIFEST, "--check"]).run()?;
    Cmd::cargo(&ws.root)
        .args(["clippy", "--manifest-path", MANIFEST, "--all-targets", "--", "-D", "warnings"])
        .run()
        .with_context(|| format!("if it is `libclang` that was not found ({INSTALL})"))?;
    Cmd::cargo(&ws.root).args(["test", "--manifest-path", MANIFEST]).run()?;
    Ok(Outcome::Done)
}

/// What to say if the program is not there, or is another implementation's.
fn missing(program: &str, what: &str, said: Option<&str>) -> Option<String> {
    match said {
        None => Some(format!("`{program}`, which {what}, is not installed ({INSTALL})")),
        // The compiler wrapper answers as the compiler does.
        Some(version) if program == "mpirun" && !version.contains("Open MPI") => {
            let first = version.lines().next().unwrap_or_default();
            Some(format!("`{program}` is of another MPI than Open MPI, {first:?} ({INSTALL})"))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        let told = |program, said| missing(program, "does it", said).unwrap_or_default();
        assert_eq!(told("mpirun", Some("mpirun (Open MPI) 4.1.4\n\nReport bugs")), "");
        assert_eq!(told("mpicc", Some("gcc 12")), "");
        assert!(
            told("mpicc", None).starts_with("`mpicc`, which does it, is not installed (Debian: `apt-get")
        );
        assert!(told("mpirun", Some("HYDRA build details:")).contains("\"HYDRA build details:\""));
    }
}
