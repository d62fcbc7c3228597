//! Columns in use, eliminated member by member.

use super::super::Problem;

/// A deviation this near the edge of its band, over quota and largest offset, is on the edge.
const EDGE: f64 = 1e-9;
/// A member's columns, in units of the largest offset, of which less than the first is left after elimination are not taken
/// while there are others, and of which less than the second is left depend on those taken.
const SOUND: f64 = 0.05;
const DEPENDENT: f64 = 1e-9;
/// Coefficients that are 0 but for rounding.
const NOTHING: f64 = 1e-13;

/// Where a member stands in one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Side {
    /// There is no band.
    Unbounded,
    /// Beyond the lower edge of a soft band, on it, inside, on the upper edge, beyond it.
    Below,
    Lower,
    Inside,
    Upper,
    Above,
}

/// A point with its deviations. Columns are numbered: pairs, then deviations, members × D.
pub(in super::super) struct Point<'a> {
    pub(in super::super) problem: &'a Problem,
    /// Hours of pairs, then hours times points.
    pub(in super::super) value: Vec<f64>,
    pub(in super::super) side: Vec<Side>,
    /// The largest |offset| per dimension.
    largest: Vec<f64>,
}

impl<'a> Point<'a> {
    pub(in super::super) fn new(problem: &'a Problem, mut x: Vec<f64>) -> Self {
        let (dimensions, pairs) = (problem.dimensions(), problem.pairs());
        let mut largest = vec![0.0_f64; dimensions];
        for (k, offset) in problem.data().offsets.iter().enumerate() {
            largest[k % dimensions] = largest[k % dimensions].max(offset.abs());
        }
        largest.iter_mut().filter(|most| **most == 0.0).for_each(|most| *most = 1.0);
        x.resize(pairs + problem.members() * dimensions, 0.0);
        let side = vec![Side::Unbounded; problem.members() * dimensions];
        let mut point = Point { problem, value: x, side, largest };
        for i in 0..problem.members() {
            point.measure(i);
            for d in 0..dimensions {
                let (at, quota) = (i * dimensions + d, problem.data().quotas[i]);
                let tolerance = problem.tolerances(i)[d];
                let (value, edge) = (point.value[pairs + at], tolerance * quota);
                let near = EDGE * quota * point.largest[d];
                let soft = problem.penalty(i, d) < f64::INFINITY;
                point.side[at] = match () {
                    () if tolerance == f64::INFINITY => Side::Unbounded,
                    () if value > edge + near && soft => Side::Above,
                    () if value < -edge - near && soft => Side::Below,
                    () if value >= edge - near => Side::Upper,
                    () if value <= -edge + near => Side::Lower,
                    () => Side::Inside,
                };
            }
        }
        point
    }

    /// Takes a member's deviations from the hours.
    fn measure(&mut self, member: usize) {
        let (dimensions, pairs) = (self.problem.dimensions(), self.problem.pairs());
        for d in 0..dimensions {
            let own = self.problem.range(member);
            let offset = |k: usize| self.problem.offsets(self.problem.data().tasks[k])[d];
            self.value[pairs + member * dimensions + d] = own.map(|k| offset(k) * self.value[k]).sum();
        }
    }

    /// Half the width of the band of a deviation, in hours times points.
    fn edge(&self, deviation: usize) -> f64 {
        let (i, d) = (deviation / self.problem.dimensions(), deviation % self.problem.dimensions());
        self.problem.tolerances(i)[d] * self.problem.data().quotas[i]
    }

    /// What a column's value must stay between.
    pub(in super::super) fn limits(&self, column: usize) -> (f64, f64) {
        let Some(deviation) = column.checked_sub(self.problem.pairs()) else { return (0.0, f64::INFINITY) };
        match self.side[deviation] {
            Side::Unbounded => (f64::NEG_INFINITY, f64::INFINITY),
            Side::Below => (f64::NEG_INFINITY, -self.edge(deviation)),
            Side::Above => (self.edge(deviation), f64::INFINITY),
            Side::Lower | Side::Inside | Side::Upper => (-self.edge(deviation), self.edge(deviation)),
        }
    }

    /// What a unit of a column costs.
    pub(in super::super) fn cost(&self, column: usize) -> f64 {
        let Some(deviation) = column.checked_sub(self.problem.pairs()) else {
            return self.problem.data().costs[column];
        };
        let (i, d) = (deviation / self.problem.dimensions(), deviation % self.problem.dimensions());
        match self.side[deviation] {
            Side::Above => self.problem.penalty(i, d),
            Side::Below => -self.problem.penalty(i, d),
            _ => 0.0,
        }
    }

    /// Puts a column on the limit that is nearest, where it is in use no more.
    pub(in super::super) fn retire(&mut self, column: usize) {
        let (low, high) = self.limits(column);
        let up = high - self.value[column] < self.value[column] - low;
        self.value[column] = if up { high } else { low };
        if let Some(deviation) = column.checked_sub(self.problem.pairs()) {
            self.side[deviation] = match self.side[deviation] {
                Side::Above => Side::Upper,
                Side::Below => Side::Lower,
                _ if up => Side::Upper,
                _ => Side::Lower,
            };
        }
    }
}

/// Null directions of single members, each with one column of its own: what a member can do without changing
/// quota or any band, and which tasks' hours that moves.
#[derive(Default)]
pub(in super::super) struct Circuits {
    /// Where each member's circuits begin, and each circuit's columns.
    of_member: Vec<usize>,
    starts: Vec<usize>,
    columns: Vec<usize>,
    values: Vec<f64>,
    /// (column, coefficient) of each that no other has.
    pub(in super::super) own: Vec<(usize, f64)>,
    /// How far that column is from its limits, over the quota.
    pub(in super::super) size: Vec<f64>,
    image_starts: Vec<usize>,
    image_tasks: Vec<u32>,
    image_values: Vec<f64>,
    /// Columns in use, of which deviations, and the rank of the members' own rows.
    pub(in super::super) in_use: usize,
    pub(in super::super) deviations: usize,
    pub(in super::super) rank: usize,
}

impl Circuits {
    /// Eliminates every member's columns; with `mend`, first lets quotas and edges be met to the last digit.
    ///
    /// # Complexity
    /// O(columns in use · D²).
    pub(in super::super) fn new(point: &mut Point<'_>, mend: bool) -> Self {
        let mut circuits = Circuits { starts: vec![0], image_starts: vec![0], ..Circuits::default() };
        let mut block = Block::default();
        for i in 0..point.problem.members() {
            circuits.of_member.push(circuits.len());
            if point.problem.data().quotas[i] == 0.0 {
                continue;
            }
            block.fill(point, i);
            block.eliminate();
            if mend {
                block.mend(point, i);
            }
            circuits.push(point, &block);
        }
        circuits.of_member.push(circuits.len());
        circuits
    }

    pub(in super::super) fn len(&self) -> usize {
        self.own.len()
    }

    /// Columns and coefficients.
    pub(in super::super) fn columns(&self, circuit: usize) -> impl Iterator<Item = (usize, f64)> {
        let range = self.starts[circuit]..self.starts[circuit + 1];
        self.columns[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }

    /// Circuits with this column, and its coefficient.
    pub(in super::super) fn with(&self, problem: &Problem, column: usize) -> Vec<(usize, f64)> {
        let member = match column.checked_sub(problem.pairs()) {
            None => problem.data().starts.partition_point(|start| *start <= column) - 1,
            Some(deviation) => deviation / problem.dimensions(),
        };
        let own = self.of_member[member]..self.of_member[member + 1];
        let value = |circuit: usize| self.columns(circuit).find(|(other, _)| *other == column);
        own.filter_map(|circuit| value(circuit).map(|(_, value)| (circuit, value))).collect()
    }

    /// Hours moved, by task.
    pub(in super::super) fn image(&self, circuit: usize) -> impl Iterator<Item = (usize, f64)> {
        let range = self.image_starts[circuit]..self.image_starts[circuit + 1];
        self.image_tasks[range.clone()]
            .iter()
            .map(|task| *task as usize)
            .zip(self.image_values[range].iter().copied())
    }

    fn push(&mut self, point: &Point<'_>, block: &Block) {
        let pairs = point.problem.pairs();
        self.in_use += block.columns.len();
        self.deviations += block.columns.iter().filter(|column| **column >= pairs).count();
        self.rank += block.pivots.len();
        let width = block.columns.len() + 1;
        for j in (0..block.columns.len()).filter(|j| !block.is_key[*j]) {
            let begin = self.columns.len();
            self.columns.push(block.columns[j]);
            self.values.push(block.unit[j]);
            for &(row, key) in &block.pivots {
                let value = block.matrix[row * width + j];
                if value.abs() > NOTHING {
                    self.columns.push(block.columns[key]);
                    self.values.push(-value * block.unit[key]);
                }
            }
            // Images of the order of 1, whatever the column.
            let moved = |(column, value): (&usize, &f64)| if *column < pairs { value.abs() } else { 0.0 };
            let most = self.columns[begin..].iter().zip(&self.values[begin..]).map(moved).fold(0.0, f64::max);
            if most > 0.0 {
                self.values[begin..].iter_mut().for_each(|value| *value /= most);
            }
            for at in begin..self.columns.len() {
                if self.columns[at] < pairs {
                    self.image_tasks.push(point.problem.data().tasks[self.columns[at]].index() as u32);
                    self.image_values.push(self.values[at]);
                }
            }
            self.own.push((block.columns[j], self.values[begin]));
            self.size.push(block.size[j]);
            self.starts.push(self.columns.len());
            self.image_starts.push(self.image_tasks.len());
        }
    }
}

/// One member's columns in use: rows are the quota and every band, over the largest offset.
#[derive(Default)]
struct Block {
    columns: Vec<usize>,
    /// What one unit of a column of the matrix is in the column's own.
    unit: Vec<f64>,
    size: Vec<f64>,
    order: Vec<usize>,
    is_key: Vec<bool>,
    taken: Vec<bool>,
    rows: usize,
    /// Rows × (columns and what the rows miss).
    matrix: Vec<f64>,
    /// (row, column) of the keys: columns that span all.
    pivots: Vec<(usize, usize)>,
}

impl Block {
    fn fill(&mut self, point: &mut Point<'_>, member: usize) {
        point.measure(member);
        let (problem, pairs, dimensions) = (point.problem, point.problem.pairs(), point.problem.dimensions());
        let quota = problem.data().quotas[member];
        let at = |d: usize| member * dimensions + d;
        for vector in [&mut self.unit, &mut self.size] {
            vector.clear();
        }
        self.columns.clear();
        for k in problem.range(member).filter(|k| point.value[*k] > 0.0) {
            self.columns.push(k);
            self.unit.push(1.0);
            self.size.push(point.value[k] / quota);
        }
        let used = self.columns.len();
        for d in 0..dimensions {
            if matches!(point.side[at(d)], Side::Below | Side::Inside | Side::Above) {
                let (low, high) = point.limits(pairs + at(d));
                let value = point.value[pairs + at(d)];
                self.columns.push(pairs + at(d));
                self.unit.push(point.largest[d]);
                self.size.push((value - low).min(high - value).max(0.0) / (quota * point.largest[d]));
            }
        }
        let width = self.columns.len() + 1;
        self.matrix.clear();
        self.matrix.resize((1 + dimensions) * width, 0.0);
        self.matrix[..used].fill(1.0);
        self.matrix[width - 1] = quota - self.columns[..used].iter().map(|k| point.value[*k]).sum::<f64>();
        self.rows = 1;
        for d in (0..dimensions).filter(|d| point.side[at(*d)] != Side::Unbounded) {
            let row = &mut self.matrix[self.rows * width..][..width];
            for (entry, k) in row.iter_mut().zip(&self.columns[..used]) {
                *entry = problem.offsets(problem.data().tasks[*k])[d] / point.largest[d];
            }
            match self.columns[used..].iter().position(|column| *column == pairs + at(d)) {
                Some(position) => row[used + position] = -1.0,
                None => {
                    let edge = point.edge(at(d));
                    let target = if point.side[at(d)] == Side::Upper { edge } else { -edge };
                    row[width - 1] = (target - point.value[pairs + at(d)]) / point.largest[d];
                }
            }
            self.rows += 1;
        }
    }

    /// Gauss and Jordan's elimination; columns far from their limits first, so that they become keys.
    fn eliminate(&mut self) {
        let count = self.columns.len();
        let width = count + 1;
        self.order.clear();
        self.order.extend(0..count);
        let size = &self.size;
        self.order.sort_by(|a, b| size[*b].total_cmp(&size[*a]).then(a.cmp(b)));
        self.is_key.clear();
        self.is_key.resize(count, false);
        self.pivots.clear();
        self.taken.clear();
        self.taken.resize(self.rows, false);
        for threshold in [SOUND, DEPENDENT] {
            for &j in &self.order {
                if self.pivots.len() == self.rows {
                    return;
                }
                if self.is_key[j] {
                    continue;
                }
                let entry = |row: usize| self.matrix[row * width + j].abs();
                let free = (0..self.rows).filter(|row| !self.taken[*row]);
                let Some(pivot) = free.max_by(|a, b| entry(*a).total_cmp(&entry(*b)).then(b.cmp(a))) else {
                    return;
                };
                if entry(pivot) < threshold {
                    continue;
                }
                let by = self.matrix[pivot * width + j];
                self.matrix[pivot * width..][..width].iter_mut().for_each(|value| *value /= by);
                for row in (0..self.rows).filter(|row| *row != pivot) {
                    let factor = self.matrix[row * width + j];
                    if factor != 0.0 {
                        for at in 0..width {
                            self.matrix[row * width + at] -= factor * self.matrix[pivot * width + at];
                        }
                    }
                }
                self.is_key[j] = true;
                self.taken[pivot] = true;
                self.pivots.push((pivot, j));
            }
        }
    }

    /// Lets the keys take what the rows miss, if they can.
    fn mend(&self, point: &mut Point<'_>, member: usize) {
        let width = self.columns.len() + 1;
        let change = |row: usize, key: usize| self.matrix[row * width + width - 1] * self.unit[key];
        let possible = self.pivots.iter().all(|(row, key)| {
            let (low, high) = point.limits(self.columns[*key]);
            (low..=high).contains(&(point.value[self.columns[*key]] + change(*row, *key)))
        });
        if possible {
            for &(row, key) in &self.pivots {
                point.value[self.columns[key]] += change(row, key);
            }
            point.measure(member);
        }
    }
}
