//! Monte Carlo simulation.

use nalgebra::{DMatrix, DVector};
use parecon_core::chunked_reduce;
use serde::{Deserialize, Serialize};

use super::{Distribution, Draw, RelativeError};
use crate::error::Error;
use crate::technology::{Technology, Verdict};

/// Draws folded together; any number gives the same bits.
const CHUNK: usize = 4;

/// A seeded simulation: how many draws, of which distribution, and which quantiles to report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct MonteCarlo {
    seed: u64,
    draws: usize,
    distribution: Distribution,
    quantiles: Vec<f64>,
}

/// What a simulation found, entry by entry of the answer to its question.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[non_exhaustive]
pub struct Simulation {
    /// The answers, entry × draw, in the order of the draws; those that were not productive are left out.
    pub samples: DMatrix<f64>,
    /// Means.
    pub mean: DVector<f64>,
    /// Standard deviations.
    pub deviation: DVector<f64>,
    /// Standard errors of the means.
    pub mean_error: DVector<f64>,
    /// Standard errors of the standard deviations.
    pub deviation_error: DVector<f64>,
    /// The levels of the quantiles.
    pub levels: Vec<f64>,
    /// Quantiles, entry × level.
    pub quantiles: DMatrix<f64>,
    /// Standard errors of the quantiles, from the order statistics about them.
    pub quantile_errors: DMatrix<f64>,
    /// The draws (by number) without an answer: what was drawn was not productive. All else is conditional on the
    /// others, so where these are many the errors are too large for the question.
    pub unproductive: Vec<usize>,
}

/// The serialised form, not yet checked.
#[derive(Deserialize)]
struct Raw {
    seed: u64,
    draws: usize,
    distribution: Distribution,
    quantiles: Vec<f64>,
}

impl TryFrom<Raw> for MonteCarlo {
    type Error = Error;

    fn try_from(raw: Raw) -> Result<Self, Error> {
        Self::new(raw.seed, raw.draws)?.with_distribution(raw.distribution).with_quantiles(raw.quantiles)
    }
}

impl MonteCarlo {
    /// So many lognormal draws, with quantiles 0.025, 0.25, 0.5, 0.75 and 0.975.
    ///
    /// # Errors
    /// Fewer than 2 draws are refused.
    pub fn new(seed: u64, draws: usize) -> Result<Self, Error> {
        if draws < 2 {
            return Err(Error::invalid(format!("draws: is {draws}, must be at least 2")));
        }
        let quantiles = vec![0.025, 0.25, 0.5, 0.75, 0.975];
        Ok(Self { seed, draws, distribution: Distribution::default(), quantiles })
    }

    /// Another distribution.
    #[must_use]
    pub fn with_distribution(mut self, distribution: Distribution) -> Self {
        self.distribution = distribution;
        self
    }

    /// Other quantiles.
    ///
    /// # Errors
    /// Levels that are not between 0 and 1 are refused.
    pub fn with_quantiles(mut self, levels: impl Into<Vec<f64>>) -> Result<Self, Error> {
        self.quantiles = levels.into();
        match self.quantiles.iter().find(|level| !(0.0..=1.0).contains(*level)) {
            Some(level) => Err(Error::invalid(format!("quantile: is {level}, must be in 0..1"))),
            None => Ok(self),
        }
    }

    /// Asks any question of every draw. `None` as answer counts the draw as not productive, as does an error that
    /// says so ([`Error::is_singular`]); any other error ends the simulation.
    ///
    /// Draws are independent of each other and of the number of threads: the result has the same bits always.
    ///
    /// # Errors
    /// The first draw's error; answers of different lengths or not finite; fewer than two productive draws.
    ///
    /// # Complexity
    /// The question, once per draw; all answers are held.
    ///
    /// # Example
    /// Flows drawn anew, the table's balance restored by its outputs, and the first sector's multiplier asked.
    /// ```
    /// use nalgebra::{DMatrix, DVector};
    /// use parecon_io::uncertainty::{MonteCarlo, RelativeError};
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let found = MonteCarlo::new(7, 200)?.run(|draw| {
    ///     let flows = draw.vary(table.flows(), &RelativeError::Same(0.1))?;
    ///     let output = flows.column_sum() + table.total_final_demand();
    ///     let coefficients = DMatrix::from_fn(2, 2, |i, j| flows[(i, j)] / output[j]);
    ///     let technology = Technology::from_coefficients(table.sectors().clone(), coefficients)?;
    ///     Ok(Some(DVector::from_element(1, technology.output_multipliers()?[0])))
    /// })?;
    /// assert!((found.mean[0] - 1.518).abs() < 5.0 * found.mean_error[0]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn run(
        &self,
        question: impl Fn(&mut Draw) -> Result<Option<DVector<f64>>, Error> + Sync,
    ) -> Result<Simulation, Error> {
        let ask = |index| match question(&mut Draw::new(self.seed, index, self.distribution)) {
            Err(error) if error.is_singular() => Ok(None),
            answer => answer,
        };
        let fold = |range: std::ops::Range<usize>| range.map(ask).collect::<Vec<_>>();
        let answers =
            chunked_reduce(self.draws, CHUNK, fold, |all, part| all.extend(part)).unwrap_or_default();
        let (mut columns, mut unproductive) = (Vec::new(), Vec::new());
        for (index, answer) in answers.into_iter().enumerate() {
            match answer? {
                Some(answer) => columns.push((index, answer)),
                None => unproductive.push(index),
            }
        }
        if columns.len() < 2 {
            return Err(Error::singular(format!(
                "simulation: {} of {} draws were productive, must be at least 2",
                columns.len(),
                self.draws
            )));
        }
        let length = columns[0].1.len();
        for (index, answer) in &columns {
            if answer.len() != length {
                return Err(Error::invalid(format!(
                    "draw {index}: the answer has {} entries, those before have {length}",
                    answer.len()
                )));
            }
            if let Some(at) = answer.iter().position(|value| !value.is_finite()) {
                return Err(Error::invalid(format!(
                    "draw {index}: entry {} of the answer is {}, must be finite",
                    at + 1,
                    answer[at]
                )));
            }
        }
        let samples = DMatrix::from_fn(length, columns.len(), |i, k| columns[k].1[i]);
        Ok(self.summary(samples, unproductive))
    }

    fn summary(&self, samples: DMatrix<f64>, unproductive: Vec<usize>) -> Simulation {
        let (length, count) = samples.shape();
        let n = count as f64;
        let zeros = || DVector::zeros(length);
        let (mut mean, mut deviation, mut mean_error, mut deviation_error) =
            (zeros(), zeros(), zeros(), zeros());
        let levels = self.quantiles.clone();
        let mut quantiles = DMatrix::zeros(length, levels.len());
        let mut quantile_errors = quantiles.clone();
        for (i, row) in samples.row_iter().enumerate() {
            let mut sorted: Vec<f64> = row.iter().copied().collect();
            mean[i] = sorted.iter().sum::<f64>() / n;
            let moment = |power| sorted.iter().map(|value| (value - mean[i]).powi(power)).sum::<f64>() / n;
            let (second, fourth) = (moment(2), moment(4));
            deviation[i] = (second * n / (n - 1.0)).sqrt();
            mean_error[i] = deviation[i] / n.sqrt();
            // The variance of a sample variance, brought to the root by its derivative.
            let of_variance = ((fourth - second * second) / n).max(0.0);
            deviation_error[i] = if second > 0.0 { of_variance.sqrt() / (2.0 * second.sqrt()) } else { 0.0 };
            sorted.sort_by(f64::total_cmp);
            for (k, level) in levels.iter().enumerate() {
                quantiles[(i, k)] = quantile(&sorted, *level);
                let width = (level * (1.0 - level) / n).sqrt();
                quantile_errors[(i, k)] = 0.5
                    * (quantile(&sorted, (level + width).min(1.0))
                        - quantile(&sorted, (level - width).max(0.0)));
            }
        }
        Simulation {
            samples,
            mean,
            deviation,
            mean_error,
            deviation_error,
            levels,
            quantiles,
            quantile_errors,
            unproductive,
        }
    }
}

/// Interpolated between order statistics.
fn quantile(sorted: &[f64], level: f64) -> f64 {
    let place = level * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

impl Technology {
    /// Asks any question of technologies whose coefficients are drawn anew; the draw serves to vary what else the
    /// question needs (final demand, intensities).
    ///
    /// A draw that is not productive ([`Technology::productivity`]) is not asked but counted.
    ///
    /// # Errors
    /// Relative errors that do not fit; otherwise as [`MonteCarlo::run`].
    ///
    /// # Complexity
    /// O(n³) per draw for most questions.
    ///
    /// # Example
    /// ```
    /// use parecon_io::uncertainty::{MonteCarlo, RelativeError};
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let demand = table.total_final_demand();
    /// let found = technology.simulate(&RelativeError::Same(0.1), &MonteCarlo::new(1, 200)?, |drawn, draw| {
    ///     drawn.output_for(&draw.vary_vector(&demand, &RelativeError::Same(0.05))?)
    /// })?;
    /// assert!((found.mean[0] - 1000.0).abs() < 5.0 * found.mean_error[0]);
    /// assert!(found.unproductive.is_empty());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn simulate(
        &self,
        error: &RelativeError,
        config: &MonteCarlo,
        question: impl Fn(&Technology, &mut Draw) -> Result<DVector<f64>, Error> + Sync,
    ) -> Result<Simulation, Error> {
        error.check("coefficients", (self.len(), self.len()))?;
        config.run(|draw| {
            let drawn = draw.vary(self.coefficients(), error)?;
            let technology = Technology::from_coefficients(self.sectors().clone(), drawn)?;
            if technology.productivity().verdict == Verdict::NotProductive {
                return Ok(None);
            }
            question(&technology, draw).map(Some)
        })
    }
}
