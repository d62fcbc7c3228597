//! What boards and councils say to each other, as data and as lines of JSON.

use serde::{Deserialize, Serialize};

use crate::{Category, CouncilId, Error, Good, GoodId, Status};

/// A line of the conversation between a board and its councils.
///
/// Each message is a JSON object on a line of its own, and its `type` says which it is. The board sends
/// announcements, receipts and the ending; councils send proposals.
///
/// ```text
/// {"type":"announcement","round":1,"prices":[10.0,10.0,10.0],"sharers":2}
/// {"type":"proposal","council":{"worker":0},"round":1,"plan":{"worker":{"output":9.5,"effort":0.8,
///     "effort_cost":0.4,"inputs":[{"good":2,"quantity":6.7}]}}}                          (on one line)
/// {"type":"proposal","council":{"consumer":1},"round":1,"plan":{"consumer":{"requests":[{"good":0,"quantity":24.0}]}}}
/// {"type":"receipt","council":{"consumer":1},"round":1,"verdict":"over_income","message":"…"}
/// {"type":"ending","status":"Converged","prices":[12.5,3.1,8.0]}
/// ```
///
/// Messages may be repeated, delayed and reordered: a proposal is known by its council and round, sending it again
/// changes nothing, and one that comes too late is told so. There is no order among councils.
///
/// # Example
/// ```
/// use parecon_planning::{Announcement, Message};
///
/// let message = Message::Announcement(Announcement { round: 1, prices: vec![0.1], sharers: 2 });
/// let line = message.to_line()?;
/// assert_eq!(line, r#"{"type":"announcement","round":1,"prices":[0.1],"sharers":2}"#);
/// assert_eq!(Message::from_line(&line)?, message);
/// assert!(Message::from_line("{}").is_err_and(|e| e.is_malformed()));
/// # Ok::<(), parecon_planning::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Message {
    /// From the board: a round is open.
    Announcement(Announcement),
    /// From a council: what it proposes in a round.
    Proposal(Proposal),
    /// From the board: what became of a proposal.
    Receipt(Receipt),
    /// From the board: the process is over.
    Ending(Ending),
}

impl Message {
    /// The message as a line of JSON, without the line's end.
    ///
    /// # Errors
    /// If a number in it is not finite, which JSON cannot say.
    pub fn to_line(&self) -> Result<String, Error> {
        let line = serde_json::to_string(self).map_err(|e| Error::malformed(&e))?;
        // Infinities and what is no number are written as null, which nobody could read.
        if self.is_finite() {
            Ok(line)
        } else {
            Err(Error::invalid(format!("{line}: a number is not finite (null)")))
        }
    }

    /// Reads a line of JSON.
    ///
    /// # Errors
    /// [`Error::is_malformed`], with the column, if it is not such a message.
    pub fn from_line(line: &str) -> Result<Self, Error> {
        serde_json::from_str(line).map_err(|e| Error::malformed(&e))
    }

    fn is_finite(&self) -> bool {
        match self {
            Message::Announcement(Announcement { prices, .. }) | Message::Ending(Ending { prices, .. }) => {
                prices.iter().all(|p| p.is_finite())
            }
            Message::Proposal(proposal) => match &proposal.plan {
                Plan::Worker { output, effort, effort_cost, inputs } => {
                    [output, effort, effort_cost].iter().all(|x| x.is_finite())
                        && inputs.iter().all(|a| a.quantity.is_finite())
                }
                Plan::Consumer { requests, permits } => {
                    requests.iter().chain(permits).all(|a| a.quantity.is_finite())
                }
            },
            Message::Receipt(_) => true,
        }
    }
}

/// A round of proposals is open, at these prices.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Announcement {
    /// Counts from 1.
    pub round: usize,
    /// Price of every good, in units of account per unit of the good.
    pub prices: Vec<f64>,
    /// Number of consumer councils that share the price of a public good.
    pub sharers: usize,
}

impl Announcement {
    /// What a unit of a good costs a consumer council: its price, or of a public good its share of the price. `None` if
    /// there is no such good.
    ///
    /// ```
    /// use parecon_planning::{Announcement, GoodId, experiment};
    /// let economy = experiment::small_example()?; // bread, a park for all, labour
    /// let announcement = Announcement { round: 1, prices: vec![4.0, 4.0, 4.0], sharers: 2 };
    /// assert_eq!(announcement.personal_price(economy.goods(), GoodId(0)), Some(4.0));
    /// assert_eq!(announcement.personal_price(economy.goods(), GoodId(1)), Some(2.0));
    /// # Ok::<(), parecon_planning::Error>(())
    /// ```
    #[must_use]
    pub fn personal_price(&self, goods: &[Good], good: GoodId) -> Option<f64> {
        let (price, category) = (self.prices.get(good.index())?, goods.get(good.index())?.category);
        Some(if category == Category::Public { price / self.sharers as f64 } else { *price })
    }
}

/// A quantity of a good.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    /// The good.
    pub good: GoodId,
    /// How much, in units of the good; zero or more.
    pub quantity: f64,
}

/// What a council would do at announced prices. Goods that it does not name count as zero.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Plan {
    /// Of a worker council.
    Worker {
        /// How much it would make of its good.
        output: f64,
        /// How hard it would work, `E`; for information.
        #[serde(default)]
        effort: f64,
        /// What that effort costs its members, as they see it, in units of account; for information (see
        /// [`Federation`](crate::Federation)).
        #[serde(default)]
        effort_cost: f64,
        /// What it would use.
        inputs: Vec<Amount>,
    },
    /// Of a consumer council.
    Consumer {
        /// What it asks for. Of a public good, the quantity that it wants to exist.
        requests: Vec<Amount>,
        /// How much of each pollutant it permits; the value at announced prices adds to its income.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        permits: Vec<Amount>,
    },
}

/// A council's proposal in a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// Who proposes.
    pub council: CouncilId,
    /// The announcement that it answers.
    pub round: usize,
    /// What it proposes.
    pub plan: Plan,
}

/// What became of a proposal. Only one that is [accepted](Verdict::Accepted) changes anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Whose proposal, if that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub council: Option<CouncilId>,
    /// For which round, if that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<usize>,
    /// Whether it counts, and if not, why.
    pub verdict: Verdict,
    /// The same in words, with names and numbers; empty when there is nothing to add.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// Whether a proposal counts, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// It counts.
    Accepted,
    /// The same proposal counts already.
    AlreadyReceived,
    /// Refused: the line could not be read as a proposal.
    Malformed,
    /// Refused: no such council is registered.
    UnknownCouncil,
    /// Refused: its round is closed.
    Late,
    /// Refused: its round has not been announced.
    NotAnnounced,
    /// Refused: the council has proposed something else in this round.
    Contradiction,
    /// Refused: a worker council proposes as consumers do, or the other way round.
    WrongKind,
    /// Refused: the council is not registered for a good that it names.
    UnknownGood,
    /// Refused: it names a good twice.
    RepeatedGood,
    /// Refused: a quantity is negative, not finite, or beyond all reason.
    BadQuantity,
    /// Refused: it costs more than the council's income, with its compensation for what it permits.
    OverIncome,
}

impl Verdict {
    /// Whether the proposal was refused.
    #[must_use]
    pub fn is_refusal(self) -> bool {
        !matches!(self, Verdict::Accepted | Verdict::AlreadyReceived)
    }
}

/// The process is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// Why it ended.
    pub status: Status,
    /// Prices of the best round.
    pub prices: Vec<f64>,
}
