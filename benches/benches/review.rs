//! Solver core of `parecon-review`.

fn main() {}
