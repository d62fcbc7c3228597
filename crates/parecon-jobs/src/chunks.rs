//! Complexes in pieces: chunks, a cap on distinct tasks, teams.
//!
//! [`balance`](crate::balance()) divides work by the minute. Here nobody gets a share too small to be worth doing
//! ([`Pieces`]), no more distinct tasks than one can keep in mind ([`Rules::with_most_tasks`]), and tasks that take several
//! people get them ([`Task::team`](crate::Task::team)). Those are rules in integers; [`divide`] searches for complexes
//! that observe them and says how far they are from a bound that none can go below.

use parecon_core::Observer;

use crate::progress::followed;
use crate::{Error, Progress, Workplace, balance};

mod answer;
mod bound;
mod config;
#[cfg(feature = "exact")]
mod exact;
mod lots;
mod obstacle;
mod rules;
mod run;
mod search;
mod state;
mod verify;

pub use answer::{Alternative, Chunked, Info, Nearest, Outcome, Slack};
pub use config::Config;
pub use obstacle::Obstacle;
pub use rules::{Pieces, Rules};
pub use verify::{Violation, violations};

use bound::bound_on_largest;
use lots::Lots;
use obstacle::obstacles;
use rules::{Terms, check_persons};
use run::Run;

/// Shares the tasks in pieces so that every member's complex is as close as possible to the social average.
///
/// Over whole minutes x on eligible pairs that observe `rules` as [`violations`] has them, with deviations
/// `a_id = Σ_j (r_jd − r̄_d) x_ij / Σ_j x_ij`:
/// ```text
/// 1. minimise max_id |a_id|
/// 2. minimise the mean |a_id| + p · (distinct tasks per member) + Σ_i |load_i − q_i| / Σ_i q_i
/// ```
/// with p the [price of a task](Config::task_price), and the largest kept: within the [tolerance](Config::tolerance) of its bound
/// if stage 1 got there, else within the tolerance of what it reached.
///
/// The [balance](crate::balance()) by the minute gives a start and a lower bound. Its shares are rounded to pieces, repaired
/// until no rule is broken, and improved by simulated annealing in independent restarts: steps move work round rings of two
/// or three members, so that every task stays done at every moment, and a band between the bound and the best
/// largest deviation is tightened as the search succeeds. If it stays away from the bound, a balance of the pairs in use settles the
/// amounts (in minutes, quotas being exact); and if it stays away even so and there are at most 200 pairs of members
/// and tasks, branch and bound (feature `exact`, on by default) goes on from its best: towards the optimum, a higher bound,
/// or the proof that there is no division. The result depends on `config` alone, not on the number of
/// threads; it does depend on the order of tasks and members, as other random numbers would.
///
/// That hours cannot be met, that a piece or a team fits nobody, or that a cap is too low, is an
/// [answer](Outcome::Impossible); so is a search that finds nothing ([`Outcome::NotFound`]). Slack of quotas is for pieces
/// that do not add up: a workplace that cannot be balanced by the minute is not divided in pieces either.
///
/// # Errors
/// If `rules` or `config` are invalid, or an entry of members stands for more than one person. A
/// [violation](Error::is_violation) if the division found breaks a rule: a bug of this crate.
///
/// # Complexity
/// That of [`balance`](crate::balance()), then O(moves · restarts), each of a few dozen nanoseconds times dimensions, independent of
/// size but for the merging of two members' lists every dozen moves. Memory O(restarts · eligible pairs).
///
/// # Reference
/// Kirkpatrick, Gelatt & Vecchi, *Optimization by simulated annealing*, Science 220 (1983); the neighbourhood, in which
/// amounts come from a line search, is this crate's.
///
/// # Example
/// ```
/// use parecon_jobs::chunks::{Config, Rules, divide, violations};
/// use parecon_jobs::{Eligibility, Member, Minutes, Task, Workplace};
///
/// let hours = |h: u64| Minutes::new(60 * h);
/// let workplace = Workplace::new(
///     vec![
///         Task::new("clean", hours(12), 2.0, 4.0).with_chunk(hours(2)),
///         Task::new("move", hours(6), 4.0, 8.0).with_chunk(hours(1)).with_team(2),
///         Task::new("cook", hours(12), 9.0, 6.0).with_chunk(hours(3)),
///         Task::new("plan", hours(6), 17.0, 14.0).with_chunk(hours(1)),
///     ],
///     ["ann", "bo", "cy"].map(|id| Member::new(id, hours(12))).to_vec(),
///     Eligibility::Everyone,
/// )?;
/// let rules = Rules::default().with_most_tasks(4);
/// let answer = divide(&workplace, &rules, &Config::default().with_moves(100_000), &mut ())?;
/// let chunked = answer.chunked().expect("four hours of each, if nothing better");
/// assert!(violations(&workplace, &rules, &chunked.complexes)?.is_empty());
/// assert!(chunked.largest.gap() < 0.1);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn divide(
    workplace: &Workplace,
    rules: &Rules,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
) -> Result<Outcome, Error> {
    rules.validate()?;
    config.validate()?;
    check_persons(workplace)?;
    let terms = Terms::new(workplace, rules);
    followed(observer, Outcome::status, |observer| {
        let found = obstacles(workplace, rules, &terms);
        if !found.is_empty() {
            return Ok(Outcome::Impossible(found));
        }
        let start = match balance(workplace, config.balance(), observer)? {
            crate::Outcome::Balanced(start) => start,
            crate::Outcome::Infeasible(reasons) => {
                return Ok(Outcome::Impossible(vec![Obstacle::Hours(reasons)]));
            }
        };
        let lots = Lots::new(workplace, rules, &terms)?;
        let bound = bound_on_largest(workplace, &start, &terms);
        let mut run = Run::new(&lots, config, &start, bound, observer);
        run.repair();
        run.lower_largest();
        run.settle_amounts(workplace)?;
        #[cfg(feature = "exact")]
        run.close_gap();
        run.lower_mean();
        run.answer(workplace, rules, &terms)
    })
}
