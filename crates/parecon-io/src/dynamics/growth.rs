//! The dynamic model of Leontief: outputs of today and tomorrow tied by investment.

use std::sync::{Arc, OnceLock};

use nalgebra::{DMatrix, DVector};
use parecon_core::Status;
use serde::Serialize;

use crate::axis::{Axis, Id, Sector};
use crate::error::Error;
use crate::factor::{Factor, Side, System};
use crate::inputs::Inputs;
use crate::once;
use crate::serial;
use crate::technology::Technology;
use crate::values::not_negative_matrix;
use crate::values::pencil::{self, Groups, block};

/// Initial outputs that miss a static balance by no more than this, relative, count as meeting it.
const ROUNDING: f64 = 1e-9;

/// Requirements below this per unit count as none: 280 digits less than what matters, 20 more than the smallest numbers.
const VANISHED: f64 = 1e-280;

/// A technology with capital coefficients B: stocks of the row's product per unit of the column's output, built up one
/// period before they are used.
///
/// ```text
/// x(t) = A x(t) + B (x(t+1) − x(t)) + y(t)
/// ```
///
/// Cheap to clone: clones share the factorisation of G = I − A + B. B is usually singular, because many
/// products are no capital goods; nothing here inverts it.
///
/// # Example
/// ```
/// use nalgebra::dmatrix;
/// use parecon_io::dynamics::{DynamicTechnology, Terminal};
/// use parecon_io::{Axis, Technology};
///
/// let technology = Technology::from_coefficients(Axis::from_codes(["corn"])?, dmatrix![0.5])?;
/// let dynamic = DynamicTechnology::new(&technology, dmatrix![1.0])?;
/// // Demand doubles in the last period, after which nothing changes: capital for it is built the period before.
/// let path = dynamic.backward(&dmatrix![10.0, 10.0, 20.0], &Terminal::Stationary)?;
/// assert!((path.output[(0, 2)] - 40.0).abs() < 1e-12);
/// assert!((path.output[(0, 1)] - 50.0 / 1.5).abs() < 1e-12);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// W. Leontief, "The dynamic inverse", in: A. P. Carter and A. Bródy (eds.), *Contributions to Input-Output Analysis*,
/// Amsterdam 1970; R. E. Miller and P. D. Blair, *Input–Output Analysis*, 2nd ed., Cambridge 2009, section 13.4.
#[derive(Clone, Debug)]
pub struct DynamicTechnology {
    technology: Technology,
    capital: DMatrix<f64>,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// A − B, so that I − (A − B) = G.
    net: Inputs,
    factor: OnceLock<Result<Factor, Error>>,
}

/// What happens after the last period of a plan.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Terminal {
    /// Output stays: no investment in the last period.
    Stationary,
    /// All outputs grow at this rate from the last period on.
    Growth(f64),
    /// Outputs of the period after the last are given.
    Output(DVector<f64>),
    /// The world ends: stocks are run down in the last period (Leontief 1970).
    NoFuture,
}

/// Outputs over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OutputPath {
    /// Output, sector × period.
    pub output: DMatrix<f64>,
    /// The first output that is negative, by sector and period: from there on the path cannot be realised.
    pub first_negative: Option<(Id<Sector>, usize)>,
}

/// Growth of all outputs at one rate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BalancedGrowth {
    /// The growth rate per period without final demand, everything reinvested.
    pub rate: f64,
    /// Lower and upper bound of the rate, rounding included. Proved where every sector of the group has some output that is
    /// capital, else up to rounding.
    pub bounds: (f64, f64),
    /// Outputs in balance; they sum to 1. Zero outside `sectors`.
    pub output: DVector<f64>,
    /// The sectors that all production needs, directly or not, investment included.
    pub sectors: Vec<Id<Sector>>,
    /// Whether the rate was found to rounding.
    pub status: Status,
}

impl DynamicTechnology {
    /// A technology with capital coefficients B, sector × sector.
    ///
    /// # Errors
    /// A matrix of another shape, negative or not finite.
    ///
    /// # Complexity
    /// O(n²): nothing is factorised yet.
    ///
    /// # Example
    /// See [`DynamicTechnology`].
    pub fn new(technology: &Technology, capital: DMatrix<f64>) -> Result<Self, Error> {
        not_negative_matrix("capital coefficients", &capital, technology.sectors())?;
        let net = Inputs::given(technology.coefficients() - &capital);
        let inner = Arc::new(Inner { net, factor: OnceLock::new() });
        Ok(Self { technology: technology.clone(), capital, inner })
    }

    /// The sectors.
    #[must_use]
    pub fn sectors(&self) -> &Axis<Sector> {
        self.technology.sectors()
    }

    /// Outputs of all periods that final demand (sector × period) requires, from the last period backwards.
    ///
    /// ```text
    /// x(t) = G⁻¹ (B x(t+1) + y(t))        G = I − A + B
    /// ```
    ///
    /// Never in need of B⁻¹, and what lies far ahead matters less and less, if the blocks of the
    /// [`dynamic_inverse`](DynamicTechnology::dynamic_inverse) die out.
    ///
    /// # Errors
    /// Demand with another number of rows, without periods or not finite; a terminal output of another length or not
    /// finite; a terminal growth rate that is below −1 or not finite; a singular G (or I − A − g B), naming a sector.
    ///
    /// # Complexity
    /// O(n³) once, then O(n²) per period.
    ///
    /// # Example
    /// See [`DynamicTechnology`].
    pub fn backward(&self, final_demand: &DMatrix<f64>, terminal: &Terminal) -> Result<OutputPath, Error> {
        let periods = self.check_demand(final_demand)?;
        let last: DVector<f64> = final_demand.column(periods - 1).into_owned();
        let mut next = match terminal {
            Terminal::Stationary => self.technology.output_for(&last)?,
            Terminal::NoFuture => self.solve(&last)?,
            Terminal::Output(after) => {
                self.sectors().check_vector("terminal output", after)?;
                self.solve(&(&self.capital * after + last))?
            }
            Terminal::Growth(rate) => {
                if !(rate.is_finite() && *rate >= -1.0) {
                    return Err(Error::invalid(format!(
                        "terminal growth: is {rate}, must be finite and at least -1"
                    )));
                }
                let grown = self.technology.coefficients() + &self.capital * *rate;
                Technology::from_coefficients(self.sectors().clone(), grown)?.output_for(&last)?
            }
        };
        let mut output = DMatrix::zeros(self.sectors().len(), periods);
        output.set_column(periods - 1, &next);
        for t in (0..periods - 1).rev() {
            next = self.solve(&(&self.capital * next + final_demand.column(t)))?;
            output.set_column(t, &next);
        }
        Ok(self.path(output))
    }

    /// Outputs from given initial ones, forwards: in every period all that is not consumed is invested.
    ///
    /// ```text
    /// B x(t+1) = G x(t) − y(t)
    /// ```
    ///
    /// Products that are no capital goods have a row of zeros in B; their balance, output = inputs sold + final demand, takes that row's
    /// place (and the initial outputs must meet it). The result has as many periods as demand. Mind that the system is
    /// unstable in this direction: slightly unbalanced initial outputs soon ask for negative ones, which
    /// [`OutputPath::first_negative`] shows.
    ///
    /// # Errors
    /// As [`DynamicTechnology::backward`]; initial outputs that do not meet a static balance, naming the sector;
    /// capital coefficients from which the next period's outputs cannot be told.
    ///
    /// # Complexity
    /// O(n³) once per call, then O(n²) per period.
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, Technology, dynamics::DynamicTechnology};
    ///
    /// let technology = Technology::from_coefficients(Axis::from_codes(["corn"])?, dmatrix![0.5])?;
    /// let dynamic = DynamicTechnology::new(&technology, dmatrix![2.0])?;
    /// // Half of output is net; 10 of 15 consumed leave 5, capital for another 2.5 of output.
    /// let path = dynamic.forward(&dvector![30.0], &dmatrix![10.0, 10.0])?;
    /// assert!((path.output[(0, 1)] - 32.5).abs() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// D. G. Luenberger and A. Arbel, "Singular dynamic Leontief systems", Econometrica 45, 1977.
    pub fn forward(&self, initial: &DVector<f64>, final_demand: &DMatrix<f64>) -> Result<OutputPath, Error> {
        let periods = self.check_demand(final_demand)?;
        let (n, sectors) = (self.sectors().len(), self.sectors());
        sectors.check_vector("initial output", initial)?;
        let coefficients = self.technology.coefficients();
        let is_static: Vec<bool> =
            self.capital.row_iter().map(|row| row.iter().all(|cell| *cell == 0.0)).collect();
        let missing = initial - coefficients * initial - final_demand.column(0);
        let sizes = initial.abs() + coefficients.abs() * initial.abs() + final_demand.column(0).abs();
        if let Some(i) = (0..n).find(|&i| is_static[i] && missing[i].abs() > ROUNDING * sizes[i]) {
            return Err(Error::invalid(format!(
                "initial output, {}: {} is left over after inputs and final demand, must be 0 because it is no capital \
                 good",
                sectors.describe(i),
                missing[i]
            )));
        }
        let matrix = DMatrix::from_fn(n, n, |i, j| match is_static[i] {
            true => f64::from(u8::from(i == j)) - coefficients[(i, j)],
            false => self.capital[(i, j)],
        });
        let singular = |j| {
            format!(
                "{}: its next output cannot be told from the capital built, which is a combination of other sectors'; \
                 solve backwards instead",
                sectors.describe(j)
            )
        };
        let system = System::Plain(&matrix);
        let factor = Factor::new(system, singular)?;
        let mut output = DMatrix::zeros(n, periods);
        let mut now = initial.clone();
        output.set_column(0, &now);
        for t in 1..periods {
            let built = &now - self.inner.net.matrix() * &now - final_demand.column(t - 1);
            let demand = final_demand.column(t);
            let rhs = DMatrix::from_fn(n, 1, |i, _| if is_static[i] { demand[i] } else { built[i] });
            now = factor.solve(system, Side::Straight, &rhs, singular)?.column(0).into_owned();
            output.set_column(t, &now);
        }
        Ok(self.path(output))
    }

    /// The dynamic inverse up to a lead of so many periods: block k holds the output of the row's product required k
    /// periods before a unit of final demand for the column's.
    ///
    /// ```text
    /// M_k = (G⁻¹ B)^k G⁻¹        x(t) = Σ_k M_k y(t+k)
    /// ```
    ///
    /// The blocks of all k sum to L if they die out, as they do where no eigenvalue of L B (a matrix that is not
    /// negative) has a real part of −1/2 or less. One factorisation serves all.
    ///
    /// # Errors
    /// A singular G, naming a sector.
    ///
    /// # Complexity
    /// O(n³) per block.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, Technology, dynamics::DynamicTechnology};
    ///
    /// let technology = Technology::from_coefficients(Axis::from_codes(["corn"])?, dmatrix![0.5])?;
    /// let blocks = DynamicTechnology::new(&technology, dmatrix![0.5])?.dynamic_inverse(3)?;
    /// let leads: Vec<f64> = blocks.iter().map(|block| block[0]).collect();
    /// assert_eq!(leads, [1.0, 0.5, 0.25, 0.125]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn dynamic_inverse(&self, periods: usize) -> Result<Vec<DMatrix<f64>>, Error> {
        let n = self.sectors().len();
        let mut blocks = vec![self.solve_matrix(&DMatrix::identity(n, n))?];
        for k in 0..periods {
            blocks.push(self.solve_matrix(&flushed(&self.capital * &blocks[k]))?);
        }
        Ok(blocks)
    }

    /// One column of the dynamic inverse: outputs required 0, 1, … periods before a unit of final demand for one
    /// product, sector × lead.
    ///
    /// # Errors
    /// An id of another axis; a singular G, naming a sector.
    ///
    /// # Complexity
    /// O(n³) once, then O(n²) per period.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, Technology, dynamics::DynamicTechnology};
    ///
    /// let sectors = Axis::from_codes(["bread", "ovens"])?;
    /// let technology = Technology::from_coefficients(sectors, dmatrix![0.0, 0.0; 0.0, 0.0])?;
    /// let dynamic = DynamicTechnology::new(&technology, dmatrix![0.0, 0.0; 3.0, 0.0])?;
    /// let lead = dynamic.lead(dynamic.sectors().id("bread")?, 1)?;
    /// // Three ovens a period before the bread; when it is made they are no longer needed.
    /// assert_eq!(lead, dmatrix![1.0, 0.0; -3.0, 3.0]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn lead(&self, product: Id<Sector>, periods: usize) -> Result<DMatrix<f64>, Error> {
        let (n, j) = (self.sectors().len(), self.sectors().check(product)?);
        let mut unit = DVector::zeros(n);
        unit[j] = 1.0;
        let mut required = self.solve(&unit)?;
        let mut lead = required.as_slice().to_vec();
        for _ in 0..periods {
            let stocks = &self.capital * DMatrix::from_column_slice(n, 1, required.as_slice());
            required = self.solve_matrix(&flushed(stocks))?.column(0).into_owned();
            lead.extend_from_slice(required.as_slice());
        }
        let lead = DMatrix::from_vec(n, lead.len() / n, lead);
        Ok(lead)
    }

    /// The fastest growth of all outputs at one rate, without final demand: the turnpike.
    ///
    /// ```text
    /// (I − A) x = g B x        x ≥ 0
    /// ```
    ///
    /// enclosed by min and max of ((I − A) x)_i / (B x)_i, as the profit rate of a
    /// [`PriceSystem`](crate::values::PriceSystem) on fixed capital alone without wages, which it equals.
    ///
    /// # Errors
    /// Negative coefficients; a technology that is not productive, naming the sectors; parts of the economy without common
    /// inputs; no capital.
    ///
    /// # Complexity
    /// O(n³) for each of a few factorisations.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, Technology, dynamics::DynamicTechnology};
    ///
    /// let technology = Technology::from_coefficients(Axis::from_codes(["corn"])?, dmatrix![0.5])?;
    /// let growth = DynamicTechnology::new(&technology, dmatrix![2.0])?.balanced_growth()?;
    /// assert_eq!(growth.rate, 0.25);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// R. Dorfman, P. A. Samuelson and R. M. Solow, *Linear Programming and Economic Analysis*, New York 1958, ch. 11–12.
    pub fn balanced_growth(&self) -> Result<BalancedGrowth, Error> {
        let (coefficients, sectors) = (self.technology.coefficients(), self.sectors());
        not_negative_matrix("coefficients", coefficients, sectors)?;
        let productivity = self.technology.productivity();
        if !productivity.is_productive() {
            return Err(Error::singular(format!("coefficients: {productivity}")));
        }
        let groups = Groups::new(&(coefficients + &self.capital));
        let Some(basics) = groups.basic() else {
            return Err(Error::invalid(match (groups.circular.first(), groups.apart) {
                (Some(&first), Some(apart)) => format!(
                    "{}: is not needed for {}, directly or not; such parts grow at rates of their own",
                    sectors.describe(groups.groups[first][0]),
                    sectors.describe(groups.groups[apart][0])
                ),
                _ => "capital coefficients: no product is needed for its own production, so that nothing limits growth"
                    .to_owned(),
            }));
        };
        let capital = block(&self.capital, basics).transpose();
        if capital.iter().all(|cell| *cell == 0.0) {
            return Err(Error::invalid(format!(
                "capital coefficients: {} and all that need one another with it have none, so that nothing limits growth",
                sectors.describe(basics[0])
            )));
        }
        let start = DVector::from_element(basics.len(), 1.0);
        let found = pencil::rate(&block(coefficients, basics).transpose(), &capital, start, Some(0.0))
            .ok_or_else(|| Error::singular("coefficients: are not productive"))?;
        let mut output = DVector::zeros(sectors.len());
        let total = found.vector.sum();
        basics.iter().zip(&found.vector).for_each(|(&i, x)| output[i] = x / total);
        let members = basics.iter().filter_map(|&i| sectors.at(i)).collect();
        Ok(BalancedGrowth {
            rate: found.rate,
            bounds: found.bounds,
            output,
            sectors: members,
            status: found.status,
        })
    }

    fn check_demand(&self, final_demand: &DMatrix<f64>) -> Result<usize, Error> {
        let shape = (self.sectors().len(), final_demand.ncols());
        serial::check_matrix("final demand", final_demand, shape, |i, t| {
            format!("{} in period {}", self.sectors().describe(i), t + 1)
        })?;
        if final_demand.ncols() == 0 {
            return Err(Error::invalid("final demand: has no periods, must have at least one"));
        }
        Ok(final_demand.ncols())
    }

    fn path(&self, output: DMatrix<f64>) -> OutputPath {
        // Column by column, so that the earliest period comes first.
        let at = output.iter().position(|x| *x < 0.0);
        let n = output.nrows();
        let first_negative = at.and_then(|at| Some((self.sectors().at(at % n)?, at / n)));
        OutputPath { output, first_negative }
    }

    fn solve(&self, rhs: &DVector<f64>) -> Result<DVector<f64>, Error> {
        let rhs = DMatrix::from_column_slice(rhs.len(), 1, rhs.as_slice());
        Ok(self.solve_matrix(&rhs)?.column(0).into_owned())
    }

    fn solve_matrix(&self, rhs: &DMatrix<f64>) -> Result<DMatrix<f64>, Error> {
        let system = System::Leontief(&self.inner.net);
        let singular = |j: usize| {
            format!(
                "{}: I − A + B is singular here, its column is a combination of the columns before it",
                self.sectors().describe(j)
            )
        };
        let factor = once::made(&self.inner.factor, || Factor::new(system, singular));
        factor.as_ref().map_err(Clone::clone)?.solve(system, Side::Straight, rhs, singular)
    }
}

/// Requirements far ahead without what is about to underflow, whose few digits no residual could verify.
fn flushed(requirements: DMatrix<f64>) -> DMatrix<f64> {
    requirements.map(|cell| if cell.abs() < VANISHED { 0.0 } else { cell })
}
