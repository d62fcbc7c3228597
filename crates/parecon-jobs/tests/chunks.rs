//! What dividing into pieces promises: every rule, exact hours, bounds below values, optima of small workplaces.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::ops::ControlFlow;

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};
use parecon_jobs::chunks::{
    Chunked, Config, Obstacle, Outcome, Pieces, Rules, Violation, divide, violations,
};
use parecon_jobs::{
    Bound, Complexes, Eligibility, Member, MemberId, Minutes, Progress, Share, Stage, Status, Task, TaskId,
    Workplace, WorkplaceData, balance,
};
use parecon_testbed::jobs::{Mode, chunked, feasible_workplace, synthetic};
use proptest::prelude::*;

/// Bounds come from an interior-point method of relative accuracy 1e-8 on values up to 19.
const BOUND: f64 = 1e-6;

fn quick() -> Config {
    Config::default().with_moves(100_000).with_restarts(2).with_nodes(100)
}

fn found(workplace: &Workplace, rules: &Rules, config: &Config) -> Chunked {
    match divide(workplace, rules, config, &mut ()).unwrap() {
        Outcome::Divided(chunked) => *chunked,
        Outcome::NotFound(nearest) => {
            let broken: Vec<_> = nearest.violations.iter().map(|v| v.describe(workplace)).collect();
            panic!("not found: {broken:?}")
        }
        other => panic!("{other:?}"),
    }
}

fn share(task: usize, minutes: u64) -> Share {
    Share { task: TaskId::new(task), time: Minutes::new(minutes) }
}

/// `n` members with the same quota who can do everything.
fn workplace(tasks: Vec<Task>, members: usize, each: u64) -> Workplace {
    let members = (0..members).map(|m| Member::new(format!("m{m}"), Minutes::new(each))).collect();
    Workplace::new(tasks, members, Eligibility::Everyone).unwrap()
}

/// The least largest deviation by branch and bound on a textbook formulation: a binary per pair, minutes continuous.
fn milp(workplace: &Workplace, cap: Option<u32>) -> f64 {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let largest = problem.add_var(1.0, (0.0, 19.0));
    let mut of_task: Vec<Vec<(Variable, Variable)>> = vec![Vec::new(); workplace.tasks().len()];
    for (m, quota) in workplace.fair_quotas().iter().map(|q| q.as_hours()).enumerate() {
        let mut mine = Vec::new();
        for task in workplace.eligible(MemberId::new(m)) {
            let whole = workplace.task(*task).unwrap();
            let (time, team) = (whole.time.get(), u64::from(whole.team.unwrap_or(1)));
            let chunk = whole.chunk.map_or(1, Minutes::get).min(time / team).max(1);
            let most = Minutes::new(time.div_ceil(team)).as_hours();
            let (x, on) = (problem.add_var(0.0, (0.0, f64::INFINITY)), problem.add_binary_var(0.0));
            problem.add_constraint([(x, 1.0), (on, -most)], ComparisonOp::Le, 0.0);
            problem.add_constraint([(x, 1.0), (on, -Minutes::new(chunk).as_hours())], ComparisonOp::Ge, 0.0);
            of_task[task.index()].push((x, on));
            mine.push((*task, x, on));
        }
        let all: Vec<_> = mine.iter().map(|(_, x, _)| (*x, 1.0)).collect();
        problem.add_constraint(&all, ComparisonOp::Eq, quota);
        if let Some(cap) = cap {
            let all: Vec<_> = mine.iter().map(|(_, _, on)| (*on, 1.0)).collect();
            problem.add_constraint(&all, ComparisonOp::Le, f64::from(cap));
        }
        for dimension in workplace.dimensions() {
            for sign in [1.0, -1.0] {
                let offset = |task: &TaskId| {
                    workplace.task(*task).unwrap().rating(dimension).unwrap() - workplace.average(dimension)
                };
                let mut row: Vec<_> = mine.iter().map(|(task, x, _)| (*x, sign * offset(task))).collect();
                row.push((largest, -quota));
                problem.add_constraint(&row, ComparisonOp::Le, 0.0);
            }
        }
    }
    for (task, pairs) in workplace.tasks().iter().zip(of_task) {
        let times: Vec<_> = pairs.iter().map(|(x, _)| (*x, 1.0)).collect();
        problem.add_constraint(&times, ComparisonOp::Eq, task.time.as_hours());
        let hands: Vec<_> = pairs.iter().map(|(_, on)| (*on, 1.0)).collect();
        problem.add_constraint(&hands, ComparisonOp::Ge, f64::from(task.team.unwrap_or(1)));
    }
    problem.solve().unwrap().into_solution().unwrap().objective()
}

#[test]
fn small_workplaces_reach_the_optimum_of_branch_and_bound() {
    for (members, tasks, eligible, cap, seed) in [
        (3, 5, 4, None, 1),
        (4, 7, 5, None, 2),
        (5, 8, 5, Some(4), 3),
        (4, 6, 6, Some(3), 4),
        (6, 9, 4, None, 5),
    ] {
        let mut data = WorkplaceData::from(
            chunked(&synthetic(members, tasks, eligible, seed, Mode::Planted).unwrap(), seed).unwrap(),
        );
        data.tasks[0].team = Some(2);
        let workplace = Workplace::try_from(data).unwrap();
        let rules = cap.map_or(Rules::default(), |cap| Rules::default().with_most_tasks(cap));
        let optimum = milp(&workplace, cap);
        // The search divides by the minute: each share can be off by one, times 19 points, over the quota.
        let least = workplace.fair_quotas().iter().map(|q| q.get()).min().unwrap();
        let rounding = 19.0 * tasks as f64 / least as f64;
        // The search alone, and with branch and bound of its own.
        for nodes in [0, 5_000] {
            let config = Config::default().with_moves(500_000).with_tolerance(0.0).with_nodes(nodes);
            let Bound { value, bound } = found(&workplace, &rules, &config).largest;
            assert!(
                value > optimum - BOUND && value < optimum + rounding,
                "{members}x{tasks}: {value} against {optimum} (+{rounding})"
            );
            assert!(bound < optimum + BOUND);
            assert!(
                nodes == 0 || cfg!(not(feature = "exact")) || bound > optimum - 2.0 * BOUND,
                "{bound} against {optimum}"
            );
        }
    }
}

#[cfg(feature = "exact")]
#[test]
fn branch_and_bound_closes_what_the_search_leaves_open() {
    // Capped and sparse: the search alone ends at .667 and at the bound 0 of the balance.
    let workplace = chunked(&synthetic(3, 7, 3, 36, Mode::Planted).unwrap(), 36).unwrap();
    let mut data = WorkplaceData::from(workplace);
    data.tasks[0].team = Some(2);
    data.tasks[3].team = Some(2);
    let workplace = Workplace::try_from(data).unwrap();
    let rules = Rules::default().with_most_tasks(4);
    let optimum = milp(&workplace, Some(4));
    let chunked = found(&workplace, &rules, &Config::default().with_moves(1_000_000));
    assert!(
        optimum > 0.3 && chunked.largest.bound > optimum - 2.0 * BOUND,
        "{:?} of {optimum}",
        chunked.largest
    );
    assert!(chunked.largest.gap() < 0.01 && chunked.status == Status::Converged, "{:?}", chunked.largest);
}

/// The least largest deviation in whole chunks by trying everything: each task's pieces in every way.
fn enumerated(workplace: &Workplace, rules: &Rules) -> Option<f64> {
    fn ways(pieces: u64, members: usize) -> Vec<Vec<u64>> {
        if members == 1 {
            return vec![vec![pieces]];
        }
        (0..=pieces)
            .flat_map(|first| {
                ways(pieces - first, members - 1).into_iter().map(move |rest| [&[first][..], &rest].concat())
            })
            .collect()
    }
    let members = workplace.members().len();
    let options: Vec<Vec<Vec<u64>>> = workplace
        .tasks()
        .iter()
        .map(|task| {
            let (time, chunk) = (task.time.get(), task.chunk.unwrap().get().min(task.time.get()));
            let mut all = Vec::new();
            for way in ways(time / chunk, members) {
                for last in 0..members {
                    let mut minutes: Vec<u64> = way.iter().map(|pieces| pieces * chunk).collect();
                    minutes[last] += time % chunk;
                    all.push(minutes);
                }
            }
            all.sort_unstable();
            all.dedup();
            all
        })
        .collect();
    let mut best = None;
    let mut at = vec![0; options.len()];
    loop {
        let rows =
            (0..members).map(|m| (0..at.len()).map(|t| share(t, options[t][at[t]][m])).collect()).collect();
        let complexes = Complexes::new(rows).unwrap();
        if violations(workplace, rules, &complexes).unwrap().is_empty() {
            let value = workplace.spread(&complexes).unwrap().max_abs;
            best = Some(best.map_or(value, |known: f64| known.min(value)));
        }
        let Some(next) = (0..at.len()).find(|t| at[*t] + 1 < options[*t].len()) else { return best };
        at[next] += 1;
        at[..next].fill(0);
    }
}

#[test]
fn whole_chunks_reach_the_optimum_of_trying_everything() {
    let task =
        |id: &str, time, e, d, chunk| Task::new(id, Minutes::new(time), e, d).with_chunk(Minutes::new(chunk));
    let small = workplace(
        vec![
            task("a", 200, 3.0, 9.0, 60),
            task("b", 240, 8.0, 4.0, 60),
            task("c", 150, 17.0, 13.0, 40),
            task("d", 190, 11.0, 16.0, 120),
        ],
        3,
        300,
    );
    let listed = {
        let mut data = WorkplaceData::from(small.clone());
        data.eligibility = parecon_jobs::EligibilityData::ByMember(
            [("m0", &["a", "b", "c", "d"][..]), ("m1", &["a", "c", "d"]), ("m2", &["b", "c", "d"])]
                .map(|(m, tasks)| (m.to_owned(), tasks.iter().map(|t| (*t).to_owned()).collect()))
                .into(),
        );
        Workplace::try_from(data).unwrap()
    };
    for workplace in [small, listed] {
        for rules in [
            Rules::default().with_pieces(Pieces::Multiples),
            Rules::default().with_pieces(Pieces::Multiples).with_quota_slack(Minutes::new(20)),
            Rules::default().with_pieces(Pieces::Multiples).with_most_tasks(3),
        ] {
            let optimum = enumerated(&workplace, &rules).unwrap();
            for nodes in [0, 2_000] {
                let config = Config::default().with_moves(400_000).with_tolerance(0.0).with_nodes(nodes);
                let Bound { value, bound } = found(&workplace, &rules, &config).largest;
                assert!((value - optimum).abs() < 1e-9, "{value} against {optimum} for {rules:?}");
                assert!(bound <= optimum + BOUND, "{bound} of {optimum} for {rules:?}");
            }
        }
    }
}

#[test]
fn the_bound_is_the_certificate_of_the_balance() {
    let config = quick().with_nodes(0); // which would raise the bound
    for seed in 0..4 {
        let workplace = chunked(&synthetic(12, 20, 5, seed, Mode::Planted).unwrap(), seed).unwrap();
        let outcome = balance(&workplace, &parecon_jobs::Config::default().with_levels(1), &mut ()).unwrap();
        let largest = outcome.balance().unwrap().certificate.largest;
        let bound = |rules: &Rules| match divide(&workplace, rules, &config, &mut ()).unwrap() {
            Outcome::Divided(chunked) => Some(chunked.largest.bound),
            _ => None,
        };
        if let Some(exact) = bound(&Rules::default()) {
            assert_eq!(exact.to_bits(), largest.bound.to_bits());
        }
        // The search depends on the order of members and tasks, the bound does not.
        let mut data = WorkplaceData::from(workplace.clone());
        data.tasks.reverse();
        data.members.reverse();
        let reversed = Workplace::try_from(data).unwrap();
        if let Outcome::Divided(other) = divide(&reversed, &Rules::default(), &config, &mut ()).unwrap() {
            assert!((other.largest.bound - largest.bound).abs() < BOUND);
        }
        let slack = |minutes| Rules::default().with_quota_slack(Minutes::new(minutes));
        let bounds: Vec<f64> =
            [0, 10, 60, 300].into_iter().filter_map(|minutes| bound(&slack(minutes))).collect();
        assert!(bounds.len() >= 3, "seed {seed}");
        assert!(bounds.windows(2).all(|pair| pair[1] <= pair[0] + BOUND), "{bounds:?}");
        if largest.bound > 0.1 {
            // A little slack costs a little of the bound.
            assert!(bounds[bounds.len() - 3] > 0.5 * largest.bound, "{bounds:?} of {}", largest.bound);
        }
    }
}

#[test]
fn under_a_tight_cap_a_balance_settles_the_amounts() {
    // Six tasks each of some twenty that one can do: the search finds which, the balance how much of each.
    let workplace = chunked(&synthetic(20, 60, 40, 1, Mode::Planted).unwrap(), 1).unwrap();
    let rules = Rules::default().with_most_tasks(6);
    let mut reached = f64::NAN;
    let mut observer = |progress: &Progress| {
        if progress.stage == Stage::LargestInPieces {
            reached = progress.objective;
        }
        ControlFlow::Continue(())
    };
    let config = Config::default().with_moves(500_000).with_restarts(2).with_nodes(0);
    let answer = divide(&workplace, &rules, &config, &mut observer).unwrap();
    let chunked = answer.chunked().unwrap();
    chunked.complexes.verify(&workplace).unwrap();
    // The last stage may give up again the tolerance.
    let largest = chunked.largest.value;
    assert!(largest < 0.7 * reached + config.tolerance(), "{reached}, {largest}");
}

#[test]
fn a_team_is_together_and_a_cap_is_kept() {
    let hours = |h: u64| Minutes::new(60 * h);
    let workplace = workplace(
        vec![
            Task::new("surgery", hours(12), 18.0, 9.0).with_chunk(hours(1)).with_team(3),
            Task::new("cleaning", hours(16), 2.0, 4.0).with_chunk(hours(2)),
            Task::new("cooking", hours(12), 9.0, 6.0).with_chunk(hours(2)),
            Task::new("planning", hours(8), 17.0, 14.0).with_chunk(hours(1)),
        ],
        4,
        12 * 60,
    );
    let rules = Rules::default().with_most_tasks(3);
    let chunked = found(&workplace, &rules, &quick());
    chunked.complexes.verify(&workplace).unwrap();
    let mut hands = 0;
    for (_, shares) in chunked.complexes.iter() {
        assert!(shares.len() <= 3);
        for share in shares {
            let task = workplace.task(share.task).unwrap();
            assert!(share.time >= task.chunk.unwrap());
            hands += usize::from(task.id == "surgery");
            assert!(task.id != "surgery" || share.time <= hours(4));
        }
    }
    assert!(hands >= 3);
}

#[test]
fn what_is_impossible_is_told_and_named() {
    let day = Minutes::new(480);
    let two = |tasks: Vec<Task>| workplace(tasks, 2, 480);
    let told = |workplace: &Workplace, rules: &Rules| -> Vec<String> {
        let answer = divide(workplace, rules, &quick(), &mut ()).unwrap();
        answer.obstacles().iter().map(|obstacle| obstacle.describe(workplace)).collect()
    };
    let plain = Rules::default();
    let big = two(vec![
        Task::new("harvest", Minutes::new(900), 5.0, 5.0).with_chunk(Minutes::new(600)),
        Task::new("rest", Minutes::new(60), 5.0, 5.0),
    ]);
    assert_eq!(
        told(&big, &plain),
        ["harvest comes in pieces of 10 h, nobody who can do it may work longer than 8 h"]
    );
    let team = two(vec![Task::new("carry", day, 5.0, 5.0).with_team(3), Task::new("rest", day, 5.0, 5.0)]);
    assert_eq!(told(&team, &plain), ["carry takes a team of 3, 2 can do it"]);
    let many = two((0..5).map(|t| Task::new(format!("t{t}"), Minutes::new(192), 5.0, 5.0)).collect());
    assert_eq!(
        told(&many, &plain.clone().with_most_tasks(2)),
        [
            "2 tasks fill 6 h 24 min of m0, who has to work 8 h",
            "2 tasks fill 6 h 24 min of m1, who has to work 8 h",
            "the tasks need 5 places, the cap on distinct tasks leaves 4 for all members"
        ]
    );
    let alone = Workplace::new(
        vec![
            Task::new("operate", Minutes::new(600), 5.0, 5.0).with_team(2),
            Task::new("rest", Minutes::new(600), 5.0, 5.0),
        ],
        (0..3).map(|m| Member::new(format!("m{m}"), Minutes::new(400))).collect(),
        Eligibility::ByMember(vec![vec![TaskId::new(0)], vec![TaskId::new(1)], vec![TaskId::new(1)]]),
    )
    .unwrap();
    assert_eq!(told(&alone, &plain), ["operate takes a team of 2, 1 can do it"]);
    let hours = Workplace::new(
        ["operate", "lift", "rest"].map(|id| Task::new(id, Minutes::new(260), 5.0, 5.0)).to_vec(),
        (0..2).map(|m| Member::new(format!("m{m}"), Minutes::new(400))).collect(),
        Eligibility::ByMember(vec![vec![TaskId::new(0)], vec![TaskId::new(1), TaskId::new(2)]]),
    )
    .unwrap();
    assert!(matches!(
        divide(&hours, &plain, &quick(), &mut ()).unwrap().obstacles(),
        [Obstacle::Hours(reasons)] if !reasons.shortages.is_empty()
    ));
    let pinned = two(vec![Task::new("carry", day, 5.0, 5.0).with_team(2), Task::new("rest", day, 5.0, 5.0)])
        .with_pinned(&[(MemberId::new(1), TaskId::new(0), Minutes::new(300))])
        .unwrap();
    assert_eq!(told(&pinned, &plain), ["5 h of carry are pinned to m1, one of its team may do 4 h"]);
}

#[test]
fn a_search_that_finds_nothing_says_what_is_broken() {
    // Quotas of 90 minutes; two hours in pieces of an hour leave 30 minutes for the other hour.
    let hopeless = workplace(
        vec![
            Task::new("a", Minutes::new(60), 5.0, 5.0).with_chunk(Minutes::new(60)),
            Task::new("b", Minutes::new(120), 5.0, 5.0).with_chunk(Minutes::new(60)),
        ],
        2,
        90,
    );
    if cfg!(feature = "exact") {
        let answer = divide(&hopeless, &Rules::default(), &quick(), &mut ()).unwrap();
        assert_eq!(answer.obstacles(), [Obstacle::Exhausted]);
    }
    let answer = divide(&hopeless, &Rules::default(), &quick().with_nodes(0), &mut ()).unwrap();
    let Outcome::NotFound(nearest) = answer else { panic!("{answer:?}") };
    assert!(!nearest.violations.is_empty() && nearest.status == Status::RoundLimit);
    // Tasks are done even so.
    let done: u64 = nearest.complexes.iter().flat_map(|(_, shares)| shares).map(|s| s.time.get()).sum();
    assert_eq!(done, 180);
    // With half an hour of slack the quotas give way, and the answer says by how much.
    let roomy = workplace(hopeless.tasks().to_vec(), 2, 120);
    let chunked = found(&roomy, &Rules::default().with_quota_slack(Minutes::new(30)), &quick());
    assert_eq!((chunked.slack.largest_miss, chunked.slack.members_off), (Minutes::new(30), 2));
    assert!((chunked.slack.missed - 60.0 / 180.0).abs() < 1e-12);
    assert!(chunked.slack.shortened.is_empty());
}

#[test]
fn a_task_shorter_than_its_chunk_is_one_piece_and_told() {
    let short = workplace(
        vec![
            Task::new("a", Minutes::new(40), 5.0, 5.0).with_chunk(Minutes::new(60)),
            Task::new("b", Minutes::new(100), 5.0, 5.0).with_chunk(Minutes::new(20)),
        ],
        2,
        70,
    );
    let chunked = found(&short, &Rules::default(), &quick());
    assert_eq!(chunked.slack.shortened, [TaskId::new(0)]);
    assert_eq!(
        chunked.complexes.iter().filter(|(_, s)| s.iter().any(|s| s.task == TaskId::new(0))).count(),
        1
    );
}

#[test]
fn every_broken_rule_is_named() {
    let tasks = vec![
        Task::new("a", Minutes::new(130), 5.0, 5.0).with_chunk(Minutes::new(60)).with_team(2),
        Task::new("b", Minutes::new(110), 5.0, 5.0).with_chunk(Minutes::new(30)),
    ];
    let members = vec![
        Member::new("m0", Minutes::new(120)),
        Member::new("m1", Minutes::new(120)),
        Member::new("m2", Minutes::new(0)),
    ];
    let all = vec![TaskId::new(0), TaskId::new(1)];
    let place =
        Workplace::new(tasks, members, Eligibility::ByMember(vec![all.clone(), all, vec![TaskId::new(0)]]))
            .unwrap()
            .with_pinned(&[(MemberId::new(0), TaskId::new(0), Minutes::new(60))])
            .unwrap();
    let (m, t) = (MemberId::new, TaskId::new);
    let broken = |rules: Rules, rows: Vec<Vec<Share>>| {
        violations(&place, &rules, &Complexes::new(rows).unwrap()).unwrap()
    };
    let plain = Rules::default();
    let minutes = Minutes::new;
    let good = vec![vec![share(0, 65), share(1, 55)], vec![share(0, 65), share(1, 55)], vec![]];
    assert_eq!(broken(plain.clone(), good.clone()), []);
    assert_eq!(broken(plain.clone(), good[..2].to_vec()), [Violation::Members { found: 2, expected: 3 }]);
    assert_eq!(
        broken(plain.clone().with_most_tasks(1), good.clone()),
        [0, 1].map(|k| Violation::Tasks { member: m(k), tasks: 2, most: 1 })
    );
    assert_eq!(
        broken(
            plain.clone().with_quota_slack(minutes(100)),
            vec![vec![share(0, 59), share(1, 55)], vec![share(0, 71), share(1, 55)], vec![]]
        ),
        [
            Violation::Piece { member: m(0), task: t(0), time: minutes(59), piece: minutes(60) },
            Violation::Pinned { member: m(0), task: t(0), time: minutes(59), pinned: minutes(60) },
            Violation::TeamShare { member: m(1), task: t(0), time: minutes(71), most: minutes(65) },
            Violation::Load { member: m(1), time: minutes(126), least: minutes(20), most: minutes(120) },
        ]
    );
    assert_eq!(
        broken(
            plain.clone(),
            vec![vec![share(0, 65), share(1, 54)], vec![share(0, 65), share(1, 55)], vec![share(7, 1)]]
        ),
        [
            Violation::Load { member: m(0), time: minutes(119), least: minutes(120), most: minutes(120) },
            Violation::UnknownTask { member: m(2), task: t(7) },
            Violation::Load { member: m(2), time: minutes(1), least: minutes(0), most: minutes(0) },
            Violation::TaskTime { task: t(1), done: minutes(109), time: minutes(110) },
        ]
    );
    let one_short = vec![vec![share(0, 130)], vec![share(1, 110)], vec![]];
    assert!(broken(plain.clone(), one_short).contains(&Violation::Team { task: t(0), members: 1, team: 2 }));
    let unable = vec![vec![share(0, 65), share(1, 55)], vec![share(0, 65)], vec![share(1, 55)]];
    assert!(broken(plain, unable).contains(&Violation::Ineligible { member: m(2), task: t(1) }));
    // In whole chunks: 130 = 2 · 60 + 10, 110 = 3 · 30 + 20; nobody gets two remainders' worth, one gets the remainder.
    let whole = Rules::default().with_pieces(Pieces::Multiples);
    assert_eq!(
        broken(
            whole.clone(),
            vec![vec![share(0, 70), share(1, 50)], vec![share(0, 60), share(1, 60)], vec![]]
        ),
        []
    );
    assert_eq!(
        broken(whole, vec![vec![share(0, 70), share(1, 45)], vec![share(0, 60), share(1, 65)], vec![]])
            .into_iter()
            .filter(|v| matches!(v, Violation::Piece { .. }))
            .count(),
        2
    );
    for violation in broken(Rules::default().with_most_tasks(1), good) {
        assert!(violation.describe(&place).contains("distinct tasks"));
    }
}

#[test]
fn two_remainders_of_a_task_are_one_too_many() {
    // 80 = 60 + 20, and four times 20 makes it too.
    let place =
        workplace(vec![Task::new("a", Minutes::new(80), 5.0, 5.0).with_chunk(Minutes::new(60))], 4, 20);
    let complexes = Complexes::new(vec![vec![share(0, 20)]; 4]).unwrap();
    let broken = violations(&place, &Rules::default().with_pieces(Pieces::Multiples), &complexes).unwrap();
    assert_eq!(
        broken,
        [Violation::Remainders { task: TaskId::new(0), members: (0..4).map(MemberId::new).collect() }]
    );
}

#[test]
fn threads_do_not_show_and_seeds_do() {
    let workplace = chunked(&synthetic(15, 30, 8, 3, Mode::Planted).unwrap(), 3).unwrap();
    let config = quick().with_restarts(3).with_alternatives(2);
    let with = |threads: usize, config: &Config| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| divide(&workplace, &Rules::default(), config, &mut ()).unwrap())
    };
    let once = with(1, &config);
    assert_eq!(once, with(2, &config));
    let other = with(2, &config.clone().with_seed(1));
    assert_ne!(once.chunked().unwrap().complexes, other.chunked().unwrap().complexes);
    // Alternatives are different divisions, each observing the rules.
    let chunked = once.chunked().unwrap();
    assert_eq!(chunked.alternatives.len(), 2);
    let mut all = vec![&chunked.complexes];
    for alternative in &chunked.alternatives {
        assert!(violations(&workplace, &Rules::default(), &alternative.complexes).unwrap().is_empty());
        assert!(!all.contains(&&alternative.complexes));
        all.push(&alternative.complexes);
    }
    let text = serde_json::to_string(&once).unwrap();
    assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), once);
}

#[test]
fn every_stage_is_reported_and_can_be_stopped() {
    let workplace = chunked(&synthetic(15, 30, 8, 3, Mode::Planted).unwrap(), 3).unwrap();
    let config = quick().with_tolerance(0.0);
    let mut seen = Vec::new();
    let mut observer = |progress: &Progress| {
        if seen.last() != Some(&progress.stage) {
            seen.push(progress.stage);
        }
        if progress.stage == Stage::LargestInPieces {
            assert!(progress.gap > -BOUND);
        }
        ControlFlow::Continue(())
    };
    divide(&workplace, &Rules::default(), &config, &mut observer).unwrap();
    // The balance by the minute, the search, a balance of the pairs in use, the search.
    let last = seen.iter().rposition(|stage| *stage == Stage::LargestDeviation).unwrap();
    let search = [Stage::Rules, Stage::LargestInPieces];
    assert!(seen[..last].windows(2).any(|pair| pair == search), "{seen:?}");
    assert!(seen[0] == Stage::LargestDeviation && seen[last..].ends_with(&[Stage::MeanInPieces]), "{seen:?}");
    for at in 0..seen.len() {
        let (mut changes, mut stage) = (0, None);
        let mut observer = |progress: &Progress| {
            changes += usize::from(stage.replace(progress.stage) != Some(progress.stage));
            if changes == at + 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        match divide(&workplace, &Rules::default(), &config, &mut observer).unwrap() {
            Outcome::Divided(chunked) => assert_eq!(chunked.status, Status::Stopped, "{:?}", seen[at]),
            Outcome::NotFound(nearest) => {
                assert!(!seen[..at].contains(&Stage::LargestInPieces));
                assert_eq!(nearest.status, Status::Stopped);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn unusable_input_is_refused() {
    let several = Workplace::new(
        vec![Task::new("a", Minutes::new(60), 5.0, 5.0)],
        vec![Member::new("ann", Minutes::new(60)).with_count(3)],
        Eligibility::Everyone,
    )
    .unwrap();
    let error = divide(&several, &Rules::default(), &quick(), &mut ()).unwrap_err();
    assert_eq!(error.to_string(), r#"member "ann" stands for 3 people, pieces need one entry for each"#);
    for (config, what) in [
        (quick().with_moves(0), "moves are 0"),
        (quick().with_restarts(1001), "restarts are 1001"),
        (quick().with_tolerance(f64::NAN), "tolerance is NaN"),
        (quick().with_task_price(-1.0), "price of a task is -1"),
    ] {
        let error = divide(&several, &Rules::default(), &config, &mut ()).unwrap_err();
        assert!(error.is_invalid_input() && error.to_string().starts_with(what), "{error}");
    }
}

/// A feasible workplace with chunks, some teams and some pins.
fn with_rules() -> impl Strategy<Value = (Workplace, Rules)> {
    (feasible_workplace(), any::<u64>(), any::<bool>(), prop::option::of(0u64..90), prop::option::of(3u32..8))
        .prop_map(|(workplace, seed, multiples, slack, cap)| {
            let mut data = WorkplaceData::from(chunked(&workplace, seed).unwrap());
            data.tasks.iter_mut().step_by(3).for_each(|task| task.team = Some(2));
            data.tasks.iter_mut().step_by(4).for_each(|task| task.chunk = None);
            let mut rules =
                Rules::default().with_pieces(if multiples { Pieces::Multiples } else { Pieces::AtLeast });
            if let Some(cap) = cap {
                rules = rules.with_most_tasks(cap);
            }
            if let Some(slack) = slack {
                rules = rules.with_quota_slack(Minutes::new(slack));
            }
            let workplace = Workplace::try_from(data).unwrap();
            let pins: Vec<_> = (0..workplace.members().len())
                .step_by(2)
                .map(MemberId::new)
                .filter_map(|m| workplace.eligible(m).last().map(|task| (m, *task, Minutes::new(7))))
                .collect();
            (workplace.clone().with_pinned(&pins).unwrap_or(workplace), rules)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_found_observes_every_rule((workplace, rules) in with_rules()) {
        match divide(&workplace, &rules, &quick(), &mut ()).unwrap() {
            Outcome::Divided(chunked) => {
                prop_assert_eq!(violations(&workplace, &rules, &chunked.complexes).unwrap(), []);
                // The older check, which knows nothing of pieces, agrees where it applies.
                let exact = rules.quota_slack() == Some(Minutes::ZERO) || (rules.quota_slack().is_none() && rules.pieces() == Pieces::AtLeast);
                if exact {
                    chunked.complexes.verify(&workplace).unwrap();
                    prop_assert_eq!(chunked.slack.largest_miss, Minutes::ZERO);
                }
                prop_assert!(chunked.largest.gap() > -BOUND, "{:?}", chunked.largest);
                prop_assert_eq!(chunked.largest.value, chunked.spread.max_abs);
                let work: u64 = (0..workplace.members().len()).map(|m| chunked.complexes.time_of(MemberId::new(m)).get()).sum();
                prop_assert_eq!(work, workplace.total_time().get());
            }
            Outcome::NotFound(nearest) => {
                prop_assert_eq!(&violations(&workplace, &rules, &nearest.complexes).unwrap(), &nearest.violations);
                prop_assert!(!nearest.violations.is_empty());
            }
            Outcome::Impossible(obstacles) => {
                prop_assert!(obstacles.iter().all(|obstacle| !obstacle.describe(&workplace).is_empty()));
                // Hours are judged by the balance.
                if let [Obstacle::Hours(_)] = &obstacles[..] {
                    let outcome = balance(&workplace, &parecon_jobs::Config::default().with_levels(1), &mut ()).unwrap();
                    prop_assert!(matches!(outcome, parecon_jobs::Outcome::Infeasible(_)));
                }
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
