//! FIGARO's supply and use tables.

use std::io::Read;

use nalgebra::DMatrix;

use crate::axis::{Axis, AxisKind};
use crate::error::Error;
use crate::formats::assemble::{Key, parted, shown};
use crate::formats::figaro::{Flat, PRIMARY, is_final};
use crate::formats::ledger::{Cell, Keys, placed};
use crate::make_use::{MakeUse, MakeUseParts};
use crate::read::cells::filled;
use crate::read::number::last_digit;
use crate::read::sheet::{Form, Labels, Sheet};
use crate::read::{Source, Stream, first_line, glanced};
use crate::report::{Check, Checker};

/// The column that only flat files have.
const FLAT: &[u8] = b"refArea";

/// Parts of labels that stand for sums of rows or columns.
const SUMS: [&str; 2] = ["TOTAL", "TOT"];

/// The one industry whose code begins like those of transactions.
const EDUCATION: &str = "P85";

/// Reads the supply and the use table of FIGARO from CSV, each in matrix or in flat form.
///
/// In matrix form (`matrix_eu-ic-supply_…csv`, `matrix_eu-ic-use_…csv`) rows are products, columns industries:
///
/// ```text
/// supply: rowLabels,AT_A01,AT_A02,...
///         AT_CPA_A01,8241.6,0,...
/// use:    rowLabels,AT_A01,AT_A02,...,AT_P3_S13,...
///         AT_CPA_A01,2026.3,1.7,...
///         W2_D1,511.0,...
/// ```
///
/// In flat form (`flatfile_eu-ic-…csv`) there is one record per cell; cells that are not there are 0:
///
/// ```text
/// supply: icsupRow,icsupCol,refArea,rowPi,counterpartArea,colPi,obsValue
///         AT_CPA_A01,AT_A01,AT,CPA_A01,AT,A01,8241.6
/// use:    icuseRow,icuseCol,refArea,rowPi,counterpartArea,colPi,obsValue
///         AT_CPA_A01,BE_C10T12,AT,CPA_A01,BE,C10T12,5.1
///         AT_CPA_A01,BE_P3_S14,AT,CPA_A01,BE,P3_S14,2.7
///         W2_D1,AT_A01,W2,D1,AT,A01,511.0
/// ```
///
/// Rows are products of an area, columns industries of an area, in use also final demand (`P3…`, `P5…`); rows of the area
/// `W2` are value added and the other primary inputs, as in [`read_figaro`](super::read_figaro). A file whose header names
/// `refArea` is flat; its columns are found by their names, in any order: `refArea`, `rowPi`, `counterpartArea`, `colPi`,
/// `obsValue` (or `obs_value`). The labels of the matrix form are known from programs that read it, not from the files
/// themselves. Labels that are not of this kind are refused: sums (`TOTAL`, `TOT`), transactions other than final demand
/// (`P6`, `P7`; `P85` is education), and columns of the area `W2`.
///
/// Codes are `AT.CPA_A01`, `AT.A01` and `BE.P3_S14`; [`Regions::split`](crate::Regions::split) parts them again once there
/// is a symmetric table. Industries and products are in the order of their first appearance, supply before use. Primary
/// inputs of final demand (taxes on what households buy) have no place in the tables: [`MakeUse::validate`] reports their
/// sum.
///
/// Unit: million euros at current prices.
///
/// # Errors
/// Names file, line and field of text that is no finite number, empty codes, records of another length, and cells that
/// appear twice. Primary inputs or final demand in supply, sums and other transactions in either. Tables without product, industry or final demand. A file that
/// cannot be read.
///
/// # Complexity
/// O(m n + k) for m industries, n products and k records or cells; memory for the matrices and what is not 0.
///
/// # Reference
/// Eurostat, *FIGARO tables: EU inter-country supply, use and input-output tables*.
///
/// # Example
/// ```
/// use parecon_io::{Model, Source, formats::read_figaro_supply_use};
///
/// let supply = "\
/// icsupRow,icsupCol,refArea,rowPi,counterpartArea,colPi,obsValue
/// AT_CPA_A01,AT_A01,AT,CPA_A01,AT,A01,10
/// BE_CPA_A01,BE_A01,BE,CPA_A01,BE,A01,4
/// ";
/// let use_ = "\
/// icuseRow,icuseCol,refArea,rowPi,counterpartArea,colPi,obsValue
/// AT_CPA_A01,BE_A01,AT,CPA_A01,BE,A01,3
/// AT_CPA_A01,BE_P3_S14,AT,CPA_A01,BE,P3_S14,7
/// BE_CPA_A01,BE_P3_S14,BE,CPA_A01,BE,P3_S14,4
/// W2_D1,AT_A01,W2,D1,AT,A01,10
/// W2_D1,BE_A01,W2,D1,BE,A01,1
/// ";
/// let source = |name, text: &'static str| Source::new(name, text.as_bytes());
/// let tables = read_figaro_supply_use(source("supply.csv", supply), source("use.csv", use_))?;
/// assert!(tables.validate().is_clean());
/// let table = tables.to_symmetric(Model::IndustryTechnology)?;
/// assert_eq!(table.flows()[(0, 1)], 3.0);
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn read_figaro_supply_use<S: Read, U: Read>(
    supply: Source<S>,
    use_: Source<U>,
) -> Result<MakeUse, Error> {
    let mut book = Book::default();
    let (supply, _) = book.read(supply, Table::Supply)?;
    let (file, line) = book.read(use_, Table::Use)?;
    book.finish(&supply, &file, line)
}

#[derive(Clone, Copy, PartialEq)]
enum Table {
    Supply,
    Use,
}

/// Who gives what is counted, by place.
#[derive(Clone, Copy)]
enum Giver {
    Product(u32),
    Component(u32),
}

/// Who takes it; in a supply table the industry that makes it.
#[derive(Clone, Copy)]
enum Taker {
    Industry(u32),
    Category(u32),
}

/// Cells of both tables until all labels are known.
#[derive(Default)]
struct Book {
    products: Keys,
    industries: Keys,
    categories: Keys,
    components: Keys,
    made: Vec<Cell>,
    used: Vec<Cell>,
    demanded: Vec<Cell>,
    added: Vec<Cell>,
    /// By component.
    left_out: Vec<f64>,
    /// Where the empty cells begin, and how many there are.
    empty: Vec<(String, usize)>,
    digit: i32,
}

impl Book {
    /// Enters a file; says what messages call it, and its last line.
    fn read<R: Read>(&mut self, source: Source<R>, table: Table) -> Result<(String, u64), Error> {
        let (flat, source) =
            glanced(source, |text| first_line(text).windows(FLAT.len()).any(|part| part == FLAT))?;
        if flat { self.flat(source, table) } else { self.matrix(source, table) }
    }

    fn flat<R: Read>(&mut self, source: Source<R>, table: Table) -> Result<(String, u64), Error> {
        let of = if table == Table::Supply { "of a supply table" } else { "of a use table" };
        let mut flat = Flat::new(source, &["Pi"], of)?;
        while let Some((record, at)) = flat.next()? {
            let giver = self
                .giver(table, record.text(at.from_area)?, record.text(at.from)?)
                .map_err(|message| record.reject(at.from_area, message))?;
            let taker = self
                .taker(table, record.text(at.to_area)?, record.text(at.to)?)
                .map_err(|message| record.reject(at.to, message))?;
            let value = record.number(at.value)?;
            self.digit = self.digit.min(last_digit(record.raw(at.value)));
            self.enter(table, giver, taker, value, record.line())
                .map_err(|message| record.reject(at.value, message))?;
        }
        Ok((flat.records.name().to_owned(), flat.records.line()))
    }

    fn matrix<R: Read>(&mut self, source: Source<R>, table: Table) -> Result<(String, u64), Error> {
        let sheet = Sheet::read(source, &Form::new(b',', 1, 1))?;
        let key = |labels: &Labels| -> Result<Key, String> {
            let label = labels.concat();
            parted(&label, '_').ok_or_else(|| format!("{label:?} is not AREA_CODE"))
        };
        let mut takers = Vec::with_capacity(sheet.columns.len());
        for (j, labels) in sheet.columns.iter().enumerate() {
            let taker = key(labels).and_then(|(area, code)| self.taker(table, &area, &code));
            takers.push(taker.map_err(|message| sheet.reject_column(j, message))?);
        }
        for (i, labels) in sheet.rows.iter().enumerate() {
            let giver = key(labels).and_then(|(area, code)| self.giver(table, &area, &code));
            let giver = giver.map_err(|message| sheet.reject_row(i, message))?;
            for (j, &taker) in takers.iter().enumerate() {
                // Most cells are 0, and so is what is not entered.
                if let Some(value) = sheet.cell(i, j).filter(|value| *value != 0.0) {
                    self.enter(table, giver, taker, value, sheet.line(i))
                        .map_err(|message| sheet.reject_cell(i, j, message))?;
                }
            }
        }
        let all = |count: usize| (0..count).collect::<Vec<_>>();
        if let Some((count, line, field)) = sheet.empties(&all(sheet.rows.len()), &all(takers.len())) {
            self.empty.push((format!("{}:{line}:{field} and on", sheet.file), count));
        }
        self.digit = self.digit.min(sheet.unit.log10().round() as i32);
        Ok((sheet.file.clone(), sheet.line(sheet.rows.len() - 1)))
    }

    fn giver(&mut self, table: Table, area: &str, code: &str) -> Result<Giver, String> {
        not_a_sum(area, code)?;
        match (area, table) {
            (PRIMARY, Table::Supply) => Err(format!("{area:?} is primary inputs, which are not supplied")),
            (PRIMARY, Table::Use) => Ok(Giver::Component(self.components.place("", code))),
            _ => Ok(Giver::Product(self.products.place(area, code))),
        }
    }

    fn taker(&mut self, table: Table, area: &str, code: &str) -> Result<Taker, String> {
        not_a_sum(area, code)?;
        if area == PRIMARY {
            return Err(format!("{area:?} is primary inputs, which take nothing"));
        }
        if code.starts_with('P') && !is_final(code) && code != EDUCATION {
            return Err(format!("{code:?} is neither an industry nor final demand (P3, P5)"));
        }
        match (is_final(code), table) {
            (true, Table::Supply) => Err(format!("{code:?} is final demand, which supplies nothing")),
            (true, Table::Use) => Ok(Taker::Category(self.categories.place(area, code))),
            _ => Ok(Taker::Industry(self.industries.place(area, code))),
        }
    }

    fn enter(
        &mut self,
        table: Table,
        giver: Giver,
        taker: Taker,
        value: f64,
        line: u64,
    ) -> Result<(), &'static str> {
        let (cells, row, column) = match (giver, taker) {
            // By industry and product.
            (Giver::Product(i), Taker::Industry(j)) if table == Table::Supply => (&mut self.made, j, i),
            (Giver::Product(i), Taker::Industry(j)) => (&mut self.used, i, j),
            (Giver::Product(i), Taker::Category(j)) => (&mut self.demanded, i, j),
            (Giver::Component(i), Taker::Industry(j)) => (&mut self.added, i, j),
            (Giver::Component(i), Taker::Category(_)) => {
                let component = i as usize;
                self.left_out.resize(self.left_out.len().max(component + 1), 0.0);
                self.left_out[component] += value;
                let finite = self.left_out[component].is_finite();
                return if finite { Ok(()) } else { Err("the sum of this component is not finite") };
            }
        };
        cells.push(Cell { row, column, line, value });
        Ok(())
    }

    fn finish(self, supply: &str, file: &str, line: u64) -> Result<MakeUse, Error> {
        let Self { products, industries, categories, components, .. } = self;
        for (noun, keys) in [("product", &products), ("industry", &industries), ("final demand", &categories)]
        {
            if keys.keys.is_empty() {
                let message = format!("there is no {noun}, must be at least one");
                return Err(Error::parse(file, line, 1, message));
            }
        }
        let matrix = |file: &str, cells: Vec<Cell>, rows: &Keys, columns: &Keys| -> Result<_, Error> {
            let shape = (rows.keys.len(), columns.keys.len());
            let label = |keys: &Keys, place: usize| shown(&keys.keys[place]);
            let cells: DMatrix<f64> =
                placed(file, cells, shape, &|i| label(rows, i), &|j| label(columns, j))?;
            Ok(cells.map(filled))
        };
        let parts = MakeUseParts {
            make: matrix(supply, self.made, &industries, &products)?,
            use_: matrix(file, self.used, &products, &industries)?,
            final_demand: matrix(file, self.demanded, &products, &categories)?,
            value_added: matrix(file, self.added, &components, &industries)?,
            industries: axis(&industries)?,
            commodities: axis(&products)?,
            final_demand_categories: axis(&categories)?,
            value_added_components: axis(&components)?,
        };
        let mut checker = Checker::default();
        for (k, &sum) in self.left_out.iter().enumerate().filter(|(_, sum)| **sum != 0.0) {
            let offender = format!("value-added component {:?} of final demand", shown(&components.keys[k]));
            checker.push(Check::LeftOut, offender, sum, 0.0, 0.0);
        }
        for (offender, count) in self.empty {
            checker.push(Check::EmptyCells, offender, count as f64, 0.0, 0.0);
        }
        let tables = MakeUse::new(parts)?.with_rounding(10f64.powi(self.digit))?;
        Ok(tables.with_findings(checker.finish().findings().to_vec()))
    }
}

/// Refuses totals, which would count twice.
fn not_a_sum(area: &str, code: &str) -> Result<(), String> {
    let sum = [area, code].into_iter().flat_map(|label| label.split('_')).find(|part| SUMS.contains(part));
    sum.map_or(Ok(()), |part| Err(format!("{area}_{code}: {part:?} is a sum, must be left out")))
}

fn axis<K: AxisKind>(keys: &Keys) -> Result<Axis<K>, Error> {
    Axis::from_codes(keys.keys.iter().map(shown))
}
