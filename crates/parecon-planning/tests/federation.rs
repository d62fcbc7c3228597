//! Groups of councils: the same sums whatever the groups, and the unusual named.

mod common;

use common::{EXPERIMENTS, experiment};
use parecon_planning::{
    Aggregates, Config, CouncilId, FacilitationBoard, Federation, GoodId, GroupReport, Measure, Missing,
    Plan, Proposal, Proposals, Recorded, experiment::small_example,
};
use parecon_testbed::planning::{Shape, replica};
use proptest::prelude::*;

fn bits(all: &Aggregates) -> Vec<u64> {
    all.supply.iter().chain(&all.demand).map(|x| x.to_bits()).collect()
}

fn councils(proposals: &Proposals) -> Vec<CouncilId> {
    let workers = (0..proposals.worker_councils() as u32).map(CouncilId::Worker);
    workers.chain((0..proposals.consumer_councils() as u32).map(CouncilId::Consumer)).collect()
}

/// Every group of a report, from the outermost in.
fn groups(report: &GroupReport) -> Vec<&GroupReport> {
    std::iter::once(report).chain(report.groups.iter().flat_map(groups)).collect()
}

/// All councils of a group, at any depth.
fn members(report: &GroupReport) -> Vec<CouncilId> {
    groups(report).iter().flat_map(|group| group.members.iter().map(|m| m.council)).collect()
}

/// The sum in integers, rounded once.
fn exactly(terms: impl Iterator<Item = f64>) -> f64 {
    // In units of 2^-90, which all terms here are multiples of (checked), sums are integers.
    const UNIT: i32 = 90;
    let sum: i128 = terms
        .map(|term| {
            let scaled = term * f64::from(UNIT).exp2();
            assert!(scaled == scaled.trunc() && scaled.abs() < 1e37, "{term:e} does not fit");
            scaled as i128
        })
        .sum();
    sum as f64 / f64::from(UNIT).exp2()
}

proptest! {
    #[test]
    fn groups_and_their_order_do_not_show(
        seed in any::<u64>(),
        paths in prop::collection::vec(prop::collection::vec(0u8..3, 0..4), 80),
        keys in prop::collection::vec(any::<u32>(), 80),
    ) {
        let shape = Shape { goods: 12, stiff: 0.2, spread: 1.0 };
        let economy = replica(seed, shape).unwrap().economy;
        let prices: Vec<f64> = (0..12).map(|g| 1.0 + 0.1 * f64::from(g)).collect();
        let proposals = economy.respond(&prices).unwrap();
        let all = councils(&proposals);
        let mut grouped: Vec<(usize, CouncilId)> = all.iter().copied().enumerate().collect();
        grouped.sort_by_key(|(at, _)| keys[at % keys.len()]);
        let named = grouped.iter().map(|(at, council)| {
            (*council, paths[at % paths.len()].iter().map(|name| name.to_string()).collect())
        });
        let federation = Federation::new(named).unwrap();
        prop_assert_eq!(bits(&federation.aggregate(&proposals).unwrap()), bits(&proposals.aggregate()));

        let report = federation.review(&prices, &proposals, &economy.effort_costs(&prices).unwrap()).unwrap();
        let mut seen = members(&report);
        seen.sort();
        prop_assert_eq!(seen, all);
    }
}

#[test]
fn totals_are_the_sums_of_the_parts() {
    let economy = experiment(EXPERIMENTS[0]).economy;
    let prices = vec![700.0; economy.goods().len()];
    let proposals = economy.respond(&prices).unwrap();
    let federation = Federation::new(councils(&proposals).into_iter().map(|council| {
        let (CouncilId::Worker(i) | CouncilId::Consumer(i)) = council;
        (council, vec![format!("region {}", i % 7), format!("town {}", i % 3)])
    }))
    .unwrap();
    let report = federation.review(&prices, &proposals, &[]).unwrap();
    assert_eq!(report.groups.len(), 7);
    for group in groups(&report) {
        let members = members(group);
        for totals in &group.totals {
            let made = members.iter().filter_map(|council| match council {
                CouncilId::Worker(w) => proposals.worker(*w as usize).filter(|p| p.good == totals.good),
                CouncilId::Consumer(_) => None,
            });
            assert_eq!(totals.made, exactly(made.map(|p| p.output)));
            let requested = members.iter().filter_map(|council| match council {
                CouncilId::Consumer(c) => proposals.consumer(*c as usize),
                CouncilId::Worker(_) => None,
            });
            let of_good = requested.flat_map(|p| {
                p.goods.iter().zip(p.quantities).filter(|(good, _)| **good == totals.good).map(|(_, x)| *x)
            });
            assert_eq!(totals.requested, exactly(of_good));
        }
    }
}

#[test]
fn the_unusual_are_named() {
    // Nine bakeries alike but for a few percent, one of which wastes labour.
    let economy = small_example().unwrap();
    let bakery = economy.worker_council(0).unwrap();
    let mut register = economy.register();
    register.worker_councils = (0..9)
        .map(|i| {
            let mut seat = economy.register().worker_councils[0].clone();
            seat.name = format!("bakery {i}");
            seat.group = vec!["food".into(), if i % 2 == 0 { "north" } else { "south" }.into()];
            seat
        })
        .collect();
    let federation = Federation::of(&register);
    let config = Config::new().with_start_price(10.0);
    let mut board =
        FacilitationBoard::new(register, Recorded::new(), config).unwrap().with_missing(Missing::Abstain);
    for i in 0..9u32 {
        let mut plan = bakery.propose(economy.goods(), board.announcement()).unwrap();
        if let Plan::Worker { output, inputs, .. } = &mut plan {
            *output *= 1.0 + 0.01 * f64::from(i);
            if i == 7 {
                inputs[0].quantity *= 1.6;
            }
        }
        let answer = board.receive(&Proposal { council: CouncilId::Worker(i), round: 1, plan });
        assert!(!answer.verdict.is_refusal(), "{answer:?}");
    }
    board.close().unwrap();
    let prices = &board.announcement().prices;
    let report =
        federation.review(prices, board.proposals().unwrap(), &board.effort_costs().unwrap()).unwrap();
    let food = &report.groups[0];
    for group in [&report, food] {
        let named: Vec<_> = group.flags.iter().map(|flag| (flag.council, flag.measure)).collect();
        let wasteful = CouncilId::Worker(7);
        assert_eq!(named, [(wasteful, Measure::BenefitCost), (wasteful, Measure::Input(GoodId(2)))]);
        assert!(
            group.flags[0].value < group.flags[0].typical && group.flags[1].value > group.flags[1].typical
        );
    }
    // Four councils in the south are too few to say what is typical.
    assert!(food.groups.iter().all(|group| group.flags.is_empty()));
    let ratio = food.benefit_cost().unwrap();
    assert!(ratio > 1.0 && ratio < 1.0 / (0.7 + 0.1 / 3.0) * 1.08, "{ratio}");
}

#[test]
fn what_does_not_suit_is_named() {
    let economy = small_example().unwrap();
    let prices = [1.0; 3];
    let proposals = economy.respond(&prices).unwrap();
    let federation = Federation::of(&economy.register());
    let costs = economy.effort_costs(&prices).unwrap();
    let refused =
        |prices: &[f64], costs: &[f64]| federation.review(prices, &proposals, costs).unwrap_err().to_string();
    assert!(refused(&[1.0], &costs).contains("1 prices given for 3 goods"));
    assert!(refused(&prices, &[1.0]).contains("1 costs of effort given for 4"));
    assert!(refused(&prices, &[1.0, f64::NAN, 1.0, 1.0]).contains("worker council 1: cost of effort is NaN"));
    let some = Federation::new([(CouncilId::Worker(0), Vec::new())]).unwrap();
    assert!(
        some.aggregate(&proposals).unwrap_err().to_string().contains("worker council 1 belongs to no group")
    );
    let more = councils(&proposals).into_iter().chain([CouncilId::Consumer(9)]).map(|c| (c, Vec::new()));
    let error = Federation::new(more).unwrap().aggregate(&proposals).unwrap_err().to_string();
    assert!(error.contains("consumer council 9 of the federation has no proposal"), "{error}");
}
