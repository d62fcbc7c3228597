//! Balancing: linear programmes, exact repair, certificate.

use parecon_core::{Observer, Status};

use crate::aggregate::{Aggregate, Type};
use crate::certificate::{binding_members, binding_tasks, bound_on_mean, is_bound, sparsest_prices};
use crate::feasible::feasible;
use crate::leximin::{Leximin, by_member, proved};
use crate::lp::{Limits, Step};
use crate::proof::Claim;
use crate::repair::whole_minutes;
use crate::stages::{Goal, Point, Problem};
use crate::{
    Balance, Bound, Certificate, Complexes, Config, Error, Info, MemberId, Minutes, Outcome, Progress, Share,
    Spread, Stage, TaskId, Workplace,
};

/// Beyond this many (member, class) pairs the third stage works on types: a larger programme would take longer than
/// the two stages before it.
const FEW_TASKS_PAIRS: usize = 60_000;
/// The third stage may spend this part of the slack, so that it has an interior.
const VERTEX_SLACK: f64 = 0.1;
/// The least room of the third stage, in rating points, if the slack is 0.
const VERTEX_ROOM: f64 = 1e-7;

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
/// be balanced are named and set aside, the rest solved tight. The third has costs `c_ij` without a pattern, so that
/// its optimum is a vertex, where few pairs are in use; see [`Config::with_few_tasks`].
///
/// Members who can do the same tasks are solved as one type and tasks that rate the same and can be done by the same
/// members as one class, which loses nothing. The result is then made exact: whole minutes, every quota and every task met, each pair moved by less than a minute
/// (beyond the solver's accuracy), and checked by [`Complexes::verify`] before it is returned.
///
/// If no assignment meets the hours, the answer is [`Outcome::Infeasible`] with a proof that names tasks and members.
///
/// The observer sees every interior-point iteration. If it stops the method, or the solver does not get to the end,
/// the best complexes so far are returned, exact all the same, with a [`Status`] that says so. The solver works on a
/// thread of its own; an operating system that refuses the thread counts as a solver that stalled.
///
/// # Errors
/// If the configuration is [invalid](Config::validate). A [violation](Error::is_violation) if the complexes found do
/// not meet hours and eligibility: a bug of this crate, never a property of the workplace.
///
/// # Complexity
/// Four linear programmes with as many variables or rows as there are eligible pairs of types (the third: of members
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
    let aggregate = Aggregate::new(workplace);
    let start = match feasible(workplace, &aggregate) {
        Ok(start) => start.into_iter().map(|minutes| minutes as f64).collect::<Vec<_>>(),
        Err(reasons) => return Ok(Outcome::Infeasible(reasons)),
    };
    observer.on_start();
    let by_type = Problem::by_type(&aggregate);
    let team = Team::new(&aggregate);
    let mut run = Run { limits: config.limits(), observer, iterations: 0, status: Status::Converged };

    let nobody = vec![None; by_type.quotas.len()];
    let first = run.stage(Stage::LargestDeviation, &by_type, &Goal::Largest { caps: &nobody });
    let mut second = None;
    let mut leximin = Leximin::default();
    let mut complexes = None;
    let mut few_tasks = None;
    let solved = run.status.is_converged();
    if let Some(point) = &first {
        leximin = Leximin::new(workplace, &by_type, point, config, &mut run);
    }
    if first.is_some() && solved {
        let mut minutes = &leximin.minutes;
        if run.status.is_converged() {
            let emphasis = vec![1.0; aggregate.dimensions];
            let goal = Goal::Mean { caps: &leximin.caps, emphasis: &emphasis };
            second = run.stage(Stage::MeanDeviation, &by_type, &goal);
            if let Some(point) = second.as_ref().filter(|_| run.status.is_converged()) {
                minutes = &point.minutes;
            }
        }
        if config.few_tasks() && run.status.is_converged() {
            complexes = team.few_tasks(workplace, &by_type, minutes, config.slack(), &mut run)?;
            few_tasks = Some(run.status);
            if run.status != Status::Stopped {
                // The deviations are optimal whether or not this stage got to its end.
                run.status = Status::Converged;
            }
        }
        if complexes.is_none() {
            complexes = Some(team.complexes(workplace, &team.divide(minutes))?);
        }
    }
    let (complexes, spread) = match complexes {
        Some(complexes) => with_spread(workplace, complexes)?,
        None => {
            // The solver stopped early: its point and the one that proved feasibility compete.
            let fallback = with_spread(workplace, team.complexes(workplace, &team.divide(&start))?)?;
            match &first {
                Some(point) => {
                    let reached =
                        with_spread(workplace, team.complexes(workplace, &team.divide(&point.minutes))?)?;
                    if reached.1.max_abs < fallback.1.max_abs { reached } else { fallback }
                }
                None => fallback,
            }
        }
    };
    complexes.verify(workplace)?;
    let levels = leximin.levels(workplace, &complexes, &aggregate);
    let largest =
        Bound { value: spread.max_abs, bound: levels.first().map_or(0.0, |level| level.deviation.bound) };
    let (mean_bound, mean_proof) = match &second {
        Some(point) => {
            let caps = by_member(workplace, &aggregate, &leximin.caps);
            let estimate = bound_on_mean(&by_type, point, &leximin.caps);
            proved(workplace, &aggregate, point, Claim::Mean(&caps), estimate)
        }
        None => (0.0, None),
    };
    let (mut members, mut tasks, mut least_pulls) = (Vec::new(), Vec::new(), None);
    if let Some(point) = first.as_ref().filter(|_| is_bound(largest.bound)) {
        members = binding_members(workplace, &complexes, &aggregate, &point.weights);
        if run.status.is_converged() {
            let (prices, status) = run.prices(&by_type, point);
            tasks = binding_tasks(&aggregate, &prices);
            least_pulls = Some(status);
        }
    }
    let certificate = Certificate {
        largest,
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
        iterations: run.iterations,
        few_tasks,
        least_pulls,
    };
    let status = run.status;
    run.observer.on_end(status);
    Ok(Outcome::Balanced(Box::new(Balance { complexes, spread, status, certificate, info })))
}

fn with_spread(workplace: &Workplace, complexes: Complexes) -> Result<(Complexes, Spread), Error> {
    let spread = workplace.spread(&complexes)?;
    Ok((complexes, spread))
}

/// What the stages share.
pub(crate) struct Run<'a> {
    limits: Limits,
    observer: &'a mut dyn Observer<Progress>,
    iterations: u32,
    pub(crate) status: Status,
}

impl Run<'_> {
    /// The simplest prices that carry the bound of the first stage, or its own if the search for them does not get
    /// to its end; and how it ended.
    fn prices(&mut self, problem: &Problem<'_>, point: &Point) -> (Vec<f64>, Status) {
        let stage = Stage::Certificate;
        let observer = &mut *self.observer;
        let mut on_step = |(iteration, objective, gap): Step| {
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
        let mut on_step = |(iteration, objective, gap): Step| {
            observer.on_round(&Progress { stage, iteration, objective, gap }).is_break()
        };
        let point = problem.solve(goal, self.limits, &mut on_step);
        self.iterations += point.as_ref().map_or(0, |point| point.iterations);
        self.status = point.as_ref().map_or(Status::Stalled, |point| point.status);
        point
    }
}

/// Single members as rows, in the order of their types.
pub(crate) struct Team<'a> {
    aggregate: &'a Aggregate,
    /// Position, fair quota and type of each row's member.
    members: Vec<(usize, u64, usize)>,
    /// Eligible pairs (row, class), ascending, each with the position of its pair of types.
    pairs: Vec<(usize, usize)>,
    origin: Vec<usize>,
}

impl<'a> Team<'a> {
    pub(crate) fn new(aggregate: &'a Aggregate) -> Self {
        let (mut members, mut pairs, mut origin) = (Vec::new(), Vec::new(), Vec::new());
        let mut start = 0;
        for (i, kind) in aggregate.types.iter().enumerate() {
            let end = start + aggregate.pairs[start..].iter().take_while(|pair| pair.0 == i).count();
            for &(member, quota) in &kind.members {
                pairs.extend((start..end).map(|k| (members.len(), aggregate.pairs[k].1)));
                origin.extend(start..end);
                members.push((member, quota, i));
            }
            start = end;
        }
        Team { aggregate, members, pairs, origin }
    }

    /// What of each row's quota is not pinned.
    fn free(&self) -> Vec<u64> {
        let free = |&(_, quota, kind): &(usize, u64, usize)| {
            let kind = &self.aggregate.types[kind];
            // Members with pins are types by themselves.
            if kind.free == kind.quota { quota } else { kind.free }
        };
        self.members.iter().map(free).collect()
    }

    /// Gives every member of a type the type's division of work.
    pub(crate) fn divide(&self, minutes: &[f64]) -> Vec<f64> {
        let part = |(pair, origin): (&(usize, usize), &usize)| {
            let (_, quota, kind) = self.members[pair.0];
            minutes[*origin] * quota as f64 / self.aggregate.types[kind].quota as f64
        };
        self.pairs.iter().zip(&self.origin).map(part).collect()
    }

    /// Stage 3; `None` if it did not get to the end.
    fn few_tasks(
        &self,
        workplace: &Workplace,
        by_type: &Problem<'_>,
        minutes: &[f64],
        slack: f64,
        run: &mut Run<'_>,
    ) -> Result<Option<Complexes>, Error> {
        let room = (slack * VERTEX_SLACK).max(VERTEX_ROOM);
        let of_type: Vec<_> = by_type
            .deviations(minutes)
            .into_iter()
            .map(|row| row.iter().map(|a| a.abs() + room).collect())
            .collect();
        if self.pairs.len() > FEW_TASKS_PAIRS {
            let cost = generic_costs(&by_type.pairs);
            let goal = Goal::Vertex { cost: &cost, within: &of_type };
            let point = run.stage(Stage::FewTasks, by_type, &goal).filter(|_| run.status.is_converged());
            return point.map(|p| self.complexes(workplace, &self.divide(&p.minutes))).transpose();
        }
        let kinds = self.members.iter().map(|(_, _, kind)| &self.aggregate.types[*kind]);
        let by_member = Problem {
            quotas: self.members.iter().map(|(_, quota, _)| *quota).collect(),
            free: self.free(),
            fixed: kinds.map(Type::fixed_deviation).collect(),
            pairs: self.pairs.clone(),
            aggregate: self.aggregate,
        };
        let cost = generic_costs(&self.pairs);
        let within: Vec<_> = self.members.iter().map(|(_, _, kind)| of_type[*kind].clone()).collect();
        let goal = Goal::Vertex { cost: &cost, within: &within };
        let point = run.stage(Stage::FewTasks, &by_member, &goal).filter(|_| run.status.is_converged());
        point.map(|p| self.complexes(workplace, &p.minutes)).transpose()
    }

    /// Whole minutes per member and class, then per task.
    pub(crate) fn complexes(&self, workplace: &Workplace, minutes: &[f64]) -> Result<Complexes, Error> {
        let classes = &self.aggregate.classes;
        let times: Vec<u64> = classes.iter().map(|class| class.time).collect();
        let offsets: Vec<_> = classes.iter().map(|class| class.offset.clone()).collect();
        let whole = whole_minutes(&self.free(), &times, &self.pairs, minutes, &offsets)?;
        // The tasks of a class are handed out one after the other: any split of a class is as balanced as any other.
        let mut tasks: Vec<_> = classes.iter().map(|class| class.tasks.iter().copied()).collect();
        let mut open: Vec<Option<(usize, u64)>> = tasks.iter_mut().map(Iterator::next).collect();
        let mut shares = vec![Vec::new(); workplace.members().len()];
        for (&(row, class), mut left) in self.pairs.iter().zip(whole) {
            let (member, ..) = self.members[row];
            while let Some((task, time)) = open[class].filter(|_| left > 0) {
                let taken = left.min(time);
                shares[member].push(Share { task: TaskId::new(task), time: Minutes::new(taken) });
                left -= taken;
                open[class] = if taken == time { tasks[class].next() } else { Some((task, time - taken)) };
            }
        }
        for (member, own) in shares.iter_mut().enumerate() {
            for pin in workplace.pinned(MemberId::new(member)) {
                match own.iter_mut().find(|share: &&mut Share| share.task == pin.task) {
                    Some(share) => share.time = Minutes::new(share.time.get() + pin.time.get()),
                    None => own.push(*pin),
                }
            }
        }
        Complexes::new(shares)
    }
}

/// Costs without a pattern, so that the optimum is a single vertex; the same on every machine.
fn generic_costs(pairs: &[(usize, usize)]) -> Vec<f64> {
    pairs
        .iter()
        .map(|&(row, column)| {
            // The finaliser of SplitMix64 (Steele, Lea & Flood 2014).
            let mut bits = ((row as u64) << 32 ^ column as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        })
        .collect()
}
