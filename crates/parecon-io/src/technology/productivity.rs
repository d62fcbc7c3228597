//! The Hawkins–Simon question: can the economy produce a surplus of everything?

use std::fmt;

use nalgebra::{DMatrix, DVector};
use serde::Serialize;

use crate::axis::{Id, Sector};
use crate::factor::Side;
use crate::graph::strong_components;
use crate::technology::Technology;

/// The bracket of a block's spectral radius is narrowed to this, relative: far below the data's precision.
const BRACKET: f64 = 1e-10;

/// And at most so often: a bracket is valid however wide it stays.
const ITERATIONS: usize = 1000;

/// Whether every final demand that is not negative can be met by outputs that are not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum Verdict {
    /// It can: the spectral radius of A is below 1, (I + A + A² + …) y converges to L y, and no cell of L is negative.
    Productive,
    /// It cannot: some sectors together use up what they make, or more.
    NotProductive,
    /// A has negative coefficients that matter: taken as positive they would not be productive, or L has negative
    /// cells, so that some demand would ask for negative outputs. No answer from Hawkins–Simon.
    Undecided,
}

/// A sector's part in making the spectral radius what it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Offender {
    /// The sector.
    pub sector: Id<Sector>,
    /// Its code.
    pub code: String,
    /// The elasticity of the spectral radius to all inputs of the sector: if it needed 1 % less of everything, the
    /// radius fell by this many per cent. They sum to 1 over a group of sectors that need each other.
    pub weight: f64,
}

/// The answer to the Hawkins–Simon question, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[must_use]
#[non_exhaustive]
pub struct Productivity {
    /// The answer.
    pub verdict: Verdict,
    /// Lower and upper bound of the spectral radius of A (of |A| where coefficients are negative). Both are
    /// proved up to rounding.
    pub spectral_radius: (f64, f64),
    /// The sectors of every group that is not productive by itself (its coefficients taken as positive), the greatest
    /// weight first. Empty when productive.
    pub offenders: Vec<Offender>,
    /// How many coefficients are negative.
    pub negative_coefficients: usize,
}

impl Productivity {
    /// Whether the verdict is [`Verdict::Productive`].
    #[must_use]
    pub fn is_productive(&self) -> bool {
        self.verdict == Verdict::Productive
    }
}

impl fmt::Display for Productivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 5;
        f.write_str(match self.verdict {
            Verdict::Productive => "productive",
            Verdict::NotProductive => "not productive",
            Verdict::Undecided => "undecided, negative coefficients matter",
        })?;
        let (lower, upper) = self.spectral_radius;
        write!(f, ": spectral radius {lower:.6}")?;
        if upper - lower > 1e-6 {
            write!(f, " to {upper:.6}")?;
        }
        for (k, offender) in self.offenders.iter().take(SHOWN).enumerate() {
            let lead = if k == 0 { "; sectors that use up what they make: " } else { ", " };
            write!(f, "{lead}{:?} ({:.0} %)", offender.code, 100.0 * offender.weight)?;
        }
        if self.offenders.len() > SHOWN {
            write!(f, " and {} more", self.offenders.len() - SHOWN)?;
        }
        Ok(())
    }
}

impl Technology {
    /// Whether the technology is productive (Hawkins–Simon), and if not, because of whom.
    ///
    /// The sectors fall into groups that need each other (strong components). The spectral radius of A is the
    /// largest of the groups', and each is enclosed by
    ///
    /// ```text
    /// min (A z)_i / z_i  ≤  ρ  ≤  max (A z)_i / z_i        for any z > 0   (Collatz–Wielandt)
    /// ```
    ///
    /// narrowed by power iteration. Where the bounds do not tell, x = L 1 does: the technology is productive exactly
    /// if I − A is regular and x > 0. The answer does not depend on units or on the order of sectors.
    ///
    /// That is for A ≥ 0. With negative coefficients the bounds are those of |A|, and below 1 they only say that the
    /// series converges; productive then needs L ≥ 0 too, checked cell by cell up to rounding.
    ///
    /// # Complexity
    /// O(n²) per iteration, usually a few dozen. With negative coefficients O(n³) in addition, for L (which is kept)
    /// and the rounding of its cells.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::technology::Verdict;
    /// use parecon_io::{Axis, Technology};
    ///
    /// let sectors = Axis::from_codes(["corn", "iron", "tea"])?;
    /// // A unit of corn needs 0.8 iron, a unit of iron 1.5 corn: more than all.
    /// let technology =
    ///     Technology::from_coefficients(sectors, dmatrix![0.0, 1.5, 0.1; 0.8, 0.0, 0.0; 0.0, 0.0, 0.3])?;
    /// let answer = technology.productivity();
    /// assert_eq!(answer.verdict, Verdict::NotProductive);
    /// assert!((answer.spectral_radius.0 - 1.2f64.sqrt()).abs() < 1e-9);
    /// let named: Vec<_> = answer.offenders.iter().map(|offender| offender.code.as_str()).collect();
    /// assert_eq!(named, ["corn", "iron"]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// D. Hawkins and H. A. Simon, "Note: some conditions of macroeconomic stability", Econometrica 17, 1949.
    pub fn productivity(&self) -> Productivity {
        let coefficients = self.coefficients();
        let negative_coefficients = coefficients.iter().filter(|cell| **cell < 0.0).count();
        let mut spectral_radius = (0.0f64, 0.0f64);
        let mut suspects = Vec::new();
        for members in strong_components(coefficients, 0.0) {
            let block = DMatrix::from_fn(members.len(), members.len(), |i, j| {
                coefficients[(members[i], members[j])].abs()
            });
            let (bounds, vector) = enclose(&block);
            spectral_radius = (spectral_radius.0.max(bounds.0), spectral_radius.1.max(bounds.1));
            if bounds.1 >= 1.0 {
                suspects.push((members, block, vector));
            }
        }
        let verdict = if negative_coefficients > 0 {
            let met = suspects.is_empty() && self.has_requirements_not_negative();
            if met { Verdict::Productive } else { Verdict::Undecided }
        } else {
            let met = suspects.is_empty() || (spectral_radius.0 < 1.0 && self.has_positive_solution());
            if met { Verdict::Productive } else { Verdict::NotProductive }
        };
        let mut offenders = Vec::new();
        if verdict != Verdict::Productive {
            for (members, block, right) in suspects {
                let left = enclose(&block.transpose()).1;
                let products = left.component_mul(&right);
                let sum = products.sum();
                for (sector, product) in
                    members.iter().filter_map(|&m| self.inner.sectors.at(m)).zip(&products)
                {
                    let code = self.inner.sectors.code(sector).to_owned();
                    offenders.push(Offender { sector, code, weight: product / sum });
                }
            }
            offenders.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.sector.cmp(&b.sector)));
        }
        Productivity { verdict, spectral_radius, offenders, negative_coefficients }
    }

    /// Whether (I − A) x = 1 has a solution x > 0; for A ≥ 0 that is the Hawkins–Simon condition.
    fn has_positive_solution(&self) -> bool {
        let ones = DVector::from_element(self.len(), 1.0);
        self.solve_vector("ones", Side::Straight, &ones).is_ok_and(|x| x.iter().all(|value| *value > 0.0))
    }

    /// Whether L ≥ 0, up to rounding: a computed inverse is off by up to about n ε |L| |I − A| |L|, cell by cell. This
    /// bound changes with units as L does.
    fn has_requirements_not_negative(&self) -> bool {
        let Ok(requirements) = self.requirements() else { return false };
        if requirements.iter().all(|cell| *cell >= 0.0) {
            return true;
        }
        let n = self.len();
        let magnitudes = requirements.abs();
        let system = (DMatrix::identity(n, n) - self.coefficients()).abs();
        let error = &magnitudes * system * &magnitudes * (n as f64 * f64::EPSILON);
        requirements.iter().zip(&error).all(|(cell, error)| *cell >= -error)
    }
}

/// Bounds of the spectral radius of an irreducible matrix that is not negative, and the vector that gives them.
fn enclose(block: &DMatrix<f64>) -> ((f64, f64), DVector<f64>) {
    let n = block.nrows();
    let mut vector = DVector::from_element(n, 1.0);
    if n == 1 {
        return ((block[0], block[0]), vector);
    }
    let mut bounds = (0.0f64, f64::INFINITY);
    for _ in 0..ITERATIONS {
        let image = block * &vector;
        let ratios = image.component_div(&vector);
        bounds = (bounds.0.max(ratios.min()), bounds.1.min(ratios.max()));
        if bounds.1 - bounds.0 <= BRACKET * bounds.1 {
            break;
        }
        // The shift keeps a cyclic block from oscillating, and every entry positive.
        let next = image + &vector * (0.5 * bounds.1);
        let scale = next.amax();
        // Entries that underflow would break the bounds: what is found so far stays valid.
        if !next.iter().all(|entry| *entry / scale > f64::MIN_POSITIVE) {
            break;
        }
        vector = next / scale;
    }
    (bounds, vector)
}
