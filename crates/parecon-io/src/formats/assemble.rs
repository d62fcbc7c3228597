//! A table from one sheet, or from parts, once it is known what the labels stand for.

use std::collections::HashMap;
use std::iter::once;

use nalgebra::{DMatrix, DVector};

use crate::axis::{Axis, FinalDemand, Sector, ValueAdded};
use crate::error::Error;
use crate::formats::Import;
use crate::names::Names;
use crate::read::cells::filled;
use crate::read::sheet::Sheet;
use crate::regions::Regions;
use crate::report::{Check, Checker};
use crate::table::IoTable;

/// The component of value added of sources that state none.
pub(super) const REST: &str = "rest";
/// The region of tables that have only one.
pub(super) const DOMESTIC: &str = "domestic";

/// Region and branch, or region and purpose.
pub(super) type Key = (String, String);

/// What a row or column stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Sector(Key),
    FinalDemand(Key),
    ValueAdded(String),
    Output,
    Ignored,
}

/// Keys in the order of their first appearance, each with its places.
#[derive(Default)]
pub(super) struct Places {
    pub(super) keys: Vec<Key>,
    pub(super) at: Vec<Vec<usize>>,
    index: HashMap<Key, usize>,
}

impl Places {
    pub(super) fn push(&mut self, key: Key, place: usize) {
        match self.index.get(&key) {
            Some(&k) => self.at[k].push(place),
            None => {
                self.index.insert(key.clone(), self.keys.len());
                self.keys.push(key);
                self.at.push(vec![place]);
            }
        }
    }

    pub(super) fn find(&self, key: &Key) -> Option<usize> {
        self.index.get(key).copied()
    }

    /// The places, if every key has one.
    fn single(&self) -> Option<Vec<usize>> {
        self.at.iter().map(|places| if places.len() == 1 { Some(places[0]) } else { None }).collect()
    }
}

/// `region` and `branch` as one text, for messages.
pub(super) fn shown((region, member): &Key) -> String {
    if region.is_empty() { member.clone() } else { format!("{region}.{member}") }
}

/// Axes of sectors and categories, and their regions if they have any.
pub(super) struct Axes {
    pub(super) sectors: Axis<Sector>,
    pub(super) categories: Axis<FinalDemand>,
    regions: Option<Regions>,
}

impl Axes {
    /// Keys without region, or of the region `domestic` only, give no regions.
    pub(super) fn new(sectors: &[Key], categories: &[Key], names: &Names) -> Result<Self, Error> {
        let keys = || sectors.iter().chain(categories);
        let plain =
            keys().all(|(region, _)| region.is_empty()) || keys().all(|(region, _)| region == DOMESTIC);
        if plain {
            let codes = |keys: &[Key]| keys.iter().map(|(_, member)| member.clone()).collect::<Vec<_>>();
            return Ok(Self {
                sectors: Axis::from_codes(codes(sectors))?.renamed(names),
                categories: Axis::from_codes(codes(categories))?.renamed(names),
                regions: None,
            });
        }
        let regions = Axis::distinct(keys().map(|(region, _)| region.as_str()))?;
        let branches = Axis::distinct(sectors.iter().map(|(_, branch)| branch.as_str()))?;
        let purposes = Axis::distinct(categories.iter().map(|(_, purpose)| purpose.as_str()))?;
        let of_sectors = sectors.iter().map(|(r, b)| Ok((regions.id(r)?, branches.id(b)?)));
        let of_sectors = of_sectors.collect::<Result<_, Error>>()?;
        let of_categories = categories.iter().map(|(r, p)| Ok((regions.id(r)?, purposes.id(p)?)));
        let of_categories = of_categories.collect::<Result<_, Error>>()?;
        let regions = Regions::new(regions, branches, purposes, of_sectors, of_categories)?.renamed(names);
        Ok(Self { sectors: regions.sectors()?, categories: regions.categories()?, regions: Some(regions) })
    }

    /// The table; value added is what is left of output where there is none.
    pub(super) fn table(
        self,
        flows: DMatrix<f64>,
        final_demand: DMatrix<f64>,
        value_added: Option<(Axis<ValueAdded>, DMatrix<f64>)>,
        output: Option<DVector<f64>>,
    ) -> Result<IoTable, Error> {
        let (components, value_added) = match value_added {
            Some(given) => given,
            None => {
                let sums = || flows.column_sum() + final_demand.column_sum();
                let rest = output.clone().unwrap_or_else(sums) - flows.row_sum_tr();
                (Axis::single(REST, "Output less purchases"), DMatrix::from_rows(&[rest.transpose()]))
            }
        };
        let table =
            IoTable::new(self.sectors, flows, self.categories, final_demand, components, value_added)?;
        let table = match output {
            Some(output) => table.with_output(output)?,
            None => table,
        };
        match self.regions {
            Some(regions) => table.with_regions(regions),
            None => Ok(table),
        }
    }
}

/// A table from one sheet; rows or columns of the same key are added up.
pub(super) fn assemble(
    sheet: Sheet,
    rows: Vec<Role>,
    columns: Vec<Role>,
    names: &Names,
    unit: &str,
) -> Result<Import, Error> {
    let (mut sectors, mut components, mut output_rows) = (Places::default(), Places::default(), Vec::new());
    for (i, role) in rows.into_iter().enumerate() {
        match role {
            Role::Sector(key) => sectors.push(key, i),
            Role::ValueAdded(code) => components.push((String::new(), code), i),
            Role::Output => output_rows.push(i),
            Role::FinalDemand(key) => {
                let message = format!("row {:?} is final demand, which is a column", shown(&key));
                return Err(sheet.reject_row(i, message));
            }
            Role::Ignored => {}
        }
    }
    let (mut buyers, mut categories, mut output_columns) = (Places::default(), Places::default(), Vec::new());
    for (j, role) in columns.into_iter().enumerate() {
        match role {
            Role::Sector(key) if sectors.find(&key).is_none() => {
                let message = format!("sector {:?} has a column but no row", shown(&key));
                return Err(sheet.reject_column(j, message));
            }
            Role::Sector(key) => buyers.push(key, j),
            Role::FinalDemand(key) => categories.push(key, j),
            Role::Output => output_columns.push(j),
            Role::ValueAdded(code) => {
                let message = format!("column {code:?} is value added, which is a row");
                return Err(sheet.reject_column(j, message));
            }
            Role::Ignored => {}
        }
    }
    for (noun, places) in [("sector", &sectors), ("final-demand category", &categories)] {
        if places.keys.is_empty() {
            return Err(sheet.reject_end(format!("there is no {noun}, must be at least one")));
        }
    }
    let mut at = Vec::with_capacity(sectors.keys.len());
    for (key, places) in sectors.keys.iter().zip(&sectors.at) {
        let missing =
            || sheet.reject_row(places[0], format!("sector {:?} has a row but no column", shown(key)));
        at.push(buyers.at[buyers.find(key).ok_or_else(missing)?].clone());
    }
    buyers = Places { keys: sectors.keys.clone(), at, index: HashMap::new() };

    let axes = Axes::new(&sectors.keys, &categories.keys, names)?;
    let mut checker = Checker::default();
    let every = |places: &Places| places.at.iter().flatten().copied().collect::<Vec<usize>>();
    let (all_rows, all_buyers) = (every(&sectors), every(&buyers));
    let (all_components, all_categories) = (every(&components), every(&categories));
    let mut note = |rows: &[usize], columns: &[usize], what: &str| {
        if let Some((count, line, field)) = sheet.empties(rows, columns) {
            let offender = format!("{}:{line}:{field} and on, {what}", sheet.file);
            checker.push(Check::EmptyCells, offender, count as f64, 0.0, 0.0);
        }
    };
    note(&all_rows, &all_buyers, "flows");
    note(&all_rows, &all_categories, "final demand");
    note(&all_components, &all_buyers, "value added");

    let final_demand = gathered(&sheet, &sectors.at, &categories.at);
    let value_added = gathered(&sheet, &components.at, &buyers.at);
    for (k, (_, code)) in components.keys.iter().enumerate() {
        let left: f64 = gathered(&sheet, &components.at[k..=k], &categories.at).sum();
        if left != 0.0 {
            let offender = format!("value-added component {code:?} of final demand");
            checker.push(Check::LeftOut, offender, left, 0.0, 0.0);
        }
    }
    // The first of several is the output of products; the second, if any, is another total.
    let column = output_columns.first().map(|&j| gathered(&sheet, &sectors.at, &[vec![j]]));
    let row = output_rows.first().map(|&i| gathered(&sheet, &[vec![i]], &buyers.at).transpose());
    if let (Some(column), Some(row)) = (&column, &row) {
        for i in 0..sectors.keys.len() {
            let offender = || format!("output of {} in its row", axes.sectors.describe(i));
            checker.balance(Check::StatedTotal, offender, once(column[i]), once(row[i]), row[i], sheet.unit);
        }
    }
    let output = column.or(row).map(|output| output.column(0).into_owned());

    let value_added = match components.keys.is_empty() {
        true => None,
        false => Some((
            Axis::from_codes(components.keys.into_iter().map(|(_, code)| code))?.renamed(names),
            value_added,
        )),
    };
    let rounding = sheet.unit;
    let flows = match (sectors.single(), buyers.single()) {
        (Some(rows), Some(columns)) => sheet.cells.into_block(&rows, &columns).map(filled),
        _ => gathered(&sheet, &sectors.at, &buyers.at),
    };
    let table = axes.table(flows, final_demand, value_added, output)?.with_rounding(rounding)?;
    Ok(Import { table: table.with_unit(unit), notes: checker.finish() })
}

/// Sums of cells over groups of rows and columns.
fn gathered(sheet: &Sheet, rows: &[Vec<usize>], columns: &[Vec<usize>]) -> DMatrix<f64> {
    DMatrix::from_fn(rows.len(), columns.len(), |i, j| {
        let cells = columns[j].iter().flat_map(|&j| rows[i].iter().map(move |&i| sheet.cells.get(i, j)));
        cells.map(filled).sum()
    })
}

/// Region and the rest of a label, parted by the first separator.
pub(super) fn parted(label: &str, separator: char) -> Option<Key> {
    let (region, member) = label.split_once(separator)?;
    let (region, member) = (region.trim(), member.trim());
    (!region.is_empty() && !member.is_empty()).then(|| (region.to_owned(), member.to_owned()))
}
