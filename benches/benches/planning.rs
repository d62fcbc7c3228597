//! Solver core of `parecon-planning`.

fn main() {}
