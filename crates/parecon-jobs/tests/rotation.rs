//! Weeks in whole blocks: hours, the bound on what accumulates, leave, and what calendars say.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeMap;

use parecon_jobs::chunks::Obstacle;
use parecon_jobs::rotation::{Calendar, Config, Date, Outcome, Schedule, Window, schedule};
use parecon_jobs::{Eligibility, Member, MemberId, Minutes, Task, TaskId, Workplace};
use parecon_testbed::jobs::feasible_workplace;
use proptest::prelude::*;

/// Sums of a few thousand products of ratings and minutes.
const SUM: f64 = 1e-6;

fn quick() -> parecon_jobs::Config {
    parecon_jobs::Config::default().with_choice(parecon_jobs::Choice::Any)
}

fn rotation(workplace: &Workplace, config: Config) -> Outcome {
    schedule(workplace, &config, &mut ()).unwrap()
}

/// Everything the module promises of a schedule.
fn keeps_its_promises(workplace: &Workplace, schedule: &Schedule, chunk: u64) {
    let members = workplace.members().len();
    let mut behind: BTreeMap<(usize, usize), i64> = BTreeMap::new();
    for week in &schedule.weeks {
        // Every task is done in full, by those who can do it.
        for (j, task) in workplace.tasks().iter().enumerate() {
            let done: u64 = (0..members)
                .flat_map(|m| week.complexes.of(MemberId::new(m)))
                .filter(|share| share.task.index() == j)
                .map(|share| share.time.get())
                .sum();
            assert_eq!(done, task.time.get(), "task {j}");
        }
        for m in 0..members {
            for (complexes, sign) in [(&week.complexes, 1), (&week.planned, -1)] {
                for share in complexes.of(MemberId::new(m)) {
                    assert!(workplace.is_eligible(MemberId::new(m), share.task));
                    *behind.entry((m, share.task.index())).or_insert(0) += sign * share.time.get() as i64;
                }
            }
            // Whoever works at all does whole blocks.
            for share in week.complexes.of(MemberId::new(m)) {
                let whole = workplace.tasks()[share.task.index()].time.get();
                assert!(share.time.get() >= chunk.min(whole));
            }
        }
        for ((_, j), minutes) in &behind {
            // Less than a block of each kind: all of one length, or of two that differ by a minute.
            let whole = workplace.tasks()[*j].time.get();
            let blocks = (whole / chunk).max(1);
            let length = whole / blocks;
            let bound = if whole.is_multiple_of(blocks) { length } else { 2 * length + 1 };
            assert!(minutes.unsigned_abs() < bound, "{minutes} of task {j}, bound {bound}");
        }
    }
    for m in (0..members).map(MemberId::new) {
        for dimension in workplace.dimensions() {
            let bound = schedule.bound(workplace, m, dimension);
            for drift in schedule.drift(workplace, m, dimension) {
                assert!(drift.abs() < bound + SUM, "drift {drift}, bound {bound}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_accumulates_stays_bounded(workplace in feasible_workplace(), weeks in 1u32..20, chunk in 30u64..400) {
        let rotated =
            rotation(&workplace, Config::new(weeks).with_chunk(Minutes::new(chunk)).with_balance(quick()));
        let schedule = rotated.schedule().unwrap();
        prop_assert_eq!(schedule.weeks.len(), weeks as usize);
        keeps_its_promises(&workplace, schedule, chunk);
        let again = rotation(&workplace, Config::new(weeks).with_chunk(Minutes::new(chunk)).with_balance(quick()));
        prop_assert_eq!(again.schedule(), Some(schedule));
    }

    #[test]
    fn leave_does_not_distort_the_shares_of_others(
        hours in prop::collection::vec(20u64..40, 3..6), away in 0usize..3, from in 0u32..4, weeks in 1u32..4, chunk in 30u64..200,
    ) {
        let tasks = vec![
            Task::new("a", Minutes::new(1200), 3.0, 5.0),
            Task::new("b", Minutes::new(700), 12.0, 11.0),
            Task::new("c", Minutes::new(500), 18.0, 8.0),
        ];
        let members: Vec<Member> =
            hours.iter().enumerate().map(|(m, h)| Member::new(format!("m{m}"), Minutes::new(60 * h))).collect();
        let workplace = Workplace::new(tasks, members, Eligibility::Everyone).unwrap();
        let away = MemberId::new(away);
        let weeks = from..from + weeks;
        let rotated = rotation(&workplace, Config::new(8)
            .with_chunk(Minutes::new(chunk))
            .with_balance(quick())
            .with_leave(away, weeks.clone(), Minutes::ZERO));
        let Some(schedule) = rotated.schedule() else {
            // Those who are there do not have the time.
            let left: u64 = hours.iter().enumerate().filter(|(m, _)| *m != away.index()).map(|(_, h)| h * 60).sum();
            prop_assert!(left < 2400);
            return Ok(());
        };
        keeps_its_promises(&workplace, schedule, chunk);
        for (w, week) in schedule.weeks.iter().enumerate() {
            let gone = weeks.contains(&(w as u32));
            prop_assert!(!gone || week.complexes.of(away).is_empty());
            // Any two others are planned in proportion to their hours, to a minute each.
            for (a, x) in hours.iter().enumerate().filter(|(m, _)| !gone || *m != away.index()) {
                for (b, y) in hours.iter().enumerate().filter(|(m, _)| !gone || *m != away.index()) {
                    let (p, q) = (week.planned.time_of(MemberId::new(a)), week.planned.time_of(MemberId::new(b)));
                    let off = (p.get() * y).abs_diff(q.get() * x);
                    prop_assert!(off < x + y, "{a} {b}: {p} {q}");
                }
            }
        }
    }
}

#[test]
fn an_exempt_member_keeps_the_quota_and_does_other_work() {
    let tasks = ["lift", "file"].map(|id| Task::new(id, Minutes::new(600), 5.0, 5.0)).to_vec();
    let members = ["ann", "bo"].map(|id| Member::new(id, Minutes::new(600))).to_vec();
    let workplace = Workplace::new(tasks, members, Eligibility::Everyone).unwrap();
    let (ann, lift) = (MemberId::new(0), TaskId::new(0));
    let rotated = rotation(&workplace, Config::new(4).with_exemption(ann, lift, 1..3));
    let schedule = rotated.schedule().unwrap();
    keeps_its_promises(&workplace, schedule, 60);
    for (w, week) in schedule.weeks.iter().enumerate() {
        assert_eq!(week.planned.time_of(ann), Minutes::new(600));
        let lifts = week.complexes.of(ann).iter().any(|share| share.task == lift);
        assert!(!(1..3).contains(&w) || !lifts);
    }
    assert!(schedule.overloads().is_empty());
}

#[test]
fn a_week_that_cannot_be_done_is_named() {
    let workplace = Workplace::new(
        vec![
            Task::new("operate", Minutes::new(300), 18.0, 9.0).with_skill("surgeon"),
            Task::new("clean", Minutes::new(300), 2.0, 8.0),
        ],
        vec![
            Member::new("ann", Minutes::new(400)).with_skill("surgeon"),
            Member::new("bo", Minutes::new(400)),
        ],
        Eligibility::Everyone,
    )
    .unwrap();
    let rotated = rotation(&workplace, Config::new(3).with_leave(MemberId::new(0), 2..3, Minutes::ZERO));
    let impossible = rotated.infeasible().unwrap();
    assert_eq!(impossible.week, 2);
    let Obstacle::Hours(reasons) = &impossible.reasons[0] else { panic!("hours are short") };
    reasons.shortages[0].verify(&impossible.present).unwrap();
}

#[test]
fn whole_shifts_are_shared_like_the_plan_in_the_long_run() {
    // 7 shifts of 180 minutes a week for 3 members who work alike: 7/3 of a shift a week.
    let workplace = Workplace::new(
        vec![Task::new("shift", Minutes::new(1260), 5.0, 5.0).with_chunk(Minutes::new(180))],
        ["ann", "bo", "cy"].map(|id| Member::new(id, Minutes::new(600))).to_vec(),
        Eligibility::Everyone,
    )
    .unwrap();
    let rotated = rotation(&workplace, Config::new(9));
    let schedule = rotated.schedule().unwrap();
    for m in (0..3).map(MemberId::new) {
        let times: Vec<u64> = schedule.weeks.iter().map(|week| week.complexes.time_of(m).get()).collect();
        assert_eq!(times.iter().sum::<u64>(), 9 * 420);
        assert!(times.iter().all(|time| [360, 540].contains(time)), "{times:?}");
    }
}

#[test]
fn blocks_of_different_tasks_make_up_for_each_other() {
    // Two tasks of 5 shifts each for 2 members: 2 or 3 shifts of each a week, but always 5 in all.
    let task = |id: &str| Task::new(id, Minutes::new(600), 5.0, 5.0).with_chunk(Minutes::new(120));
    let workplace = Workplace::new(
        vec![task("a"), task("b")],
        ["ann", "bo"].map(|id| Member::new(id, Minutes::new(600))).to_vec(),
        Eligibility::Everyone,
    )
    .unwrap();
    // The plan must be half of each for both: pin it.
    let half = Minutes::new(300);
    let pins: Vec<_> = (0..4).map(|at| (MemberId::new(at / 2), TaskId::new(at % 2), half)).collect();
    let workplace = workplace.with_pinned(&pins).unwrap();
    let rotated = rotation(&workplace, Config::new(6));
    let schedule = rotated.schedule().unwrap();
    keeps_its_promises(&workplace, schedule, 120);
    assert_eq!(schedule.overloads(), []);
}

#[test]
fn calendars_hold_the_schedule() {
    let workplace = Workplace::new(
        vec![
            Task::new("a", Minutes::new(1000), 3.0, 5.0)
                .with_name("Accounts; receipts, \"petty\" cash \u{1F4B0} and all that is in the long drawer"),
            Task::new("b", Minutes::new(800), 12.0, 11.0),
        ],
        ["ann", "bo"].map(|id| Member::new(id, Minutes::new(1200))).to_vec(),
        Eligibility::Everyone,
    )
    .unwrap();
    let rotated = rotation(&workplace, Config::new(5));
    let schedule = rotated.schedule().unwrap();
    let monday = Date::new(2026, 12, 21).unwrap();
    let nights: Vec<Window> =
        [0, 2, 5].into_iter().map(|day| Window { day, from: 20 * 60, to: 24 * 60 }).collect();
    let calendar = Calendar::new(schedule, &workplace, monday, &[(MemberId::new(1), nights)]).unwrap();
    let minutes = |m: usize| -> u64 {
        calendar.events().iter().filter(|e| e.member.index() == m).map(|e| u64::from(e.to - e.from)).sum()
    };
    let wanted = |m: usize| -> u64 {
        schedule.weeks.iter().map(|week| week.complexes.time_of(MemberId::new(m)).get()).sum()
    };
    assert_eq!(minutes(0), wanted(0));
    let unplaced: u64 = calendar.unplaced().iter().map(|(_, _, time)| time.get()).sum();
    assert_eq!(minutes(1) + unplaced, wanted(1));
    assert!(calendar.unplaced().iter().all(|(_, m, _)| m.index() == 1));
    // Nobody is at two places at once.
    for pair in calendar.events().windows(2).filter(|pair| pair[0].member == pair[1].member) {
        assert!((pair[0].day, pair[0].to) <= (pair[1].day, pair[1].from));
    }
    let text = calendar.to_ical(&workplace, MemberId::new(1)).unwrap();
    assert!(text.split("\r\n").all(|line| line.len() <= 75) && !text.replace("\r\n", "").contains('\n'));
    let unfolded = text.replace("\r\n ", "");
    assert!(unfolded.contains(
        "\r\nSUMMARY:Accounts\\; receipts\\, \"petty\" cash \u{1F4B0} and all that is in the long drawer\r\n"
    ));
    // Midnight is the next day's; the first week begins on the 21st, so this is its Monday.
    assert!(
        unfolded.contains("DTSTART:20261221T200000\r\n") && unfolded.contains("DTEND:20261222T000000\r\n")
    );
    let events = unfolded.matches("BEGIN:VEVENT").count();
    assert_eq!(events, calendar.events().iter().filter(|e| e.member.index() == 1).count());
    let mut ids: Vec<&str> = unfolded.split("\r\n").filter(|line| line.starts_with("UID:")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), events);
    let table = calendar.to_csv(&workplace).unwrap();
    assert_eq!(table.lines().count(), calendar.events().len() + 1);
    let first = calendar.events()[0];
    let time = |minutes: u32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let task = &workplace.task(first.task).unwrap().id;
    let row = format!("2026-12-21,{},{},ann,{task}", time(first.from), time(first.to));
    assert_eq!(table.lines().nth(1), Some(row.as_str()));
    let json = serde_json::to_string(schedule).unwrap();
    assert_eq!(&serde_json::from_str::<Schedule>(&json).unwrap(), schedule);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let workplace = Workplace::new(
        vec![Task::new("a", Minutes::new(60), 3.0, 5.0)],
        vec![Member::new("ann", Minutes::new(60)).with_count(2)],
        Eligibility::Everyone,
    )
    .unwrap();
    let refused = |config: Config, workplace: &Workplace| {
        schedule(workplace, &config, &mut ()).unwrap_err().to_string()
    };
    assert!(refused(Config::new(1), &workplace).contains("stands for 2 people"));
    let workplace = Workplace::new(
        vec![Task::new("a", Minutes::new(60), 3.0, 5.0)],
        vec![Member::new("ann", Minutes::new(60))],
        Eligibility::Everyone,
    )
    .unwrap();
    let (ann, nobody) = (MemberId::new(0), MemberId::new(7));
    assert!(refused(Config::new(2).with_leave(nobody, 0..1, Minutes::ZERO), &workplace).contains("member 7"));
    assert!(refused(Config::new(2).with_exemption(ann, TaskId::new(3), 0..1), &workplace).contains("task 3"));
    let twice = Config::new(3).with_leave(ann, 0..2, Minutes::ZERO).with_leave(ann, 1..3, Minutes::ZERO);
    assert!(refused(twice, &workplace).contains("twice in week 1"));
    assert!(refused(Config::new(2).with_chunk(Minutes::ZERO), &workplace).contains("chunk"));
    let rotated = rotation(&workplace, Config::new(1));
    let schedule = rotated.schedule().unwrap();
    let day = Date::new(2026, 1, 5).unwrap();
    let window = |from, to| Window { day: 0, from, to };
    for bad in [vec![window(60, 60)], vec![window(0, 90), window(80, 100)], vec![window(0, 1500)]] {
        assert!(Calendar::new(schedule, &workplace, day, &[(ann, bad)]).is_err());
    }
    assert!(Calendar::new(schedule, &workplace, day, &[(nobody, vec![])]).is_err());
    // Days are up to the end of 9998, as dates are: a calendar that is written can be read.
    let end = |day| Calendar::new(schedule, &workplace, Date::new(9998, 12, day).unwrap(), &[]);
    let error = end(26).unwrap_err();
    assert_eq!(error.to_string(), "1 weeks from 9998-12-26 end on 9999-01-01, must be by 9998-12-31");
    let last = end(25).unwrap();
    let text = serde_json::to_string(&last).unwrap();
    assert_eq!(serde_json::from_str::<Calendar>(&text).unwrap(), last);
}

/// Four to eight people, two tasks for teams and some for one.
fn with_teams() -> impl Strategy<Value = Workplace> {
    let task = (1u64..6, 10u32..=200, 10u32..=200);
    (prop::collection::vec(task, 4..7), 4usize..9, 2u32..4, 60u64..200).prop_map(
        |(tasks, people, team, chunk)| {
            let rating = |tenths: u32| f64::from(tenths) / 10.0;
            let tasks: Vec<Task> = tasks
                .iter()
                .enumerate()
                .map(|(j, (time, e, d))| {
                    let task = Task::new(format!("t{j}"), Minutes::new(time * 120), rating(*e), rating(*d));
                    let task = task.with_chunk(Minutes::new(chunk));
                    if j < 2 { task.with_team(team) } else { task }
                })
                .collect();
            let members = (0..people).map(|m| Member::new(format!("m{m}"), Minutes::new(2400))).collect();
            Workplace::new(tasks, members, Eligibility::Everyone).unwrap()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn teams_are_complete_and_nobody_is_ahead(workplace in with_teams(), weeks in 1u32..9) {
        let found = rotation(&workplace, Config::new(weeks).with_balance(quick()));
        let schedule = found.schedule().unwrap();
        for m in (0..workplace.members().len()).map(MemberId::new) {
            for dimension in workplace.dimensions() {
                let bound = schedule.bound(&workplace, m, dimension);
                prop_assert!(schedule.drift(&workplace, m, dimension).iter().all(|d| d.abs() < bound + SUM));
            }
        }
        for week in &schedule.weeks {
            let mut together: BTreeMap<(usize, usize), u64> = BTreeMap::new();
            for session in &week.sessions {
                let task = workplace.task(session.task).unwrap();
                let mut members = session.members.clone();
                members.sort_unstable();
                members.dedup();
                prop_assert_eq!(members.len(), task.team.unwrap() as usize);
                for member in members {
                    *together.entry((member.index(), session.task.index())).or_insert(0) += session.time.get();
                }
            }
            let mut done = vec![0; workplace.tasks().len()];
            for (member, shares) in week.complexes.iter() {
                for share in shares {
                    done[share.task.index()] += share.time.get();
                    let team = workplace.task(share.task).unwrap().team;
                    let key = (member.index(), share.task.index());
                    prop_assert_eq!(team.map(|_| share.time.get()), together.remove(&key));
                }
            }
            prop_assert!(together.is_empty());
            prop_assert!(workplace.tasks().iter().zip(done).all(|(task, done)| task.time.get() == done));
        }
        // Everybody of a session is there at the same time, unless windows are too short.
        let calendar = Calendar::new(schedule, &workplace, Date::new(2027, 1, 4).unwrap(), &[]).unwrap();
        prop_assert_eq!(calendar.unplaced(), []);
        for (w, week) in schedule.weeks.iter().enumerate() {
            for session in &week.sessions {
                let at = |member: &MemberId| -> Vec<_> {
                    let own = |e: &&parecon_jobs::rotation::Event| (e.week, e.member, e.task) == (w, *member, session.task);
                    calendar.events().iter().filter(own).map(|e| (e.day, e.from, e.to)).collect()
                };
                let mut shared = at(&session.members[0]);
                shared.retain(|time| session.members.iter().all(|member| at(member).contains(time)));
                prop_assert!(!shared.is_empty());
            }
        }
        // Nobody is in two places.
        for pair in calendar.events().windows(2).filter(|pair| (pair[0].week, pair[0].member) == (pair[1].week, pair[1].member)) {
            prop_assert!((pair[0].day, pair[0].to) <= (pair[1].day, pair[1].from));
        }
    }
}

#[test]
fn a_team_needs_a_whole_part_for_each() {
    let workplace = |minutes, people: u32| {
        let tasks = vec![
            Task::new("lift", Minutes::new(minutes), 3.0, 5.0).with_team(3),
            Task::new("plan", Minutes::new(600), 17.0, 14.0),
        ];
        let members = vec![Member::new("crew", Minutes::new(900)).with_count(people)];
        Workplace::new(tasks, members, Eligibility::Everyone).unwrap().with_people_apart().unwrap()
    };
    let error = schedule(&workplace(100, 4), &Config::new(2), &mut ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "task \"lift\" takes 1 h 40 min, must be a multiple of its team of 3 to be done in whole blocks"
    );
    // Two cannot be three.
    let outcome = rotation(&workplace(600, 2), Config::new(2));
    assert!(matches!(outcome.infeasible().unwrap().reasons[0], Obstacle::Team { team: 3, .. }));
    // Ann has 250 minutes of planning and would be balanced by as much lifting, but one of three lifts a third at most.
    let tasks = vec![
        Task::new("lift", Minutes::new(600), 3.0, 10.0).with_team(3).with_chunk(Minutes::new(50)),
        Task::new("cook", Minutes::new(600), 10.0, 10.0),
        Task::new("plan", Minutes::new(600), 17.0, 10.0),
    ];
    let members = ["ann", "bo", "cy", "di"].map(|id| Member::new(id, Minutes::new(450))).to_vec();
    let pin = (MemberId::new(0), TaskId::new(2), Minutes::new(250));
    let pinned = Workplace::new(tasks, members, Eligibility::Everyone).unwrap().with_pinned(&[pin]).unwrap();
    let schedule = rotation(&pinned, Config::new(4)).schedule().unwrap().clone();
    for week in &schedule.weeks {
        let lifted: Vec<u64> = (0..4)
            .map(|m| {
                week.planned
                    .of(MemberId::new(m))
                    .iter()
                    .filter(|s| s.task.index() == 0)
                    .map(|s| s.time.get())
                    .sum()
            })
            .collect();
        assert!(lifted.iter().all(|minutes| *minutes <= 200) && lifted[0] > 190, "{lifted:?}");
        assert_eq!(week.sessions.len(), 4);
        assert!(week.sessions.iter().all(|session| session.members.len() == 3));
    }
}
