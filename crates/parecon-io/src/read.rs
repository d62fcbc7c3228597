//! Reading labelled text with places in every complaint.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Chain, Cursor, Read};
use std::path::Path;

use crate::error::Error;
use crate::read::scan::{Fields, Scanner, Span};

pub(crate) mod cells;
pub(crate) mod grid;
pub(crate) mod number;
pub(crate) mod scan;
pub(crate) mod sheet;

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

    pub(crate) fn into_parts(self) -> (String, R) {
        (self.name, self.reader)
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

/// Enough to see how a text begins.
const GLANCE: u64 = 4096;

/// A source that has been looked at, again from its beginning.
pub(crate) type Glanced<R> = Source<BufReader<Chain<Cursor<Vec<u8>>, R>>>;

/// What the first bytes of a source say, and the source.
pub(crate) fn glanced<R: Read, T>(
    source: Source<R>,
    look: impl FnOnce(&[u8]) -> T,
) -> Result<(T, Glanced<R>), Error> {
    let (name, mut reader) = source.into_parts();
    let mut glance = Vec::new();
    let read = reader.by_ref().take(GLANCE).read_to_end(&mut glance);
    read.map_err(|error| Error::unreadable(&name, error))?;
    let seen = look(&glance);
    Ok((seen, Source::new(name, BufReader::new(Cursor::new(glance).chain(reader)))))
}

/// The first line of a text that is not blank.
pub(crate) fn first_line(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default()
}

/// The records of a source, one at a time.
pub(crate) struct Records<R> {
    scanner: Scanner<R>,
}

/// Starts reading comma-separated records; a byte-order mark is skipped, line ends may be `\n` or `\r\n`, blank lines
/// are skipped.
pub(crate) fn records<R: Read>(source: Source<R>) -> Records<R> {
    records_by(source, b',')
}

/// Starts reading records with fields parted by `delimiter`.
pub(crate) fn records_by<R: Read>(source: Source<R>, delimiter: u8) -> Records<R> {
    Records { scanner: Scanner::new(source, delimiter) }
}

/// Records, one at a time.
pub(crate) trait Stream {
    /// What messages call the file.
    fn name(&self) -> &str;

    /// The line the reader stands at, for complaints about what is missing.
    fn line(&self) -> u64;

    /// The next record, or `None` at the end.
    fn next(&mut self) -> Result<Option<Record<'_>>, Error>;
}

impl<R: Read> Stream for Records<R> {
    fn name(&self) -> &str {
        self.scanner.name()
    }

    fn line(&self) -> u64 {
        self.scanner.line()
    }

    fn next(&mut self) -> Result<Option<Record<'_>>, Error> {
        let Some(span) = self.scanner.next()? else { return Ok(None) };
        let record = Record { file: self.scanner.name(), line: span.line, fields: self.scanner.texts(span)? };
        Ok(Some(record))
    }
}

impl<R: Read> Scanner<R> {
    /// The fields of a record as texts without surrounding blanks.
    pub(crate) fn texts(&self, span: Span) -> Result<Vec<Cow<'_, str>>, Error> {
        let fields = Fields::new(self.record(span), self.delimiter());
        let texts = fields.enumerate().map(|(field, bytes)| {
            text(bytes).ok_or_else(|| self.reject(span.line, field, "is not UTF-8 text"))
        });
        texts.collect()
    }

    /// A complaint about a field, counted from 0.
    pub(crate) fn reject(&self, line: u64, field: usize, message: impl Into<String>) -> Error {
        Error::parse(self.name(), line, field + 1, message)
    }
}

/// Bytes as text without surrounding blanks, unless they are no UTF-8.
pub(crate) fn text(bytes: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match bytes {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(|text| Cow::Borrowed(text.trim())),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(|text| Cow::Owned(text.trim().to_owned())),
    }
}

/// One record, with its place.
pub(crate) struct Record<'a> {
    file: &'a str,
    line: u64,
    fields: Vec<Cow<'a, str>>,
}

impl<'a> Record<'a> {
    #[cfg(feature = "parquet")]
    pub(crate) fn new(file: &'a str, line: u64, fields: Vec<Cow<'a, str>>) -> Self {
        Self { file, line, fields }
    }

    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// A complaint about a field, counted from 0.
    pub(crate) fn reject(&self, field: usize, message: impl Into<String>) -> Error {
        Error::parse(self.file, self.line, field + 1, message)
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
        self.fields.get(field).map_or("", |text| text)
    }

    /// A field as a finite number; must not be empty.
    pub(crate) fn number(&self, field: usize) -> Result<f64, Error> {
        match number::parse(self.raw(field)) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.reject(field, "is empty, must be a number")),
            Err(message) => Err(self.reject(field, message)),
        }
    }
}
