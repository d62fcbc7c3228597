//! For `parecon-jobs`: canonical workplaces, seeded ones of any size, and proptest strategies.

use parecon_jobs::band;
use parecon_jobs::{Eligibility, Error, Member, Minutes, Task, TaskId, Workplace, WorkplaceData};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, LogNormal, Poisson, StandardNormal};

/// Whether a synthetic workplace can meet its hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Task times are the sums of a hidden allocation in which every member splits the fair quota over at most six
    /// eligible tasks: the hours can be met by construction.
    Planted,
    /// Task times are lognormal: skills may be bottlenecks, and there may be no assignment at all.
    Random,
}

/// Two members, each of whom can do only one of two equally long tasks: deviations are `±gap / 2` whatever one does.
///
/// # Errors
/// If `gap` is not from 0 to 19.
pub fn separated_pair(gap: f64) -> Result<Workplace, Error> {
    let day = Minutes::new(480);
    Workplace::new(
        vec![Task::new("low", day, 1.0, 1.0), Task::new("high", day, 1.0 + gap, 1.0)],
        vec![Member::new("ann", day), Member::new("bo", day)],
        Eligibility::ByMember(vec![vec![TaskId::new(0)], vec![TaskId::new(1)]]),
    )
}

/// A workplace of `members` and `tasks` with about `eligible` eligible tasks per member and 40 skills; 45 % of tasks need
/// no skill, the others one; members have 3–8 skills, work 20–40 h, and tasks fill 95 % of their time. Ratings have
/// one decimal, are correlated, and low empowerment is more frequent than high.
///
/// # Errors
/// If there are no members or no tasks.
pub fn synthetic(
    members: usize,
    tasks: usize,
    eligible: usize,
    seed: u64,
    mode: Mode,
) -> Result<Workplace, Error> {
    const SKILLS: usize = 40;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let available: Vec<u64> = (0..members)
        .map(|_| {
            let at: f64 = rng.random();
            let steps = [(0.1, 20), (0.2, 24), (0.4, 30), (0.6, 32), (0.8, 36)];
            steps.iter().find(|(below, _)| at < *below).map_or(40, |(_, hours)| *hours)
        })
        .collect();
    let ratings: Vec<(f64, f64)> = (0..tasks)
        .map(|_| {
            let (a, b): (f64, f64) = (StandardNormal.sample(&mut rng), StandardNormal.sample(&mut rng));
            let tidy = |z: f64, power: f64| ((1.0 + 19.0 * normal_cdf(z).powf(power)) * 10.0).round() / 10.0;
            (tidy(a, 1.6), tidy(0.5 * a + 0.75f64.sqrt() * b, 1.2))
        })
        .collect();
    let need: Vec<Option<usize>> =
        (0..tasks).map(|_| (rng.random::<f64>() >= 0.45).then(|| rng.random_range(0..SKILLS))).collect();

    let mut lists: Vec<Vec<usize>> = Vec::with_capacity(members);
    for _ in 0..members {
        let amount = rng.random_range(3..9);
        let skills = rand::seq::index::sample(&mut rng, SKILLS, amount).into_vec();
        let pool: Vec<usize> =
            (0..tasks).filter(|j| need[*j].is_none_or(|skill| skills.contains(&skill))).collect();
        let drawn: f64 = Poisson::new(eligible.max(1) as f64).map_or(4.0, |p| p.sample(&mut rng));
        let wanted = (drawn as usize).max(4).min(pool.len());
        let chosen = rand::seq::index::sample(&mut rng, pool.len(), wanted);
        lists.push(chosen.into_iter().map(|k| pool[k]).collect());
    }
    complete(&mut lists, tasks, &mut rng);

    // 95 % of an hour is 57 minutes, so quotas are whole.
    let quotas: Vec<u64> = available.iter().map(|hours| hours * 57).collect();
    let times = match mode {
        Mode::Random => {
            let raw: Vec<f64> =
                (0..tasks).map(|_| LogNormal::new(0.0, 0.7).map_or(1.0, |d| d.sample(&mut rng))).collect();
            let scale = quotas.iter().sum::<u64>() as f64 / raw.iter().sum::<f64>();
            raw.into_iter().map(|r| (r * scale).round().max(1.0) as u64).collect()
        }
        Mode::Planted => planted(&lists, &quotas, tasks, &mut rng),
    };
    Workplace::new(
        (0..tasks)
            .map(|j| Task::new(format!("t{j}"), Minutes::new(times[j]), ratings[j].0, ratings[j].1))
            .collect(),
        available
            .iter()
            .enumerate()
            .map(|(i, hours)| Member::new(format!("m{i}"), Minutes::new(hours * 60)))
            .collect(),
        Eligibility::ByMember(
            lists.into_iter().map(|list| list.into_iter().map(TaskId::new).collect()).collect(),
        ),
    )
}

/// The workplace with a chunk for every task: half an hour, one, two or four hours, with probabilities .2, .4, .3 and .1.
///
/// # Errors
/// None for a valid workplace.
pub fn chunked(workplace: &Workplace, seed: u64) -> Result<Workplace, Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut data = WorkplaceData::from(workplace.clone());
    for task in &mut data.tasks {
        let at: f64 = rng.random();
        let chunk = [(0.2, 30), (0.6, 60), (0.9, 120)].iter().find(|(below, _)| at < *below);
        task.chunk = Some(Minutes::new(chunk.map_or(240, |(_, minutes)| *minutes)));
    }
    Workplace::try_from(data)
}

/// Sees to it that every task has six members who can do it, as far as there are so many, and everybody something to do.
fn complete(lists: &mut [Vec<usize>], tasks: usize, rng: &mut ChaCha8Rng) {
    let members = lists.len();
    let mut able = vec![0usize; tasks];
    lists.iter().flatten().for_each(|task| able[*task] += 1);
    for task in (0..tasks).filter(|task| able[*task] < 6) {
        for member in rand::seq::index::sample(rng, members, members.min(6)) {
            lists[member].push(task);
        }
    }
    for list in lists {
        // Somebody who lacks every skill that is needed learns something.
        if list.is_empty() {
            list.push(rng.random_range(0..tasks));
        }
        list.sort_unstable();
        list.dedup();
    }
}

/// Column sums of a hidden allocation.
fn planted(lists: &[Vec<usize>], quotas: &[u64], tasks: usize, rng: &mut ChaCha8Rng) -> Vec<u64> {
    let mut times = vec![0u64; tasks];
    for (list, &quota) in lists.iter().zip(quotas) {
        let chosen = rand::seq::index::sample(rng, list.len(), list.len().min(6)).into_vec();
        // Normalised exponentials are uniform on the simplex.
        let parts: Vec<f64> = chosen.iter().map(|_| Exp1.sample(rng)).collect();
        let sum: f64 = parts.iter().sum();
        let mut left = quota;
        for (k, (task, part)) in chosen.iter().zip(&parts).enumerate() {
            let last = k + 1 == parts.len();
            let time = if last { left } else { ((part / sum * quota as f64) as u64).min(left) };
            times[list[*task]] += time;
            left -= time;
        }
    }
    times
}

/// A band problem like [`synthetic`] workplaces, of any size, with costs from 0 to 1 in thousandths: what each hour of a task is
/// disliked by a member. Bands of `tolerance` rating points in two dimensions are hard.
///
/// With [`Mode::Planted`] hours can be met by construction; bands, by all but a few members at worst when lists are short.
///
/// # Errors
/// If there are no members or no tasks, or the tolerance is negative or not a number.
pub fn band_problem(
    members: usize,
    tasks: usize,
    eligible: usize,
    tolerance: f64,
    seed: u64,
    mode: Mode,
) -> Result<band::Problem, Error> {
    const SKILLS: usize = 40;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut quotas: Vec<f64> = (0..members)
        .map(|_| {
            let at: f64 = rng.random();
            let steps = [(0.1, 20.0), (0.2, 24.0), (0.4, 30.0), (0.6, 32.0), (0.8, 36.0)];
            0.95 * steps.iter().find(|(below, _)| at < *below).map_or(40.0, |(_, hours)| *hours)
        })
        .collect();
    let ratings: Vec<[f64; 2]> = (0..tasks)
        .map(|_| {
            let (a, b): (f64, f64) = (StandardNormal.sample(&mut rng), StandardNormal.sample(&mut rng));
            let tidy = |z: f64, power: f64| ((1.0 + 19.0 * normal_cdf(z).powf(power)) * 10.0).round() / 10.0;
            [tidy(a, 1.6), tidy(0.5 * a + 0.75f64.sqrt() * b, 1.2)]
        })
        .collect();
    let (mut open, mut skilled) = (Vec::new(), vec![Vec::new(); SKILLS]);
    for task in 0..tasks {
        match rng.random::<f64>() < 0.45 {
            true => open.push(task),
            false => skilled[rng.random_range(0..SKILLS)].push(task),
        }
    }
    let mut lists: Vec<Vec<usize>> = Vec::with_capacity(members);
    for _ in 0..members {
        let amount = rng.random_range(3..9);
        let mut pools = vec![&open];
        pools.extend(rand::seq::index::sample(&mut rng, SKILLS, amount).iter().map(|skill| &skilled[skill]));
        let size: usize = pools.iter().map(|pool| pool.len()).sum();
        let drawn: f64 = Poisson::new(eligible.max(1) as f64).map_or(4.0, |p| p.sample(&mut rng));
        let wanted = (drawn as usize).max(4).min(size);
        let task = |mut position: usize| {
            for pool in &pools {
                match pool.get(position) {
                    Some(task) => return *task,
                    None => position -= pool.len(),
                }
            }
            0
        };
        lists.push(rand::seq::index::sample(&mut rng, size, wanted).into_iter().map(task).collect());
    }
    complete(&mut lists, tasks, &mut rng);
    let mut hours = vec![0.0; tasks];
    match mode {
        Mode::Random => {
            let drawn = |_| LogNormal::new(0.0, 0.7).map_or(1.0, |d| d.sample(&mut rng));
            hours = (0..tasks).map(drawn).collect();
            let scale = quotas.iter().sum::<f64>() / hours.iter().sum::<f64>();
            hours.iter_mut().for_each(|h| *h *= scale);
        }
        Mode::Planted => {
            for (list, quota) in lists.iter().zip(&quotas) {
                let chosen = rand::seq::index::sample(&mut rng, list.len(), list.len().min(6)).into_vec();
                let parts: Vec<f64> = chosen.iter().map(|_| Exp1.sample(&mut rng)).collect();
                let sum: f64 = parts.iter().sum();
                chosen.iter().zip(parts).for_each(|(task, part)| hours[list[*task]] += part / sum * quota);
            }
        }
    }
    let total: f64 = hours.iter().sum();
    let factor = total / quotas.iter().sum::<f64>();
    quotas.iter_mut().for_each(|quota| *quota *= factor);
    let mean = |d: usize| ratings.iter().zip(&hours).map(|(r, h)| r[d] * h).sum::<f64>() / total;
    let means = [mean(0), mean(1)];
    let mut data = band::Data {
        dimensions: 2,
        offsets: ratings.iter().flat_map(|r| [r[0] - means[0], r[1] - means[1]]).collect(),
        tolerances: vec![tolerance; 2 * members],
        starts: vec![0],
        quotas,
        hours,
        ..band::Data::default()
    };
    for list in lists {
        for task in list {
            data.tasks.push(TaskId::new(task));
            data.costs.push(f64::from(rng.random_range(0..=1000u32)) / 1000.0);
        }
        data.starts.push(data.tasks.len());
    }
    band::Problem::new(data)
}

/// The standard normal distribution function to 1e-7 (Abramowitz & Stegun 26.2.17).
fn normal_cdf(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let series = t
        * (0.319_381_530
            + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt() * series;
    if z >= 0.0 { 1.0 - tail } else { tail }
}

/// Workplaces of up to 7 members and 9 tasks in which everyone has time, and eligibility is arbitrary: many have no
/// assignment.
pub fn workplace() -> impl Strategy<Value = Workplace> {
    (1usize..8, 1usize..10)
        .prop_flat_map(|(members, tasks)| {
            let task = (1u64..600, 10u32..=200, 10u32..=200);
            (
                prop::collection::vec(task, tasks),
                prop::collection::vec((60u64..2400, 1u32..4), members),
                prop::collection::vec(prop::collection::vec(any::<bool>(), tasks), members),
            )
        })
        .prop_filter_map("ids are distinct and ratings in range by construction", |(tasks, members, can)| {
            build(&tasks, &members, Some(&can)).ok()
        })
}

/// Like [`workplace`], but everyone can do everything and there is time enough: always perfectly balanced.
pub fn universal_workplace() -> impl Strategy<Value = Workplace> {
    (prop::collection::vec((1u64..600, 10u32..=200, 10u32..=200), 1..10), 1usize..8).prop_flat_map(
        |(tasks, members)| {
            let least = tasks.iter().map(|task| task.0).sum::<u64>();
            prop::collection::vec((least..least + 2400, 1u32..4), members)
                .prop_filter_map("ids are distinct and ratings in range by construction", move |members| {
                    build(&tasks, &members, None).ok()
                })
        },
    )
}

/// Small [`Mode::Planted`] workplaces: the hours can always be met, the balance is seldom perfect.
pub fn feasible_workplace() -> impl Strategy<Value = Workplace> {
    (2usize..9, 4usize..12, 2usize..6, any::<u64>())
        .prop_filter_map("never empty by construction", |(members, tasks, eligible, seed)| {
            synthetic(members, tasks, eligible, seed, Mode::Planted).ok()
        })
}

fn build(
    tasks: &[(u64, u32, u32)],
    members: &[(u64, u32)],
    can: Option<&[Vec<bool>]>,
) -> Result<Workplace, Error> {
    let rating = |tenths: u32| f64::from(tenths) / 10.0;
    Workplace::new(
        tasks
            .iter()
            .enumerate()
            .map(|(j, (time, e, d))| Task::new(format!("t{j}"), Minutes::new(*time), rating(*e), rating(*d)))
            .collect(),
        members
            .iter()
            .enumerate()
            .map(|(i, (time, count))| Member::new(format!("m{i}"), Minutes::new(*time)).with_count(*count))
            .collect(),
        match can {
            None => Eligibility::Everyone,
            Some(can) => Eligibility::ByMember(
                can.iter()
                    .map(|row| {
                        row.iter()
                            .enumerate()
                            .filter(|(_, able)| **able)
                            .map(|(j, _)| TaskId::new(j))
                            .collect()
                    })
                    .collect(),
            ),
        },
    )
}
