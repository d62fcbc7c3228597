//! Eurostat's FIGARO tables.

use std::io::Read;

use crate::error::Error;
use crate::formats::Import;
use crate::formats::assemble::{Role, assemble, parted};
use crate::formats::ledger::{Ledger, Party};
use crate::names::Names;
use crate::read::sheet::{Form, Sheet};
use crate::read::{Record, Records, Source, Stream, records};

mod supply_use;

pub use supply_use::read_figaro_supply_use;

/// The area under which value added and other primary inputs stand.
const PRIMARY: &str = "W2";
const UNIT: &str = "million euros";

/// Whether a code is a use of final demand: `P3_S14`, `P51G`, `P5M`.
fn is_final(code: &str) -> bool {
    code.starts_with("P3") || code.starts_with("P5")
}

/// Reads a symmetric table of FIGARO in matrix form (industry by industry or product by product) from CSV.
///
/// ```text
/// rowLabels,AT_A01,AT_A02,...,AT_P3_S13,...
/// AT_A01,2026.3,1.7,...
/// W2_D21X31,...
/// W2_B2A3G,...
/// ```
///
/// Labels are area and code, parted at the first `_`. Columns whose code begins with `P3` or `P5` are final demand; rows
/// of the area `W2` are value added and the other primary inputs: taxes less subsidies on products (`D21X31`), residents'
/// and non-residents' purchases (`OP_RES`, `OP_NRES`), compensation (`D1`), other net taxes (`D29X39`), surplus (`B2A3G`).
///
/// Unit: million euros at current prices.
///
/// # Errors
/// As [`read_icio`](super::read_icio).
///
/// # Complexity
/// O(n²) for n sectors; memory for the matrix.
///
/// # Reference
/// Eurostat, *FIGARO tables: EU inter-country supply, use and input-output tables*.
///
/// # Example
/// ```
/// use parecon_io::{Source, formats::read_figaro};
///
/// let text = "\
/// rowLabels,AT_A01,BE_A01,AT_P3_S14,BE_P51G
/// AT_A01,1,2,3,4
/// BE_A01,5,6,7,8
/// W2_D1,4,18,0,0
/// ";
/// let table = read_figaro(Source::new("figaro.csv", text.as_bytes()))?.table;
/// assert_eq!(table.final_demand_categories().codes().last(), Some("BE.P51G"));
/// assert_eq!(table.output().as_slice(), [10.0, 26.0]);
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn read_figaro<R: Read>(source: Source<R>) -> Result<Import, Error> {
    let sheet = Sheet::read(source, &Form::new(b',', 1, 1))?;
    let mut rows = Vec::with_capacity(sheet.rows.len());
    for (i, labels) in sheet.rows.iter().enumerate() {
        rows.push(match parted(&labels.concat(), '_') {
            Some((area, code)) if area == PRIMARY => Role::ValueAdded(code),
            Some(key) => Role::Sector(key),
            None => return Err(sheet.reject_row(i, format!("row {:?} is not AREA_CODE", labels.concat()))),
        });
    }
    let mut columns = Vec::with_capacity(sheet.columns.len());
    for (j, labels) in sheet.columns.iter().enumerate() {
        columns.push(match parted(&labels.concat(), '_') {
            Some(key) if is_final(&key.1) => Role::FinalDemand(key),
            Some(key) => Role::Sector(key),
            None => {
                return Err(sheet.reject_column(j, format!("column {:?} is not AREA_CODE", labels.concat())));
            }
        });
    }
    assemble(sheet, rows, columns, &Names::default(), UNIT)
}

/// Reads a symmetric table of FIGARO in flat form from CSV, one record per cell; cells that are not there are 0.
///
/// ```text
/// icioiRow,icioiCol,refArea,rowIi,counterpartArea,colIi,obsValue
/// AT_A01,AT_A01,AT,A01,AT,A01,2026.3
/// AT_A01,BE_P3_S14,AT,A01,BE,P3_S14,1.4
/// W2_D1,AT_A01,W2,D1,AT,A01,511.0
/// ```
///
/// Columns are found by their names, in any order: `refArea`, `counterpartArea`, one that begins with `row` and one that
/// begins with `col`, and `obsValue` (or `obs_value`). The rest is not looked at. Areas and codes are as in
/// [`read_figaro`]. The flat files of supply and of use are not symmetric: [`read_figaro_supply_use`] reads them.
///
/// # Errors
/// As [`read_icio`](super::read_icio); a cell that appears twice.
///
/// # Complexity
/// O(n² + k) for n sectors and k records; memory for both.
///
/// # Reference
/// As [`read_figaro`].
///
/// # Example
/// ```
/// use parecon_io::{Source, formats::read_figaro_flat};
///
/// let text = "\
/// icioiRow,icioiCol,refArea,rowIi,counterpartArea,colIi,obsValue
/// AT_A01,BE_A01,AT,A01,BE,A01,2.5
/// BE_A01,BE_P3_S14,BE,A01,BE,P3_S14,4
/// AT_A01,BE_P3_S14,AT,A01,BE,P3_S14,3
/// W2_D1,BE_A01,W2,D1,BE,A01,1.5
/// ";
/// let table = read_figaro_flat(Source::new("flat.csv", text.as_bytes()))?.table;
/// assert_eq!(table.sectors().codes().collect::<Vec<_>>(), ["AT.A01", "BE.A01"]);
/// assert_eq!(table.flows()[(0, 1)], 2.5);
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn read_figaro_flat<R: Read>(source: Source<R>) -> Result<Import, Error> {
    let mut flat = Flat::new(source, &["Ii", "Pp"], "of a symmetric table")?;
    let mut ledger = Ledger::new(flat.records.name().to_owned());
    while let Some((record, at)) = flat.next()? {
        let (area, code) = (record.text(at.from_area)?, record.text(at.from)?);
        let seller = if area == PRIMARY { Party::ValueAdded(code) } else { Party::Sector(area, code) };
        let (area, code) = (record.text(at.to_area)?, record.text(at.to)?);
        let buyer = if is_final(code) { Party::FinalDemand(area, code) } else { Party::Sector(area, code) };
        let value = record.number(at.value)?;
        ledger.push(&record, at.from, (seller, buyer), value, (at.value, record.raw(at.value)))?;
    }
    ledger.finish(flat.records.line(), UNIT)
}

/// The records of a flat file.
pub(super) struct Flat<R> {
    pub(super) records: Records<R>,
    width: usize,
    fields: Fields,
}

/// Where a flat file has what, as fields.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub(super) from_area: usize,
    pub(super) from: usize,
    pub(super) to_area: usize,
    pub(super) to: usize,
    pub(super) value: usize,
}

impl<R: Read> Flat<R> {
    /// Reads the names of the columns; those of codes end in one of `kinds`, products (`P`) or industries (`I`) in rows and
    /// in columns.
    pub(super) fn new(source: Source<R>, kinds: &[&str], of: &str) -> Result<Self, Error> {
        let mut records = records(source);
        let file = records.name().to_owned();
        let Some(header) = records.next()? else {
            let message = "the file is empty, must start with the names of its columns";
            return Err(Error::parse(&file, 1, 1, message));
        };
        let width = header.len();
        let find = |what: &str, test: &dyn Fn(&str) -> bool| {
            let found = (0..width).find(|&field| test(header.raw(field)));
            found.ok_or_else(|| header.reject(width, format!("there is no column {what}")))
        };
        let code = |start: &str| {
            let names: Vec<String> = kinds.iter().map(|kind| format!("{start}{kind}")).collect();
            let shown: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
            find(&format!("{} ({of})", shown.join(" or ")), &|name| names.iter().any(|each| each == name))
        };
        let from_area = find("\"refArea\"", &|name| name == "refArea")?;
        let to_area = find("\"counterpartArea\"", &|name| name == "counterpartArea")?;
        let (from, to) = (code("row")?, code("col")?);
        let value = find("\"obsValue\"", &|name| {
            ["obsvalue", "obs_value"].contains(&name.to_ascii_lowercase().as_str())
        })?;
        Ok(Self { records, width, fields: Fields { from_area, from, to_area, to, value } })
    }

    pub(super) fn next(&mut self) -> Result<Option<(Record<'_>, Fields)>, Error> {
        let Some(record) = self.records.next()? else { return Ok(None) };
        record.expect_fields(self.width)?;
        Ok(Some((record, self.fields)))
    }
}
