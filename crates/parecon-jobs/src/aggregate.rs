//! Merging members and tasks that the mathematics cannot tell apart.

use std::collections::HashMap;

use crate::Workplace;
use crate::model::PerDimension;

/// A workplace with like members merged into types and like tasks into classes.
///
/// Members with the same eligible tasks form a type, whatever their hours: the deviation of a complex depends on how
/// its hours are divided, not on how many they are, so giving every member of a type the type's average division is
/// at least as balanced as any other choice (the deviations are convex). Tasks with the same ratings and the same
/// eligible members form a class: only their total matters. Members without a quota and tasks without time are left
/// out. No optimum is lost.
pub(crate) struct Aggregate {
    pub(crate) types: Vec<Type>,
    pub(crate) classes: Vec<Class>,
    /// The eligible pairs (type, class), ascending.
    pub(crate) pairs: Vec<(usize, usize)>,
    /// All work in minutes.
    pub(crate) total: u64,
}

pub(crate) struct Type {
    /// The fair quotas of all members together, in minutes.
    pub(crate) quota: u64,
    /// Positions and fair quotas of the members.
    pub(crate) members: Vec<(usize, u64)>,
}

pub(crate) struct Class {
    /// What the tasks take together, in minutes.
    pub(crate) time: u64,
    /// Rating minus social average.
    pub(crate) offset: PerDimension<f64>,
    /// Positions and times of the tasks.
    pub(crate) tasks: Vec<(usize, u64)>,
}

impl Aggregate {
    /// # Complexity
    /// O(members + distinct eligibility lists × their lengths).
    pub(crate) fn new(workplace: &Workplace) -> Self {
        let (sets, set_of) = workplace.eligibility_sets();
        let mut type_of_set = vec![usize::MAX; sets.len()];
        let mut types: Vec<Type> = Vec::new();
        let mut set_of_type = Vec::new();
        for (member, quota) in workplace.fair_quotas().into_iter().enumerate() {
            let (set, quota) = (set_of[member], quota.get());
            if quota == 0 {
                continue;
            }
            if type_of_set[set] == usize::MAX {
                type_of_set[set] = types.len();
                types.push(Type { quota: 0, members: Vec::new() });
                set_of_type.push(set);
            }
            let kind = &mut types[type_of_set[set]];
            kind.quota += quota;
            kind.members.push((member, quota));
        }
        let mut types_of_task = vec![Vec::new(); workplace.tasks().len()];
        for (kind, set) in set_of_type.iter().enumerate() {
            for task in &sets[*set] {
                types_of_task[task.index()].push(kind);
            }
        }
        let averages = workplace.averages();
        let mut known = HashMap::new();
        let mut classes: Vec<Class> = Vec::new();
        let mut types_of_class = Vec::new();
        for (position, (task, kinds)) in workplace.tasks().iter().zip(types_of_task).enumerate() {
            let time = task.time.get();
            if time == 0 {
                continue;
            }
            let ratings = task.ratings();
            let key = (ratings.map(f64::to_bits), kinds);
            let class = match known.get(&key) {
                Some(class) => *class,
                None => {
                    let mut offset = ratings;
                    offset.iter_mut().zip(averages).for_each(|(rating, average)| *rating -= average);
                    classes.push(Class { time: 0, offset, tasks: Vec::new() });
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
        Aggregate { types, classes, pairs, total: workplace.total_time().get() }
    }
}
