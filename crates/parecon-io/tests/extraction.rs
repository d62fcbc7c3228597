//! Extractions are the solutions with blocks of A (or B) set to zero.

use std::error::Error;

use nalgebra::{DMatrix, DVector};
use parecon_io::{Axis, Id, IoTable, Link, Regions, Removal, Sector, Technology, nalgebra};
use parecon_testbed::io::{random_table, tables};
use proptest::prelude::*;

/// Solutions agree to this, relative to the largest entry.
const SOLVED: f64 = 1e-10;

fn near(ours: &DVector<f64>, wanted: &DVector<f64>) -> bool {
    (ours - wanted).amax() <= SOLVED * wanted.amax().max(1.0)
}

/// Shares of purchases, sales, what goes on within, and final demand that go.
type Shares = [f64; 4];

/// What is left of a matrix of coefficients.
fn left(a: &DMatrix<f64>, inside: &[bool], [purchases, sales, within, _]: Shares) -> DMatrix<f64> {
    DMatrix::from_fn(a.nrows(), a.ncols(), |i, j| {
        let share = match (inside[i], inside[j]) {
            (true, true) => within,
            (true, false) => sales,
            (false, true) => purchases,
            (false, false) => 0.0,
        };
        (1.0 - share) * a[(i, j)]
    })
}

fn solved(a: &DMatrix<f64>, y: &DVector<f64>) -> Result<DVector<f64>, &'static str> {
    (DMatrix::identity(y.len(), y.len()) - a).lu().solve(y).ok_or("singular")
}

fn removals(group: &[Id<Sector>], share: f64) -> Result<Vec<(Removal, Shares)>, parecon_io::Error> {
    let g = || group.iter().copied();
    Ok(vec![
        (Removal::full(g()), [1.0, 1.0, 1.0, 1.0]),
        (Removal::links(g()), [1.0, 1.0, 0.0, 0.0]),
        (Removal::purchases(g()), [1.0, 0.0, 0.0, 0.0]),
        (Removal::sales(g()), [0.0, 1.0, 0.0, 0.0]),
        (Removal::purchases(g()).with_within(1.0)?, [1.0, 0.0, 1.0, 0.0]),
        (Removal::sales(g()).with_within(0.5)?.with_final_demand(1.0)?, [0.0, 1.0, 0.5, 1.0]),
        (Removal::full(g()).with_share(share)?, [share; 4]),
        (Removal::purchases(g()).with_share(0.0)?.with_within(share)?, [0.0, 0.0, share, 0.0]),
    ])
}

fn check(table: &IoTable, chosen: &[usize], share: f64) -> Result<(), TestCaseError> {
    let technology = Technology::from_table(table)?;
    let allocation = technology.allocation(table.output())?;
    let inside: Vec<bool> = (0..table.len()).map(|i| chosen.contains(&i)).collect();
    let group: Vec<_> = table.sectors().iter().filter(|s| inside[s.index()]).collect();
    let (y, v) = (table.total_final_demand(), table.value_added().row_sum_tr());
    for (removal, shares) in removals(&group, share)? {
        let less = |given: &DVector<f64>| {
            DVector::from_fn(given.len(), |i, _| given[i] * if inside[i] { 1.0 - shares[3] } else { 1.0 })
        };
        let wanted = solved(&left(technology.coefficients(), &inside, shares), &less(&y))
            .map_err(TestCaseError::fail)?;
        let found = technology.extract(&removal, &y)?;
        prop_assert!(near(&found.output, &wanted), "{removal:?}");
        prop_assert!(near(&found.lost, &(table.output() - &wanted)));
        prop_assert!((found.total - found.lost.sum()).abs() <= SOLVED * table.output().sum());
        let wanted = solved(&left(&allocation.coefficients(), &inside, shares).transpose(), &less(&v))
            .map_err(TestCaseError::fail)?;
        prop_assert!(near(&allocation.extract(&removal, &v)?.output, &wanted), "supply: {removal:?}");
    }
    Ok(())
}

#[test]
fn only_what_crosses_borders() -> Result<(), Box<dyn Error>> {
    let n = 24;
    let table = random_table(n, 5)?;
    let sectors =
        Axis::<Sector>::from_codes((0..n).map(|i| format!("{}.{}", ["a", "b", "c"][i % 3], i / 3)))?;
    let regions = Regions::split(&sectors, &Axis::from_codes(["a.f"])?, '.')?;
    let technology = Technology::from_table(&table)?;
    let y = table.total_final_demand();
    let a = technology.coefficients();
    // Two sectors of one region and one of another buy nothing abroad.
    let chosen = [0, 3, 7];
    let group = chosen.iter().filter_map(|&i| table.sectors().at(i));
    let found =
        technology.extract(&Removal::purchases(group).with_within(1.0)?.across_borders(&regions), &y)?;
    let cut =
        DMatrix::from_fn(n, n, |i, j| if chosen.contains(&j) && i % 3 != j % 3 { 0.0 } else { a[(i, j)] });
    assert!(near(&found.output, &solved(&cut, &y)?));
    // A region without its trade in inputs.
    let north: Vec<usize> = (0..n).filter(|i| i % 3 == 1).collect();
    let links = Removal::links(north.iter().filter_map(|&i| table.sectors().at(i)));
    let cut =
        DMatrix::from_fn(n, n, |i, j| if north.contains(&i) == north.contains(&j) { a[(i, j)] } else { 0.0 });
    assert!(near(&technology.extract(&links, &y)?.output, &solved(&cut, &y)?));
    assert!(near(&technology.extract(&links.across_borders(&regions), &y)?.output, &solved(&cut, &y)?));
    Ok(())
}

#[test]
fn what_does_not_fit_is_refused() -> Result<(), Box<dyn Error>> {
    let table = random_table(3, 1)?;
    let technology = Technology::from_table(&table)?;
    let first = table.sector("1")?;
    let y = table.total_final_demand();
    let message = technology.extract(&Removal::full([first, first]), &y).unwrap_err();
    assert_eq!(message.to_string(), r#"sector "1": is named twice"#);
    let message = Removal::full([first]).with_share(1.5).unwrap_err();
    assert_eq!(message.to_string(), "share taken out: is 1.5, must be from 0 to 1");
    assert!(Removal::full([first]).with_within(f64::NAN).is_err());
    let nothing = technology.extract(&Removal::full([]), &y)?;
    assert!(nothing.total.abs() < 1e-9);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn blocks_of_small_tables(table in tables(7), chosen in prop::collection::vec(0..7usize, 1..4), share in 0.0..1.0f64) {
        check(&table, &chosen, share)?;
    }

    #[test]
    fn blocks_of_larger_tables(seed in 0..1000u64, chosen in prop::collection::vec(0..30usize, 1..4), share in 0.0..1.0f64) {
        check(&random_table(30, seed)?, &chosen, share)?;
    }

    #[test]
    fn every_sector_alone(table in tables(8)) {
        let technology = Technology::from_table(&table)?;
        let y = table.total_final_demand();
        for (cut, removal) in [
            (Link::Purchases, Removal::purchases as fn([Id<Sector>; 1]) -> Removal),
            (Link::Sales, Removal::sales as fn([Id<Sector>; 1]) -> Removal),
        ] {
            let losses = technology.extraction_losses(cut, &y)?;
            prop_assert_eq!(losses.len(), table.len());
            prop_assert!(losses.windows(2).all(|pair| pair[0].total() >= pair[1].total()));
            for loss in losses {
                let whole = technology.extract(&removal([loss.sector]).with_within(1.0)?, &y)?;
                let scale = SOLVED * table.output().sum();
                prop_assert!((whole.total - loss.total()).abs() <= scale);
                prop_assert!((whole.lost[loss.sector.index()] - loss.own).abs() <= scale);
            }
        }
    }
}
