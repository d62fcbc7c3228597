//! A hospital from occupational profiles: who works there, what they do, and what could be opened to all.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;

use serde::{Deserialize, Serialize};

use crate::quota::apportion;
use crate::table::Table;
use crate::{
    Eligibility, Error, HIGHEST_RATING, LOWEST_RATING, Member, Minutes, Task, TaskId, Training, Workplace,
};

mod assumptions;

pub use assumptions::{Assumptions, WordRule};

/// An occupational profile: what a kind of job is like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Profile {
    /// The code: five digits of the unit group in the National Occupational Classification 2021, a point and a number.
    pub code: String,
    /// What it is called.
    pub label: String,
    /// Empowerment, 1–20.
    pub empowerment: f64,
    /// Desirability, 1–20.
    pub desirability: f64,
    /// National employment of the whole unit group, if published.
    pub unit_group_employment: Option<u32>,
    /// How many profiles the unit group has, in hospitals or not; at least 1.
    pub unit_group_profiles: u32,
}

/// A main duty of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Duty {
    /// Position of its profile among [`Hospital::profiles`].
    pub profile: usize,
    /// What is done.
    pub text: String,
}

/// Who may do what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Regime {
    /// Everyone does the duties of their own profile, as today.
    Today,
    /// Duties that need no licence are open to everyone, after training. The others need a skill that bears their
    /// profile's code: its members have it, members without any licence could [learn](crate::Training) it.
    Opened,
}

/// Profiles and duties from which hospitals of any size are built.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hospital {
    profiles: Vec<Profile>,
    duties: Vec<Duty>,
}

const PROFILES: &str = "profiles.csv";
const DUTIES: &str = "duties.csv";

impl Hospital {
    /// Reads profiles (`profile`, `label`, `empowerment`, `desirability`, `unit_group_employment`, which may be empty,
    /// `unit_group_profiles`) and duties (`profile`, `duty`) from CSV.
    ///
    /// # Errors
    /// If something cannot be read or is not valid, naming table, line and column.
    ///
    /// # Complexity
    /// O(profiles + duties).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::hospital::Hospital;
    /// let profiles = "profile,label,empowerment,desirability,unit_group_employment,unit_group_profiles\n\
    ///                 31301.01,Registered nurses,15.2,9.1,300000,4\n";
    /// let duties = "profile,duty\n31301.01,Assess patients\n31301.01,Give medication\n";
    /// let hospital = Hospital::from_csv(profiles.as_bytes(), duties.as_bytes())?;
    /// assert_eq!((hospital.profiles().len(), hospital.duties().len()), (1, 2));
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn from_csv(profiles: impl Read, duties: impl Read) -> Result<Self, Error> {
        let names = [
            "profile",
            "label",
            "empowerment",
            "desirability",
            "unit_group_employment",
            "unit_group_profiles",
        ];
        let table = Table::read(PROFILES, &names, 6, profiles)?;
        let mut profiles = Vec::new();
        let mut position = HashMap::new();
        for row in table.rows() {
            let code = row.key("profile")?;
            if position.insert(code.to_owned(), profiles.len()).is_some() {
                return Err(row.error("profile", format!("\"{code}\" is listed twice")));
            }
            let rating = |name: &str| {
                let value: f64 = row.number(name, "a number")?;
                if (LOWEST_RATING..=HIGHEST_RATING).contains(&value) {
                    Ok(value)
                } else {
                    let limits = format!("is {value}, must be from {LOWEST_RATING} to {HIGHEST_RATING}");
                    Err(row.error(name, limits))
                }
            };
            let employment = row.text("unit_group_employment");
            let siblings = row.number("unit_group_profiles", "a whole number")?;
            if siblings == 0 {
                return Err(row.error("unit_group_profiles", "is 0, must be at least 1"));
            }
            profiles.push(Profile {
                code: code.to_owned(),
                label: row.text("label").to_owned(),
                empowerment: rating("empowerment")?,
                desirability: rating("desirability")?,
                unit_group_employment: if employment.is_empty() {
                    None
                } else {
                    Some(row.number("unit_group_employment", "a whole number of people")?)
                },
                unit_group_profiles: siblings,
            });
        }
        let table = Table::read(DUTIES, &["profile", "duty"], 2, duties)?;
        let mut duties = Vec::new();
        for row in table.rows() {
            let code = row.key("profile")?;
            let Some(&profile) = position.get(code) else {
                return Err(row.error("profile", format!("no profile has the code \"{code}\"")));
            };
            duties.push(Duty { profile, text: row.key("duty")?.to_owned() });
        }
        Ok(Hospital { profiles, duties })
    }

    /// The profiles.
    #[must_use]
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The duties.
    #[must_use]
    pub fn duties(&self) -> &[Duty] {
        &self.duties
    }

    /// A hospital with `work` to do in a period, staffed and shared out as `assumptions` say.
    ///
    /// As few members as can do the work are employed full-time: ⌈work / available⌉. They are spread over the profiles
    /// in proportion to [`Assumptions::weight`], in whole people by largest remainder, each profile having at least
    /// [`Assumptions::minimum_members`]. A profile's members do its share of `work` together, divided evenly over its
    /// duties; all splits are in whole minutes and exact. A duty rates like its profile, moved by
    /// [`Assumptions::words`]. Profiles without weight, duties or members are left out with their duties.
    ///
    /// In [`Regime::Today`] exactly one division of work is possible: today's.
    ///
    /// # Errors
    /// If the assumptions are invalid, or `work` needs more or fewer members than they allow for.
    ///
    /// # Complexity
    /// O(profiles · (profiles + duties)), and [`Assumptions::words`] looked up in every duty.
    ///
    /// # Example
    /// ```
    /// # #[cfg(feature = "datasets")] {
    /// use parecon_jobs::hospital::{Assumptions, Regime};
    /// use parecon_jobs::{Minutes, datasets};
    ///
    /// let week = Minutes::from_hours(2000.0 * 35.0)?;
    /// let hospital = datasets::hospital()?;
    /// let workplace = hospital.workplace(week, &Assumptions::default(), Regime::Opened)?;
    /// assert_eq!(workplace.total_time(), week);
    /// assert_eq!(workplace.members().iter().map(|m| m.count).sum::<u32>(), 2000);
    /// # }
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn workplace(
        &self,
        work: Minutes,
        assumptions: &Assumptions,
        regime: Regime,
    ) -> Result<Workplace, Error> {
        assumptions.validate()?;
        let staff = self.staff(work, assumptions)?;
        let weights: Vec<u64> =
            staff.iter().map(|people| u64::from(*people) * assumptions.available.get()).collect();
        let time_of_profile = apportion(work.get(), &weights);

        let mut tasks = Vec::new();
        let mut own: Vec<Vec<TaskId>> = vec![Vec::new(); self.profiles.len()];
        let mut licences = Vec::new();
        for (p, profile) in self.profiles.iter().enumerate().filter(|(p, _)| staff[*p] > 0) {
            let texts: Vec<&str> =
                self.duties.iter().filter(|duty| duty.profile == p).map(|duty| duty.text.as_str()).collect();
            let times = apportion(time_of_profile[p], &vec![1; texts.len()]);
            let licence =
                (regime == Regime::Opened && assumptions.is_licensed(&profile.code)).then_some(&profile.code);
            licences.extend(licence.map(|code| Training::new(code, assumptions.years(code))));
            for (number, (text, time)) in texts.into_iter().zip(times).enumerate() {
                let id = TaskId::new(tasks.len());
                own[p].push(id);
                let (empowerment, desirability) = assumptions.rate(profile, text);
                let key = format!("{}/{}", profile.code, number + 1);
                let mut task = Task::new(key, Minutes::new(time), empowerment, desirability).with_name(text);
                task.skill = licence.cloned();
                tasks.push(task);
            }
        }
        let (mut members, mut duties) = (Vec::new(), Vec::new());
        for ((profile, own), people) in self.profiles.iter().zip(own).zip(staff) {
            if people == 0 {
                continue;
            }
            let mut member = Member::new(&profile.code, assumptions.available)
                .with_name(&profile.label)
                .with_count(people);
            if assumptions.is_licensed(&profile.code) {
                member = member.with_skill(&profile.code);
            } else {
                member.trainable.clone_from(&licences);
            }
            members.push(member);
            duties.push(own);
        }
        let eligibility = match regime {
            Regime::Today => Eligibility::ByMember(duties),
            Regime::Opened => Eligibility::Everyone,
        };
        Workplace::new(tasks, members, eligibility)
    }

    /// Whole people per profile.
    fn staff(&self, work: Minutes, assumptions: &Assumptions) -> Result<Vec<u32>, Error> {
        let people = u32::try_from(work.get().div_ceil(assumptions.available.get()))
            .ok()
            .filter(|people| *people > 0 && work <= Minutes::MAX)
            .ok_or_else(|| {
                Error::invalid(format!("{work} of work: must be from 1 min to {}", Minutes::MAX))
            })?;
        let mut has_duty = vec![false; self.profiles.len()];
        self.duties.iter().for_each(|duty| has_duty[duty.profile] = true);
        // Largest remainder works on integers: a millionth of a job is fine enough.
        let weights: Vec<u64> = self
            .profiles
            .iter()
            .zip(has_duty)
            .map(|(profile, has)| if has { (assumptions.weight(profile) * 1e6).round() as u64 } else { 0 })
            .collect();
        let least = u64::from(assumptions.minimum_members);
        let present = weights.iter().filter(|weight| **weight > 0).count() as u64;
        if present == 0 {
            return Err(Error::invalid("no profile has any staff under these assumptions"));
        }
        if present * least > u64::from(people) {
            return Err(Error::invalid(format!(
                "{work} of work makes {people} members, {present} profiles with at least {least} each need {}",
                present * least
            )));
        }
        // Profiles whose share falls below the minimum get it; the rest of the people is split among the rest.
        let mut raised = vec![false; weights.len()];
        loop {
            let lifted = raised.iter().filter(|r| **r).count() as u64 * least;
            let rest: Vec<u64> = weights
                .iter()
                .zip(&raised)
                .map(|(weight, raised)| if *raised { 0 } else { *weight })
                .collect();
            let parts = apportion(u64::from(people) - lifted, &rest);
            let below: Vec<usize> = (0..parts.len()).filter(|&p| rest[p] > 0 && parts[p] < least).collect();
            if below.is_empty() {
                let part = |(part, raised): (u64, bool)| {
                    if raised { assumptions.minimum_members } else { part as u32 }
                };
                return Ok(parts.into_iter().zip(raised).map(part).collect());
            }
            below.into_iter().for_each(|p| raised[p] = true);
        }
    }
}

impl Assumptions {
    /// How many people of a profile hospitals employ: employment of the unit group, split evenly over its profiles,
    /// times the share of hospitals by first digit of the code. Only the proportions matter.
    #[must_use]
    pub fn weight(&self, profile: &Profile) -> f64 {
        let share = profile.code.chars().next().and_then(|digit| self.hospital_share.get(&digit));
        match (profile.unit_group_employment, share) {
            (Some(people), Some(share)) => f64::from(people) / f64::from(profile.unit_group_profiles) * share,
            _ => 0.0,
        }
    }

    /// Whether duties of a profile are reserved to it.
    #[must_use]
    pub fn is_licensed(&self, code: &str) -> bool {
        self.licensed.iter().any(|prefix| code.starts_with(prefix.as_str()))
    }

    /// Years of study that the licence of a profile takes, by the longest beginning of its code that
    /// [`training_years`](Self::training_years) lists; 0 if it lists none.
    #[must_use]
    pub fn years(&self, code: &str) -> f64 {
        let known = self.training_years.iter().filter(|(prefix, _)| code.starts_with(prefix.as_str()));
        known.max_by_key(|(prefix, _)| prefix.len()).map_or(0.0, |(_, years)| *years)
    }

    /// Empowerment and desirability of a duty: those of its profile, moved by every rule that one of its words meets,
    /// kept within 1–20.
    #[must_use]
    pub fn rate(&self, profile: &Profile, duty: &str) -> (f64, f64) {
        let duty = duty.to_lowercase();
        let words: Vec<&str> = duty.split(|c: char| !c.is_alphabetic()).filter(|w| !w.is_empty()).collect();
        let (mut empowerment, mut desirability) = (profile.empowerment, profile.desirability);
        for rule in self.words.iter().filter(|rule| rule.meets(&words)) {
            empowerment += rule.empowerment;
            desirability += rule.desirability;
        }
        // Ratings have one decimal; sums of them are rounded so that equal ratings compare equal.
        let tidy = |rating: f64| ((rating * 10.0).round() / 10.0).clamp(LOWEST_RATING, HIGHEST_RATING);
        (tidy(empowerment), tidy(desirability))
    }
}

/// Hospital shares of employment by first digit of the code.
pub(crate) type Shares = BTreeMap<char, f64>;
