//! What decides among equally balanced complexes: few tasks, members' own ratings, or what they do today.

use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::balance::Run;
use crate::large::cheapest;
use crate::leximin::Leximin;
use crate::mix::{WEYL, unit};
use crate::model::PerDimension;
use crate::stages::{Goal, Problem};
use crate::team::Team;
use crate::{Complexes, Config, Error, HIGHEST_RATING, LOWEST_RATING, MemberId, Stage, TaskId, Workplace};

/// Beyond this many (member, class) pairs [`Choice::FewTasks`] works on types: a larger programme would take longer than
/// the stages before it.
const FEW_TASKS_PAIRS: usize = 60_000;
/// The last stage may spend this part of the slack, so that it has an interior.
const VERTEX_SLACK: f64 = 0.1;
/// The least room of the last stage, in rating points, if the slack is 0.
const VERTEX_ROOM: f64 = 1e-7;

/// What decides among complexes that are equally balanced.
///
/// ```
/// use parecon_jobs::{balance, Choice, Config, Eligibility, Member, MemberId, Minutes, Task, TaskId, Workplace};
/// let day = Minutes::from_hours(8.0)?;
/// // Two tasks that rate the same: who does which makes no difference to the balance.
/// let workplace = Workplace::new(
///     vec![Task::new("cook", day, 9.0, 6.0), Task::new("bake", day, 9.0, 6.0)],
///     vec![Member::new("ann", day), Member::new("bo", day)],
///     Eligibility::Everyone,
/// )?
/// .with_own_desirability(&[(MemberId::new(0), TaskId::new(1), 18.0)])?; // Ann likes to bake.
/// let config = Config::default().with_choice(Choice::Preferred);
/// let outcome = balance(&workplace, &config, &mut ())?;
/// let ann = outcome.balance().expect("it fits").complexes.of(MemberId::new(0));
/// assert_eq!((ann.len(), ann[0].task), (1, TaskId::new(1)));
/// # Ok::<(), parecon_jobs::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Choice {
    /// Nothing; the interior-point method then spreads everybody over many tasks.
    Any,
    /// A fixed pseudo-random linear cost, whose optimum is a vertex: at most one pair of (member, kind of task) in use per
    /// equation, that is about three per member and one per kind of task in all. Few, not fewest, which would be a
    /// problem of integers. Beyond 60,000 such pairs it works on types of members, so that every member takes part in
    /// all kinds of tasks that its type does.
    #[default]
    FewTasks,
    /// Everyone does what they [find most desirable](Workplace::own_desirability): the mean rating of work by those who do
    /// it is as high as it can be.
    Preferred,
    /// As little time as possible is taken away from the tasks that members have in these complexes (today's, or those of
    /// a plan that has to change). They need not meet the hours of this workplace; see
    /// [`Complexes::carried_over`]. Solved by the interior-point method at any size, which takes long for large workplaces.
    NearestTo(Complexes),
}

/// The last stage; `None` if it did not get to its end.
pub(crate) fn choose(
    workplace: &Workplace,
    team: &Team<'_>,
    by_type: &Problem<'_>,
    leximin: &Leximin,
    minutes: &[f64],
    config: &Config,
    run: &mut Run<'_>,
) -> Result<Option<Complexes>, Error> {
    let large = config.is_large(by_type.pairs.len());
    let room = (config.slack() * VERTEX_SLACK).max(VERTEX_ROOM);
    let allowed = |row: &PerDimension<f64>| row.iter().map(|a| a.abs() + room).collect();
    let of_type: Vec<PerDimension<f64>> = if large {
        // Everybody within their level's cap; the mean was not minimised.
        leximin.caps.iter().map(|cap| vec![*cap; by_type.aggregate.dimensions]).collect()
    } else {
        by_type.deviations(minutes).iter().map(allowed).collect()
    };
    let of_row = |team: &Team<'_>, of_member: &[usize]| -> Vec<PerDimension<f64>> {
        team.members.iter().map(|(member, ..)| of_type[of_member[*member]].clone()).collect()
    };
    let mut type_of = vec![0; workplace.members().len()];
    team.members.iter().for_each(|(member, _, kind)| type_of[*member] = *kind);

    if *config.choice() == Choice::FewTasks && large {
        let point = cheapest(by_type, generic_costs(&by_type.pairs), &of_type, config, run)?;
        let point = point.filter(|_| run.status.is_converged());
        return point.map(|p| team.complexes(workplace, &team.divide(&p.minutes))).transpose();
    }
    if *config.choice() == Choice::FewTasks {
        if team.pairs.len() > FEW_TASKS_PAIRS {
            let goal = Goal::Vertex { cost: &generic_costs(&by_type.pairs), within: &of_type, today: &[] };
            let point = run.stage(Stage::Choice, by_type, &goal).filter(|_| run.status.is_converged());
            return point.map(|p| team.complexes(workplace, &team.divide(&p.minutes))).transpose();
        }
        let cost = generic_costs(&team.pairs);
        let goal = Goal::Vertex { cost: &cost, within: &of_row(team, &type_of), today: &[] };
        let point = run.stage(Stage::Choice, &team.problem(), &goal).filter(|_| run.status.is_converged());
        return point.map(|p| team.complexes(workplace, &p.minutes)).transpose();
    }
    // Members and tasks are persons and things from here on, not types.
    let single = Aggregate::single(workplace);
    let team = Team::new(&single);
    let of_pair = |&(row, class): &(usize, usize)| {
        (MemberId::new(team.members[row].0), TaskId::new(single.classes[class].tasks[0].0))
    };
    let pairs = || team.pairs.iter().map(of_pair);
    let (mut cost, mut today) = (vec![0.0; team.pairs.len()], Vec::new());
    match config.choice() {
        Choice::NearestTo(complexes) => {
            let time = |(member, task): (MemberId, TaskId)| {
                let of = |shares: &[crate::Share]| {
                    let found = shares.binary_search_by_key(&task, |share| share.task);
                    found.map_or(0.0, |at| shares[at].time.get() as f64)
                };
                // Pinned work stays anyway.
                (of(complexes.of(member)) - of(workplace.pinned(member))).max(0.0)
            };
            today = pairs().map(time).collect();
        }
        _ => {
            for (cost, (member, task)) in cost.iter_mut().zip(pairs()) {
                let rating = workplace.own_desirability(member, task).unwrap_or(LOWEST_RATING);
                *cost = (HIGHEST_RATING - rating) / (HIGHEST_RATING - LOWEST_RATING);
            }
        }
    }
    let within = of_row(&team, &type_of);
    // What is kept has an upper limit, which band programmes do not know.
    if large && today.is_empty() {
        let point =
            cheapest(&team.problem(), cost, &within, config, run)?.filter(|_| run.status.is_converged());
        return point.map(|p| team.complexes(workplace, &p.minutes)).transpose();
    }
    let goal = Goal::Vertex { cost: &cost, within: &within, today: &today };
    let point = run.stage(Stage::Choice, &team.problem(), &goal).filter(|_| run.status.is_converged());
    point.map(|p| team.complexes(workplace, &p.minutes)).transpose()
}

/// Costs without a pattern, so that the optimum is a single vertex; the same on every machine.
fn generic_costs(pairs: &[(usize, usize)]) -> Vec<f64> {
    pairs.iter().map(|&(row, column)| unit(((row as u64) << 32 ^ column as u64).wrapping_add(WEYL))).collect()
}
