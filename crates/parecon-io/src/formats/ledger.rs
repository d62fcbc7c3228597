//! A table from single cells in any order.

use std::collections::HashMap;

use nalgebra::{DMatrix, DVector};

use crate::axis::Axis;
use crate::error::Error;
use crate::formats::Import;
use crate::formats::assemble::{Axes, Key, shown};
use crate::names::Names;
use crate::read::Record;
use crate::read::cells::filled;
use crate::read::number::last_digit;
use crate::report::{Check, Checker};
use crate::satellite::Satellite;

/// Who gives or takes what a record counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Party<'a> {
    Sector(&'a str, &'a str),
    FinalDemand(&'a str, &'a str),
    ValueAdded(&'a str),
    /// Of an account.
    Stressor(&'a str, &'a str),
    /// Whoever takes all that a sector makes.
    Output,
}

/// Labels in the order of their first appearance.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) keys: Vec<Key>,
    index: HashMap<String, u32>,
    /// To look up without allocating.
    joined: String,
}

impl Keys {
    pub(super) fn place(&mut self, region: &str, member: &str) -> u32 {
        self.joined.clear();
        self.joined.extend([region, "\0", member]);
        if let Some(&place) = self.index.get(&self.joined) {
            return place;
        }
        let place = self.keys.len() as u32;
        self.index.insert(self.joined.clone(), place);
        self.keys.push((region.to_owned(), member.to_owned()));
        place
    }
}

pub(super) struct Cell {
    pub(super) row: u32,
    pub(super) column: u32,
    pub(super) line: u64,
    pub(super) value: f64,
}

/// The matrices of a table, as lists of cells.
#[derive(Clone, Copy)]
enum Block {
    Flows,
    FinalDemand,
    ValueAdded,
    Output,
    Stressors,
    DirectStressors,
}

/// Collects cells until the labels are known.
pub(super) struct Ledger {
    file: String,
    sectors: Keys,
    categories: Keys,
    components: Keys,
    /// Account and code.
    stressors: Keys,
    units: Vec<Option<String>>,
    cells: [Vec<Cell>; 6],
    left_out: Vec<f64>,
    digit: i32,
}

impl Ledger {
    pub(super) fn new(file: String) -> Self {
        Self {
            file,
            sectors: Keys::default(),
            categories: Keys::default(),
            components: Keys::default(),
            stressors: Keys::default(),
            units: Vec::new(),
            cells: [const { Vec::new() }; 6],
            left_out: Vec::new(),
            digit: 0,
        }
    }

    /// Books what a record says; `field` is the giver's, to complain about, and `text` the value as it was written.
    pub(super) fn push(
        &mut self,
        record: &Record<'_>,
        field: usize,
        (from, to): (Party<'_>, Party<'_>),
        value: f64,
        (value_field, text): (usize, &str),
    ) -> Result<(), Error> {
        self.digit = self.digit.min(last_digit(text));
        let (block, row, column) = match (from, to) {
            (Party::Sector(r, b), Party::Sector(s, c)) => {
                (Block::Flows, self.sectors.place(r, b), self.sectors.place(s, c))
            }
            (Party::Sector(r, b), Party::FinalDemand(s, p)) => {
                (Block::FinalDemand, self.sectors.place(r, b), self.categories.place(s, p))
            }
            (Party::Sector(r, b), Party::Output) => (Block::Output, self.sectors.place(r, b), 0),
            (Party::ValueAdded(code), Party::Sector(s, c)) => {
                (Block::ValueAdded, self.components.place("", code), self.sectors.place(s, c))
            }
            (Party::ValueAdded(code), Party::FinalDemand(s, p)) => {
                let component = self.components.place("", code) as usize;
                self.categories.place(s, p);
                self.left_out.resize(self.left_out.len().max(component + 1), 0.0);
                self.left_out[component] += value;
                if self.left_out[component].is_finite() {
                    return Ok(());
                }
                return Err(record.reject(value_field, "the sum of this component is not finite"));
            }
            (Party::Stressor(account, code), Party::Sector(s, c)) => {
                (Block::Stressors, self.stressors.place(account, code), self.sectors.place(s, c))
            }
            (Party::Stressor(account, code), Party::FinalDemand(s, p)) => {
                (Block::DirectStressors, self.stressors.place(account, code), self.categories.place(s, p))
            }
            (Party::ValueAdded(_) | Party::Stressor(..), Party::Output) => {
                return Err(record.reject(field, "only a sector has output"));
            }
            (Party::FinalDemand(..) | Party::Output, _) => {
                return Err(record.reject(field, "final demand and output only take, they give nothing"));
            }
            (_, Party::ValueAdded(_) | Party::Stressor(..)) => {
                return Err(record.reject(field, "value added and stressors only give, they take nothing"));
            }
        };
        self.cells[block as usize].push(Cell { row, column, line: record.line(), value });
        Ok(())
    }

    /// The unit of a stressor; all its records must have the same.
    pub(super) fn unit(&mut self, account: &str, code: &str, unit: &str) -> Result<(), String> {
        let place = self.stressors.place(account, code) as usize;
        self.units.resize(self.units.len().max(place + 1), None);
        match &self.units[place] {
            Some(known) if known != unit => Err(format!("unit is {unit:?} here and {known:?} before")),
            _ => {
                self.units[place] = Some(unit.to_owned());
                Ok(())
            }
        }
    }

    /// The table; `line` is the last of the file.
    pub(super) fn finish(mut self, line: u64, unit: &str) -> Result<Import, Error> {
        for (noun, keys) in [("sector", &self.sectors), ("final-demand category", &self.categories)] {
            if keys.keys.is_empty() {
                let message = format!("there is no {noun}, must be at least one");
                return Err(Error::parse(&self.file, line, 1, message));
            }
        }
        let axes = Axes::new(&self.sectors.keys, &self.categories.keys, &Names::default())?;
        let (n, m) = (self.sectors.keys.len(), self.categories.keys.len());
        let sector = |i: usize| shown(&self.sectors.keys[i]);
        let category = |j: usize| shown(&self.categories.keys[j]);
        let component = |k: usize| shown(&self.components.keys[k]);
        let stressor = |k: usize| shown(&self.stressors.keys[k]);
        let place =
            |cells: &mut Vec<Cell>, shape, from: &dyn Fn(usize) -> String, to: &dyn Fn(usize) -> String| {
                placed(&self.file, std::mem::take(cells), shape, from, to)
            };
        let [flows, demand, added, output, stressors, direct] = &mut self.cells;
        let (no_output, no_direct) = (output.is_empty(), direct.is_empty());
        let output = place(output, (n, 1), &sector, &|_| "output".to_owned())?;
        if let Some(i) = output.iter().position(|x| x.is_nan()).filter(|_| !no_output) {
            let message = format!("sector {:?} has no output, others have", sector(i));
            return Err(Error::parse(&self.file, line, 1, message));
        }
        let demand = place(demand, (n, m), &sector, &category)?.map(filled);
        let added = place(added, (self.components.keys.len(), n), &component, &sector)?.map(filled);
        let stressors = place(stressors, (self.stressors.keys.len(), n), &stressor, &sector)?.map(filled);
        let direct = place(direct, (self.stressors.keys.len(), m), &stressor, &category)?;
        let flows = place(flows, (n, n), &sector, &sector)?.map(filled);

        let value_added = match self.components.keys.is_empty() {
            true => None,
            false => Some((Axis::from_codes(self.components.keys.iter().map(|(_, code)| code))?, added)),
        };
        let output = (!no_output).then(|| DVector::from_column_slice(output.as_slice()));
        let mut table = axes.table(flows, demand, value_added, output)?;
        let mut accounts: Vec<&str> = Vec::new();
        for (account, _) in &self.stressors.keys {
            if !accounts.contains(&account.as_str()) {
                accounts.push(account);
            }
        }
        for account in accounts {
            let rows: Vec<usize> =
                (0..self.stressors.keys.len()).filter(|&k| self.stressors.keys[k].0 == account).collect();
            let codes = rows.iter().map(|&k| self.stressors.keys[k].1.as_str());
            let units = rows.iter().map(|&k| self.units.get(k).cloned().flatten().unwrap_or_default());
            let satellite =
                Satellite::new(account, Axis::from_codes(codes)?, units, stressors.select_rows(&rows))?;
            let own = direct.select_rows(&rows);
            let satellite = if no_direct || own.iter().all(|cell| cell.is_nan()) {
                satellite
            } else {
                satellite.with_final_demand(own.map(filled))?
            };
            table = table.with_satellite(satellite)?;
        }
        let mut checker = Checker::default();
        for (k, &sum) in self.left_out.iter().enumerate().filter(|(_, sum)| **sum != 0.0) {
            let offender = format!("value-added component {:?} of final demand", component(k));
            checker.push(Check::LeftOut, offender, sum, 0.0, 0.0);
        }
        let table = table.with_rounding(10f64.powi(self.digit))?.with_unit(unit);
        Ok(Import { table, notes: checker.finish() })
    }
}

/// More cells than any table has: so many labels are a mistake, which must not end the program for want of memory.
const MOST_CELLS: u64 = 1 << 34;

/// A matrix of cells, NaN where there are none; a cell that comes twice is refused.
pub(super) fn placed(
    file: &str,
    cells: Vec<Cell>,
    (rows, columns): (usize, usize),
    from: &dyn Fn(usize) -> String,
    to: &dyn Fn(usize) -> String,
) -> Result<DMatrix<f64>, Error> {
    let mut places = Vec::new();
    if rows as u64 * columns as u64 > MOST_CELLS || places.try_reserve_exact(rows * columns).is_err() {
        let message = format!("{rows} x {columns} cells do not fit into memory");
        return Err(Error::parse(file, 1, 1, message));
    }
    places.resize(rows * columns, f64::NAN);
    let mut matrix = DMatrix::from_vec(rows, columns, places);
    for cell in cells {
        let (i, j) = (cell.row as usize, cell.column as usize);
        if !matrix[(i, j)].is_nan() {
            let message = format!("{:?} to {:?} appears twice", from(i), to(j));
            return Err(Error::parse(file, cell.line, 1, message));
        }
        matrix[(i, j)] = cell.value;
    }
    Ok(matrix)
}
