//! A CSV file with one label at the head of every row and column, and numbers inside.

use std::io::Read;

use nalgebra::DMatrix;

use crate::error::Error;
use crate::read::Source;
use crate::read::cells::filled;
use crate::read::sheet::{Form, Sheet};

/// Labels and cells of a file, with the places to complain about.
#[derive(Debug)]
pub(crate) struct Grid {
    sheet: Sheet,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// The unit of the last digit written anywhere in the file.
    pub(crate) unit: f64,
    /// Empty cells are 0 rather than refused.
    pub(crate) empty_is_zero: bool,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) name: Option<String>,
}

impl Grid {
    /// Reads a whole file: a header record of column labels (its first field is not looked at), then a record per
    /// row. A second header field `name` announces readable names after the row labels.
    pub(crate) fn read<R: Read>(source: Source<R>) -> Result<Self, Error> {
        let mut sheet = Sheet::read(source, &Form { lead: None, ..Form::new(b',', 1, 1) })?;
        let columns = std::mem::take(&mut sheet.columns).into_iter().map(|labels| labels.concat()).collect();
        let rows = std::mem::take(&mut sheet.rows).into_iter().map(|labels| {
            let mut labels = labels.into_iter();
            Row {
                label: labels.next().unwrap_or_default(),
                name: labels.next().filter(|name| !name.is_empty()),
            }
        });
        Ok(Self { columns, rows: rows.collect(), unit: sheet.unit, empty_is_zero: false, sheet })
    }

    /// A cell, or `None` where it is empty.
    pub(crate) fn cell(&self, row: usize, column: usize) -> Option<f64> {
        self.sheet.cell(row, column)
    }

    /// A cell that must not be empty.
    pub(crate) fn number(&self, row: usize, column: usize) -> Result<f64, Error> {
        match self.cell(row, column) {
            None if self.empty_is_zero => Ok(0.0),
            cell => cell.ok_or_else(|| self.reject_cell(row, column, "is empty, must be a number")),
        }
    }

    /// The cells at these rows and columns.
    pub(crate) fn block(&self, rows: &[usize], columns: &[usize]) -> Result<DMatrix<f64>, Error> {
        self.check_full(rows, columns)?;
        Ok(self.sheet.cells.block(rows, columns).map(filled))
    }

    /// The cells at these rows and columns, without a copy where they stand in this order in the file.
    pub(crate) fn into_block(self, rows: &[usize], columns: &[usize]) -> Result<DMatrix<f64>, Error> {
        self.check_full(rows, columns)?;
        let mut block = self.sheet.cells.into_block(rows, columns);
        block.apply(|cell| *cell = filled(*cell));
        Ok(block)
    }

    /// Refuses empty cells, if they are to be refused.
    fn check_full(&self, rows: &[usize], columns: &[usize]) -> Result<(), Error> {
        match self.sheet.empties(rows, columns) {
            _ if self.empty_is_zero => Ok(()),
            None => Ok(()),
            Some((_, line, field)) => {
                Err(Error::parse(self.file(), line, field, "is empty, must be a number"))
            }
        }
    }

    /// A complaint about a column's label.
    pub(crate) fn reject_column(&self, column: usize, message: impl Into<String>) -> Error {
        self.sheet.reject_column(column, message)
    }

    /// A complaint about a row's label.
    pub(crate) fn reject_row(&self, row: usize, message: impl Into<String>) -> Error {
        self.sheet.reject_row(row, message)
    }

    /// A complaint about a cell.
    pub(crate) fn reject_cell(&self, row: usize, column: usize, message: impl Into<String>) -> Error {
        self.sheet.reject_cell(row, column, message)
    }

    /// A complaint about what the file does not have.
    pub(crate) fn reject_end(&self, message: impl Into<String>) -> Error {
        self.sheet.reject_end(message)
    }

    pub(crate) fn file(&self) -> &str {
        &self.sheet.file
    }
}
