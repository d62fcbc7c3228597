//! Where two policies change places along one quantity of the environment.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::f64::consts::TAU;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::convex::{Point, largest_lead};
use crate::environment::{Environment, Quality};
use crate::error::{Error, check};
use crate::evaluation::{Evaluation, evaluate};
use crate::map::{Axis, Steps};
use crate::policy::{At, Policy};

/// Equal parts into which the range is divided before anything is known.
const SCAN: u32 = 64;
/// Evaluations of both policies after which no further proof is sought; changes of sign are narrowed all the same.
const BUDGET: usize = 512;
/// A hidden lead of this size, relative to value and harm, is not looked for.
const GOAL: f64 = 1e-6;
/// Payoffs that differ by less than this, relative to all that is at stake, are equal: that is their rounding.
const TIE: f64 = 1e-12;

/// A change of the better of two policies along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boundary {
    /// Up to here the policy `before` is better.
    pub low: f64,
    /// From here on the other one is; wider apart than the tolerance only where the two tie in between.
    pub high: f64,
    /// 0 if the first policy is better below, 1 if the second.
    pub before: usize,
}

/// All changes of the better of two policies along an axis that were found, and what could still be hidden.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Boundaries {
    /// In ascending order.
    pub changes: Vec<Boundary>,
    /// Outside the intervals of `changes`, the policy said to be behind leads by no more than this anywhere, in the unit
    /// of account: a proven bound. None where there is no proof.
    pub hidden: Option<f64>,
}

/// Where `first` and `second` change places as one quantity runs over `range`, each place as an interval no wider than
/// `tolerance`.
///
/// Starts from 65 equally spaced values, narrows every change of sign by halving, and halves on wherever another pair
/// of changes could be hidden, the largest possible lead first, until none above 10⁻⁶ (v + h) is left or 512 values
/// were tried. [`Boundaries::hidden`] is what is left. The possible leads are bounded by what is known of payoffs:
///
/// | along | between two values, each payoff | for |
/// |---|---|---|
/// | k, r₁, r₂, v, h | is convex, being linear for given thresholds: above its tangents, below its chords | all policies |
/// | b | rises, by at most v + h per unit | all policies, Gaussian quality |
/// | ρ₁, ρ₂ | changes by at most (v + h)/2π per unit of asin ρ; behind or before another gate, by at most (2(v + h) + h + m)/2π | single readers without bias, Gaussian quality |
///
/// The last two follow from dΠ/db = (v + h) P(passed \| q = t) and from Plackett's identity ∂P/∂r = φ₂(·, ·; r) P(rest), with
/// optimal thresholds by the envelope theorem. In other cases `hidden` is `None`, and two changes within 1/64 of the
/// range of one another may be missed. Where optimal thresholds come from a search (see [`evaluate`]) the bounds are as
/// good as it is.
///
/// # Errors
/// If the range is empty or not valid for the quantity, or `tolerance` not finite and positive.
///
/// # Complexity
/// 65 evaluations of both policies and 1 + log₂(range/64 tolerance) for each change, then a few for a proof along an axis
/// where payoffs are convex and at most 512 along others.
///
/// # Example
/// ```
/// use parecon_review::{Axis, Costs, Environment, EnvironmentData, Policy, StepCosts, Threshold, boundaries};
///
/// let environment = Environment::new(EnvironmentData {
///     costs: StepCosts { production: Costs::contributors(1.0), ..StepCosts::default() },
///     ..EnvironmentData::default()
/// })?;
/// let middle = Threshold::Fixed(0.0);
/// // The break-even of the textbook case read the other way: at k = 1, how well must proposals be seen?
/// let found = boundaries(
///     &environment, &Policy::post(middle)?, &Policy::prior(middle)?, Axis::ProposalAccuracy, 0.0..=0.8, 1e-9,
/// )?;
/// let exact = (0.8f64.asin() - std::f64::consts::PI / 15.0).sin();
/// let [change] = found.changes[..] else { unreachable!("one change") };
/// assert!(change.before == 0 && change.low <= exact && exact <= change.high);
/// assert!(found.hidden.is_some_and(|lead| lead <= 1e-6 * 15.0));
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn boundaries(
    environment: &Environment,
    first: &Policy,
    second: &Policy,
    axis: Axis,
    range: RangeInclusive<f64>,
    tolerance: f64,
) -> Result<Boundaries, Error> {
    let steps = Steps { axis, from: *range.start(), to: *range.end(), count: SCAN + 1 };
    steps.validate()?;
    check(tolerance.is_finite() && tolerance > 0.0, "tolerance", tolerance, "finite and positive")?;
    let duel = Duel { environment, policies: [first, second], axis, tolerance };
    let mut samples = Vec::new();
    for i in 0..=SCAN {
        samples.push(duel.at(steps.value(i))?);
    }
    let mut open = BinaryHeap::new();
    for i in 0..SCAN as usize {
        open.push(duel.part(&samples, i, i + 1));
    }
    let goal = GOAL * (environment.data().value + environment.data().harm);
    let mut hidden = 0.0;
    while let Some(part) = open.pop() {
        let (a, b) = (samples[part.left].x, samples[part.right].x);
        let middle = 0.5 * (a + b);
        let wanted = part.lead > goal && (part.lead == f64::INFINITY || samples.len() < BUDGET);
        if !(wanted && middle > a && middle < b) {
            // A change of sign that cannot be halved any more hides nothing.
            hidden = if part.lead == f64::INFINITY { hidden } else { part.lead.max(hidden) };
            continue;
        }
        let new = samples.len();
        samples.push(duel.at(middle)?);
        open.push(duel.part(&samples, part.left, new));
        open.push(duel.part(&samples, new, part.right));
    }
    let known = duel.bound(&samples[0], &samples[SCAN as usize]).is_some();
    samples.sort_by(|a, b| a.x.total_cmp(&b.x));
    Ok(Boundaries { changes: changes(&samples), hidden: known.then_some(hidden) })
}

/// Changes of sign between neighbours, ties left out.
fn changes(samples: &[Sample]) -> Vec<Boundary> {
    let mut changes = Vec::new();
    let mut last: Option<&Sample> = None;
    for sample in samples.iter().filter(|sample| sample.leader.is_some()) {
        if let Some(before) = last.filter(|last| last.leader != sample.leader) {
            let leader = before.leader.unwrap_or_default();
            changes.push(Boundary { low: before.x, high: sample.x, before: leader });
        }
        last = Some(sample);
    }
    changes
}

/// Both payoffs at one value of the quantity.
struct Sample {
    x: f64,
    payoffs: [Point; 2],
    /// Who is ahead, if not by rounding.
    leader: Option<usize>,
}

/// A part of the range between two samples, and the most by which its loser can lead inside; ∞ if its winner changes and
/// it is still too wide.
struct Part {
    lead: f64,
    left: usize,
    right: usize,
}

impl Ord for Part {
    fn cmp(&self, other: &Self) -> Ordering {
        self.lead.total_cmp(&other.lead).then(other.left.cmp(&self.left)).then(other.right.cmp(&self.right))
    }
}

impl PartialOrd for Part {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Part {}

struct Duel<'a> {
    environment: &'a Environment,
    policies: [&'a Policy; 2],
    axis: Axis,
    tolerance: f64,
}

impl Duel<'_> {
    fn at(&self, x: f64) -> Result<Sample, Error> {
        let world = self.axis.set(self.environment, x)?;
        let data = world.data();
        let payoffs = self.policies.map(|policy| {
            let evaluation = evaluate(&world, policy);
            Point { x, value: evaluation.net_benefit(), slope: slope(self.axis, &world, &evaluation) }
        });
        let lead = payoffs[0].value - payoffs[1].value;
        let tie = TIE * (data.value + data.harm + data.costs.total());
        let leader = if lead.abs() <= tie { None } else { Some(usize::from(lead < 0.0)) };
        Ok(Sample { x, payoffs, leader })
    }

    fn part(&self, samples: &[Sample], left: usize, right: usize) -> Part {
        let (a, b) = (&samples[left], &samples[right]);
        let lead = if a.leader == b.leader {
            self.bound(a, b).unwrap_or(0.0).max(0.0)
        } else if b.x - a.x > 0.5 * self.tolerance {
            // Half, because a tie in the middle of a change leaves two such parts.
            f64::INFINITY
        } else {
            0.0
        };
        Part { lead, left, right }
    }

    /// The most by which whoever is behind at both ends can lead in between; either of the two if they tie.
    fn bound(&self, a: &Sample, b: &Sample) -> Option<f64> {
        let behind = |i: usize| a.leader != Some(i) || b.leader != Some(i);
        let mut most = f64::NEG_INFINITY;
        for i in (0..2).filter(|&i| behind(i)) {
            most = most.max(self.lead(i, a, b)?);
        }
        Some(most)
    }

    /// The most by which policy `i` can lead between `a` and `b`.
    fn lead(&self, i: usize, a: &Sample, b: &Sample) -> Option<f64> {
        let (ours, theirs) = ([a, b].map(|s| s.payoffs[i]), [a, b].map(|s| s.payoffs[1 - i]));
        let lead = |end: usize| ours[end].value - theirs[end].value;
        let steepest = |steepness: f64, width: f64| 0.5 * (lead(0) + lead(1) + steepness * width);
        let data = self.environment.data();
        match self.axis {
            Axis::BaseRate if data.quality == Quality::Gaussian => {
                let rising = ours[1].value - theirs[0].value;
                Some(steepest(data.value + data.harm, b.x - a.x).min(rising))
            }
            Axis::ProposalAccuracy | Axis::WorkAccuracy => {
                let plain = self.environment.is_plain() && self.policies.iter().all(|p| p.is_plain());
                let steepness: f64 = self.policies.iter().map(|policy| self.steepness(policy)).sum();
                plain.then(|| steepest(steepness, b.x.asin() - a.x.asin()))
            }
            Axis::BaseRate => None,
            _ => Some(largest_lead((ours[0].value, ours[1].value), (theirs[0], theirs[1]))),
        }
    }

    /// The most by which the payoff of a plain policy changes per unit of asin ρ.
    fn steepness(&self, policy: &Policy) -> f64 {
        let data = self.environment.data();
        let judges = |at| policy.stage(at).is_some();
        let (here, elsewhere) = match self.axis {
            Axis::ProposalAccuracy => (judges(At::Proposal), judges(At::Work)),
            _ => (judges(At::Work), judges(At::Proposal)),
        };
        let stakes = data.value + data.harm;
        match (here, elsewhere) {
            (false, _) => 0.0,
            (true, false) => stakes / TAU,
            (true, true) => (2.0 * stakes + data.harm + data.costs.reproduction.total()) / TAU,
        }
    }
}

/// Slope of the net benefit along an axis in which it is linear for given thresholds; 0 for the others.
fn slope(axis: Axis, world: &Environment, evaluation: &Evaluation) -> f64 {
    let (data, shares, readings) = (world.data(), &evaluation.shares, &evaluation.readings);
    match axis {
        Axis::ProductionCost => -shares.made(),
        Axis::ProposalReviewCost => -readings.proposal,
        Axis::WorkReviewCost => -readings.work,
        Axis::ReviewCost => -readings.proposal - readings.work,
        Axis::Value => evaluation.benefit / data.value,
        Axis::Harm => -shares.bad_published - data.exposure * shares.bad_reverted,
        Axis::ProposalAccuracy | Axis::WorkAccuracy | Axis::BaseRate => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::EnvironmentData;
    use crate::policy::Threshold;

    /// Of the numerical slopes.
    const ROUNDING: f64 = 1e-4;

    /// The steepest slope per unit of `along` of each policy over many environments, in units of what is stated.
    fn steepest(axis: Axis, stated: impl Fn(&Duel, &Policy) -> f64, along: impl Fn(f64) -> f64) -> Vec<f64> {
        let mut most = vec![0.0f64; 4];
        for (base_rate, accuracy, cut) in [0.03, 0.3, 0.7]
            .into_iter()
            .flat_map(|b| [0.1, 0.6, 0.95].map(|rho| (b, rho)))
            .flat_map(|(b, rho)| [-1.5, 0.0, 0.5, 2.0].map(|cut| (b, rho, cut)))
        {
            let data = EnvironmentData {
                base_rate,
                proposal_accuracy: accuracy,
                work_accuracy: accuracy,
                ..EnvironmentData::default()
            };
            let environment = Environment::new(data).unwrap();
            let (fixed, best) = (Threshold::Fixed(cut), Threshold::Optimal);
            let policies = [
                Policy::prior(fixed).unwrap(),
                Policy::post(best).unwrap(),
                Policy::two_gate(fixed, fixed).unwrap(),
                Policy::two_gate(best, fixed).unwrap(),
            ];
            for (most, policy) in most.iter_mut().zip(&policies) {
                let duel =
                    Duel { environment: &environment, policies: [policy, policy], axis, tolerance: 1.0 };
                let allowed = stated(&duel, policy);
                for i in 1..50 {
                    let (x, next) = (f64::from(i) / 50.0, f64::from(i) / 50.0 + 1e-4);
                    let at = |x: f64| duel.at(x).unwrap().payoffs[0].value;
                    let slope = (at(next) - at(x)).abs() / (along(next) - along(x));
                    assert!(slope <= allowed * (1.0 + ROUNDING) + ROUNDING, "{policy}: {slope} {allowed}");
                    *most = most.max(if allowed > 0.0 { slope / allowed } else { 0.0 });
                }
            }
        }
        most
    }

    #[test]
    fn payoffs_are_no_steeper_than_stated_and_of_that_order() {
        for axis in [Axis::ProposalAccuracy, Axis::WorkAccuracy] {
            let most = steepest(axis, |duel, policy| duel.steepness(policy), f64::asin);
            let single = if axis == Axis::ProposalAccuracy { most[0] } else { most[1] };
            assert!(single > 0.85 && most[2] > 0.25, "{axis:?} {most:?}");
        }
        let most = steepest(Axis::BaseRate, |duel, _| duel.environment.data().value + 5.0, |b| b);
        assert!(most.iter().all(|&ratio| ratio > 0.9), "{most:?}");
    }
}
