//! Printing.

/// Prints a line. A terminal that has gone away is no reason to lose the files, as `println!` would.
#[cfg(not(test))]
macro_rules! say {
    ($($what:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout().lock(), $($what)*);
    }};
}
/// In tests the line goes where the test harness captures it.
#[cfg(test)]
macro_rules! say {
    ($($what:tt)*) => { println!($($what)*) };
}
