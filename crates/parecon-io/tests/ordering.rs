//! Triangulation and feedback loops against enumeration, and against another solver.

use nalgebra::{DMatrix, dmatrix};
use parecon_io::ordering::{TriangulationSearch, feedback_loops, triangulate};
use parecon_io::{Error, Model, datasets, nalgebra};
use proptest::collection::vec;
use proptest::prelude::*;

/// Square matrices of whole numbers, so that sums are exact.
fn matrices(largest: usize) -> impl Strategy<Value = DMatrix<f64>> {
    (1..=largest).prop_flat_map(|n| {
        vec(prop_oneof![Just(0.0), (-3..40i32).prop_map(f64::from)], n * n)
            .prop_map(move |cells| DMatrix::from_vec(n, n, cells))
    })
}

/// Every order of `n` things.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let longer = |order: Vec<usize>| {
        (0..n).map(move |at| {
            let mut order = order.clone();
            order.insert(at, n - 1);
            order
        })
    };
    orders(n - 1).into_iter().flat_map(longer).collect()
}

fn above(matrix: &DMatrix<f64>, order: &[usize]) -> f64 {
    (0..order.len()).map(|k| order[k + 1..].iter().map(|&j| matrix[(order[k], j)]).sum::<f64>()).sum()
}

fn is_permutation(order: &[usize], n: usize) -> bool {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    sorted == (0..n).collect::<Vec<_>>()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_order_is_better(matrix in matrices(6)) {
        let found = triangulate(&matrix, &TriangulationSearch::new())?;
        prop_assert!(is_permutation(&found.order, matrix.nrows()) && found.status.is_converged());
        let best = orders(matrix.nrows()).iter().map(|order| above(&matrix, order)).fold(f64::MIN, f64::max);
        prop_assert_eq!(found.above, best);
        prop_assert_eq!((above(&matrix, &found.order), found.bound), (best, best));
    }

    #[test]
    fn a_hidden_hierarchy_is_found(n in 21usize..40, seed in 0u64..100) {
        // Nothing below the diagonal, then shuffled by a permutation that has a step coprime to n.
        let step = (1..n).rev().find(|step| (2..=*step).all(|d| step % d != 0 || n % d != 0)).unwrap_or(1);
        let place = |i: usize| (i * step + seed as usize) % n;
        let matrix = DMatrix::from_fn(n, n, |i, j| if place(i) < place(j) { 1.0 + i as f64 } else { 0.0 });
        let found = triangulate(&matrix, &TriangulationSearch::new().with_rounds(0).with_sweeps(0))?;
        prop_assert_eq!((found.linearity, found.gap()), (1.0, 0.0));
        prop_assert!(found.status.is_converged());
    }

    #[test]
    fn order_and_bound_enclose_and_are_reproducible(cells in vec(0..100u32, 25 * 25), seed in 0u64..10) {
        let matrix = DMatrix::from_iterator(25, 25, cells.into_iter().map(f64::from));
        let search = TriangulationSearch::new().with_rounds(20).with_sweeps(40).with_seed(seed);
        let found = triangulate(&matrix, &search)?;
        prop_assert!(is_permutation(&found.order, 25));
        prop_assert_eq!(above(&matrix, &found.order), found.above);
        prop_assert!(found.above <= found.bound && found.above >= 0.5 * found.total);
        prop_assert_eq!(found, triangulate(&matrix, &search)?);
    }

    #[test]
    fn loops_are_the_best_of_what_is_left(matrix in matrices(5)) {
        let n = matrix.nrows();
        let found = feedback_loops(&matrix, usize::MAX)?;
        prop_assert_eq!(found.loops.len(), n);
        let mut taken = DMatrix::from_element(n, n, 0);
        for (l, feedback) in found.loops.iter().enumerate() {
            let left = |order: &[usize]| order.iter().enumerate().all(|(i, &j)| taken[(i, j)] == 0);
            let flow = |order: &[usize]| order.iter().enumerate().map(|(i, &j)| matrix[(i, j)]).sum::<f64>();
            let permutations = orders(n);
            let best = permutations.iter().filter(|order| left(order)).map(|order| flow(order));
            prop_assert_eq!(Some(feedback.flow), best.reduce(f64::max), "loop {}", l + 1);
            let mut sectors = Vec::new();
            for cycle in &feedback.cycles {
                let mut sum = 0.0;
                for (k, &from) in cycle.sectors.iter().enumerate() {
                    let to = cycle.sectors[(k + 1) % cycle.sectors.len()];
                    taken[(from, to)] += 1;
                    sum += matrix[(from, to)];
                }
                prop_assert_eq!(cycle.flow, sum);
                sectors.extend_from_slice(&cycle.sectors);
            }
            prop_assert!(is_permutation(&sectors, n));
        }
        // Every cell in exactly one loop.
        prop_assert!(taken.iter().all(|times| *times == 1));
        prop_assert_eq!(found.loops.iter().map(|feedback| feedback.flow).sum::<f64>(), found.total);
        prop_assert_eq!(found.remainder, 0.0);
    }
}

#[test]
fn united_states_2022_as_another_solver_orders_it() -> Result<(), Error> {
    let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    let found = triangulate(table.flows(), &TriangulationSearch::new())?;
    // HiGHS 1.16, linear program with all violated 3-dicycle inequalities: the optimum is integral.
    let optimum = 14_213_396.178_725_258;
    assert!((found.above / optimum - 1.0).abs() < 1e-13, "{}", found.above);
    assert!(found.status.is_converged() && found.gap() == 0.0);
    // Oil and gas is sold to industry; hospitals sell to households only.
    let place = |code: &str| -> Result<Option<usize>, Error> {
        let sector = table.sector(code)?.index();
        Ok(found.order.iter().position(|&i| i == sector))
    };
    assert!(place("211")? < place("324")? && place("324")? < place("622")?);
    Ok(())
}

#[test]
fn loops_of_the_united_states_sum_to_all_flows() -> Result<(), Error> {
    let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    let found = feedback_loops(table.flows(), usize::MAX)?;
    assert_eq!(found.loops.len(), table.len());
    let sum: f64 = found.loops.iter().map(|feedback| feedback.flow).sum();
    assert!((sum / found.total - 1.0).abs() < 1e-13 && found.remainder == 0.0);
    assert!(found.loops.windows(2).all(|pair| pair[1].flow <= pair[0].flow * (1.0 + 1e-13)));
    let first = feedback_loops(table.flows(), 1)?;
    assert_eq!(first.loops[0], found.loops[0]);
    assert!((first.loops[0].flow + first.remainder - found.total).abs() < 1e-13 * found.total);
    Ok(())
}

#[test]
fn refusals_say_what_is_wrong() {
    let message = |result: Result<_, Error>| result.map(|_: ()| ()).map_err(|error| error.to_string());
    let search = TriangulationSearch::new();
    assert_eq!(
        message(triangulate(&dmatrix![1.0, 2.0], &search).map(|_| ())),
        Err("matrix: is 1 x 2, must be 1 x 1".to_owned())
    );
    assert_eq!(
        message(triangulate(&DMatrix::zeros(0, 0), &search).map(|_| ())),
        Err("matrix: is empty, must have at least one row".to_owned())
    );
    assert_eq!(
        message(feedback_loops(&dmatrix![1.0, 2.0; f64::NAN, 1.0], 1).map(|_| ())),
        Err("matrix, row 2, column 1: is NaN, must be finite".to_owned())
    );
    let alone = triangulate(&dmatrix![5.0], &search).map(|found| (found.order, found.linearity));
    assert_eq!(alone, Ok((vec![0], 1.0)));
}
