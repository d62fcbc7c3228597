//! Where the records and fields of a delimited text begin and end, in memory bounded by the longest record.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;

use memchr::memchr;

use crate::error::Error;
use crate::read::Source;

/// What is read at once where records are short.
const CHUNK: usize = 64 << 10;
/// A quoted field longer than this is taken for a quote that nobody closed.
const LONGEST_QUOTE: usize = 1 << 20;
/// No table has so many columns.
const LONGEST_RECORD: usize = 256 << 20;
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A record's place in the buffer of its scanner, valid until more is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    start: usize,
    end: usize,
    /// The line it begins in, from 1.
    pub(crate) line: u64,
}

/// Splits what a source gives into records: lines, but for line ends inside quotes.
pub(crate) struct Scanner<R> {
    name: String,
    reader: R,
    delimiter: u8,
    buffer: Vec<u8>,
    /// What of the buffer is read and not yet handed out.
    pending: Range<usize>,
    /// The line that begins at `pending.start`, from 1.
    line: u64,
    begun: bool,
    ended: bool,
}

/// A record that begins at some byte.
enum Found {
    /// Bytes without line end, bytes with it, and how many lines these are.
    Record {
        len: usize,
        next: usize,
        lines: u64,
    },
    /// More must be read to tell.
    Incomplete,
    Nothing,
}

impl<R: Read> Scanner<R> {
    pub(crate) fn new(source: Source<R>, delimiter: u8) -> Self {
        Self {
            name: source.name,
            reader: source.reader,
            delimiter,
            buffer: Vec::new(),
            pending: 0..0,
            line: 1,
            begun: false,
            ended: false,
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The bytes of a record, without its line end.
    pub(crate) fn record(&self, span: Span) -> &[u8] {
        &self.buffer[span.start..span.end]
    }

    /// The next record that is not empty, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Span>, Error> {
        loop {
            match self.find()? {
                Found::Nothing => return Ok(None),
                Found::Incomplete => self.fill((2 * self.pending.len()).max(CHUNK))?,
                Found::Record { len, next, lines } => {
                    if let Some(span) = self.take(len, next, lines) {
                        return Ok(Some(span));
                    }
                }
            }
        }
    }

    /// All records in the next so many bytes, or the next one if it is longer; none at the end.
    pub(crate) fn batch(&mut self, bytes: usize) -> Result<Vec<Span>, Error> {
        self.fill(bytes.max(MARK.len()))?;
        let mut spans: Vec<Span> = self.next()?.into_iter().collect();
        while let Found::Record { len, next, lines } = self.find()? {
            spans.extend(self.take(len, next, lines));
        }
        Ok(spans)
    }

    /// Hands out a record, unless it is empty.
    fn take(&mut self, len: usize, next: usize, lines: u64) -> Option<Span> {
        let start = self.pending.start;
        let span = Span { start, end: start + len, line: self.line };
        self.pending.start += next;
        self.line += lines;
        (len > 0).then_some(span)
    }

    /// Reads until so many bytes are pending, or the source ends.
    fn fill(&mut self, bytes: usize) -> Result<(), Error> {
        self.buffer.copy_within(self.pending.clone(), 0);
        self.pending = 0..self.pending.len();
        if self.buffer.len() < bytes {
            self.buffer.resize(bytes, 0);
        }
        while !self.ended && self.pending.end < bytes {
            match self.reader.read(&mut self.buffer[self.pending.end..bytes]) {
                Ok(0) => self.ended = true,
                Ok(read) => self.pending.end += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::unreadable(&self.name, error)),
            }
        }
        if !std::mem::replace(&mut self.begun, true) && self.buffer[self.pending.clone()].starts_with(MARK) {
            self.pending.start += MARK.len();
        }
        Ok(())
    }

    fn find(&self) -> Result<Found, Error> {
        let rest = &self.buffer[self.pending.clone()];
        let line_end = memchr(b'\n', rest);
        let len = match line_end {
            Some(len) => len,
            None if !self.ended => {
                if rest.len() > LONGEST_QUOTE && memchr(b'"', rest).is_some() {
                    self.quoted(rest)?;
                }
                if rest.len() > LONGEST_RECORD {
                    return Err(self.reject(self.line, 0, "the record does not end within 256 MiB"));
                }
                return Ok(Found::Incomplete);
            }
            None if rest.is_empty() => return Ok(Found::Nothing),
            None => rest.len(),
        };
        let (len, lines) = if memchr(b'"', &rest[..len]).is_none() {
            (len, 1)
        } else {
            match self.quoted(rest)? {
                Some(found) => found,
                None => return Ok(Found::Incomplete),
            }
        };
        let next = (len + 1).min(rest.len());
        let len = if rest[..len].ends_with(b"\r") { len - 1 } else { len };
        Ok(Found::Record { len, next, lines })
    }

    /// The length of a record with quotes and its number of lines, if its end is there.
    fn quoted(&self, rest: &[u8]) -> Result<Option<(usize, u64)>, Error> {
        let (mut lines, mut field, mut at_start, mut opened) = (1, 0, true, None);
        let mut i = 0;
        while i < rest.len() {
            match (opened, rest[i]) {
                (Some(_), b'"') => match rest.get(i + 1) {
                    Some(b'"') => i += 1,
                    None if !self.ended => return Ok(None),
                    _ => opened = None,
                },
                (Some(start), _) if i - start > LONGEST_QUOTE => break,
                (Some(_), b'\n') => lines += 1,
                (Some(_), _) => {}
                (None, b'\n') => return Ok(Some((i, lines))),
                (None, b'"') if at_start => (opened, at_start) = (Some(i), false),
                (None, byte) => {
                    at_start = byte == self.delimiter;
                    field += usize::from(at_start);
                }
            }
            i += 1;
        }
        match opened {
            None if self.ended => Ok(Some((rest.len(), lines))),
            Some(start) if self.ended || i - start > LONGEST_QUOTE => {
                Err(self.reject(self.line, field, "a quote is opened and not closed"))
            }
            _ => Ok(None),
        }
    }
}

/// The fields of a record, quotes taken off.
pub(crate) struct Fields<'a> {
    rest: Option<&'a [u8]>,
    delimiter: u8,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(record: &'a [u8], delimiter: u8) -> Self {
        Self { rest: Some(record), delimiter }
    }

    /// What is left of the record, `None` after its last field.
    pub(crate) fn rest(&self) -> Option<&'a [u8]> {
        self.rest
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Cow<'a, [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.rest?;
        let mut unquoted = None;
        let mut begin = 0;
        if record.first() == Some(&b'"') {
            let (text, after) = unquote(record);
            (unquoted, begin) = (Some(text), after);
        }
        let end = memchr(self.delimiter, &record[begin..]).map_or(record.len(), |len| begin + len);
        self.rest = record.get(end + 1..);
        Some(match unquoted {
            None => Cow::Borrowed(&record[..end]),
            Some(mut text) => {
                text.extend_from_slice(&record[begin..end]);
                Cow::Owned(text)
            }
        })
    }
}

/// The text of a field in quotes, and where the closing quote ends.
fn unquote(record: &[u8]) -> (Vec<u8>, usize) {
    let mut text = Vec::new();
    let mut at = 1;
    while let Some(len) = memchr(b'"', &record[at..]) {
        text.extend_from_slice(&record[at..at + len]);
        at += len + 1;
        if record.get(at) != Some(&b'"') {
            return (text, at);
        }
        text.push(b'"');
        at += 1;
    }
    text.extend_from_slice(&record[at..]);
    (text, record.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::text;
    use proptest::prelude::*;

    /// A reader that gives one byte at a time.
    struct Dripping<'a>(&'a [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let len = self.0.len().min(buffer.len()).min(1);
            buffer[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }

    type Lines = Vec<(u64, Vec<String>)>;

    fn scanned(reader: impl Read, batch: usize) -> Result<Lines, Error> {
        let mut scanner = Scanner::new(Source::new("t", reader), b',');
        let mut found = Vec::new();
        loop {
            let spans = scanner.batch(batch)?;
            if spans.is_empty() {
                return Ok(found);
            }
            for span in spans {
                let fields = Fields::new(scanner.record(span), b',');
                found.push((span.line, fields.map(|bytes| text(bytes).unwrap().into_owned()).collect()));
            }
        }
    }

    #[test]
    fn quotes_line_ends_and_blank_lines() {
        let text = "\u{feff}a,\"b \"\"x\"\", y\"\r\n\n\"two\nlines\",c\"d\n\"e\"f,\n";
        let expected = vec![
            (1, vec!["a".into(), "b \"x\", y".into()]),
            (3, vec!["two\nlines".into(), "c\"d".into()]),
            (5, vec!["ef".into(), String::new()]),
        ];
        assert_eq!(scanned(text.as_bytes(), 1), Ok(expected.clone()));
        assert_eq!(scanned(text.as_bytes(), 1 << 20), Ok(expected.clone()));
        assert_eq!(scanned(Dripping(text.as_bytes()), 1), Ok(expected));
    }

    #[test]
    fn a_quote_that_is_not_closed_is_refused_early() {
        let error = scanned("a,b\nc,\"d\ne,f\n".as_bytes(), 1).unwrap_err();
        assert_eq!(error.to_string(), "t:2:2: a quote is opened and not closed");
        let endless = std::io::Cursor::new(b"\"").chain(std::io::repeat(b'x'));
        assert_eq!(scanned(endless, 1).unwrap_err().to_string(), "t:1:1: a quote is opened and not closed");
    }

    proptest! {
        /// The `csv` crate splits into the same records.
        #[test]
        fn records_are_those_of_another_reader(text in "[a,\"\n ]{0,40}", batch in 1..20usize) {
            let Ok(ours) = scanned(text.as_bytes(), batch) else { return Ok(()) };
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let theirs: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.unwrap().iter().map(|field| field.trim().to_owned()).collect())
                .collect();
            prop_assert_eq!(ours.into_iter().map(|(_, fields)| fields).collect::<Vec<_>>(), theirs);
        }
    }
}
