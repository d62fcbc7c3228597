//! The graph's questions against brute force, definitions and the matrix results.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;
use std::error::Error;

use nalgebra::{DMatrix, DVector, dmatrix};
use parecon_io::graph::Attribute;
use parecon_io::{Axis, Id, IoGraph, Model, Sector, Technology, datasets, nalgebra};
use proptest::prelude::*;

fn graph_of(coefficients: &DMatrix<f64>) -> (Axis<Sector>, IoGraph) {
    let sectors = Axis::from_codes((0..coefficients.nrows()).map(|i| format!("s{i}"))).unwrap();
    let technology = Technology::from_coefficients(sectors.clone(), coefficients.clone()).unwrap();
    (sectors, IoGraph::from_technology(&technology, 0.0).unwrap())
}

/// Whom `start` reaches over flows that are allowed.
fn reached(flows: &DMatrix<f64>, start: &[usize], allowed: &dyn Fn(usize, usize) -> bool) -> Vec<bool> {
    let mut seen = vec![false; flows.nrows()];
    let mut open: Vec<usize> = start.to_vec();
    start.iter().for_each(|&i| seen[i] = true);
    while let Some(i) = open.pop() {
        for j in 0..flows.nrows() {
            if flows[(i, j)] > 0.0 && allowed(i, j) && !seen[j] {
                seen[j] = true;
                open.push(j);
            }
        }
    }
    seen
}

fn indices(ids: &[Id<Sector>]) -> Vec<usize> {
    ids.iter().map(|id| id.index()).collect()
}

const LARGEST: usize = 8;

/// A sparse matrix of 3 to 8 sectors with column sums below 1.
fn flows() -> impl Strategy<Value = DMatrix<f64>> {
    let cells = prop::collection::vec(prop_oneof![5 => Just(0.0), 3 => 0.01f64..1.0], LARGEST * LARGEST);
    (3..=LARGEST, cells)
        .prop_map(|(n, cells)| DMatrix::from_fn(n, n, |i, j| 0.9 / n as f64 * cells[i * LARGEST + j]))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_condensation_is_an_order_of_supply(flows in flows()) {
        let (_, graph) = graph_of(&flows);
        let condensation = graph.condensation();
        let n = flows.nrows();
        let mut group = vec![usize::MAX; n];
        for (position, members) in condensation.groups.iter().enumerate() {
            members.iter().for_each(|id| group[id.index()] = position);
        }
        prop_assert!(group.iter().all(|position| *position < n));
        for i in 0..n {
            let from = reached(&flows, &[i], &|_, _| true);
            for j in 0..n {
                let back = reached(&flows, &[j], &|_, _| true);
                prop_assert_eq!(group[i] == group[j], from[j] && back[i]);
            }
        }
        let between: f64 = condensation.links.iter().map(|link| link.flow).sum();
        let expected: f64 = (0..n * n)
            .map(|k| (k / n, k % n))
            .filter(|&(i, j)| group[i] != group[j])
            .map(|(i, j)| flows[(i, j)])
            .sum();
        prop_assert!((between - expected).abs() < 1e-12);
        for link in &condensation.links {
            prop_assert!(link.supplier < link.customer && link.flow > 0.0);
        }
    }

    #[test]
    fn who_dominates_is_who_cannot_be_gone_round(flows in flows()) {
        let (sectors, graph) = graph_of(&flows);
        let root = sectors.at(0).unwrap();
        let dominators = graph.dominators(root).unwrap();
        let all = reached(&flows, &[0], &|_, _| true);
        prop_assert_eq!(indices(&dominators.reached), (0..all.len()).filter(|&i| all[i]).collect::<Vec<_>>());
        for middle in sectors.iter() {
            let without = reached(&flows, &[0], &|i, j| i != middle.index() && j != middle.index());
            let expected: Vec<usize> = (0..all.len())
                .filter(|&j| j != middle.index() && all[j] && (middle.index() == 0 && j != 0 || !without[j]))
                .collect();
            prop_assert_eq!(indices(&dominators.dependents(middle)), expected);
        }
        for sector in sectors.iter() {
            let chain = dominators.chain(sector);
            if all[sector.index()] {
                prop_assert_eq!((chain[0], chain[chain.len() - 1]), (root, sector));
            } else {
                prop_assert!(chain.is_empty());
            }
        }
    }

    #[test]
    fn articulation_points_split_the_graph(flows in flows()) {
        let (_, graph) = graph_of(&flows);
        let n = flows.nrows();
        let both = &flows + flows.transpose();
        let pieces = |without: Option<usize>| {
            let mut seen = vec![false; n];
            let mut count = 0;
            for start in (0..n).filter(|i| Some(*i) != without) {
                if !seen[start] {
                    count += 1;
                    let part = reached(&both, &[start], &|i, j| Some(i) != without && Some(j) != without);
                    (0..n).for_each(|i| seen[i] |= part[i]);
                }
            }
            count
        };
        let expected: Vec<usize> = (0..n).filter(|&i| pieces(Some(i)) > pieces(None)).collect();
        prop_assert_eq!(indices(&graph.articulation_points()), expected);
    }

    #[test]
    fn the_cut_is_the_least_of_all(flows in flows(), exponent in -9i32..9) {
        let flows = flows * 10f64.powi(exponent);
        let (sectors, graph) = graph_of(&flows);
        let n = flows.nrows();
        let (first, last) = (sectors.at(0).unwrap(), sectors.at(n - 1).unwrap());
        let cut = graph.min_cut(&[first], &[last]).unwrap();
        // Brute force over all sides that hold the first and not the last.
        let worth = |side: usize| -> f64 {
            let inside = |i: usize| side & (1 << i) != 0;
            (0..n * n)
                .map(|k| (k / n, k % n))
                .filter(|&(i, j)| inside(i) && !inside(j))
                .map(|(i, j)| flows[(i, j)])
                .sum()
        };
        let least = (0..1usize << n)
            .filter(|side| side & 1 != 0 && side & (1 << (n - 1)) == 0)
            .map(worth)
            .fold(f64::INFINITY, f64::min);
        prop_assert!((cut.flow - least).abs() <= 1e-13 * flows.sum(), "{} {least}", cut.flow);
        let side = cut.upstream.iter().map(|id| 1usize << id.index()).sum();
        prop_assert!((worth(side) - cut.flow).abs() <= 1e-13 * flows.sum());
        let gone: BTreeSet<(usize, usize)> = cut.flows.iter().map(|(i, j, _)| (i.index(), j.index())).collect();
        prop_assert!(!reached(&flows, &[0], &|i, j| !gone.contains(&(i, j)))[n - 1]);
    }

    #[test]
    fn separators_are_the_fewest(flows in flows()) {
        let (sectors, graph) = graph_of(&flows);
        let n = flows.nrows();
        let (first, last) = (sectors.at(0).unwrap(), sectors.at(n - 1).unwrap());
        let Some(found) = graph.separators(&[first], &[last]).unwrap() else {
            prop_assert!(flows[(0, n - 1)] > 0.0);
            return Ok(());
        };
        let separates = |out: usize| {
            let allowed = |i: usize, j: usize| out & (1 << i) == 0 && out & (1 << j) == 0;
            !reached(&flows, &[0], &allowed)[n - 1]
        };
        let least = (0..1usize << n)
            .filter(|out| out & 1 == 0 && out & (1 << (n - 1)) == 0 && separates(*out))
            .map(usize::count_ones)
            .min()
            .unwrap();
        let ours: usize = found.iter().map(|id| 1usize << id.index()).sum();
        prop_assert!(separates(ours));
        prop_assert_eq!(found.len(), least as usize);
    }

    #[test]
    fn a_cascade_is_the_fixed_point_of_its_equation(
        flows in flows(), shares in prop::collection::vec(0.0f64..1.0, 2), substitution in 0.0f64..1.0,
    ) {
        let (sectors, graph) = graph_of(&flows);
        let n = flows.nrows();
        let shocks = [(sectors.at(0).unwrap(), shares[0]), (sectors.at(1).unwrap(), shares[1])];
        let cascade = graph.cascade(&shocks, substitution).unwrap();
        // Rounds until nothing changes.
        let mut loss = vec![0.0f64; n];
        for _ in 0..=n {
            for j in 0..n {
                let own = shocks.iter().find(|(id, _)| id.index() == j).map_or(0.0, |(_, share)| 1.0 - share);
                let passed = (0..n).filter(|&i| flows[(i, j)] > 0.0).map(|i| loss[i] * (1.0 - substitution));
                loss[j] = passed.fold(own, f64::max);
            }
        }
        for j in 0..n {
            prop_assert!((cascade.remaining[j] - (1.0 - loss[j])).abs() < 1e-12);
            if let Some(cause) = cascade.cause[j] {
                let i = cause.index();
                prop_assert!(flows[(i, j)] > 0.0);
                prop_assert!((loss[j] - loss[i] * (1.0 - substitution)).abs() < 1e-12);
                prop_assert_eq!(cascade.step[j].unwrap(), cascade.step[i].unwrap() + 1);
            }
        }
    }

    #[test]
    fn no_move_and_no_merger_improves_communities(flows in flows()) {
        let (_, graph) = graph_of(&flows);
        let n = flows.nrows();
        let communities = graph.communities();
        let mut of = vec![0; n];
        for (position, group) in communities.groups.iter().enumerate() {
            group.iter().for_each(|id| of[id.index()] = position);
        }
        let total = flows.sum();
        // The definition, pair by pair.
        let modularity = |of: &[usize]| -> f64 {
            if total == 0.0 {
                return 0.0;
            }
            (0..n * n)
                .map(|k| (k / n, k % n))
                .filter(|&(i, j)| of[i] == of[j])
                .map(|(i, j)| flows[(i, j)] / total - flows.row(i).sum() / total * (flows.column(j).sum() / total))
                .sum()
        };
        prop_assert!((modularity(&of) - communities.modularity).abs() < 1e-12);
        for i in 0..n {
            // To another group, or out of all.
            for group in 0..=communities.groups.len() {
                let mut moved = of.clone();
                moved[i] = group;
                prop_assert!(modularity(&moved) <= communities.modularity + 1e-11);
            }
        }
        for a in 0..communities.groups.len() {
            for b in 0..a {
                let merged: Vec<usize> = of.iter().map(|&group| if group == a { b } else { group }).collect();
                prop_assert!(modularity(&merged) <= communities.modularity + 1e-11);
            }
        }
    }

    #[test]
    fn a_share_of_flows_is_covered_by_the_fewest(flows in flows(), share in 0.0f64..1.0) {
        let (_, graph) = graph_of(&flows);
        let backbone = graph.covering(share).unwrap();
        let (kept, all): (f64, f64) = (backbone.flows().map(|f| f.2).sum(), graph.flows().map(|f| f.2).sum());
        prop_assert!(kept >= share * all * (1.0 - 1e-12));
        let least = backbone.flows().map(|f| f.2).fold(f64::INFINITY, f64::min);
        if least.is_finite() {
            let above: f64 = backbone.flows().map(|f| f.2).filter(|flow| *flow > least).sum();
            prop_assert!(above < share * all);
        }
    }
}

#[test]
fn upstream_losses_are_extractions() -> Result<(), Box<dyn Error>> {
    let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    let technology = Technology::from_table(&table)?;
    let demand = table.total_final_demand();
    let graph = IoGraph::from_technology(&technology, 0.05)?;
    let (oil, power) = (table.sector("211")?, table.sector("22")?);
    let extraction = technology.extraction(oil, &demand)?;
    let all = graph.cascade(&[(oil, 0.0)], 0.3)?.losses(&technology, &demand)?;
    let scale = extraction.total;
    assert!((&all.upstream - &extraction.lost).amax() < 1e-9 * scale);
    // Half a failure loses half as much.
    let half = graph.cascade(&[(oil, 0.5)], 0.3)?.losses(&technology, &demand)?;
    assert!((half.upstream * 2.0 - &extraction.lost).amax() < 1e-9 * scale);
    // Two together: the solution without both.
    let both = graph.cascade(&[(oil, 0.0), (power, 0.0)], 0.3)?.losses(&technology, &demand)?;
    let (mut coefficients, mut left) = (technology.coefficients().clone(), demand.clone());
    for sector in [oil, power] {
        coefficients.row_mut(sector.index()).fill(0.0);
        coefficients.column_mut(sector.index()).fill(0.0);
        left[sector.index()] = 0.0;
    }
    let without = Technology::from_coefficients(table.sectors().clone(), coefficients)?.output_for(&left)?;
    let expected = technology.output_for(&demand)? - without;
    assert!((both.upstream - expected).amax() < 1e-9 * scale);
    Ok(())
}

#[test]
fn the_american_graph_answers() -> Result<(), Box<dyn Error>> {
    let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    let graph = IoGraph::from_table(&table, 0.0)?;
    let communities = graph.communities();
    assert_eq!(communities.groups.iter().map(Vec::len).sum::<usize>(), 71);
    assert!(communities.groups.len() < 20 && communities.modularity > 0.1, "{communities:?}");
    assert_eq!(communities, graph.communities());
    let hospitals = table.sector("622")?;
    let cut = graph.min_cut(&[table.sector("211")?], &[hospitals])?;
    // All that hospitals buy, or all that oil sells: no narrower place in between.
    let sum = |flows: Vec<(Id<Sector>, f64)>, own: Id<Sector>| -> f64 {
        flows.into_iter().filter(|(id, _)| *id != own).map(|(_, flow)| flow).sum()
    };
    let bought = sum(graph.suppliers(hospitals)?, hospitals);
    let sold = sum(graph.customers(table.sector("211")?)?, table.sector("211")?);
    assert!((cut.flow / bought.min(sold) - 1.0).abs() < 1e-12, "{} {bought} {sold}", cut.flow);
    assert_eq!(graph.separators(&[table.sector("211")?], &[hospitals])?, None);
    Ok(())
}

#[test]
fn what_makes_no_sense_is_refused() -> Result<(), Box<dyn Error>> {
    let (sectors, graph) = graph_of(&dmatrix![0.0, 0.1; 0.2, 0.0]);
    let (a, b) = (sectors.at(0).unwrap(), sectors.at(1).unwrap());
    let other = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?.sector("622")?;
    assert!(graph.dominators(other).unwrap_err().to_string().contains("of another axis"));
    assert_eq!(
        graph.min_cut(&[], &[a]).unwrap_err().to_string(),
        "suppliers: are none, must be at least one"
    );
    assert_eq!(
        graph.separators(&[a], &[b, a]).unwrap_err().to_string(),
        r#"sector "s0": is among the suppliers and among the customers"#
    );
    assert_eq!(
        graph.cascade(&[(a, 1.5)], 0.0).unwrap_err().to_string(),
        r#"sector "s0": keeps 1.5, must be between 0 and 1"#
    );
    assert!(graph.cascade(&[(a, 0.5), (a, 0.5)], 0.0).unwrap_err().to_string().contains("named twice"));
    assert!(graph.cascade(&[(a, 0.5)], f64::NAN).is_err() && graph.cascade(&[], 0.0).is_err());
    assert!(graph.above(-1.0).is_err() && graph.covering(1.1).is_err());
    let technology = Technology::from_table(&datasets::miller_blair()?)?;
    let cascade = graph.cascade(&[(a, 0.5)], 0.0)?;
    let error = cascade.losses(&technology, &DVector::zeros(2)).unwrap_err();
    assert_eq!(error.to_string(), "technology: has other sectors than the graph of the cascade");
    let refused = |attribute: Attribute| graph.to_graphml(&[attribute]).unwrap_err().to_string();
    assert_eq!(refused(Attribute::counts("code", [1, 2])), r#"attribute "code": is given twice"#);
    assert_eq!(refused(Attribute::flags("f", [true])), r#"attribute "f": has 1 values, must have 2"#);
    assert!(refused(Attribute::texts("", ["x", "y"])).contains("no name"));
    let infinite = DVector::from_vec(vec![1.0, f64::INFINITY]);
    assert_eq!(
        refused(Attribute::numbers("x", &infinite)),
        r#"attribute "x", sector "s1": is inf, must be finite"#
    );
    Ok(())
}

#[test]
fn graphml_keeps_names_types_and_values() -> Result<(), Box<dyn Error>> {
    let sectors = Axis::new([("a<1>", "R&D \"labs\""), ("b", "It's\nfine")])?;
    let technology = Technology::from_coefficients(sectors, dmatrix![0.0, 0.1; 1e-17, 0.3])?;
    let graph = IoGraph::from_technology(&technology, 0.0)?;
    let text = graph.to_graphml(&[
        Attribute::numbers("share", &DVector::from_vec(vec![0.1, -1e-300])),
        Attribute::counts("step", [0, -3]),
        Attribute::flags("hit", [true, false]),
    ])?;
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="n0" for="node" attr.name="code" attr.type="string"/>
  <key id="n1" for="node" attr.name="name" attr.type="string"/>
  <key id="n2" for="node" attr.name="share" attr.type="double"/>
  <key id="n3" for="node" attr.name="step" attr.type="long"/>
  <key id="n4" for="node" attr.name="hit" attr.type="boolean"/>
  <key id="flow" for="edge" attr.name="flow" attr.type="double"/>
  <graph edgedefault="directed">
    <node id="s0"><data key="n0">a&lt;1&gt;</data><data key="n1">R&amp;D &quot;labs&quot;</data><data key="n2">0.1</data><data key="n3">0</data><data key="n4">true</data></node>
    <node id="s1"><data key="n0">b</data><data key="n1">It&apos;s&#10;fine</data><data key="n2">-1e-300</data><data key="n3">-3</data><data key="n4">false</data></node>
    <edge source="s0" target="s1"><data key="flow">0.1</data></edge>
    <edge source="s1" target="s0"><data key="flow">1e-17</data></edge>
    <edge source="s1" target="s1"><data key="flow">0.3</data></edge>
  </graph>
</graphml>
"#;
    assert_eq!(text, expected);
    Ok(())
}

#[test]
fn all_that_fail_are_named_where_the_others_cannot_do_without_them() {
    // Steel is made of as much steel, so that only with coal and tools there is an equilibrium.
    let sectors = Axis::from_codes(["coal", "tools", "steel"]).unwrap();
    let coefficients = dmatrix![0.1, 0.0, 0.2; 0.0, 0.1, 0.0; 0.3, 0.0, 1.0];
    let technology = Technology::from_coefficients(sectors, coefficients).unwrap();
    let graph = IoGraph::from_technology(&technology, 0.1).unwrap();
    let failing: Vec<_> = technology.sectors().iter().take(2).map(|sector| (sector, 0.0)).collect();
    let error = graph
        .cascade(&failing, 0.0)
        .unwrap()
        .losses(&technology, &DVector::from_element(3, 1.0))
        .unwrap_err()
        .to_string();
    assert!(error.contains("\"coal\"") && error.contains("\"tools\""), "{error}");
}
