//! Inoperability: how far a disruption spreads, as a share of normal output.

use nalgebra::{DMatrix, DVector};
use parecon_core::Status;
use serde::Serialize;

use crate::axis::{Axis, Id, Sector};
use crate::error::Error;
use crate::factor::{Factor, Side, System};
use crate::inputs::Inputs;
use crate::serial;
use crate::table::IoTable;
use crate::values::{not_negative, not_negative_matrix};

/// A path has settled when no sector moves by more than this in a period.
const SETTLED: f64 = 1e-9;

/// The interdependence of sectors A*: the inoperability that the row's sector suffers if the column's is down.
///
/// ```text
/// q = min(1, A* q + c)
/// ```
///
/// with inoperability q and perturbation c as shares of normal output, 0 to 1.
///
/// # Example
/// ```
/// use nalgebra::{dmatrix, dvector};
/// use parecon_io::{Axis, dynamics::Inoperability};
///
/// let sectors = Axis::from_codes(["power", "transport"])?;
/// let model = Inoperability::new(sectors, dmatrix![0.0, 0.8; 0.2, 0.0])?;
/// let answer = model.equilibrium(&dvector![0.0, 0.6])?;
/// assert!((answer.inoperability - dvector![0.8 * 0.6 / 0.84, 0.6 / 0.84]).amax() < 1e-15);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// Y. Y. Haimes and P. Jiang, "Leontief-based model of risk in complex interconnected infrastructures", Journal of
/// Infrastructure Systems 7, 2001; J. R. Santos and Y. Y. Haimes, "Modeling the demand reduction input-output (I-O)
/// inoperability due to terrorism of interconnected infrastructures", Risk Analysis 24, 2004.
#[derive(Clone, Debug)]
pub struct Inoperability {
    sectors: Axis<Sector>,
    interdependence: DMatrix<f64>,
    output: Option<DVector<f64>>,
}

/// Where a lasting perturbation leads.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
#[non_exhaustive]
pub struct Inoperable {
    /// Inoperability q by sector, 0 to 1.
    pub inoperability: DVector<f64>,
    /// The sectors that come to a standstill, q = 1.
    pub standstill: Vec<Id<Sector>>,
    /// Output lost per period by sector, inoperability times normal output; `None` where normal output is not known.
    pub loss: Option<DVector<f64>>,
}

/// Inoperability over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
#[non_exhaustive]
pub struct InoperabilityPath {
    /// Inoperability by sector × period; the first column is the initial one.
    pub inoperability: DMatrix<f64>,
    /// Inoperability summed over all periods but the last column, by sector: periods of full output lost.
    pub total: DVector<f64>,
    /// Output lost over these periods by sector; `None` where normal output is not known.
    pub loss: Option<DVector<f64>>,
    /// [`Status::Converged`] if nothing moves any more in the last period, else [`Status::RoundLimit`].
    pub status: Status,
}

impl Inoperability {
    /// A model with given interdependence, sector × sector.
    ///
    /// # Errors
    /// A matrix of another shape, negative or not finite.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// See [`Inoperability`].
    pub fn new(sectors: Axis<Sector>, interdependence: DMatrix<f64>) -> Result<Self, Error> {
        not_negative_matrix("interdependence", &interdependence, &sectors)?;
        Ok(Self { sectors, interdependence, output: None })
    }

    /// The demand-side model of a table: what buyers no longer buy their suppliers do not make.
    ///
    /// ```text
    /// A* = x̂⁻¹ A x̂,   a*_ij = z_ij / x_i
    /// ```
    ///
    /// # Errors
    /// Negative flows; negative output; a sector that sells but has no output.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{datasets, dynamics::Inoperability};
    ///
    /// let model = Inoperability::demand_side(&datasets::miller_blair()?)?;
    /// assert_eq!(model.interdependence(), &dmatrix![0.15, 0.5; 0.1, 0.05]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn demand_side(table: &IoTable) -> Result<Self, Error> {
        Self::from_table(table, |z, x, i, j| (z[(i, j)], x[i]))
    }

    /// The supply-side model of a table: who lacks inputs makes less in proportion to what they are worth to him.
    ///
    /// ```text
    /// A* = A',   a*_ij = z_ji / x_i
    /// ```
    ///
    /// # Errors
    /// Negative flows; negative output; a sector that buys but has no output.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{datasets, dynamics::Inoperability};
    ///
    /// let model = Inoperability::supply_side(&datasets::miller_blair()?)?;
    /// assert_eq!(model.interdependence(), &dmatrix![0.15, 0.2; 0.25, 0.05]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// M. Leung, Y. Y. Haimes and J. R. Santos, "Supply- and output-side extensions to the inoperability input-output
    /// model for interdependent infrastructures", Journal of Infrastructure Systems 13, 2007.
    pub fn supply_side(table: &IoTable) -> Result<Self, Error> {
        Self::from_table(table, |z, x, i, j| (z[(j, i)], x[i]))
    }

    fn from_table(
        table: &IoTable,
        cell: impl Fn(&DMatrix<f64>, &DVector<f64>, usize, usize) -> (f64, f64),
    ) -> Result<Self, Error> {
        let (sectors, output, n) = (table.sectors(), table.output(), table.len());
        not_negative("output", output, sectors)?;
        not_negative_matrix("flows", table.flows(), sectors)?;
        let mut interdependence = DMatrix::zeros(n, n);
        for j in 0..n {
            for i in 0..n {
                let (flow, output) = cell(table.flows(), output, i, j);
                if flow > 0.0 && output == 0.0 {
                    return Err(Error::invalid(format!(
                        "{}: has flows of {flow} but no output",
                        sectors.describe(i)
                    )));
                }
                interdependence[(i, j)] = if flow > 0.0 { flow / output } else { 0.0 };
            }
        }
        Ok(Self { output: Some(output.clone()), ..Self::new(sectors.clone(), interdependence)? })
    }

    /// With normal output by sector per period, so that losses are stated.
    ///
    /// # Errors
    /// A vector of another length, negative or not finite.
    ///
    /// # Complexity
    /// O(n).
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, dynamics::Inoperability};
    ///
    /// let model = Inoperability::new(Axis::from_codes(["power"])?, dmatrix![0.5])?.with_output(dvector![80.0])?;
    /// assert_eq!(model.equilibrium(&dvector![0.1])?.loss, Some(dvector![16.0]));
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn with_output(mut self, output: DVector<f64>) -> Result<Self, Error> {
        not_negative("output", &output, &self.sectors)?;
        self.output = Some(output);
        Ok(self)
    }

    /// The sectors.
    #[must_use]
    pub fn sectors(&self) -> &Axis<Sector> {
        &self.sectors
    }

    /// Interdependence A*.
    #[must_use]
    pub fn interdependence(&self) -> &DMatrix<f64> {
        &self.interdependence
    }

    /// Where a lasting perturbation c leads: the least q = min(1, A* q + c).
    ///
    /// Exact, not by iterating until nothing seems to move: sectors at a standstill are guessed to be all that the
    /// perturbation reaches; the others' linear equations are solved, and sectors with A* q + c < 1 released until
    /// none is left, as in the clearing of Eisenberg and Noe. Above the sectors that are not reached (q = 0) the
    /// solution is unique, because min(1, A* q + c) is concave, so that it is the least one whatever the spectral
    /// radius of A*.
    ///
    /// Publications that solve q = (I − A*)⁻¹ c and then cut q at 1 overstate what sectors at a standstill do to
    /// others; the two agree where those supply nobody.
    ///
    /// # Errors
    /// A perturbation of another length, negative, above 1 or not finite, naming the sector.
    ///
    /// # Complexity
    /// O(n³) per round, at most n rounds, usually one to three.
    ///
    /// # Example
    /// See [`Inoperability`].
    ///
    /// # Reference
    /// L. Eisenberg and T. H. Noe, "Systemic risk in financial systems", Management Science 47, 2001.
    pub fn equilibrium(&self, perturbation: &DVector<f64>) -> Result<Inoperable, Error> {
        self.check_share("perturbation", perturbation)?;
        let n = self.sectors.len();
        let mut still = self.reached(perturbation);
        let mut q = DVector::from_fn(n, |i, _| if still[i] { 1.0 } else { 0.0 });
        let reached: Vec<usize> = (0..n).filter(|&i| still[i]).collect();
        loop {
            let pressed = &self.interdependence * &q + perturbation;
            let released: Vec<usize> =
                reached.iter().copied().filter(|&i| still[i] && pressed[i] < 1.0).collect();
            if released.is_empty() {
                break;
            }
            released.iter().for_each(|&i| still[i] = false);
            let moving: Vec<usize> = reached.iter().copied().filter(|&i| !still[i]).collect();
            let inside = crate::values::pencil::block(&self.interdependence, &moving);
            let from_still = |i: usize| -> f64 {
                perturbation[i]
                    + reached
                        .iter()
                        .filter(|&&j| still[j])
                        .map(|&j| self.interdependence[(i, j)])
                        .sum::<f64>()
            };
            let rhs = DMatrix::from_iterator(moving.len(), 1, moving.iter().map(|&i| from_still(i)));
            let singular = |k: usize| {
                format!(
                    "{}: its own inoperability sustains itself to within rounding",
                    self.sectors.describe(moving[k])
                )
            };
            let inside = Inputs::given(inside);
            let system = System::Leontief(&inside);
            let solution = Factor::new(system, singular)?.solve(system, Side::Straight, &rhs, singular)?;
            moving.iter().zip(&solution).for_each(|(&i, value)| q[i] = value.clamp(0.0, 1.0));
        }
        let standstill = (0..n).filter(|&i| q[i] >= 1.0).filter_map(|i| self.sectors.at(i)).collect();
        Ok(Inoperable {
            loss: self.output.as_ref().map(|x| x.component_mul(&q)),
            inoperability: q,
            standstill,
        })
    }

    /// Resilience coefficients k for [`Inoperability::path`]: those with which each sector by itself comes from its
    /// initial inoperability down to a remaining share of it (0.01, say) within its recovery time, in periods.
    ///
    /// ```text
    /// k_i = −ln(remaining) / (T_i (1 − a*_ii))
    /// ```
    ///
    /// # Errors
    /// Times of another length, not positive or not finite; a remaining share outside 0 to 1; a sector whose coefficient
    /// would be above 1, so that it overshoots: shorter periods are needed.
    ///
    /// # Complexity
    /// O(n).
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, dynamics::Inoperability};
    ///
    /// let model = Inoperability::new(Axis::from_codes(["power"])?, dmatrix![0.2])?;
    /// let k = model.resilience(&dvector![60.0], 0.01)?;
    /// assert!((k[0] - 100f64.ln() / 48.0).abs() < 1e-15);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// C. Lian and Y. Y. Haimes, "Managing the risk of terrorism to interdependent infrastructure systems through the
    /// dynamic inoperability input-output model", Systems Engineering 9, 2006.
    pub fn resilience(&self, recovery_times: &DVector<f64>, remaining: f64) -> Result<DVector<f64>, Error> {
        self.sectors.check_vector("recovery time", recovery_times)?;
        if !(remaining > 0.0 && remaining < 1.0) {
            return Err(Error::invalid(format!(
                "remaining share: is {remaining}, must be above 0 and below 1"
            )));
        }
        let mut resilience = DVector::zeros(recovery_times.len());
        for (i, time) in recovery_times.iter().enumerate() {
            let sector = self.sectors.describe(i);
            if *time <= 0.0 {
                return Err(Error::invalid(format!("recovery time, {sector}: is {time}, must be above 0")));
            }
            let own = 1.0 - self.interdependence[(i, i)];
            let k = -remaining.ln() / (time * own);
            if !(own > 0.0 && k <= 1.0) {
                return Err(Error::invalid(format!(
                    "recovery time, {sector}: of {time} periods gives a resilience of {k}, must be 0 to 1; reckon in \
                     shorter periods"
                )));
            }
            resilience[i] = k;
        }
        Ok(resilience)
    }

    /// Inoperability over time, from initial inoperability and with a perturbation per period (sector × period).
    ///
    /// ```text
    /// q(t+1) = min(1, q(t) + k̂ [A* q(t) + c(t) − q(t)])
    /// ```
    ///
    /// Without standstill, from q(0) = 0 and until all has passed, Σ q(t) = (I − A*)⁻¹ Σ c(t) whatever k.
    ///
    /// # Errors
    /// As [`Inoperability::step`]; no periods.
    ///
    /// # Complexity
    /// O(n²) per period.
    ///
    /// # Example
    /// ```
    /// use nalgebra::{DMatrix, dmatrix, dvector};
    /// use parecon_io::{Axis, dynamics::Inoperability};
    ///
    /// let model = Inoperability::new(Axis::from_codes(["power", "rail"])?, dmatrix![0.15, 0.5; 0.1, 0.05])?;
    /// // A tenth of rail is out for 30 days.
    /// let days = DMatrix::from_fn(2, 200, |i, t| if i == 1 && t < 30 { 0.1 } else { 0.0 });
    /// let path = model.path(&dvector![0.2, 0.2], &dvector![0.0, 0.0], &days)?;
    /// assert!((path.total[0] - 30.0 * 0.05 / 0.7575).abs() < 1e-9);
    /// assert!(path.status.is_converged());
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// Lian and Haimes 2006, as for [`Inoperability::resilience`].
    pub fn path(
        &self,
        resilience: &DVector<f64>,
        initial: &DVector<f64>,
        perturbations: &DMatrix<f64>,
    ) -> Result<InoperabilityPath, Error> {
        let (n, periods) = (self.sectors.len(), perturbations.ncols());
        serial::check_matrix("perturbation", perturbations, (n, periods), |i, t| {
            format!("{} in period {}", self.sectors.describe(i), t + 1)
        })?;
        if periods == 0 {
            return Err(Error::invalid("perturbation: has no periods, must have at least one"));
        }
        let mut path = DMatrix::zeros(n, periods + 1);
        path.set_column(0, initial);
        let (mut now, mut total, mut moved) = (initial.clone(), DVector::zeros(n), 0.0);
        for t in 0..periods {
            let next = self.step(resilience, &now, &perturbations.column(t).into_owned())?;
            total += &now;
            moved = (&next - &now).amax();
            now = next;
            path.set_column(t + 1, &now);
        }
        Ok(InoperabilityPath {
            inoperability: path,
            loss: self.output.as_ref().map(|x| x.component_mul(&total)),
            total,
            status: if moved <= SETTLED { Status::Converged } else { Status::RoundLimit },
        })
    }

    /// One period of [`Inoperability::path`].
    ///
    /// # Errors
    /// Resilience, inoperability or perturbation of another length, below 0, above 1 or not finite.
    ///
    /// # Complexity
    /// O(n²).
    ///
    /// # Example
    /// ```
    /// use nalgebra::{dmatrix, dvector};
    /// use parecon_io::{Axis, dynamics::Inoperability};
    ///
    /// let model = Inoperability::new(Axis::from_codes(["power"])?, dmatrix![0.5])?;
    /// let next = model.step(&dvector![0.5], &dvector![0.4], &dvector![0.0])?;
    /// assert!((next[0] - 0.3).abs() < 1e-15);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    pub fn step(
        &self,
        resilience: &DVector<f64>,
        inoperability: &DVector<f64>,
        perturbation: &DVector<f64>,
    ) -> Result<DVector<f64>, Error> {
        self.check_share("resilience", resilience)?;
        self.check_share("inoperability", inoperability)?;
        self.check_share("perturbation", perturbation)?;
        let pressed = &self.interdependence * inoperability + perturbation;
        Ok(DVector::from_fn(pressed.len(), |i, _| {
            let (k, q) = (resilience[i], inoperability[i]);
            // As a mean, so that it cannot leave 0 to 1 by rounding from below.
            ((1.0 - k) * q + k * pressed[i]).min(1.0)
        }))
    }

    /// The sectors that a perturbation reaches, directly or not.
    fn reached(&self, perturbation: &DVector<f64>) -> Vec<bool> {
        let n = self.sectors.len();
        let mut reached: Vec<bool> = perturbation.iter().map(|share| *share > 0.0).collect();
        let mut stack: Vec<usize> = (0..n).filter(|&i| reached[i]).collect();
        while let Some(j) = stack.pop() {
            for i in 0..n {
                if self.interdependence[(i, j)] > 0.0 && !reached[i] {
                    reached[i] = true;
                    stack.push(i);
                }
            }
        }
        reached
    }

    fn check_share(&self, what: &str, vector: &DVector<f64>) -> Result<(), Error> {
        not_negative(what, vector, &self.sectors)?;
        match vector.iter().position(|value| *value > 1.0) {
            None => Ok(()),
            Some(i) => Err(Error::invalid(format!(
                "{what}, {}: is {}, must be at most 1",
                self.sectors.describe(i),
                vector[i]
            ))),
        }
    }
}
