//! Every chapter of the book as doc-tests: `mdbook test` cannot see workspace crates, this crate can.

macro_rules! chapters {
    ($($name:ident: $file:literal),* $(,)?) => {
        $(#[doc = include_str!(concat!("../../src/", $file))] pub mod $name {})*
    };
}

/// The README's snippets are run too.
#[doc = include_str!("../../../README.md")]
pub mod readme {}

chapters! {
    architecture: "architecture.md",
    claims: "claims.md",
    introduction: "introduction.md",
    io: "io.md",
    jobs: "jobs.md",
    performance: "performance.md",
    planning: "planning.md",
    planning_board: "planning-board.md",
    review: "review.md",
    us_economy: "us-economy.md",
}
