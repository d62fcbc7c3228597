//! Further dimensions, skills, own ratings and pinned work, from CSV to balanced complexes.

use parecon_jobs::{
    Config, Dimension, Eligibility, Member, MemberId, Minutes, Share, Task, TaskId, Training, Workplace,
    balance,
};
use parecon_testbed::jobs::feasible_workplace;
use proptest::prelude::*;

const TASKS: &str = "id,hours,empowerment,desirability,skill,chunk,team,rating:noise\n\
                     cook,16,9,6,,30,,12\n\
                     drive,8,8,9,licence,,,14\n\
                     plan,8,17,14,,60,2,2\n";
const MEMBERS: &str = "id,hours,skills,training\n\
                       ann,20,licence,\n\
                       bo,20,,licence=40; chef=12.5\n";
const ELIGIBILITY: &str = "member,task,desirability,pinned\n\
                           ann,cook,18,\nann,drive,,\nann,plan,,60\nbo,cook,,\nbo,drive,,\nbo,plan,3,\n";

fn read(tasks: &str, members: &str, eligibility: &str) -> Result<Workplace, parecon_jobs::Error> {
    Workplace::from_csv(tasks.as_bytes(), members.as_bytes(), Some(eligibility.as_bytes()))
}

#[test]
fn every_column_arrives() {
    let workplace = read(TASKS, MEMBERS, ELIGIBILITY).unwrap();
    let (ann, bo) = (MemberId::new(0), MemberId::new(1));
    let (cook, drive, plan) = (TaskId::new(0), TaskId::new(1), TaskId::new(2));
    let names: Vec<_> = workplace.dimensions().map(|d| workplace.dimension_name(d).to_owned()).collect();
    assert_eq!(names, ["empowerment", "desirability", "noise"]);
    assert_eq!(workplace.average(Dimension::Further(0)), (16.0 * 12.0 + 8.0 * 14.0 + 8.0 * 2.0) / 32.0);
    assert!(workplace.average(Dimension::Further(1)).is_nan());
    assert_eq!(workplace.tasks()[0].chunk, Some(Minutes::new(30)));
    assert_eq!(workplace.tasks()[2].team, Some(2));
    assert!(workplace.is_eligible(ann, drive) && !workplace.is_eligible(bo, drive));
    assert_eq!(workplace.allowed(bo), [cook, drive, plan]);
    assert_eq!(
        workplace.members()[1].trainable,
        [Training::new("licence", 40.0), Training::new("chef", 12.5)]
    );
    assert_eq!(workplace.own_desirability(ann, cook), Some(18.0));
    assert_eq!(workplace.own_desirability(bo, cook), Some(6.0));
    assert_eq!(workplace.pinned(ann), [Share { task: plan, time: Minutes::new(60) }]);
    let trained = workplace.with_training(&[(bo, "licence")]).unwrap();
    assert!(trained.is_eligible(bo, drive));
    assert_eq!(trained.members()[1].trainable, [Training::new("chef", 12.5)]);
    let json = serde_json::to_string(&workplace).unwrap();
    assert_eq!(serde_json::from_str::<Workplace>(&json).unwrap(), workplace);
}

#[test]
fn cells_that_do_not_fit_are_named() {
    let cases = [
        (
            TASKS.replace("30,,12", "30,,loud"),
            MEMBERS.to_owned(),
            ELIGIBILITY.to_owned(),
            r#"tasks.csv, line 2, column "rating:noise": "loud" is not a number"#,
        ),
        (
            TASKS.replace("30,,12", "0,,12"),
            MEMBERS.to_owned(),
            ELIGIBILITY.to_owned(),
            r#"tasks.csv, line 2: task "cook": chunk and team must be at least 1 where given"#,
        ),
        (
            TASKS.replace("rating:noise", "rating:"),
            MEMBERS.to_owned(),
            ELIGIBILITY.to_owned(),
            r#"tasks.csv, line 2: task "cook": a dimension has an empty name"#,
        ),
        (
            TASKS.to_owned(),
            MEMBERS.replace("chef=12.5", "chef"),
            ELIGIBILITY.to_owned(),
            r#"members.csv, line 3, column "training": "chef" is not like driver=40"#,
        ),
        (
            TASKS.to_owned(),
            MEMBERS.replace("12.5", "-1"),
            ELIGIBILITY.to_owned(),
            r#"members.csv, line 3: member "bo", training: the cost of "chef" is -1, must be 0 or more"#,
        ),
        (
            TASKS.to_owned(),
            MEMBERS.to_owned(),
            ELIGIBILITY.replace("18", "21"),
            r#"own desirability of task "cook" for member "ann" is 21, must be from 1 to 20"#,
        ),
        (
            TASKS.to_owned(),
            MEMBERS.to_owned(),
            ELIGIBILITY.replace("60", "600"),
            r#"10 h of task "plan" are pinned, it takes 8 h"#,
        ),
        (
            TASKS.to_owned(),
            MEMBERS.to_owned(),
            ELIGIBILITY.replace("bo,drive,,", "bo,drive,,5"),
            r#"task "drive" is pinned to member "bo", who cannot do it"#,
        ),
    ];
    for (tasks, members, eligibility, message) in cases {
        assert_eq!(read(&tasks, &members, &eligibility).unwrap_err().to_string(), message);
    }
    let rated = Task::new("a", Minutes::new(60), 5.0, 5.0).with_further("noise", 3.0);
    let tasks = vec![rated, Task::new("b", Minutes::new(60), 5.0, 5.0)];
    let error = Workplace::new(tasks, vec![Member::new("x", Minutes::new(120))], Eligibility::Everyone);
    assert_eq!(error.unwrap_err().to_string(), r#"task "b" is not rated in "noise", as task "a" is"#);
}

/// Found by fuzzing: a pin of no minutes is no pin, and what is read back is the same.
#[test]
fn pins_of_no_time_are_none() {
    let workplace = read(TASKS, MEMBERS, &ELIGIBILITY.replace("60", "0")).unwrap();
    assert_eq!(workplace, read(TASKS, MEMBERS, &ELIGIBILITY.replace("60", "")).unwrap());
    let json = serde_json::to_string(&workplace).unwrap();
    assert_eq!(serde_json::from_str::<Workplace>(&json).unwrap(), workplace);
}

/// Bo cannot drive, so the two differ in every dimension; what is pinned stays.
#[test]
fn three_dimensions_and_a_pin() {
    let workplace = read(TASKS, MEMBERS, ELIGIBILITY).unwrap();
    let outcome = balance(&workplace, &Config::default(), &mut ()).unwrap();
    let balance = outcome.balance().unwrap();
    balance.complexes.verify(&workplace).unwrap();
    assert!(balance.certificate.largest.gap() < 0.01, "{:?}", balance.certificate.largest);
    // Ann drives 8 of 16 h, wherever the other 8 lie: with p h of planning her noise is (8·14 + 2p + 12(8 − p))/16, her
    // empowerment (8·8 + 17p + 9(8 − p))/16 and her desirability (8·9 + 14p + 6(8 − p))/16, against 10, 10.75 and 8.75.
    let deviation = |p: f64| {
        [(208.0 - 10.0 * p) / 16.0 - 10.0, (136.0 + 8.0 * p) / 16.0 - 10.75, (120.0 + 8.0 * p) / 16.0 - 8.75]
            .into_iter()
            .fold(0.0f64, |most, d| most.max(d.abs()))
    };
    let best = (0..=8000).map(|p| deviation(f64::from(p) / 1000.0)).fold(f64::INFINITY, f64::min);
    assert!((balance.spread.max_abs - best).abs() < 0.01, "{} against {best}", balance.spread.max_abs);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 32 } else { 256 }))]

    /// Whatever of a balance is pinned stays, and the optimum cannot become better by it.
    #[test]
    fn pins_are_kept(workplace in feasible_workplace(), part in 0.0..=1.0f64, which in any::<u64>()) {
        let config = Config::default();
        let outcome = balance(&workplace, &config, &mut ()).unwrap();
        let free = outcome.balance().unwrap();
        let mut pins = Vec::new();
        for (member, shares) in free.complexes.iter() {
            for share in shares {
                if which >> ((member.index() * 7 + share.task.index()) % 64) & 1 == 1 {
                    let time = Minutes::new((share.time.get() as f64 * part) as u64);
                    pins.push((member, share.task, time));
                }
            }
        }
        let pinned = workplace.clone().with_pinned(&pins).unwrap();
        let outcome = balance(&pinned, &config, &mut ()).unwrap();
        let kept = outcome.balance().expect("the balance without pins is still there");
        kept.complexes.verify(&pinned).unwrap();
        kept.certificate.verify(&pinned).unwrap();
        let certificate = kept.certificate.largest;
        prop_assert!(certificate.gap() > -1e-6);
        prop_assert!(certificate.bound >= free.certificate.largest.bound - 1e-4);
        if kept.status.is_converged() && free.status.is_converged() {
            // The old complexes are still allowed, up to whole minutes: the optimum is no worse than they are.
            prop_assert!(certificate.bound <= free.spread.max_abs + 1e-6);
        }
    }
}

#[test]
fn more_people_than_can_be_taken_apart() {
    let of = |counts: [u32; 2]| {
        let members = ["crew", "staff"].map(|id| Member::new(id, Minutes::new(60)));
        let members =
            members.into_iter().zip(counts).map(|(member, count)| member.with_count(count)).collect();
        Workplace::new(vec![Task::new("a", Minutes::new(60), 5.0, 5.0)], members, Eligibility::Everyone)
            .unwrap()
            .with_people_apart()
    };
    for counts in [[1, u32::MAX], [500_000, 500_001], [u32::MAX, u32::MAX]] {
        let error = of(counts).unwrap_err();
        let named = if counts[0] > 1_000_000 { "\"crew\"" } else { "\"staff\"" };
        assert!(error.is_invalid_input() && error.to_string().contains(named), "{error}");
    }
    assert_eq!(of([2, 3]).unwrap().members().len(), 5);
}

#[test]
fn people_taken_apart_do_the_same_work() {
    let tasks =
        vec![Task::new("a", Minutes::new(900), 5.0, 5.0), Task::new("b", Minutes::new(600), 9.0, 7.0)];
    let members =
        vec![Member::new("crew", Minutes::new(400)).with_count(3), Member::new("crew 2", Minutes::new(300))];
    let (crew, a) = (MemberId::new(0), TaskId::new(0));
    let lists = vec![vec![a, TaskId::new(1)], vec![TaskId::new(1)]];
    let workplace = Workplace::new(tasks, members, Eligibility::ByMember(lists))
        .unwrap()
        .with_own_desirability(&[(crew, a, 17.0)])
        .unwrap()
        .with_pinned(&[(crew, a, Minutes::new(100))])
        .unwrap();
    let apart = workplace.with_people_apart().unwrap();
    let ids: Vec<&str> = apart.members().iter().map(|member| member.id.as_str()).collect();
    assert_eq!(ids, ["crew 1", "crew  2", "crew 3", "crew 2"]);
    let pinned: Vec<u64> =
        (0..4).map(|m| apart.pinned(MemberId::new(m)).iter().map(|pin| pin.time.get()).sum()).collect();
    assert_eq!(pinned, [34, 33, 33, 0]);
    assert!((0..3).all(|m| apart.own_desirability(MemberId::new(m), a) == Some(17.0)));
    assert!(!apart.is_eligible(MemberId::new(3), a) && apart.is_eligible(MemberId::new(2), a));
    assert_eq!(apart.total_available(), workplace.total_available());
    let quotas = apart.fair_quotas();
    assert_eq!(quotas[..3].iter().map(|q| q.get()).sum::<u64>(), workplace.fair_quotas()[0].get());
}
