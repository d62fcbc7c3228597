//! The linear programme of a training programme, over groups of members, trained parts of them, and classes of tasks.

use std::collections::HashMap;

use super::{Trained, opened};
use crate::aggregate::Aggregate;
use crate::lp::{Lp, Solution};
use crate::{Dimension, MemberId, TaskId, Training, Workplace};

/// Higher than any deviation of ratings from 1 to 20.
pub(super) const NO_CAP: f64 = 20.0;

/// An optimum of the linear programme.
pub(super) struct Optimum {
    pub(super) value: f64,
    pub(super) bound: f64,
    /// The part z of its group's time per skill.
    pub(super) trained: Vec<f64>,
}

/// Groups of members, kinds of training, and classes of tasks.
pub(super) struct Model {
    groups: Vec<Group>,
    /// Untrained and trained parts of groups: group, skill (a position among the group's options), what they can do.
    parts: Vec<Part>,
    /// Time and rating minus average.
    classes: Vec<(f64, f64)>,
    total: f64,
}

struct Group {
    people: u32,
    quota: f64,
    /// What of the quota is not pinned, as a part of it.
    free: f64,
    /// What pinned work adds to the deviation.
    fixed: f64,
    members: Vec<usize>,
    /// Skills with the cost for one person.
    options: Vec<Training>,
}

struct Part {
    group: usize,
    option: Option<usize>,
    classes: Vec<usize>,
}

impl Model {
    pub(super) fn new(workplace: &Workplace, dimension: Dimension) -> Self {
        let (times, free) = workplace.open();
        let quotas = workplace.fair_quotas();
        let aggregate = Aggregate::new(workplace);
        let mut groups: Vec<Group> = Vec::new();
        let mut known = HashMap::new();
        let mut parts = Vec::new();
        let mut tasks_of_part: Vec<Vec<usize>> = Vec::new();
        for kind in &aggregate.types {
            for &(m, quota) in &kind.members {
                let (member, id) = (&workplace.members()[m], MemberId::new(m));
                let pinned = !workplace.pinned(id).is_empty();
                let options: Vec<(Training, Vec<TaskId>)> = member
                    .trainable
                    .iter()
                    .filter(|_| !pinned)
                    .map(|training| (training.clone(), opened(workplace, &times, id, &training.skill)))
                    .filter(|(_, opens)| !opens.is_empty())
                    .collect();
                let costs: Vec<_> =
                    options.iter().map(|(t, opens)| (t.cost.to_bits(), &t.skill, opens)).collect();
                let key = format!(
                    "{:?} {} {costs:?} {:?}",
                    workplace.eligible(id),
                    member.available,
                    pinned.then_some(m)
                );
                let group = *known.entry(key).or_insert_with(|| {
                    let with_time = |task: &TaskId| (times[task.index()].get() > 0).then_some(task.index());
                    let own: Vec<usize> = workplace.eligible(id).iter().filter_map(with_time).collect();
                    let mut part = |option, more: &[TaskId]| {
                        parts.push(Part { group: groups.len(), option, classes: Vec::new() });
                        tasks_of_part
                            .push(own.iter().copied().chain(more.iter().map(|t| t.index())).collect());
                    };
                    part(None, &[]);
                    for (at, (_, opens)) in options.iter().enumerate() {
                        part(Some(at), opens);
                    }
                    groups.push(Group {
                        people: 0,
                        quota: 0.0,
                        free: free[m].get() as f64 / quotas[m].get() as f64,
                        fixed: if pinned { kind.fixed_deviation()[dimension.index()] } else { 0.0 },
                        members: Vec::new(),
                        options: options.into_iter().map(|(training, _)| training).collect(),
                    });
                    groups.len() - 1
                });
                groups[group].people += member.count;
                groups[group].quota += quota as f64;
                groups[group].members.push(m);
            }
        }
        // Tasks that rate the same and are open to the same parts are one class.
        let mut parts_of_task = vec![Vec::new(); times.len()];
        for (part, tasks) in tasks_of_part.iter().enumerate() {
            tasks.iter().for_each(|task| parts_of_task[*task].push(part));
        }
        let average = workplace.average(dimension);
        let mut known: HashMap<(u64, Vec<usize>), usize> = HashMap::new();
        let mut classes: Vec<(f64, f64)> = Vec::new();
        for ((task, able), time) in workplace.tasks().iter().zip(parts_of_task).zip(&times) {
            if time.get() == 0 {
                continue;
            }
            let rating = task.rating(dimension).unwrap_or(average);
            let class = *known.entry((rating.to_bits(), able)).or_insert_with_key(|(_, able)| {
                able.iter().for_each(|part| parts[*part].classes.push(classes.len()));
                classes.push((0.0, rating - average));
                classes.len() - 1
            });
            classes[class].0 += time.get() as f64;
        }
        Model { groups, parts, classes, total: workplace.total_time().get() as f64 }
    }

    /// Variables: shares `y = x / q_g` per part and class, parts z per training, |deviation| s per part, room left below the
    /// target, then signed deviations a; rows: quotas by group, z by training, classes, deviations, the target.
    pub(super) fn programme(&self, target: Option<f64>) -> Lp {
        let pairs: usize = self.parts.iter().map(|part| part.classes.len()).sum();
        let training = |part: usize| pairs + part;
        let spread = |part: usize| pairs + self.parts.len() + part;
        let room = pairs + 2 * self.parts.len();
        let signed = |part: usize| room + 1 + part;
        let weight = |part: &Part| self.groups[part.group].quota / self.total;

        let mut cost = vec![0.0; room + 1 + self.parts.len()];
        for (p, part) in self.parts.iter().enumerate() {
            match target {
                Some(_) => cost[training(p)] = self.cost(part) / self.unit(),
                None => cost[spread(p)] = weight(part),
            }
        }
        let mut lp = Lp::new(cost, room + 1);
        let mut of_group = vec![Vec::new(); self.groups.len()];
        let mut of_class = vec![Vec::new(); self.classes.len()];
        let (mut of_training, mut of_deviation) = (Vec::new(), Vec::new());
        let mut first = 0;
        for (p, part) in self.parts.iter().enumerate() {
            let group = &self.groups[part.group];
            let own = || part.classes.iter().enumerate().map(|(k, class)| (first + k, *class));
            match part.option {
                None => {
                    of_group[part.group].extend(own().map(|(k, _)| (k, 1.0)));
                    of_group[part.group].extend(self.trainings(part.group).map(|q| (training(q), 1.0)));
                    // The z of an untrained part is not used, and fixed.
                    of_training.push((vec![(training(p), 1.0)], 1.0));
                }
                Some(_) => {
                    let row = own().map(|(k, _)| (k, 1.0)).chain([(training(p), -1.0)]);
                    of_training.push((row.collect(), 0.0));
                }
            }
            own().for_each(|(k, class)| of_class[class].push((k, group.quota / self.classes[class].0)));
            let deviation: Vec<_> =
                own().map(|(k, class)| (k, self.classes[class].1)).chain([(signed(p), -1.0)]).collect();
            of_deviation.push(deviation);
            first += part.classes.len();
        }
        for (row, group) in of_group.into_iter().zip(&self.groups) {
            lp.equal(row, group.free);
        }
        for (row, rhs) in of_training {
            lp.equal(row, rhs);
        }
        for row in of_class {
            lp.equal(row, 1.0);
        }
        for (row, part) in of_deviation.into_iter().zip(&self.parts) {
            lp.equal(row, -self.fixed(part));
        }
        let all = self.parts.iter().enumerate().map(|(p, part)| (spread(p), weight(part)));
        lp.equal(all.chain([(room, 1.0)]), target.unwrap_or(NO_CAP));
        for p in 0..self.parts.len() {
            lp.at_most([(signed(p), 1.0), (spread(p), -1.0)], 0.0);
            lp.at_most([(signed(p), -1.0), (spread(p), -1.0)], 0.0);
        }
        lp
    }

    /// The parts of a group that are trained.
    fn trainings(&self, group: usize) -> impl Iterator<Item = usize> {
        let of_group = move |(_, part): &(usize, &Part)| part.group == group && part.option.is_some();
        self.parts.iter().enumerate().filter(of_group).map(|(p, _)| p)
    }

    fn fixed(&self, part: &Part) -> f64 {
        if part.option.is_none() { self.groups[part.group].fixed } else { 0.0 }
    }

    /// What it costs to train all of a group.
    fn cost(&self, part: &Part) -> f64 {
        let group = &self.groups[part.group];
        part.option.map_or(0.0, |at| group.options[at].cost * f64::from(group.people))
    }

    /// Costs are in units of the largest, so that everything is of the order of 1.
    fn unit(&self) -> f64 {
        self.parts.iter().map(|part| self.cost(part)).fold(0.0, f64::max).max(f64::MIN_POSITIVE)
    }

    /// With multipliers π (classes), γ (deviations, `|γ_gs| ≤ μ q_g / H`) and μ ≥ 0 (target) the least cost is at least
    /// ```text
    /// −Σ_c π_c − μ target + Σ_g (γ_g0 fixed_g + free_g min_s (cost_gs + min_c (γ_gs offset_c + π_c q_g / h_c)))
    /// ```
    /// and the least mean deviation the same with costs 0 and μ = 1.
    pub(super) fn optimum(&self, solution: &Solution, target: Option<f64>) -> Optimum {
        let pairs: usize = self.parts.iter().map(|part| part.classes.len()).sum();
        let (_, rest) = solution.multipliers.split_at(self.groups.len() + self.parts.len());
        let (of_class, rest) = rest.split_at(self.classes.len());
        let (of_deviation, of_target) = rest.split_at(self.parts.len());
        let mu = if target.is_some() { of_target[0].max(0.0) } else { 1.0 };
        let unit = if target.is_some() { self.unit() } else { 1.0 };
        let mut least = vec![f64::INFINITY; self.groups.len()];
        let mut bound = -of_class.iter().sum::<f64>() - target.map_or(0.0, |target| mu * target);
        let mut value = 0.0;
        for (p, part) in self.parts.iter().enumerate() {
            let group = &self.groups[part.group];
            let limit = mu * group.quota / self.total;
            let gamma = of_deviation[p].clamp(-limit, limit);
            let cost = if target.is_some() { self.cost(part) / unit } else { 0.0 };
            let net = |class: &usize| {
                let (time, offset) = self.classes[*class];
                cost + gamma * offset + of_class[*class] * group.quota / time
            };
            let net = part.classes.iter().map(net).fold(f64::INFINITY, f64::min);
            least[part.group] = least[part.group].min(net);
            bound += gamma * self.fixed(part);
            value += match target {
                Some(_) => cost * solution.x[pairs + p],
                None => solution.x[pairs + self.parts.len() + p] * group.quota / self.total,
            };
        }
        bound += least
            .iter()
            .zip(&self.groups)
            .filter(|(_, g)| g.free > 0.0)
            .map(|(l, g)| l * g.free)
            .sum::<f64>();
        Optimum {
            value: value * unit,
            bound: (bound * unit).max(0.0),
            trained: (0..self.parts.len()).map(|p| solution.x[pairs + p]).collect(),
        }
    }

    /// Whole people, rounded, handed out to the entries of each group in their order.
    pub(super) fn people(&self, workplace: &Workplace, trained: &[f64]) -> Vec<Trained> {
        let mut list = Vec::new();
        for (g, group) in self.groups.iter().enumerate() {
            let mut wanted: Vec<(usize, u32, f64)> = self
                .trainings(g)
                .map(|p| {
                    let people = trained[p] / group.free * f64::from(group.people);
                    (p, people.round().max(0.0) as u32, people)
                })
                .collect();
            // More than there are: those rounded up most are rounded down.
            let mut excess = wanted.iter().map(|w| w.1).sum::<u32>().saturating_sub(group.people);
            wanted.sort_by(|a, b| (f64::from(b.1) - b.2).total_cmp(&(f64::from(a.1) - a.2)));
            for entry in &mut wanted {
                let less = excess.min(entry.1).min(1);
                entry.1 -= less;
                excess -= less;
            }
            wanted.sort_by_key(|entry| entry.0);
            let mut members = group.members.iter().map(|m| (*m, workplace.members()[*m].count));
            let mut open = members.next();
            for (p, mut people, _) in wanted {
                let Some(training) = self.parts[p].option.map(|at| &group.options[at]) else { continue };
                while let Some((member, left)) = open.filter(|_| people > 0) {
                    let taken = people.min(left);
                    list.push(Trained {
                        member: MemberId::new(member),
                        skill: training.skill.clone(),
                        people: taken,
                        cost: training.cost * f64::from(taken),
                    });
                    people -= taken;
                    open = if taken == left { members.next() } else { Some((member, left - taken)) };
                }
            }
        }
        list.sort_by(|a, b| (a.member, &a.skill).cmp(&(b.member, &b.skill)));
        list
    }
}
