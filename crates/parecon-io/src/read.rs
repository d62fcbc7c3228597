//! Reading labelled CSV with places in every complaint.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::error::Error;

pub(crate) mod grid;

/// Something to read from, with the name it has in messages.
///
/// # Example
/// ```
/// use parecon_io::Source;
///
/// let error = Source::open("no/such/table.csv").unwrap_err();
/// assert!(error.is_unreadable());
/// assert!(error.to_string().starts_with("no/such/table.csv: "));
/// ```
#[derive(Clone, Debug)]
pub struct Source<R> {
    name: String,
    reader: R,
}

impl<R: Read> Source<R> {
    /// A reader under a name, e.g. a decompressing one, or bytes in memory.
    pub fn new(name: impl Into<String>, reader: R) -> Self {
        Self { name: name.into(), reader }
    }
}

impl Source<BufReader<File>> {
    /// A file, named by its path.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Error::unreadable(&name, error))?;
        Ok(Self { name, reader: BufReader::new(file) })
    }
}

/// The CSV records of a source, one at a time.
pub(crate) struct Records<R> {
    name: String,
    reader: csv::Reader<R>,
    record: csv::StringRecord,
}

/// Starts reading records; a byte-order mark is skipped, line ends may be `\n` or `\r\n`, blank lines are skipped.
pub(crate) fn records<R: Read>(source: Source<R>) -> Records<R> {
    // Flexible, because our own check of the number of fields names the place.
    let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(source.reader);
    Records { name: source.name, reader, record: csv::StringRecord::new() }
}

impl<R: Read> Records<R> {
    /// The next record, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Record<'_>>, Error> {
        let more = self.reader.read_record(&mut self.record);
        match more {
            Ok(true) => Ok(Some(Record { file: &self.name, fields: &self.record })),
            Ok(false) => Ok(None),
            Err(error) => Err(self.reject(&error)),
        }
    }

    /// The line the reader stands at, for complaints about what is missing.
    pub(crate) fn line(&self) -> u64 {
        self.reader.position().line()
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    fn reject(&self, error: &csv::Error) -> Error {
        match error.kind() {
            csv::ErrorKind::Utf8 { pos, err } => {
                let line = pos.as_ref().map_or(self.line(), csv::Position::line);
                Error::parse(&self.name, line, err.field() + 1, "is not UTF-8 text")
            }
            _ => Error::unreadable(&self.name, error),
        }
    }
}

/// One record, with its place.
pub(crate) struct Record<'a> {
    file: &'a str,
    fields: &'a csv::StringRecord,
}

impl Record<'_> {
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn line(&self) -> u64 {
        self.fields.position().map_or(0, csv::Position::line)
    }

    /// A complaint about a field, counted from 0.
    pub(crate) fn reject(&self, field: usize, message: impl Into<String>) -> Error {
        Error::parse(self.file, self.line(), field + 1, message)
    }

    /// Refuses a record with another number of fields.
    pub(crate) fn expect_fields(&self, wanted: usize) -> Result<(), Error> {
        let found = self.fields.len();
        if found == wanted {
            return Ok(());
        }
        let message = format!("the record has {found} fields, must have {wanted}");
        Err(self.reject(found.min(wanted), message))
    }

    /// A field's text without surrounding blanks; must not be empty.
    pub(crate) fn text(&self, field: usize) -> Result<&str, Error> {
        match self.raw(field) {
            "" => Err(self.reject(field, "is empty, must have a text")),
            text => Ok(text),
        }
    }

    /// A field's text without surrounding blanks; empty if there is none.
    pub(crate) fn raw(&self, field: usize) -> &str {
        self.fields.get(field).unwrap_or_default().trim()
    }

    /// A field as a finite number, or `None` where it is empty.
    pub(crate) fn number(&self, field: usize) -> Result<Option<f64>, Error> {
        let text = self.raw(field);
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Some(value)),
            Ok(_) => Err(self.reject(field, format!("{text:?} is not a finite number"))),
            Err(_) if text.is_empty() => Ok(None),
            Err(_) => Err(self.reject(field, format!("{text:?} is not a number"))),
        }
    }
}

/// The unit of the last digit written in a number: 0.1 for `12.5`, 1 for `12` and `12.0`.
pub(crate) fn last_digit(text: &str) -> i32 {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], text[at + 1..].parse::<i32>().unwrap_or(0)),
        None => (text, 0),
    };
    let decimals = match mantissa.split_once('.') {
        Some((_, decimals)) => decimals.trim_end_matches('0').len(),
        None => 0,
    };
    // Nobody writes 2^31 decimals, but a file may.
    exponent.saturating_sub(i32::try_from(decimals).unwrap_or(i32::MAX)).min(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_written() {
        for (text, expected) in
            [("12", 0), ("12.0", 0), ("12.50", -1), ("-0.0026", -4), ("1e-06", -6), ("2.5E3", 0)]
        {
            assert_eq!(last_digit(text), expected, "{text}");
        }
    }
}
