//! The files of a run.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::files::write_whole;
use crate::report;
use crate::results::Results;

/// Writes the report, the JSON and the CSV files and returns their names.
pub(crate) fn write_all(folder: &Path, results: &Results) -> Result<Vec<String>> {
    let json = serde_json::to_vec_pretty(results)?;
    let rounds = results.plan.runs.iter().flat_map(|run| {
        run.rounds
            .iter()
            .map(|r| (&run.rule, r.round, r.imbalance, &r.sector, &r.class, r.gap, r.gap_percent))
    });
    let curves = results
        .design
        .curves
        .iter()
        .flat_map(|c| c.points.iter().map(|(cost, benefit)| (&c.policy, cost, benefit)));
    let files = [
        ("report.html", report::page(results)?.into_bytes()),
        ("results.json", json),
        ("structure.csv", table(&[], &results.structure.sectors)?),
        ("plan.csv", table(&[], &results.plan.sectors)?),
        (
            "rounds.csv",
            table(
                &["rule", "round", "imbalance_percent", "sector", "class", "gap_musd", "gap_percent"],
                rounds,
            )?,
        ),
        ("complexes.csv", table(&[], &results.hospital.groups)?),
        ("review.csv", table(&["policy", "production_cost_days", "net_benefit_days"], curves)?),
    ];
    write_whole(folder, &files)
}

/// CSV of `rows`; structs bring their field names, tuples need `header`.
fn table<T: Serialize>(header: &[&str], rows: impl IntoIterator<Item = T>) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    if !header.is_empty() {
        writer.write_record(header)?;
    }
    for row in rows {
        writer.serialize(row)?;
    }
    Ok(writer.into_inner()?)
}
