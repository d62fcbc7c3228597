//! The alternative to assigning work: members sign up for what they like, and credits rise for what nobody takes.
//!
//! In Skinner's *Walden Two* (1948) an hour of work is worth more credits the less it is liked, and its value is changed until it is
//! taken. Twin Oaks, a community in Virginia, began so in 1967 and gave it up at about 40 members: tastes differed so much that no
//! work was unpopular with everyone, and credits had begun to distort what got done (Kinkade 1973, 1994). Since then an hour is
//! a credit. This module simulates both, so that a workplace can compare them with the planned assignment on its own data.
//!
//! # Model
//! Every task has a value `v_j`, credits per hour; the hours-weighted average of values is 1. Every member owes the fair quota in
//! credits. In each round members come in a random order to the list and sign up, piece by piece, for what costs them least
//! by their own ratings, `(21 − d_mj) / v_j` points per credit, 21 − d being the scale turned round; among tasks that cost nearly the same
//! ([`with_indifference`](Config::with_indifference)) for the one most of which is still undone. A task may be done
//! beyond its need by a part ([`with_slack`](Config::with_slack)): that is how pleasant work gets overdone and other work
//! does not get done. Then the value of what is left undone rises:
//!
//! ```text
//! v_j ← v_j · exp(s_k min(1, u_j / 5 %)),   u_j the undone part of the task,   s_k = s/(1 + k/25) in round k
//! ```
//! and all values are scaled to their average of 1 again, so that those of other tasks fall. Nobody is sent to anything.
//!
//! The search ends well (converged) where what is left undone is within a tolerance of [what nobody has the time or the skill
//! for](Selected::least_undone), found by a maximum flow: no values whatever leave less. It gives up (stalled) after 50 rounds none
//! of which left less undone than the best before, or at the round limit. Whether there are values at which all work is done is not
//! decided: with common tastes they come out in proportion to the burden; with tastes that differ there may be many or none, and the
//! answer is the best round.
//!
//! # What this is not
//! The aim resembles a competitive division of chores, in which everybody takes the bundle of least burden among those that earn
//! what they owe (Bogomolnaia, Moulin, Sandomirskiy & Yanovskaya 2017). Such a division exists and is efficient and free of envy. What
//! comes out here need not be: members choose in turn, piece by piece and not whole bundles, only what is left, and are indifferent
//! within a margin; and work of low value takes longer, so that members need more time than their quotas, or some credits stay unmet.
//! [`compare`] tests envy.
//!
//! # Reference
//! B. F. Skinner, *Walden Two* (1948); K. Kinkade, *A Walden Two Experiment* (1973); K. Kinkade, *Is It Utopia Yet?*
//! (1994); A. Bogomolnaia, H. Moulin, F. Sandomirskiy and E. Yanovskaya, Competitive division of a mixed manna, *Econometrica* 85
//! (2017).

use parecon_core::random::{Stream, StreamKey};
use parecon_core::{Observer, Status};
use serde::{Deserialize, Serialize};

use crate::audit::onerousness;
use crate::flow::Network;
use crate::progress::followed;
use crate::{Complexes, Error, HIGHEST_RATING, MemberId, Minutes, Progress, Share, Stage, TaskId, Workplace};

mod compare;
mod config;

pub use compare::{Comparison, Outlook, compare};
pub use config::Config;

/// Rounds after which the step of values is halved.
const HALVING: f64 = 25.0;
/// Rounds after which the search is given up if none of them was better than the best before.
const PATIENCE: u32 = 50;
/// What part of a task must be undone for its value to rise by a whole step.
const WHOLE_STEP: f64 = 0.05;

/// Lets members sign up, round by round, and returns the round that left least undone.
///
/// The same seed gives the same result. All people of an entry sign up together. The observer sees every round.
///
/// # Errors
/// If an option is [invalid](Config::validate).
///
/// # Complexity
/// O(rounds · members · pieces · eligible tasks); a member takes a handful of pieces.
///
/// # Example
/// ```
/// use parecon_jobs::credits::{Config, sign_up};
/// use parecon_jobs::{Eligibility, Member, Minutes, Task, Workplace};
/// // All four would rather cook than clean. Cleaning must pay (21 − 5)/(21 − 13) = 2 times as much.
/// let workplace = Workplace::new(
///     vec![Task::new("cook", Minutes::new(2400), 9.0, 13.0), Task::new("clean", Minutes::new(2400), 2.0, 5.0)],
///     ["ann", "bo", "cy", "di"].map(|id| Member::new(id, Minutes::new(2400))).to_vec(),
///     Eligibility::Everyone,
/// )?;
/// let flat = sign_up(&workplace, &Config::flat(1), &mut ())?;
/// assert_eq!(flat.undone[1], Minutes::new(120)); // cooking is overdone by 5 %, cleaning left undone
/// let variable = sign_up(&workplace, &Config::new(1), &mut ())?;
/// assert!(variable.status.is_converged() && variable.undone_share < 0.005);
/// let ratio = variable.values[1] / variable.values[0];
/// assert!((1.85..2.15).contains(&ratio), "{ratio}");
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn sign_up(
    workplace: &Workplace,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
) -> Result<Selected, Error> {
    config.validate()?;
    followed(observer, |selected: &Selected| selected.status, |observer| config.search(workplace, observer))
}

impl Config {
    fn search(
        &self,
        workplace: &Workplace,
        observer: &mut dyn Observer<Progress>,
    ) -> Result<Selected, Error> {
        let needs: Vec<u64> = workplace.tasks().iter().map(|task| task.time.get()).collect();
        let mut values = vec![1.0; needs.len()];
        let least = least_undone(workplace);
        let enough = least.get() as f64 / needs.iter().sum::<u64>() as f64 + self.tolerance;
        let mut best: Option<(Selected, u64)> = None;
        let mut status = Status::RoundLimit;
        for round in 0..self.rounds {
            let selected = self.round(workplace, &needs, &values, round)?;
            let undone: u64 = selected.undone.iter().map(|time| time.get()).sum();
            let missing: Vec<f64> = (0..needs.len())
                .map(|j| match needs[j] {
                    0 => 0.0,
                    need => (selected.undone[j].get() as f64 / need as f64 / WHOLE_STEP).min(1.0),
                })
                .collect();
            let step = self.step / (1.0 + f64::from(round) / HALVING);
            let share = selected.undone_share;
            if best.as_ref().is_none_or(|(_, least)| undone < *least) {
                best = Some((selected, undone));
            }
            let gap = f64::from(share > 0.0);
            let progress = Progress { stage: Stage::SignUp, iteration: round + 1, objective: share, gap };
            if observer.on_round(&progress).is_break() {
                status = Status::Stopped;
                break;
            }
            if share <= enough {
                status = Status::Converged;
                break;
            }
            if best.as_ref().is_some_and(|(best, _)| round + 1 - best.round >= PATIENCE) {
                status = Status::Stalled;
                break;
            }
            values.iter_mut().zip(&missing).for_each(|(value, part)| *value *= (step * part).exp());
            self.normalise(&mut values, &needs);
        }
        match best {
            Some((selected, _)) => Ok(Selected { status, least_undone: least, ..selected }),
            None => Err(Error::invalid("0 rounds: must be at least 1")),
        }
    }

    /// Values of average 1, weighted by need, within their limits.
    fn normalise(&self, values: &mut [f64], needs: &[u64]) {
        let hours: f64 = needs.iter().map(|need| *need as f64).sum();
        let credits: f64 = values.iter().zip(needs).map(|(value, need)| value * *need as f64).sum();
        for value in values {
            *value = (*value * hours / credits).clamp(1.0 / self.largest_value, self.largest_value);
        }
    }

    /// One round.
    fn round(
        &self,
        workplace: &Workplace,
        needs: &[u64],
        values: &[f64],
        round: u32,
    ) -> Result<Selected, Error> {
        let members = workplace.members().len();
        let quotas = workplace.fair_quotas();
        let mut order: Vec<(f64, usize)> = (0..members)
            .map(|m| {
                let key = StreamKey {
                    seed: self.seed,
                    replication: u64::from(round),
                    entity: m as u64,
                    purpose: 0,
                };
                (Stream::new(key).uniform(), m)
            })
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let room: Vec<u64> =
            needs.iter().map(|need| (*need as f64 * (1.0 + self.slack)).floor() as u64).collect();
        let mut done = vec![0u64; needs.len()];
        let mut shares = vec![Vec::new(); members];
        let mut unmet = vec![0.0; members];
        for (_, m) in order {
            let member = MemberId::new(m);
            let mut owed = quotas[m].get() as f64;
            let mut free = workplace.members()[m].total_available().map_or(0, Minutes::get);
            let costs: Vec<(usize, f64)> = workplace
                .eligible(member)
                .iter()
                .map(|task| {
                    let own = workplace.own_desirability(member, *task).unwrap_or(HIGHEST_RATING);
                    let j = task.index();
                    (j, onerousness(own) / values[j])
                })
                .collect();
            let mut own = vec![0u64; needs.len()];
            // Less than a minute of credits is nothing one can work off.
            while free > 0 {
                let open = || costs.iter().filter(|(j, _)| done[*j] < room[*j]);
                let Some(least) = open().map(|(_, cost)| *cost).min_by(f64::total_cmp) else { break };
                let missing = |j: usize| needs[j].saturating_sub(done[j]) as f64 / needs[j] as f64;
                let near = open().filter(|(_, cost)| *cost <= least * (1.0 + self.indifference));
                // The most undone; among the done, the least cost. The earlier task where they tie.
                let Some((j, _)) = near.reduce(|a, b| {
                    let (x, y) = (missing(a.0), missing(b.0));
                    if y > x || (y == x && b.1 < a.1) { b } else { a }
                }) else {
                    break;
                };
                let left = if done[*j] < needs[*j] { needs[*j] - done[*j] } else { room[*j] - done[*j] };
                let wanted = (owed / values[*j]).round() as u64;
                let time = left.min(free).min(wanted);
                if time == 0 {
                    break;
                }
                done[*j] += time;
                own[*j] += time;
                free -= time;
                owed -= time as f64 * values[*j];
            }
            unmet[m] = owed.max(0.0) / 60.0;
            shares[m] = own
                .into_iter()
                .enumerate()
                .map(|(j, time)| Share { task: TaskId::new(j), time: Minutes::new(time) })
                .collect();
        }
        let pairs = || needs.iter().zip(&done);
        let total: u64 = needs.iter().sum();
        let missing: u64 = pairs().map(|(need, done)| need.saturating_sub(*done)).sum();
        Ok(Selected {
            complexes: Complexes::new(shares)?,
            values: values.to_vec(),
            paid: values.iter().zip(&done).map(|(value, time)| value * *time as f64 / 60.0).collect(),
            undone: pairs().map(|(need, done)| Minutes::new(need.saturating_sub(*done))).collect(),
            overdone: pairs().map(|(need, done)| Minutes::new(done.saturating_sub(*need))).collect(),
            done: done.iter().copied().map(Minutes::new).collect(),
            undone_share: missing as f64 / total as f64,
            least_undone: Minutes::ZERO,
            unmet,
            round: round + 1,
            status: Status::RoundLimit,
        })
    }
}

/// The least work that must be left undone: all of it, less a maximum flow from available time over eligible pairs into needs.
///
/// # Reference
/// Ford & Fulkerson (1956): the flow is at most any cut, which is a set of tasks and all the time of those who can do one of them.
fn least_undone(workplace: &Workplace) -> Minutes {
    let (sets, set_of) = workplace.eligibility_sets();
    let (source, sink) = (0, 1);
    let mut network = Network::new(2 + sets.len() + workplace.tasks().len());
    let mut time = vec![0u64; sets.len()];
    for (member, set) in workplace.members().iter().zip(set_of) {
        time[*set] += member.total_available().map_or(0, Minutes::get);
    }
    let total = workplace.total_time().get();
    for (at, (set, time)) in sets.iter().zip(time).enumerate() {
        network.add(source, 2 + at, time, 0);
        for task in set {
            network.add(2 + at, 2 + sets.len() + task.index(), total, 0);
        }
    }
    for (j, task) in workplace.tasks().iter().enumerate() {
        network.add(2 + sets.len() + j, sink, task.time.get(), 0);
    }
    Minutes::new(total - network.maximise(source, sink))
}

/// What members chose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Selected {
    /// Who does how much of what. Unlike planned complexes these need not meet any quota or need.
    pub complexes: Complexes,
    /// `v_j`, credits per hour of each task.
    pub values: Vec<f64>,
    /// Credits paid for each task.
    pub paid: Vec<f64>,
    /// How long each task is done.
    pub done: Vec<Minutes>,
    /// How much of each task is left undone.
    pub undone: Vec<Minutes>,
    /// How much of each task is done that nobody needs.
    pub overdone: Vec<Minutes>,
    /// The part of all work that is left undone.
    pub undone_share: f64,
    /// What nobody has the time or the skill for, whatever the values: no selection leaves less undone.
    pub least_undone: Minutes,
    /// Credits each entry still owes: nothing was left that it can do, or no time to do it.
    pub unmet: Vec<f64>,
    /// The round these are from, the best.
    pub round: u32,
    /// Converged: what is undone is within the tolerance of [`least_undone`](Self::least_undone). Stalled: 50 rounds have not
    /// brought it lower.
    pub status: Status,
}
