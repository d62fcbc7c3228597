//! Queues whose course depends on what happens meanwhile: priorities, patience, feedback.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// What happens to a contribution next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Step {
    /// It joins the queue of a desk. If no verdict has come within `deadline`, that is the next moment, and the review
    /// goes on without consequence.
    Queue { desk: usize, class: u32, service: f64, patience: f64, deadline: f64 },
    /// Nothing, for some time.
    Pause { time: f64 },
    /// It is over.
    Leave,
}

/// Why the world is asked for the next step of a contribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Moment {
    /// It has come into being.
    Arrived,
    /// A review has ended, begun after this wait.
    Judged { wait: f64 },
    /// It has lost patience after this wait.
    Withdrawn { wait: f64 },
    /// The deadline has passed without a verdict.
    Overdue,
    /// A pause is over.
    Resumed,
}

/// Decides, and keeps the books.
pub(crate) trait World {
    fn next(&mut self, now: f64, who: usize, moment: Moment) -> Step;
}

/// Runs contributions `0..arrivals.len()` through desks of so many reviewers each until all have left.
///
/// `arrivals` ascend. At a desk the lowest class goes first, within a class in order of joining; a review that has begun
/// is finished. Events at one time happen in the order in which they were scheduled, so that a run is reproducible.
pub(crate) fn run(arrivals: &[f64], desks: &[usize], world: &mut impl World) {
    let mut engine = Engine {
        desks: desks.iter().map(|&idle| Desk { idle, waiting: BinaryHeap::new() }).collect(),
        events: BinaryHeap::new(),
        scheduled: 0,
        visits: vec![0; arrivals.len()],
    };
    let mut next = 0;
    loop {
        let earlier = engine
            .events
            .peek()
            .is_some_and(|Reverse(event)| arrivals.get(next).is_none_or(|&arrival| event.time < arrival));
        if earlier {
            let Some(Reverse(event)) = engine.events.pop() else { break };
            match event.what {
                What::Resume => engine.ask(world, event.time, event.who, Moment::Resumed),
                What::Deadline { visit } => {
                    if engine.visits[event.who] == visit {
                        engine.ask(world, event.time, event.who, Moment::Overdue);
                    }
                }
                What::Finish { desk, wait, visit } => {
                    if engine.visits[event.who] == visit {
                        engine.ask(world, event.time, event.who, Moment::Judged { wait });
                    }
                    engine.desks[desk].idle += 1;
                    engine.call(world, event.time, desk);
                }
            }
        } else if let Some(&arrival) = arrivals.get(next) {
            engine.ask(world, arrival, next, Moment::Arrived);
            next += 1;
        } else {
            break;
        }
    }
}

struct Engine {
    desks: Vec<Desk>,
    events: BinaryHeap<Reverse<Event>>,
    scheduled: u64,
    /// How many moments each contribution has lived through; a visit is over when this has moved on.
    visits: Vec<u32>,
}

struct Desk {
    idle: usize,
    waiting: BinaryHeap<Reverse<Waiting>>,
}

impl Engine {
    fn ask(&mut self, world: &mut impl World, now: f64, who: usize, moment: Moment) {
        self.visits[who] += 1;
        match world.next(now, who, moment) {
            Step::Leave => {}
            Step::Pause { time } => self.schedule(now + time, who, What::Resume),
            Step::Queue { desk, class, service, patience, deadline } => {
                self.scheduled += 1;
                let (order, visit) = ((class, self.scheduled), self.visits[who]);
                let waiting = Waiting { order, who, since: now, service, patience, visit };
                self.desks[desk].waiting.push(Reverse(waiting));
                if deadline < f64::INFINITY {
                    self.schedule(now + deadline, who, What::Deadline { visit });
                }
                self.call(world, now, desk);
            }
        }
    }

    /// Idle reviewers of a desk take whoever is next. Who has lost patience meanwhile is met here and not earlier, which
    /// changes nothing for others.
    fn call(&mut self, world: &mut impl World, now: f64, desk: usize) {
        while self.desks[desk].idle > 0 {
            let Some(Reverse(next)) = self.desks[desk].waiting.pop() else { return };
            let wait = now - next.since;
            if wait > next.patience {
                if self.visits[next.who] == next.visit {
                    self.ask(world, now, next.who, Moment::Withdrawn { wait: next.patience });
                }
            } else {
                self.desks[desk].idle -= 1;
                self.schedule(now + next.service, next.who, What::Finish { desk, wait, visit: next.visit });
            }
        }
    }

    fn schedule(&mut self, time: f64, who: usize, what: What) {
        self.scheduled += 1;
        self.events.push(Reverse(Event { time, order: self.scheduled, who, what }));
    }
}

#[derive(Clone, Copy)]
enum What {
    Resume,
    Deadline { visit: u32 },
    Finish { desk: usize, wait: f64, visit: u32 },
}

struct Event {
    time: f64,
    order: u64,
    who: usize,
    what: What,
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time.total_cmp(&other.time).then(self.order.cmp(&other.order))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Event {}

struct Waiting {
    order: (u32, u64),
    who: usize,
    since: f64,
    service: f64,
    patience: f64,
    visit: u32,
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order.cmp(&other.order)
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Waiting {}

#[cfg(test)]
mod tests {
    use super::super::fifo::FifoDesk;
    use super::*;
    use parecon_core::random::{Stream, StreamKey};

    struct One {
        customers: Vec<(f64, f64)>,
        waits: Vec<Option<f64>>,
    }

    impl World for One {
        fn next(&mut self, _: f64, who: usize, moment: Moment) -> Step {
            match moment {
                Moment::Judged { wait } => self.waits[who] = Some(wait),
                Moment::Withdrawn { .. } => self.waits[who] = None,
                Moment::Arrived | Moment::Resumed | Moment::Overdue => {
                    let (service, patience) = self.customers[who];
                    return Step::Queue { desk: 0, class: 0, service, patience, deadline: f64::INFINITY };
                }
            }
            Step::Leave
        }
    }

    /// Both engines on the same customers. Times of beginning are found by the same additions, so they are equal.
    #[test]
    fn events_and_the_recursion_agree() {
        let mut stream = Stream::new(StreamKey { seed: 5, ..StreamKey::default() });
        for servers in [1, 3, 10] {
            let mut clock = 0.0;
            let mut arrivals = Vec::new();
            let mut customers = Vec::new();
            for _ in 0..5000 {
                clock += stream.exponential() / servers as f64;
                arrivals.push(clock);
                customers.push((stream.exponential(), 3.0 * stream.exponential()));
            }
            let mut desk = FifoDesk::new(servers);
            let recursion: Vec<_> = arrivals
                .iter()
                .zip(&customers)
                .map(|(&a, &(s, p))| desk.serve(a, s, p).map(|begin| begin - a))
                .collect();
            let mut world = One { waits: vec![Some(-1.0); customers.len()], customers };
            run(&arrivals, &[servers], &mut world);
            assert_eq!(world.waits, recursion, "{servers} reviewers");
        }
    }
}
