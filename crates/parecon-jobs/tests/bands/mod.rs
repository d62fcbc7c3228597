//! What tests of band problems share: the engines, small problems of every kind, recorded ones.
#![allow(dead_code, reason = "not every test uses all")]

use std::fs;
use std::path::Path;

use parecon_jobs::TaskId;
use parecon_jobs::band::{Data, Engine, Problem, unreachable};
use proptest::prelude::*;

/// All that are compiled.
pub(crate) const ENGINES: &[Engine] = &[
    Engine::InteriorPoint,
    Engine::FirstOrder,
    #[cfg(feature = "highs")]
    Engine::Highs,
];

/// Small problems of every kind: 0–3 dimensions, soft, hard and missing bands, members without quota or tasks; hours
/// that an allocation meets (its bands need not hold), or any hours of the same total.
pub(crate) fn problem() -> impl Strategy<Value = Problem> {
    (1usize..7, 1usize..9, 0usize..4).prop_flat_map(|(members, tasks, dimensions)| {
        let cell = (0u8..10, 0u8..4, -20i32..20);
        let band = (
            prop_oneof![1 => Just(0.0), 1 => Just(0.5), 3 => Just(2.0), 1 => Just(f64::INFINITY)],
            prop_oneof![2 => Just(f64::INFINITY), 1 => Just(0.1), 1 => Just(5.0)],
        );
        (
            prop::collection::vec(cell, members * tasks),
            prop::collection::vec((-80i32..80).prop_map(|r| f64::from(r) / 10.0), tasks * dimensions),
            prop::collection::vec(band, members * dimensions),
            any::<bool>(),
            0u8..8,
        )
            .prop_map(move |(cells, offsets, bands, share_evenly, shift)| {
                let mut data = Data {
                    dimensions,
                    quotas: vec![0.0; members],
                    hours: vec![0.0; tasks],
                    offsets,
                    starts: vec![0],
                    tolerances: bands.iter().map(|band| band.0).collect(),
                    penalties: bands.iter().map(|band| band.1).collect(),
                    ..Data::default()
                };
                for i in 0..members {
                    for (j, (able, hours, cost)) in cells[i * tasks..][..tasks].iter().enumerate() {
                        if *able < 6 {
                            data.tasks.push(TaskId::new(j));
                            data.costs.push(f64::from(*cost) / 10.0);
                            let hours = if share_evenly { 1.0 } else { f64::from(*hours) };
                            data.quotas[i] += hours;
                            data.hours[j] += hours;
                        }
                    }
                    data.starts.push(data.tasks.len());
                }
                if shift == 0 && tasks > 1 {
                    // The total is kept; whether anybody can do it is another matter.
                    data.hours[0] += data.hours[tasks - 1];
                    data.hours[tasks - 1] = 0.0;
                }
                Problem::new(data).unwrap()
            })
    })
}

/// A recorded instance with the same band for everybody.
pub(crate) fn load(name: &str, tolerance: f64) -> Problem {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bands").join(format!("{name}.bjc"));
    let text = fs::read_to_string(file).unwrap();
    let mut numbers = text.split_ascii_whitespace().map(|word| word.parse::<f64>().unwrap());
    let mut next = || numbers.next().unwrap();
    let (members, tasks, pairs) = (next() as usize, next() as usize, next() as usize);
    let mut data = Data { dimensions: 2, starts: vec![0; members + 1], ..Data::default() };
    for _ in 0..tasks {
        data.hours.push(next());
        data.offsets.extend([next(), next()]);
        next();
    }
    data.quotas.extend((0..members).map(|_| next()));
    for _ in 0..pairs {
        let member = next() as usize;
        data.tasks.push(TaskId::new(next() as usize));
        data.costs.push(next());
        data.starts[member + 1] = data.tasks.len();
    }
    let work: f64 = data.hours.iter().sum();
    let factor = work / data.quotas.iter().sum::<f64>();
    data.quotas.iter_mut().for_each(|quota| *quota *= factor);
    for d in 0..2 {
        let mean = (0..tasks).map(|j| data.hours[j] * data.offsets[2 * j + d]).sum::<f64>() / work;
        (0..tasks).for_each(|j| data.offsets[2 * j + d] -= mean);
    }
    data.tolerances = vec![tolerance; 2 * members];
    Problem::new(data).unwrap()
}

/// Whoever cannot be balanced alone is set aside.
pub(crate) fn set_aside(data: Data) -> Problem {
    let problem = Problem::new(data).unwrap();
    let alone = unreachable(&problem);
    let mut data = problem.into_data();
    for one in alone {
        data.tolerances[data.dimensions * one.member.index()..][..data.dimensions].fill(f64::INFINITY);
    }
    Problem::new(data).unwrap()
}

/// Everybody as several members, of these parts of the quota.
pub(crate) fn split(problem: &Problem, parts: &[f64]) -> Problem {
    let data = problem.data();
    let mut apart = Data { starts: vec![0], quotas: vec![], tasks: vec![], costs: vec![], ..data.clone() };
    apart.tolerances =
        data.tolerances.chunks(data.dimensions).flat_map(|own| own.repeat(parts.len())).collect();
    for i in 0..problem.members() {
        for part in parts {
            let range = data.starts[i]..data.starts[i + 1];
            apart.quotas.push(part * data.quotas[i]);
            apart.tasks.extend_from_slice(&data.tasks[range.clone()]);
            apart.costs.extend_from_slice(&data.costs[range]);
            apart.starts.push(apart.tasks.len());
        }
    }
    Problem::new(apart).unwrap()
}
