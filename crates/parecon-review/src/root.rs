//! A root of a function that changes its sign once.

/// Relative width at which a bracket counts as a point: a few units in the last place.
const WIDTH: f64 = 4.0 * f64::EPSILON;
/// False position with safeguards needs some ten steps; bisection alone, some sixty.
const MAX_STEPS: u32 = 200;

/// Where `f` turns positive: not so at `low`, so at `high`. Jumps are fine, the jump is found; so are stretches of
/// zeros where `f` underflows at the low side.
///
/// False position with the Anderson–Björck weight, replaced by bisection whenever two steps did not halve the
/// bracket. Assumes, does not check, that `f(low)` ≤ 0 < `f(high)`.
pub(crate) fn crossing(f: impl Fn(f64) -> f64, low: f64, high: f64, tolerance: f64) -> f64 {
    let (mut a, mut b) = (low, high);
    let (mut fa, mut fb) = (f(a), f(b));
    let mut wide = b - a;
    let mut bisect = false;
    for step in 0..MAX_STEPS {
        if b - a <= tolerance.max(WIDTH * a.abs().max(b.abs())) {
            break;
        }
        let middle = 0.5 * (a + b);
        let secant = a - fa * (b - a) / (fb - fa);
        let x = if bisect || !(secant > a && secant < b) { middle } else { secant };
        let fx = f(x);
        if fx <= 0.0 {
            let keep = 1.0 - fx / fa;
            (a, fa) = (x, fx);
            fb *= if keep > 0.0 { keep } else { 0.5 };
        } else {
            let keep = 1.0 - fx / fb;
            (b, fb) = (x, fx);
            fa *= if keep > 0.0 { keep } else { 0.5 };
        }
        bisect = false;
        if step % 2 == 1 {
            bisect = b - a > 0.5 * wide;
            wide = b - a;
        }
    }
    0.5 * (a + b)
}
