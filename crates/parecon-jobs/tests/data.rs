//! Plain data: what is refused, and that what is accepted comes back.

use parecon_jobs::{
    Complexes, Config, Eligibility, Error, Infeasible, Member, MemberId, Minutes, Outcome, Share, Shortage,
    Task, TaskId, Workplace, balance,
};
use parecon_testbed::jobs::{feasible_workplace, separated_pair, workplace};
use proptest::prelude::*;

const HOUR: Minutes = Minutes::new(60);

fn tasks() -> Vec<Task> {
    vec![Task::new("a", HOUR, 5.0, 5.0), Task::new("b", HOUR, 15.0, 5.0)]
}

fn members() -> Vec<Member> {
    vec![Member::new("x", HOUR), Member::new("y", HOUR)]
}

#[test]
fn invalid_workplaces_are_refused_in_words() {
    let by_member = Eligibility::ByMember;
    let cases: Vec<(Result<Workplace, Error>, &str)> = vec![
        (Workplace::new(vec![], members(), Eligibility::Everyone), "no tasks: need at least one"),
        (Workplace::new(tasks(), vec![], Eligibility::Everyone), "no members: need at least one"),
        (
            Workplace::new(vec![Task::new("", HOUR, 5.0, 5.0)], members(), Eligibility::Everyone),
            "task number 1: id is empty",
        ),
        (
            Workplace::new([tasks(), tasks()].concat(), members(), Eligibility::Everyone),
            "task \"a\" is listed twice, as number 1 and number 3",
        ),
        (
            Workplace::new(vec![Task::new("a", HOUR, f64::NAN, 5.0)], members(), Eligibility::Everyone),
            "task \"a\": empowerment is NaN, must be from 1 to 20",
        ),
        (
            Workplace::new(vec![Task::new("a", HOUR, 5.0, 20.5)], members(), Eligibility::Everyone),
            "task \"a\": desirability is 20.5, must be from 1 to 20",
        ),
        (
            Workplace::new(vec![Task::new("a", Minutes::ZERO, 5.0, 5.0)], members(), Eligibility::Everyone),
            "no task takes any time: the social average is undefined",
        ),
        (
            Workplace::new(tasks(), vec![Member::new("x", HOUR).with_count(0)], Eligibility::Everyone),
            "member \"x\": count is 0, must be at least 1",
        ),
        (
            Workplace::new(tasks(), members(), by_member(vec![vec![]])),
            "eligibility lists tasks for 1 members, must be one list for each of 2",
        ),
        (
            Workplace::new(tasks(), members(), Eligibility::Pairs(vec![(MemberId::new(2), TaskId::new(0))])),
            "eligibility names member 2, positions go from 0 to 1",
        ),
        (
            Workplace::new(tasks(), members(), by_member(vec![vec![TaskId::new(2)], vec![]])),
            "eligibility names task 2, positions go from 0 to 1",
        ),
    ];
    for (result, message) in cases {
        let error = result.unwrap_err();
        assert!(error.is_invalid_input() && !error.is_io() && !error.is_violation());
        assert_eq!(error.to_string(), message);
    }
    let long = Task::new("long", Minutes::new(u64::MAX), 5.0, 5.0);
    let error = Workplace::new(vec![long], members(), Eligibility::Everyone).unwrap_err();
    assert!(error.to_string().starts_with("total time of the tasks exceeds"));
}

#[test]
fn verify_names_what_is_off() {
    let workplace = separated_pair(4.0).unwrap();
    let share = |task, time| Share { task: TaskId::new(task), time: Minutes::new(time) };
    let message = |rows| Complexes::new(rows).unwrap().verify(&workplace).unwrap_err().to_string();
    assert_eq!(message(vec![]), "complexes for 0 members, the workplace has 2");
    assert_eq!(
        message(vec![vec![share(1, 480)], vec![share(0, 480)]]),
        "member \"ann\" does 8 h of task \"high\" without being eligible"
    );
    assert_eq!(
        message(vec![vec![share(0, 479)], vec![share(1, 480)]]),
        "member \"ann\" works 7 h 59 min, the fair quota is 8 h"
    );
    assert_eq!(
        message(vec![vec![share(9, 480)], vec![]]),
        "member \"ann\" works on task 9, which does not exist"
    );
    let free =
        Workplace::new(workplace.tasks().to_vec(), workplace.members().to_vec(), Eligibility::Everyone)
            .unwrap();
    let doubled = Complexes::new(vec![vec![share(0, 480)], vec![share(0, 480)]]).unwrap();
    assert_eq!(doubled.verify(&free).unwrap_err().to_string(), "task \"low\" is done for 16 h, it takes 8 h");
    assert!(Complexes::new(vec![vec![share(0, 1), share(0, 1)]]).unwrap_err().is_invalid_input());
}

#[test]
fn shortages_are_named_and_cannot_be_forged() {
    let only = |lists: Vec<Vec<usize>>| {
        Eligibility::ByMember(lists.into_iter().map(|l| l.into_iter().map(TaskId::new).collect()).collect())
    };
    let reasons = |workplace: &Workplace| match balance(workplace, &Config::default(), &mut ()).unwrap() {
        Outcome::Infeasible(Infeasible { shortages, .. }) => shortages,
        other => panic!("{other:?}"),
    };
    let too_much = Workplace::new(tasks(), vec![Member::new("x", HOUR)], Eligibility::Everyone).unwrap();
    let found = reasons(&too_much);
    assert_eq!(found[0].describe(&too_much), "the tasks take 2 h, the members have 1 h: 1 h short");
    found[0].verify(&too_much).unwrap();

    let idle = Workplace::new(tasks(), members(), only(vec![vec![0, 1], vec![]])).unwrap();
    let found = reasons(&idle);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].describe(&idle), "y can do no task, for a fair quota of 1 h");

    let mut three = tasks();
    three.push(Task::new("c", HOUR, 9.0, 9.0));
    let mut people = members();
    people.push(Member::new("z", HOUR));
    let skilled = Workplace::new(three, people, only(vec![vec![0, 1, 2], vec![2], vec![2]])).unwrap();
    let found = reasons(&skilled);
    assert_eq!(
        found[0].describe(&skilled),
        "only x can do a and b: 2 h of work for fair quotas of 1 h, 1 h too much"
    );
    for forged in [
        Shortage::Skill { tasks: vec![TaskId::new(2)], members: vec![], work: HOUR, quota: Minutes::ZERO },
        Shortage::Skill {
            tasks: vec![TaskId::new(0); 2],
            members: vec![MemberId::new(0)],
            work: Minutes::new(120),
            quota: HOUR,
        },
        Shortage::Skill { tasks: vec![TaskId::new(7)], members: vec![], work: HOUR, quota: Minutes::ZERO },
        Shortage::Idle { members: vec![MemberId::new(1)], tasks: vec![], quota: HOUR, work: Minutes::ZERO },
        Shortage::Time { work: Minutes::new(181), available: Minutes::new(180) },
    ] {
        assert!(forged.verify(&skilled).unwrap_err().is_violation(), "{forged:?}");
    }
}

#[test]
fn csv_errors_name_table_line_and_column() {
    let tasks = "id,hours,empowerment,desirability\na,1,5,5\n";
    let members = "id,minutes\nx,60\n";
    let error = |tasks: &str, members: &str, eligibility: &str| {
        let eligibility = Some(eligibility.as_bytes()).filter(|e| !e.is_empty());
        Workplace::from_csv(tasks.as_bytes(), members.as_bytes(), eligibility).unwrap_err().to_string()
    };
    for (found, expected) in [
        (
            error("id,hours,power\n", members, ""),
            "tasks.csv, line 1, column \"power\": unknown column 3, known are id, empowerment, desirability, name, hours, minutes, skill, chunk, team",
        ),
        (
            error("id,id,hours\n", members, ""),
            "tasks.csv, line 1, column \"id\": listed twice, as column 1 and column 2",
        ),
        (
            error("id,hours,empowerment\n", members, ""),
            "tasks.csv, line 1, column \"desirability\": the column is missing",
        ),
        (
            error("id,empowerment,desirability\n", members, ""),
            "tasks.csv, line 1, column \"hours\": the column is missing (\"minutes\" would do as well)",
        ),
        (
            error(tasks, "id,hours,minutes\n", ""),
            "members.csv, line 1, column \"hours\": the table also has a column \"minutes\": must have one of the two",
        ),
        (
            error("id,hours,empowerment,desirability\na,1,5,5\nb,-1,5,5\n", members, ""),
            "tasks.csv, line 3, column \"hours\": -1 hours: must be a number from 0 to 1172812402961",
        ),
        (
            error("id,hours,empowerment,desirability\na,1,25,5\n", members, ""),
            "tasks.csv, line 2: task \"a\": empowerment is 25, must be from 1 to 20",
        ),
        (
            error("id,hours,empowerment,desirability\na,1,5\n", members, ""),
            "tasks.csv, line 2: has 3 fields, must have 4 like the header",
        ),
        (
            error(tasks, "id,minutes\nx,6.5\n", ""),
            "members.csv, line 2, column \"minutes\": \"6.5\" is not a whole number of minutes",
        ),
        (error(tasks, "id,minutes\n,65\n", ""), "members.csv, line 2, column \"id\": must not be empty"),
        (
            error(tasks, members, "member,task\nx,a\nx,b\n"),
            "eligibility.csv, line 3, column \"task\": no task has the id \"b\"",
        ),
        (
            error(tasks, members, "member,task\nz,a\n"),
            "eligibility.csv, line 2, column \"member\": no member has the id \"z\"",
        ),
        (error(tasks, "", ""), "members.csv, line 1, column \"id\": the column is missing"),
    ] {
        assert_eq!(found, expected);
    }
    let bytes = Workplace::from_csv(
        &b"id,hours,empowerment,desirability\n\xff,1,5,5\n"[..],
        members.as_bytes(),
        None::<&[u8]>,
    );
    assert_eq!(bytes.unwrap_err().to_string(), "tasks.csv, line 2: not valid UTF-8");
    let missing = Workplace::from_csv_folder("no/such/folder").unwrap_err();
    assert!(missing.is_io(), "{missing}");
}

#[test]
fn a_byte_order_mark_does_no_harm() {
    let tasks = "\u{feff}id,hours,empowerment,desirability\na,1.5,5,5\n";
    let workplace =
        Workplace::from_csv(tasks.as_bytes(), "id,hours\nx,2\n".as_bytes(), None::<&[u8]>).unwrap();
    assert_eq!(workplace.total_time(), Minutes::new(90));
}

#[test]
fn json_cannot_build_an_invalid_workplace() {
    let parse = |json: &str| serde_json::from_str::<Workplace>(json).unwrap_err().to_string();
    let with = |version: u32, rating: u32, eligibility: &str| {
        format!(
            r#"{{"version":{version},"tasks":[{{"id":"a","time":60,"empowerment":{rating},"desirability":5}}],
            "members":[{{"id":"x","available":60}}],"eligibility":{eligibility}}}"#
        )
    };
    assert!(serde_json::from_str::<Workplace>(&with(1, 5, "\"everyone\"")).is_ok());
    for (json, message) in [
        (with(3, 5, "\"everyone\""), "workplace has version 3, this release reads 1 to 2"),
        (with(1, 0, "\"everyone\""), "task \"a\": empowerment is 0, must be from 1 to 20"),
        (with(1, 5, r#"{"by_member":{"q":["a"]}}"#), "eligibility: no member has the id \"q\""),
        (with(1, 5, r#"{"by_member":{"x":["q"]}}"#), "eligibility of member \"x\": no task has the id \"q\""),
    ] {
        assert!(parse(&json).starts_with(message), "{}", parse(&json));
    }
    let shares = r#"[[{"task":0,"time":1},{"task":0,"time":1}]]"#;
    assert!(serde_json::from_str::<Complexes>(shares).is_err());
}

proptest! {
    #[test]
    fn workplaces_come_back_from_json(workplace in workplace()) {
        let json = serde_json::to_string(&workplace).unwrap();
        let back: Workplace = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(serde_json::to_string(&back).unwrap(), json);
        for m in 0..workplace.members().len() {
            prop_assert_eq!(workplace.eligible(MemberId::new(m)), back.eligible(MemberId::new(m)));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(tasks: Vec<u8>, members in "id,hours\n[a-z0-9,.\n]{0,20}") {
        let _ = Workplace::from_csv(tasks.as_slice(), members.as_bytes(), None::<&[u8]>);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn answers_come_back_from_json(workplace in feasible_workplace()) {
        let outcome = balance(&workplace, &Config::default(), &mut ()).unwrap();
        let back: Outcome = serde_json::from_str(&serde_json::to_string(&outcome).unwrap()).unwrap();
        prop_assert_eq!(&back.balance().unwrap().complexes, &outcome.balance().unwrap().complexes);
    }
}
