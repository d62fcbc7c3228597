//! The questions that are measured, one function each. `xtask/src/peers/cases.rs` lists who is asked which.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use anyhow::{Result, bail};
use nalgebra::{DMatrix, DVector};
use parecon_io::paths::PathSearch;
use parecon_io::technology::{Accounts, EmbodiedTrade};
use parecon_io::{IoTable, Solver, Status, Technology};

use crate::clock::{self, Measurement};
use crate::exchange::{self, ACCOUNT, write_matrix};

/// Measures one question to the table in `folder`.
pub(crate) fn measure(case: &str, folder: &Path) -> Result<Measurement> {
    if case == "sparse" {
        let technology = exchange::read_sparse(folder)?;
        // The demand that the other side answers as well.
        let demand = DVector::from_fn(technology.len(), |i, _| 1.0 + (i % 10) as f64);
        return clock::measure(|| Ok(()), |()| Ok(technology.output_for(&demand)?));
    }
    let table = exchange::read(folder)?;
    match case {
        "everything" => clock::measure(|| Ok(()), |()| everything(&table)),
        "accounts" => clock::measure(
            || Ok(()),
            |()| Ok(Technology::from_table(&table)?.accounts(&table, table.satellite(ACCOUNT)?)?),
        ),
        "factorise" => {
            let demand = table.total_final_demand();
            clock::measure(|| fresh(&table), |technology| Ok(technology.output_for(&demand)?))
        }
        "factors" => clock::measure(|| fresh(&table), |technology| Ok(technology.factorise()?)),
        "requirements" => {
            clock::measure(|| fresh(&table), |technology| Ok(technology.requirements().map(DMatrix::nrows)?))
        }
        "second" => {
            let (technology, demand) = (fresh(&table)?, table.total_final_demand());
            technology.output_for(&demand)?;
            clock::measure(|| Ok(technology.clone()), |technology| Ok(technology.output_for(&demand)?))
        }
        "extraction" => {
            let demand = table.total_final_demand();
            clock::measure(|| fresh(&table), |technology| Ok(technology.critical_suppliers(&demand)?))
        }
        "paths" => {
            let (demand, technology) = (table.total_final_demand(), Technology::from_table(&table)?);
            let paid = table.value_added_intensities()?.row(0).transpose();
            let search = PathSearch::new().with_coverage(EXPLAINED)?.with_max_paths(MOST_PATHS);
            clock::measure(
                || Ok(()),
                |()| {
                    let census = technology.path_census(&paid, &demand, &search)?;
                    let layers = technology.production_layers(&paid, &demand, TIERS)?;
                    if census.status != Status::Converged || layers.remainder() > BEYOND * census.total {
                        bail!("{MOST_PATHS} paths or {TIERS} tiers explain too little");
                    }
                    Ok((census, layers))
                },
            )
        }
        "influence" => clock::measure(|| fresh(&table), |technology| Ok(technology.influence(INCREMENT)?)),
        _ => bail!("there is no case {case:?}"),
    }
}

/// The share of a footprint for which single paths are counted, and how many of them at most.
const EXPLAINED: f64 = 0.9;
const MOST_PATHS: usize = 100_000_000;

/// Tiers of suppliers that are told apart, and the share of the footprint that may be left beyond them.
const TIERS: usize = 9;
const BEYOND: f64 = 0.01;

/// The change of every coefficient, as on the other side.
const INCREMENT: f64 = 0.001;

/// A technology that no question was asked yet, with its coefficients, to be factorised at the first.
fn fresh(table: &IoTable) -> Result<Technology> {
    let technology = Technology::from_table(table)?.with_solver(Solver::Direct);
    black_box(technology.coefficients());
    Ok(technology)
}

/// All that pymrio's `calc_all` finds, beside the technology, which holds A and L.
struct Everything {
    technology: Technology,
    accounts: Accounts,
    imports: DMatrix<f64>,
    trade: EmbodiedTrade,
}

fn everything(table: &IoTable) -> Result<Everything> {
    let technology = Technology::from_table(table)?.with_solver(Solver::Inverse);
    black_box(technology.coefficients());
    let account = table.satellite(ACCOUNT)?;
    black_box(technology.requirements()?);
    Ok(Everything {
        accounts: technology.accounts(table, account)?,
        imports: technology.embodied_imports(table, account)?,
        trade: technology.embodied_trade(table, account)?,
        technology,
    })
}

/// Writes every result under pymrio's name for it.
pub(crate) fn results(folder: &Path) -> Result<()> {
    let table = exchange::read(folder)?;
    let found = everything(&table)?;
    let output = DMatrix::from_column_slice(table.len(), 1, table.output().as_slice());
    let totals = found.accounts.by_region();
    let into = folder.join("parecon");
    fs::create_dir_all(&into)?;
    for (name, matrix) in [
        ("x", &output),
        ("A", found.technology.coefficients()),
        ("L", found.technology.requirements()?),
        ("S", &found.accounts.intensities),
        ("M", &found.accounts.multipliers),
        ("D_cba", &found.accounts.consumption),
        ("D_pba", &found.accounts.production),
        ("D_imp", &found.imports),
        ("D_exp", &found.trade.exports_by_sector()),
        ("D_cba_reg", &totals.consumption),
        ("D_pba_reg", &totals.production),
        ("D_imp_reg", &found.trade.imports()),
        ("D_exp_reg", &found.trade.exports()),
    ] {
        write_matrix(&into.join(format!("{name}.f64")), matrix)?;
    }
    Ok(())
}
