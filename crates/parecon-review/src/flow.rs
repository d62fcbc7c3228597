//! Shares and readings behind any stages: the integrals of the general model.
//!
//! Given quality, stages judge independently of each other, so each is a function of quality: the probability to
//! pass and the expected number of readings. Within a stage, readers who share blind spots are independent given
//! the shared error η, over which the rule's verdict is integrated.

use crate::costs::Costs;
use crate::environment::Environment;
use crate::gaussian::{Gate, REACH, noise, panels};
use crate::normal;
use crate::policy::{Action, At, Policy, Rule, Timeout, Verdict};
use crate::quadrature::integrate_to;

/// Shared errors are integrated over [−LIMIT, LIMIT].
const LIMIT: f64 = 9.0;
/// Skill is tabulated over the same range. The trapezoidal rule on a density that is analytic and at least .22 wide
/// (skill at most .95) has an error far below rounding at this step.
const SKILL_STEP: f64 = 1.0 / 16.0;
/// Accuracy of the acceptance rate of authors of a given skill, which itself enters an integral.
const SKILL_TOLERANCE: f64 = 1e-12;

/// Fates and readings of an idea that is good, and of one that is bad, each times its probability.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flow {
    /// Kept, taken down, rejected as work, not made.
    pub(crate) good: [f64; 4],
    pub(crate) bad: [f64; 4],
    /// Readings of proposals, of work, of what is published.
    pub(crate) readings: [f64; 3],
    pub(crate) error: f64,
}

impl Flow {
    /// Benefit, harm and costs in an environment.
    pub(crate) fn account(&self, environment: &Environment, policy: &Policy) -> (f64, f64, Costs) {
        let data = environment.data();
        if policy.is_abstain() {
            return (0.0, 0.0, Costs::default());
        }
        let done = |fates: &[f64; 4]| fates[0] + data.exposure * fates[1];
        let published = self.good[0] + self.bad[0] + self.good[1] + self.bad[1];
        let made = published + self.good[2] + self.bad[2];
        let mut costs = data.costs.production * made + data.costs.reproduction * published;
        if policy.stage(At::Proposal).is_some() {
            costs = costs + data.costs.proposal + data.costs.proposal_review * self.readings[0];
        }
        costs = costs
            + data.costs.work_review * self.readings[1]
            + data.costs.published_review * self.readings[2];
        (data.value * done(&self.good), data.harm * done(&self.bad), costs)
    }
}

/// The flow through the stages of `policy`, whose i-th stage works with `cuts[i]`.
pub(crate) fn flow(environment: &Environment, policy: &Policy, cuts: &[f64], tolerance: f64) -> Flow {
    let mut judges: Vec<Judge> = Vec::new();
    for (stage, &cut) in policy.stages().iter().zip(cuts) {
        let late = stage.timeout.map_or((0.0, 0.0), |Timeout { after, verdict }| {
            let late = environment.pool(stage.at).late(after);
            (late, if verdict == Verdict::Pass { late } else { 0.0 })
        });
        let reader = Reader::new(environment, stage.at, cut, tolerance);
        let (rule, trust) = match &stage.rule {
            Rule::Trust { after, otherwise } => (
                &**otherwise,
                Some(Trust::new(environment, *after, &judges, |q| reader.verdict(otherwise, q))),
            ),
            rule => (rule, None),
        };
        let heeded = if let Action::Advise { heeded } = stage.action { heeded } else { 1.0 };
        judges.push(Judge { at: stage.at, reader, rule, trust, heeded, late });
    }
    let integrand = |q: f64| {
        // Fates as above, then readings.
        let mut out = [0.0; 7];
        let mut here = 1.0;
        for judge in &judges {
            let (pass, readings) = judge.verdict(q);
            let (fate, reading) = match judge.at {
                At::Proposal => (3, 4),
                At::Work => (2, 5),
                At::Published => (1, 6),
            };
            out[fate] = here * (1.0 - pass);
            out[reading] = here * readings;
            here *= pass;
        }
        out[0] = here;
        out
    };
    let gates: Vec<Gate> = judges.iter().map(|judge| judge.reader.gate()).collect();
    let (good, bad, error) = halves(environment, integrand, &gates, tolerance);
    let readings = [4, 5, 6].map(|i: usize| good[i] + bad[i]);
    let fates = |all: [f64; 7]| [all[0], all[1], all[2], all[3]];
    Flow { good: fates(good), bad: fates(bad), readings, error }
}

/// E[f(q); good] and E[f(q); bad], and the estimated error of both.
fn halves<const N: usize>(
    environment: &Environment,
    f: impl Fn(f64) -> [f64; N],
    gates: &[Gate],
    tolerance: f64,
) -> ([f64; N], [f64; N], f64) {
    if environment.atoms().is_empty() {
        let gates: Vec<&Gate> = gates.iter().collect();
        let weighed = |q: f64| {
            let density = normal::density(q);
            f(q).map(|x| density * x)
        };
        let cut = environment.quality_cut();
        let good = integrate_to(weighed, &panels(cut, f64::INFINITY, &gates), tolerance);
        let bad = integrate_to(weighed, &panels(f64::NEG_INFINITY, cut, &gates), tolerance);
        return (good.value, bad.value, good.error + bad.error);
    }
    let (mut good, mut bad) = ([0.0; N], [0.0; N]);
    for atom in environment.atoms() {
        let value = f(atom.quality);
        for i in 0..N {
            good[i] += atom.good * value[i];
            bad[i] += atom.bad * value[i];
        }
    }
    (good, bad, environment.atoms().len() as f64 * f64::EPSILON)
}

/// A stage at work.
struct Judge<'a> {
    at: At,
    reader: Reader,
    rule: &'a Rule,
    trust: Option<Trust>,
    heeded: f64,
    /// Probability that no verdict comes in time, and of that and passing.
    late: (f64, f64),
}

impl Judge<'_> {
    /// Probability to pass and expected number of readings, given quality.
    fn verdict(&self, quality: f64) -> (f64, f64) {
        let (mut pass, mut readings) = self.reader.verdict(self.rule, quality);
        if let Some(trust) = &self.trust {
            let trusted = trust.share(quality);
            pass = trusted + (1.0 - trusted) * pass;
            readings *= 1.0 - trusted;
        }
        pass += (1.0 - self.heeded) * (1.0 - pass);
        // A verdict that comes too late took its readings all the same.
        (self.late.1 + (1.0 - self.late.0) * pass, readings)
    }
}

/// Readers of a pool at one point: a signal and a cut-off.
struct Reader {
    accuracy: f64,
    noise: f64,
    bias: f64,
    /// √r and √(1 − r).
    shared: f64,
    own: f64,
    cut: f64,
    tolerance: f64,
}

impl Reader {
    fn new(environment: &Environment, at: At, cut: f64, tolerance: f64) -> Self {
        let (accuracy, pool) = (environment.accuracy(at), environment.pool(at));
        Self {
            accuracy,
            noise: noise(accuracy),
            bias: pool.bias,
            shared: pool.correlation.sqrt(),
            own: (1.0 - pool.correlation).sqrt(),
            cut,
            tolerance,
        }
    }

    /// A gate with the response of one reader, for panel borders.
    fn gate(&self) -> Gate {
        Gate::new(self.accuracy, self.cut - self.bias)
    }

    /// P(signal with errors of standard deviation `spread` times the usual > cut).
    fn above(&self, quality: f64, cut: f64, spread: f64) -> f64 {
        let margin = self.accuracy * quality + self.bias - cut;
        let spread = self.noise * spread;
        if cut.is_infinite() || spread == 0.0 {
            f64::from(u8::from(margin > 0.0))
        } else {
            normal::cdf(margin / spread)
        }
    }

    /// Probability that `rule` passes a piece of this quality, and the expected number of readings.
    fn verdict(&self, rule: &Rule, quality: f64) -> (f64, f64) {
        match rule {
            Rule::Single(_) => (self.above(quality, self.cut, 1.0), 1.0),
            Rule::MeanScore { n, .. } => {
                let n = f64::from(*n);
                let spread = (self.shared * self.shared + self.own * self.own / n).sqrt();
                (self.above(quality, self.cut, spread), n)
            }
            Rule::Lottery { reject_below, accept_above, share } => {
                let clear = self.above(quality, *accept_above, 1.0);
                let possible = self.above(quality, *reject_below, 1.0);
                (clear + share * (possible - clear), 1.0)
            }
            // Handled by the caller, who knows the authors.
            Rule::Trust { otherwise, .. } => self.verdict(otherwise, quality),
            voting => self.votes(quality, |p| count(voting, p)),
        }
    }

    /// The mean of `count` (at the probability that a voter is in favour) over shared errors.
    fn votes(&self, quality: f64, count: impl Fn(f64) -> (f64, f64)) -> (f64, f64) {
        if self.shared == 0.0 || self.noise == 0.0 || self.cut.is_infinite() {
            return count(self.above(quality, self.cut, 1.0));
        }
        let margin = self.accuracy * quality + self.bias - self.cut;
        let favour =
            |eta: f64| normal::cdf((margin + self.noise * self.shared * eta) / (self.noise * self.own));
        // Where opinion turns, and how fast.
        let (centre, reach) = (-margin / (self.noise * self.shared), REACH * self.own / self.shared);
        let mut borders = vec![-LIMIT, -3.0, 0.0, 3.0, LIMIT];
        borders.extend([centre - reach, centre, centre + reach].into_iter().filter(|x| x.abs() < LIMIT));
        borders.sort_by(f64::total_cmp);
        let mean = integrate_to(
            |eta| {
                let (density, (pass, readings)) = (normal::density(eta), count(favour(eta)));
                [density * pass, density * readings]
            },
            &borders,
            self.tolerance,
        );
        (mean.value[0], mean.value[1])
    }
}

/// Probability that a vote passes and expected readings, if each voter is in favour with probability p,
/// independently. Rules without votes and invalid panels do not get here.
fn count(rule: &Rule, p: f64) -> (f64, f64) {
    match rule {
        Rule::Panel { architecture, .. } => {
            (architecture.acceptance(p).unwrap_or(0.0), architecture.expected_evaluations(p).unwrap_or(0.0))
        }
        Rule::Sprt { test, .. } => {
            let result = test.run(p);
            (result.acceptance, result.evaluations)
        }
        Rule::Weighted { weights, quota, .. } => (weighted(weights, *quota, p), weights.len() as f64),
        Rule::LazyConsensus { watchers, attention, .. } => {
            let watchers = f64::from(*watchers);
            ((watchers * (-attention * (1.0 - p)).ln_1p()).exp(), watchers * attention)
        }
        Rule::Single(_) | Rule::MeanScore { .. } | Rule::Lottery { .. } | Rule::Trust { .. } => (p, 1.0),
    }
}

/// P(Σ wᵢ Xᵢ ≥ quota), Xᵢ independent and 1 with probability p: the product of (1 − p + p zʷ), everything from the
/// quota upwards in one place.
fn weighted(weights: &[u32], quota: u32, p: f64) -> f64 {
    let quota = quota as usize;
    let mut sums = vec![0.0; quota + 1];
    sums[0] = 1.0;
    for &weight in weights {
        let weight = weight as usize;
        // Downwards, so that nobody votes twice.
        for have in (0..quota).rev() {
            let favour = p * sums[have];
            sums[have] -= favour;
            sums[(have + weight).min(quota)] += favour;
        }
    }
    sums[quota]
}

/// Which share of pieces comes from trusted authors, given quality.
struct Trust {
    /// √s and √(1 − s).
    skill: f64,
    luck: f64,
    /// On the grid of skill: share of an author's ideas after trust was won.
    shares: Vec<f64>,
}

impl Trust {
    /// `inner` is the verdict on authors not yet trusted, `before` the gates in front of it.
    fn new(
        environment: &Environment,
        after: u32,
        before: &[Judge],
        inner: impl Fn(f64) -> (f64, f64),
    ) -> Self {
        let authors = environment.data().authors;
        let accepted = |q: f64| before.iter().fold(inner(q).0, |pass, judge| pass * judge.verdict(q).0);
        // With acceptance rate a and probability g of a further idea, each acceptance is reached before the end with
        // probability a / (1 − g (1 − a)); after the last of them another g is needed for there to be an idea left.
        let on = 1.0 - 1.0 / authors.contributions;
        let share = |a: f64| (on * a / (1.0 - on * (1.0 - a))).powf(f64::from(after));
        let (skill, luck) = (authors.skill.sqrt(), (1.0 - authors.skill).sqrt());
        let shares = if authors.skill == 0.0 {
            let (good, bad, _) = halves(environment, |q| [accepted(q)], &[], SKILL_TOLERANCE);
            vec![share(good[0] + bad[0])]
        } else {
            let grid = [-LIMIT, -5.0, -2.5, 0.0, 2.5, 5.0, LIMIT];
            skills()
                .map(|theta| {
                    let rate = integrate_to(
                        |e: f64| [normal::density(e) * accepted(skill * theta + luck * e)],
                        &grid,
                        SKILL_TOLERANCE,
                    );
                    share(rate.value[0])
                })
                .collect()
        };
        Self { skill, luck, shares }
    }

    /// Skill given quality is N(√s q, 1 − s).
    fn share(&self, quality: f64) -> f64 {
        if let [same] = self.shares.as_slice() {
            return *same;
        }
        let (mut sum, mut total) = (0.0, 0.0);
        for (theta, share) in skills().zip(&self.shares) {
            let weight = normal::density((theta - self.skill * quality) / self.luck);
            sum += weight * share;
            total += weight;
        }
        if total > 0.0 { sum / total } else { 0.0 }
    }
}

/// The grid of skill.
fn skills() -> impl Iterator<Item = f64> {
    let steps = (LIMIT / SKILL_STEP) as i32;
    (-steps..=steps).map(|i| f64::from(i) * SKILL_STEP)
}
