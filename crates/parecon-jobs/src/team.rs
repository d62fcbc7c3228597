//! From types back to members, and from minutes per class to complexes.

use crate::aggregate::{Aggregate, Class, Type};
use crate::repair::whole_minutes;
use crate::stages::Problem;
use crate::{Complexes, Error, MemberId, Minutes, Share, TaskId, Workplace};

/// Single members as rows, in the order of their types.
pub(crate) struct Team<'a> {
    aggregate: &'a Aggregate,
    /// Position, fair quota and type of each row's member.
    pub(crate) members: Vec<(usize, u64, usize)>,
    /// Eligible pairs (row, class), ascending, each with the position of its pair of types.
    pub(crate) pairs: Vec<(usize, usize)>,
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

    /// One of the classes that columns are.
    pub(crate) fn class(&self, class: usize) -> &Class {
        &self.aggregate.classes[class]
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

    /// The problem with one row per member.
    pub(crate) fn problem(&self) -> Problem<'a> {
        let kinds = self.members.iter().map(|(_, _, kind)| &self.aggregate.types[*kind]);
        Problem {
            quotas: self.members.iter().map(|(_, quota, _)| *quota).collect(),
            free: self.free(),
            fixed: kinds.map(Type::fixed_deviation).collect(),
            pairs: self.pairs.clone(),
            aggregate: self.aggregate,
        }
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
