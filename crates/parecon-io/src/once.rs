//! What is found once and shared.

use std::sync::OnceLock;

/// What the cell holds, or else what `make` finds, which is kept.
///
/// Unlike [`OnceLock::get_or_init`], `make` runs outside the lock. A thread that waits for others to help it may take up a
/// question that needs the same cell, and would wait for itself. What another thread has found meanwhile is the same.
pub(crate) fn made<T>(cell: &OnceLock<T>, make: impl FnOnce() -> T) -> &T {
    if let Some(found) = cell.get() {
        return found;
    }
    let found = make();
    cell.get_or_init(|| found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_itself_does_not_wait_for_itself() {
        let cell = OnceLock::new();
        let outer = *made(&cell, || *made(&cell, || 1) + 1);
        assert_eq!((outer, cell.get()), (1, Some(&1)));
    }
}
