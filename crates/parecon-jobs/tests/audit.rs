//! The audit against definitions written out, and against what is proved of known procedures.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use parecon_jobs::audit::{Item, audit};
use parecon_jobs::{Complexes, Eligibility, Member, MemberId, Minutes, Share, Task, TaskId, Workplace};
use proptest::prelude::*;

fn share(task: usize, time: u64) -> Share {
    Share { task: TaskId::new(task), time: Minutes::new(time) }
}

/// Members with equal time; minutes by member and task; own ratings by member and task.
fn built(minutes: &[Vec<u64>], ratings: &[Vec<u32>], counts: &[u32]) -> (Workplace, Complexes) {
    let tasks = (0..minutes[0].len()).map(|j| {
        let time = minutes.iter().map(|row| row[j]).sum();
        Task::new(format!("t{j}"), Minutes::new(time), 5.0, 10.0)
    });
    let members = counts
        .iter()
        .enumerate()
        .map(|(m, n)| Member::new(format!("m{m}"), Minutes::new(600)).with_count(*n));
    let own: Vec<_> = ratings
        .iter()
        .enumerate()
        .flat_map(|(m, row)| {
            row.iter().enumerate().map(move |(j, r)| (MemberId::new(m), TaskId::new(j), f64::from(*r)))
        })
        .collect();
    let workplace = Workplace::new(tasks.collect(), members.collect(), Eligibility::Everyone)
        .unwrap()
        .with_own_desirability(&own)
        .unwrap();
    let shares =
        minutes.iter().map(|row| row.iter().enumerate().map(|(j, time)| share(j, *time)).collect()).collect();
    (workplace, Complexes::new(shares).unwrap())
}

/// EF1 and PROPX by their definitions, item by item, in floating point; `None` too close to call.
fn by_definition(workplace: &Workplace, complexes: &Complexes, block: Option<u64>) -> Option<(bool, bool)> {
    let n = workplace.members().len();
    let quota: Vec<f64> = workplace.fair_quotas().iter().map(|q| q.get() as f64).collect();
    let burden = |m: usize, shares: &[Share]| -> f64 {
        shares
            .iter()
            .map(|s| {
                (21.0 - workplace.own_desirability(MemberId::new(m), s.task).unwrap()) * s.time.get() as f64
            })
            .sum()
    };
    // Per person: an entry of n people does 1/n each.
    let items = |m: usize| -> Vec<Share> {
        let people = u64::from(workplace.members()[m].count);
        let mut items = Vec::new();
        for s in complexes.of(MemberId::new(m)) {
            let mut left = s.time.get();
            let block = block.map_or(left, |b| b * people);
            while left > 0 {
                let time = left.min(block);
                items.push(Share { task: s.task, time: Minutes::new(time) });
                left -= time;
            }
        }
        items
    };
    let all: Vec<Share> = workplace.tasks().iter().enumerate().map(|(j, t)| share(j, t.time.get())).collect();
    let (mut ef1, mut propx, mut close) = (true, true, false);
    for m in 0..n {
        let own = burden(m, complexes.of(MemberId::new(m)));
        let without: Vec<f64> = items(m).into_iter().map(|item| own - burden(m, &[item])).collect();
        if without.is_empty() {
            continue;
        }
        for k in (0..n).filter(|k| *k != m) {
            let other = burden(m, complexes.of(MemberId::new(k))) / quota[k];
            ef1 &= without.iter().any(|left| left / quota[m] <= other);
            close |= without.iter().any(|left| (left / quota[m] - other).abs() < 1e-9);
        }
        let part = burden(m, &all) * quota[m] / quota.iter().sum::<f64>();
        propx &= without.iter().all(|left| *left <= part);
        close |= without.iter().any(|left| (left - part).abs() < 1e-6);
    }
    (!close).then_some((ef1, propx))
}

proptest! {
    #[test]
    fn the_audit_says_what_the_definitions_say(
        (minutes, ratings, counts) in (2usize..5, 1usize..6).prop_flat_map(|(members, tasks)| (
            prop::collection::vec(prop::collection::vec(prop_oneof![Just(0), 1u64..300], tasks), members),
            prop::collection::vec(prop::collection::vec(1u32..=20, tasks), members),
            prop::collection::vec(1u32..4, members),
        )),
        block in prop::option::of(20u64..200),
    ) {
        prop_assume!(minutes.iter().flatten().sum::<u64>() > 100);
        let (workplace, complexes) = built(&minutes, &ratings, &counts);
        let item = block.map_or(Item::Share, |b| Item::Block(Minutes::new(b)));
        let found = audit(&workplace, &complexes, item).unwrap();
        if let Some((ef1, propx)) = by_definition(&workplace, &complexes, block) {
            prop_assert_eq!((found.is_ef1(), found.is_propx()), (ef1, propx));
        }
        for envy in &found.envy {
            envy.verify(&workplace, &complexes, item).unwrap();
        }
        for excess in &found.excess {
            excess.verify(&workplace, &complexes, item).unwrap();
        }
        prop_assert!(found.envy.len() <= found.envious);
    }

    #[test]
    fn the_heaviest_to_the_least_burdened_is_fair_if_all_rate_alike(
        members in 2usize..5, tasks in prop::collection::vec((30u64..300, 1u32..=19), 2..10),
    ) {
        // With identical ratings, giving chores in the order of their burden to whoever bears least is envy-free up to any
        // item, hence EF1 and PROPX (Barman & Krishnamurthy 2020; Li, Li & Wu 2022).
        let mut tasks = tasks;
        // Quotas are whole minutes: make the total divisible, so that they are equal.
        let over = tasks.iter().map(|t| t.0).sum::<u64>() % members as u64;
        tasks[0].0 += members as u64 - over;
        let burden = |j: usize| tasks[j].0 * u64::from(21 - tasks[j].1);
        let mut order: Vec<usize> = (0..tasks.len()).collect();
        order.sort_by_key(|j| std::cmp::Reverse(burden(*j)));
        let mut minutes = vec![vec![0; tasks.len()]; members];
        let mut borne = vec![0; members];
        for j in order {
            let m = (0..members).min_by_key(|m| borne[*m]).unwrap();
            minutes[m][j] = tasks[j].0;
            borne[m] += burden(j);
        }
        let ratings = vec![tasks.iter().map(|t| t.1).collect::<Vec<_>>(); members];
        let (workplace, complexes) = built(&minutes, &ratings, &vec![1; members]);
        let found = audit(&workplace, &complexes, Item::Share).unwrap();
        prop_assert!(found.is_ef1() && found.is_propx(), "{:?}", found);
    }
}

#[test]
fn ef1_is_not_propx() {
    // Ann has burdens 9 and 2 against 1: without the 9 she envies nobody, but without the 2 she bears more than half of 12.
    let (workplace, complexes) =
        built(&[vec![60, 60, 0], vec![0, 0, 60]], &vec![vec![12, 19, 20]; 2], &[1, 1]);
    let found = audit(&workplace, &complexes, Item::Share).unwrap();
    assert!(!found.is_ef1() && !found.is_propx()); // 2 against 1: envy even without the 9
    let (workplace, complexes) =
        built(&[vec![60, 60, 0], vec![0, 0, 60]], &vec![vec![12, 19, 19]; 2], &[1, 1]);
    let found = audit(&workplace, &complexes, Item::Share).unwrap();
    assert!(found.is_ef1() && !found.is_propx());
    assert_eq!((found.excess[0].task, found.excess[0].removed), (TaskId::new(1), Minutes::new(60)));
    assert!(
        (found.excess[0].own - 6.0).abs() < 1e-12
            && (found.excess[0].proportional - 13.0 / 3.0).abs() < 1e-12
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    let (workplace, complexes) = built(&[vec![60], vec![60]], &[vec![5], vec![5]], &[1, 1]);
    assert!(audit(&workplace, &complexes, Item::Block(Minutes::ZERO)).unwrap_err().is_invalid_input());
    assert!(audit(&workplace, &Complexes::new(vec![]).unwrap(), Item::Share).is_err());
    assert!(
        audit(&workplace, &Complexes::new(vec![vec![share(3, 9)], vec![]]).unwrap(), Item::Share).is_err()
    );
}
