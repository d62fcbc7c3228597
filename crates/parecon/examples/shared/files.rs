//! Files that no reader meets half written.

use std::path::Path;

use anyhow::{Context, Result};

/// Writes each file beside its place in the folder, which is created, and moves it there whole; returns the names.
pub(crate) fn write_whole(folder: &Path, files: &[(&str, Vec<u8>)]) -> Result<Vec<String>> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create the folder {}", folder.display()))?;
    // All are written before the first is moved, so that a full disk leaves an earlier run's files as they were.
    let part = |name: &str| folder.join(format!(".{name}.part"));
    let write = || -> Result<()> {
        for (name, bytes) in files {
            std::fs::write(part(name), bytes)
                .with_context(|| format!("cannot write {}", part(name).display()))?;
        }
        for (name, _) in files {
            let target = folder.join(name);
            std::fs::rename(part(name), &target)
                .with_context(|| format!("cannot write {}", target.display()))?;
        }
        Ok(())
    };
    if let Err(error) = write() {
        for (name, _) in files {
            let _ = std::fs::remove_file(part(name));
        }
        return Err(error);
    }
    Ok(files.iter().map(|(name, _)| (*name).to_owned()).collect())
}
