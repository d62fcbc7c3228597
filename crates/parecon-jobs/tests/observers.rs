//! Every method that takes long begins and ends once for its observer, and stops when asked.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::ops::ControlFlow;

use parecon_core::Observer;
use parecon_jobs::across::{self, Place, Society};
use parecon_jobs::band::{self, Engine};
use parecon_jobs::chunks::{self, Rules};
use parecon_jobs::training::{Measure, prices, programme};
use parecon_jobs::{
    Config, Dimension, Eligibility, Member, Minutes, Progress, Status, Task, TaskId, Workplace, balance,
    credits, rotation,
};

/// Counts what it is told and stops at a round.
struct Watch {
    stop_at: usize,
    begun: usize,
    rounds: usize,
    ended: Vec<Status>,
}

impl Watch {
    fn round(&mut self) -> ControlFlow<()> {
        assert!(self.begun == 1 && self.ended.is_empty(), "a round before the beginning or after the end");
        self.rounds += 1;
        if self.rounds >= self.stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

macro_rules! watches {
    ($($progress:ty),*) => {$(
        impl Observer<$progress> for Watch {
            fn on_start(&mut self) {
                self.begun += 1;
            }

            fn on_round(&mut self, progress: &$progress) -> ControlFlow<()> {
                assert!(progress.iteration < 1_000_000 && !progress.objective.is_nan() && !progress.gap.is_nan());
                self.round()
            }

            fn on_end(&mut self, status: Status) {
                self.ended.push(status);
            }
        }
    )*};
}
watches!(Progress, band::Progress);

fn hours(h: u64) -> Minutes {
    Minutes::new(60 * h)
}

/// Cleaners could learn to plan; there is something to balance, to stop and to train.
fn workplace(count: u32) -> Workplace {
    let tasks = vec![
        Task::new("clean", hours(30), 2.0, 4.0),
        Task::new("cook", hours(24), 9.0, 6.0),
        Task::new("drive", hours(12), 8.0, 13.0),
        Task::new("plan", hours(14), 18.0, 14.0).with_skill("planning"),
    ];
    let member = |id: &str| Member::new(id, hours(20)).with_count(count);
    let members = vec![
        member("ann").with_skill("planning"),
        member("bo").with_training("planning", 40.0),
        member("cy").with_training("planning", 60.0),
        member("di"),
    ];
    let lists = [&[0, 1, 2, 3][..], &[0, 1, 3], &[0, 2, 3], &[0, 1]];
    let lists = lists.map(|list| list.iter().copied().map(TaskId::new).collect()).to_vec();
    Workplace::new(tasks, members, Eligibility::ByMember(lists)).unwrap()
}

/// Nobody can do a third of the work.
fn impossible() -> Workplace {
    let tasks = vec![Task::new("a", hours(20), 5.0, 5.0), Task::new("b", hours(10), 9.0, 9.0)];
    let members = vec![Member::new("ann", hours(15)), Member::new("bo", hours(15))];
    Workplace::new(tasks, members, Eligibility::ByMember(vec![vec![TaskId::new(0)]; 2])).unwrap()
}

fn band_problem() -> band::Problem {
    band::Problem::new(band::Data {
        dimensions: 1,
        quotas: vec![8.0, 8.0, 4.0],
        hours: vec![12.0, 8.0],
        offsets: vec![-8.0, 12.0],
        starts: vec![0, 2, 4, 6],
        tasks: [0, 1, 0, 1, 0, 1].map(TaskId::new).to_vec(),
        costs: vec![1.0, 0.0, 0.0, 3.0, 2.0, 0.0],
        tolerances: vec![2.0, 2.0, 3.0],
        penalties: vec![],
    })
    .unwrap()
}

type Method = Box<dyn Fn(&mut Watch) -> Status>;

/// Each method with the status of its answer, and whether that is a proof that there is nothing.
fn methods() -> Vec<(&'static str, bool, Method)> {
    let bands = Config::default().with_engine(Engine::FirstOrder).with_balanced(0.0);
    let search = chunks::Config::default().with_moves(50_000).with_restarts(2);
    let advise = |watch: &mut Watch| {
        let workplace = workplace(1);
        let before = balance(&workplace, &Config::default(), &mut ()).unwrap().balance().cloned().unwrap();
        prices(&workplace, &before, Measure::Largest, 9, &Config::default(), watch).unwrap().status
    };
    let place = |id: &str, rating| Place::new(id, hours(100), 3, vec![rating]);
    let society = Society::new(vec![place("mine", 4.0), place("mill", 10.0), place("school", 16.0)]).unwrap();
    let near = across::Config::new().with_pairs(vec![(0, 1, 1.0), (1, 0, 1.0), (1, 2, 2.0), (2, 1, 2.0)]);
    let train = |target| {
        move |watch: &mut Watch| {
            programme(&workplace(4), Dimension::Empowerment, target, &Config::default(), watch)
                .unwrap()
                .status()
        }
    };
    let solve = |engine| {
        move |watch: &mut Watch| {
            let config = band::Config::default().with_engine(engine);
            band::solve(&band_problem(), &config, watch).unwrap().solution().unwrap().status
        }
    };
    vec![
        ("balance", false, Box::new(|w| balance(&workplace(1), &Config::default(), w).unwrap().status())),
        ("balance by bands", false, Box::new(move |w| balance(&workplace(1), &bands, w).unwrap().status())),
        ("no balance", true, Box::new(|w| balance(&impossible(), &Config::default(), w).unwrap().status())),
        (
            "chunks::divide",
            false,
            Box::new(move |w| chunks::divide(&workplace(1), &Rules::default(), &search, w).unwrap().status()),
        ),
        (
            "no division",
            true,
            Box::new(|w| {
                let config = chunks::Config::default();
                chunks::divide(&impossible(), &Rules::default(), &config, w).unwrap().status()
            }),
        ),
        ("training::prices", false, Box::new(advise)),
        ("training::programme", false, Box::new(train(2.9))),
        ("band::interior_point", false, Box::new(solve(Engine::InteriorPoint))),
        ("band::first_order", false, Box::new(solve(Engine::FirstOrder))),
        (
            "rotation::schedule",
            false,
            Box::new(|w| {
                let config = rotation::Config::new(3).with_chunk(hours(2));
                rotation::schedule(&workplace(1), &config, w).unwrap().status()
            }),
        ),
        (
            "no rotation",
            true,
            Box::new(|w| rotation::schedule(&impossible(), &rotation::Config::new(3), w).unwrap().status()),
        ),
        ("Society::exchange", false, Box::new(move |w| society.exchange(&near, w).unwrap().status)),
        (
            "credits::sign_up",
            false,
            Box::new(|w| {
                let config = credits::Config::new(1).with_rounds(20).with_tolerance(0.0).with_slack(0.02);
                credits::sign_up(&workplace(1), &config, w).unwrap().status
            }),
        ),
    ]
}

fn watched(method: &Method, stop_at: usize) -> (Watch, Status) {
    let mut watch = Watch { stop_at, begun: 0, rounds: 0, ended: Vec::new() };
    let status = method(&mut watch);
    (watch, status)
}

#[test]
fn every_method_begins_and_ends_once() {
    for (name, nothing, method) in methods() {
        let (watch, status) = watched(&method, usize::MAX);
        assert_eq!((watch.begun, watch.ended.as_slice()), (1, &[status][..]), "{name}");
        assert!(
            nothing == (watch.rounds == 0) && (!nothing || status.is_converged()),
            "{name}: {}",
            watch.rounds
        );
    }
}

#[test]
fn every_method_stops_when_asked() {
    for (name, nothing, method) in methods() {
        if nothing {
            continue;
        }
        let all = watched(&method, usize::MAX).0.rounds;
        for stop_at in [1, all.div_ceil(2)] {
            let (watch, status) = watched(&method, stop_at);
            assert_eq!(
                (watch.begun, watch.ended.as_slice()),
                (1, &[Status::Stopped][..]),
                "{name} at {stop_at} of {all}"
            );
            assert_eq!(status, Status::Stopped, "{name} at {stop_at} of {all}");
        }
    }
}
