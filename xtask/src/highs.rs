//! The engine of parecon-jobs that compiles C++ for minutes, and so is in no other check.

use crate::shell::{Cmd, Outcome};
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::path::Path;

/// The feature, also left out wherever features are listed for a check.
pub(crate) const FEATURE: &str = "highs";

const INSTALL: &str = "Debian: `apt-get install cmake g++ libclang-dev`";

/// Where distributions put libclang.
const FOLDERS: [&str; 5] =
    ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];

/// Lints and tests parecon-jobs with the feature, if what it is built with is there.
pub(crate) fn run(ws: &Workspace) -> Result<Outcome> {
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".to_owned());
    let found = |program: &str| Cmd::new(program, &ws.root).args(["--version"]).succeeds();
    let missing = missing(&[
        ("cmake", found("cmake")),
        ("a C++ compiler", found(&compiler)),
        ("libclang", has_libclang(found)),
    ]);
    if let Some(missing) = missing {
        return Ok(Outcome::Skipped(missing));
    }
    let of_feature = ["--package", "parecon-jobs", "--features", FEATURE];
    Cmd::cargo(&ws.root)
        .args(["clippy", "--all-targets"])
        .args(of_feature)
        .args(["--", "-D", "warnings"])
        .run()
        .with_context(|| format!("if it is `libclang` that was not found ({INSTALL})"))?;
    Cmd::cargo(&ws.root).args(["test"]).args(of_feature).run()?;
    Ok(Outcome::Done)
}

fn has_libclang(found: impl Fn(&str) -> bool) -> bool {
    let holds = |folder: &Path| {
        std::fs::read_dir(folder).is_ok_and(|entries| {
            entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libclang"))
        })
    };
    let versions = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    std::env::var_os("LIBCLANG_PATH").is_some()
        || found("llvm-config")
        || FOLDERS.iter().any(|folder| holds(Path::new(folder)))
        || versions.into_iter().any(|folder| holds(&folder.join("lib")))
}

/// What to say if something is not there.
fn missing(tools: &[(&str, bool)]) -> Option<String> {
    let absent: Vec<&str> = tools.iter().filter(|(_, found)| !found).map(|(tool, _)| *tool).collect();
    (!absent.is_empty()).then(|| format!("HiGHS cannot be built without {} ({INSTALL})", absent.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(missing(&[("cmake", true), ("libclang", true)]), None);
        let told = missing(&[("cmake", false), ("a C++ compiler", true), ("libclang", false)]).unwrap();
        assert!(told.starts_with("HiGHS cannot be built without cmake, libclang (Debian:"), "{told}");
    }
}
