//! Councils calibrated to an input-output table reproduce it, and answer a change of final demand.

use std::error::Error;

use nalgebra::dmatrix;
use parecon_io::{Axis, IoTable, Model, datasets};
use parecon_planning::calibrate::{Calibration, Substitution};
use parecon_planning::{Config, Newton, RevealedNewton, Status, plan};

type Outcome = Result<(), Box<dyn Error>>;

/// Benchmark replication: sums of some eighty products of numbers of order one, taken through exp and log.
const REPLICATION: f64 = 1e-10;

fn us_2022() -> Result<IoTable, Box<dyn Error>> {
    Ok(datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?)
}

#[test]
fn the_observed_year_is_an_equilibrium_at_unit_prices() -> Outcome {
    let table = us_2022()?;
    let observed = Calibration::new("V001").calibrate(&table)?;
    let answers = observed.economy().aggregate(&vec![1.0; table.len() + 1])?;
    let (_, imbalance) = answers.largest_imbalance().ok_or("no goods")?;
    assert!(imbalance < REPLICATION, "largest imbalance {imbalance}");

    // Each council's answer is the table's own column, cell by cell.
    let proposals = observed.economy().respond(&vec![1.0; table.len() + 1])?;
    for sector in table.sectors().iter() {
        let j = sector.index();
        let proposal = proposals.worker(j).ok_or("no council")?;
        assert!((proposal.output / table.output()[j] - 1.0).abs() < REPLICATION);
        assert!((proposal.effort - 1.0).abs() < REPLICATION);
        for (good, amount) in proposal.input_goods.iter().zip(proposal.inputs) {
            let recorded = if *good == observed.labour() {
                table.value_added()[(0, j)]
            } else {
                table.flows()[(good.index(), j)]
            };
            assert!(
                (amount / recorded - 1.0).abs() < REPLICATION,
                "{} from {good}",
                table.sectors().code(sector)
            );
        }
    }
    Ok(())
}

#[test]
fn the_adjustments_are_those_of_the_table() -> Outcome {
    let table = us_2022()?;
    let observed = Calibration::new("V001").calibrate(&table)?;
    let negative = |cells: &[f64]| cells.iter().map(|c| (-c).max(0.0)).sum::<f64>();
    let adjustments = observed.adjustments();
    // Sums over the same cells in another order.
    assert!((adjustments.negative_flows / negative(table.flows().as_slice()) - 1.0).abs() < 1e-12);
    assert!(
        (adjustments.negative_final_demand / negative(table.final_demand().as_slice()) - 1.0).abs() < 1e-12
    );
    // The table is in whole millions of dollars: 71 rows of some ninety rounded cells.
    assert!(adjustments.discrepancy < 71.0 * 90.0 * 0.5);
    Ok(())
}

#[test]
fn a_change_of_final_demand_is_planned_in_few_rounds() -> Outcome {
    let table = us_2022()?;
    let observed = Calibration::new("V001").calibrate(&table)?;
    let (hospitals, vehicles) = (table.sector("622")?, table.sector("3361MV")?);
    let economy = observed.with_final_demand(&[(hospitals, 1.1), (vehicles, 0.8)])?;
    let config = Config::default().with_start_price(1.0).with_tolerance(1e-9);
    let outcome = plan(&economy, &mut RevealedNewton::default(), &config, &mut ())?;
    assert_eq!(outcome.status, Status::Converged);
    // A work counter: the first answers, then Newton steps.
    assert!(outcome.rounds.len() <= 6, "{} rounds", outcome.rounds.len());
    let price = |sector| outcome.prices[observed.good(sector).index()];
    assert!(price(hospitals) > 1.0 && price(vehicles) < 1.0);

    // Undoing the change brings the observed year back.
    let back = observed.with_final_demand(&[])?;
    let config = config.with_start_prices(outcome.prices.clone());
    let outcome = plan(&back, &mut RevealedNewton::default(), &config, &mut ())?;
    for price in &outcome.prices {
        assert!((price - 1.0).abs() < 1e-6, "price {price}");
    }
    Ok(())
}

/// The same calibration and shock (health care +10 %, motor vehicles −20 %) solved by a `NumPy` program of its own,
/// which minimises the convex Φ(log p) by Newton's method: industry, price, output relative to the observed year.
const NUMPY: [(&str, f64, f64); 5] = [
    ("3361MV", 0.967_373_985_586, 0.766_885_508_355),
    ("331", 0.988_710_054_885, 0.935_717_140_960),
    ("621", 1.017_894_306_887, 1.079_671_240_705),
    ("622", 1.013_723_079_946, 1.085_671_235_755),
    ("623", 1.010_876_978_986, 1.086_365_376_448),
];
const NUMPY_WAGE: f64 = 1.008_925_419_183;
/// Twelve digits are written down, and both programs stop at an imbalance near 1e-12.
const DIGITS: f64 = 1e-10;

#[test]
fn prices_and_outputs_are_those_of_an_independent_program() -> Outcome {
    let table = us_2022()?;
    let observed = Calibration::new("V001").calibrate(&table)?;
    let mut factors = vec![(table.sector("3361MV")?, 0.8)];
    for code in ["621", "622", "623"] {
        factors.push((table.sector(code)?, 1.1));
    }
    let economy = observed.with_final_demand(&factors)?;
    let config = Config::default().with_start_price(1.0).with_tolerance(1e-12);
    let outcome = plan(&economy, &mut RevealedNewton::default(), &config, &mut ())?;
    let proposals = economy.respond(&outcome.prices)?;
    for (code, price, output) in NUMPY {
        let sector = table.sector(code)?;
        let found = outcome.prices[sector.index()];
        assert!((found - price).abs() < DIGITS, "{code}: price {found}, expected {price}");
        let worker = proposals.worker(sector.index()).ok_or("no council")?;
        let found = worker.output / table.output()[sector.index()];
        assert!((found - output).abs() < DIGITS, "{code}: output {found}, expected {output}");
    }
    let wage = outcome.prices[observed.labour().index()];
    assert!((wage - NUMPY_WAGE).abs() < DIGITS, "wage {wage}");
    Ok(())
}

fn two_sectors(
    flows: nalgebra::DMatrix<f64>,
    value_added: nalgebra::DMatrix<f64>,
) -> Result<IoTable, parecon_io::Error> {
    IoTable::new(
        Axis::from_codes(["farming", "manufacturing"])?,
        flows,
        Axis::from_codes(["households"])?,
        dmatrix![350.0; 1700.0],
        Axis::from_codes(["wages", "surplus"])?,
        value_added,
    )
}

#[test]
fn what_cannot_be_calibrated_is_named() -> Outcome {
    let flows = dmatrix![150.0, 500.0; 200.0, 100.0];
    let fails = |table: &IoTable, labour: &str| match Calibration::new(labour).calibrate(table) {
        Ok(_) => "calibrated".to_owned(),
        Err(error) => error.to_string(),
    };
    let table = two_sectors(flows.clone(), dmatrix![450.0, 1000.0; 200.0, 400.0])?;
    assert!(fails(&table, "wage").contains("\"wage\""), "{}", fails(&table, "wage"));
    let all_to_labour = two_sectors(flows.clone(), dmatrix![650.0, 1000.0; 0.0, 400.0])?;
    assert!(fails(&all_to_labour, "wages").contains("sector \"farming\""));
    let negative = two_sectors(flows, dmatrix![450.0, -1.0; 200.0, 1401.0])?;
    assert!(fails(&negative, "wages").contains("sector \"manufacturing\": labour compensation is -1"));

    let observed = Calibration::new("wages").calibrate(&table)?;
    let farming = table.sector("farming")?;
    for factors in [vec![(farming, 0.0)], vec![(farming, f64::NAN)], vec![(farming, 1.1), (farming, 1.2)]] {
        let error = observed.with_final_demand(&factors).map(|_| ()).expect_err("must be refused");
        assert!(error.to_string().contains("sector \"farming\""), "{error}");
    }
    assert!(Calibration::new("wages").with_effort(1.0, 3.5).is_err());
    assert!(Calibration::new("wages").with_effort(0.02, 1.0).is_err());
    Ok(())
}

fn nested(elasticities: [f64; 3]) -> Result<Calibration, parecon_planning::Error> {
    let [top, energy, materials] = elasticities;
    // Utilities, oil and gas extraction, petroleum and coal products.
    let energy_sectors = ["22", "211", "324"].map(str::to_owned).to_vec();
    Calibration::new("V001").with_substitution(Substitution { top, energy, materials, energy_sectors })
}

#[test]
fn nested_councils_replicate_the_table_whatever_the_elasticities() -> Outcome {
    let table = us_2022()?;
    for elasticities in [[0.5, 2.0, 0.2], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [3.0, 0.7, 1.5]] {
        let observed = nested(elasticities)?.calibrate(&table)?;
        let unit = vec![1.0; table.len() + 1];
        let (_, imbalance) = observed.economy().aggregate(&unit)?.largest_imbalance().ok_or("no goods")?;
        assert!(imbalance < REPLICATION, "{elasticities:?}: largest imbalance {imbalance}");
        let proposals = observed.economy().respond(&unit)?;
        for sector in table.sectors().iter() {
            let j = sector.index();
            let proposal = proposals.worker(j).ok_or("no council")?;
            assert!((proposal.output / table.output()[j] - 1.0).abs() < REPLICATION);
            for (good, amount) in proposal.input_goods.iter().zip(proposal.inputs) {
                let recorded = if *good == observed.labour() {
                    table.value_added()[(0, j)]
                } else {
                    table.flows()[(good.index(), j)]
                };
                assert!((amount / recorded - 1.0).abs() < REPLICATION, "{elasticities:?}");
            }
        }
    }
    Ok(())
}

#[test]
fn nested_councils_plan_a_shock_and_those_with_all_elasticities_one_as_before() -> Outcome {
    let table = us_2022()?;
    let shock = [(table.sector("622")?, 1.1), (table.sector("3361MV")?, 0.8)];
    let config = Config::default().with_start_price(1.0).with_tolerance(1e-10);
    let plain = Calibration::new("V001").calibrate(&table)?.with_final_demand(&shock)?;
    let expected = plan(&plain, &mut Newton::new(), &config, &mut ())?.prices;
    for elasticities in [[1.0, 1.0, 1.0], [0.5, 2.0, 0.2]] {
        let economy = nested(elasticities)?.calibrate(&table)?.with_final_demand(&shock)?;
        let outcome = plan(&economy, &mut Newton::new(), &config, &mut ())?;
        assert_eq!(outcome.status, Status::Converged);
        assert!(outcome.certificate.is_some_and(|c| c.gap_relative < 1e-12), "{:?}", outcome.certificate);
        if elasticities == [1.0; 3] {
            for (a, b) in outcome.prices.iter().zip(&expected) {
                assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
            }
        }
    }
    let unknown =
        Substitution { top: 1.0, energy: 1.0, materials: 1.0, energy_sectors: vec!["steam".into()] };
    let error = Calibration::new("V001").with_substitution(unknown)?.calibrate(&table).map(|_| ());
    assert!(error.expect_err("must be refused").to_string().contains("\"steam\""));
    Ok(())
}
