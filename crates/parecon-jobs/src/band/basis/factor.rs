//! Elimination of circuits on the tasks: which are independent, and how the others follow from them.
//!
//! Most are triangular: as long as some task is moved by a single circuit that is left, that circuit is taken with that task;
//! where none is, a circuit is put aside. Those put aside, with what the triangular ones leave of them, are a dense core
//! of a tenth to a third of the tasks.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use parecon_core::for_each;
use pulp::Arch;

use super::block::Circuits;
use crate::mix::mix;

/// A triangular pivot's size over the largest of its circuit, which is 1. Small ones keep the core small, but errors may grow
/// along the triangle; where they do, the next is tried.
const PIVOTS: [f64; 3] = [0.25, 0.5, 0.9];
/// What a solution may miss, over its largest part, for the elimination to be sound.
const SOUND: f64 = 1e-11;
/// What is left of a circuit, over what was, below which it depends on the others.
const DEPENDENT: f64 = 1e-9;
/// Columns of the core that are brought up to date before any of them is a pivot, and those of them on one thread.
const PANEL: usize = 64;
const TOGETHER: usize = 16;

/// The independent circuits, eliminated.
pub(in super::super) struct Factor {
    /// (task, circuit, pivot), in an order in which a circuit moves no task taken before.
    triangle: Vec<(usize, usize, f64)>,
    /// Tasks of the core, in the order of its pivots and then as they come.
    rows: Vec<usize>,
    /// Circuits of the core, and of each its column: multipliers below its pivot, the pivot, and above it the factor.
    columns: Vec<usize>,
    lu: Vec<Vec<f64>>,
    /// Circuits that depend on the others, the smallest first.
    pub(in super::super) dependent: Vec<usize>,
    /// Multiplications spent.
    pub(in super::super) work: u64,
}

impl Factor {
    /// Large circuits are taken rather than small ones.
    ///
    /// # Complexity
    /// O(entries log tasks + core³), the core on all threads.
    pub(in super::super) fn new(tasks: usize, circuits: &Circuits) -> Self {
        let mut factor = Factor::with_pivots(tasks, circuits, PIVOTS[0]);
        for pivot in &PIVOTS[1..] {
            if factor.error(tasks, circuits) <= SOUND {
                break;
            }
            factor = Factor::with_pivots(tasks, circuits, *pivot);
        }
        factor
    }

    /// What a solution misses, over its largest part, for hours that all independent circuits move.
    fn error(&self, tasks: usize, circuits: &Circuits) -> f64 {
        let (mut hours, mut most) = (vec![0.0; tasks], 0.0_f64);
        for circuit in self.triangle.iter().map(|part| part.1).chain(self.columns.iter().copied()) {
            let factor = if mix(circuit as u64) & 1 == 0 { 1.0 } else { -1.0 };
            circuits.image(circuit).for_each(|(task, value)| hours[task] += factor * value);
        }
        let mut missed = hours.clone();
        self.solve(circuits, hours, |circuit, factor| {
            most = most.max(factor.abs());
            circuits.image(circuit).for_each(|(task, value)| missed[task] -= factor * value);
        });
        missed.iter().fold(0.0_f64, |largest, miss| largest.max(miss.abs())) / most.max(1.0)
    }

    fn with_pivots(tasks: usize, circuits: &Circuits, least: f64) -> Self {
        let mut order: Vec<usize> = (0..circuits.len()).collect();
        let size = &circuits.size;
        order.sort_by(|a, b| size[*b].total_cmp(&size[*a]).then(a.cmp(b)));
        let (touched, most) = rank_limit(tasks, circuits);
        let (triangle, taken) = peel(tasks, circuits, &order[..most.min(order.len())], least);
        let mut of_triangle = vec![false; tasks];
        triangle.iter().for_each(|(task, ..)| of_triangle[*task] = true);
        let rows = (0..tasks).filter(|task| touched[*task] && !of_triangle[*task]).collect();
        let work = triangle.len() as u64;
        let mut factor =
            Factor { triangle, rows, columns: Vec::new(), lu: Vec::new(), dependent: Vec::new(), work };
        let rest: Vec<usize> = order.into_iter().filter(|circuit| !taken[*circuit]).collect();
        factor.core(tasks, circuits, &rest, most);
        factor.dependent.reverse();
        factor
    }

    /// The number of independent circuits.
    pub(in super::super) fn rank(&self) -> usize {
        self.triangle.len() + self.columns.len()
    }

    /// Lets the triangular circuits take their tasks out of `hours`; each and how much of it.
    fn reduce(&self, circuits: &Circuits, hours: &mut [f64], mut used: impl FnMut(usize, f64)) {
        for &(task, circuit, pivot) in &self.triangle {
            let hour = hours[task];
            if hour != 0.0 {
                let factor = hour / pivot;
                circuits.image(circuit).for_each(|(j, value)| hours[j] -= factor * value);
                hours[task] = 0.0;
                used(circuit, factor);
            }
        }
    }

    fn core(&mut self, tasks: usize, circuits: &Circuits, rest: &[usize], most: usize) {
        for panel in rest.chunks(PANEL) {
            if self.rank() >= most {
                self.dependent.extend_from_slice(panel);
                continue;
            }
            let first = self.columns.len();
            let mut columns: Vec<(usize, Vec<f64>, f64)> =
                panel.iter().map(|circuit| (*circuit, Vec::new(), 0.0)).collect();
            let this = &*self;
            let arch = Arch::new();
            for_each(columns.chunks_mut(TOGETHER).collect(), |columns| {
                for (circuit, column, size) in columns.iter_mut() {
                    let mut hours = vec![0.0; tasks];
                    circuits.image(*circuit).for_each(|(task, value)| hours[task] = value);
                    this.reduce(circuits, &mut hours, |_, _| {});
                    column.extend(this.rows.iter().map(|task| hours[*task]));
                    *size = column.iter().fold(1.0, |most: f64, value| most.max(value.abs()));
                }
                // Pivot by pivot, so that each is read from memory once for all columns.
                arch.dispatch(
                    #[inline(always)]
                    || {
                        for pivot in 0..first {
                            columns.iter_mut().for_each(|(_, column, _)| this.eliminate(column, pivot));
                        }
                    },
                );
            });
            self.work += (panel.len() * first * self.rows.len()) as u64;
            for at in 0..columns.len() {
                let (circuit, mut column, size) = std::mem::take(&mut columns[at]);
                self.forward(&mut column, first);
                let next = self.columns.len();
                let better =
                    |a: &usize, b: &usize| column[*a].abs().total_cmp(&column[*b].abs()).then(b.cmp(a));
                let pivot = (next..self.rows.len()).max_by(better);
                let Some(pivot) = pivot.filter(|row| column[*row].abs() > DEPENDENT * size) else {
                    self.dependent.push(circuit);
                    continue;
                };
                self.rows.swap(next, pivot);
                column.swap(next, pivot);
                self.lu.iter_mut().for_each(|other| other.swap(next, pivot));
                columns[at + 1..].iter_mut().for_each(|(_, other, _)| other.swap(next, pivot));
                let by = column[next];
                column[next + 1..].iter_mut().for_each(|value| *value /= by);
                self.columns.push(circuit);
                self.lu.push(column);
            }
        }
    }

    /// Eliminates with the pivots of the core from `first` on.
    fn forward(&self, column: &mut [f64], first: usize) {
        Arch::new().dispatch(
            #[inline(always)]
            || (first..self.lu.len()).for_each(|pivot| self.eliminate(column, pivot)),
        );
    }

    #[inline(always)]
    fn eliminate(&self, column: &mut [f64], pivot: usize) {
        let (above, below) = column.split_at_mut(pivot + 1);
        let factor = above[pivot];
        if factor != 0.0 {
            let by = &self.lu[pivot][pivot + 1..];
            below.iter_mut().zip(by).for_each(|(value, l)| *value -= factor * l);
        }
    }

    /// How much of each independent circuit moves these hours, as far as circuits can.
    ///
    /// # Complexity
    /// O(entries + core²).
    pub(in super::super) fn solve(
        &self,
        circuits: &Circuits,
        mut hours: Vec<f64>,
        mut used: impl FnMut(usize, f64),
    ) {
        let mut reduced = hours.clone();
        self.reduce(circuits, &mut reduced, |_, _| {});
        let mut column: Vec<f64> = self.rows.iter().map(|task| reduced[*task]).collect();
        self.forward(&mut column, 0);
        for (pivot, by) in self.lu.iter().enumerate().rev() {
            let factor = column[pivot] / by[pivot];
            if factor != 0.0 {
                column[..pivot].iter_mut().zip(by).for_each(|(value, u)| *value -= factor * u);
                let circuit = self.columns[pivot];
                circuits.image(circuit).for_each(|(task, value)| hours[task] -= factor * value);
                used(circuit, factor);
            }
        }
        self.reduce(circuits, &mut hours, used);
    }

    /// Changes `prices` so that every independent circuit costs what the hours it moves are worth; where circuits do not
    /// determine a price, it stays.
    ///
    /// # Complexity
    /// O(entries · core).
    pub(in super::super) fn price(&self, circuits: &Circuits, costs: &[f64], prices: &mut [f64]) {
        let mut column: Vec<f64> = Vec::with_capacity(self.columns.len());
        for (pivot, &circuit) in self.columns.iter().enumerate() {
            let mut hours = vec![0.0; prices.len()];
            circuits.image(circuit).for_each(|(task, value)| hours[task] = value);
            let mut cost = costs[circuit];
            self.reduce(circuits, &mut hours, |other, factor| cost -= factor * costs[other]);
            let above = self.lu[pivot].iter().zip(&column).map(|(u, y)| u * y).sum::<f64>();
            column.push((cost - above) / self.lu[pivot][pivot]);
        }
        for (pivot, by) in self.lu.iter().enumerate().rev() {
            let below = by[pivot + 1..].iter().zip(&self.rows[pivot + 1..]);
            let known: f64 = below.map(|(l, task)| l * prices[*task]).sum();
            prices[self.rows[pivot]] = column[pivot] - known;
        }
        for &(task, circuit, pivot) in self.triangle.iter().rev() {
            let others = circuits.image(circuit).filter(|(other, _)| *other != task);
            let known: f64 = others.map(|(other, value)| value * prices[other]).sum();
            prices[task] = (costs[circuit] - known) / pivot;
        }
    }

    /// Multiplications of a [`solve`](Self::solve), about.
    pub(in super::super) fn work_of_solve(&self) -> u64 {
        (self.lu.len() * self.lu.len() + 16 * self.triangle.len()) as u64
    }
}

/// Which tasks any circuit moves, and how many circuits can be independent: hours stay the same in total on every
/// connected part of them.
fn rank_limit(tasks: usize, circuits: &Circuits) -> (Vec<bool>, usize) {
    let mut parent: Vec<usize> = (0..tasks).collect();
    fn root(parent: &mut [usize], mut at: usize) -> usize {
        while parent[at] != at {
            parent[at] = parent[parent[at]];
            at = parent[at];
        }
        at
    }
    let mut touched = vec![false; tasks];
    for circuit in 0..circuits.len() {
        let mut last = None;
        for (task, _) in circuits.image(circuit) {
            touched[task] = true;
            let here = root(&mut parent, task);
            if let Some(other) = last.replace(here) {
                let other = root(&mut parent, other);
                parent[here.max(other)] = here.min(other);
                last = Some(here.min(other));
            }
        }
    }
    let parts = (0..tasks).filter(|task| touched[*task] && parent[*task] == *task).count();
    let count = touched.iter().filter(|touched| **touched).count();
    (touched, count - parts)
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Open,
    Taken,
    Aside,
}

/// Finds triangular circuits among the candidates, with pivots of at least so much: (task, circuit, pivot), and whether each
/// circuit is one.
fn peel(
    tasks: usize,
    circuits: &Circuits,
    candidates: &[usize],
    least: f64,
) -> (Vec<(usize, usize, f64)>, Vec<bool>) {
    let mut state = vec![State::Aside; circuits.len()];
    let mut starts = vec![0usize; tasks + 1];
    for &circuit in candidates {
        state[circuit] = State::Open;
        circuits.image(circuit).for_each(|(task, _)| starts[task + 1] += 1);
    }
    let mut open: Vec<usize> = starts[1..].to_vec();
    for task in 0..tasks {
        starts[task + 1] += starts[task];
    }
    let (mut fill, mut movers) = (starts.clone(), vec![(0usize, 0.0); starts[tasks]]);
    for &circuit in candidates {
        for (task, value) in circuits.image(circuit) {
            movers[fill[task]] = (circuit, value);
            fill[task] += 1;
        }
    }
    let movers = |task: usize| &movers[starts[task]..starts[task + 1]];
    let mut single: Vec<usize> = (0..tasks).filter(|task| open[*task] == 1).collect();
    let mut several: BinaryHeap<Reverse<(usize, usize)>> =
        (0..tasks).filter(|task| open[*task] > 1).map(|task| Reverse((open[task], task))).collect();
    let mut triangle = Vec::new();
    loop {
        let left = if let Some(task) = single.pop() {
            let found = movers(task).iter().find(|(circuit, _)| state[*circuit] == State::Open);
            let Some(&(circuit, pivot)) = found.filter(|(_, pivot)| open[task] == 1 && pivot.abs() >= least)
            else {
                continue;
            };
            triangle.push((task, circuit, pivot));
            state[circuit] = State::Taken;
            circuit
        } else if let Some(Reverse((count, task))) = several.pop() {
            if count != open[task] || count < 2 {
                continue;
            }
            // The one without which most tasks are left to a single circuit; the smallest of those.
            let gain = |circuit: usize| circuits.image(circuit).filter(|(task, _)| open[*task] == 2).count();
            let still = movers(task).iter().map(|(circuit, _)| *circuit).filter(|c| state[*c] == State::Open);
            let Some(circuit) = still.max_by_key(|circuit| gain(*circuit)) else { continue };
            state[circuit] = State::Aside;
            circuit
        } else {
            break;
        };
        for (task, _) in circuits.image(left) {
            open[task] -= 1;
            match open[task] {
                0 => {}
                1 => single.push(task),
                count => several.push(Reverse((count, task))),
            }
        }
    }
    let taken = state.into_iter().map(|state| state == State::Taken).collect();
    (triangle, taken)
}
