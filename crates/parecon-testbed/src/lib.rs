#![doc = include_str!("../README.md")]

#[cfg(feature = "io")]
pub mod io;
#[cfg(feature = "jobs")]
pub mod jobs;
#[cfg(feature = "planning")]
pub mod planning;
pub mod plot;
#[cfg(feature = "review")]
pub mod review;
