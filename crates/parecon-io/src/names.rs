//! Readable names for codes.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::read::{Source, Stream, records};

/// Readable names by code, to put on the axes of a table whose source carries codes only.
///
/// # Example
/// ```
/// use parecon_io::{Names, Source};
///
/// let text = "code,name\n622,Hospitals\n55,\"Management of companies, and enterprises\"\n";
/// let names = Names::read_csv(Source::new("names.csv", text.as_bytes()))?;
/// assert_eq!(names.get("622").as_deref(), Some("Hospitals"));
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Reads two columns, code and name. A first record `code,name` is a header; nothing else is skipped.
    ///
    /// # Errors
    /// Names the place of a record with another number of fields, of an empty field and of a repeated code.
    ///
    /// # Complexity
    /// O(n log n) for n names.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Names, Source};
    ///
    /// let error = Names::read_csv(Source::new("names.csv", "622,Hospitals\n622,Clinics\n".as_bytes())).unwrap_err();
    /// assert_eq!(error.to_string(), r#"names.csv:2:1: code "622" appears twice"#);
    /// ```
    pub fn read_csv<R: Read>(source: Source<R>) -> Result<Self, Error> {
        let mut names = BTreeMap::new();
        let mut records = records(source);
        let mut first = true;
        while let Some(record) = records.next()? {
            record.expect_fields(2)?;
            let (code, name) = (record.text(0)?, record.text(1)?);
            if std::mem::take(&mut first)
                && code.eq_ignore_ascii_case("code")
                && name.eq_ignore_ascii_case("name")
            {
                continue;
            }
            if names.insert(code.to_owned(), name.to_owned()).is_some() {
                return Err(record.reject(0, format!("code {code:?} appears twice")));
            }
        }
        Ok(Self(names))
    }

    /// The name of a code.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<String> {
        self.0.get(code).cloned()
    }
}

impl<C: Into<String>, N: Into<String>> FromIterator<(C, N)> for Names {
    fn from_iter<I: IntoIterator<Item = (C, N)>>(names: I) -> Self {
        Self(names.into_iter().map(|(code, name)| (code.into(), name.into())).collect())
    }
}
