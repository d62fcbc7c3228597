//! The cheapest programme that brings a mean deviation below a target.

use super::model::{Model, NO_CAP, Optimum};
use super::*;
use crate::aggregate::Aggregate;
use crate::feasible::feasible;
use crate::lp::{Limits, Step};
use crate::progress::followed;
use crate::stages::{Goal, Problem};
use crate::team::Team;
use crate::{Bound, Complexes, Config, Dimension, Infeasible, Observer, Progress, Spread, Stage, Status};

/// People who are to learn a skill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trained {
    /// Of which entry.
    pub member: MemberId,
    /// What.
    pub skill: String,
    /// How many of the entry's people.
    pub people: u32,
    /// What that costs, all together.
    pub cost: f64,
}

/// A training programme and the complexes it makes possible.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Programme {
    /// Who learns what; nobody if the target is met without.
    pub trained: Vec<Trained>,
    /// What the programme costs, and what no programme of at most one skill a person can cost less than, members with
    /// pinned work learning nothing (up to the rounding of floating-point sums).
    pub cost: Bound,
    /// The workplace afterwards.
    pub workplace: Workplace,
    /// Complexes that meet the target, [verified](Complexes::verify).
    pub complexes: Complexes,
    /// How far they are from the social average.
    pub spread: Spread,
    /// Stopped if the observer stopped the search for cheaper ones, else converged.
    pub status: Status,
}

/// What [`programme`] answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// A programme that meets the target.
    Programme(Box<Programme>),
    /// The target is out of reach whoever without pinned work learns what (one skill a person): the mean deviation, in rating points, that
    /// all training there is would allow (parts of people included), and its bound.
    OutOfReach(Bound),
    /// The hours cannot be met, whatever the balance.
    Infeasible(Infeasible),
    /// The search ended without an answer: stopped by the observer, or the solver did not get to its end.
    Unsolved(Status),
}

impl Outcome {
    /// How the search ended; converged, too, if it is proved that there is no programme.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Outcome::Programme(found) => found.status,
            Outcome::OutOfReach(_) | Outcome::Infeasible(_) => Status::Converged,
            Outcome::Unsolved(status) => *status,
        }
    }
}

/// Rounding to whole people misses the target by a little to either side: the programme is solved again with a target
/// moved by what was missed, this many times, and the cheapest one that meets the target kept.
const ATTEMPTS: u32 = 6;
/// What rounding of sums may add to a bound, in rating points.
const MARGIN: f64 = 1e-9;
/// A target is moved by this many times what was missed above it, and by once what was missed below.
const BEYOND: f64 = 1.5;
/// How much the other dimensions count while the target's is minimised, so that they do not fall where that is free.
const OTHERS: f64 = 1e-3;

/// The cheapest training that brings the hours-weighted mean |deviation| in one dimension to `target` or below, if
/// everyone learns one skill at most.
///
/// Members who can and could do the same, and work equally long, form a group g with `n_g` people and quota `q_g`. Of
/// its time a part `z_gs` goes to people trained in skill s at cost `c_s` each, the rest to untrained ones; x are minutes, s runs
/// over the untrained (0) and every skill:
/// ```text
/// minimise Σ_gs c_s n_g z_gs
/// Σ_j x_gsj = q_g z_gs,  Σ_s z_gs = 1,  Σ_gs x_gsj = h_j,  x_gsj ≥ 0 on tasks that g with s can do
/// Σ_gs |Σ_j (r_j − r̄) x_gsj| ≤ target · Σ_j h_j
/// ```
/// Its optimum, recomputed from the multipliers by weak duality, bounds the cost of every programme from below. People are
/// then rounded, the mean deviation is minimised for the workplace they make, and the result checked in whole
/// minutes. Members with pinned work learn nothing here.
///
/// # Errors
/// If `config` is [invalid](Config::validate), the workplace does not have the dimension, or the target is not a number
/// from 0 to 19.
///
/// # Complexity
/// Two linear programmes with one variable per group, skill and kind of task, and one of the size of [`balance`]'s second
/// stage, up to six times each.
///
/// [`balance`]: crate::balance()
///
/// # Example
/// ```
/// use parecon_jobs::training::{Outcome, programme};
/// use parecon_jobs::{Config, Dimension, Eligibility, Member, Minutes, Task, Workplace};
/// let hours = |h| Minutes::from_hours(h);
/// // Five planners and fifteen cleaners share a hundred hours.
/// let workplace = Workplace::new(
///     vec![
///         Task::new("clean", hours(75.0)?, 2.0, 4.0),
///         Task::new("plan", hours(25.0)?, 18.0, 14.0).with_skill("planning"),
///     ],
///     vec![
///         Member::new("planner", hours(5.0)?).with_count(5).with_skill("planning"),
///         Member::new("cleaner", hours(5.0)?).with_count(15).with_training("planning", 40.0),
///     ],
///     Eligibility::Everyone,
/// )?;
/// // Today the five plan and the others clean. Whoever does nothing but clean is 4 points below the average of 6, and
/// // what these lack others have too much: with two such among twenty people the mean deviation is 2 · 4 · 2/20 = 0.8.
/// let answer = programme(&workplace, Dimension::Empowerment, 0.81, &Config::default(), &mut ())?;
/// let Outcome::Programme(found) = answer else { panic!("within reach") };
/// assert_eq!(found.trained[0].people, 13);
/// assert!(found.spread.of(Dimension::Empowerment).expect("rated").mean_abs <= 0.81);
/// assert!((found.cost.value - found.cost.bound) < 40.0);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn programme(
    workplace: &Workplace,
    dimension: Dimension,
    target: f64,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
) -> Result<Outcome, Error> {
    config.validate()?;
    if dimension.index() >= workplace.averages().len() {
        return Err(Error::invalid(format!("the workplace does not have the {dimension}")));
    }
    if !(0.0..=19.0).contains(&target) {
        return Err(Error::invalid(format!("target is {target} points, must be from 0 to 19")));
    }
    followed(observer, Outcome::status, |observer| {
        Search { limits: config.limits(), observer, stopped: false }.cheapest(workplace, dimension, target)
    })
}

/// Why a linear programme has no optimum to show.
enum Miss {
    /// There is no point.
    Infeasible,
    /// It ended before.
    Ended(Status),
}

impl Miss {
    fn status(&self) -> Status {
        match self {
            Miss::Infeasible => Status::Stalled,
            Miss::Ended(status) => *status,
        }
    }
}

struct Search<'a> {
    limits: Limits,
    observer: &'a mut dyn Observer<Progress>,
    stopped: bool,
}

impl Search<'_> {
    fn cheapest(
        &mut self,
        workplace: &Workplace,
        dimension: Dimension,
        target: f64,
    ) -> Result<Outcome, Error> {
        let model = Model::new(workplace, dimension);
        // That nobody is trained keeps today's divisions possible, so this answers for the programme as well; a skill that
        // nobody has yet can make up for a shortage.
        // Quotas are parts of all work, so the programme does not see that it takes more time than there is.
        let enough = workplace.total_time() <= workplace.total_available();
        let least = if enough { self.solve(&model, None) } else { Err(Miss::Infeasible) };
        let least = match least {
            Ok(least) => least,
            // Then there is no division today either, which the exact test names the reasons of.
            Err(Miss::Infeasible) => {
                return Ok(match feasible(workplace, &Aggregate::new(workplace)) {
                    Err(reasons) => Outcome::Infeasible(reasons),
                    Ok(_) => Outcome::Unsolved(Status::Stalled),
                });
            }
            Err(Miss::Ended(status)) => return Ok(Outcome::Unsolved(status)),
        };
        if least.bound > target + MARGIN {
            return Ok(Outcome::OutOfReach(Bound { value: least.value, bound: least.bound }));
        }
        let mut aim = target;
        let (mut bound, mut best): (_, Option<Programme>) = (None, None);
        let mut ended = Status::RoundLimit;
        for _ in 0..ATTEMPTS {
            let found = match self.solve(&model, Some(aim)) {
                Ok(found) => found,
                // What was found before the search ended still holds.
                Err(miss) => {
                    ended = miss.status();
                    break;
                }
            };
            // The first one is for the target itself.
            let bound = *bound.get_or_insert(found.bound);
            let trained = model.people(workplace, &found.trained);
            let list: Vec<_> = trained.iter().map(|t| (t.member, t.skill.as_str(), t.people)).collect();
            let after = workplace.with_people_trained(&list)?;
            let Some(complexes) = self.complexes(&after, dimension)? else { break };
            let spread = after.spread(&complexes)?;
            let reached = spread.of(dimension).map_or(f64::INFINITY, |s| s.mean_abs);
            let cost = Bound { value: trained.iter().map(|t| t.cost).sum(), bound };
            if reached <= target && best.as_ref().is_none_or(|best| cost.value < best.cost.value) {
                complexes.verify(&after)?;
                best = Some(Programme {
                    trained,
                    cost,
                    workplace: after,
                    complexes,
                    spread,
                    status: Status::Converged,
                });
            }
            if best.as_ref().is_some_and(|best| best.cost.gap() <= 0.0) {
                break;
            }
            let missed = reached - target;
            aim = (aim - if missed > 0.0 { BEYOND * missed } else { missed }).max(0.0);
        }
        match best {
            Some(found) => {
                let status = if self.stopped { Status::Stopped } else { Status::Converged };
                Ok(Outcome::Programme(Box::new(Programme { status, ..found })))
            }
            None => Ok(Outcome::Unsolved(if self.stopped { Status::Stopped } else { ended })),
        }
    }

    fn step(observer: &mut dyn Observer<Progress>, (iteration, objective, gap, _): Step) -> bool {
        observer.on_round(&Progress { stage: Stage::Training, iteration, objective, gap }).is_break()
    }

    /// The least cost for a target; the least mean deviation without one.
    fn solve(&mut self, model: &Model, target: Option<f64>) -> Result<Optimum, Miss> {
        let observer = &mut *self.observer;
        let lp = model.programme(target);
        let Some(solution) = lp.solve(self.limits, &mut |step| Self::step(observer, step)) else {
            return Err(Miss::Ended(Status::Stalled));
        };
        self.stopped |= solution.status == Status::Stopped;
        match solution.status {
            Status::Converged => Ok(model.optimum(&solution, target)),
            _ if solution.infeasible => Err(Miss::Infeasible),
            status => Err(Miss::Ended(status)),
        }
    }

    /// Complexes with the least mean deviation in one dimension, the others counting little.
    fn complexes(&mut self, workplace: &Workplace, dimension: Dimension) -> Result<Option<Complexes>, Error> {
        let aggregate = Aggregate::new(workplace);
        let problem = Problem::by_type(&aggregate);
        let (caps, mut emphasis) = (vec![NO_CAP; problem.quotas.len()], vec![OTHERS; aggregate.dimensions]);
        emphasis[dimension.index()] = 1.0;
        let observer = &mut *self.observer;
        let goal = Goal::Mean { caps: &caps, emphasis: &emphasis };
        let Some(point) = problem.solve(&goal, self.limits, &mut |step| Self::step(observer, step)) else {
            return Ok(None);
        };
        self.stopped |= point.status == Status::Stopped;
        if !point.status.is_converged() {
            return Ok(None);
        }
        let team = Team::new(&aggregate);
        team.complexes(workplace, &team.divide(&point.minutes)).map(Some)
    }
}
