//! Ideas on their way through the stages of a policy, in time.

use parecon_core::random::Stream;

use super::delay::Delay;
use super::events::{self, Moment, Step, World};
use super::fifo::FifoDesk;
use super::ideas::{CHANCE, Idea, Ideas, PATIENCE, PRODUCTION, READINGS, TIME, URGENCY};
use super::reading::Readers;
use super::timing::{Order, Timing};
use crate::environment::{Environment, Lognormal};
use crate::policy::{Action, At, Policy, Rule, Timeout, Verdict};

const POINTS: [At; 3] = [At::Proposal, At::Work, At::Published];

/// Where an idea ended, in the order of the exact solution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Kept,
    Reverted,
    Rejected,
    NotMade,
}

/// What became of one idea.
#[derive(Debug, Clone, Copy)]
pub(super) struct Life {
    pub(super) fate: Fate,
    pub(super) withdrawn: bool,
    pub(super) readings: [u32; 3],
    /// Waits at desks: until a reviewer began, or in vain until patience or the deadline was over.
    pub(super) waits: [Option<f64>; 3],
    /// Whether it went first there.
    pub(super) ahead: [bool; 3],
    pub(super) begun: f64,
    pub(super) published: f64,
    /// The present until the idea is over, then its last moment.
    pub(super) clock: f64,
    /// Of all that was read.
    pub(super) precision: f64,
    pub(super) evidence: f64,
}

/// A stage, ready to be applied.
struct Gate<'a> {
    point: usize,
    readers: Readers,
    rule: &'a Rule,
    /// Acceptances that make an author trusted.
    trust: Option<u32>,
    heeded: f64,
    timeout: Option<Timeout>,
    /// Reviewers, and the time of one reading.
    desk: Option<(usize, Delay)>,
    order: Order,
    latency: Option<Lognormal>,
    patience: Option<f64>,
}

/// One idea at one gate.
#[derive(Clone, Copy)]
struct Visit {
    /// The rule's verdict, and what follows from it.
    accepted: bool,
    pass: bool,
    service: f64,
    patience: f64,
    deadline: f64,
}

/// How a visit ended.
#[derive(Clone, Copy)]
enum Answer {
    Verdict,
    Overdue,
    Withdrawn,
}

pub(super) struct Course<'a> {
    gates: [Option<Gate<'a>>; 3],
    production: Delay,
}

impl<'a> Course<'a> {
    /// `cuts` as the policy's stages.
    pub(super) fn new(environment: &Environment, policy: &'a Policy, cuts: &[f64], timing: &Timing) -> Self {
        let mut gates = [None, None, None];
        for (stage, &cut) in policy.stages().iter().zip(cuts) {
            let Some(point) = POINTS.iter().position(|&at| at == stage.at) else { continue };
            let pool = environment.pool(stage.at);
            let desk = &timing.desks()[point];
            let (rule, trust) = match &stage.rule {
                Rule::Trust { after, otherwise } => (&**otherwise, Some(*after)),
                rule => (rule, None),
            };
            gates[point] = Some(Gate {
                point,
                readers: Readers::new(environment, stage.at, cut),
                rule,
                trust,
                heeded: if let Action::Advise { heeded } = stage.action { heeded } else { 1.0 },
                timeout: stage.timeout,
                desk: pool.capacity.map(|capacity| {
                    (desk.reviewers as usize, desk.reading(f64::from(desk.reviewers) / capacity))
                }),
                order: if pool.capacity.is_some() { desk.order } else { Order::Arrival },
                latency: pool.latency,
                // Nobody waits for the verdict on what is published already.
                patience: pool.patience.filter(|_| stage.at != At::Published),
            });
        }
        Self { gates, production: timing.production }
    }

    /// True if what happens to one idea may depend on what happened to later ones: then time must be followed.
    pub(super) fn needs_events(&self) -> bool {
        self.gates.iter().flatten().any(|gate| gate.trust.is_some() || gate.order != Order::Arrival)
    }

    /// True if it matters who has an idea.
    pub(super) fn needs_authors(&self) -> bool {
        self.gates.iter().flatten().any(Gate::keeps_record)
    }

    /// All ideas stage by stage: within a stage who arrives first is served first, so each stage is one recursion over
    /// all ideas in the order of their arrival there.
    pub(super) fn by_recursion(&self, ideas: &Ideas, arrivals: &[f64]) -> Vec<Life> {
        let mut lives: Vec<Life> = arrivals.iter().map(|&at| Life::new(at)).collect();
        let mut order: Vec<u32> =
            (0..arrivals.len() as u32).filter(|&who| ideas.attempts(who as usize)).collect();
        for point in 0..3 {
            if point == 1 {
                for &who in &order {
                    lives[who as usize].clock += self.production_time(ideas, who as usize);
                }
            }
            if let Some(gate) = &self.gates[point] {
                let mut desk = gate.desk.map(|(reviewers, _)| FifoDesk::new(reviewers));
                if desk.is_some() && point > 0 {
                    sort_by_clock(&mut order, &lives);
                }
                for &who in &order {
                    let life = &mut lives[who as usize];
                    let visit = gate.visit(ideas, who as usize, life);
                    let (answer, now) = visit.answer(desk.as_mut(), life, point);
                    gate.judged(&visit, answer, now, life);
                }
                order.retain(|&who| !lives[who as usize].is_over());
            }
            if point == 1 {
                order.iter().for_each(|&who| lives[who as usize].publish());
            }
        }
        lives
    }

    /// The same in the order of time.
    pub(super) fn by_events(&self, ideas: &Ideas, arrivals: &[f64]) -> Vec<Life> {
        let authors = if self.needs_authors() {
            (0..arrivals.len()).map(|who| ideas.author(who) + 1).max().unwrap_or(0)
        } else {
            0
        };
        let mut under_way = UnderWay {
            course: self,
            ideas,
            lives: arrivals.iter().map(|&at| Life::new(at)).collect(),
            at: vec![(0, None); arrivals.len()],
            accepted: [const { Vec::new() }; 3],
        };
        for record in &mut under_way.accepted {
            record.resize(authors, 0);
        }
        let reviewers =
            |gate: &Option<Gate>| gate.as_ref().and_then(|gate| gate.desk).map_or(0, |desk| desk.0);
        let desks = [&self.gates[0], &self.gates[1], &self.gates[2]].map(reviewers);
        events::run(arrivals, &desks, &mut under_way);
        under_way.lives
    }

    fn production_time(&self, ideas: &Ideas, who: usize) -> f64 {
        self.production.draw(&mut ideas.stream(who, PRODUCTION))
    }
}

impl Gate<'_> {
    /// True if authors' acceptances count.
    fn keeps_record(&self) -> bool {
        self.trust.is_some() || self.order.is_by_record()
    }

    fn visit(&self, ideas: &Ideas, who: usize, life: &mut Life) -> Visit {
        let Idea { quality, .. } = ideas.idea(who);
        let read = self.readers.apply(self.rule, quality, &mut ideas.stream(who, READINGS[self.point]));
        life.readings[self.point] = read.readings;
        life.precision += read.precision;
        life.evidence += read.evidence;
        let defied =
            self.heeded < 1.0 && !read.pass && ideas.stream(who, CHANCE[self.point]).uniform() >= self.heeded;
        let mut time: Stream = ideas.stream(who, TIME[self.point]);
        let service = match (&self.desk, &self.latency) {
            (Some((_, reading)), _) => (0..read.readings).map(|_| reading.draw(&mut time)).sum(),
            (None, Some(latency)) => time.log_normal(latency.median.ln(), latency.spread),
            (None, None) => 0.0,
        };
        let deadline = self.timeout.map_or(f64::INFINITY, |timeout| timeout.after);
        let patience = self
            .patience
            .map_or(f64::INFINITY, |mean| mean * ideas.stream(who, PATIENCE[self.point]).exponential());
        Visit {
            accepted: read.pass,
            pass: read.pass || defied,
            service,
            // Once the default verdict is there, there is nothing to wait for; but the readings take place.
            patience: if patience < deadline { patience } else { f64::INFINITY },
            deadline,
        }
    }

    fn judged(&self, visit: &Visit, answer: Answer, now: f64, life: &mut Life) {
        life.clock = now;
        let pass = match answer {
            Answer::Verdict => visit.pass,
            Answer::Overdue => self.timeout.is_some_and(|timeout| timeout.verdict == Verdict::Pass),
            Answer::Withdrawn => {
                life.withdrawn = true;
                false
            }
        };
        if !pass {
            life.fate = [Fate::NotMade, Fate::Rejected, Fate::Reverted][self.point];
        }
    }
}

impl Visit {
    /// How it ends and when, at a desk in order of arrival or without one.
    fn answer(&self, desk: Option<&mut FifoDesk>, life: &mut Life, point: usize) -> (Answer, f64) {
        let arrived = life.clock;
        let done = match desk {
            None => arrived + self.service,
            Some(desk) => match desk.serve(arrived, self.service, self.patience) {
                None => {
                    life.waits[point] = Some(self.patience);
                    return (Answer::Withdrawn, arrived + self.patience);
                }
                Some(begun) => {
                    life.waits[point] = Some(begun - arrived);
                    begun + self.service
                }
            },
        };
        let overdue = arrived + self.deadline;
        if done <= overdue {
            return (Answer::Verdict, done);
        }
        if let Some(wait) = &mut life.waits[point] {
            *wait = self.deadline;
        }
        (Answer::Overdue, overdue)
    }
}

impl Life {
    fn new(begun: f64) -> Self {
        Self {
            fate: Fate::Kept,
            withdrawn: false,
            readings: [0; 3],
            waits: [None; 3],
            ahead: [false; 3],
            begun,
            published: f64::INFINITY,
            clock: begun,
            precision: 0.0,
            evidence: 0.0,
        }
    }

    fn publish(&mut self) {
        self.published = self.clock;
    }

    fn is_over(&self) -> bool {
        self.fate != Fate::Kept
    }
}

/// Times are positive, so that their bits are in their order; of equals the earlier idea goes first.
fn sort_by_clock(order: &mut [u32], lives: &[Life]) {
    let mut keyed: Vec<(u64, u32)> =
        order.iter().map(|&who| (lives[who as usize].clock.to_bits(), who)).collect();
    keyed.sort_unstable();
    order.iter_mut().zip(keyed).for_each(|(slot, (_, who))| *slot = who);
}

/// The world of [`Course::by_events`].
struct UnderWay<'a> {
    course: &'a Course<'a>,
    ideas: &'a Ideas<'a>,
    lives: Vec<Life>,
    /// The point an idea has come to (production lies before the second), and its visit there, if under way.
    at: Vec<(usize, Option<Visit>)>,
    /// Each author's acceptances at each point.
    accepted: [Vec<u32>; 3],
}

impl World for UnderWay<'_> {
    fn next(&mut self, now: f64, who: usize, moment: Moment) -> Step {
        if !self.ideas.attempts(who) {
            return Step::Leave;
        }
        let (point, visit) = (self.at[who].0, self.at[who].1.take());
        let made = visit.is_none() && moment == Moment::Resumed;
        if let (Some(visit), Some(gate)) = (visit, &self.course.gates[point]) {
            let life = &mut self.lives[who];
            let (answer, time) = match moment {
                Moment::Withdrawn { wait } => {
                    life.waits[point] = Some(wait);
                    (Answer::Withdrawn, life.clock + wait)
                }
                Moment::Overdue => {
                    life.waits[point] = Some(visit.deadline);
                    (Answer::Overdue, now)
                }
                Moment::Judged { wait } => {
                    life.waits[point] = Some(wait);
                    (Answer::Verdict, now)
                }
                Moment::Arrived | Moment::Resumed if visit.service > visit.deadline => (Answer::Overdue, now),
                Moment::Arrived | Moment::Resumed => (Answer::Verdict, now),
            };
            if gate.keeps_record() && visit.accepted && matches!(answer, Answer::Verdict) {
                self.accepted[point][self.ideas.author(who)] += 1;
            }
            gate.judged(&visit, answer, time, life);
            if let Some(step) = self.leave(point, who) {
                return step;
            }
        } else if made {
            self.lives[who].clock = now;
        }
        self.go_on(who)
    }
}

impl UnderWay<'_> {
    /// Moves on to the next point, with production in between; or leaves.
    fn leave(&mut self, point: usize, who: usize) -> Option<Step> {
        let life = &mut self.lives[who];
        self.at[who].0 = point + 1;
        if life.is_over() || point == 2 {
            return Some(Step::Leave);
        }
        match point {
            0 => Some(Step::Pause { time: self.course.production_time(self.ideas, who) }),
            _ => {
                life.publish();
                None
            }
        }
    }

    /// From the present point to the next event.
    fn go_on(&mut self, who: usize) -> Step {
        loop {
            let point = self.at[who].0;
            let Some(gate) = self.course.gates.get(point).and_then(Option::as_ref) else {
                match self.leave(point.min(2), who) {
                    Some(step) => return step,
                    None => continue,
                }
            };
            if gate.trust.is_some_and(|after| self.accepted[point][self.ideas.author(who)] >= after) {
                match self.leave(point, who) {
                    Some(step) => return step,
                    None => continue,
                }
            }
            let visit = gate.visit(self.ideas, who, &mut self.lives[who]);
            let Visit { service, patience, deadline, .. } = visit;
            self.at[who].1 = Some(visit);
            let record = || self.accepted[point][self.ideas.author(who)];
            let ahead = match gate.order {
                Order::Arrival => None,
                Order::Urgent { share } => Some(self.ideas.stream(who, URGENCY).uniform() < share),
                Order::Known { after } => Some(record() >= after),
                Order::Newcomers { after } => Some(record() < after),
            };
            self.lives[who].ahead[point] = ahead == Some(true);
            let class = u32::from(ahead == Some(false));
            return match gate.desk {
                Some(_) => Step::Queue { desk: point, class, service, patience, deadline },
                None => Step::Pause { time: service.min(deadline) },
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::{EnvironmentData, Pool, Reviewers};
    use crate::policy::{Stage, Threshold};

    /// Two engines, one world: without feedback they must agree to the bit.
    #[test]
    fn stage_by_stage_and_event_by_event_are_the_same() {
        let pool = |capacity, patience| Pool { capacity: Some(capacity), patience, ..Pool::default() };
        let reviewers = Reviewers {
            proposal: pool(1.3, Some(2.0)),
            work: Pool { correlation: 0.3, ..pool(1.6, None) },
            published: Pool { latency: Some(Lognormal { median: 2.0, spread: 1.0 }), ..Pool::default() },
        };
        let environment =
            Environment::new(EnvironmentData { reviewers, ..EnvironmentData::default() }).unwrap();
        let cut = Threshold::Fixed(-0.5);
        let timeout = |after| Timeout { after, verdict: Verdict::Pass };
        let policy = Policy::staged([
            Stage::single(At::Proposal, cut).with_action(Action::Advise { heeded: 0.7 }),
            Stage::new(At::Work, Rule::k_of_n(2, 3, cut)).with_timeout(timeout(6.0)),
            Stage::single(At::Published, cut).with_timeout(timeout(4.0)),
        ])
        .unwrap();
        let timing = Timing { production: Delay::Exponential(3.0), ..Timing::default() };
        let course = Course::new(&environment, &policy, &[-0.5; 3], &timing);
        let mut stream = Stream::new(parecon_core::random::StreamKey::default());
        let mut clock = 0.0;
        let arrivals: Vec<f64> = (0..4000)
            .map(|_| {
                clock += stream.exponential();
                clock
            })
            .collect();
        let ideas = Ideas::new(&environment, 8, 0, arrivals.len(), 1, false);
        let show = |lives: Vec<Life>| lives.iter().map(|life| format!("{life:?}")).collect::<Vec<_>>();
        let (stages, events) = (course.by_recursion(&ideas, &arrivals), course.by_events(&ideas, &arrivals));
        for fate in [Fate::Kept, Fate::Reverted, Fate::Rejected, Fate::NotMade] {
            assert!(stages.iter().any(|life| life.fate == fate), "{fate:?}");
        }
        assert!(stages.iter().any(|life| life.withdrawn));
        for (who, (stage, event)) in show(stages).into_iter().zip(show(events)).enumerate() {
            assert_eq!(stage, event, "idea {who}");
        }
    }
}
