//! Folders that tables are read from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A folder of files: one on disk ([`Path`]), files in memory by name (`BTreeMap`), or your own, e.g. the inside of an
/// archive.
///
/// Paths are relative to the folder, parts joined by `/`.
///
/// # Example
/// ```
/// use std::collections::BTreeMap;
/// use parecon_io::formats::Folder;
///
/// let files = BTreeMap::from([("air/F.txt".to_owned(), b"text".to_vec())]);
/// assert_eq!(files.folders()?, ["air"]);
/// assert!(files.open("Z.txt")?.is_none());
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub trait Folder {
    /// A file to read, or `None` if there is none.
    ///
    /// # Errors
    /// A file that is there but cannot be opened.
    fn open(&self, path: &str) -> Result<Option<Box<dyn Read + '_>>, Error>;

    /// The names of the folders directly in this one, in order.
    ///
    /// # Errors
    /// A folder that cannot be looked into.
    fn folders(&self) -> Result<Vec<String>, Error>;

    /// What messages call a file.
    fn describe(&self, path: &str) -> String {
        path.to_owned()
    }
}

impl Folder for Path {
    fn open(&self, path: &str) -> Result<Option<Box<dyn Read + '_>>, Error> {
        match File::open(self.join(path)) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::unreadable(&self.describe(path), error)),
        }
    }

    fn folders(&self) -> Result<Vec<String>, Error> {
        let name = self.display().to_string();
        let unreadable = |error| Error::unreadable(&name, error);
        let mut folders = Vec::new();
        for entry in self.read_dir().map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if let (true, Some(name)) = (path.is_dir(), path.file_name()) {
                folders.push(name.to_string_lossy().into_owned());
            }
        }
        folders.sort();
        Ok(folders)
    }

    fn describe(&self, path: &str) -> String {
        self.join(path).display().to_string()
    }
}

impl Folder for PathBuf {
    fn open(&self, path: &str) -> Result<Option<Box<dyn Read + '_>>, Error> {
        self.as_path().open(path)
    }

    fn folders(&self) -> Result<Vec<String>, Error> {
        self.as_path().folders()
    }

    fn describe(&self, path: &str) -> String {
        self.as_path().describe(path)
    }
}

impl Folder for BTreeMap<String, Vec<u8>> {
    fn open(&self, path: &str) -> Result<Option<Box<dyn Read + '_>>, Error> {
        Ok(self.get(path).map(|bytes| Box::new(bytes.as_slice()) as Box<dyn Read>))
    }

    fn folders(&self) -> Result<Vec<String>, Error> {
        let mut folders: Vec<String> =
            self.keys().filter_map(|path| Some(path.split_once('/')?.0.to_owned())).collect();
        folders.dedup();
        Ok(folders)
    }
}
