//! Solver core of `parecon-io`.

fn main() {}
