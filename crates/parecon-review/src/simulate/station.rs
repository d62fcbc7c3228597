use parecon_core::random::{Stream, StreamKey};
use serde::{Deserialize, Serialize};

use super::delay::Delay;
use super::estimate::Estimate;
use super::events::{self, Moment, Step, World};
use super::fifo::FifoDesk;
use super::run::{Run, quantiles};
use crate::error::{Error, check};

/// What the streams of a station are for; the entity is the submission.
const ARRIVAL: u64 = 0;
const SERVICE: u64 = 1;
const PATIENCE: u64 = 2;
const CLASS: u64 = 3;

/// Submissions of one class: a Poisson process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traffic {
    /// λ: arrivals per unit of time.
    pub arrival_rate: f64,
    /// How long a review takes.
    pub service: Delay,
}

/// One queue before c reviewers: M/G/c, with priorities and patience where asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Station {
    /// Classes in order of priority, at least one; within a class in order of arrival, and a review that has begun is
    /// finished.
    pub classes: Vec<Traffic>,
    /// c: reviewers.
    pub servers: u32,
    /// How long a submission waits before it is withdrawn; none: for ever.
    #[serde(default)]
    pub patience: Option<Delay>,
}

/// How a simulation was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// By the recursion of Kiefer and Wolfowitz: first come, first served.
    Recursion,
    /// Event by event: priorities, or what happens meanwhile matters.
    Events,
}

/// What a [`Station`] does, per submission after the warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StationReport {
    /// How it was found.
    pub engine: Engine,
    /// Mean time spent waiting, judged or withdrawn.
    pub mean_wait: Estimate,
    /// The same with the mean times between arrivals and of service as control variates: often more exact.
    pub mean_wait_controlled: Estimate,
    /// Variance of `mean_wait` over that of `mean_wait_controlled`.
    pub variance_reduction: f64,
    /// Share that waits at all.
    pub wait_probability: Estimate,
    /// Share that is withdrawn.
    pub abandon_probability: Estimate,
    /// Mean wait of each class.
    pub class_waits: Vec<Estimate>,
    /// Quantiles of the wait at the shares that the [`Run`] asks for.
    pub wait_quantiles: Vec<Estimate>,
}

impl Station {
    /// Simulates.
    ///
    /// Submission i has its own random numbers for service, patience and class, the same in every station with that
    /// seed: stations are compared on the same submissions.
    ///
    /// A queue that grows without bound is simulated too: its mean wait is that of so many arrivals.
    ///
    /// # Errors
    /// If a number of the station or the run is out of range.
    ///
    /// # Complexity
    /// O(log c) per submission in order of arrival (for up to 48 reviewers a few vector instructions), O(log n) with n
    /// submissions present with priorities. One number per submission is kept if quantiles are asked for, or priorities
    /// are.
    ///
    /// # Example
    /// ```
    /// use parecon_review::queue::ErlangC;
    /// use parecon_review::simulate::{Delay, Run, Station, Traffic};
    ///
    /// let traffic = Traffic { arrival_rate: 2.0, service: Delay::Exponential(1.0) };
    /// let station = Station { classes: vec![traffic], servers: 3, patience: None };
    /// let report = station.simulate(&Run::new(1))?;
    ///
    /// let exact = ErlangC::new(2.0, 1.0, 3)?.steady().expect("stable").mean_wait;
    /// let miss = (report.mean_wait.mean - exact) / report.mean_wait.standard_error;
    /// assert!(miss.abs() < 4.0, "{miss} standard errors");
    /// # Ok::<(), parecon_review::Error>(())
    /// ```
    pub fn simulate(&self, run: &Run) -> Result<StationReport, Error> {
        run.validate()?;
        self.validate()?;
        let engine = if self.classes.len() == 1 { Engine::Recursion } else { Engine::Events };
        let sums = run.replicate(|replication| {
            let mut tally = Tally::new(self, run);
            match engine {
                Engine::Recursion => self.recursion(run, replication, &mut tally),
                Engine::Events => self.events(run, replication, &mut tally),
            }
            tally.finish(run)
        });
        let column = |f: &dyn Fn(&Sums) -> f64| sums.iter().map(f).collect::<Vec<f64>>();
        let estimate = |f: &dyn Fn(&Sums) -> f64| Estimate::of(&column(f));
        let waits = column(&|s| s.wait);
        let mean_wait = Estimate::of(&waits)?;
        let rate = self.rate();
        let service = self.classes.iter().map(|c| c.arrival_rate / rate * c.service.mean()).sum();
        // A fixed service time explains nothing, and with few replications nothing can be explained.
        let gaps = (column(&|s| s.gap), 1.0 / rate);
        let services = (column(&|s| s.service), service);
        let mut controls = vec![(&gaps.0[..], gaps.1)];
        if self.classes.len() > 1 || self.classes[0].service.cv2() > 0.0 {
            controls.push((&services.0[..], services.1));
        }
        let mean_wait_controlled = Estimate::with_controls(&waits, &controls).unwrap_or(mean_wait);
        let ratio = mean_wait.standard_error / mean_wait_controlled.standard_error;
        Ok(StationReport {
            engine,
            mean_wait,
            mean_wait_controlled,
            variance_reduction: if ratio.is_finite() { ratio * ratio } else { 1.0 },
            wait_probability: estimate(&|s| s.waiting)?,
            abandon_probability: estimate(&|s| s.withdrawn)?,
            class_waits: (0..self.classes.len())
                .map(|k| estimate(&|s| s.class_waits[k]))
                .collect::<Result<_, _>>()?,
            wait_quantiles: (0..run.quantiles().len())
                .map(|i| estimate(&|s| s.quantiles[i]))
                .collect::<Result<_, _>>()?,
        })
    }

    fn rate(&self) -> f64 {
        self.classes.iter().map(|class| class.arrival_rate).sum()
    }

    fn validate(&self) -> Result<(), Error> {
        check(self.servers > 0, "number of reviewers", 0.0, "at least 1")?;
        check(!self.classes.is_empty(), "number of classes", 0.0, "at least 1")?;
        for (k, class) in self.classes.iter().enumerate() {
            let rate = class.arrival_rate;
            let what = format!("arrival rate of class {k}");
            check(rate.is_finite() && rate > 0.0, &what, rate, "finite and positive")?;
            class.service.validate(&format!("service time of class {k}"))?;
        }
        self.patience.map_or(Ok(()), |patience| patience.validate("patience"))
    }

    fn recursion(&self, run: &Run, replication: u64, tally: &mut Tally) {
        let mut desk = FifoDesk::new(self.servers as usize);
        let mut arrivals =
            Stream::new(StreamKey { seed: run.seed(), replication, entity: 0, purpose: ARRIVAL });
        let (gap, service) = (1.0 / self.rate(), self.classes[0].service);
        let mut clock = 0.0;
        for who in 0..run.total() {
            let between = gap * arrivals.exponential();
            clock += between;
            let key = StreamKey { seed: run.seed(), replication, entity: who as u64, purpose: SERVICE };
            let service = service.draw(&mut Stream::new(key));
            let patience = self.patience(key);
            let wait = desk.serve(clock, service, patience).map(|begin| begin - clock);
            if who >= run.warm_up() {
                tally.arrived(between, service);
                tally.waited(0, wait, patience);
            }
        }
    }

    fn events(&self, run: &Run, replication: u64, tally: &mut Tally) {
        let mut arrivals =
            Stream::new(StreamKey { seed: run.seed(), replication, entity: 0, purpose: ARRIVAL });
        let gap = 1.0 / self.rate();
        let mut clock = 0.0;
        let mut before = 0.0;
        let times: Vec<f64> = (0..run.total())
            .map(|_| {
                clock += gap * arrivals.exponential();
                clock
            })
            .collect();
        let mut visit = |now: f64, who: usize, moment: Moment| {
            let key = StreamKey { seed: run.seed(), replication, entity: who as u64, purpose: SERVICE };
            let class = self.class(key);
            let counted = who >= run.warm_up();
            match moment {
                Moment::Arrived | Moment::Resumed | Moment::Overdue => {
                    let service = self.classes[class].service.draw(&mut Stream::new(key));
                    if counted {
                        tally.arrived(now - before, service);
                    }
                    before = now;
                    let (class, patience) = (class as u32, self.patience(key));
                    Step::Queue { desk: 0, class, service, patience, deadline: f64::INFINITY }
                }
                Moment::Judged { wait } => {
                    if counted {
                        tally.waited(class, Some(wait), f64::INFINITY);
                    }
                    Step::Leave
                }
                Moment::Withdrawn { wait } => {
                    if counted {
                        tally.waited(class, None, wait);
                    }
                    Step::Leave
                }
            }
        };
        struct Ask<F>(F);
        impl<F: FnMut(f64, usize, Moment) -> Step> World for Ask<F> {
            fn next(&mut self, now: f64, who: usize, moment: Moment) -> Step {
                self.0(now, who, moment)
            }
        }
        events::run(&times, &[self.servers as usize], &mut Ask(&mut visit));
    }

    fn patience(&self, key: StreamKey) -> f64 {
        self.patience.map_or(f64::INFINITY, |patience| {
            patience.draw(&mut Stream::new(StreamKey { purpose: PATIENCE, ..key }))
        })
    }

    fn class(&self, key: StreamKey) -> usize {
        let mut left = self.rate() * Stream::new(StreamKey { purpose: CLASS, ..key }).uniform();
        let last = self.classes.len() - 1;
        let found = self.classes.iter().position(|class| {
            left -= class.arrival_rate;
            left < 0.0
        });
        found.unwrap_or(last)
    }
}

/// Running sums of one replication.
struct Tally {
    gaps: f64,
    services: f64,
    waiting: u64,
    withdrawn: u64,
    classes: Vec<(u64, f64)>,
    waits: Option<Vec<f64>>,
}

struct Sums {
    gap: f64,
    service: f64,
    wait: f64,
    waiting: f64,
    withdrawn: f64,
    class_waits: Vec<f64>,
    quantiles: Vec<f64>,
}

impl Tally {
    fn new(station: &Station, run: &Run) -> Self {
        let waits = (!run.quantiles().is_empty()).then(Vec::new);
        let classes = vec![(0, 0.0); station.classes.len()];
        Self { gaps: 0.0, services: 0.0, waiting: 0, withdrawn: 0, classes, waits }
    }

    #[inline]
    fn arrived(&mut self, gap: f64, service: f64) {
        self.gaps += gap;
        self.services += service;
    }

    /// The wait of who is judged, or the patience of who is not.
    #[inline]
    fn waited(&mut self, class: usize, wait: Option<f64>, patience: f64) {
        self.withdrawn += u64::from(wait.is_none());
        let time = wait.unwrap_or(patience);
        self.waiting += u64::from(time > 0.0 || wait.is_none());
        self.classes[class].0 += 1;
        self.classes[class].1 += time;
        if let Some(waits) = &mut self.waits {
            waits.push(time);
        }
    }

    fn finish(mut self, run: &Run) -> Sums {
        let n: u64 = self.classes.iter().map(|c| c.0).sum();
        let per = |x: f64| x / n as f64;
        Sums {
            gap: per(self.gaps),
            service: per(self.services),
            wait: per(self.classes.iter().map(|c| c.1).sum()),
            waiting: per(self.waiting as f64),
            withdrawn: per(self.withdrawn as f64),
            class_waits: self.classes.iter().map(|c| c.1 / c.0.max(1) as f64).collect(),
            quantiles: self.waits.as_mut().map_or_else(Vec::new, |waits| quantiles(waits, run.quantiles())),
        }
    }
}
