//! Large workplaces: the same levels by band programmes, solved by the engines of [`band`](crate::band).
//!
//! The least largest deviation is the least τ at which nobody exceeds the band. The mean excess
//! `F(τ) = min Σ_id q_i (|a_id| − τ)₊ / (D Σ_i q_i)` is convex and falls to 0 there; the multipliers of each programme prove a
//! lower bound on that τ (they are those of a [`Certificate`](crate::Certificate)), and this bound is the next τ: Newton's
//! method on F from the left, some two to five programmes instead of a bisection.

use std::ops::ControlFlow;

use crate::balance::Run;
use crate::band::{self, Data, Engine, Outcome};
use crate::certificate::NEGLIGIBLE;
use crate::leximin::{Rows, by_member, cap, proved};
use crate::model::PerDimension;
use crate::proof::Claim;
use crate::stages::{Point, Problem};
use crate::way::Deviations;
use crate::{Choice, Config, Error, Progress, Stage, Status, TaskId, Workplace};

/// Relative gap of a programme whose cost is 1 per minute and excess: a mean excess of a millionth of a point.
const ACCURACY: f64 = 1e-6;
/// Relative gap of the mean deviation, whose programme has a cost of 1 per minute besides.
const MEAN: f64 = 1e-5;
/// The accuracy of choosing among what is balanced: a thousandth of the mean cost.
const CHOICE: f64 = 1e-3;
/// Beyond so many kinds of tasks the vertex of a choice would take longer than all the rest.
const VERTEX_CLASSES: usize = 10_000;
/// Programmes per level.
const STEPS: usize = 8;
/// A deviation within this of the band's edge is within the band, in rating points.
const EDGE: f64 = 1e-3;
/// A next τ less than this above the last one is no progress.
const PROGRESS: f64 = 1e-4;
/// Bands are widened by this when something else is minimised within them, so that they have an interior.
const ROOM: f64 = 1e-3;
/// What an excess beyond a cap of an earlier level costs, against one beyond τ.
const CAPPED: f64 = 100.0;

/// The levels, then the mean deviation, by band programmes.
pub(crate) fn bands(
    workplace: &Workplace,
    problem: &Problem<'_>,
    config: &Config,
    run: &mut Run<'_>,
) -> Result<Deviations, Error> {
    let mut found = Deviations::default();
    let mut caps: Vec<Option<f64>> = vec![None; problem.quotas.len()];
    let mut status = Status::Converged;
    loop {
        let open: Vec<usize> = (0..caps.len()).filter(|row| caps[*row].is_none()).collect();
        if open.is_empty() {
            break;
        }
        let Some(level) = level(workplace, problem, &caps, &found.minutes, config, run)? else {
            // The rest stays where the last level has it, without a bound; without a level nothing is solved.
            if found.leximin.levels.is_empty() {
                status = run.status;
            }
            if let Some(last) = found.leximin.levels.last() {
                let cap = last.cap;
                open.iter().for_each(|row| caps[*row] = Some(cap));
                found.leximin.levels.push(Rows { bound: 0.0, proof: None, cap, rows: open });
            }
            break;
        };
        // That a later level did not get to its end shows in its gap; the first decides how the whole ended.
        if found.leximin.levels.is_empty() || run.status == Status::Stopped {
            status = run.status;
        }
        let enough = found.leximin.levels.len() + 1 >= config.levels() as usize;
        let whole = level.binding.is_empty() || level.binding.len() == open.len();
        let last = enough || whole || run.status == Status::Stopped;
        let cap = cap(level.largest, config);
        let rows = if last { open } else { level.binding };
        rows.iter().for_each(|row| caps[*row] = Some(cap));
        found.minutes = level.minutes;
        found.leximin.levels.push(Rows { bound: level.bound.0, proof: level.bound.1, cap, rows });
        if found.first.is_none() {
            found.settled = run.status.is_converged();
            found.first = level.point.map(|point| normalised(&point));
        }
    }
    run.status = status;
    found.leximin.caps = caps.into_iter().map(|cap| cap.unwrap_or(f64::INFINITY)).collect();
    // Where nobody exceeds the balanced deviation there is nothing to minimise.
    let exceeded = found.leximin.caps.iter().any(|cap| *cap > config.balanced() + EDGE);
    if run.status.is_converged() && exceeded {
        mean(problem, config, run, &mut found)?;
    }
    // Within the balanced deviation nobody minds; beyond it what the mean has reached is kept.
    let allowed = |(row, cap): (&PerDimension<f64>, &f64)| {
        row.iter().map(|a| a.abs().max(config.balanced().min(*cap))).collect()
    };
    let deviations = problem.deviations(&found.minutes);
    found.within = deviations.iter().zip(&found.leximin.caps).map(allowed).collect();
    Ok(found)
}

/// The least mean of what exceeds the balanced deviation, everybody within their level's cap: as many dimensions again, with
/// hard bands.
fn mean(
    problem: &Problem<'_>,
    config: &Config,
    run: &mut Run<'_>,
    found: &mut Deviations,
) -> Result<(), Error> {
    let dimensions = problem.aggregate.dimensions;
    let caps = &found.leximin.caps;
    // So that gaps are relative to a cost of 1 a minute, and not to an excess that may be 0.
    let mut data = data(problem, |_| 1.0);
    data.dimensions = 2 * dimensions;
    data.offsets = data.offsets.chunks_exact(dimensions).flat_map(|row| [row, row].concat()).collect();
    let twice = |hard: &dyn Fn(f64) -> f64, soft: &dyn Fn(f64) -> f64| -> Vec<f64> {
        let row = |cap: &f64| [vec![hard(*cap); dimensions], vec![soft(*cap); dimensions]].concat();
        caps.iter().flat_map(row).collect()
    };
    data.tolerances = twice(&|cap| cap + ROOM, &|cap| cap.min(config.balanced()));
    data.penalties = twice(&|_| f64::INFINITY, &|_| 1.0 / dimensions as f64);
    let options = band::Config::default().with_accuracy(MEAN);
    found.mean = run.band(problem, data, &options, Stage::MeanDeviation, config)?;
    if let Some(point) = &found.mean {
        let kept = problem.deviations(&point.minutes);
        let beyond = kept.iter().zip(caps).flat_map(|(row, cap)| row.iter().map(move |a| a.abs() - cap));
        if run.status.is_converged() && beyond.fold(0.0, f64::max) <= ROOM + EDGE {
            found.minutes.clone_from(&point.minutes);
        }
    }
    if run.status != Status::Stopped {
        // The levels are there, whether or not the mean is the least there is.
        run.status = Status::Converged;
    }
    Ok(())
}

/// One level: the least largest deviation of the rows without a cap.
struct Found {
    largest: f64,
    bound: (f64, Option<crate::Proof>),
    /// Rows without a cap that the bound rests on.
    binding: Vec<usize>,
    minutes: Vec<f64>,
    /// Where the bound was found.
    point: Option<Point>,
}

fn level(
    workplace: &Workplace,
    problem: &Problem<'_>,
    caps: &[Option<f64>],
    before: &[f64],
    config: &Config,
    run: &mut Run<'_>,
) -> Result<Option<Found>, Error> {
    let members = by_member(workplace, problem.aggregate, caps);
    let most = |minutes: &[f64], of: &dyn Fn(Option<f64>, f64) -> f64| {
        let deviations = problem.deviations(minutes);
        let all =
            caps.iter().zip(&deviations).flat_map(|(cap, row)| row.iter().map(|own| of(*cap, own.abs())));
        all.fold(0.0, f64::max)
    };
    let of_open = |cap: Option<f64>, own: f64| if cap.is_none() { own } else { 0.0 };
    let beyond = |cap: Option<f64>, own: f64| cap.map_or(0.0, |cap| own - cap);
    // What the level before reached is a start: those who are set aside keep their caps there.
    let mut best = (!before.is_empty()).then(|| Found {
        largest: most(before, &of_open),
        bound: (0.0, None),
        binding: Vec::new(),
        minutes: before.to_vec(),
        point: None,
    });
    let mut band = config.balanced();
    for _ in 0..STEPS {
        let bands: Vec<(f64, f64)> =
            caps.iter().map(|cap| cap.map_or((band, 1.0), |cap| (cap, CAPPED))).collect();
        let Some(point) = excess(problem, &bands, Stage::LargestDeviation, config, run)? else { break };
        let open = || (0..caps.len()).filter(|row| caps[*row].is_none());
        let largest = most(&point.minutes, &of_open);
        // Caps are dear to exceed, not impossible: a point that does so counts for its multipliers only.
        let kept = most(&point.minutes, &beyond) <= EDGE;
        let met = kept && largest <= band + EDGE;
        let bound = proved(workplace, problem.aggregate, &point, Claim::Largest(&members), 0.0);
        let size: f64 = open().flat_map(|row| &point.weights[row]).map(|w| w.abs()).sum();
        let holds = |row: &usize| point.weights[*row].iter().any(|w| w.abs() >= NEGLIGIBLE * size);
        let progress = bound.0 > band + PROGRESS;
        band = band.max(bound.0);
        match &mut best {
            None => {
                let binding = if met { Vec::new() } else { open().filter(holds).collect() };
                best = Some(Found {
                    largest,
                    bound,
                    binding,
                    minutes: point.minutes.clone(),
                    point: Some(point),
                });
            }
            Some(best) => {
                if bound.0 > best.bound.0 {
                    best.bound = bound;
                    best.binding = open().filter(holds).collect();
                    best.point = Some(point.clone());
                }
                if kept && largest < best.largest {
                    best.largest = largest;
                    best.minutes = point.minutes;
                }
            }
        }
        if met || !progress || run.status == Status::Stopped {
            break;
        }
    }
    // An engine may miss its accuracy in a programme and the level be solved all the same.
    let solved = |found: &Found| found.largest <= found.bound.0.max(config.balanced()) + EDGE;
    if run.status != Status::Stopped && best.as_ref().is_some_and(solved) {
        run.status = Status::Converged;
    }
    Ok(best)
}

/// Multipliers as those of a certificate: weights sum to 1.
fn normalised(point: &Point) -> Point {
    let size: f64 = point.weights.iter().flatten().map(|w| w.abs()).sum();
    let mut point = point.clone();
    if size > 0.0 {
        point.weights.iter_mut().flatten().for_each(|w| *w /= size);
        point.prices.iter_mut().for_each(|price| *price /= size);
    }
    point
}

/// Within bands, or beyond them as little as possible: `(τ, w)` for each row. Multipliers come in rating points.
fn excess(
    problem: &Problem<'_>,
    bands: &[(f64, f64)],
    stage: Stage,
    config: &Config,
    run: &mut Run<'_>,
) -> Result<Option<Point>, Error> {
    let dimensions = problem.aggregate.dimensions;
    let mut data = data(problem, |_| 1.0);
    let each = |value: f64| std::iter::repeat_n(value, dimensions);
    data.tolerances = bands.iter().flat_map(|(tolerance, _)| each(*tolerance)).collect();
    data.penalties = bands.iter().flat_map(|(_, w)| each(w / dimensions as f64)).collect();
    let options = band::Config::default().with_accuracy(ACCURACY);
    run.band(problem, data, &options, stage, config)
}

/// A linear cost per pair within hard bands, with few pairs in use if that is the choice.
pub(crate) fn cheapest(
    problem: &Problem<'_>,
    cost: &[f64],
    within: &[PerDimension<f64>],
    config: &Config,
    run: &mut Run<'_>,
) -> Result<Option<Point>, Error> {
    let mut data = data(problem, |pair| cost[pair]);
    data.tolerances = within.iter().flatten().map(|tolerance| tolerance + ROOM).collect();
    let vertex = *config.choice() == Choice::FewTasks && problem.aggregate.classes.len() <= VERTEX_CLASSES;
    let options = band::Config::default().with_accuracy(CHOICE).with_basic(vertex);
    run.band(problem, data, &options, Stage::Choice, config)
}

/// All but the bands. Pinned work becomes a task of its own that only its member can do, at no cost.
fn data(problem: &Problem<'_>, cost: impl Fn(usize) -> f64) -> Data {
    let aggregate = problem.aggregate;
    let (rows, dimensions) = (problem.quotas.len(), aggregate.dimensions);
    let mut hours: Vec<f64> = aggregate.classes.iter().map(|class| class.time as f64).collect();
    let mut offsets: Vec<f64> = aggregate.classes.iter().flat_map(|class| &class.offset).copied().collect();
    let (mut starts, mut tasks) = (vec![0], Vec::with_capacity(problem.pairs.len()));
    let mut costs = Vec::with_capacity(problem.pairs.len());
    let mut pairs = problem.pairs.iter().enumerate().peekable();
    for row in 0..rows {
        while let Some((pair, (_, class))) = pairs.next_if(|(_, pair)| pair.0 == row) {
            tasks.push(TaskId::new(*class));
            costs.push(cost(pair));
        }
        let pinned = problem.quotas[row] - problem.free[row];
        if pinned > 0 {
            tasks.push(TaskId::new(hours.len()));
            costs.push(0.0);
            hours.push(pinned as f64);
            offsets.extend(
                problem.fixed[row].iter().map(|fixed| fixed * problem.quotas[row] as f64 / pinned as f64),
            );
        }
        starts.push(tasks.len());
    }
    Data {
        dimensions,
        quotas: problem.quotas.iter().map(|quota| *quota as f64).collect(),
        hours,
        offsets,
        starts,
        costs,
        tasks,
        tolerances: Vec::new(),
        penalties: Vec::new(),
    }
}

impl Run<'_> {
    /// Solves a band programme and keeps the account of effort and status.
    fn band(
        &mut self,
        problem: &Problem<'_>,
        data: Data,
        options: &band::Config,
        stage: Stage,
        config: &Config,
    ) -> Result<Option<Point>, Error> {
        let total = problem.aggregate.total as f64;
        let band = band::Problem::new(data)?;
        let observer = &mut *self.observer;
        let (mut stopped, mut near) = (false, 0);
        let mut watch = |progress: &band::Progress| -> ControlFlow<()> {
            let band::Progress { engine, iteration, objective, gap, missing, .. } = *progress;
            let answer = observer.on_round(&Progress { stage, iteration, objective: objective / total, gap });
            stopped |= answer.is_break();
            let enough = gap.abs() <= options.accuracy() && missing <= NEAR;
            near += u32::from(enough && engine == Engine::FirstOrder);
            if near > LOOKS && !options.basic() { ControlFlow::Break(()) } else { answer }
        };
        let options = options
            .clone()
            .with_engine(config.engine())
            .with_max_iterations(config.max_iterations().saturating_mul(ITERATIONS));
        let outcome = band::solve(&band, &options, &mut watch)?;
        let Outcome::Solved(solution) = outcome else {
            self.status = Status::Stalled;
            return Ok(None);
        };
        self.iterations += solution.work.iterations;
        self.status = match solution.status {
            _ if stopped => Status::Stopped,
            Status::Stopped => Status::Converged,
            status => status,
        };
        let dimensions = problem.aggregate.dimensions;
        let (mut minutes, mut at) = (Vec::with_capacity(problem.pairs.len()), 0);
        for (row, window) in band.data().starts.windows(2).enumerate() {
            let pinned = usize::from(problem.quotas[row] > problem.free[row]);
            minutes.extend_from_slice(&solution.x[at..window[1] - pinned]);
            at = window[1];
        }
        // A dimension may have several bands.
        let whole = |(row, quota): (&[f64], &u64)| {
            (0..dimensions)
                .map(|d| row[d..].iter().step_by(dimensions).sum::<f64>() * *quota as f64 / total)
                .collect()
        };
        let prices = solution.band_prices.chunks_exact(band.dimensions());
        Ok(Some(Point {
            minutes,
            weights: prices.zip(&problem.quotas).map(whole).collect(),
            prices: centred(problem, &solution.prices).into_iter().map(|price| price / total).collect(),
            status: self.status,
            iterations: solution.work.iterations,
        }))
    }
}

/// Where the first-order engine has come so near (hours missing, as a part of all) at so many looks and still found no point that meets
/// all hours to its own accuracy, it is near enough: its gap is to a bound that holds, and what is missing is less than the rounding
/// to whole minutes makes up for. The interior-point method's gap is to prices that may prove nothing yet.
const NEAR: f64 = 1e-6;
const LOOKS: u32 = 3;
/// A first-order iteration costs a hundredth of an interior-point one, about, and as many more are needed.
const ITERATIONS: u32 = 50;

/// Prices are determined up to a constant; the one that leaves the least |price| · time.
fn centred(problem: &Problem<'_>, prices: &[f64]) -> Vec<f64> {
    let classes = &problem.aggregate.classes;
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.sort_by(|a, b| prices[*a].total_cmp(&prices[*b]));
    let all: u64 = classes.iter().map(|class| class.time).sum();
    let mut below = 0;
    let median = order.into_iter().find(|class| {
        below += classes[*class].time;
        2 * below >= all
    });
    let centre = median.map_or(0.0, |class| prices[class]);
    prices[..classes.len()].iter().map(|price| price - centre).collect()
}
