//! The thresholds that maximise a policy's net benefit.
//!
//! Writing g for "good", the net benefit of two gates is
//!
//! ```text
//! W(c₁, c₂) = E[ 1(s₁ > c₁) · ( 1(s₂ > c₂) (v g − h (1 − g) − m) − k − r₂ ) ] − r₁ − c₀
//! ```
//!
//! and the marginal piece at each gate must be worth nothing:
//!
//! ```text
//! gate 1:  (v + h) P(g, s₂ > c₂ | s₁ = c₁) − (h + m) P(s₂ > c₂ | s₁ = c₁) = k + r₂
//! gate 2:  P(g | s₁ > c₁, s₂ = c₂) = (h + m) / (v + h)
//! ```
//!
//! Each left side changes its sign at most once, from below: a piece's worth behind the other gate does so as a
//! function of quality, and a Gaussian signal cannot add sign changes (total positivity). So the best answer to the
//! other gate is one bracketed root. With a single gate the root is explicit. Both gates together: all maxima lie between
//! the cut-offs that a faultless second gate and none at all would ask for; scan c₁ there with c₂ answering, bracket
//! every local maximum, compare.

use crate::environment::Environment;
use crate::gaussian::{Gate, good_published, noise, orthant_to};
use crate::normal;
use crate::policy::{At, Policy, Threshold};
use crate::quadrature::RELATIVE_TOLERANCE;
use crate::root::crossing;

/// Cut-offs beyond this pass all or nothing: the probability behind is 1e-19, below the rounding of any payoff.
const FAR: f64 = 9.0;
/// Payoffs are flat at the optimum, so this error in a cut-off costs 1e-24 of the stakes.
const TOLERANCE: f64 = 1e-12;
/// Distance of the scan for local maxima. Payoffs change on the scale of the signals' standard deviation, 1; tests
/// compare with a scan twelve times as fine.
const SCAN: f64 = 0.75;

/// Tolerance of integrals behind payoffs that are only compared.
const COARSE: f64 = 1e-10;
/// Tolerance of integrals behind steps towards an optimum, where payoffs are flat and lose its square.
const ROUGH: f64 = 1e-7;
/// Newton's method from a neighbour's cut-offs takes three or four steps; one that needs more has lost its way.
const NEWTON_STEPS: u32 = 12;
/// How close to an optimum it begins if it did not get there from further away.
const CLOSE: f64 = 0.01;
/// The longest step it may take, in standard deviations of a signal.
const LEAP: f64 = 1.0;
/// A step after which the square of it is negligible beside [`TOLERANCE`].
const SMALL: f64 = 1e-6;
/// A step after which a payoff, flat at its maximum, has lost at most about the fourth power of it.
const FLAT: f64 = 1e-3;

/// Cut-offs of both gates as numbers; −∞ where nothing is judged.
pub(crate) fn cuts(environment: &Environment, policy: &Policy) -> (f64, f64) {
    let problem = Problem::new(environment);
    match (policy.threshold(At::Proposal), policy.threshold(At::Work)) {
        (None, None) => (f64::NEG_INFINITY, f64::NEG_INFINITY),
        (Some(Threshold::Fixed(first)), None) => (first, f64::NEG_INFINITY),
        (None, Some(Threshold::Fixed(second))) => (f64::NEG_INFINITY, second),
        (Some(Threshold::Fixed(first)), Some(Threshold::Fixed(second))) => (first, second),
        (Some(Threshold::Optimal), None) => {
            let costs = problem.production + problem.reproduction;
            (problem.single(problem.rho1, costs), f64::NEG_INFINITY)
        }
        (None, Some(Threshold::Optimal)) => {
            (f64::NEG_INFINITY, problem.single(problem.rho2, problem.reproduction))
        }
        (Some(Threshold::Fixed(first)), Some(Threshold::Optimal)) => (first, problem.answer_second(first)),
        (Some(Threshold::Optimal), Some(Threshold::Fixed(second))) => (problem.answer_first(second), second),
        (Some(Threshold::Optimal), Some(Threshold::Optimal)) => problem.joint(RELATIVE_TOLERANCE),
    }
}

/// Cut-offs of two optimal gates in environments that change little by little.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Warm {
    last: Option<(f64, f64)>,
    before: Option<(f64, f64)>,
}

impl Warm {
    /// True if there is something to start from.
    pub(crate) fn is_some(&self) -> bool {
        self.last.is_some()
    }

    /// Only the last cut-offs, as where the direction changes.
    pub(crate) fn standing(self) -> Self {
        Self { before: None, ..self }
    }

    /// Where the next cut-offs are if they go on as they went.
    fn guess(&self) -> Option<(f64, f64)> {
        let last = self.last?;
        Some(self.before.map_or(last, |before| (2.0 * last.0 - before.0, 2.0 * last.1 - before.1)))
    }

    fn push(&mut self, cuts: (f64, f64)) {
        let finite = cuts.0.is_finite() && cuts.1.is_finite();
        *self = Self { last: finite.then_some(cuts), before: self.last.filter(|_| finite) };
    }
}

/// Net benefit of a plain policy (see [`Policy::is_plain`]) in a plain environment, and nothing else about it.
///
/// `warm` remembers the cut-offs of two optimal gates from one call to the next: Newton's method from where they lead
/// replaces the scan. It is checked for being a maximum, not for being the highest one; an empty one asks for the scan.
pub(crate) fn net_benefit(environment: &Environment, policy: &Policy, warm: &mut Warm) -> f64 {
    if policy.is_abstain() {
        return 0.0;
    }
    let problem = Problem::new(environment);
    let costs = &environment.data().costs;
    let (proposal, work) = (policy.threshold(At::Proposal), policy.threshold(At::Work));
    let asked = costs.proposal.total() + costs.proposal_review.total();
    match (proposal, work) {
        (Some(Threshold::Optimal), Some(Threshold::Optimal)) => {
            let near = warm.guess().and_then(|start| problem.near(start, ROUGH, FLAT));
            let (first, second) = near.unwrap_or_else(|| problem.joint(COARSE));
            warm.push((first, second));
            problem.payoff(first, second, COARSE) - asked
        }
        (Some(_), None) => {
            let (first, _) = cuts(environment, policy);
            problem.single_payoff(problem.rho1, first, problem.production + problem.reproduction) - asked
        }
        (None, Some(_)) => {
            let (_, second) = cuts(environment, policy);
            problem.single_payoff(problem.rho2, second, problem.reproduction)
                - problem.production
                - problem.work_review
        }
        (None, None) => {
            problem.base_rate * problem.value
                - (1.0 - problem.base_rate) * problem.harm
                - problem.production
                - problem.reproduction
        }
        (Some(_), Some(_)) => {
            let (first, second) = cuts(environment, policy);
            problem.payoff(first, second, COARSE) - asked
        }
    }
}

struct Problem {
    quality_cut: f64,
    base_rate: f64,
    rho1: f64,
    rho2: f64,
    value: f64,
    harm: f64,
    production: f64,
    work_review: f64,
    reproduction: f64,
}

impl Problem {
    fn new(environment: &Environment) -> Self {
        let data = environment.data();
        Self {
            quality_cut: environment.quality_cut(),
            base_rate: data.base_rate,
            rho1: data.proposal_accuracy,
            rho2: data.work_accuracy,
            value: data.value,
            harm: data.harm,
            production: data.costs.production.total(),
            work_review: data.costs.work_review.total(),
            reproduction: data.costs.reproduction.total(),
        }
    }

    /// One gate after which a piece costs `costs`: Φ((ρ c − t)/√(1 − ρ²)) = (h + costs)/(v + h).
    fn single(&self, rho: f64, costs: f64) -> f64 {
        let required = (self.harm + costs) / (self.value + self.harm);
        if required >= 1.0 {
            f64::INFINITY
        } else if required <= 0.0 {
            f64::NEG_INFINITY
        } else if rho == 0.0 {
            if self.base_rate > required { f64::NEG_INFINITY } else { f64::INFINITY }
        } else {
            (self.quality_cut + noise(rho) * normal::quantile(required)) / rho
        }
    }

    /// What a piece with proposal signal exactly `first` is worth behind gate two, less what it takes to get there.
    fn marginal_first(&self, first: f64, second: f64, tolerance: f64) -> f64 {
        let (good, pass) = self.given(self.rho1, first, self.rho2, second, tolerance);
        (self.value + self.harm) * good
            - (self.harm + self.reproduction) * pass
            - self.production
            - self.work_review
    }

    /// Worth of publishing a piece with work signal exactly `second` that passed gate one, times the (positive)
    /// probability of having passed.
    fn marginal_second(&self, first: f64, second: f64) -> f64 {
        let (good, pass) = self.given(self.rho2, second, self.rho1, first, RELATIVE_TOLERANCE);
        (self.value + self.harm) * good - (self.harm + self.reproduction) * pass
    }

    /// P(good, other > cut) and P(other > cut), both given that the signal of accuracy `rho` is exactly `at`.
    fn given(&self, rho: f64, at: f64, other: f64, cut: f64, tolerance: f64) -> (f64, f64) {
        let spread = noise(rho);
        let margin = self.quality_cut - rho * at;
        if spread == 0.0 {
            // The signal is quality itself.
            let left = noise(other);
            let above = other * at - cut;
            let pass = if left > 0.0 { normal::cdf(above / left) } else { f64::from(u8::from(above > 0.0)) };
            return if margin < 0.0 { (pass, pass) } else { (0.0, pass) };
        }
        let scale = noise(rho * other);
        let cut = (cut - rho * other * at) / scale;
        let correlation = (other * spread / scale).min(1.0);
        (orthant_to(margin / spread, cut, correlation, tolerance), normal::cdf(-cut))
    }

    /// Best c₁ against a given c₂.
    fn answer_first(&self, second: f64) -> f64 {
        upcrossing(|first| self.marginal_first(first, second, RELATIVE_TOLERANCE), -FAR, FAR)
    }

    /// Best c₂ against a given c₁.
    fn answer_second(&self, first: f64) -> f64 {
        let stakes_decide = self.harm + self.reproduction <= 0.0 || self.value <= self.reproduction;
        if first == f64::NEG_INFINITY || stakes_decide {
            return self.single(self.rho2, self.reproduction);
        }
        upcrossing(|second| self.marginal_second(first, second), -FAR, FAR)
    }

    /// The same from the best answer to a cut-off nearby, by Newton's method; there is only one root to find.
    fn answer_second_near(&self, first: f64, guess: f64) -> f64 {
        let mut second = guess;
        for _ in 0..if self.is_smooth() && guess.is_finite() { NEWTON_STEPS } else { 0 } {
            let (value, slope, _) = self.marginal(self.rho2, second, self.rho1, first, ROUGH);
            let step = -value / slope;
            if !(slope > 0.0 && step.abs() <= LEAP && second.abs() < FAR) {
                break;
            }
            second += step;
            if step.abs() < SMALL {
                return second;
            }
        }
        self.answer_second(first)
    }

    /// The best of all pairs of cut-offs. Payoffs of local maxima are compared to `tolerance`; where they lie is found by
    /// rough integrals, whose errors move a bracket by no more than a payoff's flatness forgives.
    fn joint(&self, tolerance: f64) -> (f64, f64) {
        let slope = |first: f64| self.marginal_first(first, self.answer_second(first), RELATIVE_TOLERANCE);
        // Even with a faultless second gate the marginal proposal must be worth (v − m) P(g | s₁) ≥ k + r₂.
        let required = (self.production + self.work_review) / (self.value - self.reproduction);
        if required >= 1.0 || self.value <= self.reproduction {
            return (f64::INFINITY, f64::INFINITY);
        }
        let start = match self.rho1 {
            rho if rho > 0.0 && required > 0.0 => {
                ((self.quality_cut + noise(rho) * normal::quantile(required)) / rho).clamp(-FAR, FAR)
            }
            _ => -FAR,
        };
        // A step back, because the bound is the answer itself if the second gate is faultless.
        let start = (start - SCAN).max(-FAR);
        // A proposal worth making without a second gate is worth more with one: what passed the first is better than the
        // marginal piece, so that the second gate, fit for it, is no stricter than the marginal piece would have it.
        let unread = self.production + self.work_review + self.reproduction;
        let end = (self.single(self.rho1, unread) + SCAN).min(FAR);
        let all = f64::NEG_INFINITY;
        let mut candidates = vec![(all, self.answer_second(all)), (f64::INFINITY, f64::INFINITY)];
        let mut answer = self.answer_second(start);
        let (mut low, mut below) = (start, self.marginal_first(start, answer, ROUGH));
        while low < end {
            let high = (low + SCAN).min(end);
            let next = self.answer_second_near(high, answer);
            let above = self.marginal_first(high, next, ROUGH);
            if below <= 0.0 && above > 0.0 {
                let middle = (0.5 * (low + high), 0.5 * (answer + next));
                let inside = |start| {
                    let found = self.near(start, tolerance, SMALL);
                    found.filter(|(first, _)| (low..=high).contains(first))
                };
                // From the middle of the bracket, or where that is too far, from a point close by.
                let close = || {
                    let answer = |first| self.answer_second_near(first, middle.1);
                    let rough = |first| self.marginal_first(first, answer(first), ROUGH);
                    let first = crossing(rough, low, high, CLOSE);
                    (first, answer(first))
                };
                candidates.push(inside(middle).or_else(|| inside(close())).unwrap_or_else(|| {
                    let first = crossing(slope, low, high, TOLERANCE);
                    (first, self.answer_second(first))
                }));
            }
            (low, below, answer) = (high, above, next);
        }
        let mut best = (f64::NEG_INFINITY, (f64::INFINITY, f64::INFINITY));
        for (first, second) in candidates {
            let payoff = self.payoff(first, second, tolerance);
            if payoff > best.0 {
                best = (payoff, (first, second));
            }
        }
        best.1
    }

    /// Worth of what passes a single gate after which a piece costs `costs`, to be compared only.
    fn single_payoff(&self, rho: f64, cut: f64, costs: f64) -> f64 {
        let good = if cut == f64::NEG_INFINITY {
            self.base_rate
        } else {
            orthant_to(self.quality_cut, cut, rho, COARSE)
        };
        (self.value + self.harm) * good - (self.harm + costs) * normal::cdf(-cut)
    }

    /// The local maximum of two gates that Newton's method finds from `start`, if it does; its last step is below `small`.
    fn near(&self, start: (f64, f64), tolerance: f64, small: f64) -> Option<(f64, f64)> {
        let (mut first, mut second) = start;
        if !(self.is_smooth() && first.is_finite() && second.is_finite()) {
            return None;
        }
        for _ in 0..NEWTON_STEPS {
            let (f1, own1, cross1) = self.marginal(self.rho1, first, self.rho2, second, tolerance);
            let (f2, own2, cross2) = self.marginal(self.rho2, second, self.rho1, first, tolerance);
            let f1 = f1 - self.production - self.work_review;
            let determinant = own1 * own2 - cross1 * cross2;
            if !(own1 > 0.0 && own2 > 0.0 && determinant > 0.0) {
                return None;
            }
            let step1 = (cross1 * f2 - own2 * f1) / determinant;
            let step2 = (cross2 * f1 - own1 * f2) / determinant;
            if !(step1.abs() <= LEAP && step2.abs() <= LEAP) {
                return None;
            }
            first += step1;
            second += step2;
            // Quadratic convergence: the error left is the square of the step.
            if step1.abs().max(step2.abs()) < small {
                return (first.abs() < FAR && second.abs() < FAR).then_some((first, second));
            }
        }
        None
    }

    /// True if both signals tell something and neither everything, so that marginal worths have slopes.
    fn is_smooth(&self) -> bool {
        [self.rho1, self.rho2].into_iter().all(|rho| rho > 0.0 && noise(rho) > 0.0)
    }

    /// (v + h) P(good, other > cut | signal = at) − (h + m) P(other > cut | signal = at) with its derivatives in `at`
    /// and in `cut`.
    fn marginal(&self, rho: f64, at: f64, other: f64, cut: f64, tolerance: f64) -> (f64, f64, f64) {
        let (spread, scale) = (noise(rho), noise(rho * other));
        let (a, b) = ((self.quality_cut - rho * at) / spread, (cut - rho * other * at) / scale);
        let (correlation, rest) = ((other * spread / scale).min(1.0), noise(other) / scale);
        let (gain, loss) = (self.value + self.harm, self.harm + self.reproduction);
        let value = gain * orthant_to(a, b, correlation, tolerance) - loss * normal::cdf(-b);
        let by_a = -gain * normal::density(a) * normal::cdf((correlation * a - b) / rest);
        let by_b = normal::density(b) * (loss - gain * normal::cdf((correlation * b - a) / rest));
        (value, -by_a * rho / spread - by_b * rho * other / scale, by_b / scale)
    }

    /// W + r₁ + c₀.
    fn payoff(&self, first: f64, second: f64, tolerance: f64) -> f64 {
        if first == f64::INFINITY {
            return 0.0;
        }
        let (one, two) = (Gate::new(self.rho1, first), Gate::new(self.rho2, second));
        let good = good_published(self.quality_cut, &one, &two, tolerance);
        // Signals are correlated through quality alone.
        let all = orthant_to(first, second, self.rho1 * self.rho2, tolerance);
        (self.value + self.harm) * good
            - (self.harm + self.reproduction) * all
            - (self.production + self.work_review) * normal::cdf(-first)
    }
}

/// The root of a function that goes from negative to positive at most once; ∞ if it never gets there within the
/// bracket, −∞ if it starts there. Zero at the low end is underflow, not a sign.
fn upcrossing(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    if f(high) <= 0.0 {
        f64::INFINITY
    } else if f(low) > 0.0 {
        f64::NEG_INFINITY
    } else {
        crossing(f, low, high, TOLERANCE)
    }
}
