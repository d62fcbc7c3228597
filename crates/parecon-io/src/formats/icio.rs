//! The inter-country input-output tables of the OECD.

use std::io::Read;

use crate::error::Error;
use crate::formats::Import;
use crate::formats::assemble::{Key, Role, assemble, parted};
use crate::names::Names;
use crate::read::Source;
use crate::read::sheet::{Form, Sheet};

/// Purposes of final demand in the releases from 2016 on.
const PURPOSES: [&str; 11] =
    ["HFCE", "NPISH", "NPS", "GGFC", "GFCF", "INVNT", "INV", "DPABR", "DIRP", "P33", "FD"];
/// The discrepancy, which belongs to no region.
const DISCREPANCY: &str = "DISC";
const NOWHERE: &str = "ALL";

/// What is done with China's and Mexico's firms that process for export or not, which extended tables show apart as
/// regions `CN1`, `CN2`, `MX1`, `MX2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Processing {
    /// They are added to `CHN` and `MEX`, which have the final demand.
    #[default]
    Merged,
    /// They stay regions of their own; final demand is still that of `CHN` and `MEX`.
    Apart,
}

/// Reads a table of the OECD's ICIO database (releases 2016 to 2023) from CSV.
///
/// ```text
/// ,AUS_01T02,AUS_05,...,AUS_HFCE,...,DISC,OUT
/// AUS_01T02,8732.1,93.4,...
/// TLS,...
/// VA,...
/// OUT,...
/// ```
///
/// | label | is |
/// |---|---|
/// | `AUS_01T02` | a branch in a region, parted at the first `_` |
/// | `AUS_HFCE`, or `HFCE_AUS` in 2016 | final demand: `HFCE`, `NPISH`, `NPS`, `GGFC`, `GFCF`, `INVNT`, `INV`, `DPABR`, `DIRP`, `P33`, `FD` |
/// | `DISC` | discrepancy, as final demand of a region `ALL` |
/// | `VA`, `TLS`, rows with `VALU` or `TAX` in them | value added and taxes less subsidies |
/// | `OUT`, `OUTPUT`, `TOTAL` | output |
/// | `TTL_…` | a total that is not looked at |
///
/// Unit: million US dollars at basic prices.
///
/// # Errors
/// Names file, line and field of text that is no finite number, records of another length, repeated labels, and
/// sectors that have a row but no column or the other way round. A file that cannot be read.
///
/// # Complexity
/// O(n²) for n sectors; memory for the matrix.
///
/// # Reference
/// OECD, *Inter-Country Input-Output Tables*, with the notes of each release on its labels.
///
/// # Example
/// ```
/// use parecon_io::Source;
/// use parecon_io::formats::{Processing, read_icio};
///
/// let text = "\
/// ,AUS_A,CHN_A,CN1_A,AUS_HFCE,CHN_HFCE,OUT
/// AUS_A,1,2,3,4,5,15
/// CHN_A,0,0,0,0,0,0
/// CN1_A,2,0,1,1,6,10
/// VA,12,0,4,0,0,0
/// OUT,15,2,8,0,0,0
/// ";
/// let import = read_icio(Source::new("icio.csv", text.as_bytes()), Processing::Merged)?;
/// assert_eq!(import.table.sectors().codes().collect::<Vec<_>>(), ["AUS.A", "CHN.A"]);
/// assert_eq!(import.table.flows()[(0, 1)], 5.0);
/// let apart = read_icio(Source::new("icio.csv", text.as_bytes()), Processing::Apart)?;
/// assert_eq!(apart.table.len(), 3);
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn read_icio<R: Read>(source: Source<R>, processing: Processing) -> Result<Import, Error> {
    let sheet = Sheet::read(source, &Form::new(b',', 1, 1))?;
    let place = |(region, branch): Key| {
        let region = match processing {
            Processing::Merged if part_of(&region, "CN") => "CHN".to_owned(),
            Processing::Merged if part_of(&region, "MX") => "MEX".to_owned(),
            _ => region,
        };
        (region, branch)
    };
    let mut rows = Vec::with_capacity(sheet.rows.len());
    for (i, labels) in sheet.rows.iter().enumerate() {
        let label = labels.concat();
        rows.push(match (total(&label), parted(&label, '_')) {
            (Some(role), _) => role,
            _ if ["VA", "TLS"].contains(&label.as_str())
                || label.contains("VALU")
                || label.contains("TAX") =>
            {
                Role::ValueAdded(label)
            }
            (None, Some(key)) => Role::Sector(place(key)),
            (None, None) => {
                let message =
                    format!("row {label:?} is neither REGION_INDUSTRY nor value added (VA, TLS) nor output");
                return Err(sheet.reject_row(i, message));
            }
        });
    }
    let mut columns = Vec::with_capacity(sheet.columns.len());
    for (j, labels) in sheet.columns.iter().enumerate() {
        let label = labels.concat();
        columns.push(match (total(&label), parted(&label, '_')) {
            (Some(role), _) => role,
            (None, Some((region, purpose))) if PURPOSES.contains(&purpose.as_str()) => {
                Role::FinalDemand((region, purpose))
            }
            (None, Some((purpose, region))) if PURPOSES.contains(&purpose.as_str()) => {
                Role::FinalDemand((region, purpose))
            }
            (None, Some(key)) => Role::Sector(place(key)),
            (None, None) if label == DISCREPANCY => Role::FinalDemand((NOWHERE.to_owned(), label)),
            (None, None) => {
                let message =
                    format!("column {label:?} is neither REGION_INDUSTRY nor final demand nor output");
                return Err(sheet.reject_column(j, message));
            }
        });
    }
    assemble(sheet, rows, columns, &Names::default(), "million US dollars")
}

/// What a label of totals stands for.
fn total(label: &str) -> Option<Role> {
    match label {
        "OUT" | "OUTPUT" | "TOTAL" => Some(Role::Output),
        _ if label.starts_with("TTL_") => Some(Role::Ignored),
        _ => None,
    }
}

/// Whether a region is a numbered part: `CN1` of `CN`.
fn part_of(region: &str, whole: &str) -> bool {
    region.strip_prefix(whole).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}
