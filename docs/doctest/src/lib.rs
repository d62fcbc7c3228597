//! Every chapter of the book as doc-tests: `mdbook test` cannot see workspace crates, this crate can.
