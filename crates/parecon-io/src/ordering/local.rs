//! A good order of many sectors, by iterated local search.

use nalgebra::DMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Gains smaller than this share of the surpluses are rounding and could go round in circles.
const LEAST_GAIN: f64 = 1e-14;

/// What an order gives up: surpluses below the diagonal.
pub(super) fn missed(surplus: &DMatrix<f64>, order: &[usize]) -> f64 {
    let missed_by =
        |k: usize| order[..k].iter().map(|&before| surplus[(order[k], before)].max(0.0)).sum::<f64>();
    (0..order.len()).map(missed_by).sum()
}

/// The best order found: from sectors sorted by their net sales, improved by moving single sectors, then `rounds`
/// times disturbed and improved again, and kept when not worse.
pub(super) fn order(surplus: &DMatrix<f64>, rounds: usize, seed: u64) -> Vec<usize> {
    let m = surplus.nrows();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut search = Search::new(surplus);
    search.improve();
    let mut best = search.order.clone();
    for _ in 0..rounds {
        let mut gained = 0.0;
        for _ in 0..2 + rng.random_range(0..=m / 16) {
            let (from, to) = (rng.random_range(0..m), rng.random_range(0..m));
            gained += search.shift(from, to);
        }
        gained += search.improve();
        // Equal orders are kept too: they lead elsewhere.
        if gained >= 0.0 {
            best.clone_from(&search.order);
        } else {
            search.order.clone_from(&best);
        }
    }
    best
}

struct Search {
    /// Row by row: what a sector gains by standing before another.
    gains: Vec<f64>,
    order: Vec<usize>,
    least: f64,
}

impl Search {
    fn new(surplus: &DMatrix<f64>) -> Self {
        let m = surplus.nrows();
        let net = surplus.column_sum();
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by(|&a, &b| net[b].total_cmp(&net[a]));
        let gains = surplus.transpose().as_slice().to_vec();
        Self { gains, order, least: LEAST_GAIN * surplus.abs().sum() }
    }

    /// Moves single sectors to their best places until none gains; returns the gain.
    fn improve(&mut self) -> f64 {
        let m = self.order.len();
        let (mut gained, mut settled, mut at) = (0.0, 0, 0);
        while settled < m {
            let (to, gain) = self.best_place(at);
            if gain > self.least {
                gained += self.shift(at, to);
                settled = 0;
            } else {
                settled += 1;
            }
            at = (at + 1) % m;
        }
        gained
    }

    /// Where the sector at this place gains most, and how much.
    fn best_place(&self, at: usize) -> (usize, f64) {
        let m = self.order.len();
        let sector = self.order[at];
        let gains = &self.gains[sector * m..(sector + 1) * m];
        let (mut best, mut to, mut sum) = (0.0, at, 0.0);
        for k in (0..at).rev() {
            sum += gains[self.order[k]];
            if sum > best {
                (best, to) = (sum, k);
            }
        }
        sum = 0.0;
        for k in at + 1..m {
            sum -= gains[self.order[k]];
            if sum > best {
                (best, to) = (sum, k);
            }
        }
        (to, best)
    }

    /// Moves a sector to another place; returns the gain.
    fn shift(&mut self, from: usize, to: usize) -> f64 {
        let m = self.order.len();
        let sector = self.order[from];
        let gains = &self.gains[sector * m..(sector + 1) * m];
        if from < to {
            let gain: f64 = self.order[from + 1..=to].iter().map(|&other| -gains[other]).sum();
            self.order[from..=to].rotate_left(1);
            gain
        } else {
            let gain: f64 = self.order[to..from].iter().map(|&other| gains[other]).sum();
            self.order[to..=from].rotate_right(1);
            gain
        }
    }
}
