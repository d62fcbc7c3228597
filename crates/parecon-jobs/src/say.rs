//! Say: how much weight each member has in a decision, from the work the decision touches.
//!
//! ```text
//! weight_m(decision) = Σ_j τ_j x_mj / Σ_j x_mj
//! ```
//! for the time `x_mj` of member m on task j and the part `τ_j` of task j that the decision touches: the share of m's hours at
//! stake. Whoever has nothing at stake has no weight; whoever has twice the stake has twice the weight. Weighted by hours,
//! the stakes of all members add up to `Σ_j τ_j h_j`, whoever does what: balancing complexes shares them out.
//!
//! Power in proportion to stakes is a principle of democracy, of which majority rule among equals is the case of equal
//! stakes; a weighted majority in which votes are proportional to what each stands to gain or lose picks the option with
//! the greater sum of gains (Brighouse & Fleurbaey 2010, who also warn that stakes are more than hours: what a decision
//! means for people outside, for health, for rights, must be weighed by those who decide). Weight is not power: how often a
//! weight decides is what `parecon-review`'s `voting` computes from [`Say::votes`].
//!
//! # Reference
//! H. Brighouse and M. Fleurbaey, Democracy and proportionality, *Journal of Political Philosophy* 18 (2010); M. Albert and R.
//! Hahnel, *Looking Forward* (1991): decision-making input in proportion to the degree one is affected.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::quota::apportion;
use crate::{Complexes, Error, MemberId, TaskId, Workplace};

/// Votes in fixed point: weights are split to a part in 2⁴⁰.
const FINE: f64 = (1u64 << 40) as f64;

/// Something to decide, and which work it touches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Decision {
    /// The key; unique among the decisions.
    pub id: String,
    /// The tasks, and the part of each that is touched, from 0 to 1.
    pub touches: Vec<(TaskId, f64)>,
}

impl Decision {
    /// A decision that touches some tasks wholly.
    #[must_use]
    pub fn new(id: impl Into<String>, tasks: impl IntoIterator<Item = TaskId>) -> Self {
        Decision { id: id.into(), touches: tasks.into_iter().map(|task| (task, 1.0)).collect() }
    }

    /// Adds a task of which a part is touched.
    #[must_use]
    pub fn with_part(mut self, task: TaskId, part: f64) -> Self {
        self.touches.push((task, part));
        self
    }
}

/// What stakes become.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Normalisation {
    /// The stakes themselves: the share of a person's hours, 0–1.
    Stake,
    /// Stake times people of the entry over the sum of that: weights sum to 1. Nobody at stake: all 0.
    #[default]
    Share,
    /// [`Share`](Self::Share) for a part `1 − floor`, and `floor` evenly over all people, affected or not: for decisions that
    /// concern everybody as members too. Nobody at stake: evenly. 1 is one person, one vote.
    Floor(f64),
}

/// Who has how much say in a decision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Say {
    /// The decision.
    pub decision: String,
    /// Each entry's stake: the share of hours touched, 0–1; 0 for one without work.
    pub stakes: Vec<f64>,
    /// How many people each entry stands for.
    people: Vec<u32>,
    /// Share of all hours worked that the decision touches: the hours-weighted mean of the stakes.
    pub touched: f64,
}

impl Say {
    /// The entries' weights.
    ///
    /// # Errors
    /// If a floor is not from 0 to 1.
    ///
    /// # Complexity
    /// O(members).
    ///
    /// # Example
    /// ```
    /// # use parecon_jobs::say::{Decision, Normalisation, say};
    /// # use parecon_jobs::{Complexes, Eligibility, Member, Minutes, Share, Task, TaskId, Workplace};
    /// # let hour = Minutes::new(60);
    /// # let workplace = Workplace::new(
    /// #     vec![Task::new("cook", hour, 9.0, 6.0), Task::new("plan", hour, 17.0, 14.0)],
    /// #     vec![Member::new("ann", hour), Member::new("bo", hour)],
    /// #     Eligibility::Everyone,
    /// # )?;
    /// # let (cook, plan) = (TaskId::new(0), TaskId::new(1));
    /// # let part = |task, minutes| Share { task, time: Minutes::new(minutes) };
    /// # let complexes = Complexes::new(vec![vec![part(cook, 45), part(plan, 15)], vec![part(cook, 15), part(plan, 45)]])?;
    /// let stove = &say(&workplace, &complexes, &[Decision::new("a new stove", [cook])])?[0];
    /// assert_eq!(stove.weights(Normalisation::Stake)?, [0.75, 0.25]);
    /// assert_eq!(stove.weights(Normalisation::Floor(0.5))?, [0.625, 0.375]);
    /// assert_eq!(stove.weights(Normalisation::Floor(1.0))?, [0.5, 0.5]);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn weights(&self, normalisation: Normalisation) -> Result<Vec<f64>, Error> {
        let scaled: Vec<f64> = self.stakes.iter().zip(&self.people).map(|(s, n)| s * f64::from(*n)).collect();
        let sum: f64 = scaled.iter().sum();
        let share = |stake: f64| if sum > 0.0 { stake / sum } else { 0.0 };
        match normalisation {
            Normalisation::Stake => Ok(self.stakes.clone()),
            Normalisation::Share => Ok(scaled.into_iter().map(share).collect()),
            Normalisation::Floor(floor) if !(0.0..=1.0).contains(&floor) => {
                Err(Error::invalid(format!("the floor is {floor}, must be from 0 to 1")))
            }
            Normalisation::Floor(floor) => {
                let floor = if sum > 0.0 { floor } else { 1.0 };
                let all: f64 = self.people.iter().map(|n| f64::from(*n)).sum();
                let even = self.people.iter().map(|n| f64::from(*n) / all);
                Ok(scaled.into_iter().zip(even).map(|(s, e)| (1.0 - floor) * share(s) + floor * e).collect())
            }
        }
    }

    /// Whole votes in proportion to weights that sum to 1, by largest remainder; what a board's rules can work with.
    ///
    /// # Errors
    /// As [`weights`](Self::weights); if [`Normalisation::Stake`] is asked for, which does not sum to 1.
    ///
    /// # Complexity
    /// O(members · log(members)).
    ///
    /// # Example
    /// ```
    /// # use parecon_jobs::say::{Decision, Normalisation, say};
    /// # use parecon_jobs::{Complexes, Eligibility, Member, Minutes, Share, Task, TaskId, Workplace};
    /// # let hour = Minutes::new(60);
    /// # let workplace = Workplace::new(
    /// #     vec![Task::new("cook", hour, 9.0, 6.0), Task::new("plan", hour, 17.0, 14.0)],
    /// #     vec![Member::new("ann", hour), Member::new("bo", hour)],
    /// #     Eligibility::Everyone,
    /// # )?;
    /// # let (cook, plan) = (TaskId::new(0), TaskId::new(1));
    /// # let part = |task, minutes| Share { task, time: Minutes::new(minutes) };
    /// # let complexes = Complexes::new(vec![vec![part(cook, 45), part(plan, 15)], vec![part(cook, 15), part(plan, 45)]])?;
    /// let stove = &say(&workplace, &complexes, &[Decision::new("a new stove", [cook])])?[0];
    /// assert_eq!(stove.votes(10, Normalisation::Share)?, [8, 2]); // 7.5 and 2.5: the earlier gets the odd one
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn votes(&self, votes: u32, normalisation: Normalisation) -> Result<Vec<u32>, Error> {
        if normalisation == Normalisation::Stake {
            return Err(Error::invalid("votes need weights that sum to 1: ask for a share or a floor"));
        }
        // A weight is at most 1, so it fits.
        let fine: Vec<u64> =
            self.weights(normalisation)?.into_iter().map(|weight| (weight * FINE).round() as u64).collect();
        Ok(apportion(u64::from(votes), &fine).into_iter().map(|part| part as u32).collect())
    }

    /// How many people with the same stake would spread the say as widely: `(Σ n s)² / Σ n s²` (the inverse Simpson index); 0
    /// if nobody is at stake.
    #[must_use]
    pub fn voices(&self) -> f64 {
        let entries = || self.stakes.iter().zip(&self.people).map(|(s, n)| (*s, f64::from(*n)));
        let sum: f64 = entries().map(|(s, n)| n * s).sum();
        let squares: f64 = entries().map(|(s, n)| n * s * s).sum();
        if squares > 0.0 { sum * sum / squares } else { 0.0 }
    }

    /// Members with nothing at stake.
    #[must_use]
    pub fn unaffected(&self) -> Vec<MemberId> {
        (0..self.stakes.len()).filter(|m| self.stakes[*m] == 0.0).map(MemberId::new).collect()
    }
}

/// Everybody's say in each decision, from who does what.
///
/// # Errors
/// If the complexes are for another number of members or name a task the workplace does not have; if a decision's id is
/// empty or used twice, it touches a task that does not exist, or twice, or a part that is not from 0 to 1.
///
/// # Complexity
/// O(decisions · (tasks + shares)).
///
/// # Example
/// ```
/// use parecon_jobs::say::{Decision, Normalisation, say};
/// use parecon_jobs::{Complexes, Eligibility, Member, Minutes, Share, Task, TaskId, Workplace};
/// let hour = Minutes::new(60);
/// let workplace = Workplace::new(
///     vec![Task::new("cook", hour, 9.0, 6.0), Task::new("plan", hour, 17.0, 14.0)],
///     vec![Member::new("ann", hour), Member::new("bo", hour)],
///     Eligibility::Everyone,
/// )?;
/// let (cook, plan) = (TaskId::new(0), TaskId::new(1));
/// let part = |task, minutes| Share { task, time: Minutes::new(minutes) };
/// let complexes = Complexes::new(vec![vec![part(cook, 45), part(plan, 15)], vec![part(cook, 15), part(plan, 45)]])?;
/// let stove = &say(&workplace, &complexes, &[Decision::new("a new stove", [cook])])?[0];
/// assert_eq!(stove.weights(Normalisation::Share)?, [0.75, 0.25]);
/// assert_eq!(stove.touched, 0.5);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn say(workplace: &Workplace, complexes: &Complexes, decisions: &[Decision]) -> Result<Vec<Say>, Error> {
    if complexes.len() != workplace.members().len() {
        return Err(Error::invalid(format!(
            "complexes for {} members, the workplace has {}",
            complexes.len(),
            workplace.members().len()
        )));
    }
    workplace.spread(complexes)?;
    let mut ids = BTreeSet::new();
    let people: Vec<u32> = workplace.members().iter().map(|member| member.count).collect();
    let mut says = Vec::with_capacity(decisions.len());
    for Decision { id, touches } in decisions {
        if id.is_empty() || !ids.insert(id) {
            return Err(Error::invalid(format!("decision \"{id}\": ids must be unique and not empty")));
        }
        let mut part_of = vec![None; workplace.tasks().len()];
        for (task, part) in touches {
            let Some(slot) = part_of.get_mut(task.index()) else {
                let (task, tasks) = (task.index(), workplace.tasks().len());
                return Err(Error::invalid(format!(
                    "decision \"{id}\" touches task {task}, positions go from 0 to {}",
                    tasks - 1
                )));
            };
            if !(0.0..=1.0).contains(part) || slot.is_some() {
                return Err(Error::invalid(format!(
                    "decision \"{id}\" touches {part} of task {}: must be from 0 to 1, and once",
                    task.index()
                )));
            }
            *slot = Some(*part);
        }
        let (mut stakes, mut sum, mut hours) = (Vec::with_capacity(people.len()), 0.0, 0.0);
        for (member, shares) in complexes.iter() {
            let at_stake: f64 = shares
                .iter()
                .map(|share| part_of[share.task.index()].unwrap_or(0.0) * share.time.get() as f64)
                .sum();
            let time = complexes.time_of(member).get() as f64;
            stakes.push(if time > 0.0 { at_stake / time } else { 0.0 });
            sum += at_stake;
            hours += time;
        }
        let touched = if hours > 0.0 { sum / hours } else { 0.0 };
        says.push(Say { decision: id.clone(), stakes, people: people.clone(), touched });
    }
    Ok(says)
}
