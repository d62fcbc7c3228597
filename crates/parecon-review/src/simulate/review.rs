use parecon_core::random::{Stream, StreamKey};
use serde::{Deserialize, Serialize};

use super::course::{Course, Fate, Life};
use super::delay::Delay;
use super::estimate::Estimate;
use super::ideas::{ARRIVAL, Ideas};
use super::run::{Run, quantiles};
use super::station::Engine;
use crate::costs::Costs;
use crate::environment::Environment;
use crate::error::{Error, check};
use crate::evaluation::{Readings, Shares, evaluate};
use crate::flow::Flow;
use crate::policy::{At, Policy, Rule};

/// Reviewers at one point. How many readings they manage together is the `capacity` of their
/// [`Pool`](crate::Pool); without it nobody waits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// How many share the capacity, at least one: many slow ones are another queue than one fast one.
    pub reviewers: u32,
    /// Squared coefficient of variation of the time of one reading: 0 always the same, 1 exponential, above lognormal
    /// (as between 0 and 1).
    pub reading_cv2: f64,
}

impl Default for Desk {
    fn default() -> Self {
        Self { reviewers: 1, reading_cv2: 1.0 }
    }
}

impl Desk {
    pub(super) fn reading(&self, mean: f64) -> Delay {
        match self.reading_cv2 {
            0.0 => Delay::Fixed(mean),
            1.0 => Delay::Exponential(mean),
            cv2 => Delay::LogNormal { mean, cv2 },
        }
    }
}

/// What the simulation must know of time, beyond the [`Environment`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Ideas per unit of time (a Poisson process), in the unit of the pools' capacities.
    pub arrival_rate: f64,
    /// From the permission, or the idea, to finished work.
    pub production: Delay,
    /// Reviewers of proposals.
    #[serde(default)]
    pub proposal: Desk,
    /// Reviewers of finished work.
    #[serde(default)]
    pub work: Desk,
    /// Reviewers of what is published.
    #[serde(default)]
    pub published: Desk,
    /// Authors who are active at a time, at least one; each idea is had by one of them at random.
    pub active_authors: u32,
    /// Mean time in which a published piece does its value or harm: of a piece taken down after t, the share
    /// 1 − exp(−t/this) is done. None: the environment's `exposure`, whenever it is taken down.
    #[serde(default)]
    pub effect_time: Option<f64>,
}

impl Default for Timing {
    /// One idea per unit of time, made at once, one reviewer at each point, 20 active authors.
    fn default() -> Self {
        let desk = Desk::default();
        Self {
            arrival_rate: 1.0,
            production: Delay::Fixed(0.0),
            proposal: desk,
            work: desk,
            published: desk,
            active_authors: 20,
            effect_time: None,
        }
    }
}

impl Timing {
    pub(super) fn desks(&self) -> [Desk; 3] {
        [self.proposal, self.work, self.published]
    }

    fn validate(&self) -> Result<(), Error> {
        let positive = |what: &str, x: f64| check(x.is_finite() && x > 0.0, what, x, "finite and positive");
        positive("arrival rate of ideas", self.arrival_rate)?;
        self.production.validate("production time")?;
        for (name, desk) in ["proposals", "finished work", "published work"].iter().zip(self.desks()) {
            let what = format!("number of reviewers of {name}");
            check(desk.reviewers > 0, &what, f64::from(desk.reviewers), "at least 1")?;
            let cv2 = desk.reading_cv2;
            let what = format!("squared coefficient of variation of reading {name}");
            check(cv2.is_finite() && cv2 >= 0.0, &what, cv2, "finite and not negative")?;
        }
        check(self.active_authors > 0, "number of active authors", 0.0, "at least 1")?;
        if let Some(time) = self.effect_time {
            positive("time in which a piece takes effect", time)?;
        }
        Ok(())
    }
}

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
    let trust = policy.stages().iter().any(|stage| matches!(stage.rule, Rule::Trust { .. }));
    let engine = if course.needs_events() { Engine::Events } else { Engine::Recursion };
    let replications = run.replicate(|replication| {
        let arrivals = arrivals(timing, run, replication);
        let ideas =
            Ideas::new(environment, run.seed(), replication, arrivals.len(), timing.active_authors, trust);
        let lives = match engine {
            _ if policy.is_abstain() => Vec::new(),
            Engine::Recursion => course.by_recursion(&ideas, &arrivals),
            Engine::Events => course.by_events(&ideas, &arrivals),
        };
        Sums::of(environment, policy, timing, run, &ideas, &lives)
    });
    report(environment, engine, &replications)
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
struct Sums {
    flow: Flow,
    benefit: f64,
    harm: f64,
    harm_while_published: f64,
    costs: Costs,
    counted: f64,
    waits: [f64; 3],
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
        let n = (run.total() - run.warm_up()) as f64;
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
        let mut queued = [0u64; 3];
        let (mut publications, mut exposures) = (Vec::new(), Vec::new());
        for (who, life) in lives.iter().enumerate().skip(run.warm_up()) {
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

fn report(environment: &Environment, engine: Engine, sums: &[Sums]) -> Result<ReviewReport, Error> {
    let column = |f: &dyn Fn(&Sums) -> f64| sums.iter().map(f).collect::<Vec<f64>>();
    let estimate = |f: &dyn Fn(&Sums) -> f64| Estimate::of(&column(f));
    let several = |number: usize, f: &dyn Fn(&Sums, usize) -> f64| {
        (0..number).map(|i| estimate(&|s| f(s, i))).collect::<Result<Vec<Estimate>, Error>>()
    };
    let net_by_replication = column(&Sums::net);
    let net_benefit_conditional = Estimate::of(&net_by_replication)?;
    let good = column(&|s| s.good_given);
    // Of few replications a coefficient cannot be learned, and where the control is constant there is nothing to take off.
    let controls = [(&good[..], environment.data().base_rate)];
    let controlled = if sums.len() >= ENOUGH {
        Estimate::with_controls(&net_by_replication, &controls).ok()
    } else {
        None
    };
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
        withdrawn: estimate(&|s| s.withdrawn)?,
        publication_delay: estimate(&|s| s.publication)?,
        publication_delay_quantiles: several(quantiles, &|s, i| s.publication_quantiles[i])?,
        exposure_time: estimate(&|s| s.exposure)?,
        exposure_time_quantiles: several(quantiles, &|s, i| s.exposure_quantiles[i])?,
        net_by_replication,
    })
}
