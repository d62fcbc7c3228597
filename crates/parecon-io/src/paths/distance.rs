//! Distances between sectors, and from sectors to final use and to primary inputs.

use nalgebra::{DMatrix, DVector};

use super::productive_sizes;
use crate::error::Error;
use crate::technology::Technology;

impl Technology {
    /// Average propagation lengths: the steps that a cost push in sector i (row) takes on average until it reaches
    /// sector j (column), or a demand pull from j until it reaches i.
    ///
    /// ```text
    /// APL_ij = Σ_t t (Aᵗ)_ij / Σ_t (Aᵗ)_ij = [L (L − I)]_ij / [L − I]_ij,    t = 1, 2, …
    /// ```
    ///
    /// 0 where no chain leads from j to i. The effect of a sector on itself leaves out the first unit, so that lengths
    /// are at least 1. The same for the Leontief and the Ghosh model.
    ///
    /// # Errors
    /// A technology whose absolute coefficients have a spectral radius of 1 or more; a singular I − A.
    ///
    /// # Complexity
    /// O(n³), a product of two n × n matrices after L.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dmatrix;
    /// use parecon_io::{Axis, Technology};
    ///
    /// // Coal to steel to cars.
    /// let sectors = Axis::from_codes(["coal", "steel", "cars"])?;
    /// let coefficients = dmatrix![0.0, 0.4, 0.0; 0.0, 0.0, 0.3; 0.0, 0.0, 0.0];
    /// let lengths = Technology::from_coefficients(sectors, coefficients)?.average_propagation_lengths()?;
    /// assert!((lengths - dmatrix![0.0, 1.0, 2.0; 0.0, 0.0, 1.0; 0.0, 0.0, 0.0]).amax() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// E. Dietzenbacher, I. Romero and N. S. Bosma, "Using average propagation lengths to identify production chains
    /// in the Andalusian economy", *Estudios de Economía Aplicada* 23, 2005.
    pub fn average_propagation_lengths(&self) -> Result<DMatrix<f64>, Error> {
        productive_sizes(self)?;
        let (coefficients, requirements) = (self.coefficients(), self.requirements()?);
        // L − I = A L; on the diagonal the difference would lose digits, the product does not.
        let mut indirect = requirements.clone();
        for j in 0..self.len() {
            indirect[(j, j)] = coefficients.row(j).transpose().dot(&requirements.column(j));
        }
        let mut lengths = requirements * &indirect;
        // Solving leaves noise where the exact value is 0, and noise must not be divided by noise.
        let reached = Reached::new(coefficients);
        for j in 0..self.len() {
            for i in 0..self.len() {
                let weight = indirect[(i, j)];
                lengths[(i, j)] =
                    if reached.from(i, j) && weight != 0.0 { lengths[(i, j)] / weight } else { 0.0 };
            }
        }
        Ok(lengths)
    }

    /// Upstreamness: the average number of stages between a sector's output and the final demand y it ends up in.
    ///
    /// ```text
    /// U_i = [1 y_i + 2 (A y)_i + 3 (A²y)_i + …] / x_i = (L x)_i / x_i,    x = L y
    /// ```
    ///
    /// With the table's total final demand this is (I − B)⁻¹ 1 for the allocation coefficients `b_ij = z_ij / x_i`. It is
    /// 1 where everything goes straight to final use, and given as 0 for a sector that delivers nothing. With one
    /// category of final demand it is the distance from that category.
    ///
    /// # Errors
    /// Final demand of another length or not finite; a singular I − A.
    ///
    /// # Complexity
    /// O(n²) after the first question: two solves.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let table = datasets::miller_blair()?;
    /// let upstreamness = Technology::from_table(&table)?.upstreamness(&table.total_final_demand())?;
    /// // Two thirds of agriculture's product go to sectors, most of manufacturing's to final use.
    /// assert_eq!(format!("{:.3} {:.3}", upstreamness[0], upstreamness[1]), "1.914 1.254");
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// P. Antràs, D. Chor, T. Fally and R. Hillberry, "Measuring the upstreamness of production and trade flows",
    /// *American Economic Review* 102(3), 2012; P. Antràs and D. Chor, "Organizing the global value chain",
    /// *Econometrica* 81, 2013.
    pub fn upstreamness(&self, final_demand: &DVector<f64>) -> Result<DVector<f64>, Error> {
        let output = self.output_for(final_demand)?;
        let stages = self.output_for(&output)?;
        Ok(ratio(&stages, &output))
    }

    /// Downstreamness: the average number of stages that primary inputs of v per unit of output have gone through when
    /// they leave in a sector's product.
    ///
    /// ```text
    /// D_j = [1 v_j + 2 (A'v)_j + 3 (A'²v)_j + …] / p_j = (L'p)_j / p_j,    p = L'v
    /// ```
    ///
    /// With all value added per unit of output p = 1 and D = L'1, the output multipliers. It is 1 where a product
    /// is made of primary inputs alone, and given as 0 where none are contained in it. With one component, say
    /// wages, it is the distance from that component.
    ///
    /// # Errors
    /// Primary inputs of another length or not finite; a singular I − A.
    ///
    /// # Complexity
    /// O(n²) after the first question: two transposed solves.
    ///
    /// # Example
    /// ```
    /// use nalgebra::dvector;
    /// use parecon_io::{Technology, datasets};
    ///
    /// let technology = Technology::from_table(&datasets::miller_blair()?)?;
    /// let downstreamness = technology.downstreamness(&dvector![0.65, 0.70])?;
    /// assert!((downstreamness - technology.output_multipliers()?).amax() < 1e-12);
    /// # Ok::<(), parecon_io::Error>(())
    /// ```
    ///
    /// # Reference
    /// R. E. Miller and U. Temurshoev, "Output upstreamness and input downstreamness of industries/countries in world
    /// production", *International Regional Science Review* 40, 2017; P. Antràs and D. Chor, as for
    /// [`Technology::upstreamness`].
    pub fn downstreamness(&self, primary_inputs: &DVector<f64>) -> Result<DVector<f64>, Error> {
        self.sectors().check_vector("primary inputs per unit", primary_inputs)?;
        let contained = self.prices(primary_inputs)?;
        let stages = self.prices(&contained)?;
        Ok(ratio(&stages, &contained))
    }
}

fn ratio(stages: &DVector<f64>, weights: &DVector<f64>) -> DVector<f64> {
    stages.zip_map(weights, |stages, weight| if weight == 0.0 { 0.0 } else { stages / weight })
}

/// Which sectors are reached from which along non-zero coefficients, as bits.
struct Reached {
    words: usize,
    bits: Vec<u64>,
}

impl Reached {
    /// The transitive closure (Warshall 1962), rows of 64 sectors at once.
    fn new(coefficients: &DMatrix<f64>) -> Self {
        let n = coefficients.nrows();
        let words = n.div_ceil(64);
        let mut bits = vec![0u64; n * words];
        for (j, column) in coefficients.column_iter().enumerate() {
            for (i, _) in column.iter().enumerate().filter(|(_, cell)| **cell != 0.0) {
                bits[i * words + j / 64] |= 1 << (j % 64);
            }
        }
        for k in 0..n {
            let through = bits[k * words..(k + 1) * words].to_vec();
            for row in bits.chunks_exact_mut(words) {
                if row[k / 64] >> (k % 64) & 1 == 1 {
                    row.iter_mut().zip(&through).for_each(|(word, more)| *word |= more);
                }
            }
        }
        Self { words, bits }
    }

    /// Whether i supplies j, directly or not.
    fn from(&self, i: usize, j: usize) -> bool {
        self.bits[i * self.words + j / 64] >> (j % 64) & 1 == 1
    }
}
