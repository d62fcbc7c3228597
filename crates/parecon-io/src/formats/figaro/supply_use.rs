//! FIGARO's supply and use tables.

use std::io::Read;

use nalgebra::DMatrix;

use crate::axis::{Axis, AxisKind};
use crate::error::Error;
use crate::formats::assemble::shown;
use crate::formats::figaro::{Flat, PRIMARY, is_final};
use crate::formats::ledger::{Cell, Keys, placed};
use crate::make_use::{MakeUse, MakeUseParts};
use crate::read::cells::filled;
use crate::read::number::last_digit;
use crate::read::{Source, Stream};
use crate::report::{Check, Checker};

/// Reads the supply and the use table of FIGARO in flat form from CSV, one record per cell; cells that are not there are 0.
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
/// `W2` are value added and the other primary inputs, as in [`read_figaro`](super::read_figaro). Columns are found by their
/// names, in any order: `refArea`, `rowPi`, `counterpartArea`, `colPi`, `obsValue` (or `obs_value`).
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
/// appear twice. Primary inputs or final demand in supply. Tables without product, industry or final demand. A file that
/// cannot be read.
///
/// # Complexity
/// O(m n + k) for m industries, n products and k records; memory for both.
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
    const KINDS: [&str; 1] = ["Pi"];
    let mut products = Keys::default();
    let mut industries = Keys::default();
    let mut digit = 0;

    let mut flat = Flat::new(supply, &KINDS, "of a supply table")?;
    let supply = flat.records.name().to_owned();
    let mut made = Vec::new();
    while let Some((record, at)) = flat.next()? {
        let (area, product) = (record.text(at.from_area)?, record.text(at.from)?);
        if area == PRIMARY {
            return Err(
                record.reject(at.from_area, format!("{area:?} is primary inputs, which are not supplied"))
            );
        }
        let (maker, industry) = (record.text(at.to_area)?, record.text(at.to)?);
        if is_final(industry) {
            return Err(record.reject(at.to, format!("{industry:?} is final demand, which supplies nothing")));
        }
        // By industry and product.
        let (row, column) = (industries.place(maker, industry), products.place(area, product));
        made.push(Cell { row, column, line: record.line(), value: record.number(at.value)? });
        digit = digit.min(last_digit(record.raw(at.value)));
    }

    let mut flat = Flat::new(use_, &KINDS, "of a use table")?;
    let file = flat.records.name().to_owned();
    let (mut components, mut categories) = (Keys::default(), Keys::default());
    let (mut used, mut demanded, mut added) = (Vec::new(), Vec::new(), Vec::new());
    let mut left_out: Vec<f64> = Vec::new();
    while let Some((record, at)) = flat.next()? {
        let (area, code) = (record.text(at.from_area)?, record.text(at.from)?);
        let (user, purpose) = (record.text(at.to_area)?, record.text(at.to)?);
        let value = record.number(at.value)?;
        digit = digit.min(last_digit(record.raw(at.value)));
        let (cells, row, column) = match (area == PRIMARY, is_final(purpose)) {
            (false, false) => (&mut used, products.place(area, code), industries.place(user, purpose)),
            (false, true) => (&mut demanded, products.place(area, code), categories.place(user, purpose)),
            (true, false) => (&mut added, components.place("", code), industries.place(user, purpose)),
            (true, true) => {
                let component = components.place("", code) as usize;
                categories.place(user, purpose);
                left_out.resize(left_out.len().max(component + 1), 0.0);
                left_out[component] += value;
                if !left_out[component].is_finite() {
                    return Err(record.reject(at.value, "the sum of this component is not finite"));
                }
                continue;
            }
        };
        cells.push(Cell { row, column, line: record.line(), value });
    }
    let line = flat.records.line();
    for (noun, keys) in [("product", &products), ("industry", &industries), ("final demand", &categories)] {
        if keys.keys.is_empty() {
            return Err(Error::parse(&file, line, 1, format!("there is no {noun}, must be at least one")));
        }
    }

    let matrix = |file: &str, cells: Vec<Cell>, rows: &Keys, columns: &Keys| -> Result<DMatrix<f64>, Error> {
        let shape = (rows.keys.len(), columns.keys.len());
        let label = |keys: &Keys, place: usize| shown(&keys.keys[place]);
        let cells = placed(file, cells, shape, &|i| label(rows, i), &|j| label(columns, j))?;
        Ok(cells.map(filled))
    };
    let parts = MakeUseParts {
        make: matrix(&supply, made, &industries, &products)?,
        use_: matrix(&file, used, &products, &industries)?,
        final_demand: matrix(&file, demanded, &products, &categories)?,
        value_added: matrix(&file, added, &components, &industries)?,
        industries: axis(&industries)?,
        commodities: axis(&products)?,
        final_demand_categories: axis(&categories)?,
        value_added_components: axis(&components)?,
    };
    let mut checker = Checker::default();
    for (k, &sum) in left_out.iter().enumerate().filter(|(_, sum)| **sum != 0.0) {
        let offender = format!("value-added component {:?} of final demand", shown(&components.keys[k]));
        checker.push(Check::LeftOut, offender, sum, 0.0, 0.0);
    }
    let tables = MakeUse::new(parts)?.with_rounding(10f64.powi(digit))?;
    Ok(tables.with_findings(checker.finish().findings().to_vec()))
}

fn axis<K: AxisKind>(keys: &Keys) -> Result<Axis<K>, Error> {
    Axis::from_codes(keys.keys.iter().map(shown))
}
