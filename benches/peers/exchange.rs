//! Tables and results as files that both sides read: matrices of little-endian f64, column by column, and one JSON
//! of labels.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use nalgebra::DMatrix;
use nalgebra_sparse::CsrMatrix;
use parecon_io::{Axis, AxisKind, IoTable, Regions, Satellite, SparseTechnology};
use serde::{Deserialize, Serialize};

/// The name of the only satellite account.
pub(crate) const ACCOUNT: &str = "stressors";

/// How many numbers are read at once: the bytes of a matrix are never in memory beside the matrix.
const AT_ONCE: usize = 8192;

/// The labels. Every branch is in every region, and every purpose too, region by region.
#[derive(Serialize, Deserialize)]
struct Labels {
    regions: Vec<String>,
    branches: Vec<String>,
    purposes: Vec<String>,
    stressors: Vec<String>,
}

/// Writes a table with its account, if it has one.
pub(crate) fn write(folder: &Path, table: &IoTable, account: &Satellite) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    let places = table.regions();
    let labels = Labels {
        regions: codes(places.regions()),
        branches: codes(places.branches()),
        purposes: codes(places.purposes()),
        stressors: codes(account.stressors()),
    };
    write_matrix(&folder.join("Z.f64"), table.flows())?;
    write_matrix(&folder.join("Y.f64"), table.final_demand())?;
    write_matrix(&folder.join("F.f64"), account.flows())?;
    if let Some(direct) = account.final_demand() {
        write_matrix(&folder.join("F_Y.f64"), direct)?;
    }
    // Last: a folder with labels is complete.
    fs::write(folder.join("labels.json"), serde_json::to_string(&labels)?)?;
    Ok(())
}

/// Reads a table with its account. Value added is what flows leave of output.
pub(crate) fn read(folder: &Path) -> Result<IoTable> {
    let text = fs::read_to_string(folder.join("labels.json"))
        .with_context(|| format!("no table in {}", folder.display()))?;
    let labels: Labels = serde_json::from_str(&text)?;
    let stressors = Axis::from_codes(labels.stressors)?;
    let places = Regions::crossed(
        Axis::from_codes(labels.regions)?,
        Axis::from_codes(labels.branches)?,
        Axis::from_codes(labels.purposes)?,
    )?;
    let (sectors, categories) = (places.sectors()?, places.categories()?);
    let flows = read_matrix(&folder.join("Z.f64"), sectors.len(), sectors.len())?;
    let final_demand = read_matrix(&folder.join("Y.f64"), sectors.len(), categories.len())?;
    let (sales, purchases) = (flows.column_sum() + final_demand.column_sum(), flows.row_sum_tr());
    let value_added = DMatrix::from_row_slice(1, sectors.len(), (sales - purchases).as_slice());
    let units = vec!["unit"; stressors.len()];
    let amounts = read_matrix(&folder.join("F.f64"), stressors.len(), sectors.len())?;
    let direct = folder.join("F_Y.f64");
    let direct =
        direct.exists().then(|| read_matrix(&direct, stressors.len(), categories.len())).transpose()?;
    let mut account = Satellite::new(ACCOUNT, stressors, units, amounts)?;
    if let Some(direct) = direct {
        account = account.with_final_demand(direct)?;
    }
    let components = Axis::from_codes(["value added"])?;
    let table = IoTable::new(sectors, flows, categories, final_demand, components, value_added)?;
    Ok(table.with_regions(places)?.with_satellite(account)?)
}

/// Writes coefficients as the three arrays of compressed rows; counts are numbers like all others.
pub(crate) fn write_sparse(folder: &Path, coefficients: &CsrMatrix<f64>) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))?;
    let (starts, columns, values) = coefficients.csr_data();
    for (name, numbers) in [("starts.f64", starts), ("columns.f64", columns)] {
        write_numbers(&folder.join(name), numbers.iter().map(|&number| number as f64))?;
    }
    write_numbers(&folder.join("values.f64"), values.iter().copied())?;
    fs::write(folder.join("labels.json"), format!("{{\"sparse\": {}}}", coefficients.nrows()))?;
    Ok(())
}

/// Reads coefficients from the three arrays of compressed rows.
pub(crate) fn read_sparse(folder: &Path) -> Result<SparseTechnology> {
    let text = fs::read_to_string(folder.join("labels.json"))
        .with_context(|| format!("no coefficients in {}", folder.display()))?;
    let labels: serde_json::Value = serde_json::from_str(&text)?;
    let n = labels["sparse"].as_u64().context("the labels do not say how many sectors there are")? as usize;
    let counts = |name: &str, len: usize| -> Result<Vec<usize>> {
        Ok(read_matrix(&folder.join(name), len, 1)?.iter().map(|&number| number as usize).collect())
    };
    let starts = counts("starts.f64", n + 1)?;
    let entries = starts[n];
    let values = read_matrix(&folder.join("values.f64"), entries, 1)?.as_slice().to_vec();
    let coefficients = CsrMatrix::try_from_csr_data(n, n, starts, counts("columns.f64", entries)?, values)
        .map_err(|error| anyhow!("{}: {error}", folder.display()))?;
    let sectors = Axis::from_codes((0..n).map(|i| i.to_string()))?;
    Ok(SparseTechnology::from_coefficients(sectors, coefficients)?)
}

pub(crate) fn write_matrix(path: &Path, matrix: &DMatrix<f64>) -> Result<()> {
    write_numbers(path, matrix.iter().copied())
}

fn write_numbers(path: &Path, numbers: impl Iterator<Item = f64>) -> Result<()> {
    let file = File::create(path).with_context(|| format!("could not write {}", path.display()))?;
    let mut file = BufWriter::new(file);
    for number in numbers {
        file.write_all(&number.to_le_bytes())?;
    }
    Ok(file.flush()?)
}

fn read_matrix(path: &Path, rows: usize, columns: usize) -> Result<DMatrix<f64>> {
    let mut file = File::open(path).with_context(|| format!("could not read {}", path.display()))?;
    let mut numbers = Vec::with_capacity(rows * columns);
    let mut bytes = vec![0u8; 8 * AT_ONCE];
    while numbers.len() < rows * columns {
        let wanted = 8 * AT_ONCE.min(rows * columns - numbers.len());
        file.read_exact(&mut bytes[..wanted]).with_context(|| format!("{} is cut off", path.display()))?;
        let (eights, _) = bytes[..wanted].as_chunks::<8>();
        numbers.extend(eights.iter().map(|eight| f64::from_le_bytes(*eight)));
    }
    Ok(DMatrix::from_vec(rows, columns, numbers))
}

fn codes<K: AxisKind>(axis: &Axis<K>) -> Vec<String> {
    axis.codes().map(str::to_owned).collect()
}
