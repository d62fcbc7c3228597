//! Tables in CSV, naming file, line and column of what is not accepted.

use std::io::Read;
use std::str::FromStr;

use crate::{Error, Minutes};

/// A table whose columns are found by name.
pub(crate) struct Table<'a> {
    file: &'a str,
    names: &'a [&'a str],
    /// Where each of `names` is, if it is there.
    columns: Vec<Option<usize>>,
    /// Names after the prefix, and where those columns are.
    prefixed: Vec<(String, usize)>,
    rows: Vec<(u64, csv::StringRecord)>,
}

/// A row of a [`Table`].
pub(crate) struct Row<'a> {
    table: &'a Table<'a>,
    line: u64,
    record: &'a csv::StringRecord,
}

impl<'a> Table<'a> {
    /// Reads a table that may have the columns `names` and no others, and must have the first `required` of them.
    pub(crate) fn read(
        file: &'a str,
        names: &'a [&'a str],
        required: usize,
        source: impl Read,
    ) -> Result<Self, Error> {
        Table::with_prefix(file, names, required, None, source)
    }

    /// The same with any columns whose names start with a prefix.
    pub(crate) fn with_prefix(
        file: &'a str,
        names: &'a [&'a str],
        required: usize,
        prefix: Option<&str>,
        source: impl Read,
    ) -> Result<Self, Error> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source);
        let headers = reader.headers().map_err(|e| refused(file, &e))?.clone();
        let (mut columns, mut prefixed) = (vec![None; names.len()], Vec::new());
        for (at, header) in headers.iter().enumerate() {
            // Spreadsheets like to start a file with a byte-order mark.
            let header = header.trim_start_matches('\u{feff}');
            if let Some(rest) = prefix.and_then(|prefix| header.strip_prefix(prefix)) {
                if prefixed.iter().any(|(known, _)| known == rest) {
                    return Err(Error::cell(file, 1, Some(header), "listed twice"));
                }
                prefixed.push((rest.to_owned(), at));
                continue;
            }
            let Some(known) = names.iter().position(|name| *name == header) else {
                let expected = names.join(", ");
                let message = format!("unknown column {}, known are {expected}", at + 1);
                return Err(Error::cell(file, 1, Some(header), message));
            };
            if let Some(first) = columns[known].replace(at) {
                let message = format!("listed twice, as column {} and column {}", first + 1, at + 1);
                return Err(Error::cell(file, 1, Some(header), message));
            }
        }
        if let Some(missing) = names.iter().zip(&columns).take(required).find(|(_, at)| at.is_none()) {
            return Err(Error::cell(file, 1, Some(missing.0), "the column is missing"));
        }
        let mut rows = Vec::new();
        for record in reader.into_records() {
            let record = record.map_err(|e| refused(file, &e))?;
            rows.push((record.position().map_or(0, csv::Position::line), record));
        }
        Ok(Table { file, names, columns, prefixed, rows })
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, record)| Row { table: self, line: *line, record })
    }

    /// What follows the prefix in the names of the columns that have it.
    pub(crate) fn prefixed(&self) -> impl Iterator<Item = &str> {
        self.prefixed.iter().map(|(rest, _)| rest.as_str())
    }

    /// Checks that there is one of the columns `hours` and `minutes`.
    pub(crate) fn check_time_column(&self) -> Result<(), Error> {
        let message = match (self.has("hours"), self.has("minutes")) {
            (true, true) => "the table also has a column \"minutes\": must have one of the two",
            (false, false) => "the column is missing (\"minutes\" would do as well)",
            _ => return Ok(()),
        };
        Err(Error::cell(self.file, 1, Some("hours"), message))
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().zip(&self.columns).any(|(known, at)| *known == name && at.is_some())
    }
}

fn refused(file: &str, error: &csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::Io(cause) => Error::io(file, cause),
        csv::ErrorKind::Utf8 { .. } => Error::cell(file, line, None, "not valid UTF-8"),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Error::cell(
            file,
            line,
            None,
            format!("has {len} fields, must have {expected_len} like the header"),
        ),
        _ => Error::cell(file, line, None, "not readable as CSV"),
    }
}

impl Row<'_> {
    /// The cell in a column; empty if the table does not have the column.
    pub(crate) fn text(&self, name: &str) -> &str {
        let column = self.table.names.iter().position(|known| *known == name);
        column.and_then(|c| self.table.columns[c]).and_then(|at| self.record.get(at)).unwrap_or("")
    }

    /// The cell in a column found by its prefix and what follows.
    pub(crate) fn after_prefix(&self, rest: &str) -> &str {
        let at = self.table.prefixed.iter().find(|(known, _)| known == rest).map(|(_, at)| *at);
        at.and_then(|at| self.record.get(at)).unwrap_or("")
    }

    /// An error of the row as a whole.
    pub(crate) fn refused(&self, message: impl Into<String>) -> Error {
        Error::cell(self.table.file, self.line, None, message)
    }

    pub(crate) fn error(&self, name: &str, message: impl Into<String>) -> Error {
        Error::cell(self.table.file, self.line, Some(name), message)
    }

    /// The cell, which must not be empty.
    pub(crate) fn key(&self, name: &str) -> Result<&str, Error> {
        let text = self.text(name);
        if text.is_empty() { Err(self.error(name, "must not be empty")) } else { Ok(text) }
    }

    pub(crate) fn number<T: FromStr>(&self, name: &str, wanted: &str) -> Result<T, Error> {
        let text = self.text(name);
        text.parse().map_err(|_| self.error(name, format!("\"{text}\" is not {wanted}")))
    }

    /// The cell as a number, if it is not empty.
    pub(crate) fn optional<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Option<T>, Error> {
        if self.text(name).is_empty() { Ok(None) } else { self.number(name, wanted).map(Some) }
    }

    /// The entries of a list separated by semicolons.
    pub(crate) fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.text(name).split(';').map(str::trim).filter(|entry| !entry.is_empty())
    }

    /// Time from whichever of the columns `hours` and `minutes` the table has.
    pub(crate) fn time(&self) -> Result<Minutes, Error> {
        if self.table.has("minutes") {
            self.number("minutes", "a whole number of minutes").map(Minutes::new)
        } else {
            let hours = self.number("hours", "a number of hours")?;
            Minutes::from_hours(hours).map_err(|e| self.error("hours", e.to_string()))
        }
    }
}
