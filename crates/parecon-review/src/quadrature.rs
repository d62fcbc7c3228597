//! Adaptive Gauss–Kronrod quadrature of several integrands at once.

/// Abscissae of the 15-point Kronrod rule on [−1, 1], non-negative half, outermost first. Every second one belongs
/// to the 7-point Gauss rule.
const NODES: [f64; 8] = [
    0.991_455_371_120_812_6,
    0.949_107_912_342_758_5,
    0.864_864_423_359_769_1,
    0.741_531_185_599_394_4,
    0.586_087_235_467_691_1,
    0.405_845_151_377_397_2,
    0.207_784_955_007_898_47,
    0.0,
];
const KRONROD: [f64; 8] = [
    0.022_935_322_010_529_224,
    0.063_092_092_629_978_55,
    0.104_790_010_322_250_18,
    0.140_653_259_715_525_92,
    0.169_004_726_639_267_9,
    0.190_350_578_064_785_4,
    0.204_432_940_075_298_9,
    0.209_482_141_084_727_82,
];
const GAUSS: [f64; 4] =
    [0.129_484_966_168_869_7, 0.279_705_391_489_276_64, 0.381_830_050_505_118_9, 0.417_959_183_673_469_4];

/// Error accepted, relative to the sum of all integrals: some ten times rounding, beyond which halving panels
/// only stirs noise.
pub(crate) const RELATIVE_TOLERANCE: f64 = 2e-15;
/// Halvings of one panel. 2⁻⁴⁰ of a panel is far below the width of any feature that is not a jump, and jumps are
/// put on panel borders by the caller.
const MAX_DEPTH: u32 = 40;

/// Integrals and an estimate of their summed absolute error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Integral<const N: usize> {
    pub(crate) value: [f64; N],
    pub(crate) error: f64,
}

/// Integrates `f` ≥ 0 over the panels between consecutive `borders` (ascending).
///
/// The error estimate is |K₁₅ − G₇| sharpened as in QUADPACK (Piessens et al. 1983): an estimate rather than a
/// proof, which the tests hold against closed forms.
pub(crate) fn integrate<const N: usize>(f: impl Fn(f64) -> [f64; N], borders: &[f64]) -> Integral<N> {
    integrate_to(f, borders, RELATIVE_TOLERANCE)
}

/// The same to another tolerance, relative to the sum of all integrals.
pub(crate) fn integrate_to<const N: usize>(
    f: impl Fn(f64) -> [f64; N],
    borders: &[f64],
    tolerance: f64,
) -> Integral<N> {
    let mut open: Vec<(Panel<N>, u32)> = borders
        .windows(2)
        .filter(|pair| pair[1] > pair[0])
        .map(|pair| (Panel::new(&f, pair[0], pair[1]), 0))
        .collect();
    let scale: f64 = open.iter().map(|(panel, _)| panel.magnitude()).sum();
    let allowed = tolerance * scale;
    let mut total = Integral { value: [0.0; N], error: 0.0 };
    while let Some((panel, depth)) = open.pop() {
        // Not a number is not made one by halving.
        if panel.error.is_nan() || panel.error <= allowed || depth == MAX_DEPTH {
            for (sum, part) in total.value.iter_mut().zip(panel.value) {
                *sum += part;
            }
            total.error += panel.error + f64::EPSILON * panel.magnitude();
        } else {
            let middle = 0.5 * (panel.from + panel.to);
            open.push((Panel::new(&f, panel.from, middle), depth + 1));
            open.push((Panel::new(&f, middle, panel.to), depth + 1));
        }
    }
    total
}

struct Panel<const N: usize> {
    from: f64,
    to: f64,
    value: [f64; N],
    error: f64,
}

impl<const N: usize> Panel<N> {
    fn new(f: &impl Fn(f64) -> [f64; N], from: f64, to: f64) -> Self {
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        let (mut kronrod, mut gauss) = ([0.0; N], [0.0; N]);
        for (i, (node, weight)) in NODES.iter().zip(KRONROD).enumerate() {
            let right = f(middle + half * node);
            let left = if i == 7 { [0.0; N] } else { f(middle - half * node) };
            for j in 0..N {
                let sum = right[j] + left[j];
                kronrod[j] += weight * sum;
                if i % 2 == 1 {
                    gauss[j] += GAUSS[i / 2] * sum;
                }
            }
        }
        let mut error = 0.0;
        for j in 0..N {
            let (value, gap) = (kronrod[j] * half, (kronrod[j] - gauss[j]).abs() * half);
            kronrod[j] = value;
            if value > 0.0 {
                error += value * (200.0 * gap / value).powf(1.5).min(1.0);
            }
        }
        Self { from, to, value: kronrod, error }
    }

    fn magnitude(&self) -> f64 {
        self.value.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_integrate_constants_and_the_gauss_rule_is_embedded() {
        let kronrod: f64 = KRONROD[..7].iter().map(|w| 2.0 * w).sum::<f64>() + KRONROD[7];
        let gauss: f64 = GAUSS[..3].iter().map(|w| 2.0 * w).sum::<f64>() + GAUSS[3];
        assert!((kronrod - 2.0).abs() < 1e-15 && (gauss - 2.0).abs() < 1e-15);
        // Degree of exactness: 22 for Kronrod-15, so x^22 on [0, 1] is 1/23 in a single panel.
        let integral = integrate(|x: f64| [x.powi(22)], &[0.0, 1.0]);
        assert!((integral.value[0] * 23.0 - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_kink_inside_a_panel_is_found_and_the_error_is_honest() {
        let integral = integrate(|x: f64| [(x - 0.3).abs().sqrt(), 1.0 / (1.0 + x)], &[0.0, 1.0]);
        let exact = [(0.3f64.powf(1.5) + 0.7f64.powf(1.5)) / 1.5, std::f64::consts::LN_2];
        let miss: f64 = integral.value.iter().zip(exact).map(|(a, b)| (a - b).abs()).sum();
        assert!(miss <= integral.error && integral.error < 1e-13, "{miss:e} {:e}", integral.error);
    }
}
