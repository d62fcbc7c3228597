//! Plans an economy with the published distributions, its councils dealt out to all processes.
//!
//! `mpirun -n 2 published [--councils N] [--goods N] [--seed N] [--tolerance X] [--rule NAME] [--checkpoint FILE]
//! [--prices FILE] [--die-after ROUND]`
//!
//! Rules are named as in `parecon_planning::experiment::Rule`: `revealed_newton` unless said otherwise. Half of the councils are worker councils. `--prices` writes the final prices as JSON. With `--die-after` the last process
//! kills itself after that round: to rehearse what happens then.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::Command;

use parecon_planning::experiment::{Generator, Rule, START_PRICE};
use parecon_planning::{Config, Round};
use parecon_planning_mpi::{World, plan};

/// Goods a consumer council wants, at most.
const WANTS: u32 = 40;

struct Options {
    councils: usize,
    goods: u32,
    seed: u64,
    tolerance: f64,
    rule: Rule,
    checkpoint: Option<PathBuf>,
    prices: Option<PathBuf>,
    die_after: Option<usize>,
}

type Failure = Box<dyn std::error::Error>;

fn options() -> Result<Options, Failure> {
    let mut options = Options {
        councils: 6_000,
        goods: 50,
        seed: 1,
        tolerance: 1e-9,
        rule: Rule::RevealedNewton,
        checkpoint: None,
        prices: None,
        die_after: None,
    };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--councils" => options.councils = value.parse::<f64>()? as usize,
            "--goods" => options.goods = value.parse::<f64>()? as u32,
            "--seed" => options.seed = value.parse()?,
            "--tolerance" => options.tolerance = value.parse()?,
            "--rule" => {
                let named = Rule::ALL.into_iter().find(|rule| rule.name() == value);
                options.rule = named.ok_or_else(|| format!("no rule {value}"))?;
            }
            "--checkpoint" => options.checkpoint = Some(value.into()),
            "--prices" => options.prices = Some(value.into()),
            "--die-after" => options.die_after = Some(value.parse()?),
            _ => return Err(format!("no option {flag}").into()),
        }
    }
    Ok(options)
}

fn run(world: &std::sync::Arc<World>) -> Result<(), Failure> {
    let options = options()?;
    let (half, per) = (options.councils / 2, options.goods / 5);
    let start = std::time::Instant::now();
    let generator = Generator::new(options.seed).with_goods_per_category(per).with_councils(half, half);
    let share = generator.with_wants(WANTS.min(2 * per)).share(world.rank(), world.size());
    let economy = world.agree(share)?.build_among(world.clone())?;
    let built = start.elapsed();

    let mut rule = options.rule.for_economy(&economy);
    let config = Config::new()
        .with_start_price(START_PRICE)
        .with_tolerance(options.tolerance)
        .with_round_limit(100)
        .with_certificate(false);
    let (rank, last) = (world.rank(), world.size() - 1);
    let mut watch = |round: &Round| {
        if rank == 0 {
            println!("round {}: largest imbalance {:.3e}", round.number, round.largest_imbalance);
        }
        if rank == last && options.die_after == Some(round.number) {
            let killed = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
            eprintln!("still alive: {killed:?}");
        }
        ControlFlow::Continue(())
    };
    let start = std::time::Instant::now();
    let checkpoint = options.checkpoint.as_deref();
    let outcome = plan(world, &economy, &mut *rule, &config, checkpoint, &mut watch)?;
    if rank == 0 {
        let (processes, took) = (world.size(), start.elapsed());
        println!("{:?}, {processes} processes: built in {built:.1?}, planned in {took:.3?}", outcome.status);
        if let Some(path) = &options.prices {
            std::fs::write(path, serde_json::to_vec(&outcome.prices)?)?;
        }
    }
    Ok(())
}

fn main() -> Result<(), Failure> {
    let world = World::start()?;
    if let Err(error) = run(&world) {
        world.abort(&error);
    }
    Ok(())
}
