//! A text with labels at the head of its rows and columns and numbers inside.

use std::collections::HashMap;
use std::io::Read;

use memchr::memchr;

use crate::error::Error;
use crate::read::cells::Cells;
use crate::read::scan::{Fields, Scanner, Span};
use crate::read::{Source, number, text};

/// Text that is parsed at once, by as many threads as there are.
const BATCH: usize = 4 << 20;

/// How the labels stand in a text.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(crate) delimiter: u8,
    /// Records may come before the labels of the columns: all until the first that has a label.
    pub(crate) titles: bool,
    /// Levels of column labels, a record each.
    pub(crate) header: usize,
    /// Levels of row labels, a field each; `None`: one, and a second for names if the header says `name` there.
    pub(crate) lead: Option<usize>,
    /// Labels may be empty.
    pub(crate) blanks: bool,
    /// How many rows there will be, to reserve memory for; 0 for as many as columns.
    pub(crate) rows: usize,
}

impl Form {
    /// So many levels of row and of column labels.
    pub(crate) fn new(delimiter: u8, lead: usize, header: usize) -> Self {
        Self { delimiter, titles: false, header, lead: Some(lead), blanks: false, rows: 0 }
    }
}

/// Labels of all levels, outermost first.
pub(crate) type Labels = Vec<String>;

/// Labels and cells of a text, with the places to complain about.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) file: String,
    /// The first fields of the records of column labels.
    pub(crate) corner: Vec<Labels>,
    header_line: u64,
    pub(crate) lead: usize,
    /// The second level of row labels are names.
    pub(crate) named: bool,
    pub(crate) columns: Vec<Labels>,
    pub(crate) rows: Vec<Labels>,
    lines: Vec<u64>,
    /// NaN where the text is empty: no number that is read is.
    pub(crate) cells: Cells,
    /// The unit of the last digit written anywhere in the text.
    pub(crate) unit: f64,
}

impl Sheet {
    /// Cells by column under labels, each at least one, with rows counted from 1 and no line of labels.
    #[cfg(feature = "parquet")]
    pub(crate) fn of_columns(
        file: &str,
        rows: Vec<Labels>,
        columns: Vec<Labels>,
        cells: Vec<f64>,
    ) -> Result<Self, Error> {
        let sheet = Self {
            file: file.to_owned(),
            corner: Vec::new(),
            header_line: 0,
            lead: 0,
            named: false,
            lines: (1..=rows.len() as u64).collect(),
            cells: Cells::of_columns(cells, rows.len(), columns.len()),
            rows,
            columns,
            unit: 1.0,
        };
        if sheet.rows.is_empty() {
            return Err(Error::parse(file, 1, 1, "the file ends before the first row"));
        }
        for (noun, labels) in [("row", &sheet.rows), ("column", &sheet.columns)] {
            let mut seen = HashMap::new();
            for (place, labels) in labels.iter().enumerate() {
                if labels.iter().any(String::is_empty) {
                    let message = format!("column {}: has an empty label", place + 1);
                    return Err(sheet.reject_column(place, message));
                }
                if let Some(first) = seen.insert(labels, place + 1) {
                    let message =
                        format!("{noun} {:?} appears twice, first as {noun} {first}", labels.join(", "));
                    return Err(match noun {
                        "row" => sheet.reject_row(place, message),
                        _ => sheet.reject_column(place, message),
                    });
                }
            }
        }
        Ok(sheet)
    }

    /// Reads a whole text, in the memory of its matrix and of the longest record.
    pub(crate) fn read<R: Read>(source: Source<R>, form: &Form) -> Result<Self, Error> {
        let mut scanner = Scanner::new(source, form.delimiter);
        let mut sheet = Self::header(&mut scanner, form)?;
        let mut seen = HashMap::new();
        let mut block = Vec::new();
        let mut digit = 0;
        let mut spans = if form.header > 1 { sheet.after_names(&mut scanner)? } else { Vec::new() };
        let width = sheet.columns.len();
        loop {
            if spans.is_empty() {
                spans = scanner.batch(BATCH)?;
            }
            if spans.is_empty() {
                break;
            }
            block.resize(spans.len() * width, 0.0);
            for row in sheet.parse(&scanner, &spans, &mut block, form.blanks) {
                let row = row?;
                if let Some(first) = seen.insert(row.labels.clone(), row.line) {
                    let label = row.labels.join(", ");
                    let message = format!("row {label:?} appears twice, first in line {first}");
                    return Err(scanner.reject(row.line, 0, message));
                }
                if let Some((field, message)) = row.rejected {
                    return Err(scanner.reject(row.line, field, message));
                }
                digit = digit.min(row.digit);
                let name = row.name.into_iter();
                sheet.rows.push(row.labels.into_iter().chain(name).collect());
                sheet.lines.push(row.line);
            }
            sheet.cells.push(&block);
            spans.clear();
        }
        if sheet.rows.is_empty() {
            let line = scanner.line();
            return Err(Error::parse(&sheet.file, line, 1, "the file ends before the first row"));
        }
        sheet.unit = 10f64.powi(digit);
        Ok(sheet)
    }

    fn header<R: Read>(scanner: &mut Scanner<R>, form: &Form) -> Result<Self, Error> {
        let mut corner = Vec::new();
        let mut columns: Vec<Labels> = Vec::new();
        let (mut lead, mut named, mut header_line) = (form.lead.unwrap_or(1), false, 1);
        for level in 0..form.header {
            let mut next = scanner.next()?;
            while let Some(span) = next.filter(|_| level == 0 && form.titles) {
                if scanner.texts(span)?.get(lead).is_some_and(|label| !label.is_empty()) {
                    break;
                }
                next = scanner.next()?;
            }
            let Some(span) = next else {
                let (line, message) = match level {
                    0 => (1, "the file is empty, must start with column labels"),
                    _ => (scanner.line(), "the file ends before the last level of column labels"),
                };
                return Err(Error::parse(scanner.name(), line, 1, message));
            };
            let texts = scanner.texts(span)?;
            if form.lead.is_none() && texts.get(1).is_some_and(|text| text.eq_ignore_ascii_case("name")) {
                (lead, named) = (2, true);
            }
            corner.push(texts.iter().take(lead).map(|text| text.to_string()).collect());
            let labels = texts.get(lead..).unwrap_or_default();
            if level == 0 {
                header_line = span.line;
                columns.resize(labels.len(), Labels::with_capacity(form.header));
            } else if labels.len() != columns.len() {
                let (found, wanted) = (texts.len(), lead + columns.len());
                let message = format!("the record has {found} fields, must have {wanted}");
                return Err(scanner.reject(span.line, found.min(wanted), message));
            }
            for (j, label) in labels.iter().enumerate() {
                if label.is_empty() && !form.blanks {
                    return Err(scanner.reject(span.line, lead + j, "is empty, must have a text"));
                }
                columns[j].push(label.to_string());
            }
            if labels.is_empty() {
                return Err(scanner.reject(span.line, lead, "the header has no column labels"));
            }
        }
        let mut seen = HashMap::new();
        for (j, labels) in columns.iter().enumerate() {
            if let Some(first) = seen.insert(labels, lead + j + 1) {
                let label = labels.join(", ");
                let message = format!("column {label:?} appears twice, first as field {first}");
                return Err(scanner.reject(header_line, lead + j, message));
            }
        }
        let rows = if form.rows == 0 { columns.len() } else { form.rows };
        Ok(Self {
            file: scanner.name().to_owned(),
            corner,
            header_line,
            lead,
            named,
            cells: Cells::new(columns.len(), rows),
            columns,
            rows: Vec::new(),
            lines: Vec::new(),
            unit: 1.0,
        })
    }

    /// Skips the record that pandas writes between several levels of column labels and the cells, if the row labels
    /// have names: these names, and nothing else.
    fn after_names<R: Read>(&mut self, scanner: &mut Scanner<R>) -> Result<Vec<Span>, Error> {
        let mut spans = scanner.batch(BATCH)?;
        if let Some(&first) = spans.first() {
            let fields = scanner.texts(first)?;
            let (names, cells) = fields.split_at(self.lead.min(fields.len()));
            if cells.iter().all(|cell| cell.is_empty()) && names.iter().any(|name| !name.is_empty()) {
                self.corner.push(names.iter().map(|name| name.to_string()).collect());
                spans.remove(0);
            }
        }
        Ok(spans)
    }

    fn parse<R: Read>(
        &self,
        scanner: &Scanner<R>,
        spans: &[Span],
        block: &mut [f64],
        blanks: bool,
    ) -> Vec<Result<Row, Error>> {
        let records: Vec<(&[u8], u64)> =
            spans.iter().map(|&span| (scanner.record(span), span.line)).collect();
        let (file, delimiter) = (scanner.name(), scanner.delimiter());
        let row = |((record, line), cells): ((&[u8], u64), &mut [f64])| {
            let reject = |field: usize, message| Error::parse(file, line, field + 1, message);
            Row::parse(record, delimiter, (self.lead, self.named), blanks, cells)
                .map(|row| Row { line, ..row })
                .map_err(|(field, message)| reject(field, message))
        };
        #[cfg(feature = "parallel")]
        {
            use rayon::prelude::*;
            records.into_par_iter().zip(block.par_chunks_mut(self.columns.len())).map(row).collect()
        }
        #[cfg(not(feature = "parallel"))]
        records.into_iter().zip(block.chunks_mut(self.columns.len())).map(row).collect()
    }

    /// A cell, or `None` where it is empty.
    pub(crate) fn cell(&self, row: usize, column: usize) -> Option<f64> {
        Some(self.cells.get(row, column)).filter(|value| !value.is_nan())
    }

    /// The line of a row.
    pub(crate) fn line(&self, row: usize) -> u64 {
        self.lines[row]
    }

    /// A complaint about a column's label.
    pub(crate) fn reject_column(&self, column: usize, message: impl Into<String>) -> Error {
        Error::parse(&self.file, self.header_line, self.lead + column + 1, message)
    }

    /// A complaint about a row's label.
    pub(crate) fn reject_row(&self, row: usize, message: impl Into<String>) -> Error {
        Error::parse(&self.file, self.lines[row], 1, message)
    }

    /// A complaint about a cell.
    pub(crate) fn reject_cell(&self, row: usize, column: usize, message: impl Into<String>) -> Error {
        Error::parse(&self.file, self.lines[row], self.lead + column + 1, message)
    }

    /// A complaint about what the file does not have.
    pub(crate) fn reject_end(&self, message: impl Into<String>) -> Error {
        let line = self.lines.last().map_or(self.header_line, |line| *line);
        Error::parse(&self.file, line + 1, 1, message)
    }

    /// How many of these cells are empty, and where the first is, as line and field.
    pub(crate) fn empties(&self, rows: &[usize], columns: &[usize]) -> Option<(usize, u64, usize)> {
        let mut count = 0;
        let mut first: Option<(usize, usize)> = None;
        for &j in columns {
            for &i in rows.iter().filter(|&&i| self.cells.get(i, j).is_nan()) {
                count += 1;
                first = Some(first.map_or((i, j), |first| first.min((i, j))));
            }
        }
        first.map(|(i, j)| (count, self.lines[i], self.lead + j + 1))
    }
}

/// Labels of a row; its cells are put elsewhere.
struct Row {
    labels: Labels,
    name: Option<String>,
    line: u64,
    digit: i32,
    /// The first fault of its cells.
    rejected: Option<(usize, String)>,
}

impl Row {
    fn parse(
        record: &[u8],
        delimiter: u8,
        (lead, named): (usize, bool),
        blanks: bool,
        cells: &mut [f64],
    ) -> Result<Self, (usize, String)> {
        let mut fields = Fields::new(record, delimiter);
        let mut labels = Labels::with_capacity(lead);
        for (field, bytes) in fields.by_ref().take(lead).enumerate() {
            let label = text(bytes).ok_or_else(|| (field, "is not UTF-8 text".to_owned()))?;
            // A name may be missing.
            if label.is_empty() && !blanks && !(named && field == 1) {
                return Err((field, "is empty, must have a text".to_owned()));
            }
            labels.push(label.into_owned());
        }
        let name = if named && labels.len() == 2 { labels.pop() } else { None };
        let mut digit = 0;
        let rejected = numbers(fields, delimiter, cells, &mut digit).err().map(|cell| {
            let found = Fields::new(record, delimiter).count();
            let wanted = lead + cells.len();
            if found != wanted {
                return (found.min(wanted), format!("the record has {found} fields, must have {wanted}"));
            }
            let field = lead + cell;
            let fault = Fields::new(record, delimiter).nth(field).and_then(text);
            let fault = fault.map_or(Some("is not UTF-8 text".to_owned()), |text| number::parse(&text).err());
            (field, fault.unwrap_or_default())
        });
        Ok(Self { labels, name, line: 0, digit, rejected })
    }
}

/// Parses as many cells as there are room for, and nothing after them; else says which one is not a number, or where
/// there are too few or too many.
fn numbers(mut fields: Fields<'_>, delimiter: u8, cells: &mut [f64], digit: &mut i32) -> Result<(), usize> {
    let Some(rest) = fields.rest() else { return Err(0) };
    if memchr(b'"', rest).is_some() {
        for (j, cell) in cells.iter_mut().enumerate() {
            let text = fields.next().and_then(text).ok_or(j)?;
            *cell = number::parse(&text).map_err(|_| j)?.unwrap_or(f64::NAN);
            *digit = (*digit).min(number::last_digit(&text));
        }
        return if fields.rest().is_none() { Ok(()) } else { Err(cells.len()) };
    }
    let mut at = 0;
    for (j, cell) in cells.iter_mut().enumerate() {
        if j > 0 {
            // The delimiter.
            at += 1;
        }
        if at > rest.len() {
            return Err(j);
        }
        (*cell, at) = number::field(rest, at, delimiter, digit).map_err(|()| j)?;
    }
    if at == rest.len() { Ok(()) } else { Err(cells.len()) }
}
