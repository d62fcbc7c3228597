//! Bits without a pattern: costs that break ties, and random numbers of inner loops.

/// The Weyl constant of `SplitMix64`: inputs that are multiples of it, or shifted by it, are mixed well.
pub(crate) const WEYL: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of `SplitMix64` (Steele, Lea & Flood 2014).
#[inline(always)]
pub(crate) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A number from 0 to 1, 1 excluded, from mixed bits.
pub(crate) fn unit(bits: u64) -> f64 {
    (mix(bits) >> 11) as f64 / (1u64 << 53) as f64
}
