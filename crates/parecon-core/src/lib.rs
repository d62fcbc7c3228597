#![doc = include_str!("../README.md")]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod iteration;
#[cfg(feature = "random")]
pub mod random;
mod reduce;

pub use iteration::{Observer, Status};
pub use reduce::{chunked_reduce, for_each};
