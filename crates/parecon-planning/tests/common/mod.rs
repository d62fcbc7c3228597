//! The vendored experiments.
#![expect(clippy::unwrap_used, reason = "a file that cannot be read fails the test")]

use parecon_planning::experiment::RecordedExperiment;

/// The four vendored experiments.
pub(crate) const EXPERIMENTS: [&str; 4] = ["dep1ex01", "dep1ex10", "dep1ex24", "dep1ex36"];

/// Reads a vendored experiment.
pub(crate) fn experiment(name: &str) -> RecordedExperiment {
    let path = format!("{}/tests/data/{name}.json.gz", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::File::open(path).unwrap();
    RecordedExperiment::from_json(flate2::read::GzDecoder::new(file)).unwrap()
}
