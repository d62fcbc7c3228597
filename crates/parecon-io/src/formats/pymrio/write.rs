//! Writing a folder that pymrio loads.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use nalgebra::DMatrix;
use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::formats::assemble::Key;
#[cfg(feature = "parquet")]
use crate::formats::parquet::frame;
use crate::formats::pymrio::{PARAMETERS, VALUE_ADDED};
use crate::read::sheet::Labels;
use crate::satellite::Satellite;
use crate::table::IoTable;

/// Writes a table as a folder that pymrio's `load_all` reads, and [`read_pymrio`](super::read_pymrio).
///
/// `Z`, `Y`, `x` and `unit` in the folder, `F`, `F_Y` and `unit` of every satellite account in folders of their names, and
/// value added as the extension `value_added`; tab-separated, with every digit. Readable names and the unit of rounding are
/// not written. A table without regions has the region `domestic`.
///
/// The folder must not be there yet, or be empty. It appears when it is complete: everything is written to a folder
/// beside it, which is renamed at the end.
///
/// # Errors
/// A folder that is not empty or cannot be written; satellite accounts whose names are no names of folders, or `value_added`.
///
/// # Complexity
/// O(n²) for n sectors.
///
/// # Example
/// ```no_run
/// use std::path::Path;
/// use parecon_io::{datasets, formats};
///
/// formats::write_pymrio(&datasets::miller_blair()?, Path::new("miller-blair"))?;
/// let again = formats::read_pymrio(Path::new("miller-blair"))?.table;
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn write_pymrio(table: &IoTable, folder: impl AsRef<Path>) -> Result<(), Error> {
    write_folder(table, folder.as_ref(), Form::Text)
}

/// Writes a table as a folder of Parquet files that pymrio's `load_all` reads, and [`read_pymrio`](super::read_pymrio).
///
/// As [`write_pymrio`] but for the form of the files, which is that of `save_all(table_format="parquet")`.
///
/// # Errors
/// As [`write_pymrio`].
///
/// # Complexity
/// O(n²) for n sectors.
///
/// # Example
/// ```no_run
/// use std::path::Path;
/// use parecon_io::{datasets, formats};
///
/// formats::write_pymrio_parquet(&datasets::miller_blair()?, "miller-blair")?;
/// let again = formats::read_pymrio(Path::new("miller-blair"))?.table;
/// # Ok::<(), parecon_io::Error>(())
/// ```
#[cfg(feature = "parquet")]
pub fn write_pymrio_parquet(table: &IoTable, folder: impl AsRef<Path>) -> Result<(), Error> {
    write_folder(table, folder.as_ref(), Form::Parquet)
}

/// How files are written.
#[derive(Clone, Copy)]
enum Form {
    Text,
    #[cfg(feature = "parquet")]
    Parquet,
}

fn write_folder(table: &IoTable, folder: &Path, form: Form) -> Result<(), Error> {
    let name = folder.display().to_string();
    let failed = |error| Error::unreadable(&name, error);
    for account in table.satellites() {
        let fit = |c: char| c.is_alphanumeric() || "_- ".contains(c);
        if account.name() == VALUE_ADDED
            || account.name().trim() != account.name()
            || !account.name().chars().all(fit)
        {
            return Err(Error::invalid(format!(
                "satellite {:?}: must be named by letters, digits, \"_\", \"-\" and blanks inside, and not \
                 {VALUE_ADDED:?}",
                account.name()
            )));
        }
    }
    let Some(last) = folder.file_name() else {
        return Err(Error::invalid(format!("folder {name:?}: has no name")));
    };
    if folder.exists() {
        if folder.read_dir().map_err(failed)?.next().is_some() {
            return Err(Error::invalid(format!("folder {name:?}: is not empty")));
        }
        fs::remove_dir(folder).map_err(failed)?;
    }
    let unfinished =
        folder.with_file_name(format!(".{}.{}.unfinished", last.to_string_lossy(), std::process::id()));
    let result = fs::create_dir_all(&unfinished)
        .and_then(|()| write_all(table, &unfinished, form))
        .and_then(|()| fs::rename(&unfinished, folder));
    result.map_err(|error| {
        // The first error is the one to tell.
        let _ = fs::remove_dir_all(&unfinished);
        failed(error)
    })
}

fn write_all(table: &IoTable, folder: &Path, form: Form) -> std::io::Result<()> {
    let regions = table.regions();
    let area = regions.regions();
    let sectors: Vec<Key> = (regions.of_sectors().iter())
        .map(|&(r, b)| (area.code(r).to_owned(), regions.branches().code(b).to_owned()))
        .collect();
    let categories: Vec<Key> = (regions.of_categories().iter())
        .map(|&(r, p)| (area.code(r).to_owned(), regions.purposes().code(p).to_owned()))
        .collect();
    let of_sectors = Levels::pairs(["region", "sector"], &sectors);
    let of_categories = Levels::pairs(["region", "category"], &categories);
    let one = |label: &str| Levels { names: Vec::new(), labels: vec![vec![label.to_owned()]] };

    let mut part = Part::new(folder, form)?;
    part.matrix("Z", &of_sectors, &of_sectors, table.flows())?;
    part.matrix("Y", &of_sectors, &of_categories, table.final_demand())?;
    let output = DMatrix::from_column_slice(table.len(), 1, table.output().as_slice());
    part.matrix("x", &of_sectors, &one("indout"), &output)?;
    part.texts("unit", &of_sectors, "unit", &vec![table.unit().to_owned(); table.len()])?;
    part.finish(&json!("IOSystem"), None)?;
    let metadata = json!({
        "description": "Written by parecon-io", "name": "IO", "system": null, "version": null, "history": [],
    });
    fs::write(folder.join("metadata.json"), format!("{metadata:#}\n"))?;

    let money = vec![table.unit().to_owned(); table.value_added_components().len()];
    let codes: Vec<&str> = table.value_added_components().codes().collect();
    let stressors = Levels::single("stressor", &codes);
    let inside = folder.join(VALUE_ADDED);
    let mut part = Part::new(&inside, form)?;
    part.matrix("F", &stressors, &of_sectors, table.value_added())?;
    part.texts("unit", &stressors, "unit", &money)?;
    part.finish(&json!("Extension"), Some(VALUE_ADDED))?;
    for account in table.satellites() {
        write_account(account, &folder.join(account.name()), form, &of_sectors, &of_categories)?;
    }
    Ok(())
}

fn write_account(
    account: &Satellite,
    folder: &Path,
    form: Form,
    of_sectors: &Levels,
    of_categories: &Levels,
) -> std::io::Result<()> {
    let codes: Vec<&str> = account.stressors().codes().collect();
    let stressors = Levels::single("stressor", &codes);
    let mut part = Part::new(folder, form)?;
    part.matrix("F", &stressors, of_sectors, account.flows())?;
    if let Some(direct) = account.final_demand() {
        part.matrix("F_Y", &stressors, of_categories, direct)?;
    }
    part.texts("unit", &stressors, "unit", account.units())?;
    part.finish(&json!("Extension"), Some(account.name()))
}

/// Labels of rows or of columns, and the names of their levels.
pub(in crate::formats) struct Levels {
    pub(in crate::formats) names: Vec<&'static str>,
    pub(in crate::formats) labels: Vec<Labels>,
}

impl Levels {
    fn pairs(names: [&'static str; 2], keys: &[Key]) -> Self {
        let labels = keys.iter().map(|(region, member)| vec![region.clone(), member.clone()]).collect();
        Self { names: names.to_vec(), labels }
    }

    fn single(name: &'static str, codes: &[&str]) -> Self {
        Self { names: vec![name], labels: codes.iter().map(|code| vec![(*code).to_owned()]).collect() }
    }

    fn levels(&self) -> usize {
        self.names.len().max(1)
    }
}

/// A folder of files that `file_parameters.json` lists.
struct Part<'p> {
    folder: &'p Path,
    form: Form,
    files: Map<String, Value>,
}

impl<'p> Part<'p> {
    fn new(folder: &'p Path, form: Form) -> std::io::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { folder, form, files: Map::new() })
    }

    /// Lists a file and creates it.
    fn create(&mut self, key: &str, rows: &Levels, columns: &Levels) -> std::io::Result<BufWriter<File>> {
        let suffix = match self.form {
            Form::Text => "txt",
            #[cfg(feature = "parquet")]
            Form::Parquet => "parquet",
        };
        let name = format!("{key}.{suffix}");
        let file = BufWriter::with_capacity(1 << 18, File::create(self.folder.join(&name))?);
        // The counts are texts in pymrio's own files.
        let (lead, levels) = (rows.levels().to_string(), columns.levels().to_string());
        self.files.insert(key.to_owned(), json!({"name": name, "nr_index_col": lead, "nr_header": levels}));
        Ok(file)
    }

    fn matrix(
        &mut self,
        key: &str,
        rows: &Levels,
        columns: &Levels,
        cells: &DMatrix<f64>,
    ) -> std::io::Result<()> {
        let file = self.create(key, rows, columns)?;
        match self.form {
            Form::Text => text(file, rows, columns, |row, text| {
                let mut number = String::new();
                for value in cells.row(row).iter() {
                    number.clear();
                    // A string takes everything.
                    let _ = std::fmt::Write::write_fmt(&mut number, format_args!("{value}"));
                    text.write_field(&number)?;
                }
                Ok(())
            }),
            #[cfg(feature = "parquet")]
            Form::Parquet => frame::write(file, rows, columns, &frame::Data::Numbers(cells)),
        }
    }

    fn texts(&mut self, key: &str, rows: &Levels, column: &str, texts: &[String]) -> std::io::Result<()> {
        let columns = Levels { names: Vec::new(), labels: vec![vec![column.to_owned()]] };
        let file = self.create(key, rows, &columns)?;
        match self.form {
            Form::Text => text(file, rows, &columns, |row, text| Ok(text.write_field(&texts[row])?)),
            #[cfg(feature = "parquet")]
            Form::Parquet => frame::write(file, rows, &columns, &frame::Data::Texts(texts)),
        }
    }

    fn finish(self, systemtype: &Value, name: Option<&str>) -> std::io::Result<()> {
        let mut parameters = json!({"files": self.files, "systemtype": systemtype});
        if let Some(name) = name {
            parameters["name"] = json!(name);
        }
        fs::write(self.folder.join(PARAMETERS), format!("{parameters:#}\n"))
    }
}

type Text = csv::Writer<BufWriter<File>>;

/// Writes labels, one level of columns or several, and the fields of every row.
fn text(
    file: BufWriter<File>,
    rows: &Levels,
    columns: &Levels,
    fields: impl Fn(usize, &mut Text) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let (lead, levels) = (rows.levels(), columns.levels());
    let mut text = csv::WriterBuilder::new().delimiter(b'\t').flexible(true).from_writer(file);
    for level in 0..levels {
        let mut record: Vec<&str> = vec![""; lead];
        match levels {
            // One level shares its line with the names of the row labels.
            1 => record.copy_from_slice(&rows.names),
            _ => record[0] = columns.names[level],
        }
        record.extend(columns.labels.iter().map(|labels| labels[level].as_str()));
        text.write_record(&record)?;
    }
    if levels > 1 {
        let mut record = rows.names.clone();
        record.resize(lead + columns.labels.len(), "");
        text.write_record(&record)?;
    }
    for (row, labels) in rows.labels.iter().enumerate() {
        for label in labels {
            text.write_field(label)?;
        }
        fields(row, &mut text)?;
        text.write_record(None::<&[u8]>)?;
    }
    // Sees to it that everything is written.
    let file = text.into_inner().map_err(csv::IntoInnerError::into_error)?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error)?.flush()
}
