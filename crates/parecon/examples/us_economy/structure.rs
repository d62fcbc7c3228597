//! Step 1: who needs what from whom.

use anyhow::{Result, bail};
use parecon::io::nalgebra::DMatrix;
use parecon::io::{IoTable, MakeUse, Technology};

use crate::plan::{LABOUR, money};
use crate::results::{CategoryLabour, Sector, Structure};

/// Checks the table, and asks the technology for its key figures.
pub(crate) fn run(tables: &MakeUse, table: &IoTable, technology: &Technology) -> Result<Structure> {
    let validation = tables.validate();
    let mut checks: Vec<String> = validation.findings().iter().map(ToString::to_string).collect();
    checks.insert(
        0,
        format!(
            "The tables {}; {} cells or totals are out of the ordinary (million dollars, kept as published):",
            if validation.is_balanced() { "balance within their rounding" } else { "do not balance" },
            checks.len()
        ),
    );
    let productivity = technology.productivity();
    if !productivity.is_productive() {
        bail!("the table cannot be planned: {productivity}");
    }
    let demand = table.total_final_demand();
    let multipliers = technology.output_multipliers()?;
    let losses = technology.critical_suppliers(&demand)?;

    let labour_row = table.value_added_components().id(LABOUR)?.index();
    let intensities = table.value_added_intensities()?;
    let labour: DMatrix<f64> = intensities.rows(labour_row, 1).into_owned();
    let footprint = technology.footprint(&labour)?;

    let sectors: Vec<Sector> = table
        .sectors()
        .iter()
        .map(|sector| {
            let i = sector.index();
            Sector {
                code: table.sectors().code(sector).to_owned(),
                name: table.sectors().name(sector).to_owned(),
                output: table.output()[i],
                final_demand: demand[i],
                output_multiplier: multipliers[i],
                loss_elsewhere: losses.iter().find(|l| l.sector == sector).map_or(0.0, |l| l.elsewhere),
                labour_intensity: footprint[(0, i)],
            }
        })
        .collect();
    let embodied = &footprint * table.final_demand();
    let labour_by_category = table
        .final_demand_categories()
        .iter()
        .map(|category| {
            let c = category.index();
            CategoryLabour {
                code: table.final_demand_categories().code(category).to_owned(),
                name: table.final_demand_categories().name(category).to_owned(),
                final_demand: table.final_demand().column(c).sum(),
                labour: embodied[(0, c)],
            }
        })
        .collect();
    Ok(Structure {
        industries: tables.industries().len(),
        commodities: tables.commodities().len(),
        checks,
        verdict: productivity.to_string(),
        total_output: table.output().sum(),
        final_demand: demand.sum(),
        labour_content: embodied.sum(),
        labour_recorded: table.value_added().row(labour_row).sum(),
        sectors,
        labour_by_category,
    })
}

/// The figures a reader of the terminal wants to see.
pub(crate) fn print(s: &Structure) {
    for line in &s.checks {
        say!("  {line}");
    }
    say!("  Can everybody be supplied (Hawkins–Simon)? {}", s.verdict);
    say!("  output {}, final demand {}", money(s.total_output), money(s.final_demand));
    say!(
        "  labour compensation embodied in final demand {}; paid, as a check: {}",
        money(s.labour_content),
        money(s.labour_recorded)
    );
    let top = |title: &str, key: fn(&Sector) -> f64, show: fn(&Sector) -> String| {
        say!("  {title}");
        for sector in largest(&s.sectors, key).iter().take(5) {
            say!("    {:>12}  {:7} {}", show(sector), sector.code, sector.name);
        }
    };
    top(
        "largest output multipliers (output of all industries per dollar of final demand)",
        |s| s.output_multiplier,
        |s| format!("{:.3}", s.output_multiplier),
    );
    top(
        "most critical suppliers (output lost elsewhere if the industry stopped)",
        |s| s.loss_elsewhere,
        |s| money(s.loss_elsewhere),
    );
    top(
        "most labour compensation in a dollar of final demand, direct and indirect",
        |s| s.labour_intensity,
        |s| format!("{:.3}", s.labour_intensity),
    );
}

/// Sectors in descending order of a figure.
pub(crate) fn largest(sectors: &[Sector], key: impl Fn(&Sector) -> f64) -> Vec<&Sector> {
    let mut order: Vec<&Sector> = sectors.iter().collect();
    order.sort_by(|a, b| key(b).total_cmp(&key(a)));
    order
}
