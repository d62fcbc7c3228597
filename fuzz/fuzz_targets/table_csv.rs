//! Any bytes as a CSV table: rejected with a message, or accepted; and what is accepted can be checked, and is the
//! same after it was written and read again, as CSV and as JSON; its requirements are refused or solve x = Ax + y.
#![no_main]

use libfuzzer_sys::fuzz_target;
use parecon_io::{IoTable, Source, Technology};

/// A backward-stable solver leaves a residual of rounding size relative to the terms of each equation's sum, times
/// the growth in the elimination, which is small but for matrices made up to spite it.
const RESIDUAL: f64 = 1e-6;

fuzz_target!(|bytes: &[u8]| {
    let table = match IoTable::read_csv(Source::new("fuzz.csv", bytes)) {
        Ok(table) => table,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };

    for finding in table.validate().findings() {
        assert!(!finding.to_string().is_empty());
    }

    let mut text = Vec::new();
    table.write_csv(&mut text).expect("a table that was read can be written");
    let again =
        IoTable::read_csv(Source::new("again.csv", text.as_slice())).expect("what was written is accepted");
    // The unit of rounding is not written: it is guessed from the digits.
    let again = again.with_rounding(table.rounding()).expect("the unit was valid before");
    assert_eq!(again, table);

    let json = serde_json::to_string(&table).expect("a table can be written");
    assert_eq!(serde_json::from_str::<IoTable>(&json).expect("what was written is accepted"), table);

    let (Ok(technology), demand) = (Technology::from_table(&table), table.total_final_demand()) else {
        return;
    };
    let Ok(output) = technology.output_for(&demand) else { return };
    let coefficients = technology.coefficients();
    let residual = (coefficients * &output + &demand - &output).amax();
    let terms = (coefficients.abs() * output.abs()).amax() + demand.amax() + output.amax();
    assert!(residual <= RESIDUAL * terms, "A = {coefficients}y = {demand}x = {output}residual {residual:e}");
});
