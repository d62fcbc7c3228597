//! Backward and forward linkages and key sectors.

use nalgebra::{DMatrix, DVector};
use serde::Serialize;

use crate::error::Error;
use crate::factor::Side;
use crate::technology::{Allocation, Technology};

/// Which model forward linkages are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum ForwardModel {
    /// Row sums of A and L: what a sector must supply if all sectors' final demand grows by one unit each.
    Leontief,
    /// Row sums of B and G: what a unit of a sector's primary inputs makes possible elsewhere. Usually preferred.
    Ghosh,
}

/// A sector's place by its normalised linkages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum Role {
    /// Both above the average.
    Key,
    /// Only the backward linkage is above the average: it depends on what others supply.
    Backward,
    /// Only the forward linkage is above the average: others depend on what it supplies.
    Forward,
    /// Neither is above the average.
    Weak,
}

/// How strongly sectors depend on their suppliers (backward) and their customers (forward).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Linkages {
    /// The model of the forward linkages.
    pub model: ForwardModel,
    /// Column sums of A.
    pub direct_backward: DVector<f64>,
    /// Row sums of A or B.
    pub direct_forward: DVector<f64>,
    /// Column sums of L.
    pub backward: DVector<f64>,
    /// Row sums of L or G.
    pub forward: DVector<f64>,
}

impl Linkages {
    /// Backward linkages relative to their mean (power of dispersion).
    #[must_use]
    pub fn backward_index(&self) -> DVector<f64> {
        &self.backward / self.backward.mean()
    }

    /// Forward linkages relative to their mean (sensitivity of dispersion).
    #[must_use]
    pub fn forward_index(&self) -> DVector<f64> {
        &self.forward / self.forward.mean()
    }

    /// Every sector's role, in the order of the sectors.
    #[must_use]
    pub fn roles(&self) -> Vec<Role> {
        let (backward, forward) = (self.backward_index(), self.forward_index());
        let role = |(backward, forward): (&f64, &f64)| match (*backward > 1.0, *forward > 1.0) {
            (true, true) => Role::Key,
            (true, false) => Role::Backward,
            (false, true) => Role::Forward,
            (false, false) => Role::Weak,
        };
        backward.iter().zip(&forward).map(role).collect()
    }
}

/// How unevenly linkages are spread over partners: coefficients of variation. A sector of small spread draws evenly
/// on (or supplies evenly to) the whole economy.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Spread {
    /// The model of the forward linkages.
    pub model: ForwardModel,
    /// Of the columns of L.
    pub backward: DVector<f64>,
    /// Of the rows of L or G.
    pub forward: DVector<f64>,
}

impl Technology {
    /// Linkages with forward linkages after Leontief, the row sums of L. Those after Ghosh:
    /// [`Allocation::linkages`].
    ///
    /// # Errors
    /// A singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(n²) after the first question.
    ///
    /// # Example
    /// ```
    /// use parecon_io::technology::Role;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let linkages = Technology::from_table(&datasets::miller_blair()?)?.linkages()?;
    /// assert_eq!(linkages.roles(), [Role::Key, Role::Weak]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// P. N. Rasmussen, *Studies in Inter-Sectoral Relations*, 1956.
    pub fn linkages(&self) -> Result<Linkages, Error> {
        let ones = DVector::from_element(self.len(), 1.0);
        Ok(Linkages {
            model: ForwardModel::Leontief,
            direct_backward: self.times_vector(Side::Transposed, &ones),
            direct_forward: self.times_vector(Side::Straight, &ones),
            backward: self.output_multipliers()?,
            forward: self.output_for(&ones)?,
        })
    }

    /// Spread of the linkages, forward after Leontief.
    ///
    /// ```text
    /// V_j = √(Σ_i (l_ij − l̄_j)² / (n − 1)) / l̄_j        l̄_j the mean of column j
    /// ```
    ///
    /// # Errors
    /// A singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(n³) once, for L.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Technology, datasets};
    ///
    /// let spread = Technology::from_table(&datasets::miller_blair()?)?.spread()?;
    /// assert_eq!(format!("{:.3} {:.3}", spread.backward[0], spread.backward[1]), "0.922 0.771");
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// As [`Technology::linkages`].
    pub fn spread(&self) -> Result<Spread, Error> {
        let requirements = self.requirements()?;
        Ok(Spread {
            model: ForwardModel::Leontief,
            backward: variation(requirements),
            forward: variation(&requirements.transpose()),
        })
    }

    /// The multiplier product matrix, row sums times column sums of L over the sum of all: the part of the linkages
    /// that is due to the sectors' size as suppliers and as buyers alone.
    ///
    /// ```text
    /// M = (L 1)(1'L) / (1'L 1)
    /// ```
    ///
    /// It has the row and column sums of L. Times 1'L 1 it is the first-order
    /// [field of influence](Technology::field_of_influence) of a change in all coefficients.
    ///
    /// # Errors
    /// A singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(n²) after the first question.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// let product = technology.multiplier_product_matrix()?;
    /// assert!((product.row_sum() - technology.requirements()?.row_sum()).amax() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// M. Sonis and G. J. D. Hewings, "Economic landscapes: multiplier product matrix analysis for multiregional
    /// input-output systems", Hitotsubashi Journal of Economics 40, 1999.
    pub fn multiplier_product_matrix(&self) -> Result<DMatrix<f64>, Error> {
        let linkages = self.linkages()?;
        let total = linkages.forward.sum();
        Ok(&linkages.forward * linkages.backward.transpose() / total)
    }
}

impl Allocation {
    /// Linkages with forward linkages after Ghosh, the row sums of G.
    ///
    /// # Errors
    /// A singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(n²) after the first question to the technology.
    ///
    /// # Example
    /// ```
    /// use parecon_io::technology::Role;
    /// use parecon_io::{Allocation, datasets};
    ///
    /// let linkages = Allocation::from_table(&datasets::miller_blair()?)?.linkages()?;
    /// assert_eq!(linkages.roles(), [Role::Key, Role::Weak]);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// E. Dietzenbacher, "The measurement of interindustry linkages: key sectors in the Netherlands", Economic
    /// Modelling 9, 1992.
    pub fn linkages(&self) -> Result<Linkages, Error> {
        let technology = self.technology();
        let ones = DVector::from_element(technology.len(), 1.0);
        let sales = technology.times_vector(Side::Straight, self.scale());
        Ok(Linkages {
            model: ForwardModel::Ghosh,
            direct_backward: technology.times_vector(Side::Transposed, &ones),
            direct_forward: sales.component_div(self.scale()),
            backward: technology.output_multipliers()?,
            forward: self.supply_multipliers()?,
        })
    }

    /// Spread of the linkages, forward after Ghosh; see [`Technology::spread`].
    ///
    /// # Errors
    /// A singular I − A, naming a sector.
    ///
    /// # Complexity
    /// O(n³) once, for L.
    ///
    /// # Example
    /// ```
    /// use parecon_io::{Allocation, datasets};
    ///
    /// let allocation = Allocation::from_table(&datasets::miller_blair()?)?;
    /// assert_eq!(allocation.spread()?.backward, allocation.technology().spread()?.backward);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// As [`Technology::linkages`].
    pub fn spread(&self) -> Result<Spread, Error> {
        Ok(Spread {
            model: ForwardModel::Ghosh,
            backward: variation(self.technology().requirements()?),
            forward: variation(&self.total_allocations()?.transpose()),
        })
    }
}

/// Coefficient of variation of every column; 0 for a single cell.
fn variation(matrix: &DMatrix<f64>) -> DVector<f64> {
    let freedom = matrix.nrows().saturating_sub(1).max(1) as f64;
    let of = |cells: &[f64]| {
        let mean = cells.iter().sum::<f64>() / cells.len() as f64;
        let squares: f64 = cells.iter().map(|cell| (cell - mean) * (cell - mean)).sum();
        (squares / freedom).sqrt() / mean
    };
    DVector::from_iterator(matrix.ncols(), matrix.as_slice().chunks_exact(matrix.nrows()).map(of))
}
