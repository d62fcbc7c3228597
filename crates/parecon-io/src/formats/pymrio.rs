//! The folders that pymrio saves, EXIOBASE 3 among them.

use std::collections::HashMap;
use std::io::Read;

use nalgebra::{DMatrix, DVector};
use serde::Deserialize;

use crate::axis::Axis;
use crate::error::Error;
use crate::formats::Import;
use crate::formats::assemble::{Axes, Key, shown};
use crate::formats::folder::Folder;
#[cfg(feature = "parquet")]
use crate::formats::parquet::frame;
use crate::names::Names;
use crate::read::cells::filled;
use crate::read::sheet::{Form, Labels, Sheet};
use crate::read::{Source, Stream, records_by};
use crate::report::{Check, Checker};
use crate::satellite::Satellite;
use crate::technology::Technology;

mod write;

#[cfg(feature = "parquet")]
pub(in crate::formats) use write::Levels;
pub use write::write_pymrio;
#[cfg(feature = "parquet")]
pub use write::write_pymrio_parquet;

const PARAMETERS: &str = "file_parameters.json";
/// The extension in which [`write_pymrio`] puts value added.
const VALUE_ADDED: &str = "value_added";
/// Extensions with value added among their stressors: those of EXIOBASE up to 3.8 and from 3.9 on, and of pymrio.
const PRIMARY: [&str; 4] = [VALUE_ADDED, "factor_inputs", "factor_input", "satellite"];

/// Reads a folder of tab-separated text, or with the feature `parquet` of Parquet files, as pymrio saves it and as EXIOBASE
/// 3 is published.
///
/// ```text
/// file_parameters.json  Z.txt  Y.txt  x.txt  unit.txt
/// satellite/file_parameters.json  satellite/F.txt  satellite/F_Y.txt  satellite/unit.txt
/// ```
///
/// | file | rows | columns |
/// |---|---|---|
/// | `Z.txt`, or `A.txt` without it | region, sector | region, sector |
/// | `Y.txt` | region, sector | region, category |
/// | `x.txt`, may be missing | region, sector | `indout` |
/// | `unit.txt`, may be missing | region, sector | `unit` |
/// | `F.txt` of an extension, or `S.txt` without it | stressor | region, sector |
/// | `F_Y.txt` (or `FY.txt`, `F_hh.txt`) of an extension, may be missing | stressor | region, category |
/// | `unit.txt` of an extension, may be missing | stressor | `unit` |
///
/// `file_parameters.json` tells the names of the files and the levels of their labels; where it is missing, names and levels
/// are those of this table, or the names end in `parquet`. In Parquet files the note of pandas tells the labels. Every folder inside with an `F` or `S` is an extension and becomes a [`Satellite`]. Rows
/// and columns are aligned by their labels. What follows from the rest (`A` beside `Z`, `L`, `S` beside `F`, `M`, `D_…`) is
/// not read: ask a [`Technology`] for it. Labels of more than one level of stressors are joined by `/`.
///
/// - From `A`, flows are A x̂, with x from `x.txt`, else x = (I − A)⁻¹ Y 1.
/// - The stressors of `factor_inputs` (EXIOBASE from 3.9), `satellite` (EXIOBASE up to 3.8) or `value_added` that are
///   measured in the table's unit are its value added.
/// - Several units in one table (hybrid EXIOBASE) are listed in [`IoTable::unit`](crate::IoTable::unit), parted by `; `;
///   value added means nothing there.
///
/// # Errors
/// Names file, line and field of text that is no finite number, records of another length, repeated labels, and labels
/// that one file has and the other has not. Files that are missing or cannot be read, and files that are pickled.
/// In Parquet also columns that are no numbers, values that are NaN or infinite, and files that pandas did not annotate; a
/// value that is null counts as an empty cell.
/// With neither `Z` nor output, a singular I − A.
///
/// # Complexity
/// O(n²) for n sectors; O(n³) if there is neither `Z` nor `x`. Memory for the matrices of the result.
///
/// # Reference
/// K. Stadler, "Pymrio – A Python based multi-regional input-output analysis toolbox", *Journal of Open Research
/// Software* 9, 2021. K. Stadler et al., "EXIOBASE 3", *Journal of Industrial Ecology* 22, 2018.
///
/// # Example
/// ```
/// use std::collections::BTreeMap;
/// use parecon_io::formats::read_pymrio;
///
/// let z = "region\t\tAT\tDE\nsector\t\tgoods\tgoods\nregion\tsector\t\t\nAT\tgoods\t1\t2\nDE\tgoods\t3\t4\n";
/// let y = "region\t\tAT\tDE\ncategory\t\tuse\tuse\nregion\tsector\t\t\nAT\tgoods\t5\t2\nDE\tgoods\t1\t12\n";
/// let files = BTreeMap::from([("Z.txt".to_owned(), z.into()), ("Y.txt".to_owned(), y.into())]);
/// let table = read_pymrio(&files)?.table;
/// assert_eq!(table.output().as_slice(), [10.0, 20.0]);
/// assert_eq!(table.sectors().codes().collect::<Vec<_>>(), ["AT.goods", "DE.goods"]);
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn read_pymrio<F: Folder + ?Sized>(folder: &F) -> Result<Import, Error> {
    let mut checker = Checker::default();
    let core = Part::open(folder, "")?;
    let (sheet, is_flows) = match core.sheet("Z", (2, 2))? {
        Some(sheet) => (sheet, true),
        None => (core.need("A", (2, 2))?, false),
    };
    let sectors = keys(&sheet.rows);
    let index = index(&sheet, &sectors)?;
    let columns = positions(&sheet, &keys(&sheet.columns), &index, Side::Columns)?;
    let rows: Vec<usize> = (0..sectors.len()).collect();
    note(&mut checker, &sheet, &rows, &columns);
    let mut flows = sheet.cells.into_block(&rows, &columns);
    flows.apply(|cell| *cell = filled(*cell));

    let sheet = core.need("Y", (2, 2))?;
    let categories = keys(&sheet.columns);
    let rows = positions(&sheet, &keys(&sheet.rows), &index, Side::Rows)?;
    let columns: Vec<usize> = (0..categories.len()).collect();
    note(&mut checker, &sheet, &rows, &columns);
    let final_demand = sheet.cells.into_block(&rows, &columns).map(filled);

    let output = match core.sheet("x", (2, 1))? {
        None => None,
        Some(sheet) => {
            let rows = positions(&sheet, &keys(&sheet.rows), &index, Side::Rows)?;
            note(&mut checker, &sheet, &rows, &[0]);
            Some(sheet.cells.block(&rows, &[0]).map(filled).column(0).into_owned())
        }
    };
    let axes = Axes::new(&sectors, &categories, &Names::default())?;
    let output: Option<DVector<f64>> = if is_flows {
        output
    } else {
        let solved = |coefficients: DMatrix<f64>| {
            Technology::from_coefficients(axes.sectors.clone(), coefficients)?
                .output_for(&final_demand.column_sum())
        };
        let output = output.map_or_else(|| solved(flows.clone()), Ok)?;
        flows.column_iter_mut().zip(output.iter()).for_each(|(mut column, x)| column *= *x);
        Some(output)
    };
    let unit = match core.units((2, 1))? {
        None => String::new(),
        Some(units) => {
            let mut distinct: Vec<String> = Vec::new();
            for (_, unit) in units {
                if !distinct.contains(&unit) {
                    distinct.push(unit);
                }
            }
            distinct.join("; ")
        }
    };

    let accounts = Extensions { folder, sectors: &index, categories: &categories };
    let mut satellites = Vec::new();
    for name in folder.folders()? {
        let output = || match &output {
            Some(output) => output.clone(),
            None => flows.column_sum() + final_demand.column_sum(),
        };
        satellites.extend(accounts.read(&name, output, &mut checker)?);
    }
    let primary = PRIMARY.iter().find_map(|name| {
        let account = satellites.iter().find(|account| account.name() == *name)?;
        let rows: Vec<usize> = (0..account.units().len())
            .filter(|&k| *name == VALUE_ADDED || account.units()[k] == unit)
            .collect();
        (!rows.is_empty()).then(|| (account.stressors().select(&rows), account.flows().select_rows(&rows)))
    });
    let value_added = match primary {
        None => None,
        Some((stressors, amounts)) => Some((stressors?.cast(), amounts)),
    };
    satellites.retain(|account| account.name() != VALUE_ADDED);
    let table = axes.table(flows, final_demand, value_added, output)?.with_unit(unit);
    let table = satellites.into_iter().try_fold(table, crate::IoTable::with_satellite)?;
    Ok(Import { table, notes: checker.finish() })
}

/// Counts the empty cells of a file.
fn note(checker: &mut Checker, sheet: &Sheet, rows: &[usize], columns: &[usize]) {
    if let Some((count, line, field)) = sheet.empties(rows, columns) {
        let offender = format!("{}:{line}:{field} and on", sheet.file);
        checker.push(Check::EmptyCells, offender, count as f64, 0.0, 0.0);
    }
}

#[derive(Clone, Copy)]
enum Side {
    Rows,
    Columns,
}

/// Region and sector; a single level is a sector, more than two levels are a region, a sector and notes (units).
fn keys(labels: &[Labels]) -> Vec<Key> {
    let key = |labels: &Labels| match labels.as_slice() {
        [] => (String::new(), String::new()),
        [sector] => (String::new(), sector.clone()),
        [region, sector, ..] => (region.clone(), sector.clone()),
    };
    labels.iter().map(key).collect()
}

type Index = HashMap<Key, usize>;

/// Where each sector is, in the order of the rows of this sheet.
fn index(sheet: &Sheet, sectors: &[Key]) -> Result<Index, Error> {
    let mut index = Index::with_capacity(sectors.len());
    for (i, key) in sectors.iter().enumerate() {
        if index.insert(key.clone(), i).is_some() {
            return Err(sheet.reject_row(i, format!("sector {:?} appears twice", shown(key))));
        }
    }
    Ok(index)
}

/// Where a sheet has the labels of an index, in the order of the index: all of them, and no others.
fn positions(sheet: &Sheet, keys: &[Key], index: &Index, side: Side) -> Result<Vec<usize>, Error> {
    let reject = |place: usize, message: String| match side {
        Side::Rows => sheet.reject_row(place, message),
        Side::Columns => sheet.reject_column(place, message),
    };
    let mut places = vec![None; index.len()];
    for (place, key) in keys.iter().enumerate() {
        let Some(&i) = index.get(key) else {
            return Err(reject(place, format!("{:?} is not one of the table's", shown(key))));
        };
        if places[i].replace(place).is_some() {
            return Err(reject(place, format!("{:?} appears twice", shown(key))));
        }
    }
    let missing = |i: usize| {
        let key = index.iter().find(|(_, place)| **place == i).map(|(key, _)| shown(key)).unwrap_or_default();
        let noun = match side {
            Side::Rows => "row",
            Side::Columns => "column",
        };
        sheet.reject_end(format!("there is no {noun} {key:?}"))
    };
    places.into_iter().enumerate().map(|(i, place)| place.ok_or_else(|| missing(i))).collect()
}

/// What `file_parameters.json` says of one file; numbers are texts there.
#[derive(Clone, Debug, Deserialize)]
struct FileParameters {
    name: String,
    nr_index_col: Count,
    nr_header: Count,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Count {
    Number(u8),
    Text(String),
}

impl Count {
    /// Between one and as many as anybody has.
    fn get(&self) -> Option<usize> {
        let count = match self {
            Count::Number(count) => *count,
            Count::Text(text) => text.trim().parse().ok()?,
        };
        (1..=8).contains(&count).then_some(count.into())
    }
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    files: HashMap<String, FileParameters>,
}

/// The core of a system, or an extension.
struct Part<'f, F: ?Sized> {
    folder: &'f F,
    /// Path of the part in the folder, with `/` at its end, or empty.
    prefix: String,
    parameters: Option<Parameters>,
}

impl<'f, F: Folder + ?Sized> Part<'f, F> {
    fn open(folder: &'f F, prefix: &str) -> Result<Self, Error> {
        let path = format!("{prefix}{PARAMETERS}");
        let parameters = match folder.open(&path)? {
            None => None,
            Some(mut reader) => {
                let file = folder.describe(&path);
                let mut text = String::new();
                reader.read_to_string(&mut text).map_err(|error| Error::unreadable(&file, error))?;
                let parsed = serde_json::from_str(&text);
                Some(parsed.map_err(|error: serde_json::Error| {
                    Error::parse(&file, error.line() as u64, error.column(), error.to_string())
                })?)
            }
        };
        Ok(Self { folder, prefix: prefix.to_owned(), parameters })
    }

    /// A file that is there, and the levels of its rows and columns.
    fn find(&self, key: &str, levels: (usize, usize)) -> Result<Option<Found<'f>>, Error> {
        let (names, (lead, header)) = match &self.parameters {
            None => (["txt", "parquet"].map(|suffix| format!("{key}.{suffix}")).to_vec(), levels),
            Some(parameters) => {
                // A file that is not mentioned is not there.
                let Some(file) = parameters.files.get(key) else { return Ok(None) };
                let levels = (file.nr_index_col.get(), file.nr_header.get());
                let (Some(lead), Some(header)) = levels else {
                    return Err(self.reject(format!("{key:?}: levels of labels must be 1 to 8")));
                };
                if file.name.contains(['/', '\\']) {
                    let name = &file.name;
                    return Err(self.reject(format!("{key:?}: {name:?} must be a file of this folder")));
                }
                (vec![file.name.clone()], (lead, header))
            }
        };
        for name in names {
            let form = match name.rsplit_once('.') {
                Some((_, "txt" | "tsv" | "csv")) => Format::Text { lead, header },
                Some((_, "parquet")) => Format::Parquet,
                _ => {
                    let message = format!("{key:?}: {name:?} must be txt or parquet; save as one of them");
                    return Err(self.reject(message));
                }
            };
            let path = format!("{}{name}", self.prefix);
            if let Some(reader) = self.folder.open(&path)? {
                return Ok(Some((Source::new(self.folder.describe(&path), reader), form)));
            }
        }
        Ok(None)
    }

    fn reject(&self, message: String) -> Error {
        let file = self.folder.describe(&format!("{}{PARAMETERS}", self.prefix));
        Error::parse(&file, 1, 1, message)
    }

    fn sheet(&self, key: &str, levels: (usize, usize)) -> Result<Option<Sheet>, Error> {
        match self.find(key, levels)? {
            None => Ok(None),
            Some((source, Format::Text { lead, header })) => {
                Sheet::read(source, &Form::new(b'\t', lead, header)).map(Some)
            }
            #[cfg(feature = "parquet")]
            Some((source, Format::Parquet)) => frame::read_sheet(source).map(Some),
            #[cfg(not(feature = "parquet"))]
            Some((source, Format::Parquet)) => Err(without_parquet(source)),
        }
    }

    fn need(&self, key: &str, levels: (usize, usize)) -> Result<Sheet, Error> {
        self.sheet(key, levels)?.ok_or_else(|| {
            Error::unreadable(
                &self.folder.describe(&format!("{}{key}.txt", self.prefix)),
                "there is no such file",
            )
        })
    }

    /// Labels and units of `unit.txt`, in file order.
    fn units(&self, levels: (usize, usize)) -> Result<Option<Vec<(Labels, String)>>, Error> {
        let (source, lead, header) = match self.find("unit", levels)? {
            None => return Ok(None),
            Some((source, Format::Text { lead, header })) => (source, lead, header),
            #[cfg(feature = "parquet")]
            Some((source, Format::Parquet)) => return frame::read_texts(source).map(Some),
            #[cfg(not(feature = "parquet"))]
            Some((source, Format::Parquet)) => return Err(without_parquet(source)),
        };
        let mut records = records_by(source, b'\t');
        for _ in 0..header {
            records.next()?;
        }
        let mut units = Vec::new();
        while let Some(record) = records.next()? {
            record.expect_fields(lead + 1)?;
            let labels = (0..lead).map(|field| record.text(field).map(str::to_owned));
            units.push((labels.collect::<Result<_, _>>()?, record.raw(lead).to_owned()));
        }
        Ok(Some(units))
    }
}

type Found<'f> = (Source<Box<dyn Read + 'f>>, Format);

/// How a file is written.
enum Format {
    /// Parted by tabs, with so many levels of labels of rows and of columns.
    Text { lead: usize, header: usize },
    /// As pandas writes it, with the levels in the file.
    Parquet,
}

#[cfg(not(feature = "parquet"))]
fn without_parquet<R: Read>(source: Source<R>) -> Error {
    Error::unreadable(
        &source.into_parts().0,
        "is a Parquet file, which needs the feature \"parquet\" of parecon-io",
    )
}

/// How the extensions of a system are read.
struct Extensions<'a, F: ?Sized> {
    folder: &'a F,
    sectors: &'a Index,
    categories: &'a [Key],
}

impl<F: Folder + ?Sized> Extensions<'_, F> {
    /// The account in a folder, or `None` if there is none.
    fn read(
        &self,
        name: &str,
        output: impl Fn() -> DVector<f64>,
        checker: &mut Checker,
    ) -> Result<Option<Satellite>, Error> {
        let part = Part::open(self.folder, &format!("{name}/"))?;
        let (sheet, is_flows) = match part.sheet("F", (1, 2))? {
            Some(sheet) => (sheet, true),
            None => match part.sheet("S", (1, 2))? {
                Some(sheet) => (sheet, false),
                None => return Ok(None),
            },
        };
        let rows: Vec<usize> = (0..sheet.rows.len()).collect();
        let columns = positions(&sheet, &keys(&sheet.columns), self.sectors, Side::Columns)?;
        note(checker, &sheet, &rows, &columns);
        let codes: Vec<String> = sheet.rows.iter().map(|labels| labels.join("/")).collect();
        let stressors: HashMap<String, usize> = codes.iter().cloned().zip(0..).collect();
        let mut flows = sheet.cells.into_block(&rows, &columns).map(filled);
        if !is_flows {
            flows.column_iter_mut().zip(output().iter()).for_each(|(mut column, x)| column *= *x);
        }
        let mut units = vec![String::new(); codes.len()];
        for (labels, unit) in part.units((1, 1))?.unwrap_or_default() {
            if let Some(&k) = stressors.get(&labels.join("/")) {
                units[k] = unit;
            }
        }
        let account = Satellite::new(name, Axis::from_codes(codes)?, units, flows)?;

        let mut direct = None;
        for key in ["F_Y", "FY", "F_hh"] {
            direct = direct.or(part.sheet(key, (1, 2))?);
        }
        let Some(sheet) = direct else { return Ok(Some(account)) };
        let mut rows = Vec::with_capacity(sheet.rows.len());
        for (i, labels) in sheet.rows.iter().enumerate() {
            let code = labels.join("/");
            let place = stressors.get(&code);
            rows.push(*place.ok_or_else(|| sheet.reject_row(i, format!("stressor {code:?} is not in F")))?);
        }
        let index: Index = self.categories.iter().cloned().zip(0..).collect();
        let columns = positions(&sheet, &keys(&sheet.columns), &index, Side::Columns)?;
        let every: Vec<usize> = (0..rows.len()).collect();
        note(checker, &sheet, &every, &columns);
        let mut amounts = DMatrix::zeros(stressors.len(), columns.len());
        for (i, &k) in rows.iter().enumerate() {
            for (j, &column) in columns.iter().enumerate() {
                amounts[(k, j)] = filled(sheet.cells.get(i, column));
            }
        }
        account.with_final_demand(amounts).map(Some)
    }
}
