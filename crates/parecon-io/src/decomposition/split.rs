//! The effect of technology, by sector.

use nalgebra::DMatrix;
use serde::Serialize;

use super::factor::{Factor, check_chain, outputs};
use super::{Method, Profile};
use crate::error::Error;

/// The effect of a changed technology, by the sectors whose coefficients changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TechnologyEffects {
    /// By the sector that uses other inputs than before, the column of A; each shaped as the product.
    pub by_user: Vec<DMatrix<f64>>,
    /// By the sector whose product is used more or less than before, the row of A; each shaped as the product.
    pub by_input: Vec<DMatrix<f64>>,
}

/// Splits the effect of technology in [`decompose`](super::decompose) by the sectors whose coefficients changed.
///
/// ```text
/// ΔL = ½ Σ_j (L¹ ΔA_·j L⁰_j· + L⁰ ΔA_·j L¹_j·)
/// ```
///
/// Both halves are exact for the sum, L¹ ΔA L⁰ = L⁰ ΔA L¹ = ΔL; their mean prefers neither situation. So the parts by
/// user and those by input both sum to the effect of the factor.
///
/// # Errors
/// As [`decompose`](super::decompose); a factor number that is not that of a technology.
///
/// # Complexity
/// Four solves per row and per column of the result for a polar form, ⌈k/2⌉ times that for [`Method::Shapley`]. Memory
/// for 2 n matrices of the result's shape.
///
/// # Example
/// ```
/// use nalgebra::dmatrix;
/// use parecon_io::decomposition::{Factor, Method, technology_effects};
/// use parecon_io::{Axis, Technology};
///
/// let sectors = Axis::from_codes(["farming", "manufacturing"])?;
/// let then = Technology::from_coefficients(sectors.clone(), dmatrix![0.15, 0.25; 0.20, 0.05])?;
/// let now = Technology::from_coefficients(sectors, dmatrix![0.15, 0.20; 0.20, 0.05])?;
/// let factors = [
///     Factor::matrix("intensities", dmatrix![0.4, 0.2], dmatrix![0.3, 0.2])?,
///     Factor::requirements("technology", &then, &now)?,
///     Factor::matrix("final demand", dmatrix![350.0; 1700.0], dmatrix![400.0; 1800.0])?,
/// ];
/// let parts = technology_effects(&factors, 1, Method::Shapley)?;
/// // Manufacturing uses less of farming's product; nothing else changed.
/// assert_eq!(parts.by_user[0][0], 0.0);
/// assert_eq!(parts.by_input[1][0], 0.0);
/// assert!((parts.by_user[1][0] - parts.by_input[0][0]).abs() < 1e-12);
/// # Ok::<(), parecon_io::Error>(())
/// ```
///
/// # Reference
/// R. E. Miller and P. D. Blair, *Input–Output Analysis: Foundations and Extensions*, 2nd ed., Cambridge 2009, ch. 13;
/// K. Muradov, "Structural decomposition analysis with disaggregate factors within the Leontief inverse", *Journal of
/// Economic Structures* 10, 2021, compares ways to divide such an effect.
pub fn technology_effects(
    factors: &[Factor],
    factor: usize,
    method: Method,
) -> Result<TechnologyEffects, Error> {
    check_chain(factors)?;
    let found = factors.get(factor).and_then(|chosen| Some((chosen, chosen.technologies()?)));
    let Some((chosen, (before, after, change))) = found else {
        return Err(Error::invalid(format!(
            "factor number {}: is not a technology",
            factor.saturating_add(1)
        )));
    };
    let shape = (factors[0].rows(), factors[factors.len() - 1].columns());
    let n = chosen.rows();
    let mut by_user = vec![DMatrix::zeros(shape.0, shape.1); n];
    let mut by_input = by_user.clone();
    for Profile { left, right, weight } in method.profiles(factors.len()) {
        let (mut source, mut target) =
            (DMatrix::identity(shape.0, shape.0), DMatrix::identity(shape.1, shape.1));
        for other in &factors[..factor] {
            source = other.after(&source, left)?;
        }
        for other in factors[factor + 1..].iter().rev() {
            target = other.before(&target, right)?;
        }
        for (first, second) in [(after, before), (before, after)] {
            let (contents, quantities) = (first.footprint(&source)?, outputs(second, &target)?);
            let (by_column, by_row) = (&contents * change, change * &quantities);
            for j in 0..n {
                let half = 0.5 * weight;
                by_user[j].ger(half, &by_column.column(j), &quantities.row(j).transpose(), 1.0);
                by_input[j].ger(half, &contents.column(j), &by_row.row(j).transpose(), 1.0);
            }
        }
    }
    if by_user.iter().chain(&by_input).flatten().all(|entry| entry.is_finite()) {
        return Ok(TechnologyEffects { by_user, by_input });
    }
    Err(Error::invalid("product of the factors: overflows, use other units"))
}
