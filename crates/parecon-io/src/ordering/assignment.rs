//! Assignment problems that are solved one after the other, each without the cells of the ones before.

use nalgebra::DMatrix;

/// Solves for permutations with the largest sum of cells, and takes their cells out.
///
/// Shortest augmenting paths (Jonker and Volgenant 1987). Prices stay valid when cells are taken out, so every problem
/// starts from those of the one before and mostly finds its rows matched along the way.
pub(super) struct Assignments {
    /// Minus the cells, row by row; infinite where they are gone.
    costs: Vec<f64>,
    row_price: Vec<f64>,
    column_price: Vec<f64>,
}

const NONE: usize = usize::MAX;

impl Assignments {
    pub(super) fn new(matrix: &DMatrix<f64>) -> Self {
        let costs = matrix.transpose().iter().map(|cell| -cell).collect();
        let row_price = matrix.row_iter().map(|row| -row.max()).collect();
        Self { costs, row_price, column_price: vec![0.0; matrix.nrows()] }
    }

    /// The best permutation of cells that are left, as the column of every row. There is one for each of the first n
    /// calls: what is left has as many cells in every row as in every column.
    pub(super) fn next(&mut self) -> Option<Vec<usize>> {
        let n = self.row_price.len();
        let mut row_of = vec![NONE; n];
        let mut column_of = vec![NONE; n];
        for i in 0..n {
            // Free matches along cells without reduced cost.
            if let Some(j) = (0..n).find(|&j| row_of[j] == NONE && self.reduced(i, j) <= 0.0) {
                (row_of[j], column_of[i]) = (i, j);
            }
        }
        for i in 0..n {
            if column_of[i] == NONE {
                self.augment(i, &mut row_of, &mut column_of)?;
            }
        }
        for (i, &j) in column_of.iter().enumerate() {
            self.costs[i * n + j] = f64::INFINITY;
        }
        Some(column_of)
    }

    /// What a cell costs beyond the prices of its row and column; infinite when it is gone.
    fn reduced(&self, i: usize, j: usize) -> f64 {
        self.costs[i * self.row_price.len() + j] - self.row_price[i] - self.column_price[j]
    }

    /// Matches one more row along the shortest alternating path; `None` when no cell is left for it.
    fn augment(&mut self, start: usize, row_of: &mut [usize], column_of: &mut [usize]) -> Option<()> {
        let n = self.row_price.len();
        let mut distance = vec![f64::INFINITY; n];
        let mut from = vec![NONE; n];
        let mut settled = vec![false; n];
        let mut order = Vec::new();
        let (mut row, mut reached) = (start, 0.0);
        let end = loop {
            for j in 0..n {
                if !settled[j] {
                    // Prices are valid to rounding; a cost below zero is noise.
                    let through = reached + self.reduced(row, j).max(0.0);
                    if through < distance[j] {
                        (distance[j], from[j]) = (through, row);
                    }
                }
            }
            let next =
                (0..n).filter(|&j| !settled[j]).min_by(|&a, &b| distance[a].total_cmp(&distance[b]))?;
            if distance[next].is_infinite() {
                return None;
            }
            reached = distance[next];
            if row_of[next] == NONE {
                break next;
            }
            settled[next] = true;
            order.push(next);
            row = row_of[next];
        };
        self.row_price[start] += reached;
        for j in order {
            let step = reached - distance[j];
            self.column_price[j] -= step;
            self.row_price[row_of[j]] += step;
        }
        let mut j = end;
        loop {
            let i = from[j];
            row_of[j] = i;
            std::mem::swap(&mut j, &mut column_of[i]);
            if i == start {
                return Some(());
            }
        }
    }
}
