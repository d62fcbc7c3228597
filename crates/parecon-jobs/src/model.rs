//! Tasks, members, and the dimensions in which work is compared.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Error, Minutes};

/// The lowest rating a task can have.
pub const LOWEST_RATING: f64 = 1.0;
/// The highest rating a task can have.
pub const HIGHEST_RATING: f64 = 20.0;

/// What a task does to the one who does it; a complex is balanced in every dimension.
///
/// The two are separate criteria: shared empowerment protects self-management, shared desirability is a matter
/// of justice (Albert & Hahnel, *Looking Forward*, 1991; Albert, *Parecon*, 2003, ch. 6, where tasks are ranked
/// 1–20 and combined by average).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Dimension {
    /// How far the task equips one to take part in decisions: knowledge, skills, confidence, contacts.
    Empowerment,
    /// How pleasant the task is; the opposite of onerous.
    Desirability,
}

impl Dimension {
    /// Every dimension, in the order of declaration.
    pub const ALL: [Dimension; 2] = [Dimension::Empowerment, Dimension::Desirability];
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dimension::Empowerment => "empowerment",
            Dimension::Desirability => "desirability",
        })
    }
}

/// One value per dimension, in the order of [`Dimension::ALL`].
pub(crate) type PerDimension<T> = [T; Dimension::ALL.len()];

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

/// A piece of work that recurs: how long it takes in the period, and how it rates.
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
}

impl Task {
    /// A task without a separate name.
    #[must_use]
    pub fn new(id: impl Into<String>, time: Minutes, empowerment: f64, desirability: f64) -> Self {
        Task { id: id.into(), name: String::new(), time, empowerment, desirability }
    }

    /// Sets what people call it.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The name, or the id where there is no name.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }

    /// The rating in one dimension.
    #[must_use]
    pub fn rating(&self, dimension: Dimension) -> f64 {
        match dimension {
            Dimension::Empowerment => self.empowerment,
            Dimension::Desirability => self.desirability,
        }
    }

    pub(crate) fn ratings(&self) -> PerDimension<f64> {
        Dimension::ALL.map(|dimension| self.rating(dimension))
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        for dimension in Dimension::ALL {
            let rating = self.rating(dimension);
            if !(LOWEST_RATING..=HIGHEST_RATING).contains(&rating) {
                return Err(Error::invalid(format!(
                    "task \"{}\": {dimension} is {rating}, must be from {LOWEST_RATING} to {HIGHEST_RATING}",
                    self.id
                )));
            }
        }
        Ok(())
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
}

fn one() -> u32 {
    1
}

impl Member {
    /// One person without a separate name.
    #[must_use]
    pub fn new(id: impl Into<String>, available: Minutes) -> Self {
        Member { id: id.into(), name: String::new(), available, count: 1 }
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

    /// The name, or the id where there is no name.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }

    /// How long all people of this entry together can work, or `None` if that exceeds 64 bits.
    pub(crate) fn total_available(&self) -> Option<Minutes> {
        self.available.checked_mul(u64::from(self.count))
    }
}
