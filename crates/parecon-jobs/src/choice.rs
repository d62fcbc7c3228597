//! What decides among equally balanced complexes: few tasks, members' own ratings, or what they do today.

use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregate;
use crate::balance::Run;
use crate::mix::{WEYL, unit};
use crate::model::PerDimension;
use crate::stages::Problem;
use crate::team::Team;
use crate::way::Way;
use crate::{Complexes, Config, Error, HIGHEST_RATING, LOWEST_RATING, MemberId, Share, TaskId, Workplace};

/// Beyond this many (member, class) pairs [`Choice::FewTasks`] works on types: a larger programme would take longer than
/// the stages before it.
const FEW_TASKS_PAIRS: usize = 60_000;

/// What decides among complexes that are equally balanced: no deviation grows beyond what the stages before have reached, or, by
/// band programmes, beyond the [balanced](crate::Config::with_balanced) deviation if that is more.
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
    /// problem of integers. Beyond 60,000 such pairs, or by band programmes, it works on types of members, so that every member
    /// takes part in all kinds of tasks that its type does; beyond 10,000 kinds of tasks it ends near a vertex, not at it.
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
    within: &[PerDimension<f64>],
    config: &Config,
    run: &mut Run<'_>,
) -> Result<Option<Complexes>, Error> {
    let way = config.way(by_type.pairs.len());
    let few = *config.choice() == Choice::FewTasks;
    // A type's few tasks are then those of each of its members.
    let of_types = few && (way == Way::Bands || team.pairs.len() > FEW_TASKS_PAIRS);
    // For anything but few tasks, members and tasks are persons and things, not types.
    let single = (!few).then(|| Aggregate::single(workplace));
    let alone = single.as_ref().map(Team::new);
    let rows = alone.as_ref().unwrap_or(team);
    let by_member = rows.problem();
    let problem = if of_types { by_type } else { &by_member };
    let (mut cost, mut today) = (vec![0.0; problem.pairs.len()], Vec::new());
    let of_pair = |&(row, class): &(usize, usize)| {
        (MemberId::new(rows.members[row].0), TaskId::new(rows.class(class).tasks[0].0))
    };
    match config.choice() {
        Choice::NearestTo(complexes) => {
            let time = |(member, task): (MemberId, TaskId)| {
                let of = |shares: &[Share]| {
                    let found = shares.binary_search_by_key(&task, |share| share.task);
                    found.map_or(0.0, |at| shares[at].time.get() as f64)
                };
                // Pinned work stays anyway.
                (of(complexes.of(member)) - of(workplace.pinned(member))).max(0.0)
            };
            today = problem.pairs.iter().map(of_pair).map(time).collect();
        }
        Choice::Preferred => {
            for (cost, (member, task)) in cost.iter_mut().zip(problem.pairs.iter().map(of_pair)) {
                let rating = workplace.own_desirability(member, task).unwrap_or(LOWEST_RATING);
                *cost = (HIGHEST_RATING - rating) / (HIGHEST_RATING - LOWEST_RATING);
            }
        }
        Choice::Any | Choice::FewTasks => cost = generic_costs(&problem.pairs),
    }
    let within = if of_types {
        within.to_vec()
    } else {
        let mut type_of = vec![0; workplace.members().len()];
        team.members.iter().for_each(|(member, _, kind)| type_of[*member] = *kind);
        rows.members.iter().map(|(member, ..)| within[type_of[*member]].clone()).collect()
    };
    let Some(point) = way.cheapest(problem, &cost, &today, &within, config, run)? else { return Ok(None) };
    let minutes = if of_types { rows.divide(&point.minutes) } else { point.minutes };
    rows.complexes(workplace, &minutes).map(Some)
}

/// Costs without a pattern, so that the optimum is a single vertex; the same on every machine.
fn generic_costs(pairs: &[(usize, usize)]) -> Vec<f64> {
    pairs.iter().map(|&(row, column)| unit(((row as u64) << 32 ^ column as u64).wrapping_add(WEYL))).collect()
}
