//! Structural decomposition: what part of a change is due to which factor.
//!
//! What is to be explained is a product of factors, say emissions v = S L Y, known for two situations (two years, two
//! countries). Its change is split into one effect per factor. Which effect a factor has depends on whether the others
//! change before or after it; a [`Method`] says how that is settled. Whatever the method, the effects sum to the
//! change.
//!
//! - [`footprint_change`]: the standard case, a footprint by intensities, technology and final demand.
//! - [`decompose`]: any number of [`Factor`]s.
//! - [`ranges`]: how much the effects differ among all orders of change.
//! - [`technology_effects`]: the effect of technology by the sector whose inputs changed.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::technology::Technology;

mod factor;
mod quadrature;
mod split;

pub use factor::Factor;
pub use split::{TechnologyEffects, technology_effects};

use factor::check_chain;

/// The order in which factors are thought to change.
///
/// With k factors there are k! orders. Changed in the order of the product, factor i has the effect
///
/// ```text
/// F₁¹ … Fᵢ₋₁¹ (Fᵢ¹ − Fᵢ⁰) Fᵢ₊₁⁰ … F_k⁰        0 before, 1 after
/// ```
///
/// # Reference
/// E. Dietzenbacher and B. Los, "Structural decomposition techniques: sense and sensitivity", *Economic Systems
/// Research* 10, 1998.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Method {
    /// The first factor changes first, the last one last.
    FirstPolar,
    /// The last factor changes first, the first one last.
    SecondPolar,
    /// The mean of the two polar forms.
    PolarAverage,
    /// The mean over all k! orders, which is the Shapley value: no order is preferred.
    ///
    /// A product is linear in every factor, so the mean is an integral along the straight line between the
    /// situations, of a polynomial of degree k − 1 (Owen 1972), and ⌈k/2⌉ Gauss–Legendre points give it exactly:
    /// neither k! orders nor 2ᵏ products are needed.
    Shapley,
}

/// How far along factors are when one of them changes, 0 before and 1 after.
#[derive(Clone, Copy)]
struct Profile {
    /// Those before it in the product.
    left: f64,
    /// Those behind it.
    right: f64,
    weight: f64,
}

impl Method {
    fn profiles(self, factors: usize) -> Vec<Profile> {
        let first = |weight| Profile { left: 1.0, right: 0.0, weight };
        let second = |weight| Profile { left: 0.0, right: 1.0, weight };
        match self {
            Method::FirstPolar => vec![first(1.0)],
            Method::SecondPolar => vec![second(1.0)],
            Method::PolarAverage => vec![first(0.5), second(0.5)],
            Method::Shapley => quadrature::gauss_legendre(factors.div_ceil(2))
                .into_iter()
                .map(|(at, weight)| Profile { left: at, right: at, weight })
                .collect(),
        }
    }
}

/// A change and what each factor contributed to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Decomposition {
    /// The product before.
    pub before: DMatrix<f64>,
    /// The product after.
    pub after: DMatrix<f64>,
    /// One effect per factor, in their order.
    pub effects: Vec<Effect>,
    /// How the order of change was settled.
    pub method: Method,
}

impl Decomposition {
    /// What changed in all, after less before.
    #[must_use]
    pub fn change(&self) -> DMatrix<f64> {
        &self.after - &self.before
    }
}

/// What one factor contributed to a change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Effect {
    /// The name of the factor.
    pub factor: String,
    /// Its contribution, shaped as the product.
    pub change: DMatrix<f64>,
}

/// Splits the change of a product of factors into one effect per factor.
///
/// ```text
/// V = F₁ F₂ … F_k        V¹ − V⁰ = E₁ + E₂ + … + E_k
/// ```
///
/// Effects are found from the changes of the factors, not as differences of products, so that small ones keep their
/// digits and a factor that did not change has the effect 0 exactly. The sum agrees with the change
/// to rounding: about 1e-12 of the largest entry of the products, provided the I − A are well conditioned.
///
/// # Errors
/// No factors; factors whose shapes do not fit each other; a singular I − A of a technology among them; results
/// that overflow.
///
/// # Complexity
/// k² products of a matrix with as many rows (or columns) as the result has, whichever is less, for a polar form; ⌈k/2⌉
/// times that for [`Method::Shapley`]. A technology costs solves, L is never formed.
///
/// # Example
/// Energy use is people times income per head times energy per unit of income.
/// ```
/// use nalgebra::dmatrix;
/// use parecon_io::decomposition::{Factor, Method, decompose};
///
/// let factors = [
///     Factor::matrix("people", dmatrix![10.0], dmatrix![11.0])?,
///     Factor::matrix("income per head", dmatrix![5.0], dmatrix![6.0])?,
///     Factor::matrix("energy intensity", dmatrix![2.0], dmatrix![1.5])?,
/// ];
/// let found = decompose(&factors, Method::Shapley)?;
/// let effects: Vec<String> = found.effects.iter().map(|e| format!("{:.3}", e.change[0])).collect();
/// assert_eq!(effects, ["9.583", "18.333", "-28.917"]);
/// assert_eq!(found.change()[0], -1.0);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// E. Dietzenbacher and B. Los, "Structural decomposition techniques: sense and sensitivity", *Economic Systems
/// Research* 10, 1998; G. Owen, "Multilinear extensions of games", *Management Science* 18, 1972.
pub fn decompose(factors: &[Factor], method: Method) -> Result<Decomposition, Error> {
    check_chain(factors)?;
    let profiles = method.profiles(factors.len());
    let mut effects = Vec::with_capacity(factors.len());
    for (i, factor) in factors.iter().enumerate() {
        let mut change = DMatrix::zeros(factors[0].rows(), factors[factors.len() - 1].columns());
        for profile in &profiles {
            let at = |j: usize| if j < i { profile.left } else { profile.right };
            change += product(factors, Some(i), at)? * profile.weight;
        }
        effects.push(Effect { factor: factor.name().to_owned(), change });
    }
    Ok(Decomposition {
        before: product(factors, None, |_| 0.0)?,
        after: product(factors, None, |_| 1.0)?,
        effects,
        method,
    })
}

/// The least and the greatest effect of a factor among all orders of change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Range {
    /// The name of the factor.
    pub factor: String,
    /// Its least effect, entry by entry.
    pub least: DMatrix<f64>,
    /// Its greatest effect, entry by entry.
    pub greatest: DMatrix<f64>,
}

/// How much the effect of each factor differs among all k! orders of change.
///
/// A published decomposition that uses one order is within these bounds; if they are wide, its finding is about
/// the order as much as about the economy.
///
/// # Errors
/// As [`decompose`]; more than 16 factors.
///
/// # Complexity
/// k² 2ᵏ⁻¹ products: an order matters only by the set of factors that changed before.
///
/// # Example
/// ```
/// use nalgebra::dmatrix;
/// use parecon_io::decomposition::{Factor, ranges};
///
/// let factors = [
///     Factor::matrix("people", dmatrix![10.0], dmatrix![11.0])?,
///     Factor::matrix("income per head", dmatrix![5.0], dmatrix![6.0])?,
/// ];
/// let people = &ranges(&factors)?[0];
/// assert_eq!((people.least[0], people.greatest[0]), (5.0, 6.0));
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// As [`decompose`].
pub fn ranges(factors: &[Factor]) -> Result<Vec<Range>, Error> {
    const MOST: usize = 16;
    check_chain(factors)?;
    if factors.len() > MOST {
        return Err(Error::invalid(format!(
            "factors: are {}, the range over all orders is found for at most {MOST}",
            factors.len()
        )));
    }
    let mut ranges = Vec::with_capacity(factors.len());
    for (i, factor) in factors.iter().enumerate() {
        let mut extremes: Option<(DMatrix<f64>, DMatrix<f64>)> = None;
        for changed in (0u32..1 << factors.len()).filter(|changed| changed >> i & 1 == 0) {
            let effect = product(factors, Some(i), |j| f64::from(changed >> j & 1))?;
            extremes = Some(match extremes {
                None => (effect.clone(), effect),
                Some((least, greatest)) => (least.inf(&effect), greatest.sup(&effect)),
            });
        }
        if let Some((least, greatest)) = extremes {
            ranges.push(Range { factor: factor.name().to_owned(), least, greatest });
        }
    }
    Ok(ranges)
}

/// The product with factor j as far along as `at(j)`, and the change of one of them in its place.
fn product(
    factors: &[Factor],
    changing: Option<usize>,
    at: impl Fn(usize) -> f64,
) -> Result<DMatrix<f64>, Error> {
    let (rows, columns) = (factors[0].rows(), factors[factors.len() - 1].columns());
    let mut result;
    if rows <= columns {
        result = DMatrix::identity(rows, rows);
        for (j, factor) in factors.iter().enumerate() {
            result = if changing == Some(j) {
                factor.change_after(&result)?
            } else {
                factor.after(&result, at(j))?
            };
        }
    } else {
        result = DMatrix::identity(columns, columns);
        for (j, factor) in factors.iter().enumerate().rev() {
            result = if changing == Some(j) {
                factor.change_before(&result)?
            } else {
                factor.before(&result, at(j))?
            };
        }
    }
    if result.iter().all(|entry| entry.is_finite()) {
        return Ok(result);
    }
    Err(Error::invalid("product of the factors: overflows, use other units"))
}

/// What a footprint follows from, in one of two situations that are compared.
///
/// # Example
/// See [`footprint_change`].
#[derive(Clone, Debug)]
pub struct Situation {
    /// Stressors per unit of output, stressor × sector; a diagonal matrix to see effects by sector of origin.
    pub intensities: DMatrix<f64>,
    /// Who needs what from whom.
    pub technology: Technology,
    /// Final demand, sector × category.
    pub final_demand: DMatrix<f64>,
}

/// Splits the change of a footprint, S L Y, into the effects of intensities S, of technology L and of final demand Y.
///
/// The result is stressor × category.
///
/// # Errors
/// As [`decompose`]; situations with different sectors.
///
/// # Complexity
/// As [`decompose`] with three factors: about 30 solves per stressor or category, whichever are fewer.
///
/// # Example
/// ```
/// use nalgebra::dmatrix;
/// use parecon_io::decomposition::{Method, Situation, footprint_change};
/// use parecon_io::{Axis, Technology};
///
/// let sectors = Axis::from_codes(["farming", "manufacturing"])?;
/// let then = Situation {
///     intensities: dmatrix![0.4, 0.2],
///     technology: Technology::from_coefficients(sectors.clone(), dmatrix![0.15, 0.25; 0.20, 0.05])?,
///     final_demand: dmatrix![350.0; 1700.0],
/// };
/// let now = Situation {
///     intensities: dmatrix![0.3, 0.2],
///     technology: Technology::from_coefficients(sectors, dmatrix![0.15, 0.20; 0.20, 0.05])?,
///     final_demand: dmatrix![400.0; 1800.0],
/// };
/// let found = footprint_change(&then, &now, Method::Shapley)?;
/// let sum: f64 = found.effects.iter().map(|effect| effect.change[0]).sum();
/// assert!((sum - found.change()[0]).abs() < 1e-9);
/// // Cleaner farming and less of it as an input, but more of everything.
/// assert!(found.effects[0].change[0] < 0.0 && found.effects[1].change[0] < 0.0);
/// assert!(found.effects[2].change[0] > 0.0);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// R. E. Miller and P. D. Blair, *Input–Output Analysis: Foundations and Extensions*, 2nd ed., Cambridge 2009, ch. 13.
pub fn footprint_change(
    before: &Situation,
    after: &Situation,
    method: Method,
) -> Result<Decomposition, Error> {
    let factors = [
        Factor::matrix("intensities", before.intensities.clone(), after.intensities.clone())?,
        Factor::requirements("technology", &before.technology, &after.technology)?,
        Factor::matrix("final demand", before.final_demand.clone(), after.final_demand.clone())?,
    ];
    decompose(&factors, method)
}

/// Final demand as a product of three factors: what each category buys, the shares of the categories, and the level.
///
/// ```text
/// Y = M ŝ g        M: columns sum to 1 (sector × category),  s: sums to 1 (category),  g: total
/// ```
///
/// Put them behind a technology in [`decompose`] to tell more demand from other demand; the result keeps the
/// categories.
///
/// # Errors
/// Final demands of different shapes, empty or not finite; a category that sums to 0, whose mix is not defined.
///
/// # Complexity
/// O(n c) for c categories.
///
/// # Example
/// ```
/// use nalgebra::dmatrix;
/// use parecon_io::decomposition::{Method, decompose, final_demand_factors};
///
/// // Half as much again of the same.
/// let factors = final_demand_factors(&dmatrix![20.0; 60.0], &dmatrix![30.0; 90.0])?;
/// let found = decompose(&factors, Method::Shapley)?;
/// assert_eq!(found.effects[2].factor, "level of final demand");
/// assert!((&found.effects[2].change - dmatrix![10.0; 30.0]).amax() < 1e-12);
/// assert_eq!(found.effects[0].change, dmatrix![0.0; 0.0]);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// As [`footprint_change`].
pub fn final_demand_factors(before: &DMatrix<f64>, after: &DMatrix<f64>) -> Result<[Factor; 3], Error> {
    // The shapes and entries are those of a factor; let it check them.
    Factor::matrix("final demand", before.clone(), after.clone())?;
    let parts = |what: &str, demand: &DMatrix<f64>| {
        let (sums, level) = (demand.row_sum_tr(), demand.sum());
        if level == 0.0 {
            return Err(Error::invalid(format!("final demand {what}: sums to 0, it has no mix")));
        }
        if let Some(c) = sums.iter().position(|sum| *sum == 0.0) {
            return Err(Error::invalid(format!(
                "final demand {what}, category number {}: sums to 0, it has no mix",
                c + 1
            )));
        }
        let mix = DMatrix::from_fn(demand.nrows(), demand.ncols(), |i, c| demand[(i, c)] / sums[c]);
        Ok((mix, sums / level, DVector::from_element(demand.ncols(), level)))
    };
    let ((mix0, shares0, level0), (mix1, shares1, level1)) =
        (parts("before", before)?, parts("after", after)?);
    Ok([
        Factor::matrix("mix of final demand", mix0, mix1)?,
        Factor::diagonal("categories of final demand", shares0, shares1)?,
        Factor::diagonal("level of final demand", level0, level1)?,
    ])
}
