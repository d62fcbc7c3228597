//! One draw of uncertain figures.

use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};

use super::{Distribution, RelativeError};
use crate::error::Error;

/// Random figures of one draw, from a stream of its own that seed and index of the draw alone determine.
///
/// What is varied first takes the first numbers of the stream: the order of calls matters.
#[derive(Debug)]
pub struct Draw {
    index: usize,
    distribution: Distribution,
    stream: ChaCha8Rng,
}

impl Draw {
    pub(super) fn new(seed: u64, index: usize, distribution: Distribution) -> Self {
        let mut stream = ChaCha8Rng::seed_from_u64(seed);
        stream.set_stream(index as u64);
        Self { index, distribution, stream }
    }

    /// The number of the draw, from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// A matrix with every cell drawn anew about its value.
    ///
    /// # Errors
    /// Relative errors that are negative or not finite, or of another shape.
    pub fn vary(&mut self, what: &DMatrix<f64>, error: &RelativeError) -> Result<DMatrix<f64>, Error> {
        error.check("a varied matrix", what.shape())?;
        let mut varied = what.clone();
        for j in 0..what.ncols() {
            for i in 0..what.nrows() {
                varied[(i, j)] *= self.factor(what[(i, j)], error.at(i, j));
            }
        }
        Ok(varied)
    }

    /// A vector with every entry drawn anew; the errors are of one column.
    ///
    /// # Errors
    /// As [`Draw::vary`].
    pub fn vary_vector(&mut self, what: &DVector<f64>, error: &RelativeError) -> Result<DVector<f64>, Error> {
        error.check("a varied vector", (what.len(), 1))?;
        let mut varied = what.clone();
        for i in 0..what.len() {
            varied[i] *= self.factor(what[i], error.at(i, 0));
        }
        Ok(varied)
    }

    fn factor(&mut self, value: f64, error: f64) -> f64 {
        if value == 0.0 || error == 0.0 {
            return 1.0;
        }
        let normal: f64 = StandardNormal.sample(&mut self.stream);
        match self.distribution {
            Distribution::Lognormal => {
                let variance = (error * error).ln_1p();
                (variance.sqrt() * normal - 0.5 * variance).exp()
            }
            Distribution::Normal => 1.0 + error * normal,
        }
    }
}
