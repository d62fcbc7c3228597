//! The thresholds that maximise net benefit where no first-order conditions are at hand: coordinate ascent from the
//! best point of a coarse grid.

use crate::environment::Environment;
use crate::flow::flow;
use crate::policy::{Policy, Threshold};

/// Integrals during the search: an error of this size moves the chosen point within a plateau of the same height.
const TOLERANCE: f64 = 1e-11;
/// Grid of cut-offs, in standard deviations of one reading; all and none are tried besides.
const GRID: [f64; 9] = [-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0];
/// Spacing of the grid.
const STEP: f64 = 1.0;
/// Width to which a cut-off is narrowed. Payoffs are flat at the optimum, so they lose its square.
const WIDTH: f64 = 1e-7;
/// Rounds of coordinate ascent. Each is a maximum in turn, so it only ever rises.
const ROUNDS: u32 = 40;
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// One cut-off for each stage of the policy; 0 for a stage that has none.
pub(crate) fn cuts(environment: &Environment, policy: &Policy) -> Vec<f64> {
    let mut cuts = Vec::new();
    let mut free = Vec::new();
    for (i, stage) in policy.stages().iter().enumerate() {
        match stage.rule.threshold() {
            Some(Threshold::Fixed(cut)) => cuts.push(cut),
            Some(Threshold::Optimal) => {
                free.push(i);
                cuts.push(0.0);
            }
            None => cuts.push(0.0),
        }
    }
    if free.is_empty() {
        return cuts;
    }
    let worth = |cuts: &[f64]| {
        let (benefit, harm, costs) = flow(environment, policy, cuts, TOLERANCE).account(environment, policy);
        benefit - harm - costs.total()
    };
    let mut best = worth(&cuts);
    // One free threshold is scanned by the ascent itself.
    if free.len() > 1 {
        let mut at = cuts.clone();
        for cell in 0..GRID.len().pow(free.len() as u32) {
            let mut rest = cell;
            for &i in &free {
                at[i] = GRID[rest % GRID.len()];
                rest /= GRID.len();
            }
            let value = worth(&at);
            if value > best {
                (best, cuts) = (value, at.clone());
            }
        }
    }
    for _ in 0..ROUNDS {
        let before = best;
        for &i in &free {
            let mut at = cuts.clone();
            let (cut, value) = maximum(|cut| {
                at[i] = cut;
                worth(&at)
            });
            if value > best {
                best = value;
                cuts[i] = cut;
            }
        }
        if free.len() == 1 || best - before <= TOLERANCE * before.abs() {
            break;
        }
    }
    cuts
}

/// The best cut-off: all, none, or the best of the grid's peaks, each refined.
fn maximum(mut f: impl FnMut(f64) -> f64) -> (f64, f64) {
    let mut best = (f64::NEG_INFINITY, f(f64::NEG_INFINITY));
    let mut consider = |candidate: (f64, f64)| {
        if candidate.1 > best.1 {
            best = candidate;
        }
    };
    let values = GRID.map(&mut f);
    let at = |i: usize| values.get(i).copied().unwrap_or(f64::NEG_INFINITY);
    for (i, &cut) in GRID.iter().enumerate() {
        if values[i] >= at(i.wrapping_sub(1)) && values[i] >= at(i + 1) {
            consider((cut, values[i]));
            consider(peak(cut, &mut f));
        }
    }
    consider((f64::INFINITY, f(f64::INFINITY)));
    best
}

/// The highest point near `centre`, by golden section.
fn peak(centre: f64, mut f: impl FnMut(f64) -> f64) -> (f64, f64) {
    let (mut low, mut high) = (centre - STEP, centre + STEP);
    let (mut a, mut b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut fa, mut fb) = (f(a), f(b));
    while high - low > WIDTH {
        if fa >= fb {
            high = b;
            (b, fb) = (a, fa);
            a = high - GOLDEN * (high - low);
            fa = f(a);
        } else {
            low = a;
            (a, fa) = (b, fb);
            b = low + GOLDEN * (high - low);
            fb = f(b);
        }
    }
    if fa >= fb { (a, fa) } else { (b, fb) }
}
