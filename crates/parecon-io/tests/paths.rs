//! Structural paths, layers and distances: enumeration, series and closed forms.

use nalgebra::{DVector, dmatrix, dvector};
use parecon_core::Status;
use parecon_io::paths::{Path, PathSearch};
use parecon_io::{Axis, Error, IoTable, Model, Technology, datasets, nalgebra};
use parecon_testbed::io::{demands, tables};
use proptest::prelude::*;

/// Products in another order, and sums of up to some ten thousand of them, relative.
const SUMMED: f64 = 1e-11;

/// Series cut where nothing is added, against solves, relative.
const SOLVED: f64 = 1e-9;

fn tables_and_demands(largest: usize) -> impl Strategy<Value = (IoTable, DVector<f64>)> {
    tables(largest).prop_flat_map(|table| {
        let n = table.len();
        (Just(table), demands(n))
    })
}

fn first_component(table: &IoTable) -> Result<DVector<f64>, Error> {
    Ok(table.value_added_intensities()?.row(0).transpose())
}

/// All chains of up to `tier` suppliers with their values: sectors from the product to the source.
fn enumerate(
    technology: &Technology,
    f: &DVector<f64>,
    y: &DVector<f64>,
    tier: usize,
) -> Vec<(Vec<usize>, f64)> {
    let n = technology.len();
    let mut chains: Vec<(Vec<usize>, f64)> = (0..n).map(|j| (vec![j], y[j])).collect();
    let mut begin = 0;
    for _ in 0..tier {
        let end = chains.len();
        for at in begin..end {
            let (chain, quantity) = chains[at].clone();
            for i in 0..n {
                let mut longer = chain.clone();
                longer.push(i);
                chains.push((longer, quantity * technology.coefficients()[(i, chain[chain.len() - 1])]));
            }
        }
        begin = end;
    }
    for (chain, value) in &mut chains {
        *value *= f[chain[chain.len() - 1]];
    }
    chains.retain(|(_, value)| *value != 0.0);
    chains.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    chains
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_search_finds_what_enumeration_finds((table, y) in tables_and_demands(4), count in 1usize..60) {
        let technology = Technology::from_table(&table)?;
        let f = first_component(&table)?;
        let all = enumerate(&technology, &f, &y, 4);
        let search = PathSearch::new().with_max_paths(count).with_max_tier(4);
        let found = technology.paths(&f, &y, &search)?;
        prop_assert_eq!(found.paths.len(), count.min(all.len()));
        for (path, (_, value)) in found.paths.iter().zip(&all) {
            prop_assert!((path.value - value).abs() <= SUMMED * value.abs(), "{} {value}", path.value);
        }
        // Every path is one of them and none comes twice.
        for (k, path) in found.paths.iter().enumerate() {
            let sectors: Vec<usize> = path.sectors.iter().map(|sector| sector.index()).collect();
            let value = all.iter().find(|(chain, _)| *chain == sectors).map(|(_, value)| *value);
            prop_assert!(value.is_some_and(|value| (path.value - value).abs() <= SUMMED * value));
            prop_assert!(found.paths[..k].iter().all(|other| other.sectors != path.sectors));
        }
        if let Some((_, next)) = all.get(count) {
            prop_assert!(*next <= found.bound * (1.0 + SUMMED) && found.status == Status::RoundLimit);
        }
    }

    #[test]
    fn what_is_found_and_what_is_left_is_the_footprint((table, y) in tables_and_demands(6)) {
        let technology = Technology::from_table(&table)?;
        let f = first_component(&table)?;
        let footprint = technology.output_for(&y)?.dot(&f);
        let found = technology.paths(&f, &y, &PathSearch::new().with_max_paths(2_000))?;
        let sum: f64 = found.paths.iter().map(|path| path.value).sum();
        prop_assert!((found.total - footprint).abs() <= SOLVED * footprint);
        prop_assert!((found.explained - sum).abs() <= SUMMED * footprint);
        prop_assert!((found.explained + found.remainder - footprint).abs() <= SOLVED * footprint);
        // Chains round a small loop soon have values too small to keep all digits.
        let sorted = |pair: &[Path]| pair[1].value <= pair[0].value * (1.0 + SUMMED) + f64::MIN_POSITIVE;
        prop_assert!(found.paths.windows(2).all(sorted));
        // A subtree is its root and the subtrees of its suppliers; the roots' are the whole.
        let content = technology.prices(&f)?;
        for path in found.paths.iter().take(50) {
            let source = path.sectors[path.sectors.len() - 1].index();
            let behind = technology.coefficients().column(source).dot(&content) / f[source];
            prop_assert!((path.subtree - path.value * (1.0 + behind)).abs() <= SOLVED * footprint);
        }
    }

    #[test]
    fn the_census_counts_the_same_paths((table, y) in tables_and_demands(5)) {
        let technology = Technology::from_table(&table)?;
        let f = first_component(&table)?;
        let search = PathSearch::new().with_max_paths(3_000).with_coverage(0.99)?;
        let census = technology.path_census(&f, &y, &search)?;
        for point in &census.points {
            let search = PathSearch::new().with_max_paths(3_000).with_threshold(point.threshold)?;
            let found = technology.paths(&f, &y, &search)?;
            // A path on the threshold may fall on either side by rounding.
            let near = |value: f64| (value / (point.threshold * census.gross) - 1.0).abs() < SUMMED;
            let unsure = found.paths.iter().filter(|path| near(path.value)).count();
            prop_assert!(found.paths.len().abs_diff(point.paths) <= unsure + usize::from(near(found.bound)));
            if unsure == 0 && !near(found.bound) {
                prop_assert!((found.explained - point.explained).abs() <= SUMMED * census.gross);
                prop_assert!((found.coverage - point.coverage).abs() <= SUMMED);
            }
        }
    }

    #[test]
    fn layers_are_the_powers_of_a((table, y) in tables_and_demands(6), tiers in 0usize..8) {
        let technology = Technology::from_table(&table)?;
        let f = first_component(&table)?;
        let layers = technology.production_layers(&f, &y, tiers)?;
        let output = technology.output_for(&y)?;
        for i in 0..table.len() {
            let sum = layers.by_sector.row(i).sum() + layers.beyond[i];
            prop_assert!((sum - f[i] * output[i]).abs() <= SOLVED * layers.total);
        }
        let mut power = y.clone();
        for _ in 0..tiers {
            power = technology.coefficients() * power;
        }
        prop_assert!((layers.by_tier()[tiers] - power.dot(&f)).abs() <= SUMMED * layers.total);
        let paths = technology.paths(&f, &y, &PathSearch::new().with_max_paths(300).with_max_tier(tiers))?;
        let others = layers.without(&paths)?;
        prop_assert!(others.iter().all(|rest| *rest >= -SUMMED * layers.total));
        let parts = paths.explained + others.sum() + layers.remainder();
        prop_assert!((parts - layers.total).abs() <= SOLVED * layers.total);
    }

    #[test]
    fn propagation_lengths_are_those_of_the_series(table in tables(6)) {
        let technology = Technology::from_table(&table)?;
        // Sums of the first 1, 2, 4, … terms Aᵗ and t Aᵗ, from those of half as many.
        let mut power = technology.coefficients().clone();
        let (mut sum, mut weighted) = (power.clone(), power.clone());
        for doubling in 0..30 {
            weighted = &weighted + &power * (&weighted + &sum * f64::from(1 << doubling));
            sum = &sum + &power * &sum;
            power = &power * &power;
        }
        let lengths = technology.average_propagation_lengths()?;
        for (length, (weighted, sum)) in lengths.iter().zip(weighted.iter().zip(&sum)) {
            let expected: f64 = if *sum == 0.0 { 0.0 } else { weighted / sum };
            prop_assert!((length - expected).abs() <= SOLVED * expected.max(1.0), "{length} {expected}");
        }
    }

    #[test]
    fn upstreamness_solves_the_allocation_equation(table in tables(6)) {
        let technology = Technology::from_table(&table)?;
        let upstreamness = technology.upstreamness(&table.total_final_demand())?;
        // (I − B) U = 1 with b_ij = z_ij / x_i.
        for i in 0..table.len() {
            let onward: f64 = (0..table.len()).map(|j| table.flows()[(i, j)] * upstreamness[j]).sum();
            prop_assert!((upstreamness[i] - onward / table.output()[i] - 1.0).abs() <= SOLVED * upstreamness[i]);
        }
        // Sums of stages, counted from either end, are the same: 1'L x (Miller and Temurshoev 2017).
        let added = table.value_added_intensities()?.row_sum_tr();
        let downstreamness = technology.downstreamness(&added)?;
        let (from_use, from_inputs) = (upstreamness.dot(table.output()), downstreamness.dot(table.output()));
        prop_assert!((from_use - from_inputs).abs() <= SOLVED * from_use);
        prop_assert!(upstreamness.min() >= 1.0 && downstreamness.min() >= 1.0 - SOLVED);
    }
}

#[test]
fn negative_cells_keep_their_sign() -> Result<(), Error> {
    let sectors = Axis::from_codes(["a", "b"])?;
    let technology = Technology::from_coefficients(sectors, dmatrix![0.1, -0.2; 0.3, 0.2])?;
    let (f, y) = (dvector![1.0, -0.5], dvector![2.0, -1.0]);
    let all = enumerate(&technology, &f, &y, 5);
    let found = technology.paths(&f, &y, &PathSearch::new().with_max_tier(5).with_max_paths(100_000))?;
    assert_eq!(found.paths.len(), all.len());
    for (path, (_, value)) in found.paths.iter().zip(&all) {
        assert!((path.value.abs() - value.abs()).abs() < 1e-15, "{} {value}", path.value);
    }
    let sum: f64 = all.iter().map(|(_, value)| value).sum();
    assert!((found.explained - sum).abs() < 1e-14);
    assert!((found.total - technology.output_for(&y)?.dot(&f)).abs() < 1e-14);
    assert!(found.gross > found.total.abs() && found.coverage < 1.0);
    Ok(())
}

#[test]
fn hospitals_of_the_united_states() -> Result<(), Error> {
    let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    let technology = Technology::from_table(&table)?;
    let labour = table.value_added_components().id("V001")?.index();
    let f = table.value_added_intensities()?.row(labour).transpose();
    let mut y = DVector::zeros(table.len());
    y[table.sector("622")?.index()] = 1.0;
    let found = technology.paths(&f, &y, &PathSearch::new().with_coverage(0.95)?)?;
    assert_eq!(found.status, Status::Converged);
    // Not one path more than needed.
    let last = found.paths[found.paths.len() - 1].value.abs();
    assert!(found.coverage >= 0.95 && found.coverage - last / found.gross < 0.95);
    assert_eq!(found.paths[0].describe(technology.sectors()), "622");
    assert_eq!(found.paths[0].describe(&Axis::from_codes(["other"]).unwrap()), "?");
    let layers = technology.production_layers(&f, &y, 12)?;
    assert!(layers.remainder().abs() < 1e-4 * layers.total);
    let parts = found.explained + layers.without(&found)?.sum() + layers.remainder();
    assert!((parts / found.total - 1.0).abs() < 1e-12);
    Ok(())
}

#[test]
fn the_same_search_gives_the_same_bits() -> Result<(), Error> {
    let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    let technology = Technology::from_table(&table)?;
    let f = table.value_added_intensities()?.row(0).transpose();
    let search = PathSearch::new().with_max_paths(3_000);
    let first = technology.paths(&f, &table.total_final_demand(), &search)?;
    assert_eq!(first, technology.paths(&f, &table.total_final_demand(), &search)?);
    Ok(())
}

#[test]
fn refusals_name_what_is_wrong() -> Result<(), Error> {
    let technology = Technology::from_table(&datasets::miller_blair()?)?;
    let (f, y) = (dvector![0.65, 0.70], dvector![1.0, f64::NAN]);
    let message = technology.paths(&f, &y, &PathSearch::new()).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(message, Err(r#"final demand, sector "2": is NaN, must be finite"#.to_owned()));
    let message = technology.production_layers(&dvector![1.0], &f, 1).map(|_| ()).map_err(|e| e.to_string());
    assert_eq!(message, Err("intensities: has 1 entries, must have 2".to_owned()));
    let message = PathSearch::new().with_coverage(f64::NAN).map_err(|error| error.to_string());
    assert_eq!(message, Err("coverage: is NaN, must be a share from 0 to 1".to_owned()));
    // Chains that swell cannot be enumerated; their layers still add up.
    let sectors = Axis::from_codes(["a"])?;
    let swelling = Technology::from_coefficients(sectors, dmatrix![2.0])?;
    assert!(swelling.average_propagation_lengths().is_err());
    let layers = swelling.production_layers(&dvector![1.0], &dvector![1.0], 3)?;
    assert_eq!((layers.by_tier().sum(), layers.remainder(), layers.total), (15.0, -16.0, -1.0));
    assert!(swelling.production_layers(&dvector![1.0], &dvector![1.0], 2_000).is_err());
    Ok(())
}
