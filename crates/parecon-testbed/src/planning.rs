//! For `parecon-planning`: economies with known clearing prices, and seeded random ones.

use parecon_planning::{
    Category, CobbDouglas, ConsumerCouncil, Economy, Error, Good, GoodId, Input, Preference, Preferences,
    Technology, WorkerCouncil,
};
use proptest::prelude::*;
use rand::{Rng, RngExt, SeedableRng, seq::index};
use rand_chacha::ChaCha8Rng;

/// An economy whose clearing prices are known without solving for them.
#[derive(Clone, Debug)]
pub struct Benchmark {
    /// The economy.
    pub economy: Economy,
    /// Its clearing prices.
    pub prices: Vec<f64>,
}

/// Bread made from labour alone, without effort: `Q = A·ω^b`, so that all labour ω is used.
///
/// Spending `m` on bread gives `p = m/Q`, and the share `b` of it goes to labour, at `b·m/ω`.
///
/// # Errors
/// If a parameter is out of range.
pub fn bakery(productivity: f64, exponent: f64, labour: f64, income: f64) -> Result<Benchmark, Error> {
    let goods =
        vec![Good::new("bread", Category::Private, 0.0), Good::new("labour", Category::Labour, labour)];
    let worker = worker(GoodId(0), productivity, vec![Input { good: GoodId(1), exponent }], (0.0, 1.0, 2.0));
    let economy = Economy::new(goods, vec![worker], vec![consumer(income, &[(GoodId(0), 1.0)])])?;
    let output = productivity * labour.powf(exponent);
    Ok(Benchmark { economy, prices: vec![income / output, exponent * income / labour] })
}

/// Song, made by effort `E` alone: `Q = A·E^c` with `s·k·E^k = c·m`, sold for the whole income `m`.
///
/// `effort` is `(c, s, k)`.
///
/// # Errors
/// If a parameter is out of range.
pub fn choir(productivity: f64, effort: (f64, f64, f64), income: f64) -> Result<Benchmark, Error> {
    let (c, s, k) = effort;
    let goods = vec![Good::new("song", Category::Private, 0.0)];
    let worker = worker(GoodId(0), productivity, Vec::new(), effort);
    let economy = Economy::new(goods, vec![worker], vec![consumer(income, &[(GoodId(0), 1.0)])])?;
    let output = productivity * (c * income / (s * k)).powf(c / k);
    Ok(Benchmark { economy, prices: vec![income / output] })
}

/// A chain from labour over grain to bread, with a park of a fixed size that everybody shares.
///
/// The `n` neighbourhoods spend half of their income 1 on bread and half on the park of size `g`, whose price is
/// therefore `n/(2g)`. Of the `n/2` spent on bread, half goes to grain and half of that to labour.
///
/// # Errors
/// If a parameter is out of range.
pub fn village(neighbourhoods: u32, park: f64, labour: f64) -> Result<Benchmark, Error> {
    let (bread, grain, green, work) = (GoodId(0), GoodId(1), GoodId(2), GoodId(3));
    let goods = vec![
        Good::new("bread", Category::Private, 0.0),
        Good::new("grain", Category::Intermediate, 0.0),
        Good::new("park", Category::Public, park),
        Good::new("labour", Category::Labour, labour),
    ];
    let half = |good| vec![Input { good, exponent: 0.5 }];
    let workers = vec![
        worker(bread, 1.0, half(grain), (0.0, 1.0, 2.0)),
        worker(grain, 1.0, half(work), (0.0, 1.0, 2.0)),
    ];
    let consumers = (0..neighbourhoods).map(|_| consumer(1.0, &[(bread, 1.0), (green, 1.0)])).collect();
    let economy = Economy::new(goods, workers, consumers)?;
    let (spent, grain_made) = (f64::from(neighbourhoods) / 2.0, labour.sqrt());
    let prices =
        vec![spent / grain_made.sqrt(), 0.5 * spent / grain_made, spent / park, 0.25 * spent / labour];
    Ok(Benchmark { economy, prices })
}

/// What [`replica`] draws.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Number of goods, at least 2; a quarter of them are endowments only.
    pub goods: usize,
    /// Probability that a council's supply is stiff: `1 − B − c/k` between 0.01 and 0.3, log-uniformly; otherwise
    /// between 0.1 and 0.8, uniformly.
    pub stiff: f64,
    /// Clearing prices are `exp(uniform in ±spread)`.
    pub spread: f64,
}

/// A random economy built around its clearing prices.
///
/// Prices, each producer's and the endowment's share of its good, technologies and spending are drawn; the values of
/// all outputs follow from one linear balance (`X = M + Σ_w b_w·V_w`, by elimination), and productivities and
/// endowments are set so that the councils propose just these values at just these prices.
///
/// # Errors
/// If the shape has fewer than 2 goods.
pub fn replica(seed: u64, shape: Shape) -> Result<Benchmark, Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let n = shape.goods;
    let made = n - (n / 4).max(1);
    let prices: Vec<f64> = (0..n).map(|_| rng.random_range(-shape.spread..=shape.spread).exp()).collect();

    let producers: Vec<usize> =
        (0..made).flat_map(|g| std::iter::repeat_n(g, rng.random_range(1..=3))).collect();
    let mut technologies = Vec::new();
    for _ in &producers {
        let slack = if rng.random_bool(shape.stiff) {
            10f64.powf(rng.random_range(-2.0..-0.5))
        } else {
            rng.random_range(0.1..0.8)
        };
        let effort = if rng.random_bool(0.5) { (1.0 - slack) * rng.random_range(0.0..0.3) } else { 0.0 };
        technologies.push((draw_inputs(&mut rng, n, 1.0 - slack - effort), effort));
    }
    // Spending on every good keeps all of them wanted, whatever the technologies drawn.
    let spending: Vec<f64> = (0..n).map(|_| 10f64.powf(rng.random_range(-2.0..3.0))).collect();

    let mut share: Vec<f64> = producers.iter().map(|_| 10f64.powf(rng.random_range(-2.0..0.0))).collect();
    let mut endowed: Vec<f64> = (0..n)
        .map(
            |g| if g >= made || rng.random_bool(0.3) { 10f64.powf(rng.random_range(-2.0..0.0)) } else { 0.0 },
        )
        .collect();
    let mut total = endowed.clone();
    for (g, s) in producers.iter().zip(&share) {
        total[*g] += s;
    }
    producers.iter().zip(&mut share).for_each(|(g, s)| *s /= total[*g]);
    endowed.iter_mut().zip(&total).for_each(|(e, t)| *e /= t);

    // X − Σ_w b_w·share_w·X_o = M is diagonally dominant by columns: elimination needs no pivots.
    let mut matrix = vec![vec![0.0; n]; n];
    let mut value = spending.clone();
    (0..n).for_each(|g| matrix[g][g] = 1.0);
    for ((g, s), (inputs, _)) in producers.iter().zip(&share).zip(&technologies) {
        inputs.iter().for_each(|input| matrix[input.good.index()][*g] -= input.exponent * s);
    }
    eliminate(&mut matrix, &mut value);

    let category = |g: usize| if g % 3 == 1 { Category::Public } else { Category::Private };
    let goods =
        (0..n).map(|g| Good::new(format!("good {g}"), category(g), endowed[g] * value[g] / prices[g]));
    let mut workers = Vec::new();
    for ((g, s), (inputs, effort)) in producers.iter().zip(&share).zip(technologies) {
        let (disutility, exponent) = (rng.random_range(0.5..2.0), rng.random_range(1.0..4.0));
        let (c, returns) = (effort * exponent, inputs.iter().map(|i| i.exponent).sum::<f64>() + effort);
        // log A such that the revenue at `prices` is this council's share of the good's value.
        let mut log = (1.0 - returns) * (s * value[*g]).ln() - prices[*g].ln();
        log -= inputs.iter().map(|i| i.exponent * (i.exponent / prices[i.good.index()]).ln()).sum::<f64>();
        if c > 0.0 {
            log -= effort * (c / (exponent * disutility)).ln();
        }
        workers.push(worker(GoodId(id(*g)), log.exp(), inputs, (c, disutility, exponent)));
    }
    let wants: Vec<(GoodId, f64)> = spending.iter().enumerate().map(|(g, m)| (GoodId(id(g)), *m)).collect();
    let income: f64 = spending.iter().sum();
    let consumers = vec![consumer(0.25 * income, &wants), consumer(0.75 * income, &wants)];
    Ok(Benchmark { economy: Economy::new(goods.collect(), workers, consumers)?, prices })
}

/// Small random economies with known clearing prices, some of their councils with stiff supply.
pub fn small_economy() -> impl Strategy<Value = Benchmark> {
    (2usize..12, 0u32..=2, any::<u64>()).prop_filter_map("valid by construction", |(goods, stiff, seed)| {
        replica(seed, Shape { goods, stiff: f64::from(stiff) / 2.0, spread: 3.0 }).ok()
    })
}

/// Prices drawn log-uniformly between 1/`factor` and `factor`.
#[must_use]
pub fn wild_prices(seed: u64, goods: usize, factor: f64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let log = factor.ln();
    (0..goods).map(|_| rng.random_range(-log..=log).exp()).collect()
}

fn worker(
    output: GoodId,
    total_factor_productivity: f64,
    inputs: Vec<Input>,
    effort: (f64, f64, f64),
) -> WorkerCouncil {
    let (effort_elasticity, disutility_coefficient, disutility_exponent) = effort;
    WorkerCouncil {
        name: String::new(),
        output,
        technology: Technology::CobbDouglas(CobbDouglas {
            total_factor_productivity,
            inputs,
            effort_elasticity,
            disutility_coefficient,
            disutility_exponent,
        }),
    }
}

fn consumer(income: f64, wants: &[(GoodId, f64)]) -> ConsumerCouncil {
    let preferences = wants.iter().map(|&(good, weight)| Preference { good, weight }).collect();
    ConsumerCouncil { name: String::new(), income, preferences: Preferences::CobbDouglas(preferences) }
}

/// One to six different inputs whose exponents add up to `sum`.
fn draw_inputs(rng: &mut impl Rng, goods: usize, sum: f64) -> Vec<Input> {
    let count = rng.random_range(1..=goods.min(6));
    let weights: Vec<f64> = (0..count).map(|_| rng.random_range(0.05..1.0)).collect();
    let total: f64 = weights.iter().sum();
    let drawn = index::sample(rng, goods, count);
    drawn
        .into_iter()
        .zip(weights)
        .map(|(g, weight)| Input { good: GoodId(id(g)), exponent: sum * weight / total })
        .collect()
}

/// Solves `matrix · x = right` in place.
fn eliminate(matrix: &mut [Vec<f64>], right: &mut [f64]) {
    let n = right.len();
    for k in 0..n {
        for i in k + 1..n {
            let factor = matrix[i][k] / matrix[k][k];
            for j in k..n {
                matrix[i][j] -= factor * matrix[k][j];
            }
            right[i] -= factor * right[k];
        }
    }
    for k in (0..n).rev() {
        for j in k + 1..n {
            right[k] -= matrix[k][j] * right[j];
        }
        right[k] /= matrix[k][k];
    }
}

/// Goods are counted in `u32`; the generators never come near its limit.
fn id(g: usize) -> u32 {
    u32::try_from(g).unwrap_or(u32::MAX)
}
