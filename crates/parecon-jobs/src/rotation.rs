//! Rotation: what everybody does in each week, in whole blocks, so that over the weeks complexes are as planned.
//!
//! A plan divides every task to the minute; a week has blocks: a shift of cleaning, an hour of accounts. Each week is first
//! planned by [`balance`] with those who are there, which gives minutes `x_mt(w)`. The time of a task is cut into `b` blocks
//! of its [chunk](crate::Task::chunk) or longer, and over the weeks everybody gets whole blocks such that at the end of each week
//!
//! ```text
//! | Y_mt(w) − F_mt(w) | < 1        F_mt(w) = Σ_{v ≤ w} x_mt(v) · b / h_t
//! ```
//! for `Y` the blocks done so far: **nobody is ever a whole block of any task ahead of or behind the plan**. Such schedules
//! always exist: the j-th block of a member may be done in any week in which F passes between j − 1 and j; that the
//! plan itself does so, in parts, makes the choice of weeks a flow problem with whole solutions (for one resource this is
//! the chairman assignment problem, Tijdeman 1980; weeks' order and leave do not disturb the argument). Every
//! week every task is done in full.
//!
//! # The bound
//! A time that does not divide into blocks of equal minutes is cut into some of ℓ and some of ℓ + 1 minutes, each kind
//! being scheduled by itself. In a dimension of ratings r with the average r̄, what member m has accumulated by any
//! week, in points × minutes, differs from the plan by less than [`Schedule::bound`]:
//!
//! ```text
//! | Σ_t (r_t − r̄) (T_mt(w) − X_mt(w)) |  <  Σ_{kinds k of blocks m ever has} |r_k − r̄| ℓ_k
//! ```
//! which does not grow with the weeks, so that averages approach the plan's like 1/w.
//!
//! # Leave and exemptions
//! Somebody on leave has no (or less) available time in those weeks. The fair quota falls with it, and nothing is owed
//! afterwards. The work of the week stays, and is shared by the others in proportion to their available time, as always: **the
//! ratio of any two other members' quotas does not change**. Somebody exempt from a task keeps the quota and does other
//! work.
//!
//! # Teams
//! A task with a [team](crate::Task::team) of k has sessions of k blocks, one for each of k members. A member then has at most `h_t / k`
//! of it in the plan, so that F grows by at most one block a session, and the flow can be kept from giving anybody two blocks
//! of the same session; [`Week::sessions`] says who is together, and [`Calendar`] puts them at the same time.
//!
//! In a single week blocks of a kind can be up to two more or fewer than planned. Among all schedules that keep the bound, those are preferred in which everybody's week is as long as planned; where
//! a week is longer than somebody is available, [`Schedule::overloads`] says so.
//!
//! # Reference
//! R. Tijdeman, The chairman assignment problem, *Discrete Mathematics* 32 (1980); S. Baruah, N. Cohen, C. Plaxton and D. Varvel,
//! Proportionate progress, *Algorithmica* 15 (1996).

use parecon_core::{Observer, Status};
use serde::{Deserialize, Serialize};

use crate::chunks::{self, Nearest, Obstacle, Rules};
use crate::progress::followed;
use crate::{Complexes, Error, Minutes, Progress, Share, Workplace, balance};

mod blocks;
mod calendar;
mod config;
mod date;
mod ical;
mod weeks;

pub use blocks::Session;
use blocks::{Kind, in_blocks, team_of};
pub use calendar::{Calendar, Event, Window};
use config::Absence;
pub use config::{Config, Exemption, Leave};
pub use date::Date;
pub use weeks::{Overload, Schedule, Week};

/// Proposals for each restart of the search for a week's plan in which teams are complete.
const TEAM_MOVES: u64 = 1_000_000;

/// Schedules the weeks of a workplace whose times are those of a week.
///
/// [Pinned](Workplace::with_pinned) work and own ratings hold in every week. Where the balance of a week gives
/// somebody more of a task than one of its team can do, [`chunks::divide`](crate::chunks::divide()) plans it instead.
///
/// If the observer stops the planning of a week, the week and all that are not planned yet have the best complexes found so far;
/// if it stops the scheduling, blocks still follow the plan, but weeks need not be as long as planned. [`Schedule::status`] says so.
///
/// # Errors
/// If an option is [invalid](Config::validate), leave or an exemption names somebody or something that does not exist, a
/// member's entry stands for more than one person (see [`Workplace::with_people_apart`]), a task's time is not a multiple of its
/// team, leave takes pinned work's time away, or as [`balance`].
///
/// # Complexity
/// One [`balance`] for each different set of absences; then per task a flow of `weeks · b` units.
///
/// # Example
/// ```
/// use parecon_jobs::rotation::{Config, schedule};
/// use parecon_jobs::{Eligibility, Member, MemberId, Minutes, Task, Workplace};
/// let workplace = Workplace::new(
///     vec![
///         Task::new("clean", Minutes::new(180), 2.0, 4.0).with_chunk(Minutes::new(180)),
///         Task::new("cook", Minutes::new(360), 9.0, 8.0).with_chunk(Minutes::new(180)),
///     ],
///     ["ann", "bo", "cy"].map(|id| Member::new(id, Minutes::new(240))).to_vec(),
///     Eligibility::Everyone,
/// )?;
/// let outcome = schedule(&workplace, &Config::new(6), &mut ())?;
/// let schedule = outcome.schedule().expect("everybody can do everything");
/// // Everybody does one block a week, and cleans in two weeks of six.
/// for member in (0..3).map(MemberId::new) {
///     let cleaning = schedule.weeks.iter().filter(|week| week.complexes.of(member)[0].task.index() == 0);
///     assert_eq!(cleaning.count(), 2);
/// }
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn schedule(
    workplace: &Workplace,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
) -> Result<Outcome, Error> {
    config.validate()?;
    config.check(workplace)?;
    followed(observer, Outcome::status, |observer| {
        // Weeks with the same absences have the same plan.
        let mut plans: Vec<Plan<'_>> = Vec::new();
        let mut plan_of = Vec::with_capacity(config.weeks as usize);
        for week in 0..config.weeks {
            let absence = config.absent(week);
            if let Some(known) = plans.iter().position(|plan| plan.absence == absence) {
                plan_of.push(known);
                continue;
            }
            let present = config::present(workplace, &absence)?;
            let found = plan(&present, config, observer)?;
            let (complexes, status) = match found {
                Planned::Found(complexes, status) => (complexes, status),
                Planned::Impossible(reasons) => {
                    return Ok(Outcome::Infeasible(Box::new(Impossible { week, present, reasons })));
                }
                Planned::NotFound(nearest) => return Ok(Outcome::NotFound { week, nearest }),
            };
            plan_of.push(plans.len());
            let available = present.members().iter().map(|member| member.available).collect();
            plans.push(Plan { absence, complexes, available, status });
        }
        let kinds = Kind::all(workplace, config.chunk);
        let planned: Vec<&Complexes> = plan_of.iter().map(|plan| &plans[*plan].complexes).collect();
        let (done, status) = in_blocks(workplace, &kinds, &planned, observer)?;
        let week = |((complexes, sessions), plan): ((Complexes, Vec<Session>), &usize)| {
            let Plan { complexes: planned, available, status, .. } = &plans[*plan];
            let (planned, available) = (planned.clone(), available.clone());
            Week { complexes, sessions, planned, available, status: *status }
        };
        let weeks = done.into_iter().zip(&plan_of).map(week).collect();
        Ok(Outcome::Schedule(Box::new(Schedule { weeks, kinds, status })))
    })
}

/// How a week is planned.
enum Planned {
    Found(Complexes, Status),
    Impossible(Vec<Obstacle>),
    NotFound(Box<Nearest>),
}

/// Plans a week to the minute: the balance, if nobody has more of a task than one of its team can do; else a
/// [division](crate::chunks) of work that minds teams, and no chunks.
fn plan(
    present: &Workplace,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
) -> Result<Planned, Error> {
    let balanced = match balance(present, &config.balance, observer)? {
        crate::Outcome::Balanced(balanced) => balanced,
        crate::Outcome::Infeasible(reasons) => {
            return Ok(Planned::Impossible(vec![Obstacle::Hours(reasons)]));
        }
    };
    let too_much = |share: &Share| {
        present.task(share.task).is_some_and(|task| share.time.get() > task.time.get() / team_of(task))
    };
    if !balanced.complexes.iter().any(|(_, shares)| shares.iter().any(too_much)) {
        return Ok(Planned::Found(balanced.complexes, balanced.status));
    }
    let options =
        chunks::Config::default().with_moves(TEAM_MOVES).with_balance(config.balance.clone().with_levels(1));
    let mut tasks = present.tasks().to_vec();
    tasks.iter_mut().for_each(|task| task.chunk = None);
    let any_piece = present.rebuilt(tasks, present.members().to_vec(), |_, _| true)?;
    Ok(match chunks::divide(&any_piece, &Rules::default(), &options, observer)? {
        chunks::Outcome::Divided(chunked) => Planned::Found(chunked.complexes, chunked.status),
        chunks::Outcome::Impossible(reasons) => Planned::Impossible(reasons),
        chunks::Outcome::NotFound(nearest) => Planned::NotFound(nearest),
    })
}

/// What weeks with the same absences have in common.
struct Plan<'a> {
    absence: Absence<'a>,
    complexes: Complexes,
    available: Vec<Minutes>,
    status: Status,
}

/// The answer of [`schedule`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// A schedule.
    Schedule(Box<Schedule>),
    /// The work of a week cannot be done by those who are there.
    Infeasible(Box<Impossible>),
    /// No plan for a week was found in which teams are complete, nor a proof that there is none.
    NotFound {
        /// The first such week.
        week: u32,
        /// The nearest that the search came.
        nearest: Box<Nearest>,
    },
}

/// A week whose work cannot be done by those who are there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Impossible {
    /// The first such week.
    pub week: u32,
    /// The workplace as it is then; what the reasons refer to.
    pub present: Workplace,
    /// Why not; at least one.
    pub reasons: Vec<Obstacle>,
}

impl Outcome {
    /// How the search ended; converged, too, if it is proved that a week cannot be done.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Outcome::Schedule(schedule) => schedule.status(),
            Outcome::Infeasible(_) => Status::Converged,
            Outcome::NotFound { nearest, .. } => nearest.status,
        }
    }

    /// The schedule, if there is one.
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        match self {
            Outcome::Schedule(schedule) => Some(schedule),
            _ => None,
        }
    }

    /// The week that cannot be done, if there is one.
    #[must_use]
    pub fn infeasible(&self) -> Option<&Impossible> {
        match self {
            Outcome::Infeasible(impossible) => Some(impossible),
            _ => None,
        }
    }
}
