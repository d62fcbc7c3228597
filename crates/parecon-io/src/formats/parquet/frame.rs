//! Data frames as pandas writes them: labels of rows are columns of text, labels of columns of several levels are the
//! `repr` of a Python tuple, and a JSON note in the file tells which is which.

use std::io::{Read, Write};

use nalgebra::DMatrix;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::writer::SerializedFileWriter;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::formats::parquet::columns::{Columns, text};
use crate::formats::parquet::{label, number, properties, schema};
use crate::formats::pymrio::Levels;
use crate::read::Source;
use crate::read::sheet::{Labels, Sheet};

const NOTE: &str = "pandas";

/// What pandas notes; only what is used here.
#[derive(Deserialize)]
struct Note {
    index_columns: Vec<Value>,
    column_indexes: Vec<Value>,
}

/// A file, and what its columns are.
struct Frame {
    columns: Columns,
    /// The columns with labels of rows, outermost first.
    index: Vec<usize>,
    /// The other columns, in the order of the file.
    data: Vec<usize>,
    /// Levels of the labels of columns.
    levels: usize,
}

impl Frame {
    fn read<R: Read>(source: Source<R>) -> Result<Self, Error> {
        let columns = Columns::read(source)?;
        let refuse = |message: String| Error::unreadable(columns.file(), message);
        let note = columns.note(NOTE).ok_or_else(|| {
            refuse("has no note \"pandas\", which tells what are labels: write it by pandas".to_owned())
        })?;
        let note: Note = serde_json::from_str(note)
            .map_err(|error| refuse(format!("the note \"pandas\" cannot be read: {error}")))?;
        let mut index = Vec::with_capacity(note.index_columns.len());
        for name in &note.index_columns {
            // A numbered index is an object, not a name.
            let place = name.as_str().and_then(|name| columns.names().iter().position(|each| each == name));
            index.push(place.ok_or_else(|| refuse(format!("the labels {name} are not a column of text")))?);
        }
        if index.is_empty() {
            return Err(refuse("has no labels of rows".to_owned()));
        }
        let data: Vec<usize> = (0..columns.names().len()).filter(|column| !index.contains(column)).collect();
        if data.is_empty() {
            return Err(refuse("has no columns but labels".to_owned()));
        }
        let levels = note.column_indexes.len().max(1);
        Ok(Self { columns, index, data, levels })
    }

    /// The labels of rows; none is empty.
    fn rows(&self) -> Result<Vec<Labels>, Error> {
        let mut rows: Vec<Labels> = Vec::new();
        for (level, &column) in self.index.iter().enumerate() {
            let texts = self.texts(column)?;
            if level == 0 {
                rows.resize(texts.len(), Labels::with_capacity(self.index.len()));
            }
            // Every column has as many rows as the file says.
            for (row, (labels, bytes)) in rows.iter_mut().zip(&texts).enumerate() {
                match text(bytes) {
                    "" => return Err(self.columns.reject(row, column, "is empty, must have a text")),
                    text => labels.push(text.to_owned()),
                }
            }
        }
        Ok(rows)
    }

    fn texts(&self, column: usize) -> Result<Vec<ByteArray>, Error> {
        let mut texts = Vec::new();
        for group in 0..self.columns.groups() {
            self.columns.texts(group, column, texts.len(), &mut texts)?;
        }
        Ok(texts)
    }

    fn labels(&self, column: usize) -> Result<Labels, Error> {
        let name = &self.columns.names()[column];
        if self.levels == 1 {
            return Ok(vec![name.trim().to_owned()]);
        }
        let labels = tuple(name).filter(|labels| labels.len() == self.levels);
        labels.ok_or_else(|| {
            let message = format!("column {name:?}: must be named by a tuple of {} labels", self.levels);
            Error::unreadable(self.columns.file(), message)
        })
    }
}

/// Labels and numbers of a frame.
pub(in crate::formats) fn read_sheet<R: Read>(source: Source<R>) -> Result<Sheet, Error> {
    let frame = Frame::read(source)?;
    let rows = frame.rows()?;
    let columns = frame.data.iter().map(|&column| frame.labels(column)).collect::<Result<Vec<_>, Error>>()?;
    let mut cells = Vec::new();
    for (j, &column) in frame.data.iter().enumerate() {
        for group in 0..frame.columns.groups() {
            let before = cells.len() - j * rows.len();
            frame.columns.numbers(group, column, before, &mut cells)?;
        }
        if j == 0 {
            // As much as there will be, now that one column was really there.
            let more = cells.len().saturating_mul(frame.data.len() - 1);
            if cells.try_reserve_exact(more).is_err() {
                let message = format!("{} x {} cells do not fit into memory", rows.len(), frame.data.len());
                return Err(Error::unreadable(frame.columns.file(), message));
            }
        }
    }
    Sheet::of_columns(frame.columns.file(), rows, columns, cells)
}

/// Labels of a frame and the texts of the one other column.
pub(in crate::formats) fn read_texts<R: Read>(source: Source<R>) -> Result<Vec<(Labels, String)>, Error> {
    let frame = Frame::read(source)?;
    let &[column] = frame.data.as_slice() else {
        let message = format!("has {} columns beside its labels, must have one", frame.data.len());
        return Err(Error::unreadable(frame.columns.file(), message));
    };
    let texts = frame.texts(column)?;
    Ok(frame.rows()?.into_iter().zip(texts.iter().map(|bytes| text(bytes).to_owned())).collect())
}

/// What is written under the labels of columns.
pub(in crate::formats) enum Data<'a> {
    Numbers(&'a DMatrix<f64>),
    /// One column.
    Texts(&'a [String]),
}

/// Writes a frame.
pub(in crate::formats) fn write<W: Write + Send>(
    file: W,
    rows: &Levels,
    columns: &Levels,
    data: &Data<'_>,
) -> std::io::Result<()> {
    let written = || -> Result<(), ParquetError> {
        let names: Vec<String> = columns.labels.iter().map(|labels| shown(labels)).collect();
        let field = |name: &String| match data {
            Data::Numbers(_) => number(name),
            Data::Texts(_) => label(name),
        };
        let fields = names.iter().map(field).chain(rows.names.iter().map(|name| label(name)));
        let mut file = SerializedFileWriter::new(file, schema(fields.collect())?, properties(false))?;
        let note = note(&rows.names, &columns.names, &names, data);
        file.append_key_value_metadata(KeyValue::new(NOTE.to_owned(), note.to_string()));
        let mut group = file.next_row_group()?;
        let mut at = 0;
        while let Some(mut column) = group.next_column()? {
            match data {
                Data::Numbers(cells) if at < names.len() => {
                    column.typed::<DoubleType>().write_batch(cells.column(at).as_slice(), None, None)?;
                }
                Data::Texts(texts) if at < names.len() => {
                    let texts: Vec<ByteArray> = texts.iter().map(|text| text.as_str().into()).collect();
                    column.typed::<ByteArrayType>().write_batch(&texts, None, None)?;
                }
                _ => {
                    let labels = rows.labels.iter().map(|labels| labels[at - names.len()].as_str().into());
                    let texts: Vec<ByteArray> = labels.collect();
                    column.typed::<ByteArrayType>().write_batch(&texts, None, None)?;
                }
            }
            column.close()?;
            at += 1;
        }
        group.close()?;
        file.close().map(|_| ())
    };
    written().map_err(std::io::Error::other)
}

/// What pandas looks for in a file.
fn note(rows: &[&str], levels: &[&str], names: &[String], data: &Data<'_>) -> Value {
    let entry = |name: &str, pandas: &str, numpy: &str| json!({"name": name, "field_name": name, "pandas_type": pandas, "numpy_type": numpy, "metadata": null});
    let level = |name: Option<&str>| {
        json!({
            "name": name, "field_name": name, "pandas_type": "unicode", "numpy_type": "object",
            "metadata": {"encoding": "UTF-8"},
        })
    };
    let levels: Vec<Value> = match levels {
        [] => vec![level(None)],
        levels => levels.iter().map(|name| level(Some(name))).collect(),
    };
    let (pandas, numpy) = match data {
        Data::Numbers(_) => ("float64", "float64"),
        Data::Texts(_) => ("unicode", "object"),
    };
    let columns = names.iter().map(|name| entry(name, pandas, numpy));
    let columns: Vec<Value> =
        columns.chain(rows.iter().map(|name| entry(name, "unicode", "object"))).collect();
    json!({
        "index_columns": rows, "column_indexes": levels, "columns": columns, "attributes": {},
        "creator": {"library": "parecon-io", "version": env!("CARGO_PKG_VERSION")}, "pandas_version": "2.0.0",
    })
}

/// The name of a column with these labels: the label, or all of them as Python writes a tuple.
fn shown(labels: &[String]) -> String {
    if let [label] = labels {
        return label.clone();
    }
    let mut text = String::from("(");
    for (level, label) in labels.iter().enumerate() {
        text.push_str(if level == 0 { "'" } else { ", '" });
        for c in label.chars() {
            match c {
                '\'' | '\\' => text.extend(['\\', c]),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                c if c.is_control() => text.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => text.push(c),
            }
        }
        text.push('\'');
    }
    text.push(')');
    text
}

/// The texts and whole numbers in a tuple as Python writes it, or `None` if it is something else.
fn tuple(text: &str) -> Option<Labels> {
    let mut rest = text.trim().strip_prefix('(')?;
    let mut labels = Labels::new();
    loop {
        rest = rest.trim_start();
        let label;
        (label, rest) = match rest.chars().next()? {
            ')' => break,
            quote @ ('\'' | '"') => quoted(&rest[1..], quote)?,
            _ => {
                let (number, rest) = rest.split_at(rest.find([',', ')'])?);
                number.trim().parse::<i64>().ok()?;
                (number.trim().to_owned(), rest)
            }
        };
        labels.push(label.trim().to_owned());
        rest = rest.trim_start();
        rest = rest.strip_prefix(',').or_else(|| rest.starts_with(')').then_some(rest))?;
    }
    (rest.strip_prefix(')')?.is_empty()).then_some(labels)
}

/// A text up to its closing quote, and what follows.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut label = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            c if c == quote => return Some((label, chars.as_str())),
            '\\' => {
                let digits = match chars.next()? {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    c => {
                        label.push(match c {
                            'n' => '\n',
                            'r' => '\r',
                            't' => '\t',
                            '\'' | '"' | '\\' => c,
                            _ => return None,
                        });
                        continue;
                    }
                };
                let rest = chars.as_str();
                let code = u32::from_str_radix(rest.get(..digits)?, 16).ok()?;
                label.push(char::from_u32(code)?);
                chars = rest[digits..].chars();
            }
            c => label.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tuples_as_python_writes_them() {
        let texts = |text: &str| tuple(text).map(|labels| labels.join("|"));
        assert_eq!(texts("('reg1', 'food')").as_deref(), Some("reg1|food"));
        assert_eq!(texts(r#"("l'or", 'a\\b\n\xe9\u20ac', 7)"#).as_deref(), Some("l'or|a\\b\né€|7"));
        assert_eq!(texts("('one',)").as_deref(), Some("one"));
        for wrong in
            ["", "(", "('a'", "('a' 'b')", "('a', b)", "a", "('a')x", r"('\q')", r"('\x4')", "('a', 1.5)"]
        {
            assert_eq!(tuple(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn names_of_columns_come_back(labels in proptest::collection::vec(r#"[a-z'"\\\n(), é€]{1,12}"#, 2..4)) {
            let labels: Labels = labels.iter().map(|label| label.trim().to_owned()).collect();
            prop_assert_eq!(tuple(&shown(&labels)), Some(labels));
        }

        #[test]
        fn any_text_is_a_tuple_or_not(text in r"[(]?['\\xu0-9a, )é]{0,20}") {
            let _ = tuple(&text);
        }
    }
}
