//! Whether any assignment meets the hours, and the proof if none does.

use crate::aggregate::Aggregate;
use crate::flow::Network;
use crate::{Infeasible, MemberId, Minutes, Shortage, TaskId, Workplace};

/// Minutes per eligible pair of `aggregate` that meet all times and quotas, or the reasons why none do.
///
/// # Reference
/// Hall's condition through max-flow = min-cut; exact, in integers.
pub(crate) fn feasible(workplace: &Workplace, aggregate: &Aggregate) -> Result<Vec<u64>, Infeasible> {
    let (work, available) = (workplace.total_time(), workplace.total_available());
    if work > available {
        return Err(Infeasible { shortages: vec![Shortage::Time { work, available }] });
    }
    let (types, classes) = (aggregate.types.len(), aggregate.classes.len());
    let (source, sink) = (types + classes, types + classes + 1);
    let mut network = Network::new(types + classes + 2);
    for (j, class) in aggregate.classes.iter().enumerate() {
        network.add(source, types + j, class.time, 0);
    }
    for (i, kind) in aggregate.types.iter().enumerate() {
        network.add(i, sink, kind.free, 0);
    }
    let arcs: Vec<usize> =
        aggregate.pairs.iter().map(|&(i, j)| network.add(types + j, i, aggregate.total, 0)).collect();
    let open = aggregate.classes.iter().map(|class| class.time).sum::<u64>();
    if network.maximise(source, sink) == open {
        return Ok(arcs.into_iter().map(|arc| network.residual(arc + 1)).collect());
    }
    let overloaded = components(aggregate, &network.reached_from(source));
    let idle = components(aggregate, &network.reaching(sink));
    let skill = named(overloaded.into_iter().map(|part| skill_shortage(workplace, aggregate, &part)));
    let idle = named(idle.into_iter().map(|part| idle_shortage(workplace, aggregate, &part)));
    // Two views of the same fact: tell the one that takes fewer names.
    let length = |shortages: &[Shortage]| shortages.iter().map(names).sum::<usize>();
    let mut shortages = if length(&skill) <= length(&idle) { skill } else { idle };
    shortages.sort_by_key(|shortage| std::cmp::Reverse(shortage.missing()));
    Err(Infeasible { shortages })
}

/// The types and classes of each connected part of one side of the cut.
fn components(aggregate: &Aggregate, inside: &[bool]) -> Vec<(Vec<usize>, Vec<usize>)> {
    let types = aggregate.types.len();
    let nodes = types + aggregate.classes.len();
    let mut neighbours = vec![Vec::new(); nodes];
    for &(i, j) in &aggregate.pairs {
        if inside[i] && inside[types + j] {
            neighbours[i].push(types + j);
            neighbours[types + j].push(i);
        }
    }
    let mut seen = vec![false; nodes];
    let mut parts = Vec::new();
    for start in (0..nodes).filter(|node| inside[*node]) {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        let (mut kinds, mut classes, mut stack) = (Vec::new(), Vec::new(), vec![start]);
        while let Some(node) = stack.pop() {
            if node < types {
                kinds.push(node);
            } else {
                classes.push(node - types);
            }
            for &next in &neighbours[node] {
                if !std::mem::replace(&mut seen[next], true) {
                    stack.push(next);
                }
            }
        }
        parts.push((kinds, classes));
    }
    parts
}

fn named(shortages: impl Iterator<Item = Shortage>) -> Vec<Shortage> {
    shortages.filter(|shortage| shortage.missing() > Minutes::ZERO).collect()
}

fn names(shortage: &Shortage) -> usize {
    match shortage {
        Shortage::Time { .. } => 0,
        Shortage::Skill { tasks, members, .. } | Shortage::Idle { tasks, members, .. } => {
            tasks.len() + members.len()
        }
    }
}

fn skill_shortage(workplace: &Workplace, aggregate: &Aggregate, part: &(Vec<usize>, Vec<usize>)) -> Shortage {
    let mut tasks: Vec<TaskId> = part
        .1
        .iter()
        .flat_map(|class| aggregate.classes[*class].tasks.iter().map(|(task, _)| TaskId::new(*task)))
        .collect();
    tasks.sort_unstable();
    let mut wanted = vec![false; workplace.tasks().len()];
    tasks.iter().for_each(|task| wanted[task.index()] = true);
    // Asked of all members, so that those without a quota who could help are named too.
    let members = (0..workplace.members().len())
        .map(MemberId::new)
        .filter(|m| workplace.eligible(*m).iter().any(|task| wanted[task.index()]))
        .collect();
    Shortage::Skill {
        tasks,
        members,
        work: Minutes::new(part.1.iter().map(|class| aggregate.classes[*class].time).sum()),
        quota: Minutes::new(part.0.iter().map(|kind| aggregate.types[*kind].free).sum()),
    }
}

fn idle_shortage(workplace: &Workplace, aggregate: &Aggregate, part: &(Vec<usize>, Vec<usize>)) -> Shortage {
    let mut members: Vec<MemberId> = part
        .0
        .iter()
        .flat_map(|kind| aggregate.types[*kind].members.iter().map(|(member, _)| MemberId::new(*member)))
        .collect();
    members.sort_unstable();
    let mut able = vec![false; workplace.tasks().len()];
    for member in &members {
        workplace.eligible(*member).iter().for_each(|task| able[task.index()] = true);
    }
    Shortage::Idle {
        members,
        tasks: (0..able.len()).filter(|task| able[*task]).map(TaskId::new).collect(),
        quota: Minutes::new(part.0.iter().map(|kind| aggregate.types[*kind].free).sum()),
        work: Minutes::new(part.1.iter().map(|class| aggregate.classes[*class].time).sum()),
    }
}
