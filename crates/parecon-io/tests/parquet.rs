//! Tables in Parquet: files of pandas and pymrio are read, our own come back, damaged ones are refused.
#![cfg(feature = "parquet")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use nalgebra::{DMatrix, dmatrix, dvector};
use parecon_io::formats::{
    read_long, read_long_parquet, read_pymrio, write_long, write_long_parquet, write_pymrio_parquet,
};
use parecon_io::{Axis, Error, IoTable, Regions, Satellite, Source};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

/// Written by pandas 3.1, in three groups of rows, with nulls, a categorical column and one that is not looked at.
const PANDAS: &[u8] = include_bytes!("data/long_pandas.parquet");
/// The same.
const TEXT: &str = include_str!("data/long.csv");

fn long(bytes: &[u8]) -> Result<IoTable, Error> {
    read_long_parquet(Source::new("t.parquet", bytes)).map(|import| import.table)
}

/// The folder that pymrio 0.7.0 saved, as files in memory.
#[expect(clippy::unwrap_used, reason = "a test without its fixture has nothing to test")]
fn pymrio() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pymrio_parquet");
    let names = ["file_parameters.json", "Z.parquet", "Y.parquet", "x.parquet", "unit.parquet"]
        .into_iter()
        .chain(["air/file_parameters.json", "air/F.parquet", "air/F_Y.parquet", "air/unit.parquet"]);
    names.map(|name| (name.to_owned(), std::fs::read(folder.join(name)).unwrap())).collect()
}

#[test]
fn a_file_that_pandas_wrote() -> Result<(), Error> {
    assert_eq!(long(PANDAS)?, read_long(Source::new("t.csv", TEXT.as_bytes()))?.table);
    Ok(())
}

#[test]
fn a_folder_that_pymrio_saved() -> Result<(), Error> {
    for parameters in [true, false] {
        let mut files = pymrio();
        if !parameters {
            files.retain(|name, _| name.ends_with(".parquet"));
        }
        let import = read_pymrio(&files)?;
        let table = import.table;
        assert_eq!(table.sectors().codes().collect::<Vec<_>>(), ["AT.food", "AT.d'or", "DE.food"]);
        assert_eq!(*table.flows(), dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0; 7.0, 8.0, 9.5]);
        // Whole numbers there.
        assert_eq!(*table.final_demand(), dmatrix![10.0, 14.0; 20.0, 25.0; 30.0, 36.0]);
        assert_eq!(*table.output(), dvector![30.0, 60.0, 90.5]);
        assert_eq!(table.unit(), "M.EUR");
        let air = table.satellite("air")?;
        assert_eq!(air.stressors().codes().collect::<Vec<_>>(), ["co2/air", "nox/air"]);
        assert_eq!(air.units(), ["kt", "t"]);
        assert_eq!(*air.flows(), dmatrix![1.5, 0.0, 2.0; 0.0, 3.0, 0.25]);
        // Single precision there.
        assert_eq!(air.final_demand(), Some(&dmatrix![3.0, 4.0; 0.0, 0.0]));
        // The cell that pandas has as NaN.
        assert_eq!(import.notes.findings().len(), 1, "{}", import.notes);
        assert!(import.notes.to_string().contains("air/F.parquet:1:2"), "{}", import.notes);
    }
    Ok(())
}

/// Labels that need care: quotes, brackets, separators, backslashes, letters beyond ASCII.
fn tables() -> impl Strategy<Value = IoTable> {
    let cell = prop_oneof![Just(0.0), Just(-0.1), -1e300..1e300, 0.0..1.0];
    let labels = || prop::collection::btree_set(r#"[a-z'"\\(), é.]{0,3}[a-z]"#, 1..4);
    let all = (labels(), labels(), labels(), any::<bool>(), prop::collection::vec(cell, 500));
    all.prop_filter_map("sums are finite", |(regions, branches, purposes, plain, cells)| {
        let trimmed = |labels: std::collections::BTreeSet<String>| {
            labels.into_iter().map(|label| label.trim().to_owned()).collect::<std::collections::BTreeSet<_>>()
        };
        let regions = if plain { ["domestic".to_owned()].into() } else { trimmed(regions) };
        let (branches, purposes) = (trimmed(branches), trimmed(purposes));
        let (n, m) = (regions.len() * branches.len(), regions.len() * purposes.len());
        let regions = Regions::crossed(
            Axis::from_codes(regions).ok()?,
            Axis::from_codes(branches).ok()?,
            Axis::from_codes(purposes).ok()?,
        );
        let regions = regions.ok()?;
        let mut cells = cells.into_iter();
        let mut matrix =
            |rows, columns| DMatrix::from_iterator(rows, columns, cells.by_ref().take(rows * columns));
        let table = IoTable::new(
            regions.sectors().ok()?,
            matrix(n, n),
            regions.categories().ok()?,
            matrix(n, m),
            Axis::from_codes(["wages", "rest"]).ok()?,
            matrix(2, n),
        );
        let air = Satellite::new("air", Axis::from_codes(["co2", "'n2o'"]).ok()?, ["t", ""], matrix(2, n));
        let air = air.ok()?.with_final_demand(matrix(2, m)).ok()?;
        table.ok()?.with_regions(regions).ok()?.with_unit("M€").with_satellite(air).ok()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// By both ways of writing, cell by cell and bit by bit.
    #[test]
    fn what_is_written_is_read_back(table in tables()) {
        let mut bytes = Vec::new();
        write_long_parquet(&table, &mut bytes)?;
        let read = long(&bytes)?;
        let mut text = Vec::new();
        write_long(&table, &mut text)?;
        prop_assert_eq!(&read, &read_long(Source::new("t.csv", text.as_slice()))?.table);
        prop_assert_eq!(read.flows(), table.flows());

        let folder = std::env::temp_dir().join(format!("parecon-io-parquet-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        write_pymrio_parquet(&table, &folder)?;
        let again = read_pymrio(folder.as_path());
        std::fs::remove_dir_all(&folder)?;
        prop_assert_eq!(again?.table.with_rounding(read.rounding())?, read);
    }

    /// A file is cut off, or some of its bytes are others: an answer, never a panic.
    #[test]
    fn damaged_files_get_an_answer(
        which in 0..5usize, cut in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut files = pymrio();
        files.insert("long".into(), PANDAS.to_vec());
        let name = ["long", "Z.parquet", "Y.parquet", "unit.parquet", "air/F.parquet"][which];
        let mut bytes = files[name].clone();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if changes.is_empty() {
            bytes.truncate(cut.index(bytes.len()));
        }
        files.insert(name.to_owned(), bytes);
        let result = match which {
            0 => long(&files["long"]),
            _ => read_pymrio(&files).map(|import| import.table),
        };
        prop_assert!(!changes.is_empty() || result.is_err());
        if let Err(error) = result {
            prop_assert!(error.is_unreadable() || error.is_invalid_input(), "{}", error);
        }
    }
}

#[test]
fn no_file_at_all() {
    for bytes in [&b""[..], b"PAR1", b"PAR1PAR1", b"from,to,value\n"] {
        let error = long(bytes).unwrap_err();
        assert!(error.is_unreadable());
        assert!(error.to_string().starts_with("t.parquet: is no Parquet file, or is cut off"), "{error}");
    }
}

/// Values of a column; `None` is null.
enum Column<'a> {
    Texts(&'a [Option<&'a str>]),
    Numbers(&'a [Option<f64>]),
}

/// A file with these columns, all of which may be null.
#[expect(clippy::unwrap_used, reason = "a test without its fixture has nothing to test")]
fn file(schema: &str, columns: &[Column<'_>]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for column in columns {
        let mut to = group.next_column().unwrap().unwrap();
        match column {
            Column::Texts(texts) => {
                let levels: Vec<i16> = texts.iter().map(|text| text.is_some().into()).collect();
                let texts: Vec<ByteArray> = texts.iter().flatten().map(|text| (*text).into()).collect();
                to.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None).unwrap();
            }
            Column::Numbers(numbers) => {
                let levels: Vec<i16> = numbers.iter().map(|number| number.is_some().into()).collect();
                let numbers: Vec<f64> = numbers.iter().flatten().copied().collect();
                to.typed::<DoubleType>().write_batch(&numbers, Some(&levels), None).unwrap();
            }
        }
        to.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    bytes
}

#[test]
fn records_that_are_refused() {
    use Column::{Numbers, Texts};
    let plain =
        "message m { optional binary from (UTF8); optional binary to (UTF8); optional double value; }";
    let from = [Some("a"), Some("a"), Some("a")];
    let to = [Some("a"), Some("final:f"), Some("a")];
    let refused = |from: &[Option<&str>], to: &[Option<&str>], values: &[Option<f64>]| {
        long(&file(plain, &[Texts(from), Texts(to), Numbers(values)])).unwrap_err().to_string()
    };
    let values = |last| [Some(1.0), Some(2.0), last];
    assert_eq!(refused(&from, &to, &values(Some(3.0))), "t.parquet:3:1: \"a\" to \"a\" appears twice");
    assert_eq!(refused(&from, &to, &values(None)), "t.parquet:3:3: is empty, must be a number");
    let error = "t.parquet:3:3: column \"value\" is NaN, must be a finite number";
    assert_eq!(refused(&from, &to, &values(Some(f64::NAN))), error);
    assert_eq!(refused(&from, &to, &values(Some(f64::INFINITY))), error.replace("NaN", "inf"));
    let error = "t.parquet:2:1: is empty, must have a text";
    assert_eq!(refused(&[Some("a"), None, Some("b")], &to, &values(Some(1.0))), error);
    let error = "t.parquet:2:1: final demand and output only take, they give nothing";
    assert_eq!(refused(&[Some("a"), Some("output"), Some("b")], &to, &values(Some(1.0))), error);
    assert_eq!(refused(&[], &[], &[]), "t.parquet:0:1: there is no sector, must be at least one");

    let schema = "message m { optional double from; optional binary to (UTF8); optional double value; }";
    let bytes = file(schema, &[Numbers(&[Some(1.0)]), Texts(&to[..1]), Numbers(&[Some(1.0)])]);
    assert_eq!(long(&bytes).unwrap_err().to_string(), "t.parquet: column \"from\" is DOUBLE, must be text");
    let schema =
        "message m { optional binary from (UTF8); optional binary to (UTF8); optional binary value (UTF8); }";
    let bytes = file(schema, &[Texts(&from[..1]), Texts(&to[..1]), Texts(&[Some("1")])]);
    assert_eq!(long(&bytes).unwrap_err().to_string(), "t.parquet: column \"value\" is UTF8, must be numbers");
    let schema = "message m { optional binary from (UTF8); optional double value; }";
    let bytes = file(schema, &[Texts(&from[..1]), Numbers(&[Some(1.0)])]);
    assert_eq!(long(&bytes).unwrap_err().to_string(), "t.parquet:0:3: there is no column \"to\"");
}

#[test]
fn folders_that_are_refused() {
    let refused = |name: &str, other: &[u8]| {
        let mut files = pymrio();
        files.insert(name.to_owned(), other.to_vec());
        read_pymrio(&files).unwrap_err().to_string()
    };
    let files = pymrio();
    let found = refused("Y.parquet", &files["unit.parquet"]);
    assert_eq!(found, "Y.parquet: column \"unit\" is UTF8, must be numbers");
    let found = refused("unit.parquet", &files["Y.parquet"]);
    assert_eq!(found, "unit.parquet: has 2 columns beside its labels, must have one");
    let found = refused("Z.parquet", &files["air/F.parquet"]);
    assert_eq!(found, "Z.parquet:0:1: \"AT.food\" is not one of the table's");
    let found = refused("Z.parquet", PANDAS);
    assert_eq!(
        found,
        "Z.parquet: the labels {\"kind\":\"range\",\"name\":null,\"start\":0,\"step\":1,\"stop\":8} are not a column of text"
    );
    let bare = file("message m { optional double a; }", &[Column::Numbers(&[Some(1.0)])]);
    let found = refused("Z.parquet", &bare);
    assert!(found.starts_with("Z.parquet: has no note \"pandas\""), "{found}");
}
