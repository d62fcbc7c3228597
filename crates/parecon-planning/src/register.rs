//! What a facilitation board knows of goods and councils: everything but their technologies and tastes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::economy::check;
use crate::{Economy, Error, Good, GoodId};

/// A council, by its kind and its position among the councils of that kind.
///
/// ```
/// use parecon_planning::CouncilId;
/// assert_eq!(CouncilId::Worker(3).to_string(), "worker council 3");
/// assert_eq!(serde_json::to_string(&CouncilId::Consumer(0))?, r#"{"consumer":0}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouncilId {
    /// A worker council.
    Worker(u32),
    /// A consumer council.
    Consumer(u32),
}

impl CouncilId {
    /// All councils, worker councils first. Both numbers must be below 2³².
    pub(crate) fn all(workers: usize, consumers: usize) -> impl Iterator<Item = CouncilId> + Clone {
        let workers = (0..workers as u32).map(CouncilId::Worker);
        workers.chain((0..consumers as u32).map(CouncilId::Consumer))
    }
}

impl fmt::Display for CouncilId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CouncilId::Worker(w) => write!(f, "worker council {w}"),
            CouncilId::Consumer(c) => write!(f, "consumer council {c}"),
        }
    }
}

/// A worker council as the board knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerSeat {
    /// Name for messages; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The groups it belongs to, from the outermost in: `["food", "bakeries", "north"]`. See
    /// [`Federation`](crate::Federation).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group: Vec<String>,
    /// The good it makes.
    pub output: GoodId,
    /// The goods it may ask to use, each at most once.
    pub inputs: Vec<GoodId>,
}

/// A consumer council as the board knows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumerSeat {
    /// Name for messages; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The groups it belongs to, from the outermost in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group: Vec<String>,
    /// The value it may consume at announced prices, positive, in units of account; compensation comes on top.
    pub income: f64,
    /// The private and public goods it may ask for, each at most once.
    pub wants: Vec<GoodId>,
    /// The pollutants it may permit, each at most once, for which it is compensated at announced prices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub permits: Vec<GoodId>,
}

/// Goods and councils as a facilitation board knows them.
///
/// # Example
/// ```
/// use parecon_planning::experiment;
///
/// let register = experiment::small_example()?.register();
/// assert_eq!(register.worker_councils[0].name, "east bakery");
/// assert_eq!(register.consumer_councils[1].income, 300.0);
/// register.validate()?;
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The goods; councils refer to them by position.
    pub goods: Vec<Good>,
    /// The worker councils.
    pub worker_councils: Vec<WorkerSeat>,
    /// The consumer councils.
    pub consumer_councils: Vec<ConsumerSeat>,
}

impl Register {
    /// Whether goods and councils fit together.
    ///
    /// # Errors
    /// Names the good or council at fault: a good without a unique name or with an impossible endowment, a council
    /// that refers to a good that does not exist, twice to the same, wants what is not consumed or permits what is no
    /// pollutant, or has an income that is not between 1e-100 and 1e100.
    pub fn validate(&self) -> Result<(), Error> {
        check::register(self)
    }

    /// All councils, worker councils first.
    pub fn councils(&self) -> impl Iterator<Item = CouncilId> + use<> {
        CouncilId::all(self.worker_councils.len(), self.consumer_councils.len())
    }

    /// A council's name, or its kind and position if it has none.
    ///
    /// ```
    /// use parecon_planning::{CouncilId, experiment};
    /// let register = experiment::small_example()?.register();
    /// assert_eq!(register.name(CouncilId::Consumer(0)), "hill");
    /// assert_eq!(register.name(CouncilId::Consumer(7)), "consumer council 7");
    /// # Ok::<(), parecon_planning::Error>(())
    /// ```
    #[must_use]
    pub fn name(&self, council: CouncilId) -> String {
        let name = match council {
            CouncilId::Worker(w) => self.worker_councils.get(w as usize).map(|seat| &seat.name),
            CouncilId::Consumer(c) => self.consumer_councils.get(c as usize).map(|seat| &seat.name),
        };
        name.filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| council.to_string())
    }

    /// The groups of all councils, worker councils first.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (CouncilId, &[String])> {
        let workers = self.worker_councils.iter().map(|seat| seat.group.as_slice());
        let consumers = self.consumer_councils.iter().map(|seat| seat.group.as_slice());
        self.councils().zip(workers.chain(consumers))
    }
}

impl Economy {
    /// What a facilitation board would know of these goods and councils; nobody belongs to a group.
    ///
    /// # Complexity
    /// Linear in the size of the data.
    #[must_use]
    pub fn register(&self) -> Register {
        let layout = self.layout();
        let worker = |w| WorkerSeat {
            name: self.worker_council(w).map(|council| council.name).unwrap_or_default(),
            group: Vec::new(),
            output: layout.output(layout.stored_worker(w)),
            inputs: layout.inputs(layout.stored_worker(w)).to_vec(),
        };
        let consumer = |c| {
            let council = self.consumer_council(c)?;
            let stored = layout.stored_consumer(c);
            Some(ConsumerSeat {
                name: council.name,
                group: Vec::new(),
                income: council.income,
                wants: layout.wants(stored).to_vec(),
                permits: layout.permits(stored).to_vec(),
            })
        };
        Register {
            goods: self.goods().to_vec(),
            worker_councils: (0..self.worker_councils()).map(worker).collect(),
            consumer_councils: (0..self.consumer_councils()).filter_map(consumer).collect(),
        }
    }
}
