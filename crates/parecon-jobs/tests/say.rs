//! What decision weights promise.

use parecon_jobs::say::{Decision, Normalisation, say};
use parecon_jobs::{Complexes, Eligibility, Member, Minutes, Share, Task, TaskId, Workplace};
use proptest::prelude::*;

/// Sums of a few numbers of the order of 1.
const SUM: f64 = 1e-12;

/// A workplace and any division of its work.
fn divided() -> impl Strategy<Value = (Workplace, Complexes)> {
    (1usize..6, 1usize..6)
        .prop_flat_map(|(members, tasks)| {
            (
                prop::collection::vec(prop::collection::vec(0u64..300, tasks), members),
                prop::collection::vec(1u32..5, members),
            )
        })
        .prop_filter_map("somebody works", |(minutes, counts)| {
            let tasks = (0..minutes[0].len()).map(|j| {
                let time = minutes.iter().map(|row| row[j]).sum();
                Task::new(format!("t{j}"), Minutes::new(time), 5.0, 5.0)
            });
            let members = (0..minutes.len())
                .map(|m| Member::new(format!("m{m}"), Minutes::new(9999)).with_count(counts[m]));
            let workplace = Workplace::new(tasks.collect(), members.collect(), Eligibility::Everyone).ok()?;
            let shares = minutes.iter().map(|row| {
                let share =
                    |(j, time): (usize, &u64)| Share { task: TaskId::new(j), time: Minutes::new(*time) };
                row.iter().enumerate().map(share).collect()
            });
            Some((workplace, Complexes::new(shares.collect()).ok()?))
        })
}

proptest! {
    #[test]
    fn stakes_add_up_to_the_work_touched((workplace, complexes) in divided(), parts in prop::collection::vec(0.0..=1.0f64, 6)) {
        let tasks = workplace.tasks();
        let decision = (0..tasks.len())
            .fold(Decision::new("d", []), |d, j| d.with_part(TaskId::new(j), parts[j]));
        let found = &say(&workplace, &complexes, &[decision]).unwrap()[0];
        // By the tasks alone, whoever does them.
        let work: f64 = tasks.iter().zip(&parts).map(|(t, p)| t.time.as_hours() * p).sum();
        prop_assert!((found.touched - work / workplace.total_time().as_hours()).abs() < SUM);
        prop_assert!(found.stakes.iter().all(|s| (0.0..=1.0 + SUM).contains(s)));
        for normalisation in [Normalisation::Share, Normalisation::Floor(0.3), Normalisation::Floor(1.0)] {
            let sum: f64 = found.weights(normalisation).unwrap().iter().sum();
            prop_assert!((sum - 1.0).abs() < SUM || (sum == 0.0 && found.touched == 0.0));
            let votes = found.votes(1000, normalisation).unwrap();
            prop_assert!(votes.iter().sum::<u32>() == 1000 || found.touched == 0.0);
        }
        let people: u32 = workplace.members().iter().map(|m| m.count).sum();
        prop_assert!(found.voices() <= f64::from(people) + 1e-9);
    }

    #[test]
    fn votes_in_proportion_to_stakes_pick_the_greater_gain(
        (workplace, complexes) in divided(), sides in prop::collection::vec(any::<bool>(), 6),
    ) {
        let found = &say(&workplace, &complexes, &[Decision::new("d", [TaskId::new(0)])]).unwrap()[0];
        let people = workplace.members().iter().map(|m| f64::from(m.count));
        // Everybody gains or loses what is at stake.
        let gain: f64 = found.stakes.iter().zip(people).zip(&sides).map(|((s, n), up)| if *up { s * n } else { -s * n }).sum();
        let votes = found.votes(1 << 20, Normalisation::Share).unwrap();
        let balance: i64 = votes.iter().zip(&sides).map(|(v, up)| if *up { i64::from(*v) } else { -i64::from(*v) }).sum();
        prop_assume!(gain.abs() > 1e-3);
        prop_assert_eq!(gain > 0.0, balance > 0);
    }
}

#[test]
fn balanced_work_gives_equal_say_in_what_touches_all() {
    let day = Minutes::new(480);
    let workplace = Workplace::new(
        vec![Task::new("a", day, 3.0, 3.0), Task::new("b", day, 9.0, 9.0)],
        vec![Member::new("ann", day), Member::new("bo", day)],
        Eligibility::Everyone,
    )
    .unwrap();
    let whole = |j| vec![Share { task: TaskId::new(j), time: day }];
    let complexes = Complexes::new(vec![whole(0), whole(1)]).unwrap();
    let found = say(
        &workplace,
        &complexes,
        &[
            Decision::new("all", [0, 1].map(TaskId::new)),
            Decision::new("b", [TaskId::new(1)]),
            Decision::new("none", []),
        ],
    )
    .unwrap();
    assert_eq!((found[0].stakes.as_slice(), found[0].voices()), ([1.0, 1.0].as_slice(), 2.0));
    assert_eq!((found[1].unaffected().len(), found[1].voices()), (1, 1.0));
    assert_eq!(found[2].weights(Normalisation::Share).unwrap(), [0.0, 0.0]);
    assert_eq!(found[2].weights(Normalisation::Floor(0.1)).unwrap(), [0.5, 0.5]);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let hour = Minutes::new(60);
    let workplace = Workplace::new(
        vec![Task::new("a", hour, 3.0, 3.0)],
        vec![Member::new("ann", hour)],
        Eligibility::Everyone,
    )
    .unwrap();
    let complexes = Complexes::new(vec![vec![]]).unwrap();
    let task = TaskId::new(0);
    for bad in [
        vec![Decision::new("", [task])],
        vec![Decision::new("d", [TaskId::new(1)])],
        vec![Decision::new("d", [task, task])],
        vec![Decision::new("d", []).with_part(task, f64::NAN)],
        vec![Decision::new("d", []), Decision::new("d", [])],
    ] {
        assert!(say(&workplace, &complexes, &bad).unwrap_err().is_invalid_input());
    }
    assert!(say(&workplace, &Complexes::new(vec![]).unwrap(), &[]).is_err());
    let found = &say(&workplace, &complexes, &[Decision::new("d", [task])]).unwrap()[0];
    assert_eq!((found.stakes.as_slice(), found.touched), ([0.0].as_slice(), 0.0));
    assert!(
        found.weights(Normalisation::Floor(1.5)).is_err() && found.votes(3, Normalisation::Stake).is_err()
    );
}
