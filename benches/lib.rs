//! Criterion benchmarks of the solver cores: `cargo bench -p parecon-benches`. See `benches/`.
