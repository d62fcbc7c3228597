//! What is particular to members: skills they learn, their own ratings, work that stays with them.

use std::collections::HashSet;
use std::sync::Arc;

use super::Workplace;
use super::lists::{Lists, no_such_member, no_such_task, with_skills};
use crate::model::check_rating;
use crate::ratings::TaskRating;
use crate::{Dimension, Eligibility, Error, Member, MemberId, Minutes, Share, Task, TaskId};

impl Workplace {
    /// The workplace after some members have learnt skills; everyone an entry stands for learns.
    ///
    /// # Errors
    /// If a member does not exist, or a skill has an empty name.
    ///
    /// # Complexity
    /// That of [`new`](Self::new).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Eligibility, Member, MemberId, Minutes, Task, TaskId, Workplace};
    /// let day = Minutes::new(480);
    /// let workplace = Workplace::new(
    ///     vec![Task::new("drive", day, 8.0, 9.0).with_skill("licence"), Task::new("load", day, 2.0, 4.0)],
    ///     vec![Member::new("ann", day).with_skill("licence"), Member::new("bo", day)],
    ///     Eligibility::Everyone,
    /// )?;
    /// let (bo, drive) = (MemberId::new(1), TaskId::new(0));
    /// assert!(!workplace.is_eligible(bo, drive));
    /// assert!(workplace.with_training(&[(bo, "licence")])?.is_eligible(bo, drive));
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn with_training(&self, learnt: &[(MemberId, &str)]) -> Result<Self, Error> {
        let mut trained = self.clone();
        for &(member, skill) in learnt {
            let entries = trained.members.len();
            let Some(member) = trained.members.get_mut(member.index()) else {
                return Err(no_such_member("training", member, entries));
            };
            member.skills.insert(skill.to_owned());
            member.trainable.retain(|training| training.skill != skill);
            member.check()?;
        }
        trained.eligible = with_skills(&trained.tasks, &trained.members, &trained.allowed);
        Ok(trained)
    }

    /// The workplace after some of the people of some entries have learnt a skill. Those who do become an entry of their
    /// own at the end, whose id is that of the old one, a plus, and the skill (and a number if there is such an id); the last of
    /// an entry stay where they are.
    ///
    /// # Errors
    /// If a member does not exist, more people learn than an entry has or none,
    /// an entry with pinned work would be split, or a skill has an empty name.
    ///
    /// # Complexity
    /// That of [`new`](Self::new).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Eligibility, Member, MemberId, Minutes, Task, Workplace};
    /// let day = Minutes::new(480);
    /// let workplace = Workplace::new(
    ///     vec![Task::new("drive", day, 8.0, 9.0).with_skill("licence"), Task::new("load", day, 2.0, 4.0)],
    ///     vec![Member::new("crew", day).with_count(5)],
    ///     Eligibility::Everyone,
    /// )?
    /// .with_people_trained(&[(MemberId::new(0), "licence", 2)])?;
    /// let entries: Vec<_> = workplace.members().iter().map(|m| (m.id.as_str(), m.count)).collect();
    /// assert_eq!(entries, [("crew", 3), ("crew+licence", 2)]);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn with_people_trained(&self, learnt: &[(MemberId, &str, u32)]) -> Result<Self, Error> {
        let entries = self.members.len();
        let mut trained = self.clone();
        let mut allowed = Lists::clone(&self.allowed);
        let mut left: Vec<u32> = self.members.iter().map(|member| member.count).collect();
        let mut whole = Vec::new();
        let mut ids: HashSet<String> = self.members.iter().map(|member| member.id.clone()).collect();
        for &(id, skill, people) in learnt {
            let Some(left) = left.get_mut(id.index()) else {
                return Err(no_such_member("training", id, entries));
            };
            let member = &mut trained.members[id.index()];
            if people == 0 || people > *left {
                return Err(Error::invalid(format!(
                    "{people} people of member \"{}\" learn \"{skill}\", must be from 1 to {left}",
                    member.id
                )));
            }
            *left -= people;
            if *left == 0 {
                whole.push((id, skill));
                continue;
            }
            if !self.pinned(id).is_empty() {
                return Err(Error::invalid(format!(
                    "member \"{}\" has pinned work, only all of its people can learn \"{skill}\"",
                    member.id
                )));
            }
            let mut part = member.clone().with_skill(skill).with_count(people);
            part.id = format!("{}+{skill}", member.id);
            for number in 2.. {
                if !ids.contains(&part.id) {
                    break;
                }
                part.id = format!("{}+{skill} {number}", member.id);
            }
            ids.insert(part.id.clone());
            part.trainable.retain(|training| training.skill != skill);
            member.count = *left;
            trained.members.push(part);
            allowed.set_of.push(allowed.set_of[id.index()]);
            if let Some(own) = self.own_desirability.get(id.index()) {
                trained.own_desirability.push(own.clone());
            }
            if !trained.pinned.is_empty() {
                trained.pinned.push(Vec::new());
            }
        }
        trained.allowed = Arc::new(allowed);
        trained.with_training(&whole)
    }

    /// The workplace with members' own ratings of how desirable tasks are, beside the council's. They change no social
    /// average; they guide preferences and audits.
    ///
    /// # Errors
    /// If a member or task does not exist, a pair is rated twice, or a rating is not a number from 1 to 20.
    ///
    /// # Complexity
    /// O(ratings · log(ratings of a member)).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Eligibility, Member, MemberId, Minutes, Task, TaskId, Workplace};
    /// let workplace = Workplace::new(
    ///     vec![Task::new("cook", Minutes::new(480), 9.0, 6.0)],
    ///     vec![Member::new("ann", Minutes::new(480)), Member::new("bo", Minutes::new(480))],
    ///     Eligibility::Everyone,
    /// )?
    /// .with_own_desirability(&[(MemberId::new(1), TaskId::new(0), 18.0)])?;
    /// assert_eq!(workplace.own_desirability(MemberId::new(0), TaskId::new(0)), Some(6.0)); // the council's
    /// assert_eq!(workplace.own_desirability(MemberId::new(1), TaskId::new(0)), Some(18.0));
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn with_own_desirability(mut self, ratings: &[(MemberId, TaskId, f64)]) -> Result<Self, Error> {
        let mut lists = vec![Vec::new(); if ratings.is_empty() { 0 } else { self.members.len() }];
        for &(member, task, rating) in ratings {
            let (name, label) = self.pair("own desirability", member, task)?;
            check_rating(rating).map_err(|e| {
                Error::invalid(format!("own desirability of task \"{label}\" for member \"{name}\" {e}"))
            })?;
            lists[member.index()].push((task, rating));
        }
        for (list, member) in lists.iter_mut().zip(&self.members) {
            list.sort_by_key(|(task, _)| *task);
            if let Some(twice) = list.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                let task = &self.tasks[twice[0].0.index()].id;
                return Err(Error::invalid(format!(
                    "own desirability of task \"{task}\" for member \"{}\" is given twice",
                    member.id
                )));
            }
        }
        self.own_desirability = lists;
        Ok(self)
    }

    /// How desirable a member finds a task: the member's own rating, or the council's where there is none. `None` for a
    /// position that does not exist.
    #[must_use]
    pub fn own_desirability(&self, member: MemberId, task: TaskId) -> Option<f64> {
        let council = self.tasks.get(task.index())?.desirability;
        self.members.get(member.index())?;
        let own = self.own_ratings(member);
        Some(own.binary_search_by_key(&task, |(task, _)| *task).map_or(council, |at| own[at].1))
    }

    /// A member's own ratings, in the order of the tasks.
    pub(super) fn own_ratings(&self, member: MemberId) -> &[(TaskId, f64)] {
        self.own_desirability.get(member.index()).map_or(&[], Vec::as_slice)
    }

    /// The workplace with work that stays with members: at least so much of a task, all people of an entry together.
    ///
    /// # Errors
    /// If a member or task does not exist, a member cannot do a task pinned to it, a pair is pinned twice, or more is
    /// pinned than a task takes or a member's fair quota holds.
    ///
    /// # Complexity
    /// O(members + pins · log(tasks)).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Eligibility, Member, MemberId, Minutes, Task, TaskId, Workplace};
    /// let day = Minutes::new(480);
    /// let workplace = Workplace::new(
    ///     vec![Task::new("cook", day, 9.0, 6.0), Task::new("plan", day, 17.0, 14.0)],
    ///     vec![Member::new("ann", day), Member::new("bo", day)],
    ///     Eligibility::Everyone,
    /// )?;
    /// let pin = (MemberId::new(0), TaskId::new(0), Minutes::new(500));
    /// let error = workplace.with_pinned(&[pin]).unwrap_err();
    /// assert_eq!(error.to_string(), r#"8 h 20 min of task "cook" are pinned, it takes 8 h"#);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn with_pinned(mut self, pins: &[(MemberId, TaskId, Minutes)]) -> Result<Self, Error> {
        let mut lists = vec![Vec::new(); if pins.is_empty() { 0 } else { self.members.len() }];
        let mut on_task = vec![Minutes::ZERO; self.tasks.len()];
        for &(member, task, time) in pins {
            let (name, id) = self.pair("pinned work", member, task)?;
            if !self.is_eligible(member, task) {
                return Err(Error::invalid(format!(
                    "task \"{id}\" is pinned to member \"{name}\", who cannot do it"
                )));
            }
            let limit = self.tasks[task.index()].time;
            let sum = &mut on_task[task.index()];
            *sum = sum.checked_add(time).unwrap_or(Minutes::new(u64::MAX));
            if *sum > limit {
                return Err(Error::invalid(format!("{sum} of task \"{id}\" are pinned, it takes {limit}")));
            }
            lists[member.index()].push(Share { task, time });
        }
        for ((list, member), quota) in lists.iter_mut().zip(&self.members).zip(self.fair_quotas()) {
            list.sort_by_key(|share| share.task);
            if let Some(twice) = list.windows(2).find(|pair| pair[0].task == pair[1].task) {
                let task = &self.tasks[twice[0].task.index()].id;
                return Err(Error::invalid(format!(
                    "task \"{task}\" is pinned to member \"{}\" twice",
                    member.id
                )));
            }
            let sum = Minutes::new(list.iter().map(|share| share.time.get()).sum());
            if sum > quota {
                return Err(Error::invalid(format!(
                    "{sum} are pinned to member \"{}\", the fair quota is {quota}",
                    member.id
                )));
            }
            list.retain(|share| share.time > Minutes::ZERO);
        }
        // Pins of no time are none: like workplaces are equal.
        if lists.iter().all(Vec::is_empty) {
            lists.clear();
        }
        self.pinned = lists;
        Ok(self)
    }

    /// The workplace with its tasks rated anew in one dimension, as [`ratings`](crate::ratings) come out; tasks without a
    /// rating here keep theirs.
    ///
    /// # Errors
    /// If the workplace does not have the dimension, or a rating is of a task that does not exist or not from 1 to 20.
    ///
    /// # Complexity
    /// That of [`new`](Self::new).
    ///
    /// # Example
    /// See [`Scores::from_csv`](crate::ratings::Scores::from_csv).
    pub fn with_ratings(&self, dimension: Dimension, ratings: &[TaskRating]) -> Result<Self, Error> {
        if dimension.index() >= self.averages.len() {
            return Err(Error::invalid(format!("the workplace does not have the {dimension}")));
        }
        let mut tasks = self.tasks.clone();
        for rating in ratings {
            let Some(task) = tasks.get_mut(rating.task.index()) else {
                return Err(no_such_task("a rating", rating.task, self.tasks.len()));
            };
            match dimension {
                Dimension::Empowerment => task.empowerment = rating.value,
                Dimension::Desirability => task.desirability = rating.value,
                Dimension::Further(_) => {
                    task.further.insert(self.dimension_name(dimension).to_owned(), rating.value);
                }
            }
        }
        self.rebuilt(tasks, self.members.clone(), |_, _| true)
    }

    /// The workplace with other times and other tasks and members in the same positions, and only the pairs that stay open; own
    /// ratings and pinned work as before.
    ///
    /// # Errors
    /// As [`new`](Self::new) and [`with_pinned`](Self::with_pinned).
    pub(crate) fn rebuilt(
        &self,
        tasks: Vec<Task>,
        members: Vec<Member>,
        open: impl Fn(MemberId, TaskId) -> bool,
    ) -> Result<Self, Error> {
        let ids = || (0..members.len()).map(MemberId::new);
        let list = |m| self.allowed(m).iter().copied().filter(|task| open(m, *task)).collect();
        let lists = ids().map(list).collect();
        let pins: Vec<_> =
            ids().flat_map(|m| self.pinned(m).iter().map(move |pin| (m, pin.task, pin.time))).collect();
        let mut other = Workplace::new(tasks, members, Eligibility::ByMember(lists))?;
        other.own_desirability.clone_from(&self.own_desirability);
        other.with_pinned(&pins)
    }

    /// What stays with a member, in the order of the tasks.
    #[must_use]
    pub fn pinned(&self, member: MemberId) -> &[Share] {
        self.pinned.get(member.index()).map_or(&[], Vec::as_slice)
    }

    /// The ids of a member and a task, which must exist.
    fn pair(&self, what: &str, member: MemberId, task: TaskId) -> Result<(&str, &str), Error> {
        let Some(name) = self.members.get(member.index()) else {
            return Err(no_such_member(what, member, self.members.len()));
        };
        let Some(id) = self.tasks.get(task.index()) else {
            return Err(no_such_task(what, task, self.tasks.len()));
        };
        Ok((&name.id, &id.id))
    }
    /// Times of tasks and fair quotas of members, both less what is pinned.
    pub(crate) fn open(&self) -> (Vec<Minutes>, Vec<Minutes>) {
        let mut times: Vec<u64> = self.tasks.iter().map(|task| task.time.get()).collect();
        let mut quotas: Vec<u64> = self.fair_quotas().into_iter().map(Minutes::get).collect();
        for (list, quota) in self.pinned.iter().zip(&mut quotas) {
            for pin in list {
                times[pin.task.index()] -= pin.time.get();
                *quota -= pin.time.get();
            }
        }
        let minutes = |values: Vec<u64>| values.into_iter().map(Minutes::new).collect();
        (minutes(times), minutes(quotas))
    }
}
