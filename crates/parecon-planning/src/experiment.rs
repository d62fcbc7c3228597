//! Recorded, generated and example experiments.

mod batch;
mod generator;
#[cfg(any(feature = "csv", feature = "parquet"))]
mod table;

use std::io;

use serde::Deserialize;

use crate::{
    Category, CobbDouglas, ConsumerCouncil, Economy, Error, Good, GoodId, Input, Preference, Preferences,
    Technology, ThresholdClass, WorkerCouncil,
};

pub use batch::{Row, Rule, Run, batch, rows};
pub use generator::{Generator, next_year};
#[cfg(feature = "csv")]
pub use table::write_csv;
#[cfg(feature = "parquet")]
pub use table::write_parquet;

/// Price of every good in the first round of the published experiments, in units of account.
pub const START_PRICE: f64 = 700.0;

/// One of the published planning experiments: an economy, and the run that was recorded.
///
/// The files are those of the simulations behind chapter 9 of R. Hahnel, *Democratic Economic Planning* (Routledge
/// 2021): five categories of goods, worker councils with Cobb–Douglas technologies and effort, consumer councils
/// with private and public preferences.
#[derive(Clone, Debug)]
pub struct RecordedExperiment {
    /// Name of the experiment.
    pub name: String,
    /// Goods and councils; a good is called after its category and its number there, `"nature 3"`.
    pub economy: Economy,
    /// Price of every good in the first round, in units of account.
    pub initial_price: f64,
    /// The rounds of year one, until the largest imbalance was below 3 %.
    pub rounds: Vec<RecordedRound>,
    /// Number of rounds recorded for year two, whose random changes were not recorded.
    pub year_two_rounds: usize,
}

/// A round of a recorded run.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedRound {
    /// Class of the round's largest imbalance.
    pub class: ThresholdClass,
    /// Prices as revised after the round.
    pub prices_after: Vec<f64>,
}

impl RecordedExperiment {
    /// Reads an experiment in JSON (decompressed).
    ///
    /// # Errors
    /// [`Error::is_malformed`], with line and column, if the text is not of the expected form; otherwise as
    /// [`Economy::new`], or if a round does not have a price for each good.
    pub fn from_json(reader: impl io::Read) -> Result<Self, Error> {
        let file: File =
            serde_json::from_reader(io::BufReader::new(reader)).map_err(|e| Error::malformed(&e))?;
        file.into_experiment()
    }
}

/// Goods are counted, not listed, in the file; this keeps a mistaken count from filling the memory.
const MOST_GOODS: u32 = 100_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    experiment: String,
    goods_per_category: u32,
    categories: Vec<Category>,
    initial_price: f64,
    endowment_per_nature_good: f64,
    endowment_per_labour_good: f64,
    consumer_councils: Vec<FileConsumer>,
    worker_councils: Vec<FileWorker>,
    recorded_year_one: Vec<FileRound>,
    recorded_year_two_rounds: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileConsumer {
    income: f64,
    private_exponents: Vec<f64>,
    public_exponents: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileWorker {
    makes: Category,
    good: u32,
    total_factor_productivity: f64,
    effort_elasticity: f64,
    disutility_coefficient: f64,
    disutility_exponent: f64,
    inputs: Vec<FileInput>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileInput {
    category: Category,
    good: u32,
    exponent: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRound {
    round: usize,
    colour: ThresholdClass,
    prices_after: Vec<f64>,
}

impl File {
    /// Position of the good with a number, from 1, in a category.
    fn good(&self, category: Category, number: u32) -> Result<GoodId, Error> {
        let first = (0u32..).zip(&self.categories).find(|(_, c)| **c == category).map(|(at, _)| at);
        match first {
            Some(at) if (1..=self.goods_per_category).contains(&number) => {
                Ok(GoodId(at * self.goods_per_category + number - 1))
            }
            _ => Err(Error::invalid(format!("good {number} of category {category} does not exist"))),
        }
    }

    fn goods(&self) -> Vec<Good> {
        let of = |category: Category| {
            let endowment = match category {
                Category::Nature => self.endowment_per_nature_good,
                Category::Labour => self.endowment_per_labour_good,
                _ => 0.0,
            };
            (1..=self.goods_per_category)
                .map(move |number| Good::new(format!("{category} {number}"), category, endowment))
        };
        self.categories.iter().copied().flat_map(of).collect()
    }

    fn worker(&self, worker: &FileWorker) -> Result<WorkerCouncil, Error> {
        let inputs = worker.inputs.iter().map(|input| {
            Ok(Input { good: self.good(input.category, input.good)?, exponent: input.exponent })
        });
        Ok(WorkerCouncil {
            name: String::new(),
            output: self.good(worker.makes, worker.good)?,
            technology: Technology::CobbDouglas(CobbDouglas {
                total_factor_productivity: worker.total_factor_productivity,
                inputs: inputs.collect::<Result<_, Error>>()?,
                effort_elasticity: worker.effort_elasticity,
                disutility_coefficient: worker.disutility_coefficient,
                disutility_exponent: worker.disutility_exponent,
            }),
        })
    }

    fn consumer(&self, consumer: &FileConsumer) -> Result<ConsumerCouncil, Error> {
        let mut preferences = Vec::new();
        for (category, exponents) in
            [(Category::Private, &consumer.private_exponents), (Category::Public, &consumer.public_exponents)]
        {
            for (number, &weight) in (1u32..).zip(exponents) {
                preferences.push(Preference { good: self.good(category, number)?, weight });
            }
        }
        Ok(ConsumerCouncil {
            name: String::new(),
            income: consumer.income,
            preferences: Preferences::CobbDouglas(preferences),
        })
    }

    fn into_experiment(self) -> Result<RecordedExperiment, Error> {
        if self.goods_per_category > MOST_GOODS {
            let given = self.goods_per_category;
            return Err(Error::invalid(format!("{given} goods per category, must be at most {MOST_GOODS}")));
        }
        // Each category stands for that many goods, so a list of repeated ones must not get as far as being filled.
        for (at, category) in self.categories.iter().enumerate() {
            if self.categories[..at].contains(category) {
                return Err(Error::invalid(format!("category {category} occurs twice")));
            }
        }
        let goods = self.goods();
        let workers = self.worker_councils.iter().map(|w| self.worker(w)).collect::<Result<_, Error>>()?;
        let consumers =
            self.consumer_councils.iter().map(|c| self.consumer(c)).collect::<Result<_, Error>>()?;
        for (at, round) in self.recorded_year_one.iter().enumerate() {
            if round.round != at + 1 || round.prices_after.len() != goods.len() {
                let (number, prices, all) = (round.round, round.prices_after.len(), goods.len());
                return Err(Error::invalid(format!(
                    "recorded round {} has number {number} and {prices} prices, must have {all}",
                    at + 1
                )));
            }
        }
        let rounds = self
            .recorded_year_one
            .into_iter()
            .map(|round| RecordedRound { class: round.colour, prices_after: round.prices_after })
            .collect();
        Ok(RecordedExperiment {
            name: self.experiment,
            economy: Economy::new(goods, workers, consumers)?,
            initial_price: self.initial_price,
            rounds,
            year_two_rounds: self.recorded_year_two_rounds,
        })
    }
}

/// An economy small enough to follow by hand: bread and a park (public), made by two worker councils each from
/// 100 units of labour, for two neighbourhoods with different incomes and tastes.
///
/// # Errors
/// None: the signature is that of [`Economy::new`].
///
/// ```
/// let economy = parecon_planning::experiment::small_example()?;
/// assert_eq!(economy.goods().len(), 3);
/// # Ok::<(), parecon_planning::Error>(())
/// ```
pub fn small_example() -> Result<Economy, Error> {
    let (bread, park, labour) = (GoodId(0), GoodId(1), GoodId(2));
    let workers = |name: &str, output, productivity, exponent| WorkerCouncil {
        name: name.into(),
        output,
        technology: Technology::CobbDouglas(CobbDouglas {
            total_factor_productivity: productivity,
            inputs: vec![Input { good: labour, exponent }],
            effort_elasticity: 0.1,
            disutility_coefficient: 1.0,
            disutility_exponent: 3.0,
        }),
    };
    let neighbourhood = |name: &str, income, for_bread, for_park| ConsumerCouncil {
        name: name.into(),
        income,
        preferences: Preferences::CobbDouglas(vec![
            Preference { good: bread, weight: for_bread },
            Preference { good: park, weight: for_park },
        ]),
    };
    Economy::new(
        vec![
            Good::new("bread", Category::Private, 0.0),
            Good::new("park", Category::Public, 0.0),
            Good::new("labour", Category::Labour, 100.0),
        ],
        vec![
            workers("east bakery", bread, 5.0, 0.7),
            workers("west bakery", bread, 4.0, 0.8),
            workers("gardeners", park, 4.0, 0.6),
            workers("foresters", park, 5.0, 0.5),
        ],
        vec![neighbourhood("hill", 400.0, 3.0, 1.0), neighbourhood("valley", 300.0, 4.0, 1.0)],
    )
}
