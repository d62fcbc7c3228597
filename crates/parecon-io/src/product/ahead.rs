//! Asks memory for cells before they are needed.
//!
//! A processor reads ahead of what it reads. While it multiplies what is in the cache it reads nothing, and memory, which
//! could deliver the next cells meanwhile, stands idle.

#[cfg(target_arch = "x86_64")]
use pulp::core_arch::x86::Sse;

/// Some columns that will be needed.
#[derive(Clone, Copy)]
pub(super) struct Ahead<'a> {
    pub(super) cells: &'a [f64],
    /// The place of the first one's first cell.
    pub(super) first: usize,
    /// Cells from one column to the next.
    pub(super) stride: usize,
    pub(super) columns: usize,
}

impl Ahead<'_> {
    /// Asks for the cells so many after the first, where the processor can be asked. Nothing but time depends on it, and no
    /// place is wrong.
    #[inline(always)]
    pub(super) fn ask(self, after: usize) {
        #[cfg(target_arch = "x86_64")]
        if let Some(sse) = Sse::try_new() {
            for c in 0..self.columns {
                let cell = self.cells.as_ptr().wrapping_add(self.first + c * self.stride + after);
                sse._mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(cell.cast());
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (self, after);
    }
}
