//! A matrix that is filled by blocks of rows.

use nalgebra::DMatrix;

/// An empty cell, which is NaN, as 0.
pub(crate) fn filled(cell: f64) -> f64 {
    if cell.is_nan() { 0.0 } else { cell }
}

/// What is reserved at most on the strength of a guess: 1 GiB.
const GUESSED: usize = 1 << 27;
/// Rows reserved at least.
const FEW: usize = 64;

/// Cells by column, with room for more rows.
#[derive(Debug)]
pub(crate) struct Cells {
    data: Vec<f64>,
    rows: usize,
    room: usize,
    columns: usize,
    /// How many rows are expected in all.
    expected: usize,
}

impl Cells {
    /// No rows yet; memory is only touched where rows are put, so a guess too high costs nothing.
    pub(crate) fn new(columns: usize, expected: usize) -> Self {
        let room = expected.max(FEW).min((GUESSED / columns.max(1)).max(1));
        Self { data: vec![0.0; room * columns], rows: 0, room, columns, expected }
    }

    /// Cells that are there already, by column.
    #[cfg(feature = "parquet")]
    pub(crate) fn of_columns(data: Vec<f64>, rows: usize, columns: usize) -> Self {
        Self { data, rows, room: rows, columns, expected: rows }
    }

    /// Appends rows that lie one after the other in `block`.
    pub(crate) fn push(&mut self, block: &[f64]) {
        if self.columns == 0 {
            return;
        }
        let more = block.len() / self.columns;
        if self.rows + more > self.room {
            self.grow(self.rows + more);
        }
        let (rows, room, columns) = (self.rows, self.room, self.columns);
        let fill = |(j, column): (usize, &mut [f64])| {
            for (i, cell) in column[rows..rows + more].iter_mut().enumerate() {
                *cell = block[i * columns + j];
            }
        };
        #[cfg(feature = "parallel")]
        {
            use rayon::prelude::*;
            self.data.par_chunks_mut(room).enumerate().with_min_len(64).for_each(fill);
        }
        #[cfg(not(feature = "parallel"))]
        self.data.chunks_mut(room).enumerate().for_each(fill);
        self.rows += more;
    }

    fn grow(&mut self, needed: usize) {
        let room = needed.max(2 * self.room).max(if self.room < self.expected { self.expected } else { 0 });
        let mut data = vec![0.0; room * self.columns];
        for (to, from) in data.chunks_mut(room).zip(self.data.chunks(self.room)) {
            to[..self.rows].copy_from_slice(&from[..self.rows]);
        }
        (self.data, self.room) = (data, room);
    }

    pub(crate) fn get(&self, row: usize, column: usize) -> f64 {
        self.data[column * self.room + row]
    }

    /// A copy of the cells at these rows and columns.
    pub(crate) fn block(&self, rows: &[usize], columns: &[usize]) -> DMatrix<f64> {
        DMatrix::from_fn(rows.len(), columns.len(), |i, j| self.get(rows[i], columns[j]))
    }

    /// The cells at these rows and columns; within the same memory if both are in increasing order.
    pub(crate) fn into_block(mut self, rows: &[usize], columns: &[usize]) -> DMatrix<f64> {
        let increasing = |places: &[usize]| places.windows(2).all(|pair| pair[0] < pair[1]);
        if !increasing(rows) || !increasing(columns) {
            return self.block(rows, columns);
        }
        // What is written lies never behind what is still to be read.
        let contiguous = rows.last().is_some_and(|last| last + 1 - rows[0] == rows.len());
        for (j, &column) in columns.iter().enumerate() {
            let (to, from) = (j * rows.len(), column * self.room);
            if contiguous {
                self.data.copy_within(from + rows[0]..from + rows[0] + rows.len(), to);
            } else {
                for (i, &row) in rows.iter().enumerate() {
                    self.data[to + i] = self.data[from + row];
                }
            }
        }
        self.data.truncate(rows.len() * columns.len());
        self.data.shrink_to_fit();
        DMatrix::from_vec(rows.len(), columns.len(), self.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_blocks_and_are_taken_in_any_order() {
        let whole = DMatrix::from_fn(300, 7, |i, j| (i * 7 + j) as f64);
        for expected in [0, 10, 300, 1000] {
            for step in [1, 64, 130, 300] {
                let fill = || {
                    let mut cells = Cells::new(7, expected);
                    let by_row: Vec<f64> = whole.transpose().as_slice().to_vec();
                    by_row.chunks(step * 7).for_each(|block| cells.push(block));
                    cells
                };
                let all: Vec<usize> = (0..300).collect();
                assert_eq!(fill().into_block(&all, &[0, 1, 2, 3, 4, 5, 6]), whole);
                for (rows, columns) in
                    [(&all[5..20], &[1, 4, 6][..]), (&[0, 7, 299], &[0, 6]), (&[9, 3], &[6, 2])]
                {
                    let wanted = whole.select_rows(rows).select_columns(columns);
                    assert_eq!(fill().block(rows, columns), wanted);
                    assert_eq!(fill().into_block(rows, columns), wanted);
                }
            }
        }
    }
}
