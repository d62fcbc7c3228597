//! Whether complexes are fair by each member's own ratings: envy-freeness and proportionality up to an item.
//!
//! Balance compares complexes by the council's ratings. Members may see it differently, and have rated tasks
//! [themselves](Workplace::own_desirability). For member m a minute of task j is a burden of `21 − d_mj` points, the scale turned
//! round, and `D_m(A) = Σ_j (21 − d_mj) a_j` is the burden of a bundle of minutes A. What each
//! owes is in proportion to fair quotas `q`. With `A_m` the complex of m and `M` all work:
//!
//! - **EF1**, envy-free up to one item: for all m and k, `D_m(A_m ∖ c)/q_m ≤ D_m(A_k)/q_k` for some item c of `A_m`;
//! - **PROPX**, proportional up to any item: for all m, `D_m(A_m ∖ c) ≤ D_m(M) · q_m/Σq` for every item c of `A_m`.
//!
//! The work here is divided by the minute, so what an item is has to be said ([`Item`]): all that a member does of one task, or
//! blocks of it. Exact envy-freeness is EF1 with a block of a minute, to the burden of that minute.
//!
//! All comparisons are in integers: minutes, and ratings in millionths of a point. A violation can be
//! [verified](Envy::verify) by anybody.
//!
//! # Reference
//! H. Aziz, I. Caragiannis, A. Igarashi and T. Walsh, Fair allocation of indivisible goods and chores, *Autonomous Agents and
//! Multi-Agent Systems* 36 (2022) for EF1 with chores; B. Li, Y. Li and X. Wu, Almost (weighted) proportional allocations for
//! indivisible chores, *WWW* 2022, for PROPX, weighted too; H. Moulin, Fair division in the internet age, *Annual Review of
//! Economics* 11 (2019).

use serde::{Deserialize, Serialize};

use crate::{Complexes, Error, HIGHEST_RATING, LOWEST_RATING, MemberId, Minutes, TaskId, Workplace};

/// Units of a rating point. A burden is then at most 2⁴⁶ minutes · 20e6 < 2⁷¹, and times a quota less than 2¹¹⁷.
const UNITS: f64 = 1e6;

/// What a minute costs somebody who rates the task so: the scale turned round, 1–20.
pub(crate) fn onerousness(desirability: f64) -> f64 {
    HIGHEST_RATING + LOWEST_RATING - desirability
}

/// What can be taken out of a complex to see whether the rest is fair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Item {
    /// All that a person does of one task: the chore as it was assigned.
    #[default]
    Share,
    /// A share is cut into blocks of so much time, the last one shorter: the smaller, the stricter.
    Block(Minutes),
}

/// A member who, by their own ratings, bears more than another even without the heaviest item.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Envy {
    /// Who envies.
    pub member: MemberId,
    /// Whom: of all whose complexes the member would rather have, the one with the least burden.
    pub envied: MemberId,
    /// The task of the item that was taken out, the heaviest.
    pub task: TaskId,
    /// How much of it was taken out, all people of the entry together.
    pub removed: Minutes,
    /// The member's burden per minute owed, in points, without that item.
    pub own: f64,
    /// The burden of the envied complex per minute owed, by the member's ratings.
    pub other: f64,
    /// Whether the member could do all tasks of the envied complex.
    pub attainable: bool,
}

/// A member who, by their own ratings, bears more than their part even without the lightest item.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Excess {
    /// Who.
    pub member: MemberId,
    /// The task of the item that was taken out, the lightest.
    pub task: TaskId,
    /// How much of it was taken out, all people of the entry together.
    pub removed: Minutes,
    /// The member's burden per minute owed, in points, without that item.
    pub own: f64,
    /// The burden of all work per minute of it, by the member's ratings.
    pub proportional: f64,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Audit {
    /// What an item was.
    pub item: Item,
    /// Members who envy beyond one item, each with the one envied most; the greatest difference first. Empty: EF1.
    pub envy: Vec<Envy>,
    /// Members who bear more than their part beyond any item; the greatest difference first. Empty: PROPX.
    pub excess: Vec<Excess>,
    /// How many members would, by their own ratings, rather have somebody else's complex; nobody: envy-free.
    pub envious: usize,
}

impl Audit {
    /// Whether the complexes are envy-free up to one item.
    #[must_use]
    pub fn is_ef1(&self) -> bool {
        self.envy.is_empty()
    }

    /// Whether the complexes are proportional up to any item.
    #[must_use]
    pub fn is_propx(&self) -> bool {
        self.excess.is_empty()
    }
}

/// Complexes as each member sees them, in integers.
struct View<'a> {
    workplace: &'a Workplace,
    complexes: &'a Complexes,
    quotas: Vec<i128>,
    item: Item,
}

impl<'a> View<'a> {
    fn new(workplace: &'a Workplace, complexes: &'a Complexes, item: Item) -> Result<Self, Error> {
        if item == Item::Block(Minutes::ZERO) {
            return Err(Error::invalid("a block of 0 min: must be at least a minute"));
        }
        if complexes.len() != workplace.members().len() {
            return Err(Error::invalid(format!(
                "complexes for {} members, the workplace has {}",
                complexes.len(),
                workplace.members().len()
            )));
        }
        workplace.spread(complexes)?;
        let quotas = workplace.fair_quotas().into_iter().map(|quota| i128::from(quota.get())).collect();
        Ok(View { workplace, complexes, quotas, item })
    }

    /// The burden of a minute, in millionths of a point.
    fn burden(&self, member: MemberId, task: TaskId) -> i128 {
        let own = self.workplace.own_desirability(member, task).unwrap_or(HIGHEST_RATING);
        (onerousness(own) * UNITS).round() as i128
    }

    fn of_complex(&self, member: MemberId, of: MemberId) -> i128 {
        let shares = self.complexes.of(of).iter();
        shares.map(|share| self.burden(member, share.task) * i128::from(share.time.get())).sum()
    }

    /// The items of a member's own complex with their burdens: the largest and the smallest block of each task.
    fn items(&self, member: MemberId) -> impl Iterator<Item = (i128, TaskId, u64)> {
        let people = self.workplace.member(member).map_or(1, |m| u64::from(m.count));
        self.complexes.of(member).iter().flat_map(move |share| {
            let time = share.time.get();
            let block = match self.item {
                Item::Share => time,
                Item::Block(block) => time.min(block.get().saturating_mul(people)),
            };
            let rest = if time % block == 0 { block } else { time % block };
            [block, rest].map(|part| (self.burden(member, share.task) * i128::from(part), share.task, part))
        })
    }

    /// Burden of a complex per minute owed, in points.
    fn rate(&self, burden: i128, quota: i128) -> f64 {
        burden as f64 / UNITS / quota as f64
    }

    fn envy(&self, member: MemberId, envied: MemberId) -> Option<Envy> {
        let (q, p) = (self.quotas[member.index()], self.quotas[envied.index()]);
        let (burden, task, removed) =
            self.items(member).max_by_key(|(burden, task, _)| (*burden, task.index()))?;
        let own = self.of_complex(member, member) - burden;
        let other = self.of_complex(member, envied);
        (own * p > other * q).then(|| Envy {
            member,
            envied,
            task,
            removed: Minutes::new(removed),
            own: self.rate(own, q),
            other: self.rate(other, p),
            attainable: self
                .complexes
                .of(envied)
                .iter()
                .all(|share| self.workplace.is_eligible(member, share.task)),
        })
    }

    fn excess(&self, member: MemberId) -> Option<Excess> {
        let q = self.quotas[member.index()];
        let (burden, task, removed) =
            self.items(member).min_by_key(|(burden, task, _)| (*burden, task.index()))?;
        let own = self.of_complex(member, member) - burden;
        let tasks = self.workplace.tasks().iter().enumerate();
        let all: i128 =
            tasks.map(|(j, t)| self.burden(member, TaskId::new(j)) * i128::from(t.time.get())).sum();
        let total = i128::from(self.workplace.total_time().get());
        (own * total > all * q).then(|| Excess {
            member,
            task,
            removed: Minutes::new(removed),
            own: self.rate(own, q),
            proportional: self.rate(all, total),
        })
    }
}

impl Envy {
    /// Checks in integers that the member envies so, whatever the audit said.
    ///
    /// # Errors
    /// A [violation](Error::is_violation) if not; invalid input as [`audit`].
    ///
    /// # Complexity
    /// O(members + the two complexes).
    ///
    /// # Example
    /// ```
    /// # use parecon_jobs::audit::{Item, audit};
    /// # use parecon_jobs::{Complexes, Eligibility, Member, Minutes, Share, Task, TaskId, Workplace};
    /// # let hour = Minutes::new(60);
    /// # let tasks = ["a", "b", "c", "d"].map(|id| Task::new(id, hour, 5.0, if id < "c" { 2.0 } else { 19.0 }));
    /// # let members = ["ann", "bo"].map(|id| Member::new(id, Minutes::new(120)));
    /// # let workplace = Workplace::new(tasks.to_vec(), members.to_vec(), Eligibility::Everyone)?;
    /// let whole = |task| Share { task: TaskId::new(task), time: hour };
    /// let unfair = Complexes::new(vec![vec![whole(0), whole(1)], vec![whole(2), whole(3)]])?;
    /// let found = audit(&workplace, &unfair, Item::Share)?.envy[0];
    /// found.verify(&workplace, &unfair, Item::Share)?;
    /// let fair = Complexes::new(vec![vec![whole(0), whole(2)], vec![whole(1), whole(3)]])?;
    /// assert!(found.verify(&workplace, &fair, Item::Share).unwrap_err().is_violation());
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn verify(&self, workplace: &Workplace, complexes: &Complexes, item: Item) -> Result<(), Error> {
        let view = View::new(workplace, complexes, item)?;
        let known = self.member.index().max(self.envied.index()) < complexes.len();
        if known && view.envy(self.member, self.envied) == Some(*self) {
            Ok(())
        } else {
            let (member, envied) = (self.member.index(), self.envied.index());
            Err(Error::violation(format!("member {member} does not envy member {envied} beyond this item")))
        }
    }
}

impl Excess {
    /// Checks in integers that the member bears so much, whatever the audit said.
    ///
    /// # Errors
    /// A [violation](Error::is_violation) if not; invalid input as [`audit`].
    ///
    /// # Complexity
    /// O(members + tasks).
    pub fn verify(&self, workplace: &Workplace, complexes: &Complexes, item: Item) -> Result<(), Error> {
        let view = View::new(workplace, complexes, item)?;
        if self.member.index() < complexes.len() && view.excess(self.member) == Some(*self) {
            Ok(())
        } else {
            let member = self.member.index();
            Err(Error::violation(format!(
                "member {member} does not bear more than their part beyond this item"
            )))
        }
    }
}

/// Audits complexes, planned or grown, by each member's own ratings.
///
/// Members who owe nothing (no available time) are neither envious nor envied.
///
/// # Errors
/// If the complexes are for another number of members, name a task the workplace does not have, or a block is of no time.
///
/// # Complexity
/// O(members² · tasks of a complex + members · tasks).
///
/// # Example
/// ```
/// use parecon_jobs::audit::{Item, audit};
/// use parecon_jobs::{Complexes, Eligibility, Member, MemberId, Minutes, Share, Task, TaskId, Workplace};
/// let hour = Minutes::new(60);
/// let workplace = Workplace::new(
///     vec![Task::new("cook", hour, 9.0, 10.0), Task::new("clean", hour, 2.0, 10.0)],
///     vec![Member::new("ann", hour), Member::new("bo", hour)],
///     Eligibility::Everyone,
/// )?
/// // Ann likes to cook, Bo does not.
/// .with_own_desirability(&[(MemberId::new(0), TaskId::new(0), 18.0), (MemberId::new(1), TaskId::new(0), 3.0)])?;
/// let whole = |task| vec![Share { task: TaskId::new(task), time: hour }];
/// let liked = audit(&workplace, &Complexes::new(vec![whole(0), whole(1)])?, Item::Share)?;
/// assert!(liked.is_ef1() && liked.is_propx() && liked.envious == 0);
/// let crossed = audit(&workplace, &Complexes::new(vec![whole(1), whole(0)])?, Item::Block(Minutes::new(15)))?;
/// assert_eq!((crossed.envious, crossed.envy.len(), crossed.excess.len()), (2, 2, 1));
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn audit(workplace: &Workplace, complexes: &Complexes, item: Item) -> Result<Audit, Error> {
    let view = View::new(workplace, complexes, item)?;
    let owing: Vec<MemberId> =
        (0..complexes.len()).filter(|m| view.quotas[*m] > 0).map(MemberId::new).collect();
    let (mut envy, mut excess, mut envious) = (Vec::new(), Vec::new(), 0);
    for &member in &owing {
        // The complex that is lightest by this member's ratings; a fraction is compared by its cross product.
        let mut lightest: Option<(i128, i128, MemberId)> = None;
        for &other in owing.iter().filter(|other| **other != member) {
            let (burden, quota) = (view.of_complex(member, other), view.quotas[other.index()]);
            if lightest.is_none_or(|(b, q, _)| burden * q < b * quota) {
                lightest = Some((burden, quota, other));
            }
        }
        if let Some((burden, quota, other)) = lightest {
            let own = view.of_complex(member, member);
            envious += usize::from(own * quota > burden * view.quotas[member.index()]);
            envy.extend(view.envy(member, other));
        }
        excess.extend(view.excess(member));
    }
    envy.sort_by(|a, b| (b.own - b.other).total_cmp(&(a.own - a.other)));
    excess.sort_by(|a, b| (b.own - b.proportional).total_cmp(&(a.own - a.proportional)));
    Ok(Audit { item, envy, excess, envious })
}
