//! Seeded economies with the published distributions.

use rand::{Rng, RngExt, SeedableRng, seq::index};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{
    Category, CobbDouglas, ConsumerCouncil, Economy, EconomyBuilder, Error, Exposed, Exposure, Good, GoodId,
    Input, Preference, Preferences, Technology, WorkerCouncil,
};

/// Goods and councils of the published experiments.
const CATEGORIES: [Category; 5] =
    [Category::Private, Category::Intermediate, Category::Nature, Category::Labour, Category::Public];
const GOODS_PER_CATEGORY: u32 = 10;
const COUNCILS: usize = 3_000;
/// Endowment of each natural resource and each kind of labour there.
const ENDOWMENT: f64 = 1_000.0;
const INCOME: f64 = 5_000.0;
/// `e`: weights are uniform in `[e, 2e]`.
const LEAST_WEIGHT: f64 = 0.025;
/// Sum of the exponents of a council's inputs, at least and at most.
const RETURNS: (f64, f64) = (0.75, 0.85);
const PRODUCTIVITY: (f64, f64) = (4.0, 6.0);
const EFFORT_ELASTICITY: (f64, f64) = (0.05, 0.1);
const DISUTILITY_EXPONENT: (f64, f64) = (3.0, 4.0);
/// What pollution means to consumer councils.
const COMPENSATION_SCALE: f64 = 5.0;
const COMPENSATION_EXPONENT: (f64, f64) = (0.11, 0.19);
const DAMAGE_EXPONENT: (f64, f64) = (1.11, 1.19);
/// Added to every exponent of a council with increasing returns.
const TOOTHACHE: f64 = 0.1;
/// Changes from year to year, all equally likely.
const WORKERS_CHANGE: [f64; 5] = [0.0, 0.001, 0.002, 0.003, 0.004];
const CONSUMERS_CHANGE: [f64; 5] = [-0.002, -0.001, 0.0, 0.001, 0.002];
/// Streams below this are the first economy's.
const FIRST_YEAR: u64 = 1 << 32;
/// A weight is not changed to less than this: a council goes on wanting what it wanted.
const SMALLEST_WEIGHT: f64 = 1e-6;
/// Keeps a mistaken number of goods from filling the memory, and ids within their type.
const MOST_GOODS: u32 = 1_000_000;
const MOST_COUNCILS: usize = 1_000_000_000;

/// Draws economies like those of the published experiments, on any scale.
///
/// There are five categories of goods (private, intermediate, nature, labour, public) of `goods_per_category` goods each,
/// and [pollutants](Self::with_pollutants) if asked for. Worker councils are spread evenly over the
/// goods that are made. Each draws
///
/// | | from |
/// |---|---|
/// | number of intermediate inputs | 1, 2, 3, 4 |
/// | number of natural resources, of kinds of labour | 1, 2 |
/// | exponent of each of its `n` inputs | `[0.75/n, 0.85/n]` |
/// | total factor productivity | `[4, 6]` |
/// | effort elasticity | `[0.05, 0.1]` |
/// | disutility of effort: exponent | `[3, 4]` |
/// | disutility of effort: coefficient | 1 |
///
/// uniformly, and each consumer council a weight in `[0.025, 0.05]` for every private and public good and an income of
/// 5,000. Numbers of inputs can be [changed](Self::with_inputs), to 1 to 4 of every kind, say. The ones above are those of the
/// recorded experiments: in their data files half of the councils use one natural resource and half two, and so with labour.
///
/// The endowment of each natural resource and kind of labour is 1,000 for the 300 councils that there are per
/// good of a category in the published experiments (3,000 councils, 10 goods), and in proportion to
/// `worker councils / goods per category` otherwise, so that there is as much of them for each council on any scale.
///
/// # Example
/// ```
/// use parecon_planning::experiment::{Generator, START_PRICE};
/// use parecon_planning::{Config, RevealedNewton, plan};
///
/// let economy = Generator::new(7).with_goods_per_category(4).with_councils(240, 100).economy()?;
/// assert_eq!((economy.goods().len(), economy.worker_councils(), economy.consumer_councils()), (20, 240, 100));
///
/// let config = Config::new().with_start_price(START_PRICE);
/// let outcome = plan(&economy, &mut RevealedNewton::new(), &config, &mut ())?;
/// assert!(outcome.status.is_converged() && outcome.rounds.len() <= 3);
/// # Ok::<(), parecon_planning::Error>(())
/// ```
///
/// # Reference
/// R. Hahnel, *Democratic Economic Planning* (Routledge 2021), chapter 9; numbers of inputs as in its data files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generator {
    seed: u64,
    goods_per_category: u32,
    worker_councils: usize,
    consumer_councils: usize,
    /// Least and most inputs of each category, in the order of drawing.
    inputs: Vec<(Category, u32, u32)>,
    /// Goods that a consumer council wants, at most.
    wants: Option<u32>,
    pollutants: u32,
    toothaches: f64,
}

impl Generator {
    /// The published experiments' size: 3,000 worker and 3,000 consumer councils, 10 goods per category.
    ///
    /// Different seeds give independent economies.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Generator {
            seed,
            goods_per_category: GOODS_PER_CATEGORY,
            worker_councils: COUNCILS,
            consumer_councils: COUNCILS,
            inputs: vec![(Category::Intermediate, 1, 4), (Category::Nature, 1, 2), (Category::Labour, 1, 2)],
            wants: None,
            pollutants: 0,
            toothaches: 0.0,
        }
    }

    /// Number of goods in each category.
    #[must_use]
    pub fn with_goods_per_category(mut self, goods: u32) -> Self {
        self.goods_per_category = goods;
        self
    }

    /// Numbers of worker and of consumer councils.
    #[must_use]
    pub fn with_councils(mut self, workers: usize, consumers: usize) -> Self {
        (self.worker_councils, self.consumer_councils) = (workers, consumers);
        self
    }

    /// How many inputs of a category worker councils use, at least and at most, instead of what the table above says.
    #[must_use]
    pub fn with_inputs(mut self, category: Category, least: u32, most: u32) -> Self {
        self.inputs.retain(|(c, _, _)| *c != category);
        self.inputs.push((category, least, most));
        self
    }

    /// How many private and public goods a consumer council wants, drawn among all of them, which it wants otherwise.
    ///
    /// ```
    /// use parecon_planning::experiment::Generator;
    ///
    /// let economy = Generator::new(7).with_councils(300, 100).with_wants(5).economy()?;
    /// let proposals = economy.respond(&vec![700.0; 50])?;
    /// assert!(proposals.consumers().all(|council| council.goods.len() == 5));
    /// # Ok::<(), parecon_planning::Error>(())
    /// ```
    #[must_use]
    pub fn with_wants(mut self, goods: u32) -> Self {
        self.wants = Some(goods);
        self
    }

    /// Regions with a pollutant of their own: every worker council also needs permissions to pollute its region, and the
    /// consumer councils of the region grant them for a compensation, with `a` = 5, `j` uniform in `[0.11, 0.19]` and `k` in
    /// `[1.11, 1.19]` (see [`Exposed`]).
    #[must_use]
    pub fn with_pollutants(mut self, regions: u32) -> Self {
        self.pollutants = regions;
        self
    }

    /// The share of worker councils whose every exponent is larger by 0.1, so that their returns increase: they answer by
    /// [first-order conditions](Technology::FirstOrder), and such an economy has no certificate.
    #[must_use]
    pub fn with_toothaches(mut self, share: f64) -> Self {
        self.toothaches = share;
        self
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Position of the first good of a category. Pollutants come last.
    fn first(&self, category: Category) -> usize {
        let at = CATEGORIES.iter().position(|c| *c == category).unwrap_or(CATEGORIES.len());
        at * self.goods_per_category as usize
    }

    fn validate(&self) -> Result<(), Error> {
        let per = self.goods_per_category;
        if !(1..=MOST_GOODS).contains(&per) {
            return Err(Error::invalid(format!("{per} goods per category, must be 1 to {MOST_GOODS}")));
        }
        for (kind, councils) in [("worker", self.worker_councils), ("consumer", self.consumer_councils)] {
            if councils > MOST_COUNCILS {
                return Err(Error::invalid(format!(
                    "{councils} {kind} councils, must be at most {MOST_COUNCILS}"
                )));
            }
        }
        // Every good that is made needs a maker, and public goods someone to use them.
        let makers = 3 * per as usize;
        if self.worker_councils < makers {
            let given = self.worker_councils;
            return Err(Error::invalid(format!(
                "{given} worker councils for {makers} goods to make, must be at least as many"
            )));
        }
        if self.consumer_councils == 0 {
            return Err(Error::invalid("0 consumer councils, must be at least 1"));
        }
        for (category, least, most) in &self.inputs {
            if category.is_consumed() || *category == Category::Pollutant {
                return Err(Error::invalid(format!(
                    "numbers of inputs of category {category} cannot be chosen"
                )));
            }
            if !(1 <= *least && least <= most && *most <= per) {
                return Err(Error::invalid(format!(
                    "{least} to {most} inputs of category {category}, must be an interval within 1 to {per}"
                )));
            }
        }
        if let Some(wants) = self.wants.filter(|wants| !(1..=2 * per).contains(wants)) {
            let most = 2 * per;
            return Err(Error::invalid(format!("{wants} goods wanted, must be 1 to {most}")));
        }
        let (regions, councils) =
            (self.pollutants as usize, self.consumer_councils.min(self.worker_councils));
        if regions > councils {
            return Err(Error::invalid(format!(
                "{regions} regions for {councils} councils, must be at most as many"
            )));
        }
        let share = self.toothaches;
        if !(0.0..=1.0).contains(&share) {
            return Err(Error::invalid(format!(
                "{share} of councils with toothaches, must be a share from 0 to 1"
            )));
        }
        Ok(())
    }

    /// Draws the economy.
    ///
    /// # Errors
    /// If there are fewer worker councils than goods to make, no consumer council or more than 10⁹ of either, fewer councils
    /// than regions, a share of toothaches that is none, no good wanted or more than there are, or if numbers of inputs are no
    /// interval between 1 and the number of goods in a category. (Four intermediate inputs need four goods.) With very few
    /// councils, a good may be drawn by none ([`Error::is_unbalanced`]).
    ///
    /// # Complexity
    /// Linear in councils, times goods per category for consumer councils.
    pub fn economy(&self) -> Result<Economy, Error> {
        self.share(0, 1)?.build()
    }

    /// Draws the same economy, but takes in only every `of`-th council, from the one at position `number` on: a share for each of
    /// so many processes, which they [build among them](EconomyBuilder::build_among).
    ///
    /// # Errors
    /// As [`economy`](Self::economy), except that goods may be left without maker or user; and if `number` is not below `of`.
    ///
    /// # Complexity
    /// As for the whole economy, but for memory.
    ///
    /// # Example
    /// ```
    /// use parecon_planning::experiment::Generator;
    ///
    /// let generator = Generator::new(7).with_councils(300, 100);
    /// let (all, half) = (generator.economy()?, generator.share(1, 2)?);
    /// let mut odd = parecon_planning::Economy::builder(all.goods().to_vec())?;
    /// for position in (1..300).step_by(2) {
    ///     all.worker_council(position).map(|council| odd.worker_council(&council)).transpose()?;
    /// }
    /// for position in (1..100).step_by(2) {
    ///     all.consumer_council(position).map(|council| odd.consumer_council(&council)).transpose()?;
    /// }
    /// assert_eq!(half.build()?, odd.build()?);
    /// # Ok::<(), parecon_planning::Error>(())
    /// ```
    pub fn share(&self, number: usize, of: usize) -> Result<EconomyBuilder, Error> {
        self.validate()?;
        if number >= of {
            return Err(Error::invalid(format!("share {number} of {of}, must be below {of}")));
        }
        let per = self.goods_per_category as usize;
        let per_good = self.worker_councils as f64 / per as f64;
        let endowment = ENDOWMENT * per_good / (COUNCILS as f64 / f64::from(GOODS_PER_CATEGORY));
        let goods = CATEGORIES.into_iter().flat_map(|category| {
            let given = matches!(category, Category::Nature | Category::Labour);
            let endowment = if given { endowment } else { 0.0 };
            (1..=per).map(move |number| Good::new(format!("{category} {number}"), category, endowment))
        });
        let pollutants =
            (1..=self.pollutants).map(|r| Good::new(format!("pollutant {r}"), Category::Pollutant, 0.0));
        let made = [Category::Private, Category::Intermediate, Category::Public]
            .map(|category| self.first(category));
        // Streams of their own: more worker councils leave the consumer councils as they were, and toothaches all else.
        let (mut rng, mut ill) = (self.stream(0), self.stream(2));
        let mut builder = Economy::builder(goods.chain(pollutants).collect())?;
        for w in 0..self.worker_councils {
            let at = w * 3 * per / self.worker_councils;
            let mut worker = self.worker(&mut rng, w, made[at / per] + at % per);
            if ill.random_bool(self.toothaches)
                && let Technology::CobbDouglas(mut technology) = worker.technology
            {
                technology.inputs.iter_mut().for_each(|input| input.exponent += TOOTHACHE);
                worker.technology = Technology::FirstOrder(technology);
            }
            if w % of == number {
                builder.worker_council(&worker)?;
            }
        }
        let mut rng = self.stream(1);
        for c in 0..self.consumer_councils {
            let consumer = self.consumer(&mut rng, c);
            if c % of == number {
                builder.consumer_council(&consumer)?;
            }
        }
        Ok(builder)
    }

    fn stream(&self, number: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(number);
        rng
    }

    fn worker(&self, rng: &mut ChaCha8Rng, w: usize, output: usize) -> WorkerCouncil {
        let mut goods = Vec::new();
        for (category, least, most) in &self.inputs {
            let (first, count) = (self.first(*category), rng.random_range(*least..=*most) as usize);
            let drawn = index::sample(rng, self.goods_per_category as usize, count);
            goods.extend(drawn.into_iter().map(|g| first + g));
        }
        goods.extend(self.pollutant(w));
        let n = goods.len() as f64;
        let inputs = goods
            .into_iter()
            .map(|good| Input { good: id(good), exponent: uniform(rng, RETURNS) / n })
            .collect();
        WorkerCouncil {
            name: String::new(),
            output: id(output),
            technology: Technology::CobbDouglas(CobbDouglas {
                total_factor_productivity: uniform(rng, PRODUCTIVITY),
                inputs,
                effort_elasticity: uniform(rng, EFFORT_ELASTICITY),
                disutility_coefficient: 1.0,
                disutility_exponent: uniform(rng, DISUTILITY_EXPONENT),
            }),
        }
    }

    /// The pollutant of a council's region.
    fn pollutant(&self, council: usize) -> Option<usize> {
        let region = council.checked_rem(self.pollutants as usize)?;
        Some(self.first(Category::Pollutant) + region)
    }

    fn consumer(&self, rng: &mut ChaCha8Rng, c: usize) -> ConsumerCouncil {
        let per = self.goods_per_category as usize;
        let (private, public) = (self.first(Category::Private), self.first(Category::Public));
        let drawn = match self.wants {
            Some(wants) => index::sample(rng, 2 * per, wants as usize).into_vec(),
            None => (0..2 * per).collect(),
        };
        let goods = drawn.into_iter().map(|at| if at < per { private + at } else { public + at - per });
        let preferences = goods
            .map(|g| Preference { good: id(g), weight: uniform(rng, (LEAST_WEIGHT, 2.0 * LEAST_WEIGHT)) })
            .collect();
        let mut preferences = Preferences::CobbDouglas(preferences);
        if let Some(pollutant) = self.pollutant(c) {
            let exposure = Exposure {
                pollutant: id(pollutant),
                scale: COMPENSATION_SCALE,
                compensation_exponent: uniform(rng, COMPENSATION_EXPONENT),
                damage_exponent: uniform(rng, DAMAGE_EXPONENT),
            };
            let consumption = Box::new(preferences);
            preferences = Preferences::Exposed(Exposed { consumption, exposures: vec![exposure] });
        }
        ConsumerCouncil { name: String::new(), income: INCOME, preferences }
    }
}

/// The economy of the next year: the published changes of exponents.
///
/// `year` counts the years, so that the changes of each are independent of those of the others (and of the seed's first
/// economy). Each exponent of a worker council's inputs grows by 0, 0.001, 0.002, 0.003 or 0.004, and each weight of a consumer council
/// changes by −0.002, −0.001, 0, 0.001 or 0.002, all equally likely; weights are meant on the published scale (0.025 to
/// 0.05). Councils that are not Cobb–Douglas stay as they are.
///
/// # Errors
/// If a worker council's returns to scale no longer decrease ([`Error::is_increasing_returns`]): exponents only grow, so
/// that after some years this will happen. If councils are [spread over processes](crate::EconomyBuilder::build_among).
///
/// # Example
/// ```
/// use parecon_planning::experiment::{Generator, next_year};
///
/// let economy = Generator::new(7).with_goods_per_category(4).with_councils(240, 100).economy()?;
/// let next = next_year(&economy, 1, 2)?;
/// assert_eq!(next, next_year(&economy, 1, 2)?);
/// assert_ne!(next, economy);
/// # Ok::<(), parecon_planning::Error>(())
/// ```
pub fn next_year(economy: &Economy, seed: u64, year: u32) -> Result<Economy, Error> {
    economy.check_whole("a next year")?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(FIRST_YEAR + u64::from(year));
    let mut workers: Vec<_> =
        (0..economy.worker_councils()).filter_map(|w| economy.worker_council(w)).collect();
    for worker in &mut workers {
        if let Technology::CobbDouglas(technology) | Technology::FirstOrder(technology) =
            &mut worker.technology
        {
            technology.inputs.iter_mut().for_each(|input| input.exponent += pick(&mut rng, WORKERS_CHANGE));
        }
    }
    let mut consumers: Vec<_> =
        (0..economy.consumer_councils()).filter_map(|c| economy.consumer_council(c)).collect();
    for consumer in &mut consumers {
        let wants = match &mut consumer.preferences {
            Preferences::Exposed(exposed) => &mut *exposed.consumption,
            others => others,
        };
        if let Preferences::CobbDouglas(preferences) = wants {
            for preference in preferences {
                let changed = preference.weight + pick(&mut rng, CONSUMERS_CHANGE);
                preference.weight = changed.max(SMALLEST_WEIGHT);
            }
        }
    }
    Economy::new(economy.goods().to_vec(), workers, consumers)
}

fn pick(rng: &mut impl Rng, from: [f64; 5]) -> f64 {
    from[rng.random_range(0..from.len())]
}

fn uniform(rng: &mut impl Rng, (low, high): (f64, f64)) -> f64 {
    rng.random_range(low..=high)
}

/// Within the range of ids by [`Generator::validate`].
fn id(good: usize) -> GoodId {
    GoodId(u32::try_from(good).unwrap_or(u32::MAX))
}
