//! Forward and backward substitution for a few right-hand sides, which reads every cell of the factors once.

use std::ops::Range;

use crate::product::{self, Block};

/// Unknowns that are eliminated together.
const TOGETHER: usize = 64;

/// The factors of an n × n matrix, by columns, L with a unit diagonal that is not stored below U.
pub(super) struct Factors<'a> {
    pub(super) cells: &'a [f64],
    pub(super) n: usize,
}

impl Factors<'_> {
    /// Solves L U X = B in place; B is one vector of n numbers after the other.
    pub(super) fn solve(&self, vectors: &mut [f64]) {
        let n = self.n;
        for part in parts(n) {
            for vector in vectors.chunks_exact_mut(n) {
                for j in part.clone() {
                    let x = vector[j];
                    let column = &self.column(j)[j + 1..part.end];
                    subtract(&mut vector[j + 1..part.end], column, x);
                }
            }
            self.eliminate(vectors, part.clone(), part.end..n);
        }
        for part in parts(n).rev() {
            for vector in vectors.chunks_exact_mut(n) {
                for j in part.clone().rev() {
                    let x = vector[j] / self.column(j)[j];
                    vector[j] = x;
                    let column = &self.column(j)[part.start..j];
                    subtract(&mut vector[part.start..j], column, x);
                }
            }
            self.eliminate(vectors, part.clone(), 0..part.start);
        }
    }

    /// Solves (L U)' X = B in place.
    pub(super) fn solve_transposed(&self, vectors: &mut [f64]) {
        let n = self.n;
        for part in parts(n) {
            self.gather(vectors, 0..part.start, part.clone());
            for vector in vectors.chunks_exact_mut(n) {
                for j in part.clone() {
                    let column = self.column(j);
                    let known = dot(&column[part.start..j], &vector[part.start..j]);
                    vector[j] = (vector[j] - known) / column[j];
                }
            }
        }
        for part in parts(n).rev() {
            self.gather(vectors, part.end..n, part.clone());
            for vector in vectors.chunks_exact_mut(n) {
                for j in part.clone().rev() {
                    let known = dot(&self.column(j)[j + 1..part.end], &vector[j + 1..part.end]);
                    vector[j] -= known;
                }
            }
        }
    }

    fn column(&self, j: usize) -> &[f64] {
        &self.cells[j * self.n..(j + 1) * self.n]
    }

    /// Takes known unknowns out of the equations of other rows.
    fn eliminate(&self, vectors: &mut [f64], known: Range<usize>, rows: Range<usize>) {
        let x = selected(vectors, self.n, known.clone(), -1.0);
        let mut sums = selected(vectors, self.n, rows.clone(), 1.0);
        product::add_straight(Block::new(self.cells, self.n, rows.clone(), known), &x, &mut sums);
        for (vector, sums) in vectors.chunks_exact_mut(self.n).zip(sums.chunks_exact(rows.len().max(1))) {
            vector[rows.clone()].copy_from_slice(sums);
        }
    }

    /// Takes known unknowns out of the equations of the columns of `unknown`.
    fn gather(&self, vectors: &mut [f64], known: Range<usize>, unknown: Range<usize>) {
        let x = selected(vectors, self.n, known.clone(), 1.0);
        let mut products = vec![0.0; unknown.len() * vectors.len() / self.n];
        product::transposed(Block::new(self.cells, self.n, known, unknown.clone()), &x, &mut products);
        for (vector, products) in vectors.chunks_exact_mut(self.n).zip(products.chunks_exact(unknown.len())) {
            subtract(&mut vector[unknown.clone()], products, 1.0);
        }
    }
}

fn parts(n: usize) -> impl DoubleEndedIterator<Item = Range<usize>> {
    (0..n.div_ceil(TOGETHER)).map(move |part| part * TOGETHER..((part + 1) * TOGETHER).min(n))
}

/// The same part of every vector, times a sign.
fn selected(vectors: &[f64], n: usize, part: Range<usize>, sign: f64) -> Vec<f64> {
    vectors.chunks_exact(n).flat_map(|vector| vector[part.clone()].iter().map(|x| sign * x)).collect()
}

fn subtract(from: &mut [f64], column: &[f64], times: f64) {
    for (target, cell) in from.iter_mut().zip(column) {
        *target -= cell * times;
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |sum, (a, b)| sum + a * b)
}
