//! M/M/10 in `NeXosim`, a discrete-event simulator in Rust, beside `parecon-review`.
//!
//! The desk is a single model that schedules its own events, which is the quickest form there: no message is sent from
//! model to model. Random numbers are its own, from a generator that costs next to nothing. It runs on one thread; for
//! the same here set `RAYON_NUM_THREADS=1`.

// Of what the macro for models makes of one.
#![allow(missing_docs, unreachable_pub)]

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSinkReader, Output, SinkState, event_queue};
use nexosim::simulation::{Mailbox, SimInit};
use nexosim::time::MonotonicTime;
use parecon_review::queue::ErlangC;
use parecon_review::simulate::{Delay, Run, Station, Traffic};
use serde::{Deserialize, Serialize};

const SERVERS: u32 = 10;
const RATE: f64 = 9.0;
/// Customers of one simulation.
const CUSTOMERS: u64 = 100_000;

/// Ten servers and who waits for them, since when.
#[derive(Serialize, Deserialize)]
pub struct Desk {
    mean_wait: Output<f64>,
    random: u64,
    to_come: u64,
    begun: u64,
    idle: u32,
    waiting: VecDeque<f64>,
    wait: f64,
}

#[Model]
impl Desk {
    fn new(seed: u64) -> Self {
        Self {
            mean_wait: Output::default(),
            random: seed,
            to_come: CUSTOMERS,
            begun: 0,
            idle: SERVERS,
            waiting: VecDeque::new(),
            wait: 0.0,
        }
    }

    /// By Marsaglia's xorshift; at least a nanosecond, since nothing can be scheduled for the present.
    fn exponential(&mut self, rate: f64) -> Duration {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let uniform = ((self.random >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
        Duration::from_secs_f64(1e-9 - uniform.ln() / rate)
    }

    fn now(cx: &Context<Self>) -> f64 {
        cx.time().duration_since(MonotonicTime::EPOCH).as_secs_f64()
    }

    fn expect_next(&mut self, cx: &Context<Self>) {
        if self.to_come > 0 {
            self.to_come -= 1;
            let gap = self.exponential(RATE);
            assert!(cx.schedule_event(gap, schedulable!(Self::arrive), ()).is_ok(), "in the future");
        }
    }

    #[nexosim(init)]
    async fn init(&mut self, cx: &Context<Self>) {
        self.expect_next(cx);
    }

    #[nexosim(schedulable)]
    async fn arrive(&mut self, _: (), cx: &Context<Self>) {
        self.expect_next(cx);
        let now = Self::now(cx);
        if self.idle > 0 {
            self.idle -= 1;
            self.begin(0.0, cx).await;
        } else {
            self.waiting.push_back(now);
        }
    }

    async fn begin(&mut self, wait: f64, cx: &Context<Self>) {
        self.wait += wait;
        self.begun += 1;
        let service = self.exponential(1.0);
        assert!(cx.schedule_event(service, schedulable!(Self::finish), ()).is_ok(), "in the future");
        if self.begun == CUSTOMERS {
            self.mean_wait.send(self.wait / CUSTOMERS as f64).await;
        }
    }

    #[nexosim(schedulable)]
    async fn finish(&mut self, _: (), cx: &Context<Self>) {
        match self.waiting.pop_front() {
            Some(since) => self.begin(Self::now(cx) - since, cx).await,
            None => self.idle += 1,
        }
    }
}

/// Mean wait of one simulation on one thread.
fn nexosim(seed: u64) -> Option<f64> {
    let mut desk = Desk::new(seed);
    let (sink, mut reader) = event_queue(SinkState::Enabled);
    desk.mean_wait.connect_sink(sink);
    let start = SimInit::with_num_threads(1).add_model(desk, Mailbox::new(), "desk");
    let mut simulation = start.init(MonotonicTime::EPOCH).ok()?;
    simulation.step_until(Duration::from_secs(CUSTOMERS)).ok()?;
    reader.try_read()
}

fn all(criterion: &mut Criterion) {
    let exact = ErlangC::new(RATE, 1.0, SERVERS).ok().and_then(|queue| queue.steady()).map(|s| s.mean_wait);
    let found: Vec<f64> = (1..=10).filter_map(|seed| nexosim(0x9E37_79B9_7F4A_7C15 * seed)).collect();
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    // A standard error of ten such means is .008; both must have simulated the same.
    assert!(exact.is_some_and(|exact| (mean - exact).abs() < 0.035), "{mean} {exact:?}");

    let mut group = criterion.benchmark_group("review/station against NeXosim");
    group.sample_size(10);
    group.throughput(Throughput::Elements(CUSTOMERS));
    group.bench_function(BenchmarkId::new("NeXosim", SERVERS), |bencher| {
        bencher.iter(|| nexosim(black_box(88_172_645_463_325_252)));
    });
    // Two replications of half as many.
    let run = Run::new(1).with_replications(2).with_arrivals(CUSTOMERS as usize / 2).with_warm_up(0);
    let traffic = Traffic { arrival_rate: RATE, service: Delay::Exponential(1.0) };
    let station = Station { classes: vec![traffic], servers: SERVERS, patience: None };
    group.bench_function(BenchmarkId::new("parecon-review", SERVERS), |bencher| {
        bencher.iter(|| black_box(&station).simulate(&run));
    });
    group.finish();
}

criterion_group!(benches, all);
criterion_main!(benches);
