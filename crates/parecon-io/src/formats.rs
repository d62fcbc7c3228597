//! Tables as statistical offices and other programs publish them.
//!
//! | source | reader | writer |
//! |---|---|---|
//! | WIOD, releases 2013 and 2016 | [`read_wiod`] | |
//! | OECD ICIO | [`read_icio`] | |
//! | Eurostat FIGARO, matrix and flat | [`read_figaro`], [`read_figaro_flat`] | |
//! | Eurostat FIGARO, supply and use, matrix or flat | [`read_figaro_supply_use`] | |
//! | EXIOBASE 3, and whatever pymrio saved | [`read_pymrio`] | [`write_pymrio`] |
//! | one record per flow | [`read_long`] | [`write_long`] |
//! | the same two in Parquet, feature `parquet` | [`read_pymrio`], `read_long_parquet` | `write_pymrio_parquet`, `write_long_parquet` |
//! | one wide CSV | [`IoTable::read_csv`] | [`IoTable::write_csv`] |
//! | make and use of the US Bureau of Economic Analysis | [`MakeUse::read_bea_csv`](crate::MakeUse::read_bea_csv) | |
//!
//! All read a stream once and keep the resulting matrix and a few lines of text in memory (of Parquet the whole file). All
//! name file, line and field (both from 1) of what they reject; of Parquet row and column, with the names of the columns as
//! row 0. None of them repairs anything in silence: a reader returns the table and
//! [`notes`](Import::notes) on what it found odd in the text, and
//! [`validate_strictly`](IoTable::validate_strictly) tells what is odd about the table.
//!
//! # What is not read
//! - Apache Arrow files (Feather, IPC): their smallest reader, `arrow-ipc`, takes 110 s of processor time to compile. In
//!   Python, `pandas.read_feather("flows.arrow").to_parquet("flows.parquet")` makes of them what `read_long_parquet` reads.
//! - Workbooks: save each sheet as CSV. `pandas.read_excel("wiot.xlsb", header=None).to_csv("wiot.csv", header=False,
//!   index=False)` does it for all of WIOD.
//! - Supply and use tables of WIOD 2016 (`intsut14_nov16.xlsb`, `AUS_SUT_nov16.xlsx`). How their sheets are laid out is known
//!   from other programs, but not which exports of a country (`EXP`) are already in the imports of the others, and a
//!   reader that guesses would count trade twice. The world tables of the same release are read by [`read_wiod`].
//!
//! # Conventions
//! - Labels are those of the source; sectors and final demand of several regions are `region.branch` and
//!   `region.purpose`, with their parts in [`IoTable::regions`]. A source whose only region is `domestic` gives a
//!   table without regions.
//! - Empty cells are 0 and counted in the notes.
//! - Output is the source's where it states one, else the sum of the row.
//! - Value added is the source's. Where it has none, there is one component `rest`: output less purchases.
//! - Value added paid by final users (taxes on what households buy) has no place in a table; its sum is in the notes.

use crate::report::Validation;
use crate::table::IoTable;

mod assemble;
mod figaro;
mod folder;
mod icio;
mod ledger;
mod long;
#[cfg(feature = "parquet")]
mod parquet;
mod pymrio;
mod wiod;

pub use figaro::{read_figaro, read_figaro_flat, read_figaro_supply_use};
pub use folder::Folder;
pub use icio::{Processing, read_icio};
pub use long::{read_long, write_long};
#[cfg(feature = "parquet")]
pub use parquet::{read_long_parquet, write_long_parquet};
#[cfg(feature = "parquet")]
pub use pymrio::write_pymrio_parquet;
pub use pymrio::{read_pymrio, write_pymrio};
pub use wiod::read_wiod;

/// What a reader made of its source.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Import {
    /// The table.
    pub table: IoTable,
    /// What was odd in the text and is not to be seen in the table any more: empty cells, stated totals that differ
    /// from their cells, figures that were left out.
    pub notes: Validation,
}
