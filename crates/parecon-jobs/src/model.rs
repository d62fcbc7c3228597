//! Tasks, members, and the dimensions in which work is compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Minutes};

/// The lowest rating a task can have.
pub const LOWEST_RATING: f64 = 1.0;
/// The highest rating a task can have.
pub const HIGHEST_RATING: f64 = 20.0;

/// What a task does to the one who does it; a complex is balanced in every dimension.
///
/// The first two are separate criteria: shared empowerment protects self-management, shared desirability is a matter
/// of justice (Albert & Hahnel, *Looking Forward*, 1991; Albert, *Parecon*, 2003, ch. 6, where tasks are ranked
/// 1–20 and combined by average). A workplace may name [further](Task::further) ones: noise, risk, time outdoors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Dimension {
    /// How far the task equips one to take part in decisions: knowledge, skills, confidence, contacts.
    Empowerment,
    /// How pleasant the task is; the opposite of onerous.
    Desirability,
    /// A dimension of the workplace's own, by its position among their names in ascending order; see
    /// [`Workplace::dimension_name`](crate::Workplace::dimension_name).
    Further(usize),
}

impl Dimension {
    /// The position among a workplace's dimensions: empowerment 0, desirability 1, then the further ones.
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Dimension::Empowerment => 0,
            Dimension::Desirability => 1,
            Dimension::Further(position) => NAMED + position,
        }
    }

    /// The dimension at a position.
    #[must_use]
    pub const fn at(index: usize) -> Self {
        match index {
            0 => Dimension::Empowerment,
            1 => Dimension::Desirability,
            _ => Dimension::Further(index - NAMED),
        }
    }
}

/// Dimensions that every workplace has.
pub(crate) const NAMED: usize = 2;

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dimension::Empowerment => f.write_str("empowerment"),
            Dimension::Desirability => f.write_str("desirability"),
            Dimension::Further(position) => write!(f, "further dimension {}", position + 1),
        }
    }
}

/// One value per dimension of a workplace, by [`Dimension::index`].
pub(crate) type PerDimension<T> = Vec<T>;

macro_rules! position_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(usize);

        impl $name {
            /// The one at position `index`, counted from 0.
            #[must_use]
            pub const fn new(index: usize) -> Self {
                Self(index)
            }

            /// The position, counted from 0.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0
            }
        }
    };
}

position_id!(
    /// A task by its position in its workplace.
    TaskId
);
position_id!(
    /// A member by the position of its entry in its workplace.
    MemberId
);

/// A piece of work that recurs: how long it takes in the period, how it rates, and what it needs.
///
/// ```
/// use parecon_jobs::{Minutes, Task};
/// let surgery = Task::new("surgery", Minutes::new(600), 18.0, 9.0)
///     .with_further("risk", 17.0)
///     .with_skill("surgeon")
///     .with_chunk(Minutes::new(60))
///     .with_team(3);
/// assert_eq!(surgery.skill.as_deref(), Some("surgeon"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Task {
    /// The key by which eligibility refers to the task; unique in its workplace.
    pub id: String,
    /// What people call it; may be empty.
    #[serde(default)]
    pub name: String,
    /// How long it takes in the period, all hands together.
    pub time: Minutes,
    /// The empowerment rating, 1–20.
    pub empowerment: f64,
    /// The desirability rating, 1–20.
    pub desirability: f64,
    /// Ratings, 1–20, in further dimensions by name; all tasks of a workplace are rated in the same ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub further: BTreeMap<String, f64>,
    /// The skill or licence without which nobody does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<String>,
    /// The smallest piece worth doing: whoever takes part does at least so much. Only the division into chunks minds
    /// it; balancing as such divides work to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<Minutes>,
    /// How many have to do it together; only the division into chunks minds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<u32>,
}

impl Task {
    /// A task without a separate name, open to all.
    #[must_use]
    pub fn new(id: impl Into<String>, time: Minutes, empowerment: f64, desirability: f64) -> Self {
        Task {
            id: id.into(),
            name: String::new(),
            time,
            empowerment,
            desirability,
            further: BTreeMap::new(),
            skill: None,
            chunk: None,
            team: None,
        }
    }

    /// Sets what people call it.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Rates it in a further dimension.
    #[must_use]
    pub fn with_further(mut self, dimension: impl Into<String>, rating: f64) -> Self {
        self.further.insert(dimension.into(), rating);
        self
    }

    /// Sets the skill or licence it needs.
    #[must_use]
    pub fn with_skill(mut self, skill: impl Into<String>) -> Self {
        self.skill = Some(skill.into());
        self
    }

    /// Sets the smallest piece worth doing.
    #[must_use]
    pub fn with_chunk(mut self, chunk: Minutes) -> Self {
        self.chunk = Some(chunk);
        self
    }

    /// Sets how many have to do it together.
    #[must_use]
    pub fn with_team(mut self, people: u32) -> Self {
        self.team = Some(people);
        self
    }

    /// The name, or the id where there is no name.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }

    /// The rating in one dimension; `None` in a further dimension it is not rated in.
    #[must_use]
    pub fn rating(&self, dimension: Dimension) -> Option<f64> {
        match dimension {
            Dimension::Empowerment => Some(self.empowerment),
            Dimension::Desirability => Some(self.desirability),
            Dimension::Further(position) => self.further.values().nth(position).copied(),
        }
    }

    /// Every rating, by [`Dimension::index`].
    pub(crate) fn ratings(&self) -> impl Iterator<Item = f64> {
        [self.empowerment, self.desirability].into_iter().chain(self.further.values().copied())
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let names =
            ["empowerment", "desirability"].into_iter().chain(self.further.keys().map(String::as_str));
        for (name, rating) in names.zip(self.ratings()) {
            if name.is_empty() {
                return Err(Error::invalid(format!("task \"{}\": a dimension has an empty name", self.id)));
            }
            check_rating(rating).map_err(|e| Error::invalid(format!("task \"{}\": {name} {e}", self.id)))?;
        }
        if ["empowerment", "desirability"].iter().any(|name| self.further.contains_key(*name)) {
            return Err(Error::invalid(format!(
                "task \"{}\": a further dimension must not be called empowerment or desirability",
                self.id
            )));
        }
        if self.skill.as_ref().is_some_and(String::is_empty) {
            return Err(Error::invalid(format!("task \"{}\": the skill has an empty name", self.id)));
        }
        if self.chunk == Some(Minutes::ZERO) || self.team == Some(0) {
            return Err(Error::invalid(format!(
                "task \"{}\": chunk and team must be at least 1 where given",
                self.id
            )));
        }
        Ok(())
    }
}

/// Checks a rating; the message lacks its subject.
pub(crate) fn check_rating(rating: f64) -> Result<(), String> {
    if (LOWEST_RATING..=HIGHEST_RATING).contains(&rating) {
        Ok(())
    } else {
        Err(format!("is {rating}, must be from {LOWEST_RATING} to {HIGHEST_RATING}"))
    }
}

/// A skill that a member could learn, and what that would take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// The skill, as tasks name it.
    pub skill: String,
    /// What it costs, in any unit that is the same for all: hours of study, units of account.
    pub cost: f64,
}

impl Training {
    /// A skill and its cost.
    #[must_use]
    pub fn new(skill: impl Into<String>, cost: f64) -> Self {
        Training { skill: skill.into(), cost }
    }
}

/// Someone who works here, or several people who are alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Member {
    /// The key by which eligibility refers to the member; unique in its workplace.
    pub id: String,
    /// What people call them; may be empty.
    #[serde(default)]
    pub name: String,
    /// How long each of them can work in the period.
    pub available: Minutes,
    /// How many people alike this entry stands for; they share its work evenly.
    #[serde(default = "one")]
    pub count: u32,
    /// The skills and licences they have.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub skills: BTreeSet<String>,
    /// The skills each of them could learn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trainable: Vec<Training>,
}

fn one() -> u32 {
    1
}

impl Member {
    /// One person without a separate name.
    #[must_use]
    pub fn new(id: impl Into<String>, available: Minutes) -> Self {
        Member {
            id: id.into(),
            name: String::new(),
            available,
            count: 1,
            skills: BTreeSet::new(),
            trainable: Vec::new(),
        }
    }

    /// Sets what people call them.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Lets the entry stand for `count` people alike.
    #[must_use]
    pub fn with_count(mut self, count: u32) -> Self {
        self.count = count;
        self
    }

    /// Adds a skill or licence they have.
    #[must_use]
    pub fn with_skill(mut self, skill: impl Into<String>) -> Self {
        self.skills.insert(skill.into());
        self
    }

    /// Adds a skill each of them could learn, and what that costs.
    #[must_use]
    pub fn with_training(mut self, skill: impl Into<String>, cost: f64) -> Self {
        self.trainable.push(Training::new(skill, cost));
        self
    }

    /// The name, or the id where there is no name.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }

    /// How long all people of this entry together can work, or `None` if that exceeds 64 bits.
    pub(crate) fn total_available(&self) -> Option<Minutes> {
        self.available.checked_mul(u64::from(self.count))
    }
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.count == 0 {
            return Err(Error::invalid(format!("member \"{}\": count is 0, must be at least 1", self.id)));
        }
        if self.skills.contains("") {
            return Err(Error::invalid(format!("member \"{}\": a skill has an empty name", self.id)));
        }
        for (at, training) in self.trainable.iter().enumerate() {
            let problem = if training.skill.is_empty() {
                "a skill has an empty name".to_owned()
            } else if !(training.cost.is_finite() && training.cost >= 0.0) {
                format!("the cost of \"{}\" is {}, must be 0 or more", training.skill, training.cost)
            } else if self.trainable[..at].iter().any(|t| t.skill == training.skill) {
                format!("\"{}\" is listed twice", training.skill)
            } else {
                continue;
            };
            return Err(Error::invalid(format!("member \"{}\", training: {problem}", self.id)));
        }
        Ok(())
    }
}
