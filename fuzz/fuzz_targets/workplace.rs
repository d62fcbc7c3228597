//! Small workplaces with skills, pins and own ratings, and any text as their tables: rejected with a message, or accepted,
//! written, read again as the same, and balanced with complexes, bounds or shortages that hold in integers.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use parecon_jobs::{Choice, Config, Outcome, Workplace, balance};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// Tables as text, if there is any.
    tables: Option<[&'a str; 3]>,
    tasks: Vec<(u8, u8, u8, Option<bool>)>,
    members: Vec<(u8, u8, [bool; 2], [bool; 2])>,
    pairs: Vec<(u8, u8, Option<u8>, Option<u8>)>,
    preferred: bool,
}

/// More take too long to balance to try many.
const MOST: usize = 6;

fuzz_target!(|input: Input<'_>| {
    let read = match &input.tables {
        Some([tasks, members, pairs]) => {
            Workplace::from_csv(tasks.as_bytes(), members.as_bytes(), Some(pairs.as_bytes()))
        }
        None => {
            let [tasks, members, pairs] = tables(&input);
            Workplace::from_csv(tasks.as_bytes(), members.as_bytes(), Some(pairs.as_bytes()))
        }
    };
    let workplace = match read {
        Ok(workplace) => workplace,
        Err(error) => {
            assert!(error.is_invalid_input() && !error.to_string().is_empty());
            return;
        }
    };
    let text = serde_json::to_string(&workplace).expect("a workplace can be written");
    let again: Workplace = serde_json::from_str(&text).expect("what was written is accepted");
    assert_eq!(again, workplace);
    if workplace.tasks().len() > MOST || workplace.members().len() > MOST {
        return;
    }
    let choice = if input.preferred { Choice::Preferred } else { Choice::FewTasks };
    let config = Config::default().with_choice(choice);
    match balance(&workplace, &config, &mut ()).expect("the configuration is valid") {
        Outcome::Balanced(balance) => {
            balance.complexes.verify(&workplace).expect("hours, eligibility and pins hold");
            balance.certificate.verify(&workplace).expect("bounds hold");
            let rounding =
                workplace.fair_quotas().iter().map(|q| 1.0 / q.get().max(1) as f64).fold(0.0, f64::max);
            assert!(
                balance.certificate.largest.gap() > -1e-6 - rounding,
                "{:?}",
                balance.certificate.largest
            );
        }
        Outcome::Infeasible(reasons) => {
            assert!(!reasons.shortages.is_empty());
            reasons
                .shortages
                .iter()
                .for_each(|shortage| shortage.verify(&workplace).expect("the shortage holds"));
        }
        _ => unreachable!("no other outcomes"),
    }
});

/// Tables of what the numbers say, mostly valid.
fn tables(input: &Input<'_>) -> [String; 3] {
    let mut tasks = "id,minutes,empowerment,desirability,skill\n".to_owned();
    for (j, (minutes, e, d, skill)) in input.tasks.iter().take(MOST).enumerate() {
        let skill = skill.map_or("", |first| if first { "a" } else { "b" });
        tasks += &format!(
            "t{j},{minutes},{},{},{skill}\n",
            1.0 + f64::from(*e) * 0.074,
            1.0 + f64::from(*d) * 0.074
        );
    }
    let mut members = "id,minutes,count,skills,training\n".to_owned();
    for (i, (minutes, count, has, could)) in input.members.iter().take(MOST).enumerate() {
        let list = |flags: &[bool; 2], names: [&str; 2]| -> String {
            let chosen: Vec<&str> =
                flags.iter().zip(names).filter(|(yes, _)| **yes).map(|(_, name)| name).collect();
            chosen.join(";")
        };
        let could = [could[0] && !has[0], could[1] && !has[1]];
        let (skills, training) = (list(has, ["a", "b"]), list(&could, ["a=1", "b=2.5"]));
        members += &format!("m{i},{},{},{skills},{training}\n", u32::from(*minutes) * 4, count % 4 + 1);
    }
    let mut pairs = "member,task,desirability,pinned\n".to_owned();
    for (member, task, own, pinned) in &input.pairs {
        let own = own.map_or(String::new(), |rating| (1 + rating % 20).to_string());
        let pinned = pinned.map_or(String::new(), |minutes| (minutes % 16).to_string());
        let (member, task) = (usize::from(*member) % MOST, usize::from(*task) % MOST);
        pairs += &format!("m{member},t{task},{own},{pinned}\n");
    }
    [tasks, members, pairs]
}
