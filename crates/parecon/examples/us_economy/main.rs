//! Plans the economy of the United States from its own tables, end to end. Run with `--help` for the options.

#[macro_use]
#[path = "../shared/say.rs"]
mod say;

mod args;
mod design;
#[path = "../shared/drawing.rs"]
mod drawing;
#[path = "../shared/files.rs"]
mod files;
mod hospital;
mod output;
mod plan;
mod plots;
mod report;
mod results;
mod structure;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use parecon::io::{Model, Technology, datasets};

use crate::args::Args;
use crate::results::Results;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    let tables = datasets::us_2022()?;
    if args.list_sectors {
        for industry in tables.industries().iter() {
            say!("{:8} {}", tables.industries().code(industry), tables.industries().name(industry));
        }
        return Ok(());
    }

    if args.out.exists() && !args.out.is_dir() {
        bail!("--out: {} is not a folder", args.out.display());
    }

    say!("1. Who needs what from whom: make and use of 2022");
    let table = tables.to_symmetric(Model::FixedProductSales)?;
    let technology = Technology::from_table(&table)?;
    let shocks = plan::shocks(&table, &args.shock)?;
    let structure = structure::run(&tables, &table, &technology)?;
    structure::print(&structure);

    say!("2. A plan that fits together");
    let (plan, planned) = plan::run(args, &shocks, &table, &technology)?;
    plan::print(&plan);

    say!("3. Who does the work: hospitals");
    let hospital = hospital::run(args, &planned)?;
    hospital::print(&hospital);

    say!("4. Ask first, or filter after: design work");
    let design = design::run(args, &planned)?;
    design::print(&design);

    let results = Results {
        source: "make and use tables of 2022, 71 industries, US Bureau of Economic Analysis; duties and ratings of \
                 hospital occupations, OaSIS 2023, Employment and Social Development Canada",
        structure,
        plan,
        hospital,
        design,
    };
    let files = output::write_all(&args.out, &results)
        .with_context(|| format!("writing results to {}", args.out.display()))?;
    say!("Wrote {} to {}", files.join(", "), args.out.display());
    Ok(())
}
