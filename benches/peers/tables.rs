//! The tables of the comparison.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use parecon_io::{IoTable, Layout, Model, Regions, Source, datasets};
use parecon_testbed::io::{random_multiregional, random_satellite, random_sparse_coefficients};

use crate::exchange;

const STRESSORS: usize = 10;
const SEED: u64 = 1;

/// Makes a table by name: `us71`, `wiod1435` (from a file), `RxB` for regions by branches, or `sparse-DENSITY`.
pub(crate) fn make(name: &str, folder: &Path, file: Option<&Path>) -> Result<()> {
    if let Some(density) = name.strip_prefix("sparse-") {
        let coefficients = random_sparse_coefficients(25_000, density.parse()?, 0.6, SEED);
        return exchange::write_sparse(folder, &coefficients);
    }
    let table = match (name, file) {
        ("us71", _) => datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?,
        ("wiod1435", Some(file)) => wiod(file)?,
        _ => {
            let sizes = name.split_once('x').and_then(|(r, b)| Some((r.parse().ok()?, b.parse().ok()?)));
            let Some((regions, branches)) = sizes else { bail!("there is no table {name:?}") };
            random_multiregional(regions, branches, SEED)?
        }
    };
    let account = random_satellite(&table, STRESSORS, SEED)?;
    exchange::write(folder, &table, &account)
}

/// The world table of `region.branch` rows and columns, final demand with a capital letter: `AUS.c1`, `AUS.C37`.
fn wiod(file: &Path) -> Result<IoTable> {
    let open = || {
        let opened = File::open(file).with_context(|| format!("could not open {}", file.display()))?;
        anyhow::Ok(BufReader::new(GzDecoder::new(opened)))
    };
    let mut header = String::new();
    open()?.read_line(&mut header)?;
    let demand = header.trim_end().split(',').filter(|label| label.contains(".C"));
    let layout = Layout::new().with_final_demand(demand).with_residual_value_added("value added");
    let table = IoTable::read_csv_with(Source::new("world table", open()?), &layout)?;
    let places = Regions::split(table.sectors(), table.final_demand_categories(), '.')?;
    let crossed =
        Regions::crossed(places.regions().clone(), places.branches().clone(), places.purposes().clone())?;
    if crossed != places {
        bail!("{}: regions do not all have the same branches", file.display());
    }
    Ok(table.with_regions(places)?)
}
