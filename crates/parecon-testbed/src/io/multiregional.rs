//! Tables of many regions, and sparse technologies, of the size and build of published ones.

use nalgebra_sparse::{CooMatrix, CsrMatrix};
use parecon_io::nalgebra::{DMatrix, DVector};
use parecon_io::{Axis, Error, IoTable, Regions, Satellite};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Where more of a product is sold to sectors than there would be, output is these many times the sales.
const ROOM: f64 = 1.05;

/// A table of `branches` in each of `regions`, as multi-regional tables are: sizes of regions and branches differ by
/// orders of magnitude, most purchases are domestic, half of the cells between regions are zero, inputs are 0.3 to
/// 0.7 of output, and every region buys some final goods from the others.
///
/// Balanced and productive by construction. Categories of final demand are households and investment of each region.
///
/// # Errors
/// When there are no regions or no branches.
///
/// # Example
/// ```
/// use parecon_testbed::io::random_multiregional;
///
/// let table = random_multiregional(3, 4, 1)?;
/// assert_eq!(table.sectors().codes().nth(5), Some("r2.b2"));
/// assert!(table.validate().is_clean());
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn random_multiregional(regions: usize, branches: usize, seed: u64) -> Result<IoTable, Error> {
    let numbered = |letter: char, count: usize| (1..=count).map(move |i| format!("{letter}{i}"));
    let places = Regions::crossed(
        Axis::from_codes(numbered('r', regions))?,
        Axis::from_codes(numbered('b', branches))?,
        Axis::from_codes(["households", "investment"])?,
    )?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let region_sizes: Vec<f64> = (0..regions).map(|_| lognormal(&mut rng, 1.0)).collect();
    let branch_sizes: Vec<f64> = (0..branches).map(|_| lognormal(&mut rng, 1.0)).collect();
    let n = regions * branches;
    let wanted = DVector::from_fn(n, |i, _| {
        1000.0 * region_sizes[i / branches] * branch_sizes[i % branches] * lognormal(&mut rng, 0.5)
    });
    let flows = flows(&wanted, branches, &mut rng);
    let (sales, purchases) = (flows.column_sum(), flows.row_sum_tr());
    let output = DVector::from_fn(n, |i, _| wanted[i].max(ROOM * sales[i]));
    let mut final_demand = DMatrix::zeros(n, 2 * regions);
    for i in 0..n {
        let home = i / branches;
        let exported = if regions == 1 { 0.0 } else { rng.random_range(0.05..0.3) };
        let mut shares: Vec<f64> = region_sizes.iter().map(|size| size * rng.random::<f64>()).collect();
        shares[home] = 0.0;
        let total: f64 = shares.iter().sum();
        for (r, share) in shares.iter().enumerate() {
            let part = if r == home { 1.0 - exported } else { exported * share / total };
            let bought = part * (output[i] - sales[i]);
            final_demand[(i, 2 * r)] = 0.75 * bought;
            final_demand[(i, 2 * r + 1)] = 0.25 * bought;
        }
    }
    let value_added = DMatrix::from_fn(2, n, |k, j| [0.6, 0.4][k] * (output[j] - purchases[j]));
    IoTable::new(
        places.sectors()?,
        flows,
        places.categories()?,
        final_demand,
        Axis::from_codes(["wages", "surplus"])?,
        value_added,
    )?
    .with_regions(places)
}

/// Flows whose columns are 0.3 to 0.7 of the output wanted, 5 to 40 % of them from other regions.
fn flows(output: &DVector<f64>, branches: usize, rng: &mut ChaCha8Rng) -> DMatrix<f64> {
    let n = output.len();
    let mut flows = DMatrix::zeros(n, n);
    for (j, mut column) in flows.column_iter_mut().enumerate() {
        let home = j / branches * branches..(j / branches + 1) * branches;
        let (mut domestic, mut foreign) = (0.0, 0.0);
        for i in 0..n {
            let is_home = home.contains(&i);
            // The diagonal is never zero, so no column is.
            if i != j && rng.random_bool(if is_home { 0.1 } else { 0.5 }) {
                continue;
            }
            column[i] = output[i] * lognormal(rng, 1.2);
            *(if is_home { &mut domestic } else { &mut foreign }) += column[i];
        }
        let inputs = output[j] * rng.random_range(0.3..0.7);
        let imported = if foreign > 0.0 { rng.random_range(0.05..0.4) } else { 0.0 };
        for i in 0..n {
            column[i] *= if home.contains(&i) {
                inputs * (1.0 - imported) / domestic
            } else if foreign > 0.0 {
                inputs * imported / foreign
            } else {
                0.0
            };
        }
    }
    flows
}

/// A satellite account `stressors` for a table: amounts in proportion to output times a lognormal intensity, a third
/// of them zero, nothing by final users.
///
/// # Errors
/// When there are no stressors.
///
/// # Example
/// ```
/// use parecon_testbed::io::{random_satellite, random_table};
///
/// let account = random_satellite(&random_table(20, 1)?, 3, 1)?;
/// assert_eq!(account.flows().shape(), (3, 20));
/// # Ok::<(), parecon_io::Error>(())
/// ```
pub fn random_satellite(table: &IoTable, stressors: usize, seed: u64) -> Result<Satellite, Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let amounts = DMatrix::from_fn(stressors, table.len(), |_, j| {
        if rng.random_bool(1.0 / 3.0) { 0.0 } else { table.output()[j] * lognormal(&mut rng, 2.0) }
    });
    let codes = (1..=stressors).map(|k| format!("s{k}"));
    Satellite::new("stressors", Axis::from_codes(codes)?, vec!["t"; stressors], amounts)
}

/// Input coefficients of `n` sectors with about `density` n² entries: a few hubs sell to many, columns sum to
/// `inputs`, which must be below 1 for the technology to be productive.
///
/// # Example
/// ```
/// use parecon_testbed::io::random_sparse_coefficients;
///
/// let coefficients = random_sparse_coefficients(500, 0.01, 0.6, 1);
/// assert!((2000..3000).contains(&coefficients.nnz()));
/// ```
#[must_use]
pub fn random_sparse_coefficients(n: usize, density: f64, inputs: f64, seed: u64) -> CsrMatrix<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let per_column = ((density * n as f64).ceil() as usize).clamp(1, n.max(1));
    let mut coefficients = CooMatrix::new(n, n);
    for j in 0..n {
        // A cube of a uniform number is small more often than not: low numbers are hubs.
        let mut suppliers: Vec<usize> =
            (0..per_column).map(|_| (rng.random::<f64>().powi(3) * n as f64) as usize).collect();
        suppliers.sort_unstable();
        suppliers.dedup();
        let amounts: Vec<f64> = suppliers.iter().map(|_| lognormal(&mut rng, 1.2)).collect();
        let total: f64 = amounts.iter().sum();
        for (i, amount) in suppliers.into_iter().zip(amounts) {
            coefficients.push(i, j, inputs * amount / total);
        }
    }
    CsrMatrix::from(&coefficients)
}

/// A lognormal number with median 1.
fn lognormal(rng: &mut impl Rng, sigma: f64) -> f64 {
    let normal: f64 = StandardNormal.sample(rng);
    (sigma * normal).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_like_published_ones() {
        let (regions, branches) = (6, 20);
        let table = random_multiregional(regions, branches, 3).unwrap();
        assert!(table.validate().is_clean());
        assert_eq!(table, random_multiregional(regions, branches, 3).unwrap());
        let n = table.len();
        let sums = table.coefficients().unwrap().row_sum_tr();
        assert!(sums.iter().all(|sum| *sum > 0.0 && *sum < 0.7), "{sums}");
        assert!(sums.mean() > 0.3, "{sums}");
        let domestic = |i: usize, j: usize| i / branches == j / branches;
        let flows = table.flows();
        let at_home: f64 = (0..n)
            .flat_map(|i| (0..n).map(move |j| (i, j)))
            .filter(|&(i, j)| domestic(i, j))
            .map(|cell| flows[cell])
            .sum();
        assert!(at_home > 0.6 * flows.sum());
        assert!(table.final_demand().min() >= 0.0 && table.value_added().min() > 0.0);
    }

    #[test]
    fn one_region_and_one_sector_are_enough() {
        for (regions, branches) in [(1, 1), (1, 5), (4, 1)] {
            assert!(random_multiregional(regions, branches, 1).unwrap().validate().is_clean());
        }
        assert!(random_multiregional(0, 5, 1).is_err());
        assert!(random_multiregional(2, 0, 1).is_err());
    }

    #[test]
    fn columns_of_a_sparse_technology_sum_to_what_is_asked() {
        let n = 200;
        let coefficients = random_sparse_coefficients(n, 0.05, 0.6, 1);
        let mut sums = vec![0.0; n];
        for (_, j, amount) in coefficients.triplet_iter() {
            sums[j] += amount;
        }
        assert!(sums.iter().all(|sum| (sum - 0.6).abs() < 1e-12));
        assert_eq!(random_sparse_coefficients(0, 0.1, 0.5, 1).nnz(), 0);
    }
}
