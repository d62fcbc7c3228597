//! Maximum likelihood for strengths of which only differences count: Luce's choices and Thurstone's comparisons.

use parecon_core::Status;

/// MM steps before Newton's method takes over; they bring any start near enough.
const MM_STEPS: usize = 50;
/// Newton steps; near the optimum a handful suffice.
const NEWTON_STEPS: usize = 100;
/// Strengths that move by less than this are settled.
const TOLERANCE: f64 = 1e-11;
/// Halvings of a step that does not improve.
const HALVINGS: usize = 60;

/// "`chosen` came first in `set`", `weight` times; the chosen one is in the set.
pub(crate) struct Choice {
    pub(crate) chosen: usize,
    pub(crate) set: Vec<usize>,
    pub(crate) weight: f64,
    /// How many of the set, its first, are tied with the chosen one; and the part with which they still count.
    pub(crate) tied: (usize, f64),
}

impl Choice {
    /// A choice without ties.
    pub(crate) fn new(chosen: usize, set: Vec<usize>, weight: f64) -> Self {
        Choice { chosen, set, weight, tied: (0, 1.0) }
    }

    /// The items that count, with their parts.
    fn parts(&self) -> impl Iterator<Item = (usize, f64)> {
        let (tied, part) = self.tied;
        self.set.iter().enumerate().map(move |(k, item)| (*item, if k < tied { part } else { 1.0 }))
    }
}

/// How probable a choice is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Model {
    /// e^θ of the chosen over the sum of e^θ in the set.
    Luce,
    /// Φ(difference); sets of two only.
    Normal,
}

/// Strengths that sum to 0, with their covariance (row by row).
pub(crate) struct Estimate {
    pub(crate) theta: Vec<f64>,
    pub(crate) covariance: Vec<f64>,
    pub(crate) iterations: u32,
    pub(crate) status: Status,
}

/// The strongly connected groups of "was chosen over", each before those it was chosen over. One group: the maximum
/// exists and is unique (Ford 1957; Hunter 2004, assumption 1).
pub(crate) fn groups(n: usize, choices: &[Choice]) -> Vec<Vec<usize>> {
    let (mut over, mut under) = (vec![Vec::new(); n], vec![Vec::new(); n]);
    for Choice { chosen, set, .. } in choices {
        for other in set.iter().filter(|other| *other != chosen) {
            over[*chosen].push(*other);
            under[*other].push(*chosen);
        }
    }
    // Kosaraju's two searches, with their own stacks.
    let mut seen = vec![false; n];
    let mut finished = Vec::with_capacity(n);
    for start in 0..n {
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        let mut stack = vec![(start, 0)];
        while let Some((node, next)) = stack.last_mut() {
            match over[*node].get(*next) {
                Some(&to) => {
                    *next += 1;
                    if !std::mem::replace(&mut seen[to], true) {
                        stack.push((to, 0));
                    }
                }
                None => {
                    finished.push(*node);
                    stack.pop();
                }
            }
        }
    }
    let mut taken = vec![false; n];
    let mut groups = Vec::new();
    for &start in finished.iter().rev() {
        if std::mem::replace(&mut taken[start], true) {
            continue;
        }
        let (mut group, mut stack) = (Vec::new(), vec![start]);
        while let Some(node) = stack.pop() {
            group.push(node);
            for &to in &under[node] {
                if !std::mem::replace(&mut taken[to], true) {
                    stack.push(to);
                }
            }
        }
        group.sort_unstable();
        groups.push(group);
    }
    groups
}

/// The maximum-likelihood strengths of n items in one [group](groups); `None` if the curvature is lost to rounding.
///
/// # Reference
/// MM steps of Hunter (2004), eq. (30) for Plackett–Luce; then Newton's method with halved steps, which converges from
/// anywhere on a strictly concave likelihood.
pub(crate) fn maximise(n: usize, choices: &[Choice], model: Model) -> Option<Estimate> {
    let mut theta = mm_start(n, choices);
    let mut value = log_likelihood(&theta, choices, model);
    let mut status = Status::RoundLimit;
    let mut iterations = 0;
    let mut factor = Vec::new();
    for _ in 0..NEWTON_STEPS {
        iterations += 1;
        let (gradient, mut curvature) = derivatives(&theta, choices, model);
        // Only differences count: the missing direction is filled in, and the gradient has no part in it.
        let fill = (0..n).map(|i| curvature[i * n + i]).sum::<f64>() / (n * n) as f64;
        curvature.iter_mut().for_each(|entry| *entry += fill);
        factor = cholesky(n, curvature)?;
        let step = solve(n, &factor, &gradient);
        let largest = step.iter().fold(0.0f64, |most, s| most.max(s.abs()));
        let mut length = 1.0;
        let mut improved = false;
        for _ in 0..HALVINGS {
            let next: Vec<f64> = theta.iter().zip(&step).map(|(t, s)| t + length * s).collect();
            let next_value = log_likelihood(&next, choices, model);
            if next_value >= value {
                (theta, value, improved) = (next, next_value, true);
                break;
            }
            length /= 2.0;
        }
        // A step that cannot improve is rounding once it is this small.
        if largest * length < TOLERANCE || (!improved && largest < TOLERANCE.sqrt()) {
            status = Status::Converged;
            break;
        }
        if !improved {
            status = Status::Stalled;
            break;
        }
    }
    centre(&mut theta);
    let mut covariance = vec![0.0; n * n];
    for i in 0..n {
        let mut unit = vec![0.0; n];
        unit[i] = 1.0;
        covariance[i * n..(i + 1) * n].copy_from_slice(&solve(n, &factor, &unit));
    }
    centre_covariance(n, &mut covariance);
    Some(Estimate { theta, covariance, iterations, status })
}

fn mm_start(n: usize, choices: &[Choice]) -> Vec<f64> {
    let mut wins = vec![0.0; n];
    choices.iter().for_each(|choice| wins[choice.chosen] += choice.weight);
    // In an ordering the last is never chosen; it may still be in the group.
    let least = wins.iter().copied().filter(|w| *w > 0.0).fold(f64::INFINITY, f64::min);
    wins.iter_mut().filter(|w| **w == 0.0).for_each(|w| *w = least / 2.0);
    let mut strength = vec![1.0; n];
    for _ in 0..MM_STEPS {
        let mut share = vec![0.0; n];
        for choice in choices {
            let part = choice.weight / choice.parts().map(|(i, part)| part * strength[i]).sum::<f64>();
            choice.parts().for_each(|(i, own)| share[i] += own * part);
        }
        for i in 0..n {
            strength[i] = wins[i] / share[i];
        }
        let scale = strength.iter().map(|s| s.ln()).sum::<f64>() / n as f64;
        strength.iter_mut().for_each(|s| *s /= scale.exp());
    }
    let mut theta: Vec<f64> = strength.iter().map(|s| s.ln()).collect();
    if !theta.iter().all(|t| t.is_finite()) {
        theta = vec![0.0; n];
    }
    centre(&mut theta);
    theta
}

fn centre(theta: &mut [f64]) {
    let mean = theta.iter().sum::<f64>() / theta.len() as f64;
    theta.iter_mut().for_each(|t| *t -= mean);
}

/// The covariance of `n` strengths less their mean.
pub(crate) fn centre_covariance(n: usize, covariance: &mut [f64]) {
    for row in covariance.chunks_mut(n) {
        centre(row);
    }
    for column in 0..n {
        let mean = (0..n).map(|row| covariance[row * n + column]).sum::<f64>() / n as f64;
        (0..n).for_each(|row| covariance[row * n + column] -= mean);
    }
}

pub(crate) fn log_likelihood(theta: &[f64], choices: &[Choice], model: Model) -> f64 {
    let of = |choice: &Choice| match model {
        Model::Luce => {
            let top = choice.set.iter().map(|i| theta[*i]).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = choice.parts().map(|(i, part)| part * (theta[i] - top).exp()).sum();
            theta[choice.chosen] - top - sum.ln()
        }
        Model::Normal => {
            let rest: f64 = choice.set.iter().filter(|i| **i != choice.chosen).map(|i| theta[*i]).sum();
            log_normal_cdf(theta[choice.chosen] - rest)
        }
    };
    choices.iter().map(|choice| choice.weight * of(choice)).sum()
}

/// Gradient, and the Hessian times −1.
fn derivatives(theta: &[f64], choices: &[Choice], model: Model) -> (Vec<f64>, Vec<f64>) {
    let n = theta.len();
    let (mut gradient, mut curvature) = (vec![0.0; n], vec![0.0; n * n]);
    for choice in choices {
        let Choice { chosen, set, weight, .. } = choice;
        match model {
            Model::Luce => {
                let top = set.iter().map(|i| theta[*i]).fold(f64::NEG_INFINITY, f64::max);
                let parts: Vec<f64> = choice.parts().map(|(i, part)| part * (theta[i] - top).exp()).collect();
                let sum: f64 = parts.iter().sum();
                gradient[*chosen] += weight;
                for (a, p) in set.iter().zip(&parts) {
                    gradient[*a] -= weight * p / sum;
                    curvature[a * n + a] += weight * p / sum;
                    for (b, q) in set.iter().zip(&parts) {
                        curvature[a * n + b] -= weight * p / sum * (q / sum);
                    }
                }
            }
            Model::Normal => {
                for other in set.iter().filter(|other| *other != chosen) {
                    let difference = theta[*chosen] - theta[*other];
                    let hazard = normal_density(difference) / normal_cdf(difference).max(f64::MIN_POSITIVE);
                    gradient[*chosen] += weight * hazard;
                    gradient[*other] -= weight * hazard;
                    let bend = weight * hazard * (hazard + difference);
                    curvature[chosen * n + chosen] += bend;
                    curvature[other * n + other] += bend;
                    curvature[chosen * n + other] -= bend;
                    curvature[other * n + chosen] -= bend;
                }
            }
        }
    }
    (gradient, curvature)
}

pub(crate) fn normal_density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

pub(crate) fn normal_cdf(x: f64) -> f64 {
    libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2) / 2.0
}

fn log_normal_cdf(x: f64) -> f64 {
    // Beyond 37 standard deviations the probability underflows; its logarithm goes on like this (Mills' ratio).
    if x < -37.0 {
        -x * x / 2.0 - (-x).ln() - (2.0 * std::f64::consts::PI).sqrt().ln()
    } else {
        normal_cdf(x).ln()
    }
}

/// The lower triangle L of L Lᵀ; `None` unless positive definite.
fn cholesky(n: usize, mut a: Vec<f64>) -> Option<Vec<f64>> {
    for j in 0..n {
        for i in j..n {
            let (before, row) = (&a[j * n..j * n + j], &a[i * n..i * n + j]);
            let sum = a[i * n + j] - before.iter().zip(row).map(|(x, y)| x * y).sum::<f64>();
            a[i * n + j] = if i == j {
                if !(sum > 0.0 && sum.is_finite()) {
                    return None;
                }
                sum.sqrt()
            } else {
                sum / a[j * n + j]
            };
        }
    }
    Some(a)
}

fn solve(n: usize, factor: &[f64], right: &[f64]) -> Vec<f64> {
    let mut x = right.to_vec();
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| factor[i * n + k] * x[k]).sum();
        x[i] = (x[i] - sum) / factor[i * n + i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| factor[k * n + i] * x[k]).sum();
        x[i] = (x[i] - sum) / factor[i * n + i];
    }
    x
}
