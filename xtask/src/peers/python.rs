//! The peers: Python programs in environments of their own below `target/`.

use crate::shell::Cmd;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// A script, what it needs, and the environment's folder.
pub(super) struct Peers {
    pub(super) script: &'static str,
    pub(super) requirements: &'static str,
    pub(super) home: &'static str,
}

/// pymrio, numpy and scipy.
pub(super) const IO: Peers = Peers {
    script: "xtask/peers/peers.py",
    requirements: "xtask/peers/requirements.txt",
    home: "peers-venv",
};

/// `SimPy` and Ciw.
pub(super) const REVIEW: Peers = Peers {
    script: "xtask/peers/review.py",
    requirements: "xtask/peers/review-requirements.txt",
    home: "review-peers-venv",
};

/// `HiGHS` and OR-Tools.
pub(super) const JOBS: Peers = Peers {
    script: "xtask/peers/jobs.py",
    requirements: "xtask/peers/jobs-requirements.txt",
    home: "jobs-peers-venv",
};

/// Every library that may lie below numpy reads one of these.
const THREADS: [&str; 3] = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"];

/// With these a user can hold `OpenBLAS` to the kernels of an older processor; peers are measured at their best.
const KERNELS: [&str; 2] = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"];

pub(super) struct Python {
    root: PathBuf,
    program: PathBuf,
    script: &'static str,
}

impl Python {
    /// Makes the environment unless it is there with the same requirements; or says what is missing.
    pub(super) fn prepare(ws: &Workspace, peers: &Peers) -> Result<Result<Self, String>> {
        let home = ws.target.join(peers.home);
        let bin = home.join(if cfg!(windows) { "Scripts" } else { "bin" });
        let python = Self { root: ws.root.clone(), program: bin.join("python"), script: peers.script };
        let requirements = ws.root.join(peers.requirements);
        let wanted = fs::read_to_string(&requirements)
            .with_context(|| format!("could not read {}", requirements.display()))?;
        let stamp = home.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(Ok(python));
        }
        if let Err(missing) = python.install(&home, &requirements) {
            return Ok(Err(missing));
        }
        fs::write(&stamp, wanted).with_context(|| format!("could not write {}", stamp.display()))?;
        Ok(Ok(python))
    }

    fn install(&self, home: &Path, requirements: &Path) -> Result<(), String> {
        let Some(system) = ["python3", "python"].into_iter().find(|name| has_venv(&self.root, name)) else {
            return Err("Python 3.11 or later with venv is not installed (Debian: `apt-get install \
                        python3-venv`); the peers are Python programs"
                .into());
        };
        let make = Cmd::new(system, &self.root).args(["-m", "venv", "--clear"]).args([home]);
        make.run_quietly().map_err(|error| format!("no environment for the peers: {error:#}"))?;
        let install = Cmd::new(&self.program, &self.root)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--only-binary",
                ":all:",
            ])
            .args([OsStr::new("--requirement"), requirements.as_os_str()]);
        install
            .run_quietly()
            .map_err(|error| format!("the peers could not be installed, is there a network? {error:#}"))?;
        Ok(())
    }

    fn script(&self, args: &[&OsStr]) -> Cmd {
        let script = Cmd::new(&self.program, &self.root).args([self.script]).args(args);
        KERNELS.iter().fold(script, |cmd, key| cmd.without_env(key))
    }

    /// Shows and runs the script.
    pub(super) fn run(&self, args: &[&OsStr]) -> Result<()> {
        self.script(args).run()
    }

    /// What the script prints when it may use so many threads.
    pub(super) fn read(&self, args: &[&OsStr], threads: usize) -> Result<String> {
        THREADS.iter().fold(self.script(args), |cmd, key| cmd.env(key, threads.to_string())).read()
    }
}

/// Debian has Python without the part that makes environments.
fn has_venv(root: &Path, python: &str) -> bool {
    let script = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";
    Cmd::new(python, root).args(["-c", script]).succeeds()
}
