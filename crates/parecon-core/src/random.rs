//! Random numbers that depend on what they are for, not on the order in which they are drawn.

use std::convert::Infallible;

use rand::{Rng, TryRng};
use rand_distr::{Distribution, Exp1, StandardNormal};

/// Multipliers and Weyl constants of Philox4x64 (Salmon et al. 2011).
const MULTIPLIERS: [u64; 2] = [0xD2E7_470E_E14C_6C93, 0xCA5A_8263_9512_1157];
const WEYL: [u64; 2] = [0x9E37_79B9_7F4A_7C15, 0xBB67_AE85_84CA_A73B];
const ROUNDS: usize = 10;
/// 2⁻⁵³, the distance of neighbouring uniform draws.
const ULP: f64 = 1.0 / (1u64 << 53) as f64;

/// What a random number is for.
///
/// Streams with different keys are independent for every purpose of simulation; streams with the same key are the
/// same numbers. Two policies simulated with the same seed therefore meet the same ideas, the same authors and the
/// same reviewers' moods (common random numbers), however many draws each of them makes of something else, and a
/// replication can run on any thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct StreamKey {
    /// The whole experiment.
    pub seed: u64,
    /// Which repetition of it.
    pub replication: u64,
    /// Whom or what the draws are about: the number of a customer, a contribution, a person.
    pub entity: u64,
    /// What is drawn for the entity: its quality, its service time, its patience.
    pub purpose: u64,
}

/// The random numbers of one [`StreamKey`], from the counter-based generator Philox4x64-10.
///
/// A stream is a counter: making one costs nothing, and there is nothing to carry from one entity to the next. It
/// implements [`rand::Rng`], so that every distribution of `rand_distr` draws from it, and has the common ones as
/// methods. 2⁶⁶ numbers fit before it repeats. Not for secrets.
///
/// # Reference
/// J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, Parallel random numbers: as easy as 1, 2, 3, Proceedings
/// of SC11 (2011). The tests compare with the known-answer vectors published with it.
///
/// # Example
/// ```
/// use parecon_core::random::{Stream, StreamKey};
///
/// let key = StreamKey { seed: 7, replication: 0, entity: 12, purpose: 3 };
/// let (mut once, mut again) = (Stream::new(key), Stream::new(key));
/// assert_eq!(once.exponential(), again.exponential());
///
/// let mut neighbour = Stream::new(StreamKey { entity: 13, ..key });
/// assert_ne!(once.uniform(), neighbour.uniform());
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    key: [u64; 2],
    counter: [u64; 4],
    block: [u64; 4],
    used: usize,
}

impl Stream {
    /// The stream of `key`, at its beginning.
    #[must_use]
    #[inline]
    pub fn new(key: StreamKey) -> Self {
        Self {
            key: [key.seed, key.replication],
            counter: [0, key.entity, key.purpose, 0],
            block: [0; 4],
            used: 4,
        }
    }

    /// A uniform draw from (0, 1): a multiple of 2⁻⁵³ plus 2⁻⁵⁴, so that neither end occurs.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        ((self.next_u64() >> 11) as f64 + 0.5) * ULP
    }

    /// A draw from the exponential distribution of mean 1.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        Exp1.sample(self)
    }

    /// A draw from the standard normal distribution.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(self)
    }

    /// exp(`mu` + `sigma` Z) with Z standard normal.
    #[inline]
    pub fn log_normal(&mut self, mu: f64, sigma: f64) -> f64 {
        (mu + sigma * self.normal()).exp()
    }

    #[inline]
    fn word(&mut self) -> u64 {
        if self.used == 4 {
            self.block = philox(self.counter, self.key);
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.used = 0;
        }
        let word = self.block[self.used & 3];
        self.used += 1;
        word
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.word() >> 32) as u32)
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.word())
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(8) {
            let bytes = self.word().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
        Ok(())
    }
}

/// The block of 256 random bits at `counter`.
#[inline]
fn philox(counter: [u64; 4], key: [u64; 2]) -> [u64; 4] {
    let product = |a: u64, b: u64| {
        let wide = u128::from(a) * u128::from(b);
        ((wide >> 64) as u64, wide as u64)
    };
    let ([mut a, mut b, mut c, mut d], [mut k0, mut k1]) = (counter, key);
    for _ in 0..ROUNDS {
        let (high0, low0) = product(MULTIPLIERS[0], a);
        let (high1, low1) = product(MULTIPLIERS[1], c);
        (a, b, c, d) = (high1 ^ b ^ k0, low1, high0 ^ d ^ k1, low0);
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
    }
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors `philox4x64 10` of `kat_vectors` in Random123, by the authors of the generator.
    #[test]
    fn known_answers() {
        let all = u64::MAX;
        for (counter, key, answer) in [
            (
                [0; 4],
                [0; 2],
                [0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b],
            ),
            (
                [all; 4],
                [all; 2],
                [0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0],
            ),
            (
                [0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89],
                [0x452821e638d01377, 0xbe5466cf34e90c6c],
                [0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6],
            ),
        ] {
            assert_eq!(philox(counter, key), answer);
        }
    }

    #[test]
    fn a_stream_is_the_blocks_of_its_key_in_order() {
        let key = StreamKey { seed: 1, replication: 2, entity: 3, purpose: 4 };
        let mut stream = Stream::new(key);
        for block in 0..3 {
            for word in philox([block, 3, 4, 0], [1, 2]) {
                assert_eq!(stream.next_u64(), word);
            }
        }
        let mut bytes = [0; 11];
        Stream::new(key).fill_bytes(&mut bytes);
        let words = philox([0, 3, 4, 0], [1, 2]);
        assert_eq!(bytes[..8], words[0].to_le_bytes());
        assert_eq!(bytes[8..], words[1].to_le_bytes()[..3]);
    }

    /// Moments of the first draw of many streams: neighbouring entities, purposes and replications are as good as
    /// neighbouring draws.
    #[test]
    fn first_draws_of_neighbouring_streams_have_the_right_moments() {
        const STREAMS: u64 = 200_000;
        // Five standard errors of a mean whose draws have the standard deviation 1; the seed is fixed.
        let allowed = 5.0 / (STREAMS as f64).sqrt();
        for vary in 0..3 {
            let mut sums = [0.0; 6];
            let mut before = 0.0;
            for i in 0..STREAMS {
                let mut key = StreamKey { seed: 11, replication: 5, entity: 5, purpose: 5 };
                *[&mut key.replication, &mut key.entity, &mut key.purpose][vary] = i;
                let mut stream = Stream::new(key);
                let uniform = (stream.uniform() - 0.5) * 12f64.sqrt();
                let (exponential, normal) = (stream.exponential() - 1.0, stream.normal());
                let log_normal = stream.log_normal(0.1, 0.5) - (0.1f64 + 0.125).exp();
                for (sum, draw) in sums.iter_mut().zip([
                    uniform,
                    exponential,
                    normal,
                    log_normal,
                    (normal * normal - 1.0) / 2f64.sqrt(),
                    uniform * before,
                ]) {
                    *sum += draw;
                }
                before = uniform;
            }
            for (which, sum) in sums.iter().enumerate() {
                let mean = sum / STREAMS as f64;
                assert!(mean.abs() < allowed, "vary {vary}, moment {which}: {mean} beyond {allowed}");
            }
        }
    }
}
