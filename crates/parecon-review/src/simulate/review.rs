use parecon_core::random::{Stream, StreamKey};
use serde::{Deserialize, Serialize};

use super::authors::Obstacles;
use super::course::{Course, Fate, Life};
use super::estimate::Estimate;
use super::ideas::{ARRIVAL, Ideas};
use super::run::{Run, quantiles};
use super::station::Engine;
use super::timing::Timing;
use crate::costs::Costs;
use crate::environment::Environment;
use crate::error::Error;
use crate::evaluation::{Readings, Shares, evaluate};
use crate::flow::Flow;
use crate::policy::{At, Policy};

/// Several means with their standard errors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured<T> {
    /// Means over replications.
    pub mean: T,
    /// Standard error of each.
    pub standard_error: T,
}

/// What a policy did in a simulated environment, per idea after the warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewReport {
    /// How it was found.
    pub engine: Engine,
    /// Benefit less harm less all costs, each unit counting alike: by the most exact estimator here, that with expected
    /// instead of drawn goodness, and control variates.
    pub net_benefit: Estimate,
    /// The same by counting good and bad pieces.
    pub net_benefit_counted: Estimate,
    /// The same with the probability of being good given all that was read (Rao and Blackwell), without controls.
    pub net_benefit_conditional: Estimate,
    /// v · good published, in the unit of account.
    pub benefit: Estimate,
    /// h · bad published, in the unit of account.
    pub harm: Estimate,
    /// The part of `harm` done by pieces while they were up that are taken down later.
    pub harm_while_published: Estimate,
    /// Costs by bearer.
    pub costs: Measured<Costs>,
    /// What becomes of ideas; goodness conditional, as above.
    pub shares: Measured<Shares>,
    /// Readings, by point.
    pub readings: Measured<Readings>,
    /// Mean wait per idea that came to a desk, by point: until a reviewer began, or in vain until patience or the
    /// deadline was over.
    pub waits: Measured<Readings>,
    /// The same for those who go first, at a desk that is not in order of arrival.
    pub waits_ahead: Measured<Readings>,
    /// Share of ideas withdrawn because the wait was too long.
    pub withdrawn: Estimate,
    /// Mean time from the idea to its publication, over what is published.
    pub publication_delay: Estimate,
    /// Its quantiles at the shares that the [`Run`] asks for.
    pub publication_delay_quantiles: Vec<Estimate>,
    /// Mean time from publication to being taken down, over bad pieces that are taken down.
    pub exposure_time: Estimate,
    /// Its quantiles at the shares that the [`Run`] asks for.
    pub exposure_time_quantiles: Vec<Estimate>,
    /// Net benefit in each replication, counted with conditional goodness: what [`compare`](super::compare) compares.
    pub net_by_replication: Vec<f64>,
}

impl ReviewReport {
    /// How many times larger the variance would have been had good and bad pieces only been counted.
    #[must_use]
    pub fn variance_reduction(&self) -> f64 {
        (self.net_benefit_counted.standard_error / self.net_benefit.standard_error).powi(2)
    }
}

/// Simulates `policy` in `environment`: every rule and action, readers with shared errors, authors with a record,
/// queues, patience and deadlines.
///
/// Idea i has its own random numbers for quality, author, each reading and each duration, the same under every policy
/// with that seed. Readings of a panel are taken one after the other by one reviewer's place at the desk, without a
/// further wait. A pool with a `capacity` is a queue; without, verdicts take the pool's `latency`, or no time. Who has
/// waited longer than an exponential time of mean `patience` withdraws (not from the review of published work).
/// Optimal thresholds are those of the exact solution ([`evaluate`]), which knows no queues. Who is trusted passes at once,
/// whatever the deadline.
///
/// The mean agrees with [`evaluate`] wherever that model applies: no capacity, and time without effect.
///
/// # Errors
/// If a number of `timing` or `run` is out of range.
///
/// # Complexity
/// Per idea and stage a few random numbers and O(log c) for c reviewers, and one sort by time; rules of trust are followed
/// event by event, O(log n) for n ideas under way. Some 120 bytes per idea and thread.
///
/// # Example
/// ```
/// use parecon_review::simulate::{Run, Timing, simulate};
/// use parecon_review::{Environment, EnvironmentData, Policy, Threshold, evaluate};
///
/// let environment = Environment::new(EnvironmentData::default())?;
/// let post = Policy::post(Threshold::Fixed(0.0))?;
/// let report = simulate(&environment, &post, &Timing::default(), &Run::new(3))?;
///
/// let exact = evaluate(&environment, &post).net_benefit();
/// let miss = (report.net_benefit.mean - exact) / report.net_benefit.standard_error;
/// assert!(miss.abs() < 4.0, "{miss} standard errors");
/// # Ok::<(), parecon_review::Error>(())
/// ```
pub fn simulate(
    environment: &Environment,
    policy: &Policy,
    timing: &Timing,
    run: &Run,
) -> Result<ReviewReport, Error> {
    let model = Model::new(environment, policy, timing, run)?;
    let replications = run.replicate(|replication| model.replicate(replication, None).sums);
    model.report(&replications, Some(environment.data().base_rate))
}

/// Everything that replications share.
pub(super) struct Model<'a> {
    environment: &'a Environment,
    policy: &'a Policy,
    timing: &'a Timing,
    run: &'a Run,
    course: Course<'a>,
    engine: Engine,
}

/// One replication.
pub(super) struct Replication<'a> {
    pub(super) ideas: Ideas<'a>,
    /// None if the policy abstains.
    pub(super) lives: Vec<Life>,
    pub(super) sums: Sums,
}

impl<'a> Model<'a> {
    pub(super) fn new(
        environment: &'a Environment,
        policy: &'a Policy,
        timing: &'a Timing,
        run: &'a Run,
    ) -> Result<Self, Error> {
        run.validate()?;
        timing.validate()?;
        let cutoffs = evaluate(environment, policy).cutoffs;
        let cuts: Vec<f64> = policy
            .stages()
            .iter()
            .map(|stage| match stage.at {
                At::Proposal => cutoffs.proposal,
                At::Work => cutoffs.work,
                At::Published => cutoffs.published,
            })
            .map(|cutoff| cutoff.map_or(0.0, |cutoff| cutoff.value()))
            .collect();
        let course = Course::new(environment, policy, &cuts, timing);
        let engine = if course.needs_events() { Engine::Events } else { Engine::Recursion };
        Ok(Self { environment, policy, timing, run, course, engine })
    }

    /// All ideas, or those that `obstacles` leave.
    pub(super) fn replicate(&self, replication: u64, obstacles: Option<&Obstacles>) -> Replication<'a> {
        let arrivals = arrivals(self.timing, self.run, replication);
        let known = self.course.needs_authors() || obstacles.is_some();
        let (seed, active) = (self.run.seed(), self.timing.active_authors);
        let mut ideas = Ideas::new(self.environment, seed, replication, arrivals.len(), active, known);
        if let Some(obstacles) = obstacles {
            ideas.keep(|ideas, who| obstacles.met(ideas, ideas.author(who)).is_none());
        }
        let lives = match self.engine {
            _ if self.policy.is_abstain() => Vec::new(),
            Engine::Recursion => self.course.by_recursion(&ideas, &arrivals),
            Engine::Events => self.course.by_events(&ideas, &arrivals),
        };
        let sums = Sums::of(self.environment, self.policy, self.timing, self.run, &ideas, &lives);
        Replication { ideas, lives, sums }
    }

    /// `good`: the expected share of good ideas, if known.
    pub(super) fn report(&self, sums: &[Sums], good: Option<f64>) -> Result<ReviewReport, Error> {
        report(self.engine, sums, good)
    }
}

fn arrivals(timing: &Timing, run: &Run, replication: u64) -> Vec<f64> {
    let mut stream = Stream::new(StreamKey { seed: run.seed(), replication, entity: 0, purpose: ARRIVAL });
    let (gap, mut clock) = (1.0 / timing.arrival_rate, 0.0);
    let next = |_| {
        clock += gap * stream.exponential();
        clock
    };
    (0..run.total()).map(next).collect()
}

/// Replications from which control variates are used.
const ENOUGH: usize = 10;

/// Means of one replication.
#[derive(Default)]
pub(super) struct Sums {
    flow: Flow,
    benefit: f64,
    harm: f64,
    harm_while_published: f64,
    costs: Costs,
    counted: f64,
    waits: [f64; 3],
    waits_ahead: [f64; 3],
    withdrawn: f64,
    /// Controls: probability of being good, over all ideas, and goodness counted.
    good_given: f64,
    good: f64,
    publication: f64,
    exposure: f64,
    publication_quantiles: Vec<f64>,
    exposure_quantiles: Vec<f64>,
}

impl Sums {
    fn of(
        environment: &Environment,
        policy: &Policy,
        timing: &Timing,
        run: &Run,
        ideas: &Ideas,
        lives: &[Life],
    ) -> Self {
        let data = environment.data();
        let mut sums = Self::default();
        let counted = || (run.warm_up()..run.total()).filter(|&who| ideas.attempts(who));
        let n = counted().count().max(1) as f64;
        if policy.is_abstain() {
            let known = evaluate(environment, policy).shares;
            sums.flow.good[3] = known.good_not_made;
            sums.flow.bad[3] = known.bad_not_made;
            (sums.good_given, sums.good) = (data.base_rate, data.base_rate);
            let (shares, none) = (run.quantiles().len(), 0.0);
            (sums.publication_quantiles, sums.exposure_quantiles) = (vec![none; shares], vec![none; shares]);
            return sums;
        }
        let (mut done_good, mut done_bad) = (0.0, 0.0);
        let (mut counted_good, mut counted_bad) = (0.0, 0.0);
        let (mut queued, mut queued_ahead) = ([0u64; 3], [0u64; 3]);
        let (mut publications, mut exposures) = (Vec::new(), Vec::new());
        for who in counted() {
            let life = &lives[who];
            let idea = ideas.idea(who);
            let good = ideas.good_given(&idea, life.precision, life.evidence);
            let fate = life.fate as usize;
            sums.flow.good[fate] += good;
            sums.flow.bad[fate] += 1.0 - good;
            sums.good_given += good;
            sums.good += f64::from(u8::from(idea.good));
            for point in 0..3 {
                sums.flow.readings[point] += f64::from(life.readings[point]);
                if let Some(wait) = life.waits[point] {
                    sums.waits[point] += wait;
                    queued[point] += 1;
                    if life.ahead[point] {
                        sums.waits_ahead[point] += wait;
                        queued_ahead[point] += 1;
                    }
                }
            }
            sums.withdrawn += f64::from(u8::from(life.withdrawn));
            let done = match life.fate {
                Fate::Kept => 1.0,
                Fate::Reverted => timing
                    .effect_time
                    .map_or(data.exposure, |time| -(-(life.clock - life.published) / time).exp_m1()),
                Fate::Rejected | Fate::NotMade => 0.0,
            };
            done_good += done * good;
            done_bad += done * (1.0 - good);
            if life.fate == Fate::Reverted {
                sums.harm_while_published += data.harm * done * (1.0 - good) / n;
            }
            *(if idea.good { &mut counted_good } else { &mut counted_bad }) += done;
            if life.published < f64::INFINITY {
                publications.push(life.published - life.begun);
                if life.fate == Fate::Reverted && !idea.good {
                    exposures.push(life.clock - life.published);
                }
            }
        }
        let scale = |x: &mut f64| *x /= n;
        sums.flow.good.iter_mut().chain(&mut sums.flow.bad).chain(&mut sums.flow.readings).for_each(scale);
        [&mut sums.withdrawn, &mut sums.good_given, &mut sums.good].into_iter().for_each(scale);
        for point in 0..3 {
            sums.waits[point] /= queued[point].max(1) as f64;
            sums.waits_ahead[point] /= queued_ahead[point].max(1) as f64;
        }
        sums.benefit = data.value * done_good / n;
        sums.harm = data.harm * done_bad / n;
        sums.costs = sums.flow.account(environment, policy).2;
        sums.counted = (data.value * counted_good - data.harm * counted_bad) / n - sums.costs.total();
        let mean = |times: &[f64]| times.iter().sum::<f64>() / times.len().max(1) as f64;
        (sums.publication, sums.exposure) = (mean(&publications), mean(&exposures));
        sums.publication_quantiles = quantiles(&mut publications, run.quantiles());
        sums.exposure_quantiles = quantiles(&mut exposures, run.quantiles());
        sums
    }

    fn net(&self) -> f64 {
        self.benefit - self.harm - self.costs.total()
    }
}

fn report(engine: Engine, sums: &[Sums], base_rate: Option<f64>) -> Result<ReviewReport, Error> {
    let column = |f: &dyn Fn(&Sums) -> f64| sums.iter().map(f).collect::<Vec<f64>>();
    let estimate = |f: &dyn Fn(&Sums) -> f64| Estimate::of(&column(f));
    let several = |number: usize, f: &dyn Fn(&Sums, usize) -> f64| {
        (0..number).map(|i| estimate(&|s| f(s, i))).collect::<Result<Vec<Estimate>, Error>>()
    };
    let net_by_replication = column(&Sums::net);
    let net_benefit_conditional = Estimate::of(&net_by_replication)?;
    let good = column(&|s| s.good_given);
    // Of few replications a coefficient cannot be learned, and where the control is constant there is nothing to take off.
    let controlled = base_rate
        .filter(|_| sums.len() >= ENOUGH)
        .and_then(|rate| Estimate::with_controls(&net_by_replication, &[(&good[..], rate)]).ok());
    let net_benefit = controlled.unwrap_or(net_benefit_conditional);
    let quantiles = sums[0].publication_quantiles.len();
    let [goods, bads] = [several(4, &|s, i| s.flow.good[i])?, several(4, &|s, i| s.flow.bad[i])?];
    let shares = |f: &dyn Fn(&Estimate) -> f64| Shares {
        good_published: f(&goods[0]),
        bad_published: f(&bads[0]),
        good_reverted: f(&goods[1]),
        bad_reverted: f(&bads[1]),
        good_rejected: f(&goods[2]),
        bad_rejected: f(&bads[2]),
        good_not_made: f(&goods[3]),
        bad_not_made: f(&bads[3]),
    };
    let points = |by_point: &[Estimate]| {
        let of = |f: &dyn Fn(&Estimate) -> f64| Readings {
            proposal: f(&by_point[0]),
            work: f(&by_point[1]),
            published: f(&by_point[2]),
        };
        Measured { mean: of(&|e| e.mean), standard_error: of(&|e| e.standard_error) }
    };
    let bearers = [
        estimate(&|s| s.costs.contributors)?,
        estimate(&|s| s.costs.reviewers)?,
        estimate(&|s| s.costs.inputs)?,
        estimate(&|s| s.costs.reproduction)?,
    ];
    let costs = |f: &dyn Fn(&Estimate) -> f64| Costs {
        contributors: f(&bearers[0]),
        reviewers: f(&bearers[1]),
        inputs: f(&bearers[2]),
        reproduction: f(&bearers[3]),
    };
    Ok(ReviewReport {
        engine,
        net_benefit,
        net_benefit_counted: estimate(&|s| s.counted)?,
        net_benefit_conditional,
        benefit: estimate(&|s| s.benefit)?,
        harm: estimate(&|s| s.harm)?,
        harm_while_published: estimate(&|s| s.harm_while_published)?,
        costs: Measured { mean: costs(&|e| e.mean), standard_error: costs(&|e| e.standard_error) },
        shares: Measured { mean: shares(&|e| e.mean), standard_error: shares(&|e| e.standard_error) },
        readings: points(&several(3, &|s, i| s.flow.readings[i])?),
        waits: points(&several(3, &|s, i| s.waits[i])?),
        waits_ahead: points(&several(3, &|s, i| s.waits_ahead[i])?),
        withdrawn: estimate(&|s| s.withdrawn)?,
        publication_delay: estimate(&|s| s.publication)?,
        publication_delay_quantiles: several(quantiles, &|s, i| s.publication_quantiles[i])?,
        exposure_time: estimate(&|s| s.exposure)?,
        exposure_time_quantiles: several(quantiles, &|s, i| s.exposure_quantiles[i])?,
        net_by_replication,
    })
}
