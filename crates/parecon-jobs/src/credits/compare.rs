//! Self-selection beside the planned assignment.

use serde::{Deserialize, Serialize};

use super::Selected;
use crate::audit::{Audit, Item, audit};
use crate::{Complexes, Error, MemberId, Minutes, Spread, Workplace};

/// What a division of work means to those who do it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Outlook {
    /// How far complexes are from the social average, in every dimension, by the council's ratings.
    pub spread: Spread,
    /// Work left undone, all tasks.
    pub undone: Minutes,
    /// Work done that nobody needs, all tasks.
    pub overdone: Minutes,
    /// Hours-weighted mean of the members' own ratings of what they do, 1–20; `None` if nobody works.
    pub satisfaction: Option<f64>,
    /// The lowest such mean of any entry that works; `None` if none does.
    pub least_satisfaction: Option<f64>,
    /// Time worked over the fair quota, the least and the greatest of all entries with a quota; `None` if there are none.
    pub time: Option<(f64, f64)>,
    /// Fairness by the members' own ratings.
    pub audit: Audit,
}

/// A planned assignment and self-selection of the same work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The planned assignment.
    pub planned: Outlook,
    /// What members chose.
    pub chosen: Outlook,
}

/// Compares a planned assignment with what members chose, on the same workplace.
///
/// # Errors
/// If either is for another number of members or names tasks the workplace does not have, or `item` is of no time.
///
/// # Complexity
/// That of [`audit`].
///
/// # Example
/// ```
/// use parecon_jobs::audit::Item;
/// use parecon_jobs::credits::{self, compare, sign_up};
/// use parecon_jobs::{Config, Eligibility, Member, MemberId, Minutes, Task, TaskId, Workplace, balance};
/// let day = Minutes::new(480);
/// let workplace = Workplace::new(
///     vec![Task::new("cook", day, 9.0, 10.0), Task::new("plan", day, 17.0, 10.0)],
///     vec![Member::new("ann", day), Member::new("bo", day)],
///     Eligibility::Everyone,
/// )?
/// .with_own_desirability(&[(MemberId::new(0), TaskId::new(0), 18.0), (MemberId::new(1), TaskId::new(1), 18.0)])?;
/// let outcome = balance(&workplace, &Config::default(), &mut ())?;
/// let planned = &outcome.balance().expect("everybody can do everything").complexes;
/// let chosen = sign_up(&workplace, &credits::Config::flat(1).with_slack(0.0), &mut ())?;
/// let both = compare(&workplace, planned, &chosen, Item::Share)?;
/// // Each takes what each likes: more pleasant, and further from sharing empowerment.
/// assert!(both.chosen.satisfaction > both.planned.satisfaction);
/// assert!(both.chosen.spread.max_abs > both.planned.spread.max_abs);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn compare(
    workplace: &Workplace,
    planned: &Complexes,
    chosen: &Selected,
    item: Item,
) -> Result<Comparison, Error> {
    Ok(Comparison {
        planned: outlook(workplace, planned, item)?,
        chosen: outlook(workplace, &chosen.complexes, item)?,
    })
}

fn outlook(workplace: &Workplace, complexes: &Complexes, item: Item) -> Result<Outlook, Error> {
    // Checks positions too.
    let audit = audit(workplace, complexes, item)?;
    let mut done = vec![0u64; workplace.tasks().len()];
    let (mut sum, mut hours, mut least) = (0.0, 0.0, f64::INFINITY);
    let mut range = (f64::INFINITY, 0.0f64);
    for ((member, shares), quota) in complexes.iter().zip(workplace.fair_quotas()) {
        let mut own = 0.0;
        for share in shares {
            done[share.task.index()] += share.time.get();
            own += rating(workplace, member, share.task) * share.time.get() as f64;
        }
        let time = complexes.time_of(member).get() as f64;
        if time > 0.0 {
            least = least.min(own / time);
        }
        if quota > Minutes::ZERO {
            let part = time / quota.get() as f64;
            range = (range.0.min(part), range.1.max(part));
        }
        sum += own;
        hours += time;
    }
    let (mut undone, mut overdone) = (0, 0);
    for (task, done) in workplace.tasks().iter().zip(done) {
        undone += task.time.get().saturating_sub(done);
        overdone += done.saturating_sub(task.time.get());
    }
    Ok(Outlook {
        spread: workplace.spread(complexes)?,
        undone: Minutes::new(undone),
        overdone: Minutes::new(overdone),
        satisfaction: (hours > 0.0).then(|| sum / hours),
        least_satisfaction: (hours > 0.0).then_some(least),
        time: range.0.is_finite().then_some(range),
        audit,
    })
}

fn rating(workplace: &Workplace, member: MemberId, task: crate::TaskId) -> f64 {
    workplace.own_desirability(member, task).unwrap_or(f64::NAN)
}
