//! Balancing: linear programmes, exact repair, certificate.

use parecon_core::{Observer, Status};

use crate::aggregate::Aggregate;
use crate::certificate::{binding_members, binding_tasks, bound_on_mean, is_bound, sparsest_prices};
use crate::choice::choose;
use crate::feasible::feasible;
use crate::leximin::{by_member, proved};
use crate::lp::{Limits, Step};
use crate::progress::followed;
use crate::proof::Claim;
use crate::stages::{Goal, Point, Problem};
use crate::team::Team;
use crate::{
    Balance, Bound, Certificate, Choice, Complexes, Config, Error, Info, Outcome, Progress, Spread, Stage,
    Workplace,
};

/// Shares the tasks so that every member's complex is as close as possible to the social average.
///
/// With `x_ij` the time of member i on task j, `q_i` fair quotas, `h_j` task times, `r_jd` ratings in dimension d and `r̄_d`
/// their social averages, over x ≥ 0 on eligible pairs with `Σ_j x_ij = q_i` and `Σ_i x_ij = h_j`:
/// ```text
/// 1. minimise t            |Σ_j (r_jd − r̄_d) x_ij| ≤ t q_i       for all i, d
///    again for those members whom no multiplier holds at t, the others kept within t* + slack; and so on
/// 2. minimise Σ_id q_i s_id  |Σ_j (r_jd − r̄_d) x_ij| ≤ s_id q_i,   s_id ≤ t*_i + slack
/// 3. minimise Σ_ij c_ij x_ij   |Σ_j (r_jd − r̄_d) x_ij| no larger than in 2   (can be switched off)
/// ```
/// The levels of the first stage ([`Certificate::levels`]) keep one bottleneck from hiding everyone else: those who cannot
/// be balanced are named and set aside, the rest solved tight. The third decides among what is equally balanced; see
/// [`Choice`].
///
/// Members who can do the same tasks are solved as one type and tasks that rate the same and can be done by the same
/// members as one class, which loses nothing. The result is then made exact: whole minutes, every quota and every task met, each pair moved by less than a minute
/// (beyond the solver's accuracy), and checked by [`Complexes::verify`] before it is returned.
///
/// If no assignment meets the hours, the answer is [`Outcome::Infeasible`] with a proof that names tasks and members.
///
/// Workplaces of more than 20,000 pairs of types are solved by [band programmes](crate::band): the same levels to about a
/// thousandth of a point, until everybody is [balanced](Config::with_balanced), then the mean of what exceeds that; prices of
/// binding tasks are those the programmes come upon.
///
/// The observer sees every iteration; it is not asked while the choice of a large workplace is moved to few tasks. If it stops the method, or the solver does not get to the end,
/// the best complexes so far are returned, exact all the same, with a [`Status`] that says so. The solver works on a
/// thread of its own; an operating system that refuses the thread counts as a solver that stalled.
///
/// # Errors
/// If the configuration is [invalid](Config::validate). A [violation](Error::is_violation) if the complexes found do
/// not meet hours and eligibility: a bug of this crate, never a property of the workplace.
///
/// # Complexity
/// A linear programme per level and three more, with as many variables or rows as there are eligible pairs of types (the third: of members
/// and classes); 10–40 interior-point iterations each, dominated by a sparse factorisation whose fill grows with
/// types + classes. Memory is linear in eligible (member, class) pairs.
///
/// # Reference
/// Albert & Hahnel, *Looking Forward* (1991) for balanced job complexes; the formulation as a transportation problem
/// with side constraints is this crate's.
///
/// # Example
/// ```
/// use parecon_jobs::{balance, Config, Dimension, Eligibility, Member, Minutes, Task, Workplace};
///
/// let day = Minutes::from_hours(8.0)?;
/// let workplace = Workplace::new(
///     vec![Task::new("clean", day, 2.0, 4.0), Task::new("coordinate", day, 18.0, 14.0)],
///     vec![Member::new("ann", day), Member::new("bo", day)],
///     Eligibility::Everyone,
/// )?;
/// let outcome = balance(&workplace, &Config::default(), &mut ())?;
/// let balance = outcome.balance().expect("two days of work for two members");
/// balance.complexes.verify(&workplace)?;
/// // Everybody cleans half a day and coordinates half a day.
/// assert_eq!(balance.spread.max_abs, 0.0);
/// assert!(balance.certificate.largest.gap() < 1e-6);
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
pub fn balance(
    workplace: &Workplace,
    config: &Config,
    observer: &mut dyn Observer<Progress>,
) -> Result<Outcome, Error> {
    config.validate()?;
    followed(observer, Outcome::status, |observer| {
        let aggregate = Aggregate::new(workplace);
        let start = match feasible(workplace, &aggregate) {
            Ok(start) => start.into_iter().map(|minutes| minutes as f64).collect::<Vec<_>>(),
            Err(reasons) => return Ok(Outcome::Infeasible(reasons)),
        };
        let run = Run { limits: config.limits(), observer, iterations: 0, status: Status::Converged };
        let balance = run.balance(workplace, &aggregate, &start, config)?;
        Ok(Outcome::Balanced(Box::new(balance)))
    })
}

fn with_spread(workplace: &Workplace, complexes: Complexes) -> Result<(Complexes, Spread), Error> {
    let spread = workplace.spread(&complexes)?;
    Ok((complexes, spread))
}

/// What the stages share.
pub(crate) struct Run<'a> {
    limits: Limits,
    pub(crate) observer: &'a mut dyn Observer<Progress>,
    pub(crate) iterations: u32,
    pub(crate) status: Status,
}

impl Run<'_> {
    fn balance(
        mut self,
        workplace: &Workplace,
        aggregate: &Aggregate,
        start: &[f64],
        config: &Config,
    ) -> Result<Balance, Error> {
        let by_type = Problem::by_type(aggregate);
        let team = Team::new(aggregate);
        let way = config.way(by_type.pairs.len());
        let found = way.deviations(workplace, &by_type, config, &mut self)?;
        let (mut chosen, mut choice) = (None, None);
        if self.status.is_converged() && *config.choice() != Choice::Any {
            chosen = choose(workplace, &team, &by_type, &found.within, config, &mut self)?;
            choice = Some(self.status);
            if self.status != Status::Stopped {
                // The deviations are optimal whether or not this stage got to its end.
                self.status = Status::Converged;
            }
        }
        let divided =
            |minutes: &[f64]| with_spread(workplace, team.complexes(workplace, &team.divide(minutes))?);
        let (complexes, spread) = match chosen {
            Some(complexes) => with_spread(workplace, complexes)?,
            None if found.settled => divided(&found.minutes)?,
            None => {
                // The solver stopped early: its point, if any, and the one that proved feasibility compete.
                let fallback = divided(start)?;
                let reached = (!found.minutes.is_empty()).then(|| divided(&found.minutes)).transpose()?;
                reached.filter(|reached| reached.1.max_abs < fallback.1.max_abs).unwrap_or(fallback)
            }
        };
        complexes.verify(workplace)?;
        let levels = found.leximin.levels(workplace, &complexes, aggregate);
        let bound = levels.first().map_or(0.0, |level| level.deviation.bound);
        let (mean_bound, mean_proof) = match &found.mean {
            Some(point) => {
                let caps = by_member(workplace, aggregate, &found.leximin.caps);
                let estimate = bound_on_mean(&by_type, point, &found.leximin.caps);
                proved(workplace, aggregate, point, Claim::Mean(&caps), estimate)
            }
            None => (0.0, None),
        };
        let (mut members, mut tasks, mut least_pulls) = (Vec::new(), Vec::new(), None);
        if let Some(point) = found.first.as_ref().filter(|_| is_bound(bound)) {
            members = binding_members(workplace, &complexes, aggregate, &point.weights);
            let (prices, status) = way.prices(&by_type, point, &mut self);
            tasks = binding_tasks(aggregate, &prices);
            least_pulls = status;
        }
        let certificate = Certificate {
            largest: Bound { value: spread.max_abs, bound },
            levels,
            mean: Bound { value: spread.mean_abs, bound: mean_bound },
            mean_proof,
            binding_members: members,
            binding_tasks: tasks,
        };
        let info = Info {
            member_types: aggregate.types.len(),
            task_types: aggregate.classes.len(),
            pairs: aggregate.pairs.len(),
            iterations: self.iterations,
            choice,
            least_pulls,
        };
        Ok(Balance { complexes, spread, status: self.status, certificate, info })
    }

    /// The simplest prices that carry the bound of the first stage, or its own if the search for them does not get
    /// to its end; and how it ended.
    pub(crate) fn prices(&mut self, problem: &Problem<'_>, point: &Point) -> (Vec<f64>, Status) {
        let stage = Stage::Certificate;
        let observer = &mut *self.observer;
        let mut on_step = |(iteration, objective, gap, _): Step| {
            observer.on_round(&Progress { stage, iteration, objective, gap }).is_break()
        };
        let Some((prices, status, iterations)) = sparsest_prices(problem, point, self.limits, &mut on_step)
        else {
            return (point.prices.clone(), Status::Stalled);
        };
        self.iterations += iterations;
        self.status = if status == Status::Stopped { status } else { self.status };
        (if status.is_converged() { prices } else { point.prices.clone() }, status)
    }

    /// Solves a stage and keeps the account of effort and status.
    pub(crate) fn stage(&mut self, stage: Stage, problem: &Problem<'_>, goal: &Goal<'_>) -> Option<Point> {
        let observer = &mut *self.observer;
        let mut on_step = |(iteration, objective, gap, _): Step| {
            observer.on_round(&Progress { stage, iteration, objective, gap }).is_break()
        };
        let point = problem.solve(goal, self.limits, &mut on_step);
        self.iterations += point.as_ref().map_or(0, |point| point.iterations);
        self.status = point.as_ref().map_or(Status::Stalled, |point| point.status);
        point
    }
}
