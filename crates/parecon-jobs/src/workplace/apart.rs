//! Entries that stand for several people, taken apart.

use std::collections::HashSet;

use super::Workplace;
use crate::quota::apportion;
use crate::{Eligibility, Error, MemberId, Minutes};

/// More people than this are not taken apart: each has lists of its own.
const MOST_PEOPLE: u64 = 1_000_000;

impl Workplace {
    /// The workplace with an entry for each person, where members are persons and not kinds: for [`rotation`](crate::rotation) and
    /// [`chunks`](crate::chunks).
    ///
    /// The n people of an entry follow each other, with its id, a space and a number from 1 (more spaces if there is such an
    /// id); an entry of one stays as it is. Own ratings are everybody's; pinned work is split evenly, in whole minutes.
    ///
    /// # Errors
    /// If there are more than 1,000,000 people, or somebody's part of the pinned work exceeds a fair quota by the rounding of
    /// both.
    ///
    /// # Complexity
    /// That of [`new`](Self::new).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Eligibility, Member, Minutes, Task, Workplace};
    /// let day = Minutes::new(480);
    /// let workplace = Workplace::new(
    ///     vec![Task::new("load", day, 2.0, 4.0)],
    ///     vec![Member::new("crew", day).with_count(2), Member::new("ann", day)],
    ///     Eligibility::Everyone,
    /// )?
    /// .with_people_apart()?;
    /// let ids: Vec<_> = workplace.members().iter().map(|member| member.id.as_str()).collect();
    /// assert_eq!(ids, ["crew 1", "crew 2", "ann"]);
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn with_people_apart(&self) -> Result<Self, Error> {
        let mut people = 0;
        for entry in &self.members {
            people += u64::from(entry.count);
            if people > MOST_PEOPLE {
                return Err(Error::invalid(format!(
                    "member \"{}\" stands for {} people, {people} with those before: at most {MOST_PEOPLE} can be taken apart",
                    entry.id, entry.count
                )));
            }
        }
        let mut ids: HashSet<String> = self.members.iter().map(|member| member.id.clone()).collect();
        let (mut members, mut lists, mut own, mut pins) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (m, entry) in self.members.iter().enumerate() {
            let id = MemberId::new(m);
            let people = entry.count as usize;
            let parts: Vec<Vec<u64>> =
                self.pinned(id).iter().map(|pin| apportion(pin.time.get(), &vec![1; people])).collect();
            for person in 0..people {
                let mut member = entry.clone().with_count(1);
                if people > 1 {
                    member.id = format!("{} {}", entry.id, person + 1);
                    while ids.contains(&member.id) {
                        member.id.insert(entry.id.len(), ' ');
                    }
                    ids.insert(member.id.clone());
                }
                let at = MemberId::new(members.len());
                for (pin, part) in self.pinned(id).iter().zip(&parts) {
                    pins.push((at, pin.task, Minutes::new(part[person])));
                }
                own.extend(self.own_ratings(id).iter().map(|(task, rating)| (at, *task, *rating)));
                lists.push(self.allowed(id).to_vec());
                members.push(member);
            }
        }
        Workplace::new(self.tasks.clone(), members, Eligibility::ByMember(lists))?
            .with_own_desirability(&own)?
            .with_pinned(&pins)
    }
}
