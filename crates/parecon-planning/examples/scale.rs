//! Time and memory by the number of councils: `cargo run --release -p parecon-planning --example scale -- 1e3 1e4`.
//!
//! Each argument is a number of councils, half of them worker councils with the published distributions, half
//! consumer councils that want 40 of the goods that are consumed; `1e6x5000` has 5,000 goods instead of 1,000. The table
//! has a line for each: the process time beside the wall time shows whether other programs were in the way. Sizes with
//! 1,000 goods (fewer for few councils) are also drawn, in `target/planning-scale.svg`.

use std::time::{Duration, Instant};

use parecon_planning::experiment::{Generator, START_PRICE};
use parecon_planning::{Config, Error, Planning, RevealedNewton};
use parecon_testbed::plot::{Series, draw};

const WANTS: u32 = 40;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sizes: Vec<String> = std::env::args().skip(1).collect();
    if sizes.is_empty() {
        sizes = ["1e3", "1e4", "1e5"].map(String::from).to_vec();
    }
    println!("# seconds of wall time (of processor time); memory in MiB, of the process at its peak so far");
    println!(
        "{:>9} {:>6} {:>15} {:>17} {:>17} {:>19} {:>7} {:>9} {:>8}",
        "councils",
        "goods",
        "generate",
        "aggregate",
        "longest round",
        "plan to 1e-9",
        "rounds",
        "imbalance",
        "memory"
    );
    let (mut rounds, mut plans) = (Vec::new(), Vec::new());
    for size in &sizes {
        let (councils, goods) = size.split_once('x').unwrap_or((size, "1000"));
        let (councils, goods): (f64, f64) = (councils.parse()?, goods.parse()?);
        if !(24.0..=1e9).contains(&councils) || !(20.0..=1e6).contains(&goods) {
            return Err(format!("{size}: must be 24 to 1e9 councils and 20 to 1e6 goods").into());
        }
        // Every good needs makers and users: fewer goods for few councils.
        let half = councils as usize / 2;
        let (longest, plan) = measure(half, (goods as u32 / 5).min(half as u32 / 20).max(4))?;
        if !size.contains('x') {
            rounds.push((councils, longest.wall.as_secs_f64()));
            plans.push((councils, plan.wall.as_secs_f64()));
        }
    }
    let series = [("longest round", rounds), ("plan from uniform prices to imbalances below 1e-9", plans)]
        .map(|(name, points)| Series { name: name.into(), points });
    let path = std::path::Path::new("target").join("planning-scale.svg");
    std::fs::create_dir_all("target")?;
    std::fs::write(&path, draw("councils", &series)?)?;
    println!("drawn in {}", path.display());
    Ok(())
}

/// The longest round and the whole plan.
fn measure(half: usize, goods_per_category: u32) -> Result<(Times, Times), Error> {
    let clock = Clock::start();
    let generator = Generator::new(1).with_goods_per_category(goods_per_category).with_councils(half, half);
    let economy = generator.with_wants(WANTS.min(2 * goods_per_category)).economy()?;
    let generate = clock.stop();

    let prices = vec![START_PRICE; economy.goods().len()];
    let aggregate = (0..5)
        .map(|_| {
            let clock = Clock::start();
            economy.aggregate(&prices).map(|_| clock.stop())
        })
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .min()
        .unwrap_or_default();

    let config = Config::new().with_start_price(START_PRICE).with_tolerance(1e-9).with_certificate(false);
    let mut rule = RevealedNewton::new();
    let whole = Clock::start();
    let mut planning = Planning::new(&economy, &mut rule, config)?;
    let (mut longest, mut near) = (Times::default(), None);
    while planning.status().is_none() {
        let clock = Clock::start();
        planning.step()?;
        longest = longest.max(clock.stop());
        if near.is_none() && planning.rounds().last().is_some_and(|round| round.largest_imbalance < 0.03) {
            near = Some(whole.stop());
        }
    }
    let plan = whole.stop();
    let rounds = planning.rounds();
    println!(
        "{:>9} {:>6} {:>15} {:>17} {:>17} {:>17} {:>17} {:>7} {:>9.1e} {:>8}",
        2 * half,
        economy.goods().len(),
        generate.shown(1),
        aggregate.shown(5),
        longest.shown(4),
        near.unwrap_or_default().shown(4),
        plan.shown(4),
        rounds.len(),
        rounds.last().map_or(f64::NAN, |round| round.largest_imbalance),
        peak_memory()
    );
    Ok((longest, plan))
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Times {
    wall: Duration,
    process: Duration,
}

impl Times {
    fn shown(self, digits: usize) -> String {
        format!("{:.digits$} ({:.digits$})", self.wall.as_secs_f64(), self.process.as_secs_f64())
    }
}

struct Clock {
    wall: Instant,
    process: Duration,
}

impl Clock {
    fn start() -> Self {
        Clock { process: process_time(), wall: Instant::now() }
    }

    fn stop(&self) -> Times {
        let wall = self.wall.elapsed();
        Times { wall, process: process_time().saturating_sub(self.process) }
    }
}

/// User and system time of this process, in clock ticks of a hundredth of a second; 0 where the system does not tell.
fn process_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * ticks)
}

/// In MiB; `?` where the system does not tell.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map_or("?".into(), |kib| (kib / 1024).to_string())
}
