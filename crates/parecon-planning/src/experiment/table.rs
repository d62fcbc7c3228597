//! Rows of a batch as files.

use std::io;
#[cfg(feature = "parquet")]
use std::sync::Arc;

#[cfg(feature = "parquet")]
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
#[cfg(feature = "parquet")]
use parquet::file::{properties::WriterProperties, writer::SerializedFileWriter};

use super::{Run, rows};

/// Writes every round of every run as CSV, with a header: seed, rule, year, round, imbalance, class, gap.
///
/// # Errors
/// If writing fails.
///
/// # Example
/// ```
/// use parecon_planning::Config;
/// use parecon_planning::experiment::{Generator, Rule, batch, write_csv};
///
/// let experiment = Generator::new(1).with_goods_per_category(4).with_councils(60, 60);
/// let runs = batch(&[experiment], &[Rule::RevealedNewton], 1, &Config::new())?;
/// let mut text = Vec::new();
/// write_csv(&runs, &mut text)?;
/// assert!(text.starts_with(b"seed,rule,year,round,imbalance,class,gap\n1,revealed_newton,1,1,"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "csv")]
pub fn write_csv(runs: &[Run], to: impl io::Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    for row in rows(runs) {
        writer.serialize(row).map_err(io::Error::other)?;
    }
    writer.flush()
}

#[cfg(feature = "parquet")]
const SCHEMA: &str = "message rounds {
    REQUIRED INT64 seed (INTEGER(64, false));
    REQUIRED BYTE_ARRAY rule (STRING);
    REQUIRED INT32 year;
    REQUIRED INT64 round;
    REQUIRED DOUBLE imbalance;
    REQUIRED BYTE_ARRAY class (STRING);
    OPTIONAL DOUBLE gap;
}";

/// Writes every round of every run as Parquet, with the columns of [`write_csv`].
///
/// # Errors
/// If writing fails.
///
/// # Example
/// ```
/// use parecon_planning::Config;
/// use parecon_planning::experiment::{Generator, Rule, batch, write_parquet};
///
/// let experiment = Generator::new(1).with_goods_per_category(4).with_councils(60, 60);
/// let runs = batch(&[experiment], &[Rule::RevealedNewton], 1, &Config::new())?;
/// let mut file = Vec::new();
/// write_parquet(&runs, &mut file)?;
/// assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg(feature = "parquet")]
pub fn write_parquet(runs: &[Run], to: impl io::Write + Send) -> io::Result<()> {
    write_rows(runs, to).map_err(io::Error::other)
}

#[cfg(feature = "parquet")]
fn write_rows(runs: &[Run], to: impl io::Write + Send) -> parquet::errors::Result<()> {
    let schema = Arc::new(parquet::schema::parser::parse_message_type(SCHEMA)?);
    let properties = WriterProperties::builder().set_compression(parquet::basic::Compression::SNAPPY).build();
    let mut file = SerializedFileWriter::new(to, schema, Arc::new(properties))?;
    let rows: Vec<_> = rows(runs).collect();
    let mut group = file.next_row_group()?;
    let mut at = 0;
    while let Some(mut column) = group.next_column()? {
        match at {
            0 => {
                let seeds: Vec<i64> = rows.iter().map(|r| r.seed.cast_signed()).collect();
                column.typed::<Int64Type>().write_batch(&seeds, None, None)?;
            }
            1 => {
                let names: Vec<_> = rows.iter().map(|r| ByteArray::from(r.rule.name())).collect();
                column.typed::<ByteArrayType>().write_batch(&names, None, None)?;
            }
            2 => {
                let years: Vec<i32> = rows.iter().map(|r| r.year.cast_signed()).collect();
                column.typed::<Int32Type>().write_batch(&years, None, None)?;
            }
            3 => {
                let rounds: Vec<i64> = rows.iter().map(|r| r.round.cast_signed()).collect();
                column.typed::<Int64Type>().write_batch(&rounds, None, None)?;
            }
            4 => {
                let imbalances: Vec<f64> = rows.iter().map(|r| r.imbalance).collect();
                column.typed::<DoubleType>().write_batch(&imbalances, None, None)?;
            }
            5 => {
                let classes: Vec<_> = rows.iter().map(|r| ByteArray::from(r.class.name())).collect();
                column.typed::<ByteArrayType>().write_batch(&classes, None, None)?;
            }
            _ => {
                let gaps: Vec<f64> = rows.iter().filter_map(|r| r.gap).collect();
                let present: Vec<i16> = rows.iter().map(|r| i16::from(r.gap.is_some())).collect();
                column.typed::<DoubleType>().write_batch(&gaps, Some(&present), None)?;
            }
        }
        column.close()?;
        at += 1;
    }
    group.close()?;
    file.close()?;
    Ok(())
}
