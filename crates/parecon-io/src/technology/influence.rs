//! Fields of influence: which coefficients matter most for total requirements.

use nalgebra::{DMatrix, DVector};

use crate::axis::{Id, Sector};
use crate::error::Error;
use crate::technology::Technology;

/// Coefficients that change together, all by the same increment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cells {
    /// The input of a product (first) in a sector (second).
    One(Id<Sector>, Id<Sector>),
    /// The input of a product in all sectors, a row of A.
    Row(Id<Sector>),
    /// All inputs of a sector, a column of A.
    Column(Id<Sector>),
    /// All inputs of all sectors.
    All,
}

/// The overall influence of every single coefficient.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Influence {
    /// The increment ε of the coefficient.
    pub increment: f64,
    /// `S_ij`, by supplier and buyer.
    pub cells: DMatrix<f64>,
}

impl Influence {
    /// The coefficients of greatest influence: supplier, buyer and influence, the greatest first.
    ///
    /// Takes O(n²) and `count` log `count`.
    #[must_use]
    pub fn strongest(&self, count: usize) -> Vec<(Id<Sector>, Id<Sector>, f64)> {
        ranked(&self.cells, count, |a, b| b.total_cmp(&a))
    }
}

/// How far each coefficient may be off.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Tolerances {
    /// The relative change of output that is accepted.
    pub accepted: f64,
    /// By supplier and buyer, the relative change of the coefficient, up or down, that changes no sector's output by
    /// more than that. Infinite where the coefficient or its effect is 0.
    pub limits: DMatrix<f64>,
}

impl Tolerances {
    /// Inverse-important coefficients: those with a tolerable limit below `limit`, the least first, as supplier, buyer
    /// and tolerable limit.
    #[must_use]
    pub fn important(&self, limit: f64) -> Vec<(Id<Sector>, Id<Sector>, f64)> {
        let count = self.limits.iter().filter(|tolerable| **tolerable < limit).count();
        ranked(&self.limits, count, |a, b| a.total_cmp(&b))
    }
}

/// The first `count` cells in this order; ties by column and row.
fn ranked(
    matrix: &DMatrix<f64>,
    count: usize,
    order: impl Fn(f64, f64) -> std::cmp::Ordering,
) -> Vec<(Id<Sector>, Id<Sector>, f64)> {
    let (n, cells) = (matrix.nrows(), matrix.as_slice());
    let compare = |a: &usize, b: &usize| order(cells[*a], cells[*b]).then(a.cmp(b));
    let mut places: Vec<usize> = (0..cells.len()).collect();
    let count = count.min(places.len());
    if count < places.len() {
        places.select_nth_unstable_by(count, compare);
        places.truncate(count);
    }
    places.sort_unstable_by(compare);
    let id = |index: usize| Id::new(index as u32);
    places.into_iter().map(|place| (id(place % n), id(place / n), cells[place])).collect()
}

impl Technology {
    /// The overall influence of every coefficient: what an increment ε of it alone changes in all cells of L, squared
    /// and summed.
    ///
    /// ```text
    /// S_ij = Σ f_kl²       f = (L(ε) − L) / ε
    ///      = ‖L_·i‖² ‖L_j·‖² / (1 − ε L_ji)²
    /// ```
    ///
    /// In closed form: the usual way inverts a matrix for every coefficient. An increment of 0 gives the limit, the
    /// direct field of influence.
    ///
    /// # Errors
    /// An increment that is not finite, or with which a coefficient would make I − A singular, named; a singular I − A.
    ///
    /// # Complexity
    /// O(n²) for all n² coefficients once L is known.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Model, Technology, datasets};
    ///
    /// let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    /// let influence = Technology::from_table(&table)?.influence(0.001)?;
    /// let (supplier, buyer, _) = influence.strongest(1)[0];
    /// assert_eq!((table.sectors().code(supplier), table.sectors().code(buyer)), ("524", "331"));
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// M. Sonis and G. J. D. Hewings, "Coefficient change in input-output models: theory and applications", Economic
    /// Systems Research 4, 1992.
    pub fn influence(&self, increment: f64) -> Result<Influence, Error> {
        self.check_increment(increment)?;
        let requirements = self.requirements()?;
        let n = self.len();
        let sent: Vec<f64> = requirements.column_iter().map(|column| column.norm_squared()).collect();
        let mut received = vec![0.0f64; n];
        for column in requirements.as_slice().chunks_exact(n) {
            received.iter_mut().zip(column).for_each(|(sum, cell)| *sum += cell * cell);
        }
        let mut cells = DMatrix::zeros(n, n);
        let of_buyers = cells.as_mut_slice();
        for i in 0..n {
            let requirement = &requirements.as_slice()[i * n..(i + 1) * n];
            // Filled transposed, the buyers of one supplier next to each other.
            for (j, target) in of_buyers[i * n..(i + 1) * n].iter_mut().enumerate() {
                let left = 1.0 - increment * requirement[j];
                *target = sent[i] * received[j] / (left * left);
            }
        }
        if let Some(place) = cells.iter().position(|influence| !influence.is_finite()) {
            return Err(self.too_large(increment, place / n, place % n));
        }
        cells.transpose_mut();
        Ok(Influence { increment, cells })
    }

    /// The field of influence of some coefficients: how every cell of L changes, per unit of their common increment ε.
    ///
    /// ```text
    /// F = (L(ε) − L) / ε = (L u)(v'L) / (1 − ε v'L u)
    /// ```
    ///
    /// with u and v the unit vectors of row and column, or ones for all. For a single coefficient `F = L_·i L_j·` at
    /// ε = 0.
    ///
    /// # Errors
    /// An id of another axis; an increment that is not finite or that makes I − A singular; a singular I − A.
    ///
    /// # Complexity
    /// O(n²) after the first question, L not needed.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Cells, Change, Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let technology = Technology::from_table(&table)?;
    /// let (one, two) = (table.sector("1")?, table.sector("2")?);
    /// let field = technology.field_of_influence(Cells::One(one, two), 0.01)?;
    /// let changed = technology.what_if(&[Change::Cell { supplier: one, buyer: two, to: 0.26 }])?;
    /// let difference = changed.technology()?.requirements()? - technology.requirements()?;
    /// assert!((difference - field * 0.01).amax() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// As [`Technology::influence`].
    pub fn field_of_influence(&self, cells: Cells, increment: f64) -> Result<DMatrix<f64>, Error> {
        self.check_increment(increment)?;
        let sectors = &self.inner.sectors;
        let (row, column) = match cells {
            Cells::One(supplier, buyer) => (Some(sectors.check(supplier)?), Some(sectors.check(buyer)?)),
            Cells::Row(supplier) => (Some(sectors.check(supplier)?), None),
            Cells::Column(buyer) => (None, Some(sectors.check(buyer)?)),
            Cells::All => (None, None),
        };
        let unit = |at: Option<usize>| match at {
            None => DVector::from_element(self.len(), 1.0),
            Some(at) => DVector::from_fn(self.len(), |i, _| if i == at { 1.0 } else { 0.0 }),
        };
        let (changed_rows, changed_columns) = (unit(row), unit(column));
        let sent = self.output_for(&changed_rows)?;
        let received = self.prices(&changed_columns)?;
        let left = 1.0 - increment * changed_columns.dot(&sent);
        let field = &sent * (received / left).transpose();
        match field.iter().all(|cell| cell.is_finite()) {
            true => Ok(field),
            false => Err(self.too_large(increment, row.unwrap_or(0), column.unwrap_or(0))),
        }
    }

    /// How far each coefficient alone may be off, up or down, until some sector's output is off by more than a share p.
    ///
    /// ```text
    /// r_ij = p / (a_ij (x_j max_k |L_ki / x_k| + p |L_ji|))
    /// ```
    ///
    /// exactly, from the change of one coefficient, `Δx = L_·i Δa x_j / (1 − Δa L_ji)`. Small limits mark the
    /// coefficients worth measuring well. Sectors without output do not count as changed.
    ///
    /// # Errors
    /// A share that is not above 0 and finite; final demand of another length or not finite; a singular I − A.
    ///
    /// # Complexity
    /// O(n²) once L is known.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let tolerances = Technology::from_table(&table)?.tolerances(&table.total_final_demand(), 0.01)?;
    /// // If manufacturing's input of farming is off by 1.6 %, then farming's output by 1 %.
    /// assert_eq!(format!("{:.4}", tolerances.limits[(0, 1)]), "0.0159");
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// J. Schintke and R. Stäglin, "Important input coefficients in market transactions tables and production flow
    /// tables", in *Input–Output Analysis: Current Developments*, 1988.
    pub fn tolerances(&self, final_demand: &DVector<f64>, accepted: f64) -> Result<Tolerances, Error> {
        if accepted.is_nan() || accepted <= 0.0 || accepted.is_infinite() {
            return Err(Error::invalid(format!(
                "accepted change of output: is {accepted}, must be above 0 and finite"
            )));
        }
        let output = self.output_for(final_demand)?;
        let requirements = self.requirements()?;
        let greatest = |column: &[f64]| {
            let shares = column.iter().zip(&output).filter(|(_, x)| **x != 0.0);
            shares.map(|(cell, x)| (cell / x).abs()).fold(0.0, f64::max)
        };
        let effects: Vec<f64> = requirements.as_slice().chunks_exact(self.len()).map(greatest).collect();
        let coefficients = self.coefficients();
        let limits = DMatrix::from_fn(self.len(), self.len(), |i, j| {
            let effect = output[j].abs() * effects[i] + accepted * requirements[(j, i)].abs();
            let divisor = coefficients[(i, j)].abs() * effect;
            if output[j] == 0.0 || divisor == 0.0 { f64::INFINITY } else { accepted / divisor }
        });
        Ok(Tolerances { accepted, limits })
    }

    fn check_increment(&self, increment: f64) -> Result<(), Error> {
        if increment.is_finite() {
            return Ok(());
        }
        Err(Error::invalid(format!("increment: is {increment}, must be finite")))
    }

    fn too_large(&self, increment: f64, i: usize, j: usize) -> Error {
        let sectors = &self.inner.sectors;
        Error::singular(format!(
            "{} to {}: an increment of {increment} makes I − A singular",
            sectors.describe(i),
            sectors.describe(j)
        ))
    }
}
