//! A CSV file with a label at the head of every row and column, and numbers inside.

use std::collections::HashMap;
use std::io::Read;

use nalgebra::DMatrix;

use crate::error::Error;
use crate::read::{Source, last_digit, records};

/// Labels and cells of a file, with the places to complain about.
#[derive(Debug)]
pub(crate) struct Grid {
    file: String,
    header_line: u64,
    /// Fields before the first cell: the row's label, and its name where the file has names.
    lead: usize,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// Row by row.
    cells: Vec<Option<f64>>,
    /// The unit of the last digit written anywhere in the file.
    pub(crate) unit: f64,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) name: Option<String>,
    line: u64,
}

impl Grid {
    /// Reads a whole file: a header record of column labels (its first field is not looked at), then a record per
    /// row. A second header field `name` announces readable names after the row labels.
    pub(crate) fn read<R: Read>(source: Source<R>) -> Result<Self, Error> {
        let mut records = records(source);
        let file = records.name().to_owned();
        let Some(header) = records.next()? else {
            return Err(Error::parse(&file, 1, 1, "the file is empty, must start with column labels"));
        };
        let named = header.len() > 1 && header.raw(1).eq_ignore_ascii_case("name");
        let lead = if named { 2 } else { 1 };
        let mut columns = Vec::with_capacity(header.len().saturating_sub(lead));
        let mut seen = HashMap::new();
        for field in lead..header.len() {
            let label = header.text(field)?.to_owned();
            if let Some(first) = seen.insert(label.clone(), field) {
                return Err(header
                    .reject(field, format!("column {label:?} appears twice, first as field {}", first + 1)));
            }
            columns.push(label);
        }
        if columns.is_empty() {
            return Err(header.reject(lead, "the header has no column labels"));
        }
        let header_line = header.line();

        let mut grid =
            Self { file, header_line, lead, columns, rows: Vec::new(), cells: Vec::new(), unit: 1.0 };
        let mut digit = 0;
        let mut seen: HashMap<String, u64> = HashMap::new();
        while let Some(record) = records.next()? {
            let (label, line) = (record.text(0)?.to_owned(), record.line());
            if let Some(first) = seen.insert(label.clone(), line) {
                return Err(record.reject(0, format!("row {label:?} appears twice, first in line {first}")));
            }
            record.expect_fields(lead + grid.columns.len())?;
            for field in lead..record.len() {
                grid.cells.push(record.number(field)?);
                digit = digit.min(last_digit(record.raw(field)));
            }
            let name = (named && !record.raw(1).is_empty()).then(|| record.raw(1).to_owned());
            grid.rows.push(Row { label, name, line });
        }
        if grid.rows.is_empty() {
            return Err(Error::parse(&grid.file, records.line(), 1, "the file ends before the first row"));
        }
        grid.unit = 10f64.powi(digit);
        Ok(grid)
    }

    /// A cell, or `None` where it is empty.
    pub(crate) fn cell(&self, row: usize, column: usize) -> Option<f64> {
        self.cells[row * self.columns.len() + column]
    }

    /// A cell that must not be empty.
    pub(crate) fn number(&self, row: usize, column: usize) -> Result<f64, Error> {
        self.cell(row, column).ok_or_else(|| self.reject_cell(row, column, "is empty, must be a number"))
    }

    /// The cells at these rows and columns; none may be empty.
    pub(crate) fn block(&self, rows: &[usize], columns: &[usize]) -> Result<DMatrix<f64>, Error> {
        let mut block = DMatrix::zeros(rows.len(), columns.len());
        for (i, &row) in rows.iter().enumerate() {
            for (j, &column) in columns.iter().enumerate() {
                block[(i, j)] = self.number(row, column)?;
            }
        }
        Ok(block)
    }

    /// A complaint about a column's label.
    pub(crate) fn reject_column(&self, column: usize, message: impl Into<String>) -> Error {
        Error::parse(&self.file, self.header_line, self.lead + column + 1, message)
    }

    /// A complaint about a row's label.
    pub(crate) fn reject_row(&self, row: usize, message: impl Into<String>) -> Error {
        Error::parse(&self.file, self.rows[row].line, 1, message)
    }

    /// A complaint about a cell.
    pub(crate) fn reject_cell(&self, row: usize, column: usize, message: impl Into<String>) -> Error {
        Error::parse(&self.file, self.rows[row].line, self.lead + column + 1, message)
    }

    /// A complaint about what the file does not have.
    pub(crate) fn reject_end(&self, message: impl Into<String>) -> Error {
        let line = self.rows.last().map_or(self.header_line, |row| row.line);
        Error::parse(&self.file, line + 1, 1, message)
    }

    pub(crate) fn file(&self) -> &str {
        &self.file
    }
}
