//! Aggregation and disaggregation keep totals, and what is split and joined again is as before.

use nalgebra::{DMatrix, dmatrix};
use parecon_io::{
    Axis, Branch, Concordance, Error, IoTable, Purpose, Region, Regions, Satellite, Sector, Technology,
    datasets,
};
use parecon_testbed::io::tables;
use proptest::prelude::*;

/// Two regions with two branches each.
#[expect(clippy::unwrap_used, reason = "a test without its fixture has nothing to test")]
fn two_regions() -> IoTable {
    let regions = Regions::crossed(
        Axis::from_codes(["n", "s"]).unwrap(),
        Axis::from_codes(["farm", "mine"]).unwrap(),
        Axis::from_codes(["homes", "state"]).unwrap(),
    )
    .unwrap();
    let flows = DMatrix::from_fn(4, 4, |i, j| (1 + i * 4 + j) as f64);
    let demand = DMatrix::from_fn(4, 4, |i, j| (100 + 7 * i + j) as f64);
    let output = flows.column_sum() + demand.column_sum();
    let value_added = DMatrix::from_fn(1, 4, |_, j| output[j] - flows.column(j).sum());
    let account =
        Satellite::new("work", Axis::from_codes(["h"]).unwrap(), ["h"], dmatrix![1.0, 2.0, 4.0, 8.0])
            .unwrap()
            .with_final_demand(dmatrix![1.0, 10.0, 100.0, 1000.0])
            .unwrap();
    IoTable::new(
        regions.sectors().unwrap(),
        flows,
        regions.categories().unwrap(),
        demand,
        Axis::from_codes(["v"]).unwrap(),
        value_added,
    )
    .unwrap()
    .with_regions(regions)
    .unwrap()
    .with_satellite(account)
    .unwrap()
}

#[test]
fn branches_are_joined_within_their_region() {
    let table = two_regions();
    let bridge =
        Concordance::<Branch>::from_groups(table.regions().branches(), [("farm", "all"), ("mine", "all")]);
    let joined = table.regroup(&bridge.unwrap()).unwrap();
    assert_eq!(joined.sectors().codes().collect::<Vec<_>>(), ["n.all", "s.all"]);
    assert_eq!(joined.flows(), &dmatrix![1.0 + 2.0 + 5.0 + 6.0, 3.0 + 4.0 + 7.0 + 8.0; 46.0, 54.0]);
    assert_eq!(joined.satellites()[0].flows(), &dmatrix![3.0, 12.0]);
    assert_eq!(joined.final_demand().ncols(), 4);
    assert!(joined.validate().is_clean(), "{}", joined.validate());
}

#[test]
fn regions_are_joined_with_their_demand() {
    let table = two_regions();
    let bridge =
        Concordance::<Region>::from_groups(table.regions().regions(), [("n", "world"), ("s", "world")]);
    let joined = table.regroup(&bridge.unwrap()).unwrap();
    assert_eq!(joined.sectors().codes().collect::<Vec<_>>(), ["world.farm", "world.mine"]);
    assert_eq!(joined.flows(), &dmatrix![1.0 + 3.0 + 9.0 + 11.0, 2.0 + 4.0 + 10.0 + 12.0; 40.0, 44.0]);
    assert_eq!(joined.satellites()[0].flows(), &dmatrix![5.0, 10.0]);
    assert_eq!(joined.satellites()[0].final_demand(), Some(&dmatrix![101.0, 1010.0]));
    assert_eq!(joined.regions().regions().len(), 1);
    assert!(joined.validate().is_clean(), "{}", joined.validate());
}

#[test]
fn purposes_are_joined_in_every_region() {
    let table = two_regions();
    let bridge =
        Concordance::<Purpose>::from_groups(table.regions().purposes(), [("homes", "all"), ("state", "all")]);
    let joined = table.regroup(&bridge.unwrap()).unwrap();
    assert_eq!(joined.final_demand_categories().codes().collect::<Vec<_>>(), ["n.all", "s.all"]);
    assert_eq!(joined.satellites()[0].final_demand(), Some(&dmatrix![11.0, 1100.0]));
    assert_eq!(joined.flows(), table.flows());
}

#[test]
fn sectors_of_several_regions_are_not_mixed_up() {
    let table = two_regions();
    let bridge = Concordance::<Sector>::from_groups(
        table.sectors(),
        [("n.farm", "a"), ("n.mine", "a"), ("s.farm", "b"), ("s.mine", "b")],
    );
    assert_eq!(
        table.regroup(&bridge.unwrap()).unwrap_err().to_string(),
        "concordance: the table has 2 regions, regroup branches or regions instead"
    );
}

#[test]
fn bad_shares_are_named() {
    let from = Axis::<Sector>::from_codes(["a", "b"]).unwrap();
    let to = Axis::from_codes(["x", "y"]).unwrap();
    for (shares, message) in [
        (vec![("a", "x", 0.5), ("b", "y", 1.0)], r#"sector "a": shares sum to 0.5, must be 1"#),
        (vec![("a", "x", -1.0)], r#"share of sector "a" to sector "x": is -1, must be positive and finite"#),
        (vec![("a", "x", 0.5), ("a", "x", 0.5)], r#"sector "a" to sector "x": is given twice"#),
        (
            vec![("a", "x", 1.0), ("b", "x", 1.0)],
            r#"sector "y": no label of the old classification goes to it"#,
        ),
    ] {
        let error = Concordance::new(from.clone(), to.clone(), shares).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

proptest! {
    /// Splitting by shares and joining again gives the table back; multipliers of the parts are those of the whole,
    /// because the parts have the same inputs.
    #[test]
    fn split_and_joined_again(table in tables(8), share in 0.01..0.99f64) {
        let codes: Vec<String> = table.sectors().codes().map(str::to_owned).collect();
        let halves: Vec<(String, String)> =
            codes.iter().map(|c| (format!("{c}/1"), format!("{c}/2"))).collect();
        let to = Axis::from_codes(halves.iter().flat_map(|(a, b)| [a.clone(), b.clone()])).unwrap();
        let shares = codes.iter().zip(&halves).flat_map(|(code, (a, b))| {
            [(code.as_str(), a.as_str(), share), (code.as_str(), b.as_str(), 1.0 - share)]
        });
        let split = table.regroup(&Concordance::new(table.sectors().clone(), to, shares).unwrap()).unwrap();
        let back = halves.iter().zip(&codes).flat_map(|((a, b), code)| {
            [(a.as_str(), code.as_str()), (b.as_str(), code.as_str())]
        });
        let joined = split.regroup(&Concordance::from_groups(split.sectors(), back).unwrap()).unwrap();
        let size = table.output().amax();
        prop_assert!((joined.flows() - table.flows()).amax() <= 1e-13 * size);
        prop_assert!((joined.final_demand() - table.final_demand()).amax() <= 1e-13 * size);
        prop_assert!((joined.output() - table.output()).amax() <= 1e-13 * size);
        if let (Ok(whole), Ok(parts)) = (Technology::from_table(&table), Technology::from_table(&split))
            && let (Ok(m), Ok(p)) = (whole.output_multipliers(), parts.output_multipliers())
        {
            for j in 0..codes.len() {
                prop_assert!((m[j] - p[2 * j]).abs() <= 1e-9 * m[j].abs());
            }
        }
    }
}

#[test]
fn sums_that_overflow_are_refused() -> Result<(), Error> {
    let table = datasets::miller_blair()?.with_flows(DMatrix::from_element(2, 2, 1e308))?;
    let all = Concordance::from_groups(table.sectors(), [("1", "all"), ("2", "all")])?;
    let error = table.regroup(&all).unwrap_err();
    assert_eq!(error.to_string(), "concordance: sums of cells overflow, use other units");
    Ok(())
}
