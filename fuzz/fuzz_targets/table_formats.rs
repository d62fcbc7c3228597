//! Any bytes as a table in one of the published layouts, chosen by the first byte: rejected with a message, or accepted;
//! and what is accepted can be checked, and the table is the same after it was written flow by flow and read again.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use parecon_io::formats::{
    Processing, read_figaro, read_figaro_flat, read_figaro_supply_use, read_icio, read_long, read_pymrio,
    read_wiod, write_long,
};
use parecon_io::{Error, Source};

/// Begins the name of the next file of a folder.
const FILE: &str = "\n=== ";

fuzz_target!(|bytes: &[u8]| {
    let Some((&layout, text)) = bytes.split_first() else { return };
    if layout == b's' {
        return supply_use(&folder(text));
    }
    let source = Source::new("fuzz.csv", text);
    let import = match layout {
        b'w' => read_wiod(source),
        b'i' => read_icio(source, Processing::Merged),
        b'a' => read_icio(source, Processing::Apart),
        b'f' => read_figaro(source),
        b'g' => read_figaro_flat(source),
        b'p' => read_pymrio(&folder(text)),
        _ => read_long(source),
    };
    let import = match import {
        Ok(import) => import,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(!import.notes.to_string().is_empty());
    assert!(!import.table.validate_strictly().to_string().is_empty());

    let mut written = Vec::new();
    // Not every code can be written.
    if write_long(&import.table, &mut written).is_err() {
        return;
    }
    let again =
        read_long(Source::new("again.csv", written.as_slice())).expect("what was written is accepted");
    let again = again.table.with_rounding(import.table.rounding()).expect("the unit was valid before");
    assert_eq!(again.flows(), import.table.flows());
    assert_eq!(again.final_demand(), import.table.final_demand());
    assert_eq!(again.value_added(), import.table.value_added());
    assert_eq!(again.output(), import.table.output());
    let same: Result<(), Error> = import.table.satellites().iter().try_for_each(|account| {
        assert_eq!(again.satellite(account.name())?.flows(), account.flows());
        Ok(())
    });
    same.expect("satellites are kept");
});

/// Two files that make and use tables are read from.
fn supply_use(files: &BTreeMap<String, Vec<u8>>) {
    let source = |name: &str| Source::new(name, files.get(name).map_or(&[][..], Vec::as_slice));
    match read_figaro_supply_use(source("supply.csv"), source("use.csv")) {
        Ok(tables) => assert!(!tables.validate().to_string().is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// `=== Z.txt`, its text, `=== air/F.txt` and so on.
fn folder(text: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let text = String::from_utf8_lossy(text);
    let files = text.split(FILE).filter_map(|file| file.split_once('\n'));
    files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect()
}
