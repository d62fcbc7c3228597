//! Tables in Apache Parquet.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::properties::{WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{Type, TypePtr};

use crate::error::Error;
use crate::formats::Import;
use crate::formats::assemble::Key;
use crate::formats::long;
use crate::formats::parquet::columns::{Columns, text};
use crate::read::{Record, Source, Stream};
use crate::table::IoTable;

pub(super) mod columns;
pub(super) mod frame;

/// Rows that are written as one group.
const GROUP: usize = 1 << 20;

/// Reads a table from Parquet with one record per flow, as [`write_long_parquet`] and pandas' `to_parquet` write it.
///
/// Columns and records are those of [`read_long`](super::read_long). `value` is a column of numbers; the others are text,
/// or whole numbers that serve as labels. A text that is null is empty. Places in messages are row and column, from 1.
///
/// Compression is none or Snappy, which is what pandas, Arrow and Spark use unless told otherwise.
///
/// # Errors
/// As [`read_long`](super::read_long); files that are cut off, damaged or compressed otherwise; columns of other types;
/// values that are null, NaN or infinite.
///
/// # Complexity
/// O(n² + k) for n sectors and k records; memory for both, for the file and for a group of rows.
///
/// # Reference
/// Apache Software Foundation, *Apache Parquet format*, version 2.
///
/// # Example
/// ```
/// use parecon_io::{Source, datasets};
/// use parecon_io::formats::{read_long_parquet, write_long_parquet};
///
/// let table = datasets::miller_blair()?;
/// let mut bytes = Vec::new();
/// write_long_parquet(&table, &mut bytes)?;
/// let again = read_long_parquet(Source::new("memory", bytes.as_slice()))?.table;
/// assert_eq!(again.flows(), table.flows());
///
/// let error = read_long_parquet(Source::new("cut.parquet", &bytes[..bytes.len() / 2])).unwrap_err();
/// assert!(error.to_string().starts_with("cut.parquet: is no Parquet file, or is cut off"));
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn read_long_parquet<R: Read>(source: Source<R>) -> Result<Import, Error> {
    let columns = Columns::read(source)?;
    let load = columns.names().iter().map(|name| match name.to_ascii_lowercase().as_str() {
        "value" => Some(Values::Numbers(Vec::new())),
        name if long::COLUMNS.contains(&name) => Some(Values::Texts(Vec::new())),
        _ => None,
    });
    let values = load.collect();
    long::read(Rows { columns, values, header: true, group: 0, before: 0, at: 0, len: 0 })
}

/// What was decoded of a column.
enum Values {
    Texts(Vec<ByteArray>),
    Numbers(Vec<f64>),
}

/// The rows of a file as records; the first is the names of the columns.
struct Rows {
    columns: Columns,
    /// Of the group that is decoded; `None` for columns that nobody asks for.
    values: Vec<Option<Values>>,
    header: bool,
    /// The group to decode next.
    group: usize,
    /// How many rows come before the decoded group.
    before: usize,
    /// The row in the group to hand out next, and how many there are.
    at: usize,
    len: usize,
}

impl Rows {
    fn decode(&mut self) -> Result<(), Error> {
        self.before += self.len;
        (self.at, self.len) = (0, 0);
        for (column, values) in self.values.iter_mut().enumerate() {
            self.len = match values {
                None => continue,
                Some(Values::Texts(texts)) => {
                    texts.clear();
                    self.columns.texts(self.group, column, self.before, texts)?;
                    texts.len()
                }
                Some(Values::Numbers(numbers)) => {
                    numbers.clear();
                    self.columns.numbers(self.group, column, self.before, numbers)?;
                    numbers.len()
                }
            };
        }
        self.group += 1;
        Ok(())
    }
}

impl Stream for Rows {
    fn name(&self) -> &str {
        self.columns.file()
    }

    fn line(&self) -> u64 {
        (self.before + self.at) as u64
    }

    fn next(&mut self) -> Result<Option<Record<'_>>, Error> {
        if self.header {
            self.header = false;
            let names = self.columns.names().iter().map(|name| Cow::Borrowed(name.as_str())).collect();
            return Ok(Some(Record::new(self.columns.file(), 0, names)));
        }
        while self.at == self.len {
            if self.group == self.columns.groups() {
                return Ok(None);
            }
            self.decode()?;
        }
        let at = self.at;
        let field = |values| match values {
            &None => Cow::Borrowed(""),
            Some(Values::Texts(texts)) => Cow::Borrowed(text(&texts[at])),
            Some(Values::Numbers(numbers)) if numbers[at].is_nan() => Cow::Borrowed(""),
            Some(Values::Numbers(numbers)) => Cow::Owned(numbers[at].to_string()),
        };
        let fields = self.values.iter().map(field).collect();
        self.at += 1;
        Ok(Some(Record::new(self.columns.file(), (self.before + self.at) as u64, fields)))
    }
}

/// Writes a table as Parquet with one record per flow, to be read by [`read_long_parquet`], pandas, Polars, R's arrow
/// and others.
///
/// Records are those of [`write_long`](super::write_long), `value` a double; Snappy compression.
///
/// # Errors
/// A code that would be read back as something else, and a writer that fails.
///
/// # Complexity
/// O(n²) for n sectors; memory for a million records.
///
/// # Example
/// ```
/// use parecon_io::{datasets, formats};
///
/// let mut bytes = Vec::new();
/// formats::write_long_parquet(&datasets::miller_blair()?, &mut bytes)?;
/// assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn write_long_parquet<W: Write + Send>(table: &IoTable, writer: W) -> Result<(), Error> {
    let failed = |error: ParquetError| Error::unreadable("Parquet output", error);
    let names = long::header(table);
    let fields = names.iter().map(|name| if *name == "value" { number(name) } else { label(name) });
    let schema = schema(fields.collect()).map_err(failed)?;
    let mut file = SerializedFileWriter::new(writer, schema, properties(true)).map_err(failed)?;
    let mut texts: Vec<Vec<ByteArray>> = vec![Vec::new(); names.len()];
    let mut numbers: Vec<f64> = Vec::new();
    let mut write = |texts: &mut Vec<Vec<ByteArray>>, numbers: &mut Vec<f64>| -> Result<(), ParquetError> {
        let mut group = file.next_row_group()?;
        for (name, texts) in names.iter().zip(texts) {
            let Some(mut column) = group.next_column()? else { continue };
            if *name == "value" {
                column.typed::<DoubleType>().write_batch(numbers, None, None)?;
            } else {
                column.typed::<ByteArrayType>().write_batch(texts, None, None)?;
            }
            column.close()?;
            texts.clear();
        }
        numbers.clear();
        group.close().map(|_| ())
    };
    // A label is kept once, however many records have it.
    let mut known: HashMap<String, ByteArray> = HashMap::new();
    let mut kept = move |text: &str| match known.get(text) {
        Some(bytes) => bytes.clone(),
        None => known.entry(text.to_owned()).or_insert_with(|| ByteArray::from(text)).clone(),
    };
    long::each(table, |from: &Key, to: &Key, value, unit| {
        for (name, texts) in names.iter().zip(&mut texts) {
            match *name {
                "from_region" => texts.push(kept(&from.0)),
                "from" => texts.push(kept(&from.1)),
                "to_region" => texts.push(kept(&to.0)),
                "to" => texts.push(kept(&to.1)),
                "unit" => texts.push(kept(unit)),
                _ => {}
            }
        }
        numbers.push(value);
        if numbers.len() == GROUP { write(&mut texts, &mut numbers).map_err(failed) } else { Ok(()) }
    })?;
    if !numbers.is_empty() {
        write(&mut texts, &mut numbers).map_err(failed)?;
    }
    file.close().map_err(failed)?;
    Ok(())
}

/// How files are written; labels that come back often are kept once.
fn properties(repeats: bool) -> WriterPropertiesPtr {
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
    Arc::new(properties.set_dictionary_enabled(repeats).build())
}

fn schema(columns: Vec<Result<Type, ParquetError>>) -> Result<TypePtr, ParquetError> {
    let columns = columns.into_iter().map(|column| column.map(Arc::new)).collect::<Result<_, _>>()?;
    Type::group_type_builder("schema").with_fields(columns).build().map(Arc::new)
}

fn label(name: &str) -> Result<Type, ParquetError> {
    Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::String))
        .build()
}

fn number(name: &str) -> Result<Type, ParquetError> {
    Type::primitive_type_builder(name, Physical::DOUBLE).with_repetition(Repetition::REQUIRED).build()
}
