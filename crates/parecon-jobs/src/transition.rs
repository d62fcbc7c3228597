//! From today's complexes to a plan's in several steps, and how far two plans are apart.

use std::collections::HashMap;

use crate::repair::whole_minutes;
use crate::{Complexes, Error, MemberId, Minutes, Share, TaskId, Workplace};

impl Complexes {
    /// How much work is done by somebody else in `other`: `Σ_mj max(0, x_mj − x'_mj)`.
    ///
    /// # Complexity
    /// O(shares · log(shares of a member)).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Complexes, Minutes, Share, TaskId};
    /// let of = |task, minutes| vec![Share { task: TaskId::new(task), time: Minutes::new(minutes) }];
    /// let before = Complexes::new(vec![of(0, 60), of(1, 60)])?;
    /// let after = Complexes::new(vec![of(0, 60), of(0, 60)])?;
    /// assert_eq!(before.moved(&after), Minutes::new(60));
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    #[must_use]
    pub fn moved(&self, other: &Complexes) -> Minutes {
        let lost = self.iter().map(|(member, shares)| {
            let theirs = other.of(member);
            let kept = |share: &Share| {
                let found = theirs.binary_search_by_key(&share.task, |other| other.task);
                found.map_or(0, |at| theirs[at].time.get())
            };
            shares.iter().map(|share| share.time.get().saturating_sub(kept(share))).sum::<u64>()
        });
        Minutes::new(lost.sum())
    }

    /// These complexes of workplace `from` in the positions of workplace `to`, by the ids of members and tasks; whoever and
    /// whatever is not there any more is left out, and pairs that are not eligible any more as well. What remains need
    /// not meet anybody's hours: a start for [`Choice::NearestTo`](crate::Choice::NearestTo).
    ///
    /// # Errors
    /// A [violation](Error::is_violation) if the complexes name a member or task that `from` does not have.
    ///
    /// # Complexity
    /// O(members + tasks + shares · log(tasks)).
    ///
    /// # Example
    /// ```
    /// use parecon_jobs::{Complexes, Eligibility, Member, Minutes, Share, Task, TaskId, Workplace};
    /// let hour = Minutes::new(60);
    /// let task = |id: &str| Task::new(id, hour, 5.0, 5.0);
    /// let member = |id: &str| Member::new(id, hour);
    /// let from =
    ///     Workplace::new(vec![task("cook"), task("plan")], vec![member("ann"), member("bo")], Eligibility::Everyone)?;
    /// let to = Workplace::new(vec![task("plan"), task("drive")], vec![member("bo"), member("cy")], Eligibility::Everyone)?;
    /// let whole = |task| vec![Share { task: TaskId::new(task), time: hour }];
    /// let before = Complexes::new(vec![whole(0), whole(1)])?;
    /// assert_eq!(before.carried_over(&from, &to)?, Complexes::new(vec![whole(0), vec![]])?); // Bo goes on planning.
    /// # Ok::<(), parecon_jobs::Error>(())
    /// ```
    pub fn carried_over(&self, from: &Workplace, to: &Workplace) -> Result<Complexes, Error> {
        let members: HashMap<&str, usize> =
            to.members().iter().enumerate().map(|(at, member)| (member.id.as_str(), at)).collect();
        let tasks: HashMap<&str, usize> =
            to.tasks().iter().enumerate().map(|(at, task)| (task.id.as_str(), at)).collect();
        let missing = |what: &str, at: usize| Error::violation(format!("{what} {at} does not exist"));
        let mut shares = vec![Vec::new(); to.members().len()];
        for (member, own) in self.iter() {
            let old = from.member(member).ok_or_else(|| missing("member", member.index()))?;
            let new = members.get(old.id.as_str()).copied();
            for share in own {
                let task = from.task(share.task).ok_or_else(|| missing("task", share.task.index()))?;
                let Some((new, task)) = new.zip(tasks.get(task.id.as_str())) else { continue };
                let task = TaskId::new(*task);
                if to.is_eligible(MemberId::new(new), task) {
                    shares[new].push(Share { task, time: share.time });
                }
            }
        }
        Complexes::new(shares)
    }
}

/// Complexes for each of `periods` steps from today's to the target, the last being the target.
///
/// Step k divides work as `(1 − k/n) · today + (k/n) · target`. Hours and eligibility are linear and deviations convex, so every
/// step meets all hours, nobody does what they cannot do, and every deviation is at most the same mixture of today's
/// and the target's, up to whole minutes: less than a minute per pair, exact sums.
///
/// # Errors
/// If `periods` is 0. A [violation](Error::is_violation) if today's or the target's complexes do not
/// [meet](Complexes::verify) the workplace's hours.
///
/// # Complexity
/// O(periods · shares · log(shares)) in practice: the rounding of each step walks along cycles of its fractional pairs.
///
/// # Example
/// ```
/// use parecon_jobs::{balance, transition, Complexes, Config, Dimension, Eligibility, Member, Minutes, Share, Task, TaskId, Workplace};
/// let day = Minutes::from_hours(8.0)?;
/// let workplace = Workplace::new(
///     vec![Task::new("clean", day, 2.0, 4.0), Task::new("coordinate", day, 18.0, 14.0)],
///     vec![Member::new("ann", day), Member::new("bo", day)],
///     Eligibility::Everyone,
/// )?;
/// let whole = |task| vec![Share { task: TaskId::new(task), time: day }];
/// let today = Complexes::new(vec![whole(0), whole(1)])?;
/// let target = balance(&workplace, &Config::default(), &mut ())?.balance().expect("it fits").complexes.clone();
/// let steps = transition(&workplace, &today, &target, 4)?;
/// let spread: Vec<f64> = steps.iter().map(|step| workplace.spread(step).map(|s| s.max_abs)).collect::<Result<_, _>>()?;
/// assert_eq!(spread, [6.0, 4.0, 2.0, 0.0]); // today: 8
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn transition(
    workplace: &Workplace,
    today: &Complexes,
    target: &Complexes,
    periods: u32,
) -> Result<Vec<Complexes>, Error> {
    if periods == 0 {
        return Err(Error::invalid("periods is 0, must be at least 1"));
    }
    today.verify(workplace)?;
    target.verify(workplace)?;
    let quotas: Vec<u64> = workplace.fair_quotas().into_iter().map(Minutes::get).collect();
    let times: Vec<u64> = workplace.tasks().iter().map(|task| task.time.get()).collect();
    let averages = workplace.averages();
    let offsets: Vec<Vec<f64>> = workplace
        .tasks()
        .iter()
        .map(|task| task.ratings().zip(averages).map(|(rating, average)| rating - average).collect())
        .collect();
    let (mut pairs, mut ends) = (Vec::new(), Vec::new());
    for (member, shares) in today.iter() {
        let mut tasks: HashMap<TaskId, (u64, u64)> = HashMap::new();
        shares.iter().for_each(|share| tasks.entry(share.task).or_default().0 = share.time.get());
        target.of(member).iter().for_each(|share| tasks.entry(share.task).or_default().1 = share.time.get());
        let mut tasks: Vec<_> = tasks.into_iter().collect();
        tasks.sort_unstable();
        for (task, minutes) in tasks {
            pairs.push((member.index(), task.index()));
            ends.push(minutes);
        }
    }
    let mut steps = Vec::with_capacity(periods as usize);
    for k in 1..periods {
        let part = f64::from(k) / f64::from(periods);
        let mix = |(from, to): &(u64, u64)| (1.0 - part) * *from as f64 + part * *to as f64;
        let minutes: Vec<f64> = ends.iter().map(mix).collect();
        let whole = whole_minutes(&quotas, &times, &pairs, &minutes, &offsets)?;
        let mut shares = vec![Vec::new(); quotas.len()];
        for (&(member, task), time) in pairs.iter().zip(whole) {
            shares[member].push(Share { task: TaskId::new(task), time: Minutes::new(time) });
        }
        let step = Complexes::new(shares)?;
        step.verify(workplace)?;
        steps.push(step);
    }
    steps.push(target.clone());
    Ok(steps)
}
