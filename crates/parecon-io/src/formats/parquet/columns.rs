//! The columns of a Parquet file, with the places to complain about.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use crate::error::Error;
use crate::read::Source;

/// Values that are decoded at once.
const BATCH: usize = 1 << 13;

/// A whole file in memory; columns are decoded when they are asked for. Rows and columns count from 0 here.
pub(in crate::formats) struct Columns {
    file: String,
    reader: SerializedFileReader<Bytes>,
    names: Vec<String>,
}

/// What the values of a column are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Text,
    Float(Type),
    /// Signed or not.
    Integer(Type, bool),
    Other,
}

impl Columns {
    pub(in crate::formats) fn read<R: Read>(source: Source<R>) -> Result<Self, Error> {
        let (file, mut reader) = source.into_parts();
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|error| Error::unreadable(&file, error))?;
        let reader = guarded(|| SerializedFileReader::new(Bytes::from(bytes))).map_err(|error| {
            Error::unreadable(&file, format!("is no Parquet file, or is cut off or damaged: {error}"))
        })?;
        let columns = reader.metadata().file_metadata().schema_descr().columns();
        let names = columns.iter().map(|column| column.path().string()).collect();
        Ok(Self { file, reader, names })
    }

    pub(in crate::formats) fn file(&self) -> &str {
        &self.file
    }

    pub(in crate::formats) fn names(&self) -> &[String] {
        &self.names
    }

    pub(in crate::formats) fn groups(&self) -> usize {
        self.reader.num_row_groups()
    }

    /// What a program noted in the file under a key.
    pub(in crate::formats) fn note(&self, key: &str) -> Option<&str> {
        let notes = self.reader.metadata().file_metadata().key_value_metadata()?;
        notes.iter().find(|note| note.key == key)?.value.as_deref()
    }

    /// A complaint about a value.
    pub(in crate::formats) fn reject(&self, row: usize, column: usize, message: &str) -> Error {
        Error::parse(
            &self.file,
            row as u64 + 1,
            column + 1,
            format!("column {:?} {message}", self.names[column]),
        )
    }

    /// A complaint about the column as a whole.
    fn reject_column(&self, column: usize, message: impl std::fmt::Display) -> Error {
        Error::unreadable(&self.file, format!("column {:?} {message}", self.names[column]))
    }

    fn descriptor(&self, column: usize) -> &ColumnDescriptor {
        &self.reader.metadata().file_metadata().schema_descr().columns()[column]
    }

    fn content(&self, column: usize) -> Content {
        let column = self.descriptor(column);
        // Lists repeat; parts of a group may be missing at more than one level.
        if column.max_rep_level() > 0 || column.max_def_level() > 1 {
            return Content::Other;
        }
        let physical = column.physical_type();
        match (physical, column.logical_type_ref()) {
            (Type::BYTE_ARRAY, None | Some(LogicalType::String | LogicalType::Enum)) => {
                match column.converted_type() {
                    ConvertedType::NONE | ConvertedType::UTF8 | ConvertedType::ENUM => Content::Text,
                    _ => Content::Other,
                }
            }
            (Type::DOUBLE | Type::FLOAT, None) => Content::Float(physical),
            (Type::INT32 | Type::INT64, Some(LogicalType::Integer(integer))) => {
                Content::Integer(physical, integer.is_signed)
            }
            (Type::INT32 | Type::INT64, None) if column.converted_type() == ConvertedType::NONE => {
                Content::Integer(physical, true)
            }
            _ => Content::Other,
        }
    }

    fn kind(&self, column: usize) -> String {
        let column = self.descriptor(column);
        if column.max_rep_level() > 0 || column.max_def_level() > 1 {
            return "nested".to_owned();
        }
        match column.converted_type() {
            ConvertedType::NONE => column.physical_type().to_string(),
            converted => converted.to_string(),
        }
    }

    /// Hands on the values of a column in a group of rows, `None` for those that are missing, and returns how many.
    fn each<T: DataType>(
        &self,
        group: usize,
        column: usize,
        mut take: impl FnMut(Option<&T::T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let failed = |error: ParquetError| self.reject_column(column, format!("cannot be read: {error}"));
        let open = || {
            let rows = self.reader.get_row_group(group)?;
            let reader = get_typed_column_reader::<T>(rows.get_column_reader(column)?);
            Ok((reader, rows.metadata().num_rows()))
        };
        let (mut reader, stated) = guarded(open).map_err(failed)?;
        let nullable = self.descriptor(column).max_def_level() > 0;
        let (mut values, mut levels) = (Vec::new(), Vec::new());
        let mut count = 0usize;
        loop {
            values.clear();
            levels.clear();
            let decode = || reader.read_records(BATCH, Some(&mut levels), None, &mut values);
            let (records, _, _) = guarded(decode).map_err(failed)?;
            if records == 0 {
                break;
            }
            count += records;
            let mut values = values.iter();
            for row in 0..records {
                let present = !nullable || levels.get(row).is_some_and(|level| *level > 0);
                take(if present { values.next() } else { None })?;
            }
        }
        if i64::try_from(count) != Ok(stated) {
            return Err(self.reject_column(column, format!("has {count} values in {stated} rows")));
        }
        Ok(())
    }

    /// Appends the numbers of a column in a group of rows, NaN for those that are missing. `before` rows come before
    /// the group.
    pub(in crate::formats) fn numbers(
        &self,
        group: usize,
        column: usize,
        before: usize,
        numbers: &mut Vec<f64>,
    ) -> Result<(), Error> {
        let start = numbers.len();
        let mut push = |value: Option<f64>| match value {
            Some(value) if !value.is_finite() => {
                let row = before + numbers.len() - start;
                Err(self.reject(row, column, &format!("is {value}, must be a finite number")))
            }
            value => {
                numbers.push(value.unwrap_or(f64::NAN));
                Ok(())
            }
        };
        match self.content(column) {
            Content::Float(Type::DOUBLE) => self.each::<DoubleType>(group, column, |v| push(v.copied())),
            Content::Float(_) => self.each::<FloatType>(group, column, |v| push(v.map(|v| f64::from(*v)))),
            Content::Integer(physical, signed) => {
                self.integers(group, column, (physical, signed), |v| push(v.map(|v| v as f64)))
            }
            Content::Text | Content::Other => {
                Err(self.reject_column(column, format!("is {}, must be numbers", self.kind(column))))
            }
        }
    }

    fn integers(
        &self,
        group: usize,
        column: usize,
        (physical, signed): (Type, bool),
        mut take: impl FnMut(Option<i128>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        match (physical, signed) {
            (Type::INT32, true) => self.each::<Int32Type>(group, column, |v| take(v.map(|v| (*v).into()))),
            (Type::INT32, false) => {
                self.each::<Int32Type>(group, column, |v| take(v.map(|v| v.cast_unsigned().into())))
            }
            (_, true) => self.each::<Int64Type>(group, column, |v| take(v.map(|v| (*v).into()))),
            (_, false) => {
                self.each::<Int64Type>(group, column, |v| take(v.map(|v| v.cast_unsigned().into())))
            }
        }
    }

    /// Appends the texts of a column in a group of rows, empty for those that are missing; whole numbers are labels too.
    pub(in crate::formats) fn texts(
        &self,
        group: usize,
        column: usize,
        before: usize,
        texts: &mut Vec<ByteArray>,
    ) -> Result<(), Error> {
        let start = texts.len();
        match self.content(column) {
            Content::Text => self.each::<ByteArrayType>(group, column, |value| {
                if value.is_some_and(|value| value.as_utf8().is_err()) {
                    return Err(self.reject(before + texts.len() - start, column, "is not UTF-8 text"));
                }
                texts.push(value.cloned().unwrap_or_else(|| ByteArray::from("")));
                Ok(())
            }),
            Content::Integer(physical, signed) => self.integers(group, column, (physical, signed), |value| {
                texts.push(ByteArray::from(value.map_or(String::new(), |v| v.to_string()).as_str()));
                Ok(())
            }),
            Content::Float(_) | Content::Other => {
                Err(self.reject_column(column, format!("is {}, must be text", self.kind(column))))
            }
        }
    }
}

/// Calls the library, which asserts some of what a damaged file may break. What panicked is dropped after that.
fn guarded<T>(call: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("its figures contradict");
        Err(ParquetError::General(text.to_owned()))
    })
}

/// A text that was checked when it was read, without surrounding blanks.
pub(in crate::formats) fn text(bytes: &ByteArray) -> &str {
    bytes.as_utf8().unwrap_or_default().trim()
}
