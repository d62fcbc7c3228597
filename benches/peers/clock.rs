//! What a process measures of itself: time, processor time, memory, and the speed of memory.

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;
use serde::Serialize;

/// A question is repeated until this many seconds are spent on it, or so many times; twice at least, so that the first
/// answer is not the only one.
const SECONDS: f64 = 0.5;
const REPEATS: usize = 2000;

/// Unless the first answer took longer than this: what a process does once makes no difference to it.
const LONG: f64 = 10.0;

/// Bytes read to measure memory: several times what any cache of today holds.
const STREAM: usize = 512 << 20;

/// One question, in one process.
#[derive(Serialize)]
pub(crate) struct Measurement {
    /// The shortest time.
    seconds: f64,
    /// What the first answer took, with memory and caches that nothing has warmed.
    first_seconds: f64,
    /// Processor time of all threads, on average; not known outside Linux.
    cpu_seconds: Option<f64>,
    repeats: usize,
    /// Bytes of memory in use when the table was loaded, and at most.
    loaded: Option<u64>,
    peak: Option<u64>,
    /// ‖b − (I − A) x‖ / ‖b‖, where a solution is judged by it.
    pub(crate) residual: Option<f64>,
}

/// Repeats `run`, each time on what `prepare` makes anew outside the measured time.
pub(crate) fn measure<S, T>(
    mut prepare: impl FnMut() -> Result<S>,
    mut run: impl FnMut(&S) -> Result<T>,
) -> Result<Measurement> {
    let loaded = memory("VmRSS:");
    let (mut first, mut best, mut total, mut repeats) = (f64::INFINITY, f64::INFINITY, 0.0, 0);
    let mut cpu = Some(0.0);
    while repeats == 0 || (repeats == 1 && first < LONG) || (total < SECONDS && repeats < REPEATS) {
        let prepared = prepare()?;
        let (busy, start) = (busy_seconds(), Instant::now());
        let answer = black_box(run(&prepared)?);
        let took = start.elapsed().as_secs_f64();
        cpu = cpu.zip(busy_seconds()).zip(busy).map(|((sum, after), before)| sum + after - before);
        drop(answer);
        if repeats == 0 {
            first = took;
        }
        best = best.min(took);
        total += took;
        repeats += 1;
    }
    Ok(Measurement {
        seconds: best,
        first_seconds: first,
        cpu_seconds: cpu.map(|sum| sum / repeats as f64),
        repeats,
        loaded,
        peak: memory("VmHWM:"),
        residual: None,
    })
}

/// Processor time of all threads of this process.
fn busy_seconds() -> Option<f64> {
    let mut nanoseconds = 0.0;
    for task in fs::read_dir("/proc/self/task").ok()? {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        nanoseconds += text.split(' ').next()?.parse::<f64>().ok()?;
    }
    Some(nanoseconds * 1e-9)
}

fn memory(key: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(1024 * line.split_whitespace().next()?.parse::<u64>().ok()?)
}

/// Bytes per second at which `threads` together read an array once from memory, at best.
pub(crate) fn bandwidth(threads: usize) -> f64 {
    let numbers = vec![1.0f64; STREAM / 8];
    let share = numbers.len().div_ceil(threads.max(1));
    let mut best = f64::INFINITY;
    for _ in 0..8 {
        let start = Instant::now();
        std::thread::scope(|scope| {
            for part in numbers.chunks(share) {
                scope.spawn(move || black_box(sum(part)));
            }
        });
        best = best.min(start.elapsed().as_secs_f64());
    }
    STREAM as f64 / best
}

/// In independent strands: a single one would wait for its additions and not for memory.
fn sum(numbers: &[f64]) -> f64 {
    let mut strands = [0.0; 32];
    let (chunks, _) = numbers.as_chunks::<32>();
    for chunk in chunks {
        for (strand, number) in strands.iter_mut().zip(chunk) {
            *strand += number;
        }
    }
    strands.iter().sum()
}
