//! The World Input-Output Database, releases 2013 and 2016.

use std::io::Read;

use crate::error::Error;
use crate::formats::Import;
use crate::formats::assemble::{Key, Role, assemble, parted};
use crate::names::Names;
use crate::read::sheet::{Form, Sheet};
use crate::read::{Source, first_line, glanced};

/// What the release of 2016 calls totals over all regions, and output.
const TOTAL: &str = "TOT";
const OUTPUT: &str = "GO";
/// Final demand of the release of 2016.
const FINAL: [&str; 5] = ["CONS_h", "CONS_np", "CONS_g", "GFCF", "INVEN"];

/// Reads a world input-output table of WIOD's releases of 2013 and 2016 from CSV, in any of three layouts.
///
/// The sheet of a workbook published in 2013 (`wiot95_row_apr12.xlsx` and others), saved as CSV with nothing changed:
///
/// ```text
/// Intercountry Input-Output Table ...
///
/// (industry-by-industry),,,,AtB,C,...                codes
/// (millions of US$),,,,"Agriculture, ...",...        names
/// ,,,,AUS,AUS,...                                    regions
/// ,,,,c1,c2,...,c42,...                              numbers
/// AtB,"Agriculture, ...",AUS,c1,8732,93,...
/// ```
///
/// Numbers up to `c35` are branches, `c37` and above final demand; in the rows `r60` is the sum of purchases and
/// not looked at, `r61` to `r68` are value added and other primary inputs, `r69` is output. The last column is output.
///
/// The sheet of a workbook published in 2016 (`WIOT2014_Nov16_ROW.xlsb` and others), saved likewise:
///
/// ```text
/// Intercountry Input-Output Table
/// ...
/// (industry-by-industry),,,,A01,A02,...,CONS_h,...,GO      codes
/// (millions of US$),,,,"Crop and animal ...",...           names
/// ,,,,AUS,AUS,...,TOT                                      regions
/// ,,,,c1,c2,...,c57,...,c62                                numbers
/// A01,"Crop and animal ...",AUS,r1,12924,83,...
/// ```
///
/// Branches go by their codes, `AUS.A01`; `CONS_h`, `CONS_np`, `CONS_g`, `GFCF` and `INVEN` are final demand; of the rows
/// under `TOT`, `II_fob` is the sum of purchases and not looked at, `GO` is output, and the others (`TXSP`, `EXP_adj`,
/// `PURR`, `PURNR`, `VA`, `IntTTM`) are value added and other primary inputs.
///
/// Or one label per row and column, `AUS.c1` a branch and `AUS.C37` final demand:
///
/// ```text
/// row,AUS.c1,AUS.c2,...,AUS.C37,...
/// AUS.c1,8732,93,...
/// ```
///
/// This last layout has neither value added nor output: output is the sum of the row, value added what purchases leave of it,
/// so that columns balance by construction.
///
/// Flows are published in whole million dollars or with many digits; the unit of rounding is the last digit written.
///
/// # Errors
/// Names file, line and field of text that is no finite number, records of another length, repeated labels, and
/// sectors that have a row but no column or the other way round. A file that cannot be read.
///
/// # Complexity
/// O(n²) for n sectors; memory for the matrix.
///
/// # Reference
/// M. P. Timmer, E. Dietzenbacher, B. Los, R. Stehrer and G. J. de Vries, "An illustrated user guide to the World
/// Input–Output Database: the case of global automotive production", *Review of International Economics* 23, 2015.
///
/// # Example
/// ```
/// use parecon_io::{Check, Source, formats::read_wiod};
///
/// let text = "\
/// row,AUS.c1,AUT.c1,AUS.C37,AUT.C37
/// AUS.c1,8,1,9,2
/// AUT.c1,0,3,0,-1
/// ";
/// let table = read_wiod(Source::new("wiod.csv", text.as_bytes()))?.table;
/// assert_eq!(table.regions().regions().codes().collect::<Vec<_>>(), ["AUS", "AUT"]);
/// let report = table.validate_strictly();
/// assert_eq!(report.of(Check::ColumnSum).count(), 1);
/// assert_eq!(report.of(Check::NegativeFinalDemand).count(), 1);
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn read_wiod<R: Read>(source: Source<R>) -> Result<Import, Error> {
    let (compact, source) = glanced(source, is_compact)?;
    if compact { read_compact(source) } else { read_workbook(source) }
}

/// Whether the second field of the first line is a region and a branch.
fn is_compact(glance: &[u8]) -> bool {
    let field = first_line(glance).split(|byte| *byte == b',').nth(1).unwrap_or_default();
    std::str::from_utf8(field).is_ok_and(|label| parted(label.trim_matches('"'), '.').is_some())
}

fn read_compact<R: Read>(source: Source<R>) -> Result<Import, Error> {
    let sheet = Sheet::read(source, &Form::new(b',', 1, 1))?;
    let mut rows = Vec::with_capacity(sheet.rows.len());
    for (i, labels) in sheet.rows.iter().enumerate() {
        rows.push(match parted(&labels.concat(), '.') {
            Some(key) => role(key),
            None => return Err(sheet.reject_row(i, format!("row {:?} is not REGION.c1", labels.concat()))),
        });
    }
    let mut columns = Vec::with_capacity(sheet.columns.len());
    for (j, labels) in sheet.columns.iter().enumerate() {
        columns.push(match parted(&labels.concat(), '.') {
            Some(key) => role(key),
            None => {
                let message = format!("column {:?} is not REGION.c1 or REGION.C37", labels.concat());
                return Err(sheet.reject_column(j, message));
            }
        });
    }
    assemble(sheet, rows, columns, &Names::default(), "million US dollars")
}

/// A branch or a purpose, by its number.
fn role(key: Key) -> Role {
    let number = key.1.strip_prefix(['c', 'C']).and_then(|number| number.parse::<u32>().ok());
    match number {
        Some(number) if number > 35 => Role::FinalDemand(key),
        _ => Role::Sector(key),
    }
}

/// A row of the release of 2013.
fn row_of_2013((region, number): Key) -> Result<Role, String> {
    match number.as_str() {
        "r60" => Ok(Role::Ignored),
        "r69" => Ok(Role::Output),
        _ if number.starts_with('r') => Ok(Role::ValueAdded(number)),
        _ if number.starts_with('c') && !region.is_empty() => Ok(role((region, number))),
        _ => Err(format!("row {number:?} is no branch (c1 to c35) and no primary input (r60 to r69)")),
    }
}

/// A row of the release of 2016.
fn row_of_2016((region, code): Key) -> Result<Role, String> {
    match (region.as_str(), code.as_str()) {
        ("", _) | (_, "") => Err(format!("row {code:?} has no region or no code")),
        (TOTAL, "II_fob") => Ok(Role::Ignored),
        (TOTAL, OUTPUT) => Ok(Role::Output),
        (TOTAL, _) => Ok(Role::ValueAdded(code)),
        _ => Ok(Role::Sector((region, code))),
    }
}

fn read_workbook<R: Read>(source: Source<R>) -> Result<Import, Error> {
    const LEVELS: usize = 4;
    let form = Form { blanks: true, titles: true, ..Form::new(b',', LEVELS, LEVELS) };
    // Code, name, region, number.
    let sheet = Sheet::read(source, &form)?;
    let part = |labels: &[String], level: usize| labels.get(level).map_or("", String::as_str).to_owned();
    let region = |labels: &[String]| match labels.get(2).map(String::as_str) {
        // As in the other files of the release.
        Some("ROM") => "ROU".to_owned(),
        other => other.unwrap_or_default().to_owned(),
    };
    let last = sheet.columns.len() - 1;
    let later = part(&sheet.columns[last], 0) == OUTPUT && part(&sheet.columns[last], 2) == TOTAL;
    // What a branch or a purpose goes by.
    let key = |labels: &[String]| (region(labels), part(labels, if later { 0 } else { 3 }));
    let mut names = Vec::new();
    let mut learn = |labels: &[String]| names.push((key(labels).1, part(labels, 1)));
    let mut rows = Vec::with_capacity(sheet.rows.len());
    for (i, labels) in sheet.rows.iter().enumerate() {
        let key = key(labels);
        let role = if later { row_of_2016(key) } else { row_of_2013(key) };
        rows.push(role.map_err(|message| sheet.reject_row(i, message))?);
        learn(labels);
    }
    let mut columns = Vec::with_capacity(sheet.columns.len());
    for (j, labels) in sheet.columns.iter().enumerate() {
        let (region, code) = key(labels);
        columns.push(match (later, region.is_empty() || code.is_empty()) {
            (true, _) if j == last => Role::Output,
            (true, false) if FINAL.contains(&code.as_str()) => Role::FinalDemand((region, code)),
            (true, false) if region != TOTAL => Role::Sector((region, code)),
            (false, false) if code.starts_with('c') => role((region, code)),
            (false, _) if j == last => Role::Output,
            _ => {
                let valid = match later {
                    true => "is of no region, or is a total that is not the last column",
                    false => "is no branch (c1 to c35) and no final demand (c37 to c42)",
                };
                return Err(sheet.reject_column(j, format!("column {code:?} {valid}")));
            }
        });
        learn(labels);
    }
    let unit = sheet.corner.get(1).map(|labels| part(labels, 0)).unwrap_or_default();
    let unit = unit.trim_matches(['(', ')']).to_owned();
    let names = names.into_iter().filter(|(code, name)| !code.is_empty() && !name.is_empty()).collect();
    assemble(sheet, rows, columns, &names, &unit)
}
