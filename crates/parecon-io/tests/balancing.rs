//! Balancing against published results, an independent convex solver, brute force and its own invariants.

use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use parecon_core::Status;
use parecon_io::balancing::{
    Balanced, Balancing, Compromise, Conflict, Constraint, TableTotals, gras, kras, ras,
};
use parecon_io::{Axis, Error, IoTable, Regions, Satellite, datasets, nalgebra};
use parecon_testbed::io::{make_use_tables, random_table, tables};
use proptest::collection::vec;
use proptest::prelude::*;

/// What the default tolerance, 1e-10 of a total, leaves of cells in well-conditioned problems.
const MET: f64 = 1e-8;

fn config() -> Balancing {
    Balancing::new()
}

fn close(a: &DMatrix<f64>, b: &DMatrix<f64>, tolerance: f64) -> bool {
    a.shape() == b.shape() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= tolerance * b.amax().max(1e-300))
}

fn margins(x: &DMatrix<f64>) -> (DVector<f64>, DVector<f64>) {
    (x.column_sum(), x.row_sum_tr())
}

/// Miller and Blair (2009), section 7.4.2: three sectors, new output and intermediate totals.
#[test]
fn ras_of_miller_and_blair() -> Result<(), Error> {
    let a = dmatrix![0.120, 0.100, 0.049; 0.210, 0.247, 0.265; 0.026, 0.249, 0.145];
    let output = dvector![421.0, 284.0, 283.0];
    let prior = &a * DMatrix::from_diagonal(&output);
    let answer = ras(&prior, &dvector![245.0, 136.0, 159.0], &dvector![251.0, 107.0, 182.0], &config())?;
    assert_eq!(answer.status, Status::Converged);
    let published = dmatrix![
        165.21014820116224, 34.61360463947784, 45.176247159360194;
        63.528619682160176, 18.78617795340146, 53.68520236443836;
        22.261232116677572, 53.600217407120695, 83.13855047620143
    ];
    assert!(close(&answer.flows, &published, MET), "{}{published}", answer.flows);
    Ok(())
}

/// Junius and Oosterhaven (2003), the example with a column of one negative cell and a negative row total.
#[test]
fn gras_of_junius_and_oosterhaven() -> Result<(), Error> {
    let prior = dmatrix![7.0, 3.0, 5.0, -3.0; 2.0, 9.0, 8.0, 0.0; -2.0, 0.0, 2.0, 0.0];
    let (rows, columns) = (dvector![15.0, 26.0, -1.0], dvector![9.0, 16.0, 17.0, -2.0]);
    let answer = gras(&prior, &rows, &columns, &config().with_tolerance(1e-13)?)?;
    assert_eq!(answer.status, Status::Converged);
    let recomputed = dmatrix![
        8.424341459748705, 3.375236893680475, 5.200421646570829, -2.0000000000000053;
        3.000997548468512, 12.624763106319547, 10.374239345211937, 0.0;
        -2.4253390082172412, 0.0, 1.4253390082172408, 0.0
    ];
    assert!((&answer.flows - recomputed).amax() < 1e-12, "{}", answer.flows);
    // The published figures were not iterated to the end: their last column sums to -2.000000263 instead of -2.
    let published = dmatrix![
        8.424340881, 3.375237362, 5.200422021, -2.000000263;
        3.000997078, 12.624763744, 10.374239178, 0.0;
        -2.425339135, 0.0, 1.425339135, 0.0
    ];
    let their_miss = (published.row_sum_tr() - &columns).amax().max((published.column_sum() - &rows).amax());
    assert!(their_miss > 1e-7);
    assert!((&answer.flows - published).amax() < 4.0 * their_miss, "{their_miss}");
    Ok(())
}

#[test]
fn rows_of_negative_cells_are_fitted() -> Result<(), Error> {
    let prior = dmatrix![4.0, 5.0; -1.0, -2.0];
    let answer = gras(&prior, &dvector![10.0, -4.0], &dvector![3.0, 3.0], &config())?;
    assert!(answer.status.is_converged());
    assert!(answer.flows.row(1).iter().all(|cell| *cell < 0.0));
    assert!((answer.flows.row(1).sum() + 4.0).abs() < MET);
    // A positive total is more than negative cells can do, and the row is named.
    let answer = gras(&prior, &dvector![2.0, 4.0], &dvector![3.0, 3.0], &config())?;
    assert_eq!(answer.status, Status::Stalled);
    assert_eq!(answer.conflicts.len(), 1);
    assert_eq!(answer.conflicts[0].to_string(), "row 2 (total 4): has no cell that could take it");
    Ok(())
}

#[test]
fn impossible_totals_are_named() -> Result<(), Error> {
    let prior = dmatrix![1.0, 2.0; 3.0, 4.0];
    let answer = ras(&prior, &dvector![3.0, 4.0], &dvector![5.0, 5.0], &config())?;
    assert_eq!(answer.status, Status::Stalled);
    assert_eq!(answer.conflicts, [Conflict::Totals { rows: 7.0, columns: 10.0 }]);
    assert_eq!(answer.conflicts[0].to_string(), "row totals sum to 7, column totals to 10");
    // A row of zeros with a total, beside totals that differ.
    let answer = ras(&dmatrix![1.0, 2.0; 0.0, 0.0], &dvector![3.0, 4.0], &dvector![5.0, 5.0], &config())?;
    let said: Vec<String> = answer.conflicts.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        ["row totals sum to 7, column totals to 10", "row 2 (total 4): has no cell that could take it"]
    );
    assert!(answer.flows.iter().all(|cell| cell.is_finite()));
    assert!((answer.flows.row(0).sum() - 3.0).abs() < MET);
    // A negative column without negative cells.
    let answer = gras(&prior, &dvector![1.0, 4.0], &dvector![8.0, -3.0], &config())?;
    assert_eq!(answer.conflicts[0].to_string(), "column 2 (total -3): has no negative cell");
    // Two separate blocks whose totals do not agree.
    let prior = dmatrix![1.0, 0.0; 0.0, 1.0];
    let answer = ras(&prior, &dvector![3.0, 4.0], &dvector![4.0, 3.0], &config())?;
    assert_eq!(
        answer.conflicts[0].to_string(),
        "column 1 (total 4): all of its cells are in row 1 (total 3)"
            .replace("column 1 (total 4)", "row 2 (total 4)")
            .replace("row 1", "column 2")
    );
    Ok(())
}

#[test]
fn totals_of_zero_empty_their_row() -> Result<(), Error> {
    let prior = dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0; 7.0, 8.0, 1.0];
    let answer = ras(&prior, &dvector![0.0, 5.0, 5.0], &dvector![0.0, 5.0, 5.0], &config())?;
    assert!(answer.status.is_converged());
    assert!(answer.flows.row(0).iter().chain(answer.flows.column(0).iter()).all(|cell| *cell == 0.0));
    assert_eq!((answer.row_multipliers[0], answer.column_multipliers[0]), (0.0, 0.0));
    // A triangle whose totals force the cell (0, 1) to zero: plain scaling would take about 1/tolerance sweeps.
    let answer = ras(&dmatrix![1.0, 1.0; 0.0, 1.0], &dvector![1.0, 1.0], &dvector![1.0, 1.0], &config())?;
    assert!(answer.status.is_converged(), "{answer:?}");
    assert!(close(&answer.flows, &DMatrix::identity(2, 2), 1e-9), "{answer:?}");
    assert!(answer.rounds < 100, "{}", answer.rounds);
    Ok(())
}

/// Plain scaling, to compare with: sweeps until the totals are met.
fn plain_sweeps(
    prior: &DMatrix<f64>,
    u: &DVector<f64>,
    v: &DVector<f64>,
    tolerance: f64,
    limit: usize,
) -> usize {
    let mut x = prior.clone();
    for sweep in 1..=limit {
        for (i, mut row) in x.row_iter_mut().enumerate() {
            row *= u[i] / row.sum();
        }
        for (j, mut column) in x.column_iter_mut().enumerate() {
            column *= v[j] / column.sum();
        }
        if (x.column_sum() - u).component_div(u).amax() <= 2.0 * tolerance {
            return sweep;
        }
    }
    limit
}

#[test]
fn what_is_slow_to_scale_is_found_by_newton() -> Result<(), Error> {
    // Two regions with next to no trade, which is to grow a thousandfold.
    let n = 24;
    let prior = DMatrix::from_fn(n, n, |i, j| {
        let base = 1.0 + ((7 * i + 3 * j) % 11) as f64;
        if (i < n / 2) == (j < n / 2) { base } else { 1e-5 * base }
    });
    let wanted = DMatrix::from_fn(n, n, |i, j| {
        prior[(i, j)] * (1.0 + (i % 3) as f64) * if i < n / 2 && j >= n / 2 { 1e3 } else { 1.0 }
    });
    let (u, v) = margins(&wanted);
    let answer = ras(&prior, &u, &v, &config())?;
    assert!(answer.status.is_converged());
    assert!(answer.residual <= 1e-10);
    let plain = plain_sweeps(&prior, &u, &v, 1e-10, 20_000);
    assert!(plain > 20 * answer.rounds, "{plain} sweeps, {} rounds", answer.rounds);
    Ok(())
}

/// Input for balancing that can be done: a prior and another matrix of the same zeros and signs.
fn pairs(signed: bool) -> impl Strategy<Value = (DMatrix<f64>, DMatrix<f64>)> {
    let cell = move || {
        let magnitude = (1..1000u32).prop_map(|value| f64::from(value) / 10.0);
        (0..10u32, magnitude.clone(), magnitude).prop_map(move |(kind, a, b)| match kind {
            0..=2 => (0.0, 0.0),
            3 | 4 if signed => (-a, -b),
            _ => (a, b),
        })
    };
    (1..7usize, 1..7usize).prop_flat_map(move |(m, n)| {
        vec(cell(), m * n).prop_map(move |cells| {
            let (a, b): (Vec<f64>, Vec<f64>) = cells.into_iter().unzip();
            (DMatrix::from_vec(m, n, a), DMatrix::from_vec(m, n, b))
        })
    })
}

fn solved(prior: &DMatrix<f64>, wanted: &DMatrix<f64>) -> Result<Balanced, Error> {
    let (u, v) = margins(wanted);
    gras(prior, &u, &v, &config())
}

/// Whether all sums are within the tolerance of their totals, relative to totals and cells.
fn meets(x: &DMatrix<f64>, wanted: &DMatrix<f64>) -> bool {
    let ((u, v), (rows, columns)) = (margins(wanted), margins(x));
    let (row_sizes, column_sizes) = margins(&x.abs());
    let ok = |sum: f64, total: f64, size: f64| (sum - total).abs() <= 1.01e-10 * (total.abs() + size);
    (0..u.len()).all(|i| ok(rows[i], u[i], row_sizes[i]))
        && (0..v.len()).all(|j| ok(columns[j], v[j], column_sizes[j]))
}

/// Whether totals are missed by as little as possible: the misses y = (c − G x) / deviation² leave no cell anywhere to
/// go, ± (G'y) = 0 where a cell is not at its bound 0, and ≤ 0 where it is.
fn is_least_squares(prior: &DMatrix<f64>, constraints: &[Constraint], answer: &Compromise) -> bool {
    let (mut forces, mut sizes) = (prior * 0.0, prior * 0.0);
    let mut cost = 0.0;
    for (constraint, sum) in constraints.iter().zip(&answer.sums) {
        let missed = (constraint.total() - sum) / constraint.deviation();
        cost += missed * missed;
        for (cell, g) in constraint.cells() {
            forces[*cell] += g * missed / constraint.deviation();
            sizes[*cell] += (g * missed / constraint.deviation()).abs();
        }
    }
    (0..prior.len()).all(|c| {
        let outward = forces[c] * prior[c].signum();
        outward <= 1e-5 * sizes[c] + 1e-7 && (answer.flows[c] * forces[c]).abs() <= 1e-5 * cost + 1e-7
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn totals_are_met_signs_and_form_kept((prior, wanted) in pairs(true)) {
        let answer = solved(&prior, &wanted)?;
        prop_assert_eq!(answer.status, Status::Converged);
        prop_assert!(answer.conflicts.is_empty());
        prop_assert!(answer.residual <= config().tolerance());
        prop_assert!(meets(&answer.flows, &wanted));
        for i in 0..prior.nrows() {
            for j in 0..prior.ncols() {
                let (a, x) = (prior[(i, j)], answer.flows[(i, j)]);
                prop_assert_eq!(a.partial_cmp(&0.0), x.partial_cmp(&0.0));
                let factor = answer.row_multipliers[i] * answer.column_multipliers[j];
                let form = if a < 0.0 { a / factor } else { a * factor };
                prop_assert!((x - form).abs() <= 1e-13 * x.abs(), "{x} {form}");
            }
        }
    }

    #[test]
    fn ras_and_gras_are_the_same_without_negatives((prior, wanted) in pairs(false)) {
        let (u, v) = margins(&wanted);
        prop_assert_eq!(ras(&prior, &u, &v, &config())?.flows, solved(&prior, &wanted)?.flows);
    }

    #[test]
    fn what_balances_is_returned((prior, _) in pairs(true)) {
        let answer = solved(&prior, &prior)?;
        prop_assert_eq!(&answer.flows, &prior);
        prop_assert_eq!(answer.rounds, 0);
    }

    /// A biproportional change of the prior (here of positive cells) changes nothing; units and order only themselves.
    #[test]
    fn units_order_and_scale_do_not_matter((prior, wanted) in pairs(false), powers in vec(-3..=3i32, 12)) {
        let answer = solved(&prior, &wanted)?;
        let scaled = DMatrix::from_fn(prior.nrows(), prior.ncols(), |i, j| {
            prior[(i, j)] * 10f64.powi(powers[i] - powers[6 + j])
        });
        prop_assert!(close(&solved(&scaled, &wanted)?.flows, &answer.flows, 1e-7));
        let larger = solved(&(&prior * 3.0), &(&wanted * 1024.0))?;
        prop_assert!(close(&(larger.flows / 1024.0), &answer.flows, 1e-7));
        let turned = |x: &DMatrix<f64>| {
            DMatrix::from_fn(x.nrows(), x.ncols(), |i, j| x[((i + 1) % x.nrows(), x.ncols() - 1 - j)])
        };
        prop_assert!(close(&solved(&turned(&prior), &turned(&wanted))?.flows, &turned(&answer.flows), 1e-7));
        let across = solved(&prior.transpose(), &wanted.transpose())?;
        prop_assert!(close(&across.flows.transpose(), &answer.flows, 1e-7));
    }

    /// A matrix with these zeros and totals exists exactly if no set of rows needs more than its columns may take: all
    /// sets are tried.
    #[test]
    fn possible_exactly_if_no_set_of_rows_asks_too_much(
        pattern in vec(prop::bool::weighted(0.5), 16),
        u in vec(0..6u32, 4),
        shares in vec(0..6usize, 0..12),
    ) {
        let prior = DMatrix::from_fn(4, 4, |i, j| f64::from(u8::from(pattern[4 * i + j])) * (1.0 + (i + 2 * j) as f64));
        let total: u32 = u.iter().sum();
        // Distribute the total over the columns.
        let mut v = [0u32; 4];
        for at in 0..total as usize {
            v[shares.get(at % shares.len().max(1)).copied().unwrap_or(at) % 4] += 1;
        }
        let asks_too_much = |rows: usize| {
            let asked: u32 = (0..4).filter(|i| rows >> i & 1 == 1).map(|i| u[i]).sum();
            let room: u32 =
                (0..4).filter(|j| (0..4).any(|i| rows >> i & 1 == 1 && pattern[4 * i + j])).map(|j| v[j]).sum();
            asked > room
        };
        let possible = !(0..16).any(asks_too_much);
        let totals = |of: &[u32]| DVector::from_iterator(4, of.iter().map(|value| f64::from(*value)));
        let answer = ras(&prior, &totals(&u), &totals(&v), &config())?;
        prop_assert_eq!(answer.status.is_converged(), possible, "{:?}", answer);
        prop_assert_eq!(answer.conflicts.is_empty(), possible);
        prop_assert!(answer.flows.iter().all(|cell| cell.is_finite() && *cell >= 0.0));
        for conflict in &answer.conflicts {
            let (rows, columns, total, room) = match conflict {
                Conflict::Rows { rows, columns, total, room } => (rows, columns, *total, *room),
                Conflict::Columns { rows, columns, total, room } => (rows, columns, *total, *room),
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            prop_assert!(total > room);
            let sum = |set: &[usize], of: &[u32]| set.iter().map(|i| f64::from(of[*i])).sum::<f64>();
            let by_rows = matches!(conflict, Conflict::Rows { .. });
            prop_assert_eq!(if by_rows { total } else { room }, sum(rows, &u));
            prop_assert_eq!(if by_rows { room } else { total }, sum(columns, &v));
            // Every cell of the offending lines is within.
            for i in 0..4 {
                for j in (0..4).filter(|j| pattern[4 * i + j]) {
                    let (inside, within) = if by_rows {
                        (rows.contains(&i), columns.contains(&j))
                    } else {
                        (columns.contains(&j), rows.contains(&i))
                    };
                    prop_assert!(!inside || within, "{conflict}");
                }
            }
        }
    }

    /// Figures for sums of the same cells from sources that err: the compromise is the least squares one.
    #[test]
    fn contradictions_are_reconciled_at_least_cost(
        cells in vec(prop_oneof![1 => -20..0i32, 3 => 1..50i32], 9),
        factors in vec(0.5..2.0f64, 9),
        errors in vec(-2.0..2.0f64, 14),
        deviations in vec(0.5..5.0f64, 14),
        coefficients in vec(-2..=2i32, 72),
    ) {
        let prior = DMatrix::from_fn(3, 3, |i, j| f64::from(cells[3 * j + i]));
        let mut constraints: Vec<Vec<((usize, usize), f64)>> = Vec::new();
        for i in 0..3 {
            constraints.push((0..3).map(|j| ((i, j), 1.0)).collect());
            constraints.push((0..3).map(|j| ((j, i), 1.0)).collect());
        }
        for k in 0..8 {
            constraints.push((0..9).map(|c| ((c % 3, c / 3), f64::from(coefficients[9 * k + c]))).collect());
        }
        let constraints: Vec<Constraint> = constraints
            .into_iter()
            .enumerate()
            .map(|(k, of)| {
                let total: f64 = of.iter().map(|(c, g)| g * prior[*c] * factors[c.1 * 3 + c.0]).sum();
                Constraint::new("", of, total + errors[k] * deviations[k]).with_deviation(deviations[k])
            })
            .collect::<Result<_, _>>()?;
        let answer = kras(&prior, None, &constraints, &config())?;
        prop_assert_eq!(answer.status, Status::Converged, "{:?}", answer);
        prop_assert!(is_least_squares(&prior, &constraints, &answer), "{answer:?}");
    }

    /// Constraints that have nothing to do with the matrix, most of its cells driven to zero: always an answer, and
    /// what is said to have converged has.
    #[test]
    fn nonsense_is_survived(
        cells in vec(prop_oneof![-20..0i32, 1..50i32], 9),
        totals in vec(-100..300i32, 10),
        deviations in vec(0..20u32, 10),
        coefficients in vec(-2..=2i32, 90),
    ) {
        let prior = DMatrix::from_fn(3, 3, |i, j| f64::from(cells[3 * j + i]));
        let constraints: Vec<Constraint> = (0..10)
            .map(|k| {
                let named = (0..9).map(|c| ((c % 3, c / 3), f64::from(coefficients[9 * k + c])));
                Constraint::new("", named, f64::from(totals[k])).with_deviation(f64::from(deviations[k]))
            })
            .collect::<Result<_, _>>()?;
        let answer = kras(&prior, None, &constraints, &config())?;
        prop_assert!(answer.flows.iter().chain(&answer.sums).all(|value| value.is_finite()));
        prop_assert!(answer.flows.iter().zip(&prior).all(|(x, a)| x * a >= 0.0));
        if answer.status.is_converged() && deviations.iter().all(|deviation| *deviation > 0) {
            prop_assert!(is_least_squares(&prior, &constraints, &answer), "{answer:?}");
        }
    }

    #[test]
    fn tables_balance_to_any_output(table in tables(6), growth in vec(0.5..2.0f64, 6)) {
        let output = DVector::from_fn(table.len(), |i, _| table.output()[i] * growth[i]);
        let totals = TableTotals { output: Some(output.clone()), ..TableTotals::default() };
        // More exact than the second balancing, whose totals it gives.
        let answer = table.balanced(&totals, &config().with_tolerance(1e-13)?)?;
        prop_assert_eq!(answer.status, Status::Converged, "{:?}", answer);
        for i in 0..table.len() {
            let paid = answer.table.flows().column(i).sum() + answer.table.value_added().column(i).sum();
            prop_assert!((answer.table.output()[i] - output[i]).abs() <= 1e-9 * output[i]);
            prop_assert!((paid - output[i]).abs() <= 1e-9 * output[i]);
        }
        // With all margins given that this found, the bordered table gives the same: two methods, one optimum.
        let margins = TableTotals {
            output: Some(output),
            final_demand: Some(answer.table.final_demand().row_sum_tr()),
            components: Some(answer.table.value_added().column_sum()),
            ..TableTotals::default()
        };
        let other = table.balanced(&margins, &config())?;
        prop_assert!(other.status.is_converged(), "{other:?}");
        prop_assert!(close(other.table.flows(), answer.table.flows(), 1e-7));
        prop_assert!(close(other.table.value_added(), answer.table.value_added(), 1e-7));
    }

    #[test]
    fn make_and_use_balance_without_commodity_outputs(tables in make_use_tables(4), growth in vec(0.7..1.4f64, 4)) {
        let output = DVector::from_fn(tables.industries().len(), |i, _| tables.industry_output()[i] * growth[i]);
        let totals = TableTotals { output: Some(output.clone()), ..TableTotals::default() };
        let answer = tables.balanced(&totals, &config())?;
        prop_assert_eq!(answer.status, Status::Converged, "{:?}", answer);
        let rounded = answer.table.clone().with_rounding(1e-4)?;
        prop_assert!(rounded.validate().is_balanced(), "{}", rounded.validate());
        prop_assert!((answer.table.industry_output() - output).amax() <= 1e-9 * answer.table.make().amax());
    }
}

/// U.S. make and use tables of 2022, with negative cells: all rounding differences repaired, then grown.
#[test]
fn a_national_accounts_system_balances() -> Result<(), Error> {
    let tables = datasets::us_2022()?;
    let repaired = tables.balanced(&TableTotals::default(), &config())?;
    assert!(repaired.status.is_converged());
    // Rounding to millions: no cell has to move by more than a few of them.
    assert!((repaired.table.use_() - tables.use_()).amax() < 5.0);
    let growth = DVector::from_fn(71, |i, _| 1.0 + 0.05 * ((i % 5) as f64 - 1.0));
    let output = tables.industry_output().component_mul(&growth);
    let totals = TableTotals { output: Some(output), ..TableTotals::default() };
    let answer = tables.balanced(&totals, &config())?;
    assert!(answer.status.is_converged(), "{:?}", answer.contradictions);
    let (old, new) = (tables.use_(), answer.table.use_());
    assert!(old.iter().zip(new).all(|(a, x)| a.partial_cmp(&0.0) == x.partial_cmp(&0.0)));
    // Value added that is not what final demand comes to is a contradiction, and both sides are named.
    let wrong = TableTotals {
        value_added: Some(repaired.table.value_added().row_sum_tr() * 1.1),
        final_demand: Some(repaired.table.final_demand().row_sum_tr()),
        ..TableTotals::default()
    };
    let answer = tables.balanced(&wrong, &config())?;
    assert_eq!(answer.status, Status::Stalled);
    assert!(answer.contradictions.iter().any(|name| name.starts_with("value added of industry")));
    assert!(answer.contradictions.iter().any(|name| name.starts_with("total of final-demand category")));
    Ok(())
}

#[test]
fn large_tables_take_few_rounds() -> Result<(), Error> {
    let table = random_table(120, 5)?;
    let wanted = random_table(120, 6)?;
    // Random patterns differ, so a floor under both makes the totals possible.
    let prior = table.flows().add_scalar(0.01);
    let answer = solved(&prior, &wanted.flows().add_scalar(0.01))?;
    assert!(answer.status.is_converged());
    assert!(answer.rounds < 30, "{}", answer.rounds);
    Ok(())
}

#[test]
fn kras_reconciles_by_least_squares() -> Result<(), Error> {
    // Row and column totals disagree by 6; deviations 1, 1 against 2, 2 share it as 1:1:4:4 (of 10).
    let prior = dmatrix![10.0, 10.0; 10.0, 10.0];
    let constraints = [
        Constraint::row(0, 2, 20.0).with_deviation(1.0)?,
        Constraint::row(1, 2, 20.0).with_deviation(1.0)?,
        Constraint::column(0, 2, 23.0).with_deviation(2.0)?,
        Constraint::column(1, 2, 23.0).with_deviation(2.0)?,
    ];
    let answer = kras(&prior, None, &constraints, &config())?;
    assert!(answer.status.is_converged());
    assert!((&answer.sums - dvector![20.6, 20.6, 20.6, 20.6]).amax() < MET, "{}", answer.sums);
    assert_eq!(answer.contradicted, [0, 1, 2, 3]);
    // Compatible constraints hold exactly, whatever their reliability.
    let answer = kras(&prior, None, &constraints[..3], &config())?;
    assert!((&answer.sums - dvector![20.0, 20.0, 23.0]).amax() < MET);
    assert!(answer.contradicted.is_empty());
    Ok(())
}

/// KRAS as Lenzen, Gallego and Wood (2009) describe it, for sums of positive cells: constraints are met one after the
/// other by scaling; where a pass got no nearer, each total first moves towards what its cells sum to, by at most
/// `step` deviations.
fn kras_by_steps(prior: &DMatrix<f64>, constraints: &[Constraint], step: f64) -> DMatrix<f64> {
    let mut cells = prior.clone();
    let mut totals: Vec<f64> = constraints.iter().map(Constraint::total).collect();
    let sum = |cells: &DMatrix<f64>, k: usize| {
        constraints[k].cells().iter().map(|(at, g)| g * cells[*at]).sum::<f64>()
    };
    let (mut before, mut stalled) = (f64::INFINITY, false);
    for _ in 0..1_000_000 {
        let mut worst = 0.0f64;
        for (k, constraint) in constraints.iter().enumerate() {
            let miss = sum(&cells, k) - totals[k];
            worst = worst.max(miss.abs());
            if stalled {
                totals[k] += miss.signum() * miss.abs().min(step * constraint.deviation());
            }
            let factor = totals[k] / sum(&cells, k);
            constraint.cells().iter().for_each(|(at, _)| cells[*at] *= factor);
        }
        if worst < 1e-13 {
            break;
        }
        stalled = worst > before * (1.0 - 1e-3);
        before = worst;
    }
    cells
}

#[test]
fn kras_agrees_with_the_published_steps_where_nothing_conflicts() -> Result<(), Error> {
    let prior = dmatrix![4.0, 6.0, 1.0; 3.0, 1.0, 2.0; 5.0, 2.0, 8.0];
    let constraints = [
        Constraint::row(0, 3, 13.0).with_deviation(2.0)?,
        Constraint::row(1, 3, 7.0).with_deviation(1.0)?,
        Constraint::column(2, 3, 12.0).with_deviation(3.0)?,
        Constraint::new("two cells", [((0, 0), 1.0), ((2, 1), 1.0)], 8.0).with_deviation(0.5)?,
    ];
    let ours = kras(&prior, None, &constraints, &config())?;
    assert!((&ours.flows - kras_by_steps(&prior, &constraints, 0.1)).amax() < 1e-9);

    // Two figures for one sum: theirs move at the pace of their deviations, 12 + t = 17 − 2t, while ours is the mean
    // with weights 1 / deviation².
    let constraints =
        [Constraint::row(0, 3, 12.0).with_deviation(1.0)?, Constraint::row(0, 3, 17.0).with_deviation(2.0)?];
    let theirs = kras_by_steps(&prior, &constraints, 1e-3).row(0).sum();
    assert!((theirs - (12.0 + 5.0 / 3.0)).abs() < 0.01, "{theirs}");
    let ours = kras(&prior, None, &constraints, &config())?.flows.row(0).sum();
    assert!((ours - 13.0).abs() < MET, "{ours}");
    Ok(())
}

#[test]
fn kras_names_constraints_that_cannot_hold_together() -> Result<(), Error> {
    let prior = dmatrix![1.0, 2.0, 3.0; 4.0, 5.0, 6.0];
    let constraints = [
        Constraint::row(0, 3, 10.0),
        Constraint::new("two cells", [((0, 0), 1.0), ((0, 1), 1.0)], 4.0),
        Constraint::new("the third", [((0, 2), 1.0)], 5.0),
        Constraint::row(1, 3, 20.0),
    ];
    let answer = kras(&prior, None, &constraints, &config())?;
    assert_eq!(answer.status, Status::Stalled);
    assert_eq!(answer.contradicted, [0, 1, 2]);
    assert!(answer.flows.iter().all(|cell| cell.is_finite()));
    // A sum of positive cells cannot be negative.
    let answer = kras(&prior, None, &[Constraint::row(0, 3, -1.0), Constraint::row(1, 3, 1.0)], &config())?;
    assert_eq!((answer.status, answer.contradicted), (Status::Stalled, vec![0]));
    // Nor is there anything to sum in an empty constraint; with a deviation it is given up.
    let empty = || Constraint::new("empty", [], 1.0);
    let answer = kras(&prior, None, &[empty(), Constraint::row(1, 3, 1.0)], &config())?;
    assert_eq!((answer.status, answer.contradicted), (Status::Stalled, vec![0]));
    let answer = kras(&prior, None, &[empty().with_deviation(1.0)?, Constraint::row(1, 3, 1.0)], &config())?;
    assert_eq!((answer.status, answer.contradicted), (Status::Converged, vec![0]));
    assert!((answer.flows.row(1).sum() - 1.0).abs() < MET);
    Ok(())
}

#[test]
fn input_is_checked() {
    let prior = dmatrix![1.0, 2.0; 3.0, 4.0];
    let (good, config) = (dvector![5.0, 5.0], config());
    let said = |result: Result<Balanced, Error>| result.unwrap_err().to_string();
    assert_eq!(
        said(ras(&dmatrix![1.0, 2.0; -3.0, 4.0], &good, &good, &config)),
        "prior, row 2, column 1: is -3, must not be negative (gras keeps signs)"
    );
    assert_eq!(
        said(ras(&prior, &dvector![-1.0, 5.0], &good, &config)),
        "row totals, row 1: is -1, must not be negative (gras keeps signs)"
    );
    assert_eq!(said(gras(&prior, &dvector![5.0], &good, &config)), "row totals: has 1 entries, must have 2");
    assert_eq!(
        said(gras(&prior, &good, &dvector![f64::NAN, 5.0], &config)),
        "column totals, column 1: is NaN, must be finite"
    );
    assert_eq!(
        said(gras(&DMatrix::zeros(0, 2), &dvector![], &good, &config)),
        "prior: is 0 x 2, must have at least one cell"
    );
    let outside = [Constraint::new("outside", [((2, 0), 1.0)], 1.0)];
    assert_eq!(
        kras(&prior, None, &outside, &config).unwrap_err().to_string(),
        r#"constraint "outside": names row 3, column 1, the matrix is 2 x 2"#
    );
    let table = datasets::miller_blair().unwrap();
    let totals = TableTotals { output: Some(dvector![1.0]), ..TableTotals::default() };
    assert!(table.balanced(&totals, &config).unwrap_err().is_invalid_input());
}

/// The same optimum from an interior-point solver with exponential cones, which knows nothing of duals and scaling.
#[cfg(feature = "optimise")]
mod independent {
    use super::*;
    use clarabel::algebra::CscMatrix;
    use clarabel::solver::{DefaultSettingsBuilder, DefaultSolver, IPSolver, SupportedConeT};

    /// An interior-point method finds the least value to about its tolerance of 1e-10, ...
    const VALUE: f64 = 1e-7;
    /// ... but the place only to about the square root of that.
    const PLACE: f64 = 1e-3;

    /// Minimises Σ |a|/d² (z ln z − z) subject to G a z = c, as t ≥ z ln z ⇔ (−t, z, 1) in the exponential cone.
    fn optimum(a: &[f64], freedom: &[f64], constraints: &[(Vec<(usize, f64)>, f64)]) -> Option<Vec<f64>> {
        let n = a.len();
        let (mut entries, mut right) = (Vec::new(), Vec::new());
        for (cells, total) in constraints {
            for (cell, g) in cells {
                entries.push((right.len(), *cell, g * a[*cell]));
            }
            right.push(*total);
        }
        let mut cones = vec![SupportedConeT::ZeroConeT(constraints.len())];
        for k in 0..n {
            entries.push((right.len(), n + k, 1.0));
            entries.push((right.len() + 1, k, -1.0));
            right.extend([0.0, 0.0, 1.0]);
            cones.push(SupportedConeT::ExponentialConeT());
        }
        let cost: Vec<f64> = (0..2 * n)
            .map(|k| if k < n { -a[k].abs() / freedom[k] } else { a[k - n].abs() / freedom[k - n] })
            .collect();
        let (rows, rest): (Vec<usize>, Vec<(usize, f64)>) =
            entries.into_iter().map(|(r, c, v)| (r, (c, v))).unzip();
        let (columns, values) = rest.into_iter().unzip();
        let matrix = CscMatrix::new_from_triplets(right.len(), 2 * n, rows, columns, values);
        let settings = DefaultSettingsBuilder::default()
            .verbose(false)
            .tol_gap_abs(1e-10)
            .tol_gap_rel(1e-10)
            .tol_feas(1e-10)
            .build()
            .ok()?;
        let none = CscMatrix::zeros((2 * n, 2 * n));
        let mut solver = DefaultSolver::new(&none, &cost, &matrix, &right, &cones, settings).ok()?;
        solver.solve();
        Some(solver.solution.x[..n].iter().zip(a).map(|(z, a)| z * a).collect())
    }

    /// Whether both are the same optimum, ours (which meets the constraints) no worse.
    fn agree(a: &[f64], freedom: &[f64], ours: &[f64], theirs: &[f64]) -> bool {
        let change = |x: &[f64]| -> f64 {
            (0..a.len())
                .map(|k| (x[k] / a[k], a[k].abs() / freedom[k]))
                .map(|(z, w)| w * (z * z.ln() - z + 1.0))
                .sum()
        };
        let size = theirs.iter().fold(0.0f64, |size, x| size.max(x.abs()));
        let weight: f64 = (0..a.len()).map(|k| (a[k].abs() + theirs[k].abs()) / freedom[k]).sum();
        (change(ours) - change(theirs)).abs() <= VALUE * weight
            && ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() <= PLACE * size)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn gras_is_the_optimum((prior, wanted) in pairs(true)) {
            prop_assume!(prior.iter().any(|cell| *cell != 0.0));
            let (m, n) = prior.shape();
            let (u, v) = margins(&wanted);
            let mut constraints: Vec<(Vec<(usize, f64)>, f64)> = Vec::new();
            for i in 0..m {
                constraints.push(((0..n).map(|j| (j * m + i, 1.0)).collect(), u[i]));
            }
            for j in 0..n {
                constraints.push(((0..m).map(|i| (j * m + i, 1.0)).collect(), v[j]));
            }
            // Cells of zero are no variables to the solver, and empty lines no constraints.
            let live: Vec<usize> = (0..m * n).filter(|k| prior[*k] != 0.0).collect();
            let constraints: Vec<_> = constraints
                .into_iter()
                .map(|(cells, total)| {
                    let kept: Vec<_> = cells
                        .iter()
                        .filter_map(|(cell, g)| live.iter().position(|k| k == cell).map(|at| (at, *g)))
                        .collect();
                    (kept, total)
                })
                .filter(|(cells, _)| !cells.is_empty())
                .collect();
            let a: Vec<f64> = live.iter().map(|k| prior[*k]).collect();
            let theirs = optimum(&a, &vec![1.0; a.len()], &constraints);
            let theirs = theirs.ok_or_else(|| TestCaseError::fail("no solver"))?;
            let answer = solved(&prior, &wanted)?;
            let ours: Vec<f64> = live.iter().map(|k| answer.flows[*k]).collect();
            prop_assert!(agree(&a, &vec![1.0; a.len()], &ours, &theirs), "{ours:?} {theirs:?}");
        }

        #[test]
        fn kras_is_the_optimum(
            cells in vec(prop_oneof![-50..0i32, 1..50i32], 12),
            factors in vec(0.3..3.0f64, 12),
            deviations in vec(0.3..2.0f64, 12),
            coefficients in vec(-3..=3i32, 48),
        ) {
            let prior = DMatrix::from_fn(3, 4, |i, j| f64::from(cells[3 * j + i]));
            let deviations = DMatrix::from_vec(3, 4, deviations);
            let constraints: Vec<Vec<(usize, f64)>> = (0..4)
                .map(|k| (0..12).map(|c| (c, f64::from(coefficients[12 * k + c]))).filter(|(_, g)| *g != 0.0).collect())
                .collect();
            let total = |of: &[(usize, f64)]| of.iter().map(|(c, g)| g * prior[*c] * factors[*c]).sum::<f64>();
            let given: Vec<Constraint> = constraints
                .iter()
                .map(|of| Constraint::new("", of.iter().map(|(c, g)| ((c % 3, c / 3), *g)), total(of)))
                .collect();
            let answer = kras(&prior, Some(&deviations), &given, &config())?;
            prop_assert_eq!(answer.status, Status::Converged);
            let freedom: Vec<f64> = deviations.iter().map(|d| d * d).collect();
            let wanted: Vec<_> = constraints.into_iter().map(|of| (of.clone(), total(&of))).collect();
            let theirs = optimum(prior.as_slice(), &freedom, &wanted);
            let theirs = theirs.ok_or_else(|| TestCaseError::fail("no solver"))?;
            prop_assert!(agree(prior.as_slice(), &freedom, answer.flows.as_slice(), &theirs), "{:?} {theirs:?}", answer.flows);
        }
    }
}

#[test]
fn serialised_settings_are_checked() -> Result<(), Box<dyn std::error::Error>> {
    let config = Balancing::new().with_max_rounds(7)?;
    let text = serde_json::to_string(&config)?;
    assert_eq!(serde_json::from_str::<Balancing>(&text)?, config);
    for (from, to) in [("1e-10", "-1.0"), (":7", ":0")] {
        assert!(serde_json::from_str::<Balancing>(&text.replace(from, to)).is_err(), "{to}");
    }
    Ok(())
}

/// Both ways of balancing change figures and nothing else.
#[test]
fn a_balanced_table_keeps_its_regions_unit_and_accounts() -> Result<(), Error> {
    let table = datasets::miller_blair()?;
    let regions = Regions::crossed(
        Axis::from_codes(["north", "south"])?,
        Axis::from_codes(["all"])?,
        Axis::from_codes(["homes"])?,
    )?;
    let demand = DMatrix::from_fn(2, 2, |i, _| 0.5 * table.total_final_demand()[i]);
    let air = Satellite::new("air", Axis::from_codes(["co2"])?, ["t"], dmatrix![1.0, 2.0])?;
    let table = IoTable::new(
        regions.sectors()?,
        table.flows().clone(),
        regions.categories()?,
        demand,
        Axis::from_codes(["wages"])?,
        table.value_added().clone(),
    )?
    .with_regions(regions)?
    .with_unit("M$")
    .with_rounding(1.0)?
    .with_satellite(air)?;
    let output = table.output() * 1.5;
    let free = TableTotals { output: Some(output.clone()), ..TableTotals::default() };
    let bordered = TableTotals {
        final_demand: Some(table.final_demand().row_sum_tr() * 1.5),
        components: Some(table.value_added().column_sum() * 1.5),
        ..free.clone()
    };
    for totals in [free, bordered] {
        let found = table.balanced(&totals, &Balancing::new())?.table;
        assert!((found.output() - &output).amax() < 1e-6);
        assert_eq!(found.regions(), table.regions());
        assert_eq!((found.unit(), found.rounding()), ("M$", 0.0));
        assert_eq!(found.satellites(), table.satellites());
    }
    Ok(())
}

#[test]
fn totals_by_commodity_are_refused_for_a_table_of_sectors() {
    let table = datasets::miller_blair().unwrap();
    let totals = TableTotals { commodity_output: Some(dvector![1000.0, 2000.0]), ..TableTotals::default() };
    let error = table.balanced(&totals, &Balancing::new()).unwrap_err();
    assert!(error.is_invalid_input());
    assert_eq!(
        error.to_string(),
        "commodity output: is given, must be None: only make and use tables have commodities"
    );
}
