//! Bounds on payoffs that are convex in a quantity: above their tangents, below their chords.

/// A payoff at one value of the quantity, and its slope there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) value: f64,
    pub(crate) slope: f64,
}

/// The most by which one convex payoff can exceed another anywhere between two values of the quantity, given both at
/// both: the largest gap between the chord of `upper` and the tangents of `lower`.
///
/// The higher of two tangents, a convex function, is lowest relative to a chord at an end or where the two meet.
pub(crate) fn largest_lead(upper: (f64, f64), lower: (Point, Point)) -> f64 {
    let (a, b) = lower;
    let width = b.x - a.x;
    let bend = b.slope - a.slope;
    let kink =
        if bend > 0.0 { ((a.value - b.value + b.slope * width) / bend).clamp(0.0, width) } else { 0.0 };
    let share = if width > 0.0 { kink / width } else { 0.0 };
    let tangent = (a.value + a.slope * kink).max(b.value - b.slope * (width - kink));
    let inside = upper.0 + (upper.1 - upper.0) * share - tangent;
    inside.max(upper.0 - a.value).max(upper.1 - b.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chord_over_a_parabola() {
        // x² at −1 and 1 has tangents ±2x − 1, which meet at −1; the chord of |x| is 1.
        let square = |x: f64| Point { x, value: x * x, slope: 2.0 * x };
        assert_eq!(largest_lead((1.0, 1.0), (square(-1.0), square(1.0))), 2.0);
        assert_eq!(largest_lead((0.0, 3.0), (square(-1.0), square(1.0))), 2.5);
        assert_eq!(largest_lead((-9.0, 1.5), (square(2.0), square(2.0))), -2.5);
    }
}
