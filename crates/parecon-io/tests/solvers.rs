//! The ways to solve the equations agree, and do not depend on the number of threads.

use nalgebra::{DMatrix, DVector};
use parecon_io::nalgebra_sparse::{CooMatrix, CsrMatrix};
use parecon_io::{Axis, IoTable, Regions, Solver, SparseTechnology, Technology};
use parecon_testbed::io::{random_multiregional, random_table, tables};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Both ways leave residuals at rounding level, so that they differ by that times the condition, which is below
/// 1 / (1 − column sum), at most 20 here.
const AGREE: f64 = 1e-12;

fn assert_close(a: &DMatrix<f64>, b: &DMatrix<f64>) {
    for (x, y) in a.iter().zip(b) {
        assert!((x - y).abs() <= AGREE * (x.abs() + y.abs()), "{x} and {y}");
    }
}

#[test]
fn iteration_reaches_every_digit_of_small_components() {
    let table = random_table(200, 3).unwrap();
    let direct = Technology::from_table(&table).unwrap().with_solver(Solver::Direct);
    let iterative = direct.with_solver(Solver::Iterative);
    // Demands of very different size, one of them for a single sector.
    let demands = DMatrix::from_fn(200, 3, |i, k| match k {
        0 => 1.0,
        1 => 10f64.powi((i % 19) as i32 - 9),
        _ => f64::from(u8::from(i == 7)),
    });
    let inverse = direct.with_solver(Solver::Inverse);
    for other in [iterative, inverse] {
        assert_close(&direct.outputs_for(&demands).unwrap(), &other.outputs_for(&demands).unwrap());
        let intensities = demands.transpose();
        assert_close(&direct.footprint(&intensities).unwrap(), &other.footprint(&intensities).unwrap());
    }
}

#[test]
fn regions_by_themselves_lead_the_iteration_to_the_same_solution() {
    let table = random_multiregional(8, 15, 2).unwrap();
    let direct = Technology::from_table(&table).unwrap().with_solver(Solver::Direct);
    let iterative = direct.with_solver(Solver::Iterative);
    // None, few and many at once, which are multiplied differently.
    for k in [0, 1, 3, 40] {
        let demands = DMatrix::from_fn(120, k, |i, c| f64::from(u8::from(i % 7 == c % 7)) * (1.0 + i as f64));
        assert_close(&direct.outputs_for(&demands).unwrap(), &iterative.outputs_for(&demands).unwrap());
        let intensities = demands.transpose();
        assert_close(&direct.footprint(&intensities).unwrap(), &iterative.footprint(&intensities).unwrap());
    }
}

#[test]
fn regions_that_cannot_live_by_themselves_are_solved_together() {
    // Each region's own block is singular, but what the north loses to the south makes the whole solvable.
    let n = 10;
    let mut flows = DMatrix::zeros(n, n);
    for region in 0..n / 2 {
        let (a, b) = (2 * region, 2 * region + 1);
        (flows[(a, b)], flows[(b, a)]) = (1.0, 1.0);
        flows[(a, (a + 2) % n)] = if region == 0 { -0.5 } else { 0.1 };
    }
    let regions = Regions::crossed(
        Axis::from_codes((0..n / 2).map(|r| format!("r{r}"))).unwrap(),
        Axis::from_codes(["a", "b"]).unwrap(),
        Axis::from_codes(["use"]).unwrap(),
    )
    .unwrap();
    let demand = DMatrix::from_fn(n, n / 2, |i, r| if i / 2 == r { 1.0 - flows.row(i).sum() } else { 0.0 });
    let value_added = DMatrix::from_fn(1, n, |_, j| 1.0 - flows.column(j).sum());
    let table = IoTable::new(
        regions.sectors().unwrap(),
        flows,
        regions.categories().unwrap(),
        demand,
        Axis::from_codes(["wages"]).unwrap(),
        value_added,
    )
    .unwrap()
    .with_regions(regions)
    .unwrap();
    let technology = Technology::from_table(&table).unwrap().with_solver(Solver::Iterative);
    let output = technology.output_for(&table.total_final_demand()).unwrap();
    assert!((output - table.output()).amax() < 1e-9);
}

#[test]
fn iteration_gives_way_where_it_does_not_settle() {
    // A cycle that loses one part in 1e9 on the way round: no iteration sees the whole ring in 200 steps.
    let n = 300;
    let ring = DMatrix::from_fn(n, n, |i, j| if (i + 1) % n == j { 1.0 - 1e-9 } else { 0.0 });
    let sectors = Axis::from_codes((0..n).map(|i| i.to_string())).unwrap();
    let technology = Technology::from_coefficients(sectors, ring).unwrap().with_solver(Solver::Iterative);
    let mut demand = DVector::zeros(n);
    demand[0] = 1.0;
    let output = technology.output_for(&demand).unwrap();
    let residual = &output - technology.coefficients() * &output - demand;
    assert!(residual.amax() <= 1e-9 * output.amax(), "{}", residual.amax());
}

#[test]
fn coefficients_beyond_single_precision_are_iterated_on_as_they_are() {
    // Row units of a table from 1e-90 to 1e90, as if tonnes and atoms stood side by side: the quick copy holds nothing.
    let n = 60;
    let table = random_table(n, 4).unwrap();
    let unit = |i: usize| 10f64.powi(3 * (i as i32 % n as i32) - 90);
    let plain = table.coefficients().unwrap();
    let scaled = DMatrix::from_fn(n, n, |i, j| plain[(i, j)] * unit(i) / unit(j));
    let demand = table.total_final_demand();
    let technology = Technology::from_coefficients(table.sectors().clone(), scaled)
        .unwrap()
        .with_solver(Solver::Iterative);
    let output = technology.output_for(&DVector::from_fn(n, |i, _| demand[i] * unit(i))).unwrap();
    for (i, x) in output.iter().enumerate() {
        assert!((x / unit(i) / table.output()[i] - 1.0).abs() <= AGREE, "{i}");
    }
}

#[test]
fn a_table_and_its_coefficients_are_the_same_technology() {
    let table = random_table(60, 5).unwrap();
    let shared = Technology::from_table(&table).unwrap();
    let given =
        Technology::from_coefficients(table.sectors().clone(), table.coefficients().unwrap()).unwrap();
    let y = table.total_final_demand();
    let (a, b) = (shared.output_for(&y).unwrap(), given.output_for(&y).unwrap());
    assert!((&a - &b).amax() <= AGREE * a.amax());
    assert_eq!(shared.coefficients(), given.coefficients());
    assert_eq!(shared.requirements().unwrap(), given.requirements().unwrap());
}

#[cfg(feature = "parallel")]
#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    // Large enough for factorisation, inverse and products to be spread.
    let table = random_table(700, 9).unwrap();
    let y = table.final_demand().clone();
    let (regions, n) = (random_multiregional(8, 15, 2).unwrap(), 3000);
    let sectors = Axis::from_codes((0..n).map(|i| i.to_string())).unwrap();
    let sparse = SparseTechnology::from_coefficients(sectors, sparse(n, 0.005, 3)).unwrap();
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let direct = Technology::from_table(&table).unwrap();
            let iterative = direct.with_solver(Solver::Iterative);
            let several = DMatrix::from_fn(y.nrows(), 5, |i, k| y[(i, 0)] * (1.0 + k as f64));
            (
                direct.outputs_for(&several).unwrap(),
                iterative.outputs_for(&several).unwrap(),
                direct.requirements().unwrap().clone(),
                direct.with_solver(Solver::Inverse).outputs_for(&several).unwrap(),
                Technology::from_table(&regions)
                    .unwrap()
                    .with_solver(Solver::Iterative)
                    .outputs_for(regions.final_demand())
                    .unwrap(),
                sparse.with_solver(Solver::Iterative).output_multipliers().unwrap(),
            )
        })
    };
    let one = run(1);
    for threads in [2, 3, 8] {
        assert!(run(threads) == one, "{threads} threads");
    }
}

/// About `density` of the cells, column sums 0.6.
fn sparse(n: usize, density: f64, seed: u64) -> CsrMatrix<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut inputs = CooMatrix::new(n, n);
    for j in 0..n {
        let suppliers: Vec<usize> = (0..n).filter(|_| random.random::<f64>() < density).collect();
        for &i in &suppliers {
            inputs.push(i, j, 0.6 / suppliers.len() as f64);
        }
    }
    CsrMatrix::from(&inputs)
}

#[test]
fn sparse_and_dense_answer_alike() {
    let n = 400;
    let inputs = sparse(n, 0.02, 1);
    let sectors = Axis::from_codes((0..n).map(|i| i.to_string())).unwrap();
    let dense = Technology::from_coefficients(sectors.clone(), DMatrix::from(&inputs)).unwrap();
    let iterative = SparseTechnology::from_coefficients(sectors, inputs).unwrap();
    let direct = iterative.with_solver(Solver::Direct);
    // One sector only is in demand: most of the others are reached in several steps or never.
    let mut demands = DMatrix::zeros(n, 2);
    demands[(3, 0)] = 1.0;
    demands.column_mut(1).fill(1.0);
    let expected = dense.outputs_for(&demands).unwrap();
    assert_close(&iterative.outputs_for(&demands).unwrap(), &expected);
    assert_close(&direct.outputs_for(&demands).unwrap(), &expected);
    let intensities = demands.transpose();
    let expected = dense.footprint(&intensities).unwrap();
    assert_close(&iterative.footprint(&intensities).unwrap(), &expected);
    assert_close(&direct.footprint(&intensities).unwrap(), &expected);
}

#[test]
fn a_sparse_ring_goes_to_the_direct_method() {
    let n = 2000;
    let mut ring = CooMatrix::new(n, n);
    for i in 0..n {
        ring.push(i, (i + 1) % n, 1.0 - 1e-9);
    }
    let sectors = Axis::from_codes((0..n).map(|i| i.to_string())).unwrap();
    let technology = SparseTechnology::from_coefficients(sectors, CsrMatrix::from(&ring)).unwrap();
    let mut demand = DVector::zeros(n);
    demand[0] = 1.0;
    let output = technology.output_for(&demand).unwrap();
    // Once round: 1 / (1 − a^n).
    let expected = 1.0 / (1.0 - (1.0f64 - 1e-9).powi(n as i32));
    assert!((output[0] / expected - 1.0).abs() < 1e-9, "{} {expected}", output[0]);
}

#[test]
fn a_sparse_ring_that_loses_nothing_is_singular() {
    let mut ring = CooMatrix::new(3, 3);
    (0..3).for_each(|i| ring.push(i, (i + 1) % 3, 1.0));
    let sectors = Axis::from_codes(["a", "b", "c"]).unwrap();
    let technology = SparseTechnology::from_coefficients(sectors, CsrMatrix::from(&ring)).unwrap();
    assert!(technology.output_multipliers().unwrap_err().is_singular());
}

proptest! {
    #[test]
    fn every_way_solves_the_same_equations(table in tables(12)) {
        let direct = Technology::from_table(&table).unwrap().with_solver(Solver::Direct);
        let iterative = direct.with_solver(Solver::Iterative);
        let y = table.total_final_demand();
        let inverse = direct.with_solver(Solver::Inverse);
        if let (Ok(a), Ok(b), Ok(c)) = (direct.output_for(&y), iterative.output_for(&y), inverse.output_for(&y)) {
            for solution in [&a, &b, &c] {
                let residual = solution - direct.coefficients() * solution - &y;
                let size = solution.amax() + y.amax();
                prop_assert!(residual.amax() <= 1e-11 * size, "{}", residual.amax() / size);
            }
        }
    }
}

/// What overflows on the way is no rounding error of nothing.
#[test]
fn numbers_too_large_to_test_are_not_called_exact() {
    let technology = |n: usize, i: usize, j: usize, cell: f64| {
        let mut inputs = CooMatrix::new(n, n);
        inputs.push(i, j, cell);
        let sectors = Axis::from_codes((0..n).map(|i| format!("s{i}"))).unwrap();
        SparseTechnology::from_coefficients(sectors, CsrMatrix::from(&inputs)).unwrap()
    };
    let whole = technology(1, 0, 0, 0.2);
    let error = whole.output_for(&DVector::from_element(1, 1e308)).unwrap_err();
    assert!(error.is_invalid_input(), "{error}");
    assert_eq!(error.to_string(), "right-hand side: is up to 1e308, too large to solve for");
    let pair = technology(2, 0, 1, 1e10);
    assert!(pair.output_for(&DVector::from_vec(vec![0.0, 1e300])).unwrap_err().is_invalid_input());
    // Large, but with room to spare.
    let x = whole.output_for(&DVector::from_element(1, 1e300)).unwrap();
    assert!((x[0] / 1.25e300 - 1.0).abs() < 1e-15);
}

/// A thread that waits for its helpers may take up another question about the same technology.
#[cfg(feature = "parallel")]
#[test]
fn questions_from_many_threads_at_once_do_not_wait_for_themselves() {
    use rayon::prelude::*;

    let table = random_multiregional(8, 60, 4).unwrap();
    let demands: Vec<DVector<f64>> = (0..5).map(|k| DVector::from_element(480, 1.0 + f64::from(k))).collect();
    let (done, finished) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap();
        for solver in [Solver::Iterative, Solver::Direct, Solver::Inverse] {
            for _ in 0..10 {
                let fresh = Technology::from_table(&table).unwrap().with_solver(solver);
                let outputs: Vec<DVector<f64>> =
                    pool.install(|| demands.par_iter().map(|y| fresh.output_for(y).unwrap()).collect());
                assert!((&outputs[3] - &outputs[1] * 2.0).amax() < 1e-9 * outputs[3].amax());
            }
        }
        done.send(()).unwrap();
    });
    finished.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
}
