//! Plans of technologies with as many limits as sectors: beside clarabel, and on any number of threads.
#![cfg(feature = "optimise")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::error::Error;

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};
use parecon_core::Status;
use parecon_io::Technology;
use parecon_io::nalgebra::{DMatrix, DVector};
use parecon_io::optimise::{Answer, Objective, Plan, Planner};

fn taken(answer: Answer) -> Plan {
    match answer {
        Answer::Plan(plan) => plan,
        other => panic!("{other:?}"),
    }
}

/// max w'y, y = (I − A) x + s, subject to y ≥ 0, 0 ≤ x ≤ c and R x ≤ r, by clarabel.
fn by_clarabel(
    net: &DMatrix<f64>,
    weights: &DVector<f64>,
    capacity: &DVector<f64>,
    labour: &DVector<f64>,
    hours: f64,
    stocks: &DVector<f64>,
) -> f64 {
    let n = net.nrows();
    let (mut starts, mut rows, mut values) = (vec![0], Vec::new(), Vec::new());
    for j in 0..n {
        let net = net.column(j);
        rows.extend(0..n);
        values.extend(net.iter().map(|cell| -cell));
        rows.extend([n + j, 2 * n + j, 3 * n]);
        values.extend([1.0, -1.0, labour[j] / hours]);
        starts.push(rows.len());
    }
    let mut rhs = stocks.as_slice().to_vec();
    rhs.extend(capacity.iter());
    rhs.extend(vec![0.0; n]);
    rhs.push(1.0);
    let gains: Vec<f64> = (net.tr_mul(weights)).iter().map(|gain| -gain).collect();
    let a = CscMatrix::new(3 * n + 1, n, starts, rows, values);
    let settings = DefaultSettings::<f64> {
        verbose: false,
        tol_gap_rel: 1e-9,
        tol_gap_abs: 1e-9,
        max_threads: 1,
        ..DefaultSettings::default()
    };
    let cones = [SupportedConeT::NonnegativeConeT(3 * n + 1)];
    let nothing = CscMatrix::zeros((n, n));
    let mut solver = DefaultSolver::new(&nothing, &gains, &a, &rhs, &cones, settings).unwrap();
    solver.solve();
    assert_eq!(solver.solution.status, SolverStatus::Solved);
    weights.dot(stocks) - solver.solution.obj_val
}

/// A capacity on every sector, and labour: as many dense limits as goods.
#[test]
fn a_capacity_on_every_sector_is_what_clarabel_finds() -> Result<(), Box<dyn Error>> {
    for (n, seed) in [(40, 1), (150, 2), (400, 3)] {
        let table = parecon_testbed::io::random_table(n, seed)?;
        let technology = Technology::from_table(&table)?;
        let net = DMatrix::identity(n, n) - technology.coefficients();
        let capacity = DVector::from_fn(n, |j, _| table.output()[j] * (0.8 + 0.05 * ((j * 7) % 11) as f64));
        let labour = DVector::from_fn(n, |j, _| 0.2 + 0.1 * ((j * 5) % 9) as f64);
        let hours = 0.8 * labour.dot(&capacity);
        let weights = DVector::from_fn(n, |i, _| 1.0 + 0.1 * ((i * 3) % 7) as f64);
        let planner =
            Planner::new(&technology).with_capacity(&capacity)?.with_resource("labour", &labour, hours)?;
        // Some of every third product is there already, now and then more than all can be used.
        let mut stocks = DVector::zeros(n);
        for i in (0..n).step_by(3) {
            stocks[i] = table.output()[i] * if i % 4 == 0 { 2.0 } else { 0.3 };
        }
        for stocks in [stocks, DVector::zeros(n)] {
            let planner = planner.clone().with_stocks(&stocks)?;
            let plan = taken(planner.solve(&Objective::Weighted(weights.clone()))?);
            assert_eq!(plan.status, Status::Converged, "{n}: {} {}", plan.gap() / plan.bound, plan.residual);
            let theirs = by_clarabel(&net, &weights, &capacity, &labour, hours, &stocks);
            assert!(
                (plan.objective - theirs).abs() <= 1e-6 * theirs.abs(),
                "{n}: {} {theirs}",
                plan.objective
            );
            let exact = stocks.amax() == 0.0;
            assert!(plan.residual <= if exact { 1e-10 } else { 1e-7 }, "{n}: {}", plan.residual);
            assert!(plan.bound.is_finite() && plan.gap() <= 1e-7 * plan.bound, "{n}: {}", plan.gap());
        }
        let plan = taken(planner.solve(&Objective::Weighted(weights.clone()))?);
        let binding = (0..n).filter(|&j| plan.output[j] > capacity[j] * (1.0 - 1e-6)).count();
        assert!(binding > n / 10 && binding < n, "{n}: {binding} capacities bind");

        // Harmony has no second solver here, but its conditions: what is delivered is worth its price.
        let target = table.total_final_demand().map(|y| y.max(0.0) * 1.1);
        let objective = Objective::Harmony { target: target.clone(), weight: target.clone() };
        let plan = taken(planner.solve(&objective)?);
        assert_eq!(
            plan.status,
            Status::Converged,
            "{n}: {} {} {}",
            plan.objective,
            plan.bound,
            plan.residual
        );
        for i in (0..n).filter(|&i| target[i] > 0.0) {
            let ratio = plan.final_demand[i] / target[i];
            let worth = if ratio >= 1.0 { 1.0 / ratio } else { 2.0 - ratio };
            let price = plan.product_prices[i];
            // What is not delivered at all may cost more than it is worth.
            let settled = ratio == 0.0 && price >= worth - 1e-4 || (worth - price).abs() < 1e-4;
            assert!(settled, "{n}: {ratio} {worth} {price}");
        }
    }
    Ok(())
}

#[cfg(feature = "parallel")]
#[test]
fn plans_have_the_same_bits_for_any_number_of_threads() -> Result<(), Box<dyn Error>> {
    let n = 300;
    let table = parecon_testbed::io::random_table(n, 5)?;
    let capacity = table.output() * 0.9;
    let few = DVector::from_fn(n, |j, _| if j % 10 == 0 { capacity[j] } else { f64::INFINITY });
    let labour = DVector::from_fn(n, |j, _| 0.2 + 0.1 * ((j * 5) % 9) as f64);
    let hours = 0.8 * labour.dot(&capacity);
    let stocks = DVector::from_fn(n, |i, _| if i % 3 == 0 { 0.3 * table.output()[i] } else { 0.0 });
    let sum = Objective::Weighted(DVector::from_fn(n, |i, _| 1.0 + 0.1 * ((i * 3) % 7) as f64));
    let target = table.total_final_demand().map(|y| y.max(0.0) * 1.1);
    let harmony = Objective::Harmony { target: target.clone(), weight: target };
    let nothing = DVector::zeros(n);
    let cases = [
        (&capacity, &nothing, &sum),
        (&capacity, &nothing, &harmony),
        (&few, &nothing, &sum),
        (&capacity, &stocks, &sum),
        (&few, &stocks, &harmony),
    ];
    for (case, (capacity, stocks, objective)) in cases.into_iter().enumerate() {
        // The factorisation within the threads too.
        let by = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let technology = Technology::from_table(&table).unwrap();
                let planner = Planner::new(&technology).with_capacity(capacity).unwrap();
                let planner = planner.with_resource("labour", &labour, hours).unwrap();
                taken(planner.with_stocks(stocks).unwrap().solve(objective).unwrap())
            })
        };
        let one = by(1);
        assert_eq!(one.status, Status::Converged, "{case}");
        for threads in [2, 3, 8] {
            let other = by(threads);
            assert_eq!(one.output, other.output, "{case} {threads}");
            assert_eq!(one.product_prices, other.product_prices, "{case} {threads}");
            assert_eq!(one.bound.to_bits(), other.bound.to_bits(), "{case} {threads}");
        }
    }
    Ok(())
}
