//! Solver core of `parecon-jobs`.

fn main() {}
