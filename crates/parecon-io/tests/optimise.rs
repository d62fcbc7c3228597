//! Planning by optimisation against an independent simplex, closed forms and the conditions of optimality.
#![cfg(feature = "optimise")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::error::Error;

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use parecon_core::Status;
use parecon_io::optimise::{Answer, Limit, Objective, Plan, Planner, Shortage};
use parecon_io::{Axis, Model, Solver, Technology, datasets, nalgebra};
use proptest::prelude::*;

/// Two solvers, each good to about 1e-7 of the optimum.
const AGREEMENT: f64 = 1e-6;

/// Everything that limits a plan, in comparable units.
#[derive(Clone, Debug)]
struct Economy {
    /// Net output, product × process.
    net: DMatrix<f64>,
    capacity: Vec<f64>,
    resources: Vec<(Vec<f64>, f64)>,
    stocks: Vec<f64>,
    minimum: Vec<f64>,
    weights: Vec<f64>,
}

impl Economy {
    fn vector(values: &[f64]) -> DVector<f64> {
        DVector::from_column_slice(values)
    }

    /// The planner of the economy with every product, process and resource measured in other units.
    fn planner(&self, goods: &[f64], resources: &[f64]) -> Planner {
        let n = self.net.nrows();
        let sectors = Axis::from_codes((0..n).map(|i| format!("s{i}"))).unwrap();
        let coefficients =
            (DMatrix::identity(n, n) - &self.net).map_with_location(|i, j, a| a * goods[i] / goods[j]);
        let technology = Technology::from_coefficients(sectors, coefficients).unwrap();
        self.limit(Planner::new(&technology), goods, goods, resources)
    }

    fn limit(&self, planner: Planner, goods: &[f64], levels: &[f64], resources: &[f64]) -> Planner {
        let in_units = |values: &[f64], units: &[f64]| {
            DVector::from_iterator(values.len(), values.iter().zip(units).map(|(v, u)| v * u))
        };
        let mut planner = planner
            .with_capacity(&in_units(&self.capacity, levels))
            .unwrap()
            .with_stocks(&in_units(&self.stocks, goods))
            .unwrap()
            .with_minimum(&in_units(&self.minimum, goods))
            .unwrap();
        for (k, (per_unit, available)) in self.resources.iter().enumerate() {
            let per_unit = DVector::from_fn(levels.len(), |j, _| per_unit[j] * resources[k] / levels[j]);
            planner = planner.with_resource(&format!("r{k}"), &per_unit, available * resources[k]).unwrap();
        }
        planner
    }

    /// Constraints of the simplex; the levels and one balance entry per product are handed out.
    fn simplex(&self, gains: impl FnOnce(&mut Problem) -> Vec<Vec<(Variable, f64)>>) -> Option<f64> {
        let mut problem = Problem::new(OptimizationDirection::Maximize);
        let levels: Vec<Variable> = self.capacity.iter().map(|c| problem.add_var(0.0, (0.0, *c))).collect();
        let deliveries = gains(&mut problem);
        for (i, delivery) in deliveries.into_iter().enumerate() {
            let mut row: Vec<(Variable, f64)> =
                levels.iter().enumerate().map(|(j, x)| (*x, self.net[(i, j)])).collect();
            row.extend(delivery.into_iter().map(|(v, amount)| (v, -amount)));
            problem.add_constraint(&row, ComparisonOp::Ge, self.minimum[i] - self.stocks[i]);
        }
        for (per_unit, available) in &self.resources {
            let row: Vec<_> = levels.iter().zip(per_unit).map(|(x, r)| (*x, *r)).collect();
            problem.add_constraint(&row, ComparisonOp::Le, *available);
        }
        problem.solve().ok().and_then(|outcome| outcome.into_solution().ok()).map(|found| found.objective())
    }

    /// λ, or nothing if the required deliveries cannot be made.
    fn times(&self, target: &[f64]) -> Option<f64> {
        self.simplex(|problem| {
            let times = problem.add_var(1.0, (0.0, f64::INFINITY));
            target.iter().map(|d| vec![(times, *d)]).collect()
        })
    }

    fn sum(&self) -> Option<f64> {
        let base: f64 = self.weights.iter().zip(&self.minimum).map(|(w, y)| w * y).sum();
        let more =
            self.simplex(|problem| {
                self.weights
                    .iter()
                    .map(|w| {
                        if *w > 0.0 { vec![(problem.add_var(*w, (0.0, f64::INFINITY)), 1.0)] } else { vec![] }
                    })
                    .collect()
            });
        more.map(|more| more + base)
    }

    /// Harmony bounded from above by tangents, so many for every product.
    fn harmony(&self, target: &[f64], tangents: usize) -> Option<f64> {
        let mut offset = 0.0;
        let result = self.simplex(|problem| {
            let mut rows = Vec::new();
            for (i, (t, w)) in target.iter().zip(&self.weights).enumerate() {
                let y = problem.add_var(0.0, (0.0, f64::INFINITY));
                rows.push(vec![(y, 1.0)]);
                if *w == 0.0 || *t == 0.0 {
                    continue;
                }
                // Worth −1.5 at nothing: counted from there, and from the required delivery.
                let value = problem.add_var(*w, (0.0, f64::INFINITY));
                offset -= 1.5 * w;
                for k in 0..tangents {
                    // From 0 to ten million times the target.
                    let q = 10f64.powf(8.0 * (k as f64 / (tangents - 1) as f64) - 1.0) - 0.1;
                    let (h, slope) = if q < 1.0 {
                        let u = q - 1.0;
                        (u - u * u / 2.0, 1.0 - u)
                    } else {
                        (q.ln(), 1.0 / q)
                    };
                    // value − 1.5 ≤ h + slope ((y + y₀)/t − q)
                    let rhs = 1.5 + h + slope * (self.minimum[i] / t - q);
                    problem.add_constraint([(value, 1.0), (y, -slope / t)], ComparisonOp::Le, rhs);
                }
            }
            rows
        });
        result.map(|value| value + offset)
    }
}

trait WithLocation {
    fn map_with_location(self, f: impl Fn(usize, usize, f64) -> f64) -> Self;
}
impl WithLocation for DMatrix<f64> {
    fn map_with_location(self, f: impl Fn(usize, usize, f64) -> f64) -> Self {
        DMatrix::from_fn(self.nrows(), self.ncols(), |i, j| f(i, j, self[(i, j)]))
    }
}

const LARGEST: usize = 7;

/// A productive economy of 2 to 7 sectors with capacities here and there and one to three resources.
fn economy(with_stocks: bool) -> impl Strategy<Value = Economy> {
    let cells = prop::collection::vec(prop_oneof![1 => Just(0.0), 2 => 0.0f64..1.0], LARGEST * LARGEST);
    let limits = prop::collection::vec((prop::bool::ANY, 0.5f64..20.0), LARGEST);
    let uses = prop::collection::vec(prop::collection::vec(0.05f64..2.0, LARGEST), 1..4);
    let available = prop::collection::vec(5.0f64..50.0, 3);
    let stocks = prop::collection::vec(prop_oneof![Just(0.0), 0.0f64..5.0], LARGEST);
    let weights = prop::collection::vec(prop_oneof![1 => Just(0.0), 3 => 0.1f64..3.0], LARGEST);
    (2..=LARGEST, cells, limits, uses, available, stocks, weights).prop_map(
        move |(n, cells, limits, uses, available, stocks, mut weights)| {
            // Column sums below 0.8: productive.
            let net =
                DMatrix::from_fn(n, n, |i, j| f64::from(i == j) - cells[i * LARGEST + j] * 0.8 / n as f64);
            weights[0] = weights[0].max(0.1);
            Economy {
                net,
                capacity: limits[..n].iter().map(|(is, c)| if *is { *c } else { f64::INFINITY }).collect(),
                resources: uses
                    .iter()
                    .zip(available)
                    .map(|(use_, available)| (use_[..n].to_vec(), available))
                    .collect(),
                stocks: stocks[..n].iter().map(|s| if with_stocks { *s } else { 0.0 }).collect(),
                minimum: vec![0.0; n],
                weights: weights[..n].to_vec(),
            }
        },
    )
}

/// Units from thousandths to billions.
fn units() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-3.0f64..9.0).prop_map(|e| 10f64.powf(e)), LARGEST)
}

fn taken(answer: Answer) -> Plan {
    match answer {
        Answer::Plan(plan) => plan,
        other => panic!("{other:?}"),
    }
}

fn short(answer: Answer) -> Shortage {
    match answer {
        Answer::Shortage(shortage) => shortage,
        other => panic!("{other:?}"),
    }
}

fn close(a: f64, b: f64, scale: f64) -> bool {
    (a - b).abs() <= AGREEMENT * a.abs().max(b.abs()).max(scale)
}

/// The plan keeps its constraints, its bound holds it and it is best; prices are paid only where a limit binds.
fn verify(
    plan: &Plan,
    economy: &Economy,
    goods: &[f64],
    resources: &[f64],
    scale: f64,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(plan.status, Status::Converged, "{:?}", plan);
    // Without stocks outputs follow from deliveries; else the solver's may be better, within the tolerance.
    let exact = economy.stocks.iter().all(|stock| *stock == 0.0);
    prop_assert!(plan.residual <= if exact { 1e-10 } else { 1e-7 }, "{}", plan.residual);
    prop_assert!(plan.bound.is_finite());
    prop_assert!(plan.bound - plan.objective >= -1e-10 * plan.bound.abs().max(scale));
    prop_assert!(plan.gap() <= 1e-7 * plan.bound.abs().max(plan.objective.abs()).max(scale));
    let n = goods.len();
    let size = plan.bound.abs().max(scale);
    for i in 0..n {
        let x = plan.output[i] / goods[i];
        prop_assert!(x >= 0.0 && x <= economy.capacity[i] * (1.0 + 1e-9), "{x} {}", economy.capacity[i]);
        let left = (economy.capacity[i] - x).min(1e12);
        prop_assert!(plan.capacity_prices[i] * goods[i] * left <= AGREEMENT * size);
        prop_assert!(plan.product_prices[i] >= 0.0);
        let unused = plan.unused[i] / goods[i];
        prop_assert!(plan.product_prices[i] * goods[i] * unused <= AGREEMENT * size);
    }
    for (k, (per_unit, available)) in economy.resources.iter().enumerate() {
        let used: f64 = (0..n).map(|j| per_unit[j] * plan.output[j] / goods[j]).sum();
        prop_assert!(used <= available * (1.0 + 1e-9));
        prop_assert!((plan.resources_used[k] / resources[k] - used).abs() <= 1e-9 * used.max(1e-9));
        prop_assert!(plan.resource_prices[k] * resources[k] * (available - used) <= AGREEMENT * size);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_sum_is_what_the_simplex_finds(
        economy in economy(false), goods in units(), resources in units(), part in 0.0f64..0.9,
    ) {
        let n = economy.net.nrows();
        let mut economy = economy;
        // Required deliveries that can be made.
        let times = economy.times(&vec![1.0; n]).unwrap();
        economy.minimum = (0..n).map(|i| if i % 2 == 0 { part * times } else { 0.0 }).collect();
        let goods = &goods[..n];
        let in_units = DVector::from_fn(n, |i, _| economy.weights[i] / goods[i]);
        let planner = economy.planner(goods, &resources);
        let plan = taken(planner.solve(&Objective::Weighted(in_units)).unwrap());
        let expected = economy.sum().unwrap();
        prop_assert!(close(plan.objective, expected, 0.0), "{} {expected}", plan.objective);
        verify(&plan, &economy, goods, &resources, 0.0)?;
    }

    #[test]
    fn a_target_is_met_as_often_as_the_simplex_says(
        economy in economy(true), goods in units(), resources in units(),
    ) {
        let n = economy.net.nrows();
        let goods = &goods[..n];
        let mut without = economy.clone();
        without.stocks = vec![0.0; n];
        for economy in [without, economy] {
            let target = DVector::from_fn(n, |i, _| economy.weights[i] * goods[i]);
            let planner = economy.planner(goods, &resources);
            let plan = taken(planner.solve(&Objective::Proportional(target.clone())).unwrap());
            let expected = economy.times(&economy.weights).unwrap();
            prop_assert!(close(plan.objective, expected, 0.0), "{} {expected}", plan.objective);
            prop_assert!((plan.product_prices.dot(&target) - 1.0).abs() < 1e-12);
            verify(&plan, &economy, goods, &resources, 0.0)?;
        }
    }

    #[test]
    fn stocks_are_used_as_the_simplex_uses_them(economy in economy(true), goods in units(), resources in units()) {
        let n = economy.net.nrows();
        let goods = &goods[..n];
        let in_units = DVector::from_fn(n, |i, _| economy.weights[i] / goods[i]);
        let plan = taken(economy.planner(goods, &resources).solve(&Objective::Weighted(in_units)).unwrap());
        let expected = economy.sum().unwrap();
        prop_assert!(close(plan.objective, expected, 0.0), "{} {expected}", plan.objective);
        verify(&plan, &economy, goods, &resources, 0.0)?;
    }

    #[test]
    fn what_cannot_be_delivered_is_explained(
        economy in economy(true), goods in units(), resources in units(), too_much in 1.01f64..20.0, stocks: bool,
    ) {
        let n = economy.net.nrows();
        let goods = &goods[..n];
        let mut economy = economy;
        if !stocks {
            economy.stocks = vec![0.0; n];
        }
        let most = economy.times(&economy.weights).unwrap();
        economy.minimum = economy.weights.iter().map(|w| w * most * too_much).collect();
        prop_assert!(economy.sum().is_none());
        let weights = DVector::from_fn(n, |i, _| economy.weights[i] / goods[i]);
        let shortage = short(economy.planner(goods, &resources).solve(&Objective::Weighted(weights)).unwrap());
        prop_assert!(close(shortage.share, 1.0 / too_much, 0.0), "{} {}", shortage.share, 1.0 / too_much);
        prop_assert!(shortage.plan.bound < 1.0);
        prop_assert!(!shortage.bottlenecks.is_empty());
        // Farkas: at the multipliers, what is needed is worth more than all there is. Least outputs need the least.
        let (mut needed, mut there) = (0.0, 0.0);
        for bottleneck in &shortage.bottlenecks {
            needed += bottleneck.multiplier * bottleneck.needed.unwrap();
            there += bottleneck.multiplier * bottleneck.available;
        }
        prop_assert!(needed > there, "{shortage}");
    }

    #[test]
    fn contributions_and_nothing_of_a_resource(
        economy in economy(false), signs in prop::collection::vec(0u8..4, 3 * LARGEST),
        nothing in prop::collection::vec(prop::bool::weighted(0.3), 3), required in prop::bool::ANY,
    ) {
        let n = economy.net.nrows();
        let mut economy = economy;
        // Capacities everywhere, or there might be no end.
        economy.capacity.iter_mut().for_each(|c| *c = if c.is_finite() { *c } else { 15.0 });
        for (k, (per_unit, available)) in economy.resources.iter_mut().enumerate() {
            for (j, use_) in per_unit.iter_mut().enumerate() {
                *use_ *= [0.0, -1.0, 1.0, 1.0][usize::from(signs[k * LARGEST + j])];
            }
            if nothing[k] {
                *available = 0.0;
            }
        }
        if required {
            economy.minimum = (0..n).map(|i| if i % 2 == 0 { 1.0 } else { 0.0 }).collect();
        }
        let planner = economy.planner(&vec![1.0; n], &[1.0; 3]);
        let weighted = Objective::Weighted(Economy::vector(&economy.weights));
        let target = Objective::Proportional(Economy::vector(&economy.weights));
        for (objective, expected) in
            [(weighted, economy.sum()), (target, economy.times(&economy.weights))]
        {
            match (planner.solve(&objective).unwrap(), expected) {
                (Answer::Plan(plan), Some(expected)) => {
                    prop_assert!(close(plan.objective, expected, 1.0), "{} {expected}", plan.objective);
                    prop_assert!(plan.bound >= expected - 1e-7 * expected.max(1.0), "{} {expected}", plan.bound);
                    prop_assert!(plan.residual <= 1e-7, "{}", plan.residual);
                }
                (Answer::Shortage(shortage), None) => prop_assert!(shortage.plan.bound < 1.0),
                (answer, expected) => prop_assert!(false, "{answer:?} {expected:?}"),
            }
        }
    }

    #[test]
    fn harmony_lies_under_its_tangents_and_is_proved(
        economy in economy(true), goods in units(), resources in units(), part in 0.0f64..0.5, stocks: bool,
        wish in 0.2f64..3.0,
    ) {
        let n = economy.net.nrows();
        let goods = &goods[..n];
        let mut economy = economy;
        if !stocks {
            economy.stocks = vec![0.0; n];
        }
        let most = economy.times(&economy.weights).unwrap();
        let target: Vec<f64> = economy.weights.iter().map(|w| w * most * wish).collect();
        economy.minimum = (0..n).map(|i| if i % 3 == 1 { part * most * economy.weights[i] } else { 0.0 }).collect();
        let objective = Objective::Harmony {
            target: DVector::from_fn(n, |i, _| target[i] * goods[i]),
            weight: Economy::vector(&economy.weights),
        };
        let plan = taken(economy.planner(goods, &resources).solve(&objective).unwrap());
        let scale: f64 = economy.weights.iter().sum();
        let above = economy.harmony(&target, 400).unwrap();
        // The tangents are at most 5 % apart, so that they are off by 3e-4 at most for each product.
        prop_assert!(plan.objective <= above + 1e-6 * scale, "{} {above}", plan.objective);
        prop_assert!(plan.objective >= above - 2e-3 * scale, "{} {above}", plan.objective);
        verify(&plan, &economy, goods, &resources, scale)?;
    }
}

#[test]
fn labour_alone_gives_the_closed_form_on_the_american_table() -> Result<(), Box<dyn Error>> {
    let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    let technology = Technology::from_table(&table)?;
    let labour = table.value_added_intensities()?.row(0).transpose();
    let demand = table.total_final_demand().map(|y| y.max(0.0));
    let hours = technology.prices(&labour)?;
    let planner = Planner::new(&technology).with_resource("labour", &labour, 1e7)?;
    let plan = taken(planner.solve(&Objective::Proportional(demand.clone()))?);
    let expected = 1e7 / hours.dot(&demand);
    assert!((plan.objective / expected - 1.0).abs() < 1e-12);
    assert!((plan.bound / expected - 1.0).abs() < 1e-12);
    assert_eq!((plan.status, plan.iterations), (Status::Converged, 0));

    // A sum is best served by what is worth most per hour.
    let weights = DVector::from_fn(71, |i, _| 1.0 + (i % 5) as f64);
    let plan = taken(planner.solve(&Objective::Weighted(weights.clone()))?);
    let best = (0..71).map(|i| weights[i] / hours[i]).fold(0.0, f64::max);
    assert!((plan.objective / (1e7 * best) - 1.0).abs() < 1e-7, "{} {}", plan.objective, 1e7 * best);
    assert!((plan.resource_prices[0] / best - 1.0).abs() < 1e-6);
    Ok(())
}

#[test]
fn the_american_economy_with_all_its_capacities() -> Result<(), Box<dyn Error>> {
    let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    let technology = Technology::from_table(&table)?;
    let demand = table.total_final_demand().map(|y| y.max(0.0));
    let labour = table.value_added_intensities()?.row(0).transpose();
    let capacity = technology.output_for(&demand)? * 1.1;
    let planner = Planner::new(&technology).with_capacity(&capacity)?.with_resource(
        "labour",
        &labour,
        labour.dot(&capacity) * 0.95,
    )?;
    let target = demand.map(|y| y * 1.05);
    let objective = Objective::Harmony { target: target.clone(), weight: target.clone() };
    let plan = taken(planner.solve(&objective)?);
    assert_eq!(plan.status, Status::Converged, "{} {} {}", plan.objective, plan.bound, plan.residual);
    // What is delivered is worth its price: the derivative of harmony at y/t.
    for i in (0..71).filter(|&i| target[i] > 0.0) {
        let ratio = plan.final_demand[i] / target[i];
        let worth = if ratio >= 1.0 { 1.0 / ratio } else { 2.0 - ratio };
        assert!((worth - plan.product_prices[i]).abs() < 1e-4, "{ratio} {worth} {}", plan.product_prices[i]);
    }
    // Twice the base year cannot be required, and it is the capacities that say so.
    let shortage = short(planner.clone().with_minimum(&(&demand * 2.0))?.solve(&objective)?);
    assert!((shortage.share - 0.5225).abs() < 1e-9, "{shortage}");
    assert_eq!(shortage.bottlenecks[0].limit, Limit::Resource(0, "labour".into()));
    // Exactly what the base year took is possible with exactly its outputs.
    let exact = Planner::new(&technology).with_capacity(&(capacity / 1.1))?.with_minimum(&demand)?;
    let plan = taken(exact.solve(&Objective::Weighted(DVector::from_element(71, 1.0)))?);
    assert_eq!(plan.status, Status::Converged, "{plan:?}");
    Ok(())
}

#[test]
fn a_choice_of_techniques_over_two_periods() -> Result<(), Box<dyn Error>> {
    // Steel and bread in two periods; steel in an old and in a new works (the new one built from steel in period 1 and
    // ready in period 2); bread and steel can be stored. The simplex agrees.
    let products = Axis::from_codes(["steel 1", "bread 1", "steel 2", "bread 2", "works"])?;
    let processes = Axis::from_codes([
        "old 1",
        "bakery 1",
        "keep steel",
        "keep bread",
        "build",
        "old 2",
        "new 2",
        "bakery 2",
    ])?;
    let outputs = dmatrix![
        1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0;
        0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0;
        0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0;
        0.0, 0.0, 0.0, 0.9, 0.0, 0.0, 0.0, 1.0;
        0.0, 0.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0
    ];
    let inputs = dmatrix![
        0.1, 0.2, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0;
        0.3, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0;
        0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.1, 0.2;
        0.0, 0.0, 0.0, 0.0, 0.0, 0.3, 0.2, 0.0;
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0
    ];
    let economy = Economy {
        net: &outputs - &inputs,
        capacity: vec![100.0, f64::INFINITY, 50.0, 50.0, 30.0, 100.0, f64::INFINITY, f64::INFINITY],
        resources: vec![
            (vec![2.0, 1.0, 0.01, 0.01, 1.0, 0.0, 0.0, 0.0], 150.0),
            (vec![0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.5, 1.0], 120.0),
        ],
        stocks: vec![0.0; 5],
        minimum: vec![0.0; 5],
        weights: vec![1.0, 2.0, 1.0, 2.0, 0.0],
    };
    let planner = Planner::from_processes(&products, &processes, &outputs, &inputs)?;
    let planner = economy.limit(planner, &[1.0; 5], &[1.0; 8], &[1.0; 2]);
    let plan = taken(planner.solve(&Objective::Weighted(Economy::vector(&economy.weights)))?);
    let expected = economy.sum().unwrap();
    assert!(close(plan.objective, expected, 0.0), "{} {expected}", plan.objective);
    assert_eq!(plan.status, Status::Converged);
    let target = [1.0, 10.0, 1.0, 10.0, 0.0];
    let plan = taken(planner.solve(&Objective::Proportional(Economy::vector(&target)))?);
    let expected = economy.times(&target).unwrap();
    assert!(close(plan.objective, expected, 0.0), "{} {expected}", plan.objective);
    assert!(plan.output[6] > 1.0, "the new works is worth building: {}", plan.output);

    // Nobody makes works in stock: if building is forbidden and one is required, its stock is to blame.
    let forbidden = planner
        .with_capacity(&dvector![100.0, 100.0, 50.0, 50.0, 0.0, 100.0, 100.0, 100.0])?
        .with_minimum(&dvector![0.0, 0.0, 0.0, 0.0, 3.0])?;
    let shortage = short(forbidden.solve(&Objective::Proportional(Economy::vector(&target)))?);
    assert_eq!(shortage.share, 0.0);
    assert_eq!(shortage.bottlenecks[0].limit, Limit::Capacity(4, r#"industry "build""#.into()));
    Ok(())
}

/// Two sectors that need nothing, of ten units each; the second gives a permit with each unit, the first needs one.
fn with_permits(available: f64, capacity: f64) -> Planner {
    let technology =
        Technology::from_coefficients(Axis::from_codes(["a", "b"]).unwrap(), DMatrix::zeros(2, 2)).unwrap();
    let planner = Planner::new(&technology).with_capacity(&dvector![10.0, capacity]).unwrap();
    planner.with_resource("permits", &dvector![1.0, -1.0], available).unwrap()
}

#[test]
fn what_some_sector_contributes_others_can_use() -> Result<(), Box<dyn Error>> {
    let both = Objective::Weighted(dvector![1.0, 1.0]);
    let first = Objective::Weighted(dvector![1.0, 0.0]);
    // Required are 10 of a, which take 5 of b besides, that nobody asks for.
    let required = with_permits(5.0, 10.0).with_minimum(&dvector![10.0, 0.0])?;
    let target = Objective::Proportional(dvector![1.0, 0.0]);
    for (planner, objective, expected) in [
        (&required, &both, 20.0),
        (&required, &first, 10.0),
        (&required, &target, 0.0),
        (&with_permits(5.0, 10.0), &first, 10.0),
        (&with_permits(5.0, 10.0), &target, 10.0),
        (&with_permits(0.0, 10.0), &both, 20.0),
        (&with_permits(0.0, 10.0), &first, 10.0),
        (&with_permits(1e-9, 10.0), &both, 20.0),
        (&with_permits(1e-9, 3.0), &both, 6.0),
    ] {
        let plan = taken(planner.solve(objective)?);
        assert!((plan.objective - expected).abs() < 1e-5, "{objective:?}: {expected} {plan:?}");
        // Of nothing every gap is a whole one.
        let proved = if expected > 0.0 { plan.status.is_converged() } else { plan.gap() < 1e-9 };
        assert!(proved, "{objective:?}: {plan:?}");
    }
    // Two of b give too little.
    let shortage = short(with_permits(5.0, 2.0).with_minimum(&dvector![10.0, 0.0])?.solve(&both)?);
    assert!((shortage.share - 0.7).abs() < 1e-6, "{shortage}");
    assert!(shortage.plan.bound < 1.0);
    // Without an end, and said of whom: b without a capacity is limited by nothing.
    let endless = with_permits(5.0, f64::INFINITY).solve(&both).unwrap_err().to_string();
    assert!(endless.starts_with(r#"sector "b": nothing limits its delivery"#), "{endless}");
    Ok(())
}

/// What does not need a sector that is used up may be delivered, whatever rounding says of its needs.
#[test]
fn a_capacity_that_is_used_up_does_not_stop_who_does_without_it() -> Result<(), Box<dyn Error>> {
    let n = 8;
    for seed in 0..40u32 {
        let cell = |i: usize, j: usize| f64::from((seed * 131 + 37 * i as u32 + 101 * j as u32) % 97) / 97.0;
        // Even sectors buy from all, odd ones from each other only.
        let coefficients = DMatrix::from_fn(n, n, |i, j| match (i % 2, j % 2) {
            (0, 1) => 0.0,
            _ => 0.8 * cell(i, j) / n as f64,
        });
        let sectors = Axis::from_codes((0..n).map(|i| format!("s{i}")))?;
        // Iteration, as in large economies: every component is exact up to its own rounding, but no more.
        let technology = Technology::from_coefficients(sectors, coefficients)?.with_solver(Solver::Iterative);
        let required = DVector::from_fn(n, |i, _| if i % 2 == 0 { 1.0 + cell(i, i) } else { 0.0 });
        let needed = technology.output_for(&required)?;
        let capacity = DVector::from_fn(n, |j, _| if j % 2 == 0 { needed[j] } else { 2.0 * needed[j] });
        let planner = Planner::new(&technology).with_capacity(&capacity)?.with_minimum(&required)?;
        let weights = DVector::from_fn(n, |i, _| if i % 2 == 0 { 0.0 } else { 1.0 });
        let plan = taken(planner.solve(&Objective::Weighted(weights))?);
        assert_eq!(plan.status, Status::Converged, "{seed}: {plan:?}");
        assert!(plan.objective > 0.1, "{seed}: {plan:?}");
    }
    Ok(())
}

/// Only what is left over can be made more of, and that is worth nothing.
#[test]
fn spare_products_alone_are_a_plan_of_what_is_required() -> Result<(), Box<dyn Error>> {
    let technology = Technology::from_coefficients(Axis::from_codes(["a", "b"])?, DMatrix::zeros(2, 2))?;
    let planner = Planner::new(&technology)
        .with_capacity(&dvector![1.0, 1.0])?
        .with_stocks(&dvector![0.0, 5.0])?
        .with_minimum(&dvector![1.0, 0.0])?;
    let plan = taken(planner.solve(&Objective::Weighted(dvector![1.0, 0.0]))?);
    assert_eq!((plan.status, plan.objective), (Status::Converged, 1.0), "{plan:?}");
    assert!(plan.iterations < 50, "{plan:?}");
    Ok(())
}

#[test]
fn what_makes_no_sense_is_refused() -> Result<(), Box<dyn Error>> {
    let technology =
        Technology::from_coefficients(Axis::from_codes(["a", "b"])?, dmatrix![0.1, 0.2; 0.3, 0.1])?;
    let planner = Planner::new(&technology);
    let message = |result: Result<Planner, parecon_io::Error>| result.unwrap_err().to_string();
    assert_eq!(
        message(planner.clone().with_capacity(&dvector![1.0, -1.0])),
        r#"capacity, sector "b": is -1, must not be negative"#
    );
    assert_eq!(
        message(planner.clone().with_capacity(&dvector![1.0])),
        "capacity: has 1 entries, must have 2"
    );
    assert!(message(planner.clone().with_capacity(&dvector![1.0, f64::NAN])).contains("NaN"));
    assert!(message(planner.clone().with_stocks(&dvector![1.0, f64::INFINITY])).contains("must be finite"));
    assert!(message(planner.clone().with_resource("", &dvector![1.0, 1.0], 1.0)).contains("no name"));
    assert!(message(planner.clone().with_resource("l", &dvector![1.0, 1.0], -1.0)).contains("not negative"));
    let limited = planner.clone().with_resource("l", &dvector![1.0, 1.0], 1.0)?;
    assert!(message(limited.clone().with_resource("l", &dvector![1.0, 1.0], 1.0)).contains("given twice"));
    let refused =
        |planner: &Planner, objective: &Objective| planner.solve(objective).unwrap_err().to_string();
    assert_eq!(
        refused(&planner, &Objective::Weighted(dvector![1.0, 0.0])),
        r#"sector "a": nothing limits its delivery, neither it nor what it is made of has a capacity or uses a resource"#
    );
    assert!(refused(&limited, &Objective::Proportional(dvector![0.0, 0.0])).contains("nothing is wanted"));
    assert!(refused(&limited, &Objective::harmony(dvector![1.0])).contains("must have 2"));
    assert!(refused(&limited, &Objective::Weighted(dvector![-1.0, 1.0])).contains("must not be negative"));

    let (products, processes) = (Axis::from_codes(["p"])?, Axis::from_codes(["q"])?);
    let make = |outputs, inputs| Planner::from_processes(&products, &processes, &outputs, &inputs);
    assert!(message(make(dmatrix![-1.0], dmatrix![0.0])).contains("must not be negative"));
    let free = make(dmatrix![1.0], dmatrix![0.0])?;
    assert!(refused(&free, &Objective::Weighted(dvector![1.0])).contains("must be limited"));
    Ok(())
}

#[test]
fn nothing_to_work_with_is_a_plan_of_nothing() -> Result<(), Box<dyn Error>> {
    let technology =
        Technology::from_coefficients(Axis::from_codes(["a", "b"])?, dmatrix![0.1, 0.2; 0.3, 0.1])?;
    let planner = Planner::new(&technology).with_resource("l", &dvector![1.0, 1.0], 0.0)?;
    for objective in [
        Objective::Weighted(dvector![1.0, 1.0]),
        Objective::Proportional(dvector![1.0, 1.0]),
        Objective::harmony(dvector![1.0, 1.0]),
    ] {
        let plan = taken(planner.solve(&objective)?);
        assert_eq!(plan.status, Status::Converged, "{plan:?}");
        assert_eq!(plan.final_demand.amax(), 0.0);
    }
    Ok(())
}

#[test]
fn a_technology_that_uses_up_more_than_it_makes_delivers_its_stocks() -> Result<(), Box<dyn Error>> {
    let technology =
        Technology::from_coefficients(Axis::from_codes(["a", "b"])?, dmatrix![0.5, 0.9; 0.9, 0.5])?;
    let planner =
        Planner::new(&technology).with_capacity(&dvector![10.0, 10.0])?.with_stocks(&dvector![3.0, 4.0])?;
    let plan = taken(planner.solve(&Objective::Weighted(dvector![1.0, 1.0]))?);
    assert!((plan.objective - 7.0).abs() < 1e-5, "{plan:?}");
    assert_eq!(plan.status, Status::Converged, "{plan:?}");
    Ok(())
}

/// Where nothing can be varied freely an interior-point method has no inside to start from.
#[test]
fn stocks_beside_sectors_that_cannot_produce() -> Result<(), Box<dyn Error>> {
    let economy = Economy {
        net: dmatrix![0.9, -0.2, -0.1; -0.3, 0.8, -0.2; -0.1, 0.0, 0.7],
        capacity: vec![0.0, 10.0, f64::INFINITY],
        resources: vec![(vec![1.0, 1.0, 1.0], 12.0), (vec![0.0, 1.0, 0.0], 0.0)],
        stocks: vec![4.0, 0.0, 6.0],
        minimum: vec![1.0, 0.0, 2.0],
        weights: vec![1.0, 3.0, 2.0],
    };
    let planner = economy.planner(&[1.0; 3], &[1.0; 2]);
    let plan = taken(planner.solve(&Objective::Weighted(Economy::vector(&economy.weights)))?);
    let expected = economy.sum().unwrap();
    assert!(close(plan.objective, expected, 0.0), "{} {expected}", plan.objective);
    assert_eq!(plan.status, Status::Converged, "{plan:?}");
    let target = vec![1.0, 0.0, 1.0];
    let plan = taken(planner.solve(&Objective::Proportional(Economy::vector(&target)))?);
    let expected = economy.times(&target).unwrap();
    assert!(close(plan.objective, expected, 0.0), "{} {expected}", plan.objective);
    Ok(())
}

#[test]
fn a_solver_that_is_stopped_shows_what_it_has() -> Result<(), Box<dyn Error>> {
    let table = datasets::us_2022()?.to_symmetric(Model::FixedProductSales)?;
    let technology = Technology::from_table(&table)?;
    let capacity = table.output().map(|x| x.max(0.0) * 1.1);
    let planner = Planner::new(&technology).with_capacity(&capacity)?;
    let objective = Objective::Weighted(DVector::from_fn(71, |i, _| 1.0 + (i % 7) as f64));
    let best = taken(planner.solve(&objective)?);
    for iterations in [1, 3, 5] {
        let plan = taken(planner.clone().with_max_iterations(iterations).solve(&objective)?);
        assert_eq!((plan.status, plan.iterations), (Status::RoundLimit, iterations));
        // It can be carried out, and the bound holds all the same.
        assert!(
            plan.residual < 1e-10 && plan.objective <= best.bound,
            "{} {}",
            plan.residual,
            plan.objective
        );
        assert!(plan.bound >= best.objective, "{} {}", plan.bound, best.objective);
    }
    Ok(())
}
