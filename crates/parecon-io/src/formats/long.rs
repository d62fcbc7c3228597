//! One record per flow.

use std::io::{Read, Write};

use crate::error::Error;
use crate::formats::Import;
use crate::formats::assemble::{DOMESTIC, Key};
use crate::formats::ledger::{Ledger, Party};
use crate::read::{Source, Stream, records};
use crate::table::IoTable;

const FINAL: &str = "final:";
const VALUE: &str = "value:";
const STRESSOR: &str = "stressor:";
const OUTPUT: &str = "output";
/// The names of the columns, for tables of several regions and of one.
pub(super) const COLUMNS: [&str; 6] = ["from_region", "from", "to_region", "to", "value", "unit"];
const PLAIN: [&str; 4] = ["from", "to", "value", "unit"];

/// Reads a table from CSV with one record per flow, as [`write_long`] writes it.
///
/// ```text
/// from_region,from,to_region,to,value,unit
/// north,farming,,output,100,M$
/// north,farming,north,mining,12.5,M$
/// north,farming,south,final:households,7,M$
/// ,value:wages,north,farming,30,M$
/// ,stressor:air:co2,north,farming,4,kt
/// ```
///
/// | from | to | is |
/// |---|---|---|
/// | a sector | a sector | a flow |
/// | a sector | `final:…` | final demand of that category |
/// | a sector | `output` | output; if one sector has it, all must |
/// | `value:…` | a sector | value added |
/// | `stressor:ACCOUNT:…` | a sector | a stressor of a satellite account |
/// | `stressor:ACCOUNT:…` | `final:…` | what final users cause themselves |
///
/// Columns are found by name, in any order; `from`, `to` and `value` must be there, `from_region` and `to_region` for
/// tables of several regions, `unit` if units are known. Other columns are not looked at. Sectors and categories are in
/// the order of their first appearance. A flow that is not there is 0.
///
/// # Errors
/// Names file, line and field of text that is no finite number, empty labels, records of another length, pairs that make
/// no sense, several units of money or of one stressor, and cells that appear twice. A file that cannot be read.
///
/// # Complexity
/// O(n² + k) for n sectors and k records; memory for both.
///
/// # Example
/// ```
/// use parecon_io::{Source, formats::read_long};
///
/// let text = "from,to,value\na,b,2\na,final:f,8\nb,a,1\nb,final:f,4\n";
/// let table = read_long(Source::new("long.csv", text.as_bytes()))?.table;
/// assert_eq!(table.output().as_slice(), [10.0, 5.0]);
/// let error = read_long(Source::new("long.csv", "from,to,value\na,b,x\n".as_bytes())).unwrap_err();
/// assert_eq!(error.to_string(), r#"long.csv:2:3: "x" is not a number"#);
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn read_long<R: Read>(source: Source<R>) -> Result<Import, Error> {
    read(records(source))
}

/// Reads records, the names of their fields first.
pub(super) fn read(mut records: impl Stream) -> Result<Import, Error> {
    let file = records.name().to_owned();
    let Some(header) = records.next()? else {
        return Err(Error::parse(&file, 1, 1, "the file is empty, must start with the names of its columns"));
    };
    let width = header.len();
    let find = |name: &str| (0..width).find(|&field| header.raw(field).eq_ignore_ascii_case(name));
    let must =
        |name: &str| find(name).ok_or_else(|| header.reject(width, format!("there is no column {name:?}")));
    let (from, to, value) = (must("from")?, must("to")?, must("value")?);
    let (from_region, to_region, unit) = (find("from_region"), find("to_region"), find("unit"));
    if from_region.is_some() != to_region.is_some() {
        return Err(header.reject(width, "there is one column of regions, must be from_region and to_region"));
    }

    let mut ledger = Ledger::new(file);
    let mut money: Option<String> = None;
    while let Some(record) = records.next()? {
        record.expect_fields(width)?;
        let region = |field: Option<usize>| match field {
            Some(field) => record.text(field),
            None => Ok(""),
        };
        let party = |label: usize, area: Option<usize>| -> Result<Party<'_>, Error> {
            let code = record.text(label)?;
            let named = |prefix: &str, code: &str| match code.is_empty() {
                true => Err(record.reject(label, format!("there is no code after {prefix:?}"))),
                false => Ok(()),
            };
            let alone = |party| match area.map_or("", |field| record.raw(field)) {
                "" => Ok(party),
                region => {
                    Err(record.reject(label, format!("{code:?} has region {region:?}, must have none")))
                }
            };
            if let Some(code) = code.strip_prefix(FINAL).map(str::trim) {
                named(FINAL, code)?;
                return Ok(Party::FinalDemand(region(area)?, code));
            }
            if let Some(code) = code.strip_prefix(VALUE).map(str::trim) {
                named(VALUE, code)?;
                return alone(Party::ValueAdded(code));
            }
            if let Some(rest) = code.strip_prefix(STRESSOR) {
                let (account, code) = rest.split_once(':').unwrap_or((rest, ""));
                named("stressor:", account.trim())?;
                named("stressor:ACCOUNT:", code.trim())?;
                return alone(Party::Stressor(account.trim(), code.trim()));
            }
            if code.eq_ignore_ascii_case(OUTPUT) {
                return alone(Party::Output);
            }
            Ok(Party::Sector(region(area)?, code))
        };
        let (giver, taker) = (party(from, from_region)?, party(to, to_region)?);
        ledger.push(&record, from, (giver, taker), record.number(value)?, (value, record.raw(value)))?;
        let Some(field) = unit else { continue };
        let text = record.raw(field);
        match (giver, &money) {
            (Party::Stressor(account, code), _) => {
                ledger.unit(account, code, text).map_err(|message| record.reject(field, message))?;
            }
            (_, Some(known)) if known != text => {
                return Err(record.reject(field, format!("unit is {text:?} here and {known:?} before")));
            }
            (_, Some(_)) => {}
            (_, None) => money = Some(text.to_owned()),
        }
    }
    ledger.finish(records.line(), money.as_deref().unwrap_or_default())
}

/// Writes a table as CSV with one record per flow, every digit, to be read by [`read_long`] or by any other program.
///
/// Cells that are 0 are left out, but for those of the first sector, which keep the order of the labels. Readable names
/// and the unit of rounding are not written, nor are the codes of sectors that are more than region and branch put
/// together (the serde form keeps everything).
///
/// # Errors
/// A code that would be read back as something else, and a writer that fails.
///
/// # Complexity
/// O(n²) for n sectors.
///
/// # Example
/// ```
/// use parecon_io::{Source, datasets};
/// use parecon_io::formats::{read_long, write_long};
///
/// let table = datasets::miller_blair()?;
/// let mut text = Vec::new();
/// write_long(&table, &mut text)?;
/// assert!(text.starts_with(b"from,to,value,unit\n1,output,1000,\n"));
/// let again = read_long(Source::new("memory", text.as_slice()))?.table;
/// assert_eq!(again.flows(), table.flows());
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn write_long<W: Write>(table: &IoTable, writer: W) -> Result<(), Error> {
    let mut csv = csv::Writer::from_writer(writer);
    let failed = |error| Error::unreadable("CSV output", error);
    let names = header(table);
    csv.write_record(names).map_err(failed)?;
    each(table, |from, to, value, unit| {
        let value = value.to_string();
        let record = match names == PLAIN {
            true => csv.write_record([&from.1, &to.1, &value, unit]),
            false => csv.write_record([&from.0, &from.1, &to.0, &to.1, &value, unit]),
        };
        record.map_err(failed)
    })?;
    csv.flush().map_err(|error| Error::unreadable("CSV output", error))
}

/// The names of the columns that a table is written in.
pub(super) fn header(table: &IoTable) -> &'static [&'static str] {
    let regions = table.regions().regions();
    match regions.len() == 1 && regions.codes().all(|code| code == DOMESTIC) {
        true => &PLAIN,
        false => &COLUMNS,
    }
}

/// Hands on every record of a table: giver and taker as region and code, value, unit.
pub(super) fn each(
    table: &IoTable,
    mut write: impl FnMut(&Key, &Key, f64, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    let regions = table.regions();
    check_codes(table)?;
    let place = |(region, code): (&str, &str)| (region.to_owned(), code.to_owned());
    let sectors: Vec<_> = (regions.of_sectors().iter())
        .map(|&(r, b)| place((regions.regions().code(r), regions.branches().code(b))))
        .collect();
    let categories: Vec<_> = (regions.of_categories().iter())
        .map(|&(r, p)| {
            (regions.regions().code(r).to_owned(), format!("{FINAL}{}", regions.purposes().code(p)))
        })
        .collect();
    let alone = |code: String| (String::new(), code);
    let money = table.unit();
    let output = alone(OUTPUT.to_owned());
    for (sector, &amount) in sectors.iter().zip(table.output().iter()) {
        write(sector, &output, amount, money)?;
    }
    for (i, sector) in sectors.iter().enumerate() {
        for (j, buyer) in sectors.iter().enumerate().filter(|&(j, _)| table.flows()[(i, j)] != 0.0) {
            write(sector, buyer, table.flows()[(i, j)], money)?;
        }
        for (j, category) in categories.iter().enumerate() {
            let value = table.final_demand()[(i, j)];
            if value != 0.0 || i == 0 {
                write(sector, category, value, money)?;
            }
        }
    }
    for (k, code) in table.value_added_components().codes().enumerate() {
        let component = alone(format!("{VALUE}{code}"));
        for (j, sector) in sectors.iter().enumerate() {
            let value = table.value_added()[(k, j)];
            if value != 0.0 || j == 0 {
                write(&component, sector, value, money)?;
            }
        }
    }
    for account in table.satellites() {
        for (k, code) in account.stressors().codes().enumerate() {
            let stressor = alone(format!("{STRESSOR}{}:{code}", account.name()));
            for (j, sector) in sectors.iter().enumerate() {
                let value = account.flows()[(k, j)];
                if value != 0.0 || j == 0 {
                    write(&stressor, sector, value, &account.units()[k])?;
                }
            }
            let Some(direct) = account.final_demand() else { continue };
            for (j, category) in categories.iter().enumerate() {
                let value = direct[(k, j)];
                if value != 0.0 || j == 0 {
                    write(&stressor, category, value, &account.units()[k])?;
                }
            }
        }
    }
    Ok(())
}

/// Refuses codes that would not be read back.
fn check_codes(table: &IoTable) -> Result<(), Error> {
    let regions = table.regions();
    for code in regions.branches().codes() {
        if [FINAL, VALUE, STRESSOR].iter().any(|prefix| code.starts_with(prefix))
            || code.eq_ignore_ascii_case(OUTPUT)
        {
            return Err(Error::invalid(format!("sector {code:?}: would not be read back as a sector")));
        }
    }
    for account in table.satellites() {
        if account.name().contains(':') {
            return Err(Error::invalid(format!(
                "satellite {:?}: has a colon in its name, which is not read back",
                account.name()
            )));
        }
    }
    let accounts = table.satellites().iter();
    let stressors = accounts
        .clone()
        .flat_map(|a| a.stressors().codes().chain([a.name()]).chain(a.units().iter().map(String::as_str)));
    let codes = regions.branches().codes().chain(regions.purposes().codes()).chain(regions.regions().codes());
    let codes = codes.chain(table.value_added_components().codes()).chain(stressors).chain([table.unit()]);
    match codes.into_iter().find(|code| code.trim() != *code) {
        None => Ok(()),
        Some(code) => {
            Err(Error::invalid(format!("code {code:?}: starts or ends with blanks, which are not read back")))
        }
    }
}
