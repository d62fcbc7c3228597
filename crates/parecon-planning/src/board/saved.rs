//! The serialised form of a board.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::check::{self, Numbers};
use super::{FacilitationBoard, Missing};
use crate::economy::check_prices;
use crate::history::History;
use crate::{Config, Error, PriceRule, Register, Round};

/// Version of the serialised form that this crate reads and writes.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'a, R> {
    version: u32,
    register: &'a Register,
    config: &'a Config,
    missing: Missing,
    rule: &'a R,
    rounds: &'a [Round],
    out_of_range: bool,
    prices: &'a [f64],
    closed: Option<Missing>,
    received: &'a [Option<Numbers>],
    earlier: &'a [Option<Numbers>],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read<R> {
    version: u32,
    register: Register,
    config: Config,
    missing: Missing,
    rule: R,
    rounds: Vec<Round>,
    out_of_range: bool,
    prices: Vec<f64>,
    closed: Option<Missing>,
    received: Vec<Option<Numbers>>,
    earlier: Vec<Option<Numbers>>,
}

impl<R: Serialize> Serialize for FacilitationBoard<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written {
            version: VERSION,
            register: &self.register,
            config: self.history.config(),
            missing: self.missing,
            rule: &self.rule,
            rounds: self.history.rounds(),
            out_of_range: self.history.out_of_range(),
            prices: &self.announcement.prices,
            closed: self.closed.as_ref().map(|closed| closed.missing),
            received: &self.received,
            earlier: &self.earlier,
        }
        .serialize(serializer)
    }
}

impl<'de, R: Deserialize<'de> + PriceRule> Deserialize<'de> for FacilitationBoard<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Read::<R>::deserialize(deserializer)?;
        read.board().map_err(de::Error::custom)
    }
}

impl<R: PriceRule> Read<R> {
    fn board(self) -> Result<FacilitationBoard<R>, Error> {
        if self.version != VERSION {
            let version = self.version;
            return Err(Error::invalid(format!("board has version {version}, must be {VERSION}")));
        }
        let mut board = FacilitationBoard::new(self.register, self.rule, self.config)?;
        board.missing = self.missing;
        let goods = &board.register.goods;
        let mut history = History::new(board.history.config().clone());
        for round in self.rounds {
            check_prices(goods, &round.prices)?;
            let all = &round.aggregates;
            let quantities = all.supply.iter().chain(&all.demand);
            let sound = [all.supply.len(), all.demand.len()] == [goods.len(); 2]
                && quantities.clone().all(|q| q.is_finite() && *q >= 0.0)
                && *history.record(round.prices.clone(), all.clone(), None) == round;
            if !sound {
                let number = round.number;
                return Err(Error::invalid(format!("saved round {number} contradicts itself")));
            }
        }
        if self.out_of_range {
            history.set_out_of_range();
        }

        check_prices(goods, &self.prices)?;
        let last = history.rounds().last();
        if self.closed.is_some() && last.is_none_or(|round| round.prices != self.prices) {
            return Err(Error::invalid("the closed round is not the last of the saved rounds"));
        }
        board.announcement.round = history.rounds().len() + usize::from(self.closed.is_none());
        board.announcement.prices = self.prices;
        board.history = history;

        let councils = board.received.len();
        for plans in [&self.received, &self.earlier] {
            if plans.len() != councils {
                let count = plans.len();
                return Err(Error::invalid(format!(
                    "{count} saved plans, must be one for each of {councils} councils"
                )));
            }
        }
        (board.received, board.earlier) = (self.received, self.earlier);
        let refused = |refusal: check::Refusal| Error::invalid(format!("saved plan: {}", refusal.message));
        let lowest = check::lowest(&board.register);
        for (council, at) in board.register.councils().zip(0..) {
            if let Some(numbers) = &mut board.received[at] {
                check::numbers(&board.register, &board.announcement, council, numbers).map_err(refused)?;
            }
            if let Some(numbers) = &mut board.earlier[at] {
                check::numbers(&board.register, &lowest, council, numbers).map_err(refused)?;
            }
        }
        if let Some(missing) = self.closed {
            board.close_under(missing);
            let counted = board.closed.as_ref().map(|closed| closed.proposals.aggregate());
            if board.history.rounds().last().map(|round| &round.aggregates) != counted.as_ref() {
                return Err(Error::invalid("the saved plans do not add up to the closed round"));
            }
        }
        Ok(board)
    }
}
