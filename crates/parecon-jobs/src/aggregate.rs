//! Merging members and tasks that the mathematics cannot tell apart.

use std::collections::HashMap;

use crate::model::PerDimension;
use crate::{MemberId, Task, Workplace};

/// The list of tasks of someone all of whose time is pinned.
const NOTHING: usize = usize::MAX;

/// A workplace with like members merged into types and like tasks into classes.
///
/// Members with the same eligible tasks form a type, whatever their hours: the deviation of a complex depends on how
/// its hours are divided, not on how many they are, so giving every member of a type the type's average division is
/// at least as balanced as any other choice (the deviations are convex). Tasks with the same ratings and the same
/// eligible members form a class: only their total matters. Members without a quota and tasks without time are left
/// out. No optimum is lost. Members and tasks with pinned work stay by themselves, and only what is not pinned is open
/// to choice.
pub(crate) struct Aggregate {
    pub(crate) types: Vec<Type>,
    pub(crate) classes: Vec<Class>,
    /// The eligible pairs (type, class), ascending.
    pub(crate) pairs: Vec<(usize, usize)>,
    /// All work in minutes, pinned work included.
    pub(crate) total: u64,
    /// How many dimensions there are.
    pub(crate) dimensions: usize,
}

pub(crate) struct Type {
    /// The fair quotas of all members together, in minutes.
    pub(crate) quota: u64,
    /// What of that is not pinned.
    pub(crate) free: u64,
    /// Minutes times rating minus social average, summed over what is pinned.
    pub(crate) fixed: PerDimension<f64>,
    /// Positions and fair quotas of the members.
    pub(crate) members: Vec<(usize, u64)>,
}

impl Type {
    /// What pinned work adds to the deviation, in rating points.
    pub(crate) fn fixed_deviation(&self) -> PerDimension<f64> {
        self.fixed.iter().map(|sum| sum / self.quota as f64).collect()
    }
}

pub(crate) struct Class {
    /// What the tasks take together, less what is pinned, in minutes.
    pub(crate) time: u64,
    /// Rating minus social average.
    pub(crate) offset: PerDimension<f64>,
    /// Positions and times of the tasks, less what is pinned.
    pub(crate) tasks: Vec<(usize, u64)>,
}

impl Aggregate {
    /// # Complexity
    /// O(members + distinct eligibility lists × their lengths).
    pub(crate) fn new(workplace: &Workplace) -> Self {
        Self::build(workplace, true)
    }

    /// One type per member and one class per task.
    pub(crate) fn single(workplace: &Workplace) -> Self {
        Self::build(workplace, false)
    }

    fn build(workplace: &Workplace, merge: bool) -> Self {
        let (sets, set_of) = workplace.eligibility_sets();
        let averages = workplace.averages();
        let offset = |task: &Task| task.ratings().zip(averages).map(|(r, average)| r - average).collect();
        let mut pinned = vec![0; workplace.tasks().len()];
        let mut type_of_set = vec![usize::MAX; sets.len()];
        let mut types: Vec<Type> = Vec::new();
        let mut set_of_type = Vec::new();
        for (member, quota) in workplace.fair_quotas().into_iter().enumerate() {
            let (set, quota) = (set_of[member], quota.get());
            if quota == 0 {
                continue;
            }
            let mut kind =
                Type { quota, free: quota, fixed: vec![0.0; averages.len()], members: vec![(member, quota)] };
            let pins = workplace.pinned(MemberId::new(member));
            for pin in pins {
                kind.free -= pin.time.get();
                pinned[pin.task.index()] += pin.time.get();
                let offset: PerDimension<f64> = offset(&workplace.tasks()[pin.task.index()]);
                kind.fixed.iter_mut().zip(offset).for_each(|(sum, o)| *sum += o * pin.time.get() as f64);
            }
            let mergeable = merge && pins.is_empty();
            if mergeable && type_of_set[set] != usize::MAX {
                let known = &mut types[type_of_set[set]];
                known.quota += quota;
                known.free += quota;
                known.members.push((member, quota));
                continue;
            }
            if mergeable {
                type_of_set[set] = types.len();
            }
            set_of_type.push(if kind.free > 0 { set } else { NOTHING });
            types.push(kind);
        }
        let mut types_of_task = vec![Vec::new(); workplace.tasks().len()];
        for (kind, set) in set_of_type.iter().enumerate() {
            for task in sets.get(*set).into_iter().flatten() {
                types_of_task[task.index()].push(kind);
            }
        }
        let mut known = HashMap::new();
        let mut classes: Vec<Class> = Vec::new();
        let mut types_of_class = Vec::new();
        for (position, (task, kinds)) in workplace.tasks().iter().zip(types_of_task).enumerate() {
            let time = task.time.get() - pinned[position];
            if time == 0 {
                continue;
            }
            let apart = (!merge).then_some(position);
            let key = (task.ratings().map(f64::to_bits).collect::<Vec<_>>(), kinds, apart);
            let class = match known.get(&key) {
                Some(class) => *class,
                None => {
                    classes.push(Class { time: 0, offset: offset(task), tasks: Vec::new() });
                    types_of_class.push(key.1.clone());
                    known.insert(key, classes.len() - 1);
                    classes.len() - 1
                }
            };
            classes[class].time += time;
            classes[class].tasks.push((position, time));
        }
        let mut pairs: Vec<(usize, usize)> = types_of_class
            .iter()
            .enumerate()
            .flat_map(|(class, kinds)| kinds.iter().map(move |kind| (*kind, class)))
            .collect();
        pairs.sort_unstable();
        let total = workplace.total_time().get();
        Aggregate { types, classes, pairs, total, dimensions: averages.len() }
    }
}
