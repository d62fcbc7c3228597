//! Numbers that fuzz targets make of arbitrary bytes.

use arbitrary::Arbitrary;

/// Mostly an ordinary number, sometimes any at all.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Number {
    /// Zero or a multiple of 1/64 up to 4.
    Small(u8),
    /// A power of ten from 1e-6 to nearly 1e7.
    Log(u16),
    /// Also negative, not a number, or infinite.
    Any(f64),
}

impl Number {
    /// The number.
    pub(crate) fn get(self) -> f64 {
        match self {
            Self::Small(n) => f64::from(n) / 64.0,
            Self::Log(n) => 10f64.powf(f64::from(n) / 5041.0 - 6.0),
            Self::Any(x) => x,
        }
    }
}
