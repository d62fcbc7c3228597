use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::convex::{Point, largest_lead};
use crate::environment::Environment;
use crate::error::{Error, Kind, check, check_amount};
use crate::evaluation::evaluate;
use crate::policy::Policy;
use crate::root::crossing;

/// Halvings of the range of production costs: no interval narrower than 2⁻⁴⁰ of it is looked for.
const MAX_DEPTH: u32 = 40;
/// Payoffs carry rounding of this size relative to the stakes; a tolerance below it asks for noise.
const ROUNDING: f64 = 1e-12;

/// A range of production costs in which one policy is best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Interval {
    /// Lowest production cost of the range.
    pub from: f64,
    /// Highest production cost of the range.
    pub to: f64,
    /// Index of the best policy among those compared; of equals the first.
    pub winner: usize,
}

/// How a [`Frontier`] was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Path {
    /// All thresholds are fixed, payoffs are straight lines, and the frontier is their upper envelope: exact.
    Envelope,
    /// Some threshold is optimal, its policy's payoff is a convex curve, and the range was halved until tangents
    /// and chords proved a winner within the tolerance.
    Bisection,
}

/// Which policy is best at which production cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Frontier {
    /// Adjacent intervals in ascending order that together cover the range asked for.
    pub intervals: Vec<Interval>,
    /// How they were found.
    pub path: Path,
}

impl Frontier {
    /// The production costs at which the winner changes.
    pub fn boundaries(&self) -> impl Iterator<Item = f64> + '_ {
        self.intervals.iter().skip(1).map(|interval| interval.from)
    }
}

/// Divides a range of production costs k into intervals by which of `policies` has the highest net benefit.
///
/// To have "do not undertake the work at all" among the answers, include [`Policy::abstain`]. The winner of each
/// interval is within `tolerance` (in the unit of account) of the best policy at every k of the interval, so no
/// interval is overlooked in which another leads by more, and each change between two winners is located to
/// `tolerance`. With fixed thresholds only, the result is exact and `tolerance` is not used; see [`Path`].
///
/// Why that can be promised: net benefit at fixed thresholds is a straight line in k with slope −(share made), and
/// the best of all lines over the thresholds is convex; a convex curve lies above its tangents and below its chords.
///
/// # Errors
/// If `policies` is empty or names one twice, the range is empty, negative or not finite, or the tolerance is not
/// positive and finite.
///
/// # Complexity
/// One evaluation per policy with fixed thresholds. Otherwise some fifty per policy and boundary; up to
/// range/√tolerance where two curves nearly coincide.
///
/// # Example
/// ```
/// use parecon_review::{
///     Costs, Environment, EnvironmentData, Policy, StepCosts, Threshold, frontier,
/// };
///
/// let environment = Environment::new(EnvironmentData {
///     base_rate: 0.3,
///     proposal_accuracy: 0.5,
///     work_accuracy: 0.85,
///     value: 10.0,
///     harm: 5.0,
///     costs: StepCosts {
///         proposal: Costs::contributors(0.1),
///         proposal_review: Costs::reviewers(0.3),
///         work_review: Costs::reviewers(1.0),
///         ..StepCosts::default()
///     },
///     ..EnvironmentData::default()
/// })?;
/// let middle = Threshold::Fixed(0.0);
/// let policies =
///     [Policy::abstain(), Policy::prior(middle)?, Policy::post(middle)?, Policy::two_gate(middle, middle)?];
/// let frontier = frontier(&environment, &policies, 0.0..=3.0, 1e-6)?;
/// let winners: Vec<_> = frontier.intervals.iter().map(|i| policies[i.winner].name()).collect();
/// assert_eq!(winners, ["post", "two-gate", "abstain"]);
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn frontier(
    environment: &Environment,
    policies: &[Policy],
    range: RangeInclusive<f64>,
    tolerance: f64,
) -> Result<Frontier, Error> {
    let (from, to) = (*range.start(), *range.end());
    check_amount("lowest production cost", from)?;
    check(
        to.is_finite() && to >= from,
        "highest production cost",
        to,
        &format!("finite and at least {from}"),
    )?;
    check(tolerance.is_finite() && tolerance > 0.0, "tolerance", tolerance, "finite and positive")?;
    if policies.is_empty() {
        return Err(Error::new(Kind::Empty { what: "policies" }));
    }
    for (second, policy) in policies.iter().enumerate() {
        if let Some(first) = policies[..second].iter().position(|earlier| earlier == policy) {
            return Err(Error::new(Kind::DuplicatePolicy { policy: policy.to_string(), first, second }));
        }
    }
    let contest = Contest { environment, policies };
    let (segments, path) = if policies.iter().all(Policy::is_fixed) {
        (envelope(&contest.at(from)?, to), Path::Envelope)
    } else {
        let data = environment.data();
        let slack = tolerance.max(ROUNDING * (data.value + data.harm + to));
        let mut segments = Vec::new();
        contest.divide(contest.at(from)?, contest.at(to)?, slack, 0, &mut segments)?;
        contest.sharpen(&mut segments, tolerance);
        (segments, Path::Bisection)
    };
    let mut intervals: Vec<Interval> = Vec::new();
    for segment in segments {
        match intervals.last_mut() {
            Some(last) if last.winner == segment.winner => last.to = segment.to,
            _ => intervals.push(segment),
        }
    }
    Ok(Frontier { intervals, path })
}

/// All payoffs and their slopes at one production cost.
#[derive(Clone)]
struct Snapshot {
    k: f64,
    values: Vec<f64>,
    slopes: Vec<f64>,
}

/// Upper envelope of the straight lines through `start`, by walking from crossing to crossing.
fn envelope(start: &Snapshot, to: f64) -> Vec<Interval> {
    let lines = || start.values.iter().zip(&start.slopes).map(|(&value, &slope)| (value, slope)).enumerate();
    let mut winner = 0;
    for (i, line) in lines() {
        // Of equals here the flatter one wins right after.
        if line > (start.values[winner], start.slopes[winner]) {
            winner = i;
        }
    }
    let mut intervals = Vec::new();
    let mut from = start.k;
    loop {
        let (value, slope) = (start.values[winner], start.slopes[winner]);
        let overtaking = lines()
            .filter(|(_, line)| line.1 > slope)
            .map(|(i, line)| (start.k + (value - line.0) / (line.1 - slope), i))
            .min_by(|a, b| a.0.total_cmp(&b.0).then(start.slopes[b.1].total_cmp(&start.slopes[a.1])));
        match overtaking {
            Some((k, next)) if k < to => {
                let k = k.max(from);
                if k > from {
                    intervals.push(Interval { from, to: k, winner });
                }
                (from, winner) = (k, next);
            }
            _ => {
                intervals.push(Interval { from, to, winner });
                return intervals;
            }
        }
    }
}

struct Contest<'a> {
    environment: &'a Environment,
    policies: &'a [Policy],
}

impl Contest<'_> {
    fn at(&self, k: f64) -> Result<Snapshot, Error> {
        let environment = self.environment.with_production_cost(k)?;
        let (values, slopes) = self
            .policies
            .iter()
            .map(|policy| {
                let evaluation = evaluate(&environment, policy);
                // By the envelope theorem the slope at optimal thresholds is that at fixed ones.
                (evaluation.net_benefit(), -evaluation.shares.made())
            })
            .unzip();
        Ok(Snapshot { k, values, slopes })
    }

    /// Appends segments that cover [a, b], each with a winner proven to `slack`.
    fn divide(
        &self,
        a: Snapshot,
        b: Snapshot,
        slack: f64,
        depth: u32,
        segments: &mut Vec<Interval>,
    ) -> Result<(), Error> {
        let worth = |i: usize| a.values[i] + b.values[i];
        let mut order: Vec<usize> = (0..self.policies.len()).collect();
        order.sort_by(|&i, &j| worth(j).total_cmp(&worth(i)));
        let proven = order.iter().copied().find(|&i| leads(i, &a, &b, slack));
        match proven.or((depth == MAX_DEPTH).then_some(order[0])) {
            Some(winner) => {
                segments.push(Interval { from: a.k, to: b.k, winner });
                Ok(())
            }
            None => {
                let middle = self.at(0.5 * (a.k + b.k))?;
                self.divide(a, middle.clone(), slack, depth + 1, segments)?;
                self.divide(middle, b, slack, depth + 1, segments)
            }
        }
    }

    /// Moves each change of winner to where the two tie. The proof of a winner leaves it uncertain by the
    /// tolerance in value, which is more in k where two payoffs cross at a small angle.
    fn sharpen(&self, segments: &mut [Interval], tolerance: f64) {
        for right in 1..segments.len() {
            let (before, after) = (segments[right - 1], segments[right]);
            if before.winner == after.winner {
                continue;
            }
            let lag = |k: f64| match self.environment.with_production_cost(k) {
                Ok(at) => {
                    evaluate(&at, &self.policies[after.winner]).net_benefit()
                        - evaluate(&at, &self.policies[before.winner]).net_benefit()
                }
                // Not reached: k lies within the range that was checked.
                Err(_) => 0.0,
            };
            if lag(before.from) < 0.0 && lag(after.to) > 0.0 {
                let k = crossing(lag, before.from, after.to, tolerance);
                segments[right - 1].to = k;
                segments[right].from = k;
            }
        }
    }
}

/// True if policy `i` is proven to be within `slack` of the best everywhere between `a` and `b`: its tangents lie
/// above every chord.
fn leads(i: usize, a: &Snapshot, b: &Snapshot, slack: f64) -> bool {
    let point = |s: &Snapshot| Point { x: s.k, value: s.values[i], slope: s.slopes[i] };
    (0..a.values.len())
        .filter(|&j| j != i)
        .all(|j| largest_lead((a.values[j], b.values[j]), (point(a), point(b))) <= slack)
}
